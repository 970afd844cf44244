"""Where a user's own net has the channels of pictures, if nothing says it."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np

from exhibit.tasks.models.outputs import same
from exhibit.tasks.protocols import Model
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset

Prepared = Callable[[Arrays], Arrays]
_USUAL = {"torch": "first", "Keras": "last"}  # of nets of these frameworks


def require_one_order(
    some: Dataset, raw: Prepared, model: Callable[[Prepared | None], Model], framework: str, who: str
) -> None:
    """Raises InputError for a net that takes the channels of pictures before height and width as well as behind them,
    and predicts something else, as one does that begins with a Flatten.

    `raw`: the arrays of `some` samples as the data has them; `model`: the net behind a preprocess, None where it is
    given what is usual."""
    colours = [item.name for item in some.inputs if item.traits.pixels and item.values.shape[-1] > 1]
    if not colours:
        return

    def first(inputs: Arrays) -> Arrays:
        return {name: np.moveaxis(one, -1, 1) if name in colours else one for name, one in raw(inputs).items()}

    other: Array | None = None
    with suppress(Exception):  # it takes one order alone, as most nets do
        other = model(raw if _USUAL[framework] == "first" else first).predict(some.arrays)
    own = model(None).predict(some.arrays)
    if other is None or same(own, other):
        return
    as_data = f'{{"{colours[0]}": inputs["{colours[0]}"].astype("float32")'
    raise InputError(
        f"model.factory: the {framework} net of {who} takes the channels of {colours[0]!r} first and last, and "
        "predicts something else; let the function give a preprocess too, which says where they are: return net, "
        f"lambda inputs: {as_data}}} has them last, as the data, and {as_data}.transpose(0, 3, 1, 2)}} first"
    )
