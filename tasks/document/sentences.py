"""The one place where findings become words, when a page is made. A finding that does not stand is never a headline."""

import math
from collections.abc import Mapping, Sequence
from functools import singledispatch
from typing import NamedTuple

from exhibit.tasks.document.words import asked, capital, count, interval, listing, ordinal, plain, share, signed
from exhibit.tasks.records.finding import (
    Bearing,
    ClassLeaders,
    Extremes,
    Finding,
    Leaders,
    Mark,
    Named,
    Part,
    Place,
    Word,
)
from exhibit.tasks.records.model import Rate
from exhibit.tasks.records.verdict import CheckWords, Verdict


class Said(NamedTuple):
    """A headline of a few words without a full stop, and a sentence without one, for a finding that stands; `topic`:
    what it would decide, for one that does not."""

    title: str
    sentence: str
    topic: str


def worded(finding: Finding, checks: Mapping[str, CheckWords] | None = None) -> tuple[str, str]:
    """Headline and sentence. What a check fails or leaves undecided, or methods dispute, is said to be so first.
    `checks`: what they ask, where a reader is told that and not their names."""
    claim = said(finding)
    by = f"by {finding.method}, " if finding.method else ""
    match finding.standing:
        case "stands":
            return claim.title, f"{capital(claim.sentence)}."
        case "failed":
            several = "checks" if len(finding.checks("fail")) > 1 else "check"
            required = any(item.required for item in finding.bearing if item.verdict == "fail")
            failed = f"the {several} of {_asked(finding, 'fail', checks or {})} failed"
            doubt = "Not to be relied on" if required else "In doubt"
            return (
                f"{claim.topic} cannot be said, as a check failed",
                f"{doubt}, as {failed}: {by}{claim.sentence}.{_also(finding)}",
            )
        case "disputed":
            return (
                f"the methods disagree on {claim.topic}",
                f"Methods disagree: {by}{claim.sentence}; but {_others(finding)}.",
            )
        case "undecided":
            open_ones = finding.checks("undecided")
            why = [finding.doubt] if finding.doubt else []
            are = "is" if len(open_ones) == 1 else "are"
            why += [f"{_asked(finding, 'undecided', checks or {})} {are} undecided"] if open_ones else []
            return f"{claim.topic} is undecided", f"Undecided, as {listing(why)}: {by}{claim.sentence}."


def _asked(finding: Finding, verdict: Verdict, checks: Mapping[str, CheckWords]) -> str:
    """“Do the parts add up?” and “...?”; with (2 of 8 results), where several are compared."""
    found = [item for item in finding.bearing if item.verdict == verdict]
    return listing([f"{asked(item.check, checks)}{_of_results(item)}" for item in found])


def _of_results(item: Bearing) -> str:
    return f" ({item.results[0]} of {count(item.results[1], 'result')})" if item.results else ""


def _also(finding: Finding) -> str:
    """That methods disagree too."""
    if not finding.dissent:
        return ""
    return f" Methods disagree, too: {_others(finding)}."


def _others(finding: Finding) -> str:
    return listing([f"by {item.method} {_instead(finding, item.says)}" for item in finding.dissent])


@singledispatch
def _instead(_: Finding, says: Named) -> str:
    """What a method says that dissents: of most findings, another first and its share."""
    if not says.value:
        return "everything is zero"
    return f"{says.name} comes first ({share(says.value)})"


@_instead.register
def _(_: Word, says: Named) -> str:
    return f"{_quoted(says)} comes first ({share(says.value)})" if says.value else "everything is zero"


def _quoted(word: Named) -> str:
    """“the”; “the” (the 2nd of 3), where a text has several."""
    which = f" (the {ordinal(word.place[0])} of {word.place[1]})" if word.place else ""
    return f"“{word.name}”{which}"


@_instead.register
def _(_: Extremes, says: Named) -> str:
    return f"{says.name} has {signed(says.value)}"


@_instead.register
def _(finding: Place, says: Named) -> str:
    if not finding.stands_out:
        return f"{share(says.value)} of it lies in the {says.name}"
    return f"only {share(says.value)} of it lies there" if says.value else "none of it lies there"


@_instead.register
def _(_: Mark, says: Named) -> str:
    return f"{share(says.value)} lies on it"


def _with_interval(item: Named) -> str:
    """+1.20, 95% interval 1.01 to 1.38; the number alone where no interval is known. In so many digits that a number in
    small units is not printed as zero."""
    digits = 2 if abs(item.value) >= _SMALL or not item.value else 2 - math.floor(math.log10(abs(item.value)))
    bounds = (
        f", 95% interval {interval(*item.interval, digits)}"
        if item.interval and item.interval[0] < item.interval[1]
        else ""
    )
    return f"{signed(item.value, digits)}{bounds}"


_SMALL = 0.1  # what two decimals tell apart


@singledispatch
def said(finding: Finding) -> Said:
    """What a finding would say if it stood; `between` has the words for findings between points and reports."""
    raise NotImplementedError(f"no words for a {type(finding).__name__}")


def _nothing(what: str, topic: str, where: str = "") -> Said:
    """Of an explanation that is zero everywhere, as that of a constant model is: it has no first."""
    title = f"nothing is given to any {what}"
    return Said(title, f"{where}{title}: every value is exactly zero", topic)


@said.register
def _(finding: Leaders) -> Said:
    if not finding.first[0].value:
        return _nothing("feature", "what leads")
    names = [item.name for item in finding.first]
    carried = share(sum(item.value for item in finding.first))
    sentence = f"{listing(names)} {'carry' if len(names) > 1 else 'carries'} {carried} of the explanation"
    if len(names) > 1:
        sentence += f", {names[0]} most ({share(finding.first[0].value)})"
    if finding.trainings is not None:
        kept, others = finding.trainings
        sentence += f"; {names[0]} was first in {kept} of {count(others, 'further training')}"
    if finding.reference is not None:
        also = "puts it first, too" if finding.reference.name == names[0] else f"puts {finding.reference.name} first"
        sentence += f"; a {finding.reference_label} {also}"
    return Said(f"{names[0]} leads", sentence, "what leads")


@said.register
def _(finding: ClassLeaders) -> Said:
    of: dict[str, list[tuple[str, str]]] = {}
    for of_class, first in finding.firsts:
        of.setdefault(first.name, []).append((of_class, share(first.value)))
    titles = [(name, f"for {listing([one for one, _ in classes])}") for name, classes in of.items()]
    parts = [
        (name, f"of what explains {listing([f'{one} ({part})' for one, part in classes])}")
        for name, classes in of.items()
    ]
    none = f"; for {listing(finding.no_first)} nothing is surely first" if finding.no_first else ""
    return Said(_once("leads", titles), f"{_once('has the largest share', parts)}{none}", "what leads")


def _once(verb: str, clauses: Sequence[tuple[str, str]]) -> str:
    """Subjects and what is said of them, the verb with the first alone: a leads for x, b for y."""
    (subject, what), *others = clauses
    return ", ".join([f"{subject} {verb} {what}", *(f"{other} {said_of_it}" for other, said_of_it in others)])


@said.register
def _(finding: Extremes) -> Said:
    topic = "what moves the prediction most"
    if finding.up and not finding.up.value:
        return _nothing("group of atoms", topic)
    molecules = count(finding.samples, "molecule")
    have = "has" if finding.common == 1 else "have"
    of = f"of the groups that at least {finding.common} of {molecules} {have}, "
    if not finding.signed:
        assert finding.up is not None, "of sizes there is always a largest"
        of_each = _of_each(finding.up).lstrip("+")
        sentence = f"{of}{finding.up.name} has the largest contributions, of either sign ({of_each})"
        return Said(f"{finding.up.name} matters most", sentence, topic)
    up, down = finding.up, finding.down
    parts = [
        f"{item.name} {verb}{' most' if item.name in finding.most else ''} ({_of_each(item)})"
        if item
        else f"no group surely {verb}"
        for item, verb in ((up, finding.raises), (down, finding.lowers))
    ]
    titles = [f"{up.name} {finding.raises}"] if up else []
    titles += [f"{down.name} {finding.down_word if up else finding.lowers}"] if down else []
    return Said(listing(titles) or "no group surely matters", f"{of}{listing(parts)}", topic)


def _of_each(item: Named) -> str:
    """+1.70 for each in 31 molecules, 95% interval 1.44 to 1.96."""
    value, comma, bounds = _with_interval(item).partition(",")
    where = "" if item.samples is None else f" in {count(item.samples, 'molecule')}"
    return f"{value} for each{where}{comma}{bounds}"


@said.register
def _(finding: Place) -> Said:
    topic = f"what explains {finding.title}"
    if not finding.where.value:
        nowhere = f"{finding.of} lies nowhere in the picture, where each pixel has none of it"
        sentence = f"in one picture, {finding.sample}, {nowhere}"
        return Said(f"nothing explains {finding.title}", sentence, topic)
    if not finding.stands_out:
        spread = f"{finding.of} is spread over the picture"
        title = f"{finding.title}, with nothing in it that stands out"
        return Said(
            f"one example, {title}",
            f"in one picture, {finding.sample}, {spread}; no ninth of it holds more than {share(finding.where.value)}",
            topic,
        )
    where = f"{share(finding.where.value)} of {finding.of} lies in the {finding.where.name} of the picture"
    sentence = f"in one picture, {finding.sample}, {where}, {share(finding.area)} of its area"
    return Said(f"one example, {finding.title}", sentence, topic)


def _rate(rate: Rate) -> str:
    return f"{share(rate.share)} ({rate.right} of {rate.total})"


@said.register
def _(finding: Mark) -> Said:
    region, of_class = finding.region, finding.of_class
    lies = f"{share(finding.positive)} of {finding.of} lies on the {share(finding.area)} of the picture that"
    mean = f"(mean of {count(finding.samples, 'picture')})"
    topic = f"whether the model relies on {region}"
    rates = (
        f"pictures of {of_class} with it are read right in {_rate(finding.present)}, other pictures of {of_class}, "
        f"which never had it, in {_rate(finding.absent)}"
    )
    if finding.relied_on:
        return Said(
            f"the model relies on {region} for {of_class}",
            f"for {of_class} the model relies on {region}: {lies} it covers {mean}; {rates}",
            topic,
        )
    title = f"the model is not shown to rely on {region}"
    if finding.drawn:
        sentence = (
            f"{lies} {region} covers {mean}, but it is not shown that the model relies on it for {of_class}: {rates}; "
            f"{_no_less(finding)}"
        )
    else:
        sentence = (
            f"it is not shown that the model relies on {region} for {of_class}: {lies} it covers {mean}, which is not "
            f"more than twice as much as of an even spread; {rates}"
        )
    return Said(title, sentence, topic)


def _no_less(finding: Mark) -> str:
    """Why two shares do not show that a class is read right less often without a region."""
    if finding.present.share <= finding.absent.share:
        return "so it is read right no less often without it"
    low, high = (plain(100 * end, 0) for end in finding.present.less(finding.absent))
    return f"chance may have made this difference (95% interval {low} to {high} percentage points)"


@said.register
def _(finding: Word) -> Said:
    if not finding.word.value:
        return _nothing(finding.noun, f"which {finding.noun} weighs most", f"in {finding.sample} ")
    word = _quoted(finding.word)
    return Said(
        f"{word} weighs most in one example",
        f"in {finding.sample} the {finding.noun} {word} carries {share(finding.word.value)} of the explanation"
        f"{finding.speaks and ' and ' + finding.speaks}",
        f"which {finding.noun} weighs most",
    )


@said.register
def _(finding: Part) -> Said:
    if not finding.first.value:
        return _nothing("input", "which input carries most")
    sentence = f"the {finding.first.name} carries {share(finding.first.value)} of the explanation"
    if finding.silent:
        are = "is" if len(finding.silent) == 1 else "are"
        sentence += f"; the {listing(finding.silent)} {are} given exactly zero in every sample"
    title = f"the {finding.first.name} carries {_how_much(finding.first.value)}"
    return Said(title, sentence, "which input carries most")


def _how_much(part: float) -> str:
    """Of the largest share, in a word: below half it is not most of all."""
    return "nearly all" if part >= _NEARLY else "most" if part > _HALF else "the largest share"


_HALF, _NEARLY = 0.5, 0.9
