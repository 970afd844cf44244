"""Progress for people, on stderr: bars on a terminal, plain lines elsewhere, and never a silent minute."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from exhibit.tasks.protocols import Progress as Report
from exhibit.tasks.records.shown import escaped, escaped_lines, lasting

End = tuple[str, str, float]  # of a stage: its chapter, its name, and how many seconds it took


@dataclass
class _Running:
    bar: TaskID
    since: float
    next_line: float
    done: int = 0
    total: int = 0

    def line(self, now: float) -> str:
        share = f"{self.done} of {self.total}, " if self.total else ""
        return f"{share}{now - self.since:.0f} s ..."


def left(done: float, total: float | None, passed: float | None) -> str:
    """25%, about 3 min left: the share that is done, and how long the rest takes if it goes on as it went; nothing
    where that is not known, and only the share while so little is done that nobody could tell."""
    if not total or passed is None:
        return ""
    share = min(done / total, 1.0)
    if done <= 0 or done >= total or passed < _SOON:
        return f"{share:.0%}"
    return f"{share:.0%}, about {lasting(max(round(passed * (1 - share) / share), 1))} left"


_SOON = 2.0  # seconds before which the time left is a guess


class _Left(ProgressColumn):
    """The share that is done and the time left."""

    def render(self, task: Task) -> Text:
        return Text(left(task.completed, task.total, task.elapsed))


class Watch:
    """Shows which stages run, how far they are, how long they took, and on a terminal how long they will take. Its
    methods may be called from any thread.

    Without a terminal a stage gets a line once it has run for `patience` seconds and then every `heartbeat` seconds.
    `told`: ends of stages that people have read already; they are not said again.
    """

    def __init__(
        self, console: Console | None = None, patience: float = 1.0, heartbeat: float = 15.0, told: Iterable[End] = ()
    ) -> None:
        self.told = set(told)
        self._console = console or Console(stderr=True)
        self._patience, self._heartbeat = patience, heartbeat
        self._lock = threading.Lock()
        self._running: dict[tuple[str, str], _Running] = {}
        self._over = threading.Event()
        columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(30), MofNCompleteColumn()
        plain = not self._console.is_terminal
        self._bars = Progress(
            *columns, TimeElapsedColumn(), _Left(), console=self._console, transient=True, disable=plain
        )
        self._pulse = threading.Thread(target=self._beat, daemon=True) if plain else None

    def __enter__(self) -> Self:
        self._bars.start()
        if self._pulse:
            self._pulse.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._bars.stop()
        if self._pulse:
            self._pulse.join()

    def stage(self, chapter: str, stage: str) -> Report:
        """Says that a stage begins, unless it has; the result is to be called with (done, total) as it goes on."""
        with self._lock:
            if (found := self._running.get((chapter, stage))) is None:
                now = time.monotonic()
                found = _Running(
                    self._bars.add_task(escaped(f"{chapter}: {stage}"), total=None), now, now + self._patience
                )
                self._running[chapter, stage] = found
            running = found

        def report(done: int, total: int) -> None:
            with self._lock:
                if self._running.get((chapter, stage)) is running:
                    running.done, running.total = done, total
                    self._bars.update(running.bar, completed=done, total=total)

        return report

    def progress(self, chapter: str, stage: str) -> Report:
        """As `stage`, for a stage that has yet to begin: it begins when it first tells how far it is."""
        begun: list[Report] = []

        def report(done: int, total: int) -> None:
            if not begun:
                begun.append(self.stage(chapter, stage))
            begun[0](done, total)

        return report

    def finished(self, chapter: str, stage: str, cached: bool, seconds: float) -> None:
        """Says that a stage is over."""
        with self._lock:
            running = self._running.pop((chapter, stage), None)
            if running:
                self._bars.remove_task(running.bar)
            if (chapter, stage, seconds) in self.told:
                return
            self.told.add((chapter, stage, seconds))
            self._say(chapter, stage, "from the store" if cached else f"done in {seconds:.1f} s")

    def failed(self, chapter: str, sentence: str) -> None:
        """Says that a chapter ends here, with all its stages that run."""
        with self._lock:
            for name in [name for name in self._running if name[0].partition("/")[0] == chapter]:
                self._bars.remove_task(self._running.pop(name).bar)
            self._print(f"{chapter}: {sentence}")

    def note(self, text: str) -> None:
        """Says something that is about no stage."""
        with self._lock:
            self._print(text)

    def _say(self, chapter: str, stage: str, text: str) -> None:
        self._print(f"{chapter}: {stage}, {text}")

    def _print(self, text: str) -> None:
        self._console.print(escaped_lines(text), markup=False, emoji=False, highlight=False, soft_wrap=True)

    def _beat(self) -> None:
        while not self._over.wait(min(1.0, self._patience)):
            now = time.monotonic()
            with self._lock:
                for (chapter, stage), running in self._running.items():
                    if now >= running.next_line:
                        running.next_line = now + self._heartbeat
                        self._say(chapter, stage, running.line(now))
