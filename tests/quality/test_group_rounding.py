"""What rounding leaves between groups is no difference: no group is above another by it, and no verdict follows it."""

import numpy as np
import pytest

from exhibit.tasks.document.for_whom import _row
from exhibit.tasks.quality.groups import Measures, grouped, of_class, of_likeliest, of_values
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.grouping import Grouping

SITES = Grouping(by=("site",), groups=("a", "b"), of=np.repeat([0, 1], 40))
NAMES = {"a": "a", "b": "b"}


def told(asked: Measures) -> dict[str, tuple[str, str | None]]:
    """Of each measure which group is above which, and the verdict."""
    (table,), *_ = grouped(asked, [SITES])
    said = {item.measure: _row(table, item, NAMES)[4] for item in table.disparities}
    alike = {name: "alike" if text.endswith("alike") else text for name, text in said.items()}
    return {item.measure: (alike[item.measure], item.verdict) for item in table.disparities}


def moved(values: Array, by: float) -> Array:
    """Those of the second site moved by so much."""
    return values + by * SITES.of


@pytest.mark.parametrize("dust", [2.8e-17, 1e-16])
@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_a_value_that_is_off_by_rounding_is_off_by_nothing(dust: float, spread: float) -> None:
    """Also where labels do not vary, so that the limit of a small effect is 0."""
    labels = 1 + spread * np.tile(np.arange(40) / 40, 2)
    found = told(of_values(labels, moved(labels, 0) + dust * np.random.default_rng(0).normal(size=80) * 10))
    assert {name: said for name, (said, _) in found.items()} == dict.fromkeys(found, "alike")
    assert {verdict for _, verdict in found.values()} <= {"pass", "undecided", None}


def test_a_difference_of_32_bits_is_rounding_only_of_outputs_of_32_bits() -> None:
    labels = 1000 + np.tile(np.arange(40.0), 2)
    assert told(of_values(labels, moved(labels, 2.0**-13)))["mean error"][0] == "alike"
    of_64 = moved(labels + 1e-9, 2.0**-13)
    assert told(of_values(labels, of_64))["mean error"][0] == "b above a"


def test_probabilities_that_differ_by_rounding_rank_no_group() -> None:
    half = np.random.default_rng(1).uniform(0.1, 0.9, size=40)
    probability, true = np.tile(half, 2), np.tile(half > 0.4, 2)
    both = np.stack([1 - probability, probability], axis=1)
    for asked in (
        of_class(true, moved(probability, 1e-15), probability > 0.5),
        of_likeliest(both + 1e-15 * SITES.of[:, np.newaxis], true.astype(int)),
    ):
        assert {said for said, _ in told(asked).values()} == {"alike"}
    assert told(of_class(true, moved(probability, 1e-3), probability > 0.5))["calibration"][0] == "b above a"
