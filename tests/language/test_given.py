"""What somebody typed is the same in every language: no catalogue is asked for it, even where it has words for it."""

import json
import re
from pathlib import Path

import pytest

from exhibit.flows.cli import run
from exhibit.tasks import catalogues
from exhibit.tasks.catalogues import catalogue_of
from exhibit.tasks.document.html import Facts, render_html
from exhibit.tasks.document.press import Job, Pages
from exhibit.tasks.document.provenance import provenance
from exhibit.tasks.records.language import OF_OPTION, Spoken
from exhibit.tasks.stages import render
from tests.conftest import ISSUED

GIVEN = "qz"  # in every text that is given, and in no other
SAID = re.compile("[\u3001-\u9fff\uff00-\uff65]")  # Japanese: asked for a second time, where sentences are put together


class Listening:
    """The Japanese words, and what they were asked for that somebody gave."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self._words = catalogue_of("ja")

    def _heard(self, text: str) -> None:
        if GIVEN in text.lower() and not SAID.search(text):
            self.asked.add(text)

    def gettext(self, message: str) -> str:
        self._heard(message)
        return self._words.gettext(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self._heard(msgid1 + msgid2)
        return self._words.ngettext(msgid1, msgid2, n)

    def pgettext(self, context: str, message: str) -> str:
        if context != OF_OPTION:
            self._heard(message)
        return self._words.pgettext(context, message)


def on_screen(job: Job) -> Pages:
    """The page for the screen alone, in this process."""
    with catalogues.spoken(job.document.language):
        facts = Facts(
            issued=job.issued,
            digest="0" * 64,
            provenance=provenance(json.loads(job.attached["evidence.json"])),
            config=job.attached["config.yaml"].decode(),
            version="1",
        )
    html = render_html(job.document, {item.figure.name: item for item in job.drawings}, facts, "screen")
    return Pages(html=html.encode(), pdf=b"%PDF-")


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Listening:
    heard = Listening()
    monkeypatch.setattr(catalogues, "_spoken_by", lambda language: Spoken(language, heard, False))
    monkeypatch.setattr(render, "press", on_screen)
    return heard


def table(folder: Path) -> Path:
    rows = [
        f"qzrow{k},{k % 7},{k % 5},qzword{k % 3},qz{'ab'[k % 2]},{'qzgroup' if k % 3 else ''},{SPLITS[k % 4]}"
        for k in range(80)
    ]
    path = folder / "qzfile.csv"
    path.write_text("\n".join(["qzid,qzone,qztwo,qzthree,qzlabel,qzby,qzsplit", *rows]) + "\n")
    return path


SPLITS = ("train", "train", "test", "test")
CARD = "{name: qzname, intended_use: qzuse, version: qzversion, risks: [{risk: qzrisk, met_by: qzmet}], users: qzuser}"
CLAUSES = "[{id: qzclause, title: qzasks, answers: [card.name]}]"
PROFILE = f"{{title: qzprofile, source: qzsource, version: qzedition, note: qznote, clauses: {CLAUSES}}}"
ASKED = (
    *("data=table", "data.label=qzlabel", "data.id=qzid", "data.split=qzsplit", "data.ignore=[qzby]"),
    *("data.groups=[qzby,{qzone: [2, 4]}]", "data.protected=[qzthree]", "data.names={qzone: qzcalled}"),
    *("data.units={qzone: qzunit}", "data.title=qzdata", "data.source=qzsource", "title=qzchapter"),
    *("document.title=qztitle", "document.owner=qzowner", "document.data_date=qzdate", f"document.card={CARD}"),
    *(f"document.profile={PROFILE}", "document.signoff=[qzrole]", "selection.because=qzbecause", "target.note=qznote"),
    *("model=random_forest", "model.trees=5", "method=[occlusion,tree_shap]", "check=[completeness,agreement]"),
    *("behaviour=[partial_dependence,permutation_importance]", "document.language=ja", ISSUED),
)


@pytest.mark.slow(seconds=30)
def test_no_catalogue_is_asked_for_what_was_given(listening: Listening, tmp_path: Path) -> None:
    places = [f"paths.runs={tmp_path / 'runs'}", f"paths.store={tmp_path / 'store'}", "runner=inline"]
    assert run(["report", *ASKED, f"data.path={table(tmp_path)}", *places]) in (0, 3)
    assert not sorted(listening.asked)
    [page] = tmp_path.glob("runs/2*/report.html")
    assert len(set(re.findall("qz[a-z]+", page.read_text()))) > 30
