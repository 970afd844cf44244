"""Gradients of a score, and gradients times the input; what every method with gradients shares.

Draws of noise and dropout are in `draws` and `sampling`, integration in `integrated_gradients`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.methods.draws import SamplingSpec
from exhibit.tasks.methods.method import Layer, Look, Method
from exhibit.tasks.methods.pairs import Pairs, first_named
from exhibit.tasks.methods.path import SCORES_ALONE, Factor, Pass, Question
from exhibit.tasks.methods.refine import Estimates, explain, explain_each, total
from exhibit.tasks.methods.sampling import averaged, drawn_questions, unsummed_of
from exhibit.tasks.protocols import Capability, Compute, DifferentiableModel, Score, Side, padded_batches, take
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.explanation import Attribution, Cost
from exhibit.tasks.records.language import Message, as_message, mark, say


class GradientMethod(Method):
    """Options of every method that takes gradients, and how it is run.

    A subclass says with which `passes` over the line from baseline to sample it takes them, and what they are
    multiplied with.
    """

    layer: Layer = Field(
        None,
        description="a hidden layer by name or index; null: the input of the net, of atoms or words their embedding",
    )
    at: Side = Field("output", description="of the layer: input or output")
    sampling: SamplingSpec | None = Field(None, description="average over draws of noise and dropout; null: none")

    plain_title: ClassVar[str]
    plain_formula: ClassVar[str]
    plain_citation: ClassVar[str]
    factor: ClassVar[Factor]

    @property
    def asks(self) -> Capability:
        """Gradients."""
        return "gradients"

    @property
    def look(self) -> Look:
        """Where gradients are taken."""
        return Look(self.layer, self.at)

    @property
    def per_unit_of_input(self) -> bool:
        """Of gradients that are multiplied with nothing."""
        return self.factor == "one"

    @property
    def title(self) -> str:
        """What the method is called, with its sampling."""
        return self.plain_title if self.sampling is None else self._with_draws(self.sampling.title)

    def _with_draws(self, sampling: str) -> Message:
        return say("{method} with {sampling}", method=as_message(self.plain_title), sampling=as_message(sampling))

    @property
    def formula(self) -> str:
        """Inline HTML."""
        return self.plain_formula if self.sampling is None else self.sampling.formula(self.plain_formula)

    @property
    def citation(self) -> str:
        """Where the method and its sampling were published."""
        return " ".join([self.plain_citation, *(self.sampling.citations if self.sampling else ())])

    @property
    def additive(self) -> bool:
        """Whether the elements add up to S(x) - S(x')."""
        return self.multiplier() == "difference"

    def multiplier(self) -> Factor:
        """What gradients are multiplied with."""
        return self.factor

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
        """As every method; no baselines stand for zero at the place where gradients are taken."""
        question = Question(model, inputs, baselines, self.layer, self.at, score, Pairs.of(targets))
        return self._answer(question, sample_ids, targets, compute)

    def resume(
        self,
        begun: Attribution,
        model: DifferentiableModel,
        inputs: Arrays,
        baselines: Arrays | None,
        sample_ids: Array,
        targets: Array,
        score: Score,
        compute: Compute,
    ) -> Attribution:
        """As every method: of points that the passes of `begun` have met no gradient is taken again."""
        question = Question(model, inputs, baselines, self.layer, self.at, score, Pairs.of(targets))
        return self._answer(question, sample_ids, targets, compute, self._known(begun, question))

    def _known(self, begun: Attribution, question: Question) -> Estimates | None:
        """What is known of each pair; nothing of one that ends before its last pass here, whose values are lost."""
        tolerance = self.refined_to()
        if begun.ladder is None or tolerance is None:
            return None
        known = Estimates.of(begun, question.pairs)
        return known.as_refined_to(tolerance, sum(1 for _ in self.passes()), question.score)

    def _answer(
        self,
        question: Question,
        sample_ids: Array,
        targets: Array,
        compute: Compute,
        begun: Estimates | None = None,
    ) -> Attribution:
        pairs = question.pairs

        def answers(questions: list[Question], passes: Callable[[], Iterable[Pass]]) -> Iterator[Estimates]:
            return explain_each(questions, passes, self.multiplier(), self.refined_to(), compute)

        compared = self.compared(question)
        all_questions = drawn_questions(self.sampling, compared, sample_ids) if self.sampling else compared
        extra: dict[str, Any] = {}
        if all_questions == [question]:
            estimates = explain(question, self.passes(), self.multiplier(), self.refined_to(), compute, begun)
            extra["ladder"] = self._ladder(estimates, pairs)
        else:
            alone = list(answers(compared, lambda: [SCORES_ALONE]))
            alone[0].base_value = np.mean([scores.base_value for scores in alone], axis=0)
            groups = len(compared) if len(compared) > 1 else len(all_questions)
            size = len(all_questions) // groups
            sampled = averaged(
                answers(all_questions, self.passes), groups, size, alone[0], unsummed_of(question.inputs)
            )
            estimates, extra = sampled.mean, sampled.fields(pairs)
        return Attribution(
            sample_ids=sample_ids,
            targets=targets,
            values={name: pairs.spread(array) for name, array in estimates.values.items()},
            mask={name: mask[pairs.position[:, 0]] for name, mask in estimates.mask.items()},
            prediction=pairs.spread(estimates.prediction),
            base_value=pairs.spread(estimates.base_value),
            residual=pairs.spread(estimates.residual),
            steps=pairs.spread(estimates.steps if self.additive else np.zeros_like(estimates.steps)),
            converged=pairs.spread(estimates.finished | (self.refined_to() is None)),
            bypassed=self._bypassed(question, compute),
            raw_factor=self._raw_factor(compared[0], compute),
            **extra,
        )

    def _raw_factor(self, question: Question, compute: Compute) -> Array | None:
        """For every explanation by how much a difference in raw units is larger than the one that the model sees, where
        it is multiplied with; NaN where there is no difference."""
        if self.multiplier() != "raw_difference":
            return None
        parts = []
        for rows, used in padded_batches(len(question.pairs.sample), compute.batch):
            segment = question.segment(rows, used)
            raw, seen = (
                total({name: np.abs(segment.factor(factor, name)) for name in segment.end})
                for factor in ("raw_difference", "difference")
            )
            parts.append(np.divide(raw, seen, out=np.full(used, np.nan), where=seen > 0))
        return question.pairs.spread(np.concatenate(parts))

    def _ladder(self, estimates: Estimates, pairs: Pairs) -> Array | None:
        """What each pass of a refinement said, in a shape that does not depend on the samples; None without one."""
        if self.refined_to() is None:
            return None
        most = sum(1 for _ in self.passes())
        return np.pad(estimates.ladder, [(0, 0), (0, most - estimates.ladder.shape[1]), (0, 0)])[pairs.position]

    def _bypassed(self, question: Question, compute: Compute) -> Array | None:
        """For every explanation whether its layer is bypassed; None where there is none, or nothing to add up."""
        if self.layer is None or not self.additive:
            return None
        rows, _ = next(padded_batches(len(question.pairs.sample), compute.batch))
        place = question.model.place(take(question.inputs, question.pairs.sample[rows]), self.layer, self.at)
        return np.full(question.pairs.position.shape, place.bypassed())

    def compared(self, question: Question) -> list[Question]:
        """The question once per baseline that the answer is averaged over: here the one that was given."""
        return [question]

    def passes(self) -> Iterator[Pass]:
        """The gradient at the sample itself."""
        yield Pass.whole(np.ones(1), np.ones(1))

    def cost(self, part: Attribution) -> Cost:
        """A gradient for each step, of each draw, against each row of the background."""
        draws = 1 if self.sampling is None else self.sampling.nt_samples
        each = draws * (1 if self.against is None else self.against.rows or 1)
        steps = int(part.steps[first_named(part.targets)].clip(min=1).sum())
        return Cost(gradients=steps * each, at_most=self.refined_to() is not None and each > 1)


class VanillaGradSpec(GradientMethod):
    """dS/dx.

    K. Simonyan, A. Vedaldi, A. Zisserman (2014), Deep inside convolutional networks.
    """

    kind: Literal["vanilla_grad"] = "vanilla_grad"

    plain_title: ClassVar[str] = mark("Gradient")
    plain_formula: ClassVar[str] = "∂<i>S</i>/∂<i>x</i>"
    plain_citation: ClassVar[str] = (
        "K. Simonyan, A. Vedaldi, A. Zisserman (2014), Deep inside convolutional networks: visualising image "
        "classification models and saliency maps, doi:10.48550/arXiv.1312.6034."
    )
    factor: ClassVar[Factor] = "one"


class GradientXInputSpec(GradientMethod):
    """x * dS/dx, with the preprocessed input or the activation of the layer as x.

    A. Shrikumar, P. Greenside, A. Shcherbina, A. Kundaje (2016), Not just a black box.
    """

    kind: Literal["gradient_x_input"] = "gradient_x_input"

    plain_title: ClassVar[str] = mark("Gradient times input")
    plain_formula: ClassVar[str] = "<i>x</i> · ∂<i>S</i>/∂<i>x</i>"
    plain_citation: ClassVar[str] = (
        "A. Shrikumar, P. Greenside, A. Shcherbina, A. Kundaje (2016), Not just a black box: learning important "
        "features through propagating activation differences, doi:10.48550/arXiv.1605.01713."
    )
    factor: ClassVar[Factor] = "input"
