"""A trained model from its spec and its weights, as several stages need it."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.protocols import Compute, Model
from exhibit.tasks.records.absent import content_of_absent
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Weights
from exhibit.tasks.stages.stage import read
from exhibit.tasks.store import Digest, Store


def spec_with_digests(model: ModelChoice) -> dict[str, Any]:
    """The spec of a model, with digests of its files of weights in the place of their paths."""
    from exhibit.tasks.models.weights import digest

    files = {key: content_of_absent(path) or digest(path) for key, path in model.files().items()}
    return model.model_dump(mode="json") | files


@lru_cache(maxsize=8)
def restored(root: Path, model: ModelChoice, compute: Compute, dataset: Digest, weights: Digest) -> Model:
    store = Store(root)
    return model.restore(read(store, Dataset, dataset), read(store, Weights, weights), compute)
