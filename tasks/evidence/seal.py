"""A finished run on disk: files first, the manifest last."""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from exhibit.tasks.evidence.pretty_json import pretty
from exhibit.tasks.evidence.schema import own_digest
from exhibit.tasks.records.base import Array, Record
from exhibit.tasks.records.figure import Drawing, Part
from exhibit.tasks.records.manifest import MANIFEST

_EPOCH = (1980, 1, 1, 0, 0, 0)


@contextmanager
def lock_runs(runs: Path) -> Iterator[None]:
    """Held while something is written below `runs`. Whoever gets it alone knows that what is unfinished there was left
    by a process that died, and removes it."""
    runs.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(runs, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for orphan in filter(_is_own, runs.glob(".*.tmp")):
                shutil.rmtree(orphan) if orphan.is_dir() else orphan.unlink()
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def _is_own(path: Path) -> bool:
    """Whether the name is one that is given here: `runs` may be any folder of the user's."""
    return _OWN.fullmatch(path.name) is not None


_OWN = re.compile(r"\.(\d{8}T\d{6}Z-[0-9a-f]{8}|index\.html(\..+)?)\.tmp")


@contextmanager
def filled_or_removed(directory: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `directory` if nothing fails, and else is removed.

    Raises:
        OSError: naming the directory, where the disk is full.
    """
    folder = directory.with_name(f".{directory.name}.tmp")
    folder.mkdir()
    try:
        yield folder
        folder.rename(directory)
    except OSError as error:
        hint = f"{error.strerror or error}; no run was written, and what is finished is kept in the store"
        raise OSError(error.errno, hint, str(directory)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_files(directory: Path, files: Mapping[str, bytes]) -> None:
    """Writes every file below `directory`."""
    for name, data in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def write_manifest(directory: Path, facts: Mapping[str, Any]) -> None:
    """Writes the manifest: `facts`, the sha256 of every other file, and its own. It comes last."""
    files = {
        str(path.relative_to(directory)): {"sha256": _sha256(path), "bytes": path.stat().st_size}
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
    whole = {**facts, "files": files}
    temporary = directory / f".{MANIFEST}"
    with temporary.open("wb") as file:
        file.write(pretty({**whole, "sha256": own_digest(whole)}))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(directory / MANIFEST)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def figure_files(drawings: Iterable[Drawing]) -> dict[str, bytes]:
    """Every drawn part by file name."""
    return {f"figures/{_file_name(drawing, part)}": part.data for drawing in drawings for part in drawing.files}


def _file_name(drawing: Drawing, part: Part) -> str:
    suffix = "" if part.name == "chart" else f"-{part.name}"
    return f"{drawing.figure.name}{suffix}.{'png' if part.media_type == 'image/png' else 'svg'}"


def write_attributions(path: Path, shards: Callable[[], Iterable[Mapping[str, Array]]]) -> None:
    """One `.npz` from shards of the same arrays, which are read again for every array: memory stays flat.

    Ragged arrays are padded with zeros to the longest sample of all shards.
    """
    shapes: dict[str, list[tuple[int, ...]]] = {}
    for shard in shards():
        for name, array in shard.items():
            shapes.setdefault(name, []).append(array.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, found in shapes.items():
            inner = tuple(np.max([shape[1:] for shape in found], axis=0).astype(int).tolist()) if found[0][1:] else ()
            whole = (sum(shape[0] for shape in found), *inner)
            with archive.open(zipfile.ZipInfo(f"{name}.npy", _EPOCH), "w", force_zip64=True) as member:
                _write_array(member, whole, (shard[name] for shard in shards()))


def _write_array(member: Any, shape: tuple[int, ...], shards: Iterable[Array]) -> None:
    for position, array in enumerate(shards):
        padded = np.pad(
            array, [(0, 0), *((0, want - have) for want, have in zip(shape[1:], array.shape[1:], strict=True))]
        )
        if position == 0:
            header = {"descr": np.lib.format.dtype_to_descr(array.dtype), "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(member, header)
        member.write(np.ascontiguousarray(padded).tobytes())


def git_state(root: Path) -> dict[str, str | None]:
    """Commit of the source, and a digest of what differs from it; None outside a repository."""

    def git(*words: str) -> bytes | None:
        try:
            done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=True, timeout=30)
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout

    commit, changes = git("rev-parse", "HEAD"), git("diff", "HEAD")
    return {
        "commit": commit.decode().strip() if commit else None,
        "dirty": hashlib.sha256(changes).hexdigest() if changes else None,
    }


class Host(Record):
    """The machine of a run; it stands in the manifest alone."""

    name: str = platform.node()
    system: str = platform.platform()
    processors: int = os.cpu_count() or 1
