"""What a reader can follow from sample to sample, and what it is given there."""

import numpy as np
import pytest

from exhibit.tasks.data import followed as own
from exhibit.tasks.data.followed import followed, followed_values, seen
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.groups import GROUPS
from exhibit.tasks.records.subgroups import FRAME


def texts(ids: list[list[int]]) -> Input:
    return Input(name="text", kind="text", values=np.array(ids), vocabulary=("[PAD]", "she", "he", "code", "sings"))


def test_words_are_those_that_most_texts_have_and_count_with_all_occurrences(monkeypatch: pytest.MonkeyPatch) -> None:
    """“code” in three texts of four, once twice; the padding is no word, and “sings” is in too few texts."""
    monkeypatch.setattr(own, "FEW", 2)
    item = texts([[1, 3, 3], [1, 3, 0], [2, 3, 4], [2, 0, 0]])
    assert followed(item) == ("“code”", "“she”", "“he”")
    values = np.arange(12.0).reshape(4, 3)
    found = followed_values(item, np.arange(4), values)
    np.testing.assert_array_equal(found, [[3, 0, np.nan], [4, 3, np.nan], [7, np.nan, 6], [np.nan, np.nan, 9]])
    np.testing.assert_array_equal(followed_values(item, np.array([2]), values[2:3]), found[2:3])
    np.testing.assert_array_equal(seen(item, ["“he”"])["“he”"], [0, 0, 1, 1])


def test_no_word_is_in_enough_texts() -> None:
    item = texts([[1, 3, 3], [1, 3, 0]])
    assert followed(item) == ()
    assert followed_values(item, np.arange(2), np.zeros((2, 3))).shape == (2, 0)
    assert followed(item.take(np.arange(0))) == ()


@pytest.mark.parametrize("side", [3, 4, 5, 8, 28])
def test_nine_parts_of_a_frame_hold_all_of_it(side: int) -> None:
    """A value in a corner is that of the corner, and what is below zero does not cancel what is above."""
    values = np.random.default_rng(0).normal(size=(5, side, side))
    item = Input(name="image", kind="image", values=np.zeros((5, side, side, 1)), bounds=(0.0, 1.0))
    found = followed_values(item, np.arange(5), values)
    assert followed(item) == FRAME
    assert found.sum(axis=1) == pytest.approx(np.abs(values).sum(axis=(1, 2)))
    for part, row, column in (("top left", 0, 0), ("bottom right", -1, -1), ("middle", side // 2, side // 2)):
        one = np.zeros((1, side, side))
        one[0, row, column] = -2.0
        assert followed_values(item, np.array([0]), one)[0].tolist() == [2.0 * (name == part) for name in FRAME]


@pytest.mark.parametrize("side", [2, 3, 7])
def test_how_light_a_part_of_a_frame_is_is_the_mean_of_its_pixels(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all channels; what has no pixel is not known."""
    monkeypatch.setattr(own, "_AT_ONCE", 2)
    values = np.random.default_rng(0).random((5, side, side, 3))
    found = seen(Input(name="image", kind="image", values=values, bounds=(0.0, 1.0)), FRAME)
    parts = [round((k + 0.5) * 3 / side - 0.5) for k in range(side)]
    for place, name in enumerate(FRAME):
        rows, columns = ([k for k in range(side) if parts[k] == part] for part in divmod(place, 3))
        if rows and columns:
            np.testing.assert_allclose(found[name], values[:, rows][:, :, columns].mean(axis=(1, 2, 3)))
        else:
            assert np.isnan(found[name]).all()


def test_functional_groups_of_molecules_and_channels_of_series() -> None:
    molecules = Input(name="molecule", kind="molecule", values=np.array(["OCCO", "CC"]))
    found = followed_values(molecules, np.arange(2), np.array([[1.0, 0, 0, 3], [5, 6, 0, 0]]))
    names = [group.name for group in GROUPS]
    assert followed(molecules) == tuple(names)
    assert found[0, names.index("aliphatic OH")] == 2.0
    assert np.isnan(found[1]).all()
    series = Input(name="series", kind="series", values=np.zeros((1, 2, 2)), features=("x", "y"))
    assert followed(series) == ("x", "y")
    assert followed_values(series, np.array([0]), np.array([[[1.0, 2], [3, -5]]])).tolist() == [[4.0, -3.0]]
