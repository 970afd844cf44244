"""What every choice of data answers: how it is loaded, what a model is fitted to, and what determines it. No particular
data belongs here."""

from abc import abstractmethod
from typing import Any, ClassVar, Self

from pydantic import Field

from exhibit.tasks.data.limits import Limited, Limits
from exhibit.tasks.records.base import Choice, InputError
from exhibit.tasks.records.data import Dataset, Reference, Wanted
from exhibit.tasks.records.decision import ByName
from exhibit.tasks.records.framing import Frame
from exhibit.tasks.records.shelf import Shelf
from exhibit.tasks.records.spelling import Brought


class Data(Choice):
    """Samples in raw units. New data says how to `load` them; for all else there is a default."""

    limits: Limited = Field(Limits(), description="what is read at most, where that is not the usual; null: the usual")

    about: ClassVar[frozenset[str]] = frozenset({"limits"})  # settings that determine no sample

    has_columns: ClassVar[bool] = False  # whether it can give a model the columns of a table as they came
    on_shelf: ClassVar[bool] = False  # whether the dataset names samples that lie on the shelf one by one

    def told(self, _: Brought) -> Self:
        """The same, read and labelled as a model that brings a tokenizer and outputs of its own says.

        Raises:
            InputError: for data that such a model cannot read.
        """
        raise InputError(
            f"model: it reads texts by its own tokenizer, and data={self.option()} gives none that are not cut yet; "
            "write the texts to a table, as pandas' to_csv does, and use data=text data.path=FILE data.text=COLUMN"
        )

    @abstractmethod
    def load(self, shelf: Shelf, /) -> Dataset:
        """All samples that can be used; the others are listed in `excluded` with the reason. What need not fit into
        memory is laid on the `shelf`.

        Raises:
            InputError: for files that are not there or cannot be used.
        """

    def load_for(self, shelf: Shelf, _: Wanted | None, /) -> Dataset:
        """All samples, for a model that asks for columns as they came, if it asks: only tables of rows can do that.

        Raises:
            InputError: as `load`, and for columns that the model does not have.
        """
        return self.load(shelf)

    def framed_as(self, _: Frame) -> Self:
        """The same data with pictures in the frame that a model wants, as far as the config leaves it open."""
        return self

    def by_name(self, _: Dataset) -> ByName:
        """The columns of its tables, and what is said of them; nothing where they have no names.

        Raises:
            InputError: for columns that the data do not have, or of which nothing such can be said.
        """
        return ByName()

    def fitted(self, _: Dataset) -> Dataset | None:
        """The rows that train and measure a model, the same bytes whatever is to be explained; None: all rows."""
        return None

    def reference_of(self, _: Dataset) -> Reference | None:
        """What stands beside the explanations as a reference; None where nothing does."""
        return None

    def spec_with_digests(self) -> dict[str, Any]:
        """The spec as it determines the samples: with digests of files in the place of where they are."""
        return self.model_dump(mode="json", exclude={*self.about})
