"""The reasons of one decision: what counted, where it lies among the training rows, what speaks against the order."""

from collections.abc import Mapping, Sequence

import numpy as np

from exhibit.tasks.document.bearing import named
from exhibit.tasks.document.words import ROUNDED, YEARS, add_up, asked, listing, share
from exhibit.tasks.records.decision import Cell, Decision, Part
from exhibit.tasks.records.language import sentences, tr, trn, trp
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
    failed, undecided = (
        [asked(check.check, checks) for check in bearing if check.verdict == verdict]
        for verdict in ("fail", "undecided")
    )
    if failed:
        said.append(tr("Of the checks of this explanation {checks} failed.", checks=listing(failed)))
    if len(undecided) == 1:
        said.append(tr("Of the checks of this explanation {checks} is undecided.", checks=undecided[0]))
    elif undecided:
        said.append(tr("Of the checks of this explanation {checks} are undecided.", checks=listing(undecided)))
    if not any(check.verdict in ("pass", "fail", "undecided") for check in bearing):
        said.append(tr("No check has tested this explanation."))
    if decision.methods:
        first = [part.title for part in decision.methods[0].ordered[:MOST]]
        differ = [
            named(method)
            for method, parts in _others(material, decision)
            if [part.title for part in parts[:MOST]] != first
        ]
        if differ:
            said.append(
                tr(
                    "Methods disagree: {methods} puts what counted in another order than {main}.",
                    methods=listing(differ),
                    main=named(main),
                )
                if len(differ) == 1
                else tr(
                    "Methods disagree: {methods} put what counted in another order than {main}.",
                    methods=listing(differ),
                    main=named(main),
                )
            )
        difference = abs(float(main.prediction[decision.row, 0] - main.base_value[decision.row, 0]))
        left = abs(float(main.residual[decision.row, 0]))
        if left > _RESIDUAL * difference:
            said.append(
                tr(
                    "The parts do not add up here: {share} of the difference to the baseline is left open.",
                    share=share(left / difference) if difference else trp("share", "all"),
                )
            )
    # Of two classes what counts against the one counts as much towards the other.
    if decision.classes > 2 and decision.explained != decision.outcome.name:
        said.append(
            tr("What counted is told about {explained}, which is not the decision.", explained=decision.explained)
        )
    return said


def reason(material: Material, decision: Decision, part: Part, whole: float) -> Reason:
    title = tr("all of {input}", input=part.whole) if part.whole else tr(part.title)
    return Reason(
        text=title if part.cell is None else tr("{name}: {value}", name=title, value=written(part.cell)),
        where="" if part.cell is None else _where(material, part.cell),
        counted=_counted(material, decision, part.value),
        share=share(abs(part.value) / whole),
    )


def _counted(material: Material, decision: Decision, value: float) -> str:
    """Which way a part counted, by the sign that it has for this score."""
    if material.score == "factory":
        return tr("raised the score") if value > 0 else tr("lowered the score")
    if not material.dataset.classes:
        return tr("raised it") if value > 0 else tr("lowered it")
    if value > 0:
        return tr("counted towards {explained}", explained=decision.explained)
    return tr("counted against {explained}", explained=decision.explained)


def rest(counted: Sequence[Part], printed: Sequence[Part], whole: float) -> str:
    """How much of the whole is left to all that is not printed, and that shares are rounded where they do not add up to
    100% as they are printed."""
    if not printed:
        return ""
    shares = [abs(part.value) / whole for part in printed]
    others = len(counted) - len(printed)
    left = [max(1 - sum(shares), 0.0)] if others else []
    rounded = "" if add_up([*shares, *left]) else tr(ROUNDED)
    if not others:
        return sentences([tr("Nothing else counted."), rounded])
    told = trn(
        "{number} other feature has {share} of all that counted, for and against.",
        "{number} other features have together {share} of all that counted, for and against.",
        others,
        share=share(left[0]),
    )
    return sentences([told, rounded])


def repeated(material: Material, row: int) -> str:
    """That the places of a word are one reason, of a shown text in which one stands more than once: its colours may
    differ from place to place."""
    texts = [item.array[row] for item in material.dataset.inputs if item.vocabulary]
    if all(len(np.unique(own := ids[ids != 0])) == len(own) for ids in texts):
        return ""
    return tr("What stands in a text more than once is one reason, by the sum over all its places.")


def _number(cell: Cell, value: float) -> str:
    text = f"{value:{',' if abs(value) >= YEARS else ''}.{cell.decimals}f}"
    return text.replace("-", "−") if any(digit in text for digit in "123456789") else text.lstrip("-")


def written(cell: Cell) -> str:
    if cell.value is None:
        return tr("missing")
    if cell.truth:
        return trp("verdict", "yes") if cell.value else trp("verdict", "no")
    return _number(cell, cell.value) if cell.word is None else cell.word


def rows_of(material: Material) -> str:
    """What a value is compared with: nobody knows which rows a model has learned from that came trained."""
    return tr("training rows") if material.trained else tr("rows of the data")


def _alike(cell: Cell, rows: str) -> str:
    """How many rows have the same word, or lack it as well."""
    if cell.value is None:
        if not cell.same:
            return tr("none of the {rows} lacks it", rows=rows)
        return tr("{share} of the {rows} lack it, too", share=share(cell.same), rows=rows)
    if not cell.same:
        return tr("none of the {rows}", rows=rows)
    return tr("{share} of the {rows}", share=share(cell.same), rows=rows)


def _where(material: Material, cell: Cell) -> str:
    """Where a value lies among the training rows; nothing where there are none."""
    rows = rows_of(material)
    if not cell.rows:
        return ""
    if cell.value is None or cell.same is not None:
        return _alike(cell, rows)
    if cell.spread is None:
        return tr("all {rows} lack it", rows=rows)
    first, third = _number(cell, cell.spread.first), _number(cell, cell.spread.third)
    if cell.spread.first == cell.spread.third:
        return tr("at least half of the {rows} have {value}", rows=rows, value=first)
    return tr("the middle half of the {rows} is {low} to {high}", rows=rows, low=first, high=third)
