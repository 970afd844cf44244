"""The process that renders: the user's mistake comes back as one, and the paper is that which was asked for."""

import io
import os
import sys
from functools import cache
from pathlib import Path
from subprocess import run

import pikepdf
import psutil
import pytest

from exhibit.tasks.apart import child_process
from exhibit.tasks.document.press import Job, Pages, ahead, press, render
from exhibit.tasks.evidence.attached import ATTACHED
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.page import Paper
from tests.benchmarks.large_report import job


def test_a_character_without_a_glyph_comes_back_from_the_process_by_name() -> None:
    with pytest.raises(InputError, match=r"'𓅃' \(U\+13143, egyptian hieroglyph g005\).*Japanese"):
        press(unprintable())


def test_the_copy_that_makes_the_html_says_nothing_of_its_own_behind_that() -> None:
    """What comes last on the error stream is what the user is told, whichever of the two processes ends last."""
    ended = run([sys.executable, "-c", SIDE_BY_SIDE], capture_output=True, check=True, timeout=120)
    assert (ended.stdout, ended.stderr) == (b"", b"")


SIDE_BY_SIDE = """
from contextlib import suppress
from multiprocessing import active_children
from exhibit.tasks.document.press import _render_side_by_side
from exhibit.tasks.records.base import InputError
from tests.document.test_press import unprintable
with suppress(InputError):
    _render_side_by_side(unprintable())
for copy in active_children():
    copy.join()
"""


def unprintable() -> Job:
    """With a letter that no font has, which is to be refused."""
    given = job(2, 8)
    document = given.document.model_copy(update={"title": "Birds 𓅃"})
    return given.model_copy(update={"document": document, "missing_glyphs": "refuse"})


FILES = dict.fromkeys([*ATTACHED.values(), "sums.csv", "weights-0123.npz"], b"")


@cache
def asked(paper: Paper) -> Job:
    """For a PDF that carries many files."""
    given = job(1, 8)
    return given.model_copy(update={"paper": paper, "attached": FILES | given.attached})


@cache
def printed(paper: Paper) -> Pages:
    return render(asked(paper))


@pytest.mark.parametrize(("paper", "millimetres"), [("A4", (210, 297)), ("letter", (215.9, 279.4))])
def test_every_page_has_the_size_of_the_paper(paper: Paper, millimetres: tuple[float, float]) -> None:
    with pikepdf.open(io.BytesIO(printed(paper).pdf)) as pdf:
        corners = [[float(corner) for corner in page.mediabox] for page in pdf.pages]
    size = [side / 25.4 * 72 for side in millimetres]
    assert corners == [pytest.approx([0, 0, *size], abs=0.01)] * len(corners)


def test_every_attachment_is_described_in_words_of_its_own() -> None:
    with pikepdf.open(io.BytesIO(printed("A4").pdf)) as pdf:
        words = {str(file.UF): str(file.Desc) for file in pdf.Root.AF}
    assert words.keys() == asked("A4").attached.keys()
    assert len(set(words.values())) == len(words)
    assert words["checks.csv"] == "The same verdicts as a table"


def test_a_process_that_is_started_ahead_and_not_needed_ends() -> None:
    before = set(psutil.Process().children())
    with ahead() as start:
        start()
        start()
        assert len(set(psutil.Process().children()) - before) == 1
    assert set(psutil.Process().children()) == before


def test_a_process_that_was_ended_while_it_waited_is_no_loss() -> None:
    before = set(psutil.Process().children())
    with ahead() as start:
        start()
        (waiting,) = set(psutil.Process().children()) - before
        waiting.kill()
        waiting.wait()
        with pytest.raises(InputError, match="U\\+13143"):
            press(unprintable())


def test_a_file_that_is_called_as_a_library_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever verifies a report in a folder of downloads runs nothing of what lies there; nor does the process that is
    started ahead, which makes the pages that this one makes and ends."""
    (tmp_path / "numpy.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep)  # its parts are empty, which would mean the current folder
    before = set(psutil.Process().children())
    with ahead() as start:
        start()
        (waiting,) = set(psutil.Process().children()) - before
        assert press(asked("A4")) == printed("A4")
        assert not waiting.is_running()


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
