import re

import numpy as np
import pytest
from rdkit import Chem

from tasks.drawing import draw
from tasks.drawing.colormap import colour
from tasks.drawing.molecule import notes
from tasks.records import Drawing, Figure, InputError, Molecule, Molecules, Scale

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
