"""Several inputs to one model: tables, an image and a text."""

import gzip
import struct
import zlib
from math import prod
from pathlib import Path
from typing import Any, Literal
from zipfile import ZipFile

import numpy as np
from pydantic import Field

from exhibit.tasks.data.data import Data
from exhibit.tasks.data.files import digests, existing
from exhibit.tasks.data.tokens import PADDING, Index, longest_first, read_tokens
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.language import as_message, mark, mark_option, say, say_all
from exhibit.tasks.records.shelf import Shelf

_WORDS = ("one", "two", "three")


# What the article printed: of its own training and its own random bits, so of the same size at best.
PUBLISHED = {
    "base value": 315.75,
    "median of context_1": 0.0021,
    "median of context_2": -0.0009,
    "median of context_3": 0.0027,
    "median of image": 0.0153,
}


class _SeveralSpec(Data):
    """Images of digits beside three tables of random bits and one sentence that is the same in every row.

    The value to predict is a hundred times the digit: only the image says anything about it.
    """

    rows: int = Field(100, ge=2, le=70_000, description="the first so many digits")
    sentence: str = Field("吾輩は猫である", min_length=1, description="text of every row")
    tokens: int = Field(10, ge=1, le=10_000, description="length of the text: cut, or padded")
    seed: int = Field(0, ge=0, lt=2**32, description="of the random bits")

    def dataset(
        self, image: Input, digits: Array, words: Input, *, title: str, pixels: str, cut: str, source: str
    ) -> Dataset:
        """All rows train the model, as published: nothing is held out."""
        return Dataset(
            title=title,
            description=say(
                "Three tables of three random bits each, scans of handwritten digits ({pixels}), and the sentence "
                "{sentence} in every row, {cut}. The value is 100 times the digit, so neither the bits nor the "
                "sentence say anything about it.",
                pixels=as_message(pixels),
                sentence=self.sentence,
                cut=as_message(cut),
            ),
            source=say_all(source, say("Bits drawn at random.")),
            task="regression",
            inputs=(*contexts(len(digits), self.seed), image, words),
            sample_ids=np.array([f"row {row}" for row in range(len(digits))]),
            names=np.array([f"row {row}, {'an' if label == 8 else 'a'} {label}" for row, label in enumerate(digits)]),
            labels=digits * 100.0,
            split=np.full(len(digits), "train"),
            label_name=mark("value"),
            label_unit=mark_option("units of the value"),
        )


class MultimodalSpec(_SeveralSpec):
    """The digits that scikit-learn ships, 8x8 pixels, and a sentence of one token per character."""

    kind: Literal["multimodal"] = "multimodal"
    rows: int = Field(100, ge=2, le=1797, description="the first so many digits")

    def load(self, _: Shelf) -> Dataset:
        """The first digits."""
        from sklearn.datasets import load_digits

        digits = load_digits()
        return self.dataset(
            scans(digits.images[: self.rows], 16.0),
            digits.target[: self.rows],
            text("text", self.sentence, self.tokens, self.rows),
            title=mark("Digits with contexts and a sentence"),
            pixels=mark("8x8 pixels"),
            cut=mark("one token per character"),
            source="E. Alpaydin and C. Kaynak (1998), Optical recognition of handwritten digits, UCI; scikit-learn "
            "load_digits.",
        )


class MnistSpec(_SeveralSpec):
    """The first training images of MNIST, 28x28 pixels from 0 to 255, and a sentence in the tokens of a vocabulary."""

    kind: Literal["multimodal_mnist"] = "multimodal_mnist"
    path: Path = Field(description="mnist.npz as Keras keeps it, or the folder of train-images-idx3-ubyte.gz")
    get: str = Field("", description="where the file is to be had: said when it is missing")
    vocabulary: Path | None = Field(
        None, description="tokens, one per line, as in BERT's vocab.txt; null: one token per character"
    )

    def files(self) -> dict[str, Path]:
        """Every file that the data is read from, by its key.

        Raises:
            InputError: for a file that is not there.
        """
        get = f"get {self.get} and " if self.get else ""
        path = existing(self.path, "path", f"{get}put mnist.npz, or the folder of {_IMAGES}.gz, there")
        if path.is_dir() and not (path / _NPZ).exists():
            paths = {
                key: existing(_packed(path / name), "path", f"{get}put {name}.gz there")
                for key, name in (("images", _IMAGES), ("labels", _LABELS))
            }
        else:
            paths = {"archive": path / _NPZ if path.is_dir() else path}
        if self.vocabulary is None:
            return paths
        return paths | {"vocabulary": existing(self.vocabulary, "vocabulary", "put BERT's vocab.txt there")}

    def spec_with_digests(self) -> dict[str, Any]:
        """The spec, with digests of the files in the place of where they are."""
        found = digests(self.files())
        return (
            self.model_dump(mode="json", exclude={"path", "get", "limits"})
            | found
            | {"files": "-".join(found.values())}
        )

    def load(self, _: Shelf) -> Dataset:
        """The first training images.

        Raises:
            InputError: for files that do not hold MNIST, or have fewer rows.
        """
        files = self.files()
        images, labels = _archive(files["archive"]) if "archive" in files else _idx(files["images"], files["labels"])
        if images.ndim != 3 or len(images) != len(labels) or len(labels) < self.rows:
            raise InputError(
                f"data.path: {self.rows} images with a label each were expected, there are images {images.shape} and "
                f"labels {labels.shape}; give mnist.npz, or fewer data.rows"
            )
        tokens = read_tokens(files["vocabulary"]) if "vocabulary" in files else None
        dataset = self.dataset(
            scans(images[: self.rows], 255.0),
            labels[: self.rows].astype(np.int64),
            text("text", self.sentence, self.tokens, self.rows, tokens),
            title=mark("MNIST with contexts and a sentence"),
            pixels=say("{size} pixels, 0 to 255", size=f"{images.shape[1]}x{images.shape[2]}"),
            cut=mark("the longest token of the vocabulary first") if tokens else mark("one token per character"),
            source="Y. LeCun, C. Cortes, C. Burges (1998), The MNIST database of handwritten digits.",
        )
        return dataset.model_copy(update={"published": PUBLISHED})


_MOST_BYTES = 1 << 27  # unpacked; MNIST has 55 million
_NPZ, _IMAGES, _LABELS = "mnist.npz", "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def _packed(path: Path) -> Path:
    """The file with .gz behind its name, or without where only that is there."""
    return path if path.exists() else path.with_name(f"{path.name}.gz")


def _archive(path: Path) -> tuple[Array, Array]:
    """Training images and labels of Keras's file."""
    try:
        with ZipFile(path) as packed:
            if sum(item.file_size for item in packed.infolist()) > _MOST_BYTES:
                raise ValueError("more than MNIST is")
        with np.load(path, allow_pickle=False) as archive:
            return archive["x_train"], archive["y_train"]
    except Exception as problem:  # what is no such file fails in many ways
        raise InputError(f"data.path: {path.name} has no arrays x_train and y_train, as mnist.npz has") from problem


def _idx(images: Path, labels: Path) -> tuple[Array, Array]:
    """The arrays of two IDX files, packed or not: two zeros, 8 for bytes, the number of axes, their lengths, data."""

    def array(path: Path) -> Array:
        try:
            with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
                data = file.read(_MOST_BYTES)
        except (OSError, EOFError, zlib.error):
            data = b""  # half a file, or another
        axes = data[3] if data[:3] == b"\0\0\x08" else 0
        shape = struct.unpack(f">{axes}I", data[4 : 4 + 4 * axes]) if len(data) >= 4 + 4 * axes else ()
        if not axes or len(data) - 4 - 4 * axes != prod(shape):
            raise InputError(
                f"data.path: {path.name} is not an IDX file of unsigned bytes, the format in which MNIST is published"
            )
        return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)

    return array(images), array(labels)


def scans(images: Array, brightest: float) -> Input:
    """The input `image` of grey (samples, height, width), with where the ink is."""
    values = images[..., np.newaxis].astype(np.float32)
    return Input(
        name="image",
        kind="image",
        values=values,
        bounds=(0.0, brightest),
        aligned=True,
        regions=ink(values),
        region=mark("the ink"),
    )


def contexts(rows: int, seed: int) -> tuple[Input, ...]:
    """Three tables `context_1` to `context_3` of three columns of random bits."""
    bits = np.random.default_rng(seed).integers(0, 2, (3, rows, 3)).astype(np.float32)
    return tuple(
        Input(
            name=f"context_{number}",
            kind="table",
            values=values,
            features=tuple(f"context_{_WORDS[number - 1]}_{column}" for column in range(3)),
        )
        for number, values in enumerate(bits, 1)
    )


def ink(image: Array) -> Array:
    """(samples, height, width): where (samples, height, width, 1) grey values are not the background."""
    return image[..., 0] > 0


def text(name: str, sentence: str, length: int, rows: int, vocabulary: tuple[str, ...] | None = None) -> Input:
    """The sentence in every row, cut or padded to `length` tokens.

    Without a vocabulary one token per character, with ids in the order in which characters appear.
    """
    known = vocabulary or (PADDING, *dict.fromkeys(sentence))
    ids = longest_first(sentence, Index.of(known))[:length]
    padded = np.pad(ids, (0, length - len(ids)))
    return Input(name=name, kind="text", values=np.tile(padded, (rows, 1)).astype(np.int64), vocabulary=known)
