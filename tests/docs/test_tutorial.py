"""The notebook of the documentation runs as it stands, and shows what it says."""

import json
import os
from pathlib import Path

import pytest

from tests.conftest import ROOT

NOTEBOOK = ROOT / "docs" / "examples" / "tutorial.ipynb"


def test_the_notebook_is_kept_without_what_a_run_left() -> None:
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells)


@pytest.mark.slow(40)
def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a kernel of its own; page one is shown in a frame that may run nothing, and both models pass their checks."""
    import nbformat  # eight seconds: what else is tested starts without it
    from nbclient import NotebookClient

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [
        output.data
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "data" in output
    ]
    assert any('<iframe sandbox="" srcdoc=' in data.get("text/html", "") for data in shown)
    plain = [data["text/plain"] for data in shown]
    assert "(30, 13)" in plain
    assert "(20, 1, 8, 8)" in plain
    assert any("completeness" in text and "pass" in text for text in plain)
