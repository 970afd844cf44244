"""The config of a report as validated records: what Hydra composes, checked against the specs of the packages."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from exhibit.flows.compose import Composed, compose_points, option_files
from exhibit.flows.errors import ConfigError, every, validated
from exhibit.flows.filed import FILED, with_files
from exhibit.flows.stores import Place, StoreUrl, folder_here
from exhibit.tasks.behaviour import BehaviourSpec
from exhibit.tasks.checks import CheckSpec
from exhibit.tasks.data import DataSpec
from exhibit.tasks.data.select import SelectionSpec, TargetSpec
from exhibit.tasks.document.spec import DocumentSpec
from exhibit.tasks.drawing.spec import DrawingSpec
from exhibit.tasks.methods import MethodSpec
from exhibit.tasks.models import ModelSpec
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import InputError, Spec
from exhibit.tasks.records.card import Line
from exhibit.tasks.stages.explaining import refusal


class Point(Spec):
    """One fully composed config: a chapter. `label` tells it from the other points of its report."""

    label: str = Field(min_length=1, description="made from what varies between points; not a key to set")
    title: Line = Field(description="title of the chapter; null: named after the study or the data")
    data: DataSpec = Field(description="rows, labels, and which rows train the model")
    model: ModelSpec = Field(description="the model that is explained, and its training")
    method: dict[str, MethodSpec] = Field(min_length=1, description="how predictions are explained, by label")
    target: TargetSpec = Field(description="which outputs are explained, and on which score")
    selection: SelectionSpec = Field(description="which rows are explained, and which of them are drawn")
    check: dict[str, CheckSpec] = Field(default_factory=dict, description="what is measured about explanations")
    behaviour: dict[str, BehaviourSpec] = Field(
        default_factory=dict,
        description="what is asked about the model over many rows, whatever explains it",
        exclude_if=lambda asked: not asked,
    )
    drawing: DrawingSpec = Field(description="how attributions are drawn")

    @field_validator("method")
    @classmethod
    def _explains(cls, methods: dict[str, MethodSpec], info: ValidationInfo) -> dict[str, MethodSpec]:
        """Before anything is computed: what is known to have no meaning for the model."""
        model = info.data.get("model")
        said = [refusal(method, model) for method in methods.values()] if model is not None else []
        if sentences := list(dict.fromkeys(sentence for sentence in said if sentence)):
            raise ValueError("; ".join(sentences))
        return methods


class RunnerSpec(Spec):
    """How the stages are run; it changes no number."""

    kind: Literal["threads", "dask", "ray", "inline"] = Field(
        "threads",
        description="threads: Prefect tasks in this process; dask, ray: Prefect tasks that compute on the workers of a "
        "cluster of that kind; inline: plain calls without Prefect",
    )
    workers: int = Field(2, ge=1, le=256, description="of dask and ray without an address: processes on this machine")
    address: str | None = Field(
        None, min_length=1, description="of dask: a scheduler, such as tcp://host:8786; of ray: host:6379"
    )
    timeout_seconds: float | None = Field(
        None,
        gt=0,
        le=31_536_000,
        description="the report is computed in a process of its own, which is killed then; null: no limit",
    )


class Paths(Spec):
    """Where a report is written, relative to the working directory."""

    runs: Annotated[Path, BeforeValidator(folder_here)] = Field(
        Path("runs"), description="each run gets a directory in it"
    )
    store: Place = Field(
        Path(".exhibit"),
        description="results that need not be computed again: a folder, or a URL such as s3://bucket/prefix",
    )


class Report(Spec):
    """Everything that one call asks for."""

    points: tuple[Point, ...] = Field(min_length=1, description="one chapter each; a comma in a value makes several")
    document: DocumentSpec = Field(DocumentSpec(), description="title, date, paper, and what is attached")
    runner: RunnerSpec = Field(RunnerSpec(), description="how the stages are run; it changes no number")
    compute: Compute = Field(Compute(), description="threads, batch and device")
    paths: Paths = Field(Paths(), description="where runs and the store are")


SHARED = Report.model_fields.keys() - {"points"}


def read_report(overrides: Sequence[str], config_dir: Path | None = None) -> Report:
    """The report that Hydra `overrides` describe.

    Raises:
        ConfigError: naming each key that is wrong, what was given and what is allowed.
    """
    return assemble(compose_points(overrides, config_dir), filed_options(config_dir))


def filed_options(config_dir: Path | None) -> dict[str, dict[str, Path]]:
    """The files of cards and profiles by name."""
    return {name: {file.stem: file for file in option_files(name, config_dir)} for name in FILED}


def assemble(composed: Sequence[Composed], options: Mapping[str, Mapping[str, Path]]) -> Report:
    """Validates the composed points; what belongs to the report must be the same in all of them. `options`: files of
    cards and profiles by name."""
    points = every(partial(_point, item) for item in composed)
    labels = Counter(point.label for point in points)
    if repeated := sorted(label for label, count in labels.items() if count > 1):
        raise ConfigError(f"the same point is given more than once: {', '.join(repeated)}")
    shared = [_shared(item) for item in composed]
    if differing := {name for other in shared for name in other if other[name] != shared[0].get(name)}:
        raise ConfigError(f"{', '.join(sorted(differing))}: belongs to the report, so all points must have the same")
    document = with_files(shared[0].get("document"), options)
    report = validated(Report, shared[0] | {"points": points, "document": document})
    if report.document.kind == "decision" and not all(point.selection.named for point in points):
        raise ConfigError(
            "document.kind: a decision is about somebody or something; name whom with 'selection.ids=[ID,...]', or "
            "by rows from 0 with 'selection.index=[ROW,...]'"
        )
    store = report.paths.store
    if report.runner.kind == "dask" and isinstance(store, StoreUrl) and store.text.startswith("memory:"):
        raise ConfigError(
            "paths.store: memory:// is the memory of one process, and the workers of runner=dask are others; give a "
            "folder or a bucket that all of them reach"
        )
    if report.document.kind == "decision" and any(point.behaviour for point in points):
        raise ConfigError(
            "behaviour: pages about single decisions say nothing of it; type 'behaviour=[]', or ask for it in a report "
            "without document.kind=decision"
        )
    return report


def _point(composed: Composed) -> Point:
    own = {name: value for name, value in composed.config.items() if name not in SHARED}
    title = own.pop("title", None)
    if title is None or title == "":
        title = composed.subject.replace("_", " ").capitalize()
    named = composed.named(title) if isinstance(title, str) else title
    point = _framed(validated(Point, {"label": composed.label, "title": named} | own, composed.where))
    if (brought := point.model.brings()) is None:
        return point
    return point.model_copy(update={"data": point.data.told(brought), "model": point.model.opened()})


def _framed(point: Point) -> Point:
    """Its pictures as the model was trained on them, where the config leaves that open."""
    try:
        frame = point.model.frame()
    except InputError as error:
        raise ConfigError(str(error)) from error
    return point if frame is None else point.model_copy(update={"data": point.data.framed_as(frame)})


def _shared(composed: Composed) -> dict[str, Any]:
    return {name: value for name, value in composed.config.items() if name in SHARED}
