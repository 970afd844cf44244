"""The pages about single decisions: each can be handed out alone, and says no more than the numbers do."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from exhibit.tasks.document import answers
from exhibit.tasks.document.bearing import named
from exhibit.tasks.document.chapter import figures as figures_of
from exhibit.tasks.document.chapter import finding
from exhibit.tasks.document.kinds import KINDS
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.document.words import asked, beside, count, listing, rounded, share
from exhibit.tasks.records.decision import Alternative, Cell, Decision, Decisions, Part, Search
from exhibit.tasks.records.explanation import Cases
from exhibit.tasks.records.figure import Figure
from exhibit.tasks.records.material import Material, MethodMaterial, Scales
from exhibit.tasks.records.page import DecisionPage, Document, Fact, Front, Reason
from exhibit.tasks.records.verdict import CheckWords

MOST_REASONS = 4  # more are no reasons that a person can weigh
_RESIDUAL = 0.05  # of the difference of the score, that the parts may leave open

Words = Mapping[str, CheckWords]


def of_decisions(
    document: Document, decided: Sequence[tuple[Material, Decisions]], checks: Words, stated: Mapping[str, str]
) -> tuple[Document, dict[str, Any]]:
    """The document of the pages about decisions in the place of all else, and the same for programs."""
    pages = [
        (page(material, item, checks, stated, document.front), item)
        for material, found in decided
        for item in found.items
    ]
    one = len(pages) == 1
    title = f"Decision about {pages[0][1].sample}" if one else f"{len(pages)} decisions, one on each page"
    changes = {
        "title": title,
        "subtitle": "What was decided, what counted, and what would have to be another.",
        "badges": (),
        "guide": None,
        "chapters": (),
        "back": (),
        "decisions": tuple(made for made, _ in pages),
    }
    said = {"schema": "exhibit-decisions/1", "decisions": [_plain(made, item) for made, item in pages]}
    return document.model_copy(update=changes), said


def page(
    material: Material, decision: Decision, checks: Words, stated: Mapping[str, str], front: Front
) -> DecisionPage:
    """The page about one decision. `front`: what is said of the model, where there is one alone."""
    cautions, leading = tuple(_cautions(material, decision, checks)), _leading(material, decision)
    counted = decision.methods[0].ordered if decision.methods else ()
    printed = () if leading else counted[:MOST_REASONS]
    order = [part.title for part in decision.methods[0].parts] if decision.methods else []
    shown = sorted(printed, key=lambda part: order.index(part.title)) if cautions else printed
    whole = sum(abs(part.value) for part in counted)
    return DecisionPage(
        slug=_slug(material, decision),
        title=f"{material.dataset.label_name}: {decision.sample}",
        eyebrow=material.dataset.title,
        outcome=decision.outcome.name or _value(material, decision),
        chance=_chance(material, decision),
        how=_how(decision),
        facts=(*_facts(material, stated), *_trusted(front)),
        cautions=cautions,
        instead=_instead(material, decision, leading, checks),
        ordered=not cautions,
        reasons=tuple(_reason(material, decision, part, whole) for part in shown),
        rest=_rest(counted, printed, whole),
        figure=_picture(material, decision),
        changes=tuple(_otherwise(material, item) for item in decision.search.alternatives),
        change_note=_note(decision.search),
        verdicts=tuple(_verdicts(material, checks)),
    )


def figures(material: Material, decisions: Decisions, scales: Scales) -> tuple[Figure, ...]:
    """The pictures of the pages: of each sample that is no row of a table one."""
    return tuple(
        figure
        for item in decisions.items
        if (name := _picture(material, item))
        for figure in figures_of(_alone(material, item), scales)
        if figure.name == name
    )


def _slug(material: Material, decision: Decision) -> str:
    return f"{material.slug}-decision-{decision.row + 1}"


def _picture(material: Material, decision: Decision) -> str:
    """The figure that shows the sample; none of a row of a table, or of several inputs together."""
    first, *others = material.dataset.inputs
    end = KINDS[first.kind].alone
    return f"{_slug(material, decision)}-{end}" if end and not others else ""


def _alone(material: Material, decision: Decision) -> Material:
    """The chapter about this sample alone, by its main method."""
    rows, main = [decision.row], material.main
    own = {name: values[rows] for name, values in main.values.items()}
    method = main.model_copy(
        update={
            "values": own,
            "mask": {name: mask[rows] for name, mask in main.mask.items()},
            "prediction": main.prediction[rows],
            "base_value": main.base_value[rows],
            "residual": main.residual[rows],
            "sampling_gap": None if main.sampling_gap is None else main.sampling_gap[rows],
            "draw_residual": None if main.draw_residual is None else main.draw_residual[rows],
            "maps": {
                name: maps.model_copy(
                    update={
                        "values": maps.values[rows],
                        "limits": None if maps.limits is None else maps.limits[rows],
                    }
                )
                for name, maps in main.maps.items()
            },
        }
    )
    return material.model_copy(
        update={
            "slug": _slug(material, decision),
            "dataset": material.dataset.take(np.array(rows)),
            "shown": material.shown[rows],
            "bonds": tuple(material.bonds[row] for row in rows) if material.bonds else (),
            "targets": material.targets[rows],
            "probabilities": None if material.probabilities is None else material.probabilities[rows],
            "cases": Cases(),
            "analogues": (),
            "methods": (method,),
        }
    )


# --- the outcome ------------------------------------------------------------------------------------------


def _value(material: Material, decision: Decision) -> str:
    value = decision.outcome.value
    return "" if value is None else f"{rounded(value, 4)} {material.dataset.label_unit}".rstrip()


def _chance(material: Material, decision: Decision) -> str:
    """How probable the outcome is to the model, or what it predicts."""
    if decision.outcome.probability is not None:
        return f"probability {share(decision.outcome.probability)}"
    return f"predicted {_value(material, decision)}" if decision.outcome.name else ""


def _how(decision: Decision) -> str:
    """What makes it the decision."""
    outcome, threshold = decision.outcome, decision.threshold
    if threshold is None:
        if not decision.classes:
            return "This is the value that the model predicts; nothing says from which value on it decides anything."
        best = (
            "the likelier of two classes" if decision.classes == 2 else f"the likeliest of {decision.classes} classes"
        )
        return f"It is the decision because it is {best} to the model."
    if outcome.probability is None:
        return f"It is the decision because the prediction is {outcome.name}."
    upper = outcome.probability if outcome.name == decision.upper else 1 - outcome.probability
    said, edge = beside(upper, threshold)
    side = "at least" if outcome.name == decision.upper else "below"
    return f"It is the decision because the probability of {decision.upper}, {said}, is {side} {edge}."


def _facts(material: Material, stated: Mapping[str, str]) -> list[Fact]:
    version = stated.get("version of the model")
    return [
        Fact(name="Model", text=f"{answers.model_name(material)}, version {version or 'not stated'}"),
        Fact(name="Answers for it", text=stated.get("owner", "not stated")),
        Fact(name="Explained by", text=named(material.main)),
    ]  # fmt: skip


def _trusted(front: Front) -> list[Fact]:
    """The answer of page one of a report whether the model can be trusted, and what that rests on first."""
    return [
        Fact(name=answer.question, text=f"{answer.said}: {answer.reasons[0]}" if answer.reasons else answer.said)
        for answer in front.answers[:1]
    ]


# --- the reasons ------------------------------------------------------------------------------------------


def _others(material: Material, decision: Decision) -> list[tuple[MethodMaterial, tuple[Part, ...]]]:
    """The other methods whose parts are in the unit of the main one, and what counted by them."""
    by_label = {method.label: method for method in material.methods}
    unit = material.main.unit
    return [
        (by_label[parts.method], parts.ordered) for parts in decision.methods[1:] if by_label[parts.method].unit == unit
    ]


def _leading(material: Material, decision: Decision) -> tuple[str, ...]:
    """Protected columns among what would be printed as reasons, by the main method or another."""
    if not decision.methods:
        return ()
    every = [decision.methods[0].ordered, *(parts for _, parts in _others(material, decision))]
    return tuple(dict.fromkeys(part.title for parts in every for part in parts[:MOST_REASONS] if part.protected))


def _cautions(material: Material, decision: Decision, checks: Words) -> list[str]:
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
        first = [part.title for part in decision.methods[0].ordered[:MOST_REASONS]]
        differ = [
            named(method)
            for method, parts in _others(material, decision)
            if [part.title for part in parts[:MOST_REASONS]] != first
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


def _instead(material: Material, decision: Decision, leading: Sequence[str], checks: Words) -> tuple[str, ...]:
    """What is said where no reasons are listed."""
    if leading:
        columns = "A protected column" if len(leading) == 1 else "Protected columns"
        are, them = ("is", "it") if len(leading) == 1 else ("are", "them")
        return (
            f"{columns}, {listing(leading)}, {are} among the {MOST_REASONS} features that counted most in this "
            f"decision. No reasons are listed, as a list without {them} would hide {them}. This decision should be "
            "reviewed by a person.",
        )
    if decision.methods:
        return () if decision.methods[0].ordered else ("Nothing counted: every part of the score is exactly zero.",)
    if _picture(material, decision):
        _, sentence = worded(finding(_alone(material, decision)), checks)
        sample = KINDS[material.kind].sample[0]
        return (f"The parts of this {sample} have no names; its picture shows what counted. {sentence}",)
    return ("No method here divides the score into parts for and against, so no reasons are named.",)


def _reason(material: Material, decision: Decision, part: Part, whole: float) -> Reason:
    value = "" if part.cell is None else f": {_written(part.cell)}"
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
        return "raised it" if (value > 0) != (material.score == "loss") else "lowered it"
    towards = (value > 0) != (material.score == "loss")
    return f"counted {'towards' if towards else 'against'} {decision.explained}"


def _rest(counted: Sequence[Part], printed: Sequence[Part], whole: float) -> str:
    """How much of the whole is left to all that is not printed."""
    if not printed:
        return ""
    others = len(counted) - len(printed)
    if not others:
        return "Nothing else counted."
    left = whole - sum(abs(part.value) for part in printed)
    have = "has" if others == 1 else "have together"
    return (
        f"{count(others, 'other feature')} {have} {share(max(left / whole, 0))} of all that counted, for and against."
    )


def _number(cell: Cell, value: float) -> str:
    text = f"{value:,.{cell.decimals}f}"
    return text.replace("-", "−") if any(digit in text for digit in "123456789") else text.lstrip("-")


def _written(cell: Cell) -> str:
    if cell.value is None:
        return "missing"
    return _number(cell, cell.value) if cell.word is None else cell.word


def _where(material: Material, cell: Cell) -> str:
    """Where a value lies among the training rows; nothing where there are none."""
    rows = "training rows" if material.trained else "rows of the data"
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


# --- another outcome --------------------------------------------------------------------------------------


def _otherwise(material: Material, found: Alternative) -> str:
    """One way to another outcome, as the model decides it."""
    outcome = found.outcome
    changes = [
        f"{change.before.title} were {_written(change.after)} instead of {_written(change.before)}"
        for change in found.changes
    ]
    if outcome.probability is not None:
        chance = f"probability {share(outcome.probability)}"
    else:
        chance = f"predicted {rounded(outcome.value or 0.0, 4)} {material.dataset.label_unit}".rstrip()
    return f"If {listing(changes)}, the model would decide: {outcome.name} ({chance})."


def _note(search: Search) -> str:
    """What was looked for and how far, and what the result is not."""
    if search.refused:
        return search.refused
    all_else = f"Nothing but {listing(search.columns)} was changed, within the range of the training rows."
    are = "is" if len(search.left) == 1 else "are"
    left = f" Of these {listing(search.left)} {are} missing here, or cannot go further." if search.left else ""
    asked_about = f"{count(search.calls, 'changed row')} that the model was asked about"
    stopped = "" if search.ended else f" The search stopped at its limit of {search.most:,} (document.decision.calls)."
    if not search.alternatives:
        return f"None found among {asked_about}. {all_else}{left}{stopped} That is no proof that there is none."
    return (
        f"This is what the model would give, no promise, and says nothing of causes. {all_else}{left} Found among "
        f"{asked_about}; nearer ones may exist.{stopped}"
    )


# --- what bears on it -------------------------------------------------------------------------------------


def _verdicts(material: Material, checks: Words) -> list[tuple[str, str]]:
    """The checks of the main method, and how good the model is."""
    found = []
    for check in material.main.checks:
        question = checks[check.check].question if check.check in checks else check.check.replace("_", " ")
        found.append((question, str(check.verdict)))
    return found


def _plain(made: DecisionPage, item: Decision) -> dict[str, Any]:
    """A page for programs: what is printed, and the numbers of the outcome and of the changes."""
    search = item.search
    return {
        "sample": item.sample,
        "outcome": item.outcome.model_dump(),
        "threshold": item.threshold,
        "model": {fact.name: fact.text for fact in made.facts},
        "cautions": list(made.cautions),
        "instead_of_reasons": list(made.instead),
        "ordered": made.ordered,
        "reasons": [reason.model_dump() for reason in made.reasons],
        "rest": made.rest,
        "search": {
            "refused": search.refused,
            "columns": list(search.columns),
            "calls": search.calls,
            "most": search.most,
            "ended": search.ended,
        },
        "alternatives": [
            {
                "changes": [
                    {"column": one.before.title, "before": _code(one.before),
                     "after": _code(one.after)}
                    for one in found.changes
                ],
                "distance": found.distance,
                "outcome": found.outcome.model_dump(),
            }
            for found in search.alternatives
        ],
        "checks": [{"question": question, "verdict": verdict} for question, verdict in made.verdicts],
    }  # fmt: skip


def _code(cell: Cell) -> str | float | None:
    """A cell for programs: a word, a number as it is printed, or nothing."""
    if cell.value is None or cell.word is not None:
        return cell.word
    return round(cell.value, cell.decimals)
