"""Deep and Gradient SHAP against closed forms, expected gradients and SHAP's own explainers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shap
import torch
from torch import Tensor, nn

from exhibit.tasks.methods import MethodSpec
from exhibit.tasks.methods.integrated_gradients import ExpectedGradientsSpec
from exhibit.tasks.methods.shap import seed_of
from exhibit.tasks.methods.shap_alone import without_transformers
from exhibit.tasks.methods.shap_deep import DeepShapSpec
from exhibit.tasks.methods.shap_gradient import GradientShapSpec, _left_out, _moments, degrees_of_freedom, widened
from exhibit.tasks.methods.shap_kernel import KernelShapSpec
from exhibit.tasks.models.keras import KerasModel, configure
from exhibit.tasks.models.keras_import import keras
from exhibit.tasks.models.keras_sigmoid import TwoClassesModel, TwoSigmoidsModel
from exhibit.tasks.models.keras_softmax import LogitsModel as KerasLogitsModel
from exhibit.tasks.models.torch import Encoded, TorchModel, as_tensors
from exhibit.tasks.models.torch_softmax import LogitsModel
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.explanation import Attribution

Explain = Callable[..., Attribution]
COMPUTE = Compute(batch=4)
BOTH = pytest.mark.parametrize("spec", [DeepShapSpec(), GradientShapSpec(nsamples=50)], ids=lambda spec: spec.kind)


def rows(seed: int, count: int, *shape: int) -> Array:
    return np.random.default_rng(seed).normal(size=(count, *shape)).astype(np.float32)


def seeded(build: Callable[[], nn.Module]) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return build()


def model_of(net: nn.Module) -> TorchModel:
    return TorchModel(net, as_tensors, "logits", COMPUTE)


@pytest.fixture(scope="module")
def layers() -> keras.layers:
    configure(COMPUTE)
    return keras.layers


def keras_model(net: keras.Model, output: str = "logits") -> KerasModel:
    return KerasModel(net, lambda inputs: {name: np.float32(array) for name, array in inputs.items()}, output, COMPUTE)


@pytest.fixture(scope="module")
def several(layers: keras.layers) -> tuple[KerasModel, dict[str, Array], dict[str, Array]]:
    """A regression on an image and a table in Keras, with samples and a background."""
    keras.utils.set_random_seed(0)
    image, table = layers.Input((6, 6, 1), name="image"), layers.Input((3,), name="table")
    before = layers.Conv2D(3, 3, padding="same", activation="relu", name="before")(image)
    inside = layers.Conv2D(3, 3, padding="same", activation="tanh", name="inside")(before)
    flat = layers.Flatten()(layers.MaxPooling2D()(layers.Add()([before, inside])))
    side = layers.Dense(4, activation="sigmoid")(table)
    value = layers.Dense(1, name="value")(layers.Dropout(0.5)(layers.Concatenate()([flat, side])))
    net = keras.Model([image, table], value)
    samples, background = ({"image": rows(k, n, 6, 6, 1), "table": rows(k + 2, n, 3)} for k, n in ((0, 3), (1, 5)))
    return keras_model(net, "values"), samples, background


# --- both -------------------------------------------------------------------------------------------------


@BOTH
def test_a_linear_net_gives_weight_times_difference(spec: MethodSpec, explain: Explain) -> None:
    """From one background row, of which nothing is left to draw."""
    net = seeded(lambda: nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 2)))
    weight = (net[1].weight @ net[0].weight).detach().numpy()
    x, background = {"x": rows(0, 3, 5)}, {"x": rows(1, 1, 5)}
    found = explain(spec, model_of(net), x, np.tile([0, 1], (3, 1)), baselines=background)
    np.testing.assert_allclose(found.values["x"], (x["x"] - background["x"])[..., None] * weight.T, atol=1e-5)
    np.testing.assert_allclose(found.residual, 0, atol=1e-5)


@BOTH
@without_transformers()
def test_several_inputs_of_a_keras_regression_are_explained_together(
    spec: MethodSpec, several: tuple[KerasModel, dict[str, Array], dict[str, Array]], explain: Explain
) -> None:
    """The values of SHAP's own explainer for Keras, called directly with the same seed and background."""
    model, samples, background = several
    found = explain(spec, model, samples, baselines=background, ids=np.array(["a", "b", "c"]))
    data, given = list(background.values()), list(samples.values())
    if spec.kind == "deep_shap":
        with pytest.warns(UserWarning, match="Your TensorFlow version is newer"):
            own = shap.DeepExplainer(model.net, data).shap_values(given, check_additivity=False)
    else:
        one = shap.GradientExplainer(model.net, data, batch_size=4)
        state = np.random.get_state()
        each = [
            one.shap_values([array[row : row + 1] for array in given], nsamples=50, rseed=seed_of(0, name))
            for row, name in enumerate("abc")
        ]
        np.random.set_state(state)
        own = [np.concatenate(parts) for parts in zip(*each, strict=True)]
    for name, values in zip(samples, own, strict=True):
        np.testing.assert_allclose(found.values[name], values, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.base_value[0], model.predict(background).mean(), rtol=1e-5)


def test_kernel_values_of_several_inputs_add_up(
    several: tuple[KerasModel, dict[str, Array], dict[str, Array]], explain: Explain
) -> None:
    model, samples, background = several
    first = {name: array[:1] for name, array in samples.items()}
    found = explain(KernelShapSpec(nsamples=100), model, first, baselines={n: a[:1] for n, a in background.items()})
    assert {name: array.shape for name, array in found.values.items()} == {"image": (1, 6, 6, 1, 1), "table": (1, 3, 1)}
    np.testing.assert_allclose(found.residual, 0, atol=1e-5)


@BOTH
def test_nets_are_left_as_they_came(spec: MethodSpec, explain: Explain) -> None:
    net = seeded(lambda: nn.Sequential(nn.Linear(5, 4), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(4, 2)))
    net[0].weight.requires_grad_(False)
    (net(torch.ones(1, 5)).sum()).backward()
    model = model_of(net.train())

    def state() -> list[object]:
        hooks = [(len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for m in net.modules()]
        flags = [(m.training, sorted(vars(m)), sorted(m._parameters)) for m in net.modules()]
        kept = [(p.requires_grad, p.grad is None or p.grad.abs().sum().item()) for p in net.parameters()]
        return [hooks, flags, kept]

    before = state()
    explain(spec, model, {"x": rows(0, 2, 5)}, baselines={"x": rows(1, 3, 5)})
    assert state() == before
    assert net[1].inplace


# --- deep -------------------------------------------------------------------------------------------------


@without_transformers()
def test_deep_is_complete_and_what_shap_gives_on_a_rectified_net(
    rectified: TorchModel, table: dict[str, Array], explain: Explain
) -> None:
    x, background, targets = {"x": table["x"][:3]}, {"x": table["x"][3:]}, np.array([[0, 2], [1, 1], [2, 0]])
    found = explain(DeepShapSpec(), rectified, x, targets, baselines=background)
    np.testing.assert_allclose(found.residual, 0, atol=1e-5)
    with torch.random.fork_rng():
        plain = nn.Sequential(*rectified.net)
        plain[2] = nn.ReLU()  # SHAP's hooks cannot follow changes in place
    own = shap.DeepExplainer(plain.eval(), torch.tensor(background["x"])).shap_values(
        torch.tensor(x["x"]), check_additivity=False
    )
    expected = np.take_along_axis(own, targets[:, np.newaxis], axis=2)
    np.testing.assert_allclose(found.values["x"], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.usefixtures("unloadable_transformers")  # which SHAP would ask what net it is
def test_deep_is_the_same_in_torch_and_keras(layers: keras.layers, explain: Explain) -> None:
    """With maxima and a convolution; images have their channels last for both."""

    class Images(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution, self.rectifier, self.maximum = nn.Conv2d(2, 3, 3), nn.ReLU(), nn.MaxPool2d(2)
            self.dense = nn.Linear(12, 2)

        def forward(self, x: Tensor) -> Tensor:
            hidden = self.maximum(self.rectifier(self.convolution(x)))
            return self.dense(hidden.permute(0, 2, 3, 1).flatten(1))

    net = seeded(Images)
    twin = keras.Sequential(
        [layers.Input((6, 6, 2)), layers.Conv2D(3, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(),
         layers.Dense(2)]
    )  # fmt: skip
    kernels = [net.convolution.weight.permute(2, 3, 1, 0), net.convolution.bias, net.dense.weight.T, net.dense.bias]
    twin.set_weights([kernel.detach().numpy() for kernel in kernels])
    x, background, targets = {"x": rows(0, 2, 6, 6, 2)}, {"x": rows(1, 4, 6, 6, 2)}, np.array([[0, 1], [1, 0]])

    def encode(inputs: Arrays) -> Encoded:
        encoded = as_tensors(inputs)
        return encoded._replace(arguments={"x": encoded.arguments["x"].movedim(-1, 1)})

    ours = explain(DeepShapSpec(), TorchModel(net, encode, "logits", COMPUTE), x, targets, baselines=background)
    theirs = explain(DeepShapSpec(), keras_model(twin), x, targets, baselines=background)
    difference = np.linalg.norm(ours.values["x"] - theirs.values["x"])
    assert difference / np.linalg.norm(theirs.values["x"]) <= 1e-5
    np.testing.assert_allclose(theirs.residual, 0, atol=1e-5)


@pytest.mark.parametrize("bend", [nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SELU], ids=lambda bend: bend.__name__)
def test_deep_adds_up_however_small_the_activations_are(bend: type[nn.Module], explain: Explain) -> None:
    """The same net in a unit of 2^-30 between two of its layers has the same values; of an activation that changed
    by less than 1e-6 SHAP takes the slope, of one under a maximum nothing."""

    def build() -> nn.Sequential:
        return nn.Sequential(nn.Conv1d(1, 4, 1), bend(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(16, 2))

    net, small = seeded(build), seeded(build)
    with torch.no_grad():
        for part in small[0].parameters():
            part.mul_(2.0**-30)
        small[4].weight.mul_(2.0**30)
    x, background = {"x": rows(0, 3, 1, 8)}, {"x": rows(1, 4, 1, 8)}
    found = explain(DeepShapSpec(), model_of(small), x, baselines=background)
    np.testing.assert_allclose(found.residual, 0, atol=1e-5)
    if bend in (nn.ReLU, nn.LeakyReLU):  # which are the same in every unit
        large = explain(DeepShapSpec(), model_of(net), x, baselines=background)
        np.testing.assert_allclose(found.values["x"], large.values["x"], atol=1e-6)


def test_deep_adds_up_however_small_the_activations_of_a_keras_net_are(layers: keras.layers, explain: Explain) -> None:
    keras.utils.set_random_seed(0)
    convolution, dense = layers.Conv2D(3, 3, activation="relu"), layers.Dense(2)
    net = keras.Sequential([layers.Input((6, 6, 2)), convolution, layers.MaxPooling2D(), layers.Flatten(), dense])
    x, background = {"x": rows(0, 2, 6, 6, 2)}, {"x": rows(1, 3, 6, 6, 2)}
    large = explain(DeepShapSpec(), keras_model(net), x, baselines=background)
    for layer, unit in ((convolution, 2.0**-30), (dense, 2.0**30)):
        layer.set_weights([layer.get_weights()[0] * unit, layer.get_weights()[1]])
    small = explain(DeepShapSpec(), keras_model(net), x, baselines=background)
    np.testing.assert_allclose(small.residual, 0, atol=1e-5)
    np.testing.assert_allclose(small.values["x"], large.values["x"], atol=1e-6)


class Own(nn.Module):
    """A module of a user's own, without parts."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)


class Step(nn.Module):
    """A module whose results have no gradient."""

    def forward(self, x: Tensor) -> Tensor:
        return (x > 0).float()


class Reversed(torch.autograd.Function):
    """A function whose gradient is not that of what it computes."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x

    @staticmethod
    def backward(ctx: Any, *given: Tensor) -> Tensor:
        return -given[0]


def reversed_gradient(x: Tensor) -> Tensor:
    result: Tensor = Reversed.apply(x)
    return result


def without_negative(x: Tensor) -> Tensor:
    changed = 2 * x - 1
    changed[changed < 0] = 0
    return changed


def without_first(x: Tensor) -> Tensor:
    changed = 2 * x
    changed[:, 0] = 0
    return changed


class Gated(nn.Module):
    """A net in which one module decides, without a gradient, how much of another passes."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.before = nn.Linear(5, 2), nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            open_ = self.gate(x)
        return self.before(x) * open_


class Functional(nn.Module):
    """A net that calls a function where a module would do."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.before, self.after, self.rectifier = nn.Linear(5, 4), nn.Linear(4, 2), nn.ReLU()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.function(self.rectifier(self.before(x))))


@pytest.mark.parametrize(
    ("net", "named"),
    [
        (lambda: nn.Sequential(nn.Linear(5, 4), nn.Hardswish(), nn.Linear(4, 2)), r"the module '1' \(Hardswish\)"),
        (lambda: nn.Sequential(nn.Linear(5, 4), nn.Sequential(Own()), nn.Linear(4, 2)), r"the module '1.0' \(Own\)"),
        (lambda: nn.Sequential(nn.Linear(5, 9), nn.Unflatten(1, (1, 9)), nn.MaxPool1d(3, 2)), "the module '1'"),
        (lambda: nn.Sequential(nn.MaxPool1d(3, 2), nn.Linear(2, 2)), "a maximum over windows that overlap, '0'"),
        (lambda: nn.Sequential(nn.Linear(5, 4), nn.LayerNorm(4), nn.Linear(4, 2)), r"the module '1' \(LayerNorm\)"),
        (lambda: Functional(nn.functional.hardswish), "'hardswish', outside any module"),
        (lambda: Functional(lambda x: x * x.sigmoid()), "'sigmoid', outside any module"),
        (lambda: Functional(lambda x: x * x), "'mul', outside any module"),
        (lambda: Functional(lambda x: x**2), "'pow', outside any module"),
        (lambda: nn.Sequential(nn.Linear(5, 4), nn.Softmax(1), nn.Linear(4, 2)), r"the module '1' \(Softmax\)"),
        (lambda: Functional(lambda x: torch.relu(input=x)), "'relu', outside any module"),
        (lambda: Functional(lambda x: nn.functional.relu(2 * x - 1, inplace=True)), "a change in place, 'relu'"),
        (lambda: Functional(without_first), "a change in place, 'setitem'"),
        (lambda: Functional(without_negative), "'lt', outside any module"),
        (lambda: Functional(lambda x: x * (x > 1)), "'gt', outside any module"),
        (lambda: Functional(lambda x: x * x.detach()), "'detach', outside any module"),
        (lambda: Functional(lambda x: x * torch.eye(4)[x.argmax(1)]), "'argmax', outside any module"),
        (lambda: Functional(lambda x: torch.ones(4) / (x + 1)), "'div', outside any module"),
        (lambda: Functional(lambda x: torch.div(x, 0.1, rounding_mode="floor")), "'div', outside any module"),
        (lambda: Functional(lambda x: x + x.max(dim=1, keepdim=True).values), "'max', outside any module"),
        (lambda: Functional(lambda x: x * x.sum().item()), "'item', outside any module"),
        (lambda: Functional(reversed_gradient), "the function 'Reversed'"),
        (
            lambda: nn.Sequential(nn.Linear(5, 4), Step(), nn.Linear(4, 2)),
            r"a result without a gradient, of '1' \(Step\)",
        ),
        (Gated, r"a result without a gradient, of 'gate' \(Linear\)"),
    ],
    ids=[
        "module",
        "own module",
        "shape",
        "windows",
        "normalisation",
        "function",
        "method",
        "product",
        "power",
        "softmax",
        "keyword",
        "function in place",
        "setting",
        "mask that is set",
        "gate",
        "detached factor",
        "choice",
        "divisor",
        "rounding",
        "maximum",
        "number",
        "own gradient",
        "module without a gradient",
        "gate without a gradient",
    ],
)
def test_what_deep_would_take_for_linear_is_refused_by_name(
    net: Callable[[], nn.Module], named: str, explain: Explain
) -> None:
    with pytest.raises(InputError, match=f"SHAP has no exact rule for {named}.*; use integrated_gradients"):
        explain(DeepShapSpec(), model_of(seeded(net)), {"x": rows(0, 2, 5)}, baselines={"x": rows(1, 3, 5)})


def test_deep_refuses_a_rectifier_that_is_used_twice(explain: Explain) -> None:
    """SHAP keeps what a module has seen last, and would use it for both."""
    rectifier = nn.ReLU()
    net = seeded(lambda: nn.Sequential(nn.Linear(5, 4), rectifier, nn.Linear(4, 4), rectifier, nn.Linear(4, 2)))
    with pytest.raises(InputError, match=r"a module that is used 2 times in one prediction, '1' \(ReLU\)"):
        explain(DeepShapSpec(), model_of(net), {"x": rows(0, 2, 5)}, baselines={"x": rows(1, 3, 5)})


def linear(x: Tensor) -> Tensor:
    """By parts, constants and types."""
    left, right = x.split(2, dim=1)
    first, second = right.unbind(1)
    constants = torch.ones(2).to(x) + torch.zeros_like(left)
    return torch.cat([2 * left + right / 3, torch.stack([first - second, second], dim=1) - constants], dim=1)


def test_deep_follows_sums_and_constant_factors_outside_modules(explain: Explain) -> None:
    net = seeded(lambda: Functional(linear))
    found = explain(DeepShapSpec(), model_of(net), {"x": rows(0, 2, 5)}, baselines={"x": rows(1, 3, 5)})
    np.testing.assert_allclose(found.residual, 0, atol=1e-5)


class Residual(nn.Module):
    """A net with a way around one of its modules."""

    def __init__(self) -> None:
        super().__init__()
        self.before, self.inside, self.after = nn.Linear(5, 4), nn.Linear(4, 4), nn.Linear(4, 2)
        self.first, self.second = nn.ReLU(), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.first(self.before(x))
        return self.after(self.second(hidden + self.inside(hidden)))


def held_apart(model: TorchModel | KerasModel, samples: Arrays, background: Arrays, layer: str) -> Array:
    """S(x) - mean of S(x with the layer's activation of a row of the background), of the first output."""
    (compared,) = model.place(background, layer).values.values()
    found = []
    for row in range(len(next(iter(samples.values())))):
        alone = {name: np.repeat(array[[row]], len(compared), axis=0) for name, array in samples.items()}
        place = model.place(alone, layer)
        own = place.outputs(place.values)[0, 0]
        found.append(own - place.outputs(dict.fromkeys(place.values, compared))[:, 0].mean())
    return np.array(found)


def test_deep_works_beside_a_way_around_the_layer(explain: Explain) -> None:
    """What goes by the layer stays the sample's."""
    model, x, background = model_of(seeded(Residual)), {"x": rows(0, 6, 5)}, {"x": rows(1, 3, 5)}
    found = explain(DeepShapSpec(layer="inside"), model, x, baselines=background)
    (values,) = found.values.values()
    np.testing.assert_allclose(values[..., 0].sum(axis=1), held_apart(model, x, background, "inside"), atol=1e-5)
    assert found.bypassed is not None
    assert found.bypassed.all()


@pytest.mark.parametrize("layer", ["before", "inside"])
def test_deep_works_in_one_branch_of_keras(
    layer: str, several: tuple[KerasModel, dict[str, Array], dict[str, Array]], explain: Explain
) -> None:
    """Beside another input, and inside a residual block."""
    model, samples, background = several
    found = explain(DeepShapSpec(layer=layer), model, samples, baselines=background)
    (values,) = found.values.values()
    held = held_apart(model, samples, background, layer)
    np.testing.assert_allclose(values[..., 0].sum(axis=(1, 2, 3)), held, rtol=1e-4, atol=1e-5)


def test_deep_at_a_layer_is_that_of_the_net_behind_it(
    rectified: TorchModel, table: dict[str, Array], explain: Explain
) -> None:
    first, rest = rectified.net[:4], rectified.net[4:]
    x, background, targets = table["x"][:2], table["x"][3:], np.array([[0, 2], [1, 1]])
    with torch.no_grad():
        activations, compared = (first(torch.tensor(array)).numpy() for array in (x, background))
    at_layer = explain(DeepShapSpec(layer="4", at="input"), rectified, {"x": x}, targets, baselines={"x": background})
    behind = explain(DeepShapSpec(), model_of(rest), {"h": activations}, targets, baselines={"h": compared})
    (values,) = at_layer.values.values()
    np.testing.assert_allclose(values, behind.values["h"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(at_layer.residual, 0, atol=1e-5)


def test_what_leads_to_a_layer_costs_deep_as_much_for_each_sample(explain: Explain) -> None:
    net, seen = seeded(Residual), []
    net.before.register_forward_hook(lambda _, given, __: seen.append(len(given[0])))
    model, background = model_of(net), {"x": rows(1, 3, 5)}

    def cost(count: int) -> int:
        seen.clear()
        explain(DeepShapSpec(layer="first"), model, {"x": rows(0, count, 5)}, baselines=background)
        return sum(seen)

    assert cost(12) - cost(8) == cost(8) - cost(4)


def test_deep_at_a_layer_of_a_convolution_net_is_the_same_alone(explain: Explain) -> None:
    """To the bit: neighbours in a batch change nothing."""
    net = seeded(
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3), nn.Flatten(), nn.Linear(576, 2))
    )

    def encode(inputs: Arrays) -> Encoded:
        encoded = as_tensors(inputs)
        return encoded._replace(arguments={"x": encoded.arguments["x"].movedim(-1, 1)})

    model, spec = TorchModel(net, encode, "logits", COMPUTE), DeepShapSpec(layer=0)
    x, background = rows(0, 20, 16, 16, 3), {"x": rows(1, 3, 16, 16, 3)}
    (whole,) = explain(spec, model, {"x": x}, baselines=background).values.values()
    for row in (0, 7, 19):
        (alone,) = explain(spec, model, {"x": x[[row]]}, baselines=background).values.values()
        assert alone.tobytes() == whole[[row]].tobytes()


@pytest.mark.parametrize("activation", ["gelu", "leaky_relu"])
def test_operations_without_a_rule_are_refused_in_keras_too(
    activation: str, layers: keras.layers, explain: Explain
) -> None:
    net = keras.Sequential(
        [layers.Input((5,)), layers.Dense(4, activation=activation, name="strange"), layers.Dense(2)]
    )
    with pytest.raises(InputError, match=r"no exact rule for the operation .*strange.*; use integrated_gradients"):
        explain(DeepShapSpec(), keras_model(net), {"x": rows(0, 2, 5)}, baselines={"x": rows(1, 3, 5)})


@without_transformers()
def test_deep_explains_both_classes_of_a_keras_net_with_one_sigmoid(layers: keras.layers, explain: Explain) -> None:
    """The first class is the second with the other sign: as SHAP's own explainer says of the net before its sigmoid."""
    keras.utils.set_random_seed(0)
    parts = [layers.Dense(4, activation="tanh"), layers.Dense(1)]
    plain = keras.Sequential([layers.Input((5,)), *parts])
    x, background = rows(0, 2, 5), rows(1, 3, 5)
    ending = keras.Sequential([layers.Input((5,)), *parts, layers.Activation("sigmoid")])
    two: TwoClassesModel | None = TwoSigmoidsModel.recognised(ending, lambda inputs: inputs, COMPUTE, {"x": x})
    assert two is not None
    asked = np.tile([0, 1], (2, 1))
    found = explain(DeepShapSpec(), two, {"x": x}, asked, baselines={"x": background}, score="logit")
    with pytest.warns(UserWarning, match="Your TensorFlow version is newer"):
        own = shap.DeepExplainer(plain, background).shap_values(x, check_additivity=False)[..., 0]
    np.testing.assert_allclose(found.values["x"], np.stack([-own, own], axis=2), atol=1e-6)
    np.testing.assert_allclose(found.residual, 0, atol=1e-5)


def test_deep_explains_the_logits_of_a_net_that_ends_in_softmax(explain: Explain) -> None:
    build = [nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3)]
    plain = seeded(lambda: nn.Sequential(*build))
    x, background = {"x": rows(0, 2, 5)}, {"x": rows(1, 3, 5)}
    ending = LogitsModel.recognised(nn.Sequential(*build, nn.Softmax(1)), as_tensors, COMPUTE, x)
    ours = explain(DeepShapSpec(), ending, x, baselines=background)
    np.testing.assert_allclose(
        ours.values["x"], explain(DeepShapSpec(), model_of(plain), x, baselines=background).values["x"], atol=1e-6
    )
    np.testing.assert_allclose(ours.residual, 0, atol=1e-5)


@pytest.mark.parametrize("end", ["softmax", "log_softmax"])
@pytest.mark.parametrize("layer", [None, "hidden"])
def test_deep_explains_the_logits_of_a_keras_net_that_ends_in_softmax(
    end: str, layer: str | None, explain: Explain
) -> None:
    """SHAP has no rule for the logarithm, and needs none: the logits do not depend on it."""
    given = keras.layers.Input((5,))
    logits = keras.layers.Dense(3)(keras.layers.Dense(4, activation="relu", name="hidden")(given))
    x, background = {"x": rows(0, 2, 5)}, {"x": rows(1, 3, 5)}
    ending = keras.Model(given, keras.layers.Activation(end)(logits))
    models = KerasLogitsModel.recognised(ending, dict, COMPUTE, x), keras_model(keras.Model(given, logits))
    ours, plain = (explain(DeepShapSpec(layer=layer), model, x, baselines=background) for model in models)
    for name, values in plain.values.items():
        np.testing.assert_allclose(ours.values[name], values, atol=1e-6)
    np.testing.assert_allclose(ours.residual, 0, atol=1e-5)


def test_deep_refuses_scores_that_are_made_of_outputs(rectified: TorchModel, explain: Explain) -> None:
    with pytest.raises(InputError, match=r"as the net gives it \(logits\), not the score 'probability' made of it"):
        explain(DeepShapSpec(), rectified, {"x": rows(0, 2, 5)}, baselines={"x": rows(1, 3, 5)}, score="probability")


# --- gradient ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@without_transformers()
def test_gradient_is_what_shap_gives_for_a_torch_net(
    smoothing: float, rectified: TorchModel, table: dict[str, Array], explain: Explain
) -> None:
    spec = GradientShapSpec(nsamples=30, local_smoothing=smoothing, seed=5)
    x, background, targets = {"x": table["x"][:2]}, {"x": table["x"][3:]}, np.array([[0, 2], [1, 0]])
    found = explain(spec, rectified, x, targets, baselines=background, ids=np.array(["a", "b"]))
    state = np.random.get_state()
    for row, name in enumerate("ab"):
        for column, target in enumerate(targets[row].tolist()):
            own = shap.GradientExplainer(
                nn.Sequential(rectified.net, _Column(target)),
                torch.tensor(background["x"]),
                batch_size=30,
                local_smoothing=smoothing,
            )
            with torch.random.fork_rng():
                torch.manual_seed(seed_of(5, name))
                values = own.shap_values(torch.tensor(x["x"][[row]]), nsamples=30, rseed=seed_of(5, name))
            np.testing.assert_allclose(found.values["x"][row, :, column], values[0, :, 0], rtol=1e-4, atol=1e-6)
    np.random.set_state(state)


class _Column(nn.Module):
    """One output."""

    def __init__(self, column: int) -> None:
        super().__init__()
        self.column = column

    def forward(self, x: Tensor) -> Tensor:
        return x[:, self.column : self.column + 1]


@pytest.mark.parametrize("score", ["logit", "probability", "loss"])
def test_gradient_agrees_with_expected_gradients(
    score: str, rectified: TorchModel, table: dict[str, Array], explain: Explain
) -> None:
    x, background = {"x": table["x"][:2]}, {"x": table["x"][3:]}
    spec = GradientShapSpec(nsamples=3000, batch_size=500)
    found = explain(spec, rectified, x, baselines=background, score=score)
    exact = explain(ExpectedGradientsSpec(n_steps=200), rectified, x, baselines=background, score=score, batch=200)
    assert np.abs(found.values["x"] - exact.values["x"]).max() < 0.05 * np.abs(exact.values["x"]).max()
    np.testing.assert_allclose(found.base_value, exact.base_value, rtol=1e-4)


def test_the_standard_error_is_that_of_a_mean(closed_form: Callable[..., TorchModel], explain: Explain) -> None:
    """Of x² from 0, a draw is 2αx², whose deviation is 2x²/√12. SHAP's own `variance` is neither."""
    found = explain(
        GradientShapSpec(nsamples=2000, batch_size=2000),
        closed_form(lambda x: x[:, 0] ** 2, 2000),
        {"x": np.array([[3.0]], np.float32)},
        baselines={"x": np.zeros((1, 1), np.float32)},
    )
    error = found.standard_error["x"][0, 0, 0]
    alone = 2 * 9 / np.sqrt(12) / np.sqrt(2000)
    np.testing.assert_allclose(error[:2], alone, rtol=0.05)
    assert abs(found.values["x"][0, 0, 0] - 9) < 4 * alone
    mean, absolute, square = found.moments["x"][0, 0, 0]
    np.testing.assert_allclose([mean, absolute], found.values["x"][0, 0, 0], rtol=1e-5)  # every draw is positive
    np.testing.assert_allclose(square - mean**2, alone**2 * 2000, rtol=0.05)


@pytest.mark.parametrize(
    "method", [GradientShapSpec(nsamples=60), ExpectedGradientsSpec(n_steps=4)], ids=["gradient_shap", "expected"]
)
def test_the_error_covers_the_draw_of_the_background(
    method: GradientShapSpec | ExpectedGradientsSpec, closed_form: Callable[..., TorchModel], explain: Explain
) -> None:
    """Over 100 seeds that each draw 20 rows as well: 95% intervals (Student's t, as many rows less one) hold what the
    mean over all uniform rows is, in 92% to 98%. Of x₀² + x₀x₁ that is (x₀² − 1/3 + x₀x₁/2, x₀x₁/2)."""
    model, x = closed_form(lambda x: x[:, 0] ** 2 + x[:, 0] * x[:, 1], 64), np.array([[1.5, -2.0]], np.float32)
    exact = np.array([1.5**2 - 1 / 3 - 1.5, -1.5])
    held = []
    for seed in range(100):
        rows = np.random.default_rng(seed).uniform(-1, 1, (20, 2)).astype(np.float32)
        found = explain(method.model_copy(update={"seed": seed}), model, {"x": x}, baselines={"x": rows}, batch=64)
        error = found.standard_error["x"][0, :, 0, 0]
        held.append(np.abs(found.values["x"][0, :, 0] - exact) < 2.093 * error)
    assert 0.92 <= np.mean(held) <= 0.98


def test_rows_that_were_drawn_unequally_often_make_no_error_too_small() -> None:
    """The jackknife over whole rows: each is left out with all its draws, which are alike."""
    draws, rows = np.array([1.0, 1.2, 3.0, 2.0, 2.1, 2.2]), np.array([0, 0, 1, 2, 2, 2])
    left = np.array([draws[rows != row].mean() for row in range(3)])
    expected = np.sqrt(2 / 3 * ((left - draws.mean()) ** 2).sum())
    mean, moves, drawn = _left_out(draws[:, np.newaxis].astype(np.float32), rows.tolist())
    error = np.sqrt(2 / 3 * (moves**2).sum(axis=0))
    assert (mean.ravel()[0], error.ravel()[0]) == (pytest.approx(draws.mean()), pytest.approx(expected))
    assert drawn.tolist() == [2, 1, 3]
    _, stated = _moments(draws[:, np.newaxis].astype(np.float32), rows.tolist())
    assert (stated > error).all()


def test_degrees_of_freedom_are_those_of_the_quadratic_form() -> None:
    """Satterthwaite's, of its matrix: (tr Q)² / tr Q²; of rows drawn equally often one less than there are."""
    assert degrees_of_freedom(np.full(20, 10)) == pytest.approx(19)
    drawn = np.array([3, 8, 0, 12, 9, 10, 18])
    w = drawn[drawn > 0] / drawn.sum()
    moved = (w / (1 - w))[:, np.newaxis] * (np.eye(len(w)) - w)
    form = moved.T @ moved
    assert degrees_of_freedom(drawn) == pytest.approx(np.trace(form) ** 2 / np.trace(form @ form))


def test_an_interval_of_skewed_rows_is_wide_enough() -> None:
    """Of 12 exponential draws Student's interval holds the mean in 91%; of normal ones it is hardly widened."""
    draws = np.random.default_rng(0).exponential(size=(12, 4000))
    error = 2.201 * draws.std(axis=0, ddof=1) / np.sqrt(12)
    held = [(np.abs(draws.mean(axis=0) - 1) <= error * factor).mean() for factor in (1, widened(draws))]
    assert held[0] < 0.915
    assert 0.92 <= held[1] <= 0.95
    assert np.median(widened(np.random.default_rng(1).normal(size=(50, 1000)))) < 1.01
    assert widened(np.ones((5, 2))).tolist() == [1, 1]


def test_moments_of_an_image_are_those_of_its_channels_sums(
    several: tuple[KerasModel, dict[str, Array], dict[str, Array]], explain: Explain
) -> None:
    """Over 10 draws in batches of 4; the mean of what was drawn is what SHAP gives."""
    model, samples, background = several
    found = explain(GradientShapSpec(nsamples=10, layer="before"), model, samples, baselines=background)
    moments, errors = found.moments["before"], found.standard_error["before"]
    assert moments.shape == errors.shape == (3, 6, 6, 1, 3)
    np.testing.assert_allclose(moments[..., 0], found.values["before"].sum(axis=-2), rtol=1e-4, atol=1e-6)
    assert (moments[..., 1] >= np.abs(moments[..., 0]) - 1e-6).all()
    several_inputs = explain(GradientShapSpec(nsamples=10), model, samples, baselines=background)
    for name, values in several_inputs.values.items():
        whole = values.sum(axis=-2) if name == "image" else values
        np.testing.assert_allclose(several_inputs.moments[name][..., 0], whole, rtol=1e-4, atol=1e-6)


def test_gradient_at_a_layer_is_that_of_the_net_behind_it(
    rectified: TorchModel, table: dict[str, Array], explain: Explain
) -> None:
    """SHAP's own, on the rest of the net and the activations before it."""
    first, rest = rectified.net[:4], rectified.net[4:]
    x, background = table["x"][:2], table["x"][3:]
    with torch.no_grad():
        activations, compared = (first(torch.tensor(array)).numpy() for array in (x, background))
    spec = GradientShapSpec(nsamples=30, layer="4", at="input")
    at_layer = explain(spec, rectified, {"x": x}, baselines={"x": background})
    behind = explain(GradientShapSpec(nsamples=30), model_of(rest), {"h": activations}, baselines={"h": compared})
    (values,) = at_layer.values.values()
    np.testing.assert_allclose(values, behind.values["h"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(at_layer.residual, behind.residual, atol=1e-5)
    assert spec.departure
    assert GradientShapSpec().departure is None


def test_a_large_background_goes_through_the_net_a_few_rows_at_a_time(
    rectified: TorchModel, table: dict[str, Array], explain: Explain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a background costs in memory is its activations, not those of the whole net; and it changes no number."""
    seen: list[int] = []
    place = TorchModel.place

    def counted(model: TorchModel, inputs: Arrays, *options: object) -> object:
        seen.append(len(inputs["x"]))
        return place(model, inputs, *options)

    x, background = {"x": table["x"][:2]}, {"x": np.tile(table["x"][3:], (30, 1))}
    whole = explain(
        GradientShapSpec(nsamples=20, layer="0", batch_size=len(background["x"])), rectified, x, baselines=background
    )
    monkeypatch.setattr(TorchModel, "place", counted)
    found = explain(GradientShapSpec(nsamples=20, layer="0", batch_size=4), rectified, x, baselines=background)
    assert max(seen) == 4 < len(background["x"]) / 10
    np.testing.assert_allclose(found.base_value, whole.base_value, rtol=1e-5)


def test_gradient_works_inside_a_residual_block_of_keras(
    several: tuple[KerasModel, dict[str, Array], dict[str, Array]], explain: Explain
) -> None:
    """Where a sub-model from the layer on cannot be built; the other way through the block stays the sample's."""
    model, samples, background = several
    found = explain(GradientShapSpec(nsamples=400, layer="inside"), model, samples, baselines=background)
    assert found.values["inside"].shape == (3, 6, 6, 3, 1)
    assert found.bypassed is not None
    assert found.bypassed.all()
    assert (np.abs(found.residual) < 0.1 * np.abs(found.values["inside"]).sum(axis=(1, 2, 3))).all()
