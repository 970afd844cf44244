"""The line that fills a field for a signature, drawn as the rest of the page is."""

from jinja2 import Environment

from exhibit.tasks.document.fonts import marked, paper_faces
from exhibit.tasks.document.html import style_sheet
from exhibit.tasks.document.pdf import render_part
from exhibit.tasks.document.signoff import Said, in_words
from exhibit.tasks.records.base import InputError


def drawn_line(said: Said, when: str, certificate: str, size: tuple[float, float]) -> bytes:
    """A PDF of one page of `size` in points. `when` as it is read; `certificate`: whose it is.

    Raises:
        InputError: for more than has room there.
    """
    words = {"said": said, "decision": in_words(said.decision), "when": when, "certificate": certificate}
    body, _ = marked(Environment(autoescape=True).from_string(_LINE).render(words))
    sheet = f"{paper_faces(body)}{style_sheet('signoff.css')}@page {{ size: {size[0]}pt {size[1]}pt }}"
    pages, data = render_part(f"<style>{sheet}</style>{body}")
    if pages > 1:
        raise InputError("the name and the comment do not fit into the box on the page; make the comment shorter")
    return data


_LINE = (
    '<p class="{{ said.decision }}"><b>{{ decision }}</b> by {{ said.name }}</p>'
    '<p class="by">{{ when }}; certificate of {{ certificate }}</p>'
    "{% if said.comment %}<p>{{ said.comment }}</p>{% endif %}"
)
