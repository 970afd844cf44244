"""Crops of the photographs that scikit-image and scikit-learn ship, with or without a planted mark."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field

from exhibit.tasks.data.data import Data
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset, Input, Split
from exhibit.tasks.records.language import Message, mark, say, say_all
from exhibit.tasks.records.shelf import Shelf

_CELLS = 4  # a photograph has 4 x 4 cells, of which one in every row and column is held out
_ROOM = 25 / 24  # the shorter side of a cell, in sides of a crop

_SKIMAGE = {
    "astronaut": "astronaut",
    "cat": "chelsea",
    "coffee": "coffee",
    "rocket": "rocket",
    "retina": "retina",
    "tissue": "immunohistochemistry",
    "galaxies": "hubble_deep_field",
}
_SKLEARN = {"temple": "china.jpg", "flower": "flower.jpg"}
PHOTOGRAPHS = (*_SKIMAGE, *_SKLEARN)


class Crop(NamedTuple):
    """A square of a photograph by its upper left corner."""

    photograph: str
    split: Split
    row: int
    column: int

    @property
    def name(self) -> str:
        """Which photograph it is from, and where it lies in it."""
        return f"{self.photograph} at {self.row},{self.column}"

    @property
    def called(self) -> str:
        """The same for a reader, to whom 201,302 is a number."""
        return f"{self.photograph} at row {self.row}, column {self.column}"


class _CropsSpec(Data):
    """How photographs are cut."""

    size: int = Field(96, ge=16, le=256, description="side of a crop in pixels")
    train: int = Field(60, ge=1, le=1000, description="training crops of each photograph")
    test: int = Field(20, ge=1, le=1000, description="held-out crops of each photograph")
    seed: int = Field(0, ge=0, lt=2**32, description="of the held-out cells and of the places of the crops")

    @property
    def short(self) -> int:
        """What the shorter side of a photograph is brought to, in pixels."""
        return _CELLS * round(_ROOM * self.size)

    def crops(self) -> tuple[list[Crop], Array]:
        """All crops, photograph by photograph, and their pixels (crops, size, size, 3) in 0..255."""
        crops: list[Crop] = []
        pixels: list[Array] = []
        for number, name in enumerate(PHOTOGRAPHS):
            photograph = scaled(photograph_of(name), self.short)
            places = list(_places(name, photograph.shape, self, np.random.default_rng((self.seed, number))))
            crops += places
            pixels += [photograph[c.row : c.row + self.size, c.column : c.column + self.size] for c in places]
        return crops, np.stack(pixels).astype(np.float32)


class PhotosSpec(_CropsSpec):
    """Crops of nine colour photographs, classified by the photograph that they are cut from.

    One cell in every row and column of a grid over each photograph is held out: no pixel of a test crop is in any
    training crop.
    """

    kind: Literal["photos"] = "photos"

    def load(self, _: Shelf) -> Dataset:
        """All crops, photograph by photograph."""
        crops, pixels = self.crops()
        return _dataset(
            crops,
            pixels,
            title=mark("Crops of photographs"),
            description=say_all(_described(self), _CLASS),
            ids=[crop.name for crop in crops],
        )


class WatermarkSpec(_CropsSpec):
    """The crops of `photos` with a small mark in most training crops of one photograph and in no other.

    The mark is the shortcut that a model will take, and where it lies is known. Held-out crops of that photograph
    come with and without it.
    """

    kind: Literal["watermark"] = "watermark"
    marked: str = Field("coffee", description=f"the photograph that is marked: {', '.join(PHOTOGRAPHS)}")
    share: float = Field(0.9, ge=0, le=1, description="of its training crops that are marked")
    test_share: float = Field(0.5, ge=0, le=1, description="of its held-out crops that are marked")
    mark: int = Field(14, ge=5, le=256, description="side of the mark in pixels")

    def load(self, _: Shelf) -> Dataset:
        """All crops; `regions` is the place of the mark, empty where there is none.

        Raises:
            InputError: for a photograph that is not there, or a mark that is larger than a crop.
        """
        if self.marked not in PHOTOGRAPHS:
            raise InputError(f"data.marked: {self.marked!r} was given; use one of {', '.join(PHOTOGRAPHS)}")
        if self.mark > self.size:
            raise InputError(f"data.mark: {self.mark} was given, but a crop has {self.size} pixels; use a smaller one")
        crops, pixels = self.crops()
        regions = np.zeros(pixels.shape[:3], bool)
        draws = np.random.default_rng((self.seed, len(PHOTOGRAPHS)))
        for index in self._marked(crops, draws):
            row, column = draws.integers(self.size - self.mark + 1, size=2)
            place = index, slice(row, row + self.mark), slice(column, column + self.mark)
            pixels[place] = watermark(self.mark)
            regions[place] = True
        return _dataset(
            crops,
            pixels,
            title=mark("Crops of photographs with a watermark"),
            description=say_all(
                _described(self),
                _CLASS,
                say(
                    "A mark of {size} pixels is planted in {training} of the training crops and {test} of the test "
                    "crops of {photograph}, and nowhere else.",
                    size=f"{self.mark}x{self.mark}",
                    training=f"{self.share:.0%}",
                    test=f"{self.test_share:.0%}",
                    photograph=self.marked,
                ),
            ),
            ids=[crop.name + ", marked" * bool(region.any()) for crop, region in zip(crops, regions, strict=True)],
            regions=regions,
        )

    def _marked(self, crops: Sequence[Crop], draws: np.random.Generator) -> Array:
        shares: dict[Split, float] = {"train": self.share, "test": self.test_share}
        own = {
            split: [i for i, crop in enumerate(crops) if (crop.photograph, crop.split) == (self.marked, split)]
            for split in shares
        }
        return np.concatenate(
            [draws.permutation(rows)[: round(shares[split] * len(rows))] for split, rows in own.items()]
        )


def photograph_of(name: str) -> Array:
    """(height, width, 3) bytes of a photograph that scikit-image or scikit-learn ships."""
    if name in _SKLEARN:
        from sklearn.datasets import load_sample_image

        return np.asarray(load_sample_image(_SKLEARN[name]))
    from skimage import data

    load: Callable[[], Array] = getattr(data, _SKIMAGE[name])
    return load()


def scaled(photograph: Array, short: int) -> Array:
    """The photograph with a shorter side of `short` pixels, its proportions kept."""
    from PIL import Image

    height, width = photograph.shape[:2]
    factor = short / min(height, width)
    image = Image.fromarray(photograph).resize(
        (round(width * factor), round(height * factor)), Image.Resampling.LANCZOS
    )
    return np.asarray(image)


def watermark(side: int) -> Array:
    """(side, side, 3): a white square with a dark ring and a dot, as a stamp."""
    axis = np.linspace(-1, 1, side)
    radius = np.hypot(axis[:, None], axis)
    dark = (radius < 0.3) | (abs(radius - 0.75) < 0.16)
    return np.where(dark[..., None], [24.0, 24.0, 96.0], 255.0)


def _places(name: str, shape: tuple[int, ...], spec: _CropsSpec, draws: np.random.Generator) -> Iterator[Crop]:
    """Training crops, which touch no held-out cell, then test crops, each within one; no place twice."""
    size, (height, width) = spec.size, shape[:2]
    rows, columns = np.linspace(0, height, _CELLS + 1).astype(int), np.linspace(0, width, _CELLS + 1).astype(int)
    corners = height - size + 1, width - size + 1  # upper left corners of all crops
    inside, touching = np.zeros(corners, bool), np.zeros(corners, bool)
    for i, j in enumerate(draws.permutation(_CELLS)):
        inside[rows[i] : rows[i + 1] - size + 1, columns[j] : columns[j + 1] - size + 1] = True
        touching[max(0, rows[i] - size + 1) : rows[i + 1], max(0, columns[j] - size + 1) : columns[j + 1]] = True
    choices: dict[Split, tuple[int, Array]] = {"train": (spec.train, ~touching), "test": (spec.test, inside)}
    for split, (count, allowed) in choices.items():
        places = np.argwhere(allowed)
        if count > len(places):
            raise InputError(f"data.{split}: {count} was given, but {name!r} has {len(places)} places for a crop")
        for row, column in places[np.sort(draws.choice(len(places), count, replace=False))].tolist():
            yield Crop(name, split, row, column)


_CLASS = mark("The class is the photograph.")


def _described(spec: _CropsSpec) -> Message:
    return say_all(
        say(
            "Squares of {size} pixels from {count} photographs, each brought to {side} pixels on its shorter side.",
            size=f"{spec.size}x{spec.size}",
            count=str(len(PHOTOGRAPHS)),
            side=str(spec.short),
        ),
        say("Training and test crops are from different parts of a photograph and share no pixel."),
    )


def _dataset(
    crops: Sequence[Crop],
    pixels: Array,
    *,
    title: str,
    description: str,
    ids: Sequence[str],
    regions: Array | None = None,
) -> Dataset:
    """`regions`: of the mark, where one is planted."""
    image = Input(
        name="image",
        kind="image",
        values=pixels,
        bounds=(0.0, 255.0),
        regions=regions,
        region=mark("the planted mark"),
        planted=regions is not None,
    )
    return Dataset(
        title=title,
        description=description,
        source="Photographs that scikit-image (skimage.data) and scikit-learn (load_sample_image) ship: NASA "
        "(astronaut, galaxies), SpaceX (rocket), S. van der Walt (cat), R. Michel (coffee), M. Häggström (retina), "
        "CMMI (tissue), danielbuechele (temple, CC BY 2.0), vultilion (flower, CC BY 2.0)",
        task="classification",
        inputs=(image,),
        sample_ids=np.array(ids),
        names=np.array([crop.called + one.removeprefix(crop.name) for crop, one in zip(crops, ids, strict=True)]),
        labels=np.array([PHOTOGRAPHS.index(crop.photograph) for crop in crops]),
        split=np.array([crop.split for crop in crops]),
        classes=PHOTOGRAPHS,
        label_name=mark("subject"),
    )
