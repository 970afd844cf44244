"""python -m tests.corpus.worst: the ten inputs of the corpus that take the most memory, each in a process of its own,
with the peak beyond what the libraries take and the seconds."""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from tests.corpus.recipe import Recipe

_SHOWN = 10


def measured(recipe: Recipe) -> tuple[float, float]:
    """Megabytes beyond those at the beginning, and seconds, of a run in a fork of this process."""
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    child = os.fork()
    if not child:
        sys.stderr = sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
        with tempfile.TemporaryDirectory() as folder:
            try:
                recipe.run(Path(folder))
            finally:
                os._exit(0)
    _, _, used = os.wait4(child, 0)
    return (used.ru_maxrss - before) / 1024, time.monotonic() - begun


def main() -> None:
    from tests.corpus.test_corpus import CORPUS

    found = sorted(((*measured(recipe), recipe.name) for recipe in CORPUS), reverse=True)
    for megabytes, seconds, name in found[:_SHOWN]:
        sys.stdout.write(f"{megabytes:8.0f} MB {seconds:7.1f} s  {name}\n")


if __name__ == "__main__":
    main()
