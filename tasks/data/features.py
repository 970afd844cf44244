"""What the elements of an input are to a reader: columns, pixels, tokens, functional groups."""

import numpy as np

from exhibit.tasks.data.molecule import GROUPS, group_contributions
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Input


def feature_names(item: Input) -> tuple[str, ...]:
    """What a reader calls the features of `item`."""
    match item.kind:
        case "table":
            return item.features
        case "image":
            height, width = item.values.shape[1:3]
            return tuple(f"row {row} column {column}" for row in range(height) for column in range(width))
        case "molecule":
            return GROUPS
        case "text":
            return tuple(f"token {position}" for position in range(item.values.shape[1]))


def features(item: Input, values: Array) -> Array:
    """(samples, features, targets) from `values` (samples, ..., targets), whose channels are already summed.

    `item` holds the same samples. A table has its columns, an image its pixels, a text its positions, a molecule its
    functional groups, NaN where it does not have one.
    """
    match item.kind:
        case "image":
            return values.reshape(len(values), -1, values.shape[-1])
        case "molecule":
            return group_contributions(list(item.array), values)
        case _:
            return values


def feature_values(item: Input) -> Array:
    """(samples, features): what a feature is in each sample, NaN where that is no number with an order."""
    match item.kind:
        case "table":
            return item.array.astype(np.float64)
        case "image":
            return item.array.mean(axis=-1, dtype=np.float64).reshape(len(item.values), -1)
        case _:
            return np.full((len(item.values), len(feature_names(item))), np.nan)


def shades(values: Array) -> Array:
    """(samples, features) values as shares of the range of their feature; one half where all are the same."""
    low, high = values.min(axis=0), values.max(axis=0)
    width = high - low
    return np.where(width > 0, (values - low) / np.where(width > 0, width, 1), 0.5 + 0 * values)
