"""Numbers in a small unit, as metres of what is measured in nanometres: they are not printed as zero."""

import re

import numpy as np
import pytest

from exhibit.tasks.document import quality_tables, table
from exhibit.tasks.document.common import reading, sums_table, waterfall
from exhibit.tasks.document.model import _metric_aside
from exhibit.tasks.document.words import at_scale, numbers, plain, share, signed
from exhibit.tasks.drawing.axis import Axis
from exhibit.tasks.drawing.molecule import notes
from exhibit.tasks.drawing.svg import up_to
from exhibit.tasks.drawing.waterfall import waterfall as drawn
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.model import Metric, Performance, Received
from exhibit.tasks.records.quality import ErrorBin, Measure, Quality
from tests.points import LENGTHS, inputs, material, method

_ZERO = re.compile(r"[+−]?0(?:\.0+)?")


@pytest.fixture
def small() -> Material:
    """A value of about 2e-9, the third feature of which counts for nothing and the fourth is rounding."""
    item = inputs("table")
    values = np.array([3e-9, -1e-9, 0.0, 1e-17])
    point = material("p", [method("occlusion", values, item, LENGTHS, unit="mol")], item)
    errors = [
        Metric(name="RMSE", value=1e-10, split="test", count=100, interval=(8e-11, 1.3e-10), naive=2e-9),
        Metric(name="R²", value=0.99, split="test", count=100, interval=(0.98, 0.995), naive=0.0),
    ]
    bins = tuple(
        ErrorBin(low=k * 1e-9, high=(k + 1) * 1e-9, rows=50, mean=2e-11, interval=(1e-11, 3e-11), rmse=9e-11)
        for k in (1, 2)
    )
    measures = (Measure(name="mean error", value=2e-11, interval=(-1e-11, 5e-11)),)
    return point.model_copy(
        update={
            "dataset": point.dataset.model_copy(
                update={"task": "regression", "classes": (), "labels": np.array([2e-9, -1e-9])}
            ),
            "outputs": np.full((100, 1), 2.1e-9),
            "performance": Performance(metrics=tuple(errors)),
            "quality": Quality(split="test", rows=100, resamples=0, measures=measures, error_bins=bins),
        }
    )


def test_what_was_measured_and_predicted_is_told(small: Material) -> None:
    assert reading(small, 0) == "measured 2e−09, predicted 2.1e−09"
    assert reading(small, 1) == "measured −1e−09, predicted 2.1e−09"


def test_tables_of_contributions_and_sums_have_them(small: Material) -> None:
    rows = table.importance_table(small).rows
    assert [row[2:4] for row in rows] == [("+3e−09", "3e−09"), ("−1e−09", "1e−09"), ("0", "0"), ("0", "0")]
    assert [row[2:] for row in sums_table(small, small.main).rows] == [("+2e−09", "0", "+2e−09", "0")] * 2


def test_words_for_whoever_does_not_see_the_pictures_have_them(small: Material) -> None:
    [samples] = [figure for figure in table.figures(small, {"mol": 3e-9}) if figure.name.endswith("samples")]
    assert "from 0 to +2e−09, " in samples.alt
    assert "0.00" not in samples.alt
    assert numbers(("a", "b"), np.array([3e-9, 0.0]), True) == "a +3e−09, b 0"


def test_errors_of_a_model_are_not_zero(small: Material) -> None:
    assert small.quality is not None
    of_whole = {row[0]: row[1:4] for row in quality_tables.whole(small, small.quality).rows}
    assert of_whole["RMSE"] == ("1e−10", "8e−11 to 1.3e−10", "2e−09")
    assert of_whole["mean error"][:2] == ("2e−11", "−1e−11 to 5e−11")
    assert of_whole["R²"][:2] == ("0.990", "0.980 to 0.995")  # has no unit
    [parts] = quality_tables.bins(small)
    assert parts.rows[0] == ("1e−09 to 2e−09", "50", "2e−11", "1e−11 to 3e−11", "9e−11")
    assert "1e−09 to 2e−09" in parts.caption
    aside = _metric_aside(small, small.performance.metrics[0])
    assert aside.title == "RMSE 1e−10"
    assert "8e−11 to 1.3e−10" in aside.text


def test_drawings_have_a_power_and_no_row_of_zeros(small: Material) -> None:
    values = small.main.values["measurements"][0, :, 0]
    panel = waterfall(small, small.main, 0, LENGTHS, values.astype(np.float64), "flower 0")
    letters = re.findall(r">([^<>]+)</text>", drawn(panel, 1.0).data.decode())
    assert {"+3.00e−09", "−1.00e−09"} <= set(letters)
    assert not [word for word in letters if re.search(r"0\.0{6}", word)]
    assert notes(np.array([3e-9, -1e-9, 0.0]), 3e-9) == ["+3.00e−09", "−1.00e−09", "0"]
    assert [word for _, word in Axis(-4e-9, 4e-9, 0, 400).ticks()] == ["−4e−09", "−2e−09", "0", "2e−09", "4e−09"]


def test_numbers_of_common_size_are_written_as_ever() -> None:
    assert at_scale([0.3, 0.01], plain) is plain
    assert at_scale([], signed) is signed
    assert at_scale([np.nan, 0.0], signed) is signed


def test_rounding_does_not_make_a_whole_less_than_that() -> None:
    """0.72 and 0.28 as a computer adds them."""
    assert share(1 - 1e-15) == "100%"
    assert share(0.9999999) == "over 99.9%"


@pytest.mark.parametrize(
    ("limit", "value", "plain", "by_sign"),
    [
        (0.98, 0.0035, "0.004", "+0.004"),  # the share of a table beside that of an image, and of a text that has none
        (0.98, 0.0, "0.00", "0"),
        (0.98, 0.00005, "0.00", "0"),
        (0.98, 0.0096, "0.01", "+0.01"),
        (10.0, -0.27, "−0.3", "−0.3"),
        (10.0, 0.5, "0.5", "+0.5"),
        (415.0, 0.001, "0", "0"),
        (3e-9, 1e-9, "1.00e−09", "+1.00e−09"),
    ],
)
def test_what_is_small_beside_others_is_not_printed_as_none(
    limit: float, value: float, plain: str, by_sign: str
) -> None:
    assert (up_to(limit)(value, False), up_to(limit)(value, True)) == (plain, by_sign)


@pytest.mark.parametrize(("count", "said"), [(1, "on 1 held-out row."), (1234, "on 1,234 held-out rows.")])
def test_rows_on_which_a_model_was_measured_are_counted_in_words(small: Material, count: int, said: str) -> None:
    metric = small.performance.metrics[0].model_copy(update={"count": count, "interval": None, "split": "test"})
    assert _metric_aside(small, metric).text == said


@pytest.mark.parametrize(("shape", "said"), [((), "one number"), ((1,), "one number"), ((1, 8), "1 x 8 numbers")])
def test_what_a_model_was_given_is_counted_in_words(shape: tuple[int, ...], said: str) -> None:
    received = Received(name="x", shape=shape, dtype="float32", low=0.0, high=1.5)
    assert str(received.said) == f"x: {said} a row from 0 to 1.5 (float32)"
