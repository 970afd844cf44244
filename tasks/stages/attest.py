"""The stage `attest`: the evidence, and what is attached with it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from exhibit.tasks.document.layout import whole_tables
from exhibit.tasks.document.pdf import typesetting
from exhibit.tasks.document.press import parts, press
from exhibit.tasks.evidence.attached import ATTACHED
from exhibit.tasks.evidence.bill import bill_of_materials, installed
from exhibit.tasks.evidence.evidence import chapter_evidence, constraints, environment, evidence, evidence_file
from exhibit.tasks.fingerprint import fingerprint
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.evidence import LocalEvidence
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.page import Document, Failure
from exhibit.tasks.stages.stage import FinishedStage, merged, numeric_settings, read, run_stage
from exhibit.tasks.store import Digest, Store


def attest(
    store: Store,
    config: Mapping[str, Any],
    issued: str,
    compute: Compute,
    chapters: Sequence[tuple[str, Sequence[Mapping[str, Any]]]],
    tables: Mapping[str, Digest],
    document: Digest,
    failures: Sequence[Failure],
    stages: Sequence[FinishedStage],
    local: Mapping[str, LocalEvidence],
    embedded: Mapping[str, Digest],
) -> FinishedStage:
    """Outputs "evidence", and what goes with it: "config", "constraints", "bill" and the `tables` that are attached, by
    name, and by file name the tables that `document` prints in part.

    `chapters`: slug, and for each of its stages what it was asked and gave. `stages`: all that the report rests on;
    their libraries and their code are the ones that the evidence names. `local`: what the config names outside the
    program; `embedded`: data and weights that are attached to the PDF too, by file name.
    """
    pressed = fingerprint([press.__module__]), {"libraries": parts(), "source": {}}
    source = merged([*(done.fingerprint for done in stages), *pressed])
    local_items = {key: item.model_dump() for key, item in local.items()}
    pages = typesetting()
    found = installed()
    failed = [item.model_dump() for item in failures]

    def run() -> dict[str, bytes]:
        files = {
            "config": yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True).encode(),
            "constraints": constraints(source["libraries"]),
            "bill": bill_of_materials(found),
            **{name: store.get(digest) for name, digest in tables.items()},
            **whole_tables(read(store, Document, document)),
        }
        proof = evidence(
            config,
            issued,
            [_chapter_evidence(store, slug, stages) for slug, stages in chapters],
            numeric_settings(compute),
            source,
            pages,
            local_items,
            failed,
            {ATTACHED.get(name, name): data for name, data in files.items()}
            | {name: store.get(digest) for name, digest in embedded.items()},
        )
        return files | {"evidence": evidence_file(proof)}

    spec = {
        "config": json.dumps(config),  # with its order
        "issued": issued,
        "compute": numeric_settings(compute),
        "chapters": [list(chapter) for chapter in chapters],
        "platform": environment(),
        "typesetting": pages,
        "installed": found,
        "fingerprint": source,
        "local": local_items,
        "failed": failed,
        "embedded": dict(embedded),
    }
    inputs: dict[str, Digest | Sequence[Digest]] = {**tables, "document": document}
    return run_stage(store, attest, spec, inputs, run)


def _chapter_evidence(store: Store, slug: str, stages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    outputs = {stage["stage"]: stage["outputs"] for stage in stages}
    dataset = read(store, Dataset, outputs["load"]["dataset"])
    weights = read(store, Weights, outputs["fit"]["weights"])
    return chapter_evidence(slug, dataset, weights, stages)
