"""Tables of the user's own: columns, labels, what is left out, and rows to explain that are read as others are."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyarrow.parquet import ParquetFile
from pydantic import ValidationError
from sklearn.ensemble import RandomForestRegressor

from exhibit.tasks.data.baselines import baseline
from exhibit.tasks.data.features import feature_names, feature_values, features
from exhibit.tasks.data.own_table import TableSpec
from exhibit.tasks.data.select import SelectionSpec, TargetSpec, select
from exhibit.tasks.methods.aggregate import importances
from exhibit.tasks.models.performance import performance
from exhibit.tasks.models.zoo.gradient_boosting import BoostingSpec
from exhibit.tasks.models.zoo.mlp import MLPSpec
from exhibit.tasks.models.zoo.random_forest import ForestSpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Prediction
from exhibit.tasks.records.packing import pack
from tests.conftest import Memory

HOUSES = """house,area,colour,garden,rooms,price
h1,100,red,true,3,310.5
h2,80,blue,false,2,250
h3,,red,true,2,240
h4,120,green,true,4,390
h5,90,,false,3,280
h6,70,blue,false,1,
h7,110,red,true,4,350
h8,95,green,false,3,300
"""
NEXT_WEEK = """house,area,colour,garden,rooms
n1,105,green,true,3
n2,60,purple,false,1
n3,1000,red,false,9
"""


@pytest.fixture
def houses(tmp_path: Path) -> Path:
    return written(tmp_path / "houses.csv", HOUSES)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def spec(path: Path | None, **options: Any) -> TableSpec:
    return TableSpec(**{"path": path, "label": "price", "id": "house", "missing": "exclude", **options})


def reasons(dataset: Dataset) -> dict[str, str]:
    return {item.sample_id: item.reason for item in dataset.excluded}


def test_categories_are_features_that_can_be_read(houses: Path) -> None:
    (table,) = spec(houses, units={"area": "m²"}, names={"colour": "colour of the door"}).load(Memory()).inputs
    assert table.features == (
        "area (m²)", "colour of the door: blue", "colour of the door: green", "colour of the door: red", "garden",
        "rooms",
    )  # fmt: skip
    assert table.values.tolist() == [
        [100, 0, 0, 1, 1, 3], [80, 1, 0, 0, 0, 2], [120, 0, 1, 0, 1, 4], [110, 0, 0, 1, 1, 4], [95, 0, 1, 0, 0, 3]
    ]  # fmt: skip
    assert table.values.dtype == np.float64


def test_what_is_missing_is_listed_and_never_filled(houses: Path) -> None:
    data = spec(houses).load(Memory())
    assert reasons(data) == {"h3": "area is missing", "h5": "colour is missing", "h6": "price is missing"}
    assert data.sample_ids.tolist() == ["h1", "h2", "h4", "h7", "h8"]
    assert data.labels.tolist() == [310.5, 250, 390, 350, 300]


def test_a_parquet_file_gives_the_same_as_a_csv(houses: Path, tmp_path: Path) -> None:
    pd.read_csv(houses).to_parquet(tmp_path / "houses.parquet")
    assert pack(spec(houses).load(Memory())) == pack(spec(tmp_path / "houses.parquet").load(Memory()))


def test_many_columns_of_a_parquet_file_make_its_schema_no_more_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made with all columns each time that it is asked for: asked for each of them, ten times as many columns
    would take a hundred times as long."""
    made: list[ParquetFile] = []

    def schema(file: ParquetFile) -> Any:
        made.append(file)
        return file.schema.to_arrow_schema()

    monkeypatch.setattr(ParquetFile, "schema_arrow", property(schema))
    counts = []
    for columns in (2, 50):
        made.clear()
        table = pd.DataFrame({**{f"c{column}": [1.5, 2.5, 3.5] for column in range(columns)}, "price": [1.0, 2.0, 4.0]})
        table.to_parquet(tmp_path / "table.parquet")
        TableSpec(path=tmp_path / "table.parquet", label="price", task="regression").load(Memory())
        counts.append(len(made))
    assert counts[0] == counts[1] > 0


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["no", "yes", "no", "yes"], "classification", ("no", "yes")),
        (["True", "False", "True", "False"], "classification", ("False", "True")),
        (["10", "2", "10", "2"], "classification", ("2", "10")),
        (["1.5", "2", "1.5", "2"], "regression", ()),
    ],
)
def test_the_task_follows_from_the_labels(
    values: list[str], task: str, classes: tuple[str, ...], tmp_path: Path
) -> None:
    text = "x,price\n" + "".join(f"{number},{value}\n" for number, value in enumerate(values))
    data = spec(written(tmp_path / "t.csv", text), id=None, test_share=0).load(Memory())
    assert (data.task, data.classes) == (task, classes)
    assert f"The model predicts the column price: a {task}, because the column holds" in data.description
    assert data.sample_ids.tolist() == ["row 0", "row 1", "row 2", "row 3"]


def test_the_config_says_the_task_and_names_the_classes(tmp_path: Path) -> None:
    text = "x,price\n1,0\n2,1\n3,0\n4,1\n"
    path = written(tmp_path / "t.csv", text)
    assert spec(path, id=None, task="regression").load(Memory()).labels.tolist() == [0, 1, 0, 1]
    data = spec(path, id=None, classes={0: "cheap", 1: "dear"}).load(Memory())
    assert data.classes == ("cheap", "dear")
    assert data.labels.dtype == np.int64


def test_a_category_is_one_feature_to_a_reader(houses: Path) -> None:
    """What its values contribute is summed within a sample before anything is taken of it: +2 and -1.5 are 0.5."""
    titles = {"units": {"area": "m²"}, "names": {"colour": "colour of the door"}}
    (table,) = spec(houses, **titles).load(Memory()).inputs
    assert feature_names(table) == ("area (m²)", "colour of the door", "garden", "rooms")
    values = np.array([[1.0, 2.0, -1.5, 0.0, 3.0, 4.0]] * 5)[..., np.newaxis]
    assert features(table, values)[0, :, 0].tolist() == [1, 0.5, 3, 4]
    [importance] = importances("table", feature_names(table), ("value",), "raw", [features(table, values)])
    assert dict(zip(importance.features, importance.mean_absolute, strict=True))["colour of the door"] == 0.5
    amounts = feature_values(table)
    assert np.isnan(amounts[:, 1]).all()
    assert amounts[:, 0].tolist() == [100, 80, 120, 110, 95]


def test_the_importance_of_a_category_to_a_forest_is_that_of_all_its_values(houses: Path) -> None:
    data = spec(houses, reference={"trees": 5}, test_share=0).load(Memory())
    known = spec(houses, reference={"trees": 5}, test_share=0).reference_of(data)
    assert known is not None
    assert known.features == ("area", "colour", "garden", "rooms")
    assert known.mean.sum() == pytest.approx(1)
    forest = RandomForestRegressor(5, random_state=0).fit(data.inputs[0].array, data.labels)
    assert known.mean[1] == pytest.approx(forest.feature_importances_[1:4].sum())


def test_numbers_are_categories_where_the_config_says_so(houses: Path) -> None:
    (table,) = spec(houses, features=["rooms"], categories=["rooms"]).load(Memory()).inputs
    assert table.features == ("rooms: 2", "rooms: 3", "rooms: 4")


def test_a_share_of_each_class_is_held_out_by_seed(tmp_path: Path) -> None:
    text = "x,price\n" + "".join(f"{k},{'a' if k % 4 else 'b'}\n" for k in range(40))
    path = written(tmp_path / "t.csv", text)
    splits = [spec(path, id=None, test_share=0.2, seed=seed).load(Memory()) for seed in (0, 0, 1)]
    assert splits[0].split.tolist() == splits[1].split.tolist() != splits[2].split.tolist()
    for data in splits:
        assert np.bincount(data.labels[data.split == "test"]).tolist() == [6, 2]
    assert set(spec(path, id=None, test_share=0).load(Memory()).split) == {"train"}


def test_a_column_says_what_is_held_out(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "x,part,price\n1,train,1.5\n2,Test,2.5\n3,train,3.5\n")
    data = spec(path, id=None, split="part").load(Memory())
    assert data.split.tolist() == ["train", "test", "train"]
    assert data.inputs[0].features == ("x",)


def test_rows_to_explain_shift_nothing(houses: Path, tmp_path: Path) -> None:
    """Neither categories, nor their order, nor mean and deviation; the model is fitted to the same bytes."""
    alone = spec(houses)
    both = spec(houses, explain=written(tmp_path / "week.csv", NEXT_WEEK))
    data = both.load(Memory())
    assert data.sample_ids[data.split == "explain"].tolist() == ["n1", "n3"]
    assert reasons(data)["n2"] == "colour is 'purple', which no row of the fit has"
    assert np.isnan(data.labels[data.split == "explain"]).all()
    assert data.inputs[0].values[-1].tolist() == [1000, 0, 0, 1, 0, 9]
    assert pack(alone.fitted(alone.load(Memory()))) == pack(both.fitted(data))
    train = data.inputs[0].values[data.split == "train"].astype(np.float64)
    assert data.inputs[0].centre is not None
    np.testing.assert_allclose(data.inputs[0].centre, train.mean(axis=0))
    mean = baseline("auto", data, None, np.arange(len(data.labels)))
    assert mean is not None
    np.testing.assert_allclose(mean["table"][0], train.mean(axis=0), rtol=1e-6)


def test_labels_of_the_rows_to_explain_are_measured(houses: Path, tmp_path: Path) -> None:
    week = "house,area,colour,garden,rooms,price\nn1,105,green,true,3,300\nn3,50,red,false,1,\n"
    data = spec(houses, explain=written(tmp_path / "week.csv", week)).load(Memory())
    assert data.labels[-2] == 300
    assert np.isnan(data.labels[-1])
    outputs = np.full((len(data.labels), 1), 290.0)
    found = performance(data, Prediction(kind="values", outputs=outputs))
    assert [(item.name, item.split, item.count) for item in found.metrics][:1] == [("RMSE", "explain", 1)]
    assert found.metrics[0].value == 10


def test_classes_that_are_not_known_are_not_right_or_wrong(tmp_path: Path) -> None:
    train = written(tmp_path / "t.csv", "x,price\n1,a\n2,b\n3,a\n4,b\n")
    week = written(tmp_path / "week.csv", "x,price\n5,\n6,c\n7,b\n")
    data = spec(train, id=None, explain=week, test_share=0).load(Memory())
    assert reasons(data) == {"given 1": "price is a class that no row of the fit has"}
    assert data.labels[-2:].tolist()[1] == 1
    prediction = Prediction(kind="logits", outputs=np.eye(2)[[0, 1, 0, 1, 0, 1]])
    assert performance(data, prediction).metrics[0].count == 1
    chosen = select(SelectionSpec(order="each_class"), TargetSpec(), data, prediction)
    assert chosen.explained.tolist() == [4, 5]
    for selection, target in (("wrong_first", "predicted"), ("first", "true")):
        chosen_by = SelectionSpec.model_validate({"order": selection})
        with pytest.raises(InputError, match=r"no label"):
            select(chosen_by, TargetSpec(outputs=(target,)), data, prediction)


def test_a_scheme_stands_in_for_the_rows_of_the_fit(houses: Path, tmp_path: Path) -> None:
    """What a run leaves as scheme.json is enough to read this week's rows for weights that were trained before."""
    week = written(tmp_path / "week.csv", NEXT_WEEK)
    whole = spec(houses, explain=week).load(Memory())
    scheme = written(tmp_path / "scheme.json", json.dumps(whole.scheme))
    alone = spec(None, scheme=scheme, explain=week).load(Memory())
    rows = whole.split == "explain"
    assert alone.sample_ids.tolist() == whole.sample_ids[rows].tolist()
    np.testing.assert_array_equal(alone.inputs[0].values, whole.inputs[0].values[rows])
    weights = MLPSpec(epochs=2, hidden=4).fit(spec(houses).fitted(whole), Compute(batch=32), silent)
    np.savez(tmp_path / "w.npz", allow_pickle=False, **weights.arrays)
    given = MLPSpec(hidden=4, fit="never", weights=tmp_path / "w.npz")
    trained = MLPSpec(epochs=2, hidden=4).restore(whole, weights, Compute(batch=32)).predict(whole.arrays)[rows]
    restored = given.restore(alone, given.fit(alone, Compute(batch=32), silent), Compute(batch=32))
    np.testing.assert_array_equal(restored.predict(alone.arrays), trained)
    assert performance(alone, Prediction(kind="values", outputs=trained)).metrics == ()


def test_without_rows_of_the_fit_nothing_is_trained(houses: Path, tmp_path: Path) -> None:
    week = written(tmp_path / "week.csv", NEXT_WEEK)
    scheme = written(tmp_path / "scheme.json", json.dumps(spec(houses).load(Memory()).scheme))
    data = spec(None, scheme=scheme, explain=week).load(Memory())
    for model in (MLPSpec(epochs=1), ForestSpec(trees=2)):
        with pytest.raises(InputError, match="the data has no training rows"):
            model.fit(data, Compute(), silent)


def test_a_net_on_prices_learns_on_standardised_numbers(tmp_path: Path) -> None:
    """Of columns and a label of very different sizes: raw ones would end far off."""
    draws = np.random.default_rng(0)
    frame = pd.DataFrame({"area": draws.uniform(2e4, 9e4, 200), "share": draws.uniform(0, 1e-3, 200)})
    frame["price"] = 3e5 + 10 * frame["area"] + 4e8 * frame["share"]
    frame.to_csv(tmp_path / "t.csv", index=False)
    data = spec(tmp_path / "t.csv", id=None).load(Memory())
    model = MLPSpec(epochs=60, dropout=0.0)
    weights = model.fit(data, Compute(batch=32), silent)
    outputs = model.restore(data, weights, Compute(batch=32)).predict(data.arrays)
    assert performance(data, Prediction(kind="values", outputs=outputs)).metrics[1].value > 0.95


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("a,price\n", {}, r"data\.path: t\.csv has no rows"),
        ("", {}, r"data\.path: t\.csv cannot be read: No columns"),
        ("a,cost\n1,2\n", {}, r"^data\.label: there is no column price; there are a, cost"),
        ("a,price\n1,\n2,\n", {}, r"^data\.label: the column 'price' is empty in all 2 rows$"),
        ("a,price\n1,x\n2,x\n", {}, r"^data\.label: the column 'price' is 'x' in every row; it needs two classes$"),
        ("a,price\n1,x\n2,y\n3,z\n", {}, r"'price' has 3 different values in 3 rows, too many for classes"),
        ("a,price\n1,2\n2,x\n", {"task": "regression"}, r"'price' holds numbers, but in row 1 it is 'x'"),
        ("a,price\n1,2.5\n2,\n,1.5\n", {"features": ["a", "b"]}, r"^data\.features: there is no column b"),
        ("a,price\n1,2.5\n", {"features": ["price"]}, r"^data\.features: price is also the label, the id"),
        ("a,b,price\n1,,2.5\n,,1.5\n", {}, r"each of 2 rows lacks a value; b does in 2: leave it out"),
        ("a,price\nu,1.5\nv,2.5\nw,3.5\n", {"most_categories": 2}, r"'a' has 3 categories, more than data\.most_cat"),
        ("a,price\n1,1.5\n2,2.5\n3,3.5\n4 m,2.5\n", {"most_categories": 3},
         r"'a' holds numbers in 3 of 4 rows, but in row 3 it is '4 m'"),
        ("a,id,price\n1,x,2.5\n2,x,3.5\n", {"id": "id"}, r"^data\.id: 'x' is the id of 2 rows of data\.path"),
        ("a,part,price\n1,dev,2.5\n", {"split": "part"}, r"^data\.split: the column 'part' holds 'dev'; only train"),
        ("a,part,price\n1,test,2.5\n", {"split": "part"}, r"^data\.split: none of the usable rows has the split train"),
        ("price\n2.5\n", {}, r"^data\.path: no column is left as a feature of the model; see"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_in_one_sentence(
    text: str, options: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=said) as error:
        spec(written(tmp_path / "t.csv", text), **{"id": None, **options}).load(Memory())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "house,area,garden\nn1,1,true\n",
            r"^data\.explain: the file has no column colour, rooms, which the training data have",
        ),
        (
            "area,colour,garden,rooms,sea\n1,red,true,2,3\n",
            r"^data\.explain: the file has the columns sea, which the tr",
        ),
        ("area,colour,garden,rooms\nbig,red,true,2\n", r"'area' holds numbers, but in row 0 it is 'big'"),
        ("area,colour,garden,rooms\n,red,true,2\n", r"none of 1 rows can be used, the first because area is missing"),
    ],
)
def test_rows_to_explain_have_the_columns_of_the_fit(text: str, said: str, houses: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        spec(houses, explain=written(tmp_path / "week.csv", text)).load(Memory())


def test_files_that_are_not_there_are_named(tmp_path: Path, houses: Path) -> None:
    with pytest.raises(InputError, match=r"data\.path: .*none\.csv does not exist"):
        spec(tmp_path / "none.csv").load(Memory())
    with pytest.raises(InputError, match=r"data\.explain: .*none\.csv does not exist"):
        spec(houses, explain=tmp_path / "none.csv").load(Memory())
    with pytest.raises(InputError, match=r"data\.path: houses\.xlsx ends in '\.xlsx'; give a \.csv or a \.parquet"):
        spec(written(tmp_path / "houses.xlsx", "x")).load(Memory())
    with pytest.raises(InputError, match=r"data\.scheme: houses\.csv is not a scheme\.json that a run"):
        spec(None, scheme=houses, explain=houses).load(Memory())
    scheme = written(tmp_path / "scheme.json", json.dumps(spec(houses).load(Memory()).scheme))
    with pytest.raises(
        InputError, match=r"^data\.label: 'rooms' was given, but scheme\.json is for the label 'price'$"
    ):
        spec(None, scheme=scheme, explain=houses, label="rooms").load(Memory())
    for options in ({}, {"scheme": houses, "path": houses}, {"scheme": houses}):
        with pytest.raises(ValidationError):
            spec(options.pop("path", None), **options)


def test_a_file_counts_by_its_content_not_its_place(houses: Path, tmp_path: Path) -> None:
    moved = written(tmp_path / "moved.csv", HOUSES)
    assert spec(houses).spec_with_digests() == spec(moved).spec_with_digests()
    assert (
        spec(houses).spec_with_digests() != spec(written(moved, HOUSES + "h9,90,red,true,2,280\n")).spec_with_digests()
    )
    assert str(tmp_path) not in str(spec(houses).spec_with_digests())


@pytest.mark.parametrize("model", [ForestSpec(trees=4), BoostingSpec(trees=4)])
def test_trees_that_are_fitted_again_beside_rows_to_explain_are_the_same(model: Any, tmp_path: Path) -> None:
    """Their labels are no whole numbers then, because some rows have none."""
    draws = np.random.default_rng(0)
    frame = pd.DataFrame({"a": draws.normal(size=60), "b": draws.normal(size=60), "price": ["x", "y", "z"] * 20})
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.drop(columns="price").iloc[:5].to_csv(tmp_path / "week.csv", index=False)
    data_spec = spec(tmp_path / "t.csv", id=None, explain=tmp_path / "week.csv", reference={"trees": 4})
    data = data_spec.load(Memory())
    weights = model.fit(data_spec.fitted(data), Compute(), silent)
    found = model.restore(data, weights, Compute()).predict(data.arrays)
    assert found.shape == (65, 3)
    assert data_spec.reference is not None
    assert data_spec.reference.compute(data).features == ("a", "b")


def test_an_id_keeps_its_zeros(tmp_path: Path) -> None:
    train = written(tmp_path / "t.csv", "id,x,price\n001,1,1.5\n002,2,2.5\n")
    week = written(tmp_path / "week.csv", "id,x\n003,5\n")
    assert spec(train, id="id", explain=week).load(Memory()).sample_ids.tolist() == ["001", "002", "003"]


@pytest.mark.parametrize(
    "word", ["None", "NA", "N/A", "null", "nan", "NaN", "n/a", "<NA>", "NULL", "-nan", "1.#IND", "#N/A"]
)
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_words_that_look_missing_are_categories(word: str, ending: str, tmp_path: Path) -> None:
    """Namibia is NA, and a drinker of nothing says None; only the empty cell is missing."""
    words = [word, "some", word, "much", None, word]
    frame = pd.DataFrame({"drink": words, "price": [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]})
    path = tmp_path / f"t{ending}"
    frame.to_csv(path, index=False) if ending == ".csv" else frame.to_parquet(path)
    data = spec(path, id=None, test_share=0).load(Memory())
    assert set(data.inputs[0].features) == {f"drink: {word}", "drink: some", "drink: much"}
    assert reasons(data) == {"row 4": "drink is missing"}
    assert data.description.endswith("Missing are drink in 1 of 6 rows, which are left out.")
    said = spec(path, id=None, test_share=0, missing_values=(word,)).load(Memory())
    assert sorted(reasons(said)) == ["row 0", "row 2", "row 4", "row 5"]


def test_missing_values_may_be_numbers_and_labels(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "x,y,price\n1,a,1.5\n-999,b,2.5\n3,a,NA\n4,  ,4.5\n5,b,5.5\n")
    data = spec(path, id=None, test_share=0, missing_values=("-999", "NA")).load(Memory())
    assert reasons(data) == {"row 1": "x is missing", "row 2": "price is missing", "row 3": "y is missing"}
    assert data.description.endswith("Missing are x in 1, price in 1, y in 1 of 5 rows, which are left out.")


@pytest.mark.parametrize("mark", ["NA", "nan", "None", "?"])
def test_numbers_among_marks_are_asked_about(mark: str, tmp_path: Path) -> None:
    """Neither categories of 1, 2 and NA, nor left out: nothing says which."""
    path = written(tmp_path / "t.csv", f"x,price\n1,1.5\n2,2.5\n{mark},3.5\n1,4.5\n2,5.5\n")
    with pytest.raises(InputError, match=r"the column 'x' holds numbers in 4 of 5 rows, and else .*missing_values"):
        spec(path, id=None).load(Memory())
    label = written(tmp_path / "l.csv", f"x,price\n1,0\n2,1\n3,{mark}\n4,1\n5,0\n")
    with pytest.raises(InputError, match=r"data.label: the column 'price' holds numbers in 4 of 5 rows"):
        spec(label, id=None).load(Memory())
    assert spec(path, id=None, categories=("x",)).load(Memory()).inputs[0].features[:2] == ("x: 1", "x: 2")


@pytest.mark.parametrize(
    ("fit", "week", "said"),
    [("", "Z", "have an offset .* the fit have none"), ("+02:00", "", "have no offset .* the fit have one")],
)
def test_times_to_explain_have_an_offset_where_those_of_the_fit_have_one(
    tmp_path: Path, fit: str, week: str, said: str
) -> None:
    """Ages count from the last time of the fit: without an offset nothing says when that was beside one that has it."""
    rows = "".join(f"2026-01-{day:02}T10:00{fit},{'pq'[day % 2]}\n" for day in range(1, 25))
    (tmp_path / "fit.csv").write_text(f"d,y\n{rows}")
    (tmp_path / "week.csv").write_text(f"d\n2026-02-01T10:00{week}\n")
    spec = {"path": tmp_path / "fit.csv", "explain": tmp_path / "week.csv", "label": "y", "dates": ["d"]}
    with pytest.raises(InputError, match=said):
        TableSpec.model_validate(spec).load(Memory())
    (tmp_path / "week.csv").write_text(f"d\n2026-02-01T10:00{fit}\n")
    assert len(TableSpec.model_validate(spec).load(Memory()).labels) == 25
