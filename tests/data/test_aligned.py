"""Samples and labels of pandas: matched by place, and refused where their indexes say that this is another row."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import exhibit
from exhibit.tasks.data.plain import dataset_of
from exhibit.tasks.records.base import InputError

SAMPLES = pd.DataFrame({"a": np.arange(8.0), "b": np.arange(8.0) ** 2}, index=list("hgfedcba"))
LABELS = pd.Series(np.linspace(0, 1, 8), index=SAMPLES.index)
SAID = r"has the rows of the samples in another order \(it begins with a, and theirs with h\)"


@pytest.mark.parametrize("labels", [LABELS.sort_index(), LABELS.sort_index().to_frame()], ids=["series", "frame"])
@pytest.mark.parametrize("several", [False, True])
def test_labels_in_another_order_are_refused(labels: Any, several: bool, shared_store: Path) -> None:
    with pytest.raises(InputError, match=SAID):
        dataset_of({"inputs": {"x": {"values": SAMPLES} if several else SAMPLES}, "labels": labels}, "data: f")
    with pytest.raises(exhibit.InputError, match=f"^y: the index of the labels {SAID}"):
        exhibit.explain(lambda X: X["a"], SAMPLES, labels, check=[], store=str(shared_store))


@pytest.mark.parametrize(
    "labels",
    [LABELS, LABELS.sort_index().to_numpy(), LABELS.reset_index(drop=True), LABELS.set_axis([1, 1, 2, 3, 4, 5, 6, 7])],
    ids=["the same", "no index", "another index", "an index that is not unique"],
)
def test_all_others_are_matched_by_place(labels: Any) -> None:
    found = dataset_of({"inputs": {"x": SAMPLES}, "labels": labels}, "data: f")
    np.testing.assert_array_equal(found.labels, np.asarray(labels))
