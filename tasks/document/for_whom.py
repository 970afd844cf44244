"""For whom the model of a chapter is how good, and what its explanations say of each group."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from exhibit.tasks.document import roles
from exhibit.tasks.document.kinds import KINDS
from exhibit.tasks.document.rows import called as called_rows
from exhibit.tasks.document.rows import held_out
from exhibit.tasks.document.words import (
    capital,
    either,
    interval,
    judged,
    listing,
    neither,
    plain,
    rounded,
    signed,
    with_beside,
)
from exhibit.tasks.records.intervals import filed
from exhibit.tasks.records.language import mark, sentences, tr, trp
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
from exhibit.tasks.records.verdict import Verdict

_TOLD = 2  # findings of a concern that stand in its sentence
# In the unit of the label.
_NO_SHARES = (mark("mean label"), mark("mean error"), mark("mean absolute error"), mark("RMSE"))
# Of one class: in tables that fit a page.
_PARTS = {
    mark(": rates"): (
        mark("base rate"), mark("selection rate"), mark("TPR"), mark("FPR"), mark("precision"),
    ),
    mark(": accuracy, and how the probabilities rank"): (
        mark("accuracy"), mark("balanced accuracy"), mark("F1"), mark("AUC"), mark("average precision"),
    ),
    mark(": what the probabilities are worth"): (mark("log loss"), mark("Brier score"), mark("calibration")),
}  # fmt: skip


def sections(material: Material) -> tuple[Section, ...]:
    """One, where groups are asked for."""
    found = material.groups
    if found is None:
        return ()
    measured = found.measured
    return (
        Section(
            title=tr("For whom"),
            id="groups",
            blocks=(
                Block(
                    paragraphs=(_asked(material, found), *_measured(material, found)),
                    figures=tuple(figure_name(material, table) for table in drawn(found)),
                    tables=_by_group(material),
                ),
                *(_apart(material, found, measured) if measured else ()),
                *roles.blocks(material, found.explained),
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
    people = any(KINDS[item.kind].people for item in material.dataset.inputs)
    matters = (
        tr("Which difference is fair depends on what the model is for and on the law; no number decides that.")
        if people
        else tr("Which difference matters depends on what the model is for; no number decides that.")
    )
    return sentences([_told_apart(listing(columns), len(columns)), found.note, _known(material, found), matters])


def _told_apart(columns: str, number: int) -> str:
    if number == 1:
        return tr("Rows are told apart by {columns}.", columns=columns)
    if number == _BOTH:
        return tr("Rows are told apart by {columns} and both at once.", columns=columns)
    return tr("Rows are told apart by {columns} and each two of them at once.", columns=columns)


_BOTH = 2


def _known(material: Material, found: ForWhom) -> str:
    """Whether the model is given what rows are told apart by."""
    if not all(item.traits.named for item in material.dataset.inputs):
        return (
            tr("The model is not told it, but may read it from what it is given.")
            if len(found.by) == 1
            else tr("The model is not told them, but may read them from what it is given.")
        )
    others = listing([name for name in found.by if name not in found.given])
    if not found.given:
        return tr("The model is not given {others}.", others=others)
    if not others:
        return tr("The model is given {columns}.", columns=listing(found.given))
    return tr("The model is given {columns}, not {others}.", columns=listing(found.given), others=others)


def _measured(material: Material, found: ForWhom) -> tuple[str, ...]:
    measured = found.measured
    if measured is None:
        return (tr("No row has a label, so how good the model is for each group is not assessed."),)
    return (
        sentences(
            [
                tr("Measured on {rows}.", rows=on_rows(material, measured)),
                tr("The model was trained on these rows: on others it may be worse.")
                if material.trained and measured.split == "train"
                else "",
                _said(material, measured),
                tr(
                    "Intervals hold together: the chance that all {number} intervals of these tables hold their value "
                    "is at least 95%, so each is wider than it would be alone (Bonferroni).",
                    number=f"{measured.intervals:,}",
                )
                if measured.intervals
                else tr("On so few rows, or on rows that are all alike, no interval is known."),
                tr(
                    "Those of means allow for a few more rows that are as far off as can be, or, where nothing bounds "
                    "that, as the farthest of all rows here: few rows say little of what is rare."
                )
                if measured.intervals
                else "",
                tr("Groups of fewer than {few} rows are shown, and compared with no other.", few=str(FEW)),
            ]
        ),
    )


def on_rows(material: Material, measured: Measured) -> str:
    """200 held-out rows."""
    return called_rows(held_out(material.rows_of(measured.split)), measured.rows)


def _said(material: Material, measured: Measured) -> str:
    """What the measures are."""
    if not material.dataset.classes:
        errors = (
            tr("Errors are predicted minus measured in {unit}.", unit=material.dataset.label_unit)
            if material.dataset.label_unit
            else tr("Errors are predicted minus measured.")
        )
        explained = tr(
            "R²: 1 minus the mean squared error in parts of the variance of the labels of the same rows; below 0 their "
            "mean would be a better guess."
        )
        return sentences([errors, explained])
    if not measured.about:
        return tr(
            "Accuracy is that of the likeliest class, balanced accuracy the mean of it over the classes of these rows, "
            "calibration its mean probability minus how often it is right. "
            "Log loss (in nats, 0 is best) says how little probability what is true has, the Brier score (0 to 2, 0 is "
            "best) how far all probabilities are off, squared. Rates are of one class "
            "against all others: one of them in target.outputs would have them here."
        )
    return tr(
        "Rates are of {about}. Base rate: how many rows are it. Selection rate: how many are read as it, as "
        "the likeliest class. Accuracy: how many rows are read as the class that they are, whichever it is. Balanced "
        "accuracy: the mean of that over the classes of these rows. TPR: how many of the rows that are it "
        "are read as it. FPR: how many of the others are. "
        "Precision: how many of the rows that are read as it are it. F1: the harmonic mean of TPR and precision. AUC: "
        "how often a row that is it has a higher probability of it than one that is not. Average precision: the area "
        "under the curve of precision against TPR. Log loss (in nats, 0 is "
        "best): how little probability what is true has. Brier score: the mean squared error of the probability (0 is "
        "best). Calibration: the mean probability of it minus the base rate.",
        about=measured.about,
    )


def _by_group(material: Material) -> tuple[Table, ...]:
    found = material.groups
    if found is None or found.measured is None:
        return ()
    names = list(found.measured.whole)
    parts: Mapping[str, Sequence[str]] = _PARTS if found.measured.about else {"": names}
    return tuple(
        _of_groups(material, found, table, _Part(what, own, f"{material.slug}-groups-{number}-{part}"))
        for number, table in enumerate(found.measured.tables)
        for part, (what, own) in enumerate(parts.items())
    )


class _Part(NamedTuple):
    """Columns of a table of groups."""

    what: str
    measures: Sequence[str]
    name: str


def _of_groups(material: Material, found: ForWhom, table: Subgroups, part: _Part) -> Table:
    assert found.measured, "has measures"
    measured, names = found.measured, found.names(table.by)
    caption = [
        tr(
            "By {columns}, on {rows}{what}.",
            columns=listing(table.by),
            rows=on_rows(material, measured),
            what=tr(part.what),
        )
    ]
    if small := sum(group.small for group in table.groups):
        told = {"number": str(small), "total": str(len(table.groups))}
        caption.append(tr("Groups too small to be compared: {number} of {total}.", **told))
    if table.absent:
        absent = [trp("quotation", "“{words}”", words=names[name]) for name in table.absent]
        caption.append(tr("None of these rows is of {groups}.", groups=listing(absent)))
    caption += _lacking(table, part.measures)
    return Table(
        name=part.name,
        caption=sentences(caption),
        columns=(
            Column(title=listing(table.by)),
            *(Column(title=title, numeric=True) for title in (tr("rows"), *map(tr, part.measures))),
        ),
        rows=tuple(
            (
                called(group, names),
                f"{group.rows:,}",
                *(_cell(group, name) for name in part.measures),
            )
            for group in table.groups
        ),
    )


def _lacking(table: Subgroups, measures: Sequence[str]) -> list[str]:
    """Why cells of the table have no number."""
    found: dict[str, list[str]] = {}
    for name in measures:
        for why in dict.fromkeys(group.lacking[name] for group in table.groups if name in group.lacking):
            found.setdefault(why, []).append(tr(name))
    return [
        tr("There is no {measures} where {reason}.", measures=either(names), reason=tr(why))
        for why, names in found.items()
    ]


def called(group: Subgroup, names: Mapping[str, str]) -> str:
    """A group as pages name it, which have `names` for all."""
    name = names[group.name]
    return tr("{group} (too small)", group=name) if group.small else name


def _cell(group: Subgroup, name: str) -> str:
    return "–" if name not in group.measures else estimate(group.measures[name], name)


def estimate(found: Estimate, measure: str) -> str:
    """A number of a group with its interval."""
    value = written(found.value, measure)
    return with_beside(value, _interval(found.interval, measure)) if found.interval else value


def written(value: float, measure: str) -> str:
    """A number as pages print this measure."""
    if measure in _NO_SHARES:
        return rounded(value)
    return signed(value) if measure == "calibration" else neither(value)


def _interval(ends: tuple[float, float] | None, measure: str, limit: float | None = None) -> str:
    """In so many digits that its ends differ from the limit as the verdict says."""
    if ends is None:
        return tr("not known")
    digits, write = (3, rounded) if measure in _NO_SHARES else (2, plain)
    sides = (
        []
        if limit is None
        else [(end, sign * limit) for end in ends for sign in (-1, 1) if abs(end - sign * limit) > _TOUCHES * limit]
    )
    while digits < _MOST_DIGITS and any(write(end, digits) == write(at, digits) for end, at in sides):
        digits += 1
    return interval(*ends, digits, write)


_MOST_DIGITS, _TOUCHES = 8, 1e-5  # an end that is nearer to the limit than that reads as it


def _apart(material: Material, asked: ForWhom, measured: Measured) -> tuple[Block, ...]:
    """How far groups are apart, and by which rule that is too far."""
    heading = tr("How far groups are apart")
    if not measured.comparisons:
        said = tr(
            "By no column are there two groups of {few} rows or more, so no two are compared: not assessed.",
            few=str(FEW),
        )
        return (Block(heading=heading, paragraphs=(said,)),)
    found = [(table, item) for table in measured.tables for item in table.disparities]
    failed = [(table, item) for table, item in found if item.verdict == "fail"]
    told = tr("No two groups are surely apart by more than that.")
    if failed:
        told = tr(
            "Surely further apart: {measures}.",
            measures=listing([_which(table, item, asked.names(table.by)) for table, item in failed]),
        )
    alone = [tr("by {columns}", columns=listing(table.by)) for table in measured.tables if not table.disparities]
    lacking = (
        tr(
            "Not assessed, for want of two groups of {few} rows: {columns}.",
            few=str(FEW),
            columns=trp("list", "; ").join(alone),
        )
        if alone
        else ""
    )
    return (
        Block(
            heading=heading,
            paragraphs=(sentences([*_rule(material, measured), told, lacking]),),
            tables=(
                Table(
                    name=f"{material.slug}-groups-apart",
                    caption=_caption(material, measured),
                    columns=(
                        Column(title=trp("column", "by")),
                        Column(title=trp("column", "measure")),
                        Column(title=tr("difference"), numeric=True),
                        Column(title=trp("column", "ratio"), numeric=True),
                        Column(title=trp("column", "surest")),
                        Column(title=trp("column", "is above by"), numeric=True),
                        Column(title=trp("column", "interval"), numeric=True),
                        Column(title=trp("column", "limit"), numeric=True),
                        Column(title=trp("column", "verdict")),
                    ),
                    rows=tuple(_row(table, item, asked.names(table.by)) for table, item in found),
                ),
            ),
        ),
    )


def _rule(material: Material, measured: Measured) -> list[str]:
    unknown = any(item.surest.interval is None for table in measured.tables for item in table.disparities)
    limit = (
        f"{APART:.2f}"
        if material.dataset.classes
        else tr("{number} standard deviations of the label (a small effect, Cohen 1988)", number=str(APART_IN_SPREADS))
    )
    return [
        tr("Every two groups of {few} rows or more are compared.", few=str(FEW)),
        tr(
            "A measure fails where two groups differ by more than {limit} with the whole interval of the difference, "
            "passes where the intervals of all pairs stay within that, either way, and is undecided else.",
            limit=limit,
        ),
        tr("These intervals hold together at 95% over all {number} comparisons.", number=f"{measured.comparisons:,}"),
        tr(
            "Where the rows of a group do not vary, or one of them makes up what is measured, that says nothing of "
            "other rows: no interval is known."
        )
        if unknown
        else "",
    ]


def _caption(material: Material, measured: Measured) -> str:
    if not material.dataset.classes:
        return tr(
            "The largest difference of two groups, and the two that differ most surely. Means and R² have no ratio; "
            "RMSE and R² have no limit."
        )
    return sentences(
        [
            tr(
                "The largest difference and the smallest ratio of two groups, as fairlearn has them, and the two "
                "groups that differ most surely."
            ),
            tr(
                "The selection rate is that of demographic parity, TPR that of equal opportunity, TPR and FPR those of "
                "equalized odds, precision that of predictive parity. The base rate is of the data, and precision, "
                "F1, average precision, log loss and Brier score follow it: they have no limit."
            )
            if measured.about
            else tr("Log loss and Brier score have no limit."),
        ]
    )


def _which(table: Subgroups, item: Disparity, names: Mapping[str, str]) -> str:
    return tr(
        "{measure} by {columns} ({high} above {low})",
        measure=tr(item.measure),
        columns=listing(table.by),
        high=names[item.surest.high],
        low=names[item.surest.low],
    )


def _row(table: Subgroups, item: Disparity, names: Mapping[str, str]) -> tuple[str, ...]:
    pair, limit = item.surest, item.limit
    high, low = names[pair.high], names[pair.low]
    return (
        listing(table.by),
        tr(item.measure),
        _size(item.difference, item.measure),
        "–" if item.ratio is None else neither(item.ratio),
        tr("{high} above {low}", high=high, low=low)
        if pair.difference
        else tr("{one} and {other} alike", one=high, other=low),
        _size(pair.difference, item.measure),
        _interval(pair.interval, item.measure, limit),
        "–" if limit is None else _size(limit, item.measure),
        item.verdict or "–",
    )


def _size(value: float, measure: str) -> str:
    return rounded(value) if measure in _NO_SHARES else neither(value)


# --- the first pages -------------------------------------------------------------------------------------------------


def concerns(material: Material) -> Sequence[Concern]:
    """What page one names: groups that are surely apart, and protected columns that lead, or that leading features
    tell."""
    found = material.groups
    if found is None:
        return ()
    return (
        *(_apart_concern(material, found, found.measured) if found.measured else ()),
        *roles.concerns(material, found.explained),
    )


def verdicts(material: Material) -> Sequence[Concern]:
    """What page two says of the verdicts by group, which stand in their section: how many there are of each."""
    found = material.groups
    if found is None:
        return ()
    return (Concern(title=tr("By group"), sentence=_counted(found), section="groups"),)


def open_questions(material: Material) -> Sequence[Concern]:
    """What page one says where no group is surely treated otherwise, and nobody knows whether all are treated alike."""
    found = material.groups
    if found is None:
        return ()
    counts = _by_verdict(found)
    if counts["fail"] or (counts and not counts["undecided"]):
        return ()
    if not counts:
        title = tr("Whether the model treats all groups alike was not assessed")
    elif counts["pass"]:
        title = tr("Whether the model treats all groups alike is decided in part")
    else:
        title = tr("Whether the model treats all groups alike is not decided for any group")
    return (Concern(title=title, sentence=_counted(found), section="groups"),)


def _by_verdict(found: ForWhom) -> Counter[Verdict]:
    items = [item for table in found.measured.tables for item in table.disparities] if found.measured else []
    return Counter(item.verdict for item in items if item.verdict)


def _counted(found: ForWhom) -> str:
    """How many differences between groups have which verdict, or why none has any."""
    if found.measured is None:
        return tr("No row has a label that the answers of the model could be compared with: not assessed.")
    counts = _by_verdict(found)
    if not counts:
        return tr(
            "No measure that has a limit could be compared between two groups of {few} rows or more: not assessed.",
            few=str(FEW),
        )
    return tr(
        "Of {number} differences between groups that have a limit: {verdicts}.",
        number=f"{counts.total():,}",
        verdicts=listing(
            [
                trp("of verdicts", "{number} {verdict}", number=f"{number:,}", verdict=judged(verdict))
                for verdict, number in sorted(counts.items())
            ]
        ),
    )


def _apart_concern(material: Material, found: ForWhom, measured: Measured) -> tuple[Concern, ...]:
    failed = [(table, item) for table in measured.tables for item in table.disparities if item.verdict == "fail"]
    if not failed:
        return ()
    failed.sort(key=lambda one: (len(one[0].by), -one[1].surely / (one[1].limit or 1)))
    told = [_told(table, item, measured, found.names(table.by)) for table, item in failed[:_TOLD]]
    if len(failed) > _TOLD:
        told.append(tr("and {number} more", number=str(len(failed) - _TOLD)))
    return (
        Concern(
            title=tr("The model does not treat all groups alike"),
            sentence=tr(
                "{told}. On {rows}; intervals hold together at 95% over {number} comparisons.",
                told=capital(trp("list", "; ").join(told)),
                rows=on_rows(material, measured),
                number=f"{measured.comparisons:,}",
            ),
            section="groups",
        ),
    )


def _told(table: Subgroups, item: Disparity, measured: Measured, names: Mapping[str, str]) -> str:
    """By sex the selection rate of good is 0.28 higher for male than for female (0.15 to 0.41)."""
    pair = item.surest
    return tr(
        "by {columns} the {measure} is {size} higher for {high} than for {low} ({interval}){base}",
        columns=listing(table.by),
        measure=measure_of(item.measure, measured),
        size=_size(pair.difference, item.measure),
        high=names[pair.high],
        low=names[pair.low],
        interval=_interval(pair.interval, item.measure, item.limit),
        base=_base(table, item, pair),
    )


def measure_of(measure: str, measured: Measured) -> str:
    """selection rate of good; accuracy."""
    if not measured.about or measure in _OF_ALL:
        return tr(measure)
    return tr("{measure} of {about}", measure=tr(measure), about=measured.about)


_OF_ALL = ("accuracy", "balanced accuracy")  # of all classes


def _base(table: Subgroups, item: Disparity, pair: Pair) -> str:
    """How often the class is true in both groups, without which a selection rate says little."""
    rates = {group.name: group.measures.get("base rate") for group in table.groups}
    high, low = rates.get(pair.high), rates.get(pair.low)
    if item.measure != "selection rate" or high is None or low is None:
        return ""
    return tr(", where {high} and {low} of them are", high=neither(high.value), low=neither(low.value))


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
            {"chapter": material.slug, **_with_lacking(filed(material.groups.model_dump(mode="json")))}
            for material in materials
            if material.groups is not None
        ],
    }


def _with_lacking(found: dict[str, Any]) -> dict[str, Any]:
    """What a group does not have is null there; `lacking` says why."""
    for table in (found["measured"] or {"tables": ()})["tables"]:
        for group in table["groups"]:
            group["measures"] |= dict.fromkeys(group["lacking"])
    return found
