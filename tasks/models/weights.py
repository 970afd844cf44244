"""Weights from files: arrays by name, never a pickle."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.opening import GROWTH, SOME, ends, there
from exhibit.tasks.records.shown import unread_by

Reader = Callable[[Path], dict[str, Array]]

Shapes = Mapping[str, tuple[int, ...]]

_PICKLES = (".pkl", ".pickle", ".joblib", ".dill")


def digest(path: Path) -> str:
    """The sha256 of a file, before anything in it is taken for weights.

    Raises:
        InputError: for what is no file, is not there, or leads to other files.
    """
    try:
        state = path.stat()
        regular = ends(path)
    except (OSError, ValueError) as error:
        raise InputError(f"model.weights: there is no file {path}") from error
    if not regular:
        raise InputError(
            f"model.weights: {path} is a folder, a pipe, a device or a file of the system; give another file"
        )
    # Size and time of the content alone may stay as they were: `cp -p` keeps both, and no one can set the other time.
    return _digest(path, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)


def read(path: Path, readers: dict[str, Reader]) -> dict[str, Array]:
    """The arrays of a weights file by name, in its order. `readers`: of the framework's own files, by ending.

    Raises:
        InputError: for a pickle or a file with one inside, and for files of other kinds.
    """
    known = {".npz": _npz, ".safetensors": _safetensors} | readers
    ending = next((ending for ending in known if path.name.endswith(ending)), None)
    if ending is None:
        why = "a pickle runs code when it is read" if path.suffix in _PICKLES else "the kind of file is not known here"
        raise InputError(f"model.weights: {path.name}: {why}; give one of {', '.join(known)}")
    if not there(path):
        raise InputError(f"model.weights: there is no file {path}")
    try:
        return known[ending](path)
    except Exception as error:  # readers of other people's files fail in many ways, none of which is told apart here
        raise InputError(_unreadable(path, error)) from error


def _unreadable(path: Path, error: Exception) -> str:
    return f"model.weights: {path.name} cannot be read (nothing in it is run): {unread_by(error)}"


def require_belongs(name: str, held: Shapes, wanted: Shapes) -> None:
    """Raises InputError where the arrays that the file `name` has held are not those of the net: which of them differ.
    Both by name, with their shapes."""
    lacking = [one for one in wanted if one not in held]
    strange = [one for one in held if one not in wanted]
    other = [one for one in wanted if one in held and held[one] != wanted[one]]
    said = [f"it lacks {_some(lacking)}"] * bool(lacking)
    said += [f"it has {_some(strange)} that the net has not"] * bool(strange)
    said += [
        f"{one} is {_axes(held[one])} in the file and {_axes(wanted[one])} in the net" for one in other[:_NAMED]
    ]  # fmt: skip
    said += [f"{len(other) - _NAMED} more are of other shapes"] * (len(other) > _NAMED)
    if not said:
        return
    # Where only the last layer is another one, the data has other classes than the file.
    last = (
        not lacking
        and not strange
        and {one.rpartition(".")[0] for one in other} == {list(wanted)[-1].rpartition(".")[0]}
    )
    outputs = list(held[other[-1]][-1:] if len(held[other[-1]]) == 1 else held[other[-1]][:1]) if last else []
    hint = (
        f"; the file is of a net with {outputs[0]:,} outputs: give the data as many classes, in their order "
        "(data.classes)"
        if outputs
        else ""
    )
    raise InputError(f"model.weights: {name} does not belong to this net: {', '.join(said)}{hint}")


_NAMED = 3  # arrays in a sentence


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{len(names)} array{'s' * (len(names) > 1)} ({', '.join(names[:_NAMED])}{more})"


def _axes(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape)) or "one number"


def _npz(path: Path) -> dict[str, Array]:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _safetensors(path: Path) -> dict[str, Array]:
    """As its library reads it, which checks that the tensors fill the file and do not overlap. numpy has no bfloat16,
    whose numbers float32 holds exactly."""
    from safetensors import SafetensorError, deserialize, safe_open

    try:
        with safe_open(path, framework="np") as file:
            types = {name: file.get_slice(name).get_dtype() for name in file.offset_keys()}
            _require_each_once(path)  # which the library does not ask
            if strange := sorted(name for name, kind in types.items() if kind not in _SAFETENSORS):
                kinds = ", ".join(_SAFETENSORS)
                raise ValueError(f"{strange[0]!r} holds numbers of type {types[strange[0]]}; {kinds} can be read")
            brain = [name for name, kind in types.items() if kind == "BF16"]
            held = dict(deserialize(path.read_bytes())) if brain else {}  # type: ignore[no-untyped-call]
            return {name: _widened(held[name]) if name in brain else file.get_tensor(name) for name in types}
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _require_each_once(path: Path) -> None:
    """Raises ValueError where a .safetensors file, of which the library has read the header, tells twice of a tensor:
    nothing says which of both it is."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if len(found := dict(pairs)) < len(names):
            raise ValueError(f"it tells twice of {next(name for name in names if names.count(name) > 1)!r}")
        return found

    with path.open("rb") as file:
        json.loads(file.read(int.from_bytes(file.read(8), "little")), object_pairs_hook=once)


_SAFETENSORS = ("F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL")


def _widened(tensor: Mapping[str, Any]) -> Array:
    """Of bfloat16, the upper half of a float32."""
    upper = np.frombuffer(tensor["data"], "<u2").astype("<u4")
    return (upper << 16).view("<f4").reshape(tensor["shape"])


def _require_in_proportion(path: Path) -> None:
    """Refuses an archive that leads out of itself, grows without measure when it is read, or holds something twice;
    other files pass."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InputError(_unreadable(path, error)) from error
    if sum(item.file_size for item in members) > sum(item.compress_size for item in members) * GROWTH + SOME:
        raise InputError(f"model.weights: {path.name} unpacks to far more than it is")
    names = [item.filename for item in members]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"model.weights: {path.name} holds {twice!r} twice, and nothing says which of both it is")
    for item in members:
        if item.filename.startswith("/") or ".." in Path(item.filename).parts:
            raise InputError(f"model.weights: {path.name} holds {item.filename!r}, which lies outside of it")


@lru_cache(maxsize=16)
def _digest(path: Path, *_: int) -> str:
    _require_in_proportion(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
