"""A chapter: what every kind of data has in common around what is its own.

What is shown of a kind comes from `kinds`; the section about the model is in `model`.
"""

from collections.abc import Collection

import numpy as np

from exhibit.tasks.document import agreement, ends, ladder, model, multimodal
from exhibit.tasks.document.kinds import KINDS, Own
from exhibit.tasks.document.words import capital, count, listing, plain, share
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Figure
from exhibit.tasks.records.material import AT_THE_DATA, AT_THE_INPUT, Material, MethodMaterial, Scales
from exhibit.tasks.records.model import Metric
from exhibit.tasks.records.page import Aside, Block, Chapter, Column, Section, Table, Teaser

_SEVERAL = Own(multimodal.story, multimodal.figures, multimodal.sections)


def chapter(material: Material, questions: dict[str, str]) -> Chapter:
    own = _own(material)
    title, sentence, figure = own.story(material)
    return Chapter(
        slug=material.slug,
        title=material.title,
        eyebrow=_eyebrow(material),
        lead=sentence,
        teaser=Teaser(figure=figure, title=f"{material.title}: {title}", sentence=sentence, small=_small(material)),
        sections=(
            model.section(material),
            _how_explained(material),
            *own.sections(material),
            *agreement.sections(material),
            _verdicts(material, questions),
        ),
    )


def _eyebrow(material: Material) -> str:
    total = len(material.labels) + len(material.dataset.excluded)
    rows = f"{material.explained:,} of {total:,} explained"
    excluded = f"{len(material.dataset.excluded)} excluded, listed at the end" if material.dataset.excluded else ""
    return " · ".join(filter(None, [material.dataset.title, rows, excluded]))


def _small(material: Material) -> str:
    rows = "explained-row" if material.measured_rows == "explained" else material.measured_rows
    metrics = ", ".join(f"{rows} {m.name} {_metric_value(m)}" for m in material.performance.metrics[:1])
    place = "" if material.main.place in (AT_THE_INPUT, AT_THE_DATA) else f" at {material.main.place}"
    held_out = ", no held-out data" if material.measured_rows == "training" else ""
    return (
        f"{material.framework} {material.data_kind} · {metrics or 'no labels'}{held_out} · "
        f"{material.main.title.lower()}{place} · {count(material.explained, 'sample')}"
    )


def _metric_value(metric: Metric) -> str:
    return share(metric.value) if metric.name == "accuracy" else plain(metric.value)


def _how_explained(material: Material) -> Section:
    score = {
        "logit": "the logit (the value of the output before the softmax)",
        "probability": "the probability after the softmax",
        "value": f"the predicted {material.dataset.label_name}",
        "loss": "the cross-entropy of the class in nats, where a negative contribution speaks for the class",
        "factory": "a function of the outputs that the user gave",
    }[material.score]
    own = (
        " Gradients are of each sample's own loss, never of the mean over a batch." if material.score == "loss" else ""
    )
    targets = listing([f"the {name} class" if material.dataset.classes else name for name in material.target_names])
    intro = (
        f"Explained is {targets}, on the score S: {score}. "
        f"{count(material.explained, 'row is', 'rows are')} explained ({material.explained_split}), each by itself."
        f"{own} {material.score_note}".rstrip()
    )
    return Section(
        title="How it was explained",
        blocks=(
            Block(paragraphs=(intro,)),
            *(_method_block(method) for method in material.methods),
            Block(tables=(_parameters(material),)),
        ),
    )


def _method_block(method: MethodMaterial) -> Block:
    """What a method is, how it was run here, against which baseline, and where it was published."""
    baseline = (Aside(title="Baseline", text=method.baseline),) if method.baseline else ()
    return Block(
        heading=method.title,
        formula=method.formula,
        paragraphs=(_method_sentence(method),),
        asides=(*baseline, Aside(title="Source", text=method.citation)),
    )


def _method_sentence(method: MethodMaterial) -> str:
    aggregate = {"raw": "", "abs": " Absolute values are summarised.", "square": " Squares are summarised."}
    steps = ""
    if method.steps[2]:
        low, median, high = method.steps
        steps = (
            f" {low} steps were used for each explanation."
            if low == high
            else f" {low} to {high} steps were chosen for each explanation (median {median}); "
            f"{share(method.converged)} of the explanations met the tolerance."
        )
    departure = f" {method.departure}" if method.departure else ""
    error = method.relative_error
    sampled = "" if error is None else f" The standard error over the draws is {share(error)} of |a| in the median."
    about = f"Taken at {method.place}, in {method.unit}."
    return f"{about}{aggregate[method.aggregate]}{steps}{sampled}{departure}"


def _parameters(material: Material) -> Table:
    """One row per parameter, one column per method; a dash where a method does not have it."""
    names = dict.fromkeys(name for method in material.methods for name in method.parameters)
    return Table(
        name=f"{material.slug}-parameters",
        caption="Parameters of each method, named as in the config.",
        columns=(Column(title="parameter"), *(Column(title=method.label) for method in material.methods)),
        rows=tuple((name, *(method.parameters.get(name, "–") for method in material.methods)) for name in names),
    )


def not_assessed(material: Material, checks: Collection[str]) -> list[str]:
    """Names of the `checks` that were not measured in a chapter."""
    measured = {check.check for method in material.methods for check in method.checks}
    return [name for name in checks if name not in measured]


def _verdicts(material: Material, questions: dict[str, str]) -> Section:
    rows = [
        (questions[check.check], method.title, check.sentence, check.verdict)
        for method in material.methods
        for check in method.checks
    ]
    missing = [name.replace("_", " ") for name in not_assessed(material, questions)]
    if missing:
        rows.append((capital(listing(missing)), "–", "Nothing was measured, neither for nor against.", "not assessed"))
    return Section(
        title="How far it can be trusted",
        blocks=(
            Block(
                tables=(
                    Table(
                        name=f"{material.slug}-verdicts",
                        caption="What was measured about these explanations, and what was not.",
                        columns=tuple(Column(title=title) for title in ("question", "method", "measured", "verdict")),
                        rows=tuple(rows),
                    ),
                )
            ),
            *ladder.blocks(material),
        ),
    )


def figures(material: Material, scales: Scales) -> tuple[Figure, ...]:
    """Every figure of a chapter, in the order of the document."""
    return (
        *map(ends.stated, _own(material).figures(material, scales)),
        *agreement.figures(material),
        *model.figures(material),
        *ladder.figures(material),
    )


def limits(materials: tuple[Material, ...]) -> dict[str, float]:
    """One limit per colour scale over everything that is drawn on it: the largest |a|, or the percentile of
    all |a| that a chapter asks for its maps on this scale, the lowest where several do."""
    by_scale: dict[str, list[Array]] = {}
    for material in materials:
        for pair in material.analogues:
            by_scale.setdefault(material.main.scale(material.dataset.inputs[0].name), []).extend(
                np.abs(part) for part in pair.values
            )
        # Tables are drawn as bars with an axis of their own.
        coloured = [item.name for item in material.dataset.inputs if KINDS[item.kind].coloured]
        for method in material.methods:
            drawn = [
                *((method.scale(name), method.values[name]) for name in coloured),
                *((maps.unit, maps.values) for maps in method.maps.values()),
                *((method.mean_scale(name), values) for name, values in method.summary.class_means.items()),
            ]
            for scale, values in drawn:
                by_scale.setdefault(scale, []).append(np.abs(values).ravel())
    cut = _percentiles(materials)
    last = {scale: _end(np.concatenate(sizes), cut.get(scale)) for scale, sizes in by_scale.items()}
    return {scale: limit for scale, limit in last.items() if limit > 0}


def _percentiles(materials: tuple[Material, ...]) -> dict[str, float]:
    """By unit, what is asked for; maps with limits of their own have been cut one by one."""
    asked = [
        (maps.unit, material.percentile)
        for material in materials
        for method in material.methods
        for maps in method.maps.values()
        if material.percentile is not None and maps.limits is None
    ]
    return dict(sorted(asked, key=lambda pair: -pair[1]))  # the lowest comes last


def _end(sizes: Array, percentile: float | None) -> float:
    """Of maps that are zero nearly everywhere the percentile is none: they keep their whole scale."""
    largest = float(sizes.max())
    return largest if percentile is None else float(np.percentile(sizes, percentile)) or largest


def _own(material: Material) -> Own:
    """What is particular to the kind of data."""
    return _SEVERAL if len(material.dataset.inputs) > 1 else KINDS[material.kind].own
