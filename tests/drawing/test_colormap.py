import numpy as np
import pytest
from skimage.color import rgb2lab

from exhibit.tasks.drawing.colormap import NEGATIVE, POSITIVE, colour_bar, colours, lights
from exhibit.tasks.records.figure import Scale

VALUES = np.linspace(0, 1, 101)

# Machado, Oliveira & Fernandes 2009, severity 1, on linear RGB.
DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def lab(rgb: np.ndarray) -> np.ndarray:
    return rgb2lab(rgb / 255)


def seen(rgb: np.ndarray, deficiency: str) -> np.ndarray:
    """What somebody with the deficiency sees, as sRGB in 0..255."""
    share = rgb / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    changed = np.clip(linear @ np.array(DEFICIENCIES[deficiency]).T, 0, 1)
    return 255 * np.where(changed <= 0.0031308, changed * 12.92, 1.055 * changed ** (1 / 2.4) - 0.055)


def test_zero_is_white() -> None:
    assert colours(np.array(0.0), 3.0).tolist() == [255, 255, 255]


def test_positive_is_red_and_negative_is_blue() -> None:
    red, _, blue = colours(np.array([0.7, -0.7]), 1.0).T.astype(int)
    assert red[0] > blue[0] + 80
    assert blue[1] > red[1] + 80


def test_values_beyond_the_limit_keep_the_last_colour() -> None:
    assert (colours(np.array([2.0, -9.0]), 1.0) == colours(np.array([1.0, -1.0]), 1.0)).all()


def test_only_the_share_of_the_limit_counts() -> None:
    assert (colours(VALUES, 1.0) == colours(VALUES * 1e-3, 1e-3)).all()


def test_shape_is_kept() -> None:
    assert colours(np.zeros((2, 3, 4)), 1.0).shape == (2, 3, 4, 3)


def test_both_signs_are_equally_light() -> None:
    difference = lab(colours(VALUES, 1.0))[:, 0] - lab(colours(-VALUES, 1.0))[:, 0]
    assert np.abs(difference).max() < 1.5


def test_a_print_in_grey_darkens_with_magnitude() -> None:
    for sign in (1, -1):
        assert (np.diff(lab(colours(sign * VALUES, 1.0))[:, 0]) < 0).all()


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_signs_stay_apart_with_colour_vision_deficiency(deficiency: str) -> None:
    """At 2.3 in CIELAB a difference is just noticeable; from a fifth of the limit on it is five times that."""
    strong = VALUES[VALUES >= 0.2]
    positive, negative = (lab(seen(colours(sign * strong, 1.0), deficiency)) for sign in (1, -1))
    assert np.linalg.norm(positive - negative, axis=1).min() > 5 * 2.3


def test_control_points_are_as_many_on_both_sides() -> None:
    assert len(POSITIVE) == len(NEGATIVE)
    assert POSITIVE[0] == NEGATIVE[0] == "#ffffff"


def test_the_colour_bar_says_its_limits_and_unit() -> None:
    drawn = colour_bar(Scale(unit="contribution to log S", limit=0.923), "scale0").data.decode()
    for word in ("−0.923", ">0<", "+0.923", "contribution to log S"):
        assert word in drawn


def test_the_published_light_is_green_above_zero_and_red_below() -> None:
    """On the grey ground of its scale; at the limit the channel is full, the others stay as they are."""
    below, zero, above = lights(np.array([-2.0, 0.0, 1.0]), 1.0).tolist()
    assert zero[0] == zero[1] == zero[2] < 255
    assert (below, above) == ([255, zero[1], zero[2]], [zero[0], 255, zero[2]])
    drawn = colour_bar(Scale(unit="share", limit=1.0, palette="keras_example"), "bar").data.decode()
    assert "#" + bytes(below).hex() in drawn
    assert "#" + bytes(above).hex() in drawn
