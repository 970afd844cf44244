"""Batches that no machine holds are refused before memory is asked for."""

import numpy as np
import pytest

from exhibit.tasks.models.memory import require_memory
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.room import memory


def pictures(side: int) -> Dataset:
    """One picture, which takes no memory whatever its size."""
    values = np.broadcast_to(np.float32(0), (1, side, side, 3))
    return Dataset(
        title="t", description="d", source="s", task="classification", label_name="l", classes=("a", "b"),
        inputs=(Input(name="image", kind="image", values=values, bounds=(0, 1)),), labels=np.array([0]),
        sample_ids=np.array(["a"]), split=np.array(["train"]),
    )  # fmt: skip


def test_the_bound_is_that_of_the_machine() -> None:
    each = 3 * 4 * 100 * 100 * 3  # three copies in float32
    require_memory(pictures(100), memory() // each, "compute.batch")
    with pytest.raises(InputError, match=r"^compute\.batch: [\d,]+ samples at a time need about [\d,]+ GB, but this"):
        require_memory(pictures(100), memory() // each + 1, "compute.batch")


def test_large_samples_in_large_batches_are_refused_beforehand() -> None:
    with pytest.raises(InputError, match=r"^model\.batch_size: 1,000,000 samples at a time need about 603,980 GB"):
        require_memory(pictures(4096), 1_000_000, "model.batch_size")
