"""Facts of code of the user's own that ends the program, or tries to: a sentence names it, whoever runs the stages."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exhibit.flows.bounded import Answer, _result
from exhibit.flows.child import Ended
from exhibit.flows.errors import Unfinished
from exhibit.flows.workers import killed
from exhibit.tasks.factory import TRUSTED
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.own import over, running, tell_by
from exhibit.tasks.records.base import InputError
from tests.conftest import ROOT, Project


def asks_to_end() -> None:
    raise SystemExit(3)


def interrupts() -> None:
    raise KeyboardInterrupt


def recurses() -> None:
    recurses()


class Leaving(BaseException):
    """No error that anybody expects."""


def leaves() -> None:
    raise Leaving


def ends_a_generator() -> None:
    raise GeneratorExit


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (asks_to_end, "asked to end the program (SystemExit, 3)"),
        (sys.exit, "asked to end the program (SystemExit, None)"),
        (interrupts, "raised KeyboardInterrupt"),
        (leaves, "failed with Leaving"),
        (ends_a_generator, "failed with GeneratorExit"),
        (recurses, "calls itself without an end (RecursionError)"),
        (input, "reads standard input"),
        (lambda: sys.stdin.read(1), "reads standard input"),
        (lambda: sys.stdin.readline(1), "reads standard input"),
        (lambda: list(sys.stdin), "reads standard input"),
        (lambda: sys.stdin.buffer.read(1), "reads standard input"),
        (lambda: os.read(sys.stdin.fileno(), 1), "reads standard input"),
    ],
)
def test_what_would_end_the_program_is_a_sentence_that_names_the_code(work: Callable[[], Any], said: str) -> None:
    with pytest.raises(InputError) as met, running(["own:net"]):
        work()
    assert str(met.value).startswith("own:net: this code of your own ")
    assert said in str(met.value)


def test_without_code_of_the_users_own_nothing_is_changed() -> None:
    before = sys.stdin
    with running([]):
        assert sys.stdin is before
    with pytest.raises(SystemExit), running([]):
        raise SystemExit
    with running(["own:net"]):
        assert sys.stdin is not before
    assert sys.stdin is before


def test_whoever_survives_is_told_what_is_at_work() -> None:
    told: list[str] = []
    tell_by(told.append)
    try:
        with running(["own:net", "own:data"]):
            assert told == ["own:net, own:data"]
        with running([]):
            over()
    finally:
        tell_by(lambda _: None)
    assert told == ["own:net, own:data", "", ""]


WORK = """
import os, signal, sys, time
from exhibit.flows.supervisor import supervised
from exhibit.tasks.own import running, over
def work():
    with running({functions}):
        print("at work", flush=True)
        {line}
    return 7
sys.exit(supervised(work, lambda text: print(text, file=sys.stderr), 2, 1))
"""


def started(line: str, functions: str = "['own:net']") -> subprocess.Popen[str]:
    code = WORK.format(line=line, functions=functions)
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )


@pytest.mark.parametrize(
    ("line", "functions", "status", "said"),
    [
        ("pass", "['own:net']", 7, ""),
        ("os._exit(0)", "['own:net']", 2, "own:net: this code of your own ended the process (status 0)"),
        ("os.abort()", "['own:net']", 2, "own:net: this code of your own was ended by SIGABRT"),
        ("import ctypes; ctypes.string_at(0)", "['own:net']", 2, "own:net: this code of your own was ended by SIGSEGV"),
        ("os.kill(os.getpid(), 9)", "['own:net']", 2, "own:net: this code of your own was ended by SIGKILL"),
        ("over(); os._exit(130)", "['own:net']", 130, ""),
        ("sys.exit(3)", "[]", 3, ""),
        ("sys.exit()", "[]", 0, ""),
        ("os._exit(3)", "[]", 1, "the process that computes was ended with status 3 by other code than ours"),
        (
            "import atexit; atexit.register(os._exit, 0)",
            "[]",
            1,
            "the process that computes was ended with status 0 by",
        ),
        ("os.abort()", "[]", 1, "the process that computes was ended by SIGABRT"),
    ],
)
def test_whatever_ends_the_process_that_computes_is_said(line: str, functions: str, status: int, said: str) -> None:
    """A status of somebody else's is none of ours: 3 would mean that a required check has failed, 0 that all is done.
    A thread that code of the user's own has left behind may end the process at any time."""
    process = started(line, functions)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, bool(err)) == (status, bool(said)), err
    assert err.startswith(said)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGHUP])
def test_a_signal_reaches_the_process_that_computes(number: signal.Signals) -> None:
    """And the one that was started ends as it did, without a word."""
    default = "[signal.signal(number, signal.SIG_DFL) for number in (1, 2)]"  # under nohup a hangup is ignored
    handled = f"over(); {default}; print(os.getpid(), flush=True); time.sleep(99)"
    process = started(handled)
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    worker = Path(f"/proc/{int(process.stdout.readline())}")
    process.send_signal(number)
    assert process.wait(60) == -number
    end = time.monotonic() + 60
    while worker.exists() and "Z" not in (worker / "stat").read_text().rpartition(")")[2]:
        assert time.monotonic() < end, "it computes on for nobody"
        time.sleep(0.05)


def answered(*answers: Answer, status: int = 7) -> Any:
    return _result(Ended(status, "".join(f"{answer.model_dump_json()}\n" for answer in answers)))


def test_a_process_of_limited_time_says_it_too() -> None:
    with pytest.raises(InputError, match="own:net: this code of your own was ended by SIGSEGV: a library crashed"):
        answered(Answer(running="own:net"), status=-11)
    with pytest.raises(Unfinished, match="the process that computes ended with status 7"):
        answered(Answer(running="own:net"), Answer(running=""))
    with pytest.raises(InputError, match=r"^x$"):
        answered(Answer(running="own:net"), Answer(running=""), Answer(error="InputError", message="x"))


def test_a_worker_that_dies_is_said_with_the_code_that_it_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRUSTED, "own")
    model = FactorySpec.model_validate({"factory": "own:net"})
    assert str(killed("Dask", "fit", (model, 1))).startswith("own:net: this code of your own ended every Dask worker")
    assert isinstance(killed("Ray", "fit", (1,)), Unfinished)


@pytest.mark.slow(30)
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("os._exit(0)", "exhibit: own:net: this code of your own ended the process (status 0)"),
        ("raise SystemExit", "exhibit: model.factory: own:net failed with SystemExit (in own.py, line 5)"),
    ],
)
def test_a_report_on_a_model_that_ends_the_program_is_exit_2(
    new_project: Callable[[], Project], monkeypatch: pytest.MonkeyPatch, line: str, said: str
) -> None:
    project = new_project()
    (project.root / "own.py").write_text(f"import os\n\n\ndef net():\n    {line}\n")
    monkeypatch.setenv(TRUSTED, "own")
    done = project.report("data=iris", "data.reference=null", "model=factory", "model.factory=own:net",
                          "method=[vanilla_grad]", "check=[]", "runner=inline")  # fmt: skip
    assert done.status == 2
    assert done.stderr.splitlines()[-1].startswith(said)
