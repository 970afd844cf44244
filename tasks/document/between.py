"""Findings between points, and between one report and the next, become words, when a page is made."""

from exhibit.tasks.document.sentences import Said, said
from exhibit.tasks.document.words import capital, count, first_places, listing, plain, rounded
from exhibit.tasks.records.compared import Level, Where
from exhibit.tasks.records.finding import Alike, Deciding, Flips, Shift, Shifts, Signs, Survival

_MOST = 4  # features that a sentence names

# --- settings ---------------------------------------------------------------------------------------------


def levels(found: tuple[Level, ...], between: str = "; ") -> str:
    """method=a; seed=0 or 1: as they are typed."""
    return between.join(f"{level.name}={' or '.join(level.values)}" for level in found)


def where(found: Where) -> str:
    """with method=occlusion; only with seed=0 (2 of 4)."""
    named = levels(found.levels, " and ")
    how = {"exactly": "with", "within": "only with", "mostly": "most often with"}[found.how]
    return f"{how} {named}" if found.how == "exactly" else f"{how} {named} ({found.inside} of {found.total})"


# --- points -----------------------------------------------------------------------------------------------


@said.register
def _(finding: Survival) -> Said:
    topic = "what comes first"
    if not finding.given:
        nothing = "nothing is given to any feature"
        return Said(nothing, f"{nothing} in any of {count(finding.total, finding.noun)}", topic)
    feature, total = finding.feature, count(finding.total, finding.noun)
    among = f"among the {first_places(finding.top)}"
    place = f"is {among}" if finding.top > 1 else "comes first"
    if finding.inside == finding.total:
        return Said(
            f"{feature} stays {among if finding.top > 1 else 'first'}", f"{feature} {place} in all {total}", topic
        )
    lost = f"it loses its place {where(finding.lost)}" if finding.lost else "no single setting accounts for the others"
    sentence = f"{feature} {place} in {finding.inside} of {total}; {lost}"
    return Said("what comes first depends on the settings", sentence, topic)


@said.register
def _(finding: Signs) -> Said:
    topic, less = f"the sign of {finding.feature}", finding.total - finding.positive
    if less in (0, finding.total):
        kept = "the one that keeps signs" if finding.total == 1 else f"all {finding.total} that keep signs"
        word = "negative" if less else "positive"
        return Said(f"its mean is {word}", f"its mean is {word} in {kept}", topic)
    some = f"its mean is positive in {finding.positive} of {finding.total} that keep signs"
    return Said("its sign does not survive", f"{some}, so its sign does not survive", topic)


@said.register
def _(finding: Alike) -> Said:
    topic = "how alike they are"
    if finding.identical:
        nothing = "all points give the same explanations: what differs between them changes none"
        return Said("the same explanations", nothing, topic)
    if finding.mean is None or finding.lowest is None:
        return Said("nothing is ordered", "none of them orders the features", topic)
    title = f"their orders correlate by {plain(finding.mean)}"
    if finding.pairs == 1:
        return Said(title, title, topic)
    on_average = f"by {plain(finding.mean)} on average"
    return Said(
        f"their orders correlate {on_average}",
        f"the orders correlate {on_average} over {count(finding.pairs, 'pair')}, at the least by "
        f"{plain(finding.lowest)} ({' beside '.join(finding.least)})",
        topic,
    )


@said.register
def _(finding: Deciding) -> Said:
    topic, most, least = "what the order depends on", finding.settings[0], finding.settings[-1]
    high, low = plain(most.value), plain(least.value)
    if high == low:
        names = listing([item.name for item in finding.settings])
        sentence = f"the order depends as much on one as on the other of {names} (mean rank correlation {high})"
        return Said("no setting decides more than another", sentence, topic)
    return Said(
        f"the order depends most on {most.name}",
        f"the order depends most on {most.name} (mean rank correlation {high} where nothing else differs) and least on "
        f"{least.name} ({low})",
        topic,
    )


# --- reports ----------------------------------------------------------------------------------------------


@said.register
def _(finding: Shifts) -> Said:
    topic = "what a change of importances means"
    if not finding.compared:
        return Said("no importance can be compared", "no importance can be compared", topic)
    total, number = count(finding.compared, "importance"), len(finding.shifts)
    changed = [
        count(len(items), noun) for items, noun in ((finding.shifts, "importance"), (finding.swaps, "rank")) if items
    ]
    title = f"{listing(changed)} changed" if changed else "nothing beyond the errors"
    by = "by more than the errors over samples explain"
    if not number:
        return Said(title, f"none of {total} changed {by}", topic)
    named = _first([shifted(item) for item in finding.shifts])
    differ = "differs" if number == 1 else "differ"
    verb = differ if finding.doubt else "changed"
    return Said(title, f"{number} of {total} {verb} {by}: {named}", topic)


def shifted(item: Shift) -> str:
    """petal width rose from 0.31 to 0.52 (4.1 errors over samples)."""
    verb = "rose" if item.after > item.before else "fell"
    size = "" if item.errors is None else f" ({abs(item.errors):.1f} errors over samples)"
    before, after = apart(item.before, item.after)
    return f"{item.feature} {verb} from {before} to {after}{size}"


def apart(before: float, after: float) -> tuple[str, str]:
    """Two numbers in so many significant digits, three at least, that what differs reads so."""
    for digits in range(3, 18):
        if (found := (rounded(before, digits), rounded(after, digits)))[0] != found[1]:
            break
    return found


def swapped(finding: Shifts) -> str:
    """Which features changed places."""
    if not finding.swaps:
        return "No feature changed places by more than the errors leave open."
    went = [f"{item.feature} went from place {item.before} to {item.after}" for item in finding.swaps]
    return f"By more than the errors leave open, {_first(went)}."


def _first(said_of: list[str]) -> str:
    """The first of them, and how many more there are."""
    more = [f"{len(said_of) - _MOST} more"] if len(said_of) > _MOST else []
    return listing([*said_of[:_MOST], *more])


@said.register
def _(finding: Flips) -> Said:
    parts = [
        count(number, noun) for number, noun in ((finding.metrics, "metric"), (finding.verdicts, "verdict")) if number
    ]
    verdicts = f"{count(finding.verdicts, 'verdict')} flipped" if finding.verdicts else "no verdict flipped"
    metrics = f"{count(finding.metrics, 'metric')} changed beyond error; " if finding.metrics else ""
    title = f"{listing(parts)} changed" if parts else "no metric or verdict changed"
    return Said(title, f"{metrics}{verdicts}", "what changed")


def since(flips: Flips, shifts: Shifts) -> str:
    """A headline of both: what stands first, and what is undecided beside it."""
    stands = shifts.standing == "stands"
    parts = [
        (flips.metrics, "metric"),
        (flips.verdicts, "verdict"),
        *([(len(shifts.shifts), "importance"), (len(shifts.swaps), "rank")] if stands else []),
    ]
    changed = listing([count(number, noun) for number, noun in parts if number])
    if stands or not shifts.any:
        return f"{changed} changed" if changed else "nothing beyond the errors"
    if not changed:
        return "trained again, so that a change of importances may be chance"
    return f"{changed} changed; {said(shifts).topic} is undecided"


def changed_what(data: bool, model: bool) -> str:
    """The data and the model changed."""
    what = listing([name for name, other in (("the data", data), ("the model", model)) if other])
    return f"{capital(what)} changed" if what else "Data and model are the same"
