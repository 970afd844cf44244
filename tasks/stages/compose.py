"""The stage `compose`: the document as data."""

from collections.abc import Mapping, Sequence

from exhibit.tasks.records.changed import Changed
from exhibit.tasks.records.compared import Comparison
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.packing import pack
from exhibit.tasks.records.page import Failure
from exhibit.tasks.records.verdict import CheckWords
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store


def compose(
    store: Store,
    title: str | None,
    checks: Mapping[str, CheckWords],
    materials: Sequence[Digest],
    models: int,
    own: Sequence[str],
    comparisons: Sequence[Digest],
    changes: Digest | None,
    failures: Sequence[Failure] = (),
) -> FinishedStage:
    """Output "document". `checks`: every one that a reader may expect, by name; `models`: how many there are; `own`:
    slugs of the points with chapters of their own."""
    from exhibit.tasks.document.compose import compose as written

    def run() -> dict[str, bytes]:
        return {
            "document": pack(
                written(
                    [read(store, Material, digest) for digest in materials],
                    title,
                    checks,
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
            "checks": {name: words.model_dump() for name, words in checks.items()},
            "models": models,
            "own": list(own),
            "failures": [item.model_dump() for item in failures],
        },
        inputs if changes is None else inputs | {"changes": changes},
        run,
    )
