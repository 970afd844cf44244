"""What of a store nothing refers to any more."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from exhibit.tasks.store import Digest, Store

# At every place: an array of digests is one run of letters.
_NAME = re.compile(rb"(?=([0-9a-f]{64}))")


class Garbage(NamedTuple):
    """Results that nothing refers to: files of the store, and how many bytes of them. `kept`: results that stay."""

    results: tuple[Path, ...]
    objects: tuple[Path, ...]
    bytes: int
    kept: int


def garbage(store: Store, referred: Collection[Digest], before: float) -> Garbage:
    """The results that are older than the time `before`, in seconds since 1970, and whose keys are not `referred` to;
    with the objects that these name, directly or through others, and no result that stays does.

    An object that no result names stays as well: a deployment keeps its config so.
    """
    results = {path.name: path for path in store.root.glob("actions/??/*") if len(path.name) == 64}
    objects = {path.name: path for path in store.root.glob("objects/??/*") if len(path.name) == 64}
    old = {key for key, path in results.items() if key not in referred and path.stat().st_mtime < before}
    stays = _reached(results.keys() - old, results, objects)
    goes = _reached(old, results, objects) - stays
    files = (tuple(results[key] for key in sorted(old)), tuple(objects[name] for name in sorted(goes)))
    return Garbage(*files, sum(path.stat().st_size for part in files for path in part), len(results) - len(old))


def remove(store: Store, found: Garbage) -> None:
    """Removes what was found, results before the objects that they name: who is killed in between leaves none that is
    not whole."""
    for path in (*found.results, *found.objects):
        path.unlink(missing_ok=True)
    for path in found.results:
        (store.root / "locks" / path.parent.name / path.name).unlink(missing_ok=True)


def _reached(keys: Iterable[Digest], results: dict[str, Path], objects: dict[str, Path]) -> set[Digest]:
    """Every object that these results name, and that such objects name in turn."""
    reached: set[Digest] = set()
    waiting = {name for key in keys for name in _outputs(results[key])} & objects.keys()
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= (set(_named(objects[name].read_bytes())) & objects.keys()) - reached
    return reached


def _outputs(result: Path) -> Iterator[Digest]:
    """What a result names; of one that is damaged whatever can be read."""
    try:
        yield from json.loads(result.read_bytes())["outputs"].values()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        yield from _named(result.read_bytes())


def _named(data: bytes) -> Iterator[Digest]:
    return (match[1].decode() for match in _NAME.finditer(data))
