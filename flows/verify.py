"""`exhibit verify`: is it what was written (integrity), and does its config give the same again (derivation)?"""

import hashlib
import io
import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

import numpy as np
from pydantic import ValidationError

from flows.config import Report
from flows.errors import validated
from tasks.document.evidence import content_digest, pretty
from tasks.document.pdf import pdf_digest_ok
from tasks.document.schema import Evidence, Manifest, own_digest
from tasks.records import Array, InputError, Record

Outcome = Literal["intact", "identical", "within tolerance", "different", "damaged", "not derivable"]

EXIT_CODES: Mapping[Outcome, int] = {
    "intact": 0,
    "identical": 0,
    "within tolerance": 0,
    "different": 4,
    "damaged": 5,
    "not derivable": 6,
}
TOLERANCE = 1e-5  # of the norm of each array, single precision: what "the same numbers" means
REPORT = "verification.json"
_COMPARED = ("values/", "standard_error/", "layer/", "prediction", "base_value", "sample_ids", "targets")


class Verification(Record):
    """The outcome, what led to it, and how this environment differs from that of the report."""

    target: str
    outcome: Outcome
    findings: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    largest_difference: float | None = None

    def __str__(self) -> str:
        largest = (
            [] if self.largest_difference is None else [f"largest relative difference: {self.largest_difference:.3g}"]
        )
        changed = [f"here otherwise: {line}" for line in self.environment]
        return "\n".join([*self.findings, *largest, *changed, f"{self.target}: {self.outcome}"])


class Damage(Exception):
    """The target is not what was written; the message names the file."""


class Subject(NamedTuple):
    """What is checked: its evidence, the digest of its pages, and the numbers to compare where bytes differ."""

    evidence: Evidence
    pdf: str
    numbers: dict[str, Array]


def verify(target: Path, integrity_only: bool = False) -> Verification:
    """Checks a run directory or a lone PDF.

    Raises:
        InputError: if there is nothing of the kind at `target`.
    """
    if not target.exists():
        raise InputError(f"{target}: there is no such file or directory")
    try:
        subject = _read_run(target) if target.is_dir() else _read_pdf(target)
    except Damage as damage:
        return Verification(target=str(target), outcome="damaged", findings=tuple(str(damage).splitlines()))
    if integrity_only:
        return Verification(target=str(target), outcome="intact")
    return _derived(target, subject)


def report_path(target: Path) -> Path:
    """Where the short report is written: inside a run, beside a PDF."""
    return target / REPORT if target.is_dir() else target.with_name(f"{target.stem}.{REPORT}")


# --- integrity --------------------------------------------------------------------------------------------


def _read_run(directory: Path) -> Subject:
    manifest = _manifest(directory)
    if complaints := list(_wrong_files(directory, manifest)):
        raise Damage("\n".join(complaints))
    subject = _read_pdf(directory / "report.pdf")
    if _evidence((directory / "evidence.json").read_bytes(), "evidence.json") != subject.evidence:
        raise Damage("evidence.json: it is not the one in report.pdf")
    numbers = {
        f"{path.parent.name}/{path.stem}/{name}": array
        for path in sorted(directory.glob("attributions/*/*.npz"))
        for name, array in _arrays(path)
    }
    return subject._replace(numbers=subject.numbers | numbers)


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
        elif _sha256(directory / name) != entry.sha256:
            yield f"{name}: it is not what was written"
    for name in sorted(found - set(manifest.files) - {"manifest.json", REPORT}):
        yield f"{name}: it does not belong to the run"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_pdf(path: Path) -> Subject:
    data = path.read_bytes()
    # Nothing in the file is interpreted before its digest is known to be right.
    if not pdf_digest_ok(data):
        raise Damage(f"{path.name}: it is not the file that was written")
    attached = _attachments(data)
    if missing := {"evidence.json", "importances.parquet", "checks.json"} - attached.keys():
        raise Damage(f"{path.name}: nothing is attached as {', '.join(sorted(missing))}")
    evidence = _evidence(attached["evidence.json"], f"{path.name}, evidence.json")
    numbers = _importances(attached["importances.parquet"]) | _verdicts(attached["checks.json"])
    return Subject(evidence, hashlib.sha256(data).hexdigest(), numbers)


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

    frame = pd.read_parquet(io.BytesIO(table))
    return {name: frame[name].to_numpy() for name in ("feature", "mean", "mean_absolute")}


def _verdicts(checks: bytes) -> dict[str, Array]:
    return {"verdicts": np.array([f"{one['chapter']}/{one['method']}/{one['verdict']}" for one in json.loads(checks)])}


# --- derivation -------------------------------------------------------------------------------------------


def _derived(target: Path, subject: Subject) -> Verification:
    with TemporaryDirectory(prefix="exhibit-verify-") as scratch:
        try:
            again = _derive(subject.evidence, Path(scratch), target.is_dir())
        except InputError as error:
            findings = (*str(error).splitlines(), *_needed(subject.evidence))
            return Verification(target=str(target), outcome="not derivable", findings=findings)
    return compared(target, subject, again)


def compared(target: Path, before: Subject, after: Subject) -> Verification:
    """What a second derivation says about the first."""
    environment = tuple(_environment(before.evidence, after.evidence))
    diverged = _first_difference(before.evidence, after.evidence)
    if diverged is None:
        pages = "the same bytes" if before.pdf == after.pdf else "other bytes (fonts, templates or versions differ)"
        findings = ("every stage: the same bytes", f"report.pdf: {pages}")
        return Verification(target=str(target), outcome="identical", findings=findings, environment=environment)
    largest = _largest_difference(before.numbers, after.numbers)
    return Verification(
        target=str(target),
        outcome="within tolerance" if largest <= TOLERANCE else "different",
        findings=(f"first difference: {diverged}",),
        environment=environment,
        largest_difference=largest,
    )


def _derive(evidence: Evidence, scratch: Path, is_run: bool) -> Subject:
    """The report of the evidence's config, computed from nothing."""
    from flows.report import run_report

    here = {"runner": {"kind": "inline"}, "paths": {"runs": str(scratch / "runs"), "store": str(scratch / "store")}}
    report = validated(Report, {**evidence.config, **here})
    directory = run_report(report, ["exhibit", "verify"]).directory
    return _read_run(directory) if is_run else _read_pdf(directory / "report.pdf")


def _needed(evidence: Evidence) -> Iterator[str]:
    for chapter in evidence.chapters:
        yield f"{chapter.slug}: needs the data {chapter.data.title!r} with sha256 {chapter.data.sha256}"


def _first_difference(before: Evidence, after: Evidence) -> str | None:
    """The first stage that was asked or gave something else, or None if none did."""
    for old, new in zip(before.chapters, after.chapters, strict=True):
        for then, now in itertools.zip_longest(old.stages, new.stages):
            if then is None or now is None or then.stage != now.stage:
                return f"{old.slug}: this version has other stages"
            if then != now:
                names = sorted(name for name in then.outputs if then.outputs[name] != now.outputs.get(name))
                return f"{old.slug}, stage {then.stage}: {', '.join(names) or 'its config'}"
    return None


def _environment(before: Evidence, after: Evidence) -> Iterator[str]:
    """What differs between the environment of the report and this one."""
    then = {**before.libraries, **before.platform.model_dump(), "program": before.source[:12], **before.compute}
    now = {**after.libraries, **after.platform.model_dump(), "program": after.source[:12], **after.compute}
    for name in sorted(then.keys() | now.keys()):
        if then.get(name) != now.get(name):
            yield f"{name}: {then.get(name, 'absent')} then, {now.get(name, 'absent')} now"


def _largest_difference(before: Mapping[str, Array], after: Mapping[str, Array]) -> float:
    """The largest ||a - b|| / ||b|| over the arrays; infinite where they cannot be compared."""
    if before.keys() != after.keys() or not before:
        return float("inf")
    return max(_difference(before[name], after[name]) for name in before)


def _difference(old: Array, new: Array) -> float:
    if old.shape != new.shape:
        return float("inf")
    if old.dtype.kind != "f" or new.dtype.kind != "f":
        return 0.0 if np.array_equal(old, new) else float("inf")
    if not np.array_equal(np.isnan(old), np.isnan(new)):
        return float("inf")
    size, apart = np.linalg.norm(np.nan_to_num(old)), np.linalg.norm(np.nan_to_num(old - new))
    return float(apart / size) if size else float(apart)
