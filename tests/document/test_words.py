"""Numbers and lists read as a reader wants them."""

import re
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.checks.case import told
from exhibit.tasks.datasheet.columns import Values, distribution
from exhibit.tasks.document.answers import _quality
from exhibit.tasks.document.grounds import worded
from exhibit.tasks.document.image import bordered
from exhibit.tasks.document.model import rows_of
from exhibit.tasks.document.words import (
    as_chance,
    capital,
    count,
    in_full,
    interval,
    listing,
    neither,
    off_bounds,
    percent,
    plain,
    related,
    rounded,
    share,
    signed,
    span,
    without_units,
)
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.methods.draws import SamplingSpec
from exhibit.tasks.models.preprocess import Declared
from exhibit.tasks.models.zoo.mlp import MLPSpec as MLP
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.figure import Bars, Figure, Series
from exhibit.tasks.records.model import Metric, Performance, Received
from exhibit.tasks.records.shown import article, as_set, printed, so_many, what_it_is
from tests.points import inputs, material, method


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1, "1.00"), (0.996, "0.996"), (0.9992, "0.999"), (0.99996, "0.99996"), (1.0004, "1.0004"), (0.994, "0.99"),
        (1 - 1e-12, "1.00"), (0, "0.00"), (0.003, "0.003"), (-0.0004, "−0.0004"), (1e-12, "0.00"), (12.3, "12.30"),
    ],
)  # fmt: skip
def test_neither_none_nor_all_is_written_for_what_is_neither(value: float, written: str) -> None:
    assert neither(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1.0, "1.00"), (0.996, "0.996"), (0.99996, "over 0.9999"), (1 - 1e-12, "1.00"), (0.4, "0.40"), (0.0, "0.00"),
        (0.003, "0.003"), (1e-9, "under 0.0001"), (-0.998, "−0.998"), (-0.99999, "under −0.9999"), (-1.0, "−1.00"),
        (12.3, "12.30"), (-1e-7, "over −0.0001"), (-0.00004, "over −0.0001"), (-1e-17, "0.00"),
    ],
)  # fmt: skip
def test_a_probability_or_a_correlation_reads_as_a_bound_only_where_it_is_at_it(value: float, written: str) -> None:
    assert off_bounds(value) == written


def test_a_correlation_keeps_its_sign_beside_a_bound() -> None:
    assert [related(one) for one in (0.9967, -0.9967, 1.0, -1.0, 0.4)] == [
        "+0.997",
        "−0.997",
        "+1.00",
        "−1.00",
        "+0.40",
    ]


def test_a_share_in_percent_is_none_or_all_only_where_it_is() -> None:
    written = [percent(one) for one in (0.0, 1.0, 0.0002, 0.9997, 0.0625, 1e-7, 1 - 1e-7)]
    assert written == ["0.0", "100.0", "0.02", "99.97", "6.2", "under 0.01", "over 99.99"]


def test_an_end_of_an_interval_reads_as_a_bound_only_where_it_is_at_it() -> None:
    """Whether an interval holds none or all is what it is read for."""
    assert interval(0.003, 0.57) == "0.003 to 0.57"
    assert interval(-0.003, 0.57) == "−0.003 to 0.57"
    assert interval(0.9, 0.9996) == "0.90 to 0.9996"
    assert interval(0.9, 1.0) == "0.90 to 1.00"
    assert interval(1e-7, 0.5) == "under 0.00001 to 0.50"
    assert interval(-1e-7, 0.5) == "over −0.00001 to 0.50"
    assert interval(0.5, 1 - 1e-7) == "0.50 to over 0.99999"
    assert interval(0.0, 0.5) == "0.00 to 0.50"


def test_what_is_not_certain_to_come_by_chance_does_not_read_so() -> None:
    assert [as_chance(one) for one in (0.0, 0.026, 0.9994, 0.99996, 1.0)] == [
        "under 0.001",
        "0.026",
        "0.999",
        "over 0.999",
        "1.000",
    ]


def test_a_minus_is_a_minus_and_a_plus_is_written() -> None:
    assert (signed(1.234), signed(-0.2), interval(-1, 2)) == ("+1.23", "−0.20", "−1.00 to 2.00")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (999.4, ("999.40", "+999.40", "999")),
        (999.996, ("1,000", "+1,000", "1,000")),
        (1234.6, ("1,235", "+1,235", "1,230")),
        (12_345.6, ("12,346", "+12,346", "12,300")),
        (347_001.785, ("347,002", "+347,002", "347,000")),
        (-2.72e12, ("−2,720,000,000,000", "−2,720,000,000,000", "−2,720,000,000,000")),
        (7.4169e24, ("7.42×10²⁴", "+7.42×10²⁴", "7.42×10²⁴")),
    ],
)
def test_large_numbers_are_written_as_a_reader_writes_them(value: float, written: tuple[str, str, str]) -> None:
    """No digits that nobody measured, and no exponent where a number can be written out."""
    assert (plain(value), signed(value), rounded(value)) == written


def test_a_value_of_four_digits_may_be_a_year() -> None:
    assert [in_full(value) for value in (1999.0, 1234.56, 12_345.6)] == ["1999", "1235", "12,346"]


def test_what_tells_two_features_apart_is_no_unit() -> None:
    names = ("income (monthly)", "income (yearly)", "age (years)", "sex")
    assert without_units(names) == ("income (monthly)", "income (yearly)", "age", "sex")


@pytest.mark.parametrize("write", [plain, rounded])
@pytest.mark.parametrize(
    ("low", "high"), [(0.998, 1.0), (1.0, 1.0), (-0.004, 0.004), (0.99999999, 1.0), (5e4, 5e4 + 1)]
)
def test_no_interval_reads_as_if_it_had_no_width(low: float, high: float, write: Any) -> None:
    text = interval(low, high, 2, write)
    one, to, other = text.partition(" to ")
    assert one != other
    assert bool(to) == (high - low > 1e-6)
    assert (text == "does not vary here") == (low == high)


def test_numbers_that_read_the_same_have_no_range() -> None:
    assert (span(0.4, 0.4), span(0.401, 0.399), span(0.1, 0.25)) == ("0.40", "0.40", "0.10 to 0.25")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "100%"),
        (0.998, "99.8%"),
        (0.74, "74%"),
        (0.001, "0.1%"),
        (0.0, "0%"),
        (0.99999, "over 99.9%"),
        (1e-9, "under 0.1%"),
    ],
)
def test_a_share_is_never_rounded_to_a_certainty(value: float, text: str) -> None:
    """Only what is 1 reads 100%, only what is 0 reads 0%."""
    assert share(value) == text


def test_a_share_reads_the_same_as_a_percentage_and_as_a_number() -> None:
    """13 of 40 is 0.33 in a table; 32% in the sentence beside it would contradict it."""
    for total in range(2, 101):
        for right in range(1, total):
            value = right / total
            if 0.005 <= value < 0.995:
                assert f"{float(plain(value)):.0%}" == share(value) == told(value, 2.0, "%")


@pytest.mark.parametrize(
    ("number", "text"),
    [(1234567.0, "1,234,567"), (12.3456789, "12.3456789"), (-3.0, "−3"), (0.5, "0.5"), (1e-7, "0.0000001"), (0.0, "0")],
)
def test_a_number_that_was_set_is_printed_whole(number: float, text: str) -> None:
    assert as_set(number) == text


def test_lists_and_counts() -> None:
    assert [listing(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert (count(1, "row"), count(1264, "row"), count(2, "row is", "rows are")) == (
        "1 row",
        "1,264 rows",
        "2 rows are",
    )


def test_the_border_of_a_region_is_one_pixel_inside_and_one_outside() -> None:
    region = np.zeros((5, 5), bool)
    region[1:4, 1:4] = True
    framed = bordered(np.full((5, 5, 1), 0.5), region)[..., 0]
    assert framed.tolist() == [
        [0.5, 1.0, 1.0, 1.0, 0.5],
        [1.0, 0.0, 0.0, 0.0, 1.0],
        [1.0, 0.0, 0.5, 0.0, 1.0],
        [1.0, 0.0, 0.0, 0.0, 1.0],
        [0.5, 1.0, 1.0, 1.0, 0.5],
    ]


def test_articles() -> None:
    assert [article(noun) for noun in ("2", "8", "11", "astronaut", "cat")] == [
        "a 2",
        "an 8",
        "an 11",
        "an astronaut",
        "a cat",
    ]


def test_one_of_something_is_no_plural() -> None:
    """Of epochs, and of rows that measure a model."""
    assert "for 1 epoch," in MLP(epochs=1).training
    assert "for 2 epochs," in MLP(epochs=2).training
    metric = Metric(name="accuracy", value=1.0, split="test", count=1)
    item = inputs("image")
    one = material("p", [method("m", np.ones((8, 8)), item, [str(i) for i in range(64)])], item)
    found = one.model_copy(update={"performance": Performance(metrics=(metric,))})
    assert worded([_quality(found, metric)], {}) == "Accuracy 100% on 1 picture held out from its training."


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (None, "None"),
        (3, "an int"),
        ([], "a list"),
        ({}, "a dict"),
        (np.zeros((2, 3)), "an array of shape (2, 3)"),
        (np.ndarray, "a type"),
    ],
)
def test_what_was_given_is_called_by_what_it_is(given: object, text: str) -> None:
    assert what_it_is(given) == text


def test_a_name_is_not_written_otherwise_where_a_sentence_begins_with_it() -> None:
    assert capital("petal_length carries 41%") == "petal_length carries 41%"
    assert capital("cat.jpg, and beside it which pixels count") == "cat.jpg, and beside it which pixels count"
    assert capital("eGFR carries 41%") == "eGFR carries 41%"
    assert capital("mean. Then") == "Mean. Then"
    assert capital("petal length carries 41% of a_b") == "Petal length carries 41% of a_b"
    assert capital("") == ""


def test_one_of_a_thing_is_not_several() -> None:
    found = material("x", [], inputs("table"))
    split = np.array(["train", "test"])
    said = rows_of(found.model_copy(update={"split": split, "trained": True}))
    assert said.startswith("1 row trains the model and 1 is held out.")
    alone = rows_of(found.model_copy(update={"split": split[:1], "trained": True}))
    assert alone.startswith("One row trains the model: no data is held out")
    assert SamplingSpec(nt_samples=1).formula("a").startswith("mean over 1 draw of a")
    assert [so_many(1, "axis", "axes"), so_many(2, "axis", "axes"), so_many(1200, "row")] == [
        "1 axis", "2 axes", "1,200 rows",
    ]  # fmt: skip


def test_every_number_that_is_put_into_words_has_the_one_minus_sign() -> None:
    series = Input(
        name="s", kind="series", values=np.zeros((1, 2, 1)), features=("a",), times=np.array([-1.5, 0.5]), time_unit="s"
    )
    pixels = Input(name="p", kind="image", values=np.zeros((1, 2, 2, 1)), bounds=(-1, 1))
    cells = Values("a", np.array([-1.5, -0.25, 2.0]))
    binned = distribution(cells, {"train": np.arange(3)})
    alone = distribution(Values("a", np.full(2, -1.5)), {"train": np.arange(2)})
    assert binned is not None
    assert alone is not None
    bars = Bars(labels=("mean area",), series=(Series(name="x", values=np.array([-1.4])),), axis="", signed=True)
    said = [
        Received(name="t", shape=(1,), dtype="float32", low=-1.5, high=2.0).said,
        series.when(-1.5, -0.5),
        Declared(mean=(-0.5,)).said(pixels),
        draw(Figure(name="f", content=bars, caption="c", alt="a")).part("chart").data.decode(),
        binned.bins[0],
        alone.bins[0],
    ]
    for one in said:
        assert "−" in one
        assert not re.findall(r"(?<=[ >(])-[0-9.]+", re.sub(r'"[-0-9. ]*"', "", one)), one
    assert [printed(one, ".3g") for one in (-0.0001, -0.0, -2.5, float("-inf"))] == ["−0.0001", "0", "−2.5", "−inf"]
