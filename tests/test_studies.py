"""The studies that need no file, end to end, and what their data makes true whatever the net learns."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from exhibit.tasks.data.names import NamesSpec
from tests.conftest import Memory, Project, Run

pytestmark = pytest.mark.slow(25)

CHECKS = "completeness,deletion,insertion,randomization,stability,agreement,sparseness,localization"


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    return new_project()


@pytest.fixture(scope="module")
def unprinted(new_project: Callable[[], Project]) -> Project:
    """For what is asked of numbers, verdicts and the HTML."""
    return new_project().without_paper()


@pytest.fixture(scope="module")
def multimodal(project: Project, shared_store: Path) -> Run:
    return project.report("study=multimodal", "runner=inline", store=shared_store)


def attributions(run: Run, name: str) -> dict[str, np.ndarray]:
    with np.load(run.directory / "attributions" / f"{name}.npz", allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def test_a_constant_text_is_exactly_zero_against_a_background_with_the_same_text(multimodal: Run) -> None:
    for method in ("deep_shap_published", "expected_gradients"):
        found = attributions(multimodal, f"multimodal/{method}")
        assert found["values/text"].shape == (100, 10, 1)
        assert not found["values/text"].any()
        assert found["values/image"].any()


def test_the_base_value_of_deep_shap_is_the_mean_prediction_of_its_background(multimodal: Run) -> None:
    """The background is all rows, so it is the mean of what is explained; and the parts add up to the rest."""
    found = attributions(multimodal, "multimodal/deep_shap_published")
    assert found["base_value"] == pytest.approx(np.full((100, 1), found["prediction"].mean()), rel=1e-5)
    parts = [found[f"values/{name}"] for name in ("context_1", "context_2", "context_3", "image", "text")]
    whole = sum(part.reshape(100, -1).sum(axis=1, dtype=np.float64) for part in parts)
    assert whole == pytest.approx((found["prediction"] - found["base_value"])[:, 0], abs=0.5)


def test_japanese_tokens_are_readable_on_paper_and_on_screen(multimodal: Run) -> None:
    pdf = multimodal.directory / "report.pdf"
    text = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True).stdout
    fonts = subprocess.run(["pdffonts", pdf], capture_output=True, text=True, check=True).stdout
    assert "吾輩は猫である" in text
    assert "NotoSansJP" in fonts.replace("-", "")  # which differ by the release of the font
    html = (multimodal.directory / "report.html").read_text()
    assert 'font-family:"Noto Sans JP"' in html
    assert len(html) < 5_000_000


def test_the_report_says_that_the_image_decides(multimodal: Run) -> None:
    html = (multimodal.directory / "report.html").read_text()
    assert "text is given exactly zero in every sample" in html
    assert "the mean prediction of all rows" in html


@pytest.mark.alone
def test_every_check_measures_a_keras_net(unprinted: Project, shared_store: Path) -> None:
    words = ("study=digits", "model.epochs=3", "selection.limit=30", f"check=[{CHECKS}]", "runner=inline")
    run = unprinted.report(*words, store=shared_store)
    found = json.loads((run.directory / "checks.json").read_text())
    verdicts = {item["check"]: item["verdict"] for item in found if item["method"] == "integrated_gradients"}
    assert set(verdicts) == set(CHECKS.split(","))
    silent = {name for name, verdict in verdicts.items() if verdict not in ("pass", "fail")}
    assert silent == {"localization"}  # nobody says where the digit is
    assert "WARNING" not in run.stderr
    assert "The 5 likeliest classes of each image" in (run.directory / "report.html").read_text()


# Two of them here, one of which asks no gradient; `REPRODUCE=all` asks for every one.
PHOTOS: list[tuple[str, list[str]]] = [
    ("photos_partition", ["method.partition_shap.max_evals=60"]),
    ("watermark", []),
]
if os.environ.get("REPRODUCE") == "all":
    layers = ("block2_conv1", "block4_conv1", "background_5", "background_80")
    draws = [f"method.{name}_abs.sampling.nt_samples=2" for name in ("smooth_grad", "bayes_grad")]
    PHOTOS += [
        ("photos_saliency", draws),
        ("photos_gradients_published", []),
        ("photos_layer", [f"method.gradient_shap_{name}.nsamples=10" for name in layers]),
    ]


@pytest.mark.alone
@pytest.mark.parametrize(("study", "options"), PHOTOS)
def test_a_study_of_photographs_runs(study: str, options: list[str], project: Project, shared_store: Path) -> None:
    few = ["data.train=8", "data.test=6", "model.epochs=1", "selection.limit=2", "selection.show=2", "runner=inline"]
    run = project.report(f"study={study}", *few, *options, store=shared_store)
    assert (run.directory / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.alone
def test_in_names_an_alcohol_raises_solubility_and_chlorine_lowers_it(unprinted: Project, shared_store: Path) -> None:
    """Letters that the net was never told the meaning of: "ol" at the end, "chlor" anywhere."""
    words = ["study=names", "method=[partition_shap_tokens]", "selection.limit=120", "runner=inline"]
    run = unprinted.report(*words, store=shared_store)
    found = attributions(run, "names/partition_shap_tokens")
    data = NamesSpec().load(Memory())
    names = dict(zip(data.sample_ids.tolist(), [str(name).lower() for name in np.array(data.names)], strict=True))
    sums: dict[str, list[float]] = {"ol": [], "chlor": []}
    for sample, values in zip(found["sample_ids"].tolist(), found["values/name"][..., 0], strict=True):
        name = names[sample][: values.shape[0]]
        places = {"ol": len(name) - 2 if name.endswith("ol") else -1, "chlor": name.find("chlor")}
        for piece, start in places.items():
            sums[piece] += [float(values[start : start + len(piece)].sum())] * (start >= 0)
    assert all(len(found) >= 5 for found in sums.values())
    assert np.mean(sums["ol"]) > 0.2
    assert np.mean(sums["chlor"]) < -0.1


@pytest.mark.alone
def test_motions_are_drawn_before_coloured_bands_channel_below_channel(unprinted: Project, shared_store: Path) -> None:
    """A net of 60 epochs reads all activities right; the sums of the bands are those of the method, and signs stand in
    words too."""
    run = unprinted.report("study=motions", "selection.limit=12", "runner=inline", store=shared_store)
    html = (run.directory / "report.html").read_text()
    for name in ("motions-integrated_gradients-samples", "motions-occlusion_windows-profile", "motions-importances"):
        assert f'id="figure-{name}"' in html
    assert html.count('class="trace scroll"') >= 1 + 2 * 3  # the front page, and three samples or more of two methods
    assert "accelerometer x" in html
    assert "time (s)" in html
    found = attributions(run, "motions/integrated_gradients")
    assert found["values/motion"].shape == (12, 100, 6, 1)
    total = found["values/motion"].sum(axis=(1, 2), dtype=np.float64)
    assert total == pytest.approx(found["prediction"] - found["base_value"], abs=0.2)
    importances = (run.directory / "importances.parquet").read_bytes()
    assert importances.startswith(b"PAR1")
    assert "WARNING" not in run.stderr


@pytest.mark.alone
def test_several_trainings_on_a_table_of_steps_are_compared_sample_by_sample(
    unprinted: Project, shared_store: Path
) -> None:
    """A bump in one window of time: each training puts it first, and the same samples stand side by side."""
    random, label = np.random.default_rng(0), np.arange(60) % 2
    values = random.normal(size=(60, 30))
    values[label == 1, 12:15] += 4
    heading = ",".join([*(f"t{step}" for step in range(30)), "y"])
    rows = [",".join([*(f"{value:.3f}" for value in row), str(y)]) for row, y in zip(values, label, strict=True)]
    (unprinted.root / "bumps.csv").write_text("\n".join([heading, *rows]) + "\n")
    words = [
        "data=series",
        "data.path=bumps.csv",
        "data.label=y",
        "model=series_net",
        "model.filters=8",
        "model.width=3",
    ]
    words += ["model.seed=0,1", "model.epochs=30"]
    words += ["method=[integrated_gradients]", "check=[completeness]", "runner=inline"]
    run = unprinted.report(*words, store=shared_store)
    html = (run.directory / "report.html").read_text()
    assert "steps 12 to 14" in html
    assert 'id="figure-comparison-samples-' in html or "under 2 results" in html
    found = json.loads((run.directory / "answers.json").read_text())["found"]
    assert all("12 to 14" in one["sentence"] for one in found[:2])
