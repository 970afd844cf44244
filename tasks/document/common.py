"""What chapters of every kind share: arithmetic, order and notes.

What one kind of data has for itself is in the module of that kind, how words are put together in `words`.
"""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.document.bearing import found_by, within_a_sentence
from exhibit.tasks.document.words import (
    at_scale,
    capital,
    check_name,
    judged,
    listing,
    measured,
    numbers,
    off_bounds,
    plain,
    signed,
    with_beside,
)
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Figure, Scale, Swarm, Waterfall
from exhibit.tasks.records.language import mark, sentences, tr, trn, trp
from exhibit.tasks.records.material import Material, MethodMaterial
from exhibit.tasks.records.page import Aside, Block, Column, Table
from exhibit.tasks.records.verdict import CheckResult, Verdict

_MOST_BARS = 30
HALF_PAGE = 0.73  # of the column: two figures side by side across the page
PAGE_ONE = 0.83  # of the column: as a chart is drawn on page one, so that letters keep their size
_MOST_DRAWN = 250  # samples of a figure: more would fill hundreds of pages
_MOST_STEPS = 12  # contributions of a waterfall that have a row of their own


def ranking(material: Material) -> Array:
    """Features from the most to the least important of the main method, as their shares are drawn."""
    return np.argsort(-shares(material, material.main)[0], kind="stable")


def feature_order(material: Material) -> Array:
    """The features to draw, the most important first."""
    return ranking(material)[: material.top_k][:_MOST_BARS]


def features_left_out(material: Material) -> str:
    """A sentence where not every feature is drawn."""
    drawn, total = len(feature_order(material)), len(ranking(material))
    if drawn == total:
        return ""
    return tr(
        " Drawn are the {shown} of {total} features that matter most; {file}, attached, has all.",
        shown=str(drawn),
        total=f"{total:,}",
        file="importances.parquet",
    )


def shares(material: Material, method: MethodMaterial) -> tuple[Array, Array, str]:
    """Importances as shares of their sum, their error, and what the error is: the spread over trainings where that was
    measured for every method of the chapter, so that what stands side by side has one kind of error, else the standard
    error over samples: of the share, or where that is not known (several tables as one) of the mean as a share."""
    found = [over_trainings(one) for one in material.methods]
    seeds = over_trainings(method)
    if seeds is not None and None not in found:
        return (
            seeds.details["mean"],
            seeds.details["standard_deviation"],
            trn(
                "standard deviation over {number} training, and each share is a mean over these",
                "standard deviation over {number} trainings, and each share is a mean over these",
                len(seeds.details["share"]),
            ),
        )
    importance = method.summary.importances[0]
    total = importance.mean_absolute.sum() or 1.0
    share = importance.mean_absolute / total
    if np.isnan(importance.standard_error).all():
        return share, importance.standard_error, tr("of one sample no error is known")
    if importance.share_error is not None:
        return share, importance.share_error, tr("standard error over samples")
    return share, importance.standard_error / total, tr("standard error over samples of each mean |a|, in this unit")


def over_trainings(method: MethodMaterial) -> CheckResult | None:
    """What was measured over several trainings; None where the model was trained once."""
    return next((check for check in method.checks if check.over_trainings), None)


def difference(method: MethodMaterial, row: int, target: int = 0) -> float:
    """S(x) - S(x') of a shown sample."""
    return float(method.prediction[row, target] - method.base_value[row, target])


def predicted_output(material: Material, row: int) -> int:
    """The predicted class of a shown sample."""
    return int(material.outputs[material.shown[row]].argmax())


def with_probability(material: Material, row: int, output: int) -> str:
    """What a reader calls an output, and how probable it is for a shown sample: galaxies (0.70), galaxies (0.997)."""
    name = material.output_name(output)
    if material.probabilities is None:
        return name
    return with_beside(name, off_bounds(float(material.probabilities[row, output])))


def reading(material: Material, row: int) -> str:
    """an 8 read as 7, for a sample of a classification; measured and predicted for that of a regression."""
    if not material.dataset.classes:
        predicted_value = float(material.outputs[material.shown[row], 0])
        label = float(material.dataset.labels[row])
        write = at_scale(material.outputs[:, 0])
        if np.isnan(label):
            return tr("predicted {predicted}", predicted=write(predicted_value, 2))
        for digits in range(2, 7):  # a wrong value does not read as the right one
            measured, instead = write(label, digits), write(predicted_value, digits)
            if measured != instead:
                break
        else:  # but for the last bits it is the right one
            measured, instead = write(label, 2), write(predicted_value, 2)
        return tr("measured {measured}, predicted {predicted}", measured=measured, predicted=instead)
    true, predicted = material.true_output(row), predicted_output(material, row)
    name = material.output_name
    if true is None:
        return tr("read as {predicted}", predicted=name(predicted))
    if true == predicted:
        return tr("{class_name}, read right", class_name=name(true))
    return tr("{class_name}, read as {predicted}", class_name=name(true), predicted=name(predicted))


def drawn_rows(material: Material) -> range:
    """The shown samples that are drawn."""
    return range(min(len(material.dataset.sample_ids), _MOST_DRAWN))


def left_out(material: Material) -> str:
    """A sentence where not every shown sample is drawn."""
    shown = len(material.dataset.sample_ids)
    if shown <= _MOST_DRAWN:
        return ""
    return tr(
        " Drawn are the first {shown} of {total}; the attributions of all are among the files of the run.",
        shown=str(_MOST_DRAWN),
        total=f"{shown:,}",
    )


def facets(material: Material, rows: Sequence[int]) -> dict[str, tuple[str, ...]]:
    """By what the shown samples `rows` can be filtered: their class, and whether it was read right."""
    if not material.dataset.classes:
        return {}
    of = [_facets(material, row) for row in rows]
    return {
        trp("filter", "class"): tuple(name for name, _ in of),
        trp("filter", "right or wrong"): tuple(right for _, right in of),
    }


def _facets(material: Material, row: int) -> tuple[str, str]:
    true = material.true_output(row)
    if true is None:
        return trp("filter", "not known"), trp("filter", "not known")
    right = predicted_output(material, row) == true
    return material.output_name(true), trp("filter", "right") if right else trp("filter", "wrong")


def explained_score(material: Material) -> str:
    """The number that parts raise and lower: predicted log solubility, or of a classification the logit of toxic."""
    if not material.dataset.classes:
        name = tr(material.dataset.label_name)
        if material.score == "value":
            return tr("predicted {name}", name=name)
        return tr("score of the predicted {name}", name=name)
    outputs = set(material.targets[:, 0].tolist())
    of = material.output_name(outputs.pop()) if len(outputs) == 1 else of_class(material.target_names[0])
    return tr("{score} of {output}", score=tr(_SCORES.get(material.score, material.score)), output=of)


_SCORES = {
    "factory": mark("score"),
    "logit": mark("logit"),
    "probability": mark("probability"),
    "loss": mark("loss"),
}


def of_class(target: str) -> str:
    """the likeliest class, or the class with this name."""
    return tr("the {name} class", name=called(target))


def called(target: str) -> str:
    """What a reader calls a target: the likeliest class is the first of the top."""
    return trp("class", "likeliest") if target == "top 1" else target_word(target)


def target_word(target: str) -> str:
    """A target as tables name it; a class has its own name."""
    top, _, rank = target.partition(" ")
    if top == "top" and rank.isdecimal():
        return tr("top {rank}", rank=rank)
    return {"predicted": trp("class", "predicted"), "true": trp("class", "true")}.get(target, target)


def direction(material: Material, method: MethodMaterial) -> str:
    """What red and blue mean for this score; sizes have no direction."""
    if not method.signed:
        return tr(" {sizes} have no sign: the darker, the larger.", sizes=capital(tr(method.sizes)))
    if material.score == "loss":
        return tr(" Blue lowers the loss, that is, speaks for the class; red raises it.")
    if material.dataset.classes:
        return tr(" Red speaks for the class, blue against it.")
    return tr(" Red raises, blue lowers.")


def directions(material: Material) -> tuple[str, str]:
    """What positive and negative contributions do to what is predicted."""
    if not material.dataset.classes:
        name = tr(material.dataset.label_name)
        return tr("raises the predicted {name}", name=name), tr("lowers the predicted {name}", name=name)
    of = of_class(material.target_names[0])
    spoken = tr("speaks for {output}", output=of), tr("speaks against {output}", output=of)
    return (spoken[1], spoken[0]) if material.score == "loss" else spoken


def without_score(material: Material, method: MethodMaterial, scale: Scale, drawn: int = 1) -> Scale:
    """A scale for page one, in words that need no knowledge of scores; `drawn`: how many targets stand on it."""
    if not method.signed:
        unit = tr("how much a part matters")
    elif not material.dataset.classes:
        unit = scale.unit
    else:
        of = tr("the class above it") if drawn > 1 else of_class(material.target_names[0])
        if material.score == "loss":
            unit = tr("speaks for (−) or against (+) {output}", output=of)
        else:
            unit = tr("speaks against (−) or for (+) {output}", output=of)
    return scale.model_copy(update={"unit": unit})


def sums_table(material: Material, method: MethodMaterial) -> Table:
    """Score, baseline, sum and residual of the shown samples: the arithmetic that a reader can check."""
    gaps, of_draws = method.sampling_gap, method.draw_residual
    scores = [method.prediction, method.base_value]
    number, size = (at_scale(np.concatenate(scores, axis=None), write) for write in (signed, plain))
    rows, samples = [], []
    for row in range(len(material.dataset.sample_ids)):
        for target, name in enumerate(material.target_names):
            output = int(material.targets[row, target])
            if output in material.targets[row, :target].tolist():
                continue
            gap = 0.0 if gaps is None else float(gaps[row, target])
            residual = float(method.residual[row, target])
            samples.append(row)
            rows.append(
                (
                    material.sample_name(row),
                    _output(material, output, name),
                    number(float(method.prediction[row, target]), 2),
                    number(float(method.base_value[row, target]), 2),
                    number(difference(method, row, target) + gap + residual, 2),
                    *((number(gap, 4),) if gaps is not None else ()),
                    number(residual, 4),
                    *((size(float(of_draws[row, target]), 4),) if of_draws is not None else ()),
                )
            )
    return Table(
        name=f"{material.slug}-{method.label}-sums",
        caption=sentences(
            [
                tr(
                    "{method}: the sum of all elements beside the score S(x) and the baseline's S(x′), in {unit}.",
                    method=tr(method.title),
                    unit=tr(material.score_unit),
                ),
                tr(_RESIDUAL[gaps is not None]),
            ]
        ),
        columns=(
            Column(title=tr("sample")),
            Column(title=tr("output")),
            *(Column(title=title, numeric=True) for title in ("S(x)", "S(x′)", tr("sum"))),
            *((Column(title=tr("sampling gap"), numeric=True),) if gaps is not None else ()),
            Column(title=tr("residual"), numeric=True),
            *((Column(title=tr("per draw"), numeric=True),) if of_draws is not None else ()),
        ),
        rows=tuple(rows),
        facets=facets(material, samples),
    )


def _output(material: Material, output: int, target: str) -> str:
    """Which output a row is about, and by which target it was asked for where that has another name: beside a class
    that was named, its name again would read as what is true of the sample."""
    if not material.dataset.classes:
        return number_word(material, target)
    named = material.output_name(output)
    return named if target == named else tr("{output} ({target})", output=named, target=target_word(target))


def number_word(material: Material, target: str) -> str:
    """A label of numbers as all sentences call it."""
    label = material.dataset.label_name
    return tr(label) if target == label else target


def sums_blocks(material: Material) -> tuple[Block, ...]:
    """The sums of every additive method, where the inputs of a chapter add up to the score."""
    additive = [method for method in material.methods if method.additive] if material.whole else []
    return tuple(Block(tables=(sums_table(material, method),)) for method in additive)


_RESIDUAL = {
    False: mark("Residual = sum − (S(x) − S(x′))."),
    True: mark(
        "Sampling gap = mean difference over the draws − (S(x) − S(x′)), which no number of steps closes. "
        "Residual = sum − (S(x) − S(x′)) − gap, the mean over the draws; per draw: the mean of their absolute "
        "residuals, which do not cancel."
    ),
}


def swarm_figures(material: Material, methods: Sequence[MethodMaterial]) -> tuple[Figure, ...]:
    """One for each method; two stand side by side."""
    width = 1.0 if len(methods) == 1 else HALF_PAGE
    return tuple(_swarm(material, method).model_copy(update={"width": width}) for method in methods)


def swarm_blocks(material: Material, methods: Sequence[MethodMaterial]) -> tuple[Block, ...]:
    """Their places in a section, two in a row."""
    names = [f"{material.slug}-{method.label}-swarm" for method in methods]
    return tuple(Block(figures=tuple(names[k : k + 2])) for k in range(0, len(names), 2))


def _swarm(material: Material, method: MethodMaterial) -> Figure:
    """Every sample's attributions of the features that matter most."""
    assert method.swarm is not None, "gathered for tables and for several inputs"
    shown = _on_a_page(method.swarm)
    sizes = np.abs(shown.values).mean(axis=0)
    number, points = len(shown.labels), f"{len(shown.values):,}"
    if len(material.dataset.inputs) > 1:
        caption = trn(
            "{method}: the {number} feature with the largest mean |a| over all inputs together, one point per sample "
            "({points}).",
            "{method}: the {number} features with the largest mean |a| over all inputs together, one point per sample "
            "({points}).",
            number,
            method=tr(method.title),
            points=points,
        )
    else:
        caption = trn(
            "{method}: the {number} feature with the largest mean |a|, one point per sample ({points}).",
            "{method}: the {number} features with the largest mean |a|, one point per sample ({points}).",
            number,
            method=tr(method.title),
            points=points,
        )
    return Figure(
        name=f"{material.slug}-{method.label}-swarm",
        content=shown,
        caption=sentences([caption, _apart(method.swarm, shown), *_shading(shown)]),
        alt=tr("Mean |a| by feature: {numbers}", numbers=numbers(shown.labels[:8], sizes[:8])),
    )


def _on_a_page(whole: Swarm) -> Swarm:
    """The outputs of the most samples, and so many features that the rows of all these fit below each other."""
    if whole.of is None or not whole.outputs:
        return whole
    counts = np.bincount(whole.of, minlength=len(whole.outputs))
    kept = np.sort(np.argsort(-counts, kind="stable")[:_MOST_OUTPUTS])
    rows, features = np.isin(whole.of, kept), _MOST_BARS // len(kept)
    return Swarm(
        labels=whole.labels[:features],
        values=whole.values[rows, :features],
        shades=whole.shades[rows, :features],
        axis=whole.axis,
        outputs=tuple(
            trn(
                "{output}, {number} sample",
                "{output}, {number} samples",
                int(counts[output]),
                output=whole.outputs[output],
            )
            for output in kept
        ),
        of=np.searchsorted(kept, whole.of[rows]),
    )


_MOST_OUTPUTS = 6  # of a swarm


def _apart(whole: Swarm, shown: Swarm) -> str:
    """That the points of each output stand by themselves, and whether those of all are drawn."""
    if not shown.outputs:
        return ""
    if len(shown.outputs) < len(whole.outputs):
        return tr(
            "Each sample stands under the class that is explained for it, and the {shown} classes of the most samples "
            "of {total} are drawn.",
            shown=str(len(shown.outputs)),
            total=str(len(whole.outputs)),
        )
    return tr("Each sample stands under the class that is explained for it.")


def _shading(shown: Swarm) -> tuple[str, ...]:
    """What the colours of points say; a category has no low and high values."""
    unordered = np.isnan(shown.shades).all(axis=0)
    if unordered.all():
        return ()
    low = tr("Light: the feature has a low value, dark: a high one.")
    return (low, tr("Grey: a category, whose values have no order.")) if unordered.any() else (low,)


def waterfall(
    material: Material, method: MethodMaterial, row: int, labels: Sequence[str], values: Array, title: str = ""
) -> Waterfall:
    """One shown sample of an additive method: its largest contributions, the rest as one step, and the residual.

    `values`: (features,) of the first target, in the order of `labels`.
    """
    order = np.argsort(-np.abs(values), kind="stable")
    first, rest = (order[:_MOST_STEPS], order[_MOST_STEPS:]) if len(order) > _MOST_STEPS + 1 else (order, order[:0])
    others = [(trn("{number} other", "{number} others", len(rest)), float(values[rest].sum()))] if len(rest) else []
    steps = [*((labels[k], float(values[k])) for k in first), *others]
    gap = () if method.sampling_gap is None else ((tr("sampling gap"), -float(method.sampling_gap[row, 0])),)
    steps += [*gap, (tr("residual"), -float(method.residual[row, 0]))]
    return Waterfall(
        title=title,
        labels=tuple(name for name, _ in steps),
        values=np.array([value for _, value in steps]),
        start=float(method.base_value[row, 0]),
        end=float(method.prediction[row, 0]),
        start_label=tr("baseline S(x′)"),
        end_label=tr("sample S(x)"),
        axis=tr(material.score_unit),
    )


def verdict_asides(methods: Sequence[MethodMaterial]) -> tuple[Aside, ...]:
    """A note per check: what was measured on one method in full, on several in a line each."""
    names = dict.fromkeys(check.check for method in methods for check in method.checks)
    if len(names) > _MOST_NOTES:
        return (_all_verdicts(list(names), methods),)
    return tuple(_verdict_aside(name, methods) for name in names)


_MOST_NOTES = 3  # checks with a note each: more would be longer than the figure that they stand beside


def _all_verdicts(names: Sequence[str], methods: Sequence[MethodMaterial]) -> Aside:
    """One note for many checks: each by the gravest that it said of any method."""
    gravest = {
        name: min(
            (check.verdict for method in methods for check in method.checks if check.check == name), key=_WORST.index
        )
        for name in names
    }
    lines = [
        tr(
            "{verdict}: {checks}.",
            verdict=capital(judged(verdict)),
            checks=listing([check_name(name) for name in names if gravest[name] == verdict]),
        )
        for verdict in _WORST
        if verdict in gravest.values()
    ]
    text = sentences([*lines, tr("By method, with values and intervals, they stand in the table of verdicts.")])
    return Aside(title=trp("title", "Checks"), text=text, verdict=min(gravest.values(), key=_WORST.index))


def _verdict_aside(name: str, methods: Sequence[MethodMaterial]) -> Aside:
    checks = [(method, check) for method in methods for check in method.checks if check.check == name]
    measured = [(method, check) for method, check in checks if check.verdict in ("pass", "fail", "undecided")] or checks
    title = capital(check_name(name))
    if len(measured) == 1:
        method, check = measured[0]
        return Aside(
            title=trp("list", ", ").join([title, within_a_sentence(tr(method.title))]),
            text=found_by(check, methods),
            verdict=check.verdict,
        )
    worst = min((check.verdict for _, check in measured), key=_WORST.index)
    values = trp("list", "; ").join(
        f"{within_a_sentence(tr(method.title))} {_short(check)}" for method, check in measured
    )
    return Aside(title=title, text=tr("{sentence}.", sentence=capital(values)), verdict=worst)


_WORST: tuple[Verdict, ...] = ("fail", "undecided", "pass", "not assessed", "not applicable")


def _short(check: CheckResult) -> str:
    """0.98 (pass), in so many digits that it differs from its threshold as the verdict says."""
    if check.value is None:
        return judged(check.verdict)
    return tr("{value} ({verdict})", value=measured(check.value, check.threshold), verdict=judged(check.verdict))
