"""What a batch needs of memory, estimated and refused before it is asked for."""

from math import prod

from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.room import memory

_COPIES = 3  # the raw values, what a net takes, and their gradient
_BYTES = 4  # of a float32


def require_memory(dataset: Dataset, samples: int, key: str) -> None:
    """So many samples at a time fit into this machine, as far as their values alone say.

    Raises:
        InputError: naming the `key` that says how many, and what they would need.
    """
    needed = _COPIES * _BYTES * samples * sum(prod(item.values.shape[1:]) for item in dataset.inputs)
    if needed > (there := memory()):
        raise InputError(
            f"{key}: {samples:,} samples at a time need about {needed / 1e9:,.0f} GB, but this machine has "
            f"{there / 1e9:,.0f} GB; give a smaller number, or smaller samples"
        )
