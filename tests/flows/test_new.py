"""`exhibit new`: each folder works as it is written."""

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from exhibit.flows.cli import run
from exhibit.flows.errors import ConfigError
from exhibit.flows.new import new, offered
from tests.conftest import ROOT

COMBINATIONS = [(framework, kind) for kind, frameworks in offered().items() for framework in frameworks]
FAST = ("sklearn", "table")


def report(folder: Path, store: Path, *words: str) -> str:
    """What the README says, but with a store of the tests; the directory of the run."""
    environment = {
        **os.environ,
        "EXHIBIT_TRUSTED_MODULES": "own_model,own_data",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), "."]),
    }
    command = [sys.executable, "-m", "exhibit", *words, "study=own", "--config-dir", "conf", f"paths.store={store}"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 3), done.stderr
    return done.stdout


@pytest.mark.parametrize(("framework", "kind"), COMBINATIONS)
def test_a_folder_is_whole(framework: str, kind: str, tmp_path: Path) -> None:
    """Its code is Python, its settings are YAML, and its README names what is there."""
    files = new(tmp_path / "mine", framework, kind)
    assert {str(path.relative_to(tmp_path / "mine")) for path in (tmp_path / "mine").rglob("*.*")} == set(files)
    for name in files:
        text = (tmp_path / "mine" / name).read_text()
        assert "{{" not in text
        assert "{%" not in text
        if name.endswith(".py"):
            ast.parse(text)
        if name.endswith(".yaml"):
            assert yaml.safe_load(text)
    data = yaml.safe_load((tmp_path / "mine" / "conf" / "data" / "own.yaml").read_text())
    assert not {"title", "source"} & set(data)  # which a page would go on to say of whatever file took the place
    readme = (tmp_path / "mine" / "README.md").read_text()
    assert all(f"`{name}`" in readme for name in files if name != "README.md")


@pytest.mark.parametrize(
    ("framework", "kind"),
    [pytest.param(*pair, marks=pytest.mark.slow(5)) for pair in COMBINATIONS if pair != FAST],
)
def test_a_folder_works_at_once(
    framework: str,
    kind: str,
    tmp_path: Path,
    shared_store: Path,
    own_module: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its data are read, its model is run, and what that gives is said."""
    new(tmp_path / "mine", framework, kind)
    for module in (tmp_path / "mine").glob("own_*.py"):
        own_module(module.stem, module.read_text())
    monkeypatch.chdir(tmp_path / "mine")
    monkeypatch.setenv("EXHIBIT_TRUSTED_MODULES", "own_model,own_data")
    assert run(["check", "study=own", "--config-dir", "conf", f"paths.store={shared_store}"]) == 0
    assert "costs" in capsys.readouterr().out


def test_a_folder_works_in_a_process_of_its_own(tmp_path: Path, shared_store: Path) -> None:
    """As its README says."""
    new(tmp_path / "mine", *FAST)
    assert "costs" in report(tmp_path / "mine", shared_store, "check")


@pytest.mark.slow(30)
def test_a_report_is_made_in_a_folder(tmp_path: Path, shared_store: Path) -> None:
    new(tmp_path / "mine", *FAST)
    out = report(tmp_path / "mine", shared_store, "report", "runner=inline")
    directory = tmp_path / "mine" / out.splitlines()[-1].removeprefix("run: ")
    assert (directory / "report.pdf").is_file()


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(ConfigError, match="it is there already; give a name that is not"):
        new(tmp_path / "mine", "torch", "table")
    assert list((tmp_path / "mine").iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--kind", "picture"], "--kind picture: there is no such kind; allowed: image"),
        (["--framework", "jax"], "--framework jax: there is no such framework; allowed: keras, sklearn, torch"),
        (
            ["--framework", "sklearn", "--kind", "text"],
            "there is no example of a text model in it; allowed: keras, torch",
        ),
    ],
)
def test_what_there_is_no_example_of_is_said(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["new", str(tmp_path / "mine"), *words]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "mine").exists()
