"""Integrated gradients, refined per sample until they add up."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from exhibit.tasks.methods.gradient import GradientMethod
from exhibit.tasks.methods.method import Against
from exhibit.tasks.methods.path import Factor, Pass, Question
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Baseline
from exhibit.tasks.records.language import mark, say

Rule = Literal["cosine", "midpoint", "gausslegendre", "trapezoid", "endpoints"]

_FIRST = 3  # points of the first pass; tripled from 3 to 9 to 27 by the midpoint rule, about doubled by the others


class _PathMethod(GradientMethod):
    """Options of every method that integrates gradients along the line from baseline to sample."""

    rule: Literal["auto"] | Rule = Field(
        "auto",
        description="cosine, midpoint, gausslegendre, trapezoid, or endpoints (equal weights); auto: cosine where "
        "n_steps is auto, midpoint where it is a number",
    )
    n_steps: Literal["auto"] | Annotated[int, Field(ge=1, le=100_000)] = Field(
        "auto",
        description="points on the line, for the trapezoid its intervals; auto refines per sample",
    )
    tolerance: float = Field(0.01, gt=0, lt=1, description="auto: relative residual and change that are small enough")
    max_steps: int = Field(
        1024, ge=1, le=100_000, description="auto: most gradient evaluations for one output of a sample"
    )

    factor: ClassVar[Factor] = "difference"
    how_far: ClassVar[frozenset[str]] = frozenset({"tolerance", "max_steps"})
    compat: str | None = None

    @model_validator(mode="after")
    def _as_published(self) -> Self:
        rule = {"keras_example": "trapezoid", "chainer_chemistry": "endpoints"}.get(self.compat or "", self.rule)
        if self.compat and (self.rule != rule or self.n_steps == "auto"):
            raise ValueError(f"compat {self.compat} needs rule: {rule} and a number for n_steps")
        if self.compat == "keras_example" and self.layer is not None:
            raise ValueError("compat keras_example is taken at the input; leave out the layer")
        return self

    @model_validator(mode="after")
    def _holds_a_pass(self) -> Self:
        if self.n_steps == "auto" and self.max_steps <= _FIRST:  # seldom, so that no nodes are computed for nothing
            first = len(next(refining(self.chosen_rule())).alphas)
            if self.max_steps < first:
                raise ValueError(
                    f"max_steps={self.max_steps} holds not even the first pass of rule {self.chosen_rule()}, of "
                    f"{first} gradients: give more, or a number for n_steps"
                )
        return self

    def located(self, layer: str | None) -> Self:
        """As every method; the Keras example is taken at the input whatever that is."""
        return self if self.compat == "keras_example" else super().located(layer)

    def multiplier(self) -> Factor:
        """x - x' as the model sees it; the Keras example takes it in raw units."""
        return "raw_difference" if self.compat == "keras_example" else "difference"

    @property
    def departure(self) -> str | None:
        """In one sentence, how a published variant differs from the definition; None without `compat`."""
        return None if self.compat is None else _DEPARTURES[self.compat]

    def chosen_rule(self) -> Rule:
        """That of the options, or the one that needs the fewest gradients where they are refined."""
        if self.rule != "auto":
            return self.rule
        return "cosine" if self.n_steps == "auto" else "midpoint"

    def settings(self) -> dict[str, Any]:
        """As every method, with the rule that is followed; a number of steps is not refined to anything."""
        unused = () if self.n_steps == "auto" else ("tolerance", "max_steps")
        known = super().settings() | {"rule": self.chosen_rule()}
        return {name: value for name, value in known.items() if name not in unused}

    def passes(self) -> Iterator[Pass]:
        """One pass of `n_steps`, or finer and finer ones while they stay within `max_steps` evaluations."""
        if self.n_steps != "auto":
            yield single(self.chosen_rule(), self.n_steps)
            return
        spent = 0
        for step in refining(self.chosen_rule()):
            spent += len(step.alphas)
            if spent > self.max_steps:
                return
            yield step

    def refined_to(self) -> float | None:
        """The tolerance where steps are chosen per sample."""
        return self.tolerance if self.n_steps == "auto" else None


class IntegratedGradientsSpec(_PathMethod):
    """(x - x') times the integral of dS/dx along the line from the baseline x' to x.

    M. Sundararajan, A. Taly, Q. Yan (2017), Axiomatic attribution for deep networks.
    """

    kind: Literal["integrated_gradients"] = "integrated_gradients"
    baseline: Baseline = Field(
        "auto",
        description="compared with, in raw units: auto, zero, black, mean, blur, uniform, hidden (of a text that is "
        "read by the tokenizer of its model: every word) or sample:ID of the data",
    )
    compat: Literal["keras_example", "chainer_chemistry"] | None = Field(
        None, description="reproduce a published variant: keras_example or chainer_chemistry"
    )

    plain_title: ClassVar[str] = mark("Integrated gradients")
    plain_formula: ClassVar[str] = (
        "(<i>x</i> − <i>x</i>′) · ∫<sub>0</sub><sup>1</sup> "
        "∂<i>S</i>(<i>x</i>′ + <i>α</i>(<i>x</i> − <i>x</i>′))/∂<i>x</i> d<i>α</i>"
    )
    plain_citation: ClassVar[str] = (
        "M. Sundararajan, A. Taly, Q. Yan (2017), Axiomatic attribution for deep networks, ICML, "
        "doi:10.48550/arXiv.1703.01365."
    )

    @property
    def against(self) -> Against:
        """A baseline for each sample."""
        return Against(self.baseline)


_DEPARTURES = {
    "keras_example": mark(
        "As in the Keras example, gradients at the preprocessed input are multiplied by the difference in raw units, "
        "so the values are too large by the factor of the preprocessing and do not add up."
    ),
    "chainer_chemistry": mark(
        "As in Chainer Chemistry, both ends of the path and the points between count equally, so few steps leave a "
        "residual."
    ),
}


class ExpectedGradientsSpec(_PathMethod):
    """Integrated gradients averaged over many baselines, in raw units: rows of the training data, or uniform noise.

    G. Erion, J. Janizek, P. Sturmfels, S. Lundberg, S.-I. Lee (2021), Improving performance of deep learning models
    with axiomatic attribution priors and expected gradients.
    """

    kind: Literal["expected_gradients"] = "expected_gradients"
    baseline: Literal["samples", "uniform"] = Field(
        "samples", description="rows of the training data, or uniform noise over the range of an input"
    )
    background: int = Field(
        20, ge=1, le=100_000, description="how many of them every sample is compared with, drawn by seed"
    )
    seed: int = Field(0, ge=0, lt=2**32, description="of the draw")
    compat: Literal["keras_example"] | None = Field(None, description="reproduce a published variant: keras_example")

    plain_title: ClassVar[str] = mark("Expected gradients")
    plain_formula: ClassVar[str] = say(
        "mean over baselines <i>x</i>′ of {formula}", formula=IntegratedGradientsSpec.plain_formula
    )
    plain_citation: ClassVar[str] = (
        "G. Erion, J. Janizek, P. Sturmfels, S. Lundberg, S.-I. Lee (2021), Improving performance of deep learning "
        "models with axiomatic attribution priors and expected gradients, Nature Machine Intelligence, "
        "doi:10.1038/s42256-021-00343-w."
    )

    @property
    def against(self) -> Against:
        """Many baselines, the same for every sample."""
        return Against(self.baseline, self.background, self.seed)

    def compared(self, question: Question) -> list[Question]:
        """One question per row of the background, each the baseline of every sample.

        `question.baselines`: (background, ...) raw rows.

        Raises:
            InputError: without a background.
        """
        if question.baselines is None:
            raise InputError("expected_gradients: the background is empty: it needs at least one training row")
        rows, pairs = len(next(iter(question.baselines.values()))), len(question.pairs.sample)
        return [replace(question, against=np.full(pairs, row)) for row in range(rows)]


def single(rule: Rule, count: int) -> Pass:
    """The whole line at once, with weights that sum to 1."""
    return Pass.whole(*_points(rule, count))


def _points(rule: Rule, count: int) -> tuple[Array, Array]:
    """Points between 0 and 1, and their weights."""
    match rule:
        case "cosine":
            return _cosine(count + 1)
        case "midpoint":
            return (np.arange(count) + 0.5) / count, np.full(count, 1 / count)
        case "gausslegendre":
            nodes, weights = _gauss(count)
            return (nodes + 1) / 2, weights / 2
        case "trapezoid":
            weights = np.full(count + 1, 1 / count)
            weights[[0, -1]] /= 2
            return np.linspace(0, 1, count + 1), weights
        case "endpoints":
            return np.linspace(0, 1, count), np.full(count, 1 / count)


def _cosine(parts: int) -> tuple[Array, Array]:
    """The trapezoid in t of alpha = (1 - cos(pi t)) / 2, the points of C. W. Clenshaw and A. R. Curtis (1960).

    The derivative of alpha is 0 at both ends, so they need no gradient; what its values add up to less than 1 goes to
    the first and the last point, which is the next term of Euler and Maclaurin's formula but for h^4.
    """
    t = np.arange(1, parts) / parts
    weights = np.pi / (2 * parts) * np.sin(np.pi * t)
    weights[[0, -1]] += _missing(parts) * (1 if parts > 2 else 2)
    return (1 - np.cos(np.pi * t)) / 2, weights


def _missing(parts: int) -> float:
    """What each of both ends is due of 1 - sum of pi / (2 n) sin(pi k / n), which is pi / (2 n) cot(pi / (2 n))."""
    half = np.pi / (2 * parts)
    return float(1 - half / np.tan(half)) / 2


@cache  # the nodes are eigenvalues: a thousand of them take a tenth of a second
def _gauss(count: int) -> tuple[Array, Array]:
    from scipy.special import roots_legendre

    nodes, weights = roots_legendre(count)
    return nodes, weights


def refining(rule: Rule) -> Iterator[Pass]:
    """Finer and finer passes without end; all but Gauss-Legendre keep every earlier point.

    On nets with kinks the error of each rule falls as c / n. Two passes of n and 3 n nested midpoints then agree to a
    tolerance t from 3 n = 2.8 c / t on, of n and 2 n nested trapezoids from 2 n = 1.7 c / t on; passes that share no
    point, whatever their ratio, cost 2.8 c / t or more. To aim at the n that the last change foretells saves little:
    what it skips, it pays for with points that are not used again. On smooth nets the error of the cosine rule falls as
    1 / n^4, those of midpoint and trapezoid as 1 / n^2.
    """
    count = _FIRST
    while True:
        match rule:
            case "cosine":
                yield _finer_cosine(count + 1, first=count == _FIRST)
                count = 2 * count + 1
            case "midpoint":
                yield _finer(rule, count)
                count *= 3
            case "trapezoid":
                yield _finer(rule, count)
                count *= 2
            case "endpoints":
                yield _finer(rule, count)
                count = 2 * count - 1
            case "gausslegendre":
                yield single(rule, count)
                count *= 2


def _finer(rule: Rule, count: int) -> Pass:
    """From the rule with fewer points to the one with `count`, by the new points alone."""
    alphas, weights = _points(rule, count)
    if count == _FIRST:
        return Pass.whole(alphas, weights)
    number = np.arange(len(alphas))
    new = number % 3 != 1 if rule == "midpoint" else number % 2 == 1  # the middle of three, every second: old points
    return Pass(np.array([[1 - weights[new].sum()]]), alphas[new], weights[np.newaxis, new])


def _finer_cosine(parts: int, first: bool) -> Pass:
    """From half as many parts to `parts`: every old point counts half, and the old first and last one, which the second
    sum is about, give back what they had of the ends."""
    alphas, weights = _cosine(parts)
    outermost = np.zeros_like(weights)
    outermost[[0, -1]] = 1
    new = slice(None) if first else slice(None, None, 2)
    keep = np.array([[0.5, -_missing(parts // 2) / 2], [0.0, 0.0]])
    return Pass(keep, alphas[new], np.stack([weights[new], outermost[new]]))
