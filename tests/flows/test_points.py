"""Facts of sweeps: points share what they have in common, go on without one that fails, and are found again."""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from exhibit.flows.calls import Calls
from exhibit.flows.config import Report, read_report
from exhibit.flows.engine import Future, Inline
from exhibit.flows.errors import one_line_message
from exhibit.flows.points import Chapter, Given, run_points
from exhibit.flows.progress import Watch
from exhibit.flows.run import run_report
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.records.verdict import CheckResult
from exhibit.tasks.stages.stage import FinishedStage
from exhibit.tasks.store import Store
from tests.conftest import Project, Run

SMALL = ("study=iris", "check=[]", "data.reference=null", "model.epochs=1", "runner=inline")
LAYERS = (*SMALL, "method=[integrated_gradients]", "method.integrated_gradients.layer=null,nosuch")


class Counting(Inline):
    """Plain calls, counted by stage."""

    def __init__(self) -> None:
        self.started: Counter[str] = Counter()

    def submit(self, what: str, stage: Callable[..., FinishedStage], *args: Any, **kwargs: Any) -> Future:
        self.started[stage.__name__] += 1
        return super().submit(what, stage, *args, **kwargs)


def swept(report: Report, store: Path) -> tuple[list[Chapter], Calls, Counter[str]]:
    """The points of a report in a store, the calls that were made, and how many of each stage were started."""
    engine = Counting()
    calls = Calls(Store(store), engine, Watch())
    return run_points(report.points, report.compute, calls, Given()), calls, engine.started


def test_trainings_are_added_while_their_check_is_undecided(tmp_path: Path) -> None:
    """One beside the reported one, then two, then four, which is the most; each is trained and explained once."""
    asked = ("check=[seed_stability]", "check.seed_stability.seeds=2", "check.seed_stability.most=5")
    report = read_report([*SMALL, *asked, "method=[vanilla_grad]", "selection.limit=4"])
    [chapter], calls, started = swept(report, tmp_path)
    assert (started["fit"], started["attribute"], started["check"]) == (5, 5, 3)
    assert [model.seed for model in chapter.models] == [0, 1, 2, 3, 4]
    [[check]] = chapter.checked.values()
    result = unpack(CheckResult, calls.store.get(check["result"]))
    assert len(result.details["share"]) == 5
    assert "4 trainings beside the reported one, of at most 4 (check.seed_stability.most)" in result.sample


def test_forty_points_load_and_train_once(tmp_path: Path) -> None:
    """Five methods by eight selections: one dataset, one training, one prediction, and each method once per rows."""
    methods = "vanilla_grad,gradient_x_input,smooth_grad,bayes_grad,occlusion"
    report = read_report([*SMALL, f"method={methods}", "selection.limit=range(1,9)"])
    chapters, calls, started = swept(report, tmp_path)
    assert len(chapters) == 40
    assert {stage: started[stage] for stage in ("load", "fit", "predict", "select", "attribute", "gather")} == {
        "load": 1, "fit": 1, "predict": 1, "select": 8, "attribute": 40, "gather": 40
    }  # fmt: skip
    entries = Counter(entry["stage"] for entry in calls.log if entry["stage"] in ("load", "fit"))
    assert entries == {"load": 40, "fit": 40}
    assert [entry["chapter"] for entry in calls.log if entry["stage"] == "fit" and not entry["cached"]] == [
        chapters[0].slug
    ]


def test_what_is_drawn_changes_nothing_that_is_computed(tmp_path: Path) -> None:
    """Points that draw other samples of the same rows share their attributions, summaries and checks."""
    report = read_report(
        [*SMALL, "method=vanilla_grad", "check=[sparseness]", "compute.chunk=150", "selection.show=range(2,6)"]
    )
    _, _, started = swept(report, tmp_path)
    assert {stage: started[stage] for stage in ("select", "attribute", "summarise", "check", "gather")} == {
        "select": 4, "attribute": 1, "summarise": 1, "check": 1, "gather": 4
    }  # fmt: skip


def test_a_point_that_fails_leaves_the_others_alone(tmp_path: Path) -> None:
    (good, bad), _, _ = swept(read_report(LAYERS), tmp_path)
    assert "gather" in good.done
    assert good.failure is None
    assert bad.failure is not None
    assert bad.failure.stage == "attribute"
    assert bad.failure.sentence.startswith(
        "method.integrated_gradients.layer: 'nosuch' is not a layer of the model; its layers are "
    )


def test_points_that_all_fail_are_an_error(tmp_path: Path) -> None:
    report = read_report([*LAYERS[:-1], "method.integrated_gradients.layer=nosuch,neither"])
    with pytest.raises(ValueError, match="'nosuch' is not a layer"):
        swept(report, tmp_path)


def test_what_can_be_refused_is_asked_before_what_takes_its_time(tmp_path: Path) -> None:
    """Occlusion is named first, but asks for predictions alone, which every model gives. The chapters keep the order
    that was typed."""
    methods = "method=[occlusion,integrated_gradients]"
    report = read_report([*SMALL, methods, "method.integrated_gradients.layer=nosuch"])
    calls = Calls(Store(tmp_path), Inline(), Watch())
    with pytest.raises(InputError, match="nosuch"):
        run_points(report.points, report.compute, calls, Given())
    assert "attribute" not in [entry["stage"] for entry in calls.log]
    [chapter], *_ = swept(read_report([*SMALL, methods, "selection.limit=2"]), tmp_path)
    assert [*chapter.attributed] == ["occlusion", "integrated_gradients"]


def test_an_unexpected_error_is_named_by_its_kind_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its text may hold a place on this machine, which no report names."""
    report = read_report([*SMALL, "method=vanilla_grad,occlusion"])

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise MemoryError("/home/somebody")

    monkeypatch.setattr(type(report.points[1].method["occlusion"]), "attribute", broken)
    (_, bad), _, _ = swept(report, tmp_path)
    assert bad.failure is not None
    assert bad.failure.sentence.startswith("MemoryError: ")
    assert "somebody" not in bad.failure.sentence


def test_an_unexpected_error_is_told_with_its_point_and_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the point that met it first, though all that share the training meet it; the kind is kept for who asks."""
    report = read_report([*SMALL, "method=vanilla_grad,occlusion"])

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise MemoryError("of 3 GB\nthere are 2")

    monkeypatch.setattr(type(report.points[0].model), "fit", broken)
    with pytest.raises(MemoryError) as met:
        swept(report, tmp_path)
    assert one_line_message(met.value) == "iris-method-vanilla-grad: fit failed, MemoryError: of 3 GB"


def test_an_unexpected_error_of_the_document_is_told_with_its_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise MemoryError("no room")

    monkeypatch.setattr("exhibit.tasks.document.compose.compose", broken)
    report = read_report(
        [*SMALL, "method=vanilla_grad", f"paths.runs={tmp_path}/runs", f"paths.store={tmp_path}/store"]
    )
    with pytest.raises(MemoryError) as met:
        run_report(report, ["exhibit", "report"])
    assert one_line_message(met.value) == "report: compose failed, MemoryError: no room"


@pytest.mark.parametrize(("layers", "told"), [("nosuch", 0), ("null,nosuch", 1), ("nosuch,other", 1)])
def test_what_a_point_met_is_told_once(
    layers: str, told: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the error itself where it ends the whole, else by a line; that all points met it makes it no longer."""
    report = read_report([*SMALL, "method=[integrated_gradients]", f"method.integrated_gradients.layer={layers}"])
    with suppress(InputError):
        swept(report, tmp_path)
    err = capsys.readouterr().err
    assert err.count("is not a layer of the model") == told
    assert "InputError" not in err


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    return new_project().without_paper()


@pytest.fixture(scope="module")
def failed(project: Project) -> Run:
    """A report of two points, of which one failed."""
    return project.report(*LAYERS)


def test_the_report_says_which_point_failed(failed: Run) -> None:
    """The exit code says that something is to be looked at; the report, the evidence and stderr say what."""
    assert failed.status == 3
    assert "exhibit: failed: iris-method-integrated-gradients-layer-nosuch; the report says why" in failed.stderr
    html = (failed.directory / "report.html").read_text()
    assert "1 of 2 failed" in html
    assert "&#39;nosuch&#39; is not a layer of the model" in html
    evidence = json.loads((failed.directory / "evidence.json").read_text())
    assert [item["slug"] for item in evidence["failed"]] == ["iris-method-integrated-gradients-layer-nosuch"]
    assert [item["slug"] for item in evidence["chapters"]] == ["iris-method-integrated-gradients-layer-null"]
    assert len(evidence["config"]["points"]) == 2


def test_the_table_of_importances_holds_the_points_that_did_not_fail(failed: Run) -> None:
    table = pd.read_parquet(failed.directory / "importances.parquet")
    assert set(table["point"]) == {"iris-method-integrated-gradients-layer-null"}


def test_the_same_command_computes_nothing_again(failed: Run, project: Project) -> None:
    """What failed is tried again, what was finished is there."""
    again = project.report(*LAYERS)
    assert again.computed == set()
    assert (again.directory / "report.pdf").read_bytes() == (failed.directory / "report.pdf").read_bytes()


def test_a_shared_call_that_fails_is_made_once() -> None:
    """Forty points over a training that diverges do not train forty times."""
    calls: list[int] = []

    def failing() -> FinishedStage:
        calls.append(1)
        raise ValueError("it diverged")

    future = Inline().submit("fit", failing)
    for _ in range(3):
        with pytest.raises(ValueError, match="it diverged"):
            future.result()
    assert calls == [1]


def test_a_molecule_is_explained_at_its_embedding_where_no_layer_is_named(tmp_path: Path) -> None:
    """The layer that was found stands in the key, in the evidence and in the chapter, as if it had been named."""
    words = ("study=solubility", "check=[sparseness]", "model.epochs=1", "selection.limit=3", "runner=inline")
    methods = "method=[integrated_gradients,integrated_gradients_embedding,occlusion,vanilla_grad]"
    (chapter,), calls, _ = swept(read_report([*words, methods]), tmp_path)
    assert chapter.failure is None
    assert chapter.point.method["integrated_gradients"].layer is None
    assert {label: method.layer for label, method in chapter.methods.items()} == dict.fromkeys(chapter.methods, "embed")
    plain, named = ([done.key for _, _, done in chapter.attributed[label][0]] for label in list(chapter.methods)[:2])
    assert plain == named
    assert {done.spec["method"]["layer"] for found in chapter.attributed.values() for _, _, done in found[0]} == {
        "embed"
    }
    material = unpack(Material, calls.store.get(chapter["gather"]["material"]))
    assert {method.place for method in material.methods} == {"the output of the layer embed"}
    assert material.methods[0].parameters["layer"] == "embed"
