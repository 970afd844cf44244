"""Drawings of series, with known answers."""

import re

import numpy as np

from exhibit.tasks.drawing.colormap import colour
from exhibit.tasks.drawing.traces import profile, traces
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Profile, Scale, Trace, Traces

SCALE = (Scale(unit="logit", limit=1.0),)


def drawn(values: Array, times: Array | None = None, lines: Array | None = None) -> str:
    content = Traces(
        channels=tuple("abc"[: values.shape[1]]),
        times=np.arange(len(values)) if times is None else times,
        axis="step",
        items=(Trace(title="t", lines=np.zeros_like(values) if lines is None else lines, values=values, alt=""),),
    )
    (part,) = traces(content, SCALE, 1.0)
    return part.data.decode()


def bands(svg: str) -> list[tuple[float, float, str]]:
    """Left, width and colour."""
    found = re.findall(r'class="band" x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="[\d.]+" fill="(#\w+)"', svg)
    return [(float(x), float(width), fill) for x, width, fill in found]


def test_a_band_has_the_colour_of_its_value_on_the_scale() -> None:
    assert [fill for *_, fill in bands(drawn(np.array([[0.5], [-1.0], [0.0]])))] == [colour(0.5, 1), colour(-1, 1)]


def test_bands_are_as_wide_as_their_steps_last() -> None:
    """A step lasts from half-way to the one before to half-way to the next."""
    (first, middle, last) = (
        width for _, width, _ in bands(drawn(np.array([[0.2], [0.4], [0.6]]), np.array([0, 1, 4])))
    )
    assert abs(first / middle - 1 / 2) < 0.02
    assert abs(last / middle - 3 / 2) < 0.02


def test_neighbours_of_one_colour_are_one_band_and_many_steps_are_few_bands() -> None:
    assert len(bands(drawn(np.full((50, 1), 0.5)))) == 1
    many = bands(drawn(np.linspace(0.1, 1, 3000)[:, np.newaxis]))
    assert 50 < len(many) <= 120


def test_a_line_goes_through_its_values_on_the_range_of_its_channel() -> None:
    lines = np.array([[0.0, 500.0], [1.0, 0.0], [2.0, 250.0]])
    svg = drawn(np.zeros((3, 2)), lines=lines)
    first, second = re.findall(r'class="ink" points="([^"]+)"', svg)
    heights = [[float(pair.split(",")[1]) for pair in points.split()] for points in (first, second)]
    assert np.allclose(np.diff(heights[0]), np.diff(heights[0])[0], atol=0.2)
    assert abs((heights[1][0] + heights[1][1]) / 2 - heights[1][2]) < 0.2
    assert all(f">{mark}<" in svg for mark in ("2", "0", "500"))


def test_a_constant_series_of_one_step_is_drawn() -> None:
    assert "nan" not in drawn(np.array([[0.3]]), lines=np.array([[7.0]]))


def test_a_profile_stands_on_one_range() -> None:
    content = Profile(
        channels=("a", "b"), times=np.arange(3), axis="step", unit="logit", values=np.array([[0, 4], [1, 0], [0, 0.0]])
    )
    svg = profile(content, 1.0).data.decode()
    tall, low = ([float(y) for y in re.findall(r",([\d.]+)", points)] for points in re.findall('points="([^"]+)"', svg))
    assert abs((max(low) - min(low)) / (max(tall) - min(tall)) - 4) < 0.1
    assert svg.count(">4.0<") == 2
