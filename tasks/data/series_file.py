"""Files of series, as tables with a row for each sample: long, wide, and arrays."""

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zipfile import ZipFile

import numpy as np

from exhibit.tasks.data.dates import require_one_clock
from exhibit.tasks.data.limits import Limits
from exhibit.tasks.data.rows import (
    is_number,
    is_number_word,
    is_unnamed,
    numbers,
    require_columns,
    require_one_spelling,
    row_name,
    shown,
    words,
)
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.language import say
from exhibit.tasks.records.override import typed
from exhibit.tasks.records.shown import listed, unread_by

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Cells, Table

SAMPLE = "(series)"  # the column that holds the steps
_NUMBERED = re.compile(r"(.*?)([ _.:@]*)([+-]? ?)(\d+(?:\.\d+)?)").fullmatch
_PART_OF_DATE = re.compile(r".*\d[:/.+-]").fullmatch  # up to the last number of 08:30, 2026-01-31 or 31/01/26


class Sample(NamedTuple):
    """One series: `values` (steps, channels) at the `moments` (steps,), which are `timed` where they are more than
    numbers of steps, and `dated` where they are seconds of dates; `reason`: why it cannot be used; `unread`: columns
    that were left out because they only number the rows or the steps."""

    channels: tuple[str, ...]
    moments: Array
    values: Array
    timed: bool
    dated: bool = False
    reason: str | None = None
    unread: tuple[str, ...] = ()


def long_rows(
    table: "Table",
    key: str,
    time: str,
    sample: str | None,
    channels: Sequence[str] | None,
    kept: Sequence[str],
    ignored: Sequence[str],
) -> "Table":
    """From a row for each step of each sample, in any order.

    Raises:
        InputError: for columns that are not there, or hold other things than numbers.
    """
    import pandas as pd

    if sample is None:
        raise InputError("data.id: of a table with a row for each step it names the column that tells samples apart")
    require_columns(table, [time], "data.time: there is no column {}")
    require_columns(table, [sample], "data.id: there is no column {}")
    others = [name for name in table.columns if name not in {time, *kept, *ignored}]
    chosen = tuple(channels if channels is not None else others)
    require_columns(table, chosen, "data.channels: there is no column {}")
    if not chosen:
        raise InputError("data.path: no column is left as a channel; see data.channels and data.ignore")
    moments, dated = _moments(table[time], key)
    values = np.stack([numbers(table[name], key) for name in chosen], axis=1)
    names = words(table[sample])
    if nameless := sum(name is None for name in names):
        raise InputError(f"data.id: {nameless} of {len(names):,} rows of data.{key} do not say of which sample")
    codes, order = pd.factorize(np.array(names))
    require_one_spelling(order.tolist(), sample, key)
    sorted_rows = np.lexsort((moments, codes))
    parts = np.split(sorted_rows, np.flatnonzero(np.diff(codes[sorted_rows])) + 1)
    labels = {name: np.array(words(table[name]), object) for name in kept if name in table.columns and name != sample}
    samples = []
    for rows in parts:
        own = Sample(chosen, moments[rows], values[rows], timed=True, dated=dated)
        samples.append(own._replace(reason=_changing(labels, rows) or _reason(own, time)))
    firsts = [int(rows.min()) for rows in parts]
    found = table.iloc[firsts][[name for name in kept if name in table.columns]].reset_index(drop=True)
    found[sample], found[SAMPLE] = order.astype(str), pd.Series(samples, dtype=object)
    return found


def wide_rows(table: "Table", key: str, channels: Sequence[str] | None, others: Collection[str]) -> "Table":
    """From a row for each sample, whose columns are named by channel and step.

    Raises:
        InputError: for columns of other names, channels with different steps, or cells that are no numbers.
    """
    import pandas as pd

    steps = [name for name in table.columns if name not in others]
    places, dated = _wide_places(steps, key)
    prefixes = list(channels) if channels is not None else list(places)
    if missing := [prefix for prefix in prefixes if prefix not in places]:
        raise InputError(
            f"data.channels: no column begins with {missing[0]!r} and ends in a number; there are {listed([*places])}"
        )
    if not prefixes:
        raise InputError("data.path: no column is left as a step; see data.ignore")
    moments = sorted(places[prefixes[0]])
    names = tuple(prefix or "value" for prefix in prefixes)
    if others_of := [k for k, prefix in enumerate(prefixes) if sorted(places[prefix]) != moments]:
        raise InputError(
            f"data.{key}: the channel {names[0]!r} has {len(moments)} steps, and {names[others_of[0]]!r} has "
            f"{len(places[prefixes[others_of[0]]])} or others; all channels need the same"
        )
    columns = [[numbers(table[places[prefix][moment]], key) for prefix in prefixes] for moment in moments]
    values: Array = np.moveaxis(np.array(columns), 2, 0)
    timed = dated or bool((np.diff(moments) != 1).any())
    samples = [_told(Sample(names, np.array(moments), own, timed, dated)) for own in values]
    kept = [name for name in table.columns if name in others]
    return table[kept].assign(**{SAMPLE: pd.Series(samples, dtype=object, index=table.index)})


def _wide_places(steps: Sequence[str], key: str) -> tuple[dict[str, dict[float, str]], bool]:
    """The columns by channel and step, and whether the steps are seconds of dates.

    Raises:
        InputError: for names that do not say one step of one channel.
    """
    if nameless := [name for name in steps if is_unnamed(name)]:
        raise InputError(
            f"data.{key}: a column has no heading, and is no step; say {typed('data.id', nameless[0])} where it names "
            f"the samples, or leave it out with {typed('data.ignore', nameless)}"
        )
    named = {name: _NUMBERED(name) or _NUMBERED(f"{name}-0" if _now(name, steps) else "") for name in steps}
    if strange := [name for name, found in named.items() if found is None]:
        raise InputError(
            f"data.{key}: the columns {', '.join(strange[:3])} do not end in the number of a step, as those of a wide "
            f"table do (t0, t1, or x_0, y_0 of two channels): leave them out with {typed('data.ignore', strange)}, or "
            "give data.time, the column of times, where each row is one step"
        )
    told = {name: found.groups() for name, found in named.items() if found is not None}
    times = [name for name, (prefix, mark, sign, _) in told.items() if _PART_OF_DATE(f"{prefix}{mark}{sign.strip()}")]
    dates = _dates(steps) if times else None
    if times and dates is None:
        raise InputError(
            f"data.{key}: whether the columns {', '.join(times[:3])} are dates, times of day or steps of several "
            "channels cannot be told; name them by the number of the step (t0, t1, or x_0, y_0 of two channels), or "
            "all by dates such as 2026-01-31 or 2026-01-31T12:00"
        )
    if dates is None:
        listed = [(prefix, float(f"{sign.strip()}{number}"), name) for name, (prefix, _, sign, number) in told.items()]
    else:
        listed = [("", moment, name) for moment, name in zip(dates, steps, strict=True)]
    places: dict[str, dict[float, str]] = {}
    for prefix, moment, name in listed:
        if (other := places.setdefault(prefix, {}).setdefault(moment, name)) != name:
            raise InputError(
                f"data.{key}: the columns {other!r} and {name!r} are both step {moment:g} of one channel; name each "
                "by a step of its own"
            )
    glued = {prefix for prefix, mark, sign, _ in told.values() if sign.strip() == "-" and prefix and not mark}
    if turned := next((own for own in glued if list(places.get(own, {})) != sorted(places.get(own, {}))), None):
        first, second, *_ = places[turned].values()
        raise InputError(
            f"data.{key}: whether {first!r} comes before {second!r} cannot be told, for their hyphen may be a minus; "
            f"write {turned}_0, {turned}_1 of steps, or {turned}_-1, {turned}_-0 of how long ago they were"
        )
    if len(places) > 1 and all(len(own) == 1 for own in places.values()):
        raise InputError(
            f"data.{key}: each of the columns {', '.join(steps[:3])} would be a channel of one step; name the steps of "
            "a channel alike, but for the number at the end (t0, t1, or x_0, x_1)"
        )
    return places, dates is not None


def _now(name: str, steps: Sequence[str]) -> bool:
    """Whether it is the step 0 of a channel by its name alone, as t is beside t-1 or t+1."""
    return any(other == f"{name}{sign}1" for sign in "-+" for other in steps)


def _dates(names: Sequence[str]) -> list[float] | None:
    """Seconds since 1970 of each; None where any is no date."""
    import pandas as pd

    found = pd.to_datetime(pd.Series(names), format="ISO8601", errors="coerce", utc=True)
    if found.isna().any():
        return None
    return [float(each) for each in (found - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)]


def stored_rows(
    path: Path,
    key: str,
    array: str,
    time: str | None,
    channels: Sequence[str] | None,
    kept: Sequence[str],
    limits: Limits,
) -> "Table":
    """From arrays by name: `array` (samples, steps[, channels]), those of `kept` (samples,), and the times (steps,).

    Raises:
        InputError: for a file that is none, and arrays that are not there or have other shapes.
    """
    import pandas as pd

    arrays = _arrays(path, key, {array, *kept, *filter(None, [time])}, limits)
    if missing := [name for name in (array, time) if name is not None and name not in arrays]:
        setting = "array" if missing[0] == array else "time"
        raise InputError(
            f"data.{setting}: {path.name} has no array {missing[0]!r}; there are {listed([*_names(path)])}"
        )
    values = arrays[array]
    if values.ndim not in (2, 3) or values.dtype.kind not in "fiub" or not values.size:
        raise InputError(
            f"data.{key}: {array!r} of {path.name} is {values.dtype} of shape {values.shape}; numbers (samples, steps, "
            "channels) or (samples, steps) were expected"
        )
    series = (values[..., np.newaxis] if values.ndim == 2 else values).astype(np.float64)
    count, steps, width = series.shape
    columns = {name: arrays[name] for name in kept if name in arrays}
    if wrong := next((name for name, own in columns.items() if own.shape != (count,)), None):
        raise InputError(
            f"data.{key}: {wrong!r} of {path.name} has the shape {arrays[wrong].shape}; one for each of "
            f"{count} samples was expected, ({count},)"
        )
    usual = ["value"] if width == 1 else [f"channel {number}" for number in range(width)]
    names = tuple(channels if channels is not None else usual)
    if len(names) != width:
        raise InputError(
            f"data.channels: {len(names)} names were given, and {array!r} of {path.name} has {width} channels"
        )
    moments = np.arange(steps) if time is None else arrays[time]
    if moments.shape != (steps,) or moments.dtype.kind not in "fiu" or not (np.diff(moments) > 0).all():
        raise InputError(f"data.time: {time!r} of {path.name} is not {steps} rising numbers, one for each step")
    clock = moments.astype(np.float64)
    samples = [_told(Sample(names, clock, own, time is not None)) for own in series]
    return pd.DataFrame({**columns, SAMPLE: pd.Series(samples, dtype=object)})


def _arrays(path: Path, key: str, wanted: Collection[str], limits: Limits) -> dict[str, Array]:
    """Those of the `wanted` arrays that are there, none of objects."""
    try:
        with ZipFile(path) as archive:
            size = sum(item.file_size for item in archive.infolist() if item.filename.removesuffix(".npy") in wanted)
        if size > limits.bytes:
            raise InputError(
                f"data.{key}: {path.name} unpacks to {size:,} bytes, more than data.limits.bytes: {limits.bytes:,}; "
                "give less, or raise that number"
            )
        with np.load(path, allow_pickle=False) as archive:
            return {name: _array(archive, name, f"data.{key}: {path.name}") for name in archive.files if name in wanted}
    except InputError:
        raise
    except Exception as problem:  # what is no such file fails in many ways
        raise InputError(
            f"data.{key}: {path.name} cannot be read as an .npz file of numbers and words: {unread_by(problem)}"
        ) from problem


def _array(archive: Mapping[str, Array], name: str, where: str) -> Array:
    """One of an archive; what is written of objects is a pickle, and not opened."""
    try:
        return np.asarray(archive[name])
    except ValueError as problem:
        if "allow_pickle" not in str(problem):
            raise
        raise InputError(
            f"{where}: the array {name!r} is one of objects, as series of different lengths or words of Python "
            "make it; give series of one length as numbers, words as np.array(words, dtype=str), or a long table"
        ) from problem


def _names(path: Path) -> list[str]:
    with ZipFile(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist()]


def _moments(cells: "Cells", key: str) -> tuple[Array, bool]:
    """(rows,) times as numbers, NaN where one is missing, and whether they are seconds of dates."""
    import pandas as pd

    known = cells.dropna()
    coded = len(known) and all(isinstance(cell, str) and is_number_word(cell) for cell in known)  # as 01 is
    if is_number(cells) or coded:
        return numbers(cells, key), False
    dates = pd.to_datetime(cells, format="ISO8601", errors="coerce", utc=True)
    wrong = (dates.isna() & ~cells.isna()).to_numpy()
    if wrong.any():
        number = pd.to_numeric(cells, errors="coerce").notna().to_numpy()
        wrong = wrong & ~number if 2 * number.sum() > number.size else wrong  # a word among numbers is what is wrong
        row = int(wrong.argmax())
        raise InputError(
            f"data.time: the column {cells.name!r} holds numbers or times such as 2026-01-31T12:00:00, but in "
            f"{row_name(row)} it is {shown(cells.iloc[row])}"
        )
    require_one_clock(cells, key)
    seconds = (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    return seconds.to_numpy(np.float64), True


def _changing(labels: dict[str, Array], rows: Array) -> str | None:
    """Which of what holds of a whole sample differs between its rows."""
    for name, cells in labels.items():
        if len(found := set(cells[rows].tolist())) > 1:
            first, second = sorted(map(str, found))[:2]
            return say(
                "{column} is {first} and {second} in its rows, and one value was expected",
                column=name,
                first=first,
                second=second,
            )
    return None


def _reason(sample: Sample, time: str) -> str | None:
    """Why a sample whose steps are in the order of time cannot be used."""
    if missing := int(np.isnan(sample.moments).sum()):
        return say(
            "{column} is missing in {missing} of its {count} rows",
            column=time,
            missing=str(missing),
            count=str(len(sample.moments)),
        )
    twice = np.flatnonzero(np.diff(sample.moments) == 0)
    if len(twice):
        return say("{column} {value} occurs twice", column=time, value=f"{sample.moments[twice[0]]:g}")
    return _told(sample).reason


def _told(sample: Sample) -> Sample:
    """With the reason where a value is missing."""
    missing = np.argwhere(~np.isfinite(sample.values))
    if not len(missing):
        return sample
    step, channel = missing[0]
    name, further = sample.channels[channel], len(missing) - 1
    reason = say("{channel} is missing or infinite at step {step}", channel=name, step=str(step))
    if further:
        reason = say("{reason} and {count} more", reason=reason, count=f"{further:,}")
    return sample._replace(reason=reason)
