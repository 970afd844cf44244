"""`exhibit check`: each point of a report is composed, loaded and tried on a few rows."""

from collections.abc import Iterator

from exhibit.flows.config import Point, Report
from exhibit.flows.places import require_writable
from exhibit.flows.points import trainings
from exhibit.tasks.checks.check import GrowingCheck
from exhibit.tasks.data.select import candidates
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.stages.beforehand import require_explainable
from exhibit.tasks.stages.load import columns_wanted, load, told_by_place
from exhibit.tasks.stages.probe import require_answerable
from exhibit.tasks.stages.rehearsal import rehearse as rehearsed
from exhibit.tasks.stages.rehearsal import told
from exhibit.tasks.stages.stage import read
from exhibit.tasks.store import Store


def rehearse(report: Report) -> Iterator[str]:
    """What is found about each point, a line each, as it is found.

    Raises:
        InputError: for what the report would end with.
    """
    require_writable(report)
    store = Store(report.paths.store)
    with store.in_use():
        for point in report.points:
            yield f"point: {point.label}"
            yield from rehearsed_point(point, report.compute, store)


def rehearsed_point(point: Point, compute: Compute, store: Store, *, fitted: bool = False) -> Iterator[str]:
    """What is found about one of them. `fitted`: the store holds the model that it would train."""
    wanted = columns_wanted(point.data, point.model, compute)
    loaded = load(store, point.data, wanted=wanted)
    data = read(store, Dataset, loaded["dataset"])
    learned = read(store, Dataset, loaded.outputs.get("fitted", loaded["dataset"]))
    splits = {split: int((data.split == split).sum()) for split in dict.fromkeys(data.split.tolist())}
    rows = ", ".join(f"{count:,} {split}" for split, count in splits.items())
    left = f"; {len(data.excluded):,} left out, {data.excluded[0].reason}" if data.excluded else ""
    yield f"data: {data.title}, {len(data.labels):,} rows ({rows}){left}"
    if wanted is not None and (said := told_by_place(store, loaded["dataset"], wanted)):
        yield f"columns: {said}"
    classes = f" of {len(data.classes)}: {', '.join(data.classes[:_FEW])}" if data.classes else ""
    yield f"label: {data.label_name}, {data.task}{classes}"
    require_explainable(store, loaded["dataset"], point.model, point.method, point.target, point.selection)
    require_answerable(store, loaded["dataset"], point.data, point.selection, point.behaviour)
    trainings(point)  # what checks ask of the model
    yield from told(
        rehearsed(data, learned, point.model, point.method, point.target, point.selection, compute, known=fitted),
        compute.batch,
    )
    for name, check in point.check.items():
        if isinstance(check, GrowingCheck):
            yield f"check {name}: stops to grow at {check.max_calls:,} model calls for each method"
    columns, known = len(point.data.by_name(data).columns), len(candidates(point.selection, data))
    for label, question in point.behaviour.items():
        yield f"behaviour {label}: at most {question.most_calls(columns, known):,} model calls"


_FEW = 8  # classes that are named
