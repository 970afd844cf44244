"""The stage that gathers what a chapter shows: numbers, arrays and short names.

Sentences, figures and their order belong to `document`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from exhibit.tasks.data.data import Data
from exhibit.tasks.data.select import TargetSpec
from exhibit.tasks.drawing.maps import MapSpec, prepared, scaled
from exhibit.tasks.methods.method import Method
from exhibit.tasks.methods.refine import Said
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.protocols import Score
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.behaviour import Behaved
from exhibit.tasks.records.data import Dataset, Input, Reference
from exhibit.tasks.records.datasheet import Datasheet
from exhibit.tasks.records.explanation import Analogue, Attribution, Selection, Summary, bonds_of
from exhibit.tasks.records.figure import Ladder, Swarm
from exhibit.tasks.records.language import AND, COMMA, Message, as_message, joined, mark, of_option, say, say_all
from exhibit.tasks.records.lead import Lead
from exhibit.tasks.records.material import AT_THE_DATA, AT_THE_INPUT, Maps, Material, MethodMaterial, Words
from exhibit.tasks.records.model import Performance, Prediction, Remarks, Weights
from exhibit.tasks.records.packing import pack
from exhibit.tasks.records.quality import Quality
from exhibit.tasks.records.subgroups import ForWhom
from exhibit.tasks.records.verdict import CheckResult
from exhibit.tasks.stages.explained import Explained
from exhibit.tasks.stages.restore import spec_with_digests
from exhibit.tasks.stages.results import PerSample, Results, Wanted, over_shards
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store

if TYPE_CHECKING:
    from exhibit.tasks.drawing.spec import DrawingSpec


_SWARM = 30  # features of a swarm: more do not fit on a page
_ROWS = {  # what rows of a split are called
    "explain": mark("given to be explained"),
    "train": mark("train rows"),
    "validation": mark("validation rows"),
    "test": mark("test rows"),
}
_UNITS = {
    "logit": mark("logit"),
    "probability": mark("probability"),
    "loss": mark("nats"),
    "factory": mark("units of the score"),
}


def gather(
    store: Store,
    slug: str,
    title: str | None,
    data: Data,
    model: ModelChoice,
    target: TargetSpec,
    drawing: DrawingSpec,
    found: Mapping[str, Digest],
    explained: Sequence[Explained],
    behaviour: Sequence[Digest] = (),
) -> FinishedStage:
    """Output "material": everything that a chapter shows, and no more of the data than that.

    `found`: digests of dataset, weights, prediction, performance, selection and, where there are any, reference,
    datasheet, quality and groups; `behaviour`: of what was asked about the model, in its order.
    """
    from exhibit.tasks.data.select import score_of

    def run() -> dict[str, bytes]:
        dataset, weights = read(store, Dataset, found["dataset"]), read(store, Weights, found["weights"])
        look = _look(drawing, dataset)
        selection = read(store, Selection, found["selection"])
        shown = selection.explained[selection.shown]
        prediction = read(store, Prediction, found["prediction"])
        performance = read(store, Performance, found["performance"])
        quality = read(store, Quality, found["quality"]) if "quality" in found else None
        remarks = read(store, Remarks, found["remarks"])
        if dataset.several:  # the chapter is about one label
            label = int(selection.targets[0, 0])
            name = dataset.several[label].name
            performance = performance.about(name)
            quality = quality and quality.labels.get(name)
            dataset, prediction = dataset.about(label), prediction.about(label)
            targets = np.full_like(selection.targets, prediction.outputs.shape[1] - 1)
            selection = selection.model_copy(update={"targets": targets})
        score = score_of(target, dataset, prediction.kind)
        unit = as_message(_UNITS.get(score.kind) or of_option(dataset.label_unit) or mark("units of the label"))
        splits = sorted(set(dataset.split[selection.explained].tolist()))
        main = _main_of_pairs(explained, dataset)
        results = _results(store, explained, dataset, selection, main)
        return {
            "material": pack(
                Material(
                    slug=slug,
                    title=of_option(title) if title else dataset.title,
                    data_kind=model.called,
                    dataset=dataset.take(shown).fetched(),
                    labels=dataset.labels,
                    outputs=prediction.outputs,
                    probabilities=prediction.probabilities(shown) if dataset.classes else None,
                    split=dataset.split,
                    explained=len(selection.explained),
                    explained_split=joined([_ROWS[split] for split in splits], AND),
                    selection_reason=selection.reason,
                    shown=shown,
                    cases=selection.cases.among(selection.shown.tolist()),
                    bonds=_bonds(dataset.take(shown)),
                    targets=selection.targets[selection.shown],
                    target_names=selection.target_names,
                    score=score.kind,
                    score_unit=unit,
                    score_note=of_option(target.note),
                    framework=weights.framework or model.framework,
                    architecture=say_all(model.architecture, _received(weights), *remarks.said, remarks.doubt),
                    diagram=model.diagram(dataset),
                    parameters=weights.parameters,
                    training=model.training,
                    trained=model.trains,
                    not_seen=model.not_seen,
                    stopped_by_test="test_loss" in weights.history and model.stops_early,
                    history=weights.history,
                    performance=performance,
                    quality=quality,
                    datasheet=read(store, Datasheet, found["datasheet"]) if "datasheet" in found else None,
                    groups=read(store, ForWhom, found["groups"]) if "groups" in found else None,
                    top_k=None if look.top_k == "all" else look.top_k,
                    reference=read(store, Reference, found["reference"]) if "reference" in found else None,
                    overlay=look.image.overlay,
                    palette=look.image.palette,
                    percentile=look.image.end,
                    picture_width=look.image.width,
                    own_scales=look.molecule.scale == "per_sample",
                    coloured=look.molecule.share,
                    analogues=_analogues(main, explained, results, dataset.take(selection.explained), selection, look),
                    methods=_with_scales(
                        _disambiguated(
                            [
                                _method(store, item, one, selection, score, unit, dataset, look, model.trains)
                                for item, one in zip(explained, results, strict=True)
                            ]
                        ),
                        look,
                        dataset.inputs,
                    ),
                    behaviour=tuple(read(store, Behaved, digest).found for digest in behaviour),
                )
            )
        }

    inputs = {
        **found,
        "shards": [digest for item in explained for _, _, digest in item.shards],
        "summaries": [item.summary for item in explained],
        "checks": [digest for item in explained for digest in item.checks],
        **({"behaviour": list(behaviour)} if behaviour else {}),
    }
    spec = {
        "slug": slug,
        "title": title,
        "data": data,
        "model": spec_with_digests(model),
        "target": target,
        "drawing": drawing,
        "methods": [{"label": item.label, **item.method.model_dump(mode="json")} for item in explained],
    }
    chosen = [model, drawing, *(item.method for item in explained)]
    return run_stage(store, gather, spec, inputs, run, chosen)


def _received(weights: Weights) -> Message:
    """What a model of the user's own was given, in a sentence; nothing of others."""
    if not weights.received:
        return Message()
    return say("Over the first rows it was given {given}.", given=joined([one.said for one in weights.received]))


def _look(drawing: DrawingSpec, dataset: Dataset) -> DrawingSpec:
    """How the drawings look, once it is known what is drawn."""
    sizes = [item.values.shape[1] * item.values.shape[2] for item in dataset.inputs if item.traits.pixels]
    return drawing.model_copy(update={"image": drawing.image.of_pixels(max(sizes, default=0))})


def _main_of_pairs(explained: Sequence[Explained], dataset: Dataset) -> Explained | None:
    """The method whose contributions pairs of alike samples are compared by; None where there are no such pairs."""
    from exhibit.tasks.data.kinds import KINDS

    additive = [item for item in explained if item.method.additive]
    first, *others = dataset.inputs
    if others or KINDS[first.kind].analogues is None or not additive or additive[-1].method.aggregate != "raw":
        return None
    return additive[-1]


def _results(
    store: Store, explained: Sequence[Explained], dataset: Dataset, selection: Selection, main: Explained | None
) -> list[Results]:
    """What is shown of all explained samples of each method; those that share their shards share the pass over them.
    `main`: the method of which the contributions of every part are wanted, too."""
    found: dict[int, Results] = {}
    samples = dataset.take(selection.explained)
    for shards in dict.fromkeys(item.shards for item in explained):
        alike = [number for number, item in enumerate(explained) if item.shards == shards]
        content = ((start, stop, read(store, Attribution, digest)) for start, stop, digest in shards)
        wanted = [_wanted(explained[number].method, samples, explained[number] is main) for number in alike]
        found |= zip(alike, over_shards(content, selection.shown, wanted), strict=True)
    return [found[number] for number in range(len(explained))]


def _wanted(method: Method, samples: Dataset, parts: bool) -> Wanted:
    """What a method asks of the pass over its shards."""
    from exhibit.tasks.data.features import features
    from exhibit.tasks.methods.aggregate import aggregated

    inputs = samples.inputs

    def of_features(part: Attribution, rows: Array) -> Array:
        values = (aggregated(part, entry.name, entry.kind, method.aggregate) for entry in inputs)
        found = [features(entry.take(rows), one)[..., 0] for entry, one in zip(inputs, values, strict=True)]
        return np.concatenate(found, axis=1)

    def of_parts(part: Attribution, _: Array) -> Array:
        return aggregated(part, inputs[0].name, inputs[0].kind, "raw" if parts else method.aggregate)[..., 0]

    per_sample: dict[str, PerSample] = {_PARTS: of_parts} if parts or inputs[0].spelling is not None else {}
    # Only tables, series and several inputs have features that a reader can follow from sample to sample.
    followed = len(inputs) > 1 or inputs[0].traits.named or inputs[0].traits.timed
    per_sample |= {_FEATURES: of_features} if followed else {}
    return Wanted(method.cost, per_sample)


_PARTS, _FEATURES = "parts", "features"


def _method(
    store: Store,
    item: Explained,
    results: Results,
    selection: Selection,
    score: Score,
    unit: Message,
    dataset: Dataset,
    drawing: DrawingSpec,
    trained: bool,
) -> MethodMaterial:
    from exhibit.tasks.data.baselines import drawn_of
    from exhibit.tasks.methods.aggregate import aggregated

    method = item.method
    part, steps = results.shown, results.steps
    kinds = {entry.name: entry.kind for entry in dataset.inputs}
    kinds |= {bonds: kind for name, kind in kinds.items() if (bonds := bonds_of(name)) in part.values}
    return MethodMaterial(
        label=item.label,
        title=method.title,
        formula=method.formula,
        citation=method.citation,
        additive=method.additive,
        aggregate=method.aggregate,
        parameters=_parameters(method),
        departure=_departure(method, part, dataset),
        baseline=_compared_with(method, dataset, trained),
        place=_place(method),
        unit=_unit(method, unit),
        values={name: aggregated(part, name, kind, method.aggregate) for name, kind in kinds.items()},
        mask=part.mask,
        prediction=part.prediction,
        base_value=part.base_value,
        residual=part.residual,
        steps=(int(steps.min()), int(np.median(steps)), int(steps.max())),
        converged=float(results.converged.mean()),
        summary=read(store, Summary, item.summary),
        checks=tuple(read(store, CheckResult, digest) for digest in item.checks),
        sampling_gap=part.sampling_gap,
        draw_residual=part.draw_residual,
        cost=results.cost,
        relative_error=_relative_error(part),
        background=None if method.against is None else drawn_of(method.against.rows, dataset, method.against.baseline),
        ladder=_ladder(method, results, score, dataset.take(selection.explained[selection.shown])),
        tolerance=method.refined_to(),
        words=_words(results, dataset.take(selection.explained)),
        swarm=_swarm(method, results, dataset.take(selection.explained), selection, unit, drawing.top_k),
        lead=None if (sizes := results.per_sample.get(_FEATURES)) is None else Lead.of(np.abs(sizes)),
        maps={
            entry.name: Maps(values=_maps(part, entry, method, drawing.image), unit=_unit(method, unit))
            for entry in dataset.inputs
            if entry.traits.pixels
        },
    )


def _bonds(shown: Dataset) -> tuple[tuple[str, ...], ...]:
    """For each sample what the bonds between its parts are called, where the first input has such."""
    from exhibit.tasks.data.kinds import KINDS

    names = KINDS[shown.inputs[0].kind].bonds
    return () if names is None else tuple(names(shown.inputs[0]))


def _words(results: Results, samples: Dataset) -> Words | None:
    """The words of texts that a model reads by a tokenizer of its own, and what the method says of the first target."""
    item, *others = samples.inputs
    if others or item.spelling is None:
        return None
    rows, places = np.nonzero(item.spelling.counts[item.array])
    values = results.per_sample[_PARTS][rows, places].astype(np.float64)
    names, word = np.unique(np.array(item.vocabulary)[item.array[rows, places]], return_inverse=True)
    times = np.bincount(word)
    sizes = np.bincount(word, np.abs(values))
    texts = np.bincount(np.unique(np.stack([rows, word]), axis=1)[1])
    order = np.lexsort((names, -sizes))
    return Words(
        names=tuple(names[order].tolist()),
        texts=texts[order],
        times=times[order],
        mean=(np.bincount(word, values) / times)[order],
        mean_absolute=(sizes / times)[order],
    )


def _analogues(
    main: Explained | None,
    explained: Sequence[Explained],
    results: Sequence[Results],
    samples: Dataset,
    selection: Selection,
    drawing: DrawingSpec,
) -> tuple[Analogue, ...]:
    """Pairs of explained samples that are alike, with what the main method says of both."""
    from exhibit.tasks.data.kinds import KINDS

    pairs = KINDS[samples.inputs[0].kind].analogues
    if main is None or pairs is None:
        return ()
    found = results[list(explained).index(main)]
    predictions = found.prediction[:, 0], found.base_value[:, 0]
    return pairs(samples, found.per_sample[_PARTS], *predictions, selection.targets[:, 0], drawing.molecule.analogues)


def _disambiguated(methods: Sequence[MethodMaterial]) -> list[MethodMaterial]:
    """Variants of one method are called by it and what their labels add: Gradient SHAP (background 80)."""
    titles = [method.title for method in methods]
    return [
        method if titles.count(method.title) == 1 else method.model_copy(update={"title": _variant(method)})
        for method in methods
    ]


def _variant(method: MethodMaterial) -> Message:
    label = method.label.replace("_", " ")
    if label == method.title.lower():
        return method.title
    if not label.startswith(f"{method.title.lower()} "):
        return as_message(label.capitalize())
    return say("{method} ({variant})", method=method.title, variant=label[len(method.title) + 1 :])


def _maps(part: Attribution, item: Input, method: Method, spec: MapSpec) -> Array:
    """(shown, height, width, targets) of what is drawn of an image: the map of a layer is laid onto its pixels."""
    from exhibit.tasks.methods.aggregate import aggregated, on_pixels

    if method.aggregate == "raw" and spec.polarity != "both":
        values = part.values[item.name]  # signs are told apart before channels are summed
    else:
        values = aggregated(part, item.name, item.kind, method.aggregate)[..., np.newaxis, :]
    if not spec.relative:  # the percentile is that of all maps on their scale, which is fixed later
        spec = spec.model_copy(update={"percentile": None})
    drawn = [[prepared(values[row, ..., k], spec) for k in range(values.shape[-1])] for row in range(len(values))]
    return on_pixels(np.moveaxis(np.array(drawn), 1, -1), item)


def _with_scales(
    methods: Sequence[MethodMaterial], drawing: DrawingSpec, inputs: Sequence[Input]
) -> tuple[MethodMaterial, ...]:
    """The methods with the names of their colour scales, whose ends are fixed later, over all chapters, and with maps
    on scales of their own where these are asked for."""

    def cut(item: Input, scale: Message) -> Message:
        """Maps that end at a percentile share no scale with others: the end of these would draw all of those as one."""
        percentile = drawing.image.end
        if not item.traits.pixels or percentile is None or drawing.image.relative:
            return scale
        return say("{scale}, to the {percentile}th percentile", scale=scale, percentile=f"{percentile:g}")

    def scale(method: MethodMaterial, item: Input) -> Message:
        if drawing.shared(item.traits):
            return method.unit
        return say("{method}, {unit}", method=method.title, unit=method.unit)

    def on_scales(method: MethodMaterial) -> MethodMaterial:
        names = {item.name: cut(item, scale(method, item)) for item in inputs}
        maps = {
            name: _scaled(methods, name, method, drawing.image)
            if drawing.image.relative
            else found.model_copy(update={"unit": names[name]})
            for name, found in method.maps.items()
        }
        return method.model_copy(update={"scales": names, "maps": maps})

    return tuple(on_scales(method) for method in methods)


def _scaled(methods: Sequence[MethodMaterial], name: str, method: MethodMaterial, spec: MapSpec) -> Maps:
    """Its maps of an input as shares of the largest value of all maps that they are scaled with."""
    own = method.maps[name]
    found, limits = np.zeros(own.values.shape), np.zeros((len(own.values), own.values.shape[-1]))
    alike = [item.maps[name].values for item in methods if item.maps[name].unit == own.unit]
    for row, target in np.ndindex(limits.shape):
        mine = own.values[row, ..., target]
        others: dict[str, list[Array]] = {
            "per_method": [own.values],
            "per_sample": [],
            "per_row": [values[row] for values in alike],
            "shared": alike,
        }
        done, limits[row, target] = scaled([mine, *others[spec.scale]], spec.scaler)
        found[row, ..., target] = done[0] / limits[row, target]
    words = [
        mark("clipped by share of all attribution")
        if spec.clip_above is not None or spec.clip_below is not None
        else "",
        "" if spec.end is None else say("cut at the {percentile}th percentile of each map", percentile=f"{spec.end:g}"),
        mark("outlines") if spec.outlines else "",
        _SCALERS[spec.scaler],
        _SCALES[spec.scale],
    ]
    return Maps(values=found, unit=joined(words, COMMA), limits=limits)


_SCALERS = {
    None: "",
    "abs_max": mark("divided by max |a|"),
    "min_max": mark("from least to most"),
    "normalize": mark("divided by Σ |a|"),
}
_SCALES = {
    "per_sample": mark("each map by itself: colours cannot be compared"),
    "per_row": mark("each row by itself: rows cannot be compared"),
    "per_method": "",
    "shared": "",
}


def _relative_error(part: Attribution) -> float | None:
    """Over the shown samples: the median element's standard error of the mean over draws, against mean |a|."""
    if not part.standard_error:
        return None
    errors = np.concatenate([values[..., 0].ravel() for values in part.standard_error.values()])
    sizes = np.concatenate([values[..., 1].ravel() for values in part.moments.values()])
    known = np.isfinite(errors) & (sizes > 0)
    return float(np.median(errors[known] / sizes[known])) if known.any() else None


def _swarm(
    method: Method,
    results: Results,
    explained: Dataset,
    selection: Selection,
    unit: Message,
    top_k: int | Literal["all"],
) -> Swarm | None:
    """Every sample's attributions of the features that matter most over all inputs; None where there are none that a
    reader can follow."""
    from exhibit.tasks.data.features import feature_names, feature_values, shades

    if (values := results.per_sample.get(_FEATURES)) is None:
        return None
    inputs = explained.inputs
    several = len(inputs) > 1
    names = [entry.label(name) if several else name for entry in inputs for name in feature_names(entry)]
    count = _SWARM if top_k == "all" else min(top_k, _SWARM)
    order = np.argsort(-np.abs(values).mean(axis=0), kind="stable")[:count]
    own = shades(np.concatenate([feature_values(entry) for entry in inputs], axis=1))
    outputs, of = np.unique(selection.targets[:, 0], return_inverse=True)
    return Swarm(
        labels=tuple(names[k] for k in order),
        values=values[:, order],
        shades=own[:, order],
        axis=_unit(method, unit),
        outputs=tuple(explained.classes[output] for output in outputs) if len(outputs) > 1 else (),
        of=of,
    )


def _parameters(method: Method) -> dict[str, str]:
    """The settings as lines of a table."""
    found: dict[str, str] = {}
    for name, value in method.settings().items():
        inner = value if isinstance(value, dict) else {"": value}
        found |= {f"{name}.{key}".rstrip("."): str(item) for key, item in inner.items()}
    return found


def _departure(method: Method, part: Attribution, dataset: Dataset) -> Message:
    """How a published variant differs from the definition, with the factor where it is too large by one."""
    sentence = method.departure_in(dataset.task) or ""
    factors = np.empty(0) if part.raw_factor is None else part.raw_factor[~np.isnan(part.raw_factor)]
    if not len(factors):
        return as_message(sentence)
    return say_all(sentence, say("Here that factor is {factor}.", factor=f"{float(np.median(factors)):.4g}"))


def _compared_with(method: Method, dataset: Dataset, trained: bool) -> str | None:
    """The baseline in words; only methods that compare with one have it."""
    from exhibit.tasks.data.baselines import background_described, described

    if (against := method.against) is None or method.compared_with is not None:
        return method.compared_with
    if against.rows is not None:
        return background_described(against.rows, against.seed, dataset, against.baseline, trained)
    return described(against.baseline, dataset, None if method.look is None else method.look.layer, trained)


def _unit(method: Method, unit: Message) -> Message:
    """Of an element: a gradient is per unit of the input, what is multiplied with a difference is not."""
    slope = say("{unit} per unit of the input", unit=unit) if method.per_unit_of_input else unit
    return say("{unit}, squared", unit=slope) if method.aggregate == "square" else slope


def _place(method: Method) -> Message:
    """Where the method looks, in words."""
    if method.look is None or method.look.layer is None:
        return as_message(AT_THE_INPUT if method.asks == "gradients" else AT_THE_DATA)
    layer = str(method.look.layer)
    if method.look.at == "input":
        return say("the input of the layer {layer}", layer=layer)
    return say("the output of the layer {layer}", layer=layer)


def _ladder(method: Method, results: Results, score: Score, shown: Dataset) -> Ladder | None:
    """What the passes of a refinement said of the first target of the shown samples, and where all explanations
    stopped; None without a refinement."""
    part = results.shown
    tolerance = method.refined_to()
    if part.ladder is None or results.evaluations is None or tolerance is None:
        return None
    spent = results.evaluations.reshape(-1, part.ladder.shape[2])
    passes = int((spent > 0).any(axis=0).sum())
    ladder = part.ladder[:, 0, :passes]
    said = Said.of(ladder, part.prediction[:, 0], part.base_value[:, 0], score, tolerance)
    names = shown.sample_ids if shown.names is None else shown.names
    return Ladder(
        names=tuple(map(str, names)),
        steps=spent[:, :passes].max(axis=0).astype(np.int64),
        residual=np.where(ladder[..., 0] > 0, said.residual, np.nan),
        change=np.where(ladder[..., 0] > 0, said.change, np.nan),
        converged=part.converged[:, 0],
        stopped=np.bincount((spent > 0).sum(axis=1) - 1, minlength=passes),
        tolerance=tolerance,
    )
