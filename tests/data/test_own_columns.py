"""Columns of a table of the user's own: cells without a value, dates, codes, and more categories than there may be."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from exhibit.tasks.data import table_file
from exhibit.tasks.data.limits import Limits
from exhibit.tasks.data.own_table import TableSpec
from exhibit.tasks.data.plain import dataset_of
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset, Wanted
from tests.conftest import Memory

GAPS = pd.DataFrame(
    {
        "age": [20, np.nan, 40, 90, np.nan, 30],
        "job": ["smith", "baker", None, "smith", "smith", None],
        "own": [True, False, True, None, True, True],
        "part": ["train", "train", "train", "test", "test", "train"],
        "price": [1.5, 2.5, 3.5, 4.5, 5.5, 6.5],
    }
)


def loaded(frame: pd.DataFrame, folder: Path, wanted: Wanted | None = None, **options: Any) -> Dataset:
    frame.to_csv(folder / "t.csv", index=False)
    given = {"path": folder / "t.csv", "label": "price", **options}
    return TableSpec(**given).load_for(Memory(), wanted)


def gaps(folder: Path, missing: Any) -> Dataset:
    return loaded(GAPS, folder, split="part", missing=missing)


def test_nothing_is_left_out_unless_it_is_said(tmp_path: Path) -> None:
    said = (
        r"^data\.missing: 5 of 6 rows lack a value \(age in 2, job in 2, own in 1\); say what becomes of them: "
        r"data\.missing=exclude .*, constant fills numbers with 0 and makes a category of empty words, .*"
        r" 'data\.missing=\{age:median\}' says it by column$"
    )
    with pytest.raises(InputError, match=said):
        gaps(tmp_path, "refuse")
    assert gaps(tmp_path, "exclude").sample_ids.tolist() == ["row 0"]
    with pytest.raises(InputError, match=r" 'data\.missing=\{age:-1,job:median,own:median\}' says it by column$"):
        gaps(tmp_path, {"age": -1.0})
    with pytest.raises(
        InputError, match=r" 'data\.missing=\{job:\{word: none\},age:median,own:median\}' says it by column$"
    ):
        gaps(tmp_path, {"job": {"word": "none"}})


@pytest.mark.parametrize(
    ("missing", "age", "told"),
    [
        ("mean", 30, "the mean, 30"),
        ("median", 30, "the median, 30"),
        ("constant", 0, "0"),
        (-7, -7, "−7"),
        (22652.5, 22652.5, "22,652.5"),
    ],
)
def test_gaps_are_filled_by_the_training_rows_alone(missing: Any, age: float, told: str, tmp_path: Path) -> None:
    """Of ages 20, 40 and 30: the 90 of a test row counts for nothing."""
    data = gaps(tmp_path, missing)
    (table,) = data.inputs
    assert not np.isnan(table.array).any()
    assert table.array[[1, 4], 0].tolist() == [age, age]
    assert f"age in 2 ({told})" in data.description
    assert "of 6 rows" in data.description


def test_words_take_the_commonest_or_a_category_of_their_own(tmp_path: Path) -> None:
    """Among the training rows smith and baker are as common, and the first by letter is taken."""
    data = gaps(tmp_path, "mean")
    assert data.inputs[0].features == ("age", "job: baker", "job: smith", "own")
    assert data.inputs[0].array[2].tolist() == [40, 1, 0, 1]
    assert "job in 2 (“baker”, the commonest)" in data.description
    own = gaps(tmp_path, {"age": "mean", "job": "category", "own": "category"})
    assert own.inputs[0].features[1:4] == ("job: baker", "job: smith", "job: missing")
    assert own.inputs[0].features[4:] == ("own: False", "own: True", "own: missing")
    assert own.inputs[0].array[2, 1:4].tolist() == [0, 0, 1]
    assert "job in 2 (a category of its own, “missing”)" in own.description
    with pytest.raises(InputError, match="'category' has no meaning for the numbers of 'age'"):
        gaps(tmp_path, "category")
    assert gaps(tmp_path, "constant").inputs[0].features == own.inputs[0].features
    assert gaps(tmp_path, "constant").inputs[0].array[2, 1:4].tolist() == [0, 0, 1]


def test_numbers_without_gaps_are_left_alone_where_words_with_gaps_have_a_category(tmp_path: Path) -> None:
    """As the message on gaps of words offers it: it was refused for any column of numbers."""
    file = tmp_path / "t.csv"
    file.write_text(
        "age,job,y\n" + "".join(f"{20 + k},{['smith', '', 'baker'][k % 3]},{'pq'[k % 2]}\n" for k in range(24))
    )
    data = TableSpec(path=file, label="y", missing="category").load(Memory())
    assert data.inputs[0].features == ("age", "job: baker", "job: smith", "job: missing")
    assert data.inputs[0].array[1].tolist() == [21, 0, 0, 1]


def test_rows_to_explain_are_filled_as_those_of_the_fit_were(tmp_path: Path) -> None:
    """From the scheme that the run left, too."""
    week = tmp_path / "week.csv"
    week.write_text("age,job,own\n,,\n50,smith,True\n")
    GAPS.to_csv(tmp_path / "t.csv", index=False)
    options = {"label": "price", "split": "part", "missing": "median", "explain": week}
    data = TableSpec(path=tmp_path / "t.csv", **options).load(Memory())
    assert data.inputs[0].array[6].tolist() == [30, 1, 0, 1]
    (tmp_path / "scheme.json").write_text(json.dumps(data.scheme))
    assert data.scheme["reader"]["columns"][0]["filling"] == "median"
    again = TableSpec(scheme=tmp_path / "scheme.json", **options).load(Memory())
    np.testing.assert_array_equal(again.inputs[0].array, data.inputs[0].array[6:])


def test_a_model_that_asks_for_columns_gets_gaps_as_they_are(tmp_path: Path) -> None:
    data = loaded(GAPS, tmp_path, Wanted(names=("own", "age", "job")), split="part")
    (table,) = data.inputs
    assert table.features == ("own", "age", "job")
    assert np.isnan(table.array).sum() == 5
    assert "Missing are age in 2, job in 2, own in 1 of 6 rows; the model is given them" in data.description


def test_dates_become_parts_where_they_are_asked_for(tmp_path: Path) -> None:
    """Monday is 1; age counts back from the last date of the fit."""
    days = [date(2024, 1, 1), date(2024, 2, 29), date(2023, 12, 31)]
    frame = pd.DataFrame({"day": days, "x": [1, 2, 3], "price": [1.5, 2.5, 3.5]})
    data = loaded(frame, tmp_path, dates=["day"], test_share=0)
    (table,) = data.inputs
    assert table.features == ("day, year", "day, month", "day, weekday", "day, age in days", "x")
    expected = [[d.year, d.month, d.isoweekday(), (max(days) - d).days] for d in days]
    np.testing.assert_array_equal(table.array[:, :4], expected)
    assert data.scheme["reader"]["dates"][0]["column"] == "day"
    told = "Of the dates in day the model is given the year, the month, the weekday (1 is Monday, 7 Sunday) and the age"
    assert told in data.description  # a reader of “weekday: 7” has to know which day that is
    timed = loaded(frame.assign(day=["2024-01-01 06:30"] * 3), tmp_path, dates=["day"], test_share=0)
    assert "the hour and the age in days" in timed.description


def test_times_have_an_hour_and_gaps(tmp_path: Path) -> None:
    frame = pd.DataFrame({"at": ["2024-01-01 06:30", None, "2024-01-02 18:00"], "price": [1.5, 2.5, 3.5]})
    (table,) = loaded(frame, tmp_path, dates=["at"], test_share=0, missing="mean").inputs
    assert table.features[3] == "at, hour"
    assert table.array[:, 3].tolist() == [6.5, 12.25, 18.0]


def test_dates_may_be_of_any_century(tmp_path: Path) -> None:
    """Nanoseconds begin with the year 1677 and end with 2262."""
    frame = pd.DataFrame({"day": ["1492-10-12", "1969-07-20", "2300-01-01"] * 2, "price": [1.5, 2, 3] * 2})
    (table,) = loaded(frame, tmp_path, dates=["day"], test_share=0).inputs
    assert table.features[:3] == ("day, year", "day, month", "day, weekday")
    assert table.array[:3].tolist() == [[1492, 10, 3, 294831], [1969, 7, 7, 120695], [2300, 1, 1, 0]]


def test_hundreds_of_dates_are_no_categories(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"day": pd.date_range("2024-01-01", periods=60).strftime("%Y-%m-%d"), "price": np.arange(60) / 7}
    )
    with pytest.raises(InputError, match=r"'day' holds 60 dates such as 2024-01-01; 'data\.dates=\[day\]' makes year"):
        loaded(frame, tmp_path)
    with pytest.raises(InputError, match=r"'day' holds dates, but in row 3 it is 'soon'; write dates as 2024-01-31"):
        loaded(frame.assign(day=["soon" if k == 3 else d for k, d in enumerate(frame.day)]), tmp_path, dates=["day"])


def test_codes_stay_text_and_truth_values_are_truth_values(tmp_path: Path) -> None:
    """01 is no 1, with gaps too; 0.5, 0 and 10 are numbers."""
    (tmp_path / "t.csv").write_text(
        "code,half,flag,some,price\n01,0.5,TRUE,,1.5\n02,0,FALSE,07,2.5\n10,10,TRUE,12,3.5\n"
    )
    spec = TableSpec(path=tmp_path / "t.csv", label="price", test_share=0, missing={"some": "category"})
    (table,) = spec.load(Memory()).inputs
    assert table.features == (
        "code: 01", "code: 02", "code: 10", "half", "flag", "some: 07", "some: 12", "some: missing"
    )  # fmt: skip
    assert table.array[:, 4].tolist() == [1, 0, 1]


def test_a_list_of_words_may_hold_its_heading(tmp_path: Path) -> None:
    """A row of the data in the place of headings is told by all of several columns, not by one word."""
    (tmp_path / "words.csv").write_text("word\nnoun\nword\nverb\n")
    assert table_file.read_table(tmp_path / "words.csv", "path")["word"].tolist() == ["noun", "word", "verb"]


def test_wide_files_are_read_a_few_times_not_once_for_each_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is text in one of the last rows alone is found in the piece that holds it, and in the right column."""
    numbers = {f"c{k}": np.arange(20) for k in range(40)}
    code, long = [*map(str, range(19)), "007"], ["", *([str(2**53)] * 18), str(2**53 + 1)]
    frame = pd.DataFrame({**numbers, "code": code, "more": np.arange(20), "long": long, "fine": [*long[:-1], "1"]})
    frame.to_csv(tmp_path / "t.csv", index=False)
    read, calls = pd.read_csv, []
    monkeypatch.setattr(table_file, "_AT_A_TIME", 6)
    monkeypatch.setattr(pd, "read_csv", lambda *given, **options: calls.append(given) or read(*given, **options))
    table = table_file.read_table(tmp_path / "t.csv", "path")
    assert table.code.tolist() == code
    assert table.long.tolist()[1:] == long[1:]
    assert table.drop(columns=["code", "long"]).map(np.isreal).to_numpy().all()
    assert len(calls) <= 6


def test_a_wide_parquet_file_is_refused_by_what_stands_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index that pandas writes is no column."""
    whole = pd.DataFrame(np.zeros((2, 11)), columns=[f"c{k}" for k in range(11)])
    limits = Limits(columns=10)
    for name, frame in (("a", whole.iloc[:, 1:]), ("b", whole.set_index("c0"))):
        frame.to_parquet(tmp_path / f"{name}.parquet")
        assert table_file.read_table(tmp_path / f"{name}.parquet", "path", limits=limits).shape[1] == 10
    whole.to_parquet(tmp_path / "c.parquet")
    monkeypatch.setattr(pd, "read_parquet", lambda *_: pytest.fail("was read"))
    with pytest.raises(InputError, match=r"has 11 columns, more than data\.limits\.columns: 10"):
        table_file.read_table(tmp_path / "c.parquet", "path", limits=limits)


@pytest.mark.parametrize("codes", [list(range(1, 48)), [f"{k:02d}" for k in range(1, 48)]], ids=["numbers", "zeros"])
def test_many_codes_are_refused_or_the_commonest_stay(codes: list[Any], tmp_path: Path) -> None:
    frame = pd.DataFrame({"code": [*codes, *codes[:3]], "price": np.arange(50) / 7})
    with pytest.raises(InputError, match=r"'code' has 47 categories.*keep the commonest with data\.rare=other"):
        loaded(frame, tmp_path, categories=["code"])
    (table,) = loaded(frame, tmp_path, categories=["code"], rare="other", most_categories=4, test_share=0).inputs
    assert table.features == (*(f"code: {code}" for code in codes[:3]), "code: other")
    assert table.array[40].tolist() == [0, 0, 0, 1]


def by_frequency(tmp_path: Path, **options: Any) -> TableSpec:
    """Of eight training rows a town is in 4, 2 and 1, and one is empty; the test row has another."""
    words = ["a"] * 4 + ["b"] * 2 + ["c", None, "d"]
    frame = pd.DataFrame({"town": words, "price": np.arange(9) / 7, "part": ["train"] * 8 + ["test"]})
    frame.to_csv(tmp_path / "t.csv", index=False)
    pd.DataFrame({"town": ["b", "z", None]}).to_csv(tmp_path / "later.csv", index=False)
    return TableSpec(path=tmp_path / "t.csv", label="price", split="part", rare="frequency", most_categories=2,
                     explain=tmp_path / "later.csv", missing="category", **options)  # fmt: skip


def test_many_categories_become_how_common_each_is_among_the_training_rows(tmp_path: Path) -> None:
    """Their shares: rows that do not train count for nothing, and what no training row holds is 0. The scheme reads
    later rows alike."""
    data = by_frequency(tmp_path).load(Memory())
    (table,) = data.inputs
    expected = [0.5] * 4 + [0.25] * 2 + [0.125, 0.125, 0.0]
    later = [0.25, 0.0, 0.125]
    assert table.features == ("town frequency",)
    assert table.array[:, 0].tolist() == [*expected, *later]
    assert (table.centre, table.spread) == (pytest.approx(np.mean(expected[:8])), pytest.approx(np.std(expected[:8])))
    assert table.filled is not None
    assert np.flatnonzero(table.filled).tolist() == [7, 11]
    assert "the share of the training rows that hold the same" in data.description
    (tmp_path / "scheme.json").write_text(json.dumps(data.scheme))
    known = by_frequency(tmp_path).model_copy(update={"path": None, "split": None, "scheme": tmp_path / "scheme.json"})
    assert known.load(Memory()).inputs[0].array[:, 0].tolist() == later


def test_of_how_common_a_category_is_no_other_can_be_chosen(tmp_path: Path) -> None:
    spec = by_frequency(tmp_path, actionable=["town: up"])
    with pytest.raises(InputError, match=r"data\.actionable: of 'town' the model is given how common a category is"):
        spec.by_name(spec.load(Memory()))
    (column,) = by_frequency(tmp_path).columns(spec.load(Memory()))
    assert (column.name, column.kind, column.title) == ("town", "number", "town frequency")


def test_advice_about_a_function_names_no_settings_that_it_does_not_have() -> None:
    frame = pd.DataFrame({"word": [f"w{k}" for k in range(40)]})
    with pytest.raises(InputError) as caught:
        dataset_of({"inputs": {"t": frame}, "labels": np.arange(40) / 7}, "data.factory: own:rows")
    assert "has 40 categories" in str(caught.value)
    assert "data.ignore" not in str(caught.value)
    assert "data.most_categories" not in str(caught.value)


SOURCE = """
import numpy as np
import pandas as pd


def frame():
    random = np.random.default_rng(0)
    x = pd.DataFrame({"age": random.integers(20, 70, 90).astype(float), "job": random.choice(["a", "b"], 90)})
    x.loc[::7, "age"] = np.nan
    return x


def rows():
    x = frame()
    return {"inputs": {"people": x}, "labels": np.where(x.job == "a", "yes", "no")}


def pipeline():
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    columns = ColumnTransformer([("words", OneHotEncoder(), ["job"]), ("numbers", SimpleImputer(), ["age"])])
    return make_pipeline(columns, LogisticRegression()).fit(frame(), rows()["labels"])


def boosted():
    from catboost import CatBoostClassifier

    return CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False, cat_features=["job"]).fit(
        frame(), rows()["labels"])
"""


@pytest.mark.parametrize("make", ["pipeline", "boosted"])
@pytest.mark.parametrize("whence", ["table", "factory"])
def test_what_a_function_fitted_is_given_its_own_columns(
    make: str, whence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Pipeline with a ColumnTransformer, and CatBoost, on words and gaps."""
    name = f"own_columns_{make}_{whence}"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("EXHIBIT_TRUSTED_MODULES", name)
    spec, compute = FactorySpec(factory=f"{name}:{make}"), Compute(batch=32, threads=1)
    import importlib

    own = importlib.import_module(name)
    wanted = spec.wanted(compute)
    assert wanted == Wanted(names=("age", "job"), categories=("job",) if make == "boosted" else (), only=False)
    if whence == "factory":
        data = dataset_of(own.rows(), f"data.factory: {name}:rows", wanted)
    else:
        own.frame().assign(price=own.rows()["labels"]).to_csv(tmp_path / "t.csv", index=False)
        data = TableSpec(path=tmp_path / "t.csv", label="price").load_for(Memory(), wanted)
    model = spec.restore(data, spec.fit(data, compute, silent), compute)
    expected = getattr(own, make)().predict_proba(own.frame())
    np.testing.assert_allclose(model.predict(data.arrays), expected, atol=1e-6)


@pytest.mark.parametrize("typed", [False, True], ids=["words", "typed"])
def test_a_date_with_an_offset_keeps_its_parts_as_written(typed: bool, tmp_path: Path) -> None:
    """Its age is of the moment: five hours lie between the two."""
    at = ["2024-01-01T01:00:00+02:00", "2024-01-01T02:00:00-02:00"]
    frame = pd.DataFrame({"at": at, "price": [1.5, 2.5]})
    expected = [[2024, 1, 1, 1, 5 / 24], [2024, 1, 1, 2, 0]]
    if typed:
        at = pd.to_datetime(at[:1] * 2).tz_convert("Europe/Athens")
        frame, expected = frame.assign(at=at), [[2024, 1, 1, 1, 0]] * 2
        frame.to_parquet(tmp_path / "t.parquet")
        data = TableSpec(path=tmp_path / "t.parquet", label="price", dates=["at"], test_share=0).load(Memory())
    else:
        data = loaded(frame, tmp_path, dates=["at"], test_share=0)
    assert data.inputs[0].features == ("at, year", "at, month", "at, weekday", "at, hour", "at, age in days")
    np.testing.assert_allclose(data.inputs[0].array, expected)


def test_parts_of_dates_are_told_apart_in_a_list(tmp_path: Path) -> None:
    frame = pd.DataFrame({"at": ["2024-01-01", "2024-01-02"], "x": [1, 2], "price": [1.5, 2.5]})
    with pytest.raises(InputError, match=r"there are 'at, year', 'at, month', 'at, weekday', 'at, age in days', x;"):
        loaded(frame, tmp_path, Wanted(names=("at", "x")), dates=["at"], test_share=0)


def test_an_empty_cell_may_be_a_word_of_the_users_own(tmp_path: Path) -> None:
    """As before a model was fitted: `fillna("none")`. Where cells hold the word already, it is that category."""
    frame = pd.DataFrame({"job": ["nurse", None, "smith", "none"], "city": ["a", "b", None, "a"], "y": [1.5, 2, 3, 4]})
    frame.to_csv(tmp_path / "t.csv", index=False)
    spec = TableSpec(path=tmp_path / "t.csv", label="y", test_share=0,
                     missing={"job": {"word": "none"}, "city": {"word": "nowhere"}})  # fmt: skip
    data = spec.load(Memory())
    (table,) = data.inputs
    assert table.features == ("job: none", "job: nurse", "job: smith", "city: a", "city: b", "city: nowhere")
    assert table.values[:, :3].tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1], [1, 0, 0]]
    assert table.values[:, 5].tolist() == [0, 0, 1, 0]
    assert "job in 1 (“none”)" in data.description
    assert "city in 1 (“nowhere”)" in data.description


def test_a_word_is_no_number_of_a_column_of_numbers(tmp_path: Path) -> None:
    pd.DataFrame({"age": [1.5, None, 3], "y": [1.5, 2, 3]}).to_csv(tmp_path / "t.csv", index=False)
    spec = TableSpec(path=tmp_path / "t.csv", label="y", missing={"age": {"word": "none"}})
    with pytest.raises(InputError, match=r"'age' holds numbers, and 'none' is a word; 'data\.missing=") as error:
        spec.load(Memory())
    assert str(error.value).endswith("or 'data.categories=[age]' makes words of them")
