"""Findings between points, and between one report and the next, become words, when a page is made."""

from functools import reduce

from exhibit.tasks.document.sentences import Said, said
from exhibit.tasks.document.words import clauses, count, first_places, listing, off_bounds, rounded, span, without_units
from exhibit.tasks.records.compared import Comparison, Level, Where
from exhibit.tasks.records.finding import Alike, Deciding, Flips, Shift, Shifts, Signs, Survival
from exhibit.tasks.records.groups import GROUPS
from exhibit.tasks.records.language import noun, tr, trn, trp

_MOST = 4  # features that a sentence names
_IMPORTANCES, _RANKS = noun("importance", "importances"), noun("rank", "ranks")
_METRICS, _VERDICTS = noun("metric", "metrics"), noun("verdict", "verdicts")
_OF_ATOMS = frozenset(group.name for group in GROUPS)

# --- settings ---------------------------------------------------------------------------------------------


def levels(found: tuple[Level, ...]) -> str:
    """method=a; seed=0 or 1: as they are typed."""
    return trp("list", "; ").join(map(_level, found))


def _level(level: Level) -> str:
    values = reduce(lambda one, other: trp("settings", "{one} or {other}", one=one, other=other), level.values)
    return f"{level.name}={values}"


def where(found: Where) -> str:
    """with method=occlusion; only with seed=0 (2 of 4)."""
    settings = reduce(
        lambda one, other: trp("settings", "{one} and {other}", one=one, other=other), map(_level, found.levels)
    )
    if found.how == "exactly":
        return tr("with {settings}", settings=settings)
    inside, total = str(found.inside), str(found.total)
    if found.how == "within":
        return tr("only with {settings} ({number} of {total})", settings=settings, number=inside, total=total)
    return tr("most often with {settings} ({number} of {total})", settings=settings, number=inside, total=total)


def features(comparison: Comparison) -> tuple[str, ...]:
    """What the features of a comparison are called: columns as in the file, groups of atoms in words."""
    names = without_units(comparison.features)
    return tuple(map(tr, names)) if _OF_ATOMS.issuperset(names) else names


# --- points -----------------------------------------------------------------------------------------------


@said.register
def _(finding: Survival) -> Said:
    topic, results = tr("what comes first"), count(finding.total, finding.noun)
    if not finding.given:
        sentence = tr("nothing is given to any feature in any of {results}", results=results)
        return Said(tr("nothing is given to any feature"), sentence, topic)
    feature, first = finding.feature, first_places(finding.top)
    several = finding.top > 1
    if finding.inside == finding.total:
        if several:
            title = tr("{feature} stays among the {first}", feature=feature, first=first)
            sentence = tr(
                "{feature} is among the {first} in all {results}", feature=feature, first=first, results=results
            )
        else:
            title = tr("{feature} stays first", feature=feature)
            sentence = tr("{feature} comes first in all {results}", feature=feature, results=results)
        return Said(title, sentence, topic)
    lost = (
        tr("it loses its place {where}", where=where(finding.lost))
        if finding.lost
        else tr("no single setting accounts for the others")
    )
    inside = str(finding.inside)
    if several:
        sentence = tr(
            "{feature} is among the {first} in {number} of {results}; {lost}",
            feature=feature,
            first=first,
            number=inside,
            results=results,
            lost=lost,
        )
    else:
        sentence = tr(
            "{feature} comes first in {number} of {results}; {lost}",
            feature=feature,
            number=inside,
            results=results,
            lost=lost,
        )
    return Said(tr("what comes first depends on the settings"), sentence, topic)


@said.register
def _(finding: Signs) -> Said:
    topic, less = tr("the sign of {feature}", feature=finding.feature), finding.total - finding.positive
    if less == 0:
        sentence = trn(
            "its mean is positive in the one that keeps signs",
            "its mean is positive in all {number} that keep signs",
            finding.total,
        )
        return Said(tr("its mean is positive"), sentence, topic)
    if less == finding.total:
        sentence = trn(
            "its mean is negative in the one that keeps signs",
            "its mean is negative in all {number} that keep signs",
            finding.total,
        )
        return Said(tr("its mean is negative"), sentence, topic)
    sentence = tr(
        "its mean is positive in {number} of {total} that keep signs, so its sign does not survive",
        number=str(finding.positive),
        total=str(finding.total),
    )
    return Said(tr("its sign does not survive"), sentence, topic)


_SAME = 1e-9  # correlations that are no further apart are equal


@said.register
def _(finding: Alike) -> Said:
    topic = tr("how alike they are")
    if finding.identical:
        nothing = tr("all points give the same explanations: what differs between them changes none")
        return Said(tr("the same explanations"), nothing, topic)
    if finding.mean is None or finding.lowest is None:
        return Said(tr("nothing is ordered"), tr("none of them orders the features"), topic)
    mean = off_bounds(finding.mean)
    if finding.pairs == 1:
        title = tr("their orders correlate by {mean}", mean=mean)
        return Said(title, title, topic)
    pairs = count(finding.pairs, "pair")
    if finding.lowest > 1 - _SAME:
        return Said(tr("their orders are the same"), tr("the orders are the same in all {pairs}", pairs=pairs), topic)
    if finding.lowest > finding.mean - _SAME:
        title = tr("their orders correlate by {mean}", mean=mean)
        return Said(title, tr("the orders correlate by {mean} in each of {pairs}", mean=mean, pairs=pairs), topic)
    one, other = finding.least
    return Said(
        tr("their orders correlate by {mean} on average", mean=mean),
        tr(
            "the orders correlate by {mean} on average over {pairs}, at the least by {lowest} ({one} beside {other})",
            mean=mean,
            pairs=pairs,
            lowest=off_bounds(finding.lowest),
            one=one,
            other=other,
        ),
        topic,
    )


@said.register
def _(finding: Deciding) -> Said:
    topic, most, least = tr("what the order depends on"), finding.settings[0], finding.settings[-1]
    high, low = off_bounds(most.value), off_bounds(least.value)
    first, last = (
        listing([item.name for item in finding.settings if abs(item.value - one.value) < _SAME])
        for one in (most, least)
    )
    if most.value > 1 - _SAME:
        sentence = tr(
            "the order depends on none of {settings}: where one of them alone differs, it is the same",
            settings=listing([item.name for item in finding.settings]),
        )
        return Said(tr("no setting changes the order"), sentence, topic)
    if round(most.value, 2) == round(least.value, 2):
        sentence = tr(
            "the order depends as much on one as on the other of {settings} (mean rank correlation {mean})",
            settings=listing([item.name for item in finding.settings]),
            mean=span(most.value, least.value, write=off_bounds),
        )
        return Said(tr("no setting decides more than another"), sentence, topic)
    return Said(
        tr("the order depends most on {setting}", setting=first),
        tr(
            "the order depends most on {most} (mean rank correlation {high} where nothing else differs) and least on "
            "{least} ({low})",
            most=first,
            high=high,
            least=last,
            low=low,
        ),
        topic,
    )


# --- reports ----------------------------------------------------------------------------------------------


@said.register
def _(finding: Shifts) -> Said:
    topic = tr("what a change of importances means")
    if not finding.compared:
        nothing = tr("no importance can be compared")
        return Said(nothing, nothing, topic)
    total, number = count(finding.compared, *_IMPORTANCES), len(finding.shifts)
    title = _changed([(number, _IMPORTANCES), (len(finding.swaps), _RANKS)]) or tr("nothing beyond the errors")
    if not number:
        return Said(
            title, tr("none of {total} changed by more than the errors over samples explain", total=total), topic
        )
    shifts = _first([shifted(item) for item in finding.shifts])
    if finding.doubt:
        sentence = trn(
            "{number} of {total} differs by more than the errors over samples explain: {shifts}",
            "{number} of {total} differ by more than the errors over samples explain: {shifts}",
            number,
            number=str(number),
            total=total,
            shifts=shifts,
        )
    else:
        sentence = tr(
            "{number} of {total} changed by more than the errors over samples explain: {shifts}",
            number=str(number),
            total=total,
            shifts=shifts,
        )
    return Said(title, sentence, topic)


def _changed(parts: list[tuple[int, tuple[str, str]]]) -> str:
    """1 metric and 2 verdicts changed; empty where none did."""
    changed = listing([count(number, *what) for number, what in parts if number])
    return tr("{what} changed", what=changed) if changed else ""


def shifted(item: Shift) -> str:
    """petal width rose from 0.31 to 0.52 (4.1 errors over samples)."""
    errors = "" if item.errors is None else tr(" ({number} errors over samples)", number=f"{abs(item.errors):.1f}")
    before, after = apart(item.before, item.after)
    values = {"feature": item.feature, "before": before, "after": after, "errors": errors}
    if item.after > item.before:
        return tr("{feature} rose from {before} to {after}{errors}", **values)
    return tr("{feature} fell from {before} to {after}{errors}", **values)


def apart(before: float, after: float) -> tuple[str, str]:
    """Two numbers in so many significant digits, three at least, that what differs reads so."""
    for digits in range(3, 18):
        if (found := (rounded(before, digits), rounded(after, digits)))[0] != found[1]:
            break
    return found


def swapped(finding: Shifts) -> str:
    """Which features changed places."""
    if not finding.swaps:
        return tr("No feature changed places by more than the errors leave open.")
    went = [
        tr(
            "{feature} went from place {before} to {after}",
            feature=item.feature,
            before=str(item.before),
            after=str(item.after),
        )
        for item in finding.swaps
    ]
    return tr("By more than the errors leave open, {changes}.", changes=_first(went))


def _first(said_of: list[str]) -> str:
    """The first of them, and how many more there are."""
    more = [tr("{number} more", number=str(len(said_of) - _MOST))] if len(said_of) > _MOST else []
    return clauses([*said_of[:_MOST], *more])


@said.register
def _(finding: Flips) -> Said:
    flipped = (
        tr("{verdicts} flipped", verdicts=count(finding.verdicts, *_VERDICTS))
        if finding.verdicts
        else tr("no verdict flipped")
    )
    sentence = (
        tr("{metrics} changed beyond error; {flipped}", metrics=count(finding.metrics, *_METRICS), flipped=flipped)
        if finding.metrics
        else flipped
    )
    title = _changed([(finding.metrics, _METRICS), (finding.verdicts, _VERDICTS)])
    return Said(title or tr("no metric or verdict changed"), sentence, tr("what changed"))


def since(flips: Flips, shifts: Shifts) -> str:
    """A headline of both: what stands first, and what is undecided beside it."""
    stands = shifts.standing == "stands"
    parts = [
        (flips.metrics, _METRICS),
        (flips.verdicts, _VERDICTS),
        *([(len(shifts.shifts), _IMPORTANCES), (len(shifts.swaps), _RANKS)] if stands else []),
    ]
    changed = _changed(parts)
    if stands or not shifts.any:
        return changed or tr("nothing beyond the errors")
    if not changed:
        return tr("another model, so that a change of importances may be chance")
    return tr("{changed}; {topic} is undecided", changed=changed, topic=said(shifts).topic)


def changed_what(data: bool, model: bool) -> str:
    """The data and the model changed."""
    if data and model:
        return tr("The data and the model changed")
    if data:
        return tr("The data changed")
    return tr("The model changed") if model else tr("Data and model are the same")
