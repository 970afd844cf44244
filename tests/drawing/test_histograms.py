"""Drawings of distributions: which bar is which category can be read."""

import re

import numpy as np
import pytest

from exhibit.tasks.drawing.histograms import histograms
from exhibit.tasks.records.figure import Histogram, Histograms

PURPOSES = ("car", "radio/TV", "furniture/equipment", "business", "education", "repairs", "others")


def drawn(*names: tuple[str, ...]) -> str:
    panels = [Histogram(title=one[0], bins=one, shares=np.full((2, len(one)), 1 / len(one))) for one in names]
    (part, *_) = histograms(Histograms(groups=("training rows", "test rows"), panels=tuple(panels)), 1.0)
    return part.data.decode()


def words(svg: str) -> list[str]:
    return [word for word in re.findall(r">([^<>\n]+)</text>", svg) if word not in ("training rows", "test rows")]


def test_names_without_room_below_their_bars_are_written_in_full_by_their_numbers() -> None:
    """Seven bars of a third of a column have room for a letter or two each: “f…” is no name."""
    found = words(drawn(PURPOSES))
    assert found[1:8] == ["1", "2", "3", "4", "5", "6", "7"]
    assert ", ".join(found[8:]).split(", ") == [f"{place} {name}" for place, name in enumerate(PURPOSES, 1)]


def test_names_with_room_stand_below_their_bars() -> None:
    assert words(drawn(("own", "rent", "free"))) == ["own", "own", "rent", "free"]


@pytest.mark.parametrize("many", [1, 4])
def test_a_row_of_panels_is_as_tall_as_its_longest_names(many: int) -> None:
    """The panels below begin behind them."""
    plain, long = (
        float(re.findall(r'viewBox="0 0 [\d.]+ ([\d.]+)"', drawn(*[names] * many))[0])
        for names in (("own", "rent"), PURPOSES)
    )
    assert long - plain == pytest.approx(4 * 14.0 * (1 if many == 1 else 2))  # lines of names in each row


def test_a_name_wider_than_its_panel_is_shortened() -> None:
    assert any(re.fullmatch(r"1 x+…x+", word) for word in words(drawn(("x" * 90, "y"))))
