"""Models and data as users' own functions give them: what can go wrong in them does. Each is called as a factory."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

Forward = Callable[[Any, Any, Any], Any]  # (the last layer, its input, torch) -> what the net gives


def _torch(forward: Forward) -> Any:
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Linear(4, 3)

        def forward(self, rows: Any) -> Any:
            return forward(self.last, rows, torch)

    torch.manual_seed(0)
    return Net()


def _keras(forward: Callable[[Any, Any], Any]) -> Any:
    import keras

    rows = keras.Input((4,))
    return keras.Model(rows, forward(keras.layers.Dense(3)(rows), keras))


def _unguarded(last: Any, rows: Any, torch: Any) -> Any:
    with torch.no_grad():
        return last(rows)


def _layer(kind: str, *sizes: int, **settings: Any) -> Any:
    from torch import nn

    return getattr(nn, kind)(*sizes, **settings)


def _holding(kind: str) -> Any:
    """A net with a buffer of a rare kind."""
    import torch

    kinds: dict[str, Callable[[Any], Any]] = {
        "sparse": lambda ones: torch.diag(ones).to_sparse_csr(),
        "float8": lambda ones: ones.to(torch.float8_e4m3fn),
        "conjugate": lambda ones: (ones * 1j).conj(),
        "nested": lambda ones: torch.nested.nested_tensor([ones, ones[:1]]),
    }
    net = torch.nn.Linear(4, 3)
    net.register_buffer("rare", kinds[kind](torch.ones(3)))
    return net


def _of_more_state() -> Any:
    import torch

    class Net(torch.nn.Linear):
        def get_extra_state(self) -> Any:
            return {"epoch": 3}

        def set_extra_state(self, _: Any) -> None:
            return

    return Net(4, 3)


def _quantised() -> Any:
    import torch

    return torch.ao.quantization.quantize_dynamic(torch.nn.Sequential(torch.nn.Linear(4, 3)), {torch.nn.Linear})


NETS: dict[str, Callable[[], Any]] = {
    "good": lambda: _torch(lambda last, rows, _: last(rows)),
    "tuple": lambda: _torch(lambda last, rows, _: (last(rows), rows)),
    "list": lambda: _torch(lambda last, rows, _: [last(rows)]),
    "dictionary": lambda: _torch(lambda last, rows, _: {"logits": last(rows)}),
    "object": lambda: _torch(lambda last, rows, _: SimpleNamespace(logits=last(rows))),
    "none": lambda: _torch(lambda *_: None),
    "text": lambda: _torch(lambda *_: "cat"),
    "truth": lambda: _torch(lambda last, rows, _: last(rows) > 0),
    "whole": lambda: _torch(lambda last, rows, _: last(rows).long()),
    "complex": lambda: _torch(lambda last, rows, _: last(rows) + 0j),
    "array": lambda: _torch(lambda last, rows, _: last(rows).detach().numpy()),
    "raises": lambda: _torch(lambda *_: 1 / 0),
    "detached": lambda: _torch(lambda last, rows, _: last(rows).detach()),
    "unguarded": lambda: _torch(_unguarded),
    "constant": lambda: _torch(lambda _, rows, torch: torch.zeros(len(rows), 3)),
    "argmax": lambda: _torch(lambda last, rows, torch: torch.nn.functional.one_hot(last(rows).argmax(1), 3).float()),
    "two": lambda: _torch(lambda last, rows, _: last(rows)[:, :2]),
    "flat": lambda: _torch(lambda last, rows, _: last(rows)[:, 0]),
    "scalar": lambda: _torch(lambda last, rows, _: last(rows).sum()),
    "sigmoid": lambda: _torch(lambda last, rows, _: last(rows)[:, :1].sigmoid()),
    "one_row_less": lambda: _torch(lambda last, rows, _: last(rows)[1:]),
    "double": lambda: _torch(lambda last, rows, _: last(rows)).double(),
    "brain_float": lambda: _torch(lambda last, rows, _: last(rows)).bfloat16(),
    "brain_outputs": lambda: _torch(lambda last, rows, torch: last(rows).to(torch.bfloat16)),
    "sparse_outputs": lambda: _torch(lambda last, rows, _: last(rows).to_sparse()),
    "outputs_without_values": lambda: _torch(lambda last, rows, _: last(rows).to("meta")),
    "lazy": lambda: _layer("LazyLinear", 3),
    "without_values": lambda: _layer("Linear", 4, 3, device="meta"),
    "quantised": lambda: _quantised(),
    "sparse_state": lambda: _holding("sparse"),
    "float8_state": lambda: _holding("float8"),
    "conjugate_state": lambda: _holding("conjugate"),
    "nested_state": lambda: _holding("nested"),
    "more_state": lambda: _of_more_state(),
    "embedding": lambda: _torch(lambda last, rows, torch: torch.nn.Embedding(2, 3)(rows.long().abs() + 5).mean(1)),
    "axis_dropped": lambda: (NETS["good"](), lambda rows: {"rows": rows["measurements"][:, 0]}),
    "rows_dropped": lambda: (NETS["good"](), lambda rows: {"rows": rows["measurements"][1:]}),
    "nothing_prepared": lambda: (NETS["good"](), lambda rows: None),
    "preparing_raises": lambda: (NETS["good"](), lambda rows: rows["pixels"]),
    "two_keras_outputs": lambda: _keras(lambda last, keras: [last, keras.layers.Dense(1)(last)]),
    "keras_dictionary": lambda: _keras(lambda last, keras: {"logits": last, "more": keras.layers.Dense(1)(last)}),
    "keras_argmax": lambda: _keras(lambda last, keras: keras.ops.one_hot(keras.ops.argmax(last, 1), 3)),
    "keras_truth": lambda: _keras(lambda last, keras: last > 0),
    "keras_sigmoid": lambda: _keras(lambda last, keras: keras.layers.Dense(1, "sigmoid")(last)),
    "keras_sigmoids": lambda: _keras(lambda last, keras: keras.layers.Dense(3, "sigmoid")(last)),
    "sigmoids": lambda: _torch(lambda last, rows, _: last(rows).sigmoid()),
}
FUNCTIONS: dict[str, Callable[[int], Any]] = {
    "good": lambda rows: np.zeros((rows, 3)),
    "percentages": lambda rows: np.tile([20.0, 30.0, 50.0], (rows, 1)),
    "lists": lambda rows: [[0.0, 1.0, 2.0]] * rows,
    "tuple": lambda rows: (np.zeros((rows, 3)),),
    "none": lambda rows: None,
    "words": lambda rows: np.array([["a", "b", "c"]] * rows),
    "truth": lambda rows: np.zeros((rows, 3), bool),
    "nones": lambda rows: np.array([[None] * 3] * rows),
    "complex": lambda rows: np.zeros((rows, 3), complex),
    "dictionary": lambda rows: {"a": 1},
    "ragged": lambda rows: [[1, 2, 3], [1]],
    "longest_floats": lambda rows: np.zeros((rows, 3), np.longdouble),
    "one_row_less": lambda rows: np.zeros((rows - 1, 3)),
    "two": lambda rows: np.zeros((rows, 2)),
    "flat": lambda rows: np.zeros(rows),
    "raises": lambda rows: {}["missing"],
}


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError


class Unaskable:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


def _raises(_: Any) -> Any:
    raise Unspeakable


def _other(*numbers: int) -> Any:
    return [[0.0, 1.0, 2.0]] * len(numbers)


# What a factory gives in the place of a model, or that no arrays can be given to.
GIVEN: dict[str, Callable[[], Any]] = {
    "of nothing": lambda: lambda: 1,
    "of two things": lambda: lambda rows, more: rows,
    "of none by place": lambda: lambda *, rows: rows,
    "a class without arguments": lambda: Unaskable,
    "a module": lambda: np,
    "three of them": lambda: (_other, _other, _other),
    "none of them": lambda: (),
    "one of them": lambda: (_other,),
    "text": lambda: "net.pt",
    "a path": lambda: __file__.encode(),
    "it cannot be asked": lambda: Unaskable(),
    "its errors cannot be said": lambda: _raises,
    "a generator": lambda: lambda rows: (row for row in rows["measurements"]),
    "a sum over samples": lambda: lambda rows: rows["measurements"].sum(0),
    "the other way round": lambda: lambda rows: rows["measurements"][:, :3].T,
    "times": lambda: lambda rows: rows["measurements"][:, :3].astype("M8[s]"),
    "bytes": lambda: lambda rows: rows["measurements"][:, :3].astype("S8"),
    "fields": lambda: lambda rows: np.zeros(len(rows["measurements"]), dtype=[("a", "f8"), ("b", "f8")]),
    "a frame": lambda: lambda rows: pd.DataFrame(rows["measurements"][:, :3], columns=[*"abc"]),
    "half precision": lambda: lambda rows: rows["measurements"][:, :3].astype("f2"),
}


def given(name: str) -> Any:
    return GIVEN[name]()


def net(name: str) -> Any:
    return NETS[name]()


def function(name: str) -> Any:
    return lambda inputs: FUNCTIONS[name](len(inputs["measurements"]))


def estimator(name: str) -> Any:
    from sklearn.cluster import KMeans
    from sklearn.ensemble import IsolationForest
    from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
    from sklearn.preprocessing import StandardScaler

    rows, labels = np.random.default_rng(0).normal(size=(60, 4)), np.arange(60) % 3
    words = np.array(["a", "b", "c"])[labels]
    return {
        "good": lambda: LogisticRegression().fit(rows, labels),
        "unfitted": lambda: LogisticRegression(),
        "of_two_columns": lambda: LogisticRegression().fit(rows[:, :2], labels),
        "of_two_classes": lambda: LogisticRegression().fit(rows, labels > 0),
        "of_words": lambda: RidgeClassifier().fit(rows, words),
        "regression": lambda: LinearRegression().fit(rows, labels),
        "scaler": lambda: StandardScaler().fit(rows),
        "clusters": lambda: KMeans(3, n_init=1).fit(rows),
        "outliers": lambda: IsolationForest(n_estimators=2).fit(rows),
    }[name]()


def other(name: str) -> Any:
    if name == "raises":
        raise ValueError("no weights\nhere")
    if name == "exits":
        raise SystemExit(3)
    return {"none": None, "number": 3, "class": dict, "list": []}[name]


def wrong_argument() -> None: ...


def data(name: str) -> Any:
    rows, labels = np.zeros((8, 2)), ["p", "q"] * 4
    whole = {"inputs": {"x": rows}, "labels": labels}
    if name == "raises":
        raise RuntimeError("no connection")
    return {
        "good": whole,
        "none": None,
        "list": [rows, labels],
        "no_labels": {"inputs": {"x": rows}},
        "strange_key": whole | {"lables": 1},
        "no_inputs": whole | {"inputs": {}},
        "short": whole | {"inputs": {"x": rows[1:]}},
        "missing": whole | {"inputs": {"x": rows * np.nan}},
        "infinite": whole | {"inputs": {"x": rows + np.inf}},
        "words": whole | {"inputs": {"x": np.array([["a", "b"]] * 8)}},
        "one_class": whole | {"labels": ["p"] * 8},
        "split": whole | {"split": ["dev"] * 8},
        "ids": whole | {"ids": ["i"] * 8},
        "classes": whole | {"classes": ["p", "q", "r"]},
        "cube": whole | {"inputs": {"x": {"values": np.zeros((8, 2, 2, 5)), "kind": "image"}}},
        "kind": whole | {"inputs": {"x": {"values": rows, "kind": "sound"}}},
        "pixels": whole | {"inputs": {"x": np.full((8, 4, 4), 300.0)}},
        "features": whole | {"inputs": {"x": {"values": rows, "features": ["a"]}}},
        "smiles": whole | {"inputs": {"x": {"values": ["C1CC"] * 8, "kind": "molecule"}}},
        "ids_beyond": whole | {"inputs": {"x": {"values": rows.astype(int) + 9, "vocabulary": ["a"]}}},
        "many_features": whole | {"inputs": {"x": np.zeros((8, 3000))}},
        "masked": whole | {"inputs": {"x": np.ma.masked_greater(np.ones((8, 2)), 0)}},
        "numbers_as_objects": whole | {"inputs": {"x": rows.astype(object)}},
        "two_columns_of_a_name": whole | {"inputs": {"x": pd.DataFrame(rows, columns=["a", "a"])}},
        "columns_of_two_levels": whole | {"inputs": {"x": pd.DataFrame(rows, columns=[["a", "a"], ["b", "c"]])}},
        "dates": whole | {"inputs": {"x": pd.DataFrame({"a": pd.date_range("2020", periods=8)})}},
        "cells_of_lists": whole | {"inputs": {"x": pd.DataFrame({"a": [[1]] * 8})}},
        "decimal_commas": whole | {"inputs": {"x": pd.DataFrame({"a": ["0,5", "1,5"] * 4})}},
        "complex": whole | {"inputs": {"x": rows + 0j}},
        "long_name": whole | {"label_name": "y" * 999},
        "ragged": whole | {"inputs": {"x": [[1, [2]]] * 8}},
        "no_values": whole | {"inputs": {"x": None}},
        "one_value": whole | {"inputs": {"x": 3.5}},
        "no_features": whole | {"inputs": {"x": np.zeros((8, 0))}},
        "a_feature_twice": whole | {"inputs": {"x": {"values": rows, "features": ["a", "a "]}}},
        "a_feature_without_a_name": whole | {"inputs": {"x": {"values": rows, "features": ["a", " "]}}},
        "half_a_letter_in_a_feature": whole | {"inputs": {"x": {"values": rows, "features": ["\udcff", "b"]}}},
        "half_a_letter_in_an_id": whole | {"ids": [f"\udcff{k}" for k in range(8)]},
        "half_a_letter_in_a_label": whole | {"labels": ["\udcff", "q"] * 4},
    }[name]
