"""Why a model or an explanation is trusted or not, in sentences: made of findings when a page is made."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial, singledispatch
from typing import get_args

from exhibit.tasks.document.kinds import KINDS
from exhibit.tasks.document.words import asked, capital, clauses, count, either, listing, rate, rounded, share
from exhibit.tasks.records.kinds import Kind
from exhibit.tasks.records.language import mark, noun, sentences, tr, trn, trp
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
    return sentences([sentence(ground, checks, whole) for ground in grounds])


@singledispatch
def sentence(ground: Ground, _checks: Checks, _whole: bool) -> str:
    """One of them."""
    raise NotImplementedError(f"no words for a {type(ground).__name__}")


@sentence.register
def _(ground: Counted, _checks: Checks, _whole: bool) -> str:
    if not ground.total:
        return tr("No check has a meaning here.")
    without = (
        trn(
            "; {number} more has no meaning here",
            "; {number} more have no meaning here",
            ground.without_meaning,
        )
        if ground.without_meaning
        else ""
    )
    total = count(ground.total, "check")
    if not ground.passed and not ground.failed:
        return tr("None of {checks} passed or failed{without}.", checks=total, without=without)
    said = tr(
        "{passed} of {checks} passed and {failed} failed{without}.",
        passed=str(ground.passed) if ground.passed else trp("how many checks passed", "None"),
        checks=total,
        failed=str(ground.failed) if ground.failed else trp("how many checks failed", "none"),
        without=without,
    )
    return sentences([said, tr("More failed than passed.") if ground.more_failed else ""])


@sentence.register
def _(ground: Spoke, checks: Checks, _whole: bool) -> str:
    questions = listing([_asked(one, checks) for one in ground.asked])
    match ground.id:
        case "required failed":
            return tr("A required check failed: {checks}.", checks=questions)
        case "failed" if ground.beside_required:
            return tr("Failed, too, though not required: {checks}.", checks=questions)
        case "failed":
            return tr("Failed, though not required: {checks}.", checks=questions)
        case "failed and not wrong":
            return tr("Failed, which does not say that anything is wrong: {checks}.", checks=questions)
        case "undecided":
            return tr("Undecided: {checks}.", checks=questions)


def _asked(one: Asked, checks: Checks) -> str:
    """“Do the parts add up?” (gradient): with the methods, where not all of them are meant."""
    question = asked(one.check, checks)
    if not one.methods:
        return question
    return tr("{question} ({methods})", question=question, methods=listing(one.methods))


@sentence.register
def _(ground: Shown, _checks: Checks, _whole: bool) -> str:
    if ground.lacking:
        return tr("Not shown: that it {does}.", does=either([shows(what) for what in ground.lacking]))
    if ground.enough:
        return tr("It {does}.", does=clauses([shows(what) for what in SHOWS]))
    return tr("A yes needs {number}.", number=str(ENOUGH))


def shows(what: Shows) -> str:
    """What an explanation is shown to do, after its subject."""
    return {
        "follows the score": trp("what it does", "follows the score"),
        "depends on what was learned": trp("what it does", "depends on what was learned"),
        "holds when repeated": trp("what it does", "holds when repeated"),
    }[what]


@sentence.register
def _(ground: Doubted, _checks: Checks, _whole: bool) -> str:
    if ground.id == "chance":
        return tr("What comes first may be chance.")
    return tr("Its methods disagree on what comes first.")


def sample(kind: Kind | None) -> tuple[str, str]:
    """One sample of this kind by what a reader calls it, and several; None: of several inputs."""
    return KINDS[kind].sample if kind else noun("row", "rows")


@sentence.register
def _(ground: Measured, _checks: Checks, whole: bool) -> str:
    """Accuracy 96% (95% interval 91% to 99%) on 120 pictures held out from its training; a naive guess, always the
    commonest class, has 10%."""
    metric = ground.metric
    shares = metric.name.endswith("accuracy")
    ends = metric.interval if whole else None
    write = _apart([metric.value, *(ends or ())], metric.naive, shares)
    return capital(
        tr(
            "{metric} {value}{bounds} on {rows}{naive}.",
            metric=tr(_PLAIN.get(metric.name, metric.name)),
            value=f"{write(metric.value)} {ground.unit}" if ground.unit and not shares else write(metric.value),
            bounds=tr(" (95% interval {low} to {high})", low=write(ends[0]), high=write(ends[1])) if ends else "",
            rows=_measured_on(ground, whole),
            naive="" if metric.naive is None else _naive(ground, write(metric.naive), whole),
        )
    )


def _apart(values: Sequence[float], naive: float | None, shares: bool) -> Callable[[float], str]:
    """How a metric is written: in so many digits that a guess is not read as one of the `values` that it differs from;
    whether an interval holds it decides."""

    def write(value: float, more: int) -> str:
        if not shares:
            return rounded(value, 3 + more)  # of labels in any unit
        return share(value) if not more or not _NEARLY < value < 1 - _NEARLY else f"{100 * value:.{more}f}%"

    for more in range(_MORE):
        if naive is None or all((write(value, more) == write(naive, more)) == (value == naive) for value in values):
            break
    return partial(write, more=more)


_MORE, _NEARLY = 4, 0.001  # digits beyond the usual, and a share that is written in words


def _naive(ground: Measured, value: str, whole: bool) -> str:
    """What a naive guess has, and what it is."""
    if not whole:
        return tr("; a naive guess has {value}", value=value)
    if ground.classes:
        return tr("; a naive guess, always the commonest class, has {value}", value=value)
    return tr("; a naive guess, always the mean, has {value}", value=value)


def _measured_on(ground: Measured, whole: bool) -> str:
    """120 pictures held out from its training: which samples these are."""
    rows = count(ground.metric.count, *sample(ground.sample))
    match ground.rows:
        case "test" if whole:
            return tr("{rows} held out from its training", rows=rows)
        case "test":
            return tr("{rows} held out", rows=rows)
        case "training":
            return tr("{rows} that it was trained on", rows=rows)
        case "explained":
            return tr("{rows} given to be explained", rows=rows)
        case "given":
            return tr("{rows} of the data", rows=rows)
        case "set apart":
            return tr("{rows} set apart as a test", rows=rows)


# What a reader of page one calls a metric.
_PLAIN = {
    "accuracy": mark("accuracy"),
    "top-5 accuracy": mark("top-5 accuracy"),
    "RMSE": mark("typical error"),
}


@sentence.register
def _(ground: Relied, _checks: Checks, _whole: bool) -> str:
    return tr(
        "It relies on {region}: pictures of {class_name} with it are read right in {present}, other pictures of "
        "{class_name}, which never had it, in {absent}.",
        region=ground.region,
        class_name=ground.of_class,
        present=share(ground.present.share),
        absent=share(ground.absent.share),
    )


@sentence.register
def _(ground: MayRely, _checks: Checks, _whole: bool) -> str:
    return tr(
        "Whether it relies on {region} is not decided: pictures of {class_name} with it are read right in {present}, "
        "other pictures of {class_name}, which never had it, in {absent}.",
        region=ground.region,
        class_name=ground.of_class,
        present=rate(ground.present),
        absent=rate(ground.absent),
    )


@sentence.register
def _(ground: Repeated, _checks: Checks, whole: bool) -> str:
    return trn(
        "But {number} of these stands among those that it was trained on, too{so}.",
        "But {number} of these stand among those that it was trained on, too{so}.",
        ground.rows,
        so=_so(whole),
    )


def _so(whole: bool) -> str:
    return tr(", so this may be too good") if whole else ""


@sentence.register
def _(ground: Reserved, _checks: Checks, whole: bool) -> str:
    if ground.id == "stopped by them":
        return tr("But these also decided when its training stopped{so}.", so=_so(whole))
    return tr(_RESERVED[ground.id])


_RESERVED = {
    "no labels": mark("No labels say how good it is."),
    "stated": mark("The user states that it has not seen these."),
    "no guess": mark("There is no naive guess to judge it by."),
    "no interval": mark("There is no interval to judge it by."),
    "no better": mark("It is not surely better than the naive guess."),
    "others unknown": mark("How good it is on others is not known."),
    "seen unknown": mark("Whether it has seen these before is not known."),
    "not half": mark("It is surely better than the guess, but not shown to make at most half its errors."),
}


@sentence.register
def _(ground: Untested, _checks: Checks, whole: bool) -> str:
    if ground.open and whole:
        return tr("These were not made or could not decide: that is neither for nor against the explanation.")
    if ground.open:
        return tr(
            "These were not made or could not decide, for one result at least: that is neither for nor against the "
            "explanation."
        )
    if ground.spoke:
        return tr("Every check that applies gave a verdict.")
    if whole:
        return tr("No check applies: nothing is known either way.")
    return tr("No check applies to one result at least: nothing is known either way.")


def unknown(ground: Untested, checks: Checks, whole: bool) -> str:
    """What is not known for want of the open checks; empty where there are none."""
    if not ground.open:
        return ""
    first, left = tr("whether {meaning}", meaning=tr(checks[ground.open[0]].meaning)), len(ground.open) - 1
    more = trn(
        "what {number} more check would say: “All verdicts” lists them",
        "what {number} more checks would say: “All verdicts” lists them",
        left,
    )
    what = trp("list of clauses", "{most} or {last}", most=first, last=more) if left else first
    if whole:
        return tr("So it is not known {what}.", what=what)
    return tr("So for one result at least it is not known {what}.", what=what)
