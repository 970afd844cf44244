"""The tests of what is said are tried themselves: each of these faults is put into the code that makes sentences, and
the random material of a test notices it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from exhibit.tasks.document import answers, between, explained, grounds, molecule, sentences, table, verdicts, words
from exhibit.tasks.document.common import directions
from exhibit.tasks.records.finding import Finding, Mark, Named, Place
from exhibit.tasks.records.material import Material
from tests.document import test_no_false_comparison as of_several
from tests.document import test_no_false_finding as of_findings
from tests.document import test_no_false_front as of_pages
from tests.document import test_no_false_sentence as of_one

SEEDS = 40
Notices = Callable[[int], None]


def by(read_back: Callable[[np.random.Generator], None]) -> Notices:
    return lambda seed: read_back(np.random.default_rng(seed))


TABLES = of_one.test_no_sentence_on_a_table_contradicts_its_numbers
TRAININGS = of_one.test_no_sentence_on_trainings_contradicts_how_many_kept_what_is_first
MOLECULES = of_one.test_no_sentence_on_molecules_contradicts_its_numbers
PICTURES = of_one.test_no_sentence_on_pictures_contradicts_its_numbers
POINTS = of_several.test_no_sentence_between_points_contradicts_its_numbers
REPORTS = of_several.test_no_sentence_between_reports_contradicts_its_numbers
HEADLINES = of_several.test_a_headline_of_changes_counts_what_changed
ANSWERS = of_pages.test_answers_say_what_the_checks_said
PARTS = of_pages.test_the_parts_of_page_one_fit_each_other
ROWS = of_pages.test_every_row_of_page_two_decides_as_it_reads


class Fault(NamedTuple):
    """`name` of `of` is `wrong`; `noticed` raises for one of some seeds."""

    of: Any
    name: str
    wrong: Any
    noticed: Notices


def _interval(low: float, high: float, digits: int = 2) -> str:
    return f"{words.plain(abs(low), digits)} to {words.plain(abs(high), digits)}"


def _swapped(material: Material) -> tuple[str, str]:
    raises, lowers = directions(material)
    return lowers, raises


def _standing(*asked: str) -> Any:
    """Of a finding where only these count against it."""
    return property(lambda own: next((word for word in asked if _against(own)[word]), "stands"))


def _against(own: Finding) -> dict[str, bool]:
    open_one = bool(own.doubt or own.checks("undecided"))
    return {"failed": bool(own.checks("fail")), "disputed": bool(own.dissent), "undecided": open_one}


_TALLY, _COUNTED = explained.tally, explained._counted


def _undecided_too(material: Material) -> explained.Tally:
    """What failed for one method is undecided, too, where it is so for another."""
    every = frozenset(check.check for _, check in explained.results(material) if check.verdict == "undecided")
    return _TALLY(material)._replace(undecided=every)


def _passed_too(found: explained.Tally, checks: Any) -> Any:
    told = _COUNTED(found, checks)
    return told.model_copy(update={"passed": told.passed + told.failed, "failed": 0})


FAULTS = {
    "a share is that of the rest": Fault(sentences, "share", lambda v: words.share(1 - v), by(of_findings.leaders)),
    "a share is rounded to certainty": Fault(sentences, "share", lambda v: f"{v:.0%}", by(of_findings.mark)),
    "a share is cut, not rounded": Fault(sentences, "share", lambda v: f"{int(100 * v)}%", by(of_findings.classes)),
    "a number has no sign": Fault(sentences, "signed", lambda v, d=2: words.plain(abs(v), d), MOLECULES),
    "an interval has no sign": Fault(sentences, "interval", _interval, by(of_findings.groups)),
    "what raises is said to lower": Fault(molecule, "directions", _swapped, MOLECULES),
    "everything moves most": Fault(molecule, "_surely_most", lambda *_: True, MOLECULES),
    "zero may be in an interval": Fault(molecule, "_surely", lambda *_: True, MOLECULES),
    "no method has another sign": Fault(molecule, "_opposite", lambda *_: None, MOLECULES),
    "a failed check is no matter": Fault(Finding, "standing", _standing("disputed", "undecided"), TABLES),
    "an undecided check is no matter": Fault(Finding, "standing", _standing("failed", "disputed"), TABLES),
    "other methods are no matter": Fault(Finding, "standing", _standing("failed", "undecided"), TABLES),
    "all methods agree": Fault(Named, "agrees", lambda *_: True, TABLES),
    "all have the same two": Fault(table, "_same_two", lambda *_: True, TABLES),
    "all trainings keep the first": Fault(table, "_kept", lambda *_: (4, 4), TRAININGS),
    "chance makes nothing first": Fault(
        table, "_doubt", lambda *_: None, of_one.test_what_is_hardly_ahead_is_not_said_to_lead
    ),
    "another model agrees": Fault(
        sentences, "_beside_reference", lambda *_: "; a forest puts it first, too", by(of_findings.leaders)
    ),
    "every place stands out": Fault(Place, "stands_out", property(lambda _: True), PICTURES),
    "a mark is relied on where it is seen": Fault(
        Mark, "relied_on", property(lambda own: own.drawn), by(of_findings.mark)
    ),
    "right and wrong change places": Fault(
        sentences, "rate", lambda r: f"{words.share(1 - r.share)} ({r.total - r.right} of {r.total})",
        by(of_findings.mark),
    ),
    "a third is most": Fault(sentences, "_HALF", 0.3, by(of_findings.inputs)),
    "a word is at the next place": Fault(sentences, "ordinal", lambda n: words.ordinal(n + 1), by(of_findings.word)),
    "a failed check has no name": Fault(sentences, "_asked", lambda *_: "a check", by(of_findings.standing)),
    "what fell rose": Fault(
        between, "shifted", lambda own: f"{own.feature} rose from {own.before:g} to {own.after:g}", REPORTS
    ),
    "a correlation has no minus": Fault(between, "off_bounds", lambda v, d=2: words.off_bounds(abs(v), d), POINTS),
    "what is open has changed": Fault(
        between, "_changed",
        lambda parts: words.listing([words.count(number, *what) for number, what in parts]), HEADLINES,
    ),
    "the guess is as good": Fault(
        grounds, "_naive", lambda own, *_: f"; a naive guess, always the commonest class, has "
        f"{words.share(own.metric.value)}", by(of_findings.quality),
    ),
    "what failed has passed": Fault(explained, "_counted", _passed_too, ANSWERS),
    "what failed is undecided, too": Fault(explained, "tally", _undecided_too, ANSWERS),
    "every explanation is trusted": Fault(explained, "_word", lambda *_: "yes", ANSWERS),
    "nothing is lacking": Fault(explained, "_lacking", lambda *_: [], ANSWERS),
    "the best answer counts": Fault(answers, "_WORST", tuple(reversed(answers._WORST)), PARTS),
    "two digits are enough": Fault(
        verdicts, "beside", lambda v, t, write=words.plain: (f"{v:.2f}", f"{t:g}"), ROWS
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_said_wrongly_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    of, name, wrong, noticed = FAULTS[fault]
    monkeypatch.setattr(of, name, wrong)

    def tried() -> None:
        for seed in range(SEEDS):
            noticed(seed)

    with pytest.raises(AssertionError):
        tried()
