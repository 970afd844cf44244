"""What a file of weights in HDF5, or a Keras archive, leads to beyond itself: other files, whose content would be taken
for weights; and how much more it holds than it has bytes."""

import zipfile
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
        try:
            leads = next(_leads(file), None)
        except (OSError, ValueError, RuntimeError, KeyError, zipfile.BadZipFile, NotImplementedError):
            return  # whoever reads it says what is wrong with it
    if leads:
        raise InputError(f"model.weights: {path.name} {leads}; give a file that holds all of its weights itself")


def _leads(file: BinaryIO) -> Iterator[str]:
    start = file.read(8)
    if start == b"\x89HDF\r\n\x1a\n":
        yield from _hdf5(file)
    elif start.startswith(b"PK"):
        with zipfile.ZipFile(file) as archive:
            for item in archive.infolist():
                if item.filename.endswith(".h5"):
                    with archive.open(item) as inner:
                        yield from _hdf5(inner)


def _hdf5(file: Any) -> Iterator[str]:
    import h5py

    with h5py.File(file, "r") as whole:
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
