"""What the data know of each kind of input: one row for each, and nowhere else a question which kind it is.

How what a user gives becomes an input is in `exhibit.tasks.data.plain`: only `load` depends on that.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from exhibit.tasks.data.molecule import analogues, atom_counts, bond_names, group_contributions, group_sums
from exhibit.tasks.data.parts import by_column, column_values, columns
from exhibit.tasks.data.steps import by_part, part_names, part_values
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Baseline, Dataset, Input
from exhibit.tasks.records.explanation import Analogue
from exhibit.tasks.records.groups import GROUPS
from exhibit.tasks.records.kinds import Kind

Pairs = int | Sequence[tuple[str, str]]  # how many, or which


def _no_numbers(item: Input) -> Array:
    return np.full((len(item.values), len(KINDS[item.kind].names(item))), np.nan)


class DataKind(NamedTuple):
    """One kind of input.

    `baseline`: what stands for the absence of everything, if no other is asked for.
    `names`: what a reader calls the features.
    `features`: (samples, features, targets) from attributions (samples, ..., targets) of the same samples, without
    channels; NaN where a sample does not have a feature.
    `amounts`: (samples, features) what a feature is in each sample, NaN where that is no number with an order.
    `present`: (samples, elements) whether a sample has an element, as the values say; None: all have the same, or the
    values do not say.
    `parts`: (samples,) how many parts each sample has, where its values are none themselves.
    `reasons`: of one sample, (1, ...), the parts that a reader can name, and what each contributes of `values`
    (1, ..., 1): these add up to the sum of all; None where no part has a name.
    `bonds`: for each sample what a reader calls the bonds between its parts, in kinds that have them.
    `analogues`: pairs of samples that are largely alike, from what their parts contribute and from the scores at them
    and at their baselines, where likeness has a meaning.
    """

    baseline: Baseline
    names: Callable[[Input], tuple[str, ...]]
    features: Callable[[Input, Array], Array] = lambda _, values: values
    amounts: Callable[[Input], Array] = _no_numbers
    present: Callable[[Input], Array | None] = lambda _: None
    parts: Callable[[Input], Array] | None = None
    bonds: Callable[[Input], Sequence[tuple[str, ...]]] | None = None
    reasons: Callable[[Input, Array], list[tuple[str, float]]] | None = None
    analogues: Callable[[Dataset, Array, Array, Array, Array, Pairs], tuple[Analogue, ...]] | None = None


def _pixel_names(item: Input) -> tuple[str, ...]:
    height, width = item.values.shape[1:3]
    return tuple(f"row {row} column {column}" for row in range(height) for column in range(width))


def _tokens(item: Input) -> Array | None:
    return np.asarray(item.array != 0) if item.vocabulary else None  # the padding is the first of the vocabulary


def _by_feature(item: Input, values: Array) -> list[tuple[str, float]]:
    kind = KINDS[item.kind]
    return list(zip(kind.names(item), kind.features(item, values)[0, :, 0].tolist(), strict=True))


def _by_word(item: Input, values: Array) -> list[tuple[str, float]]:
    """Each word once, however often it stands there, as the sum of its occurrences."""
    sums: dict[str, float] = {}
    for token, value in zip(item.array[0].tolist(), values[0, :, 0].tolist(), strict=True):
        name = f"“{item.vocabulary[token]}”" if item.vocabulary else f"token {token}"
        sums[name] = sums.get(name, 0.0) + value
    return list(sums.items())


KINDS: dict[Kind, DataKind] = {
    "table": DataKind(
        baseline="mean",
        names=columns,
        features=by_column,
        amounts=column_values,
        reasons=_by_feature,
    ),
    "image": DataKind(
        baseline="black",
        names=_pixel_names,
        features=lambda _, values: values.reshape(len(values), -1, values.shape[-1]),
        amounts=lambda item: item.array.mean(axis=-1, dtype=np.float64).reshape(len(item.values), -1),
    ),
    "text": DataKind(
        baseline="zero",
        names=lambda item: tuple(f"token {position}" for position in range(item.values.shape[1])),
        present=_tokens,
        reasons=_by_word,
    ),
    "molecule": DataKind(
        baseline="zero",
        names=lambda _: tuple(group.name for group in GROUPS),
        features=lambda item, values: group_contributions(list(item.array), values),
        parts=lambda item: atom_counts(item.array.tolist()),
        bonds=lambda item: tuple(map(bond_names, item.array.tolist())),
        reasons=lambda item, values: group_sums(str(item.array[0]), values[0, :, 0]),
        analogues=analogues,
    ),
    "series": DataKind(
        baseline="channel_mean",
        names=part_names,
        features=by_part,
        amounts=part_values,
        reasons=_by_feature,
    ),
}
