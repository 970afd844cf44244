"""A trained model from its spec and its weights, as several stages need it."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from exhibit.tasks.medium import Medium
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.protocols import Compute, Model
from exhibit.tasks.records.absent import content_of_absent
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.packing import canonical_json
from exhibit.tasks.stages.stage import read, users_code
from exhibit.tasks.store import Digest, Store


def spec_with_digests(model: ModelChoice) -> dict[str, Any]:
    """The spec of a model, with digests of its files in the place of their paths."""
    from exhibit.tasks.models.weights import digest

    def content(path: Path) -> str:
        return content_of_absent(path) or digest(path)

    plain = model.model_dump(mode="json")
    for key, value in model.read_from().items():
        *outer, last = key.split(".")
        inner = plain
        for part in outer:
            inner = inner[part]
        inner[last] = content(value) if isinstance(value, Path) else list(map(content, value))
    return plain


def restored(medium: Medium, model: ModelChoice, compute: Compute, dataset: Digest, weights: Digest) -> Model:
    """The model, made once for several stages of a process while the code that makes it stays the same."""
    return _restored(medium, model, compute, dataset, weights, canonical_json(users_code(model)))


@lru_cache(maxsize=8)
def _restored(
    medium: Medium, model: ModelChoice, compute: Compute, dataset: Digest, weights: Digest, _: bytes
) -> Model:
    store = Store(medium)
    return model.restore(read(store, Dataset, dataset), read(store, Weights, weights), compute)
