"""What the last pages say that digests are of."""

import pytest

from exhibit.tasks.document.provenance import provenance

PROOF = {
    "content": "a", "source": "b", "claim": "", "platform": {"python": "3", "system": "s", "machine": "m"},
    "typesetting": {}, "compute": {"device": "cpu", "threads": 1, "batch": 1, "deterministic": True}, "libraries": {},
    "chapters": [{"slug": "table", "data": {"sha256": "0" * 64}, "weights": {"sha256": "1" * 64}}],
}  # fmt: skip
MODEL = {"points.0.model.weights": {"kind": "file", "name": "model.skops", "sha256": "2" * 64}}


@pytest.mark.parametrize("local", [{}, MODEL])
def test_digests_are_of_what_was_made_of_files_and_those_of_files_are_elsewhere(local: dict[str, object]) -> None:
    """`sha256sum model.skops` gives another one."""
    table, _ = provenance(PROOF | {"local": local})
    rows = dict(row for row in table.rows if len(row) == 2)
    assert rows["table: data"] == "0" * 64
    assert rows["table: weights"] == "1" * 64
    assert ("those of the user's own files stand in the evidence" in table.caption) == bool(local)
