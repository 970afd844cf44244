"""Sweeps with a comparison, and reports beside an earlier one, as a user runs them."""

import io
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from exhibit.flows import cli
from exhibit.flows.config import Report, read_report
from exhibit.flows.derivation import Access
from exhibit.flows.earlier import Found, earlier
from exhibit.flows.integrity import intact
from exhibit.flows.progress import Watch
from exhibit.flows.run import run_report
from exhibit.flows.verify import Verification, verify
from exhibit.tasks.evidence.local import file_digest
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.change_summary import Changes
from exhibit.tasks.records.changed import Earlier
from exhibit.tasks.records.packing import unpack

SMALL = ("study=iris", "check=[completeness]", "data.reference=null", "model.epochs=1", "runner=inline")
ISSUED = "document.issued=2026-01-01"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compare")


def composed(folder: Path, *words: str, runs: str = "runs") -> Report:
    return read_report([*SMALL, *words, f"paths.runs={folder / runs}", f"paths.store={folder}/store"])


def made(folder: Path, *words: str, runs: str = "runs") -> Path:
    """The directory of a finished run."""
    return run_report(composed(folder, *words, runs=runs), ["exhibit", "report", *words]).directory


# --- sweeps -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sweep(folder: Path) -> Path:
    """Two methods by two seeds, without chapters of their own."""
    return made(folder, "method=vanilla_grad,smooth_grad", "model.seed=0,1", "document.chapters=none", ISSUED)


def titles(run: Path) -> list[str]:
    return [chapter["title"] for chapter in json.loads((run / "manifest.json").read_bytes())["chapters"]]


@pytest.mark.slow
def test_a_sweep_ends_in_one_comparison(sweep: Path) -> None:
    """Every number is there: attributions, importances, metrics and agreement of all points."""
    assert titles(sweep) == ["Comparison of 4 points on Iris flowers"]
    assert len(list(sweep.glob("attributions/*/*.npz"))) == 4
    assert pd.read_parquet(sweep / "importances.parquet")["point"].nunique() == 4
    assert len(json.loads((sweep / "metrics.json").read_bytes())) == 4
    assert len(pd.read_parquet(sweep / "agreement.parquet")) == 4 * 3 / 2


@pytest.mark.slow
def test_importances_are_one_tidy_table_over_all_points(sweep: Path) -> None:
    """One row per point, method, target, input and feature; ranks count from 1 within each."""
    table = pd.read_parquet(sweep / "importances.parquet")
    assert {"point", "method", "target", "input", "feature", "mean", "mean_absolute", "standard_error", "rank"} <= set(
        table.columns
    )
    keys = ["point", "method", "target", "input"]
    assert not table.duplicated([*keys, "feature"]).any()
    assert all(sorted(ranks) == [1, 2, 3, 4] for _, ranks in table.groupby(keys)["rank"])


@pytest.mark.slow
def test_a_sweep_is_derived_again_to_the_byte(sweep: Path) -> None:
    found = verify(sweep)
    assert (found.outcome, found.findings[-1]) == ("identical", "report.pdf: the same bytes")


def test_which_points_have_chapters_of_their_own(folder: Path) -> None:
    """Up to six, unless it is said otherwise; what is compared with nothing always has one."""
    document = composed(folder, "method=vanilla_grad").document
    assert document.own_chapters(6, range(6)) == list(range(6))
    assert document.own_chapters(7, range(7)) == []
    assert document.own_chapters(7, range(6)) == [6]
    every = document.model_copy(update={"chapters": "all"})
    assert every.own_chapters(7, range(7)) == list(range(7))
    none = document.model_copy(update={"chapters": "none"})
    assert none.own_chapters(3, (0, 2)) == [1]


# --- an earlier report ------------------------------------------------------------------------------------

OWN = ("method=vanilla_grad", "drawing.top_k=2")


@pytest.fixture(scope="module")
def first(folder: Path) -> Path:
    """A first report that was asked to compare."""
    return made(folder, *OWN, ISSUED, "document.compare_to=latest", runs="weekly")


@pytest.fixture(scope="module")
def second(folder: Path, first: Path) -> Path:
    """The next one, with a model that was trained for longer."""
    return made(
        folder, *OWN, "document.issued=2026-01-08", "document.compare_to=latest", "model.epochs=9", runs="weekly"
    )


def changes(run: Path) -> Changes:
    return Changes.model_validate_json((run / "changes.json").read_bytes())


@pytest.mark.slow
def test_the_first_report_has_nothing_to_compare_with(first: Path) -> None:
    assert changes(first).compared_with is None
    assert "There is no earlier report of these points to compare with" in (first / "report.html").read_text()


@pytest.mark.slow
def test_the_next_report_says_what_has_changed(first: Path, second: Path) -> None:
    found = changes(second)
    assert found.compared_with is not None
    assert found.compared_with.issued == "2026-01-01T00:00:00Z"
    assert found.compared_with.pdf == file_digest(first / "report.pdf")
    assert found.compared_with.evidence == file_digest(first / "evidence.json")
    assert (found.data, found.models, found.settings, found.compared) == (0, 1, 1, 4)
    assert found.alert
    assert titles(second)[0] == "Changes since the last report"
    assert "model.epochs from 1 to 9" in (second / "report.html").read_text()


@pytest.mark.slow
def test_neither_page_nor_evidence_says_where_the_earlier_report_lay(first: Path, second: Path, folder: Path) -> None:
    for name in ("evidence.json", "report.html", "changes.json", "config.yaml"):
        text = (second / name).read_text()
        assert first.name not in text, name
        assert str(folder) not in text, name
    evidence = json.loads((second / "evidence.json").read_bytes())
    assert evidence["config"]["document"]["compare_to"] == "report.pdf"
    assert evidence["local"]["document.compare_to"] == {
        "kind": "file",
        "name": "report.pdf",
        "sha256": file_digest(first / "report.pdf"),
    }


@pytest.mark.slow
def test_a_path_and_latest_give_the_same_bytes(first: Path, second: Path, folder: Path) -> None:
    """However the earlier report is found: as a run, or its PDF."""
    words = (*OWN, "document.issued=2026-01-08", "model.epochs=9")
    for place in (first, first / "report.pdf"):
        again = made(folder, *words, f"document.compare_to={place}", runs="again")
        for name in ("evidence.json", "report.pdf", "report.html", "changes.json"):
            assert (again / name).read_bytes() == (second / name).read_bytes(), name


@pytest.mark.slow
def test_it_is_derived_again_where_the_earlier_report_is(
    first: Path, second: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Found by its content in --data; without it the report is intact, and what is missing is named."""
    lone = shutil.copy(second / "report.pdf", tmp_path / "lone.pdf")
    assert cli.run(["verify", str(lone)]) == 6
    digest = file_digest(first / "report.pdf")
    assert capsys.readouterr().out.startswith(
        f"document.compare_to: needs the file 'report.pdf' with sha256 {digest}; the report that it is compared with; "
        "--data DIR looks for it\n"
    )
    found: Verification = verify(Path(lone), access=Access(data=first))
    assert (found.outcome, found.findings[-1]) == ("identical", "report.pdf: the same bytes")


# --- which report is the earlier one ----------------------------------------------------------------------


def looked_for(folder: Path, *words: str, runs: str = "weekly") -> Found | None:
    with Watch() as watch:
        return earlier(composed(folder, *OWN, *words, runs=runs), watch)


@pytest.mark.slow
def test_latest_is_the_newest_intact_run_of_the_same_points(second: Path, folder: Path) -> None:
    """By the labels and titles of its points; what is damaged or unfinished is passed over."""
    runs = folder / "choice"
    for number in (1, 2, 3, 4):
        shutil.copytree(second, runs / f"2026010{number}T000000Z-aaaaaaaa")
    (runs / "20260104T000000Z-aaaaaaaa" / "manifest.json").unlink()
    (runs / "20260103T000000Z-aaaaaaaa" / "report.html").write_text("another page")
    found = looked_for(folder, "document.compare_to=latest", runs="choice")
    assert found is not None
    assert found.pdf.parent.name == "20260102T000000Z-aaaaaaaa"
    said = unpack(Earlier, found.said)
    assert said.report.pdf == intact(second).digest
    assert [point.title for point in said.points] == ["Iris"]
    assert pd.read_parquet(io.BytesIO(said.importances))["point"].unique().tolist() == ["iris"]
    assert looked_for(folder, "document.compare_to=latest", "title=Other", runs="choice") is None
    assert looked_for(folder, "document.compare_to=latest", "model.seed=0,1", runs="choice") is None
    assert looked_for(folder, runs="choice") is None


@pytest.mark.slow
def test_a_damaged_earlier_report_is_bad_input(second: Path, folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(second, tmp_path / "run"))
    (copy / "checks.json").write_bytes(b"[]")
    with pytest.raises(InputError, match=r"run is not an intact report \(checks\.json: it is not what was written\)"):
        looked_for(folder, f"document.compare_to={copy}")


def test_an_earlier_report_that_is_not_there_is_bad_input(folder: Path) -> None:
    with pytest.raises(InputError, match=r"document\.compare_to: .*nowhere: there is no such file .*; give a run"):
        looked_for(folder, f"document.compare_to={folder}/nowhere")


def test_no_run_yet_is_no_error(folder: Path) -> None:
    assert looked_for(folder, "document.compare_to=latest", runs="empty") is None


@pytest.mark.slow
def test_a_pdf_cannot_name_a_path_that_it_does_not_describe(second: Path) -> None:
    """A config in a PDF opens nothing by itself."""
    from exhibit.flows.verify import derived

    subject = intact(second / "report.pdf")
    strange = subject.evidence.model_copy(update={"local": {}})
    found = derived(second, subject._replace(evidence=strange), Access())
    assert found.outcome == "not derivable"
    assert (
        "document.compare_to: the evidence records no digest of it; give --allow-local to open it anyway"
        in found.findings
    )
