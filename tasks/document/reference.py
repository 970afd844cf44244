"""The order of a reference that is not the explained model, beside that of each method."""

import numpy as np

from exhibit.tasks.document.common import over_trainings
from exhibit.tasks.document.words import interval, off_bounds, span
from exhibit.tasks.orders import ranks
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Reference
from exhibit.tasks.records.language import tr
from exhibit.tasks.records.material import Material, MethodMaterial
from exhibit.tasks.records.page import Block, Column, Table

_RESAMPLES = 2000


def blocks(material: Material) -> tuple[Block, ...]:
    """The rank correlation of every method with the reference; nothing without one."""
    reference = material.reference
    if reference is None:
        return ()
    compared = [
        (method, values) for method in material.methods if (values := _by_sample(method, reference)) is not None
    ]
    return (Block(tables=(_table(material, reference, compared),)),) if compared else ()


def _by_sample(method: MethodMaterial, reference: Reference) -> Array | None:
    """(samples, features) |a| in the order of the reference's features; None where not all of them were kept."""
    if method.swarm is None or set(method.swarm.labels) != set(reference.features):
        return None
    return np.abs(method.swarm.values[:, [method.swarm.labels.index(name) for name in reference.features]])


def _table(material: Material, reference: Reference, compared: list[tuple[MethodMaterial, Array]]) -> Table:
    trained = any(over_trainings(method) is not None for method, _ in compared)
    rows = []
    for method, values in compared:
        value, low, high = correlation(values, reference.mean)
        check = over_trainings(method)
        over = [] if check is None else rank_correlation(check.details["share"], reference.mean).tolist()
        ends = span(min(over), max(over), write=off_bounds) if over else "–"
        rows.append((tr(method.title), off_bounds(value), interval(low, high), *((ends,) if trained else ())))
    several = tr(", and the lowest and highest over trainings") if trained else ""
    return Table(
        name=f"{material.slug}-reference",
        caption=tr(
            "Spearman correlation of mean |a| with the {reference} over {number} features; 95% interval from "
            "{resamples} resamplings of the samples{trainings}.",
            reference=tr(reference.label),
            number=str(len(reference.features)),
            resamples=f"{_RESAMPLES:,}",
            trainings=several,
        ),
        columns=(
            Column(title=tr("method")),
            Column(title="Spearman", numeric=True),
            Column(title=tr("95% interval"), numeric=True),
            *((Column(title=tr("over trainings"), numeric=True),) if trained else ()),
        ),
        rows=tuple(rows),
    )


def correlation(values: Array, reference: Array) -> tuple[float, float, float]:
    """Spearman correlation of the mean over samples (samples, features) with the reference (features,), and its 95%
    interval from resampling the samples with a fixed seed."""
    resamples = np.random.default_rng(0).integers(len(values), size=(_RESAMPLES, len(values)))
    means = np.array([values[rows].mean(axis=0) for rows in resamples])
    low, high = np.percentile(rank_correlation(means, reference), [2.5, 97.5])
    return float(rank_correlation(values.mean(axis=0)[np.newaxis], reference)[0]), float(low), float(high)


def rank_correlation(values: Array, reference: Array) -> Array:
    """(rows,): Spearman correlation of each row (rows, features) with `reference` (features,); ties share a rank."""
    one, other = ranks(values), ranks(reference[np.newaxis])[0]
    one, other = one - one.mean(axis=1, keepdims=True), other - other.mean()
    size = np.sqrt((one**2).sum(axis=1) * (other**2).sum())
    return np.divide(one @ other, size, out=np.zeros(len(one)), where=size > 0)
