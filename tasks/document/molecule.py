"""Chapters about molecules."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.document import analogues, bearing, groups
from exhibit.tasks.document.common import (
    difference,
    direction,
    directions,
    drawn_rows,
    explained_score,
    left_out,
    predicted_output,
    verdict_asides,
    without_score,
)
from exhibit.tasks.document.words import by_name, count, listing, plain, share, signed
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import Importance, bonds_of
from exhibit.tasks.records.figure import Figure, Molecule, Molecules, Scale
from exhibit.tasks.records.finding import Doubt, Extremes, Finding, Named
from exhibit.tasks.records.language import mark, sentences, tr, trp
from exhibit.tasks.records.material import Material, MethodMaterial, Scales
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table

_COMMON = 10  # molecules that have a group of which something is said, where some group has as many
_READABLE = 16  # atoms of a molecule on the front page
_MOST_ROWS = 8  # molecules of a grid of methods


def story(material: Material) -> tuple[Finding, str]:
    """Which groups move the prediction most, up and down, by the main method; methods whose contributions mean the
    same and that give a group the other sign disagree."""
    main, importance = material.main, material.main.summary.importances[0]
    grouped = _grouped(material)
    common = _common(material)
    known = np.flatnonzero(importance.count >= common)
    found = [_mean(importance, int(k)) for k in known]
    something = bool(importance.mean_absolute.any())
    if main.signed and something:
        up = max((item for item in found if _surely(item, 1)), key=lambda item: item.value, default=None)
        down = min((item for item in found if _surely(item, -1)), key=lambda item: item.value, default=None)
    else:
        up, down = max(found, key=lambda item: item.value, default=None), None
    raises, lowers = directions(material)
    claimed = [item for item in (up, down) if item is not None]
    most = [item.name for item in claimed if something and _surely_most(importance, item.name, known)]
    others = bearing.comparable(material) if main.signed else []
    finding = Extremes(
        method=bearing.named(main),
        signed=main.signed,
        up=_in_words(up),
        down=_in_words(down),
        most=tuple(map(tr, most)),
        samples=material.explained,
        common=common,
        raises=raises,
        lowers=lowers,
        bearing=bearing.bearing(main),
        doubt=_doubt(material, claimed, most) if grouped else Doubt(id="single atoms"),
        **bearing.methods(material, others, lambda method: _in_words(_opposite(method, claimed))),
    )
    return finding, f"{material.slug}-teaser"


def _in_words(item: Named | None) -> Named | None:
    """A group by its name in the language of the page."""
    return None if item is None else item.model_copy(update={"name": tr(item.name)})


def _doubt(material: Material, claimed: Sequence[Named], most: Sequence[str]) -> Doubt | None:
    """Why nothing is to be said of groups: of sizes there is always a largest, so it has to be surely that."""
    if not claimed:
        return Doubt(id="no interval", some=_common(material), total=material.explained)
    if material.main.signed or most or not material.main.summary.importances[0].mean_absolute.any():
        return None
    return Doubt(id="largest not ahead")


def _mean(importance: Importance, k: int) -> Named:
    """The mean contribution of a group, with its interval where enough molecules have it."""
    size = int(importance.count[k])
    bounds = groups.bounds_of(importance, k) if size >= groups.FEWEST else None
    return Named(name=importance.features[k], value=float(importance.mean[k]), interval=bounds, samples=size)


def _surely_most(importance: Importance, name: str, known: Array) -> bool:
    """Whether a group is ahead of every other of the `known` ones (groups,) by more than chance."""
    k = importance.features.index(name)
    others = known[known != k]
    gaps, halves = groups.ahead(importance, k, others)
    return bool(len(others)) and bool((np.abs(gaps) > halves).all())


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
        *((groups.figure(material),) if _grouped(material) else ()),
    )


_NO_GROUP = mark("No explained molecule has one of the functional groups that are told apart; single atoms are shown.")


def _grouped(material: Material) -> bool:
    """Whether an explained molecule has a functional group that is told apart."""
    return len(material.main.summary.importances[0].features) > 0


def _atoms(material: Material, row: int, method: MethodMaterial | None = None) -> Array:
    """Contributions of the atoms of a shown molecule, by the main method if by no other."""
    by, name = method or material.main, material.dataset.inputs[0].name
    return by.values[name][row, by.mask[name][row], 0]


def _bonds(material: Material, row: int, method: MethodMaterial | None = None) -> Array | None:
    """Contributions of the bonds of a shown molecule; None where the method says nothing of them."""
    by, name = method or material.main, bonds_of(material.dataset.inputs[0].name)
    return by.values[name][row, by.mask[name][row], 0] if name in by.values else None


def _sum(material: Material, row: int, method: MethodMaterial | None = None) -> float:
    """What all that a method says of a shown molecule adds up to."""
    bonds = _bonds(material, row, method)
    return float(_atoms(material, row, method).sum()) + (0.0 if bonds is None else float(bonds.sum()))


def _any_bonds(material: Material) -> bool:
    return len(material.main.with_bonds(material.dataset.inputs[0].name)) > 1


def _molecule(material: Material, row: int, method: MethodMaterial, scale: int = 0) -> Molecule:
    atoms, bonds = _atoms(material, row, method), _bonds(material, row, method)
    name = by_name(material.sample_name(row))
    of_bonds = [] if bonds is None else [tr("bonds {sum}", sum=signed(float(bonds.sum())))]
    model = [tr("model {difference}", difference=signed(difference(method, row)))] if method.additive else []
    ends = tr(
        "{name}: {atoms} summing to {sum}, from {low} to {high}",
        name=name,
        atoms=count(len(atoms), "atom"),
        sum=signed(float(atoms.sum())),
        low=signed(float(atoms.min())),
        high=signed(float(atoms.max())),
    )
    largest = max(np.abs(part).max(initial=0.0) for part in (atoms, bonds) if part is not None)
    return Molecule(
        smiles=str(material.dataset.inputs[0].values[row]),
        values=atoms,
        bonds=bonds,
        bond_names=() if bonds is None else tuple(map(tr, material.bonds[row])),
        scale=scale,
        limit=(float(largest) or 1.0) if material.own_scales else None,
        coloured=strongest(atoms, material.coloured),
        title=name,
        note=trp("list", ", ").join([tr("atoms {sum}", sum=signed(float(atoms.sum()))), *of_bonds, *model]),
        alt=trp("list", ", ").join([ends, *of_bonds]),
    )


def strongest(values: Array, part: float) -> Array:
    """(atoms,) where the largest |a| are: int(part · n) + 1 of n atoms, as Chainer Chemistry's `visualize_ratio`."""
    order = np.argsort(-np.abs(values), kind="stable")
    return np.isin(np.arange(len(values)), order[: int(part * len(values)) + 1])


def _scale(material: Material, method: MethodMaterial) -> str:
    return method.scale(material.dataset.inputs[0].name)


def _scales(material: Material, scales: Scales, names: Sequence[str]) -> tuple[Scale, ...]:
    if material.own_scales:
        return (Scale(unit=tr("share of each molecule's largest |a|"), limit=1.0),)
    return tuple(
        Scale(unit=tr(name), limit=scales.get(name, 1.0), signed=_any_signed(material, name)) for name in names
    )


def _any_signed(material: Material, scale: str) -> bool:
    """Whether some method on this scale says up or down."""
    return any(method.signed for method in material.methods if _scale(material, method) == scale)


def _colours(methods: Sequence[MethodMaterial]) -> str:
    """What the colours of the drawn methods mean."""
    sizes = [method for method in methods if not method.signed]
    red = tr("Red raises, blue lowers") if len(sizes) < len(methods) else ""
    without = listing([tr(method.title) for method in sizes])
    none = tr("{methods} has no sign, darker is larger", methods=without) if sizes else ""
    return trp("list", "; ").join(filter(None, [red, none]))


def _read_colours(material: Material, methods: Sequence[MethodMaterial]) -> list[str]:
    """What colours mean, how they are to be compared, and which atoms have one."""
    shared = (
        tr("each molecule has a scale of its own: colours of two cannot be compared")
        if material.own_scales
        else tr("equal colours on one scale are equal numbers")
    )
    meant = tr("{colours}; {comparison}.", colours=_colours(methods), comparison=shared)
    if material.coloured == 1:
        return [meant]
    part = tr(
        "Only the strongest {share} of the atoms are coloured, int({number} n) + 1 of n.",
        share=share(material.coloured),
        number=f"{material.coloured:g}",
    )
    return [meant, part]


def _teaser(material: Material, scales: Scales) -> Figure:
    """What the finding is about: groups that move the prediction, or a molecule where none is told apart."""
    if _grouped(material):
        return groups.extremes(material, _common(material), f"{material.slug}-teaser")
    return _one_molecule(material, scales)


def _common(material: Material) -> int:
    """How many molecules must have a group of which something is said."""
    return max(1, min(_COMMON, int(material.main.summary.importances[0].count.max(initial=0))))


def _one_molecule(material: Material, scales: Scales) -> Figure:
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
            for scale in _scales(material, scales, [_scale(material, material.main)])
        ),
        caption=sentences(
            [
                tr("{method} of {sample}.", method=tr(material.main.title), sample=molecule.title),
                direction(material, material.main).lstrip(),
            ]
        ),
        alt=molecule.alt,
    )


def _molecule_grid(material: Material, scales: Scales) -> Figure:
    main = material.main
    items = tuple(_molecule(material, row, main) for row in drawn_rows(material))
    words = {"method": tr(main.title), "score": explained_score(material), "unit": tr(main.unit)}
    if _any_bonds(material):
        what = tr("{method}: contribution of each atom and each bond to the {score}, in {unit}.", **words)
    else:
        what = tr("{method}: contribution of each atom to the {score}, in {unit}.", **words)
    faint = (
        tr("Grey numbers are those of bonds; one under a tenth of the scale has a colour alone.")
        if _any_bonds(material)
        else ""
    )
    return Figure(
        name=f"{material.slug}-molecules",
        content=Molecules(items=items),
        scales=_scales(material, scales, [_scale(material, main)]),
        caption=sentences(
            [
                what,
                *_read_colours(material, [main]),
                faint,
                tr(_BELOW[_any_bonds(material), main.additive]),
                tr(material.selection_reason),
                left_out(material).lstrip(),
            ]
        ),
        alt=trp("list", "; ").join(item.alt for item in items),
    )


# What stands below a molecule, by whether there are bonds, and whether the parts add up to a difference.
_BELOW = {
    (False, False): mark("Below each: the sum over its atoms."),
    (True, False): mark("Below each: the sum over its atoms and that over its bonds."),
    (False, True): mark("Below each: the sum over its atoms beside the model's difference S(x) − S(x′)."),
    (True, True): mark(
        "Below each: the sum over its atoms and that over its bonds beside the model's difference S(x) − S(x′)."
    ),
}


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
            columns=tuple(tr(method.title) for method in material.methods),
            numbers=False,
        ),
        scales=drawn,
        caption=sentences(
            [tr("The same molecules by every method."), *_read_colours(material, material.methods)],
        ),
        alt=trp("list", "; ").join(
            tr(
                "{sample}, {method}: {sum}",
                sample=by_name(material.sample_name(row)),
                method=tr(method.title),
                sum=signed(_sum(material, row, method)),
            )
            for row in rows
            for method in material.methods
        ),
    )


def sections(material: Material) -> tuple[Section, ...]:
    return (
        Section(
            title=tr("What raises and what lowers the {score}", score=explained_score(material)),
            id="importances",
            blocks=(*(_group_blocks(material) if _grouped(material) else (Block(paragraphs=(tr(_NO_GROUP),)),)),),
        ),
        Section(
            title=tr("Single molecules"),
            id="samples",
            blocks=(
                Block(
                    figures=(f"{material.slug}-molecules",),
                    asides=(
                        *verdict_asides(material.methods),
                        *((_read_parts(material),) if material.main.additive else ()),
                    ),
                ),
                *((Block(figures=(f"{material.slug}-methods",)),) if len(material.methods) > 1 else ()),
            ),
        ),
        *analogues.sections(material),
    )


def _group_blocks(material: Material) -> tuple[Block, ...]:
    read = Aside(
        title=tr("How to read it"),
        text=tr(
            "A group's number is the sum over its atoms, averaged over the molecules that have it. It says what the "
            "model used, not what causes {label}.",
            label=tr(material.dataset.label_name),
        ),
    )
    return (
        Block(figures=(f"{material.slug}-groups",), asides=(read,)),
        *(Block(paragraphs=claim) for claim in [groups.claim(material)] if claim),
        Block(tables=(groups.table(material),)),
    )


def appendix(material: Material) -> tuple[Block, ...]:
    """The sums of the drawn molecules, and their bonds by kind."""
    kinds = (_bond_table(material),) if _any_bonds(material) else ()
    return (Block(tables=(_molecule_table(material), *kinds)),)


def _read_parts(material: Material) -> Aside:
    """That they add up is said only where those that are shown do."""
    adding = _add_up(material.main)
    if _any_bonds(material):
        text = (
            tr(
                "The number at an atom or a bond is its contribution; the numbers of a molecule add up to its "
                "prediction minus that of the same graph without atoms or bonds."
            )
            if adding
            else tr(
                "The number at an atom or a bond is its contribution; the numbers of a molecule are meant to add up to "
                "its prediction minus that of the same graph without atoms or bonds. Below it stands what they do."
            )
        )
    else:
        text = (
            tr(
                "The number at an atom is its contribution; the numbers of a molecule add up to its prediction minus "
                "that of the same graph without atom identities."
            )
            if adding
            else tr(
                "The number at an atom is its contribution; the numbers of a molecule are meant to add up to its "
                "prediction minus that of the same graph without atom identities. Below it stands what they do."
            )
        )
    return Aside(title=tr("How to read it"), text=text)


def _add_up(method: MethodMaterial) -> bool:
    """Whether no sum is further from the difference of the model than a hundredth of the largest of these."""
    apart = method.residual[:, 0] + (0.0 if method.sampling_gap is None else method.sampling_gap[:, 0])
    most = max((abs(difference(method, row)) for row in range(len(apart))), default=0.0)
    return bool(np.abs(apart).max(initial=0.0) <= _ADDED_UP * most)


_ADDED_UP = 0.01


def _bond_table(material: Material) -> Table:
    """What bonds of each kind contribute in the drawn molecules."""
    by_kind: dict[str, list[float]] = {}
    for row in range(len(material.dataset.sample_ids)):
        bonds = _bonds(material, row)
        assert bonds is not None
        for kind, value in zip(material.bonds[row], bonds.tolist(), strict=True):
            by_kind.setdefault(kind, []).append(value)
    order = sorted(by_kind, key=lambda kind: (-abs(float(np.mean(by_kind[kind]))), kind))
    return Table(
        name=f"{material.slug}-bonds-table",
        caption=tr(
            "Bonds of the drawn molecules by kind, in {unit}: their mean contribution by {method}, the smallest and "
            "the largest.",
            unit=tr(material.main.unit),
            method=tr(material.main.title),
        ),
        columns=(
            Column(title=tr("bond")),
            *(
                Column(title=title, numeric=True)
                for title in (tr("bonds"), tr("mean"), trp("contribution", "smallest"), trp("contribution", "largest"))
            ),
        ),
        rows=tuple(
            (tr(kind), f"{len(found):,}", *(signed(float(of(found))) for of in (np.mean, min, max)))
            for kind, found in ((kind, by_kind[kind]) for kind in order)
        ),
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
        atoms, bonds = float(_atoms(material, row).sum()), _bonds(material, row)
        gap = () if main.sampling_gap is None else (signed(float(main.sampling_gap[row, 0]), 4),)
        per_draw = () if main.draw_residual is None else (plain(float(main.draw_residual[row, 0]), 4),)
        of_model = (signed(difference(main, row)), *gap, signed(float(main.residual[row, 0]), 4), *per_draw)
        return (
            material.sample_name(row),
            *_readings(material, row),
            signed(float(main.prediction[row, 0])),
            signed(atoms),
            *(() if bonds is None else (signed(float(bonds.sum())),)),
            *(of_model if main.additive else ()),
        )

    gap = () if main.sampling_gap is None else (tr("sampling gap"),)
    per_draw = () if main.draw_residual is None else (tr("per draw"),)
    of_model = ("S(x) − S(x′)", *gap, tr("residual"), *per_draw) if main.additive else ()
    words = (trp("column", "true"), trp("column", "read as")) if material.dataset.classes else ()
    read = (tr("score"),) if material.dataset.classes else (tr("measured"), tr("predicted"))
    of_bonds = (tr("sum over bonds"),) if _any_bonds(material) else ()
    titles = (*read, tr("sum over atoms"), *of_bonds, *of_model)
    return Table(
        name=f"{material.slug}-molecules-table",
        caption=tr(_TABLED[_any_bonds(material), main.additive], unit=tr(material.score_unit), method=tr(main.title)),
        columns=(
            Column(title=tr("molecule")),
            *(Column(title=title) for title in words),
            *(Column(title=title, numeric=True) for title in titles),
        ),
        rows=tuple(cells(row) for row in range(len(material.dataset.sample_ids))),
    )


# What the table says, by whether there are bonds, and whether the parts add up to a difference.
_TABLED = {
    (False, False): mark("The drawn molecules, in {unit}: {method} summed over atoms."),
    (True, False): mark("The drawn molecules, in {unit}: {method} summed over atoms and over the bonds."),
    (False, True): mark("The drawn molecules, in {unit}: the sum over the atoms beside the model's difference."),
    (True, True): mark(
        "The drawn molecules, in {unit}: the sum over the atoms and over the bonds beside the model's difference."
    ),
}
