"""The chapter "Changes since the last report"."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from exhibit.tasks.document import between
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.document.words import count, listing, plain, rounded, signed, without_units
from exhibit.tasks.records.change_summary import Changes, EarlierReport
from exhibit.tasks.records.changed import Changed, Pair, PointPair
from exhibit.tasks.records.figure import Bars, Figure, Series
from exhibit.tasks.records.finding import Flips, Shift, Shifts, Swap
from exhibit.tasks.records.page import Aside, Badge, Block, Chapter, Column, Section, Table, Teaser
from exhibit.tasks.records.verdict import Verdict

SLUG = "since_last"  # no slug of a point has a "_"
_TITLE = "Changes since the last report"
_MOST_ROWS = 20
_MOST_FEATURES = 10
_MOST_POINTS = 3  # that have a figure
_MOST_NAMES = 4  # in a sentence


def chapter(changes: Changed) -> Chapter:
    earlier = changes.summary.compared_with
    if earlier is None:
        return Chapter(
            slug=SLUG,
            title=_TITLE,
            eyebrow="no earlier report",
            lead="There is no earlier report of these points to compare with: this is the first.",
            teaser=None,
            sections=(),
        )
    flips, shifts = findings(changes.summary)
    sentence = " ".join(
        [
            f"{between.changed_what(bool(changes.summary.data), bool(changes.summary.models))} since the report of "
            f"{day(earlier.issued)}.",
            worded(shifts)[1],
            worded(flips)[1],
        ]
    )
    drawn = figures(changes)
    teaser = Teaser(
        figure=drawn[0].name if drawn else "",
        title=f"Since {day(earlier.issued)}: {between.since(flips, shifts)}",
        sentence=sentence,
        small=f"compared with the report issued {day(earlier.issued)} · "
        f"{count(changes.summary.compared, 'importance')}",
    )
    return Chapter(
        slug=SLUG,
        title=_TITLE,
        eyebrow=f"compared with the report issued {day(earlier.issued)}",
        lead=sentence,
        teaser=teaser if drawn else None,
        sections=(_origin(changes, earlier), *_importances(changes), _verdicts(changes)),
    )


def badges(changes: Changed) -> tuple[Badge, ...]:
    """One for the strip on page one."""
    summary = changes.summary
    if summary.compared_with is None:
        return ()
    flips, shifts = findings(summary)
    certain, others = flips.metrics + flips.verdicts, len(shifts.shifts) + len(shifts.swaps)
    stands = shifts.standing == "stands"
    number = certain + others if stands else certain
    verdict: Verdict | None = "fail" if number else "undecided" if others else None
    beyond = f"{count(number, 'change')} beyond error"
    return (
        Badge(
            title=beyond if stands or not others else f"{beyond}, {others} undecided",
            text=f"since the report of {day(summary.compared_with.issued)}",
            verdict=verdict,
        ),
    )


def day(issued: str) -> str:
    """3 January 2026."""
    date = datetime.fromisoformat(issued)
    return f"{date.day} {date:%B %Y}"


# --- findings ---------------------------------------------------------------------------------------------

_RETRAINED = (
    "the model was trained again and these errors leave out how much another training alone changes an importance"
)


def findings(summary: Changes) -> tuple[Flips, Shifts]:
    """What changed beyond error, and which importances and ranks did; these are undecided after another training."""
    features = list(dict.fromkeys(item.feature for item in summary.importance_changes))
    names = dict(zip(features, without_units(features), strict=True))
    shifts = tuple(
        Shift(feature=names[item.feature], before=item.before, after=item.after, errors=item.errors)
        for item in summary.importance_changes
        if item.beyond
    )
    swaps = tuple(
        Swap(feature=names[item.feature], before=item.rank_before, after=item.rank_after)
        for item in summary.importance_changes
        if item.moved
    )
    doubt = _RETRAINED if summary.models and (shifts or swaps) else ""
    return (
        Flips(metrics=summary.metrics, verdicts=summary.verdicts),
        Shifts(compared=summary.compared, shifts=shifts, swaps=swaps, doubt=doubt),
    )


# --- what is compared -------------------------------------------------------------------------------------


def _origin(changes: Changed, earlier: EarlierReport) -> Section:
    apart = [
        f"{listing(changes.new)}: not in the earlier report." if changes.new else "",
        f"{listing(changes.gone)}: in the earlier report alone." if changes.gone else "",
        f"Not compared, as features or aggregation differ: {listing(changes.incomparable)}."
        if changes.incomparable
        else "",
        "" if changes.metrics_known else "The earlier report does not file its metrics, so they are not compared.",
    ]
    settings = [text for pair in changes.points if (text := _settings(pair))]
    return Section(
        title="Data, model and metrics",
        blocks=(
            Block(
                paragraphs=tuple(filter(None, (" ".join(filter(None, apart)), *settings[:_MOST_NAMES]))),
                asides=(
                    Aside(
                        title="The earlier report",
                        text=f"Issued {day(earlier.issued)}. sha256 of its PDF: {_grouped(earlier.pdf)}; of its "
                        f"evidence: {_grouped(earlier.evidence)}.",
                    ),
                ),
                tables=(_point_table(changes),),
            ),
        ),
    )


def _grouped(digest: str) -> str:
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))


def _settings(pair: PointPair) -> str:
    """Which values of the config are others."""
    keys = pair.settings
    if not keys:
        return ""
    before, after = pair.before.settings, pair.after.settings
    named = [f"{key} from {before[key]} to {after[key]}" for key in keys[:_MOST_NAMES]]
    more = f" and {count(len(keys) - _MOST_NAMES, 'more setting')}" if len(keys) > _MOST_NAMES else ""
    return f"{pair.after.title}: the config changed, {listing(named)}{more}."


def _point_table(changes: Changed) -> Table:
    rows = [row for pair in changes.points for row in _point_rows(pair, changes.summary)]
    left = f" The first {_MOST_ROWS} of {len(rows)} rows." if len(rows) > _MOST_ROWS else ""
    return Table(
        name=f"{SLUG}-points",
        caption="Data and model of each point, by their digests, and the quality of the model. Beyond error: the 95% "
        f"intervals do not overlap.{left}",
        columns=(
            *(Column(title=title) for title in ("point", "data", "weights", "metric")),
            *(Column(title=title, numeric=True) for title in ("before", "now")),
            Column(title="beyond error"),
        ),
        rows=tuple(rows[:_MOST_ROWS]),
    )


def _point_rows(pair: PointPair, summary: Changes) -> list[tuple[str, ...]]:
    """A row per metric; of a point without one a single row."""
    weights = "same" if pair.before.weights == pair.after.weights else "changed"
    own = [item for item in summary.metric_changes if item.point == pair.after.slug]
    measured = [
        (item.metric, plain(item.before, 3), plain(item.after, 3), "yes" if item.beyond else "no") for item in own
    ]
    return [(pair.after.title, _data(pair), weights, *numbers) for numbers in measured or [("–",) * 4]]


def _data(pair: PointPair) -> str:
    if pair.before.data == pair.after.data:
        return "same"
    return f"changed: {pair.before.samples:,} rows before, {pair.after.samples:,} now"


# --- importances ------------------------------------------------------------------------------------------


def figures(changes: Changed) -> tuple[Figure, ...]:
    """Importances before and after, of the results that changed most."""
    return tuple(_bars(pair, number) for number, pair in enumerate(_drawn(changes)))


def _drawn(changes: Changed) -> list[Pair]:
    """The results with the largest changes, at most one for each point."""
    order = sorted(changes.pairs, key=lambda pair: -float(np.abs(pair.apart).max(initial=0.0)))
    first: dict[str, Pair] = {}
    for pair in order:
        if len(pair.after.features) > 1:
            first.setdefault(pair.after.point, pair)
    return list(first.values())[:_MOST_POINTS]


def _bars(pair: Pair, number: int) -> Figure:
    order = np.argsort(-np.maximum(pair.before.values, pair.after.values), kind="stable")[:_MOST_FEATURES]
    labels = tuple(without_units(pair.after.features)[k] for k in order)
    series = [
        Series(name=name, values=item.values[order], errors=item.errors[order], reference=grey)
        for name, item, grey in (("now", pair.after, False), ("before", pair.before, True))
    ]
    part = (
        f" The first {len(order)} of {len(pair.after.features)} features."
        if len(order) < len(pair.after.features)
        else ""
    )
    return Figure(
        name=f"{SLUG}-importances-{number}",
        content=Bars(labels=labels, series=tuple(series), axis="mean |a|"),
        caption=f"{_name(pair)}: mean |a| now and, in grey, in the earlier report. Lines: one standard error over "
        f"samples.{part}",
        alt="; ".join(
            f"{label}: {rounded(float(pair.before.values[k]))} before, {rounded(float(pair.after.values[k]))} now"
            for label, k in zip(labels, order, strict=True)
        ),
    )


def _name(pair: Pair) -> str:
    item = pair.after
    return f"{item.point}, {item.method}" + (f", {item.input}" if item.input else "")


def _importances(changes: Changed) -> tuple[Section, ...]:
    if not changes.pairs:
        return ()
    _, shifts = findings(changes.summary)
    names = [figure.name for figure in figures(changes)]
    return (
        Section(
            title="Importances and ranks",
            blocks=(
                Block(
                    paragraphs=(f"{worded(shifts)[1]} {between.swapped(shifts)}",),
                    figures=tuple(names[:1]),
                    asides=(_reading(changes.summary),),
                ),
                *(Block(figures=(name,)) for name in names[1:]),
                Block(tables=(_importance_table(changes),)),
            ),
        ),
    )


def _reading(summary: Changes) -> Aside:
    return Aside(
        title="What counts",
        text=f"A difference counts above {summary.limit:.2f} standard errors, of few samples above more, by "
        "Student's t: had nothing changed, one or more of the "
        f"{summary.compared:,} differences would be so large in one report of twenty at the most. Errors are over the "
        "explained samples; where both reports explain the same rows they are too large, so small real changes may be "
        "missed.",
    )


def _importance_table(changes: Changed) -> Table:
    """Those that count, else the largest."""
    rows = [(pair, k) for pair in changes.pairs for k in range(len(pair.apart))]
    rows.sort(key=lambda row: -abs(float(row[0].apart[row[1]])))
    counting = [(pair, k) for pair, k in rows if pair.beyond[k] or pair.moved[k]]
    shown = (counting or rows)[:_MOST_ROWS]
    which = "The changes that count" if counting else "The largest differences, none of which counts"
    total = len(counting or rows)
    left = f", the first {len(shown)} of {total:,}; all that count are in changes.json" if len(shown) < total else ""
    return Table(
        name=f"{SLUG}-importances",
        caption=f"{which}{left}. Mean |a| with its standard error, the difference in errors, and places with the best "
        "and the worst that the errors leave open.",
        columns=(
            *(Column(title=title) for title in ("result", "feature")),
            *(Column(title=title, numeric=True) for title in ("before", "now", "errors", "place before", "place now")),
        ),
        rows=tuple(_row(pair, k) for pair, k in shown),
    )


def _row(pair: Pair, k: int) -> tuple[str, ...]:
    apart = float(pair.apart[k])
    return (
        f"{pair.after.point}, {pair.after.method}",
        without_units(pair.after.features)[k],
        *(f"{rounded(float(item.values[k]))} ± {rounded(float(item.errors[k]))}" for item in (pair.before, pair.after)),
        signed(apart, 1) if np.isfinite(apart) else "–",
        *(_place(places[k].tolist()) for places in (pair.ranks_before, pair.ranks_after)),
    )


def _place(places: Sequence[int]) -> str:
    place, best, worst = places
    return f"{place} ({best} to {worst})" if best < worst else f"{place}"


# --- verdicts ---------------------------------------------------------------------------------------------


def _verdicts(changes: Changed) -> Section:
    flipped = changes.summary.verdict_changes
    if not flipped:
        return Section(title="Verdicts", blocks=(Block(paragraphs=("Every check says what it said before.",)),))
    return Section(
        title="Verdicts",
        blocks=(
            Block(
                tables=(
                    Table(
                        name=f"{SLUG}-verdicts",
                        caption="Checks that passed in one report and failed in the other.",
                        columns=tuple(Column(title=title) for title in ("point", "method", "check", "before", "now")),
                        rows=tuple(
                            (item.point, item.method, item.check.replace("_", " "), item.before, item.after)
                            for item in flipped[:_MOST_ROWS]
                        ),
                    ),
                )
            ),
        ),
    )
