"""Integrated gradients, refined per sample until they add up."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from exhibit.tasks.methods.gradient import GradientMethod
from exhibit.tasks.methods.method import Against
from exhibit.tasks.methods.path import Factor, Pass, Question
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Baseline
from exhibit.tasks.records.language import mark, say

Rule = Literal["midpoint", "gausslegendre", "trapezoid", "endpoints"]

_FIRST = 3  # points of the first pass; tripled from 3 to 9 to 27 by the midpoint rule, about doubled by the others


class _PathMethod(GradientMethod):
    """Options of every method that integrates gradients along the line from baseline to sample."""

    rule: Rule = Field("midpoint", description="midpoint, gausslegendre, trapezoid, or endpoints (equal weights)")
    n_steps: Literal["auto"] | Annotated[int, Field(ge=1, le=100_000)] = Field(
        "auto",
        description="points on the line, for the trapezoid its intervals; auto refines per sample, with the trapezoid "
        "in about half as many gradients as with the midpoint",
    )
    tolerance: float = Field(0.01, gt=0, lt=1, description="auto: relative residual and change that are small enough")
    max_steps: int = Field(
        1000, ge=1, le=100_000, description="auto: most gradient evaluations for one output of a sample"
    )

    factor: ClassVar[Factor] = "difference"
    compat: str | None = None

    @model_validator(mode="after")
    def _as_published(self) -> Self:
        rule = {"keras_example": "trapezoid", "chainer_chemistry": "endpoints"}.get(self.compat or "", self.rule)
        if self.compat and (self.rule != rule or self.n_steps == "auto"):
            raise ValueError(f"compat {self.compat} needs rule: {rule} and a number for n_steps")
        if self.compat == "keras_example" and self.layer is not None:
            raise ValueError("compat keras_example is taken at the input; leave out the layer")
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

    def passes(self) -> Iterator[Pass]:
        """One pass of `n_steps`, or finer and finer ones while they stay within `max_steps` evaluations."""
        if self.n_steps != "auto":
            yield single(self.rule, self.n_steps)
            return
        spent = 0
        for step in refining(self.rule):
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
    match rule:
        case "midpoint":
            return Pass(0.0, (np.arange(count) + 0.5) / count, np.full(count, 1 / count))
        case "gausslegendre":
            nodes, weights = _gauss(count)
            return Pass(0.0, (nodes + 1) / 2, weights / 2)
        case "trapezoid":
            weights = np.full(count + 1, 1 / count)
            weights[[0, -1]] /= 2
            return Pass(0.0, np.linspace(0, 1, count + 1), weights)
        case "endpoints":
            return Pass(0.0, np.linspace(0, 1, count), np.full(count, 1 / count))


@cache  # the nodes are eigenvalues: a thousand of them take seconds
def _gauss(count: int) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return nodes, weights


def refining(rule: Rule) -> Iterator[Pass]:
    """Finer and finer passes without end; all but Gauss-Legendre keep every earlier point.

    On nets with kinks the error of each rule falls as c / n. Two passes of n and 3 n nested midpoints then agree to a
    tolerance t from 3 n = 2.8 c / t on, of n and 2 n nested trapezoids from 2 n = 1.7 c / t on; passes that share no
    point, whatever their ratio, cost 2.8 c / t or more. To aim at the n that the last change foretells saves little:
    what it skips, it pays for with points that are not used again.
    """
    count = _FIRST
    while True:
        yield single(rule, count) if count == _FIRST or rule == "gausslegendre" else _finer(rule, count)
        match rule:
            case "midpoint":
                count *= 3
            case "gausslegendre" | "trapezoid":
                count *= 2
            case "endpoints":
                count = 2 * count - 1


def _finer(rule: Rule, count: int) -> Pass:
    """From the rule with fewer points to the one with `count`, by the new points alone."""
    whole = single(rule, count)
    number = np.arange(len(whole.alphas))
    new = number % 3 != 1 if rule == "midpoint" else number % 2 == 1  # the middle of three, every second: old points
    return Pass(1 - whole.weights[new].sum(), whole.alphas[new], whole.weights[new])
