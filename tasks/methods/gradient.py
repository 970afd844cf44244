"""Gradients of a score, and gradients times the input."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from tasks.methods.pairs import Pairs
from tasks.methods.path import Factor, Pass, Question, explain
from tasks.protocols import Compute, DifferentiableModel, Score, Side
from tasks.records import Aggregate, Array, Arrays, Attribution, Spec


class GradientMethod(Spec):
    """Options of every method that takes gradients, and how it is run.

    A subclass says with which `passes` over the line from baseline to sample it takes them, and what they are
    multiplied with.
    """

    layer: str | int | None = Field(None, description="a hidden layer by name or index; null: the preprocessed input")
    at: Side = Field("output", description="of the layer: input or output")
    aggregate: Aggregate = Field("raw", description="of channels and samples when summarised: raw, abs or square")

    title: ClassVar[str]
    formula: ClassVar[str]
    citation: ClassVar[str]
    factor: ClassVar[Factor]

    @property
    def additive(self) -> bool:
        """Whether the elements add up to S(x) - S(x')."""
        return self.factor == "difference"

    def attribute(
        self,
        model: DifferentiableModel,
        inputs: Arrays,
        baselines: Arrays | None,
        sample_ids: Array,
        targets: Array,
        score: Score,
        compute: Compute,
    ) -> Attribution:
        """Explains the outputs `targets` (samples, targets) of every sample of `inputs`.

        `baselines`: raw values shaped like `inputs`, or None for zero at the place where gradients are taken.

        Raises:
            InputError: for a layer that is not there, or a score that the model does not have.
        """
        pairs = Pairs.of(targets)
        question = Question(model, inputs, baselines, self.layer, self.at, score, pairs)
        found = explain(question, self.passes(), self.factor, self.refined_to(), compute)
        return Attribution(
            sample_ids=sample_ids,
            targets=targets,
            values={name: pairs.spread(values.astype(np.float32)) for name, values in found.values.items()},
            mask={name: mask[pairs.position[:, 0]] for name, mask in found.mask.items()},
            prediction=pairs.spread(found.prediction),
            base_value=pairs.spread(found.base_value),
            residual=pairs.spread(found.residual),
            steps=pairs.spread(found.steps if self.additive else np.zeros_like(found.steps)),
            converged=pairs.spread(found.finished | (self.refined_to() is None)),
        )

    def passes(self) -> Iterator[Pass]:
        """The gradient at the sample itself."""
        yield Pass(0.0, np.ones(1), np.ones(1))

    def refined_to(self) -> float | None:
        """The relative residual to refine to; None where nothing is refined."""
        return None


class VanillaGradSpec(GradientMethod):
    """dS/dx.

    K. Simonyan, A. Vedaldi, A. Zisserman (2014), Deep inside convolutional networks.
    """

    kind: Literal["vanilla_grad"] = "vanilla_grad"

    title: ClassVar[str] = "Gradient"
    formula: ClassVar[str] = "∂<i>S</i>/∂<i>x</i>"
    citation: ClassVar[str] = (
        "K. Simonyan, A. Vedaldi, A. Zisserman (2014), Deep inside convolutional networks: visualising image "
        "classification models and saliency maps."
    )
    factor: ClassVar[Factor] = "one"


class GradientXInputSpec(GradientMethod):
    """x * dS/dx, with the preprocessed input or the activation of the layer as x.

    A. Shrikumar, P. Greenside, A. Shcherbina, A. Kundaje (2016), Not just a black box.
    """

    kind: Literal["gradient_x_input"] = "gradient_x_input"

    title: ClassVar[str] = "Gradient times input"
    formula: ClassVar[str] = "<i>x</i> · ∂<i>S</i>/∂<i>x</i>"
    citation: ClassVar[str] = (
        "A. Shrikumar, P. Greenside, A. Shcherbina, A. Kundaje (2016), Not just a black box: learning important "
        "features through propagating activation differences."
    )
    factor: ClassVar[Factor] = "input"
