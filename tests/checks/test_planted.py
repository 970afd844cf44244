"""The checks catch what is planted and leave right explanations alone: the matrix that reports print."""

import pytest

from exhibit.tasks.document import planted
from exhibit.tasks.document.verdicts import meaning
from exhibit.tasks.records.kinds import Kind
from tests.checks.planted import PLANTED, PROBLEMS, results, verdicts


@pytest.mark.parametrize("kind", PROBLEMS)
def test_what_is_printed_keeps_what_is_promised(kind: Kind) -> None:
    """A planted fault fails some check in 95% of the seeds, a right explanation in no more than 5% fails any."""
    for name in planted.planted(kind):
        rate = planted.rate(kind, name, "any")
        assert rate is not None
        if PLANTED[name].right:
            assert rate <= 0.05, name
        else:
            assert rate >= 0.95, name


def test_what_is_printed_is_what_is_planted() -> None:
    assert planted.measured()["seeds"] >= 40
    for kind in PROBLEMS:
        assert set(planted.planted(kind)) == {name for name, one in PLANTED.items() if kind in one.kinds}


def test_what_is_planted_has_words_in_every_language() -> None:
    assert {one["title"] for one in planted.measured()["planted"].values()} == set(planted.TITLES)


@pytest.mark.parametrize("seed", [1000, 1001])
def test_a_planted_mark_is_found_and_an_object_beside_it_is_not(seed: int) -> None:
    """Localization says that it is the mark that was found; an explanation that lies on the object is caught by it."""
    found = results("image", seed, ("around_the_mark", "on_the_mark"))
    right, wrong = (found[name]["localization"] for name in ("on_the_mark", "around_the_mark"))
    assert (right.verdict, right.further) == ("pass", "the planted mark was found, which is not the object")
    assert (wrong.verdict, wrong.further) == ("fail", "the planted mark was not found")
    assert meaning(right).endswith(right.further)
    assert {one.verdict for one in found["on_the_mark"].values()} <= {"pass", "undecided"}


@pytest.mark.slow(40)
@pytest.mark.parametrize("kind", PROBLEMS)
def test_the_checks_still_say_so(kind: Kind) -> None:
    """Of a seed that was not among those of the table: nothing right fails, and something catches every fault."""
    for name, by_check in verdicts(kind, seed=1234).items():
        failed = {check for check, verdict in by_check.items() if verdict == "fail"}
        assert bool(failed) != PLANTED[name].right, (name, failed)
