"""Integrated gradients, refined per sample until they add up."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from tasks.methods.gradient import GradientMethod
from tasks.methods.path import Factor, Pass
from tasks.records import Baseline

Rule = Literal["midpoint", "gausslegendre", "trapezoid", "endpoints"]

_FIRST = 3  # points of the first pass; tripled from 3 to 9 to 27 by the midpoint rule, about doubled by the others


class IntegratedGradientsSpec(GradientMethod):
    """(x - x') times the integral of dS/dx along the line from the baseline x' to x.

    M. Sundararajan, A. Taly, Q. Yan (2017), Axiomatic attribution for deep networks.
    """

    kind: Literal["integrated_gradients"] = "integrated_gradients"
    rule: Rule = Field("midpoint", description="midpoint, gausslegendre, trapezoid, or endpoints (equal weights)")
    n_steps: Literal["auto"] | Annotated[int, Field(ge=1)] = Field(
        "auto", description="points on the line, for the trapezoid its intervals; auto refines per sample"
    )
    tolerance: float = Field(0.01, gt=0, lt=1, description="auto: relative residual and change that are small enough")
    max_steps: int = Field(1000, ge=1, description="auto: most gradient evaluations for one output of a sample")
    baseline: Baseline = Field("auto", description="what is compared with, in raw units: auto, zero, black or mean")

    title: ClassVar[str] = "Integrated gradients"
    formula: ClassVar[str] = (
        "(<i>x</i> − <i>x</i>′) · ∫<sub>0</sub><sup>1</sup> "
        "∂<i>S</i>(<i>x</i>′ + <i>α</i>(<i>x</i> − <i>x</i>′))/∂<i>x</i> d<i>α</i>"
    )
    citation: ClassVar[str] = "M. Sundararajan, A. Taly, Q. Yan (2017), Axiomatic attribution for deep networks, ICML."
    factor: ClassVar[Factor] = "difference"

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


def single(rule: Rule, count: int) -> Pass:
    """The whole line at once, with weights that sum to 1."""
    match rule:
        case "midpoint":
            return Pass(0.0, (np.arange(count) + 0.5) / count, np.full(count, 1 / count))
        case "gausslegendre":
            nodes, weights = np.polynomial.legendre.leggauss(count)
            return Pass(0.0, (nodes + 1) / 2, weights / 2)
        case "trapezoid":
            weights = np.full(count + 1, 1 / count)
            weights[[0, -1]] /= 2
            return Pass(0.0, np.linspace(0, 1, count + 1), weights)
        case "endpoints":
            return Pass(0.0, np.linspace(0, 1, count), np.full(count, 1 / count))


def refining(rule: Rule) -> Iterator[Pass]:
    """Finer and finer passes without end; all but Gauss-Legendre keep every earlier point."""
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
