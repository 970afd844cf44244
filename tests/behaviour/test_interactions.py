"""Shapley interactions against closed forms, SHAP, and what they have to add up to."""

import numpy as np
import pytest
from scipy.stats import t
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from exhibit.tasks.behaviour.interactions import InteractionsSpec, coalitions, halved, interactions, shapley_values
from exhibit.tasks.document.interactions import halves_of
from exhibit.tasks.methods.shap_interactions import tree_interactions
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.behaviour import Asked, Interactions
from tests.behaviour.test_effects import case, number


@pytest.fixture(scope="module")
def rows() -> Array:
    return np.random.default_rng(0).normal(size=(40, 3))


def test_a_product_interacts_by_the_product_of_its_changes(rows: Array) -> None:
    """x0 x1 + 5 x2 against one row b: the pair has (x0 - b0)(x1 - b1), every other pair nothing."""
    base = np.array([[0.5, -1.0, 2.0]])
    worth = coalitions(
        lambda inputs: inputs["table"][:, [0]] * inputs["table"][:, [1]] + 5 * inputs["table"][:, [2]],
        {"table": rows}, {"table": base}, tuple(map(number, range(3))),
    )  # fmt: skip
    found = interactions(worth)[..., 0]
    np.testing.assert_allclose(found[:, 0, 1], (rows[:, 0] - 0.5) * (rows[:, 1] + 1.0), atol=1e-12)
    np.testing.assert_allclose(found[:, 2], 0, atol=1e-12)
    shapley = shapley_values(worth)[..., 0]
    np.testing.assert_allclose(shapley[:, 2], 5 * (rows[:, 2] - 2), atol=1e-12)
    np.testing.assert_allclose(shapley.sum(axis=1), (worth[-1] - worth[0])[:, 0], atol=1e-12)
    np.testing.assert_allclose(halved(worth).sum(axis=2)[..., 0], shapley, atol=1e-12)


def test_interactions_of_three_are_shared_evenly_by_their_pairs() -> None:
    """The product of three with a baseline of zero: each pair has half of it at (1, 1, 1)."""
    worth = coalitions(
        lambda inputs: inputs["table"].prod(axis=1, keepdims=True), {"table": np.ones((1, 3))},
        {"table": np.zeros((1, 3))}, tuple(map(number, range(3))),
    )  # fmt: skip
    np.testing.assert_allclose(interactions(worth)[0, [0, 0, 1], [1, 2, 2], 0], 0.5)


def test_the_answer_says_what_it_cost_and_what_is_left_over(rows: Array) -> None:
    spec = InteractionsSpec(rows=5, background=3)
    found = spec.answer(case(rows, lambda x: x[:, [0]] * x[:, [1]]))
    assert found.by == "coalitions"
    assert found.asked.calls == 8 * 5 * 3 <= spec.most_calls(3, len(rows))
    assert found.residual < 1e-12
    assert found.mean[0, 0, 1] > 0.1
    np.testing.assert_allclose(found.mean[0, 2], 0, atol=1e-12)


@pytest.mark.parametrize(("count", "stated"), [(9, False), (10, True)])
def test_no_error_is_stated_of_fewer_than_ten_rows(rows: Array, count: int, *, stated: bool) -> None:
    found = InteractionsSpec(rows=count, background=3).answer(case(rows, lambda x: x[:, [0]] * x[:, [1]]))
    assert bool(np.isfinite(found.error).all()) == stated


def test_a_table_of_more_features_than_can_be_asked_about_gets_no_answer() -> None:
    found = InteractionsSpec().answer(case(np.random.default_rng(0).normal(size=(9, 11)), lambda x: x[:, :1]))
    assert found.by is None
    assert found.asked.calls == 0


def test_along_the_paths_of_trees_they_add_up_to_what_the_forest_predicts(rows: Array) -> None:
    labels = (rows[:, 0] * rows[:, 1] > 0).astype(int)
    forest = RandomForestClassifier(6, random_state=0).fit(rows, labels)
    predicted = forest.predict_proba(rows)
    found = tree_interactions(forest, rows, predicted)
    assert found is not None
    np.testing.assert_allclose(found[0].sum(axis=(1, 2)) + found[1], predicted, atol=1e-6)
    sizes = np.abs(found[0]).mean(axis=0)[..., 1]
    assert sizes[0, 1] > max(sizes[0, 2], sizes[1, 2])


def test_what_is_not_made_of_such_trees_is_asked_by_coalitions(rows: Array) -> None:
    forest = RandomForestRegressor(3, random_state=0).fit(rows, rows[:, 0])
    assert tree_interactions(forest, rows, 2 * forest.predict(rows)[:, np.newaxis]) is None
    assert tree_interactions(len, rows, np.zeros((40, 1))) is None


def test_intervals_of_few_rows_are_students() -> None:
    """Of six rows half of one is 2.57 standard errors, and of a single row there is none."""
    asked = Asked(rows=6, of=6, splits=("test",), seed=0, calls=0)
    nothing = np.zeros((1, 2, 2))
    found = Interactions(
        asked=asked, by="trees", features=("a", "b"), outputs=("y",), unit="value", most=10,
        mean=nothing, error=np.full((1, 2, 2), 2.0), signed=nothing, alone=np.zeros((1, 2)),
    )  # fmt: skip
    np.testing.assert_allclose(halves_of(found), 2 * t.ppf(0.975, 5))
    alone = found.model_copy(
        update={"asked": asked.model_copy(update={"rows": 1}), "error": np.full((1, 2, 2), np.nan)}
    )
    assert np.isnan(halves_of(alone)).all()
