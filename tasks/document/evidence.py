"""What determines and proves a result, free of times, ids, paths and runners."""

import json
import platform
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import yaml

from exhibit.tasks.document.spec import MANY
from exhibit.tasks.document.words import count
from exhibit.tasks.protocols import WHOLE_BATCH
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Importance
from exhibit.tasks.records.model import Performance, Weights
from exhibit.tasks.records.packing import canonical_json
from exhibit.tasks.records.page import Column, Table
from exhibit.tasks.records.verdict import CheckResult

SCHEMA = "exhibit-evidence/1"
TOLERANCE = 1e-5  # of the norm of each array, single precision: what "the same numbers" means


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
        "claim": claim(compute),
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


def claim(compute: Mapping[str, Any]) -> str:
    """What is claimed of a second derivation."""
    near = f"within {TOLERANCE:g} of the norm of each array"
    if not compute["deterministic"]:
        return f"{near}, not the same bytes: compute.deterministic is false"
    same = "platform, libraries and threads"
    if compute["batch"] % WHOLE_BATCH:
        same = f"platform, libraries, threads and compute.chunk (compute.batch is no multiple of {WHOLE_BATCH})"
    return f"the same bytes on the same {same}; elsewhere {near}"


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
        found: dict[str, int] = {}
        for key, item in pairs:
            here = f"{path}.{key}" if path else str(key)
            found |= {here: item} if key == "seed" else walk(item, here)
        return found

    return walk(config, "")


def pretty(value: Any) -> bytes:
    """JSON to be read, keys sorted, one byte sequence per value."""
    return _written(_sorted(value))


def evidence_file(proof: Mapping[str, Any]) -> bytes:
    """Evidence as it is written: keys sorted, but for those of the config. Methods and checks stand in a report in the
    order in which they were asked for."""
    return _written({**_sorted(proof), "config": proof["config"]})


def _sorted(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _sorted(value[key]) for key in sorted(value)}
        case list() | tuple():
            return [_sorted(item) for item in value]
        case _:
            return value


def _written(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def provenance(proof: Mapping[str, Any]) -> tuple[Table, ...]:
    """The evidence as tables to print."""
    compute, system = proof["compute"], proof["platform"]
    pages = ", ".join(f"{name} {version}" for name, version in proof["typesetting"].items())
    rows = [
        ("content digest", proof["content"]),
        ("source digest", proof["source"]),
        ("claim", proof["claim"]),
        ("platform", f"Python {system['python']}, {system['system']}, {system['machine']}"),
        ("pages set by", pages),
        ("compute", f"{compute['device']}, {count(compute['threads'], 'thread')}, batches of {compute['batch']}"),
        ("deterministic", "yes" if compute["deterministic"] else "no"),
    ]
    rows += _origins(proof["chapters"])
    libraries = [f"{name} {version}" for name, version in sorted(proof["libraries"].items())]
    return (
        Table(
            name="provenance",
            caption="What this report was made from. The full evidence is attached to the PDF.",
            columns=(Column(title="what"), Column(title="value")),
            rows=tuple(rows),
        ),
        Table(
            name="libraries",
            caption="Versions of the libraries that the numbers and pictures come from.",
            columns=(Column(title="library"), Column(title="library"), Column(title="library")),
            rows=tuple(tuple([*libraries[k : k + 3], "", ""][:3]) for k in range(0, len(libraries), 3)),
        ),
    )


def _origins(chapters: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Digests of data and weights by chapter; of many chapters each digest once, as long as they are few."""
    if len(chapters) <= MANY:
        return [
            (f"{chapter['slug']}: {what}", chapter[what]["sha256"])
            for chapter in chapters
            for what in ("data", "weights")
        ]
    found = []
    for what in ("data", "weights"):
        digests = [chapter[what]["sha256"] for chapter in chapters]
        known = dict.fromkeys(digests)
        if len(known) <= MANY:
            found += [(f"{what} of {count(digests.count(digest), 'point')}", digest) for digest in known]
        else:
            found.append((what, f"{len(known)} digests, in the evidence"))
    return found


def printed(config: str) -> str:
    """The config as it is printed, each group on a line where it fits; of many points the first, the others being in
    the attached file."""
    whole = yaml.safe_load(config)
    further = len(whole["points"]) - 1
    shown = whole if further < MANY else {**whole, "points": whole["points"][:1]}
    node = yaml.compose(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True))
    _fit(node)
    text = yaml.serialize(node, allow_unicode=True, width=_LINE)
    return text if shown is whole else f"# and {further} further points; config.yaml, attached, holds all\n{text}"


_LINE = 100  # characters


def _fit(node: yaml.Node | None) -> None:
    """Puts on one line what fits there and lists of single values, which may be broken."""
    if not isinstance(node, yaml.CollectionNode):
        return
    parts = [part for child in node.value for part in (child if isinstance(child, tuple) else (child,))]
    node.flow_style = True
    length = len(yaml.serialize(node, allow_unicode=True, width=10 * _LINE))
    node.flow_style = length <= _LINE - _INDENT or all(isinstance(part, yaml.ScalarNode) for part in parts)
    if not node.flow_style:
        for part in parts:
            _fit(part)


_INDENT = 16  # characters before a group, with its name


def metric_rows(chapters: Sequence[tuple[str, Performance]]) -> list[dict[str, Any]]:
    """The measured quality of each model as plain data."""
    return [{"chapter": slug, **metric.model_dump(mode="json")} for slug, found in chapters for metric in found.metrics]


def check_rows(chapters: Sequence[tuple[str, Sequence[CheckResult]]]) -> list[dict[str, Any]]:
    """The verdicts as plain data."""
    return [
        {"chapter": slug, **check.model_dump(exclude={"per_sample", "details"})}
        for slug, checks in chapters
        for check in checks
    ]


def importance_rows(slug: str, method: str, importance: Importance) -> list[dict[str, Any]]:
    """One tidy row per feature."""
    order = (-importance.mean_absolute).argsort(kind="stable")
    rank = {int(feature): place for place, feature in enumerate(order, 1)}
    return [
        {
            "point": slug,
            "method": method,
            "target": importance.target,
            "input": importance.input,
            "feature": feature,
            "mean": float(importance.mean[k]),
            "mean_absolute": float(importance.mean_absolute[k]),
            "aggregate": importance.aggregate,
            "standard_error": float(importance.standard_error[k]),
            "count": int(importance.count[k]),
            "rank": rank[k],
        }
        for k, feature in enumerate(importance.features)
    ]
