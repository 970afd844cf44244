"""Facts of the run as an RO-Crate."""

import json
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from exhibit.tasks.evidence.crate import CRATE, crate

FACTS = {"title": "Three flowers", "run": "20260101T000000Z-00000000", "started": "2026-01-01T00:00:00+00:00",
         "seconds": 61.5}  # fmt: skip
CONTEXT = "https://w3id.org/ro/crate/1.1/context"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A folder with files as a run has them, one with letters that a URI cannot hold."""
    names = ("report.pdf", "config.yaml", "overrides.txt", "sbom.cdx.json", "figures/a b#1.svg")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"{}")
    about = {"config.yaml": "The full configuration"}
    data = crate(tmp_path, FACTS, "2026-01-01T00:00:00Z", "0.1.0", about)
    assert data == crate(tmp_path, FACTS, "2026-01-01T00:00:00Z", "0.1.0", about)
    (tmp_path / CRATE).write_bytes(data)
    (tmp_path / "manifest.json").write_text("{}")
    return tmp_path


def entities(run: Path) -> dict[str, Any]:
    return {item["@id"]: item for item in json.loads((run / CRATE).read_bytes())["@graph"]}


def test_it_lists_every_file_of_the_run_but_itself(run: Path) -> None:
    found = entities(run)
    files = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()} - {CRATE}
    listed = {item["@id"] for item in found["./"]["hasPart"]}
    assert {found[one]["name"] for one in listed} == files
    assert "figures/a%20b%231.svg" in listed
    assert found["report.pdf"]["contentSize"] == "2"


def test_the_run_made_all_but_what_was_given(run: Path) -> None:
    action = entities(run)["#run"]
    assert action["instrument"] == {"@id": "config.yaml"}
    assert {item["@id"] for item in action["result"]} == {"report.pdf", "sbom.cdx.json", "figures/a%20b%231.svg"}
    assert action["endTime"] == "2026-01-01T00:01:01+00:00"


@pytest.mark.slow(seconds=10)
def test_the_validator_finds_a_workflow_run_crate(run: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert _wrong(run, tmp_path_factory.mktemp("cache") / "cache") == []
    whole = json.loads((run / CRATE).read_bytes())
    for item in whole["@graph"]:
        item.pop("instrument", None)
    (run / CRATE).write_text(json.dumps(whole))
    assert any("instrument" in said for said in _wrong(run, tmp_path_factory.mktemp("cache") / "cache"))


def _wrong(run: Path, cache: Path) -> list[str]:
    """What roc-validator complains of, without a network: its cache holds the vocabulary, as the package rocrate has
    it."""
    from requests_cache import CachedRequest, CachedResponse, CachedSession
    from rocrate_validator.models import Severity, ValidationSettings
    from rocrate_validator.services import validate

    words = Path(str(distribution("rocrate").locate_file("rocrate/data/ro-crate.jsonld"))).read_bytes()
    asked = CachedRequest(method="GET", url=CONTEXT)
    CachedSession(str(cache)).cache.save_response(
        CachedResponse(
            status_code=200, url=CONTEXT, request=asked, content=words, headers={"Content-Type": "application/ld+json"}
        )
    )
    result = validate(
        ValidationSettings(
            rocrate_uri=str(run),
            profile_identifier="workflow-run-crate",
            requirement_severity=Severity.REQUIRED,
            offline=True,
            cache_path=cache,
            cache_max_age=-1,
        )
    )
    return [str(issue.message) for issue in result.get_issues()]
