"""`exhibit check`: each point of a report is composed, loaded and tried on a few rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from exhibit.flows.config import Point, Report
from exhibit.flows.places import require_writable
from exhibit.flows.points import trainings
from exhibit.flows.stores import opened, using
from exhibit.flows.suited import usual
from exhibit.tasks.checks.check import GrowingCheck
from exhibit.tasks.data.select import candidates
from exhibit.tasks.methods.method import Method
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset, Wanted
from exhibit.tasks.records.override import typed
from exhibit.tasks.stages.beforehand import require_meaning
from exhibit.tasks.stages.load import columns_wanted, load, told_by_place
from exhibit.tasks.stages.probe import require_answerable
from exhibit.tasks.stages.rehearsal import Rehearsal, told
from exhibit.tasks.stages.rehearsal import rehearse as rehearsed
from exhibit.tasks.stages.stage import read
from exhibit.tasks.store import Digest, Store


def rehearse(report: Report) -> Iterator[str]:
    """What is found about each point, a line each, as it is found.

    Raises:
        InputError: for what the report would end with.
    """
    require_writable(report)
    with using(opened(report.paths.store)) as store:
        for point in report.points:
            yield f"point: {point.label}"
            yield from rehearsed_point(point, report.compute, store)


def rehearsed_point(point: Point, compute: Compute, store: Store, *, fitted: bool = False) -> Iterator[str]:
    """What is found about one of them. `fitted`: the store holds the model that it would train."""
    rows = _loaded(point, compute, store)
    yield from _about_rows(rows, store)
    _require_explainable(point, rows, store)
    yield from told(_rehearsed(point, rows, compute, fitted=fitted), compute.batch)
    yield from _about_questions(point, rows.data)


def rehearse_unnamed(choices: Iterable[Mapping[str, Report]]) -> Iterator[str]:
    """The same where no method is named: for each point `choices` has a report by each that its config allows. What is
    measured is of the one to begin with.

    Raises:
        InputError: for what the report would end with, whatever the method is.
    """
    for reports in choices:
        first = next(iter(reports.values()))
        require_writable(first)
        with using(opened(first.paths.store)) as store:
            yield f"point: {first.points[0].label}"
            yield from _unnamed_point({label: report.points[0] for label, report in reports.items()}, first, store)


def _unnamed_point(points: Mapping[str, Point], report: Report, store: Store) -> Iterator[str]:
    some = report.points[0]
    rows = _loaded(some, report.compute, store)
    yield from _about_rows(rows, store)
    _require_meaning(some, rows.data, {})
    begun = [label for _, label in usual([item.kind for item in rows.data.inputs], some.model.gives)]
    fit = {label: point for label, point in points.items() if _may_explain(label, point, begun, rows.data)}
    refused: dict[str, InputError] = {}
    for label in begun:
        if label not in fit:
            continue
        try:
            found = _rehearsed(fit[label], rows, report.compute)
        except InputError as error:
            refused[label] = error
            continue
        refused |= _ruled_out(fit, label, found, rows, report.compute)
        yield from _about_methods(fit, label, refused, found)
        _require_explainable(fit[label], rows, store)
        yield from told(found, report.compute.batch)
        yield from _about_questions(fit[label], rows.data)
        return
    if refused:
        raise list(refused.values())[-1]
    raise InputError(f"method: none suits all inputs of this model alike; name one of {', '.join(fit)}")


def _may_explain(label: str, point: Point, begun: Sequence[str], data: Dataset) -> bool:
    """Whether a method has a meaning for the data. `begun`: variants that suit such data; others are left out."""
    if label != point.method[label].option() and label not in begun:
        return False
    try:
        _require_meaning(point, data, point.method)
    except InputError:
        return False
    return True


def _require_meaning(point: Point, data: Dataset, methods: Mapping[str, Method]) -> None:
    require_meaning(data, point.model, methods, point.target, point.selection)


def _about_methods(
    fit: Mapping[str, Point], label: str, refused: Mapping[str, InputError], found: Rehearsal
) -> Iterator[str]:
    """Which methods may explain what was rehearsed by the one of this `label`."""
    asks = {name: point.method[name].asks for name, point in fit.items()}
    known = [name for name, asked in asks.items() if asked in found.gives and name not in refused]
    yield (
        f"method: none is named; for this model and these data there are {', '.join(known)}; begin with "
        f"{typed('method', [label])}, with which what follows is measured"
    )
    for name, error in refused.items():
        if asks[name] in found.gives:
            yield f"method: not {name}: {str(error).removeprefix(f'{name}: ')}"


class _Rows(NamedTuple):
    """The rows of a point: those that may be explained, and those that a model is fitted to."""

    digest: Digest
    data: Dataset
    learned: Dataset
    wanted: Wanted | None


def _loaded(point: Point, compute: Compute, store: Store) -> _Rows:
    wanted = columns_wanted(point.data, point.model, compute)
    loaded = load(store, point.data, wanted=wanted)
    data = read(store, Dataset, loaded["dataset"])
    learned = read(store, Dataset, loaded.outputs.get("fitted", loaded["dataset"]))
    return _Rows(loaded["dataset"], data, learned, wanted)


def _about_rows(rows: _Rows, store: Store) -> Iterator[str]:
    data = rows.data
    splits = {split: int((data.split == split).sum()) for split in dict.fromkeys(data.split.tolist())}
    counts = ", ".join(f"{count:,} {split}" for split, count in splits.items())
    left = f"; {len(data.excluded):,} left out, {data.excluded[0].reason}" if data.excluded else ""
    yield f"data: {data.title}, {len(data.labels):,} rows ({counts}){left}"
    if rows.wanted is not None and (said := told_by_place(store, rows.digest, rows.wanted)):
        yield f"columns: {said}"
    classes = f" of {len(data.classes)}: {', '.join(data.classes[:_FEW])}" if data.classes else ""
    yield f"label: {data.label_name}, {data.task}{classes}"


def _require_explainable(point: Point, rows: _Rows, store: Store) -> None:
    """Raises InputError for what has no meaning for these rows or the model."""
    _require_meaning(point, rows.data, point.method)
    require_answerable(store, rows.digest, point.data, point.selection, point.behaviour)
    trainings(point)  # what checks ask of the model


def _rehearsed(point: Point, rows: _Rows, compute: Compute, *, fitted: bool = False) -> Rehearsal:
    return rehearsed(
        rows.data, rows.learned, point.model, point.method, point.target, point.selection, compute, known=fitted
    )


def _ruled_out(
    fit: Mapping[str, Point], begun: str, found: Rehearsal, rows: _Rows, compute: Compute
) -> Mapping[str, InputError]:
    """The methods that go by rules for the parts of a net, and that this net has others for; but the one that has been
    `begun` with: only a try tells it."""
    refused = {}
    for label, point in fit.items():
        if label != begun and point.method[label].by_rules and point.method[label].asks in found.gives:
            try:
                _rehearsed(point, rows, compute, fitted=True)
            except InputError as error:
                refused[label] = error
    return refused


def _about_questions(point: Point, data: Dataset) -> Iterator[str]:
    """What is asked beside the explanations."""
    for name, check in point.check.items():
        if isinstance(check, GrowingCheck):
            yield f"check {name}: stops to grow at {check.max_calls:,} model calls for each method"
    columns, known = len(point.data.by_name(data).columns), len(candidates(point.selection, data))
    for label, question in point.behaviour.items():
        yield f"behaviour {label}: at most {question.most_calls(columns, known):,} model calls"


_FEW = 8  # classes that are named
