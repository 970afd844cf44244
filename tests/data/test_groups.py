"""Functional groups: their own atoms and no neighbour's, each atom in one of them."""

import numpy as np
import pytest
from rdkit import Chem

from exhibit.tasks.data.molecule import group_contributions, groups_of
from exhibit.tasks.records.groups import GROUPS, Group

NAMES = [group.name for group in GROUPS]
DRUG = "CCOC(=O)c1ccc(O)cc1NC(=O)CCCCC#N"


def groups(smiles: str) -> dict[str, list[str]]:
    """The atoms of each group that a molecule has, as their symbols in alphabetical order."""
    molecule = Chem.MolFromSmiles(smiles)
    found = zip(NAMES, groups_of(smiles), strict=True)
    return {
        name: sorted("".join(sorted(molecule.GetAtomWithIdx(atom).GetSymbol() for atom in atoms)) for atoms in matches)
        for name, matches in found
        if matches
    }


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        ("c1ccccc1[N+](=O)[O-]", {"nitro": ["NOO"], "benzene ring": ["CCCCCC"]}),
        ("CC(=O)OC", {"ester": ["COO"]}),  # no ether
        ("COC", {"ether": ["O"]}),
        ("CC(=O)OC(C)=O", {}),  # an anhydride is neither ester nor ether
        ("CC(=O)NC", {"amide": ["CNO"]}),  # no secondary amine
        ("NC(=O)c1ccc(N)cc1", {"amide": ["CNO"], "primary amine": ["N"], "benzene ring": ["CCCCCC"]}),
        ("CC(=O)O", {"carboxylic acid": ["COO"]}),  # no OH
        ("OCc1ccc(O)cc1", {"aliphatic OH": ["O"], "aromatic OH": ["O"], "benzene ring": ["CCCCCC"]}),
        ("CC=O", {"aldehyde": ["CO"]}),
        ("CC(C)=O", {"ketone": ["CO"]}),
        ("CCC1(C)C(=O)NC(=O)NC1=O", {"urea": ["CNNO"], "CH₂ of a chain": ["C"]}),
        ("c1ccncc1Cl", {"aromatic nitrogen": ["N"], "halogen": ["Cl"]}),
        ("CO[N+](=O)[O-]", {}),  # a nitrate
        ("CC", {}),
        ("C1CCCCC1", {}),
        ("C", {}),
    ],
)
def test_a_group_is_made_of_its_own_atoms_alone(smiles: str, expected: dict[str, list[str]]) -> None:
    assert groups(smiles) == expected


@pytest.mark.parametrize("group", GROUPS, ids=NAMES)
def test_the_molecule_that_is_drawn_beside_a_group_has_it_once(group: Group) -> None:
    assert len(groups_of(group.example)[GROUPS.index(group)]) == 1


def test_an_atom_is_in_one_group_at_most_however_the_molecule_is_spelled() -> None:
    molecule = Chem.MolFromSmiles(DRUG)
    for seed in range(20):
        spelled = Chem.MolToRandomSmilesVect(molecule, 1, randomSeed=seed + 1)[0]
        atoms = [atom for matches in groups_of(spelled) for match in matches for atom in match]
        assert len(atoms) == len(set(atoms))
        assert groups(spelled) == groups(DRUG)


def test_the_contribution_of_nitro_is_that_of_nitrogen_and_both_oxygens() -> None:
    """Nitrobenzene: what the ring says does not count, which RDKit's pattern takes in."""
    values = np.array([[-1.0, -1, -1, -1, -1, -1, 0.5, -0.1, -0.2]])[..., np.newaxis]
    found = group_contributions(["c1ccccc1[N+](=O)[O-]"], values)[0, :, 0]
    assert found[NAMES.index("nitro")] == pytest.approx(0.2)
    assert found[NAMES.index("benzene ring")] == pytest.approx(-6)
    assert np.isnan(found[NAMES.index("ether")])


def test_a_group_that_occurs_twice_contributes_the_mean() -> None:
    """Propanediol: oxygens at both ends."""
    found = group_contributions(["OCCCO"], np.array([1.0, 0, 0, 0, 3]).reshape(1, 5, 1))
    assert found[0, NAMES.index("aliphatic OH"), 0] == 2.0
