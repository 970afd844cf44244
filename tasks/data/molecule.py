"""What molecules given as SMILES are made of: functional groups, and what two have in common."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np

from exhibit.tasks.data.limits import Limits
from exhibit.tasks.data.said import OF_MOLECULES, told
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Analogue
from exhibit.tasks.records.groups import GROUPS
from exhibit.tasks.records.language import Message, joined, mark, say, sayn

_LETTERS = 20  # of an atom in SMILES, at most: [13C@@H2+2:1234] and its bonds


def problem(smiles: str, limits: Limits) -> str | None:
    """Why `smiles` cannot be used, or None when it can."""
    from rdkit import Chem, rdBase

    if len(smiles) > _LETTERS * limits.atoms:  # which would take minutes to read
        return say(
            "{count} letters, too many for data.limits.atoms: {limit}",
            count=f"{len(smiles):,}",
            limit=f"{limits.atoms:,}",
        )
    with rdBase.BlockLogs():
        if (whole := Chem.MolFromSmiles(smiles)) is not None:
            if (atoms := whole.GetNumAtoms()) > limits.atoms:
                return say(
                    "{count} atoms, more than data.limits.atoms: {limit}",
                    count=f"{atoms:,}",
                    limit=f"{limits.atoms:,}",
                )
            return _not_kept(smiles, whole) if atoms else mark("no atoms")
        parameters = Chem.SmilesParserParams()
        parameters.sanitize = False
        molecule = Chem.MolFromSmiles(smiles, parameters)
        if molecule is None:
            if "n(H)" in smiles:
                return mark("not valid SMILES; a hydrogen on a ring nitrogen is written [nH]")
            return mark("not valid SMILES")
        issues = (issue.Message().split("  ")[0].rstrip(".") for issue in Chem.DetectChemistryProblems(molecule))
        return joined([told(issue, OF_MOLECULES) for issue in issues])


def _not_kept(smiles: str, molecule: Any) -> str | None:
    """What a spelling says of a molecule that its one canonical spelling would not, or not always in the same way."""
    from rdkit import Chem

    if re.search(r"\s\|", smiles):  # ChemAxon's: that it is a mixture of both mirror images, a polymer, a radical
        return mark("what stands between | and | says more than SMILES does; write the SMILES alone")
    if "@" not in smiles:
        return None
    tetrahedral = {Chem.ChiralType.CHI_TETRAHEDRAL_CW, Chem.ChiralType.CHI_TETRAHEDRAL_CCW}
    for atom in molecule.GetAtoms():
        if (tag := atom.GetChiralTag()) != Chem.ChiralType.CHI_UNSPECIFIED and tag not in tetrahedral:
            return say(
                "how the neighbours of {element} stand (@SP, @TB or @OH) is not spelled in one way; leave it out",
                element=atom.GetSymbol(),
            )
    parameters = Chem.SmilesParserParams()
    parameters.sanitize = parameters.removeHs = False  # which drop it
    if any(_turned_axis(atom) for atom in Chem.MolFromSmiles(smiles, parameters).GetAtoms()):
        return mark("which way an allene turns (@ between two double bonds) is not read; leave it out")
    return None


def _turned_axis(atom: Any) -> bool:
    """Whether it stands between two double bonds, and says how what is around these turns."""
    twice = [str(bond.GetBondType()) for bond in atom.GetBonds()] == ["DOUBLE"] * 2
    return twice and atom.GetSymbol() == "C" and str(atom.GetChiralTag()) != "CHI_UNSPECIFIED"


def canonical(smiles: str) -> str:
    """The one spelling of a molecule that RDKit can read: what a model is given depends on no other. Numbers of atoms
    (as in [CH3:1]) are dropped; tautomers stay different molecules.

    Features of atoms follow the spelling: @ and @@ say how the neighbours turn in the order in which they are written.
    """
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        for _ in range(_ROUNDS):
            molecule = Chem.MolFromSmiles(smiles)
            for atom in molecule.GetAtoms():
                atom.SetAtomMapNum(0)
            before, smiles = smiles, str(Chem.MolToSmiles(molecule))
            if smiles == before:
                break
    return smiles


_ROUNDS = 8  # a spelling that was just written may be written in another way when it is read again


def structure(smiles: str) -> str | None:
    """The one spelling of a molecule; None for what RDKit cannot read."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        readable = Chem.MolFromSmiles(smiles) is not None
    return canonical(smiles) if readable else None


def repeated(smiles: Sequence[str], split: Array) -> Message:
    """A sentence on structures that stand in the data more than once, however they are spelled; empty without any."""
    rows: dict[str | None, list[str]] = {}
    for text, part in zip(smiles, split.tolist(), strict=True):
        rows.setdefault(structure(text), []).append(part)
    again = [parts for parts in rows.values() if len(parts) > 1]
    if not again:
        return Message()
    across = sum(len(set(parts)) > 1 for parts in again)
    if not across:
        return sayn(
            "{number} structure stands in it more than once.",
            "{number} structures stand in it more than once.",
            len(again),
            number=str(len(again)),
        )
    return sayn(
        "{number} structure stands in it more than once, {across} of them in training and in test.",
        "{number} structures stand in it more than once, {across} of them in training and in test.",
        len(again),
        number=str(len(again)),
        across=str(across),
    )


def scaffold(smiles: str) -> str:
    """The rings of a molecule with what joins them, G. W. Bemis and M. A. Murcko (1996); empty where it has no ring."""
    from rdkit.Chem.Scaffolds.MurckoScaffold import MurckoScaffoldSmiles

    return str(MurckoScaffoldSmiles(smiles))


def atom_counts(smiles: Sequence[str]) -> Array:
    """(samples,) how many atoms each molecule has."""
    from rdkit import Chem

    return np.array([Chem.MolFromSmiles(text).GetNumAtoms() for text in smiles])


def bond_names(smiles: str) -> tuple[str, ...]:
    """What a reader calls each bond of a molecule, in RDKit's order, hydrogens aside: C–O, C=O, aromatic C–C."""

    def name(bond: Any) -> str:
        ends = sorted(atom.GetSymbol() for atom in (bond.GetBeginAtom(), bond.GetEndAtom()))
        first, last = reversed(ends) if ends[1] == "C" else ends  # carbon is named first
        sign = _SIGNS.get(str(bond.GetBondType()), "–")
        plain = f"{first}{sign}{last}"
        return say("aromatic {bond}", bond=plain) if bond.GetIsAromatic() else plain

    return tuple(name(bond) for bond in _parsed(smiles).GetBonds())


_SIGNS = {"DOUBLE": "=", "TRIPLE": "≡"}


@cache
def _patterns() -> tuple[Any, ...]:
    """The SMARTS of each group."""
    from rdkit import Chem

    return tuple(Chem.MolFromSmarts(group.smarts) for group in GROUPS)


def groups_of(smiles: str) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """For each of `GROUPS` its occurrences in a molecule, as the atoms of each. An atom is in one occurrence at most:
    that of the first group that matches it, and of overlapping ones that whose atoms come first in canonical order."""
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(smiles)
    places = list(Chem.CanonicalRankAtoms(molecule))
    taken: set[int] = set()
    found = []
    for pattern in _patterns():
        kept = []
        matches = molecule.GetSubstructMatches(pattern, maxMatches=10 * molecule.GetNumAtoms())
        for match in sorted(matches, key=lambda atoms: sorted(places[atom] for atom in atoms)):
            if not taken & set(match):
                kept.append(match)
                taken |= set(match)
        found.append(tuple(kept))
    return tuple(found)


def group_contributions(smiles: Sequence[str], values: Array) -> Array:
    """What each functional group contributes in each molecule: (samples, groups, ...), groups as in `GROUPS`.

    `values`: (samples, atoms, ...) padded contributions per atom. A group's is the sum over its own atoms, averaged
    over its occurrences in the molecule; NaN where the molecule does not have the group.
    """
    result = np.full((len(smiles), len(GROUPS), *values.shape[2:]), np.nan)
    for row, text in enumerate(smiles):
        for column, matches in enumerate(groups_of(str(text))):
            if matches:
                result[row, column] = np.mean([values[row, list(match)].sum(axis=0) for match in matches], axis=0)
    return result


def group_sums(smiles: str, values: Array) -> list[tuple[str, float]]:
    """What each functional group of a molecule contributes, over all its occurrences, and what the atoms of none do:
    these add up to the sum of `values` (atoms,)."""
    found: list[tuple[str, float]] = []
    rest = set(range(len(values)))
    for group, matches in zip(GROUPS, groups_of(smiles), strict=True):
        if matches:
            atoms = sorted({atom for match in matches for atom in match})
            name, times = say(group.name), str(len(matches))
            several = len(matches) > 1
            title = say("{group} ({number} times)", group=name, number=times) if several else name
            found.append((title, float(values[atoms].sum())))
            rest -= set(atoms)
    return [*found, *([(say("atoms of no group"), float(values[sorted(rest)].sum()))] if rest else [])]


_ALIKE = 40  # pairs with the most similar fingerprints, of which the common part is looked for
_MOST = 500  # molecules that are compared with each other
_LARGE, _LONG = 20, 8  # atoms, and bonds from end to end: of larger ones the numbers cannot be read side by side
_SECONDS = 10  # a pair that takes longer is left out
_SHARE = 0.6  # of the atoms of the larger one that two must have in common


def analogues(
    molecules: Dataset,
    values: Array,
    predicted: Array,
    base: Array,
    targets: Array,
    wanted: int | Sequence[tuple[str, str]],
) -> tuple[Analogue, ...]:
    """Pairs that have a large part in common: so many, those first whose predictions differ most, or the wanted ones.

    `values`: (samples, atoms) padded contributions to the first target; `predicted`, `base`: (samples,) its scores at
    the sample and at its baseline; `targets`: (samples,) the output that this is, and only scores of one output are
    subtracted: no pair has two. Of the pairs with the most similar
    fingerprints the largest common part is looked for; each molecule is in one pair at most.

    Raises:
        InputError: for a wanted molecule that is not explained, or a pair with nothing in common.
    """
    names = molecules.sample_ids if molecules.names is None else molecules.names
    smiles = [str(text) for text in molecules.inputs[0].array]

    def analogue(pair: tuple[int, int], common: Array) -> Analogue:
        first, second = pair
        counts = [_parsed(smiles[row]).GetNumAtoms() for row in pair]
        return Analogue(
            names=(str(names[first]), str(names[second])),
            smiles=(smiles[first], smiles[second]),
            values=(values[first, : counts[0]], values[second, : counts[1]]),
            predictions=(float(predicted[first]), float(predicted[second])),
            base_values=(float(base[first]), float(base[second])),
            common=common,
        )

    if not isinstance(wanted, int):
        pairs = [(_row(first, molecules), _row(second, molecules)) for first, second in wanted]
        return tuple(
            analogue(pair, _common_of_wanted(smiles, pair, names))
            for pair in pairs
            if targets[pair[0]] == targets[pair[1]]
        )
    if not wanted:
        return ()
    common_parts = {
        pair: common_atoms(*(smiles[row] for row in pair))
        for pair in _similar(smiles)
        if targets[pair[0]] == targets[pair[1]]
    }
    common_parts = {
        (i, j): common
        for (i, j), common in common_parts.items()
        if len(common) >= _SHARE * _larger(smiles[i], smiles[j])
    }
    order = sorted(common_parts, key=lambda pair: (-abs(float(predicted[pair[0]] - predicted[pair[1]])), pair))
    return tuple(analogue(pair, common_parts[pair]) for pair in _each_once(order)[:wanted])


def common_atoms(first: str, second: str) -> Array:
    """(atoms, 2): the largest connected part that two molecules have in common, rings whole, as atoms of the first and
    their partners in the second. Empty where there is none, or none was found in time."""
    from rdkit.Chem import MolFromSmarts, rdFMCS

    both = [_parsed(first), _parsed(second)]
    match = rdFMCS.FindMCS(both, ringMatchesRingOnly=True, completeRingsOnly=True, timeout=_SECONDS)
    if match.canceled or not match.numAtoms:
        return np.zeros((0, 2), np.int64)
    part = MolFromSmarts(match.smartsString)
    own = both[0].GetSubstructMatch(part)
    # A symmetrical part fits in several ways: the first in which most partners have as many neighbours and hydrogens.
    ways = both[1].GetSubstructMatches(part, uniquify=False, maxMatches=64)
    return np.array([own, max(ways, key=lambda way: _same_surroundings(both, own, way))], np.int64).T


def _same_surroundings(both: Sequence[Any], own: Sequence[int], other: Sequence[int]) -> int:
    def surroundings(molecule: Any, atoms: Sequence[int]) -> list[tuple[int, int]]:
        nodes = [molecule.GetAtomWithIdx(atom) for atom in atoms]
        return [(atom.GetDegree(), atom.GetTotalNumHs()) for atom in nodes]

    return sum(a == b for a, b in zip(surroundings(both[0], own), surroundings(both[1], other), strict=True))


def _similar(smiles: Sequence[str]) -> list[tuple[int, int]]:
    """The pairs of different molecules with the most similar fingerprints (Morgan, radius 2), as (row, row)."""
    from rdkit import DataStructs
    from rdkit.Chem import MolToSmiles, rdFingerprintGenerator

    rows = [row for row in range(min(len(smiles), _MOST)) if _handy(_parsed(smiles[row]))]
    parsed = [_parsed(smiles[row]) for row in rows]
    same = [MolToSmiles(molecule) for molecule in parsed]
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2)
    prints = [generator.GetFingerprint(molecule) for molecule in parsed]
    found = [
        (-alike, rows[i], rows[j])
        for i in range(len(rows))
        for j, alike in enumerate(DataStructs.BulkTanimotoSimilarity(prints[i], prints[:i]))
        if same[i] != same[j]
    ]
    return [(min(i, j), max(i, j)) for _, i, j in sorted(found)[:_ALIKE]]


def _handy(molecule: Any) -> bool:
    from rdkit.Chem import GetDistanceMatrix

    return 2 <= molecule.GetNumAtoms() <= _LARGE and bool(GetDistanceMatrix(molecule).max() <= _LONG)


def _each_once(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pairs whose molecules are in none before."""
    seen: set[int] = set()
    kept = []
    for pair in pairs:
        if not seen & set(pair):
            kept.append(pair)
            seen |= set(pair)
    return kept


def _common_of_wanted(smiles: Sequence[str], pair: tuple[int, int], names: Array) -> Array:
    common = common_atoms(*(smiles[row] for row in pair))
    if not len(common):
        first, second = (names[row] for row in pair)
        raise InputError(f"drawing.molecule.analogues: {first} and {second} have no part in common")
    return common


def _row(wanted: str, molecules: Dataset) -> int:
    """The row of the molecule with this name or sample id."""
    for known in (molecules.names, molecules.sample_ids):
        if known is not None and wanted in known:
            return int(np.flatnonzero(known == wanted)[0])
    raise InputError(
        f"drawing.molecule.analogues: {wanted!r} is not one of the explained molecules; give the name or the id of "
        "one, or explain more with selection.rows"
    )


def _larger(first: str, second: str) -> int:
    return max(_parsed(first).GetNumAtoms(), _parsed(second).GetNumAtoms())


@lru_cache(maxsize=1024)
def _parsed(smiles: str) -> Any:
    from rdkit import Chem

    return Chem.MolFromSmiles(smiles)
