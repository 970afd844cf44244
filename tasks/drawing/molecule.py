"""Molecules with the contribution of each atom as colour and as number.

RDKit's own contour map scales every molecule by itself; here atoms are highlighted on the shared scale instead. The
numbers are text of ours: RDKit's notes are outlines, drop the minus sign and run into the colours.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from exhibit.tasks.drawing.colormap import colour, colours
from exhibit.tasks.drawing.placement import place
from exhibit.tasks.drawing.svg import (
    INK,
    NOTE,
    PAGE,
    QUIET,
    decimals,
    element,
    picture,
    readable,
    signed,
    text,
    text_width,
    up_to,
)
from exhibit.tasks.faces import path
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.figure import Molecule, Molecules, Part, Scale

_ANGSTROM = 22.0  # CSS pixels, a bond is about 1.5 of them: all molecules of a report are drawn at one size
_LABEL = 13.0  # size of atom symbols, in CSS pixels
_RADIUS = 8.5  # of a coloured atom
_MARGIN = 3.0
_GAP = 14.0  # between the columns of a grid
_LINE = re.compile(r"<path class='bond-[^']*' d='(M [^ ]+ L [^ ]+)' fill='none'")  # a line of a bond
_SYMBOL = re.compile(r"<path class='atom-\d+' d='([^']*)'")  # the outline of a letter at an atom


class _Drawn(NamedTuple):
    """SVG elements, and the corners of what they cover in CSS pixels."""

    elements: tuple[str, ...]
    low: Array
    high: Array

    @property
    def width(self) -> float:
        return float(self.high[0] - self.low[0])


def molecules(content: Molecules, scales: Sequence[Scale]) -> tuple[Part, ...]:
    """One part per molecule, coloured by the scale that it names, or by one of its own.

    In columns the molecules of a row are made smaller alike, so that the widest fits into its column.
    """
    parts = [_molecule(item, item.limit or scales[item.scale].limit, content.numbers) for item in content.items]
    columns = len(content.columns)
    if not columns:
        return tuple(_part(f"m{index}", item) for index, item in enumerate(parts))
    room = PAGE / columns - _GAP
    rows = [parts[start : start + columns] for start in range(0, len(parts), columns)]
    smaller = [min(1.0, room / max(item.width for item in row)) for row in rows]
    return tuple(_part(f"m{index}", item, smaller[index // columns]) for index, item in enumerate(parts))


def _molecule(item: Molecule, limit: float, numbers: bool) -> _Drawn:
    """The molecule with atoms in the order of the SMILES.

    Raises:
        InputError: if the SMILES does not parse, or has another number of atoms or bonds than there are values.
    """
    mol = Chem.MolFromSmiles(item.smiles)
    if mol is None or mol.GetNumAtoms() != len(item.values):
        raise InputError(f"cannot draw {item.smiles!r}: it does not parse to {len(item.values)} atoms")
    if item.bonds is not None and not mol.GetNumBonds() == len(item.bonds) == len(item.bond_names):
        raise InputError(f"cannot draw {item.smiles!r}: it does not parse to {len(item.bonds)} bonds")
    _lay_out(mol, item)
    structure, atoms = _structure(mol, item, limit)
    if not numbers:
        return _bounded([structure], _extent(structure))
    marks = [_Mark(f"atom-{k}", atom.GetSymbol(), _reach(atom)) for k, atom in enumerate(mol.GetAtoms())]
    labels, bonds = notes(item.values, limit), _bonds(mol)
    if item.bonds is not None:  # in the middle of each bond, which is beside both of its atoms
        middles = np.array([atoms[[*ends]].mean(axis=0) for ends in bonds]).reshape(-1, 2)
        count = len(marks)
        marks += [_Mark(f"bond-{k}", name, _BOND, QUIET) for k, name in enumerate(item.bond_names)]
        labels += _of_bonds(item.bonds, limit)
        bonds += [(count + k, end) for k, ends in enumerate(bonds) for end in ends]
        atoms = np.concatenate([atoms, middles])
    sizes = np.array([(text_width(label, NOTE), 0.72 * NOTE) for label in labels])
    radii = np.array([mark.reach for mark in marks])
    lines, letters = (_points(pattern.findall(structure)) for pattern in (_LINE, _SYMBOL))
    centres = place(atoms, bonds, lines.reshape(-1, 2, 2), letters, radii, sizes)
    written = _numbers(labels, marks, centres)
    shown = np.array([bool(label) for label in labels])
    extent = np.concatenate([_extent(structure), (centres - sizes / 2)[shown], (centres + sizes / 2)[shown]])
    return _bounded([structure, *written], extent)


class _Mark(NamedTuple):
    """What a number stands beside: its class and symbol, by which the screen finds it, and how far its colour reaches
    to the side and up, in CSS pixels."""

    name: str
    symbol: str
    reach: tuple[float, float]
    ink: str = INK


_BOND = (3.0, 3.0)
_FAINT = 0.1  # of the end of the scale: a bond below that has no number


def _of_bonds(values: Array, limit: float) -> list[str]:
    """The number of each bond that is not faint."""
    return notes(np.where(np.abs(values) < _FAINT * limit, np.nan, values), limit)


def _lay_out(mol: Any, item: Molecule) -> None:
    """Places the atoms: by themselves, or the common ones where they are in the molecule that it is drawn over."""
    if not item.like or item.common is None:
        rdDepictor.Compute2DCoords(mol)
        rdDepictor.StraightenDepiction(mol)
        return
    other = Chem.MolFromSmiles(item.like)
    rdDepictor.Compute2DCoords(other)
    rdDepictor.StraightenDepiction(other)
    rdDepictor.GenerateDepictionMatching2DStructure(mol, other, item.common.tolist())


def sketch(smiles: str, part: str, room: tuple[float, float]) -> str:
    """A small molecule in a box of (width, height) CSS pixels, the atoms that the SMARTS `part` matches marked."""
    mol = Chem.MolFromSmiles(smiles)
    marked = list(mol.GetSubstructMatch(Chem.MolFromSmarts(part)))
    bonds = [index for index, ends in enumerate(_bonds(mol)) if {*ends} <= {*marked}]
    drawer = rdMolDraw2D.MolDraw2DSVG(-1, -1)
    _style(drawer.drawOptions())
    grey = (0.8, 0.8, 0.8)
    drawer.DrawMolecule(
        rdMolDraw2D.PrepareMolForDrawing(mol, kekulize=True),
        highlightAtoms=marked,
        highlightAtomColors=dict.fromkeys(marked, grey),
        highlightBonds=bonds,
        highlightBondColors=dict.fromkeys(bonds, grey),
    )
    drawer.FinishDrawing()
    structure = _plain(drawer.GetDrawingText())
    drawn = _bounded([structure], _extent(structure))
    wide, high = (drawn.high - drawn.low).tolist()
    smaller = min(0.8, room[0] / wide, room[1] / high)
    left, top = (room[0] - smaller * wide) / 2, (room[1] - smaller * high) / 2
    moved = f"translate({left:.1f} {top:.1f}) scale({smaller:.3f}) translate({-drawn.low[0]:.1f} {-drawn.low[1]:.1f})"
    return element("g", structure, class_="sketch", transform=moved)


def notes(values: Array, limit: float) -> list[str]:
    """The number beside each atom, all with the same digits; nothing beside one without a value."""
    shown = f".{min(decimals(limit), 2)}f"
    write = up_to(limit) if limit < _SMALL else lambda value, _: signed(value, shown)
    return [write(float(value), True) if np.isfinite(value) else "" for value in values]


_SMALL = 0.01  # what two decimals do not show


def _bonds(mol: Any) -> list[tuple[int, int]]:
    return [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]


def _structure(mol: Any, item: Molecule, limit: float) -> tuple[str, Array]:
    """The drawn bonds, symbols and colours, and the places (atoms, 2) of the atoms in it."""
    values = np.nan_to_num(item.values)
    lit = np.isfinite(item.values) & (True if item.coloured is None else item.coloured)
    means = np.array([values[[*ends]].mean() for ends in _bonds(mol)])  # what a bond without a value of its own has
    own = means if item.bonds is None else item.bonds
    both = np.array([lit[[*ends]].all() for ends in _bonds(mol)], bool)
    atoms, numbered = np.flatnonzero(lit).tolist(), np.flatnonzero(both).tolist()
    drawer = rdMolDraw2D.MolDraw2DSVG(-1, -1)
    _style(drawer.drawOptions())
    drawer.DrawMolecule(
        rdMolDraw2D.PrepareMolForDrawing(mol, kekulize=True),
        highlightAtoms=atoms,
        highlightAtomColors=dict(zip(atoms, _fractions(values[lit], limit), strict=True)),
        highlightBonds=numbered,
        highlightBondColors=dict(zip(numbered, _fractions(own[both], limit), strict=True)),
    )
    points = [drawer.GetDrawCoords(index) for index in range(len(values))]
    drawer.FinishDrawing()
    structure = _legible(_plain(drawer.GetDrawingText()), np.where(lit, values, 0) / limit)
    return structure, np.array([(point.x, point.y) for point in points])


def _style(options: Any) -> None:
    options.useBWAtomPalette()
    options.clearBackground = False
    options.fontFile = str(path("SourceSansPro-Semibold.ttf"))
    options.scalingFactor = _ANGSTROM
    options.fixedFontSize = int(_LABEL)
    options.bondLineWidth = 1.3
    options.scaleBondWidth = False
    options.highlightRadius = _RADIUS / _ANGSTROM
    options.highlightBondWidthMultiplier = 7


def _fractions(values: Array, limit: float) -> list[tuple[float, ...]]:
    return [tuple(row) for row in (colours(values, limit) / 255).tolist()] if len(values) else []


def _reach(atom: Any) -> tuple[float, float]:
    """How far the symbol or the colour of an atom reaches to the side and up, in CSS pixels."""
    radius = _RADIUS
    if atom.GetSymbol() == "C" and not atom.GetFormalCharge() and atom.GetDegree():
        return radius, radius
    letters = atom.GetSymbol() + "H" * min(atom.GetTotalNumHs(), 1)
    return max(radius, text_width(letters, _LABEL, 600) * 0.6), max(radius, 0.7 * _LABEL)


def _plain(drawn: str) -> str:
    """RDKit's elements with attributes instead of inline styles, which a strict page forbids, and short numbers."""
    inner = drawn[drawn.index("<!-- END OF HEADER -->") + 22 : drawn.rindex("</svg>")]
    styled = re.sub(r"style='([^']*)'", lambda match: _attributes(match[1]), inner)
    short = re.sub(r"\d+\.\d\d+", lambda match: f"{float(match[0]):.1f}".removesuffix(".0"), styled)
    return short.replace("\n", "").replace("#000000", INK)


def _legible(structure: str, shares: Array) -> str:
    """Symbols as they are read on their colour. `shares`: (atoms,) of the limit."""
    return re.sub(
        rf"(<path class='atom-(\d+)' d='[^']*') fill='{INK}'",
        lambda match: f"{match[1]} fill='{readable(colour(float(shares[int(match[2])]), 1.0))}'",
        structure,
    )


_DEFAULTS = {
    "fill-opacity:1",
    "stroke-opacity:1",
    "stroke-linejoin:miter",
    "stroke-miterlimit:10",
    "stroke-linecap:butt",
    "stroke-width:0.0px",
}


def _attributes(style: str) -> str:
    pairs = (rule.split(":") for rule in style.split(";") if rule and rule not in _DEFAULTS)
    return " ".join(f"{key}='{value.removesuffix('px')}'" for key, value in pairs)


def _numbers(labels: Sequence[str], marks: Sequence[_Mark], centres: Array) -> list[str]:
    """The numbers of atoms and bonds at their places; the screen finds them by class and symbol."""
    return [
        text(
            label,
            x,
            y + 0.36 * NOTE,
            NOTE,
            "middle",
            fill=mark.ink,
            style=f"contribution {mark.name}",
            data_symbol=mark.symbol,
        )
        for label, mark, (x, y) in zip(labels, marks, centres.tolist(), strict=True)
        if label
    ]


def _bounded(elements: Sequence[str], extent: Array) -> _Drawn:
    """What covers the points of `extent` (points, 2), with a margin."""
    return _Drawn(tuple(elements), extent.min(axis=0) - _MARGIN, extent.max(axis=0) + _MARGIN)


def _part(name: str, molecule: _Drawn, smaller: float = 1.0) -> Part:
    """What is drawn, on the smallest canvas that holds it."""
    width, height = (smaller * (molecule.high - molecule.low)).tolist()
    moved = f"translate({-molecule.low[0]:.1f} {-molecule.low[1]:.1f})"
    change = moved if smaller == 1 else f"scale({smaller:.3f}) {moved}"
    return picture(name, width, height, element("g", *molecule.elements, transform=change))


def _extent(structure: str) -> Array:
    """Points (points, 2) that bound what is drawn."""
    ellipses = np.array(re.findall(r"cx='([\d.-]+)' cy='([\d.-]+)' rx='([\d.]+)' ry='([\d.]+)'", structure), float)
    corners = [ellipses[:, :2] + sign * ellipses[:, 2:] for sign in (-1, 1)] if len(ellipses) else []
    return np.concatenate([_points(re.findall(r" d='([^']*)'", structure)), *corners])


def _points(paths: Sequence[str]) -> Array:
    """Every place (points, 2) that the paths name, control points of their curves included."""
    return np.reshape([float(number) for path in paths for number in re.findall(r"-?[\d.]+", path)], (-1, 2))
