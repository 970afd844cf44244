"""What bears on a finding: the checks of its method, and what the other methods say."""

from collections.abc import Callable, Sequence
from typing import Any

from exhibit.tasks.records.finding import Bearing, Dissent, Named
from exhibit.tasks.records.material import Material, MethodMaterial

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
        "agree": tuple(method.title for method, instead in found if instead is None),
        "dissent": tuple(
            Dissent(method=_lower(method.title), says=instead) for method, instead in found if instead is not None
        ),
    }


def named(method: MethodMaterial) -> str:
    """What a method is called within a sentence."""
    return _lower(method.title)


def _lower(title: str) -> str:
    """integrated gradients, SHAP: a name in capitals keeps them."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def comparable(material: Material) -> list[MethodMaterial]:
    """The methods whose signs mean what those of the main method mean: a slope and a contribution do not."""
    main = material.main
    return [method for method in material.methods if method.signed and method.unit == main.unit]
