"""Families of models on each kind of data: the smallest of each that can be explained."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

RANDOM = np.random.default_rng(0)
CLASSES = np.array([0, 1] * 8)
TABLE = RANDOM.normal(size=(16, 4)) + CLASSES[:, np.newaxis]
IMAGES = RANDOM.uniform(size=(16, 6, 6, 1)).astype(np.float32)
TEXTS = ["a good film", "so bad a play", "good", "bad play"] * 4
SERIES = RANDOM.normal(size=(16, 6, 3)).astype(np.float32)
IDS, TOKENS = RANDOM.integers(1, 6, (16, 5)), ["nothing", "a", "b", "c", "d", "e"]
SMILES = ["CCO", "CCN", "OCCO", "CCC"] * 4


class Tried(NamedTuple):
    """Data of one kind, a model on it, and what further `exhibit.explain` is given."""

    model: Callable[[], Any]
    X: Any
    further: Mapping[str, Any] = {}


def _torch(*layers: Callable[[], Any]) -> Callable[[], Any]:
    def made() -> Any:
        import torch

        with torch.random.fork_rng():
            torch.manual_seed(0)
            return torch.nn.Sequential(*(layer() for layer in layers))

    return made


def _torch_embedding() -> Any:
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.scores = nn.Embedding(60, 3, padding_idx=0), nn.Linear(3, 2)

        def forward(self, ids: Any) -> Any:
            there = (ids != 0)[..., None]  # what fills up says nothing, nor does its gradient
            return self.scores((self.embed(ids) * there).sum(dim=1))

    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Net()


def _atoms(smiles: list[str]) -> Any:
    import torch

    return torch.tensor(_numbers(smiles))


def _numbers(smiles: list[str]) -> Any:
    from rdkit import Chem

    numbers = [[atom.GetAtomicNum() for atom in Chem.MolFromSmiles(one).GetAtoms()] for one in smiles]
    return np.array([one + [0] * (8 - len(one)) for one in numbers])  # at one length, whatever is beside it


def _keras(shape: tuple[int | None, ...], *layers: Callable[[Any], Any], dtype: str = "float32") -> Callable[[], Any]:
    def made() -> Any:
        import keras

        keras.utils.set_random_seed(0)
        inner = [layer(keras.layers) for layer in layers]
        return keras.Sequential([keras.Input(shape, dtype=dtype), *inner, keras.layers.Dense(2)])

    return made


def _keras_embedding() -> Any:
    import keras

    keras.utils.set_random_seed(0)
    ids = keras.Input((8,), dtype="int32")
    there = keras.ops.cast(keras.ops.not_equal(ids, 0), "float32")[..., None]
    embedded = keras.layers.Embedding(60, 3, name="embed")(ids) * there
    return keras.Model(ids, keras.layers.Dense(2)(keras.ops.sum(embedded, axis=1)))


def _fitted(library: str, name: str, **settings: Any) -> Callable[[], Any]:
    def made() -> Any:
        import importlib

        return getattr(importlib.import_module(library), name)(**settings).fit(TABLE, CLASSES)

    return made


def _pipeline() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, CLASSES)


def _flat(images: Any) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(images.reshape(len(images), -1), CLASSES)


def _nn(name: str, *arguments: Any) -> Callable[[], Any]:
    def made() -> Any:
        from torch import nn

        return getattr(nn, name)(*arguments)

    return made


IDS_OF_TEXT = {"kind": "text", "names": TOKENS}
FAMILIES: dict[str, dict[str, Tried]] = {
    "torch": {
        "table": Tried(_torch(_nn("Linear", 4, 3), _nn("Tanh"), _nn("Linear", 3, 2)), TABLE),
        "image": Tried(
            _torch(_nn("Conv2d", 1, 2, 3), _nn("ReLU"), _nn("Flatten"), _nn("Linear", 32, 2)), IMAGES
        ),
        "text": Tried(_torch_embedding, IDS, IDS_OF_TEXT),
        "molecule": Tried(_torch_embedding, SMILES, {"preprocess": _atoms}),
        "series": Tried(_torch(_nn("Flatten"), _nn("Linear", 18, 2)), SERIES, {"kind": "series"}),
    },
    "Keras": {
        "table": Tried(_keras((4,), lambda layers: layers.Dense(3, activation="tanh")), TABLE),
        "image": Tried(
            _keras((6, 6, 1), lambda layers: layers.Conv2D(2, 3, activation="relu"), lambda layers: layers.Flatten()),
            IMAGES,
        ),
        "text": Tried(
            _keras((None,), lambda layers: layers.Embedding(6, 3, name="embed"),
                   lambda layers: layers.GlobalAveragePooling1D(), dtype="int32"),
            IDS,
            IDS_OF_TEXT,
        ),
        "molecule": Tried(
            _keras_embedding,
            SMILES,
            {"preprocess": _numbers},
        ),
        "series": Tried(_keras((6, 3), lambda layers: layers.Flatten()), SERIES, {"kind": "series"}),
    },
    "scikit-learn: trees": {
        "table": Tried(_fitted("sklearn.ensemble", "RandomForestClassifier", n_estimators=3), TABLE)
    },
    "scikit-learn: others": {
        "table": Tried(_fitted("sklearn.linear_model", "LogisticRegression"), TABLE),
        "image": Tried(lambda: _flat(IMAGES), IMAGES),
        "text": Tried(_pipeline, TEXTS),
    },
    "LightGBM": {
        "table": Tried(
            _fitted("lightgbm", "LGBMClassifier", n_estimators=3, min_child_samples=2, verbose=-1, n_jobs=1), TABLE
        )
    },
    "XGBoost": {"table": Tried(_fitted("xgboost", "XGBClassifier", n_estimators=3, n_jobs=1), TABLE)},
    "CatBoost": {
        "table": Tried(
            _fitted("catboost", "CatBoostClassifier", iterations=3, verbose=False, thread_count=1,
                    allow_writing_files=False),
            TABLE,
        )
    },
    "function": {
        "table": Tried(lambda: lambda rows: np.stack([-rows[:, 0], rows[:, 0] * rows[:, 1]], axis=1), TABLE),
        "image": Tried(lambda: lambda images: np.stack([images[:, 0, 0, 0], images[:, 1, 1, 0]], axis=1), IMAGES),
        "series": Tried(lambda: lambda steps: steps[:, 0, :2], SERIES, {"kind": "series"}),
        "text": Tried(lambda: lambda texts: np.array([[0.0, text.count("good")] for text in texts]), TEXTS),
    },
}  # fmt: skip
