"""What a model loses when the values of one feature are exchanged between rows."""

import numpy as np

from exhibit.tasks.document.over_rows import INTERVALS, cost, digits, features_asked, rows_of
from exhibit.tasks.document.words import (
    as_chance,
    count,
    interval,
    listing,
    plain,
    rounded,
    signed,
    span,
    without_units,
)
from exhibit.tasks.records.behaviour import Permutation
from exhibit.tasks.records.figure import Bars, Figure, Series
from exhibit.tasks.records.language import sentences, tr, trn, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Aside, Block, Column, Table


def figures(material: Material, found: Permutation) -> tuple[Figure, ...]:
    """A bar for each feature."""
    loss = tr(found.loss)
    caption = tr(
        "By how much the {loss} grows where the values of one feature are exchanged between rows, mean over {orders} "
        "of {rows}.",
        loss=loss,
        orders=count(len(found.repeats), "order"),
        rows=rows_of(material, found.asked),
    )
    lines = "" if np.isnan(found.low).any() else tr(INTERVALS).strip()
    series = Series(name=loss, values=found.mean, errors=(found.high - found.low) / 2)
    return (
        Figure(
            name=f"{material.slug}-permutation-importance",
            content=Bars(
                labels=without_units(found.features),
                series=(series,),
                axis=tr("growth of the {loss}", loss=loss),
                signed=bool((found.mean < 0).any()),
            ),
            caption=sentences([caption, lines]),
            alt=trp("list", "; ").join(
                f"{name} {rounded(value)}" for name, value in zip(found.features, found.mean.tolist(), strict=True)
            ),
        ),
    )


def blocks(material: Material, found: Permutation) -> tuple[Block, ...]:
    """What the model needs, the figure, and its numbers."""
    asked = features_asked(len(found.features), found.total)
    said = sentences([_needed(found), _seen(material, found), asked, cost(found.asked)])
    name = f"{material.slug}-permutation-importance"
    return (
        Block(heading=tr("Permutation importance"), paragraphs=(said,), figures=(name,), asides=(_read(),)),
        Block(tables=(_table(material, found),)),
    )


def _read() -> Aside:
    return Aside(
        title=tr("How to read it"),
        text=tr(
            "It says what the model needs to be as good as it is, not which way a feature counts. Features that stand "
            "in for one another each seem to matter little, for the model still has the other."
        ),
    )


def _needed(found: Permutation) -> str:
    """Which features the model surely needs on these rows, whatever chance may do to one of so many."""
    if np.isnan(found.chance).any():
        return tr(
            "Of fewer than {number} rows no interval is stated, and so not which features the model needs.",
            number=str(found.FEW),
        )
    sure = [
        name
        for name, chance in zip(without_units(found.features), found.chance.tolist(), strict=True)
        if chance < found.SURE
    ]
    chance = f"{found.SURE:.0%}"
    how = (
        tr(
            "in fewer than {chance} of cases would chance show as much of any of the {number} asked about",
            chance=chance,
            number=str(len(found.features)),
        )
        if len(found.features) > 1
        else tr("in fewer than {chance} of cases would chance show as much of any", chance=chance)
    )
    if not sure:
        return tr(
            "These rows do not show that the model needs any feature: of none is it so that {how}.",
            how=how,
        )
    needs = tr("On these rows the model needs {features}: {how}.", features=listing(sure), how=how)
    others = len(found.features) - len(sure)
    if not others:
        return needs
    rest = trn(
        "For {number} further one these rows do not show it.",
        "For {number} further ones these rows do not show it.",
        others,
    )
    return sentences([needs, rest])


def _seen(material: Material, found: Permutation) -> str:
    """That the model has learned from these rows, or may have: of others it may need less."""
    if material.trained:
        learned = tr("The model was trained on some of these rows: it may need less on others.")
        every = tr("The model was trained on these rows: it may need less on others.")
        seen = "train" in found.asked.splits
        return "" if not seen else every if set(found.asked.splits) == {"train"} else learned
    if material.not_seen:
        return ""
    return tr("Whether the model has seen these rows before is not known; of rows that trained it, it may need more.")


def _table(material: Material, found: Permutation) -> Table:
    shown = digits(np.append(found.mean, 0.0))
    rows = [
        (
            feature,
            signed(mean, shown),
            tr("not stated") if np.isnan(low) else interval(low, high, shown),
            tr("not stated") if np.isnan(chance) else as_chance(chance),
            plain(found.before + mean, shown),
            span(least, most, shown),
        )
        for feature, mean, low, high, chance, least, most in zip(
            found.features,
            found.mean.tolist(),
            found.low.tolist(),
            found.high.tolist(),
            found.chance.tolist(),
            found.repeats.min(axis=0).tolist(),
            found.repeats.max(axis=0).tolist(),
            strict=True,
        )
    ]
    return Table(
        name=f"{material.slug}-permutation-importance-table",
        caption=tr(
            "The {loss} on {rows} as they are is {value}. Chance: of at least as much growth where the model needs "
            "none (Student's t-test, by Holm's procedure over all features); each interval is for itself. Single "
            "orders: the least and the largest growth by any one of the {orders}.",
            loss=tr(found.loss),
            rows=rows_of(material, found.asked),
            value=plain(found.before, shown),
            orders=count(len(found.repeats), "order"),
        ),
        columns=(
            Column(title=tr("feature")),
            Column(title=trp("column", "growth"), numeric=True),
            Column(title=tr("95% interval"), numeric=True),
            Column(title=trp("column", "chance"), numeric=True),
            Column(title=tr("{loss} then", loss=tr(found.loss)), numeric=True),
            Column(title=tr("single orders"), numeric=True),
        ),
        rows=tuple(rows),
    )
