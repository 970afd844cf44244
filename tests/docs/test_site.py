"""The site that `make docs` builds: whole, made of today's program, and asking for nothing elsewhere."""

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from exhibit.flows.compose import groups
from exhibit.flows.config import Point, Report
from exhibit.tasks.evidence.schema import SCHEMAS
from tests.conftest import ROOT
from tests.docs.pages import reference

REFERENCE = reference()
FIELDS = {**Point.model_fields, **Report.model_fields}
SPECS = sorted(
    {Report, *(spec for field in FIELDS.values() for spec in REFERENCE.specs(field.annotation))},
    key=lambda spec: (spec.__module__, spec.__name__),
)
# Elements that load what they name, by the attribute that names it.
LOADS = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "link": "href",
    "image": "href",
    "use": "href",
}


def test_the_generated_pages_are_plain_markdown() -> None:
    """No mark is escaped in code, where it would be shown, and every name of ours that is shown can be imported."""
    text = "\n".join(REFERENCE.pages().values())
    code = re.findall(r"`[^`\n]+`", text)
    assert [span for span in code if "\\*" in span or "&#124;" in span] == []
    for name in set(re.findall(r"`(exhibit\.tasks[\w.]+)`", text)):
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), name
    assert re.findall(r"\ba `?exhibit\b", text) == []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "NO_MKDOCS_2_WARNING": "true"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


class _Loaded(HTMLParser):
    """Addresses that a page loads, as opposed to those that it links to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "link" and given.get("rel") in ("canonical", "prev", "next"):  # said to readers and search engines
            return
        if tag in LOADS and (address := given.get(LOADS[tag])):
            self.found.append(address)


def loaded(site: Path) -> Iterator[tuple[str, str]]:
    """Every file of the site with each address that it loads."""
    for path in site.rglob("*.html"):
        page = _Loaded()
        page.feed(text := path.read_text(encoding="utf-8"))
        yield from ((path.name, address) for address in [*page.found, *re.findall(r"url\(['\"]?([^'\")]+)", text)])
    for path in site.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        yield from ((path.name, found) for found in re.findall(r"url\(['\"]?([^'\")]+)|@import ['\"]([^'\"]+)", text)
                    for found in found if found)  # fmt: skip


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    found = list(loaded(site))
    assert len(found) > 100
    assert [pair for pair in found if re.match(r"(https?:)?//", pair[1])] == []


def test_every_group_and_every_kind_of_file_has_a_page(site: Path) -> None:
    built = {path.stem for path in (site / "reference").glob("*.html")}
    assert built >= groups().keys() - {"study"}
    assert {path.stem for path in (site / "evidence").glob("*.html")} == {*SCHEMAS, "index"}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.__name__)
def test_every_setting_is_described(spec: type[BaseModel]) -> None:
    """In a phrase, where it is defined."""
    assert [row.key for row in REFERENCE.settings(spec) if not row.description] == []


def test_the_settings_of_the_site_are_those_of_the_program(site: Path) -> None:
    """They are made when the site is built: none is kept in the repository, and none is missing on the page."""
    kept = subprocess.run(["git", "ls-files", "docs/reference", "docs/samples.md"],
                          cwd=ROOT, capture_output=True, text=True, check=True)  # fmt: skip
    assert kept.stdout == ""
    for name, field in FIELDS.items():
        page = site / "reference" / f"{name}.html"
        keys = {row.key for spec in REFERENCE.specs(field.annotation) for row in REFERENCE.settings(spec)}
        if page.exists():
            assert {key for key in keys if f"<code>{key}</code>" not in page.read_text()} == set()


def test_the_fields_of_the_evidence_are_on_its_page(site: Path) -> None:
    for name, record in SCHEMAS.items():
        text = (site / "evidence" / f"{name}.html").read_text()
        schema: dict[str, Any] = record.model_json_schema()
        fields = {*schema["properties"], *(key for part in schema["$defs"].values() for key in part["properties"])}
        assert {field for field in fields if f"<code>{field}</code>" not in text} == set()


def test_definitions_name_every_check_and_every_kind_of_method() -> None:
    text = (ROOT / "docs" / "definitions.md").read_text()
    kinds = [spec.model_fields["kind"].default for name in ("method", "check", "behaviour")
             for spec in REFERENCE.specs(Point.model_fields[name].annotation)]  # fmt: skip
    assert {kind for kind in kinds if f"`{kind}`" not in text} == set()
