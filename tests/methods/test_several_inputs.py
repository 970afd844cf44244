"""Models of a table, an image and a text at once, on torch and Keras: S = sum(table) * sum(image) + sum(text ** 2)."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from torch import Tensor, nn

from exhibit.tasks.methods.draws import SamplingSpec
from exhibit.tasks.methods.gradient import GradientMethod, GradientXInputSpec, VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import ExpectedGradientsSpec, IntegratedGradientsSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.models.callable import CallableModel
from exhibit.tasks.models.keras import KerasModel, configure
from exhibit.tasks.models.keras_import import keras, tf
from exhibit.tasks.models.torch import Encoded, TorchModel, as_tensors
from exhibit.tasks.protocols import Compute, Model
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.explanation import Attribution

COMPUTE = Compute(batch=4)
SHAPES = {"table": (5, 3), "image": (5, 4, 4, 2), "text": (5, 6)}


class Total(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1).sum(1, keepdim=True)


class TorchNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table_total, self.image_total, self.text_total = Total(), Total(), Total()
        self.dropout = nn.Dropout(0.5)

    def forward(self, table: Tensor, image: Tensor, text: Tensor) -> Tensor:
        product = self.table_total(table) * self.image_total(image)
        return product + self.text_total(self.dropout(text) ** 2)


class KerasTotal(keras.layers.Layer):
    def call(self, x: Any) -> Any:
        return tf.reduce_sum(keras.ops.reshape(x, (x.shape[0] or -1, int(np.prod(x.shape[1:])))), axis=1, keepdims=True)


def keras_net() -> keras.Model:
    layers = keras.layers
    table, image, text = (layers.Input(shape[1:], name=name) for name, shape in SHAPES.items())
    product = layers.Multiply()([KerasTotal(name="table_total")(table), KerasTotal(name="image_total")(image)])
    square = layers.Lambda(lambda x: x**2, name="square")(layers.Dropout(0.5)(text))
    return keras.Model([table, image, text], layers.Add()([product, KerasTotal(name="text_total")(square)]))


def channels_first(inputs: Arrays) -> Encoded:
    encoded = as_tensors(inputs)
    return encoded._replace(arguments=encoded.arguments | {"image": encoded.arguments["image"].movedim(-1, 1)})


@pytest.fixture(scope="module", params=["torch", "keras"])
def model(request: pytest.FixtureRequest) -> TorchModel | KerasModel:
    if request.param == "torch":
        return TorchModel(TorchNet().eval(), channels_first, "values", COMPUTE)
    configure(COMPUTE)
    return KerasModel(keras_net(), dict, "values", COMPUTE)


@pytest.fixture(scope="module")
def inputs() -> dict[str, Array]:
    generator = np.random.default_rng(0)
    return {name: generator.uniform(0.5, 1.5, shape).astype(np.float32) for name, shape in SHAPES.items()}


def total(values: Array) -> Array:
    return values.reshape(len(values), -1).sum(axis=1, dtype=np.float64)


def spread(per_sample: Array, name: str) -> Array:
    """One number per sample, for every element of an input."""
    shape = SHAPES[name]
    return np.broadcast_to(per_sample.reshape(-1, *[1] * (len(shape) - 1)), shape)


def gradients(inputs: Arrays) -> dict[str, Array]:
    return {
        "table": spread(total(inputs["image"]), "table"),
        "image": spread(total(inputs["table"]), "image"),
        "text": 2 * inputs["text"],
    }


def found(attribution: Attribution) -> dict[str, Array]:
    return {name: values[..., 0] for name, values in attribution.values.items()}


def same(values: Arrays, expected: Arrays) -> None:
    assert list(values) == list(expected)
    for name, array in values.items():
        np.testing.assert_allclose(array, expected[name], rtol=2e-5, atol=1e-5)


def test_gradients_of_each_input(
    model: TorchModel, inputs: dict[str, Array], explain: Callable[..., Attribution]
) -> None:
    same(found(explain(VanillaGradSpec(), model, inputs)), gradients(inputs))
    multiplied = {name: gradient * inputs[name] for name, gradient in gradients(inputs).items()}
    same(found(explain(GradientXInputSpec(), model, inputs)), multiplied)


@pytest.mark.parametrize("rule", ["midpoint", "gausslegendre", "trapezoid"])
def test_a_product_of_two_inputs_is_halved_between_them(
    rule: str, model: TorchModel, inputs: dict[str, Array], explain: Callable[..., Attribution]
) -> None:
    """The gradients are linear along the path, so three steps of any rule are exact."""
    attribution = explain(IntegratedGradientsSpec(rule=rule, n_steps=3), model, inputs)
    same(found(attribution), {name: gradient * inputs[name] / 2 for name, gradient in gradients(inputs).items()})
    whole = sum(total(values) for values in found(attribution).values())
    np.testing.assert_allclose(whole, attribution.prediction[:, 0] - attribution.base_value[:, 0], rtol=1e-5)
    np.testing.assert_allclose(attribution.residual, 0, atol=1e-3)


def test_expected_gradients_add_up_over_all_inputs(
    model: TorchModel, inputs: dict[str, Array], explain: Callable[..., Attribution]
) -> None:
    background = {name: values[:2] / 2 for name, values in inputs.items()}
    attribution = explain(ExpectedGradientsSpec(n_steps=3), model, inputs, baselines=background)
    whole = sum(total(values) for values in found(attribution).values())
    np.testing.assert_allclose(whole, (attribution.prediction - attribution.base_value)[:, 0], rtol=1e-5)


@pytest.mark.parametrize("kind", [VanillaGradSpec, GradientXInputSpec, IntegratedGradientsSpec])
@pytest.mark.parametrize("sampling", [None, SamplingSpec(nt_samples=2), SamplingSpec(nt_samples=3, dropout=True)])
def test_a_separable_input_does_not_depend_on_the_others(
    kind: type[GradientMethod],
    sampling: SamplingSpec | None,
    model: TorchModel,
    inputs: dict[str, Array],
    explain: Callable[..., Attribution],
) -> None:
    """The text is added to the rest; its noise and its dropout are its own."""
    steps = {"n_steps": 2} if kind is IntegratedGradientsSpec else {}
    method = kind(sampling=sampling, **steps)
    others = {**inputs, "table": inputs["table"] * 3, "image": -inputs["image"]}
    first, second = (found(explain(method, model, each)) for each in (inputs, others))
    np.testing.assert_array_equal(first["text"], second["text"])
    assert (first["table"] != second["table"]).any()


def test_with_sampling_all_inputs_together_add_up(
    model: TorchModel, inputs: dict[str, Array], explain: Callable[..., Attribution]
) -> None:
    """The integration leaves nothing; what is left to S(x) - S(x') is the sampling gap."""
    method = IntegratedGradientsSpec(n_steps=2, sampling=SamplingSpec(nt_samples=3, dropout=True))
    attribution = explain(method, model, inputs)
    whole = sum(total(values) for values in found(attribution).values())
    difference = (attribution.prediction - attribution.base_value)[:, 0]
    assert attribution.sampling_gap is not None
    np.testing.assert_allclose(attribution.residual, 0, atol=1e-3)
    np.testing.assert_allclose(whole - difference, attribution.sampling_gap[:, 0], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("at", ["input", "output"])
def test_a_layer_of_one_branch(
    at: str, model: TorchModel, inputs: dict[str, Array], explain: Callable[..., Attribution]
) -> None:
    """The other branches stay as they are: S = h * sum(image) + rest is linear in the layer h of the table."""
    attribution = explain(IntegratedGradientsSpec(layer="table_total", at=at, n_steps=2), model, inputs)
    expected = total(inputs["table"]) * total(inputs["image"])
    assert list(attribution.values) == ["table_total"]
    np.testing.assert_allclose(total(attribution.values["table_total"]), expected, rtol=1e-5)
    np.testing.assert_allclose((attribution.prediction - attribution.base_value)[:, 0], expected, rtol=1e-5)


@pytest.mark.parametrize("at", ["input", "output"])
def test_noise_and_dropout_at_a_layer_of_one_branch(
    at: str, model: TorchModel, inputs: dict[str, Array], explain: Callable[..., Attribution]
) -> None:
    """The gradient of a linear layer is the same wherever noise puts it."""
    sampling = SamplingSpec(nt_samples=2, mode="absolute", dropout=True)
    attribution = explain(VanillaGradSpec(layer="table_total", at=at, sampling=sampling), model, inputs)
    values = attribution.values["table_total"].reshape(5, -1)
    np.testing.assert_allclose(values, np.repeat(total(inputs["image"])[:, None], values.shape[1], 1), rtol=1e-5)


def occluded(inputs: Arrays) -> dict[str, Array]:
    """A pixel is replaced with both its channels, which share what it loses."""
    pixels = inputs["image"].sum(axis=-1, keepdims=True) / 2
    return {
        "table": spread(total(inputs["image"]), "table") * inputs["table"],
        "image": np.broadcast_to(spread(total(inputs["table"]), "image")[..., :1] * pixels, SHAPES["image"]),
        "text": inputs["text"] ** 2,
    }


def test_occlusion_of_each_element(
    model: TorchModel, inputs: dict[str, Array], explain: Callable[..., Attribution]
) -> None:
    same(found(explain(OcclusionSpec(), model, inputs)), occluded(inputs))


def test_occlusion_at_a_layer_of_one_branch(
    model: TorchModel, inputs: dict[str, Array], explain: Callable[..., Attribution]
) -> None:
    attribution = explain(OcclusionSpec(layer="image_total"), model, inputs)
    expected = total(inputs["table"]) * total(inputs["image"])
    np.testing.assert_allclose(total(attribution.values["image_total"]), expected, rtol=1e-5)


def test_a_function_of_several_inputs_needs_no_framework(
    inputs: dict[str, Array], explain: Callable[..., Attribution]
) -> None:
    def function(given: Arrays) -> Array:
        return (total(given["table"]) * total(given["image"]) + total(given["text"] ** 2))[:, None]

    model: Model = CallableModel(function, "values", COMPUTE)
    same(found(explain(OcclusionSpec(), model, inputs)), occluded(inputs))
