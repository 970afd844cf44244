"""What two features do only together."""

from itertools import combinations

import numpy as np

from exhibit.tasks.ahead import student
from exhibit.tasks.document.over_rows import cost, digits, rows_of
from exhibit.tasks.document.words import count, interval, plain, rounded, signed, without_units
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.behaviour import Interactions
from exhibit.tasks.records.figure import Bars, Figure, Series
from exhibit.tasks.records.language import sentences, tr, trn, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Aside, Block, Column, Table

_MOST = 10  # pairs that are drawn; the table has all


def figures(material: Material, found: Interactions) -> tuple[Figure, ...]:
    """Bars of the strongest pairs."""
    if found.by is None:
        return ()
    pairs, halves = _pairs(found)[:_MOST], halves_of(found)
    series = tuple(
        Series(
            name=name,
            values=np.array([found.mean[k, i, j] for i, j in pairs]),
            errors=np.array([halves[k, i, j] for i, j in pairs]),
        )
        for k, name in enumerate(found.outputs)
    )
    left = len(_pairs(found)) - len(pairs)
    rest = (
        trn("The {number} other pair stands in the table.", "The {number} other pairs stand in the table.", left)
        if left
        else ""
    )
    caption = tr(
        "Mean size of the interaction of pairs of features over {rows}, the strongest first, in {unit}.",
        rows=rows_of(material, found.asked),
        unit=tr(found.unit),
    )
    return (
        Figure(
            name=f"{material.slug}-interactions",
            content=Bars(labels=tuple(_named(found, *pair) for pair in pairs), series=series, axis=_axis(found)),
            caption=sentences([caption, _lines(found), rest]),
            alt=trp("list", "; ").join(
                f"{_named(found, i, j)} {rounded(float(found.mean[:, i, j].max()))}" for i, j in pairs
            ),
        ),
    )


def _lines(found: Interactions) -> str:
    return "" if np.isnan(found.error).any() else tr("Lines: 95% interval over rows.")


def blocks(material: Material, found: Interactions) -> tuple[Block, ...]:
    """How it was asked, the figure and its numbers; or why there is nothing."""
    if found.by is None:
        return (Block(heading=tr("Interactions"), paragraphs=(_refused(found),)),)
    name = f"{material.slug}-interactions"
    return (
        Block(heading=tr("Interactions"), paragraphs=(_how(found),), figures=(name,), asides=(_read(),)),
        Block(tables=(_table(material, found),)),
    )


def _read() -> Aside:
    return Aside(
        title=tr("How to read it"),
        text=tr(
            "A long bar: what one of the two features does depends on the value of the other. The interactions of a "
            "feature and what it does alone add up to its Shapley value."
        ),
    )


def _refused(found: Interactions) -> str:
    features = count(len(found.features), "feature")
    if len(found.features) < 2:
        return tr("Not applicable: there is {features}, and no pair.", features=features)
    return tr(
        "Not applicable: there are {features}, all coalitions are asked about of at most {most}, and the model is not "
        "one of trees of scikit-learn that add up to what it predicts.",
        features=features,
        most=str(found.most),
    )


def _how(found: Interactions) -> str:
    added = tr(
        "In each row all of them add up to the change of the {score}{residual}.",
        score=_changed(found),
        residual=_residual(found.residual),
    )
    return sentences([_asked(found), _strongest(found), added, cost(found.asked)])


def _asked(found: Interactions) -> str:
    if found.by == "coalitions":
        return tr(
            "Exact Shapley interactions: all {number} coalitions of the features of each row were asked about, with "
            "hidden features from {rows}.",
            number=f"{2 ** len(found.features):,}",
            rows=count(found.background, "training row"),
        )
    return tr("Read off the trees by SHAP's TreeExplainer: hidden features follow the training samples down them.")


def _strongest(found: Interactions) -> str:
    """Which features do most together, and which does most alone."""
    i, j = _pairs(found)[0]
    alone = int(found.alone.max(axis=0).argmax())
    most = float(found.mean[:, i, j].max())
    counts = {"feature": without_units(found.features)[alone], "alone": rounded(float(found.alone[:, alone].max()))}
    if most <= found.residual:  # what a computer rounds
        return tr(
            "No pair of features does anything together; what counts most alone is {feature}, {alone}.",
            **counts,
        )
    return tr(
        "The strongest pair is {pair}, {size} on average; what counts most alone is {feature}, {alone}.",
        pair=_named(found, i, j),
        size=rounded(most),
        **counts,
    )


def _changed(found: Interactions) -> str:
    return tr("probability") if found.unit == "probability" else tr("predicted value")


def _residual(value: float) -> str:
    return "" if value == 0 else tr(" but for {number} at most", number=rounded(value, 1))


def _pairs(found: Interactions) -> list[tuple[int, int]]:
    """All pairs, the one with the largest mean size for any output first."""
    pairs = list(combinations(range(len(found.features)), 2))
    return sorted(pairs, key=lambda pair: -float(found.mean[:, pair[0], pair[1]].max()))


def _named(found: Interactions, i: int, j: int) -> str:
    return f"{without_units(found.features)[i]} × {without_units(found.features)[j]}"


def halves_of(found: Interactions) -> Array:
    """(outputs, features, features): half of the 95% interval of each mean size, by Student's t over the rows; NaN of a
    single row."""
    return student(found.error, found.asked.rows)


def _axis(found: Interactions) -> str:
    of = (
        tr("probability of {name}", name=found.outputs[0])
        if found.unit == "probability" and len(found.outputs) == 1
        else tr(found.unit)
    )
    return tr("mean size of the interaction, {unit}", unit=of)


def _table(material: Material, found: Interactions) -> Table:
    halves = halves_of(found)
    rows, shown = [], digits(np.append(found.mean.ravel(), 0.0)) + 1
    for i, j in _pairs(found):
        for k, output in enumerate(found.outputs):
            mean, half = float(found.mean[k, i, j]), float(halves[k, i, j])
            ends = tr("not stated") if np.isnan(half) else interval(max(0.0, mean - half), mean + half, shown)
            by_sign = signed(float(found.signed[k, i, j]), shown)
            rows.append((_named(found, i, j), output, plain(mean, shown), ends, by_sign))
    return Table(
        name=f"{material.slug}-interactions-table",
        caption=tr(
            "Interactions of all pairs over {rows}, in {unit}: the mean of their sizes with its 95% interval over "
            "rows, and their mean with its sign.",
            rows=rows_of(material, found.asked),
            unit=tr(found.unit),
        ),
        columns=(
            Column(title=tr("pair")),
            Column(title=tr("output")),
            Column(title=tr("mean size"), numeric=True),
            Column(title=tr("95% interval"), numeric=True),
            Column(title=tr("mean"), numeric=True),
        ),
        rows=tuple(rows),
    )
