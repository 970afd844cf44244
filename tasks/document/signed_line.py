"""The line that fills a field for a signature, drawn as the rest of the page is."""

from datetime import datetime

from jinja2 import Environment
from markupsafe import Markup, escape

from exhibit.tasks.catalogues import spoken
from exhibit.tasks.document.fonts import marked, paper_faces
from exhibit.tasks.document.html import date, style_sheet
from exhibit.tasks.document.pdf import render_part
from exhibit.tasks.document.signoff import DECISIONS, Said
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.language import ENGLISH, tr


def drawn_line(
    said: Said, when: datetime, certificate: str, size: tuple[float, float], language: str = ENGLISH
) -> bytes:
    """A PDF of one page of `size` in points. `when`: in UTC; `certificate`: whose it is; `language`: of the report.

    Raises:
        InputError: for more than has room there.
    """
    with spoken(language):
        decision = Markup("<b>{}</b>").format(tr(DECISIONS[said.decision]))
        words = {
            "said": said,
            "decided": Markup(tr("{decision} by {name}", decision=decision, name=escape(said.name))),
            "when": tr(
                "{day}, {clock} UTC; certificate of {certificate}",
                day=date(when.isoformat()),
                clock=f"{when:%H:%M}",
                certificate=certificate,
            ),
        }
    body, _ = marked(Environment(autoescape=True).from_string(_LINE).render(words))
    sheet = f"{paper_faces(body)}{style_sheet('signoff.css')}@page {{ size: {size[0]}pt {size[1]}pt }}"
    pages, data = render_part(f"<style>{sheet}</style>{body}")
    if pages > 1:
        raise InputError("the name and the comment do not fit into the box on the page; make the comment shorter")
    return data


_LINE = (
    '<p class="{{ said.decision }}">{{ decided }}</p>'
    '<p class="by">{{ when }}</p>'
    "{% if said.comment %}<p>{{ said.comment }}</p>{% endif %}"
)
