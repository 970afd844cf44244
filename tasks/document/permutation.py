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
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Aside, Block, Column, Table


def figures(material: Material, found: Permutation) -> tuple[Figure, ...]:
    """A bar for each feature."""
    lines = "" if np.isnan(found.low).any() else INTERVALS
    series = Series(name=found.loss, values=found.mean, errors=(found.high - found.low) / 2)
    return (
        Figure(
            name=f"{material.slug}-permutation-importance",
            content=Bars(
                labels=without_units(found.features),
                series=(series,),
                axis=f"growth of the {found.loss}",
                signed=bool((found.mean < 0).any()),
            ),
            caption=f"By how much the {found.loss} grows where the values of one feature are exchanged between rows, "
            f"mean over {count(len(found.repeats), 'order')} of {rows_of(material, found.asked)}.{lines}",
            alt="; ".join(
                f"{name} {rounded(value)}" for name, value in zip(found.features, found.mean.tolist(), strict=True)
            ),
        ),
    )


def blocks(material: Material, found: Permutation) -> tuple[Block, ...]:
    """What the model needs, the figure, and its numbers."""
    said = f"{_needed(found)} {features_asked(len(found.features), found.total)} {cost(found.asked)}"
    name = f"{material.slug}-permutation-importance"
    return (
        Block(heading="Permutation importance", paragraphs=(said,), figures=(name,), asides=(_READ,)),
        Block(tables=(_table(material, found),)),
    )


_READ = Aside(
    title="How to read it",
    text="It says what the model needs to be as good as it is, not which way a feature counts. Features that stand in "
    "for one another each seem to matter little, for the model still has the other.",
)


def _needed(found: Permutation) -> str:
    """Which features the model surely needs on these rows, whatever chance may do to one of so many."""
    if np.isnan(found.chance).any():
        return f"Of fewer than {found.FEW} rows no interval is stated, and so not which features the model needs."
    sure = [
        name
        for name, chance in zip(without_units(found.features), found.chance.tolist(), strict=True)
        if chance < found.SURE
    ]
    asked = f"of the {len(found.features)} asked about" if len(found.features) > 1 else ""
    how = f"in fewer than {found.SURE:.0%} of cases would chance show as much of any {asked}".rstrip()
    if not sure:
        return f"These rows do not show that the model needs any feature: of none is it so that {how}."
    others = len(found.features) - len(sure)
    rest = f" For {count(others, 'further one', 'further ones')} these rows do not show it." if others else ""
    return f"On these rows the model needs {listing(sure)}: {how}.{rest}"


def _table(material: Material, found: Permutation) -> Table:
    shown = digits(np.append(found.mean, 0.0))
    rows = [
        (
            feature,
            signed(mean, shown),
            "not stated" if np.isnan(low) else interval(low, high, shown),
            "not stated" if np.isnan(chance) else as_chance(chance),
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
        caption=f"The {found.loss} on {rows_of(material, found.asked)} as they are is {plain(found.before, shown)}. "
        "Chance: of at least as much growth where the model needs none (Student's t-test, by Holm's procedure over all "
        "features); each interval is for itself. "
        f"Single orders: the least and the largest growth by any one of the {count(len(found.repeats), 'order')}.",
        columns=(
            Column(title="feature"),
            Column(title="growth", numeric=True),
            Column(title="95% interval", numeric=True),
            Column(title="chance", numeric=True),
            Column(title=f"{found.loss} then", numeric=True),
            Column(title="single orders", numeric=True),
        ),
        rows=tuple(rows),
    )
