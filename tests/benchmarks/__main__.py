"""Runs every benchmark in a process of its own and ends with what is met and what is missed.

python -m tests.benchmarks [name ...]
"""

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.side_by_side import PAGE, RESULTS, summary, written


def benchmarks() -> list[str]:
    """The modules of this folder that measure something: those with a `main`; the others are their helpers."""
    modules = sorted(Path(__file__).parent.glob("[!_]*.py"))
    return [module.stem for module in modules if "\ndef main() -> None:" in module.read_text(encoding="utf-8")]


def run(names: list[str]) -> int:
    """The exit status: 1 if one could not be run; a missed goal is a result. What was measured stands on the page; of
    some benchmarks alone it takes the place of what these gave before."""
    if set(names) == set(benchmarks()):
        RESULTS.unlink(missing_ok=True)
    commands = [[sys.executable, "-W", "ignore", "-m", f"tests.benchmarks.{name}"] for name in names]
    failed = [command[-1] for command in commands if subprocess.run(command, check=False).returncode]
    if RESULTS.exists():
        sys.stdout.write(summary())
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write("".join(f"{name} could not be run\n" for name in failed))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:] or benchmarks()))
