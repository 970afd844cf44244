"""The stage `decide`: what is decided about each shown sample, what counted, and what would have to be another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from exhibit.tasks.data.data import Data
from exhibit.tasks.data.kinds import KINDS
from exhibit.tasks.data.named import codes, decimals_of, written
from exhibit.tasks.data.select import TargetSpec
from exhibit.tasks.data.several import label_of
from exhibit.tasks.decision.counterfactual import Way, alternatives, numeric_way
from exhibit.tasks.decision.rule import Rule
from exhibit.tasks.finite import FiniteModel, answered
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.protocols import Compute, Model
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.decision import (
    Alternative,
    ByName,
    Cell,
    Change,
    Column,
    Decision,
    Decisions,
    DecisionSpec,
    Direction,
    Lever,
    Part,
    Parts,
    Search,
    Spread,
)
from exhibit.tasks.records.language import Message, as_given, mark
from exhibit.tasks.records.material import Material, MethodMaterial
from exhibit.tasks.records.model import Prediction
from exhibit.tasks.records.packing import pack
from exhibit.tasks.stages.restore import restored, spec_with_digests
from exhibit.tasks.stages.stage import FinishedStage, numeric_settings, one_at_a_time, read, run_stage
from exhibit.tasks.store import Digest, Store

NOT_ASKED = mark("Not asked: no columns are named as changeable (data.actionable).")
NO_OUTCOME = mark(
    "Not asked: the model predicts a number, and no threshold says which numbers are another outcome "
    "(document.decision.threshold)."
)
NO_ROWS = mark("Not asked: there are no rows whose range would bound a change.")


def require_decidable(store: Store, dataset: Digest, data: Data, target: TargetSpec, spec: DecisionSpec | None) -> None:
    """Raises InputError for columns of which something is said that has no meaning, and, of pages about decisions, for
    a score or a threshold by which nothing is decided: before anything is trained."""
    loaded = read(store, Dataset, dataset)
    data.by_name(loaded)
    if spec is not None:
        label = label_of(target.outputs, loaded)
        asked = loaded if label is None else loaded.about(label)
        _require_score(target, asked)
        _require_threshold(spec, asked)


def _require_score(target: TargetSpec, dataset: Dataset) -> None:
    """The logit of a class may fall while its probability rises, as that of another falls further."""
    if dataset.classes and target.score != "probability":
        raise InputError(
            f"document.kind=decision: between classes the probability decides, and target.score is {target.score}; "
            "type target=predicted_probability"
        )


def _require_threshold(spec: DecisionSpec, dataset: Dataset) -> None:
    if spec.threshold is None or not dataset.classes:
        return
    if len(dataset.classes) != 2:
        raise InputError(
            f"document.decision.threshold: it decides between two classes, and {dataset.label_name!r} has "
            f"{len(dataset.classes)}; leave it out, and the likeliest class is the decision"
        )
    if not 0 < spec.threshold <= 1:
        raise InputError(
            f"document.decision.threshold: {spec.threshold:g} was given; it is a probability of "
            f"{dataset.classes[1]!r}, above 0 and at most 1"
        )


def decide(
    store: Store,
    spec: DecisionSpec,
    data: Data,
    target: TargetSpec,
    model: ModelChoice,
    compute: Compute,
    found: Mapping[str, Digest],
    material: Digest,
) -> FinishedStage:
    """Output "decisions". `found`: digests of dataset, weights and prediction."""

    def run() -> dict[str, bytes]:
        with one_at_a_time(compute):
            dataset, shown = read(store, Dataset, found["dataset"]), read(store, Material, material)
            net = restored(store.medium, model, compute, found["dataset"], found["weights"])
            named = data.by_name(dataset)
            label = label_of(target.outputs, dataset)
            point = _Point(spec, dataset, named, shown, net, model.own_function or model.option(), label)
            rows = list(dict.fromkeys(shown.shown.tolist()))
            places = [shown.shown.tolist().index(row) for row in rows]
            return {"decisions": pack(Decisions(slug=shown.slug, items=tuple(map(point.decision, places))))}

    asked = {
        "decision": spec,
        "data": data.model_dump(mode="json", include={"protected", "actionable"}),
        "target": target,
        "model": spec_with_digests(model),
        "compute": numeric_settings(compute),
    }
    return run_stage(store, decide, asked, {**found, "material": material}, run, [data, model])


@dataclass(frozen=True)
class _Point:
    """One chapter: its shown samples are decided one by one."""

    spec: DecisionSpec
    dataset: Dataset
    named: ByName
    material: Material
    net: Model
    model: str
    label: int | None

    @cached_property
    def rule(self) -> Rule:
        shown = self.material.dataset
        return Rule(self.spec.threshold, shown.classes, shown.label_unit)

    @cached_property
    def training(self) -> Array:
        """(training rows, columns) codes, NaN where a cell is empty; of a model that came trained all rows of the data
        but those that were given to be explained."""
        split = self.dataset.split
        return self._codes(np.flatnonzero(split == "train" if self.material.trained else split != "explain"))

    def _codes(self, rows: Array) -> Array:
        """(rows, columns)."""
        parts = [np.empty((len(rows), 0))]
        for item in self.dataset.inputs:
            if own := [column for column in self.named.columns if column.input == item.name]:
                parts.append(codes(item.take(rows), own))
        return np.concatenate(parts, axis=1)

    def decision(self, place: int) -> Decision:
        """Of the shown sample at this place."""
        material, rule = self.material, self.rule
        row = int(material.shown[place])
        present = self._codes(np.array([row]))[0]
        cells = [self.cell(number, value) for number, value in enumerate(present.tolist())]
        outcome = rule.outcome(Prediction(kind=self.net.output, outputs=material.outputs[[row]]), 0)
        return Decision(
            row=place,
            sample=material.sample_name(place),
            outcome=outcome,
            explained=material.output_name(int(material.targets[place, 0])),
            threshold=rule.threshold,
            upper=rule.sides[-1] if rule.sides else "",
            classes=len(rule.classes),
            methods=tuple(parts for parts in map(partial(self._parts, place, cells), self._methods) if parts.parts),
            turning=self._turning(row, present),
            search=self._search(row, present),
        )

    @property
    def _methods(self) -> list[MethodMaterial]:
        """Those that divide the score into parts with a sign, the main one first."""
        dividing = [method for method in self.material.methods if method.additive and method.signed]
        return sorted(dividing, key=lambda method: method.label != self.material.main.label)

    def _parts(self, place: int, cells: Sequence[Cell], method: MethodMaterial) -> Parts:
        """What a method says of a sample, by what a reader can name; of several inputs one without such parts is one
        as a whole, as are values that are of no input, such as bonds."""
        inputs = {item.name: item for item in self.material.dataset.inputs}
        found: list[Part] = []
        for name, values in method.values.items():
            own = values[[place], ..., :1].astype(np.float64)
            item = inputs.get(name)
            reasons = KINDS[item.kind].reasons if item else None
            if item is not None and reasons is not None:
                known = [number for number, column in enumerate(self.named.columns) if column.input == name]
                parts = reasons(item.take(np.array([place])), own)
                found += [self._part(title, value, k, known, cells) for k, (title, value) in enumerate(parts)]
            elif len(method.values) > 1:
                found.append(Part(title=as_given(f"all of {name}"), value=float(own.sum()), whole=name))
        return Parts(method=method.label, parts=tuple(found))

    def _part(self, title: str, value: float, place: int, known: Sequence[int], cells: Sequence[Cell]) -> Part:
        title = title if isinstance(title, Message) else as_given(title)  # only groups of atoms have names of ours
        if not known:
            return Part(title=title, value=value)
        number = known[place]
        protected = self.named.is_protected(self.named.columns[number])
        return Part(title=title, value=value, cell=cells[number], protected=protected)

    def cell(self, number: int, value: float) -> Cell:
        """A column with this value, and where that lies among the training rows."""
        column, training = self.named.columns[number], self.training[:, number]
        known = training[~np.isnan(training)]
        missing = bool(np.isnan(value))
        plain = {"title": column.title, "value": None if missing else value, "rows": len(training)}
        if missing or column.kind != "number":
            same = np.isnan(training) if missing else training == value
            word = None if missing else column.word(value)
            truth = column.kind == "truth" and not column.categories
            return Cell(**plain, word=word, truth=truth, same=float(same.mean()) if len(training) else None)
        decimals = max(0, decimals_of(np.array([value])), decimals_of(known) if len(known) else 0)
        return Cell(**plain, decimals=decimals, spread=_spread(known) if len(known) else None)

    def _turning(self, row: int, present: Array) -> tuple[str, ...]:
        """The protected columns of which another value alone makes the model decide otherwise."""
        levers = [Lever(column=column.name) for column in self.named.columns if self.named.is_protected(column)]
        title = {column.name: column.title for column in self.named.columns}
        found = []
        for lever in levers if self.rule.sides else ():
            moves = [(way.column, way.value(step)) for way in self._ways(lever, present) for step in way.coarse]
            rows = np.repeat(present[np.newaxis], len(moves) + 1, axis=0)
            for number, (column, value) in enumerate(moves, 1):
                rows[number, column] = value
            outcomes = self.rule.decided(self._answers(row, present, rows))[0]
            if (outcomes != outcomes[0]).any():
                found.append(title[lever.column])
        return tuple(found)

    def _search(self, row: int, present: Array) -> Search:
        """What would have to change in a row, of which `present` (columns,) are the codes."""
        if not self.named.levers:
            return Search(refused=NOT_ASKED)
        if not self.rule.sides:
            return Search(refused=NO_OUTCOME)
        if not len(self.training):
            return Search(refused=NO_ROWS)
        ways = {lever: self._ways(lever, present) for lever in self.named.levers}
        title = {column.name: column.title for column in self.named.columns}
        decided = int(self.rule.decided(self._answers(row, present, present[np.newaxis]))[0][0])

        def ask(rows: Array) -> tuple[Array, Array]:
            outcomes, far = self.rule.decided(self._answers(row, present, rows))
            others = np.delete(far, decided, axis=1).max(axis=1)
            return outcomes != decided, others - far[:, decided]

        every = [way for own in ways.values() for way in own]
        found = alternatives(present, every, ask, self.spec.calls)
        return Search(
            columns=tuple(title[lever.column] for lever in ways),
            left=tuple(title[lever.column] for lever, own in ways.items() if not own),
            alternatives=tuple(self._alternatives(row, present, found.rows, found.distances, decided)),
            calls=found.calls,
            most=self.spec.calls,
            ended=found.ended,
        )

    def _alternatives(
        self, row: int, present: Array, rows: Array, distances: Sequence[float], decided: int
    ) -> list[Alternative]:
        """The rows that were found, as the model decides them when it is asked again."""
        if not len(rows):
            return []
        answers = self._answers(row, present, rows)
        outcomes, _ = self.rule.decided(answers)
        return [
            Alternative(
                changes=tuple(
                    Change(before=self.cell(k, float(present[k])), after=self.cell(k, float(changed[k])))
                    for k in np.flatnonzero((changed != present) & ~np.isnan(changed)).tolist()
                ),
                distance=distance,
                outcome=self.rule.outcome(answers, number),
            )
            for number, (changed, distance) in enumerate(zip(rows, distances, strict=True))
            if outcomes[number] != decided
        ]

    def _ways(self, lever: Lever, present: Array) -> list[Way]:
        """Where a column may go from where it is in this row."""
        number = [column.name for column in self.named.columns].index(lever.column)
        column, at = self.named.columns[number], float(present[number])
        training = self.training[:, number]
        known = training[~np.isnan(training)]
        if np.isnan(at) or at == column.missing or not len(known):
            return []
        if column.kind == "number":
            scale, decimals = _scale(known), decimals_of(known)
            directions = [lever.direction == "up"] if lever.direction else [True, False]
            ways = [numeric_way(number, at, known, decimals, scale, up=up) for up in directions]
            return [way for way in ways if way is not None]
        return [Way(column=number, first=float(code), cost=1.0) for code in _others(column, lever, at, known)]

    def _answers(self, row: int, present: Array, rows: Array) -> Prediction:
        """What the model gives for the sample with the codes `rows` (rows, columns) in the place of its own."""
        sample = self.dataset.take(np.array([row]))

        def ask(places: Array) -> Array:
            return FiniteModel(self.net).predict(self._changed(sample, present, rows[places]))

        names = np.repeat(sample.sample_ids, len(rows))
        outputs = answered(ask, np.arange(len(rows)), names, self.model, "a page about one decision")
        found = Prediction(kind=self.net.output, outputs=outputs)
        return found if self.label is None else found.about(self.label)

    def _changed(self, sample: Dataset, present: Array, rows: Array) -> Arrays:
        changed = {}
        for item in sample.inputs:
            own = [number for number, column in enumerate(self.named.columns) if column.input == item.name]
            columns = [self.named.columns[number] for number in own]
            values = item.array
            changed[item.name] = (
                written(values[0], columns, present[own], rows[:, own]) if own else np.repeat(values, len(rows), axis=0)
            )
        return changed


def _others(column: Column, lever: Lever, at: float, known: Array) -> list[int]:
    """What a category or a truth value may become: what some training row has, and upwards or downwards alone where
    that is asked for."""
    choices = column.choices if column.kind == "category" else (0, 1)
    there = set(np.unique(known).astype(int).tolist())
    ways: dict[Direction, bool] = {"up": lever.direction != "down", "down": lever.direction != "up"}
    return [code for code in choices if code != at and code in there and ways["up" if code > at else "down"]]


def _scale(known: Array) -> float:
    """What a change of a number is measured in: the median absolute deviation of the training rows, S. Wachter,
    B. Mittelstadt and C. Russell (2018), or their standard deviation where half of them are alike."""
    deviation = float(np.median(np.abs(known - np.median(known))))
    return deviation or float(known.std()) or 1.0


def _spread(known: Array) -> Spread:
    low, first, third, high = np.quantile(known, (0, 0.25, 0.75, 1), method="inverted_cdf").tolist()
    return Spread(low=low, first=first, third=third, high=high)
