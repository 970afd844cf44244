"""What is measured of molecules, and how near they are to those of the training: the domain that a model has seen."""

import numpy as np

from exhibit.tasks.datasheet.columns import Values
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.datasheet import Domain, Neighbour
from exhibit.tasks.records.language import say

_MOST = 5_000_000  # pairs of molecules that are compared
_USUAL = 0.05  # of the training, under which a molecule is far from it
_RADIUS, _BITS = 2, 2048  # of fingerprints


def properties(item: Input) -> list[Values]:
    """Mass in daltons, atoms other than hydrogen, and rings."""
    from rdkit.Chem import MolFromSmiles
    from rdkit.Chem.Descriptors import MolWt
    from rdkit.Chem.rdMolDescriptors import CalcNumRings

    known = [MolFromSmiles(smiles) for smiles in item.array.tolist()]
    numbers: dict[str, list[float]] = {
        say("molecular weight"): [MolWt(molecule) for molecule in known],
        say("atoms other than hydrogen"): [molecule.GetNumHeavyAtoms() for molecule in known],
        say("rings"): [CalcNumRings(molecule) for molecule in known],
    }
    return [Values(name, np.array(each, np.float64)) for name, each in numbers.items()]


def domain(dataset: Dataset, training: Array, later: Array) -> Domain | None:
    """Of each later molecule, and of as many of the training as time allows, the nearest other of the training, by
    Tanimoto's similarity of Morgan fingerprints; None of data without a single input of molecules, and where there are
    too many."""
    items = [item for item in dataset.inputs if item.traits.embedded]
    if len(items) != 1 or len(training) < 2 or len(training) * len(later) > _MOST:
        return None
    from rdkit.Chem import MolFromSmiles
    from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
    from rdkit.DataStructs import BulkTanimotoSimilarity

    smiles, names = items[0].array.tolist(), dataset.names if dataset.names is not None else dataset.sample_ids
    generator = GetMorganGenerator(radius=_RADIUS, fpSize=_BITS)
    prints = [generator.GetFingerprint(MolFromSmiles(one)) for one in smiles]
    seen = [prints[row] for row in training]
    places = {row: place for place, row in enumerate(training.tolist())}

    def nearest(row: int) -> Neighbour:
        alike = np.array(BulkTanimotoSimilarity(prints[row], seen))
        if row in places:
            alike[places[row]] = -1.0  # itself
        best = int(alike.argmax())
        return Neighbour(name=str(names[training[best]]), similarity=float(alike[best]))

    some = np.random.default_rng(0).permutation(training)[: _MOST // len(training)]
    own = [nearest(row) for row in some.tolist()]
    usual = float(np.quantile([one.similarity for one in own], _USUAL))
    found = [nearest(row) for row in later.tolist()]
    rows = [*zip(later.tolist(), found, strict=True), *zip(some.tolist(), own, strict=True)]
    return Domain(
        usual=usual,
        median=float(np.median([one.similarity for one in own])),
        compared=len(some),
        later=float(np.median([one.similarity for one in found])) if found else None,
        far=sum(one.similarity < usual for one in found),
        scaffolds=_scaffolds(smiles, training),
        new_scaffolds=len(later) - _known_scaffolds(smiles, training, later),
        nearest={str(dataset.sample_ids[row]): neighbour for row, neighbour in rows},
    )


def _scaffold(smiles: str) -> str:
    """G. W. Bemis and M. A. Murcko (1996); empty of a molecule without a ring."""
    from rdkit.Chem.Scaffolds.MurckoScaffold import MurckoScaffoldSmiles

    return str(MurckoScaffoldSmiles(smiles))


def _scaffolds(smiles: list[str], training: Array) -> int:
    return len({_scaffold(smiles[row]) for row in training} - {""})


def _known_scaffolds(smiles: list[str], training: Array, later: Array) -> int:
    """How many later molecules have a scaffold of the training, or none, as some of the training has none."""
    known = {_scaffold(smiles[row]) for row in training}
    return sum(_scaffold(smiles[row]) in known for row in later)
