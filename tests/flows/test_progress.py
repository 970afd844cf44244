"""Facts of the progress that people see."""

import io
import threading
from collections.abc import Callable

import pytest
from rich.console import Console

from exhibit.flows.progress import Watch, left


def watch(terminal: bool = False, heartbeat: float = 1000.0, patience: float = 1000.0) -> tuple[Watch, io.StringIO]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=200, color_system=None)
    return Watch(console, patience=patience, heartbeat=heartbeat), out


def until(seen: Callable[[], bool]) -> None:
    """Waits for a line of the other thread; a line that never comes ends in the test's time limit, not in a pass."""
    for _ in range(2000):
        if seen():
            return
        threading.Event().wait(0.005)
    raise AssertionError("the line did not come")


def test_a_finished_stage_is_one_line() -> None:
    """A stage that is over before anybody grew impatient says once how it went."""
    progress, out = watch()
    with progress:
        progress.stage("iris", "fit")(1, 2)
        progress.finished("iris", "fit", False, 3.14)
        progress.stage("iris", "[predict]")
        progress.finished("iris", "[predict]", True, 0.0)
    assert out.getvalue() == "iris: fit, done in 3.1 s\niris: [predict], from the store\n"


def test_a_long_stage_says_again_and_again_how_far_it_is() -> None:
    """Without a terminal lines go on as long as the stage does, whether or not it reports anything."""
    progress, out = watch(heartbeat=0.01, patience=0.01)
    with progress:
        report = progress.stage("iris", "fit")
        until(lambda: out.getvalue().count("iris: fit, 0 s ...") > 2)
        report(3, 40)
        until(lambda: "iris: fit, 3 of 40, 0 s ..." in out.getvalue())
        progress.finished("iris", "fit", False, 1.0)
        assert out.getvalue().endswith("iris: fit, done in 1.0 s\n")
        before = out.getvalue()
        report(4, 40)
    assert out.getvalue() == before


def test_a_terminal_shows_a_bar_that_goes_away() -> None:
    """The bar shows the numbers while the stage runs; at the end only the line stays."""
    progress, out = watch(terminal=True)
    with progress:
        progress.stage("digits", "attribute")(7, 9)
        progress._bars.refresh()
        assert "digits: attribute" in out.getvalue()
        assert "7/9" in out.getvalue()
        progress.finished("digits", "attribute", False, 2.0)
    assert "digits: attribute, done in 2.0 s" in out.getvalue()


@pytest.mark.parametrize(
    ("done", "total", "passed", "said"),
    [
        (0, 40, 30, "0%"),
        (1, 4, 60, "25%, about 3 min left"),
        (1, 2, 10, "50%, about 10 s left"),
        (1, 100, 120, "1%, about 3.3 hours left"),
        (99, 100, 10, "99%, about 1 s left"),
        (1, 4, 1, "25%"),
        (4, 4, 60, "100%"),
        (0, 0, 60, ""),
        (3, None, 60, ""),
    ],
)
def test_the_time_left_is_what_it_took_so_far_for_the_rest(
    done: int, total: int | None, passed: float, said: str
) -> None:
    assert left(done, total, passed) == said


def test_the_share_stands_on_a_terminal_and_in_no_log() -> None:
    """A log has a line with counts; the bar beside them has the share, and the time left once that is known."""
    shown, log = watch(terminal=True), watch(heartbeat=0.01, patience=0.01)
    for progress, out in (shown, log):
        with progress:
            progress.stage("digits", "attribute")(3, 12)
            progress._bars.refresh()
            if progress is log[0]:
                until(lambda out=out: "3 of 12" in out.getvalue())
            assert ("25%" in out.getvalue()) == (progress is shown[0])


def test_names_are_shown_as_they_are() -> None:
    """Neither codes of emoji nor markup in a name are anything but letters, in lines and in bars."""
    progress, out = watch(terminal=True)
    with progress:
        progress.stage("mine3:fire:", "[bold]fit")(1, 2)
        progress._bars.refresh()
        assert "mine3:fire:: [bold]fit" in out.getvalue()
        progress.note("a :smile: [red]note")
        progress.failed("mine3:fire:", "ended")
    assert "a :smile: [red]note" in out.getvalue()
    assert "mine3:fire:: ended" in out.getvalue()


def test_threads_may_report_at_once() -> None:
    """Eight threads with 50 stages each give 400 whole lines."""
    progress, out = watch(heartbeat=0.001, patience=0.001)

    def work(thread: int) -> None:
        for number in range(50):
            progress.stage(f"chapter {thread}", str(number))(1, 1)
            progress.finished(f"chapter {thread}", str(number), False, 0.0)

    with progress:
        threads = [threading.Thread(target=work, args=[thread]) for thread in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    done = [line for line in out.getvalue().splitlines() if line.endswith("done in 0.0 s")]
    assert len(set(done)) == 400


def test_an_error_inside_ends_the_watch() -> None:
    """The pulse and the bars stop, and the error goes on."""
    before = threading.active_count()
    progress, _ = watch(terminal=True)
    try:
        with progress:
            progress.stage("iris", "fit")
            raise LookupError
    except LookupError:
        pass
    until(lambda: threading.active_count() == before)
