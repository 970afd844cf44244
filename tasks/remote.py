"""Files on a server: whole or not at all, and new ones only where there is none; a server that is away for a while is
waited for."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar

from exhibit.tasks.clients import Version, client
from exhibit.tasks.medium import Kept, Refused, Unreachable

T = TypeVar("T")

log = logging.getLogger(__name__)


class Files:
    """Files below a URL. What is asked for fails only where the server refuses, or is away for longer than `patience`
    seconds."""

    def __init__(self, url: str, patience: float) -> None:
        self.url, self._patience = url, patience
        self._client, self._away = client(url), _Away(patience)

    def look(self, name: str) -> Version:
        """A file with its mark.

        Raises:
            FileNotFoundError: if there is none.
        """
        return self._patiently(lambda: self._client.look(name))

    def read(self, name: str) -> bytes:
        """A file.

        Raises:
            FileNotFoundError: if there is none.
        """
        return self._patiently(lambda: self._client.read(name))

    def size(self, name: str) -> int | None:
        """How many bytes it has; None if there is none."""
        with suppress(FileNotFoundError):
            return self._patiently(lambda: self._client.size(name))
        return None

    def write(self, name: str, data: bytes) -> None:
        """Writes it, whatever is there."""
        self._writing(lambda: self._client.write(name, data))

    def write_new(self, name: str, data: bytes) -> Version | None:
        """Writes it where nothing is; None where something else is."""
        try:
            return self._writing(lambda: self._client.write_new(name, data))
        except FileExistsError:
            return self._ours(name, data)

    def write_over(self, name: str, data: bytes, before: Version) -> Version | None:
        """Writes it in the place of just this; None where something else is by now, or nothing."""
        try:
            return self._patiently(lambda: self._client.write_over(name, data, before))
        except (FileExistsError, FileNotFoundError):
            return self._ours(name, data)

    def remove(self, name: str) -> None:
        """Removes it, if it is there."""
        with suppress(FileNotFoundError):
            self._patiently(lambda: self._client.remove(name))

    def files(self, part: str) -> Mapping[str, Kept]:
        """What lies below `part`, by name."""
        try:
            return self._patiently(lambda: self._client.files(part))
        except FileNotFoundError:
            return {}

    def _ours(self, name: str, data: bytes) -> Version | None:
        """Of two answers the first may have been lost: then what is there is what was to be written."""
        with suppress(FileNotFoundError):
            found = self.look(name)
            return found if found.data == data else None
        return None

    def _writing(self, do: Callable[[], T]) -> T:
        try:
            return self._patiently(do)
        except FileNotFoundError as error:
            raise Refused(f"{self.url}: there is no such bucket; make it, or name one that is there") from error

    def _patiently(self, do: Callable[[], T]) -> T:
        pause = 0.05
        while True:
            try:
                with self._client.turn:
                    done = do()
            except (FileNotFoundError, FileExistsError):
                raise
            except self._client.errors as error:
                if why := self._client.refusal(error):
                    raise Refused(f"{self.url}: {why}") from error
                kind = type(error).__name__
                if self._away.for_seconds() > self._patience:
                    raise Unreachable(
                        f"{self.url}: the server does not answer, and was waited for {self._patience:g} s ({kind}); "
                        "what is finished is kept, and the next run goes on from there"
                    ) from error
                if pause >= 1 and self._away.is_untold():
                    log.warning("%s: the server does not answer (%s); waiting for it", self.url, kind)
            else:
                self._away = _Away(self._patience)
                return done
            time.sleep(pause)
            pause = min(2 * pause, 1.0)


class _Away:
    """How long a server has been away: all that is asked for meanwhile waits for it together."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._since = self._last = -float("inf")
        self._told = False

    def for_seconds(self) -> float:
        """Since it was first found to be so, if that was lately; it is again."""
        now = time.monotonic()
        if now - self._last > self._patience + 60:  # nobody has asked in between
            self._since, self._told = now, False
        self._last = now
        return now - self._since

    def is_untold(self) -> bool:
        """Whether nobody has said so yet."""
        told, self._told = self._told, True
        return not told
