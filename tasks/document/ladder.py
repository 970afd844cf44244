"""The step ladder of a refined method: how residual and attribution settle as steps are added."""

import numpy as np

from exhibit.tasks.document.words import capital, clauses, share
from exhibit.tasks.records.figure import Figure
from exhibit.tasks.records.language import sentences, tr, trn, trp
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
    stops = [
        tr("{explanations} stopped at {steps} evaluations", explanations=f"{first:,}", steps=f"{steps:,}"),
        *(tr("{explanations} at {steps}", explanations=f"{n:,}", steps=f"{s:,}") for n, s in others),
    ]
    named = [tr("{number} is {name}", number=str(number), name=name) for number, name in enumerate(content.names, 1)]
    alt = [
        tr(
            "{name}: residual {share} after {steps} evaluations",
            name=name,
            share=share(float(content.residual[row, last])),
            steps=f"{int(content.steps[last]):,}",
        )
        for row, name in enumerate(content.names)
        for last in (int(np.flatnonzero(np.isfinite(content.residual[row]))[-1]),)
    ]
    caption = [
        tr(
            "{method}, step by step: residual and change of the attribution of the drawn samples as gradient "
            "evaluations are added, on logarithmic scales.",
            method=tr(method.title),
        ),
        tr(
            "A full point: converged, in two successive passes the residual below the dashed line, the tolerance of "
            "{tolerance}, and the change between them, too, or too small for single precision to tell; a ring: out of "
            "steps.",
            tolerance=share(content.tolerance),
        ),
        tr("{sentence}.", sentence=capital(clauses(named))),
        trn(
            "Of {number} explanation, {stops}.",
            "Of {number} explanations, {stops}.",
            int(content.stopped.sum()),
            stops=clauses(stops),
        ),
    ]
    return Figure(
        name=_name(material, method),
        content=content,
        caption=sentences(caption),
        alt=trp("list", "; ").join(alt),
    )


def blocks(material: Material) -> tuple[Block, ...]:
    """The figures, the first with how it is read; nothing where no step was refined."""
    refined = [method for method in material.methods if method.ladder is not None]
    return tuple(
        Block(figures=(_name(material, method),), asides=() if number else (_read(),))
        for number, method in enumerate(refined)
    )


def _read() -> Aside:
    return Aside(
        title=tr("How to read it"),
        text=tr(
            "A line that falls below the dashed one has added up to within the tolerance. One that stays above it "
            "needs more steps than were allowed, or the score jumps along the path."
        ),
    )
