"""Facts of the command line: what it prints, what bad use gets, and its exit codes."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import yaml

from exhibit.flows import cli
from exhibit.flows.config import Report
from exhibit.flows.filed import FILED
from exhibit.flows.report import RunResult
from exhibit.tasks.records.base import InputError

ROOT = Path(__file__).parents[2]

Use = Callable[..., tuple[int, str, str]]


def exhibit(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own."""
    command = [sys.executable, "-m", "exhibit", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=os.environ | environment, check=False)


@pytest.fixture
def use(capsys: pytest.CaptureFixture[str]) -> Use:
    """Exit code, stdout and stderr of a command in this process."""

    def use(*arguments: str) -> tuple[int, str, str]:
        try:
            code: int | str | None = cli.run(arguments)
        except SystemExit as stop:  # argparse
            code = stop.code
        assert isinstance(code, int)
        return (code, *capsys.readouterr())

    return use


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[Report, Sequence[str]]]:
    """What would have been run: the stages have their own tests."""
    calls: list[tuple[Report, Sequence[str]]] = []

    def run_report(report: Report, command: Sequence[str]) -> RunResult:
        calls.append((report, command))
        return RunResult(tmp_path / "run", report.points[0].title == "Failing")

    monkeypatch.setattr("exhibit.flows.run.run_report", run_report)
    return calls


# --- what is said about bad use ---------------------------------------------------------------------------

BAD = {
    "study=irs": "study=irs: there is no such option; allowed: ",
    "studdy=iris": "studdy: there is no such key; allowed: behaviour, check, ",
    "study=iris model.hiden=64": "model.hiden: there is no such key; allowed: ",
    "study=digits data.groups=[sex]": "data.groups: there is no such key; allowed: kind, limits, seed, test_share; "
    "it is a key of esol, image_folder, series, solubility, table, text",
    "study=iris method=[vanila_grad]": "method=vanila_grad: there is no such option; allowed: ",
    "study=iris,digits model.layers=3": "model.layers (point study=digits): there is no such key; allowed: ",
    "study=iris +model.foo=1": "model.foo: there is no such key; allowed: ",
    "study=iris,digits +foo=1": "foo (point study=iris): there is no such key; allowed: ",
    "study=iris model.hidden=many": "model.hidden: given 'many', allowed: a whole number, at least 1",
    "study=iris model.dropout=1.5": "model.dropout: given 1.5, allowed: a number, at least 0 and below 1",
    "study=iris model.hidden=???": "model.hidden: a value must be given; type model.hidden=VALUE",
    "data=table model=mlp method=[occlusion]": "data.path: a value must be given; type data.path=FILE "
    "data.label=COLUMN",
    "data=table data.path=a.csv model=mlp method=[occlusion]": "data.label: a value must be given; type "
    "data.label=COLUMN",
    "data=text data.path=a.csv model=estimator method=[occlusion]": "data.text: a value must be given; type "
    "data.text=COLUMN model.path=FILE",
    "data=photographs model=timm method=[occlusion]": "data.paths: a value must be given; type 'data.paths=[FILE]' "
    "model.architecture=NAME model.weights=FILE",
    "data=image_folder model=transformers method=[occlusion]": "data.path: a value must be given; type "
    "data.path=FOLDER model.path=FOLDER",
    "data=iris model=factory method=[factory]": "model.factory: a value must be given; type "
    "model.factory=MODULE:FUNCTION method.factory.factory=MODULE:FUNCTION",
    "data=table model=mlp,factory method=[occlusion] data.path=a": "data.label (point model=mlp): a value must be "
    "given; type data.label=COLUMN",
    "study=iris model.hidden": "model.hidden: cannot be read as key=value; there is no = in it",
    "study=iris method=[a": "method=[a: its value cannot be read (",
    "study=iris method=[]": "method=[]: the name of an option was expected; allowed: ",
    "study=iris document.embed={data:1}": "document.embed: of a list in brackets and a mapping in braces, one stands ",
    "study=iris model.hidden=${nope}": "model.hidden: Interpolation key 'nope' not found",
    "study=iris model=3": "model=3: there is no such option; allowed: ",
    "study=iris ~model": "model: a value must be given",
    "study=iris model.hidden=interval(1,3)": "model.hidden=interval(1,3): an interval holds no list of values to try",
    "study=iris model.kind=mpl": "model.kind: given 'mpl', allowed: ",
    "study=iris drawing.top_k=none": "drawing.top_k: given 'none', allowed: a whole number",
    "study=iris selection.order=frist": "selection.order: given 'frist', allowed: ",
    "study=iris document.issued=soon": "document.issued: given 'soon', allowed: a time such as 2026-01-01T00:00:00Z",
    "study=iris document.embed=[photos]": "document.embed.0: given 'photos', allowed: data, weights",
    "study=iris document.issued=2026": "document.issued: 2026 is not a date and time; write for example "
    "2026-01-01T00:00:00Z",
    "study=iris runner=inline,threads": "runner: belongs to the report, so all points must have the same",
    "study=iris,digits compute.threads=1,2": "compute: belongs to the report, so all points must have the same",
    "study=iris runner.kind=spark": "runner.kind: given 'spark', allowed: threads, dask, ray, inline",
    "study=iris compute.threads=0": "compute.threads: given 0, allowed: a whole number, at least 1",
    "study=iris,iris": "the same point is given more than once: study=iris; type each value once",
    "data=iris model=mlp": "method: nothing is chosen; to begin with, integrated_gradients for nets, ",
    "": "method: nothing is chosen; to begin with, integrated_gradients for nets, ",
}


@pytest.mark.parametrize("arguments", BAD)
def test_bad_config_is_said_in_a_few_lines(use: Use, ran: list[object], arguments: str) -> None:
    """Exit code 2, nothing on stdout, nothing run; the first line names the key and what is wrong with it."""
    code, out, err = use("report", *arguments.split())
    assert (code, out, ran) == (2, "", [])
    assert err.startswith(f"exhibit: {BAD[arguments]}"), err
    assert len(err.splitlines()) <= 6


def test_where_no_method_is_chosen_one_to_begin_with_is_said_before_the_names(use: Use) -> None:
    said, _, names = use("report", "data=iris", "model=mlp")[2].partition("allowed: ")
    assert "for most others: 'method=[occlusion]'; exhibit check, with the same words, says which suit" in said
    assert "bayes_grad, " in names
    assert "or choose a study: digits, " in names
    of_a_model = use("report", "data=iris", "method=[occlusion]")[2]
    assert of_a_model.startswith("exhibit: model: nothing is chosen; to begin with, mlp or random_forest, ")
    assert "for most others" not in of_a_model


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    {
        "study=irs": "iris",
        "studdy=iris": "study",
        "study=iris model.hiden=64": "hidden",
        "study=iris +model.hiden=64": "hidden",
        "study=iris method=[vanila_grad]": "vanilla_grad",
        "study=iris model.kind=mpl": "mlp",
        "study=iris selection.order=frist": "first",
        "study=iris runner=inlin": "inline",
    }.items(),
)
def test_the_nearest_match_is_offered(use: Use, arguments: str, nearest: str) -> None:
    assert f"did you mean {nearest}?" in use("report", *arguments.split())[2]


def test_every_point_that_lacks_a_key_is_named(use: Use) -> None:
    """Of three points two lack the key: two lines say which."""
    _, _, err = use("report", "study=iris,digits,solubility", "model.layers=3")
    assert [line.partition(":")[2].partition(":")[0].strip() for line in err.splitlines()] == [
        "model.layers (point study=digits)",
        "model.layers (point study=solubility)",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        ["report", "--config-dir", "no_such_dir"],
        ["report", "--foo"],
        ["studies", "x"],
        ["verify"],
        ["verify", "x.pdf", "--data", "no_such_dir"],
    ],
)
def test_bad_options_are_refused(use: Use, wrong: list[str]) -> None:
    code, out, err = use(*wrong)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) <= 4


def test_nothing_to_verify_is_bad_use(use: Use, tmp_path: Path) -> None:
    assert use("verify", str(tmp_path / "x.pdf")) == (
        2,
        "",
        f"exhibit: {tmp_path / 'x.pdf'}: there is no such file or directory\n",
    )


def test_verify_says_what_it_found_where_nothing_can_be_written(use: Use, tmp_path: Path) -> None:
    (tmp_path / "other.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "other.verification.json").mkdir()
    code, out, err = use("verify", str(tmp_path / "other.pdf"))
    assert code == 5
    assert out.endswith("other.pdf: damaged\n")
    assert err == f"exhibit: {tmp_path / 'other.verification.json'} was not written: Is a directory\n"


def test_an_unknown_command_is_refused(use: Use) -> None:
    code, _, err = use("repot", "study=iris")
    assert code == 2
    assert (
        err == f"exhibit: repot: there is no such command; allowed: {', '.join(sorted(cli.COMMANDS))}; "
        "did you mean report?\n"
    )


def test_no_command_shows_the_help(use: Use) -> None:
    code, out, err = use()
    assert (code, out) == (2, "")
    assert "report " in err
    assert "studies " in err


def test_bad_input_found_while_running_is_bad_use(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    """An InputError of a stage (a missing file, say) exits with 2, too."""

    def run_report(report: Report, command: Sequence[str]) -> RunResult:
        raise InputError("data.path: there is no file x.csv")

    monkeypatch.setattr("exhibit.flows.run.run_report", run_report)
    assert use("report", "study=iris") == (2, "", "exhibit: data.path: there is no file x.csv\n")


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("a: [", "mine.yaml"),
        (
            "# @package _global_\ndefaults:\n  - override /target: nope\n",
            "target=nope: there is no such option; allowed: ",
        ),
        ("# @package _global_\nmodel:\n  hiden: 3\n", "model.hiden: there is no such key; allowed: "),
    ],
)
def test_a_broken_file_of_the_users_is_said(use: Use, tmp_path: Path, broken: str, said: str) -> None:
    """YAML that cannot be read, names an option that there is not, or sets a key that there is not."""
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "mine.yaml").write_text(broken)
    others = ("data=iris", "model=mlp", "method=vanilla_grad")
    code, out, err = use("report", "--config-dir", str(tmp_path), "study=mine", *others)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


# --- what is run ------------------------------------------------------------------------------------------


def test_the_last_line_names_the_run(use: Use, ran: list[tuple[Report, Sequence[str]]], tmp_path: Path) -> None:
    code, out, _ = use("report", "study=iris", "model.hidden=64")
    run = tmp_path / "run"
    assert code == 0
    assert out == f"pdf: {run / 'report.pdf'}\nhtml: {run / 'report.html'}\nrun: {run}\n"
    [(report, command)] = ran
    assert command == ["exhibit", "report", "study=iris", "model.hidden=64"]
    assert report.points[0].model.model_dump()["hidden"] == 64


def test_a_failed_required_check_is_exit_code_3(use: Use, ran: list[object]) -> None:
    code, out, _ = use("report", "study=iris", "title=Failing")
    assert code == 3
    assert out.splitlines()[-1].startswith("run: ")


def test_a_report_that_is_written_is_not_lost(use: Use, tmp_path: Path) -> None:
    """Whatever fails after it: here the list of all runs, whose place a folder has taken."""
    (tmp_path / "runs" / "index.html").mkdir(parents=True)
    small = ("study=iris", "method=[vanilla_grad]", "check=[]", "data.reference=null", "model.epochs=1")
    code, out, err = use("report", *small, "runner=inline", f"paths.runs={tmp_path}/runs", f"paths.store={tmp_path}/s")
    run = Path(out.splitlines()[-1].removeprefix("run: "))
    assert code == 1
    assert (run / "manifest.json").exists()
    said = f"exhibit: the report is whole, but {tmp_path}/runs/index.html was not written (IsADirectoryError: "
    assert err.splitlines()[-1].startswith(said)


def test_options_and_overrides_may_be_mixed(use: Use, ran: list[tuple[Report, Sequence[str]]], tmp_path: Path) -> None:
    code, _, err = use("report", "study=iris", "--config-dir", str(tmp_path), "model.hidden=3", "runner=inline")
    assert code == 0, err
    assert ran[0][0].runner.kind == "inline"


# --- what is shown ----------------------------------------------------------------------------------------


def test_cfg_shows_the_config_of_every_point(use: Use, ran: list[object]) -> None:
    """`--cfg job` prints one YAML document per point and runs nothing."""
    code, out, _ = use("report", "study=iris,digits", "--cfg", "job")
    first, second = yaml.safe_load_all(out)
    assert (code, ran) == (0, [])
    assert (first["data"]["kind"], second["data"]["kind"]) == ("iris", "digits")
    assert first["title"] == "Iris"


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Hydra sets up the log of its process for `--info`, which ends with it."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.mark.usefixtures("logging_as_before")
def test_info_is_hydras(use: Use, ran: list[object]) -> None:
    code, out, _ = use("report", "study=iris", "--info", "defaults")
    assert (code, ran) == (0, [])
    assert "data/iris" in out


def test_help_lists_every_group_and_option(use: Use) -> None:
    """What stands in `conf` stands in the help."""
    code, out, _ = use("report", "--help")
    assert code == 0
    words = out.replace(",", " ").split()
    for file in (ROOT / "conf").glob("*/*.yaml"):
        assert file.stem in words
        group = file.parent.name
        assert (f"document.{group}" if group in FILED else group) in words


def test_studies_lists_name_and_title(use: Use, tmp_path: Path) -> None:
    """A line each, those of a folder of one's own among them."""
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "mine.yaml").write_text("# @package _global_\n# What I study.\ntitle: Mine\n")
    code, out, _ = use("studies", "--config-dir", str(tmp_path))
    assert code == 0
    assert "mine Mine: What I study." in [" ".join(line.split()) for line in out.splitlines()]
    assert len({len(line) - len(line.split(maxsplit=1)[1]) for line in out.splitlines()}) == 1
    assert [line.split()[0] for line in out.splitlines()] == sorted(
        ["mine", *(file.stem for file in (ROOT / "conf" / "study").glob("*.yaml"))]
    )


# --- the process ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--help"], ["report", "--help"], ["studies"]])
def test_help_is_quick(arguments: list[str]) -> None:
    """Help and lists load neither a framework nor Prefect."""
    code = f"""
import sys
from exhibit.flows import cli
try:
    cli.run({arguments!r})
except SystemExit:
    pass
print("loaded:", *sorted(set(sys.modules) & {{"torch", "tensorflow", "keras", "prefect", "rdkit", "weasyprint"}}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "loaded:"


def test_bad_use_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither a run nor a store nor a folder of Hydra's, and no traceback."""
    done = exhibit("report", "study=iris", "model.hiden=1", f"paths.runs={tmp_path}/runs", f"paths.store={tmp_path}/s")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert not {"outputs", "multirun"} & {path.name for path in ROOT.iterdir()}


def test_the_traceback_is_shown_on_request() -> None:
    done = exhibit("report", "study=irs", EXHIBIT_DEBUG="1")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_the_unexpected_is_two_lines() -> None:
    """A fault of the program's own: exit code 1, and how to see more."""
    code = "import sys; from exhibit.flows import cli; cli.COMMANDS['studies'] = lambda _: 1 / 0; cli.main()"
    environment = {name: value for name, value in os.environ.items() if name != "EXHIBIT_DEBUG"}
    done = subprocess.run(
        [sys.executable, "-c", code, "studies"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "exhibit: ZeroDivisionError: division by zero",
        "set EXHIBIT_DEBUG=1 for the traceback",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("runner", ["inline", "threads"])
def test_an_interrupt_is_no_traceback(tmp_path: Path, runner: str) -> None:
    """Ctrl-C while a model is trained ends at once, with one line, and what is finished is kept."""
    paths = [f"paths.store={tmp_path}/store", f"paths.runs={tmp_path}/runs"]
    overrides = ["study=iris", "model.epochs=100000", "data.reference=null", f"runner={runner}", *paths]
    command = [sys.executable, "-m", "exhibit", "report", *overrides]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True) as process:
        assert process.stderr is not None
        while "fit" not in (line := process.stderr.readline()):
            assert line, "it ended before it could be interrupted"
        os.killpg(process.pid, signal.SIGINT)
        rest = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert rest.splitlines()[-1].startswith("exhibit: interrupted")
    assert len(list((tmp_path / "store" / "actions").glob("*/*"))) == 2  # the rows, and what they are
    assert not (tmp_path / "runs").exists()
