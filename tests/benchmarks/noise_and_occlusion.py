"""SmoothGrad and occlusion on a torch net beside Captum's, each at its best size of batch."""

import captum.attr
import numpy as np

from exhibit.tasks.methods.draws import SamplingSpec
from exhibit.tasks.methods.gradient import VanillaGradSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.protocols import Compute, Score
from tests.benchmarks.side_by_side import FLOOR, best_of, fastest, report
from tests.benchmarks.torch_nets import as_torch, gradient, model_of, pictures, plain_net

import torch  # isort: skip - after exhibit.tasks.models, which sets what it reads
from torch import nn  # isort: skip

from exhibit.tasks.models.torch_fast import folded  # isort: skip

SIDE, COUNT = 224, 8


def smooth_grad(net: nn.Module, draws: int = 8) -> None:
    """Eight noisy copies of eight images."""
    compute = Compute(batch=COUNT)
    images, model = pictures(COUNT, SIDE), model_of(net, compute)
    tensor = as_torch(images)
    last, fast = tensor.contiguous(memory_format=torch.channels_last), folded(net).to(memory_format=torch.channels_last)
    method = VanillaGradSpec(sampling=SamplingSpec(nt_samples=draws, stdevs=0.15, mode="absolute"))
    targets, ids = np.zeros((COUNT, 1), int), np.arange(COUNT).astype(str)

    def captums(size: int) -> None:
        noise = captum.attr.NoiseTunnel(captum.attr.Saliency(net))
        noise.attribute(
            tensor, nt_type="smoothgrad", nt_samples=draws, nt_samples_batch_size=size, stdevs=0.15, target=0, abs=False
        )

    best = best_of(captums, (1, 2, 4))
    times = fastest(
        {
            "Captum": lambda: captums(best),
            "ours": lambda: method.attribute(model, {"image": images}, None, ids, targets, Score(), compute),
            "floor": lambda: [gradient(fast, last) for _ in range(draws)],
        }
    )
    report(
        "SmoothGrad, torch CNN 224x224",
        {
            f"Captum 0.9, nt_samples_batch_size {best}: s per gradient": times["Captum"] / draws / COUNT,
            "Exhibit: s per gradient": times["ours"] / draws / COUNT,
            "floor, bare gradient folded, frozen, channels last: s": times["floor"] / draws / COUNT,
            FLOOR: times["ours"] / times["floor"],
        },
        {"Captum / Exhibit": (times["Captum"] / times["ours"], 1.5)},
    )


def occlusion(net: nn.Module, window: int = 32) -> None:
    """49 windows over each of eight images."""
    images = pictures(COUNT, SIDE)
    sizes = (8, 16, 32)
    models, tensor = {size: model_of(net, Compute(batch=size)) for size in sizes}, as_torch(images)
    fast = folded(net).to(memory_format=torch.channels_last)
    method = OcclusionSpec(sliding_window_shapes=window, strides=window)
    targets, ids = np.zeros((COUNT, 1), int), np.arange(COUNT).astype(str)
    evaluations = len(images) * ((SIDE // window) ** 2 + 1)

    def captums(size: int) -> None:
        captum.attr.Occlusion(net).attribute(
            tensor, (3, window, window), (3, window, window), target=0, perturbations_per_eval=size
        )

    def ours(size: int) -> None:
        method.attribute(models[size], {"image": images}, None, ids, targets, Score(), Compute(batch=size))

    best, own = best_of(captums, (1, 2, 4)), best_of(ours, sizes)
    batch = as_torch(pictures(own, SIDE)).contiguous(memory_format=torch.channels_last)

    def floor() -> None:
        with torch.no_grad():
            for _ in range(evaluations // own):
                fast(batch)

    times = fastest(
        {
            "Captum": lambda: captums(best),
            "ours": lambda: ours(own),
            "floor": floor,
        }
    )
    report(
        "Occlusion, torch CNN 224x224",
        {
            f"Captum 0.9, perturbations_per_eval {best}: s per window": times["Captum"] / evaluations,
            f"Exhibit, compute.batch {own}: s per window": times["ours"] / evaluations,
            "floor, bare prediction folded, frozen, channels last: s": times["floor"] / evaluations,
            FLOOR: times["ours"] / times["floor"],
        },
        {"Captum / Exhibit": (times["Captum"] / times["ours"], 1.5)},
    )


def main() -> None:
    net = plain_net()
    smooth_grad(net)
    occlusion(net)


if __name__ == "__main__":
    main()
