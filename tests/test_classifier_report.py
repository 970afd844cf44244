"""A whole report on a text classifier of transformers, from the command line."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from exhibit.flows import cli
from tests.classifiers import reviews, saved
from tests.conftest import ISSUED, Project, Run, run
from tests.models.test_transformers import write


def test_what_is_no_folder_ends_with_exit_code_2_and_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write(tmp_path / "reviews.csv", *reviews(8))
    words = ["model=transformers", "model.path=org/some-model", "data=text", f"data.path={table}", "data.text=review"]
    assert cli.run(["report", *words, "method=[occlusion]", f"paths.runs={tmp_path / 'runs'}"]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("exhibit: model.path: there is no folder org/some-model")
    assert "\n" not in said
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow(80)
def test_a_report_of_a_folder_is_kept_by_content_and_derived_again(
    tmp_path: Path, new_project: Callable[[], Project]
) -> None:
    program = new_project().without_paper().root
    texts, labels = reviews()
    given = tmp_path / "given"
    given.mkdir()
    trained, verdicts = reviews(seed=1)  # by other reviews than those that are explained
    saved(given / "model", "bert", trained, [int(label == "good") for label in verdicts], epochs=8)
    long = " ".join(texts[:12])
    table = write(given / "reviews.csv", [*texts[:8], long], [*labels[:8], "bad"])
    kept = [f"paths.runs={tmp_path / 'runs'}", f"paths.store={tmp_path / 'store'}", "runner=inline", ISSUED]

    def report(model: Path) -> Run:
        words = [f"model.path={model}", "model=transformers", "data=text", f"data.path={table}", "data.text=review"]
        asked = [*words, "data.label=verdict", "method=[integrated_gradients,occlusion]", "check=[completeness]"]
        return run([sys.executable, "-m", "exhibit", "report", *asked, *kept], program)

    first = report(given / "model")
    page = (first.directory / "report.html").read_text()
    assert "1 of 9 texts are longer than the 40 tokens that are read of one" in page
    assert "the tokens that spell a word are added up" in page
    assert "text with the token [MASK] in the place of each of its tokens, special tokens kept" in page.lower().replace(
        "[mask]", "[MASK]"
    )
    assert "Words over all texts" in page
    assert "BertForSequenceClassification: 2 layers, 32 units" in page
    shutil.move(given / "model", given / "elsewhere")
    # Nothing is computed again but what is shown, whose key holds where files lie.
    assert report(given / "elsewhere").computed <= {"gather"}
    pdf = str(first.directory / "report.pdf")
    verified = run([sys.executable, "-m", "exhibit", "verify", pdf, "--data", str(given)], program)
    assert verified.status == 0, verified.stdout + verified.stderr
    assert "identical" in verified.stdout
