"""The chapter "Changes since the last report"."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from exhibit.tasks.document.words import capital, count, listing, plain, rounded, signed, without_unit
from exhibit.tasks.records.change_summary import Changes, EarlierReport, ImportanceChange
from exhibit.tasks.records.changed import Changed, Pair, PointPair
from exhibit.tasks.records.figure import Bars, Figure, Series
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
    sentence = _lead(changes.summary, earlier)
    drawn = figures(changes)
    teaser = Teaser(
        figure=drawn[0].name if drawn else "",
        title=f"Since {day(earlier.issued)}: {_short(changes.summary)}",
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
    certain = summary.metrics + summary.verdicts
    unsure = summary.importances + summary.ranks
    number = certain if summary.models else certain + unsure
    verdict: Verdict | None = "fail" if number else "undecided" if summary.alert else None
    beyond = f"{count(number, 'change')} beyond error"
    return (
        Badge(
            title=f"{beyond}, {unsure} undecided" if summary.models and unsure else beyond,
            text=f"since the report of {day(summary.compared_with.issued)}",
            verdict=verdict,
        ),
    )


def day(issued: str) -> str:
    """3 January 2026."""
    date = datetime.fromisoformat(issued)
    return f"{date.day} {date:%B %Y}"


# --- sentences --------------------------------------------------------------------------------------------


def _short(summary: Changes) -> str:
    if not summary.alert:
        return "nothing beyond the errors"
    if summary.models and not summary.metrics + summary.verdicts:
        return "trained again, so that a change of importances may be chance"
    parts = [
        (summary.metrics, "metric"),
        (summary.importances, "importance"),
        (summary.ranks, "rank"),
        (summary.verdicts, "verdict"),
    ]
    parts = [(number, noun) for number, noun in parts if not summary.models or noun in ("metric", "verdict")]
    return listing([count(number, noun) for number, noun in parts if number]) + " changed"


def _lead(summary: Changes, earlier: EarlierReport) -> str:
    what = listing([f"the {name}" for name, number in (("data", summary.data), ("model", summary.models)) if number])
    changed = f"{capital(what)} changed" if what else "Data and model are the same"
    return f"{changed} since the report of {day(earlier.issued)}. {_importance_sentence(summary, 2)}{_verdict(summary)}"


def _importance_sentence(summary: Changes, most: int = _MOST_NAMES) -> str:
    if not summary.compared:
        return "No importance can be compared."
    total, names = count(summary.compared, "importance"), [i for i in summary.importance_changes if i.beyond]
    if not names:
        return (
            f"None of {total} changed by more than the errors over samples explain.{_RETRAINED * bool(summary.models)}"
        )
    more = [f"{len(names) - most} more"] if len(names) > most else []
    said = listing([*(_said(item) for item in names[:most]), *more])
    if summary.models:
        differ = "differs" if len(names) == 1 else "differ"
        return f"{len(names)} of {total} {differ} by more than the errors over samples: {said}.{_RETRAINED}"
    return f"{len(names)} of {total} changed by more than the errors explain: {said}."


_RETRAINED = (
    " The model was trained again, and these errors leave out how much another training alone changes an importance: "
    "it is undecided whether the change means anything."
)


def _said(item: ImportanceChange) -> str:
    """petal width rose from 0.31 to 0.52 (4.1 errors over samples)."""
    verb = "rose" if item.after > item.before else "fell"
    size = "" if item.errors is None else f" ({abs(item.errors):.1f} errors over samples)"
    before, after = _apart(item.before, item.after)
    return f"{without_unit(item.feature)} {verb} from {before} to {after}{size}"


def _apart(before: float, after: float) -> tuple[str, str]:
    """Two numbers in so many significant digits, three at least, that what differs reads so."""
    for digits in range(3, 18):
        if (found := (rounded(before, digits), rounded(after, digits)))[0] != found[1]:
            break
    return found


def _number(value: float) -> str:
    return rounded(value)


def _verdict(summary: Changes) -> str:
    if not summary.verdicts:
        return " No verdict flipped."
    return f" {count(summary.verdicts, 'verdict')} flipped."


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
    labels = tuple(without_unit(pair.after.features[k]) for k in order)
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
            f"{label}: {_number(float(pair.before.values[k]))} before, {_number(float(pair.after.values[k]))} now"
            for label, k in zip(labels, order, strict=True)
        ),
    )


def _name(pair: Pair) -> str:
    item = pair.after
    return f"{item.point}, {item.method}" + (f", {item.input}" if item.input else "")


def _importances(changes: Changed) -> tuple[Section, ...]:
    if not changes.pairs:
        return ()
    names = [figure.name for figure in figures(changes)]
    return (
        Section(
            title="Importances and ranks",
            blocks=(
                Block(
                    paragraphs=(_importance_sentence(changes.summary) + _rank_sentence(changes.summary),),
                    figures=tuple(names[:1]),
                    asides=(_reading(changes.summary),),
                ),
                *(Block(figures=(name,)) for name in names[1:]),
                Block(tables=(_importance_table(changes),)),
            ),
        ),
    )


def _rank_sentence(summary: Changes) -> str:
    moved = [item for item in summary.importance_changes if item.moved]
    if not moved:
        return " No feature changed places by more than the errors leave open."
    went = [
        f"{without_unit(item.feature)} went from place {item.rank_before} to {item.rank_after}"
        for item in moved[:_MOST_NAMES]
    ]
    more = [f"{len(moved) - _MOST_NAMES} more"] if len(moved) > _MOST_NAMES else []
    return f" By more than the errors leave open, {listing([*went, *more])}."


def _reading(summary: Changes) -> Aside:
    return Aside(
        title="What counts",
        text=f"A difference counts above {summary.limit:.2f} standard errors: had nothing changed, one or more of the "
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
        without_unit(pair.after.features[k]),
        *(f"{_number(float(item.values[k]))} ± {_number(float(item.errors[k]))}" for item in (pair.before, pair.after)),
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
