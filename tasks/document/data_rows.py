"""The rows of the data of a chapter: how many, from where and when, which cells are empty, and what is there twice."""

from collections.abc import Mapping, Sequence

from exhibit.tasks.document.data_words import called, few, titles
from exhibit.tasks.document.rows import of_split
from exhibit.tasks.document.spec import DATE_OF_DATA
from exhibit.tasks.document.words import ROUNDED, beside, capital, count, listing, parts_of_whole, share, with_beside
from exhibit.tasks.records.card import Card
from exhibit.tasks.records.data import Split
from exhibit.tasks.records.datasheet import LOOSER, SHARED, Alike, ColumnSheet, Datasheet
from exhibit.tasks.records.language import sentences, tr, trn, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Column, Concern, Table


def used(material: Material, found: Datasheet) -> str:
    """Rows, columns, and what is empty or constant."""
    each = listing([of_split(material, split, rows) for split, rows in found.rows.items()])
    left = (
        trn(
            "{number} row was left out; the end of the report lists each with the reason.",
            "{number} rows were left out; the end of the report lists each with the reason.",
            found.left_out,
        )
        if found.left_out
        else ""
    )
    return sentences(
        [
            tr("Used are {rows}.", rows=each),
            left,
            _given(found),
            *_measured(material, found),
            _constant(material, found),
        ]
    )


def _constant(material: Material, found: Datasheet) -> str:
    """Which columns have one value."""
    names = [column.name for column in found.columns if column.constant]
    if not names:
        return ""
    over = tr("all {rows}", rows=of_split(material, "train")) if "train" in found.rows else tr("all rows")
    if len(names) == 1:
        column = called(found)["column"]
        return tr("In {rows} the {column} {name} has the same value.", rows=over, column=column, name=few(names, found))
    return tr("In {rows} {names} have the same value.", rows=over, names=few(names, found))


def _given(found: Datasheet) -> str:
    """The columns of tables, and how many of their cells were empty when they were read, whatever has filled them."""
    columns = [column for column in found.columns if not column.measured]
    if not columns:
        return ""
    first = tr(
        "The model is given {columns}, {numbers} of numbers.",
        columns=count(len(columns), "column"),
        numbers=f"{sum(column.number for column in columns):,}",
    )
    of = tr(" of these rows") if found.left_out else ""
    empty = [column for column in columns if column.missing]
    if not empty:
        return sentences([first, tr("No cell{of} was empty when it was read.", of=of)])
    cells, total = sum(column.missing for column in empty), sum(found.rows.values()) * len(columns)
    where = (
        tr("in {column}", column=empty[0].name)
        if len(empty) == 1
        else tr("in {columns}, most in {column}", columns=count(len(empty), "column"), column=_most(empty))
    )
    said = trn(
        "{number} of {total} cells of these columns{of} ({share}) was empty when they were read, {where}; below they "
        "count as empty, whatever the model is given in their place.",
        "{number} of {total} cells of these columns{of} ({share}) were empty when they were read, {where}; below they "
        "count as empty, whatever the model is given in their place.",
        cells,
        total=f"{total:,}",
        of=of,
        share=share(cells / total),
        where=where,
    )
    return sentences([first, said])


def _measured(material: Material, found: Datasheet) -> tuple[str, str]:
    """What is measured of inputs that are no tables, as the model is given them."""
    names = [column.name for column in found.columns if column.measured]
    sizes = [item.values.shape[1:3] for item in material.dataset.inputs if item.traits.pixels]
    each = listing([f"{wide} × {high}" for high, wide in sizes])
    pictures = tr("Pictures are given as {sizes} pixels.", sizes=each) if sizes else ""
    if not names:
        return pictures, ""
    said = listing(titles(names, found))
    if any(item.sizes is not None for item in material.dataset.inputs):
        return pictures, tr(
            "Measured of each sample, as the model is given it but for the sizes of files: {names}.", names=said
        )
    return pictures, tr("Measured of each sample, as the model is given it: {names}.", names=said)


def _most(columns: Sequence[ColumnSheet]) -> str:
    first = max(columns, key=lambda column: column.missing)
    return with_beside(first.name, f"{first.missing:,}")


def looked_at(material: Material, found: Datasheet) -> tuple[str, ...]:
    """That not all rows were looked at, where it is so."""
    if not found.drawn:
        return ()
    each = listing(
        [
            tr("{number} of {rows}", number=f"{drawn:,}", rows=of_split(material, split, found.rows[split]))
            for split, drawn in found.drawn.items()
        ]
    )
    said = tr(
        "Distributions, drift and what gives the label away were measured on rows that were drawn evenly, {rows} at "
        "most. Empty cells, ranges, rows that are the same and values beyond the {training} were looked for in all "
        "rows.",
        rows=each,
        training=of_split(material, "train"),
    )
    return (said,)


# --- rows that are the same -----------------------------------------------------------------------------------


def twice(material: Material, found: Datasheet) -> str:
    """Rows that stand there more than once, and test rows among those of the training."""
    training = found.rows.get("train", 0)
    if not training:
        return tr("No training rows are at hand, so no rows were held against each other.")
    first = _repeated(found.repeated, of_split(material, "train", training))
    if not (test := found.rows.get("test")):
        return first
    second = _among(found.shared, of_split(material, "test", test), of_split(material, "train"))
    return sentences([first, second, _by_chance(found)])


def _repeated(alike: Alike, rows: str) -> str:
    if not alike.rows:
        return tr("None of {rows} repeat an earlier one in all that the model is given.", rows=rows)
    return trn(
        "{number} of {rows} repeats an earlier one in all that the model is given{labelled}.",
        "{number} of {rows} repeat an earlier one in all that the model is given{labelled}.",
        alike.rows,
        number=str(alike.rows),
        rows=rows,
        labelled=_labelled(alike),
    )


def _among(alike: Alike, rows: str, training: str) -> str:
    if not alike.rows:
        return tr("None of {rows} stand among the {training}, too.", rows=rows, training=training)
    return trn(
        "{number} of {rows} stands among the {training}, too{labelled}.",
        "{number} of {rows} stand among the {training}, too{labelled}.",
        alike.rows,
        number=str(alike.rows),
        rows=rows,
        training=training,
        labelled=_labelled(alike),
    )


def _labelled(alike: Alike) -> str:
    if alike.with_label == alike.rows:
        return tr(", with the same label")
    if not alike.with_label:
        return tr(", none of them with the same label")
    return tr(", {number} of them with the same label", number=str(alike.with_label))


def _copies(found: Datasheet) -> bool:
    """Whether rows that are shared are told from those that are alike by chance."""
    return found.shared.looser is None or found.shared.looser < LOOSER


def _by_chance(found: Datasheet) -> str:
    """Why shared rows are not named on page one, where they are alike by chance."""
    looser = found.shared.looser
    if looser is None or _copies(found):
        return ""
    value, limit = beside(looser, LOOSER)
    return tr(
        "With one column left out {times} times as many pairs of rows are the same; from {limit} times on rows are "
        "taken to be alike by chance, and page one does not name them.",
        times=value,
        limit=limit,
    )


def concerns(material: Material, found: Datasheet) -> tuple[Concern, ...]:
    """Test rows that the training has seen."""
    test, same = found.rows.get("test", 0), found.shared.with_label
    if not same or same < SHARED * test or not _copies(found):
        return ()
    later, training = capital(of_split(material, "test")), of_split(material, "train")
    said = trn(
        "{number} of {rows} stands among the {training}, too, with the same label; named from {share} on.",
        "{number} of {rows} stand among the {training}, too, with the same label; named from {share} on.",
        same,
        rows=of_split(material, "test", test),
        training=training,
        share=share(SHARED),
    )
    named = tr("{rows} are among the {training}", rows=later, training=training)
    return (Concern(title=named, sentence=said, section="data"),)


# --- tables ---------------------------------------------------------------------------------------------------


def origin(material: Material, found: Datasheet, card: Card | None, stated: Mapping[str, str]) -> Table:
    """Where the rows are from, of what time, and under which licence, as far as anybody has said so."""
    facts = [
        (tr("source"), tr(material.dataset.source)),
        *(
            (tr("days in {column}", column=column), _days(material, splits)) for column, splits in found.period.items()
        ),
        (trp("of data", "period"), stated.get(DATE_OF_DATA, tr("not stated"))),
        (tr("provenance and labelling"), _of_card(card, "data_provenance")),
        (tr("licence"), _of_card(card, "data_licence")),
    ]  # fmt: skip
    return Table(
        name=f"{material.slug}-origin",
        caption=tr("Where the data are from: what the data and their user say; nothing here can check it."),
        columns=(Column(title=tr("about the data")), Column(title=tr("what is stated"))),
        rows=tuple(facts),
    )


def _days(material: Material, splits: Mapping[Split, tuple[str, str]]) -> str:
    return trp("list", "; ").join(
        tr("{rows} {days}", rows=of_split(material, split), days=_from_to(*ends)) for split, ends in splits.items()
    )


def _from_to(first: str, last: str) -> str:
    return first if first == last else tr("{low} to {high}", low=first, high=last)


def _of_card(card: Card | None, field: str) -> str:
    said = [] if card is None else [str(item) for item in card.given(field)]
    return trp("list", "; ").join(said) or tr("not stated")


def balance(material: Material, found: Datasheet) -> tuple[Table, ...]:
    """Rows of each class by split; nothing where no row has a label."""
    known = [split for split in found.rows if any(own[split] for own in found.balance.values())]
    if not known:
        return ()
    parts = {split: parts_of_whole([own[split] for own in found.balance.values()]) for split in known}
    label = tr(material.dataset.label_name)
    return (
        Table(
            name=f"{material.slug}-balance",
            caption=sentences(
                [
                    tr("Rows of each class, where it is known.")
                    if label == tr("class")
                    else tr("Rows of each class of {label}, where it is known.", label=label),
                    "" if all(whole for _, whole in parts.values()) else tr(ROUNDED),
                ]
            ),
            columns=(Column(title=tr("class")), *(Column(title=of_split(material, s), numeric=True) for s in known)),
            rows=tuple(
                (name, *(with_beside(f"{own[split]:,}", parts[split][0][place]) for split in known))
                for place, (name, own) in enumerate(found.balance.items())
            ),
        ),
    )
