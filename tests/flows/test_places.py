"""Facts of paths that cannot be used: one sentence and exit code 2, before anything is computed."""

import errno
import io
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from exhibit.flows import cli, run
from exhibit.flows.config import Report, read_report
from exhibit.flows.derivation import _may_be_read
from exhibit.flows.earlier import earlier
from exhibit.flows.errors import ConfigError
from exhibit.flows.filed import with_files
from exhibit.flows.integrity import Damage, intact
from exhibit.flows.option_file import require_options
from exhibit.flows.places import unwritable
from exhibit.flows.progress import Watch
from exhibit.flows.runs import list_runs
from exhibit.flows.verification import report_path
from exhibit.flows.verify import verify
from exhibit.tasks.document.index import write_index
from exhibit.tasks.evidence.pretty_json import pretty
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.manifest import MANIFEST
from tests.conftest import ROOT


def a_file(folder: Path) -> Path:
    (path := folder / "file").write_text("mine")
    return path


def a_loop(folder: Path) -> Path:
    (folder / "a").symlink_to(folder / "b")
    (folder / "b").symlink_to(folder / "a")
    return folder / "a"


def a_link_to_nothing(folder: Path) -> Path:
    (path := folder / "link").symlink_to(folder / "gone")
    return path


def a_pipe(folder: Path) -> Path:
    os.mkfifo(path := folder / "pipe")
    return path


WRONG: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a file": (a_file, "Not a directory"),
    "below a file": (lambda folder: a_file(folder) / "runs", "Not a directory"),
    "a device": (lambda _: Path("/dev/null"), "Not a directory"),
    "the system's own": (lambda _: Path("/proc/runs"), "No such file or directory"),
    "links in a loop": (a_loop, "Too many levels of symbolic links"),
    "below links in a loop": (lambda folder: a_loop(folder) / "runs", "Too many levels of symbolic links"),
    "a link to nothing": (a_link_to_nothing, "No such file or directory"),
    "a long name": (lambda folder: folder / ("x" * 300), "File name too long"),
    "many long names": (lambda folder: folder.joinpath(*["x" * 200] * 25), "File name too long"),
    "a name that ends early": (lambda folder: folder / "a\0b", "null"),
}


@pytest.mark.parametrize("key", ["runs", "store"])
@pytest.mark.parametrize("name", WRONG)
def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, key: str
) -> None:
    make, said = WRONG[name]
    wanted = make(tmp_path)
    before = sorted(tmp_path.iterdir())
    report = read_report(["study=iris", "runner=inline", f"paths.runs={tmp_path}/r", f"paths.store={tmp_path}/s"])
    report = report.model_copy(update={"paths": report.paths.model_copy(update={key: wanted})})
    monkeypatch.setattr(run, "explain", lambda *_: pytest.fail("it ran"))
    with pytest.raises(ConfigError) as met:
        run.run_report(report, ["exhibit"])
    [line] = str(met.value).splitlines()
    assert line.startswith(f"paths.{key}: nothing can be written to ")
    assert said in line
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_that_may_only_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the system says it of a disk that is mounted so."""

    def refuse(path: Path, *_: object, **__: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(os, "open", refuse)
    assert "(Read-only file system)" in unwritable(tmp_path)


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    """Whether it is there, is to be made, or is reached by a link."""
    (tmp_path / "link").symlink_to(tmp_path)
    for folder in (tmp_path, tmp_path / "a/b/c", tmp_path / "link", tmp_path / "link/d", tmp_path / "a/../e"):
        assert unwritable(folder) == ""
    assert list(tmp_path.iterdir()) == [tmp_path / "link"]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: Path("/dev/zero"), "a device, a pipe or a socket"),
        (a_pipe, "a device, a pipe or a socket"),
        (lambda _: Path("/proc/kmsg"), "a file of 0 bytes"),
        (a_loop, "Too many levels of symbolic links"),
        (a_link_to_nothing, "there is no such file or directory"),
        (lambda folder: folder / ("x" * 300), "File name too long"),
        (lambda folder: a_file(folder) / "report.pdf", "Not a directory"),
    ],
)
def test_what_cannot_be_a_report_is_not_opened(tmp_path: Path, make: Callable[[Path], Path], said: str) -> None:
    """Neither to verify it nor to compare with it."""
    target = make(tmp_path)
    with pytest.raises(InputError) as met:
        verify(target)
    assert said in str(met.value)


def test_a_file_larger_than_any_pdf_is_not_read(tmp_path: Path) -> None:
    (path := tmp_path / "huge.pdf").touch()
    os.truncate(path, 1 << 40)
    with pytest.raises(InputError, match="this is a file of 1099511627776 bytes"):
        verify(path)


def test_nothing_is_written_into_a_folder_that_is_no_run(tmp_path: Path) -> None:
    assert report_path(tmp_path) is None
    (tmp_path / "manifest.json").touch()
    assert report_path(tmp_path) == tmp_path / "verification.json"


@pytest.mark.parametrize("make", [a_file, a_loop, a_link_to_nothing, lambda folder: folder / ("x" * 300)])
def test_a_folder_of_options_or_data_has_to_be_one(
    tmp_path: Path, make: Callable[[Path], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["studies", "--config-dir"], ["report", "--config-dir"], ["verify", "x.pdf", "--data"]):
        with pytest.raises(SystemExit) as met:
            cli.run([*words, str(make(tmp_path))])
        assert met.value.code == 2
        assert "Traceback" not in capsys.readouterr().err
        for path in tmp_path.iterdir():
            path.unlink()


COMMANDS: dict[str, Callable[[Path], list[str | Path]]] = {
    "verify": lambda path: ["verify", path],
    "verify --trust": lambda path: ["verify", ROOT, "--trust", path],
    "runs": lambda path: ["runs", path],
    "gc": lambda path: ["gc", path],
    "gc --store": lambda path: ["gc", ROOT, "--store", path],
    "diff": lambda path: ["diff", ROOT, path],
    "export": lambda path: ["export", path, "x.zip"],
    "export to": lambda path: ["export", ROOT, path, "--overwrite"],
    "render": lambda path: ["render", path, "document.paper=letter"],
    "sign": lambda path: ["sign", path, *SIGNED, "--key", ROOT],
    "sign --key": lambda path: ["sign", ROOT, *SIGNED, "--key", path],
    "new": lambda path: ["new", path],
}
SIGNED = ["--role", "validator", "--name", "A", "--decision", "approved"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["below links in a loop", "a long name", "many long names", "a name that ends early"])
def test_a_path_that_nothing_can_be_asked_for_is_refused_by_every_command(
    tmp_path: Path, name: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as met:
        cli.run([str(word) for word in COMMANDS[command](WRONG[name][0](tmp_path))])
    assert met.value.code == 2
    assert f"cannot be opened ({WRONG[name][1]}" in capsys.readouterr().err.replace("embedded null byte", "null")


def test_a_zip_file_replaces_no_device_and_no_pipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run := tmp_path / "run").mkdir()
    (run / "manifest.json").touch()
    pipe = a_pipe(tmp_path)
    assert cli.run(["export", str(run), str(pipe), "--overwrite"]) == 2
    assert "a device, a pipe or a socket, which nothing replaces" in capsys.readouterr().err
    assert pipe.is_fifo()


def kernels(path: Path) -> None:
    path.symlink_to("/proc/kmsg")


def sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


def text(content: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(content) and None


# What stands in the place of a file of somebody's run: nothing of it is waited for, nor read to an end that it lacks.
STRANGE: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "the system's own": kernels,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "larger than there is room for": sparse,
    "links in a loop": lambda path: path.symlink_to(path),
    "a folder": Path.mkdir,
    "deep": text("[" * 100_000),
    "null": text("null"),
    "a list": text("[]"),
    "a number": text("9" * 5_000),
}


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    """Whatever waits for what never comes is a failure, not a test that hangs."""

    def late(*_: object) -> None:
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def beside_the_latest() -> Report:
    return read_report(["study=iris", "document.compare_to=latest"])


@pytest.mark.parametrize("file", [MANIFEST, "checks.json", "answers.json", "evidence.json", "report.pdf"])
@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_file_in_a_folder_of_runs_stops_nobody(
    tmp_path: Path, file: str, name: str, beside_the_latest: Report
) -> None:
    """Neither the list of all runs, nor the search for the latest, nor what says which run is damaged."""
    (run := tmp_path / "runs/20260101T000000Z-00000000").mkdir(parents=True)
    facts = {"files": {file: {"sha256": "0" * 64, "bytes": 4}}, "schema": "exhibit-manifest/1", "stages": []}
    facts |= {"run": "r", "command": [], "started": "2026", "seconds": 0, "runner": {}, "paths": {}}
    facts |= {"git": {"commit": None, "dirty": None}, "host": {"name": "", "system": "", "processors": 1}}
    (run / MANIFEST).write_bytes(pretty(facts))
    (run / "checks.json").write_text("[]")
    (run / file).unlink(missing_ok=True)
    STRANGE[name](run / file)
    write_index(run.parent)
    assert (run.parent / "index.html").is_file()
    paths = beside_the_latest.paths.model_copy(update={"runs": run.parent})
    assert earlier(beside_the_latest.model_copy(update={"paths": paths}), Watch(Console(file=io.StringIO()))) is None
    assert all(listed.state != "intact" for listed in list_runs(run.parent))
    with pytest.raises(Damage):
        intact(run)


@pytest.mark.parametrize("name", ["a pipe", "the system's own", "a device", "links in a loop", "a folder"])
@pytest.mark.parametrize(
    ("key", "said"), [("card", "it cannot be read|it is no regular file|no such file"), ("profile", "it |no such")]
)
def test_what_is_no_regular_file_is_no_card_and_no_profile(tmp_path: Path, key: str, said: str, name: str) -> None:
    STRANGE[name](path := tmp_path / "own.yaml")
    with pytest.raises(ConfigError, match=said):
        with_files({key: str(path)}, {key: {}})


@pytest.mark.parametrize("name", [name for name in STRANGE if name != "null"])
def test_a_strange_file_of_options_is_a_sentence(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "study").mkdir()
    STRANGE[name](path := tmp_path / "study/own.yaml")
    for words in (["studies"], ["report", "study=own"], ["report", "--help"]):
        assert cli.run([*words, "--config-dir", str(tmp_path)]) == 2
        assert capsys.readouterr().err.startswith(f"exhibit: {path}: ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: [1\n", "line 2: expected ',' or ']'"),
        ("a: !!python/object/apply:os.system [x]", "line 1: could not determine a constructor"),
        (
            "a0: &a0 [x]\n" + "".join(f"a{k + 1}: &a{k + 1} [{', '.join([f'*a{k}'] * 9)}]\n" for k in range(9)),
            "more than 100,000 values",
        ),
        ("a: &a [*a]", "more than 100,000 values"),
        ("größe: 1", "no UTF-8 (byte 2)"),
    ],
)
def test_what_is_no_file_of_options_is_a_sentence(tmp_path: Path, content: str, said: str) -> None:
    (file := tmp_path / "own.yaml").write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigError) as met:
        require_options(file)
    assert said in str(met.value)


def test_files_of_the_system_itself_are_not_looked_through(tmp_path: Path) -> None:
    """They have no end, or wait."""
    for path in (Path("/proc/kmsg"), Path("/dev/zero"), a_pipe(tmp_path), a_link_to_nothing(tmp_path)):
        assert not _may_be_read(path)
    assert _may_be_read(a_file(tmp_path))
