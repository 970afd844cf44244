"""Shapley values propagated through a net layer by layer."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.finite import unwatched
from exhibit.tasks.methods.alike import require_alike
from exhibit.tasks.methods.method import Layer, Look
from exhibit.tasks.methods.pairs import Pairs, first_named
from exhibit.tasks.methods.shap import (
    BackgroundMethod,
    compared,
    differentiable,
    explained,
    mean_scores,
    own_scores,
    rows_of,
)
from exhibit.tasks.protocols import (
    Capability,
    Compute,
    DifferentiableModel,
    Place,
    Score,
    Side,
    padded_batches,
    reading,
    scores,
    take,
)
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.explanation import Attribution, Cost
from exhibit.tasks.records.language import say
from exhibit.tasks.records.model import OutputKind

# A place, one of its rows, an output -> the values of that output by input, each (1, ...).
ValuesOf = Callable[[Place, int, int], list[Array]]


class DeepShapSpec(BackgroundMethod):
    """Changes of the output handed back through a net by DeepLIFT's rules, averaged over the background.

    Values belong to the preprocessed inputs or to a layer, whose activations are compared with those of the
    background. S. Lundberg, S.-I. Lee (2017), A unified approach to interpreting model
    predictions; A. Shrikumar, P. Greenside, A. Kundaje (2017), Learning important features through propagating
    activation differences.
    """

    kind: Literal["deep_shap"] = "deep_shap"
    layer: Layer = Field(
        None,
        description="a hidden layer by name or index; null: the input of the net, of atoms or words their embedding",
    )
    at: Side = Field("output", description="of the layer: input or output")

    by_rules: ClassVar[bool] = True
    title: ClassVar[str] = "Deep SHAP"
    formula: ClassVar[str] = say(
        "mean over <i>x</i>′ of {formula}", formula="(<i>x</i> − <i>x</i>′) · <i>m</i>(<i>x</i>, <i>x</i>′)"
    )
    citation: ClassVar[str] = (
        "S. Lundberg, S.-I. Lee (2017), A unified approach to interpreting model predictions, NeurIPS, "
        "doi:10.48550/arXiv.1705.07874; A. Shrikumar, "
        "P. Greenside, A. Kundaje (2017), Learning important features through propagating activation differences, "
        "ICML, doi:10.48550/arXiv.1704.02685."
    )

    @property
    def asks(self) -> Capability:
        """Gradients."""
        return "gradients"

    @property
    def look(self) -> Look:
        """Where changes are handed back to."""
        return Look(self.layer, self.at)

    def require_score(self, output: OutputKind, score: Score) -> None:
        """Its rules go from the outputs of a net to its inputs, not from what is made of an output."""
        if reading(output, score) != "identity":
            raise InputError(
                f"deep_shap: explains an output as the net gives it ({output}), not the score {score.kind!r} "
                "made of it; choose another score or integrated_gradients"
            )

    def cost(self, part: Attribution) -> Cost:
        """A gradient for each row of the background."""
        return Cost(gradients=int(first_named(part.targets).sum()) * self.background)

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
        """As every method; a net with operations that SHAP has no rule for is refused by name."""
        model, background = differentiable(model, self.kind), rows_of(baselines, self.kind)
        self.require_score(model.output, score)
        others, seen = compared(self.kind, model, background, self.layer, self.at, compute.batch)
        values_of = _explainer(unwatched(model), others, unwatched(seen))
        pairs = Pairs.of(targets)
        columns = []
        for rows, used in padded_batches(len(targets), compute.batch):
            place = unwatched(model.place(take(inputs, rows), self.layer, self.at))
            require_alike(self.kind, place, others)
            for row, sample in enumerate(rows[:used].tolist()):  # pairs are in the order of samples
                columns += [values_of(place, row, each) for each in pairs.target[pairs.sample == sample].tolist()]
        return explained(
            sample_ids,
            targets,
            {
                name: pairs.spread(np.concatenate(each))
                for name, each in zip(others, zip(*columns, strict=True), strict=True)
            },
            own_scores(model, inputs, score, targets),
            mean_scores(model, background, score, targets)
            if self.layer is None
            else self._held(model, inputs, others, targets, score, compute),
            bypassed=None if self.layer is None else np.full(targets.shape, seen.bypassed()),
        )

    def _held(
        self,
        model: DifferentiableModel,
        inputs: Arrays,
        others: Arrays,
        targets: Array,
        score: Score,
        compute: Compute,
    ) -> Array:
        """Mean scores (samples, targets) with the background's activations `others` in place of the sample's; what does
        not lead through the layer is the sample's."""
        means = np.zeros(targets.shape)
        for sample, asked in enumerate(targets):
            place = model.place(take(inputs, np.full(compute.batch, sample)), self.layer, self.at)
            rows = padded_batches(len(next(iter(others.values()))), compute.batch)
            outputs = np.concatenate([place.outputs(take(others, chosen))[:used] for chosen, used in rows])
            for column, target in enumerate(asked.tolist()):
                means[sample, column] = scores(outputs, model.output, score, np.full(len(outputs), target)).mean()
        return means


def _explainer(model: Any, background: Arrays, seen: Any) -> ValuesOf:
    """That of the framework of the model's net; `seen`: rows of the background seen from the same place."""
    net = model.net
    if (torch := sys.modules.get("torch")) and isinstance(net, torch.nn.Module):
        return _torch_explainer(model, background, seen)
    if (keras := sys.modules.get("keras")) and isinstance(net, keras.Model):
        return _keras_explainer(model, background, seen)
    raise InputError("deep_shap: explains nets of torch and Keras; use integrated_gradients or kernel_shap")


def _torch_explainer(model: Any, background: Arrays, seen: Any) -> ValuesOf:
    import torch

    from exhibit.tasks.methods.shap_torch import Call, DeepNet

    def tensors(values: Arrays) -> list[Any]:
        return [model.inner_layout(torch.as_tensor(array)) for array in values.values()]

    def call_of(place: Any, row: int) -> Call:
        def call(net: Any, values: Sequence[Any]) -> Any:
            if not place.spots:
                return model.call(net, place.encoded._replace(arguments=dict(zip(place.values, values, strict=True))))
            # What does not lead through the layer stays the sample's, on the side of the copy of the net.
            encoded = place.taken(np.full(len(values[0]), row)).encoded
            arguments = {name: argument.to("cpu") for name, argument in encoded.arguments.items()}
            (spot,) = place.spots.values()
            with spot.passing(net, lambda _: values[0]):
                return model.call(net, encoded._replace(arguments=arguments))

        return call

    looked = [spot.part for spot in seen.spots.values()]
    if len(looked) > 1 or not all(part.whole for part in looked):
        raise InputError("layer: deep_shap looks at one whole layer; name one, without a part of it")
    layer = looked[0].layer if looked else None
    explainer = DeepNet(model.net, layer, tensors(background), call_of(seen, 0))

    def values_of(place: Any, row: int, target: int) -> list[Array]:
        contributions = explainer.of(tensors(take(place.values, np.array([row]))), call_of(place, row), target)
        return [model.outer_layout(torch.as_tensor(array)).numpy() for array in contributions]

    return values_of


def _keras_explainer(model: Any, background: Arrays, seen: Any) -> ValuesOf:
    from exhibit.tasks.methods.shap_keras import DeepNet

    def encoded(place: Any, row: int) -> list[Array]:
        return [] if place.spot is None else list(take(place.encoded, np.array([row])).values())

    explainer = DeepNet(partial(model.outputs_at, seen.spot), list(background.values()), encoded(seen, 0))

    def values_of(place: Any, row: int, target: int) -> list[Array]:
        return explainer.of(list(take(place.values, np.array([row])).values()), encoded(place, row), target)

    return values_of
