"""Images: arrays of pixels in raw units."""

from typing import Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.data.data import Data
from exhibit.tasks.data.select import stratified_split
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.shelf import Shelf


class DigitsSpec(Data):
    """Handwritten digits as scikit-learn ships them: 1,797 images of 8x8 pixels, values 0 to 16."""

    kind: Literal["digits"] = "digits"
    test_share: float = Field(0.25, gt=0, lt=1, description="share of each class that is held out")
    seed: int = Field(0, ge=0, lt=2**32, description="of the split")

    def load(self, _: Shelf) -> Dataset:
        """All images, split by class."""
        from sklearn.datasets import load_digits

        digits = load_digits()
        labels = digits.target.astype(np.int64)
        return Dataset(
            title=mark("Handwritten digits"),
            description=mark("Scans of handwritten digits, 8x8 pixels with 17 levels of grey."),
            source="E. Alpaydin and C. Kaynak (1998), Optical recognition of handwritten digits, UCI; "
            "scikit-learn load_digits",
            task="classification",
            inputs=(
                Input(
                    name="image",
                    kind="image",
                    values=digits.images.astype(np.float32)[..., np.newaxis],
                    bounds=(0.0, 16.0),
                    aligned=True,
                ),
            ),
            sample_ids=np.array([f"digit {row}" for row in range(len(labels))]),
            labels=labels,
            split=stratified_split(labels, self.test_share, self.seed),
            classes=tuple(str(name) for name in digits.target_names),
            label_name=mark("digit"),
        )
