"""Facts of the comparison of points, on importances that are made by hand."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from exhibit.tasks.comparing import ranks
from exhibit.tasks.comparing.comparison import agreement_table, comparison
from exhibit.tasks.comparing.settings import differing, of_point, of_result, shared, slugs, together, where
from exhibit.tasks.document import between
from exhibit.tasks.document import comparison as chapter
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.drawing.axis import SIZE
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.records.compared import Comparison
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.figure import Ranks
from exhibit.tasks.records.finding import Signs
from tests.conftest import content
from tests.points import LENGTHS, config, inputs, material, method

PETALS = np.array([0.1, 0.2, 0.9, 0.7])  # petal length, petal width, sepal width, sepal length
SEPALS = np.array([0.9, 0.8, 0.3, 0.1])


def sweep(seeds: int = 10) -> Comparison:
    """Four methods by so many seeds; occlusion alone puts the sepals first."""
    item, labels = inputs("table"), ("gradient", "smooth", "integrated", "occlusion")
    points = list(product(labels, range(seeds)))
    found = [
        material(f"p{k}", [method(label, SEPALS if label == "occlusion" else PETALS, item, LENGTHS)], item)
        for k, (label, _) in enumerate(points)
    ]
    configs = [config({label: {"kind": label}}, seed=seed) for label, seed in points]
    return comparison("comparison_1", configs, range(1, len(points) + 1), found)


def paragraphs(found: Comparison, title: str) -> tuple[str, ...]:
    written = chapter.chapter(found, {}, own_chapters=True)
    return next(section.blocks[0].paragraphs for section in written.sections if section.title == title)


@pytest.fixture(autouse=True)
def no_samples(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The grid of samples has tests of its own."""
    if "samples" not in request.node.name:
        monkeypatch.setattr("exhibit.tasks.document.samples.figures", lambda *_: ())


# --- which conclusions survive ----------------------------------------------------------------------------


def test_a_conclusion_is_counted_and_its_exception_named() -> None:
    """Petal length is first or second with three methods of four, ten seeds each."""
    found = sweep()
    assert [(place.feature, place.inside, place.lost and between.where(place.lost)) for place in found.places] == [
        ("petal length", 30, "with method=occlusion"),
        ("petal width", 30, "with method=occlusion"),
    ]
    first = paragraphs(found, "Which conclusions survive")[0]
    assert first == (
        "Petal length is among the first two in 30 of 40 points; it loses its place with method=occlusion. "
        "Its mean is positive in all 40 that keep signs."
    )


def test_the_order_depends_on_what_changes_it() -> None:
    """Seeds change nothing here; between occlusion and the rest the ranks of (1, 2, 4, 3) and (4, 3, 2, 1) are
    −0.8 apart, and three of six pairs of methods are alike."""
    method_factor, seed = sweep().factors
    assert (method_factor.name, method_factor.pairs, seed.name, seed.pairs) == ("method", 60, "model.seed", 180)
    assert (seed.mean, seed.lowest, seed.same_first) == (1.0, 1.0, 180)
    assert method_factor.mean == pytest.approx((1.0 - 0.8) / 2)
    assert (method_factor.lowest, method_factor.same_first) == (pytest.approx(-0.8), 30)
    assert method_factor.overlap == pytest.approx(0.5)


def test_ranks_have_an_interval() -> None:
    """Petal length: first in 30 points, third in 10."""
    (figure, *_) = chapter.figures(sweep(), {}, {})
    ranks = content(figure, Ranks)
    counts = dict(zip(ranks.labels, ranks.counts.tolist(), strict=True))
    assert counts["petal length"] == [30, 0, 10, 0]
    assert counts["sepal width"] == [0, 10, 30, 0]


def test_what_survives_everywhere_is_said_so() -> None:
    item = inputs("table")
    points = [material(f"p{k}", [method("gradient", PETALS, item, LENGTHS)], item) for k in range(3)]
    configs = [config({"gradient": {"kind": "gradient"}}, seed=seed) for seed in range(3)]
    found = comparison("comparison_1", configs, (1, 2, 3), points)
    assert paragraphs(found, "Which conclusions survive")[0].startswith(
        "Petal length is among the first two in all 3 points."
    )
    teaser = chapter.chapter(found, {}, own_chapters=True).teaser
    assert teaser is not None
    assert teaser.title == "3 points: petal length stays among the first two"


def test_a_single_result_that_keeps_signs_is_no_plural() -> None:
    assert worded(Signs(feature="a", positive=1, total=1))[1] == "Its mean is positive in the one that keeps signs."


def test_signs_are_compared_between_plain_sums_alone() -> None:
    """A square has lost its sign; its rank has not lost anything."""
    item = inputs("table")
    plain, negative = method("a", PETALS, item, LENGTHS), method("b", -PETALS, item, LENGTHS)
    square = method("c", PETALS, item, LENGTHS, "square")
    found = comparison(
        "comparison_1",
        [config({label: {"kind": label} for label in "abc"}, seed=seed) for seed in (0, 1)],
        (1, 2),
        [material(slug, [plain, negative, square], item) for slug in ("p", "q")],
    )
    assert found.spearman == pytest.approx(np.ones((6, 6)))
    assert found.signs[0, 1] == 0
    assert found.signs[0, 3] == 1
    assert np.isnan(found.signs[0, 2])
    assert (found.places[0].positive, found.places[0].signed) == (2, 4)


def test_the_same_computation_counts_once() -> None:
    """Steps of one method change nothing of the other, which is the same result at both points."""
    item = inputs("table")
    methods = [method(label, PETALS, item, LENGTHS) for label in ("gradient", "integrated")]
    configs = [
        config({"gradient": {"kind": "gradient"}, "integrated": {"kind": "integrated", "n_steps": steps}})
        for steps in (8, 16)
    ]
    found = comparison("comparison_1", configs, (1, 2), [material(slug, methods, item) for slug in ("p", "q")])
    assert found.same == 1
    assert [result.code for result in found.results] == ["1a", "1b", "2b"]
    assert [result.settings for result in found.results] == [
        {"method": "gradient"},
        {"method": "integrated", "n_steps": "8"},
        {"method": "integrated", "n_steps": "16"},
    ]


def test_points_with_other_features_are_not_compared() -> None:
    item = inputs("table")
    points = [material(f"p{k}", [method("a", PETALS, item, LENGTHS)], item) for k in range(2)]
    points.append(material("p2", [method("a", PETALS, item, ("x", "y", "z", "u"))], item))
    configs = [config({"a": {"kind": "a"}}, seed=seed) for seed in range(3)]
    found = comparison("comparison_1", configs, (1, 2, 3), points)
    assert found.other == ("p2/a",)
    assert len(found.results) == 2
    assert "Not compared, because the features differ: p2/a." in paragraphs(found, "The points")[0]


# --- settings ---------------------------------------------------------------------------------------------


def test_only_what_differs_is_named_as_shortly_as_it_can_be() -> None:
    one = config({"ig": {"kind": "integrated", "n_steps": 8}}, seed=0, hidden=4)
    other = config({"ig": {"kind": "integrated", "n_steps": 16}}, seed=1, hidden=4)
    assert differing([of_point(one), of_point(other)]) == [
        {"model.seed": "0"},
        {"model.seed": "1"},
    ]
    assert together([of_point(one), of_point(other)]) == {"model.seed": 1}  # n_steps changes with it


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (lambda m, s: m == "b", "with method=b"),
        (lambda m, s: s in (0, 2), "with seed=0 or 2"),
        (lambda m, s: (m, s) == ("b", 1), "with method=b and seed=1"),
        (lambda m, s: m == "b" and s < 2, "only with method=b (2 of 4)"),
        (lambda m, s: m == "b" or s == 0, "most often with method=b (4 of 4)"),
        (lambda m, s: (m, s) in (("a", 0), ("a", 1), ("b", 2), ("b", 3)), ""),
    ],
)
def test_where_something_happens_is_said_by_the_fewest_settings(chosen: Callable[[str, int], bool], said: str) -> None:
    points = list(product("ab", range(4)))
    settings = [{"method": m, "seed": str(s)} for m, s in points]
    found = where(np.array([chosen(*point) for point in points]), settings)
    assert (between.where(found) if found else "") == said


def test_what_a_group_has_in_common() -> None:
    settings = [{"method": m, "seed": str(s)} for m, s in product("ab", range(4))]
    assert between.levels(shared([0, 1], settings)) == "method=a; seed=0 or 1"
    assert between.levels(shared([0, 1, 2, 3], settings)) == "method=a"
    assert shared(range(8), settings) == ()


def test_a_result_depends_on_its_own_method_alone() -> None:
    both = config({"a": {"kind": "a", "n": 1}, "b": {"kind": "b", "n": 2}})
    assert {key for key in of_result(both, "a") if key.startswith(("a.", "b."))} == {"a.kind", "a.n"}


def test_folder_names_are_unique() -> None:
    assert slugs(["A b", "a-b", "a b!", "??"]) == ["a-b", "a-b-2", "a-b-3", "chapter"]
    assert slugs(["out 2", "out", "out", "out"]) == ["out-2", "out", "out-3", "out-4"]


# --- arithmetic -------------------------------------------------------------------------------------------


def test_results_that_order_alike_are_a_group() -> None:
    """Two groups, which are as far apart as the orders are; the larger comes first."""
    values = np.array([PETALS, SEPALS, PETALS, PETALS, SEPALS])
    correlation = ranks.agreement(values, values, 2).spearman
    groups = ranks.groups(correlation)
    assert groups == [[0, 2, 3], [1, 4]]
    assert ranks.between(groups, correlation) == pytest.approx(np.array([[1.0, -0.8], [-0.8, 1.0]]))


def test_no_more_groups_than_can_be_read() -> None:
    random = np.random.default_rng(0).normal(size=(60, 30))
    assert len(ranks.groups(ranks.agreement(np.abs(random), random, 3).spearman)) <= ranks.MOST_GROUPS


@pytest.mark.parametrize(("features", "first"), [(1, 1), (2, 1), (4, 2), (30, 3), (64, 6)])
def test_how_many_places_are_the_first(features: int, first: int) -> None:
    assert ranks.first_places(features) == first


def test_errors_leave_places_open() -> None:
    """3 ± 0.1 is surely first; 2 and 1.9 with errors of 0.1 may change places."""
    best, worst = ranks.rank_intervals(np.array([1.9, 3.0, 2.0]), np.full(3, 0.1), np.full(3, 2.0))
    assert (best.tolist(), worst.tolist()) == ([2, 1, 2], [3, 1, 3])


def test_the_limit_of_one_comparison_is_the_usual_one() -> None:
    """1.96 errors for one comparison at 5%; for a hundred more, so that all together err as rarely."""
    assert ranks.beyond(1) == pytest.approx(1.959964)
    assert ranks.beyond(100) == pytest.approx(3.4808, abs=1e-4)


def test_every_pair_has_a_row() -> None:
    import io

    import pandas as pd

    table = pd.read_parquet(io.BytesIO(agreement_table([sweep(2)])))
    assert len(table) == 8 * 7 / 2
    assert set(table["comparison"]) == {"comparison_1"}


def test_results_without_an_order_are_compared_without_a_warning() -> None:
    """A constant has none: there is nothing to correlate."""
    item = inputs("table")
    points = [material(f"p{k}", [method("a", np.ones(4), item, LENGTHS)], item) for k in range(2)]
    found = comparison("comparison_1", [config({"a": {"kind": "a"}}, seed=seed) for seed in (0, 1)], (1, 2), points)
    assert found.factors[0].lowest is None
    assert chapter.chapter(found, {}, own_chapters=True).lead.endswith("None of them orders the features.")


def test_places_on_page_one_have_letters_of_eight_points() -> None:
    """They were drawn for the chapter and shrunk with their letters, to 6.7 points of four features, 3.3 of 12."""
    names = tuple(f"feature {k}" for k in range(12))
    item = Input(name="measurements", kind="table", values=np.ones((3, 12)), features=names)
    points = [material(f"p{k}", [method("a", np.arange(12.0), item, names)], item) for k in range(2)]
    found = comparison("comparison_1", [config({"a": {"kind": "a"}}, seed=seed) for seed in (0, 1)], (1, 2), points)
    one = chapter.chapter(found, {}, own_chapters=True).teaser
    assert one is not None
    [teaser] = [figure for figure in chapter.figures(found, {}, {}) if figure.name == one.figure]
    assert isinstance(teaser.content, Ranks)
    assert teaser.content.labels == names[:-5:-1]
    assert teaser.caption.startswith("Places of the first 4 of 12 features")
    [part] = draw(teaser).parts
    width, height = (side * 25.4 / 96 for side in part.size)  # millimetres; of a height of 43 and a width of 93
    assert height <= 43
    assert SIZE * 72 / 96 * 93 / width >= 8


def test_what_is_the_same_in_every_pair_is_a_sentence_and_no_matrix() -> None:
    item = inputs("table")
    values = (PETALS, np.array([0.1, 0.2, 0.7, 0.9]))  # the first two change places
    points = [material(f"p{k}", [method("a", one, item, LENGTHS)], item) for k, one in enumerate(values)]
    found = comparison("comparison_1", [config({"a": {"kind": "a"}}, seed=seed) for seed in (0, 1)], (1, 2), points)
    names = [figure.name for figure in chapter.figures(found, {}, {})]
    assert names == ["comparison_1-teaser", "comparison_1-ranks", "comparison_1-spearman"]
    assert (
        "In every pair the first two are the same and all signs are equal."
        in paragraphs(found, "How far they agree")[0]
    )
