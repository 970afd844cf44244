"""Facts of `exhibit verify`: what is damaged is found, and what is whole can be derived again."""

import base64
import io
import json
import os
import pickle
import random
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pikepdf
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from pydantic import ValidationError

from exhibit.flows import cli, derivation
from exhibit.flows.alike import largest, relative, unlike
from exhibit.flows.config import Report, read_report
from exhibit.flows.derivation import Access, derive
from exhibit.flows.integrity import UNREADABLE, Damage, Subject, read
from exhibit.flows.points import Given
from exhibit.flows.run import run_report
from exhibit.flows.verification import EXIT_CODES
from exhibit.flows.verify import _differences, _differing_settings, compared, derived, verify
from exhibit.tasks.claim import TOLERANCE, claim
from exhibit.tasks.data.folder import ImageFolderSpec, PhotographsSpec
from exhibit.tasks.data.solubility import EsolSpec
from exhibit.tasks.data.table import IrisSpec
from exhibit.tasks.document.pdf import Attachment, render_pdf
from exhibit.tasks.document.pdf import _sealed as pdf_sealed
from exhibit.tasks.document.press import embedded_name
from exhibit.tasks.evidence.bill import BILL, bill_of_materials, installed
from exhibit.tasks.evidence.evidence import content_digest
from exhibit.tasks.evidence.local import absent, described, file_digest, local_references, put
from exhibit.tasks.evidence.pretty_json import pretty
from exhibit.tasks.factory import TRUSTED
from exhibit.tasks.models.zoo.mlp import MLPSpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.evidence import Evidence, FailureEvidence, LocalEvidence
from exhibit.tasks.records.packing import npz
from exhibit.tasks.store import digest_of
from tests.conftest import ROOT, Memory

# In an order of methods and checks that is not that of their names.
SMALL = ("study=iris", "method=[vanilla_grad,gradient_x_input]", "check=[sparseness,completeness]",
         "data.reference=null", "model.epochs=1", "drawing.top_k=2", "document.issued=2026-01-01",
         "runner=inline")  # fmt: skip


UNDAMAGED = "undamaged since it was sealed; that says nothing about who sealed it"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    folder = tmp_path_factory.mktemp("verify")
    report = read_report([*SMALL, f"paths.runs={folder}/runs", f"paths.store={folder}/store"])
    return run_report(report, ["exhibit", "report", *SMALL]).directory


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(made, tmp_path / "run"))


@pytest.fixture
def pdf(made: Path, tmp_path: Path) -> Path:
    """Its PDF, alone."""
    return Path(shutil.copy(made / "report.pdf", tmp_path / "lone.pdf"))


def flip(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def reseal(run: Path, name: str) -> None:
    """Makes the manifest agree with a changed or removed file, as a forger would."""
    manifest = json.loads((run / "manifest.json").read_bytes())
    manifest.pop("sha256", None)
    manifest["files"].pop(name, None)
    if (run / name).exists():
        data = (run / name).read_bytes()
        manifest["files"][name] = {"sha256": digest_of(data), "bytes": len(data)}
    (run / "manifest.json").write_bytes(pretty(manifest))


def sealed(path: Path, attached: Mapping[str, bytes]) -> Path:
    """A PDF of these attachments whose own digest is right, as a forger would make it."""
    files = [Attachment(name=n, description=n, data=data, relationship="Data") for n, data in attached.items()]
    page = '<html lang="en"><head><title>t</title></head><body>x</body></html>'
    path.write_bytes(render_pdf(page, files, "2026-01-01T00:00:00Z"))
    return path


def attested(subject: Subject, changes: Mapping[str, bytes], **fields: Any) -> dict[str, bytes]:
    """The attachments of a report with others in their place, of which its evidence has the digests."""
    attached = {**subject.attached, **changes}
    facts = json.loads(attached.pop("evidence.json")) | fields
    facts["content"] = content_digest(facts["chapters"])
    facts["attached"] = {name: digest_of(data) for name, data in attached.items()}
    return {**attached, "evidence.json": pretty(facts)}


# --- integrity --------------------------------------------------------------------------------------------


def test_a_whole_run_and_a_whole_pdf_are_intact(run: Path, pdf: Path) -> None:
    assert verify(run, integrity_only=True).outcome == "intact"
    assert verify(pdf, integrity_only=True).outcome == "intact"


def test_no_flipped_bit_in_a_pdf_is_missed(pdf: Path) -> None:
    """Of 500 single bits anywhere in the file each is found, without anything but the file."""
    chance, whole = random.Random(0), pdf.read_bytes()
    for _ in range(500):
        flip(pdf, chance)
        assert verify(pdf, integrity_only=True).outcome == "damaged"
        pdf.write_bytes(whole)


def test_no_truncated_or_lengthened_pdf_is_missed(pdf: Path) -> None:
    chance, whole = random.Random(3), pdf.read_bytes()
    for _ in range(100):
        pdf.write_bytes(whole[: chance.randrange(len(whole))])
        assert verify(pdf, integrity_only=True).outcome == "damaged"
    pdf.write_bytes(whole + b"\n")
    assert verify(pdf, integrity_only=True).outcome == "damaged"


def test_no_flipped_bit_in_a_run_is_missed(run: Path) -> None:
    """Of 500 single bits in its files each is found, and the file is named."""
    chance = random.Random(1)
    files = sorted(path for path in run.rglob("*") if path.is_file())
    for _ in range(500):
        path = chance.choice(files)
        whole = path.read_bytes()
        flip(path, chance)
        result = verify(run, integrity_only=True)
        assert result.outcome == "damaged"
        assert result.findings[0].startswith(f"{path.relative_to(run)}: ")
        path.write_bytes(whole)


Spoil = Callable[[Path], object]


def elsewhere(path: Path) -> None:
    """The same bytes, outside."""
    path.symlink_to(path.rename(path.parents[1] / "outside"))


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def dropped(run: Path, name: str) -> None:
    """Gone from the manifest, too."""
    (run / name).unlink()
    reseal(run, name)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda run: (run / "manifest.json").unlink(), "manifest.json: it is missing, so the run was not finished"),
        (lambda run: (run / "manifest.json").write_bytes(b"{"), "manifest.json: it cannot be read"),
        (lambda run: (run / "checks.json").unlink(), "checks.json: it is missing"),
        (lambda run: os.truncate(run / "report.html", 99), "report.html: it is not what was written"),
        (lambda run: (run / "extra.txt").touch(), "extra.txt: it does not belong to the run"),
        (lambda run: (run / "config.yaml").replace(run / "checks.json"), "checks.json: it is not what was written"),
        (lambda run: (run / "extra").symlink_to("/etc"), "extra: it does not belong to the run"),
        (lambda run: (run / os.fsdecode(b"\xff\n")).touch(), r"\udcff\n: it does not belong to the run"),
        (lambda run: elsewhere(run / "checks.json"), "checks.json: is a symlink or not a regular file"),
        (lambda run: pipe(run / "checks.json"), "checks.json: is a symlink or not a regular file"),
        (lambda run: folder(run / "checks.json"), "checks.json: it is missing"),
        (lambda run: folder(run / "manifest.json"), "manifest.json: it is missing, so the run was not finished"),
        (lambda run: pipe(run / "manifest.json"), "manifest.json: it is missing, so the run was not finished"),
        (lambda run: dropped(run, "report.pdf"), "report.pdf: it is missing"),
        (lambda run: dropped(run, "evidence.json"), "evidence.json: it is missing"),
    ],
)
def test_damage_is_named(run: Path, spoil: Spoil, said: str) -> None:
    """Missing, truncated, added and swapped files; what is no file is not opened."""
    spoil(run)
    result = verify(run, integrity_only=True)
    assert result.outcome == "damaged"
    assert any(finding.startswith(said) for finding in result.findings), result.findings


def test_evidence_that_is_not_the_pdfs_is_found(run: Path) -> None:
    """Even where the manifest was made to agree."""
    evidence = json.loads((run / "evidence.json").read_bytes())
    evidence["claim"] = "trust me"
    (run / "evidence.json").write_bytes(pretty(evidence))
    reseal(run, "evidence.json")
    assert verify(run, integrity_only=True).findings == ("evidence.json: it is not the one in report.pdf",)


def test_a_content_digest_that_does_not_fit_is_found(run: Path) -> None:
    evidence = json.loads((run / "evidence.json").read_bytes())
    evidence["content"] = "0" * 64
    (run / "evidence.json").write_bytes(pretty(evidence))
    reseal(run, "evidence.json")
    assert "the content digest does not belong to the chapters" in verify(run, True).findings[0]


class Bomb:
    """Unpickling it makes a folder."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


def test_a_planted_pickle_is_never_loaded(run: Path, tmp_path: Path) -> None:
    """Neither as an array of objects nor as a bare pickle, though the manifest agrees."""
    name = next(path.relative_to(run).as_posix() for path in run.glob("attributions/*/*.npz"))
    np.savez(run / name, allow_pickle=True, **{"values/x": np.array([Bomb(tmp_path / "exploded")], dtype=object)})
    reseal(run, name)
    assert verify(run, integrity_only=True).outcome == "damaged"
    (run / name).write_bytes(pickle.dumps(Bomb(tmp_path / "exploded")))
    reseal(run, name)
    assert verify(run, integrity_only=True).outcome == "damaged"
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-40]),
        lambda path: path.write_bytes(b"PK"),
        lambda path: np.savez_compressed(path, allow_pickle=False, **{"values/x": np.zeros(100_000_000, np.uint8)}),
    ],
    ids=["cut", "no archive", "grows when it is read"],
)
def test_attributions_that_cannot_be_read_are_damage(run: Path, spoil: Spoil) -> None:
    """Though the manifest agrees: the file is named, and nothing is unpacked."""
    path = next(run.glob("attributions/*/*.npz"))
    spoil(path)
    reseal(run, path.relative_to(run).as_posix())
    result = verify(run, integrity_only=True)
    assert (result.outcome, result.findings[0].partition(":")[0]) == ("damaged", path.name)


def test_a_pdf_that_cannot_be_read_is_damaged_though_its_own_digest_is_right(tmp_path: Path) -> None:
    hollow = b"%PDF-1.7\n/ID [(" + b"0" * 64 + b")]\nstartxref\n9\n%%EOF"
    (path := tmp_path / "forged.pdf").write_bytes(pdf_sealed(hollow))
    assert verify(path).findings == ("forged.pdf: it cannot be read (PdfError)",)


@pytest.mark.parametrize("name", ["importances.parquet", "checks.json", "metrics.json"])
def test_an_attachment_that_cannot_be_read_is_damage(made: Path, tmp_path: Path, name: str) -> None:
    """Though the evidence names it."""
    forged = sealed(tmp_path / "forged.pdf", attested(read(made), {name: b'[{"chapter": 1}]'}))
    assert verify(forged).findings[0].startswith(f"forged.pdf, {name}: it cannot be read (")


def test_weights_in_a_pdf_that_grow_when_they_are_read_are_damage(made: Path, tmp_path: Path) -> None:
    """Though the evidence names them; they are not unpacked."""
    np.savez_compressed(tmp_path / "w.npz", allow_pickle=False, record=np.zeros(100_000_000, np.uint8))
    forged = attested(read(made), {"weights-0.npz": (tmp_path / "w.npz").read_bytes()})
    result = verify(sealed(tmp_path / "forged.pdf", forged))
    assert result.findings == ("forged.pdf, weights-0.npz: it is not as it was written",)


def test_an_attachment_that_the_evidence_does_not_name_is_damage(made: Path, tmp_path: Path) -> None:
    """Whatever somebody added, and where the evidence names none at all."""
    subject = read(made)
    more = sealed(tmp_path / "more.pdf", {**subject.attached, "more.csv": b"x"})
    assert verify(more).findings == ("more.pdf, more.csv: it is attached, but the evidence does not name it",)
    evidence = json.loads(subject.attached["evidence.json"]) | {"attached": {}}
    none = sealed(tmp_path / "none.pdf", {**subject.attached, "evidence.json": pretty(evidence)})
    assert verify(none).findings == ("none.pdf, answers.json: it is attached, but the evidence does not name it",)


def test_evidence_has_to_be_as_its_schema_says(made: Path, tmp_path: Path) -> None:
    """A number in quotes is no number."""
    subject = read(made)
    chapters = json.loads(subject.attached["evidence.json"])["chapters"]
    chapters[0]["data"]["samples"] = "150"
    forged = sealed(tmp_path / "forged.pdf", attested(subject, {}, chapters=chapters))
    assert verify(forged).findings[0].startswith("forged.pdf, evidence.json: it is no evidence of a report")


def test_the_pdf_in_its_run_can_be_verified_alone(run: Path) -> None:
    """What is left beside it does the run no harm."""
    assert cli.run(["verify", "--integrity-only", str(run / "report.pdf")]) == 0
    assert (run / "report.verification.json").exists()
    assert verify(run, integrity_only=True).outcome == "intact"


@pytest.mark.parametrize("plant", [lambda path, other: path.symlink_to(other), lambda path, _: os.mkfifo(path)])
def test_the_short_report_goes_through_no_link_and_into_no_pipe(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], plant: Callable[[Path, Path], object]
) -> None:
    """The folder came from somebody else: no file of the reader's is written over, and nothing waits."""
    (mine := tmp_path / "mine.txt").write_text("mine")
    plant(run / "verification.json", mine)
    assert cli.run(["verify", "--integrity-only", str(run)]) == 0
    assert mine.read_text() == "mine"
    assert "verification.json was not written" in capsys.readouterr().err


def test_a_shorter_short_report_leaves_nothing_of_a_longer_one(run: Path) -> None:
    (run / "verification.json").write_text("x" * 10_000)
    assert cli.run(["verify", "--integrity-only", str(run)]) == 0
    assert json.loads((run / "verification.json").read_text())["outcome"] == "intact"


def test_a_name_that_the_terminal_cannot_show_is_escaped(made: Path, tmp_path: Path) -> None:
    """Of a report in a folder that is called so, in an encoding without these letters."""
    shutil.copytree(made, run := tmp_path / "späte 日")
    done = subprocess.run(
        [sys.executable, "-m", "exhibit", "verify", "--integrity-only", run],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=False,
    )  # fmt: skip
    said = done.stdout.splitlines()[-1]
    assert (done.returncode, said) == (0, rf"{tmp_path}/sp\xe4te \u65e5: {UNDAMAGED}"), done.stderr


def test_a_foreign_pdf_is_damaged_or_no_report(tmp_path: Path) -> None:
    """Nothing of it is read that would say which."""
    (tmp_path / "other.pdf").write_bytes(b"%PDF-1.7\n%%EOF")
    assert verify(tmp_path / "other.pdf").findings == ("other.pdf: it is not the file that was written, or no report",)


@pytest.mark.parametrize(
    "content", [b"a,b\n1,2\n", b"x", b"\x89HDF\r\n\x1a\n" + bytes(4000), b"{}", b"%PD-" + bytes(3000)]
)
@pytest.mark.parametrize("name", ["rows.csv", "model.skops", "report.pdf"])
def test_a_file_that_is_no_pdf_is_no_damaged_report(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert cli.run(["verify", str(tmp_path / name)]) == 2
    with pytest.raises(InputError, match="this file is no PDF, so no report"):
        verify(tmp_path / name)


def test_a_folder_in_which_no_run_has_written_is_no_damaged_run(run: Path, tmp_path: Path) -> None:
    """One of which files are gone is damaged, whichever these are."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other/rows.csv").write_text("a,b\n")
    with pytest.raises(InputError, match="this folder is not that of a run"):
        verify(tmp_path / "other")
    (run / "manifest.json").unlink()
    (run / "report.pdf").unlink()
    assert verify(run).outcome == "damaged"


def test_nothing_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file or directory"):
        verify(tmp_path / "nothing")


# --- derivation -------------------------------------------------------------------------------------------


def test_a_lone_pdf_is_derived_again_to_the_byte(pdf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From nothing but the PDF and the program: every stage and the pages are the same bytes."""
    assert cli.run(["verify", str(pdf)]) == 0
    out = capsys.readouterr().out
    assert out == f"every stage: the same bytes\nreport.pdf: the same bytes\n{pdf}: identical\n"
    assert json.loads(pdf.with_name("lone.verification.json").read_text())["outcome"] == "identical"


def test_a_run_is_derived_again_and_stays_intact(run: Path) -> None:
    """The short report that is written into it does no harm."""
    assert cli.run(["verify", str(run)]) == 0
    assert json.loads((run / "verification.json").read_text())["outcome"] == "identical"
    assert verify(run, integrity_only=True).outcome == "intact"


@pytest.fixture
def subject(made: Path) -> Subject:
    return read(made)


def test_what_of_a_run_is_not_compared_is_not_called_the_same(subject: Subject) -> None:
    """What was typed, and when, can be rewritten by whoever seals the run again; of a lone PDF all is compared."""
    found = compared(Path("run"), subject, subject)
    assert (found.outcome, found.findings[1]) == (
        "identical",
        "not compared, for they say how the run went, which nothing gives again: "
        "manifest.json, overrides.txt, ro-crate-metadata.json",
    )
    assert not any("not compared" in one for one in compared(Path("r.pdf"), alone(subject), alone(subject)).findings)


def alone(subject: Subject, changes: Mapping[str, bytes] | None = None) -> Subject:
    """The same PDF without its run, and with other attachments."""
    return subject._replace(attached={**subject.attached, **(changes or {})}, files={})


def times(subject: Subject, factor: float) -> dict[str, bytes]:
    """The importances, larger by a factor."""
    table = pd.read_parquet(io.BytesIO(subject.attached["importances.parquet"]))
    columns = ["mean", "mean_absolute", "standard_error"]
    return {"importances.parquet": table.assign(**{name: table[name] * factor for name in columns}).to_parquet()}


def changed(subject: Subject, factor: float) -> Subject:
    """Another derivation whose last stage gave numbers that are larger by a factor."""
    [chapter] = subject.evidence.chapters
    *stages, last = chapter.stages
    other = last.model_copy(update={"outputs": dict.fromkeys(last.outputs, "0" * 64)})
    evidence = subject.evidence.model_copy(
        update={
            "chapters": (chapter.model_copy(update={"stages": (*stages, other)}),),
            "libraries": subject.evidence.libraries | {"numpy": "9"},
        }
    )
    return alone(subject, times(subject, factor))._replace(evidence=evidence)


def test_other_numbers_are_different_and_the_stage_is_named(subject: Subject) -> None:
    result = compared(Path("x"), alone(subject), changed(subject, 1.5))
    assert result.outcome == "different"
    assert result.findings[0] == "first difference: iris, stage check: result"
    assert result.findings[1].startswith("importances.parquet: column mean (")
    assert result.environment == (f"numpy: {np.__version__} then, 9 now",)
    assert result.largest_difference == pytest.approx(0.5)


def test_rounding_is_within_tolerance_and_is_stated(subject: Subject) -> None:
    result = compared(Path("x"), alone(subject), changed(subject, 1 + TOLERANCE / 2))
    assert result.outcome == "within tolerance"
    assert result.largest_difference is not None
    assert TOLERANCE / 4 < result.largest_difference <= TOLERANCE


@pytest.mark.parametrize(("value", "outcome"), [(2e-8, "within tolerance"), (1e-3, "different")])
def test_a_measured_value_is_compared_beside_its_threshold(value: float, outcome: str) -> None:
    """The same verdict with another number behind it; rounding of what is next to nothing is rounding."""
    row = {"check": "completeness", "verdict": "pass", "required": True, "threshold": 0.01}
    before, after = (json.dumps([{**row, "value": number}]).encode() for number in (1e-8, value))
    _, clauses = largest(unlike("checks.json", before, after))
    assert bool(clauses) == (outcome == "different")


def _framed(*parts: tuple[bytes, bytes], behind: bytes = b"", further: bool = False) -> bytes:
    """A PNG with these parts before its pixels, and bytes behind its end; `further`: with a second frame."""
    frame = Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
    buffer = io.BytesIO()
    frame.save(buffer, "PNG", **({"save_all": True, "append_images": [frame.rotate(90)]} if further else {}))
    head, rest = buffer.getvalue()[:33], buffer.getvalue()[33:]
    for kind, data in parts:
        head += len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
    return head + rest + behind


@pytest.mark.parametrize("name", ["a.png", "report.html"])
@pytest.mark.parametrize(
    "forged",
    [
        _framed((b"gAMA", (1_000_000).to_bytes(4))),  # shown darker
        _framed((b"tEXt", b"Comment\0accuracy 99%")),
        _framed(behind=b"more"),
        _framed(further=True),  # which a browser shows one after the other
    ],
    ids=["gamma", "remark", "behind", "frames"],
)
def test_a_picture_of_the_same_pixels_is_not_shown_otherwise(name: str, forged: bytes) -> None:
    """Its pixels are those of the right one, and its reader sees something else."""

    def page(picture: bytes) -> bytes:
        if name == "a.png":
            return picture
        return b'<img src="data:image/png;base64,' + base64.b64encode(picture) + b'">'

    right = _framed()
    with suppress(UNREADABLE):  # which is said of the file
        assert largest(unlike(name, page(forged), page(right)))[1]


def test_what_a_file_says_twice_or_beside_its_rows_is_a_difference() -> None:
    """Programs read the first of two values, or the last, and remarks are read by whoever looks for them."""
    with pytest.raises(ValueError, match="twice"):
        largest(unlike("metrics.json", b'[{"value": 0.9, "value": 0.5}]', b'[{"value": 0.5}]'))
    rows = pa.table({"mean": [0.5]})
    then, now = io.BytesIO(), io.BytesIO()
    pq.write_table(rows.replace_schema_metadata({"note": "accuracy 99%"}), then)
    pq.write_table(rows, now)
    assert largest(unlike("importances.parquet", then.getvalue(), now.getvalue()))[1] == ["it has other remarks"]


@pytest.mark.parametrize(
    ("name", "then", "now"),
    [
        ("checks.json", '[{"verdict": "fail", "value": 0.5}]', '[{"verdict": "pass", "value": 0.5}]'),
        ("checks.json", '[{"sentence": "1 of 9"}]', '[{"sentence": "2 of 9"}]'),
        ("checks.json", '[{"value": 0.5}]', '[{"value": null}]'),
        ("checks.json", '[{"value": 0.5}]', '[{"value": 0.5}, {"value": 0.5}]'),
        ("metrics.json", '[{"value": 0.5, "count": 10}]', '[{"value": 0.5, "count": 11}]'),
        ("metrics.json", '[{"value": 0.5, "interval": [0.1, 0.9]}]', '[{"value": 0.5, "interval": [0.4, 0.9]}]'),
        ("metrics.json", '[{"curve": [0.5, 1e9]}]', '[{"curve": [0.9, 1e9]}]'),  # beside one that is large
        ("checks.csv", "check,value\na,0.25\n", "check,value\na,0.26\n"),
        ("checks.csv", "check,value\na,0.25\nb,1e6\n", "check,value\na,0.95\nb,1e6\n"),  # beside one that is large
        ("datasheet.json", '{"mean": 1.6e9, "missing": 0.02}', '{"mean": 1.6e9, "missing": 0.4}'),
        ("checks.csv", "check,value\na,0.25\n", "check,value\nb,0.25\n"),
        ("checks.csv", "check,count\na,3\n", "check,count\na,4\n"),
        ("checks.csv", "check,count\na,3\n", "check,count\na,3\nb,3\n"),
        ("config.yaml", "seed: 1\n", "seed: 2\n"),
        ("report.html", "<p>0.620</p>", "<p>0.621</p>"),
        ("a.svg", '<path d="M 1.000 2.000"/>', '<path d="M 1.000 2.020"/>'),
        ("a.svg", '<g transform="scale(0.800)"/>', '<g transform="scale(0.809)"/>'),
        ("a.svg", '<g transform="translate(3.0 4.0) scale(0.02)"/>', '<g transform="translate(3.0 4.0) scale(0.01)"/>'),
        ("a.svg", '<g transform="translate(3.0 4.0) rotate(-45)"/>', '<g transform="translate(3.0 4.0) rotate(-46)"/>'),
        ("a.svg", '<svg viewBox="0 0 1.00 1.00"/>', '<svg viewBox="0 0 1.009 1.00"/>'),
        ("a.svg", '<text x="1">0.620</text>', '<text x="1">0.621</text>'),
    ],
)
def test_whatever_a_file_says_otherwise_is_a_difference(name: str, then: str, now: str) -> None:
    """Words and counts at once, numbers beyond the tolerance, places beyond a hairline."""
    assert largest(unlike(name, then.encode(), now.encode()))[1]
    assert largest(unlike(name, now.encode(), then.encode()))[1]


@pytest.mark.parametrize(
    ("name", "then", "now"),
    [
        ("checks.json", '[{"value": 0.5, "count": 3}]', '[{"count": 3, "value": 0.500000001}]'),
        ("checks.csv", "check,value\na,0.25\nb,1e-09\n", "check,value\na,0.250000001\nb,2e-09\n"),
        ("a.svg", '<path d="M 1.000 2.000"/>', '<path d="M 1.001 2.000"/>'),
    ],
)
def test_rounding_in_a_file_is_none(name: str, then: str, now: str) -> None:
    assert largest(unlike(name, then.encode(), now.encode()))[1] == []


def test_no_number_is_too_large_or_too_small_to_be_compared() -> None:
    """Whose square is none in its precision, and which are none themselves."""
    for size in (1e30, 1e-30):
        found = np.array([size, size], np.float32), np.array([size, 2 * size], np.float32)
        assert relative(*found) == pytest.approx(0.5**0.5, rel=1e-6)
        assert relative(*found, unit=size) == pytest.approx(1, rel=1e-6)
    ends = [np.array(values) for values in ([np.inf, 1.0], [1.0, 1.0], [-np.inf, 1.0])]
    assert [relative(ends[0], one) for one in ends] == [0.0, np.inf, np.inf]
    assert relative(np.array([np.nan, 1.0]), np.array([np.nan, 1.0])) == 0.0
    assert relative(np.array([np.nan, 1.0]), np.array([0.0, 1.0])) == np.inf


def test_residuals_are_compared_beside_the_scores_that_they_are_left_of(subject: Subject) -> None:
    """They may be nothing but rounding; a value of an attribution is compared with itself."""
    arrays = {"prediction": np.ones((3, 1)), "residual": np.full((3, 1), 1e-12), "values/x": np.full((3, 2), 1e-12)}
    before, *others = (
        npz({**arrays, **change})
        for change in ({}, {"residual": np.full((3, 1), 2e-12)}, {"values/x": np.full((3, 2), 2e-12)})
    )
    assert [largest(unlike("a.npz", before, after))[1] for after in others] == [[], ["values/x (1 of the norm)"]]


@pytest.fixture(scope="module")
def other_pages(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A PDF that says something else."""
    return sealed(tmp_path_factory.mktemp("other") / "other.pdf", {}).read_bytes()


def test_pages_that_were_changed_and_sealed_again_are_different(subject: Subject, other_pages: bytes) -> None:
    """Stages that agree say nothing about what the pages show, whatever environment the evidence claims."""
    evidence = subject.evidence.model_copy(update={"typesetting": subject.evidence.typesetting | {"zlib": "9"}})
    result = compared(Path("x"), subject._replace(pdf=other_pages, evidence=evidence), subject)
    assert result.outcome == "different"
    assert result.findings[1].startswith("report.pdf: 1 pages, ")
    assert result.findings[2].startswith("report.pdf: page 1, line 1: 'x', and 'EXPLANATION REPORT")
    assert [line for line in result.environment if line.startswith("zlib: 9 then, 1.")] == list(result.environment)
    result = compared(Path("x"), subject._replace(pdf=other_pages), subject)
    assert (result.outcome, result.findings[1]) == (
        "different",
        "report.pdf: other bytes, though all that it is made of is the same",
    )


def test_pages_that_are_packed_otherwise_show_the_same(subject: Subject) -> None:
    """In the environment that the evidence claims; in this one nothing explains it."""
    evidence = subject.evidence.model_copy(update={"typesetting": subject.evidence.typesetting | {"zlib": "9"}})
    packed = subject._replace(pdf=repacked(subject.pdf), evidence=evidence)
    assert packed.pdf != subject.pdf
    result = compared(Path("x"), packed, subject)
    assert (result.outcome, result.findings[-1].partition(":")[0]) == ("within tolerance", "report.pdf")
    assert compared(Path("x"), packed._replace(evidence=subject.evidence), subject).outcome == "different"


def repacked(pdf: bytes) -> bytes:
    """The same PDF as another zlib would pack it."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.save(target := io.BytesIO(), recompress_flate=True, fix_metadata_version=False)
    return target.getvalue()


@pytest.mark.parametrize("environment", [True, False], ids=["elsewhere", "here"])
@pytest.mark.parametrize("name", ["report.html", "checks.csv", "config.yaml", "figures/iris-learning.svg"])
def test_a_file_of_a_run_that_was_changed_is_different(
    subject: Subject, tmp_path: Path, name: str, environment: bool
) -> None:
    """And its digest in the manifest with it: the PDF is as it was, so the file has to be."""
    (other := tmp_path / "other").write_bytes((subject.files[name]).read_bytes() + b"<p>or so</p>\n")
    typesetting = subject.evidence.typesetting | ({"zlib": "9"} if environment else {})
    evidence = subject.evidence.model_copy(update={"typesetting": typesetting})
    attached = {key: data for key, data in subject.attached.items() if key != name}
    forged = subject._replace(files={**subject.files, name: other}, attached=attached, evidence=evidence)
    result = compared(Path("x"), forged, subject._replace(attached=attached))
    assert (result.outcome, result.findings[1].partition(":")[0]) == ("different", name)
    assert compared(Path("x"), subject, subject).outcome == "identical"


def test_versions_are_those_of_the_evidence_whatever_is_attached(subject: Subject) -> None:
    forged = alone(subject, {"constraints.txt": b"numpy==1\n"})
    assert compared(Path("x"), forged, alone(subject)).outcome == "different"


def _with_bill(subject: Subject, changed: Mapping[str, str]) -> Subject:
    """The same report, made where these distributions were installed in another version."""
    found = [item._replace(version=changed.get(item.name, item.version)) for item in installed()]
    bill = bill_of_materials(found)
    evidence = subject.evidence.model_copy(
        update={"attached": {**subject.evidence.attached, BILL: digest_of(bill)}},
    )
    return subject._replace(attached={**subject.attached, BILL: bill}, evidence=evidence)


def test_what_else_was_installed_is_said_and_is_no_difference(subject: Subject) -> None:
    result = compared(Path("x"), _with_bill(subject, {"pytest": "1"}), subject)
    assert result.outcome == "within tolerance"
    assert result.environment == (f"installed: pytest 1 then, {version('pytest')} now",)


def test_a_bill_that_contradicts_the_evidence_is_different(subject: Subject) -> None:
    result = compared(Path("x"), _with_bill(subject, {"numpy": "1"}), subject)
    assert result.outcome == "different"
    assert f"{BILL}: numpy 1, and {version('numpy')} in the evidence" in result.findings


def test_where_only_more_is_installed_everything_else_is_the_same_bytes(subject: Subject) -> None:
    forged = _with_bill(subject, {"pytest": "1"})._replace(pdf=subject.pdf + b"\n")
    assert compared(Path("x"), forged, subject).outcome == "different"


def test_a_file_that_was_taken_out_of_a_run_is_missed(subject: Subject) -> None:
    fewer = {name: path for name, path in subject.files.items() if name != "report.html"}
    result = compared(Path("x"), subject._replace(files=fewer), subject)
    assert (result.outcome, result.findings[1].partition(":")[0]) == ("different", "report.html")


def rewritten(subject: Subject, **fields: Any) -> Subject:
    """The same report with other evidence, of which its pages have the digest."""
    return subject._replace(evidence=subject.evidence.model_copy(update=fields))


def test_evidence_that_says_what_was_not_asked_is_different(subject: Subject) -> None:
    """Where nothing but rounding can differ: a seed, a stage's config, a chapter or a failure that the config does not
    give; though every number is the same."""
    [chapter] = subject.evidence.chapters
    first, second, *stages = chapter.stages
    asked = (first, second.model_copy(update={"spec": {}, "outputs": {"weights": "0" * 64}}), *stages)
    data = chapter.data.model_copy(update={"source": "a better one"})
    failure = FailureEvidence(slug="x", title="x", stage="fit", sentence="x")
    for fields, said in (
        ({"seeds": {"points.0.model.seed": 1}}, "evidence.json, seeds: not what is derived"),
        ({"claim": "trust me"}, "evidence.json, claim: not what is derived"),
        ({"failed": (failure,)}, "first difference: points that failed: x then, none now"),
        ({"chapters": (chapter, chapter)}, "first difference: 2 chapters then, 1 now"),
        ({"chapters": (chapter.model_copy(update={"stages": asked}),)}, "first difference: iris, stage fit: weights"),
        (
            {"chapters": (chapter.model_copy(update={"data": data}),)},
            "first difference: iris: what is said of it, its data or its weights",
        ),
    ):
        result = compared(Path("x"), rewritten(subject, **fields), subject)
        assert result.outcome == "different", said
        assert any(finding.startswith(said) for finding in result.findings), said


def test_rounding_of_another_processor_is_within_tolerance_in_the_same_environment(subject: Subject) -> None:
    """No evidence names the processor."""
    other = changed(subject, 1 + TOLERANCE / 2)
    evidence = other.evidence.model_copy(update={"libraries": subject.evidence.libraries})
    result = compared(Path("x"), alone(subject), other._replace(evidence=evidence))
    assert (result.outcome, result.environment) == ("within tolerance", ())


def test_a_point_that_fails_here_alone_is_not_derivable(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that is not here, say: that the report has fewer chapters then is no difference of it."""
    [chapter] = subject.evidence.chapters
    failure = FailureEvidence(slug=chapter.slug, title="Iris", stage="fit", sentence="no such library")
    here = subject._replace(evidence=subject.evidence.model_copy(update={"chapters": (), "failed": (failure,)}))
    monkeypatch.setattr("exhibit.flows.verify.derive", lambda *_: Path())
    monkeypatch.setattr("exhibit.flows.verify.made_again", lambda _: here)
    found = derived(Path("x"), subject, Access())
    assert (found.outcome, EXIT_CODES[found.outcome]) == ("not derivable", 6)
    assert found.findings[0] == "iris: no such library"
    assert any(f"sha256 {chapter.data.sha256}" in line for line in found.findings)


def test_a_change_of_the_smallest_result_is_seen_beside_the_largest() -> None:
    """Each result is compared with itself, not with all numbers of a column."""
    keys = {"point": "p", "target": "t", "input": "x", "feature": "f", "count": 1, "standard_error": 0.0}
    rows = [{**keys, "method": name, "mean": size, "mean_absolute": size} for name, size in (("a", 1e6), ("b", 1.0))]
    before, after = (pd.DataFrame(table).to_parquet() for table in (rows, [rows[0], {**rows[1], "mean": 0.5}]))
    size, clauses = largest(unlike("importances.parquet", before, after))
    assert (size, clauses) == (pytest.approx(0.5), ["column mean (0.5 of the norm)"])


def with_config(subject: Subject, config: Any, local: Mapping[str, LocalEvidence] | None = None) -> Subject:
    """The same evidence with another config."""
    update = {"config": config, "local": local or {}}
    return subject._replace(evidence=subject.evidence.model_copy(update=update))


def test_what_cannot_be_derived_here_names_what_is_missing(made: Path, pdf: Path) -> None:
    """A config of a newer version: the key is named, and the data with its digest."""
    subject = read(pdf)
    config = json.loads(json.dumps(subject.evidence.config))
    config["points"][0]["data"]["kind"] = "newer"
    result = derived(pdf, with_config(subject, config), Access())
    assert result.outcome == "not derivable"
    assert result.findings[0].startswith("points.0.data.kind: given 'newer', allowed: ")
    assert subject.evidence.chapters[0].data.sha256 in result.findings[1]


@pytest.mark.parametrize(("spoil", "code"), [(False, 0), (True, 5)])
def test_the_exit_code_says_the_outcome(pdf: Path, spoil: bool, code: int) -> None:
    if spoil:
        flip(pdf, random.Random(2))
    assert cli.run(["verify", "--integrity-only", str(pdf)]) == code
    assert set(EXIT_CODES.values()) == {0, 4, 5, 6}


# --- what lies outside the program ------------------------------------------------------------------------

S = TypeVar("S")

PHOTO, WEIGHTS = "points.0.data.paths.0", "points.0.model.weights"


@dataclass(frozen=True)
class Opened:
    """What `derive` would have run: the stages have their own tests."""

    reports: list[Report]
    given: list[Given]


def data_of(asked: Opened, kind: type[S]) -> S:
    """The data of the only point that was derived, of the kind that it has to be."""
    found = asked.reports[0].points[0].data
    assert isinstance(found, kind)
    return found


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Opened:
    calls = Opened([], [])

    def derive_report(report: Report, _: Any, given: Given) -> Path:
        calls.reports.append(report)
        calls.given.append(given)
        return Path("run")

    monkeypatch.setattr(derivation, "derive_report", derive_report)
    return calls


@pytest.fixture
def with_photograph(subject: Subject, tmp_path: Path) -> Subject:
    """Evidence that rests on one photograph, which lies in no folder in particular."""
    (tmp_path / "elephant.png").write_bytes(b"a photograph")
    config = json.loads(json.dumps(subject.evidence.config))
    config["points"][0]["data"] = {"kind": "photographs", "paths": ["elephant.png"], "labels": ["African elephant"]}
    return with_config(subject, config, {PHOTO: described(tmp_path / "elephant.png", "")})


def test_the_evidence_names_files_by_content_not_by_place(tmp_path: Path) -> None:
    """A file anywhere in a config is found by its key, and its name and sha256 are what is kept."""
    (path := tmp_path / "w.npz").write_bytes(b"abc")
    point = read_report([*SMALL, "model.fit=never", f"model.weights={path}"]).points[0]
    assert dict(local_references(point, "points.0")) == {WEIGHTS: path}
    local = described(path, "")
    assert (local.kind, local.name, local.sha256) == ("file", "w.npz", digest_of(b"abc"))
    plain = {"points": [point.model_dump(mode="json")]}
    put(plain, WEIGHTS, local.name)
    assert str(tmp_path) not in json.dumps(plain)


def test_nothing_outside_is_opened_by_default(with_photograph: Subject, tmp_path: Path, asked: Opened) -> None:
    """Exit code 6, and what is missing with its sha256, though the file lies in the working directory."""
    result = derived(tmp_path / "x.pdf", with_photograph, Access())
    assert EXIT_CODES[result.outcome] == 6
    assert result.findings == (
        f"{PHOTO}: needs the file 'elephant.png' with sha256 {digest_of(b'a photograph')}; --data DIR looks for it, "
        "and 'document.embed=[data]' would have put it into the PDF",
    )
    assert asked.reports == []


def test_data_are_found_by_content_whatever_they_are_called(
    with_photograph: Subject, tmp_path: Path, asked: Opened
) -> None:
    """In a folder of the folder, under another name; a file of the right name with other bytes is not taken."""
    (folder := tmp_path / "data" / "deep").mkdir(parents=True)
    (folder / "renamed.png").write_bytes(b"a photograph")
    (folder.parent / "elephant.png").write_bytes(b"another photograph")
    derive(with_photograph, tmp_path / "scratch", Access(data=tmp_path / "data"))
    [path] = data_of(asked, PhotographsSpec).paths
    assert path.read_bytes() == b"a photograph"
    assert path.name == "elephant.png"


def test_a_folder_is_found_by_what_the_data_take_from_it(subject: Subject, tmp_path: Path, asked: Opened) -> None:
    for folder in ("moved/pictures", "other/pictures"):
        for name in ("cat", "dog"):
            (place := tmp_path / folder / name).mkdir(parents=True)
            for number in range(3):
                (place / f"{number}.png").write_bytes(f"{folder[0]} {name} {number}".encode())
    config = json.loads(json.dumps(subject.evidence.config))
    config["points"][0]["data"] = data = {"kind": "image_folder", "path": "pictures"}
    taken = ImageFolderSpec.model_validate({**data, "path": tmp_path / "moved/pictures"}).spec_with_digests()["files"]
    local = {"points.0.data.path": LocalEvidence(kind="folder", name="pictures", sha256=taken)}
    derive(with_config(subject, config, local), tmp_path / "scratch", Access(data=tmp_path))
    assert (data_of(asked, ImageFolderSpec).path / "cat/0.png").read_bytes() == b"m cat 0"
    with pytest.raises(InputError, match=rf"needs the folder 'pictures' with sha256 {taken}"):
        derive(with_config(subject, config, local), tmp_path / "scratch", Access(data=tmp_path / "other"))


def test_a_path_that_a_pdf_smuggles_in_is_not_opened(subject: Subject, tmp_path: Path, asked: Opened) -> None:
    """A config that names a path of which the evidence says nothing is not run without the caller's word."""
    config = json.loads(json.dumps(subject.evidence.config))
    config["points"][0]["model"] |= {"fit": "never", "weights": "/etc/passwd"}
    with pytest.raises(InputError, match=rf"^{WEIGHTS}: the evidence records no digest of it; give --allow-local"):
        derive(with_config(subject, config), tmp_path, Access(data=Path("/etc")))
    assert asked.reports == []


def test_code_of_ones_own_is_run_only_on_the_callers_word(
    subject: Subject, tmp_path: Path, asked: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though this machine trusts the module; and without that trust not even then."""
    config = json.loads(json.dumps(subject.evidence.config))
    config["points"][0]["model"] = {"kind": "factory", "factory": "own:net"}
    code = LocalEvidence(kind="code", name="own:net", sha256="0" * 64)
    forged = with_config(subject, config, {"points.0.model.factory": code})
    monkeypatch.setenv(TRUSTED, "own")
    with pytest.raises(InputError, match=r"needs the code 'own:net' with sha256 0{64}; --allow-local runs it"):
        derive(forged, tmp_path, Access(data=tmp_path))
    derive(forged, tmp_path, Access(local=True))
    assert len(asked.reports) == 1
    monkeypatch.setenv(TRUSTED, "")
    with pytest.raises(InputError, match="the module 'own' is not trusted on this machine"):
        derive(forged, tmp_path, Access(local=True))


def test_a_name_in_the_evidence_cannot_leave_the_scratch_folder(
    with_photograph: Subject, tmp_path: Path, asked: Opened
) -> None:
    local = with_photograph.evidence.local[PHOTO].model_copy(update={"name": "../../../elephant.png"})
    forged = with_config(with_photograph, with_photograph.evidence.config, {PHOTO: local})
    derive(forged, tmp_path / "a/b/scratch", Access(data=tmp_path))
    [path] = data_of(asked, PhotographsSpec).paths
    assert path.is_relative_to(tmp_path / "a/b/scratch")
    assert ".." not in path.parts


@pytest.mark.parametrize("name", ["..", "", "x.**", "x" * 200])
def test_whatever_a_file_is_called_it_is_found_by_content(
    with_photograph: Subject, tmp_path: Path, asked: Opened, name: str
) -> None:
    local = with_photograph.evidence.local[PHOTO].model_copy(update={"name": name})
    if name == "x.**":
        (tmp_path / "elephant.png").rename(tmp_path / name)
    derive(
        with_config(with_photograph, with_photograph.evidence.config, {PHOTO: local}), tmp_path / "s", Access(tmp_path)
    )
    [path] = data_of(asked, PhotographsSpec).paths
    assert path.read_bytes() == b"a photograph"
    assert path.is_relative_to(tmp_path / "s")


def test_a_name_in_the_evidence_that_is_a_path_is_no_name() -> None:
    with pytest.raises(ValidationError, match="name"):
        LocalEvidence(kind="file", name="/etc/passwd", sha256="0" * 64)
    forged = LocalEvidence.model_construct(kind="file", name="/etc/passwd", sha256="0" * 64)
    assert absent(forged) == Path(f"sha256:{'0' * 64}/passwd")


@pytest.mark.parametrize("key", ["points.9.data.path", "points", "points.0", "points.x.data", "points.0.title.x", "no"])
def test_evidence_of_a_file_that_its_config_does_not_name_is_not_derived(
    subject: Subject, tmp_path: Path, asked: Opened, key: str
) -> None:
    """Whether or not the file is there."""
    (tmp_path / "file").write_bytes(b"abc")
    for kind in ("file", "folder"):
        local = {key: LocalEvidence(kind=kind, name="file", sha256=digest_of(b"abc"))}
        result = derived(tmp_path / "x.pdf", with_config(subject, subject.evidence.config, local), Access(tmp_path))
        assert EXIT_CODES[result.outcome] == 6
        assert asked.reports == []


def test_a_folder_that_is_looked_for_opens_no_other(
    subject: Subject, tmp_path: Path, asked: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path that the evidence smuggles in beside the one that it describes, where the reader gave a folder."""
    config = json.loads(json.dumps(subject.evidence.config))
    config["points"][0]["data"] = {"kind": "esol", "path": "data", "explain": "/etc/passwd"}
    local = {"points.0.data.path": LocalEvidence(kind="folder", name="data", sha256="0" * 64)}
    monkeypatch.setattr(EsolSpec, "spec_with_digests", lambda _: pytest.fail("opened"))
    with pytest.raises(InputError, match="needs the folder 'data'"):
        derive(with_config(subject, config, local), tmp_path / "scratch", Access(data=tmp_path))
    assert asked.reports == []


def test_what_is_embedded_belongs_to_its_point_where_another_one_failed(
    with_photograph: Subject, tmp_path: Path, asked: Opened
) -> None:
    """The first point has no chapter, so the only chapter is that of the second."""
    [chapter] = with_photograph.evidence.chapters
    config = json.loads(json.dumps(with_photograph.evidence.config))
    [point] = config["points"]
    config["points"] = [{**point, "label": "failed", "data": {"kind": "iris"}}, point]
    local = {PHOTO.replace("0", "1", 1): with_photograph.evidence.local[PHOTO]}
    name = embedded_name("dataset", chapter.data.sha256)
    derive(with_config(with_photograph, config, local)._replace(attached={name: b"packed"}), tmp_path, Access())
    assert dict(asked.given[0].local) == local


def test_what_is_embedded_is_taken_and_its_files_are_not_looked_for(
    with_photograph: Subject, tmp_path: Path, asked: Opened
) -> None:
    """The stage gets what it was once asked and what it gave, and a path that only says what the file held."""
    [chapter] = with_photograph.evidence.chapters
    name = embedded_name("dataset", chapter.data.sha256)
    derive(with_photograph._replace(attached={name: b"packed"}), tmp_path, Access())
    assert asked.given[0].datasets == {chapter.slug: (chapter.stages[0].spec, b"packed")}
    assert asked.given[0].weights == {}
    [path] = data_of(asked, PhotographsSpec).paths
    assert path == absent(with_photograph.evidence.local[PHOTO])


def test_an_attachment_that_is_not_the_evidences_is_damage(made: Path, tmp_path: Path) -> None:
    """Even where the PDF was sealed again, as a forger would."""
    sealed(tmp_path / "forged.pdf", {**read(made).attached, "checks.json": b"[]"})
    with pytest.raises(Damage, match=r"^forged\.pdf, checks\.json: it is not the attachment that the evidence names"):
        read(tmp_path / "forged.pdf")


def test_the_claim_follows_from_determinism() -> None:
    same = "the same bytes on the same platform, libraries"
    assert claim({"deterministic": True, "batch": 64}).startswith(f"{same} and threads; ")
    assert claim({"deterministic": True, "batch": 10}).startswith(f"{same}, threads and compute.chunk ")
    assert claim({"deterministic": False, "batch": 64}).startswith(
        "within 1e-05 of the norm of each array, not the same bytes"
    )


# --- whatever evidence anyone writes ----------------------------------------------------------------------

HOSTILE: list[Any] = [
    None, True, -1, 0, 10**400, 1e308, "", "x" * 100_000, "\x1b[2J", "a\0b", "../../x", "/dev/zero", "\ud800", [], {},
    [[]] * 9, {"kind": "iris"}, {"": None}, [None] * 10_000,
]  # fmt: skip


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The place of everything in JSON."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in pairs for found in leaves(item, (*path, key)))]


def altered(value: Any, chance: random.Random) -> Any:
    """The same JSON with something else in some places."""
    found = json.loads(json.dumps(value))
    for _ in range(chance.randrange(1, 4)):
        *above, last = chance.choice(leaves(found)[1:])
        place = found
        for key in above:
            place = place[key]
        place[last] = chance.choice(HOSTILE)
    return found


@pytest.mark.parametrize("seed", range(60))
def test_whatever_the_evidence_says_an_outcome_is_said(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: Opened, seed: int
) -> None:
    """Where it can be read it may be derived, or one line for each key says why not; never an exception."""
    told = json.loads(subject.attached["evidence.json"])
    if (facts := altered(told, random.Random(seed))) == told:  # what was put in stood there
        return
    try:
        evidence = Evidence.model_validate_json(json.dumps(facts), strict=True)
    except ValidationError:
        return
    monkeypatch.setattr("exhibit.flows.verify.made_again", lambda _: subject)
    result = derived(tmp_path / "x.pdf", subject._replace(evidence=evidence), Access(data=tmp_path))
    assert result.outcome in ("not derivable", "different", "within tolerance")
    assert result.outcome != "within tolerance" or result.environment
    assert str(result).replace("\n", "").isprintable()


@pytest.mark.parametrize("value", [10**13, -(10**13), 1e300, -1e300, float("inf"), float("nan"), 10**400])
def test_a_number_that_nobody_means_is_refused_before_anything_runs(
    subject: Subject, tmp_path: Path, asked: Opened, value: float
) -> None:
    """Whatever it stands for; a seed may be any of its width."""
    config = json.loads(json.dumps(subject.evidence.config))
    config["points"][0]["model"] |= {"epochs": value, "seed": 2**63}
    result = derived(tmp_path / "x.pdf", with_config(subject, config), Access())
    assert (result.outcome, asked.reports) == ("not derivable", [])
    assert result.findings[0].startswith("points.0.model.epochs: ")
    assert result.findings[0].endswith(" is beyond what any report asks for")


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 100_000, "9" * 100_000, "NaN", "[NaN]", '["\ud800"]', "\x00", "", "{}", "[1, 2]", "null"],
)
@pytest.mark.parametrize("name", ["evidence.json", "checks.json", "metrics.json"])
def test_json_of_any_shape_is_damage(subject: Subject, tmp_path: Path, name: str, text: str) -> None:
    data = text.encode(errors="surrogatepass")
    attached = attested(subject, {name: data}) if name != "evidence.json" else {**subject.attached, name: data}
    result = verify(sealed(tmp_path / "forged.pdf", attached))
    assert result.outcome == "damaged"
    assert result.findings[0].startswith(f"forged.pdf, {name}: it ")


def test_a_table_of_more_rows_than_a_report_has_is_damage(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few bytes can say a billion times the same: how many rows there are is asked before they are read."""
    monkeypatch.setattr("exhibit.flows.alike._MOST_CELLS", 100_000)
    names = ["point", "method", "target", "input", "feature", "mean"]
    table = pd.DataFrame(dict.fromkeys(names, 0.0), index=range(20_000)).to_parquet()
    assert len(table) < 10_000
    attached = attested(subject, {"importances.parquet": table})
    result = verify(sealed(tmp_path / "forged.pdf", attached))
    assert result.findings == ("forged.pdf, importances.parquet: it cannot be read (ValueError)",)


# --- on a machine that has nothing but the PDF ------------------------------------------------------------


def report(folder: Path, *overrides: str) -> Path:
    words = [*SMALL, *overrides, f"paths.runs={folder}/runs", f"paths.store={folder}/store"]
    return run_report(read_report(words), ["exhibit", "report", *words]).directory


def verified_alone(pdf: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`exhibit verify` in a new process, a working directory with the PDF alone and an empty home."""
    for name in ("home", "alone", "tmp"):
        (folder / name).mkdir()
    shutil.copy(pdf, folder / "alone/report.pdf")
    environment = {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"), "PATH": os.environ["PATH"]}
    script = Path(sys.executable).with_name("exhibit")
    return subprocess.run(
        [script, "verify", "report.pdf", *options],
        capture_output=True, text=True, cwd=folder / "alone", env=environment, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_a_lone_pdf_needs_nothing_but_the_program(made: Path, tmp_path: Path) -> None:
    """No store, no run, no home: the same bytes; and nothing is left but the short report."""
    done = verified_alone(made / "report.pdf", tmp_path)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "report.pdf: identical"), done.stderr
    assert sorted(path.name for path in (tmp_path / "alone").iterdir()) == [
        "report.pdf", "report.verification.json"
    ]  # fmt: skip
    assert not list((tmp_path / "tmp").glob("exhibit-*"))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of weights of the study's net."""
    path = tmp_path_factory.mktemp("weights") / "trained.npz"
    found = MLPSpec(epochs=1).fit(IrisSpec(reference=None).load(Memory()), Compute(), silent)
    np.savez(path, allow_pickle=False, **found.arrays)
    return path


@pytest.mark.slow
def test_pictures_that_are_embedded_need_no_files(tmp_path: Path) -> None:
    """The folder is gone: the PDF that carries its pictures is derived again from them, the other one with --data."""
    chance = np.random.default_rng(0)
    for number in range(12):
        (place := tmp_path / "pictures" / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(chance.integers(0, 256, (9, 9, 3), np.uint8)).save(place / f"{number}.png")
    words = ("data=image_folder", f"data.path={tmp_path / 'pictures'}", "data.size=8", "model=random_forest",
             "method=[occlusion]", "target=predicted", "selection.limit=2", "check=[sparseness]", "runner=inline",
             "document.issued=2026-01-01", f"paths.runs={tmp_path}/runs", f"paths.store={tmp_path}/store")  # fmt: skip
    bare, whole = (
        run_report(read_report([*words, *more]), ["exhibit", "report"]).directory / "report.pdf"
        for more in ((), ("document.embed=[data]",))
    )
    (tmp_path / "pictures").rename(tmp_path / "moved")
    assert verify(bare).outcome == "not derivable"
    assert verify(bare, access=Access(data=tmp_path / "moved")).outcome == "identical"
    result = verify(whole)
    assert result.outcome == "identical"
    assert result.findings[0].endswith("stage load: the data are those in the PDF, not loaded again")


@pytest.mark.slow
def test_weights_that_are_embedded_need_no_file(
    weights: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The file is gone; without embedding it is named with its sha256, and with --data it is found again."""
    lost = Path(shutil.copy(weights, tmp_path / "lost.npz"))
    fixed = ("model.fit=never", f"model.weights={lost}")
    whole = report(tmp_path / "whole", *fixed, "document.embed=[data,weights]")
    assert "document.embed: data and weights add 0." in capfd.readouterr().err
    bare = report(tmp_path / "bare", *fixed)
    assert str(tmp_path) not in (whole / "evidence.json").read_text() + (whole / "config.yaml").read_text()
    lost.unlink()
    result = verify(whole / "report.pdf")
    assert (result.outcome, result.findings[:2]) == (
        "identical",
        (
            "iris, stage load: the data are those in the PDF, not loaded again",
            "iris, stage fit: the weights are those in the PDF, not trained again",
        ),
    )
    missing = verify(bare / "report.pdf")
    assert missing.outcome == "not derivable"
    assert f"the file 'lost.npz' with sha256 {file_digest(weights)}" in missing.findings[0]
    assert verify(bare / "report.pdf", access=Access(data=weights.parent)).outcome == "identical"


@pytest.mark.slow
def test_another_number_of_threads_is_within_tolerance(made: Path, weights: Path, tmp_path: Path) -> None:
    """From the same weights one thread gives the numbers of two, within the tolerance that the evidence states."""
    fixed = ("model.fit=never", f"model.weights={weights}")
    one, two = (read(report(tmp_path / n, *fixed, f"compute.threads={n}")) for n in "12")
    assert "threads: 1 then, 2 now" in compared(made, one, two).environment
    numbers = [name for name in one.files if name.endswith((".csv", ".json")) and name != "evidence.json"]
    assert len(numbers) > 3
    for name in numbers:
        size, clauses = _differences(one, two, name)
        assert size <= TOLERANCE, name
        assert not clauses, name
    assert f"within {TOLERANCE:g}" in one.evidence.claim


def test_verify_says_what_a_stage_was_asked_otherwise() -> None:
    """Which key it was, with the words then and now: here what a user's own function gave."""
    then, now = ({"model": {"factory": "own:net", "given": digit * 64}, "compute": {}} for digit in "ab")
    assert list(_differing_settings(then, now)) == [("model.given", "a" * 40, "b" * 40)]
