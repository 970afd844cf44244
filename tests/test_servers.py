"""Facts of a store on a server that fails, or cannot be used."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from exhibit.flows.config import read_report
from exhibit.flows.errors import ConfigError, Unfinished
from exhibit.flows.gc import collect
from exhibit.flows.places import require_writable
from exhibit.flows.stores import StoreUrl, using
from exhibit.tasks.bucket import Bucket
from exhibit.tasks.medium import Refused, Unreachable
from exhibit.tasks.records.base import InputError
from exhibit.tasks.store import Store, action_name, digest_of
from tests.s3 import BUCKET, S3, SECONDS, found

KEY = digest_of(b"an action")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with found(tmp_path_factory.mktemp("copies")) as made:
        yield made


def test_a_server_that_comes_back_loses_nothing(server: S3, tmp_path: Path) -> None:
    """It is gone while something is computed, and comes back while that is written."""
    store = Store(Bucket(f"s3://{BUCKET}/{tmp_path.name}", tmp_path / "copies", seconds=SECONDS))

    def compute() -> dict[str, bytes]:
        server.stop()
        threading.Timer(1.0, server.start).start()
        return {"a": b"1"}

    assert store.once(KEY, compute)[1] is False
    assert store.once(KEY, dict)[1] is True


def test_an_answer_that_is_lost_is_no_conflict(server: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every third request is done and not answered: each is asked again, and who has written finds its own words."""
    store = Store(Bucket(f"s3://{BUCKET}/{tmp_path.name}", tmp_path / "copies", seconds=SECONDS))
    asked = iter(range(1000))
    monkeypatch.setattr(server, "loses", lambda *_: next(asked) % 3 == 0)
    with store.in_use():
        for number in range(5):
            key = digest_of(b"%d" % number)
            assert store.once(key, lambda number=number: {"a": b"%d" % number})[1] is False
            assert store.medium.publish(action_name(digest_of(key.encode())), b"some", None)
    monkeypatch.undo()
    assert server.names(f"{tmp_path.name}/locks") == server.names(f"{tmp_path.name}/used") == []


def test_a_server_that_stays_away_is_said_in_a_sentence(
    server: S3, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(Bucket(f"s3://{BUCKET}/{tmp_path.name}", tmp_path / "copies", patience=2))
    server.stop()
    try:
        with pytest.raises(Unreachable, match=r"does not answer, and was waited for 2 s .*; what is finished is kept"):
            store.once(KEY, dict)
        said = [record.getMessage() for record in caplog.records]
        assert sum(tmp_path.name in one and "waiting for it" in one for one in said) == 1
        monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it was waited for again"))
        with pytest.raises(Unfinished, match="the next run goes on from there"), using(store):
            pytest.fail("it was used")
    finally:
        monkeypatch.undo()
        server.start()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://no-such-bucket/x", "s3://no-such-bucket/x: there is no such bucket; make it"),
        ("s3://my bucket/y", "my bucket/y: it cannot be used (Parameter validation failed: Invalid bucket name"),
        ("nothing://x/y", "Protocol not known: nothing; a folder, s3://BUCKET/PREFIX"),
        ("data://x/y", "nothing can be kept there"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_runs(server: S3, url: str, said: str) -> None:
    with pytest.raises(ConfigError) as met:
        require_writable(read_report(["study=iris", f"paths.store={url}"]))
    [line] = str(met.value).splitlines()
    assert line.startswith("paths.store: ")
    assert said in line


def test_a_server_without_credentials_is_told_how_they_are_given(
    server: S3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(Refused, match="no credentials were found; set AWS_ACCESS_KEY_ID and"):
        Bucket(f"s3://{BUCKET}/x", tmp_path).try_out()


def test_a_server_that_knows_no_conditions_is_refused(
    server: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As older ones that speak the protocol of S3."""
    medium = Bucket(f"s3://{BUCKET}/{tmp_path.name}", tmp_path)
    client = medium._files._client
    monkeypatch.setattr(client, "write_new", lambda name, data: [client.write(name, data), client.look(name)][1])
    with pytest.raises(Refused, match="writes over files where only new ones were asked for"):
        medium.try_out()
    assert server.names(tmp_path.name) == []


def test_a_url_without_a_store_is_said(server: S3, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no store; name it with --store URL"):
        collect(StoreUrl(f"s3://{BUCKET}/{tmp_path.name}"), [tmp_path], timedelta(0), delete=True)
