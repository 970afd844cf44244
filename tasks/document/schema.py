"""The fields of `evidence.json` and `manifest.json`, one by one; `schemas/` holds them as JSON schemas."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from exhibit.tasks.records.base import Record
from exhibit.tasks.records.packing import canonical_json

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ExcludedEvidence(Record):
    """A sample that could not be used."""

    sample_id: str = Field(description="what the sample is called in the data")
    given: str = Field(description="what was found in its place")
    reason: str = Field(description="why it could not be used")


class DataEvidence(Record):
    """The data of a chapter."""

    title: str = Field(description="name of the data")
    source: str = Field(description="where the data comes from, in words")
    sha256: Sha256 = Field(description="of the loaded dataset as the store keeps it")
    samples: int = Field(ge=0, description="how many samples the dataset holds")
    excluded: tuple[ExcludedEvidence, ...] = Field(description="samples that could not be used, each with the reason")


class WeightsEvidence(Record):
    """The explained model of a chapter."""

    sha256: Sha256 = Field(description="of the trained weights as the store keeps them")
    parameters: int = Field(ge=0, description="how many numbers the model was trained in")


class StageEvidence(Record):
    """One stage of a chapter."""

    stage: str = Field(description="its name: load, fit, predict, select, attribute, summarise or check")
    spec: Any = Field(description="what the stage was asked: the part of the config that it depends on")
    outputs: dict[str, Sha256] = Field(description="sha256 of everything that the stage gave")


class ChapterEvidence(Record):
    """One point of the report."""

    slug: str = Field(description="name of the chapter's folder")
    data: DataEvidence = Field(description="what was explained on")
    weights: WeightsEvidence = Field(description="what was explained")
    stages: tuple[StageEvidence, ...] = Field(description="in the order in which they ran")


class FailureEvidence(Record):
    """A point that has no chapter."""

    slug: str = Field(description="name that its chapter's folder would have")
    title: str = Field(description="title that its chapter would have")
    stage: str = Field(description="where it failed")
    sentence: str = Field(description="why")


class DocumentEvidence(Record):
    """What the document says of itself."""

    issued: str = Field(description="the only date in the document, ISO 8601 in UTC")


class PlatformEvidence(Record):
    """The platform that numbers may depend on."""

    python: str = Field(description="version of Python")
    system: str = Field(description="operating system, such as Linux")
    machine: str = Field(description="instruction set, such as x86_64")


class LocalEvidence(Record):
    """A file, a folder or code of the user's own that a result rests on, wherever it lay."""

    kind: Literal["file", "folder", "code"] = Field(description="what it is")
    name: str = Field(
        pattern=r"^[^/\x00]*$",
        description="of the file or folder without where it lies; of code: package.module:function",
    )
    sha256: Sha256 = Field(
        description="of the file's bytes; of a folder: of what the data takes from it; of code: of its source"
    )


class Evidence(Record):
    """What determines and proves a report; attached to its PDF. Free of times, ids, paths and runners."""

    format: Literal["exhibit-evidence/1"] = Field(alias="schema", description="which format this is")
    document: DocumentEvidence = Field(description="what the document says of itself")
    content: Sha256 = Field(description="sha256 of `chapters` as canonical JSON: equal for equal results")
    claim: str = Field(description="where the same bytes are claimed, and where only the same numbers within rounding")
    config: dict[str, Any] = Field(
        description="the validated config, from which the report can be derived again, in the order in which it was "
        "given; of paths only the last name"
    )
    local: dict[str, LocalEvidence] = Field(
        default_factory=dict,
        description="what the config names outside the program, by the key that names it",
    )
    attached: dict[str, Sha256] = Field(
        default_factory=dict, description="sha256 of every other file that is attached to the PDF, by name"
    )
    chapters: tuple[ChapterEvidence, ...] = Field(min_length=1, description="what was asked and found, in their order")
    failed: tuple[FailureEvidence, ...] = Field((), description="points that were asked for and could not be explained")
    compute: dict[str, Any] = Field(description="threads, batch, device and determinism: what changes last bits")
    seeds: dict[str, int] = Field(description="every seed in the config by its path")
    libraries: dict[str, str] = Field(description="versions of the libraries that the numbers and pictures come from")
    platform: PlatformEvidence = Field(description="where it was computed")
    typesetting: dict[str, str] = Field(
        default_factory=dict,
        description="versions of the system's libraries that set the pages and pack them; they change no number",
    )
    source: Sha256 = Field(description="of the program's own code, comments and docstrings aside")


class EarlierReport(Record):
    """The report that another one is compared with."""

    issued: str = Field(description="its date, ISO 8601 in UTC")
    pdf: Sha256 = Field(description="of its PDF")
    evidence: Sha256 = Field(description="of its evidence.json")


class MetricChange(Record):
    """The quality of a model in both reports."""

    point: str = Field(description="slug of the point")
    metric: str = Field(description="its name")
    before: float = Field(description="value in the earlier report")
    after: float = Field(description="value in this one")
    beyond: bool = Field(description="whether the 95% intervals do not overlap; false where there are none")


class ImportanceChange(Record):
    """An importance that changed by more than its errors explain, or a feature that changed places so."""

    point: str = Field(description="slug of the point")
    method: str = Field(description="label of the method")
    target: str = Field(description="which output is explained")
    input: str = Field(description="name of the input")
    feature: str = Field(description="name of the feature")
    before: float = Field(description="mean |a| in the earlier report")
    after: float = Field(description="mean |a| in this one")
    errors: float | None = Field(description="their difference in its standard errors; null where there is no error")
    beyond: bool = Field(description="whether the importance changed by more than its errors explain")
    rank_before: int = Field(ge=1, description="place in the earlier report")
    rank_after: int = Field(ge=1, description="place in this one")
    moved: bool = Field(description="whether the places that the errors leave open have none in common")


class VerdictChange(Record):
    """A check that passed in one report and failed in the other."""

    point: str = Field(description="slug of the point")
    method: str = Field(description="label of the method")
    check: str = Field(description="name of the check")
    before: str = Field(description="verdict in the earlier report")
    after: str = Field(description="verdict in this one")


class Changes(Record):
    """What has changed since an earlier report, counted; `changes.json` of a run that was asked to compare."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    format: Literal["exhibit-changes/1"] = Field(
        "exhibit-changes/1", alias="schema", description="which format this is"
    )
    compared_with: EarlierReport | None = Field(None, description="the earlier report; null: there was none")
    alert: bool = Field(False, description="whether anything changed by more than its errors explain, or a verdict")
    data: int = Field(0, ge=0, description="points whose data changed")
    models: int = Field(0, ge=0, description="points whose weights changed")
    settings: int = Field(0, ge=0, description="points whose config changed")
    metrics: int = Field(0, ge=0, description="metrics whose 95% intervals do not overlap")
    importances: int = Field(0, ge=0, description="importances that changed by more than their errors explain")
    ranks: int = Field(0, ge=0, description="features that changed places by more than the errors leave open")
    verdicts: int = Field(0, ge=0, description="verdicts that flipped")
    compared: int = Field(0, ge=0, description="importances that were compared")
    limit: float = Field(0.0, ge=0, description="standard errors above which a difference counts")
    metric_changes: tuple[MetricChange, ...] = Field((), description="every metric that is in both reports")
    importance_changes: tuple[ImportanceChange, ...] = Field((), description="those that count, the largest first")
    verdict_changes: tuple[VerdictChange, ...] = Field((), description="those that flipped")


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


SCHEMAS: dict[str, type[Record]] = {"evidence": Evidence, "manifest": Manifest, "changes": Changes}
FOLDER = Path(__file__).parent / "schemas"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def own_digest(facts: Mapping[str, Any]) -> str:
    """The sha256 that a manifest states of itself."""
    return sha256(canonical_json({name: value for name, value in facts.items() if name != "sha256"})).hexdigest()


def schema_files() -> dict[str, str]:
    """The JSON schemas by file name; `python -m exhibit.tasks.document.schema` writes them."""
    return {
        f"{name}.schema.json": json.dumps({"$schema": _DIALECT, **kind.model_json_schema()}, indent=2) + "\n"
        for name, kind in SCHEMAS.items()
    }


if __name__ == "__main__":
    for name, text in schema_files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
