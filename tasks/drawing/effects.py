"""Small multiples of what happens along a quantity: lines with their intervals, thin lines of single rows, dots."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from exhibit.tasks.drawing.axis import SIZE, Axis, below, quiet_word, upright
from exhibit.tasks.drawing.descriptor import FigureKind, divided
from exhibit.tasks.drawing.svg import (
    COLUMN,
    INK,
    MAIN,
    PAGE,
    QUIET,
    REFERENCE,
    RULE,
    SECOND,
    SMALLEST,
    element,
    fitted,
    fitted_apart,
    in_rows,
    line,
    text,
    text_width,
)
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import SINGLE, EffectPanel, EffectPanels, Part, Reading
from exhibit.tasks.records.language import mark, tr, trp
from exhibit.tasks.records.shown import printed

_BETWEEN, _LEFT, _HEAD = 14.0, 54.0, 32.0  # CSS pixels between panels, before and above them
_HEIGHT, _FOOT, _KEY = 112.0, 34.0, 20.0  # CSS pixels of the axes, below and above them
_LINES = ((MAIN, "main", ""), (SECOND, "second", ""), (MAIN, "main", "5 3"))  # colour, class and dashes


def effect_panels(content: EffectPanels, width: float) -> tuple[Part, ...]:
    """Up to three panels side by side, or four where that fills the row; all on the same range."""
    side = 4 if len(content.panels) == 4 else min(3, len(content.panels))
    total = (PAGE if side > 2 else COLUMN) * width
    wide = (total - _LEFT - (side - 1) * _BETWEEN) / side
    ends = _range(content)
    rows = [content.panels[k : k + side] for k in range(0, len(content.panels), side)]
    drawn = [partial(_row, content, panels, wide, ends, first=k == 0) for k, panels in enumerate(rows)]
    return in_rows(total, drawn, [(row, _said(panels)) for row, panels in zip(drawn, rows, strict=True)])


def _range(content: EffectPanels) -> tuple[float, float]:
    """The lowest and the highest number that is drawn."""
    drawn = [
        values.ravel()
        for panel in content.panels
        for values in (
            panel.lines,
            panel.low,
            panel.high,
            _thinned(panel),
            None if panel.dots is None else panel.dots[:, 1],
        )
        if values is not None
    ]
    values = np.concatenate([*drawn, *([np.zeros(1)] if content.signed else [])])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    pad = (high - low) * 0.04 or 0.5
    return low - pad, high + pad


def _thinned(panel: EffectPanel) -> Array | None:
    """The rows that have a line."""
    return None if panel.single is None else panel.single[:SINGLE]


def _row(
    content: EffectPanels,
    panels: Sequence[EffectPanel],
    wide: float,
    ends: tuple[float, float],
    start: float,
    *,
    first: bool,
) -> tuple[list[str], float]:
    """Panels side by side from `start` on; the first row has the names of the lines above it."""
    names = _names(content.names, start) if first and len(content.names) > 1 else []
    top = start + _KEY * bool(names)
    y = Axis(*ends, top + _HEAD + _HEIGHT, top + _HEAD)
    drawn = []
    titles = [panel.title for panel in content.panels]
    shown = dict(zip(titles, fitted_apart(titles, SIZE, wide, 600), strict=True))
    for place, panel in enumerate(panels):
        x0 = _LEFT + place * (wide + _BETWEEN)
        title = text(shown[panel.title], x0, top + 11, SIZE, weight=600)
        drawn.append(element("g", title, *_panel(panel, content, (x0, x0 + wide), y, top, labelled=place == 0)))
    return [*names, *drawn, upright(content.axis, 10, (y.start + y.end) / 2)], _HEAD + _HEIGHT + _FOOT + top - start


def _names(names: Sequence[str], top: float) -> list[str]:
    """A piece of each line beside its name."""
    parts, x = [], _LEFT
    for name, (colour, style, dashes) in zip(names, _LINES, strict=False):
        parts.append(_path([(x, top + 8), (x + 22, top + 8)], colour, style, dashes))
        parts.append(text(name, x + 27, top + 12, SIZE))
        x += text_width(name, SIZE) + 44
    return parts


def _panel(
    panel: EffectPanel, content: EffectPanels, ends: tuple[float, float], y: Axis, top: float, *, labelled: bool
) -> list[str]:
    low, high = _ends(panel)
    x = Axis(low, high, ends[0] + 2, ends[1] - 4)
    ticks = y.ticks(4, by_sign=content.signed)
    parts = [
        text(fitted(panel.note, SMALLEST, ends[1] - ends[0]), ends[0], top + 24, SMALLEST, fill=QUIET, style="quiet"),
        *(line(ends[0], at, ends[1], at, RULE, 0.6, "rule") for at, _ in ticks),
    ]
    if labelled:
        parts += [quiet_word(label, ends[0] - 6, at + 4, "end") for at, label in ticks]
    if content.signed:
        parts.append(line(ends[0], y.at(0), ends[1], y.at(0), QUIET, 0.9, "quiet"))
    if (single := _thinned(panel)) is not None:
        parts += [_thin(panel.x, values, x, y) for values in single]
    if panel.dots is not None:
        parts.append(_dots(panel.dots, x, y))
    if panel.lines is not None:
        parts += _lines(panel, x, y)
    if panel.seen is not None:
        parts.append(_rug(panel.seen, x, y.start))
    return [
        *parts,
        line(ends[0], y.start, ends[1], y.start, INK, 0.9),
        *below(x, y.start, max(2, int((ends[1] - ends[0]) / 40)), inside=ends, whole=_whole(panel)),
    ]


def _whole(panel: EffectPanel) -> bool:
    """Whether all its values are whole numbers, as those of years and counts: then nothing lies between two of them."""
    values = [panel.x, *([] if panel.dots is None else [panel.dots[:, 0]])]
    return all(bool((part == np.round(part)).all()) for part in values)


def _ends(panel: EffectPanel) -> tuple[float, float]:
    values = panel.x if panel.dots is None else np.concatenate([panel.x, panel.dots[:, 0]])
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _lines(panel: EffectPanel, x: Axis, y: Axis) -> list[str]:
    """Each line before the band of its interval."""
    assert panel.lines is not None, "asked for only where there are some"
    parts = []
    for number, (colour, style, dashes) in zip(range(panel.lines.shape[1]), _LINES, strict=False):
        if panel.low is not None and panel.high is not None and np.isfinite(panel.low[:, number]).all():
            there = [(x.at(a), y.at(b)) for a, b in zip(panel.x, panel.low[:, number], strict=True)]
            back = [(x.at(a), y.at(b)) for a, b in zip(panel.x, panel.high[:, number], strict=True)][::-1]
            points = " ".join(f"{a:.1f},{b:.1f}" for a, b in (*there, *back))
            parts.append(element("polygon", class_="bar reference", points=points, fill=REFERENCE, fill_opacity=0.55))
        places = [(x.at(a), y.at(b)) for a, b in zip(panel.x, panel.lines[:, number], strict=True)]
        parts.append(_path(places, colour, style, dashes))
    return parts


def _path(places: Sequence[tuple[float, float]], colour: str, style: str, dashes: str) -> str:
    more = {"stroke_dasharray": dashes} if dashes else {}
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    return element(
        "polyline", class_=f"curve {style}", points=points, fill="none", stroke=colour, stroke_width=1.8, **more
    )


def _thin(places: Array, values: Array, x: Axis, y: Axis) -> str:
    points = " ".join(f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in zip(places, values, strict=True))
    return element(
        "polyline", class_="quiet", points=points, fill="none", stroke=QUIET, stroke_width=0.5, stroke_opacity=0.35
    )


def _dots(dots: Array, x: Axis, y: Axis) -> str:
    """One path: a document with a vector for each of thousands of points is slow."""
    path = "".join(f"M{x.at(a):.1f} {y.at(b):.1f}h0" for a, b in dots)
    return element(
        "path", class_="curve main", d=path, stroke=MAIN, stroke_width=2.6, stroke_linecap="round", stroke_opacity=0.6,
        fill="none",
    )  # fmt: skip


def _rug(seen: Array, x: Axis, bottom: float) -> str:
    """A short stroke above the axis where a row lies, as far as the axis goes."""
    inside = np.unique(seen[(seen >= x.low) & (seen <= x.high)])
    path = "".join(f"M{x.at(value):.1f} {bottom:.1f}v-5" for value in inside)
    return element("path", class_="ink", d=path, stroke=INK, stroke_width=0.5, stroke_opacity=0.6, fill="none")


def _said(panels: Sequence[EffectPanel]) -> str:
    """Which panels these are, and where their lines begin and end."""
    return trp("list", "; ").join(
        panel.title
        if panel.lines is None
        else tr(
            "{name}: from {first} at {start} to {last} at {end}",
            name=panel.title,
            first=printed(float(panel.lines[0, 0]), ".3g"),
            start=printed(float(panel.x[0]), ".4g"),
            last=printed(float(panel.lines[-1, 0]), ".3g"),
            end=printed(float(panel.x[-1]), ".4g"),
        )
        for panel in panels
    )


EFFECT_PANELS = FigureKind(
    record=EffectPanels,
    draw=divided(effect_panels),
    reading=Reading(
        title=mark("Panels along a feature"),
        text=mark(
            "One panel for each feature: to the right its values, upwards what the model says of them, all panels on "
            "one range. A grey band is the 95% interval, a thin line a single row, a dot one sample; short strokes at "
            "the bottom show where the rows lie."
        ),
        warning=mark("Where no strokes are the model was asked about values that hardly occur."),
    ),
    broad=lambda content: len(content.panels) > 2,
)
