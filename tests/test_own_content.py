"""What a factory gives is asked anew each time, and nothing is served of what it gave before."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from exhibit.tasks.data.table import IrisSpec
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.model import Prediction
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.stages.fit import fit
from exhibit.tasks.stages.load import load
from exhibit.tasks.stages.predict import predict
from exhibit.tasks.stages.stage import FinishedStage
from exhibit.tasks.store import Store

NAME = "own_content"
# The path is made when it runs, so that no reading of the source finds it.
SOURCE = """
import os
import numpy as np

GAIN = 1.0


def table():
    return np.load(os.path.join(os.environ["OWN_CONTENT"], "table" + ".npy"))


def net():
    import torch
    from torch import nn
    net = nn.Linear(4, 3)
    net.load_state_dict({"weight": torch.tensor(table()), "bias": torch.zeros(3)})
    return net


def attribute():
    import torch
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.table = table()
        def forward(self, x):
            return x @ torch.tensor(self.table.T) * GAIN
    return Net()


def forest():
    from sklearn.ensemble import RandomForestClassifier
    rows = np.arange(40.0).reshape(10, 4)
    return RandomForestClassifier(int(table()[0, 0]), random_state=0).fit(rows, np.arange(10) % 3)


def function():
    held = table()
    return lambda inputs: inputs["measurements"] @ held.T * GAIN


def keras_net():
    import keras
    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, use_bias=False)])
    net.set_weights([table().T])
    return net


def scaled():
    import torch
    class Net(torch.nn.Module):
        def forward(self, x):
            return x[:, :3] * float(os.environ["OWN_SCALE"])
    return Net()


def scaled_before():
    import torch
    torch.manual_seed(0)
    def preprocess(inputs):
        return {"x": inputs["measurements"] * np.float32(os.getenv("OWN_SCALE", "1"))}
    return torch.nn.Linear(4, 3), preprocess


def scaled_late():
    def predict(inputs):
        rows = inputs["measurements"]
        return rows[:, :3] * np.where(rows[:, 2:3] > 6, float(os.environ.get("OWN_SCALE", "1")), 1)
    return predict


def unsteady():
    return lambda inputs, seed=np.random.default_rng().random(): inputs["measurements"][:, :3] * seed


CALLS, SEEN = [], {}


def counting():
    held = table()
    def predict(inputs):
        CALLS.append(len(inputs["measurements"]))
        return inputs["measurements"] @ held.T * GAIN
    return predict


def counting_itself():
    held = table()
    def predict(inputs):
        predict.calls += 1
        return inputs["measurements"] @ held.T
    predict.calls = len(CALLS)
    CALLS.append(1)
    return predict


def caching():
    held = table()
    def predict(inputs):
        key = inputs["measurements"].tobytes()
        if key not in SEEN:
            SEEN[key] = inputs["measurements"] @ held.T
        return SEEN[key]
    SEEN.clear()
    SEEN[b""] = len(CALLS)
    CALLS.append(1)
    return predict


def timing():
    import time
    held, began = table(), time.perf_counter()
    def predict(inputs):
        assert time.perf_counter() >= began
        return inputs["measurements"] @ held.T
    return predict


def logging_itself():
    import io, logging
    log, held = logging.Logger("own"), table()
    log.addHandler(logging.StreamHandler(io.StringIO()))
    def predict(inputs):
        log.warning("asked for %d", len(inputs["measurements"]))
        return inputs["measurements"] @ held.T
    return predict


def dated_net():
    import time
    made = attribute()
    made.made_at = time.perf_counter()
    return made


def dated_estimator():
    import time
    made = forest()
    made.made_at_ = time.perf_counter()
    return made


def drifting():
    CALLS.append(1)
    return lambda inputs, drift=len(CALLS): inputs["measurements"] @ table().T + drift * inputs["measurements"][:, :3]
"""
Ask = Callable[..., tuple[FinishedStage, Array]]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_module: Callable[[str, str], None]) -> Path:
    """The folder of the module and of the file that it reads."""
    own_module(NAME, SOURCE)
    monkeypatch.setenv("OWN_CONTENT", str(tmp_path))
    np.save(tmp_path / "table.npy", np.full((3, 4), 2, np.float32))
    return tmp_path


@pytest.fixture
def ask(own: Path) -> Ask:
    """The fit and the outputs of a function of the module."""
    store, compute = Store(own / "store"), Compute(batch=32)

    def ask(function: str, files: tuple[Path, ...] = ()) -> tuple[FinishedStage, Array]:
        model = FactorySpec(factory=f"{NAME}:{function}", files=files)
        data = load(store, IrisSpec(reference=None))["dataset"]
        fitted = fit(store, model, compute, data, silent)
        done = predict(store, model, compute, data, fitted["weights"])
        return fitted, unpack(Prediction, store.get(done["prediction"])).outputs

    return ask


@pytest.mark.parametrize("function", ["net", "attribute", "forest", "function", "keras_net"])
def test_a_file_that_a_factory_reads_is_read_each_time(function: str, ask: Ask, own: Path) -> None:
    """The outputs follow the file; a file that is put back is known again."""
    first, before = ask(function)
    assert ask(function)[0].cached
    np.save(own / "table.npy", np.arange(12, dtype=np.float32).reshape(3, 4) + 5)
    second, after = ask(function)
    assert not second.cached
    assert not np.allclose(before, after)
    np.save(own / "table.npy", np.full((3, 4), 2, np.float32))
    third, again = ask(function)
    assert third.cached
    assert third["weights"] == first["weights"]
    assert again.tobytes() == before.tobytes()


@pytest.mark.parametrize("function", ["attribute", "function"])
def test_an_edited_module_is_loaded_again_in_the_same_process(function: str, ask: Ask, own: Path) -> None:
    """Also within the same second and with as many bytes, which bytecode does not tell apart."""
    _, before = ask(function)
    for gain in ("3.0", "5.0"):
        (own / f"{NAME}.py").write_text(SOURCE.replace("GAIN = 1.0", f"GAIN = {gain}"))
        np.testing.assert_allclose(ask(function)[1], float(gain) * before, rtol=1e-6)


def test_files_are_named_by_their_content(ask: Ask, own: Path) -> None:
    """Also one of which the model shows nothing."""
    (note := own / "note.txt").write_text("one")
    first, _ = ask("net", files=(note,))
    assert "note.txt" not in str(first.spec)
    assert ask("net", files=(note.rename(own / "other.txt"),))[0].cached
    (own / "other.txt").write_text("two")
    assert not ask("net", files=(own / "other.txt",))[0].cached


@pytest.mark.parametrize("function", ["scaled", "scaled_before", "scaled_late"])
def test_a_variable_of_the_environment_that_is_read_while_predicting_counts(
    function: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its value, be it that the rows that tell models apart show nothing of it; another variable does not."""
    monkeypatch.setenv("OWN_SCALE", "2")
    _, before = ask(function)
    monkeypatch.setenv("OWN_OTHER", "2")
    assert ask(function)[0].cached
    monkeypatch.setenv("OWN_SCALE", "5")
    _, after = ask(function)
    assert np.abs(after - before).max() > 1
    monkeypatch.setenv("OWN_SCALE", "2")
    np.testing.assert_array_equal(ask(function)[1], before)


@pytest.mark.parametrize("function", ["unsteady", "drifting"])
def test_a_factory_that_gives_another_model_each_time_is_refused(function: str, ask: Ask) -> None:
    with pytest.raises(InputError, match=rf"own_content:{function} gives another model each time that it is called"):
        ask(function)


@pytest.mark.parametrize(
    "function",
    [
        "counting", "counting_itself", "caching", "timing", "logging_itself", "dated_net", "dated_estimator",
    ],
)  # fmt: skip
def test_a_model_that_counts_logs_or_knows_the_hour_is_told_by_what_it_predicts(
    function: str, ask: Ask, own: Path
) -> None:
    """It predicts the same each time: nothing is computed twice, and another table is another model."""
    first, before = ask(function)
    again, same = ask(function)
    assert again.cached
    assert same.tobytes() == before.tobytes()
    np.save(own / "table.npy", np.full((3, 4), 5, np.float32))
    second, after = ask(function)
    assert not second.cached
    assert second.key != first.key
    assert function == "dated_estimator" or not np.allclose(before, after)  # its table says how many trees there are
