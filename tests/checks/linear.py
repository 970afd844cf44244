"""A linear model of images of 2x2 pixels, whose explanations are known: w * x."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from exhibit.tasks.checks.case import Case, Shard, StandIn
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.explanation import Attribution

WEIGHTS = np.array([[4.0, 3.0], [2.0, 1.0]])
IMAGES = np.random.default_rng(0).uniform(0.5, 1.5, (80, 2, 2, 1)).astype(np.float32)


def dataset(regions: Array | None = None) -> Dataset:
    count = len(IMAGES)
    return Dataset(
        title="linear",
        description="",
        source="",
        task="regression",
        inputs=(Input(name="image", kind="image", values=IMAGES, bounds=(0, 2), regions=regions),),
        sample_ids=np.array([str(row) for row in range(count)]),
        labels=np.zeros(count),
        split=np.full(count, "test"),
        label_name="value",
    )


def times(weights: Array) -> Callable[[Arrays, Array], dict[str, Array]]:
    """The explanation weights * x, as what a method gives: (samples, height, width, targets)."""
    return lambda inputs, _: {"image": inputs["image"] * weights[..., np.newaxis]}


def shards(values: Arrays) -> Callable[[], Iterator[Shard]]:
    """The same values in two shards."""

    def read() -> Iterator[Shard]:
        for rows in (slice(0, 5), slice(5, None)):
            yield Shard(ONE_TARGET.rows(rows), {name: array[rows] for name, array in values.items()})

    return read


def _attribution(targets: Array, prediction: Array) -> Attribution:
    nothing = np.zeros((len(targets), 1))
    return Attribution(
        sample_ids=np.array([str(row) for row in range(len(targets))]), targets=targets[:, None].astype(int), values={},
        prediction=prediction[:, None], base_value=nothing, residual=nothing, steps=nothing, converged=nothing == 0,
    )  # fmt: skip


ONE_TARGET = _attribution(np.zeros(len(IMAGES)), IMAGES.sum(axis=(1, 2, 3)))


def _of_draw(randomised: Sequence[Array], seed: int) -> Sequence[Array]:
    """The explanations of the random model of a draw; where there is one draw alone, of every draw."""
    return randomised[seed % len(randomised)] if randomised and randomised[0].ndim == 3 else randomised


def linear_case(
    weights: Array,
    explained: Array | None = None,
    others: Mapping[str, Array] | None = None,
    variants: Mapping[str, Mapping[str, tuple[int, int]]] | None = None,
    regions: Array | None = None,
    trainings: Sequence[Array] = (),
    randomised: Sequence[Array] = (),
    attributions: Sequence[Attribution] = (),
    additive: bool = True,
    in_score: bool = True,
    calls: int = 0,
    targets: Array | None = None,
) -> Case:
    """A model sum(weights * x), explained as `explained` * x (None: as it is), and what a check may ask about it.
    `attributions`: what a method is to have stored."""
    everyone, inputs = np.arange(len(IMAGES)), {"image": IMAGES}
    stored = ONE_TARGET if targets is None else _attribution(targets, IMAGES.sum(axis=(1, 2, 3)))
    explain = times(weights if explained is None else explained)
    return Case(
        label="m",
        additive=additive,
        in_score=in_score,
        attributions=lambda: iter(attributions or [stored]),
        shards=shards(explain(inputs, everyone)),
        dataset=lambda: dataset(regions),
        others={name: shards(times(other)(inputs, everyone)) for name, other in (others or {}).items()},
        in_score_too=frozenset(others or {}),
        signs_alike=frozenset(others or {}),
        variants=variants or {},
        trainings=lambda: trainings,
        score=lambda changed, _: (changed["image"][..., 0] * weights).sum(axis=(1, 2)),
        explain=explain,
        baseline=lambda rows: {"image": np.zeros_like(IMAGES[rows])},
        stand_in=lambda rows: StandIn({"image": np.zeros_like(IMAGES[rows])}),
        by_element=lambda: True,
        randomised=lambda seed, whole: iter(
            [(f"layer {k}", times(other)) for k, other in enumerate(_of_draw(randomised, seed))][-1 if whole else 0 :]
        ),
        calls=lambda: calls,
    )
