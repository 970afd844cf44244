"""The stage `render`: HTML and PDF."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from exhibit.tasks.document.press import Job, press
from exhibit.tasks.protocols import Progress, silent
from exhibit.tasks.records.figure import Drawings
from exhibit.tasks.records.page import Document, MissingGlyphs, Paper
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store, digest_of

TEMPLATES = Path(__file__).parents[2] / "templates"


def render(
    store: Store,
    issued: str,
    paper: Paper,
    missing_glyphs: MissingGlyphs,
    document: Digest,
    drawings: Sequence[Digest],
    attached: Mapping[str, Digest],
    progress: Progress = silent,
) -> FinishedStage:
    """Outputs "html" and "pdf". `attached`: what goes into the PDF by file name, the evidence among it."""
    templates = {str(path.relative_to(TEMPLATES)): path.read_bytes() for path in sorted(TEMPLATES.rglob("*.*"))}
    templates = {
        name: data for name, data in templates.items() if not name.startswith(("index", "new/", "locale/"))
    }  # of others

    def run() -> dict[str, bytes]:
        job = job_of(store, issued, paper, missing_glyphs, document, drawings, attached)
        pages = press(job)
        progress(1, 1)
        return {"html": pages.html, "pdf": pages.pdf}

    return run_stage(
        store,
        render,
        {
            "issued": issued,
            "paper": paper,
            "missing_glyphs": missing_glyphs,
            "templates": {name: digest_of(data) for name, data in templates.items()},
        },
        {"document": document, "drawings": list(drawings), **attached},
        run,
    )


def job_of(
    store: Store,
    issued: str,
    paper: Paper,
    missing_glyphs: MissingGlyphs,
    document: Digest,
    drawings: Sequence[Digest],
    attached: Mapping[str, Digest],
) -> Job:
    """What is rendered, from the store."""
    return Job(
        document=read(store, Document, document),
        drawings=tuple(item for digest in drawings for item in read(store, Drawings, digest).items),
        attached={name: store.get(digest) for name, digest in attached.items()},
        issued=issued,
        paper=paper,
        missing_glyphs=missing_glyphs,
    )
