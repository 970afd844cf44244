"""What a module of your own may offer: data of several kinds, a model of them, and a method."""

from typing import Any

import numpy as np


def rows() -> dict[str, Any]:
    """Handwritten digits beside a note; what is predicted is whether the digit is large."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    count = 400
    return {
        "inputs": {
            "scan": {"values": digits.images[:count], "bounds": (0, 16)},
            "corner": digits.images[:count, 0, :2],
            "note": {"values": [f"scan {number % 7}" for number in range(count)], "kind": "text"},
        },
        "labels": np.where(digits.target[:count] > 4, "large", "small"),
        "split": ["train"] * 300 + ["test"] * 100,
        "label_name": "size",
        "title": "Digits with a note",
    }


def net() -> Any:
    """A torch net of three inputs; it is trained with model.fit=auto."""
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scan = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU())
            self.both = nn.Linear(32 + 2 + 2, 2)

        def forward(self, scan: torch.Tensor, corner: torch.Tensor, note: torch.Tensor) -> torch.Tensor:
            """Scans (samples, 1, 8, 8), corners (samples, 2) and ids (samples, tokens) to logits."""
            return self.both(torch.cat([self.scan(scan / 16), corner / 16, note.float()[:, :2] / 9], dim=1))

    return Net()


def difference(model: Any, inputs: Any, baselines: Any, targets: Any) -> dict[str, Any]:
    """What the score loses when one whole input becomes its baseline, shared equally by its elements."""
    whole = model.scores(inputs, targets)
    found = {}
    for name, values in inputs.items():
        lost = whole - model.scores({**inputs, name: baselines[name]}, targets)
        found[name] = np.broadcast_to(lost.reshape(-1, *[1] * (values.ndim - 1)), values.shape) / values[0].size
    return found
