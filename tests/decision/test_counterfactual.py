"""The smallest changes after which a model decides otherwise, against closed forms and for any model."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeRegressor

from exhibit.tasks.decision.counterfactual import Ask, Way, alternatives, numeric_way
from exhibit.tasks.records.base import Array


def linear(weights: Array, threshold: float) -> Ask:
    return lambda rows: ((far := rows @ weights - threshold) >= 0, far)


def ways_of(training: Array, present: Array, decimals: int, scale: float = 1.0) -> list[Way]:
    found = [
        numeric_way(column, float(present[column]), training[:, column], decimals, scale, up=up)
        for column in range(training.shape[1])
        for up in (True, False)
    ]
    return [way for way in found if way is not None]


@pytest.mark.parametrize("weight", [3.0, 0.7, -1.3])
def test_the_least_change_of_one_column_is_that_of_the_closed_form(weight: float) -> None:
    """(threshold - score) / w, to within one step of the search, beyond it and never short of it."""
    training, present = np.linspace(-10, 10, 201)[:, np.newaxis], np.array([0.25])
    ask = linear(np.array([weight]), 2.0)
    found = alternatives(present, ways_of(training, present, 3), ask, 1_000)
    exact = (2.0 - weight * 0.25) / weight
    change = float(found.rows[0, 0]) - 0.25
    assert 0 <= (change - exact) * np.sign(exact) <= 1e-3 + 1e-12
    assert found.ended
    assert found.calls < 200


def test_of_several_columns_the_nearest_in_deviations_of_the_training_rows_comes_first() -> None:
    """Each alone suffices: distances are (threshold - score) / w in units of each scale."""
    weights, present = np.array([1.0, 2.0, 4.0, 8.0]), np.zeros(4)
    training = np.tile(np.linspace(-50, 50, 1_001)[:, np.newaxis], 4)
    scales = (0.1, 10.0, 1.0, 1.0)
    ways = [numeric_way(k, 0.0, training[:, k], 2, scales[k], up=True) for k in range(4)]
    found = alternatives(present, [way for way in ways if way is not None], linear(weights, 8.0), 5_000)
    assert [np.flatnonzero(row).tolist() for row in found.rows] == [[1], [3], [2]]
    assert found.distances == pytest.approx([0.4, 1.0, 2.0])


def test_two_columns_are_taken_where_none_suffices_alone_and_neither_is_larger_than_it_must_be() -> None:
    training, present = np.tile(np.linspace(0, 1, 101)[:, np.newaxis], 3), np.zeros(3)
    ask = linear(np.array([1.0, 1.0, 0.1]), 1.5)
    found = alternatives(present, ways_of(training, present, 2), ask, 5_000)
    assert (found.rows[0] > 0).tolist() == [True, True, False]
    assert found.rows[0].sum() == pytest.approx(1.5)


def test_all_columns_are_taken_where_no_two_suffice() -> None:
    training, present = np.tile(np.linspace(0, 1, 101)[:, np.newaxis], 5), np.zeros(5)
    found = alternatives(present, ways_of(training, present, 2), linear(np.ones(5), 3.75), 5_000)
    assert found.rows.shape == (1, 5)
    assert found.rows[0].sum() == pytest.approx(3.75)


def test_what_nothing_reaches_is_not_found_and_a_limit_is_kept() -> None:
    training, present = np.tile(np.linspace(0, 1, 101)[:, np.newaxis], 5), np.zeros(5)
    ways = ways_of(training, present, 2)
    found = alternatives(present, ways, linear(np.ones(5), 6.0), 5_000)
    assert found.ended
    assert not len(found.rows)
    few = alternatives(present, ways, linear(np.ones(5), 3.75), 90)
    assert not few.ended
    assert few.calls <= 90
    nothing = alternatives(present, [], linear(np.ones(5), 3.75), 90)
    assert (nothing.calls, len(nothing.rows), nothing.ended) == (0, 0, True)


def test_whole_numbers_stay_whole_and_a_category_is_one_step() -> None:
    training = np.array([[0.0], [3.0], [9.0]])
    way = numeric_way(0, 2.5, training, 0, 1.0, up=True)
    assert way is not None
    assert [way.value(step) for step in (1, way.steps)] == [3.0, 9.0]
    assert numeric_way(0, 9.0, training, 0, 1.0, up=True) is None
    word = Way(column=0, first=2.0, cost=1.0)
    found = alternatives(np.zeros(1), [word], lambda rows: (rows[:, 0] == 2, rows[:, 0]), 10)
    assert (found.rows.tolist(), found.distances) == ([[2.0]], (1.0,))


_DIRECTIONS = st.sampled_from([None, "up", "down", "fixed"])


def _tree(random: np.random.Generator, training: Array) -> Callable[[Array], Array]:
    return DecisionTreeRegressor(max_depth=4, random_state=0).fit(training, random.normal(size=len(training))).predict


def _line(random: np.random.Generator, training: Array) -> Callable[[Array], Array]:
    weights = random.normal(size=training.shape[1])
    return lambda rows: rows @ weights


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), tree=st.booleans(), directions=st.tuples(*[_DIRECTIONS] * 4))
def test_no_change_leaves_its_column_its_direction_or_the_range(
    seed: int, tree: bool, directions: tuple[str | None, ...]
) -> None:
    """Of any linear model and any tree; and each row that is found is decided otherwise by the model itself."""
    random = np.random.default_rng(seed)
    training = random.normal(size=(60, 4)).round(2)
    present = training[0] if seed % 2 else training[0] * 3
    score = (_tree if tree else _line)(random, training)
    upper = score(present[np.newaxis])[0] >= 0.2

    def ask(rows: Array) -> tuple[Array, Array]:
        far = score(rows) - 0.2
        return (far >= 0) != upper, np.asarray(-far if upper else far)

    ways = [
        way
        for column, direction in enumerate(directions)
        for up in (True, False)
        if direction in (None, "up" if up else "down")
        if (way := numeric_way(column, float(present[column]), training[:, column], 2, 1.0, up=up))
    ]
    found = alternatives(present, ways, ask, 3_000)
    assert len(found.rows) <= 3
    for row in found.rows:
        assert ask(row[np.newaxis])[0][0]
        for column in np.flatnonzero(row != present).tolist():
            assert directions[column] in (None, "up" if row[column] > present[column] else "down")
            assert training[:, column].min() <= row[column] <= training[:, column].max()
    again = alternatives(present, ways, ask, 3_000)
    assert np.array_equal(found.rows, again.rows)
