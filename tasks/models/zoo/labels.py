"""The last layer of a net for a value: from standardised values to those of the label."""

from typing import TYPE_CHECKING

from exhibit.tasks.records.data import Dataset

if TYPE_CHECKING:
    from torch import nn


def scale_layers(dataset: Dataset) -> "list[nn.Module]":
    """A layer that does not learn, where the data says how its labels are standardised; else none."""
    from torch import nn

    if dataset.label_scale is None:
        return []
    centre, spread = dataset.label_scale
    layer = nn.Linear(1, 1)
    nn.init.constant_(layer.weight, spread)
    nn.init.constant_(layer.bias, centre)
    return [layer.requires_grad_(False)]
