"""Where the numbers of atoms stand: beside their atom, clear of bonds, symbols and each other."""

from collections.abc import Sequence

import numpy as np

from tasks.records import Array

_ANGLES = np.arange(24) * (2 * np.pi / 24)
_DIRECTIONS = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
_MARGIN = 1.5  # CSS pixels that a number keeps free around itself
_SPACING = 2.5  # CSS pixels between the points that stand for an obstacle


def place(atoms: Array, bonds: Sequence[tuple[int, int]], symbols: Array, radii: Array, sizes: Array) -> Array:
    """Centres (atoms, 2) of boxes of `sizes` (atoms, 2), one beside each of `atoms` (atoms, 2).

    `symbols`: points (points, 2) of the outlines of what is written at the atoms; `radii` (atoms, 2): how far each
    atom's own colour reaches to the side and up. Every obstacle is a set of points; a box takes the direction with
    the fewest points inside, then the one that leads away from the bonds.
    """
    obstacles = [symbols, *_ellipses(atoms, radii), *(_segment(atoms[i], atoms[j]) for i, j in bonds)]
    centres = np.zeros((len(atoms), 2))
    order = np.argsort(-np.bincount(np.array(bonds, int).ravel(), minlength=len(atoms)), kind="stable")
    for index in order:
        away = _away(index, atoms, bonds)
        candidates, effort = _candidates(atoms[index], radii[index], sizes[index])
        inside = _hits(candidates, sizes[index] / 2 + _MARGIN, np.concatenate(obstacles))
        cost = 10 * inside + effort - 2 * (np.tile(_DIRECTIONS, (len(candidates) // len(_DIRECTIONS), 1)) @ away)
        centres[index] = candidates[np.argmin(np.round(cost, 6))]
        obstacles.append(_rectangle(centres[index], sizes[index]))
    return centres


def _candidates(atom: Array, radius: Array, size: Array) -> tuple[Array, Array]:
    """Box centres around an atom in every direction, close and a little further, and what the distance costs."""
    # The distance at which the box just leaves the ellipse of the atom in that direction.
    reach = np.abs(_DIRECTIONS) @ (size / 2) + np.sqrt(((_DIRECTIONS * radius) ** 2).sum(axis=1))
    rings = [atom + _DIRECTIONS * (reach + extra)[:, None] for extra in (-1.0, 3.0, 8.0)]
    return np.concatenate(rings), np.repeat([0.0, 4.0, 12.0], len(_DIRECTIONS))


def _hits(centres: Array, half: Array, points: Array) -> Array:
    return (np.abs(points[None] - centres[:, None]) < half).all(axis=2).sum(axis=1)


def _away(index: int, atoms: Array, bonds: Sequence[tuple[int, int]]) -> Array:
    """The direction that leads away from the neighbours, zero where they cancel."""
    near = [atoms[j if i == index else i] - atoms[index] for i, j in bonds if index in (i, j)]
    total = -np.sum([vector / (np.linalg.norm(vector) + 1e-9) for vector in near], axis=0) if near else np.array([0.0, 1.0])
    length = np.linalg.norm(total)
    return total / length if length > 0.1 else np.zeros(2)


def _segment(a: Array, b: Array) -> Array:
    count = max(2, int(np.linalg.norm(b - a) / _SPACING))
    return a + np.linspace(0, 1, count)[:, None] * (b - a)


def _ellipses(atoms: Array, radii: Array) -> list[Array]:
    return [atom + _DIRECTIONS * radius * share for atom, radius in zip(atoms, radii, strict=True) for share in (0.35, 0.85)]


def _rectangle(centre: Array, size: Array) -> Array:
    x, y = (np.linspace(-side / 2, side / 2, max(3, int(side / _SPACING))) for side in size)
    return centre + np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
