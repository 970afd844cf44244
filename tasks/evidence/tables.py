"""The tidy tables that go with a report: importances, checks and metrics as rows, and as Parquet."""

from collections.abc import Sequence
from typing import Any

from exhibit.tasks.records.explanation import Importance
from exhibit.tasks.records.model import Performance
from exhibit.tasks.records.verdict import CheckResult

_NOT_FILED = {"per_sample", "details"}
CHECK_COLUMNS = ("chapter", *(name for name in CheckResult.model_fields if name not in _NOT_FILED))


def metric_rows(chapters: Sequence[tuple[str, Performance]]) -> list[dict[str, Any]]:
    """The measured quality of each model as plain data."""
    return [{"chapter": slug, **metric.model_dump(mode="json")} for slug, found in chapters for metric in found.metrics]


def check_rows(chapters: Sequence[tuple[str, Sequence[CheckResult]]]) -> list[dict[str, Any]]:
    """The verdicts as plain data."""
    return [{"chapter": slug, **check.model_dump(exclude=_NOT_FILED)} for slug, checks in chapters for check in checks]


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
