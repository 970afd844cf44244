"""Step ladders: how a refinement closes in on its answer, pass by pass."""

from collections.abc import Sequence
from math import ceil, floor, log10

import numpy as np

from exhibit.tasks.drawing.axis import SIZE, Axis, quiet_word
from exhibit.tasks.drawing.curves import spread
from exhibit.tasks.drawing.descriptor import FigureKind, chart
from exhibit.tasks.drawing.svg import INK, MAIN, PAGE, PAPER, RULE, SECOND, element, line, picture, text, text_width
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Ladder, Part, Reading
from exhibit.tasks.records.language import mark, tr

_TOP, _HEIGHT, _LEFT, _BETWEEN = 26.0, 112.0, 46.0, 34.0  # CSS pixels
_LEAST = 1e-5  # shares below it are drawn as it: a logarithm has no zero


def ladder(content: Ladder, width: float) -> Part:
    """Residual and change on logarithmic scales over the evaluations spent, each sample a line that ends, with its
    number, where it stopped, filled where it had converged; beside them, how many of all explanations stopped at each
    pass."""
    total = PAGE * width
    wide = (total - 3 * _LEFT - 2 * _BETWEEN) / 3
    starts = [_LEFT + number * (wide + _LEFT + _BETWEEN) for number in range(3)]
    y = _levels(content)
    shares = (
        (tr("residual, share of S(x) − S(x′)"), content.residual),
        (tr("change since the pass before"), content.change),
    )
    elements: list[str] = []
    for start, (title, values) in zip(starts, shares, strict=False):
        x = _places(len(content.steps), start, start + wide)
        elements += [*_frame(title, content, x, y), *_lines(content, values, x, y)]
    return picture("chart", total, _TOP + _HEIGHT + 38, *elements, *_stopped(content, starts[2] - _LEFT / 2, total - 4))


def _places(count: int, start: float, end: float) -> list[float]:
    """Where each pass is drawn: every pass costs a multiple of the one before, so they are equally far apart."""
    return [start + (end - start) * (0.5 if count == 1 else number / (count - 1)) for number in range(count)]


def _levels(content: Ladder) -> Axis:
    """Powers of ten around all shares and the tolerance."""
    shares = np.concatenate([content.residual.ravel(), content.change.ravel(), [content.tolerance]])
    known = np.maximum(shares[np.isfinite(shares)], _LEAST)
    low, high = floor(log10(known.min()) + 1e-9), ceil(log10(known.max()) - 1e-9)
    return Axis(low, max(high, low + 1), _TOP + _HEIGHT, _TOP)


def _frame(title: str, content: Ladder, x: Sequence[float], y: Axis) -> list[str]:
    start, end = x[0] - 6, x[-1] + 6
    elements = [text(title, start, 12, SIZE, weight=600)]
    every = 1 if y.high - y.low <= 4 else 2
    for power in range(int(y.low), int(y.high) + 1, every):
        at = y.at(power)
        elements += [
            line(start, at, end, at, RULE, 0.6, "rule"),
            quiet_word(f"{100 * 10.0**power:g}%", start - 5, at + 4, "end"),
        ]
    at = y.at(log10(content.tolerance))
    dashes = element(
        "path", class_="ink", d=f"M{start:.2f} {at:.2f}H{end:.2f}", stroke=INK, stroke_width=0.9, stroke_dasharray="4 3"
    )
    return [*elements, dashes, *_steps(content, x), line(start, y.start, end, y.start, INK, 0.9)]


def _steps(content: Ladder, x: Sequence[float]) -> list[str]:
    """The evaluations spent below each pass."""
    bottom = _TOP + _HEIGHT
    marks = [
        line(at, bottom, at, bottom + 4, INK) + quiet_word(f"{int(count):,}", at, bottom + 15)
        for at, count in zip(x, content.steps, strict=True)
    ]
    return [*marks, quiet_word(tr("gradient evaluations"), (x[0] + x[-1]) / 2, bottom + 31)]


def _lines(content: Ladder, values: Array, x: Sequence[float], y: Axis) -> list[str]:
    """A line per sample, its end marked and numbered."""
    elements, ends = [], []
    for row, item in enumerate(values):
        known = np.flatnonzero(np.isfinite(item)).tolist()
        if not known:
            continue
        points = [(x[k], y.at(log10(max(float(item[k]), _LEAST)))) for k in known]
        colour, style = (MAIN, "main") if row == 0 else (SECOND, "second")
        path = " ".join(f"{px:.2f},{py:.2f}" for px, py in points)
        elements.append(element("polyline", class_=f"curve {style}", points=path, fill="none", stroke=colour,
                             stroke_width=1.4))  # fmt: skip
        elements.append(_end(points[-1], bool(content.converged[row]), colour, style))
        ends.append((row, points[-1]))
    return [*elements, *_numbers(ends)]


def _end(place: tuple[float, float], converged: bool, colour: str, style: str) -> str:
    """A full point where the sample had converged, a ring where it ran out of steps."""
    fill, shape = (colour, "dot") if converged else (PAPER, "ring")
    return element(
        "circle",
        class_=f"curve {style} {shape}",
        cx=place[0],
        cy=place[1],
        r=3.2,
        fill=fill,
        stroke=colour,
        stroke_width=1.4,
    )


def _numbers(ends: Sequence[tuple[int, tuple[float, float]]]) -> list[str]:
    """The number of each line beside its end, apart where lines end together."""
    elements = []
    for x in sorted({place[0] for _, place in ends}):
        here = [(row, place[1]) for row, place in ends if place[0] == x]
        heights = spread([height for _, height in here], SIZE)
        inside = min(0.0, _TOP + _HEIGHT - 5 - max(heights)) + max(0.0, _TOP + 5 - min(heights))
        for (row, _), height in zip(here, heights, strict=True):
            shown, y = str(row + 1), height + inside + 4
            wide = text_width(shown, SIZE, 600)
            # Paper behind a number keeps it clear of the lines that go on.
            elements.append(element("rect", class_="paper", x=x + 5, y=y - 8.5, width=wide + 2, height=9.5, fill=PAPER))
            elements.append(text(shown, x + 6, y, SIZE, weight=600))
    return elements


def _stopped(content: Ladder, start: float, end: float) -> list[str]:
    """Bars: how many explanations stopped at each pass."""
    count, bottom = len(content.steps), _TOP + _HEIGHT
    step = (end - start) / count
    y = Axis(0, max(float(content.stopped.max()), 1.0), bottom, _TOP + 14)
    x = [start + (number + 0.5) * step for number in range(count)]
    bar = min(26.0, step - 6)
    elements = [text(tr("explanations that stopped there"), start, 12, SIZE, weight=600)]
    for at, stopped in zip(x, content.stopped.tolist(), strict=True):
        top = y.at(stopped)
        if stopped:
            elements.append(
                element("rect", class_="bar main", x=at - bar / 2, y=top, width=bar, height=bottom - top, fill=MAIN)
            )
        elements.append(quiet_word(f"{int(stopped):,}", at, top - 5))
    return [*elements, *_steps(content, x), line(start, bottom, end, bottom, INK, 0.9)]


LADDER = FigureKind(
    record=Ladder,
    draw=chart(ladder),
    reading=Reading(
        title=mark("Step ladder"),
        text=mark(
            "How the computation closes in on its answer. To the right effort grows; a line that drops below the "
            "dashed one has settled."
        ),
        warning=mark("A ring at the end: it had not settled when the effort ended, and the page says so."),
    ),
    broad=lambda _: True,
)
