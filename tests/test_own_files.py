"""Nothing is served of what a file of the user's held before it changed."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import exhibit
from exhibit.tasks.models.weights import digest

PROGRAM = """
import sys
from pathlib import Path
from exhibit.tasks.data.factory import DataFactorySpec
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.stages.load import load
from exhibit.tasks.stages.stage import run_stage
from exhibit.tasks.methods.factory import MethodFactorySpec
from exhibit.tasks.factory import load as function
from exhibit.tasks.store import Store

store, folder = Store(Path("store")), str(Path("apart").absolute())
data = DataFactorySpec(factory="own_files:rows", arguments={"folder": folder})
found = unpack(Dataset, store.get(load(store, data)["dataset"]), store)

method = MethodFactorySpec(factory="own_files:attribute", arguments={"folder": folder})
gave = lambda: {"out": str(function(method.factory, "method")(folder)).encode()}
done = run_stage(store, load, {"method": method}, {}, gave, [method])
print(found.inputs[0].values[0, 0], store.get(done["out"]).decode(), done.cached)
"""

MODULE = """
from pathlib import Path
import numpy as np

def rows(folder):
    values = np.load(Path(folder) / "rows.npy")
    inputs = {"table": {"values": values, "features": ["a", "b"]}}
    return {"inputs": inputs, "labels": values[:, 0], "task": "regression"}

def attribute(folder):
    return float(np.load(Path(folder) / "gain.npy")[0])
"""


def test_files_apart_from_a_module_are_read_again_by_another_process(tmp_path: Path) -> None:
    (tmp_path / "own_files.py").write_text(MODULE)
    (tmp_path / "apart").mkdir()

    def answer(rows: float, gain: float) -> list[str]:
        np.save(tmp_path / "apart" / "rows.npy", np.full((4, 2), rows) + np.arange(4.0)[:, None])
        np.save(tmp_path / "apart" / "gain.npy", [gain])
        known = {"PYTHONPATH": os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(tmp_path)])}
        asked = [sys.executable, "-W", "ignore", "-c", PROGRAM]
        env = os.environ | known | {"EXHIBIT_TRUSTED_MODULES": "own_files"}
        return subprocess.run(asked, cwd=tmp_path, env=env, check=True, capture_output=True, text=True).stdout.split()

    assert answer(1, 5) == ["1.0", "5.0", "False"]
    assert answer(2, 5) == ["2.0", "5.0", "True"]
    assert answer(2, 7) == ["2.0", "7.0", "False"]


def test_a_file_that_matters_for_late_rows_alone_is_read_again(tmp_path: Path) -> None:
    rows = np.zeros((80, 2))
    rows[70:] = 1.0

    def surcharge(values: np.ndarray) -> np.ndarray:
        return values[:, 1] + (values[:, 0] > 0) * np.load(tmp_path / "surcharge.npy")[0]

    for size in (1.0, 100.0):
        np.save(tmp_path / "surcharge.npy", [size])
        found = exhibit.explain(surcharge, rows, method="occlusion", check=[], store=tmp_path / "store")
        scores = found.scores
        assert scores.prediction.to_numpy() == pytest.approx(surcharge(rows)[scores["sample"]])


def test_a_model_that_was_changed_since_is_not_written(tmp_path: Path) -> None:
    weights = np.array([1.0, 2.0])
    rows = np.random.default_rng(0).normal(size=(20, 2))
    found = exhibit.explain(lambda values: values @ weights, rows, method="occlusion", check=[], store=tmp_path / "s")
    weights[0] = 50.0

    with pytest.raises(exhibit.InputError, match="has changed since it was explained"):
        found.write(tmp_path / "report")
    with pytest.raises(exhibit.InputError, match="has changed since it was explained"):
        found._repr_html_()
    assert not (tmp_path / "report").exists()


def test_weights_of_the_same_size_and_time_are_read_again(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(b"one")
    before, state = digest(path), path.stat()
    other = tmp_path / "other.bin"
    other.write_bytes(b"two")
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    other.replace(path)

    assert digest(path) != before
