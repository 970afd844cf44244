"""A process that does the work of a command, and one that waits for it: whatever ends the first, the second says so.

The one that waits is the one that was started: signals reach it, and it hands them on.
"""

import ctypes
import mmap
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from exhibit.flows.child import Ended
from exhibit.tasks.own import ended_by, tell_by

_PARENT_DEATH, _SUBREAPER = 1, 36  # of prctl(2)
_TASKS = Path("/proc/self/task")
_ROOM = 4096  # bytes of names
_NOT_OVER = b"\0" * 4  # behind them, until the exit code is known
_INTERRUPTED = 130  # as the handler of the signal ends at once
_BY_SIGNAL = 128  # and more: the status of a process that a signal made end itself
_HANDED_ON = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def supervised(work: Callable[[], int], say: Callable[[str], object], wrong_input: int, unexpected: int) -> int:
    """The exit code of `work`, done in a process of its own; where that was ended `say` is called with a sentence, and
    the code is `wrong_input` if code of the user's own was at work, else `unexpected`."""
    mark = mmap.mmap(-1, _ROOM + len(_NOT_OVER))
    _prctl(_SUBREAPER, 1)
    signal.pthread_sigmask(signal.SIG_BLOCK, {*_HANDED_ON, signal.SIGCHLD})
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        _prctl(_PARENT_DEATH, signal.SIGKILL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {*_HANDED_ON, signal.SIGCHLD})
        tell_by(lambda names: _write(mark, names))
        return _done(work, mark, unexpected)
    status, handed_on = _waited(child)
    names = mark[:_ROOM].rstrip(b"\0").decode(errors="replace")
    if names or not 0 <= status < _BY_SIGNAL:
        _end_orphans()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {*_HANDED_ON, signal.SIGCHLD})
    if -status in handed_on:  # it ended as it was told to
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    if not names and (status == _INTERRUPTED or mark[_ROOM:] == _over(status)):
        return status
    if status < 0:
        way = Ended(status, "").way
    else:
        way = (
            f"ended the process (status {status})"
            if names
            else f"was ended with status {status} by other code than ours"
        )
    say(ended_by(names, way) if names else f"the process that computes {way}; what is finished is kept")
    return wrong_input if names else unexpected


def _done(work: Callable[[], int], mark: mmap.mmap, unexpected: int) -> int:
    """The exit code of `work`, which is noted: that of anybody else who ends the process may look like one of ours."""
    code = unexpected
    try:
        code = work()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else unexpected if error.code else 0
        raise
    finally:
        mark[_ROOM:] = _over(code)
    return code


def _over(code: int) -> bytes:
    return f"{code:4}".encode()[: len(_NOT_OVER)]


def _write(mark: mmap.mmap, names: str) -> None:
    mark[:_ROOM] = names.encode()[:_ROOM].ljust(_ROOM, b"\0")


def _waited(child: int) -> tuple[int, set[int]]:
    """How the child ended, as subprocess says it, and the signals that were handed on to it."""
    handed_on: set[int] = set()
    while True:
        found = signal.sigwaitinfo({*_HANDED_ON, signal.SIGCHLD})
        if found.si_signo == signal.SIGCHLD:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status), handed_on
        elif found.si_signo != signal.SIGINT or found.si_pid:  # what a terminal sends reaches the child by itself
            handed_on.add(found.si_signo)
            os.kill(child, found.si_signo)


def _end_orphans() -> None:
    """Ends what the work had started and cannot end any more, a server, say, and what that had started in turn: the
    workers of a cluster become children of this process when what watched over them has ended."""
    while processes := [int(number) for path in _TASKS.glob("*/children") for number in path.read_text().split()]:
        for process in processes:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def _prctl(option: int, value: int) -> None:
    """Where the system has it: elsewhere the work outlives a supervisor that was killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
