"""Nets of the user's own for molecules: found where they embed atoms, refused where what is explained is no atom."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.data.select import SelectionSpec, TargetSpec
from exhibit.tasks.data.solubility import SolubilitySpec
from exhibit.tasks.methods.gradient import VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.methods.shap_kernel import KernelShapSpec
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.stages.attribute import attribute
from exhibit.tasks.stages.explaining import explainable
from exhibit.tasks.stages.fit import fit
from exhibit.tasks.stages.load import load
from exhibit.tasks.stages.predict import predict
from exhibit.tasks.stages.select import select
from exhibit.tasks.store import Store
from tests.conftest import Memory

COMPUTE = Compute(batch=32)
NAME = "own_molecules"
# Carbon, nitrogen and oxygen are 1, 2 and 3, all others 4; 0 is no atom. No molecule of the data has 60 atoms.
SOURCE = """
import numpy as np


def ids(smiles, size=60):
    from rdkit import Chem
    found = np.zeros((len(smiles), size), np.int64)
    for row, text in zip(found, smiles):
        atoms = [atom.GetAtomicNum() - 5 for atom in Chem.MolFromSmiles(str(text)).GetAtoms()]
        row[:len(atoms)] = np.clip(atoms, 1, 4)
    return found


def keras_net(tables=1, masked=True):
    import keras
    layers = keras.layers
    atoms = layers.Input((None,), dtype="int64", name="atoms")
    vectors = [layers.Embedding(5, 3, mask_zero=masked, name=f"table_{number}")(atoms) for number in range(tables)]
    whole = vectors[0] if tables == 1 else layers.Add()(vectors)
    value = layers.Dense(1)(layers.GlobalAveragePooling1D()(whole))
    return keras.Model(atoms, value), lambda inputs: {"atoms": ids(inputs["molecule"])}


def torch_net():
    from torch import nn
    import torch

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.atoms, self.value = nn.Embedding(5, 3, padding_idx=0), nn.Linear(3, 1)

        def forward(self, given, real):
            return self.value((self.atoms(given) * real[..., None]).sum(1))

    def preprocess(inputs):
        found = ids(inputs["molecule"])
        return {"atoms": torch.tensor(found), "real": torch.tensor(found > 0)}

    return Net(), preprocess
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture(autouse=True)
def own(own_module: Callable[[str, str], None]) -> None:
    own_module(NAME, SOURCE)


def explained(store: Store, model: FactorySpec, method: Any, usual: str | None) -> tuple[Dataset, Attribution]:
    """Three molecules by all stages of a point; `usual`: the layer that is found for them."""
    data = load(store, SolubilitySpec())["dataset"]
    weights = fit(store, model, COMPUTE, data, silent)["weights"]
    predicted = predict(store, model, COMPUTE, data, weights)
    assert predicted.outputs.keys() == {"prediction", "performance", "remarks"} | ({"layer"} if usual else set())
    target = TargetSpec(score="value", outputs=("index:0",))
    chosen = select(store, SelectionSpec(), target, data, predicted["prediction"])["explained"]
    asked = method.located(usual), model, target, COMPUTE, data, weights, chosen, 0, 3
    found = unpack(Attribution, store.get(attribute(store, *asked)["attribution"]))
    return unpack(Dataset, store.get(data)), found


@pytest.mark.parametrize(("net", "layer"), [("keras_net", "table_0"), ("torch_net", "atoms")])
@pytest.mark.parametrize("method", [IntegratedGradientsSpec(n_steps=3), VanillaGradSpec(), OcclusionSpec()])
def test_atoms_of_nets_that_take_all_molecules_at_one_size(net: str, layer: str, method: Any, store: Store) -> None:
    """What is added up is linear in the atoms: each contributes what its vector is worth, what fills up nothing."""
    data, found = explained(store, FactorySpec(factory=f"{NAME}:{net}"), method, layer)
    rows = [data.sample_ids.tolist().index(sample) for sample in found.sample_ids.tolist()]
    atoms = sys.modules[NAME].ids(data.arrays["molecule"][rows]) > 0
    np.testing.assert_array_equal(found.mask["molecule"], atoms)
    if method.additive:
        total = found.values["molecule"].sum(axis=(1, 2))
        np.testing.assert_allclose(total, found.prediction - found.base_value, atol=1e-5)


def test_where_several_layers_embed_the_atoms_one_must_be_named(store: Store) -> None:
    model = FactorySpec(factory=f"{NAME}:keras_net", arguments={"tables": 2})
    with pytest.raises(
        InputError, match=r"at the layer that embeds its atoms, and it is not clear which .* table_0, table_1"
    ):
        explained(store, model, IntegratedGradientsSpec(n_steps=3), None)


def test_what_fills_up_and_has_a_say_is_not_passed_over(store: Store) -> None:
    """Were it not drawn, the atoms would not add up."""
    model = FactorySpec(factory=f"{NAME}:keras_net", arguments={"masked": False})
    said = "layer: it must hold one row for each atom of 'molecule'.* or what fills up smaller molecules has one"
    with pytest.raises(InputError, match=said):
        explained(store, model, IntegratedGradientsSpec(n_steps=3), "table_0")


def test_a_molecule_has_nothing_that_kernel_shap_could_put_in_its_place(store: Store) -> None:
    with pytest.raises(
        InputError, match=r"a molecule .* has no baseline of raw values.* use a method that looks at a layer"
    ):
        explained(store, FactorySpec(factory=f"{NAME}:torch_net"), KernelShapSpec(), "atoms")


def test_a_molecule_beside_other_inputs_is_refused(store: Store) -> None:
    """One place in the model shows the atoms, another the table."""
    data = SolubilitySpec().load(Memory()).take(np.arange(4))
    table = Input(name="weight", kind="table", values=np.ones((4, 1), np.float32), features=("weight",))
    both = data.model_copy(update={"inputs": (*data.inputs, table)})
    model = FactorySpec(factory=f"{NAME}:torch_net")
    net = model.restore(data, model.fit(data, COMPUTE, silent), COMPUTE)
    with pytest.raises(InputError, match="cannot explain molecule and weight together"):
        explainable(VanillaGradSpec(), model, net, both)
