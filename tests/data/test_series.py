"""What is so of every series: its parts, its baselines, and how an array is told to be one."""

from typing import Any

import numpy as np
import pytest

from exhibit.tasks.checks.kinds import KINDS as CHECKS
from exhibit.tasks.data.baselines import baseline, described
from exhibit.tasks.data.features import feature_names, feature_values, features
from exhibit.tasks.data.limits import Limits
from exhibit.tasks.data.motions import MotionsSpec
from exhibit.tasks.data.plain import dataset_of
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset, Input
from tests.conftest import Memory

VALUES = np.random.default_rng(0).normal(size=(6, 5, 3)) + np.array([0, 10, 20])


def dataset(values: Any = VALUES, **about: Any) -> Dataset:
    given = {"inputs": {"s": {"values": values, "kind": "series"} | about}, "labels": ["a", "b"] * 3}
    return dataset_of(given | {"split": ["train"] * 4 + ["test"] * 2}, "own:rows")


def series(values: Any = VALUES, **about: Any) -> Input:
    return dataset(values, **about).inputs[0]


# --- how an array becomes one ---------------------------------------------------------------------------------


def test_steps_and_channels_as_they_are_given() -> None:
    item = series(features=["x", "y", "z"], times=[0, 1, 2, 3, 4.5], time_unit="s")
    np.testing.assert_allclose(item.array, VALUES, rtol=1e-6)
    assert (item.features, item.time_unit, item.moments[-1]) == (("x", "y", "z"), "s", 4.5)
    assert series(VALUES[..., 0]).features == ("s",)
    assert series().features == ("channel 0", "channel 1", "channel 2")


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"values": VALUES[0]}, r"a series of numbers \(6, steps, channels\) or \(6, steps\) was expected"),
        ({"features": ["x", "y"]}, "features are x, y; a name for each of 3 channels was expected"),
        ({"features": ["x", "x", "z"]}, "features are x, x, z"),
        ({"times": [0, 1, 1, 2, 3]}, "5 rising numbers were expected"),
        ({"values": np.where(VALUES > 20, np.nan, VALUES)}, "missing or infinite values in .* of 6 samples"),
        ({"values": VALUES + 1e12}, "in the 24 bits that nets compute with the channel 'channel 0' moves"),
    ],
)
def test_what_is_no_series_is_said(about: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        series(**about)


@pytest.mark.parametrize(("given", "kind"), [({"kind": "series"}, "series"), ({"kind": "image"}, "image")])
def test_an_array_that_may_be_a_picture_has_to_be_told(given: dict[str, str], kind: str) -> None:
    """Bytes, bounds and squares are pictures."""
    values = np.random.default_rng(0).uniform(size=(4, 96, 3))
    labels = ["a", "b"] * 2
    with pytest.raises(InputError, match=r"series of 96 steps and 3 channels, or gray pictures .*'kind': 'series'\}"):
        dataset_of({"inputs": {"x": values}, "labels": labels}, "own:rows")
    found = dataset_of({"inputs": {"x": {"values": values} | given}, "labels": labels}, "own:rows")
    assert found.inputs[0].kind == kind
    square = dataset_of({"inputs": {"x": values[:, :3]}, "labels": labels}, "own:rows")
    assert square.inputs[0].kind == "image"


def test_steps_beyond_the_limit_are_refused() -> None:
    with pytest.raises(InputError, match=r"'s' has 5 steps, more than data.limits.steps: 4"):
        Limits(steps=4).require(dataset())


# --- parts ----------------------------------------------------------------------------------------------------


def test_the_parts_of_several_channels_are_the_channels() -> None:
    item, values = series(), np.random.default_rng(1).normal(size=(6, 5, 3, 2))
    assert feature_names(item) == item.features
    np.testing.assert_allclose(features(item, values), values.sum(axis=1))
    np.testing.assert_allclose(feature_values(item), item.array.mean(axis=1), rtol=1e-5)


@pytest.mark.parametrize("steps", [1, 4, 25])
def test_the_parts_of_one_channel_are_windows_of_time_that_add_up(steps: int) -> None:
    item = series(np.random.default_rng(1).normal(size=(6, steps)), times=np.arange(steps) / 2, time_unit="s")
    values = np.random.default_rng(2).normal(size=(6, steps, 1, 1))
    found = features(item, values)
    assert found.shape == (6, min(steps, 10), 1) == (6, len(feature_names(item)), 1)
    np.testing.assert_allclose(found.sum(axis=1), values.sum(axis=(1, 2)))
    assert feature_names(item)[0] == ("0 to 1 s" if steps == 25 else "0 s")


def test_elements_of_a_layer_are_no_steps() -> None:
    with pytest.raises(InputError, match="a series is explained at the input"):
        features(series(), np.zeros((6, 4, 8, 1)))


def test_groups_are_windows_of_one_channel() -> None:
    """12 of 8 steps and 3 channels: four windows of two steps each."""
    groups = CHECKS["series"].groups((8, 3), np.ones(24, bool), 12, np.random.default_rng(0)).reshape(8, 3)
    assert len(np.unique(groups)) == 12
    assert all(len(set(groups[start : start + 2, channel])) == 1 for start in (0, 2, 4, 6) for channel in range(3))
    few = CHECKS["series"].groups((8, 3), np.ones(24, bool), 2, np.random.default_rng(0)).reshape(8, 3)
    assert len(np.unique(few)) == 2


# --- baselines ------------------------------------------------------------------------------------------------

ROWS = np.array([4, 1])


def of(name: Any) -> Array:
    found = baseline(name, dataset(), None, ROWS)
    assert found is not None
    return found["s"]


@pytest.mark.parametrize("name", ["auto", "zero", "mean", "channel_mean", "line", "uniform"])
def test_every_baseline_is_shaped_and_typed_like_its_samples(name: Any) -> None:
    assert (of(name).shape, of(name).dtype) == ((2, 5, 3), np.float32)
    assert described(name, dataset(), None).endswith(".")


def test_baselines_are_what_they_are_called() -> None:
    training = VALUES[:4]
    np.testing.assert_allclose(of("mean"), np.tile(training.mean(axis=0), (2, 1, 1)), rtol=1e-5)
    np.testing.assert_allclose(of("channel_mean"), np.broadcast_to(training.mean(axis=(0, 1)), (2, 5, 3)), rtol=1e-5)
    assert np.array_equal(of("auto"), of("channel_mean"))
    assert not of("zero").any()


def test_a_line_between_the_ends_has_the_ends_and_no_bend() -> None:
    found, own = of("line"), VALUES[ROWS]
    np.testing.assert_allclose(found[:, [0, -1]], own[:, [0, -1]], rtol=1e-5)
    np.testing.assert_allclose(np.diff(found, n=2, axis=1), 0, atol=1e-5)


def test_baselines_of_series_are_for_series() -> None:
    table = dataset_of({"inputs": {"t": VALUES[:, 0]}, "labels": ["a", "b"] * 3}, "own:rows")
    with pytest.raises(InputError, match="'line' needs a series, but 't' is a table"):
        baseline("line", table, None, ROWS)
    with pytest.raises(InputError, match="'blur' needs an image, but 's' is a series"):
        baseline("blur", dataset(), None, ROWS)


# --- the motions ----------------------------------------------------------------------------------------------


def test_the_motions_are_80_recordings_of_six_channels_of_which_half_are_held_out() -> None:
    """A known fact of these data: who runs or plays shakes the watch more than who walks, and who stands least."""
    motions = MotionsSpec().load(Memory())
    item = motions.inputs[0]
    assert (item.values.shape, item.moments[-1], item.time_unit) == ((80, 100, 6), 9.9, "s")
    assert [
        int((motions.labels[motions.split == split] == k).sum()) for split in ("train", "test") for k in range(4)
    ] == [10] * 8
    shaken = {name: item.array[motions.labels == k].std() for k, name in enumerate(motions.classes)}
    assert shaken["standing"] < shaken["walking"] < min(shaken["running"], shaken["badminton"])
