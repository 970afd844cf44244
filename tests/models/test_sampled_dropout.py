"""Sampled dropout drops what the frameworks drop, and refuses what it cannot."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from exhibit.tasks.models.keras import KerasModel, configure
from exhibit.tasks.models.keras_import import keras, tf
from exhibit.tasks.models.torch import Encoded, TorchModel, as_tensors
from exhibit.tasks.models.torch_dropout import dropping
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import Array, Arrays, InputError

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


class Attention(nn.Module):
    """Attention of two heads as it is usually written: it drops in training alone."""

    def __init__(self, rate: float, **options: Any) -> None:
        super().__init__()
        self.rate, self.options = rate, options
        self.norm = nn.BatchNorm1d(8)

    def forward(self, x: Tensor) -> Tensor:
        heads = self.norm(x.transpose(1, 2)).unflatten(1, (2, 4)).transpose(2, 3)
        rate = self.rate if self.training else 0.0
        found = functional.scaled_dot_product_attention(heads, heads.flip(2), heads**2, dropout_p=rate, **self.options)
        return found.flatten(1)


def attended(net: nn.Module, numbers: Callable[[tuple[int, ...]], Array]) -> Array:
    """The outputs of attention over five places whose dropout is drawn by `numbers`."""
    x = np.random.default_rng(0).normal(size=(4, 5, 8)).astype(np.float32)
    model = TorchModel(net.eval(), as_tensors, "values", COMPUTE)
    place = model.place({"x": x}, dropout=lambda _, shape: numbers((4, *shape)).astype(np.float32))
    return place.outputs(place.values)


MASK = torch.tril(torch.ones(5, 5, dtype=torch.bool))


@pytest.mark.parametrize("options", [{}, {"attn_mask": MASK}, {"is_causal": True, "scale": 2.0}, {"enable_gqa": True}])
def test_attention_without_anything_dropped_is_itself_but_for_the_rate(options: dict[str, Any]) -> None:
    """What is kept is divided by the rate of what is kept, here three quarters."""
    net = Attention(0.25, **options)
    expected = attended(nn.Sequential(Attention(0.0, **options), nn.Dropout(0.25)), np.ones)
    np.testing.assert_allclose(attended(net, np.ones), expected, rtol=1e-5, atol=1e-6)


def test_heads_that_share_keys_share_them_in_sampling() -> None:
    query, key, value = (torch.randn(2, heads, 5, 3) for heads in (4, 2, 2))
    net = Dropping(lambda x: functional.scaled_dot_product_attention(x, key, value, enable_gqa=True))
    with dropping(net, lambda _, shape: torch.ones(shape), (0.5,)):
        found = net(query)
    torch.testing.assert_close(found, 2 * net(query))


def test_attention_drops_weights_as_torch_does() -> None:
    """The mean over many draws is attention without dropout, and each weight is either dropped or not."""
    random = np.random.default_rng(1)
    draws = np.stack([attended(Attention(0.25), random.random) for _ in range(400)])
    whole = attended(nn.Sequential(Attention(0.0), nn.Dropout(0.0)), np.ones)
    error = draws.std(axis=0) / np.sqrt(400)
    assert (np.abs(draws.mean(axis=0) - whole) < 5 * error).all()
    net = Attention(0.25)
    x = torch.tensor(np.random.default_rng(0).normal(size=(4, 5, 8)), dtype=torch.float32)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        heads = net.eval().norm(x.transpose(1, 2)).unflatten(1, (2, 4)).transpose(2, 3)
        torchs = torch.stack(
            [
                functional.scaled_dot_product_attention(heads, heads.flip(2), heads**2, dropout_p=0.25).flatten(1)
                for _ in range(400)
            ]
        )
    np.testing.assert_allclose(draws.std(axis=0), torchs.std(dim=0), rtol=0.35)


def test_the_net_whose_attention_is_sampled_is_left_as_it_came() -> None:
    net = Attention(0.25).eval()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    state = torch.random.get_rng_state()
    attended(net, np.ones)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not net.training
    for name, tensor in net.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_attention_that_never_drops_is_no_dropout() -> None:
    with pytest.raises(InputError, match="the model has no dropout to sample"):
        attended(Attention(0.0), np.ones)


def test_attention_whose_rate_cannot_be_known_is_refused() -> None:
    class Broken(Attention):
        def forward(self, x: Tensor) -> Tensor:
            if self.training:
                raise ZeroDivisionError("never trained")
            return super().forward(x)

    with pytest.raises(InputError, match=r"can only be read in training mode, in which the net fails: never trained"):
        attended(Broken(0.25), np.ones)


@pytest.mark.parametrize("rate", [0.0, 0.25])
def test_the_attention_that_torch_offers_in_one_piece_is_refused_where_it_drops(rate: float) -> None:
    """By the module and by the function alike; without a dropout of its own it is sampled with the rest."""

    class Function(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.part = nn.MultiheadAttention(8, 2)

        def forward(self, x: Tensor) -> Tensor:
            rows, part = x.transpose(0, 1), self.part
            found, _ = functional.multi_head_attention_forward(
                rows, rows, rows, 8, 2, part.in_proj_weight, part.in_proj_bias, None, None, False, rate,
                part.out_proj.weight, part.out_proj.bias, training=self.training,
            )  # fmt: skip
            return found.transpose(0, 1).flatten(1)

    nets = [nn.TransformerEncoderLayer(8, 2, 16, dropout=rate, batch_first=True), Function()]
    for net in nets:
        whole = nn.Sequential(net, nn.Flatten(), nn.Dropout(0.5))
        if rate:
            with pytest.raises(InputError, match=r"the dropout inside .* cannot be sampled"):
                attended(whole, np.ones)
        else:
            found, x = attended(whole, np.ones), np.random.default_rng(0).normal(size=(4, 5, 8)).astype(np.float32)
            with torch.no_grad():
                np.testing.assert_allclose(found, 2 * net(torch.tensor(x)).flatten(1), rtol=1e-4, atol=1e-5)


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


@pytest.mark.parametrize(
    ("first", "length"),
    [*(("another axis", length) for length in (1, 3, 4, 5)), *(("both", length) for length in (3, 4, 5))],
)
def test_a_keras_net_that_puts_another_axis_first_is_refused_whatever_its_length(first: str, length: int) -> None:
    """Or merges the samples with another axis, as layers that work on each place alone may."""
    configure(COMPUTE)
    there, back = {
        "another axis": (lambda x: tf.transpose(x, [1, 0, 2]), lambda x: tf.reduce_sum(x, [0, 2])[:, tf.newaxis]),
        "both": (lambda x: tf.reshape(x, [-1, 2]), lambda x: tf.reshape(x, [-1, 2 * length])),
    }[first]
    layers = keras.layers
    net = keras.Sequential([layers.Input((length, 2)), layers.Lambda(there), layers.Dropout(0.5), layers.Lambda(back)])
    model = KerasModel(net, dict, "values", COMPUTE)
    with pytest.raises(InputError, match=r"^sampling.dropout: .* not that of the \d samples; a net that puts another"):
        explained(model, {"x": np.ones((4, length, 2), np.float32)})


@pytest.mark.parametrize("noise_shape", [None, (None, 1, 2), (1, 3, 2)])
def test_each_sample_of_a_keras_net_drops_for_itself(noise_shape: tuple[int | None, ...] | None) -> None:
    configure(COMPUTE)
    net = keras.Sequential([keras.layers.Input((3, 2)), keras.layers.Dropout(0.5, noise_shape=noise_shape)])
    numbers = np.array([0, 1, 1, 0], np.float32)

    def dropout(_: int, shape: tuple[int, ...]) -> Array:
        return np.broadcast_to(numbers.reshape(-1, *[1] * len(shape)), (4, *shape))

    place = KerasModel(net, dict, "values", COMPUTE).place({"x": np.ones((4, 3, 2), np.float32)}, dropout=dropout)
    np.testing.assert_array_equal(place.outputs(place.values)[:, 0, 0], 2 * numbers)


def test_a_net_that_is_made_another_is_asked_again() -> None:
    net = nn.Sequential(nn.Dropout(0.5), nn.Flatten(), nn.AdaptiveAvgPool1d(1))
    model = TorchModel(net.eval(), as_tensors, "values", COMPUTE)
    inputs = {"x": np.ones((4, 4, 2), np.float32)}
    explained(model, inputs)
    model.net[0] = SequenceFirst()
    with pytest.raises(InputError, match="a net that puts another axis first"):
        explained(model, inputs)


def explained(model: TorchModel | KerasModel, inputs: Arrays) -> Array:
    place = model.place(inputs, dropout=lambda _, shape: np.ones((4, *shape), np.float32))
    return place.outputs(place.values)


def test_image_like_activations_are_dropped_with_the_samples_first() -> None:
    def encode(inputs: Arrays) -> Encoded:
        return Encoded({"x": torch.tensor(inputs["x"]).movedim(-1, 1)})

    net = nn.Sequential(nn.Dropout2d(0.5), nn.Flatten())
    inputs = {"x": np.ones((4, 3, 3, 2), np.float32)}
    np.testing.assert_array_equal(explained(TorchModel(net.eval(), encode, "values", COMPUTE), inputs), 2)
