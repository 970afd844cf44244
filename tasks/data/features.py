"""What the elements of an input are to a reader: columns, pixels, functional groups."""

from tasks.data.molecule import group_contributions
from tasks.records import Array, Input


def features(item: Input, values: Array) -> tuple[tuple[str, ...], Array]:
    """Names of the features of `item`, and (samples, features, targets) from `values` (samples, ..., targets).

    `item` holds the same samples as `values`, whose channels are already summed. A table has its columns, an image
    its pixels, a molecule its functional groups (NaN where it does not have one).
    """
    match item.kind:
        case "table":
            return item.features, values
        case "image":
            height, width = values.shape[1:3]
            names = tuple(f"row {row} column {column}" for row in range(height) for column in range(width))
            return names, values.reshape(len(values), height * width, -1)
        case "molecule":
            return group_contributions(list(item.values), values)
        case _:
            raise NotImplementedError(f"features of the kind {item.kind!r}")
