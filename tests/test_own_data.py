"""Reports on data of the user's own, end to end: this week's rows, files that moved, and code of their own."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT, Project, Run, run

pytestmark = pytest.mark.slow(25)

EXAMPLES = ROOT / "docs" / "examples"
TABLE = ["data=table", "data.label=progression", "data.id=patient", "model=mlp", "target=value",
         "method=[integrated_gradients]", "runner=inline"]  # fmt: skip


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    """What is asked is what is explained and found again, not how it is printed."""
    made = new_project().without_paper()
    shutil.copytree(EXAMPLES, made.root / "files")
    return made


@pytest.fixture(scope="module")
def week(project: Project) -> Run:
    return project.report(*TABLE, "data.path=files/patients.csv", "data.explain=files/week.csv",
                          "document.embed=[data,weights]")  # fmt: skip


def verified(project: Project, target: Path, *options: str) -> list[str]:
    done = run([sys.executable, "-m", "exhibit", "verify", str(target), *options], project.root)
    return done.stdout.splitlines()


def attributions(found: Run) -> dict[str, np.ndarray]:
    path = found.directory / "attributions" / "table" / "integrated_gradients.npz"
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def test_the_rows_of_a_week_are_explained_by_the_model_of_the_fit(week: Run, project: Project) -> None:
    page = (week.directory / "report.html").read_text()
    assert "42 more rows are given to be explained; none of them has a label." in page
    assert "The model predicts the column progression: a regression, because the column holds numbers." in page
    (project.root / "files/short.csv").write_text("\n".join((EXAMPLES / "week.csv").read_text().split("\n")[:9]))
    other = project.report(*TABLE, "data.path=files/patients.csv", "data.explain=files/short.csv")
    assert "fit" not in other.computed
    many, few = attributions(week), attributions(other)
    np.testing.assert_array_equal(few["sample_ids"], many["sample_ids"][:8])
    np.testing.assert_array_equal(few["values/table"], many["values/table"][:8])


def test_rows_to_explain_may_lack_their_class(project: Project) -> None:
    """Two of the three of this week: their class is not known, and neither is whether they are read right."""
    random, kinds = np.random.default_rng(0), ("rose", "tulip")
    rows = [f"{k},{random.normal(k % 2):.3f},{random.normal():.3f},{kinds[k % 2]}" for k in range(60)]
    for name, part in (("fit", rows[:57]), ("new", [rows[57], *(row.rpartition(",")[0] + "," for row in rows[58:])])):
        (project.root / f"files/{name}.csv").write_text("\n".join(["id,length,width,species", *part]))
    found = project.report(
        "data=table", "data.label=species", "data.id=id", "data.path=files/fit.csv", "data.explain=files/new.csv",
        "model=mlp", "method=[integrated_gradients]", "runner=inline",
    )  # fmt: skip
    page = (found.directory / "report.html").read_text()
    assert "3 more rows are given to be explained; 1 of them has a label." in page
    assert "not known" in page


def test_what_a_run_leaves_is_enough_for_the_next_week(week: Run, project: Project) -> None:
    """Without the training file, and without training: the same numbers."""
    left = week.directory / "fitted" / "table"
    words = ["data.path=null", f"data.scheme={left / 'scheme.json'}", "data.explain=files/week.csv", "model.fit=never",
             f"model.weights={left / 'weights.npz'}"]  # fmt: skip
    alone = project.report(*TABLE, *words, store="other")
    np.testing.assert_array_equal(attributions(alone)["values/table"], attributions(week)["values/table"])
    page = (alone.directory / "report.html").read_text()
    assert "No rows of the training are at hand. 42 rows are given to be explained; none of them has a label." in page


def test_the_evidence_knows_files_by_content(week: Run, project: Project, tmp_path: Path) -> None:
    """Moved and renamed they are found again; embedded they are not even needed."""
    local = json.loads((week.directory / "evidence.json").read_text())["local"]
    assert {key: item["name"] for key, item in local.items()} == {
        "points.0.data.path": "patients.csv", "points.0.data.explain": "week.csv"
    }  # fmt: skip
    shutil.copy(EXAMPLES / "patients.csv", tmp_path / "renamed.csv")
    shutil.copy(EXAMPLES / "week.csv", tmp_path)
    pdf = Path(shutil.copy(week.directory / "report.pdf", tmp_path))
    assert verified(project, pdf)[-1] == f"{pdf}: identical"
    bare = project.report(*TABLE, "data.path=files/patients.csv", "data.explain=files/week.csv")
    lone = Path(shutil.copy(bare.directory / "report.pdf", tmp_path / "bare.pdf"))
    assert "points.0.data.path: needs the file 'patients.csv'" in verified(project, lone)[1]
    assert verified(project, lone, "--data", str(tmp_path))[-1] == f"{lone}: identical"


def test_data_model_and_method_of_ones_own(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the documentation says: three inputs, a net of one's own that is trained, a method of one's own."""
    shutil.copy(EXAMPLES / "own.py", project.root)
    words = ["data=factory", "data.factory=own:rows", "model=factory", "model.factory=own:net", "model.fit=auto",
             "method=[factory,occlusion]", "method.factory.factory=own:difference", "runner=inline"]  # fmt: skip
    monkeypatch.setenv("EXHIBIT_TRUSTED_MODULES", "")
    refused = project.report(*words)
    assert refused.status == 2
    assert "data.factory: the module 'own' is not trusted on this machine" in refused.stderr
    monkeypatch.setenv("EXHIBIT_TRUSTED_MODULES", "own")
    found = project.report(*words)
    page = (found.directory / "report.html").read_text()
    assert "The scan carries" in page
    evidence = json.loads((found.directory / "evidence.json").read_text())
    assert {item["name"] for item in evidence["local"].values()} == {"own:rows", "own:net", "own:difference"}
