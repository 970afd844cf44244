"""Photographs that scikit-image ships, whole, for a model that was trained elsewhere."""

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.data.data import Data
from exhibit.tasks.data.files import FramedSpec, in_frame
from exhibit.tasks.data.folder import Classes, named_classes
from exhibit.tasks.data.photos import photograph_of
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.framing import Frame
from exhibit.tasks.records.language import mark, say_all
from exhibit.tasks.records.shelf import Shelf

Photograph = Literal["cat", "coffee", "rocket", "astronaut"]
# Where the subject lies, drawn by hand: top, left, bottom, right as shares of the square.
_SUBJECTS: dict[Photograph, tuple[float, float, float, float]] = {
    "cat": (0.21, 0.14, 0.94, 0.97),
    "coffee": (0.0, 0.13, 0.74, 0.82),
    "rocket": (0.26, 0.46, 1.0, 0.55),
}


class ScikitImageSpec(FramedSpec, Data):
    """Photographs of skimage.data, without labels: what each shows is its name, and nobody says a class."""

    kind: Literal["scikit_image"] = "scikit_image"
    usual: ClassVar[Frame] = Frame(size=224, resize=256, interpolation="bicubic")
    photographs: Annotated[tuple[Photograph, ...], Field(min_length=1)] = Field(
        ("cat", "coffee", "rocket"), description="which of them, in this order"
    )
    classes: Classes = Field("imagenet", description="the classes of the model, in order; or imagenet")

    def load(self, _: Shelf) -> Dataset:
        """The photographs; `regions` are boxes that were drawn by hand, where the frame is the usual one."""
        from PIL import Image

        pictures = [in_frame(Image.fromarray(photograph_of(name)), self.frame) for name in self.photographs]
        image = Input(
            name="image",
            kind="image",
            values=np.stack(pictures).astype(np.float32),
            bounds=(0.0, 255.0),
            regions=np.stack([self._subject(name) for name in self.photographs]) if self._usual else None,
            region=mark("the subject, by a box drawn by hand"),
        )
        return Dataset(
            title=mark("Photographs of scikit-image"),
            description=say_all(mark("Photographs without labels."), self.framing),
            source="Photographs that scikit-image ships (skimage.data): S. van der Walt (cat), R. Michel (coffee), "
            "SpaceX (rocket), NASA (astronaut)",
            task="classification",
            inputs=(image,),
            sample_ids=np.array(self.photographs),
            labels=np.full(len(pictures), np.nan),
            split=np.full(len(pictures), "explain"),
            classes=tuple(named_classes(self.classes)),
            label_name=mark("class"),
        )

    def spec_with_digests(self) -> dict[str, Any]:
        """The spec, with the frame that it comes to."""
        return super().spec_with_digests() | self.frame.model_dump(mode="json")

    @property
    def _usual(self) -> bool:
        """Whether the boxes lie where they were drawn: at another size they are scaled with it."""
        frame, usual = self.frame, self.usual
        return frame.resize is not None and abs(frame.resize / frame.size - (usual.resize or 0) / usual.size) < 0.01

    def _subject(self, name: Photograph) -> Any:
        mask = np.zeros((self.side, self.side), bool)
        if name in _SUBJECTS:
            top, left, bottom, right = (round(share * self.side) for share in _SUBJECTS[name])
            mask[top:bottom, left:right] = True
        return mask
