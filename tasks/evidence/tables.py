"""The tidy tables that go with a report: importances, checks and metrics as rows, and as Parquet."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from exhibit.tasks.records.base import Array
from exhibit.tasks.records.behaviour import Behaviour, Effects, Permutation
from exhibit.tasks.records.explanation import Importance
from exhibit.tasks.records.intervals import filed, has_width
from exhibit.tasks.records.model import Performance
from exhibit.tasks.records.verdict import CheckResult

_NOT_FILED = {"per_sample", "details"}
CHECK_COLUMNS = ("chapter", *(name for name in CheckResult.model_fields if name not in _NOT_FILED))


def metric_rows(chapters: Sequence[tuple[str, Performance]]) -> list[dict[str, Any]]:
    """The measured quality of each model as plain data."""
    return [
        {"chapter": slug, **filed(metric.model_dump(mode="json"))}
        for slug, performance in chapters
        for metric in performance.metrics
    ]


def check_rows(chapters: Sequence[tuple[str, Sequence[CheckResult]]]) -> list[dict[str, Any]]:
    """The verdicts as plain data."""
    return [
        {"chapter": slug, **check.model_dump(exclude=_NOT_FILED), "interval": _finite(check.interval)}
        for slug, checks in chapters
        for check in checks
    ]


def behaviour_rows(chapters: Sequence[tuple[str, Sequence[Behaviour]]]) -> dict[str, Any]:
    """What was found about the behaviour of each model as plain data, null where no number is known; the curves of
    single rows are left out."""
    return {
        "schema": "exhibit-behaviour/1",
        "chapters": [
            {"chapter": slug, "found": [_plain(_bounded(one).model_dump(exclude=_ROW_BY_ROW)) for one in found]}
            for slug, found in chapters
            if found
        ],
    }


_ROW_BY_ROW: dict[str, Any] = {"of": True, "items": {"__all__": {"individual", "seen", "values"}}}


def _bounded(found: Behaviour) -> Behaviour:
    """With no ends where a number did not vary over the rows."""
    match found:
        case Permutation():
            return found.model_copy(update=_ends(found.low, found.high))
        case Effects():
            items = tuple(item.model_copy(update=_ends(item.low, item.high)) for item in found.items)
            return found.model_copy(update={"items": items})
        case _:
            return found


def _ends(low: Array, high: Array) -> dict[str, Array]:
    varies = np.vectorize(has_width, otypes=[bool])(low, high)
    return {"low": np.where(varies, low, np.nan), "high": np.where(varies, high, np.nan)}


def _plain(value: Any) -> Any:
    """Arrays as lists, and null for what is no number."""
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case np.ndarray():
            return _plain(value.tolist())
        case float() if not math.isfinite(value):
            return None
        case _:
            return value


def _finite(interval: tuple[float, float] | None) -> list[float | None] | None:
    """From, to; null for an end that nothing bounds, and for an interval without a width."""
    if interval is None or not has_width(*interval):
        return None
    return [end if math.isfinite(end) else None for end in interval]


def importance_rows(slug: str, method: str, importance: Importance) -> list[dict[str, Any]]:
    """One tidy row per feature."""
    order = (-importance.mean_absolute).argsort(kind="stable")
    rank = {int(feature): place for place, feature in enumerate(order, 1)}
    return [
        {
            "point": slug,
            "method": method,
            "target": importance.target,
            "input": importance.input,
            "feature": feature,
            "mean": float(importance.mean[k]),
            "mean_absolute": float(importance.mean_absolute[k]),
            "aggregate": importance.aggregate,
            "standard_error": float(importance.standard_error[k]),
            "count": int(importance.count[k]),
            "rank": rank[k],
        }
        for k, feature in enumerate(importance.features)
    ]
