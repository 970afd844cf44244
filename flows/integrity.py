"""Is a report what was written? Every file against the manifest, a PDF against its own digest, what is attached to it
against the evidence."""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import ValidationError

from exhibit.tasks.document.pdf import pdf_digest_ok
from exhibit.tasks.document.press import embedded_name
from exhibit.tasks.evidence.evidence import content_digest
from exhibit.tasks.evidence.local import file_digest
from exhibit.tasks.evidence.pretty_json import pretty
from exhibit.tasks.evidence.schema import own_digest
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.evidence import Evidence
from exhibit.tasks.records.manifest import Manifest

REPORT = "verification.json"  # what `exhibit verify` leaves in a run
_LEFT = {"manifest.json", REPORT, f"report.{REPORT}"}  # the last: of the PDF alone, where it lies in its run
_COMPARED = ("values/", "standard_error/", "layer/", "prediction", "base_value", "sample_ids", "targets")
_RUN = {"report.pdf", "evidence.json"}  # without which there is nothing to verify
_NEEDED = {"evidence.json", "importances.parquet", "checks.json", "metrics.json"}


# What a file is met by that is something else than its name says. Its digest may be right: a seal is no signature.
_UNREADABLE: tuple[type[Exception], ...] = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


class Damage(Exception):
    """The target is not what was written; the message names the file."""


@contextmanager
def _reading(name: str, *further: type[Exception]) -> Iterator[None]:
    """Whatever a file is met by while it is read, it is damage."""
    try:
        yield
    except (*_UNREADABLE, *further) as error:
        raise Damage(f"{name}: it cannot be read ({type(error).__name__})") from error


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
    for name in manifest.files:
        inside = subject.attached.get(name.removeprefix("tables/"))
        if inside is not None and (directory / name).read_bytes() != inside:
            raise Damage(f"{name}: it is not the one in report.pdf")
    derived = {name: entry.sha256 for name, entry in manifest.files.items() if name != "overrides.txt"}  # was typed
    return subject._replace(files=derived)


def _manifest(directory: Path) -> Manifest:
    path = directory / "manifest.json"
    if not path.is_file():
        raise Damage("manifest.json: it is missing, so the run was not finished")
    data = path.read_bytes()
    with _reading("manifest.json"):
        manifest, facts = Manifest.model_validate_json(data, strict=True), json.loads(data)
        whole = data == pretty(facts) and manifest.sha256 in (None, own_digest(facts))
    if not whole:
        raise Damage("manifest.json: it is not as it was written")
    return manifest


def _wrong_files(directory: Path, manifest: Manifest) -> Iterator[str]:
    """A sentence for every file that is missing, changed or was not written by the run."""
    there = [path for path in directory.rglob("*") if path.is_symlink() or not path.is_dir()]
    found = {path.relative_to(directory).as_posix(): path for path in there}
    for name in sorted(manifest.files.keys() | _RUN):
        if name not in found:
            yield f"{printable(name)}: it is missing"
        elif found[name].is_symlink() or not found[name].is_file():  # nothing outside is opened, nor what has no end
            yield f"{name}: is a symlink or not a regular file"
        elif name in manifest.files and file_digest(found[name]) != manifest.files[name].sha256:
            yield f"{name}: it is not what was written"
    for name in sorted(found.keys() - manifest.files.keys() - _LEFT):
        yield f"{printable(name)}: it does not belong to the run"


def printable(name: str) -> str:
    """A name as it can be written on one line, in any file."""
    return name if name.isprintable() else ascii(name)[1:-1]


def _read_pdf(path: Path) -> Subject:
    data, here = path.read_bytes(), printable(path.name)
    # Nothing in the file is interpreted before its digest is known to be right.
    if not pdf_digest_ok(data):
        raise Damage(f"{here}: it is not the file that was written")
    attached = _attachments(data, here)
    if missing := _NEEDED - attached.keys():
        raise Damage(f"{here}: nothing is attached as {', '.join(sorted(missing))}")
    evidence = _evidence(attached["evidence.json"], f"{here}, evidence.json")
    for name, digest in sorted(_expected(evidence)):
        if name not in attached or hashlib.sha256(attached[name]).hexdigest() != digest:
            raise Damage(f"{here}, {name}: it is not the attachment that the evidence names")
    if foreign := sorted(attached.keys() - evidence.attached.keys() - {"evidence.json"}):
        raise Damage(f"{here}, {printable(foreign[0])}: it is attached, but the evidence does not name it")
    for name, content in attached.items():
        if name.endswith(".npz"):
            _require_stored(f"{here}, {name}", io.BytesIO(content))
    numbers: dict[str, Array] = {}
    for name, read_numbers in _NUMBERS.items():
        with _reading(f"{here}, {name}"):
            numbers |= read_numbers(attached[name])
    return Subject(evidence, hashlib.sha256(data).hexdigest(), numbers, attached)


def _expected(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Names and digests of what must be attached; embedded data and weights are those of their chapter."""
    yield from evidence.attached.items()
    for chapter in evidence.chapters:
        for what, digest in (("dataset", chapter.data.sha256), ("weights", chapter.weights.sha256)):
            if (name := embedded_name(what, digest)) in evidence.attached:
                yield name, digest


def _attachments(pdf: bytes, name: str) -> dict[str, bytes]:
    import pikepdf

    with _reading(name, pikepdf.PdfError), pikepdf.open(io.BytesIO(pdf)) as document:
        return {one: file.get_file().read_bytes() for one, file in document.attachments.items()}


def _evidence(data: bytes, name: str) -> Evidence:
    try:
        evidence = Evidence.model_validate_json(data, strict=True)
    except ValidationError as error:
        raise Damage(f"{name}: it is no evidence of a report ({error.error_count()} fields are wrong)") from error
    with _reading(name):
        content = content_digest(json.loads(data)["chapters"])
    if content != evidence.content:
        raise Damage(f"{name}: the content digest does not belong to the chapters")
    return evidence


def _arrays(path: Path) -> Iterator[tuple[str, Array]]:
    _require_stored(path.name, path)
    with _reading(path.name), np.load(path, allow_pickle=False) as archive:
        yield from [(name, archive[name]) for name in archive.files if name.startswith(_COMPARED)]


def _require_stored(name: str, file: Path | io.BytesIO) -> None:
    """Arrays are never written compressed, so that no small file grows large while it is read."""
    with _reading(name), zipfile.ZipFile(file) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise Damage(f"{name}: it is not as it was written")


def _importances(table: bytes) -> dict[str, Array]:
    import pandas as pd

    # Apart for each result: beside numbers that are a thousand times larger a change would be nothing.
    groups = pd.read_parquet(io.BytesIO(table)).groupby(
        ["point", "method", "target", "input"], sort=False, dropna=False
    )
    found: dict[str, Array] = {}
    for keys, group in groups:
        columns = {name: group[name].to_numpy() for name in ("feature", "count", "mean", "mean_absolute")}
        # An error is as exact as what it is the error of: it may be nothing but rounding.
        columns["mean_absolute"] = np.concatenate([columns["mean_absolute"], group["standard_error"].to_numpy()])
        found |= {"/".join(map(str, (*keys, name))): column for name, column in columns.items()}
    return found


def _checks(data: bytes) -> dict[str, Array]:
    """Every verdict, and every measured value beside its threshold: the size against which a difference is one."""
    checks = json.loads(data)
    verdicts = [[str(one[name]) for name in ("chapter", "method", "check", "verdict", "required")] for one in checks]
    values = {
        f"check/{k}": np.array([one["value"], one["threshold"], *(one.get("interval") or ())], float)
        for k, one in enumerate(checks)
    }
    return {"verdicts": np.array(verdicts)} | values


def _metrics(data: bytes) -> dict[str, Array]:
    """The measured quality of the models, each with its interval."""
    metrics = json.loads(data)
    names = [[str(one[name]) for name in ("chapter", "name", "split", "count")] for one in metrics]
    values = {f"metric/{k}": np.array([one["value"], *(one["interval"] or ())], float) for k, one in enumerate(metrics)}
    return {"metrics": np.array(names)} | values


_NUMBERS: Mapping[str, Callable[[bytes], dict[str, Array]]] = {
    "importances.parquet": _importances,
    "checks.json": _checks,
    "metrics.json": _metrics,
}
