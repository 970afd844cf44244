"""Texts as tokens: words, characters, or the longest tokens of a vocabulary."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Self
from unicodedata import category

import numpy as np

from exhibit.tasks.data.files import require_text
from exhibit.tasks.data.rows import words
from exhibit.tasks.data.text_column import TextColumn
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.language import say

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from exhibit.tasks.data.rows import Table

PADDING, UNKNOWN = "[PAD]", "[UNK]"
_CLASS, _END, _MASK = "[CLS]", "[SEP]", "[MASK]"
_WORD = re.compile(r"\w+|[^\w\s]")

Cut = Literal["words", "characters", "vocabulary"]


class Vocabulary(TextColumn):
    """How a column of texts is read: `tokens` by id, the padding first; at most `length` of them for a text."""

    cut: Cut
    lower: bool
    length: int
    tokens: tuple[str, ...]

    @classmethod
    def learned(cls, texts: Iterable[str], column: str, cut: Cut, length: int, rarest: int, *, lower: bool) -> Self:
        """The tokens that occur at least `rarest` times, the most frequent first, with one that stands for others.

        Raises:
            InputError: where none does.
        """
        counts = Counter(piece for text in texts for piece in pieces(text.lower() if lower else text, cut))
        frequent = sorted((piece for piece, count in counts.items() if count >= rarest), key=lambda p: (-counts[p], p))
        if not frequent:
            raise InputError(f"data.rarest: no token of {column!r} occurs {rarest} times; give a smaller number")
        return cls(column=column, cut=cut, lower=lower, length=length, tokens=(PADDING, UNKNOWN, *frequent))

    def no_longer_than(self, texts: Iterable[str]) -> Self:
        """With a length that the longest of these texts needs: what is only padding explains nothing."""
        longest = max(len(self.ids(text)) for text in texts)
        return self.model_copy(update={"length": max(longest, 1)})

    def encoded(self, table: "Table", key: str) -> tuple[Array, list[str | None]]:
        """Ids (rows, length), and for each row why it cannot be used."""
        del key
        rows_of_ids = [[] if text is None else self.ids(text) for text in words(table[self.column])]
        reasons: list[str | None] = [
            None if any(ids) else say("{column} is missing or has no token", column=self.column) for ids in rows_of_ids
        ]
        padded = np.zeros((len(rows_of_ids), self.length), np.int64)
        for row, ids in enumerate(rows_of_ids):
            padded[row, : len(ids)] = ids[: self.length]
        return padded, reasons

    def ids(self, text: str) -> list[int]:
        """The ids of a text's tokens, cut at the length."""
        text = text.lower() if self.lower and self.cut != "vocabulary" else text
        if self.cut == "vocabulary":
            pieces_of = self._word_pieces.encode(text, add_special_tokens=False).ids
            begin, end = ([self._index.ids[mark]] if mark in self._index.ids else [] for mark in (_CLASS, _END))
            room = max(self.length - len(begin) - len(end), 0)
            return [*begin, *pieces_of[:room], *end][: self.length] if pieces_of else []
        return [self._index.ids.get(piece, 1) for piece in pieces(text, self.cut)[: self.length]]

    @cached_property
    def _word_pieces(self) -> "Tokenizer":
        """BERT's tokenizer with these tokens, as the library of its publishers has it: words and marks, each cut into
        the longest tokens from its beginning, those inside a word marked by ##; a word that they do not spell is
        unknown as a whole."""
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

        tokenizer = Tokenizer(models.WordPiece(self._index.ids, unk_token=UNKNOWN))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=self.lower)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        # Where a text holds these it means them; [PAD], which is nothing here, is spelled as any word.
        tokenizer.add_special_tokens([mark for mark in (UNKNOWN, _CLASS, _END, _MASK) if mark in self._index.ids])
        return tokenizer

    @cached_property
    def _index(self) -> "Index":
        return Index.of(self.tokens)

    def input(self, values: Array) -> Input:
        """The text of these ids."""
        return Input(name="text", kind="text", values=values, vocabulary=self.tokens)


def pieces(text: str, cut: Cut) -> list[str]:
    """Words and marks, or characters."""
    if cut == "characters":
        return list(text)
    found = _WORD.findall(text)
    return found if text.isascii() else _whole(text, found)


def _whole(text: str, parts: Sequence[str]) -> list[str]:
    """With what is written above, below or between letters at the letter that it belongs to, such as the vowels of
    Hindi and Thai and accents of their own: Python's \\w takes it for no part of a word."""
    found: list[str] = []
    place, open_word = 0, False
    for part in parts:
        start = text.index(part, place)
        joins = _is_joined(part)
        word = part[0].isalnum() or part[0] == "_"
        if found and start == place and (joins or (word and open_word)):
            found[-1] += part
        else:
            found.append(part)
        # Behind a vowel of a word it goes on; behind another sign, as the one that makes a heart red, it does not.
        open_word = joins and (found[-1][0].isalnum() or found[-1][0] == "_")
        place = start + len(part)
    return found


def _is_joined(part: str) -> bool:
    return len(part) == 1 and (category(part).startswith("M") or part in _JOINING)


_JOINING = "\u200c\u200d"  # between letters of one word


def read_tokens(path: Path) -> tuple[str, ...]:
    """The tokens of a vocabulary file, one a line, with the padding first; blanks behind one are none of it, as in
    `tokenizers`.

    Raises:
        InputError: for one that has the padding elsewhere.
    """
    require_text(path, "vocabulary")
    tokens = tuple(line.rstrip() for line in path.read_text(encoding="utf-8").split("\n"))
    tokens = tokens[:-1] if tokens[-1] == "" else tokens
    if PADDING not in tokens:
        return (PADDING, *tokens)
    if tokens[0] != PADDING:
        raise InputError(f"data.vocabulary: {PADDING} stands in line {tokens.index(PADDING) + 1}, it must be the first")
    return tokens


class Index(NamedTuple):
    """The id of each token, the last of equal ones, as in `tokenizers`, and how long the longest is."""

    ids: dict[str, int]
    longest: int

    @classmethod
    def of(cls, tokens: Sequence[str]) -> Self:
        """Of tokens by id."""
        return cls({token: number for number, token in enumerate(tokens)}, max(map(len, tokens)))


def longest_first(sentence: str, vocabulary: Index) -> list[int]:
    """Ids of the tokens: always the longest one that fits, a continuation (##) where there is no other; between the
    marks of start and end where the vocabulary has them. For a language that does not part its words.

    Raises:
        InputError: for a character that the vocabulary does not have, nor a token for unknown ones.
    """
    ids, longest = vocabulary
    pieces, start = [], 0
    while start < len(sentence):
        ends = range(min(len(sentence), start + longest), start, -1)
        candidates = ((mark + sentence[start:end], end) for end in ends for mark in ("", "##"))
        token, start = next(((piece, end) for piece, end in candidates if piece in ids), (UNKNOWN, start + 1))
        if token not in ids:
            raise InputError(f"data.vocabulary: it has no token for {sentence[start - 1]!r}, and no {UNKNOWN}")
        pieces.append(ids[token])
    return [*([ids[_CLASS]] if _CLASS in ids else []), *pieces, *([ids[_END]] if _END in ids else [])]
