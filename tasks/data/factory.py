"""Data of the user's own that a function of theirs makes: of any kind, several at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.data.files import digests, existing
from exhibit.tasks.data.named import Named
from exhibit.tasks.data.own import rows_of_the_fit
from exhibit.tasks.data.plain import dataset_of
from exhibit.tasks.factory import DataFactory, called, load
from exhibit.tasks.records.base import Arguments, Array, Files, InputError
from exhibit.tasks.records.data import Dataset, Wanted
from exhibit.tasks.records.shelf import Shelf
from exhibit.tasks.records.shown import so_many, what_it_is


class DataFactorySpec(Named):
    """What `factory(**arguments, **files)` gives: an `exhibit.tasks.records.data.Dataset`, or a dictionary of

    - `inputs`: by name a table (a DataFrame, or (samples, features)), an image (samples, height, width[, channels]),
      token ids or texts or SMILES (samples,); or a dictionary of `values` and, where they cannot be told from these,
      `kind` (table, image, text, molecule), `features`, `bounds` (darkest and brightest value) and `vocabulary`;
    - `labels` (samples,): numbers, words or truth values, NaN or None for rows of the split explain that have none;
      or several at once, (samples, labels) of numbers or of 0 and 1, called as the columns of a DataFrame or as
      `label_name` lists them, with a list as `label_unit`; one-hot rows are classes unless `task` is multi_label;
    - and, where wanted, `split` (train, test or explain; else all rows train), `ids`, `names` of samples, `task`,
      `classes`, `label_name`, `label_unit`, `title`, `description`, `source`, and `groups`: by name a column (samples,)
      of words or numbers by which results are told apart, at most 20 values each.
    """

    kind: Literal["factory"] = "factory"
    factory: DataFactory = Field(
        description="package.module:function, from a module that EXHIBIT_TRUSTED_MODULES names; or the name of one "
        "that an installed package offers"
    )
    arguments: Arguments = Field(default_factory=dict, description="of the function, by name")
    paths: Files = Field(
        default_factory=dict, description="files, given to the function as further arguments; they count by content"
    )

    has_columns: ClassVar[bool] = True

    def __hash__(self) -> int:
        return hash(self.model_dump_json())

    @property
    def own_function(self) -> str:
        """What makes the data."""
        return self.factory

    def files(self) -> dict[str, Path]:
        """Every file that is given to the function, by its key.

        Raises:
            InputError: for a file that is not there.
        """
        paths = {
            name: existing(path, f"paths.{name}", "put the file there", self.limits)
            for name, path in self.paths.items()
        }
        if folders := [name for name, path in paths.items() if not path.is_file()]:
            raise InputError(
                f"data.paths.{folders[0]}: {paths[folders[0]].name} is not a file; name each file by itself"
            )
        return paths

    def spec_with_digests(self) -> dict[str, Any]:
        """The spec, with digests of the files in the place of where they are."""
        return self.model_dump(mode="json", exclude={*self.about}) | {"paths": digests(self.files())}

    def load(self, shelf: Shelf) -> Dataset:
        """What the function gives."""
        return self.load_for(shelf, None)

    def load_for(self, _: Shelf, wanted: Wanted | None) -> Dataset:
        """What the function gives, tables as the model asks for them.

        Raises:
            InputError: where it gives something else than data.
        """
        if both := self.arguments.keys() & self.paths:
            raise InputError(f"data.paths: {', '.join(sorted(both))} stands in data.arguments too")
        where = f"data.factory: {self.factory}"
        result = called(load(self.factory, "data.factory"), self.arguments | self.files(), where)
        try:
            match result:
                case Dataset():
                    return _whole(result, where)
                case Mapping():
                    return _whole(dataset_of(result, where, wanted), where)
        except UnicodeEncodeError as problem:
            raise InputError(
                f"{where} gave half a letter, which no file can hold ({problem.object[:30]!a})"
            ) from problem
        raise InputError(f"{where} gave {what_it_is(result)}; a Dataset or a dictionary was expected")

    def fitted(self, dataset: Dataset) -> Dataset:
        """The rows that train and measure a model: the same bytes whatever is to be explained."""
        return rows_of_the_fit(dataset)


def _whole(dataset: Dataset, where: str) -> Dataset:
    """The dataset, if its parts fit together.

    Raises:
        InputError: for parts of different lengths, ids that are not unique, numbers that are none, or labels that are
            no classes.
    """
    count = len(dataset.sample_ids)
    sizes = {"labels": len(dataset.labels), "split": len(dataset.split)}
    sizes |= {item.name: len(item.values) for item in dataset.inputs}
    sizes |= {f"groups: {one.by[0]}": len(one.of) for one in (dataset.groupings.items if dataset.groupings else ())}
    if wrong := {name: size for name, size in sizes.items() if size != count}:
        sizes_of = ", ".join(f"{name} has {so_many(size, 'row')}" for name, size in wrong.items())
        raise InputError(f"{where} gave {so_many(count, 'id')}, but {sizes_of}")
    if not count or not dataset.inputs:
        raise InputError(f"{where} gave no samples")
    if len(set(dataset.sample_ids.tolist())) < count:
        raise InputError(f"{where} gave ids that are not unique")
    if dataset.several and dataset.labels.shape != (count, len(dataset.several)):
        raise InputError(f"{where} gave labels of shape {dataset.labels.shape} for {len(dataset.several)} labels a row")
    if not dataset.several and dataset.labels.ndim != 1:
        raise InputError(
            f"{where} gave labels of shape {dataset.labels.shape}; a Dataset has one for each sample, the number of "
            "its class, which of one-hot rows is labels.argmax(axis=1)"
        )
    if strange := set(dataset.split.tolist()) - {"train", "validation", "test", "explain"}:
        raise InputError(
            f"{where} gave the split {sorted(strange)[0]!r}; a split is train, validation, test or explain"
        )
    for item in dataset.inputs:
        bad = np.isinf if item.whole else _unfit  # a fitted model may know what to do without a value
        if item.values.dtype.kind == "f" and bad(item.array).any():
            rows = int(bad(item.array).reshape(count, -1).any(axis=1).sum())
            raise InputError(
                f"{where}: {item.name} has missing or infinite values in {rows} of {count} rows; leave these rows out"
            )
    if dataset.classes and not _known(dataset.labels, len(dataset.classes)):
        raise InputError(
            f"{where} gave labels outside 0 to {len(dataset.classes) - 1}, the numbers of the "
            f"{len(dataset.classes)} classes"
        )
    of_the_fit = dataset.labelled[dataset.split != "explain"]
    unmeasured = int((~of_the_fit).sum())
    if unmeasured and of_the_fit.any():  # where none has one they are a background, which a fitted model needs no more
        raise InputError(f"{where}: {unmeasured} rows have no label; only rows of the split explain may lack one")
    return dataset


def _unfit(values: Array) -> Array:
    return ~np.isfinite(values)


def _known(labels: Array, classes: int) -> bool:
    """Whether every label that there is counts a class."""
    measured = labels[~np.isnan(labels)]
    return bool(np.isin(measured, np.arange(classes)).all())
