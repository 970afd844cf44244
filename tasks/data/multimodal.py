"""Several inputs to one model: tables, an image and a text."""

from typing import Literal

import numpy as np
from pydantic import Field

from tasks.records import Array, Dataset, Input, Spec

PADDING = "[PAD]"
_WORDS = ("one", "two", "three")


class MultimodalSpec(Spec):
    """Handwritten digits beside three tables of random bits and one sentence that is the same in every row.

    The value to predict is a hundred times the digit: only the image says anything about it.
    """

    kind: Literal["multimodal"] = "multimodal"
    rows: int = Field(100, ge=2, le=1797, description="the first so many digits")
    sentence: str = Field("吾輩は猫である", min_length=1, description="text of every row, one token per character")
    tokens: int = Field(10, ge=1, description="length of the text: cut, or padded with the token 0")
    seed: int = Field(0, ge=0, description="of the random bits")

    def load(self) -> Dataset:
        """All rows train the model, as published: nothing is held out."""
        from sklearn.datasets import load_digits

        digits = load_digits()
        labels = digits.target[: self.rows]
        image = digits.images[: self.rows, :, :, np.newaxis]
        return Dataset(
            title="Digits with contexts and a sentence",
            description="Three tables of three random bits each, scans of handwritten digits (8x8 pixels), and the "
            f"sentence {self.sentence} in every row, one token per character. The value is 100 times the digit, so "
            "neither the bits nor the sentence say anything about it.",
            source="E. Alpaydin and C. Kaynak (1998), Optical recognition of handwritten digits, UCI; scikit-learn "
            "load_digits. Bits drawn at random.",
            task="regression",
            inputs=(
                *contexts(self.rows, self.seed),
                Input(
                    name="image",
                    kind="image",
                    values=image.astype(np.float32),
                    bounds=(0.0, 16.0),
                    aligned=True,
                    regions=ink(image),
                ),
                text("text", self.sentence, self.tokens, self.rows),
            ),
            sample_ids=np.array([f"row {row}" for row in range(self.rows)]),
            names=np.array([f"row {row}, a {label}" for row, label in enumerate(labels)]),
            labels=labels * 100.0,
            split=np.full(self.rows, "train"),
            label_name="value",
            label_unit="units of the value",
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


def text(name: str, sentence: str, length: int, rows: int) -> Input:
    """The sentence in every row, one token per character; the ids follow the order in which characters appear."""
    vocabulary = (PADDING, *dict.fromkeys(sentence))
    ids = [vocabulary.index(character) for character in sentence][:length]
    padded = np.pad(ids, (0, length - len(ids)))
    return Input(name=name, kind="text", values=np.tile(padded, (rows, 1)).astype(np.int64), vocabulary=vocabulary)
