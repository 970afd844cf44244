"""The studies on the articles' own data and architectures, end to end on miniatures of the data in its true format.

The nets have random weights, so that nothing is downloaded; what they say is not looked at, how it is said is.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from exhibit.tasks.data.photos import PHOTOGRAPHS, photograph_of
from tests.conftest import ISSUED, ROOT, Run
from tests.torchvision_stub import torchvision

# torchvision is used beside the CPU build of torch, so its operators are declared first.
_WITH_TORCHVISION = (
    "import sys, tests.torchvision_stub as stub; stub.torchvision(); "
    "from exhibit.flows.cli import main; sys.exit(main())"
)


def picture(path: Path, number: int, side: int = 120) -> None:
    """A piece of a real photograph."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = Image.fromarray(photograph_of(PHOTOGRAPHS[number % len(PHOTOGRAPHS)]))
    whole.crop((number, number, number + side + 20, number + side)).save(path)


def monkeys(root: Path) -> list[str]:
    for label in range(10):
        for part, count in (("training", 2), ("validation", 1)):
            for number in range(count):
                picture(root / "monkeys" / part / part / f"n{label}" / f"n{label}{number}00.jpg", label + 10 * number)
    return [f"data.path={root / 'monkeys'}", "model.base=null", "model.epochs=1", *_NSAMPLES]


_METHODS = ("block4_conv1", "block5_conv1", "background_5", "background_80")
_NSAMPLES = [f"method.gradient_shap_{name}.{key}=2" for name in _METHODS for key in ("nsamples", "batch_size")]
_NSAMPLES += [f"method.gradient_shap_{name}.background=2" for name in _METHODS[:2]]


def food101(root: Path) -> list[str]:
    torchvision()
    of_the_article = ["onion_rings", "pork_chop", "ravioli", "samosa"]
    dishes = [f"dish_{number:03}" for number in range(97)] + of_the_article
    names = [f"{dish}/{1000 + number}" for dish in sorted(dishes) for number in range(2)]
    names += [f"{dish}/1010" for dish in of_the_article]  # of two training pictures one validates
    for number, name in enumerate(names):
        picture(root / "food-101" / "images" / f"{name}.jpg", number % 50)
    meta = root / "food-101" / "meta"
    meta.mkdir()
    (meta / "classes.txt").write_text("\n".join(sorted(dishes)))
    for split, last in (("train", "0"), ("test", "1")):
        (meta / f"{split}.txt").write_text("\n".join(name for name in names if name.endswith(last)))
    few = ["data.validation_share=0.5", "data.test_per_class=1", "data.test_index=[0]", "model.base=null"]
    return [f"data.path={root}", *few, "model.epochs=1", "method.partition_shap_published.max_evals=20"]


def elephant(root: Path) -> list[str]:
    picture(root / "elephant.png", 3, 320)
    steps = [f"method.{name}.n_steps=2" for name in ("integrated_gradients_black", "expected_gradients_uniform")]
    return [f"data.paths=[{root / 'elephant.png'}]", "model.weights=null", *steps]


def vgg16_saliency(root: Path) -> list[str]:
    for number in range(3):
        picture(root / f"{number}.jpg", number, 250)
    draws = [f"method.{name}_abs.sampling.nt_samples=2" for name in ("smooth_grad", "bayes_grad", "smooth_bayes_grad")]
    paths = ",".join(str(root / f"{number}.jpg") for number in range(3))
    return [f"data.paths=[{paths}]", "model.weights=null", *draws]


# One of them here; `REPRODUCE=all` asks for every one.
ORIGINALS = [elephant, *([monkeys, food101, vgg16_saliency] if os.environ.get("REPRODUCE") == "all" else [])]


@pytest.mark.alone
@pytest.mark.slow(75)
@pytest.mark.parametrize("make", ORIGINALS, ids=lambda make: make.__name__)
def test_an_original_runs_from_its_files_to_the_report(make: Callable[[Path], list[str]], tmp_path: Path) -> None:
    paths = [
        f"paths.runs={tmp_path / 'runs'}",
        f"paths.store={tmp_path / 'store'}",
        "compute.batch=4",
        "selection.limit=2",
    ]
    words = [f"study={make.__name__}", *make(tmp_path), *paths, "runner=inline", "selection.show=2", ISSUED]
    done = subprocess.run(
        [sys.executable, "-c", _WITH_TORCHVISION, "report", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    run = Run(done.returncode, done.stdout, done.stderr)
    assert (run.directory / "report.pdf").read_bytes().startswith(b"%PDF")
    assert (
        "random weights" in (run.directory / "report.html").read_text()
        or "weights are random" in (run.directory / "report.html").read_text()
    )
