"""The small nets learn what they are for, the same every time, and leave the world as it was."""

import random
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest
import torch

from exhibit.tasks.data.image import DigitsSpec
from exhibit.tasks.data.solubility import SolubilitySpec
from exhibit.tasks.data.table import IrisSpec
from exhibit.tasks.models.training import TrainingSpec
from exhibit.tasks.models.zoo.cnn import CNNSpec
from exhibit.tasks.models.zoo.ggnn import GGNNSpec
from exhibit.tasks.models.zoo.mlp import MLPSpec
from exhibit.tasks.protocols import Compute, silent, take
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.packing import pack, unpack
from tests.conftest import Memory

COMPUTE = Compute()
BRIEF = {
    "mlp": (MLPSpec(epochs=2), IrisSpec()),
    "cnn": (CNNSpec(epochs=1, filters=4), DigitsSpec()),
    "ggnn": (GGNNSpec(epochs=1, units=8), SolubilitySpec()),
}


class Brief(NamedTuple):
    """A short training on a few rows of both splits, and what it told of its progress."""

    spec: TrainingSpec
    dataset: Dataset
    weights: Weights
    seen: list[tuple[int, int]]
    left_states_alone: bool


def states() -> tuple[object, bytes, bytes]:
    return random.getstate(), np.random.get_state()[1].tobytes(), torch.get_rng_state().numpy().tobytes()


@pytest.fixture(scope="module", params=BRIEF)
def brief(request: pytest.FixtureRequest) -> Brief:
    spec, data = BRIEF[request.param]
    whole = data.load(Memory())
    dataset = whole.take(np.arange(0, len(whole.labels), 1 if len(whole.labels) < 500 else 4))
    before, seen = states(), list[tuple[int, int]]()
    weights = spec.fit(dataset, COMPUTE, lambda *progress: seen.append(progress))
    return Brief(spec, dataset, weights, seen, states() == before)


@pytest.mark.parametrize("seed", [0, 1])
def test_mlp_learns_iris(seed: int) -> None:
    data, spec = IrisSpec().load(Memory()), MLPSpec(seed=seed)
    model = spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE)
    assert (model.predict(data.arrays).argmax(axis=1) == data.labels).mean() >= 0.95


def test_cnn_learns_digits_it_has_not_seen() -> None:
    data, spec = DigitsSpec().load(Memory()), CNNSpec(epochs=8)
    model = spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE)
    right = model.predict(data.arrays).argmax(axis=1) == data.labels
    assert right[data.split == "test"].mean() > 0.96


def test_training_is_repeatable_reported_and_leaves_random_states_alone(brief: Brief) -> None:
    spec, dataset, first = brief.spec, brief.dataset, brief.weights
    assert brief.left_states_alone
    assert brief.seen == [(epoch + 1, spec.epochs) for epoch in range(spec.epochs)]
    assert all(len(values) == spec.epochs for values in first.history.values())
    assert ("test_loss" in first.history) == (dataset.split == "test").any()
    assert pack(first) == pack(spec.fit(dataset, COMPUTE, silent))
    assert pack(first) != pack(spec.model_copy(update={"seed": 1}).fit(dataset, COMPUTE, silent))


def test_stored_weights_give_the_same_predictions(brief: Brief) -> None:
    spec, dataset, weights = brief.spec, brief.dataset, brief.weights
    inputs = take(dataset.arrays, np.arange(70))
    direct = spec.restore(dataset, weights, COMPUTE).predict(inputs)
    stored = spec.restore(dataset, unpack(Weights, pack(weights)), COMPUTE).predict(inputs)
    assert direct.tobytes() == stored.tobytes()


def test_a_diverging_training_is_an_error_that_names_the_key() -> None:
    """Even with a rate that no config may give."""
    with pytest.raises(InputError, match=r"model.learning_rate: with 1e\+30 training diverged in epoch 1"):
        MLPSpec().model_copy(update={"learning_rate": 1e30}).fit(IrisSpec().load(Memory()), COMPUTE, silent)


@pytest.mark.parametrize("spec", [MLPSpec(), CNNSpec(), GGNNSpec()])
def test_data_of_another_kind_is_refused(spec: TrainingSpec) -> None:
    other: Dataset = (DigitsSpec() if isinstance(spec, MLPSpec) else IrisSpec()).load(Memory())
    with pytest.raises(InputError, match=r"^model: an? .* but the data"):
        spec.fit(other, COMPUTE, silent)


def imported(code: str) -> set[str]:
    """The frameworks that a fresh process has imported after `code`; nothing may be written to stderr."""
    code += "; import sys; print(*{'torch', 'tensorflow', 'keras', 'rdkit', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return set(done.stdout.split())


def test_specs_import_no_framework() -> None:
    assert imported("import exhibit.tasks.models, exhibit.tasks.methods") == set()


def test_each_framework_stays_alone_and_quiet() -> None:
    assert not imported("import exhibit.tasks.models.torch_training") & {"tensorflow", "keras"}
    assert "torch" not in imported("import exhibit.tasks.models.keras_training")
