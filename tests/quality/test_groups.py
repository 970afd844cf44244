"""Groups against fairlearn and closed forms, and over seeds: a planted bias is found, clean data is not blamed."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from fairlearn import metrics as fair
from scipy.stats import binom, binomtest, chi2_contingency, f_oneway, fisher_exact, kruskal, norm
from scipy.stats import t as student
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    log_loss,
    precision_score,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)

from exhibit.tasks.catalogues import spoken
from exhibit.tasks.chances import clopper_pearson, holm, wilson
from exhibit.tasks.data.grouping import By, groupings, named_groups, ranges
from exhibit.tasks.document import for_whom
from exhibit.tasks.quality import groups, roles
from exhibit.tasks.quality.counted import (
    AveragePrecision,
    Balanced,
    Counted,
    Explained,
    Mean,
    Overlap,
    Ranking,
    RootMean,
    share,
    with_far,
)
from exhibit.tasks.quality.ranking import Ranked, average_precision, precision_influence
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.grouping import Grouping, group_name
from exhibit.tasks.records.model import Prediction
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


def grouping(column: str, names: Array) -> Grouping:
    found, of = np.unique(names, return_inverse=True)
    return Grouping(by=(column,), groups=tuple(found.tolist()), of=of)


def by_sex(true: Array, probability: Array, read: Array, sex: Array) -> Subgroups:
    (found,), _, _ = groups.grouped(groups.of_class(true, probability, read), [grouping("sex", sex)])
    return found


def by_name(found: Subgroups) -> dict[str, Disparity]:
    return {item.measure: item for item in found.disparities}


def test_differences_and_ratios_are_those_of_fairlearn_also_of_two_columns_at_once() -> None:
    true, probability, read, sex = people(800, 0, 0.5)
    age = np.array(ranges(np.random.default_rng(1).uniform(18, 90, 800), [25, 60]))
    every = groups.with_crossed([grouping("sex", sex), grouping("age", age)])
    tables, intervals, comparisons = groups.grouped(groups.of_class(true, probability, read), every)
    assert [table.by for table in tables] == [("sex",), ("age",), ("sex", "age")]
    assert (intervals, comparisons) == ((2 + 3 + 6) * 13, (1 + 3 + 15) * 13)
    measured = {
        "accuracy": accuracy_score,
        "balanced accuracy": balanced_accuracy_score,
        "selection rate": fair.selection_rate,
        "TPR": fair.true_positive_rate,
        "FPR": fair.false_positive_rate,
        "precision": precision_score,
        "F1": f1_score,
    }
    at_once = np.array([f"{one}, {two}" for one, two in zip(sex, age, strict=True)])
    frame = fair.MetricFrame(metrics=measured, y_true=true, y_pred=read, sensitive_features=at_once)
    rates = by_name(tables[2])
    for name in measured:
        assert rates[name].difference == pytest.approx(frame.difference()[name])
        assert rates[name].ratio == pytest.approx(frame.ratio()[name])
        for item in tables[2].groups:
            assert item.measures[name].value == pytest.approx(frame.by_group[name][item.name])
    ranked = {
        "AUC": roc_auc_score,
        "average precision": average_precision_score,
        "log loss": log_loss,
        "Brier score": brier_score_loss,
    }
    scored = fair.MetricFrame(metrics=ranked, y_true=true, y_pred=probability, sensitive_features=at_once)
    for name in ranked:
        assert rates[name].difference == pytest.approx(scored.difference()[name])
        assert rates[name].limit == (0.1 if name == "AUC" else None)
        for item in tables[2].groups:
            assert item.measures[name].value == pytest.approx(scored.by_group[name][item.name])
    assert rates["AUC"].ratio == pytest.approx(scored.ratio()["AUC"])
    assert rates["log loss"].ratio is None
    sensitive = {"y_true": true, "y_pred": read, "sensitive_features": at_once}
    assert rates["selection rate"].difference == pytest.approx(fair.demographic_parity_difference(**sensitive))
    assert max(rates["TPR"].difference, rates["FPR"].difference) == pytest.approx(
        fair.equalized_odds_difference(**sensitive)
    )


def test_intervals_are_widened_by_how_many_there_are() -> None:
    true, probability, read, sex = people(400, 0)
    narrow = wilson(int(read[sex == "male"].sum()), int((sex == "male").sum()))
    wide = by_sex(true, probability, read, sex).groups[1].measures["selection rate"].interval
    assert wide
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_a_difference_of_two_shares_has_the_interval_of_newcombes_example() -> None:
    """His table II, method 10: 56/70 against 48/80 is 0.2, from 0.0524 to 0.3339."""
    ends = np.array([(hits / total, *wilson(hits, total)) for hits, total in ((56, 70), (48, 80))])
    difference, start, end = groups.newcombe(ends[:1], ends[1:])
    assert (difference[0], start[0], end[0]) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)


def test_a_small_group_is_shown_and_not_compared() -> None:
    true, probability, read, sex = people(300, 0)
    found = by_sex(true, probability, read, np.where(np.arange(300) < 29, "other", sex))
    assert {item.name: item.small for item in found.groups} == {"female": False, "male": False, "other": True}
    assert found.groups[2].rows == 29
    assert all({item.surest.high, item.surest.low} == {"female", "male"} for item in found.disparities)
    assert by_sex(true, probability, read, np.full(300, "all")).disparities == ()
    few = by_sex(true, probability, read, np.where(np.arange(300) < 9, "other", sex)).groups[2].measures
    assert few["selection rate"].interval  # that of a share is for few rows, too
    assert few["calibration"].interval is None


def test_a_group_without_rows_that_are_true_has_no_share_of_them() -> None:
    true, probability, read, sex = people(300, 0)
    found = by_sex(true & (sex == "male"), probability, read, sex)
    assert "TPR" not in found.groups[0].measures
    assert "TPR" not in by_name(found)
    assert found.groups[0].lacking == {
        "TPR": "no row is of the class",
        "balanced accuracy": "all rows are of the class, or none is",
        "AUC": "all rows are of the class, or none is",
        "average precision": "all rows are of the class, or none is",
    }
    assert found.groups[0].lacking.keys().isdisjoint(found.groups[0].measures)
    assert found.groups[1].lacking == {}
    assert {"balanced accuracy", "AUC", "average precision"}.isdisjoint(by_name(found))


def test_errors_of_values_are_means_and_their_limit_is_a_small_effect() -> None:
    random = np.random.default_rng(0)
    labels, site = 100 * random.normal(size=2000), np.repeat(["a", "b"], 1000)

    def mean_error(apart: float) -> tuple[Subgroups, Disparity]:
        predicted = labels + np.where(site == "a", apart / 2, -apart / 2) + random.normal(size=2000)
        (found,), _, _ = groups.grouped(groups.of_values(labels, predicted), [grouping("site", site)])
        return found, by_name(found)["mean error"]

    found, item = mean_error(50)
    assert [group.measures["mean error"].value for group in found.groups] == pytest.approx([25, -25], abs=0.2)
    assert item.limit == pytest.approx(0.2 * labels.std())
    assert (item.verdict, mean_error(5)[1].verdict) == ("fail", "pass")


def test_verdicts_follow_the_limit_and_the_whole_interval() -> None:
    """The model says yes to every second man and to a share of the women."""

    def verdict(rows: int, share: float) -> str | None:
        sex = np.repeat(["female", "male"], rows)
        read = np.concatenate([np.arange(rows) < share * rows, np.arange(rows) < rows / 2])
        return by_name(by_sex(read, read.astype(float), read, sex))["selection rate"].verdict

    assert [verdict(4000, 0.5), verdict(4000, 0.3), verdict(4000, 0.41), verdict(40, 0.3)] == [
        "pass",
        "fail",
        "undecided",
        "undecided",
    ]
    assert by_name(by_sex(*people(400, 0)))["base rate"].verdict is None


def test_a_planted_bias_is_found_and_clean_data_is_not_blamed() -> None:
    def blamed(bias: float) -> int:
        found = (by_sex(*people(1000, seed, bias)) for seed in range(SEEDS))
        return sum(any(item.verdict == "fail" for item in own.disparities) for own in found)

    assert blamed(1.0) >= 0.95 * SEEDS
    assert blamed(0.0) <= 0.05 * SEEDS


def explained(seed: int, otherwise: float) -> tuple[Array, Grouping]:
    """Attributions of four features; the first counts `otherwise` times as much for one half of the rows."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(200, 4)) * [1, 3, 2, 0]
    values[100:, 0] *= otherwise
    return values, grouping("sex", np.repeat(["female", "male"], 100))


def test_a_feature_of_another_role_is_found_and_no_other() -> None:
    def found(otherwise: float) -> list[Array]:
        tests = (
            roles.apart(np.abs(values), by) for values, by in (explained(seed, otherwise) for seed in range(SEEDS))
        )
        return [roles.differ(holm(own[0].ravel()).reshape(own[0].shape), own[1]).any(axis=0) for own in tests]

    assert sum(own[0] for own in found(3)) >= 0.95 * SEEDS
    assert sum(own.any() for own in found(1)) <= 0.05 * SEEDS


def test_roles_are_means_and_ranks_by_group_the_most_important_feature_first() -> None:
    values, by = explained(0, 10)
    (found,) = roles.roles(values, list("abcd"), [by], signed=True)
    assert [role.feature for role in found.features] == list("abcd")
    first, *_, silent = found.features
    assert first.mean["male"].value == pytest.approx(values[100:, 0].mean())
    assert first.size["female"].value == pytest.approx(np.abs(values[:100, 0]).mean())
    assert (first.rank["male"].value, first.rank["female"].value) == (1, 3)
    assert first.rank["male"].interval == (1, 1)
    assert (first.differs, silent.differs, silent.chance, silent.times) == (True, False, 1, 1)
    assert roles.roles(values[:120], list("abcd"), [by.take(np.arange(120))], signed=True) == ()  # 20 men
    (unsigned,) = roles.roles(values, list("abcd"), [by], signed=False)
    assert unsigned.features[0].mean == {}


def test_how_well_a_feature_tells_a_column_is_a_correlation_ratio_or_cramers_v() -> None:
    random = np.random.default_rng(0)
    by = grouping("sex", np.repeat(["female", "male", "not stated"], 100))
    number = random.normal(size=300) + (by.of == 1)
    association, chance = roles.tells(roles.Feature("hours", number), by)
    assert association == pytest.approx(abs(np.corrcoef(number[:200], by.of[:200])[0, 1]))  # whom nobody stated aside
    halves = number[:100], number[100:200]
    assert chance == pytest.approx(max(f_oneway(*halves).pvalue, kruskal(*halves).pvalue))
    word = np.where(random.random(300) < 0.3, 2, by.of).astype(float)
    word[0] = np.nan
    association, chance = roles.tells(roles.Feature("job", word, category=True), by)
    counts = [[(word[by.of == sex] == code).sum() for code in range(3)] for sex in range(2)]
    oracle = chi2_contingency(counts, correction=False)
    assert association == pytest.approx(np.sqrt(oracle.statistic / np.sum(counts)))
    assert chance == pytest.approx(oracle.pvalue)
    assert roles.tells(roles.Feature("constant", np.ones(300)), by) == (0, 1)


def test_a_protected_column_has_a_rank_and_leading_features_that_tell_it() -> None:
    by = grouping("sex", np.repeat(["female", "male"], 100))
    random = np.random.default_rng(0)
    noise = random.normal(size=(200, 4))
    ranking = [roles.Feature(name, noise[:, k] + 2 * by.of * (name == "b")) for k, name in enumerate("abcd")]
    sex, age = roles.protected({"sex": by, "age": None}, ranking, {"age": ("c",)})
    assert [(proxy.feature, proxy.rank, proxy.tells) for proxy in sex.proxies] == [("a", 1, False), ("b", 2, True)]
    assert (sex.rank, sex.rows, age.rank, age.looked, age.proxies) == (None, 200, 3, False, ())
    assert [roles.leading(features) for features in (1, 4, 5, 100)] == [1, 2, 3, 5]


@pytest.mark.parametrize("rows", [60, 400])
def test_a_planted_proxy_is_told_and_what_only_chance_relates_is_not(rows: int) -> None:
    """By the first five of nine features, over 40 seeds; the planted one has an association of about 0.7."""

    def told(seed: int, planted: float) -> set[str]:
        random = np.random.default_rng((seed, rows))
        sex = random.integers(2, size=rows)
        values = random.normal(size=(rows, 9))
        values[:, 0] += planted * sex
        by = grouping("sex", np.array(["female", "male"])[sex])
        (found,) = roles.protected({"sex": by}, [roles.Feature(f"f{k}", values[:, k]) for k in range(9)], {})
        return {proxy.feature for proxy in found.proxies if proxy.tells}

    assert sum("f0" in told(seed, 2.0) for seed in range(SEEDS)) >= 0.95 * SEEDS
    assert sum(bool(told(seed, 0.0)) for seed in range(SEEDS)) <= 0.05 * SEEDS


@pytest.mark.parametrize("kind", ["far numbers", "rare categories", "one row unlike all others"])
def test_what_few_rows_have_tells_no_column_of_small_groups(kind: str) -> None:
    """A number a few of which are far from all others, or a category of one row of 100, or a number that is the same
    but in one row, happens to fall into one of twenty groups of five rows, over 40 seeds of five features."""
    by = grouping("site", np.repeat(np.arange(21), [*([5] * 20), 300]).astype(str))

    def told(seed: int) -> bool:
        random = np.random.default_rng(seed)
        values = random.pareto(1.2, (400, 5)) if kind == "far numbers" else random.random((400, 5)) < 0.01
        if kind == "one row unlike all others":
            values = np.arange(400)[:, np.newaxis] == random.integers(400, size=5)
        features = [roles.Feature(f"f{k}", values[:, k] * 1.0, kind == "rare categories") for k in range(5)]
        (found,) = roles.protected({"site": by}, features, {})
        return any(proxy.tells for proxy in found.proxies)

    assert sum(told(seed) for seed in range(SEEDS)) <= 0.05 * SEEDS


def test_of_rare_categories_the_chance_is_that_of_tables_with_the_same_sums() -> None:
    """Of two categories and two groups R. A. Fisher's exact chance, but for that of the draws."""
    word, of = np.repeat([1.0, 0.0, 1.0, 0.0], [4, 16, 1, 39]), np.repeat([0, 1], [20, 40])
    _, chance = roles.tells(roles.Feature("job", word, category=True), grouping("sex", of.astype(str)))
    exact = fisher_exact([[4, 1], [16, 39]]).pvalue
    assert chance == pytest.approx(exact, abs=3 * np.sqrt(exact / 10_000))


def test_of_numbers_that_are_mostly_the_same_the_chance_is_that_of_other_orders() -> None:
    """Of one row that is unlike all others: in a group of 5 of 400 it is once in 80 orders, which no F test knows."""
    values, of = (np.arange(400) == 0) * 7.0, np.repeat([0, 1], [5, 395])
    association, chance = roles.tells(roles.Feature("visits", values), grouping("sex", of.astype(str)))
    assert association > 0.4
    assert f_oneway(values[of == 0], values[of == 1]).pvalue < 1e-9
    assert chance == pytest.approx(5 / 400, abs=3 * np.sqrt(5 / 400 / 10_000))


def test_ends_of_ranges_keep_all_digits() -> None:
    """Else two ranges would have one name, and another end than was asked for."""
    assert ranges(np.array([1000001.0, 1000002.0, 1000003.0]), [1000002, 1000003]) == [
        "under 1000002", "1000002 to under 1000003", "1000003 and over",
    ]  # fmt: skip
    assert ranges(np.array([0.05]), [0.1, 123456.75]) == ["under 0.1"]


@pytest.mark.parametrize(
    ("ends", "measure", "limit", "said"),
    [
        ((0.1003, 0.73), "selection rate", 0.1, "0.1003 to 0.7300"),
        ((-0.0999, 0.0301), "TPR", 0.1, "−0.0999 to 0.0301"),
        ((0.12, 0.73), "TPR", 0.1, "0.12 to 0.73"),
        ((2.0401, 12.0), "mean error", 2.04, "2.0401 to 12"),
    ],
)
def test_an_interval_reads_on_its_side_of_the_limit(
    ends: tuple[float, float], measure: str, limit: float, said: str
) -> None:
    """A measure that fails does not read "0.10 to 0.73" beside a limit of 0.10."""
    assert for_whom._interval(ends, measure, limit) == said


def test_two_groups_of_two_columns_have_two_names() -> None:
    one, two = grouping("g", np.array(["p", "p, q"])), grouping("h", np.array(["q, r", "r"]))
    assert one.crossed(two).groups == ("'p', 'q, r'", "'p', 'r'", "'p, q', 'q, r'", "'p, q', 'r'")
    sex = grouping("sex", np.array(["f", "m"]))
    assert sex.crossed(grouping("age", np.array(["old", "young"]))).groups[0] == "f, old"


def test_intervals_are_counted_as_they_are_shown_and_a_group_without_rows_is_named() -> None:
    """Of 4 rows the calibration has no interval, and of no row that is true there is no TPR."""
    true = np.array([True] * 40 + [False] * 44)
    of = np.array([0] * 80 + [2] * 4)
    by = Grouping(by=("g",), groups=("large", "absent", "small"), of=of)
    (found,), intervals, _ = groups.grouped(groups.of_class(true, np.linspace(0.4, 0.6, 84), true), [by])
    shown = [item for group in found.groups for item in group.measures.values() if item.interval]
    assert intervals == len(shown) == 13 + 4
    assert found.absent == ("absent",)


def test_a_protected_date_leads_where_a_part_of_it_does() -> None:
    random = np.random.default_rng(0)
    ranking = [
        roles.Feature(name, random.normal(size=40)) for name in ("income", "birth, year", "debt", "birth, month")
    ]
    (birth,) = roles.protected({"birth": None}, ranking, {"birth": ("birth, month", "birth, year")})
    assert (birth.rank, birth.looked) == (2, False)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_small_group_that_is_higher_here_does_not_pass_for_it(order: tuple[int, int]) -> None:
    """All of 30 are right, and 990 of 1,000: the 30 may be far below, whichever group comes first by name."""
    of = np.repeat(order, [30, 1000])
    right = np.ones(1030, bool)
    right[30:40] = False
    by = Grouping(by=("g",), groups=("a", "b"), of=of)
    probabilities = np.stack([right, ~right], axis=1).astype(float)
    (found,), *_ = groups.grouped(groups.of_likeliest(probabilities, np.zeros(len(right), int)), [by])
    accuracy = by_name(found)["accuracy"]
    assert accuracy.surest.interval[0] < -0.1
    assert accuracy.surest.interval[1] < 0.1
    assert accuracy.verdict == "undecided"


def test_groups_of_numbers_are_in_the_order_of_their_size() -> None:
    table = pd.DataFrame({"months": [24, 6, None, 12], "word": ["24", "6", "b", "12"]})
    found = groupings(("months", "word"), [table])
    assert found is not None
    assert found.items[0].groups == ("6", "12", "24", "not stated")
    assert found.items[1].groups == ("12", "24", "6", "b")


def test_the_interval_of_f1_is_that_of_what_is_true_and_read_among_what_is_either() -> None:
    """F1 = 2J / (1 + J): 30 of 50 rows are both, so J is 0.6 and F1 0.75."""
    true, read = np.arange(100) < 40, (np.arange(100) >= 10) & (np.arange(100) < 50)
    found = Overlap(true, read).of(np.ones(100, bool), 0.95)
    assert found
    low, high = clopper_pearson(30, 50, 0.95)
    assert found.value == pytest.approx(f1_score(true, read)) == pytest.approx(0.75)
    assert (found.low, found.high) == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)))
    assert Overlap(true & ~true, read & ~read).of(np.ones(100, bool), 0.95) is None


def test_an_area_has_the_interval_of_as_many_pairs_as_there_are_also_at_one() -> None:
    """Five rows that are true rank above all 30 others: five of five pairs."""
    true = np.arange(35) < 5
    found = Ranking(-np.arange(35.0), true).of(np.ones(35, bool), 0.95)
    assert found
    assert (found.value, found.low, found.high) == pytest.approx((1, *clopper_pearson(5, 5, 0.95)))
    turned = Ranking(np.arange(35.0), true).of(np.ones(35, bool), 0.95)
    assert turned
    assert (turned.value, turned.low, turned.high) == pytest.approx((0, 0, 1 - found.low))


@pytest.mark.parametrize(("hits", "count"), [(0, 30), (1, 30), (7, 20), (30, 30)])
@pytest.mark.parametrize("level", [0.95, 0.9999])
def test_the_interval_of_a_share_is_that_of_the_exact_binomial_test(hits: int, count: int, level: float) -> None:
    oracle = binomtest(hits, count).proportion_ci(level, method="exact")
    assert clopper_pearson(hits, count, level) == pytest.approx((oracle.low, oracle.high))


def test_an_area_needs_rows_of_both_kinds_and_ties_count_half() -> None:
    scores, true = np.array([0.2, 0.5, 0.5, 0.9]), np.array([False, False, True, True])
    found = Ranking(scores, true).of(np.ones(4, bool), 0.95)
    assert found
    assert found.value == pytest.approx(roc_auc_score(true, scores)) == pytest.approx(3.5 / 4)
    assert Ranking(scores, true).of(true, 0.95) is None


@pytest.mark.parametrize("off", [0.0, 1.0, -1.0])
def test_rows_that_are_all_off_by_as_much_are_not_certain(off: float) -> None:
    """A tree that gives 0 and 1 alone and errs in none of 40 rows may err in others."""
    values = np.full(40, off)
    found = Mean(values, least=-1, most=1).of(np.ones(40, bool), 0.95)
    assert found
    assert -1 <= found.low <= found.value <= found.high <= 1
    exact = 1 - 0.025 ** (1 / 40)  # of rows that are off by 1 more than these, where 40 are not
    assert all(
        exact < apart < 1.5 * exact * abs(end - off)
        for apart, end in ((found.value - found.low, -1), (found.high - found.value, 1))
        if end != off
    )
    more = Mean(np.tile(values, 10), least=-1, most=1).of(np.ones(400, bool), 0.95)
    assert more
    assert more.high - more.low < found.high - found.low


@pytest.mark.parametrize("off", [0.0, 3.0])
def test_groups_whose_errors_are_all_alike_are_not_surely_apart_nor_alike(off: float) -> None:
    """Of 40 rows each, all off by 1 and by 1 + `off`: nothing bounds how far others are off, so it is not decided."""
    labels, site = np.arange(80.0), np.repeat(["a", "b"], 40)
    predicted = labels + 1 + np.where(site == "b", off, 0)
    (found,), intervals, _ = groups.grouped(groups.of_values(labels, predicted), [grouping("site", site)])
    for name in ("mean error", "mean absolute error"):
        item = by_name(found)[name]
        assert (item.difference, item.surest.interval, item.verdict) == (off, None, "undecided")
        assert [group.measures[name].interval for group in found.groups] == [None, None]
    assert intervals == 2  # of the mean labels
    assert for_whom._interval(by_name(found)["mean error"].surest.interval, "mean error") == "not known"
    (varied,), _, _ = groups.grouped(groups.of_values(labels, predicted + np.sin(labels)), [grouping("site", site)])
    assert by_name(varied)["mean error"].surest.interval is not None


def test_no_end_of_a_mean_is_where_no_mean_can_be() -> None:
    """One row of twelve has a large loss: Student's lower end would be below zero."""
    losses = np.array([0.01] * 11 + [5.0])
    found = [Mean(losses, least).of(np.ones(12, bool), 0.99) for least in (-np.inf, 0)]
    assert [own.low < 0 for own in found if own] == [True, False]
    assert Mean(losses).of(np.arange(12) < 1, 0.95) is None


def test_of_several_classes_the_loss_is_of_the_true_one() -> None:
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(3), 90)
    labels = random.integers(3, size=90)
    read, asked = probabilities.argmax(axis=1), groups.of_likeliest(probabilities, labels)
    (table,), *_ = groups.grouped(asked, [grouping("g", np.repeat(["a", "b"], 45))])
    for item, rows in zip(table.groups, (slice(45), slice(45, 90)), strict=True):
        oracle = log_loss(labels[rows], probabilities[rows], labels=[0, 1, 2])
        assert item.measures["log loss"].value == pytest.approx(oracle)
        squared = brier_score_loss(labels[rows], probabilities[rows], labels=[0, 1, 2])
        assert item.measures["Brier score"].value == pytest.approx(squared)
        balanced = balanced_accuracy_score(labels[rows], read[rows])
        assert item.measures["balanced accuracy"].value == pytest.approx(balanced)
    assert by_name(table)["balanced accuracy"].limit == groups.APART
    labels[:45][labels[:45] == 2] = 1
    (table,), *_ = groups.grouped(
        groups.of_likeliest(probabilities, labels), [grouping("g", np.repeat(["a", "b"], 45))]
    )
    assert table.groups[0].lacking == {"balanced accuracy": "a class has no row"}
    assert ("balanced accuracy" in table.groups[1].measures, table.groups[1].lacking) == (True, {})


def test_of_many_pairs_the_surest_alone_becomes_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three columns of 20 values have 240,000 pairs for each measure, which took minutes one by one."""
    random, made = np.random.default_rng(0), []
    found = {f"g{k}": own for k in range(40) if (own := share(random.random(50) < random.random(), 0.99))}
    pairs = [(one.value - two.value, one, two) for one in found.values() for two in found.values() if one is not two]
    starts = [d - np.hypot(one.value - one.low, two.high - two.value) for d, one, two in pairs if d >= 0]
    record = groups.Pair
    monkeypatch.setattr(groups, "Pair", lambda **given: made.append(given) or record(**given))
    surest = groups._disparity("accuracy", found, True, 0.1).surest
    assert surest.interval[0] == pytest.approx(max(starts))
    assert found[surest.high].value - found[surest.low].value == pytest.approx(surest.difference)
    assert len(made) == 1


def test_two_spellings_of_a_letter_that_look_alike_are_one_group() -> None:
    found = groupings(("ort",), [pd.DataFrame({"ort": ["Köln", "Ko\u0308ln", "女", None]})])
    assert found is not None
    assert found.items[0].groups == ("Köln", "女", "not stated")
    assert found.items[0].of.tolist() == [0, 0, 1, 2]


def test_a_cell_that_says_not_stated_is_no_empty_one() -> None:
    """Nor is a group of such cells called otherwise in another language."""
    table = pd.DataFrame({"sex": ["not stated", None, "male, not stated"]})
    assert (found := named_groups(table, By("sex"))) == ["'not stated'", "not stated", "'male, not stated'"]
    with spoken("ja"):
        assert [group_name(name) for name in found] == ["'not stated'", "記載なし", "'male, not stated'"]


@pytest.mark.parametrize(("name", "true"), [("RMSE", root_mean_squared_error), ("R²", r2_score)])
def test_what_a_group_has_of_a_regression_is_scikit_learns(name: str, true: Callable[[Array, Array], float]) -> None:
    """With an interval, and without a verdict or a ratio."""
    random = np.random.default_rng(0)
    labels, site = random.normal(size=90), np.repeat(["a", "b"], 45)
    predicted = labels + random.normal(size=90) * np.repeat([0.3, 3.0], 45)
    (found,), _, comparisons = groups.grouped(groups.of_values(labels, predicted), [grouping("site", site)])
    for item, rows in zip(found.groups, (slice(45), slice(45, 90)), strict=True):
        own = item.measures[name]
        assert own.value == pytest.approx(true(labels[rows], predicted[rows]))
        assert own.interval
        assert own.interval[0] < own.value < own.interval[1]
        assert own.interval[0] >= 0 if name == "RMSE" else own.interval[1] <= 1
    assert (comparisons, by_name(found)[name].verdict, by_name(found)[name].ratio) == (5, None, None)


def test_what_the_base_rate_moves_has_no_verdict_and_what_it_does_not_has_one() -> None:
    """Two groups that the model ranks as well, of which one has nine times as many rows that are true."""
    random = np.random.default_rng(0)
    true = np.concatenate([random.random(2000) < 0.1, random.random(2000) < 0.9])
    score = 1 / (1 + np.exp(-(random.normal(size=4000) + 2 * true - 1)))
    found = by_name(by_sex(true, score, score >= 0.5, np.repeat(["female", "male"], 2000)))
    assert (found["balanced accuracy"].verdict, found["AUC"].verdict) == ("pass", "pass")
    assert found["average precision"].difference > 0.2
    assert (found["average precision"].limit, found["average precision"].verdict) == (None, None)


def test_labels_that_do_not_vary_have_no_r2() -> None:
    """Nor is the one of the other group held against it."""
    random = np.random.default_rng(0)
    site = np.repeat(["a", "b"], 45)
    labels, predicted = random.normal(size=90) * (site == "b"), random.normal(size=90)
    (found,), *_ = groups.grouped(groups.of_values(labels, predicted), [grouping("site", site)])
    assert found.groups[0].lacking == {"R²": "the labels do not vary"}
    assert "R²" not in by_name(found)


@pytest.mark.parametrize("off", [0.0, 1.0])
def test_r2_of_rows_that_are_all_off_by_as_much_and_of_few_rows_has_no_interval(off: float) -> None:
    labels = np.arange(80.0)
    (found,), *_ = groups.grouped(groups.of_values(labels, labels + off), [grouping("site", np.repeat(["a", "b"], 40))])
    assert [item.measures["R²"].interval for item in found.groups] == [None, None]
    assert by_name(found)["R²"].surest.interval is None
    few = Explained(labels, labels + np.sin(labels)).of(labels < 9, 0.95)
    assert few
    assert (few.told, few.value) == (False, pytest.approx(r2_score(labels[:9], (labels + np.sin(labels))[:9])))


def test_the_interval_of_r2_follows_from_those_of_the_errors_and_of_the_labels() -> None:
    """Distances of logarithms are added in squares, and what cannot be below 0 is not."""
    random = np.random.default_rng(0)
    labels = random.normal(size=60)
    predicted, rows = labels + 0.5 * random.normal(size=60), np.arange(60) < 50
    found = Explained(labels, predicted).of(rows, 0.95)
    errors = Mean((predicted - labels) ** 2, least=0).of(rows, 0.95)
    around = Mean((labels - labels[rows].mean()) ** 2, least=0).of(rows, 0.95)
    assert found
    assert errors
    assert around
    left = 1 - r2_score(labels[rows], predicted[rows])
    up = np.hypot(np.log(errors.high / errors.value), np.log(around.value / around.low))
    down = np.hypot(np.log(errors.value / errors.low), np.log(around.high / around.value))
    assert (found.low, found.high) == pytest.approx((1 - left * np.exp(up), 1 - left * np.exp(-down)))


@pytest.mark.parametrize("share_of_all", [0.002, 0.01, 0.05, 0.2, 0.5])
@pytest.mark.parametrize(("rows", "level"), [(30, 0.95), (30, 0.9999), (100, 0.95), (100, 0.9999)])
def test_the_interval_of_a_share_misses_it_no_more_often_than_the_level_says(
    share_of_all: float, rows: int, level: float
) -> None:
    """By the binomial distribution."""
    ends = [clopper_pearson(hits, rows, level) for hits in range(rows + 1)]
    chances = binom.pmf(np.arange(rows + 1), rows, share_of_all)
    missed = sum(chance for chance, (low, high) in zip(chances, ends, strict=True) if not low <= share_of_all <= high)
    assert missed <= 1 - level


def test_wilsons_interval_misses_a_rare_share_over_a_hundred_times_as_often() -> None:
    """One of 0.2%, of 100 rows at 99.99%, by the binomial distribution: why groups have another."""
    by_wilson = [wilson(hits, 100, norm.ppf(0.99995)) for hits in range(101)]
    rare = binom.pmf(np.arange(101), 100, 0.002)
    missed = sum(chance for chance, (low, high) in zip(rare, by_wilson, strict=True) if not low <= 0.002 <= high)
    assert missed > 100 * 0.0001


@pytest.mark.parametrize("level", [0.95, 0.999])
def test_rows_that_are_as_far_off_as_can_be_are_rows_like_others(level: float) -> None:
    """With z² / 2 = 1.92 or 5.41 more: as if so many stood in the table, a share of one by its weight."""
    values = np.random.default_rng(0).random(30)
    more = norm.ppf((1 + level) / 2) ** 2 / 2
    weights = np.append(np.ones(30), more)
    middle = np.average(np.append(values, 4), weights=weights)
    spread = (weights * (np.append(values, 4) - middle) ** 2).sum() / (weights.sum() - 1)
    half = student.ppf((1 + level) / 2, 29) * np.sqrt(spread / weights.sum())
    assert with_far(values, 4, level) == pytest.approx((middle - half, middle + half))


def test_a_row_moves_average_precision_by_its_influence() -> None:
    """The derivative by its weight, with ties."""
    random = np.random.default_rng(0)
    ranked = Ranked.by(random.integers(6, size=40), random.random(40) < 0.3)
    step = 1e-6 * np.eye(40)
    moved = (average_precision(ranked, 1 + step) - average_precision(ranked, 1 - step)) / 2e-6
    assert precision_influence(ranked) == pytest.approx(moved, abs=1e-8)


def test_average_precision_has_the_interval_of_a_share_of_the_rows_that_are_true_also_at_one() -> None:
    """20 rows rank above all 30 others: as if 20 of 20 were hits, which may still be fewer."""
    true = np.arange(50) < 20
    found = AveragePrecision(-np.arange(50.0), true).of(np.ones(50, bool), 0.95)
    assert found
    assert (found.value, found.low, found.high) == pytest.approx((1, *clopper_pearson(20, 20, 0.95)))
    assert AveragePrecision(-np.arange(50.0), true).of(true, 0.95) is None
    assert AveragePrecision(-np.arange(50.0), true).of(~true, 0.95) is None
    assert Balanced(true, true, least=2).of(true, 0.95) is None


def test_intervals_hold_what_is_true_at_least_as_often_as_they_say() -> None:
    """Of scores one deviation apart, whose areas follow from the normal distribution, of errors of half a deviation,
    whose R² is 0.75, and of rows of which few count most: 2 of 100 are of a class, or are 100 times as far off. Over
    400 draws each: 95% of them but for their own chance, 2.2 points for two standard errors."""
    random = np.random.default_rng(0)
    own, base, off = np.arange(400) < 40, 0.3, np.sqrt(2 / np.pi)
    score = np.linspace(-9, 10, 200_001)
    hits, misses = (base * norm.sf(score - 1), (1 - base) * norm.sf(score))
    area = np.trapezoid(hits / (hits + misses) * norm.pdf(score - 1), score)

    def holds(found: Counted | None, value: float) -> bool:
        return found is not None and found.low <= value <= found.high

    kept = np.zeros(8)
    for _ in range(400):
        true, labels, error = random.random(400) < base, random.normal(size=400), random.normal(size=400)
        rare, far = random.random(400) < 0.02, np.where(random.random(400) < 0.02, 100, 1) * error
        scores, few = random.normal(size=400) + true, np.where(rare, 0.98, -0.02)
        kept += [
            holds(AveragePrecision(scores, true).of(own, 0.95), area),
            holds(Ranking(scores, true).of(own, 0.95), float(norm.cdf(1 / np.sqrt(2)))),
            holds(Explained(labels, labels + 0.5 * error).of(own, 0.95), 0.75),
            holds(Explained(labels * np.sqrt(200.98 * 4), labels * np.sqrt(200.98 * 4) + far).of(own, 0.95), 0.75),
            holds(Mean(few, least=-1, most=1).of(own, 0.95), 0),
            holds(Mean(few**2, least=0, most=1).of(own, 0.95), 0.02 * 0.98),
            holds(Mean(np.abs(far), least=0).of(own, 0.95), off * (0.98 + 2)),
            holds(RootMean(far**2).of(own, 0.95), float(np.sqrt(0.98 + 200))),
        ]
    assert (kept / 400 > 0.95 - 0.022).all()


@pytest.mark.parametrize(("sizes", "right"), [([3] * 10, 0.98), ([5] * 20, 0.98), ([28, 2], 0.98), ([98, 100, 2], 0.6)])
@pytest.mark.parametrize("level", [0.95, 0.9999])
def test_the_interval_of_balanced_accuracy_holds_it_however_small_the_classes_are(
    sizes: list[int], right: float, level: float
) -> None:
    """Of classes that are all read rightly as often, over 400 draws: distances of the ends that were added in squares
    missed it in a tenth of them, for the wrong rows of two classes do not make up for the sure ones of all others."""
    random, labels = np.random.default_rng(0), np.repeat(np.arange(len(sizes)), sizes)
    found = [Balanced(random.random(len(labels)) < right, labels).of(labels >= 0, level) for _ in range(400)]
    held = [own is not None and own.low <= right <= own.high for own in found]
    assert np.mean(held) >= (0.95 if level == 0.95 else 0.997)
    assert all(own is not None and own.low <= own.value <= own.high for own in found)


def by_class(random: np.random.Generator, of: Array) -> groups.Measures:
    """A class of which one row of a hundred is, and a model that tells its probability."""
    score = np.log(0.01 / 0.99) + 1.5 * random.normal(size=len(of))
    probability = 1 / (1 + np.exp(-score))
    return groups.of_class(random.random(len(of)) < probability, probability, probability >= 0.5)


def by_value(random: np.random.Generator, of: Array) -> groups.Measures:
    """Errors of which three of a hundred are fifty times as large as the others."""
    labels = random.normal(size=len(of))
    far = np.where(random.random(len(of)) < 0.03, 5, 0.1)
    return groups.of_values(labels, labels + far * random.normal(size=len(of)))


@pytest.mark.parametrize("drawn", [by_class, by_value])
def test_groups_that_are_alike_are_surely_apart_in_none_but_few_draws(
    drawn: Callable[[np.random.Generator, Array], groups.Measures],
) -> None:
    """Small groups beside a large one, over 40 seeds, by any measure: all intervals hold together at 95%."""
    of = np.repeat([0, 1, 2, 3], [30, 30, 60, 1000])
    by = Grouping(by=("g",), groups=("a", "b", "c", "d"), of=of)
    found = [groups.grouped(drawn(np.random.default_rng(seed), of), [by])[0][0] for seed in range(SEEDS)]
    assert sum(any(item.surely > 0 for item in own.disparities) for own in found) <= 0.05 * SEEDS


def test_a_feature_that_counts_much_in_few_rows_has_no_other_role_in_a_group_without_such() -> None:
    """One row of twenty has 50 times the |a|: 30 rows without any beside 1,000 are no sign, over 40 seeds."""
    of = np.repeat([0, 1], [30, 1000])
    by = Grouping(by=("g",), groups=("a", "b"), of=of)

    def told(seed: int) -> bool:
        random = np.random.default_rng(seed)
        sizes = np.where(random.random((1030, 8)) < 0.05, 50, 1) * np.abs(random.normal(size=(1030, 8)))
        chances, times = roles.apart(sizes, by)
        return bool(roles.differ(holm(chances.ravel()).reshape(chances.shape), times).any())

    assert sum(told(seed) for seed in range(SEEDS)) <= 0.05 * SEEDS


@pytest.mark.parametrize(("rows", "off"), [(1, 0.5), (3, 0.5), (8, 0.5), (30, 0.0)])
def test_groups_of_which_no_interval_is_known_are_told_without_one(rows: int, off: float) -> None:
    """Too few rows, or rows that are all alike."""
    labels = np.ones(2 * rows) if not off else np.arange(2.0 * rows)
    asked = groups.of_values(labels, labels + off * np.sin(labels))
    (found,), intervals, _ = groups.grouped(asked, [grouping("sex", np.repeat(["f", "m"], rows))])
    assert intervals == 0
    assert all(own.interval is None for group in found.groups for own in group.measures.values())


def test_accuracy_beside_one_of_three_classes_is_that_of_all() -> None:
    """The rates are of the class that is asked about: rows of the others that are mixed up are no error of these."""
    labels = np.tile([0, 1, 2], 40)
    outputs = np.eye(3)[np.where(labels == 1, 2, labels)] * 0.9 + 0.03
    dataset = Dataset(
        title="", description="", source="", task="classification", classes=("a", "b", "c"), label_name="kind",
        inputs=(Input(name="table", kind="table", values=np.zeros((120, 1)), features=("x",)),),
        sample_ids=np.arange(120).astype(str), labels=labels.astype(float), split=np.full(120, "test"),
    )  # fmt: skip
    prediction = Prediction(kind="probabilities", outputs=outputs / outputs.sum(axis=1, keepdims=True))
    found = groups.measured(dataset, prediction, [grouping("sex", np.repeat(["f", "m"], 60))], ["a"])
    assert found
    assert found.about == "a"
    assert found.whole["accuracy"] == pytest.approx(2 / 3)
    assert found.whole["balanced accuracy"] == pytest.approx(2 / 3)
    assert (found.whole["TPR"], found.whole["FPR"]) == (1.0, 0.0)
