"""Where the numbers of atoms stand: beside their atom, clear of bonds, symbols and each other."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.records.base import Array

_ANGLES = np.arange(24) * (2 * np.pi / 24)
_DIRECTIONS = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
_DISTANCES = np.array([-1.0, 2.0, 5.0, 9.0])  # CSS pixels beyond the atom's own colour
_MARGIN = 1.5  # CSS pixels that a number keeps free around itself
_SPACING = 2.5  # CSS pixels between the points that stand for an obstacle
_SWEEPS = 3


def place(
    atoms: Array, bonds: Sequence[tuple[int, int]], lines: Array, symbols: Array, radii: Array, sizes: Array
) -> Array:
    """Centres (atoms, 2) of boxes of `sizes` (atoms, 2), one beside each of `atoms` (atoms, 2).

    `lines`: (lines, 2, 2) ends of the drawn lines, two for a double bond; `symbols`: points (points, 2) of the
    outlines of what is written at the atoms; `radii` (atoms, 2): how far each atom's own colour reaches.
    Every obstacle is a set of points, which weigh more where covering them hides a word. Boxes are placed one by
    one, the crowded first, then again with all others in place.
    """
    fixed = np.concatenate([*_ellipses(atoms, radii), *(_segment(*ends) for ends in lines), symbols])
    weights = np.where(np.arange(len(fixed)) < len(fixed) - len(symbols), 1.0, 3.0)
    order = np.argsort(-np.bincount(np.array(bonds, int).ravel(), minlength=len(atoms)), kind="stable")
    chosen: dict[int, Array] = {}
    for _ in range(_SWEEPS):
        for index in order:
            others = [_rectangle(centre, sizes[other]) for other, centre in chosen.items() if other != index]
            candidates, effort = _candidates(atoms[index], radii[index], sizes[index], _away(index, atoms, bonds))
            half = sizes[index] / 2 + _MARGIN
            cost = effort + 10 * _covered(candidates, half, fixed) @ weights
            if others:
                cost = cost + 60 * _covered(candidates, half, np.concatenate(others)).sum(axis=1)
            chosen[index] = candidates[np.argmin(np.round(cost, 6))]
    return np.array([chosen[index] for index in range(len(atoms))])


def _candidates(atom: Array, radius: Array, size: Array, away: Array) -> tuple[Array, Array]:
    """Box centres around an atom, and what their distance and their direction cost."""
    # The distance at which the box just leaves the ellipse of the atom in that direction.
    reach = np.abs(_DIRECTIONS) @ (size / 2) + np.sqrt(((_DIRECTIONS * radius) ** 2).sum(axis=1))
    centres = atom + _DIRECTIONS * (reach + _DISTANCES[:, None])[..., None]
    effort = 1.5 * (_DISTANCES[:, None] + 1) - 2 * (_DIRECTIONS @ away)
    return centres.reshape(-1, 2), effort.ravel()


def _covered(centres: Array, half: Array, points: Array) -> Array:
    """(centres, points) True where a box would cover a point."""
    inside: Array = (np.abs(points[None] - centres[:, None]) < half).all(axis=2)
    return inside


def _away(index: int, atoms: Array, bonds: Sequence[tuple[int, int]]) -> Array:
    """The direction that leads away from the neighbours, zero where they cancel, down where there are none."""
    near = [atoms[j if i == index else i] - atoms[index] for i, j in bonds if index in (i, j)]
    if not near:
        return np.array([0.0, 1.0])
    total = -np.sum([vector / (np.linalg.norm(vector) + 1e-9) for vector in near], axis=0)
    length = np.linalg.norm(total)
    return total / length if length > 0.1 else np.zeros(2)


def _segment(a: Array, b: Array) -> Array:
    count = max(2, int(np.linalg.norm(b - a) / _SPACING))
    return a + np.linspace(0, 1, count)[:, None] * (b - a)


def _ellipses(atoms: Array, radii: Array) -> list[Array]:
    shares = (0.35, 0.85)
    return [atom + _DIRECTIONS * radius * share for atom, radius in zip(atoms, radii, strict=True) for share in shares]


def _rectangle(centre: Array, size: Array) -> Array:
    x, y = (np.linspace(-side / 2, side / 2, max(3, int(side / _SPACING))) for side in size)
    return centre + np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
