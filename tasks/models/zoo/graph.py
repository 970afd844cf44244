"""The gated graph network itself, and molecules as its graphs."""

from functools import lru_cache
from itertools import accumulate

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch, Data
from torch_geometric.nn import GatedGraphConv, global_add_pool
from torch_geometric.utils.smiles import e_map, from_smiles, x_map

from exhibit.tasks.models.torch import Encoded
from exhibit.tasks.records.base import Arrays, InputError

_STEP = 64  # atoms


class GatedGraphNet(nn.Module):
    """(graphs, 1) values; `mean` and `deviation` of the training labels turn what it learns into their unit."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, units: int, steps: int, dropout: float, mean: float = 0.0, deviation: float = 1.0) -> None:
        super().__init__()
        self.embed = AtomEmbedding(units)
        self.bond = nn.Embedding(len(e_map["bond_type"]), 1)
        nn.init.ones_(self.bond.weight)
        self.messages = GatedGraphConv(units, steps)
        self.gate = nn.Sequential(nn.Linear(2 * units, units), nn.Sigmoid())
        self.head = nn.Sequential(nn.Linear(units, units), nn.ReLU(), nn.Dropout(dropout), nn.Linear(units, 1))
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("deviation", torch.tensor(deviation))

    def forward(self, batch: Batch) -> Tensor:
        """Values (graphs, 1)."""
        embedded = self.embed(batch.x)
        weights = self.bond(batch.edge_attr[:, 0])[:, 0]
        atoms = self.messages(embedded, batch.edge_index, weights)
        gated = self.gate(torch.cat([atoms, embedded], dim=1)) * atoms
        # The number of graphs is given: a last one without atoms would be lost.
        molecules = global_add_pool(gated, batch.batch, size=batch.num_graphs)
        values: Tensor = self.head(molecules) * self.deviation + self.mean
        return values


class AtomEmbedding(nn.Module):
    """(atoms, units): the sum of one learned vector per property of the atom (element, charge, ring, ...)."""

    offsets: Tensor

    def __init__(self, units: int) -> None:
        super().__init__()
        sizes = [len(values) for values in x_map.values()]
        self.table = nn.Embedding(sum(sizes), units)
        self.register_buffer("offsets", torch.tensor([0, *accumulate(sizes[:-1])]))

    def forward(self, properties: Tensor) -> Tensor:
        """`properties`: (atoms, properties) of category numbers."""
        vectors: Tensor = self.table(properties + self.offsets).sum(dim=1)
        return vectors


def encode(inputs: Arrays) -> Encoded:
    """SMILES as one PyG batch; atoms keep the order of the SMILES.

    A last graph of lone atoms fills the batch up to a multiple of 64 atoms: with other sizes a few molecules
    get other bits in other company.

    Raises:
        InputError: for a SMILES that RDKit cannot read.
    """
    ((name, smiles),) = inputs.items()
    graphs = [_graph(str(text)) for text in smiles]
    lengths = torch.tensor([graph.x.shape[0] for graph in graphs])
    batch = Batch.from_data_list([*graphs, _lone_atoms(_STEP - int(lengths.sum()) % _STEP)])
    return Encoded({name: batch}, lengths, batch.num_nodes)


@lru_cache(maxsize=16_384)
def _graph(smiles: str) -> Data:
    graph = from_smiles(smiles)
    if not graph.num_nodes:  # PyG takes what RDKit cannot read for an empty molecule
        raise InputError(f"molecule: RDKit cannot read the SMILES {smiles!r}")
    return Data(x=graph.x, edge_index=graph.edge_index, edge_attr=graph.edge_attr)


def _lone_atoms(count: int) -> Data:
    no_bonds = {"edge_index": torch.zeros(2, 0, dtype=torch.long), "edge_attr": torch.zeros(0, len(e_map)).long()}
    return Data(x=torch.zeros(count, len(x_map)).long(), **no_bonds)
