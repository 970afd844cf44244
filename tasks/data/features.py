"""What the elements of an input are to a reader: columns, pixels, functional groups."""

from tasks.data.molecule import GROUPS, group_contributions
from tasks.records import Array, Input


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
        case kind:
            raise NotImplementedError(f"features of the kind {kind!r}")


def features(item: Input, values: Array) -> Array:
    """(samples, features, targets) from `values` (samples, ..., targets), whose channels are already summed.

    `item` holds the same samples. A table has its columns, an image its pixels, a molecule its functional groups,
    NaN where it does not have one.
    """
    match item.kind:
        case "image":
            return values.reshape(len(values), -1, values.shape[-1])
        case "molecule":
            return group_contributions(list(item.values), values)
        case _:
            return values
