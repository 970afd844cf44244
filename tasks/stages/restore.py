"""A trained model from its spec and its weights, as several stages need it."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from exhibit.tasks.factory import times_reloaded
from exhibit.tasks.medium import Medium
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.protocols import Compute, Model
from exhibit.tasks.records.absent import content_of_absent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.packing import canonical_json
from exhibit.tasks.stages.stage import read, users_code
from exhibit.tasks.store import Digest, Store


def spec_with_digests(model: ModelChoice) -> dict[str, Any]:
    """The spec of a model, with digests of its files in the place of their paths."""
    plain = model.model_dump(mode="json")
    for key, value in model.read_from().items():
        *outer, last = key.split(".")
        inner = plain
        for part in outer:
            inner = inner[part]
        inner[last] = _content(value)
    return plain


def _content(files: Path | tuple[Path, ...]) -> str | list[str]:
    """The digest of a file, or of each of several."""
    from exhibit.tasks.models.weights import digest

    if isinstance(files, Path):
        return content_of_absent(files) or digest(files)
    return [content_of_absent(file) or digest(file) for file in files]


def restored(medium: Medium, model: ModelChoice, compute: Compute, dataset: Digest, weights: Digest) -> Model:
    """The model, made once for several stages of a process while the code that makes it, and the files that it reads
    beside its weights, stay the same."""
    code = canonical_json([users_code(model), times_reloaded(), _beside(model)])
    return _restored(medium, model, compute, dataset, weights, code)


def _beside(model: ModelChoice) -> dict[str, Any] | None:
    """By setting the digests of the files beside the weights, as they are now; None where these are elsewhere, as for
    some workers."""
    try:
        return {key: _content(files) for key, files in model.read_from().items() if key != "weights"}
    except InputError:
        return None


@lru_cache(maxsize=8)
def _restored(
    medium: Medium, model: ModelChoice, compute: Compute, dataset: Digest, weights: Digest, _: bytes
) -> Model:
    store = Store(medium)
    return model.restore(read(store, Dataset, dataset), read(store, Weights, weights), compute)
