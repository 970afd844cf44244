"""How explanations change as more and more layers of a model are made random, as `randomization` measured."""

from collections.abc import Mapping, Sequence

import numpy as np

from exhibit.tasks.document.words import capital, clauses, rounded
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Cascade, Figure, Series
from exhibit.tasks.records.language import sentences, tr, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Block


def figures(material: Material) -> tuple[Figure, ...]:
    """One for all methods whose explanations were asked for the same layers; none for models of a single one."""
    return tuple(_figure(material, layers, found) for layers, found in _measured(material).items())


def blocks(material: Material) -> tuple[Block, ...]:
    """The figures."""
    return tuple(Block(figures=(_name(material, layers),)) for layers in _measured(material))


def _measured(material: Material) -> Mapping[tuple[str, ...], Sequence[tuple[str, Array]]]:
    """By the layers that the steps reach, from the top down: titles of methods with the correlations (steps,)."""
    found: dict[tuple[str, ...], list[tuple[str, Array]]] = {}
    for method in material.methods:
        for result in method.checks:
            if result.cascade is not None:
                layers, correlations = result.cascade
                if len(layers) > 1 and np.isfinite(correlations).all():  # where all explanations are zero they are not
                    found.setdefault(layers, []).append((tr(method.title), correlations))
    return found


def _name(material: Material, layers: tuple[str, ...]) -> str:
    number = list(_measured(material)).index(layers)
    return f"{material.slug}-cascade{number or ''}"


def _figure(material: Material, layers: tuple[str, ...], found: Sequence[tuple[str, Array]]) -> Figure:
    reached = [
        tr("step {number} reaches layer {name}", number=str(number), name=name) for number, name in enumerate(layers, 1)
    ]
    each = [
        tr(
            "{method}: {values}",
            method=method,
            values=trp("list", ", ").join(rounded(float(value), 2) for value in correlations),
        )
        for method, correlations in found
    ]
    caption = [
        tr(
            "Rank correlation of |a| with |a| of the trained model as more and more of its layers are made random, "
            "step by step from the top down: means over random models, of which the check of each method says how many."
        ),
        tr("{sentence}.", sentence=capital(clauses(reached))),
    ]
    return Figure(
        name=_name(material, layers),
        content=Cascade(
            series=tuple(Series(name=method, values=values) for method, values in found),
            x_label=tr("step, from the top layer down"),
            y_label=tr("correlation"),
        ),
        caption=sentences(caption),
        alt=trp("list", "; ").join(each),
    )
