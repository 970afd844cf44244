"""Facts of `exhibit gc`: what a run refers to stays, directly and through others."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from exhibit.flows import kept
from exhibit.flows.gc import age, collect, summary
from exhibit.tasks.evidence.pretty_json import pretty
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.manifest import MANIFEST
from exhibit.tasks.records.packing import npz
from exhibit.tasks.store import Damaged, Digest, Store, digest_of

OLD, YOUNG, GONE, RUN = (digest_of(name.encode()) for name in ("old", "young", "gone", "run"))


def manifest(*keys: Digest) -> bytes:
    """A finished run that rests on these results."""
    stages = [{"chapter": "iris", "stage": "fit", "key": key, "cached": False, "seconds": 1} for key in keys]
    return pretty(
        {
            "schema": "exhibit-manifest/1", "run": "r", "command": [], "started": "2026-01-01", "seconds": 1,
            "runner": {}, "paths": {}, "git": {"commit": None, "dirty": None},
            "host": {"name": "h", "system": "s", "processors": 1},
            "stages": stages, "files": {},
        }
    )  # fmt: skip


def aged(store: Store, key: Digest, days: float) -> None:
    path = store.root / "actions" / key[:2] / key
    past = path.stat().st_mtime - timedelta(days=days).total_seconds()
    os.utime(path, (past, past))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Results of a run, of nobody, and of nobody since today; samples by the thousand are named in one array."""
    store = Store(tmp_path / "store")
    samples = [store.put(f"sample {k}".encode()) for k in range(3)]
    shared = store.put(b"weights of both")
    names = npz({"a0": np.array(samples[:2], "S64")})
    store.once(RUN, lambda: {"dataset": names, "weights": f'{{"blob":"{shared}"}}'.encode()})
    store.once(GONE, lambda: {"picture": b"big" * 1000, "names": npz({"a0": np.array(samples[1:], "S64")}),
                              "weights": f"{shared} of another".encode()})  # fmt: skip
    store.once(YOUNG, lambda: {"picture": b"just made"})
    for key in (RUN, GONE):
        aged(store, key, 9)
    run = tmp_path / "runs" / "r"
    run.mkdir(parents=True)
    (run / MANIFEST).write_bytes(manifest(RUN, OLD))
    store.put(b"the config of a deployment, which no result names")
    return store


def contents(store: Store) -> set[bytes]:
    return {path.read_bytes()[:20] for path in store.root.glob("objects/??/*")}


def test_what_nothing_refers_to_goes_and_all_else_stays(store: Store, tmp_path: Path) -> None:
    before = contents(store)
    found = collect(store.root, [tmp_path / "runs"], timedelta(days=1), delete=True)
    assert (len(found.results), len(found.objects), found.kept) == (1, 4, 2)
    gone = before - contents(store)
    assert gone >= {(b"big" * 1000)[:20], b"sample 2"}
    assert gone & {b"sample 0", b"sample 1", b"weights of both", b"just made", b"the config of a depl"} == set()
    again, cached = store.once(RUN, dict)
    assert cached
    assert [store.get(digest) for digest in again.values()]
    _, cached = store.once(GONE, lambda: {"picture": b"computed again"})
    assert not cached


def test_nothing_goes_until_it_is_asked_for(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    before = contents(store)
    assert kept.gc(["--store", "store"]) == 0
    assert "would delete: 1 result with 4 files, 0.0 MB; 2 results stay. Add --delete" in capsys.readouterr().out
    assert contents(store) == before
    assert kept.gc(["--store", "store", "--older-than", "2w"]) == 0
    assert "nothing to delete: 3 results in the store" in capsys.readouterr().out


def test_a_store_that_is_used_is_left_alone(store: Store, tmp_path: Path) -> None:
    """By another process too."""
    code = (
        "import sys; from pathlib import Path; from exhibit.tasks.store import Store\n"
        "with Store(Path(sys.argv[1])).in_use():\n    print('in', flush=True); sys.stdin.read()"
    )
    user = subprocess.Popen([sys.executable, "-c", code, store.root], stdin=-1, stdout=-1)
    assert user.stdout is not None
    assert user.stdout.readline() == b"in\n"
    with pytest.raises(InputError, match="a run uses this store"):
        collect(store.root, [tmp_path / "runs"], timedelta(0), delete=True)
    user.communicate()
    assert len(collect(store.root, [tmp_path / "runs"], timedelta(0), delete=False).results) == 2


@pytest.mark.parametrize("text", [b"{", b"{}", manifest(RUN)[:-40], b"\xff"])
def test_a_run_that_cannot_be_read_stops_it(text: bytes, store: Store, tmp_path: Path) -> None:
    other = tmp_path / "runs" / "broken"
    other.mkdir()
    (other / MANIFEST).write_bytes(text)
    before = contents(store)
    with pytest.raises(InputError, match=r"broken/manifest\.json: it cannot be read .* nothing was deleted"):
        collect(store.root, [tmp_path / "runs"], timedelta(0), delete=True)
    assert contents(store) == before


def test_a_damaged_result_takes_nothing_of_others_along(store: Store, tmp_path: Path) -> None:
    (path := store.root / "actions" / GONE[:2] / GONE).chmod(0o644)
    path.write_bytes(path.read_bytes()[:-30])
    aged(store, GONE, 9)
    collect(store.root, [tmp_path / "runs"], timedelta(days=1), delete=True)
    assert b"weights of both" in contents(store)
    with pytest.raises(Damaged):
        store._recorded_outputs(GONE, None)
    assert store.once(RUN, dict)[1]


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.5h", "1y", "٣d", "123456d"])
def test_an_age_is_a_number_and_a_unit(text: str) -> None:
    with pytest.raises(InputError, match="such as 12h or 30d"):
        age(text)


def test_ages() -> None:
    assert [age(text) for text in ("90m", "12h", "30d", "2w")] == [
        timedelta(minutes=90), timedelta(hours=12), timedelta(days=30), timedelta(days=14),
    ]  # fmt: skip


def test_a_store_or_runs_that_are_not_there(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no store; name it with --store DIR"):
        collect(tmp_path / "elsewhere", [tmp_path / "runs"], timedelta(0), delete=True)
    with pytest.raises(InputError, match="there is no folder of runs"):
        collect(store.root, [tmp_path / "elsewhere"], timedelta(0), delete=True)


def test_one_and_several_are_told_apart(store: Store, tmp_path: Path) -> None:
    found = collect(store.root, [tmp_path / "runs"], timedelta(0), delete=True)
    assert summary(found, deleted=True).endswith("1 result stays")


def test_a_run_is_no_folder_of_runs(store: Store, tmp_path: Path) -> None:
    """A slip of one level would call every result garbage."""
    with pytest.raises(InputError, match="this is one of them; name the folder that it lies in"):
        collect(store.root, [tmp_path / "runs" / "r"], timedelta(0), delete=True)


def test_a_folder_without_runs_is_named(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is then garbage, which may be a slip; and a store that cannot be written is no traceback."""
    (tmp_path / "none").mkdir()
    words = [str(tmp_path / "none"), "--store", str(store.root), "--older-than", "0m"]
    assert kept.gc(words) == 0
    assert "none: no finished run lies in it, so nothing stays for its sake" in capsys.readouterr().err
    assert kept.runs([str(tmp_path / "none")]) == 0
    assert "none: no finished run lies in it" in capsys.readouterr().err
    monkeypatch.setattr("exhibit.flows.gc.unwritable", lambda _: "nothing can be written to it")
    with pytest.raises(InputError, match="--store: nothing can be written to it"):
        kept.gc(words)
