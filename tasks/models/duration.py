"""How long a training will take, estimated from its beginning, and refused before it goes on."""

import time

from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.shown import lasting

_WATCHED = 3.0  # seconds of steps from which the rest is estimated


class TooLong(InputError):
    """A training of so many `seconds`, as it seems from its beginning; `asked` says what was asked for."""

    def __init__(self, asked: str, seconds: float, hours: float) -> None:
        super().__init__(
            f"{asked} would take about {lasting(seconds)} on this machine, as it began, more than "
            f"compute.training_hours: {hours:g}; ask for less, or raise compute.training_hours"
        )
        self.asked, self.seconds = asked, seconds


def require_quick(asked: str, seconds: float, hours: float) -> None:
    """Raises TooLong where `seconds` are more than `hours`."""
    if seconds > hours * 3600:
        raise TooLong(asked, seconds, hours)


class Pace:
    """Watches the first of so many `steps`. The very first does not count: what is made once is made in it."""

    def __init__(self, asked: str, steps: int, hours: float) -> None:
        self._asked, self._steps, self._hours = asked, steps, hours
        self._done, self._begun, self._judged = 0, 0.0, False

    def step(self) -> None:
        """Says that a step is over.

        Raises:
            TooLong: once, when enough of them are over to say so.
        """
        self._done += 1
        now = time.monotonic()
        if self._done == 1:
            self._begun = now
        elif not self._judged and (passed := now - self._begun) > _WATCHED:
            self._judged = True
            require_quick(self._asked, self._steps * passed / (self._done - 1), self._hours)
