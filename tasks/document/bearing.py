"""What bears on a finding: the checks of its method, and what the other methods say."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from exhibit.tasks.records.finding import Bearing, Dissent, Finding, Named
from exhibit.tasks.records.language import has_capitals, tr
from exhibit.tasks.records.material import Material, MethodMaterial
from exhibit.tasks.records.verdict import CheckResult

_SPOKE = ("pass", "fail", "undecided")


def bearing(method: MethodMaterial, but: Sequence[str] = ()) -> tuple[Bearing, ...]:
    """The checks that said something of a method, those that are the finding itself left out."""
    return tuple(
        Bearing(check=check.check, verdict=check.verdict, required=check.required)
        for check in method.checks
        if check.bears and check.verdict in _SPOKE and check.check not in but
    )


def methods(
    material: Material, others: Sequence[MethodMaterial], says: Callable[[MethodMaterial], Named | None]
) -> dict[str, Any]:
    """`agree` and `dissent` of a finding of the main method: what each of the `others` says instead, None where it
    says the same."""
    found = [(method, says(method)) for method in others if method.label != material.main.label]
    return {
        "agree": tuple(tr(method.title) for method, instead in found if instead is None),
        "dissent": tuple(
            Dissent(method=named(method), says=instead) for method, instead in found if instead is not None
        ),
    }


def beside(finding: Finding, others: Sequence[tuple[str, Finding]]) -> Finding:
    """A finding that `others` dispute, by the titles of their chapters, where these put something else first."""
    dissent = [
        Dissent(method=tr("{method} in {chapter}", method=other.method, chapter=title), says=other.leader)
        for title, other in others
        if finding.leader and other.leader and other.id == finding.id and not other.leader.agrees(finding.leader)
    ]
    return finding.model_copy(update={"dissent": (*finding.dissent, *dissent)})


def of_the_same(material: Material, materials: Sequence[Material]) -> list[Material]:
    """The other chapters that explain the same outputs of a model with the same predictions, for as many of its
    samples."""

    def what(one: Material) -> tuple[Any, ...]:
        return one.dataset.title, one.score, one.target_names, one.explained, one.explained_split

    return [
        other
        for other in materials
        if other is not material and what(other) == what(material) and np.array_equal(other.outputs, material.outputs)
    ]


def named(method: MethodMaterial) -> str:
    """What a method is called within a sentence."""
    return within_a_sentence(tr(method.title))


def found_by(check: CheckResult, methods: Sequence[MethodMaterial]) -> str:
    """What a check found, with methods called as on all pages: what is kept has their labels, for programs."""
    return tr(check.sentence.calling({method.label: named(method) for method in methods}))


def within_a_sentence(title: str) -> str:
    """integrated gradients, SHAP: a name in capitals keeps them."""
    return title if title[1:2].isupper() or not has_capitals() else title[:1].lower() + title[1:]


def comparable(material: Material) -> list[MethodMaterial]:
    """The methods whose signs mean what those of the main method mean: a slope and a contribution do not."""
    main = material.main
    return [method for method in material.methods if method.signed and method.unit == main.unit]
