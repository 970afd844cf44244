"""The list of all runs: one file, whatever lies in the folder."""

import io
import json
import os
import re
from base64 import b64decode
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from exhibit.tasks.document.index import write_index
from exhibit.tasks.drawing.image import png
from exhibit.tasks.records.base import Array


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


def test_a_run_is_found_by_the_answer_that_stands_beside_it(tmp_path: Path) -> None:
    """A report to be trusted with care is no "pass", and its checks are counted as on its first page: one that two
    methods passed is one."""
    run = a_run(tmp_path, "r", [])
    checks = [
        {"verdict": verdict, "required": required, "chapter": "iris", "check": check, "method": method}
        for check, verdict, required in (("completeness", "pass", True), ("deletion", "fail", True))
        for method in ("a", "b")
    ]
    (run / "checks.json").write_text(json.dumps(checks))
    reason = {"id": "checks counted", "passed": 1, "failed": 1, "total": 13}
    answers = [{"id": "explanation", "results": [{"chapter": "iris", "reasons": [reason]}]}]
    (run / "answers.json").write_text(json.dumps({"overall": "with care", "answers": answers}))
    write_index(tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert 'data-verdict="with care" data-judged="with care"' in page
    assert "1 passed, 1 failed, 1 of them required" in page
    assert '"pass"' not in page


def test_nothing_is_fetched_and_nothing_typed_becomes_markup(page: str) -> None:
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert "default-src 'none'" in page
    assert "study=&lt;b&gt;" in page


def test_pictures_are_in_the_page(page: str) -> None:
    assert page.count('<svg aria-hidden="true"') == 2


def photograph(side: int) -> Array:
    """Colours that hardly compress, in squares of 16 pixels that differ, so that their means are known."""
    rng = np.random.default_rng(0)
    means = rng.integers(40, 216, (-(-side // 16), -(-side // 16), 3)).repeat(16, axis=0).repeat(16, axis=1)
    return (means[:side, :side] + rng.integers(-40, 41, (side, side, 3))).astype(np.uint8)


def listed_pictures(folder: Path) -> list[bytes]:
    write_index(folder)
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', (folder / "index.html").read_text())
    return [b64decode(text) for text in found]


@pytest.mark.parametrize(("side", "shown"), [(32, 32), (224, 112), (299, 150), (1200, 150)])
def test_a_large_picture_is_reduced_to_the_means_of_its_squares(tmp_path: Path, side: int, shown: int) -> None:
    """By the smallest whole factor with which it is small enough; the same bytes each time."""
    pixels, folder = photograph(side), tmp_path / "runs"
    run = a_run(
        folder, "r", [], chapters=[{"title": "A", "sentence": "B.", "pictures": ["figures/a.png", "figures/none.png"]}]
    )
    (run / "figures/a.png").write_bytes(png(pixels))
    [found] = listed_pictures(folder)
    picture = np.asarray(Image.open(io.BytesIO(found)))
    factor = -(-side // shown)
    assert picture.shape == (shown, shown, 3)
    assert picture[0, 0] == pytest.approx(pixels[:factor, :factor].mean(axis=(0, 1)), abs=0.51)
    assert len(found) <= 60_000
    assert listed_pictures(folder) == [found]


def test_a_damaged_picture_is_left_out_and_its_run_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)  # WeasyPrint sets it where it is imported
    run = a_run(
        tmp_path, "r", [], chapters=[{"title": "A", "sentence": "B.", "pictures": ["figures/a.png", "figures/b.png"]}]
    )
    (run / "figures/a.png").write_bytes(png(photograph(224))[:70_000])
    (run / "figures/b.png").write_bytes(b"no picture" * 10_000)
    assert listed_pictures(tmp_path) == []
    assert "Title of r" in (tmp_path / "index.html").read_text()


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg>'


@pytest.mark.parametrize(
    "inside",
    [
        "<script>x</script>",
        '<g onload="x"/>',
        "<g onload=x />",
        '<g OnLoad="x"/>',
        '<rect style="fill: url(http://x)"/>',
        '<rect fill="url(http://x)"/>',
        '<image href="http://x/y.png"/>',
        '<image xlink:href="file:///etc/passwd"/>',
        '<image href="data:image/svg+xml,x"/>',
        '<a href="http://x"><text>y</text></a>',
        "<foreignObject><form/></foreignObject>",
        '<use href="#x"/>',
        "<!DOCTYPE x><g/>",
        "<?xml-stylesheet href='x'?>",
        "<![CDATA[x]]>",
        "<!-- x -->",
        "<g",
        '<animate attributeName="href"/>',
    ],
)
def test_a_drawing_that_does_more_than_draw_is_left_out(tmp_path: Path, inside: str) -> None:
    """The run may be somebody else's, and its drawings are put into the page as they are."""
    run = a_run(tmp_path, "r", [])
    (run / "figures/bars.svg").write_text(SVG.format(inside))
    write_index(tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert "Title of r" in page
    assert 'viewBox="0 0 9 9"' not in page


def test_a_drawing_that_draws_is_shown(tmp_path: Path) -> None:
    picture = '<image width="9" href="data:image/png;base64,iVBO"/><text x="1">a &lt; b</text>'
    run = a_run(tmp_path, "r", [])
    (run / "figures/bars.svg").write_text(SVG.format(f'<g transform="scale(2)">{picture}</g>'))
    write_index(tmp_path)
    assert picture in (tmp_path / "index.html").read_text()


@pytest.mark.parametrize(
    "name", ["../../mine.svg", "/dev/zero", "figures/../../../mine.svg", "figures/link.svg", "figures/pipe.svg"]
)
def test_no_picture_is_taken_from_elsewhere(tmp_path: Path, name: str) -> None:
    """Whatever a manifest names; a pipe or a device is not waited for."""
    (tmp_path / "mine.svg").write_text(SVG.format("<g/>"))
    run = a_run(tmp_path / "runs", "r", [], chapters=[{"title": "A", "sentence": "B.", "pictures": [name]}])
    (run / "figures/link.svg").symlink_to(tmp_path / "mine.svg")
    os.mkfifo(run / "figures/pipe.svg")
    write_index(tmp_path / "runs")
    assert 'viewBox="0 0 9 9"' not in (tmp_path / "runs/index.html").read_text()


def test_titles_of_chapters_are_told_apart_whatever_stands_in_them(tmp_path: Path) -> None:
    titles = ["a|b", 'c, "d" & <e>', "é"]
    a_run(tmp_path, "r", [], chapters=[{"title": title, "sentence": "", "pictures": []} for title in titles])
    write_index(tmp_path)
    found = re.search(r'data-chapters="([^"]*)"', (tmp_path / "index.html").read_text())
    assert found is not None
    assert json.loads(unescape(found[1])) == titles


def test_an_empty_folder_has_a_page_too(tmp_path: Path) -> None:
    write_index(tmp_path)
    assert "No finished run yet." in (tmp_path / "index.html").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "ja",
            (
                "すべての実行",
                "実行1件、新しい順。",
                "合格1件、不合格1件（うち必須1件）",
                '"All chapters": "すべての章"',
            ),
        ),
        ("zh-Hans", ("全部运行", "1次运行", "1项通过，1项不通过（其中1项为必需）", '"All chapters": "全部章节"')),
    ],
)
def test_the_list_is_in_the_language_of_the_newest_report(tmp_path: Path, language: str, said: tuple[str, ...]) -> None:
    a_run(tmp_path, "r", ["pass", "fail"])
    write_index(tmp_path, language)
    text = (tmp_path / "index.html").read_text()
    assert f'<html lang="{language}">' in text
    assert all(words in text for words in said)
    assert f"Noto Sans {'JP' if language == 'ja' else 'SC'}" in text
    assert not re.search(
        ">[^<]*[A-Za-z]{4,} [a-z]{3,}[^<]*<",
        re.sub("<(script|style|code).*?</", "", text, flags=re.S).replace("Petals lead", "").replace("Title of r", ""),
    )
