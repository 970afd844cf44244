"""Facts of the schemas of `evidence.json` and `manifest.json`."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from exhibit.tasks.evidence.schema import FOLDER, SCHEMAS, own_digest, schema_files
from exhibit.tasks.records.evidence import Evidence


def test_the_files_are_those_of_the_records() -> None:
    """`python -m exhibit.tasks.evidence.schema` was run after the last change."""
    assert {path.name: path.read_text() for path in FOLDER.iterdir()} == schema_files()


@pytest.mark.parametrize("name", SCHEMAS)
def test_an_unknown_field_is_refused(name: str) -> None:
    """Everywhere in the file."""

    def objects(schema: Any) -> Iterator[Any]:
        if isinstance(schema, dict):
            if "properties" in schema:
                yield schema
            for value in schema.values():
                yield from objects(value)

    assert all(item["additionalProperties"] is False for item in objects(SCHEMAS[name].model_json_schema()))


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_is_described(name: str) -> None:
    """And every record says what it is."""
    schema = SCHEMAS[name].model_json_schema()
    records = {name: schema} | schema["$defs"]
    bare = [f"{kind}.{key}" for kind, item in records.items() for key, field in item["properties"].items()
            if not field.get("description")]  # fmt: skip
    assert bare == []
    assert [kind for kind, item in records.items() if not item.get("description")] == []


def test_a_digest_is_64_hexadecimal_digits() -> None:
    with pytest.raises(ValidationError, match="content"):
        Evidence.model_validate({"content": "abc"})


def test_a_manifest_states_its_own_digest_whatever_that_field_says() -> None:
    facts = {"run": "x", "files": {}}
    assert own_digest(facts) == own_digest(facts | {"sha256": "0"}) != own_digest(facts | {"run": "y"})
