"""What a config names outside the program: files, folders and code of the user's own.

The evidence knows them by name and content, whatever machine they lie on; `exhibit verify` finds them by their content.
"""

import copy
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from exhibit.tasks.factory import code_of
from exhibit.tasks.held import content_of, in_memory
from exhibit.tasks.records.absent import absent_path
from exhibit.tasks.records.evidence import LocalEvidence
from exhibit.tasks.records.packing import canonical_json

_SHA256 = re.compile(r"[0-9a-f]{64}")


def local_references(value: Any, key: str = "") -> Iterator[tuple[str, Path | str]]:
    """Every path, and every function of the user's own, in a validated config by its key."""
    match value:
        case Path():
            yield key, value
        case BaseModel():
            for name, item in value:
                here = f"{key}.{name}" if key else name
                if name == "factory" and isinstance(item, str):
                    yield here, item
                else:
                    yield from local_references(item, here)
        case Mapping():
            for name, item in value.items():
                yield from local_references(item, f"{key}.{name}")
        case list() | tuple():
            for position, item in enumerate(value):
                yield from local_references(item, f"{key}.{position}")


def described(item: Path | str, taken: str) -> LocalEvidence:
    """What the evidence says of a path or a function; `taken`: digests of what the data takes from it, if a folder."""
    if isinstance(item, str) and in_memory(item):
        return LocalEvidence(kind="memory", name=item, sha256=content_of(item))
    if isinstance(item, str):
        return LocalEvidence(kind="code", name=item, sha256=_sha256(canonical_json(code_of(item)["source"])))
    name = item.absolute().name
    if item.is_dir():
        return LocalEvidence(kind="folder", name=name, sha256=folder_digest(taken))
    return LocalEvidence(kind="file", name=name, sha256=file_digest(item))


def file_digest(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_digest(taken: str) -> str:
    """One sha256 of what data takes from a folder: its own, or that of several."""
    return taken if _SHA256.fullmatch(taken) else _sha256(taken.encode())


def absent(local: LocalEvidence) -> Path:
    """A path that stands for a file that is not here and need not be: it says what the file holds."""
    return absent_path(local.sha256, local.name)


def put(config: dict[str, Any], key: str, value: str) -> None:
    """Sets one value of a plain config, `key` being the one that `outside` gave."""
    *above, last = key.split(".")
    place: Any = config
    for step in above:
        place = place[int(step) if isinstance(place, list) else step]
    place[int(last) if isinstance(place, list) else last] = value


def disambiguated(config: Mapping[str, Any], local: Mapping[str, LocalEvidence]) -> dict[str, Any]:
    """A plain config in which files and code are called by name and content: two of the same name may differ."""
    result = copy.deepcopy(dict(config))
    for key, item in local.items():
        put(result, key, f"{item.name} ({item.sha256[:8]})")
    return result


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
