"""Texts read by the tokenizer of a model: words as a reader knows them, each with all the tokens that spell it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, models, normalizers, processors, trainers

from exhibit.tasks.data.growth import most_letters
from exhibit.tasks.data.spelling import Speller
from exhibit.tasks.data.text import TextSpec
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.packing import pack
from exhibit.tasks.records.spelling import Brought
from tests.classifiers import byte_pairs, reviews, unigram, wordpiece
from tests.conftest import Memory

ENGLISH = reviews()[0]
JAPANESE = [
    "この映画は本当に素晴らしいです。",
    "退屈な映画でした。",
    "音楽は素晴らしいが話は退屈だ。",
    "とても良い映画です。",
] * 6
CHINESE = ["这部电影非常好看。", "故事很无聊。", "音乐好听,但是故事无聊。", "我非常喜欢这部电影。"] * 6


def speller(tokenizer: Tokenizer, folder: Path, **settings: Any) -> Speller:
    tokenizer.save(str(folder / "tokenizer.json"))
    usual: dict[str, Any] = {"column": "text", "tokenizer": "", "length": None, "whole": True, "longer": "shorten",
                             "padding": 0, "mark": None, "file": folder / "tokenizer.json"}  # fmt: skip
    return Speller(**{**usual, **settings})


def shown(tokenizer: Tokenizer, text: str, folder: Path, **settings: Any) -> list[str]:
    return [word.shown for word in speller(tokenizer, folder, **settings).read(text)]


def characters(texts: Sequence[str]) -> Tokenizer:
    """As BERT for Chinese: each character a word of its own."""
    return wordpiece(texts, size=400)


def without_pieces_before(texts: Sequence[str]) -> Tokenizer:
    """As Llama's, which cuts a text into no words before it cuts it into tokens."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.train_from_iterator(
        [f"{word} " for text in texts for word in text.split()], trainers.BpeTrainer(special_tokens=["<unk>", "<s>"])
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


KINDS = {
    "wordpiece": wordpiece,
    "bytes": lambda texts: byte_pairs(texts, ["<|endoftext|>"], size=300),
    "unigram": lambda texts: unigram(texts, size=90),
    "none before": without_pieces_before,
}


@pytest.mark.parametrize("kind", list(KINDS))
def test_tokens_are_joined_to_the_words_that_a_reader_sees(kind: str, tmp_path: Path) -> None:
    """However the tokenizer marks what stands inside a word or at its beginning, spaces apart."""
    text = "the Wonderful story was brilliantly awfully dreadful"
    found = speller(KINDS[kind](ENGLISH), tmp_path).read(text)
    assert [word.shown for word in found] == text.split()
    assert max(len(word.ids) for word in found) > 1


@pytest.mark.parametrize("kind", list(KINDS))
@given(
    words=st.lists(
        st.sampled_from(["the", "story", "dreadful!", "naïve", "Don't", "猫が", "😀", "  ", "\n"]), min_size=1
    )
)
def test_no_token_is_lost_or_doubled(kind: str, words: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("tokenizer")
    known = speller(TOKENIZERS.setdefault(kind, KINDS[kind](ENGLISH)), folder)
    text = " ".join(words)
    spelled = [one for word in known.read(text) for one in word.ids]
    assert spelled == TOKENIZERS[kind].encode(text, add_special_tokens=False).ids
    alone = [one for word in known.model_copy(update={"whole": False}).read(text) for one in word.ids]
    assert alone == spelled


TOKENIZERS: dict[str, Tokenizer] = {}


def test_capitals_and_marks_are_shown_as_they_were_written(tmp_path: Path) -> None:
    assert shown(wordpiece(ENGLISH), "Don't be DREADFUL!", tmp_path)[-2:] == ["DREADFUL", "!"]


def test_scripts_without_spaces_keep_the_tokens_of_the_tokenizer(tmp_path: Path) -> None:
    """A whole sentence is no word; and a letter of several bytes is not taken apart."""
    tokenizer = unigram(JAPANESE, size=80)
    pieces = [token.replace("▁", "") for token in tokenizer.encode(JAPANESE[0], add_special_tokens=False).tokens]
    assert shown(tokenizer, JAPANESE[0], tmp_path) == [piece for piece in pieces if piece]
    assert len(pieces) > 4
    assert shown(characters(CHINESE), CHINESE[0], tmp_path) == list(CHINESE[0])
    of_bytes = byte_pairs(ENGLISH, ["<|endoftext|>"], size=280)
    assert shown(of_bytes, "猫です dreadful 😀!", tmp_path) == ["猫", "で", "す", "dreadful", "😀!"]
    assert shown(of_bytes, "猫😀", tmp_path, whole=False) == ["猫", "😀"]


def test_words_beside_a_script_without_spaces_stay_whole(tmp_path: Path) -> None:
    of_bytes = byte_pairs(ENGLISH, ["<|endoftext|>"], size=280)
    assert shown(of_bytes, "東京Dreadful的", tmp_path) == ["東", "京", "Dreadful", "的"]
    korean = "정말 좋은 영화입니다"
    assert shown(of_bytes, korean, tmp_path) == korean.split()


def table(folder: Path, rows: dict[str, list[Any]], name: str = "texts.csv") -> Path:
    pd.DataFrame(rows).to_csv(folder / name, index=False)
    return folder / name


def spec(
    tokenizer: Tokenizer, folder: Path, rows: dict[str, list[Any]], brought: Any = None, **settings: Any
) -> TextSpec:
    tokenizer.save(str(folder / "tokenizer.json"))
    said = {"tokenizer": folder / "tokenizer.json", "most": 12, "mask": "[MASK]", "outputs": ("bad", "good")}
    usual = {"path": table(folder, rows), "text": "text", "label": "label" if "label" in rows else None}
    return TextSpec(**{**usual, **settings}).told(Brought(**{**said, **(brought or {})}))


def loaded(folder: Path, rows: dict[str, list[Any]], brought: Any = None, **settings: Any) -> Dataset:
    return spec(wordpiece(ENGLISH), folder, rows, brought, **settings).load(Memory())


LONG = "the film was " * 6 + "dreadful"


def test_a_text_that_is_too_long_is_shortened_where_a_reader_sees_it(tmp_path: Path) -> None:
    """Ten tokens beside [CLS] and [SEP]: whole words, and one of no token that says how many are not read."""
    data = loaded(tmp_path, {"text": ["a film", LONG], "label": ["good", "bad"]})
    (item,) = data.inputs
    assert item.spelling is not None
    words = [item.vocabulary[word] for word in item.array[1] if word]
    counts = item.spelling.counts[item.array]
    assert counts[1].sum() <= 10 < sum(len(word.ids) for word in speller(wordpiece(ENGLISH), tmp_path).read(LONG))
    rest = sum(len(word.ids) for word in speller(wordpiece(ENGLISH), tmp_path).read(LONG)) - counts[1].sum()
    assert words[:3] == ["the", "film", "was"]
    assert words[-1] == f"… {rest} tokens not read"
    assert "1 of 2 texts are longer than the 12 tokens that are read of one" in data.description
    assert item.spelling.hidden[item.array[1, len(words) - 1]] == item.array[1, len(words) - 1]  # nothing to hide


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_blanks_around_a_text_reach_the_tokenizer(ending: str, tmp_path: Path) -> None:
    """To a tokenizer of bytes a word behind a blank is another than one without."""
    tokenizer, texts = byte_pairs(ENGLISH, ["<|endoftext|>"], size=280), [" the film ", "the film", "  ", None]
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    frame, path = pd.DataFrame({"label": [0, 1, 0, 1], "text": texts}), tmp_path / f"texts{ending}"
    frame.to_csv(path, index=False) if ending == ".csv" else frame.to_parquet(path)
    said = {"tokenizer": tmp_path / "tokenizer.json", "most": 30, "mask": None, "outputs": ("bad", "good")}
    data = TextSpec(path=path, text="text").told(Brought(**said)).load(Memory())
    (item,) = data.inputs
    assert item.spelling is not None
    laid = item.spelling.laid(item.array)
    found = [ids[words >= 0].tolist() for ids, words in zip(laid.ids, laid.words, strict=True)]
    assert found == [tokenizer.encode(text, add_special_tokens=False).ids for text in (" the film ", "the film")]
    assert [one.reason for one in data.excluded] == ["text is missing or has no token"] * 2


def test_a_text_that_is_too_long_is_left_out_where_that_is_asked_for(tmp_path: Path) -> None:
    data = loaded(tmp_path, {"text": ["a film", LONG], "label": ["good", "bad"]}, longer="exclude")
    assert list(data.sample_ids) == ["row 0"]
    assert data.excluded[0].reason.startswith("text has ")
    assert "and 10 are read; data.longer=shorten reads its beginning" in data.excluded[0].reason


def test_what_a_tokenizer_cuts_or_fills_up_by_itself_is_left_to_the_program(tmp_path: Path) -> None:
    """Its file may hold a truncation and a padding of its training."""
    tokenizer = wordpiece(ENGLISH)
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=30)
    assert shown(tokenizer, "the film was dreadful and a plot", tmp_path) == [
        "the",
        "film",
        "was",
        "dreadful",
        "and",
        "a",
        "plot",
    ]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [(["good", "bad", "good"], [1, 0, 1]), ([" GOOD", "Bad", " GOOD"], [1, 0, 1]), ([1, 0, 1], [1, 0, 1]),
     (["good", "good", "good"], [1, 1, 1])],
)  # fmt: skip
def test_labels_are_outputs_by_name_or_by_number(labels: list[Any], expected: list[int], tmp_path: Path) -> None:
    data = loaded(tmp_path, {"text": ["a film", "the plot", "music"], "label": labels})
    assert data.labels.tolist() == expected
    assert data.classes == ("bad", "good")
    assert set(data.split) == {"train"}  # nothing trains, so nothing is held out: all are explained


def test_labels_in_another_order_are_told_by_the_config(tmp_path: Path) -> None:
    rows = {"text": ["a film", "the plot", "music"], "label": ["up", "down", "up"]}
    with pytest.raises(
        InputError, match=r"holds up, down, and the outputs of the model are bad, good; labels are match"
    ):
        loaded(tmp_path, rows)
    data = loaded(tmp_path, rows, classes=("down", "up"))
    assert data.labels.tolist() == [1, 0, 1]
    assert data.classes == ("bad", "good")
    with pytest.raises(InputError, match="3 were given, but the model has 2 outputs: bad, good"):
        loaded(tmp_path, rows, classes=("down", "up", "even"))


def test_texts_without_labels_are_all_there_to_be_explained(tmp_path: Path) -> None:
    data = loaded(tmp_path, {"text": ["a film", "the plot"]})
    assert np.isnan(data.labels).all()
    assert set(data.split) == {"explain"}
    assert "No labels are given: a classification, as the model does it." in data.description


def test_one_output_is_a_regression(tmp_path: Path) -> None:
    data = loaded(tmp_path, {"text": ["a film", "the plot"], "label": [1, 5]}, {"outputs": ()})
    assert (data.task, data.labels.tolist(), data.classes) == ("regression", [1.0, 5.0], ())
    with pytest.raises(InputError, match="'classification' was given, but the model gives one value"):
        loaded(tmp_path, {"text": ["a film"], "label": [1]}, {"outputs": ()}, task="classification")


def test_what_is_to_be_explained_changes_no_byte_of_what_the_model_is_fitted_to(tmp_path: Path) -> None:
    """More words, more tokens and longer texts among them."""
    rows = {"text": ["a film", "the plot of music"], "label": ["good", "bad"]}
    week = table(tmp_path, {"text": ["xylophones, awfully dreadful story and a scene"]}, "week.csv")
    one = spec(wordpiece(ENGLISH), tmp_path, rows)
    other = one.model_copy(update={"explain": week})
    found = [each.fitted(each.load(Memory())) for each in (one, other)]
    assert found[0] is not None
    assert found[1] is not None
    assert pack(found[0]) == pack(found[1])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"tokens": "characters"}, "data.tokens=characters: the model cuts its texts by its own tokenizer"),
        ({"vocabulary": Path("vocab.txt")}, "data.vocabulary: the model cuts its texts by its own tokenizer"),
        ({"length": 50}, "data.length: 50 was given, but the model reads at most 12 tokens"),
        ({"length": 2}, "data.length: 2 leaves no room beside the special tokens"),
    ],
)
def test_what_the_tokenizer_decides_is_not_asked_for(settings: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        loaded(tmp_path, {"text": ["a film"], "label": ["good"]}, **settings)


def test_masks_are_asked_for_of_tokenizers_that_have_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the tokenizer has no token of masks"):
        loaded(tmp_path, {"text": ["a film"], "label": ["good"]}, {"mask": None}, hidden="mask")


def test_texts_of_other_models_need_a_label_and_are_cut_into_no_pieces(tmp_path: Path) -> None:
    path = table(tmp_path, {"text": ["a film", "a film"]})
    with pytest.raises(InputError, match=r"data\.label: name the column"):
        TextSpec(path=path, text="text").load(Memory())
    with pytest.raises(InputError, match=r"data\.tokens: 'pieces' needs a model with a tokenizer of its own"):
        TextSpec(path=path, text="text", tokens="pieces").load(Memory())


TWICE = normalizers.Replace("a", "aa")
GROWING: dict[str, Any] = {
    "letters": {"normalizer": normalizers.Sequence([TWICE] * 60)},
    "letters of a pattern": {"normalizer": normalizers.Sequence([normalizers.Replace(Regex("$|^"), "ab")] * 60)},
    "the text": {
        "post_processor": processors.Sequence([processors.TemplateProcessing(single="$A $A", special_tokens=[])] * 60)
    },
}


@pytest.mark.parametrize("parts", GROWING.values(), ids=GROWING)
def test_a_tokenizer_that_repeats_a_text_without_bound_is_refused_before_it_does(
    parts: dict[str, Any], tmp_path: Path
) -> None:
    tokenizer = wordpiece(ENGLISH)
    for name, part in parts.items():
        setattr(tokenizer, name, part)
    with pytest.raises(
        InputError, match=r"tokenizer.json may make 1×10¹⁸ letters of a text of 6, for which the \d+ GB"
    ):
        speller(tokenizer, tmp_path).read("a film")


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_no_more_tokens_come_of_a_text_than_its_tokenizer_may_make(make: Any, tmp_path: Path) -> None:
    tokenizer = make([*ENGLISH, *JAPANESE])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    settings = json.loads((tmp_path / "tokenizer.json").read_text())
    for text in ("\ufdfa" * 20, "İ" * 9, "a film 🎬", "退屈な映画でした。", "e\u0301" * 9):
        assert len(tokenizer.encode(text, add_special_tokens=False).ids) <= most_letters(settings, len(text))
        if tokenizer.normalizer is not None:
            assert len(tokenizer.normalizer.normalize_str(text)) <= most_letters(settings, len(text))
    assert most_letters(settings, 10_000) < 5_000_000
