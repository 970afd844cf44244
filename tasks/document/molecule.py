"""Chapters about molecules."""

import numpy as np

from tasks.document.common import difference, verdict_asides
from tasks.document.material import Material, Scales
from tasks.document.words import count, interval, numbers, signed
from tasks.records import Aside, Bars, Block, Column, Figure, Molecule, Molecules, Scale, Section, Series, Table


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
    return f"{up} lifts, {down} sinks", sentence, f"{material.slug}-molecules"


def figures(material: Material, scales: Scales) -> tuple[Figure, ...]:
    return (_molecule_grid(material, scales), _groups_figure(material))


def _molecule_grid(material: Material, scales: Scales) -> Figure:
    method, item = material.main, material.dataset.inputs[0]
    values = [
        method.values[item.name][row, method.mask[item.name][row], 0] for row in range(len(material.dataset.sample_ids))
    ]
    unit = method.unit
    return Figure(
        name=f"{material.slug}-molecules",
        content=Molecules(
            items=tuple(
                Molecule(
                    smiles=str(item.values[row]),
                    values=atoms,
                    title=material.sample_name(row),
                    note=f"atoms {signed(float(atoms.sum()))}, model {signed(difference(method, row))}",
                    alt=f"{material.sample_name(row)}: {count(len(atoms), 'atom')} summing to "
                    f"{signed(float(atoms.sum()))}, from {signed(float(atoms.min()))} to {signed(float(atoms.max()))}",
                )
                for row, atoms in enumerate(values)
            )
        ),
        scales=(Scale(unit=unit, limit=scales[unit]),),
        caption=f"Contribution of each atom to the predicted {material.dataset.label_name}, in {unit}. "
        f"Red raises, blue lowers; all molecules share one scale. Below each: the sum over its atoms "
        f"beside the model's difference S(x) − S(x′). {material.selection_reason}",
        alt="; ".join(f"{material.sample_name(row)} {signed(float(atoms.sum()))}" for row, atoms in enumerate(values)),
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
        caption=f"Mean contribution of one functional group to the predicted {material.dataset.label_name} over "
        f"{count(material.explained, 'molecule')}; lines: 95% interval of the mean. Groups as RDKit defines them.",
        alt=numbers(labels, importance.mean[order], with_sign=True),
    )


def sections(material: Material) -> tuple[Section, ...]:
    return (
        Section(
            title=f"What raises and what lowers {material.dataset.label_name}",
            blocks=(
                Block(
                    figures=(f"{material.slug}-groups",),
                    tables=(_groups_table(material),),
                    asides=(
                        Aside(
                            title="How to read it",
                            text="A group's number is the sum over its atoms, averaged over the molecules "
                            "that have it. It says what the model used, not what causes solubility.",
                        ),
                    ),
                ),
            ),
        ),
        Section(
            title="Single molecules",
            blocks=(
                Block(
                    figures=(f"{material.slug}-molecules",),
                    tables=(_molecule_table(material),),
                    asides=(
                        *verdict_asides(material.methods),
                        Aside(
                            title="How to read it",
                            text="The number at an atom is its contribution; the numbers of a molecule add up to its "
                            "prediction minus that of the same graph without atom identities.",
                        ),
                    ),
                ),
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
