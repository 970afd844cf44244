"""What a net for pictures was trained on: declared in a config, or read from what comes with its weights. Pictures and
baselines stay in the units of the data; only the net is given other numbers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field, field_validator

from exhibit.tasks.records.base import Array, Arrays, InputError, Spec
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.framing import Frame, Interpolation
from exhibit.tasks.records.language import AND, COMMA, Message, as_message, joined, mark, say
from exhibit.tasks.records.shown import printed, unread_by

Channels = Literal["rgb", "bgr"]
_Number = Annotated[float, Field(ge=-1_000_000, le=1_000_000)]
_Positive = Annotated[float, Field(gt=0, le=1_000_000)]


@dataclass(frozen=True)
class Preprocessing:
    """(raw - mean) / deviation for each channel, channels last; `reverse`: red, green, blue to blue, green, red."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    reverse: bool = False

    def __call__(self, inputs: Arrays) -> dict[str, Array]:
        """float32 numbers for each input."""
        return {name: self.of(values) for name, values in inputs.items()}

    def of(self, values: Array) -> Array:
        """float32 numbers of the pictures (samples, height, width, channels)."""
        ordered = values[..., ::-1] if self.reverse else values
        mean, deviation = (np.array(numbers, np.float32) for numbers in (self.mean, self.deviation))
        return (ordered.astype(np.float32) - mean) / deviation


class Declared(NamedTuple):
    """What a net was trained on, all of it known. `scale`: what the brightest value becomes before `mean` and `std`,
    which stand in the order of `channels`; `frame`: None where nothing says how pictures were framed. `source`: what
    says so, in words."""

    scale: float = 1.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    channels: Channels = "rgb"
    frame: Frame | None = None
    source: str = ""

    def on(self, image: Input) -> Preprocessing:
        """The same in the units of the data.

        Raises:
            InputError: where it is of other channels than the pictures.
        """
        channels = image.values.shape[-1]
        for key, numbers in (("mean", self.mean), ("std", self.std)):
            if len(numbers) not in (1, channels):
                raise InputError(
                    f"model.preprocess.{key}: {len(numbers)} numbers are given, and {image.name!r} has {channels} "
                    f"channel{'s' * (channels > 1)}; give one for each channel, or one for all"
                )
        if off := [mean for mean in self.mean if not 0 <= mean <= self.scale * (1 + 1e-6)]:
            of_bytes = self.scale < 255 and all(0 <= mean <= 255 for mean in self.mean)
            raise InputError(
                f"model.preprocess.mean: {off[0]:g} is no mean of pixels that are brought to 0..{self.scale:g} before"
                f"{'; if it is of pixels from 0 to 255, give model.preprocess.scale=255' if of_bytes else ''}"
            )
        if self.channels == "bgr" and channels != 3:
            raise InputError(f"model.preprocess.channels: bgr needs three channels, and {image.name!r} has {channels}")
        low, high = _bounds(image)
        unit = (high - low) / self.scale
        return Preprocessing(
            tuple(low + unit * mean for mean in self.mean),
            tuple(unit * std for std in self.std),
            reverse=self.channels == "bgr",
        )

    def said(self, image: Input) -> Message:
        """In a sentence what a net is given of the pictures."""
        low, high = _bounds(image)
        steps = [say("brought to 0..{most}", most=f"{self.scale:g}")] if (low, high) != (0, self.scale) else []
        steps += [say("less {numbers}", numbers=_listed(self.mean))] if any(self.mean) else []
        steps += [say("divided by {numbers}", numbers=_listed(self.std))] if set(self.std) != {1.0} else []
        steps = steps or [say("given as they are")]
        return say(
            "Pixels from {low} to {high} are {done}{order}{whence}.",
            low=printed(low, "g"),
            high=printed(high, "g"),
            done=joined(steps, COMMA),
            order=say(", in the order blue, green, red") if self.channels == "bgr" else "",
            whence=say(" ({source})", source=as_message(self.source)) if self.source else "",
        )


class PreprocessSpec(Spec):
    """What pictures become before the net; what is null is as the weights' own files say, else as stated here."""

    file: Path | None = Field(
        None, description="preprocessor_config.json of Hugging Face, or config.json of timm, where all of this stands"
    )
    resize: int | None = Field(
        None, ge=8, le=16_384, description="pictures from files: what the shorter side is brought to, in pixels"
    )
    crop: int | None = Field(
        None, ge=8, le=4_096, description="pictures from files: side of the middle that is cut out"
    )
    interpolation: Interpolation | None = Field(None, description="how pictures from files are resized")
    scale: _Positive | None = Field(
        None, description="what the brightest value of the data becomes, before mean and std: 1 (else), or 255"
    )
    mean: tuple[_Number, ...] | None = Field(
        None, min_length=1, description="taken away then, one number for each channel or one for all; else nothing"
    )
    std: tuple[_Positive, ...] | None = Field(
        None, min_length=1, description="divided by then, one number for each channel or one for all; else nothing"
    )
    channels: Channels | None = Field(None, description="the order in which the net takes them: rgb (else) or bgr")

    @field_validator("mean", "std", mode="before")
    @classmethod
    def _one_for_all(cls, given: Any) -> Any:
        return (given,) if isinstance(given, int | float) and not isinstance(given, bool) else given

    @property
    def given(self) -> bool:
        """Whether anything is declared."""
        return any(value is not None for _, value in self)

    def read_from(self) -> dict[str, Path | tuple[Path, ...]]:
        """The file that says it, by its key."""
        return {} if self.file is None else {"preprocess.file": self.file}

    def resolved(self, found: Declared | None = None) -> Declared | None:
        """What is declared, and for the rest what was `found` with the weights; None where nothing is known.

        Raises:
            InputError: for a file that does not say it.
        """
        known = declared_in(self.file, "model.preprocess.file") if self.file is not None else found
        own = {
            key: value
            for key, value in self
            if key in ("scale", "mean", "std", "channels") and value is not None
        }  # fmt: skip
        if known is None and not self.given:
            return None
        base = known or Declared()
        source = base.source
        if own or self._framed:
            source = joined([mark("as the config states"), source], AND)
        return base._replace(frame=self._frame(base.frame), source=source, **own)

    @property
    def _framed(self) -> bool:
        return self.resize is not None or self.crop is not None or self.interpolation is not None

    def _frame(self, known: Frame | None) -> Frame | None:
        size = self.crop or (known.size if known else None) or self.resize
        if size is None:
            return None
        resize = self.resize or (known.resize if known and not self.crop else None)
        return Frame(
            size=size,
            resize=resize or (size if self.crop or self.resize else None),
            interpolation=self.interpolation or (known.interpolation if known else "bilinear"),
        )

    def require_framed(self, image: Input) -> None:
        """Raises InputError where the pictures do not have the size that is declared for them."""
        side = self.crop or self.resize
        sides = tuple(image.values.shape[1:3])
        if side is not None and sides != (side, side):
            key = "crop" if self.crop else "resize"
            raise InputError(
                f"model.preprocess.{key}: {side} was given, and the data gives pictures of {sides[0]}x{sides[1]} "
                f"pixels; pictures from files are brought to it where data.size is auto, arrays come in it"
            )


NOTHING = PreprocessSpec()


def only_picture(dataset: Dataset) -> Input | None:
    """The first input of pixels; None where there is none."""
    return next((item for item in dataset.inputs if item.traits.pixels), None)


def declared_in(path: Path, key: str) -> Declared:
    """What a `preprocessor_config.json` of Hugging Face or a `config.json` of timm says of pictures.

    Raises:
        InputError: for a file that is not there, is no JSON, or says nothing of pictures.
    """
    about = _json(path, key)
    found = about.get("pretrained_cfg", about)
    try:
        if "mean" in found and "std" in found:
            return of_timm(found, say("as {file} beside the weights says", file=path.name))
        if "image_mean" in found or "rescale_factor" in found:
            return _of_hugging_face(found, say("as {file} says", file=path.name))
    except InputError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise InputError(f"{key}: {path.name} cannot be understood ({type(error).__name__}: {error})") from error
    raise InputError(
        f"{key}: {path.name} says nothing of pictures; a preprocessor_config.json has image_mean and image_std, a "
        "config.json of timm pretrained_cfg with mean and std"
    )


def beside(weights: Path) -> Path | None:
    """The file beside the weights that says what pictures become, where there is one."""
    for name in ("preprocessor_config.json", "config.json"):
        path = weights.parent / name
        if path.is_file():
            about = _json(path, "model.preprocess")
            if {"image_mean", "rescale_factor", "pretrained_cfg"} & about.keys():
                return path
    return None


def of_timm(found: Mapping[str, Any], source: str) -> Declared:
    """What `pretrained_cfg` of timm says: the middle square of `crop_pct` of the shorter side, or all of the picture
    squeezed into one. What it does not say is as timm takes it.

    Raises:
        InputError: for pictures that are framed otherwise.
    """
    height, width = (int(side) for side in found["input_size"][-2:])
    part, mode = float(found.get("crop_pct") or _PART_OF_TIMM), found.get("crop_mode") or "center"
    if height != width:
        raise _unknown(f"{height}x{width} pixels, which is no square")
    if mode != "center" and (mode, part) != ("squash", 1.0):
        raise _unknown(f"crop_mode {mode!r} with crop_pct {part:g}")
    return Declared(
        mean=_numbers(found["mean"]),
        std=_numbers(found["std"]),
        frame=Frame(
            size=width,
            resize=None if mode == "squash" else int(width / part),
            interpolation=_interpolation(str(found.get("interpolation") or "bicubic")),
        ),
        source=source,
    )


_PART_OF_TIMM = 0.875


def _unknown(what: str) -> InputError:
    return InputError(
        f"model.preprocess: the weights ask for pictures framed as is not done here, {what}; give weights whose "
        "pictures are squares, cut out of the middle or squeezed"
    )


def _of_hugging_face(found: Mapping[str, Any], source: str) -> Declared:
    """As the image processors of transformers write it."""
    strange = [key for key in ("rescale_offset", "do_pad") if found.get(key)]
    kind = str(found.get("image_processor_type", "")).removesuffix("Fast")
    if strange or kind in _OF_THEIR_OWN:
        raise InputError(
            f"model.preprocess: the weights ask for what is not done here to pictures, {[*strange, kind][0]}; make the "
            "pictures so beforehand, and give a file without it"
        )
    factor = float(found.get("rescale_factor", 1 / 255)) if found.get("do_rescale", True) else 1.0
    normalised = bool(found.get("do_normalize", True))
    return Declared(
        scale=255 * factor,
        mean=_numbers(found["image_mean"]) if normalised else (0.0,),
        std=_numbers(found["image_std"]) if normalised else (1.0,),
        frame=_frame_of_hugging_face(found),
        source=source,
    )


# These do more than their settings say: divide by the deviations twice, resize to more than the size.
_OF_THEIR_OWN = ("EfficientNetImageProcessor", "LevitImageProcessor")


def _frame_of_hugging_face(found: Mapping[str, Any]) -> Frame | None:
    short, crop = (_side(found.get(key)) for key in ("size", "crop_size"))
    if short is not None and found.get("crop_pct") and "crop_size" not in found:  # as ConvNeXt does it
        resize = int(short / float(found["crop_pct"])) if short < _LARGE else None
        return Frame(size=short, resize=resize, interpolation=_PILLOW[int(found.get("resample", 2))])
    cut = bool(found.get("do_center_crop", False)) and crop is not None
    side = crop if cut else short
    if side is None:
        return None
    squeezed = not cut and not (isinstance(found.get("size"), Mapping) and "shortest_edge" in found["size"])
    return Frame(
        size=side,
        resize=None if squeezed else short if found.get("do_resize", True) else side,
        interpolation=_PILLOW[int(found.get("resample", 2))],
    )


_PILLOW: dict[int, Interpolation] = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}


def _side(given: Any) -> int | None:
    """224, {"shortest_edge": 224} or {"height": 224, "width": 224}."""
    if not isinstance(given, Mapping):
        return None if given is None else int(given)
    sides = {int(side) for side in given.values() if side is not None}
    if not given.keys() <= {"shortest_edge", "height", "width"} or len(sides) != 1:
        raise _unknown(", ".join(f"{key} {value}" for key, value in given.items()))
    return sides.pop()


_LARGE = 384  # pixels from which ConvNeXt squeezes pictures


def _interpolation(word: str) -> Interpolation:
    """As torchvision and timm name it; what they choose at random, or is not known here, is bilinear."""
    known: dict[str, Interpolation] = {"nearest": "nearest", "bicubic": "bicubic", "lanczos": "lanczos"}
    return known.get(word, "bilinear")


def _json(path: Path, key: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{key}: {path.name} cannot be read as JSON ({unread_by(error)})") from error
    if not isinstance(found, dict):
        raise InputError(f"{key}: {path.name} is no dictionary of settings")
    return found


def _numbers(given: Sequence[Any]) -> tuple[float, ...]:
    numbers = tuple(float(number) for number in given)
    if not np.isfinite(numbers).all():
        raise ValueError(f"{numbers} are to be numbers")
    return numbers


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(printed(number, ".4g") for number in (numbers[:1] if len(set(numbers)) == 1 else numbers))


def _bounds(image: Input) -> tuple[float, float]:
    return image.bounds or (0.0, 1.0)
