import re

import numpy as np
import pytest
from rdkit import Chem

from exhibit.tasks.drawing.colormap import colour
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.drawing.molecule import notes
from exhibit.tasks.drawing.svg import QUIET
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.figure import Drawing, Figure, Molecule, Molecules, Scale

INOSINE = "OCC1OC(C(O)C1O)n1cnc2c(O)ncnc12"


def drawing(*molecules: tuple[str, list[float]], limits: tuple[float, ...] = (1.0,)) -> Drawing:
    items = tuple(
        Molecule(smiles=s, values=np.array(v), scale=min(index, len(limits) - 1), title=s, alt=s)
        for index, (s, v) in enumerate(molecules)
    )
    scales = tuple(Scale(unit="log S", limit=limit) for limit in limits)
    return draw(Figure(name="f", content=Molecules(items=items), scales=scales, caption="c", alt="a"))


def numbers(svg: str) -> dict[int, str]:
    return {int(atom): text for atom, text in re.findall(r'class="contribution atom-(\d+)"[^>]*>([^<]*)<', svg)}


def highlights(svg: str) -> dict[int, str]:
    found = re.findall(r"<ellipse[^>]*class='atom-(\d+)'[^>]*fill='(#\w+)'", svg)
    return {int(atom): fill.lower() for atom, fill in found}


def test_atoms_keep_the_order_of_the_smiles() -> None:
    """CCO: the last atom is the oxygen, and it alone is red."""
    svg = drawing(("CCO", [-0.5, -0.5, 0.8])).part("m0").data.decode()
    assert highlights(svg) == {0: colour(-0.5, 1.0), 1: colour(-0.5, 1.0), 2: colour(0.8, 1.0)}
    assert numbers(svg) == {0: "−0.5", 1: "−0.5", 2: "+0.8"}


def test_the_same_value_has_the_same_colour_in_two_molecules() -> None:
    both = drawing(("CCO", [0.1, 0.1, 0.4]), ("CCCCN", [0.4, 0.9, 0.0, 0.0, 0.0]))
    assert highlights(both.part("m0").data.decode())[2] == highlights(both.part("m1").data.decode())[0]


def test_a_molecule_is_coloured_by_the_scale_that_it_names() -> None:
    both = drawing(("CO", [0.5, 0.0]), ("CN", [1.0, 0.0]), limits=(0.5, 1.0))
    assert highlights(both.part("m0").data.decode())[0] == highlights(both.part("m1").data.decode())[0]


def test_a_bond_takes_the_mean_of_its_atoms() -> None:
    svg = drawing(("CC", [0.2, 0.6])).part("m0").data.decode()
    fills = {fill.lower() for fill in re.findall(r"class='bond-0[^']*'[^>]*fill='(#\w+)'", svg)}
    assert colour(0.4, 1.0) in fills


def bonded(values: list[float], bonds: list[float], names: tuple[str, ...]) -> Figure:
    item = Molecule(smiles="C=CO", values=np.array(values), bonds=np.array(bonds), bond_names=names, alt="a")
    scales = (Scale(unit="log S", limit=1.0),)
    return Figure(name="f", content=Molecules(items=(item,)), scales=scales, caption="c", alt="a")


def test_bonds_with_values_have_colours_and_numbers_of_their_own() -> None:
    """A faint one has no number; those of bonds are grey, and found by class and name."""
    drawn = draw(bonded([0.0, 0.5, -0.5], [0.8, -0.05], ("C=C", "C–O")))
    svg = drawn.part("m0").data.decode()
    assert numbers(svg) == {0: "0", 1: "+0.5", 2: "−0.5"}
    found = re.findall(
        r'class="contribution bond-(\d+)"[^>]*fill="(#\w+)"[^>]*data-symbol="([^"]*)"[^>]*>([^<]*)<', svg
    )
    assert found == [("0", QUIET, "C=C", "+0.8")]
    for bond, value in enumerate((0.8, -0.05)):
        fills = {fill.lower() for fill in re.findall(rf"class='bond-{bond}[^']*'[^>]*fill='(#\w+)'", svg)}
        assert colour(value, 1.0) in fills
    assert "one in grey that of a bond" in drawn.reading.text
    assert "bond" not in drawing(("CO", [0.5, 0.0])).reading.text


def test_bonds_count_for_what_is_on_a_scale() -> None:
    content = bonded([0.0, 0.5, -0.5], [0.8, -0.05], ("C=C", "C–O")).content
    assert max(np.abs(values).max() for values in content.values_on(0)) == 0.8


@pytest.mark.parametrize(("bonds", "names"), [([0.8], ("C=C",)), ([0.8, 0.1], ("C=C",))])
def test_another_number_of_bonds_is_refused(bonds: list[float], names: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="it does not parse to"):
        draw(bonded([0.0, 0.5, -0.5], bonds, names))


@pytest.mark.parametrize("smiles", ["C", "[Na+].[Cl-]", INOSINE, "CCCCCCCCCCCCCCCC"])
def test_any_size_is_drawn_with_a_number_for_each_atom(smiles: str) -> None:
    count = Chem.MolFromSmiles(smiles).GetNumAtoms()
    part = drawing((smiles, [0.1] * count)).part("m0")
    assert len(numbers(part.data.decode())) == count
    assert all(side > 15 for side in part.size)


def test_numbers_do_not_cover_each_other() -> None:
    """Boxes of 10 px text around their places, in inosine with its 19 atoms."""
    svg = drawing((INOSINE, [0.31] * 19), limits=(0.9,)).part("m0").data.decode()
    places = np.array(re.findall(r'class="contribution[^>]*? x="([\d.-]+)" y="([\d.-]+)"', svg), float)
    apart = np.abs(places[:, None] - places[None])
    assert not ((apart < [22, 7]).all(axis=2) & ~np.eye(len(places), dtype=bool)).any()


def test_bonds_have_one_length_in_every_molecule() -> None:
    """A longer molecule is a larger picture, not a smaller drawing."""
    sizes = [drawing(("C" * count, [0.0] * count)).part("m0").size[0] for count in (6, 11, 16)]
    assert sizes[1] - sizes[0] == pytest.approx(sizes[2] - sizes[1], abs=3)


def test_everything_lies_on_the_canvas() -> None:
    part = drawing((INOSINE, [0.3] * 19)).part("m0")
    svg = part.data.decode()
    shift = np.array(re.search(r"translate\(([\d.-]+) ([\d.-]+)\)", svg).groups(), float)
    places = np.array(re.findall(r'class="contribution[^>]*? x="([\d.-]+)" y="([\d.-]+)"', svg), float) + shift
    assert (places > 0).all()
    assert (places < part.size).all()


def test_there_are_no_inline_styles() -> None:
    """A page with a strict policy refuses them."""
    assert "style=" not in drawing((INOSINE, [0.3] * 19)).part("m0").data.decode()


def test_another_number_of_values_than_atoms_is_refused() -> None:
    with pytest.raises(InputError, match="does not parse to 3 atoms"):
        drawing(("CC", [0.1, 0.2, 0.3]))


def test_notes_have_signs_and_the_same_digits() -> None:
    assert notes(np.array([0.312, -0.2, 0.0004]), 0.9) == ["+0.31", "−0.20", "0"]


def test_an_atom_without_a_value_has_neither_colour_nor_number() -> None:
    svg = drawing(("CCO", [0.5, np.nan, 0.8])).part("m0").data.decode()
    assert set(highlights(svg)) == {0, 2}
    assert set(numbers(svg)) == {0, 2}


def one(item: Molecule, **content: object) -> Drawing:
    whole = Molecules(items=(item,), **content)
    return draw(Figure(name="f", content=whole, scales=(Scale(unit="u", limit=1.0),), caption="c", alt="a"))


def test_only_the_named_atoms_are_coloured_and_all_have_numbers() -> None:
    item = Molecule(
        smiles="CCO", values=np.array([0.1, 0.2, 0.8]), coloured=np.array([False, False, True]), title="", alt=""
    )
    svg = one(item).part("m0").data.decode()
    assert set(highlights(svg)) == {2}
    assert set(numbers(svg)) == {0, 1, 2}


def test_a_molecule_with_a_limit_of_its_own_is_coloured_by_that() -> None:
    item = Molecule(smiles="CO", values=np.array([0.1, 0.0]), limit=0.1, title="", alt="")
    assert highlights(one(item).part("m0").data.decode())[0] == colour(1.0, 1.0)


def test_numbers_can_be_left_out() -> None:
    item = Molecule(smiles="CO", values=np.array([0.1, 0.0]), title="", alt="")
    assert numbers(one(item, numbers=False).part("m0").data.decode()) == {}


def placed(item: Molecule) -> np.ndarray:
    """(atoms, 2) of the coloured atoms, in CSS pixels without the shift onto the canvas."""
    svg = one(item).part("m0").data.decode()
    found = re.findall(r"<ellipse cx='([\d.-]+)' cy='([\d.-]+)'[^>]*class='atom-\d+'", svg)
    return np.array(found, float)


def test_common_atoms_lie_in_the_same_place() -> None:
    """o-Cresol over phenol: its seven common atoms are a shifted copy of phenol's, not a turned one."""
    common = np.array([[0, 7], [1, 6], [2, 1], [3, 2], [4, 3], [5, 4], [6, 5]])
    phenol = Molecule(smiles="Oc1ccccc1", values=np.ones(7), title="", alt="")
    cresol = Molecule(smiles="Cc1ccccc1O", values=np.ones(8), like="Oc1ccccc1", common=common[:, :2], title="", alt="")
    first, second = placed(phenol)[[0, 1, 6, 5, 4, 3, 2]], placed(cresol)[[7, 6, 5, 4, 3, 2, 1]]
    apart = second - first
    assert np.allclose(apart, apart[0], atol=0.5)


def test_molecules_of_a_row_are_made_smaller_alike() -> None:
    """A chain that is too long for its column takes the short one beside it along; the next row stays as it is."""
    items = tuple(Molecule(smiles="C" * count, values=np.zeros(count), title="", alt="") for count in (16, 4, 4, 4))
    whole = Molecules(items=items, columns=("a", "b", "c", "d")[:2], numbers=False)
    found = draw(Figure(name="f", content=whole, scales=(Scale(unit="u", limit=1.0),), caption="c", alt="a"))
    sizes = [found.part(f"m{index}").size[0] for index in range(4)]
    assert sizes[0] <= 320
    assert sizes[1] < sizes[2] == sizes[3]
