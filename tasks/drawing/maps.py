"""What becomes of an image's attributions before they are coloured: sign, clipping, scaling, cleaning, outlines.

Steps are in the order of `prepared`. All but polarity leave values in units of the map itself, so that such maps are
not comparable with each other.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from exhibit.tasks.records.base import Array, Spec
from exhibit.tasks.records.figure import Palette

Share = Annotated[float, Field(ge=0, le=100)]
Scaler = Literal["abs_max", "min_max", "normalize"]

_USUAL, _MANY = 99.0, 1_000
_PRESENT = 0.001  # values above this are inside of an outline
_MOST_OUTLINES = 3


class MapSpec(Spec):
    """How the attributions of an image are drawn."""

    polarity: Literal["both", "positive", "negative"] = Field(
        "both", description="which signs are drawn, taken before the sum over channels"
    )
    bound: float | None = Field(
        None, gt=0, le=1_000_000_000, description="the values of channels are cut off at plus and minus this"
    )
    clip_above: Share | None = Field(
        None, description="the largest values that make up the rest of this share of all attribution, in percent, are 1"
    )
    clip_below: Share | None = Field(
        None, description="the smallest values that make up this share of all attribution, in percent, are left out"
    )
    lower_end: float = Field(0.0, ge=0, lt=1, description="where the smallest value that is kept begins")
    percentile: Annotated[float, Field(gt=0, le=100)] | Literal["auto"] | None = Field(
        "auto",
        description="values beyond this percentile of all values are drawn as if they were there; null: none are; "
        f"auto: {_USUAL:g} on one scale of pictures of more than {_MANY:,} pixels, of which a handful would leave all "
        "others white, else null",
    )
    scaler: Scaler | None = Field(None, description="abs_max, min_max or normalize; null: values as they are")
    scale: Literal["per_method", "shared", "per_sample", "per_row"] = Field(
        "per_method",
        description="one scale for all maps of a method, for all methods of a unit, for each map, or for each row",
    )
    cleanup: int | None = Field(
        None, ge=2, le=10_000, description="side of the square that closes gaps and opens specks, pixels"
    )
    outlines: bool = Field(False, description="only the border of the largest areas")
    outlined: Share = Field(90, description="the outlines stop at this share of the area, in percent, or at three")
    overlay: float = Field(0, ge=0, le=1, description="opacity of the strongest colour on the photograph; 0: on white")
    palette: Palette = Field(
        "diverging", description="keras_example adds green and red light to the photograph, as published"
    )

    width: float | None = Field(
        None, ge=5, le=170, description="of each picture on paper in millimetres, as far as the page has room; null: 31"
    )

    @model_validator(mode="after")
    def _in_order(self) -> "MapSpec":
        above, below = self.clip_above, self.clip_below
        if above is not None and below is not None and below >= above:
            raise ValueError(f"clip_below {below:g} must be smaller than clip_above {above:g}")
        if self.palette == "keras_example" and (self.polarity == "both" or not self.overlay):
            raise ValueError("palette keras_example needs a polarity, positive or negative, and an overlay above 0")
        return self

    def of_pixels(self, most: int) -> "MapSpec":
        """For pictures of at most so many pixels: with a percentile that is a number or none."""
        if self.percentile != "auto":
            return self
        return self.model_copy(update={"percentile": _USUAL if most > _MANY and not self.relative else None})

    @property
    def end(self) -> float | None:
        """The percentile; none before it is known how large the pictures are."""
        return None if self.percentile == "auto" else self.percentile

    @property
    def relative(self) -> bool:
        """Whether a map is in units of its own, so that maps cannot be compared."""
        clipped = self.clip_above is not None or self.clip_below is not None
        return clipped or self.outlines or self.scaler is not None or self.scale in ("per_sample", "per_row")


def prepared(values: Array, spec: MapSpec) -> Array:
    """(height, width) to be coloured, from signed attributions (height, width, channels), without its scaler."""
    within = values if spec.bound is None else np.clip(values, -spec.bound, spec.bound)
    drawn = of_polarity(within, spec.polarity).sum(axis=-1, dtype=np.float64)
    if spec.clip_above is not None or spec.clip_below is not None:
        drawn = clipped_by_share(drawn, spec.clip_above, spec.clip_below, spec.lower_end)
    if spec.end is not None:
        drawn = clipped_by_value(drawn, spec.end)
    if spec.cleanup is not None:
        side = spec.cleanup
        drawn = by_sign(lambda part: cleaned(part, side), drawn)
    return by_sign(lambda part: outlined(part, spec.outlined), drawn) if spec.outlines else drawn


def of_polarity(values: Array, polarity: Literal["both", "positive", "negative"]) -> Array:
    """Only the values of that sign, zero elsewhere."""
    match polarity:
        case "positive":
            return np.maximum(values, 0)
        case "negative":
            return np.minimum(values, 0)
        case "both":
            return values


def clipped_by_share(values: Array, above: float | None, below: float | None, lower_end: float) -> Array:
    """Magnitudes mapped linearly, signs kept: the largest that together make up 100 - `above` percent of all become
    1, the one down to which they make up 100 - `below` percent `lower_end`, and smaller ones 0.

    The published name is percentile; it is of the running sum, not of the values.
    """
    size = np.abs(values)
    if not size.any():
        return values
    top = threshold(size, 100 - (100 if above is None else above))
    bottom = threshold(size, 100 - below) if below else size.min()
    if top <= bottom:  # one value alone makes up everything between the two shares
        return np.sign(values) * (size >= top)
    place = (1 - lower_end) * (size - bottom) / (top - bottom) + lower_end
    return np.sign(values) * np.where(place >= lower_end, np.minimum(place, 1), 0)


def threshold(size: Array, percent: float) -> float:
    """The largest magnitude with which the running sum, from the largest on, reaches `percent` of the total."""
    ordered = np.sort(size, axis=None)[::-1]
    running = 100 * np.cumsum(ordered) / ordered.sum()
    return float(ordered[np.argmax(running >= min(percent, running[-1]))])


def clipped_by_value(values: Array, percentile: float) -> Array:
    """Magnitudes above their percentile become that percentile."""
    limit = np.percentile(np.abs(values), percentile)
    return np.clip(values, -limit, limit)


def by_sign(change: Callable[[Array], Array], values: Array) -> Array:
    """`change` of the positive part less `change` of the negative one."""
    return change(np.maximum(values, 0)) - change(np.maximum(-values, 0))


def cleaned(values: Array, side: int) -> Array:
    """Gaps smaller than a square of `side` pixels are filled, then specks smaller than it removed.

    J. Serra (1982), Image analysis and mathematical morphology: closing, then opening.
    """
    from scipy.ndimage import grey_closing, grey_opening

    result: Array = grey_opening(grey_closing(values, size=(side, side)), size=(side, side))
    return result


def outlined(values: Array, percent: float) -> Array:
    """1 on the inner border of the largest connected areas, holes filled, until they make up `percent` of the area;
    at most three."""
    from scipy.ndimage import binary_erosion, binary_fill_holes, label

    numbers, count = label(binary_fill_holes(values > _PRESENT), structure=np.ones((3, 3)))
    areas = np.bincount(numbers.reshape(-1), minlength=count + 1)[1:]
    if not count:
        return np.zeros(values.shape)
    order = np.argsort(-areas, kind="stable")
    needed = 1 + int(np.argmax(np.cumsum(areas[order]) >= percent * areas.sum() / 100))
    kept = np.isin(numbers, 1 + order[: min(needed, _MOST_OUTLINES)])
    return (kept & ~binary_erosion(kept)).astype(np.float64)


def scaled(maps: Sequence[Array], scaler: Scaler | None) -> tuple[list[Array], float]:
    """Maps that are drawn on one scale, and its limit: 1 where the scaler gives it, else the largest magnitude."""
    everything = np.concatenate([values.reshape(-1) for values in maps])
    low, width = 0.0, 1.0
    match scaler:
        case "abs_max":
            width = float(np.abs(everything).max())
        case "min_max":
            low, width = float(everything.min()), float(np.ptp(everything))
        case "normalize":
            width = float(np.abs(everything).sum())
    done = [(values - low) / (width or 1.0) for values in maps]
    limit = max(float(np.abs(values).max()) for values in done)
    return done, limit or 1.0
