"""What a stage depends on is in its key, and nothing else is: no stale result is served, and none is made twice."""

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import pytest

from exhibit.flows.config import read_report
from exhibit.flows.engine import Inline
from exhibit.flows.progress import Watch
from exhibit.flows.report import explain
from exhibit.tasks import fingerprint as fingerprints
from exhibit.tasks import stages
from exhibit.tasks.fingerprint import ROOT, fingerprint
from exhibit.tasks.sources import source_digest
from exhibit.tasks.stages import stage as stage_module
from exhibit.tasks.store import Store

# The stages with the specs that a point of each kind chooses, by the module of the spec.
MLP, CNN, GGNN = (f"exhibit.tasks.models.zoo.{name}" for name in ("mlp", "cnn", "ggnn"))
GRADIENT, OCCLUSION = (f"exhibit.tasks.methods.{name}" for name in ("gradient", "occlusion"))
CHOSEN = {
    "load": ["exhibit.tasks.data.table"],
    "fit": [MLP],
    "describe": [],
    "predict": [CNN],
    "measure": [],
    "probe": ["exhibit.tasks.behaviour.effects", MLP],
    "select": [],
    "attribute": [GGNN, GRADIENT],
    "summarise": [],
    "check": [MLP, OCCLUSION, "exhibit.tasks.checks.randomization"],
    "group": ["exhibit.tasks.data.own_table", OCCLUSION],
    "gather": [MLP, GRADIENT, "exhibit.tasks.drawing.spec"],
    "decide": ["exhibit.tasks.data.own_table", MLP],
    "scale": [],
    "draw": [],
    "compose": [],
    "tabulate": [],
    "attest": [],
    "render": [],
    "compare": [],
    "relate": [],
    "change": [],
    "draw_comparison": [],
    "draw_changes": [],
    "draw_decisions": [],
}
NO_STAGES = {
    "beforehand",
    "rehearsal",
    "results",
    "stage",
    "restore",
    "explaining",
    "explained",
    "drawings",
    "seal",
}  # what stages share; `seal` keeps no result

READ = fingerprints._read.__wrapped__


def modules_of(name: str) -> list[str]:
    return [f"exhibit.tasks.stages.{name}", *CHOSEN[name]]


def test_every_module_of_the_room_is_a_stage_or_named_here() -> None:
    assert {name.rpartition(".")[2] for name in stages.modules()} == CHOSEN.keys() | NO_STAGES


class Sources:
    """Reads source files as the fingerprint does, each once; `edited` holds those that are taken for edited."""

    def __init__(self) -> None:
        self._known: dict[Path, Any] = {}
        self.edited: dict[Path, str] = {}

    def __call__(self, path: Path, name: str, root: Path) -> Any:
        if path not in self._known:
            self._known[path] = READ(path, name, root)
        text = self.edited.get(path)
        read = self._known[path]
        return read if text is None else read._replace(digest=source_digest(text))


class Edit(NamedTuple):
    """One statement at the top of a file, changed: its name, its own text before and after, and the file after."""

    name: str
    before: str
    after: str
    file: str


def edits(source: str) -> Iterator[Edit]:
    """The source with one constant, function or class at its top changed, for each of them."""
    lines = source.splitlines(keepends=True)
    for node in ast.parse(source).body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                name = node.name
                begin = node.decorator_list[0].lineno - 1 if node.decorator_list else node.lineno - 1
                before = "".join(lines[begin : node.end_lineno])
                after = f"{before.rstrip()}\n{' ' * node.body[-1].col_offset}pass\n"
            case ast.Assign() | ast.AnnAssign() if node.value is not None:
                name = ast.unparse(node).partition(" =")[0].partition(":")[0]
                begin = node.lineno - 1
                before = "".join(lines[begin : node.end_lineno])
                after = f"{ast.unparse(node)}, 0\n"
            case _:
                continue
        yield Edit(name, before, after, "".join([*lines[:begin], after, *lines[node.end_lineno :]]))


def test_every_edit_of_the_code_behind_a_stage_changes_its_key_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every constant, function and class at the top of every module of the program: the digest tells it from what it
    was before. In each module one of them, now the first, now the last or one between, changes the keys."""
    read = Sources()
    monkeypatch.setattr(fingerprints, "_read", read)
    before = {name: fingerprint(modules_of(name)) for name in CHOSEN}
    tried = 0
    for turn, path in enumerate(sorted((ROOT / "exhibit" / "tasks").rglob("*.py"))):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        behind = {name for name, mark in before.items() if module in mark["source"]}
        every = list(edits(path.read_text()))
        for edit in every:
            assert source_digest(edit.after) != source_digest(edit.before), f"{module}: {edit.name}"
        if every:
            edit = every[turn % len(every)]
            read.edited = {path: edit.file}
            changed = {name for name in CHOSEN if fingerprint(modules_of(name)) != before[name]}
            assert changed == behind, f"{module}: {edit.name}"
        tried += len(every)
    assert tried > 1000


@pytest.mark.parametrize(
    ("module", "what", "stage"),
    [
        ("stages.check", "_CASCADES", "check"),
        ("stages.check", "_layer", "check"),
        ("stages.gather", "_SWARM", "gather"),
        ("stages.gather", "_UNITS", "gather"),
        ("stages.predict", "_SOME", "predict"),
    ],
)
def test_what_was_once_forgotten_is_behind_its_stage(module: str, what: str, stage: str) -> None:
    """These constants and functions were in no list of what a stage depends on."""
    source = (ROOT / "exhibit" / "tasks" / f"{module.replace('.', '/')}.py").read_text()
    assert what in [edit.name for edit in edits(source)]
    assert f"exhibit.tasks.{module}" in fingerprint(modules_of(stage))["source"]


@pytest.mark.parametrize("stage", ["load", "fit", "predict", "select", "attribute", "summarise"])
def test_what_is_drawn_or_written_retrains_and_attributes_nothing(stage: str) -> None:
    """A new figure, chapter, check or language is behind no stage that computes."""
    rooms = ["drawing", "document", "checks", "comparing", "evidence"]
    records = [f"records.{subject}" for subject in ("figure", "page", "material", "verdict")]
    source = [name.removeprefix("exhibit.tasks.") for name in fingerprint(modules_of(stage))["source"]]
    assert [name for name in source if name.startswith((*rooms, *records))] == []


def test_the_font_that_text_is_measured_in_is_in_the_key_of_what_is_drawn() -> None:
    """Other metrics put words elsewhere."""
    assert "font-source-sans-pro" in fingerprint(modules_of("draw"))["libraries"]


def test_a_method_is_behind_no_attribution_of_another() -> None:
    source = fingerprint(["exhibit.tasks.stages.attribute", MLP, GRADIENT])["source"]
    assert not {OCCLUSION, "exhibit.tasks.methods.shap", "exhibit.tasks.methods.integrated_gradients"} & source.keys()


LISTING = {"Field", "get_args", "check.option"}  # what a package's file may call: they only list


def test_the_file_of_a_package_does_nothing_but_list() -> None:
    """No stage depends on an `__init__`, so none holds what decides a number: imports, unions, a plain listing."""
    for path in sorted((ROOT / "exhibit" / "tasks").rglob("__init__.py")):
        for node in ast.parse(path.read_text()).body:
            match node:
                case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
                    pass
                case ast.Assign() | ast.AnnAssign():
                    calls = (part.func for part in ast.walk(node) if isinstance(part, ast.Call))
                    assert {ast.unparse(call) for call in calls} <= LISTING, f"{path}:{node.lineno}"
                case ast.FunctionDef(name="modules") if path.parent.name == "stages":
                    pass
                case ast.If() if path.parent.name == "tasks":
                    pass  # refuses to be imported under another name
                case _:
                    pytest.fail(f"{path}:{node.lineno}")


class Executed:
    """Which modules of the program run while a stage computes."""

    def __init__(self) -> None:
        self.missing: dict[str, set[str]] = {}
        self.stages: set[str] = set()
        self._source: Mapping[str, str] = {}
        self._called_functions: dict[str, set[str]] = {}

    def fingerprint(self, modules: list[str]) -> dict[str, dict[str, str]]:
        found = fingerprint(modules)
        self._source = found["source"]
        self._stage = modules[0].rpartition(".")[2]
        return found

    def once(self, store: Store, key: str, compute: Callable[[], Mapping[str, bytes]], *more: Any) -> Any:
        def watched() -> Mapping[str, bytes]:
            source, stage, self._called_functions = self._source, self._stage, {}
            sys.setprofile(self._called)
            try:
                return compute()
            finally:
                sys.setprofile(None)
                self.stages.add(stage)
                outside = self._called_functions.keys() - source.keys()
                found = {f"{name}:{function}" for name in outside for function in self._called_functions[name]}
                self.missing.setdefault(stage, set()).update(found)

        return ONCE(store, key, watched, *more)

    def _called(self, frame: FrameType, event: str, _: Any) -> None:
        code: CodeType = frame.f_code
        name = frame.f_globals.get("__name__", "")
        if event == "call" and name.startswith("exhibit.tasks.") and code.co_name not in NOT_COMPUTING:
            self._called_functions.setdefault(name, set()).add(code.co_name)


ONCE = Store.once
# What runs when a module is imported, and what only says something that the key holds as a value.
NOT_COMPUTING = {"<module>", "additive", "multiplier"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        (
            "study=iris",
            "method=[integrated_gradients,occlusion]",
            "check=[deletion,randomization,seed_stability,agreement]",
        ),
        ("study=solubility", "method=[integrated_gradients_embedding]"),
    ],
    ids=lambda words: str(words[0]),
)
def test_what_runs_in_a_stage_is_in_its_key(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen from outside: every function of the program that a stage calls stands in a module that its key names."""
    executed = ran(words, tmp_path, monkeypatch)
    assert executed.stages >= {
        "load",
        "fit",
        "predict",
        "select",
        "attribute",
        "summarise",
        "check",
        "gather",
        "draw",
        "render",
    }
    assert {stage: sorted(missing) for stage, missing in executed.missing.items() if missing} == {}


@pytest.mark.slow(25)
def test_what_decides_is_in_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("document.kind=decision", "target=predicted_probability", "selection.index=[3]", "check=[]")
    columns = ('data.actionable=["petal width (cm)"]', 'data.protected=["sepal width (cm)"]')
    executed = ran(("study=iris", "data.reference=null", *asked, *columns), tmp_path, monkeypatch)
    assert executed.stages >= {"decide", "draw_decisions", "compose", "render"}
    assert {stage: sorted(missing) for stage, missing in executed.missing.items() if missing} == {}


def ran(words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Executed:
    """What a report of few rows runs."""
    executed = Executed()
    monkeypatch.setattr(stage_module, "fingerprint", executed.fingerprint)

    def once(store: Store, *given: Any) -> Any:
        return executed.once(store, *given)

    monkeypatch.setattr(Store, "once", once)
    few = ("model.epochs=1", "selection.limit=4", "selection.show=2", "document.issued=2026-01-01")
    paths = (f"paths.runs={tmp_path / 'runs'}", f"paths.store={tmp_path / 'store'}")
    report = read_report([*words, *few, *paths], None)
    with Watch() as watch:
        explain(report, ["exhibit"], Inline(), watch)
    return executed
