"""Diagrams of nets: boxes and the lines between them."""

from exhibit.tasks.drawing.descriptor import FigureKind, chart
from exhibit.tasks.drawing.svg import INK, PAGE, PAPER, QUIET, RULE, SMALL, element, fitted, picture, text, text_width
from exhibit.tasks.records.figure import Diagram, Node, Part, Reading
from exhibit.tasks.records.language import mark

_HIGH, _ROW, _GAP = 26.0, 38.0, 22.0  # CSS pixels: a box, a row of boxes, room for lines


def diagram(content: Diagram, width: float) -> Part:
    """Columns of boxes by the longest way that leads to them."""
    columns = _columns(content.nodes)
    wide = [max(text_width(node.label, SMALL) for node in column) + 14 for column in columns]
    shrink = min(1.0, (PAGE * width - _GAP * (len(columns) - 1)) / sum(wide))
    places: dict[str, tuple[float, float, float]] = {}
    left = 0.0
    for column, room in zip(columns, wide, strict=True):
        for node, top in zip(column, _tops(column, places), strict=True):
            places[node.name] = (left, top, room * shrink)
        left += room * shrink + _GAP
    high = max(top for _, top, _ in places.values()) + _ROW
    lines = [_line(places[name], places[node.name]) for node in content.nodes for name in node.after]
    boxes = [_box(node.label, *places[node.name]) for node in content.nodes]
    return picture("chart", left - _GAP + 1, high, *lines, *boxes)


def _tops(column: list[Node], places: dict[str, tuple[float, float, float]]) -> list[float]:
    """Heights of the boxes of a column: each level with what leads to it, as far as the one above leaves room."""
    tops: list[float] = []
    for node in column:
        least = tops[-1] + _ROW if tops else (_ROW - _HIGH) / 2
        before = [places[name][1] for name in node.after]
        tops.append(max(least, sum(before) / len(before)) if before else least)
    return tops


def _columns(nodes: tuple[Node, ...]) -> list[list[Node]]:
    depth: dict[str, int] = {}
    for node in nodes:
        depth[node.name] = max((depth[name] + 1 for name in node.after), default=0)
    columns: list[list[Node]] = [[] for _ in range(max(depth.values()) + 1)]
    for node in nodes:
        columns[depth[node.name]].append(node)
    return columns


def _box(label: str, x: float, y: float, wide: float) -> str:
    box = element(
        "rect", class_="box", x=x + 0.5, y=y, width=wide - 1, height=_HIGH, rx=3, fill=PAPER, stroke=QUIET,
        stroke_width=0.8,
    )  # fmt: skip
    return box + text(fitted(label, SMALL, wide - 6), x + wide / 2, y + 17, SMALL, "middle", fill=INK, style="fixed")


def _line(start: tuple[float, float, float], end: tuple[float, float, float]) -> str:
    """From the right side of one box to the left side of another, level at both ends."""
    x0, y0 = start[0] + start[2], start[1] + _HIGH / 2
    x1, y1 = end[0], end[1] + _HIGH / 2
    middle = (x0 + x1) / 2
    path = f"M{x0:.1f} {y0:.1f}C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
    return element("path", class_="quiet", d=path, stroke=RULE, stroke_width=1.2, fill="none")


DIAGRAM = FigureKind(
    record=Diagram,
    draw=chart(diagram),
    reading=Reading(
        title=mark("Diagram of the net"),
        text=mark("What the model is made of, from its inputs at the left to its answer at the right."),
    ),
    broad=lambda _: True,
)
