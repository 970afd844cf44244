"""Facts of labels that are wider than their room: shortened in the middle, and never two alike."""

import io
from base64 import b64decode

import pytest
import uharfbuzz
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from exhibit.tasks.document.fonts import FACES, JAPANESE, marked, path, screen_faces
from exhibit.tasks.drawing.svg import OTHERS, fitted, fitted_apart, number, text_width

_NAMES = st.text(st.sampled_from("abW _"), min_size=1, max_size=40)


def test_a_long_label_keeps_its_beginning_and_its_end() -> None:
    shown = fitted("mean corpuscular haemoglobin concentration (g/dL)", 9, 120)
    assert shown.startswith("mean")
    assert shown.endswith("(g/dL)")
    assert "…" in shown


def test_a_label_that_fits_is_left_alone() -> None:
    assert fitted("age", 9, 100) == "age"


@given(st.text(max_size=40), st.floats(5, 200))
def test_a_shortened_label_fits(content: str, room: float) -> None:
    shown = fitted(content, 9, room)
    assert text_width(shown, 9) <= room or shown == "…"


@pytest.mark.parametrize("name", ["나이 나이 나이", "आयु वर्ष", "ส่วนสูง", "恶性 肿瘤", "🧬 genes", "年収", "age"])
def test_what_no_font_has_is_measured_as_it_is_shown(name: str) -> None:
    """A code point in its place, which is more than four letters wide: else names run over bars and over each other."""
    assert text_width(name, 9) == pytest.approx(text_width(marked(name)[0], 9))
    assert text_width(marked(fitted(name, 9, 90))[0], 9) <= 90


def test_what_another_font_has_is_measured_by_that_font() -> None:
    """And not as a full em: a name in Hebrew keeps all that there is room for. The fonts are those of the pages."""
    assert text_width("גובה", 10) < 30
    assert text_width("e\u0301", 10) == pytest.approx(text_width("e", 10))
    assert {face.family: str(path(face.file)) for face in (*FACES, JAPANESE) if face.family in OTHERS} == OTHERS


def test_letters_that_join_keep_their_joined_forms_on_screen() -> None:
    """In the font that a page carries, reduced to its characters, a letter looks as it does between its neighbours."""
    [face] = [face for face in FACES if face.file == "DejaVuSans.ttf"]
    data = screen_faces("\u0645\u0631\u0636", [face]).partition("base64,")[2].partition('"')[0]
    with TTFont(io.BytesIO(b64decode(data))) as carried:
        carried.flavor = None
        carried.save(plain := io.BytesIO())
    font, line = uharfbuzz.Font(uharfbuzz.Face(plain.getvalue())), uharfbuzz.Buffer()
    line.add_str("\u0645\u0631\u0636")
    line.guess_segment_properties()
    uharfbuzz.shape(font, line)
    assert font.get_nominal_glyph(0x645) not in [info.codepoint for info in line.glyph_infos]


@pytest.mark.parametrize("held", ["1.304", "−12,345.678", "0"])
def test_a_number_at_the_end_of_a_label_is_never_cut(held: str) -> None:
    """Half of its digits behind the ellipsis would be another number."""
    label = f"a name that is far too long for its place: {held}"
    for room in (text_width(f"…: {held}", 9) + 9.0, 90.0, 120.0):
        shown = fitted(label, 9, room)
        assert shown.endswith(f": {held}")
        assert "…" in shown
        assert text_width(shown, 9) <= room + 1e-9
    assert all(shown.endswith(f": {held}") for shown in fitted_apart([label, f"another {label}"], 9, 90.0))


@given(_NAMES, _NAMES, st.lists(_NAMES, min_size=2, max_size=9, unique=True))
def test_labels_that_differ_look_different(begin: str, end: str, names: list[str]) -> None:
    """Also where they have the same beginning, the same end, or both."""
    labels = [f"{begin * 4}{name}{end * 4}" for name in names]
    shown = fitted_apart(labels, 9, 90)
    assert len(set(shown)) == len(set(labels))
    assert all(text_width(one, 9) <= 90 for one in shown)


def test_the_same_label_twice_is_the_same_twice() -> None:
    assert len(set(fitted_apart(["long " * 20] * 2, 9, 60))) == 1


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (-0.3, ".0f", "0"),
        (-0.004, ",.2f", "0.00"),
        (-0.6, ".0f", "−1"),
        (-1e-9, ".1e", "−1.0e−09"),
        (0.0, ".1f", "0.0"),
    ],
)
def test_there_is_no_minus_zero_on_an_axis(value: float, digits: str, shown: str) -> None:
    assert number(value, digits) == shown
