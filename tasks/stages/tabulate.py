"""The stage `tabulate`: tidy tables over all points."""

from collections.abc import Mapping, Sequence
from typing import Any

from exhibit.tasks.evidence.pretty_json import pretty
from exhibit.tasks.evidence.tables import CHECK_COLUMNS, behaviour_rows, check_rows, importance_rows, metric_rows
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.parquet import parquet
from exhibit.tasks.records.spreadsheet import csv_bytes
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store


def tabulate(store: Store, materials: Sequence[Digest]) -> FinishedStage:
    """Outputs "importances", "checks" and "metrics": tidy tables over all points; "checks_csv": the checks again, for
    whoever opens them in a spreadsheet; "behaviour" where anything was asked of it."""

    def run() -> dict[str, bytes]:
        chapters = [read(store, Material, digest) for digest in materials]
        checks = check_rows([(item.slug, [c for method in item.methods for c in method.checks]) for item in chapters])
        behaved = behaviour_rows([(item.slug, item.behaviour) for item in chapters])
        return {
            **({"behaviour": pretty(behaved)} if behaved["chapters"] else {}),
            "importances": parquet([row for item in chapters for row in _importance_rows(item)]),
            "checks": pretty(checks),
            "checks_csv": _checks_csv(checks),
            "metrics": pretty(metric_rows([(item.slug, item.performance) for item in chapters])),
        }

    return run_stage(
        store,
        tabulate,
        {},
        {"materials": list(materials)},
        run,
    )


def _importance_rows(material: Material) -> list[dict[str, Any]]:
    return [
        row
        for method in material.methods
        for importance in method.summary.importances
        for row in importance_rows(material.slug, method.label, importance)
    ]


def _checks_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    ends, columns = ("interval", "interval_to"), [*CHECK_COLUMNS, "interval_to"]
    parted = [{**row, **dict(zip(ends, row["interval"] or (None, None), strict=True))} for row in rows]
    return csv_bytes([columns, *([row[column] for column in columns] for row in parted)])
