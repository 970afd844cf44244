import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from exhibit.tasks.document.common import PAGE_ONE
from exhibit.tasks.document.html import TEMPLATES
from exhibit.tasks.drawing.axis import SIZE, Axis, below, ticks
from exhibit.tasks.drawing.curves import inside, spread
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.drawing.svg import COLUMN, signed, text_width
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import (
    BarPanels,
    Bars,
    Cascade,
    Content,
    Curves,
    EffectPanel,
    EffectPanels,
    Figure,
    FigureContent,
    Histogram,
    Histograms,
    Matrix,
    Scatter,
    Series,
)


def svg(content: Content, width: float = 1.0) -> str:
    return draw(Figure(name="f", content=content, caption="c", alt="a", width=width)).part("chart").data.decode()


def rectangles(drawn: str, style: str) -> list[tuple[float, float]]:
    found = re.findall(rf'<rect class="bar {style}" x="([\d.-]+)" y="[\d.-]+" width="([\d.-]+)"', drawn)
    return [(float(x), float(width)) for x, width in found]


def test_bars_of_two_methods_keep_letters_of_eight_points_where_three_chapters_share_page_one() -> None:
    """Four features: the style sheet shrinks what is higher than there is room, and letters of 8.25 points with it."""
    sheet = (TEMPLATES / "print.css").read_text()
    room = re.search(r"\.several \.teaser \.show svg { max-width: 93mm; max-height: (\d+)mm; }", sheet)
    assert room
    both = tuple(Series(name=name, values=np.array([52.0, 31.0, 10.0, 7.0]), errors=np.ones(4)) for name in ("a", "b"))
    content = Bars(labels=("petal length", "petal width", "sepal length", "sepal width"), series=both, axis="share, %")
    drawn = svg(content, PAGE_ONE)
    height = float(re.findall(r'height="([\d.]+)"', drawn)[0])
    assert 0.75 * SIZE == 8.25
    assert 0.75 * SIZE * min(1, int(room[1]) / (height * 25.4 / 96)) >= 8
    tops = sorted(float(y) for y in re.findall(r'<rect class="bar \w+" x="[\d.-]+" y="([\d.-]+)"', drawn))
    assert all(low + 9 < high for low, high in pairwise(tops[2:]))  # but those of the key: no bar lies on another


def test_bars_are_as_long_as_their_numbers() -> None:
    drawn = svg(Bars(labels=("a", "b"), series=(Series(name="s", values=np.array([0.5, 0.25])),), axis="share"))
    (_, long), (_, short) = rectangles(drawn, "main")
    assert long == pytest.approx(2 * short, abs=0.1)
    assert ">0.50<" in drawn
    assert ">0.25<" in drawn


def test_signed_bars_start_at_zero_and_have_the_colour_of_their_sign() -> None:
    values = Series(name="", values=np.array([1.0, -0.5]))
    drawn = svg(Bars(labels=("a", "b"), series=(values,), axis="logit", signed=True))
    (positive,), (negative,) = rectangles(drawn, "positive"), rectangles(drawn, "negative")
    assert sum(negative) == pytest.approx(positive[0], abs=0.1)
    assert ">+1.0<" in drawn
    assert ">−0.5<" in drawn


def test_error_bars_are_drawn_where_known() -> None:
    series = Series(name="", values=np.array([0.5, 0.2]), errors=np.array([0.1, np.nan]))
    assert svg(Bars(labels=("a", "b"), series=(series,), axis="share")).count('class="halo"') == 1


def test_a_reference_is_grey_and_named() -> None:
    ours, other = (
        Series(name="model", values=np.array([0.5])),
        Series(name="forest", values=np.array([0.4]), reference=True),
    )
    drawn = svg(Bars(labels=("a",), series=(ours, other), axis="share"))
    assert len(rectangles(drawn, "reference")) == 2  # the bar and its key
    assert ">forest<" in drawn


def test_panels_share_one_range() -> None:
    panels = tuple(Series(name=f"p{i}", values=np.array([float(i)])) for i in (1, 2, 4))
    widths = [
        width
        for _, width in rectangles(svg(BarPanels(labels=("a",), panels=panels, axis="x", signed=True)), "positive")
    ]
    assert widths == pytest.approx([widths[2] / 4, widths[2] / 2, widths[2]], abs=0.1)


@pytest.mark.parametrize("count", [299, 301])
def test_few_points_are_vectors_and_many_are_pixels(count: int) -> None:
    values = Series(name="test", values=np.random.default_rng(0).normal(size=count))
    drawn = svg(Scatter(x=(values,), y=(values,), x_label="measured", y_label="predicted"))
    assert ("<image" in drawn) == (count > 300)
    assert drawn.count("<circle") == (count if count < 300 else 0)


def test_points_on_the_identity_lie_on_its_line() -> None:
    values = Series(name="test", values=np.array([-1.0, 0.0, 3.0]))
    drawn = svg(Scatter(x=(values,), y=(values,), x_label="x", y_label="y"))
    (line,) = re.findall(r'd="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"[^>]*stroke-dasharray', drawn)
    x1, y1, x2, y2 = map(float, line)
    for cx, cy in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', drawn):
        assert (float(cx) - x1) / (x2 - x1) == pytest.approx((float(cy) - y1) / (y2 - y1), abs=0.01)


@pytest.mark.parametrize("values", [[0.6], [np.nan, 0.6]])
def test_a_curve_of_one_epoch_is_a_point(values: list[float]) -> None:
    """Of a line of one point nothing is seen."""
    drawn = svg(Curves(series=(Series(name="loss", values=np.array(values)),), x_label="epoch", y_label="loss"))
    assert len(re.findall(r'<circle class="curve main"', drawn)) == 1
    assert "<polyline" not in drawn


@pytest.mark.parametrize("values", [[0.02, -0.03, 0.01], [0.9, 0.4, 0.2]])
def test_the_axis_of_correlations_holds_one(values: list[float]) -> None:
    """A correlation of 0.02 is not drawn as high as one of 0.9."""
    drawn = svg(Cascade(series=(Series(name="saliency", values=np.array(values)),), x_label="x", y_label="y"))
    (points,) = re.findall(r'<polyline[^>]* points="([^"]+)"', drawn)
    first, last = (float(point.split(",")[1]) for point in (points.split()[0], points.split()[-1]))
    zero, one = (float(re.findall(rf'y="([\d.]+)"[^>]*>{word}<', drawn)[0]) for word in ("0.0", "1.0"))
    assert (last - first) / (zero - one) == pytest.approx(values[0] - values[-1], abs=0.01)


def test_names_of_curves_that_end_together_stand_apart() -> None:
    curves = tuple(Series(name=n, values=np.array([1.0, 0.5 + i / 1000])) for i, n in enumerate(("training", "test")))
    drawn = svg(Curves(series=curves, x_label="epoch", y_label="loss"))
    heights = [float(y) for y in re.findall(r'y="([\d.]+)"[^>]*font-weight="600"', drawn)]
    assert abs(heights[0] - heights[1]) >= 12.9


def cascades(names: Sequence[str], values: Array) -> str:
    series = tuple(Series(name=name, values=line) for name, line in zip(names, values, strict=True))
    return svg(Cascade(series=series, x_label="layers", y_label="correlation"))


def test_a_long_name_of_a_line_leaves_room_for_the_lines() -> None:
    """Names of methods in a sweep hold their settings; of two that begin and end alike each is known."""
    long = [f"Integrated gradients (baseline: the mean of the training data, {k} steps, path: a line)" for k in (8, 9)]
    drawn = cascades(long, np.array([[0.9, 0.4], [0.8, 0.1]]))
    lines = re.findall(r'<polyline[^>]* points="([^"]+)"', drawn)
    for points in lines:
        first, last = (float(point.split(",")[0]) for point in points.split())
        assert last - first > 100
    shown = re.findall(r'x="([\d.]+)"[^>]*font-weight="600"[^>]*>([^<]+)<', drawn)
    assert len({name for _, name in shown}) == 2
    assert max(float(x) + text_width(name, SIZE, 600) for x, name in shown) <= COLUMN


def test_each_of_several_lines_looks_like_no_other_in_grey_too() -> None:
    drawn = cascades("abcdef", np.linspace(0.1, 0.9, 12).reshape(6, 2))
    looks = re.findall(r'<polyline class="curve (\w+)"[^>]*?(?: stroke-dasharray="([\d ]+)")?/>', drawn)
    assert len(looks) == len(set(looks)) == 6


@pytest.mark.parametrize("count", [6, 20])
def test_names_of_many_lines_that_end_together_stay_in_the_picture_and_are_led_to(count: int) -> None:
    drawn = cascades([f"method {k}" for k in range(count)], np.full((count, 3), [0.9, 0.5, 0.0]))
    high = float(re.findall(r'height="([\d.]+)"', drawn)[0])
    names = sorted(float(y) for y in re.findall(r' y="([\d.]+)"[^>]*font-weight="600"', drawn))
    assert all(after - before >= 12.9 for before, after in pairwise(names))
    assert names[0] >= SIZE
    assert names[-1] <= high - 30  # above the numbers of the layers
    assert len(re.findall(r'<line class="quiet"', drawn)) >= count - 1


def test_places_are_moved_inside_in_their_order() -> None:
    assert inside([5.0, -20.0, 90.0], 10, 0, 100) == [10.0, 0.0, 90.0]
    assert inside([105.0, 95.0, 50.0], 10, 0, 100) == [100.0, 90.0, 50.0]


def test_spreading_keeps_what_is_apart_already() -> None:
    assert spread([0.0, 50.0, 20.0], 13) == [0.0, 50.0, 20.0]
    assert spread([10.0, 10.0], 13) == [3.5, 16.5]


def test_a_matrix_prints_every_count() -> None:
    counts = np.array([[10, 1], [0, 1205]])
    drawn = svg(Matrix(labels=("a", "b"), counts=counts, x_label="read as", y_label="written"))
    assert re.findall(r'class="fixed"[^>]*>([\d,]+)<', drawn) == ["10", "1", "0", "1,205"]


def test_a_matrix_says_1_only_where_a_correlation_is_1() -> None:
    values = np.array([[1.0, 0.9967], [-0.9967, -0.99999]])
    drawn = svg(Matrix(labels=("a", "b"), counts=values, x_label="", y_label="", correlations=True))
    assert re.findall(r'class="fixed"[^>]*>([^<]+)<', drawn) == ["+1.00", "+0.997", "−0.997", "&lt;−0.9999"]


@pytest.mark.parametrize(("low", "high"), [(0, 0.6), (-11.6, 3.2), (0, 12_345), (-3e-5, 3e-5), (0, 2.5)])
def test_ticks_are_round_inside_and_distinct(low: float, high: float) -> None:
    places, digits = ticks(low, high)
    assert 2 <= len(places) <= 8
    assert all(low - 1e-9 <= place <= high + 1e-9 for place in places)
    assert len({format(place, digits) for place in places}) == len(places)


@pytest.mark.parametrize(("low", "high"), [(0, 2.2e7), (-3e6, 3e6), (5e5, 1.4e6), (-1.3e24, 2e24), (0, 1)])
@pytest.mark.parametrize("by_sign", [False, True])
def test_numbers_below_an_axis_stand_apart(low: float, high: float, *, by_sign: bool) -> None:
    places = Axis(low, high, 2, 92).fitting(by_sign=by_sign)
    ends = [(at - text_width(label, SIZE) / 2, at + text_width(label, SIZE) / 2) for at, label in places]
    assert len(places) > 1
    assert all(right < left for (_, right), (left, _) in pairwise(ends))


def test_no_number_below_a_panel_is_clipped() -> None:
    """Of the last panel the right edge is that of the picture."""
    line = np.array([[0.0], [1.0]])
    panels = tuple(EffectPanel(title=name, x=np.array([41_369.0, 4.2e7]), lines=line) for name in "abcd")
    drawn = svg(EffectPanels(panels=panels, axis="probability"))
    assert 'class="panel"' not in drawn  # what is one on the screen is filtered as a sample, and moves up
    width = float(re.findall(r'viewBox="0 0 ([\d.]+)', drawn)[0])
    marks = re.findall(r'<text[^>]* x="([\d.]+)"[^>]*>([\d.]+×10⁷)<', drawn)
    assert marks
    assert all(float(x) + text_width(label, SIZE) / 2 <= width + 0.01 for x, label in marks)


def test_years_below_a_panel_are_whole_without_a_comma_and_stand_apart() -> None:
    """Two years have nothing between them, and 2,023 is no year."""
    line = np.array([[0.0], [1.0], [2.0]])
    panels = tuple(EffectPanel(title=name, x=np.array([2021.0, 2022.0, 2023.0]), lines=line) for name in "abc")
    drawn = svg(EffectPanels(panels=panels, axis="probability"))
    labels = [
        (float(x), word) for x, word in re.findall(r'<text[^>]* x="([\d.]+)"[^>]*>([^<]+)<', drawn) if "2" in word
    ]
    years = [(x, word) for x, word in labels if float(word.replace(",", "")) > 2000]
    assert {word for _, word in years} <= {"2021", "2022", "2023"}
    assert len(years) >= 2 * len(panels)
    for (one, first), (two, second) in pairwise(years):
        assert two < one or two - one > (text_width(first, SIZE) + text_width(second, SIZE)) / 2


@pytest.mark.parametrize("ends", [(12_023.0, 12_024.0), (5_023.0, 5_024.0), (0.0, 0.5)])
def test_numbers_that_are_moved_into_their_room_stand_apart(ends: tuple[float, float]) -> None:
    """The first and the last are drawn further inside than they belong."""
    drawn = "".join(below(Axis(*ends, 2, 186), 0, 4, inside=(0, 188)))
    labels = [(float(x), word) for x, word in re.findall(r'<text[^>]* x="([\d.]+)"[^>]*>([^<]+)<', drawn)]
    assert len(labels) > 1
    for (one, first), (two, second) in pairwise(labels):
        assert two - one > (text_width(first, SIZE) + text_width(second, SIZE)) / 2


def test_numbers_have_real_minus_signs() -> None:
    assert [signed(v, ".2f") for v in (0.414, -1.2, -0.001)] == ["+0.41", "−1.20", "0"]


def test_text_is_measured_in_the_font() -> None:
    assert text_width("ii", 10) < text_width("MM", 10) / 2


def test_long_labels_are_shortened_and_not_clipped() -> None:
    label = "the mean of the absolute deviations of the worst of the concave points"
    drawn = svg(Bars(labels=(label,), series=(Series(name="", values=np.array([1.0])),), axis="x"))
    (shown,) = re.findall(r">(the mean[^<]*)<", drawn)
    (right,) = re.findall(r'x="([\d.]+)"[^>]*>the mean', drawn)
    assert "…" in shown
    assert shown.endswith("points")
    assert text_width(shown, 12) <= float(right)


def test_long_names_of_classes_stand_beside_their_rows_alone() -> None:
    """Their columns are numbered, so that the counts keep their room."""
    names = ("black-headed night monkey", "bald uakari")
    drawn = svg(Matrix(labels=names, counts=np.array([[10, 1], [0, 5]]), x_label="read as", y_label="written"))
    assert drawn.count("bald uakari") == 1
    assert "rotate(-45)" not in drawn
    assert re.findall(r'class="fixed"[^>]*>([\d,]+)<', drawn) == ["10", "1", "0", "5"]


@pytest.mark.parametrize(("classes", "width"), [(9, 0.46), (12, 0.5), (30, 1.0), (60, 1.0)])
def test_names_above_a_matrix_do_not_touch(classes: int, width: float) -> None:
    """Names aslant are as far apart, across, as their letters are high."""
    names = tuple(f"galaxy {k}" for k in range(classes))
    content = Matrix(labels=names, counts=np.full((classes, classes), 2), x_label="said", y_label="true")
    drawn = svg(content, width)
    places = [float(x) for x in re.findall(r"translate\(([\d.]+) [\d.]+\) rotate\(-45\)", drawn)]
    sizes = re.findall(r'rotate\(-45\)"><text[^>]*font-size="([\d.]+)', drawn)
    assert len(places) == len(sizes) > 3
    assert min(np.diff(places)) >= float(sizes[0]) * 2**0.5 - 0.1


@pytest.mark.parametrize("name", ["galaxy", "a monkey with a long name"])
@pytest.mark.parametrize("classes", [8, 9, 10])
def test_a_matrix_leaves_no_page_half_empty_before_it(classes: int, name: str) -> None:
    """With its caption it is lower than two fifths of the room for text, 100 mm, and its numbers are all there."""
    names = tuple(f"{name} {k}" for k in range(classes))
    content = Matrix(labels=names, counts=np.full((classes, classes), 20), x_label="said", y_label="true")
    part = draw(Figure(name="f", content=content, caption="c", alt="a")).part("chart")
    assert part.size[1] * 25.4 / 96 < 80
    assert part.data.decode().count('class="fixed"') == classes**2


def test_a_matrix_of_many_classes_has_no_room_for_numbers() -> None:
    drawn = svg(Matrix(labels=tuple("a" * 60), counts=np.eye(60, dtype=int), x_label="read as", y_label="written"))
    assert 'class="fixed"' not in drawn
    assert drawn.count("<rect") == 3600


def test_a_cell_without_room_for_its_number_is_titled_with_it() -> None:
    names = (*"abcdefghijklmnopqrstuvwxyz0123456789<",)
    drawn = svg(Matrix(labels=names, counts=np.diag(range(37)), x_label="read as", y_label="written"))
    titles = re.findall("<rect[^>]*><title>([^<]*)</title></rect>", drawn)
    assert len(titles) == 37 * 37
    assert titles[38:40] == ["written b, read as b: 1", "written b, read as c: 0"]
    assert titles[-1] == "written &lt;, read as &lt;: 36"
    roomy = svg(Matrix(labels=("a", "b"), counts=np.eye(2), x_label="", y_label="", correlations=True))
    assert "<title>" not in roomy


def test_long_names_of_methods_are_broken_and_never_lose_their_number() -> None:
    names = ("Gradient", "Gradient with noise and with dropout, which is a long name, longer than two lines are")
    drawn = svg(Matrix(labels=names, counts=np.eye(2), x_label="", y_label="", correlations=True), 0.49)
    written = re.findall(r">([^<>]+)<", drawn)
    assert [written.count(number) for number in "12"] == [2, 2]  # above a column, beside a row
    broken = [word for word in written if word.startswith(("Gradient with", "noise", "dropout")) or "…" in word]
    assert len(broken) == 2
    assert "…" in broken[-1]


ALIKE = [f"customer_lifetime_value_in_the_last_{months}_months_of_all" + 12 * "_branches" for months in (12, 24, 36)]


@pytest.mark.parametrize(
    "figure",
    [
        Histograms(
            groups=("training rows", "test rows"),
            panels=tuple(Histogram(title=name, bins=("0", "1"), shares=np.full((2, 2), 0.5)) for name in ALIKE),
        ),
        EffectPanels(
            panels=tuple(
                EffectPanel(title=name, x=np.array([0.0, 1.0]), lines=np.array([[0.0], [1.0]])) for name in ALIKE
            ),
            axis="probability",
        ),
        BarPanels(
            labels=("a",), panels=tuple(Series(name=name, values=np.ones(1)) for name in ALIKE), axis="x", signed=True
        ),
    ],
    ids=["distributions", "effects", "bars"],
)
def test_panels_whose_names_begin_and_end_alike_are_told_apart(figure: FigureContent) -> None:
    """By another cut, or by a number where no cut shows in what they differ."""
    titles = re.findall(r">([^<>]*…[^<>]*)</text>", svg(figure))
    assert len(titles) == len(ALIKE)
    for place, (title, name) in enumerate(zip(titles, ALIKE, strict=True), 1):
        begin, _, end = title.partition("…")
        whose = [other for other in ALIKE if other.startswith(begin) and other.endswith(end)]
        assert whose == [name] or title.startswith(f"{place}: ")
