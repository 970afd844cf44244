"""Texts read by the tokenizer of the model that explains them: cut into words, each with the tokens that spell it."""

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from exhibit.tasks.data.growth import most_letters
from exhibit.tasks.data.rows import texts
from exhibit.tasks.data.text_column import TextColumn
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.language import say
from exhibit.tasks.records.shown import as_power
from exhibit.tasks.records.spelling import Spelling, of_the_tokenizers
from exhibit.tasks.room import memory

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

    from exhibit.tasks.data.rows import Table

# Of scripts that put no spaces between words, as Unicode names their letters: there a token is what a reader can point
# at, and all that stands between two spaces would be a whole sentence.
_UNSPACED = frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "BOPOMOFO", "YI", "THAI", "LAO", "KHMER",
                       "MYANMAR", "TIBETAN", "IDEOGRAPHIC", "HALFWIDTH"})  # fmt: skip
_EACH = 100  # bytes of a letter that may be a token: where it stood, what it is, which id it has
_SPACE, _BREAK = "(space)", "(line break)"


class Word(NamedTuple):
    """What a reader sees, and the ids of the tokens that spell it."""

    shown: str
    ids: tuple[int, ...]


class Speller(TextColumn):
    """How a column of texts is read: by the tokenizer in `file`, whose sha256 is `tokenizer`.

    `length`: tokens of a text at most, special ones among them; None: any number. `whole`: its tokens are joined to
    words. `mark`: the token that stands for a hidden one; None: that of the padding.
    """

    tokenizer: str
    length: int | None
    whole: bool
    longer: Literal["shorten", "exclude"]
    padding: int
    mark: str | None
    file: Path = Field(exclude=True)

    def encoded(self, table: "Table", key: str) -> tuple[Array, list[str | None]]:
        """The words of each row, (rows,) of lists, and for each row why it cannot be used."""
        del key
        found = np.empty(len(table), object)
        reasons: list[str | None] = []
        for row, text in enumerate(texts(table[self.column])):
            read = [] if text is None else self.read(text)
            count = sum(len(word.ids) for word in read)
            found[row] = read if count <= self.room else self._shortened(read)
            reasons.append(self._reason(count))
        return found, reasons

    @property
    def room(self) -> float:
        """For tokens of a text beside the special ones."""
        return float("inf") if self.length is None else self.length - sum(map(len, self.around))

    def longer_ones(self, texts: Array) -> int:
        """How many of the texts, as `encoded` gives them, are shortened."""
        return sum(1 for text in texts.tolist() if text and not text[-1].ids)

    def read(self, text: str) -> list[Word]:
        """The words of a text in their order. Those that are written alike and spelled alike are equal."""
        found = self._encoding(text)
        return [
            Word(_shown(text[min(spans)[0] : max(end for _, end in spans)]), tuple(found.ids[k] for k in group))
            for group in (self._groups(found, text) if self.whole else _overlapping(found))
            for spans in [[found.offsets[k] for k in group]]
        ]

    def input(self, texts: Array) -> Input:
        """The texts of these words, as `encoded` gives them. A word is known by when it first occurs, behind what
        stands in its place where it is hidden, so that the words of other texts do not change its number."""
        mark = self.mark or self._token(self.padding)
        hidden_id = self._id(mark)
        known: dict[Word, int] = {Word("", ()): 0}
        hidden = [0]
        rows = []
        for text in texts.tolist():
            for word in text:
                if word in known:
                    continue
                stand_in = Word(mark, (hidden_id,) * len(word.ids)) if word.ids else word
                for new in dict.fromkeys((stand_in, word)):
                    if new not in known:
                        known[new] = len(known)
                        hidden.append(known[stand_in])
            rows.append([known[word] for word in text])
        values = np.zeros((len(rows), max(map(len, rows))), np.int64)
        for row, ids in enumerate(rows):
            values[row, : len(ids)] = ids
        counts = np.array([len(word.ids) for word in known], np.int64)
        before, after = self.around
        spelling = Spelling(
            tokens=np.array([one for word in known for one in word.ids], np.int64),
            counts=counts,
            hidden=np.array(hidden, np.int64),
            mark=mark,
            before=_pairs(before),
            after=_pairs(after),
            own_type=self._own_type,
            padding=self.padding,
            length=int(counts[values].sum(axis=1).max()),
            most=None if self.length is None else int(self.room),
        )
        vocabulary = tuple(word.shown for word in known)
        return Input(name="text", kind="text", values=values, vocabulary=vocabulary, spelling=spelling)

    @cached_property
    def around(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Ids and types of the special tokens before and after every text."""
        plain, found = self._encoding(self._some), self._encoding(self._some, special=True)
        begin = next((k for k, special in enumerate(found.special_tokens_mask) if not special), len(found.ids))
        end = begin + len(plain.ids)
        if found.ids[begin:end] != plain.ids:
            raise InputError(
                f"model.path: {self.file.name} changes the tokens of a text when it puts special ones around it, so it "
                "is not known which token belongs to which word; such a tokenizer is not read here"
            )
        marks = list(zip(found.ids, found.type_ids, strict=True))
        return marks[:begin], marks[end:]

    def _reason(self, count: int) -> str | None:
        if not count:
            return say("{column} is missing or has no token", column=self.column)
        if count > self.room and self.longer == "exclude":
            return say(
                "{column} has {count} tokens beside the special ones, and {read} are read; data.longer=shorten reads "
                "its beginning",
                column=self.column,
                count=f"{count:,}",
                read=f"{int(self.room):,}",
            )
        return None

    def _shortened(self, text: Sequence[Word]) -> list[Word]:
        """As many whole words as there is room for, and one of no token that says how much is not read."""
        ends = np.cumsum([len(word.ids) for word in text])
        kept = int((ends <= self.room).sum())
        unread = int(ends[-1] - (ends[kept - 1] if kept else 0))
        return [*text[:kept], Word(f"… {unread:,} tokens not read", ())]

    def _groups(self, found: "Encoding", text: str) -> list[list[int]]:
        """The tokens of each word: neighbours that the tokenizer took from one piece of text, without a space at the
        seam or a script without spaces. A space that is a token of its own belongs to the word behind it."""
        groups: list[list[int]] = []
        for token, ((start, end), piece) in enumerate(zip(found.offsets, found.word_ids, strict=True)):
            last = groups[-1][-1] if groups else token
            before = found.offsets[last]
            blank = bool(groups) and not text[found.offsets[groups[-1][0]][0] : before[1]].strip()
            same = piece == found.word_ids[last] and (blank or _no_seam(text, before, (start, end)))
            if groups and (same or start < before[1]):
                groups[-1].append(token)
            else:
                groups.append([token])
        return groups

    @property
    def _own_type(self) -> int:
        return self._encoding(self._some, special=True).type_ids[len(self.around[0])]

    @cached_property
    def _some(self) -> str:
        """A text of some token: what stands around it stands around every text."""
        texts = ("a", *sorted(self._tokenizer.get_vocab()))
        if (found := next((text for text in texts if self._encoding(text).ids), None)) is None:
            raise InputError(f"model.path: {self.file.name} gives no token for any text; it knows none")
        return found

    def _encoding(self, text: str, special: bool = False) -> "Encoding":
        letters = most_letters(self._settings, len(text))
        if letters * _EACH > (there := memory()):
            raise InputError(
                f"model.path: {self.file.name} may make {as_power(letters)} letters of a text of {len(text):,}, for "
                f"which the {there / 1e9:,.0f} GB of this machine are too few; take out of its normalizer or its "
                "post_processor what repeats the text, or give shorter texts"
            )
        with of_the_tokenizers(self.file):
            return self._tokenizer.encode(text, add_special_tokens=special)

    def _token(self, number: int) -> str:
        return self._tokenizer.id_to_token(number) or f"token {number}"

    def _id(self, token: str) -> int:
        number = self._tokenizer.token_to_id(token)
        return self.padding if number is None else number

    @cached_property
    def _settings(self) -> dict[str, Any]:
        with of_the_tokenizers(self.file):
            found: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
        return found

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        """As its file says, but that it neither cuts nor fills up: what is read is decided, and said, here."""
        from tokenizers import Tokenizer

        with of_the_tokenizers(self.file):
            tokenizer = Tokenizer.from_str(self.file.read_text(encoding="utf-8"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer


def _pairs(marks: Sequence[tuple[int, int]]) -> Array:
    return np.array(marks, np.int64).reshape(len(marks), 2)


def _overlapping(found: "Encoding") -> Iterator[list[int]]:
    """Tokens one by one, but for those that share a letter: a reader cannot tell them apart."""
    group: list[int] = []
    for token, (start, _) in enumerate(found.offsets):
        if group and start >= found.offsets[group[-1]][1]:
            yield group
            group = []
        group.append(token)
    if group:
        yield group


def _no_seam(text: str, before: tuple[int, int], after: tuple[int, int]) -> bool:
    """Whether two tokens stand in one word as far as the text itself shows."""
    seam = text[max(before[1] - 1, 0) : after[0] + 1]
    return not any(letter.isspace() or unspaced(letter) for letter in seam)


def unspaced(letter: str) -> bool:
    """Whether it is of a script that puts no spaces between words."""
    import unicodedata

    return unicodedata.name(letter, "").partition(" ")[0] in _UNSPACED


def _shown(text: str) -> str:
    if shown := text.strip():
        return shown
    return _BREAK if "\n" in text else _SPACE
