"""The stage that checks explanations: it gives a check what it asks for, and keys it by just that."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from exhibit.tasks.checks.case import Case, Shard, StandIn, existing
from exhibit.tasks.checks.check import Check
from exhibit.tasks.data.kinds import KINDS
from exhibit.tasks.data.select import TargetSpec, score_of
from exhibit.tasks.finite import Answer, FiniteModel, NoNumberError, answered
from exhibit.tasks.methods.aggregate import aggregated, on_pixels
from exhibit.tasks.methods.method import Method
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.protocols import Compute, Model, gives_gradients, scores, take
from exhibit.tasks.records.base import Array, Arrays, Spec
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.explanation import Attribution, Selection, Summary
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.packing import pack
from exhibit.tasks.stages.explaining import baselines_of, explainable, of_atoms, of_words, require_finite
from exhibit.tasks.stages.restore import restored, spec_with_digests
from exhibit.tasks.stages.stage import FinishedStage, numeric_settings, one_at_a_time, read, run_stage
from exhibit.tasks.store import Digest, Store

_CASCADES = 5  # a net of hundreds of layers is randomised in so many steps from its top

Explain = Callable[[Arrays, Array], Arrays]


@dataclass(frozen=True)
class CheckedMethod:
    """What is checked: one method of a point, and where what the stages left of it lies.

    `found`: digests of "dataset", "weights" and "explained". `others`: shards of the other methods by label, with
    how they are aggregated. `summaries`: of the model, and of those trained with other seeds.
    """

    label: str
    method: Method
    model: ModelChoice
    target: TargetSpec
    compute: Compute
    found: Mapping[str, Digest]
    shards: tuple[Digest, ...]
    others: Mapping[str, tuple[Method, tuple[Digest, ...]]]
    summaries: tuple[Digest, ...]


def check(store: Store, spec: Check, asked: CheckedMethod) -> FinishedStage:
    """Output "result"."""
    # Before the stage runs: its key holds what the methods say of themselves, not their code.
    in_score = _in_score(asked.method)
    in_score_too = frozenset(label for label, (method, _) in asked.others.items() if _in_score(method))
    signs_alike = frozenset(label for label, (method, _) in asked.others.items() if _signs_alike(asked.method, method))
    different = variants(asked)

    def run() -> dict[str, bytes]:
        with one_at_a_time(asked.compute):
            return {
                "result": pack(
                    spec.measure(_Point(store, spec, asked, in_score, in_score_too, signs_alike, different).case())
                )
            }

    inputs: dict[str, Digest | Sequence[Digest]] = {"shards": asked.shards, "dataset": asked.found["dataset"]}
    given: dict[str, Any] = {
        "check": spec,
        "label": asked.label,
        "additive": asked.method.additive,
        "aggregate": asked.method.aggregate,
        "in_score": in_score,
    }
    chosen: list[Spec] = [spec]
    if spec.needs & {"dataset", "model"}:
        inputs["explained"] = asked.found["explained"]
    if "trainings" in spec.needs:
        inputs["summaries"] = asked.summaries
    if "others" in spec.needs:
        inputs |= {f"other {label}": digests for label, (_, digests) in asked.others.items()}
        given["others"] = {
            label: [method.aggregate, label in in_score_too, label in signs_alike]
            for label, (method, _) in asked.others.items()
        }
    if "variants" in spec.needs:
        given["variants"] = different
    if "model" in spec.needs:
        inputs["weights"] = asked.found["weights"]
        given |= {
            "method": asked.method,
            "model": spec_with_digests(asked.model),
            "target": asked.target,
            "compute": numeric_settings(asked.compute),
        }
        chosen += [asked.method, asked.model, asked.target]
    return run_stage(store, check, given, inputs, run, chosen)


@dataclass(frozen=True)
class _Point:
    """Reads what a check asks for, when it asks."""

    store: Store
    spec: Check
    asked: CheckedMethod
    in_score: bool
    in_score_too: frozenset[str]
    signs_alike: frozenset[str]
    different: Mapping[str, Mapping[str, tuple[Any, Any]]]
    _calls: list[int] = field(default_factory=list)  # samples that went through the model, call by call

    def case(self) -> Case:
        asked = self.asked
        return Case(
            label=asked.label,
            additive=asked.method.additive,
            in_score=self.in_score,
            attributions=self._attributions,
            shards=partial(self._shards, asked.method, asked.shards),
            dataset=lambda: self.explained,
            others={label: partial(self._shards, method, digests) for label, (method, digests) in asked.others.items()},
            in_score_too=self.in_score_too,
            signs_alike=self.signs_alike,
            variants=self.different,
            trainings=self._trainings,
            score=self._score,
            explain=self._explain,
            baseline=self._baseline,
            stand_in=self._stand_in,
            by_element=self._by_element,
            randomised=self._randomised,
            calls=lambda: sum(self._calls),
        )

    @cached_property
    def data(self) -> Dataset:
        return read(self.store, Dataset, self.asked.found["dataset"])

    @cached_property
    def explained(self) -> Dataset:
        return self.data.take(self.selection.explained)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {sample: row for row, sample in enumerate(self.data.sample_ids.tolist())}

    @cached_property
    def selection(self) -> Selection:
        return read(self.store, Selection, self.asked.found["explained"])

    @cached_property
    def model(self) -> Model:
        asked = self.asked
        return restored(self.store.medium, asked.model, asked.compute, asked.found["dataset"], asked.found["weights"])

    def _attributions(self) -> Iterator[Attribution]:
        return (read(self.store, Attribution, digest) for digest in self.asked.shards)

    def _shards(self, method: Method, digests: Sequence[Digest]) -> Iterator[Shard]:
        for digest in digests:
            part = read(self.store, Attribution, digest)
            yield Shard(part, self._plain(method, part))

    def _plain(self, method: Method, part: Attribution) -> dict[str, Array]:
        found = {}
        for item in self.data.inputs:
            values = on_pixels(aggregated(part, item.name, item.kind, method.aggregate), item)
            found[item.name] = existing(values, self._present(item, part))
        return found

    def _present(self, item: Input, part: Attribution) -> Array | None:
        """(samples, elements) True where a sample has one: by the mask of a ragged input, and in a text but for its
        padding; None where all have the same."""
        rows = np.array([self._rows[sample] for sample in part.sample_ids.tolist()])
        present = KINDS[item.kind].present(item.take(rows))
        whole = present is not None and part.values[item.name].shape[1] == present.shape[1]
        return present if whole else part.mask.get(item.name)

    def _trainings(self) -> list[Array]:
        found = [read(self.store, Summary, digest).importances for digest in self.asked.summaries]
        return [
            np.concatenate([item.mean_absolute for item in items if item.target == items[0].target]) for items in found
        ]

    def _score(self, inputs: Arrays, rows: Array) -> Array:
        score = score_of(self.asked.target, self.data, self.model.output)
        self._calls.append(len(rows))

        def ask(places: Array) -> Array:
            return FiniteModel(self.model).predict(take(inputs, places))

        outputs = self._answered(ask, rows)
        return scores(outputs, self.model.output, score, self.selection.targets[rows, 0])

    def _answered(self, ask: Callable[[Array], Answer], rows: Array) -> Answer:
        """`ask` of the places among the explained `rows`."""
        asked = self.asked
        return answered(
            ask,
            np.arange(len(rows)),
            self.explained.sample_ids[rows],
            asked.model.own_function or asked.model.option(),
            f"check {self.spec.option()} of method {asked.label}",
        )

    def _baseline(self, rows: Array) -> Arrays | None:
        """Raw values of absence: the usual ones of each input."""
        if any(item.traits.embedded for item in self.data.inputs):
            return None
        from exhibit.tasks.data.baselines import baseline

        return baseline("auto", self.data, None, self.selection.explained[rows])

    @property
    def _layer(self) -> str | int | None:
        look = self.asked.method.look
        return None if look is None else look.layer

    def _by_element(self) -> bool:
        """At its input, beside values that stand in there; or where a layer has a row for each word, each of them."""
        if self._layer is None:
            return self._stand_in(np.arange(1)) is not None
        return all(item.traits.ids for item in self.data.inputs)

    def _stand_in(self, rows: Array) -> StandIn | None:
        """What the method compares with, where it looks at the input, whose elements have values of their own."""
        against = self.asked.method.against
        if against is None or self._layer is not None or any(item.traits.embedded for item in self.data.inputs):
            return None
        if against.rows is not None:
            return self._background
        values = self._compared_with(rows)
        return None if values is None else StandIn(values)

    @cached_property
    def _background(self) -> StandIn | None:
        """The rows that the method averages over, which are the same for all samples."""
        values = self._compared_with(np.arange(1))
        return None if values is None else StandIn(values, shared=True)

    def _compared_with(self, rows: Array) -> Arrays | None:
        method, chosen = self.asked.method, self.selection.explained[rows]
        return method.stand_in(self.data.take(chosen).arrays, baselines_of(method, self.data, chosen))

    def _explain(self, inputs: Arrays, rows: Array) -> dict[str, Array]:
        def ask(places: Array) -> tuple[Attribution, dict[str, Array]]:
            return self._explained_by(self.model, take(inputs, places), rows[places])

        part, values = self._answered(ask, rows)
        require_finite(self.asked.method, self.asked.model, part)
        return values

    def _explain_random(self, net: Model, inputs: Arrays, rows: Array) -> dict[str, Array]:
        """Raises NoNumberError where random weights give none, which is no fault of the model."""
        part, values = self._explained_by(net, inputs, rows)
        if not all(np.isfinite(array).all() for array in part.values.values()):
            raise NoNumberError("no finite slopes")
        return values

    def _explained_by(self, net: Model, inputs: Arrays, rows: Array) -> tuple[Attribution, dict[str, Array]]:
        asked, chosen = self.asked, self.selection.explained[rows]
        part = asked.method.attribute(
            explainable(asked.method, asked.model, net, self.data),
            inputs,
            baselines_of(asked.method, self.data, chosen),
            self.data.sample_ids[chosen],
            self.selection.targets[rows, :1],
            score_of(asked.target, self.data, net.output),
            asked.compute,
        )
        cost = asked.method.cost(part)
        # A gradient is a pass forward and one back; a method that does not count says nothing but that it was called.
        self._calls.append(len(rows) if cost is None else 2 * cost.gradients + cost.evaluations)
        samples = self.data.take(chosen)
        return part, self._plain(asked.method, of_words(of_atoms(part, samples), samples, inputs))

    def _randomised(self, seed: int, whole: bool) -> Iterator[tuple[str, Explain]]:
        asked = self.asked
        if not gives_gradients(self.model):  # trees are not made of weights, and others keep theirs to themselves
            return
        weights = read(self.store, Weights, asked.found["weights"])
        for layer, arrays in cascades(weights.arrays, seed, 1 if whole else _CASCADES):
            net = asked.model.restore(self.data, weights.model_copy(update={"arrays": arrays}), asked.compute)
            yield layer, partial(self._explain_random, net)


def _in_score(method: Method) -> bool:
    """Whether its values are parts of the score: no slopes, sizes or squares."""
    return method.aggregate == "raw" and not method.per_unit_of_input


def _signs_alike(one: Method, other: Method) -> bool:
    """Whether signs of both mean the same: those of a slope and of a contribution do not, and sizes have none."""
    return one.aggregate == other.aggregate == "raw" and one.per_unit_of_input == other.per_unit_of_input


def variants(asked: CheckedMethod) -> dict[str, dict[str, tuple[Any, Any]]]:
    """What is set otherwise in the other methods of the same kind: here and there, by label and setting, as it is
    followed where a method chooses."""
    own = _followed(asked.method)
    alike = {label: method for label, (method, _) in asked.others.items() if method.option() == asked.method.option()}
    return {
        label: {name: (own.get(name), value) for name, value in _followed(method).items() if value != own.get(name)}
        for label, method in alike.items()
    }


def _followed(method: Method) -> dict[str, Any]:
    """Every setting, with what is followed in place of what leaves it open."""
    return method.model_dump(mode="json") | method.settings()


def cascades(arrays: Arrays, seed: int, steps: int) -> Iterator[tuple[str, dict[str, Array]]]:
    """The weights with more and more layers drawn anew from the top, in so many steps, and the last layer that was.

    The arrays of a layer share the part of their name before the last "." or "/". Whole numbers stay: they count or
    point, as to the rows of a table, and are nothing that was learned.
    """
    learned = {name: array for name, array in arrays.items() if array.dtype.kind == "f"}
    layers = list(dict.fromkeys(_layer(name) for name in learned))[::-1]
    ends = sorted({round(step * len(layers) / steps) for step in range(1, steps + 1)} - {0})
    random = np.random.default_rng(seed)
    new = {name: _drawn_anew(array, random) for name, array in learned.items()}
    if all(np.array_equal(new[name], array) for name, array in learned.items()):
        return  # that would be the model as it is
    for end in ends:
        chosen = set(layers[:end])
        yield layers[end - 1], {**arrays, **{name: new[name] for name in learned if _layer(name) in chosen}}


def _drawn_anew(array: Array, random: np.random.Generator) -> Array:
    """Independent numbers in place of learned ones. Matrices and kernels: normal, with their mean and spread, or about
    zero and as large where their spread is under half of that: about it they would be nearly what was learned. Vectors:
    drawn from their own numbers, since some of them, such as variances, may be no others; a single number stays."""
    if array.ndim > 1:
        mean, spread = float(array.mean(dtype=np.float64)), float(array.std(dtype=np.float64))
        if abs(mean) > 2 * spread:
            mean, spread = 0.0, math.hypot(mean, spread)
        return random.normal(mean, spread, array.shape).astype(array.dtype)
    if array.ndim == 0 or not array.size:
        return array
    return random.choice(array, array.shape)


def _layer(name: str) -> str:
    return name.rpartition("/" if "/" in name else ".")[0]
