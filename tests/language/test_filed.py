"""What programs read is plain English text, whatever it is made of and in whatever language the pages are."""

import json

import numpy as np

from exhibit.tasks.catalogues import spoken
from exhibit.tasks.checks.agreement import _said_of
from exhibit.tasks.evidence.evidence import chapter_evidence
from exhibit.tasks.evidence.tables import behaviour_rows, check_rows
from exhibit.tasks.records.behaviour import Asked, Effect, Effects
from exhibit.tasks.records.data import Dataset, Excluded
from exhibit.tasks.records.evidence import ChapterEvidence
from exhibit.tasks.records.language import mark, say, say_all, sayn, tr
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.verdict import CheckResult

MISSING = say("{column} is missing", column="{age}")


def test_the_evidence_says_why_a_sample_was_left_out() -> None:
    """A run whose evidence is of another form is taken for a damaged one."""
    dataset = Dataset(
        title="t", description="d", source="s", inputs=(), label_name="l", labels=np.zeros(1), task="regression",
        sample_ids=np.array(["1"]), split=np.array(["train"]),
        excluded=(Excluded(sample_id="2", given="", reason=MISSING),),
    )  # fmt: skip
    stages = [{"stage": "load", "spec": {}, "outputs": {"dataset": "0" * 64}},
              {"stage": "fit", "spec": {}, "outputs": {"weights": "0" * 64}}]  # fmt: skip
    written = json.dumps(chapter_evidence("x", dataset, Weights(arrays={}, parameters=0), stages))
    [left_out] = ChapterEvidence.model_validate_json(written).data.excluded
    assert left_out.reason == "{age} is missing"


def test_a_check_is_filed_in_plain_words() -> None:
    check = CheckResult(
        check="a", method="b", verdict="fail", required=True, value=1, interval=(0, 2), null=mark("mean"),
        sentence=say_all(MISSING, "{x}"), sample=sayn("{number} row", "{number} rows", 3),
        further=say("{a}", a=MISSING),
    )  # fmt: skip
    [row] = check_rows([("x", [check])])
    texts = [row[name] for name in ("sentence", "sample", "null", "statistic", "further")]
    assert json.loads(json.dumps(texts)) == ["{age} is missing {x}", "3 rows", "mean", "", "{age} is missing"]


def test_how_a_model_behaves_is_filed_in_plain_words() -> None:
    asked = Asked(rows=20, of=20, splits=("test",), seed=0, calls=20)
    effect = Effect(feature="a", points=np.array([0, np.nan]), mean=np.zeros((2, 1)), low=np.full((2, 1), -1.0),
                    high=np.ones((2, 1)), seen=np.zeros(20))  # fmt: skip
    found = Effects(kind="partial_dependence", asked=asked, outputs=("y",), unit=say("the {label}", label="age"),
                    items=(effect,), left=(("b", MISSING),), total=2)  # fmt: skip
    [filed] = behaviour_rows([("x", [found])])["chapters"][0]["found"]
    assert (filed["unit"], filed["left"]) == ("the age", [["b", "{age} is missing"]])
    assert filed["items"][0]["points"] == [0, None]


def test_labels_of_methods_are_the_same_in_every_language() -> None:
    """A method is called by its label in the sentence before, too."""
    with spoken("ja"):
        assert tr(mark("occlusion")) == "遮蔽"
        assert tr(_said_of([["occlusion"], ["tree_shap"]], "occlusion")).endswith("occlusion；tree_shap。")
