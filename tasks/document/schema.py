"""The fields of `evidence.json` and `manifest.json`, one by one; `schemas/` holds them as JSON schemas."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from tasks.records import Excluded, Record, canonical_json

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class DataEvidence(Record):
    title: str
    source: str = Field(description="where the data comes from, in words")
    sha256: Sha256 = Field(description="of the loaded dataset as the store keeps it")
    samples: int = Field(ge=0)
    excluded: tuple[Excluded, ...] = Field(description="samples that could not be used, each with the reason")


class WeightsEvidence(Record):
    sha256: Sha256 = Field(description="of the trained weights as the store keeps them")
    parameters: int = Field(ge=0)


class StageEvidence(Record):
    stage: str
    spec: Any = Field(description="what the stage was asked: the part of the config that it depends on")
    outputs: dict[str, Sha256] = Field(description="sha256 of everything that the stage gave")


class ChapterEvidence(Record):
    slug: str = Field(description="name of the chapter's folder")
    data: DataEvidence
    weights: WeightsEvidence
    stages: tuple[StageEvidence, ...] = Field(description="in the order in which they ran")


class DocumentEvidence(Record):
    issued: str = Field(description="the only date in the document, ISO 8601 in UTC")


class PlatformEvidence(Record):
    python: str
    system: str
    machine: str


class LocalEvidence(Record):
    """A file, a folder or code of the user's own that a result rests on, wherever it lay."""

    kind: Literal["file", "folder", "code"]
    name: str = Field(description="of the file or folder without where it lies; of code: package.module:function")
    sha256: Sha256 = Field(
        description="of the file's bytes; of a folder: of what the data takes from it; of code: of its source"
    )


class Evidence(Record):
    """What determines and proves a report; attached to its PDF. Free of times, ids, paths and runners."""

    format: Literal["exhibit-evidence/1"] = Field(alias="schema")
    document: DocumentEvidence
    content: Sha256 = Field(description="sha256 of `chapters` as canonical JSON: equal for equal results")
    claim: str = Field(description="where the same bytes are claimed, and where only the same numbers within rounding")
    config: dict[str, Any] = Field(
        description="the validated config, from which the report can be derived again; of paths only the last name"
    )
    local: dict[str, LocalEvidence] = Field(
        default_factory=dict,
        description="what the config names outside the program, by the key that names it",
    )
    attached: dict[str, Sha256] = Field(
        default_factory=dict, description="sha256 of every other file that is attached to the PDF, by name"
    )
    chapters: tuple[ChapterEvidence, ...] = Field(min_length=1)
    compute: dict[str, Any] = Field(description="threads, batch, device and determinism: what changes last bits")
    seeds: dict[str, int] = Field(description="every seed in the config by its path")
    libraries: dict[str, str] = Field(description="versions of the libraries that the numbers and pictures come from")
    platform: PlatformEvidence
    source: Sha256 = Field(description="of the program's own code, comments and docstrings aside")


class FileEntry(Record):
    sha256: Sha256
    bytes: int = Field(ge=0)


class StageEntry(Record):
    chapter: str
    stage: str
    key: Sha256 = Field(description="the store's key: stage, spec, inputs, code and libraries")
    cached: bool = Field(description="whether the result was in the store already")
    seconds: float = Field(ge=0)


class GitState(Record):
    commit: str | None = Field(description="of the program's source; null outside a repository")
    dirty: Sha256 | None = Field(description="of what differs from the commit; null if nothing does")


class HostEntry(Record):
    name: str
    system: str
    processors: int


class ChapterEntry(Record):
    """A chapter as page one shows it, for the list of all runs."""

    title: str
    sentence: str
    pictures: tuple[str, ...] = Field(description="files of the run, drawn side by side")


class Manifest(Record):
    """One run, as it happened; written last, so a directory without it is unfinished."""

    format: Literal["exhibit-manifest/1"] = Field(alias="schema")
    run: str = Field(description="name of the run's directory")
    command: tuple[str, ...]
    started: str = Field(description="ISO 8601 in UTC")
    seconds: float = Field(ge=0)
    runner: dict[str, Any]
    paths: dict[str, str]
    git: GitState
    host: HostEntry
    title: str = Field("", description="of the report")
    chapters: tuple[ChapterEntry, ...] = ()
    stages: tuple[StageEntry, ...]
    files: dict[str, FileEntry] = Field(description="every other file of the directory, by its path in it")
    sha256: Sha256 | None = Field(None, description="of the manifest itself without this field, as canonical JSON")


SCHEMAS: dict[str, type[Record]] = {"evidence": Evidence, "manifest": Manifest}
FOLDER = Path(__file__).parent / "schemas"


def own_digest(facts: Mapping[str, Any]) -> str:
    """The sha256 that a manifest states of itself."""
    return sha256(canonical_json({name: value for name, value in facts.items() if name != "sha256"})).hexdigest()


def schema_files() -> dict[str, str]:
    """The JSON schemas by file name; `python -m tasks.document.schema` writes them."""
    return {
        f"{name}.schema.json": json.dumps(kind.model_json_schema(), indent=2) + "\n" for name, kind in SCHEMAS.items()
    }


if __name__ == "__main__":
    for name, text in schema_files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
