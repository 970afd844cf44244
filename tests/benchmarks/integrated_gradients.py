"""Integrated gradients on two torch nets at equal steps, beside Captum, each at its best size of batch, and beside the
bare gradient."""

import captum.attr
import numpy as np

from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.protocols import Compute, Score
from tests.benchmarks.side_by_side import FLOOR, best_of, fastest, report
from tests.benchmarks.torch_nets import as_torch, efficientnet, gradient, model_of, pictures, plain_net

import torch  # isort: skip - after exhibit.tasks.models, which sets what it reads
from torch import nn  # isort: skip

from exhibit.tasks.models.torch_fast import folded  # isort: skip


def compare(title: str, net: nn.Module, side: int, count: int = 4, steps: int = 24) -> None:
    """Explains `count` images."""
    images = pictures(count, side)
    tensor, black = as_torch(images), {"image": np.zeros_like(images)}
    sizes = (count, 2 * count, 4 * count)
    models = {size: model_of(net, Compute(batch=size)) for size in sizes}
    fast = folded(net).to(memory_format=torch.channels_last)
    targets, ids = np.zeros((count, 1), int), np.arange(count).astype(str)

    def captums(size: int) -> None:
        captum.attr.IntegratedGradients(net).attribute(
            tensor, target=0, n_steps=steps, method="riemann_middle", internal_batch_size=size
        )

    def ours(size: int) -> None:
        spec = IntegratedGradientsSpec(n_steps=steps)
        spec.attribute(models[size], {"image": images}, black, ids, targets, Score(), Compute(batch=size))

    best, own = best_of(captums, sizes), best_of(ours, sizes)
    batch = as_torch(pictures(own, side))
    last = batch.contiguous(memory_format=torch.channels_last)
    rounds = steps * count // own
    times = fastest(
        {
            "Captum": lambda: captums(best),
            "Exhibit": lambda: ours(own),
            "bare": lambda: [gradient(net, batch) for _ in range(rounds)],
            "floor": lambda: [gradient(fast, last) for _ in range(rounds)],
        }
    )
    each = steps * count
    report(
        title,
        {
            f"Captum 0.9, internal_batch_size {best}: s per gradient": times["Captum"] / each,
            f"Exhibit, compute.batch {own}: s per gradient": times["Exhibit"] / each,
            "bare gradient of the net as it is: s": times["bare"] / each,
            "floor, bare gradient folded, frozen, channels last: s": times["floor"] / each,
            FLOOR: times["Exhibit"] / times["floor"],
        },
        {"Captum / Exhibit": (times["Captum"] / times["Exhibit"], 1.5)},
    )


def main() -> None:
    compare("Integrated gradients, torch CNN 224x224, equal steps", plain_net(), 224)
    compare("Integrated gradients, EfficientNet-B1 240x240, equal steps", efficientnet(), 240)


if __name__ == "__main__":
    main()
