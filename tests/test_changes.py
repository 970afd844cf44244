"""Facts of a report beside an earlier one, with numbers whose answers are known."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from exhibit.flows.difference import compared
from exhibit.tasks.comparing.changes import changed, nothing_earlier
from exhibit.tasks.comparing.ranks import beyond
from exhibit.tasks.comparing.settings import of_point
from exhibit.tasks.document import changes as chapter
from exhibit.tasks.document.between import apart
from exhibit.tasks.document.common import PAGE_ONE
from exhibit.tasks.evidence.pretty_json import pretty
from exhibit.tasks.records.change_summary import Changes, EarlierReport
from exhibit.tasks.records.changed import Changed, Facts, ImportanceFacts, MetricFacts, PointFacts, VerdictFacts
from exhibit.tasks.records.figure import Bars
from exhibit.tasks.records.verdict import Verdict
from tests.conftest import content

EARLIER = EarlierReport(issued="2026-01-02T00:00:00Z", pdf="a" * 64, evidence="b" * 64)
FEATURES = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")


@pytest.mark.parametrize(("before", "after"), [(52.31, 52.34), (1.0, 1.00000001), (-0.5, 0.5)])
def test_what_rose_is_not_printed_as_the_same(before: float, after: float) -> None:
    first, second = apart(before, after)
    assert first != second
    assert float(first.replace("−", "-")) < float(second.replace("−", "-"))


def report(
    values: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0),
    errors: tuple[float, ...] = (0.1, 0.1, 0.1, 0.1),
    verdict: Verdict = "pass",
    metrics: tuple[MetricFacts, ...] | None = (),
    importance: Mapping[str, Any] | None = None,
    **point: Any,
) -> Facts:
    """One point with one method and four features."""
    facts = {"slug": "iris", "title": "Iris", "settings": {"model.seed": "0"}, "data": "d" * 64, "samples": 150,
             "excluded": 0, "weights": "e" * 64}  # fmt: skip
    own = {"point": "iris", "method": "ig", "target": "predicted", "input": "measurements", "aggregate": "raw",
           "features": FEATURES, "values": np.array(values), "errors": np.array(errors),
           "counts": np.full(len(values), 150)}  # fmt: skip
    return Facts(
        points=(PointFacts.model_validate(facts | point),),
        importances=(ImportanceFacts.model_validate(own | dict(importance or {})),),
        verdicts=(VerdictFacts(point="iris", method="ig", check="completeness", verdict=verdict, value=0.1),),
        metrics=metrics,
    )


def accuracy(value: float) -> tuple[MetricFacts, ...]:
    return (
        MetricFacts(point="iris", name="accuracy", split="test", value=value, interval=(value - 0.02, value + 0.02)),
    )


def written(found: Changed) -> str:
    """All prose of the chapter, and the cells of its tables."""
    one = chapter.chapter(found)
    blocks = [block for section in one.sections for block in section.blocks]
    cells = [cell for block in blocks for table in block.tables for row in table.rows for cell in row]
    return "\n".join([one.lead, *(text for block in blocks for text in block.paragraphs), *cells])


def test_the_same_report_has_no_change() -> None:
    found = changed(EARLIER, report(), report()).summary
    assert not found.alert
    assert (found.data, found.models, found.importances, found.ranks, found.verdicts) == (0, 0, 0, 0, 0)
    assert found.compared == 4
    assert chapter.chapter(changed(EARLIER, report(), report())).lead == (
        "Data and model are the same since the report of 2 January 2026. None of 4 importances changed by more than "
        "the errors over samples explain. No verdict flipped."
    )


def test_a_difference_counts_by_its_standard_errors() -> None:
    """Errors of 0.1 each make one of 0.141 of the difference; four comparisons ask for 2.50 of these, 0.353."""
    assert beyond(4) == pytest.approx(2.4977, abs=1e-4)  # of many samples; of 150 it takes 2.53
    below = changed(EARLIER, report(), report((1.35, 2.0, 3.0, 4.0))).summary
    above = changed(EARLIER, report(), report((1.36, 2.0, 3.0, 4.0))).summary
    assert (below.importances, below.alert) == (0, False)
    assert (above.importances, above.alert) == (1, True)
    (change,) = above.importance_changes
    assert change.feature == "sepal length (cm)"
    assert change.errors == pytest.approx(0.36 / np.sqrt(0.02))
    assert "sepal length rose from 1 to 1.36 (2.5 errors over samples)" in written(
        changed(EARLIER, report(), report((1.36, 2, 3, 4)))
    )


def test_of_few_samples_it_takes_more() -> None:
    """Of five samples Student's t with four degrees asks for 4.31 standard errors, of one nothing is enough."""
    assert beyond(4, np.array([5, 1])) == pytest.approx(np.array([4.3147, np.inf]), abs=1e-4)
    few = {"counts": np.full(4, 5)}
    for value, counts in ((1.60, 0), (1.62, 1)):
        found = changed(EARLIER, report(), report((value, 2.0, 3.0, 4.0), importance=few)).summary
        assert found.importances == counts


def test_a_rank_counts_where_errors_leave_it_no_place_in_common() -> None:
    """Sepal width and petal length change places: by 0.1 the errors leave both open, by one they do not."""
    near = changed(EARLIER, report((1, 3.0, 3.1, 4)), report((1, 3.1, 3.0, 4))).summary
    assert (near.ranks, near.importances) == (0, 0)
    far = changed(EARLIER, report((1, 2.0, 3.0, 4)), report((1, 3.0, 2.0, 4)))
    assert far.summary.ranks == 2
    assert "sepal width went from place 3 to 2 and petal length went from place 2 to 3" in written(far)


def test_ranks_are_printed_with_the_places_that_are_open() -> None:
    (pair,) = changed(EARLIER, report((1, 3.0, 3.1, 4)), report()).pairs
    assert pair.ranks_before.tolist() == [[4, 4, 4], [3, 2, 3], [2, 2, 3], [1, 1, 1]]
    assert "3 (2 to 3)" in written(changed(EARLIER, report((1, 3.0, 3.1, 4)), report()))


def test_another_model_is_not_said_to_be_trained_again() -> None:
    """A model that came as a file was not trained at all."""
    said = "\n".join(compared("a", "b", EARLIER, report(), report((2.0, 2.0, 3.0, 4.0), weights="f" * 64)).lines())
    assert "the model is another one (iris); the errors of importances leave out" in said
    assert "again" not in said


def test_without_errors_every_difference_counts() -> None:
    """And is filed without a number of errors, which would be infinite."""
    found = changed(EARLIER, report(errors=(0, 0, 0, 0)), report((1.0, 2.0, 3.0, 4.001), (0, 0, 0, 0))).summary
    assert [(item.feature, item.errors) for item in found.importance_changes] == [("petal width (cm)", None)]


def test_other_data_weights_and_settings_are_named() -> None:
    found = changed(
        EARLIER, report(), report(data="f" * 64, samples=162, weights="0" * 64, settings={"model.seed": "1"})
    )
    assert (found.summary.data, found.summary.models, found.summary.settings) == (1, 1, 1)
    text = written(found)
    assert text.startswith("The data and the model changed since the report of 2 January 2026.")
    assert "Iris: the config changed, model.seed from 0 to 1." in text
    assert "changed: 150 rows before, 162 now" in text
    assert not found.summary.alert  # an alert is for what it does to the results


def test_a_metric_counts_where_intervals_do_not_overlap() -> None:
    for after, counts in ((0.93, 0), (0.95, 1)):
        found = changed(EARLIER, report(metrics=accuracy(0.90)), report(metrics=accuracy(after))).summary
        assert (found.metrics, found.alert) == (counts, bool(counts))


def test_an_earlier_report_may_state_no_metrics() -> None:
    found = changed(EARLIER, report(metrics=None), report(metrics=accuracy(0.9)))
    assert found.summary.metric_changes == ()
    assert "does not file its metrics" in written(found)


def test_a_flipped_verdict_is_an_alert() -> None:
    found = changed(EARLIER, report(), report(verdict="fail"))
    assert (found.summary.verdicts, found.summary.alert) == (1, True)
    assert chapter.badges(found)[0].title == "1 change beyond error"
    assert "1 verdict flipped." in written(found)
    assert not changed(EARLIER, report(verdict="not assessed"), report(verdict="fail")).summary.verdict_changes


@pytest.mark.parametrize("other", [{"aggregate": "square"}, {"features": ("a", "b", "c", "d")}])
def test_what_means_something_else_is_not_compared(other: Mapping[str, Any]) -> None:
    found = changed(EARLIER, report(), report(importance=other))
    assert found.summary.compared == 0
    assert "Not compared, as features or aggregation differ: iris/ig." in written(found)


def test_features_are_compared_by_name() -> None:
    """In another order they are the same."""
    again = report((4.0, 3.0, 2.0, 1.0), importance={"features": FEATURES[::-1]})
    assert changed(EARLIER, report(), again).summary.importance_changes == ()


def test_points_of_one_report_alone_are_named() -> None:
    found = changed(EARLIER, report(), report(slug="wine", title="Wine"))
    assert (found.new, found.gone) == (("Wine",), ("Iris",))
    assert "Wine: not in the earlier report. Iris: in the earlier report alone." in written(found)


def test_the_first_report_says_that_there_is_no_earlier_one() -> None:
    one = chapter.chapter(nothing_earlier())
    assert one.lead == "There is no earlier report of these points to compare with: this is the first."
    assert (one.teaser, one.sections, chapter.badges(nothing_earlier())) == (None, (), ())


def test_what_is_filed_is_read_back() -> None:
    """`changes.json` is a record of its own: counts, an alert, and what counts in full."""
    found = changed(EARLIER, report(), report((1.36, 2.0, 3.0, 4.0))).summary
    filed = pretty(found.model_dump(mode="json", by_alias=True))
    assert Changes.model_validate_json(filed) == found
    assert json.loads(filed)["schema"] == "exhibit-changes/1"
    assert json.loads(filed)["compared_with"] == {
        "issued": "2026-01-02T00:00:00Z",
        "pdf": "a" * 64,
        "evidence": "b" * 64,
    }


def test_importances_are_drawn_before_and_now() -> None:
    on_page_one, figure = chapter.figures(changed(EARLIER, report(), report((1.36, 2.0, 3.0, 4.0))))
    bars = content(figure, Bars)
    assert (on_page_one.name, on_page_one.width) == ("since_last-teaser", PAGE_ONE)  # else its letters are shrunk
    assert content(on_page_one, Bars).labels == bars.labels
    now, before = bars.series
    assert bars.labels[0] == "petal width"
    assert (now.values.tolist(), before.values.tolist()) == ([4.0, 3.0, 2.0, 1.36], [4.0, 3.0, 2.0, 1.0])
    assert (now.reference, before.reference) == (False, True)


def test_pixels_of_different_pictures_have_no_importance_to_compare() -> None:
    found = changed(EARLIER, report(), report((9.0, 2.0, 3.0, 4.0)), {("iris", "measurements")})
    assert (found.summary.compared, found.summary.alert) == (0, False)
    assert "No importance can be compared." in written(found)


def test_the_order_in_which_methods_are_kept_is_no_change() -> None:
    """Evidence keeps them by name; and a key that another version of the program knows is no change either."""
    old = of_point({"method": {"a": {"kind": "a"}, "b": {"kind": "b"}}})
    new = of_point({"method": {"b": {"kind": "b"}, "a": {"kind": "a", "new": None}}})
    found = changed(EARLIER, report(settings=old), report(settings=new))
    assert found.summary.settings == 0
    assert "config changed" not in written(found)
