"""The last layer of a net for a value: from standardised values to those of the label."""

from typing import TYPE_CHECKING

from exhibit.tasks.records.data import Dataset

if TYPE_CHECKING:
    from torch import nn


def scale_layers(dataset: Dataset) -> "list[nn.Module]":
    """A layer that does not learn, where the data says how its labels are standardised; else none."""
    from torch import nn

    scales = [
        scale for scale in (dataset.label_scale, *(label.scale for label in dataset.several)) if scale is not None
    ]
    if not scales:
        return []
    layer = nn.Linear(len(scales), len(scales))
    nn.init.zeros_(layer.weight)
    for number, (centre, spread) in enumerate(scales):
        nn.init.constant_(layer.weight[number, number], spread)
        nn.init.constant_(layer.bias[number], centre)
    return [layer.requires_grad_(False)]
