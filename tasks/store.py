"""The content-addressed store of stage results: nothing is computed twice, nothing damaged is ever served.

Layout below the root:

- `objects/aa/<sha256>`: immutable bytes, checked on every read.
- `actions/aa/<key>`: which objects a computation gave, written last.
- `locks/aa/<key>`: held while a key is computed; the kernel frees it when the process dies.
- `used`: shared while results are used, so that whoever gets it alone may remove some.
- `lock`: shared while a file is written, so that whoever gets it alone knows that temporary files are orphans.
"""

import fcntl
import hashlib
import json
import logging
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from exhibit.tasks.opened import changed
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.packing import canonical_json

Digest = str  # sha256, 64 hexadecimal digits
Outputs = dict[str, Digest]
Referenced = Callable[[Outputs], Iterable[Digest]]  # what outputs name in turn

log = logging.getLogger(__name__)


class Damaged(Exception):
    """A stored file is missing or is not what was written; the message names it."""


def digest_of(data: bytes) -> Digest:
    """The sha256 of `data`, under which the store keeps it."""
    return hashlib.sha256(data).hexdigest()


def action_key(
    stage: str, spec: Any, inputs: Mapping[str, Digest | Sequence[Digest]], fingerprint: Mapping[str, Any]
) -> Digest:
    """The key of a computation: equal for equal stage, validated spec, inputs and code, whatever the machine."""
    plain = spec.model_dump(mode="json") if isinstance(spec, BaseModel) else spec
    action = {"stage": stage, "spec": plain, "inputs": dict(inputs), "fingerprint": dict(fingerprint)}
    return digest_of(canonical_json(action))


_OWN = re.compile(r"\.[0-9a-f]{64}\.[0-9a-f]{16}\.tmp")  # what a file is called while it is written


class Store:
    """Results by content (`put`, `get`) and by what they were computed from (`once`).

    Any number of threads and processes may use one root at the same time.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self._remove_orphans()

    def path(self, digest: Digest) -> Path:
        """Where the object is kept; what lies there is unchecked."""
        return self.root / "objects" / digest[:2] / digest

    def put(self, data: bytes, *, durably: bool = True) -> Digest:
        """Keeps `data`, mending a damaged copy of it. If not `durably`, nobody waits for the disk: after a power cut it
        may be found damaged, so it is for many small things that are looked at before they are used."""
        digest = digest_of(data)
        try:
            self.get(digest)
        except Damaged:
            self._write(self.path(digest), data, durably)
        return digest

    def get(self, digest: Digest) -> bytes:
        """The object's bytes.

        Raises:
            Damaged: if it is not there, or is not what was written.
        """
        data = _read(self.path(digest))
        if digest_of(data) != digest:
            raise Damaged(f"the stored object {self.path(digest)} is damaged")
        return data

    def once(
        self,
        key: Digest,
        compute: Callable[[], Mapping[str, bytes]],
        beside: Referenced | None = None,
        files: Callable[[], Mapping[str, str]] = dict,
    ) -> tuple[Outputs, bool]:
        """The outputs of `compute`, and whether they were here already.

        With several processes at the same key one computes and the others wait for its result. `beside`: what the
        outputs name in turn, which `compute` puts here too. `files`: digests by path of what `compute` has read and the
        key does not know; where one of them is another, it is computed again.
        """
        with suppress(Damaged):
            return self._recorded_outputs(key, beside), True
        with self._computing(key):
            try:
                return self._recorded_outputs(key, beside), True
            except Damaged as damaged:
                if self._action(key).exists():
                    log.warning("%s; it is computed again", damaged)
            outputs = {name: self.put(data) for name, data in compute().items()}
            self._write(self._action(key), canonical_json(_signed(key, outputs, files())))
            return outputs, False

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """While this lasts, nothing that is here is removed."""
        with _locked(self.root / "used", fcntl.LOCK_SH):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While this lasts, nobody uses what is here.

        Raises:
            InputError: where somebody does.
        """
        try:
            with _locked(self.root / "used", fcntl.LOCK_EX | fcntl.LOCK_NB):
                yield
        except BlockingIOError:
            raise InputError(f"{self.root}: a run uses this store; type the same again when it has ended") from None

    def _action(self, key: Digest) -> Path:
        return self.root / "actions" / key[:2] / key

    def _recorded_outputs(self, key: Digest, beside: Referenced | None) -> Outputs:
        """What was computed for `key`, every object checked; Damaged if there is nothing whole."""
        path = self._action(key)
        try:
            record = json.loads(_read(path))
            outputs: Outputs = record["outputs"]
            files: Mapping[str, str] = record.get("files", {})
            whole = record == _signed(key, outputs, files)
        except (ValueError, KeyError, TypeError, RecursionError):
            whole = False
        if not whole:
            raise Damaged(f"the stored action {path} is damaged")
        if (other := changed(files)) is not None:
            raise Damaged(f"the file {other} is another than when it was read for a stored result")
        for digest in outputs.values():
            self.get(digest)
        for digest in beside(outputs) if beside else ():
            self.get(digest)
        return outputs

    def _write(self, path: Path, data: bytes, durably: bool = True) -> None:
        """Writes the file whole or not at all."""
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with _locked(self.root / "lock", fcntl.LOCK_SH):
                try:
                    _write_new(temporary, data, durably)
                    temporary.replace(path)
                finally:
                    temporary.unlink(missing_ok=True)
            if durably:
                _sync(path.parent)
        except OSError as error:
            hint = f"{error.strerror}; nothing in the store was harmed, and what is finished is kept"
            raise OSError(error.errno, hint, str(path)) from error

    @contextmanager
    def _computing(self, key: Digest) -> Iterator[None]:
        path = self.root / "locks" / key[:2] / key
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path, fcntl.LOCK_EX):
            yield

    def _remove_orphans(self) -> None:
        """Removes temporary files of killed processes, unless somebody is writing right now."""
        with suppress(BlockingIOError), _locked(self.root / "lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
            for part in ("objects", "actions"):
                for orphan in self.root.glob(f"{part}/??/.*.tmp"):
                    if _OWN.fullmatch(orphan.name):  # whatever else lies in a folder that was named as the store
                        orphan.unlink(missing_ok=True)


class StoredOnly(Store):
    """What a store holds already: nothing is computed over it."""

    def once(
        self,
        key: Digest,
        compute: Callable[[], Mapping[str, bytes]],
        beside: Referenced | None = None,
        files: Callable[[], Mapping[str, str]] = dict,
    ) -> tuple[Outputs, bool]:
        """The outputs that are there.

        Raises:
            Damaged: if there is nothing whole.
        """
        del compute, files
        return self._recorded_outputs(key, beside), True


def _signed(key: Digest, outputs: Outputs, files: Mapping[str, str]) -> dict[str, Any]:
    """An action record with the sha256 of itself, so that a flipped byte in it is seen."""
    record = {"outputs": outputs} | ({"files": dict(files)} if files else {})
    return record | {"sha256": digest_of(canonical_json({"key": key} | record))}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise Damaged(f"the stored file {path} is missing") from None


def _write_new(path: Path, data: bytes, durably: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        if durably:
            os.fsync(descriptor)


def _sync(folder: Path) -> None:
    """Makes a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    """Holds the lock file; closing its descriptor frees it, and so does the end of the process."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, how)
        yield
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # not left to a forked child that still holds the descriptor
    finally:
        os.close(descriptor)
