"""Every command in the README works as it is printed, and every choice that it names is there."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project, run

README = (ROOT / "README.md").read_text()
BLOCKS = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))
COMMANDS = [line.partition("  #")[0].strip() for line in BLOCKS.splitlines() if line.strip()]
EXHIBIT = [line for line in COMMANDS if line.startswith("exhibit ")]


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project], shared_store: Path) -> Project:
    made = new_project()
    (made.root / ".exhibit").symlink_to(shared_store)  # where the commands keep their results
    shutil.copytree(ROOT / "docs" / "examples", made.root / "docs" / "examples")
    return made


def test_there_are_commands_to_test() -> None:
    assert COMMANDS[:2] == ["make report", "make test"]
    assert len(EXHIBIT) >= 6


@pytest.mark.alone
@pytest.mark.slow(25)
@pytest.mark.parametrize("command", EXHIBIT)
def test_a_command_of_the_readme_runs(command: str, project: Project) -> None:
    """As printed, apart from the program's place; runs share one store, as a user's do."""
    words = shlex.split(command)[1:]
    done = run([sys.executable, "-m", "exhibit", *words], project.root)
    assert done.status == 0, done.stderr
    if words[0] == "report" and not {"--help", "--cfg"} & set(words):
        pdf = re.search(r"^pdf: (.+)$", done.stdout, re.MULTILINE)
        assert pdf is not None
        assert (project.root / pdf[1]).read_bytes().startswith(b"%PDF")


@pytest.mark.alone
@pytest.mark.slow(30)
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


@pytest.mark.parametrize("group", ["study", "data", "model", "target", "selection", "check"])
def test_the_choices_in_the_readme_are_the_files_in_conf(group: str) -> None:
    row = next(line for line in README.splitlines() if line.startswith(f"| `{group}` |"))
    named = set(re.findall(r"`(\w+)`", row.split("|")[2]))
    assert named == {path.stem for path in (ROOT / "conf" / group).glob("*.yaml")}


def test_pictures_in_the_readme_are_there() -> None:
    for name in re.findall(r"\]\((docs/[^)]+)\)", README):
        assert (ROOT / name).stat().st_size > 1000
