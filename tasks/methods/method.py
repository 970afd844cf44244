"""What every method has in common: options, and the one call that explains."""

from abc import abstractmethod
from typing import Literal, Self

from pydantic import Field

from exhibit.tasks.protocols import Compute, DifferentiableModel, Score
from exhibit.tasks.records.base import Array, Arrays, Spec
from exhibit.tasks.records.explanation import Aggregate, Attribution

Asks = Literal["predictions", "gradients", "trees"]


class Method(Spec):
    """How outputs of a model are explained.

    A method also has a `title`, a `formula` (inline HTML), a `citation`, and says whether it is `additive`: whether
    its values add up to the change of the score. It may have a `baseline` or a `background`.
    """

    aggregate: Aggregate = Field("raw", description="of channels and samples when summarised: raw, abs or square")

    @property
    def asks(self) -> Asks:
        """What it takes of a model: predictions alone, gradients (or layers, which come with them), or trees."""
        return "predictions"

    def located(self, layer: str | None) -> Self:
        """The method, looking at the output of `layer` where it can look at a layer and names none."""
        if layer is None or getattr(self, "layer", layer) is not None:
            return self
        return self.model_copy(update={"layer": layer, "at": "output"})

    @abstractmethod
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

        `inputs`: raw values by input name. `baselines`: raw values that they are compared with: shaped like `inputs`,
        or the rows that a method with a `background` averages over; None for zero where the method looks. What is
        drawn at random depends on its seed and on the sample's id in `sample_ids` (samples,) alone. A method that
        asks for no gradient takes any `exhibit.tasks.protocols.Model`.

        Raises:
            InputError: where the method cannot explain such a model, input, layer or score.
        """
