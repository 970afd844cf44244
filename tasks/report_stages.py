"""The stages of a report, over what the stages of its points left in the store."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from tasks.checks import QUESTIONS
from tasks.data import DataSpec
from tasks.data.select import TargetSpec
from tasks.document.evidence import (
    chapter_evidence,
    check_rows,
    environment,
    evidence,
    importance_rows,
    pretty,
)
from tasks.document.material import Material, MethodMaterial
from tasks.document.press import Job, press
from tasks.document.seal import figure_files, write_attributions, write_files, write_manifest
from tasks.drawing import DrawingSpec
from tasks.fingerprint import fingerprint
from tasks.methods import MethodSpec
from tasks.methods.aggregate import flat_arrays
from tasks.models import ModelSpec
from tasks.protocols import Compute, Progress, silent
from tasks.records import (
    Attribution,
    CheckResult,
    Dataset,
    Document,
    Drawing,
    Performance,
    Prediction,
    Record,
    Reference,
    Selection,
    Summary,
    Weights,
    canonical_json,
    pack,
)
from tasks.stages import Done, Explained, keyed, module_of, read, run_stage
from tasks.store import Digest, Store, digest_of

TEMPLATES = Path(__file__).parents[1] / "templates"
_UNITS = {"logit": "logit", "probability": "probability", "loss": "nats"}


class Drawings(Record):
    """All drawn figures of a chapter."""

    items: tuple[Drawing, ...]


def gather(
    store: Store,
    slug: str,
    title: str | None,
    data: DataSpec,
    model: ModelSpec,
    target: TargetSpec,
    drawing: DrawingSpec,
    found: Mapping[str, Digest],
    explained: Sequence[Explained],
) -> Done:
    """Output "material": everything that a chapter shows, and no more of the data than that.

    `found`: digests of dataset, weights, prediction, performance, selection and, where there is one, reference.
    """
    from tasks.data.select import score_of

    def run() -> dict[str, bytes]:
        dataset, weights = read(store, Dataset, found["dataset"]), read(store, Weights, found["weights"])
        selection = read(store, Selection, found["selection"])
        shown = selection.explained[selection.shown]
        score = score_of(target, dataset)
        unit = _UNITS.get(score.kind) or dataset.label_unit or "units of the label"
        splits = sorted(set(dataset.split[selection.explained].tolist()))
        return {
            "material": pack(
                Material(
                    slug=slug,
                    title=title or dataset.title,
                    data_kind=model.kind,
                    dataset=dataset.take(shown),
                    labels=dataset.labels,
                    outputs=read(store, Prediction, found["prediction"]).outputs,
                    split=dataset.split,
                    explained=len(selection.explained),
                    explained_split=" and ".join(f"{split} rows" for split in splits),
                    selection_reason=selection.reason,
                    shown=shown,
                    targets=selection.targets[selection.shown],
                    target_names=selection.target_names,
                    score=score.kind,
                    score_unit=unit,
                    framework=model.framework,
                    architecture=model.architecture,
                    parameters=weights.parameters,
                    training=model.training,
                    history=weights.history,
                    performance=read(store, Performance, found["performance"]),
                    top_k=None if drawing.top_k == "all" else drawing.top_k,
                    reference=read(store, Reference, found["reference"]) if "reference" in found else None,
                    methods=tuple(_method(store, item, selection.shown, unit, dataset) for item in explained),
                )
            )
        }

    inputs = {
        **found,
        "shards": [digest for item in explained for _, _, digest in item.shards],
        "summaries": [item.summary for item in explained],
        "checks": [digest for item in explained for digest in item.checks],
    }
    spec = {
        "slug": slug,
        "title": title,
        "data": data,
        "model": model,
        "target": target,
        "drawing": drawing,
        "methods": [{"label": item.label, **item.method.model_dump(mode="json")} for item in explained],
    }
    modules = [
        module_of(model),
        *(module_of(item.method) for item in explained),
        "tasks.data.baselines",
        Material.__module__,
    ]
    return run_stage(
        store,
        gather,
        spec,
        inputs,
        modules,
        run,
        [_method, _parameters, _compared_with, _place, _unit, _steps, shown_attributions],
    )


def _method(store: Store, item: Explained, shown: np.ndarray, unit: str, dataset: Dataset) -> MethodMaterial:
    from tasks.methods.aggregate import aggregated

    method = item.method
    kinds = {entry.name: entry.kind for entry in dataset.inputs}
    part = shown_attributions(store, item, shown)
    steps, converged = _steps(store, item)
    return MethodMaterial(
        label=item.label,
        title=method.title,
        formula=method.formula,
        citation=method.citation,
        additive=method.additive,
        aggregate=method.aggregate,
        parameters=_parameters(method),
        departure=getattr(method, "departure", None) or "",
        baseline=_compared_with(method, dataset),
        place=_place(method),
        unit=_unit(method, unit),
        values={name: aggregated(part, name, kind, method.aggregate) for name, kind in kinds.items()},
        mask=part.mask,
        prediction=part.prediction,
        base_value=part.base_value,
        residual=part.residual,
        steps=steps,
        converged=converged,
        summary=read(store, Summary, item.summary),
        checks=tuple(read(store, CheckResult, digest) for digest in item.checks),
    )


def _parameters(method: MethodSpec) -> dict[str, str]:
    """What a reader wants to know of the config: not the kind, nor what is not used."""
    unused = {"kind"} | ({"at"} if getattr(method, "layer", None) is None else set())
    return {
        name: str(value) for name, value in method.model_dump(mode="json", exclude=unused, exclude_none=True).items()
    }


def _compared_with(method: MethodSpec, dataset: Dataset) -> str | None:
    """The baseline in words; only methods that compare with one have it."""
    from tasks.data.baselines import background, baseline

    if (rows := getattr(method, "background", None)) is not None:
        return background(rows, getattr(method, "seed", 0), dataset)[1]
    if (name := getattr(method, "baseline", None)) is None:
        return None
    return baseline(name, dataset, getattr(method, "layer", None))[1]


def _unit(method: MethodSpec, unit: str) -> str:
    """Of an element: a gradient is per unit of the input, what is multiplied with a difference is not."""
    slope = f"{unit} per unit of the input" if getattr(method, "factor", None) == "one" else unit
    return f"{slope}, squared" if method.aggregate == "square" else slope


def _place(method: MethodSpec) -> str:
    """Where the method looks, in words."""
    layer, at = getattr(method, "layer", None), getattr(method, "at", "output")
    return "the preprocessed input" if layer is None else f"the {at} of the layer {layer}"


def shown_attributions(store: Store, item: Explained, shown: np.ndarray) -> Attribution:
    """The attributions of the explained positions `shown`, in that order, from the shards that hold them."""
    rows: list[Attribution] = []
    for position in shown.tolist():
        start, _, digest = next(shard for shard in item.shards if shard[0] <= position < shard[1])
        rows.append(read(store, Attribution, digest).rows(slice(position - start, position - start + 1)))
    return Attribution.joined(rows)


def _steps(store: Store, item: Explained) -> tuple[tuple[int, int, int], float]:
    parts = [read(store, Attribution, digest) for _, _, digest in item.shards]
    steps = np.concatenate([part.steps.ravel() for part in parts])
    converged = np.concatenate([part.converged.ravel() for part in parts])
    return (int(steps.min()), int(np.median(steps)), int(steps.max())), float(converged.mean())


def scale(store: Store, materials: Sequence[Digest]) -> Done:
    """Output "scales": one limit per unit of measure over everything that is drawn."""
    from tasks.document.chapter import limits

    def run() -> dict[str, bytes]:
        return {"scales": canonical_json(limits(tuple(read(store, Material, digest) for digest in materials)))}

    return run_stage(store, scale, {}, {"materials": list(materials)}, [limits.__module__], run)


def draw(store: Store, material: Digest, scales: Digest, progress: Progress = silent) -> Done:
    """Output "drawings" of a chapter."""
    from tasks.document.chapter import figures
    from tasks.drawing import draw as draw_figure

    def run() -> dict[str, bytes]:
        wanted = figures(read(store, Material, material), json.loads(store.get(scales)))
        drawn = []
        for number, figure in enumerate(wanted, 1):
            drawn.append(draw_figure(figure))
            progress(number, len(wanted))
        return {"drawings": pack(Drawings(items=tuple(drawn)))}

    return run_stage(
        store,
        draw,
        {},
        {"material": material, "scales": scales},
        [figures.__module__, draw_figure.__module__],
        run,
    )


def compose(store: Store, title: str | None, materials: Sequence[Digest]) -> Done:
    """Output "document"."""
    from tasks.document.compose import compose as written

    def run() -> dict[str, bytes]:
        return {"document": pack(written([read(store, Material, digest) for digest in materials], title, QUESTIONS))}

    return run_stage(
        store,
        compose,
        {"title": title, "questions": QUESTIONS},
        {"materials": list(materials)},
        [written.__module__],
        run,
    )


def attest(
    store: Store,
    config: Mapping[str, Any],
    issued: str,
    compute: Compute,
    chapters: Sequence[tuple[str, Sequence[Mapping[str, Any]]]],
    materials: Sequence[Digest],
    stages: Sequence[Done],
) -> Done:
    """Outputs "evidence", and what goes with it: "config", "checks", "importances" and "constraints".

    `chapters`: slug, and for each of its stages what it was asked and gave. `stages`: all that the report rests on;
    their libraries and their code are the ones that the evidence names.
    """
    source = _union([*(done.fingerprint for done in stages), fingerprint([press.__module__])])

    def run() -> dict[str, bytes]:
        found = [read(store, Material, digest) for digest in materials]
        proof = evidence(
            config,
            issued,
            [_chapter_evidence(store, slug, stages) for slug, stages in chapters],
            keyed(compute),
            source,
        )
        checks = check_rows([(item.slug, [c for method in item.methods for c in method.checks]) for item in found])
        versions = sorted(f"{name}=={version}" for name, version in source["libraries"].items())
        return {
            "evidence": pretty(proof),
            "config": yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True).encode(),
            "checks": pretty(checks),
            "importances": _parquet([row for item in found for row in _importance_rows(item)]),
            "constraints": "\n".join([*versions, ""]).encode(),
        }

    spec = {
        "config": config,
        "issued": issued,
        "compute": keyed(compute),
        "chapters": [list(chapter) for chapter in chapters],
        "platform": environment(),
        "fingerprint": source,
    }
    helpers: list[Callable[..., Any]] = [_chapter_evidence, _importance_rows, _parquet]
    return run_stage(store, attest, spec, {"materials": list(materials)}, [evidence.__module__], run, helpers)


def _union(fingerprints: Sequence[Mapping[str, Mapping[str, str]]]) -> dict[str, dict[str, str]]:
    return {
        part: {name: found[part][name] for found in fingerprints for name in found[part]}
        for part in ("libraries", "source")
    }


def _chapter_evidence(store: Store, slug: str, stages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    outputs = {stage["stage"]: stage["outputs"] for stage in stages}
    dataset = read(store, Dataset, outputs["load"]["dataset"])
    weights = read(store, Weights, outputs["fit"]["weights"])
    return chapter_evidence(slug, dataset, weights, stages)


def _importance_rows(material: Material) -> list[dict[str, Any]]:
    return [
        row
        for method in material.methods
        for importance in method.summary.importances
        for row in importance_rows(material.slug, method.label, importance)
    ]


def _parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    import pandas as pd

    buffer = io.BytesIO()
    pd.DataFrame(rows).to_parquet(buffer, index=False)
    return buffer.getvalue()


def render(
    store: Store,
    issued: str,
    document: Digest,
    drawings: Sequence[Digest],
    attached: Mapping[str, Digest],
    progress: Progress = silent,
) -> Done:
    """Outputs "html" and "pdf". `attached`: what goes into the PDF by file name, the evidence among it."""
    templates = {str(path.relative_to(TEMPLATES)): path.read_bytes() for path in sorted(TEMPLATES.rglob("*.*"))}

    def run() -> dict[str, bytes]:
        pictures = [item for digest in drawings for item in read(store, Drawings, digest).items]
        job = Job(
            document=read(store, Document, document),
            drawings=tuple(pictures),
            attached={name: store.get(digest) for name, digest in attached.items()},
            issued=issued,
        )
        pages = press(job)
        progress(1, 1)
        return {"html": pages.html, "pdf": pages.pdf}

    return run_stage(
        store,
        render,
        {"issued": issued, "templates": {name: digest_of(data) for name, data in templates.items()}},
        {"document": document, "drawings": list(drawings), **attached},
        [press.__module__],
        run,
    )


def seal(
    store: Store,
    directory: Path,
    rendered: Done,
    attested: Done,
    drawings: Sequence[Digest],
    attributions: Mapping[str, Sequence[Digest]],
    overrides: Sequence[str],
    manifest: Mapping[str, Any],
) -> None:
    """Writes the run: every file, and the manifest last. `attributions`: shards by "chapter/label"."""
    files = {
        "report.html": store.get(rendered["html"]),
        "report.pdf": store.get(rendered["pdf"]),
        "evidence.json": store.get(attested["evidence"]),
        "config.yaml": store.get(attested["config"]),
        "checks.json": store.get(attested["checks"]),
        "importances.parquet": store.get(attested["importances"]),
        "overrides.txt": "".join(f"{item}\n" for item in overrides).encode(),
    }
    for digest in drawings:
        files |= figure_files(read(store, Drawings, digest).items)
    write_files(directory, files)
    for name, shards in attributions.items():
        write_attributions(
            directory / "attributions" / f"{name}.npz",
            lambda shards=shards: (flat_arrays(read(store, Attribution, digest)) for digest in shards),  # type: ignore[misc]
        )
    write_manifest(directory, manifest)
