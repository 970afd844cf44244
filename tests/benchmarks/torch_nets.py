"""Torch nets that are explained beside Captum: a plain convolution net and EfficientNet-B1."""

from typing import Any

import numpy as np
from skimage import data
from sklearn.datasets import load_sample_images

from exhibit.tasks.models.torch import Encoded, TorchModel, as_tensors
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import Array, Arrays

import torch  # isort: skip - after exhibit.tasks.models, which sets what it reads
from torch import Tensor, nn  # isort: skip


def encode(inputs: Arrays) -> Encoded:
    """Images with channels last as torch takes them."""
    encoded = as_tensors(inputs)
    return encoded._replace(arguments={name: image.movedim(-1, 1) for name, image in encoded.arguments.items()})


def plain_net(classes: int = 10) -> nn.Module:
    """Four convolutions with batch normalisation."""
    torch.manual_seed(0)
    return nn.Sequential(
        *(nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(64, 128, 3, padding=1), nn.BatchNorm2d(128), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(128, 128, 3, padding=1), nn.BatchNorm2d(128), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, classes)),
    ).eval()


def efficientnet() -> nn.Module:
    """EfficientNet-B1 of torchvision without trained weights."""
    from tests.torchvision_stub import torchvision

    torch.manual_seed(0)
    net: nn.Module = torchvision().models.efficientnet_b1(weights=None, num_classes=10).eval()
    return net


def photographs() -> list[Array]:
    """Six photographs that scikit-learn and scikit-image ship, with channels last, in 0..1."""
    found = [*load_sample_images().images, data.astronaut(), data.chelsea(), data.coffee(), data.rocket()]
    return [photograph.astype(np.float32) / 255 for photograph in found]


def crops(count: int, side: int, seed: int) -> tuple[Array, Array]:
    """Squares cut from the photographs, and from which one each comes."""
    rng, photos = np.random.default_rng(seed), photographs()
    labels = rng.integers(len(photos), size=count)
    corners = [[rng.integers(length - side + 1) for length in photos[label].shape[:2]] for label in labels]
    cut = [
        photos[label][top : top + side, left : left + side] for label, (top, left) in zip(labels, corners, strict=True)
    ]
    return np.stack(cut), labels


def trained(net: nn.Module, side: int, steps: int, batch: int = 16) -> nn.Module:
    """The net after some steps of learning from which photograph crops come."""
    torch.manual_seed(0)
    net.train()
    optimiser = torch.optim.Adam(net.parameters(), 2e-3)
    for step in range(steps):
        images, labels = crops(batch, side, seed=step)
        loss = nn.functional.cross_entropy(net(as_torch(images)), torch.tensor(labels))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return net.eval()


def pictures(count: int, side: int) -> Array:
    """Smooth random colour images with channels last, in 0..1."""
    coarse = np.random.default_rng(0).random((count, 8, 8, 3), dtype=np.float32)
    enlarged = nn.functional.interpolate(torch.tensor(coarse).movedim(-1, 1), size=(side, side), mode="bilinear")
    return enlarged.movedim(1, -1).contiguous().numpy()


def as_torch(images: Array) -> Tensor:
    """The same as a torch net takes them."""
    return torch.tensor(images).movedim(-1, 1).contiguous()


def gradient(net: nn.Module, images: Tensor) -> Any:
    """The gradient of every image's own logit 0 and nothing else: what no method that takes gradients can undercut."""
    leaf = images.clone(memory_format=torch.preserve_format).requires_grad_()
    return torch.autograd.grad(net(leaf)[:, 0].sum(), leaf)[0]


def model_of(net: nn.Module, compute: Compute) -> TorchModel:
    """Behind the model protocol."""
    return TorchModel(net, encode, "logits", compute)
