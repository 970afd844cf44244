"""Facts of what the Prefect UI shows of a report."""

import json
import re
from base64 import b64decode
from pathlib import Path
from xml.etree import ElementTree

import pytest

from exhibit.flows.artifacts import answered, changed, failed, picture, summary, verdicts
from exhibit.tasks.catalogues import spoken

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><text>0.5</text></svg>'
FILES = {name: {"sha256": digit * 64} for name, digit in (("checks.json", "a"), ("report.pdf", "b"))}
MANIFEST = {
    "title": "Weekly",
    "chapters": [{"title": "Iris", "sentence": "Petals lead.", "pictures": ["figures/iris.svg"]}],
    "files": FILES | {"figures/iris.svg": {"sha256": "c" * 64}},
}


def check(name: str, verdict: str = "fail", required: bool = True) -> dict[str, object]:
    return {"chapter": "iris", "method": "ig", "check": name, "verdict": verdict, "required": required,
            "value": 0.123456, "threshold": None, "sentence": "Measured."}  # fmt: skip


@pytest.mark.parametrize(
    ("checks", "points", "said"),
    [
        ([check("a", "pass"), check("b", required=False), check("c", "not assessed")], [], ""),
        ([check("a"), check("b", "pass")], [], "required check failed: a of ig in iris"),
        (
            [check(name) for name in "abcde"],
            [],
            "required checks failed: a of ig in iris, b of ig in iris, c of ig in iris and 2 more",
        ),
        ([check("a")], ["digits"], "point failed: digits; required check failed: a of ig in iris"),
    ],
)
def test_only_what_is_required_fails_a_run(checks: list[dict[str, object]], points: list[str], said: str) -> None:
    assert failed(checks, points) == said


def test_the_report_comes_first_with_path_and_digest(tmp_path: Path) -> None:
    lines = summary(tmp_path, MANIFEST, "required check failed: a of ig in iris").splitlines()
    assert lines[:3] == ["# Weekly", "", "**Required check failed: a of ig in iris.**"]
    assert f"`{tmp_path}/report.pdf`" in lines
    rows = [line for line in lines if line.startswith("|")][2:]
    assert rows == [f"| report.pdf | `{'b' * 64}` |", f"| checks.json | `{'a' * 64}` |"]


@pytest.mark.parametrize(
    ("earlier", "counts", "said"),
    [
        (None, {}, "There is no earlier report to compare with."),
        ({"issued": "2026-11-20T00:00:00Z"}, {},
         "Since the report of 2026-11-20 nothing has changed by more than its errors explain."),
        ({"issued": "2026-11-20T00:00:00Z"}, {"importances": 2, "verdicts": 1},
         "Since the report of 2026-11-20 have changed, by more than errors explain: 2 importances, 1 verdict."),
    ],
)  # fmt: skip
def test_what_has_changed_is_said(tmp_path: Path, earlier: object, counts: dict[str, int], said: str) -> None:
    found = dict.fromkeys(("importances", "ranks", "metrics", "verdicts"), 0) | counts
    assert changed(tmp_path) == ""
    (tmp_path / "changes.json").write_text(json.dumps({"compared_with": earlier, **found}))
    assert changed(tmp_path) == said
    assert said in summary(tmp_path, MANIFEST, "", said)


def test_every_check_has_a_row() -> None:
    [row, other] = verdicts([check("completeness"), check("seed_stability") | {"value": 0.99997, "threshold": 0.7}])
    assert list(row) == ["verdict", "required", "chapter", "method", "check", "result", "threshold", "question"]
    assert (row["result"], row["threshold"], row["required"]) == ("0.12", "", "required")
    assert (other["check"], other["result"], other["threshold"]) == ("seed stability", "over 0.9999", "0.7")


@pytest.mark.parametrize("language", ["en", "ja", "zh-Hans"])
def test_the_rows_of_verdicts_are_the_same_in_every_language(language: str) -> None:
    with spoken(language):
        [row] = verdicts([check("completeness")])
    assert (len(row), list(row.values())[2], list(row.values())[5]) == (8, "iris", "0.12")
    assert "Measured." not in row.values()


def test_the_picture_travels_in_the_artifact_on_white(tmp_path: Path) -> None:
    """A path would lead nowhere from a browser, dark letters cannot be read on a dark page, and wide ones need room."""
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "iris.svg").write_bytes(SVG)
    text = picture(tmp_path, MANIFEST)
    root = ElementTree.fromstring(b64decode(text.partition("data:image/svg+xml;base64,")[2].rstrip(")")))
    assert root.attrib == {"viewBox": "-40 0 89 9", "width": "89", "height": "9"}
    paper, drawing = root
    assert paper.attrib == {"x": "-40", "width": "100%", "height": "100%", "fill": "#fff"}
    assert drawing.attrib == {"overflow": "visible", "viewBox": "0 0 9 9"}
    assert text.startswith("### Iris\n\nPetals lead.\n\n![Iris](data:")


def test_a_huge_picture_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "iris.svg").write_bytes(b" " * 1_000_001)
    assert picture(tmp_path, MANIFEST) == ""


def test_the_reasons_of_the_answers_are_worded_as_on_page_one(tmp_path: Path) -> None:
    """The file holds ids and numbers; of a run without it nothing is said."""
    assert answered(tmp_path) == []
    reasons = [{"id": "no labels"}]
    found = {"chapter": "iris", "title": "Iris", "answer": "not assessed", "reasons": reasons}
    own = {"id": "model", "question": "Can the model be trusted?", "answer": "not assessed", "results": [found]}
    file = {"schema": "exhibit-answers/2", "overall": "not assessed", "answers": [own], "rule": [], "found": []}
    (tmp_path / "answers.json").write_text(json.dumps(file))
    said = "**not assessed**. No labels say how good it is."
    assert answered(tmp_path) == [f"- Can the model be trusted? {said}"]
    of_two = own | {"results": [found, found | {"chapter": "b", "title": "B"}]}
    (tmp_path / "answers.json").write_text(json.dumps(file | {"answers": [of_two]}))
    assert answered(tmp_path) == [
        "- Can the model be trusted? **not assessed**. Both results: not assessed. No labels say how good it is."
    ]


@pytest.mark.parametrize(
    ("language", "bad", "row"),
    [
        ("ja", "不合格となった必須の検査：irisのigの乱数シードに対する安定性", "各部分の和はスコアの変化に等しいか"),
        ("zh-Hans", "不通过的必需检查：iris中ig的种子稳定性", "各部分之和是否等于得分的变化？"),
    ],
)
def test_all_of_it_is_in_the_language_of_the_report(tmp_path: Path, language: str, bad: str, row: str) -> None:
    (tmp_path / "changes.json").write_text('{"compared_with": null}')
    with spoken(language):
        assert failed([check("seed_stability")]) == bad
        lines = summary(tmp_path, MANIFEST, bad, changed(tmp_path)).splitlines()
        [cells] = verdicts([check("completeness")])
    assert lines[2] == f"**{bad}。**"
    words = " ".join(re.findall("[A-Za-z]{4,}", " ".join(line for line in lines[4:] if "`" not in line)))
    assert words == "Iris Petals lead"
    assert list(cells.values())[-1] == row
    assert not re.search("[a-z]{5,}", " ".join(cells))
