"""The torch nets for photographs, and images as their tensors."""

import pickle
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from exhibit.tasks.models.preprocess import Preprocessing
from exhibit.tasks.models.torch import Encoded
from exhibit.tasks.records.base import Arrays, InputError


class ImageNet(nn.Module):
    """(images, classes) logits of (images, channels, height, width)."""

    def __init__(self, channels: int, filters: int, blocks: int, dropout: float, classes: int) -> None:
        super().__init__()
        sizes = [channels, *(filters << block for block in range(blocks))]
        self.blocks = nn.Sequential(*(_block(before, after) for before, after in pairwise(sizes)))
        self.dropout = nn.Dropout(dropout)
        self.logits = nn.Linear(sizes[-1], classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (images, classes)."""
        # A mean over axes: the pooling layer for it has no deterministic gradient on a GPU.
        logits: Tensor = self.logits(self.dropout(self.blocks(images).mean((2, 3))))
        return logits


def _block(before: int, after: int) -> nn.Module:
    # The bias would be lost in the normalisation.
    convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2))


def efficientnet_b1(classes: int, base: Literal["imagenet"] | Path | None) -> nn.Module:
    """EfficientNet-B1 with the weights of `base` and a new last layer of logits.

    Raises:
        InputError: without torchvision, or without the weights.
    """
    models = torchvision_models("efficientnet_b1")
    net: nn.Module = models.efficientnet_b1(weights=None)
    if base is not None:
        net.load_state_dict(_published(models.EfficientNet_B1_Weights.IMAGENET1K_V2, base))
    last = net.get_submodule("classifier.1")
    assert isinstance(last, nn.Linear)
    net.set_submodule("classifier.1", nn.Linear(last.in_features, classes))
    return net


_BUILDS = "https://download.pytorch.org/whl"  # by build, such as cpu; the usual registry has one for CUDA alone


def torchvision_models(net: str) -> Any:
    """The module torchvision.models, in which `net` is.

    Raises:
        InputError: where there is none, or it does not fit torch.
    """
    try:
        import torchvision.models
    except (ImportError, RuntimeError) as error:  # beside another build of torch its operators cannot be registered
        build = str(torch.__version__).partition("+")[2]
        of_build = f" --force-reinstall --no-deps --index-url {_BUILDS}/{build}" if build else ""
        raise InputError(
            f"model: {net} needs a torchvision that fits torch {torch.__version__} ({error}); "
            f"install it with: pip install torchvision==0.28.0{of_build}"
        ) from error
    return torchvision.models


def _published(weights: Any, base: Literal["imagenet"] | Path) -> dict[str, Tensor]:
    try:
        if isinstance(base, Path):
            return dict(torch.load(base, map_location="cpu", weights_only=True))
        return dict(weights.get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise InputError(
            f"model.base: the weights {base} of EfficientNet-B1 cannot be loaded ({error}); get {weights.url} and put "
            f"it in {Path(torch.hub.get_dir()) / 'checkpoints'}, or give its path, or null for random weights"
        ) from error


class ChannelsFirst:
    """Images after a `preprocessing`, channels first as torch wants them."""

    def __init__(self, preprocessing: Preprocessing) -> None:
        self._preprocessing = preprocessing

    def __call__(self, inputs: Arrays) -> Encoded:
        """(samples, channels, height, width) for each input."""
        ready = self._preprocessing(inputs)
        return Encoded({name: torch.from_numpy(values).movedim(-1, 1) for name, values in ready.items()})
