"""What is measured of a report as it is read: its pages on paper, its smallest letter, its size, Lighthouse's mark."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pikepdf

from exhibit.tasks.records.base import Record
from tests.structure import empty_bottoms, letters_of


class Measured(Record):
    """`empty`: pages with two fifths or more of their room empty below, but ends of chapters; `smallest`: letters in
    points, but raised and lowered ones, and of the first page; sizes in megabytes; `marks`: Lighthouse's performance
    and accessibility, where it is installed."""

    study: str
    language: str
    report: str
    pages: int
    empty: tuple[int, ...]
    smallest: float
    front: float
    pdf: float
    html: float
    marks: tuple[int, int] | None = None


HEADS = ("study", "language", "pages", "empty bottoms", "smallest letter, pt", "front page, pt", "PDF, MB", "HTML, MB")


def measured(study: str, language: str, run: Path, report: str) -> Measured:
    """Of the report in a run's folder; `report`: how a page leads to it."""
    with pikepdf.open(run / "report.pdf") as pdf:
        letters = [letters_of(page) for page in pdf.pages]
    return Measured(
        study=study,
        language=language,
        report=report,
        pages=len(letters),
        empty=tuple(empty_bottoms(run / "report.pdf")),
        smallest=min(map(min, filter(None, letters))),
        front=min(letters[0]),
        pdf=(run / "report.pdf").stat().st_size / 1e6,
        html=(run / "report.html").stat().st_size / 1e6,
        marks=_marks(run / "report.html"),
    )


def rows(found: Sequence[Measured]) -> list[tuple[str, ...]]:
    """The heads of a table, and a row for each report."""
    said = [
        (
            item.study,
            item.language,
            str(item.pages),
            ", ".join(map(str, item.empty)) or "none",
            f"{item.smallest:.1f}",
            f"{item.front:.1f}",
            f"{item.pdf:.1f}",
            f"{item.html:.1f}",
            " / ".join(map(str, item.marks)) if item.marks else "not measured",
        )
        for item in found
    ]
    return [(*HEADS, "Lighthouse: performance / accessibility"), *said]


def _marks(page: Path) -> tuple[int, int] | None:
    """Lighthouse's, from npm, with its settings for a computer; a busy machine lowers the first."""
    command = shutil.which("lighthouse")
    if command is None:
        return None
    options = ["--quiet", "--preset=desktop", "--only-categories=performance,accessibility", "--output=json"]
    with tempfile.TemporaryDirectory() as folder, _served(page.parent) as address:
        target = Path(folder) / "marks.json"
        flags = "--chrome-flags=--headless --no-sandbox --disable-gpu"
        asked = [command, f"{address}/{page.name}", *options, f"--output-path={target}", flags]
        subprocess.run(asked, check=True, capture_output=True)
        found = json.loads(target.read_text())["categories"]
    return round(100 * found["performance"]["score"]), round(100 * found["accessibility"]["score"])


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # the base class names it so
        """Nothing is said of what is asked for."""


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
