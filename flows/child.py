"""Another part of the program in a process of its own, that ends when its time is over, and when the process that asked
for it ends.

A thread cannot be stopped and a process can; nor does a crash or a lack of memory in it take this one along.
"""

import os
import signal
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from typing import NamedTuple, TextIO

from exhibit.tasks.apart import child_process


class Ended(NamedTuple):
    """How a process ended, and what it had answered until then."""

    status: int
    answer: str
    in_time: bool = True

    @property
    def way(self) -> str:
        """A clause on how it ended, with what that is likely to mean."""
        if self.status >= 0:
            return f"ended with status {self.status} and without an answer"
        name = signal.Signals(-self.status).name
        return f"was ended by {name}{_MEANING.get(name, '')}"


_MEANING = {
    "SIGKILL": ", as the system does where memory runs out, or as somebody did by hand",
    "SIGTERM": ", which somebody sent",
    "SIGSEGV": ": a library crashed",
    "SIGBUS": ": a library crashed",
    "SIGFPE": ": a library crashed",
    "SIGILL": ": a library was built for another processor",
    "SIGABRT": ": a library gave up, often for lack of memory",
}


def run_child(module: str, job: str, seconds: float | None, environment: Mapping[str, str]) -> Ended:
    """Runs `python -m module` with one line on standard input, for at most so many seconds; it answers on standard
    output. Its `environment` is that of this process with some variables besides."""
    program, paths = child_process(module)
    with (
        Popen(
            program, stdin=PIPE, stdout=PIPE, text=True, env={**os.environ, **environment, **paths},
            start_new_session=True,
        ) as process,
        ThreadPoolExecutor(1) as reader,
    ):  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        answer = reader.submit(process.stdout.read)  # meanwhile: a pipe that is full would stop the process
        in_time = True
        try:
            with suppress(BrokenPipeError):  # of one that has died already
                process.stdin.write(f"{job}\n")
                process.stdin.flush()  # and left open: the process ends when it is closed
            process.wait(seconds)
        except TimeoutExpired:
            in_time = False
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            with suppress(BrokenPipeError):
                process.stdin.close()
        return Ended(process.wait(), answer.result(), in_time)


def asked() -> tuple[str, TextIO]:
    """In such a process: the line that it was asked with, and where it answers; all that is printed goes to stderr."""
    answers, questions = os.fdopen(os.dup(1), "w"), os.fdopen(os.dup(0))
    os.dup2(2, 1)
    with Path(os.devnull).open() as nothing:  # whatever reads here shall not wait, nor take what is not for it
        os.dup2(nothing.fileno(), 0)
    line = questions.readline()
    threading.Thread(target=_end_with_parent, args=(questions,), daemon=True).start()
    return line, answers


def _end_with_parent(questions: TextIO) -> None:
    """What was standard input is held open by the parent alone, and nothing more comes on it."""
    questions.read()
    os.killpg(0, signal.SIGKILL)
