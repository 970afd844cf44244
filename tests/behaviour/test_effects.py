"""What a model says as a feature changes, and what it loses without one: against scikit-learn and closed forms."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import partial_dependence as of_sklearn
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression

from exhibit.tasks.behaviour.case import Case, exchanged, replaced
from exhibit.tasks.behaviour.effects import (
    AccumulatedLocalEffectsSpec,
    PartialDependenceSpec,
    accumulated,
    grid,
    local_effects,
    partial_dependence,
    quantiles,
)
from exhibit.tasks.behaviour.permutation import PermutationImportanceSpec, chances, increases, loss_of
from exhibit.tasks.document.over_rows import features_asked
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.behaviour import Effect
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.decision import Column

Model = Callable[[Array], Array]


def number(place: int, name: str = "") -> Column:
    return Column(name=name or f"x{place}", title=name or f"x{place}", input="table", places=(place,))


def case(
    values: Array, model: Model, labels: Array | None = None, classes: tuple[str, ...] = (), codes: Array | None = None,
    columns: Sequence[Column] | None = None,
) -> Case:  # fmt: skip
    """Rows (rows, columns) and a model of them, (rows, columns) -> (rows, outputs)."""
    calls = [0]

    def predict(inputs: Arrays) -> Array:
        calls[0] += len(inputs["table"])
        return model(inputs["table"])

    data = Dataset(
        title="t", description="", source="", task="classification" if classes else "regression",
        inputs=(Input(name="table", kind="table", values=values, features=tuple(map(str, range(values.shape[1])))),),
        sample_ids=np.arange(len(values)), labels=np.zeros(len(values)) if labels is None else labels,
        split=np.full(len(values), "test"), classes=classes, label_name="y",
    )  # fmt: skip
    return Case(
        data=data, columns=tuple(columns or [number(place) for place in range(values.shape[1])]),
        codes=values if codes is None else codes, predict=predict, outputs=classes or ("y",), unit="probability",
        told=tuple(range(len(classes) or 1)), calls=lambda: calls[0],
        background=lambda count, _: {"table": values[:count]}, attributions=lambda: None, trees=lambda _: None,
    )  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> Array:
    return np.random.default_rng(0).normal(size=(80, 3))


def test_partial_dependence_is_that_of_scikit_learn(rows: Array) -> None:
    """Its mean and the curve of every row, of a forest, at the points that scikit-learn chooses."""
    labels = (rows[:, 0] * rows[:, 1] > 0).astype(int)
    forest = RandomForestClassifier(8, random_state=0).fit(rows, labels)
    theirs = of_sklearn(
        forest, rows, [1], method="brute", kind="both", response_method="predict_proba", grid_resolution=7
    )
    ours = partial_dependence(
        lambda inputs: forest.predict_proba(inputs["table"]), {"table": rows}, number(1), theirs["grid_values"][0]
    )[..., 1]
    np.testing.assert_allclose(ours, theirs["individual"][0], atol=1e-12)
    np.testing.assert_allclose(ours.mean(axis=0), theirs["average"][0], atol=1e-9)


def test_the_grid_goes_from_the_5_to_the_95_percent_quantile_or_over_all_values() -> None:
    many, few = np.linspace(0, 100, 1001), np.array([3.0, 1.0, np.nan, 3.0])
    np.testing.assert_allclose(grid(many, number(0), 3), [5, 50, 95])
    np.testing.assert_array_equal(grid(few, number(0), 3), [1, 3])


def test_of_a_category_the_commonest_values_are_tried() -> None:
    category = Column(name="c", title="c", input="table", places=(0,), kind="category", categories=("a", "b", "c", "d"))
    codes = np.array([0, 1, 1, 2, 3, 3, 3])
    np.testing.assert_array_equal(grid(codes.astype(float), category, 2), [1, 3])


def test_a_category_of_several_columns_is_set_as_a_whole() -> None:
    category = Column(name="c", title="c", input="table", places=(0, 1, 2), kind="category", categories=("a", "b", "c"))
    values = np.array([[1.0, 0, 0, 7], [0, 1, 0, 8]])
    np.testing.assert_array_equal(
        replaced({"table": values}, category, np.array([2.0]))["table"], [[0, 0, 1, 7], [0, 0, 1, 8]]
    )
    np.testing.assert_array_equal(
        exchanged({"table": values}, category, np.array([1, 0]))["table"], [[0, 1, 0, 7], [1, 0, 0, 8]]
    )


def effect(spec: AccumulatedLocalEffectsSpec | PartialDependenceSpec, asked: Case, feature: str) -> Effect:
    return next(item for item in spec.answer(asked).items if item.feature == feature)


def test_accumulated_local_effects_of_a_sum_are_its_lines_with_a_mean_of_zero(rows: Array) -> None:
    """3 x0 - 2 x1: slope 3 whatever the columns are, and no interval around it beyond that of the centre."""
    tied = np.column_stack([rows[:, 0], rows[:, 0] + 0.01 * rows[:, 1]])
    found = effect(AccumulatedLocalEffectsSpec(), case(tied, lambda x: 3 * x[:, :1] - 2 * x[:, 1:2]), "x0")
    np.testing.assert_allclose(np.diff(found.mean[:, 0]), 3 * np.diff(found.points), atol=1e-12)
    assert found.counts is not None
    middle = (found.mean[:-1, 0] + found.mean[1:, 0]) / 2
    assert abs((found.counts * middle).sum()) < 1e-9
    assert found.counts.sum() == len(rows)
    assert (found.low <= found.mean + 1e-12).all()
    assert (found.high >= found.mean - 1e-12).all()


def test_accumulated_local_effects_of_a_product_are_the_mean_partner_in_each_bin(rows: Array) -> None:
    """x0 x1: in each bin of x0 the slope is the mean of x1 over the rows of the bin."""
    found = effect(AccumulatedLocalEffectsSpec(bins=4), case(rows, lambda x: x[:, [0]] * x[:, [1]]), "x0")
    bins = np.clip(np.searchsorted(found.points, rows[:, 0]) - 1, 0, 3)
    slopes = [rows[bins == k, 1].mean() for k in range(4)]
    np.testing.assert_allclose(np.diff(found.mean[:, 0]) / np.diff(found.points), slopes, atol=1e-12)


def test_bins_hold_their_upper_end_and_all_known_rows() -> None:
    values = np.array([0.0, 1, 1, 2, 3, np.nan])
    edges = quantiles(values, 3)
    known = values[:5]
    bins, change = local_effects(
        lambda inputs: inputs["table"], {"table": known[:, np.newaxis]}, number(0), known, edges
    )
    np.testing.assert_array_equal(edges, [0, 1, 2, 3])
    np.testing.assert_array_equal(bins, [0, 0, 0, 1, 2])
    np.testing.assert_array_equal(change[:, 0], 1)
    np.testing.assert_allclose(accumulated(np.ones((1, 5)), bins, change, 3)[0, :, 0], np.array([0, 1, 2, 3]) - 1.1)


def test_the_cost_is_what_was_said_before(rows: Array) -> None:
    """Columns of normal numbers have as many values as rows, so nothing is spared."""
    labels = (rows[:, 0] > 0).astype(int)
    for spec in (
        PartialDependenceSpec(rows=30, grid=5),
        AccumulatedLocalEffectsSpec(features=2),
        PermutationImportanceSpec(),
    ):
        found = spec.answer(case(rows, lambda x: np.stack([1 - x[:, 0], x[:, 0]], axis=1), labels, ("a", "b")))
        assert found.asked.calls == spec.most_calls(3, len(rows))


def test_columns_that_move_together_are_named_and_others_are_not(rows: Array) -> None:
    tied = np.column_stack([rows[:, 0], -rows[:, 0] + 0.1 * rows[:, 1], rows[:, 2]])
    found = PartialDependenceSpec().answer(case(tied, lambda x: x[:, :1]))
    assert [[one.feature for one in item.together] for item in found.items] == [["x1"], ["x0"], []]
    assert found.items[0].together[0].r == pytest.approx(np.corrcoef(tied[:, 0], tied[:, 1])[0, 1])


def test_what_has_one_value_or_no_order_is_left_out_with_its_reason(rows: Array) -> None:
    values = np.column_stack([rows[:, 0], np.ones(len(rows)), np.arange(len(rows)) % 2])
    word = Column(name="w", title="w", input="table", places=(2,), kind="category", categories=("no", "maybe"))
    asked = case(values, lambda x: x[:, :1], columns=[number(0), number(1), word])
    assert AccumulatedLocalEffectsSpec().answer(asked).left == (
        ("x1", "it has one value in these rows"), ("w", "its categories have no order")
    )  # fmt: skip
    assert [item.words for item in PartialDependenceSpec().answer(asked).items] == [(), ("no", "maybe")]


def test_what_is_left_out_is_not_said_to_be_asked_about() -> None:
    assert features_asked(2, 2) == "Both features were asked about."
    assert features_asked(5, 5, [("colour", "no order")]) == ("All 5 features but colour (no order) were asked about.")
    assert features_asked(2, 2, [("a", "no order"), ("b", "no order")]) == (
        "Not applicable to a (no order) and b (no order)."
    )
    assert features_asked(3, 9, [("a", "no order")]).startswith("The 3 of 9 features that count most")


def test_a_missing_value_is_no_point_and_no_row_of_a_bin(rows: Array) -> None:
    values = rows.copy()
    values[:20, 0] = np.nan
    asked = case(values, lambda x: np.nan_to_num(x[:, :1]))
    found = effect(AccumulatedLocalEffectsSpec(), asked, "x0")
    assert found.counts is not None
    assert found.counts.sum() == 60
    assert np.isfinite(effect(PartialDependenceSpec(), asked, "x0").points).all()


def test_the_growth_of_the_loss_is_that_of_scikit_learn_for_the_same_orders(rows: Array) -> None:
    labels = 2 * rows[:, 0] - rows[:, 2]
    line = LinearRegression().fit(rows, labels + rows[:, 1])
    theirs = permutation_importance(line, rows, labels, scoring="neg_mean_squared_error", n_repeats=4, random_state=5)
    # It shuffles what it has shuffled, with the same draws for every column.
    random = np.random.RandomState(np.random.RandomState(5).randint(np.iinfo(np.int32).max + 1))
    shuffled, orders = np.arange(len(rows)), []
    current = np.arange(len(rows))
    for _ in range(4):
        random.shuffle(shuffled)
        current = current[shuffled]
        orders.append(current.copy())
    name, loss = loss_of(lambda inputs: line.predict(inputs["table"])[:, np.newaxis], labels, classes=False)
    ours = [
        increases(loss, loss({"table": rows}), {"table": rows}, number(k), np.array(orders)).mean(axis=1)
        for k in range(3)
    ]
    assert name == "mean squared error"
    np.testing.assert_allclose(ours, theirs.importances, atol=1e-9)


def test_of_many_features_that_do_not_count_none_is_said_to_be_needed_by_chance() -> None:
    """The model reads ten columns of noise beside the one that makes the label."""
    weights = np.array([2.0] + [0.3] * 10)
    wrong = missed = alone = 0
    for seed in range(100):
        random = np.random.default_rng(seed)
        rows = random.normal(size=(80, 11))
        asked = case(rows, lambda values: values @ weights[:, np.newaxis], 2 * rows[:, 0] + random.normal(size=80))
        found = PermutationImportanceSpec(repeats=2).answer(asked)
        needed = {name for name, chance in zip(found.features, found.chance, strict=True) if chance < found.SURE}
        wrong += bool(needed - {"x0"})
        missed += "x0" not in needed
        alone += any(low > 0 and name != "x0" for name, low in zip(found.features, found.low, strict=True))
    assert wrong <= 10  # 5 of 100 are expected at most; more than 10 come in 1 of 90 such tries
    assert missed == 0
    assert alone > 20  # what single intervals would have said


def test_rounding_is_no_growth() -> None:
    grown = np.stack([np.linspace(1e-9, 2e-9, 12), np.linspace(0.01, 0.02, 12), np.full(12, 0.1)], axis=1)
    np.testing.assert_allclose(chances(grown, 0.5), [1, 0, 0], atol=1e-6)
    assert np.isnan(chances(grown[:9], 0.5)).all()


def test_the_log_loss_is_that_of_scikit_learn(rows: Array) -> None:
    from sklearn.metrics import log_loss

    labels = (rows[:, 0] > 0).astype(int)
    forest = RandomForestClassifier(5, random_state=0).fit(rows[:40], labels[:40])
    _, loss = loss_of(lambda inputs: forest.predict_proba(inputs["table"]), labels, classes=True)
    assert loss({"table": rows}).mean() == pytest.approx(log_loss(labels, forest.predict_proba(rows)), abs=1e-9)


def test_a_feature_that_the_model_does_not_read_costs_exactly_nothing(rows: Array) -> None:
    found = PermutationImportanceSpec().answer(case(rows, lambda x: x[:, :1], labels=rows[:, 0]))
    assert found.features[0] == "x0"
    assert found.low[0] > 0
    assert (found.mean[1:] == 0).all()
    assert (found.high[1:] == 0).all()


def test_no_interval_is_stated_of_fewer_than_ten_rows(rows: Array) -> None:
    found = PermutationImportanceSpec().answer(case(rows[:9], lambda x: x[:, :1], labels=rows[:9, 0]))
    assert np.isnan(found.low).all()


def test_only_rows_with_a_label_are_asked(rows: Array) -> None:
    labels = np.where(np.arange(len(rows)) < 30, rows[:, 0], np.nan)
    found = PermutationImportanceSpec().answer(case(rows, lambda x: x[:, :1], labels=labels))
    assert (found.asked.rows, found.asked.of) == (30, 30)
