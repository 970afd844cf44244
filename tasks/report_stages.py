"""The stages of a report, over what the stages of its points left in the store."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tasks.checks import QUESTIONS
from tasks.document.evidence import (
    chapter_evidence,
    check_rows,
    environment,
    evidence,
    importance_rows,
    pretty,
)
from tasks.document.index import write_index
from tasks.document.layout import whole_tables
from tasks.document.material import Material
from tasks.document.press import Job, press
from tasks.document.schema import LocalEvidence
from tasks.document.seal import (
    figure_files,
    whole_or_not,
    write_attributions,
    write_files,
    write_manifest,
    writing,
)
from tasks.fingerprint import fingerprint
from tasks.methods.aggregate import flat_arrays
from tasks.protocols import Compute, Progress, silent
from tasks.records import (
    Attribution,
    Dataset,
    Document,
    Drawing,
    Paper,
    Record,
    Weights,
    canonical_json,
    pack,
)
from tasks.stages import Done, keyed, read, run_stage
from tasks.store import Digest, Store, digest_of

TEMPLATES = Path(__file__).parents[1] / "templates"
ATTACHED = {  # outputs of `attest` as the files that are attached to the PDF
    "evidence": "evidence.json",
    "config": "config.yaml",
    "checks": "checks.json",
    "importances": "importances.parquet",
    "constraints": "constraints.txt",
}


def attached(attested: Done) -> dict[str, Digest]:
    """What is attached to the PDF by file name: the above, and the tables that are printed in part."""
    return {ATTACHED.get(output, output): digest for output, digest in attested.outputs.items()}


class Drawings(Record):
    """All drawn figures of a chapter."""

    items: tuple[Drawing, ...]


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
    document: Digest,
    stages: Sequence[Done],
    local: Mapping[str, LocalEvidence],
    embedded: Mapping[str, Digest],
) -> Done:
    """Outputs "evidence", and what goes with it: "config", "checks", "importances" and "constraints", and by file name
    the tables that `document` prints in part.

    `chapters`: slug, and for each of its stages what it was asked and gave. `stages`: all that the report rests on;
    their libraries and their code are the ones that the evidence names. `local`: what the config names outside the
    program; `embedded`: data and weights that are attached to the PDF too, by file name.
    """
    source = _union([*(done.fingerprint for done in stages), fingerprint([press.__module__])])
    outside = {key: item.model_dump() for key, item in local.items()}

    def run() -> dict[str, bytes]:
        found = [read(store, Material, digest) for digest in materials]
        checks = check_rows([(item.slug, [c for method in item.methods for c in method.checks]) for item in found])
        versions = sorted(f"{name}=={version}" for name, version in source["libraries"].items())
        files = {
            "config": yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True).encode(),
            "checks": pretty(checks),
            "importances": _parquet([row for item in found for row in _importance_rows(item)]),
            "constraints": "\n".join([*versions, ""]).encode(),
            **whole_tables(read(store, Document, document)),
        }
        proof = evidence(
            config,
            issued,
            [_chapter_evidence(store, slug, stages) for slug, stages in chapters],
            keyed(compute),
            source,
            outside,
            {ATTACHED.get(name, name): data for name, data in files.items()}
            | {name: store.get(digest) for name, digest in embedded.items()},
        )
        return files | {"evidence": pretty(proof)}

    spec = {
        "config": config,
        "issued": issued,
        "compute": keyed(compute),
        "chapters": [list(chapter) for chapter in chapters],
        "platform": environment(),
        "fingerprint": source,
        "local": outside,
        "embedded": dict(embedded),
    }
    helpers: list[Callable[..., Any]] = [_chapter_evidence, _importance_rows, _parquet]
    return run_stage(
        store,
        attest,
        spec,
        {"materials": list(materials), "document": document},
        [evidence.__module__, whole_tables.__module__],
        run,
        helpers,
    )


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
    paper: Paper,
    document: Digest,
    drawings: Sequence[Digest],
    attached: Mapping[str, Digest],
    progress: Progress = silent,
) -> Done:
    """Outputs "html" and "pdf". `attached`: what goes into the PDF by file name, the evidence among it."""
    templates = {str(path.relative_to(TEMPLATES)): path.read_bytes() for path in sorted(TEMPLATES.rglob("*.*"))}
    templates = {name: data for name, data in templates.items() if not name.startswith("index")}  # of another page

    def run() -> dict[str, bytes]:
        pictures = [item for digest in drawings for item in read(store, Drawings, digest).items]
        job = Job(
            document=read(store, Document, document),
            drawings=tuple(pictures),
            attached={name: store.get(digest) for name, digest in attached.items()},
            issued=issued,
            paper=paper,
        )
        pages = press(job)
        progress(1, 1)
        return {"html": pages.html, "pdf": pages.pdf}

    return run_stage(
        store,
        render,
        {"issued": issued, "paper": paper, "templates": {name: digest_of(data) for name, data in templates.items()}},
        {"document": document, "drawings": list(drawings), **attached},
        [press.__module__],
        run,
    )


def seal(
    store: Store,
    directory: Path,
    written: Digest,
    rendered: Done,
    attested: Done,
    drawings: Sequence[Digest],
    attributions: Mapping[str, Sequence[Digest]],
    overrides: Sequence[str],
    manifest: Mapping[str, Any],
) -> None:
    """Writes the run: every file, and the manifest last; then the list of all runs. `attributions`: shards by
    "chapter/label". `written`: the document. The directory is there when it is whole, not before."""
    files = {
        "report.html": store.get(rendered["html"]),
        "report.pdf": store.get(rendered["pdf"]),
        "evidence.json": store.get(attested["evidence"]),
        "config.yaml": store.get(attested["config"]),
        "checks.json": store.get(attested["checks"]),
        "importances.parquet": store.get(attested["importances"]),
        "overrides.txt": "".join(f"{item}\n" for item in overrides).encode(),
    }
    files |= {f"tables/{name}": store.get(digest) for name, digest in attested.outputs.items() if name not in ATTACHED}
    document = read(store, Document, written)
    front: list[dict[str, Any]] = []
    for digest, chapter in zip(drawings, document.chapters, strict=True):
        items = read(store, Drawings, digest).items
        files |= figure_files(items)
        teaser = [item for item in items if item.figure.name == chapter.teaser.figure]
        pictures = [name for name in figure_files(teaser) if "-scale" not in name]
        front.append({"title": chapter.title, "sentence": chapter.teaser.sentence, "pictures": pictures[:3]})
    with writing(directory.parent):
        with whole_or_not(directory) as folder:
            write_files(folder, files)
            for name, shards in attributions.items():
                write_attributions(
                    folder / "attributions" / f"{name}.npz",
                    lambda shards=shards: (flat_arrays(read(store, Attribution, digest)) for digest in shards),  # type: ignore[misc]
                )
            write_manifest(folder, {**manifest, "title": document.title, "chapters": front})
        write_index(directory.parent)
