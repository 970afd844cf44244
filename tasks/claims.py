"""Claims on names where many machines write: the owner renews its claim, and that of a dead owner passes on.

Nobody's clock is compared with another's. A claim that stays the same for some seconds, by the clock of who looks, is
that of a dead owner; so is one of a process of this machine that has ended, at once. Who is only held up for so long
loses its claim, too: what is computed twice then is published once.
"""

import json
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from exhibit.tasks.clients import Version
from exhibit.tasks.medium import Refused, Unreachable
from exhibit.tasks.remote import Files


class Claims:
    """Claims among `files`, each a file. `seconds`: after which one that was not renewed is that of a dead owner."""

    def __init__(self, files: Files, seconds: float) -> None:
        self._files, self._seconds = files, seconds

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """The claim, once nobody else has it."""
        mine, watched, pause = _Claim(), _Watched(self._seconds), 0.02
        while (version := self._files.write_new(name, mine.beat())) is None:
            with suppress(FileNotFoundError):
                began, there = time.monotonic(), self._files.look(name)
                if watched.is_dead(there.data, began):
                    version = self._files.write_over(name, mine.beat(), there)
            if version is not None:
                break
            time.sleep(pause)
            pause = min(2 * pause, self._seconds / 8, 1.0)
        with self._renewed(name, mine, version):
            yield

    @contextmanager
    def held_if_free(self, name: str) -> Iterator[bool]:
        """The claim and True, or False where somebody who lives has it."""
        if self.is_alive(name):
            yield False
            return
        with self.held(name):
            yield True

    def is_alive(self, name: str) -> bool:
        """Whether somebody who lives has this claim; that of a dead owner is removed."""
        watched, first = _Watched(self._seconds), None
        while True:
            began = time.monotonic()
            try:
                found = self._files.look(name)
            except FileNotFoundError:
                return False
            if watched.is_dead(found.data, began):
                if self._files.write_over(name, _Claim().beat(), found) is not None:  # or somebody else has it by now
                    self._files.remove(name)
                    return False
                continue
            if first not in (None, found.data):
                return True
            first = found.data
            time.sleep(self._seconds / 16)

    @contextmanager
    def _renewed(self, name: str, mine: "_Claim", version: Version) -> Iterator[None]:
        ended = threading.Event()
        threading.Thread(target=self._renew, args=(name, mine, version, ended), daemon=True).start()
        try:
            yield
        finally:
            ended.set()
            with suppress(Unreachable, Refused, FileNotFoundError):
                if mine.token in self._files.read(name).decode(errors="replace"):
                    self._files.remove(name)

    def _renew(self, name: str, mine: "_Claim", version: Version, ended: threading.Event) -> None:
        last: Version | None = version
        while last is not None and not ended.wait(self._seconds / 4):
            with suppress(Unreachable, Refused):  # it is tried again; what is lost meanwhile is lost
                last = self._files.write_over(name, mine.beat(), last)


class _Claim:
    """What the owner writes: another text each time."""

    def __init__(self) -> None:
        self.token, self._beats = secrets.token_hex(16), 0

    def beat(self) -> bytes:
        self._beats += 1
        return json.dumps({"owner": self.token, "beat": self._beats, "process": _process(os.getpid())}).encode()


class _Watched:
    """A claim as somebody sees it who waits for it."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._seen, self._since = seconds, b"", 0.0

    def is_dead(self, claim: bytes, began: float) -> bool:
        """`claim`: what was found by a look that `began` then."""
        now = time.monotonic()
        # Where the look took long, the owner may have waited for the server, too.
        if claim != self._seen or now - began > self._seconds / 4:
            self._seen, self._since = claim, now
        return _is_here(claim) is False or now - self._since > self._seconds


def _is_here(claim: bytes) -> bool | None:
    """Whether the owner of a claim is a process of this machine that lives; None where that cannot be told here."""
    try:
        said = str(json.loads(claim)["process"])
    except (ValueError, KeyError, TypeError):
        return None
    machine, _, rest = said.partition(" ")
    if not machine or machine != _machine():
        return None
    number = int(rest.partition(" ")[0])
    try:
        os.kill(number, 0)  # asks, and does nothing
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, of which the system may say no more
        return None
    return _process(number) == said


def _process(number: int) -> str:
    """A process among all of all machines: machine, number, and when it began; empty where the system does not say."""
    try:
        state, *more = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        began = more[18]
    except (OSError, ValueError, IndexError):
        return ""
    return f"{_machine()} {number} {began}" if _machine() and state not in _ENDED else ""


_ENDED = "ZX"  # states of a process that is over, though nobody has asked yet how it ended


def _machine() -> str:
    """Since when this machine runs, and who sees the same processes; empty where the system does not say."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}-{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""
