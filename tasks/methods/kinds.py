"""What the methods know of each kind of input: whether its attributions have channels."""

from collections.abc import Callable
from typing import NamedTuple

from exhibit.tasks.records.base import Array
from exhibit.tasks.records.kinds import Kind


class MethodKind(NamedTuple):
    """One kind of input. `channels`: whether attributions (samples, ..., targets) have an axis of channels before the
    last."""

    channels: Callable[[Array], bool]


KINDS: dict[Kind, MethodKind] = {
    "table": MethodKind(channels=lambda _: False),
    "image": MethodKind(channels=lambda _: True),
    "text": MethodKind(channels=lambda values: values.ndim != 3),  # ids that were taken as numbers have none
    "molecule": MethodKind(channels=lambda _: True),
    "series": MethodKind(channels=lambda _: False),  # each is a quantity of its own
}
