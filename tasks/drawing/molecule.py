"""Molecules with the contribution of each atom as colour and as number.

RDKit's own contour map scales every molecule by itself; here atoms are highlighted on the shared scale instead.
"""

import re
from collections.abc import Sequence
from typing import Any

import font_source_sans_pro
import numpy as np
from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from tasks.drawing.colormap import colours
from tasks.drawing.svg import decimals
from tasks.records import Array, InputError, Molecule, Molecules, Part, Scale

_BOND = 30.0  # CSS pixels of a bond, so that all molecules of a report are drawn at one size
_LABEL, _NOTE = 13, 10  # sizes of atom symbols and of the numbers, in CSS pixels


def molecules(content: Molecules, scales: Sequence[Scale]) -> tuple[Part, ...]:
    """One part per molecule; with one scale they share it, with several each has its own."""
    return tuple(
        molecule(item, scales[min(index, len(scales) - 1)].limit, f"m{index}")
        for index, item in enumerate(content.items)
    )


def molecule(item: Molecule, limit: float, name: str) -> Part:
    """The molecule as SVG, atoms in the order of the SMILES, on a canvas that fits it.

    Raises:
        InputError: if the SMILES does not parse, or has another number of atoms than there are values.
    """
    mol = Chem.MolFromSmiles(item.smiles)
    if mol is None or mol.GetNumAtoms() != len(item.values):
        raise InputError(f"cannot draw {item.smiles!r}: it does not parse to {len(item.values)} atoms")
    rdDepictor.Compute2DCoords(mol)
    rdDepictor.StraightenDepiction(mol)
    for atom, note in zip(mol.GetAtoms(), notes(item.values, limit), strict=True):
        atom.SetProp("atomNote", note)
    return _part(name, _draw(mol, item.values, limit))


def notes(values: Array, limit: float) -> list[str]:
    """The number beside each atom. With an ASCII hyphen: RDKit drops U+2212."""
    digits = min(decimals(limit), 2)
    shown = [f"{value:+.{digits}f}" for value in values]
    return ["0" if float(note) == 0 else note for note in shown]


def _draw(mol: Any, values: Array, limit: float) -> str:
    bonds = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]
    atom_colours = _fractions(values, limit)
    bond_colours = _fractions(np.array([values[list(ends)].mean() for ends in bonds]), limit)
    drawer = rdMolDraw2D.MolDraw2DSVG(-1, -1)
    _style(drawer.drawOptions())
    drawer.DrawMolecule(
        rdMolDraw2D.PrepareMolForDrawing(mol, kekulize=True),
        highlightAtoms=list(range(len(values))),
        highlightAtomColors=dict(enumerate(atom_colours)),
        highlightBonds=list(range(len(bonds))),
        highlightBondColors=dict(enumerate(bond_colours)),
    )
    drawer.FinishDrawing()
    return str(drawer.GetDrawingText())


def _style(options: Any) -> None:
    options.useBWAtomPalette()
    options.clearBackground = False
    options.fontFile = font_source_sans_pro.font_files_ttf["SourceSansProSemibold"]
    options.scalingFactor = _BOND / 1.5
    options.fixedBondLength = _BOND
    options.fixedFontSize = _LABEL
    options.minFontSize = options.maxFontSize = -1
    options.annotationFontScale = _NOTE / _LABEL
    options.setAtomNoteColour((0.11, 0.14, 0.19))
    options.bondLineWidth = 1.3
    options.scaleBondWidth = False
    options.highlightRadius = 0.36
    options.highlightBondWidthMultiplier = 7
    options.padding = 0.03


def _fractions(values: Array, limit: float) -> list[tuple[float, ...]]:
    return [tuple(row) for row in (colours(values, limit) / 255).tolist()] if len(values) else []


def _part(name: str, drawn: str) -> Part:
    root = drawn[drawn.index("<svg") :]
    size = re.search(r"width='(\d+)px' height='(\d+)px'", root)
    assert size is not None
    return Part(name=name, media_type="image/svg+xml", data=root.encode(), size=(float(size[1]), float(size[2])))
