"""What is refused before a model is trained: every combination that the config and the data already rule out."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exhibit.flows.calls import Calls
from exhibit.flows.config import Point, read_report
from exhibit.flows.engine import Future, Inline
from exhibit.flows.points import Given, run_points
from exhibit.flows.progress import Watch
from exhibit.tasks.records.base import InputError
from exhibit.tasks.stages.beforehand import require_explainable
from exhibit.tasks.stages.load import load
from exhibit.tasks.stages.stage import FinishedStage
from exhibit.tasks.store import Store

IRIS = ("study=iris", "data.reference=null")
DIGITS = ("study=digits",)
MOLECULES = ("study=solubility",)
FOREST = (*IRIS, "model=random_forest", "method=[kernel_shap]")
TREES = (*IRIS, "model=random_forest", "method=[tree_shap]")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("beforehand"))


def require(store: Store, point: Point) -> None:
    dataset = load(store, point.data)["dataset"]
    require_explainable(store, dataset, point.model, point.method, point.target, point.selection)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((*IRIS, "target.score=value"), r"no meaning for a classification of 'species'; .* data\.task=regr"),
        ((*MOLECULES, "target.score=logit"), "'logit' has no meaning for a regression of .*; use value or factory"),
        ((*FOREST, "target.score=logit"), "'logit' was given, but the model gives probabilities: use probability or"),
        ((*IRIS, "method=[deep_shap]", "target.score=loss"), "deep_shap: .* not the score 'loss'"),
        ((*IRIS, "method=[deep_shap]", "target.score=probability"), "deep_shap: .* not the score 'probability'"),
        ((*TREES, "target.score=loss"), "tree_shap: explains probabilities, not the score 'loss'"),
        ((*MOLECULES, "target=true"), "'true' needs a classification; for a regression use target=value"),
        ((*IRIS, "target.outputs=[index:3]"), "index:3 was given, but outputs go from 0 to 2"),
        ((*IRIS, "target.outputs=[top:4]"), "top:4 was given, at most 3 are possible"),
        ((*MOLECULES, "selection=wrong_first"), "selection.order: 'wrong_first' needs a classification"),
        ((*MOLECULES, "selection=each_class"), "selection.order: 'each_class' needs a classification"),
        ((*IRIS, "selection=with_and_without"), "needs samples with a known region, and there are none"),
        ((*IRIS, "+selection.pairs=[[setosa,rose]]"), "'rose' is not a class of the data"),
        ((*IRIS, "selection.rows=validation"), "'validation' was given, but .* has no such rows"),
        ((*IRIS, "selection.index=[150]"), r"\[150\] was given, but rows go from 0 to 149"),
        ((*IRIS, "method=[partition_shap]"), "with masker blur it explains models of one image"),
        ((*DIGITS, "method=[partition_shap_tokens]"), "with masker tokens it explains models of one text"),
        ((*MOLECULES, "method=[kernel_shap]"), "the elements of the input 'molecule' cannot be hidden one by one"),
        ((*IRIS, "method=[integrated_gradients_black]"),
         "method.integrated_gradients_black.baseline: 'black' needs an image, but 'measurements' is"),
        ((*IRIS, "method=[integrated_gradients_blur]"),
         "method.integrated_gradients_blur.baseline: 'blur' needs an image, but 'measurements' is"),
        ((*IRIS, "method=[occlusion]", "method.occlusion.baseline=sample:rose"), "the data has no sample 'rose'"),
        ((*DIGITS, "method=[occlusion_patches]", "method.occlusion_patches.strides=[1]",
          "method.occlusion_patches.sliding_window_shapes=[2]"), r"\(2,\) was given, but elements have 2 axes"),
    ],
)  # fmt: skip
def test_what_the_data_rule_out_is_refused(words: tuple[str, ...], message: str, store: Store) -> None:
    (point,) = read_report([*words, "check=[]"]).points
    with pytest.raises(InputError, match=message):
        require(store, point)


@pytest.mark.parametrize("study", ["iris", "digits", "solubility", "multimodal", "watermark"])
def test_what_the_studies_ask_is_not_refused(study: str, store: Store) -> None:
    for point in read_report([f"study={study}"]).points:
        require(store, point)


def test_nothing_is_trained_for_a_point_that_is_refused(tmp_path: Path) -> None:
    started: Counter[str] = Counter()

    class Counting(Inline):
        def submit(self, what: str, stage: Callable[..., FinishedStage], *args: Any, **kwargs: Any) -> Future:
            started[stage.__name__] += 1
            return super().submit(what, stage, *args, **kwargs)

    report = read_report([*IRIS, "check=[]", "target.score=value", "runner=inline"])
    with pytest.raises(InputError, match="has no meaning for a classification"):
        run_points(report.points, report.compute, Calls(Store(tmp_path), Counting(), Watch()), Given())
    assert started == {"load": 1}
