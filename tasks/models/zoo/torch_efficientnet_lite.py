"""The net of EfficientNet-Lite0, named as in the files of its weights."""

from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional


class _Stage(NamedTuple):
    """`repeats` blocks of `channels`, the first with this stride; each `expands` its channels inside."""

    repeats: int
    kernel: int
    stride: int
    expands: int
    channels: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
_STEM, _HEAD = 32, 1280


class EfficientNetLite0(nn.Module):
    """(pictures, classes) logits of (pictures, 3, height, width)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self._conv_stem = _Same(3, _STEM, 3, 2)
        self._bn0 = _norm(_STEM)
        channels = [_STEM, *(stage.channels for stage in _STAGES)]
        self._blocks = nn.ModuleList(
            _Block(stage, before if number == 0 else after, stage.stride if number == 0 else 1)
            for stage, (before, after) in zip(_STAGES, pairwise(channels), strict=True)
            for number in range(stage.repeats)
        )
        self._conv_head = _Same(channels[-1], _HEAD, 1)
        self._bn1 = _norm(_HEAD)
        self._fc = nn.Linear(_HEAD, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits (pictures, classes)."""
        values = functional.relu6(self._bn0(self._conv_stem(pictures)))
        for block in self._blocks:
            values = block(values)
        values = functional.relu6(self._bn1(self._conv_head(values)))
        logits: Tensor = self._fc(values.mean((2, 3)))
        return logits


class _Block(nn.Module):
    """Expand the channels, look at each by itself, bring them together; the input is added where it has that shape."""

    def __init__(self, stage: _Stage, before: int, stride: int) -> None:
        super().__init__()
        inside = before * stage.expands
        if stage.expands > 1:
            self._expand_conv = _Same(before, inside, 1)
            self._bn0 = _norm(inside)
        self._depthwise_conv = _Same(inside, inside, stage.kernel, stride, groups=inside)
        self._bn1 = _norm(inside)
        self._project_conv = _Same(inside, stage.channels, 1)
        self._bn2 = _norm(stage.channels)
        self._expands, self._adds = stage.expands > 1, stride == 1 and before == stage.channels

    def forward(self, given: Tensor) -> Tensor:
        values = functional.relu6(self._bn0(self._expand_conv(given))) if self._expands else given
        values = functional.relu6(self._bn1(self._depthwise_conv(values)))
        values = self._bn2(self._project_conv(values))
        return given + values if self._adds else values


class _Same(nn.Conv2d):
    """A convolution padded as TensorFlow does it, where the net was trained: so that a stride of s gives ceil(side / s)
    places, the odd row and column of zeros behind."""

    def __init__(self, before: int, after: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(before, after, kernel, stride, groups=groups, bias=False)

    def forward(self, values: Tensor) -> Tensor:
        height, width = (
            max((-(-side // stride) - 1) * stride + kernel - side, 0)
            for side, stride, kernel in zip(values.shape[-2:], self.stride, self.kernel_size, strict=True)
        )
        edges = (width // 2, width - width // 2, height // 2, height - height // 2)
        return super().forward(functional.pad(values, edges))


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)
