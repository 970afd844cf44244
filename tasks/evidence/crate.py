"""A run as a Workflow Run RO-Crate: what lies in its folder, and what made it, for programs that know nothing of us.

The profiles are Process Run Crate and Workflow Run Crate 0.5 and Workflow RO-Crate 1.0, on RO-Crate 1.1.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from exhibit.tasks.evidence.pretty_json import pretty
from exhibit.tasks.records.manifest import MANIFEST

CRATE = "ro-crate-metadata.json"
_WORKFLOW = "config.yaml"  # what determines the report is the workflow that was run
_NOT_RESULTS = {_WORKFLOW, "overrides.txt"}
_SPEC = "https://w3id.org/ro/crate/1.1"
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
_FORMATS = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".npz": "application/zip",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".yaml": "application/yaml",
}
_OWN = {
    "report.pdf": "The report, with its evidence attached",
    "report.html": "The report for a screen",
    "overrides.txt": "The choices and changes as they were typed",
    MANIFEST: "How the run went, and the size and sha256 of every other file of it",
}


def crate(folder: Path, facts: Mapping[str, Any], issued: str, version: str, about: Mapping[str, str]) -> bytes:
    """The crate of the files in `folder`, with the manifest that follows it. `facts`: those of the manifest, with the
    title; `issued`: date of the document; `version`: of the program; `about`: what files hold, by name."""
    files = {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    about = {**about, **_OWN}
    ids = [_id(name) for name in sorted(files.keys() | {MANIFEST})]
    ended = datetime.fromisoformat(facts["started"]) + timedelta(seconds=facts["seconds"])
    results = [_id(name) for name in sorted(files.keys() - _NOT_RESULTS)]
    graph = [
        {
            "@id": CRATE,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": _refs([_SPEC, *_workflow_spec()]),
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": facts["title"],
            "description": f"{facts['title']}: an explanation report, with its evidence",
            "datePublished": issued,
            "license": {"@id": "#licence"},
            "conformsTo": _refs(_PROFILES),
            "mainEntity": {"@id": _WORKFLOW},
            "mentions": {"@id": "#run"},
            "hasPart": _refs(ids),
        },
        {
            "@id": "#licence",
            "@type": "CreativeWork",
            "name": "not stated",
            "description": "Nobody has stated a licence of this report. That of the model may stand in card.json.",
        },
        *(
            {"@id": link, "@type": "CreativeWork", "name": name, "version": edition}
            for link, (name, edition) in _PROFILES.items()
        ),
        {
            "@id": "#exhibit",
            "@type": ["SoftwareApplication", "ComputerLanguage"],
            "name": "Exhibit",
            "version": version,
        },
        {
            "@id": "#run",
            "@type": "CreateAction",
            "name": f"The run {facts['run']}",
            "description": "Explains the models and writes the report",
            "instrument": {"@id": _WORKFLOW},
            "startTime": facts["started"],
            "endTime": ended.isoformat(timespec="seconds"),
            "actionStatus": "http://schema.org/CompletedActionStatus",
            "result": _refs(results),
        },
        *(_file(name, files.get(name), about.get(name)) for name in sorted(files.keys() | {MANIFEST})),
    ]
    return pretty({"@context": f"{_SPEC}/context", "@graph": graph})


def _workflow_spec() -> Iterator[str]:
    return (link for link, (name, _) in _PROFILES.items() if name == "Workflow RO-Crate")


def _file(name: str, size: int | None, about: str | None) -> dict[str, Any]:
    """One file; the manifest has no size yet, as it is written last."""
    entity: dict[str, Any] = {"@id": _id(name), "@type": "File", "name": name}
    if encoding := _FORMATS.get(PurePath(name).suffix):
        entity["encodingFormat"] = encoding
    if size is not None:
        entity["contentSize"] = str(size)
    if about is not None:
        entity["description"] = about
    if name == _WORKFLOW:
        kinds = ["File", "SoftwareSourceCode", "ComputationalWorkflow"]
        entity |= {"@type": kinds, "programmingLanguage": {"@id": "#exhibit"}}
    return entity


def _id(name: str) -> str:
    """A path in the crate as a URI."""
    return quote(name)


def _refs(ids: Any) -> list[dict[str, str]]:
    return [{"@id": one} for one in ids]
