"""Inputs reach a net by name, in whatever order the data has them; where names do not say which is which, both lists
are printed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.data.plain import dataset_of
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.protocols import Compute, Model, Score, gives_gradients, silent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset

NAME = "own_inputs"
SOURCE = """
def net(names=("b", "a"), defaults=0, named=None):
    import torch
    class Net(torch.nn.Module):
        pass
    text = ", ".join(name + ("=None" if place >= len(names) - defaults else "") for place, name in enumerate(names))
    space = {"torch": torch}
    exec(f"def forward(self, {text}): return (a - 10 * b).sum(1, keepdim=True)", space)
    Net.forward = space["forward"]
    return Net()


def any_number():
    import torch
    class Net(torch.nn.Module):
        def forward(self, *given):
            return (given[1] - 10 * given[0]).sum(1, keepdim=True)
    return Net()


def by_keyword():
    import torch
    class Net(torch.nn.Module):
        def forward(self, **given):
            return sum(given.values()).sum(1, keepdim=True)
    return Net()


def named(text):
    import torch
    class Net(torch.nn.Module):
        pass
    exec(f"def forward(self, {text}): return (a - 10 * b).sum(1, keepdim=True)", space := {})
    Net.forward = space["forward"]
    return Net()


def one_named():
    import torch
    class Net(torch.nn.Module):
        def forward(self, scale=2.0, *, rows):
            return scale * rows.sum(1, keepdim=True)
    return Net()


def told(names):
    return net(names=("first", "second")), lambda inputs: {name: inputs[name].astype("float32") for name in names}


def keras_net(names=("b", "a"), keys=None, told=None):
    import keras
    class Difference(keras.layers.Layer):
        def call(self, b, a):
            return keras.ops.sum(a - 10 * b, axis=1, keepdims=True)
    b, a = (keras.Input((2,), name=name) for name in names)
    net = keras.Model([b, a] if keys is None else dict(zip(keys, (b, a))), Difference()(b, a))
    return net if told is None else (net, lambda inputs: {name: inputs[name].astype("float32") for name in told})


def own_call(how):
    # half of the net is in its layers, the other in its class
    import keras
    b, a = keras.Input((2,), name="b"), keras.Input((2,), name="a")
    sums = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    class Net(keras.Model):
        def __init__(self):
            super().__init__(inputs={"b": b, "a": a}, outputs=sums(a / 2 - 5 * b))
        def call(self, inputs, training=None, mask=None):
            return 2 * super().call(inputs) if how == "call" else super().call(inputs)
    class Called(Net):
        def __call__(self, inputs, *given, **options):
            return 2 * super().__call__(inputs, *given, **options)
    return Net() if how == "call" else Called()


def subclass(text):
    import keras
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.last = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    exec(f"def call(self, {text}): return self.last(a - 10 * b)", space := {})
    Net.call = space["call"]
    return Net()


def taken_apart(how):
    import keras
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.last = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    class Keys(Net):
        def call(self, inputs, training=None):
            b = inputs["b"] + 0 * inputs["a"]
            return self.last(inputs["a"] - 10 * b)
    class Unpacked(Net):
        def call(self, inputs):
            b, a = inputs
            return self.last(a - 10 * b)
    class OtherKeys(Net):
        def call(self, inputs):
            return self.last(inputs["a"] - 10 * inputs["c"])
    class OtherNames(Net):
        def call(self, inputs):
            left, right = inputs
            return self.last(right - 10 * left)
    class InOrder(Net):
        def call(self, inputs):
            b, a = inputs.values()
            return self.last(a - 10 * b)
    class ByNumber(Net):
        def call(self, inputs):
            return self.last(inputs[1] - 10 * inputs[0])
    class ByBoth(Net):
        def call(self, inputs):
            return self.last(inputs["a"] - 10 * list(inputs.values())[0])
    return {one.__name__: one for one in Net.__subclasses__()}[how]()


def told_keys(names):
    return taken_apart("Keys"), lambda inputs: dict(zip(names, (inputs["b"], inputs["a"])))


def estimator(columns):
    import numpy as np, pandas as pd
    from sklearn.linear_model import LinearRegression
    rows = np.random.default_rng(0).normal(size=(20, 2))
    return LinearRegression().fit(pd.DataFrame(rows, columns=columns), rows @ [1.0, -10.0])
"""


@pytest.fixture(autouse=True)
def own(own_module: Callable[[str, str], None]) -> None:
    own_module(NAME, SOURCE)


@pytest.fixture(scope="module")
def data() -> Dataset:
    draws = np.random.default_rng(0)
    a, b = draws.normal(size=(2, 12, 2)).astype(np.float32)
    labels = (a - 10 * b).sum(axis=1)
    return dataset_of({"inputs": {"a": a, "b": b}, "labels": labels, "task": "regression"}, "data.factory: own:rows")


def model_of(function: str, data: Dataset, **arguments: Any) -> Model:
    spec, compute = FactorySpec(factory=f"{NAME}:{function}", arguments=arguments), Compute(batch=4)
    return spec.restore(data, spec.fit(data, compute, silent), compute)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("net", {}),
        ("net", {"names": ["a", "b"]}),
        ("net", {"names": ["b", "a", "mask"], "defaults": 1}),
        ("named", {"text": "*, b, a"}),
        ("named", {"text": "b, *, a"}),
        ("named", {"text": "a, mask=None, *, c=None, b"}),
        ("subclass", {"text": "b, a"}),
        ("subclass", {"text": "b, a, training=None, mask=None"}),
        ("subclass", {"text": "a, b, c=None"}),
        *(("taken_apart", {"how": how}) for how in ("Keys", "Unpacked")),
        ("own_call", {"how": "call"}),
        ("own_call", {"how": "__call__"}),
        ("keras_net", {}),
        ("keras_net", {"names": ["y", "x"], "keys": ["b", "a"]}),
        ("keras_net", {"names": ["b", "a"], "keys": ["b", "a"]}),
        ("keras_net", {"names": ["b", "a"], "told": ["a", "b"]}),
        ("keras_net", {"names": ["x", "y"], "told": ["b", "a"]}),
    ],
)
def test_a_perfect_net_is_perfect_whatever_the_order(function: str, arguments: dict[str, Any], data: Dataset) -> None:
    """Also where it is differentiated: d/da is 1, d/db is -10."""
    model = model_of(function, data, **arguments)
    np.testing.assert_allclose(model.predict(data.arrays)[:, 0], data.labels, rtol=1e-5, atol=1e-5)
    assert gives_gradients(model)
    place = model.place(data.arrays)
    values = dict(reversed(place.values.items()))
    _, found = place.gradient(values, Score(kind="value"), np.zeros(12, np.int64))
    names = arguments.get("names", ("b", "a")) if "told" in arguments and "x" in arguments["names"] else None
    b, a = ("b", "a") if names is None else arguments["told"]
    np.testing.assert_allclose(found[a], 1, rtol=1e-5)
    np.testing.assert_allclose(found[b], -10, rtol=1e-5)


@pytest.mark.parametrize(
    ("function", "arguments", "said"),
    [
        ("net", {"names": ["a", "b", "mask"]}, "the net takes a, b, mask, and the data gives a, b"),
        ("keras_net", {"names": ["x", "y"]}, "the net takes x, y, and the data gives a, b"),
        ("keras_net", {"names": ["b", "c"]}, "the net takes b, c, and the data gives a, b"),
        (
            "by_keyword",
            {},
            r"takes nothing by place or name \(name each: forward\(self, a, b\)\), and the data gives a, b",
        ),
        ("named", {"text": "*, a, b, mask"}, "the net takes a, b, mask, and the data gives a, b"),
        ("any_number", {}, "the data gives a, b, and the net has no names for its inputs; name each .*, as a, b, or"),
        ("subclass", {"text": "a, c, b=None"}, "the net takes a, c, b, and the data gives a, b"),
        ("subclass", {"text": "inputs, a=0, *, b=0"}, "the data gives a, b, and the net has no names for its inputs"),
        ("taken_apart", {"how": "OtherKeys"}, "the net takes a, c, and the data gives a, b"),
        ("taken_apart", {"how": "OtherNames"}, "the net takes left, right, and the data gives a, b"),
        *(
            ("taken_apart", {"how": how}, r"no names for its inputs; .* a dictionary there, as inputs\[\"a\"\], or let")
            for how in ("InOrder", "ByNumber", "ByBoth")
        ),
        ("told_keys", {"names": ["x", "y"]}, "the net takes b, a, and the data gives x, y"),
        ("estimator", {"columns": ["b 0", "a 0"]}, "was fitted on the columns b 0, a 0, and the data gives a 0, a 1"),
    ],
)
def test_both_lists_are_printed_where_names_do_not_match(
    function: str, arguments: dict[str, Any], said: str, data: Dataset
) -> None:
    with pytest.raises(InputError, match=said):
        model_of(function, data, **arguments)


def test_a_single_input_needs_no_name(data: Dataset) -> None:
    alone = data.model_copy(update={"inputs": data.inputs[:1]})
    found = model_of("one_named", alone).predict(alone.arrays)[:, 0]
    np.testing.assert_allclose(found, 2 * alone.inputs[0].array.sum(axis=1), rtol=1e-6)
    with pytest.raises(InputError, match="the net takes x, y, and the data gives a"):
        model_of("keras_net", alone, names=["x", "y"])
