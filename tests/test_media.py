"""Facts of a store that hold wherever it lies: in a folder, in memory, or in a bucket on a server."""

import json
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import fsspec
import pytest

from exhibit.flows import workers
from exhibit.flows.gc import collect
from exhibit.flows.stores import opened, place
from exhibit.flows.workers import Probe
from exhibit.tasks.bucket import Bucket
from exhibit.tasks.records.base import InputError
from exhibit.tasks.store import Damaged, Store, action_name, digest_of, object_name
from tests.s3 import BUCKET, S3, SECONDS, found

KEY = digest_of(b"an action")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with found(tmp_path_factory.mktemp("copies")) as made:
        yield made


@dataclass
class Place:
    """Where a store lies, what lies there, and how another machine opens it."""

    url: str
    spoil: Callable[[str, bytes], None]
    machine: Callable[[], Store]


@pytest.fixture(params=["folder", "file", "memory", "s3"])
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each place, new."""
    return new_place(request, tmp_path)


@pytest.fixture(params=["memory", "s3"])
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Only those where claims are files: the kernel holds the locks of a folder."""
    return new_place(request, tmp_path)


def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    name = f"{tmp_path.name}-{time.monotonic_ns()}"
    copies = iter(range(100))
    if request.param in ("folder", "file"):
        root = tmp_path / "store"
        url = str(root) if request.param == "folder" else root.as_uri()

        def overwrite(file: str, data: bytes) -> None:
            (root / file).chmod(0o644)
            (root / file).write_bytes(data)

        return Place(url, overwrite, lambda: opened(place(url)))
    url = f"memory://{name}" if request.param == "memory" else f"s3://{BUCKET}/{name}"

    def machine() -> Store:
        return Store(Bucket(url, tmp_path / f"copies {next(copies)}", seconds=SECONDS, patience=20))

    if request.param == "memory":
        memory = fsspec.filesystem("memory")
        return Place(url, lambda file, data: memory.pipe_file(f"/{name}/{file}", data), machine)
    found: S3 = request.getfixturevalue("server")

    def replace(file: str, data: bytes) -> None:
        found[f"{name}/{file}"] = data

    return Place(url, replace, machine)


# --- content and actions, wherever --------------------------------------------------------------------------------


def test_an_object_is_read_back_on_every_machine(there: Place) -> None:
    digest = there.machine().put(b"abc")
    assert there.machine().get(digest) == b"abc"
    with pytest.raises(Damaged, match=f"{KEY} is missing"):
        there.machine().get(KEY)


@pytest.mark.parametrize("damage", [b"", b"ab", b"abd", b"abcabc"])
def test_a_damaged_object_is_not_served_and_putting_it_again_mends_it(there: Place, damage: bytes) -> None:
    digest = there.machine().put(b"abc")
    there.spoil(object_name(digest), damage)
    with pytest.raises(Damaged, match=digest):
        there.machine().get(digest)
    there.machine().put(b"abc")
    assert there.machine().get(digest) == b"abc"


def test_an_action_is_computed_once_and_what_is_damaged_is_computed_again(
    there: Place, caplog: pytest.LogCaptureFixture
) -> None:
    outputs, cached = there.machine().once(KEY, lambda: {"a": b"1", "b": b"2"})
    assert not cached
    assert there.machine().once(KEY, lambda: pytest.fail("computed again")) == (outputs, True)
    for name in (action_name(KEY), object_name(outputs["b"])):
        for planted in (b"", b"{}", b"[" * 100_000, b"\xff"):
            there.spoil(name, planted)
            caplog.clear()
            assert there.machine().once(KEY, lambda: {"a": b"1", "b": b"2"}) == (outputs, False)
            assert "is damaged; it is computed again" in caplog.text
    assert there.machine().once(KEY, dict) == (outputs, True)


def test_a_failed_action_leaves_nothing(there: Place) -> None:
    """Not even a lock."""
    with pytest.raises(ZeroDivisionError):
        there.machine().once(KEY, lambda: {"a": bytes(1 // 0)})
    assert there.machine().medium.files("actions") == {}
    assert there.machine().once(KEY, lambda: {"a": b"1"}) == ({"a": digest_of(b"1")}, False)


def test_threads_at_one_key_compute_it_once(there: Place) -> None:
    """Also where it takes longer than a claim lasts that is not renewed."""
    calls, results = [], []

    def compute() -> dict[str, bytes]:
        calls.append(1)
        time.sleep(1.5 * SECONDS)
        return {"a": b"1"}

    machines = [there.machine() for _ in range(4)]
    threads = [threading.Thread(target=lambda one=one: results.append(one.once(KEY, compute)[1])) for one in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert sorted(results) == [False] + [True] * 3


def test_a_store_that_is_used_is_not_cleared_up(there: Place, tmp_path: Path) -> None:
    """And one that is not used is: what nothing refers to goes, with what only it names."""
    store = there.machine()
    store.once(KEY, lambda: {"a": b"1"})
    (tmp_path / "runs").mkdir()
    where = place(there.url)
    with store.in_use(), pytest.raises(InputError, match="a run uses this store"), there.machine().alone():
        pytest.fail("it was not alone")
    with there.machine().alone():
        assert abs(there.machine().medium.now() - time.time()) < 60
    assert len(collect(where, [tmp_path / "runs"], timedelta(hours=1), delete=True).results) == 0
    time.sleep(1.1)  # a server tells whole seconds
    assert len(collect(where, [tmp_path / "runs"], timedelta(0), delete=True).results) == 1
    assert (there.machine().medium.files("actions"), there.machine().medium.files("objects")) == ({}, {})


# --- what is published where others publish, too ------------------------------------------------------------------


def test_of_writers_at_once_one_publishes(bucket: Place) -> None:
    """The first time, and in the place of what all of them saw."""
    media = [bucket.machine().medium for _ in range(6)]
    seen: bytes | None = None
    for turn in range(3):
        data = [f"{turn} {number}".encode() for number in range(6)]
        with ThreadPoolExecutor(6) as pool:
            done = list(pool.map(lambda own, *given: own.publish(action_name(KEY), *given), media, data, [seen] * 6))
        assert sum(done) == 1
        seen = media[0].read(action_name(KEY))
        assert seen == data[done.index(True)]


def test_who_loses_its_claim_takes_what_the_other_has_published(bucket: Place) -> None:
    """One result is everybody's, though both computed it, and not the same."""
    held_up = bucket.machine()

    def compute() -> dict[str, bytes]:
        bucket.spoil(f"locks/{KEY[:2]}/{KEY}", b"")  # as somebody takes it over who thinks that we are dead
        assert bucket.machine().once(KEY, lambda: {"a": b"the other's"}) == ({"a": digest_of(b"the other's")}, False)
        return {"a": b"ours"}

    assert held_up.once(KEY, compute) == ({"a": digest_of(b"the other's")}, True)


def test_the_claim_of_a_dead_owner_passes_on(bucket: Place) -> None:
    """Of one on another machine after a while, and only then."""
    bucket.spoil(f"locks/{KEY[:2]}/{KEY}", json.dumps({"owner": "x", "beat": 1, "process": "elsewhere 1 1"}).encode())
    began = time.monotonic()
    assert bucket.machine().once(KEY, lambda: {"a": b"1"})[1] is False
    assert SECONDS < time.monotonic() - began < SECONDS + 20


def test_runs_that_were_killed_do_not_keep_a_store_in_use(bucket: Place) -> None:
    for number in range(2):
        bucket.spoil(f"used/{number}", b'{"process": ""}')
    bucket.spoil("alone/gc", b'{"process": ""}')
    with bucket.machine().in_use():
        pass
    with bucket.machine().alone():
        pass


WAITING = """
import sys, time
from pathlib import Path
from exhibit.tasks.bucket import Bucket
from exhibit.tasks.store import Store
def compute():
    print("computing", flush=True)
    time.sleep(60)
store = Store(Bucket(sys.argv[1], Path(sys.argv[2]), seconds=1000))
with store.in_use():
    store.once(sys.argv[3], compute)
"""


def test_a_killed_process_of_this_machine_holds_nothing(server: S3, tmp_path: Path) -> None:
    """At once: nobody waits until its claims are old."""
    url = f"s3://{BUCKET}/{tmp_path.name}"
    command = [sys.executable, "-c", WAITING, url, str(tmp_path / "copies"), KEY]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "computing\n"
    store = Store(Bucket(url, tmp_path / "mine", seconds=1000))
    process.kill()
    process.communicate()
    assert store.once(KEY, lambda: {"a": b"1"})[1] is False
    with store.alone():
        assert server.names(f"{tmp_path.name}/used") == []


# --- workers on other machines ------------------------------------------------------------------------------------


def test_a_store_travels_to_workers(there: Place, tmp_path: Path) -> None:
    """As the same place, which is how a model that was restored from it is known again; a worker says whether it finds
    what is there."""
    medium = there.machine().medium
    again = pickle.loads(pickle.dumps(medium))
    assert (again, hash(again)) == (medium, hash(medium))
    digest = Store(medium).put(b"abc")
    assert Store(again).get(digest) == b"abc"
    name = object_name(Store(medium).put(workers._PROBE))
    assert workers._seen_from_a_worker(Probe(again, name)).sees is True
    assert workers._seen_from_a_worker(Probe(again, object_name(KEY))).sees is False
    if there.url.startswith("s3:"):
        alien = Bucket("s3://no-such-bucket/x", tmp_path / "alien", patience=0)
        assert workers._seen_from_a_worker(Probe(alien, name)).sees is False


# --- copies -------------------------------------------------------------------------------------------------------


def test_what_was_read_is_not_fetched_again_and_a_damaged_copy_is(bucket: Place) -> None:
    store = bucket.machine()
    digest = bucket.machine().put(b"abc")
    assert store.get(digest) == b"abc"
    assert store.path(digest).read_bytes() == b"abc"
    bucket.spoil(object_name(digest), b"abd")
    assert store.get(digest) == b"abc"
    bucket.spoil(object_name(digest), b"abc")
    store.path(digest).chmod(0o644)
    store.path(digest).write_bytes(b"abd")
    assert store.get(digest) == b"abc"
    assert store.path(digest).read_bytes() == b"abc"


def test_a_copy_is_no_result_where_the_server_lost_the_object(bucket: Place) -> None:
    """It is computed and put again, for the other machines."""
    store = bucket.machine()
    outputs, _ = store.once(KEY, lambda: {"a": b"1"})
    store.medium._files.remove(object_name(outputs["a"]))
    assert store.once(KEY, lambda: {"a": b"1"}) == (outputs, False)
    assert bucket.machine().get(outputs["a"]) == b"1"


def test_a_machine_that_can_keep_no_copies_does_without(server: S3, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Store(Bucket(f"s3://{BUCKET}/{tmp_path.name}", tmp_path / "file" / "below"))
    assert store.get(store.put(b"abc")) == b"abc"
