"""Every kind of finding, made of random numbers, is read back from its sentence: names, numbers, counts and words of
order are those of the finding."""

import re
from collections.abc import Callable

import numpy as np
import pytest

from exhibit.tasks.chances import wilson
from exhibit.tasks.document.grounds import worded as told
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.records.finding import (
    Bearing,
    ClassLeaders,
    Dissent,
    Doubt,
    Extremes,
    Leaders,
    Mark,
    Named,
    Part,
    Place,
    Word,
)
from exhibit.tasks.records.model import Metric, Rate
from exhibit.tasks.records.trust import Measured, Relied, Repeated
from exhibit.tasks.records.verdict import Verdict

RANDOM = 200
NAMES = ("age", "income", "height", "weight")
SHARE = r"((?:[Oo]ver |[Uu]nder )?[\d.]+%)"
NUMBER = r"([+−]?[\d,]+(?:\.\d+)?)"

Draw = np.random.Generator


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


def is_share(text: str, value: float) -> None:
    """What is printed is the share to its last digit, and 0 and 100% are that exactly."""
    least, _, digits = text.lower().rstrip("%").rpartition(" ")
    if least in ("over", "under"):
        assert (100 * value > float(digits)) == (least == "over") or 100 * value == pytest.approx(float(digits))
        return
    half = 0.5 * 10.0 ** -len(digits.partition(".")[2])
    assert abs(100 * value - float(digits)) <= half + 1e-9
    assert (digits in ("0", "100")) == (value in (0, 1))


def is_number(text: str, value: float) -> None:
    half = 0.5 * 10.0 ** -len(text.partition(".")[2])
    assert abs(number(text) - value) <= half + 1e-9
    assert text[0] in "+−" or not number(text)


def some(draw: Draw, of: int) -> list[str]:
    return draw.permutation(NAMES)[:of].tolist()


def part(draw: Draw) -> float:
    """A share; now and then none, all, or nearly that."""
    return float(draw.choice([0, 1, 0.9999, 0.996, 0.004, *draw.random(15)]))


def rate(draw: Draw) -> Rate:
    total = int(draw.integers(1, 60))
    right = int(draw.integers(0, total + 1))
    return Rate(right=right, total=total, interval=wilson(right, total))


def found(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text)
    assert match, text
    return match.groups()


def leaders(draw: Draw) -> None:
    """Two features, further trainings and what another model puts first."""
    names, shares = some(draw, 3), sorted(draw.dirichlet(np.ones(3)), reverse=True)
    one, two = (Named(name=name, value=value) for name, value in zip(names[:2], shares, strict=False))
    trainings, other = (int(draw.integers(0, 5)), 4), names[int(draw.integers(0, 3))]
    reference = Named(name=other, value=0.4)
    title, text = worded(
        Leaders(method="m", signed=True, first=(one, two), trainings=trainings, reference=reference,
                reference_label="forest")
    )  # fmt: skip
    assert title == f"{one.name} leads"
    both, most = found(rf"{one.name} and {two.name} carry {SHARE} of the explanation, {one.name} most \({SHARE}\)",
                       text[0].lower() + text[1:])  # fmt: skip
    is_share(both, one.value + two.value)
    is_share(most, one.value)
    assert f"; {one.name} was first in {trainings[0]} of 4 further trainings" in text
    assert ("a forest puts it first, too" in text) == (other == one.name)
    assert (f"a forest puts {other} first" in text) == (other != one.name)


def classes(draw: Draw) -> None:
    names = [f"class {k}" for k in range(3)]
    firsts = tuple((name, Named(name=NAMES[int(draw.integers(0, 3))], value=part(draw))) for name in names[:2])
    title, text = worded(ClassLeaders(method="m", firsts=firsts, no_first=(names[2],)))
    for of_class, first in firsts:
        is_share(found(rf"{of_class} \({SHARE}\)", text)[0], first.value)
        spoken = next(one for one in text.lower().split(", ") if of_class in one)
        assert spoken.startswith(first.name)
        assert of_class in next(one for one in title.split(", ") if one.startswith(first.name))
    assert "; for class 2 nothing is surely first" in text


def groups(draw: Draw) -> None:
    """Up and down, each with its sign, interval and molecules; most only where it is that."""
    up, down = some(draw, 2)
    values = float(draw.gamma(1)), -float(draw.gamma(1))
    named = [
        Named(name=name, value=value, interval=(value - width, value + width), samples=int(draw.integers(2, 2000)))
        for name, value, width in zip((up, down), values, draw.random(2) + 0.01, strict=True)
    ]
    given = [one if draw.random() < 0.8 else None for one in named]
    most = tuple(one.name for one in named if draw.random() < 0.5)
    common, samples = int(draw.integers(2, 9)), int(draw.integers(10, 3000))
    title, text = worded(
        Extremes(method="m", signed=True, up=given[0], down=given[1], most=most, samples=samples, common=common,
                 raises="raises the value", lowers="lowers the value")
    )  # fmt: skip
    assert text.startswith(f"Of the groups that at least {common} of {samples:,} molecules have, ")
    for one, verb in zip(given, ("raises", "lowers"), strict=True):
        assert (f"no group surely {verb} the value" in text) == (one is None)
        if one is not None and one.interval is not None:
            pattern = rf"{one.name} {verb} the value( most)? \({NUMBER} for each in ([\d,]+) molecules, 95% interval "
            sure, value, many, low, high = found(rf"{pattern}{NUMBER} to {NUMBER}\)", text)
            is_number(value, one.value)
            assert number(many) == one.samples
            assert number(low) == pytest.approx(one.interval[0], abs=0.0051)
            assert number(high) == pytest.approx(one.interval[1], abs=0.0051)
            assert bool(sure) == (one.name in most)
            assert (value[0] == "+") == (verb == "raises")
            assert one.name in title


def place(draw: Draw) -> None:
    where, area, outweighed = (
        Named(name=str(draw.choice(["upper left", "middle"])), value=part(draw)),
        1 / 9,
        bool(draw.integers(2)),
    )
    title, text = worded(
        Place(title="a cat", sample="picture 3", where=where, area=area, of="what counts", outweighed=outweighed)
    )
    assert text.startswith("In one picture, picture 3, ")
    assert ("lies nowhere" in text) == (title == "nothing explains a cat") == (not where.value)
    assert (title == "one example, a cat") == (where.value >= 1.5 * area and not outweighed)
    if where.value >= 1.5 * area and outweighed:
        of_area, held = found(
            rf"the {where.name} of the picture, {SHARE} of its area, holds {SHARE} of what counts", text
        )
        is_share(held, where.value)
        is_share(of_area, area)
        assert text.endswith(" and at least as much of the opposite.")
    elif where.value >= 1.5 * area:
        held, of_area = found(rf"{SHARE} of what counts lies in the {where.name} of the picture, {SHARE} of its", text)
        is_share(held, where.value)
        is_share(of_area, area)
    elif where.value:
        most = number(found(rf"spread over the picture; no ninth of it holds more than {SHARE}", text)[0][:-1]) / 100
        assert where.value <= most + 1e-9 < where.value + 0.01 + 1e-9


def mark(draw: Draw) -> None:
    """Relied on only if it holds far more than its area, and the class is surely read right more often with it."""
    facts = {"positive": part(draw), "area": float(draw.uniform(0.01, 0.5)), "samples": int(draw.integers(1, 30))}
    present, absent = rate(draw), rate(draw)
    title, text = worded(
        Mark(method="m", region="the stamp", of_class="cat", of="what counts", present=present, absent=absent, **facts)
    )
    with_it, right, total, without, others, of = found(
        rf"pictures of cat with it are read right in {SHARE} \((\d+) of (\d+)\), other pictures of cat, which never "
        rf"had it, in {SHARE} \((\d+) of (\d+)\)",
        text,
    )
    assert [int(one) for one in (right, total, others, of)] == [
        present.right, present.total, absent.right, absent.total,
    ]  # fmt: skip
    is_share(with_it, present.share)
    is_share(without, absent.share)
    held, area = found(rf"{SHARE} of what counts lies on the {SHARE} of the picture", text)
    is_share(held, facts["positive"])
    is_share(area, facts["area"])
    assert f"(mean of {facts['samples']} picture" in text
    drawn, surely = facts["positive"] > 2 * facts["area"], present.less(absent)[0] > 0
    assert (title == "the model relies on the stamp for cat") == (drawn and surely)
    assert ("not shown that the model relies" in text) == (not (drawn and surely))
    assert ("chance may have made this difference" in text) == (drawn and not surely and present.share > absent.share)
    assert ("read right no less often without it" in text) == (drawn and present.share <= absent.share)


def word(draw: Draw) -> None:
    several = int(draw.integers(1, 30))
    nth = (int(draw.integers(1, several + 1)), several) if several > 1 else None
    one, speaks = Named(name="very", value=part(draw), place=nth), str(draw.choice(["", "raises it", "lowers it"]))
    title, text = worded(Word(method="m", sample="text 3", word=one, speaks=speaks))
    if not one.value:
        assert title == "nothing is given to any word"
        return
    is_share(found(rf"the word “very”.* carries {SHARE} of the explanation", text)[0], one.value)
    assert text.endswith(f"of the explanation{f' and {speaks}' if speaks else ''}.")
    place = re.search(r"\(the (\d+)(st|nd|rd|th) of (\d+)\)", text)
    assert (place and (int(place[1]), int(place[3]))) == nth


def inputs(draw: Draw) -> None:
    first = Named(name="image", value=part(draw))
    silent = tuple(name for name in ("text", "table") if draw.random() < 0.5)
    title, text = worded(Part(method="m", first=first, silent=silent))
    if not first.value:
        assert title == "nothing is given to any input"
        return
    is_share(found(rf"The image carries {SHARE}", text)[0], first.value)
    assert ("most" in title) == (0.5 < first.value < 0.9)
    assert ("nearly all" in title) == (first.value >= 0.9)
    assert ("largest share" in title) == (first.value <= 0.5)
    assert sorted(name for name in ("text", "table") if name in text) == sorted(silent)
    assert ("exactly zero in every sample" in text) == bool(silent)


def standing(draw: Draw) -> None:
    """Whatever speaks against a finding is named, with the method that says otherwise and what that says."""
    verdicts: tuple[Verdict, ...] = ("pass", "fail", "undecided", "not assessed")
    bearing = tuple(
        Bearing(
            check=name, verdict=verdicts[draw.choice(4, p=[0.7, 0.1, 0.1, 0.1])], required=bool(draw.random() < 0.5)
        )
        for name in ("deletion", "stability", "alignment")
    )
    other = Named(name="income", value=float(draw.random()))
    dissent = (Dissent(method="the other", says=other),) if draw.random() < 0.3 else ()
    doubt = Doubt(id="few trainings", name="age", some=1, total=4) if draw.random() < 0.3 else None
    title, text = worded(
        Leaders(method="m", first=(Named(name="age", value=0.6),), bearing=bearing, dissent=dissent, doubt=doubt)
    )
    of = {verdict: [one.check for one in bearing if one.verdict == verdict] for verdict in verdicts}
    assert (title == "age leads") == (not (of["fail"] or of["undecided"] or dissent or doubt))
    failed = any(one.required for one in bearing if one.verdict == "fail")
    assert text.startswith("Not to be relied on") == failed
    assert text.startswith("In doubt") == (bool(of["fail"]) and not failed)
    assert text.startswith("Methods disagree: ") == (bool(dissent) and not of["fail"])
    for check in of["fail"] or (() if dissent else of["undecided"]):
        assert check in text
    for check in of["pass"] + of["not assessed"]:
        assert check not in text
    if dissent:
        is_share(found(rf"by the other income comes first \({SHARE}\)", text)[0], other.value)
    if text.startswith("Undecided") and doubt:
        assert "age is first in only 1 of 4 further trainings" in text


def quality(draw: Draw) -> None:
    """The metric is the model's, the guess is the guess's."""
    value, low, high, naive = draw.random(4)
    low, high = min(low, value), max(high, value)
    metric = Metric(name="accuracy", value=value, split="test", count=int(draw.integers(2, 5000)), interval=(low, high),
                    naive=naive)  # fmt: skip
    text = told([Measured(metric=metric, unit="", classes=True, sample="image", rows="test")], {})
    told_value, one, other, rows, guess = found(
        rf"^Accuracy {SHARE} \(95% interval {SHARE} to {SHARE}\) on ([\d,]+) pictures held out from its training; a "
        rf"naive guess, always the commonest class, has {SHARE}\.$",
        text,
    )
    for printed, meant in ((told_value, value), (one, low), (other, high), (guess, naive)):
        is_share(printed, float(meant))
    assert number(rows) == metric.count


def reserves(draw: Draw) -> None:
    present, absent, rows = rate(draw), rate(draw), int(draw.integers(1, 3000))
    text = told([Relied(region="the stamp", of_class="cat", present=present, absent=absent)], {})
    with_it, without = found(
        rf"pictures of cat with it are read right in {SHARE}, other pictures of cat, which never had it, in {SHARE}\.$",
        text,
    )
    is_share(with_it, present.share)
    is_share(without, absent.share)
    text = told([Repeated(rows=rows)], {})
    assert text.startswith(f"But {rows:,} of these stand{'s' * (rows == 1)} among those that it was trained on, too")


PROPERTIES: tuple[Callable[[Draw], None], ...] = (
    leaders, classes, groups, place, mark, word, inputs, standing, quality, reserves,
)  # fmt: skip


@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda one: one.__name__)
def test_a_sentence_says_what_its_finding_holds(holds: Callable[[Draw], None]) -> None:
    for seed in range(RANDOM):
        holds(np.random.default_rng(seed))
