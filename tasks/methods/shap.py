"""Shapley values by SHAP's own explainers, seeded, with the residual computed here.

They ask the model for predictions alone, so any model will do.
"""

import hashlib
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from tasks.protocols import Compute, Model, Score, scores
from tasks.records import Aggregate, Array, Arrays, Attribution, Baseline, InputError, Spec

ScoreOf = Callable[[Arrays], Array]  # raw inputs of several samples -> (samples, targets)


class _ShapMethod(Spec):
    """Options of every explainer of SHAP, and how it is run: one sample after another, each with its own seed."""

    aggregate: Aggregate = Field("raw", description="of channels and samples when summarised: raw, abs or square")
    baseline: Baseline = Field(
        "auto", description="what a hidden element becomes, in raw units: auto, zero, black or mean"
    )
    seed: int = Field(0, ge=0, description="of the coalitions that are tried")

    title: ClassVar[str]
    citation: ClassVar[str]
    formula: ClassVar[str] = (
        "Σ<sub><i>T</i></sub> |<i>T</i>|! (<i>n</i>−|<i>T</i>|−1)!/<i>n</i>! · "
        "(<i>S</i>(<i>T</i> ∪ <i>i</i>) − <i>S</i>(<i>T</i>))"
    )
    additive: ClassVar[bool] = True

    def attribute(
        self,
        model: Model,
        inputs: Arrays,
        baselines: Arrays | None,
        sample_ids: Array,
        targets: Array,
        score: Score,
        _: Compute,
    ) -> Attribution:
        """Explains the outputs `targets` (samples, targets) of every sample of `inputs`.

        `baselines`: raw values shaped like `inputs`, or None for zero.

        Raises:
            InputError: for inputs whose elements cannot be hidden.
        """
        values: dict[str, list[Array]] = {name: [] for name in inputs}
        prediction, base_value = np.empty(targets.shape), np.empty(targets.shape)
        for row, chosen in enumerate(targets):
            sample = {name: array[row : row + 1] for name, array in inputs.items()}
            hidden = {
                name: np.zeros_like(a) if baselines is None else baselines[name][row : row + 1]
                for name, a in sample.items()
            }

            def score_of(some: Arrays, chosen: Array = chosen) -> Array:
                outputs = model.predict(some)
                columns = [scores(outputs, model.output, score, np.full(len(outputs), target)) for target in chosen]
                return np.stack(columns, axis=1)

            with _seeded(self.seed, sample_ids[row]):
                found, nothing = self.explained(score_of, sample, hidden)
            for name, array in found.items():
                values[name].append(array)
            prediction[row], base_value[row] = score_of(sample)[0], score_of(nothing)[0]
        stacked = {name: np.stack(rows) for name, rows in values.items()}
        total = np.sum(
            [array.reshape(len(targets), -1, targets.shape[1]).sum(axis=1) for array in stacked.values()], axis=0
        )
        return Attribution(
            sample_ids=sample_ids,
            targets=targets,
            values={name: array.astype(np.float32) for name, array in stacked.items()},
            prediction=prediction,
            base_value=base_value,
            residual=total - (prediction - base_value),
            steps=np.zeros(targets.shape, np.int64),
            converged=np.ones(targets.shape, bool),
        )

    @abstractmethod
    def explained(self, score_of: ScoreOf, sample: Arrays, baseline: Arrays) -> tuple[dict[str, Array], Arrays]:
        """Shapley values of one sample, per input shaped like it with a last axis of targets, and the sample with
        every element hidden."""


class KernelShapSpec(_ShapMethod):
    """Shapley values by weighted regression over coalitions, without SHAP's limit to ten features.

    S. Lundberg, S.-I. Lee (2017), A unified approach to interpreting model predictions.
    """

    kind: Literal["kernel_shap"] = "kernel_shap"
    nsamples: Literal["auto"] | int = Field(
        "auto", description="coalitions that are tried; auto: 2 per element and 2048"
    )

    title: ClassVar[str] = "Kernel SHAP"
    citation: ClassVar[str] = (
        "S. Lundberg, S.-I. Lee (2017), A unified approach to interpreting model predictions, NeurIPS."
    )

    def explained(self, score_of: ScoreOf, sample: Arrays, baseline: Arrays) -> tuple[dict[str, Array], Arrays]:
        """Over the elements of all inputs together."""
        import shap

        for name, array in sample.items():
            if array.dtype.kind not in "fiub" or array.ndim < 2:
                raise InputError(f"kernel_shap: the elements of the input {name!r} cannot be hidden one by one")
        explainer = shap.KernelExplainer(lambda flat: score_of(_unflat(flat, sample)), _flat(baseline))
        # Any other l1_reg would leave at most so many features with a value.
        found = explainer.shap_values(_flat(sample), nsamples=self.nsamples, l1_reg=0, silent=True)
        return _parts(found[0], sample), baseline


class PartitionShapSpec(_ShapMethod):
    """Owen values over a hierarchy of rectangles of an image: whole regions are hidden together.

    S. Lundberg and others (2020), SHAP, Partition explainer; G. Owen (1977), Values of games with a priori unions.
    """

    kind: Literal["partition_shap"] = "partition_shap"
    masker: Literal["blur", "baseline"] = Field(
        "blur", description="what hides a region: its blurred image, or the baseline"
    )
    blur: int = Field(128, ge=1, description="side of the square that is averaged by the blur, in pixels")
    max_evals: int = Field(500, ge=2, description="most predictions per sample; 10000 in the published example")
    batch_size: int = Field(50, ge=2, description="regions that are split at a time, the most important first")

    title: ClassVar[str] = "Partition SHAP"
    citation: ClassVar[str] = (
        "G. Owen (1977), Values of games with a priori unions; S. Lundberg and others, SHAP: Partition explainer."
    )

    def explained(self, score_of: ScoreOf, sample: Arrays, baseline: Arrays) -> tuple[dict[str, Array], Arrays]:
        """Of the only input, an image."""
        import shap

        ((name, image),) = _only_image(sample).items()
        hidden = blurred(image, self.blur) if self.masker == "blur" else baseline[name]
        masker = shap.maskers.Image(hidden[0], image.shape[1:])
        explainer = shap.explainers.PartitionExplainer(lambda images: score_of({name: images}), masker)
        found = explainer(image, max_evals=self.max_evals, batch_size=self.batch_size, silent=True)
        return {name: found.values[0]}, {name: hidden}


def blurred(image: Array, side: int) -> Array:
    """(1, height, width, channels) averaged over squares, mirrored at the edge."""
    from scipy.ndimage import uniform_filter

    smooth: Array = uniform_filter(image, size=(1, side, side, 1), mode="mirror")
    return smooth


def _only_image(sample: Arrays) -> Arrays:
    if len(sample) != 1 or next(iter(sample.values())).ndim != 4:
        raise InputError(
            f"partition_shap: explains models of one image, but the inputs are {', '.join(sample)}; use kernel_shap"
        )
    return sample


def _flat(arrays: Arrays) -> Array:
    """(samples, elements) of all inputs side by side."""
    return np.concatenate([array.reshape(len(array), -1) for array in arrays.values()], axis=1)


def _unflat(flat: Array, like: Arrays) -> dict[str, Array]:
    """The inputs again, shaped and typed like those of `like`."""
    ends = np.cumsum([array[0].size for array in like.values()])
    pieces = np.split(flat, ends[:-1], axis=1)
    return {
        name: piece.reshape(-1, *array.shape[1:]).astype(array.dtype)
        for (name, array), piece in zip(like.items(), pieces, strict=True)
    }


def _parts(values: Array, like: Arrays) -> dict[str, Array]:
    """(elements, targets) as one array per input."""
    ends = np.cumsum([array[0].size for array in like.values()])
    pieces = np.split(values, ends[:-1])
    return {
        name: piece.reshape(*array.shape[1:], values.shape[1])
        for (name, array), piece in zip(like.items(), pieces, strict=True)
    }


@contextmanager
def _seeded(seed: int, sample_id: object) -> Iterator[None]:
    """SHAP draws from numpy's global state; it is set for this sample and put back after."""
    before = np.random.get_state()
    np.random.seed(int.from_bytes(hashlib.sha256(f"{seed}\0{sample_id}".encode()).digest()[:4], "little"))
    try:
        yield
    finally:
        np.random.set_state(before)
