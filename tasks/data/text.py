"""Texts of the user's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from exhibit.tasks.data.files import existing_file
from exhibit.tasks.data.own import RowsSpec
from exhibit.tasks.data.rows import require_columns, words
from exhibit.tasks.data.tokens import UNKNOWN, Vocabulary, read_tokens
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Input

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Table

_CUTS = {
    "words": "words and marks",
    "characters": "characters",
    "vocabulary": "tokens of the given vocabulary (WordPiece, as BERT cuts words)",
}


class TextSpec(RowsSpec):
    """A column of texts of a .csv or .parquet file, cut into tokens."""

    kind: Literal["text"] = "text"
    text: str = Field(description="column of the texts")
    tokens: Literal["words", "characters"] = Field("words", description="what a text is cut into")
    vocabulary: Path | None = Field(
        None,
        description="tokens, one per line, as in BERT's vocab.txt, in the place of words or characters; words are cut "
        "as BERT does it",
    )
    lower: bool = Field(True, description="capitals count as small letters")
    length: int = Field(64, ge=1, le=100_000, description="most tokens of a text: it is cut there")
    rarest: int = Field(2, ge=1, le=1_000_000, description="a token that occurs less often stands as [UNK]")
    title: str = Field("Texts", description="what the report calls the data")

    def files(self) -> dict[str, Path]:
        """Every file that the data is read from, the vocabulary among them."""
        if self.vocabulary is None:
            return super().files()
        what = "put the tokens there, one per line"
        return super().files() | {"vocabulary": existing_file(self.vocabulary, "vocabulary", what, self.limits)}

    def learned(self, table: "Table") -> Vocabulary:
        """The tokens of the rows of the fit, or those of the file."""
        require_columns(table, [self.text], "data.text: there is no column {}")
        texts = [text for text in words(table[self.text]) if text is not None]
        if not texts:
            raise InputError(f"data.text: the column {self.text!r} is empty in all {len(table)} rows")
        if self.vocabulary is not None:
            tokens = read_tokens(self.files()["vocabulary"])
            if UNKNOWN not in tokens:
                raise InputError(f"data.vocabulary: it has no {UNKNOWN}, which stands for words that no token spells")
            known = Vocabulary(column=self.text, cut="vocabulary", lower=self.lower, length=self.length, tokens=tokens)
        else:
            known = Vocabulary.learned(texts, self.text, self.tokens, self.length, self.rarest, lower=self.lower)
        return known.no_longer_than(texts)

    def known(self, plain: dict[str, Any]) -> Vocabulary:
        """The tokens of a scheme."""
        return Vocabulary.model_validate(plain)

    def input(self, reader: Vocabulary, values: Array) -> Input:
        """The text."""
        return reader.input(values)

    def described(self, reader: Vocabulary) -> str:
        """What the texts are cut into."""
        return f"Texts of at most {reader.length} {_CUTS[reader.cut]}; {len(reader.tokens):,} different ones are known."

    def _texts(self) -> Sequence[str]:
        return [self.text, *filter(None, [self.id])]
