"""What a page says between points, and between two reports, does not contradict its numbers: random materials."""

import re
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.comparing.changes import changed
from exhibit.tasks.comparing.comparison import comparison
from exhibit.tasks.document import agreements, survival
from exhibit.tasks.document import changes as changes_chapter
from exhibit.tasks.document import comparison as comparison_chapter
from exhibit.tasks.document.between import since
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.records.compared import Comparison
from exhibit.tasks.records.finding import (
    Alike,
    Bearing,
    Deciding,
    Doubt,
    Flips,
    Named,
    Shift,
    Shifts,
    Signs,
    Survival,
    Swap,
)
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.verdict import CheckResult, Verdict
from tests.points import LENGTHS, config, inputs, material, method
from tests.test_changes import EARLIER, accuracy, report

RANDOM = 200
VERDICTS: tuple[Verdict, ...] = ("pass", "fail", "undecided", "not assessed", "not applicable")


def check(verdict: Verdict) -> CheckResult:
    facts = {"check": "deletion", "method": "a", "verdict": verdict, "required": False, "sentence": "s."}
    return CheckResult.model_validate(facts)


def sweep(random: np.random.Generator) -> tuple[Comparison, dict[str, Material]]:
    """Some seeds by some steps, importances that may be zero or alike, and checks that may say anything."""
    item, seeds, steps = inputs("table"), int(random.integers(1, 4)), int(random.integers(2, 4))
    base, points, configs = random.gamma(1, size=4), [], []
    for seed in range(seeds):
        for step in range(steps):
            values = base * random.choice([0, 1], p=[0.05, 0.95]) * random.normal(1, 0.5, 4).round(1)
            verdict = VERDICTS[random.choice(5, p=[0.8, 0.05, 0.05, 0.05, 0.05])]
            own = [method("a", values, item, LENGTHS, checks=(check(verdict),))]
            points.append(material(f"p-{seed}-{step}", own, item))
            configs.append(config({"a": {"kind": "a", "n_steps": step}}, seed=seed))
    found = comparison("comparison_1", configs, range(1, len(points) + 1), points)
    return found, {point.slug: point for point in points}


@pytest.mark.parametrize("seed", range(RANDOM))
def test_no_sentence_between_points_contradicts_its_numbers(seed: int) -> None:
    found, materials = sweep(np.random.default_rng(seed))
    places = {place.feature: place for place in found.places}
    for place in found.places:
        item = survival.found(found, place)
        title, sentence = worded(item)
        k, total = found.features.index(place.feature), len(found.results)
        inside = int((found.ranks[:, k] <= found.top).sum())
        if not item.given:
            assert (found.ranks > found.top).all()
            assert title == "nothing is given to any feature"
            continue
        assert (f"in all {total} points" in sentence) == ("stays" in title) == (inside == total)
        assert inside == total or f"in {inside} of {total} points" in sentence
        _lost_is_where_it_is(found, k, sentence)
    _average_is_between(found)
    first, *_ = comparison_chapter.findings(found, materials)
    if isinstance(first, Survival):
        _standing_is_that_of_its_checks(first, materials)
        assert first.feature in places


def _lost_is_where_it_is(found: Comparison, k: int, sentence: str) -> None:
    """What is said to set the others apart does: every result with it, and none without it."""
    if match := re.search(r"it loses its place with ([^;]+)\.$", sentence):
        levels = [level.split("=") for level in match[1].split(" and ")]
        for result, rank in zip(found.results, found.ranks[:, k], strict=True):
            has = all(result.settings.get(name) in values.split(" or ") for name, values in levels)
            assert has == (rank > found.top)


def _average_is_between(found: Comparison) -> None:
    alike = agreements.found(found)
    _, sentence = worded(alike)
    numbers = [float(number.replace("−", "-")) for number in re.findall(r"by (−?\d\.\d+)", sentence)]
    pairs = found.spearman[np.triu_indices(len(found.results), 1)]
    known = pairs[~np.isnan(pairs)]
    same = "orders are the same in all" in sentence
    assert same == (len(known) > 1 and bool(np.all(known > 1 - 1e-9)))
    assert bool(numbers) == (bool(len(known)) and not same)
    if numbers:
        assert numbers[0] == pytest.approx(known.mean(), abs=0.0051)
        assert numbers[-1] == pytest.approx(known.min(), abs=0.0051)
        assert ("orders correlate by" in sentence) == (len(known) > 0)
    assert "−0.00" not in sentence


def _standing_is_that_of_its_checks(first: Survival, materials: dict[str, Material]) -> None:
    """A headline that some result's check fails or leaves undecided says that first, with the number of results."""
    title, sentence = worded(first)
    said = [
        one.verdict for point in materials.values() for one in point.main.checks if not one.verdict.startswith("not")
    ]
    number = {verdict: said.count(verdict) for verdict in ("fail", "undecided")}
    if number["fail"]:
        assert title == "what comes first cannot be said, as a check failed"
        assert f"the check of deletion ({number['fail']} of {len(said)} result" in sentence
    elif number["undecided"]:
        assert title == "what comes first is undecided"
        assert f"deletion ({number['undecided']} of {len(said)} result" in sentence
    else:
        assert not re.search("cannot be said|undecided", title)


@pytest.mark.parametrize("seed", range(RANDOM))
def test_no_sentence_between_reports_contradicts_its_numbers(seed: int) -> None:
    random = np.random.default_rng(seed)
    before = np.sort(random.gamma(2, 10.0 ** random.integers(-3, 3), 4))
    moves = random.choice([0, 1], 4, p=[0.6, 0.4]) * random.normal(0, 0.2, 4) * before
    after = np.abs(before + moves)
    errors = tuple((random.choice([0, 0.02, 0.2]) * before).tolist())
    again: dict[str, Any] = {"weights": "0" * 64} if random.random() < 0.5 else {}
    verdict: Verdict = "fail" if random.random() < 0.3 else "pass"
    one = report(tuple(before.tolist()), errors, metrics=accuracy(0.9))
    other = report(tuple(after.tolist()), errors, verdict, accuracy(float(random.choice([0.9, 0.91, 0.99]))), **again)
    found = changed(EARLIER, one, other)
    flips, shifts = changes_chapter.findings(found.summary)
    written = changes_chapter.chapter(found)
    title = written.teaser.title if written.teaser else ""
    _verbs_are_right(shifts, written.lead)
    _counts_are_right(flips, shifts, title, written.lead, bool(again))
    (badge,) = changes_chapter.badges(found)
    counted = flips.metrics + flips.verdicts + (0 if again else len(shifts.shifts) + len(shifts.swaps))
    assert badge.title.startswith(f"{counted} change")
    assert (badge.verdict == "fail") == bool(counted)


def _verbs_are_right(shifts: Shifts, lead: str) -> None:
    for item in shifts.shifts[:4]:
        name = item.feature.partition(" (")[0]
        match = re.search(rf"{name} (rose|fell) from (\S+) to (\S+)", lead)
        assert match is not None
        low, high = (float(number.rstrip(",;.").replace("−", "-")) for number in match.groups()[1:])
        assert (match[1] == "rose") == (item.after > item.before) == (high > low)


def _counts_are_right(flips: Flips, shifts: Shifts, title: str, lead: str, again: bool) -> None:
    number = len(shifts.shifts)
    assert (f"{number} of 4 importances" if number else "None of 4 importances") in lead.replace("none", "None")
    assert (f"{flips.verdicts} verdict flipped" if flips.verdicts else "o verdict flipped") in lead
    assert ("Undecided, as the model is another one" in lead) == (again and shifts.any)
    assert (f"{flips.metrics} metric" in title) == bool(flips.metrics)
    assert bool(re.search(r"importances? (and .*)?changed|ranks? changed", title)) == (shifts.any and not again)
    assert ("nothing beyond the errors" in title) == (not flips.any and not shifts.any)


@pytest.mark.parametrize("seed", range(RANDOM // 4))
def test_a_sign_that_survives_is_that_of_all_who_keep_signs(seed: int) -> None:
    draw = np.random.default_rng(seed)
    total = int(draw.integers(1, 6))
    positive = int(draw.integers(0, total + 1))
    title, text = worded(Signs(feature="age", positive=positive, total=total))
    assert ("positive" in title) == (positive == total)
    assert ("negative" in title) == (not positive)
    assert ("does not survive" in text) == (0 < positive < total)
    assert f"in {positive} of {total}" in text or positive in (0, total)
    assert f"all {total}" in text or total == 1 or 0 < positive < total


@pytest.mark.parametrize("seed", range(RANDOM // 4))
def test_what_decides_most_and_least_are_the_lowest_and_the_highest(seed: int) -> None:
    draw = np.random.default_rng(seed)
    values = sorted(draw.uniform(-1, 1, 3).round(int(draw.integers(0, 4))).tolist())
    settings = tuple(Named(name=name, value=value) for name, value in zip("abc", values, strict=True))
    title, text = worded(Deciding(settings=settings))
    most, least = settings[0], settings[-1]
    assert (title == "no setting changes the order") == (most.value == 1)
    if most.value == 1:
        return
    if title == "no setting decides more than another":
        assert most.value == pytest.approx(least.value, abs=0.011)
        return
    firsts, lasts = ([one.name for one in settings if one.value == end.value] for end in (most, least))
    assert title.endswith(f"most on {' and '.join(firsts)}")
    read = re.search(
        r"most on (.+) \(mean rank correlation (\S+) where nothing else differs\) and least on (.+) \((\S+)\)\.", text
    )
    assert read is not None
    high, low = (float(read[k].replace("−", "-")) for k in (2, 4))
    assert (read[1], read[3]) == (" and ".join(firsts), " and ".join(lasts))
    assert (high, low) == (pytest.approx(most.value, abs=0.0051), pytest.approx(least.value, abs=0.0051))
    assert high < low


@pytest.mark.parametrize(
    ("mean", "lowest", "said"),
    [
        (1.0, 1.0, ("their orders are the same", "The orders are the same in all 6 pairs.")),
        (0.8, 0.8, ("their orders correlate by 0.80", "The orders correlate by 0.80 in each of 6 pairs.")),
        (
            0.9999,
            0.9994,
            (
                "their orders correlate by 0.9999 on average",
                "The orders correlate by 0.9999 on average over 6 pairs, at the least by 0.999 (a beside b).",
            ),
        ),
    ],
)
def test_no_pair_is_the_least_alike_where_all_are_as_alike(mean: float, lowest: float, said: tuple[str, str]) -> None:
    """Of four results in one order it was “1.00 on average over 6 pairs, at the least by 1.00 (a beside b)”."""
    assert worded(Alike(pairs=6, mean=mean, lowest=lowest, least=("a", "b"))) == said


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((1.0, 1.0), "The order depends on none of a and b: where one of them alone differs, it is the same."),
        ((0.2, 0.2, 0.9), "The order depends most on a and b (mean rank correlation 0.20 where nothing else differs) "
                          "and least on c (0.90)."),
    ],
)  # fmt: skip
def test_settings_that_decide_as_much_as_each_other_are_named_together(values: tuple[float, ...], text: str) -> None:
    settings = tuple(Named(name=name, value=value) for name, value in zip("abc", values, strict=False))
    assert worded(Deciding(settings=settings))[1] == text


@pytest.mark.parametrize("seed", range(RANDOM // 4))
def test_a_headline_of_changes_counts_what_changed(seed: int) -> None:
    """What a headline counts is what changed, and what another training leaves open is not counted."""
    draw = np.random.default_rng(seed)
    swaps, several, metrics, verdicts = (int(draw.integers(0, 3)) for _ in range(4))
    again = bool(draw.random() < 0.5)
    shifts = Shifts(
        compared=9,
        shifts=tuple(Shift(feature=f"f{k}", before=1, after=2, errors=4) for k in range(several)),
        swaps=tuple(Swap(feature=f"f{k}", before=1, after=2) for k in range(swaps)),
        doubt=Doubt(id="trained again") if again and (several or swaps) else None,
    )
    title = since(Flips(metrics=metrics, verdicts=verdicts), shifts)
    counted = {"metric": metrics, "verdict": verdicts}
    counted |= {} if shifts.doubt else {"importance": several, "rank": swaps}
    for what, times in counted.items():
        assert (f"{times} {what}{'s' * (times > 1)}" in title) == bool(times)
    assert bool(re.search("may be chance|is undecided", title)) == bool(shifts.doubt)
    assert (title == "nothing beyond the errors") == (not any((swaps, several, metrics, verdicts)))


def test_a_headline_of_several_points_needs_all_that_bear_on_it() -> None:
    facts: dict[str, Any] = {"feature": "a", "inside": 3, "total": 3, "top": 2, "noun": "point"}
    assert worded(Survival(**facts))[0] == "a stays among the first two"
    for verdict in ("fail", "undecided"):
        title, sentence = worded(Survival(**facts, bearing=(Bearing(check="c", verdict=verdict, results=(1, 3)),)))
        assert "stays" not in title
        assert "c (1 of 3 results)" in sentence
