"""Pairs of molecules that are largely alike: what the part that differs changes."""

import numpy as np

from exhibit.tasks.document.common import explained_score
from exhibit.tasks.document.words import by_name, count, listing, signed
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import Analogue
from exhibit.tasks.records.figure import Figure, Molecule, Molecules, Scale
from exhibit.tasks.records.language import sentences, tr, trp
from exhibit.tasks.records.material import Material, Scales
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table


def figures(material: Material, scales: Scales) -> tuple[Figure, ...]:
    """The pairs side by side, the common part in the same place; none where there are no pairs."""
    if not material.analogues:
        return ()
    unit, scale = material.main.unit, material.main.scale(material.dataset.inputs[0].name)
    return (
        Figure(
            name=f"{material.slug}-analogues",
            content=Molecules(
                items=tuple(item for pair in material.analogues for item in _drawn(pair, _predicted(material))),
                columns=(
                    tr("One of a pair"),
                    tr("The other, drawn over it"),
                    tr("The other minus the one, common atoms"),
                ),
            ),
            scales=(Scale(unit=tr(scale), limit=scales.get(scale, 1.0)),),
            caption=tr(
                "{method} of molecules that are largely alike, in {unit}, on one scale. The third picture shows at "
                "each common atom how much more it contributes in the second molecule.",
                method=tr(material.main.title),
                unit=tr(unit),
            ),
            alt=trp("list", "; ").join(_told(pair) for pair in material.analogues),
        ),
    )


def _predicted(material: Material) -> str:
    """What the number below a molecule is: the predicted value, or of a class its score."""
    return tr("predicted") if material.score == "value" else explained_score(material)


def _drawn(pair: Analogue, predicted: str) -> tuple[Molecule, ...]:
    differences = np.full(len(pair.values[1]), np.nan)
    differences[pair.common[:, 1]] = _change(pair)
    over = {"like": pair.smiles[0], "common": pair.common[:, :2]}
    one, other, change = (
        Molecule(
            smiles=pair.smiles[index],
            values=values,
            title=title,
            note=note,
            alt=_told(pair),
            **(over if index else {}),
        )
        for index, values, title, note in (
            (0, pair.values[0], by_name(pair.names[0]), f"{predicted} {signed(pair.predictions[0])}"),
            (1, pair.values[1], by_name(pair.names[1]), f"{predicted} {signed(pair.predictions[1])}"),
            (1, differences, tr("difference"), tr("common atoms {sum}", sum=signed(float(_change(pair).sum())))),
        )
    )
    return one, other, change


def _change(pair: Analogue) -> Array:
    """(common atoms,): contribution in the second molecule minus that in the first."""
    return pair.values[1][pair.common[:, 1]] - pair.values[0][pair.common[:, 0]]


def parts(pair: Analogue) -> tuple[float, float, float, float]:
    """Of the second minus the first: the sum over common atoms, over the others, the base value, the prediction."""
    common = float(_change(pair).sum())
    whole = float(pair.values[1].sum() - pair.values[0].sum())
    base, prediction = (float(ends[1] - ends[0]) for ends in (pair.base_values, pair.predictions))
    return common, whole - common, base, prediction


def _told(pair: Analogue) -> str:
    common, rest, _, prediction = parts(pair)
    return tr(
        "{second} minus {first}: {atoms} {common}, the others {others}, the prediction {prediction}",
        second=by_name(pair.names[1]),
        first=by_name(pair.names[0]),
        atoms=count(len(pair.common), "common atom"),
        common=signed(common),
        others=signed(rest),
        prediction=signed(prediction),
    )


def sections(material: Material) -> tuple[Section, ...]:
    """The pairs with their table."""
    if not material.analogues:
        return ()
    return (
        Section(
            title=tr("Molecules that are alike"),
            blocks=(
                Block(figures=(f"{material.slug}-analogues",), asides=(_read(material),)),
                Block(tables=(_table(material),)),
            ),
        ),
    )


def _with_bonds(material: Material) -> bool:
    return len(material.main.with_bonds(material.dataset.inputs[0].name)) > 1


def _read(material: Material) -> Aside:
    bonds = tr(", and in the bonds of both") if _with_bonds(material) else ""
    return Aside(
        title=tr("How to read it"),
        text=tr(
            "Both molecules have the common part. What changes there is what the model makes of the neighbourhood; the "
            "rest of the change is in the atoms that only one of them has{bonds}.",
            bonds=bonds,
        ),
    )


def _table(material: Material) -> Table:
    rows = []
    for pair in material.analogues:
        sizes = [len(values) for values in pair.values]
        numbers = (signed(value) for value in parts(pair))
        common = tr(
            "{number} of {first} and {second}",
            number=str(len(pair.common)),
            first=str(sizes[0]),
            second=str(sizes[1]),
        )
        rows.append((listing(list(pair.names)), common, *numbers))
    subtracted = tr("The second molecule of each pair minus the first, in {unit}.", unit=tr(material.score_unit))
    titles = (tr("over common atoms"), tr("over the others"), "S(x′)", tr("prediction"))
    return Table(
        name=f"{material.slug}-analogues-table",
        caption=sentences([subtracted, _added(material)]),
        columns=(
            Column(title=tr("pair")),
            Column(title=tr("common atoms")),
            *(Column(title=title, numeric=True) for title in titles),
        ),
        rows=tuple(rows),
    )


def _added(material: Material) -> str:
    if _with_bonds(material):
        return tr(
            "The first three numbers and what the bonds contribute add up to the difference of the predictions, up to "
            "the residuals."
        )
    return tr("The first three numbers add up to the difference of the predictions, up to the residuals.")
