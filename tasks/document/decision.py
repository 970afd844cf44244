"""The pages about single decisions: each can be handed out alone, and says no more than the numbers do."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from exhibit.tasks.document import answers, grounds, reasons
from exhibit.tasks.document.bearing import named
from exhibit.tasks.document.chapter import figures as figures_of
from exhibit.tasks.document.chapter import finding
from exhibit.tasks.document.kinds import KINDS
from exhibit.tasks.document.reasons import Words
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.document.words import (
    beside,
    by_name,
    clauses,
    count,
    judged,
    listing,
    plain,
    question,
    rounded,
    share,
)
from exhibit.tasks.records.decision import Alternative, Cell, Decision, Decisions, Outcome, Search
from exhibit.tasks.records.decision_file import (
    DecidedAlternative,
    DecidedChange,
    DecidedCheck,
    DecidedOutcome,
    DecidedReason,
    DecidedSample,
    DecidedSearch,
    DecisionFile,
)
from exhibit.tasks.records.explanation import Cases
from exhibit.tasks.records.figure import Figure
from exhibit.tasks.records.language import mark, sentences, tr
from exhibit.tasks.records.material import Material, Scales
from exhibit.tasks.records.page import DecisionPage, Document, Fact
from exhibit.tasks.records.shown import as_set


def of_decisions(
    document: Document, decided: Sequence[tuple[Material, Decisions]], checks: Words, stated: Mapping[str, str]
) -> tuple[Document, dict[str, Any]]:
    """The document of the pages about decisions in the place of all else, and the same for programs."""
    pages = [(page(material, item, checks, stated), item) for material, found in decided for item in found.items]
    one = len(pages) == 1
    title = (
        tr("Decision about {sample}", sample=by_name(pages[0][1].sample))
        if one
        else tr("{number} decisions, one on each page", number=str(len(pages)))
    )
    changes = {
        "title": title,
        "subtitle": tr("What was decided, what counted, and what would have to be another."),
        "badges": (),
        "guide": None,
        "chapters": (),
        "back": (),
        "decisions": tuple(made for made, _ in pages),
    }
    said = DecisionFile(decisions=tuple(_plain(made, item) for made, item in pages))
    return document.model_copy(update=changes), said.model_dump(mode="json", by_alias=True)


def page(material: Material, decision: Decision, checks: Words, stated: Mapping[str, str]) -> DecisionPage:
    """The page about one decision: of its own model alone, whatever else is in the report."""
    cautions, protected = tuple(reasons.cautions(material, decision, checks)), _protected(material, decision)
    counted = decision.methods[0].ordered if decision.methods else ()
    printed = () if protected else counted[: reasons.MOST]
    order = [part.title for part in decision.methods[0].parts] if decision.methods else []
    shown = sorted(printed, key=lambda part: order.index(part.title)) if cautions else printed
    whole = sum(abs(part.value) for part in counted)
    return DecisionPage(
        slug=_slug(material, decision),
        title=tr("{label} of {sample}", label=tr(material.dataset.label_name), sample=by_name(decision.sample)),
        eyebrow=tr(material.dataset.title),
        outcome=_named(material, decision, decision.outcome)
        or _predicted(material, decision.outcome, decision.threshold),
        chance=_chance(material, decision),
        how=sentences([_how(material, decision), _close(material, decision)]),
        facts=(*_facts(material, stated), _trusted(material, decision), *_known(material, decision)),
        cautions=cautions,
        instead=protected or _instead(material, decision, checks),
        ordered=not cautions,
        reasons=tuple(reasons.reason(material, decision, part, whole) for part in shown),
        rest=sentences(
            [reasons.rest(counted, printed, whole), reasons.repeated(material, decision.row) if printed else ""]
        ),
        figure=_picture(material, decision),
        changes=tuple(_otherwise(material, decision, item) for item in decision.search.alternatives),
        change_note=_note(material, decision.search),
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


def _named(material: Material, decision: Decision, outcome: Outcome) -> str:
    """The class, or on which side of the threshold a predicted value is."""
    if decision.classes or decision.threshold is None:
        return outcome.name
    edge = f"{as_set(decision.threshold)} {material.dataset.label_unit}".rstrip()
    return tr("at least {value}", value=edge) if outcome.name == decision.upper else tr("below {value}", value=edge)


def _predicted(material: Material, outcome: Outcome, threshold: float | None) -> str:
    """A predicted value in as many digits as show on which side of the threshold it lies."""
    if outcome.value is None:
        return ""
    said = rounded(outcome.value, 4) if threshold is None else beside(outcome.value, threshold, _grouped)[0]
    return f"{said} {material.dataset.label_unit}".rstrip()


def _grouped(value: float, digits: int) -> str:
    return plain(value, digits) if abs(value) < 1000 else f"{value:,.{digits}f}".replace("-", "−")


def _chance(material: Material, decision: Decision) -> str:
    """How probable the outcome is to the model, or what it predicts."""
    if decision.outcome.probability is not None:
        return tr("with a probability of {share}", share=probable(decision, decision.outcome))
    predicted = _predicted(material, decision.outcome, decision.threshold)
    return tr("predicted {value}", value=predicted) if decision.outcome.name else ""


def probable(decision: Decision, outcome: Outcome) -> str:
    """A probability as a share; one that rounding would put on the edge that decides is just over it."""
    assert outcome.probability is not None, "asked for only where there is one"
    said = share(outcome.probability)
    edge = 0.5 if decision.classes == 2 else 1.0  # of more classes the likeliest may have any probability
    if decision.threshold is not None:
        edge = decision.threshold if outcome.name == decision.upper else 1 - decision.threshold
    within = 0.0005 <= edge < min(outcome.probability, 0.9995)  # beyond these a share says “under” or “over”
    return tr("just over {share}", share=said) if within and said == share(edge) else said


def _how(material: Material, decision: Decision) -> str:
    """What makes it the decision."""
    outcome, threshold = decision.outcome, decision.threshold
    if threshold is None:
        if not decision.classes:
            return tr(
                "This is the value that the model predicts; nothing says from which value on it decides anything."
            )
        if decision.classes == 2:
            return tr("It is the decision because it is the likelier of two classes to the model.")
        return tr(
            "It is the decision because it is the likeliest of {number} classes to the model.",
            number=str(decision.classes),
        )
    if outcome.probability is None:
        side = _named(material, decision, outcome)
        return tr("It is the decision because the prediction is {outcome}.", outcome=side)
    upper = outcome.probability if outcome.name == decision.upper else 1 - outcome.probability
    said, edge = beside(upper, threshold)
    values = {"outcome": decision.upper, "value": said, "threshold": edge}
    if outcome.name == decision.upper:
        return tr(
            "It is the decision because the probability of {outcome}, {value}, is at least {threshold}.", **values
        )
    return tr("It is the decision because the probability of {outcome}, {value}, is below {threshold}.", **values)


def _close(material: Material, decision: Decision) -> str:
    """How little decided it, where that is little: half as much on either side of a threshold is as near."""
    outcome, threshold = decision.outcome, decision.threshold
    if outcome.probability is None or material.probabilities is None:
        return ""
    chances = np.sort(material.probabilities[decision.row])
    if threshold is None:
        gap, limit = float(chances[-1] - chances[-2]), Cases.NEAR
        near = mark("It is only {share} of probability from the next likeliest: the model is close to undecided.")
    else:
        upper = outcome.probability if outcome.name == decision.upper else 1 - outcome.probability
        gap, limit = abs(upper - threshold), Cases.NEAR / 2
        near = mark("It is only {share} of probability from that: the model is close to undecided.")
    return tr(near, share=share(gap)) if gap < limit else ""


def _facts(material: Material, stated: Mapping[str, str]) -> list[Fact]:
    unknown = tr("not stated")
    model = tr(
        "{model}, version {version}",
        model=answers.model_name(material),
        version=stated.get("version of the model") or unknown,
    )
    return [
        Fact(name=tr("Model"), text=model),
        Fact(name=tr("Answers for it"), text=stated.get("owner", unknown)),
        Fact(name=tr("Explained by"), text=named(material.main)),
    ]


def _trusted(material: Material, decision: Decision) -> Fact:
    """The answer of page one of a report whether the model can be trusted, and what that rests on: the class that is
    likeliest, which need not be the one that a threshold decides for."""
    word, found = answers.of_model(material, finding(material))
    reason = grounds.worded(found, {})
    if decision.threshold is not None and decision.classes:
        other = tr("not assessed for this threshold. Where the likeliest class decides: {answer}.", answer=judged(word))
        return Fact(name=tr(answers.MODEL), text=sentences([other, reason]))
    return Fact(name=tr(answers.MODEL), text=tr("{answer}: {reason}", answer=judged(word), reason=reason))


def _known(material: Material, decision: Decision) -> list[Fact]:
    """That the model was trained on this very row, where it was."""
    learnt = material.trained and material.split[material.shown[decision.row]] == "train"
    seen = tr("yes: this is among the rows that the model was trained on")
    return [Fact(name=tr("Seen before"), text=seen)] * learnt


def _among(decision: Decision, leading: Sequence[str]) -> str:
    """That these are among what counted most; of fewer features all that counted at all."""
    if max(len(parts.ordered) for parts in decision.methods) < reasons.MOST:
        if len(leading) == 1:
            return tr("A protected column, {column}, is among what counted in this decision.", column=leading[0])
        return tr("Protected columns, {columns}, are among what counted in this decision.", columns=listing(leading))
    most = str(reasons.MOST)
    if len(leading) == 1:
        return tr(
            "A protected column, {column}, is among the {number} features that counted most in this decision.",
            column=leading[0],
            number=most,
        )
    return tr(
        "Protected columns, {columns}, are among the {number} features that counted most in this decision.",
        columns=listing(leading),
        number=most,
    )


# --- the reasons ------------------------------------------------------------------------------------------


def _protected(material: Material, decision: Decision) -> tuple[str, ...]:
    """What is said in the place of reasons where a protected column leads, or could turn the decision alone."""
    leading, turning = reasons.leading(material, decision), decision.turning
    if not leading and not turning:
        return ()
    said = []
    if leading:
        said.append(_among(decision, leading))
    if turning:
        alone = (
            tr(
                "With another value of a protected column, {column}, and all else the same, the model would decide "
                "otherwise.",
                column=turning[0],
            )
            if len(turning) == 1
            else tr(
                "With another value of one of protected columns, {columns}, and all else the same, the model would "
                "decide otherwise.",
                columns=listing(turning),
            )
        )
        said.append(alone)
    said.append(
        tr("No reasons are listed, as a list without it would hide it.")
        if len({*leading, *turning}) == 1
        else tr("No reasons are listed, as a list without them would hide them.")
    )
    return (sentences([*said, tr("This decision should be reviewed by a person.")]),)


def _instead(material: Material, decision: Decision, checks: Words) -> tuple[str, ...]:
    """What is said where there are no reasons to list."""
    if decision.methods:
        return () if decision.methods[0].ordered else (tr(_NOTHING),)
    if _picture(material, decision):
        _, sentence = worded(finding(_alone(material, decision)), checks)
        sample = KINDS[material.kind].sample[0]
        unnamed = tr("The parts of this {sample} have no names; its picture shows what counted.", sample=tr(sample))
        return (sentences([unnamed, sentence]),)
    return (tr("No method here divides the score into parts for and against, so no reasons are named."),)


_NOTHING = mark("Nothing counted: every part of the score is exactly zero.")


# --- another outcome --------------------------------------------------------------------------------------


def _otherwise(material: Material, decision: Decision, found: Alternative) -> str:
    """One way to another outcome, as the model decides it."""
    outcome = found.outcome
    changes = [
        tr(
            "{column} were {after} instead of {before}",
            column=change.before.title,
            after=reasons.written(change.after),
            before=reasons.written(change.before),
        )
        for change in found.changes
    ]
    if outcome.probability is not None:
        chance = tr("probability {share}", share=probable(decision, outcome))
    else:
        chance = tr("predicted {value}", value=_predicted(material, outcome, decision.threshold))
    return tr(
        "If {changes}, the model would decide: {outcome} ({chance}).",
        changes=clauses(changes),
        outcome=_named(material, decision, outcome),
        chance=chance,
    )


def _note(material: Material, search: Search) -> str:
    """What was looked for and how far, and what the result is not."""
    if search.refused:
        return tr(search.refused)
    all_else = tr(
        "Nothing but {columns} was changed, within the range of the {rows}.",
        columns=listing(search.columns),
        rows=reasons.rows_of(material),
    )
    left = ""
    if search.left:
        gone = listing(search.left)
        left = (
            tr("Of these {columns} is missing here, or cannot go further.", columns=gone)
            if len(search.left) == 1
            else tr("Of these {columns} are missing here, or cannot go further.", columns=gone)
        )
    rows = count(search.calls, "changed row")
    limit = tr("The search stopped at its limit of {number} (document.decision.calls).", number=f"{search.most:,}")
    stopped = "" if search.ended else limit
    if not search.alternatives:
        none = tr(
            "No change that gives another outcome was found among {rows} that the model was asked about.", rows=rows
        )
        return sentences([none, all_else, left, stopped, tr("That is no proof that there is none.")])
    return sentences(
        [
            tr("This is what the model would give, no promise, and says nothing of causes."),
            all_else,
            left,
            tr("Found among {rows} that the model was asked about; nearer ones may exist.", rows=rows),
            stopped,
        ]
    )


# --- what bears on it -------------------------------------------------------------------------------------


def _verdicts(material: Material, checks: Words) -> list[tuple[str, str]]:
    """The checks of the main method."""
    return [(question(check.check, checks), check.verdict) for check in material.main.checks]


def _plain(made: DecisionPage, item: Decision) -> DecidedSample:
    """A page for programs: what is printed, and the numbers of the outcome and of the changes."""
    search = item.search
    return DecidedSample(
        sample=item.sample,
        outcome=_outcome(item.outcome),
        threshold=item.threshold,
        model={fact.name: fact.text for fact in made.facts},
        cautions=made.cautions,
        instead_of_reasons=made.instead,
        ordered=made.ordered,
        reasons=tuple(DecidedReason(**reason.model_dump()) for reason in made.reasons),
        rest=made.rest,
        search=DecidedSearch(
            refused=search.refused,
            columns=search.columns,
            calls=search.calls,
            most=search.most,
            ended=search.ended,
        ),
        alternatives=tuple(
            DecidedAlternative(
                changes=tuple(
                    DecidedChange(column=one.before.title, before=_code(one.before), after=_code(one.after))
                    for one in found.changes
                ),
                distance=found.distance,
                outcome=_outcome(found.outcome),
            )
            for found in search.alternatives
        ),
        checks=tuple(DecidedCheck(question=question, verdict=verdict) for question, verdict in made.verdicts),
    )


def _outcome(found: Outcome) -> DecidedOutcome:
    return DecidedOutcome(name=found.name, probability=found.probability, value=found.value)


def _code(cell: Cell) -> str | float | None:
    """A cell for programs: a word, a number as it is printed, or nothing."""
    if cell.value is None or cell.word is not None:
        return cell.word
    return round(cell.value, cell.decimals)
