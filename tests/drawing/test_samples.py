"""Swarms, waterfalls, coloured tokens and matrices of correlations: what is drawn is where and what it says."""

import io
import re
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from exhibit.tasks.drawing.axis import SIZE
from exhibit.tasks.drawing.colormap import NEGATIVE, POSITIVE, colour
from exhibit.tasks.drawing.diagram import diagram
from exhibit.tasks.drawing.ladder import ladder
from exhibit.tasks.drawing.matrix import matrix
from exhibit.tasks.drawing.svg import COLUMN, PAGE, QUIET, RULE, text_width
from exhibit.tasks.drawing.swarm import swarm
from exhibit.tasks.drawing.text import tokens
from exhibit.tasks.drawing.waterfall import waterfall, waterfalls
from exhibit.tasks.records.figure import (
    Diagram,
    Ladder,
    Matrix,
    Node,
    Part,
    Scale,
    Swarm,
    TokenLine,
    Tokens,
    Waterfall,
    Waterfalls,
)

RANDOM = np.random.default_rng(0)


def points(part: Part) -> dict[str, list[tuple[float, float]]]:
    """The points of a swarm by colour."""
    paths = re.findall(r'<path class="points" d="([^"]+)" stroke="(#[0-9a-f]{6})"', part.data.decode())
    return {
        stroke: [(float(x), float(y)) for x, y in re.findall(r"M(-?[\d.]+) (-?[\d.]+)h0", d)] for d, stroke in paths
    }


def a_swarm(values: np.ndarray, shades: np.ndarray | None = None) -> Swarm:
    labels = tuple(f"feature {k}" for k in range(values.shape[1]))
    shown = np.full(values.shape, np.nan) if shades is None else shades
    return Swarm(labels=labels, values=values, shades=shown, axis="logit")


def test_a_swarm_has_a_point_for_every_sample_of_every_feature() -> None:
    values = RANDOM.normal(size=(50, 4))
    assert sum(map(len, points(swarm(a_swarm(values), 1.0)).values())) == values.size


def test_points_of_a_swarm_lie_at_their_values() -> None:
    """Horizontally a point is a linear function of its value, and zero is the line."""
    values = np.array([[-2.0], [0.0], [1.0], [4.0]])
    (drawn,) = points(swarm(a_swarm(values), 1.0)).values()
    x = np.array([place[0] for place in drawn])
    assert np.diff(x) / np.diff(values[:, 0]) == pytest.approx(np.diff(x)[0] / 2, rel=0.01)
    zero = re.search(r'<line class="rule" x1="([\d.]+)"', swarm(a_swarm(values), 1.0).data.decode())
    assert zero is not None
    assert float(zero[1]) == pytest.approx(x[1], abs=0.1)


def test_equal_values_do_not_hide_each_other_and_stay_in_their_row() -> None:
    (drawn,) = points(swarm(a_swarm(np.zeros((9, 1)) + 1.0), 1.0)).values()
    heights = [y for _, y in drawn]
    assert len(set(heights)) == 9
    assert max(heights) - min(heights) <= 17


def test_a_high_value_of_a_feature_is_darker_than_a_low_one() -> None:
    drawn = points(swarm(a_swarm(np.array([[1.0], [2.0]]), np.array([[0.0], [1.0]])), 1.0))
    light, dark = (int(stroke[1:3], 16) for stroke, places in sorted(drawn.items(), key=lambda item: item[1][0][0]))
    assert dark < light


def test_each_output_has_points_in_rows_of_its_own() -> None:
    """What raises one output lowers another: two samples of two outputs are drawn at two heights, below their names."""
    values = np.array([[1.0], [-1.0], [2.0]])
    content = a_swarm(values).model_copy(update={"outputs": ("setosa", "virginica"), "of": np.array([0, 1, 0])})
    drawn = swarm(content, 1.0)
    (places,) = points(drawn).values()
    height = dict(places)
    left, right, far = (height[x] for x in sorted(height))
    assert right == far < left
    words = drawn.data.decode()
    assert words.index("setosa") < words.index("virginica")
    assert words.count("feature 0") == 2


def test_a_feature_without_an_order_is_neither_light_nor_dark() -> None:
    values = np.ones((2, 2)) * [[1.0, 2.0]]
    drawn = points(swarm(a_swarm(values, np.array([[0.0, np.nan], [1.0, np.nan]])), 1.0))
    assert len(drawn) == 3
    assert len(drawn[QUIET]) == 2


def steps(part: Part) -> list[tuple[float, float, str]]:
    """Left end, right end and class of every bar of a waterfall."""
    found = re.findall(r'<rect class="bar (\w+)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', part.data.decode())
    return [(float(x), float(x) + float(width), style) for style, x, width in found]


def test_each_step_of_a_waterfall_begins_where_the_one_above_ends() -> None:
    content = Waterfall(
        labels=("a", "b", "c"), values=np.array([3.0, -1.0, 2.0]), start=1.0, end=5.0, start_label="start",
        end_label="end", axis="logit",
    )  # fmt: skip
    a, b, c = steps(waterfall(content, 1.0))
    assert [style for *_, style in (a, b, c)] == ["positive", "negative", "positive"]
    assert b[1] == pytest.approx(a[1], abs=0.02)
    assert c[0] == pytest.approx(b[0], abs=0.02)
    assert (c[1] - c[0]) / (a[1] - a[0]) == pytest.approx(2 / 3, abs=0.01)


def test_the_sign_of_a_step_has_the_colour_of_the_sign() -> None:
    content = Waterfall(
        labels=("a", "b"), values=np.array([1.0, -1.0]), start=0.0, end=0.0, start_label="s", end_label="e", axis=""
    )
    drawn = waterfall(content, 1.0).data.decode()
    assert POSITIVE[5] in drawn
    assert NEGATIVE[5] in drawn


def line(words: list[str], values: list[float]) -> Tokens:
    return Tokens(items=(TokenLine(title="text", tokens=tuple(words), values=np.array(values), alt=""),))


def test_tokens_have_the_colours_of_their_values_and_their_numbers() -> None:
    part = tokens(line(["吾輩", "は"], [0.5, -1.0]), [Scale(unit="logit", limit=1.0)], 1.0)[0].data.decode()
    assert re.findall(r'class="token"[^>]*fill="(#[0-9a-f]{6})"', part) == [colour(0.5, 1.0), colour(-1.0, 1.0)]
    assert re.findall(r">([^<]+)</text>", part)[-4:] == ["吾輩", "+0.5", "は", "−1"]


def test_a_long_text_is_broken_where_the_column_ends() -> None:
    part = tokens(line(["token"] * 40, [0.1] * 40), [Scale(unit="logit", limit=1.0)], 1.0)[0].data.decode()
    boxes = re.findall(r'class="token" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"', part)
    assert max(float(x) + float(width) for x, _, width in boxes) <= COLUMN
    assert len({y for _, y, _ in boxes}) > 1


def test_correlations_are_printed_with_sign_on_the_colours_of_a_scale() -> None:
    counts = np.array([[1.0, -0.5], [-0.5, 1.0]])
    part = matrix(Matrix(labels=("a", "b"), counts=counts, x_label="", y_label="", correlations=True), 0.5)
    drawn = part.data.decode()
    assert drawn.count("−0.50") == 2
    assert drawn.count(f'fill="{colour(-0.5, 1.0)}"') == 2


def test_what_was_not_compared_is_a_dash_on_grey() -> None:
    """White would say that there is no relation."""
    counts = np.array([[1.0, np.nan], [np.nan, 1.0]])
    part = matrix(Matrix(labels=("a", "b"), counts=counts, x_label="", y_label="", correlations=True), 0.5)
    drawn = part.data.decode()
    assert drawn.count(">–<") == 2
    assert drawn.count(f'fill="{RULE}"') == 2


def test_a_box_stands_right_of_all_that_lead_to_it_and_no_two_overlap() -> None:
    nodes = (
        Node(name="a", label="first"), Node(name="b", label="second"), Node(name="c", label="inner", after=("b",)),
        Node(name="d", label="both", after=("a", "c")),
    )  # fmt: skip
    drawn = diagram(Diagram(nodes=nodes), 1.0).data.decode()
    found = re.findall(r'class="box" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', drawn)
    a, b, c, d = (tuple(map(float, box)) for box in found)
    assert b[0] + b[2] < c[0]
    assert c[0] + c[2] < d[0]
    assert a[1] + a[3] < b[1]
    assert c[1] == b[1]  # level with what leads to it
    assert drawn.count("<path") == 3


def test_very_many_points_are_pixels_in_the_same_places() -> None:
    """A column of points at 1 and one at -1: where they are drawn does not depend on how."""
    few, many = (np.repeat([[1.0], [-1.0]], count, axis=0) for count in (5, 4000))
    vectors, pixels = (swarm(a_swarm(values), 1.0).data.decode() for values in (few, many))
    assert "<image" not in vectors
    assert 'class="points"' not in pixels
    data = re.search(r'href="data:image/png;base64,([^"]+)"', pixels)
    assert data is not None
    picture = np.asarray(Image.open(io.BytesIO(b64decode(data[1]))))
    columns = np.flatnonzero(picture[..., 3].any(axis=0)) / 4
    (places,) = points(swarm(a_swarm(few), 1.0)).values()
    for x in {x for x, _ in places}:
        assert np.abs(columns - x).min() < 0.5


def test_a_long_title_of_a_waterfall_stays_on_its_panel() -> None:
    """It begins further left, and is shortened where even that is too little."""
    for words in (2, 9, 40):
        title = "reviewed twice " * words
        values = np.array([1.0, -0.5])
        panel = Waterfall(title=title, start_label="baseline", start=0, labels=("a", "b"), values=values,
                          end_label="sample", end=0.5, axis="logit")  # fmt: skip
        drawn = waterfalls(Waterfalls(panels=(panel, panel)), 1.0)[0].data.decode()
        x, shown = re.findall(r'<text class="ink" x="([-\d.]+)"[^>]*font-weight="600"[^>]*>(revi[^<]*)<', drawn)[0]
        wide = (PAGE - 24) / 2
        assert float(x) >= 0
        assert float(x) + text_width(shown, SIZE, 600) <= wide + 0.01


def test_waterfalls_side_by_side_share_their_axis() -> None:
    """Twice the contribution is twice as long, whichever sample it belongs to."""
    ends = {"start_label": "s", "end_label": "e", "axis": ""}
    panels = tuple(
        Waterfall(title=f"p{size}", labels=("a",), values=np.array([size]), start=0.0, end=size, **ends)
        for size in (1.0, 2.0, 4.0)
    )
    lengths = [end - start for start, end, _ in steps(waterfalls(Waterfalls(panels=panels), 1.0)[0])]
    assert lengths == pytest.approx([lengths[2] / 4, lengths[2] / 2, lengths[2]], rel=0.01)


def a_ladder() -> str:
    content = Ladder(
        names=("one", "two"), steps=np.array([3, 9, 27]), tolerance=0.01,
        residual=np.array([[0.1, 0.01, np.nan], [0.1, 0.1, 0.1]]),
        change=np.array([[np.nan, 0.001, np.nan], [np.nan, 0.1, 0.1]]),
        converged=np.array([True, False]), stopped=np.array([0, 5, 20]),
    )  # fmt: skip
    return ladder(content, 1.0).data.decode()


def test_a_ladder_ends_where_a_sample_stopped_full_where_it_had_converged() -> None:
    """Shares are on a logarithmic scale: a tenth of the residual is one level down, on the line of the tolerance."""
    drawn = a_ladder()
    (one, two, *_) = re.findall(r'<polyline class="curve \w+" points="([^"]+)"', drawn)
    assert [len(line.split()) for line in (one, two)] == [2, 3]
    heights = [float(place.split(",")[1]) for place in one.split()]
    (level,) = set(re.findall(r'd="M[\d.]+ ([\d.]+)H[\d.]+" stroke="#1d2330" stroke-width="0.9"', drawn))
    assert heights[1] == pytest.approx(float(level), abs=0.01)
    ends = re.findall(r'<circle class="curve (\w+) \w+"[^>]* fill="(#\w+)" stroke="(#\w+)"', drawn)
    assert [(style, fill == stroke) for style, fill, stroke in ends] == [("main", True), ("second", False)] * 2


def test_a_ladder_counts_who_stopped_where() -> None:
    bars = re.findall(r'class="bar main"[^>]* height="([\d.]+)"', a_ladder())
    assert float(bars[1]) == pytest.approx(4 * float(bars[0]), rel=0.01)  # 20 and 5; nobody stopped at the first


def test_the_front_page_shows_the_first_text_alone() -> None:
    lines = [line([word], [1.0]).items[0] for word in ("one", "two")]
    whole, *_, first = tokens(Tokens(items=tuple(lines)), [Scale(unit="logit", limit=1.0)], 1.0)
    assert b"two" in whole.data
    assert b"two" not in first.data
    assert first.size[1] < whole.size[1]
