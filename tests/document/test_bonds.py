"""Chapters about molecules whose bonds have values: what is added up, and what is said of it."""

import numpy as np

from exhibit.tasks.data.molecule import bond_names
from exhibit.tasks.document import analogues, molecule
from exhibit.tasks.document.chapter import limits
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.records.explanation import bonds_of
from exhibit.tasks.records.figure import Molecules
from exhibit.tasks.records.material import Material
from tests import points


def chapter(*, bonds: bool = True) -> Material:
    """Of molecules, with values of bonds or without."""
    item = points.inputs("molecule")
    plain = points.material("x", [points.method("occlusion", np.array([1.0, -1.0, 2.0]), item, ())], item)
    names = tuple(bond_names(str(text)) for text in plain.dataset.inputs[0].values)
    count = np.array([len(each) for each in names])
    mask = np.arange(count.max()) < count[:, None]
    found = np.where(mask, np.arange(1, count.max() + 1) * 10.0, 0)[..., None]
    (method,) = plain.methods
    if not bonds:
        return plain
    name = bonds_of(item.name)
    more = {"values": {**method.values, name: found}, "mask": {**method.mask, name: mask}}
    return plain.model_copy(update={"methods": (method.model_copy(update=more),), "bonds": names})


def test_bonds_are_named_by_their_kind_and_what_they_join() -> None:
    assert bond_names("OC=O") == ("C–O", "C=O")
    assert bond_names("N#CC") == ("C≡N", "C–C")
    assert set(bond_names("n1ccccc1")) == {"aromatic C–N", "aromatic C–C"}
    assert bond_names("C") == ()


def test_sums_of_atoms_and_of_bonds_stand_side_by_side() -> None:
    material = chapter()
    table, kinds = (table for block in molecule.appendix(material) for table in block.tables)
    titles = [column.title for column in table.columns]
    assert titles.index("sum over bonds") == titles.index("sum over atoms") + 1
    total = sum(float(material.main.values["molecule bonds"][row].sum()) for row in range(len(material.bonds)))
    assert sum(float(row[titles.index("sum over bonds")]) for row in table.rows) == total
    assert sum(int(row[1]) for row in kinds.rows) == sum(map(len, material.bonds))
    assert {row[0] for row in kinds.rows} == {name for names in material.bonds for name in names}


def test_what_is_said_names_the_bonds_where_they_have_values_and_nowhere_else() -> None:
    for material in (chapter(), chapter(bonds=False)):
        said = repr(
            (molecule.figures(material, {"logit": 1.0}), molecule.sections(material), molecule.appendix(material))
        )
        assert ("each atom and each bond" in said) == bool(material.bonds)
        assert ("bond" in said.replace("bonds=None", "").replace("bond_names=()", "")) == bool(material.bonds)
    assert "and in the bonds of both" in analogues._read(chapter()).text


def test_the_scale_reaches_to_the_largest_bond_and_every_molecule_is_drawn() -> None:
    material = chapter()
    (limit,) = limits((material,)).values()
    assert limit == np.abs(material.main.values["molecule bonds"]).max()
    for figure in molecule.figures(material, {"logit": limit}):
        if isinstance(figure.content, Molecules):
            assert draw(figure).parts
