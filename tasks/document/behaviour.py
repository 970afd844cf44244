"""How the model behaves over many rows: one section, where anything was asked."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from exhibit.tasks.document import dependence, effects, interactions, permutation
from exhibit.tasks.records.figure import Figure
from exhibit.tasks.records.language import tr
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Block, Section


class _Told(NamedTuple):
    """How one kind of finding is told: its figures and its blocks."""

    figures: Callable[[Material, Any], tuple[Figure, ...]]
    blocks: Callable[[Material, Any], tuple[Block, ...]]


_KINDS: Mapping[str, _Told] = {
    "partial_dependence": _Told(effects.dependence_figures, effects.dependence_blocks),
    "accumulated_local_effects": _Told(effects.accumulated_figures, effects.accumulated_blocks),
    "permutation_importance": _Told(permutation.figures, permutation.blocks),
    "dependence": _Told(dependence.figures, dependence.blocks),
    "interactions": _Told(interactions.figures, interactions.blocks),
}


def figures(material: Material) -> tuple[Figure, ...]:
    """Of everything that was asked, in its order."""
    return tuple(figure for found in material.behaviour for figure in _KINDS[found.kind].figures(material, found))


def sections(material: Material) -> tuple[Section, ...]:
    """One, where anything was asked."""
    blocks = tuple(block for found in material.behaviour for block in _KINDS[found.kind].blocks(material, found))
    return (Section(title=tr("How the model behaves"), id="behaviour", blocks=blocks),) if blocks else ()
