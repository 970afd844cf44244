"""What a chapter about series finds: a leader class by class, where one is surely ahead."""

import numpy as np
import pytest

from exhibit.tasks.document.sentences import worded
from exhibit.tasks.document.series import _of_all, _surely_first
from exhibit.tasks.records.finding import Bearing, ClassLeaders, Dissent, Named

FIRSTS = (("standing", Named(name="x", value=0.48)), ("walking", Named(name="y", value=0.34)))


def test_page_one_says_when_it_does_not_draw_all_channels() -> None:
    assert _of_all(3, 6) == " Drawn are the 3 of 6 channels that carry most over all explained samples."
    assert not _of_all(2, 2)


def finding(**more: object) -> ClassLeaders:
    return ClassLeaders(method="integrated gradients", signed=True, firsts=FIRSTS, **more)


def test_each_class_has_its_own_leader_in_plain_words() -> None:
    title, sentence = worded(finding(no_first=("badminton",)))
    assert title == "x leads for standing, y for walking"
    assert sentence == (
        "X has the largest share of what explains standing (48%), y of what explains walking (34%); for badminton "
        "nothing is surely first."
    )


def test_classes_with_the_same_leader_are_said_together() -> None:
    alike = finding().model_copy(update={"firsts": (*FIRSTS, ("running", Named(name="y", value=0.33)))})
    assert worded(alike)[0] == "x leads for standing, y for walking and running"


def test_a_failed_check_and_another_method_are_said_first() -> None:
    failed = finding(bearing=(Bearing(check="deletion", verdict="fail"),))
    assert worded(failed)[0] == "what leads cannot be said, as a check failed"
    disputed = finding(dissent=(Dissent(method="occlusion", says=Named(name="for walking z", value=0.4)),))
    assert "by occlusion for walking z comes first (40%)" in worded(disputed)[1]


@pytest.mark.parametrize(
    ("sizes", "first"),
    [
        (np.array([[3.0, 1, 1], [4, 1, 2], [3, 2, 1], [5, 1, 1], [4, 1, 2]]), "a"),
        (np.array([[3.0, 1, 1], [1, 3, 2], [3, 2, 1], [1, 3, 1], [4, 3, 2]]), None),  # chance
        (np.array([[3.0, 1, 1], [4, 1, 2]]), None),  # too few
        (np.zeros((6, 3)), None),
        (np.ones((6, 1)), None),  # nothing to be ahead of
        (np.array([[2.0, 1.9]] * 6), "a"),  # by little, in every sample
    ],
)
def test_a_part_is_first_where_it_is_ahead_by_more_than_chance(sizes: np.ndarray, first: str | None) -> None:
    found = _surely_first(("a (m)", "b", "c")[: sizes.shape[1]], sizes, 1)
    assert (None if found is None else found.name) == first


def test_the_more_classes_are_compared_the_surer_a_first_has_to_be() -> None:
    """With noise alone hardly one report in 20 names a first in any of its classes."""
    draw, named = np.random.default_rng(0), 0
    for _ in range(400):
        named += any(_surely_first("abcdef", np.abs(draw.normal(size=(10, 6))), 4) is not None for _ in range(4))
    assert named <= 0.05 * 400
