"""Peak memory while 64 images of 224x224 are explained with 50 steps, beside one batch of bare gradients of the same
size: each in a process of its own, because a peak never goes down."""

import resource
import subprocess
import sys

BATCH, SIDE, COUNT, STEPS = 32, 224, 64, 50


def gradient_batch() -> None:
    """One batch, with the parameters frozen."""
    from tests.benchmarks.torch_nets import as_torch, gradient, pictures, plain_net

    gradient(plain_net().requires_grad_(False), as_torch(pictures(BATCH, SIDE)))


def explanation() -> None:
    """All images, all steps."""
    import numpy as np

    from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
    from exhibit.tasks.protocols import Compute, Score
    from tests.benchmarks.torch_nets import model_of, pictures, plain_net

    compute = Compute(batch=BATCH)
    images = pictures(COUNT, SIDE)
    IntegratedGradientsSpec(n_steps=STEPS).attribute(
        model_of(plain_net(), compute),
        {"image": images},
        {"image": np.zeros_like(images)},
        np.arange(COUNT).astype(str),
        np.zeros((COUNT, 1), int),
        Score(),
        compute,
    )


WORK = {"gradient": gradient_batch, "explanation": explanation}


def peak(name: str) -> float:
    """Peak of the resident memory of a new process, in MB."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.memory", name], capture_output=True, text=True, check=True
    )
    return float(done.stdout) / 1024


def main() -> None:
    from tests.benchmarks.side_by_side import report

    gradient, explaining = peak("gradient"), peak("explanation")
    report(
        "Peak memory, 64 images 224x224, 50 steps, torch CNN",
        {f"one gradient batch of {BATCH}: MB": gradient, "the whole explanation: MB": explaining},
        {"memory: explanation / one gradient batch": (explaining / gradient, 1.2)},
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        WORK[sys.argv[1]]()
        sys.stdout.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
    else:
        main()
