"""The list of all runs: one file, whatever lies in the folder."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tasks.document.index import write_index


def a_run(runs: Path, name: str, verdicts: list[str], **facts: Any) -> Path:
    directory = runs / name
    (directory / "figures").mkdir(parents=True)
    (directory / "figures" / "bars.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>')
    manifest = {
        "started": "2026-01-02T03:04:05+00:00",
        "seconds": 12.3,
        "command": ["exhibit", "report", "study=<b>"],
        "title": f"Title of {name}",
        "chapters": [{"title": "Iris", "sentence": "Petals lead.", "pictures": ["figures/bars.svg"]}],
        **facts,
    }
    (directory / "manifest.json").write_text(json.dumps(manifest))
    checks = [{"verdict": verdict, "required": True} for verdict in verdicts]
    (directory / "checks.json").write_text(json.dumps(checks))
    return directory


@pytest.fixture
def page(tmp_path: Path) -> str:
    a_run(tmp_path, "20260101T000000Z-aaaaaaaa", ["pass", "pass"])
    a_run(tmp_path, "20260102T000000Z-bbbbbbbb", ["pass", "fail"])
    (tmp_path / "20260103T000000Z-cccccccc").mkdir()  # a run that was killed has no manifest
    (a_run(tmp_path, "20260104T000000Z-dddddddd", []) / "checks.json").write_text("not JSON")
    write_index(tmp_path)
    return (tmp_path / "index.html").read_text()


def test_finished_runs_are_listed_the_newest_first(page: str) -> None:
    assert re.findall(r'<h2><a href="([^/]+)/report.html">', page) == [
        "20260102T000000Z-bbbbbbbb",
        "20260101T000000Z-aaaaaaaa",
    ]


def test_verdicts_are_counted(page: str) -> None:
    assert re.findall(r"(\d+) passed, (\d+) failed", page) == [("1", "1"), ("2", "0")]
    assert re.findall(r'data-verdict="([^"]+)"', page) == ["fail", "pass"]


def test_nothing_is_fetched_and_nothing_typed_becomes_markup(page: str) -> None:
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert "default-src 'none'" in page
    assert "study=&lt;b&gt;" in page


def test_pictures_are_in_the_page(page: str) -> None:
    assert page.count('<svg aria-hidden="true"') == 2


def test_an_empty_folder_has_a_page_too(tmp_path: Path) -> None:
    write_index(tmp_path)
    assert "No finished run yet." in (tmp_path / "index.html").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
