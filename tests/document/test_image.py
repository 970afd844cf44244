"""How the maps of images are arranged."""

import numpy as np
import pytest

from exhibit.tasks.document.image import grid_lines

OUTPUTS = np.array([[3, 1], [2, 2]])


@pytest.mark.parametrize("methods", [1, 3])
def test_the_targets_of_a_sample_stand_in_one_line(methods: int) -> None:
    assert grid_lines(OUTPUTS, methods) == [(0, (0, 1)), (1, (0, 1))]


def test_many_maps_of_a_sample_stand_below_each_other_each_output_once() -> None:
    assert grid_lines(OUTPUTS, 4) == [(0, (0,)), (0, (1,)), (1, (0,))]
