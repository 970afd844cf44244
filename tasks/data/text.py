"""Texts of the user's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field

from exhibit.tasks.data.files import digests, existing_file
from exhibit.tasks.data.grouping import Protected, protected_groups
from exhibit.tasks.data.outputs import labels_of
from exhibit.tasks.data.own import LabelColumn, RowsSpec, rows_of_the_fit
from exhibit.tasks.data.rows import Labels, require_columns, shown, words
from exhibit.tasks.data.several import SeveralLabels
from exhibit.tasks.data.spelling import Speller, unspaced
from exhibit.tasks.data.table_file import with_blanks
from exhibit.tasks.data.tokens import UNKNOWN, Vocabulary, pieces, read_tokens
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.decision import ByName
from exhibit.tasks.records.language import mark, mark_option, say, say_all
from exhibit.tasks.records.spelling import Brought

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Table

_LOOKED_AT = 100  # texts that show whether words are parted
_LONG = 5  # letters of a word on average, of a script without spaces; most have one or two

_CUTS = {
    "words": mark("Texts of at most {length} words and marks; {known} different ones are known."),
    "characters": mark("Texts of at most {length} characters; {known} different ones are known."),
    "vocabulary": mark(
        "Texts of at most {length} tokens of the given vocabulary (WordPiece, as BERT cuts words); {known} different "
        "ones are known."
    ),
}


class TextSpec(RowsSpec):
    """A column of texts of a .csv or .parquet file, cut into tokens; or into words, as the tokenizer of the model that
    explains them reads these."""

    kind: Literal["text"] = "text"
    text: str = Field(description="column of the texts")
    label: LabelColumn | None = Field(
        None, description="column that is predicted; null: none, for a model that comes with its outputs"
    )
    tokens: Literal["words", "characters", "pieces"] = Field(
        "words",
        description="what a text is cut into; pieces: with a tokenizer of the model, its tokens one by one, not "
        "joined to words",
    )
    vocabulary: Path | None = Field(
        None,
        description="tokens, one per line, as in BERT's vocab.txt, in the place of words or characters; words are cut "
        "as BERT does it",
    )
    lower: bool = Field(True, description="capitals count as small letters; a tokenizer of the model decides by itself")
    length: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="most tokens of a text, which is cut there; null: 64, or with a tokenizer of the model what that "
        "reads, special tokens among them",
    )
    longer: Literal["shorten", "exclude"] = Field(
        "shorten",
        description="with a tokenizer of the model, a text of more tokens: its beginning is read, which is shown and "
        "counted, or it is left out and listed",
    )
    hidden: Literal["auto", "mask", "padding"] = Field(
        "auto",
        description="with a tokenizer of the model, the token that stands in the place of each one that is hidden; "
        "auto: that of masks where it has one",
    )
    rarest: int = Field(2, ge=1, le=1_000_000, description="a token that occurs less often stands as [UNK]")
    protected: Protected = Field(
        (),
        description="columns of groups, such as sex, that must not be a reason: leading words that tell one are named",
    )
    title: str = Field(mark_option("Texts"), description="what the report calls the data")
    brought: Brought | None = Field(
        None, description="the tokenizer and the outputs of the model: model=transformers gives them by itself"
    )

    about: ClassVar[frozenset[str]] = RowsSpec.about | {"protected"}

    def by_name(self, _: Dataset) -> ByName:
        """No columns of a model, and which must not be a reason.

        Raises:
            InputError: for one by which texts are not grouped, so that no word can be said to tell it.
        """
        return protected_groups(self.protected, self.groups, "word")

    def told(self, brought: Brought) -> Self:
        """The same, read by the tokenizer of the model and labelled by its outputs."""
        if self.brought is not None:
            return self
        if self.vocabulary is not None or self.tokens == "characters":
            given = "data.vocabulary" if self.vocabulary is not None else "data.tokens=characters"
            raise InputError(f"{given}: the model cuts its texts by its own tokenizer; leave it out")
        if brought.most is not None and self.length is not None and self.length > brought.most:
            raise InputError(
                f"data.length: {self.length} was given, but the model reads at most {brought.most} tokens of a text, "
                "special ones among them"
            )
        if self.hidden == "mask" and brought.mask is None:
            raise InputError("data.hidden: 'mask' was given, but the tokenizer has no token of masks; use padding")
        return self.model_copy(update={"brought": brought})

    def files(self) -> dict[str, Path]:
        """Every file that the data is read from, the vocabulary or the tokenizer among them."""
        found = super().files()
        if self.vocabulary is not None:
            what = "put the tokens there, one per line"
            found |= {"vocabulary": existing_file(self.vocabulary, "vocabulary", what, self.limits)}
        if self.brought is not None:
            what = "put tokenizer.json of the model there"
            found |= {"tokenizer": existing_file(self.brought.tokenizer, "brought.tokenizer", what, self.limits)}
        return found

    def rows(self, path: Path, key: str, texts: Sequence[str]) -> "Table":
        """The rows of a file; texts with the blanks around them where the tokenizer of the model reads them."""
        table = super().rows(path, key, texts)
        return table if self.brought is None else with_blanks(table, self.text, path, self.missing_values)

    def spec_with_digests(self) -> dict[str, Any]:
        """The spec, with digests of the files in the place of where they are."""
        plain = super().spec_with_digests()
        if self.brought is None:
            return {key: value for key, value in plain.items() if key != "brought"}
        return plain | {"brought": plain["brought"] | {"tokenizer": plain["tokenizer"]}}

    def learned(self, table: "Table") -> Vocabulary | Speller:
        """The tokens of the rows of the fit, or those of the file; or what reads them."""
        require_columns(table, [self.text], "data.text: there is no column {}")
        texts = [text for text in words(table[self.text]) if text is not None]
        if not texts:
            raise InputError(f"data.text: the column {self.text!r} is empty in all {len(table)} rows")
        if self.brought is not None:
            return self._speller(self.brought)
        length = self.length or _LENGTH
        if self.vocabulary is not None:
            tokens = read_tokens(self.files()["vocabulary"])
            if UNKNOWN not in tokens:
                raise InputError(f"data.vocabulary: it has no {UNKNOWN}, which stands for words that no token spells")
            known = Vocabulary(column=self.text, cut="vocabulary", lower=self.lower, length=length, tokens=tokens)
        else:
            cut: Any = self.tokens
            if cut == "words":
                self._require_spaces(texts)
            known = Vocabulary.learned(texts, self.text, cut, length, self.rarest, lower=self.lower)
        return known.no_longer_than(texts)

    def _require_spaces(self, texts: Sequence[str]) -> None:
        """Raises InputError where whole clauses would be words, as in Chinese, Japanese and Thai."""
        found = [word for text in texts[:_LOOKED_AT] for word in pieces(text, "words") if word[0].isalnum()]
        joined = [word for word in found if unspaced(word[0])]
        if 2 * len(joined) > len(found) and sum(map(len, joined)) > _LONG * len(joined):
            raise InputError(
                f"data.tokens: the texts of {self.text!r} have no spaces between words, so that "
                f"{shown(max(joined, key=len))} would be one; cut them with data.tokens=characters, or write spaces "
                "between the words"
            )

    def known(self, plain: dict[str, Any]) -> Vocabulary | Speller:
        """The tokens of a scheme, or what reads them."""
        if self.brought is None:
            return Vocabulary.model_validate(plain)
        speller = self._speller(self.brought)
        if plain != speller.model_dump(mode="json"):
            raise InputError("data.scheme: it is of a run with another tokenizer, or with other settings of data.*")
        return speller

    def input(self, reader: Vocabulary | Speller, values: Array) -> Input:
        """The text."""
        return reader.input(values)

    def described(self, reader: Vocabulary | Speller, values: Array) -> str:
        """What the texts are cut into, and how many of them are not read to their end."""
        if isinstance(reader, Vocabulary):
            return say(_CUTS[reader.cut], length=str(reader.length), known=f"{len(reader.tokens):,}")
        read = (
            say(
                "Texts as the tokenizer of the model reads them, in words, each with the tokens that spell it; special "
                "tokens stand around each."
            )
            if reader.whole
            else say("Texts as the tokenizer of the model reads them, in tokens; special tokens stand around each.")
        )
        if not (shortened := reader.longer_ones(values)):
            return read
        return say_all(
            read,
            say(
                "{longer} of {all} texts are longer than the {tokens} tokens that are read of one, special ones among "
                "them: only the beginning of these is read, and shown.",
                longer=f"{shortened:,}",
                all=f"{len(values):,}",
                tokens=f"{reader.length:,}",
            ),
        )

    def fitted(self, dataset: Dataset) -> Dataset | None:
        """The rows that measure a model: the same bytes whatever is to be explained; None where there are none."""
        if self.label is None:
            return None
        fitted = rows_of_the_fit(dataset)
        alone = {"inputs": tuple(map(_as_if_alone, fitted.inputs))}
        return fitted.model_copy(update=alone if self.brought is None else {**alone, "description": ""})

    def _texts(self) -> Sequence[str]:
        return [self.text, *filter(None, [self.id])]

    def _asked(self) -> Sequence[str]:
        return [*super()._asked(), self.text]

    def _speller(self, brought: Brought) -> Speller:
        file = self.files()["tokenizer"]
        speller = Speller(
            column=self.text,
            tokenizer=digests({"tokenizer": file})["tokenizer"],
            length=self.length or brought.most,
            whole=self.tokens != "pieces",
            longer=self.longer,
            padding=brought.padding,
            mark=None if self.hidden == "padding" else brought.mask,
            file=file,
        )
        if speller.room < 1:
            raise InputError(f"data.length: {self.length} leaves no room beside the special tokens; give more")
        return speller

    def _require_no_model(self) -> None:
        """Raises InputError for what only a model with a tokenizer of its own can be asked."""
        if self.tokens == "pieces":
            raise InputError("data.tokens: 'pieces' needs a model with a tokenizer of its own, as model=transformers")
        if self.label is None:
            raise InputError(
                "data.label: name the column that is predicted; only a model that comes with its outputs, as "
                "model=transformers, does without"
            )

    def _labels(self, table: "Table") -> Labels | SeveralLabels:
        """As the outputs of the model are, where it brings them."""
        if self.brought is None:
            self._require_no_model()
            return super()._labels(table)
        return labels_of(self.brought, table, self.label, self.task, self._order)

    def _named(self, classes: tuple[str, ...]) -> tuple[str, ...]:
        """What a reader calls the classes: as the model does, or the config."""
        named = super()._named(classes)
        return tuple(self.brought.outputs) if self.brought and named == classes and named else named

    def _split(self, table: "Table", measured: Array, labels: Labels | SeveralLabels) -> Array:
        """A model that comes trained leaves nothing to hold out."""
        if self.brought is None or self.split is not None:
            return super()._split(table, measured, labels)
        return np.full(len(table), "train")


_LENGTH = 64  # tokens of a text that are read, where nobody says


def _as_if_alone(item: Input) -> Input:
    """As wide as these texts need, and with no word behind theirs."""
    if item.spelling is None:
        return item
    values = item.array
    alone = values[:, : max(int((values != 0).sum(axis=1).max(initial=0)), 1)]
    known = int(values.max(initial=0)) + 1
    length = int(item.spelling.counts[values].sum(axis=1).max(initial=0))
    changed = {"values": alone, "vocabulary": item.vocabulary[:known], "spelling": item.spelling.first(known, length)}
    return item.model_copy(update=changed)
