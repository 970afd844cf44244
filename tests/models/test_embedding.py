"""Which layer embeds the elements of an input: the one that makes vectors of ids, if there is just one."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from exhibit.tasks.methods.gradient import VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.models.keras import KerasModel, configure
from exhibit.tasks.models.keras_import import keras
from exhibit.tasks.models.torch import Encoded, TorchModel
from exhibit.tasks.models.zoo.graph import GatedGraphNet, encode
from exhibit.tasks.protocols import Compute, Score
from exhibit.tasks.records.base import Arrays, InputError

COMPUTE = Compute(batch=4)
IDS = {"molecule": np.array([[1, 2, 0], [3, 0, 0], [1, 1, 2], [2, 0, 0]])}


class Dense(nn.Module):
    """Molecules all at one size: ids (samples, atoms) through `parts`, whose vectors are added up, to one value."""

    def __init__(self, **parts: nn.Module) -> None:
        super().__init__()
        self.parts = nn.ModuleDict(parts)
        self.value = nn.Linear(2, 1)

    def forward(self, ids: Tensor, bonds: Tensor) -> Tensor:
        vectors = [part(ids) for name, part in self.parts.items() if not name.startswith("bond")]
        weights = [self.parts[name](bonds).sum((1, 2)) for name in self.parts if name.startswith("bond")]
        return self.value(sum(vectors).sum(1) + sum(weights))


class Sum(nn.Module):
    """A vector per atom, from two tables."""

    def __init__(self) -> None:
        super().__init__()
        self.element, self.charge = nn.Embedding(4, 2, padding_idx=0), nn.Embedding(4, 2, padding_idx=0)

    def forward(self, ids: Tensor) -> Tensor:
        return self.element(ids) + self.charge(ids)


class Encoder(nn.Module):
    """Not an embedding: its atoms know of each other."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.mixed = nn.Embedding(4, 2), nn.Linear(2, 2)

    def forward(self, ids: Tensor) -> Tensor:
        vectors = self.table(ids)
        return self.mixed(vectors) + vectors.mean(1, keepdim=True)


def dense(inputs: Arrays) -> Encoded:
    ids = torch.as_tensor(inputs["molecule"])
    return Encoded({"atoms": ids, "bonds": (ids[:, :, None] * ids[:, None]).clip(max=3)})


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"atoms": nn.Embedding(4, 2)}, "parts.atoms"),
        ({"atoms": nn.Embedding(4, 2), "bonds": nn.Embedding(4, 2)}, "parts.atoms"),
        ({"atoms": Sum()}, "parts.atoms"),
        ({"atoms": Encoder()}, "parts.atoms.table"),
        ({"element": nn.Embedding(4, 2), "charge": nn.Embedding(4, 2)}, None),
    ],
)
def test_of_a_torch_net(parts: Mapping[str, nn.Module], expected: str | None) -> None:
    """Bonds have ids, too; a sum of tables is one embedding, two that are added up outside are none."""
    assert TorchModel(Dense(**parts).eval(), dense, "values", COMPUTE).embedding(IDS) == expected


def test_of_a_net_of_numbers_there_is_none() -> None:
    net = nn.Sequential(nn.Linear(3, 1))
    model = TorchModel(net, lambda x: Encoded({"x": torch.as_tensor(x["molecule"]).float()}), "values", COMPUTE)
    assert model.embedding(IDS) is None


@pytest.mark.parametrize("smiles", [["CC", "CCO"], ["C", "CC"], ["C1CC1", "CCCCC"], ["C1CCCCC1"]])
def test_of_the_gated_graph_network_it_is_that_of_atoms_not_of_bonds(smiles: list[str]) -> None:
    model = TorchModel(GatedGraphNet(4, 1, 0.0).eval(), encode, "values", COMPUTE)
    assert model.embedding({"molecule": np.array(smiles)}) == "embed"


def test_bonds_that_are_by_chance_as_many_as_the_atoms_are_no_atoms() -> None:
    """Without filler ethane has two atoms, and its bond counts twice, once each way; propane has three and four."""

    def bare(inputs: Arrays) -> Encoded:
        found = encode(inputs)
        assert found.lengths is not None
        batch = found.arguments["molecule"]
        kept = torch.arange(int(found.lengths.sum()))
        return Encoded({"molecule": batch.subgraph(kept)}, found.lengths, len(kept))

    model = TorchModel(GatedGraphNet(4, 1, 0.0).eval(), bare, "values", COMPUTE)
    assert model.embedding({"molecule": np.array(["CC"])}) is None
    assert model.embedding({"molecule": np.array(["CC", "CCC"])}) == "embed"


def keras_net(kind: str) -> keras.Model:
    configure(COMPUTE)
    layers = keras.layers
    atoms, bonds = layers.Input((3,), dtype="int64", name="atoms"), layers.Input((3, 3), dtype="int64", name="bonds")
    vectors = {
        "plain": lambda: layers.Embedding(4, 2, name="embed")(atoms),
        "inside": lambda: keras.Sequential([layers.Embedding(4, 2, name="table")], name="embed")(atoms),
        "mixed": lambda: keras.Sequential([layers.Embedding(4, 2, name="table"), layers.Dense(2)], name="embed")(atoms),
        "two": lambda: layers.Add()([layers.Embedding(4, 2, name="a")(atoms), layers.Embedding(4, 2, name="b")(atoms)]),
    }[kind]()
    edges = layers.Reshape((9, 2))(layers.Embedding(4, 2, name="bond")(bonds))
    value = layers.Dense(1)(layers.GlobalAveragePooling1D()(layers.Concatenate(axis=1)([vectors, edges])))
    return keras.Model([atoms, bonds], value)


def keras_dense(inputs: Arrays) -> dict[str, Any]:
    return {name: array.numpy() for name, array in dense(inputs).arguments.items()}


@pytest.mark.parametrize(
    ("kind", "expected"), [("plain", "embed"), ("inside", "embed"), ("mixed", "embed/table"), ("two", None)]
)
def test_of_a_keras_net(kind: str, expected: str | None) -> None:
    assert KerasModel(keras_net(kind), keras_dense, "values", COMPUTE).embedding(IDS) == expected


def test_its_elements_are_those_of_the_molecule_however_many_arrays_the_net_takes() -> None:
    torch_model = TorchModel(Dense(atoms=Sum()).eval(), dense, "values", COMPUTE)
    keras_model = KerasModel(keras_net("plain"), keras_dense, "values", COMPUTE)
    assert list(torch_model.place(IDS, "parts.atoms").values) == ["molecule"]
    assert list(keras_model.place(IDS, "embed").values) == ["molecule"]


@pytest.mark.parametrize(
    ("build", "layer"),
    [
        (lambda: TorchModel(Dense(atoms=Sum()).eval(), dense, "values", COMPUTE), "parts.atoms"),
        (lambda: KerasModel(keras_net("plain"), keras_dense, "values", COMPUTE), "embed"),
    ],
    ids=["torch", "keras"],
)
def test_the_ids_that_it_is_given_have_no_gradient(build: Callable[[], TorchModel | KerasModel], layer: str) -> None:
    model = build()
    place = model.place(IDS, layer, "input")
    with pytest.raises(InputError, match="ids, which have no gradient"):
        place.gradient(place.values, Score(kind="value"), np.zeros(4, int))


def test_a_method_looks_there_where_it_names_no_layer() -> None:
    assert VanillaGradSpec(at="input").located("embed") == VanillaGradSpec(layer="embed")
    assert VanillaGradSpec(layer="messages").located("embed") == VanillaGradSpec(layer="messages")
    assert VanillaGradSpec().located(None) == VanillaGradSpec()
    published = IntegratedGradientsSpec(compat="keras_example", rule="trapezoid", n_steps=5)
    assert published.located("embed") == published
