"""torchvision beside the CPU build of torch: the registry's wheel is built for CUDA and does not import there.

Its compiled operators (regions of interest, non-maximum suppression) are declared, not implemented: models and data
sets that do without them work.
"""

import importlib.util
from functools import cache
from typing import Any

import pytest

# What its Python code registers itself for when it is imported.
_OPERATORS = (
    "nms qnms roi_align qroi_align _roi_align_backward roi_pool _roi_pool_backward ps_roi_align _ps_roi_align_backward "
    "ps_roi_pool _ps_roi_pool_backward deform_conv2d _deform_conv2d_backward box_iou_rotated"
)


@cache
def _declared() -> Any:
    """The declarations, which last as long as this object."""
    import torch

    library = torch.library.Library("torchvision", "DEF")
    for name in _OPERATORS.split():
        library.define(f"{name}(Tensor input) -> Tensor")
    return library


def torchvision() -> Any:
    """The module torchvision, with its models; the test that asks fails where it is not installed."""
    if importlib.util.find_spec("torchvision") is None:
        pytest.fail("torchvision is not installed: run the suite with `make test`, which sets it up")
    _declared()
    import torchvision.models

    return torchvision
