"""Facts of reports in a process of their own: the limit stops the work, and nothing is left behind or lost."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from exhibit.flows.bounded import Answer, run_bounded
from exhibit.flows.config import Report, read_report
from exhibit.flows.errors import Unfinished
from exhibit.tasks.records.base import InputError
from tests.conftest import ROOT, Project

SMALL = ("study=iris", "method=[vanilla_grad]", "check=[]", "data.reference=null", "document.issued=2026-01-01",
         "runner=inline")  # fmt: skip
ENDLESS = "model.epochs=100000"


def small(folder: Path, *words: str) -> Report:
    return read_report([*SMALL, f"paths.runs={folder}/runs", f"paths.store={folder}/store", *words])


def working(folder: Path) -> list[int]:
    """Processes that compute in `folder`: its lock files are open in them."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            files = [link.readlink() for link in (process / "fd").iterdir()]
        except OSError:  # it is gone, or another user's
            continue
        if any(file.is_relative_to(folder) for file in files):
            found.append(int(process.name))
    return found


def wait_until(true: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.1)


def test_what_is_wrong_with_the_input_is_said_as_it_is_elsewhere(tmp_path: Path) -> None:
    """The process answers with the sentence; its status and traceback are nobody's business."""
    report = small(tmp_path, "model.fit=never", f"model.weights={tmp_path}/none.npz", "runner.timeout_seconds=300")
    with pytest.raises(InputError, match=r"none\.npz"):
        run_bounded(report, ["exhibit"])


@pytest.mark.alone
@pytest.mark.slow(50)
def test_the_limit_stops_the_work_and_the_same_command_goes_on(new_project: Callable[[], Project]) -> None:
    """Exit code 1 and one sentence; no process is left, the store is whole, and what was loaded is not loaded again."""
    project = new_project().without_paper()
    began = time.monotonic()
    stopped = project.report(*SMALL, ENDLESS, "runner.timeout_seconds=20")
    assert stopped.status == 1
    assert stopped.stderr.splitlines()[-1] == (
        "exhibit: runner.timeout_seconds: the report was not finished within 20 s and was stopped; what is finished is "
        "kept, and the next run goes on from there"
    )
    assert time.monotonic() - began > 20
    assert working(project.root) == []
    assert not (project.root / "runs").exists()
    done = project.report(*SMALL, "model.epochs=1", "runner.timeout_seconds=300")
    assert done.status == 0
    assert "load" not in done.computed
    plain = project.report(*SMALL, "model.epochs=1", store="another")
    for name in ("report.pdf", "evidence.json"):
        assert (done.directory / name).read_bytes() == (plain.directory / name).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_work_ends_with_the_process_that_asked_for_it(number: signal.Signals, tmp_path: Path) -> None:
    """However that ended: a process that computes on for nobody would hold the machine for hours."""
    words = [*SMALL, ENDLESS, f"paths.runs={tmp_path}/runs", f"paths.store={tmp_path}/store"]
    command = [sys.executable, "-m", "exhibit", "report", *words, "runner.timeout_seconds=3000"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True)
    wait_until(lambda: working(tmp_path))
    process.send_signal(number)
    assert process.wait() == {signal.SIGINT: 130}.get(number, -number)
    wait_until(lambda: not working(tmp_path))


def test_an_answer_may_be_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a pipe holds: hundreds of points may have failed, each with a sentence."""
    answer = Answer(error="InputError", message="x" * 1_000_000).model_dump_json()
    (file := tmp_path / "answer").write_text(answer)
    program = [sys.executable, "-c", f"print(open({str(file)!r}).read())"]
    monkeypatch.setattr("exhibit.flows.child.child_process", lambda _: (program, {}))
    with pytest.raises(InputError, match=r"^x{1000000}$"):
        run_bounded(small(tmp_path, "runner.timeout_seconds=60"), ["exhibit"])


def test_an_unexpected_error_is_told_with_its_point_and_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a worker's run shows it: the process that computes is another one. What fails is the program itself, in which
    a module has put something else in the place of a function."""
    (tmp_path / "broken.py").write_text(
        "import operator\n"
        "from exhibit.tasks.data import select\n"
        "def net():\n"
        "    select._limited = operator.neg\n"
        "    return lambda inputs: inputs['measurements'][:, :3]\n"
    )
    monkeypatch.setenv("EXHIBIT_TRUSTED_MODULES", "broken")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    monkeypatch.syspath_prepend(tmp_path)
    report = small(
        tmp_path, "model=factory", "model.factory=broken:net", "method=[occlusion]", "runner.timeout_seconds=300"
    )
    with pytest.raises(Unfinished) as met:
        run_bounded(report, ["exhibit"])
    said = r"iris: select failed, TypeError: .*neg\(\) .*; the traceback is in the output of the process"
    assert re.fullmatch(said, str(met.value))


def test_a_process_that_dies_without_a_word_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed for its memory, say: the store is whole, so the next run goes on."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Unfinished, match="ended with status 1 and without an answer; what is finished is kept"):
        run_bounded(small(tmp_path), ["exhibit"])
