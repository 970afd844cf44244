"""Rendering in a process of its own, which gives its memory back: `python -m exhibit.tasks.document.press`.

The job comes in on standard input, the pages go out on standard output, both as packed records.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from importlib.metadata import version
from multiprocessing import get_context
from typing import TYPE_CHECKING

from exhibit.tasks.apart import child_process
from exhibit.tasks.catalogues import spoken
from exhibit.tasks.document.provenance import printed, provenance
from exhibit.tasks.records.base import InputError, Record
from exhibit.tasks.records.figure import Drawing
from exhibit.tasks.records.language import mark, tr
from exhibit.tasks.records.packing import pack, unpack
from exhibit.tasks.records.page import Document, MissingGlyphs, Paper
from exhibit.tasks.records.shown import escaped_lines

if TYPE_CHECKING:
    from exhibit.tasks.document.html import Facts

_ATTACHED = {
    "evidence.json": mark("What determines and proves the result"),
    "config.yaml": mark("The full configuration"),
    "importances.parquet": mark("Importances of all features, one row each"),
    "checks.json": mark("Verdicts of all checks"),
    "answers.json": mark("The plain answers of page one, and the rule that they follow"),
    "card.json": mark("What is stated of the model"),
    "profile.json": mark("Where the clauses of a profile are answered"),
    "decisions.json": mark("What the pages about single decisions say"),
    "checks.csv": mark("The same verdicts as a table"),
    "metrics.json": mark("Measured quality of all models"),
    "quality.json": mark("The same in more than one number, with intervals"),
    "datasheet.json": mark("What the data are: columns, leaks and drift"),
    "groups.json": mark("For whom: quality and explanations by group"),
    "agreement.parquet": mark("Agreement of all pairs of results that are compared"),
    "behaviour.json": mark("How the models behave over many rows"),
    "changes.json": mark("What has changed since the earlier report"),
    "sbom.cdx.json": mark("What was installed, as a bill of materials (CycloneDX)"),
    "constraints.txt": mark("Versions of the libraries"),
}
EMBEDDED = {
    "dataset": mark("The data as they were loaded"),
    "samples": mark("The pictures of the data"),
    "groupings": mark("What the rows of the data are grouped by"),
    "weights": mark("The weights of the model"),
}


# What pages are made of and no module here imports: parts of WeasyPrint, compression of fonts, and the fonts.
_PARTS = ("brotli", "cssselect2", "font-source-sans-pro", "font-source-serif-pro", "justmytype-intl-cjk",
          "justmytype-intl-sea", "justmytype-intl-south-asia", "matplotlib", "pydyf", "pylopdf-fonts-jp",
          "pylopdf-fonts-zh-cn", "pyphen", "tinycss2", "tinyhtml5", "zopfli")  # fmt: skip

_BAD_INPUT = 2  # status of the rendering process when it is the user's text that cannot be printed


class RenderingFailed(RuntimeError):
    """The rendering process ended with an error; the message is its own."""


class Job(Record):
    """What is rendered. `attached`: files by name for the PDF, "evidence.json" and "config.yaml" among them."""

    document: Document
    drawings: tuple[Drawing, ...]
    attached: dict[str, bytes]
    issued: str
    paper: Paper = "A4"
    missing_glyphs: MissingGlyphs = "mark"


class Pages(Record):
    html: bytes
    pdf: bytes


def attachment_description(name: str) -> str:
    """What an attachment holds, by its file name.

    Raises:
        KeyError: for a name that no attachment has.
    """
    if name in _ATTACHED:
        return _ATTACHED[name]
    if name.endswith(".csv"):
        return mark("All rows of a table that is printed in part")
    return EMBEDDED[name.partition("-")[0]]


def embedded_name(what: str, digest: str) -> str:
    """What embedded data or weights are called among the attachments: chapters that share them share the file."""
    return f"{what}-{digest[:16]}.npz"


def press(job: Job) -> Pages:
    """Renders `job` in another process.

    Raises:
        InputError: for text that cannot be printed.
        RenderingFailed: with the error of that process.
    """
    with _at_hand() as process:
        try:
            found, said = process.communicate(pack(job), timeout=3600)
        finally:
            process.kill()  # which does nothing to one that has ended
    if process.returncode:
        last = said.decode(errors="replace").strip().splitlines() or ["no message"]
        if process.returncode == _BAD_INPUT:
            raise InputError(last[-1])
        raise RenderingFailed(f"rendering failed with status {process.returncode}: {last[-1]}")
    return unpack(Pages, found)


@contextmanager
def ahead() -> Iterator[Callable[[], None]]:
    """While this lasts: what it gives, once called, starts the process of the next `press`, which then loads what pages
    are made with while the job is still being made."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        if not started:
            started.append(_started())
            _waiting.extend(started)

    try:
        yield start
    finally:
        for process in started:
            with suppress(ValueError):  # it got its job
                _waiting.remove(process)
                process.kill()
                process.communicate()


_waiting: list[subprocess.Popen[bytes]] = []


def _at_hand() -> subprocess.Popen[bytes]:
    """A process that waits for a job."""
    with suppress(IndexError):  # none waits
        while (process := _waiting.pop()).poll() is not None:
            process.communicate()
        return process
    return _started()


def _started() -> subprocess.Popen[bytes]:
    command, paths = child_process(__name__)
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=os.environ | paths)


def parts() -> dict[str, str]:
    """Versions of these parts."""
    return {name: version(name) for name in _PARTS}


def render(job: Job) -> Pages:
    """The document as HTML and as PDF, in this process."""
    return Pages(html=_screen(job), pdf=_paper(job))


def _render_side_by_side(job: Job) -> Pages:
    """The same, the HTML in a copy of this process meanwhile."""
    context = get_context("fork")
    receiving, sending = context.Pipe(duplex=False)

    def send() -> None:
        with suppress(Exception):  # whoever waits makes it again, and says why that fails
            sending.send_bytes(_screen(job))

    context.Process(target=send, daemon=True).start()
    sending.close()
    pdf = _paper(job)
    try:
        html = receiving.recv_bytes()
    except EOFError:  # the copy has failed, and here it is said why
        html = _screen(job)
    return Pages(html=html, pdf=pdf)


def _screen(job: Job) -> bytes:
    from exhibit.tasks.document.html import render_html

    pictures = {drawing.figure.name: drawing for drawing in job.drawings}
    return render_html(job.document, pictures, _facts(job), "screen").encode()


def _paper(job: Job) -> bytes:
    from exhibit.tasks.document.html import one_front, render_html
    from exhibit.tasks.document.pdf import Attachment, render_pdf

    facts = _facts(job)
    pictures = {drawing.figure.name: drawing for drawing in job.drawings}
    with spoken(job.document.language):
        attachments = [
            Attachment(
                name=name,
                description=tr(attachment_description(name)),
                data=data,
                relationship="Data" if name == "evidence.json" else "Supplement",
            )
            for name, data in job.attached.items()
        ]
    page = partial(render_html, job.document, pictures, facts, "print")

    def closer() -> str:
        return page(dense=dense(page))

    return render_pdf(page(), attachments, job.issued, closer if one_front(job.document) else None)


def dense(page: Callable[..., str]) -> str:
    """How closely the front of `page` has to be set to be one page: as loosely as it may."""
    from exhibit.tasks.document.html import CLOSER
    from exhibit.tasks.document.pdf import sheets

    *looser, closest = CLOSER
    fitting = (each for each in looser if sheets(page(template="chapters/front.jinja", dense=each)) == 1)
    return next(fitting, closest)


def front(job: Job) -> str:
    """Page one and all verdicts alone, as HTML, in this process."""
    from exhibit.tasks.document.html import render_html

    pictures = {drawing.figure.name: drawing for drawing in job.drawings}
    return render_html(job.document, pictures, _facts(job), "screen", "front.html.jinja")


def _facts(job: Job) -> "Facts":
    from exhibit.tasks.document.html import Facts

    evidence = json.loads(job.attached["evidence.json"])
    with spoken(job.document.language):
        return Facts(
            issued=job.issued,
            paper=job.paper,
            missing_glyphs=job.missing_glyphs,
            digest=evidence["content"],
            provenance=provenance(evidence),
            config=printed(job.attached["config.yaml"].decode()),
            version=version("exhibit"),
        )


if __name__ == "__main__":
    for name in ("exhibit.tasks.document.html", "exhibit.tasks.document.pdf", "weasyprint"):
        import_module(name)
    if not (given := sys.stdin.buffer.read()):  # it was not needed
        sys.exit()
    try:
        pages = _render_side_by_side(unpack(Job, given))
    except InputError as error:
        sys.stderr.write(f"{escaped_lines(str(error))}\n")
        sys.exit(_BAD_INPUT)
    sys.stdout.buffer.write(pack(pages))
