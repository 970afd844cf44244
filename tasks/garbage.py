"""What of a store nothing refers to any more."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

from exhibit.tasks.store import Digest, Store, action_name, object_name

# At every place: an array of digests is one run of letters.
_NAME = re.compile(rb"(?=([0-9a-f]{64}))")

Read = Callable[[str], bytes]


class Garbage(NamedTuple):
    """Results that nothing refers to: files of the store, and how many bytes of them. `kept`: results that stay."""

    results: tuple[str, ...]
    objects: tuple[str, ...]
    bytes: int
    kept: int


def garbage(store: Store, referred: Collection[Digest], before: float) -> Garbage:
    """The results that are older than the time `before`, in seconds since 1970, and whose keys are not `referred` to;
    with the objects that these name, directly or through others, and no result that stays does.

    An object that no result names stays as well: a deployment keeps its config so.
    """
    results, objects = ({_last(name): kept for name, kept in store.medium.files(part).items()} for part in _PARTS)
    old = {key for key, kept in results.items() if key not in referred and kept.written < before}
    read = store.medium.read
    stays = _reached(results.keys() - old, objects, read)
    goes = _reached(old, objects, read) - stays
    size = sum(results[key].size for key in old) + sum(objects[name].size for name in goes)
    return Garbage(
        tuple(map(action_name, sorted(old))), tuple(map(object_name, sorted(goes))), size, len(results) - len(old)
    )


def remove(store: Store, found: Garbage) -> None:
    """Removes what was found, results before the objects that they name: who is killed in between leaves none that is
    not whole."""
    for name in (*found.results, *found.objects):
        store.medium.remove(name)
    for name in found.results:
        store.medium.remove(name.replace("actions", "locks", 1))


_PARTS = "actions", "objects"


def _last(name: str) -> str:
    return PurePosixPath(name).name


def _reached(keys: Iterable[Digest], objects: Mapping[Digest, object], read: Read) -> set[Digest]:
    """Every object that these results name, and that such objects name in turn."""
    reached: set[Digest] = set()
    waiting = {name for key in keys for name in _outputs(read(action_name(key)))} & objects.keys()
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= (set(_named(read(object_name(name)))) & objects.keys()) - reached
    return reached


def _outputs(result: bytes) -> Iterator[Digest]:
    """What a result names; of one that is damaged whatever can be read."""
    try:
        yield from json.loads(result)["outputs"].values()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        yield from _named(result)


def _named(data: bytes) -> Iterator[Digest]:
    return (match[1].decode() for match in _NAME.finditer(data))
