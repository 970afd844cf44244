"""Integrated gradients on a torch CNN beside Captum and the bare gradient: ratios, measured in one process.

Run by `make bench`; prints a table and writes `benchmarks.json`. The bare gradient with frozen parameters is the
floor: nothing that evaluates so many gradients can be faster.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tasks.methods.integrated_gradients import IntegratedGradientsSpec
from tasks.models import ModelSpec  # noqa: F401 - sets what torch reads when it is loaded
from tasks.protocols import Compute, Score
from tasks.records import Arrays

BATCH, SIDE, STEPS, ROUNDS = 8, 112, 16, 5


def seconds(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    import torch
    from captum.attr import IntegratedGradients
    from torch import nn

    from tasks.models.torch import Encoded, TorchModel, as_tensors

    def encode(inputs: Arrays) -> Encoded:
        encoded = as_tensors(inputs)
        return encoded._replace(arguments={name: image.movedim(-1, 1) for name, image in encoded.arguments.items()})

    compute = Compute(batch=BATCH)
    torch.manual_seed(0)
    net = nn.Sequential(
        *(nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)),
    ).eval()
    model = TorchModel(net, encode, "logits", compute)
    images = np.random.default_rng(0).random((BATCH, SIDE, SIDE, 3), dtype=np.float32)
    tensor = torch.tensor(images).movedim(-1, 1)
    targets, ids = np.zeros((BATCH, 1), int), np.arange(BATCH).astype(str)
    spec = IntegratedGradientsSpec(n_steps=STEPS)
    net.requires_grad_(False)

    def bare() -> None:
        for _ in range(STEPS):
            leaf = tensor.clone().requires_grad_()
            torch.autograd.grad(net(leaf)[:, 0].sum(), leaf)

    def captum() -> None:
        IntegratedGradients(net).attribute(
            tensor, target=0, n_steps=STEPS, method="riemann_middle", internal_batch_size=BATCH
        )

    def ours() -> None:
        spec.attribute(model, {"image": images}, {"image": np.zeros_like(images)}, ids, targets, Score(), compute)

    candidates = {"bare gradient": bare, "Captum, internal_batch_size 8": captum, "Exhibit": ours}
    for work in candidates.values():
        work()
    # In turn, so that a change of the machine's speed meets all of them.
    rounds = [{name: seconds(work) for name, work in candidates.items()} for _ in range(ROUNDS)]
    ratios = {name: statistics.median(each[name] / each["bare gradient"] for each in rounds) for name in candidates}
    for name, ratio in ratios.items():
        sys.stdout.write(f"{name:32} {ratio:5.2f} times the bare gradient\n")
    Path("benchmarks.json").write_text(json.dumps({"integrated gradients, torch CNN": ratios}, indent=2) + "\n")


if __name__ == "__main__":
    main()
