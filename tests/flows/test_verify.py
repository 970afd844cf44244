"""Facts of `exhibit verify`: what is damaged is found, and what is whole can be derived again."""

import json
import os
import pickle
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from flows import cli
from flows.config import read_report
from flows.report import run_report
from flows.verify import EXIT_CODES, TOLERANCE, Subject, _derived, _read_pdf, _read_run, compared, verify
from tasks.document.evidence import pretty
from tasks.records import InputError
from tasks.store import digest_of

SMALL = ("study=iris", "method=vanilla_grad", "check=[completeness]", "data.reference=null", "model.epochs=1",
         "drawing.top_k=2", "document.issued=2026-01-01", "runner=inline")  # fmt: skip


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
    """Makes the manifest agree with a changed file, as a forger would."""
    manifest = json.loads((run / "manifest.json").read_bytes())
    manifest.pop("sha256", None)
    data = (run / name).read_bytes()
    manifest["files"][name] = {"sha256": digest_of(data), "bytes": len(data)}
    (run / "manifest.json").write_bytes(pretty(manifest))


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


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda run: (run / "manifest.json").unlink(), "manifest.json: it is missing, so the run was not finished"),
        (lambda run: (run / "manifest.json").write_bytes(b"{"), "manifest.json: it cannot be read"),
        (lambda run: (run / "checks.json").unlink(), "checks.json: it is missing"),
        (lambda run: os.truncate(run / "report.html", 99), "report.html: it is not what was written"),
        (lambda run: (run / "extra.txt").touch(), "extra.txt: it does not belong to the run"),
        (lambda run: (run / "config.yaml").replace(run / "checks.json"), "checks.json: it is not what was written"),
    ],
)
def test_damage_is_named(run: Path, spoil: Spoil, said: str) -> None:
    """Missing, truncated, added and swapped files."""
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
    np.savez(run / name, **{"values/x": np.array([Bomb(tmp_path / "exploded")], dtype=object)})
    reseal(run, name)
    assert verify(run, integrity_only=True).outcome == "damaged"
    (run / name).write_bytes(pickle.dumps(Bomb(tmp_path / "exploded")))
    reseal(run, name)
    assert verify(run, integrity_only=True).outcome == "damaged"
    assert not (tmp_path / "exploded").exists()


def test_a_foreign_pdf_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "other.pdf").write_bytes(b"%PDF-1.7\n%%EOF")
    assert verify(tmp_path / "other.pdf").findings == ("other.pdf: it is not the file that was written",)


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
    return _read_run(made)


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
    numbers = {name: array * factor if array.dtype.kind == "f" else array for name, array in subject.numbers.items()}
    return Subject(evidence, "", numbers)


def test_other_numbers_are_different_and_the_stage_is_named(subject: Subject) -> None:
    result = compared(Path("x"), subject, changed(subject, 1.5))
    assert result.outcome == "different"
    assert result.findings == ("first difference: iris, stage check: result",)
    assert result.environment == (f"numpy: {np.__version__} then, 9 now",)
    assert result.largest_difference == pytest.approx(0.5)


def test_rounding_is_within_tolerance_and_is_stated(subject: Subject) -> None:
    result = compared(Path("x"), subject, changed(subject, 1 + TOLERANCE / 2))
    assert result.outcome == "within tolerance"
    assert result.largest_difference is not None
    assert TOLERANCE / 4 < result.largest_difference <= TOLERANCE


def test_another_sample_or_verdict_is_no_rounding(subject: Subject) -> None:
    other = changed(subject, 1.0)
    verdicts = np.array([f"{verdict}!" for verdict in other.numbers["verdicts"]])
    result = compared(Path("x"), subject, other._replace(numbers=other.numbers | {"verdicts": verdicts}))
    assert result.outcome == "different"


def test_what_cannot_be_derived_here_names_what_is_missing(made: Path, pdf: Path) -> None:
    """A config of a newer version: the key is named, and the data with its digest."""
    subject = _read_pdf(pdf)
    config = json.loads(json.dumps(subject.evidence.config))
    config["points"][0]["data"]["kind"] = "newer"
    result = _derived(pdf, subject._replace(evidence=subject.evidence.model_copy(update={"config": config})))
    assert result.outcome == "not derivable"
    assert result.findings[0].startswith("points.0.data.kind: given 'newer', allowed: ")
    assert subject.evidence.chapters[0].data.sha256 in result.findings[1]


@pytest.mark.parametrize(("spoil", "code"), [(False, 0), (True, 5)])
def test_the_exit_code_says_the_outcome(pdf: Path, spoil: bool, code: int) -> None:
    if spoil:
        flip(pdf, random.Random(2))
    assert cli.run(["verify", "--integrity-only", str(pdf)]) == code
    assert set(EXIT_CODES.values()) == {0, 4, 5, 6}
