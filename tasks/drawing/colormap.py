"""The one diverging colour map: positive red, zero white, negative blue.

Control points are equally spaced from zero to the limit and have the same CIELAB lightness on both sides (100 to 27),
so a print in grey still shows magnitude, and red against blue survives every colour-vision deficiency.
"""

import numpy as np
from numpy.typing import NDArray

from exhibit.tasks.drawing.svg import NAME, QUIET, SMALL, element, line, picture, signed, text, text_width
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Part, Scale

POSITIVE = ("#ffffff", "#fde6e0", "#fbc5b8", "#f3a18f", "#e87d6a", "#d6594c", "#b63f3a", "#962c2c", "#781f22")
NEGATIVE = ("#ffffff", "#e2ecfa", "#bbd4f5", "#91b9ed", "#659ee2", "#3d84d0", "#186ab7", "#01539b", "#023f7f")

_POINTS = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (*NEGATIVE[:0:-1], *POSITIVE)], float)
_PLACES = np.linspace(-1, 1, len(_POINTS))

_GREY = 96  # of the ground that light is added to on a scale
_BAR, _TOP, _HEIGHT, _STEPS = 168, 19, 9, 64


def colours(values: Array, limit: float) -> NDArray[np.uint8]:
    """sRGB colours (..., 3) of `values` (...) on the scale from -limit to limit; beyond it the last colour stays."""
    place = np.clip(np.asarray(values, float) / limit, -1, 1)
    channels = [np.interp(place, _PLACES, _POINTS[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)


def lights(values: Array, limit: float) -> NDArray[np.uint8]:
    """The same (..., 3) as light on grey: green for positive values, red for negative ones, as in the Keras example."""
    place = np.clip(np.asarray(values, float) / limit, -1, 1)
    added = np.stack([np.maximum(-place, 0), np.maximum(place, 0), np.zeros_like(place)], axis=-1)
    return np.rint(np.clip(_GREY + 255 * added, 0, 255)).astype(np.uint8)


def colour(value: float, limit: float) -> str:
    """The colour of one value as #rrggbb."""
    return "#" + "".join(f"{channel:02x}" for channel in colours(np.array(value), limit))


def colour_bar(scale: Scale, name: str) -> Part:
    """The scale drawn: its unit, the colours, and ticks at both limits and zero; of sizes the half above zero."""
    width = max(_BAR + 1, text_width(scale.unit, NAME) + 4)
    values = np.linspace(-scale.limit if scale.signed else 0.0, scale.limit, _STEPS)
    shades = colours(values, scale.limit) if scale.palette == "diverging" else lights(values, scale.limit)
    # Each strip reaches the right end and the next covers it: no hairlines between strips.
    strips = [
        element(
            "rect",
            x=0.5 + _BAR * i / _STEPS,
            y=_TOP,
            width=_BAR * (1 - i / _STEPS),
            height=_HEIGHT,
            fill="#" + shade.tobytes().hex(),
        )
        for i, shade in enumerate(shades)
    ]
    frame = element("rect", x=0.5, y=_TOP, width=_BAR, height=_HEIGHT, fill="none", stroke=QUIET, stroke_width=0.6)
    low = (signed(-scale.limit), "0") if scale.signed else ("0", "")
    end = signed(scale.limit) if scale.signed else signed(scale.limit).lstrip("+")
    places = ((low[0], 0.5, "start"), (low[1], _BAR / 2 + 0.5, "middle"), (end, _BAR + 0.5, "end"))
    marks = [
        line(x, _TOP + _HEIGHT, x, _TOP + _HEIGHT + 4, QUIET, 0.8, "quiet")
        + text(label, x, _TOP + _HEIGHT + 15, SMALL, anchor)
        for label, x, anchor in places
    ]
    return picture(name, width, _TOP + _HEIGHT + 19, text(scale.unit, 0, 12, NAME), *strips, frame, *marks)
