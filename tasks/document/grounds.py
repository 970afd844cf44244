"""Why a model or an explanation is trusted or not, in sentences: made of findings when a page is made."""

from collections.abc import Mapping, Sequence
from functools import singledispatch
from typing import get_args

from exhibit.tasks.document.kinds import KINDS
from exhibit.tasks.document.words import asked, capital, count, either, listing, rounded, share
from exhibit.tasks.records.kinds import Kind
from exhibit.tasks.records.trust import (
    Asked,
    Counted,
    Doubted,
    Ground,
    MayRely,
    Measured,
    Relied,
    Repeated,
    Reserved,
    Shown,
    Spoke,
    Untested,
)
from exhibit.tasks.records.verdict import CheckWords, Shows

ENOUGH = 4  # checks that passed, for a "yes"
SHOWS: tuple[Shows, ...] = get_args(Shows)

Checks = Mapping[str, CheckWords]


def worded(grounds: Sequence[Ground], checks: Checks, whole: bool = True) -> str:
    """All of them in their order. `whole`: with intervals, and what follows; of several models there is no room."""
    return " ".join(sentence(ground, checks, whole) for ground in grounds)


@singledispatch
def sentence(ground: Ground, _checks: Checks, _whole: bool) -> str:
    """One of them."""
    raise NotImplementedError(f"no words for a {type(ground).__name__}")


@sentence.register
def _(ground: Counted, _checks: Checks, _whole: bool) -> str:
    if not ground.total:
        return "No check has a meaning here."
    without = ground.without_meaning
    none = f"; {without} more {'has' if without == 1 else 'have'} no meaning here" if without else ""
    total = count(ground.total, "check")
    if not ground.passed and not ground.failed:
        return f"None of {total} passed or failed{none}."
    more = " More failed than passed." if ground.more_failed else ""
    return f"{ground.passed or 'None'} of {total} passed and {ground.failed or 'none'} failed{none}.{more}"


@sentence.register
def _(ground: Spoke, checks: Checks, _whole: bool) -> str:
    questions = listing([_asked(one, checks) for one in ground.asked])
    match ground.id:
        case "required failed":
            return f"A required check failed: {questions}."
        case "failed":
            too = "too, though" if ground.beside_required else "though"
            return f"Failed, {too} not required: {questions}."
        case "undecided":
            return f"Undecided: {questions}."


def _asked(one: Asked, checks: Checks) -> str:
    """“Do the parts add up?” (gradient): with the methods, where not all of them are meant."""
    return f"{asked(one.check, checks)}{f' ({listing(one.methods)})' if one.methods else ''}"


@sentence.register
def _(ground: Shown, _checks: Checks, _whole: bool) -> str:
    if ground.lacking:
        return f"Not shown: that it {either(ground.lacking)}."
    return f"It {listing(SHOWS)}." if ground.enough else f"A yes needs {ENOUGH}."


@sentence.register
def _(ground: Doubted, _checks: Checks, _whole: bool) -> str:
    if ground.id == "chance":
        return "What comes first may be chance."
    return "Its methods disagree on what comes first."


def sample(kind: Kind | None) -> tuple[str, str]:
    """One sample of this kind by what a reader calls it, and several; None: of several inputs."""
    return KINDS[kind].sample if kind else ("row", "rows")


@sentence.register
def _(ground: Measured, _checks: Checks, whole: bool) -> str:
    """Accuracy 96% (95% interval 91% to 99%) on 120 pictures held out from its training; a naive guess, always the
    commonest class, has 10%."""
    metric = ground.metric
    shares = metric.name.endswith("accuracy")
    write = share if shares else rounded  # of labels in any unit
    ends = metric.interval if whole else None
    bounds = f" (95% interval {write(ends[0])} to {write(ends[1])})" if ends else ""
    always = (", always the commonest class," if ground.classes else ", always the mean,") * whole
    naive = "" if metric.naive is None else f"; a naive guess{always} has {write(metric.naive)}"
    unit = f" {ground.unit}" if ground.unit and not shares else ""
    held = " from its training" * (ground.rows == "test" and whole)
    on = f"{count(metric.count, *sample(ground.sample))} {_MEASURED_ON[ground.rows]}{held}"
    return capital(f"{_PLAIN.get(metric.name, metric.name)} {write(metric.value)}{unit}{bounds} on {on}{naive}.")


_PLAIN = {"RMSE": "typical error"}  # what a reader of page one calls a metric
_MEASURED_ON = {
    "test": "held out",
    "training": "that it was trained on",
    "explained": "given to be explained",
    "given": "of the data",
}


@sentence.register
def _(ground: Relied, _checks: Checks, _whole: bool) -> str:
    present, absent = share(ground.present.share), share(ground.absent.share)
    return (
        f"It relies on {ground.region}: pictures of {ground.of_class} with it are read right in {present}, other "
        f"pictures, which never had it, in {absent}."
    )


@sentence.register
def _(ground: MayRely, _checks: Checks, _whole: bool) -> str:
    present, absent = (f"{share(one.share)} ({one.right} of {one.total})" for one in (ground.present, ground.absent))
    return (
        f"Whether it relies on {ground.region} is not decided: pictures of {ground.of_class} with it are read right in "
        f"{present}, other pictures of {ground.of_class}, which never had it, in {absent}."
    )


@sentence.register
def _(ground: Repeated, _checks: Checks, whole: bool) -> str:
    stands = "stands" if ground.rows == 1 else "stand"
    return f"But {ground.rows:,} of these {stands} among those that it was trained on, too{_SO * whole}."


_SO = ", so this may be too good"


@sentence.register
def _(ground: Reserved, _checks: Checks, whole: bool) -> str:
    if ground.id == "stopped by them":
        return f"But these also decided when its training stopped{_SO * whole}."
    return _RESERVED[ground.id]


_RESERVED = {
    "no labels": "No labels say how good it is.",
    "stated": "The user states that it has not seen these.",
    "no guess": "There is no naive guess or no interval to judge it by.",
    "no better": "It is not surely better than the naive guess.",
    "others unknown": "How good it is on others is not known.",
    "seen unknown": "Whether it has seen these before is not known.",
    "not half": "It is surely better than the guess, but not shown to make at most half its errors.",
}


@sentence.register
def _(ground: Untested, _checks: Checks, whole: bool) -> str:
    if ground.open:
        where = "" if whole else ", for one result at least"
        return f"These were not made or could not decide{where}: that is neither for nor against the explanation."
    if ground.spoke:
        return "Every check that applies gave a verdict."
    return f"No check applies{'' if whole else ' to one result at least'}: nothing is known either way."


def unknown(ground: Untested, checks: Checks, whole: bool) -> str:
    """What is not known for want of the open checks; empty where there are none."""
    if not ground.open:
        return ""
    first, left = f"whether {checks[ground.open[0]].meaning}", len(ground.open) - 1
    more = [f"what {count(left, 'more check')} would say: “All verdicts” lists them"] if left else []
    some = "" if whole else "for one result at least "
    return f"So {some}it is not known {either([first, *more])}."
