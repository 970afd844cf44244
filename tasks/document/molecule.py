"""Chapters about molecules."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.document import analogues, bearing, groups
from exhibit.tasks.document.common import difference, directions, drawn_rows, left_out, verdict_asides, without_score
from exhibit.tasks.document.words import count, listing, plain, share, signed
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import Importance
from exhibit.tasks.records.figure import Figure, Molecule, Molecules, Scale
from exhibit.tasks.records.finding import Extremes, Finding, Named
from exhibit.tasks.records.material import Material, MethodMaterial, Scales
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table

_READABLE = 16  # atoms of a molecule on the front page
_MOST_ROWS = 8  # molecules of a grid of methods


def story(material: Material) -> tuple[Finding, str]:
    """Which groups move the prediction most, up and down, by the main method; methods whose contributions mean the
    same and that give a group the other sign disagree."""
    main, importance = material.main, material.main.summary.importances[0]
    common = np.flatnonzero(importance.count >= max(1, min(10, int(importance.count.max()))))
    found = [_mean(importance, int(k)) for k in common]
    if main.signed:
        up = max((item for item in found if _surely(item, 1)), key=lambda item: item.value, default=None)
        down = min((item for item in found if _surely(item, -1)), key=lambda item: item.value, default=None)
    else:
        up, down = max(found, key=lambda item: item.value), None
    raises, lowers = directions(material)
    claimed = [item for item in (up, down) if item is not None]
    others = bearing.comparable(material) if main.signed else []
    finding = Extremes(
        method=bearing.named(main),
        signed=main.signed,
        up=up,
        down=down,
        samples=material.explained,
        raises=raises,
        lowers=lowers,
        bearing=bearing.bearing(main),
        doubt="" if claimed else "no group has an interval on one side of zero",
        **bearing.methods(material, others, lambda method: _opposite(method, claimed)),
    )
    return finding, f"{material.slug}-teaser"


def _mean(importance: Importance, k: int) -> Named:
    """The mean contribution of a group, with its interval where more than one molecule has it."""
    bounds = groups.bounds_of(importance, k) if importance.count[k] > 1 else None
    return Named(name=importance.features[k], value=float(importance.mean[k]), interval=bounds)


def _surely(item: Named, sign: int) -> bool:
    """Whether the interval is on that side of zero."""
    low, high = item.interval or (-np.inf, np.inf)
    return bool(min(sign * low, sign * high) > 0)


def _opposite(method: MethodMaterial, claimed: Sequence[Named]) -> Named | None:
    """The first of the groups that a method surely gives the other sign."""
    importance = method.summary.importances[0]
    found = {name: _mean(importance, k) for k, name in enumerate(importance.features)}
    return next((found[item.name] for item in claimed if _surely(found[item.name], -1 if item.value > 0 else 1)), None)


def figures(material: Material, scales: Scales) -> tuple[Figure, ...]:
    """Every figure of the chapter that belongs to this kind, the front page's first."""
    several = (_methods_grid(material, scales),) if len(material.methods) > 1 else ()
    return (
        _teaser(material, scales),
        _molecule_grid(material, scales),
        *several,
        *analogues.figures(material, scales),
        groups.figure(material),
    )


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
    """(atoms,) where the largest |a| are, as many as `part` of the atoms, at least one."""
    order = np.argsort(-np.abs(values), kind="stable")
    return np.isin(np.arange(len(values)), order[: max(1, round(part * len(values)))])


def _scales(material: Material, scales: Scales, units: Sequence[str]) -> tuple[Scale, ...]:
    if material.own_scales:
        return (Scale(unit="share of each molecule's largest |a|", limit=1.0),)
    return tuple(Scale(unit=unit, limit=scales.get(unit, 1.0), signed=_any_signed(material, unit)) for unit in units)


def _any_signed(material: Material, unit: str) -> bool:
    """Whether some method in this unit says up or down."""
    return any(method.signed for method in material.methods if method.unit == unit)


def _colours(methods: Sequence[MethodMaterial]) -> str:
    """What the colours of the drawn methods mean."""
    sizes = [method for method in methods if not method.signed]
    red = "Red raises, blue lowers" if len(sizes) < len(methods) else ""
    none = f"{listing([method.title for method in sizes])} has no sign, darker is larger" if sizes else ""
    return "; ".join(filter(None, [red, none]))


def _on_scale(material: Material) -> str:
    """How colours are to be compared, and which atoms have one."""
    shared = (
        "each molecule has a scale of its own: colours of two cannot be compared"
        if material.own_scales
        else "all that has one unit shares one scale"
    )
    part = (
        "" if material.coloured == 1 else f" Only the strongest {share(material.coloured)} of the atoms are coloured."
    )
    return f"{shared}.{part}"


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
        scales=tuple(
            without_score(material, material.main, scale) if not material.own_scales else scale
            for scale in _scales(material, scales, [material.main.unit])
        ),
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
        scales=_scales(material, scales, [main.unit]),
        caption=f"{main.title}: contribution of each atom to the predicted {material.dataset.label_name}, in "
        f"{main.unit}. {_colours([main])}; {_on_scale(material)} Below each: {below}. {material.selection_reason}"
        f"{left_out(material)}",
        alt="; ".join(item.alt for item in items),
    )


def _methods_grid(material: Material, scales: Scales) -> Figure:
    """A row per molecule, a column per method; methods of one unit share a scale."""
    units = list(dict.fromkeys(method.unit for method in material.methods))
    rows = range(len(material.dataset.sample_ids))[:_MOST_ROWS]
    items = tuple(
        _molecule(material, row, method, units.index(method.unit)).model_copy(
            update={"note": ""} if method is material.methods[0] else {"title": "", "note": ""}
        )
        for row in rows
        for method in material.methods
    )
    drawn = _scales(material, scales, units)
    return Figure(
        name=f"{material.slug}-methods",
        content=Molecules(
            items=items,
            columns=tuple(method.title for method in material.methods),
            numbers=False,
        ),
        scales=drawn,
        caption=f"The same molecules by every method. {_colours(material.methods)}; {_on_scale(material)}",
        alt="; ".join(
            f"{material.sample_name(row)}, {method.title}: {signed(float(_atoms(material, row, method).sum()))}"
            for row in rows
            for method in material.methods
        ),
    )


def sections(material: Material) -> tuple[Section, ...]:
    return (
        Section(
            title=f"What raises and what lowers {material.dataset.label_name}",
            blocks=(
                Block(
                    figures=(f"{material.slug}-groups",),
                    asides=(
                        Aside(
                            title="How to read it",
                            text="A group's number is the sum over its atoms, averaged over the molecules "
                            "that have it. It says what the model used, not what causes solubility.",
                        ),
                    ),
                ),
                *(Block(paragraphs=claim) for claim in [groups.claim(material)] if claim),
                Block(tables=(groups.table(material),)),
            ),
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
                *((Block(figures=(f"{material.slug}-methods",)),) if len(material.methods) > 1 else ()),
            ),
        ),
        *analogues.sections(material),
    )


def appendix(material: Material) -> tuple[Block, ...]:
    """The sums of the drawn molecules."""
    return (Block(tables=(_molecule_table(material),)),)


_READ_ATOMS = Aside(
    title="How to read it",
    text="The number at an atom is its contribution; the numbers of a molecule add up to its prediction minus that of "
    "the same graph without atom identities.",
)


def _molecule_table(material: Material) -> Table:
    main = material.main

    def cells(row: int) -> tuple[str, ...]:
        measured, atoms = float(material.dataset.labels[row]), float(_atoms(material, row).sum())
        gap = () if main.sampling_gap is None else (signed(float(main.sampling_gap[row, 0]), 4),)
        per_draw = () if main.draw_residual is None else (plain(float(main.draw_residual[row, 0]), 4),)
        of_model = (signed(difference(main, row)), *gap, signed(float(main.residual[row, 0]), 4), *per_draw)
        return (
            material.sample_name(row),
            "–" if np.isnan(measured) else signed(measured),
            signed(float(main.prediction[row, 0])),
            signed(atoms),
            *(of_model if main.additive else ()),
        )

    gap = () if main.sampling_gap is None else ("sampling gap",)
    per_draw = () if main.draw_residual is None else ("per draw",)
    of_model = ("S(x) − S(x′)", *gap, "residual", *per_draw) if main.additive else ()
    titles = ("measured", "predicted", "sum over atoms", *of_model)
    beside = (
        "the sum over the atoms beside the model's difference" if main.additive else f"{main.title} summed over atoms"
    )
    return Table(
        name=f"{material.slug}-molecules-table",
        caption=f"The drawn molecules, in {material.score_unit}: {beside}.",
        columns=(Column(title="molecule"), *(Column(title=title, numeric=True) for title in titles)),
        rows=tuple(cells(row) for row in range(len(material.dataset.sample_ids))),
    )
