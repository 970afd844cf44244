"""Nets of the user's own that take bonds and dummy nodes: what belongs to atoms, and what to bonds."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from exhibit.tasks.data.factory import DataFactorySpec
from exhibit.tasks.data.select import SelectionSpec, TargetSpec
from exhibit.tasks.methods.draws import SamplingSpec
from exhibit.tasks.methods.gradient import GradientXInputSpec, VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.packing import pack, unpack
from exhibit.tasks.stages.attribute import attribute
from exhibit.tasks.stages.fit import fit
from exhibit.tasks.stages.load import load
from exhibit.tasks.stages.predict import predict
from exhibit.tasks.stages.select import select
from exhibit.tasks.store import Store
from tests.conftest import Memory
from tests.methods.test_resumed import gradients_counted

COMPUTE = Compute(batch=32)
NAME = "own_bonds"
SMILES = ("CCO", "C=CC=O", "c1ccccc1", "CC#N", "C", "OC1CC1")
SOURCE = """
import numpy as np
import torch
from rdkit import Chem
from torch import nn

SIZE = 8


def rows(smiles):
    molecules = {"values": smiles, "kind": "molecule"}
    return {"inputs": {"molecule": molecules}, "labels": list(np.linspace(0, 1, len(smiles)))}


def atoms_and_bonds(smiles, dummy=0):
    ids, ends = np.zeros((len(smiles), SIZE), np.int64), np.zeros((len(smiles), SIZE, 2), np.int64)
    kinds = np.zeros((len(smiles), SIZE, 2), np.float32)
    for row, text in enumerate(smiles):
        molecule = Chem.MolFromSmiles(str(text))
        for atom in molecule.GetAtoms():
            ids[row, dummy + atom.GetIdx()] = min(max(atom.GetAtomicNum() - 5, 1), 4)
        ids[row, :dummy] = 5
        for bond in molecule.GetBonds():
            ends[row, bond.GetIdx()] = dummy + bond.GetBeginAtomIdx(), dummy + bond.GetEndAtomIdx()
            kinds[row, bond.GetIdx()] = bond.GetBondTypeAsDouble(), bond.IsInRing()
    return ids, ends, kinds


class Net(nn.Module):
    '''Of each bond w tanh(atom + atom + bond), or their plain sum; of each node its vector.'''

    def __init__(self, bent):
        super().__init__()
        torch.manual_seed(3)
        self.bent = bent
        self.atoms, self.bonds = nn.Embedding(6, 4, padding_idx=0), nn.Linear(2, 4, bias=False)
        self.value = nn.Linear(4, 1)

    def forward(self, ids, ends, kinds):
        nodes, edges = self.atoms(ids), self.bonds(kinds)
        pick = ends[..., None].expand(-1, -1, -1, 4).flatten(1, 2)
        both = nodes.gather(1, pick).unflatten(1, (SIZE, 2)).sum(2) + edges
        real = (kinds[..., :1] > 0).float()
        whole = (torch.tanh(both) if self.bent else both) * real
        self.last = whole.detach()
        return self.value(whole.sum(1) + (nodes * (ids > 0)[..., None]).sum(1))


def net(bent=True, dummy=0):
    def preprocess(inputs):
        ids, ends, kinds = map(torch.tensor, atoms_and_bonds(inputs["molecule"], dummy))
        return {"ids": ids, "ends": ends, "kinds": kinds}

    return Net(bent).eval(), preprocess
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture(autouse=True)
def own(own_module: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    own_module(NAME, SOURCE)


def explained(store: Store, method: Any, **arguments: Any) -> tuple[Dataset, Attribution]:
    """All molecules by all stages of a point."""
    data = load(store, DataFactorySpec(factory=f"{NAME}:rows", arguments={"smiles": list(SMILES)}))["dataset"]
    model = FactorySpec(factory=f"{NAME}:net", arguments=arguments)
    weights = fit(store, model, COMPUTE, data, silent)["weights"]
    predicted = predict(store, model, COMPUTE, data, weights)
    target = TargetSpec(score="value", outputs=("index:0",))
    chosen = select(store, SelectionSpec(rows="all"), target, data, predicted["prediction"])["explained"]
    asked = method, model, target, COMPUTE, data, weights, chosen, 0, len(SMILES)
    return unpack(Dataset, store.get(data)), unpack(Attribution, store.get(attribute(store, *asked)["attribution"]))


def test_a_second_run_to_a_smaller_tolerance_starts_where_the_first_ended(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And gives the same bytes as one in a store of its own, of molecules that differ in size."""
    loose, tight = (
        IntegratedGradientsSpec(layer="atoms+bonds", tolerance=tolerance, rule="midpoint") for tolerance in (0.05, 1e-4)
    )
    begun = explained(store, loose)
    with gradients_counted(monkeypatch) as taken:
        again = explained(store, tight)
    fresh = explained(Store(tmp_path / "other"), tight)
    assert [pack(one) for one in again] == [pack(one) for one in fresh]
    assert 0 < sum(taken) == fresh[1].steps.sum() - begun[1].steps.sum()


def parts(found: Attribution, row: int) -> tuple[Array, Array]:
    """(atoms,) and (bonds,) of a molecule, channels summed."""
    return tuple(
        found.values[name][row, ..., 0].sum(-1)[found.mask[name][row]] for name in ("molecule", "molecule bonds")
    )


def counted(dataset: Dataset) -> list[tuple[int, int]]:
    from rdkit.Chem import MolFromSmiles

    molecules = [MolFromSmiles(str(text)) for text in dataset.inputs[0].array]
    return [(molecule.GetNumAtoms(), molecule.GetNumBonds()) for molecule in molecules]


METHODS = [IntegratedGradientsSpec(n_steps=64), VanillaGradSpec(), GradientXInputSpec(), OcclusionSpec(),
           VanillaGradSpec(sampling=SamplingSpec(nt_samples=3))]  # fmt: skip


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.title)
def test_every_atom_and_every_bond_has_a_value_and_nothing_else(method: Any, store: Store) -> None:
    data, found = explained(store, method.model_copy(update={"layer": "atoms+bonds"}))
    assert set(found.values) == {"molecule", "molecule bonds"}
    for row, (atoms, bonds) in enumerate(counted(data)):
        assert [len(part) for part in parts(found, row)] == [atoms, bonds]


def test_integrated_gradients_of_atoms_and_bonds_add_up_together(store: Store) -> None:
    _, found = explained(store, IntegratedGradientsSpec(layer="atoms+bonds", n_steps="auto", tolerance=1e-3))
    for row in range(len(SMILES)):
        total = sum(part.sum() for part in parts(found, row))
        assert total == pytest.approx(float((found.prediction - found.base_value)[row, 0]), abs=2e-3)


@pytest.mark.parametrize("method", [METHODS[0], METHODS[2], METHODS[3]], ids=lambda method: method.title)
def test_of_a_sum_each_part_is_its_own_term(method: Any, store: Store) -> None:
    """Of w (a + b + e) over the bonds and w a over the atoms, by hand: an atom counts once and once for each bond."""
    from rdkit.Chem import MolFromSmiles

    data, found = explained(store, method.model_copy(update={"layer": "atoms+bonds"}), bent=False)
    net, _ = sys.modules[NAME].net(bent=False)
    weight = net.value.weight[0].detach().numpy()
    ids, _, kinds = sys.modules[NAME].atoms_and_bonds(data.inputs[0].array)
    for row, text in enumerate(data.inputs[0].array):
        molecule = MolFromSmiles(str(text))
        nodes = net.atoms.weight.detach().numpy()[ids[row]] @ weight
        edges = kinds[row] @ net.bonds.weight.detach().numpy().T @ weight
        atoms, bonds = parts(found, row)
        degree = [1 + atom.GetDegree() for atom in molecule.GetAtoms()]
        np.testing.assert_allclose(atoms, nodes[: len(atoms)] * degree, atol=1e-5)
        np.testing.assert_allclose(bonds, edges[: len(bonds)], atol=1e-5)


def test_integrated_gradients_are_those_of_captum(store: Store) -> None:
    """Over both layers at once, as two inputs of what comes after them."""
    data, found = explained(store, IntegratedGradientsSpec(layer="atoms+bonds", n_steps=256))
    net, preprocess = sys.modules[NAME].net()
    theirs = _captum(net, tuple(preprocess({"molecule": data.inputs[0].array}).values()))
    for name, other in zip(("molecule", "molecule bonds"), theirs, strict=True):
        ours = found.values[name][..., 0]
        np.testing.assert_allclose(ours, other[:, : ours.shape[1]], atol=2e-5)


def _captum(net: Any, given: tuple[torch.Tensor, ...]) -> list[Array]:
    """Integrated gradients of a net that takes the two activations."""
    from captum.attr import IntegratedGradients

    def from_layers(nodes: torch.Tensor, edges: torch.Tensor, ends: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
        pick = ends[..., None].expand(-1, -1, -1, 4).flatten(1, 2)
        both = nodes.gather(1, pick).unflatten(1, (ends.shape[1], 2)).sum(2) + edges
        whole = torch.tanh(both) * (kinds[..., :1] > 0).float()
        result: torch.Tensor = net.value(whole.sum(1) + nodes.sum(1))
        return result

    ids, ends, kinds = given
    nodes, edges = net.atoms(ids).detach(), net.bonds(kinds).detach()
    found = IntegratedGradients(from_layers).attribute(
        (nodes, edges), target=0, n_steps=256, method="riemann_middle", additional_forward_args=(ends, kinds)
    )
    return [one.detach().numpy() for one in found]


def test_occlusion_takes_one_atom_or_one_bond_away(store: Store) -> None:
    data, found = explained(store, OcclusionSpec(layer="atoms+bonds"))
    net, preprocess = sys.modules[NAME].net()
    ids, ends, kinds = preprocess({"molecule": data.inputs[0].array}).values()
    row = list(data.inputs[0].array).index("C=CC=O")

    def without(module: Any, element: int) -> float:
        def change(_: Any, __: Any, result: torch.Tensor) -> torch.Tensor:
            changed = result.clone()
            changed[row, element] = 0
            return changed

        hook = module.register_forward_hook(change)
        with torch.no_grad():
            value = float(net(ids, ends, kinds)[row, 0])
        hook.remove()
        return value

    score = float(found.prediction[row, 0])
    atoms, bonds = parts(found, row)
    np.testing.assert_allclose(atoms, [score - without(net.atoms, k) for k in range(4)], atol=1e-5)
    np.testing.assert_allclose(bonds, [score - without(net.bonds, k) for k in range(3)], atol=1e-5)


# --- a dummy node -----------------------------------------------------------------------------------------


def test_a_dummy_node_is_refused_with_what_to_type(store: Store) -> None:
    with pytest.raises(InputError, match=r"such as a dummy node before all others, leave them out .* layer=NAME\[1:\]"):
        explained(store, IntegratedGradientsSpec(layer="atoms"), dummy=1)


@pytest.mark.parametrize("bonds", ["", "+bonds"])
def test_a_dummy_node_that_is_left_out_stays_as_it_is(bonds: str, store: Store) -> None:
    """The atoms have what they have without it, and the base value keeps the share of the dummy node."""
    method = IntegratedGradientsSpec(n_steps=16)
    _, plain = explained(store, method.model_copy(update={"layer": f"atoms{bonds}"}))
    _, found = explained(store, method.model_copy(update={"layer": f"atoms[1:]{bonds}"}), dummy=1)
    for name, values in found.values.items():
        np.testing.assert_allclose(values, plain.values[name][:, : values.shape[1]], atol=1e-5)
    net, _ = sys.modules[NAME].net()
    dummy = float((net.atoms.weight[5] @ net.value.weight[0]).detach())
    np.testing.assert_allclose(found.base_value - plain.base_value, dummy, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ("atoms+bond", "'bond' is not a layer of the model; did you mean 'bonds'?"),
        ("atoms+bonds+value", "names 3 layers"),
        ("value[1:]", "has no elements of which some could be left out"),
        ("bonds+atoms", "it must hold one row for each "),
    ],
)
def test_other_layers_are_refused_in_one_sentence(layer: str, said: str, store: Store) -> None:
    with pytest.raises(InputError) as caught:
        explained(store, IntegratedGradientsSpec(layer=layer, n_steps=3))
    assert said in str(caught.value)


def test_a_net_that_keeps_what_it_made_is_the_same_model(store: Store) -> None:
    """As nets with attention do: what it holds before it predicts anything is what tells it from another."""
    data = DataFactorySpec(factory=f"{NAME}:rows", arguments={"smiles": list(SMILES)}).load(Memory())
    model = FactorySpec(factory=f"{NAME}:net")
    assert model.fit(data, COMPUTE, silent).given == model.given(lambda: data, COMPUTE)
