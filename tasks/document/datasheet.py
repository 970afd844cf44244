"""What the data of a chapter are: their rows and columns, what gives the label away, and what has moved."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from exhibit.tasks.document.words import capital, count, interval, listing, plain, rounded, share, signed
from exhibit.tasks.records.data import Split
from exhibit.tasks.records.datasheet import (
    CHANCE,
    MOVED,
    OUTSIDE,
    RANKS,
    SHARED,
    TOLD,
    TOLD_OF_OTHERS,
    ColumnSheet,
    Datasheet,
    Drift,
    Leak,
)
from exhibit.tasks.records.figure import Figure, Histogram, Histograms
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Block, Column, Concern, Section, Table

_NAMED = 3  # columns of a sentence
_TRAINED: dict[Split, str] = {
    "train": "training",
    "validation": "validation",
    "test": "test",
    "explain": "given to be explained",
}
_GIVEN: dict[Split, str] = {**_TRAINED, "train": "given", "test": "given as test"}


def sections(material: Material) -> tuple[Section, ...]:
    """Nothing of data without a table."""
    found = material.datasheet
    if found is None:
        return ()
    tables = (*_balance(material, found), _columns(material, found), *_correlations(material, found))
    return (
        Section(
            title="What the data are",
            id="data",
            blocks=(
                Block(paragraphs=(_rows(material, found), _leaks(found), _moved(material, found))),
                *(Block(figures=(figure.name,)) for figure in figures(material)),
                *(Block(tables=(table,)) for table in tables),
            ),
        ),
    )


def _names(material: Material) -> dict[Split, str]:
    return _TRAINED if material.trained else _GIVEN


def _rows(material: Material, found: Datasheet) -> str:
    """Rows, columns, and what is empty, constant or there twice."""
    names = _names(material)
    each = listing([f"{rows:,} {names[split]}" for split, rows in found.rows.items()])
    cells = sum(found.rows.values()) * len(found.columns)
    empty = [column for column in found.columns if column.missing]
    missing = (
        f"{share(sum(column.missing for column in empty) / cells)} of all cells are empty, in "
        f"{count(len(empty), 'column')}, most in {_most(empty)}; filled ones count as empty."
        if empty
        else "No cell is empty."
    )
    constant = [column.name for column in found.columns if column.values < 2]
    same = f" {_few(constant)} {'has' if len(constant) == 1 else 'have'} the same value in all rows." * bool(constant)
    return (
        f"Rows: {each}. {count(len(found.columns), 'column')}, "
        f"{sum(column.number for column in found.columns):,} of numbers. {missing}{same} {_twice(material, found)} "
        "Licence of the data: not stated."
    )


def _most(columns: Sequence[ColumnSheet]) -> str:
    first = max(columns, key=lambda column: column.missing)
    return f"{first.name} ({first.missing:,})"


def _few(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    rest = [f"{len(names) - _NAMED:,} more"] if len(names) > _NAMED else []
    return listing([*names[:_NAMED], *rest])


def _twice(material: Material, found: Datasheet) -> str:
    names, training = _names(material), found.rows.get("train", 0)
    parts = []
    if training:
        label = _labelled(found.repeated_with_label, found.repeated) if found.repeated else ""
        repeat = "repeats" if found.repeated == 1 else "repeat"
        parts.append(
            f"{found.repeated or 'None'} of the {training:,} {names['train']} rows {repeat} an earlier one{label}."
        )
    if training and (test := found.rows.get("test")):
        label = _labelled(found.shared_with_label, found.shared) if found.shared else ""
        stand = "stands" if found.shared == 1 else "stand"
        among = f"{stand} among the {names['train']} rows, too"
        parts.append(f"{found.shared or 'None'} of the {test:,} {names['test']} rows {among}{label}.")
    return " ".join(parts)


def _labelled(same: int, rows: int) -> str:
    return ", with the same label" if same == rows else f", {same:,} of them with the same label"


def _leaks(found: Datasheet) -> str:
    """Which columns give the label away, or how far the strongest is from it."""
    if found.strongest is None:
        return (
            "Whether a column alone gives the label away was not asked: there are too few rows with one label, or no "
            "column of numbers that could."
        )
    if found.leaks:
        more = f" {count(len(found.leaks) - 1, 'more column does', 'more columns do')}." * (len(found.leaks) > 1)
        return f"{capital(_told(found.leaks[0], found))}: it gives the label away.{more} {_rule(found.strongest)}"
    return (
        f"No column was found that alone gives the label away; the closest: {_told(found.strongest, found)}. "
        f"{_rule(found.strongest)}"
    )


def _told(leak: Leak, found: Datasheet) -> str:
    """the column petal length alone tells the label of 95% of 150 rows that its rule was not fitted on (at least 88%)."""
    if leak.others is None or leak.others_at_least is None:
        return (
            f"the column {leak.feature} has a rank correlation of {plain(leak.told, 3)} with the label (at least "
            f"{plain(leak.at_least, 3)}, sign aside), over {count(found.leak_rows, 'row')}"
        )
    return (
        f"the column {leak.feature} alone tells the label of {share(leak.told)} of {count(found.leak_rows, 'row')} "
        f"that its rule "
        f"was not fitted on (at least {share(leak.at_least)}), and of {share(leak.others)} of those outside the "
        f"commonest class (at least {share(leak.others_at_least)})"
    )


def _rule(leak: Leak) -> str:
    if leak.others is None:
        return f"A column is said to give it away where the lower end of the interval is {plain(RANKS)} or more."
    return (
        f"A column is said to give it away where these lower ends are at least {share(TOLD)} and "
        f"{share(TOLD_OF_OTHERS)}; they hold for all columns together."
    )


def _moved(material: Material, found: Datasheet) -> str:
    """What the later rows have otherwise."""
    names = _names(material)
    if found.later is None:
        return f"All rows are {names[next(iter(found.rows))]} rows, so there are none to be held against them."
    if not found.drifts:
        return f"There are too few {names[found.later]} rows to hold them against the {names['train']} rows."
    moved, outside = _of(found.drifts, "moved"), _of(found.drifts, "surprising")
    against = f"{_rows_named(material, found.later)} against the {names['train']} rows"
    said = f"{len(moved) or 'none'} of {count(len(found.drifts), 'column')} {'have' if len(moved) > 1 else 'has'} moved"
    beyond = sum(item.outside > 0 for item in found.drifts)
    some = (
        f"{count(beyond, 'column has values', 'columns have values')} there that no row of the training has or "
        f"reaches; {'none' if not outside else len(outside)} of them in more rows than chance explains"
        if beyond
        else "no value there is beyond those of the training"
    )
    return (
        f"{capital(against)}: {said}; {some}. A column has moved where its population "
        f"stability index is {plain(MOVED)} or more and the test leaves it a chance under {share(CHANCE)}, by Holm's "
        f"procedure over all columns. Measured on at most {found.examined:,} rows of each."
    )


def _of(drifts: Sequence[Drift], which: str) -> list[Drift]:
    chosen = [item for item in drifts if (item.moved if which == "moved" else item.surprising)]
    return sorted(chosen, key=lambda item: -(item.index if which == "moved" else item.outside))


def _rows_named(material: Material, split: Split) -> str:
    """The rows given to be explained; the test rows."""
    return "the rows given to be explained" if split == "explain" else f"the {_names(material)[split]} rows"


# --- figures and tables ---------------------------------------------------------------------------------------


def figures(material: Material) -> tuple[Figure, ...]:
    """The distributions of those columns that have moved most, or of the first."""
    found = material.datasheet
    if found is None or not found.distributions:
        return ()
    splits = [split for split in ("train", "test", "explain") if split in found.distributions[0].shares]
    names = _names(material)
    panels = tuple(
        Histogram(
            title=item.feature,
            bins=item.bins,
            shares=np.array([item.shares[split] for split in splits]),
            ends=(item.edges[0], item.edges[-1]) if item.edges else None,
        )
        for item in found.distributions
    )
    left = len(found.columns) - len(panels)
    first = "those that have moved most" if found.drifts else "the first"
    drawn = f" Drawn are {len(panels)} of {len(found.columns):,} columns, {first}." if left > 0 else ""
    return (
        Figure(
            name=f"{material.slug}-distributions",
            content=Histograms(groups=tuple(f"{names[split]} rows" for split in splits), panels=panels),
            caption=f"How the columns are distributed.{drawn}",
            alt=f"Distributions of {_few([panel.title for panel in panels])}",
        ),
    )


def _balance(material: Material, found: Datasheet) -> tuple[Table, ...]:
    if not found.balance:
        return ()
    names = _names(material)
    totals = {split: sum(own[split] for own in found.balance.values()) for split in found.rows}
    known = [split for split, total in totals.items() if total]
    return (
        Table(
            name=f"{material.slug}-balance",
            caption=f"Rows of each class of {material.dataset.label_name}, where it is known.",
            columns=(Column(title="class"), *(Column(title=f"{names[s]} rows", numeric=True) for s in known)),
            rows=tuple(
                (name, *(f"{own[split]:,} ({share(own[split] / totals[split])})" for split in known))
                for name, own in found.balance.items()
            ),
        ),
    )


def _columns(material: Material, found: Datasheet) -> Table:
    """One row per column; what has moved where there are later rows."""
    drifts = {item.feature: item for item in found.drifts}
    tests = listing(list(dict.fromkeys(item.test for item in found.drifts)))
    moved = (
        f" Stability index and chance ({tests}, by Holm's procedure) are those of {_rows_named(material, found.later)} "
        "against the training rows; beyond: how many of them have a value that no training row has or reaches."
        if found.later is not None and drifts
        else ""
    )
    return Table(
        name=f"{material.slug}-columns",
        caption=f"The columns as the model is given them.{moved}",
        columns=(
            Column(title="column"),
            *(Column(title=title, numeric=True) for title in ("empty", "values", "training range")),
            *(Column(title=title, numeric=True) for title in ("index", "chance", "beyond") if moved),
        ),
        rows=tuple(
            (
                column.name,
                f"{column.missing:,}",
                f"{column.values:,}",
                "category" if column.low is None or column.high is None else _range(column.low, column.high),
                *(_drift(drifts.get(column.name)) if moved else ()),
            )
            for column in found.columns
        ),
    )


def _range(low: float, high: float) -> str:
    return f"{rounded(low, 4)} to {rounded(high, 4)}"


def _drift(item: Drift | None) -> tuple[str, str, str]:
    if item is None:
        return "–", "–", "–"
    chance = "under 0.001" if item.adjusted < 0.001 else plain(item.adjusted, 3)
    return plain(item.index), chance, f"{item.outside:,}"


def _correlations(material: Material, found: Datasheet) -> tuple[Table, ...]:
    if not found.correlations:
        return ()
    strongest = "the only one" if found.pairs == 1 else f"the strongest of {found.pairs:,}"
    return (
        Table(
            name=f"{material.slug}-correlations",
            caption=f"Pairs of columns by Spearman's rank correlation, {strongest}, each with its own 95% interval. "
            "Attributions of columns that go together can stand for each other.",
            columns=(
                Column(title="column"),
                Column(title="with"),
                Column(title="correlation", numeric=True),
                Column(title="95% interval", numeric=True),
            ),
            rows=tuple((*item.features, signed(item.value), interval(*item.interval)) for item in found.correlations),
        ),
    )


# --- page one -------------------------------------------------------------------------------------------------


def concerns(material: Material) -> tuple[Concern, ...]:
    """Leaks, shared rows, drift and values beyond the training."""
    found = material.datasheet
    if found is None:
        return ()
    return tuple(
        Concern(title=title, sentence=sentence, section="data")
        for title, sentence in (
            *_leak(found), *_shared(material, found), *_drifted(material, found), *_beyond(material, found)
        )
    )  # fmt: skip


_Said = tuple[tuple[str, str], ...]


def _leak(found: Datasheet) -> _Said:
    if not found.leaks:
        return ()
    more = f" So {'does' if len(found.leaks) == 2 else 'do'} {_few([leak.feature for leak in found.leaks[1:]])}."
    return (
        (
            "A column gives the label away",
            f"{capital(_told(found.leaks[0], found))}.{more if len(found.leaks) > 1 else ''}",
        ),
    )


def _shared(material: Material, found: Datasheet) -> _Said:
    test, names = found.rows.get("test", 0), _names(material)
    if not found.shared_with_label or found.shared_with_label < SHARED * test:
        return ()
    stand = "stands" if found.shared_with_label == 1 else "stand"
    return (
        (
            "Test rows are among the training rows",
            f"{found.shared_with_label:,} of {test:,} {names['test']} rows {stand} among the {names['train']} rows, "
            f"too, with the same label; named from {share(SHARED)} on.",
        ),
    )


def _drifted(material: Material, found: Datasheet) -> _Said:
    moved = _of(found.drifts, "moved")
    if not moved or found.later is None:
        return ()
    named = listing([f"{item.feature} ({plain(item.index)})" for item in moved[:_NAMED]])
    first = ", most of all" if len(moved) > _NAMED else ":"
    return (
        (
            "The data have moved",
            f"In {_rows_named(material, found.later)}, {count(len(moved), 'column')} of {len(found.drifts):,} "
            f"{'is' if len(moved) == 1 else 'are'} not distributed as in the training{first} {named}; the number is "
            f"the population stability index, named from {plain(MOVED)} on.",
        ),
    )


def _beyond(material: Material, found: Datasheet) -> _Said:
    outside = _of(found.drifts, "surprising")
    if not outside or found.later is None:
        return ()
    first = outside[0]
    rows = found.rows[found.later]
    more = f"; so {'has' if len(outside) == 2 else 'have'} {_few([item.feature for item in outside[1:]])}"
    return (
        (
            "Values that the training has not seen",
            f"{first.outside:,} of {rows:,} {_names(material)[found.later]} rows have a value of {first.feature} "
            f"that no training row has or "
            f"reaches{more if len(outside) > 1 else ''}; named from {share(OUTSIDE)} of the rows "
            "on, where chance hardly explains it.",
        ),
    )


def as_plain(materials: Sequence[Material]) -> dict[str, Any]:
    """`datasheet.json`: of each chapter with a table."""
    found = {material.slug: material.datasheet for material in materials if material.datasheet is not None}
    return {
        "schema": "exhibit-datasheet/1",
        "chapters": [{"chapter": slug, **own.model_dump(mode="json")} for slug, own in found.items()],
    }
