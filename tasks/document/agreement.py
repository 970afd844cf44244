"""How far the methods of a chapter agree."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from exhibit.tasks.document.common import HALF_PAGE
from exhibit.tasks.document.words import signed
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Figure, Matrix, Scale
from exhibit.tasks.records.material import Material, MethodMaterial
from exhibit.tasks.records.page import Aside, Block, Section
from exhibit.tasks.records.verdict import CheckResult

_MEASURES = {
    "spearman": "rank correlation of |a|",
    "signs": "equal less opposite signs",  # of the share: 0 where signs are equal as often as not
}


def figures(material: Material) -> tuple[Figure, ...]:
    """Two small matrices where three methods or more were compared; two are a sentence."""
    if not _compared(material):
        return ()
    labels = tuple(method.title for method in material.methods)
    return tuple(
        Figure(
            name=f"{material.slug}-agreement-{measure}",
            content=Matrix(labels=labels, counts=values, x_label="", y_label="", correlations=True),
            scales=(Scale(unit=meaning, limit=1.0),),
            caption=f"Agreement of the methods: {meaning}{_NOTES[measure]}, mean over samples.{not_compared(values)}",
            alt=f"{meaning}: {pairs(labels, values)}",
            width=HALF_PAGE,
        )
        for measure, meaning in _MEASURES.items()
        for values in (_matrix(material, measure),)
    )


_NOTES = {"spearman": "", "signs": " as a share of all elements"}


def sections(material: Material) -> tuple[Section, ...]:
    """Where methods were compared."""
    if not _compared(material):
        return ()
    names = tuple(f"{material.slug}-agreement-{measure}" for measure in _MEASURES)
    read = Aside(
        title="How to read it",
        text="Methods answer different questions, so a low number is no fault of either. What only one of them says "
        "is a finding about the method before it is one about the model.",
    )
    return (Section(title="Do the methods agree?", id="agreement", blocks=(Block(figures=names, asides=(read,)),)),)


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
    return "; ".join(
        f"{labels[i]} and {labels[j]} {'not compared' if np.isnan(values[i, j]) else signed(float(values[i, j]))}"
        for i, j in combinations(range(len(labels)), 2)
    )


def not_compared(values: Array) -> str:
    """A sentence where a matrix has gaps."""
    return " A dash on grey: not compared." if np.isnan(values).any() else ""
