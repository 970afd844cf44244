"""What is explained, what a method says about it, and its summary over all samples."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field

from exhibit.tasks.records.base import Array, Record
from exhibit.tasks.records.language import Message

Aggregate = Literal["raw", "abs", "square"]


class Cases(Record):
    """Samples that stand for all that are explained, by their position among these or among the shown ones; None where
    there is no such sample, or it is not shown.

    `typical`: off by the median of those that are not read wrong; `wrong`: most off, of a classification of those that
    are read wrong; `borderline`: whose two likeliest classes are closest, where they are close. `misread`, `close`: how
    many are read wrong, and how many have two likeliest classes that are close; None where this has no meaning.
    """

    NEAR: ClassVar[float] = 0.2  # of probability, between the likeliest class and the next: they are close

    typical: int | None = None
    wrong: int | None = None
    borderline: int | None = None
    misread: int | None = None
    close: int | None = None

    @property
    def positions(self) -> list[int]:
        """Those that there are, each once."""
        found = (self.typical, self.wrong, self.borderline)
        return list(dict.fromkeys(position for position in found if position is not None))

    def among(self, shown: list[int]) -> Self:
        """The same by their places in `shown`."""
        places = {
            name: shown.index(position) if position in shown else None
            for name, position in (("typical", self.typical), ("wrong", self.wrong), ("borderline", self.borderline))
        }
        return self.model_copy(update=places)


class Selection(Record):
    """Which rows are explained, which of them are drawn, and what is explained about each.

    `explained`: (samples,) row indices into the dataset; `shown`: positions within `explained`, in the order
    of drawing; `targets`: (samples, targets) output indices; `target_names`: what each target column is; `cases`: by
    positions within `explained`.
    """

    explained: Array
    shown: Array
    targets: Array
    target_names: tuple[str, ...]
    reason: Message
    cases: Cases = Cases()


class Attribution(Record):
    """What one method says about some samples.

    `values[name]`: (samples, ..., targets) signed attribution of every element of an input (or of a layer);
    channels are kept. `mask[name]`: (samples, elements) True where an element exists, for ragged inputs.
    `prediction`: (samples, targets), the score S(x). `base_value`: S(x'), `residual`: sum a - (S(x) - S(x')),
    both NaN where a method is not additive. `steps`: gradient evaluations along the path, 0 if none;
    `converged` is False where refinement stopped at its limit.

    With sampling `values` and `residual` are means over the draws, `steps` those of the longest. `moments[name]`:
    (samples, elements, ..., targets, 3) means over the draws of a, |a| and a**2, each summed over channels (of a series
    they are elements, and stay), and `standard_error[name]` of these means, from the means per baseline where there
    are several. `sampling_gap`:
    (samples, targets), the mean difference of the score over the draws less S(x) - S(x'), which no number of steps can
    close. `draw_residual`, `draw_difference`: (samples, targets), means over the draws of the absolute residual and of
    the absolute difference of the score, in which draws that are off in opposite directions do not cancel.
    `bypassed`: (samples, targets) True where the score also depends on the inputs by ways around the hidden
    layer, so that its elements cannot add up.
    `raw_factor`: (samples, targets), where a published variant multiplies by differences in raw units: by how much they
    are larger than those that the model sees; NaN where there is no difference.
    `ladder`: (samples, targets, passes, 6), what each pass of a refinement said: gradient evaluations so far (0 where
    it had stopped before), residual, L1 of the change of the attribution since the last pass (NaN in the first), L1 of
    the attribution, and the lowest and the highest score so far on the line.
    """

    sample_ids: Array
    targets: Array
    values: dict[str, Array]
    mask: dict[str, Array] = Field(default_factory=dict)
    prediction: Array
    base_value: Array
    residual: Array
    steps: Array
    converged: Array
    moments: dict[str, Array] = Field(default_factory=dict)
    standard_error: dict[str, Array] = Field(default_factory=dict)
    sampling_gap: Array | None = None
    draw_residual: Array | None = None
    draw_difference: Array | None = None
    bypassed: Array | None = None
    raw_factor: Array | None = None
    ladder: Array | None = None

    def rows(self, chosen: slice) -> Self:
        """The given samples."""
        return self.model_validate(_each_array(lambda array: array[chosen], self))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The samples of all parts in order; ragged ones are padded to the longest."""

        def join(*arrays: Array) -> Array:
            shape = np.max([array.shape[1:] for array in arrays], axis=0).astype(int) if arrays[0].ndim > 1 else []
            return np.concatenate(
                [
                    np.pad(
                        array, [(0, 0), *((0, want - have) for want, have in zip(shape, array.shape[1:], strict=True))]
                    )
                    for array in arrays
                ]
            )

        return cls.model_validate(_each_array(join, *parts))


def bonds_of(molecule: str) -> str:
    """What the values of the bonds of an input are called, which stand beside those of its atoms."""
    return f"{molecule} bonds"


def _each_array(change: Callable[..., Array], *parts: Attribution) -> dict[str, Any]:
    """`change` applied to every array of the parts, field by field."""
    fields = [dict(part) for part in parts]
    return {
        name: {key: change(*(field[name][key] for field in fields)) for key in first}
        if isinstance(first, dict)
        else change(*(field[name] for field in fields))
        for name, first in fields[0].items()
        if first is not None
    }


class Cost(Record):
    """What explanations took: gradient evaluations and plain evaluations of the model, or at most so many."""

    gradients: int = 0
    evaluations: int = 0
    at_most: bool = False


class Importance(Record):
    """Attributions of one input summarised over samples, per feature.

    `mean` of a, `mean_absolute` of |a|, `mean_square` of a**2, `count` samples in which the feature occurs: each
    (features,), a being the attribution after `aggregate` (with square, the sum of squares over channels). Features
    are ranked by `mean_absolute`; `standard_error` is its own over samples, and `share_error` that of its share in the
    sum over the features: all of them are of the same samples, so that of two that share everything one has the error
    of the other. None where not every sample has every feature. `covariance`: (features, features) of the means of a,
    of groups of parts: what makes two of them larger in the same sample is no error of their difference.
    """

    input: str
    target: str
    features: tuple[str, ...]
    mean: Array
    mean_absolute: Array
    mean_square: Array
    standard_error: Array
    count: Array
    aggregate: Aggregate
    share_error: Array | None = None
    covariance: Array | None = None


class Analogue(Record):
    """Two explained molecules that are largely alike. `common`: (atoms, 2), atoms of the first and their partners in
    the second. Of each: name, SMILES, contributions (atoms,), prediction and base value."""

    names: tuple[str, str]
    smiles: tuple[str, str]
    values: tuple[Array, Array]
    predictions: tuple[float, float]
    base_values: tuple[float, float]
    common: Array


class InputSummary(Record):
    """What one of several inputs contributes as a whole, by sample.

    `total`: sum of a, `absolute`: sum of |a| over its elements, both (samples, targets); `median`: (targets,) of a
    over all elements of all samples.
    """

    input: str
    total: Array
    absolute: Array
    median: Array


class Summary(Record):
    """Attributions of one method over all explained samples.

    `class_means[input]`: (classes, height, width, targets) mean attribution of an image by true class.
    `profiles[input]`: (steps, channels, targets) mean |a| of every element of a series. `inputs`: one for each input of
    several.
    """

    importances: tuple[Importance, ...]
    class_means: dict[str, Array] = Field(default_factory=dict)
    profiles: dict[str, Array] = Field(default_factory=dict)
    inputs: tuple[InputSummary, ...] = ()
