"""Shapley values propagated through a net layer by layer."""

import sys
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from tasks.methods.method import Asks
from tasks.methods.pairs import Pairs
from tasks.methods.shap import BackgroundMethod, differentiable, explained, mean_scores, own_scores, rows_of
from tasks.protocols import Compute, DifferentiableModel, Place, Score, Side, reading
from tasks.records import Array, Arrays, Attribution, InputError


class DeepShapSpec(BackgroundMethod):
    """Changes of the output handed back through a net by DeepLIFT's rules, averaged over the background.

    Values belong to the preprocessed inputs or to a layer, whose activations are compared with those of the
    background. S. Lundberg, S.-I. Lee (2017), A unified approach to interpreting model
    predictions; A. Shrikumar, P. Greenside, A. Kundaje (2017), Learning important features through propagating
    activation differences.
    """

    kind: Literal["deep_shap"] = "deep_shap"
    layer: str | int | None = Field(None, description="a hidden layer by name or index; null: the preprocessed input")
    at: Side = Field("output", description="of the layer: input or output")

    title: ClassVar[str] = "Deep SHAP"
    formula: ClassVar[str] = "mean over <i>x</i>′ of (<i>x</i> − <i>x</i>′) · <i>m</i>(<i>x</i>, <i>x</i>′)"
    citation: ClassVar[str] = (
        "S. Lundberg, S.-I. Lee (2017), A unified approach to interpreting model predictions, NeurIPS; A. Shrikumar, "
        "P. Greenside, A. Kundaje (2017), Learning important features through propagating activation differences, ICML."
    )

    @property
    def asks(self) -> Asks:
        """Gradients."""
        return "gradients"

    def attribute(
        self,
        model: DifferentiableModel,
        inputs: Arrays,
        baselines: Arrays | None,
        sample_ids: Array,
        targets: Array,
        score: Score,
        _: Compute,
    ) -> Attribution:
        """As every method; a net with operations that SHAP has no rule for is refused by name."""
        model, background = differentiable(model, self.kind), rows_of(baselines, self.kind)
        if reading(model.output, score) != "identity":
            raise InputError(
                f"deep_shap: explains an output as the net gives it ({model.output}), not the score {score.kind!r} "
                "made of it; choose another score or integrated_gradients"
            )
        place, compared = (model.place(some, self.layer, self.at) for some in (inputs, background))
        if compared.mask:
            raise InputError(
                f"deep_shap: {', '.join(compared.mask)} differs in size from sample to sample, so there is no "
                "background to compare with; use integrated_gradients"
            )
        pairs = Pairs.of(targets)
        values = {name: np.zeros((len(pairs.sample), *array.shape[1:])) for name, array in place.values.items()}
        for target in np.unique(pairs.target).tolist():
            chosen = np.flatnonzero(pairs.target == target)
            found = _deep_values(model, place.taken(pairs.sample[chosen]), compared, target)
            for name, array in zip(values, found, strict=True):
                values[name][chosen] = array
        return explained(
            sample_ids,
            targets,
            {name: pairs.spread(array) for name, array in values.items()},
            own_scores(model, inputs, score, targets),
            mean_scores(model, background, score, targets),
            bypassed=None if self.layer is None else np.full(targets.shape, compared.bypassed()),
        )


def _deep_values(model: Any, samples: Any, background: Place, target: int) -> list[Array]:
    """By the explainer of the framework of the model's net."""
    net = getattr(model, "net", None)
    if (torch := sys.modules.get("torch")) and isinstance(net, torch.nn.Module):
        from tasks.methods import shap_torch

        given, compared = (
            [model.inner_layout(torch.as_tensor(array)) for array in some.values.values()]
            for some in (samples, background)
        )

        def call(net: Any, values: Sequence[Any]) -> Any:
            if samples.spot is not None:
                with samples.spot.passing(net, lambda _: values[0]):
                    return model.call(net, samples.encoded)
            return model.call(net, samples.encoded._replace(arguments=dict(zip(samples.values, values, strict=True))))

        layer = None if samples.spot is None else samples.spot.layer
        found = shap_torch.deep_values(call, net, given, compared, target, layer)
        return [model.outer_layout(torch.as_tensor(array)).numpy() for array in found]
    if (keras := sys.modules.get("keras")) and isinstance(net, keras.Model):
        from tasks.methods import shap_keras

        def outputs(values: Sequence[Any]) -> Any:
            return samples.outputs_at(values)

        return shap_keras.deep_values(outputs, list(samples.values.values()), list(background.values.values()), target)
    raise InputError("deep_shap: explains nets of torch and Keras; use integrated_gradients or kernel_shap")
