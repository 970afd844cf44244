"""Every torch method on the device that `compute.device: auto` takes, beside the processor.

    make gpu

prints for each method the seconds on both, the largest difference of their attributions as a share of the largest
attribution, then the seconds of a gradient by Captum and here on the device that `auto` takes. Where torch finds no
GPU both are the processor, and the first line says so.
"""

import json
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from captum.attr import IntegratedGradients
from numpy.typing import NDArray

from exhibit.flows.cli import run
from exhibit.flows.command_line import CHECK_FAILED, DONE
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.protocols import Compute, Score
from tests.benchmarks.side_by_side import fastest
from tests.benchmarks.torch_nets import as_torch, model_of, pictures, plain_net

import torch  # isort: skip - after exhibit.tasks.models, which sets what it reads

METHODS = ("vanilla_grad", "gradient_x_input", "integrated_gradients", "smooth_grad", "bayes_grad",
           "expected_gradients", "gradient_shap", "deep_shap", "occlusion", "partition_shap")  # fmt: skip
TOLERANCE = 1e-3  # of float32 sums in another order
_POINTS, _IMAGES, _SIDE = 16, 16, 64


def attributed(folder: Path, device: str) -> tuple[dict[str, NDArray[np.float64]], dict[str, float]]:
    """Attributions and seconds by method."""
    places = [f"paths.runs={folder / device}", f"paths.store={folder / f'store-{device}'}", "runner=inline"]
    words = [
        "data=digits",
        "model=torch_cnn",
        "model.blocks=3",
        f"method=[{','.join(METHODS)}]",
        f"compute.device={device}",
    ]
    status = run(["report", *words, "selection.limit=10", "model.epochs=2", *places])
    if status not in (DONE, CHECK_FAILED):
        sys.exit(f"compute.device={device}: exit code {status}")
    [directory] = folder.glob(f"{device}/2*")
    found = {}
    for path in sorted((directory / "attributions").rglob("*.npz")):
        with np.load(path, allow_pickle=False) as archive:
            [name] = [name for name in archive.files if name.startswith("values/")]
            found[path.stem] = archive[name].astype(np.float64)
    stages = json.loads((directory / "manifest.json").read_text())["stages"]
    seconds = {
        method: sum(
            stage["seconds"] for stage in stages if stage["stage"] == "attribute" and method in stage["chapter"]
        )
        for method in METHODS
    }
    return found, seconds


def side_by_side(device: str) -> tuple[float, float]:
    """Seconds of Captum and of Exhibit for integrated gradients of a plain net at equal points, on the same device."""
    images = pictures(_IMAGES, _SIDE)
    black, targets, ids = {"image": np.zeros_like(images)}, np.zeros((_IMAGES, 1), int), np.arange(_IMAGES).astype(str)
    compute, spec = Compute(batch=_IMAGES), IntegratedGradientsSpec(n_steps=_POINTS)
    model, net, tensor = model_of(plain_net(), compute), plain_net().to(device), as_torch(images).to(device)
    own = partial(spec.attribute, model, {"image": images}, black, ids, targets, Score(), compute)
    peer = partial(
        IntegratedGradients(net).attribute, tensor, target=0, n_steps=_POINTS, method="riemann_middle",
        internal_batch_size=_IMAGES,
    )  # fmt: skip
    times = fastest({"Captum": lambda: peer().cpu(), "Exhibit": own}, rounds=1)  # what is on the processor is done
    return times["Captum"], times["Exhibit"]


def main() -> None:
    """The table."""
    card = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    sys.stdout.write(f"{card}\n" if card else "torch finds no GPU: both columns are of the processor\n")
    with tempfile.TemporaryDirectory() as place:
        (here, slow), (there, fast) = (attributed(Path(place), device) for device in ("cpu", "auto"))
    apart = {name: np.abs(here[name] - there[name]).max() / np.abs(here[name]).max() for name in here}
    sys.stdout.write(f"{'method':24}{'cpu, s':>10}{'auto, s':>10}{'difference':>12}\n")
    for name, difference in apart.items():
        [method] = [method for method in METHODS if name.endswith(method)] or [name]
        times = f"{slow.get(method, 0):10.2f}{fast.get(method, 0):10.2f}"
        sys.stdout.write(f"{name:24}{times}{difference:12.1e}{'' if difference <= TOLERANCE else '  beyond 1e-3'}\n")
    captum, own = side_by_side("cuda" if card else "cpu")
    gradients = _IMAGES * _POINTS
    sys.stdout.write(f"a gradient of a plain net: {captum / gradients:.1e} s by Captum, {own / gradients:.1e} s here\n")
    if card:
        sys.stdout.write(f"most memory of the GPU: {torch.cuda.max_memory_allocated() / 1e6:,.0f} MB\n")
    sys.exit(any(difference > TOLERANCE for difference in apart.values()))


if __name__ == "__main__":
    main()
