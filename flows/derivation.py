"""Deriving a report again from its evidence, from nothing but what the evidence holds and what the caller lets in."""

import copy
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from exhibit.flows.config import Report
from exhibit.flows.earlier import EARLIER
from exhibit.flows.errors import validated
from exhibit.flows.integrity import Subject
from exhibit.flows.points import Given
from exhibit.flows.report import derive_report
from exhibit.tasks.comparing.settings import slugs
from exhibit.tasks.data import DataSpec
from exhibit.tasks.document.press import embedded_name
from exhibit.tasks.evidence.local import absent, file_digest, folder_digest, local_references, put
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.evidence import Evidence, LocalEvidence

_DATA: TypeAdapter[Any] = TypeAdapter(DataSpec)


class Access(NamedTuple):
    """What may be opened beside the report: a folder of data and weights, and code or paths that the evidence names."""

    data: Path | None = None
    local: bool = False


def derive(subject: Subject, scratch: Path, access: Access) -> Path:
    """The run directory of the report of the evidence's config, computed from nothing in the folder `scratch`.

    Raises:
        InputError: with a line for everything that is missing here.
    """
    evidence = subject.evidence
    if beyond := [
        f"{key}: {value!r} is beyond what any report asks for" for key, value in _unreasonable(evidence.config)
    ]:
        raise InputError("\n".join(beyond[:_MOST_LINES]))
    given = _given(subject)
    config = copy.deepcopy(evidence.config)
    for key, item in evidence.local.items():
        _put_checked(config, key, item.name if item.kind in _CODE else str(absent(item)))
    missing = []
    # Folders come last: what data takes from them may depend on its other files.
    items = sorted(evidence.local.items(), key=lambda pair: (pair[1].kind == "folder", pair[0]))
    for number, (key, item) in enumerate(items):
        if key in given.local:
            continue
        if item.kind in _CODE:
            missing += [] if access.local and item.kind == "code" else [_how_to_give(key, item)]
        elif found := _search(item, key, config, evidence.local, access.data):
            _put_checked(config, key, str(_linked(found, scratch / "files" / str(number), item.name)))
        else:
            missing.append(_how_to_give(key, item))
    if missing:
        raise InputError("\n".join(missing))
    here = {"runner": {"kind": "inline"}, "paths": {"runs": str(scratch / "runs"), "store": str(scratch / "store")}}
    report = validated(Report, {**config, **here})
    # How long all of it may take is for those to say who verify.
    report = report.model_copy(update={"compute": report.compute.model_copy(update={"training_hours": float("inf")})})
    if not access.local and (strange := sorted(_without_digest(report, evidence))):
        raise InputError(
            "\n".join(
                f"{key}: the evidence records no digest of it; give --allow-local to open it anyway" for key in strange
            )
        )
    return derive_report(report, ["exhibit", "verify"], given)


_CODE = ("code", "memory")  # what a config names as a factory: by what it is called, not by a path
_MOST_LINES = 6
_MOST = 1e12
_SEED = 1 << 64


def _unreasonable(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Numbers of a config that nobody means, by their keys: a bound of its own on what anyone may have written."""
    match value:
        case Mapping():
            for name, item in value.items():
                yield from _unreasonable(item, f"{key}.{name}".lstrip("."))
        case list() | tuple():
            for number, item in enumerate(value):
                yield from _unreasonable(item, f"{key}.{number}")
        case int() | float() if not -_MOST <= value <= _MOST and not (key.endswith("seed") and 0 <= value < _SEED):
            yield key, value


def _put_checked(config: dict[str, Any], key: str, value: str) -> None:
    """As `exhibit.tasks.evidence.local.put`, for evidence that anyone may have written.

    Raises:
        InputError: if the config has no such key.
    """
    try:
        put(config, key, value)
    except (LookupError, TypeError, ValueError) as error:
        raise InputError(f"{key}: the evidence lists this key, but its config has no such key") from error


def from_the_pdf(subject: Subject) -> Iterator[str]:
    """A sentence for every stage whose result is taken from the PDF and not derived."""
    given = _given(subject)
    yield from (f"{slug}, stage load: the data are those in the PDF, not loaded again" for slug in given.datasets)
    yield from (f"{slug}, stage fit: the weights are those in the PDF, not trained again" for slug in given.weights)


def required_inputs(evidence: Evidence) -> Iterator[str]:
    """What a report rests on that may not be had here."""
    for key, item in sorted(evidence.local.items()):
        yield f"{key}: needs the {_called(item)} {item.name!r} with sha256 {item.sha256}"
    for chapter in evidence.chapters:
        yield f"{chapter.slug}: needs the data {chapter.data.title!r} with sha256 {chapter.data.sha256}"
        yield f"{chapter.slug}: needs the weights with sha256 {chapter.weights.sha256}"


def _given(subject: Subject) -> Given:
    """What the PDF brings along."""
    datasets: dict[str, tuple[Any, bytes]] = {}
    samples: dict[str, bytes] = {}
    groupings: dict[str, bytes] = {}
    weights: dict[str, bytes] = {}
    local: dict[str, LocalEvidence] = {}
    objects: list[str] = []  # data of a session that are in the PDF; weights alone make no model
    numbers = _point_numbers(subject.evidence.config)
    for chapter in subject.evidence.chapters:
        loaded = next((stage for stage in chapter.stages if stage.stage == "load"), None)
        asked = None if loaded is None else loaded.spec
        number = numbers.get(chapter.slug)
        prefixes: list[str] = []
        data = subject.attached.get(embedded_name("dataset", chapter.data.sha256))
        if data is not None and isinstance(asked, dict):
            datasets[chapter.slug] = (asked, data)
            if beside := subject.attached.get(embedded_name("samples", chapter.data.sha256)):
                samples[chapter.slug] = beside
            named = embedded_name("groupings", loaded.outputs.get("groupings", "")) if loaded else ""
            if grouped := subject.attached.get(named):
                groupings[chapter.slug] = grouped
            prefixes.append(f"points.{number}.data.")
            objects.append(f"points.{number}.data.factory")
        if data := subject.attached.get(embedded_name("weights", chapter.weights.sha256)):
            weights[chapter.slug] = data
            prefixes.append(f"points.{number}.model.")
        local |= {
            key: item
            for key, item in subject.evidence.local.items()
            if (key.startswith(tuple(prefixes)) and item.kind not in _CODE)
            or (key in objects and item.kind == "memory")
        }
    return Given(datasets, samples, groupings, weights, local, subject.attached)


def _point_numbers(config: Mapping[str, Any]) -> dict[str, int]:
    """The place of each point in the config by the slug of its chapter: points that failed have none."""
    try:
        labels = [str(point["label"]) for point in config["points"]]
    except (LookupError, TypeError):  # of a config that no report has; to validate it will say so
        return {}
    return {slug: number for number, slug in enumerate(slugs(labels))}


def _how_to_give(key: str, item: LocalEvidence) -> str:
    if item.kind == "code":
        how = "--allow-local runs it, if EXHIBIT_TRUSTED_MODULES names its module"
    elif item.kind == "memory":
        how = (
            "it lay in the memory of a Python session and has no source, so this is not derivable from the report alone"
        )
        if ".data." in key:
            how += "; 'document.embed=[data]' would have put it into the PDF"
    elif key == EARLIER:
        how = "the report that it is compared with; --data DIR looks for it"
    else:
        embedding = "'document.embed=[data]'" if ".data." in key else "'document.embed=[weights]'"
        how = f"--data DIR looks for it, and {embedding} would have put it into the PDF"
    return f"{key}: needs the {_called(item)} {item.name!r} with sha256 {item.sha256}; {how}"


def _called(item: LocalEvidence) -> str:
    return "object" if item.kind == "memory" else item.kind


def _without_digest(report: Report, evidence: Evidence) -> Iterator[str]:
    """Keys of paths and functions of which the evidence says nothing: a config in a PDF opens none by itself."""
    named = (*local_references(report.points, "points"), *local_references(report.document, "document"))
    return (key for key, _ in named if key not in evidence.local)


def _search(
    item: LocalEvidence,
    key: str,
    config: Mapping[str, Any],
    local: Mapping[str, LocalEvidence],
    folder: Path | None,
) -> Path | None:
    """The file or folder of that content below `folder`; those of the same name are tried first."""
    if folder is None:
        return None
    if item.kind == "folder":
        candidates = [folder, *sorted(path for path in folder.rglob("*") if path.is_dir() and path.name == item.name)]
        return next((path for path in candidates if _same_content(path, key, config, local)), None)
    ending = Path(item.name).suffix
    alike = (path for path in folder.rglob("*") if path.name.endswith(ending) and _may_be_read(path))
    by_name = sorted(alike, key=lambda path: (path.name != item.name, path))
    return next((path for path in by_name if file_digest(path) == item.sha256), None)


def _may_be_read(path: Path) -> bool:
    """Whether it is a file that ends: those of the system itself have no size."""
    try:
        return path.is_file() and path.stat().st_size > 0 and os.access(path, os.R_OK)
    except OSError:
        return False


def _same_content(folder: Path, key: str, config: Mapping[str, Any], local: Mapping[str, LocalEvidence]) -> bool:
    """Whether the data of a point would take just the same from `folder`; what `local` does not name is not opened."""
    try:
        _, number, _, name, *_ = key.split(".")
        spec = _DATA.validate_python({**config["points"][int(number)]["data"], name: folder})
        if any(path not in local for path, _ in local_references(spec, f"points.{number}.data")):
            return False
        taken: str = spec.spec_with_digests().get("files", "")
    except (AttributeError, LookupError, TypeError, ValueError):  # of evidence that anyone may have written
        return False
    return folder_digest(taken) == local[key].sha256


def _linked(found: Path, folder: Path, name: str) -> Path:
    """A link to it under the name that it had: names of samples are made from those of files."""
    folder.mkdir(parents=True)
    last = Path(name).name
    link = folder / (last if last.strip(".") else "file")
    link.symlink_to(found.absolute())
    return link
