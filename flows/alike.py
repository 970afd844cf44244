"""What a file says, beside the same file when it is made again: numbers within the tolerance, all else as it is."""

import base64
import csv
import io
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

import numpy as np

from exhibit.tasks.claim import TOLERANCE
from exhibit.tasks.document.pdf_alike import alike_pixels
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.shown import escaped

_RESULT = ("point", "method", "target", "input")  # the columns that tell the results in one table
# Not what enlarges or turns: by a hair of that a whole drawing lies elsewhere.
_PLACES = re.compile(rb'(?<= )(?:d|x|y|x1|x2|y1|y2|cx|cy|r|rx|ry|width|height|points)="[^"]*"')
_PICTURE = re.compile(rb"data:image/png;base64,[A-Za-z0-9+/=]+")
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:e-?\d+)?")
_DECIMAL = re.compile(r"-?\d+(?=[.e])(?:\.\d+)?(?:e[+-]?\d+)?").fullmatch  # a measured number, not a count
_HAIR = 0.01  # units of a drawing, by which something in it may lie elsewhere


class Unlike(NamedTuple):
    """A difference in a file: how large in its numbers, relative to their norm; infinite where it is another one."""

    largest: float
    where: str


def unlike(name: str, before: bytes, after: bytes) -> Iterator[Unlike]:
    """Each thing in which a file called `name` differs from what was made again after it.

    Raises:
        Exception: of many kinds, for a file that is not what its name says.
    """
    if before != after:
        yield from _KINDS.get(PurePath(name).suffix, _bytes)(before, after)


def relative(then: Array, now: Array, unit: float | None = None) -> float:
    """||then - now|| / `unit`, or ||then|| if none is given; infinite where they cannot be compared."""
    if then.shape != now.shape:
        return float("inf")
    if then.dtype.kind != "f" or now.dtype.kind != "f":
        return 0.0 if np.array_equal(then, now) else float("inf")
    old, new = then.astype(np.float64), now.astype(np.float64)
    known = np.isfinite(old)
    if not np.array_equal(known, np.isfinite(new)) or not np.array_equal(old[~known], new[~known], equal_nan=True):
        return float("inf")
    scale = np.abs(old[known]).max(initial=0.0) or 1.0  # squares of very large or small numbers would not be numbers
    apart = float(np.linalg.norm((old[known] - new[known]) / scale))
    return apart / (norm(then) / scale or 1.0) if unit is None else apart * scale / (unit or 1.0)


def norm(values: Array) -> float:
    """||values|| of those that are numbers."""
    known = values[np.isfinite(values)].astype(np.float64)
    scale = np.abs(known).max(initial=0.0)
    return float(scale * np.linalg.norm(known / scale)) if scale else 0.0


def _bytes(_before: bytes, _after: bytes) -> Iterator[Unlike]:
    yield Unlike(float("inf"), "it holds something else")


def _json(before: bytes, after: bytes) -> Iterator[Unlike]:
    """Numbers beside those of the same object: a measured value beside its threshold."""
    then, now = (json.loads(data, object_pairs_hook=_once) for data in (before, after))
    yield from _tree(then, now, "")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, none of whose keys stands in it twice: of such programs read the first one, and others the last.

    Raises:
        ValueError: where one does.
    """
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a key that is there twice")
    return found


def _tree(then: Any, now: Any, path: str) -> Iterator[Unlike]:
    match then, now:
        case dict(), dict() if then.keys() == now.keys():
            numbers = [key for key in then if isinstance(then[key], float) and isinstance(now[key], float)]
            old, new = (np.array([item[key] for key in numbers], float) for item in (then, now))
            yield Unlike(_apart(old, new), f"{path or 'it'}: {', '.join(numbers)}")
            for key in then.keys() - set(numbers):
                yield from _tree(then[key], now[key], f"{path}.{key}".lstrip("."))
        case list(), list() if len(then) == len(now):
            if all(isinstance(one, float) for one in (*then, *now)):
                yield Unlike(_apart(np.array(then, float), np.array(now, float)), path)
                return
            for number, pair in enumerate(zip(then, now, strict=True)):
                yield from _tree(*pair, f"{path}[{number}]")
        case _ if type(then) is not type(now) or then != now:
            yield Unlike(float("inf"), f"{path or 'it'}: {_short(then)}, and {_short(now)} when it is made again")


def _apart(then: Array, now: Array) -> float:
    """How far numbers are apart that need not be of one kind: together, and each by itself, for beside a price or a
    time in seconds a share could be any. What is less than 1 is beside 1: next to nothing it is nothing but rounding.
    """
    together, known = relative(then, now), np.isfinite(then)
    if not np.isfinite(together):
        return together
    old, new = then[known], now[known]
    size = np.maximum(1.0, np.abs(old))
    return max(together, float(np.abs(old / size - new / size).max(initial=0.0)))


def _short(value: Any) -> str:
    text = escaped(repr(value))
    return text if len(text) <= 60 else f"{text[:57]}..."


def _csv(before: bytes, after: bytes) -> Iterator[Unlike]:
    """Numbers beside those of the same column."""
    then, now = (list(csv.reader(io.StringIO(data.decode(), newline=""))) for data in (before, after))
    if [len(row) for row in then] != [len(row) for row in now]:
        yield Unlike(float("inf"), "it has other rows")
        return
    columns = (itertools.zip_longest(*table, fillvalue="") for table in (then, now))
    for old, new in zip(*columns, strict=True):
        numbers = [(float(a), float(b)) for a, b in zip(old, new, strict=True) if _DECIMAL(a) and _DECIMAL(b)]
        others = [(a, b) for a, b in zip(old, new, strict=True) if not (_DECIMAL(a) and _DECIMAL(b)) and a != b]
        yield from (Unlike(float("inf"), f"{_short(a)}, and {_short(b)} when it is made again") for a, b in others[:1])
        yield Unlike(_apart(*np.array(numbers, float).reshape(-1, 2).T), f"column {_short(old[0])}")


def _parquet(before: bytes, after: bytes) -> Iterator[Unlike]:
    """Each result beside itself: beside one that is a thousand times larger a change would be nothing."""
    if _notes(before) != _notes(after):
        yield Unlike(float("inf"), "it has other remarks")
        return
    then, now = read_table(before), read_table(after)
    floats = [name for name, kind in then.dtypes.items() if kind.kind == "f"]
    if list(then.columns) != list(now.columns) or not then.drop(columns=floats).equals(now.drop(columns=floats)):
        yield Unlike(float("inf"), "it has other rows or columns")
        return
    keys = [name for name in _RESULT if name in then.columns]
    for rows in then.groupby(keys, sort=False, dropna=False).indices.values() if keys else [np.arange(len(then))]:
        old, new = then.iloc[rows], now.iloc[rows]
        unit = max((norm(old[name].to_numpy()) for name in floats), default=0.0)
        for name in floats:
            yield Unlike(relative(old[name].to_numpy(), new[name].to_numpy(), unit), f"column {name}")


def _notes(data: bytes) -> set[bytes]:
    """What a Parquet file has remarks on, beside its rows."""
    import pyarrow.parquet as pq

    return set(pq.read_schema(io.BytesIO(data)).metadata or {})


_MOST_CELLS = 100_000_000


def read_table(data: bytes) -> Any:
    """A Parquet file as a pandas data frame.

    Raises:
        Exception: of many kinds, for a file that is none, or of more cells than a report has.
    """
    import pyarrow.parquet as pq

    file = pq.ParquetFile(io.BytesIO(data), pre_buffer=False)
    about = file.metadata
    if about.num_rows * about.num_columns > _MOST_CELLS:
        raise ValueError(f"{about.num_rows} rows of {about.num_columns} columns")
    # Of a thread that cannot be started for lack of memory the library would wait for the end for ever.
    return file.read(use_threads=False).to_pandas(use_threads=False)


def _npz(before: bytes, after: bytes) -> Iterator[Unlike]:
    """Arrays of the score beside each other, for what is left of it may be nothing but rounding; others by
    themselves."""
    with np.load(io.BytesIO(before), allow_pickle=False) as then, np.load(io.BytesIO(after), allow_pickle=False) as now:
        if then.files != now.files:
            yield Unlike(float("inf"), "it holds other arrays")
            return
        shape = then["prediction"].shape if "prediction" in then.files else None
        scores = [name for name in then.files if then[name].shape == shape and then[name].dtype.kind == "f"]
        unit = max((norm(then[name]) for name in scores), default=None)
        for name in then.files:
            yield Unlike(relative(then[name], now[name], unit if name in scores else None), name)


def _picture(before: bytes, after: bytes) -> Iterator[Unlike]:
    from PIL import Image

    old, new = (Image.open(io.BytesIO(data), formats=("PNG",)) for data in (before, after))
    if old.size != new.size or not alike_pixels(*(np.asarray(image.convert("RGBA")) for image in (old, new))):
        yield Unlike(float("inf"), "it has other pixels")
    elif _beside_pixels(before) != _beside_pixels(after):
        yield Unlike(float("inf"), "something beside its pixels is another")


def _beside_pixels(picture: bytes) -> list[bytes]:
    """What a PNG says beside the pixels of its first frame: how these are shown, further frames, and remarks.

    Raises:
        ValueError: for bytes behind its end, or none where some must be.
    """
    found: list[bytes] = []
    place = len(_PNG)
    while not found or not found[-1].startswith(b"IEND"):
        end = place + 12 + int.from_bytes(picture[place : place + 4])
        if not place + 12 <= end <= len(picture):
            raise ValueError("half a picture")
        found.append(picture[place + 4 : end])
        place = end
    if place < len(picture):
        raise ValueError("something behind a picture")
    return [part for part in found if not part.startswith(b"IDAT")]


_PNG = b"\x89PNG\r\n\x1a\n"


def _markup(before: bytes, after: bytes) -> Iterator[Unlike]:
    """A page or a drawing: what stands in it, its pictures, and where its strokes lie."""
    if _PLACES.sub(b"", _PICTURE.sub(b"", before)) != _PLACES.sub(b"", _PICTURE.sub(b"", after)):
        lines = zip(before.decode(errors="replace").splitlines(), after.decode(errors="replace").splitlines())  # noqa: B905
        line = next((n for n, (old, new) in enumerate(lines, 1) if old != new), 0)
        yield Unlike(float("inf"), f"line {line} says something else")
        return
    for old, new in _pairs(_PICTURE, before, after):
        yield from _picture(*(base64.b64decode(one.partition(b",")[2]) for one in (old, new)))
    if not all(_same_place(old, new) for old, new in _pairs(_PLACES, before, after)):
        yield Unlike(float("inf"), "something in it lies elsewhere")


def _pairs(sought: re.Pattern[bytes], before: bytes, after: bytes) -> list[tuple[bytes, bytes]]:
    """What was found in both, as far as it differs."""
    both = zip(sought.findall(before), sought.findall(after), strict=True)
    return [(old, new) for old, new in both if old != new]


def _same_place(old: bytes, new: bytes) -> bool:
    then, now = (np.array([float(n) for n in _NUMBER.findall(one)]) for one in (old, new))
    return (
        _NUMBER.sub(b"", old) == _NUMBER.sub(b"", new)
        and then.shape == now.shape
        and bool((np.abs(then - now) <= _HAIR).all())
    )


_KINDS: Mapping[str, Callable[[bytes, bytes], Iterator[Unlike]]] = {
    ".csv": _csv,
    ".html": _markup,
    ".json": _json,
    ".npz": _npz,
    ".parquet": _parquet,
    ".png": _picture,
    ".svg": _markup,
}


def largest(found: Iterable[Unlike]) -> tuple[float, list[str]]:
    """The largest difference within the tolerance, and a clause for each that is beyond it."""
    size, clauses = 0.0, []
    for one in found:
        if one.largest > TOLERANCE:
            clauses.append(one.where if np.isinf(one.largest) else f"{one.where} ({one.largest:.3g} of the norm)")
        size = max(size, one.largest)
    return size, clauses
