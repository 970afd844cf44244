"""Texts of a model that has a tokenizer of its own: what such a model says of itself, and how words are spelled in its
tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field

from exhibit.tasks.records.base import Array, InputError, Record, Spec
from exhibit.tasks.records.shown import unread_by


class Brought(Spec):
    """What a model with a tokenizer of its own says of the texts that it reads, and of what it gives."""

    tokenizer: Path = Field(description="tokenizer.json of the model")
    most: int | None = Field(
        None, ge=1, le=10_000_000, description="tokens that it reads of a text, special ones among them; null: any"
    )
    padding: int = Field(0, ge=0, le=100_000_000, description="id of the token behind the end of a shorter text")
    mask: str | None = Field(None, description="the token that it was trained to see in the place of a hidden one")
    outputs: tuple[str, ...] = Field((), description="names of its outputs, in their order; none: it gives one value")

    @property
    def task(self) -> Literal["classification", "regression"]:
        """What it does."""
        return "classification" if self.outputs else "regression"


class Laid(NamedTuple):
    """Texts as their own tokens one after another, without special ones: (samples, tokens) of ids; whose word each is,
    by its place in the text, -1 behind the end; and whether it stands for a hidden one."""

    ids: Array
    words: Array
    hidden: Array


class Spelling(Record):
    """How the words of a vocabulary are spelled in the tokens of a tokenizer, and what stands around every text.

    Word `w` is `counts[w]` of the `tokens`, after those of the words before it. `hidden` (vocabulary,): the word of as
    many tokens `mark` that stands in the place of one that is hidden. `before`, `after`: (tokens, 2) id and type of
    special tokens around each text; `own_type`: that of all others; `padding`: the id behind the end. `length`: own
    tokens of the longest text; `most`: that a model reads of one.
    """

    tokens: Array
    counts: Array
    hidden: Array
    mark: str
    before: Array
    after: Array
    own_type: int = 0
    padding: int = 0
    length: int
    most: int | None = None

    def laid(self, words: Array) -> Laid:
        """The texts `words` (samples, words). Where words of others make one longer than a model reads, it is read as
        far."""
        counts = self.counts[words]
        each, flat = counts.sum(axis=1), counts.ravel()
        rows, places = np.repeat(np.arange(len(words)), each), _numbered(each)
        whose = np.repeat(np.tile(np.arange(words.shape[1]), len(words)), flat)
        own = words[rows, whose]
        starts = np.cumsum(self.counts) - self.counts
        width = max(self.length, min(int(each.max(initial=0)), self.most or int(each.max(initial=0))))
        read = places < width
        rows, places = rows[read], places[read]
        laid = Laid(*(np.full((len(words), width), value) for value in (self.padding, -1, False)))
        laid.ids[rows, places] = self.tokens[starts[own] + _numbered(flat)][read]
        laid.words[rows, places] = whose[read]
        laid.hidden[rows, places] = (self.hidden[own] == own)[read]
        return laid

    def first(self, words: int, length: int) -> "Spelling":
        """Of the first `words` of the vocabulary alone, for texts of at most `length` tokens."""
        counts = self.counts[:words]
        changed = {"counts": counts, "tokens": self.tokens[: counts.sum()], "hidden": self.hidden[:words]}
        return self.model_copy(update={**changed, "length": length})


def _numbered(counts: Array) -> Array:
    """0, 1, 2 and so on, from the start again for each of the counts."""
    found: Array = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return found


@contextmanager
def of_the_tokenizers(file: Path) -> Iterator[None]:
    """Whatever the library `tokenizers` meets in here is the fault of its file. It says so by bare exceptions, and
    where it did not expect it by a panic, which is none: only its name tells it.

    Raises:
        InputError: with what it said.
    """
    try:
        yield
    except BaseException as error:
        if isinstance(error, InputError) or not (isinstance(error, Exception) or type(error).__name__ == _PANIC):
            raise
        said = unread_by(error)
        raise InputError(f"model.path: {file} cannot be read by the tokenizers library: {said}") from error


_PANIC = "PanicException"  # of Rust, for which there is nothing to be imported
