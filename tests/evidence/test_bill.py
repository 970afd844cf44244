"""Facts of the bill of materials."""

import json
from importlib.metadata import version

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from exhibit.tasks.evidence.bill import Installed, bill_of_materials, installed, versions

FOUND = (
    Installed("numpy", "2.4.0", "BSD-3-Clause AND MIT", ()),
    Installed("own", "1", "", ()),
    Installed("two", "2", "", ("MIT License", "BSD")),
)


def test_it_is_what_the_schema_of_cyclonedx_asks_for() -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill_of_materials(FOUND).decode()) is None


def test_the_same_distributions_give_the_same_bytes_in_any_order() -> None:
    assert bill_of_materials(FOUND) == bill_of_materials(reversed(FOUND))


def test_it_holds_no_time_and_no_number_by_chance_and_says_nothing_of_what_depends_on_what() -> None:
    assert json.loads(bill_of_materials(FOUND)).keys() == {
        "$schema", "bomFormat", "components", "specVersion", "version",
    }  # fmt: skip


def test_a_licence_is_the_stated_one_and_none_is_made_up() -> None:
    first, second, third = json.loads(bill_of_materials(FOUND))["components"]
    assert first["licenses"] == [{"expression": "BSD-3-Clause AND MIT"}]
    assert "licenses" not in second
    assert [item["license"]["name"] for item in third["licenses"]] == ["BSD", "MIT License"]
    assert first["purl"] == "pkg:pypi/numpy@2.4.0"


def test_what_is_installed_is_named_once_in_its_version() -> None:
    found = {item.name: item.version for item in installed()}
    assert len(found) == len(installed())
    assert found["numpy"] == version("numpy")
    assert found["prometheus-client"] == version("prometheus_client")


def test_versions_are_read_back() -> None:
    assert versions(bill_of_materials(FOUND)) == {item.name: item.version for item in FOUND}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Expecting value"),
        (b"[]", "no bill of materials"),
        (b"{}", "no bill of materials"),
        (b'{"bomFormat": "CycloneDX", "components": [{}]}', "a component without name or version"),
        (b"\xff", "invalid start byte"),
    ],
)
def test_what_is_no_bill_is_said(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        versions(data)
