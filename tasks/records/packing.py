"""How records become bytes, the same for the same content, and are read back; no pickle."""

import io
import json
import zipfile
from typing import Any, TypeVar

import numpy as np

from exhibit.tasks.records.base import Array, Arrays, Record
from exhibit.tasks.records.language import Message
from exhibit.tasks.records.shelf import Shelf, Shelved

_R = TypeVar("_R", bound=Record)


_EPOCH = (1980, 1, 1, 0, 0, 0)


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def npz(arrays: Arrays) -> bytes:
    """Arrays as an uncompressed `.npz`, the same bytes for the same content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), member.getvalue())
    return buffer.getvalue()


def pack(record: Record) -> bytes:
    """The record as bytes: its arrays beside canonical JSON for the rest."""
    arrays: dict[str, Array] = {}

    def hollow(value: Any) -> Any:
        match value:
            case np.ndarray() | bytes() | Shelved():
                mark, array, others = _apart(value)
                arrays[name := f"a{len(arrays)}"] = array
                return {mark: name, **others}
            case np.generic():
                return value.item()
            case Message():
                return value.as_plain()
            case dict():
                return {key: hollow(item) for key, item in value.items()}
            case list() | tuple():
                return [hollow(item) for item in value]
            case _:
                return value

    # Order of dictionaries carries meaning (the layers of a net), so keys are not sorted here.
    text = json.dumps(hollow(record.model_dump()), ensure_ascii=False, separators=(",", ":"))
    return npz({"record": np.frombuffer(text.encode(), np.uint8), **arrays})


def _apart(value: Array | bytes | Shelved) -> tuple[str, Array, dict[str, Any]]:
    """How it is marked in the text, the array that stands for it, and what else is needed to make it again."""
    match value:
        case bytes():
            return "$bytes", np.frombuffer(value, np.uint8), {}
        case Shelved():
            return "$shelved", value.digests, {"sample": list(value.sample), "dtype": value.dtype.name}
        case _:
            return "$array", value, {}


def unpack(kind: type[_R], data: bytes, shelf: Shelf | None = None) -> _R:
    """The record of type `kind` that `pack` wrote; `shelf`: where its samples lie, if not in itself.

    Raises:
        ValueError: if the bytes are not such a record, or hold pickled objects.
    """
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}

    def fill(value: Any) -> Any:
        match value:
            case {"$array": str(name)}:
                return arrays[name]
            case {"$bytes": str(name)}:
                return arrays[name].tobytes()
            case {"$shelved": str(name), "sample": list(sample), "dtype": str(dtype)} if shelf is not None:
                return Shelved(arrays[name], tuple(sample), dtype, shelf)
            case dict():
                return {key: fill(item) for key, item in value.items()}
            case list():
                return [fill(item) for item in value]
            case _:
                return value

    return kind.model_validate(fill(json.loads(arrays["record"].tobytes())))
