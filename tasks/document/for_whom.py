"""For whom the model of a chapter is how good, and what its explanations say of each group."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from exhibit.tasks.document import roles
from exhibit.tasks.document.kinds import KINDS
from exhibit.tasks.document.words import capital, count, interval, listing, plain, rounded, signed
from exhibit.tasks.records.intervals import filed
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Block, Column, Concern, Section, Table
from exhibit.tasks.records.subgroups import (
    APART,
    APART_IN_SPREADS,
    FEW,
    LEVEL,
    TELLS,
    TIMES,
    Disparity,
    Estimate,
    ForWhom,
    Measured,
    Pair,
    Subgroup,
    Subgroups,
)

_TOLD = 2  # findings of a concern that stand in its sentence
_NO_SHARES = ("mean label", "mean error", "mean absolute error")  # in the unit of the label
_OF_PROBABILITY = ("F1", "AUC", "log loss", "calibration")  # in a table of their own, where there are rates as well
_FURTHER = ": F1, and what the probabilities are worth"


def sections(material: Material) -> tuple[Section, ...]:
    """One, where groups are asked for."""
    found = material.groups
    if found is None:
        return ()
    measured = found.measured
    return (
        Section(
            title="For whom",
            id="groups",
            blocks=(
                Block(
                    paragraphs=(_asked(material, found), *_measured(material, found)),
                    figures=tuple(figure_name(material, table) for table in drawn(found)),
                    tables=_by_group(material),
                ),
                *(_apart(material, measured) if measured else ()),
                *(roles.blocks(material, found.explained) if found.explained else (roles.not_explained(),)),
            ),
        ),
    )


def drawn(found: ForWhom) -> tuple[Subgroups, ...]:
    """The groups that have a figure: those by one column, where there are several."""
    tables = found.measured.tables if found.measured else ()
    return tuple(table for table in tables if len(table.by) == 1 and len(table.groups) > 1)


def figure_name(material: Material, table: Subgroups) -> str:
    """Of the groups by one column: its place among the columns that are asked about, for a name may hold any letter."""
    assert material.groups, "has groups"
    return f"{material.slug}-whom-{list(material.groups.by).index(table.by[0])}"


# --- how good the model is for each ---------------------------------------------------------------------------


def _asked(material: Material, found: ForWhom) -> str:
    """By what rows are told apart, and whether the model knows it: what is no column may tell anything."""
    columns = list(found.by)
    others = [name for name in columns if name not in found.given]
    both = f" and each {'two' if len(columns) > 2 else 'pair'} of them at once" if len(columns) > 2 else ""
    both = " and both at once" if len(columns) == 2 else both
    given = f"The model is given {listing(found.given)}" if found.given else ""
    kept = f"{'not ' if given else 'The model is not given '}{listing(others)}" if others else ""
    told = ", ".join(filter(None, [given, kept]))
    if not all(item.traits.named for item in material.dataset.inputs):
        it = "it" if len(columns) == 1 else "them"
        told = f"The model is not told {it}, but may read {it} from what it is given"
    people = any(KINDS[item.kind].people for item in material.dataset.inputs)
    matters = "difference is fair" if people else "difference matters"
    law = " and on the law" if people else ""
    return (
        f"Rows are told apart by {listing(columns)}{both}. {told}. Which {matters} depends on what the model is "
        f"for{law}; no number decides that."
    )


def _measured(material: Material, found: ForWhom) -> tuple[str, ...]:
    measured = found.measured
    if measured is None:
        return ("No row has a label, so how good the model is for each group is not assessed.",)
    return (
        f"Measured on {on_rows(material, measured)}.{_seen(material, measured)} {_said(material, measured)} "
        f"Intervals hold together: the chance that all {measured.intervals:,} intervals of these tables hold their "
        "value is at least 95%, so each is wider than it would be alone (Bonferroni). Groups of fewer than "
        f"{FEW} rows are shown, and compared with no other.",
    )


def on_rows(material: Material, measured: Measured) -> str:
    """200 held-out rows."""
    split = material.rows_of(measured.split)
    return count(measured.rows, f"{'held-out' if split == 'test' else split} row")


def _seen(material: Material, measured: Measured) -> str:
    seen = material.trained and measured.split == "train"
    return " The model was trained on these rows: on others it may be worse." if seen else ""


def _said(material: Material, measured: Measured) -> str:
    """What the measures are."""
    if not material.dataset.classes:
        unit = f" in {material.dataset.label_unit}" if material.dataset.label_unit else ""
        return f"Errors are predicted minus measured{unit}."
    if not measured.about:
        return (
            "Accuracy is that of the likeliest class, calibration its mean probability minus how often it is right. "
            "Log loss (in nats, 0 is best) says how little probability what is true has. Rates are of one class "
            "against all others: one of them in target.outputs would have them here."
        )
    return (
        f"Rates are of {measured.about}. Base rate: how many rows are it. Selection rate: how many are read as it, as "
        "the likeliest class. TPR: how many of the rows that are it are read as it. FPR: how many of the others are. "
        "F1: the harmonic mean of TPR and of how many of the rows that are read as it are it. AUC: how often a row "
        "that is it has a higher probability of it than one that is not. Log loss (in nats, 0 is best): how little "
        "probability what is true has. Calibration: the mean probability of it minus the base rate."
    )


def _by_group(material: Material) -> tuple[Table, ...]:
    found = material.groups
    if found is None or found.measured is None:
        return ()
    names = list(found.measured.whole)
    parts = {"": names}
    if found.measured.about:
        parts = {": rates": [name for name in names if name not in _OF_PROBABILITY], _FURTHER: list(_OF_PROBABILITY)}
    return tuple(
        _of_groups(material, found.measured, table, _Part(what, own, f"{material.slug}-groups-{number}-{part}"))
        for number, table in enumerate(found.measured.tables)
        for part, (what, own) in enumerate(parts.items())
    )


class _Part(NamedTuple):
    """Columns of a table of groups."""

    what: str
    measures: Sequence[str]
    name: str


def _of_groups(material: Material, measured: Measured, table: Subgroups, part: _Part) -> Table:
    small = sum(group.small for group in table.groups)
    few = f" Too small to be compared: {small} of {count(len(table.groups), 'group')}." if small else ""
    none = f" None of these rows is of {listing([f'“{name}”' for name in table.absent])}." if table.absent else ""
    return Table(
        name=part.name,
        caption=f"By {listing(table.by)}, on {on_rows(material, measured)}{part.what}.{few}{none}",
        columns=(
            Column(title=" and ".join(table.by)),
            *(Column(title=title, numeric=True) for title in ("rows", *part.measures)),
        ),
        rows=tuple(
            (
                called(group),
                f"{group.rows:,}",
                *(_cell(group, name) for name in part.measures),
            )
            for group in table.groups
        ),
    )


def called(group: Subgroup) -> str:
    """A group as pages name it."""
    return f"{group.name} (too small)" if group.small else group.name


def _cell(group: Subgroup, name: str) -> str:
    return "–" if name not in group.measures else estimate(group.measures[name], name)


def estimate(found: Estimate, measure: str) -> str:
    """A number of a group with its interval."""
    bounds = f" ({_interval(found.interval, measure)})" if found.interval else ""
    return f"{written(found.value, measure)}{bounds}"


def written(value: float, measure: str) -> str:
    """A number as pages print this measure."""
    if measure in _NO_SHARES:
        return rounded(value)
    return signed(value) if measure == "calibration" else plain(value)


def _interval(ends: tuple[float, float] | None, measure: str) -> str:
    if ends is None:
        return "not known"
    return interval(*ends, 3, rounded) if measure in _NO_SHARES else interval(*ends)


def _apart(material: Material, measured: Measured) -> tuple[Block, ...]:
    """How far groups are apart, and by which rule that is too far."""
    if not measured.comparisons:
        said = f"By no column are there two groups of {FEW} rows or more, so no two are compared: not assessed."
        return (Block(heading="How far groups are apart", paragraphs=(said,)),)
    found = [(table, item) for table in measured.tables for item in table.disparities]
    failed = [(table, item) for table, item in found if item.verdict == "fail"]
    told = "No two groups are surely apart by more than that."
    if failed:
        told = f"Surely further apart: {listing([_which(table, item) for table, item in failed])}."
    alone = [listing(table.by) for table in measured.tables if not table.disparities]
    lacking = f" Not assessed, for want of two groups of {FEW} rows: by {'; by '.join(alone)}." if alone else ""
    rule = _rule(material, measured)
    return (
        Block(
            heading="How far groups are apart",
            paragraphs=(f"{rule} {told}{lacking}",),
            tables=(
                Table(
                    name=f"{material.slug}-groups-apart",
                    caption=_caption(material, measured),
                    columns=(
                        Column(title="by"),
                        Column(title="measure"),
                        *(Column(title=title, numeric=True) for title in ("difference", "ratio")),
                        Column(title="surest"),
                        *(Column(title=title, numeric=True) for title in ("is above by", "interval", "limit")),
                        Column(title="verdict"),
                    ),
                    rows=tuple(_row(table, item) for table, item in found),
                ),
            ),
        ),
    )


def _rule(material: Material, measured: Measured) -> str:
    unknown = any(item.surest.interval is None for table in measured.tables for item in table.disparities)
    alike = " Where all rows of a group are off by as much, that says nothing of other rows: no interval is known."
    limit = (
        f"{APART:.2f}"
        if material.dataset.classes
        else f"{APART_IN_SPREADS} standard deviations of the label (a small effect, Cohen 1988)"
    )
    return (
        f"Every two groups of {FEW} rows or more are compared. A measure fails where two groups differ by more than "
        f"{limit} with the whole interval of the difference, passes where the intervals of all pairs stay within that, "
        "either way, and is undecided else. These intervals hold together at 95% over all "
        f"{measured.comparisons:,} comparisons.{alike * unknown}"
    )


def _caption(material: Material, measured: Measured) -> str:
    fairlearn = "The largest difference and the smallest ratio of two groups, as fairlearn has them"
    if not material.dataset.classes:
        return "The largest difference of two groups, and the two that differ most surely. Means have no ratio."
    said = f"{fairlearn}, and the two groups that differ most surely."
    if not measured.about:
        return f"{said} Log loss has no limit."
    return (
        f"{said} The selection rate is that of demographic parity, TPR that of equal opportunity, TPR and FPR those of "
        "equalized odds. The base rate is of the data, and F1 and log loss follow it: they have no limit."
    )


def _which(table: Subgroups, item: Disparity) -> str:
    return f"{item.measure} by {listing(table.by)} ({item.surest.high} above {item.surest.low})"


def _row(table: Subgroups, item: Disparity) -> tuple[str, ...]:
    pair, limit = item.surest, item.limit
    return (
        listing(table.by),
        item.measure,
        _size(item.difference, item.measure),
        "–" if item.ratio is None else plain(item.ratio),
        f"{pair.high} above {pair.low}" if pair.difference else f"{pair.high} and {pair.low} alike",
        _size(pair.difference, item.measure),
        _interval(pair.interval, item.measure),
        "–" if limit is None else _size(limit, item.measure),
        item.verdict or "–",
    )


def _size(value: float, measure: str) -> str:
    return rounded(value) if measure in _NO_SHARES else plain(value)


# --- page one -------------------------------------------------------------------------------------------------


def concerns(material: Material) -> Sequence[Concern]:
    """What page one names: groups that are surely apart, and protected columns that lead, or that leading features
    tell."""
    found = material.groups
    if found is None:
        return ()
    return (
        *(_apart_concern(material, found.measured) if found.measured else ()),
        *(roles.concerns(found.explained) if found.explained else ()),
    )


def _apart_concern(material: Material, measured: Measured) -> tuple[Concern, ...]:
    failed = [(table, item) for table in measured.tables for item in table.disparities if item.verdict == "fail"]
    if not failed:
        return ()
    failed.sort(key=lambda one: (len(one[0].by), -one[1].surely / (one[1].limit or 1)))
    told = "; ".join(_told(table, item, measured) for table, item in failed[:_TOLD])
    more = f"; and {len(failed) - _TOLD} more" if len(failed) > _TOLD else ""
    return (
        Concern(
            title="The model does not treat all groups alike",
            sentence=f"{capital(told)}{more}. On {on_rows(material, measured)}; intervals hold together at 95% over "
            f"{measured.comparisons:,} comparisons.",
            section="groups",
        ),
    )


def _told(table: Subgroups, item: Disparity, measured: Measured) -> str:
    """By sex the selection rate of good is 0.28 higher for male than for female (0.15 to 0.41)."""
    pair = item.surest
    of = f" of {measured.about}" if measured.about and item.measure != "accuracy" else ""
    return (
        f"by {listing(table.by)} the {item.measure}{of} is {_size(pair.difference, item.measure)} higher for "
        f"{pair.high} than for {pair.low} ({_interval(pair.interval, item.measure)}){_base(table, item, pair)}"
    )


def _base(table: Subgroups, item: Disparity, pair: Pair) -> str:
    """How often the class is true in both groups, without which a selection rate says little."""
    rates = {group.name: group.measures.get("base rate") for group in table.groups}
    high, low = rates.get(pair.high), rates.get(pair.low)
    if item.measure != "selection rate" or high is None or low is None:
        return ""
    return f", where {plain(high.value)} and {plain(low.value)} of them are"


def as_plain(materials: Sequence[Material]) -> dict[str, Any]:
    """`groups.json`: what was measured of each chapter where groups are asked for, and the thresholds."""
    return {
        "schema": "exhibit-groups/1",
        "thresholds": {
            "too_small": FEW,
            "difference_of_shares": APART,
            "difference_of_errors_in_standard_deviations": APART_IN_SPREADS,
            "role_times": TIMES,
            "role_chance": LEVEL,
            "association": TELLS,
        },
        "chapters": [
            {"chapter": material.slug, **filed(material.groups.model_dump(mode="json"))}
            for material in materials
            if material.groups is not None
        ],
    }
