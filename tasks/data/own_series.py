"""Series of the user's own: one length and one clock for all samples."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field

from exhibit.tasks.data.grouping import Protected, columns_of, protected_groups
from exhibit.tasks.data.own import RowsSpec
from exhibit.tasks.data.rows import numbers_rows, numbers_steps, require_columns
from exhibit.tasks.data.series_file import SAMPLE, Sample, long_rows, stored_rows, wide_rows
from exhibit.tasks.data.steps import channel_scale, narrowed
from exhibit.tasks.records.base import Array, InputError, Record
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.decision import ByName
from exhibit.tasks.records.language import COMMA, joined, mark, mark_option, say, say_all, sayn

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Table

_CLOSE = 0.01  # of a step: times that differ by less are the same


class Clock(Record):
    """How series are read: their `channels`, and the `moments` (steps,) of all of them, from the first step of each on
    where they are `relative`; `timed`: whether these are times, and not just numbers of steps; `dated`: whether they
    are seconds of dates. `centre`, `spread`: of each channel over the training rows. `index`: columns that were left
    out because they only number the rows or the steps."""

    channels: tuple[str, ...]
    moments: tuple[float, ...]
    relative: bool
    timed: bool
    dated: bool
    centre: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()
    index: tuple[str, ...] = Field((), exclude_if=lambda index: not index)

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Self:
        """From the samples of a fit, by what most of them have.

        Raises:
            InputError: where none can be used, or they have no length in common.
        """
        whole = [sample for sample in samples if sample.reason is None]
        if not whole:
            raise InputError(
                f"data.path: none of {len(samples)} samples can be used, the first because {samples[0].reason}"
            )
        lengths, counts = np.unique([len(sample.moments) for sample in whole], return_counts=True)
        steps = int(lengths[counts.argmax()])
        if 2 * counts.max() < len(whole):
            raise InputError(
                f"data.path: the samples have from {lengths[0]} to {lengths[-1]} steps, and less than half of them any "
                "one number; a model takes series of one length: cut, fill or resample them, so that all have the same"
            )
        alike = np.stack([sample.moments for sample in whole if len(sample.moments) == steps])
        usual, shared = _usual(alike)
        if relative := whole[0].dated or 2 * shared < len(alike):
            usual, _ = _usual(alike - alike[:, :1])
        return cls(
            channels=whole[0].channels,
            moments=tuple(usual.tolist()),
            relative=relative,
            timed=whole[0].timed,
            dated=whole[0].dated,
            index=whole[0].unread,
        )

    def texts(self) -> Sequence[str]:
        """All cells of a series are numbers."""
        return ()

    def checked(self, table: "Table", key: str) -> "Table":
        """The table, if its series have these channels.

        Raises:
            InputError: where they do not.
        """
        if (own := table[SAMPLE].iloc[0].channels) != self.channels:
            raise InputError(
                f"data.{key}: its channels are {', '.join(own)}, and those of the fit {', '.join(self.channels)}; give "
                "the same, in this order"
            )
        return table

    def encoded(self, table: "Table", _: str) -> tuple[Array, list[str | None]]:
        """(rows, steps, channels), and for each row why it cannot be used, None where it can."""
        samples = table[SAMPLE].tolist()
        reasons = [sample.reason or self._reason(sample) for sample in samples]
        nothing = np.zeros((len(self.moments), len(self.channels)))
        pairs = zip(samples, reasons, strict=True)
        return np.stack([nothing if reason else sample.values for sample, reason in pairs]), reasons

    def scaled(self, training: Array) -> Self:
        """With the mean and the deviation of each channel over the training rows."""
        scale = channel_scale(training)
        return self.model_copy(update={name: tuple(values.tolist()) for name, values in scale.items()})

    def _reason(self, sample: Sample) -> str | None:
        """Why a sample is not on this clock; None where it is."""
        have, want = len(sample.moments), len(self.moments)
        if have != want:
            return sayn(
                "it has {number} step, and the others have {others}",
                "it has {number} steps, and the others have {others}",
                have,
                others=str(want),
            )
        own = sample.moments - sample.moments[0] if self.relative else sample.moments
        usual = np.array(self.moments)
        if _same(own[np.newaxis], usual)[0]:
            return None
        step = int(np.abs(own - usual).argmax())
        told = {"step": str(step), "own": f"{own[step]:g}", "others": f"{usual[step]:g}"}
        if self.relative:
            return say("its step {step} is at {own} after its first, and that of the others at {others}", **told)
        return say("its step {step} is at {own}, and that of the others at {others}", **told)


_TRIED = 50  # samples whose clock may be the usual one


def _usual(clocks: Array) -> tuple[Array, int]:
    """The clock (steps,) that the most of `clocks` (samples, steps) have, and how many these are."""
    counts = [int(_same(clocks, clock).sum()) for clock in clocks[:_TRIED]]
    return clocks[int(np.argmax(counts))], max(counts)


def _same(clocks: Array, clock: Array) -> Array:
    """(samples,) whether each of the `clocks` (samples, steps) is this one."""
    step = np.median(np.diff(clock)) if clock.shape[-1] > 1 else 1.0
    return np.asarray((np.abs(clocks - clock) <= _CLOSE * step).all(axis=1))


class SeriesSpec(RowsSpec):
    """A .csv or .parquet file with a row for each step of each sample (long) or a row for each sample and a column for
    each step (wide), or an .npz file of arrays: numbers over time, all samples of one length and on one clock."""

    kind: Literal["series"] = "series"
    time: str | None = Field(
        None,
        description="of a long table its column of times, numbers or 2026-01-31T12:00:00; null: a wide table, whose "
        "columns are named by channel and step (x_0, x_1, y_0, y_1); of an .npz file the array of times (steps,)",
    )
    channels: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        description="columns of the channels, or what their columns begin with, in the order of the model; null: all "
        "others than those named here; of an .npz file the names of its channels",
    )
    ignore: tuple[str, ...] = Field((), description="columns that are left out")
    array: str = Field("x", description="of an .npz file: the array (samples, steps, channels) or (samples, steps)")
    time_unit: str = Field("", description="of the times, for the report; s where they are dates")
    protected: Protected = Field(
        (),
        description="columns of groups, such as sex, that must not be a reason: leading channels, or windows of time "
        "of a single one, whose mean tells one are named",
    )
    title: str = Field(mark_option("Series"), description="what the report calls the data")

    about: ClassVar[frozenset[str]] = RowsSpec.about | {"protected"}

    def by_name(self, _: Dataset) -> ByName:
        """No columns of a model, and which must not be a reason.

        Raises:
            InputError: for one by which series are not grouped, so that no part of them can be said to tell it.
        """
        return protected_groups(self.protected, self.groups, "channel or window of time")

    def rows(self, path: Path, key: str, texts: Sequence[str]) -> "Table":
        """One row for each sample, with its steps in one cell."""
        grouped = (by.column for by in columns_of(self.groups))
        kept = list(dict.fromkeys(name for name in (*self.labels, self.id, self.split, *grouped) if name is not None))
        if path.suffix.lower() == ".npz":
            return stored_rows(path, key, self.array, self.time, self.channels, kept, self.limits)
        table = super().rows(path, key, texts)
        if key == "path":
            require_columns(table, self.labels, "data.label: there is no column {}")
        if self.time is None:
            index = self._index(table, kept)
            found = wide_rows(table, key, self.channels, {*kept, *self.ignore, *index})
        else:
            index = self._index(table, [self.time, *kept])
            found = long_rows(table, key, self.time, self.id, self.channels, kept, [*self.ignore, *index])
        if not index:
            return found
        return found.assign(**{SAMPLE: found[SAMPLE].map(lambda own: own._replace(unread=index))})

    def _index(self, table: "Table", named: Sequence[str]) -> tuple[str, ...]:
        """The columns without a heading that only number the rows, or the steps of each sample, unless somebody says
        that they are more."""
        said = {*named, *self.ignore, *(self.channels or ())}
        names = [str(name) for name in table.columns if name not in said]
        sample = table[self.id] if self.time is not None and self.id in table.columns else None
        return tuple(
            name
            for name in names
            if numbers_rows(name, table[name]) or (sample is not None and numbers_steps(name, table[name], sample))
        )

    def learned(self, table: "Table") -> Clock:
        """The channels and the clock of most samples."""
        return Clock.of(table[SAMPLE].tolist())

    def known(self, plain: dict[str, Any]) -> Clock:
        """The channels and the clock of a scheme."""
        return Clock.model_validate(plain)

    def titled(self, table: "Table", reader: Clock) -> list[str]:
        """Channels, and columns beside them."""
        return [*reader.channels, *(str(name) for name in table.columns if name != SAMPLE), *self.ignore]

    def input(self, reader: Clock, values: Array) -> Input:
        """The series."""
        titles = [self.names.get(name, name) for name in reader.channels]
        units = [self.units.get(name, "") for name in reader.channels]
        return Input(
            name="series",
            kind="series",
            values=narrowed(values, reader.channels, "data.path"),
            features=tuple(f"{title} ({unit})" if unit else title for title, unit in zip(titles, units, strict=True)),
            times=np.array(reader.moments) if reader.timed else None,
            time_unit=self.time_unit or ("s" if reader.dated else ""),
            centre=np.array(reader.centre),
            spread=np.array(reader.spread),
        )

    def described(self, reader: Clock, _: Array) -> str:
        """How long they are, and of how many channels."""
        since = say("Time is counted from the first step of each sample.") if reader.relative else ""
        return say_all(
            sayn(
                "Series of {steps} steps and {number} channel.",
                "Series of {steps} steps and {number} channels.",
                len(reader.channels),
                number=str(len(reader.channels)),
                steps=f"{len(reader.moments):,}",
            ),
            since,
            say(_LEFT_OUT, columns=joined([repr(name) for name in reader.index], COMMA)) if reader.index else "",
        )

    def _asked(self) -> Sequence[str]:
        return [*super()._asked(), *(self.channels or ()), *filter(None, [self.time])]

    def _texts(self) -> Sequence[str]:
        return [*filter(None, [self.id])]


_LEFT_OUT = mark(
    "What numbers the rows or the steps without a heading, as the index that pandas writes, is left out: {columns}; "
    "where it is a channel, give it a heading."
)
