"""What is drawn of an attribution is what was asked for: known answers on tiny maps, and the published formulas."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import ndimage

from exhibit.tasks.drawing.maps import (
    MapSpec,
    cleaned,
    clipped_by_share,
    clipped_by_value,
    of_polarity,
    outlined,
    prepared,
    scaled,
    threshold,
)
from exhibit.tasks.records.base import Array

VALUES = np.random.default_rng(0).normal(size=(24, 30, 3)) ** 3


def test_nothing_asked_is_the_sum_over_channels() -> None:
    assert_allclose(prepared(VALUES, MapSpec()), VALUES.sum(axis=-1))
    assert not MapSpec().relative


def test_polarity_comes_before_the_sum_over_channels() -> None:
    """+3 and -5 in two channels: 3 is positive, though the sum is not."""
    pixel = np.array([[[3.0, -5.0]]])
    assert prepared(pixel, MapSpec(polarity="positive")).item() == 3
    assert prepared(pixel, MapSpec(polarity="negative")).item() == -5
    assert prepared(pixel, MapSpec()).item() == -2
    assert_allclose(of_polarity(VALUES, "positive") + of_polarity(VALUES, "negative"), VALUES)


def test_the_threshold_is_of_the_running_sum() -> None:
    """Of 5, 3, 1, 1 the largest is half of all, the largest two are eight tenths."""
    size = np.array([1.0, 5.0, 1.0, 3.0])
    assert [threshold(size, percent) for percent in (0, 50, 51, 80, 100)] == [5, 5, 3, 3, 1]


def test_clipping_by_share_is_linear_between_its_ends() -> None:
    """The largest values that make up half of all become 1; those that make up the last tenth are left out."""
    values = np.array([[5.0, -3.0, 1.0, 1.0]])
    assert_allclose(clipped_by_share(values, 50, 10, 0.0), [[1, -0.5, 0, 0]])
    assert_allclose(clipped_by_share(values, 50, 10, 0.2), [[1, -0.6, 0.2, 0.2]])
    assert_allclose(clipped_by_share(np.array([[9.0, 1.0]]), 50, None, 0), [[1, 0]])
    assert_allclose(clipped_by_share(np.array([[9.0, 1.0]]), 5, None, 0), [[1, 1]])
    assert_allclose(clipped_by_share(np.array([[2.0, -2.0, 0.0]]), 50, None, 0), [[1, -1, 0]])
    assert not clipped_by_share(np.zeros((2, 2)), 99, 10, 0.5).any()


def published(values: Array, above: float, below: float, lower_end: float) -> Array:
    """The Keras example's positive map of (height, width, channels), written out."""
    drawn = np.average(np.clip(values, 0, 1), axis=2)

    def at(percentage: float) -> float:
        if percentage == 100.0:
            return float(np.min(drawn))
        ordered = np.sort(np.abs(drawn.flatten()))[::-1]
        return float(ordered[np.where(100.0 * np.cumsum(ordered) / drawn.sum() >= percentage)[0][0]])

    top, bottom = at(100 - above), at(100 - below)
    result = (1 - lower_end) * (np.abs(drawn) - bottom) / (top - bottom) + lower_end
    result = result * np.sign(drawn)
    return np.clip(result * (result >= lower_end), 0, 1)


@pytest.mark.parametrize(("above", "below"), [(99, 0), (95, 28), (99.9, 70)])
@pytest.mark.parametrize("lower_end", [0.0, 0.2])
def test_clipping_is_that_of_the_keras_example(above: float, below: float, lower_end: float) -> None:
    """Many of the values are beyond 1, where it cuts them off."""
    spec = MapSpec(polarity="positive", bound=1, clip_above=above, clip_below=below, lower_end=lower_end)
    assert_allclose(prepared(VALUES, spec), published(VALUES, above, below, lower_end), atol=1e-12)


def test_clipping_by_value_stops_at_the_percentile() -> None:
    values = np.arange(-50.0, 51)
    found = clipped_by_value(values, 90)
    limit = np.percentile(np.abs(values), 90)
    assert (found.min(), found.max()) == (-limit, limit)
    assert_allclose(found[10:91], values[10:91])


@pytest.mark.parametrize("side", [3, 4])
def test_cleaning_is_closing_then_opening(side: int) -> None:
    values, square = np.abs(VALUES[..., 0]), np.ones((side, side))
    closed = ndimage.grey_closing(values, structure=square)
    assert_allclose(cleaned(values, side), ndimage.grey_opening(closed, structure=square), atol=1e-12)


def test_a_gap_is_filled_and_a_speck_removed() -> None:
    area = np.zeros((20, 20))
    area[1:7, 1:7] = 1
    area[3, 3] = 0
    area[10, 10] = 1
    found = cleaned(area, 3)
    assert found[3, 3] == 1
    assert found[10, 10] == 0


def picture(*rows: str) -> Array:
    return np.array([[float(mark == "#") for mark in row] for row in rows])


def test_an_outline_is_the_inner_border_with_holes_filled() -> None:
    ring = picture(".......", ".#####.", ".#...#.", ".#####.", ".#####.", ".......")
    border = picture(".......", ".#####.", ".#...#.", ".#...#.", ".#####.", ".......")
    assert np.array_equal(outlined(ring, 90), border)


def test_at_most_three_areas_are_outlined_and_only_up_to_their_share() -> None:
    """Areas of 4, 3, 2 and 1 pixels: half of all is reached with two; all of it would need four."""
    areas = picture("####.###.##.#")
    assert np.array_equal(outlined(areas, 40), picture("####........."))
    assert np.array_equal(outlined(areas, 50), picture("####.###....."))
    assert np.array_equal(outlined(areas, 100), picture("####.###.##.."))
    assert not outlined(np.zeros((3, 3)), 90).any()


def test_each_sign_has_its_own_outlines() -> None:
    values = np.stack([picture("###....", "###....", "###....") - picture("....###", "....###", "....###")], axis=-1)
    found = prepared(values, MapSpec(outlines=True))
    assert np.array_equal(found, picture("###....", "#.#....", "###....") - picture("....###", "....#.#", "....###"))


def test_maps_on_one_scale_are_scaled_together() -> None:
    maps = [np.array([[1.0, -4.0]]), np.array([[2.0, 1.0]])]
    assert scaled(maps, None)[1] == 4
    together, limit = scaled(maps, "abs_max")
    assert limit == 1
    assert_allclose(together[1], [[0.5, 0.25]])
    assert_allclose(scaled(maps, "min_max")[0][0], [[5 / 6, 0]])
    shares, limit = scaled(maps, "normalize")
    assert sum(np.abs(part).sum() for part in shares) == pytest.approx(1)
    assert limit == pytest.approx(0.5)
    assert scaled([np.zeros((2, 2))], "abs_max")[1] == 1


@pytest.mark.parametrize(
    "options",
    [
        {"clip_above": 20, "clip_below": 30},
        {"palette": "keras_example"},
        {"palette": "keras_example", "polarity": "both", "overlay": 0.8},
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must be smaller|needs a polarity"):
        MapSpec.model_validate(options)


@pytest.mark.parametrize(("side", "end"), [(8, None), (28, None), (96, 99.0), (224, 99.0)])
def test_scales_of_large_pictures_end_at_a_quantile(side: int, end: float | None) -> None:
    assert MapSpec().of_pixels(side * side).end == end
    assert MapSpec(percentile=None).of_pixels(side * side).end is None
    assert MapSpec(percentile=90).of_pixels(side * side).end == 90
    assert MapSpec(scale="per_sample").of_pixels(side * side).end is None
