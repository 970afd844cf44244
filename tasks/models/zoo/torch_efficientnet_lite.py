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
    """(pictures, classes) logits of (pictures, 3, height, width), whose sides are multiples of 32."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self._conv_stem = _convolution(3, _STEM, 3, 2)
        self._bn0 = _norm(_STEM)
        channels = [_STEM, *(stage.channels for stage in _STAGES)]
        self._blocks = nn.ModuleList(
            _Block(stage, before if number == 0 else after, stage.stride if number == 0 else 1)
            for stage, (before, after) in zip(_STAGES, pairwise(channels), strict=True)
            for number in range(stage.repeats)
        )
        self._conv_head = _convolution(channels[-1], _HEAD, 1)
        self._bn1 = _norm(_HEAD)
        self._fc = nn.Linear(_HEAD, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits (pictures, classes)."""
        values = functional.relu6(self._bn0(self._conv_stem(functional.pad(pictures, _edges(3, 2)))))
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
            self._expand_conv = _convolution(before, inside, 1)
            self._bn0 = _norm(inside)
        self._depthwise_conv = _convolution(inside, inside, stage.kernel, stride, groups=inside)
        self._bn1 = _norm(inside)
        self._project_conv = _convolution(inside, stage.channels, 1)
        self._bn2 = _norm(stage.channels)
        self._expands, self._adds = stage.expands > 1, stride == 1 and before == stage.channels
        self._edges = _edges(stage.kernel, stride)

    def forward(self, given: Tensor) -> Tensor:
        values = functional.relu6(self._bn0(self._expand_conv(given))) if self._expands else given
        values = functional.relu6(self._bn1(self._depthwise_conv(functional.pad(values, self._edges))))
        values = self._bn2(self._project_conv(values))
        return given + values if self._adds else values


def _edges(kernel: int, stride: int) -> tuple[int, int, int, int]:
    """Zeros left, right, above and below, as TensorFlow adds them to sides that are a multiple of the stride: with a
    stride of 2 the odd row and column stand behind."""
    most = kernel - stride
    return most // 2, most - most // 2, most // 2, most - most // 2


def _convolution(before: int, after: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel, stride, groups=groups, bias=False)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)
