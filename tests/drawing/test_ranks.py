"""Drawings of places in several orders, with known answers."""

import re

import numpy as np
import pytest

from exhibit.tasks.drawing.ranks import interval, ranks, summary
from exhibit.tasks.records.figure import Ranks

COUNTS = np.array([[3, 1, 0], [1, 2, 1], [0, 1, 3]])


def drawn() -> str:
    return ranks(Ranks(labels=("a", "b", "c"), counts=COUNTS, axis="place"), 1.0).data.decode()


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ([4, 0, 0], (1, 1, 1)),
        ([2, 0, 2], (1, 2, 3)),
        ([1, 0, 0, 1], (1, 2.5, 4)),
        ([1, 0, 3], (1, 3, 3)),
        ([0, 1, 0], (2, 2, 2)),
    ],
)
def test_the_interval_is_from_the_best_to_the_worst_place(counts: list[int], found: tuple[int, float, int]) -> None:
    """Around the median; of an even number half way between the two."""
    assert interval(np.array(counts)) == found


def test_the_interval_is_written_beside_it() -> None:
    assert [summary(counts) for counts in COUNTS] == ["1 (1 to 2)", "2 (1 to 3)", "3 (2 to 3)"]
    assert summary(np.array([0, 4])) == "2"
    assert summary(np.array([1, 0, 0, 1])) == "2.5 (1 to 4)"


def test_a_circle_stands_for_every_place_that_is_taken() -> None:
    """Its area grows with the share of orders: beyond the smallest, three quarters have root three times the radius of
    one quarter."""
    circles = re.findall(r'<circle[^>]*cx="([\d.]+)"[^>]*r="([\d.]+)"', drawn())
    assert len(circles) == (COUNTS > 0).sum()
    radius = [float(size) - 1.3 for _, size in circles]
    assert radius[0] / radius[1] == pytest.approx(np.sqrt(3), rel=0.01)
    places = [float(x) for x, _ in circles]
    assert places[0] == places[2] < places[1] == places[3]  # the first and the second place, in both rows


def test_the_middle_place_is_dark() -> None:
    assert re.findall(r'class="bar (main|second)" cx', drawn()) == [
        "main", "second", "second", "main", "second", "second", "main"
    ]  # fmt: skip
