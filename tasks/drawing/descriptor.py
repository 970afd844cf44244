"""What makes a kind of figure: all but its data, which is a record, in one place.

A new kind is a record in `exhibit.tasks.records.figure`, a module here that draws it and ends with its descriptor, and
a line in `exhibit.tasks.drawing.kinds`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from exhibit.tasks.records.figure import FigureContent, Part, Placement, Reading, Scale

C = TypeVar("C", bound=FigureContent)
Draw = Callable[[C, Sequence[Scale], float], tuple[Part, ...]]


def _never(_: FigureContent) -> bool:
    return False


@dataclass(frozen=True)
class FigureKind(Generic[C]):
    """One kind of figure. `draw`: the parts of what `record` holds, from its scales and the share of the text column
    that it has; `reading`: how it is read, in one way or by what it holds. `template`, `numbers`, `broad`, `long` and
    `fixed` are those of `Placement`, the last three by what it holds."""

    record: type[C]
    draw: Draw[C]
    reading: Reading | Callable[[C], Reading]
    template: str = "chart"
    numbers: bool = False
    broad: Callable[[C], bool] = _never
    long: Callable[[C], bool] = _never
    fixed: Callable[[C], bool] = _never

    def read(self, content: C) -> Reading:
        """How this one is read."""
        return self.reading if isinstance(self.reading, Reading) else self.reading(content)

    def place(self, content: C) -> Placement:
        """How a page shows this one."""
        return Placement(
            template=self.template,
            numbers=self.numbers,
            broad=self.broad(content),
            long=self.long(content),
            fixed=self.fixed(content),
        )


def chart(draw: Callable[[C, float], Part]) -> Draw[C]:
    """A figure of one part that needs no scale."""
    return lambda content, _, width: (draw(content, width),)


def divided(draw: Callable[[C, float], tuple[Part, ...]]) -> Draw[C]:
    """A figure that needs no scale, whole and in pieces."""
    return lambda content, _, width: draw(content, width)
