"""`exhibit render`: the pages of a finished run once more, in another language or on other paper."""

from collections.abc import Sequence
from pathlib import Path

from exhibit.flows.export import require_run
from exhibit.flows.integrity import Damage, intact
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.manifest import MANIFEST, Manifest

_PAGES = "document."
_ISSUED = "document.issued"
_COMMAND = ("exhibit", "report")


def typed_again(run: Path, overrides: Sequence[str]) -> list[str]:
    """What to type after `exhibit report` for the pages of an undamaged run, changed by `overrides` of the document.
    The date stays that of the run, unless another is given.

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
    return [*kept, *dated, *overrides]


def _issued(config: dict[str, object]) -> str:
    document = config["document"]
    assert isinstance(document, dict), "the evidence holds the whole config"
    return f"{_ISSUED}={document['issued']}"
