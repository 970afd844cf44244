"""A report beside an earlier one: what has changed, and what of it is more than the errors explain."""

import io
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from exhibit.tasks.comparing import ranks
from exhibit.tasks.comparing.settings import of_point
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.change_summary import Changes, EarlierReport, ImportanceChange, MetricChange, VerdictChange
from exhibit.tasks.records.changed import (
    Changed,
    Facts,
    ImportanceFacts,
    MetricFacts,
    Pair,
    PointFacts,
    PointPair,
    VerdictFacts,
)
from exhibit.tasks.records.evidence import ChapterEvidence


def point_facts(chapter: ChapterEvidence, config: Mapping[str, Any]) -> PointFacts:
    """Of a chapter of an evidence, with the plain config of its point."""
    return PointFacts(
        slug=chapter.slug,
        title=str(config["title"]),
        settings=of_point(config),
        data=chapter.data.sha256,
        samples=chapter.data.samples,
        excluded=len(chapter.data.excluded),
        weights=chapter.weights.sha256,
        asked=_asked(chapter),
    )


def _asked(chapter: ChapterEvidence) -> dict[str, Any]:
    """What the data were asked for, as their stage was told it."""
    specs = [stage.spec for stage in chapter.stages if stage.stage == "load"]
    found = specs[0].get("data") if specs and isinstance(specs[0], Mapping) else None
    return dict(found) if isinstance(found, Mapping) else {}


def facts(points: Iterable[PointFacts], importances: bytes, checks: bytes, metrics: bytes | None) -> Facts:
    """What a report's files say; `metrics`: None from a report without them."""
    return Facts(
        points=tuple(points),
        importances=tuple(_importances(importances)),
        verdicts=tuple(
            VerdictFacts(point=row["chapter"], **{name: row[name] for name in ("method", "check", "verdict", "value")})
            for row in json.loads(checks)
        ),
        metrics=None if metrics is None else tuple(_metric(row) for row in json.loads(metrics)),
    )


def _importances(table: bytes) -> Iterable[ImportanceFacts]:
    import pandas as pd

    frame = pd.read_parquet(io.BytesIO(table))
    keys = ["point", "method", "target", "input", "aggregate"]
    for key, rows in frame.groupby(keys, sort=False):
        point, method, target, item, aggregate = map(str, key)
        yield ImportanceFacts(
            point=point,
            method=method,
            target=target,
            input=item,
            aggregate=aggregate,
            features=tuple(map(str, rows["feature"])),
            values=rows["mean_absolute"].to_numpy(float),
            errors=rows["standard_error"].to_numpy(float),
            counts=rows["count"].to_numpy(int),
        )


def _metric(row: Mapping[str, Any]) -> MetricFacts:
    return MetricFacts(
        point=row["chapter"], name=row["name"], split=row["split"], value=row["value"], interval=row["interval"]
    )


def changed(earlier: EarlierReport, before: Facts, after: Facts, without: Collection[tuple[str, str]] = ()) -> Changed:
    """Everything that is in both reports beside each other, but the importances of `without`: points and inputs.

    A difference counts if it is so many standard errors large that, had nothing changed, one or more of all the
    differences of the report would be so large with a chance of `ranks.FALSE_ALARM` at the most, by Student's t.
    """
    old = {item.key: item for item in before.importances}
    both = [
        (old[item.key], item)
        for item in after.importances
        if item.key in old and (item.point, item.input) not in without
    ]
    alike = [pair for pair in both if _comparable(*pair)]
    compared = sum(len(item.features) for _, item in alike)
    pairs = [_pair(one, two, compared) for one, two in alike]
    points = _points(before, after)
    metrics = [] if before.metrics is None else _metrics(before.metrics, after.metrics or ())
    importances = _importance_changes(pairs)
    verdicts = _verdicts(before.verdicts, after.verdicts)
    count = Counter(
        data=sum(pair.before.data != pair.after.data for pair in points),
        models=sum(pair.before.weights != pair.after.weights for pair in points),
        settings=sum(bool(pair.settings) for pair in points),
        metrics=sum(metric.beyond for metric in metrics),
        importances=sum(item.beyond for item in importances),
        ranks=sum(item.moved for item in importances),
        verdicts=len(verdicts),
    )
    summary = Changes.model_validate(
        {
            "compared_with": earlier,
            "alert": any(count[name] for name in ("metrics", "importances", "ranks", "verdicts")),
            **count,
            "compared": compared,
            "limit": float(ranks.beyond(compared)) if compared else 0.0,
            "metric_changes": tuple(metrics),
            "importance_changes": tuple(importances),
            "verdict_changes": tuple(verdicts),
        }
    )
    slugs = {pair.after.slug for pair in points}
    return Changed(
        summary=summary,
        points=tuple(points),
        pairs=tuple(pairs),
        gone=tuple(point.title for point in before.points if point.slug not in slugs),
        new=tuple(point.title for point in after.points if point.slug not in slugs),
        incomparable=tuple(dict.fromkeys(f"{t.point}/{t.method}" for o, t in both if not _comparable(o, t))),
        metrics_known=before.metrics is not None,
    )


def nothing_earlier() -> Changed:
    """Of the first report there is."""
    return Changed(summary=Changes())


def _comparable(before: ImportanceFacts, after: ImportanceFacts) -> bool:
    return before.aggregate == after.aggregate and sorted(before.features) == sorted(after.features)


def _points(before: Facts, after: Facts) -> list[PointPair]:
    old = {point.slug: point for point in before.points}
    return [PointPair(before=old[point.slug], after=point) for point in after.points if point.slug in old]


def _pair(before: ImportanceFacts, after: ImportanceFacts, compared: int) -> Pair:
    order = [before.features.index(feature) for feature in after.features]
    sorted_as = {name: array[order] for name, array in before if isinstance(array, np.ndarray)}
    old = before.model_copy(update={"features": after.features, **sorted_as})
    apart = ranks.in_errors(old.values, after.values, old.errors, after.errors)
    limits = ranks.beyond(compared, np.minimum(old.counts, after.counts))
    places = [_places(item, limits) for item in (old, after)]
    return Pair(
        before=old,
        after=after,
        apart=apart,
        beyond=np.abs(apart) > limits,
        ranks_before=places[0],
        ranks_after=places[1],
        moved=(places[0][:, 2] < places[1][:, 1]) | (places[1][:, 2] < places[0][:, 1]),
    )


def _places(item: ImportanceFacts, limits: Array) -> Array:
    """(features, 3): place, and the best and the worst that the errors leave open."""
    return np.stack(
        [ranks.ranks(item.values[None])[0], *ranks.rank_intervals(item.values, item.errors, limits)], axis=1
    )


def _importance_changes(pairs: Sequence[Pair]) -> list[ImportanceChange]:
    changes = [
        ImportanceChange(
            point=pair.after.point,
            method=pair.after.method,
            target=pair.after.target,
            input=pair.after.input,
            feature=pair.after.features[k],
            before=float(pair.before.values[k]),
            after=float(pair.after.values[k]),
            errors=float(pair.apart[k]) if np.isfinite(pair.apart[k]) else None,
            beyond=bool(pair.beyond[k]),
            rank_before=int(pair.ranks_before[k, 0]),
            rank_after=int(pair.ranks_after[k, 0]),
            moved=bool(pair.moved[k]),
        )
        for pair in pairs
        for k in np.flatnonzero(pair.beyond | pair.moved).tolist()
    ]
    return sorted(changes, key=lambda item: -abs(np.inf if item.errors is None else item.errors))


def _metrics(before: Sequence[MetricFacts], after: Sequence[MetricFacts]) -> list[MetricChange]:
    old = {(item.point, item.name, item.split): item for item in before}
    return [
        MetricChange(
            point=item.point,
            metric=item.name,
            before=then.value,
            after=item.value,
            beyond=_disjoint(then.interval, item.interval),
        )
        for item in after
        if (then := old.get((item.point, item.name, item.split)))
    ]


def _disjoint(one: tuple[float, float] | None, other: tuple[float, float] | None) -> bool:
    return one is not None and other is not None and (one[1] < other[0] or other[1] < one[0])


def _verdicts(before: Sequence[VerdictFacts], after: Sequence[VerdictFacts]) -> list[VerdictChange]:
    old = {(item.point, item.method, item.check): item.verdict for item in before}
    return [
        VerdictChange(point=item.point, method=item.method, check=item.check, before=then, after=item.verdict)
        for item in after
        if {then := old.get((item.point, item.method, item.check)), item.verdict} == {"pass", "fail"} and then
    ]
