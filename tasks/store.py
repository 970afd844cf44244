"""The content-addressed store of stage results: nothing is computed twice, nothing damaged is ever served.

Layout, in a folder or on a server:

- `objects/aa/<sha256>`: immutable bytes, checked on every read.
- `actions/aa/<key>`: which objects a computation gave, written last; or what was noted as a start for others.

What else lies there belongs to the medium (`folder.py`, `bucket.py`): who computes what, and who uses it.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from exhibit.tasks.folder import Folder
from exhibit.tasks.medium import Medium
from exhibit.tasks.opened import changed
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


def object_name(digest: Digest) -> str:
    """Where the medium of a store keeps an object."""
    return f"objects/{digest[:2]}/{digest}"


def action_name(key: Digest) -> str:
    """And what was computed for a key."""
    return f"actions/{key[:2]}/{key}"


class Store:
    """Results by content (`put`, `get`) and by what they were computed from (`once`).

    Any number of threads and processes may use one place at the same time.
    """

    def __init__(self, place: Path | Medium) -> None:
        self.medium: Medium = Folder(place) if isinstance(place, Path) else place

    @property
    def root(self) -> Path:
        """The folder on this machine: the store itself, or copies of what was read."""
        return self.medium.folder

    def path(self, digest: Digest) -> Path:
        """Where the object is kept in that folder; what lies there is unchecked."""
        return self.root / object_name(digest)

    def put(self, data: bytes, *, durably: bool = True) -> Digest:
        """Keeps `data`, mending a damaged copy of it. If not `durably`, nobody waits for the disk: after a power cut it
        may be found damaged, so it is for many small things that are looked at before they are used."""
        digest = digest_of(data)
        self.medium.put(object_name(digest), data, durably=durably)
        return digest

    def get(self, digest: Digest) -> bytes:
        """The object's bytes.

        Raises:
            Damaged: if it is not there, or is not what was written.
        """
        for afresh in (False, True):
            data = self._read(object_name(digest), afresh=afresh)
            if digest_of(data) == digest:
                return data
        raise Damaged(f"the stored object {self.medium.where(object_name(digest))} is damaged")

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
        with self.medium.computing(key):
            try:
                return self._recorded_outputs(key, beside), True
            except Damaged as damaged:
                before = self._recorded(key)
                if before is not None:
                    log.warning("%s; it is computed again", damaged)
            outputs = {name: self.put(data) for name, data in compute().items()}
            if not self._publish(key, outputs, files(), before):
                # Its owner was taken for dead and somebody else was faster: one result is everybody's.
                with suppress(Damaged):
                    return self._recorded_outputs(key, beside), True
            return outputs, False

    def known(self, key: Digest) -> Outputs | None:
        """What was noted last for a key, if it is whole and what was read for it is as it was."""
        with suppress(Damaged):
            return self._recorded_outputs(key, None)
        return None

    def note(self, key: Digest, outputs: Outputs, files: Mapping[str, str]) -> None:
        """Notes what is here already under a key of its own, in the place of what was noted before. It is a start for
        others and no result, so where somebody else is faster, theirs stays."""
        self._publish(key, outputs, files, self._recorded(key))

    def in_use(self) -> AbstractContextManager[None]:
        """While this lasts, nothing that is here is removed."""
        return self.medium.in_use()

    def alone(self) -> AbstractContextManager[None]:
        """While this lasts, nobody uses what is here.

        Raises:
            InputError: where somebody does.
        """
        return self.medium.alone()

    def _publish(self, key: Digest, outputs: Outputs, files: Mapping[str, str], before: bytes | None) -> bool:
        return self.medium.publish(action_name(key), canonical_json(_signed(key, outputs, files)), before)

    def _recorded_outputs(self, key: Digest, beside: Referenced | None) -> Outputs:
        """What was computed for `key`, every object checked; Damaged if there is nothing whole."""
        where = self.medium.where(action_name(key))
        try:
            record = json.loads(self._read(action_name(key)))
            outputs: Outputs = record["outputs"]
            files: Mapping[str, str] = record.get("files", {})
            whole = record == _signed(key, outputs, files)
        except (ValueError, KeyError, TypeError, RecursionError):
            whole = False
        if not whole:
            raise Damaged(f"the stored action {where} is damaged")
        if (other := changed(files)) is not None:
            raise Damaged(f"{other} is another than when it was read for a stored result")
        for digest in outputs.values():
            if not self.medium.holds(object_name(digest), len(self.get(digest))):
                raise Damaged(f"the stored object {self.medium.where(object_name(digest))} is damaged")
        for digest in beside(outputs) if beside else ():
            self.get(digest)
        return outputs

    def _recorded(self, key: Digest) -> bytes | None:
        """What lies in the place of an action, whatever it is."""
        try:
            return self.medium.read(action_name(key))
        except FileNotFoundError:
            return None

    def _read(self, name: str, *, afresh: bool = False) -> bytes:
        try:
            return self.medium.read(name, afresh=afresh)
        except FileNotFoundError:
            raise Damaged(f"the stored file {self.medium.where(name)} is missing") from None


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
