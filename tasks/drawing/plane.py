"""Tracks in a plane: curves of rates, calibration with intervals, residuals."""

import numpy as np

from exhibit.tasks.drawing.axis import SIZE, Axis, below, key, quiet_word, upright
from exhibit.tasks.drawing.descriptor import FigureKind, chart
from exhibit.tasks.drawing.scatter import points
from exhibit.tasks.drawing.svg import COLUMN, INK, MAIN, QUIET, REFERENCE, SECOND, element, line, picture, text_width
from exhibit.tasks.records.figure import Part, Plane, Reading, Track
from exhibit.tasks.records.language import mark

_LEFT, _BOTTOM, _MOST, _FLAT = 46.0, 38.0, 300.0, 0.62
_CAP = 3.0  # half the width of the end of an interval
_MARGIN = 1.06


def plane(content: Plane, width: float) -> Part:
    """A square of rates, or a flatter plane of values around zero."""
    side = min(COLUMN * width, _MOST) if content.unit else COLUMN * width
    colours = _colours(content.tracks)
    groups = [(track.name, *colour) for track, colour in zip(content.tracks, colours, strict=True) if track.name]
    legend, top = key(groups if len(groups) > 1 else [], _LEFT, side)
    extent = side - _LEFT - 8
    high = extent if content.unit else extent * _FLAT
    x, y = _axes(content, extent, top, high)
    drawn = [_drawn(track, x, y, *colour) for track, colour in zip(content.tracks, colours, strict=True)]
    names = [
        quiet_word(content.x_label, _LEFT + extent / 2, y.start + 32),
        upright(content.y_label, 11, top + high / 2),
    ]
    return picture("chart", side, y.start + _BOTTOM, *legend, *_guide(content, x, y), *drawn, *_frame(x, y), *names)


def _axes(content: Plane, extent: float, top: float, high: float) -> tuple[Axis, Axis]:
    if content.unit:
        return Axis(0, 1, _LEFT, _LEFT + extent), Axis(0, 1, top + high, top)
    xs, ys = (np.concatenate(sides) for sides in zip(*((track.x, track.y) for track in content.tracks), strict=True))
    pad = float(np.ptp(xs) or 1.0) * 0.03
    most = float(np.abs(ys).max() or 1.0) * _MARGIN
    return Axis(float(xs.min()) - pad, float(xs.max()) + pad, _LEFT, _LEFT + extent), Axis(-most, most, top + high, top)


def _colours(tracks: tuple[Track, ...]) -> list[tuple[str, str]]:
    """Colour and class of each track; references are grey, the last of others is the strongest."""
    own = iter(((SECOND, "second"), (MAIN, "main")))
    others = [track for track in tracks if not track.reference]
    if len(others) == 1:
        own = iter(((MAIN, "main"),))
    return [(REFERENCE, "reference") if track.reference else next(own, (INK, "ink")) for track in tracks]


def _guide(content: Plane, x: Axis, y: Axis) -> list[str]:
    if content.guide == "none":
        return []
    ends = (x.start, y.start, x.end, y.end) if content.guide == "diagonal" else (x.start, y.at(0), x.end, y.at(0))
    dashed = element(
        "path", class_="quiet", d="M{:.2f} {:.2f}L{:.2f} {:.2f}".format(*ends), stroke=QUIET, stroke_width=0.8,
        stroke_dasharray="4 3",
    )  # fmt: skip
    wide = text_width(content.guide_label, SIZE)
    named = content.guide_label and wide < (x.end - x.start) / 2
    # On the side that curves of a model better than chance leave free.
    return [dashed, quiet_word(content.guide_label, x.end - 6, y.start - 8, "end")] if named else [dashed]


def _frame(x: Axis, y: Axis) -> list[str]:
    left = [
        line(x.start - 4, at, x.start, at) + quiet_word(label, x.start - 7, at + 4, "end") for at, label in y.ticks()
    ]
    axes = line(x.start, y.start, x.end, y.start, INK, 0.9), line(x.start, y.start, x.start, y.end, INK, 0.9)
    return [*axes, *below(x, y.start), *left]


def _drawn(track: Track, x: Axis, y: Axis, colour: str, style: str) -> str:
    if track.low is None and track.points:
        return points(x, y, track.x, track.y, colour)
    places = [(x.at(a), y.at(b)) for a, b in zip(track.x, track.y, strict=True)]
    if track.low is None or track.high is None:
        joined = " ".join(f"{a:.2f},{b:.2f}" for a, b in places)
        thin = 1.0 if track.reference else 1.8
        return element(
            "polyline", class_=f"curve {style}", points=joined, fill="none", stroke=colour, stroke_width=thin
        )
    bars = "".join(
        line(a, y.at(low), a, y.at(high), colour, 1, f"curve {style}")
        + line(a - _CAP, y.at(low), a + _CAP, y.at(low), colour, 1, f"curve {style}")
        + line(a - _CAP, y.at(high), a + _CAP, y.at(high), colour, 1, f"curve {style}")
        for (a, _), low, high in zip(places, track.low, track.high, strict=True)
    )
    return bars + "".join(element("circle", class_=f"dot {style}", cx=a, cy=b, r=3, fill=colour) for a, b in places)


IN_A_PLANE = {
    "ranking": Reading(
        title=mark("Found against taken wrongly"),
        text=mark(
            "Upwards is the share of what is true that the model finds, to the right the share of the others that it "
            "takes for it, from the strictest threshold to the mildest. The closer to the upper left corner the better."
        ),
        warning=mark(
            "The dashed line is what guessing gives. The curve says nothing of whether probabilities are right."
        ),
    ),
    "precision": Reading(
        title=mark("Precision against recall"),
        text=mark("To the right is the share of what is true that the model finds, upwards how much of that is true."),
        warning=mark(
            "What guessing gives is the share of the class itself, so curves of classes of different size cannot "
            "be compared."
        ),
    ),
    "calibration": Reading(
        title=mark("Calibration"),
        text=mark(
            "To the right is the probability that the model gives, upwards how often it is true. On the dashed line "
            "both are equal; below it the model is too sure."
        ),
        warning=mark("Lines through points are 95% intervals: where few rows have such a probability they are long."),
    ),
    "residuals": Reading(
        title=mark("Residuals"),
        text=mark(
            "Each point is a row: to the right what the model says, upwards how much that is above what was measured."
        ),
        warning=mark(
            "A slope or a funnel says that errors depend on the value: the one error of the whole is then no "
            "measure of each."
        ),
    ),
}

PLANE = FigureKind(record=Plane, draw=chart(plane), reading=lambda content: IN_A_PLANE[content.read_as])
