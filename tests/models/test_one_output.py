"""One output of the second of two classes, as a sigmoid or a logit: of nets and functions, trained here and given."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.data.factory import DataFactorySpec
from exhibit.tasks.data.select import SelectionSpec, TargetSpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Attribution, Selection
from exhibit.tasks.records.model import Performance, Prediction, Weights
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.stages.attribute import attribute
from exhibit.tasks.stages.fit import fit
from exhibit.tasks.stages.load import load
from exhibit.tasks.stages.predict import predict
from exhibit.tasks.stages.select import select
from exhibit.tasks.store import Store

NAME = "own_one_output"
SOURCE = """
import numpy as np

X = np.random.default_rng(1).normal(size=(200, 4)).astype("float32")
W, B = np.array([[4.0], [2.0], [0.0], [-1.0]], "float32"), -2.0


def rows():
    return {"inputs": {"x": X}, "labels": np.where((X @ W)[:, 0] + B > 0, "fraud", "fine"),
            "split": ["train"] * 150 + ["test"] * 50}


def torch_net(last, fresh=False):
    import torch
    from torch import nn

    class Last(nn.Module):
        def forward(self, z):
            return eval(last, {"z": z, "torch": torch})

    layer = nn.Linear(4, 1)
    if not fresh:
        layer.load_state_dict({"weight": torch.tensor(W.T), "bias": torch.tensor([B])})
    return nn.Sequential(layer, Last())


def keras_net(last, fresh=False):
    import keras

    given = keras.Input((4,))
    layer = keras.layers.Dense(1)
    z = layer(given)
    net = keras.Model(given, eval(last, {"z": z, "keras": keras}))
    if not fresh:
        layer.set_weights([W, np.array([B])])
    return net


def function(last):
    return lambda inputs: eval(last, {"z": inputs["x"] @ W + B, "np": np})


def regressor():
    from sklearn.linear_model import LinearRegression
    return LinearRegression().fit(X, X @ W)
"""
SIGMOIDS = [
    ("torch_net", "torch.sigmoid(z)"),
    ("torch_net", "z.sigmoid().squeeze(1)"),
    ("keras_net", "keras.activations.sigmoid(z)"),
    ("keras_net", "keras.ops.squeeze(keras.activations.sigmoid(z), 1)"),
]
LOGITS = [("torch_net", "z"), ("torch_net", "z[:, 0]"), ("keras_net", "z")]
CHANCES = [("torch_net", "1 / (1 + torch.exp(-z))"), ("keras_net", "1 / (1 + keras.ops.exp(-z))")]
COMPUTE = Compute(batch=64)
Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, own_module: Callable[[str, str], None]) -> Run:
    """The records that a function of the module leads to, by their kinds; with a method the attribution too."""
    own_module(NAME, SOURCE)
    store = Store(tmp_path / "store")

    def run(function: str, arguments: dict[str, Any], method: Any = None, target: Any = None, **options: Any) -> Any:
        model = FactorySpec(factory=f"{NAME}:{function}", arguments=arguments, **options)
        data = load(store, DataFactorySpec(factory=f"{NAME}:rows"))["dataset"]
        weights = fit(store, model, COMPUTE, data)["weights"]
        done = predict(store, model, COMPUTE, data, weights)
        found = {Dataset: data, Weights: weights, Prediction: done["prediction"], Performance: done["performance"]}
        if method is not None:
            target = target or TargetSpec()
            chosen = select(store, SelectionSpec(limit=8), target, data, done["prediction"])
            parts = attribute(store, method, model, target, COMPUTE, data, weights, chosen["explained"], 0, 8)
            found |= {Selection: chosen["selection"], Attribution: parts["attribution"]}
        return model, {kind: unpack(kind, store.get(digest)) for kind, digest in found.items()}

    return run


def logits(data: Dataset) -> Array:
    """(samples,) what the given models say of the second class, by hand."""
    return data.inputs[0].array @ np.array([4.0, 2.0, 0.0, -1.0]) - 2.0


@pytest.mark.parametrize(("function", "last"), [*SIGMOIDS, *LOGITS, ("function", "z")])
def test_one_output_is_the_log_odds_of_the_second_class(function: str, last: str, run: Run) -> None:
    """A sigmoid that ends a net is left out. Every row is right, for the labels follow from the same numbers."""
    model, found = run(function, {"last": last})
    data, prediction = found[Dataset], found[Prediction]
    assert prediction.kind == "log_odds"
    np.testing.assert_allclose(
        prediction.outputs, np.stack([-logits(data), logits(data)], axis=1), rtol=1e-5, atol=1e-5
    )
    accuracy = found[Performance].metrics[0]
    assert (accuracy.name, accuracy.value) == ("accuracy", 1.0)
    rows = np.arange(len(data.labels))
    np.testing.assert_allclose(prediction.probabilities(rows)[:, 1], 1 / (1 + np.exp(-logits(data))), atol=1e-6)
    assert (
        model.remarks(data, found[Weights], prediction)
        .said[0]
        .startswith("Its one output is read as the logit of fraud")
    )


@pytest.mark.parametrize(("function", "last"), [*CHANCES, ("function", "1 / (1 + np.exp(-z))")])
def test_an_output_that_stays_between_0_and_1_is_the_probability_of_the_second_class(
    function: str, last: str, run: Run
) -> None:
    """It stays there far from the data, too, which no logit does."""
    model, found = run(function, {"last": last})
    data, prediction = found[Dataset], found[Prediction]
    share = 1 / (1 + np.exp(-logits(data)))
    assert prediction.kind == "chances"
    np.testing.assert_allclose(prediction.outputs, np.stack([1 - share, share], axis=1), atol=1e-6)
    assert model.remarks(data, found[Weights], prediction).said[0] == (
        "Its one output is read as the probability of fraud; that of fine is what is left of 1."
    )


@pytest.mark.parametrize(("function", "last"), [*SIGMOIDS[:1], *LOGITS[:2], CHANCES[0], *SIGMOIDS[2:3], LOGITS[2]])
def test_one_output_is_trained_by_its_binary_cross_entropy(function: str, last: str, run: Run) -> None:
    """The printed loss and accuracy are scikit-learn's of what the trained net predicts."""
    from sklearn.metrics import accuracy_score, log_loss

    _, found = run(function, {"last": last, "fresh": True}, fit="auto", epochs=10, batch_size=50, learning_rate=0.2)
    data, prediction, history = found[Dataset], found[Prediction], found[Weights].history
    test = np.flatnonzero(data.split == "test")
    shares = prediction.probabilities(test).astype(np.float64)
    assert history["test_loss"][-1] == pytest.approx(log_loss(data.labels[test], shares), rel=1e-3)
    accuracy = accuracy_score(data.labels[test], shares.argmax(axis=1))
    assert history["test_accuracy"][-1] == pytest.approx(accuracy) == found[Performance].metrics[0].value
    assert accuracy > 0.9


@pytest.mark.parametrize(("function", "last"), [SIGMOIDS[0], SIGMOIDS[2], LOGITS[0], LOGITS[2]])
@pytest.mark.parametrize("output", [0, 1])
def test_integrated_gradients_of_one_output_are_those_of_the_linear_logit(
    output: int, function: str, last: str, run: Run
) -> None:
    """w (x - mean) for the second class, and the opposite for the first."""
    target = TargetSpec(outputs=(("fine", "fraud")[output],))
    _, found = run(function, {"last": last}, IntegratedGradientsSpec(), target)
    data, chosen = found[Dataset], found[Selection]
    x, mean = data.inputs[0].array, data.inputs[0].array[data.split == "train"].mean(axis=0)
    expected = (x[chosen.explained] - mean) * np.array([4.0, 2.0, 0.0, -1.0]) * (1, -1)[output == 0]
    np.testing.assert_allclose(found[Attribution].values["x"][..., 0], expected, rtol=1e-4, atol=1e-4)
    assert chosen.target_names == (("fine", "fraud")[output],)


@pytest.mark.parametrize(("function", "last"), [SIGMOIDS[0], SIGMOIDS[2]])
def test_gradients_of_the_probability_add_up_to_its_change(function: str, last: str, run: Run) -> None:
    target = TargetSpec(outputs=("fraud",), score="probability")
    _, found = run(function, {"last": last}, IntegratedGradientsSpec(n_steps=256), target)
    part, explained = found[Attribution], found[Selection].explained
    share = 1 / (1 + np.exp(-logits(found[Dataset])[explained]))
    np.testing.assert_allclose(part.prediction[:, 0], share, atol=1e-5)
    np.testing.assert_allclose(
        part.values["x"][..., 0].sum(axis=1), part.prediction[:, 0] - part.base_value[:, 0], atol=1e-3
    )


def test_a_function_is_explained_for_the_class_that_it_predicts(run: Run) -> None:
    """Occlusion of a linear logit by the mean is w (x - mean), with the sign of the class."""
    _, found = run("function", {"last": "z"}, OcclusionSpec())
    data, chosen = found[Dataset], found[Selection]
    x, mean = data.inputs[0].array, data.inputs[0].array[data.split == "train"].mean(axis=0)
    sign = np.where(logits(data)[chosen.explained] > 0, 1, -1)[:, np.newaxis]
    expected = (x[chosen.explained] - mean) * np.array([4.0, 2.0, 0.0, -1.0]) * sign
    np.testing.assert_allclose(found[Attribution].values["x"][..., 0], expected, rtol=1e-4, atol=1e-4)


def test_what_is_no_probability_after_all_is_refused_by_row(run: Run) -> None:
    with pytest.raises(InputError, match=r"for 'row 20' they are -6, 7, .*model\.output=logits"):
        run("function", {"last": "np.where(np.arange(len(z))[:, None] % 64 == 20, 7.0, 0.5)"})


def test_a_regressor_is_no_classifier_of_two_classes(run: Run) -> None:
    with pytest.raises(InputError, match=r"outputs of shape \(8, 1\)"):
        run("regressor", {})


def test_the_config_says_what_one_output_is(run: Run) -> None:
    _, found = run("function", {"last": "np.full(z.shape, 0.5)"}, output="logits")
    assert found[Prediction].kind == "log_odds"
