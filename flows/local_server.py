"""A Prefect server on this machine for one run, where none is configured."""

import os
import re
import socket
import threading
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from types import TracebackType
from typing import Self

from exhibit.flows.errors import debugging
from exhibit.flows.quiet import QUIET
from exhibit.tasks.apart import child_process

_PATIENCE = 120  # seconds in which it has to answer: on a busy machine it takes half a minute to start
_PYPROJECT = re.compile(r"tool\s*\.\s*prefect")
_SETTINGS = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}


def server_is_configured() -> bool:
    """Whether Prefect would use a server that somebody keeps running.

    Prefect itself is asked, as far as anything could make it say so: to import it takes two seconds.
    """
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    said = [name for name in os.environ if name.startswith("PREFECT_") and name not in QUIET]
    said += [str(path) for path in (home / "profiles.toml", Path("prefect.toml")) if path.exists()]
    if not said and "PREFECT_" not in _text(Path(".env")) and not _PYPROJECT.search(_text(Path("pyproject.toml"))):
        return False
    from prefect.settings import PREFECT_API_URL

    return bool(PREFECT_API_URL.value())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


class LocalServer:
    """A server in a process of its own, which starts after so many seconds, and ends with its context or with this
    process. Where it cannot be started `answers` stays false."""

    def __init__(self, after: float) -> None:
        self.address = ""
        self._timer = threading.Timer(after, self._start)
        self._timer.daemon = True
        self._tried, self._answering, self._over = threading.Event(), threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._process: Popen[str] | None = None

    @property
    def answers(self) -> bool:
        return self._answering.is_set()

    def wait(self) -> None:
        """Until it answers, or cannot be started."""
        self._tried.wait()

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._over.set()
        if self._process is not None:
            assert self._process.stdin is not None
            with suppress(BrokenPipeError):
                self._process.stdin.close()  # for which it ends
            self._process.wait()

    def _start(self) -> None:
        try:
            self._started()
        finally:
            self._tried.set()

    def _started(self) -> None:
        with self._lock, socket.create_server(("127.0.0.1", 0)) as listening:
            if self._over.is_set():
                return
            host, port = listening.getsockname()
            self._process = _spawned(listening)
        connection = HTTPConnection(host, port, timeout=_PATIENCE)
        with suppress(OSError, HTTPException):
            connection.request("GET", "/api/health")  # which waits in the socket until there is a server to read it
            if connection.getresponse().status == 200:
                self.address = f"http://{host}:{port}/api"
                self._answering.set()
        connection.close()


def _spawned(listening: socket.socket) -> Popen[str]:
    """The process of a server that answers on this socket."""
    program, paths = child_process("exhibit.flows.server_process")
    said = None if debugging() else DEVNULL
    process = Popen(
        program, stdin=PIPE, stdout=said, stderr=said, text=True, env={**os.environ, **_SETTINGS, **paths},
        pass_fds=[listening.fileno()], start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.write(f"{listening.fileno()}\n")
        process.stdin.flush()  # and left open: the process ends when it is closed
    return process
