"""Is a report what was written? Every file against the manifest, a PDF against its own digest, what is attached to it
against the evidence."""

import csv
import errno
import hashlib
import io
import json
import stat
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic import ValidationError

from exhibit.flows.alike import read_table
from exhibit.flows.packed import require_unpacked
from exhibit.flows.signatures import Signed, signatures
from exhibit.flows.verification import REPORT
from exhibit.tasks.document.pdf import pdf_digest_ok
from exhibit.tasks.document.pdf_kinds import between_objects, foreign, strange_bytes
from exhibit.tasks.document.pdf_traces import traces
from exhibit.tasks.document.press import attachment_description, embedded_name
from exhibit.tasks.document.revisions import Unsigned, sealed_part
from exhibit.tasks.evidence.crate import CRATE
from exhibit.tasks.evidence.evidence import content_digest
from exhibit.tasks.evidence.local import file_digest
from exhibit.tasks.evidence.pretty_json import pretty
from exhibit.tasks.evidence.schema import own_digest
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.evidence import Evidence
from exhibit.tasks.records.manifest import FileEntry, Manifest
from exhibit.tasks.records.opening import there, whole
from exhibit.tasks.records.shown import escaped
from exhibit.tasks.room import left

_NOT_IN_MANIFEST = {"manifest.json", REPORT, f"report.{REPORT}"}  # the last: of the PDF alone, where it lies in its run
AS_IT_WENT = {"overrides.txt", CRATE}  # what was typed, and when: it follows from nothing
_REQUIRED_FILES = {"report.pdf", "evidence.json"}  # without which there is nothing to verify


# What a file is met by that is something else than its name says. Its digest may be right: a seal is no signature.
UNREADABLE: tuple[type[Exception], ...] = (
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
    csv.Error,
)


class Damage(Exception):
    """The target is not what was written; the message names the file."""


class NoReportError(Damage):
    """A PDF that can be read, and in which nothing is of a report. In a run it is damage: there one was written."""


@contextmanager
def reading(name: str, *further: type[Exception]) -> Iterator[None]:
    """Whatever a file is met by while it is read, it is damage; but where memory runs out, nothing is known of it.

    Raises:
        Damage: for what cannot be read.
        MemoryError: where there is too little memory to tell, whatever a library calls that.
    """
    try:
        yield
    except (*UNREADABLE, *further) as error:
        if lacks_memory(error):
            raise MemoryError(name) from error
        require_room(name)
        raise Damage(f"{name}: it cannot be read ({type(error).__name__})") from error


def require_room(name: str, size: int = 0) -> None:
    """That what was met while a file of this `size` was read is nothing that a lack of memory can have brought about:
    libraries have words of their own for that, and by now they have given back what they had.

    Raises:
        MemoryError: where little more could have been asked for than to read it takes.
    """
    if left() < _SPARE + _COPIES * size:
        raise MemoryError(name)


_SPARE, _COPIES = 1 << 26, 4  # bytes that libraries take for themselves, and times that they hold a file


def lacks_memory(error: BaseException | None) -> bool:
    """Whether this error, or one that led to it, is that of too little memory."""
    if error is None:
        return False
    denied = isinstance(error, OSError) and error.errno == errno.ENOMEM
    said = isinstance(error, MemoryError) or denied or "bad_alloc" in str(error)
    return said or lacks_memory(error.__cause__ or error.__context__)


class Subject(NamedTuple):
    """What is checked: its evidence, its PDF as it was sealed, the files that are attached to that, of a run all that
    was derived, by name, the signatures, and the sha256 of the PDF with these."""

    evidence: Evidence
    pdf: bytes
    attached: Mapping[str, bytes]
    files: Mapping[str, Path] = {}
    signed: Sequence[Signed] = ()
    with_signatures: str = ""

    @property
    def digest(self) -> str:
        """The sha256 of the PDF as it was sealed."""
        return hashlib.sha256(self.pdf).hexdigest()


def require_report(target: Path) -> None:
    """Refuses what is neither a folder nor a file of a size that a PDF may have, before it is opened.

    Raises:
        InputError: with a sentence that says why.
    """
    try:
        about = target.stat()
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        why = "there is no such file or directory" if missing else f"it cannot be opened ({error})"
        raise InputError(f"{str(target)[:200]}: {why}") from error
    if not stat.S_ISDIR(about.st_mode) and not stat.S_ISREG(about.st_mode):
        raise InputError(f"{target}: a run directory or a PDF was expected, and this is a device, a pipe or a socket")
    if stat.S_ISREG(about.st_mode) and not 0 < about.st_size <= _MOST_BYTES:
        raise InputError(f"{target}: a PDF was expected, and this is a file of {about.st_size} bytes")
    require_unpacked(target)


_MOST_BYTES = 4 << 30  # of a PDF


def read(target: Path, trust: Sequence[Any] | None = None) -> Subject:
    """A run directory or a lone PDF, if it is whole. `trust`: certificates of whoever is believed to sign.

    Raises:
        Damage: if it is not what was written.
        InputError: for a lone PDF that has nothing of a report.
    """
    subject = intact(target, trust)
    if not target.is_dir():
        return subject
    for path in sorted(target.glob("attributions/*/*.npz")):
        _require_arrays(path)
    return subject


def intact(target: Path, trust: Sequence[Any] | None = None) -> Subject:
    """As `read`, but without a look into the attributions of a run.

    Raises:
        Damage: if it is not what was written.
        InputError: for a lone PDF that has nothing of a report.
    """
    if target.is_dir():
        return _intact_run(target, trust)
    try:
        return _read_pdf(target, trust)
    except NoReportError as error:
        raise InputError(f"{target}: {str(error).removeprefix(f'{escaped(target.name)}: ')}") from error


def made_again(run: Path) -> Subject:
    """A run whose pages carry the evidence of another one: what was derived, beside which that is compared."""
    manifest = _read_manifest(run)
    evidence = _parsed_evidence((run / "evidence.json").read_bytes(), "evidence.json")
    files = {name: run / name for name in manifest.files if name not in AS_IT_WENT}
    attached = {
        name.removeprefix("tables/"): path.read_bytes()
        for name, path in files.items()
        if name.removeprefix("tables/") in evidence.attached
    }
    return Subject(evidence, (run / "report.pdf").read_bytes(), attached, files)


def _intact_run(directory: Path, trust: Sequence[Any] | None) -> Subject:
    manifest = _read_manifest(directory)
    if complaints := list(_wrong_files(directory, manifest)):
        raise Damage("\n".join(complaints))
    subject = _read_pdf(directory / "report.pdf", trust)
    if _parsed_evidence((directory / "evidence.json").read_bytes(), "evidence.json") != subject.evidence:
        raise Damage("evidence.json: it is not the one in report.pdf")
    for name in manifest.files:
        inside = subject.attached.get(name.removeprefix("tables/"))
        if inside is not None and (directory / name).read_bytes() != inside:
            raise Damage(f"{name}: it is not the one in report.pdf")
    return subject._replace(files={name: directory / name for name in manifest.files if name not in AS_IT_WENT})


def _read_manifest(directory: Path) -> Manifest:
    path = directory / "manifest.json"
    if not path.is_file():
        raise Damage("manifest.json: it is missing, so the run was not finished")
    with reading("manifest.json"):
        data = whole(path)
        manifest, facts = Manifest.model_validate_json(data, strict=True), json.loads(data)
        as_written = data == pretty(facts) and manifest.sha256 in (None, own_digest(facts))
    if not as_written:
        raise Damage("manifest.json: it is not as it was written")
    return manifest


def _wrong_files(directory: Path, manifest: Manifest) -> Iterator[str]:
    """A sentence for every file that is missing, changed or was not written by the run."""
    paths = (path for path in directory.rglob("*") if path.is_symlink() or not path.is_dir())
    found = {path.relative_to(directory).as_posix(): path for path in paths}
    for name in sorted(manifest.files.keys() | _REQUIRED_FILES):
        if name not in found:
            yield f"{escaped(name)}: it is missing"
        elif found[name].is_symlink() or not there(found[name]):  # nothing outside is opened, nor what has no end
            yield f"{escaped(name)}: is a symlink or not a regular file"
        elif name in manifest.files and not _as_written(found[name], manifest.files[name]):
            yield f"{escaped(name)}: it is not what was written"
    for name in sorted(found.keys() - manifest.files.keys() - _NOT_IN_MANIFEST):
        yield f"{escaped(name)}: it does not belong to the run"


def _as_written(path: Path, entry: FileEntry) -> bool:
    """Whether a file is what the manifest says; of a PDF that was signed, what was sealed."""
    with reading(escaped(path.name)):
        if path.suffix == ".pdf":
            return hashlib.sha256(sealed_part(whole(path, _MOST_BYTES))).hexdigest() == entry.sha256
        return path.stat().st_size == entry.bytes and file_digest(path) == entry.sha256


def _read_pdf(path: Path, trust: Sequence[Any] | None) -> Subject:
    here = escaped(path.name)
    with reading(here):
        signed = whole(path, _MOST_BYTES)
        data = sealed_part(signed)
    # Nothing in the file is interpreted before its digest is known to be right.
    if not pdf_digest_ok(data):
        raise _not_as_written(here, data)
    try:
        return _read_sealed(here, signed, data, trust)
    except Damage:
        require_room(here, len(data))
        raise


def _read_sealed(here: str, signed: bytes, data: bytes, trust: Sequence[Any] | None) -> Subject:
    if more := strange_bytes(data):
        raise Damage(f"{here}: {_NEVER.format(more)}")
    attached = _read_attachments(data, here)
    if missing := _READERS.keys() - attached.keys():
        raise Damage(f"{here}: nothing is attached as {', '.join(sorted(missing))}")
    evidence = _parsed_evidence(attached["evidence.json"], f"{here}, evidence.json")
    for name, digest in sorted(_expected_attachments(evidence)):
        if name not in attached or hashlib.sha256(attached[name]).hexdigest() != digest:
            raise Damage(f"{here}, {escaped(name)}: it is not the attachment that the evidence names")
    if unnamed := sorted(attached.keys() - evidence.attached.keys() - {"evidence.json"}):
        raise Damage(f"{here}, {escaped(unnamed[0])}: it is attached, but the evidence does not name it")
    for name, content in attached.items():
        with reading(f"{here}, {escaped(name)}"):
            attachment_description(name)
        if name.endswith(".npz"):
            _require_stored(f"{here}, {name}", io.BytesIO(content))
    for name, require_readable in _READERS.items():
        with reading(f"{here}, {name}"):
            require_readable(attached[name])
    try:
        found, digest = signatures(signed, len(data), trust), hashlib.sha256(signed).hexdigest()
    except Unsigned as error:
        raise Damage(f"{here}: {escaped(str(error))}") from error
    return Subject(evidence, data, attached, signed=found, with_signatures=digest)


def _not_as_written(name: str, data: bytes) -> Damage:
    """What is known of a PDF whose seal is not right."""
    found = traces(data)
    if found is None:
        return Damage(f"{name}: it is not the file that was written, or no report")
    if found:
        return Damage(f"{name}: it is not the file that was written; {escaped('; '.join(found))}")
    return NoReportError(
        f"{name}: a report was expected, and nothing in this PDF is of one: it has no seal, no evidence is attached, "
        "and it does not say that Exhibit made it; if it was one, all of that was taken out, and nothing of "
        "it can be verified"
    )


_NEVER = "it holds {}, as no report does"


def _expected_attachments(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Names and digests of what must be attached; embedded data and weights are those of their chapter."""
    yield from evidence.attached.items()
    for chapter in evidence.chapters:
        for what, digest in (("dataset", chapter.data.sha256), ("weights", chapter.weights.sha256)):
            if (name := embedded_name(what, digest)) in evidence.attached:
                yield name, digest


def _read_attachments(pdf: bytes, name: str) -> dict[str, bytes]:
    import pikepdf

    try:
        with reading(name, pikepdf.PdfError), pikepdf.open(io.BytesIO(pdf)) as document:
            if more := list(dict.fromkeys(foreign(document))):
                raise Damage(f"{name}: {_NEVER.format(escaped(' and '.join(more[:3])))}")
            if document.get_warnings():  # of a key that is there twice some readers take the first, and some the last
                raise Damage(f"{name}: it is not as it was written: readers of it would have to guess what is meant")
            if hidden := between_objects(pdf, document):
                raise Damage(f"{name}: {_NEVER.format(hidden)}")
            return {one: file.get_file().read_bytes() for one, file in document.attachments.items()}
    except pikepdf.PasswordError as error:
        raise Damage(f"{name}: it wants a password, as no report does") from error


def _parsed_evidence(data: bytes, name: str) -> Evidence:
    try:
        evidence = Evidence.model_validate_json(data, strict=True)
    except ValidationError as error:
        raise Damage(f"{name}: it is no evidence of a report ({error.error_count()} fields are wrong)") from error
    with reading(name):
        content = content_digest(json.loads(data)["chapters"])
    if content != evidence.content:
        raise Damage(f"{name}: the content digest does not belong to the chapters")
    return evidence


def _require_arrays(path: Path) -> None:
    _require_stored(path.name, path)
    with reading(path.name), np.load(path, allow_pickle=False) as archive:
        for name in archive.files:
            archive[name]


def _require_stored(name: str, file: Path | io.BytesIO) -> None:
    """Arrays are never written compressed or twice, so that no small file grows large while it is read."""
    with reading(name), zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        size = file.stat().st_size if isinstance(file, Path) else len(file.getbuffer())
        if any(one.compress_type != zipfile.ZIP_STORED for one in members) or sum(m.file_size for m in members) > size:
            raise Damage(f"{name}: it is not as it was written")


def _require_fields(data: bytes, fields: Collection[str]) -> None:
    """Rows of a table, each with at least these."""
    if not isinstance(rows := json.loads(data), list):
        raise ValueError("no rows")
    for row in rows:
        if not isinstance(row, dict) or not row.keys() >= set(fields):
            raise ValueError("a row without its fields")


_READERS: Mapping[str, Callable[[bytes], object]] = {
    "evidence.json": json.loads,
    "config.yaml": bytes.decode,
    "importances.parquet": lambda data: read_table(data)[["point", "method", "target", "input", "feature", "mean"]],
    "checks.json": lambda data: _require_fields(data, ("chapter", "method", "check", "verdict", "value", "threshold")),
    "metrics.json": lambda data: _require_fields(data, ("chapter", "name", "split", "count", "value")),
}
