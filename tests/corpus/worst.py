"""python -m tests.corpus.worst: the inputs of the corpus, each in a fork of this process, with the peak of all of it,
libraries too, and the seconds: every one as it is measured, and at last the ten that take the most memory."""

import os
import sys
import tempfile
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from tests.corpus.recipe import Recipe

_SHOWN = 10


def measured(recipe: Recipe) -> tuple[float, float]:
    """Megabytes at most, and seconds.

    Raises:
        RuntimeError: for a recipe that did not come to its end.
    """
    begun = time.monotonic()
    child = os.fork()
    if not child:  # an error ends it, with a traceback
        with (
            tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nothing, redirect_stdout(nothing),
            redirect_stderr(nothing),
        ):  # fmt: skip
            recipe.run(Path(folder))
        os._exit(0)
    _, status, used = os.wait4(child, 0)
    if status:
        raise RuntimeError(f"{recipe.name} ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_maxrss / 1024, time.monotonic() - begun


def main() -> None:
    from tests.corpus.test_corpus import CORPUS

    lines = {}
    for recipe in CORPUS:  # said at once: it takes long, and may be ended before its end
        megabytes, seconds = measured(recipe)
        lines[f"{megabytes:8.0f} MB {seconds:7.1f} s  {recipe.name}\n"] = megabytes
        sys.stdout.write([*lines][-1])
        sys.stdout.flush()
    sys.stdout.writelines(["The most:\n", *sorted(lines, key=lines.__getitem__, reverse=True)[:_SHOWN]])


if __name__ == "__main__":
    main()
