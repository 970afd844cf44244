"""How often each stated 95% interval, and the interval that each stated error makes, holds the truth.

Everything is drawn from distributions whose truth has a closed form, and goes through the functions that the product
itself states its intervals with. `python -m tests.checks.coverage` measures the whole list with 1,000 seeds, in some
minutes, and writes it where the documentation has it.
"""

import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.stats import t

from exhibit.tasks.ahead import halves
from exhibit.tasks.behaviour.interactions import _told as of_pairs
from exhibit.tasks.chances import wilson
from exhibit.tasks.checks.inference import (
    AVERAGE,
    SHARE,
    SIZE,
    Estimate,
    Support,
    correlations,
    decision,
    until_decided,
)
from exhibit.tasks.checks.randomization import neighbours
from exhibit.tasks.data.table import RandomForestSpec
from exhibit.tasks.datasheet.leaks import rank_correlation
from exhibit.tasks.document.groups import ahead as groups_ahead
from exhibit.tasks.document.groups import bounds_of
from exhibit.tasks.document.interactions import halves_of
from exhibit.tasks.methods.aggregate import importances
from exhibit.tasks.methods.draws import SamplingSpec
from exhibit.tasks.methods.gradient import GradientMethod, VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import ExpectedGradientsSpec
from exhibit.tasks.methods.shap_gradient import GradientShapSpec
from exhibit.tasks.models.performance import performance
from exhibit.tasks.models.performance import rate as rate_of
from exhibit.tasks.models.torch import TorchModel, as_tensors
from exhibit.tasks.protocols import Compute, Score
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.behaviour import Asked
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.lead import Lead
from exhibit.tasks.records.model import Prediction
from tests.conftest import ROOT
from tests.methods.conftest import FormulaNet

FILE = ROOT / "docs" / "definitions.md"
LOWEST, HIGHEST = 0.92, 0.98
_BEGIN, _END = "<!-- coverage -->", "<!-- /coverage -->"

Draw = Callable[[np.random.Generator], bool]  # whether the interval of one seed holds the truth


class Stated(NamedTuple):
    """An interval or error that a report states, `where`, and one seed of it."""

    name: str
    where: str
    held: Draw


def holds(low: float, truth: float, high: float) -> bool:
    return bool(low <= truth <= high)


def by_error(value: float, error: float, truth: float, quantile: float) -> bool:
    return bool(abs(value - truth) <= quantile * error)


# --- how good the model is --------------------------------------------------------------------------------


def accuracy(count: int, rate: float) -> Draw:
    def held(random: np.random.Generator) -> bool:
        low, high = wilson(int(random.binomial(count, rate)), count)
        return holds(low, rate, high)

    return held


def regression(count: int, metric: int) -> Draw:
    """Labels of variance 1 + 3 and residuals of variance 1: the error is 1, and R² 3/4."""

    def held(random: np.random.Generator) -> bool:
        known = random.normal(0, np.sqrt(3), count)
        item = Input(name="x", kind="table", values=known[:, None], features=("a",))
        data = Dataset(
            title="t", description="d", source="s", task="regression", inputs=(item,), label_name="y",
            sample_ids=np.arange(count).astype(str), labels=known + random.normal(0, 1, count),
            split=np.full(count, "test"),
        )  # fmt: skip
        found = performance(data, Prediction(kind="values", outputs=known[:, None])).metrics[metric]
        assert found.interval is not None
        return holds(found.interval[0], (1.0, 0.75)[metric], found.interval[1])

    return held


# --- what a feature carries -------------------------------------------------------------------------------


def importance(count: int) -> Draw:
    """The mean of |a|, a normal: the line of a bar is its standard error."""

    def held(random: np.random.Generator) -> bool:
        (found,) = importances("x", ("f",), ("y",), "raw", [random.normal(size=(count, 1, 1))])
        return by_error(found.mean_absolute[0], found.standard_error[0], np.sqrt(2 / np.pi), t.ppf(0.975, count - 1))

    return held


def share(count: int, scales: tuple[float, ...]) -> Draw:
    """Of |a|, normals of these scales, the largest one's share in all features: the line of a bar on page one."""

    def held(random: np.random.Generator) -> bool:
        values = random.normal(size=(count, len(scales), 1)) * np.array(scales)[:, None]
        (found,) = importances("x", tuple("abcdefgh"[: len(scales)]), ("y",), "raw", [values])
        assert found.share_error is not None
        value = found.mean_absolute[0] / found.mean_absolute.sum()
        return by_error(value, found.share_error[0], scales[0] / sum(scales), t.ppf(0.975, count - 1))

    return held


def group(count: int) -> Draw:
    def held(random: np.random.Generator) -> bool:
        (found,) = importances("x", ("f",), ("y",), "raw", [random.normal(1, 1, size=(count, 1, 1))])
        low, high = bounds_of(found, 0)
        return holds(low, 1, high)

    return held


def groups(count: int, others: int) -> Draw:
    """One group of atoms and others, each in two of three molecules, with much in common in a molecule; the first is
    larger by 1: all intervals together."""

    def held(random: np.random.Generator) -> bool:
        values = random.normal(0, 1, (count, 1)) + random.normal(0, 0.7, (count, others + 1))
        values[:, 0] += 1
        values[np.arange(count)[:, None] % 3 == np.arange(others + 1) % 3] = np.nan
        names = tuple("abcdefgh"[: others + 1])
        (found,) = importances("x", names, ("y",), "raw", [values[..., None]], grouped=True)
        gaps, half = groups_ahead(found, 0, np.arange(1, others + 1))
        return bool((np.abs(gaps - 1) <= half).all())

    return held


def ranks(rows: int, correlation: float) -> Draw:
    """Of two normal columns, whose rank correlation is known: K. Pearson (1907)."""
    truth = 6 / np.pi * np.arcsin(correlation / 2)

    def held(random: np.random.Generator) -> bool:
        one, other = random.normal(size=(2, rows))
        _, low, high = rank_correlation(one, correlation * one + np.sqrt(1 - correlation**2) * other)
        return holds(low, truth, high)

    return held


def exceptions(rows: int, share: float) -> Draw:
    """Of a column and a copy of it, of which so many cells are something else: the rank correlation is the rest."""

    def held(random: np.random.Generator) -> bool:
        one, other = random.random((2, rows))
        _, low, high = rank_correlation(one, np.where(random.random(rows) < share, other, one))
        return holds(low, 1 - share, high)

    return held


def forest(trees: int) -> Draw:
    """Two features that are each other's mirror have half of the importance each; the line is the standard error over
    trees. The table is always the same, for the error says nothing of other tables."""
    rows = np.random.default_rng(0).normal(size=(20, 2))
    item = Input(name="x", kind="table", values=np.concatenate([rows, rows[:, ::-1]]), features=("a", "b"))
    data = Dataset(
        title="t", description="d", source="s", task="regression", inputs=(item,), label_name="y",
        sample_ids=np.arange(40).astype(str), labels=item.array.sum(axis=1), split=np.full(40, "train"),
    )  # fmt: skip

    def held(random: np.random.Generator) -> bool:
        found = RandomForestSpec(trees=trees, seed=int(random.integers(2**31))).compute(data)
        return by_error(found.mean[0], found.standard_error[0], 0.5, t.ppf(0.975, trees - 1))

    return held


def ahead(count: int, others: int) -> Draw:
    """Sizes that have much in common in a sample, the first larger by 1 than each other one: all intervals together."""

    def held(random: np.random.Generator) -> bool:
        sizes = random.gamma(4, size=(count, 1)) + random.normal(0, 0.3, (count, others + 1))
        sizes[:, 0] += 1
        lead = Lead.of(sizes)
        return lead.first == 0 and bool((np.abs(lead.gaps - 1) <= halves(lead)).all())

    return held


def difference(one: int, other: int, shares: tuple[float, float]) -> Draw:
    """Of two shares, with a mark and without it."""

    def held(random: np.random.Generator) -> bool:
        present, absent = (
            rate_of(random.random(count) < share) for count, share in zip((one, other), shares, strict=True)
        )
        low, high = present.less(absent)
        return holds(low, shares[0] - shares[1], high)

    return held


def interaction(rows: int) -> Draw:
    """Of a pair whose interaction has a size of 1 on average."""
    asked = Asked(rows=rows, of=rows, splits=("test",), seed=0, calls=0)
    said = {"asked": asked, "by": "trees", "features": ("a", "b"), "outputs": ("y",), "unit": "value", "most": 10}

    def held(random: np.random.Generator) -> bool:
        halves = np.zeros((rows, 2, 2, 1))
        halves[:, 0, 1, 0] = halves[:, 1, 0, 0] = random.gamma(4, 0.25, rows) / 2
        found = of_pairs(halves, halves.sum(axis=(1, 2)), **said)
        half = float(halves_of(found)[0, 0, 1])
        return holds(found.mean[0, 0, 1] - half, 1, found.mean[0, 0, 1] + half)

    return held


# --- what is drawn ----------------------------------------------------------------------------------------

_ROWS = 20


@cache
def _net() -> TorchModel:
    formula = FormulaNet(lambda x: x[:, 0] ** 2 + x[:, 0] * x[:, 1])
    return TorchModel(formula, as_tensors, "values", Compute(batch=64))


def drawn(make: Callable[[int], GradientMethod], truth: float, background: bool, count: int = _ROWS) -> Draw:
    """Of x₀² + x₀x₁ at (1.5, −2) the first feature, over draws of noise, or of rows that are uniform from −1 to 1."""

    def held(random: np.random.Generator) -> bool:
        rows = random.uniform(-1, 1, (count, 2)).astype(np.float32)
        found = make(int(random.integers(2**31))).attribute(
            _net(),
            {"x": np.array([[1.5, -2.0]], np.float32)},
            {"x": rows} if background else None,
            np.array(["s"]),
            np.zeros((1, 1), np.int64),
            Score(kind="value"),
            Compute(batch=64),
        )
        error = found.standard_error["x"].ravel()[0]
        return by_error(found.values["x"].ravel()[0], error, truth, t.ppf(0.975, count - 1))

    return held


_AGAINST_ROWS = 1.5**2 - 1 / 3 - 1.5  # of a row x′: x₀² − x′₀² and half of x₀x₁, on average


# --- checks -----------------------------------------------------------------------------------------------


def mean(support: Support, values: Callable[[np.random.Generator], Array], truth: float) -> Draw:
    return lambda random: holds(*_ends(support.mean(values(random)), truth))


def median(support: Support, values: Callable[[np.random.Generator], Array], truth: float) -> Draw:
    return lambda random: holds(*_ends(support.median(values(random)), truth))


def grown(support: Support, values: Callable[[np.random.Generator], Array], truth: float, threshold: float) -> Draw:
    """Of a sample that grows from 16 to 200 until it is decided."""

    def held(random: np.random.Generator) -> bool:
        every = values(random)
        measured = until_decided(
            lambda start, stop: every[start:stop],
            lambda some, level: decision(support.mean(some, level), threshold, True) != "undecided",
            16,
            len(every),
            lambda done, wanted: True,
        )
        return holds(*_ends(support.mean(measured), truth))

    return held


def _ends(found: Estimate, truth: float) -> tuple[float, float, float]:
    return found.low, truth, found.high


def lowest(settings: int) -> Draw:
    """Of settings that are alike, over 40 samples that they share: whichever is the lowest is so by luck."""

    def held(random: np.random.Generator) -> bool:
        shared = random.normal(size=40)
        parts = [0.8 + 0.04 * (shared + random.normal(size=40)) for _ in range(settings)]
        return holds(*_ends(correlations(64).lowest(parts), 0.8))

    return held


def of_neighbours(random: np.random.Generator) -> bool:
    """Of ten random models each with the next: by what one of them is, both pairs that it is in are higher."""
    models = random.normal(size=10)
    pairs = 0.5 + 0.05 * (models[1:] + models[:-1]) + random.normal(size=9) * 0.04
    return holds(*_ends(neighbours(pairs), 0.5))


def of_trainings(random: np.random.Generator) -> Array:
    return np.clip(random.normal(0.6, 0.15, 4), -1, 1)


_RANKS = "leaks and correlated columns, jackknife of Fisher's z, Student's t"

CASES: tuple[Stated, ...] = (
    Stated("accuracy of 90% on 100 rows", "quality of a model, Wilson", accuracy(100, 0.9)),
    Stated("accuracy of 98% on 450 rows", "quality of a model, Wilson", accuracy(450, 0.98)),
    Stated("rate of 70% of 10 pictures", "with and without a mark, Wilson", accuracy(10, 0.7)),
    Stated("RMSE on 30 rows", "quality of a model, resampled rows", regression(30, 0)),
    Stated("RMSE on 100 rows", "quality of a model, resampled rows", regression(100, 0)),
    Stated("RMSE on 250 rows", "quality of a model, resampled rows", regression(250, 0)),
    Stated("R² on 30 rows", "quality of a model, resampled rows", regression(30, 1)),
    Stated("R² on 250 rows", "quality of a model, resampled rows", regression(250, 1)),
    Stated(
        "drop from 95% of 40 pictures to 60% of 20",
        "with and without a mark, Newcombe",
        difference(40, 20, (0.95, 0.6)),
    ),
    Stated("no drop from 80% of 30 pictures", "with and without a mark, Newcombe", difference(30, 30, (0.8, 0.8))),
    Stated("importance over 20 samples", "standard error over samples, Student's t", importance(20)),
    Stated("importance over 150 samples", "standard error over samples, Student's t", importance(150)),
    *(
        Stated(
            f"share of {share_of} of the importance over {count} samples",
            "standard error of the share over samples, Student's t",
            share(count, scales),
        )
        for count in (20, 150)
        for share_of, scales in (("67%", (2.0, 1.0)), ("40%", (4.0, 3.0, 2.0, 1.0)))
    ),
    Stated("importance of a forest of 20 trees", "standard error over trees, Student's t", forest(20)),
    Stated(
        "first of four features over 20 samples",
        "which feature leads: all three differences, Student's t",
        ahead(20, 3),
    ),
    Stated("first of two channels over 5 samples", "which part of a series leads, Student's t", ahead(5, 1)),
    Stated("size of an interaction over 20 rows", "interactions, Student's t", interaction(20)),
    Stated("mean of a group in 5 molecules", "functional groups, Student's t", group(5)),
    Stated("mean of a group in 30 molecules", "functional groups, Student's t", group(30)),
    Stated(
        "first of four groups in 15 molecules that share some",
        "which group moves most: all three differences, molecule by molecule, Student's t",
        groups(15, 3),
    ),
    Stated(
        "first of four groups in 90 molecules that share some",
        "which group moves most: all three differences, molecule by molecule, Student's t",
        groups(90, 3),
    ),
    Stated("rank correlation of 0.48 in 30 rows", _RANKS, ranks(30, 0.5)),
    Stated("rank correlation of 0.89 in 30 rows", _RANKS, ranks(30, 0.9)),
    Stated("rank correlation of 0.97 in 30 rows", _RANKS, ranks(30, 0.975)),
    Stated("rank correlation of 0.89 in 300 rows", _RANKS, ranks(300, 0.9)),
    Stated("rank correlation of 0.80 in 30 rows, by exceptions", _RANKS, exceptions(30, 0.2)),
    Stated("rank correlation of 0.90 in 100 rows, by exceptions", _RANKS, exceptions(100, 0.1)),
    Stated("rank correlation of 0.97 in 300 rows, by exceptions", _RANKS, exceptions(300, 0.03)),
    Stated(
        "gradient over 20 draws of noise",
        "standard error over draws, Student's t",
        drawn(
            lambda seed: VanillaGradSpec(
                sampling=SamplingSpec(nt_samples=_ROWS, stdevs=0.3, mode="absolute", seed=seed)
            ),
            1.0,
            False,
        ),
    ),
    Stated(
        "expected gradients over 20 rows",
        "standard error over rows, Student's t",
        drawn(lambda seed: ExpectedGradientsSpec(n_steps=4, seed=seed), _AGAINST_ROWS, True),
    ),
    Stated(
        "gradient SHAP over 20 rows",
        "standard error over rows, Student's t",
        drawn(lambda seed: GradientShapSpec(seed=seed), _AGAINST_ROWS, True),
    ),
    Stated(
        "gradient SHAP over 50 rows",
        "standard error over rows, Student's t",
        drawn(lambda seed: GradientShapSpec(seed=seed), _AGAINST_ROWS, True, 50),
    ),
    Stated("mean share of 24 samples", "deletion, insertion", mean(SHARE, lambda r: r.binomial(10, 0.7, 24) / 10, 0.7)),
    Stated("mean share of 24 samples, near 1", "localization", mean(SHARE, lambda r: r.beta(8, 2, 24), 0.8)),
    Stated(
        "mean correlation of 16 samples",
        "faithfulness correlation, agreement, sensitivity",
        mean(correlations(64), lambda r: np.clip(r.normal(0.3, 0.2, 16), -1, 1), 0.3),
    ),
    Stated(
        "mean correlation of 40 samples of four elements",
        "the same, of few elements",
        mean(correlations(4), lambda r: r.choice([-0.2, 0.4, 0.8, 1.0], 40), 0.5),
    ),
    Stated("lowest of four means of 40 samples that are alike", "sensitivity", lowest(4)),
    Stated("lowest of eight means of 40 samples that are alike", "sensitivity", lowest(8)),
    Stated("mean gain of 32 samples", "alignment", mean(AVERAGE, lambda r: r.beta(2, 6, 32), 0.25)),
    Stated("mean of 5 random models", "randomization", mean(AVERAGE, lambda r: r.normal(0.1, 0.25, 5), 0.1)),
    Stated(
        "mean of 9 pairs of 10 random models", "randomization, what two random models have in common", of_neighbours
    ),
    Stated("mean of 4 trainings", "seed stability", mean(correlations(30), of_trainings, 0.6)),
    Stated("median of 16 samples", "stability", median(SIZE, lambda r: r.exponential(size=16), float(np.log(2)))),
    Stated("median of 100 samples", "sparseness", median(SHARE, lambda r: r.beta(4, 4, 100), 0.5)),
    Stated(
        "mean share of a sample that grows",
        "every check that calls the model",
        grown(SHARE, lambda r: r.binomial(10, 0.7, 200) / 10, 0.7, 0.75),
    ),
)


def rate(case: Stated, seeds: int) -> float:
    """The share of seeds in which it holds the truth."""
    return float(np.mean([case.held(np.random.default_rng(seed)) for seed in range(seeds)]))


def table(seeds: int) -> Iterator[str]:
    """Lines of the list, in Markdown."""
    yield "| stated | where | holds the truth |"
    yield "|---|---|---|"
    for case in CASES:
        yield f"| {case.name} | {case.where} | {rate(case, seeds):.1%} |"


def main(seeds: int) -> None:
    """Prints the list, and writes it into the documentation."""
    lines = []
    for line in table(seeds):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        lines.append(line)
    text = FILE.read_text(encoding="utf-8")
    new = "\n".join([_BEGIN, "", *lines, "", _END])
    FILE.write_text(re.sub(f"{_BEGIN}.*{_END}", lambda _: new, text, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
