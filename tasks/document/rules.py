"""By which rules the questions of page one are answered, as they are printed with every verdict."""

from collections.abc import Mapping

from exhibit.tasks.document.explained import EXPLANATION
from exhibit.tasks.document.grounds import ENOUGH, SHOWS, shows
from exhibit.tasks.document.words import capital, check_name, clauses, listing
from exhibit.tasks.records.language import mark, sentences, tr, trn
from exhibit.tasks.records.page import Rule
from exhibit.tasks.records.subgroups import APART
from exhibit.tasks.records.verdict import CheckWords

MODEL = mark("Can the model be trusted?")


def rules() -> tuple[Rule, ...]:
    """When which answer is given: about the model, about the explanation, and about both together."""
    care = tr(
        "it is surely better than the guess, but not shown to be that good; or those rows stopped its training, or "
        "hold rows that it was trained on; or it relies on a planted mark, or may, since the 95% interval of how much "
        "more often it is right with the mark goes beyond {number} percentage points; or there is no guess to hold it "
        "against",
        number=f"{100 * APART:g}",
    )
    return (
        Rule(
            question=tr(MODEL),
            cases=(
                ("yes", tr("on rows that it has not seen it surely makes at most half the errors of a naive guess")),
                ("with care", care),
                ("no", tr("it is not surely better than the guess, on whichever rows")),
                ("not assessed", tr("no rows that it has not seen have labels")),
            ),
        ),
        _of_explanation(),
        Rule(
            question=tr("Whether to trust it"),
            cases=(
                ("yes", tr("both answers are yes")),
                ("with care", tr("in all other cases")),
                ("no", tr("one of the two is no")),
                ("not assessed", tr("one of the two is not assessed, and none is no")),
            ),
        ),
    )


def notes(checks: Mapping[str, CheckWords], several: bool) -> tuple[str, ...]:
    """What the words of the rule mean."""
    return (
        sentences(
            [
                tr(
                    "Surely: by the whole 95% interval. A naive guess knows labels alone: it is always the commonest "
                    "class, or their mean. The typical error is the root mean squared error (RMSE)."
                ),
                tr("Of several results the worst answer counts.") if several else "",
                tr(
                    "That a given model has not seen the rows of the data is the user's statement, where it is made; "
                    "the guess beside such a model knows labels of these rows."
                ),
            ]
        ),
        *_on_checks(checks),
    )


def _of_explanation() -> Rule:
    """When the explanation is trusted."""
    return Rule(
        question=tr(EXPLANATION),
        cases=(
            (
                "yes",
                tr(
                    "at least {number} checks passed, and so it is shown that it {does}; none failed or is undecided; "
                    "the methods agree on what is said, and chance has not made it",
                    number=str(ENOUGH),
                    does=clauses([shows(what) for what in SHOWS]),
                ),
            ),
            ("with care", tr("in all other cases")),
            ("no", tr("a required check failed, or more checks failed than passed")),
            ("not assessed", tr("no check passed or failed")),
        ),
    )


def _on_checks(checks: Mapping[str, CheckWords]) -> tuple[str, ...]:
    """How the checks are counted, and which of them show what."""
    by = {what: [name for name, words in checks.items() if words.shows == what] for what in (*SHOWS, None)}
    names = {what: listing([check_name(name) for name in found]) for what, found in by.items()}
    several = [tr("{does} ({checks})", does=shows(what), checks=names[what]) for what in SHOWS if names[what]]
    beside = (
        tr("{checks} may stand beside these, but a yes does not need them.", checks=capital(names[None]))
        if names[None]
        else ""
    )
    overlap = trn(
        "The {number} check overlap. They show whether an explanation {does}.",
        "The {number} checks overlap. They show whether an explanation {does}.",
        len(checks),
        does=clauses(several),
    )
    return (
        *((sentences([overlap, beside]),) if several else ()),
        tr(
            "A check has passed if it passed for every method that it judged, and failed if it failed for one; an "
            "undecided one is open, as one that was not made. Which are required stands in the configuration, and "
            "below. A failure that does not say that anything is wrong, as that many parts carry an explanation, "
            "outweighs nothing that passed."
        ),
    )
