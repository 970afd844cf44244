"""`exhibit verify`: is it what was written (integrity), and does its config give the same again (derivation)?"""

import hashlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from exhibit.flows.alike import largest, unlike
from exhibit.flows.derivation import Access, derive, from_the_pdf, required_inputs
from exhibit.flows.errors import debugging, one_line_message
from exhibit.flows.integrity import AS_IT_WENT, Damage, Subject, lacks_memory, made_again, read, reading, require_report
from exhibit.flows.signatures import trusted, unsatisfied
from exhibit.flows.verification import Outcome, Verification
from exhibit.tasks.document.pdf_alike import differing_pdfs
from exhibit.tasks.evidence.bill import BILL, normalised, versions
from exhibit.tasks.evidence.evidence import constraints
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.evidence import Evidence
from exhibit.tasks.records.manifest import MANIFEST


def verify(
    target: Path,
    integrity_only: bool = False,
    access: Access | None = None,
    was_read: Callable[[], object] = lambda: None,
    trust: Path | None = None,
    require: Sequence[str] = (),
) -> Verification:
    """Checks a run directory or a lone PDF. `access`: what may be opened beside it; `was_read`: is told that it is
    whole, before anything is derived; `trust`: a file of certificates that are believed; `require`: roles that have to
    have signed it, "" for any.

    Raises:
        InputError: if there is nothing of the kind at `target`.
    """
    require_report(target)
    believed = None if trust is None else trusted(trust)
    try:
        subject = read(target, believed)
    except Damage as damage:
        return Verification(target=str(target), outcome="damaged", findings=tuple(str(damage).split("\n")))
    was_read()
    signed = tuple(subject.signed)
    if require and (missing := tuple(unsatisfied(signed, require))):
        return Verification(target=str(target), outcome="not signed", findings=missing, signed=signed)
    if integrity_only:
        return Verification(target=str(target), outcome="intact", claim=subject.evidence.claim, signed=signed)
    return derived(target, subject, access or Access()).model_copy(update={"signed": signed})


def derived(target: Path, subject: Subject, access: Access) -> Verification:
    """Derives the report again and compares."""
    with TemporaryDirectory(prefix="exhibit-verify-") as scratch:
        try:
            run = derive(subject, Path(scratch), access)
        except Exception as error:  # of evidence that anyone may have written
            if debugging():
                raise
            if lacks_memory(error):
                finding = f"{one_line_message(error).rstrip(': ')}; it takes more memory than --max-gigabytes says"
                return Verification(target=str(target), outcome="not derivable", findings=(finding,))
            said = str(error).split("\n") if isinstance(error, InputError) else [one_line_message(error)]
            # What is missing is named with its sha256, unless the error does it.
            findings = said if all("sha256" in line for line in said) else [*said, *required_inputs(subject.evidence)]
            return Verification(target=str(target), outcome="not derivable", findings=tuple(findings))
        again = made_again(run)
        if lost := _newly_failed(subject.evidence, again.evidence):
            sentences = (*lost, *required_inputs(subject.evidence))
            return Verification(target=str(target), outcome="not derivable", findings=sentences)
        result = compared(target, subject, again)
    return result.model_copy(update={"findings": (*from_the_pdf(subject), *result.findings)})


def _newly_failed(before: Evidence, after: Evidence) -> list[str]:
    """A sentence for every point that fails here and did not there."""
    failed = {point.slug for point in before.failed}
    return [f"{point.slug}: {point.sentence}" for point in after.failed if point.slug not in failed]


def compared(target: Path, before: Subject, after: Subject) -> Verification:
    """What a second derivation says about the first.

    A seal is no signature: whoever changes a report can seal it again, and can write any environment into its evidence.
    So only what was compared is called the same. The pages that were made again carry the evidence of the first ones:
    in one environment they are the same bytes, and in any they have the same text, pictures and number. What is
    attached, and the files of a run, are compared by what they say, with numbers as near as the evidence claims.
    """
    libraries, installed = tuple(_environment(before.evidence, after.evidence)), tuple(_installed(before, after))
    diverged = _first_difference(before.evidence, after.evidence)
    first = f"first difference: {diverged}" if diverged else "every stage: the same bytes"

    def found(outcome: Outcome, *findings: str, size: float | None = None) -> Verification:
        return Verification(
            target=str(target),
            outcome=outcome,
            claim=before.evidence.claim,
            findings=(first, *findings),
            environment=(*libraries, *installed),
            largest_difference=size,
        )

    others = [name for name in _compared_names(before, after) if not _same_bytes(before, after, name)]
    if before.evidence == after.evidence and before.pdf == after.pdf and not others:
        return found("identical", *_left_out(before), "report.pdf: the same bytes")
    asked = _differing_keys(_request(before.evidence), _request(after.evidence))
    sentences = [f"evidence.json, {name}: not what is derived" for name in asked]
    if not libraries and diverged is None:
        changed = [
            *(name for name in others if name != BILL or not installed),
            *(["report.pdf"] if before.pdf != after.pdf else []),
        ]
        sentences += [f"{name}: {_OTHER_BYTES}" for name in changed]
    sentences += _page_differences(before, after)
    size = 0.0
    for name in others:
        apart, clauses = _differences(before, after, name)
        sentences += [f"{name}: {clause}" for clause in clauses[:3]]
        size = max(size, apart)
    if sentences:
        return found("different", *dict.fromkeys(sentences), size=size)
    return found("within tolerance", *_left_out(before), _ALIKE, size=size)


def _left_out(subject: Subject) -> Iterator[str]:
    """Of a run, what no second derivation can give: anybody can have written it."""
    if subject.files:
        names = ", ".join(sorted({*AS_IT_WENT, MANIFEST}))
        yield f"not compared, for they say how the run went, which nothing gives again: {names}"


_OTHER_BYTES = "other bytes, though all that it is made of is the same"
_ALIKE = (
    "report.pdf: the same number of pages, and on them the same text line by line, the same pictures and drawings; "
    "what is attached says the same"
)
_VERSIONS = "constraints.txt"  # attached alone: the versions that the evidence names


def _page_differences(before: Subject, after: Subject) -> list[str]:
    """A sentence for each thing in which the pages are not those that were made again."""
    import pikepdf

    if before.pdf == after.pdf:
        return []
    try:
        with reading("report.pdf", pikepdf.PdfError):
            return [f"report.pdf: {said}" for said in differing_pdfs(before.pdf, after.pdf)]
    except Damage as damage:
        return [str(damage)]


def _compared_names(before: Subject, after: Subject) -> list[str]:
    """What is compared beside the pages and the evidence: all that is attached, and of a run its files."""
    files = before.files.keys() | after.files.keys() if before.files else set()
    return sorted((before.attached.keys() | files) - {"evidence.json", "report.pdf"})


def _content(subject: Subject, name: str) -> bytes | None:
    """Of an attachment or a file of a run, if it has one."""
    if name in subject.attached:
        return subject.attached[name]
    return subject.files[name].read_bytes() if name in subject.files else None


def _same_bytes(before: Subject, after: Subject, name: str) -> bool:
    """Whether what is called `name` is the same bytes; of what is embedded the evidence alone says which they are."""
    then, now = _content(before, name), _content(after, name)
    if then is not None and now is None:
        return hashlib.sha256(then).hexdigest() == after.evidence.attached.get(name)
    return then == now


def _differences(before: Subject, after: Subject, name: str) -> tuple[float, list[str]]:
    """How far what is called `name` is from what was derived, and what of it is further than numbers may be."""
    then, now = _content(before, name), _content(after, name)
    if name == _VERSIONS:
        now = constraints(before.evidence.libraries)
    if name == BILL and then is not None and now is not None:
        return 0.0, [*_contradictions(before.evidence, then)]
    if then is None or now is None:
        return 0.0, ["it is not what is derived" if now is None else "it is missing"]
    try:
        with reading(name):
            return largest(unlike(name, then, now))
    except Damage as damage:
        return 0.0, [str(damage).removeprefix(f"{name}: ")]


def _request(evidence: Evidence) -> dict[str, Any]:
    """The evidence without the environment that it names, and without the digests of what was computed there."""
    environment = {"libraries", "platform", "typesetting", "source", "compute"}
    plain = evidence.model_dump(mode="json", exclude={"content", "attached", *environment})
    plain["attached"] = sorted(evidence.attached)
    for chapter in plain["chapters"]:
        del chapter["data"]["sha256"], chapter["weights"]["sha256"]
        for stage in chapter["stages"]:
            stage["outputs"] = sorted(stage["outputs"])
    for item in plain["local"].values():
        item["sha256"] = item["sha256"] if item["kind"] != "code" else ""
    return plain


def _differing_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
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
                asked = [
                    f"{key}: {one} then, {other} now" for key, one, other in _differing_settings(then.spec, now.spec)
                ]
                return f"{old.slug}, stage {then.stage}: {', '.join([*names, *asked])}"
        if old != new:
            return f"{old.slug}: what is said of it, its data or its weights"
    return None


def _differing_settings(then: Any, now: Any, key: str = "spec") -> Iterator[tuple[str, Any, Any]]:
    """What a stage was asked otherwise: the key, and the words for it then and now. Under `model.given` is the content
    of what code of the user's own gave."""
    if isinstance(then, dict) and isinstance(now, dict):
        for name in sorted(then.keys() | now.keys()):
            inner = name if key == "spec" else f"{key}.{name}"
            yield from _differing_settings(then.get(name, "absent"), now.get(name, "absent"), inner)
    elif then != now:
        yield key, str(then)[:_TOLD], str(now)[:_TOLD]


_TOLD = 40  # letters of a setting that differs


def _environment(before: Evidence, after: Evidence) -> Iterator[str]:
    """What differs between the environment of the report and this one."""
    then, now = _environment_of(before), _environment_of(after)
    for name in sorted(then.keys() | now.keys()):
        if then.get(name) != now.get(name):
            yield f"{name}: {then.get(name, 'absent')} then, {now.get(name, 'absent')} now"


def _installed(before: Subject, after: Subject) -> Iterator[str]:
    """A clause on what else is installed here than when the report was made, beside the libraries it rests on."""
    then, now = (_bill(subject) for subject in (before, after))
    named = {normalised(name) for name in before.evidence.libraries.keys() | after.evidence.libraries.keys()}
    if others := [name for name in _differing_keys(then, now) if name not in named]:
        told = [f"{name} {then.get(name, 'absent')} then, {now.get(name, 'absent')} now" for name in others[:_NAMED]]
        more = [f"and {len(others) - _NAMED} more"] if len(others) > _NAMED else []
        yield f"installed: {'; '.join([*told, *more])}"


_NAMED = 3


def _bill(subject: Subject) -> Mapping[str, str]:
    """Versions of what was installed; nothing of a report without a readable bill, which is met where that is
    compared."""
    try:
        return versions(_content(subject, BILL) or b"")
    except ValueError:
        return {}


def _contradictions(evidence: Evidence, bill: bytes) -> Iterator[str]:
    """What a bill of materials says otherwise than the evidence. The rest of it was installed there, and here it may be
    otherwise."""
    try:
        found = versions(bill)
    except ValueError:
        yield "it is no bill of materials"
        return
    for name, version in sorted(evidence.libraries.items()):
        if found.get(normalised(name)) != version:
            yield f"{name} {found.get(normalised(name), 'absent')}, and {version} in the evidence"


def _environment_of(evidence: Evidence) -> dict[str, object]:
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
