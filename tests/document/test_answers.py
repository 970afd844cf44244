"""The plain answers of page one follow the rule that is printed with them."""

import itertools
import json
import re
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from exhibit.flows import artifacts
from exhibit.flows.artifacts import answered
from exhibit.tasks.catalogues import spoken
from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.comparing.changes import facts
from exhibit.tasks.document.answers import front, told
from exhibit.tasks.document.chapter import finding
from exhibit.tasks.document.compose import compose
from exhibit.tasks.document.explained import explanation
from exhibit.tasks.document.grounds import sentence, worded
from exhibit.tasks.document.index import write_index
from exhibit.tasks.document.model import rows_of
from exhibit.tasks.document.rules import rules
from exhibit.tasks.models.performance import performance, rate
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.finding import DoubtId, Mark, Standing
from exhibit.tasks.records.language import as_given, of_option
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.model import Metric, Performance, Planted, Prediction
from exhibit.tasks.records.page import Answer
from exhibit.tasks.records.trust import Answers, Asked, Counted, Ground, Spoke
from exhibit.tasks.records.verdict import CheckResult, Verdict
from exhibit.tasks.stages.compose import _answers
from tests.points import LENGTHS, inputs, material, method

NAMES = list(CHECK_WORDS)
# Four that show all that a yes needs, and two that show nothing of it.
SHOWING, BESIDE = ["completeness", "deletion", "randomization", "stability"], ["sparseness", "localization"]


def check(name: str, verdict: Verdict, required: bool = False) -> CheckResult:
    facts = {"check": name, "method": "a", "verdict": verdict, "required": required, "sentence": "s."}
    return CheckResult.model_validate(facts)


def given(verdict: Verdict, *names: str) -> list[CheckResult]:
    return [check(name, verdict).model_copy(update={"bears": name != "sparseness"}) for name in names]


def flowers(*checks: CheckResult, metric: Metric | None = None, **more: Any) -> Material:
    item = inputs("table")
    found = material("flowers", [method("a", np.array([1.0, 2, 3, 4]), item, LENGTHS, checks=checks)], item)
    given = {"performance": Performance(metrics=(metric,))} if metric else {}
    return found.model_copy(update=given | more)


def accuracy(low: float, high: float, naive: float | None = 0.5, split: Any = "test") -> Metric:
    return Metric(name="accuracy", value=(low + high) / 2, split=split, count=100, interval=(low, high), naive=naive)


def answers(*materials: Material) -> tuple[Answer, ...]:
    return compose(materials, None, CHECK_WORDS).front.answers


@pytest.mark.parametrize(
    ("metric", "more", "word"),
    [
        (accuracy(0.75, 0.9), {}, "yes"),  # at most 0.25 wrong, half of 0.5
        (accuracy(0.74, 0.9), {}, "with care"),
        (accuracy(0.5, 0.9), {}, "no"),  # as many wrong as the guess
        (accuracy(0.75, 0.9), {"stopped_by_test": True}, "with care"),
        (accuracy(0.75, 0.9, None), {}, "with care"),
        (accuracy(0.75, 0.9, split="train"), {}, "not assessed"),
        (accuracy(0.75, 0.9), {"trained": False}, "not assessed"),
        (accuracy(0.75, 0.9), {"trained": False, "not_seen": True}, "yes"),
        (accuracy(0.74, 0.9, split="train"), {"trained": False, "not_seen": True}, "with care"),
    ],
)
def test_a_model_is_held_against_a_naive_guess(metric: Metric, more: dict[str, Any], word: str) -> None:
    found = answers(flowers(metric=metric, **more))[0]
    assert found.word == word
    assert "naive guess" in " ".join(found.reasons)


def test_a_guess_that_the_interval_does_not_hold_is_not_written_as_its_end() -> None:
    """Of rare cases both are 97% in whole per cents, and the model is surely better."""
    metric = Metric(name="accuracy", value=0.988, split="test", count=500, interval=(0.974, 0.994), naive=0.97)
    [said, *_] = answers(flowers(metric=metric))[0].reasons
    assert "Accuracy 98.8% (95% interval 97.4% to 99.4%)" in said
    assert "has 97.0%" in said
    error = Metric(name="RMSE", value=1.5, split="test", count=500, interval=(1.401, 1.6004), naive=1.6009)
    [said, *_] = answers(flowers(metric=error))[0].reasons
    assert "1.401 to 1.6)" in said
    assert "has 1.601." in said


def test_that_a_model_has_not_seen_its_rows_is_printed_as_the_statement_of_the_user() -> None:
    item = flowers(metric=accuracy(0.75, 0.9, split="explain"), trained=False, not_seen=True)
    repeated = item.performance.model_copy(update={"repeated": 3})  # nothing here trained it
    [said] = answers(item.model_copy(update={"performance": repeated}))[0].reasons
    assert said.endswith(
        "a naive guess, always the commonest class, has 50%. The user states that it has not seen these."
    )
    assert "Whether it has seen these before is not known." in repr(
        compose([flowers(metric=accuracy(0.75, 0.9), trained=False)], None, CHECK_WORDS)
    )
    assert "The user states that none of these rows trained the model" in rows_of(item)


def test_how_many_rows_measure_a_model_that_came_trained_is_said() -> None:
    """A page that measures it on 1 of 2 given rows says that 1 of them was set apart."""
    item = flowers(metric=accuracy(0.75, 0.9), trained=False)
    told = {split: rows_of(item.model_copy(update={"split": np.array(split)})) for split in SPLITS}
    assert ["set apart" in words for words in told.values()] == [True, False, False]
    assert "1 of these rows is set apart as a test." in told["train", "test"]


SPLITS = (("train", "test"), ("train", "train"), ("test", "test"))


def test_weights_of_rows_that_train_nothing_are_said_to_count_nowhere() -> None:
    for trained, weights in itertools.product((True, False), (None, np.ones(2))):
        item = flowers(metric=accuracy(0.75, 0.9), trained=trained)
        item = item.model_copy(update={"dataset": item.dataset.model_copy(update={"weights": weights})})
        assert ("weights of rows count nowhere" in rows_of(item)) == (not trained and weights is not None)


@pytest.mark.parametrize(
    ("checks", "word"),
    [
        (given("pass", *SHOWING), "yes"),
        (given("pass", *SHOWING[1:]), "with care"),  # one too few
        (given("pass", "completeness", "deletion", "insertion", "alignment", "stability"), "with care"),
        (given("pass", *SHOWING) + given("undecided", "agreement"), "with care"),
        (given("pass", *SHOWING) + given("fail", "agreement"), "with care"),
        ([*given("pass", *SHOWING), check("agreement", "fail", True)], "no"),
        (given("pass", "completeness") + given("fail", "deletion"), "with care"),
        (given("pass", "completeness") + given("fail", "deletion", "insertion"), "no"),
        (given("pass", "completeness") + given("fail", "deletion", "sparseness"), "with care"),  # spread, and right
        (given("fail", "deletion"), "no"),
        (given("fail", "sparseness"), "with care"),
        (given("undecided", *SHOWING), "not assessed"),
        (given("not applicable", *SHOWING), "not assessed"),
        ([], "not assessed"),
    ],
)
def test_an_explanation_is_held_against_its_checks(checks: list[CheckResult], word: str) -> None:
    assert answers(flowers(*checks))[1].word == word


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        (
            given("pass", *SHOWING),
            "4 of 13 checks passed and none failed. It follows the score, depends on what was learned and holds when "
            "repeated.",
        ),
        (
            given("pass", "deletion", "insertion") + given("not applicable", "localization"),
            "2 of 12 checks passed and none failed; 1 more has no meaning here. Not shown: that it depends on what was "
            "learned or holds when repeated.",
        ),
        (given("pass", *SHOWING[1:]), "3 of 13 checks passed and none failed. A yes needs 4."),
        (
            given("pass", "completeness") + given("fail", "deletion", "insertion"),
            "1 of 13 checks passed and 2 failed. More failed than passed. Failed, though not required: "
            f"“{CHECK_WORDS['deletion'].question}” and “{CHECK_WORDS['insertion'].question}”.",
        ),
        (
            given("fail", "deletion", "sparseness"),
            "None of 13 checks passed and 2 failed. More failed than passed. Failed, though not required: "
            f"“{CHECK_WORDS['deletion'].question}”. Failed, which does not say that anything is wrong: "
            f"“{CHECK_WORDS['sparseness'].question}”.",
        ),
        (
            given("pass", *SHOWING) + given("undecided", "seed_stability"),
            f"4 of 13 checks passed and none failed. Undecided: “{CHECK_WORDS['seed_stability'].question}”.",
        ),
        ([check("completeness", "fail", True)], f"A required check failed: “{CHECK_WORDS['completeness'].question}”. "
         "None of 13 checks passed and 1 failed. More failed than passed."),
        ([], "None of 13 checks passed or failed."),
    ],
)  # fmt: skip
def test_the_reason_says_what_the_rule_asks(checks: list[CheckResult], said: str) -> None:
    assert answers(flowers(*checks))[1].reasons == (said,)


def test_reasons_are_findings_with_numbers_and_every_one_has_words() -> None:
    """A check failed for one of two methods, which is required; another for both."""
    item = inputs("table")
    failed = [check("agreement", "fail", True), check("deletion", "fail"), check("stability", "pass")]
    methods = [
        method(name, np.array([1.0, 2, 3, 4]), item, LENGTHS, checks=tuple(checks))
        for name, checks in (("a", failed), ("b", failed[1:]))
    ]
    found = material("flowers", methods, item)
    word, grounds = explanation(found, finding(found), CHECK_WORDS)
    assert word == "no"
    assert grounds == [
        Spoke(id="required failed", asked=(Asked(check="agreement", methods=("a",)),)),
        Counted(total=13, passed=1, failed=2, without_meaning=0, more_failed=True),
        Spoke(id="failed", asked=(Asked(check="deletion"),), beside_required=True),
    ]
    words = {"agreement": CHECK_WORDS["agreement"].model_copy(update={"question": "Einig?"})}
    assert worded(grounds[:1], words) == "A required check failed: “Einig?” (a)."
    assert all(kind in sentence.registry for kind in Ground.__subclasses__())


def test_what_a_yes_needs_is_printed_with_the_checks_that_show_it() -> None:
    """Every check is named once: under what it shows, or as one that a yes does not need."""
    front = compose([flowers()], None, CHECK_WORDS).front
    note = next(note for note in front.notes if note.startswith("The 13 checks overlap."))
    assert all(note.lower().count(name.replace("_", " ")) == 1 for name in NAMES if name not in ("stability",))
    assert "holds when repeated (stability, seed stability, agreement and sensitivity)" in note
    assert note.endswith("Sparseness and localization may stand beside these, but a yes does not need them.")


@pytest.mark.parametrize(
    ("one", "other", "overall"),
    [("yes", "yes", "yes"), ("yes", "not assessed", "not assessed"), ("not assessed", "no", "no"),
     ("with care", "yes", "with care"), ("no", "yes", "no")],
)  # fmt: skip
def test_over_all_the_worse_answer_counts(one: str, other: str, overall: str) -> None:
    metrics = {"yes": accuracy(0.8, 0.9), "with care": accuracy(0.6, 0.9), "no": accuracy(0.4, 0.6)}
    checks = {"yes": given("pass", *SHOWING), "no": given("fail", "deletion"), "not assessed": []}
    own = metrics.get(one, accuracy(0.8, 0.9, split="train"))
    front = compose([flowers(*checks[other], metric=own)], None, CHECK_WORDS).front
    assert [answer.word for answer in front.answers[:2]] == [one, other]
    assert front.overall == overall


def test_a_model_that_relies_on_a_planted_mark_is_no_yes() -> None:
    """However well it does on rows that hold the mark as those of its training did."""
    facts: dict[str, Any] = {
        "method": "m", "signed": True, "region": "the planted mark", "of_class": "b", "of": "what counts",
        "positive": 0.4, "area": 0.02, "samples": 3,
    }  # fmt: skip
    found = flowers(metric=accuracy(0.97, 0.99))
    decided = "Whether it relies on the planted mark is not decided"
    for with_it, without, word, said in (
        ((10, 10), (6, 10), "with care", "It relies on the planted mark"),
        ((10, 10), (8, 10), "with care", f"{decided}: pictures of rose with it are read right in 100% (10 of 10)"),
        ((10, 10), (10, 10), "with care", decided),  # of so few pictures it may fail as often as one in four
        ((200, 200), (200, 200), "yes", "held out"),
    ):
        present, absent = (rate(np.arange(total) < right) for right, total in (with_it, without))
        planted = Planted(region="the planted mark", output=0, present=present, absent=absent)
        measured = Performance(metrics=found.performance.metrics, planted=planted)
        item, finding = (
            found.model_copy(update={"performance": measured}),
            Mark(**facts, present=present, absent=absent),
        )
        answer = front([item], {item.slug: finding}, CHECK_WORDS, {}).answers[0]
        assert answer.word == word
        assert said in " ".join(answer.reasons)


@pytest.mark.parametrize(
    ("metric", "more", "said"),
    [
        (accuracy(0.9, 0.99, None), {}, "There is no naive guess to judge it by."),
        (accuracy(0.9, 0.99).model_copy(update={"interval": None}), {}, "There is no interval to judge it by."),
        (
            accuracy(0.9, 0.99, None, split="train"),
            {},
            "There is no naive guess to judge it by. How good it is on others",
        ),
        (
            accuracy(0.9, 0.99, None, split="explain"),
            {"trained": False},
            "There is no naive guess to judge it by. Whether it has seen these before is not known.",
        ),
    ],
)
def test_what_is_lacking_to_judge_a_model_is_said_and_nothing_that_is_there(
    metric: Metric, more: dict[str, Any], said: str
) -> None:
    """“There is no naive guess or no interval” stood behind an interval, and instead of what made it not assessed."""
    [reasons] = [" ".join(answer.reasons) for answer in answers(flowers(metric=metric, **more))[:1]]
    assert said in reasons


def test_the_region_of_an_object_is_no_planted_mark() -> None:
    """That nobody marked the object in a picture does not say that it is without it."""
    regions = np.zeros((4, 2, 2), bool)
    regions[:2, 0, 0] = True
    data = dataset([0, 0, 0, 1], ["test"] * 4, ("a", "b"))
    outputs = np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    for planted in (True, False):
        item = Input(name="i", kind="image", values=np.zeros((4, 2, 2, 1)), regions=regions, planted=planted)
        found = performance(
            data.model_copy(update={"inputs": (item,)}), Prediction(kind="probabilities", outputs=outputs)
        )
        assert (found.planted is not None) == planted


def test_an_undecided_check_counts_as_not_assessed() -> None:
    """And what is not known is amber, whatever it is called."""
    found = answers(flowers(*(check(name, "pass") for name in NAMES[1:]), check(NAMES[0], "undecided")))[2]
    assert found.word == "not assessed"
    assert found.verdict == "undecided"
    assert found.said == f"1 of {len(NAMES)} checks open"
    assert found.reasons == (
        "These were not made or could not decide: that is neither for nor against the explanation.",
        f"So it is not known whether {CHECK_WORDS[NAMES[0]].meaning}.",
    )
    whole = answers(flowers(*(check(name, "pass") for name in NAMES)))[2]
    assert whole.word == "yes"


def test_of_several_models_each_has_its_answer_and_the_worst_counts() -> None:
    good, bad = flowers(metric=accuracy(0.9, 0.99)), flowers(metric=accuracy(0.3, 0.6))
    bad = bad.model_copy(update={"slug": "weeds", "title": "Weeds"})
    document = compose([good, bad], None, CHECK_WORDS)
    assert (document.front.answers[0].word, document.front.overall) == ("no", "no")
    assert [(one.of, one.word) for one in document.front.answers[0].each] == [("Weeds", "no"), ("flowers", "yes")]
    assert all(one.reason.startswith("Accuracy") for one in document.front.answers[0].each)
    assert [(one.of, one.word) for one in document.front.answers[1].each] == [("Both results", "not assessed")]
    assert document.front.rule == rules()


def test_chapters_are_called_in_the_language_of_the_page_and_in_english_in_files() -> None:
    """A name that somebody gave is the same in all of them."""
    own = flowers(metric=accuracy(0.3, 0.6)).model_copy(update={"slug": "weeds", "title": as_given("Iris")})
    ours = flowers(metric=accuracy(0.9, 0.99)).model_copy(update={"title": of_option("Iris")})
    with spoken("ja"):
        document = compose([ours, own], None, CHECK_WORDS)
        assert [one.of for one in document.front.answers[0].each] == ["Iris", "アヤメ"]
        results = _answers(document).model_dump(mode="json", by_alias=True)["answers"][0]["results"]
    assert [one["title"] for one in results] == ["Iris", "Iris"]


def test_programs_are_told_every_result_in_numbers() -> None:
    """Page one has room for three different answers; programs are told all, and no sentence but names and ids."""
    points = [
        flowers(metric=accuracy(0.1 * k, 0.1 * k + 0.05)).model_copy(update={"slug": f"p{k}", "title": f"P{k}"})
        for k in range(1, 6)
    ]
    written = _answers(compose(points, None, CHECK_WORDS)).model_dump(mode="json", by_alias=True)
    own, *_ = written["answers"]
    assert [one["chapter"] for one in own["results"]] == ["p1", "p2", "p3", "p4", "p5"]
    assert own["results"][0]["reasons"] == [
        {
            "id": "quality",
            "metric": points[0].performance.metrics[0].model_dump(mode="json"),
            "unit": "",
            "classes": True,
            "sample": "table",
            "rows": "test",
        },
        {"id": "no better"},
    ]


def test_what_is_written_beside_the_numbers_is_read_by_nothing(tmp_path: Path) -> None:
    """Sentences in `answers.json` and `checks.json` are for whoever opens them: page, Prefect, lists of runs and what
    has changed since an earlier report are made of the numbers."""
    document = compose([flowers(*given("fail", "deletion"), metric=accuracy(0.8, 0.9))], None, CHECK_WORDS)
    written = json.loads(_answers(document).model_dump_json(by_alias=True))
    lines, overall = [], []
    for found in (written, written | {"rule": ["x"], "found": [one | {"title": "x", "sentence": "x"} for one in
                                                               written["found"]]}):  # fmt: skip
        (tmp_path / "answers.json").write_text(json.dumps(found))
        lines.append(answered(tmp_path))
        overall.append(artifacts.overall(tmp_path))
    assert lines[0] == lines[1] != []
    assert overall[0] == overall[1] != ""
    row = {"chapter": "p", "method": "a", "check": "deletion", "verdict": "fail", "value": 0.5, "required": True}
    importances = pd.DataFrame(
        columns=["point", "method", "target", "input", "aggregate", "feature", "mean_absolute", "standard_error"]
    ).to_parquet()
    one, other = (json.dumps([row | {"sentence": said}]) for said in ("s.", "x"))
    assert facts([], importances, one.encode(), None).verdicts == facts([], importances, other.encode(), None).verdicts
    assert artifacts.failed(json.loads(one)) == artifacts.failed(json.loads(other)) != ""


def texts(value: Any) -> list[str]:
    """All texts in a plain value."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [value] if isinstance(value, str) else [text for item in items for text in texts(item)]


@pytest.mark.parametrize("seed", range(20))
def test_reasons_hold_no_sentence_and_make_the_words_of_page_one(seed: int) -> None:
    """What a program reads and words again says what the page says; the question apart, no text ends in a full stop."""
    draw, verdicts = np.random.default_rng(seed), ("pass", "fail", "undecided", "not assessed", "not applicable")
    points = [
        flowers(
            *(check(name, verdicts[draw.integers(5)], required=bool(draw.integers(2))) for name in NAMES),
            metric=accuracy(low := draw.random() * 0.9, low + 0.1) if draw.random() < 0.9 else None,
            not_seen=bool(draw.integers(2)),
        ).model_copy(update={"slug": f"p{k}", "title": f"P{k}"})
        for k in range(draw.integers(1, 6))
    ]
    document = compose(points, None, CHECK_WORDS)
    written = _answers(document).model_dump_json(by_alias=True)
    again = Answers.model_validate_json(written).answers
    assert tuple(told(one, CHECK_WORDS) for one in again) == document.front.answers
    numbers = [one["finding"] for one in json.loads(written)["found"]]
    assert all(one["standing"] in get_args(Standing) and 0 <= one["first"][0]["value"] <= 1 for one in numbers)
    assert {one["id"] for one in numbers} == {"leaders"}
    found = [text for one in json.loads(written)["answers"] for text in texts(one["results"])]
    assert [text for text in found if re.search(r"[.?:;”]", text)] == []
    doubts = [one["finding"]["doubt"] for one in json.loads(written)["found"]]
    assert all(one is None or one["id"] in get_args(DoubtId) for one in doubts)


def test_what_is_the_same_of_many_is_said_once() -> None:
    points = [flowers().model_copy(update={"slug": f"p{k}", "title": f"P{k}"}) for k in range(20)]
    found = answers(*points)
    assert all(len(answer.reasons) <= 2 for answer in found)
    assert [one.of for answer in found for one in answer.each] == ["All 20 results"] * 2


def test_of_many_results_no_answer_is_lost() -> None:
    """Those for which there is no room are counted."""
    metrics = [accuracy(k / 100, k / 100 + 0.04) for k in range(40, 96, 7)]
    points = [
        flowers(metric=metric).model_copy(update={"slug": f"p{k}", "title": f"P{k}"})
        for k, metric in enumerate(metrics)
    ]
    found = answers(*points)[0]
    words = [one.word for one in found.each]
    assert len(words) == 3
    counted = re.findall(r"\d+(?= yes| with care| no\b)", found.more)
    assert found.more.startswith(f"{len(points) - 3} more results: ")
    assert sum(map(int, counted)) == len(points) - 3


def test_a_title_names_what_it_is_about_of_however_many() -> None:
    """Of many data and labels the first, and how many more there are."""
    points = []
    for k in range(4):
        one = flowers().model_copy(update={"slug": f"p{k}", "title": f"P{k}"})
        data = one.dataset.model_copy(update={"label_name": f"label {k}", "title": f"Data {k}"})
        points.append(one.model_copy(update={"dataset": data}))
    title = compose(points, None, CHECK_WORDS).title
    assert title == "P0, P1 and 2 more: what the label 0, label 1 and 2 more are predicted from"
    same = [one.model_copy(update={"dataset": flowers().dataset}) for one in points]
    assert compose(same, None, CHECK_WORDS).title == "Flowers: what the species is predicted from"


def test_page_one_says_what_it_is_about_and_no_word_of_scores() -> None:
    document = compose([flowers()], None, CHECK_WORDS, stated={"owner": "Botany"})
    assert document.title == "flowers: what the species is predicted from"
    assert [fact.name for fact in document.front.examined] == ["Model", "Data", "Source", "Explained by"]
    assert [(fact.name, fact.text) for fact in document.front.stated] == [("Owner", "Botany")]
    teaser = document.chapters[0].teaser
    assert teaser is not None
    words = " ".join([teaser.title, teaser.sentence, teaser.small, *document.front.answers[0].reasons])
    assert not {"logit", "S(x)"} & set(words.split())


def dataset(labels: list[float], split: list[str], classes: tuple[str, ...]) -> Dataset:
    return Dataset(
        title="t",
        description="d",
        source="s",
        task="classification" if classes else "regression",
        inputs=(Input(name="x", kind="table", values=np.zeros((len(labels), 1)), features=("a",)),),
        sample_ids=np.arange(len(labels)).astype(str),
        labels=np.array(labels),
        split=np.array(split),
        classes=classes,
        label_name="y",
    )


def test_the_naive_guess_knows_the_training_labels_alone() -> None:
    """Class 1 is the commonest in training: two of the four test rows. The mean in training is 2: off by 1 and 3."""
    data = dataset([1, 1, 0, 0, 0, 1, 1], ["train"] * 3 + ["test"] * 4, ("a", "b"))
    (metric,) = performance(data, Prediction(kind="logits", outputs=np.eye(2)[[1] * 7])).metrics
    assert (metric.value, metric.naive) == (0.5, 0.5)
    values = dataset([1, 3, 3, 5], ["train"] * 2 + ["test"] * 2, ())
    (error,) = performance(values, Prediction(kind="values", outputs=np.zeros((4, 1)))).metrics
    assert error.naive == pytest.approx(np.sqrt((1 + 9) / 2))


def test_the_list_of_runs_says_the_overall_answer(tmp_path: Any) -> None:
    """Of a run that does not say, nothing is made up."""
    for name, overall in (("b", "with care"), ("a", None)):
        folder = tmp_path / name
        folder.mkdir()
        manifest = {"title": name, "started": "2026-01-01T00:00:00", "seconds": 1.0, "command": [], "chapters": []}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        (folder / "checks.json").write_text("[]")
        if overall:
            (folder / "answers.json").write_text(json.dumps({"overall": overall}))
    write_index(tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert page.count("Can it be trusted?") == 1
    assert '<b class="verdict undecided">with care</b>' in page


@pytest.mark.parametrize("seed", range(20))
def test_passed_failed_and_open_checks_are_all_of_them(seed: int) -> None:
    """Also where two methods have other verdicts of the same check: what one leaves undecided is open."""
    draw = np.random.default_rng(seed)
    item, verdicts = inputs("table"), ("pass", "fail", "undecided", "not assessed")
    places = draw.integers(4, size=(2, len(NAMES)))
    drawn = [[check(name, verdicts[k]) for name, k in zip(NAMES, each, strict=True)] for each in places]
    a = np.array([1.0, 2, 3, 4])
    found = [method(name, a, item, LENGTHS, checks=each) for name, each in zip("ab", drawn, strict=True)]
    of = [{one.verdict for each in found for one in each.checks if one.check == name} for name in NAMES]
    failed = sum("fail" in each for each in of)
    passed = sum("pass" in each and not each & {"fail", "undecided"} for each in of)
    *_, explanation, untested = answers(material("flowers", found, item))
    [said] = explanation.reasons
    assert f"{passed or 'None'} of {len(NAMES)} checks passed" in said
    assert f"{failed or 'none'} failed" in said or not passed + failed
    assert untested.said == f"{len(NAMES) - passed - failed} of {len(NAMES)} checks open"
