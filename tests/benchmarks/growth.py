"""How a report grows with what it is given: rows, columns, pictures, molecules, points of a sweep.

Each size is a whole command in a process of its own: processor seconds, which other work on the machine hardly
changes, and the peak of its memory. A report costs something before it has seen a row, so the exponent is that of what
is added: log((t3 - t1) / (t2 - t1)) / log((n3 - n1) / (n2 - n1)), which is 1 where the time is any constant plus a
multiple of the size.
"""

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from tests.benchmarks.side_by_side import report

MODEL = ("model=mlp", "model.epochs=1", "method=[integrated_gradients]", "method.integrated_gradients.n_steps=4")


class Growth(NamedTuple):
    """What grows, in which sizes, and the command for one of them in a folder of its own."""

    name: str
    sizes: tuple[int, int, int]
    words: Callable[[Path, int], tuple[str, ...]]


def _table(folder: Path, rows: int, columns: int) -> Path:
    """Numbers, and a label that the first two of them make."""
    values = np.random.default_rng(0).normal(size=(rows, columns)).astype(np.float32)
    table = pd.DataFrame(values, columns=[f"c{column}" for column in range(columns)])
    table["label"] = np.where(table["c0"] + table["c1"] > 0, "high", "low")
    table.to_parquet(folder / "table.parquet")
    return folder / "table.parquet"


def rows(folder: Path, count: int) -> tuple[str, ...]:
    """Every row of thirty columns is explained."""
    return ("data=table", f"data.path={_table(folder, count, 30)}", "data.label=label", "selection.rows=all", *MODEL)


def columns(folder: Path, count: int) -> tuple[str, ...]:
    """A thousand rows."""
    path = _table(folder, 1000, count)
    return ("data=table", f"data.path={path}", "data.label=label", "data.limits.columns=20000", *MODEL)


def pictures(folder: Path, count: int) -> tuple[str, ...]:
    """Of 64 x 64 pixels in three colours, each explained."""
    from PIL import Image

    coarse = np.random.default_rng(0).integers(0, 256, (count, 4, 4, 3), np.uint8)
    for row, picture in enumerate(coarse):
        place = folder / "pictures" / ("dark" if picture.mean() < 128 else "light")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).resize((64, 64), Image.Resampling.BILINEAR).save(place / f"{row}.png")
    return (
        "data=image_folder", f"data.path={folder / 'pictures'}", "data.size=64", "selection.rows=all",
        "model=torch_cnn", "model.epochs=1", "method=[vanilla_grad]",
    )  # fmt: skip


def molecules(folder: Path, count: int) -> tuple[str, ...]:
    """Chains of carbon and oxygen, explained by the net of the study on solubility."""
    rng = np.random.default_rng(0)
    chains = ["C" + "".join(rng.choice(["C", "CO", "C(C)", "C(=O)"], size=8)) for _ in range(count)]
    (folder / "chains.smi").write_text("\n".join(chains) + "\n")
    steps = "method.integrated_gradients_embedding.n_steps=4"
    return ("study=solubility", "model.epochs=1", f"data.explain={folder / 'chains.smi'}", "selection.show=3", steps)


def points(_folder: Path, count: int) -> tuple[str, ...]:
    """A sweep over seeds of the selection, which share their data and their model."""
    seeds = ",".join(str(seed) for seed in range(count))
    return ("study=iris", "selection.limit=3", f"selection.seed={seeds}", "method=[vanilla_grad]")


GROWTHS = (
    Growth("rows x 30", (10_000, 100_000, 1_000_000), rows),
    Growth("columns", (10, 1_000, 10_000), columns),
    Growth("pictures of 64 x 64", (100, 1_000, 10_000), pictures),
    Growth("molecules", (100, 1_000, 10_000), molecules),
    Growth("points", (1, 10, 100), points),
)


def measured(growth: Growth, size: int) -> tuple[float, float, float]:
    """Processor seconds, peak memory in MB and bytes of the report in MB of one command."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = (*growth.words(folder, size), "runner=inline", "document.issued=2026-01-01T00:00:00Z")
        paths = (f"paths.runs={folder}/runs", f"paths.store={folder}/store")
        command = [sys.executable, "-m", "exhibit", "report", *words, *paths]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status) not in (0, 3):  # 3: a check of nets that hardly learned did not pass
            raise SystemExit(f"{growth.name}, {size}: exit status {os.waitstatus_to_exitcode(status)}")
        document = sum(path.stat().st_size for path in folder.glob("runs/*/report.*"))
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, document / 1e6


def exponent(sizes: tuple[int, int, int], seconds: tuple[float, float, float]) -> float:
    """Of what is added to the smallest; 1 where the seconds are a constant plus a multiple of the size.

    Where the second takes no longer than the first, the constant hides the growth, and what the third adds counts
    against the whole of the first.
    """
    first, second, third = seconds
    least, middle, most = sizes
    if second <= first:
        return math.log(max(third / first, 1)) / math.log(most / least)
    return math.log(max(third - first, 1e-9) / (second - first)) / math.log((most - least) / (middle - least))


def main(names: tuple[str, ...] = ()) -> None:
    for growth in GROWTHS:
        if names and growth.name.split()[0] not in names:
            continue
        found = [measured(growth, size) for size in growth.sizes]
        seconds = tuple(each[0] for each in found)
        report(
            f"Growth: {growth.name}",
            {
                f"{size:,}: {name}": value
                for size, each in zip(growth.sizes, found, strict=True)
                for name, value in zip(("processor s", "peak memory, MB", "report, MB"), each, strict=True)
            },
            {
                "cost: exponent of the processor time": (exponent(growth.sizes, seconds), 1.05),
                "memory: peak memory of ten times as many": (found[2][1] / found[1][1], 1.2),
            },
        )


if __name__ == "__main__":
    main(tuple(sys.argv[1:]))
