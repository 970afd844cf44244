"""What is compared element by element has the same elements."""

from exhibit.tasks.protocols import Place
from exhibit.tasks.records.base import Arrays, InputError


def require_alike(who: str, place: Place, others: Arrays) -> None:
    """Raises InputError where the samples of a `place` have no common size, or not that of the `others` by name, rows
    of the training data seen from there. `who` compares them."""
    if place.mask:
        raise InputError(
            f"{who}: {', '.join(place.mask)} differs in size from sample to sample, so there is no background to "
            "compare with; use integrated_gradients"
        )
    for name, values in place.values.items():
        if (here := values.shape[1:]) != (there := others[name].shape[1:]):
            raise InputError(
                f"{who}: how many elements {name} has differs from batch to batch ({here[0]} and {there[0]}), so there "
                "is no background to compare with: its preprocess fills up to the longest of a batch. Let it fill up "
                "to one size, that of the longest sample there is, or use integrated_gradients"
            )
