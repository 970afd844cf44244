"""The reasons of one decision: what counted, where it lies among the training rows, what speaks against the order."""

from collections.abc import Mapping, Sequence

from exhibit.tasks.document.bearing import named
from exhibit.tasks.document.words import asked, count, listing, share
from exhibit.tasks.records.decision import Cell, Decision, Part
from exhibit.tasks.records.material import Material, MethodMaterial
from exhibit.tasks.records.page import Reason
from exhibit.tasks.records.verdict import CheckWords

MOST = 4  # more are no reasons that a person can weigh
_RESIDUAL = 0.05  # of the difference of the score, that the parts may leave open

Words = Mapping[str, CheckWords]


def _others(material: Material, decision: Decision) -> list[tuple[MethodMaterial, tuple[Part, ...]]]:
    """The other methods whose parts are in the unit of the main one, and what counted by them."""
    by_label = {method.label: method for method in material.methods}
    unit = material.main.unit
    return [
        (by_label[parts.method], parts.ordered) for parts in decision.methods[1:] if by_label[parts.method].unit == unit
    ]


def leading(material: Material, decision: Decision) -> tuple[str, ...]:
    """Protected columns among what would be printed as reasons, by the main method or another."""
    if not decision.methods:
        return ()
    every = [decision.methods[0].ordered, *(parts for _, parts in _others(material, decision))]
    return tuple(dict.fromkeys(part.title for parts in every for part in parts[:MOST] if part.protected))


def cautions(material: Material, decision: Decision, checks: Words) -> list[str]:
    """What speaks against the reasons or their order."""
    main = material.main
    said = []
    bearing = [check for check in main.checks if check.bears]
    for verdict, words in (("fail", "failed"), ("undecided", "undecided")):
        found = [asked(check.check, checks) for check in bearing if check.verdict == verdict]
        if found:
            are = "" if verdict == "fail" else "is " if len(found) == 1 else "are "
            said.append(f"Of the checks of this explanation {listing(found)} {are}{words}.")
    if not any(check.verdict in ("pass", "fail", "undecided") for check in bearing):
        said.append("No check has tested this explanation.")
    if decision.methods:
        first = [part.title for part in decision.methods[0].ordered[:MOST]]
        differ = [
            named(method)
            for method, parts in _others(material, decision)
            if [part.title for part in parts[:MOST]] != first
        ]
        if differ:
            put = "puts" if len(differ) == 1 else "put"
            said.append(f"Methods disagree: {listing(differ)} {put} what counted in another order than {named(main)}.")
        difference = abs(float(main.prediction[decision.row, 0] - main.base_value[decision.row, 0]))
        left = abs(float(main.residual[decision.row, 0]))
        if left > _RESIDUAL * difference:
            open_part = share(left / difference) if difference else "all"
            said.append(f"The parts do not add up here: {open_part} of the difference to the baseline is left open.")
    if decision.classes and decision.explained != decision.outcome.name:
        said.append(f"What counted is told about {decision.explained}, which is not the decision.")
    return said


def reason(material: Material, decision: Decision, part: Part, whole: float) -> Reason:
    value = "" if part.cell is None else f": {written(part.cell)}"
    return Reason(
        text=f"{part.title}{value}",
        where="" if part.cell is None else _where(material, part.cell),
        counted=_counted(material, decision, part.value),
        share=share(abs(part.value) / whole),
    )


def _counted(material: Material, decision: Decision, value: float) -> str:
    """Which way a part counted, by the sign that it has for this score."""
    if material.score == "factory":
        return "raised the score" if value > 0 else "lowered the score"
    if not material.dataset.classes:
        return "raised it" if value > 0 else "lowered it"
    return f"counted {'towards' if value > 0 else 'against'} {decision.explained}"


def rest(counted: Sequence[Part], printed: Sequence[Part], whole: float) -> str:
    """How much of the whole is left to all that is not printed, and that shares are rounded where they do not add up to
    100% as they are printed."""
    if not printed:
        return ""
    shares = [abs(part.value) / whole for part in printed]
    others = len(counted) - len(printed)
    left = [max(1 - sum(shares), 0.0)] if others else []
    total = sum(round(100 * value) for value in [*shares, *left])
    rounded = " The shares are rounded, and so do not add up to exactly 100%." if total != 100 else ""
    if not others:
        return f"Nothing else counted.{rounded}"
    have = "has" if others == 1 else "have together"
    return f"{count(others, 'other feature')} {have} {share(left[0])} of all that counted, for and against.{rounded}"


def _number(cell: Cell, value: float) -> str:
    text = f"{value:,.{cell.decimals}f}"
    return text.replace("-", "−") if any(digit in text for digit in "123456789") else text.lstrip("-")


def written(cell: Cell) -> str:
    if cell.value is None:
        return "missing"
    return _number(cell, cell.value) if cell.word is None else cell.word


def rows_of(material: Material) -> str:
    """What a value is compared with: nobody knows which rows a model has learned from that came trained."""
    return "training rows" if material.trained else "rows of the data"


def _where(material: Material, cell: Cell) -> str:
    """Where a value lies among the training rows; nothing where there are none."""
    rows = rows_of(material)
    if not cell.rows:
        return ""
    if cell.value is None:
        return f"{share(cell.same)} of the {rows} lack it, too" if cell.same else f"none of the {rows} lacks it"
    if cell.same is not None:
        return f"{share(cell.same)} of the {rows}" if cell.same else f"none of the {rows}"
    if cell.spread is None:
        return f"all {rows} lack it"
    first, third = _number(cell, cell.spread.first), _number(cell, cell.spread.third)
    if cell.spread.first == cell.spread.third:
        return f"at least half of the {rows} have {first}"
    return f"the middle half of the {rows} is {first} to {third}"
