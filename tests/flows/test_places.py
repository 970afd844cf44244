"""Facts of paths that cannot be used: one sentence and exit code 2, before anything is computed."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from exhibit.flows import cli, run
from exhibit.flows.config import read_report
from exhibit.flows.derivation import _may_be_read
from exhibit.flows.errors import ConfigError
from exhibit.flows.places import unwritable
from exhibit.flows.verification import report_path
from exhibit.flows.verify import verify
from exhibit.tasks.records.base import InputError


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


def test_files_of_the_system_itself_are_not_looked_through(tmp_path: Path) -> None:
    """They have no end, or wait."""
    for path in (Path("/proc/kmsg"), Path("/dev/zero"), a_pipe(tmp_path), a_link_to_nothing(tmp_path)):
        assert not _may_be_read(path)
    assert _may_be_read(a_file(tmp_path))
