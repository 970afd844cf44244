"""What is planted in data is found, and clean data are not accused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, ks_2samp, spearmanr
from sklearn.datasets import load_breast_cancer, load_iris, load_wine

from exhibit.tasks.chances import holm
from exhibit.tasks.data.own_table import TableSpec
from exhibit.tasks.datasheet.columns import Values
from exhibit.tasks.datasheet.drift import _chance_of_new, _outside, drifts, stability
from exhibit.tasks.datasheet.leaks import rank_correlation
from exhibit.tasks.datasheet.sheet import datasheet
from exhibit.tasks.document import data_drift, data_leaks, data_rows
from exhibit.tasks.document import datasheet as told
from exhibit.tasks.drawing.histograms import _ends
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.card import Card
from exhibit.tasks.records.data import Dataset, Input, Wanted
from exhibit.tasks.records.datasheet import Datasheet, Drift
from tests.checks import coverage
from tests.conftest import Memory
from tests.document.test_first_pages import flowers

SEEDS = range(40)


def table(values: Array, labels: Array, test: int = 0, classes: tuple[str, ...] = ("a", "b")) -> Dataset:
    """The last `test` rows are held out."""
    names = tuple(f"x{k}" for k in range(values.shape[1]))
    return Dataset(
        title="t", description="d", source="s", task="classification" if classes else "regression",
        inputs=(Input(name="table", kind="table", values=values, features=names),),
        sample_ids=np.arange(len(values)).astype(str), labels=labels,
        split=np.array(["train"] * (len(values) - test) + ["test"] * test), classes=classes, label_name="label",
    )  # fmt: skip


def described(values: Array, labels: Array, test: int = 0, classes: tuple[str, ...] = ("a", "b")) -> Datasheet:
    return datasheet(table(values, labels, test, classes))


def clean(seed: int) -> tuple[Array, Array]:
    """600 rows of 4 columns, of which two tell much of the label, but not all."""
    draws = np.random.default_rng(seed)
    values = draws.normal(size=(600, 4))
    return values, (values[:, 0] + values[:, 1] + draws.normal(size=600) > 0.8).astype(int)


def named(found: Datasheet) -> list[str]:
    """What page one says of it."""
    return [item.sentence for item in told.concerns(flowers([1, 2, 3, 4], datasheet=found))]


def test_clean_data_are_hardly_ever_accused() -> None:
    assert sum(bool(named(described(*clean(seed), 150))) for seed in SEEDS) <= len(SEEDS) // 20


@pytest.mark.parametrize("seed", range(5))
def test_what_is_planted_is_found_and_named_on_page_one(seed: int) -> None:
    values, labels = clean(seed)
    draws = np.random.default_rng(1000 + seed)
    values[:, 2] = labels + 0.1 * draws.normal(size=600)
    values[450:, 3] += 1.0
    values[450:470, 1] = 9.0
    values[470:480], labels[470:480] = values[:10], labels[:10]
    leak, shared, moved, beyond = named(described(values, labels, 150))
    assert leak.startswith("The column x2 alone tells the label of ")
    assert shared.startswith("10 of 150 test rows stand among the training rows, too, with the same label")
    assert "1 of 4 columns is not distributed as in the training rows: x3 (" in moved
    assert " of 150 test rows have a value of x1 beyond all training rows" in beyond


def test_rows_that_are_alike_by_chance_are_not_called_copies() -> None:
    """Few categories make many rows alike, and a copy among them cannot be told; among numbers it can."""
    draws = np.random.default_rng(0)
    few = draws.integers(0, 3, size=(400, 4)).astype(float)
    found = described(few, draws.integers(0, 2, 400), 100)
    assert found.shared.with_label > 50
    assert found.shared.looser == pytest.approx(3, abs=0.3)  # one of three values, which had to be the same
    item = flowers([1, 2, 3, 4], datasheet=found)
    assert named(found) == []
    assert "rows are taken to be alike by chance" in data_rows.twice(item, found)
    many = draws.normal(size=(400, 4))
    many[390:] = many[:10]
    assert described(many, np.zeros(400, int), 100).shared.looser == 1


@pytest.mark.parametrize("each", [1, 3, 300])
def test_rare_categories_are_no_news(each: int) -> None:
    """Of categories of one or a few rows many stand among the later rows alone: the chance is bounded by counting."""
    job = Values("job", np.empty(0), tuple(map(str, range(1000))))
    for seed in range(10):
        codes = np.random.default_rng(seed).permutation(np.arange(900) // each).astype(float)
        new, chance = _outside(job, codes[:700], codes[700:])
        assert chance > 0.01
        assert new == np.isin(codes[700:], codes[:700], invert=True).sum()


def test_a_new_category_is_news() -> None:
    job = Values("job", np.empty(0), tuple(map(str, range(1000))))
    codes = np.random.default_rng(0).permutation(np.arange(900) // 300).astype(float)
    codes[880:] = 999
    assert _outside(job, codes[:700], codes[700:])[1] < 0.001


def test_the_chance_of_new_categories_is_bounded_from_above() -> None:
    """Against the closed form of one category of n rows: all of them are later ones."""
    for rows in (2, 5, 9):
        assert _chance_of_new(np.array([rows, 1000]), 0.25, rows) >= 0.25**rows


def test_a_column_that_has_become_empty_has_moved() -> None:
    values, labels = clean(3)
    values[450::2, 1] = np.nan
    (said,) = named(described(values, labels, 150))
    assert ": how often it is empty, of x1 (" in said


def test_a_number_that_is_the_label_is_found_and_a_good_one_is_not() -> None:
    draws = np.random.default_rng(0)
    label = draws.lognormal(size=500)
    values = np.column_stack([label**3, label + draws.normal(size=500)])
    assert [leak.feature for leak in described(values, label, classes=()).leaks] == ["x0"]


def test_columns_of_words_that_were_not_asked_about_a_number_are_said() -> None:
    draws = np.random.default_rng(0)
    label = draws.lognormal(size=500)
    found = described(np.column_stack([draws.normal(size=500), label + draws.normal(size=500)]), label, classes=())
    said = "As the label is a number, columns of words were not asked about."
    assert said not in data_leaks.told(found)
    word = found.columns[0].model_copy(update={"number": False})
    assert said in data_leaks.told(found.model_copy(update={"columns": (word, *found.columns[1:])}))


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
def test_a_column_that_honestly_separates_classes_is_no_leak(load: Callable[[], Any]) -> None:
    data = load()
    assert not described(data.data, data.target, classes=tuple(map(str, data.target_names))).leaks


def test_the_column_nearest_to_giving_the_label_away_tells_rows_beside_the_commonest_class() -> None:
    """Of 300 rows 30 are of the rarer class: a column of noise tells the most rows, and none of these."""
    random = np.random.default_rng(2)
    values = random.normal(size=(300, 3))
    drive = values[:, 0] + random.normal(0, 0.7, 300)
    nearest = described(values, (drive <= np.quantile(drive, 0.9)).astype(int)).strongest
    assert nearest is not None
    assert nearest.feature == "x0"


@pytest.mark.parametrize(("rows", "known"), [(80, True), (79, False)])
def test_a_column_that_is_the_label_is_known_to_be_from_as_many_rows_as_it_takes(rows: int, known: bool) -> None:
    """All of n rows are told by a column that tells a share p of them with a chance of p^n; of three columns none may
    be accused by a chance of 5%: p = (0.05 / 3)^(1/n), which is 0.9501 of 80 rows and 0.9495 of 79."""
    values = np.random.default_rng(0).normal(size=(rows, 3))
    labels = np.arange(rows) % 2
    values[:, 1] = labels
    found = described(values, labels)
    assert found.strongest is not None
    assert found.strongest.at_least == pytest.approx((0.05 / 3) ** (1 / rows))
    assert [leak.feature for leak in found.leaks] == (["x1"] if known else [])


def test_the_commonest_class_alone_gives_nothing_away() -> None:
    values = np.random.default_rng(0).normal(size=(2000, 3))
    labels = (np.arange(2000) % 100 == 0).astype(int)
    assert not described(values, labels).leaks


def test_rows_are_counted_that_stand_there_twice() -> None:
    values = np.arange(80.0).reshape(40, 2)
    values[5] = values[4]
    values[30] = values[3]
    values[31] = values[2]
    labels = np.zeros(40, int)
    labels[31] = 1
    found = described(values, labels, 10)
    assert (found.repeated.rows, found.shared.rows, found.shared.with_label) == (1, 2, 1)


def test_filled_cells_are_missing() -> None:
    values = np.arange(80.0).reshape(40, 2)
    filled = np.zeros((40, 2), bool)
    filled[:7, 1] = True
    data = table(values, np.zeros(40, int))
    item = data.inputs[0].model_copy(update={"filled": filled})
    found = datasheet(data.model_copy(update={"inputs": (item,)}))
    assert [column.missing for column in found.columns] == [0, 7]
    assert found.columns[1].low == values[7, 1]


def read(folder: Path, rows: dict[str, list[object]], **given: object) -> Dataset:
    """As a user's own table."""
    pd.DataFrame(rows).to_csv(folder / "rows.csv", index=False)
    spec = TableSpec.model_validate({"path": folder / "rows.csv", "label": "y", "test_share": 0, **given})
    return spec.load(Memory())


@pytest.mark.parametrize("whole", [False, True])
def test_cells_are_empty_as_they_were_read_whatever_fills_them(tmp_path: Path, whole: bool) -> None:
    job = ["a", "b", None, "a", "b"] * 8
    age = [1.0, None, 3.0, 4.0, 5.0] * 8
    rows = {"job": job, "age": age, "town": ["c"] * 40, "y": [0, 1] * 20}
    data = read(tmp_path, rows, missing={"job": "category", "age": "median"})
    if whole:
        spec = TableSpec.model_validate({"path": tmp_path / "rows.csv", "label": "y", "missing": "category"})
        rows.pop("age")
        pd.DataFrame(rows).to_csv(tmp_path / "rows.csv", index=False)
        data = spec.load_for(Memory(), Wanted(names=("job", "town")))
    found = datasheet(data)
    facts = {column.name: (column.missing, column.values, column.number) for column in found.columns}
    expected = {"job": (8, 2, False), "age": (8, 4, True), "town": (0, 1, False)}
    assert facts == {name: expected[name] for name in facts}
    said = data_rows.used(flowers([1, 2, 3, 4]), found)
    assert "No cell" not in said
    assert ("8 of 80 cells of these columns (10%)" if whole else "16 of 120 cells of these columns (13%)") in said
    assert "In all training rows the column town has the same value." in said


def test_rows_that_are_left_out_are_said_beside_cells_that_are_not_empty(tmp_path: Path) -> None:
    rows = {"age": [1.0, None, 3.0, 4.0, 5.0] * 8, "y": [0, 1] * 20}
    found = datasheet(read(tmp_path, rows, missing="exclude"))
    said = data_rows.used(flowers([1, 2, 3, 4]), found)
    assert "8 rows were left out; the end of the report lists each with the reason." in said
    assert "No cell of these rows was empty when it was read." in said


def test_the_period_is_that_of_the_dates(tmp_path: Path) -> None:
    days = [f"2024-01-{day:02d}" for day in range(1, 31)]
    split = ["train"] * 20 + ["test"] * 10
    rows = {"signed": days, "part": split, "y": [0, 1] * 15}
    found = datasheet(read(tmp_path, rows, dates=["signed"], split="part"))
    expected = {"train": ("2024-01-01", "2024-01-20"), "test": ("2024-01-21", "2024-01-30")}
    assert found.period == {"signed": expected}
    table = data_rows.origin(flowers([1, 2, 3, 4]), found, Card(data_licence="CC0"), {"date of the data": "2024"})
    assert dict(table.rows) == {
        "source": flowers([1, 2, 3, 4]).dataset.source,
        "days in signed": "training rows 2024-01-01 to 2024-01-20; test rows 2024-01-21 to 2024-01-30",
        "period": "2024",
        "provenance and labelling": "not stated",
        "licence": "CC0",
    }


def test_a_large_table_is_sampled_and_says_so() -> None:
    values = np.zeros((30_000, 2))
    values[:, 0] = np.arange(30_000)
    found = described(values, np.arange(30_000) % 2, 12_000)
    assert found.drawn == {"train": 10_000, "test": 10_000}
    (said,) = data_rows.looked_at(flowers([1, 2, 3, 4]), found)
    assert "10,000 of 18,000 training rows and 10,000 of 12,000 test rows at most" in said


def test_a_category_of_ones_is_one_column() -> None:
    ones = np.eye(3)[np.arange(60) % 3]
    data = table(ones, np.zeros(60, int))
    item = data.inputs[0].model_copy(update={"features": ("job: a", "job: b", "job: c"), "columns": ("job",) * 3})
    found = datasheet(data.model_copy(update={"inputs": (item,)}))
    assert [(column.name, column.number, column.values) for column in found.columns] == [("job", False, 3)]
    assert found.distributions[0].bins == ("a", "b", "c")


def test_the_index_is_its_formula_and_holm_his() -> None:
    before, after = np.repeat([0.0, 1.0], [50, 50]), np.repeat([0.0, 1.0], [20, 80])
    b, a = np.array([50.5, 50.5]) / 101, np.array([20.5, 80.5]) / 101
    expected = float(((a - b) * np.log(a / b)).sum())
    assert stability(Values("x", np.empty(0), ("no", "yes")), before, after) == pytest.approx(expected)
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_drift_is_that_of_scipy() -> None:
    values, labels = clean(1)
    (first, *_) = described(values, labels, 150).drifts
    expected = ks_2samp(values[:450, 0], values[450:, 0], method="asymp")
    assert (first.statistic, first.chance) == pytest.approx((expected.statistic, expected.pvalue))


def rare(seed: int, share: float) -> list[Drift]:
    """Eight columns of two categories, of which 5 of 100 rows have the second one, or of ten later rows a `share`."""
    random = np.random.default_rng(seed)
    cells = random.random((2010, 8)) < np.where(np.arange(2010) < 2000, 0.05, share)[:, np.newaxis]
    columns = [Values(f"x{k}", cells[:, k] * 1.0, ("no", "yes")) for k in range(8)]
    rows = np.arange(2000), np.arange(2000, 2010)
    return list(drifts(columns, *rows, rows))


def test_a_rare_category_that_few_later_rows_happen_to_have_is_no_drift() -> None:
    """Over 40 seeds; by chi-square two of ten rows are surely too many, which are there in one column of twelve."""
    assert sum(any(item.moved for item in rare(seed, 0.05)) for seed in range(40)) == 0
    assert sum(all(item.moved for item in rare(seed, 0.9)) for seed in range(40)) >= 38
    first, *_ = rare(0, 0.9)
    assert first.test == "Fisher's exact"


def test_rare_categories_that_are_few_together_too_count_as_the_rarest_of_the_others() -> None:
    before, after = np.repeat([0.0, 1, 2, 3], [500, 480, 15, 5]), np.repeat([0.0, 1, 2, 3], [22, 26, 1, 1])
    cells = np.concatenate([before, after])
    rows = np.arange(1000), np.arange(1000, 1050)
    (found,) = drifts([Values("x", cells, tuple("abcd"))], *rows, rows)
    expected = chi2_contingency([[500, 500], [22, 28]], correction=False)
    assert found.test == "chi-square"
    assert (found.statistic, found.chance) == pytest.approx((expected.statistic, expected.pvalue))


@pytest.mark.parametrize(("end", "said"), [(0.0, "0%"), (1e-6, "0%"), (0.53, "53%"), (0.9999, "99.9%")])
def test_the_lower_end_of_a_share_is_a_number_that_it_is_at_least(end: float, said: str) -> None:
    """Not “at least under 0.1%”."""
    values, labels = clean(1)
    sheet = described(values, labels, 150)
    assert sheet.strongest is not None
    strongest = sheet.strongest.model_copy(update={"others": 0.5, "others_at_least": end})
    (section,) = told.sections(flowers([1, 2, 3, 4], datasheet=sheet.model_copy(update={"strongest": strongest})))
    assert f"50% of those outside the commonest class (at least {said})" in section.model_dump_json()


def test_rows_are_called_training_rows_only_where_they_trained_the_model() -> None:
    """Of a model that came trained nobody knows what trained it."""
    values, labels = clean(0)
    values[450:, 3] += 3.0
    split = np.array(["train", "train", "test", "test"])
    given = flowers([1, 2, 3, 4], trained=False, datasheet=described(values, labels, 150), split=split)
    (section,) = told.sections(given)
    words = f"{section.model_dump_json()}{[item.model_dump_json() for item in told.concerns(given)]}"
    assert "given rows" in words
    assert "150 rows set apart as a test" in words  # by whoever split them: nobody need have given them as that
    assert "training" not in words


def test_a_rank_correlation_is_over_the_rows_whose_cell_is_not_empty() -> None:
    values, labels = np.arange(200.0).reshape(100, 2), np.arange(100.0)
    values[60:, 0], values[:, 1] = np.nan, 0
    (leak,) = described(values, labels, classes=()).leaks
    assert (leak.feature, leak.rows) == ("x0", 60)


@pytest.mark.parametrize(("value", "expected"), [(9.0, "1 of them has a value"), (0.0, "none of them has a value")])
def test_values_beyond_are_told_of_few_rows_too(value: float, expected: str) -> None:
    values, labels = clean(0)
    values[-1] = value
    said = data_drift.moved(flowers([1, 2, 3, 4]), described(values[:, :1], labels, 1))
    assert "to ask whether columns have moved" in said
    assert f"{expected} that none of the training rows has or reaches." in said


def test_a_constant_has_one_bin_of_its_own_value() -> None:
    """Not one from 0.5 below it, as if a share could be negative."""
    values, labels = clean(0)
    values[:, 1] = 2024
    found = described(values, labels, 150)
    (constant,) = [item for item in found.distributions if item.feature == "x1"]
    assert (constant.bins, set(constant.edges)) == (("2024",), {2024.0})
    assert constant.shares == {"train": (1.0,), "test": (1.0,)}
    material = flowers([1, 2, 3, 4], datasheet=found)
    assert " In all training rows the column x1 has the same value." in data_rows.used(material, found)
    (figure,) = told.figures(material)
    (panel,) = [one for one in figure.content.panels if one.title == "x1"]
    assert len(_ends(panel, 90.0, 0.0)) == 1
    assert "2024" in _ends(panel, 90.0, 0.0)[0]


def test_the_interval_of_a_rank_correlation_holds_whatever_the_columns_are() -> None:
    """Of a copy with one cell in ten replaced, too, where what follows from a normal distribution holds it in 65%."""
    random = np.random.default_rng(0)
    one, other = random.integers(0, 9, (2, 500)).astype(float)
    value, low, high = rank_correlation(one, one + other)
    assert value == pytest.approx(spearmanr(one, one + other).statistic)
    assert low < value < high
    assert rank_correlation(one, -one) == (-1, -1, -1)
    assert coverage.rate(coverage.Stated("", "", coverage.exceptions(100, 0.1)), 60) >= 0.85
