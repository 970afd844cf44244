"""`exhibit runs`: what lies in a folder of runs, a line or a record each."""

import json
from collections.abc import Iterator
from pathlib import Path

from exhibit.flows.integrity import UNREADABLE, Damage, intact
from exhibit.flows.signatures import Shown
from exhibit.tasks.records.base import InputError, Record
from exhibit.tasks.records.evidence import Evidence
from exhibit.tasks.records.manifest import MANIFEST, Manifest


class Listed(Record):
    """A run. `state`: "intact", the first thing that is wrong with it, or why nobody knows; what a damaged one says of
    itself is left out, but for its `bytes`, which are those on the disk. `overall`: whether it can be trusted, as page
    one says."""

    run: Shown
    state: Shown
    bytes: int
    started: Shown = ""
    title: Shown = ""
    studies: tuple[Shown, ...] = ()
    overall: Shown = ""

    def __str__(self) -> str:
        size = f"{self.bytes / 1e6:,.1f} MB"
        if self.state == _NOT_READ:
            return f"{self.run}  {size}  {self.state}"
        if self.state != "intact":
            return f"{self.run}  {size}  damaged: {self.state}"
        said = f"can it be trusted? {self.overall}" if self.overall else ""
        studies = f"({', '.join(self.studies)})" if self.studies else ""
        return "  ".join(
            filter(None, [self.run, self.started, size, "intact", said, f"{self.title} {studies}".strip()])
        )


_NOT_READ = "it takes more memory to read than there is, so nobody knows whether it is damaged"


def list_runs(folder: Path) -> Iterator[Listed]:
    """The runs of a folder, the newest first. A folder without a manifest is none, or is not finished, and is passed
    over.

    Raises:
        InputError: where there is no such folder.
    """
    if not folder.is_dir():
        why = "this is a file" if folder.exists() else "there is no such directory"
        raise InputError(
            f"{str(folder)[:200]}: a directory of runs was expected, and {why}; 'exhibit runs DIR' names another"
        )
    if (folder / MANIFEST).is_file():
        raise InputError(
            f"{folder}: a directory of runs was expected, and this is one of them; name the directory that it lies in"
        )
    try:
        names = sorted((path for path in folder.iterdir() if (path / MANIFEST).is_file()), reverse=True)
    except OSError as error:
        raise InputError(f"{folder}: it cannot be read ({error.strerror})") from error
    return map(_listed, names)


def _listed(run: Path) -> Listed:
    size = sum(path.lstat().st_size for path in run.rglob("*") if path.is_symlink() or path.is_file())
    try:
        subject = intact(run)
        manifest = Manifest.model_validate_json((run / MANIFEST).read_bytes())
        answers = run / "answers.json"
        overall = str(json.loads(answers.read_bytes())["overall"]) if answers.exists() else ""
    except Damage as damage:
        return Listed(run=run.name, state=str(damage).splitlines()[0], bytes=size)
    except MemoryError:
        return Listed(run=run.name, state=_NOT_READ, bytes=size)
    except UNREADABLE as error:
        return Listed(run=run.name, state=f"it cannot be read ({type(error).__name__})", bytes=size)
    return Listed(
        run=run.name,
        state="intact",
        bytes=size,
        started=manifest.started,
        title=manifest.title,
        studies=tuple(_labels(subject.evidence)),
        overall=overall,
    )


def _labels(evidence: Evidence) -> list[str]:
    """What the points of a report are called: their study or data, and what a sweep varies."""
    points = evidence.config.get("points", [])
    return [str(point["label"]) for point in points if isinstance(point, dict) and "label" in point]
