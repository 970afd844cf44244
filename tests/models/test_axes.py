"""Where a net has the channels of an image: what is shown lies on the pixels of the data. The score is linear in
them, so that every gradient is known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.data.plain import dataset_of
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.protocols import Compute, Score, gives_gradients, silent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset

NAME = "own_axes"
SOURCE = """
import numpy as np

SIZES = (4, 5, 3)
WEIGHTS = np.arange(60, dtype="float32").reshape(SIZES)


def linear(axes=None, squeeze=False, name="image", library="torch", double=False):
    weights = WEIGHTS[..., 0] if squeeze else WEIGHTS.transpose(axes or (0, 1, 2))

    def preprocess(inputs):
        images = inputs["image"].astype("float32")
        images = images[..., 0] if squeeze else images.transpose(0, *(axis + 1 for axis in axes or (0, 1, 2)))
        return {name: images.repeat(2, axis=1) if double else images}

    weights = weights.repeat(2, axis=0) / 2 if double else weights
    return (keras_net if library == "keras" else torch_net)(weights), preprocess


def torch_net(weights):
    import torch
    from torch import nn
    net = nn.Sequential(nn.Flatten(), nn.Linear(weights.size, 1, bias=False))
    with torch.no_grad():
        net[1].weight[:] = torch.tensor(weights.reshape(1, -1).copy())
    return net


def keras_net(weights):
    import keras
    given = keras.Input(weights.shape)
    dense = keras.layers.Dense(1, use_bias=False)
    net = keras.Model(given, dense(keras.layers.Flatten()(given)))
    dense.set_weights([weights.reshape(-1, 1)])
    return net


def bare(order, library="torch", channels=3, zero=0.0):
    weights = WEIGHTS[..., :channels].transpose((2, 0, 1) if order == "first" else (0, 1, 2))
    if library == "torch":
        return torch_net(weights)
    import keras
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.flat, self.last = keras.layers.Flatten(), keras.layers.Dense(1, use_bias=False)
        def call(self, image):
            return self.last(self.flat(image)) + zero
    net = Net()
    net(np.zeros((1, *weights.shape), "float32"))
    net.last.set_weights([weights.reshape(-1, 1)])
    return net


def on_its_side():
    import keras
    given = keras.Input((5, 4, 3))
    convolved = keras.layers.Conv2D(2, 3)(given)
    return keras.Model(given, keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D()(convolved)))
"""
SHOWN = np.arange(60, dtype=np.float32).reshape(4, 5, 3)


@pytest.fixture(autouse=True)
def own(own_module: Callable[[str, str], None]) -> None:
    own_module(NAME, SOURCE)


@pytest.fixture(scope="module")
def data() -> Dataset:
    images = np.random.default_rng(0).uniform(size=(6, 4, 5, 3))
    labels = (images * SHOWN).sum(axis=(1, 2, 3))
    return dataset_of({"inputs": {"image": images}, "labels": labels, "task": "regression"}, "data.factory: own:rows")


def made(data: Dataset, **arguments: Any) -> Any:
    spec, compute = FactorySpec(factory=f"{NAME}:linear", arguments=arguments), Compute(batch=4)
    return spec.restore(data, spec.fit(data, compute, silent), compute)


@pytest.mark.parametrize("library", ["torch", "keras"])
@pytest.mark.parametrize(("axes", "squeeze"), [((2, 0, 1), False), ((0, 1, 2), False), (None, True)])
@pytest.mark.parametrize("name", ["image", "x"])
def test_gradients_lie_on_the_pixels_of_the_data(
    library: str, axes: tuple[int, ...] | None, squeeze: bool, name: str, data: Dataset
) -> None:
    """Channels first, last or none; and whatever the preprocess calls the image."""
    model = made(data, axes=None if axes is None else list(axes), squeeze=squeeze, name=name, library=library)
    assert gives_gradients(model)
    expected = SHOWN[..., :1] if squeeze else SHOWN
    place = model.place(data.arrays)
    np.testing.assert_allclose(place.values["image"], data.arrays["image"][..., : expected.shape[-1]], rtol=1e-6)
    _, found = place.gradient(place.values, Score(kind="value"), np.zeros(6, np.int64))
    np.testing.assert_allclose(found["image"], np.broadcast_to(expected, (6, *expected.shape)), rtol=1e-5)
    outputs = (data.arrays["image"][..., : expected.shape[-1]] * expected).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(model.predict(data.arrays)[:, 0], outputs, rtol=1e-4)
    np.testing.assert_allclose(place.outputs(place.values)[:, 0], outputs, rtol=1e-4)


@pytest.mark.parametrize("library", ["torch", "keras"])
@pytest.mark.parametrize("arguments", [{"axes": [1, 0, 2]}, {"axes": [2, 1, 0]}, {"axes": [0, 1, 2], "double": True}])
def test_other_pixels_than_those_of_the_data_are_not_explained(
    library: str, arguments: dict[str, object], data: Dataset
) -> None:
    """Width before height, or another size: it predicts, and what it is given has no place in the picture."""
    model = made(data, library=library, **arguments)
    np.testing.assert_allclose(model.predict(data.arrays)[:, 0], data.labels, rtol=1e-4)
    with pytest.raises(
        InputError, match=r"preprocess makes 'image' of shape .* which are not the elements of the data"
    ):
        model.place(data.arrays)


MOVED = """
import numpy as np

MOVES = {
    "kept": lambda images: images,
    "scaled": lambda images: (images - images.mean((1, 2), keepdims=True)) / images.std((1, 2), keepdims=True),
    "turned": lambda images: np.rot90(images, axes=(1, 2)),
    "exchanged": lambda images: images.swapaxes(1, 2),
    "flipped": lambda images: images[:, :, ::-1],
    "rolled": lambda images: np.roll(images, 2, axis=1),
    "reversed": lambda rows: rows[:, ::-1],
    "sorted": lambda rows: np.sort(rows, axis=1),
    "mixed": lambda rows: rows @ np.roll(np.eye(rows.shape[1]), 1, axis=0),
}


def net(move):
    preprocess = lambda inputs: {name: MOVES[move](values.astype("float32")).copy() for name, values in inputs.items()}
    from torch import nn
    class Net(nn.Module):
        def forward(self, x):
            return x.flatten(1).sum(1, keepdim=True)
    return Net(), preprocess
"""


@pytest.mark.parametrize(
    ("shape", "move", "place"),
    [
        ((6, 6, 3), "kept", True),
        ((6, 6, 3), "scaled", True),
        ((6, 6, 3), "turned", False),
        ((6, 6, 3), "exchanged", False),
        ((6, 6, 3), "flipped", False),
        ((6, 6, 3), "rolled", False),
        ((5,), "kept", True),
        ((5,), "reversed", False),
        ((5,), "sorted", False),
        ((5,), "mixed", False),
    ],
)
def test_a_preprocess_that_moves_what_it_is_given_is_not_explained(
    shape: tuple[int, ...], move: str, place: bool, own_module: Callable[[str, str], None]
) -> None:
    """The shape stays, and another element stands in the place of each: a map would be drawn at the wrong one."""
    own_module("own_moves", MOVED)
    values = np.random.default_rng(1).uniform(size=(20, *shape))
    rows = dataset_of({"inputs": {"x": values}, "labels": np.arange(20.0), "task": "regression"}, "data.factory: own:x")
    spec, compute = FactorySpec(factory="own_moves:net", arguments={"move": move}), Compute(batch=4)
    model = spec.restore(rows, spec.fit(rows, compute, silent), compute)
    assert model.predict(rows.arrays).shape == (20, 1)
    if place:
        assert model.place(rows.arrays)
    else:
        with pytest.raises(InputError, match="preprocess moves the elements of 'x'"):
            model.place(rows.arrays)


@pytest.mark.parametrize("order", ["first", "last"])
def test_a_net_whose_outputs_are_far_from_zero_is_asked_where_its_channels_are(order: str, data: Dataset) -> None:
    """Both orders are nearly the same beside 1e5, and far from it beside what lies between the pictures."""
    given = FactorySpec(factory=f"{NAME}:bare", arguments={"order": order, "library": "keras", "zero": 1e5})
    with pytest.raises(InputError, match="takes the channels of 'image' first and last"):
        given.fit(data, Compute(batch=8), silent)


def test_a_picture_on_its_side_is_refused_where_keras_would_take_it(data: Dataset) -> None:
    """Its convolutions compute with any size, so that nothing else says that height and width are changed over."""
    spec = FactorySpec(factory=f"{NAME}:on_its_side")
    said = r"takes the shape 5 x 4 x 3 where the data gives .*'image' of shape 4 x 5 x 3"
    with pytest.raises(InputError, match=said):
        spec.fit(data, Compute(batch=4), silent)


@pytest.mark.parametrize("library", ["torch", "keras"])
@pytest.mark.parametrize("order", ["first", "last"])
def test_a_net_that_takes_channels_anywhere_is_asked_where_they_are(order: str, library: str, data: Dataset) -> None:
    """Behind a Flatten each order fits, and one is wrong; of one channel both are the same."""
    given = FactorySpec(factory=f"{NAME}:bare", arguments={"order": order, "library": library})
    with pytest.raises(
        InputError, match=r"takes the channels of 'image' first and last, .* return net, lambda inputs:"
    ):
        given.fit(data, Compute(batch=8), silent)
    grey = data.model_copy(
        update={"inputs": tuple(one.model_copy(update={"values": one.array[..., :1]}) for one in data.inputs)}
    )
    alone = FactorySpec(factory=f"{NAME}:bare", arguments={"order": order, "library": library, "channels": 1})
    model = alone.restore(grey, alone.fit(grey, Compute(batch=8), silent), Compute(batch=8))
    truth = (grey.inputs[0].array * SHOWN[..., :1]).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(model.predict(grey.arrays)[:, 0], truth, rtol=1e-5)
