"""The behaviour of a linear model of mixed columns through all stages: closed forms, costs, words and refusals."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from exhibit.flows.calls import Calls
from exhibit.flows.config import read_report
from exhibit.flows.engine import Inline
from exhibit.flows.errors import ConfigError
from exhibit.flows.points import Given, run_points
from exhibit.flows.progress import Watch
from exhibit.flows.rehearse import rehearse
from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.document import chapter
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.behaviour import Dependence, Effects, Interactions, Permutation
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.stages.tabulate import tabulate
from exhibit.tasks.store import Store

SOURCE = '''
import numpy as np
import pandas as pd

def rows(labelled=True):
    """Forty rows of two numbers and a category, split evenly."""
    random = np.random.default_rng(0)
    values = random.normal(size=(40, 2)).astype(np.float32)
    frame = pd.DataFrame({"income": values[:, 0], "debts": values[:, 0] + 0.1 * values[:, 1], "job": list("abca") * 10})
    split = np.where(np.arange(40) < 20, "train", "test" if labelled else "explain")
    labels = np.where(labelled | (split == "train"), 2 * frame["income"], np.nan)
    return {"inputs": {"table": frame}, "labels": labels, "label_name": "score", "split": split}

def unlabelled():
    return rows(False)

def net():
    """2 income, and 1 for the last job."""
    return lambda inputs: inputs["table"] @ np.array([[2.0], [0.0], [0.0], [0.0], [1.0]])
'''
ALL = "behaviour=[partial_dependence,accumulated_local_effects,permutation_importance,dependence,interactions]"
WORDS = (
    "data=factory", "data.factory=lender:rows", "model=factory", "model.factory=lender:net",
    "method=[occlusion]", "check=[]", "target=value",
)  # fmt: skip


@pytest.fixture
def asked(own_module: Callable[[str, str], None], tmp_path: Path) -> Callable[..., tuple[Material, Store, str]]:
    """What a chapter of that model shows."""
    own_module("lender", SOURCE)

    def ask(*words: str) -> tuple[Material, Store, str]:
        report = read_report([*WORDS, *words])
        store = Store(tmp_path / "store")
        (done,) = run_points(report.points, report.compute, Calls(store, Inline(), Watch()), Given())
        digest = done["gather"]["material"]
        return unpack(Material, store.get(digest), store), store, digest

    return ask


def learned(found: Permutation, *splits: str) -> Permutation:
    """The same on rows of these splits."""
    return found.model_copy(update={"asked": found.asked.model_copy(update={"splits": splits})})


def test_a_linear_model_behaves_as_its_weights_say(asked: Callable[..., tuple[Material, Store, str]]) -> None:
    material, store, digest = asked(ALL)
    dependence, local, permutation, attributed, pairs = material.behaviour
    assert isinstance(dependence, Effects)
    assert isinstance(local, Effects)
    assert isinstance(permutation, Permutation)
    effects = {item.feature: item for item in dependence.items}
    assert dependence.asked.splits == ("test",)
    assert dependence.asked.rows == 20
    income = effects["income"]
    np.testing.assert_allclose(np.diff(income.mean[:, 0]), 2 * np.diff(income.points), atol=1e-5)
    assert np.ptp(effects["debts"].mean) == pytest.approx(0, abs=1e-6)
    assert [one.feature for one in income.together] == ["debts"]
    job = dict(zip(effects["job"].words, effects["job"].mean[:, 0].tolist(), strict=True))
    assert job["c"] - job["a"] == pytest.approx(1, abs=1e-6)
    assert job["b"] - job["a"] == pytest.approx(0, abs=1e-6)
    assert local.left == (("job", "its categories have no order"),)
    assert permutation.features[0] == "income"
    assert permutation.low[0] > 0
    assert permutation.mean[permutation.features.index("debts")] == pytest.approx(0, abs=1e-6)
    assert isinstance(attributed, Dependence)
    of = {item.feature: item for item in attributed.items}
    assert np.corrcoef(of["income"].seen, of["income"].values)[0, 1] == pytest.approx(1, abs=1e-6)
    assert isinstance(pairs, Interactions)
    assert pairs.by == "coalitions"
    assert pairs.asked.calls == 2**3 * 10 * 20
    np.testing.assert_allclose(pairs.mean, 0, atol=1e-6)
    written = chapter.chapter(material, CHECK_WORDS)
    (section,) = [section for section in written.sections if section.id == "behaviour"]
    figures = chapter.figures(material, {})
    assert any(figure.caption.startswith("What occlusion gives job by its value") for figure in figures)
    drawn = {figure.name for figure in figures}
    assert {name for block in section.blocks for name in block.figures} <= drawn
    said = " ".join(text for block in section.blocks for text in block.paragraphs)
    assert "On these rows the model needs income" in said
    assert "debts" not in said
    assert "All 3 features but job (its categories have no order) were asked about." in said
    assert "No pair of features does anything together; what counts most alone is income" in said
    assert "Whether the model has seen these rows before is not known; of rows that trained it" in said
    for change, words in (
        ({"not_seen": True}, ("is not known", False)),
        ({"trained": True}, ("The model was trained on", False)),
        ({"trained": True, "behaviour": (learned(permutation, "train"),)}, ("trained on these rows", True)),
        ({"trained": True, "behaviour": (learned(permutation, "train", "test"),)}, ("trained on some of", True)),
    ):
        assert (
            words[0] in chapter.chapter(material.model_copy(update=change), CHECK_WORDS).model_dump_json()
        ) == words[1]
    assert "20 rows set apart as a test" in " ".join(
        table.caption for block in section.blocks for table in block.tables
    )
    found = json.loads(store.get(tabulate(store, [digest])["behaviour"]))
    values = {item["feature"]: item["mean"] for item in found["chapters"][0]["found"][0]["items"]}
    assert values["income"] == income.mean.tolist()


def test_who_does_not_ask_pays_nothing_and_sees_nothing(asked: Callable[..., tuple[Material, Store, str]]) -> None:
    material, store, digest = asked()
    assert material.behaviour == ()
    assert "behaviour" not in tabulate(store, [digest]).outputs
    assert "behaviour" not in {section.id for section in chapter.chapter(material, CHECK_WORDS).sections}
    assert "behaviour" not in read_report(list(WORDS)).points[0].model_dump(mode="json")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("data.factory=lender:unlabelled", ALL),
            "permutation_importance measures the loss.*none of the 20 rows.*a label",
        ),
        (
            ("study=digits", "behaviour=[partial_dependence]"),
            "no table whose columns have names; type 'behaviour=\\[\\]'",
        ),
    ],
    ids=["no label", "no columns"],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_trained(
    asked: Callable[..., tuple[Material, Store, str]],
    words: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = read_report(list(words) if words[0].startswith("study") else [*WORDS, *words])
    monkeypatch.setattr("exhibit.flows.points.fit", None)
    with pytest.raises(InputError, match=said):
        list(rehearse(report))


def test_pages_of_decisions_say_nothing_of_behaviour(own_module: Callable[[str, str], None]) -> None:
    own_module("lender", SOURCE)
    with pytest.raises(ConfigError, match="pages about single decisions say nothing of it"):
        read_report([*WORDS, ALL, "document.kind=decision", "selection.index=[1]"])


def test_the_cost_is_said_before(asked: Callable[..., tuple[Material, Store, str]], tmp_path: Path) -> None:
    report = read_report([*WORDS, ALL, f"paths.store={tmp_path / 'store'}", f"paths.runs={tmp_path / 'runs'}"])
    said = [line for line in rehearse(report) if line.startswith("behaviour")]
    assert said == [
        "behaviour partial_dependence: at most 1,200 model calls",
        "behaviour accumulated_local_effects: at most 120 model calls",
        "behaviour permutation_importance: at most 320 model calls",
        "behaviour dependence: at most 0 model calls",
        "behaviour interactions: at most 1,620 model calls",
    ]
