"""Results by group, from a column of a file to page one: a model that leans on what tells the sex is named there, one
that does not is not, and asking changes neither data nor model."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from exhibit.flows.calls import Calls
from exhibit.flows.config import read_report
from exhibit.flows.engine import Inline
from exhibit.flows.points import Given, run_points
from exhibit.flows.progress import Watch
from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.data.own_table import TableSpec
from exhibit.tasks.document import chapter, concerns, for_whom, whom_figures
from exhibit.tasks.quality.groups import grouped, of_class
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.figure import Whiskers
from exhibit.tasks.records.grouping import Grouping, Groupings
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.records.subgroups import ExplainedGroups, ForWhom, Measured
from exhibit.tasks.stages.load import load
from exhibit.tasks.store import Store
from tests.document.test_no_false_sentence import flowers

SOURCE = '''
import numpy as np

def net(bias: float):
    """Log-odds: income in deviations, and how many hours above forty, by so much."""
    def logits(inputs):
        income, hours = inputs["table"][:, :1], inputs["table"][:, 1:2]
        return income + bias * (hours - 40)
    return logits
'''


def people(folder: Path, rows: int = 600) -> Path:
    random = np.random.default_rng(0)
    sex = random.integers(2, size=rows)
    table = pd.DataFrame(
        {
            "income": random.normal(size=rows).round(3),
            "hours": (40 + 2 * (sex - 0.5) + 0.2 * random.normal(size=rows)).round(2),
            "sex": np.array(["female", "male"])[sex],
            "age": random.integers(20, 80, size=rows),
            "split": np.where(np.arange(rows) < 20, "train", "test"),
        }
    )
    table["repaid"] = np.where(random.random(rows) < 1 / (1 + np.exp(-2 * table["income"])), "yes", "no")
    table.loc[7, "sex"] = None
    table.loc[9, "income"] = np.nan
    table.to_csv(folder / "people.csv", index=False)
    return folder / "people.csv"


@pytest.fixture
def asked(own_module: Callable[[str, str], None], tmp_path: Path) -> Callable[[float], Material]:
    """The chapter of a model that leans on hours by so much."""
    own_module("lender", SOURCE)
    path, store = people(tmp_path), Store(tmp_path / "store")

    def ask(bias: float) -> Material:
        words = [
            "data=table", f"data.path={path}", "data.label=repaid", "data.ignore=[sex,age]", "data.split=split",
            "data.missing=exclude", "data.groups=[sex,{age:[40,60]}]", "data.protected=[sex]", "model=factory",
            "model.factory=lender:net", f"model.arguments={{bias: {bias}}}", "method=[occlusion]", "check=[]",
            "target=predicted_probability",
        ]  # fmt: skip
        report = read_report(words)
        (done,) = run_points(report.points, report.compute, Calls(store, Inline(), Watch()), Given())
        return unpack(Material, store.get(done["gather"]["material"]), store)

    return ask


def test_a_planted_bias_is_on_page_one_and_none_is_made_up(asked: Callable[[float], Material]) -> None:
    biased, fair = asked(1.0), asked(0.0)
    found = {concern.title: concern for concern in for_whom.concerns(biased)}
    assert list(found) == [
        "The model does not treat all groups alike",
        "What tells a protected column is among what counts most",
    ]
    apart, told = (concern.sentence for concern in found.values())
    assert "by sex the selection rate of yes" in apart.replace("By sex", "by sex")
    assert "higher for male than for female" in apart
    assert "Sex is told by hours (feature 1 by mean |a|, association 0.9" in told
    assert ". By occlusion, of " in told
    assert {item.anchor for item in concerns.concerns([biased], {biased.slug: f"chapter-{biased.slug}"})} >= {
        f"section-{biased.slug}-groups"
    }
    assert for_whom.concerns(fair) == ()
    assert fair.groups
    assert fair.groups.explained
    assert fair.groups.explained.protected[0].proxies[0].feature == "income"
    assert _said(biased)


def _said(material: Material) -> bool:
    """What the section of the chapter and the file of the run say of the same numbers."""
    assert material.groups
    assert list(material.groups.by["sex"]) == ["female", "male", "not stated"]
    assert list(material.groups.by["age"]) == ["under 40", "40 to under 60", "60 and over"]
    assert sum(material.groups.by["sex"].values()) == len(material.labels) == 599
    (section,) = [one for one in chapter.chapter(material, CHECK_WORDS).sections if one.id == "groups"]
    said = " ".join(text for block in section.blocks for text in block.paragraphs)
    assert "told apart by sex and age and both at once. The model is not given sex and age." in said
    assert "The model is not given sex." in said
    tables = [table for block in section.blocks for table in block.tables]
    assert [row[0] for row in tables[0].rows] == ["female", "male"]  # whom nobody stated is in training
    heads = [[column.title for column in table.columns] for table in tables[:3]]
    assert heads == [
        ["sex", "rows", "base rate", "selection rate", "TPR", "FPR", "precision"],
        ["sex", "rows", "accuracy", "balanced accuracy", "F1", "AUC", "average precision"],
        ["sex", "rows", "log loss", "Brier score", "calibration"],
    ]
    assert "fail" in [row[-1] for table in tables for row in table.rows]
    assert section.blocks[0].figures == (f"{material.slug}-whom-0", f"{material.slug}-whom-1")
    sex, age = whom_figures.figures(material)
    assert isinstance(sex.content, Whiskers)
    assert [panel.title.split(",")[0] for panel in sex.content.panels] == [
        "Selection rate of yes", "Accuracy", "TPR of yes",
    ]  # fmt: skip
    rates = [row[3] for row in tables[0].rows]
    assert list(sex.content.panels[0].written) == rates
    assert all(f"{name} {rate}" in sex.alt for name, rate in zip(["female", "male"], rates, strict=True))
    assert re.search(r"of all rows 0\.\d\d: under 40 0\.\d\d \(", age.alt)
    roles = [table for table in tables if "-roles-" in table.name]
    for table in roles:
        sizes = re.findall(r"\d+\.(\d+)", " ".join(row[3] for row in table.rows))
        assert len({len(decimals) for decimals in sizes}) == 1  # 0.100 (0.088 to 0.120), not 0.1 (0.088 to 0.12)
    assert roles
    plain = json.loads(json.dumps(for_whom.as_plain([material]), allow_nan=False))
    assert plain["chapters"][0]["measured"]["comparisons"] == (1 + 3 + 15) * 13
    assert plain["chapters"][0]["explained"]["signed_for"] == "yes"
    return True


def test_asking_for_groups_changes_neither_the_data_nor_what_is_fitted(tmp_path: Path) -> None:
    """So the model is not trained anew; the groups are those of the rows that are used, also of those to explain."""
    path, store = people(tmp_path), Store(tmp_path / "store")
    table = pd.read_csv(path)
    table[5:8].to_csv(tmp_path / "explain.csv", index=False)
    settings: dict[str, Any] = {
        "path": path,
        "explain": tmp_path / "explain.csv",
        "label": "repaid",
        "missing": "exclude",
    }
    settings |= {"ignore": ["sex"]}
    plain, grouped = (load(store, TableSpec(**settings, groups=groups)) for groups in ((), ["sex", {"age": [50]}]))
    assert {name: grouped[name] for name in plain.outputs} == plain.outputs
    assert grouped.outputs.keys() - plain.outputs.keys() == {"groupings"}
    sex, age = unpack(Groupings, store.get(grouped["groupings"])).items
    used = pd.concat([table.drop(index=9), table[5:8]])
    assert np.array(sex.groups)[sex.of].tolist() == used["sex"].fillna("not stated").tolist()
    assert (np.array(age.groups)[age.of] == "50 and over").tolist() == (used["age"] >= 50).tolist()
    brought = tmp_path / "brought"
    given = grouped.spec, store.get(grouped["dataset"])
    again = load(Store(brought), TableSpec(**settings), given, groupings=store.get(grouped["groupings"]))
    assert again.outputs == grouped.outputs
    assert unpack(Dataset, store.get(grouped["dataset"]), store).groupings is None


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ("gender", "data.groups: there is no column gender; there are income, hours, sex"),
        ("repaid", "data.groups: 'repaid' is the label; name columns that say whose row it is"),
        ("income", "550 different values, and at most 20 groups.*as its quarters: 'data.groups=..income:.-0.6385"),
        ({"sex": [1]}, "data.groups: the column 'sex' has ends of ranges, which are of numbers, but in row 0 it is"),
        ({"age": list(range(20, 60))}, "data.groups: the column 'age' has 40 different values.*give fewer ends"),
    ],
)
def test_groups_that_cannot_be_told_are_refused_before_anything_is_computed(
    groups: Any, said: str, tmp_path: Path
) -> None:
    spec = TableSpec(path=people(tmp_path), label="repaid", missing="exclude", groups=[groups], ignore=("sex",))
    with pytest.raises(InputError, match=said):
        load(Store(tmp_path / "store"), spec)


def test_a_column_that_only_the_rows_to_explain_lack_is_said_to_be_missing_there(tmp_path: Path) -> None:
    path, rows = people(tmp_path), tmp_path / "rows.csv"
    pd.read_csv(path)[:5].drop(columns="sex").to_csv(rows, index=False)
    spec = TableSpec(path=path, explain=rows, label="repaid", missing="exclude", groups=["sex"], ignore=("sex",))
    with pytest.raises(InputError, match=r"there is no column sex in data\.explain; there are income"):
        load(Store(tmp_path / "store"), spec)


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ([{"age": [1e13]}], "the end 10000000000000.0 of a range of 'age' is beyond 1,000,000,000,000 either way"),
        ([{"age": [40, 25]}], r"the ends of ranges of 'age' ascend, as \[25, 40, 60\]; \[40, 25\] do not"),
        ([{"age": []}], r"the ends of ranges of 'age' are numbers, as \[25, 40, 60\], not \[\]"),
        ([{"age": ["x"]}], "are numbers"),
        (["sex", {"sex": [1]}], "'sex' is named twice"),
        ([["sex"]], "name columns, as"),
    ],
)
def test_groups_are_columns_with_ascending_ends_of_ranges(groups: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TableSpec(path=Path("people.csv"), label="repaid", groups=groups)


def test_groups_are_written_as_they_are_read() -> None:
    spec = TableSpec(path=Path("people.csv"), label="repaid", groups={"sex": None, "age": [25, 40]})
    assert spec.model_dump(mode="json")["groups"] == ["sex", {"age": [25.0, 40.0]}]
    assert TableSpec.model_validate(spec.model_dump(mode="json")) == spec
    assert TableSpec(path=Path("people.csv"), label="repaid", groups=None).groups == ()


NOTHING = ExplainedGroups(method="", rows=0, features=0, lead=0, signed_for="", roles=(), protected=())


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            "text",
            "Which difference is fair depends on what the model is for and on the law;",
        ),
        ("molecule", "Which difference matters depends on what the model is for;"),
    ],
)
def test_no_law_is_asked_of_molecules(kind: Any, said: str) -> None:
    """And what has no columns is not said to hide any."""
    item = flowers([0.4, 0.3, 0.2, 0.1])
    read = Input.model_construct(name="it", kind=kind)
    known = item.model_copy(update={"dataset": item.dataset.model_copy(update={"inputs": (read,)})})
    found = ForWhom(by={"site": {"a": 40, "b": 50}}, given=(), measured=None, explained=NOTHING)
    assert f"but may read it from what it is given. {said}" in for_whom._asked(known, found)


def test_what_a_group_does_not_have_is_null_in_the_file_and_said_below_the_table() -> None:
    """Of the men nobody repaid."""
    random = np.random.default_rng(0)
    of = np.repeat([0, 1], 40)
    true, probability = (random.random(80) < 0.5) & (of == 0), random.random(80)
    by = Grouping(by=("sex",), groups=("female", "male"), of=of)
    tables, intervals, comparisons = grouped(of_class(true, probability, probability > 0.5), [by])
    measured = Measured(
        split="test", rows=80, about="setosa", whole={}, tables=tables, intervals=intervals, comparisons=comparisons
    )
    found = ForWhom(by={"sex": {"female": 40, "male": 40}}, given=(), measured=measured, explained=NOTHING)
    material = flowers([0.4, 0.3, 0.2, 0.1]).model_copy(update={"groups": found})
    rates, ranks, _ = for_whom._by_group(material)
    assert "There is no TPR where no row is of the class." in rates.caption
    assert (
        "There is no balanced accuracy, AUC or average precision where all rows are of the class, or none is."
        in ranks.caption
    )
    assert [row[-1] for row in ranks.rows][1] == "–"
    chapter = json.loads(json.dumps(for_whom.as_plain([material]), allow_nan=False))["chapters"][0]
    women, men = chapter["measured"]["tables"][0]["groups"]
    assert women["measures"]["average precision"]["interval"]
    assert women["lacking"] == {}
    assert (men["measures"]["average precision"], men["measures"]["balanced accuracy"]) == (None, None)
    assert men["lacking"]["average precision"] == "all rows are of the class, or none is"
