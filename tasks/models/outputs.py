"""What is expected of whatever predicts: one array of numbers, with a row for each sample, and slopes where these are
asked for. The same words for every framework."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.shown import what_it_is

# By what part of how far they lie apart, and of how large they are, the same outputs may differ.
_APART, _LARGE = 1e-3, 1e-5


def same(one: Array, other: Array) -> bool:
    """Whether outputs (samples, outputs) are the same but for rounding. Those far from zero, as 2000 and 2000.1, are
    not the same for being far from it: what counts is how far those of the samples lie apart."""
    numbers = np.where(np.isfinite(one), one, 0.0)
    size = np.abs(numbers).max(initial=0.0)
    apart = np.abs(numbers - np.median(numbers, axis=0)).max(initial=0.0)
    near = min(_APART * size, _APART * apart + _LARGE * size)
    return bool(np.allclose(one, other, rtol=0, atol=near, equal_nan=True))


def require_one_output(found: Any, one: bool) -> None:
    """Raises InputError where a net gives something else than `one` array."""
    if not one:
        parts = found if isinstance(found, tuple | list) else found.values() if isinstance(found, dict) else ()
        inside = f" of {', '.join(map(what_it_is, parts))}" if parts else ""
        raise InputError(
            f"model: a net gives one array, (samples, outputs), but this one gives {what_it_is(found)}{inside}; "
            "wrap it in one that gives the part to explain"
        )


def require_real(kind: str, real: bool) -> None:
    """Raises InputError where outputs of this type are no `real` numbers."""
    if not real:
        raise InputError(
            f"model: outputs are real numbers, but these are of type {kind}; give the scores from before they are "
            "compared, rounded or named"
        )


def require_row_each(rows: int, samples: int) -> None:
    """Raises InputError where there is not one row of outputs for each of the samples."""
    if rows != samples:
        raise InputError(
            f"model: {samples} samples were given, and {rows} rows of outputs came back; a preprocess and a net keep "
            "one row for each sample, in their order"
        )


def require_as_before(shape: Sequence[int | None], before: Sequence[int | None] | None) -> Sequence[int | None]:
    """The `shape` of the outputs of one sample.

    Raises:
        InputError: where it was another one before.
    """
    if before is not None and list(shape) != list(before):
        first, now = (" x ".join(map(str, one)) or "one" for one in (before, shape))
        raise InputError(
            f"model: it gave {first} outputs for a sample at first, and {now} later; a model gives as many each time"
        )
    return shape


def no_slopes() -> InputError:
    """What is said of outputs that no gradient leads back from."""
    return InputError(
        "model: no gradient leads from its outputs back to what is asked about: somewhere it is cut (detach, no_grad, "
        "numpy, argmax, rounding) or nothing depends on it; take that out, or use a method that only predicts: "
        "occlusion, kernel_shap or partition_shap"
    )
