"""A trained model from its spec and its weights, as several stages need it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exhibit.tasks.protocols import Compute, Model
from exhibit.tasks.records.absent import content_of_absent
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Weights
from exhibit.tasks.stages.stage import read
from exhibit.tasks.store import Digest, Store

if TYPE_CHECKING:
    from exhibit.tasks.models import ModelSpec


def spec_with_digests(model: ModelSpec) -> dict[str, Any]:
    """The spec of a model, with digests of its files of weights in the place of their paths."""
    from exhibit.tasks.models.weights import digest

    plain = model.model_dump(mode="json")
    files = {key: path for key in ("weights", "base") if isinstance(path := getattr(model, key, None), Path)}
    return plain | {key: content_of_absent(path) or digest(path) for key, path in files.items()}


@lru_cache(maxsize=8)
def restored(root: Path, model: ModelSpec, compute: Compute, dataset: Digest, weights: Digest) -> Model:
    store = Store(root)
    return model.restore(read(store, Dataset, dataset), read(store, Weights, weights), compute)
