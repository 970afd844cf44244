"""A linear model of images of 2x2 pixels, whose explanations are known: w * x."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from exhibit.tasks.checks.case import Case, Shard
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.explanation import Attribution

WEIGHTS = np.array([[4.0, 3.0], [2.0, 1.0]])
IMAGES = np.random.default_rng(0).uniform(0.5, 1.5, (12, 2, 2, 1)).astype(np.float32)


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
    nothing = np.zeros((1, 1))
    part = Attribution(
        sample_ids=np.array(["-"]), targets=nothing, values={}, prediction=nothing, base_value=nothing,
        residual=nothing, steps=nothing, converged=nothing,
    )  # fmt: skip

    def read() -> Iterator[Shard]:
        for rows in (slice(0, 5), slice(5, None)):
            yield Shard(part, {name: array[rows] for name, array in values.items()})

    return read


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
) -> Case:
    """A model sum(weights * x), explained as `explained` * x (None: as it is), and what a check may ask about it.
    `attributions`: what a method is to have stored."""
    everyone, inputs = np.arange(len(IMAGES)), {"image": IMAGES}
    explain = times(weights if explained is None else explained)
    return Case(
        label="m",
        additive=additive,
        attributions=lambda: iter(attributions),
        shards=shards(explain(inputs, everyone)),
        dataset=lambda: dataset(regions),
        others={name: shards(times(other)(inputs, everyone)) for name, other in (others or {}).items()},
        variants=variants or {},
        trainings=lambda: trainings,
        score=lambda changed, _: (changed["image"][..., 0] * weights).sum(axis=(1, 2)),
        explain=explain,
        baseline=lambda rows: {"image": np.zeros_like(IMAGES[rows])},
        randomised=lambda _: iter([(f"layer {k}", times(other)) for k, other in enumerate(randomised)]),
    )
