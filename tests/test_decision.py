"""A page about one decision says what a linear model does, in closed form, and never names a protected column as a
reason."""

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exhibit.flows.calls import Calls
from exhibit.flows.config import read_report
from exhibit.flows.engine import Inline
from exhibit.flows.errors import ConfigError
from exhibit.flows.points import Given, run_points
from exhibit.flows.progress import Watch
from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.document import reasons
from exhibit.tasks.document.decision import probable
from exhibit.tasks.document.words import share
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.decision import Cell, Decision, Outcome
from exhibit.tasks.records.decision_file import DecisionFile
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.records.page import Document
from exhibit.tasks.stages.compose import compose
from exhibit.tasks.store import Store
from tests.points import inputs, material, method

WEIGHTS, BIAS = np.array([1.0, -2.0, 0.5, 0.1, 3.0]), -0.4
NAMES = ("income", "debts", "years", "age", "rank")
SOURCE = f'''
import numpy as np
import pandas as pd

WEIGHTS, BIAS = np.array({WEIGHTS.tolist()}), {BIAS}

def rows():
    """Sixty rows of five numbers."""
    random = np.random.default_rng(0)
    values = random.normal(size=(60, 5)).round(2)
    values[:, 1] = random.poisson(2, 60)
    values[:, 4] = 0.01 * values[:, 4]
    frame = pd.DataFrame(values, columns={list(NAMES)})
    good = np.where(values @ WEIGHTS + BIAS > 0, "good", "bad")
    return {{"inputs": {{"table": frame}}, "labels": good, "classes": ["bad", "good"], "label_name": "credit"}}

def net():
    """The log-odds of good."""
    import torch

    layer = torch.nn.Linear(5, 1)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(WEIGHTS)[None])
        layer.bias.copy_(torch.tensor([BIAS]))
    return layer

def scored():
    """The same rows with what they score."""
    found = rows()
    values = found["inputs"]["table"].to_numpy() @ WEIGHTS + BIAS
    return {{"inputs": found["inputs"], "labels": values, "label_name": "score"}}

SLOPES = np.array([1.0, -2.0])  # of the mean of each channel over time

def waves():
    """Forty series of eight steps of two channels."""
    values = np.random.default_rng(0).normal(size=(40, 8, 2)).astype(np.float32)
    good = np.where(values.mean(axis=1) @ SLOPES > 0, "good", "bad")
    item = {{"values": values, "kind": "series", "features": ["pulse", "breath"]}}
    return {{"inputs": {{"watch": item}}, "labels": good, "classes": ["bad", "good"], "label_name": "rest"}}

def waves_net():
    """The log-odds of good."""
    import torch

    layer = torch.nn.Linear(16, 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(np.tile(SLOPES / 8, 8), dtype=torch.float32)[None])
    return torch.nn.Sequential(torch.nn.Flatten(), layer)

def two():
    """It looks at age and rank alone."""
    import torch

    layer = net()
    with torch.no_grad():
        layer.weight[0, :3] = 0
    return layer

def contrary():
    """It says good of the bad."""
    import torch

    layer = net()
    with torch.no_grad():
        for values in layer.parameters():
            values.neg_()
    return layer
'''
WORDS = (
    "data=factory", "data.factory=creditor:rows", "model=factory", "model.factory=creditor:net", "model.output=logits",
    "method=[integrated_gradients]", "check=[completeness]", "target=predicted_probability", "document.kind=decision",
)  # fmt: skip

Decided = Callable[..., tuple[Document, list[dict[str, Any]]]]


@pytest.fixture
def decided(own_module: Callable[[str, str], None], tmp_path: Path) -> Decided:
    """The document of decisions about rows of that table, and the same for programs; nothing is drawn or printed."""
    own_module("creditor", SOURCE)

    def ask(*words: str, language: str = "en") -> tuple[Document, list[dict[str, Any]]]:
        report = read_report([*WORDS, *words])
        calls = Calls(Store(tmp_path / "store"), Inline(), Watch())
        chapters = run_points(report.points, report.compute, calls, Given(), decision=report.document.decision)
        materials = [one["gather"]["material"] for one in chapters]
        decisions = [one["decide"]["decisions"] for one in chapters]
        slugs = [one.slug for one in chapters]
        done = compose(
            calls.store, None, CHECK_WORDS, materials, slugs, [], None, decisions=decisions, language=language
        )
        read = partial(unpack, Document)
        said = json.loads(calls.store.get(done["decisions"]))
        DecisionFile.model_validate(said)
        return read(calls.store.get(done["document"]), calls.store), said["decisions"]

    return ask


def table() -> Any:
    names: dict[str, Any] = {}
    exec(SOURCE, names)
    return names["rows"]()["inputs"]["table"].to_numpy()


def test_in_another_language_the_page_is_another_and_programs_read_the_same(decided: Decided) -> None:
    words = ("selection.ids=[row 8]", "data.actionable=[income,debts]")
    document, said = decided(*words)
    other, same = decided(*words, language="ja")
    assert same == said
    (page,), (plain,) = other.decisions, document.decisions
    assert (plain.title, page.title) == ("credit of row 8", "row 8のcredit")  # “credit: row 8” says that it is row 8
    assert page.how == "モデルにとって2クラスのうち確率が高い方であるため、この決定となる。"
    assert {reason.counted for reason in page.reasons} <= {"goodを支持", "goodに反対", "badを支持", "badに反対"}
    assert [reason.share for reason in page.reasons] == [reason.share for reason in plain.reasons]
    assert all("income" in text or "debts" in text for text in page.changes)
    assert all(text.endswith("）。") for text in page.changes)


@pytest.mark.parametrize("row", [8, 17])
def test_the_page_says_what_a_linear_model_does(decided: Decided, row: int) -> None:
    """Reasons in the order of |w (x - mean)| with their shares and signs, which are those of the probability, too: on a
    straight path it only scales them; the least change of a column alone is (threshold - score) / w, and is the
    decision of the model that is printed."""
    values = table()
    score = float(values[row] @ WEIGHTS + BIAS)
    document, (said,) = decided(f"selection.ids=[row {row}]", "data.actionable=[income,debts]")
    parts = WEIGHTS * (values[row] - values.mean(axis=0))
    order = np.argsort(-np.abs(parts))
    outcome = "good" if score > 0 else "bad"
    assert said["outcome"]["name"] == outcome
    assert said["outcome"]["probability"] == pytest.approx(1 / (1 + np.exp(-abs(score))), rel=1e-5)
    assert said["cautions"] == []
    assert [reason["text"].partition(":")[0] for reason in said["reasons"]] == [NAMES[k] for k in order[:4]]
    towards = ["towards" if (parts[k] > 0) == (outcome == "good") else "against" for k in order[:4]]
    assert [reason["counted"] for reason in said["reasons"]] == [f"counted {way} {outcome}" for way in towards]
    share = abs(parts[order[0]]) / np.abs(parts).sum()
    assert said["reasons"][0]["share"] == f"{share:.0%}"
    (page,) = document.decisions
    assert page.rest.startswith("1 other feature has")
    singles = {one["changes"][0]["column"]: one for one in said["alternatives"] if len(one["changes"]) == 1}
    assert singles
    for name, found in singles.items():
        (change,), weight = found["changes"], WEIGHTS[NAMES.index(name)]
        step = 1 if name == "debts" else 0.01
        beyond = (change["after"] - values[row, NAMES.index(name)] + score / weight) * np.sign(-score / weight)
        assert -1e-6 <= beyond <= step + 1e-6
        assert found["outcome"]["name"] != outcome
        assert found["outcome"]["probability"] >= 0.5
    assert {change["column"] for one in said["alternatives"] for change in one["changes"]} <= {"income", "debts"}


def test_a_protected_column_is_never_a_reason(decided: Decided) -> None:
    """Where it is among what counted most, that is said in the place of a list; else it is named nowhere."""
    values = table()
    parts = np.abs(WEIGHTS * (values - values.mean(axis=0)))
    ids = "selection.index=[" + ",".join(map(str, range(12))) + "]"
    document, said = decided(ids, "data.protected=[age]", "data.actionable=[income]")
    hidden = {NAMES.index("age")}
    leads = [bool(hidden & set(np.argsort(-row)[:4].tolist())) for row in parts[:12]]
    scores = values @ WEIGHTS + BIAS
    ends = np.stack([scores + WEIGHTS[3] * (end - values[:, 3]) for end in (values[:, 3].min(), values[:, 3].max())])
    turns = ((ends > 0) != (scores > 0)).any(axis=0).tolist()[:12]
    assert 0 < sum(leads) < 12
    assert [True, False] in [[lead, turn] for lead, turn in zip(leads, turns, strict=True)]
    for page, plain, lead, turn in zip(document.decisions, said, leads, turns, strict=True):
        text = page.model_dump_json()
        assert ("A protected column, age, is among the 4 features that counted most" in text) == lead
        assert ("With another value of a protected column, age, and all else the same" in text) == turn
        assert ("reviewed by a person" in text) == (lead or turn)
        assert text.count(" age") == json.dumps(plain).count(" age") == lead + turn
        assert bool(page.reasons) != (lead or turn)
        assert all(not reason.text.startswith("age") for reason in page.reasons)


def test_a_protected_column_that_turns_the_decision_is_said_whatever_counted(decided: Decided) -> None:
    """A row and the column that counts least in it, which can turn it at one of the ends of its range."""
    values = table()
    scores = values @ WEIGHTS + BIAS
    least = np.abs(WEIGHTS * (values - values.mean(axis=0))).argmin(axis=1)
    ends = np.stack([values.min(axis=0), values.max(axis=0)])
    turned = scores + WEIGHTS[least] * (ends[:, least] - values[np.arange(60), least])
    row = int(np.flatnonzero(((turned > 0) != (scores > 0)).any(axis=0))[0])
    name = NAMES[least[row]]
    document, _ = decided(f"selection.index=[{row}]", f"data.protected=[{name}]")
    (page,) = document.decisions
    assert not page.reasons
    assert page.instead[0].startswith(f"With another value of a protected column, {name}, and all else the same, the")


def test_what_is_predicted_lies_on_the_side_that_is_said(decided: Decided) -> None:
    """In the digits that are printed: changes end next to the threshold, which is printed as it was set."""
    words = [
        "data.factory=creditor:scored",
        "model.output=values",
        "target=value",
        "data.actionable=[income,debts,rank]",
    ]
    document, _ = decided(*words, "selection.index=[0,1,2,3]", "document.decision.threshold=1.2345678")
    said = [sentence for page in document.decisions for sentence in page.changes]
    found = re.findall(r"decide: (below|at least) 1\.2345678 \(predicted (−?)([\d.]+)\)", " ".join(said))
    assert len(found) == len(said) >= 4
    assert all(
        (float(f"{'-' * bool(minus)}{number}") < 1.2345678) == (side == "below") for side, minus, number in found
    )


def test_a_page_speaks_of_its_own_model(decided: Decided) -> None:
    """And gives the reason: not the worst answer in the report alone."""
    document, _ = decided("selection.index=[3]", "model.factory=creditor:net,creditor:contrary")
    said = [{fact.name: fact.text for fact in page.facts}["Can the model be trusted?"] for page in document.decisions]
    assert [text.partition(": ")[0] for text in said] == ["no", "no"]
    assert [re.findall(r"Accuracy (\d+%)", text) for text in said] == [["100%"], ["0%"]]


def test_of_two_classes_what_counts_is_the_same_whichever_is_explained(decided: Decided) -> None:
    """A row that is bad, told about the probability of good: the same columns in the same order, the other way."""
    row = int(np.flatnonzero(table() @ WEIGHTS + BIAS < -1)[0])
    asked = (f"selection.index=[{row}]",)
    own, other = (
        decided(*asked, *words)[0].decisions[0]
        for words in ((), ("target=index", "target.outputs=[good]", "target.score=probability"))
    )
    assert (
        (own.outcome, own.cautions, own.ordered) == (other.outcome, other.cautions, other.ordered) == ("bad", (), True)
    )
    assert [(one.text, one.share) for one in own.reasons] == [(one.text, one.share) for one in other.reasons]
    assert {(a.counted[:16], b.counted[:16]) for a, b in zip(own.reasons, other.reasons, strict=True)} <= {
        ("counted towards ", "counted against "), ("counted against ", "counted towards ")
    }  # fmt: skip


def test_a_threshold_decides_and_is_said(decided: Decided) -> None:
    values = table()
    chances = 1 / (1 + np.exp(-(values @ WEIGHTS + BIAS)))
    row = int(np.abs(chances - 0.6).argmin())
    _, (said,) = decided(f"selection.index=[{row}]", "document.decision.threshold=0.8", "data.actionable=[income: up]")
    assert said["outcome"]["name"] == "bad"
    found = said["alternatives"][0]
    needed = (np.log(0.8 / 0.2) - float(values[row] @ WEIGHTS + BIAS)) / WEIGHTS[0]
    assert 0 <= found["changes"][0]["after"] - values[row, 0] - needed <= 0.01
    assert found["outcome"]["probability"] >= 0.8
    assert said["model"]["Can the model be trusted?"].startswith("not assessed for this threshold.")


@pytest.mark.parametrize(
    ("protected", "said"),
    [
        ("[age]", "A protected column, age, is among what counted in this decision."),
        ("[age,rank]", "Protected columns, age and rank, are among what counted in this decision."),
    ],
)
def test_of_two_features_none_is_among_four(decided: Decided, protected: str, said: str) -> None:
    document, _ = decided("selection.index=[3]", "model.factory=creditor:two", f"data.protected={protected}")
    assert said in document.decisions[0].model_dump_json()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("data.actionable=[incom]",), "no column 'incom'; near is income"),
        (("document.decision.threshold=2",), "it is a probability of 'good'"),
        (("target=predicted",), "the probability decides, and target.score is auto; type target=predicted_probability"),
        (("selection.ids=[row 99]", "selection.index=null"), "the data has no sample 'row 99'"),
    ],
)
def test_what_cannot_be_decided_is_refused_before_anything_is_computed(
    decided: Decided, words: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        decided("selection.index=[3]", *words)


def test_a_decision_is_about_somebody(own_module: Callable[[str, str], None]) -> None:
    own_module("creditor", SOURCE)
    with pytest.raises(ConfigError, match="a decision is about somebody or something"):
        read_report(WORDS)
    with pytest.raises(ConfigError, match="say nothing of changes"):
        read_report([*WORDS, "selection.index=[3]", "document.compare_to=latest"])
    with pytest.raises(ConfigError, match="none of the sections that clauses ask for"):
        read_report([*WORDS, "selection.index=[3]", "document.profile=model_card"])


def test_a_page_about_a_series_speaks_of_that_series(decided: Decided) -> None:
    """Channels in the order of |w (x - mean)|, averaged over time, which is another one in each; its own picture."""
    names: dict[str, Any] = {}
    exec(SOURCE, names)
    values = names["waves"]()["inputs"]["watch"]["values"].mean(axis=1)
    parts = names["SLOPES"] * (values - values.mean(axis=0))
    words = ("data.factory=creditor:waves", "model.factory=creditor:waves_net", "selection.index=[0,1]")
    document, _ = decided(*words)
    assert [page.figure for page in document.decisions] == ["factory-decision-1-teaser", "factory-decision-2-teaser"]
    for page, row in zip(document.decisions, parts[:2], strict=True):
        order = np.argsort(-np.abs(row))
        said = [(reason.text, reason.counted, reason.share) for reason in page.reasons]
        good = 1 if page.outcome == "good" else -1
        assert said == [
            (
                ("pulse", "breath")[k],
                f"counted {'towards' if row[k] * good > 0 else 'against'} {page.outcome}",
                share(abs(row[k]) / np.abs(row).sum()),
            )
            for k in order
        ]
    assert [page.reasons[0].text for page in document.decisions] == ["pulse", "breath"]


@pytest.mark.parametrize(
    ("probability", "classes", "threshold", "said"),
    [
        (0.50000008, 2, None, "just over 50%"),
        (0.5, 2, None, "50%"),
        (0.51, 2, None, "51%"),
        (0.50000008, 3, None, "50%"),
        (0.3004, 2, 0.3, "just over 30%"),
        (0.3, 2, 0.3, "30%"),
        (0.9999, 2, 0.9996, "over 99.9%"),
    ],
)
def test_a_probability_does_not_stand_on_the_edge_that_it_passed(
    probability: float, classes: int, threshold: float | None, said: str
) -> None:
    """Rounded, both are 50%, of which nobody knows what it decides."""
    outcome = Outcome(name="repaid", probability=probability)
    made = Decision(
        row=0, sample="s", outcome=outcome, explained="repaid", threshold=threshold, upper="repaid", classes=classes
    )
    assert probable(made, outcome) == said


def test_of_the_class_below_a_threshold_the_edge_is_the_rest() -> None:
    outcome = Outcome(name="default", probability=0.7004)
    made = Decision(row=0, sample="s", outcome=outcome, explained="default", threshold=0.3, upper="repaid", classes=2)
    assert probable(made, outcome) == "just over 70%"


@pytest.mark.parametrize(
    ("value", "decimals", "said"), [(2024, 0, "2024"), (-9999.5, 1, "−9999.5"), (35732.65, 2, "35,732.65")]
)
def test_a_year_among_the_reasons_has_no_comma(value: float, decimals: int, said: str) -> None:
    assert reasons.written(Cell(title="c", value=value, decimals=decimals)) == said


def test_a_word_that_stands_in_a_text_twice_is_said_to_be_one_reason() -> None:
    """“very” of “very good very”, whose places are coloured one by one; padding is no word."""
    values = np.array([[2, 3, 4, 0, 0], [2, 3, 2, 0, 0]])
    item = inputs("text").model_copy(update={"values": values})
    point = material("texts", [method("a", np.arange(5.0), item, list("abcde"))], item)
    assert reasons.repeated(point, 0) == ""
    assert reasons.repeated(point, 1) == (
        "What stands in a text more than once is one reason, by the sum over all its places."
    )
