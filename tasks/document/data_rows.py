"""The rows of the data of a chapter: how many, from where and when, which cells are empty, and what is there twice."""

from collections.abc import Mapping, Sequence

from exhibit.tasks.document.spec import DATE_OF_DATA
from exhibit.tasks.document.words import beside, capital, count, listing, share
from exhibit.tasks.records.card import Card
from exhibit.tasks.records.data import Split
from exhibit.tasks.records.datasheet import LOOSER, SHARED, Alike, ColumnSheet, Datasheet
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Column, Concern, Table

FIRST = 3  # columns of a sentence
_TRAINED: dict[Split, tuple[str, str]] = {
    "train": ("training row", "training rows"),
    "validation": ("validation row", "validation rows"),
    "test": ("test row", "test rows"),
    "explain": ("row given to be explained", "rows given to be explained"),
}
_GIVEN: dict[Split, tuple[str, str]] = {
    **_TRAINED,
    "train": ("given row", "given rows"),
    "test": ("row given as test", "rows given as test"),
}
_NOT_STATED = "not stated"


def rows_of(material: Material, split: Split, number: int | None = None) -> str:
    """What the rows of a split are called: training rows, 1 training row; of a model that came trained nobody says what
    trained it."""
    words = (_TRAINED if material.trained else _GIVEN)[split]
    return words[1] if number is None else count(number, *words)


def noun(found: Datasheet) -> tuple[str, str]:
    """What the columns are called, one and several: what is measured of a picture is none of its columns."""
    some = any(column.measured for column in found.columns)
    return ("property", "properties") if some else ("column", "columns")


def few(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    rest = [f"{len(names) - FIRST:,} more"] if len(names) > FIRST else []
    return listing([*names[:FIRST], *rest])


def used(material: Material, found: Datasheet) -> str:
    """Rows, columns, and what is empty or constant."""
    each = listing([rows_of(material, split, rows) for split, rows in found.rows.items()])
    out = count(found.left_out, "row was", "rows were")
    left = f" {out} left out; the end of the report lists each with the reason." if found.left_out else ""
    constant = [column.name for column in found.columns if column.constant]
    over = f"all {rows_of(material, 'train')}" if "train" in found.rows else "all rows"
    have = f"the {noun(found)[0]} {few(constant)} has" if len(constant) == 1 else f"{few(constant)} have"
    same = f" In {over} {have} the same value." * bool(constant)
    return f"Used are {each}.{left}{_given(found)}{_measured(material, found)}{same}"


def _given(found: Datasheet) -> str:
    """The columns of tables, and how many of their cells were empty when they were read, whatever has filled them."""
    columns = [column for column in found.columns if not column.measured]
    if not columns:
        return ""
    first = (
        f" The model is given {count(len(columns), 'column')}, {sum(column.number for column in columns):,} of numbers."
    )
    of = " of these rows" if found.left_out else ""
    empty = [column for column in columns if column.missing]
    if not empty:
        return f"{first} No cell{of} was empty when it was read."
    cells, total = sum(column.missing for column in empty), sum(found.rows.values()) * len(columns)
    were = "was" if cells == 1 else "were"
    where = f"in {empty[0].name}" if len(empty) == 1 else f"in {count(len(empty), 'column')}, most in {_most(empty)}"
    return (
        f"{first} {cells:,} of {total:,} cells{of} ({share(cells / total)}) {were} empty when they were read, {where}; "
        "below they count as empty, whatever the model is given in their place."
    )


def _measured(material: Material, found: Datasheet) -> str:
    """What is measured of inputs that are no tables, as the model is given them."""
    names = [column.name for column in found.columns if column.measured]
    sizes = [item.values.shape[1:3] for item in material.dataset.inputs if item.traits.pixels]
    pictures = (
        f" Pictures are given as {listing([f'{wide} × {high}' for high, wide in sizes])} pixels." if sizes else ""
    )
    measured = f" Measured of each sample, as the model is given it: {listing(names)}." if names else ""
    return f"{pictures}{measured}"


def _most(columns: Sequence[ColumnSheet]) -> str:
    first = max(columns, key=lambda column: column.missing)
    return f"{first.name} ({first.missing:,})"


def looked_at(material: Material, found: Datasheet) -> tuple[str, ...]:
    """That not all rows were looked at, where it is so."""
    if not found.drawn:
        return ()
    each = listing(
        [f"{drawn:,} of {rows_of(material, split, found.rows[split])}" for split, drawn in found.drawn.items()]
    )
    return (
        f"Distributions, drift and what gives the label away were measured on rows that were drawn evenly, {each} at "
        "most. Empty cells, ranges, rows that are the same and values beyond the "
        f"{rows_of(material, 'train')} were looked for in all rows.",
    )


# --- rows that are the same -----------------------------------------------------------------------------------


def twice(material: Material, found: Datasheet) -> str:
    """Rows that stand there more than once, and test rows among those of the training."""
    training = found.rows.get("train", 0)
    if not training:
        return "No training rows are at hand, so no rows were held against each other."
    repeat = "repeats" if found.repeated.rows == 1 else "repeat"
    first = (
        f"{found.repeated.rows or 'None'} of {rows_of(material, 'train', training)} {repeat} an earlier one in all "
        f"that the model is given{_labelled(found.repeated)}."
    )
    if not (test := found.rows.get("test")):
        return first
    stand = "stands" if found.shared.rows == 1 else "stand"
    second = (
        f"{found.shared.rows or 'None'} of {rows_of(material, 'test', test)} {stand} among the "
        f"{rows_of(material, 'train')}, too{_labelled(found.shared)}."
    )
    return f"{first} {second}{_by_chance(found)}"


def _labelled(alike: Alike) -> str:
    if not alike.rows:
        return ""
    of = "" if alike.with_label == alike.rows else f"{alike.with_label or 'none'} of them "
    return f", {of}with the same label"


def _copies(found: Datasheet) -> bool:
    """Whether rows that are shared are told from those that are alike by chance."""
    return found.shared.looser is None or found.shared.looser < LOOSER


def _by_chance(found: Datasheet) -> str:
    """Why shared rows are not named on page one, where they are alike by chance."""
    looser = found.shared.looser
    if looser is None or _copies(found):
        return ""
    value, limit = beside(looser, LOOSER)
    return (
        f" With one column left out {value} times as many pairs of rows are the same; from {limit} times on rows are "
        "taken to be alike by chance, and page one does not name them."
    )


def concerns(material: Material, found: Datasheet) -> tuple[Concern, ...]:
    """Test rows that the training has seen."""
    test, same = found.rows.get("test", 0), found.shared.with_label
    if not same or same < SHARED * test or not _copies(found):
        return ()
    stand = "stands" if same == 1 else "stand"
    return (
        Concern(
            title=f"{capital(rows_of(material, 'test'))} are among the {rows_of(material, 'train')}",
            sentence=f"{same:,} of {rows_of(material, 'test', test)} {stand} among the {rows_of(material, 'train')}, "
            f"too, with the same label; named from {share(SHARED)} on.",
            section="data",
        ),
    )


# --- tables ---------------------------------------------------------------------------------------------------


def origin(material: Material, found: Datasheet, card: Card | None, stated: Mapping[str, str]) -> Table:
    """Where the rows are from, of what time, and under which licence, as far as anybody has said so."""
    facts = [
        ("source", material.dataset.source),
        *(
            (f"days in {column}", _days(material, splits)) for column, splits in found.period.items()
        ),
        ("period", stated.get(DATE_OF_DATA, _NOT_STATED)),
        ("provenance and labelling", _of_card(card, "data_provenance")),
        ("licence", _of_card(card, "data_licence")),
    ]  # fmt: skip
    return Table(
        name=f"{material.slug}-origin",
        caption="Where the data are from: what the data and their user say; nothing here can check it.",
        columns=(Column(title="about the data"), Column(title="what is stated")),
        rows=tuple(facts),
    )


def _days(material: Material, splits: Mapping[Split, tuple[str, str]]) -> str:
    return "; ".join(
        f"{rows_of(material, split)} {first}{f' to {last}' * (first != last)}"
        for split, (first, last) in splits.items()
    )


def _of_card(card: Card | None, field: str) -> str:
    said = [] if card is None else [str(item) for item in card.given(field)]
    return "; ".join(said) or _NOT_STATED


def balance(material: Material, found: Datasheet) -> tuple[Table, ...]:
    """Rows of each class by split."""
    if not found.balance:
        return ()
    totals = {split: sum(own[split] for own in found.balance.values()) for split in found.rows}
    known = [split for split, total in totals.items() if total]
    return (
        Table(
            name=f"{material.slug}-balance",
            caption=f"Rows of each class of {material.dataset.label_name}, where it is known.",
            columns=(Column(title="class"), *(Column(title=rows_of(material, s), numeric=True) for s in known)),
            rows=tuple(
                (name, *(f"{own[split]:,} ({share(own[split] / totals[split])})" for split in known))
                for name, own in found.balance.items()
            ),
        ),
    )
