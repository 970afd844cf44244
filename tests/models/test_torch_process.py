"""Facts of what torch is told about a process."""

import os
import subprocess
import sys

import pytest
import torch

from exhibit.tasks.models.torch_process import configure, kept
from exhibit.tasks.protocols import Compute
from tests.conftest import ROOT

FRESH = (
    "import sys, torch; from exhibit.tasks.models.torch_process import configure; "
    "from exhibit.tasks.protocols import Compute; configure(Compute(deterministic=True)); "
    "print(torch.are_deterministic_algorithms_enabled(), 'torch._inductor' in sys.modules); "
    "import torch._inductor.config as told; print(told.deterministic)"
)


@pytest.mark.parametrize("deterministic", [True, False])
@pytest.mark.parametrize("before", ["default", "warn", "error"])
def test_a_process_is_told_and_left_as_it_was(before: str, deterministic: bool) -> None:
    with kept():
        torch.set_deterministic_debug_mode(before)
        with kept():
            configure(Compute(deterministic=deterministic))
            assert torch.are_deterministic_algorithms_enabled() is deterministic
            assert not torch.is_deterministic_algorithms_warn_only_enabled()
        assert torch.get_deterministic_debug_mode() == ["default", "warn", "error"].index(before)


def test_determinism_does_not_load_the_compiler_and_is_told_to_it_all_the_same() -> None:
    """In a fresh process, as its modules are asked for."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TORCHINDUCTOR")}
    done = subprocess.run(
        [sys.executable, "-c", FRESH], env={**environment, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["True", "False", "True"]
