"""Facts of a report where no Prefect server is configured."""

import os
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import psutil
import pytest

from exhibit.flows.begun import Begun
from exhibit.flows.head_start import HandOver, HeadStart
from exhibit.flows.local_server import LocalServer
from exhibit.tasks.stages.stage import FinishedStage
from tests.conftest import ROOT

ASKED = (
    "import sys; from exhibit.flows.quiet import without_grammar; without_grammar(); "
    "from exhibit.flows.local_server import server_is_configured; "
    "print(server_is_configured(), 'prefect' in sys.modules, 'lark' in sys.modules)"
)


def stage(number: int) -> FinishedStage:
    return FinishedStage("fit", f"key {number}", {}, {"out": str(number)}, False, 2.5, {})


def again(number: int) -> FinishedStage:
    """The same, when it is in the store."""
    return FinishedStage("fit", f"key {number}", {}, {"out": str(number)}, True, 0.01, {})


def test_stages_are_plain_calls_until_a_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """When their results are asked for, in this thread; then the first that would begin hands over."""
    server = LocalServer(after=1e6)
    answering = Event()
    monkeypatch.setattr(LocalServer, "answers", property(lambda _: answering.is_set()))
    engine = HeadStart(server)
    first, second = (engine.submit("", stage, number) for number in (1, 2))
    assert first.result() == stage(1)
    answering.set()
    assert first.result() == stage(1)
    with pytest.raises(HandOver):
        second.result()
    assert engine.finished == {"key 1": stage(1)}


def test_handing_over_is_no_fault_of_a_point() -> None:
    """Where a point's errors are kept, so that others go on, it passes."""
    assert not issubclass(HandOver, Exception)


def test_what_was_finished_before_counts_as_computed_by_the_run() -> None:
    call = Begun({"key 1": stage(1)}).known(lambda called, *args: called(*args))
    assert [call(again, number) for number in (1, 2)] == [stage(1), again(2)]


ASKS = pytest.mark.slow(3)  # to import Prefect


@pytest.mark.parametrize(
    ("files", "variables", "expected"),
    [
        ({}, {}, "False False False"),
        ({"pyproject.toml": '[project]\ndependencies = ["prefect"]\n', ".env": "A=1\n"}, {}, "False False False"),
        ({}, {"PREFECT_LOGGING_LEVEL": "CRITICAL"}, "False False False"),
        pytest.param({}, {"PREFECT_API_URL": ""}, "False True False", marks=ASKS),
        ({}, {"PREFECT_API_URL": "http://127.0.0.1:1/api"}, "True True False"),
        pytest.param({"prefect.toml": '[api]\nurl = "http://127.0.0.1:1/api"\n'}, {}, "True True False", marks=ASKS),
        pytest.param(
            {"pyproject.toml": '[tool.prefect.api]\nurl = "http://127.0.0.1:1/api"\n'},
            {},
            "True True False",
            marks=ASKS,
        ),
        pytest.param({".env": "PREFECT_API_URL=http://127.0.0.1:1/api\n"}, {}, "True True False", marks=ASKS),
        pytest.param(
            {".prefect/profiles.toml": 'active = "a"\n[profiles.a]\nPREFECT_API_URL = "http://127.0.0.1:1/api"\n'},
            {},
            "True True False",
            marks=ASKS,
        ),
    ],
)
def test_prefect_is_asked_for_its_server_only_where_one_could_be_named(
    files: dict[str, str], variables: dict[str, str], expected: str, tmp_path: Path
) -> None:
    """Whether there is one, and whether Prefect was imported to know it; in no case what compiles a grammar."""
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-c", ASKED], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**bare, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "src"), **variables},
    )  # fmt: skip
    assert done.stdout.strip() == expected


@pytest.mark.slow(10)
def test_a_server_of_a_run_answers_and_ends_with_it() -> None:
    before = set(psutil.Process().children(recursive=True))
    with LocalServer(after=0) as server:
        server.wait()
        assert server.answers
        where = urlsplit(server.address)
        assert where.hostname == "127.0.0.1"
        connection = HTTPConnection(where.hostname, where.port or 0)
        connection.request("GET", f"{where.path}/version")
        assert connection.getresponse().status == 200
        connection.close()
        assert set(psutil.Process().children(recursive=True)) - before
    assert set(psutil.Process().children(recursive=True)) <= before


def test_a_short_run_starts_no_server() -> None:
    before = set(psutil.Process().children())
    with LocalServer(after=1e6) as server:
        pass
    assert not server.answers
    assert set(psutil.Process().children()) == before
