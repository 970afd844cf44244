"""Gradients against closed forms, Captum and themselves in other company."""

from collections.abc import Callable

import captum.attr
import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from exhibit.tasks.methods.gradient import GradientMethod, GradientXInputSpec, VanillaGradSpec
from exhibit.tasks.models.torch import TorchModel
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import Attribution

Build = Callable[..., TorchModel]
Explain = Callable[..., Attribution]


def test_gradient_of_a_linear_model_is_its_weights(
    closed_form: Build, explain: Explain, table: dict[str, Array]
) -> None:
    weights = np.array([1, -2, 3, 0, 0.5], np.float32)
    found = explain(VanillaGradSpec(), closed_form(lambda x: x @ torch.tensor(weights) + 4), table)
    np.testing.assert_array_equal(found.values["x"][..., 0], np.broadcast_to(weights, (7, 5)))


def test_gradient_times_input_of_a_linear_model_is_w_x(
    closed_form: Build, explain: Explain, table: dict[str, Array]
) -> None:
    weights = np.array([1, -2, 3, 0, 0.5], np.float32)
    found = explain(GradientXInputSpec(), closed_form(lambda x: x @ torch.tensor(weights) + 4), table)
    np.testing.assert_allclose(found.values["x"][..., 0], weights * table["x"], rtol=1e-6)


def test_gradients_are_not_additive_and_say_so(closed_form: Build, explain: Explain, table: dict[str, Array]) -> None:
    found = explain(VanillaGradSpec(), closed_form(lambda x: x.sum(1)), table)
    assert not VanillaGradSpec().additive
    assert np.isnan(found.residual).all()
    assert np.isnan(found.base_value).all()
    np.testing.assert_allclose(found.prediction[:, 0], table["x"].sum(axis=1), rtol=1e-5)


@pytest.mark.parametrize(
    ("method", "oracle"),
    [
        (VanillaGradSpec(), lambda net, x, t: captum.attr.Saliency(net).attribute(x, target=t, abs=False)),
        (GradientXInputSpec(), lambda net, x, t: captum.attr.InputXGradient(net).attribute(x, target=t)),
    ],
)
def test_captum_gives_the_same(
    method: GradientMethod,
    oracle: Callable[..., Tensor],
    classifier: TorchModel,
    explain: Explain,
    table: dict[str, Array],
) -> None:
    targets = np.array([0, 1, 2, 0, 1, 2, 0])
    found = explain(method, classifier, table, targets[:, None])
    expected = (
        oracle(classifier.net, torch.tensor(table["x"], requires_grad=True), torch.tensor(targets)).detach().numpy()
    )
    np.testing.assert_allclose(found.values["x"][..., 0], expected, rtol=1e-5, atol=1e-7)


def test_the_loss_is_each_samples_own_not_the_mean_of_a_batch(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    targets = np.array([0, 1, 2, 0, 1, 2, 0])
    found = explain(VanillaGradSpec(), classifier, table, targets[:, None], score="loss")
    for row, target in enumerate(targets):
        x = torch.tensor(table["x"][row : row + 1], requires_grad=True)
        loss = functional.cross_entropy(classifier.net(x), torch.tensor([target]))
        (expected,) = torch.autograd.grad(loss, x)
        np.testing.assert_allclose(found.values["x"][row, :, 0], expected[0].numpy(), rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(found.prediction[row, 0], loss.item(), rtol=1e-5)


def test_probability_is_the_softmax_of_the_logits(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    found = explain(VanillaGradSpec(), classifier, table, np.full((7, 1), 2), score="probability")
    logits = classifier.predict(table)
    expected = np.exp(logits[:, 2]) / np.exp(logits).sum(axis=1)
    np.testing.assert_allclose(found.prediction[:, 0], expected, rtol=1e-5)


def test_every_target_of_a_sample_has_its_column_in_order(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    targets = np.array([[2, 0], [1, 1], [0, 2], [0, 0], [1, 2], [2, 2], [0, 1]])
    found = explain(VanillaGradSpec(), classifier, table, targets, batch=32)
    for target in range(3):
        alone = explain(VanillaGradSpec(), classifier, table, np.full((7, 1), target), batch=32).values["x"][..., 0]
        for row, column in np.argwhere(targets == target):
            np.testing.assert_array_equal(found.values["x"][row, :, column], alone[row])


def test_neither_order_nor_chunks_change_a_bit(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    targets = np.array([[0], [1], [2], [0], [1], [2], [0]])
    whole = explain(VanillaGradSpec(), classifier, table, targets, batch=32).values["x"]
    order = np.array([6, 2, 4, 0, 1, 5, 3])
    for rows in (order, order[:3], order[3:], order[:1]):
        part = explain(VanillaGradSpec(), classifier, {"x": table["x"][rows]}, targets[rows], batch=32).values["x"]
        assert part.tobytes() == whole[rows].tobytes()


def test_a_hidden_layer_gives_the_gradient_at_its_activation(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    found = explain(VanillaGradSpec(layer="4"), classifier, table, np.full((7, 1), 1))
    net = classifier.net
    activation = net[:5](torch.tensor(table["x"])).detach().requires_grad_()
    (expected,) = torch.autograd.grad(net[5:](activation)[:, 1].sum(), activation)
    np.testing.assert_allclose(found.values["4"][..., 0], expected.numpy(), rtol=1e-5, atol=1e-7)


def test_the_input_of_a_layer_is_the_output_of_the_one_before(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    after = explain(VanillaGradSpec(layer="4", at="output"), classifier, table).values["4"]
    before = explain(VanillaGradSpec(layer="5", at="input"), classifier, table).values["5"]
    assert after.tobytes() == before.tobytes()
    by_index = explain(VanillaGradSpec(layer=4), classifier, table).values["4"]
    assert by_index.tobytes() == after.tobytes()
