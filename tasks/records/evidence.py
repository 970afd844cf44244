"""`evidence.json` as records: what determines and proves a report."""

from typing import Annotated, Any, Literal

from pydantic import Field

from exhibit.tasks.records.base import Record

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

Slug = Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]


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

    sha256: Sha256 = Field(
        description="of the weights as the store keeps them, trained here or read from a file of the user's, which has "
        "another digest: that of the file is in local"
    )
    parameters: int = Field(ge=0, description="how many numbers the model was trained in")


class StageEvidence(Record):
    """One stage of a chapter."""

    stage: str = Field(description="its name: load, fit, predict, select, attribute, summarise or check")
    spec: Any = Field(description="what the stage was asked: the part of the config that it depends on")
    outputs: dict[str, Sha256] = Field(description="sha256 of everything that the stage gave")


class ChapterEvidence(Record):
    """One point of the report."""

    slug: Slug = Field(description="name of the chapter's folder")
    data: DataEvidence = Field(description="what was explained on")
    weights: WeightsEvidence = Field(description="what was explained")
    stages: tuple[StageEvidence, ...] = Field(description="in the order in which they ran")


class FailureEvidence(Record):
    """A point that has no chapter."""

    slug: Slug = Field(description="name that its chapter's folder would have")
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
    """A file, a folder, code of the user's own or an object of a Python session that a result rests on, wherever it
    lay."""

    kind: Literal["file", "folder", "code", "memory"] = Field(
        description="what it is; memory: an object of a Python session, which has no source: not derivable from the "
        "report alone, unless it is data that are embedded"
    )
    name: str = Field(
        pattern=r"^[^/\x00]*$",
        description="of the file or folder without where it lies; of code: package.module:function; of an object: what "
        "the config calls it",
    )
    sha256: Sha256 = Field(
        description="of the file's bytes; of a folder: of what the data takes from it; of code: of its source; of an "
        "object: of its content"
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
