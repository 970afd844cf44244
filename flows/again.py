"""`exhibit render`: the pages of a finished run once more, in another language or on other paper."""

from collections.abc import Sequence
from pathlib import Path

from exhibit.flows.earlier import EARLIER, LATEST
from exhibit.flows.export import require_run
from exhibit.flows.integrity import Damage, intact
from exhibit.tasks.evidence.local import file_digest
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.evidence import Evidence
from exhibit.tasks.records.manifest import MANIFEST, Manifest
from exhibit.tasks.records.override import quoted

_PAGES = "document."
_ISSUED = "document.issued"
_COMMAND = ("exhibit", "report")


def typed_again(run: Path, overrides: Sequence[str]) -> list[str]:
    """What to type after `exhibit report` for the pages of an undamaged run, changed by `overrides` of the document.
    The date, and the report that it is compared with, stay those of the run, unless others are given.

    Raises:
        InputError: for what is no whole run of that command, and for overrides of anything else.
    """
    require_run(run)
    if others := [item for item in overrides if not item.startswith(_PAGES)]:
        raise InputError(
            f"{others[0]}: only what concerns the pages can be changed, such as document.language=ja; "
            "what is explained, and how, is changed with `exhibit report`"
        )
    try:
        evidence = intact(run).evidence
    except Damage as damage:
        raise InputError(f"{run}: this run is damaged: {str(damage).splitlines()[0]}") from damage
    command = Manifest.model_validate_json((run / MANIFEST).read_bytes()).command
    if command[:2] != _COMMAND:
        raise InputError(f"{run}: it was not made by `exhibit report`, so there is nothing to type again")
    given = [item.partition("=")[0] for item in overrides]
    kept = [item for item in command[2:] if item.partition("=")[0] not in given]
    dated = [] if any(item.startswith(f"{_ISSUED}=") for item in (*kept, *overrides)) else [_issued(evidence.config)]
    if EARLIER not in given and (beside := _beside(run, evidence, kept)):
        kept = [*(item for item in kept if item.partition("=")[0] != EARLIER), beside]
    return [*kept, *dated, *overrides]


def other_numbers(run: Path, made: Path) -> str:
    """What to say of a run that was `made` for the pages of another, if it does not have the numbers of that."""
    if intact(made).evidence.content == intact(run).evidence.content:
        return ""
    return (
        f"the numbers are not those of {run}: what was explained, or the program, is not the same any more; "
        f"`exhibit diff {run} {made}` says what differs"
    )


def _beside(run: Path, evidence: Evidence, kept: Sequence[str]) -> str:
    """The report that a run was compared with, where the latest was asked for: the latest is now the run itself. Empty
    where what was typed says it.

    Raises:
        InputError: if it is not among the runs any more.
    """
    typed = "".join(item.partition("=")[2] for item in kept if item.startswith(f"{EARLIER}="))
    if _document(evidence.config)["compare_to"] is None or typed.strip("\"'") not in ("", LATEST):
        return ""
    if EARLIER not in evidence.local:  # there was none yet
        return f"{EARLIER}=null"
    wanted = evidence.local[EARLIER].sha256
    found = (pdf for pdf in run.absolute().parent.glob("*/report.pdf") if file_digest(pdf) == wanted)
    if pdf := next(found, None):
        return f"{EARLIER}={quoted(str(pdf.parent))}"
    raise InputError(
        f"{run}: the report that it was compared with is not beside it any more, or was changed; "
        f"{EARLIER}=RUN names it, and {EARLIER}=null leaves the comparison out"
    )


def _issued(config: dict[str, object]) -> str:
    return f"{_ISSUED}={_document(config)['issued']}"


def _document(config: dict[str, object]) -> dict[str, object]:
    document = config["document"]
    assert isinstance(document, dict), "the evidence holds the whole config"
    return document
