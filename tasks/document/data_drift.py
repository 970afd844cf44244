"""Whether the later rows of the data of a chapter are as those of the training, and each column by itself."""

from collections.abc import Sequence

from exhibit.tasks.document.data_rows import FIRST, few, noun, rows_of
from exhibit.tasks.document.words import as_chance, capital, count, in_full, listing, plain, share
from exhibit.tasks.records.datasheet import CHANCE, MOVED, OUTSIDE, Datasheet, Drift
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Column, Concern, Table


def moved(material: Material, found: Datasheet) -> str:
    """What the later rows have otherwise."""
    training = rows_of(material, "train")
    if found.later is None:
        return f"All rows are {rows_of(material, next(iter(found.rows)))}, so there are none to be held against them."
    several = "has a value" if found.beyond == 1 else "have a value"
    if not found.drifts:
        later = rows_of(material, found.later)
        some = f"{found.beyond:,} of them {several}" if found.beyond else "none of them has a value"
        return (
            f"There are too few {later} or {training} to ask whether columns have moved; {some} that none of the "
            f"{training} has or reaches."
        )
    strange = _surprising(found)
    changed, asked = _columns([item for item in found.drifts if item.moved]), len(_columns(found.drifts))
    against = f"the {rows_of(material, found.later)} against the {training}"
    said = f"{len(changed) or 'none'} of {count(asked, *noun(found))} {'have' if len(changed) > 1 else 'has'} moved"
    some = (
        f"{found.beyond:,} of {found.rows[found.later]:,} rows {several} that none of the {training} has or reaches, "
        f"in {count(len(strange), *noun(found)) if strange else f'no {noun(found)[0]}'} more than chance explains"
        if found.beyond
        else f"no value there is beyond those of the {training}"
    )
    empties = (
        " Asked is also how often a column is empty, where any is." if any(i.empties for i in found.drifts) else ""
    )
    return (
        f"{capital(against)}: {said}; {some}. A {noun(found)[0]} has moved where its population stability index is "
        f"{plain(MOVED)} or more and the test leaves it a chance under {share(CHANCE)}, by Holm's procedure over "
        f"{_asked(found)}.{empties}"
    )


def _asked(found: Datasheet) -> str:
    total = len(found.drifts)
    return "this one question" if total == 1 else f"all {total:,} questions"


def _columns(drifts: Sequence[Drift]) -> list[str]:
    """The names of the columns, each once."""
    return list(dict.fromkeys(item.feature for item in drifts))


def _surprising(found: Datasheet) -> list[Drift]:
    return sorted((item for item in found.drifts if item.surprising), key=lambda item: -item.outside)


# --- page one -------------------------------------------------------------------------------------------------


def concerns(material: Material, found: Datasheet) -> tuple[Concern, ...]:
    """Columns that have moved, and values that the training has not seen."""
    return (*_drifted(material, found), *_beyond(material, found))


def _drifted(material: Material, found: Datasheet) -> tuple[Concern, ...]:
    changed = sorted((item for item in found.drifts if item.moved), key=lambda item: -item.index)
    if not changed or found.later is None:
        return ()
    columns = _columns(changed)
    each = listing([_indexed(item) for item in changed[:FIRST]])
    first = ", most of all" if len(changed) > FIRST else ":"
    return (
        Concern(
            title="The data have moved",
            sentence=f"In the {rows_of(material, found.later)}, {len(columns):,} of "
            f"{count(len(_columns(found.drifts)), *noun(found))} {'is' if len(columns) == 1 else 'are'} not "
            f"distributed as in the {rows_of(material, 'train')}{first} {each}; the number is the population "
            f"stability index, named from {plain(MOVED)} on.",
            section="data",
        ),
    )


def _indexed(item: Drift) -> str:
    return f"{'how often it is empty, of ' if item.empties else ''}{item.feature} ({plain(item.index)})"


def _beyond(material: Material, found: Datasheet) -> tuple[Concern, ...]:
    outside = _surprising(found)
    if not outside or found.later is None:
        return ()
    first, training = outside[0], rows_of(material, "train")
    have = "has" if first.outside == 1 else "have"
    later = rows_of(material, found.later, found.rows[found.later])
    more = f"; so {'has' if len(outside) == 2 else 'have'} {few([item.feature for item in outside[1:]])}"
    return (
        Concern(
            title=f"Values that the {training} do not have",
            sentence=f"{first.outside:,} of {later} {have} a value of {first.feature} beyond all {training}, or that "
            f"none of them has{more if len(outside) > 1 else ''}; named from {share(OUTSIDE)} of the rows on, where "
            "chance hardly explains it.",
            section="data",
        ),
    )


# --- each column by itself ------------------------------------------------------------------------------------


def columns(material: Material, found: Datasheet) -> Table:
    """One row per column; what has moved where there are later rows."""
    values = {item.feature: item for item in found.drifts if not item.empties}
    empties = {item.feature: item for item in found.drifts if item.empties}
    tests = listing(list(dict.fromkeys(item.test for item in found.drifts)))
    training = rows_of(material, "train")
    drifted = found.later is not None and bool(found.drifts)
    said = (
        f" Stability index and chance ({tests}, by Holm's procedure) are those of "
        f"the {rows_of(material, found.later)} against the {training}; beyond: how many of them have a value beyond "
        f"all {training}, or that none of these has."
        if found.later is not None and drifted
        else ""
    )
    also = " The index of how often it is empty stands after that of its values." if empties else ""
    return Table(
        name=f"{material.slug}-columns",
        caption=f"{_caption(found)}{said}{also}",
        columns=(
            Column(title=noun(found)[0]),
            *(Column(title=title, numeric=True) for title in ("empty", "values", f"range of {training}")),
            *(Column(title=title, numeric=True) for title in ("index", "chance", "beyond") if drifted),
        ),
        rows=tuple(
            (
                column.name,
                f"{column.missing:,}",
                f"{column.values:,}",
                _range(column.low, column.high, column.number),
                *(_drift(values.get(column.name), empties.get(column.name)) if drifted else ()),
            )
            for column in found.columns
        ),
    )


def _caption(found: Datasheet) -> str:
    if not any(column.measured for column in found.columns):
        return "The columns as the model is given them. Empty: cells when they were read, over all rows."
    return "Each property over all rows, what is measured as the model is given it."


def _range(low: float | None, high: float | None, number: bool) -> str:
    if low is None or high is None:
        return "–" if number else "category"
    return f"{in_full(low)} to {in_full(high)}"


def _drift(values: Drift | None, empties: Drift | None) -> tuple[str, str, str]:
    """Index, chance and rows beyond; of its values, and after that of how often it is empty."""
    both = [values, *([empties] if empties is not None else [])]
    index = "; ".join("–" if item is None else plain(item.index) for item in both)
    chance = "; ".join("–" if item is None else as_chance(item.adjusted) for item in both)
    return index, chance, "–" if values is None else f"{values.outside:,}"
