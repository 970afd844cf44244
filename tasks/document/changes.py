"""The chapter "Changes since the last report"."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.document import between
from exhibit.tasks.document.common import PAGE_ONE
from exhibit.tasks.document.html import date
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.document.words import check_name, clauses, count, listing, neither, rounded, signed, without_units
from exhibit.tasks.records.change_summary import Changes, EarlierReport
from exhibit.tasks.records.changed import Changed, Pair, PointPair
from exhibit.tasks.records.figure import Bars, Figure, Series
from exhibit.tasks.records.finding import Doubt, Flips, Shift, Shifts, Swap
from exhibit.tasks.records.language import mark, sentences, tr, trp
from exhibit.tasks.records.page import Aside, Badge, Block, Chapter, Column, Section, Table, Teaser
from exhibit.tasks.records.verdict import Verdict

SLUG = "since_last"  # no slug of a point has a "_"
_TITLE = mark("Changes since the last report")
_MOST_ROWS = 20
_MOST_FEATURES, _ON_PAGE_ONE = 10, 4  # of a figure
_MOST_POINTS = 3  # that have a figure
_MOST_NAMES = 4  # in a sentence


def chapter(changes: Changed) -> Chapter:
    earlier = changes.summary.compared_with
    if earlier is None:
        return Chapter(
            slug=SLUG,
            title=tr(_TITLE),
            eyebrow=tr("no earlier report"),
            lead=tr("There is no earlier report of these points to compare with: this is the first."),
            teaser=None,
            sections=(),
        )
    flips, shifts = findings(changes.summary)
    issued = date(earlier.issued)
    sentence = sentences(
        [
            tr(
                "{change} since the report of {date}.",
                change=between.changed_what(bool(changes.summary.data), bool(changes.summary.models)),
                date=issued,
            ),
            worded(shifts)[1],
            worded(flips)[1],
        ]
    )
    drawn = _teaser(changes)
    compared = tr("compared with the report issued {date}", date=issued)
    teaser = Teaser(
        figure=drawn[0].name if drawn else "",
        title=tr("Since {date}: {change}", date=issued, change=between.since(flips, shifts)),
        sentence=sentence,
        small=f"{compared} · {count(changes.summary.compared, 'importance')}",
    )
    return Chapter(
        slug=SLUG,
        title=tr(_TITLE),
        eyebrow=compared,
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
    beyond = tr("{changes} beyond error", changes=count(number, "change"))
    return (
        Badge(
            title=beyond
            if stands or not others
            else tr("{changes}, {number} undecided", changes=beyond, number=str(others)),
            text=tr("since the report of {date}", date=date(summary.compared_with.issued)),
            verdict=verdict,
        ),
    )


# --- findings ---------------------------------------------------------------------------------------------


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
    doubt = Doubt(id="trained again") if summary.models and (shifts or swaps) else None
    return (
        Flips(metrics=summary.metrics, verdicts=summary.verdicts),
        Shifts(compared=summary.compared, shifts=shifts, swaps=swaps, doubt=doubt),
    )


# --- what is compared -------------------------------------------------------------------------------------


def _origin(changes: Changed, earlier: EarlierReport) -> Section:
    apart = [
        tr("{points}: not in the earlier report.", points=listing(changes.new)) if changes.new else "",
        tr("{points}: in the earlier report alone.", points=listing(changes.gone)) if changes.gone else "",
        tr("Not compared, as features or aggregation differ: {results}.", results=listing(changes.incomparable))
        if changes.incomparable
        else "",
        "" if changes.metrics_known else tr("The earlier report does not file its metrics, so they are not compared."),
    ]
    settings = [text for pair in changes.points if (text := _settings(pair))]
    return Section(
        title=tr("Data, model and metrics"),
        blocks=(
            Block(
                paragraphs=tuple(filter(None, (sentences(apart), *settings[:_MOST_NAMES]))),
                asides=(
                    Aside(
                        title=tr("The earlier report"),
                        text=tr(
                            "Issued {date}. sha256 of its PDF: {pdf}; of its evidence: {evidence}.",
                            date=date(earlier.issued),
                            pdf=_grouped(earlier.pdf),
                            evidence=_grouped(earlier.evidence),
                        ),
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
    named = clauses(
        [
            tr("{setting} from {before} to {after}", setting=key, before=before[key], after=after[key])
            for key in keys[:_MOST_NAMES]
        ]
    )
    if len(keys) > _MOST_NAMES:
        further = count(len(keys) - _MOST_NAMES, "more setting")
        named = tr("{settings} and {further}", settings=named, further=further)
    return tr("{point}: the config changed, {settings}.", point=pair.after.title, settings=named)


def _point_table(changes: Changed) -> Table:
    rows = [row for pair in changes.points for row in _point_rows(pair, changes.summary)]
    left = tr("The first {number} of {total} rows.", number=str(_MOST_ROWS), total=str(len(rows)))
    return Table(
        name=f"{SLUG}-points",
        caption=sentences(
            [
                tr("Data and model of each point, by their digests, and the quality of the model."),
                tr("Beyond error: the 95% intervals do not overlap."),
                left if len(rows) > _MOST_ROWS else "",
            ]
        ),
        columns=(
            *(Column(title=title) for title in (tr("point"), tr("data"), tr("weights"), tr("metric"))),
            *(Column(title=title, numeric=True) for title in (trp("column", "before"), trp("column", "now"))),
            Column(title=tr("beyond error")),
        ),
        rows=tuple(rows[:_MOST_ROWS]),
    )


def _point_rows(pair: PointPair, summary: Changes) -> list[tuple[str, ...]]:
    """A row per metric; of a point without one a single row."""
    weights = (
        trp("data or weights", "same")
        if pair.before.weights == pair.after.weights
        else trp("data or weights", "changed")
    )
    own = [item for item in summary.metric_changes if item.point == pair.after.slug]
    measured = [
        (
            tr(item.metric),
            neither(item.before, 3),
            neither(item.after, 3),
            trp("verdict", "yes") if item.beyond else trp("verdict", "no"),
        )
        for item in own
    ]
    return [(pair.after.title, _data(pair), weights, *numbers) for numbers in measured or [("–",) * 4]]


def _data(pair: PointPair) -> str:
    if pair.before.data == pair.after.data:
        return trp("data or weights", "same")
    return tr(
        "changed: {before} rows before, {now} now", before=f"{pair.before.samples:,}", now=f"{pair.after.samples:,}"
    )


# --- importances ------------------------------------------------------------------------------------------


def figures(changes: Changed) -> tuple[Figure, ...]:
    """Importances before and after, of the results that changed most: on page one, and in the chapter."""
    return (*_teaser(changes), *_in_chapter(changes))


def _teaser(changes: Changed) -> list[Figure]:
    """The first of the chapter, with as few features as have letters of eight points beside a sentence on page one."""
    return [
        _bars(pair, 0, _ON_PAGE_ONE).model_copy(update={"name": f"{SLUG}-teaser", "width": PAGE_ONE})
        for pair in _drawn(changes)[:1]
    ]


def _in_chapter(changes: Changed) -> list[Figure]:
    return [_bars(pair, number) for number, pair in enumerate(_drawn(changes))]


def _drawn(changes: Changed) -> list[Pair]:
    """The results with the largest changes, at most one for each point."""
    order = sorted(changes.pairs, key=lambda pair: -float(np.abs(pair.apart).max(initial=0.0)))
    first: dict[str, Pair] = {}
    for pair in order:
        if len(pair.after.features) > 1:
            first.setdefault(pair.after.point, pair)
    return list(first.values())[:_MOST_POINTS]


def _bars(pair: Pair, number: int, most: int = _MOST_FEATURES) -> Figure:
    order = np.argsort(-np.maximum(pair.before.values, pair.after.values), kind="stable")[:most]
    labels = tuple(without_units(pair.after.features)[k] for k in order)
    series = [
        Series(name=name, values=item.values[order], errors=item.errors[order], reference=grey)
        for name, item, grey in (
            (trp("series", "now"), pair.after, False),
            (trp("series", "before"), pair.before, True),
        )
    ]
    part = tr("The first {number} of {total} features.", number=str(len(order)), total=str(len(pair.after.features)))
    return Figure(
        name=f"{SLUG}-importances-{number}",
        content=Bars(labels=labels, series=tuple(series), axis=tr("mean |a|")),
        caption=sentences(
            [
                tr("{result}: mean |a| now and, in grey, in the earlier report.", result=_name(pair)),
                tr("Lines: one standard error over samples."),
                part if len(order) < len(pair.after.features) else "",
            ]
        ),
        alt=trp("list", "; ").join(
            tr(
                "{feature}: {before} before, {now} now",
                feature=label,
                before=rounded(float(pair.before.values[k])),
                now=rounded(float(pair.after.values[k])),
            )
            for label, k in zip(labels, order, strict=True)
        ),
    )


def _name(pair: Pair) -> str:
    item = pair.after
    return trp("list", ", ").join(filter(None, (item.point, item.method, item.input)))


def _importances(changes: Changed) -> tuple[Section, ...]:
    if not changes.pairs:
        return ()
    _, shifts = findings(changes.summary)
    names = [figure.name for figure in _in_chapter(changes)]
    return (
        Section(
            title=tr("Importances and ranks"),
            blocks=(
                Block(
                    paragraphs=(sentences([worded(shifts)[1], between.swapped(shifts)]),),
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
        title=tr("What counts"),
        text=tr(
            "A difference counts above {limit} standard errors, of few samples above more, by Student's t: had nothing "
            "changed, one or more of the {number} differences would be so large in one report of twenty at the most. "
            "Errors are over the explained samples; where both reports explain the same rows they are too large, so "
            "small real changes may be missed.",
            limit=f"{summary.limit:.2f}",
            number=f"{summary.compared:,}",
        ),
    )


def _importance_table(changes: Changed) -> Table:
    """Those that count, else the largest."""
    rows = [(pair, k) for pair in changes.pairs for k in range(len(pair.apart))]
    rows.sort(key=lambda row: -abs(float(row[0].apart[row[1]])))
    counting = [(pair, k) for pair, k in rows if pair.beyond[k] or pair.moved[k]]
    shown = (counting or rows)[:_MOST_ROWS]
    total = len(counting or rows)
    left = tr(
        ", the first {number} of {total}; all that count are in changes.json",
        number=str(len(shown)),
        total=f"{total:,}",
    )
    left = left if len(shown) < total else ""
    return Table(
        name=f"{SLUG}-importances",
        caption=sentences(
            [
                tr("The changes that count{left}.", left=left)
                if counting
                else tr("The largest differences, none of which counts{left}.", left=left),
                tr(
                    "Mean |a| with its standard error, the difference in errors, and places with the best and the "
                    "worst that the errors leave open."
                ),
            ]
        ),
        columns=(
            *(Column(title=title) for title in (tr("result"), tr("feature"))),
            *(
                Column(title=title, numeric=True)
                for title in (
                    trp("column", "before"),
                    trp("column", "now"),
                    trp("column", "errors"),
                    tr("place before"),
                    tr("place now"),
                )
            ),
        ),
        rows=tuple(_row(pair, k) for pair, k in shown),
    )


def _row(pair: Pair, k: int) -> tuple[str, ...]:
    apart = float(pair.apart[k])
    return (
        trp("list", ", ").join((pair.after.point, pair.after.method)),
        without_units(pair.after.features)[k],
        *(f"{rounded(float(item.values[k]))} ± {rounded(float(item.errors[k]))}" for item in (pair.before, pair.after)),
        signed(apart, 1) if np.isfinite(apart) else "–",
        *(_place(places[k].tolist()) for places in (pair.ranks_before, pair.ranks_after)),
    )


def _place(places: Sequence[int]) -> str:
    place, best, worst = places
    if best >= worst:
        return f"{place}"
    return tr("{place} ({best} to {worst})", place=str(place), best=str(best), worst=str(worst))


# --- verdicts ---------------------------------------------------------------------------------------------


def _verdicts(changes: Changed) -> Section:
    flipped = changes.summary.verdict_changes
    if not flipped:
        return Section(title=tr("Verdicts"), blocks=(Block(paragraphs=(tr("Every check says what it said before."),)),))
    return Section(
        title=tr("Verdicts"),
        blocks=(
            Block(
                tables=(
                    Table(
                        name=f"{SLUG}-verdicts",
                        caption=tr("Checks that passed in one report and failed in the other."),
                        columns=tuple(
                            Column(title=title)
                            for title in (
                                tr("point"),
                                tr("method"),
                                trp("column", "check"),
                                trp("column", "before"),
                                trp("column", "now"),
                            )
                        ),
                        rows=tuple(
                            (item.point, item.method, check_name(item.check), item.before, item.after)
                            for item in flipped[:_MOST_ROWS]
                        ),
                    ),
                )
            ),
        ),
    )
