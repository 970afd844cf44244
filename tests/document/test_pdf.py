import io
import mimetypes
import os
import re
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from page import ValidationProfile, validate_pdf_bytes

from exhibit.tasks.document.fonts import paper_faces
from exhibit.tasks.document.pdf import (
    Attachment,
    RenderingError,
    ending_clearly,
    pdf_digest,
    pdf_digest_ok,
    render_pdf,
    typesetting,
)
from exhibit.tasks.document.pdf_kinds import foreign
from exhibit.tasks.drawing.svg import text
from exhibit.tasks.records.base import InputError
from tests.structure import assert_gold, empty_bottoms, letters_of, tags

ISSUED = "2026-11-21T00:00:00Z"
ATTACHMENTS = (
    Attachment(name="evidence.json", description="Evidence", data=b'{"schema":1}', relationship="Data"),
    Attachment(name="config.yaml", description="Configuration", data=b"a: 1\n", relationship="Source"),
)
TYPES = {
    "all.csv": "text/csv",
    "config.yaml": "application/yaml",
    "data.npz": "application/zip",
    "evidence.json": "application/json",
    "importances.parquet": "application/vnd.apache.parquet",
    "other": "application/octet-stream",
    "versions.txt": "text/plain",
}
HEAD = '<html lang="en"><head><title>t</title></head><body>'


@pytest.fixture(scope="module")
def data(rendered: Any) -> bytes:
    return render_pdf(rendered("print"), ATTACHMENTS, ISSUED)


@pytest.fixture(scope="module")
def path(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("pdf") / "report.pdf"
    file.write_bytes(data)
    return file


@pytest.fixture(scope="module")
def pdf(path: Path) -> pikepdf.Pdf:
    return pikepdf.open(path)


@pytest.fixture(scope="module")
def pages(path: Path) -> list[str]:
    """The text of each page, each run of blanks as one."""
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    return [" ".join(page.split()) for page in text.split("\f")[:-1]]


def elements(node: Any, kind: str) -> list[Any]:
    """Structure elements of a type, in reading order."""
    found = [node] if node.get("/S") == f"/{kind}" else []
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary):
            found += elements(kid, kind)
    return found


def test_page_one_has_no_letter_of_less_than_eight_points(pdf: pikepdf.Pdf) -> None:
    sizes = letters_of(pdf.pages[0])
    assert len(sizes) > 50
    assert min(sizes) > 7.99


def test_no_page_is_two_fifths_empty_but_where_a_chapter_ends(path: Path) -> None:
    """The first three are laid out by themselves."""
    assert [number for number in empty_bottoms(path) if number > 3] == []


def test_it_is_pdf_a_3a(pdf: pikepdf.Pdf) -> None:
    with pdf.open_metadata() as metadata:
        assert metadata["pdfaid:part"] == "3"
        assert metadata["pdfaid:conformance"] == "A"


def test_it_is_pdf_ua_1(pdf: pikepdf.Pdf) -> None:
    """And says so in words that are found without unpacking anything."""
    with pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
    assert "/Filter" not in pdf.Root.Metadata


@pytest.mark.parametrize("profile", [ValidationProfile.PDF_UA_1, ValidationProfile.PDF_A_3A], ids=str)
def test_no_rule_of_the_standards_is_broken(data: bytes, profile: ValidationProfile) -> None:
    found = validate_pdf_bytes(data, profile=profile)
    assert [failure.message for failure in found.failures] == []
    assert found.rules.total > 100


def test_packed_objects_that_end_with_a_carriage_return_are_packed_otherwise(data: bytes) -> None:
    """With the line feed behind it, it would be taken for the end of a line: one byte in 256 is one."""
    ends = [b"\r\nendstream", b"\n\r\nendstream", b"\x0d.\nendstream", b".\nendstream"]
    assert ending_clearly(ends.__getitem__) == ends[2]
    assert b"\r\nendstream" not in data


def test_headings_go_down_one_level_at_a_time(pdf: pikepdf.Pdf) -> None:
    levels = [int(kind[2]) for kind in kinds(pdf) if re.fullmatch("/H[1-6]", kind)]
    assert len(levels) > 30
    assert max(after - before for before, after in pairwise(levels)) == 1


def kinds(pdf: pikepdf.Pdf) -> list[str]:
    """Of all structure elements, in reading order."""
    return [str(element.S) for element in within(pdf.Root.StructTreeRoot.K[0])]


def within(node: Any) -> Iterator[Any]:
    yield node
    for kid in node.get("/K", []):
        if isinstance(kid, pikepdf.Dictionary) and kid.get("/Type") == "/StructElem":
            yield from within(kid)


def test_a_link_is_one_and_says_where_it_leads(pdf: pikepdf.Pdf, document: Any) -> None:
    """However many boxes it is set in; in words, not by the name of the place."""
    links = elements(pdf.Root.StructTreeRoot.K[0], "Link")
    led = [
        [str(kid.Obj.Contents) for kid in link.K if isinstance(kid, pikepdf.Dictionary) and "/Obj" in kid]
        for link in links
        if len(link.K)
    ]
    assert {len(found) for found in led} == {1}
    assert not any(element.S == "/Link" for link in links for element in list(within(link))[1:])
    assert sum(len(page.get("/Annots", [])) for page in pdf.pages) == len(led)
    titles = {section.title for chapter in document.chapters for section in chapter.sections}
    assert titles <= {found for (found,) in led}


def test_a_publication_is_a_link_that_a_report_may_have() -> None:
    """And no other address is."""
    for address, count in (("https://doi.org/10.1/x", 0), ("https://example.org", 1)):
        data = render_pdf(f'{HEAD}<p>See <a href="{address}">this</a>.</p></body></html>', (), ISSUED)
        with pikepdf.open(io.BytesIO(data)) as found:
            assert str(found.pages[0].Annots[0].A.URI) == address
            assert len(list(foreign(found))) == count


def test_contents_are_tagged_as_such(pdf: pikepdf.Pdf, document: Any) -> None:
    contents = elements(pdf.Root.StructTreeRoot.K[0], "TOC")
    entries = [item for listed in contents for item in listed.K]
    assert {str(entry.S) for entry in entries} == {"/TOCI"}
    assert len(entries) >= sum(1 + len(chapter.sections) for chapter in document.chapters)
    assert not elements(contents[0], "L")


def test_heads_feet_and_dots_are_not_read(pdf: pikepdf.Pdf) -> None:
    """What stands on every page for the page, and what leads the eye to a number, is no content: no mark of it has an
    owner, and whatever has one is in the tree."""
    tree = {element.objgen for element in within(pdf.Root.StructTreeRoot.K[0])}
    numbers = pdf.Root.StructTreeRoot.ParentTree.Nums
    owners = [owner for place in range(1, 2 * len(pdf.pages), 2) for owner in numbers[place]]
    assert {owner.objgen for owner in owners if owner is not None} <= tree
    artifacts = Counter(
        (number, str(step.operands[1].Type))
        for number, page in enumerate(pdf.pages)
        for step in pikepdf.parse_content_stream(page)
        if str(step.operator) == "BDC" and step.operands[0] == "/Artifact"
    )
    assert all(artifacts[number, "/Pagination"] >= 2 for number in range(len(pdf.pages)))
    assert sum(artifacts[number, "/Layout"] for number in range(len(pdf.pages))) > 500


def test_heads_of_tables_say_what_they_head(pdf: pikepdf.Pdf) -> None:
    root = pdf.Root.StructTreeRoot.K[0]
    assert {str(head.A.Scope) for head in elements(root, "TH")} == {"/Column", "/Row"}
    assert all(elements(table, "TH") for table in elements(root, "Table"))


def test_pictures_beside_each_other_are_no_table() -> None:
    row = "<tr><td>a</td><td>b</td></tr>"
    page = f"{HEAD}<table><tbody>{row}</tbody></table><table><thead><tr><th>c</th></tr></thead></table></body></html>"
    with pikepdf.open(io.BytesIO(render_pdf(page, (), ISSUED))) as found:
        assert kinds(found).count("/Table") == 1


def test_no_content_ends_as_a_line_does() -> None:
    """A reader that looks for the end of a stream would take its last byte for a part of the line's end."""
    files = [Attachment(name=f"{k}.txt", description="x", data=bytes([k]), relationship="Data") for k in range(256)]
    data = render_pdf(f"{HEAD}x</body></html>", files, ISSUED)
    assert sum(zlib.compress(item.data, 9).endswith(b"\r") for item in files) == 1
    assert b"\r\nendstream" not in data
    with pikepdf.open(io.BytesIO(data)) as found:
        assert {name: found.attachments[name].get_file().read_bytes() for name in found.attachments} == {
            item.name: item.data for item in files
        }


def test_it_has_language_title_and_an_output_intent(pdf: pikepdf.Pdf) -> None:
    assert pdf.Root.Lang == "en"
    assert pdf.docinfo["/Author"] == "Exhibit"
    assert "iris" in str(pdf.docinfo["/Subject"]).lower()
    assert pdf.docinfo["/Title"] == "Iris, digits and solubility: what they are predicted from"
    assert pdf.Root.ViewerPreferences.DisplayDocTitle
    assert len(pdf.Root.OutputIntents) == 1


def test_its_only_date_is_that_of_issue(pdf: pikepdf.Pdf) -> None:
    assert str(pdf.docinfo["/CreationDate"]).startswith("D:20261121000000")


def test_it_is_tagged(pdf: pikepdf.Pdf) -> None:
    assert pdf.Root.MarkInfo.Marked
    root = pdf.Root.StructTreeRoot.K[0]
    for kind in ("H1", "H2", "P", "Table", "TH", "TD", "Figure", "Caption", "Link"):
        assert elements(root, kind), kind


def test_the_structure_is_gold(pdf: pikepdf.Pdf) -> None:
    assert_gold("sample.pdf.txt", tags(pdf))


def test_every_figure_has_alternative_text(pdf: pikepdf.Pdf) -> None:
    figures = elements(pdf.Root.StructTreeRoot.K[0], "Figure")
    assert len(figures) > 30
    assert all(str(figure.get("/Alt", "")).strip() for figure in figures)


def test_no_picture_is_smoothed(pdf: pikepdf.Pdf) -> None:
    """The standard forbids it, and it would blur pixels into blobs."""
    images = [item for item in pdf.objects if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image"]
    assert len(images) > 20
    assert not any(image.get("/Interpolate", False) for image in images)


def test_each_attachment_is_listed_once_and_whole(pdf: pikepdf.Pdf) -> None:
    files = {str(spec.UF): spec for spec in pdf.Root.AF}
    assert len(pdf.Root.AF) == len(files) == len(ATTACHMENTS)
    for item in ATTACHMENTS:
        assert files[item.name].EF.F.read_bytes() == item.data
        assert files[item.name].AFRelationship == f"/{item.relationship}"


def equal_files() -> bytes:
    """A page with a file of each type, all of the same content."""
    files = [
        Attachment(name=name, description=name, data=b"[]\n", relationship="Source" if name[0] == "c" else "Data")
        for name in TYPES
    ]
    return render_pdf(f"{HEAD}x</body></html>", files, ISSUED)


def test_attachments_of_equal_content_keep_their_names_types_and_relationships() -> None:
    with pikepdf.open(io.BytesIO(equal_files())) as pdf:
        found = {str(spec.UF): (str(spec.EF.F.Subtype)[1:], str(spec.AFRelationship)) for spec in pdf.Root.AF}
        assert sorted(pdf.attachments) == sorted(TYPES)
    assert found == {name: (kind, "/Source" if name[0] == "c" else "/Data") for name, kind in TYPES.items()}


def test_the_types_that_a_machine_knows_change_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    before = equal_files()
    monkeypatch.setattr(mimetypes, "guess_type", lambda *_, **__: ("x-this/machine", None))
    assert equal_files() == before


RULES = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>
<match target="font"><edit name="embolden" mode="assign"><bool>true</bool></edit></match>
<match target="pattern"><edit name="slant" mode="assign"><const>oblique</const></edit></match>
</fontconfig>"""


def test_the_fonts_and_the_rules_that_a_machine_has_change_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its own are, and those of whoever is at home there."""
    pages = [f"{HEAD}<p>fi <i>fi</i> <b>fi</b> <code>fi</code></p></body></html>"]
    pages.append(pages[0].replace("<body>", f"<style>{paper_faces('fi')} p {{font-family: 'Source Sans Pro'}}</style>"))
    expected = [render_pdf(page, (), ISSUED) for page in pages]
    (tmp_path / "fontconfig").mkdir()
    (tmp_path / "fontconfig" / "fonts.conf").write_text(RULES)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert [render_pdf(page, (), ISSUED) for page in pages] == expected
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fontconfig" / "fonts.conf"))
    assert [render_pdf(page, (), ISSUED) for page in pages] == expected
    assert os.environ["FONTCONFIG_FILE"] == str(tmp_path / "fontconfig" / "fonts.conf")
    for data in expected:
        assert not re.search(rb"/FontName /\w+\+(?!Source|DejaVu-Sans\b)", data)


def test_what_sets_the_pages_is_known_by_its_version() -> None:
    """That of Pango as it says in numbers, too."""
    from weasyprint.text.ffi import pango

    found = typesetting()
    assert found.keys() == {"Pango", "HarfBuzz", "zlib"}
    number = pango.pango_version()
    assert found["Pango"] == f"{number // 10000}.{number // 100 % 100}.{number % 100}"


def test_every_font_is_embedded_and_from_the_dependencies(path: Path) -> None:
    listing = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert listing
    for line in listing:
        assert re.match(r"[A-Z]{6}\+(Source-S|DejaVu-Sans)", line), line
        assert line.split()[-5:-2] == ["yes", "yes", "yes"], line  # embedded, subset, readable as text


def test_text_is_extractable_even_in_charts(pages: list[str]) -> None:
    text = " ".join(pages)
    for words in ("what they are predicted from", "share of importance", "atoms sum to +1.77", "−0.54", "Figure 1."):
        assert words in text


def test_page_one_holds_the_three_chapters(pages: list[str]) -> None:
    for words in (
        "Can the model be trusted?",
        "Not assessed",
        "Iris: petals decide",
        "Digits: a",
        "Solubility: polar groups lift",
    ):
        assert words in pages[0]
    assert "Contents" in pages[1]


def test_chapters_start_on_the_pages_that_page_one_names(pages: list[str], document: Any) -> None:
    *numbers, verdicts, guide = (int(number) for number in re.findall(r"page (\d+)", pages[0]))
    assert "All verdicts" in pages[verdicts - 1]
    assert "What was measured, and what that means" in pages[verdicts - 1]  # a heading stands on the page of its table
    assert "How to read this report" in pages[guide - 1]
    for chapter, number in zip(document.chapters, numbers, strict=True):
        assert chapter.lead[:40] in pages[number - 1]


def test_the_contents_name_the_pages_where_sections_stand(pages: list[str], document: Any) -> None:
    """Of chapters, sections and figures; headings are looked for where the contents say that they are."""
    first = next(number for number, page in enumerate(pages) if "Contents" in page)
    contents = " ".join(pages[first : first + 2]).partition("Contents")[2]  # the lists may go on on the next page
    titles = [chapter.title for chapter in document.chapters] + [s.title for c in document.chapters for s in c.sections]
    found = {title: re.findall(rf"{re.escape(title)}[ .…]*(\d+)", contents) for title in titles}
    assert all(found.values())
    for title, numbers in found.items():
        assert all(title in pages[int(number) - 1] for number in numbers), title
    figures = re.findall(r"(\d+) [A-Z][^.]*?[ .…]{3,}(\d+)", contents.partition("Figures")[2].partition("Tables")[0])
    assert figures
    for figure, number in figures:
        here = pages[int(number) - 1 : int(number) + 1]  # a long figure has its caption on the page where it ends
        assert f"Figure {figure}." in " ".join(here)


def test_every_page_has_its_number_and_the_content_digest(pages: list[str]) -> None:
    for number, page in enumerate(pages, 1):
        assert f"{number} / {len(pages)}" in page
        assert "content 7c1e 04ab 93d2" in page


def test_running_heads_name_the_chapter(pages: list[str], document: Any) -> None:
    assert sum(document.chapters[1].title in page for page in pages[2:]) >= 2


def test_headings_are_bookmarks(pdf: pikepdf.Pdf, document: Any) -> None:
    with pdf.open_outline() as outline:
        titles = [item.title for item in outline.root]
        first = next(item for item in outline.root if item.title == document.chapters[0].title)
        assert [child.title for child in first.children] == [s.title for s in document.chapters[0].sections]
    assert [chapter.title for chapter in document.chapters] == [
        t for t in titles if t in {c.title for c in document.chapters}
    ]


def test_no_heading_stands_alone_at_the_foot_of_a_page(pages: list[str], document: Any) -> None:
    sections = [section.title for chapter in document.chapters for section in chapter.sections]
    for page in pages:
        body = page.rsplit("Exhibit report", 1)[0].strip()
        assert not body.endswith(tuple(sections))


def test_the_file_knows_its_own_digest(data: bytes, pdf: pikepdf.Pdf) -> None:
    assert pdf_digest_ok(data)
    assert bytes(pdf.trailer.ID[0]).decode() == pdf_digest(data)


def test_any_flipped_bit_is_detected(data: bytes) -> None:
    rng = np.random.default_rng(0)
    for place, bit in zip(rng.integers(0, len(data), 300), rng.integers(0, 8, 300), strict=True):
        changed = bytearray(data)
        changed[place] ^= 1 << bit
        assert not pdf_digest_ok(bytes(changed)), (place, bit)


def test_a_file_without_the_field_is_not_ours() -> None:
    assert not pdf_digest_ok(b"%PDF-1.7\n%%EOF")
    with pytest.raises(InputError, match="no identifier field"):
        pdf_digest(b"%PDF-1.7\n%%EOF")


def test_a_missing_picture_stops_the_run_and_is_named() -> None:
    with pytest.raises(RenderingError, match=r"there\.png"):
        render_pdf(f'{HEAD}<img alt="x" src="https://example.org/there.png"></body></html>', (), ISSUED)


def test_a_picture_without_alternative_text_stops_the_run() -> None:
    pixel = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    with pytest.raises(RenderingError, match="no required alt"):
        render_pdf(f'{HEAD}<img src="{pixel}"></body></html>', (), ISSUED)


def test_a_missing_language_stops_the_run() -> None:
    with pytest.raises(RenderingError, match="lang"):
        render_pdf("<html><head><title>t</title></head><body>x</body></html>", (), ISSUED)


SCRIPT = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("sample", sys.argv[1])
sample = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sample)
from exhibit.tasks.document.html import render_html
from exhibit.tasks.document.pdf_kinds import foreign
from exhibit.tasks.document.pdf import Attachment, render_pdf
document, drawings = sample.sample_document()
facts = sample.sample_facts()
files = [Attachment(name=n, description=n, data=n.encode(), relationship="Data") for n in sys.argv[2:]]
pdf = render_pdf(render_html(document, drawings, facts, "print"), files, facts.issued)
sys.stdout.buffer.write(render_html(document, drawings, facts, "screen").encode() + pdf)
"""


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes_in_another_process() -> None:
    """With another hash seed, another order of the attachments and another time zone."""
    sample = Path(__file__).with_name("conftest.py")
    runs = []
    for seed, zone, names in (("1", "UTC", ["a.yaml", "b.parquet"]), ("2", "Asia/Tokyo", ["b.parquet", "a.yaml"])):
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone}
        command = [sys.executable, "-c", SCRIPT, str(sample), *names]
        runs.append(subprocess.run(command, capture_output=True, env=environment, check=True).stdout)
    assert runs[0] == runs[1]
    assert pikepdf.open(io.BytesIO(runs[0][runs[0].index(b"%PDF-") :]))


@pytest.mark.parametrize("text", ["قيمة الاختبار", "שלום עולם", "abc קדם 12", "e\u0301te\u0301"])
def test_a_picture_sets_its_text_as_the_page_does(text: str) -> None:
    """Joined, combined and in the order in which it is read: the glyphs of a paragraph and of an SVG are the same."""
    style = "font-family: DejaVu Sans; font-size: 20px"
    picture = (
        f'<svg width="300" height="40"><text x="9" y="30" font-family="DejaVu Sans" font-size="20">{text}</text></svg>'
    )
    alone = (f'<p style="{style}">{text}</p>', f"<p>{picture}</p>")
    words, drawn = (glyphs(render_pdf(f"{HEAD}{body}</body></html>", (), ISSUED)) for body in alone)
    assert drawn == words != ""


@pytest.mark.parametrize("name", ["א", "ب (ا)"])
def test_a_number_behind_a_name_keeps_its_sign_in_front(name: str) -> None:
    """Whichever way the letters of the name run: they would take it with them, and −12.5 would be 12.5−."""
    both = (f'<svg width="300" height="40">{text(f"{one}: −12.5", 9, 30, 20)}</svg>' for one in ("x", name))
    found = glyphs(render_pdf(f"{HEAD}{'<br>'.join(both)}</body></html>", (), ISSUED))
    number = found[8:][:20]
    assert found.count(number) == 2
    assert found.endswith(number)


def glyphs(data: bytes) -> str:
    """The numbers of the glyphs of the first page, in the font, in the order of the page."""
    with pikepdf.open(io.BytesIO(data)) as document:
        content = document.pages[0].Contents.read_bytes()
    shown = b"".join(re.findall(rb"\[([^\]]*)\] TJ", content))
    return b"".join(re.findall(rb"<(\w+)>", shown)).decode()
