"""A net of the user's own whose preprocess fills up to the longest of each batch, or all to one size."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.data.plain import dataset_of
from exhibit.tasks.methods.integrated_gradients import ExpectedGradientsSpec, IntegratedGradientsSpec
from exhibit.tasks.methods.shap_deep import DeepShapSpec
from exhibit.tasks.methods.shap_gradient import GradientShapSpec
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.protocols import Compute, Score, silent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.stages.explaining import baselines_of, explainable

COMPUTE = Compute(batch=4)
NAME = "own_padding"
SMILES = ["CC", "CO", "CN", "C", "CCCCCC", "OCCO", "CCO", "CCN"]  # the first batch is shorter than the second
SOURCE = """
import numpy as np


def ids(smiles, size):
    from rdkit import Chem
    found = [[atom.GetAtomicNum() - 5 for atom in Chem.MolFromSmiles(str(one)).GetAtoms()] for one in smiles]
    size = size or max(map(len, found))
    return np.array([one + [0] * (size - len(one)) for one in found])


def torch_net(size):
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.unit = nn.Embedding(5, 3, padding_idx=0), nn.Sequential(nn.Linear(3, 4), nn.ReLU())
            self.value = nn.Linear(4, 1)

        def forward(self, atoms):
            return self.value((self.unit(self.embed(atoms)) * (atoms > 0)[..., None]).sum(1))

    return Net(), lambda inputs: {"atoms": torch.tensor(ids(inputs["molecule"], size))}


def keras_net(size):
    import keras
    atoms = keras.Input((None,), dtype="int64", name="atoms")
    units = keras.layers.Dense(4, "relu")(keras.layers.Embedding(5, 3, mask_zero=True, name="embed")(atoms))
    value = keras.layers.Dense(1)(keras.layers.GlobalAveragePooling1D()(units))
    return keras.Model(atoms, value), lambda inputs: {"atoms": ids(inputs["molecule"], size)}
"""


@pytest.fixture
def explained(own_module: Callable[[str, str], None]) -> Callable[..., Attribution]:
    """All molecules, by a method, of a net whose preprocess fills up to `size`; None: to the longest of a batch."""
    own_module(NAME, SOURCE)
    given = {"inputs": {"molecule": {"values": SMILES, "kind": "molecule"}}, "labels": np.arange(8) / 8}
    data = dataset_of(given, "data.factory: here")

    def run(net: str, method: Any, size: int | None) -> Attribution:
        model = FactorySpec(factory=f"{NAME}:{net}", arguments={"size": size}, output="values")
        fitted = model.restore(data, model.fit(data, COMPUTE, silent), COMPUTE)
        found: Attribution = method.attribute(
            explainable(method, model, fitted, data),
            data.arrays,
            baselines_of(method, data, np.arange(8)),
            data.sample_ids,
            np.zeros((8, 1), int),
            Score(kind="value"),
            COMPUTE,
        )
        return found

    return run


METHODS = [
    DeepShapSpec(layer="embed", background=8),
    GradientShapSpec(layer="embed", background=8, nsamples=8),
    ExpectedGradientsSpec(layer="embed", background=2, n_steps=2),
]


@pytest.mark.parametrize("net", ["torch_net", "keras_net"])
@pytest.mark.parametrize("method", METHODS, ids=lambda method: str(method.kind))
def test_what_has_another_size_in_each_batch_is_compared_with_nothing(
    net: str, method: Any, explained: Callable[..., Attribution]
) -> None:
    with pytest.raises(InputError, match=r"how many elements molecule has differs .* fill up to one size"):
        explained(net, method, None)


@pytest.mark.parametrize("method", METHODS[1:], ids=lambda method: str(method.kind))
def test_at_one_size_it_is_compared(method: Any, explained: Callable[..., Attribution]) -> None:
    assert explained("torch_net", method, 6).values["molecule"].shape[:2] == (8, 6)


@pytest.mark.parametrize("net", ["torch_net", "keras_net"])
def test_what_compares_with_nothing_is_the_same_at_any_size(net: str, explained: Callable[..., Attribution]) -> None:
    """Each molecule with its own embedding as zero, whatever fills up beside it."""
    method = IntegratedGradientsSpec(layer="embed", n_steps=4)
    batches, one = (explained(net, method, size).values["molecule"] for size in (None, 6))
    np.testing.assert_allclose(batches, one, atol=1e-6)
