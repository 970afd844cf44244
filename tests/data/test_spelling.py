"""Facts of how molecules are spelled: whoever writes one down, it is the same molecule to a model."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from exhibit.tasks.data.molecule import canonical
from exhibit.tasks.models.zoo.graph import encode

# Stereo centres, double bonds, rings, charges, isotopes, salts, atropisomers: whatever a spelling may turn.
MOLECULES = [
    "C",
    "CC",
    "CCO",
    "c1ccccc1",
    "C[C@H](N)C(=O)O",
    "C[C@@H](N)C(=O)O",
    "N[C@@H](Cc1ccccc1)C(=O)O",
    "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O",
    "CC(=O)Oc1ccccc1C(=O)O",
    "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
    "CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)O",
    "C/C=C/C",
    "C/C=C\\\\C",
    "F/C=C/F",
    "C[C@]12CC[C@H]3[C@H]([C@@H]1CC[C@@H]2O)CCC4=CC(=O)CC[C@]34C",
    "CC1=CC(=O)NC(=O)N1",
    "O=c1cc[nH]c(=O)[nH]1",
    "c1ccc2ccccc2c1",
    "[O-][N+](=O)c1ccccc1",
    "[Na+].[Cl-]",
    "C[N+](C)(C)CC(=O)[O-]",
    "[13CH4]",
    "[2H]C([2H])([2H])O",
    "C1CC1",
    "C1CCCCC1",
    "CC1(C)SC2C(NC(=O)Cc3ccccc3)C(=O)N2C1C(=O)O",
    "C[S@](=O)c1ccccc1",
    "C[P@](=O)(O)c1ccccc1",
    "N#Cc1ccccc1",
    "OC(=O)/C=C/C(=O)O",
    "OC(=O)/C=C\\\\C(=O)O",
    "C[C@H](O)[C@@H](O)C",
    "C[C@H](O)[C@H](O)C",
    "C1C[C@@H]2CC[C@H]1C2",
    "C[C@@H]1CC[C@H](C(C)C)C[C@H]1O",
    "CC(C)=CCC/C(C)=C/CO",
    "c1ccsc1",
    "c1cc[nH]c1",
    "n1ccccc1",
    "O=C1CCCN1",
    "ClC(Cl)(Cl)Cl",
    "FC(F)(F)C(Cl)Br",
    "C=CC=C",
    "CC#N",
    "O=C=O",
    "CS(C)=O",
    "CN(C)C=O",
    "C[C@@](F)(Cl)Br",
    "Oc1ccccc1O",
    "CCN(CC)CCNC(=O)c1ccc(N)cc1",
]


def spellings(smiles: str, count: int) -> Iterator[str]:
    """The molecule as others may write it: from other atoms on, with bonds and hydrogens or without."""
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(smiles)
    for number in range(count):
        order = np.random.default_rng(number).permutation(molecule.GetNumAtoms()).tolist()
        turned = Chem.RenumberAtoms(molecule, order)
        yield Chem.MolToSmiles(
            turned, canonical=False, allBondsExplicit=number % 3 == 1, allHsExplicit=number % 4 == 1, kekuleSmiles=False
        )


def test_a_thousand_spellings_of_fifty_molecules_are_fifty_molecules() -> None:
    assert len(MOLECULES) >= 50
    for smiles in MOLECULES:
        assert {canonical(text) for text in spellings(smiles, 20)} == {canonical(smiles)}, smiles


def test_what_is_canonical_stays_so() -> None:
    for smiles in MOLECULES:
        assert canonical(canonical(smiles)) == canonical(smiles)


def test_mirror_images_and_tautomers_stay_apart() -> None:
    assert canonical("C[C@H](N)C(=O)O") != canonical("C[C@@H](N)C(=O)O")
    assert canonical("C/C=C/C") != canonical("C/C=C\\C")
    assert canonical("CC(=O)C") != canonical("CC(O)=C")


@pytest.mark.parametrize("smiles", ["N[C@@H](C)C(=O)O", "[CH3:7][C@H]([NH2:1])C(=O)O", "[H]N([H])[C@@]([H])(C)C(O)=O"])
def test_the_features_of_atoms_are_those_of_the_molecule(smiles: str) -> None:
    """Three ways to write L-alanine, of which one turns the other way round as it is written."""
    found, known = (
        encode({"molecule": np.array([canonical(text)])}).arguments["molecule"] for text in (smiles, "C[C@H](N)C(=O)O")
    )
    assert torch.equal(found.x, known.x)
    assert torch.equal(found.edge_index, known.edge_index)
    assert torch.equal(found.edge_attr, known.edge_attr)
