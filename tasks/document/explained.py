"""Can the explanation be trusted, and what was not tested: what the checks of a chapter say of it together."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from exhibit.tasks.document.bearing import named
from exhibit.tasks.document.grounds import ENOUGH, SHOWS, sentence, unknown
from exhibit.tasks.document.words import count
from exhibit.tasks.records.finding import Finding
from exhibit.tasks.records.language import mark, tr
from exhibit.tasks.records.material import Material, MethodMaterial
from exhibit.tasks.records.page import Answer
from exhibit.tasks.records.trust import (
    Answered,
    AnyGround,
    Asked,
    Counted,
    Doubted,
    Shown,
    Spoke,
    Untested,
    Word,
)
from exhibit.tasks.records.verdict import CheckResult, CheckWords, Shows, Verdict

EXPLANATION = mark("Can the explanation be trusted?")
UNTESTED = mark("What was not tested, and what does that mean?")


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


def explanation(material: Material, finding: Finding, checks: Mapping[str, CheckWords]) -> tuple[Word, list[AnyGround]]:
    """The answer for one chapter, and why."""
    found = tally(material)
    failed = _of(material, "fail")
    required = [(method, check) for method, check in failed if check.required]
    others = [(method, check) for method, check in failed if not check.required]
    undecided = [(method, check) for method, check in _of(material, "undecided") if check.check in found.undecided]
    lacking = _lacking(found.passed, checks)
    grounds: list[AnyGround] = [Spoke(id="required failed", asked=_asked(required, material))] if required else []
    grounds.append(_counted(found, checks))
    against = [(method, check) for method, check in others if check.check in found.against]
    beside = [(method, check) for method, check in others if check.check not in found.against]
    if against:
        grounds.append(Spoke(id="failed", asked=_asked(against, material), beside_required=bool(required)))
    if beside:
        grounds.append(Spoke(id="failed and not wrong", asked=_asked(beside, material)))
    if undecided:
        grounds.append(Spoke(id="undecided", asked=_asked(undecided, material)))
    # What is shown is said where none failed; it is not shown where one that asks for it is undecided.
    if found.passed and not found.failed and (lacking or not found.undecided):
        grounds.append(Shown(lacking=tuple(lacking), enough=len(found.passed) >= ENOUGH))
    grounds += [Doubted(id="methods disagree")] if finding.standing == "disputed" else []
    grounds += [Doubted(id="chance")] if finding.doubt else []
    return _word(found, bool(required), lacking, finding), grounds


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
    return [what for what in SHOWS if what not in shown]


def _counted(found: Tally, checks: Mapping[str, CheckWords]) -> Counted:
    """How many of all that apply passed, and how many failed."""
    return Counted(
        total=len(_apply(found, checks)),
        passed=len(found.passed),
        failed=len(found.failed),
        without_meaning=len(found.without_meaning),
        more_failed=len(found.against) > len(found.passed),
    )


def _apply(found: Tally, checks: Mapping[str, CheckWords]) -> frozenset[str]:
    """Names of all checks but those that have no meaning here."""
    return frozenset({*checks, *found.passed, *found.failed, *found.undecided}) - found.without_meaning


def _of(material: Material, verdict: Verdict) -> list[tuple[MethodMaterial, CheckResult]]:
    return [(method, check) for method, check in results(material) if check.verdict == verdict]


def _asked(found: Sequence[tuple[MethodMaterial, CheckResult]], material: Material) -> tuple[Asked, ...]:
    """The checks, each once; with the methods that it is said of, where not all of them are."""
    of: dict[str, list[MethodMaterial]] = {}
    for method, check in found:
        of.setdefault(check.check, []).append(method)
    every = list(material.methods)
    return tuple(
        Asked(check=name, methods=() if methods == every else tuple(named(method) for method in methods))
        for name, methods in of.items()
    )


# --- what was not tested ----------------------------------------------------------------------------------


def not_assessed(material: Material, checks: Mapping[str, CheckWords]) -> list[str]:
    """Names of the `checks` that are open in a chapter: not made, or undecided for a method and failed by none."""
    found = tally(material)
    closed = found.passed | found.failed | found.without_meaning
    return [name for name in checks if name not in closed]


def untested(material: Material, checks: Mapping[str, CheckWords]) -> tuple[Word, list[AnyGround]]:
    """Which checks are open in a chapter."""
    missing, applying = not_assessed(material, checks), _apply(tally(material), checks)
    spoke = any(check.verdict in ("pass", "fail") for _, check in results(material))
    ground = Untested(open=tuple(missing), apply=tuple(name for name in checks if name in applying), spoke=spoke)
    return "yes" if spoke and not missing else "not assessed", [ground]


def told_untested(answered: Answered, checks: Mapping[str, CheckWords]) -> Answer:
    """Which checks are open in any chapter, and what is not known for it."""
    grounds = [ground for one in answered.results for ground in one.reasons if isinstance(ground, Untested)]
    together = Untested(
        open=tuple(name for name in checks if any(name in ground.open for ground in grounds)),
        apply=tuple(name for name in checks if any(name in ground.apply for ground in grounds)),
        spoke=all(ground.spoke for ground in grounds),
    )
    whole = len(answered.results) == 1
    left = (
        tr("{some} of {checks} open", some=str(len(together.open)), checks=count(len(together.apply), "check"))
        if together.open
        else ""
    )
    said = filter(None, [sentence(together, checks, whole), unknown(together, checks, whole)])
    return Answer(question=tr(answered.question), word=answered.answer, counted=left, reasons=tuple(said))
