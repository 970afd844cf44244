"""All runs of a folder on one page, in one file: what each said, how it was judged, and where it is."""

import io
import json
import re
import secrets
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

from markupsafe import Markup

from exhibit.tasks.catalogues import spoken
from exhibit.tasks.document.fonts import screen_faces
from exhibit.tasks.document.html import environment, script_of, source_hash, style_sheet
from exhibit.tasks.faces import FACES
from exhibit.tasks.records.base import Record
from exhibit.tasks.records.language import ENGLISH, language_now
from exhibit.tasks.records.manifest import MANIFEST
from exhibit.tasks.records.opening import there, whole

INDEX = "index.html"
_LARGEST = 60_000  # bytes of a picture on this page: a list of hundreds of runs has to open at once


class Entry(Record):
    """One run as the page shows it. `overall`: whether it can be trusted, empty of a run that does not say; `passed`,
    `failed`, `required_failed`: checks as page one counts them, over all methods, else results; `pictures`: as
    elements."""

    run: str
    title: str
    when: str
    seconds: float
    chapters: tuple[str, ...]
    sentences: tuple[str, ...]
    command: str
    overall: str
    passed: int
    failed: int
    required_failed: int
    pictures: tuple[str, ...]


def write_index(runs: Path, language: str = ENGLISH) -> None:
    """Writes `index.html` of the finished runs in this folder, the newest first; an unfinished one has no manifest.
    `language`: of the page; each run is told in that of its report."""
    entries = [_entry(path.parent) for path in sorted(runs.glob(f"*/{MANIFEST}"), reverse=True)]
    temporary = runs / f".{INDEX}.{secrets.token_hex(4)}.tmp"
    try:
        with spoken(language):
            written = page([entry for entry in entries if entry is not None])
        temporary.write_text(written, encoding="utf-8")
        temporary.replace(runs / INDEX)
    finally:
        temporary.unlink(missing_ok=True)


def page(entries: Sequence[Entry]) -> str:
    """The page: complete without scripts, and nothing is fetched."""
    templates = environment("screen")
    sheet, script = style_sheet("index.css"), script_of(["index.js"])
    body = templates.get_template("index.html.jinja").render(entries=entries)
    plain = [face for face in FACES if face.style == "normal" and face.family.startswith("Source Sans")]
    style = screen_faces(body + sheet + script, plain) + sheet
    return templates.get_template("index_page.html.jinja").render(
        body=Markup(body),
        style=Markup(style),
        style_hash=source_hash(style),
        script=Markup(script),
        script_hash=source_hash(script),
        language=language_now(),
    )


def _entry(directory: Path) -> Entry | None:
    """None for a folder whose manifest or checks cannot be read: `exhibit verify` says what is wrong with it."""
    try:
        manifest = json.loads(whole(directory / MANIFEST))
        checks = json.loads(whole(directory / "checks.json"))
        return _read(directory, manifest, checks)
    except (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RecursionError, TypeError, ValueError):
        return None


def _read(directory: Path, manifest: dict[str, Any], checks: list[dict[str, Any]]) -> Entry:
    chapters = manifest.get("chapters", [])
    pictures = [name for chapter in chapters for name in chapter["pictures"] if _OWN_PICTURE(name)]
    overall, counted = _answers(directory)
    required = [check for check in checks if check["verdict"] == "fail" and check["required"]]
    return Entry(
        run=directory.name,
        title=manifest.get("title") or directory.name,
        when=manifest["started"][:16].replace("T", " "),
        seconds=manifest["seconds"],
        chapters=tuple(chapter["title"] for chapter in chapters),
        sentences=tuple(chapter["sentence"] for chapter in chapters),
        command=" ".join(manifest["command"]),
        overall=overall,
        passed=counted["passed"] if counted else sum(check["verdict"] == "pass" for check in checks),
        failed=counted["failed"] if counted else sum(check["verdict"] == "fail" for check in checks),
        required_failed=len({(check["chapter"], check["check"]) for check in required}) if counted else len(required),
        pictures=tuple(filter(None, (_picture(directory / name) for name in pictures[:6]))),
    )


_OWN_PICTURE = re.compile(r"figures/[\w.-]+\.(?:png|svg)").fullmatch  # the run may have come from somebody else
_DRAWN = {"circle", "ellipse", "g", "image", "line", "path", "polygon", "polyline", "rect", "svg", "text", "title",
          "tspan"}  # fmt: skip
_ATTRIBUTES = re.compile(r"""(?:\s+(?!on|style)[a-z][A-Za-z0-9:-]*=(?:"[^"<]*"|'[^'<]*'))*\s*/?""")
_LEADS = re.compile(r"""\b(?:xlink:)?(?:href|src)\s*=\s*["'](?!data:image/png;base64,)|url\(""", re.IGNORECASE)


def harmless(svg: str) -> bool:
    """Whether a drawing only draws: it is put into a page as it is, and anyone may have made it."""
    tags = re.findall(r"<(/?)([A-Za-z]*)([^<>]*)>", svg)
    return (
        len(tags) == svg.count("<")
        and svg.startswith("<svg")
        and all(name in _DRAWN and _ATTRIBUTES.fullmatch(rest) for _, name, rest in tags)
        and not _LEADS.search(svg)
    )


def _answers(directory: Path) -> tuple[str, Counter[str]]:
    """The answer over all, and how many checks passed and failed, of all chapters; nothing of a run that has none."""
    path = directory / "answers.json"
    if not path.exists():
        return "", Counter()
    found = json.loads(whole(path))
    counted: Counter[str] = Counter()
    for answer in found.get("answers", []):
        for reason in (one for result in answer["results"] for one in result["reasons"]):
            if reason["id"] == "checks counted":
                counted.update(passed=int(reason["passed"]), failed=int(reason["failed"]))
    return str(found["overall"]), counted


def _picture(path: Path) -> str:
    """The picture as an element of the page, where a drawing finds its letters; none for one that is missing, cannot be
    read or does more than draw, nor for a drawing too large, which has no pixels to average."""
    if path.is_symlink() or path.parent.is_symlink() or not there(path):
        return ""
    try:
        data = whole(path)
        if path.suffix == ".png":
            return f'<img alt="" src="data:image/png;base64,{b64encode(_small(data)).decode()}">'
        if len(data) > _LARGEST or not harmless(svg := data.decode().strip()):
            return ""
        return svg.replace("<svg ", '<svg aria-hidden="true" ', 1)
    except (OSError, SyntaxError, ValueError):  # as Pillow says it
        return ""


def _small(png: bytes) -> bytes:
    """The picture, with squares of pixels averaged to one until it is small enough."""
    if len(png) <= _LARGEST:
        return png
    from PIL import Image

    whole = Image.open(io.BytesIO(png), formats=("PNG",))
    return next(data for side in count(2) if len(data := _png(whole.reduce(side))) <= _LARGEST)


def _png(picture: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
