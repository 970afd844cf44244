"""`exhibit gc`: results in the store that no run refers to."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from exhibit.flows.integrity import UNREADABLE
from exhibit.flows.places import unwritable
from exhibit.flows.stores import StoreUrl, answering, opened
from exhibit.tasks.garbage import Garbage, garbage, remove
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.manifest import MANIFEST, Manifest
from exhibit.tasks.records.opening import whole
from exhibit.tasks.store import Digest

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def collect(root: Path | StoreUrl, runs: Sequence[Path], older_than: timedelta, *, delete: bool) -> Garbage:
    """What the store at `root` holds that no finished run of these folders refers to, and that is older; removed if so
    asked.

    Raises:
        InputError: where there is no such store or folder, where a run cannot be read, so that nobody knows what it
            refers to, or where the store is in use.
    """
    if isinstance(root, Path) and not (root / "actions").is_dir():
        raise InputError(f"{root}: there is no store; name it with --store DIR")
    if why := unwritable(root):
        raise InputError(f"--store: {why}")
    store = opened(root)
    with answering(), store.alone():
        if not isinstance(root, Path) and not store.medium.files("actions"):
            raise InputError(f"{root}: there is no store; name it with --store URL")
        referred = {key for folder in runs for key in _referred(folder)}
        found = garbage(store, referred, store.medium.now() - older_than.total_seconds())
        if delete:
            remove(store, found)
    return found


def summary(found: Garbage, *, deleted: bool) -> str:
    """What was found, for people."""
    if not found.results:
        return f"nothing to delete: {_count(found.kept, 'result')} in the store, each young or of a run"
    what = (
        f"{_count(len(found.results), 'result')} with {_count(len(found.objects), 'file')}, {found.bytes / 1e6:,.1f} MB"
    )
    stay = f"{_count(found.kept, 'result')} {'stays' if found.kept == 1 else 'stay'}"
    return f"deleted: {what}; {stay}" if deleted else f"would delete: {what}; {stay}. Add --delete to do so"


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def age(text: str) -> timedelta:
    """A length of time such as 30d; m, h, d and w are minutes, hours, days and weeks.

    Raises:
        InputError: for anything else.
    """
    match = re.fullmatch(r"([0-9]{1,5})([mhdw])", text)
    if match is None:
        raise InputError(f"--older-than {text!r}: a number with m, h, d or w was expected, such as 12h or 30d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def without_runs(folders: Sequence[Path]) -> list[Path]:
    """The folders in which no finished run lies, so that nothing in the store stays for their sake."""
    return [folder for folder in folders if not any(folder.glob(f"*/{MANIFEST}"))]


def _referred(folder: Path) -> Iterator[Digest]:
    """Keys of the results that the finished runs of a folder rest on."""
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no folder of runs; name those that use the store: exhibit gc DIR ...")
    if (folder / MANIFEST).is_file():
        raise InputError(
            f"{folder}: a folder of runs was expected, and this is one of them; name the folder that it lies in"
        )
    for manifest in sorted(folder.glob(f"*/{MANIFEST}")):
        try:
            stages = Manifest.model_validate_json(whole(manifest)).stages
        except UNREADABLE as error:
            raise InputError(
                f"{manifest}: it cannot be read ({type(error).__name__}), so nobody knows which results the run refers "
                "to; nothing was deleted. Move the run elsewhere if its results need not stay"
            ) from error
        yield from (stage.key for stage in stages)
