"""What is said to be first is ahead of the others by more than chance, in the samples that measure both."""

import numpy as np
import pytest

from exhibit.tasks.ahead import surely
from exhibit.tasks.data.table import RandomForestSpec
from exhibit.tasks.document.chapter import figures, finding, limits
from exhibit.tasks.document.reasons import rest
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.document.table import _surely_first
from exhibit.tasks.records.data import Dataset, Input, Reference
from exhibit.tasks.records.decision import Part
from exhibit.tasks.records.figure import Bars
from exhibit.tasks.records.lead import Lead
from exhibit.tasks.records.material import Material
from tests.conftest import content
from tests.document.test_no_false_sentence import captions, flowers, of_trainings
from tests.points import LENGTHS, inputs, material, method

COMMON = np.array([1.0, 5, 9, 2, 7, 4, 8, 3])  # what makes both sizes large in the same samples


def sizes(ahead: np.ndarray) -> np.ndarray:
    """(8, 4): the third feature ahead of the fourth by so much, the others far behind."""
    return np.stack([0.1 * COMMON, 0.1 * COMMON, COMMON + ahead, COMMON], axis=1)


def doubt(found: np.ndarray) -> str:
    """Why chance may have put first what is first; empty where nothing says so."""
    item = inputs("table")
    one = method("a", found.mean(axis=0), item, LENGTHS).model_copy(update={"lead": Lead.of(found)})
    claim = finding(material("flowers", [one], item))
    return worded(claim)[1] if claim.doubt else ""


def test_what_is_ahead_in_every_sample_is_first_however_much_samples_differ() -> None:
    """By 0.5 in each, where each mean has an error of 1: as if independent these could not be told apart."""
    assert doubt(sizes(np.array([0.5, 0.4, 0.6, 0.5, 0.5, 0.4, 0.6, 0.5]))) == ""


def test_what_is_ahead_by_two_errors_of_few_samples_is_not_surely_first() -> None:
    """2.0 errors of the difference: enough for a normal quantile, not for Student's t and three comparisons."""
    ahead = np.array([1.1, -0.2, 1.0, -0.2, 0.8, 0.3, 0.6, -0.1]) - 0.03
    error = ahead.std(ddof=1) / np.sqrt(8)
    assert 1.96 < ahead.mean() / error < 2.1
    assert "chance alone could put another feature first" in doubt(sizes(ahead))


def test_of_four_samples_nothing_is_said_to_be_first() -> None:
    assert "no error to speak of" in doubt(sizes(np.full(8, 0.5))[:4])


@pytest.mark.parametrize(("ahead", "first"), [(0.05, "a"), (0.0, None)])
def test_a_forest_is_compared_tree_by_tree(ahead: float, first: str | None) -> None:
    """The shares of a tree add up to 1, so what one of two features has the other has not."""
    draw = np.random.default_rng(1).normal(0, 0.1, 100)
    shares = np.stack([0.5 + ahead + draw - draw.mean(), 0.5 - ahead - draw + draw.mean()], axis=1)
    known = Reference(
        label="forest", description="d", features=("a", "b"), mean=shares.mean(axis=0),
        standard_error=shares.std(axis=0) / 10, lead=Lead.of(shares),
    )  # fmt: skip
    found = _surely_first(known)
    assert (None if found is None else found.name) == first


def test_the_lead_of_a_forest_is_over_its_trees() -> None:
    values = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    data = Dataset(
        title="t", description="d", source="s", task="regression", label_name="y", labels=values[:, 1],
        inputs=(Input(name="x", kind="table", values=values, features=("a", "b")),),
        sample_ids=np.arange(30).astype(str), split=np.full(30, "train"),
    )  # fmt: skip
    found = RandomForestSpec(trees=8).compute(data)
    assert (found.lead.first, found.lead.samples) == (1, 8)
    assert surely(found.lead)
    assert found.lead.gaps == pytest.approx(found.mean[1] - found.mean[0])


def drawn(item: Material, name: str) -> Bars:
    (figure,) = [one for one in figures(item, limits((item,))) if one.name == f"flowers-{name}"]
    return content(figure, Bars)


def test_bars_stand_in_the_order_of_what_they_show() -> None:
    """Means over trainings: petal width leads there, although petal length does in the reported training."""
    trainings = of_trainings([[0.1, 0.1, 0.42, 0.38], [0.1, 0.1, 0.3, 0.5], [0.1, 0.1, 0.3, 0.5]])
    item = flowers([1, 1, 4.2, 3.8], checks=(trainings,))
    for name in ("teaser", "importances"):
        bars = drawn(item, name)
        assert bars.labels[:2] == ("petal width", "petal length")
        assert (np.diff(bars.series[0].values) <= 1e-12).all()


def test_a_chart_has_one_kind_of_error() -> None:
    """One method was measured over trainings and one was not: both are drawn with the errors over samples."""
    trainings = of_trainings([[0.1, 0.1, 0.5, 0.3], [0.2, 0.1, 0.4, 0.3]])
    item = flowers([1, 1, 5, 3], [1, 1, 5, 3], checks=(trainings,))
    bars = drawn(item, "importances")
    for series in bars.series:
        assert series.errors == pytest.approx(0.01 * series.values)
    assert "lines: standard error over samples" in captions(item)
    assert "trainings" not in captions(item)


def test_shares_that_are_rounded_are_said_to_be() -> None:
    """7.6, 22.6, 34.6 and 35.2% are drawn as 8, 23, 35 and 35, which are 101% together."""
    assert "of 100% in all but for rounding" in captions(flowers([7.6, 22.6, 34.6, 35.2]))


@pytest.mark.parametrize(("values", "said"), [((50.7, 26.7, 20.7, 1.0, 0.9), True), ((50, 30, 10, 5, 5), False)])
def test_reasons_that_do_not_add_up_to_a_whole_say_so(values: tuple[float, ...], said: bool) -> None:
    """51, 27, 21, 1 and 1% are 101%."""
    parts = [Part(title=f"p{k}", value=value) for k, value in enumerate(values)]
    assert ("do not add up to exactly 100%" in rest(parts, parts[:4], 100)) == said
