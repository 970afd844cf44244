"""Figures of molecules; RDKit, which draws them, is loaded when there is one."""

from collections.abc import Sequence

from exhibit.tasks.drawing.descriptor import FigureKind
from exhibit.tasks.records.figure import Molecules, Part, Reading, Scale
from exhibit.tasks.records.language import mark


def _draw(content: Molecules, scales: Sequence[Scale], _: float) -> tuple[Part, ...]:
    from exhibit.tasks.drawing.molecule import molecules

    return molecules(content, scales)


_WARNING = mark("Hydrogens count with the atom that they hang on. An atom acts together with its neighbours.")
_ATOMS = Reading(
    title=mark("Molecules"),
    text=mark(
        "The number beside an atom is its contribution, its colour the same number on the scale below. The line below "
        "a molecule is their sum beside what the model makes of it."
    ),
    warning=_WARNING,
)
_BONDS = Reading(
    title=mark("Molecules with bonds"),
    text=mark(
        "The number beside an atom is its contribution, one in grey that of a bond, its colour the same number on the "
        "scale below. The line below a molecule is their sum beside what the model makes of it."
    ),
    warning=_WARNING,
)


def _read(content: Molecules) -> Reading:
    return _BONDS if any(item.bonds is not None for item in content.items) else _ATOMS


MOLECULES = FigureKind(
    record=Molecules,
    draw=_draw,
    reading=_read,
    template="molecules",
    broad=lambda content: len(content.items) > 2,
    long=lambda content: len(content.items) > 3,
)
