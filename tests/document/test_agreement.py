"""How far methods and results agree: what was not compared is no agreement of zero."""

import numpy as np
import pytest

from exhibit.tasks.catalogues import spoken
from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.comparing import ranks
from exhibit.tasks.comparing.comparison import comparison
from exhibit.tasks.document import agreement, agreements
from exhibit.tasks.document.bearing import found_by
from exhibit.tasks.document.compose import compose
from exhibit.tasks.document.profile import NOT_HERE
from exhibit.tasks.records.compared import Comparison
from exhibit.tasks.records.figure import Figure, Matrix
from exhibit.tasks.records.language import COMMA, Message, as_given, joined, say, say_all
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.profile import Profile
from exhibit.tasks.records.verdict import CheckResult
from tests.conftest import content
from tests.points import LENGTHS, config, inputs, material, method


def beside(label: str, other: str) -> CheckResult:
    one = np.array([0.5])
    return CheckResult(
        check="agreement", method=label, verdict="pass", required=False, sentence="",
        details={"others": np.array([other]), "spearman": one, "signs": one, "jaccard": one},
    )  # fmt: skip


@pytest.fixture
def two_pairs() -> Material:
    """Two methods of pixels and two of a layer: each has the elements of one other."""
    item = inputs("table")
    pairs = [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")]
    methods = [method(own, np.ones(4), item, LENGTHS, checks=(beside(own, other),)) for own, other in pairs]
    return material("p", methods, item)


@pytest.mark.parametrize(
    ("language", "beside_it", "groups"),
    [
        ("en", "with integrated gradients Spearman 0.5", "orders of their own: occlusion; integrated gradients."),
        ("ja", "積分勾配との間ではSpearman 0.5", "2群に分かれる：遮蔽；積分勾配。"),
        ("zh-Hans", "与积分梯度：Spearman 0.5", "顺序各异的2组：遮挡；积分梯度。"),
    ],
)
def test_a_page_calls_methods_by_their_names_and_a_program_by_their_labels(
    language: str, beside_it: str, groups: str
) -> None:
    item = inputs("table")
    names = {"occlusion_windows": "Occlusion", "ig": "Integrated gradients"}
    methods = [
        method(label, np.ones(4), item, LENGTHS).model_copy(update={"title": Message(title)})
        for label, title in names.items()
    ]
    likeness = say(
        "with {method} Spearman {rank}, top {top} overlap {overlap}", method="ig", rank="0.5", top="10%", overlap="0.3"
    )
    orders = say(
        "By ranks of sizes over all methods, {count} groups have orders of their own: {groups}.",
        count="2",
        groups=joined([joined([as_given(label)], COMMA) for label in names]),
    )
    found = beside("occlusion_windows", "ig").model_copy(update={"sentence": say_all(likeness, orders)})
    with spoken(language):
        said = found_by(found, methods)
    assert said.startswith(beside_it)
    assert said.endswith(groups)
    assert str(found.sentence).endswith("occlusion_windows; ig.")


def test_methods_without_the_same_elements_are_not_compared(two_pairs: Material) -> None:
    figure, _ = agreement.figures(two_pairs)
    nothing = np.nan
    expected = [[1, 0.5, nothing, nothing], [0.5, 1, nothing, nothing]]
    np.testing.assert_array_equal(content(figure, Matrix).counts[:2], expected)
    assert "A and B +0.50; A and C not compared" in figure.alt
    assert figure.caption.endswith("A dash on grey: not compared.")


def test_signs_that_no_two_methods_have_in_common_have_no_figure(two_pairs: Material) -> None:
    """Those of a slope and of a contribution say different things, and sizes have none."""

    def signs(number: float, only: int) -> Material:
        methods = [
            one.model_copy(
                update={
                    "checks": tuple(
                        check.model_copy(update={"details": {**check.details, "signs": np.array([number])}})
                        for check in one.checks
                    )
                }
            )
            if place < only
            else one
            for place, one in enumerate(two_pairs.methods)
        ]
        return two_pairs.model_copy(update={"methods": tuple(methods)})

    some, none = signs(np.nan, 2), signs(np.nan, 4)
    assert [figure.name for figure in agreement.figures(none)] == ["p-agreement-spearman"]
    [section] = agreement.sections(none)
    assert section.blocks[0].figures == ("p-agreement-spearman",)
    _, figure = agreement.figures(some)
    assert "A and B not compared" in figure.alt
    assert "C and D 0.00" in figure.alt
    assert figure.caption.endswith("The sign of a slope is not that of a contribution, and sizes have none.")


@pytest.mark.parametrize(("methods", "there"), [(2, False), (4, True)])
def test_a_profile_says_that_only_three_methods_have_a_section(two_pairs: Material, methods: int, there: bool) -> None:
    """Two have a verdict on their agreement: that it is not provided would be false of them."""
    item = two_pairs.model_copy(update={"methods": two_pairs.methods[:methods]})
    clauses = [{"id": "1", "title": "t", "answers": ["section.agreement"]}]
    profile = Profile.model_validate({"title": "t", "source": "s", "version": "1", "clauses": clauses})
    page = compose([item], None, CHECK_WORDS, profile=profile).profile
    assert page is not None
    [found] = page.clauses[0].found
    assert (found.state != NOT_HERE, bool(found.places)) == (there, there)
    assert ("three methods or more" in found.title) == (not there)


def results() -> Comparison:
    """Three seeds."""
    item, values = inputs("table"), np.array([1.0, 2, 3, 4])
    made = [material(f"p{k}", [method("a", np.roll(values, k), item, LENGTHS)], item) for k in range(3)]
    configs = [config({"a": {"kind": "a"}}, seed=seed) for seed in range(3)]
    return comparison("comparison_1", configs, (1, 2, 3), made)


def gapped() -> Comparison:
    """The same, but the last can be compared with none: it orders nothing."""
    found = results()
    known = found.spearman.copy()
    known[2, :2] = known[:2, 2] = np.nan
    return found.model_copy(update={"spearman": known})


def drawn(found: Comparison) -> Figure:
    return agreements.matrix(found, "spearman")


def test_results_that_cannot_be_compared_are_said_to_be_so() -> None:
    figure = drawn(gapped())
    assert np.isnan(content(figure, Matrix).counts).sum() == 4
    assert figure.alt.count("not compared") == 2
    assert figure.caption.endswith("A dash on grey: not compared.")
    assert "not compared" not in drawn(results()).caption


def test_groups_of_which_no_pair_can_be_compared_have_no_mean() -> None:
    found = ranks.between([[0, 1], [2]], gapped().spearman)
    assert np.isnan(found[0, 1])
    assert found[1, 1] == 1


@pytest.mark.parametrize("measure", ["spearman", "overlap", "signs"])
def test_matrices_of_a_comparison_print_their_scale(measure: str) -> None:
    """Where cells are too small for numbers nothing else explains their colours."""
    (scale,) = agreements.matrix(results(), measure).scales
    assert scale.limit == 1
    assert scale.unit
