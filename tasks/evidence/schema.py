"""JSON schemas of the files that programs read: `python -m exhibit.tasks.evidence.schema` writes them."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from exhibit.tasks.records.base import Record
from exhibit.tasks.records.change_summary import Changes
from exhibit.tasks.records.decision_file import DecisionFile
from exhibit.tasks.records.evidence import Evidence
from exhibit.tasks.records.manifest import Manifest
from exhibit.tasks.records.packing import canonical_json
from exhibit.tasks.records.trust import Answers

SCHEMAS: dict[str, type[Record]] = {
    "evidence": Evidence,
    "manifest": Manifest,
    "changes": Changes,
    "answers": Answers,
    "decisions": DecisionFile,
}


FOLDER = Path(__file__).parent / "schemas"


_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def own_digest(facts: Mapping[str, Any]) -> str:
    """The sha256 that a manifest states of itself."""
    return sha256(canonical_json({name: value for name, value in facts.items() if name != "sha256"})).hexdigest()


def schema_files() -> dict[str, str]:
    """The JSON schemas by file name; `python -m exhibit.tasks.evidence.schema` writes them."""
    return {
        f"{name}.schema.json": json.dumps({"$schema": _DIALECT, **kind.model_json_schema()}, indent=2) + "\n"
        for name, kind in SCHEMAS.items()
    }


if __name__ == "__main__":
    for name, text in schema_files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
