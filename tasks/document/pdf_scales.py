"""How much larger than in its own units things of a PDF are drawn: a hairline on the page is a part of one there."""

from collections.abc import Iterator, Sequence
from math import hypot
from typing import Any


def enlarged(matrix: Sequence[Any]) -> float:
    """By how much a matrix of a PDF makes something longer, at most."""
    a, b, c, d = (float(part) for part in list(matrix)[:4])
    return max(hypot(a, b), hypot(c, d))


class Scale:
    """How much larger the next step of a stream is drawn, from step to step."""

    def __init__(self, first: float = 1.0) -> None:
        self.now = first
        self._kept: list[float] = []

    def step(self, operator: str, operands: Sequence[Any]) -> None:
        """What a step changes for those behind it."""
        if operator == "q":
            self._kept.append(self.now)
        elif operator == "Q" and self._kept:
            self.now = self._kept.pop()
        elif operator == "cm":
            self.now *= enlarged(operands)


def scales(pdf: Any) -> dict[tuple[int, int], float]:
    """How much larger drawings and patterns of an own PDF are drawn, at most; pages themselves are as they are."""
    found: dict[tuple[int, int], float] = {}
    waiting = [(page, page.get("/Resources", {}), 1.0) for page in pdf.pages]
    while waiting:
        content, resources, first = waiting.pop()
        for item, scale in _drawn(content, resources, first):
            total = scale * enlarged(item.get("/Matrix", (1, 0, 0, 1)))
            if total > found.get(item.objgen, 0.0):
                found[item.objgen] = total
                waiting.append((item, item.get("/Resources", resources), total))
    return found


def _drawn(content: Any, resources: Any, first: float) -> Iterator[tuple[Any, float]]:
    """What a stream draws that is a stream of such steps itself, and how much larger."""
    import pikepdf

    scale, forms, states = Scale(first), resources.get("/XObject", {}), resources.get("/ExtGState", {})
    for step in pikepdf.parse_content_stream(content):
        operator, operands = str(step.operator), list(step.operands)
        scale.step(operator, operands)
        item = None
        if operator == "Do":
            item = forms.get(str(operands[0]))
        elif operator == "gs" and "/SMask" in (state := states.get(str(operands[0]), {})):
            item = state["/SMask"].get("/G") if isinstance(state["/SMask"], pikepdf.Dictionary) else None
        elif operator in ("scn", "SCN") and isinstance(operands[-1], pikepdf.Name):
            pattern = resources.get("/Pattern", {}).get(str(operands[-1]))
            if isinstance(pattern, pikepdf.Stream):
                yield pattern, first  # which lies on the stream as a whole, whatever was enlarged in it
        if isinstance(item, pikepdf.Stream) and str(item.get("/Subtype")) == "/Form":
            yield item, scale.now
