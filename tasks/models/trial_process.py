"""The process that tries files of fitted models: `python -m exhibit.tasks.models.trial_process`.

It reads jobs from its standard input, a line of JSON and the bytes of a file each, and answers each with a line.
"""

import json
import os
import resource
import select
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

import numpy as np

from exhibit.tasks.models.fitted import READERS, Fitted, Whole, opened, unread
from exhibit.tasks.models.tree_files import require_lightgbm, require_xgboost
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import TableColumn
from exhibit.tasks.records.opening import GROWTH

_ROOM = 8 << 30  # bytes of addresses, besides what a file may grow to
_ROWS = 64
_FAR = 1e30  # beyond any threshold
_WIDEST = 1_000_000  # columns that a row is tried with


def main() -> None:
    """Until nothing more comes."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "w")
    with Path(os.devnull).open("r+b") as nothing:  # libraries print, and may read
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
    while line := questions.readline():
        job = json.loads(line)
        said = tried(_exactly(questions, job["bytes"]), job["ending"], job["seconds"])
        answers.write(f"{json.dumps(said)}\n")
        answers.flush()


def _exactly(questions: BinaryIO, count: int) -> bytes:
    data = questions.read(count)
    if len(data) < count:
        sys.exit()  # who asked is gone
    return data


def tried(data: bytes, ending: str, seconds: float) -> str:
    """What a fork of this process says of the file; a sentence where it does not come to its end in this time."""
    kind, _ = READERS[ending]
    _load(ending)
    answers, says = os.pipe()
    child = os.fork()
    if not child:
        os.close(answers)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_ROOM + GROWTH * len(data),) * 2)
        try:
            os.write(says, said(data, ending).encode(errors="replace")[:4000])
        finally:
            os._exit(0)
    os.close(says)
    in_time = bool(select.select([answers], [], [], seconds)[0])
    if not in_time:
        os.kill(child, signal.SIGKILL)
    with os.fdopen(answers, "rb") as pipe:
        found = pipe.read().decode(errors="replace")
    _, status = os.waitpid(child, 0)
    file = f"model.path: {kind.framework} cannot read the {ending} file: "
    if not in_time:
        return f"{file}it was not done with it after {seconds:.0f} s, as happens where a tree leads back into itself"
    if status:
        return f"{file}its process ended, as happens where bytes of a file were changed; save the model once more"
    return found


def _load(ending: str) -> None:
    """Its library, once for all forks; whoever has none of it is told by the one that opens the file."""
    names: Mapping[str, str] = {".skops": "skops.io", ".txt": "lightgbm", ".cbm": "catboost"}
    with suppress(ImportError):
        import_module(names.get(ending, "xgboost"))


def said(data: bytes, ending: str) -> str:
    """Looks through the file, opens it, has its trees told and a few rows predicted."""
    try:
        require_whole(data, ending)
        model = opened(data, ending, 1)
        _predict(model)
        model.trees()
    except InputError as error:
        # What is in a .skops file may be known to the other process alone; it says itself what is wrong.
        return "" if ending == ".skops" or str(error).startswith("tree_shap") else str(error)
    return ""


def require_whole(data: bytes, ending: str) -> None:
    """The file is as those that its library writes.

    Raises:
        InputError: where it is not.
    """
    checks = {".json": require_xgboost, ".ubj": require_xgboost, ".txt": require_lightgbm}
    try:
        if (check := checks.get(ending)) is not None:
            check(data)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise InputError(unread(ending, error)) from error


def _predict(model: Fitted) -> None:
    """Of rows of all sizes, without values and with none at all. That some cannot be predicted is no fault of the file.

    Raises:
        InputError: where that takes more memory than there is for it.
    """
    wanted = model.wanted
    names = wanted.names or tuple(map(str, range(model.width)))
    if not 0 < len(names) <= _WIDEST:
        return
    draws = np.random.default_rng(0)
    rows = draws.normal(size=(_ROWS, len(names))) * 10.0 ** draws.integers(-3, 4, (_ROWS, 1))
    rows = np.concatenate(
        [rows, np.zeros((1, len(names))), np.full((1, len(names)), np.nan), [[_FAR], [-_FAR]] * rows[:1]]
    )
    words = set(wanted.categories)
    columns = tuple(
        TableColumn(name=name, kind="category", categories=("a", "b"))
        if name in words
        else TableColumn(name=name, kind="number")
        for name in names
    )
    codes = np.where([name in words for name in names], 0.0, rows)
    try:
        model.predict(Whole(codes, columns), "probabilities" if model.classifies else "values")
    except Exception as error:
        if isinstance(error, MemoryError) or "bad_alloc" in str(error):
            raise InputError(
                f"model.path: {model.framework} cannot predict with the model of this file: a few rows take more "
                "memory than there is for it"
            ) from error


if __name__ == "__main__":
    main()
