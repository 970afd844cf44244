"""What two molecules that are alike differ in, and which atoms are coloured."""

import numpy as np
import pytest

from exhibit.tasks.document.analogues import parts
from exhibit.tasks.document.molecule import strongest
from exhibit.tasks.records.explanation import Analogue


def test_common_part_the_rest_and_the_base_value_make_up_the_difference() -> None:
    """Contributions that add up to prediction minus base value in both molecules."""
    one, two = np.array([0.5, -0.2, 0.3]), np.array([0.1, 0.6, -0.2, 0.9])
    pair = Analogue(
        names=("a", "b"),
        smiles=("CCO", "CCCO"),
        values=(one, two),
        predictions=(float(one.sum()) + 1.0, float(two.sum()) - 0.5),
        base_values=(1.0, -0.5),
        common=np.array([[0, 1], [2, 3]]),
    )
    common, rest, base, prediction = parts(pair)
    assert common == pytest.approx((0.6 - 0.5) + (0.9 - 0.3))
    assert rest == pytest.approx((0.1 - 0.2) - (-0.2))
    assert base == -1.5
    assert common + rest + base == pytest.approx(prediction)


def test_the_strongest_share_of_the_atoms_is_coloured_and_at_least_one() -> None:
    values = np.array([0.1, -0.9, 0.5, 0.0, -0.3, 0.2, 0.7, 0.4, -0.6, 0.05])
    assert np.flatnonzero(strongest(values, 0.7)).tolist() == [0, 1, 2, 4, 5, 6, 7, 8]  # int(0.7 * 10) + 1
    assert strongest(values[:7], 0.7).sum() == 5  # int(4.9) + 1
    assert strongest(values, 1.0).all()
    assert np.flatnonzero(strongest(values, 0.01)).tolist() == [1]
