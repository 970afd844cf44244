"""The earlier report that a new one is compared with: it is found, checked, and read."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from exhibit.flows.config import Report
from exhibit.flows.integrity import Damage, Subject, intact, require_report
from exhibit.flows.progress import Watch
from exhibit.tasks.comparing.changes import point_facts
from exhibit.tasks.comparing.settings import slugs
from exhibit.tasks.evidence.local import disambiguated
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.change_summary import EarlierReport
from exhibit.tasks.records.changed import Earlier
from exhibit.tasks.records.manifest import MANIFEST
from exhibit.tasks.records.opening import whole
from exhibit.tasks.records.packing import pack

EARLIER = "document.compare_to"  # in the config and in the evidence
LATEST: Final = "latest"


_GIVE = "give a run directory, a report.pdf, or latest"


class Found(NamedTuple):
    """An intact earlier report: its PDF, and what it says, as the store keeps it."""

    pdf: Path
    said: bytes


def earlier(report: Report, watch: Watch) -> Found | None:
    """The report that `document.compare_to` names; None where nothing is asked for, or there is none yet.

    Raises:
        InputError: if what it names is no intact report.
    """
    wanted = report.document.compare_to
    if wanted is None:
        return None
    try:
        if wanted == LATEST:
            return _latest(report, watch)
        require_report(wanted)
        return _read(wanted)
    except MemoryError as error:
        raise InputError(f"{EARLIER}: to read the earlier report takes more memory than there is ({error})") from error
    except InputError as error:
        raise InputError(f"document.compare_to: {error}; {_GIVE}") from error
    except (Damage, OSError) as problem:
        said = problem.strerror if isinstance(problem, OSError) else problem
        raise InputError(f"document.compare_to: {wanted} is not an intact report ({said}); {_GIVE}") from problem


def _latest(report: Report, watch: Watch) -> Found | None:
    """The newest finished and intact run whose points have the same labels and titles in the same order."""
    wanted = [(point.label, point.title) for point in report.points]
    for manifest in sorted(report.paths.runs.glob(f"*/{MANIFEST}"), reverse=True):
        run = manifest.parent
        try:
            if _subject(run) == wanted:
                return _read(run)
        except (Damage, OSError) as problem:
            watch.note(f"document.compare_to: {run.name} is passed over: {str(problem).splitlines()[0]}")
    return None


def _subject(run: Path) -> Sequence[tuple[Any, Any]] | None:
    """Labels and titles of a run's points; None where its evidence cannot be read."""
    try:
        points = json.loads(whole(run / "evidence.json"))["config"]["points"]
        return [(point["label"], point["title"]) for point in points]
    except (LookupError, MemoryError, RecursionError, TypeError, ValueError):
        return None


def _read(target: Path) -> Found:
    subject = intact(target)
    pdf = target / "report.pdf" if target.is_dir() else target
    try:
        return Found(pdf, pack(said(subject)))
    except (LookupError, TypeError, ValueError) as problem:
        raise Damage(f"{pdf.name}: its evidence does not describe its points") from problem


def said(subject: Subject) -> Earlier:
    """What an intact report says of its points, and the tables that go with it.

    Raises:
        LookupError, TypeError, ValueError: if its evidence does not describe its points.
    """
    evidence, files = subject.evidence, subject.attached
    points = disambiguated(evidence.config, evidence.local)["points"]
    configs = dict(zip(slugs([point["label"] for point in points]), points, strict=True))
    return Earlier(
        report=EarlierReport(
            issued=evidence.document.issued,
            pdf=subject.digest,
            evidence=hashlib.sha256(files["evidence.json"]).hexdigest(),
        ),
        points=tuple(point_facts(chapter, configs[chapter.slug]) for chapter in evidence.chapters),
        importances=files["importances.parquet"],
        checks=files["checks.json"],
        metrics=files.get("metrics.json"),
    )
