"""Roles of features that not every row has: functional groups, and words."""

import numpy as np
import pytest
from scipy.stats import ttest_ind

from exhibit.tasks.chances import holm
from exhibit.tasks.quality import roles
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.grouping import Grouping
from exhibit.tasks.records.subgroups import MOST_TIMES, TIMES

SEEDS = 40


def lacking(seed: int, otherwise: float, rows: int = 240) -> tuple[Array, Grouping]:
    """Skewed sizes of six features, each of which a third of the rows lack; the first counts `otherwise` times as much
    in one half of the rows."""
    random = np.random.default_rng(seed)
    values = random.exponential(size=(rows, 6)) * random.choice([-1, 1], size=(rows, 6))
    values[rows // 2 :, 0] *= otherwise
    values[random.random((rows, 6)) < 1 / 3] = np.nan
    return values, Grouping(by=("scaffold",), groups=("a", "b"), of=np.repeat([0, 1], rows // 2))


def test_a_planted_role_of_what_rows_may_lack_is_found_and_none_is_made_up() -> None:
    def found(otherwise: float) -> list[Array]:
        tests = (roles.apart(np.abs(values), by) for values, by in (lacking(seed, otherwise) for seed in range(SEEDS)))
        told = [roles.differ(holm(chances.ravel()).reshape(chances.shape), times) for chances, times in tests]
        return [np.any(own, axis=0, keepdims=True)[0] for own in told]

    assert sum(features[0] for features in found(4.0)) >= 0.95 * SEEDS
    assert sum(features.any() for features in found(1.0)) <= 0.05 * SEEDS


def test_numbers_are_over_the_rows_that_have_the_feature() -> None:
    values, by = lacking(0, 4.0)
    values[:120, 1] = np.nan  # nobody of the first group has it
    values[5:120, 2] = np.nan  # too few for a rank, and for any test
    values[:5, 2] = 1.0
    (found,) = roles.roles(values, list("abcdef"), [by], signed=True)
    told = {role.feature: role for role in found.features}
    has = ~np.isnan(values)
    assert told["a"].size["b"].value == pytest.approx(np.abs(values[120:, 0][has[120:, 0]]).mean())
    assert told["a"].size["b"].rows == has[120:, 0].sum() == told["a"].rank["b"].rows
    times = told["a"].size["b"].value / told["a"].size["a"].value
    assert told["a"].times == pytest.approx(times if told["a"].where == "b" else 1 / times)
    assert (list(told["b"].size), told["b"].where, told["b"].chance) == (["b"], "", 1.0)
    assert (told["c"].size["a"].rows, told["c"].size["a"].interval) == (5, None)
    assert list(told["c"].rank) == ["b"]
    assert (told["c"].where, told["c"].differs) == ("", False)
    assert found.tests == 4 * 2
    assert found.features[0].feature == "a"


def test_a_feature_that_no_row_has_is_last() -> None:
    assert roles.ranked(np.array([[np.nan, 1.0, 2.0], [np.nan, np.nan, 2.0]])) == [2, 1, 0]


def test_the_test_of_two_groups_is_the_less_sure_of_welchs_and_students() -> None:
    values, by = lacking(1, 2.0)
    sizes = np.abs(values)
    chances, times = roles.apart(sizes, by)
    for j in range(6):
        one, other = (sizes[by.of == k, j][~np.isnan(sizes[by.of == k, j])] for k in (0, 1))
        tests = [ttest_ind(one, other, equal_var=equal).pvalue for equal in (False, True)]
        assert chances[0, j] == pytest.approx(max(tests))
        assert times[0, j] == pytest.approx(one.mean() / other.mean())


def test_the_group_that_is_named_is_one_in_which_the_feature_counts_otherwise() -> None:
    """Not the one whose small difference is the surest."""
    random = np.random.default_rng(0)
    sizes = [random.normal(1.3, 0.2, 2000), random.normal(1.0, 0.2, 2000), random.normal(2.4, 0.6, 40)]
    by = Grouping(by=("site",), groups=("a", "b", "c"), of=np.repeat([0, 1, 2], [2000, 2000, 40]))
    ((role,),) = (one.features for one in roles.roles(np.concatenate(sizes)[:, np.newaxis], ["x"], [by], signed=False))
    assert (role.differs, role.where) == (True, "c")
    assert role.times >= TIMES


def test_a_feature_that_counts_nothing_elsewhere_has_no_number_of_times() -> None:
    values = np.concatenate([np.random.default_rng(0).normal(5, 1, 40), np.zeros(40)])[:, np.newaxis]
    by = Grouping(by=("site",), groups=("a", "b"), of=np.repeat([0, 1], 40))
    ((role,),) = (one.features for one in roles.roles(values, ["x"], [by], signed=False))
    assert (role.differs, role.where, role.times) == (True, "a", MOST_TIMES)
