"""The files that are attached to the PDF, by the outputs of `attest`."""

from exhibit.tasks.stages.stage import Done
from exhibit.tasks.store import Digest

ATTACHED = {  # outputs of `attest` as the files that are attached to the PDF, as far as there are any
    "evidence": "evidence.json",
    "config": "config.yaml",
    "checks": "checks.json",
    "checks_csv": "checks.csv",
    "importances": "importances.parquet",
    "metrics": "metrics.json",
    "agreement": "agreement.parquet",
    "changes": "changes.json",
    "constraints": "constraints.txt",
}


_PDF_ALONE = {"constraints"}  # attached, but no file of the run


def attached(attested: Done) -> dict[str, Digest]:
    """What is attached to the PDF by file name: the above, and the tables that are printed in part."""
    return {ATTACHED.get(output, output): digest for output, digest in attested.outputs.items()}
