"""Is a report what was written? Every file against the manifest, a PDF against its own digest, what is attached to it
against the evidence."""

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import ValidationError

from tasks.document.evidence import content_digest, pretty
from tasks.document.pdf import pdf_digest_ok
from tasks.document.press import embedded_name
from tasks.document.schema import Evidence, Manifest, own_digest
from tasks.local import file_digest
from tasks.records import Array

REPORT = "verification.json"  # what `exhibit verify` leaves in a run
_COMPARED = ("values/", "standard_error/", "layer/", "prediction", "base_value", "sample_ids", "targets")
_NEEDED = {"evidence.json", "importances.parquet", "checks.json"}


class Damage(Exception):
    """The target is not what was written; the message names the file."""


class Subject(NamedTuple):
    """What is checked: its evidence, the digest of its pages, the numbers to compare where bytes differ, the files
    that are attached to the PDF, and of a run the digests of all that was derived, by name."""

    evidence: Evidence
    pdf: str
    numbers: Mapping[str, Array]
    attached: Mapping[str, bytes]
    files: Mapping[str, str] = {}


def read(target: Path) -> Subject:
    """A run directory or a lone PDF, if it is whole.

    Raises:
        Damage: if it is not what was written.
    """
    return _read_run(target) if target.is_dir() else _read_pdf(target)


def intact(target: Path) -> Subject:
    """As `read`, but of a run only what its PDF says, without the numbers of its attributions.

    Raises:
        Damage: if it is not what was written.
    """
    return _intact_run(target) if target.is_dir() else _read_pdf(target)


def _read_run(directory: Path) -> Subject:
    subject = _intact_run(directory)
    numbers = {
        f"{path.parent.name}/{path.stem}/{name}": array
        for path in sorted(directory.glob("attributions/*/*.npz"))
        for name, array in _arrays(path)
    }
    return subject._replace(numbers={**subject.numbers, **numbers})


def _intact_run(directory: Path) -> Subject:
    manifest = _manifest(directory)
    if complaints := list(_wrong_files(directory, manifest)):
        raise Damage("\n".join(complaints))
    subject = _read_pdf(directory / "report.pdf")
    if _evidence((directory / "evidence.json").read_bytes(), "evidence.json") != subject.evidence:
        raise Damage("evidence.json: it is not the one in report.pdf")
    for name in subject.attached.keys() & manifest.files.keys():
        if (directory / name).read_bytes() != subject.attached[name]:
            raise Damage(f"{name}: it is not the one in report.pdf")
    derived = {name: entry.sha256 for name, entry in manifest.files.items() if name != "overrides.txt"}  # was typed
    return subject._replace(files=derived)


def _manifest(directory: Path) -> Manifest:
    path = directory / "manifest.json"
    if not path.exists():
        raise Damage("manifest.json: it is missing, so the run was not finished")
    data = path.read_bytes()
    try:
        manifest, facts = Manifest.model_validate_json(data), json.loads(data)
        whole = data == pretty(facts) and manifest.sha256 in (None, own_digest(facts))
    except (ValidationError, ValueError) as error:
        raise Damage(f"manifest.json: it cannot be read ({type(error).__name__})") from error
    if not whole:
        raise Damage("manifest.json: it is not as it was written")
    return manifest


def _wrong_files(directory: Path, manifest: Manifest) -> Iterator[str]:
    """A sentence for every file that is missing, changed or was not written by the run."""
    found = {path.relative_to(directory).as_posix() for path in directory.rglob("*") if not path.is_dir()}
    for name, entry in sorted(manifest.files.items()):
        if name not in found:
            yield f"{name}: it is missing"
        elif file_digest(directory / name) != entry.sha256:
            yield f"{name}: it is not what was written"
    for name in sorted(found - set(manifest.files) - {"manifest.json", REPORT}):
        yield f"{name}: it does not belong to the run"


def _read_pdf(path: Path) -> Subject:
    data = path.read_bytes()
    # Nothing in the file is interpreted before its digest is known to be right.
    if not pdf_digest_ok(data):
        raise Damage(f"{path.name}: it is not the file that was written")
    attached = _attachments(data)
    if missing := _NEEDED - attached.keys():
        raise Damage(f"{path.name}: nothing is attached as {', '.join(sorted(missing))}")
    evidence = _evidence(attached["evidence.json"], f"{path.name}, evidence.json")
    for name, digest in sorted(_expected(evidence)):
        if hashlib.sha256(attached.get(name, b"")).hexdigest() != digest:
            raise Damage(f"{path.name}, {name}: it is not the attachment that the evidence names")
    numbers = _importances(attached["importances.parquet"]) | _verdicts(attached["checks.json"])
    return Subject(evidence, hashlib.sha256(data).hexdigest(), numbers, attached)


def _expected(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Names and digests of what must be attached; embedded data and weights are those of their chapter."""
    yield from evidence.attached.items()
    for chapter in evidence.chapters:
        for what, digest in (("dataset", chapter.data.sha256), ("weights", chapter.weights.sha256)):
            if (name := embedded_name(what, digest)) in evidence.attached:
                yield name, digest


def _attachments(pdf: bytes) -> dict[str, bytes]:
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        return {name: file.get_file().read_bytes() for name, file in document.attachments.items()}


def _evidence(data: bytes, name: str) -> Evidence:
    try:
        evidence = Evidence.model_validate_json(data)
    except ValidationError as error:
        raise Damage(f"{name}: it is no evidence of a report ({error.error_count()} fields are wrong)") from error
    if content_digest(json.loads(data)["chapters"]) != evidence.content:
        raise Damage(f"{name}: the content digest does not belong to the chapters")
    return evidence


def _arrays(path: Path) -> Iterator[tuple[str, Array]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            yield from ((name, archive[name]) for name in archive.files if name.startswith(_COMPARED))
    except ValueError as error:
        raise Damage(f"{path.name}: it holds no plain arrays") from error


def _importances(table: bytes) -> dict[str, Array]:
    import pandas as pd

    # Apart for each result: beside numbers that are a thousand times larger a change would be nothing.
    groups = pd.read_parquet(io.BytesIO(table)).groupby(
        ["point", "method", "target", "input"], sort=False, dropna=False
    )
    return {
        "/".join(map(str, (*keys, name))): group[name].to_numpy()
        for keys, group in groups
        for name in ("feature", "mean", "mean_absolute")
    }


def _verdicts(checks: bytes) -> dict[str, Array]:
    return {"verdicts": np.array([f"{one['chapter']}/{one['method']}/{one['verdict']}" for one in json.loads(checks)])}
