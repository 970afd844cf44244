"""The whole way, as a user goes it: a report, the same again, and what a change recomputes."""

import contextlib
import hashlib
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pikepdf
import pytest

from exhibit.tasks.document.pdf import pdf_digest_ok
from tests.conftest import ISSUED, Project, Run, run
from tests.structure import assert_gold, outline, tags

IRIS = ("study=iris", "runner=inline", "model.epochs=20", "check.seed_stability.seeds=2")


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    return new_project()


@pytest.fixture(scope="module")
def first(project: Project) -> Run:
    """The first report of a fresh store."""
    return project.report(*IRIS)


@pytest.fixture(scope="module")
def bare(first: Run, project: Project, new_project: Callable[[], Project]) -> Callable[..., Run]:
    """Reports after the first, from its store, without paper: for what is computed, not for how it is printed."""
    program = new_project().without_paper()
    return lambda *words: program.report(*IRIS, *words, store=project.root / "store")


def test_the_last_line_names_the_run(first: Run) -> None:
    assert first.status == 0, first.stderr
    assert first.stdout.splitlines()[-1].startswith("run: ")


def test_a_run_holds_what_the_design_says(first: Run) -> None:
    files = {str(path.relative_to(first.directory)) for path in first.directory.rglob("*") if path.is_file()}
    assert files >= {
        "report.html",
        "report.pdf",
        "evidence.json",
        "config.yaml",
        "overrides.txt",
        "checks.json",
        "checks.csv",
        "importances.parquet",
        "metrics.json",
        "manifest.json",
        "ro-crate-metadata.json",
        "sbom.cdx.json",
        "attributions/iris/vanilla_grad_squared.npz",
        "attributions/iris/integrated_gradients.npz",
        "figures/iris-importances.svg",
    }


def test_the_manifest_has_the_digest_of_every_file(first: Run) -> None:
    listed = first.manifest["files"]
    found = {
        str(path.relative_to(first.directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in first.directory.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert {name: entry["sha256"] for name, entry in listed.items()} == found


def test_the_pdf_carries_its_evidence_and_its_own_digest(first: Run) -> None:
    data = (first.directory / "report.pdf").read_bytes()
    assert pdf_digest_ok(data)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        attached = {name: item.get_file().read_bytes() for name, item in pdf.attachments.items()}
    for name in ("evidence.json", "checks.csv"):
        assert attached[name] == (first.directory / name).read_bytes()
    assert set(attached) == {
        "answers.json",
        "quality.json",
        "datasheet.json",
        "evidence.json",
        "config.yaml",
        "checks.json",
        "checks.csv",
        "importances.parquet",
        "metrics.json",
        "constraints.txt",
        "sbom.cdx.json",
    }


def test_the_evidence_names_neither_time_nor_path_nor_runner(first: Run, project: Project) -> None:
    text = (first.directory / "evidence.json").read_text()
    evidence = json.loads(text)
    assert str(project.root) not in text
    assert "runner" not in evidence["config"]
    assert "paths" not in evidence["config"]
    assert "chunk" not in evidence["config"]["compute"]
    assert first.directory.name not in text
    assert evidence["document"]["issued"] == "2026-01-01T00:00:00Z"


def test_the_evidence_names_what_the_pages_and_the_tables_are_made_with(first: Run) -> None:
    """Libraries, and of the system what sets type; the constraints are the libraries alone."""
    evidence = json.loads((first.directory / "evidence.json").read_text())
    assert evidence["typesetting"].keys() == {"Pango", "HarfBuzz", "zlib"}
    assert evidence["libraries"].keys() >= {"weasyprint", "pydyf", "font-source-sans-pro", "pandas", "pyarrow"}


def test_the_structure_is_gold(first: Run) -> None:
    """A chapter about a table from a real run, on screen and on paper."""
    assert_gold("iris.screen.txt", outline((first.directory / "report.html").read_text()))
    with pikepdf.open(first.directory / "report.pdf") as pdf:
        assert_gold("iris.pdf.txt", tags(pdf))


def test_every_figure_is_told_in_numbers(first: Run) -> None:
    """Whoever does not see a picture is told what it shows, with the numbers that it shows."""
    html = (first.directory / "report.html").read_text()
    labels = re.findall(r'<svg role="img" aria-label="([^"]+)"', html) + re.findall(r'<img alt="([^"]+)"', html)
    assert len(labels) > 6
    assert [label for label in labels if not re.search(r"\d", label)] == []


def test_no_number_is_written_with_a_hyphen(first: Run) -> None:
    """Neither in what is seen nor in what is read out: one sign for minus. Names and settings have hyphens."""
    html = re.sub(r"<(script|style)\b.*?</\1>", "", (first.directory / "report.html").read_text(), flags=re.S)
    seen = re.sub(r"<[^>]*>", " ", html)
    read_out = " ".join(re.findall(r'(?:alt|title|aria-label)="([^"]*)"', html))
    assert "−" in seen
    assert re.findall(r".{0,30}(?<![\w.)-])-[0-9].{0,10}", f"{seen} {read_out}") == []


def test_the_filed_attributions_add_up(first: Run) -> None:
    """sum a = S(x) - S(x') + residual, for every flower, from the file alone."""
    with np.load(first.directory / "attributions/iris/integrated_gradients.npz", allow_pickle=False) as found:
        total = found["values/measurements"].sum(axis=1, dtype=np.float64)
        expected = found["prediction"] - found["base_value"] + found["residual"]
        assert total.shape == (150, 1)
        assert total == pytest.approx(expected, abs=1e-5)
        assert found["sample_ids"][0] == "flower 0"


def test_importances_are_a_tidy_table(first: Run) -> None:
    table = pd.read_parquet(first.directory / "importances.parquet")
    assert len(table) == 2 * 4
    assert set(table["method"]) == {"vanilla_grad_squared", "integrated_gradients"}
    assert sorted(table[table["method"] == "integrated_gradients"]["rank"]) == [1, 2, 3, 4]


def test_verdicts_are_a_table_too(first: Run) -> None:
    """The rows and columns of checks.json; what was not measured is empty."""
    table = pd.read_csv(first.directory / "checks.csv")
    known = pd.DataFrame(json.loads((first.directory / "checks.json").read_text()))
    ends = [pair or (None, None) for pair in known["interval"]]
    for k, name in enumerate(("interval", "interval_to")):
        known[name] = pd.Series([pair[k] for pair in ends], dtype=float)
    known = known.replace("", None)
    pd.testing.assert_frame_equal(table, known[table.columns], check_exact=True, check_dtype=False)
    assert set(table.columns) == set(known.columns)


def test_nothing_is_computed_twice(first: Run, project: Project) -> None:
    assert first.computed >= {"load", "fit", "attribute", "render"}
    assert project.report(*IRIS).computed == set()


def test_another_store_process_hash_seed_and_chunk_give_the_same_bytes(first: Run, project: Project) -> None:
    again = project.report(*IRIS, "compute.chunk=37", store="other", seed="1")
    for name in ("evidence.json", "report.html", "report.pdf", "importances.parquet", "checks.json", "checks.csv"):
        assert (again.directory / name).read_bytes() == (first.directory / name).read_bytes(), name
    for label in ("vanilla_grad_squared", "integrated_gradients"):
        name = f"attributions/iris/{label}.npz"
        assert (again.directory / name).read_bytes() == (first.directory / name).read_bytes(), name


def test_another_number_of_steps_trains_nothing(bare: Callable[..., Run]) -> None:
    computed = bare("method.integrated_gradients.n_steps=8").computed
    assert "attribute" in computed
    assert not computed & {"load", "fit", "predict", "select"}


def test_another_aggregation_attributes_nothing(bare: Callable[..., Run]) -> None:
    computed = bare("method.integrated_gradients.aggregate=square").computed
    assert "summarise" in computed
    assert not computed & {"load", "fit", "predict", "select", "attribute"}


def test_the_evidence_names_no_framework_that_was_not_used(first: Run) -> None:
    """A torch net with gradients: neither Keras and TensorFlow nor what explainers need that were not asked."""
    evidence = json.loads((first.directory / "evidence.json").read_text())
    assert "torch" in evidence["libraries"]
    assert not {"tensorflow", "keras", "shap", "opencv-python-headless"} & evidence["libraries"].keys()


def test_what_an_edit_recomputes(first: Run, project: Project, new_project: Callable[[], Project]) -> None:
    """A template: the pages alone. A comment: nothing. A formula: its stage and what follows, no training."""
    copy, store = new_project(), project.root / "store"  # which has the results of the program as it is
    assert copy.report(*IRIS, store=store).computed == set()
    copy.without_paper()  # an edit of a template
    assert copy.report(*IRIS, store=store).computed == {"render"}
    copy.edit("tasks/methods/gradient.py", '"""Gradients of a score', '# a remark\n"""The gradients of a score')
    assert copy.report(*IRIS, store=store).computed == set()
    copy.edit(
        "tasks/methods/gradient.py",
        "yield Pass.whole(np.ones(1), np.ones(1))",
        "yield Pass.whole(np.ones(1), 2 * np.ones(1))",
    )
    computed = copy.report(*IRIS, store=store).computed
    assert "attribute" in computed
    assert not computed & {"load", "fit", "predict", "select"}


def test_another_model_is_trained_on_the_same_data_and_a_required_check_that_fails_is_status_3(
    bare: Callable[..., Run],
) -> None:
    """After the report."""
    done = bare(
        "model.hidden=8",
        "method.integrated_gradients.n_steps=1",
        "method.integrated_gradients.rule=trapezoid",
        "check.completeness.threshold=0.0001",
    )
    assert done.status == 3
    verdicts = {check["verdict"] for check in json.loads((done.directory / "checks.json").read_text())}
    assert "fail" in verdicts
    assert done.computed >= {"fit", "predict", "attribute", "render"}
    assert "load" not in done.computed


@pytest.mark.alone
@pytest.mark.slow(12)
@pytest.mark.parametrize(
    ("words", "absent"),
    [
        (("study=iris", "model.epochs=1", "check=[completeness]"), "tensorflow"),
        (("study=digits", "model.epochs=1", "selection.limit=8"), "torch"),
    ],
)
def test_a_study_of_one_framework_never_imports_the_other(
    new_project: Callable[[], Project], words: tuple[str, ...], absent: str
) -> None:
    code = (
        "import sys; from exhibit.flows.cli import run; "
        f"status = run(['report', *{list(words)!r}, 'runner=inline', 'paths.runs=runs', 'paths.store=frameworks']); "
        f"assert {absent!r} not in sys.modules; sys.exit(status)"
    )
    done = run([sys.executable, "-c", code], new_project().without_paper().root)
    assert done.status in (0, 3), done.stderr


@pytest.mark.slow(25)
def test_a_long_table_is_printed_in_part_and_goes_along_whole(first: Run, project: Project) -> None:
    """Sixty named flowers: forty rows on paper, all of them on screen, in the PDF and in the run; and it verifies."""
    done = project.report(*IRIS, f"selection.index={list(range(0, 120, 2))}", "selection.show=60")
    name = "iris-integrated_gradients-sums.csv"
    filed = (done.directory / "tables" / name).read_bytes()
    with pikepdf.open(done.directory / "report.pdf") as pdf:
        assert pdf.attachments[name].get_file().read_bytes() == filed
    rows = pd.read_csv(io.BytesIO(filed))
    assert list(rows.columns) == ["sample", "output", "S(x)", "S(x′)", "sum", "residual"]
    assert rows["sample"].is_unique
    assert len(rows) == 60
    text = subprocess.run(["pdftotext", "-layout", done.directory / "report.pdf", "-"], capture_output=True, text=True,
                          check=True).stdout  # fmt: skip
    assert f"The first 40 of 60 rows; all of them are in {name}" in " ".join(text.split())
    assert "The first 40" not in (done.directory / "report.html").read_text()
    verify = [sys.executable, "-m", "exhibit", "verify", str(done.directory), "--integrity-only"]
    assert run(verify, project.root).status == 0


# The program, whose third stage waits for the server of the run, so that what is left is a flow.
HANDING_OVER = """
import time
from exhibit.flows import head_start
head_start.WORTH_WATCHING = 0.0
submit = head_start.HeadStart.submit
def slowly(self, what, stage, *args, **kwargs):
    while len(self.finished) >= 3 and not self._server.answers:
        time.sleep(0.1)
    return submit(self, what, stage, *args, **kwargs)
head_start.HeadStart.submit = slowly
from exhibit.flows.cli import main
main()
"""


@pytest.mark.slow(35)
def test_a_run_that_becomes_a_flow_gives_the_same_bytes_as_plain_calls(first: Run, project: Project) -> None:
    """On a server that was started meanwhile; what was computed before counts as computed, and is told once."""
    words = ["runner=threads" if word == "runner=inline" else word for word in IRIS]
    home = project.root / "prefect"
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    paths = [f"paths.runs={project.root / 'runs'}", f"paths.store={project.root / 'prefect-store'}"]
    done = subprocess.run(
        [sys.executable, "-c", HANDING_OVER, "report", *words, *paths, ISSUED], cwd=project.root, text=True,
        env={**bare, "HOME": str(project.root), "PYTHONPATH": str(project.root / "src"), "PREFECT_HOME": str(home)},
        capture_output=True, check=False,
    )  # fmt: skip
    run = Run(done.returncode, done.stdout, done.stderr)
    for name in ("evidence.json", "report.html", "report.pdf"):
        assert (run.directory / name).read_bytes() == (first.directory / name).read_bytes(), name
    assert "Traceback" not in run.stderr
    assert [stage for stage in run.manifest["stages"] if stage["cached"]] == []
    ends = [line for line in run.stderr.splitlines() if ", done in " in line]
    assert len(ends) == len(set(ends))
    with contextlib.closing(sqlite3.connect(home / "prefect.db")) as database:
        assert database.execute("select name, state_name from flow_run").fetchall() == [("report: iris", "Completed")]
        names = [name for (name,) in database.execute("select name from task_run")]
    assert {"fit iris", "render report"} <= set(names)


@pytest.mark.alone
@pytest.mark.slow(75)
def test_three_studies_in_one_report(project: Project, shared_store: Path) -> None:
    """Iris, digits and solubility: three chapters, every required check passes, 18 molecules are listed."""
    done = project.report("study=iris,digits,solubility", "runner=inline", store=shared_store)
    assert done.status == 0, done.stderr
    evidence = json.loads((done.directory / "evidence.json").read_text())
    assert [chapter["slug"] for chapter in evidence["chapters"]] == ["iris", "digits", "solubility"]
    one = subprocess.run(["pdftotext", "-l", "1", done.directory / "report.pdf", "-"], capture_output=True, text=True,
                         check=True).stdout  # fmt: skip
    assert "How these answers are given" in one  # its last line
    assert len(evidence["chapters"][2]["data"]["excluded"]) == 18
    checks = json.loads((done.directory / "checks.json").read_text())
    assert all(check["verdict"] == "pass" for check in checks if check["required"])
    assert (done.directory / "report.html").stat().st_size < 5_000_000
