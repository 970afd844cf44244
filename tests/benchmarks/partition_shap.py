"""Partition SHAP at 2,000 evaluations on a torch net, beside SHAP's own and the bare forward passes."""

import numpy as np
import shap

from exhibit.tasks.methods.shap_partition import PartitionShapSpec
from exhibit.tasks.protocols import Compute, Score
from exhibit.tasks.records.base import Array
from tests.benchmarks.side_by_side import fastest, report
from tests.benchmarks.torch_nets import as_torch, model_of, pictures

import torch  # isort: skip - after exhibit.tasks.models, which sets what it reads
from torch import nn  # isort: skip

from exhibit.tasks.models.torch_fast import folded  # isort: skip

BATCH, SIDE, EVALUATIONS = 32, 224, 2000


def small_net() -> nn.Module:
    """Three convolutions with strides."""
    torch.manual_seed(0)
    return nn.Sequential(
        *(nn.Conv2d(3, 32, 3, stride=2, padding=1), nn.BatchNorm2d(32), nn.ReLU()),
        *(nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.BatchNorm2d(64), nn.ReLU()),
        *(nn.Conv2d(64, 64, 3, stride=2, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        nn.Linear(64, 10),
    ).eval()


def main() -> None:
    """The bare forward passes are those of the net as it is, in batches of the same size; the floor is the same with
    batch normalisation folded and channels last in memory, which is what Exhibit computes with."""
    compute, net, image = Compute(batch=BATCH), small_net(), pictures(1, SIDE)
    model, batch = model_of(net, compute), as_torch(np.repeat(image, BATCH, axis=0))
    last, fast = batch.contiguous(memory_format=torch.channels_last), folded(net).to(memory_format=torch.channels_last)
    targets, ids = np.zeros((1, 1), int), np.array(["0"])
    spec = PartitionShapSpec(masker="baseline", max_evals=EVALUATIONS)
    masker = shap.maskers.Image(np.zeros_like(image[0]))

    @torch.no_grad()
    def forward(images: Array) -> Array:
        return net(as_torch(images))[:, :1].numpy()

    @torch.no_grad()
    def passes(net: nn.Module, batch: torch.Tensor) -> None:
        for rows in np.split(np.arange(EVALUATIONS), range(BATCH, EVALUATIONS, BATCH)):
            net(batch[: len(rows)])

    def own(size: int) -> None:
        shap.explainers.PartitionExplainer(forward, masker)(image, max_evals=EVALUATIONS, batch_size=size, silent=True)

    times = fastest(
        {
            "bare forward passes": lambda: passes(net, batch),
            "floor": lambda: passes(fast, last),
            "SHAP": lambda: own(BATCH),
            "Exhibit": lambda: spec.attribute(model, {"image": image}, None, ids, targets, Score(), compute),
        },
        rounds=2,
    )
    bare, floor, ours = (times[name] for name in ("bare forward passes", "floor", "Exhibit"))
    report(
        f"partition_shap, torch CNN, {SIDE}x{SIDE}, {EVALUATIONS} evaluations in batches of {BATCH}",
        {f"{name}, s": seconds for name, seconds in times.items()},
        {"bare forward passes / Exhibit (at most 1.3 times)": (bare / ours, 1 / 1.3)},
        f"Exhibit takes {ours / floor:.2f} times the floor, SHAP {times['SHAP'] / bare:.2f} times the bare passes",
    )


if __name__ == "__main__":
    main()
