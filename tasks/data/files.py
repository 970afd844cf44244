"""Pictures from files, framed as the model that explains them wants them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field

from exhibit.tasks.data.picture_file import SUFFIXES, read_picture
from exhibit.tasks.records.base import Array, InputError, Spec
from exhibit.tasks.records.data import Excluded, Input, Split
from exhibit.tasks.records.shelf import Shelf, Shelved


class Picture(NamedTuple):
    """A file that is wanted: what it is called in the data, its class and its split."""

    path: Path
    name: str
    label: int
    split: Split


class FramedSpec(Spec):
    """How pictures of any size become squares of one size, as a published model was given them.

    Explanations lie on these pixels: the model sees them and nothing else.
    """

    size: int = Field(224, ge=8, le=4_096, description="side of the square in pixels")
    resize: int | None = Field(
        None,
        ge=8,
        le=16_384,
        description="the shorter side is brought to this and the middle cut out; null: squeezed into the square",
    )
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = Field(
        "bilinear", description="how a picture is resized"
    )

    def framed(self, path: Path) -> Array:
        """(size, size, 3) bytes of the picture at `path`.

        Raises:
            OSError, SyntaxError, ValueError: when it cannot be read, as `read_picture` says it.
        """
        from PIL import Image

        picture = read_picture(path)
        how = Image.Resampling[self.interpolation.upper()]
        if self.resize is None:
            return np.asarray(picture.resize((self.size, self.size), how))
        width, height = picture.size
        short = min(width, height)
        picture = picture.resize((self.resize * width // short, self.resize * height // short), how)
        # The corner is that of torchvision's CenterCrop, whose published transforms this reproduces.
        left, top = (round((side - self.size) / 2.0) for side in picture.size)
        return np.asarray(picture.crop((left, top, left + self.size, top + self.size)))

    def read(self, wanted: Sequence[Picture], shelf: Shelf) -> tuple[Input, list[Picture], list[Excluded]]:
        """The pictures that can be read, which they are, and the others with the reason.

        They are read one by one, and their pixels laid on the `shelf`, from which they are taken when they are used:
        however many there are, they need not fit into memory.

        Raises:
            InputError: for no picture that can be read.
        """
        kept, digests, excluded = [], [], []
        for picture in wanted:
            try:
                pixels = self.framed(picture.path).tobytes()
            except (OSError, SyntaxError, ValueError) as problem:
                reason = str(problem).replace(str(picture.path), picture.path.name)
                excluded.append(Excluded(sample_id=picture.name, given=picture.path.name, reason=reason))
            else:  # a shelf that is full is no fault of the picture
                digests.append(shelf.put(pixels, durably=False))
                kept.append(picture)
        if not kept:
            raise InputError(f"data: none of {len(wanted)} pictures could be read, the first because {reason!r}")
        values = Shelved(np.array(digests, "S"), (self.size, self.size, 3), "float32", shelf)
        return Input(name="image", kind="image", values=values, bounds=(0.0, 255.0)), kept, excluded

    @property
    def framing(self) -> str:
        """One sentence about the pixels that the model sees."""
        if self.resize is None:
            return f"Each is squeezed to {self.size}x{self.size} pixels ({self.interpolation})."
        return (
            f"The shorter side of each is brought to {self.resize} pixels ({self.interpolation}), and the middle "
            f"{self.size}x{self.size} pixels are what the model and the reader see."
        )


def pictures_in(folder: Path) -> list[Path]:
    """The files of pictures directly in `folder`, by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def sampled(paths: Sequence[Path], count: int | None, seed: int) -> list[Path]:
    """`count` of the paths (None: all), drawn by `seed` and their own names, in their order."""
    if count is None or count >= len(paths):
        return list(paths)
    own = hashlib.sha256("\0".join(path.name for path in paths).encode()).digest()
    rows = np.random.default_rng([seed, *own]).choice(len(paths), count, replace=False)
    return [paths[row] for row in np.sort(rows)]


def content_digest(wanted: Sequence[Picture]) -> str:
    """A digest of the names and the bytes of pictures: what a result depends on, wherever they lie."""
    digest = hashlib.sha256()
    for picture in wanted:
        digest.update(f"{picture.name}\0{picture.label}\0{picture.split}\0".encode())
        digest.update(hashlib.sha256(picture.path.read_bytes()).digest())
    return digest.hexdigest()


def existing(path: Path, key: str, what: str) -> Path:
    """`path`, if it is there.

    Raises:
        InputError: which says what belongs there.
    """
    if not path.exists():
        raise InputError(f"data.{key}: {path} is not there; {what}")
    return path


def class_names(folders: Sequence[str], names: Mapping[str, str]) -> Iterator[str]:
    """What a reader calls each class: its name in the config, or that of its folder."""
    if unknown := set(names) - set(folders):
        raise InputError(
            f"data.names: {', '.join(sorted(unknown))} are not folders of the data; there are {', '.join(folders)}"
        )
    return (names.get(folder, folder.replace("_", " ")) for folder in folders)


def digests(files: Mapping[str, Path]) -> dict[str, str]:
    """The sha256 of each file, by its key."""
    return {key: hashlib.sha256(path.read_bytes()).hexdigest() for key, path in files.items()}
