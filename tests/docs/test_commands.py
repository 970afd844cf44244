"""Every command in the README and the documentation works as it is printed, and every choice that is named is there."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from exhibit.tasks.records.base import InputError
from tests.conftest import ROOT, Project
from tests.docs.pages import blocks, commands, sources, work_through

PAGES = [page for page in sources() if page.parent.name != "add"]  # those are worked through by tests of their own
TYPED = {page: [line for block in blocks(page) if block.language == "sh" for line in commands(block.text)]
         for page in PAGES}  # fmt: skip
EXHIBIT = [line for lines in TYPED.values() for line in lines if line.startswith("exhibit ")]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project], shared_store: Path) -> Project:
    """One store for all pages, as a user has one."""
    made = new_project()
    shutil.copytree(ROOT / "docs" / "examples", made.root / "docs" / "examples")
    (made.root / ".exhibit").symlink_to(shared_store)
    return made


def test_there_are_commands_to_test() -> None:
    assert TYPED[ROOT / "README.md"][:2] == ["make report", "make test"]
    assert len(EXHIBIT) >= 12


@pytest.mark.alone
@pytest.mark.slow(25)
@pytest.mark.parametrize("page", [page for page in PAGES if TYPED[page]], ids=name_of)
def test_the_commands_of_a_page_run(page: Path, project: Project) -> None:
    """As printed, one after another; each report is a PDF."""
    for block, done in work_through(page, project):
        assert done.status == 0, done.stderr
        reports = [line for line in commands(block.text) if line.startswith("exhibit report")]
        made = [line for line in reports if not {"--help", "--cfg", "--dry-run"} & set(line.split())]
        pdfs = re.findall(r"^pdf: (.+)$", done.stdout, re.MULTILINE)
        assert len(pdfs) == len(made)
        for pdf in pdfs:
            assert (project.root / pdf).read_bytes().startswith(b"%PDF")


@pytest.mark.slow
def test_make_report_ends_with_the_run_and_installs_nothing_twice(tmp_path: Path, shared_store: Path) -> None:
    """`make report` in this checkout, which is set up; one study, into a folder of the test."""
    studies = f"iris runner=inline paths.runs={tmp_path} paths.store={shared_store}"
    # A user types `make report`; within `make test` it would be told that it is a part of that.
    outside = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    environment = {**outside, "STUDIES": studies}
    done = subprocess.run(["make", "report"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if not (ROOT / ".venv" / "ready").exists():
        pytest.fail("run the suite with `make test`: it sets up .venv")
    assert done.returncode == 0, done.stderr
    assert "setting up" not in done.stdout
    assert done.stdout.splitlines()[-1].startswith("run: ")


@pytest.mark.parametrize("page", [*sources(), ROOT / "CONTRIBUTING.md"], ids=name_of)
def test_no_shell_takes_a_list_for_a_pattern(page: Path) -> None:
    """zsh refuses a bare `[...]`, `*` or `?` that matches no file: what is typed is in quotes."""
    texts = [block.text for block in blocks(page) if block.language in ("sh", "text")]
    texts += re.findall(r"^ {4}\S.*", page.read_text(), re.MULTILINE) if page.name == "CONTRIBUTING.md" else []
    typed = [line for text in texts for line in commands(text)]
    assert [line for line in typed if re.search(r"=[^\s]*[\[*?]", re.sub(r"'[^']*'|\"[^\"]*\"", "", line))] == []


def test_what_our_messages_say_to_type_is_in_quotes() -> None:
    """In the texts of the program, too."""
    bare = re.compile(r"(?:with|report \S+|and|out with) (?:data|document|method|selection)[\w.]*=\[")
    files = [path for folder in ("flows", "tasks") for path in (ROOT / folder).rglob("*.py")]
    assert [path.name for path in files if bare.search(path.read_text())] == []


def test_the_formats_of_weights_are_those_that_are_read(tmp_path: Path) -> None:
    """The guide lists what the readers know; of downloads Keras itself reads one more."""
    from exhibit.tasks.models.keras_training import _given as keras_given
    from exhibit.tasks.models.torch_training import _given as torch_given

    rows = re.findall(r"^\| (`\.[^|]+) \| ([^|]+) \|", (ROOT / "docs/guide/own.md").read_text(), re.MULTILINE)
    listed = {key: {name for names, nets in rows if key in nets for name in re.findall(r"`([^`]+)`", names)}
              for key in ("torch", "Keras")}  # fmt: skip
    for key, given in (("torch", torch_given), ("Keras", keras_given)):
        with pytest.raises(InputError) as caught:
            given(None, tmp_path / "net.pickle")
        assert set(str(caught.value).partition("give one of ")[2].split(", ")) == listed[key]


@pytest.mark.parametrize("group", ["study", "data", "model", "target", "selection", "check", "behaviour"])
def test_the_choices_that_are_named_are_the_files_in_conf(group: str) -> None:
    lines = (ROOT / "docs" / "commands.md").read_text().splitlines()
    row = next(line for line in lines if line.startswith(f"| `{group}` |"))
    named = set(re.findall(r"`(\w+)`", row.split("|")[2]))
    assert named == {path.stem for path in (ROOT / "conf" / group).glob("*.yaml")}


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=name_of)
def test_targets_of_make_and_files_that_are_named_are_there(page: Path) -> None:
    text = page.read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^(?: {4})?make (\w+)", text, re.MULTILINE)) <= targets
    for name in re.findall(r"\]\(([\w./-]+)\)", text):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"\]\((docs/[^)]+\.png)\)", text):
        assert (ROOT / name).stat().st_size > 1000
