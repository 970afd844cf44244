"""The step ladder of a refined method: how residual and attribution settle as steps are added."""

import numpy as np

from exhibit.tasks.document.words import capital, count, listing, share
from exhibit.tasks.records.figure import Figure
from exhibit.tasks.records.material import Material, MethodMaterial
from exhibit.tasks.records.page import Aside, Block

_MOST_LINES = 8  # samples that have a line


def figures(material: Material) -> tuple[Figure, ...]:
    """One for each method whose steps were refined."""
    return tuple(_figure(material, method) for method in material.methods if method.ladder is not None)


def _name(material: Material, method: MethodMaterial) -> str:
    return f"{material.slug}-{method.label}-ladder"


def _figure(material: Material, method: MethodMaterial) -> Figure:
    assert method.ladder is not None, "asked for by the caller"
    lines = slice(_MOST_LINES)
    content = method.ladder.model_copy(
        update={
            "names": method.ladder.names[lines],
            "residual": method.ladder.residual[lines],
            "change": method.ladder.change[lines],
            "converged": method.ladder.converged[lines],
        }
    )
    ends = [(int(n), int(s)) for s, n in zip(content.steps, content.stopped, strict=True) if n]
    (first, steps), *others = ends
    stops = [f"{first:,} stopped at {steps:,} evaluations", *(f"{n:,} at {s:,}" for n, s in others)]
    named = [f"{number} is {name}" for number, name in enumerate(content.names, 1)]
    alt = [
        f"{name}: residual {share(float(content.residual[row, last]))} after {int(content.steps[last]):,} evaluations"
        for row, name in enumerate(content.names)
        for last in (int(np.flatnonzero(np.isfinite(content.residual[row]))[-1]),)
    ]
    return Figure(
        name=_name(material, method),
        content=content,
        caption=f"{method.title}, step by step: residual and change of the attribution of the drawn samples as "
        f"gradient evaluations are added, on logarithmic scales. A full point: converged, both below the dashed line, "
        f"the tolerance of {share(content.tolerance)}, in two successive passes; a ring: out of steps. "
        f"{capital(listing(named))}. Of {count(int(content.stopped.sum()), 'explanation')}, {listing(stops)}.",
        alt="; ".join(alt),
    )


def blocks(material: Material) -> tuple[Block, ...]:
    """The figures, the first with how it is read; nothing where no step was refined."""
    refined = [method for method in material.methods if method.ladder is not None]
    return tuple(
        Block(figures=(_name(material, method),), asides=() if number else (_READ,))
        for number, method in enumerate(refined)
    )


_READ = Aside(
    title="How to read it",
    text="A line that falls below the dashed one has added up to within the tolerance. One that stays above it needs "
    "more steps than were allowed, or the score jumps along the path.",
)
