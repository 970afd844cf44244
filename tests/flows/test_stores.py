"""Facts of what `paths.store` may say."""

import os
from pathlib import Path

import pytest

from exhibit.flows import kept
from exhibit.flows.config import read_report
from exhibit.flows.deploy import _folders
from exhibit.flows.errors import ConfigError
from exhibit.flows.scheduled import confined
from exhibit.flows.stores import StoreUrl
from exhibit.tasks.bucket import copies_of
from exhibit.tasks.records.base import InputError


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("s3://bucket/prefix", StoreUrl("s3://bucket/prefix")),
        ("s3://bucket/prefix/", StoreUrl("s3://bucket/prefix")),
        ("s3://bucket", StoreUrl("s3://bucket")),
        ("memory://x", StoreUrl("memory://x")),
        ("file:///data/my%20store", Path("/data/my store")),
        ("file://localhost/data", Path("/data")),
        ("a/folder", Path("a/folder")),
        ("a:b", Path("a:b")),
    ],
)
def test_a_place_is_a_folder_or_a_url(given: str, meant: Path | StoreUrl) -> None:
    """Typed without quotes, and the same when it is read from its own JSON."""
    report = read_report(["study=iris", f"paths.store={given}"])
    assert report.paths.store == meant
    assert type(report).model_validate_json(report.model_dump_json()).paths.store == meant


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("s3://me:hunter2@bucket/x", "credentials in the environment"),
        ("s3://me:hunter2/3@bucket/x", "credentials in the environment"),
        ("s3://bucket/x?key=hunter2", "without"),
        ("s3://hunter2::s3://bucket/x", "without"),
        ("s3://[hunter2/x", "this is no URL"),
        ("s3://", "names no bucket"),
        ("file://hunter2", "three strokes"),
    ],
)
def test_what_is_wrong_with_a_url_is_said_and_its_secrets_are_not(
    given: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigError, match=r"^paths\.store: ") as met:
        read_report(["study=iris", f"paths.store='{given}'"])
    assert said in str(met.value)
    assert "hunter2" not in str(met.value)
    with pytest.raises(SystemExit):
        kept.gc(["--store", given])
    assert "hunter2" not in capsys.readouterr().err


def test_a_url_that_cannot_be_read_is_not_repeated_where_it_may_hold_a_secret() -> None:
    with pytest.raises(ConfigError, match=r"^paths\.store: .*credentials in the environment") as met:
        read_report(["study=iris", "paths.store=s3://me:hunter2!@bucket/x"])
    assert "hunter2" not in str(met.value)


def test_memory_is_no_place_for_workers() -> None:
    with pytest.raises(ConfigError, match="memory:// is the memory of one process"):
        read_report(["study=iris", "runner=dask", "paths.store=memory://x"])


def test_a_worker_on_a_schedule_opens_folders_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither when the schedule is made, nor when parameters come from the server."""
    monkeypatch.setenv("EXHIBIT_TRUSTED_FOLDERS", os.pathsep.join([str(tmp_path), "s3://bucket"]))
    report = read_report(["study=iris", f"paths.runs={tmp_path}", "paths.store=s3://bucket/x"])
    for refuse in (_folders, confined):
        with pytest.raises(InputError, match=r"^paths\.store: s3://bucket/x is a URL, and a worker opens only folders"):
            refuse(report)


def test_copies_lie_among_those_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those of each store by themselves."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert copies_of("s3://a/b").parent == copies_of("s3://a/c").parent == tmp_path / "exhibit"
    assert copies_of("s3://a/b") != copies_of("s3://a/c")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert copies_of("s3://a/b").parent == Path("/home/me/.cache/exhibit")
