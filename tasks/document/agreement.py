"""How far the methods of a chapter agree."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from exhibit.tasks.document.common import HALF_PAGE
from exhibit.tasks.document.words import related
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Figure, Matrix, Scale
from exhibit.tasks.records.language import mark, sentences, tr, trp
from exhibit.tasks.records.material import Material, MethodMaterial
from exhibit.tasks.records.page import Aside, Block, Section
from exhibit.tasks.records.verdict import CheckResult

_MEASURES = {
    "spearman": mark("rank correlation of |a|"),
    "signs": mark("equal less opposite signs"),  # of the share: 0 where signs are equal as often as not
}


def figures(material: Material) -> tuple[Figure, ...]:
    """Two small matrices where three methods or more were compared; two are a sentence."""
    if not _compared(material):
        return ()
    labels = tuple(tr(method.title) for method in material.methods)
    return tuple(_figure(material, measure, labels) for measure in _measured(material))


def _figure(material: Material, measure: str, labels: tuple[str, ...]) -> Figure:
    values, meaning = _matrix(material, measure), tr(_MEASURES[measure])
    return Figure(
        name=f"{material.slug}-agreement-{measure}",
        content=Matrix(labels=labels, counts=values, x_label="", y_label="", correlations=True),
        scales=(Scale(unit=meaning, limit=1.0),),
        caption=sentences([tr(_CAPTIONS[measure]), not_compared(values), _other_signs(material, measure)]),
        alt=tr("{measure}: {pairs}", measure=meaning, pairs=pairs(labels, values)),
        width=HALF_PAGE,
    )


def _other_signs(material: Material, measure: str) -> str:
    """Why signs are not compared where ranks are."""
    without, with_ranks = (np.isnan(_matrix(material, which)) for which in ("signs", "spearman"))
    if measure != "signs" or not (without & ~with_ranks).any():
        return ""
    return tr("The sign of a slope is not that of a contribution, and sizes have none.")


_CAPTIONS = {
    "spearman": mark("Agreement of the methods: rank correlation of |a|, mean over samples."),
    "signs": mark("Agreement of the methods: equal less opposite signs as a share of all elements, mean over samples."),
}


def sections(material: Material) -> tuple[Section, ...]:
    """Where methods were compared."""
    if not _compared(material):
        return ()
    names = tuple(f"{material.slug}-agreement-{measure}" for measure in _measured(material))
    read = Aside(
        title=tr("How to read it"),
        text=tr(
            "Methods answer different questions, so a low number is no fault of either. What only one of them says "
            "is a finding about the method before it is one about the model."
        ),
    )
    return (Section(title=tr("Do the methods agree?"), id="agreement", blocks=(Block(figures=names, asides=(read,)),)),)


def _measured(material: Material) -> list[str]:
    """Signs where some pair of methods has any in common: those of a slope and of a contribution are not compared."""
    pairs = np.triu_indices(len(material.methods), 1)
    no_signs = np.isnan(_matrix(material, "signs")[pairs]).all()
    return [measure for measure in _MEASURES if measure != "signs" or not no_signs]


def _compared(material: Material) -> bool:
    checks = [_beside_others(method) for method in material.methods]
    return len(checks) > 2 and None not in checks


def _beside_others(method: MethodMaterial) -> CheckResult | None:
    return next((check for check in method.checks if check.beside_others), None)


def _matrix(material: Material, measure: str) -> Array:
    """(methods, methods), 1 with itself; NaN where a pair has not the same elements."""
    labels = [method.label for method in material.methods]
    grid = np.where(np.eye(len(labels)) == 1, 1.0, np.nan)
    for row, method in enumerate(material.methods):
        check = _beside_others(method)
        assert check is not None, "every method was compared"
        for other, value in zip(check.details["others"].tolist(), check.details[measure].tolist(), strict=True):
            grid[row, labels.index(other)] = 2 * value - 1 if measure == "signs" else value
    return grid


def pairs(labels: Sequence[str], values: Array) -> str:
    """Every pair with its number."""
    return trp("list", "; ").join(
        tr(
            "{one} and {other} {number}",
            one=labels[i],
            other=labels[j],
            number=tr("not compared") if np.isnan(values[i, j]) else related(float(values[i, j])),
        )
        for i, j in combinations(range(len(labels)), 2)
    )


def not_compared(values: Array) -> str:
    """A sentence where a matrix has gaps."""
    return tr("A dash on grey: not compared.") if np.isnan(values).any() else ""
