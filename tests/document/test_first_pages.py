"""What readers of the first two pages are told: plain words, whole shares, and no two answers to one question."""

import re
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.checks import CHECK_WORDS, CheckSpec
from exhibit.tasks.document.chapter import figures, finding
from exhibit.tasks.document.common import shares
from exhibit.tasks.document.compose import compose
from exhibit.tasks.document.explained import EXPLANATION
from exhibit.tasks.document.rules import MODEL, rules
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.document.spec import DocumentSpec
from exhibit.tasks.document.table import _teaser, importance_figure
from exhibit.tasks.document.verdicts import meaning
from exhibit.tasks.models import ModelSpec
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.models.performance import rate
from exhibit.tasks.records.data import Excluded
from exhibit.tasks.records.explanation import Summary
from exhibit.tasks.records.figure import Bars, Images
from exhibit.tasks.records.finding import Dissent, Extremes, Named, Part, Place
from exhibit.tasks.records.language import as_message
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.model import Planted
from exhibit.tasks.records.page import Answer, Document
from exhibit.tasks.records.verdict import CheckResult
from exhibit.tasks.stages.gather import _disambiguated
from tests.conftest import content
from tests.document.test_no_false_sentence import check, pictures
from tests.points import LENGTHS, inputs, material, method
from tests.test_contracts import members

VERDICTS = ("pass", "fail", "undecided", "not assessed", "not applicable")


def flowers(*sizes: Any, slug: str = "flowers", features: tuple[str, ...] = LENGTHS, **more: Any) -> Material:
    """A table explained by a method for each of `sizes`."""
    item = inputs("table")
    own = [method(f"m{k}", np.array(each, float), item, features) for k, each in enumerate(sizes)]
    return material(slug, own, item).model_copy(update={"title": slug.capitalize()} | more)


def with_checks(item: Material, *found: tuple[str, str]) -> Material:
    """The main method has these checks, with these verdicts."""
    facts = {"method": "a", "required": False, "sentence": "s.", "value": 0.5, "threshold": 0.7}
    checks = tuple(CheckResult.model_validate(facts | {"check": name, "verdict": said}) for name, said in found)
    *others, main = item.methods
    return item.model_copy(update={"methods": (*others, main.model_copy(update={"checks": checks}))})


def reasons(answer: Answer) -> list[str]:
    return [*answer.reasons, *(f"{one.of}: {one.word}. {one.reason}" for one in answer.each)]


def page_one(document: Document) -> str:
    front = document.front
    teasers = [chapter.teaser for chapter in document.chapters if chapter.teaser]
    return " ".join(
        [
            document.title,
            document.subtitle,
            *(f"{fact.name} {fact.text}" for fact in (*front.examined, *front.stated)),
            *(f"{answer.question} {answer.said} {' '.join(reasons(answer))}" for answer in front.answers),
            *(f"{teaser.title} {teaser.sentence} {teaser.small}" for teaser in teasers),
        ]
    )


@pytest.mark.parametrize("seed", range(20))
def test_page_one_asks_what_a_check_asks_and_never_names_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    names = [name for name in CHECK_WORDS if random.random() < 0.6]
    verdicts = random.choice(VERDICTS, len(names)).tolist()
    item = with_checks(flowers(random.random(4)), *zip(names, verdicts, strict=True))
    text = page_one(compose([item], None, CHECK_WORDS))
    assert not [name for name in CHECK_WORDS if re.search(rf"\b{name.replace('_', '[ _]')}\b", text)]
    for name, verdict in zip(names, verdicts, strict=True):
        if verdict in ("fail", "undecided"):
            assert f"“{CHECK_WORDS[name].question}”" in text


def test_a_check_that_fails_one_of_several_methods_says_which() -> None:
    item = with_checks(flowers([1, 2, 3, 4], [1, 2, 3, 4]), ("deletion", "fail"))
    question = CHECK_WORDS["deletion"].question
    said = compose([item], None, CHECK_WORDS).front.answers[1].reasons[0]
    assert said.endswith(f"Failed, though not required: “{question}” (m1).")


def test_what_was_not_asked_is_listed_by_its_question() -> None:
    made = list(CHECK_WORDS)[:2]
    item = with_checks(flowers([1, 2, 3, 4]), *((name, "pass") for name in made))
    front = compose([item], None, CHECK_WORDS).front
    assert [(row.question, row.name) for row in front.verdicts] == [
        (CHECK_WORDS[name].question, name.replace("_", " ")) for name in made
    ]
    (left,) = front.not_asked
    assert left.questions == tuple(
        (words.question, name.replace("_", " ")) for name, words in CHECK_WORDS.items() if name not in made
    )


def test_the_rule_has_a_case_for_every_answer() -> None:
    cases = {rule.question: [word for word, _ in rule.cases] for rule in rules()}
    assert cases[MODEL] == ["yes", "with care", "no", "not assessed"]
    assert cases[EXPLANATION] == ["yes", "with care", "no", "not assessed"]


@pytest.mark.parametrize("kind", members(ModelSpec))
def test_a_model_is_called_by_words(kind: type[ModelChoice]) -> None:
    """No abbreviation and no name of an option; where it is a property, the words are the library's or the user's."""
    called = kind.option().replace("_", " ") if kind.called is ModelChoice.called else str(kind.called)
    assert not re.search(r"_|(?i:\b[cg]?g?nn\b|\bmlp\b|\bmultimodal\b)", called)


@pytest.mark.parametrize("features", [2, 4, 5, 30])
def test_the_shares_of_page_one_are_shares_of_all(features: int) -> None:
    """Where not every feature has a bar, the others have one together, of which no error is known."""
    random = np.random.default_rng(features)
    names = tuple(f"f{k}" for k in range(features))
    item = flowers(random.random(features), random.random(features), features=names)
    bars = _teaser(item).content
    assert isinstance(bars, Bars)
    for series in bars.series:
        assert series.values.sum() == pytest.approx(100)
    assert len(bars.labels) == min(features, 4)
    assert (bars.labels[-1] == f"{features - 3} others") == (features > 4)


def test_beside_a_share_stands_the_error_of_the_share() -> None:
    """Where that is not known, what the error is of is said."""
    item = inputs("table")
    one = method("occlusion", np.array([3.0, 1.0]), item, ("a", "b"))
    (known,) = one.summary.importances
    found = known.model_copy(update={"share_error": np.array([0.08, 0.08]), "standard_error": np.array([0.6, 0.2])})
    for share_error, errors, said in (
        (found.share_error, [0.08, 0.08], "standard error over samples"),
        (None, [0.15, 0.05], "standard error over samples of each mean |a|, in this unit"),
    ):
        summary = Summary(importances=(found.model_copy(update={"share_error": share_error}),))
        it = one.model_copy(update={"summary": summary})
        values, drawn, meaning_of = shares(material("p", [it], item), it)
        assert (values.tolist(), meaning_of) == ([0.75, 0.25], said)
        assert drawn == pytest.approx(errors)


def test_the_main_method_has_one_colour_on_page_one_and_in_the_chapter() -> None:
    """Also where the last method has no parts that add up, as occlusion, and the one before it is the main one."""
    first, last = flowers([4, 1, 1, 1], [1, 4, 1, 1]).methods
    item = flowers([4, 1, 1, 1], [1, 4, 1, 1], methods=(first, last.model_copy(update={"additive": False})))
    front, chapter = (figure.content for figure in (_teaser(item), importance_figure(item)))
    assert isinstance(front, Bars)
    assert isinstance(chapter, Bars)
    assert [one.name for one in front.series] == [one.name for one in chapter.series] == [first.title, last.title]


def test_chapters_on_one_model_that_put_another_feature_first_dispute_each_other() -> None:
    """Unless they explain something else, where that is no contradiction."""
    one, two = flowers([1, 2, 4, 3], slug="one"), flowers([1, 2, 3, 4], slug="two")
    document = compose([one, two], None, CHECK_WORDS)
    said = {chapter.slug: chapter.teaser for chapter in document.chapters if chapter.teaser}
    assert said["one"].title == "One: the methods disagree on what leads"
    assert said["one"].sentence.endswith("but by m0 in Two petal width comes first (40%).")
    assert said["two"].sentence.endswith("but by m0 in One petal length comes first (40%).")
    assert all("disagree" in reason for reason in reasons(document.front.answers[1]))
    for other in (
        two.model_copy(update={"target_names": ("true",)}),
        two.model_copy(update={"outputs": two.outputs + 1}),
        two.model_copy(update={"explained": two.explained + 1}),
        flowers([1, 2, 4, 3], slug="two"),
    ):
        assert "disagree" not in page_one(compose([one, other], None, CHECK_WORDS))


@pytest.mark.parametrize(
    ("part", "said"), [(0.4, "the largest share"), (0.51, "most"), (0.89, "most"), (0.9, "nearly all")]
)
def test_how_much_an_input_carries_is_said_as_it_is(part: float, said: str) -> None:
    title, sentence = worded(Part(method="m", first=Named(name="image", value=part), silent=("text",)))
    assert title == f"the image carries {said}"
    assert sentence.endswith("the text is given exactly zero in every sample.")


def test_what_a_user_does_not_state_is_said_where_it_matters() -> None:
    """Of models and data of their own, and where they state anything."""
    assert DocumentSpec().stated(own=False) == {}
    assert DocumentSpec().stated(own=True) == {
        "not stated": "purpose, owner, version of the model, date of the model, date of the data and a model card"
    }
    facts = {"purpose": "a", "owner": "b", "version": "c", "model_date": "d"}
    said = DocumentSpec.model_validate(facts).stated(own=False)
    assert said["version of the model"] == "c"
    assert said["not stated"] == "date of the data"
    whole = DocumentSpec.model_validate(facts | {"data_date": "e"})
    assert "not stated" not in whole.stated(own=False)
    assert whole.stated(own=True)["not stated"] == "a model card"


def test_page_one_repeats_what_a_card_says_shortly() -> None:
    """What is longer is read in the card; neither is called not stated."""
    for use, said in (("to show", "to show"), ("word " * 100, None), ("two\nlines", None)):
        stated = DocumentSpec.model_validate({"card": {"intended_use": use, "owner": "Botany"}}).stated(own=True)
        assert (stated.get("purpose"), stated["owner"]) == (said, "Botany")
        assert stated["not stated"] == "date of the model and date of the data"


def test_a_headline_says_what_it_speaks_of() -> None:
    """Of groups what they raise; of a picture without a label that it is one; and nothing is “only 0%”."""
    facts: dict[str, Any] = {"raises": "raises the predicted value", "lowers": "lowers the predicted value"}
    up, down = Named(name="a", value=1.0), Named(name="b", value=-1.0)
    for pair, title in (
        ((up, down), "a raises the predicted value and b lowers it"),
        ((up, None), "a raises the predicted value"),
        ((None, down), "b lowers the predicted value"),
    ):
        found = Extremes(**facts, up=pair[0], down=pair[1], signed=True, samples=5)
        assert worded(found)[0] == title
    item = inputs("image")
    seen = material("p", [method("m", np.eye(8), item, [str(i) for i in range(64)])], item)
    unknown = seen.dataset.model_copy(update={"labels": np.full(len(seen.dataset.labels), np.nan)})
    place = finding(seen.model_copy(update={"dataset": unknown}))
    assert isinstance(place, Place)
    assert place.title.startswith("a picture read as ")
    other = Dissent(method="n", says=Named(name="middle", value=0.0))
    told = place.model_copy(update={"dissent": (other,), "where": Named(name="left", value=0.5), "area": 0.1})
    assert worded(told)[1].endswith("but by n none of it lies there.")


def test_a_finding_alone_is_as_before() -> None:
    item = flowers([1, 2, 4, 3])
    assert finding(item) == finding(item, [])


def test_one_sample_is_told_as_one_and_many_as_many() -> None:
    """A picture that is shown says nothing of the others; the headline and the small print say so."""
    item = inputs("image")
    seen = material("p", [method("m", np.eye(8), item, [str(i) for i in range(64)])], item)
    teaser = compose([seen], None, CHECK_WORDS).chapters[0].teaser
    assert teaser is not None
    assert teaser.small == "By m, one of 100 explained samples: it says nothing of the others"
    assert teaser.sentence.startswith("In one picture, flower 0, ")
    assert teaser.title.startswith("p: one example, ")
    alone = compose([seen.model_copy(update={"explained": 1})], None, CHECK_WORDS).chapters[0].teaser
    assert alone is not None
    assert alone.small == "By m, the only explained sample"
    many = compose([flowers([1, 2, 3, 4])], None, CHECK_WORDS).chapters[0].teaser
    assert many is not None
    assert many.small == "By m0, over 100 explained samples"


def test_a_mean_over_some_samples_is_not_said_to_be_over_all() -> None:
    """Of the share on a planted mark: only pictures that have it count."""
    item = inputs("image")
    regions = np.zeros((len(item.values), 8, 8), bool)
    regions[0, :2, :2] = True
    found = material(
        "p",
        [method("m", np.eye(8), item, [str(i) for i in range(64)])],
        item.model_copy(update={"regions": regions, "region": "the mark"}),
    )
    half = rate(np.arange(4) < 2)
    planted = Planted(region="the mark", output=0, present=half, absent=half)
    found = found.model_copy(update={"performance": found.performance.model_copy(update={"planted": planted})})
    teaser = compose([found], None, CHECK_WORDS).chapters[0].teaser
    assert teaser is not None
    assert "(mean of 1 picture)" in teaser.sentence
    assert teaser.small == "By m, over 1 of 100 explained samples"


def test_pages_one_and_two_have_no_terms_that_the_guide_does_not_explain() -> None:
    terms = re.compile(r"\bGini\b(?! coefficient\))|\|a\||median partner|learned number|\belements?\b")
    for kind in members(CheckSpec):
        words = kind.words
        assert not terms.search(" ".join([words.question, words.meaning, kind.statistic])), kind
    document = compose([flowers([1, 2, 3, 4])], None, CHECK_WORDS)
    assert not terms.search(page_one(document))
    assert "Gini coefficient" in repr(document.guide)


def test_a_verdict_leads_to_the_section_where_its_result_stands() -> None:
    """Not to the beginning of the chapter, which may be pages before it."""
    items = [with_checks(flowers([1, 2, 3, 4], slug=slug), ("deletion", "pass")) for slug in ("one", "two")]
    document = compose(items, None, CHECK_WORDS)
    there = {
        section.anchor(chapter.slug, number): [table.name for block in section.blocks for table in block.tables]
        for chapter in document.chapters
        for number, section in enumerate(chapter.sections, 1)
    }
    for row, slug in zip(document.front.verdicts, ("one", "two"), strict=True):
        assert f"{slug}-verdicts" in there[row.anchor]


def test_a_failure_that_says_nothing_is_wrong_puts_nothing_in_doubt() -> None:
    """That many parts carry an explanation, or that methods which mean something else order them otherwise."""
    found = check("sparseness", "fail")
    for bears, said in ((True, "what rests on it is in doubt"), (False, "that does not say that anything is wrong")):
        assert meaning(found.model_copy(update={"bears": bears})).endswith(said)


def test_no_sum_stands_on_page_one_and_the_method_in_front_is_named_first() -> None:
    """A sum is of the score, of which page one does not speak; what the picture is by is what explains it."""
    item = pictures("raw", "raw", "raw", "raw")
    [teaser] = [figure for figure in figures(item, {"uraw": 1.0}) if figure.name.endswith("-teaser")]
    [row] = content(teaser, Images).rows
    assert [cell.note for cell in row if cell is not None and cell.note.startswith("sum")] == []
    grid = next(figure for figure in figures(item, {"uraw": 1.0}) if figure.name != teaser.name)
    assert any(cell is not None and cell.note.startswith("sum") for row in content(grid, Images).rows for cell in row)
    [by] = [fact.text for fact in compose([item], None, {}).front.examined if fact.name == "Explained by"]
    assert by == "m3, m0, m1 and 1 more"


def test_each_method_is_named_once_whichever_of_them_the_front_page_shows() -> None:
    """Parts of a method that do not add up are not shown in front, though it may be the last that was asked for."""
    item = pictures("raw", "raw")
    first, last = item.methods
    item = item.model_copy(update={"methods": (first, last.model_copy(update={"additive": False}))})
    [by] = [fact.text for fact in compose([item], None, {}).front.examined if fact.name == "Explained by"]
    assert by == "m0 and m1"


def test_samples_that_could_not_be_used_are_counted_on_page_one() -> None:
    """1,011 trained on and 253 explained of 1,282 leave 18 that nobody mentions."""
    item = pictures("raw")
    gone = tuple(Excluded(sample_id=str(k), given="c1", reason=as_message("broken")) for k in range(18))
    told = item.model_copy(update={"dataset": item.dataset.model_copy(update={"excluded": gone})})
    for one, said in ((item, "100 pictures, of which 100"), (told, "118 pictures, of which 18 could not be used and")):
        [text] = [fact.text for fact in compose([one], None, {}).front.examined if fact.name == "Data"]
        assert said in text


def test_variants_of_one_method_are_called_by_it_and_what_their_labels_add() -> None:
    """No reader knows what a “gradient shap background 80” is."""
    item = inputs("table")
    labels = ("gradient_shap_background_80", "gradient_shap", "own", "other")
    titles = ("Gradient SHAP", "Gradient SHAP", "Gradient SHAP", "Occlusion")
    made = [
        method(label, np.ones(4), item, LENGTHS).model_copy(update={"title": as_message(title)})
        for label, title in zip(labels, titles, strict=True)
    ]
    found = [one.title for one in _disambiguated(made)]
    assert found == ["Gradient SHAP (background 80)", "Gradient SHAP", "Own", "Occlusion"]
