"""Groups against fairlearn and closed forms, and over seeds: a planted bias is found, clean data is not blamed."""

import numpy as np
import pytest
from fairlearn import metrics as fair
from scipy.stats import f_oneway
from sklearn.metrics import accuracy_score, precision_score

from exhibit.tasks.models.performance import wilson
from exhibit.tasks.quality import groups, roles
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.subgroups import Disparity, Subgroups

SEEDS = 40


def people(rows: int, seed: int, bias: float = 0.0) -> tuple[Array, Array, Array, Array]:
    """Whether each repays, the probability that a model gives, whether it says so, and the sex. `bias`: by how much
    the model's score leans on something that tells the sex and has no part in who repays."""
    random = np.random.default_rng(seed)
    sex = random.integers(2, size=rows)
    income = random.normal(size=rows)
    proxy = sex - 0.5 + 0.2 * random.normal(size=rows)
    true = random.random(rows) < 1 / (1 + np.exp(-2 * income))
    probability = 1 / (1 + np.exp(-2 * income - 2 * bias * proxy))
    return true, probability, probability >= 0.5, np.array(["female", "male"])[sex]


def by_name(found: Subgroups) -> dict[str, Disparity]:
    return {item.measure: item for item in found.disparities}


def test_differences_and_ratios_are_those_of_fairlearn() -> None:
    true, probability, read, sex = people(800, 0, 0.5)
    group = groups.crossed([sex, groups.ranges(np.random.default_rng(1).uniform(18, 90, 800), [25, 60])])
    found = groups.of_classes(true, probability, read, group, ("sex", "age"))
    measured = {
        "accuracy": accuracy_score,
        "selection rate": fair.selection_rate,
        "TPR": fair.true_positive_rate,
        "FPR": fair.false_positive_rate,
        "precision": precision_score,
    }
    frame = fair.MetricFrame(metrics=measured, y_true=true, y_pred=read, sensitive_features=group)
    for name in measured:
        own = by_name(found)[name]
        assert own.difference == pytest.approx(frame.difference()[name])
        assert own.ratio == pytest.approx(frame.ratio()[name])
        for item in found.groups:
            assert item.measures[name].value == pytest.approx(frame.by_group[name][item.name])
    sensitive = {"y_true": true, "y_pred": read, "sensitive_features": group}
    rates = by_name(found)
    assert rates["selection rate"].difference == pytest.approx(fair.demographic_parity_difference(**sensitive))
    assert max(rates["TPR"].difference, rates["FPR"].difference) == pytest.approx(
        fair.equalized_odds_difference(**sensitive)
    )
    assert [item.name for item in found.groups] == sorted(set(group))
    assert found.comparisons == 15 * 7


def test_intervals_are_widened_by_how_many_there_are() -> None:
    true, probability, read, sex = people(400, 0)
    narrow = wilson(int(read[sex == "male"].sum()), int((sex == "male").sum()))
    item = groups.of_classes(true, probability, read, sex, ("sex",)).groups[1]
    wide = item.measures["selection rate"].interval
    assert wide
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_a_difference_of_two_shares_has_the_interval_of_newcombes_example() -> None:
    """His table II, method 10: 56/70 against 48/80 is 0.2, from 0.0524 to 0.3339."""
    found = [groups._share(np.arange(total) < hits, 0.95) for hits, total in ((56, 70), (48, 80))]
    assert found[0]
    assert found[1]
    for one, other in (found, found[::-1]):
        assert one
        assert other
        pair = groups._pair(one, other, "a", "b")
        assert (pair.difference, *pair.interval) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)


def test_a_small_group_is_shown_and_not_compared() -> None:
    true, probability, read, sex = people(300, 0)
    group = np.where(np.arange(300) < 29, "other", sex)
    found = groups.of_classes(true, probability, read, group, ("sex",))
    assert {item.name: item.small for item in found.groups} == {"female": False, "male": False, "other": True}
    assert found.groups[2].rows == 29
    assert all({item.surest.high, item.surest.low} == {"female", "male"} for item in found.disparities)
    alone = groups.of_classes(true, probability, read, np.full(300, "all"), ("sex",))
    assert (alone.disparities, alone.comparisons) == ((), 0)


def test_a_group_without_rows_that_are_true_has_no_share_of_them() -> None:
    true, probability, read, sex = people(300, 0)
    found = groups.of_classes(true & (sex == "male"), probability, read, sex, ("sex",))
    assert "TPR" not in found.groups[0].measures
    assert "TPR" not in by_name(found)


def test_errors_of_values_are_means_with_students_interval() -> None:
    random = np.random.default_rng(0)
    labels, group = random.normal(size=200), np.repeat(["a", "b"], 100)
    predicted = labels + np.where(group == "a", 0.5, -0.5)
    found = groups.of_values(labels, predicted, group, ("site",))
    assert [item.measures["mean error"].value for item in found.groups] == pytest.approx([0.5, -0.5])
    assert by_name(found)["mean error"].difference == pytest.approx(1)
    assert not any(item.wide for item in found.disparities)


def test_numbers_are_grouped_from_each_cut_on() -> None:
    values = np.array([24.9, 25, 39, 40, 60, 90, np.nan])
    expected = ["under 25", "25 to under 40", "25 to under 40", "40 to under 60", "60 on", "60 on", "not stated"]
    assert groups.ranges(values, [25, 40, 60]).tolist() == expected
    assert groups.crossed([np.array(["f", "m"]), np.array(["a", "b"])]).tolist() == ["f, a", "m, b"]


def test_a_planted_bias_is_found_and_clean_data_is_not_blamed() -> None:
    def blamed(bias: float) -> int:
        found = (groups.of_classes(*people(1000, seed, bias), ("sex",)) for seed in range(SEEDS))
        return sum(any(item.wide for item in own.disparities) for own in found)

    assert blamed(1.0) >= 0.95 * SEEDS
    assert blamed(0.0) <= 0.05 * SEEDS


def explained(seed: int, otherwise: float) -> tuple[Array, Array]:
    """Attributions of four features; the first counts `otherwise` times as much for one half of the rows."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(200, 4)) * [1, 3, 2, 0]
    group = np.repeat(["female", "male"], 100)
    values[group == "male", 0] *= otherwise
    return values, group


def test_a_feature_of_another_role_is_found_and_no_other() -> None:
    def found(otherwise: float) -> list[Array]:
        every = (explained(seed, otherwise) for seed in range(SEEDS))
        asked = (roles.apart(np.abs(values), (group == "male").astype(int)) for values, group in every)
        return [roles.differ(*own).any(axis=0) for own in asked]

    assert sum(own[0] for own in found(3)) >= 0.95 * SEEDS
    assert sum(own.any() for own in found(1)) <= 0.05 * SEEDS


def test_roles_are_means_and_ranks_by_group() -> None:
    values, group = explained(0, 10)
    first, *_, silent = roles.roles(values, list("abcd"), group)
    assert first.mean["male"].value == pytest.approx(values[100:, 0].mean())
    assert first.size["female"].value == pytest.approx(np.abs(values[:100, 0]).mean())
    assert (first.rank["male"].value, first.rank["female"].value) == (1, 3)
    assert first.rank["male"].interval == (1, 1)
    assert (silent.chance, silent.times) == (1, 1)
    assert roles.differ(first.chance, first.times)
    assert not roles.differ(silent.chance, silent.times)
    assert roles.roles(values[:120], list("abcd"), group[:120]) == ()  # 20 men


def test_chances_of_several_tests_are_holms() -> None:
    assert roles.holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_a_proxy_has_the_chance_of_an_analysis_of_variance() -> None:
    random = np.random.default_rng(0)
    sex = np.repeat(["female", "male"], 100)
    inputs = random.normal(size=(200, 3)) + np.outer(sex == "male", [0, 2, 0])
    attributions = inputs * [1, 2, 3]
    found = {item.feature: item for item in roles.proxies(inputs, attributions, list("abc"), "sex", sex)}
    chances = f_oneway(inputs[:100], inputs[100:]).pvalue
    assert [found[name].chance for name in "abc"] == pytest.approx(roles.holm(chances))
    assert found["b"].correlation == pytest.approx(abs(np.corrcoef(inputs[:, 1], sex == "male")[0, 1]))
    assert [name for name in "abc" if roles.leads(found[name])] == ["b"]
    constant = roles.proxies(np.ones((200, 1)), np.ones((200, 1)), ["a"], "sex", sex)[0]
    assert (constant.correlation, constant.chance) == (0, 1)
