"""What a check sees: one method's explanations, and the two functions that explanations are checked by."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.language import Message, as_message, mark, say, sayn
from exhibit.tasks.records.shown import as_set, touches


class Shard(NamedTuple):
    """Some explained samples: what the method stored, and `values[input]` (samples, ..., targets) of it without
    channels, aggregated as the method says; NaN where a sample has no element, being shorter than others."""

    attribution: Attribution
    values: Arrays

    def flat(self) -> Array:
        """(samples, elements, targets) over all inputs."""
        return flat(self.values)


class StandIn(NamedTuple):
    """Raw values that a method compares elements with, by input name: of each sample its own (samples, ...), or where
    they are `shared` rows (rows, ...) that it averages over."""

    values: Arrays
    shared: bool = False

    @property
    def rows(self) -> int:
        """How many each sample is compared with."""
        return len(next(iter(self.values.values()))) if self.shared else 1


@dataclass(frozen=True)
class Case:
    """One method of a chapter. Everything is computed when it is asked for.

    `attributions`: what the method stored, part by part; `shards`: the same with its elements beside each other.
    `dataset`: the explained samples. `others`: the other methods of the chapter by label; `variants`: those of the same
    kind, with what is set otherwise, here and there. `trainings`: importances (features,) of the model and of those
    trained with other seeds, the reported one first. `score(inputs, rows)`: scores (samples,) of the first target of
    the explained `rows` at changed raw `inputs`; `explain(inputs, rows)`: their attributions as `Shard.values`;
    `baseline(rows)`: raw values that stand for absence, the usual ones of the inputs, None where there are none;
    `stand_in(rows)`: those that the method itself compares with, None where that is nothing, or nothing of which each
    element of the inputs has a part. `by_element()`: whether it says how much of the score each element of the inputs
    has beside some value of its own, be it one that is seen in a layer alone.
    `randomised(seed, whole)`: one `explain` per cascade of layers with new weights, from the top, or that of all layers
    alone; none for a model without layers of weights. `in_score`: whether values are parts of the score, not slopes,
    sizes or squares; `in_score_too`: the others of which that is so; `signs_alike`: those whose signs mean what the
    method's own do. `calls()`: samples that went through the model so far.
    """

    label: str
    additive: bool
    in_score: bool
    attributions: Callable[[], Iterator[Attribution]]
    shards: Callable[[], Iterator[Shard]]
    dataset: Callable[[], Dataset]
    others: Mapping[str, Callable[[], Iterator[Shard]]]
    in_score_too: frozenset[str]
    signs_alike: frozenset[str]
    variants: Mapping[str, Mapping[str, tuple[Any, Any]]]
    trainings: Callable[[], Sequence[Array]]
    score: Callable[[Arrays, Array], Array]
    explain: Callable[[Arrays, Array], Arrays]
    baseline: Callable[[Array], Arrays | None]
    stand_in: Callable[[Array], StandIn | None]
    by_element: Callable[[], bool]
    randomised: Callable[[int, bool], Iterator[tuple[str, Callable[[Arrays, Array], Arrays]]]]
    calls: Callable[[], int]


def flat(values: Arrays) -> Array:
    """(samples, ..., targets) of every input as (samples, elements, targets)."""
    return np.concatenate([item.reshape(len(item), -1, item.shape[-1]) for item in values.values()], axis=1)


def existing(values: Array, present: Array | None) -> Array:
    """`values` (samples, elements, targets), NaN where none is `present` (samples, elements); None: all are.

    What fills up a shorter sample is zero for every method and every model: as elements, it would make explanations
    sparse and alike.
    """
    return values if present is None else np.where(present[..., np.newaxis], values, values.dtype.type(np.nan))


def chosen(shards: Iterator[Shard], rows: Array) -> Array:
    """(rows, elements) attributions of the first target of the explained samples `rows`, in their order; NaN beyond a
    sample's last element."""
    parts: list[Array] = []
    places: list[Array] = []
    start = 0
    for shard in shards:
        flat_values = shard.flat()[..., 0]
        here = np.flatnonzero((rows >= start) & (rows < start + len(flat_values)))
        parts.append(flat_values[rows[here] - start])
        places.append(here)
        start += len(flat_values)
    widest = max(part.shape[1] for part in parts)
    order = np.argsort(np.concatenate(places), kind="stable")
    return np.concatenate([widened(part, widest) for part in parts])[order]


def measured_from(case: "Case", rows: Array) -> Array:
    """(rows,) the scores that the values of the explained samples `rows` are measured from; NaN where a method knows of
    none."""
    return np.concatenate([part.base_value[:, 0] for part in case.attributions()])[rows].astype(np.float64)


def sampled(case: "Case", seed: int) -> Array:
    """Every explained sample in a random order of which each beginning holds the outputs that are explained, and low
    and high scores, in proportion: never the first rows, which may all be of one class."""
    parts = [(part.sample_ids, part.targets[:, 0], part.prediction[:, 0]) for part in case.attributions()]
    names, targets, scores = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    chance = np.array([draws(seed, name).random(3) for name in names.tolist()])
    place = np.zeros(len(targets))
    for target in np.unique(targets):
        rows = np.flatnonzero(targets == target)
        band = np.lexsort((chance[rows, 0], scores[rows])).argsort() * _BANDS // len(rows)
        within = np.zeros(len(rows))
        for number in np.unique(band):
            alike = np.flatnonzero(band == number)
            within[alike] = (chance[rows[alike], 1].argsort().argsort() + chance[rows[alike], 2]) / len(alike)
        place[rows] = (within.argsort().argsort() + chance[rows, 2]) / len(rows)
    return np.argsort(place, kind="stable")


def draws(seed: int, name: object, purpose: str = "") -> np.random.Generator:
    """What is drawn for a sample, by its id: neither its row nor those beside it change a number."""
    digest = hashlib.sha256(f"{seed}\0{purpose}\0{name}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


_BANDS = 4  # of scores


def widened(values: Array, elements: int) -> Array:
    """(samples, elements) from fewer elements: the samples have no more."""
    return np.pad(values, [(0, 0), (0, elements - values.shape[1])], constant_values=np.nan)


def known_mean(values: Array) -> float:
    """The mean of what is a number; NaN where nothing is."""
    return float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")


def written(value: float, form: str) -> str:
    """A number in this form, with a true minus and none before zero; a dash for what is none. A percentage is rounded
    as the share itself is: 0.325 is 0.33 and 33%."""
    if np.isnan(value):
        return "–"
    if form.endswith("%"):
        value = float(f"{value:.{int(form[1:-1]) + 2}f}")
    text = format(value, form)
    zero = not any(digit in text.partition("e")[0] for digit in "123456789") and np.isfinite(value)
    return (text.lstrip("+-") if zero else text).replace("-", "−")


def told(value: float, limit: float | None = None, unit: Literal["f", "%"] = "f", digits: int | None = None) -> str:
    """A measured number in so many `digits` at least that it stands on its side of the limit that it is judged by, if
    any; a share is not rounded to none or all where it is neither, nor a correlation or a probability to 1 or −1: 0.697
    beside 0.7, 99.7% beside 95%, 0.997. What no digit that anybody reads tells from the limit is said in words."""
    if limit is not None and touches(value, limit):
        return _just_beside(value, limit, unit)
    if unit == "%" and 0 < value < _HARDLY and (limit is None or limit > _HARDLY):
        return say("under {value}", value=f"{_HARDLY:.2%}")
    if unit == "%" and limit is None and 1 - _HARDLY < value < 1:
        return say("over {value}", value=f"{1 - _HARDLY:.2%}")
    if unit == "f" and (limit is None or limit < 1 - _HARDLY) and 1 - _HARDLY < value < 1 - _EQUAL:
        return say("over {value}", value=f"{1 - _HARDLY}")
    if unit == "f" and (limit is None or limit > _HARDLY - 1) and _EQUAL - 1 < value < _HARDLY - 1:
        return say("under {value}", value=f"−{1 - _HARDLY}")
    ends = [end for end in (-1.0, 1.0) if abs(value - end) > _EQUAL] if unit == "f" else [0.0, 1.0]
    landmarks = ends if limit is None else [limit, *ends]
    for more in range((2 if unit == "f" else 0) if digits is None else digits, _MOST_DIGITS):
        form = f".{more}{unit}"
        if all(value == one or written(value, form) != written(one, form) for one in landmarks):
            break
    return written(value, form)


def _just_beside(value: float, limit: float, unit: Literal["f", "%"]) -> str:
    """A number on its side of a limit that it touches."""
    scale, sign = (100, "%") if unit == "%" else (1, "")
    if limit == 0:
        return written(scale * value, ".2g") + sign
    number = as_set(float(f"{scale * limit:.6g}")) + sign
    return say("over {value}", value=number) if value > limit else say("under {value}", value=number)


_HARDLY = 0.0001
_EQUAL = 1e-9  # from 1: no more than the rounding of a computer
_MOST_DIGITS = 17  # a float has no more


def all_of(number: int, only: str, things: str) -> Message:
    """That nothing was left out: all 5 explained samples, or the only one."""
    return (
        as_message(only) if number == 1 else say("all {count} {things}", count=f"{number:,}", things=as_message(things))
    )


NO_ORDER = mark("A dash: one of the two makes no difference between elements.")


def without_order(count: int, samples: int) -> Message:
    """How many of the samples say nothing of the likeness of two explanations; nothing where none or all do."""
    if not 0 < count < samples:
        return Message()
    return sayn(
        "{number} of them says nothing: one of its two explanations makes no difference between elements",
        "{number} of them say nothing: one of their two explanations makes no difference between elements",
        count,
    )
