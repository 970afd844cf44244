"""What one who knows Hydra types: it works, or one sentence says what to type instead."""

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import OverrideParseException
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exhibit.flows import cli, hydra_settings
from exhibit.flows.config import Report, read_report
from exhibit.flows.errors import ConfigError
from exhibit.flows.unreadable import unreadable
from exhibit.tasks.records.override import key_word, typed

ROOT = Path(__file__).parents[2]
PARSER = OverridesParser.create()
TABLE = ["data=table", "data.path=x.csv", "data.label=y", "model=mlp", "method=[occlusion]"]
FACTORY = ["data=factory", "data.factory=own:rows", "model=mlp", "method=[occlusion]"]


def refusal(*overrides: str, config_dir: Path | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        read_report(overrides, config_dir)
    return str(caught.value)


def labels(*overrides: str) -> list[str]:
    return [point.label for point in read_report(overrides).points]


# --- settings of Hydra itself -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "instead"),
    {
        "hydra.run.dir=/tmp/x": "paths.runs=DIR",
        "hydra.sweep.dir=/tmp/x": "paths.runs=DIR",
        "hydra.sweep.subdir=x": "paths.runs=DIR",
        "hydra.job.chdir=true": "leave it out",
        "hydra.output_subdir=null": "leave it out",
        "hydra/launcher=joblib": "runner=dask",
        "hydra.launcher.n_jobs=2": "runner=dask",
        "hydra/sweeper=optuna": "with commas",
        "hydra.sweeper.n_trials=20": "with commas",
        "+hydra.sweeper.search_space.x=1": "with commas",
        "hydra.mode=MULTIRUN": "leave it out",
        "hydra.searchpath=[file:///tmp]": "--config-dir DIR",
        "hydra.verbose=true": "EXHIBIT_DEBUG=1",
        "hydra/job_logging=disabled": "EXHIBIT_DEBUG=1",
        "hydra.callbacks.x=1": "leave it out",
        "~hydra.run.dir": "paths.runs=DIR",
    }.items(),
)
def test_a_setting_of_hydra_is_refused_with_what_to_type_instead(override: str, instead: str) -> None:
    said = refusal("study=iris", override)
    assert said.startswith(f"{override}: ")
    assert instead in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("hydra: {run: {dir: elsewhere}}", "hydra.run.dir, in a file"),
        ("hydra: {job: {chdir: true}}", "hydra.job.chdir, in a file"),
        ("defaults: [{override /hydra/job_logging: disabled}]", "hydra.job_logging"),
    ],
)
def test_a_file_of_the_users_is_not_passed_over_either(text: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study/mine.yaml").write_text(f"# @package _global_\n{text}\n")
    assert refusal("study=mine", *TABLE, config_dir=tmp_path).startswith(named)
    (tmp_path / "study/mine.yaml").write_text("# @package _global_\ntitle: Mine\n")
    assert read_report(["study=mine", *TABLE], tmp_path).points[0].title == "Mine"


def test_every_sentence_tells_what_to_do() -> None:
    for said in (*hydra_settings._INSTEAD.values(), hydra_settings._OTHERS):
        assert re.search(r"leave it out|[a-z]+=|[A-Z]+=|--config-dir", said), said


@pytest.mark.parametrize("flag", ["-m", "--multirun"])
def test_multirun_may_be_typed(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said once that commas do not need it; the points are the same."""
    assert cli.run(["report", flag, "study=iris,digits", "--cfg", "job"]) == 0
    out, err = capsys.readouterr()
    assert err == "exhibit: --multirun: commas sweep without it, too, and all points are one report\n"
    assert [config["title"] for config in yaml.safe_load_all(out)] == ["Iris", "Digits"]
    assert cli.run(["report", "study=iris,digits", "--cfg", "job"]) == 0
    assert capsys.readouterr() == (out, "")


# --- its grammar ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "values"),
    {
        "model.hidden=range(8,20,step=4)": ["8", "12", "16"],
        "model.hidden=choice(16,8)": ["16", "8"],
        "model.hidden=sort(16,8)": ["8", "16"],
        "model.hidden=tag(few,choice(8,16))": ["8", "16"],
        "model.hidden=int(choice(8.0,16.0))": ["8", "16"],
    }.items(),
)
def test_what_stands_for_a_list_of_values_sweeps_as_commas_do(override: str, values: list[str]) -> None:
    assert labels("study=iris", override) == [f"iris, model.hidden={value}" for value in values]


def test_a_pattern_stands_for_the_options_that_it_fits() -> None:
    assert labels("study=glob(iris*)") == ["iris", "iris_saliency"]
    assert labels("study=glob(iris*,exclude=*_*)") == ["iris"]


@pytest.mark.parametrize(
    ("override", "said"),
    {
        "model.hidden=interval(8,16)": "write the values with commas",
        "model.hidden=tag(log,interval(8,16))": "write the values with commas",
        "model.hidden=shuffle(8,16)": "leave shuffle() out",
        "model.hidden=range(1,1000000000)": "a report has 10,000 at most",
        "model.hidden=range(1,4,0)": "must not be zero",
        "model.hidden=extend_list(3)": "Unknown function 'extend_list'",
    }.items(),
)
def test_what_stands_for_no_list_is_refused_so(override: str, said: str) -> None:
    assert said in refusal("study=iris", override)


def test_many_values_of_two_keys_are_too_many_together() -> None:
    said = refusal("study=iris", "model.hidden=range(1,200)", "model.seed=range(1,200)")
    assert said == (
        "model.hidden=range(1,200), model.seed=range(1,200): at least 39,601 points; a report has 10,000 at most"
    )


# --- keys of one's own ------------------------------------------------------------------------------------


def given_paths(report: Report) -> list[Mapping[str, str]]:
    return [point.model_dump(mode="json")["data"]["paths"] for point in report.points]


@pytest.mark.parametrize(
    "overrides",
    [
        ["data.paths={rows:a.csv,more:b.csv}"],
        ["data.paths.rows=a.csv", "data.paths.more=b.csv"],
        ["+data.paths.rows=a.csv", "data.paths.more=b.csv"],
        ["data.paths={rows:a.csv}", "data.paths.more=b.csv"],
        ["data.paths.more=b.csv", "data.paths={rows:a.csv}"],
    ],
)
def test_a_mapping_may_be_given_key_by_key(overrides: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXHIBIT_TRUSTED_MODULES", "own")
    assert given_paths(read_report([*FACTORY, *overrides])) == [{"rows": "a.csv", "more": "b.csv"}]


def test_such_a_key_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXHIBIT_TRUSTED_MODULES", "own")
    assert given_paths(read_report([*FACTORY, "data.paths.rows=a.csv,b.csv"])) == [{"rows": "a.csv"}, {"rows": "b.csv"}]


def test_a_key_that_nothing_takes_is_still_refused() -> None:
    assert refusal(*TABLE, "data.lable=z").startswith("data.lable: there is no such key; allowed: ")
    assert refusal(*TABLE, "data.path.x=z").startswith("data.path: given {'x': 'z'}, allowed: ")
    assert refusal(*TABLE, "method.kernel_shap.samples=3").startswith("method.kernel_shap: there is no such key; ")


# --- what is advised can be typed -------------------------------------------------------------------------

_NAMES = st.text(st.sampled_from("ab c=,:()[]{}\\'\"<ü申%.-_1"), min_size=1, max_size=6)


@given(st.dictionaries(_NAMES, st.text(max_size=4), min_size=1, max_size=2))
@example({"1.": ""}).via("found by search")
def test_a_name_in_braces_has_a_form_or_none(mapping: dict[str, str]) -> None:
    if any(key_word(name) is None for name in mapping):
        with pytest.raises(ValueError, match="no name in braces"):
            typed("data.names", mapping)
        return
    if not any("\0" in text or "${" in text for text in mapping.values()):
        [override] = shlex.split(typed("data.names", mapping))
        found = {str(key): value for key, value in PARSER.parse_override(override).value().items()}
        assert {name: getattr(text, "text", text) for name, text in found.items()}.keys() == mapping.keys()


@pytest.mark.parametrize(
    ("override", "advice", "read"),
    [
        ('data.units={"a b":cm}', "'data.units={a b:cm}'", {"a b": "cm"}),
        ("data.units={a=b:cm}", "'data.units={a\\=b:cm}'", {"a=b": "cm"}),
        ('data.units={"a,b":cm,c:Größe}', "'data.units={a\\,b:cm,c:\"Größe\"}'", {"a,b": "cm", "c": "Größe"}),
        ("data.units.a b=cm", "'data.units={a b:cm}'", {"a b": "cm"}),
        ("data.units.a(b)=Größe", "'data.units={a\\(b\\):\"Größe\"}'", {"a(b)": "Größe"}),
    ],
)
def test_names_with_signs_are_told_in_the_form_that_is_read(override: str, advice: str, read: dict[str, str]) -> None:
    said = refusal(*TABLE, override)
    assert said.endswith(f"such names are typed as: {advice}")
    [point] = read_report([*TABLE, *shlex.split(advice)]).points
    assert point.model_dump(mode="json")["data"]["units"] == read


@pytest.mark.parametrize(
    "override", ["data.units.申込日=cm", "data.units={申込日:cm}", 'data.units={"a<b":cm}', 'data.units={"a\'b":"ü"}']
)
def test_a_name_that_the_grammar_lacks_is_told_as_lines_of_a_file(override: str, tmp_path: Path) -> None:
    first, line = re.findall(r"`([^`]*)`", refusal(*TABLE, override))
    (tmp_path / "study").mkdir()
    (tmp_path / "study/own.yaml").write_text(f"{first}\n{line}\n")
    [point] = read_report([*TABLE, "study=own"], tmp_path).points
    [(name, unit)] = point.model_dump(mode="json")["data"]["units"].items()
    assert name in override
    assert unit in override


@settings(max_examples=50)
@given(st.text(st.sampled_from("ab =,:()[]{}'\"<ü申%1"), max_size=7))
def test_all_that_is_told_can_be_typed(text: str) -> None:
    for override in (f"data.label={text}", f"data.ignore=[{text}]", f"data.units={{{text}:cm}}"):
        try:
            PARSER.parse_overrides([override])
        except OverrideParseException as error:
            for advice in re.findall(r"(?:stands in quotes|typed as): (.*)$", unreadable(override, str(error), PARSER)):
                for word in shlex.split(advice):
                    PARSER.parse_override(word)


_GROUPS = "data|model|method|target|selection|check|drawing|document|runner|compute|paths|title|study"
_ADVICE = re.compile(rf"(?<![\w.])(?:{_GROUPS})(?:\.\w+)*=[^\s;)`]*")


def _texts() -> Iterator[tuple[str, str]]:
    """Every text that the program may print, by where it stands; \\0 for what is put in."""
    for file in (*ROOT.glob("flows/**/*.py"), *ROOT.glob("tasks/**/*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            where = f"{file.name}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.JoinedStr):
                yield where, "".join(map(_put_in, node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
                yield where, node.value


def _put_in(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    number = part.format_spec is not None and ast.unparse(part.format_spec) == "f'd'"
    return "1" if number else "x" if "quoted(" in ast.unparse(part) else "\0"


def test_every_piece_of_advice_in_the_program_is_in_the_grammar() -> None:
    """What a sentence puts in goes through `typed` or `quoted`, so that no advice ends in a text as it is."""
    found = 0
    for where, text in _texts():
        for advice in _ADVICE.findall(text):
            word = advice.rstrip(".,'")
            if word.endswith("=") or re.fullmatch(r"\w+=\0", word):
                continue  # a prefix that is looked for; an option of a group, whose names are words
            found += 1
            assert "\0" not in word, f"{where}: {advice!r} puts a text in without `typed`"
            PARSER.parse_override(word)
    assert found > 20


# --- a reader that goes away ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    ["studies", "report --help", "report study=iris --cfg job", "report study=irs"],
)
def test_a_closed_pipe_is_no_error(command: str) -> None:
    """As of `exhibit studies | head -1`: no word of it, and the exit code is that of the work."""
    code = "import os; r, w = os.pipe(); os.close(r); os.dup2(w, 1); from exhibit.flows import cli; cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *command.split()], cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == (2 if "irs" in command else 0)
    assert "Broken pipe" not in done.stderr
    assert "BrokenPipe" not in done.stderr
