"""`exhibit export`: a whole run in one zip file, as a bag (BagIt 1.0, RFC 8493) that anyone can check without us."""

import hashlib
import os
import secrets
import textwrap
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exhibit.flows.integrity import Damage, read
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.manifest import MANIFEST, Manifest
from exhibit.tasks.records.shown import escaped

_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1 << 20
README = "README.txt"


def require_run(target: Path) -> None:
    """Refuses what is no finished run, before anything is read.

    Raises:
        InputError: with a sentence that says why.
    """
    if not target.is_dir():
        why = "this is a file" if target.exists() else "there is no such directory"
        raise InputError(f"{str(target)[:200]}: a run directory was expected, and {why}")
    if not (target / MANIFEST).is_file():
        raise InputError(
            f"{target}: a run directory was expected, and this one has no {MANIFEST}, so it is no finished run"
        )


def export(run: Path, archive: Path, overwrite: bool = False) -> str:
    """Packs an undamaged run, and returns the sha256 of the zip file. The same run gives the same bytes: nothing is
    compressed, and all times are those of 1980. `overwrite`: whether an earlier file may be replaced.

    Raises:
        InputError: for what is no run, and where the file cannot or may not be written.
        Damage: if the run is not what was written; there is no file then.
    """
    require_run(run)
    _require_free(run, archive, overwrite)
    try:
        subject = read(run)
    except MemoryError as error:
        raise InputError(f"{run}: to read it takes more memory than there is, so it was not packed") from error
    manifest = Manifest.model_validate_json((run / MANIFEST).read_bytes())
    with _written(archive) as temporary:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as packed:
            own = hashlib.sha256((run / MANIFEST).read_bytes()).hexdigest()
            bag = _Bag(packed, f"exhibit-{own[:16]}")
            for name in sorted({*manifest.files, MANIFEST}):
                bag.add_file(run / name, f"data/{name}")
            if bag.digests["data/report.pdf"] != subject.with_signatures or bag.digests[f"data/{MANIFEST}"] != own:
                raise Damage("report.pdf: it was changed while it was packed")
            for name, entry in manifest.files.items():
                if name != "report.pdf" and bag.digests[f"data/{name}"] != entry.sha256:  # which signatures may follow
                    raise Damage(f"{escaped(name)}: it was changed while it was packed")
            bag.add_tags(_readme(manifest, subject.with_signatures))
        with temporary.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


class _Bag:
    """A bag in a zip file; `digests` of what is in it, by path in the bag."""

    def __init__(self, packed: zipfile.ZipFile, folder: str) -> None:
        self._packed, self._folder = packed, folder
        self._bytes = 0
        self.digests: dict[str, str] = {}

    def add_file(self, path: Path, name: str) -> None:
        digest = hashlib.sha256()
        with path.open("rb") as file, self._packed.open(self._member(name), "w", force_zip64=True) as member:
            while data := file.read(_CHUNK):
                digest.update(data)
                member.write(data)
                self._bytes += len(data)
        self.digests[name] = digest.hexdigest()

    def add_tags(self, readme: str) -> None:
        """What makes a bag of it: the checksums, and the page that explains them."""
        tags = {
            "bagit.txt": "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
            "bag-info.txt": f"Payload-Oxum: {self._bytes}.{len(self.digests)}\n",
            "manifest-sha256.txt": _checksums(self.digests),
            README: readme,
        }
        tags["tagmanifest-sha256.txt"] = _checksums(
            {name: hashlib.sha256(text.encode()).hexdigest() for name, text in tags.items()}
        )
        for name, text in tags.items():
            self._packed.writestr(self._member(name), text)

    def _member(self, name: str) -> zipfile.ZipInfo:
        member = zipfile.ZipInfo(f"{self._folder}/{name}", _EPOCH)
        member.create_system, member.external_attr = 3, 0o644 << 16
        return member


def _checksums(digests: dict[str, str]) -> str:
    """As `sha256sum` writes and reads them; in names the letters are written out that would end a line."""
    return "".join(f"{digests[name]}  {_encoded(name)}\n" for name in sorted(digests))


def _encoded(name: str) -> str:
    return name.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def _require_free(run: Path, archive: Path, overwrite: bool) -> None:
    if archive.exists() and not archive.is_file() and not archive.is_dir():
        raise InputError(f"{archive}: it is a device, a pipe or a socket, which nothing replaces; give another name")
    if archive.is_dir():
        raise InputError(f"{archive}: the name of a zip file was expected, and this is a directory")
    if archive.absolute().parent.resolve().is_relative_to(run.resolve()):
        raise InputError(
            f"{archive}: it would lie in the run itself, which nothing is added to; give a place elsewhere"
        )
    if not archive.absolute().parent.is_dir():
        raise InputError(f"{archive}: there is no directory {archive.absolute().parent}")
    if os.path.lexists(archive) and not overwrite:
        raise InputError(f"{archive}: it is there already; give another name, or --overwrite to replace it")


@contextmanager
def _written(archive: Path) -> Iterator[Path]:
    """A file beside it to write to, which takes its place if nothing fails, and else is removed."""
    temporary = archive.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(archive)
    except OSError as error:
        raise InputError(f"{archive}: it cannot be written ({error.strerror or error})") from error
    finally:
        temporary.unlink(missing_ok=True)


def _readme(manifest: Manifest, pdf: str) -> str:
    """How to check all of it with what any computer has."""
    title = escaped(manifest.title or "Explanation report")
    return _README.format(title=title, line="=" * len(title), pdf=pdf)


_README = textwrap.dedent(
    """\
    {title}
    {line}

    This folder holds an explanation report and its evidence. It is a bag (BagIt 1.0, RFC 8493): the files lie in
    data/, and the sha256 of each stands in manifest-sha256.txt. What follows does not need the program that made it.

    1. Is every file as it was packed? Type in this folder

           sha256sum -c tagmanifest-sha256.txt
           sha256sum -c manifest-sha256.txt

       On macOS it is "shasum -a 256 -c" in the place of "sha256sum -c". Each line has to end in "OK". A file in data/
       that is not listed was added later. In Windows PowerShell, the sha256 of one file is

           Get-FileHash data\\report.pdf

    2. Is it the report that somebody told you of? The sha256 of data/report.pdf is

           {pdf}

       Checksums show that nothing has changed since they were written. Anybody can write them, so they do not show
       who did: compare this number with one that you had in another way, or look at the signatures of the PDF, if it
       has any:

           pdfsig data/report.pdf

    3. Is the evidence the one in the PDF? Poppler and other programs take out what is attached:

           mkdir attached
           pdfdetach -saveall -o attached data/report.pdf

       attached/evidence.json has to be the same file as data/evidence.json. It states the sha256 of all else that is
       attached, under "attached". data/manifest.json states the sha256 of every other file of the run, of report.pdf
       as it was before anybody signed it.

    4. What was it made with? data/config.yaml is the whole config; data/sbom.cdx.json, where it is there, lists what
       was installed (CycloneDX), and data/ro-crate-metadata.json describes the files and the run (RO-Crate).

    With the program itself, "exhibit verify data" in this folder checks all this, computes the report again, and
    compares.
    """
)
