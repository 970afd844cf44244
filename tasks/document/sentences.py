"""The one place where findings become words, when a page is made. A finding that does not stand is never a headline."""

import math
from collections.abc import Mapping, Sequence
from functools import singledispatch
from typing import NamedTuple

from exhibit.tasks.document.words import (
    asked,
    capital,
    clauses,
    count,
    interval,
    listing,
    neither,
    ordinal,
    quoted,
    rate,
    share,
    signed,
)
from exhibit.tasks.records.finding import (
    Bearing,
    ClassLeaders,
    Doubt,
    Extremes,
    Finding,
    Leaders,
    Mark,
    Named,
    Part,
    Place,
    Word,
)
from exhibit.tasks.records.language import ENGLISH, language_now, mark, sentences, tr, trn, trp
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
    by = tr("by {method}, {claim}", method=finding.method, claim=claim.sentence) if finding.method else claim.sentence
    match finding.standing:
        case "stands":
            return claim.title, tr("{sentence}.", sentence=capital(claim.sentence))
        case "failed":
            title = tr("{topic} cannot be said, as a check failed", topic=claim.topic)
            return title, sentences([_failed(finding, by, checks or {}), _also(finding)])
        case "disputed":
            return (
                tr("the methods disagree on {topic}", topic=claim.topic),
                tr("Methods disagree: {claim}; but {others}.", claim=by, others=_others(finding)),
            )
        case "undecided":
            open_ones = finding.checks("undecided")
            why = [_doubted(finding.doubt)] if finding.doubt else []
            if open_ones:
                questions = _asked(finding, "undecided", checks or {})
                why.append(
                    trn("{checks} is undecided", "{checks} are undecided", len(open_ones), checks=questions),
                )
            return (
                tr("{topic} is undecided", topic=claim.topic),
                tr("Undecided, as {reasons}: {claim}.", reasons=clauses(why), claim=by),
            )


def _doubted(doubt: Doubt) -> str:
    """Why chance may have made it, as a clause."""
    match doubt.id:
        case "another in this training":
            return tr("in the reported training itself {feature} is first", feature=doubt.name)
        case "few trainings":
            return tr(
                "{feature} is first in only {number} of {trainings}",
                feature=doubt.name,
                number=str(doubt.some),
                trainings=count(doubt.total, "further training"),
            )
        case "no error":
            return trn(
                "{number} sample has no error to speak of",
                "{number} samples have no error to speak of",
                doubt.total,
            )
        case "no interval":
            return tr(
                "no group that at least {common} of {molecules} have has an interval on one side of zero",
                common=str(doubt.some),
                molecules=count(doubt.total, "molecule"),
            )
        case "not ahead" | "largest not ahead" | "single atoms" | "trained again":
            return tr(_DOUBTED[doubt.id])


_DOUBTED = {
    "not ahead": mark("among other samples chance alone could put another feature first"),
    "largest not ahead": mark("the largest is not surely ahead of the others"),
    "single atoms": mark("no explained molecule has one of the functional groups that are told apart"),
    "trained again": mark(
        "the model is another one and these errors leave out how much another training alone changes an importance"
    ),
}


def _failed(finding: Finding, claim: str, checks: Mapping[str, CheckWords]) -> str:
    """What a failed check makes of a claim: one that is required leaves nothing of it."""
    failed = trn(
        "the check of {checks} failed",
        "the checks of {checks} failed",
        len(finding.checks("fail")),
        checks=_asked(finding, "fail", checks),
    )
    if any(item.required for item in finding.bearing if item.verdict == "fail"):
        return tr("Not to be relied on, as {failed}: {claim}.", failed=failed, claim=claim)
    return tr("In doubt, as {failed}: {claim}.", failed=failed, claim=claim)


def _asked(finding: Finding, verdict: Verdict, checks: Mapping[str, CheckWords]) -> str:
    """“Do the parts add up?” and “...?”; with (2 of 8 results), where several are compared."""
    found = [item for item in finding.bearing if item.verdict == verdict]
    return listing([_of_results(item, asked(item.check, checks)) for item in found])


def _of_results(item: Bearing, question: str) -> str:
    if not item.results:
        return question
    some, total = item.results
    return trn(
        "{question} ({some} of {number} result)",
        "{question} ({some} of {number} results)",
        total,
        question=question,
        some=str(some),
    )


def _also(finding: Finding) -> str:
    """That methods disagree too."""
    return tr("Methods disagree, too: {others}.", others=_others(finding)) if finding.dissent else ""


def _others(finding: Finding) -> str:
    return clauses(
        [tr("by {method} {says}", method=one.method, says=_instead(finding, one.says)) for one in finding.dissent]
    )


@singledispatch
def _instead(_: Finding, says: Named) -> str:
    """What a method says that dissents: of most findings, another first and its share."""
    return _first(says, says.name)


def _first(says: Named, name: str) -> str:
    if not says.value:
        return tr("everything is zero")
    return tr("{name} comes first ({share})", name=name, share=share(says.value))


@_instead.register
def _(_: Word, says: Named) -> str:
    return _first(says, _quoted(says))


def _quoted(word: Named) -> str:
    """“the”; “the” (the 2nd of 3), where a text has several."""
    if not word.place:
        return quoted(word.name)
    place, several = word.place
    return tr("{word} (the {nth} of {several})", word=quoted(word.name), nth=ordinal(place), several=str(several))


@_instead.register
def _(_: Extremes, says: Named) -> str:
    return tr("{name} has {value}", name=says.name, value=signed(says.value))


@_instead.register
def _(finding: Place, says: Named) -> str:
    if not finding.stands_out:
        return tr("{share} of it lies in the {place}", share=share(says.value), place=says.name)
    return tr("only {share} of it lies there", share=share(says.value)) if says.value else tr("none of it lies there")


@_instead.register
def _(_: Mark, says: Named) -> str:
    return tr("{share} lies on it", share=share(says.value))


def _with_interval(item: Named) -> tuple[str, str]:
    """+1.20, and 95% interval 1.01 to 1.38, empty where no interval is known. In so many digits that a number in small
    units is not printed as zero."""
    digits = 2 if abs(item.value) >= _SMALL or not item.value else 2 - math.floor(math.log10(abs(item.value)))
    bounds = (
        tr(", 95% interval {interval}", interval=interval(*item.interval, digits))
        if item.interval and item.interval[0] < item.interval[1]
        else ""
    )
    return signed(item.value, digits), bounds


_SMALL = 0.1  # what two decimals tell apart
_ROUNDING = 1e-9  # of a number in percent


@singledispatch
def said(finding: Finding) -> Said:
    """What a finding would say if it stood; `between` has the words for findings between points and reports."""
    raise NotImplementedError(f"no words for a {type(finding).__name__}")


def _nothing(part: str, topic: str, sample: str = "") -> Said:
    """Of an explanation that is zero everywhere, as that of a constant model is: it has no first."""
    title = tr("nothing is given to any {part}", part=part)
    if sample:
        sentence = tr(
            "in {sample} nothing is given to any {part}: every value is exactly zero", sample=sample, part=part
        )
    else:
        sentence = tr("nothing is given to any {part}: every value is exactly zero", part=part)
    return Said(title, sentence, topic)


@said.register
def _(finding: Leaders) -> Said:
    topic = tr("what leads")
    if not finding.first[0].value:
        return _nothing(trp("part", "feature"), topic)
    first, *others = finding.first
    carried = share(sum(item.value for item in finding.first))
    clauses = {"trainings": _in_trainings(finding, first.name), "reference": _beside_reference(finding, first.name)}
    if others:
        sentence = tr(
            "{names} carry {share} of the explanation, {first} most ({part}){trainings}{reference}",
            names=listing([item.name for item in finding.first]),
            share=carried,
            first=first.name,
            part=share(first.value),
            **clauses,
        )
    else:
        sentence = tr(
            "{name} carries {share} of the explanation{trainings}{reference}", name=first.name, share=carried, **clauses
        )
    return Said(tr("{name} leads", name=first.name), sentence, topic)


def _in_trainings(finding: Leaders, first: str) -> str:
    """In how many of several trainings the same feature was first; empty of a single one."""
    if finding.trainings is None:
        return ""
    kept, others = finding.trainings
    return trn(
        "; {name} was first in {kept} of {number} further training",
        "; {name} was first in {kept} of {number} further trainings",
        others,
        name=first,
        kept=str(kept),
    )


def _beside_reference(finding: Leaders, first: str) -> str:
    """What another model of the same table puts first; empty where there is none."""
    if finding.reference is None:
        return ""
    reference = tr(finding.reference_label)
    if finding.reference.name == first:
        return tr("; a {reference} puts it first, too", reference=reference)
    return tr("; a {reference} puts {name} first", reference=reference, name=finding.reference.name)


@said.register
def _(finding: ClassLeaders) -> Said:
    of: dict[str, list[tuple[str, str]]] = {}
    for of_class, first in finding.firsts:
        of.setdefault(first.name, []).append((of_class, share(first.value)))
    alone = {name: listing([one for one, _ in classes]) for name, classes in of.items()}
    shared = {
        name: listing([tr("{name} ({share})", name=one, share=part) for one, part in classes])
        for name, classes in of.items()
    }
    comma = trp("list of clauses", ", ").join
    titles = [
        tr("{name} for {classes}", name=name, classes=classes)
        if number  # the verb stands with the first alone
        else tr("{name} leads for {classes}", name=name, classes=classes)
        for number, (name, classes) in enumerate(alone.items())
    ]
    parts = [
        tr("{name} of what explains {classes}", name=name, classes=classes)
        if number
        else tr("{name} has the largest share of what explains {classes}", name=name, classes=classes)
        for number, (name, classes) in enumerate(shared.items())
    ]
    none = tr("; for {classes} nothing is surely first", classes=listing(finding.no_first)) if finding.no_first else ""
    return Said(comma(titles), f"{comma(parts)}{none}", tr("what leads"))


@said.register
def _(finding: Extremes) -> Said:
    topic = tr("what moves the prediction most")
    if finding.up and not finding.up.value:
        return _nothing(trp("part", "group of atoms"), topic)
    if not finding.signed:
        assert finding.up is not None, "of sizes there is always a largest"
        claim = tr(
            "{group} has the largest contributions, of either sign ({value})",
            group=finding.up.name,
            value=_of_each(finding.up, with_sign=False),
        )
        return Said(tr("{group} matters most", group=finding.up.name), _of_groups(finding, claim), topic)
    up, down = finding.up, finding.down
    parts = [_moves(finding, item, verb) for item, verb in ((up, finding.raises), (down, finding.lowers))]
    titles = [tr("{group} {moves}", group=up.name, moves=finding.raises)] if up else []
    # Only English has a word for what has been said before.
    lowers = finding.down_word if up and language_now() == ENGLISH else finding.lowers
    titles += [tr("{group} {moves}", group=down.name, moves=lowers)] if down else []
    return Said(_opposed(titles) or tr("no group surely matters"), _of_groups(finding, _opposed(parts)), topic)


def _opposed(said: Sequence[str]) -> str:
    """What raises it, and what lowers it."""
    match said:
        case [one, other]:
            return trp("opposites", "{one} and {other}", one=one, other=other)
        case _:
            return "".join(said)


def _of_groups(finding: Extremes, claim: str) -> str:
    """What is said of groups, and which of them are compared."""
    return trn(
        "of the groups that at least {number} of {molecules} has, {claim}",
        "of the groups that at least {number} of {molecules} have, {claim}",
        finding.common,
        molecules=count(finding.samples, "molecule"),
        claim=claim,
    )


def _moves(finding: Extremes, item: Named | None, moves: str) -> str:
    """What a group does to the prediction, and by how much."""
    if item is None:
        return tr("no group surely {moves}", moves=moves)
    if item.name in finding.most:
        return tr("{group} {moves} most ({value})", group=item.name, moves=moves, value=_of_each(item))
    return tr("{group} {moves} ({value})", group=item.name, moves=moves, value=_of_each(item))


def _of_each(item: Named, with_sign: bool = True) -> str:
    """+1.70 for each in 31 molecules, 95% interval 1.44 to 1.96."""
    value, bounds = _with_interval(item)
    where = "" if item.samples is None else tr(" in {molecules}", molecules=count(item.samples, "molecule"))
    return tr(
        "{value} for each{where}{bounds}", value=value if with_sign else value.lstrip("+"), where=where, bounds=bounds
    )


@said.register
def _(finding: Place) -> Said:
    topic = tr("what explains {title}", title=finding.title)
    if not finding.where.value:
        sentence = tr(
            "in one picture, {sample}, {what} lies nowhere in the picture, where each pixel has none of it",
            sample=finding.sample,
            what=finding.of,
        )
        return Said(tr("nothing explains {title}", title=finding.title), sentence, topic)
    if not finding.stands_out and finding.holds_much:
        sentence = tr(
            "in one picture, {sample}, the {place} of the picture, {area} of its area, holds {share} of {what} and at "
            "least as much of the opposite",
            sample=finding.sample,
            share=share(finding.where.value),
            what=finding.of,
            place=finding.where.name,
            area=share(finding.area),
        )
        title = tr("one example, {title}, with nothing in it that stands out", title=finding.title)
        return Said(title, sentence, topic)
    if not finding.stands_out:
        sentence = tr(
            "in one picture, {sample}, {what} is spread over the picture; no ninth of it holds more than {share}",
            sample=finding.sample,
            what=finding.of,
            share=share(math.ceil(finding.where.value * 100 - _ROUNDING) / 100),  # 12.3% is more than 12%
        )
        title = tr("one example, {title}, with nothing in it that stands out", title=finding.title)
        return Said(title, sentence, topic)
    sentence = tr(
        "in one picture, {sample}, {share} of {what} lies in the {place} of the picture, {area} of its area",
        sample=finding.sample,
        share=share(finding.where.value),
        what=finding.of,
        place=finding.where.name,
        area=share(finding.area),
    )
    return Said(tr("one example, {title}", title=finding.title), sentence, topic)


@said.register
def _(finding: Mark) -> Said:
    region, of_class = tr(finding.region), finding.of_class
    topic = tr("whether the model relies on {region}", region=region)
    lies = {
        "region": region,
        "class_name": of_class,
        "positive": share(finding.positive),
        "what": finding.of,
        "area": share(finding.area),
        "mean": trn("(mean of {number} picture)", "(mean of {number} pictures)", finding.samples),
        "rates": tr(
            "pictures of {class_name} with it are read right in {present}, other pictures of {class_name}, which never "
            "had it, in {absent}",
            class_name=of_class,
            present=rate(finding.present),
            absent=rate(finding.absent),
        ),
    }
    if finding.relied_on:
        sentence = tr(
            "for {class_name} the model relies on {region}: {positive} of {what} lies on the {area} of the picture "
            "that it covers {mean}; {rates}",
            **lies,
        )
        title = tr("the model relies on {region} for {class_name}", region=region, class_name=of_class)
        return Said(title, sentence, topic)
    if finding.drawn:
        sentence = tr(
            "{positive} of {what} lies on the {area} of the picture that {region} covers {mean}, but it is not shown "
            "that the model relies on it for {class_name}: {rates}; {no_less}",
            **lies,
            no_less=_no_less(finding),
        )
    else:
        sentence = tr(
            "it is not shown that the model relies on {region} for {class_name}: {positive} of {what} lies on the "
            "{area} of the picture that it covers {mean}, which is not more than twice as much as of an even spread; "
            "{rates}",
            **lies,
        )
    return Said(tr("the model is not shown to rely on {region}", region=region), sentence, topic)


def _no_less(finding: Mark) -> str:
    """Why two shares do not show that a class is read right less often without a region."""
    if finding.present.share <= finding.absent.share:
        return tr("so it is read right no less often without it")
    low, high = (neither(100 * end, 0) for end in finding.present.less(finding.absent))
    return tr(
        "chance may have made this difference (95% interval {low} to {high} percentage points)", low=low, high=high
    )


@said.register
def _(finding: Word) -> Said:
    topic = tr("which {noun} weighs most", noun=finding.noun)
    if not finding.word.value:
        return _nothing(finding.noun, topic, finding.sample)
    word = _quoted(finding.word)
    sentence = tr(
        "in {sample} the {noun} {word} carries {share} of the explanation{speaks}",
        sample=finding.sample,
        noun=finding.noun,
        word=word,
        share=share(finding.word.value),
        speaks=tr(" and {speaks}", speaks=finding.speaks) if finding.speaks else "",
    )
    return Said(tr("{word} weighs most in one example", word=word), sentence, topic)


@said.register
def _(finding: Part) -> Said:
    topic, first = tr("which input carries most"), finding.first
    if not first.value:
        return _nothing(trp("part", "input"), topic)
    silent = (
        trn(
            "; the {inputs} is given exactly zero in every sample",
            "; the {inputs} are given exactly zero in every sample",
            len(finding.silent),
            inputs=listing(finding.silent),
        )
        if finding.silent
        else ""
    )
    sentence = tr(
        "the {name} carries {share} of the explanation{silent}",
        name=first.name,
        share=share(first.value),
        silent=silent,
    )
    return Said(_how_much(first), sentence, topic)


def _how_much(first: Named) -> str:
    """Of the largest share, in a word: below half it is not most of all."""
    if first.value >= _NEARLY:
        return tr("the {name} carries nearly all", name=first.name)
    if first.value > _HALF:
        return tr("the {name} carries most", name=first.name)
    return tr("the {name} carries the largest share", name=first.name)


_HALF, _NEARLY = 0.5, 0.9
