"""The last step: the run directory, with its manifest written last."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from exhibit.tasks.document.index import write_index
from exhibit.tasks.document.press import attachment_description
from exhibit.tasks.evidence.attached import ATTACHED, PDF_ALONE
from exhibit.tasks.evidence.crate import CRATE, crate
from exhibit.tasks.evidence.pretty_json import pretty
from exhibit.tasks.evidence.seal import (
    figure_files,
    filled_or_removed,
    lock_runs,
    write_attributions,
    write_files,
    write_manifest,
)
from exhibit.tasks.methods.aggregate import flat_arrays
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.figure import Drawing, Drawings
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.packing import npz
from exhibit.tasks.records.page import Chapter, Document
from exhibit.tasks.records.shown import escaped
from exhibit.tasks.stages.stage import FinishedStage, read
from exhibit.tasks.store import Digest, Store


def seal(
    store: Store,
    directory: Path,
    written: Digest,
    rendered: FinishedStage,
    attested: FinishedStage,
    drawings: Sequence[Digest],
    attributions: Mapping[str, Sequence[Digest]],
    fitted: Mapping[str, tuple[Digest, Digest | None]],
    overrides: Sequence[str],
    manifest: Mapping[str, Any],
    issued: str,
) -> None:
    """Writes the run: every file, and the manifest last. `attributions`: shards by
    "chapter/label". `fitted`: by chapter the dataset, and the weights where they are to be left too. `written`: the
    document; `issued`: its date. The directory is there when it is whole, not before."""
    files = {
        "report.html": store.get(rendered["html"]),
        "report.pdf": store.get(rendered["pdf"]),
        **{
            file: store.get(attested[name])
            for name, file in ATTACHED.items()
            if name in attested.outputs.keys() - PDF_ALONE
        },
        "overrides.txt": "".join(f"{escaped(item)}\n" for item in overrides).encode(),
    }
    for slug, (dataset, weights) in fitted.items():
        files |= fitted_files(f"fitted/{slug}", store, dataset, weights)
    files |= {f"tables/{name}": store.get(digest) for name, digest in attested.outputs.items() if name not in ATTACHED}
    document = read(store, Document, written)
    items = {item.figure.name: item for digest in drawings for item in read(store, Drawings, digest).items}
    files |= figure_files(items.values())
    front = [_on_page_one(chapter, items) for chapter in document.chapters if chapter.teaser]
    with lock_runs(directory.parent), filled_or_removed(directory) as folder:
        write_files(folder, files)
        for name, shards in attributions.items():
            write_attributions(
                folder / "attributions" / f"{name}.npz",
                lambda shards=shards: (flat_arrays(read(store, Attribution, digest)) for digest in shards),  # type: ignore[misc]
            )
        facts = {**manifest, "title": document.title, "chapters": front}
        about = {name: attachment_description(name) for name in files if name in ATTACHED.values()}
        (folder / CRATE).write_bytes(crate(folder, facts, issued, version("exhibit"), about))
        write_manifest(folder, facts)


def list_runs(runs: Path, language: str) -> None:
    """Writes the list of all runs: a page of its own, that no report needs, in the `language` of the newest."""
    with lock_runs(runs):
        write_index(runs, language)


def _on_page_one(chapter: Chapter, items: Mapping[str, Drawing]) -> dict[str, Any]:
    """A chapter as page one shows it."""
    assert chapter.teaser is not None, "only such chapters are on page one"
    pictures = [name for name in figure_files([items[chapter.teaser.figure]]) if "-scale" not in name]
    return {"title": chapter.title, "sentence": chapter.teaser.sentence, "pictures": pictures[:3]}


def fitted_files(folder: str, store: Store, dataset: Digest, weights: Digest | None) -> dict[str, bytes]:
    """What rows to come can be explained with: the scheme that they are read by where the data has one, and the weights
    as arrays by name, as model.weights takes them."""
    files = {}
    if scheme := read(store, Dataset, dataset).scheme:
        files[f"{folder}/scheme.json"] = pretty(scheme)
    if weights is not None and (arrays := read(store, Weights, weights).arrays):
        files[f"{folder}/weights.npz"] = npz(arrays)
    return files
