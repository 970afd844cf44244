"""Owen values over a hierarchy of regions of an image, or of passages of a text."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.methods.shap_alone import without_transformers
from exhibit.tasks.methods.shap_kernel import Found, HidingMethod, ScoreOf, ends
from exhibit.tasks.methods.shap_maskers import Mask, Masker, Square, blurred, partition
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.language import say


class PartitionShapSpec(HidingMethod):
    """Owen values over halves of halves of an image or a text: whole regions are hidden together.

    S. Lundberg and others (2020), SHAP, Partition explainer; G. Owen (1977), Values of games with a priori unions.
    """

    kind: Literal["partition_shap"] = "partition_shap"
    masker: Masker = Field(
        "blur",
        description="what hides a region of an image: blur, inpaint_telea, inpaint_ns, baseline; tokens: for a text",
    )
    blur: Square = Field(
        128, description="side of the square that is averaged by the blur, in pixels, or [height, width]"
    )
    token: int | None = Field(
        None,
        ge=0,
        le=10_000_000,
        description="id that a hidden token becomes; null: that of the baseline, 0 by default",
    )
    max_evals: int = Field(
        500, ge=2, le=1_000_000, description="most predictions per sample; 10000 in the published example"
    )
    batch_size: int | None = Field(
        None,
        ge=2,
        le=1_000_000,
        description="predictions at a time, of the most important regions first; null: compute.batch",
    )

    title: ClassVar[str] = "Partition SHAP"
    formula: ClassVar[str] = say(
        "{formula}, <i>C</i>: any of the <i>d</i> whole parts that lie beside <i>i</i>, one at each halving",
        formula="2<sup>−<i>d</i></sup> Σ<sub><i>C</i></sub> (<i>S</i>(<i>C</i> ∪ <i>i</i>) − <i>S</i>(<i>C</i>))",
    )
    citation: ClassVar[str] = (
        "G. Owen (1977), Values of games with a priori unions; S. Lundberg and others, SHAP: Partition explainer."
    )

    @property
    def compared_with(self) -> str | None:
        """What hides a region, in words; None for the baseline."""
        match self.masker:
            case "blur":
                if isinstance(self.blur, int):
                    side = str(self.blur)
                    return say("The blurred image itself, averaged over squares of {side} pixels.", side=side)
                height, width = map(str, self.blur)
                return say(
                    "The blurred image itself, averaged over squares of {height} by {width} pixels.",
                    height=height,
                    width=width,
                )
            case "inpaint_telea" | "inpaint_ns":
                return say(
                    "The image itself, hidden regions painted over from their surroundings ({masker}).",
                    masker=self.masker,
                )
            case "tokens" if self.token is not None:
                return say("The same text with the token {token} in the place of hidden ones.", token=str(self.token))
            case "tokens" | "baseline":
                return None

    def stand_in(self, inputs: Arrays, baselines: Arrays | None) -> Arrays | None:
        """What hides an element by itself; what is painted over from around it has no value of its own."""
        if self.masker in ("inpaint_telea", "inpaint_ns") or baselines is None:
            return None
        return {name: self._hidden(array, baselines[name]) for name, array in inputs.items()}

    def most_predictions(self, _: Attribution) -> int:
        """However many elements there are."""
        return self.max_evals

    def require_inputs(self, inputs: Sequence[Input]) -> None:
        """One image, or with the masker of tokens one text."""
        tokens = self.masker == "tokens"
        if len(inputs) > 1 or not all(item.traits.ids if tokens else item.traits.pixels for item in inputs):
            wanted = "text" if tokens else "image"
            text = len(inputs) == 1 and inputs[0].traits.ids
            use = "method=[partition_shap_tokens], or masker=tokens" if text else "kernel_shap or occlusion"
            kinds = ", ".join(f"{item.name!r} of kind {item.kind}" for item in inputs)
            raise InputError(
                f"partition_shap: with masker {self.masker} it explains models of one {wanted}, but the inputs are "
                f"{kinds}; use {use}"
            )

    def explained(self, score_of: ScoreOf, sample: Arrays, baseline: Arrays, compute: Compute) -> Found:
        """Of the only input, an image or a text."""
        import shap

        mask = self._mask(sample, baseline)
        (name,) = sample
        whole = mask.apply(np.zeros((1, mask.sample.size), bool))
        prediction, base_value = ends(score_of, sample, {name: whole})

        def score(kept: Array) -> Array:
            if len(kept) == 1:  # the two ends, which SHAP asks for one by one
                return (prediction if kept.all() else base_value)[np.newaxis]
            return score_of({name: mask.apply(kept)})

        with without_transformers():
            explainer = shap.explainers.PartitionExplainer(score, _Coalitions(mask.sample.shape[1:]))
        explanation = explainer(
            mask.sample, max_evals=self.max_evals, batch_size=self.batch_size or max(compute.batch, 2), silent=True
        )
        return Found({name: explanation.values[0]}, prediction, base_value)

    def _mask(self, sample: Arrays, baseline: Arrays) -> Mask:
        array, hidden = next(iter(sample.values())), next(iter(baseline.values()))
        if self.masker in ("inpaint_telea", "inpaint_ns"):
            return Mask.by_inpainting(array, self.masker)
        return Mask.by_value(array, self._hidden(array, hidden))

    def _hidden(self, samples: Array, baseline: Array) -> Array:
        """(samples, ...) the values of what is hidden."""
        match self.masker:
            case "blur":
                return np.concatenate([blurred(sample[np.newaxis], self.blur) for sample in samples])
            case "tokens" if self.token is not None:
                return np.full_like(samples, self.token)
            case _:
                return baseline


class _Coalitions:
    """A masker for SHAP that hides nothing: it hands the masks on, so that a whole batch is hidden at once."""

    immutable_outputs = True

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = (1, int(np.prod(shape)))
        self.clustering = partition(shape)

    def __call__(self, mask: Array, *_: Array) -> tuple[Array]:
        return (mask[np.newaxis],)
