"""What a file of weights in HDF5, or a Keras archive, leads to beyond itself: other files, whose content would be taken
for weights; and how much more it holds than it has bytes."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.opening import GROWTH, SOME


def require_self_contained(path: Path) -> None:
    """Refuses a file that takes part of what it holds from elsewhere; files of other kinds pass.

    Raises:
        InputError: naming the file and what it leads to.
    """
    with path.open("rb") as file:
        leads = next(_leads(file), None)
    if leads:
        raise InputError(f"model.weights: {path.name} {leads}; give a file that holds all of its weights itself")


# By what a library says that something cannot be opened. It may then still open what lies beside it.
_UNOPENED = (
    EOFError, KeyError, NotImplementedError, OSError, RuntimeError, TypeError, ValueError, zipfile.BadZipFile,
    zlib.error,
)  # fmt: skip


def _leads(file: BinaryIO) -> Iterator[str]:
    """Something may stand before either of the two, so that the first bytes do not tell which it is."""
    yield from _hdf5(file)
    if not zipfile.is_zipfile(file):
        return
    try:
        with zipfile.ZipFile(file) as archive:
            for item in archive.infolist():
                if item.filename.endswith(".h5"):
                    with archive.open(item) as inner:
                        yield from _hdf5(inner)
    except _UNOPENED:
        yield _STRANGE


_STRANGE = "holds something that cannot be opened, so that nobody knows where that leads"


def _hdf5(file: Any) -> Iterator[str]:
    import h5py

    try:
        whole = h5py.File(file, "r")
    except _UNOPENED:
        return  # it is no such file: whoever reads it says what is wrong with it
    try:
        with whole:
            yield from _within(whole)
    except _UNOPENED:
        yield _STRANGE


def _within(whole: Any) -> Iterator[str]:
    import h5py

    groups = [whole]
    seen = set()
    while groups:
        group = groups.pop()
        if (address := h5py.h5o.get_info(group.id).addr) in seen:
            continue
        seen.add(address)
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                yield f"leads to the file {link.filename!r} by its link {name!r}"
                return
            if isinstance(link, h5py.SoftLink):
                continue
            item = group[name]
            if isinstance(item, h5py.Group):
                groups.append(item)
            elif isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
                yield f"takes the values of {name!r} from other files"
                return
            elif isinstance(item, h5py.Dataset) and item.nbytes > item.id.get_storage_size() * GROWTH + SOME:
                yield f"unpacks to far more than it is, in {name!r}"
                return
