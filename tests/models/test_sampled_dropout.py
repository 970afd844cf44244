"""Sampled dropout drops what the frameworks drop, and refuses what it cannot."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.models.keras import KerasModel, configure
from tasks.models.keras_import import keras
from tasks.models.torch import Encoded, TorchModel, as_tensors
from tasks.models.torch_dropout import dropping
from tasks.protocols import Compute
from tasks.records import Array, Arrays, InputError

Drop = Callable[[Tensor], Tensor]
COMPUTE = Compute(batch=4)


class Dropping(nn.Module):
    """Nothing but a dropout."""

    def __init__(self, drop: Drop) -> None:
        super().__init__()
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(x)


def uniform(_: int, shape: tuple[int, ...]) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def dropped_as_one(kept: Array) -> set[int]:
    """The axes along which what is kept does not vary."""
    return {axis for axis in range(kept.ndim) if (kept == kept.take([0], axis)).all()}


@pytest.mark.filterwarnings("ignore:dropout2d. Received a 3D input")
@pytest.mark.parametrize(
    ("drop", "shape"),
    [
        (functional.dropout, (8, 8, 8)),
        (functional.dropout1d, (8, 8, 8)),
        (functional.dropout2d, (8, 8, 8)),
        (functional.dropout2d, (8, 8, 4, 4)),
        (functional.dropout3d, (8, 8, 2, 2, 2)),
        (functional.dropout3d, (8, 8, 2, 2)),
        (lambda x: torch.dropout(x, 0.5, True), (8, 8, 8)),
        (lambda x: torch.feature_dropout(x, p=0.5, train=True), (8, 8, 4, 4)),
    ],
)
def test_the_axes_that_torch_drops_as_one_are_dropped_as_one(drop: Drop, shape: tuple[int, ...]) -> None:
    ones = torch.ones(shape)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        expected = drop(ones).numpy()
    net = Dropping(drop).eval()
    with dropping(net, uniform):
        found = net(ones).numpy()
    assert dropped_as_one(found) == dropped_as_one(expected)
    assert set(np.unique(found)) == {0, 2}


def test_at_a_rate_of_one_nothing_is_left_and_no_gradient() -> None:
    net, x = nn.Dropout(1.0), torch.ones(3, 4, requires_grad=True)
    with dropping(net, uniform):
        found = net(x)
    found.sum().backward()
    assert not found.any()
    assert not x.grad.any()


def test_at_a_rate_of_one_nothing_is_left_on_keras() -> None:
    configure(COMPUTE)
    net = keras.Sequential([keras.layers.Input((5,)), keras.layers.Dropout(1.0)])
    place = KerasModel(net, dict, "values", COMPUTE).place(
        {"x": np.ones((4, 5), np.float32)}, dropout=lambda _, shape: np.zeros((4, *shape), np.float32)
    )
    np.testing.assert_array_equal(place.outputs(place.values), 0)


@pytest.mark.parametrize(
    "drop",
    [
        lambda x: torch.alpha_dropout(x, 0.5, False),
        lambda x: torch.feature_alpha_dropout(x, 0.5, False),
        lambda x: torch.dropout_(x.clone(), 0.5, False),
        lambda x: torch.native_dropout(x, 0.5, False)[0],
    ],
)
def test_other_dropouts_are_refused_by_name(drop: Drop) -> None:
    net = Dropping(drop).eval()
    with pytest.raises(InputError, match=r"dropout_? cannot be sampled"), dropping(net, uniform):
        net(torch.ones(3, 4))


class SequenceFirst(nn.Module):
    """Drops from (length, samples, features)."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(x.transpose(0, 1)).sum((0, 2))[:, None]


@pytest.mark.parametrize("length", [3, 4, 5])
def test_a_net_that_puts_another_axis_first_is_refused_whatever_its_length(length: int) -> None:
    model = TorchModel(SequenceFirst().eval(), as_tensors, "values", COMPUTE)
    inputs = {"x": np.ones((4, length, 2), np.float32)}
    with pytest.raises(InputError, match=r"not that of the \d samples; a net that puts another axis first"):
        explained(model, inputs)


def explained(model: TorchModel, inputs: Arrays) -> Array:
    place = model.place(inputs, dropout=lambda _, shape: np.ones((4, *shape), np.float32))
    return place.outputs(place.values)


def test_image_like_activations_are_dropped_with_the_samples_first() -> None:
    def encode(inputs: Arrays) -> Encoded:
        return Encoded({"x": torch.tensor(inputs["x"]).movedim(-1, 1)})

    net = nn.Sequential(nn.Dropout2d(0.5), nn.Flatten())
    inputs = {"x": np.ones((4, 3, 3, 2), np.float32)}
    np.testing.assert_array_equal(explained(TorchModel(net.eval(), encode, "values", COMPUTE), inputs), 2)
