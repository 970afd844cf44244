"""Molecules without some of their atoms, for models that are functions of SMILES and show no layer of atoms."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.records.base import Array


def atom_mask(smiles: Sequence[str]) -> Array:
    """(molecules, atoms) True for the atoms that each has, hydrogens aside; as wide as the largest."""
    from rdkit import Chem

    counts = np.array([Chem.MolFromSmiles(text).GetNumAtoms() for text in smiles])
    mask: Array = np.arange(counts.max(initial=0)) < counts[:, np.newaxis]
    return mask


def without_atoms(smiles: str, kept: Array) -> str:
    """SMILES of the molecule whose atoms that are not `kept` (atoms or more,) are dummy atoms, the others as they were.

    A dummy atom (* in SMILES) has the bonds of the atom, but no element, charge or hydrogens. What
    is left of an aromatic ring keeps the bonds and hydrogens; RDKit may no longer call it aromatic.
    """
    from rdkit import Chem

    molecule = Chem.RWMol(Chem.MolFromSmiles(smiles))
    hidden = np.flatnonzero(~kept[: molecule.GetNumAtoms()]).tolist()
    if not hidden:
        return smiles
    for place in hidden:
        # Not marked as aromatic: RDKit would leave out the sign of its aromatic bonds, and whoever reads that, RDKit
        # too, takes them for single bonds and gives the atoms beside it another hydrogen.
        molecule.ReplaceAtom(place, Chem.Atom(0))
    return str(Chem.MolToSmiles(molecule))
