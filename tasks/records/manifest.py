"""`manifest.json` as records: how a run went, and the digest of every file of it."""

from typing import Any, Literal

from pydantic import Field

from exhibit.tasks.records.base import Record
from exhibit.tasks.records.evidence import Sha256

MANIFEST = "manifest.json"  # the last file of a run: without it the run is unfinished


class FileEntry(Record):
    """A file of the run."""

    sha256: Sha256 = Field(description="of its bytes")
    bytes: int = Field(ge=0, description="how many there are")


class StageEntry(Record):
    """One call of a stage."""

    chapter: str = Field(description="the chapter that it belongs to, and what in it; or report")
    stage: str = Field(description="name of the stage")
    key: Sha256 = Field(description="the store's key: stage, spec, inputs, code and libraries")
    cached: bool = Field(description="whether the result was in the store already")
    seconds: float = Field(ge=0, description="from asking to having it")


class GitState(Record):
    """The state of the program's source."""

    commit: str | None = Field(description="of the program's source; null outside a repository")
    dirty: Sha256 | None = Field(description="of what differs from the commit; null if nothing does")


class HostEntry(Record):
    """The machine of the run."""

    name: str = Field(description="what it is called in its network")
    system: str = Field(description="operating system with version")
    processors: int = Field(description="how many it has")


class ChapterEntry(Record):
    """A chapter as page one shows it, for the list of all runs."""

    title: str = Field(description="of the chapter")
    sentence: str = Field(description="what page one says of it")
    pictures: tuple[str, ...] = Field(description="files of the run, drawn side by side")


class Manifest(Record):
    """One run, as it happened; written last, so a directory without it is unfinished."""

    format: Literal["exhibit-manifest/1"] = Field(alias="schema", description="which format this is")
    run: str = Field(description="name of the run's directory")
    command: tuple[str, ...] = Field(description="as it was called")
    started: str = Field(description="ISO 8601 in UTC")
    seconds: float = Field(ge=0, description="until everything was computed")
    runner: dict[str, Any] = Field(description="who ran the stages")
    paths: dict[str, str] = Field(description="where runs and the store were")
    git: GitState = Field(description="the program's source")
    host: HostEntry = Field(description="the machine")
    title: str = Field("", description="of the report")
    chapters: tuple[ChapterEntry, ...] = Field((), description="in their order")
    stages: tuple[StageEntry, ...] = Field(description="in the order in which they ended")
    files: dict[str, FileEntry] = Field(description="every other file of the directory, by its path in it")
    sha256: Sha256 | None = Field(None, description="of the manifest itself without this field, as canonical JSON")
