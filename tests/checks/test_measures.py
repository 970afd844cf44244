"""What the checks measure on a linear model, where the right answer is known; each of them can fail."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch
from captum.metrics import sensitivity_max

from exhibit.tasks.checks.agreement import AgreementSpec
from exhibit.tasks.checks.case import Shard, sampled
from exhibit.tasks.checks.check import Check
from exhibit.tasks.checks.concordance import ConcordanceSpec, every_set, shapley
from exhibit.tasks.checks.faithfulness import AlignmentSpec, DeletionSpec, FaithfulnessCorrelationSpec, InsertionSpec
from exhibit.tasks.checks.inference import Estimate, correlations, decision
from exhibit.tasks.checks.kinds import KINDS, edge_strength
from exhibit.tasks.checks.localization import LocalizationSpec
from exhibit.tasks.checks.randomization import RandomizationSpec, _alike
from exhibit.tasks.checks.sensitivity import SensitivitySpec
from exhibit.tasks.checks.sparseness import SparsenessSpec, gini
from exhibit.tasks.checks.stability import StabilitySpec
from exhibit.tasks.checks.substrates import Substrate, elements, mixed
from exhibit.tasks.orders import equal_signs, jaccard, spearman
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.verdict import CheckResult
from exhibit.tasks.stages.check import cascades
from tests.checks.linear import IMAGES, ONE_TARGET, WEIGHTS, dataset, linear_case, shards, times


def test_deletion_and_insertion_of_a_linear_model_have_their_closed_forms() -> None:
    """One element at a time in the order of w * x: the area is that of the sums of what is left."""
    rows = sampled(linear_case(WEIGHTS), seed=0)
    for spec in (DeletionSpec(steps=4), InsertionSpec(steps=4)):
        result = spec.measure(linear_case(WEIGHTS))
        measured = rows[: len(result.details["areas"])]
        values = np.sort((IMAGES[measured, ..., 0] * WEIGHTS).reshape(-1, 4), axis=1)[:, ::-1].astype(np.float64)
        restored = np.pad(values, [(0, 0), (1, 0)]).cumsum(axis=1)
        curve = restored if spec.kind == "insertion" else values.sum(axis=1, keepdims=True) - restored
        assert result.details["curve"] == pytest.approx(curve.mean(axis=0), rel=1e-5, abs=1e-5)
        assert result.details["areas"][:, 0] == pytest.approx(np.trapezoid(curve, dx=1 / 4, axis=1), rel=1e-5)
        assert result.verdict == "pass"
        assert result.value is not None
        assert result.value > 0.95  # now and then a random order is the same


@pytest.mark.parametrize("spec", [DeletionSpec(steps=4), InsertionSpec(steps=4)], ids=lambda spec: spec.kind)
def test_the_opposite_order_is_worse_than_random(spec: DeletionSpec | InsertionSpec) -> None:
    result = spec.measure(linear_case(WEIGHTS, explained=-WEIGHTS))
    assert result.verdict == "fail"
    assert result.value == pytest.approx(0, abs=0.1)  # a random order may be the opposite one itself


@pytest.mark.parametrize("spec", [DeletionSpec(), InsertionSpec()], ids=lambda spec: spec.kind)
def test_an_order_without_meaning_beats_half_of_the_random_ones(spec: DeletionSpec | InsertionSpec) -> None:
    """A constant says nothing of the order: whichever way it is broken, it is a random order."""
    constant = shards({"image": np.ones((len(IMAGES), 2, 2, 1))})
    result = spec.measure(replace(linear_case(WEIGHTS), shards=constant))
    assert result.interval is not None
    assert result.interval[0] < 0.5 < result.interval[1]


def test_an_order_that_is_no_better_than_edges_does_not_pass() -> None:
    """The edges themselves beat most random orders of a model that looks at edges, and are no better than edges."""
    edges = edge_strength(IMAGES)

    def explain(inputs: Arrays, rows: Array) -> dict[str, Array]:
        return {"image": edges[rows][..., np.newaxis]}

    case = replace(
        linear_case(WEIGHTS),
        shards=shards(explain({}, np.arange(len(IMAGES)))),
        score=lambda inputs, rows: (inputs["image"][..., 0] * edges[rows]).sum(axis=(1, 2)),
    )
    result = DeletionSpec(steps=4, threshold=0.55).measure(case)
    assert result.per_sample is not None
    assert result.per_sample.mean() > 0.55
    assert "beats the order of the strength of edges in 50% of the samples" in result.sentence
    assert follows(result) == "undecided"
    assert result.threshold == 0.5
    assert result.statistic.endswith("beats the order of the strength of edges")


def follows(result: CheckResult) -> str:
    """The verdict, which is what the printed number says of the printed threshold, whatever decided."""
    assert result.value is not None
    assert result.interval is not None
    assert result.threshold is not None
    printed = Estimate(result.value, *result.interval, 1)
    assert result.verdict == decision(printed, result.threshold, result.at_least)
    return result.verdict


@pytest.mark.parametrize("seed", range(8))
def test_the_verdict_follows_from_the_number_that_is_printed(seed: int) -> None:
    """Of pictures explained by their edges, in part, whichever of the two orders decides."""
    edges, random = edge_strength(IMAGES), np.random.default_rng(seed)
    other = random.normal(size=edges.shape)
    case = replace(
        linear_case(WEIGHTS),
        shards=shards({"image": (edges + seed / 4 * other)[..., np.newaxis]}),
        score=lambda inputs, rows: (inputs["image"][..., 0] * (edges - other / 4)[rows]).sum(axis=(1, 2)),
    )
    for spec in (DeletionSpec(steps=4, threshold=0.55), InsertionSpec(steps=4, threshold=0.55), AlignmentSpec()):
        follows(spec.measure(case))


def test_replaced_elements_are_whole_pixels_of_every_input() -> None:
    inputs = (
        Input(name="image", kind="image", values=np.ones((1, 2, 2, 3))),
        Input(name="table", kind="table", values=np.ones((1, 2)), features=("a", "b")),
    )
    nothing = {item.name: np.zeros_like(item.array) for item in inputs}
    assert elements(inputs) == 6
    changed = mixed(inputs, nothing, np.array([[True, False, False, False, False, True]]))
    assert changed["image"][0, :, :, 0].tolist() == [[0, 1], [1, 1]]
    assert changed["image"].sum() == 9
    assert changed["table"].tolist() == [[1, 0]]


@pytest.mark.parametrize(
    ("substrate", "verdict"), [("blur", "pass"), ("noise", "pass"), ("conditional", "not applicable")]
)
def test_a_substrate_is_named_or_refused(substrate: Substrate, verdict: str) -> None:
    """Of a picture there is no nearest row; a blurred and a random one stand in for what is taken away."""
    bright = np.array([[40.0, 1.0], [1.0, 1.0]])
    result = DeletionSpec(steps=4, substrate=substrate, threshold=0.5).measure(linear_case(bright))
    assert result.verdict in (verdict, "undecided")
    assert substrate in result.sentence


def test_a_mean_area_below_zero_has_the_one_minus_sign() -> None:
    """Of scores that are below zero, such as the logarithm of a solubility."""
    said = DeletionSpec(steps=4).measure(linear_case(-WEIGHTS)).sentence
    assert "(mean area −" in said
    assert ", at random −" in said


def test_values_are_what_the_score_loses_without_them() -> None:
    """Of a linear model exactly; swapped, or half moved to one pixel, not."""
    right = FaithfulnessCorrelationSpec().measure(linear_case(WEIGHTS))
    assert right.value == pytest.approx(1)
    assert right.verdict == "pass"
    wrong = FaithfulnessCorrelationSpec().measure(linear_case(WEIGHTS, explained=WEIGHTS[::-1, ::-1]))
    assert wrong.verdict == "fail"
    slopes = FaithfulnessCorrelationSpec().measure(linear_case(WEIGHTS, in_score=False))
    assert slopes.verdict == "not applicable"


def test_values_of_the_right_order_and_the_wrong_size_are_not_what_the_score_loses() -> None:
    """Half of all moved to one pixel keeps the order and, where the sum nearly cancels, correlates well: it has at most
    0.8. Of a linear model the Shapley values are its parts."""
    assert ConcordanceSpec().measure(linear_case(WEIGHTS)).value == pytest.approx(1)
    cancels = np.array([[1.0, -1.0], [1.0, -1.0]])
    flat = np.ones_like(IMAGES)
    shards_of = {"image": (flat[..., 0] * cancels / 2)[..., np.newaxis]}
    moved = replace(
        linear_case(cancels),
        shards=shards(shards_of),
        dataset=lambda: dataset(None).model_copy(
            update={"inputs": (dataset(None).inputs[0].model_copy(update={"values": flat}),)}
        ),
    )
    assert FaithfulnessCorrelationSpec().measure(moved).value == pytest.approx(1)
    found = ConcordanceSpec().measure(moved)
    assert found.value == pytest.approx(0.8)
    slopes = ConcordanceSpec().measure(linear_case(WEIGHTS, in_score=False))
    others = ConcordanceSpec().measure(linear_case(WEIGHTS, additive=False))
    assert slopes.verdict == others.verdict == "not applicable"


def test_values_that_add_up_to_something_else_say_nothing_of_concordance() -> None:
    """From another baseline they are shares of another change."""
    found = ConcordanceSpec().measure(linear_case(WEIGHTS, explained=1.5 * WEIGHTS))
    assert found.verdict == "not assessed"
    assert found.sentence == (
        "No explanation adds up to what the score loses without any of its elements, as where the method measures from "
        "something else than stands in for them here."
    )


@pytest.mark.parametrize("groups", [2, 3, 5])
def test_shapley_values_over_all_sets_are_the_mean_over_all_orders(groups: int) -> None:
    sets = every_set(groups)
    values = np.append(0.0, np.random.default_rng(groups).normal(size=len(sets) - 1))
    worth = {tuple(np.flatnonzero(one)): value for one, value in zip(sets, values, strict=True)}
    expected = np.zeros(groups)
    orders = list(permutations(range(groups)))
    for order in orders:
        for place, one in enumerate(order):
            expected[one] += worth[tuple(sorted(order[: place + 1]))] - worth[tuple(sorted(order[:place]))]
    assert shapley(values, sets) == pytest.approx(expected / len(orders))


def test_taken_away_in_pairs_the_values_of_a_linear_model_fit_too() -> None:
    found = FaithfulnessCorrelationSpec(together=2).measure(linear_case(WEIGHTS))
    assert found.value == pytest.approx(1)


def test_swapped_values_are_out_of_place_and_larger_ones_are_not() -> None:
    swapped = WEIGHTS.copy()
    swapped[[0, 1], [0, 1]] = swapped[[1, 0], [1, 0]]
    result = AlignmentSpec().measure(linear_case(WEIGHTS, explained=swapped))
    assert result.value is not None
    assert result.value > 0.4
    assert result.verdict == "fail"
    for right in (WEIGHTS, 1.1 * WEIGHTS):
        result = AlignmentSpec().measure(linear_case(WEIGHTS, explained=right))
        assert result.value == pytest.approx(0)
        assert result.verdict == "pass"


def test_localization_is_the_probability_that_a_pixel_inside_has_more() -> None:
    top = np.zeros((len(IMAGES), 2, 2), bool)
    top[:, 0] = True
    sizes = np.abs(IMAGES[..., 0] * WEIGHTS).reshape(len(IMAGES), 4)
    pairs = [(sizes[:, i] > sizes[:, j]).mean() for i in (0, 1) for j in (2, 3)]
    result = LocalizationSpec().measure(linear_case(WEIGHTS, regions=top))
    assert result.value == pytest.approx(np.mean(pairs))
    assert result.verdict == "pass"
    assert LocalizationSpec().measure(linear_case(WEIGHTS, regions=~top)).verdict == "fail"
    assert LocalizationSpec().measure(linear_case(WEIGHTS)).verdict == "not applicable"


def test_localization_does_not_depend_on_the_area() -> None:
    """A pixel of four that stands out is found, and half of the picture with as much as the other half is not."""
    corner = np.zeros((len(IMAGES), 2, 2), bool)
    corner[:, 0, 0] = True
    sharp = LocalizationSpec().measure(linear_case(np.array([[4.0, 1.0], [1.0, 1.0]]), regions=corner))
    assert sharp.verdict == "pass"
    assert sharp.details["pointed"].all()
    half = np.zeros_like(corner)
    half[:, 0] = True
    spread = LocalizationSpec().measure(linear_case(np.ones((2, 2)), regions=half))
    assert spread.verdict == "fail"
    nowhere = LocalizationSpec().measure(linear_case(WEIGHTS, regions=np.zeros_like(corner)))
    assert nowhere.verdict == "not applicable"


def test_the_shares_beside_localization_are_those_inside() -> None:
    """Only positive attribution is shared out: the region holds all of it though it holds half of |a|."""
    top = np.zeros((len(IMAGES), 2, 2), bool)
    top[:, 0] = True
    result = LocalizationSpec().measure(linear_case(np.array([[1.0, 1.0], [-1.0, -1.0]]), regions=top))
    assert (result.details["positive"] == 1).all()
    assert (result.details["area"] == 0.5).all()
    assert "2.0 times its share" in result.sentence


def test_a_share_its_area_and_how_many_times_one_is_the_other_are_of_the_same_samples() -> None:
    """All on one pixel, which is a quarter of a region and three quarters of the next: 100% on 50% is 2.0 times, not
    the mean of 4 and 1.3. What has nothing positive has no share, so its area counts in neither."""
    regions = np.zeros((len(IMAGES), 2, 2), bool)
    regions[:, 0, 0] = True
    regions[1::2, 0, 1] = regions[1::2, 1, 0] = True
    weights = np.zeros((len(IMAGES), 2, 2))
    weights[:, 0, 0] = 1 / IMAGES[:, 0, 0, 0]
    weights[4::2] *= -1
    result = LocalizationSpec().measure(linear_case(np.ones((2, 2)), regions=regions, explained=weights))
    odd = len(weights[1::2])
    area = (2 * 0.25 + odd * 0.75) / (2 + odd)
    assert f"100% of the positive attribution lies on {area:.1%} of the area, {1 / area:.1f} times its share" in (
        result.sentence
    )


def test_sensitivity_compares_what_differs_in_one_setting_alone() -> None:
    """The opposite order would fail, but it is that of a method with another seed too."""
    others = {"five": WEIGHTS * [[1.0, 1.0], [1.0, 1.01]], "eighty": WEIGHTS, "other": WEIGHTS[::-1, ::-1]}
    variants = {
        "five": {"background": (20, 5)}, "eighty": {"background": (20, 80)},
        "other": {"background": (20, 5), "seed": (0, 1)},
    }  # fmt: skip
    result = SensitivitySpec().measure(linear_case(WEIGHTS, others=others, variants=variants))
    assert result.verdict == "pass"
    assert result.sentence.startswith("With background 20 the order of |a| correlates with that with 5 by ")
    turned = linear_case(WEIGHTS, others={"five": WEIGHTS[::-1, ::-1]}, variants={"five": {"background": (20, 5)}})
    assert SensitivitySpec().measure(turned).verdict == "fail"
    assert SensitivitySpec(to="nsamples").measure(turned).verdict == "not applicable"


@pytest.mark.parametrize(("sizes", "expected"), [([1, 1, 1, 1], 0.0), ([0, 0, 0, 1], 0.75), ([0, 0, 1, 1], 0.5)])
def test_gini_of_known_distributions(sizes: list[float], expected: float) -> None:
    assert gini(np.array(sizes, float)[None, :, None])[0, 0] == pytest.approx(expected)


def test_what_is_not_there_is_no_element() -> None:
    """NaN counts neither as a place, nor as a size, nor as a sign: what is measured is that of the others alone."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3, 9))
    a[:, 7:] = b[:, 7:] = np.nan
    shorter = a[:, :7], b[:, :7]
    assert spearman(a, b).tolist() == spearman(*shorter).tolist()
    assert jaccard(a, b, 0.3).tolist() == jaccard(*shorter, 0.3).tolist()
    assert equal_signs(a, b).tolist() == equal_signs(*shorter).tolist()
    sizes, fewer = (np.abs(values)[..., np.newaxis] for values in (a, a[:, :7]))
    assert gini(sizes) == pytest.approx(gini(fewer), rel=1e-12)


def test_the_orders_spend_no_step_on_what_is_not_there() -> None:
    """Without its last pixel a picture has three elements, and at each third of the way one more is gone."""
    case = linear_case(np.ones((2, 2)), explained=np.array([[3.0, 2.0], [1.0, np.nan]]))
    result = DeletionSpec(steps=3, orders=50).measure(case)
    left = [IMAGES.sum(axis=(1, 2, 3)) - k / 3 * IMAGES.reshape(-1, 4)[:, :3].sum(axis=1) for k in range(4)]
    measured = len(result.details["areas"])
    random = result.details["areas"][:, 2:].mean()
    assert random == pytest.approx(np.trapezoid(np.mean(left, axis=1), dx=1 / 3), rel=0.05)
    assert measured <= len(IMAGES)


def test_gini_of_nothing_is_not_a_number() -> None:
    assert np.isnan(gini(np.zeros((1, 3, 1)))[0, 0])


def test_explanations_of_nothing_are_not_stable() -> None:
    """Of zero nothing is a share: one that is zero is left out, and where all are there is nothing to assess."""
    nothing = StabilitySpec().measure(linear_case(np.zeros((2, 2))))
    assert (nothing.verdict, nothing.value) == ("not assessed", None)
    assert "nan" not in nothing.sentence
    case = linear_case(WEIGHTS)
    values = IMAGES * WEIGHTS[..., np.newaxis]
    values[:60] = 0
    some = StabilitySpec(radius=0.01).measure(replace(case, shards=shards({"image": values})))
    assert some.value is not None
    assert np.isfinite(some.value)
    assert "are zero and left out" in some.sentence


@pytest.mark.parametrize("spec", [DeletionSpec(), InsertionSpec(), FaithfulnessCorrelationSpec(), AlignmentSpec()])
def test_a_score_that_never_changes_is_not_assessed(spec: Check) -> None:
    """Neither for nor against: no order and no value can be better than another."""
    case = replace(linear_case(WEIGHTS), score=lambda inputs, rows: np.ones(len(rows)))
    result = spec.measure(case)
    assert (result.verdict, result.value) == ("not assessed", None)
    assert "nan" not in result.sentence


@pytest.mark.parametrize("spec", [DeletionSpec(), InsertionSpec(), FaithfulnessCorrelationSpec(), AlignmentSpec()])
def test_a_single_element_has_no_order(spec: Check) -> None:
    one = Input(name="image", kind="table", values=IMAGES[:, 0, 0], features=("a",))
    data = linear_case(WEIGHTS).dataset().model_copy(update={"inputs": (one,)})
    case = replace(
        linear_case(WEIGHTS),
        dataset=lambda: data,
        shards=shards({"image": IMAGES[:, 0, 0][..., np.newaxis]}),
        baseline=lambda rows: {"image": np.zeros((len(rows), 1))},
        score=lambda inputs, rows: inputs["image"][:, 0],
    )
    assert spec.measure(case).verdict == "not applicable"


def test_noise_is_in_no_place() -> None:
    """No arrangement of noise fits better, and none is the right one: passing alignment is luck, and as rare."""
    passed = 0
    for noise in range(100):
        values = np.random.default_rng(noise).normal(size=(len(IMAGES), 2, 2, 1))
        case = replace(linear_case(WEIGHTS), shards=shards({"image": values}))
        passed += AlignmentSpec(seed=noise).measure(case).verdict == "pass"
    assert passed <= 6  # 2.5 on average
    zeros = AlignmentSpec().measure(linear_case(WEIGHTS, explained=np.zeros((2, 2))))
    assert zeros.verdict == "undecided"
    assert zeros.interval == pytest.approx((0, 0))
    assert (zeros.threshold, zeros.at_least) == (0, True)
    assert "no better than in any other arrangement" in zeros.further


def test_the_order_of_rows_and_of_methods_decides_nothing() -> None:
    """What is drawn follows from a sample's id, and partners that are alike on average from their labels."""
    turn = np.random.default_rng(3).permutation(len(IMAGES))
    plain = linear_case(WEIGHTS)
    data, values = plain.dataset(), IMAGES * WEIGHTS[::-1, ::-1, np.newaxis]
    turned = replace(
        plain,
        dataset=lambda: data.take(turn),
        attributions=lambda: iter([ONE_TARGET.rows(turn)]),
        shards=lambda: iter([Shard(ONE_TARGET.rows(turn), {"image": values[turn]})]),
    )
    straight = replace(plain, shards=lambda: iter([Shard(ONE_TARGET, {"image": values})]))
    for spec in (DeletionSpec(), InsertionSpec(), FaithfulnessCorrelationSpec(), StabilitySpec()):
        one, other = spec.measure(straight), spec.measure(turned)
        assert (one.verdict, one.value) == (other.verdict, pytest.approx(other.value))
    names = {"a": WEIGHTS, "b": WEIGHTS[::-1], "c": WEIGHTS[:, ::-1]}
    back = dict(reversed(names.items()))
    found = [AgreementSpec().measure(linear_case(WEIGHTS, others=others)) for others in (names, back)]
    assert found[0].interval == found[1].interval


def test_a_verdict_that_something_else_decides_says_so() -> None:
    """Not that a threshold is missed, nor that more samples would decide."""
    edges = edge_strength(IMAGES)
    case = replace(
        linear_case(WEIGHTS),
        shards=shards({"image": edges[..., np.newaxis]}),
        score=lambda inputs, rows: (inputs["image"][..., 0] * edges[rows]).sum(axis=(1, 2)),
    )
    result = DeletionSpec(steps=4, threshold=0.55).measure(case)
    assert result.further.startswith("It beats random orders, but the order of the strength of edges in only 50%")


def test_slopes_do_not_speak_against_a_contribution() -> None:
    """Beside a partner that divides the same score the slopes are reported, and the verdict is on the partner."""
    case = linear_case(WEIGHTS, others={"occlusion": WEIGHTS, "slope": -1 / WEIGHTS, "slope too": -1 / WEIGHTS})
    result = AgreementSpec().measure(replace(case, in_score_too=frozenset({"occlusion"})))
    assert (result.verdict, result.bears) == ("pass", True)


def test_signs_of_what_means_something_else_are_not_compared() -> None:
    """A slope of -3 is no contradiction of a contribution of +1.5: below the baseline of a falling score both are
    right."""
    case = linear_case(WEIGHTS, others={"slope": -WEIGHTS, "twin": WEIGHTS})
    result = AgreementSpec().measure(replace(case, in_score_too=frozenset({"twin"}), signs_alike=frozenset({"twin"})))
    assert "with slope Spearman 1.00, top 10% overlap 1.00; with twin Pearson 1.00" in result.sentence
    assert result.sentence.count("equal signs") == 1
    assert result.details["signs"].tolist() == pytest.approx([np.nan, 1], nan_ok=True)


def test_identical_explanations_are_one_group() -> None:
    constant = {"twin": 1 / IMAGES[0, ..., 0]}
    case = linear_case(WEIGHTS, others=constant)
    level = shards({"image": np.ones_like(IMAGES)})
    assert "groups" not in AgreementSpec().measure(replace(case, shards=level, others={"twin": level})).sentence


def test_what_has_one_size_wherever_it_is_not_zero_is_the_same_with_random_weights() -> None:
    """As the slopes of a mean over a window: an order that nothing has is no order that changed."""
    window, elsewhere = np.array([[0.0, 0, 2, 2]]), np.array([[0.0, 2, 2, 0]])
    assert _alike(window, 3 * window) == 1
    assert _alike(window, elsewhere) < 0.5


def test_the_only_element_of_an_explanation_is_not_called_one_of_many() -> None:
    single = shards({"x": np.ones((len(IMAGES), 1, 1))})
    found = SparsenessSpec().measure(replace(linear_case(WEIGHTS), shards=single))
    assert found.verdict == "not applicable"


def test_the_median_of_sparseness_says_that_explanations_of_nothing_are_left_out() -> None:
    values = np.ones((len(IMAGES), 2, 2, 1, 1))
    values[0] = 0
    assert "Left out" not in SparsenessSpec().measure(linear_case(WEIGHTS)).sentence
    found = SparsenessSpec().measure(replace(linear_case(WEIGHTS), shards=shards({"image": values})))
    assert "Left out are those in which every element is zero." in found.sentence


def test_sparseness_can_pass_and_fail() -> None:
    lone = np.array([[1.0, 0.0], [0.0, 0.0]])
    assert SparsenessSpec().measure(linear_case(lone)).verdict == "pass"
    assert SparsenessSpec().measure(linear_case(np.ones((2, 2)))).verdict == "fail"


def test_only_single_pictures_have_edges() -> None:
    """Of a table, or of a picture beside other inputs, sparseness is measured all the same, and no edge is named."""
    case, table = linear_case(WEIGHTS), Input(name="t", kind="table", values=np.zeros((len(IMAGES), 2), np.float32))
    data = case.dataset()
    several = data.model_copy(update={"inputs": (*data.inputs, table)})
    found = SparsenessSpec().measure(replace(case, dataset=lambda: several))
    assert found.value == SparsenessSpec().measure(case).value
    assert found.sentence.endswith("one of many alone).")


def test_an_edge_is_where_the_lightness_changes() -> None:
    """A step between the third and the fourth column: both sides of it, and nothing else, are an edge."""
    step = np.zeros((1, 6, 6, 3), np.float32)
    step[:, :, 3:] = 100
    strength = edge_strength(step)[0]
    assert (strength[:, [2, 3]] == 400).all()
    assert not strength[:, [0, 1, 4, 5]].any()
    said = SparsenessSpec().measure(linear_case(WEIGHTS)).sentence
    assert "correlates with the strength of the edges by" in said


def test_spearman_is_that_of_scipy_and_not_a_number_for_a_constant() -> None:
    from scipy.stats import spearmanr

    a, b = np.random.default_rng(0).normal(size=(2, 3, 9)).round(1)
    assert spearman(a, b) == pytest.approx([spearmanr(x, y).statistic for x, y in zip(a, b, strict=True)])
    assert np.isnan(spearman(np.ones((1, 3)), b[:1, :3])[0])


def test_overlap_and_signs_of_known_pairs() -> None:
    a, b = np.array([[4.0, 3, 2, 1]]), np.array([[-4.0, 1, 2, 0]])
    assert jaccard(a, b, 0.25).tolist() == [1.0]
    assert jaccard(a, b, 0.5).tolist() == [1 / 3]
    assert equal_signs(a, b).tolist() == [2 / 3]


def test_agreement_with_itself_is_one_and_with_the_reverse_it_fails() -> None:
    same = AgreementSpec().measure(linear_case(WEIGHTS, others={"twin": 2 * WEIGHTS}, in_score=False))
    assert same.value == pytest.approx(1.0)
    assert same.verdict == "pass"
    reverse = AgreementSpec().measure(linear_case(WEIGHTS, others={"reverse": 1 / WEIGHTS**3}))
    assert reverse.verdict == "fail"
    negative = AgreementSpec().measure(linear_case(WEIGHTS, others={"opposite": -WEIGHTS}))
    assert (negative.verdict, negative.value) == ("fail", pytest.approx(-1.0))
    slopes = AgreementSpec().measure(linear_case(WEIGHTS, others={"opposite": -WEIGHTS}, in_score=False))
    assert (slopes.verdict, slopes.value) == ("pass", pytest.approx(1.0))
    assert (negative.bears, slopes.bears) == (True, False)  # a slope may differ from a contribution
    assert AgreementSpec().measure(linear_case(WEIGHTS)).verdict == "not applicable"


def test_one_outlier_fails_itself_and_not_the_others() -> None:
    """The median partner of a right method is a right method; of the one that is unlike all, none is."""
    odd = 1 / WEIGHTS**3
    right = AgreementSpec().measure(linear_case(WEIGHTS, others={"twin": WEIGHTS, "third": 2 * WEIGHTS, "odd": odd}))
    assert right.verdict == "pass"
    assert "odd is alone with its order" in right.sentence
    outlier = AgreementSpec().measure(linear_case(odd, others={"a": WEIGHTS, "b": WEIGHTS, "c": WEIGHTS}))
    assert outlier.verdict == "fail"
    assert "it is alone with its order" in outlier.sentence


def test_agreement_says_whose_likeness_its_number_is() -> None:
    """Beside one other method the likeness to that one; beside several the one in the middle."""
    odd = 1 / WEIGHTS**3
    one = AgreementSpec().measure(linear_case(WEIGHTS, others={"odd": odd}))
    three = AgreementSpec().measure(linear_case(WEIGHTS, others={"a": odd, "b": WEIGHTS + 0.5, "c": -WEIGHTS}))
    for found in (one, three):
        assert found.value == pytest.approx(float(np.median(found.details["likeness"])))
    assert one.statistic.startswith("how like the other method it is, or of several the one in the middle")


def test_without_an_order_there_is_no_agreement_to_assess() -> None:
    """A method that says nothing of any element is neither like nor unlike another: a dash, not a number."""
    nothing = {"nothing": np.zeros((2, 2))}
    result = AgreementSpec().measure(linear_case(WEIGHTS, others=nothing))
    assert (result.verdict, result.value) == ("not assessed", None)
    assert all(np.isnan(result.details[name]).all() for name in ("spearman", "jaccard", "signs"))
    assert result.sentence == (
        "Over 80 samples: with nothing Pearson –, Spearman –, top 10% overlap –, equal signs –. A dash: one of the two "
        "makes no difference between elements. By ranks of sizes over all methods, 2 groups have "
        "orders of their own: m; nothing."
    )
    beside = AgreementSpec().measure(linear_case(WEIGHTS, others=nothing | {"twin": WEIGHTS}))
    assert (beside.verdict, beside.value) == ("pass", pytest.approx(1.0))
    assert np.isnan(beside.details["spearman"]).tolist() == [True, False]


def test_without_an_order_there_is_no_sensitivity_to_assess() -> None:
    variants = {"five": {"background": (20, 5)}}
    result = SensitivitySpec().measure(linear_case(WEIGHTS, others={"five": np.zeros((2, 2))}, variants=variants))
    assert (result.verdict, result.value) == ("not assessed", None)
    assert result.sentence.startswith("With background 20 the order of |a| correlates with that with 5 by – (80 ")


def test_no_edge_is_named_where_an_explanation_has_no_order() -> None:
    said = SparsenessSpec().measure(linear_case(np.zeros((2, 2)))).sentence
    assert "edges" not in said


def test_an_explanation_that_ignores_the_weights_fails_randomization() -> None:
    ignoring = RandomizationSpec().measure(linear_case(WEIGHTS, randomised=[WEIGHTS, WEIGHTS]))
    assert ignoring.verdict == "fail"
    assert ignoring.value == pytest.approx(1)
    # every draw another model: orders that are unrelated on average
    draws = [np.random.default_rng(draw).permutation(WEIGHTS.ravel()).reshape(1, 2, 2) for draw in range(40)]
    result = RandomizationSpec().measure(linear_case(WEIGHTS, randomised=draws))
    assert result.verdict == "pass"
    assert len(result.details["draws"]) >= 5


def test_what_follows_neither_weights_nor_input_does_not_pass_randomization() -> None:
    """All random models are explained alike, and the trained one otherwise: by a seed, say, that its batch set."""
    result = RandomizationSpec().measure(linear_case(WEIGHTS, explained=1 / WEIGHTS**3, randomised=[WEIGHTS]))
    assert result.details["draws"].mean() < 0.3
    assert result.value == pytest.approx(1)
    assert (result.threshold, result.statistic) == (0.8, "correlation of the explanations of two random models")
    assert result.verdict == "undecided"
    assert "such as a seed" in result.further


@pytest.mark.parametrize(("moves", "verdict"), [(1.0, "undecided"), (0.001, "fail"), (0.0, "fail")])
def test_an_order_that_units_give_to_any_model_is_not_held_against_an_explanation(moves: float, verdict: str) -> None:
    """Weights of columns in units from 1 to 1,000: the order is theirs, the sizes are the model's; unless nearly the
    same is said of every model."""
    units, rng = 10.0 ** np.arange(4).reshape(1, 2, 2), np.random.default_rng(0)
    draws = [units * np.exp(moves * rng.normal(size=units.shape)) for _ in range(40)]
    result = RandomizationSpec().measure(linear_case(draws[0], randomised=draws[1:]))
    assert result.details["draws"].mean() > 0.8
    assert result.verdict == verdict
    assert ("any two models" in str(result.further)) == (verdict == "undecided")


def test_the_curve_goes_from_the_top_layer_down() -> None:
    result = RandomizationSpec().measure(linear_case(WEIGHTS, randomised=[WEIGHTS, 1 / WEIGHTS**3]))
    assert result.details["spearman"][0] == pytest.approx(1.0)
    assert result.details["spearman"][1] < 0
    assert "From the top layer down, the mean over 3 of them: 1.00, " in result.sentence


def test_two_constants_are_alike_and_a_constant_is_like_nothing_else() -> None:
    """An explanation that gives all pixels the same does so for random weights too; one that becomes so has changed."""
    level = 1 / IMAGES[..., 0].mean(axis=0)

    def explained(values: float, random: Array) -> CheckResult:
        def explain(inputs: Arrays, _: Array) -> dict[str, Array]:
            return {"image": np.full((*inputs["image"].shape[:3], 1), values)}

        case = linear_case(level, randomised=[random])
        constant = explain({"image": IMAGES}, np.arange(len(IMAGES)))
        return RandomizationSpec().measure(
            replace(case, shards=shards(constant), randomised=lambda *_: iter([("all", explain)]))
        )

    assert explained(2.0, level).verdict == "fail"
    assert explained(0.0, level).verdict == "not assessed"


def test_what_is_zero_whatever_the_weights_are_counts_for_nothing() -> None:
    """As pixels that equal the baseline: of the other two the order is reversed."""
    before, after = np.array([[4.0, 1.0], [0.0, 0.0]]), np.array([[1.0, 4.0], [0.0, 0.0]])
    result = RandomizationSpec().measure(linear_case(before, randomised=[after]))
    assert result.details["draws"] == pytest.approx(-1.0)
    assert "50% of the elements are zero both times and left out" in result.sentence
    alike_still = RandomizationSpec().measure(linear_case(before, randomised=[before / 2]))
    assert alike_still.value == pytest.approx(1.0)
    assert alike_still.verdict == "fail"


def test_layers_are_drawn_anew_from_the_top_down() -> None:
    arrays = {
        f"{layer}.{name}": np.random.default_rng(layer).normal(3, 2, shape).astype(np.float32)
        for layer in range(3)
        for name, shape in (("weight", (50, 50)), ("bias", (50,)))
    }
    found = list(cascades(arrays, 0, 5))
    assert [layer for layer, _ in found] == ["2", "1", "0"]
    changed = [{name for name, array in after.items() if (array != arrays[name]).any()} for _, after in found]
    assert changed == [
        {"2.weight", "2.bias"}, {"2.weight", "2.bias", "1.weight", "1.bias"}, set(arrays)
    ]  # fmt: skip
    new = found[-1][1]["1.weight"]
    assert (new.mean(), new.std()) == (pytest.approx(3, abs=0.2), pytest.approx(2, abs=0.1))
    assert not np.isin(new, arrays["1.weight"]).any()
    assert np.isin(found[-1][1]["1.bias"], arrays["1.bias"]).all()  # a variance among them stays positive
    other = list(cascades(arrays, 1, 1))
    assert [layer for layer, _ in other] == ["0"]
    assert (other[0][1]["1.weight"] != new).any()


@pytest.mark.parametrize("spread", [0, 0.3])
def test_weights_that_are_nearly_alike_are_drawn_about_zero(spread: float) -> None:
    """About their mean they would be the model as it is, and the right explanation of it would fail for that."""
    kernel = np.random.default_rng(0).normal(1, spread, (50, 50)).astype(np.float32)
    ((_, after),) = cascades({"out.weight": kernel}, 0, 1)
    new = after["out.weight"]
    assert new.dtype == np.float32
    assert new.mean() == pytest.approx(0, abs=0.1)
    assert new.std() == pytest.approx(np.sqrt((kernel.astype(np.float64) ** 2).mean()), rel=0.1)


def test_a_model_that_drawing_does_not_change_is_no_random_one() -> None:
    """One vector of equal weights has no others to be drawn from."""
    assert list(cascades({"sum.weight": np.ones(4), "sum.bias": np.array(0.5)}, 0, 5)) == []


def test_what_counts_or_points_is_not_shuffled() -> None:
    """Where the rows of a table start, and how many batches there were: a net with others of them would not run."""
    arrays = {"embed.weight": np.arange(50.0), "embed.starts": np.arange(50), "steps.count": np.arange(50)}
    ((layer, after),) = cascades(arrays, 0, 5)
    assert layer == "embed"
    assert [name for name, array in after.items() if (array != arrays[name]).any()] == ["embed.weight"]


def test_a_single_learned_number_stays_what_it_is() -> None:
    """A temperature, or the mean of the labels: it has no other numbers to be drawn from."""
    arrays = {"head.weight": np.arange(50.0), "head.scale": np.array(1.5, np.float32)}
    ((_, after),) = cascades(arrays, 0, 1)
    assert after["head.scale"] == 1.5
    assert after["head.scale"].dtype == np.float32
    assert after["head.scale"].shape == ()


def test_stability_of_a_linear_model_is_bounded_by_the_radius() -> None:
    """|w * d| <= r * range * |w|, and x >= 0.5: a radius of 1% moves no explanation by more than 2% of its size."""
    result = StabilitySpec(radius=0.01).measure(linear_case(WEIGHTS))
    assert result.value is not None
    assert 0 < result.value < 0.02
    assert result.verdict == "pass"
    assert StabilitySpec(radius=1.0, threshold=0.01).measure(linear_case(WEIGHTS)).verdict == "fail"


def test_stability_is_captums_largest_sensitivity() -> None:
    """C.-K. Yeh and others (2019) take the same number for their maximum, as Captum does, over the same changes."""
    explain, asked = times(WEIGHTS), []

    def recorded(inputs: Arrays, rows: Array) -> dict[str, Array]:
        asked.append((rows, inputs["image"]))
        return explain(inputs, rows)

    result = StabilitySpec(draws=3, samples=16).measure(replace(linear_case(WEIGHTS), explain=recorded))
    samples, changed = torch.tensor(IMAGES[asked[0][0]]), torch.tensor(np.stack([image for _, image in asked], axis=1))
    expected = sensitivity_max(
        lambda images: (images[0] * torch.tensor(WEIGHTS[..., np.newaxis]),),
        samples,
        perturb_func=lambda *_: (changed.flatten(0, 1),),
        n_perturb_samples=3,
    )
    assert result.per_sample is not None
    np.testing.assert_allclose(result.per_sample[:, 0], expected.numpy(), rtol=1e-6)


def test_a_column_moves_by_its_own_range_and_a_pixel_by_that_of_the_image() -> None:
    values = np.array([[0.0, 100.0], [1.0, 300.0]])
    table = Input(name="t", kind="table", values=values, features=("a", "b"))
    assert KINDS["table"].reach(table).tolist() == [1, 200]
    assert KINDS["image"].reach(Input(name="i", kind="image", values=values.reshape(1, 2, 2, 1))) == 300


def test_the_interval_of_the_lowest_setting_allows_for_its_being_chosen() -> None:
    """Of two that are alike one is lower by luck: its interval ends with that of both together, at 97.5% each."""
    random = np.random.default_rng(3)
    parts = [0.9 + 0.05 * random.normal(size=20) for _ in range(2)]
    support = correlations(64)
    found, (one, other) = support.lowest(parts), (support.mean(part, 0.975) for part in parts)
    assert found.value == min(one.value, other.value)
    assert found.high == min(one.high, other.high)
    assert found.low == min(support.mean(part).low for part in parts)
    assert support.lowest(parts[:1])[:4] == support.mean(parts[0])[:4]
    assert found.of is not None
    assert found.of(40).high < found.high
