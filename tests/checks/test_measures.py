"""What the checks measure on a linear model, where the right answer is known; each of them can fail."""

from dataclasses import replace

import numpy as np
import pytest

from exhibit.tasks.checks.agreement import AgreementSpec
from exhibit.tasks.checks.faithfulness import DeletionSpec, InsertionSpec, elements, mixed
from exhibit.tasks.checks.kinds import KINDS, edge_strength
from exhibit.tasks.checks.localization import ConcentrationSpec, LocalizationSpec
from exhibit.tasks.checks.randomization import RandomizationSpec
from exhibit.tasks.checks.sensitivity import SensitivitySpec
from exhibit.tasks.checks.sparseness import SparsenessSpec, gini
from exhibit.tasks.checks.stability import StabilitySpec
from exhibit.tasks.orders import equal_signs, jaccard, spearman
from exhibit.tasks.records.data import Input
from exhibit.tasks.stages.check import cascades
from tests.checks.linear import IMAGES, WEIGHTS, linear_case


def test_deletion_and_insertion_of_a_linear_model_have_their_closed_forms() -> None:
    """One element at a time in the order of w * x: the area is that of the sums of what is left."""
    values = np.sort((IMAGES[..., 0] * WEIGHTS).reshape(len(IMAGES), 4), axis=1)[:, ::-1].astype(np.float64)
    left = np.concatenate([values.sum(axis=1, keepdims=True) - np.pad(values, [(0, 0), (1, 0)]).cumsum(axis=1)], axis=1)
    deletion = DeletionSpec(steps=4).measure(linear_case(WEIGHTS))
    assert deletion.details["curve"] == pytest.approx(left.mean(axis=0), rel=1e-6)
    insertion = InsertionSpec(steps=4).measure(linear_case(WEIGHTS))
    assert insertion.details["curve"] == pytest.approx(
        (values.sum(axis=1, keepdims=True) - left).mean(axis=0), abs=1e-5
    )
    assert deletion.verdict == insertion.verdict == "pass"
    assert deletion.value == insertion.value == 1.0


@pytest.mark.parametrize("spec", [DeletionSpec(steps=4), InsertionSpec(steps=4)], ids=lambda spec: spec.kind)
def test_the_opposite_order_is_worse_than_random(spec: DeletionSpec | InsertionSpec) -> None:
    result = spec.measure(linear_case(WEIGHTS, explained=-WEIGHTS))
    assert result.verdict == "fail"
    assert result.value == 0.0


def test_replaced_elements_are_whole_pixels_of_every_input() -> None:
    inputs = {"image": np.ones((1, 2, 2, 3)), "table": np.ones((1, 2))}
    nothing = {name: np.zeros_like(array) for name, array in inputs.items()}
    assert elements(inputs) == 6
    changed = mixed(inputs, nothing, np.array([[True, False, False, False, False, True]]))
    assert changed["image"][0, :, :, 0].tolist() == [[0, 1], [1, 1]]
    assert changed["image"].sum() == 9
    assert changed["table"].tolist() == [[1, 0]]


def test_localization_is_the_share_inside_the_region() -> None:
    top = np.zeros((len(IMAGES), 2, 2), bool)
    top[:, 0] = True
    values = IMAGES[..., 0] * WEIGHTS
    inside = values[:, 0].sum(axis=1) / values.sum(axis=(1, 2))
    result = LocalizationSpec().measure(linear_case(WEIGHTS, regions=top))
    assert result.value == pytest.approx(float(inside.mean()))
    assert result.verdict == "pass"
    assert LocalizationSpec().measure(linear_case(WEIGHTS, regions=~top)).verdict == "fail"
    assert LocalizationSpec().measure(linear_case(WEIGHTS)).verdict == "not applicable"


def test_what_speaks_against_is_not_localized() -> None:
    """Only positive attribution counts: the region holds all of it though it holds half of |a|."""
    top = np.zeros((len(IMAGES), 2, 2), bool)
    top[:, 0] = True
    signed = np.array([[1.0, 1.0], [-1.0, -1.0]])
    assert LocalizationSpec().measure(linear_case(signed, regions=top)).value == 1.0


def test_concentration_is_relative_to_the_area() -> None:
    """One pixel of four: what is spread evenly counts once, what lies in it alone four times, half of it twice."""
    corner = np.zeros((len(IMAGES), 2, 2), bool)
    corner[:, 0, 0] = True
    spec = ConcentrationSpec(threshold=1.5)

    def found(weights: list[list[float]]) -> float | None:
        flat = np.array(weights) / IMAGES[0, ..., 0]
        return spec.measure(linear_case(flat, regions=corner & (np.arange(len(IMAGES)) == 0)[:, None, None])).value

    assert found([[1, 1], [1, 1]]) == pytest.approx(1)
    assert found([[1, 0], [0, 0]]) == pytest.approx(4)
    assert found([[2, 1], [1, 0]]) == pytest.approx(2)
    assert spec.measure(linear_case(WEIGHTS, regions=corner)).verdict == "pass"
    assert spec.measure(linear_case(1 / WEIGHTS, regions=corner)).verdict == "fail"
    nowhere = np.zeros_like(corner)
    assert spec.measure(linear_case(WEIGHTS, regions=nowhere)).verdict == "not applicable"


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


def test_the_random_orders_spend_no_step_on_what_is_not_there() -> None:
    """Without its last pixel a picture has three elements, and at each third of the way one more is gone."""
    case = linear_case(np.ones((2, 2)), explained=np.array([[3.0, 2.0], [1.0, np.nan]]))
    result = DeletionSpec(steps=3, orders=50).measure(case)
    left = [IMAGES.sum(axis=(1, 2, 3)) - k / 3 * IMAGES.reshape(-1, 4)[:, :3].sum(axis=1) for k in range(4)]
    assert result.details["random"] == pytest.approx(np.mean(left, axis=1), rel=0.01)
    assert result.details["random"][[0, 3]] == pytest.approx(np.mean(left, axis=1)[[0, 3]], rel=1e-6)


def test_gini_of_nothing_is_not_a_number() -> None:
    assert np.isnan(gini(np.zeros((1, 3, 1)))[0, 0])


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
    assert found.sentence.endswith("one element alone).")


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
    same = AgreementSpec().measure(linear_case(WEIGHTS, others={"twin": 2 * WEIGHTS}))
    assert same.value == pytest.approx(1.0)
    assert same.verdict == "pass"
    reverse = AgreementSpec().measure(linear_case(WEIGHTS, others={"twin": WEIGHTS, "reverse": 1 / WEIGHTS**3}))
    assert reverse.verdict == "fail"
    assert reverse.details["others"].tolist() == ["twin", "reverse"]
    assert AgreementSpec().measure(linear_case(WEIGHTS)).verdict == "not applicable"


def test_without_an_order_there_is_no_agreement_to_assess() -> None:
    """A method that says nothing of any element is neither like nor unlike another: a dash, not a number."""
    nothing = {"nothing": np.zeros((2, 2))}
    result = AgreementSpec().measure(linear_case(WEIGHTS, others=nothing))
    assert (result.verdict, result.value) == ("not assessed", None)
    assert all(np.isnan(result.details[name]).all() for name in ("spearman", "jaccard", "signs"))
    assert result.sentence == (
        "Over 12 samples: with nothing Spearman –, top 10% overlap –, equal signs –. A dash: one of the two makes no "
        "difference between elements."
    )
    beside = AgreementSpec().measure(linear_case(WEIGHTS, others=nothing | {"twin": WEIGHTS}))
    assert (beside.verdict, beside.value) == ("pass", pytest.approx(1.0))
    assert np.isnan(beside.details["spearman"]).tolist() == [True, False]


def test_without_an_order_there_is_no_sensitivity_to_assess() -> None:
    variants = {"five": {"background": (20, 5)}}
    result = SensitivitySpec().measure(linear_case(WEIGHTS, others={"five": np.zeros((2, 2))}, variants=variants))
    assert (result.verdict, result.value) == ("not assessed", None)
    assert result.sentence.startswith("With background 20 the order of |a| correlates with that with 5 by – (12 ")


def test_no_edge_is_named_where_an_explanation_has_no_order() -> None:
    said = SparsenessSpec().measure(linear_case(np.zeros((2, 2)))).sentence
    assert "edges" not in said


def test_an_explanation_that_ignores_the_weights_fails_randomization() -> None:
    ignoring = linear_case(WEIGHTS, randomised=[WEIGHTS, WEIGHTS])
    assert RandomizationSpec().measure(ignoring).verdict == "fail"
    following = linear_case(WEIGHTS, randomised=[WEIGHTS, 1 / WEIGHTS**3])
    result = RandomizationSpec().measure(following)
    assert result.verdict == "pass"
    assert result.details["spearman"][0] == pytest.approx(1.0)


def test_what_is_zero_whatever_the_weights_are_counts_for_nothing() -> None:
    """As pixels that equal the baseline: of the other two the order is reversed."""
    before, after = np.array([[4.0, 1.0], [0.0, 0.0]]), np.array([[1.0, 4.0], [0.0, 0.0]])
    result = RandomizationSpec().measure(linear_case(before, randomised=[after]))
    assert result.value == pytest.approx(-1.0)
    assert "50% of the elements are zero both times and left out" in result.sentence
    alike_still = RandomizationSpec().measure(linear_case(before, randomised=[before / 2]))
    assert alike_still.value == pytest.approx(1.0)
    assert alike_still.verdict == "fail"
    nothing = np.zeros((2, 2))
    assert RandomizationSpec().measure(linear_case(nothing, randomised=[nothing])).value == 0.0


def test_layers_are_shuffled_from_the_top_down() -> None:
    arrays = {f"{layer}.{name}": np.arange(50.0) for layer in range(3) for name in ("weight", "bias")}
    found = list(cascades(arrays, seed=0))
    assert [layer for layer, _ in found] == ["2", "1", "0"]
    changed = [{name for name, array in after.items() if (array != arrays[name]).any()} for _, after in found]
    assert changed == [
        {"2.weight", "2.bias"}, {"2.weight", "2.bias", "1.weight", "1.bias"}, set(arrays)
    ]  # fmt: skip
    assert all(sorted(array) == sorted(arrays[name]) for name, array in found[-1][1].items())


def test_what_counts_or_points_is_not_shuffled() -> None:
    """Where the rows of a table start, and how many batches there were: a net with others of them would not run."""
    arrays = {"embed.weight": np.arange(50.0), "embed.starts": np.arange(50), "steps.count": np.arange(50)}
    ((layer, after),) = cascades(arrays, seed=0)
    assert layer == "embed"
    assert [name for name, array in after.items() if (array != arrays[name]).any()] == ["embed.weight"]


def test_stability_of_a_linear_model_is_bounded_by_the_radius() -> None:
    """|w * d| <= r * range * |w|, and x >= 0.5: a radius of 1% moves no explanation by more than 2% of its size."""
    result = StabilitySpec(radius=0.01).measure(linear_case(WEIGHTS))
    assert result.value is not None
    assert 0 < result.value < 0.02
    assert result.verdict == "pass"
    assert StabilitySpec(radius=1.0, threshold=0.01).measure(linear_case(WEIGHTS)).verdict == "fail"


def test_a_column_moves_by_its_own_range_and_a_pixel_by_that_of_the_image() -> None:
    values = np.array([[0.0, 100.0], [1.0, 300.0]])
    table = Input(name="t", kind="table", values=values, features=("a", "b"))
    assert KINDS["table"].reach(table).tolist() == [1, 200]
    assert KINDS["image"].reach(Input(name="i", kind="image", values=values.reshape(1, 2, 2, 1))) == 300
