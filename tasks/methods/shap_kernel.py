"""Shapley values from predictions alone: any model will do."""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from exhibit.tasks.methods.method import Against
from exhibit.tasks.methods.shap import ShapMethod, explained, flat, kept_state, parts, scores_of, seed_of
from exhibit.tasks.protocols import Compute, Model, Score, evaluated
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Baseline, Input
from exhibit.tasks.records.explanation import Attribution, Cost

# Numbers in a matrix of SHAP's; it holds several, of 0.4 GB each at this size.
MOST_NUMBERS = 50_000_000

ScoreOf = Callable[[Arrays], Array]  # raw inputs of several samples -> (samples, targets)


class Found(NamedTuple):
    """Shapley values of one sample: per input shaped like it, with a last axis of targets; and the scores (targets,)
    of the sample and of the one with every element hidden."""

    values: dict[str, Array]
    prediction: Array
    base_value: Array


class HidingMethod(ShapMethod):
    """Options of explainers that hide elements and ask for predictions, one sample after another."""

    baseline: Baseline = Field(
        "auto", description="what a hidden element becomes, in raw units: auto, zero, black or mean"
    )

    @property
    def against(self) -> Against:
        """What a hidden element becomes."""
        return Against(self.baseline)

    @abstractmethod
    def most_predictions(self, part: Attribution) -> int:
        """For a sample of those that are explained in `part`."""

    def cost(self, part: Attribution) -> Cost:
        """At most: SHAP stops where it has seen all coalitions."""
        return Cost(evaluations=len(part.targets) * self.most_predictions(part), at_most=True)

    def attribute(
        self,
        model: Model,
        inputs: Arrays,
        baselines: Arrays | None,
        sample_ids: Array,
        targets: Array,
        score: Score,
        compute: Compute,
    ) -> Attribution:
        """As every method; no baselines stand for raw zeros."""
        results = []
        for row, chosen in enumerate(targets):
            sample = {name: array[row : row + 1] for name, array in inputs.items()}
            hidden = {
                name: np.zeros_like(a) if baselines is None else baselines[name][row : row + 1]
                for name, a in sample.items()
            }
            score_of = partial(scores_of, partial(evaluated, model), model.output, score, chosen.tolist())
            with kept_state():
                np.random.seed(seed_of(self.seed, sample_ids[row]))
                results.append(self.explained(score_of, sample, hidden, compute))
        return explained(
            sample_ids,
            targets,
            {name: np.stack([each.values[name] for each in results]) for name in inputs},
            np.stack([each.prediction for each in results]),
            np.stack([each.base_value for each in results]),
        )

    @abstractmethod
    def explained(self, score_of: ScoreOf, sample: Arrays, baseline: Arrays, compute: Compute) -> Found:
        """Explains one sample.

        Raises:
            InputError: where its elements cannot be hidden.
        """


class KernelShapSpec(HidingMethod):
    """Shapley values by weighted regression over coalitions, without SHAP's limit to ten features.

    SHAP holds all coalitions at once, so that coalitions times elements may be 50 million: with `nsamples: auto` about
    4,500 elements, a gray image of 67 by 67 pixels.

    S. Lundberg, S.-I. Lee (2017), A unified approach to interpreting model predictions.
    """

    kind: Literal["kernel_shap"] = "kernel_shap"
    nsamples: Literal["auto"] | Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        "auto", description="coalitions that are tried; auto: 2 per element and 2048"
    )

    title: ClassVar[str] = "Kernel SHAP"
    citation: ClassVar[str] = (
        "S. Lundberg, S.-I. Lee (2017), A unified approach to interpreting model predictions, NeurIPS, "
        "doi:10.48550/arXiv.1705.07874."
    )

    def most_predictions(self, part: Attribution) -> int:
        """It tries no more coalitions."""
        elements = sum(math.prod(values.shape[1:-1]) for values in part.values.values())
        return 2 * elements + 2048 if self.nsamples == "auto" else self.nsamples

    def require_inputs(self, inputs: Sequence[Input]) -> None:
        """A molecule is one thing before its atoms are embedded."""
        if whole := [item.name for item in inputs if item.traits.embedded]:
            raise InputError(
                f"kernel_shap: the elements of the input {whole[0]!r} cannot be hidden one by one; use occlusion"
            )

    def explained(self, score_of: ScoreOf, sample: Arrays, baseline: Arrays, _: Compute) -> Found:
        """Over the elements of all inputs together."""
        import shap

        shown, hidden = flat(sample), flat(baseline)
        varying = np.flatnonzero(_apart(shown, hidden)[0])
        self._require_room(len(varying), shown.size)
        both = ends(score_of, sample, baseline)  # before SHAP asks, which prints a line of its own where a model fails
        contributions = np.zeros((1, shown.size, len(both[0])))

        def score(kept: Array) -> Array:
            rows = np.repeat(hidden.astype(np.result_type(shown, hidden)), len(kept), axis=0)
            rows[:, varying] = np.where(kept > 0, shown[:, varying], hidden[:, varying])
            return score_of(_unflat(rows, sample))

        if len(varying):
            # SHAP would leave out, without a word, elements that numpy calls close to what hides them: a millionth of a
            # gram, an hour of the seconds since 1970. So it is told who is there, and not the values.
            explainer = shap.KernelExplainer(score, np.zeros((1, len(varying))))
            # Any other l1_reg would leave at most so many features with a value.
            there = explainer.shap_values(np.ones((1, len(varying))), nsamples=self.nsamples, l1_reg=0, silent=True)
            contributions[:, varying] = there
        values = {name: array[0] for name, array in parts(contributions, sample).items()}
        return Found(values, *both)

    def _require_room(self, varying: int, size: int) -> None:
        nsamples = 2 * varying + 2048 if self.nsamples == "auto" else self.nsamples
        rows = max(min(nsamples, 2**varying), varying)  # it also solves for all that vary at once
        if (numbers := rows * size) > MOST_NUMBERS:
            raise InputError(
                f"kernel_shap: SHAP would hold {rows:,} rows of {size:,} elements, {numbers:,} numbers of at "
                f"most {MOST_NUMBERS:,}; use partition_shap for an image or a text, or occlusion"
            )


def _apart(sample: Array, hidden: Array) -> Array:
    """Which elements are another value than what hides them."""
    apart: Array = (sample != hidden) & ~(np.isnan(sample) & np.isnan(hidden))
    return apart


def ends(score_of: ScoreOf, sample: Arrays, hidden: Arrays) -> Array:
    """The scores (2, targets) of the sample and of the hidden one, predicted side by side."""
    return score_of({name: np.concatenate([array, hidden[name]]) for name, array in sample.items()})


def _unflat(flat: Array, like: Arrays) -> dict[str, Array]:
    """The inputs again, shaped and typed like those of `like`."""
    return {name: array.astype(like[name].dtype) for name, array in parts(flat, like).items()}
