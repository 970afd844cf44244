"""Facts of labels that are wider than their room: shortened in the middle, and never two alike."""

import io
import re
from base64 import b64decode

import pytest
import uharfbuzz
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from exhibit.tasks.catalogues import spoken
from exhibit.tasks.document.fonts import marked, required, screen_faces, without_glyph
from exhibit.tasks.drawing.svg import fitted, fitted_apart, number, text_width
from exhibit.tasks.faces import path

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


@pytest.mark.parametrize("name", ["나이 나이 나이", "आयु वर्ष", "恶性 肿瘤", "𓀀 𓃀", "🧬 genes", "年収", "age"])
def test_what_no_font_has_is_measured_as_it_is_shown(name: str) -> None:
    """A code point in its place, which is more than four letters wide: else names run over bars and over each other."""
    assert text_width(name, 9) == pytest.approx(text_width(marked(name)[0], 9))
    assert text_width(marked(fitted(name, 9, 90))[0], 9) <= 90


def test_what_another_font_has_is_measured_by_that_font() -> None:
    """And not as a full em: a name in Hebrew keeps all that there is room for."""
    assert text_width("גובה", 10) < 30
    assert text_width("e\u0301", 10) == pytest.approx(text_width("e", 10))


def test_a_blank_is_as_wide_as_in_the_font_of_the_letters_before_it() -> None:
    """In DejaVu Sans half as wide again: of nine words the last ran into the next figure."""
    advances = TTFont(path("DejaVuSans.ttf"))["hmtx"]
    wider = text_width("קש קש", 2048) - 2 * text_width("קש", 2048)
    assert wider == pytest.approx(advances["space"][0], abs=1)
    assert text_width("a b", 10) == pytest.approx(text_width("ab", 10) + text_width(" ", 10))


def carried(text: str, family: str, weight: int = 400) -> bytes:
    """The font of that family which a page with this text carries, reduced to its characters."""
    [data] = re.findall(f'"{family}";font-weight:{weight};[^}}]*?base64,(.*?)"', screen_faces(text))
    with TTFont(io.BytesIO(b64decode(data))) as font:
        font.flavor = None
        font.save(plain := io.BytesIO())
    return plain.getvalue()


@pytest.mark.parametrize(
    ("text", "family"),
    [("น้ำหนัก", "Noto Sans Thai"), ("ກຳ", "DejaVu Sans"), ("কো", "Noto Sans Bengali"), ("கொ", "Noto Sans Tamil"),
     ("កើ", "Noto Sans Khmer"), ("ड़", "Noto Sans Devanagari"), ("한국", "Noto Sans KR")],
)  # fmt: skip
def test_a_vowel_that_is_shaped_in_two_parts_has_both(text: str, family: str) -> None:
    """They are no characters of the text: without them a report with a Thai name could not be written."""
    _, glyphs = shaped(text, carried(text, family))
    assert glyphs
    assert 0 not in glyphs


def shaped(text: str, font: bytes) -> tuple[uharfbuzz.Font, list[int]]:
    """The glyphs that a browser would show."""
    found, line = uharfbuzz.Font(uharfbuzz.Face(font)), uharfbuzz.Buffer()
    line.add_str(text)
    line.guess_segment_properties()
    uharfbuzz.shape(found, line)
    return found, [info.codepoint for info in line.glyph_infos]


def test_letters_that_join_keep_their_joined_forms_on_screen() -> None:
    """In the font that a page carries, reduced to its characters, a letter looks as it does between its neighbours."""
    font, glyphs = shaped("\u0645\u0631\u0636", carried("\u0645\u0631\u0636", "DejaVu Sans"))
    assert font.get_nominal_glyph(0x645) not in glyphs


def test_letters_of_devanagari_join_on_screen() -> None:
    """Ka, the sign that takes its vowel away and ssa are one glyph."""
    word = "\u0915\u094d\u0937"
    assert len(shaped(word, carried(word, "Noto Sans Devanagari"))[1]) == 1


SCRIPTS_OF = {
    "나이": "Noto Sans KR",
    "肿瘤": "Noto Sans SC",
    "आयु": "Noto Sans Devanagari",
    "বয়স": "Noto Sans Bengali",
    "வயது": "Noto Sans Tamil",
    "వయస్సు": "Noto Sans Telugu",
    "ส่วนสูง": "Noto Sans Thai",
    "អាយុ": "Noto Sans Khmer",
    "အသက်": "Noto Sans Myanmar",
    "年収": "Noto Sans JP",
}


def test_each_script_has_a_font_and_only_the_one_that_it_needs() -> None:
    found = {word: [face.family for face in required(word)] for word in SCRIPTS_OF}
    assert found == {word: [family] for word, family in SCRIPTS_OF.items()}
    assert required("age Größe возраст") == {}
    assert without_glyph("".join(SCRIPTS_OF)) == []


def test_chinese_is_set_in_one_face_and_japanese_in_its_own() -> None:
    """恶 and 肿 are letters of simplified Chinese alone, 性 is one of both; kana are Japanese."""
    assert [face.family for face in required("恶性肿瘤")] == ["Noto Sans SC"]
    assert [face.family for face in required("悪性の 肿")] == ["Noto Sans JP", "Noto Sans SC"]


def test_of_a_font_of_all_weights_the_regular_one_is_carried_and_measured() -> None:
    """The file begins with the thinnest."""
    font = uharfbuzz.Font(uharfbuzz.Face(carried("i나", "Noto Sans KR")))
    regular = uharfbuzz.Font(uharfbuzz.Face(path("NotoSansKR[wght].ttf").read_bytes()))
    thin = regular.get_glyph_extents(glyph := regular.get_nominal_glyph(0xB098))
    regular.set_variations({"wght": 400})
    assert font.face.axis_infos == []
    shown = font.get_glyph_extents(font.get_nominal_glyph(0xB098))
    assert shown.width == pytest.approx(regular.get_glyph_extents(glyph).width, abs=1)
    assert shown.width != pytest.approx(thin.width, abs=1)
    assert text_width("나", 1000) == pytest.approx(regular.get_glyph_h_advance(glyph), abs=1)


@pytest.mark.parametrize("weight", [400, 600])
def test_what_is_bold_in_such_a_font_is_drawn_bold_and_not_smeared(weight: int) -> None:
    font = uharfbuzz.Font(uharfbuzz.Face(carried("年齢", "Noto Sans JP", weight)))
    whole = uharfbuzz.Font(uharfbuzz.Face(path("NotoSansJP[wght].ttf").read_bytes()))
    whole.set_variations({"wght": weight})
    expected = whole.get_glyph_extents(whole.get_nominal_glyph(ord("年")))
    assert font.get_glyph_extents(font.get_nominal_glyph(ord("年"))) == expected


@pytest.mark.parametrize(("language", "serif", "first"), [
    ("en", None, "Noto Sans JP"),
    ("ja", "Noto Serif JP", "Noto Sans JP"),
    ("zh-Hans", "Noto Serif SC", "Noto Sans SC"),
])  # fmt: skip
def test_a_page_is_set_in_the_forms_of_its_language(language: str, serif: str | None, first: str) -> None:
    """性 is a letter of both; of one page only what is in its language has serifs, in a bold line none."""
    with spoken(language):
        rules = screen_faces("性")
    assert re.findall(r'"(Noto [\w ]+)"', rules) == [first] * 2 + [serif] * 2 * bool(serif)


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


@pytest.mark.parametrize("numbers", [("0.041", "0.048"), ("−2.325", "0.917"), ("1", "1,000,000")])
def test_names_are_told_apart_whatever_numbers_stand_behind_them(numbers: tuple[str, str]) -> None:
    """Two features of one sample, which begin and end alike."""
    names = [
        f"customer_lifetime_value_in_the_last_twelve_months_{kind}_of_all_fees_and_taxes" for kind in ("gross", "net")
    ]
    labels = [f"{name}: {behind}" for name, behind in zip(names, numbers, strict=True)]
    first, *shown = fitted_apart(["baseline", *labels], 9, 150)
    assert first == "baseline"
    for name, behind, label in zip(names, numbers, shown, strict=True):
        assert text_width(label, 9) <= 150
        begin, _, end = label.removesuffix(f": {behind}").partition("…")
        assert [other for other in names if other.startswith(begin) and other.endswith(end)] == [name]
