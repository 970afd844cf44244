"""The torch adapter: places, ragged layers, and nets that are left as they came."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from exhibit.tasks.models.torch import TorchModel, as_tensors
from exhibit.tasks.protocols import Compute, Score
from exhibit.tasks.records.base import InputError

TABLE = {"x": np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)}
ZEROS = np.zeros(4, np.int64)


@pytest.fixture
def net() -> nn.Module:
    """In training mode but for one module, with one frozen parameter."""
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(4, 2))
    net[2].eval()
    net[0].bias.requires_grad_(False)
    return net


@pytest.fixture
def model(net: nn.Module) -> TorchModel:
    return TorchModel(net, as_tensors, "logits", Compute(batch=4))


def state(net: nn.Module) -> tuple[object, ...]:
    return (
        [module.training for module in net.modules()],
        [parameter.requires_grad for parameter in net.parameters()],
        [parameter.grad for parameter in net.parameters()],
        [(len(module._forward_hooks), len(module._forward_pre_hooks)) for module in net.modules()],
        torch.get_rng_state().numpy().tobytes(),
    )


@pytest.mark.parametrize("layer", [None, "0", "1"])
def test_the_net_is_left_as_it_came(layer: str | None, net: nn.Module, model: TorchModel) -> None:
    before = state(net)
    model.predict(TABLE)
    place = model.place(TABLE, layer)
    place.gradient(place.values, Score(), ZEROS)
    place.outputs(place.values)
    assert state(net) == before


def test_the_net_is_left_as_it_came_after_an_exception(net: nn.Module, model: TorchModel) -> None:
    before = state(net)
    place = model.place(TABLE, "0")
    wrong = {name: values[:, :2] for name, values in place.values.items()}
    with pytest.raises(RuntimeError, match="shape"):
        place.gradient(wrong, Score(), ZEROS)
    assert state(net) == before


def test_dropout_is_off(model: TorchModel) -> None:
    assert model.predict(TABLE).tobytes() == model.predict(TABLE).tobytes()


def test_an_activation_is_seen_before_the_next_module_changes_it_in_place(net: nn.Module, model: TorchModel) -> None:
    assert (model.place(TABLE, "0").values["0"] < 0).any()
    assert (model.place(TABLE, "1").values["1"] >= 0).all()


def test_outputs_at_the_place_itself_are_the_prediction(model: TorchModel) -> None:
    for layer, at in ((None, "output"), ("0", "output"), ("3", "input"), ("3", "output")):
        place = model.place(TABLE, layer, at)
        np.testing.assert_allclose(place.outputs(place.values), model.predict(TABLE), rtol=1e-6)


def test_a_wrong_layer_is_answered_with_the_layers(model: TorchModel) -> None:
    with pytest.raises(InputError, match=r"'00' is not a layer.*did you mean '0'.*its layers are 0, 1, 2, 3"):
        model.place(TABLE, "00")
    with pytest.raises(InputError, match="4 is not a layer"):
        model.place(TABLE, 4)


def test_layers_count_from_the_end_too(model: TorchModel) -> None:
    assert model.place(TABLE, -1).values.keys() == {"3"}


def test_a_layer_that_is_used_twice_is_refused() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(self.layer(x))

    with pytest.raises(InputError, match="'layer' is used 2 times"):
        TorchModel(Twice(), as_tensors, "values", Compute()).place(TABLE, "layer")


def test_a_layer_without_a_row_for_each_sample_is_refused() -> None:
    """A recurrent layer gives its state with another axis first."""

    class Turned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x[None])[0]

    model = TorchModel(Turned(), as_tensors, "values", Compute())
    with pytest.raises(InputError, match=r"'layer' has at its output is of shape \(1, \d+, 3\) for \d+ samples"):
        model.place(TABLE, "layer")


def test_an_input_without_influence_has_gradient_zero() -> None:
    class First(nn.Module):
        def forward(self, a: Tensor, b: Tensor) -> Tensor:
            return a

    place = TorchModel(First(), as_tensors, "values", Compute()).place({"a": TABLE["x"], "b": TABLE["x"]})
    _, gradients = place.gradient(place.values, Score(kind="value"), ZEROS)
    np.testing.assert_array_equal(gradients["b"], 0)
    np.testing.assert_array_equal(gradients["a"], np.eye(3)[ZEROS])


def test_images_are_shown_with_channels_last() -> None:
    net = nn.Sequential(nn.Conv2d(3, 5, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    pixels = np.random.default_rng(0).normal(size=(2, 3, 8, 6)).astype(np.float32)
    model = TorchModel(net, as_tensors, "logits", Compute())
    place = model.place({"image": pixels})
    assert place.values["image"].shape == (2, 8, 6, 3)
    _, gradients = place.gradient(place.values, Score(), ZEROS[:2])
    expected = net[0].weight[0, :, 0, 0].detach().numpy() / 48
    np.testing.assert_allclose(gradients["image"], np.broadcast_to(expected, (2, 8, 6, 3)), rtol=1e-5)
    assert model.place({"image": pixels}, "0").values["image"].shape == (2, 8, 6, 5)


def test_a_score_that_the_outputs_do_not_hold_is_refused(model: TorchModel) -> None:
    place = model.place(TABLE)
    with pytest.raises(
        InputError, match="'value' was given, but the model gives logits: use logit or probability or loss"
    ):
        place.gradient(place.values, Score(kind="value"), ZEROS)


def test_a_gpu_that_is_not_there_is_refused(net: nn.Module) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(InputError, match="torch finds no GPU"):
        TorchModel(net, as_tensors, "logits", Compute(device="cuda"))
