"""The document as one HTML file, from one set of templates: for the screen, or as the source of the PDF."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any, Literal, get_args

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tasks.document.fonts import paper_faces, require_glyphs, screen_faces
from tasks.records import Block, Document, Drawing, Figure, Images, Molecules, Part, Record, Scale, Table, Verdict

TEMPLATES = Path(__file__).parents[2] / "templates"
Medium = Literal["screen", "print"]
_COLUMN, _PAGE = 436, 640  # CSS pixels of the wide column and of both on paper


class Facts(Record):
    """What stands in the document but is not its content.

    `issued`: ISO 8601 time in UTC; `digest`: content digest in hex; `provenance`: tables of what determined the
    result; `config`: the full configuration as YAML; `version`: of the generator.
    """

    issued: str
    digest: str
    provenance: tuple[Table, ...]
    config: str
    version: str


def render_html(document: Document, drawings: Mapping[str, Drawing], facts: Facts, medium: Medium) -> str:
    """One self-contained page; nothing is fetched and no script is needed.

    Raises:
        InputError: for a character that no font of the document has.
        KeyError: for a figure without a drawing.
    """
    environment = _environment(medium)
    tables = _tables(document, facts)
    numbers = {
        "figure": {name: number for number, name in enumerate(_figures(document), 1)},
        "table": {table.name: number for number, table in enumerate(tables, 1)},
    }
    body = environment.get_template("report.html.jinja").render(
        document=document, drawings=drawings, facts=facts, tables=tables, numbers=numbers, medium=medium
    )
    require_glyphs(body)
    return environment.get_template("page.html.jinja").render(
        document=document, facts=facts, medium=medium, body=Markup(body), **_style(medium, body)
    )


def _environment(medium: Medium) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(date=_date, grouped=grouped, anchor=_anchor)
    environment.globals.update(
        picture=partial(_picture, medium),
        verdicts=frozenset(get_args(Verdict)),
        cell_width=_cell_width,
        scale_alt=_scale_alt,
        headline=_headline,
        shape=_shape,
        long=_long,
        unbroken=_unbroken,
    )
    return environment


def _style(medium: Medium, body: str) -> dict[str, Any]:
    sheet = (TEMPLATES / f"{medium}.css").read_text()
    style = (screen_faces(body) if medium == "screen" else paper_faces()) + sheet
    return {"style": Markup(style), "style_hash": b64encode(sha256(style.encode()).digest()).decode()}


def _figures(document: Document) -> list[str]:
    """Names of the figures in the order in which they stand; those of page one alone have no number."""
    return list(dict.fromkeys(name for block in _blocks(document) for name in block.figures))


def _tables(document: Document, facts: Facts) -> list[Table]:
    return [*(table for block in _blocks(document) for table in block.tables), *facts.provenance]


def _blocks(document: Document) -> list[Block]:
    sections = [section for chapter in document.chapters for section in chapter.sections]
    return [block for section in (*sections, *document.back) for block in section.blocks]


def _picture(medium: Medium, part: Part, alt: str, width: int | None = None) -> Markup:
    """A part inside the page: vector pictures as elements, so that they use its fonts and colours."""
    if part.media_type == "image/png":
        data = b64encode(part.data).decode()
        return Markup('<img alt="{}" width="{}" src="data:image/png;base64,{}">').format(alt, width or part.size[0], data)
    svg = part.data.decode()
    if medium == "screen":  # a title would pop up under the pointer
        return Markup(svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1))
    return Markup(svg.replace(">", f"><title>{escape(alt)}</title>", 1))


def _cell_width(figure: Figure, columns: int, labelled: bool) -> int:
    """CSS pixels of one cell of an image grid."""
    available = (_PAGE if _broad(figure) else _COLUMN) * figure.width - (76 if labelled else 0)
    return int(min(118, available / columns - 8))


def _unbroken(value: str) -> bool:
    """Whether a cell has a word that must be broken to fit."""
    return max(map(len, value.split()), default=0) > 28


def _scale_alt(scale: Scale) -> str:
    limit = f"{scale.limit:.3g}"
    return f"Colour scale of {scale.unit}: blue −{limit}, white 0, red +{limit}."


def _shape(block: Block, drawings: Mapping[str, Drawing]) -> str:
    """How a block is laid out: `broad` figures take both columns, `keep` blocks stay on one page."""
    figures = [drawings[name].figure for name in block.figures]
    keep = len(figures) <= 1 and not any(map(_long, figures)) and sum(len(table.rows) for table in block.tables) <= 8
    broad = any(map(_broad, figures)) or (block.tables and not block.asides)
    return " ".join(["broad"] * bool(broad) + ["keep"] * keep)


def _broad(figure: Figure) -> bool:
    match figure.content:
        case Molecules(items=items):
            return len(items) > 2
        case Images(rows=rows):
            return len(rows[0]) > 4
    return False


def _long(figure: Figure) -> bool:
    """Whether a figure may go on on the next page."""
    match figure.content:
        case Molecules(items=items):
            return len(items) > 3
        case Images(rows=rows):
            return len(rows) > 4
    return False


def _headline(caption: str) -> str:
    """The first sentence of a caption, for the lists of figures and tables."""
    return caption.split(". ")[0].rstrip(".")


def _date(issued: str) -> str:
    """21 November 2026."""
    day = datetime.fromisoformat(issued)
    return f"{day.day} {day:%B %Y}"


def grouped(digest: str) -> str:
    """Hex in groups of four: 7c1e 04ab."""
    return " ".join(digest[i : i + 4] for i in range(0, len(digest), 4))


def _anchor(title: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in title.lower()).strip("-")
