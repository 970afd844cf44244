"""Figures of molecules; RDKit, which draws them, is loaded when there is one."""

from collections.abc import Sequence

from exhibit.tasks.drawing.descriptor import FigureKind
from exhibit.tasks.records.figure import Molecules, Part, Reading, Scale


def _draw(content: Molecules, scales: Sequence[Scale], _: float) -> tuple[Part, ...]:
    from exhibit.tasks.drawing.molecule import molecules

    return molecules(content, scales)


def _read(content: Molecules) -> Reading:
    bonds = ", one in grey that of a bond" if any(item.bonds is not None for item in content.items) else ""
    return Reading(
        title="Molecules",
        text=f"The number beside an atom is its contribution{bonds}, its colour the same number on the scale below. "
        "The line below a molecule is their sum beside what the model makes of it.",
        warning="Hydrogens count with the atom that they hang on. An atom acts together with its neighbours.",
    )


MOLECULES = FigureKind(
    record=Molecules,
    draw=_draw,
    reading=_read,
    template="molecules",
    broad=lambda content: len(content.items) > 2,
    long=lambda content: len(content.items) > 3,
)
