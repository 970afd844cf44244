"""Chapters about molecules."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.document import analogues, groups
from exhibit.tasks.document.common import (
    difference,
    direction,
    drawn_rows,
    explained_score,
    left_out,
    predicted_output,
    verdict_asides,
)
from exhibit.tasks.document.words import capital, count, interval, plain, share, signed
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import Importance
from exhibit.tasks.records.figure import Figure, Molecule, Molecules, Scale
from exhibit.tasks.records.material import Material, MethodMaterial, Scales
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table

_READABLE = 16  # atoms of a molecule on the front page
_MOST_ROWS = 8  # molecules of a grid of methods


def story(material: Material) -> tuple[str, str, str]:
    importance = material.main.summary.importances[0]
    if not len(importance.features):
        return "No group stands out", _NO_GROUP, f"{material.slug}-teaser"
    common = np.flatnonzero(importance.count >= min(10, int(importance.count.max())))
    best, worst = common[importance.mean[common].argmax()], common[importance.mean[common].argmin()]
    up, down = importance.features[best], importance.features[worst]
    raising, lowering = float(importance.mean[best]) > 0, float(importance.mean[worst]) < 0
    said = f"the {explained_score(material)}"
    most = [
        f"{name} {verb} {said if first else 'it'} most ({_with_interval(importance, int(k))} for each group)"
        for name, verb, k, true, first in (
            (up, "raises", best, raising, True),
            (down, "lowers", worst, lowering, not raising),
        )
        if true
    ]
    none = [f"none {verb} it" for verb, true in (("raises", raising), ("lowers", lowering)) if not true]
    sentence = f"Over {count(material.explained, 'molecule')}, {', '.join([*most, *none])}."
    headline = ", ".join([*([f"{up} lifts"] if raising else []), *([f"{down} sinks"] if lowering else [])])
    return headline or "No group moves it", sentence, f"{material.slug}-teaser"


def _with_interval(importance: Importance, k: int) -> str:
    """+1.20, 95% interval 1.01 to 1.38; the mean alone where one molecule has the group."""
    mean = signed(float(importance.mean[k]))
    if importance.count[k] < 2:
        return mean
    return f"{mean}, 95% interval {interval(*groups.bounds_of(importance, k))}"


def figures(material: Material, scales: Scales) -> tuple[Figure, ...]:
    """Every figure of the chapter that belongs to this kind, the front page's first."""
    several = (_methods_grid(material, scales),) if len(material.methods) > 1 else ()
    return (
        _teaser(material, scales),
        _molecule_grid(material, scales),
        *several,
        *analogues.figures(material, scales),
        *((groups.figure(material),) if _grouped(material) else ()),
    )


_NO_GROUP = "No explained molecule has one of the functional groups that are told apart; single atoms are shown."


def _grouped(material: Material) -> bool:
    """Whether an explained molecule has a functional group that is told apart."""
    return len(material.main.summary.importances[0].features) > 0


def _atoms(material: Material, row: int, method: MethodMaterial | None = None) -> Array:
    """Contributions of the atoms of a shown molecule, by the main method if by no other."""
    by, name = method or material.main, material.dataset.inputs[0].name
    return by.values[name][row, by.mask[name][row], 0]


def _molecule(material: Material, row: int, method: MethodMaterial, scale: int = 0) -> Molecule:
    atoms, name = _atoms(material, row, method), material.sample_name(row)
    model = f", model {signed(difference(method, row))}" if method.additive else ""
    return Molecule(
        smiles=str(material.dataset.inputs[0].values[row]),
        values=atoms,
        scale=scale,
        limit=(float(np.abs(atoms).max()) or 1.0) if material.own_scales else None,
        coloured=strongest(atoms, material.coloured),
        title=name,
        note=f"atoms {signed(float(atoms.sum()))}{model}",
        alt=f"{name}: {count(len(atoms), 'atom')} summing to {signed(float(atoms.sum()))}, "
        f"from {signed(float(atoms.min()))} to {signed(float(atoms.max()))}",
    )


def strongest(values: Array, part: float) -> Array:
    """(atoms,) where the largest |a| are: int(part · n) + 1 of n atoms, as Chainer Chemistry's `visualize_ratio`."""
    order = np.argsort(-np.abs(values), kind="stable")
    return np.isin(np.arange(len(values)), order[: int(part * len(values)) + 1])


def _scale(material: Material, method: MethodMaterial) -> str:
    return method.scale(material.dataset.inputs[0].name)


def _scales(material: Material, scales: Scales, names: Sequence[str]) -> tuple[Scale, ...]:
    if material.own_scales:
        return (Scale(unit="share of each molecule's largest |a|", limit=1.0),)
    return tuple(Scale(unit=name, limit=scales.get(name, 1.0)) for name in names)


def _on_scale(material: Material) -> str:
    """How colours are to be compared, and which atoms have one."""
    shared = (
        "each molecule has a scale of its own: colours of two cannot be compared"
        if material.own_scales
        else "equal colours on one scale are equal numbers"
    )
    part = (
        ""
        if material.coloured == 1
        else f" Only the strongest {share(material.coloured)} of the atoms are coloured, "
        f"int({material.coloured:g} n) + 1 of n."
    )
    return f"{shared}.{part}"


def _colours(material: Material, method: MethodMaterial) -> str:
    """What the colours mean, and how they are to be compared."""
    meaning = direction(material, method).removesuffix(".")
    return f"{meaning}; {_on_scale(material)}" if meaning else f" {capital(_on_scale(material))}"


def _teaser(material: Material, scales: Scales) -> Figure:
    """The shown molecule in which atoms pull most in both directions, of those whose numbers stay readable."""

    def tension(row: int) -> float:
        atoms = _atoms(material, row)
        return float(min(atoms.clip(min=0).sum(), -atoms.clip(max=0).sum()))

    rows = range(len(material.dataset.sample_ids))
    small = [row for row in rows if len(_atoms(material, row)) <= _READABLE]
    molecule = _molecule(material, max(small or rows, key=tension), material.main)
    return Figure(
        name=f"{material.slug}-teaser",
        content=Molecules(items=(molecule,)),
        scales=_scales(material, scales, [_scale(material, material.main)]),
        caption=f"{material.main.title} of {molecule.title}.",
        alt=molecule.alt,
    )


def _molecule_grid(material: Material, scales: Scales) -> Figure:
    main = material.main
    items = tuple(_molecule(material, row, main) for row in drawn_rows(material))
    below = "the sum over its atoms" + (" beside the model's difference S(x) − S(x′)" if main.additive else "")
    return Figure(
        name=f"{material.slug}-molecules",
        content=Molecules(items=items),
        scales=_scales(material, scales, [_scale(material, main)]),
        caption=f"{main.title}: contribution of each atom to the {explained_score(material)}, in "
        f"{main.unit}.{_colours(material, main)} Below each: {below}. "
        f"{material.selection_reason}"
        f"{left_out(material)}",
        alt="; ".join(item.alt for item in items),
    )


def _methods_grid(material: Material, scales: Scales) -> Figure:
    """A row per molecule, a column per method, each on its scale."""
    names = list(dict.fromkeys(_scale(material, method) for method in material.methods))
    rows = range(len(material.dataset.sample_ids))[:_MOST_ROWS]
    items = tuple(
        _molecule(material, row, method, names.index(_scale(material, method))).model_copy(
            update={"note": ""} if method is material.methods[0] else {"title": "", "note": ""}
        )
        for row in rows
        for method in material.methods
    )
    drawn = _scales(material, scales, names)
    return Figure(
        name=f"{material.slug}-methods",
        content=Molecules(
            items=items,
            columns=tuple(method.title for method in material.methods),
            numbers=False,
        ),
        scales=drawn,
        caption=f"The same molecules by every method.{_colours(material, material.main)}",
        alt="; ".join(
            f"{material.sample_name(row)}, {method.title}: {signed(float(_atoms(material, row, method).sum()))}"
            for row in rows
            for method in material.methods
        ),
    )


def sections(material: Material) -> tuple[Section, ...]:
    return (
        Section(
            title=f"What raises and what lowers the {explained_score(material)}",
            blocks=(*(_group_blocks(material) if _grouped(material) else (Block(paragraphs=(_NO_GROUP,)),)),),
        ),
        Section(
            title="Single molecules",
            blocks=(
                Block(
                    figures=(f"{material.slug}-molecules",),
                    asides=(
                        *verdict_asides(material.methods),
                        *((_READ_ATOMS,) if material.main.additive else ()),
                    ),
                ),
                Block(tables=(_molecule_table(material),)),
                *((Block(figures=(f"{material.slug}-methods",)),) if len(material.methods) > 1 else ()),
            ),
        ),
        *analogues.sections(material),
    )


def _group_blocks(material: Material) -> tuple[Block, ...]:
    read = Aside(
        title="How to read it",
        text="A group's number is the sum over its atoms, averaged over the molecules that have it. It says what the "
        f"model used, not what causes {material.dataset.label_name}.",
    )
    return (
        Block(figures=(f"{material.slug}-groups",), asides=(read,)),
        *(Block(paragraphs=claim) for claim in [groups.claim(material)] if claim),
        Block(tables=(groups.table(material),)),
    )


_READ_ATOMS = Aside(
    title="How to read it",
    text="The number at an atom is its contribution; the numbers of a molecule add up to its prediction minus that of "
    "the same graph without atom identities.",
)


def _readings(material: Material, row: int) -> tuple[str, ...]:
    """Of a regression what was measured, of a classification the true and the predicted class."""
    if not material.dataset.classes:
        measured = float(material.dataset.labels[row])
        return ("–" if np.isnan(measured) else signed(measured),)
    true = material.true_output(row)
    return "–" if true is None else material.output_name(true), material.output_name(predicted_output(material, row))


def _molecule_table(material: Material) -> Table:
    main = material.main

    def cells(row: int) -> tuple[str, ...]:
        atoms = float(_atoms(material, row).sum())
        gap = () if main.sampling_gap is None else (signed(float(main.sampling_gap[row, 0]), 4),)
        per_draw = () if main.draw_residual is None else (plain(float(main.draw_residual[row, 0]), 4),)
        of_model = (signed(difference(main, row)), *gap, signed(float(main.residual[row, 0]), 4), *per_draw)
        return (
            material.sample_name(row),
            *_readings(material, row),
            signed(float(main.prediction[row, 0])),
            signed(atoms),
            *(of_model if main.additive else ()),
        )

    gap = () if main.sampling_gap is None else ("sampling gap",)
    per_draw = () if main.draw_residual is None else ("per draw",)
    of_model = ("S(x) − S(x′)", *gap, "residual", *per_draw) if main.additive else ()
    read = ("true", "read as", "score") if material.dataset.classes else ("measured", "predicted")
    titles = (*read, "sum over atoms", *of_model)
    beside = (
        "the sum over the atoms beside the model's difference" if main.additive else f"{main.title} summed over atoms"
    )
    return Table(
        name=f"{material.slug}-molecules-table",
        caption=f"The drawn molecules, in {material.score_unit}: {beside}.",
        columns=(
            Column(title="molecule"),
            *(Column(title=title, numeric=title not in ("true", "read as")) for title in titles),
        ),
        rows=tuple(cells(row) for row in range(len(material.dataset.sample_ids))),
    )
