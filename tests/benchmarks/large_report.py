"""A large report: 200 pictures, each explained by 3 methods, as PDF and HTML. Seconds and megabytes, per page too, and
the peak memory of the process that renders it.

`python tests/benchmarks/large_report.py [SAMPLES [SIDE]]` measures one size only.
"""

import io
import json
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np

from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.document.chapter import figures, limits
from exhibit.tasks.document.compose import compose
from exhibit.tasks.document.press import Job, Pages, press
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.evidence.evidence import environment
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.explanation import Importance, Summary
from exhibit.tasks.records.material import Maps, Material, MethodMaterial
from exhibit.tasks.records.model import Performance
from exhibit.tasks.records.verdict import CheckResult

METHODS, CLASSES = ("first", "second", "third"), ("cat", "dog", "fox", "owl")
_EVIDENCE = {
    "content": "0" * 64,
    "source": "0" * 64,
    "claim": "none: this is a measurement",
    "platform": environment(),
    "typesetting": {},
    "compute": {"device": "cpu", "threads": 2, "batch": 64, "deterministic": True},
    "chapters": [],
    "libraries": {"numpy": np.__version__},
}


def pictures(samples: int, side: int) -> Array:
    """(samples, side, side, 3) in 0..255: smooth colours with some grain, so that they compress like photographs."""
    rng = np.random.default_rng(0)
    coarse = rng.uniform(0, 255, (samples, 8, 8, 3))
    grown = coarse.repeat(-(-side // 8), axis=1).repeat(-(-side // 8), axis=2)[:, :side, :side]
    return np.clip(grown + rng.normal(0, 6, grown.shape), 0, 255).round()


def method(label: str, seed: int, samples: int, side: int) -> MethodMaterial:
    """What a method says: noise that is strongest in the middle."""
    rng = np.random.default_rng(seed)
    bump = np.exp(-(np.linspace(-2, 2, side) ** 2))
    values = (rng.normal(size=(samples, side, side, 1)) * np.outer(bump, bump)[..., None]).astype(np.float32)
    column = values.sum(axis=(1, 2), dtype=np.float64)
    one = np.ones(1)
    importance = Importance(
        input="image", target="predicted", features=("all",), mean=one, mean_absolute=one, mean_square=one,
        standard_error=one, count=np.array([samples]), aggregate="raw",
    )  # fmt: skip
    check = CheckResult(
        check="completeness", method=label, verdict="pass", required=True, value=0.001, sentence="All of them add up."
    )
    return MethodMaterial(
        label=label, title=label.capitalize(), formula="<i>a</i>", citation="Nobody (2026).", additive=True,
        aggregate="raw", parameters={}, departure="", baseline="A black image.", place="the input of the net",
        unit="logit", values={"image": values}, mask={}, prediction=column, base_value=0 * column,
        residual=0 * column, steps=(0, 0, 0), converged=1.0, summary=Summary(importances=(importance,)),
        checks=(check,), maps={"image": Maps(values=values, unit="logit")},
    )  # fmt: skip


def material(samples: int, side: int, overlay: float) -> Material:
    """A chapter about `samples` pictures of `side` pixels."""
    rng = np.random.default_rng(1)
    labels = rng.integers(len(CLASSES), size=samples)
    outputs = rng.normal(size=(samples, len(CLASSES)))
    dataset = Dataset(
        title="Pictures", description="Made for a measurement.", source="a random generator", task="classification",
        inputs=(Input(name="image", kind="image", values=pictures(samples, side), bounds=(0.0, 255.0)),),
        sample_ids=np.array([f"picture {k}" for k in range(samples)]), labels=labels,
        split=np.full(samples, "test"), classes=CLASSES, label_name="animal",
    )  # fmt: skip
    return Material(
        slug="pictures", title="Pictures", data_kind="cnn", dataset=dataset, labels=labels, outputs=outputs,
        split=dataset.split, explained=samples, explained_split="test rows", selection_reason="All of them.",
        shown=np.arange(samples), targets=outputs.argmax(axis=1)[:, None], target_names=("predicted",),
        score="logit", score_unit="logit", framework="none", architecture="No net.", parameters=0, training="",
        probabilities=np.full((samples, len(CLASSES)), 0.25), history={},
        performance=Performance(metrics=()), reference=None, top_k=None, overlay=overlay,
        methods=tuple(method(label, seed, samples, side) for seed, label in enumerate(METHODS)),
    )  # fmt: skip


def job(samples: int, side: int, overlay: float = 0.0) -> Job:
    """Everything that the rendering process is given."""
    chapter = material(samples, side, overlay)
    scales = limits((chapter,))
    return Job(
        document=compose([chapter], "A large report", {"completeness": CHECK_WORDS["completeness"]}),
        drawings=tuple(draw(figure) for figure in figures(chapter, scales)),
        attached={"evidence.json": json.dumps(_EVIDENCE).encode(), "config.yaml": b"points: [{label: animals}]\n"},
        issued="2026-11-21T00:00:00Z",
    )


def measured(samples: int, side: int, overlay: float = 0.0) -> dict[str, float]:
    """Renders one; numbers by their names."""
    import pikepdf

    given = job(samples, side, overlay)
    start = time.perf_counter()
    pages: Pages = press(given)
    seconds = time.perf_counter() - start
    with pikepdf.open(io.BytesIO(pages.pdf)) as pdf:
        count = len(pdf.pages)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "pages": count,
        "seconds": seconds,
        "seconds per page": seconds / count,
        "seconds of processor per page": (used.ru_utime + used.ru_stime) / count,
        "PDF, MB": len(pages.pdf) / 1e6,
        "HTML, MB": len(pages.html) / 1e6,
        "peak memory of the rendering process, MB": used.ru_maxrss / 1024,
    }


def apart(samples: int, side: int, overlay: float = 0.0) -> dict[str, Any]:
    """The same in a process of its own: a peak never goes down."""
    command = [sys.executable, "-m", __name__ if __name__ != "__main__" else "tests.benchmarks.large_report"]
    given = [str(samples), str(side), str(overlay)]
    done = subprocess.run([*command, *given], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def main() -> None:
    from tests.benchmarks.side_by_side import report

    for samples, side, overlay in ((200, 8, 0.0), (200, 96, 0.8), (200, 224, 0.8)):
        title = f"A report of {samples} pictures of {side}x{side}, {len(METHODS)} methods"
        report(title, apart(samples, side, overlay), {})


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sizes = [float(word) for word in sys.argv[1:]]
        sys.stdout.write(json.dumps(measured(int(sizes[0]), int(sizes[1]), *sizes[2:])))
    else:
        main()
