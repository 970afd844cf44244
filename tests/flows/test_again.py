"""`exhibit render`: one run is read in every language, with the same numbers, and nothing is computed for that."""

import re
import subprocess
from collections import Counter
from collections.abc import Mapping
from html import unescape
from pathlib import Path

import pikepdf
import pytest

from exhibit.flows.again import _beside, other_numbers, typed_again
from exhibit.flows.cli import run
from exhibit.flows.integrity import Subject
from exhibit.tasks.catalogues import languages
from exhibit.tasks.evidence.local import described
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.evidence import Evidence, LocalEvidence
from exhibit.tasks.records.manifest import Manifest
from tests.conftest import ISSUED

SMALL = ("data=iris", "model=random_forest", "model.trees=5", "target=index", "target.outputs=[setosa]",
         "method=[occlusion,tree_shap]", "check=[completeness,deletion]", "compute.chunk=60",
         "document.profile=model_risk", "behaviour=[partial_dependence]")  # fmt: skip
OF_PAGES = {"draw", "compose", "attest", "render"}


def newest(folder: Path) -> Path:
    return max(folder.glob("runs/2*"), key=lambda path: path.stat().st_mtime)


@pytest.fixture(scope="module")
def read_in(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The run of one report in each language."""
    folder = tmp_path_factory.mktemp("languages")
    places = [f"paths.runs={folder / 'runs'}", f"paths.store={folder / 'store'}", "runner=inline"]
    assert run(["report", *SMALL, *places, ISSUED]) in (0, 3)
    found = {"en": (first := newest(folder))}
    for language in languages()[1:]:
        assert run(["render", str(first), f"document.language={language}"]) in (0, 3)
        found[language] = newest(folder)
    return found


@pytest.mark.slow(seconds=60)
def test_nothing_is_computed_for_another_language(read_in: Mapping[str, Path]) -> None:
    for language in languages()[1:]:
        manifest = Manifest.model_validate_json((read_in[language] / "manifest.json").read_bytes())
        assert {stage.stage for stage in manifest.stages if not stage.cached} <= OF_PAGES


def shown(page: str) -> str:
    """The text of a page."""
    body = re.sub(r"<(script|style|pre)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", " ", body))


def measured(text: str) -> Counter[str]:
    """The numbers that were measured: with decimals or as percentages."""
    return Counter(re.findall(r"[+−]?\d[\d,]*(?:\.\d+%?|%)", text))


@pytest.mark.slow(seconds=5)
def test_all_languages_say_the_same_numbers(read_in: Mapping[str, Path]) -> None:
    pages = {language: (found / "report.html").read_text() for language, found in read_in.items()}
    numbers = {language: measured(shown(page)) for language, page in pages.items()}
    cells = {language: re.findall(r'<td class="number"[^>]*>([^<]*)</td>', page) for language, page in pages.items()}
    for language in languages()[1:]:
        assert numbers[language] == numbers["en"]
        assert [measured(cell) for cell in cells[language]] == [measured(cell) for cell in cells["en"]]


@pytest.mark.slow(seconds=5)
def test_what_programs_read_is_the_same(read_in: Mapping[str, Path]) -> None:
    files = [path.name for path in read_in["en"].iterdir() if path.suffix in (".json", ".csv", ".parquet")]
    of_its_own = {"manifest.json", "evidence.json", "ro-crate-metadata.json"}
    for name in {"answers.json", "checks.json", *files} - of_its_own:
        assert {found.joinpath(name).read_bytes() for found in read_in.values()} == {
            (read_in["en"] / name).read_bytes()
        }, name


@pytest.mark.slow(seconds=5)
def test_the_page_says_its_language_and_paper_is_set_in_it(read_in: Mapping[str, Path]) -> None:
    for language, found in read_in.items():
        assert f'<html lang="{language}">' in (found / "report.html").read_text()
        with pikepdf.open(found / "report.pdf") as pdf:
            assert str(pdf.Root.Lang) == language
    fonts = subprocess.run(
        ["pdffonts", read_in["ja"] / "report.pdf"], capture_output=True, text=True, check=True
    ).stdout.replace("-", "")
    assert "NotoSerifJP" in fonts
    assert "NotoSansJP" in fonts
    assert not re.search(r"NotoSansSC|NotoSerifSC", fonts)


@pytest.mark.slow(seconds=5)
def test_only_pages_can_be_changed(read_in: Mapping[str, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"model.trees=9: only what concerns the pages"):
        typed_again(read_in["en"], ["model.trees=9"])
    with pytest.raises(InputError, match="a run directory was expected, and there is no such directory"):
        typed_again(tmp_path / "none", ["document.language=ja"])
    typed = typed_again(read_in["en"], ["document.language=ja"])
    of_pages = [word for word in typed if word.startswith("document.")]
    assert of_pages == ["document.profile=model_risk", ISSUED, "document.language=ja"]


def compared(local: Mapping[str, LocalEvidence]) -> Evidence:
    return Evidence.model_construct(config={"document": {"compare_to": "report.pdf"}}, local=local)


def test_the_latest_report_is_the_one_that_the_run_was_compared_with(tmp_path: Path) -> None:
    """Now the run itself is the latest, and nothing would have changed since."""
    for name in ("20260101T000000Z-a", "20260101T000001Z-b", "20260101T000002Z-c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.pdf").write_text(name)
    first, middle, run = sorted(tmp_path.iterdir())
    latest = ["study=iris", "document.compare_to='latest'"]
    known = compared({"document.compare_to": described(middle / "report.pdf", "")})
    assert _beside(run, known, latest) == _beside(run, known, ["study=mine"]) == f"document.compare_to={middle}"
    assert _beside(run, compared({}), latest) == "document.compare_to=null"
    assert _beside(run, known, [f"document.compare_to={first}"]) == ""
    (middle / "report.pdf").write_text("signed since")
    with pytest.raises(
        InputError, match=r"is not beside it any more, or was changed; document.compare_to=RUN names it"
    ):
        _beside(run, known, latest)


def test_other_numbers_than_those_of_the_run_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of rows may have been written anew since."""
    run, same, other = tmp_path / "a1", tmp_path / "a2", tmp_path / "b"
    monkeypatch.setattr(
        "exhibit.flows.again.intact", lambda path: Subject(Evidence.model_construct(content=path.name[0]), b"", {})
    )
    assert other_numbers(run, same) == ""
    assert other_numbers(run, other).startswith(f"the numbers are not those of {run}")
