"""What the nets for images have in common."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from pydantic import Field

from exhibit.tasks.models.kinds import only
from exhibit.tasks.models.preprocess import Preprocessing
from exhibit.tasks.models.training import TrainingSpec
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.language import Message, say, say_all, sayn


def scaling(image: Input) -> Preprocessing:
    """To numbers from 0 to 1: pixels divided by the brightest value."""
    return Preprocessing((0.0,), (image.bounds[1] if image.bounds else 1.0,))


class AugmentedSpec(TrainingSpec):
    """Training on images that are flipped and shifted at random, until it no longer helps."""

    flip: bool = Field(True, description="every other image, left to right")
    shift: float = Field(0.1, ge=0, lt=1, description="largest shift along each axis, as a share of the side")
    patience: int | None = Field(
        5, ge=1, le=100_000, description="stop when the held-out loss has not fallen for so many epochs; null: never"
    )

    @property
    def stops_early(self) -> bool:
        """Unless its patience is without end."""
        return self.patience is not None

    @property
    def training(self) -> str:
        """One sentence or two about the training."""
        if self.fitting == "never":
            return super().training
        if self.patience is None:
            return say_all(super().training, self._said_of_changes())
        stops = sayn(
            "It stops early when the loss on images that do not train has not fallen for {number} epoch.",
            "It stops early when the loss on images that do not train has not fallen for {number} epochs.",
            self.patience,
            number=str(self.patience),
        )
        return say_all(super().training, self._said_of_changes(), stops)

    def _said_of_changes(self) -> Message:
        """What is done to its images, in a sentence."""
        shift = f"{self.shift:.0%}"
        if self.flip and self.shift:
            return say("Its images are flipped left to right or shifted by up to {shift} at random.", shift=shift)
        if self.flip:
            return say("Its images are flipped left to right at random.")
        return say("Its images are shifted by up to {shift} at random.", shift=shift) if self.shift else Message()

    def seen(self, inputs: Arrays, rows: Array) -> dict[str, Array]:
        """The images flipped and shifted; what is drawn depends on the seed and on which rows these are."""
        draws = np.random.default_rng([self.seed, *hashlib.sha256(rows.tobytes()).digest()])
        return {name: np.stack([self._changed(image, draws) for image in images]) for name, images in inputs.items()}

    def fewest(self, *, watched: bool) -> int:
        """As many as it is patient for, where it is `watched`."""
        return min(self.epochs, self.patience + 1) if watched and self.patience is not None else self.epochs

    def enough(self, history: Mapping[str, Sequence[float]]) -> bool:
        """Whether the last `patience` epochs have brought nothing."""
        losses = history.get("validation_loss", history.get("test_loss", ()))
        return self.patience is not None and len(losses) - int(np.argmin([*losses, np.inf])) > self.patience

    def _changed(self, image: Array, draws: np.random.Generator) -> Array:
        most = [int(self.shift * side) for side in image.shape[:2]]
        top, left = (int(draws.integers(2 * reach + 1)) for reach in most)
        mirrored = bool(draws.integers(2)) and self.flip
        # What comes in from outside repeats the edge.
        padded = np.pad(image, [(reach, reach) for reach in most] + [(0, 0)], mode="edge")
        shifted = padded[top : top + image.shape[0], left : left + image.shape[1]]
        return shifted[:, ::-1] if mirrored else shifted


def only_image(dataset: Dataset, model: str) -> Input:
    """The one image that the dataset has.

    Raises:
        InputError: for other data than a classification of one image.
    """
    return only(dataset, "image", f"a {model} classifies images", "classification")


def halved(image: Input, model: str, times: int, shorter: Callable[[int], str] | None = None) -> Input:
    """`image`, if its sides can be halved so many times. `shorter`: what to type for fewer times, where that can be.

    Raises:
        InputError: which says what the net takes.
    """
    height, width = image.values.shape[1:3]
    possible = min(height, width).bit_length() - 1
    if possible >= times:
        return image
    fewer = f"{shorter(possible)}, or " if shorter is not None and possible else ""
    raise InputError(
        f"model: a {model} halves the sides of an image {times} time{'s' * (times > 1)}, so it takes at least "
        f"{2**times}x{2**times} pixels, but {image.name!r} is {height}x{width}; give {fewer}larger images (data.size)"
    )


def coloured(image: Input, model: str, least: int) -> Input:
    """`image`, if it has three channels and is large enough.

    Raises:
        InputError: which says what the net takes.
    """
    *sides, channels = image.values.shape[1:]
    if channels != 3 or min(sides) < least:
        raise InputError(
            f"model: a {model} takes colour images of at least {least}x{least} pixels, but {image.name!r} is "
            f"{sides[0]}x{sides[1]} with {channels} channel{'s' * (channels > 1)}"
        )
    return image
