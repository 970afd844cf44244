"""What the elements of an input are to a reader: columns, pixels, tokens, functional groups."""

import numpy as np

from exhibit.tasks.data.kinds import KINDS
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Input


def feature_names(item: Input) -> tuple[str, ...]:
    """What a reader calls the features of `item`."""
    return KINDS[item.kind].names(item)


def features(item: Input, values: Array) -> Array:
    """(samples, features, targets) from `values` (samples, ..., targets), whose channels are already summed.

    `item` holds the same samples. A table has its columns, a category with all its values as one, an image its pixels,
    a text its positions, a molecule its functional groups, NaN where it does not have one.
    """
    return KINDS[item.kind].features(item, values)


def feature_values(item: Input) -> Array:
    """(samples, features): what a feature is in each sample, NaN where that is no number with an order."""
    return KINDS[item.kind].amounts(item)


def shades(values: Array) -> Array:
    """(samples, features) values as shares of the range of their feature; one half where all are the same."""
    known = np.where(np.isnan(values), np.inf, values), np.where(np.isnan(values), -np.inf, values)
    low, high = known[0].min(axis=0), known[1].max(axis=0)
    width = np.where(np.isfinite(high - low), high - low, 0)
    return np.where(width > 0, (values - low) / np.where(width > 0, width, 1), 0.5 + 0 * values)
