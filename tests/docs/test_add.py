"""What the documentation says of adding to the program is done as it says, in a copy of the program."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project
from tests.docs.pages import blocks, changed, work_through


@pytest.fixture
def project(new_project: Callable[[], Project]) -> Project:
    """A copy of the program with what its own tests need."""
    made = new_project()
    for name in ("pyproject.toml", "tests/conftest.py", "tests/methods/conftest.py", "tests/checks/linear.py"):
        (made.root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, made.root / name)
    return made


@pytest.mark.parametrize("name", ["method", "check", "figure", "kind"])
def test_every_change_of_a_page_has_its_place(name: str) -> None:
    """In the files as they are today; that the result works is what the slow test below says."""
    files: dict[str, str] = {}
    for block in blocks(ROOT / "docs" / "add" / f"{name}.md"):
        if block.language == "diff":
            files[block.title] = changed(files.get(block.title) or (ROOT / block.title).read_text(), block.text)
        elif block.title:
            files[block.title] = block.text


@pytest.mark.slow
@pytest.mark.parametrize("name", ["method", "check", "figure", "kind"])
def test_adding_it_works_as_the_page_says(name: str, project: Project) -> None:
    """Every file of the page is written, every change made, every command typed; a report ends with a PDF."""
    typed = list(work_through(ROOT / "docs" / "add" / f"{name}.md", project))
    for _, done in typed:
        assert done.status == 0, done.stdout + done.stderr
    outputs = "".join(done.stdout for _, done in typed)
    assert "pdf: " in outputs
    assert "2 passed" in outputs
    reports = [Path(line.removeprefix("pdf: ")) for line in outputs.splitlines() if line.startswith("pdf: ")]
    assert all((project.root / pdf).read_bytes().startswith(b"%PDF") for pdf in reports)
