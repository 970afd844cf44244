"""Folders of pictures that do not fit into memory: they are read when they are used, and never all at once."""

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from exhibit.tasks.data.folder import ImageFolderSpec
from exhibit.tasks.data.photos import PHOTOGRAPHS, photograph_of
from exhibit.tasks.data.select import SelectionSpec, TargetSpec
from exhibit.tasks.methods.gradient import VanillaGradSpec
from exhibit.tasks.models.zoo.torch_cnn import TorchCNNSpec
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.stages.attribute import attribute
from exhibit.tasks.stages.fit import fit
from exhibit.tasks.stages.load import load, samples_beside
from exhibit.tasks.stages.predict import predict
from exhibit.tasks.stages.select import select
from exhibit.tasks.stages.stage import read
from exhibit.tasks.store import Store
from tests.conftest import ISSUED, Project

SIDE = 64
DECODED = SIDE * SIDE * 3 * 4  # bytes of one picture as numbers


def folder(root: Path, count: int) -> Path:
    """`count` different pieces of real photographs in three classes, a tenth of them held out."""
    photographs = [photograph_of(name) for name in PHOTOGRAPHS[:3]]
    for number in range(count):
        label, place = number % 3, number // 3
        part = "training" if place % 10 else "validation"
        (where := root / part / PHOTOGRAPHS[label]).mkdir(parents=True, exist_ok=True)
        top, left = 4 * (place // 50), 5 * (place % 50)
        piece = np.roll(photographs[label], (-top, -left), axis=(0, 1))[:SIDE, :SIDE]
        Image.fromarray(piece).save(where / f"{place:05}.jpg")
    return root


def explain(store: Store, data: ImageFolderSpec) -> None:
    """Every stage that sees the data: all rows are predicted, the first four explained."""
    model, compute, target = TorchCNNSpec(epochs=1, batch_size=4), Compute(batch=4), TargetSpec()
    loaded = load(store, data)["dataset"]
    weights = fit(store, model, compute, loaded)["weights"]
    predicted = predict(store, model, compute, loaded, weights)["prediction"]
    selected = select(store, SelectionSpec(), target, loaded, predicted)["explained"]
    attribute(store, VanillaGradSpec(), model, target, compute, loaded, weights, selected, 0, 4)


def test_three_times_as_many_pictures_take_no_more_memory(tmp_path: Path) -> None:
    """From loading to explaining, what is allocated at most does not grow with the data."""
    peaks = {}
    for count in (6, 40, 120):
        data = ImageFolderSpec(path=folder(tmp_path / f"{count}", count), size=SIDE)
        explain(Store(tmp_path / f"store of {count}"), data)
        peaks[count] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        tracemalloc.start()  # after the first round: what is loaded once is not counted
    tracemalloc.stop()
    assert peaks[40] > DECODED
    assert peaks[120] - peaks[40] < (120 - 40) * DECODED / 10


def test_a_damaged_picture_is_read_again(tmp_path: Path) -> None:
    """It is found before it is used, though the record that names it is whole; what is not damaged is not touched."""
    data, store = ImageFolderSpec(path=folder(tmp_path / "pictures", 30), size=16), Store(tmp_path / "store")
    first = load(store, data)
    assert load(store, data).cached
    *_, name = read(store, Dataset, first["dataset"]).shelved
    whole = store.get(name)
    store.path(name).chmod(0o644)
    store.path(name).write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    again = load(store, data)
    assert (again.cached, again.outputs) == (False, first.outputs)
    assert store.get(name) == whole


def test_what_lies_beside_a_dataset_travels_with_it(tmp_path: Path) -> None:
    """In another store, from the two objects that a PDF carries, it is the same dataset, without a file."""
    data, store = ImageFolderSpec(path=folder(tmp_path / "pictures", 30), size=16), Store(tmp_path / "store")
    there = load(store, data)
    beside = samples_beside(store, there["dataset"])
    assert beside is not None
    other, gone = Store(tmp_path / "other"), data.model_copy(update={"path": tmp_path / "gone"})
    here = load(other, gone, (there.spec, store.get(there["dataset"])), store.get(beside))
    assert here.outputs == there.outputs
    arrays = [read(place, Dataset, here["dataset"]).arrays["image"] for place in (store, other)]
    assert np.array_equal(*arrays)


@pytest.mark.alone
@pytest.mark.slow(65)
def test_six_thousand_pictures_take_hardly_more_memory_than_a_hundred(
    tmp_path: Path, new_project: Callable[[], Project]
) -> None:
    """A report in a process of its own, without paper, which would hide what the rest takes: training, prediction of
    all, explanation of a few."""
    program = new_project().without_paper().root
    environment = os.environ | {"PYTHONPATH": str(program / "src")}
    peaks = {}
    for count in (130, 6_000):
        place = folder(tmp_path / f"{count}", count)
        words = [
            "report", "data=image_folder", f"data.path={place}", f"data.size={SIDE}", "model=small_vgg",
            "model.filters=[4,8]", "model.epochs=1", "method=[gradient_shap,vanilla_grad]",
            "method.gradient_shap.nsamples=4", "selection=wrong_and_right", "selection.limit=4", "check=[agreement]",
            f"paths.runs={tmp_path / 'runs'}", f"paths.store={tmp_path / 'store'}", "runner=inline", ISSUED,
        ]  # fmt: skip
        process = subprocess.Popen([sys.executable, "-m", "exhibit", *words], cwd=program, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        peaks[count] = 1024 * usage.ru_maxrss
    assert peaks[6_000] - peaks[130] < 6_000 * DECODED / 10
