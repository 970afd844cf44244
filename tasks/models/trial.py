"""A file of a fitted model is tried in a process of its own before it is opened in this one.

The libraries that read such files trust them: a number that somebody changed ends the process, or a prediction never
comes. One process tries the files of all reports that are made here, each in a fork of it, so that the libraries are
loaded once; it ends with this one.
"""

import json
import os
import subprocess
from functools import lru_cache
from threading import Lock

from exhibit.tasks.apart import child_process

_MODULE = "exhibit.tasks.models.trial_process"
_LIMIT = 60.0  # seconds, and for each of its megabytes
_EACH = 2.0


class _Trials:
    """The process, which is started when it is first asked."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def answer(self, data: bytes, ending: str, seconds: float) -> str:
        """Empty for a file that can be opened, else why not."""
        with self._lock:
            process = self._running()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                asked = {"ending": ending, "bytes": len(data), "seconds": seconds}
                process.stdin.write(json.dumps(asked).encode() + b"\n" + data)
                process.stdin.flush()
                answer = process.stdout.readline()
            except BrokenPipeError:
                answer = b""
            if not answer:
                self._process = None
                return "the process that tries it was ended"
            return str(json.loads(answer))

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._process.poll() is not None:
            program, paths = child_process(_MODULE)
            # One thread: a fork of a process whose threads compute would wait for them for ever.
            environment = {**os.environ, **paths, "OMP_NUM_THREADS": "1"}
            self._process = subprocess.Popen(
                program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
            )
        return self._process


_trials = _Trials()


@lru_cache(maxsize=64)
def trial(data: bytes, ending: str, limit: float = _LIMIT) -> str:
    """What is wrong with the file of a model whose name ends so; empty where it can be opened here."""
    return _trials.answer(data, ending, limit + _EACH * len(data) / 1e6)
