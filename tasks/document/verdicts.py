"""Page two: every verdict in a row, with the numbers that decide it and what it means."""

from collections.abc import Mapping, Sequence

import numpy as np

from exhibit.tasks.document.explained import results
from exhibit.tasks.document.spec import MANY
from exhibit.tasks.document.words import (
    beside,
    capital,
    check_name,
    count,
    interval,
    judged,
    just_beside,
    listing,
    of_results,
    off_bounds,
    plain,
    question,
    rounded,
    small,
    span,
)
from exhibit.tasks.records.language import tr, trn, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Column, Judged, Open, Table, section_anchor
from exhibit.tasks.records.shown import as_set, touches
from exhibit.tasks.records.verdict import CheckResult, CheckWords, Verdict


def all_rows(
    materials: Sequence[Material], checks: Mapping[str, CheckWords], anchors: Mapping[str, str]
) -> list[Judged]:
    """A row for every check of every method; of many points one for each check and method of all of them. `anchors`:
    the chapter that each point is read about in, by its slug."""
    there = {slug: section_anchor(chapter.removeprefix("chapter-"), "checks") for slug, chapter in anchors.items()}
    if len(materials) <= MANY:
        alone = len(materials) == 1
        return [row for item in materials for row in verdict_rows(item, checks, there.get(item.slug, ""), alone)]
    alike: dict[tuple[str, str, str], list[CheckResult]] = {}  # numbers of different things have no range
    for material in materials:
        for method, check in results(material):
            alike.setdefault((check.check, method.title, check.statistic), []).append(check)
    first = there.get(materials[0].slug, "")
    return [_together(name, title, found, checks, first) for (name, title, _), found in alike.items()]


_GRAVEST: tuple[Verdict, ...] = ("fail", "undecided", "not assessed", "pass", "not applicable")


def _together(
    name: str, title: str, found: Sequence[CheckResult], checks: Mapping[str, CheckWords], anchor: str
) -> Judged:
    """One check of one method at many points: the gravest verdict, the range of results, and how many had which."""
    verdicts = [check.verdict for check in found]
    values = [check.value for check in found if check.value is not None]
    thresholds = sorted({check.threshold for check in found if check.threshold is not None})
    digits = _digits(values, thresholds)
    return Judged(
        question=question(name, checks),
        name=check_name(name),
        required=any(check.required for check in found),
        of=trp("list", ", ").join([count(len(found), "result"), tr(title)]),
        verdict=min(verdicts, key=_GRAVEST.index),
        result=span(min(values), max(values), digits, off_bounds) if values else "–",
        interval="–",
        threshold=listing([_limit(threshold, digits) for threshold in thresholds]) or "–",
        meaning=listing(
            [
                tr("{number} {verdict}", number=str(verdicts.count(word)), verdict=judged(word))
                for word in _GRAVEST
                if word in verdicts
            ]
        ),
        anchor=anchor,
    )


def verdict_rows(
    material: Material, checks: Mapping[str, CheckWords], anchor: str = "", alone: bool = False
) -> list[Judged]:
    """A row for every check of every method; `alone`: of a report about nothing else, whose title need not be said."""
    several = len(material.methods) > 1
    return [
        Judged(
            question=question(check.check, checks),
            name=check_name(check.check),
            required=check.required,
            of=tr(method.title)
            if alone
            else trp("list", ", ").join([tr(material.title), tr(method.title)])
            if several
            else tr(material.title),
            verdict=check.verdict,
            **written(check),
            meaning=meaning(check),
            anchor=anchor,
        )
        for method, check in results(material)
    ]


def not_asked(materials: Sequence[Material], checks: Mapping[str, CheckWords]) -> list[Open]:
    """What the checks ask that were not made, of all models that lack the same ones."""
    lacking: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for material in materials:
        made = {check.check for _, check in results(material)}
        missing = tuple((tr(words.question), check_name(name)) for name, words in checks.items() if name not in made)
        lacking.setdefault(missing, []).append(tr(material.title))
    return [
        Open(of=of_results(titles, len(materials)) if len(materials) > 1 else "", questions=questions)
        for questions, titles in lacking.items()
        if questions
    ]


def verdict_table(slug: str, of: str, said: str, caption: str, rows: Sequence[tuple[str, ...]]) -> Table:
    """Verdicts in rows: question, what it is `of`, result, interval, threshold, what is `said` of it, verdict; `of` and
    `said`: as the columns are called."""
    numbers = (tr("result"), tr("95% interval"), tr("threshold"))
    return Table(
        name=f"{slug}-verdicts",
        caption=caption,
        columns=(
            Column(title=tr("question")),
            Column(title=of),
            *(Column(title=title, numeric=True) for title in numbers),
            Column(title=said),
            Column(title=tr("verdict")),
        ),
        rows=tuple(rows),
    )


def written(check: CheckResult) -> dict[str, str]:
    """`result`, `interval` and `threshold` in so many digits that they differ as the verdict says."""
    value, threshold = check.value, check.threshold
    if value is None:
        return {
            "result": "–",
            "interval": "–",
            "threshold": "–" if threshold is None else _side(check, rounded(threshold)),
        }
    digits = _digits([value, *(check.interval or ())], [] if threshold is None else [threshold])
    # One that reads as if it had no width would be another; one without an end reads so whatever its digits.
    if check.interval is not None and np.isfinite(check.interval).all():
        digits = max(digits, min(_digits([check.interval[0]], [check.interval[1]]), _MOST))
    if threshold is not None and touches(value, threshold):
        result = just_beside(value, threshold)
    else:
        result = off_bounds(value, digits) if digits <= _MOST else plain(value, digits)  # else nothing tells them apart
        digits = max(digits, len(result.partition(".")[2]))

    def end(number: float, places: int) -> str:
        if threshold is not None and touches(number, threshold):
            return just_beside(number, threshold)
        return plain(number, places)

    return {
        "result": result,
        "interval": "–" if check.interval is None else interval(*check.interval, digits, end),
        "threshold": "–" if threshold is None else _side(check, _limit(threshold, digits)),
    }


_MOST = 4  # digits that are written for nothing but the width of an interval


def _digits(values: Sequence[float], thresholds: Sequence[float]) -> int:
    """After the point, for all alike: rounded in one way, what lies inside an interval reads inside, and each keeps its
    side of each threshold."""
    pairs = [
        beside(value, threshold)[0]
        for value in values
        for threshold in thresholds
        if not touches(value, threshold)  # which no digit tells apart
    ]
    return max((len(text.partition(".")[2]) for text in pairs), default=2)


def _limit(threshold: float, digits: int) -> str:
    """A threshold as it was set, with as many digits as what stands beside it where these are more than two."""
    said = as_set(threshold)
    computed = len(said.partition(".")[2]) > 3  # nobody sets so many
    return plain(threshold, max(digits, 3)) if digits > 2 or computed else said


def _side(check: CheckResult, threshold: str) -> str:
    """At least 0.75, at most 0.5: what passes."""
    if check.at_least:
        return tr("at least {threshold}", threshold=threshold)
    return tr("at most {threshold}", threshold=threshold)


def meaning(check: CheckResult) -> str:
    """What was measured, and what a verdict says and does not say, from the numbers alone."""
    said = _said(check)
    if not check.statistic or check.value is None:
        return said
    return tr("{statistic}: {meaning}", statistic=capital(tr(check.statistic)), meaning=said)


def _said(check: CheckResult) -> str:
    further = tr(check.further)
    if check.over_trainings:
        kept = _over_trainings(check)
        return tr("{meaning}. {further}", meaning=kept, further=further) if further else kept
    if further:
        return small(further)
    if check.verdict in ("pass", "fail", "undecided"):
        return _decided(check, _surely(check))
    return tr(check.sentence) or tr("nothing was measured, neither for nor against")


def _decided(check: CheckResult, surely: str) -> str:
    """What the verdict says where the threshold alone gave it."""
    if check.verdict == "undecided":
        return tr("the interval holds the threshold; more samples would decide")
    if check.verdict == "fail" and check.required:
        return tr("the threshold is missed{surely}; what rests on it is not to be relied on", surely=surely)
    if check.verdict == "fail" and not check.bears:
        return tr("the threshold is missed{surely}; that does not say that anything is wrong", surely=surely)
    if check.verdict == "fail":
        return tr("the threshold is missed{surely}; what rests on it is in doubt", surely=surely)
    if check.beside_others:
        return tr("the threshold is met{surely}; what comes first may still differ", surely=surely)
    return tr("the threshold is met{surely}", surely=surely)


def _surely(check: CheckResult) -> str:
    """Whether chance may have decided it."""
    if check.interval is None or check.threshold is None:
        return ""
    low, high = check.interval
    if not low <= check.threshold <= high:
        return tr(" beyond chance")
    return tr(", though chance may have decided")


def _over_trainings(check: CheckResult) -> str:
    """How many further trainings keep the order, whatever the mean correlation is."""
    kept, first = check.details["kept"].tolist()
    return trn(
        "the whole order was kept in {kept} of {number} further training, the first place in {first}",
        "the whole order was kept in {kept} of {number} further trainings, the first place in {first}",
        len(check.details["share"]) - 1,
        kept=str(kept),
        first=str(first),
    )
