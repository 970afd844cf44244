"""The stages of a report, over what the stages of its points left in the store."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from exhibit.tasks.checks import QUESTIONS
from exhibit.tasks.document.changed import Changed
from exhibit.tasks.document.compared import Comparison
from exhibit.tasks.document.evidence import (
    chapter_evidence,
    check_rows,
    environment,
    evidence,
    evidence_file,
    importance_rows,
    metric_rows,
    pretty,
)
from exhibit.tasks.document.index import write_index
from exhibit.tasks.document.layout import whole_tables
from exhibit.tasks.document.material import Material
from exhibit.tasks.document.pdf import typesetting
from exhibit.tasks.document.press import Job, parts, press
from exhibit.tasks.document.schema import LocalEvidence
from exhibit.tasks.document.seal import (
    figure_files,
    whole_or_not,
    write_attributions,
    write_files,
    write_manifest,
    writing,
)
from exhibit.tasks.fingerprint import fingerprint
from exhibit.tasks.methods.aggregate import flat_arrays
from exhibit.tasks.parquet import parquet
from exhibit.tasks.protocols import Compute, Progress, silent
from exhibit.tasks.records.base import Record
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.figure import Drawing
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.packing import canonical_json, npz, pack
from exhibit.tasks.records.page import Chapter, Document, Failure, Paper
from exhibit.tasks.stages import Done, keyed, read, run_stage
from exhibit.tasks.store import Digest, Store, digest_of

TEMPLATES = Path(__file__).parents[1] / "templates"
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


class Drawings(Record):
    """All drawn figures of a chapter."""

    items: tuple[Drawing, ...]


def scale(store: Store, materials: Sequence[Digest]) -> Done:
    """Output "scales": one limit per unit of measure over everything that is drawn."""
    from exhibit.tasks.document.chapter import limits

    def run() -> dict[str, bytes]:
        return {"scales": canonical_json(limits(tuple(read(store, Material, digest) for digest in materials)))}

    return run_stage(store, scale, {}, {"materials": list(materials)}, [limits.__module__], run)


def draw(store: Store, material: Digest, scales: Digest, progress: Progress = silent) -> Done:
    """Output "drawings" of a chapter."""
    from exhibit.tasks.document.chapter import figures
    from exhibit.tasks.drawing import draw as draw_figure

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


def compose(
    store: Store,
    title: str | None,
    materials: Sequence[Digest],
    models: int,
    own: Sequence[str],
    comparisons: Sequence[Digest],
    changes: Digest | None,
    failures: Sequence[Failure] = (),
) -> Done:
    """Output "document". `models`: how many there are; `own`: slugs of the points with chapters of their own."""
    from exhibit.tasks.document.compose import compose as written

    def run() -> dict[str, bytes]:
        return {
            "document": pack(
                written(
                    [read(store, Material, digest) for digest in materials],
                    title,
                    QUESTIONS,
                    models,
                    own,
                    [read(store, Comparison, digest) for digest in comparisons],
                    None if changes is None else read(store, Changed, changes),
                    failures,
                )
            )
        }

    inputs: dict[str, Digest | Sequence[Digest]] = {"materials": list(materials), "comparisons": list(comparisons)}
    return run_stage(
        store,
        compose,
        {
            "title": title,
            "questions": QUESTIONS,
            "models": models,
            "own": list(own),
            "failures": [item.model_dump() for item in failures],
        },
        inputs if changes is None else inputs | {"changes": changes},
        [written.__module__],
        run,
    )


def tabulate(store: Store, materials: Sequence[Digest]) -> Done:
    """Outputs "importances", "checks" and "metrics": tidy tables over all points; "checks_csv": the checks again, for
    whoever opens them in a spreadsheet."""

    def run() -> dict[str, bytes]:
        found = [read(store, Material, digest) for digest in materials]
        checks = check_rows([(item.slug, [c for method in item.methods for c in method.checks]) for item in found])
        return {
            "importances": parquet([row for item in found for row in _importance_rows(item)]),
            "checks": pretty(checks),
            "checks_csv": _checks_csv(checks),
            "metrics": pretty(metric_rows([(item.slug, item.performance) for item in found])),
        }

    return run_stage(
        store,
        tabulate,
        {},
        {"materials": list(materials)},
        [check_rows.__module__, parquet.__module__],
        run,
        [_importance_rows, _checks_csv],
    )


def attest(
    store: Store,
    config: Mapping[str, Any],
    issued: str,
    compute: Compute,
    chapters: Sequence[tuple[str, Sequence[Mapping[str, Any]]]],
    tables: Mapping[str, Digest],
    document: Digest,
    failures: Sequence[Failure],
    stages: Sequence[Done],
    local: Mapping[str, LocalEvidence],
    embedded: Mapping[str, Digest],
) -> Done:
    """Outputs "evidence", and what goes with it: "config", "constraints" and the `tables` that are attached, by name,
    and by file name the tables that `document` prints in part.

    `chapters`: slug, and for each of its stages what it was asked and gave. `stages`: all that the report rests on;
    their libraries and their code are the ones that the evidence names. `local`: what the config names outside the
    program; `embedded`: data and weights that are attached to the PDF too, by file name.
    """
    pressed = fingerprint([press.__module__]), {"libraries": parts(), "source": {}}
    source = _union([*(done.fingerprint for done in stages), *pressed])
    outside = {key: item.model_dump() for key, item in local.items()}
    pages = typesetting()
    failed = [item.model_dump() for item in failures]

    def run() -> dict[str, bytes]:
        versions = sorted(f"{name}=={version}" for name, version in source["libraries"].items())
        files = {
            "config": yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True).encode(),
            "constraints": "\n".join([*versions, ""]).encode(),
            **{name: store.get(digest) for name, digest in tables.items()},
            **whole_tables(read(store, Document, document)),
        }
        proof = evidence(
            config,
            issued,
            [_chapter_evidence(store, slug, stages) for slug, stages in chapters],
            keyed(compute),
            source,
            pages,
            outside,
            failed,
            {ATTACHED.get(name, name): data for name, data in files.items()}
            | {name: store.get(digest) for name, digest in embedded.items()},
        )
        return files | {"evidence": evidence_file(proof)}

    spec = {
        "config": json.dumps(config),  # with its order
        "issued": issued,
        "compute": keyed(compute),
        "chapters": [list(chapter) for chapter in chapters],
        "platform": environment(),
        "typesetting": pages,
        "fingerprint": source,
        "local": outside,
        "failed": failed,
        "embedded": dict(embedded),
    }
    inputs: dict[str, Digest | Sequence[Digest]] = {**tables, "document": document}
    modules = [evidence.__module__, whole_tables.__module__]
    return run_stage(store, attest, spec, inputs, modules, run, [_chapter_evidence])


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


def _checks_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    columns = ["chapter", "check", "method", "verdict", "required", "value", "threshold", "sentence"]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


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
    fitted: Mapping[str, tuple[Digest, Digest | None]],
    overrides: Sequence[str],
    manifest: Mapping[str, Any],
) -> None:
    """Writes the run: every file, and the manifest last. `attributions`: shards by
    "chapter/label". `fitted`: by chapter the dataset, and the weights where they are to be left too. `written`: the
    document. The directory is there when it is whole, not before."""
    files = {
        "report.html": store.get(rendered["html"]),
        "report.pdf": store.get(rendered["pdf"]),
        **{
            file: store.get(attested[name])
            for name, file in ATTACHED.items()
            if name in attested.outputs.keys() - _PDF_ALONE
        },
        "overrides.txt": "".join(f"{item}\n" for item in overrides).encode(),
    }
    for slug, (dataset, weights) in fitted.items():
        files |= fitted_files(f"fitted/{slug}", store, dataset, weights)
    files |= {f"tables/{name}": store.get(digest) for name, digest in attested.outputs.items() if name not in ATTACHED}
    document = read(store, Document, written)
    items = {item.figure.name: item for digest in drawings for item in read(store, Drawings, digest).items}
    files |= figure_files(items.values())
    front = [_on_page_one(chapter, items) for chapter in document.chapters if chapter.teaser]
    with writing(directory.parent), whole_or_not(directory) as folder:
        write_files(folder, files)
        for name, shards in attributions.items():
            write_attributions(
                folder / "attributions" / f"{name}.npz",
                lambda shards=shards: (flat_arrays(read(store, Attribution, digest)) for digest in shards),  # type: ignore[misc]
            )
        write_manifest(folder, {**manifest, "title": document.title, "chapters": front})


def list_runs(runs: Path) -> None:
    """Writes the list of all runs: a page of its own, that no report needs."""
    with writing(runs):
        write_index(runs)


def _on_page_one(chapter: Chapter, items: Mapping[str, Drawing]) -> dict[str, Any]:
    """A chapter as page one shows it."""
    assert chapter.teaser is not None, "only such chapters are on page one"
    pictures = [name for name in figure_files([items[chapter.teaser.figure]]) if "-scale" not in name]
    return {"title": chapter.title, "sentence": chapter.teaser.sentence, "pictures": pictures[:3]}


def fitted_files(folder: str, store: Store, dataset: Digest, weights: Digest | None) -> dict[str, bytes]:
    """What rows to come can be explained with: the scheme that they are read by where the data has one, and the weights
    as arrays by name, as model.weights takes them."""
    found = {}
    if scheme := read(store, Dataset, dataset).scheme:
        found[f"{folder}/scheme.json"] = pretty(scheme)
    if weights is not None and (arrays := read(store, Weights, weights).arrays):
        found[f"{folder}/weights.npz"] = npz(arrays)
    return found
