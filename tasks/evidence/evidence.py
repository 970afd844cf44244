"""`evidence.json`: what determines and proves a report, without times, ids and places."""

import platform
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from exhibit.tasks.claim import claim
from exhibit.tasks.evidence.pretty_json import _sorted, _written
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.packing import canonical_json

SCHEMA = "exhibit-evidence/1"


def environment() -> dict[str, str]:
    """The platform that numbers may depend on."""
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "system": platform.system(),
        "machine": platform.machine(),
    }


def chapter_evidence(
    slug: str, dataset: Dataset, weights: Weights, stages: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """One chapter: where its data came from, what was excluded, and what every stage was asked and gave."""
    by_stage = {stage["stage"]: stage["outputs"] for stage in stages}
    return {
        "slug": slug,
        "data": {
            "title": dataset.title,
            "source": dataset.source,
            "sha256": by_stage["load"]["dataset"],
            "samples": len(dataset.sample_ids),
            "excluded": [item.model_dump() for item in dataset.excluded],
        },
        "weights": {"sha256": by_stage["fit"]["weights"], "parameters": weights.parameters},
        "stages": list(stages),
    }


def evidence(
    config: Mapping[str, Any],
    issued: str,
    chapters: Sequence[Mapping[str, Any]],
    compute: Mapping[str, Any],
    fingerprint: Mapping[str, Mapping[str, str]],
    typesetting: Mapping[str, str],
    local: Mapping[str, Mapping[str, str]],
    failed: Sequence[Mapping[str, str]],
    attached: Mapping[str, bytes],
) -> dict[str, Any]:
    """The whole of `evidence.json`. `content` is the digest of every chapter's stages and their outputs;
    `typesetting`: versions of what sets the pages; `local`: what the config names outside the program; `failed`: points
    without a chapter; `attached`: the other files in the PDF."""
    return {
        "schema": SCHEMA,
        "document": {"issued": issued},
        "content": content_digest(chapters),
        "claim": str(claim(compute)),
        "config": dict(config),
        "local": dict(local),
        "attached": {name: sha256(data).hexdigest() for name, data in attached.items()},
        "chapters": list(chapters),
        "failed": list(failed),
        "compute": dict(compute),
        "seeds": _seeds(config),
        "libraries": dict(fingerprint["libraries"]),
        "platform": environment(),
        "typesetting": dict(typesetting),
        "source": sha256(canonical_json(fingerprint["source"])).hexdigest(),
    }


def constraints(libraries: Mapping[str, str]) -> bytes:
    """Versions of libraries, as pip takes them."""
    return "\n".join([*sorted(f"{name}=={version}" for name, version in libraries.items()), ""]).encode()


def content_digest(chapters: Sequence[Mapping[str, Any]]) -> str:
    """sha256 over what every stage of every chapter was asked and gave."""
    return sha256(canonical_json(list(chapters))).hexdigest()


def _seeds(config: Mapping[str, Any]) -> dict[str, int]:
    """Every seed in the config by its path."""

    def walk(value: Any, path: str) -> dict[str, int]:
        pairs: Sequence[tuple[Any, Any]] = ()
        match value:
            case Mapping():
                pairs = list(value.items())
            case list() | tuple():
                pairs = list(enumerate(value))
        seeds: dict[str, int] = {}
        for key, item in pairs:
            here = f"{path}.{key}" if path else str(key)
            seeds |= {here: item} if key == "seed" else walk(item, here)
        return seeds

    return walk(config, "")


def evidence_file(proof: Mapping[str, Any]) -> bytes:
    """Evidence as it is written: keys sorted, but for those of the config. Methods and checks stand in a report in the
    order in which they were asked for."""
    return _written({**_sorted(proof), "config": proof["config"]})
