"""Whether the later rows of the data of a chapter are as those of the training, and each column by itself."""

from collections.abc import Sequence

from exhibit.tasks.document.data_words import FIRST, called, few, so_many, title, titles
from exhibit.tasks.document.rows import of_split
from exhibit.tasks.document.words import as_chance, in_full, listing, off_bounds, plain, share
from exhibit.tasks.records.datasheet import CHANCE, MOVED, OUTSIDE, Datasheet, Drift
from exhibit.tasks.records.language import sentences, tr, trn, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Column, Concern, Table


def moved(material: Material, found: Datasheet) -> str:
    """What the later rows have otherwise."""
    training = of_split(material, "train")
    if found.later is None:
        own = of_split(material, next(iter(found.rows)))
        return tr("All rows are {rows}, so there are none to be held against them.", rows=own)
    later = of_split(material, found.later)
    if not found.drifts:
        return _too_few(found.beyond, later, training)
    first = tr(
        "The {later} against the {training}: {moved}; {beyond}.",
        later=later,
        training=training,
        moved=_how_many(found),
        beyond=_strange(found, found.rows[found.later], training),
    )
    rule = tr(
        "A {column} has moved where its population stability index is {index} or more and the test leaves it a chance "
        "under {chance}, by Holm's procedure over {questions}.",
        column=called(found)["column"],
        index=plain(MOVED),
        chance=share(CHANCE),
        questions=_asked(found),
    )
    empties = any(item.empties for item in found.drifts)
    return sentences([first, rule, tr("Asked is also how often a column is empty, where any is.") if empties else ""])


def _too_few(beyond: int, later: str, training: str) -> str:
    if not beyond:
        return tr(
            "There are too few {later} or {training} to ask whether columns have moved; none of them has a value that "
            "none of the {training} has or reaches.",
            later=later,
            training=training,
        )
    return trn(
        "There are too few {later} or {training} to ask whether columns have moved; {number} of them has a value that "
        "none of the {training} has or reaches.",
        "There are too few {later} or {training} to ask whether columns have moved; {number} of them have a value that "
        "none of the {training} has or reaches.",
        beyond,
        later=later,
        training=training,
    )


def _how_many(found: Datasheet) -> str:
    """How many columns have moved."""
    changed = len(_columns([item for item in found.drifts if item.moved]))
    asked = so_many(len(_columns(found.drifts)), found)
    if not changed:
        return tr("none of {columns} has moved", columns=asked)
    return trn(
        "{number} of {columns} has moved",
        "{number} of {columns} have moved",
        changed,
        number=str(changed),
        columns=asked,
    )


def _strange(found: Datasheet, rows: int, training: str) -> str:
    """How many of so many later rows have a value beyond the training."""
    if not found.beyond:
        return tr("no value there is beyond those of the {training}", training=training)
    surprising = len(_surprising(found))
    return trn(
        "{number} of {total} rows has a value that none of the {training} has or reaches, in {columns} more than "
        "chance explains",
        "{number} of {total} rows have a value that none of the {training} has or reaches, in {columns} more than "
        "chance explains",
        found.beyond,
        total=f"{rows:,}",
        training=training,
        columns=so_many(surprising, found) if surprising else tr("no {column}", column=called(found)["column"]),
    )


def _asked(found: Datasheet) -> str:
    total = len(found.drifts)
    return tr("this one question") if total == 1 else tr("all {number} questions", number=f"{total:,}")


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
    each = listing([_indexed(item, found) for item in changed[:FIRST]])
    said = trn(
        "In the {later}, {number} of {columns} is not distributed as in the {training}{which}; the number is the "
        "population stability index, named from {index} on.",
        "In the {later}, {number} of {columns} are not distributed as in the {training}{which}; the number is the "
        "population stability index, named from {index} on.",
        len(columns),
        later=of_split(material, found.later),
        columns=so_many(len(_columns(found.drifts)), found),
        training=of_split(material, "train"),
        which=tr(", most of all {names}", names=each) if len(changed) > FIRST else tr(": {names}", names=each),
        index=plain(MOVED),
    )
    return (Concern(title=tr("The data have moved"), sentence=said, section="data"),)


def _indexed(item: Drift, found: Datasheet) -> str:
    named, index = title(item.feature, found), off_bounds(item.index)
    return (
        tr("how often it is empty, of {column} ({index})", column=named, index=index)
        if item.empties
        else tr("{column} ({index})", column=named, index=index)
    )


def _beyond(material: Material, found: Datasheet) -> tuple[Concern, ...]:
    outside = _surprising(found)
    if not outside or found.later is None:
        return ()
    first, training = outside[0], of_split(material, "train")
    others = [item.feature for item in outside[1:]]
    more = trn("; so has {columns}", "; so have {columns}", len(others), columns=few(others, found)) if others else ""
    said = trn(
        "{number} of {rows} has a value of {column} beyond all {training}, or that none of them has{more}; named from "
        "{share} of the rows on, where chance hardly explains it.",
        "{number} of {rows} have a value of {column} beyond all {training}, or that none of them has{more}; named from "
        "{share} of the rows on, where chance hardly explains it.",
        first.outside,
        rows=of_split(material, found.later, found.rows[found.later]),
        column=title(first.feature, found),
        training=training,
        more=more,
        share=share(OUTSIDE),
    )
    named = tr("Values that the {training} do not have", training=training)
    return (Concern(title=named, sentence=said, section="data"),)


# --- each column by itself ------------------------------------------------------------------------------------


def columns(material: Material, found: Datasheet) -> Table:
    """One row per column; what has moved where there are later rows."""
    values = {item.feature: item for item in found.drifts if not item.empties}
    empties = {item.feature: item for item in found.drifts if item.empties}
    tests = listing([tr(test) for test in dict.fromkeys(item.test for item in found.drifts)])
    training = of_split(material, "train")
    drifted = found.later is not None and bool(found.drifts)
    said = (
        tr(
            "Stability index and chance ({tests}, by Holm's procedure) are those of the {later} against the "
            "{training}; beyond: how many of them have a value beyond all {training}, or that none of these has.",
            tests=tests,
            later=of_split(material, found.later),
            training=training,
        )
        if found.later is not None and drifted
        else ""
    )
    also = tr("The index of how often it is empty stands after that of its values.") if empties else ""
    own = (trp("column", "empty"), trp("column", "values"), tr("range of {training}", training=training))
    of_drift = (trp("column", "index"), trp("column", "chance"), trp("column", "beyond")) if drifted else ()
    names = titles([column.name for column in found.columns], found)
    return Table(
        name=f"{material.slug}-columns",
        caption=sentences([_caption(found), said, also]),
        columns=(
            Column(title=called(found)["column"]),
            *(Column(title=named, numeric=True) for named in (*own, *of_drift)),
        ),
        rows=tuple(
            (
                name,
                f"{column.missing:,}",
                f"{column.values:,}",
                _range(column.low, column.high, column.number),
                *(_drift(values.get(column.name), empties.get(column.name)) if drifted else ()),
            )
            for column, name in zip(found.columns, names, strict=True)
        ),
    )


def _caption(found: Datasheet) -> str:
    if not any(column.measured for column in found.columns):
        return tr("The columns as the model is given them. Empty: cells when they were read, over all rows.")
    return tr("Each property over all rows, what is measured as the model is given it.")


def _range(low: float | None, high: float | None, number: bool) -> str:
    if low is None or high is None:
        return "–" if number else tr("category")
    return tr("{low} to {high}", low=in_full(low), high=in_full(high))


def _drift(values: Drift | None, empties: Drift | None) -> tuple[str, str, str]:
    """Index, chance and rows beyond; of its values, and after that of how often it is empty."""
    both = [values, *([empties] if empties is not None else [])]
    index = trp("list", "; ").join("–" if item is None else off_bounds(item.index) for item in both)
    chance = trp("list", "; ").join("–" if item is None else as_chance(item.adjusted) for item in both)
    return index, chance, "–" if values is None else f"{values.outside:,}"
