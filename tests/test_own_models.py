"""Models and scores of the user's own in the stages: what is refused, and what their results depend on."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exhibit.flows.config import read_report
from exhibit.flows.points import trainings
from exhibit.tasks.data.select import SelectionSpec, TargetSpec
from exhibit.tasks.data.table import IrisSpec
from exhibit.tasks.factory import TRUSTED, code_of
from exhibit.tasks.methods.gradient import VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.models import ModelSpec
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.models.zoo.mlp import MLPSpec
from exhibit.tasks.models.zoo.random_forest import ForestSpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.model import Prediction, Weights
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.stages.attribute import attribute
from exhibit.tasks.stages.fit import fit
from exhibit.tasks.stages.load import load
from exhibit.tasks.stages.predict import predict
from exhibit.tasks.stages.select import select
from exhibit.tasks.stages.stage import FinishedStage
from exhibit.tasks.store import Store
from tests.conftest import Project

COMPUTE = Compute(batch=32)
NAME = "own_stages"
SOURCE = """
def net(**options):
    from torch import nn
    return nn.Linear(4, 3)


def margin(outputs, targets):
    return outputs[:, 0] - outputs[:, 1]
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of the module that these tests trust."""
    path = tmp_path / f"{NAME}.py"
    path.write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(TRUSTED, NAME)
    code_of.cache_clear()
    yield path
    sys.modules.pop(NAME, None)
    code_of.cache_clear()


def explained(
    store: Store, model: ModelSpec, method: Any, target: TargetSpec | None = None
) -> tuple[dict[str, FinishedStage], Attribution]:
    """All stages of a point for the first three flowers."""
    target = target or TargetSpec()
    data = load(store, IrisSpec(reference=None))
    trained = fit(store, model, COMPUTE, data["dataset"], silent)
    predicted = predict(store, model, COMPUTE, data["dataset"], trained["weights"])
    chosen = select(store, SelectionSpec(), target, data["dataset"], predicted["prediction"])
    done = attribute(
        store, method, model, target, COMPUTE, data["dataset"], trained["weights"], chosen["explained"], 0, 3
    )
    found = {"fit": trained, "predict": predicted, "select": chosen, "attribute": done}
    return found, unpack(Attribution, store.get(done["attribution"]))


@pytest.mark.parametrize("method", [VanillaGradSpec(), IntegratedGradientsSpec()])
def test_gradients_of_a_model_that_only_predicts_are_refused(method: Any, store: Store) -> None:
    """The sentence names the method, the model and what can be used."""
    said = (
        rf"^method: {method.kind} needs gradients, but the model random_forest \(scikit-learn\) only predicts; "
        "use occlusion, kernel_shap, partition_shap or tree_shap$"
    )
    with pytest.raises(InputError, match=said):
        explained(store, ForestSpec(trees=2), method)


def test_the_usual_score_of_a_forest_is_its_probability(store: Store) -> None:
    done, attribution = explained(store, ForestSpec(trees=4), OcclusionSpec())
    outputs = unpack(Prediction, store.get(done["predict"]["prediction"])).outputs
    np.testing.assert_array_equal(attribution.prediction[:, 0], outputs[:3].max(axis=1))


def test_a_score_of_ones_own_is_explained(store: Store) -> None:
    """The margin of a linear net: gradients are the difference of two rows of weights."""
    target = TargetSpec(score="factory", factory=f"{NAME}:margin")
    model = FactorySpec(factory=f"{NAME}:net")
    done, attribution = explained(store, model, VanillaGradSpec(), target)
    weight = unpack(Weights, store.get(done["fit"]["weights"])).arrays["weight"]
    expected = np.broadcast_to(weight[0] - weight[1], (3, 4))
    np.testing.assert_allclose(attribution.values["measurements"][..., 0], expected, rtol=1e-5)


def test_only_what_uses_the_own_code_depends_on_it(store: Store, own: Path) -> None:
    target, model = TargetSpec(score="factory", factory=f"{NAME}:margin"), FactorySpec(factory=f"{NAME}:net")
    first, _ = explained(store, model, VanillaGradSpec(), target)
    assert f"{NAME}" in first["attribute"].fingerprint["source"]
    assert "torch" in first["fit"].fingerprint["libraries"]
    own.write_text(SOURCE + "\n# a comment\n")
    code_of.cache_clear()
    again, _ = explained(store, model, VanillaGradSpec(), target)
    assert all(done.cached for done in again.values())
    own.write_text(SOURCE.replace("outputs[:, 0] -", "2 * outputs[:, 0] -"))
    code_of.cache_clear()
    other = fit(store, model, COMPUTE, load(store, IrisSpec(reference=None))["dataset"], silent)
    assert not other.cached
    plain, _ = explained(store, ForestSpec(trees=2), OcclusionSpec())
    assert not any(NAME in done.fingerprint["source"] for done in plain.values())


def test_a_file_of_weights_counts_by_its_content_not_its_place(store: Store, tmp_path: Path) -> None:
    data = load(store, IrisSpec(reference=None))["dataset"]
    trained = unpack(Weights, store.get(fit(store, MLPSpec(epochs=1), COMPUTE, data, silent)["weights"])).arrays
    for name, factor in (("a", 1), ("b", 1), ("c", 2)):
        np.savez(tmp_path / f"{name}.npz", **{key: factor * array for key, array in trained.items()})
    specs = [MLPSpec(fit="never", weights=tmp_path / f"{name}.npz") for name in "abc"]
    done = [fit(store, spec, COMPUTE, data, silent) for spec in specs]
    assert [each.cached for each in done] == [False, True, False]
    assert done[0]["weights"] == done[1]["weights"] != done[2]["weights"]
    assert str(tmp_path) not in str(done[0].spec)


def test_a_model_that_is_not_trained_has_no_stability_over_trainings(tmp_path: Path) -> None:
    """Its five trainings would be the same one, and look perfectly stable."""
    given = ["study=iris", "model.fit=never", f"model.weights={tmp_path / 'weights.npz'}"]
    published = ["data=scikit_image", "model=vgg16", "method=[occlusion]"]
    for words in (given, published):
        point = read_report([*words, "check=[seed_stability]"]).points[0]
        with pytest.raises(InputError, match="seed_stability trains the model 5 times, but it is given as it is"):
            trainings(point)
    asked = read_report([*given, "check=[completeness]"]).points[0]
    assert trainings(asked) == [asked.model]


@pytest.mark.alone
@pytest.mark.slow(15)
def test_a_report_on_trees(new_project: Callable[[], Project], shared_store: Path) -> None:
    """Without gradients and without a history of training."""
    words = [
        "data=iris",
        "model=random_forest",
        "model.trees=10",
        "method=[occlusion,kernel_shap]",
        "selection.limit=9",
    ]
    html = (
        new_project().without_paper().report(*words, "runner=inline", store=shared_store).directory / "report.html"
    ).read_text()
    assert "A random forest (scikit-learn) of 10 trees" in html
    assert "Confusion matrix" in html
    assert "Learning curve" not in html


@pytest.mark.alone
@pytest.mark.slow(15)
def test_a_report_on_a_net_and_a_score_of_ones_own(
    new_project: Callable[[], Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = new_project().without_paper()
    (project.root / "own_report.py").write_text(SOURCE)
    words = ["data=iris", "model=factory", "model.factory=own_report:net", "method=[integrated_gradients]"]
    score = ["target=factory", "target.factory=own_report:margin", "runner=inline"]
    monkeypatch.setenv(TRUSTED, "")
    refused = project.report(*words, *score)
    assert refused.status == 2
    assert f"the module 'own_report' is not trusted on this machine; to let it run, add its name to the environment " \
           f"variable {TRUSTED}" in refused.stderr  # fmt: skip
    monkeypatch.setenv(TRUSTED, "own_report")
    html = (project.report(*words, *score).directory / "report.html").read_text()
    assert "A model of the user&#39;s own, made by own_report:net." in html
    assert "units of the score" in html
