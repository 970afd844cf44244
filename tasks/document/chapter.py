"""A chapter: what every kind of data has in common around what is its own.

What is shown of a kind comes from `kinds`; the section about the model is in `model`.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from exhibit.tasks.document import (
    agreement,
    bearing,
    behaviour,
    datasheet,
    ends,
    explained,
    for_whom,
    ladder,
    model,
    multimodal,
    planted,
    quality,
    quality_figures,
    verdicts,
    whom_figures,
)
from exhibit.tasks.document.common import called, reading
from exhibit.tasks.document.kinds import KINDS, Own
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.document.words import capital, count, listing, plain, question, share
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.card import Card
from exhibit.tasks.records.figure import Figure
from exhibit.tasks.records.finding import Finding
from exhibit.tasks.records.material import Material, MethodMaterial, Scales
from exhibit.tasks.records.page import Block, Chapter, Column, Section, Table, Teaser
from exhibit.tasks.records.verdict import CheckResult, CheckWords

_SEVERAL = Own(multimodal.story, multimodal.figures, multimodal.sections, multimodal.appendix)


def chapter(
    material: Material,
    checks: Mapping[str, CheckWords],
    beside: Sequence[Material] = (),
    card: Card | None = None,
    stated: Mapping[str, str] | None = None,
) -> Chapter:
    """`checks`: every one that a reader may expect, by name; `beside`: chapters on the same model; `card`, `stated`:
    what the user says of the model and its data. Answer, main figure,
    cases, whether it can be trusted, limits, then data and model; formulas, parameters and sums are its appendix."""
    own = _own(material)
    _, figure = own.story(material)
    found = finding(material, beside)
    title, sentence = worded(found, checks)
    return Chapter(
        slug=material.slug,
        title=material.title,
        eyebrow=_eyebrow(material),
        lead=sentence,
        teaser=Teaser(
            figure=figure, title=f"{material.title}: {title}", sentence=sentence, small=_small(material, found)
        ),
        sections=(
            *own.sections(material),
            *_cases(material),
            *behaviour.sections(material),
            *agreement.sections(material),
            _verdicts(material, checks),
            _limits(material, checks),
            _how_explained(material),
            *quality.sections(material),
            *datasheet.sections(material, card, stated),
            *for_whom.sections(material),
            model.section(material),
        ),
        appendix=(
            *(_method_block(method) for method in material.methods),
            Block(paragraphs=_baselines(material), tables=(_parameters(material),)),
            *own.appendix(material),
            *ladder.blocks(material),
        ),
    )


def finding(material: Material, beside: Sequence[Material] = ()) -> Finding:
    """What a chapter found; those `beside` it, on the same model, dispute it where they put something else first."""
    found, _ = _own(material).story(material)
    return bearing.beside(found, [(other.title, _own(other).story(other)[0]) for other in beside])


def _eyebrow(material: Material) -> str:
    total = len(material.labels) + len(material.dataset.excluded)
    rows = f"{material.explained:,} of {total:,} explained"
    excluded = f"{len(material.dataset.excluded)} excluded, listed at the end" if material.dataset.excluded else ""
    return " · ".join(filter(None, [material.dataset.title, rows, excluded]))


def _small(material: Material, found: Finding) -> str:
    """What the finding rests on: one sample is no finding about the model."""
    by, samples = f"By {bearing.named(material.main)}, ", count(material.explained, "explained sample")
    if not found.alone:
        some = "" if found.measured in (None, material.explained) else f"{found.measured:,} of "
        return f"{by}over {some}{samples}"
    return (
        f"{by}the only explained sample"
        if material.explained == 1
        else f"{by}one of {samples}: it says nothing of the others"
    )


def _how_explained(material: Material) -> Section:
    score = {
        "logit": "the logit (the value of the output before the softmax, or the log-odds of one of two classes)",
        "probability": "the probability, which is that after the softmax where the model gives logits",
        "value": f"the predicted {material.dataset.label_name}",
        "loss": "the cross-entropy of the class in nats, where a negative contribution speaks for the class",
        "factory": "a function of the outputs that the user gave",
    }[material.score]
    own = (
        " Gradients are of each sample's own loss, never of the mean over a batch." if material.score == "loss" else ""
    )
    targets = listing(
        [f"the {called(name)} class" if material.dataset.classes else name for name in material.target_names]
    )
    intro = (
        f"Explained is {targets}, on the score S: {score}. "
        f"{count(material.explained, 'row is', 'rows are')} explained{_rows_of(material)}, each by itself."
        f"{own} {material.score_note}".rstrip()
    )
    return Section(
        title="How it was explained",
        id="method",
        blocks=(
            Block(
                paragraphs=(
                    intro,
                    *(f"{method.title}. {_method_sentence(method)}" for method in material.methods),
                    "Formulas, parameters, sources and sums stand in the appendix.",
                )
            ),
        ),
    )


def _rows_of(material: Material) -> str:
    """Which rows these are; of a model that came trained nobody says which of them it has learned from."""
    return f" ({material.explained_split})" if material.trained else ""


def _method_block(method: MethodMaterial) -> Block:
    """What a method is, and where it was published."""
    return Block(heading=method.title, formula=method.formula, paragraphs=(method.citation,))


def _baselines(material: Material) -> tuple[str, ...]:
    """Against which baseline each method was run."""
    return tuple(f"{method.title}, baseline: {method.baseline}" for method in material.methods if method.baseline)


def _method_sentence(method: MethodMaterial) -> str:
    aggregate = {"raw": "", "abs": " Absolute values are summarised.", "square": " Squares are summarised."}
    steps = ""
    if method.steps[2]:
        low, median, high = method.steps
        used = f"{low} steps" if low == high else f"{low} to {high} steps (median {median})"
        steps = f" {used} were {'chosen' if method.refined else 'used'} for each explanation{_converged(method)}."
    departure = f" {method.departure}" if method.departure else ""
    error = method.relative_error
    sampled = "" if error is None else f" The standard error over the draws is {share(error)} of |a| in the median."
    if error is None and method.background:
        sampled = _NO_ERROR.format(rows=count(method.background, "row"))
    about = f"Taken at {method.place}, in {method.unit}."
    return f"{about}{aggregate[method.aggregate]}{steps}{sampled}{departure}"


_NO_ERROR = (
    " No error is stated: the values are a mean over {rows} that were drawn, of which SHAP gives the mean alone; how "
    "far another draw would change them is not known."
)


def _converged(method: MethodMaterial) -> str:
    """How many explanations met the tolerance, where steps were added until they did or until there were no more. It
    asks for more than that parts add up, which a check asks for as well."""
    if not method.refined:
        return ""
    if method.converged == 1:
        return "; all explanations met the tolerance for their sum and their map"
    met = share(method.converged) if method.converged else "none"
    return (
        f"; {met} of the explanations met the tolerance for their sum and their map, the others were stopped at the "
        "limit without meeting it "
        f"(more steps: method.{method.label}.max_steps=N)"
    )


def _parameters(material: Material) -> Table:
    """One row per parameter, one column per method; a dash where a method does not have it."""
    names = dict.fromkeys(name for method in material.methods for name in method.parameters)
    return Table(
        name=f"{material.slug}-parameters",
        caption="Parameters of each method, named as in the config.",
        columns=(Column(title="parameter"), *(Column(title=method.label) for method in material.methods)),
        rows=tuple((name, *(method.parameters.get(name, "–") for method in material.methods)) for name in names),
    )


def _verdicts(material: Material, checks: Mapping[str, CheckWords]) -> Section:
    rows = []
    for method in material.methods:
        for check in method.checks:
            found = verdicts.written(check)
            numbers = found["result"], found["interval"], found["threshold"]
            rows.append((question(check.check, checks), method.title, *numbers, _measured(check), check.verdict))
    made = {check.check for method in material.methods for check in method.checks}
    missing = [words.question for name, words in checks.items() if name not in made]
    nothing = f"Not assessed, as nothing was measured, neither for nor against: {' '.join(missing)}"
    caption = (
        "What was measured about these explanations, on which sample and against which "
        "hypothesis of chance, and what was not."
    )
    table = verdicts.verdict_table(material.slug, "method", "measured", caption, rows)
    return Section(
        title="How far it can be trusted",
        id="checks",
        blocks=(
            *((Block(tables=(table,)),) if rows else ()),
            *((Block(paragraphs=(nothing,)),) if missing else ()),
            *(Block(tables=(table,)) for table in [planted.table(material.slug, material.kind, made)] if table),
        ),
    )


def _measured(check: CheckResult) -> str:
    """What was measured on what, what it would be by chance, and what would decide it."""
    parts = [
        check.sentence,
        f"Measured on {check.sample}." if check.sample else "",
        f"By chance: {check.null[:1].lower()}{check.null[1:]}" if check.null else "",
        capital(check.further),
    ]
    return " ".join(part if part.endswith(".") else f"{part}." for part in parts if part)


def _cases(material: Material) -> tuple[Section, ...]:
    """A typical, a wrong and a borderline sample of all that are explained, or that there is none."""
    said = list(filter(None, (_typical(material), _wrong(material), _borderline(material))))
    return (Section(title="Three cases", id="cases", blocks=(Block(paragraphs=(" ".join(said),)),)),) if said else ()


_NOT_DRAWN = "what stands for them is not among those that the config names"


def _case(material: Material, row: int) -> str:
    return f"{material.sample_name(row)} ({reading(material, row)})"


def _of(material: Material) -> str:
    return f"of {count(material.explained, 'explained sample')}"


def _typical(material: Material) -> str:
    """Off by the median, of a classification among those that are read right."""
    row = material.cases.typical
    those = "those that are read right" if material.dataset.classes else "all explained samples"
    return "" if row is None else f"Typical, off by the median of {those}: {_case(material, row)}."


def _wrong(material: Material) -> str:
    """Off most, of a classification among those that are read wrong."""
    row, misread = material.cases.wrong, material.cases.misread
    case = None if row is None else _case(material, row)
    if not material.dataset.classes:
        return f"Wrong: the largest error {_of(material)}, {case}." if case else ""
    if misread is None:
        return "Wrong: no label says which are."
    if not misread:
        return f"Wrong: none {_of(material)}."
    are = f"{misread:,} {_of(material)} {'is' if misread == 1 else 'are'} read wrong"
    return f"Wrong: {are}, most of all {case}." if case else f"Wrong: {are}; {_NOT_DRAWN}."


def _borderline(material: Material) -> str:
    """With the two likeliest classes closest, where they are close."""
    row, close = material.cases.borderline, material.cases.close
    if close is None or material.probabilities is None:
        return ""
    if not close:
        return f"Borderline: none {_of(material)}."
    have = f"{close:,} {_of(material)} {'has' if close == 1 else 'have'} two likeliest classes that are close"
    if row is None:
        return f"Borderline: {have}; {_NOT_DRAWN}."
    first, second = np.sort(material.probabilities[row])[:-3:-1].tolist()
    return f"Borderline: {have}, closest {_case(material, row)}, {plain(first - second)} of probability apart."


def _limits(material: Material, checks: Mapping[str, CheckWords]) -> Section:
    """What must not be read into a chapter."""
    missing = [name.replace("_", " ") for name in explained.not_assessed(material, checks)]
    known = f"Not assessed or undecided: {listing(missing)}." if missing else "Every check that applies gave a verdict."
    said = (
        f"It speaks of this model on {count(material.explained, 'row')} of this data, not of causes in the world.",
        _relative(material),
        known,
    )
    return Section(title="Limits", id="limits", blocks=(Block(paragraphs=(" ".join(filter(None, said)),)),))


def _relative(material: Material) -> str:
    """The baseline of all methods where they have the same one, else that of each; empty where none has any."""
    of: dict[str, list[str]] = {}
    for method in material.methods:
        if method.baseline:
            of.setdefault(f"{method.baseline[:1].lower()}{method.baseline[1:].rstrip('.')}", []).append(method.title)
    if not of:
        return ""
    (first, titles), *others = of.items()
    if not others and len(titles) == len(material.methods):
        return f"All of it is relative to one baseline: {first}."
    each = [f"of {listing(names)}: {baseline}" for baseline, names in of.items()]
    return f"What is explained is relative to a baseline; {'; '.join(each)}."


def figures(material: Material, scales: Scales) -> tuple[Figure, ...]:
    """Every figure of a chapter, in the order of the document."""
    return (
        *map(ends.stated, _own(material).figures(material, scales)),
        *behaviour.figures(material),
        *agreement.figures(material),
        *quality_figures.figures(material),
        *datasheet.figures(material),
        *whom_figures.figures(material),
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
                *((method.scale(name), values) for name in coloured for values in method.with_bonds(name)),
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
