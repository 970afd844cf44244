"""Texts of the user's own: what they are cut into, which tokens are known, and rows to explain."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers.implementations import BertWordPieceTokenizer

from exhibit.tasks.data.text import TextSpec
from exhibit.tasks.data.tokens import Vocabulary, pieces, read_tokens
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.packing import pack
from tests.conftest import Memory

REVIEWS = """text,verdict
A fine film.,good
"Dull, dull!",bad
,bad
A fine story,good
Dull story.,bad
"""


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    return written(tmp_path / "reviews.csv", REVIEWS)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def spec(path: Path | None, **options: Any) -> TextSpec:
    return TextSpec(**{"path": path, "text": "text", "label": "verdict", "length": 6, **options})


def read(data: Dataset) -> list[list[str]]:
    (item,) = data.inputs
    return [[item.vocabulary[token] for token in row if token] for row in item.values.tolist()]


def test_words_and_marks_are_tokens_and_rare_ones_are_unknown(reviews: Path) -> None:
    data = spec(reviews).load(Memory())
    assert read(data) == [
        ["a", "fine", "[UNK]", "."], ["dull", "[UNK]", "dull", "[UNK]"], ["a", "fine", "story"], ["dull", "story", "."]
    ]  # fmt: skip
    assert data.inputs[0].vocabulary[:3] == ("[PAD]", "[UNK]", "dull")
    assert [(item.sample_id, item.reason) for item in data.excluded] == [("row 2", "text is missing or has no token")]
    assert "Texts of at most 4 words and marks; 7 different ones are known." in data.description


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("हिन्दी में एक वाक्य।", ["हिन्दी", "में", "एक", "वाक्य", "।"]),
        ("วันนี้ ดีมาก", ["วันนี้", "ดีมาก"]),
        ("cafe\u0301s, no\u0308", ["cafe\u0301s", ",", "no\u0308"]),
        ("مُحَمَّد هنا", ["مُحَمَّد", "هنا"]),
        ("می\u200cخواهم رفت", ["می\u200cخواهم", "رفت"]),
        ("love \u2764\ufe0fyou", ["love", "\u2764\ufe0f", "you"]),
        ("\u0301 a_1-b’s", ["\u0301", "a_1", "-", "b", "’", "s"]),
    ],
)
def test_a_word_keeps_the_vowels_and_accents_that_are_signs_of_their_own(text: str, found: list[str]) -> None:
    assert pieces(text, "words") == found


def test_characters_are_tokens(reviews: Path) -> None:
    data = spec(reviews, tokens="characters", lower=False, rarest=1).load(Memory())
    assert read(data)[0] == list("A fine")


_PIECES = (
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "the", "se", "##r", "##v", "##i", "##ce", "s", "##e", "v", "!", "na",
    "##ive", "[MASK]",
)  # fmt: skip
_WORDS = st.lists(
    st.sampled_from(
        [
            "service",
            "the",
            "naïve",
            "NAIVE",
            "sevice",
            "a",
            "xyz",
            "!",
            "猫",
            "se\u0301r",
            "\u200b",
            "[UNK]",
            "a[SEP]",
            "[MASK]",
        ]
    )
    | st.text(max_size=6),
    max_size=8,
)


@given(words=_WORDS, lower=st.booleans(), length=st.integers(3, 12))
def test_a_vocabulary_gives_the_ids_that_bert_gives(words: list[str], lower: bool, length: int) -> None:
    """Those of the whole tokenizer as its publishers put it together, marks, truncation and all."""
    known = Vocabulary(column="text", cut="vocabulary", lower=lower, length=length, tokens=_PIECES)
    oracle = BertWordPieceTokenizer({piece: number for number, piece in enumerate(_PIECES)}, lowercase=lower)
    oracle.enable_truncation(length)
    text = " ".join(words)
    ids = oracle.encode(text).ids
    assert known.ids(text) == (ids if len(ids) > 2 else [])


def test_a_word_is_cut_from_its_beginning_with_marks_inside() -> None:
    known = Vocabulary(column="text", cut="vocabulary", lower=True, length=9, tokens=_PIECES)
    assert [_PIECES[token] for token in known.ids("Service?")] == [
        "[CLS]", "se", "##r", "##v", "##i", "##ce", "[UNK]", "[SEP]"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "lines",
    [
        "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ngood\nbad\ngood\n##s\n##s\n",
        "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ngood \nbad\t\n##s\u3000\n",
        "[PAD]\n[UNK] \n[CLS]\n[SEP]\n[MASK]\n\ngood\n\nbad\n##s",
        "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\ngood\r\nbad\r\n##s\r\n",
    ],
)
def test_lines_of_a_vocabulary_count_as_its_publishers_library_counts_them(lines: str, tmp_path: Path) -> None:
    """Equal ones, of which the last is the token, and blanks behind a token."""
    vocabulary = written(tmp_path / "vocab.txt", lines)
    known = Vocabulary(column="text", cut="vocabulary", lower=True, length=9, tokens=read_tokens(vocabulary))
    assert known.ids("goods bad bads") == BertWordPieceTokenizer(str(vocabulary)).encode("goods bad bads").ids


def test_a_users_own_vocabulary_is_read_longest_token_first(reviews: Path, tmp_path: Path) -> None:
    vocabulary = written(tmp_path / "vocab.txt", "[UNK]\na\nfine\nfil\n##m\nstory\n.\n")
    data = spec(reviews, vocabulary=vocabulary).load(Memory())
    assert read(data)[0] == ["a", "fine", "fil", "##m", "."]
    assert spec(reviews, vocabulary=vocabulary).spec_with_digests()["vocabulary"] != str(vocabulary)
    with pytest.raises(InputError, match=r"data\.vocabulary: it has no \[UNK\]"):
        spec(reviews, vocabulary=written(tmp_path / "short.txt", "a\n")).load(Memory())


def test_texts_to_explain_are_read_with_the_tokens_of_the_fit(reviews: Path, tmp_path: Path) -> None:
    week = written(tmp_path / "week.csv", "text,who\nA new dull film,me\n,you\n")
    both = spec(reviews, explain=week)
    data = both.load(Memory())
    assert read(data)[-1] == ["a", "[UNK]", "dull", "[UNK]"]
    assert np.isnan(data.labels[-1])
    assert pack(both.fitted(data)) == pack(spec(reviews).fitted(spec(reviews).load(Memory())))
    scheme = written(tmp_path / "scheme.json", json.dumps(data.scheme))
    alone = spec(None, scheme=scheme, explain=week).load(Memory())
    assert read(alone) == [["a", "[UNK]", "dull", "[UNK]"]]
    assert alone.inputs[0].vocabulary == data.inputs[0].vocabulary


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"text": "texts"}, r"^data\.text: there is no column texts; there are text, verdict$"),
        ({"rarest": 9}, r"^data\.rarest: no token of 'text' occurs 9 times; give a smaller number$"),
        ({"vocabulary": Path("none.txt")}, r"^data\.vocabulary: none\.txt does not exist; put the tokens there"),
    ],
)
def test_what_cannot_be_used_is_said(options: dict[str, Any], said: str, reviews: Path) -> None:
    with pytest.raises(InputError, match=said):
        spec(reviews, **options).load(Memory())
    with pytest.raises(InputError, match=r"^data\.explain: the file has no column text, which the training data"):
        spec(reviews, explain=written(reviews.with_name("week.csv"), "other\nx\n")).load(Memory())
