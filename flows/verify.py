"""`exhibit verify`: is it what was written (integrity), and does its config give the same again (derivation)?"""

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np

from exhibit.flows.derivation import Access, derive, needed, taken
from exhibit.flows.integrity import REPORT, Damage, Subject, printable, read
from exhibit.tasks.evidence.evidence import TOLERANCE
from exhibit.tasks.records.base import Array, InputError, Record
from exhibit.tasks.records.evidence import Evidence

Outcome = Literal["intact", "identical", "within tolerance", "different", "damaged", "not derivable"]

EXIT_CODES: Mapping[Outcome, int] = {
    "intact": 0,
    "identical": 0,
    "within tolerance": 0,
    "different": 4,
    "damaged": 5,
    "not derivable": 6,
}


class Verification(Record):
    """The outcome, what led to it, and how this environment differs from that of the report."""

    target: str
    outcome: Outcome
    claim: str = ""
    findings: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    largest_difference: float | None = None
    tolerance: float = TOLERANCE

    def __str__(self) -> str:
        largest = (
            []
            if self.largest_difference is None
            else [f"largest relative difference: {self.largest_difference:.3g}, tolerance {self.tolerance:g}"]
        )
        changed = [f"here otherwise: {line}" for line in self.environment]
        claimed = [f"claimed: {self.claim}"] if self.claim and self.outcome in ("within tolerance", "different") else []
        return "\n".join([*self.findings, *claimed, *largest, *changed, f"{self.target}: {self.outcome}"])


def verify(target: Path, integrity_only: bool = False, access: Access | None = None) -> Verification:
    """Checks a run directory or a lone PDF. `access`: what may be opened beside it.

    Raises:
        InputError: if there is nothing of the kind at `target`.
    """
    if not target.exists():
        raise InputError(f"{target}: there is no such file or directory")
    try:
        subject = read(target)
    except Damage as damage:
        return Verification(target=printable(str(target)), outcome="damaged", findings=tuple(str(damage).splitlines()))
    if integrity_only:
        return Verification(target=printable(str(target)), outcome="intact", claim=subject.evidence.claim)
    return derived(target, subject, access or Access())


def report_path(target: Path) -> Path:
    """Where the short report is written: inside a run, beside a PDF."""
    return target / REPORT if target.is_dir() else target.with_name(f"{target.stem}.{REPORT}")


def derived(target: Path, subject: Subject, access: Access) -> Verification:
    """Derives the report again and compares."""
    with TemporaryDirectory(prefix="exhibit-verify-") as scratch:
        try:
            run = derive(subject, Path(scratch), access)
        except (InputError, ImportError) as error:
            said = str(error).splitlines()
            # What is missing is named with its sha256, unless the error does it.
            findings = said if all("sha256" in line for line in said) else [*said, *needed(subject.evidence)]
            return Verification(target=printable(str(target)), outcome="not derivable", findings=tuple(findings))
        again = read(run if target.is_dir() else run / "report.pdf")
    if lost := _lost(subject.evidence, again.evidence):
        sentences = (*lost, *needed(subject.evidence))
        return Verification(target=printable(str(target)), outcome="not derivable", findings=sentences)
    result = compared(target, subject, again)
    return result.model_copy(update={"findings": (*taken(subject), *result.findings)})


def _lost(before: Evidence, after: Evidence) -> list[str]:
    """A sentence for every point that fails here and did not there."""
    failed = {point.slug for point in before.failed}
    return [f"{point.slug}: {point.sentence}" for point in after.failed if point.slug not in failed]


def compared(target: Path, before: Subject, after: Subject) -> Verification:
    """What a second derivation says about the first.

    Only pages that are the same bytes are called identical: a seal is no signature, so whoever changes a report can
    seal it again, and stages that agree say nothing about the pages. In the environment that the evidence names nothing
    but what a stage computes may differ, as it does by rounding on another processor; elsewhere the pages may, and then
    the attached numbers are compared.
    """
    environment = tuple(_environment(before.evidence, after.evidence))
    diverged = _first_difference(before.evidence, after.evidence)
    first = f"first difference: {diverged}" if diverged else "every stage: the same bytes"

    def found(outcome: Outcome, *findings: str, largest: float | None = None) -> Verification:
        return Verification(
            target=printable(str(target)),
            outcome=outcome,
            claim=before.evidence.claim,
            findings=(first, *findings),
            environment=environment,
            largest_difference=largest,
        )

    if diverged is None and before.pdf == after.pdf:
        others = [f"{name}: {_OTHER_BYTES}" for name in _differing(before.files, after.files)]
        return found("different" if others else "identical", *others, "report.pdf: the same bytes")
    largest = _largest_difference(before.numbers, after.numbers)
    unfounded = [] if environment else list(_unfounded(before.evidence, after.evidence, diverged is None))
    near: Outcome = "within tolerance" if largest <= TOLERANCE and not unfounded else "different"
    return found(near, *(unfounded or ([] if diverged else [_OTHER_PAGES])), largest=largest)


_OTHER_BYTES = "other bytes, though all that it is made of is the same"
_OTHER_PAGES = (
    "report.pdf: other bytes, so what its pages say is not verified; compared are the importances, checks and metrics "
    "that are attached to it"
)


def _unfounded(before: Evidence, after: Evidence, same_stages: bool) -> Iterator[str]:
    """A sentence for everything that no processor explains."""
    yield from (f"evidence.json, {name}: not what is derived" for name in _differing(_asked(before), _asked(after)))
    if same_stages:
        yield f"report.pdf: {_OTHER_BYTES}"


def _asked(evidence: Evidence) -> dict[str, Any]:
    """The evidence without the digests of what was computed."""
    plain = evidence.model_dump(mode="json", exclude={"content": True, "attached": True})
    for chapter in plain["chapters"]:
        del chapter["data"]["sha256"], chapter["weights"]["sha256"]
        for stage in chapter["stages"]:
            stage["outputs"] = sorted(stage["outputs"])
    return plain


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The keys that are not in both, or have another value."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _first_difference(before: Evidence, after: Evidence) -> str | None:
    """The first stage that was asked or gave something else, or None if none did."""
    if before.failed != after.failed:
        names = [", ".join(item.slug for item in found.failed) or "none" for found in (before, after)]
        return f"points that failed: {names[0]} then, {names[1]} now"
    for old, new in itertools.zip_longest(before.chapters, after.chapters):
        if old is None or new is None:
            return f"{len(before.chapters)} chapters then, {len(after.chapters)} now"
        for then, now in itertools.zip_longest(old.stages, new.stages):
            if then is None or now is None or then.stage != now.stage:
                return f"{old.slug}: this version has other stages"
            if then != now:
                names = sorted(name for name in then.outputs if then.outputs[name] != now.outputs.get(name))
                asked = [f"{key}: {one} then, {other} now" for key, one, other in _asked_apart(then.spec, now.spec)]
                return f"{old.slug}, stage {then.stage}: {', '.join([*names, *asked])}"
        if old != new:
            return f"{old.slug}: what is said of it, its data or its weights"
    return None


def _asked_apart(then: Any, now: Any, key: str = "spec") -> Iterator[tuple[str, Any, Any]]:
    """What a stage was asked otherwise: the key, and the words for it then and now. Under `model.given` is the content
    of what code of the user's own gave."""
    if isinstance(then, dict) and isinstance(now, dict):
        for name in sorted(then.keys() | now.keys()):
            inner = name if key == "spec" else f"{key}.{name}"
            yield from _asked_apart(then.get(name, "absent"), now.get(name, "absent"), inner)
    elif then != now:
        yield key, printable(str(then))[:_TOLD], printable(str(now))[:_TOLD]


_TOLD = 40  # letters of a setting that differs


def _environment(before: Evidence, after: Evidence) -> Iterator[str]:
    """What differs between the environment of the report and this one."""
    then, now = _facts(before), _facts(after)
    for name in sorted(then.keys() | now.keys()):
        if then.get(name) != now.get(name):
            yield f"{name}: {then.get(name, 'absent')} then, {now.get(name, 'absent')} now"


def _facts(evidence: Evidence) -> dict[str, object]:
    code = {f"{key} {item.name}": item.sha256[:12] for key, item in evidence.local.items() if item.kind == "code"}
    platform = evidence.platform.model_dump()
    return {
        **evidence.libraries,
        **evidence.typesetting,
        **platform,
        **code,
        "program": evidence.source[:12],
        **evidence.compute,
    }


def _largest_difference(before: Mapping[str, Array], after: Mapping[str, Array]) -> float:
    """The largest ||a - b|| / ||b|| over the arrays; infinite where they cannot be compared."""
    if before.keys() != after.keys() or not before:
        return float("inf")
    return max(_difference(before[name], after[name]) for name in before)


def _difference(old: Array, new: Array) -> float:
    if old.shape != new.shape:
        return float("inf")
    if old.dtype.kind != "f" or new.dtype.kind != "f":
        return 0.0 if np.array_equal(old, new) else float("inf")
    then, now = old.astype(np.float64), new.astype(np.float64)
    known = np.isfinite(then)
    if not np.array_equal(known, np.isfinite(now)) or not np.array_equal(then[~known], now[~known], equal_nan=True):
        return float("inf")
    unit = np.abs(then[known]).max(initial=0.0) or 1.0  # squares of very large or small numbers would not be numbers
    size, apart = np.linalg.norm(then[known] / unit), np.linalg.norm((then[known] - now[known]) / unit)
    return float(apart / (size or 1.0))
