"""What a stage keeps is said in the language of the page, and an empty text has no words in any."""

import json

import numpy as np
import pytest

from exhibit.tasks.catalogues import languages, spoken
from exhibit.tasks.checks.case import all_of, told
from exhibit.tasks.data.limits import Limits
from exhibit.tasks.data.molecule import group_sums, problem
from exhibit.tasks.data.plain import dataset_of
from exhibit.tasks.data.rows import Labels
from exhibit.tasks.data.said import OF_PICTURES
from exhibit.tasks.data.said import told as said_by
from exhibit.tasks.methods.draws import SamplingSpec
from exhibit.tasks.methods.gradient import VanillaGradSpec
from exhibit.tasks.models.remarks import listed
from exhibit.tasks.records.base import Record
from exhibit.tasks.records.language import COMMA, Message, as_given, joined, mark, of_option, say, tr
from exhibit.tasks.records.packing import pack, unpack
from exhibit.tasks.records.verdict import CheckResult


@pytest.mark.parametrize("language", languages())
def test_an_empty_text_has_no_words(language: str) -> None:
    with spoken(language):
        assert tr("") == tr(Message()) == ""


def test_what_a_check_says_goes_through_the_store_in_parts() -> None:
    result = CheckResult.not_applicable("deletion", "shap", all_of(3, "the only explained sample", "explained samples"))
    kept = unpack(CheckResult, pack(result)).sentence
    assert kept == "all 3 explained samples"
    with spoken("ja"):
        assert tr(kept) == "説明したサンプル3件すべて"
        assert tr(told(1e-7, 0.01, "%")) == "0.01%未満"


def test_programs_read_what_is_kept_as_a_text() -> None:
    """Also where it has parts: only the store keeps these apart."""
    result = CheckResult.not_applicable("deletion", "shap", all_of(3, "the only explained sample", "explained samples"))
    for mode in ("python", "json"):
        assert json.loads(json.dumps(result.model_dump(mode=mode)["sentence"])) == "all 3 explained samples"


def test_a_name_that_somebody_gave_is_the_same_in_every_language() -> None:
    with spoken("ja"):
        assert tr(mark("species")) == "種"
        assert tr(as_given("species")) == "species"


def test_a_row_that_is_left_out_says_why_in_the_language() -> None:
    why = Labels(name="age", task="regression").reason(float("nan"), required=True)
    assert why == "age is missing"
    with spoken("zh-Hans"):
        assert tr(why) == "age缺失"
        assert tr(joined([why, "", why])) == "age缺失；age缺失"
        assert tr(joined(["a", "b", "c"], COMMA)) == "a、b、c"


def test_nothing_joined_is_nothing() -> None:
    assert joined([]) == joined(["", ""]) == ""


def test_a_method_is_called_in_the_language_with_what_it_draws() -> None:
    method = VanillaGradSpec(sampling=SamplingSpec())
    assert method.title == "Gradient with SmoothGrad noise"
    with spoken("ja"):
        assert tr(method.title) == "勾配（SmoothGradの雑音）"


def test_what_a_function_of_the_user_says_of_its_data_is_the_same_in_every_language() -> None:
    rows = {"inputs": {"a": np.zeros((3, 1))}, "labels": [0.5, 1.5, 2.5], "split": ["train", "train", "test"]}
    said = {"title": "species", "description": "feature", "source": "mean", "label_name": "label"}
    given, none = (dataset_of(rows | more, "data.factory: f") for more in (said, {"label_name": "label"}))
    with spoken("ja"):
        assert [tr(one) for one in (given.title, given.description, given.source, given.label_name)] == [*said.values()]
        assert tr(none.title) == tr(mark("Data of the user's own")) != none.title


def test_names_of_classes_are_the_same_in_every_language() -> None:
    with spoken("ja"):
        assert tr(mark("predicted")) == "予測"
        assert tr(say("{classes}.", classes=listed(["predicted"]))) == "predicted."


def test_reasons_of_libraries_are_said_in_the_language_where_they_are_known() -> None:
    """Of others the words are kept as they are, also those that mean something else to a catalogue."""
    known = problem("C(C)(C)(C)(C)C", Limits())
    assert known == "Explicit valence for atom # 0 C, 5, is greater than permitted"
    file = said_by("cannot identify image file 'species.png'", OF_PICTURES)
    with spoken("ja"):
        assert tr(known) == "原子0（C）の明示された原子価5が許容値を超えている"
        assert tr(file) == "'species.png'を画像ファイルと認識できない"
        assert tr(said_by("species", OF_PICTURES)) == "species"


def test_parts_of_a_molecule_are_named_in_the_language() -> None:
    names = [name for name, _ in group_sums("ClCCCl", np.ones(4))]
    assert names == ["halogen (2 times)", "atoms of no group"]
    with spoken("zh-Hans"):
        assert [tr(name) for name in names] == ["卤素（2个）", "不属于任何官能团的原子"]


@pytest.mark.parametrize("text", ["Digits", "species", "A table", "feature"])
def test_a_text_of_an_option_is_the_program_s_and_no_other_text(text: str) -> None:
    kept = unpack(Titled, pack(Titled(title=of_option(text)))).title
    assert kept == text
    with spoken("ja"):
        assert (tr(kept) == text) == (text in ("species", "feature"))


class Titled(Record):
    """What has a title that an option may have given."""

    title: Message
