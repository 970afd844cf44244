"""Chapters about molecules."""

import numpy as np

from tasks.document.common import difference, verdict_asides
from tasks.document.material import Material, Scales
from tasks.document.words import count, interval, numbers, signed
from tasks.records import Array, Aside, Bars, Block, Column, Figure, Molecule, Molecules, Scale, Section, Series, Table

_READABLE = 16  # atoms of a molecule on the front page


def story(material: Material) -> tuple[str, str, str]:
    importance = material.main.summary.importances[0]
    common = np.flatnonzero(importance.count >= min(10, int(importance.count.max())))
    best, worst = common[importance.mean[common].argmax()], common[importance.mean[common].argmin()]
    up, down = importance.features[best], importance.features[worst]
    sentence = (
        f"Over {count(material.explained, 'molecule')}, {up} raises the predicted {material.dataset.label_name} most "
        f"({signed(float(importance.mean[best]))} for each group), {down} lowers it most "
        f"({signed(float(importance.mean[worst]))})."
    )
    return f"{up} lifts, {down} sinks", sentence, f"{material.slug}-teaser"


def figures(material: Material, scales: Scales) -> tuple[Figure, ...]:
    """Every figure of the chapter that belongs to this kind, the front page's first."""
    return (_teaser(material, scales), _molecule_grid(material, scales), _groups_figure(material))


def _atoms(material: Material, row: int) -> Array:
    """Contributions of the atoms of a shown molecule."""
    method, name = material.main, material.dataset.inputs[0].name
    return method.values[name][row, method.mask[name][row], 0]


def _molecule(material: Material, row: int) -> Molecule:
    atoms, name = _atoms(material, row), material.sample_name(row)
    return Molecule(
        smiles=str(material.dataset.inputs[0].values[row]),
        values=atoms,
        title=name,
        note=f"atoms {signed(float(atoms.sum()))}, model {signed(difference(material.main, row))}",
        alt=f"{name}: {count(len(atoms), 'atom')} summing to {signed(float(atoms.sum()))}, "
        f"from {signed(float(atoms.min()))} to {signed(float(atoms.max()))}",
    )


def _scale(material: Material, scales: Scales) -> tuple[Scale, ...]:
    return (Scale(unit=material.main.unit, limit=scales[material.main.unit]),)


def _teaser(material: Material, scales: Scales) -> Figure:
    """The shown molecule in which atoms pull most in both directions, of those whose numbers stay readable."""

    def tension(row: int) -> float:
        atoms = _atoms(material, row)
        return float(min(atoms.clip(min=0).sum(), -atoms.clip(max=0).sum()))

    rows = range(len(material.dataset.sample_ids))
    small = [row for row in rows if len(_atoms(material, row)) <= _READABLE]
    molecule = _molecule(material, max(small or rows, key=tension))
    return Figure(
        name=f"{material.slug}-teaser",
        content=Molecules(items=(molecule,)),
        scales=_scale(material, scales),
        caption=f"{material.main.title} of {molecule.title}.",
        alt=molecule.alt,
    )


def _molecule_grid(material: Material, scales: Scales) -> Figure:
    items = tuple(_molecule(material, row) for row in range(len(material.dataset.sample_ids)))
    return Figure(
        name=f"{material.slug}-molecules",
        content=Molecules(items=items),
        scales=_scale(material, scales),
        caption=f"Contribution of each atom to the predicted {material.dataset.label_name}, in {material.main.unit}. "
        f"Red raises, blue lowers; all molecules share one scale. Below each: the sum over its atoms "
        f"beside the model's difference S(x) − S(x′). {material.selection_reason}",
        alt="; ".join(item.alt for item in items),
    )


def _groups_figure(material: Material) -> Figure:
    importance = material.main.summary.importances[0]
    order = np.argsort(-importance.mean, kind="stable")
    labels = tuple(importance.features[k] for k in order)
    error = np.sqrt(np.maximum(importance.mean_square - importance.mean**2, 0) / np.maximum(importance.count - 1, 1))
    return Figure(
        name=f"{material.slug}-groups",
        content=Bars(
            labels=labels,
            series=(Series(name=material.main.title, values=importance.mean[order], errors=1.96 * error[order]),),
            axis=f"mean contribution of one group, {material.main.unit}",
            signed=True,
        ),
        caption=f"Mean contribution of one functional group to the predicted {material.dataset.label_name}. "
        f"Over {count(material.explained, 'molecule')}; lines: 95% interval of the mean. Groups as RDKit defines them.",
        alt=numbers(labels, importance.mean[order], with_sign=True),
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
                Block(tables=(_groups_table(material),)),
            ),
        ),
        Section(
            title="Single molecules",
            blocks=(
                Block(
                    figures=(f"{material.slug}-molecules",),
                    asides=(
                        *verdict_asides(material.methods),
                        Aside(
                            title="How to read it",
                            text="The number at an atom is its contribution; the numbers of a molecule add up to its "
                            "prediction minus that of the same graph without atom identities.",
                        ),
                    ),
                ),
                Block(tables=(_molecule_table(material),)),
            ),
        ),
    )


def _groups_table(material: Material) -> Table:
    importance = material.main.summary.importances[0]
    rows = []
    for k in np.argsort(-importance.mean, kind="stable"):
        size = int(importance.count[k])
        spread = np.sqrt(max(float(importance.mean_square[k] - importance.mean[k] ** 2), 0.0) * size / max(size - 1, 1))
        half = 1.96 * spread / np.sqrt(size)
        mean = float(importance.mean[k])
        rows.append((importance.features[k], f"{size:,}", signed(mean), interval(mean - half, mean + half)))
    return Table(
        name=f"{material.slug}-groups-table",
        caption=f"Contribution of one group, mean over the explained molecules that have it, in {material.main.unit}.",
        columns=(
            Column(title="group"),
            Column(title="molecules", numeric=True),
            Column(title="mean", numeric=True),
            Column(title="95% interval", numeric=True),
        ),
        rows=tuple(rows),
    )


def _molecule_table(material: Material) -> Table:
    main = material.main
    rows = tuple(
        (
            material.sample_name(row),
            signed(float(material.dataset.labels[row])),
            signed(float(main.prediction[row, 0])),
            signed(difference(main, row) + float(main.residual[row, 0])),
            signed(difference(main, row)),
            signed(float(main.residual[row, 0]), 4),
        )
        for row in range(len(material.dataset.sample_ids))
    )
    titles = ("measured", "predicted", "sum over atoms", "S(x) − S(x′)", "residual")
    return Table(
        name=f"{material.slug}-molecules-table",
        caption=f"The drawn molecules, in {material.score_unit}: the sum over the atoms beside the model's difference.",
        columns=(Column(title="molecule"), *(Column(title=title, numeric=True) for title in titles)),
        rows=rows,
    )
