"""Pairs of molecules that are largely alike."""

import numpy as np
import pytest
from rdkit import Chem

from exhibit.tasks.data.molecule import analogues, common_atoms
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset, Input

PHENOL, CRESOL, HEXANE, BUTYLPHENOL = "Oc1ccccc1", "Cc1ccccc1O", "CCCCCC", "CCCCc1ccccc1O"


def explained(smiles: list[str], predictions: list[float]) -> tuple[Dataset, Array, Array, Array, Array]:
    """Molecules whose atoms contribute 1, 2, 3, ... in the order of the SMILES."""
    count = len(smiles)
    dataset = Dataset(
        title="t", description="d", source="s", task="regression", label_name="x",
        inputs=(Input(name="molecule", kind="molecule", values=np.array(smiles)),),
        sample_ids=np.array([f"id {k}" for k in range(count)]), names=np.array(smiles),
        labels=np.zeros(count), split=np.full(count, "test"),
    )  # fmt: skip
    values = np.tile(np.arange(1.0, 61), (count, 1))
    return dataset, values, np.array(predictions), np.zeros(count), np.zeros(count, int)


@pytest.mark.parametrize(("one", "two", "size"), [(PHENOL, CRESOL, 7), (CRESOL, BUTYLPHENOL, 8), ("C", "N", 0)])
def test_partners_are_the_same_elements_bound_alike(one: str, two: str, size: int) -> None:
    common = common_atoms(one, two)
    first, second = Chem.MolFromSmiles(one), Chem.MolFromSmiles(two)
    assert common.shape == (size, 2)
    for a, b in common.tolist():
        assert first.GetAtomWithIdx(a).GetSymbol() == second.GetAtomWithIdx(b).GetSymbol()
    partner = dict(common.tolist())
    for bond in first.GetBonds():
        ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if all(end in partner for end in ends):
            assert second.GetBondBetweenAtoms(*(partner[end] for end in ends)) is not None


def test_a_ring_is_common_as_a_whole_or_not_at_all() -> None:
    assert len(common_atoms("C1CCCCC1", "C1CCCC1")) == 0


def test_pairs_are_alike_different_and_each_molecule_is_in_one() -> None:
    smiles = [PHENOL, CRESOL, "c1ccc(O)cc1", HEXANE, "CCc1ccccc1O"]
    found = analogues(*explained(smiles, [0, 1, 0, -4, 5]), 5)
    assert found[0].names == (PHENOL, "CCc1ccccc1O")  # their predictions differ most
    names = [name for pair in found for name in pair.names]
    assert len(set(names)) == len(names)
    assert all(len(pair.common) >= 6 for pair in found)
    assert HEXANE not in names


def test_values_of_a_pair_are_those_of_its_atoms() -> None:
    [pair] = analogues(*explained([PHENOL, CRESOL], [0, 1]), 1)
    assert [len(values) for values in pair.values] == [7, 8]
    assert pair.values[1].tolist() == list(range(1, 9))


@pytest.mark.parametrize("wanted", [1, [(PHENOL, CRESOL)]])
def test_scores_of_different_outputs_are_not_subtracted(wanted: int | list[tuple[str, str]]) -> None:
    *given, same = explained([PHENOL, CRESOL], [0, 1])
    assert len(analogues(*given, same, wanted)) == 1
    assert analogues(*given, np.array([0, 1]), wanted) == ()


def test_no_pairs_are_looked_for_where_none_are_wanted() -> None:
    assert analogues(*explained([PHENOL, CRESOL], [0, 1]), 0) == ()


def test_pairs_can_be_named() -> None:
    [pair] = analogues(*explained([PHENOL, HEXANE, BUTYLPHENOL], [0, 1, 2]), [("id 2", PHENOL)])
    assert pair.names == (BUTYLPHENOL, PHENOL)
    assert len(pair.common) == 7


def test_a_molecule_that_is_not_explained_is_refused() -> None:
    with pytest.raises(InputError, match="'benzene' is not one of the explained molecules"):
        analogues(*explained([PHENOL, CRESOL], [0, 1]), [("benzene", PHENOL)])
    with pytest.raises(InputError, match="no part in common"):
        analogues(*explained([PHENOL, "N"], [0, 1]), [("N", PHENOL)])
