"""A method of the user's own: what it is given, what it may give, and the residual that is computed here."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import nn

from exhibit.tasks.data.plain import dataset_of
from exhibit.tasks.data.select import TargetSpec, score_of
from exhibit.tasks.factory import TRUSTED
from exhibit.tasks.methods.factory import MethodFactorySpec
from exhibit.tasks.methods.gradient import GradientXInputSpec
from exhibit.tasks.models.callable import CallableModel
from exhibit.tasks.models.torch import TorchModel, as_tensors
from exhibit.tasks.protocols import Compute, Score, scores
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.explanation import Attribution

COMPUTE = Compute(batch=4)
SOURCE = """
import numpy as np


def difference(model, inputs, baselines, targets, scale=1.0):
    slopes = model.gradient(inputs, targets)
    return {name: scale * slopes[name] * (inputs[name] - baselines[name]) for name in inputs}


def shares(model, inputs, baselines, targets):
    lost = model.scores(inputs, targets) - model.scores(baselines, targets)
    (values,) = inputs.values()
    return np.broadcast_to(lost[:, None] / values.shape[1], values.shape)


def wrong(model, inputs, baselines, targets):
    return {name: values[:, :1] for name, values in inputs.items()}


def nothing(model, inputs, baselines, targets):
    return {name: np.full(values.shape, np.nan) for name, values in inputs.items()}


def other(model, inputs, baselines, targets):
    return {"y": 1}


def broken(model, inputs, baselines, targets):
    return [][1]


def score(outputs, targets):
    return 1 // 0
"""


@pytest.fixture(autouse=True)
def own(own_module: Callable[[str, str], None]) -> None:
    own_module("own_method", SOURCE)


INPUTS = {"x": np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)}
BASELINES = {"x": np.zeros((5, 3), np.float32)}
TARGETS = np.array([[0, 1], [1, 0], [1, 1], [0, 1], [0, 0]])


def linear() -> TorchModel:
    torch.manual_seed(0)
    return TorchModel(nn.Linear(3, 2), as_tensors, "logits", COMPUTE)


def explained(function: str, model: Any, **options: Any) -> Attribution:
    method = MethodFactorySpec(factory=f"own_method:{function}", **options)
    ids = np.array([str(row) for row in range(5)])
    return method.attribute(model, INPUTS, BASELINES, ids, TARGETS, Score(kind="logit"), COMPUTE)


def test_a_formula_of_ones_own_is_that_of_the_program() -> None:
    """Of a linear net, x * dS/dx, in float32, for two targets of each sample, and complete."""
    model = linear()
    found = explained("difference", model, additive=True)
    ids = np.array([str(row) for row in range(5)])
    known = GradientXInputSpec().attribute(model, INPUTS, None, ids, TARGETS, Score(kind="logit"), COMPUTE)
    np.testing.assert_allclose(found.values["x"], known.values["x"], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(found.residual, 0, atol=1e-6)
    np.testing.assert_allclose(found.prediction, known.prediction)


def test_what_does_not_add_up_is_measured_here() -> None:
    """Half of what it should be: the residual is minus one half of the difference of the score."""
    found = explained("difference", linear(), additive=True, arguments={"scale": 0.5})
    np.testing.assert_allclose(found.residual, -(found.prediction - found.base_value) / 2, atol=1e-6)
    assert np.isnan(explained("difference", linear()).residual).all()


def test_a_model_that_only_predicts_can_be_asked_for_scores() -> None:
    model = CallableModel(lambda inputs: inputs["x"] @ np.ones((3, 2)), "values", COMPUTE)
    method = MethodFactorySpec(factory="own_method:shares", additive=True)
    found = method.attribute(cast(Any, model), INPUTS, BASELINES, np.arange(5), TARGETS, Score(kind="value"), COMPUTE)
    np.testing.assert_allclose(found.residual, 0, atol=1e-6)
    with pytest.raises(InputError, match="it asks for gradients, but the model only predicts"):
        explained("difference", model)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("wrong", r"own_method:wrong gave float32 of shape \(5, 1\) for x; numbers of shape \(5, 3\) were expected"),
        ("nothing", r"own_method:nothing gave non-finite values for x"),
        ("other", r"own_method:other gave y; values for x were expected"),
        ("broken", r"own_method:broken failed with IndexError: list index out of range \(in own_method.py, line \d+\)"),
    ],
)
def test_what_is_no_attribution_is_said(function: str, said: str) -> None:
    with pytest.raises(InputError, match=rf"^method\.factory: {said}$"):
        explained(function, linear())


def test_a_score_of_ones_own_that_fails_is_told_with_its_line() -> None:
    rows = dataset_of({"inputs": INPUTS, "labels": np.arange(5.0), "task": "regression"}, "data.factory: own:rows")
    own = score_of(TargetSpec(score="factory", factory="own_method:score"), rows)
    with pytest.raises(InputError, match=r"^target\.factory: own_method:score failed with ZeroDivisionError: .*line"):
        scores(np.zeros((5, 2)), "logits", own, TARGETS[:, 0])


def test_maps_of_images_may_come_without_channels() -> None:
    method = MethodFactorySpec(factory="own_method:shares")
    maps = method._values({"image": np.ones((2, 4, 5))}, {"image": np.zeros((2, 4, 5, 3))})
    assert maps["image"].shape == (2, 4, 5, 1)


def test_an_untrusted_method_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRUSTED, "")
    with pytest.raises(ValueError, match="the module 'own_method' is not trusted on this machine"):
        MethodFactorySpec(factory="own_method:shares")
