"""The process that renders: the user's mistake comes back as one, and the paper is that which was asked for."""

import io
import os
from functools import cache
from pathlib import Path

import pikepdf
import pytest

from exhibit.tasks.apart import child_process
from exhibit.tasks.document.press import press, render
from exhibit.tasks.evidence.attached import ATTACHED
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.page import Paper
from tests.benchmarks.large_report import job


def test_a_character_without_a_glyph_comes_back_from_the_process_by_name() -> None:
    given = job(2, 8)
    document = given.document.model_copy(update={"title": "Birds 𓅃"})
    with pytest.raises(InputError, match=r"'𓅃' \(U\+13143, egyptian hieroglyph g005\).*Japanese"):
        press(given.model_copy(update={"document": document, "missing_glyphs": "refuse"}))


FILES = dict.fromkeys([*ATTACHED.values(), "sums.csv", "weights-0123.npz"], b"")


@cache
def printed(paper: Paper) -> tuple[bytes, set[str]]:
    """A PDF that carries many files, and their names."""
    given = job(1, 8)
    files = FILES | given.attached
    return render(given.model_copy(update={"paper": paper, "attached": files})).pdf, set(files)


@pytest.mark.parametrize(("paper", "millimetres"), [("A4", (210, 297)), ("letter", (215.9, 279.4))])
def test_every_page_has_the_size_of_the_paper(paper: Paper, millimetres: tuple[float, float]) -> None:
    with pikepdf.open(io.BytesIO(printed(paper)[0])) as pdf:
        corners = [[float(corner) for corner in page.mediabox] for page in pdf.pages]
    size = [side / 25.4 * 72 for side in millimetres]
    assert corners == [pytest.approx([0, 0, *size], abs=0.01)] * len(corners)


def test_every_attachment_is_described_in_words_of_its_own() -> None:
    pages, files = printed("A4")
    with pikepdf.open(io.BytesIO(pages)) as pdf:
        words = {str(file.UF): str(file.Desc) for file in pdf.Root.AF}
    assert words.keys() == files
    assert len(set(words.values())) == len(files)
    assert words["checks.csv"] == "The same verdicts as a table"


def test_a_file_that_is_called_as_a_library_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever verifies a report in a folder of downloads runs nothing of what lies there."""
    (tmp_path / "numpy.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep)  # its parts are empty, which would mean the current folder
    assert press(job(1, 8)).pdf.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("given", "folders"),
    [(None, []), ("", []), ("/a", ["/a"]), ("/a::/b", ["/a", ".", "/b"]), (":/a", [".", "/a"]), ("/a:", ["/a", "."])],
)
def test_a_child_process_searches_the_folders_that_the_user_gave(
    given: str | None, folders: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty part of PYTHONPATH means the current folder there, too; without any part nothing is meant."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", given) if given is not None else monkeypatch.delenv("PYTHONPATH", raising=False)
    _, environment = child_process("exhibit.flows.bounded_process")
    searched = environment["PYTHONPATH"].split(os.pathsep)[1:]
    assert searched == [str(tmp_path) if folder == "." else folder for folder in folders]
