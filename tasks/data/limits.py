"""How much data may be: what is beyond is refused before it is read, or excluded with the reason."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from exhibit.tasks.records.base import InputError, Spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exhibit.tasks.records.data import Dataset


class Limits(Spec):
    """What is read at most. A larger number takes what is larger; nothing else depends on it."""

    bytes: int = Field(4_000_000_000, ge=1, le=2**40, description="of a file")
    pixels: int = Field(80_000_000, ge=1, le=2**40, description="of a picture; larger ones are excluded")
    atoms: int = Field(500, ge=1, le=100_000, description="of a molecule; larger ones are excluded")
    columns: int = Field(2_000, ge=1, le=100_000, description="of a table, and features that are made of them")
    steps: int = Field(10_000, ge=1, le=10_000_000, description="of a series")
    letters: int = Field(300, ge=1, le=100_000, description="of a name: of a column, a category, a class or a sample")

    def require(self, dataset: "Dataset") -> None:
        """Nothing that a page would have to print or draw is beyond the limits.

        Raises:
            InputError: naming what is.
        """
        for item in dataset.inputs:
            if len(item.features) > self.columns:
                raise InputError(
                    f"data: {item.name!r} has {len(item.features):,} features, more than data.limits.columns: "
                    f"{self.columns:,}; leave some out, or raise that number"
                )
            if item.traits.timed and item.values.shape[1] > self.steps:
                raise InputError(
                    f"data: {item.name!r} has {item.values.shape[1]:,} steps, more than data.limits.steps: "
                    f"{self.steps:,}; give fewer, such as means over some of them, or raise that number"
                )
        names = {
            "feature": [name for item in dataset.inputs for name in item.features],
            "class": dataset.classes,
            "label": [dataset.label_name],
            "sample": [
                str(one) for known in (dataset.sample_ids, dataset.names) if known is not None for one in known.tolist()
            ],
        }
        for what, found in names.items():
            self.require_names(found, f"data: the name of a {what}")
        for what in ("feature", "class"):
            if not all(map(str.strip, names[what])):
                raise InputError(
                    f"data: the name of a {what} is empty, as data.names or data.classes has it; call it by a name, or "
                    "leave it out there"
                )
        for item in dataset.inputs:
            _require_apart(item.features, "features")
        _require_apart(dataset.outputs, "classes" if dataset.classes else "labels")

    def require_names(self, names: Any, what: str) -> None:
        """Raises InputError for a name with too many letters, or one that is no text."""
        names = list(names)
        if broken := next((name for name in names if not _is_text(name)), None):
            raise InputError(f"{what} holds half a letter, which no file can hold ({broken[:30]!a}); give it in UTF-8")
        longest = max(names, key=len, default="")
        if len(longest) > self.letters:
            raise InputError(
                f"{what} has {len(longest):,} letters, more than data.limits.letters: {self.letters:,} "
                f"({longest[:30]!r}...); shorten it, or raise that number"
            )


def _require_apart(names: "Sequence[str]", what: str) -> None:
    """Raises InputError for a name that two have: a page, a table and an importance could mean either."""
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(
            f"data: {names.count(twice)} {what} are called {twice!r}, as their columns and data.names or data.classes "
            "have it; call each by a name of its own"
        )


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


# Null stands for the defaults: Hydra lets a value of its own replace null, but adds no key to an empty dictionary.
Limited = Annotated[Limits, BeforeValidator(lambda value: {} if value is None else value)]
