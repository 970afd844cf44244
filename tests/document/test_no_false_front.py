"""Pages one and two contradict neither their numbers nor each other, over random results of one or several models."""

import re
from typing import Any, get_args

import numpy as np
import pytest

from exhibit.tasks.chances import wilson
from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.checks.inference import Estimate, decision
from exhibit.tasks.document.compose import compose
from exhibit.tasks.document.explained import tally
from exhibit.tasks.document.spec import MANY
from exhibit.tasks.document.words import share
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.model import Metric, Performance
from exhibit.tasks.records.page import Front, Judged, Word
from exhibit.tasks.records.verdict import CheckResult, Shows
from tests.points import LENGTHS, inputs, material, method

NAMES = list(CHECK_WORDS)
WORST: tuple[Word, ...] = ("no", "not assessed", "with care", "yes")


def result(name: str, draw: np.random.Generator) -> CheckResult:
    """Whatever a check may say: by a number and its interval, by a number alone, or by none."""
    facts: dict[str, Any] = {"check": name, "method": "a", "sentence": "s.", "required": bool(draw.random() < 0.3)}
    facts |= {"statistic": "share", "bears": bool(draw.random() < 0.8), "at_least": bool(draw.random() < 0.5)}
    if draw.random() < 0.3:
        return CheckResult(**facts, verdict=draw.choice(["not assessed", "not applicable"]))
    limit = round(float(draw.random()), int(draw.integers(1, 3)))
    value = limit + float(draw.normal()) * 10.0 ** -float(draw.integers(0, 5))
    below, above = draw.random(2) * 10.0 ** -draw.integers(0, 5, 2)
    found = Estimate(value, value - below, value + above, 10)
    alone = draw.random() < 0.2
    met = value >= limit if facts["at_least"] else value <= limit
    verdict = ("pass" if met else "fail") if alone else decision(found, limit, facts["at_least"])
    interval = None if alone else found.interval
    return CheckResult(**facts, verdict=verdict, value=value, interval=interval, threshold=limit)


def model(number: int, draw: np.random.Generator) -> Material:
    """Of one or two methods with random checks, right in a random number of random rows."""
    item, a = inputs("table"), draw.random(4)
    made = [name for name in NAMES if draw.random() < draw.choice([0.2, 0.9])]
    own = [
        method(label, a, item, LENGTHS, checks=tuple(result(name, draw) for name in made))
        for label in "ab"[: draw.integers(1, 3)]
    ]
    count = int(draw.integers(5, 400))
    right = int(draw.integers(0, count + 1))
    metric = Metric(
        name="accuracy", value=right / count, split=draw.choice(["train", "test"]), count=count,
        interval=wilson(right, count), naive=draw.choice([None, round(float(draw.random()), 2)]),
    )  # fmt: skip
    found = material(f"m{number}", own, item)
    more = {"title": f"M{number}", "performance": Performance(metrics=(metric,)), "trained": bool(draw.random() < 0.7)}
    return found.model_copy(update=more)


def fronts(seed: int) -> tuple[list[Material], Front]:
    draw = np.random.default_rng(seed)
    total = int(draw.choice([1, 1, 2, 3, MANY + 3]))
    materials = [model(number, draw) for number in range(total)]
    return materials, compose(materials, None, CHECK_WORDS).front


def told(front: Front, number: int, materials: list[Material]) -> dict[str, tuple[Word, str]]:
    """Word and reason of an answer for each result that it names."""
    answer = front.answers[number]
    if len(materials) == 1:
        return {materials[0].title: (answer.word, answer.reasons[0])}
    every = re.compile(r"Both results|All \d+ results")
    names = [item.title for item in materials]
    found = {}
    for one in answer.each:
        for name in names if every.fullmatch(one.of) else re.findall(r"\bM\d+\b", one.of):
            found[name] = one.word, one.reason
    return found


@pytest.mark.parametrize("seed", range(60))
def test_answers_say_what_the_checks_said(seed: int) -> None:
    materials, front = fronts(seed)
    reasons = told(front, 1, materials)
    for item in materials:
        if item.title not in reasons:  # among those that are only counted
            assert len(materials) > 1
            continue
        word, said = reasons[item.title]
        found, results = tally(item), [check for own in item.methods for check in own.checks]
        numbers = re.match(r"(?:A required check failed: .*?\. )?(\d+|None) of (\d+) checks? passed(.*?)\.", said)
        assert numbers
        passed = 0 if numbers[1] == "None" else int(numbers[1])
        failed = int((re.search(r"(\d+) failed", numbers[3]) or [0, 0])[1])
        without = int((re.search(r"(\d+) more ha(?:s|ve) no meaning", numbers[3]) or [0, 0])[1])
        assert int(numbers[2]) == len(NAMES) - len(found.without_meaning)
        assert (passed, failed) == (len(found.passed), len(found.failed))
        assert without == len(found.without_meaning)
        failing = {check.check for check in results if check.verdict == "fail"}
        assert ("none failed" in said) == (passed > 0 and not failing)
        assert ("A required check failed" in said) == any(c.required and c.verdict == "fail" for c in results)
        beside = said.partition("Failed, which does not say that anything is wrong: ")[2].partition("Undecided: ")[0]
        asked_for = {check.check for check in results if check.verdict == "fail" and not check.required}
        assert {name for name in NAMES if f"“{CHECK_WORDS[name].question}”" in beside} == asked_for - found.against
        if passed and not failing:
            lacking = {what for what in get_args(Shows) if what in said.partition("Not shown")[2]}
            assert lacking == set(get_args(Shows)) - {CHECK_WORDS[name].shows for name in found.passed}
        for name in failing | found.undecided:
            assert f"“{CHECK_WORDS[name].question}”" in said
        asked = {name for name in NAMES if f"“{CHECK_WORDS[name].question}”" in said.partition("Undecided: ")[2]}
        assert asked == found.undecided  # what failed for one method is not undecided, too
        for what in get_args(Shows):
            shown = any(CHECK_WORDS[name].shows == what for name in found.passed)
            assert (what in said.partition("Not shown")[2]) <= (not shown)
            assert (what in said.partition("Not shown")[0]) <= shown
        if word == "yes":
            assert passed >= 4
            assert not failing | found.undecided
            assert {CHECK_WORDS[name].shows for name in found.passed} >= set(get_args(Shows))
        if word == "no":
            assert "A required check failed" in said or "More failed than passed" in said
        if word == "not assessed":
            assert not passed + failed


@pytest.mark.parametrize("seed", range(60))
def test_the_parts_of_page_one_fit_each_other(seed: int) -> None:
    """Over all the worse answer counts, of several results the worst, and what is left of the checks is open."""
    materials, front = fronts(seed)
    own, explained, untested = front.answers
    assert front.overall == min(own.word, explained.word, key=WORST.index)
    for answer in (own, explained):
        assert answer.word == min([one.word for one in answer.each] or [answer.word], key=WORST.index)
        left = sum(map(int, re.findall(r"\d+(?= yes| with care| no\b| not assessed)", answer.more)))
        assert answer.more.startswith(f"{left} more result") or not answer.more
    named = told(front, 0, materials)
    for item in materials:
        if item.title in named:
            (metric,) = item.performance.metrics
            assert _accuracy(named[item.title][1]) in (
                share(metric.value),
                f"{metric.value:.1%}",
                f"{metric.value:.2%}",
            )
            assert f" on {metric.count} rows" in named[item.title][1]
    if len(materials) == 1:
        found = tally(materials[0])
        left = len(NAMES) - len(found.passed) - len(found.failed) - len(found.without_meaning)
        total = len(NAMES) - len(found.without_meaning)
        assert untested.said == (f"{left} of {total} check{'s' * (total != 1)} open" if left else untested.word)
    text = front.model_dump_json()
    assert not re.search(r"\bnan\b|\bNone,|−0(?:\.0+)?(?![.\d])", text)


def _accuracy(sentence: str) -> str:
    """As it is printed: in whole per cents, or in as many digits as tell it from the guess beside it."""
    said = re.match(r"Accuracy (under 0.1%|over 99.9%|[\d.]+%)", sentence)
    assert said is not None, sentence
    guess = re.search(r"has ([\d.]+%)", sentence)
    assert guess is None or "." not in said[1] or said[1] != guess[1]
    return said[1]


def of_range(row: Judged) -> list[float]:
    return [float(text.replace("−", "-")) for text in row.interval.split(" to ")]


@pytest.mark.parametrize("seed", range(60))
def test_every_row_of_page_two_decides_as_it_reads(seed: int) -> None:
    """By the printed digits: a reader who knows the rule comes to the same verdict."""
    materials, front = fronts(seed)
    if len(materials) > MANY:
        for row in front.verdicts:
            total = int(row.of.partition(" ")[0])
            assert sum(map(int, re.findall(r"\d+", row.meaning))) == total
            assert row.verdict in row.meaning
        return
    every = [check for item in materials for own in item.methods for check in own.checks]
    assert [row.verdict for row in front.verdicts] == [check.verdict for check in every]
    assert [row.required for row in front.verdicts] == [check.required for check in every]
    for row in front.verdicts:
        if row.result == "–":
            assert row.verdict in ("not assessed", "not applicable")
            continue
        side, _, limit = row.threshold.rpartition(" ")
        value = float(row.result.removeprefix("over ").removeprefix("under ").replace("−", "-"))
        low, high = (value, value) if row.interval == "–" else of_range(row)
        assert low <= value <= high
        found = Estimate(value, low, high, 1)
        assert row.verdict == decision(found, float(limit.replace("−", "-")), side == "at least")
        met = {"pass": "is met", "fail": "is missed", "undecided": "holds the threshold"}
        assert met[row.verdict] in row.meaning


@pytest.mark.parametrize("seed", range(20))
def test_what_was_asked_and_what_was_not_are_all_questions(seed: int) -> None:
    materials, front = fronts(seed)
    if len(materials) == 1:
        asked = {row.name for row in front.verdicts}
        left = {name for one in front.not_asked for _, name in one.questions}
        assert asked | left == {name.replace("_", " ") for name in NAMES}
        assert not asked & left
