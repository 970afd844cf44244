"""One place for the colours and one for the type: nothing else in the project writes a colour or names a font."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from exhibit.tasks.document.fonts import MARKS_ALONE
from exhibit.tasks.drawing import svg
from exhibit.tasks.faces import CHINESE, FACES, JAPANESE, SCRIPTS, SERIFS

ROOT = Path(__file__).parents[2]
HEX = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b|\brgba?\(")
SHEETS = sorted((ROOT / "templates").glob("*.css"))
SHARED = ("ink", "quiet", "rule", "paper", "main", "second", "reference")


def test_pictures_take_their_colours_from_one_module_and_the_scale_of_signs() -> None:
    """RDKit's own black, which becomes ink, aside."""
    modules = [path for path in (ROOT / "tasks").rglob("*.py") if path.name not in ("svg.py", "colormap.py")]
    found = {path.name: HEX.findall(path.read_text().replace('"#000000"', "")) for path in modules}
    assert {name: colours for name, colours in found.items() if colours} == {}


def test_pages_take_their_colours_from_one_sheet() -> None:
    files = [*SHEETS, *(ROOT / "templates").rglob("*.jinja"), *(ROOT / "templates").glob("*.js")]
    found = {path.name: HEX.findall(path.read_text()) for path in files if path.name != "colours.css"}
    assert {name: colours for name, colours in found.items() if colours} == {}


def test_pages_and_pictures_agree_about_their_colours() -> None:
    light = (ROOT / "templates" / "colours.css").read_text().split("@media", maxsplit=1)[0]
    colours = dict(re.findall(r"--([\w-]+): (#\w+);", light))
    assert {name: colours[name] for name in SHARED} == {name: getattr(svg, name.upper()) for name in SHARED}


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_pages_name_only_fonts_that_come_along(sheet: Path) -> None:
    named = set(re.findall(r'"([A-Z][\w ]+)"', sheet.read_text()))
    assert named <= {face.family for face in (*FACES, JAPANESE, CHINESE, *SCRIPTS, *SERIFS.values(), *MARKS_ALONE)}


def test_pictures_name_only_fonts_that_come_along() -> None:
    drawn = svg.picture("chart", 1, 1).data.decode()
    families = re.search(r'font-family="([^"]+)"', drawn)
    assert families is not None
    assert set(families[1].split(", ")) <= {face.family for face in (*FACES, JAPANESE, CHINESE, *SCRIPTS)}


def luminance(colour: str) -> float:
    """Relative luminance of sRGB, WCAG 2."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("part", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "soft", "quiet", "pass", "fail"])
def test_words_stand_out_from_the_page_and_from_their_tints(name: str, part: int) -> None:
    """At least 4.5 to 1, WCAG AA for text."""
    sheet = (ROOT / "templates" / "colours.css").read_text().split("@media", maxsplit=1)[part]
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", sheet.split(".kind-")[0]))
    grounds = [colours["paper"], colours.get(f"{name}-tint", colours["none-tint"])]
    assert min(contrast(colours[name], ground) for ground in grounds) >= 4.5


def test_shades_darken_in_steps_that_a_print_in_grey_shows() -> None:
    """From low to high, each clearly darker than the one before."""
    assert [luminance(one) > luminance(other) for one, other in pairwise(svg.SHADES)] == [True] * 4
    assert min(contrast(one, other) for one, other in pairwise(svg.SHADES)) > 1.35


def test_series_without_a_sign_are_told_apart_in_grey() -> None:
    assert contrast(svg.MAIN, svg.SECOND) > 2
    assert contrast(svg.SECOND, svg.REFERENCE) > 1.7
