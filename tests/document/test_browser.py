"""The page in a real browser: every control does what it says, nothing is asked of the network or complained about."""

import csv
import io
import itertools
import json
import os
import re
import shutil
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image
from websockets.sync.client import connect

from exhibit.tasks.catalogues import spoken
from exhibit.tasks.document.html import render_html
from exhibit.tasks.document.index import write_index
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.drawing.matrix import matrix
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Matrix
from exhibit.tasks.records.spreadsheet import csv_bytes
from tests.document.conftest import sample_document, sample_facts
from tests.document.test_index import a_run
from tests.drawing.test_style import contrast

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None and "CI" not in os.environ, reason="needs Chromium"),
]
AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
KEYS = {
    "Tab": 9,
    "Escape": 27,
    "PageUp": 33,
    "PageDown": 34,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
}


class Browser:
    """One page over the DevTools protocol."""

    def __init__(self, address: str) -> None:
        self.socket = connect(address, max_size=None)
        self.numbers = itertools.count(1)
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv(timeout=60))
            if message.get("id") == number:
                assert "error" not in message, message
                return dict(message["result"])
            self.events.append(message)

    def open(self, page: Path) -> None:
        self.events.clear()
        self.call("Page.navigate", url=page.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(json.loads(self.socket.recv(timeout=60)))

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key])

    def point(self, x: float, y: float) -> None:
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def named(self, method: str) -> list[dict[str, Any]]:
        return [event["params"] for event in self.events if event.get("method") == method]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--window-size=1280,1000"]
    folder = tmp_path_factory.mktemp("profile")
    command = [str(CHROMIUM), *options, f"--user-data-dir={folder}", "about:blank"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = (re.search(r"ws://127\.0\.0\.1:(\d+)/", line) for line in process.stderr)
        port = next(match[1] for match in found if match)
        with urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
            address = next(t["webSocketDebuggerUrl"] for t in json.load(answer) if t["type"] == "page")
        yield Browser(address)
        process.terminate()


@pytest.fixture(scope="module")
def file(rendered: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(rendered("screen"))
    return path


COMPLAINTS = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Browser]:
    """The page, which has nothing to complain about whatever is done with it."""
    browser.open(file)
    yield browser
    assert [browser.named(complaint) for complaint in COMPLAINTS] == [[], [], []]


TABLE = "document.querySelector('#table-digits-wrong')"
SAMPLES = "document.querySelector('#figure-digits-samples')"


def column(page: Browser, index: int) -> list[str]:
    return list(
        page.run(f"[...{TABLE}.tBodies[0].rows].filter(r => !r.hidden).map(r => r.cells[{index}].textContent.trim())")
    )


def numbers(cells: list[str]) -> list[float]:
    return [float(cell.replace("−", "-")) for cell in cells]


def fill(page: Browser, element: str, value: str | int) -> None:
    """Give an input a value as a user does."""
    page.run(f"(i => {{ i.value = '{value}'; i.dispatchEvent(new Event('input')); }})({element})")


def slide(page: Browser, label: str, percent: int) -> None:
    labels = f"[...{SAMPLES}.querySelectorAll('label')]"
    fill(page, f"{labels}.find(l => l.textContent.includes('{label}')).querySelector('input')", percent)


def box(page: Browser, element: str) -> tuple[float, float, float, float]:
    """Left, top, width and height on the screen."""
    left, top, width, height = page.run(f"(b => [b.left, b.top, b.width, b.height])({element}.getBoundingClientRect())")
    return left, top, width, height


def pixels(page: Browser, row: int, cell: int) -> np.ndarray:
    """(height, width, 3) colours of a map that has been redrawn."""
    script = f"""(() => {{
        const cells = {SAMPLES}.querySelectorAll('.grid tbody tr')[{row}].querySelectorAll('.cell');
        const c = cells[{cell}].querySelector('canvas');
        return [c.width, ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data];
    }})()"""
    width, *data = page.run(script)
    return np.array(data).reshape(-1, width, 4)[..., :3]


def test_the_page_loads_in_silence(page: Browser, file: Path) -> None:
    """No console message, no policy violation, no request but the page itself and what is inside it."""
    page.run("document.fonts.ready.then(() => true)")
    assert page.run("document.documentElement.className") == "alive"
    assert [page.named(complaint) for complaint in COMPLAINTS] == [[], [], []]
    addresses = [event["request"]["url"] for event in page.named("Network.requestWillBeSent")]
    assert {address for address in addresses if not address.startswith("data:")} == {file.as_uri()}


def test_the_embedded_fonts_are_used(page: Browser) -> None:
    page.run("document.fonts.ready.then(() => true)")
    loaded = page.run("[...document.fonts].filter(font => font.status === 'loaded').map(font => font.family)")
    assert {"Source Serif Pro", "Source Sans Pro"} <= {family.strip('"') for family in loaded}


def test_a_column_sorts_both_ways_and_back(page: Browser) -> None:
    before = column(page, 5)
    states = []
    for _ in range(3):
        page.run(f"{TABLE}.querySelectorAll('.sort')[5].click()")
        states.append((page.run(f"{TABLE}.tHead.rows[0].cells[5].ariaSort"), column(page, 5)))
    assert states[0][0] == "ascending"
    assert numbers(states[0][1]) == sorted(numbers(before))
    assert states[1][0] == "descending"
    assert numbers(states[1][1]) == sorted(numbers(before), reverse=True)
    assert states[2] == (None, before)


def test_columns_of_numbers_are_sorted_by_the_first_of_each(page: Browser) -> None:
    """Intervals have two, and some a word before them."""
    texts = "['−2.59 to −2.3', '+0.4 to 0.7', 'under 0.1%', '1,024', '50.2%']"
    assert page.run(f"{texts}.map(leading)") == [-2.59, 0.4, 0.1, 1024, 50.2]


def test_a_number_is_read_with_the_digits_that_it_is_held_with(page: Browser) -> None:
    assert page.run("[9, 0.0123, 0.0021, 0].map((value) => read(value, 0.0001))") == ["+9", "+0.0123", "+0.0021", "0"]


def test_molecules_in_a_grid_answer_as_those_in_a_row_do(page: Browser) -> None:
    """They lie on a plate in the dark, and their atoms have rows."""
    script = """(() => {
        const cell = document.querySelector('.molecule').cloneNode(true);
        cell.querySelectorAll('.readout, .atoms').forEach((part) => part.remove());
        const [first] = cell.querySelectorAll('.contribution');
        first.remove();
        atoms(cell);
        return [...cell.querySelectorAll('.atoms tbody tr')].map((row) => row.cells[0].textContent);
    })()"""
    numbers = list(page.run(script))
    assert numbers[0] == "2"  # an atom without a number leaves those of the others as they are
    without = script.replace(
        "first.remove()", "cell.querySelectorAll('.contribution').forEach((note) => note.remove())"
    )
    assert page.run(without) == []  # and one without numbers has no rows


def test_rows_are_filtered_by_words(page: Browser) -> None:
    fill(page, f"{TABLE}.parentElement.previousElementSibling.querySelector('input')", "Test 16")
    shown = column(page, 0)
    assert shown == ["test 162", "test 168"]
    assert (
        page.run(f"{TABLE}.parentElement.previousElementSibling.querySelector('output').textContent")
        == f"{len(shown)} of 15"
    )


def test_samples_are_filtered_by_their_words(page: Browser) -> None:
    fill(page, f"{SAMPLES}.querySelector('input[type=search]')", "wrong")
    assert page.run(f"[...{SAMPLES}.querySelectorAll('tbody tr')].filter(r => !r.hidden).length") == 2


def choose(page: Browser, label: str, value: str) -> None:
    fill(page, f"{SAMPLES}.querySelector('select[aria-label=\"{label}\"]')", value)


def rows_shown(page: Browser) -> list[str]:
    shown = f"[...{SAMPLES}.querySelectorAll('tbody tr')].filter(r => !r.hidden)"
    return list(page.run(f"{shown}.map(r => r.querySelector('.cell-note').textContent)"))


def test_samples_are_filtered_by_class_and_by_right_and_wrong(page: Browser, drawings: Any) -> None:
    facets = drawings["digits-samples"].figure.content.facets
    everything = rows_shown(page)
    for label, values in facets.items():
        for value in set(values):
            choose(page, label, value)
            assert rows_shown(page) == [note for note, own in zip(everything, values, strict=True) if own == value]
            assert page.run(f"{SAMPLES}.querySelector('.count').textContent") == f"{values.count(value)} of 5"
        choose(page, label, "")
    assert rows_shown(page) == everything


def test_panels_of_a_chart_are_filtered_and_move_up(page: Browser, drawings: Any) -> None:
    """What is left takes the first places, and the chart ends where its last row does."""
    [species] = drawings["iris-samples"].figure.content.facets.values()
    chart = "document.querySelector('#figure-iris-samples .chart')"
    panels = f"[...{chart}.querySelectorAll('g.panel')]"
    places = page.run(f"{panels}.map(p => p.getAttribute('transform'))")
    height = f"{chart}.querySelector('svg').viewBox.baseVal.height"
    whole, rows = page.run(height), len({place.split()[1] for place in places})
    for value in set(species):
        fill(page, f"{chart}.previousElementSibling.querySelector('select')", value)
        left = f"{panels}.filter(p => p.getClientRects().length)"
        assert page.run(f"{left}.every(p => p.textContent.includes('{value}'))")
        assert page.run(f"{left}.length") == species.count(value)
        assert (
            page.run(f"{left}.map(p => p.getAttribute('transform').replace(' 0)', ' 0.0)'))")
            == places[: species.count(value)]
        )
    assert page.run(height) < whole
    fill(page, f"{chart}.previousElementSibling.querySelector('select')", "")
    assert page.run(height) == pytest.approx(whole, abs=15)
    assert rows == 2


@pytest.mark.parametrize("cell", [1, 2], ids=["diverging", "keras_example"])
def test_a_redrawn_overlay_is_the_printed_one(page: Browser, drawings: Any, cell: int) -> None:
    """At its own opacity and without a threshold the canvas is what was drawn for paper, up to rounding."""
    figure = "document.querySelector('#figure-digits-overlay')"
    label = f"[...{figure}.querySelectorAll('label')].find(l => l.textContent.includes('Hide below'))"
    fill(page, f"{label}.querySelector('input')", 0)
    opacity = f"[...{figure}.querySelectorAll('label')].find(l => l.textContent.includes('opacity'))"
    assert page.run(f"{opacity}.querySelector('input').value") == "80"
    width, *data = page.run(f"""(() => {{
        const c = {figure}.querySelectorAll('.cell')[{cell}].querySelector('canvas');
        return [c.width, ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data];
    }})()""")
    drawn: Array = np.asarray(Image.open(io.BytesIO(drawings["digits-overlay"].part(f"r0c{cell}").data)).convert("RGB"))
    factor = drawn.shape[0] // 8
    expected = drawn[::factor, ::factor].astype(int)
    assert np.abs(np.array(data).reshape(-1, width, 4)[..., :3] - expected).max() <= 3


def test_redrawn_maps_have_the_printed_colours(page: Browser, document: Any, drawings: Any) -> None:
    """At a threshold of nothing the canvas is the picture, up to rounding."""
    from exhibit.tasks.drawing.colormap import colours

    slide(page, "Hide below", 0)
    figure = drawings["digits-samples"].figure
    cell = figure.content.rows[0][1]
    expected = colours(cell.pixels, figure.scales[0].limit).astype(int)
    assert np.abs(pixels(page, 0, 1) - expected).max() <= 3


def test_the_threshold_hides_what_is_weaker(page: Browser, drawings: Any) -> None:
    slide(page, "Hide below", 40)
    figure = drawings["digits-samples"].figure
    weak = np.abs(figure.content.rows[0][1].pixels) < 0.4 * figure.scales[0].limit
    assert ((pixels(page, 0, 1) == 255).all(axis=2) == weak).all()


@pytest.mark.parametrize(("value", "sign"), [(1, 1), (-1, -1)])
def test_one_sign_is_shown_alone(page: Browser, drawings: Any, value: int, sign: int) -> None:
    page.run(f"{SAMPLES}.querySelector('input[type=radio][value=\"{value}\"]').click()")
    values = drawings["digits-samples"].figure.content.rows[0][1].pixels
    hidden = (pixels(page, 0, 1) == 255).all(axis=2)
    assert hidden[sign * values < -1e-3].all()
    assert not hidden[sign * values > 0.05].any()


def test_a_map_without_opacity_is_the_input(page: Browser, drawings: Any) -> None:
    slide(page, "Overlay opacity", 0)
    grey = np.rint(drawings["digits-samples"].figure.content.rows[0][0].pixels * 255)
    assert np.abs(pixels(page, 0, 1) - grey).max() <= 1


def test_the_value_under_the_pointer_is_that_of_the_pixel(page: Browser, drawings: Any) -> None:
    page.run(f"{SAMPLES}.scrollIntoView({{behavior: 'instant'}})")
    left, top, width, height = box(page, f"{SAMPLES}.querySelector('.cell[data-values] img')")
    page.point(left + 3.5 / 8 * width, top + 2.5 / 8 * height)
    figure = drawings["digits-samples"].figure
    value = float(figure.content.rows[0][1].pixels[2, 3])
    shown = page.run(f"{SAMPLES}.querySelector('.controls > .readout').textContent")
    place, said = re.fullmatch(r"(row 3, column 4): (\S+) \(gradient of the logit, per unit of ink\)", shown).groups()
    assert place
    assert float(said.replace("−", "-")) == pytest.approx(value, abs=1e-3)


def test_arrow_keys_walk_over_the_pixels(page: Browser) -> None:
    page.run(f"{SAMPLES}.querySelector('.cell[data-values]').focus()")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowUp"):
        page.press(key)
    assert page.run(f"{SAMPLES}.querySelector('.controls > .readout').textContent").startswith("row 1, column 3: ")


MAPS = f"[...{SAMPLES}.querySelectorAll('.cell[data-values]')]"
READOUT = f"{SAMPLES}.querySelector('.controls > .readout').textContent"


def test_all_maps_of_a_figure_are_one_tab_stop(page: Browser) -> None:
    """Past them with one press of Tab, from one to the next with the page keys."""
    stops = "[...document.querySelectorAll('figure')].map(f => f.querySelectorAll('.cell[tabindex=\"0\"]').length)"
    assert set(page.run(stops)) == {0, 1}
    assert page.run(f"{MAPS}.filter(m => m.tabIndex === 0).length") == 1
    page.run(f"{MAPS}[0].focus()")
    page.press("PageDown")
    assert page.run(f"{MAPS}.indexOf(document.activeElement)") == 1
    assert page.run(READOUT).startswith("row 1, column 1: ")
    assert page.run(f"{MAPS}.map(m => m.tabIndex).slice(0, 3)") == [-1, 0, -1]
    for _ in range(2):
        page.press("PageUp")
    assert page.run(f"{MAPS}.indexOf(document.activeElement)") == 0
    page.press("Tab")
    assert page.run("document.activeElement.closest('.cell')") is None


def test_a_tab_stop_that_is_filtered_away_is_handed_on(page: Browser) -> None:
    page.run(f"{MAPS}[0].focus()")
    fill(page, f"{SAMPLES}.querySelector('input[type=search]')", "right")
    assert page.run(f"{MAPS}.filter(m => m.tabIndex === 0).map(m => m.closest('tr').hidden)") == [False]


def test_a_cell_too_small_for_its_number_says_it(page: Browser) -> None:
    """Under the pointer and by the arrow keys, from one tab stop."""
    labels, counts = tuple(f"c{k}" for k in range(40)), np.arange(1600).reshape(40, 40)
    drawn = matrix(Matrix(labels=labels, counts=counts, x_label="predicted", y_label="true"), 1.0).data.decode()
    chart = "document.querySelector('#figure-digits-confusion .chart')"
    page.run(
        f"{chart}.innerHTML = {json.dumps(drawn)}; cells({chart}); {chart}.scrollIntoView({{behavior: 'instant'}})"
    )
    said = f"{chart}.querySelector('.readout').textContent"
    assert page.run(f"{chart}.querySelectorAll('[tabindex=\"0\"]').length") == 1
    page.run(f"{chart}.querySelector('[tabindex=\"0\"]').focus()")
    for key in ("ArrowUp", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft"):
        page.press(key)
    assert page.run(said) == "true c1, predicted c1: 41"
    page.run("document.activeElement.blur()")
    assert page.run(said) == ""
    left, top, width, height = box(page, f"{chart}.querySelectorAll('rect')[82]")
    page.point(left + width / 2, top + height / 2)
    assert page.run(said) == "true c2, predicted c2: 82"


MOLECULE = "document.querySelector('#figure-solubility-molecules .molecule')"


def test_an_atom_answers_to_the_pointer_and_leads_to_its_row(page: Browser) -> None:
    page.run(f"{MOLECULE}.scrollIntoView({{behavior: 'instant'}})")
    left, top, _, height = box(page, f"{MOLECULE}.querySelector('ellipse.atom-0')")
    page.point(left + 2, top + height / 2)
    assert page.run(f"{MOLECULE}.querySelector('.readout').textContent") == "atom 1, O: +0.29"
    assert page.run(f"{MOLECULE}.querySelectorAll('.lit').length") == 2  # its number and its row
    page.run(f"{MOLECULE}.querySelector('ellipse.atom-0').dispatchEvent(new MouseEvent('click', {{bubbles: true}}))")
    assert page.run(f"{MOLECULE}.querySelector('details').open")
    assert page.run("document.activeElement.cells[0].textContent") == "1"


def test_atoms_are_one_tab_stop(page: Browser) -> None:
    """Arrow keys lead from row to row, in the order in which the rows stand."""
    rows = f"[...{MOLECULE}.querySelectorAll('.atoms tbody tr')]"
    page.run(f"{MOLECULE}.querySelector('details').open = true")
    assert page.run(f"{rows}.filter(row => row.tabIndex === 0).length") == 1
    for _ in range(2):  # by contribution, the highest first
        page.run(f"{MOLECULE}.querySelectorAll('.sort')[2].click()")
    page.run(f"{rows}[0].focus()")
    page.press("ArrowDown")
    assert page.run(f"{rows}.indexOf(document.activeElement)") == 1
    page.press("Tab")
    assert page.run("document.activeElement.closest('tr')") is None


def test_a_row_lights_its_atom(page: Browser) -> None:
    page.run(f"{MOLECULE}.querySelector('details').open = true")
    page.run(f"{MOLECULE}.querySelectorAll('tbody tr')[4].focus()")
    assert page.run(f"{MOLECULE}.querySelector('.contribution.lit').classList[1]") == "atom-4"


def test_a_figure_opens_large_and_returns_to_its_place(page: Browser) -> None:
    before = page.run(f"{SAMPLES}.parentElement.className")
    small = page.run(f"{SAMPLES}.querySelector('.cell img').getBoundingClientRect().width")
    page.run(f"{SAMPLES}.querySelector('.enlarge').click()")
    assert page.run(f"{SAMPLES}.closest('dialog').open")
    assert page.run(f"{SAMPLES}.querySelector('.cell img').getBoundingClientRect().width") > 1.3 * small
    page.press("Escape")
    page.run("new Promise(done => setTimeout(done, 100))")
    assert page.run(f"{SAMPLES}.closest('dialog')") is None
    assert page.run(f"{SAMPLES}.parentElement.className") == before
    assert page.run("document.activeElement.className") == "enlarge"


def test_a_table_is_saved_as_the_rows_that_are_seen(page: Browser) -> None:
    """By RFC 4180, with numbers that a spreadsheet knows."""
    fill(page, f"{TABLE}.parentElement.previousElementSibling.querySelector('input')", "Test 16")
    head, *rows = csv.reader(io.StringIO(page.run(f"tableText({TABLE})")))
    assert head == page.run(f"[...{TABLE}.tHead.rows[0].cells].map(c => c.textContent.trim())")
    assert [row[0] for row in rows] == ["test 162", "test 168"]
    assert [float(row[5]) for row in rows] == numbers(column(page, 5))


def test_a_saved_cell_runs_nothing_and_is_what_the_program_writes(page: Browser) -> None:
    texts = ["=1+1", "+cmd", "-a", "@x", "－a", "−2.5", "+0.4", "1,024", 'say "a, b"', "50%"]
    cells = [csv_bytes([[text.replace("−", "-")]]).decode().rstrip("\r\n") for text in texts]
    assert page.run(f"{json.dumps(texts)}.map(text => field(text))") == cells


def test_a_figure_is_saved_with_its_words_and_its_pixels(page: Browser, drawings: Any) -> None:
    """As a picture on its own: no address, no control, and the colours that are printed."""
    page.run("document.fonts.ready.then(() => true)")
    svg = page.run(f"source({SAMPLES})")
    words = set(page.run(f"[...{SAMPLES}.querySelectorAll('.cell-note, .grid th')].map(n => n.textContent.trim())"))
    saved = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))
    assert {word for phrase in words for word in phrase.split()} <= set(saved.split())
    assert "Enlarge" not in saved
    assert re.findall(r'(?:href|src)="(?!data:)[^"]*"', svg) == []
    address = page.run(f"pixelled({SAMPLES}).then(canvas => canvas.toDataURL())")
    picture: Array = np.asarray(Image.open(io.BytesIO(b64decode(address.partition(",")[2]))).convert("RGB"))
    drawn = Image.open(io.BytesIO(drawings["digits-samples"].part("r0c1").data)).convert("RGB")
    strongest = np.asarray(drawn).reshape(-1, 3)[np.asarray(drawn).reshape(-1, 3).min(axis=1).argmin()]
    assert (np.abs(picture.astype(int) - strongest).max(axis=2) <= 2).sum() > 50


def test_a_picture_that_the_page_holds_as_webp_is_saved_as_png(page: Browser) -> None:
    """Few programs know WebP in an SVG; none of its pixels is another."""
    pixels = np.random.default_rng(0).integers(0, 255, (9, 7, 3), np.uint8)
    Image.fromarray(pixels).save(held := io.BytesIO(), "WEBP", lossless=True)
    source = f"data:image/webp;base64,{b64encode(held.getvalue()).decode()}"
    page.run(
        f"(async () => {{ window.held = make('img', {{ src: '{source}' }}); await held.decode(); return true }})()"
    )
    kind, _, saved = page.run("asPNG(held)").partition(",")
    assert kind == "data:image/png;base64"
    assert (np.asarray(Image.open(io.BytesIO(b64decode(saved))).convert("RGB")) == pixels).all()


BESIDE = "document.querySelector('dialog.beside')"


def test_two_samples_and_two_methods_stand_side_by_side(page: Browser) -> None:
    page.run(f"[...{SAMPLES}.querySelectorAll('button')].find(b => b.textContent === 'Side by side').click()")
    assert page.run(f"{BESIDE}.open")
    seen = f"[...{BESIDE}.querySelectorAll('.seen')].map(s => s.querySelector('.cell-note').textContent.trim())"
    notes = page.run(f"[...{SAMPLES}.querySelectorAll('tbody tr')].map(r => r.querySelector('.cell-note').textContent)")
    assert page.run(seen) == [note.strip() for note in notes[:2]]
    options = page.run(f"[...{BESIDE}.querySelector('select').options].map(o => o.textContent)")
    heads = page.run(f"[...{SAMPLES}.querySelectorAll('thead th')].map(h => h.textContent.trim())")
    (figure,) = set(page.run(f"[{SAMPLES}.querySelector('figcaption b').textContent.replace('.', '')]"))
    assert [f"{figure}: {head}" for head in heads] == [o for o in options if o.removeprefix(f"{figure}: ") in heads]
    value = page.run(
        f"[...{BESIDE}.querySelector('select').options].find(o => o.textContent.endsWith({heads[1]!r})).value"
    )
    fill(page, f"{BESIDE}.querySelectorAll('select')[1]", value)
    assert page.run(f"{BESIDE}.querySelectorAll('.seen')[1].querySelectorAll('.cell').length") == len(notes)
    assert violations_here(page) == []
    page.press("Escape")
    assert page.run(f"{BESIDE}.open") is False


RAIL = "document.querySelector('.rail')"


def test_the_contents_stay_at_hand_and_say_where_one_is(browser: Browser, file: Path) -> None:
    with looking(browser, "light", 1600):
        browser.open(file)
        for title in browser.run("[...document.querySelectorAll('.chapter h1')].map(h => h.textContent)"):
            chapter = f"[...document.querySelectorAll('.chapter h1')].find(h => h.textContent === {title!r})"
            browser.run(f"{chapter}.scrollIntoView({{behavior: 'instant'}})")
            browser.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            here = browser.run(f"{RAIL}.querySelector('[aria-current]').textContent")
            assert title in here
            left, top, _, height = box(browser, RAIL)
            assert left >= 0
            assert top >= 0
            assert height <= 900


def test_on_a_narrow_screen_the_contents_open_and_close(browser: Browser, file: Path) -> None:
    with looking(browser, "light", 390):
        browser.open(file)
        shown = f"{RAIL}.querySelector('.panel').checkVisibility()"
        assert browser.run(shown) is False
        browser.run(f"{RAIL}.querySelector('.here').click()")
        assert browser.run(shown)
        assert violations_here(browser) == []
        browser.run(f"{RAIL}.querySelector('input').focus()")
        browser.press("Escape")
        assert browser.run(shown) is False


def test_a_search_finds_each_place_once_and_leads_to_it(page: Browser) -> None:
    fill(page, f"{RAIL}.querySelector('input')", "test 162")
    assert page.run(f"{RAIL}.querySelector('.count').textContent") == "1 place"
    page.run(f"{RAIL}.querySelector('.hit').click()")
    assert page.run("document.querySelector('.hit-here').cells[0].textContent.trim()") == "test 162"
    fill(page, f"{RAIL}.querySelector('input')", "no such word anywhere")
    assert page.run(f"{RAIL}.querySelector('.count').textContent") == "0 places"
    fill(page, f"{RAIL}.querySelector('input')", "")
    assert page.run(f"[...{RAIL}.querySelectorAll('ol.hits, ol.hits ~ ol')].map(l => l.hidden)") == [True, False]


def test_what_is_printed_has_all_rows_and_no_controls(page: Browser) -> None:
    fill(page, f"{TABLE}.parentElement.previousElementSibling.querySelector('input')", "Test 16")
    page.call("Emulation.setEmulatedMedia", media="print")
    try:
        working = "button:not(.sort), input, select, .rail, .cursor"
        works = f"[...document.querySelectorAll('{working}')].filter(e => e.checkVisibility())"
        assert page.run(f"{works}.map(e => e.outerHTML.slice(0, 80))") == []
        assert page.run(f"[...{TABLE}.tBodies[0].rows].every(r => r.checkVisibility())")
    finally:
        page.call("Emulation.setEmulatedMedia", media="")


def test_what_is_printed_from_the_browser_is_set_as_the_paper_is(page: Browser, tmp_path: Path) -> None:
    """Its letters, its columns and its chapters on new pages, with the number of each page; its figures and tables."""
    printed = page.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=True)["data"]
    (tmp_path / "printed.pdf").write_bytes(b64decode(printed))
    asked = ["pdftotext", "-layout", tmp_path / "printed.pdf", "-"]
    pages = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split("\f")[:-1]
    heads = page.run("[...document.querySelectorAll('figcaption b, caption b')].map(b => b.textContent)")
    assert len(heads) > 15
    assert [head for head in heads if not any(head in text for text in pages)] == []
    assert all(text.split()[-3:] == [str(number), "/", str(len(pages))] for number, text in enumerate(pages, 1))
    titles = page.run(
        "[...document.querySelectorAll('.chapter:not(.guide-pages) > header h1')].map(h => h.textContent)"
    )
    tops = [[line.strip() for line in text.splitlines() if line.strip()][:3] for text in pages]
    assert len(titles) > 2
    assert [sum(title in top for top in tops) for title in titles] == [1] * len(titles)


@pytest.mark.parametrize("width", [320, 390])
def test_a_narrow_screen_needs_no_sideways_scrolling(page: Browser, width: int) -> None:
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=True)
    try:
        wide = f"[...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > {width} + 0.5)"
        scrolls = "e.closest('.grid, .chart, .scroll, details:not([open])')"  # by itself, or is not there
        assert page.run(f"{wide}.filter(e => !{scrolls}).map(e => e.outerHTML.slice(0, 80))") == []
        assert page.run("document.documentElement.scrollWidth") <= width
    finally:
        page.call("Emulation.clearDeviceMetricsOverride")


def test_the_dark_page_is_dark_and_its_maps_keep_their_white(page: Browser) -> None:
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    try:
        assert page.run("getComputedStyle(document.documentElement).backgroundColor") == "rgb(20, 23, 29)"
        assert page.run(f"getComputedStyle({MOLECULE}.querySelector('svg')).backgroundColor") == "rgb(255, 255, 255)"
    finally:
        page.call("Emulation.setEmulatedMedia", features=[])


def test_without_scripts_everything_is_there(browser: Browser, file: Path) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(file)
        assert browser.run("document.querySelectorAll('button, input').length") == 0
        assert browser.run("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
        assert browser.run("document.querySelectorAll('figure').length") == 10
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


LOOKS = list(product(("light", "dark"), (390, 1200), (True, False)))


@contextmanager
def looking(browser: Browser, scheme: str, width: int, scripts: bool = True) -> Iterator[None]:
    """A screen of this width on which pages are light or dark, and run their scripts or do not; ours run always."""
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 760}
    browser.call("Emulation.setDeviceMetricsOverride", **size)
    browser.call("Emulation.setScriptExecutionDisabled", value=not scripts)
    try:
        yield
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
        browser.call("Emulation.clearDeviceMetricsOverride")
        browser.call("Emulation.setEmulatedMedia", features=[])


def violations(browser: Browser, page: Path) -> list[str]:
    """What axe finds wrong with a page, of any level, best practices among it."""
    browser.open(page)
    browser.call("Emulation.setScriptExecutionDisabled", value=False)
    return violations_here(browser)


def violations_here(browser: Browser) -> list[str]:
    """The same of the page as it is now."""
    browser.run(f"{AXE}; 0")
    asked = "{resultTypes: ['violations'], rules: {'target-size': {enabled: true}}}"
    said = "v => v.nodes.map(n => `${v.id}: ${n.html.slice(0, 100)}`)"
    return list(browser.run(f"axe.run(document, {asked}).then(found => found.violations.flatMap({said}))"))


@pytest.mark.parametrize(("scheme", "width", "scripts"), LOOKS)
def test_axe_finds_nothing(browser: Browser, file: Path, scheme: str, width: int, scripts: bool) -> None:
    with looking(browser, scheme, width, scripts):
        assert violations(browser, file) == []


@pytest.fixture(scope="module", params=["ja", "zh-Hans"])
def translated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page in another language: its words, its letters and their faces, and pictures that are drawn in it."""
    document, given = sample_document()
    path = tmp_path_factory.mktemp(request.param) / "report.html"
    with spoken(request.param):
        drawings = {name: draw(item.figure) for name, item in given.items()}
    said = document.model_copy(update={"language": request.param})
    path.write_text(render_html(said, drawings, sample_facts(), "screen"))
    return path


@pytest.mark.parametrize(("scheme", "width", "scripts"), [LOOKS[0], LOOKS[3], LOOKS[5], LOOKS[6]])
def test_axe_finds_nothing_in_other_languages(
    browser: Browser, translated: Path, scheme: str, width: int, scripts: bool
) -> None:
    with looking(browser, scheme, width, scripts):
        assert violations(browser, translated) == []
        assert browser.run("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [390, 1200])
def test_controls_are_no_smaller_than_a_finger_needs(browser: Browser, file: Path, width: int) -> None:
    """24 by 24 CSS pixels, WCAG AA; of a choice its words belong to it, and a link in a sentence is a part of that."""
    small = """[...document.querySelectorAll('a, button, input, select, summary')]
        .filter(e => e.checkVisibility() && !e.matches('.skip, p a:not(.page)'))
        .map(e => [e, (e.matches('[type=radio]') ? e.closest('label') : e).getBoundingClientRect()])
        .filter(([, b]) => b.width < 24 || b.height < 24).map(([e, b]) => `${b.width} x ${b.height} ${e.outerHTML}`)"""
    with looking(browser, "light", width):
        browser.open(file)
        assert browser.run(small) == []


def test_what_is_wider_than_its_place_says_so_and_is_reached_by_keys(browser: Browser, file: Path) -> None:
    """On a wide screen nothing is, and nothing stops the keys; without scripts everything might be."""
    told = "e => getComputedStyle(e, '::before').content.includes('scroll sideways')"
    each = f"e => [e.scrollWidth > e.clientWidth + 1, e.tabIndex === 0, ({told})(e)]"
    state = f"[...document.querySelectorAll('.scroll')].map({each})"
    settled = "new Promise(done => setTimeout(done, 200))"
    with looking(browser, "light", 390):
        browser.open(file)
        browser.run(settled)
        found = browser.run(state)
        assert any(wide for wide, *_ in found)
        assert all(wide == stop == said for wide, stop, said in found)
    with looking(browser, "light", 1200):
        browser.open(file)
        browser.run(settled)
        assert not any(any(item) for item in browser.run(state))
    with looking(browser, "light", 390, scripts=False):
        browser.open(file)
        assert all(stop and said for _, stop, said in browser.run(state))


def test_the_first_key_leads_past_the_front(page: Browser) -> None:
    page.press("Tab")
    assert page.run("document.activeElement.textContent") == "Skip to the chapters"
    left, top, *_ = box(page, "document.activeElement")
    assert min(left, top) >= 0
    page.run("document.activeElement.click()")
    assert page.run("document.activeElement.tagName") == "MAIN"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_of_a_picture_stands_out(browser: Browser, file: Path, scheme: str) -> None:
    """By 4.5 to 1 from most of what is under it, on the screen as it is: axe does not look into pictures."""
    texts = "[...document.querySelectorAll('svg text')].filter(e => e.textContent.trim() && e.checkVisibility())"
    corners = "(b => [b.left, b.top, b.right, b.bottom])(e.getBoundingClientRect())"
    placed = f"e => [e.textContent, getComputedStyle(e).fill, ...{corners}]"
    with looking(browser, scheme, 1200):
        browser.open(file)
        browser.run("document.fonts.ready.then(() => true)")
        tall = browser.run("document.documentElement.scrollHeight")
        browser.call("Emulation.setDeviceMetricsOverride", width=1200, height=tall, deviceScaleFactor=1, mobile=False)
        found = browser.run(f"{texts}.map({placed})")
        browser.run(f"{texts}.forEach(e => e.style.visibility = 'hidden')")
        picture = Image.open(io.BytesIO(b64decode(browser.call("Page.captureScreenshot")["data"]))).convert("RGB")
    assert len(found) > 300
    low = {}
    for words, fill, *edges in found:
        under: Array = np.asarray(picture.crop([round(edge) for edge in edges]))
        ground = np.median(under.reshape(-1, 3), axis=0).astype(np.uint8)
        ink = "#" + bytes(map(int, re.findall(r"\d+", fill)[:3])).hex()
        ratio = contrast(ink, "#" + ground.tobytes().hex())
        if ratio < 4.5:
            low[words] = (ink, ratio)
    assert low == {}


RUNS = "[...document.querySelectorAll('.run')].filter(r => !r.hidden).map(r => r.querySelector('h2').textContent)"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The list of three runs: one that failed a check, one with two chapters, one of which nothing was measured."""
    folder = tmp_path_factory.mktemp("runs")
    chapters = [{"title": title, "sentence": f"{title} says.", "pictures": ["figures/bars.svg"]} for title in "AB"]
    a_run(folder, "20260101T000000Z-aaaaaaaa", ["pass"])
    a_run(folder, "20260102T000000Z-bbbbbbbb", ["pass", "fail"], chapters=chapters)
    a_run(folder, "20260103T000000Z-cccccccc", [], title="Nothing measured", chapters=chapters[:1])
    write_index(folder)
    return folder / "index.html"


@pytest.fixture
def listed(browser: Browser, runs: Path) -> Browser:
    browser.open(runs)
    return browser


def test_the_list_of_runs_loads_in_silence(listed: Browser, runs: Path) -> None:
    """Without a network: no console message, no request but the page and what is inside it."""
    listed.run("document.fonts.ready.then(() => true)")
    for complaint in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
        assert listed.named(complaint) == []
    addresses = [event["request"]["url"] for event in listed.named("Network.requestWillBeSent")]
    assert {address for address in addresses if not address.startswith("data:")} == {runs.as_uri()}


def test_every_run_shows_its_pictures_and_leads_to_its_report(listed: Browser) -> None:
    assert listed.run("[...document.querySelectorAll('.run')].map(r => r.querySelectorAll('svg').length)") == [1, 2, 1]
    shown = "[...document.querySelectorAll('.pictures svg')].every(s => s.getBoundingClientRect().width > 0)"
    assert listed.run(shown)
    links = listed.run("[...document.querySelectorAll('h2 a')].map(a => a.getAttribute('href'))")
    assert links[0] == "20260103T000000Z-cccccccc/report.html"


@pytest.mark.parametrize(
    ("control", "value", "names"),
    [
        ("select[aria-label='All verdicts']", "fail", ["20260102T000000Z-bbbbbbbb"]),
        ("select[aria-label='All verdicts']", "not assessed", ["Nothing measured"]),
        ("select[aria-label='All chapters']", "B", ["20260102T000000Z-bbbbbbbb"]),
        ("select[aria-label='All chapters']", "Iris", ["20260101T000000Z-aaaaaaaa"]),
        ("input", "nothing", ["Nothing measured"]),
        ("input", "no such run", []),
    ],
)
def test_the_list_of_runs_is_filtered(listed: Browser, control: str, value: str, names: list[str]) -> None:
    fill(listed, f'document.querySelector("#controls {control}")', value)
    assert [name.removeprefix("Title of ") for name in listed.run(RUNS)] == names
    assert listed.run("document.getElementById('count').textContent") == f"{len(names)} of 3 runs."


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1200)])
def test_axe_finds_nothing_in_the_list_of_runs(browser: Browser, runs: Path, scheme: str, width: int) -> None:
    with looking(browser, scheme, width):
        assert violations(browser, runs) == []


@pytest.mark.parametrize("width", [320, 390])
def test_the_list_of_runs_fits_a_narrow_screen_and_the_dark(listed: Browser, width: int) -> None:
    listed.call("Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=True)
    listed.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    try:
        assert listed.run("document.documentElement.scrollWidth") <= width
        assert listed.run("getComputedStyle(document.documentElement).backgroundColor") == "rgb(20, 23, 29)"
    finally:
        listed.call("Emulation.clearDeviceMetricsOverride")
        listed.call("Emulation.setEmulatedMedia", features=[])


def test_the_rule_of_the_answers_is_not_sorted(page: Browser) -> None:
    assert page.run("document.querySelectorAll('.answered').length") == 1
    assert page.run("document.querySelectorAll('.answered .sort').length") == 0
