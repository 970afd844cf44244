"""The document as one HTML file, from one set of templates: for the screen, or as the source of the PDF."""

import json
import re
from ast import literal_eval
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Literal, get_args

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from markupsafe import escape as escape_markup

from exhibit.tasks.catalogues import spoken
from exhibit.tasks.document import layout, screen
from exhibit.tasks.document.fonts import marked, paper_faces, require_glyphs, screen_faces
from exhibit.tasks.document.reading import guides, read
from exhibit.tasks.document.words import judged
from exhibit.tasks.records.base import Record
from exhibit.tasks.records.figure import Drawing, Part, Scale
from exhibit.tasks.records.filed import State
from exhibit.tasks.records.language import ENGLISH, language_now, sentences, tr, trn, trp
from exhibit.tasks.records.page import Document, MissingGlyphs, Paper, Table
from exhibit.tasks.records.shown import CONTROLS
from exhibit.tasks.records.verdict import Verdict

TEMPLATES = Path(__file__).parents[2] / "templates"
Medium = Literal["screen", "print"]
CLOSER = ("full", "full brief")  # how closely the front of a printed page can be set: classes of the style sheet
SCRIPTS = ("report.js", "saving.js", "finding.js", "start.js")  # one script: the last calls what the others define


class Facts(Record):
    """What stands in the document but is not its content.

    `issued`: ISO 8601 time in UTC; `paper`: of the PDF; `digest`: content digest in hex; `provenance`: tables of what
    determined the result; `config`: the full configuration as YAML; `version`: of the generator.
    """

    issued: str
    paper: Paper = "A4"
    digest: str
    provenance: tuple[Table, ...]
    config: str
    version: str
    missing_glyphs: MissingGlyphs = "mark"


def render_html(
    document: Document,
    drawings: Mapping[str, Drawing],
    facts: Facts,
    medium: Medium,
    template: str = "report.html.jinja",
    dense: str = "",
) -> str:
    """One self-contained page; nothing is fetched and no script is needed. `template`: of what stands on it, the whole
    report or its front. `dense`: how closely the front of a printed page is set, if not as usual: one of `CLOSER`.

    Raises:
        InputError: for a character that no font of the document has, where that is to be refused.
        KeyError: for a figure without a drawing.
    """
    with spoken(document.language):
        return _rendered(document, drawings, facts, medium, template, dense)


def _rendered(
    document: Document, drawings: Mapping[str, Drawing], facts: Facts, medium: Medium, template: str, dense: str
) -> str:
    templates = environment(medium)
    reduction = screen.Reduction.of(drawings.values()) if medium == "screen" else screen.Reduction()
    templates.globals.update(
        reduction=reduction,
        picture=partial(_picture, medium, reduction),
        values=partial(screen.values, reduction=reduction),
    )
    tables = _tables(document, facts)
    numbers = {
        "figure": {name: number for number, name in enumerate(_figures(document), 1)},
        "table": {table.name: number for number, table in enumerate(tables, 1)},
    }
    body = templates.get_template(template).render(
        whole=template != "front.html.jinja",
        dense=dense,
        few=few(document),
        document=document,
        drawings=drawings,
        facts=facts,
        tables=tables,
        numbers=numbers,
        guides=guides(drawings, numbers["figure"]),
        read=lambda drawing: read([drawing]),
    )
    if facts.missing_glyphs == "refuse":
        require_glyphs(body)
    body, note = marked(body)
    if note:
        body += f'<footer class="note missing-glyphs">{escape(note)}</footer>'
    body = body.translate(CONTROLS)
    foot = tr("Exhibit report · content {digest}", digest=grouped(facts.digest[:12]))
    page = templates.get_template("page.html.jinja").render(
        document=document, facts=facts, body=Markup(body), foot=foot, **_own(medium, body + foot, facts.paper)
    )
    return page.translate(CONTROLS)


def few(document: Document) -> bool:
    """Whether all that was found can stand on page one; of more, each has less room there and the pages go on."""
    return _shown(document) < _SEVERAL


def _shown(document: Document) -> int:
    """Chapters of which the front says what was found."""
    return sum(chapter.teaser is not None for chapter in document.chapters)


def one_front(document: Document) -> bool:
    """Whether the document has a front that is to be one page, with the verdicts after it: of up to three chapters."""
    return bool(document.front.answers) and not document.decisions and _shown(document) <= _SEVERAL


_SEVERAL = 3  # chapters


def environment(medium: Medium) -> Environment:
    """The templates of this medium, with what they call."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(date=date, dict=dict, filled=filled, grouped=grouped, headline=headline, linked=linked)
    templates.globals.update(
        medium=medium,
        tr=tr,
        trn=trn,
        trp=trp,
        sentences=sentences,
        judged=judged,
        stated=stated,
        code=Markup("<code>{}</code>").format,
        bold=Markup("<b>{}</b>").format,
        language=language_now(),
        verdicts=frozenset(get_args(Verdict)),
        facets=lambda content, row=None: screen.facets(content.facets, row) if medium == "screen" else "",
        panel_facets=lambda content: screen.panel_facets(content.facets) if medium == "screen" else "",
        scale_alt=_scale_alt,
        reachable=lambda name: screen.reachable(name) if medium == "screen" else "",
        layout=layout,
    )
    return templates


def script_of(names: Sequence[str]) -> str:
    """Scripts of the templates as one, with what they say in the language of the page."""
    scripts = [(TEMPLATES / name).read_text() for name in names]
    return "".join(['"use strict";\n', _words(scripts), *scripts])


def _words(scripts: Sequence[str]) -> str:
    """What the scripts say, in the language of the page."""
    said = dict.fromkeys(literal_eval(found) for script in scripts for found in _SAID.findall(script))
    return f"const words = {json.dumps({text: tr(text) for text in said}, ensure_ascii=False)};\n"


_SAID = re.compile(r'\btr\(("(?:[^"\\]|\\.)*")')


def _own(medium: Medium, body: str, paper: Paper) -> dict[str, str]:
    """Style and script of the page with the hashes that its policy names; paper has no script."""
    sheet = style_sheet("print.css") if medium == "print" else _screen_sheet()
    script = script_of(SCRIPTS)
    if medium == "screen":
        style = screen_faces(body + script + sheet) + sheet
    else:
        style = f"{paper_faces(body)}{sheet}@page {{ size: {paper} }}"
    return {
        "style": Markup(style),
        "style_hash": source_hash(style),
        "script": Markup(script),
        "script_hash": source_hash(script),
    }


def _screen_sheet() -> str:
    """What the page looks like on the screen, and that it is printed from there as the paper is."""
    paper = "".join((TEMPLATES / name).read_text() for name in ("print.css", "printed.css"))
    screen = (TEMPLATES / "screen.css").read_text()
    return f"{_colours()}@media screen {{\n{screen}}}\n@media print {{\n{_PAPER_ALONE.sub('', paper)}}}\n"


# What the engine of the PDF knows and browsers do not: headings that run, bookmarks, and numbers of other pages.
_PAPER_ALONE = re.compile(
    r"@(top|bottom)-(left|right) \{ content: string\([^}]*\}|(string-set|bookmark-level):[^;}]*;?"
    r"|content:[^;}]*(target-counter|leader)\([^;}]*;?"
)


def style_sheet(name: str) -> str:
    """A style sheet of the templates, with the colours that all of them take from one place."""
    return _colours() + (TEMPLATES / name).read_text()


def _colours() -> str:
    return (TEMPLATES / "colours.css").read_text()


def source_hash(source: str) -> str:
    """What a Content-Security-Policy calls this style or script."""
    return b64encode(sha256(source.encode()).digest()).decode()


def _figures(document: Document) -> list[str]:
    """Names of the figures in the order in which they stand; those of page one alone have no number."""
    return list(dict.fromkeys(name for block in document.blocks for name in block.figures))


def _tables(document: Document, facts: Facts) -> list[Table]:
    return [*(table for block in document.blocks for table in block.tables), *facts.provenance]


def _picture(medium: Medium, reduction: screen.Reduction, part: Part, alt: str, width: int | None = None) -> Markup:
    """A part inside the page: vector pictures as elements, so that they use its fonts and colours."""
    if part.media_type == "image/png":
        kind, data = screen.reduced(part, reduction) if medium == "screen" else (part.media_type, part.data)
        return Markup('<img alt="{}" width="{}" src="data:{};base64,{}">').format(
            alt, width or part.size[0], kind, b64encode(data).decode()
        )
    svg = part.data.decode()
    if medium == "screen":  # a title would pop up under the pointer
        return Markup(svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1))
    # Titles of cells are for a pointer: on paper nobody sees them, and thousands take WeasyPrint seconds.
    return Markup(_TITLE.sub("", svg).replace(">", f"><title>{escape(alt)}</title>", 1))


_TITLE = re.compile("<title>[^<]*</title>")


def _scale_alt(scale: Scale) -> str:
    limit, unit = f"{scale.limit:.3g}", tr(scale.unit)
    if not scale.signed:
        return tr("Colour scale of {unit}: white 0, red {limit}; sizes have no sign.", unit=unit, limit=limit)
    if scale.palette == "keras_example":
        return tr("Colour scale of {unit}: red light −{limit}, none 0, green light +{limit}.", unit=unit, limit=limit)
    return tr("Colour scale of {unit}: blue −{limit}, white 0, red +{limit}.", unit=unit, limit=limit)


def headline(caption: str) -> str:
    """What a caption says first, for the lists of figures and tables."""
    head, *rest = _ENDS.split(caption)
    if head.endswith((":", "：")) and len(head) < _SHORT:  # a method alone
        between = " " if head.endswith(":") else ""
        return f"{head}{between}{_STOPS.split(rest[0])[0]}".rstrip(_LAST)
    return head.rstrip(_LAST)


_ENDS, _STOPS = re.compile("(?<=[.:;]) |(?<=[。：；])"), re.compile("[.,:;] |[。、，：；]")
_LAST = ".:;,。：；、，"
_SHORT = 30  # letters


def stated(state: State) -> str:
    """What a card or a profile has on a field or a clause."""
    words: dict[State, str] = {
        "here": trp("state", "here"),
        "in part": tr("in part"),
        "not stated": tr("not stated"),
        "not provided by this report": tr("not provided by this report"),
    }
    return words[state]


def filled(text: str, **parts: str) -> Markup:
    """A text of the page with markup for its {names}."""
    return escape_markup(text).format_map(parts)


def linked(text: str) -> Markup:
    """A text in which what follows `doi:` leads to the publication."""
    plain = _DOI.split(text)  # and every second part a number
    link = Markup('<a href="https://doi.org/{0}">doi:{0}</a>')
    return Markup("").join(link.format(part) if k % 2 else part for k, part in enumerate(plain))


_DOI = re.compile(r"\bdoi:(10\.\d{4,9}/[^\s;,]*[^\s;,.])")


def date(issued: str) -> str:
    """21 November 2026."""
    day = datetime.fromisoformat(issued)
    if (language := language_now()) != ENGLISH:
        from babel.dates import format_date

        return format_date(day, "long", language.replace("-", "_"))
    return f"{day.day} {day:%B %Y}"


def grouped(digest: str) -> str:
    """Hex in groups of four: 7c1e 04ab."""
    return " ".join(digest[i : i + 4] for i in range(0, len(digest), 4))
