"""Can the explanation be trusted, and what was not tested: what the checks of a chapter say of it together."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, get_args

from exhibit.tasks.document.bearing import named
from exhibit.tasks.document.words import asked, capital, count, listing
from exhibit.tasks.records.finding import Finding
from exhibit.tasks.records.material import Material, MethodMaterial
from exhibit.tasks.records.page import Answer, Rule, Word
from exhibit.tasks.records.verdict import CheckResult, CheckWords, Shows, Verdict

ENOUGH = 4  # checks that passed, for a "yes"
EXPLANATION = "Can the explanation be trusted?"
UNTESTED = "What was not tested, and what does that mean?"
_SHOWS: tuple[Shows, ...] = get_args(Shows)

RULE = Rule(
    question=EXPLANATION,
    cases=(
        (
            "yes",
            f"at least {ENOUGH} checks passed, and so it is shown that it {listing(_SHOWS)}; none failed or is "
            "undecided; the methods agree on what is said, and chance has not made it",
        ),
        ("with care", "in all other cases"),
        ("no", "a required check failed, or more checks failed than passed"),
        ("not assessed", "no check passed or failed"),
    ),
)


def notes(checks: Mapping[str, CheckWords]) -> tuple[str, ...]:
    """How the checks are counted, and which of them show what."""
    by = {what: [name for name, words in checks.items() if words.shows == what] for what in (*_SHOWS, None)}
    names = {what: listing([name.replace("_", " ") for name in found]) for what, found in by.items()}
    several = [f"{what} ({names[what]})" for what in _SHOWS if names[what]]
    beside = f" {capital(names[None])} may stand beside these, but a yes does not need them." if names[None] else ""
    said = f"The {count(len(checks), 'check')} overlap. They show whether an explanation {listing(several)}.{beside}"
    return (
        *((said,) if several else ()),
        "A check has passed if it passed for every method that it judged, and failed if it failed for one; an "
        "undecided one is open, as one that was not made. Which are required stands in the configuration, and below. "
        "A failure that does not say that anything is wrong, as that many parts carry an explanation, outweighs "
        "nothing that passed.",
    )


def results(material: Material) -> list[tuple[MethodMaterial, CheckResult]]:
    """Every check of every method."""
    return [(method, check) for method in material.methods for check in method.checks]


class Tally(NamedTuple):
    """Names of checks by what they said of all methods of a chapter together, each in one place; those that were not
    made are in none. `against`: of the failed ones those that say that something is wrong."""

    passed: frozenset[str]
    failed: frozenset[str]
    undecided: frozenset[str]
    without_meaning: frozenset[str]
    against: frozenset[str]


def tally(material: Material) -> Tally:
    """What passed for one method and failed for another has failed."""
    found = results(material)

    def of(verdict: Verdict) -> frozenset[str]:
        return frozenset(check.check for _, check in found if check.verdict == verdict)

    failed = of("fail")
    undecided = of("undecided") - failed
    passed = of("pass") - failed - undecided
    without = of("not applicable") - failed - undecided - passed - of("not assessed")
    against = frozenset(check.check for _, check in found if check.verdict == "fail" and check.bears)
    return Tally(passed, failed, undecided, without, against)


def explanation(material: Material, finding: Finding, checks: Mapping[str, CheckWords]) -> tuple[Word, str]:
    """The answer for one chapter, and why in sentences."""
    found = tally(material)
    required = [(method, check) for method, check in _of(material, "fail") if check.required]
    lacking = _lacking(found.passed, checks)
    return _word(found, bool(required), lacking, finding), " ".join(
        [
            *([f"A required check failed: {_asked(required, material, checks)}."] if required else []),
            _counted(found, checks),
            *_others(found, bool(required), material, checks),
            *([] if found.failed or not found.passed else _shown(found, lacking)),
            *_doubts(finding),
        ]
    )


def _word(found: Tally, required: bool, lacking: Collection[Shows], finding: Finding) -> Word:
    if required or len(found.against) > len(found.passed):
        return "no"
    if not found.passed and not found.failed:
        return "not assessed"
    enough = len(found.passed) >= ENOUGH and not lacking
    return "yes" if enough and not found.failed | found.undecided and finding.standing == "stands" else "with care"


def _lacking(passed: Collection[str], checks: Mapping[str, CheckWords]) -> list[Shows]:
    """What a yes needs to be shown and no check that passed has shown."""
    shown = {checks[name].shows for name in passed if name in checks}
    return [what for what in _SHOWS if what not in shown]


def _counted(found: Tally, checks: Mapping[str, CheckWords]) -> str:
    """8 of 9 checks passed and 1 failed; 3 more have no meaning here."""
    total = len(_apply(found, checks))
    if not total:
        return "No check has a meaning here."
    passed, failed = len(found.passed), len(found.failed)
    without = len(found.without_meaning)
    none = f"; {without} more {'has' if without == 1 else 'have'} no meaning here" if without else ""
    if not passed and not failed:
        return f"None of {count(total, 'check')} passed or failed{none}."
    more = " More failed than passed." if len(found.against) > passed else ""
    return f"{passed or 'None'} of {count(total, 'check')} passed and {failed or 'none'} failed{none}.{more}"


def _apply(found: Tally, checks: Mapping[str, CheckWords]) -> frozenset[str]:
    """Names of all checks but those that have no meaning here."""
    return frozenset({*checks, *found.passed, *found.failed, *found.undecided}) - found.without_meaning


def _others(found: Tally, required: bool, material: Material, checks: Mapping[str, CheckWords]) -> list[str]:
    """What else failed, and what is undecided."""
    failed = [(method, check) for method, check in _of(material, "fail") if not check.required]
    undecided = [(method, check) for method, check in _of(material, "undecided") if check.check in found.undecided]
    too = "too, though" if required else "though"
    return [
        *([f"Failed, {too} not required: {_asked(failed, material, checks)}."] if failed else []),
        *([f"Undecided: {_asked(undecided, material, checks)}."] if undecided else []),
    ]


def _shown(found: Tally, lacking: Sequence[Shows]) -> list[str]:
    """What those that passed show of all that a yes needs, where none failed; it is not shown where one that asks for
    it is undecided."""
    if lacking:
        return [f"Not shown: that it {_either(lacking)}."]
    if found.undecided:
        return []
    return [f"It {listing(_SHOWS)}."] if len(found.passed) >= ENOUGH else [f"A yes needs {ENOUGH}."]


def _doubts(finding: Finding) -> list[str]:
    return [
        *(["Its methods disagree on what comes first."] if finding.standing == "disputed" else []),
        *(["What comes first may be chance."] if finding.doubt else []),
    ]


def _of(material: Material, verdict: Verdict) -> list[tuple[MethodMaterial, CheckResult]]:
    return [(method, check) for method, check in results(material) if check.verdict == verdict]


def _asked(
    found: Sequence[tuple[MethodMaterial, CheckResult]], material: Material, checks: Mapping[str, CheckWords]
) -> str:
    """The questions of checks, each once; with the methods that it is said of, where not all of them are."""
    of: dict[str, list[MethodMaterial]] = {}
    for method, check in found:
        of.setdefault(check.check, []).append(method)
    return listing(
        [
            f"{asked(name, checks)}{f' ({listing([named(method) for method in methods])})' * (methods != every)}"
            for every in (list(material.methods),)
            for name, methods in of.items()
        ]
    )


# --- what was not tested ----------------------------------------------------------------------------------


def not_assessed(material: Material, checks: Mapping[str, CheckWords]) -> list[str]:
    """Names of the `checks` that are open in a chapter: not made, or undecided for a method and failed by none."""
    found = tally(material)
    closed = found.passed | found.failed | found.without_meaning
    return [name for name in checks if name not in closed]


def untested(materials: Sequence[Material], checks: Mapping[str, CheckWords]) -> Answer:
    """Which checks are open in any chapter, and what is not known for it."""
    missing = [name for name in checks if any(name in not_assessed(material, checks) for material in materials)]
    if not missing:
        spoke = any(check.verdict in ("pass", "fail") for item in materials for _, check in results(item))
        said = "Every check that applies gave a verdict." if spoke else "No check applies: nothing is known either way."
        return Answer(question=UNTESTED, word="yes" if spoke else "not assessed", reasons=(said,))
    unknown, left = f"whether {checks[missing[0]].meaning}", len(missing) - 1
    more = [f"what {count(left, 'more check')} would say: “All verdicts” lists them"] if left else []
    total = len({name for material in materials for name in checks if name in _apply(tally(material), checks)})
    every, where = ("", "") if len(materials) == 1 else (" of every result", " for every result")
    return Answer(
        question=UNTESTED,
        word="not assessed",
        counted=f"{len(missing)} of {count(total, 'check')} open",
        reasons=(
            f"These were not made{where} or could not decide: that is neither for nor against the explanation.",
            f"So it is not known{every} {_either([unknown, *more])}.",
        ),
    )


def _either(words: Sequence[str]) -> str:
    """a, b or c."""
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)
