"""The files that are attached to the PDF, by the outputs of `attest`."""

from collections.abc import Mapping

from exhibit.tasks.evidence.bill import BILL

ATTACHED = {  # outputs of `attest` as the files that are attached to the PDF, as far as there are any
    "evidence": "evidence.json",
    "config": "config.yaml",
    "checks": "checks.json",
    "answers": "answers.json",
    "card": "card.json",
    "profile": "profile.json",
    "decisions": "decisions.json",
    "checks_csv": "checks.csv",
    "importances": "importances.parquet",
    "metrics": "metrics.json",
    "quality": "quality.json",
    "datasheet": "datasheet.json",
    "groups": "groups.json",
    "agreement": "agreement.parquet",
    "behaviour": "behaviour.json",
    "changes": "changes.json",
    "bill": BILL,
    "constraints": "constraints.txt",
}


PDF_ALONE = {"constraints"}  # attached, but no file of the run


def attached(outputs: Mapping[str, str]) -> dict[str, str]:
    """Digests of what is attached to the PDF by file name: the above, and the tables that are printed in part."""
    return {ATTACHED.get(output, output): digest for output, digest in outputs.items()}
