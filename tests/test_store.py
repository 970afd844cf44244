"""Facts of the store: whole or not at all, computed once, never served damaged."""

import fcntl
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.model import Metric
from exhibit.tasks.records.packing import npz, unpack
from exhibit.tasks.store import Damaged, Store, action_key, digest_of

KEY = digest_of(b"an action")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def files(root: Path, part: str) -> list[Path]:
    return sorted(path for path in (root / part).glob("*/*") if path.is_file())


def spoil(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


# --- content ----------------------------------------------------------------------------------------------


def test_an_object_is_read_back_as_it_was_put(store: Store) -> None:
    """An object is named by the sha256 of its bytes and lies in the folder of its first two digits."""
    digest = store.put(b"abc")
    assert digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert store.get(digest) == b"abc"
    assert store.path(digest) == store.root / "objects" / "ba" / digest


def test_an_object_is_never_written_twice(store: Store) -> None:
    """Putting the same bytes again leaves the file alone."""
    before = store.path(store.put(b"abc")).stat().st_ino
    assert store.path(store.put(b"abc")).stat().st_ino == before


@pytest.mark.parametrize("damage", [b"", b"ab", b"abd", b"abcabc"])
def test_a_damaged_object_is_not_served_and_putting_it_again_mends_it(store: Store, damage: bytes) -> None:
    """Emptied, truncated, flipped or lengthened: reading raises and names the file."""
    digest = store.put(b"abc")
    spoil(store.path(digest), damage)
    with pytest.raises(Damaged, match=digest):
        store.get(digest)
    store.put(b"abc")
    assert store.get(digest) == b"abc"


def test_a_missing_object_is_damage(store: Store) -> None:
    """Reading what was never put names the file that is missing."""
    with pytest.raises(Damaged, match=f"{KEY} is missing"):
        store.get(KEY)


# --- actions ----------------------------------------------------------------------------------------------


def test_an_action_is_computed_once(store: Store) -> None:
    """The second time the outputs come from the store, in another instance too."""
    first, cached = store.once(KEY, lambda: {"a": b"1", "b": b"2"})
    assert not cached
    again, cached = Store(store.root).once(KEY, lambda: pytest.fail("computed again"))
    assert cached
    assert again == first == {"a": digest_of(b"1"), "b": digest_of(b"2")}


def test_a_failed_action_leaves_nothing(store: Store) -> None:
    """An error inside the computation goes through, and the next try computes."""
    with pytest.raises(ZeroDivisionError):
        store.once(KEY, lambda: {"a": bytes(1 // 0)})
    assert files(store.root, "actions") == []
    assert store.once(KEY, lambda: {"a": b"1"}) == ({"a": digest_of(b"1")}, False)


def test_any_flipped_byte_is_found_reported_and_recomputed(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Of 500 single flipped bits in objects and action records none is served, and each is mended."""
    outputs, _ = store.once(KEY, lambda: {"a": b"first", "b": b"second"})
    targets = files(store.root, "objects") + files(store.root, "actions")
    chance = random.Random(0)
    for _ in range(500):
        path = chance.choice(targets)
        data = bytearray(whole := path.read_bytes())
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        spoil(path, bytes(data))
        caplog.clear()
        assert store.once(KEY, lambda: {"a": b"first", "b": b"second"}) == (outputs, False)
        assert path.name in caplog.text
        assert path.read_bytes() == whole


def test_what_is_noted_is_known_until_something_that_was_read_for_it_changes(store: Store, tmp_path: Path) -> None:
    """The last note counts; one that names what is not there any more, or is damaged, is none."""
    assert store.known(KEY) is None
    (read := tmp_path / "weights.txt").write_bytes(b"1")
    for text in (b"abc", b"abcd"):
        store.note(KEY, {"begun": store.put(text)}, {str(read): digest_of(b"1")})
        assert store.known(KEY) == {"begun": digest_of(text)}
    read.write_bytes(b"2")
    assert store.known(KEY) is None
    store.note(KEY, {"begun": digest_of(b"abc")}, {})
    assert store.known(KEY) == {"begun": digest_of(b"abc")}
    spoil(store.path(digest_of(b"abc")), b"abd")
    assert store.known(KEY) is None


@pytest.mark.parametrize("planted", [b"", b"[]", b"{}", b'{"outputs": 1, "sha256": "0"}', b"[" * 100_000, b"\xff"])
def test_a_planted_action_record_is_recomputed(store: Store, planted: bytes) -> None:
    """Whatever stands in an action file, it is served only if it is one."""
    outputs, _ = store.once(KEY, lambda: {"a": b"1"})
    spoil(files(store.root, "actions")[0], planted)
    assert store.once(KEY, lambda: {"a": b"1"}) == (outputs, False)


def test_an_action_record_under_another_key_is_not_served(store: Store) -> None:
    """Swapping the records of two actions is found."""
    store.once(KEY, lambda: {"a": b"1"})
    store.once(other := digest_of(b"other"), lambda: {"a": b"2"})
    one, two = (store.root / "actions" / key[:2] / key for key in (KEY, other))
    spoil(two, one.read_bytes())
    assert store.once(other, lambda: {"a": b"2"}) == ({"a": digest_of(b"2")}, False)


def test_threads_at_one_key_compute_it_once(store: Store) -> None:
    """Eight threads ask at once; one computes, all get its result."""
    calls: list[int] = []

    def compute() -> dict[str, bytes]:
        calls.append(1)
        time.sleep(0.05)
        return {"a": b"1"}

    results: list[bool] = []
    threads = [threading.Thread(target=lambda: results.append(store.once(KEY, compute)[1])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert sorted(results) == [False] + [True] * 7


RACE = """
import os, sys, time
from pathlib import Path
from exhibit.tasks.store import Store
root, key, calls = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
def compute():
    (calls / str(os.getpid())).touch()
    time.sleep(0.3)
    return {"a": b"1"}
print(Store(root).once(key, compute)[1])
"""


def test_processes_at_one_key_compute_it_once(store: Store, tmp_path: Path) -> None:
    """Of three processes started together one computes, and the others get the same outputs."""
    (calls := tmp_path / "calls").mkdir()
    answers = [process.communicate() for process in [python(RACE, store.root, KEY, calls) for _ in range(3)]]
    assert sorted(out for out, _ in answers) == ["False\n", "True\n", "True\n"], answers
    assert len(list(calls.iterdir())) == 1


# --- interruptions ----------------------------------------------------------------------------------------

BUSY = """
import sys
from pathlib import Path
from exhibit.tasks.store import Store, digest_of
store = Store(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(1_000_000):
    data = str(number).encode() * 200_000
    store.once(digest_of(b"%d" % number), lambda: {"a": data})
"""


@pytest.mark.slow
def test_kill_at_any_moment_leaves_a_whole_store(store: Store) -> None:
    """After each of 20 kills every object and action is whole, and neither a lock nor a temporary file stays."""
    chance = random.Random(1)
    for _ in range(20):
        process = python(BUSY, store.root)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        again = Store(store.root)
        assert list(store.root.rglob("*.tmp")) == []
        for path in files(store.root, "objects"):
            assert digest_of(path.read_bytes()) == path.name
        for path in files(store.root, "actions"):
            assert again.once(path.name, lambda: pytest.fail("not whole"))[1]
    assert files(store.root, "actions")


WAITING = """
import sys, time
from pathlib import Path
from exhibit.tasks.store import Store
def compute():
    print("computing", flush=True)
    time.sleep(60)
Store(Path(sys.argv[1])).once(sys.argv[2], compute)
"""


def test_a_killed_process_frees_its_lock(store: Store) -> None:
    """A key that a killed process was computing can be computed at once."""
    process = python(WAITING, store.root, KEY)
    assert process.stdout is not None
    assert process.stdout.readline() == "computing\n"
    process.kill()
    process.communicate()
    assert store.once(KEY, lambda: {"a": b"1"})[1] is False


def test_orphaned_temporary_files_are_removed_unless_somebody_writes(store: Store) -> None:
    """Opening a store removes them; while a writer holds the store's lock it leaves them alone."""
    store.put(b"abc")
    orphan = store.path(digest_of(b"abc")).with_name(f".{digest_of(b'abc')}.0123456789abcdef.tmp")
    orphan.touch()
    (foreign := orphan.with_name(".mine.tmp")).touch()  # any folder of the user's can be named as the store
    with (store.root / "lock").open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_SH)
        Store(store.root)
        assert orphan.exists()
    Store(store.root)
    assert not orphan.exists()
    assert foreign.exists()


FULL = """
import resource, sys
from pathlib import Path
from exhibit.tasks.store import Store
store = Store(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    store.once(sys.argv[2], lambda: {"small": b"1", "large": bytes(100_000)})
except OSError as error:
    print(error)
"""


def test_a_full_disk_is_said_and_harms_nothing(store: Store) -> None:
    """When a write fails the error names the file, no temporary file and no action stays."""
    out, err = python(FULL, store.root, KEY).communicate()
    assert "nothing in the store was harmed" in out, err
    assert str(store.root / "objects") in out
    assert list(store.root.rglob("*.tmp")) == []
    assert files(store.root, "actions") == []
    assert [path.name for path in files(store.root, "objects")] == [digest_of(b"1")]


# --- pickles ----------------------------------------------------------------------------------------------


class Bomb:
    """Unpickling it makes a folder."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


def test_a_planted_pickle_is_never_loaded(store: Store, tmp_path: Path) -> None:
    """As an action, as an object, as a record and inside an array: none runs."""
    bomb = pickle.dumps(Bomb(tmp_path / "exploded"))
    outputs, _ = store.once(KEY, lambda: {"a": b"1"})
    spoil(files(store.root, "actions")[0], bomb)
    assert store.once(KEY, lambda: {"a": b"1"}) == (outputs, False)
    spoil(store.path(outputs["a"]), bomb)
    assert store.once(KEY, lambda: {"a": b"1"}) == (outputs, False)
    with pytest.raises(ValueError, match="pickle"):
        unpack(Metric, bomb)
    np.savez(planted := tmp_path / "planted.npz", record=np.array([Bomb(tmp_path / "exploded")], dtype=object))
    with pytest.raises(ValueError, match="pickle"):
        unpack(Metric, planted.read_bytes())
    with pytest.raises(ValueError, match="allow_pickle"):
        npz({"a": np.array([object()])})
    assert not (tmp_path / "exploded").exists()


# --- keys -------------------------------------------------------------------------------------------------


def test_a_key_depends_on_what_is_given_and_not_on_order() -> None:
    """Equal content gives an equal key; stage, spec, inputs and fingerprint each change it."""
    key = action_key("fit", Compute(threads=2), {"a": "1", "b": ["2", "3"]}, {"libraries": {"numpy": "2"}})
    assert key == action_key("fit", Compute(), {"b": ["2", "3"], "a": "1"}, {"libraries": {"numpy": "2"}})
    assert key == action_key("fit", Compute().model_dump(), {"a": "1", "b": ["2", "3"]}, {"libraries": {"numpy": "2"}})
    others = [
        action_key("predict", Compute(), {"a": "1", "b": ["2", "3"]}, {"libraries": {"numpy": "2"}}),
        action_key("fit", Compute(threads=1), {"a": "1", "b": ["2", "3"]}, {"libraries": {"numpy": "2"}}),
        action_key("fit", Compute(), {"a": "1", "b": ["3", "2"]}, {"libraries": {"numpy": "2"}}),
        action_key("fit", Compute(), {"a": "1", "b": ["2", "3"]}, {"libraries": {"numpy": "3"}}),
    ]
    assert len({key, *others}) == 5
