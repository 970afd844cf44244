"""What a page says does not contradict its numbers: ten sentences that once did, and hundreds of random materials."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.comparing.changes import changed
from exhibit.tasks.document import changes as changes_chapter
from exhibit.tasks.document import quality_figures, table
from exhibit.tasks.document.chapter import chapter, figures, finding, limits
from exhibit.tasks.document.common import shares, swarm_figures, verdict_asides, without_score
from exhibit.tasks.document.compose import compose
from exhibit.tasks.document.image import reading_of_colours
from exhibit.tasks.document.quality_tables import by_class, whole
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.document.verdicts import verdict_rows, written
from exhibit.tasks.document.words import beside, ordinal, plain, rounded, share, signed
from exhibit.tasks.drawing.kinds import KINDS
from exhibit.tasks.models.performance import performance
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.figure import Bars, Images, Reading, Scale, Swarm
from exhibit.tasks.records.finding import Bearing, Extremes, Leaders, Mark, Named, Rate
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.model import Performance, Planted, Prediction
from exhibit.tasks.records.quality import ClassQuality, Curve, Measure, Quality
from exhibit.tasks.records.verdict import CheckResult, Verdict
from tests.points import LENGTHS, inputs, material, method
from tests.test_changes import EARLIER, report

GROUPS = ("hydroxyl", "benzene ring", "ester", "nitro")


def check(name: str, verdict: Verdict, value: float | None = 0.5, **more: Any) -> CheckResult:
    facts = {"check": name, "method": "a", "verdict": verdict, "required": False, "value": value, "sentence": "s."}
    return CheckResult.model_validate(facts | {"threshold": 0.7} | more)


def of_trainings(shares: Sequence[Sequence[float]]) -> CheckResult:
    found = np.array(shares)
    ranks = (-found).argsort(axis=1).argsort(axis=1) + 1
    reported, others = ranks[0], ranks[1:]
    return check(
        "seed_stability",
        "pass",
        0.8,
        details={
            "share": found,
            "mean": found.mean(axis=0),
            "standard_deviation": found.std(axis=0, ddof=1),
            "best_rank": ranks.min(axis=0),
            "worst_rank": ranks.max(axis=0),
            "kept": np.array([(others == reported).all(1).sum(), (others.argmin(1) == reported.argmin()).sum()]),
        },
    )


def flowers(*importances: Sequence[float], checks: tuple[CheckResult, ...] = ()) -> Material:
    """A table explained by one method for each of `importances`; the checks are of the last, which is the main one."""
    item = inputs("table")
    names = [f"m{k}" for k in range(len(importances))]
    last = len(names) - 1
    found = [
        method(name, np.array(values, float), item, LENGTHS, checks=checks if k == last else ())
        for k, (name, values) in enumerate(zip(names, importances, strict=True))
    ]
    return material("flowers", found, item)


def pictures(*aggregates: Any, **more: Any) -> Material:
    item = inputs("image")
    values = np.random.default_rng(0).normal(size=(8, 8))
    own = [
        method(
            f"m{k}", np.abs(values) if way != "raw" else values, item, [str(i) for i in range(64)], way, unit=f"u{way}"
        )
        for k, way in enumerate(aggregates)
    ]
    return material("photos", own, item).model_copy(update=more)


def molecules(*means: Sequence[float], checks: tuple[CheckResult, ...] = ()) -> Material:
    """Explained by one method for each of `means` of the groups, with a spread of a tenth over 100 molecules."""
    item = inputs("molecule")
    last = len(means) - 1
    made = []
    for k, each in enumerate(means):
        one = method(f"m{k}", np.array([0.1, 0.2, 0.3]), item, ("a", "b", "c"), checks=checks if k == last else ())
        mean = np.array(each, float)
        importance = one.summary.importances[0].model_copy(
            update={
                "features": GROUPS,
                "mean": mean,
                "mean_absolute": np.abs(mean),
                "mean_square": mean**2 + 0.01,
                "standard_error": np.full(4, 0.01),
                "count": np.full(4, 100),
                "covariance": np.diag(np.full(4, 0.01**2)),
            }
        )
        made.append(one.model_copy(update={"summary": one.summary.model_copy(update={"importances": (importance,)})}))
    found = material("molecules", made, item)
    data = found.dataset.model_copy(update={"classes": (), "label_name": "solubility", "task": "regression"})
    return found.model_copy(update={"dataset": data, "score": "value", "probabilities": None})


def said(item: Material) -> tuple[str, str]:
    return worded(finding(item))


def captions(item: Material) -> str:
    return " ".join(figure.caption for figure in figures(item, limits((item,))))


# --- ten that once were false -----------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["abs", "square"])
@pytest.mark.parametrize("score", ["logit", "loss", "value"])
def test_maps_of_sizes_have_no_colours_for_and_against(way: str, score: str) -> None:
    """In the caption, beside the map, on the scale and in the guide."""
    item = pictures(way, score=score)
    text = captions(item) + reading_of_colours(item)
    assert not re.search(r"\b[Bb]lue|against|\bfor the class\b", text)
    assert "no sign" in text
    scales = [scale for figure in figures(item, limits((item,))) for scale in figure.scales]
    assert scales
    assert not any(scale.signed for scale in scales)


def test_of_mixed_maps_those_without_a_sign_are_named() -> None:
    text = captions(pictures("abs", "raw"))
    assert "Red speaks for the class, blue against it." in text
    assert "The maps of M0 are of absolute values, which have no sign" in text


def test_a_group_that_lowers_never_raises_most() -> None:
    title, sentence = said(molecules([-1.59, -1.7, -2.0, -2.4]))
    assert "no group surely raises the predicted solubility" in sentence
    assert "nitro lowers the predicted solubility most (−2.40" in sentence
    assert "raises" not in title


def counted(means: Sequence[float], counts: Sequence[int]) -> Material:
    """Molecules of which so many have each group."""
    item = molecules(means)
    importance = item.main.summary.importances[0].model_copy(update={"count": np.array(counts)})
    summary = item.main.summary.model_copy(update={"importances": (importance,)})
    return item.model_copy(update={"methods": (item.main.model_copy(update={"summary": summary}),), "explained": 253})


def test_a_mean_is_said_to_be_over_the_molecules_that_have_the_group() -> None:
    _, sentence = said(counted([1.7, 0.3, -0.4, -2.2], [31, 200, 90, 12]))
    assert sentence.startswith("Of the groups that at least 10 of 253 molecules have, hydroxyl raises the predicted")
    assert "most (+1.70 for each in 31 molecules, 95% interval" in sentence
    assert "most (−2.20 for each in 12 molecules, 95% interval" in sentence
    assert "over 253" not in sentence.casefold()


@pytest.mark.parametrize(
    ("means", "up", "down"),
    [
        ([0.50, 0.49, -0.30, -0.60], False, True),
        ([0.50, 0.20, -0.59, -0.60], True, False),
        ([0.50, 0.49, -0.59, -0.60], False, False),
        ([0.50, 0.10, -0.10, -0.60], True, True),
    ],
)
def test_most_is_said_only_of_what_is_surely_ahead(means: list[float], up: bool, down: bool) -> None:
    """A spread of 0.1 over 100 molecules is an error of 0.01 of each mean: 0.01 apart is not ahead, 0.2 is."""
    title, sentence = said(molecules(means))
    assert ("raises the predicted solubility most" in sentence) == up
    assert ("lowers the predicted solubility most" in sentence) == down
    assert title == "hydroxyl raises the predicted solubility and nitro lowers it"


def test_the_largest_of_sizes_is_undecided_where_it_is_not_surely_that() -> None:
    for means, standing in (([0.5, 0.499, 0.2, 0.1], "undecided"), ([0.5, 0.3, 0.2, 0.1], "stands")):
        item = molecules(means)
        sizes = item.model_copy(update={"methods": (item.main.model_copy(update={"aggregate": "abs"}),)})
        assert finding(sizes).standing == standing


def test_a_group_whose_interval_holds_zero_raises_nothing() -> None:
    assert "undecided" in said(molecules([0.001, -0.001, 0.0, 0.0005]))[0]


def test_methods_that_put_another_feature_first_are_no_headline() -> None:
    """Two of three put petal width first."""
    title, sentence = said(flowers([1, 1, 2, 3], [1, 1, 2, 3], [1, 1, 3, 2]))
    assert "leads" not in title.replace("what leads", "")
    assert sentence.startswith("Methods disagree: by m2, petal length and petal width carry")
    assert sentence.count("petal width comes first") == 2


def test_what_is_not_complete_is_no_headline() -> None:
    """Neither is its sum: no sum of attributions is on page one at all."""
    item = pictures("raw")
    failed = item.methods[0].model_copy(
        update={"checks": (check("completeness", "fail", 0.0, threshold=0.95, required=True),)}
    )
    title, sentence = said(item.model_copy(update={"methods": (failed,)}))
    assert title.endswith("cannot be said, as a check failed")
    assert "the check of completeness failed" in sentence
    assert "add up" not in sentence


def test_an_order_that_no_other_training_keeps_is_not_called_stable() -> None:
    """The mean correlation passes, and the reported training has another first feature than the others and the bars,
    which are the mean over all."""
    shares = [[0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.4, 0.3], [0.2, 0.1, 0.4, 0.3]]
    item = flowers([1, 2, 3, 4], checks=(of_trainings(shares),))
    (row,) = [row for row in verdict_rows(item, CHECK_WORDS) if row.verdict == "pass"]
    assert row.meaning == "the whole order was kept in 0 of 2 further trainings, the first place in 0"
    title, sentence = said(item)
    assert title == "what leads is undecided"
    assert sentence.startswith("Undecided, as in the reported training itself petal width is first: ")
    assert "petal length was first in 2 of 2 further trainings" in sentence
    document = compose([item], None, CHECK_WORDS)
    assert "2 of 2 stable" not in document.model_dump_json()


def test_steps_that_did_not_converge_are_said_so() -> None:
    item = flowers([1, 2, 3, 4])
    stopped = item.methods[0].model_copy(update={"steps": (729, 729, 729), "converged": 9 / 24})
    text = chapter(item.model_copy(update={"methods": (stopped,)}), {}).model_dump_json()
    said = "38% of the explanations met the tolerance for their sum and their map, the others were stopped at the limit"
    assert f"{said} without meeting it" in text
    none = stopped.model_copy(update={"converged": 0.0})
    text = chapter(item.model_copy(update={"methods": (none,)}), {}).model_dump_json()
    assert "none of the explanations met the tolerance for their sum and their map: they were stopped at" in text


def test_steps_that_were_asked_for_are_said_with_what_is_left_over() -> None:
    item = flowers([1, 2, 3, 4])
    fixed = item.methods[0].model_copy(update={"steps": (64, 64, 64), "residual": np.array([[0.031], [-1.24]])})
    for additive in (True, False):
        one = fixed.model_copy(update={"additive": additive})
        text = chapter(item.model_copy(update={"methods": (one,)}), {}).model_dump_json()
        assert "64 steps were used for each explanation." in text
        assert ("are off from the change of the score by 1.2 at most, in logit." in text) == additive


def test_steps_of_a_mean_over_lines_are_those_of_one_line() -> None:
    """Of five rows of a background, 7 steps each were 35 gradients, and “7 steps were used for each explanation”."""
    item = flowers([1, 2, 3, 4])
    lines = item.methods[0].model_copy(update={"steps": (7, 15, 31), "sampling_gap": np.zeros((4, 1))})
    for changes, said in (
        ({}, "Steps on each line: 31."),
        (
            {"tolerance": 0.01},
            "The line of each that needed most took 7 to 31 steps (median 15); all explanations met the tolerance",
        ),
        (
            {"tolerance": 0.01, "converged": 0.0},
            "none of the explanations met the tolerance for their sum and their map:",
        ),
    ):
        method = lines.model_copy(update=changes)
        text = chapter(item.model_copy(update={"methods": (method,)}), {}).model_dump_json()
        assert "a mean over lines, one for each draw or row that is compared with" in text
        assert said in text
        assert "for each explanation." not in text
        assert "the others were stopped" not in text


def marked(present: tuple[int, int], absent: tuple[int, int], on_mark: float = 0.43) -> Material:
    """Pictures of roses with a mark on 4 of 64 pixels that has the share `on_mark` of the positive attribution."""
    values = np.full((8, 8), (1 - on_mark) / 60)
    values[:2, :2] = on_mark / 4
    item = inputs("image")
    regions = np.zeros((len(item.values), 8, 8), bool)
    regions[:, :2, :2] = True
    item = item.model_copy(update={"regions": regions, "region": "the planted mark"})
    found = material("photos", [method("m0", values, item, [str(k) for k in range(64)])], item)
    planted = Planted(region="the planted mark", output=0, present=rate(*present), absent=rate(*absent))
    return found.model_copy(update={"performance": Performance(metrics=found.performance.metrics, planted=planted)})


def rate(right: int, total: int) -> Rate:
    from exhibit.tasks.chances import wilson

    return Rate(right=right, total=total, interval=wilson(right, total))


def test_a_planted_mark_is_the_finding() -> None:
    """With what it does to the accuracy; where that is not more than chance it is not claimed."""
    title, sentence = said(marked((10, 10), (4, 10)))
    assert title == "the model relies on the planted mark for rose"
    assert "43% of what speaks for the explained class lies on the 6% of the picture" in sentence
    # Other pictures, not the same ones without it: nothing has fallen.
    assert (
        "pictures of rose with it are read right in 100% (10 of 10), other pictures of rose, which never had it, in 40%"
        in sentence
    )
    assert "falls" not in sentence


@pytest.mark.parametrize(
    ("rates", "on_mark", "first", "why"),
    [
        (((10, 10), (9, 10)), 0.43, "43% of what speaks", "chance may have made this difference (95% interval −"),
        (((9, 10), (10, 10)), 0.43, "43% of what speaks", "so it is read right no less often without it"),
        (((10, 10), (4, 10)), 0.05, "It is not shown", "which is not more than twice as much as of an even spread"),
    ],
)
def test_a_mark_that_may_not_decide_says_why(rates: Any, on_mark: float, first: str, why: str) -> None:
    """Much of the explanation on it alone would read as if it did."""
    title, sentence = said(marked(*rates, on_mark))
    assert title == "the model is not shown to rely on the planted mark"
    assert sentence.startswith(first)
    assert why in sentence
    assert "it is not shown that the model relies on" in sentence.lower()


def test_the_line_of_a_bar_says_which_error_it_is() -> None:
    """One standard error is no 95% interval; over several trainings it is another error."""
    once = flowers([0.4, 0.3, 0.2, 0.1])
    often = flowers([0.4, 0.3, 0.2, 0.1], checks=(of_trainings([[0.4, 0.3, 0.2, 0.1]] * 3),))
    assert shares(often, often.main)[2].endswith("3 trainings, and each share is a mean over these")
    for item, error in ((once, "one standard error over samples to"), (often, "one standard deviation over 3 train")):
        text = chapter(item, {}).model_dump_json()
        assert error in text
        assert "a 95% interval is at least about twice as long" in text


def test_page_one_names_the_error_of_its_lines() -> None:
    """Not an uncertainty of whatever kind, nor that sorted bars have no order."""
    read = KINDS[Bars].reading
    assert isinstance(read, Reading)
    assert "the error or the 95% interval that is named beside the figure" in read.text
    assert "not ranked" not in read.warning
    item = flowers([0.4, 0.3, 0.2, 0.1])
    assert " Lines: standard error over samples." in figures(item, {})[0].caption


def test_what_is_open_for_some_results_is_not_said_of_all() -> None:
    """“Not known of every result” may mean known of some, or of none."""
    item = flowers([0.4, 0.3, 0.2, 0.1])
    other = item.model_copy(update={"slug": "other", "title": "Other"})
    untested = compose([item, other], None, CHECK_WORDS).front.answers[-1]
    assert all("for one result at least" in reason for reason in untested.reasons)


def test_what_never_varied_has_no_interval_of_no_width() -> None:
    """F1 of 20 rows that are all read right is 1 in each resample, and not known to be 1.00 to 1.00 of others."""
    one, half = Measure(name="F1", value=1.0, interval=(1.0, 1.0)), Measure(name="F1", value=1.0, interval=(0.5, 1.0))
    for f1, cell in ((one, "1.00"), (half, "1.00 (0.50 to 1.00)")):
        of_class = ClassQuality(name="a", rows=20, precision=half, recall=half, f1=f1, auc=None, average_precision=None)
        quality = Quality(split="test", rows=20, resamples=9, classes=(of_class,))
        [table] = by_class(flowers([0.4, 0.3, 0.2, 0.1]).model_copy(update={"quality": quality}))
        assert table.rows[0][4] == cell
        assert ("A number alone" in table.caption) == (f1 is one)


def test_an_area_of_less_than_one_is_not_told_as_one() -> None:
    one = Measure(name="ROC AUC", value=0.9992, interval=(0.99, 1.0))
    of_class = ClassQuality(name="a", rows=90, precision=one, recall=one, f1=one, auc=one, average_precision=one)
    curve = Curve(name="a", x=np.array([0.0, 0.0, 1.0]), y=np.array([0.0, 1.0, 1.0]))
    quality = Quality(
        split="test", rows=90, resamples=9, classes=(of_class,), roc=(curve,), precision_recall=(curve,),
        measures=(one.model_copy(update={"value": 0.9996, "naive": 0.9999}),),
    )  # fmt: skip
    item = flowers([0.4, 0.3, 0.2, 0.1]).model_copy(update={"quality": quality})
    [table], [row] = by_class(item), [row for row in whole(item, quality).rows if row[0] == "ROC AUC"]
    assert {cell.partition(" ")[0] for cell in table.rows[0][2:]} == {"0.999"}
    assert (row[1], row[3]) == ("0.9996", "0.9999")
    areas = [figure for figure in quality_figures.figures(item) if figure.name.endswith(("-roc", "-recall"))]
    assert [("a 0.999" in figure.alt, "1.00" in figure.alt + figure.caption) for figure in areas] == [(True, False)] * 2


@pytest.mark.parametrize(
    ("areas", "said"),
    [
        (
            [1.0, 1.0, 1.0, 1.0],
            "a and 3 more, 1.00. In colour a, the first of the classes with the lowest area under the",
        ),
        (
            [1.0, 0.9, 1.0, 0.9],
            "b and 1 more, 0.90. In colour b, the first of the classes with the lowest area under the",
        ),
        ([1.0, 0.9, 1.0, 0.8], "d, 0.80. In colour d, the class with the lowest area under the ROC curve; grey the 3"),
    ],
)
def test_the_lowest_of_areas_is_one_class_only_where_no_other_is_as_low(areas: list[float], said: str) -> None:
    """Of a model without an error one of four classes, all of 1.00, was the one with the lowest area."""
    classes = []
    for name, area in zip("abcd", areas, strict=True):
        one = Measure(name="ROC AUC", value=area, interval=(0.5, 1.0))
        classes.append(
            ClassQuality(name=name, rows=90, precision=one, recall=one, f1=one, auc=one, average_precision=one)
        )
    curves = tuple(Curve(name=name, x=np.array([0.0, 1.0]), y=np.array([0.0, 1.0])) for name in "abcd")
    quality = Quality(split="test", rows=90, resamples=9, classes=tuple(classes), roc=curves, precision_recall=curves)
    item = flowers([0.4, 0.3, 0.2, 0.1]).model_copy(update={"quality": quality})
    [roc] = [figure for figure in quality_figures.figures(item) if figure.name.endswith("-roc")]
    assert f"the lowest area is that of {said}" in roc.caption


def a_map(*ninths: tuple[float, float]) -> Array:
    """(2, 8, 8, 1), both alike: the two pixels in the corner of each ninth, those of the others zero."""
    values = np.zeros((8, 8))
    for k, pair in enumerate(ninths):
        values[k // 3 * 3, k % 3 * 3 : k % 3 * 3 + 2] = pair
    return np.stack([values, values])[..., np.newaxis]


EXAMPLE = "one example, a rose read right"
OUTWEIGHED = "14% of its area, holds 60% of what speaks for rose and at least as much of the opposite"


@pytest.mark.parametrize(
    ("maps", "title", "sentence"),
    [  # the upper left has 6 for and 7 against, the upper middle 3 for: what speaks for the class there is outweighed
        ([[(6, -7), (3, 0), (1, 0)]], EXAMPLE, "30% of what speaks for rose lies in the upper middle of the picture"),
        ([[(6, -7), *[(0.5, 0)] * 8]], f"{EXAMPLE}, with nothing in it that stands out", OUTWEIGHED),
        ([[(1, 0)] * 9], f"{EXAMPLE}, with nothing in it that stands out", "no ninth of it holds more than 12%"),
        ([[(6, -7), (3, 0)], [(1, 0), (9, 0)]], EXAMPLE, "90% of what speaks for rose lies in the upper middle"),
        (
            [[(0, 0), (0, 0), (9, 0)], [(6, -7), *[(0.5, 0)] * 8]],
            "the methods disagree on what explains a rose read right",
            f"{OUTWEIGHED}; but by m0 100% of it lies in the upper right.",
        ),
    ],
)
def test_a_part_of_a_picture_that_speaks_against_a_class_is_no_place_of_what_speaks_for_it(
    maps: list[list[tuple[float, float]]], title: str, sentence: str
) -> None:
    item = pictures(*["raw"] * len(maps))
    methods = [
        one.model_copy(update={"values": dict.fromkeys(one.values, a_map(*ninths))})
        for one, ninths in zip(item.methods, maps, strict=True)
    ]
    found = said(item.model_copy(update={"methods": tuple(methods)}))
    assert found[0] == title
    assert sentence in found[1]


@pytest.mark.parametrize(
    ("residual", "said"),
    [
        (0.0, "molecule add up to its prediction"),
        (0.009, "molecule add up to its prediction"),
        (-0.26, "are meant to add up to its"),
    ],
)
def test_numbers_of_a_molecule_are_said_to_add_up_only_where_they_do(residual: float, said: str) -> None:
    """It stood below atoms of −0.38 and a difference of −0.12, beside the check that failed."""
    item = molecules([1.0, 0.5, 0.2, -0.3])
    main = item.main
    apart = np.zeros_like(main.residual)
    apart[-1, 0] = residual
    ones = {
        "residual": apart,
        "prediction": np.ones_like(main.prediction),
        "base_value": np.zeros_like(main.base_value),
    }
    item = item.model_copy(update={"methods": (main.model_copy(update=ones),)})
    notes = [
        aside.text
        for section in chapter(item, {}).sections
        for block in section.blocks
        for aside in block.asides
        if "The number at an atom" in aside.text
    ]
    assert notes
    assert all(said in text for text in notes)


def test_names_of_methods_keep_their_capitals_beside_a_figure() -> None:
    """“kernel shap 0.98 (pass)”, “gradient with smoothgrad noise”."""
    item = flowers([0.4, 0.3, 0.2, 0.1], [0.4, 0.3, 0.2, 0.1])
    titled = [
        one.model_copy(update={"title": title, "checks": (check("deletion", "pass", 0.9),)})
        for one, title in zip(item.methods, ("Kernel SHAP", "Gradient with SmoothGrad noise"), strict=True)
    ]
    assert [aside.text for aside in verdict_asides(titled)] == [
        "Kernel SHAP 0.90 (pass); gradient with SmoothGrad noise 0.90 (pass)."
    ]


def test_the_sum_of_a_map_in_a_small_unit_is_not_zero() -> None:
    item = pictures("raw")
    one = item.methods[0].model_copy(update={"values": {name: v * 1e-12 for name, v in item.methods[0].values.items()}})
    notes = [
        cell.note
        for figure in figures(item.model_copy(update={"methods": (one,)}), {"uraw": 1e-12})
        if isinstance(figure.content, Images)
        for row in figure.content.rows
        for cell in row
        if cell is not None and cell.note.startswith("sum")
    ]
    assert notes
    assert all("e−1" in note for note in notes)


def test_a_number_behind_a_class_is_said_to_be_a_probability() -> None:
    item = pictures("raw")
    told_so = "In brackets: the probability that the model gives this class."
    samples = range(len(item.shown))
    known = item.model_copy(update={"probabilities": np.full((len(samples), len(item.dataset.classes)), 0.5)})
    for one, there in ((known, True), (item.model_copy(update={"probabilities": None}), False)):
        captions = [figure.caption for figure in figures(one, {"uraw": 1.0}) if "-means" not in figure.name]
        assert captions
        assert all((told_so in caption) == there for caption in captions)


def test_what_a_check_says_further_is_a_sentence_of_its_own() -> None:
    """It stands behind others on the page of the chapter."""
    further = check("localization", "pass", null="Nothing.", further="the mark was found, which is not the object")
    assert (
        "By chance: nothing. The mark was found"
        in chapter(flowers([0.4, 0.3, 0.2, 0.1], checks=(further,)), {}).model_dump_json()
    )


def test_what_measures_a_mark_does_not_count_against_finding_it() -> None:
    """A failed measure of that very region bears on nothing but the finding itself."""
    item = marked((10, 10), (4, 10))
    region = {"positive": np.array([0.43]), "area": np.array([0.06])}
    one = item.methods[0].model_copy(update={"checks": (check("localization", "fail", details=region),)})
    assert said(item.model_copy(update={"methods": (one,)}))[0] == "the model relies on the planted mark for rose"


def test_rows_with_and_without_a_mark_are_counted_apart() -> None:
    regions = np.zeros((6, 2, 2), bool)
    regions[:2, 0, 0] = True
    item = Input(
        name="image", kind="image", values=np.zeros((6, 2, 2, 1)), regions=regions, region="the stamp", planted=True
    )
    data = Dataset(
        title="t", description="d", source="s", task="classification", inputs=(item,), label_name="y",
        sample_ids=np.arange(6).astype(str), labels=np.array([1, 1, 1, 1, 0, 0]), split=np.full(6, "test"),
        classes=("a", "b"),
    )  # fmt: skip
    outputs = np.eye(2)[[1, 1, 0, 1, 0, 0]]
    found = performance(data, Prediction(kind="logits", outputs=outputs)).planted
    assert found is not None
    assert (found.region, found.output) == ("the stamp", 1)
    assert (found.present.right, found.present.total, found.absent.right, found.absent.total) == (2, 2, 1, 2)


def told(item: Material) -> str:
    guide = compose([item], None, {}).guide
    assert guide is not None
    return next(aside.text for block in guide.blocks for aside in block.asides if aside.title == "Colours")


def of_outputs(outputs: int, features: int, samples: int) -> Material:
    """Flowers with points of each sample, which are about as many outputs in turn, fewer of each later one."""
    item = flowers([0.4, 0.3, 0.2, 0.1])
    of = np.concatenate([np.full(samples - output, output) for output in range(outputs)])
    points = Swarm(
        labels=tuple(f"f{k}" for k in range(features)),
        values=np.ones((len(of), features)),
        shades=np.full((len(of), features), 0.5),
        axis="logit",
        outputs=tuple(f"class {output}" for output in range(outputs)) if outputs > 1 else (),
        of=of,
    )
    return item.model_copy(update={"methods": (item.main.model_copy(update={"swarm": points}),)})


@pytest.mark.parametrize(("outputs", "drawn", "features"), [(1, 0, 30), (3, 3, 10), (10, 6, 5)])
def test_points_about_different_outputs_are_not_mixed(outputs: int, drawn: int, features: int) -> None:
    """Each output has rows of its own, and all of them fit on a page; what is left out is said."""
    [figure] = swarm_figures(item := of_outputs(outputs, 30, 20), item.methods)
    assert isinstance(figure.content, Swarm)
    assert (len(figure.content.outputs), len(figure.content.labels)) == (drawn, features)
    assert ("Each sample stands under the class that is explained for it" in figure.caption) == (outputs > 1)
    assert ("the 6 classes of the most samples of 10" in figure.caption) == (outputs == 10)
    assert f"({sum(20 - output for output in range(drawn or 1)):,})" in figure.caption


def test_a_category_is_not_said_to_be_low_or_high() -> None:
    item = of_outputs(1, 2, 5)
    found = item.main.swarm
    assert found is not None
    shades = np.where([True, False], np.nan, found.shades)
    [figure] = swarm_figures(
        item, [item.main.model_copy(update={"swarm": found.model_copy(update={"shades": shades})})]
    )
    assert figure.caption.endswith("Light: the feature has a low value, dark: a high one. Grey: a category, whose "
                                   "values have no order.")  # fmt: skip


def test_zero_is_white_only_where_nothing_lies_beneath() -> None:
    over, alone = told(pictures("raw", overlay=0.8)), told(pictures("raw"))
    assert "everywhere" not in over + alone
    assert "there the grey of the picture itself is seen" in over
    assert "grey of the picture" not in alone


def test_a_change_after_another_training_is_undecided() -> None:
    """52.3 to 54.0 is 3.1 errors over samples, and says nothing while retraining is left out of them."""
    errors = (0.3878, 0.1, 0.1, 0.1)
    before = report((52.3, 2.0, 3.0, 4.0), errors)
    found = changed(EARLIER, before, report((54.0, 2.0, 3.0, 4.0), errors, weights="0" * 64))
    one = changes_chapter.chapter(found)
    text = " ".join([one.lead, one.teaser.title if one.teaser else "", changes_chapter.badges(found)[0].title])
    assert "sepal length rose from 52.3 to 54 (3.1 errors over samples)" in text
    assert "Undecided, as the model is another one and these errors leave out" in one.lead
    assert "another model, so that a change of importances may be chance" in text
    assert "0 changes beyond error, 1 undecided" in text
    assert not re.search(r"\d importances? changed", text)
    again = changed(EARLIER, before, report((54.0, 2.0, 3.0, 4.0), errors))
    assert (
        "1 of 4 importances changed by more than the errors over samples explain" in changes_chapter.chapter(again).lead
    )


def test_a_value_and_its_threshold_differ_as_the_verdict_says() -> None:
    assert beside(0.4961, 0.5) == ("0.496", "0.500")
    assert beside(0.5, 0.5) == ("0.50", "0.5")
    assert beside(-0.1, 0.7) == ("−0.10", "0.7")
    item = flowers([1, 2, 3, 4], checks=(check("deletion", "fail", 0.4999, threshold=0.5),))
    row = next(row for row in verdict_rows(item, CHECK_WORDS) if row.verdict == "fail")
    assert (row.result, row.threshold) == ("0.4999", "at least 0.5000")
    assert '"0.4999"' in chapter(item, CHECK_WORDS).model_dump_json()


def test_notes_beside_figures_know_every_verdict() -> None:
    """An undecided one is said, and stands for the check where no method fails it."""
    verdicts: tuple[Verdict, ...] = ("pass", "undecided", "not assessed", "not applicable", "fail")
    item = flowers([1, 2, 3, 4], [1, 2, 3, 4])
    for one in verdicts:
        checked = [
            found.model_copy(update={"checks": (check("deletion", verdict, 0.4999, threshold=0.5),)})
            for found, verdict in zip(item.methods, ("pass", one), strict=True)
        ]
        (aside,) = verdict_asides(checked)
        assert aside.verdict == ("pass" if one.startswith("not") else one)
    assert "0.4999 (fail)" in aside.text


# --- hundreds of random ones ------------------------------------------------------------------------------

RANDOM = 200


@pytest.mark.parametrize("digits", [0, 1, 2, 3])
def test_numbers_keep_their_sign_and_zero_has_none(digits: int) -> None:
    random = np.random.default_rng(digits)
    for value in (*(random.normal(size=RANDOM) * 10.0 ** random.integers(-6, 4, RANDOM)), 0.0, -0.0):
        for text in (plain(float(value), digits), signed(float(value), digits), rounded(float(value), digits or 1)):
            assert "-" not in text
            number = float(text.replace("−", "-").replace(",", ""))
            assert np.sign(number) in (0, np.sign(value))
            assert number or not set("+−") & set(text)


def test_written_beside_a_threshold_a_value_is_on_its_side() -> None:
    """In at most six digits behind the point; nearer to it in words, which name the threshold itself."""
    random = np.random.default_rng(0)
    for _ in range(RANDOM):
        threshold = float(random.choice([0.01, 0.5, 0.7, 0.95, 1.0]))
        value = threshold + float(random.normal()) * 10.0 ** -int(random.integers(0, 12))
        text, limit = beside(value, threshold)
        word, _, number = text.rpartition(" ")
        if word:
            assert (word, float(number)) == ("under" if value < threshold else "over", float(limit))
        else:
            assert np.sign(float(text.replace("−", "-")) - float(limit)) == np.sign(value - threshold)
            assert len(text.partition(".")[2]) <= 7


def test_a_threshold_of_nothing_is_not_written_out_in_zeros() -> None:
    """Beside 1e-20: as many as tell them apart would be twenty."""
    for value, text in ((1e-20, "1e−20"), (-2.5e-9, "−2.5e−09"), (0.0, "0.00")):
        assert beside(value, 0.0) == (text, "0")
        found = written(check("alignment", "undecided", value, interval=(-0.1, value), threshold=0.0))
        assert found == {"result": text, "interval": f"−0.10 to {text}", "threshold": "at least 0"}
    just = written(check("deletion", "fail", 0.75 - 1e-12, interval=(0.7, 0.75 - 1e-13), threshold=0.75))
    assert just == {"result": "under 0.75", "interval": "0.70 to under 0.75", "threshold": "at least 0.75"}


def standing_is_kept(item: Material) -> tuple[str, str]:
    """Headline and sentence, of which a claim that does not stand is none."""
    found = finding(item)
    title, sentence = worded(found)
    bad = [c for c in item.main.checks if c.verdict in ("fail", "undecided")]
    if bad or found.dissent or found.doubt:
        assert re.search(r"disagree|undecided|cannot be said", title), title
        assert re.match(r"Not to be relied on|In doubt|Methods disagree|Undecided", sentence)
    assert "-" not in re.sub(r"\w-\w", "", title + sentence)
    assert "−0.00" not in sentence
    assert "+0.00" not in sentence
    return title, sentence


def random_checks(random: np.random.Generator) -> tuple[CheckResult, ...]:
    verdicts: list[Verdict] = ["pass", "fail", "undecided", "not assessed", "not applicable"]
    names = random.choice(["completeness", "deletion", "stability"], size=random.integers(0, 3), replace=False)
    return tuple(check(str(name), verdicts[random.choice(5, p=[0.7, 0.1, 0.1, 0.05, 0.05])]) for name in names)


def test_which_of_equals_comes_second_is_not_said() -> None:
    """Of two features that count alike the one that happens to be larger in these samples is not named."""
    assert said(flowers((0.7, 0.151, 0.149, 0)))[1] == "Sepal length carries 70% of the explanation."
    assert said(flowers((0.7, 0.2, 0.1, 0)))[1].startswith("Sepal length and sepal width carry 90% of the explanation")


SURE_OF_TWO = 2.2760  # Student's t with 99 degrees of freedom, at 2.5% / 2 on either side


@pytest.mark.parametrize("seed", range(RANDOM))
def test_no_sentence_on_a_table_contradicts_its_numbers(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.gamma(1.0, size=(random.integers(1, 4), 4)) * random.choice([1, -1], 4)
    item = flowers(*values, checks=random_checks(random))
    title, sentence = standing_is_kept(item)
    sizes = np.abs(values[-1]) / np.abs(values[-1]).sum()
    first = LENGTHS[int(sizes.argmax())]
    agreed = all(np.abs(row).argmax() == sizes.argmax() for row in values)
    assert ("Methods disagree" in sentence) == (not agreed)
    of_two = len({frozenset(np.argsort(-np.abs(row))[:2].tolist()) for row in values}) == 1
    _, second, third, _ = np.sort(np.abs(values[-1]))[::-1]
    of_two &= second - third > SURE_OF_TWO * 0.01 * (second + third)  # errors of 1%
    carried = share(float(np.sort(sizes)[-2 if of_two else -1 :].sum()))
    assert f"{'carry' if of_two else 'carries'} {carried} of the explanation" in sentence.replace("Carr", "carr")
    if "what leads" not in title:
        assert title == f"{first} leads"
        assert agreed


@pytest.mark.parametrize("seed", range(RANDOM // 4))
def test_no_sentence_on_trainings_contradicts_how_many_kept_what_is_first(seed: int) -> None:
    random = np.random.default_rng(seed)
    shares = random.dirichlet(3 + 9 * (np.arange(4) == 2), size=int(random.integers(2, 6)))
    title, sentence = said(flowers(shares[0], checks=(of_trainings(shares),)))
    first, *others = int(shares.mean(axis=0).argmax()), *shares[1:].argmax(axis=1)
    kept = others.count(first)
    assert f"{LENGTHS[first]} was first in {kept} of {len(others)} further training" in sentence
    shaken = shares[0].argmax() != first or 2 * kept <= len(others)
    assert title == "what leads is undecided" if shaken else title == f"{LENGTHS[first]} leads"


@pytest.mark.parametrize("seed", range(RANDOM // 4))
def test_what_is_hardly_ahead_is_not_said_to_lead(seed: int) -> None:
    """Each importance has an error of 1%: a lead within 1.96 errors of the difference may be chance."""
    ahead = float(np.random.default_rng(seed).uniform(0, 0.1))
    title, _ = said(flowers([1 + ahead, 1, 0.2, 0.1]))
    errors = ahead / (0.01 * np.hypot(1 + ahead, 1))
    assert errors > 1.96 or title == "what leads is undecided"
    assert errors < 4 or title == "sepal length leads"


@pytest.mark.parametrize("seed", range(RANDOM))
def test_no_sentence_on_molecules_contradicts_its_numbers(seed: int) -> None:
    random = np.random.default_rng(seed)
    means = random.normal(scale=0.5, size=(random.integers(1, 3), 4)) + random.choice([-1, 0, 1])
    item = molecules(*means, checks=random_checks(random))
    found = finding(item)
    title, sentence = standing_is_kept(item)
    assert isinstance(found, Extremes)
    main = means[-1]
    for match in re.finditer(r"(\w[\w ]*?) (raises|lowers) the predicted solubility most \(([+−]?[\d.]+)", sentence):
        name, verb, number = match.groups()
        k = next(k for k, group in enumerate(GROUPS) if name.endswith(group))
        assert (verb == "raises") == (number[0] == "+") == (main[k] > 0)
        assert main[k] == (main.max() if verb == "raises" else main.min())
        # Each mean has an error of 0.01: one within 1.96 errors of the difference is not surely behind.
        assert np.abs(main[k] - np.delete(main, k)).min() > 1.96 * 0.01 * np.sqrt(2)
    if (main < -0.1).all():
        assert "no group surely raises" in sentence
    if (main > 0.1).all():
        assert "no group surely lowers" in sentence
    claimed = [named for named in (found.up, found.down) if named]
    opposed = any(
        np.sign(row[GROUPS.index(named.name)]) != np.sign(named.value) and abs(row[GROUPS.index(named.name)]) > 0.02
        for row in means[:-1]
        for named in claimed
    )
    assert bool(found.dissent) == opposed
    assert not (opposed and re.search(r"raises|lowers", title))


@pytest.mark.parametrize("seed", range(RANDOM // 4))
def test_no_sentence_on_pictures_contradicts_its_numbers(seed: int) -> None:
    random = np.random.default_rng(seed)
    item = inputs("image")
    values = random.normal(size=(2, 8, 8)) + random.choice([0, 3], (2, 8, 8), p=[0.9, 0.1])
    own = [method(f"m{k}", one, item, [str(i) for i in range(64)]) for k, one in enumerate(values)]
    _, sentence = standing_is_kept(material("photos", own, item))
    found = re.search(r"(\d+)% of what speaks for rose lies in the ([\w ]+) of the picture", sentence)
    positive = np.maximum(values[1], 0)
    ninths = [part for band in np.array_split(positive, 3) for part in np.array_split(band, 3, axis=1)]
    k = int(np.argmax([part.sum() for part in ninths]))
    held = ninths[k].sum() / positive.sum()
    if found is None:  # no place is named that noise could name
        assert held < 1.5 * ninths[k].size / positive.size
        most = re.search(r"spread over the picture; no ninth of it holds more than (\d+)%", sentence)
        assert most is not None
        assert 100 * held <= int(most[1]) < 100 * held + 1
        return
    assert int(found[1]) == round(100 * held)
    assert held >= 1.5 * ninths[k].size / positive.size
    assert found[2] == [
        "upper left", "upper middle", "upper right", "left", "middle", "right", "lower left", "lower middle",
        "lower right",
    ][k]  # fmt: skip


def test_a_finding_is_a_headline_only_if_everything_that_bears_on_it_lets_it() -> None:
    facts: dict[str, Any] = {
        "method": "m", "signed": True, "first": (Named(name="a", value=0.6), Named(name="b", value=0.3)),
    }  # fmt: skip
    assert worded(Leaders(**facts))[0] == "a leads"
    for verdict in ("fail", "undecided"):
        assert worded(Leaders(**facts, bearing=(Bearing(check="c", verdict=verdict),)))[0] != "a leads"
    for verdict in ("pass", "not assessed", "not applicable"):
        assert worded(Leaders(**facts, bearing=(Bearing(check="c", verdict=verdict),)))[0] == "a leads"


# --- what is zero, and what is nearly so ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["table", "image", "molecule", "text"])
@pytest.mark.parametrize("aggregate", ["raw", "abs"])
def test_of_a_constant_model_nothing_is_first(kind: Any, aggregate: Any) -> None:
    """Every value is zero: no feature, place, group or word is named, by any method that says the same."""
    item = inputs(kind)
    shape = item.values.shape[1:3] if kind in ("table", "image", "text") else (3,)
    names = [str(k) for k in range(int(np.prod(shape)))]
    own = [method(f"m{k}", np.zeros(shape), item, names, aggregate) for k in range(2)]
    title, sentence = said(material("flat", own, item))
    assert title.startswith("nothing ") or kind == "molecule"  # single atoms are no groups, which is said instead
    assert "%" not in title + sentence
    assert "nothing is given to any" in sentence.lower() or "lies nowhere" in sentence


def test_the_same_word_at_another_place_is_another_word() -> None:
    """Of “a very very film” one method puts the first “very” first, the other the second: they do not agree."""
    item = inputs("text").model_copy(update={"values": np.array([[1, 2, 2, 4]] * 4)})
    names = [str(k) for k in range(4)]
    one, two = (method(f"m{k}", np.array(own), item, names) for k, own in enumerate([[0, 3, 1, 0], [0, 1.0, 3, 0]]))
    title, sentence = said(material("m", [one, two], item))
    assert title == "the methods disagree on which word weighs most"
    assert "the word “very” (the 2nd of 2) carries 75%" in sentence
    assert "by m0 “very” (the 1st of 2) comes first (75%)" in sentence
    assert said(material("m", [two, two], item))[0] == "“very” (the 2nd of 2) weighs most in one example"
    assert [ordinal(number) for number in (1, 3, 11, 22, 113)] == ["1st", "3rd", "11th", "22nd", "113th"]


@pytest.mark.parametrize(("first", "shown"), [(1e-5, 1), (0.1, 0)])
def test_no_share_of_next_to_nothing_is_on_page_one(first: float, shown: int) -> None:
    """Of a text whose score hardly differs from that of the baseline the largest part is one of rounding."""
    item = inputs("text")
    own = method("a", np.arange(4.0), item, "wxyz")
    ((name, values),) = own.values.items()
    sizes = np.ones((len(values), *[1] * (values.ndim - 1)))
    sizes[0] = first
    found = material("p", [own.model_copy(update={"values": {name: values * sizes}})], item)
    assert f"n {found.sample_name(shown)} (" in said(found)[1]


def test_a_method_that_gives_nothing_disagrees_with_one_that_gives_something() -> None:
    for one, other in (((0, 0, 0, 0), (3, 1, 0, 0)), ((3, 1, 0, 0), (0, 0, 0, 0))):
        title, sentence = said(flowers(one, other))
        assert title == "the methods disagree on what leads"
        assert "(0%)" not in sentence


@pytest.mark.parametrize("tied", [(2, 2, 0, 0), (1, 1, 1, 1), (0, 3, 3 * (1 - 1e-12), 0)])
def test_of_equals_none_is_said_to_come_first(tied: tuple[float, ...]) -> None:
    """Two slopes of one size are no other opinion on which feature is first."""
    first = [0.0, 3, 2, 0] if not tied[0] else [2.0, 3, 0, 0]
    assert ("Methods disagree" in said(flowers(tied, first))[1]) is False
    assert "Methods disagree" in said(flowers((3, 2, 0, 0), [0.0, 3, 2, 0]))[1]


def test_a_share_of_one_sample_has_no_error_of_zero() -> None:
    item = flowers((3, 1, 0, 0))
    unknown = item.main.summary.importances[0].model_copy(update={"standard_error": np.full(4, np.nan)})
    summary = item.main.summary.model_copy(update={"importances": (unknown,)})
    item = item.model_copy(update={"methods": (item.main.model_copy(update={"summary": summary}),)})
    assert "no error is known" in table.importance_figure(item).caption
    shown = table.importance_table(item)
    assert shown.rows[0][1] == "75.0"
    assert "standard error" not in shown.caption


def test_shares_of_nothing_are_not_said_to_be_of_all_of_it() -> None:
    captions = [table._teaser(flowers(sizes)).caption for sizes in ((0, 0, 0, 0), (3, 1, 0, 0))]
    assert ["of 100%" in caption for caption in captions] == [False, True]


@pytest.mark.parametrize("second", [0.0, 0.004])
def test_a_second_feature_is_named_only_for_a_share_of_its_own(second: float) -> None:
    _, sentence = said(flowers((1 - second, second, 0, 0)))
    assert sentence.startswith("Sepal length carries")
    assert said(flowers((0.9, 0.1, 0, 0)))[1].startswith("Sepal length and sepal width carry 100%")


@pytest.mark.parametrize(
    ("value", "bounds", "threshold"),
    [(0.9973, (0.7049, 0.998), 0.7), (0.7004, (0.6, 0.71), 0.7), (0.998, (0.997, 1.0), 0.7)],
)
def test_a_result_its_interval_and_its_threshold_contradict_nothing(
    value: float, bounds: tuple[float, float], threshold: float
) -> None:
    """All in as many digits: what is inside reads inside, and each keeps its side of the threshold."""
    found = written(check("faithfulness", "pass", value, interval=bounds, threshold=threshold))
    texts = [found["result"], *found["interval"].split(" to ")]
    assert len({len(text.partition(".")[2]) for text in texts}) == 1
    one, low, high = map(float, texts)
    limit = float(found["threshold"].removeprefix("at least ").removeprefix("at most "))
    assert low <= one <= high
    assert [np.sign(read - limit) for read in (one, low, high)] == [np.sign(x - threshold) for x in (value, *bounds)]


@pytest.mark.parametrize(
    ("value", "bounds", "told"),
    [
        (0.997, None, "0.997"),
        (0.997, (0.7, 0.9985), "0.997"),
        (0.99999, (0.7, 1.0), "over 0.9999"),
        (1.0, None, "1.00"),
        (0.0004, None, "0.0004"),
        (0.00004, None, "under 0.0001"),
        (0.0, None, "0.00"),
    ],
)
def test_what_is_less_than_one_does_not_read_as_one(value: float, bounds: Any, told: str) -> None:
    """299 of 300 explanations that add up are not all of them: in the table and in the note beside the figure."""
    found = check("localization", "pass", value, interval=bounds, threshold=0.7)
    assert written(found)["result"] == told
    methods = flowers([1, 2, 3, 4], checks=(found,)).methods
    [note] = verdict_asides([*methods, *methods])
    assert f" {told} (pass)" in note.text


def test_an_interval_that_nothing_bounds_is_written_so() -> None:
    """As of how far one sample alone moves."""
    found = written(check("stability", "undecided", 0.2, interval=(0.0, np.inf), threshold=0.5))
    assert found["interval"] == "0.00 and more"


def test_a_result_that_did_not_vary_has_no_interval_of_no_width() -> None:
    """Five re-trainings that all give 0.5: it says nothing of a sixth."""
    found = written(check("faithfulness", "pass", 0.5, interval=(0.5, 0.5), threshold=0.5))
    assert found == {"result": "0.50", "interval": "does not vary here", "threshold": "at least 0.5"}
    narrow = written(check("faithfulness", "pass", 0.9999, interval=(0.9997, 0.9999), threshold=0.5))
    assert narrow == {"result": "0.9999", "interval": "0.9997 to 0.9999", "threshold": "at least 0.5000"}


def test_a_mark_is_relied_on_only_beyond_chance() -> None:
    facts: dict[str, Any] = {
        "method": "m", "signed": True, "region": "it", "of_class": "b", "of": "what counts",
        "positive": 0.4, "area": 0.02, "samples": 3,
    }  # fmt: skip
    assert Mark(**facts, present=rate(10, 10), absent=rate(6, 10)).relied_on
    assert not Mark(**facts, present=rate(10, 10), absent=rate(8, 10)).relied_on
    assert not Mark(**facts, present=rate(6, 10), absent=rate(10, 10)).relied_on


def test_a_scale_below_maps_of_two_classes_names_neither() -> None:
    """The map of the true class stands beside that of the predicted one, on one scale."""
    item, scale = pictures("raw"), Scale(unit="logit", limit=1.0)
    of_predicted, of_both = (without_score(item, item.main, scale, drawn).unit for drawn in (1, 2))
    assert of_predicted == "speaks against (−) or for (+) the predicted class"
    assert of_both == "speaks against (−) or for (+) the class above it"


def _with_baselines(*baselines: str | None) -> str:
    item = flowers(*([1.0, 2, 3, 4] for _ in baselines))
    own = [m.model_copy(update={"baseline": b}) for m, b in zip(item.methods, baselines, strict=True)]
    found = chapter(item.model_copy(update={"methods": tuple(own)}), CHECK_WORDS)
    (section,) = (section for section in found.sections if section.title == "Limits")
    return section.blocks[0].paragraphs[0]


def test_limits_name_the_baseline_of_each_method() -> None:
    """One is said of all only where all have it."""
    assert "All of it is relative to one baseline: the mean of rows." in _with_baselines(*["The mean of rows."] * 2)
    assert "baseline" not in _with_baselines(None, None)
    several = _with_baselines("The mean of rows.", "All 9 rows.", "The mean of rows.")
    assert "one baseline" not in several
    assert "of M0 and M2: the mean of rows; of M1: all 9 rows." in several
    assert "of M1: zero." in _with_baselines(None, "Zero.")


def test_rows_of_a_model_that_came_trained_are_just_rows() -> None:
    item = flowers([1.0, 2, 3, 4])
    assert "explained (test rows)" in chapter(item, CHECK_WORDS).model_dump_json()
    assert (
        "explained (test rows)"
        not in chapter(item.model_copy(update={"trained": False}), CHECK_WORDS).model_dump_json()
    )


def test_a_typical_sample_of_a_regression_is_typical_of_all() -> None:
    item = flowers([1.0, 2, 3, 4])
    cases = item.cases.model_copy(update={"typical": 0})
    numbers = item.dataset.model_copy(update={"classes": (), "task": "regression"})
    said = [
        chapter(item.model_copy(update={"cases": cases, "dataset": data}), CHECK_WORDS).model_dump_json()
        for data in (item.dataset, numbers)
    ]
    assert "off by the median of those that are read right:" in said[0]
    assert "off by the median of all explained samples:" in said[1]


def test_a_single_row_is_headed_by_what_it_is_explained_for_which_need_not_be_its_class() -> None:
    """“flower 0, rose” would read as its label."""
    found = flowers([0.4, 0.3, 0.2, 0.1])
    assert "flower 0, for rose" in table._samples(found, found.main).alt
    value = found.dataset.model_copy(update={"classes": (), "task": "regression", "label_name": "length"})
    assert table._panel(found.model_copy(update={"dataset": value}), 0) == "flower 0"
