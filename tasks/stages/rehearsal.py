"""A report in little: a few rows go once through the model and each method, before anything long is done.

It is no stage: what it finds is told, and nothing is kept. A model that is to be trained is tried after one pass over a
few rows, for what it takes and gives does not depend on what it learns.
"""

import resource
import time
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import numpy as np

from exhibit.tasks.data.select import SelectionSpec, TargetSpec, candidates, score_of, select
from exhibit.tasks.finite import WatchedModel, WatchedPlace, answered
from exhibit.tasks.methods.method import Method
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.models.duration import TooLong, require_quick
from exhibit.tasks.own import running
from exhibit.tasks.protocols import (
    Capability,
    Compute,
    Dropout,
    Model,
    Place,
    Score,
    Side,
    gives_gradients,
    silent,
)
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.model import OutputKind, Prediction, Remarks
from exhibit.tasks.records.shown import lasting
from exhibit.tasks.stages.beforehand import keys_of
from exhibit.tasks.stages.explaining import baselines_of, explainable, of_elements, require_finite
from exhibit.tasks.stages.predict import remarks_on, require_finite_outputs, usual_layers
from exhibit.tasks.stages.stage import one_at_a_time
from exhibit.tasks.stages.summarise import summed

_FITTED, _FEW = 32, 4  # rows that a model is tried on, and that are explained before a whole batch is
_QUICK = 2.0  # seconds up to which more are measured


class Values(NamedTuple):
    """Some arrays of numbers: the shape of one sample, the type, the smallest and the largest value; None: words."""

    shape: tuple[int, ...]
    type: str
    ends: tuple[float, float] | None

    @classmethod
    def of(cls, values: Array) -> "Values":
        numbers = values.dtype.kind in "fiub" and values.size
        ends = (float(np.nanmin(values)), float(np.nanmax(values))) if numbers else None
        return cls(values.shape[1:], str(values.dtype), ends)


class Measured(NamedTuple):
    """What `samples` cost by a method: `seconds`, and samples that went through the model, forward or with gradients;
    0 where a method has ways of its own."""

    samples: int
    seconds: float
    calls: int


class Rehearsal(NamedTuple):
    """`inputs`: of the data; `taken`: what a net is given of them, after its preprocessing; `outputs` of kind `output`;
    `gives`: what methods may ask of the model; `remarks`: on one that comes trained; `training`: seconds that it takes,
    at least, of one that is trained; `batch_seconds`: of a whole batch; `explained`: how many rows are to be; `peak`:
    bytes of memory at most."""

    inputs: Mapping[str, Values]
    taken: Mapping[str, Values]
    outputs: Values
    output: OutputKind
    gives: AbstractSet[Capability]
    remarks: Remarks
    training: float | None
    framework: str
    parameters: int
    tried: int
    batch_seconds: float
    explained: int
    methods: Mapping[str, Measured]
    peak: int


def rehearse(
    data: Dataset,
    fitted: Dataset,
    model: ModelChoice,
    methods: Mapping[str, Method],
    target: TargetSpec,
    selection: SelectionSpec,
    compute: Compute,
    *,
    known: bool = False,
) -> Rehearsal:
    """A few rows of `data` through a model that has seen a few of `fitted`. `known`: how long its training takes is not
    asked.

    Raises:
        InputError: for what the report would end with.
    """
    own = [function for spec in (model, *methods.values(), target) if (function := spec.own_function) is not None]
    rows = candidates(selection, data)
    explained = len(rows) if selection.limit is None else min(selection.limit, len(rows))
    with one_at_a_time(compute), running(own):
        some = fitted.take(_some(fitted))
        weights = model.shortened().fit(some, compute, silent)  # first: what is loaded once is no part of a training
        training = _training(model, fitted, compute) if model.trains and not known else None
        net = model.restore(some, weights, compute)
        few = data.take(rows[: compute.batch])
        outputs = net.predict(few.arrays)
        require_finite_outputs(model, outputs, few)
        whole = data.take(np.resize(rows, compute.batch)).arrays
        begun = time.monotonic()
        net.predict(whole)
        batch_seconds = time.monotonic() - begun
        prediction = Prediction(kind=net.output, outputs=outputs)
        remarks = Remarks() if model.trains else remarks_on(model, net, few, weights, prediction)
        targets = select(SelectionSpec(rows="all"), target, few, prediction).targets
        layers, score = usual_layers(net, few), score_of(target, data, net.output)
        found = {}
        for label, method in methods.items():
            with keys_of(method, label):
                found[label] = _measured(
                    method.placed(layers), model, net, data, rows[:explained], targets, score, compute
                )
        taken = net.place(few.arrays).values if gives_gradients(net) and _numbers(few) else {}
    return Rehearsal(
        inputs={item.name: Values.of(item.values[rows[:_SHOWN]]) for item in data.inputs},
        taken={name: Values.of(values) for name, values in taken.items()},
        outputs=Values.of(outputs),
        output=net.output,
        gives=net.gives,
        remarks=remarks,
        training=training,
        framework=weights.framework or model.framework,
        parameters=weights.parameters,
        tried=len(some.labels) if model.trains else 0,
        batch_seconds=batch_seconds,
        explained=explained,
        methods=found,
        peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


_SHOWN = 1_000  # rows whose ends are told


def _some(fitted: Dataset) -> Array:
    """A few rows of each split, and of each class one."""
    train = np.flatnonzero(fitted.split == "train")
    first = train[np.unique(fitted.labels[train], return_index=True)[1]] if fitted.classes else train[:0]
    others = [np.flatnonzero(fitted.split == split)[:_FITTED] for split in np.unique(fitted.split)]
    return np.unique(np.concatenate([first, *others]))


def _training(model: ModelChoice, fitted: Dataset, compute: Compute) -> float:
    """How many seconds a training takes: it is begun, and goes on until that can be said.

    Raises:
        TooLong: where that is too long.
    """
    begun = time.monotonic()
    try:
        model.fit(fitted, compute.model_copy(update={"training_hours": 0.0}), silent)
    except TooLong as error:
        require_quick(error.asked, error.seconds, compute.training_hours)
        return error.seconds
    return time.monotonic() - begun


def _numbers(few: Dataset) -> bool:
    """Whether a net is given numbers, which is not so of what is embedded."""
    return not any(item.traits.embedded or item.traits.ids for item in few.inputs)


def _measured(
    method: Method,
    model: ModelChoice,
    net: Model,
    data: Dataset,
    rows: Array,
    targets: Array,
    score: Score,
    compute: Compute,
) -> Measured:
    """One sample twice, for what is made once is made first; a few, and a whole batch, as long as that is quick."""
    counted, measured = _Counted(net), Measured(0, 0.0, 0)

    def explain(places: Array) -> Attribution:
        chosen = rows[places]
        return method.attribute(
            explainable(method, model, counted, data),
            data.take(chosen).arrays,
            baselines_of(method, data, chosen),
            data.sample_ids[chosen],
            targets[places],
            score,
            compute,
        )

    called = model.own_function or model.option()
    for attempt, count in enumerate((1, 1, min(_FEW, len(rows)), min(compute.batch, len(rows)))):
        chosen, before, begun = rows[:count], counted.calls, time.monotonic()
        names = data.sample_ids[chosen]
        attribution = answered(explain, np.arange(count), names, called, f"method {method.option()}")
        require_finite(method, model, attribution)
        measured = Measured(count, time.monotonic() - begun, counted.calls - before)
        _sum_up(method, attribution, data.take(chosen))
        if attempt and measured.seconds > _QUICK:
            break
    return measured


def _sum_up(method: Method, attribution: Attribution, samples: Dataset) -> None:
    """Makes of it what the stages after it do: they are not for every layer and every shape of values.

    Raises:
        InputError: for values of something else than the elements of the samples.
    """
    whole = of_elements(attribution, samples)
    names = tuple(map(str, range(attribution.prediction.shape[1])))
    summed(method, samples, names, lambda: [whole])


class _Counted(WatchedModel):
    """A model that counts the samples that go through it."""

    calls = 0

    def predict(self, inputs: Arrays) -> Array:
        self.calls += _count(inputs)
        return self.watched.predict(inputs)

    def evaluate(self, inputs: Arrays) -> Array:
        self.calls += _count(inputs)
        return self.watched.evaluate(inputs)

    def place(
        self, inputs: Arrays, layer: str | int | None = None, at: Side = "output", dropout: Dropout | None = None
    ) -> "_CountedPlace":
        return _CountedPlace(self.watched.place(inputs, layer, at, dropout), self)


class _CountedPlace(WatchedPlace):
    """A place in such a model."""

    def __init__(self, place: Place, counted: _Counted) -> None:
        super().__init__(place)
        self._counted = counted

    def gradient(self, values: Arrays, score: Score, targets: Array) -> tuple[Array, Arrays]:
        self._counted.calls += len(targets)
        return self.watched.gradient(values, score, targets)

    def outputs(self, values: Arrays) -> Array:
        self._counted.calls += _count(values)
        return self.watched.outputs(values)

    def taken(self, rows: Array, dropout: Dropout | None = None) -> "_CountedPlace":
        return _CountedPlace(self.watched.taken(rows, dropout), self._counted)


def _count(inputs: Arrays) -> int:
    return len(next(iter(inputs.values())))


def told(found: Rehearsal, batch: int) -> Iterator[str]:
    """What a rehearsal found, a line each."""
    for name, values in found.inputs.items():
        yield f"input {name}: {_said(values)}"
    for name, values in found.taken.items():
        yield f"the net is given {name}: {_said(values)}"
    rest = "it is still to be trained" if found.training is not None else "the trained one is in the store"
    learned = f" (after one pass over {found.tried} rows; {rest})" if found.tried else ""
    yield f"model: {found.framework}, {found.parameters:,} parameters{learned}"
    yield f"outputs: {_said(found.outputs)}, read as {found.output}"
    yield from (f"model: {remark}" for remark in (*found.remarks.said, found.remarks.doubt) if remark)
    yield f"a batch of {batch}: {lasting(found.batch_seconds)}; memory at most {found.peak / 1e6:,.0f} MB so far"
    total = 0.0
    for label, measured in found.methods.items():
        share = found.explained / measured.samples
        total += share * measured.seconds
        calls = f", {round(measured.calls * share):,} model calls" if measured.calls else ""
        yield (
            f"{label}: {measured.samples} of {found.explained:,} samples took {lasting(measured.seconds)}; all about "
            f"{lasting(share * measured.seconds)}{calls}"
        )
    trained = "" if found.training is None else f"the training about {lasting(found.training)}, "
    yield f"costs: {trained}the explanations about {lasting(total)}; checks and pages come on top"


def _said(values: Values) -> str:
    shape = " x ".join(map(str, values.shape)) or "one each"
    ends = f", from {values.ends[0]:.4g} to {values.ends[1]:.4g}" if values.ends else ""
    return f"{shape}, {values.type}{ends}"
