"""Facts of `exhibit verify` on what somebody else made: a seal is no signature, so anyone can seal anything."""

import errno
import io
import random
import re
import resource
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from subprocess import run
from typing import Any, cast

import pikepdf
import psutil
import pytest
from pydantic import ValidationError
from rich.console import Console

from exhibit.flows import cli
from exhibit.flows.artifacts import summary, verdicts
from exhibit.flows.child import Ended, run_child
from exhibit.flows.derivation import Access
from exhibit.flows.errors import one_line_message
from exhibit.flows.integrity import Damage, Subject, _read_attachments, read, reading
from exhibit.flows.progress import Watch
from exhibit.flows.verification import EXIT_CODES, Job, Limits, Verification, verify_within
from exhibit.flows.verify import derived, verify
from exhibit.tasks.document.pdf import Attachment, render_pdf
from exhibit.tasks.document.pdf import _sealed as sealed
from exhibit.tasks.document.pdf_alike import differing_pdfs
from exhibit.tasks.document.pdf_kinds import _type, foreign, strange_bytes
from exhibit.tasks.evidence.pretty_json import pretty
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.evidence import FailureEvidence
from exhibit.tasks.records.parquet import parquet
from exhibit.tasks.records.shown import escaped, escaped_lines
from exhibit.tasks.room import left

PAGE = """<html lang="en"><head><title>t</title><style>@page {{ size: A5 }}</style></head><body>
<h1 id="a">{0}</h1><p>The petal length leads, with <a href="#a">0.62</a>.</p>
<svg width="90" height="90" viewBox="0 0 90 90"><title>bar</title><rect width="{1}" height="20" fill="#369"/></svg>
<img alt="map" style="image-rendering: pixelated" src="data:image/png;base64,{2}">
<p style="break-before: page">Second page</p></body></html>"""


def png(shade: int) -> str:
    """A picture of one shade."""
    from base64 import b64encode

    from PIL import Image

    Image.new("RGB", (4, 4), (shade, 0, 0)).save(target := io.BytesIO(), "PNG")
    return b64encode(target.getvalue()).decode()


def page(title: str = "Iris", bar: float = 40, shade: int = 90, attached: bytes = b"[]") -> bytes:
    """Two pages with a bar and a picture."""
    file = Attachment(name="checks.json", description="checks", data=attached, relationship="Data")
    return render_pdf(PAGE.format(title, bar, png(shade)), [file], "2026-01-01T00:00:00Z")


@pytest.fixture(scope="module")
def whole() -> bytes:
    return page()


def forged(pdf: bytes, change: Callable[[pikepdf.Pdf], object]) -> bytes:
    """A PDF that was changed and sealed again."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        change(document)
        document.save(target := io.BytesIO(), fix_metadata_version=False)
    data = re.sub(rb"/ID \[ ?<[0-9a-f]*><[0-9a-f]*> ?\]", b"/ID [(" + b"0" * 64 + b")(0)]", target.getvalue())
    return sealed(data)


def action(document: pikepdf.Pdf, kind: str, **more: Any) -> pikepdf.Dictionary:
    return document.make_indirect(pikepdf.Dictionary(S=pikepdf.Name(f"/{kind}"), **more))


def opened(document: pikepdf.Pdf, kind: str, **more: Any) -> None:
    document.Root.OpenAction = action(document, kind, **more)


def annotated(document: pikepdf.Pdf, kind: str, **more: Any) -> None:
    note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name(f"/{kind}"), Rect=[0, 0, 9, 9], **more)
    document.pages[1].Annots = pikepdf.Array([document.make_indirect(note)])


def link(document: pikepdf.Pdf) -> Any:
    return document.pages[0].Annots[0]


FOREIGN: dict[str, tuple[Callable[[pikepdf.Pdf], object], str]] = {
    "a script": (lambda d: opened(d, "JavaScript", JS="app.alert(1)"), "/OpenAction in a catalog"),
    "a program": (lambda d: opened(d, "Launch", F="cmd.exe"), "/OpenAction in a catalog"),
    "a named script": (
        lambda d: d.Root.Names.update({"/JavaScript": pikepdf.Dictionary(Names=[])}),
        "/JavaScript in a names",
    ),
    "a link to a site": (
        lambda d: link(d).update({"/A": action(d, "URI", URI="http://x")}),
        "a link to http://x",
    ),
    "a link to a publication that runs": (
        lambda d: link(d).update({"/A": action(d, "Launch", URI="https://doi.org/10.1/x")}),
        "/Launch as a publication",
    ),
    "a link that runs": (lambda d: link(d).update({"/AA": pikepdf.Dictionary(U=action(d, "Launch"))}), "/AA in a link"),
    "a link that is drawn over a page": (
        lambda d: link(d).update(
            {"/AP": pikepdf.Dictionary(N=d.make_stream(b"", Subtype=pikepdf.Name.Form, BBox=[0, 0, 9, 9]))}
        ),
        "/AP in a link",
    ),
    "a note": (lambda d: annotated(d, "Text", Contents="trust me"), "/Text as a link"),
    "a stamp": (lambda d: annotated(d, "Stamp"), "/Stamp as a link"),
    "a film": (lambda d: annotated(d, "Screen"), "/Screen as a link"),
    "a file on the page": (lambda d: annotated(d, "FileAttachment"), "/FileAttachment as a link"),
    "a form": (lambda d: d.Root.update({"/AcroForm": pikepdf.Dictionary(XFA="x")}), "/XFA in a form"),
    "a field to fill in": (lambda d: annotated(d, "Widget", FT=pikepdf.Name.Tx), "a form"),
    "a page that runs": (
        lambda d: d.pages[0].obj.update({"/AA": pikepdf.Dictionary(O=action(d, "Named"))}),
        "/AA in a page",
    ),
    "layers": (lambda d: d.Root.update({"/OCProperties": pikepdf.Dictionary()}), "/OCProperties in a catalog"),
    "a stream that lies elsewhere": (
        lambda d: d.Root.Metadata.stream_dict.update({"/F": pikepdf.String("http://x")}),
        "/F in a metadata",
    ),
    "a picture of another kind": (
        lambda d: next(iter(d.pages[0].images.values())).stream_dict.update({"/OPI": pikepdf.Dictionary()}),
        "/OPI in a drawing",
    ),
    "a PostScript drawing": (
        lambda d: d.pages[0].Resources.XObject.update({"/x9": d.make_stream(b"", Subtype=pikepdf.Name.PS)}),
        "/PS as a drawing",
    ),
    "a dictionary in a title": (
        lambda d: d.docinfo.update({"/Title": pikepdf.Dictionary(JS="x")}),
        "a dictionary where none belongs",
    ),
    "signed by somebody": (lambda d: d.Root.update({"/Perms": pikepdf.Dictionary()}), "/Perms in a catalog"),
    "a thumbnail": (lambda d: d.pages[0].obj.update({"/Thumb": d.make_stream(b"")}), "/Thumb in a page"),
    "a picture as a page": (lambda d: d.Root.Outlines.update({"/First": d.pages[0].obj}), " as well"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_no_report_holds_is_damage_though_the_seal_is_right(whole: bytes, tmp_path: Path, name: str) -> None:
    change, said = FOREIGN[name]
    (path := tmp_path / "f.pdf").write_bytes(forged(whole, change))
    [found] = verify(path, integrity_only=True).findings
    assert found.startswith("f.pdf: it holds ")
    assert said in found
    assert found.endswith(", as no report does")


@pytest.mark.parametrize("count", ["1", "9", "0", "/A"])
def test_another_number_of_pages_is_damage(whole: bytes, tmp_path: Path, count: str) -> None:
    """Viewers show as many pages as it says."""
    with pikepdf.open(io.BytesIO(whole)) as document:
        document.save(target := io.BytesIO(), fix_metadata_version=False, compress_streams=False)
    written = b"/Count%2s /Kids" % count.encode()
    data, changed = re.subn(rb"/Count 2 /Kids", written, target.getvalue())
    assert changed == 1
    zeros = b"/ID [(" + b"0" * 64 + b")(0)]"
    (path := tmp_path / "f.pdf").write_bytes(sealed(re.sub(rb"/ID \[ ?<[0-9a-f]*><[0-9a-f]*> ?\]", zeros, data)))
    [found] = verify(path, integrity_only=True).findings
    assert found == f"f.pdf: it holds {count} as the number of 2 pages, as no report does"


def test_a_page_that_is_there_twice_is_damage(whole: bytes, tmp_path: Path) -> None:
    def double(document: pikepdf.Pdf) -> None:
        document.Root.Pages.Kids = pikepdf.Array([*document.Root.Pages.Kids, document.Root.Pages.Kids[0]])

    (path := tmp_path / "f.pdf").write_bytes(forged(whole, double))
    assert verify(path, integrity_only=True).outcome == "damaged"


def with_bytes(pdf: bytes, place: int, more: bytes) -> bytes:
    """A PDF with bytes at a place within an object, and a table of its objects that knows of them; sealed again."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        table = next(item for item in document.objects if str(_type(item)) == "/XRef")
        (number, _), rows = table.objgen, table.read_bytes()
        kind, offset, rest = (int(width) for width in table.W)
        moved = b""
        for row in (rows[start : start + kind + offset + rest] for start in range(0, len(rows), kind + offset + rest)):
            where = int.from_bytes(row[kind : kind + offset])
            where += len(more) * (row[:kind] == b"\1" and where > place)
            moved += row[:kind] + where.to_bytes(offset) + row[kind + offset :]
        head = f"{number} 0 obj\n<</Type /XRef/Size {table.Size}/W [{kind} {offset} {rest}]/Length {len(moved)}"
        head += "".join(f"/{name} {document.trailer[f'/{name}'].objgen[0]} 0 R" for name in ("Root", "Info"))
    start = int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])
    body = pdf[:place] + more + pdf[place:start]
    table_of = head.encode() + b"/ID [(" + b"0" * 64 + b")(0)]>>\nstream\n" + moved + b"\nendstream\nendobj\n"
    return sealed(body + table_of + f"startxref\n{len(body)}\n%%EOF\n".encode())


def test_a_key_that_is_there_twice_is_damage(whole: bytes) -> None:
    """Some readers take the first of them, and some the last: they show two pages."""
    place = whole.index(b"/Width")
    assert _read_attachments(with_bytes(whole, place, b"    "), "report.pdf")
    with pytest.raises(Damage, match="would have to guess what is meant"):
        _read_attachments(with_bytes(whole, place, b"/Width 1 "), "report.pdf")


def test_a_pdf_as_it_is_written_holds_nothing_foreign(whole: bytes) -> None:
    assert strange_bytes(whole) is None
    with pikepdf.open(io.BytesIO(whole)) as document:
        assert list(foreign(document)) == []


@pytest.mark.parametrize("owner", ["", "x"])
@pytest.mark.parametrize("user", ["", "secret"])
def test_an_encrypted_pdf_is_one_sentence(whole: bytes, tmp_path: Path, user: str, owner: str) -> None:
    """Whether or not it opens without a word."""
    with pikepdf.open(io.BytesIO(whole)) as document:
        document.save(target := io.BytesIO(), encryption=pikepdf.Encryption(user=user, owner=owner or "o"))
    zeros = b"/ID [(" + b"0" * 64 + b")(0)]"
    data = re.sub(rb"/ID \[ ?<[0-9a-f]*><[0-9a-f]*> ?\]", zeros, target.getvalue())
    (path := tmp_path / "f.pdf").write_bytes(sealed(data))
    result = verify(path, integrity_only=True)
    assert result.outcome == "damaged"
    assert "password" in result.findings[0], result.findings


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda data: b"MZ" + data, "something before or behind the PDF"),
        (lambda data: data + b"\n<script>", "something before or behind the PDF"),
        (lambda data: data + data[9:], "more than one version of itself"),
    ],
)
def test_nothing_lies_before_or_behind_a_pdf(whole: bytes, spoil: Callable[[bytes], bytes], said: str) -> None:
    assert strange_bytes(spoil(whole)) == said


def test_a_stream_that_grows_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb of zeros, and one beside many small ones: what is read is never much more than the limit."""
    monkeypatch.setattr("exhibit.tasks.document.pdf_kinds.MOST_UNPACKED", 1 << 20)
    packed = b"%PDF-1.7\nstream\n" + zlib.compress(bytes(1 << 28), 9) + b"\nendstream\nstartxref\n0\n%%EOF"
    assert str(strange_bytes(packed)).startswith("streams that unpack to more than")
    small = b"stream\n" + zlib.compress(bytes(1 << 17)) + b"\nendstream\n"
    assert strange_bytes(b"%PDF-1.7\n" + 7 * small + b"startxref\n0\n%%EOF") is None
    assert strange_bytes(b"%PDF-1.7\n" + 9 * small + b"startxref\n0\n%%EOF") is not None


@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_pdf_holds_an_outcome_is_said(whole: bytes, tmp_path: Path, seed: int) -> None:
    """Pieces of it overwritten, doubled, cut out and swapped, with the seal of whoever did it: never an exception."""
    chance, path = random.Random(seed), tmp_path / "f.pdf"
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            start = chance.randrange(20, len(data) - 120)
            stop, other = start + chance.randrange(1, 90), chance.randrange(20, len(data) - 120)
            piece = chance.choice(
                [b"", data[other : other + 60], bytes(60), b"<<" * 600, b"[" * 600, b"9" * 30, b"0 0 R", b"\x1b[2J"]
            )
            data[start:stop] = piece
        with suppress(InputError):
            path.write_bytes(sealed(bytes(data)))
            result = verify(path)
            assert result.outcome == "damaged"
            assert str(result).replace("\n", "").isprintable()


# --- pages beside those that are made again ---------------------------------------------------------------


def test_a_pdf_shows_what_it_shows(whole: bytes) -> None:
    assert list(differing_pdfs(whole, page())) == []
    assert list(differing_pdfs(whole, page(bar=40.001, shade=91))) == []  # a hairline, a shade


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (page, None),
        (lambda: page(title="Wine"), "page 1, line 1: 'Wine', and 'Iris' when it is made again"),
        (lambda: page(bar=41), "is not what is made again"),
        (lambda: page(shade=120), "a picture has other pixels"),
        (lambda: forged(page(), lambda d: d.pages.__delitem__(1)), "1 pages, 2 when they are made again"),
        (lambda: forged(page(), lambda d: d.pages.append(d.pages[0])), "3 pages, 2 when they are made again"),
        (lambda: forged(page(), lambda d: d.pages.reverse()), "page 1, line 1: 'Second page'"),
    ],
    ids=["the same", "text", "drawing", "picture", "removed", "added", "swapped"],
)
def test_what_a_page_shows_otherwise_is_named(whole: bytes, other: Callable[[], bytes], said: str | None) -> None:
    found = list(differing_pdfs(other(), whole))
    assert not found if said is None else any(said in one for one in found), found


def covered(document: pikepdf.Pdf) -> None:
    """A white sheet over all, with the text as it was."""
    document.pages[0].contents_add(b"1 1 1 rg 0 0 999 999 re f")


def other_letters(document: pikepdf.Pdf) -> None:
    """The letters look otherwise, and read as before."""
    for item in document.objects:
        if isinstance(item, pikepdf.Dictionary) and "/FontFile2" in item:
            item.FontFile2.write(item.FontFile2.read_bytes()[:-1] + b"x")


def other_words(document: pikepdf.Pdf) -> None:
    """The letters look as before, and read otherwise."""
    for item in document.objects:
        if isinstance(item, pikepdf.Dictionary) and "/ToUnicode" in item:
            item.ToUnicode.write(re.sub(rb"> <....>", b"> <0041>", item.ToUnicode.read_bytes(), count=1))


def other_title(document: pikepdf.Pdf) -> None:
    document.docinfo.Title = "another"


def other_words_for_a_picture(document: pikepdf.Pdf) -> None:
    for item in document.objects:
        if isinstance(item, pikepdf.Dictionary) and "/Alt" in item:
            item.Alt = "nothing to see"


@pytest.mark.parametrize("change", [covered, other_letters, other_words, other_title, other_words_for_a_picture])
def test_what_lies_behind_the_text_is_compared_too(whole: bytes, change: Callable[[pikepdf.Pdf], object]) -> None:
    assert list(differing_pdfs(forged(whole, change), whole))


# --- what is shown of it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\rb\nc\td", r"a\rb\nc\td"),
        ("a\x9b31mb", r"a\x9b31mb"),
        ("\u202etxet", r"\u202etxet"),
        ("a\u2066b\u2028c", r"a\u2066b\u2028c"),
        ("\udcff", r"\udcff"),
        ("späte 日 \u3000 é́ ‌ α", "späte 日 \u3000 é́ ‌ α"),
        ("👩‍🔬", "👩‍🔬"),
    ],
)
def test_what_moves_hides_or_turns_letters_is_written_out(text: str, shown: str) -> None:
    assert escaped(text) == shown
    assert escaped_lines(f"{text}\n") == f"{shown}\n".replace(r"\n", "\n")


REWRITES = "\x1b[2Jreport.pdf: identical"
SHOWN = r"\x1b[2Jreport.pdf: identical"


def test_nothing_that_a_report_says_rewrites_the_screen() -> None:
    """Of the outcome, what led to it, and the file that is left."""
    found = Verification(
        target=REWRITES, outcome="different", findings=(REWRITES, "a\nb"), environment=(REWRITES,), claim=REWRITES
    )
    assert str(found).splitlines() == [
        SHOWN, r"a\nb", f"claimed: {SHOWN}", f"here otherwise: {SHOWN}", f"{SHOWN}: different"
    ]  # fmt: skip
    assert "1b[2J" not in found.model_dump_json().replace(r"\\x1b", "")


@pytest.mark.parametrize("name", ["a\x1b[2Jb", "a/b", "", "späte", "A"])
def test_a_chapter_of_the_evidence_is_called_as_its_folder(name: str) -> None:
    with pytest.raises(ValidationError):
        FailureEvidence(slug=name, title="t", stage="fit", sentence="s")


@pytest.mark.parametrize(
    "words",
    [
        ["verify", REWRITES],
        ["verify", "x.pdf", REWRITES],
        ["verify", "x.pdf", f"--max-seconds={REWRITES}"],
        ["report", f"study={REWRITES}"],
        ["report", REWRITES],
        [REWRITES],
        ["studies", "--config-dir", REWRITES],
    ],
)
def test_what_was_typed_is_repeated_as_it_may_be_shown(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with suppress(SystemExit):
        assert cli.run(words) == 2
    said = capsys.readouterr().err
    assert "2J" in said
    assert "\x1b" not in said


def test_progress_errors_and_artifacts_show_no_controls() -> None:
    target = io.StringIO()
    watch = Watch(Console(file=target, force_terminal=False))
    watch.note(REWRITES)
    watch.failed("iris", REWRITES)
    watch.finished(REWRITES, "fit", False, 1.0)
    assert target.getvalue().splitlines() == [SHOWN, f"iris: {SHOWN}", f"{SHOWN}: fit, done in 1.0 s"]
    assert one_line_message(ValueError(REWRITES)) == f"ValueError: {SHOWN}"
    row = dict.fromkeys(("verdict", "chapter", "method", "check", "sentence"), REWRITES)
    [cells] = verdicts([{**row, "required": False, "value": 0.5, "threshold": None}])
    assert cells["chapter"] == cells["method"] == cells["question"] == SHOWN
    manifest = {"title": REWRITES, "chapters": [{"title": REWRITES, "sentence": REWRITES}], "files": {}}
    assert "\x1b" not in summary(Path(REWRITES), manifest, REWRITES, REWRITES)


# --- what it may spend ------------------------------------------------------------------------------------


def job(target: Path, seconds: float = 300, gigabytes: float = 16) -> Job:
    return Job(target=target, integrity_only=True, limits=Limits(seconds=seconds, gigabytes=gigabytes))


def test_a_report_that_takes_too_long_or_too_much_is_one_sentence(whole: bytes, tmp_path: Path) -> None:
    """And no file of the process that tried is left."""
    (path := tmp_path / "f.pdf").write_bytes(whole)
    [late] = verify_within(job(path, seconds=0.2)).findings
    assert late == "it was not read within 0.2 s; --max-seconds gives it more"
    result = verify_within(job(path, gigabytes=0.02))
    assert (result.outcome, EXIT_CODES[result.outcome]) == ("not read", 5)
    assert result.findings[0].startswith("it was not read: the process that tried ended with status ")
    assert str(result).endswith("f.pdf: not read to its end, so nobody knows whether it is damaged")


@pytest.mark.parametrize(
    "told", [MemoryError(), OSError(errno.ENOMEM, "no memory"), RuntimeError("std::bad_alloc")], ids=repr
)
def test_where_memory_runs_out_nothing_is_called_damaged(told: Exception) -> None:
    """Nor where a library says something of its own about it."""
    with pytest.raises(MemoryError, match=r"report\.pdf"), reading("report.pdf"):
        raise told
    with pytest.raises(MemoryError, match=r"report\.pdf"), reading("report.pdf"):
        raise ValueError("it cannot be parsed") from told


def test_whatever_a_library_says_nothing_is_called_damaged_where_hardly_any_memory_was_left(
    whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a limit 0.75 MB above what it had, qpdf said PdfError, and pyarrow RuntimeError."""
    (path := tmp_path / "f.pdf").write_bytes(whole)
    with pytest.raises(Damage):
        read(path)
    monkeypatch.setattr("exhibit.flows.integrity.left", lambda: 50e6)
    with pytest.raises(MemoryError, match=r"f\.pdf"):
        read(path)
    with pytest.raises(MemoryError, match=r"report\.pdf"), reading("report.pdf"):
        raise RuntimeError("it cannot be parsed")


def test_what_is_left_of_memory_is_what_the_limits_of_the_process_leave() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = psutil.Process().memory_info().vms
    resource.setrlimit(resource.RLIMIT_AS, (used + 2_000_000_000, before[1]))
    try:
        assert left() == pytest.approx(2e9, abs=2e8)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_a_table_is_read_without_a_thread_which_a_limit_of_memory_may_forbid(tmp_path: Path) -> None:
    """The library would wait for the end of what never began: with --max-gigabytes=0.3 until --max-seconds was over."""
    (path := tmp_path / "t.parquet").write_bytes(parquet([{"a": number} for number in range(9)]))
    ended = run([sys.executable, "-c", ALONE, str(path)], capture_output=True, text=True, check=True, timeout=120)
    assert ended.stdout == "True\n"


ALONE = """
import os, sys
from pathlib import Path
import numpy, pandas
from exhibit.flows.alike import read_table
before = set(os.listdir("/proc/self/task"))
read_table(Path(sys.argv[1]).read_bytes())
names = [Path(f"/proc/self/task/{one}/comm").read_text() for one in set(os.listdir("/proc/self/task")) - before]
print(not [name for name in names if not name.startswith("jemalloc")])
"""


def test_a_derivation_for_which_memory_is_too_little_does_not_ask_for_data_in_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lacking(*_: object) -> Path:
        raise MemoryError

    monkeypatch.setattr("exhibit.flows.verify.derive", lacking)
    found = derived(Path("f.pdf"), cast(Subject, None), Access())
    assert found.findings == ("MemoryError; it takes more memory than --max-gigabytes says",)


def test_an_error_of_another_kind_is_damage() -> None:
    with pytest.raises(Damage, match=r"report\.pdf: it cannot be read \(OSError\)"), reading("report.pdf"):
        raise OSError(errno.EIO, "no disk")


@pytest.mark.parametrize("key", ["--max-seconds", "--max-gigabytes"])
@pytest.mark.parametrize("given", ["0", "-1", "1e-300", "1e18", "1e300", "nan", "inf", "text", "", "１", "1_0", "0x1"])
def test_what_may_be_spent_has_bounds(key: str, given: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no number, and what the system could not keep, is no limit."""
    with pytest.raises(SystemExit) as met:
        cli.run(["verify", "x.pdf", f"{key}={given}"])
    assert met.value.code == 2
    assert f"argument {key}: a number from 0.".replace("\n", " ") in capsys.readouterr().err


def test_the_names_of_files_begin_no_line_of_their_own(tmp_path: Path) -> None:
    name = "a\nreport.pdf: identical"
    facts: dict[str, Any] = {"files": {name: {"sha256": "0" * 64, "bytes": 1}}, "schema": "exhibit-manifest/1"}
    facts |= {"stages": [], "run": "r", "command": [], "started": "2026", "seconds": 0, "runner": {}, "paths": {}}
    facts |= {"git": {"commit": None, "dirty": None}, "host": {"name": "", "system": "", "processors": 1}}
    (tmp_path / "manifest.json").write_bytes(pretty(facts))
    for make in (lambda path: path.write_text("xy"), lambda path: path.symlink_to("nothing")):
        make(tmp_path / name.replace("/", ""))
        found = verify(tmp_path, integrity_only=True).findings
        assert not any(line.startswith("report.pdf: identical") for line in found), found
        (tmp_path / name).unlink()


def test_what_is_no_report_is_said_by_the_process_as_by_this_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file or directory"):
        verify_within(job(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (1, "ended with status 1 and without an answer"),
        (-9, "was ended by SIGKILL, as the system does where memory runs out, or as somebody did by hand"),
        (-11, "was ended by SIGSEGV: a library crashed"),
    ],
)
def test_how_a_process_ended_is_said(status: int, said: str) -> None:
    assert Ended(status, "").way == said


def test_a_process_reads_nothing_that_is_not_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever asks its standard input for more gets nothing at once, and does not wait."""
    code = "from exhibit.flows.child import asked; line, out = asked(); out.write(line); "
    code += "import sys; out.write(repr(sys.stdin.read())); out.close()"
    monkeypatch.setattr("exhibit.flows.child.child_process", lambda _: ([sys.executable, "-c", code], {}))
    assert run_child("x", "job", 60, {}) == (0, "job\n''", True)
