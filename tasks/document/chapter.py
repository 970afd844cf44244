"""A chapter: what every kind of data has in common around what is its own.

What is shown of a kind comes from `kinds`; the section about the model is in `model`.
"""

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np

from exhibit.tasks.document import (
    agreement,
    bearing,
    behaviour,
    cascade,
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
from exhibit.tasks.document.common import called, number_word, reading
from exhibit.tasks.document.kinds import KINDS, Own
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.document.words import (
    by_name,
    capital,
    check_name,
    count,
    listing,
    off_bounds,
    question,
    rounded,
    share,
    small,
)
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.card import Card
from exhibit.tasks.records.figure import Figure
from exhibit.tasks.records.finding import Finding
from exhibit.tasks.records.language import mark, sentences, tr, trn, trp
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
        title=tr(material.title),
        eyebrow=_eyebrow(material),
        lead=sentence,
        teaser=Teaser(
            figure=figure,
            title=tr("{chapter}: {finding}", chapter=tr(material.title), finding=title),
            sentence=sentence,
            small=_small(material, found),
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
            *cascade.blocks(material),
        ),
    )


def finding(material: Material, beside: Sequence[Material] = ()) -> Finding:
    """What a chapter found; those `beside` it, on the same model, dispute it where they put something else first."""
    found, _ = _own(material).story(material)
    return bearing.beside(found, [(other.title, _own(other).story(other)[0]) for other in beside])


def _eyebrow(material: Material) -> str:
    total = len(material.labels) + len(material.dataset.excluded)
    rows = tr("{number} of {total} explained", number=f"{material.explained:,}", total=f"{total:,}")
    excluded = len(material.dataset.excluded)
    listed = tr("{number} excluded, listed at the end", number=str(excluded)) if excluded else ""
    return " · ".join(filter(None, [tr(material.dataset.title), rows, listed]))


def _small(material: Material, found: Finding) -> str:
    """What the finding rests on: one sample is no finding about the model."""
    method, samples = bearing.named(material.main), count(material.explained, "explained sample")
    if found.alone:
        if material.explained == 1:
            return tr("By {method}, the only explained sample", method=method)
        return tr("By {method}, one of {samples}: it says nothing of the others", method=method, samples=samples)
    if found.measured in (None, material.explained):
        return tr("By {method}, over {samples}", method=method, samples=samples)
    some = f"{found.measured:,}"
    return tr("By {method}, over {number} of {samples}", method=method, number=some, samples=samples)


def _target(material: Material, name: str) -> str:
    """A class, or a label of numbers as all other sentences call it."""
    return tr("the {name} class", name=called(name)) if material.dataset.classes else number_word(material, name)


def _how_explained(material: Material) -> Section:
    score = {
        "logit": tr("the logit (the value of the output before the softmax, or the log-odds of one of two classes)"),
        "probability": tr("the probability, which is that after the softmax where the model gives logits"),
        "value": tr("the predicted {label}", label=tr(material.dataset.label_name)),
        "loss": tr("the cross-entropy of the class in nats, where a negative contribution speaks for the class"),
        "factory": tr("a function of the outputs that the user gave"),
    }[material.score]
    targets = listing([_target(material, name) for name in material.target_names])
    intro = sentences(
        [
            tr("Explained is {targets}, on the score S: {score}.", targets=targets, score=score),
            _explained_rows(material),
            tr("Gradients are of each sample's own loss, never of the mean over a batch.")
            if material.score == "loss"
            else "",
            material.score_note,
        ]
    )
    return Section(
        title=tr("How it was explained"),
        id="method",
        blocks=(
            Block(
                paragraphs=(
                    intro,
                    *(_method_sentences(method) for method in material.methods),
                    tr("Formulas, parameters, sources and sums stand in the appendix."),
                )
            ),
        ),
    )


def _explained_rows(material: Material) -> str:
    """Which rows these are; of a model that came trained nobody says which of them it has learned from."""
    if not material.trained:
        return trn(
            "{number} row is explained.",
            "{number} rows are explained, each by itself.",
            material.explained,
        )
    return trn(
        "{number} row is explained ({which}).",
        "{number} rows are explained ({which}), each by itself.",
        material.explained,
        which=tr(material.explained_split),
    )


def _method_block(method: MethodMaterial) -> Block:
    """What a method is, and where it was published."""
    return Block(heading=tr(method.title), formula=tr(method.formula), paragraphs=(tr(method.citation),))


def _baselines(material: Material) -> tuple[str, ...]:
    """Against which baseline each method was run."""
    return tuple(
        tr("{method}, baseline: {baseline}", method=tr(method.title), baseline=tr(method.baseline))
        for method in material.methods
        if method.baseline
    )


def _method_sentences(method: MethodMaterial) -> str:
    aggregate = {"raw": "", "abs": tr("Absolute values are summarised."), "square": tr("Squares are summarised.")}
    about = tr(
        "{method}. Taken at {place}, in {unit}.", method=tr(method.title), place=tr(method.place), unit=tr(method.unit)
    )
    return sentences([about, aggregate[method.aggregate], _steps(method), _sampled(method), method.departure])


def _steps(method: MethodMaterial) -> str:
    """How many steps were needed."""
    low, median, high = method.steps
    if not high:
        return ""
    ends = {"low": str(low), "high": str(high), "median": str(median)}
    used = tr("{number} steps", number=ends["low"]) if low == high else tr(_FROM_TO, **ends)
    if method.sampling_gap is not None:  # the steps of its longest line: those of a line, not all that were taken
        lines = tr("Each explanation is a mean over lines, one for each draw or row that is compared with.")
        took = tr("The line of each that needed most took {steps}{met}.", steps=used, met=_converged(method))
        if method.refined:
            return sentences([lines, took])
        return sentences([lines, tr("Steps on each line: {number}.", number=str(high)), _left_over(method)])
    if low == high == 1 and not method.refined:
        return sentences([tr("One step was used for each explanation."), _left_over(method)])
    if method.refined:
        return tr("{steps} were chosen for each explanation{met}.", steps=used, met=_converged(method))
    return sentences([tr("{steps} were used for each explanation.", steps=used), _left_over(method)])


def _left_over(method: MethodMaterial) -> str:
    """By how much the sums are off where nothing was asked of them: a number of steps alone is no promise."""
    if not method.additive or not method.residual.size:
        return ""
    return tr(
        "The sums of those that are shown are off from the change of the score by {residual} at most, in {unit}.",
        residual=rounded(float(np.abs(method.residual).max()), 2),
        unit=tr(method.unit),
    )


_FROM_TO = mark("{low} to {high} steps (median {median})")


def _sampled(method: MethodMaterial) -> str:
    """How far the values may be off by what was drawn."""
    if method.relative_error is not None:
        error = share(method.relative_error)
        return tr("The standard error over the draws is {error} of |a| in the median.", error=error)
    if not method.background:
        return ""
    return tr(
        "No error is stated: the values are a mean over {rows} that were drawn, of which SHAP gives the mean alone; "
        "how far another draw would change them is not known.",
        rows=count(method.background, "row"),
    )


def _converged(method: MethodMaterial) -> str:
    """How many explanations met the tolerance, where steps were added until they did or until there were no more. It
    asks for more than that parts add up, which a check asks for as well."""
    if not method.refined:
        return ""
    if method.converged == 1:
        return tr("; all explanations met the tolerance for their sum and their map")
    more = f"method.{method.label}.max_steps=N"
    if not method.converged:
        return tr(
            "; none of the explanations met the tolerance for their sum and their map: they were stopped at the limit "
            "(more steps: {setting})",
            setting=more,
        )
    return tr(
        "; {share} of the explanations met the tolerance for their sum and their map, the others were stopped at the "
        "limit without meeting it (more steps: {setting})",
        share=share(method.converged),
        setting=more,
    )


def _parameters(material: Material) -> Table:
    """One row per parameter, one column per method; a dash where a method does not have it."""
    names = dict.fromkeys(name for method in material.methods for name in method.parameters)
    return Table(
        name=f"{material.slug}-parameters",
        caption=tr("Parameters of each method, named as in the config."),
        columns=(Column(title=tr("parameter")), *(Column(title=method.label) for method in material.methods)),
        rows=tuple((name, *(method.parameters.get(name, "–") for method in material.methods)) for name in names),
    )


def _after_each_other(questions: Sequence[str]) -> str:
    """Not every language has a sign at the end of a question."""
    return (
        reduce(lambda one, after: trp("between questions", "{one} {after}", one=one, after=after), questions)
        if questions
        else ""
    )


def _verdicts(material: Material, checks: Mapping[str, CheckWords]) -> Section:
    rows = []
    for method in material.methods:
        for check in method.checks:
            found = verdicts.written(check)
            numbers = found["result"], found["interval"], found["threshold"]
            rows.append(
                (
                    question(check.check, checks),
                    tr(method.title),
                    *numbers,
                    _measured(check, material.methods),
                    check.verdict,
                )
            )
    made = {check.check for method in material.methods for check in method.checks}
    missing = _after_each_other([tr(words.question) for name, words in checks.items() if name not in made])
    nothing = tr("Not assessed, as nothing was measured, neither for nor against: {questions}", questions=missing)
    caption = tr(
        "What was measured about these explanations, on which sample and against which hypothesis of chance, and what "
        "was not."
    )
    table = verdicts.verdict_table(material.slug, tr("method"), trp("column", "measured"), caption, rows)
    return Section(
        title=tr("How far it can be trusted"),
        id="checks",
        blocks=(
            *((Block(tables=(table,)),) if rows else ()),
            *((Block(paragraphs=(nothing,)),) if missing else ()),
            *(Block(tables=(table,)) for table in [planted.table(material.slug, material.kind, made)] if table),
        ),
    )


def _measured(check: CheckResult, methods: Sequence[MethodMaterial]) -> str:
    """What was measured on what, what it would be by chance, and what would decide it."""
    parts = [
        bearing.found_by(check, methods),
        tr("Measured on {sample}.", sample=tr(check.sample)) if check.sample else "",
        tr("By chance: {hypothesis}", hypothesis=small(tr(check.null))) if check.null else "",
        capital(tr(check.further)),
    ]
    return sentences([part if part.endswith((".", "。")) else tr("{clause}.", clause=part) for part in parts if part])


def _cases(material: Material) -> tuple[Section, ...]:
    """A typical, a wrong and a borderline sample of all that are explained, or that there is none."""
    said = sentences([_typical(material), _wrong(material), _borderline(material)])
    title = tr("Three cases") if material.dataset.classes else tr("Two cases")
    return (Section(title=title, id="cases", blocks=(Block(paragraphs=(said,)),)),) if said else ()


_NOT_DRAWN = mark("what stands for them is not among those that the config names")


def _case(material: Material, row: int) -> str:
    return tr("{sample} ({reading})", sample=by_name(material.sample_name(row)), reading=reading(material, row))


def _explained(material: Material) -> str:
    return count(material.explained, "explained sample")


def _typical(material: Material) -> str:
    """Off by the median, of a classification among those that are read right."""
    row = material.cases.typical
    if row is None:
        return ""
    case = _case(material, row)
    if material.dataset.classes:
        return tr("Typical, off by the median of those that are read right: {sample}.", sample=case)
    return tr("Typical, off by the median of all explained samples: {sample}.", sample=case)


def _wrong(material: Material) -> str:
    """Off most, of a classification among those that are read wrong."""
    row, misread = material.cases.wrong, material.cases.misread
    case = None if row is None else _case(material, row)
    if not material.dataset.classes:
        return "" if row is None else _off_most(material, row)
    if misread is None:
        return tr("Wrong: no label says which are.")
    if not misread:
        return tr("Wrong: none of {samples}.", samples=_explained(material))
    are = trn(
        "{number} of {samples} is read wrong",
        "{number} of {samples} are read wrong",
        misread,
        samples=_explained(material),
    )
    if case:
        alone = tr("Wrong: {some}, {sample}.", some=are, sample=case)
        return alone if misread == 1 else tr("Wrong: {some}, most of all {sample}.", some=are, sample=case)
    return tr("Wrong: {some}; {why}.", some=are, why=tr(_NOT_DRAWN))


def _off_most(material: Material, row: int) -> str:
    """Of a regression, where anything is off as far as float32 tells."""
    samples = _explained(material)
    if np.isclose(material.outputs[material.shown[row], 0], material.dataset.labels[row], rtol=1e-6, atol=0):
        return tr("Wrong: none of {samples}.", samples=samples)
    return tr("Wrong: the largest error of {samples}, {sample}.", samples=samples, sample=_case(material, row))


def _borderline(material: Material) -> str:
    """With the two likeliest classes closest, where they are close."""
    row, close = material.cases.borderline, material.cases.close
    if close is None or material.probabilities is None:
        return ""
    if not close:
        return tr("Borderline: none of {samples}.", samples=_explained(material))
    have = trn(
        "{number} of {samples} has two likeliest classes that are close",
        "{number} of {samples} have two likeliest classes that are close",
        close,
        samples=_explained(material),
    )
    if row is None:
        return tr("Borderline: {some}; {why}.", some=have, why=tr(_NOT_DRAWN))
    first, second = np.sort(material.probabilities[row])[:-3:-1].tolist()
    found = {"some": have, "sample": _case(material, row), "distance": off_bounds(first - second)}
    if close == 1:
        return tr("Borderline: {some}, {sample}, {distance} of probability apart.", **found)
    return tr("Borderline: {some}, closest {sample}, {distance} of probability apart.", **found)


def _limits(material: Material, checks: Mapping[str, CheckWords]) -> Section:
    """What must not be read into a chapter."""
    missing = [check_name(name) for name in explained.not_assessed(material, checks)]
    known = (
        tr("Not assessed or undecided: {checks}.", checks=listing(missing))
        if missing
        else tr("Every check that applies gave a verdict.")
    )
    rows = count(material.explained, "row")
    speaks = tr("It speaks of this model on {rows} of this data, not of causes in the world.", rows=rows)
    said = sentences([speaks, _relative(material), known])
    return Section(title=tr("Limits"), id="limits", blocks=(Block(paragraphs=(said,)),))


def _relative(material: Material) -> str:
    """The baseline of all methods where they have the same one, else that of each; empty where none has any."""
    of: dict[str, list[str]] = {}
    for method in material.methods:
        if method.baseline:
            of.setdefault(small(tr(method.baseline).rstrip(".。")), []).append(tr(method.title))
    if not of:
        return ""
    (first, titles), *others = of.items()
    if not others and len(titles) == len(material.methods):
        return tr("All of it is relative to one baseline: {baseline}.", baseline=first)
    each = [tr("of {methods}: {baseline}", methods=listing(names), baseline=said) for said, names in of.items()]
    return tr("What is explained is relative to a baseline; {each}.", each=trp("list", "; ").join(each))


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
        *cascade.figures(material),
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
