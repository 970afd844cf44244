"""`exhibit report ... --dry-run`: what the store holds is told as a run then finds it, and nothing is made."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from exhibit.flows.cli import run
from exhibit.flows.config import read_report
from exhibit.flows.dry_run import dry_run
from exhibit.tasks.records.base import InputError
from tests.conftest import Project

SMALL = ("data=iris", "model=random_forest", "model.trees=5", "target=index", "target.outputs=[setosa]",
         "method=[occlusion]", "check=[completeness]", "compute.chunk=60", "selection.limit=150")  # fmt: skip


def lines(words: Sequence[str], folder: Path) -> list[str]:
    return list(dry_run(read_report([*words, *places(folder)])))


def places(folder: Path) -> list[str]:
    return ["runner=inline", f"paths.runs={folder / 'runs'}", f"paths.store={folder / 'store'}"]


@pytest.fixture(scope="module")
def made(new_project: Callable[[], Project]) -> Project:
    """Where the small report was made."""
    project = new_project().without_paper()
    assert project.report("runner=inline", *SMALL).status == 0
    return project


@pytest.fixture
def done(made: Project) -> Path:
    """The folder of its run and its store."""
    return made.root


HELD = "in the store: load, describe, fit, predict, measure"


def test_of_a_report_that_was_never_made_nothing_is_there(tmp_path: Path) -> None:
    """And nothing is made."""
    found = lines(SMALL, tmp_path)
    assert found[1:3] == ["in the store: nothing", "to be computed: load, and what follows from it"]
    assert any(line.startswith("costs: the training about ") for line in found)
    assert found[-1] == "pages: to be made"
    assert not (tmp_path / "runs" / "index.html").exists()


def test_of_one_that_was_made_all_is_there(made: Project) -> None:
    """But for the pages, where these would be others: those of the project hold a title alone."""
    every = f"{HELD}, select, attribute, summarise, check, gather, draw"
    again = made.report("runner=inline", *SMALL, "--dry-run")
    assert again.stdout.splitlines()[1:] == [every, "pages: in the store; all that is left is to write the run"]
    assert len(list((made.root / "runs").glob("2*"))) == 1
    assert lines(SMALL, made.root)[1:] == [every, "pages: to be made"]


def test_what_is_asked_otherwise_is_to_be_computed(done: Path) -> None:
    """Another selection of the same model, whose training costs nothing any more."""
    fewer = lines([*SMALL, "selection.limit=20"], done)
    assert fewer[1:3] == [HELD, "to be computed: select, and what follows from it"]
    assert any(line.startswith("costs: the explanations about ") for line in fewer)
    [model] = [line for line in fewer if line.startswith("model: ")]
    assert "the trained one is in the store" in model
    assert "still to be trained" not in model


def test_of_several_calls_those_that_are_there_are_counted(done: Path) -> None:
    """Two methods over three chunks of sixty: those of one are there."""
    both = lines([*SMALL, "method=[occlusion,kernel_shap]"], done)
    assert both[1:3] == [
        f"{HELD}, select, attribute (3 of 6)",
        "to be computed: attribute (3 of 6), and what follows from it",
    ]


def test_what_a_report_would_end_with_ends_it(done: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="gradients"):
        lines([*SMALL, "method=[vanilla_grad]"], done)
    assert run(["report", *SMALL, *places(done), "--dry-run", "data=nothing"]) == 2
    assert "nothing" in capsys.readouterr().err


def test_what_cannot_be_printed_is_refused_as_by_the_report(done: Path) -> None:
    with pytest.raises(InputError, match="U\\+13000"):
        lines([*SMALL, 'document.title="𓀀"', "document.missing_glyphs=refuse"], done)
