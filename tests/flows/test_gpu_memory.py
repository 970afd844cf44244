"""Where the memory of a GPU ends, a report goes on with half as many samples at a time, and says so. There is no GPU
here: a net that ends as torch does stands for one."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from exhibit.flows.cli import run

SOURCE = """
import torch

class Small(torch.nn.Linear):
    most = {most}

    def forward(self, rows):
        if rows.shape[0] > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return super().forward(rows)

def net():
    torch.manual_seed(0)
    return Small(4, 3)
"""
WORDS = ["report", "data=iris", "model=factory", "model.fit=never", "model.output=logits", "method=[vanilla_grad]",
         "selection.limit=10", "runner=inline", "document.issued=2026-01-01T00:00:00Z"]  # fmt: skip


def made(folder: Path, module: str) -> int:
    places = [f"paths.runs={folder / 'runs'}", f"paths.store={folder / 'store'}"]
    return run([*WORDS, f"model.factory={module}:net", *places])


@pytest.mark.slow(seconds=20)
def test_half_is_tried_until_it_fits(
    tmp_path: Path, own_module: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    own_module("small_card", SOURCE.format(most=20))
    assert made(tmp_path, "small_card") in (0, 3)
    said = capsys.readouterr().err
    assert "compute.batch: the memory of the GPU ends with 64 samples at a time; going on with 32" in said
    assert "with 32 samples at a time; going on with 16" in said
    [directory] = (tmp_path / "runs").glob("2*")
    assert yaml.safe_load((directory / "config.yaml").read_text())["compute"]["batch"] == 16


def test_a_single_sample_that_does_not_fit_is_said(
    tmp_path: Path, own_module: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    own_module("no_card", SOURCE.format(most=0))
    assert made(tmp_path, "no_card") == 2
    assert "the memory of the GPU ends with compute.batch=1" in capsys.readouterr().err
