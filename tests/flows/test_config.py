"""Facts of the config: the files in `conf`, sweeps, labels, and the validated report."""

from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import yaml
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models

from exhibit.flows.compose import CONF, Composed, compose_points, groups, point_name
from exhibit.flows.config import Report, read_report
from exhibit.flows.errors import ConfigError
from exhibit.flows.filed import FILED
from exhibit.tasks.document.spec import DocumentSpec
from tests.torchvision_stub import torchvision

STUDIES = groups()["study"]
# A value for each key that some option leaves open.
OPEN = {
    "factory": "own.models:build",
    "path": "folder",
    "paths": "[a.jpg]",
    "labels": "[cat]",
    "label": "kind",
    "text": "words",
    "estimator.path": "model.ubj",
    "torchvision.architecture": "resnet18",
    "timm.architecture": "resnet18",
    "keras_application.architecture": "ResNet50",
    "weights": "weights.safetensors",
}
# What fits a choice that does not fit the study `iris`: a net explained by gradients.
FITTING = {
    "tree_shap": "model=random_forest",
    "random_forest": "method=[occlusion]",
    "estimator": "method=[occlusion]",
    "gradient_boosting": "method=[occlusion]",
    **dict.fromkeys(("torchvision", "timm", "keras_application"), "data=scikit_image method=[occlusion]"),
    "transformers": "data=text data.path=texts.csv data.text=words",
}
REPORT_GROUPS = ("document", "runner", "compute")


@pytest.mark.parametrize("study", STUDIES)
def test_every_study_is_valid(study: str) -> None:
    """It composes to one point whose title is its own."""
    [point] = read_report([f"study={study}"]).points
    assert point.label == study
    assert point.title == yaml.safe_load((CONF / "study" / f"{study}.yaml").read_text())["title"]


def bare(folder: Path) -> None:
    """The files that the config of a text classifier is read from, and no more: a net of hardly any weights."""
    folder.mkdir()
    (folder / "config.json").write_text('{"architectures": ["BertForSequenceClassification"]}')
    save_file({"classifier.bias": np.zeros(2, np.float32)}, folder / "model.safetensors")
    Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]")).save(str(folder / "tokenizer.json"))


OPTIONS = sorted(file for file in CONF.glob("*/*.yaml") if file.parent.name not in FILED)


@pytest.mark.parametrize("file", OPTIONS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_option_is_valid_and_short(file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every YAML of a group of a point or report can be chosen in place of what some study has chosen; what it leaves
    open must be given."""
    assert len(file.read_text().splitlines()) <= 29
    monkeypatch.setenv("EXHIBIT_TRUSTED_MODULES", "own")
    monkeypatch.chdir(tmp_path)
    torchvision()
    bare(tmp_path / OPEN["path"])
    group, option = file.parent.name, file.stem
    if group == "study":  # `test_every_study_is_valid`
        return
    chosen = ["study=iris", f"{group}={option}"]
    chosen += FITTING[option].split() if option in FITTING else []
    place = f"{group}.{option}" if group in ("method", "check", "behaviour") else group
    missing = [key for key, value in yaml.safe_load(file.read_text()).items() if value == "???"]
    if missing:
        with pytest.raises(ConfigError, match=f"{place}.{missing[0]}: a value must be given"):
            read_report(chosen)
    read_report([*chosen, *(f"{place}.{key}={OPEN.get(f'{option}.{key}') or OPEN[key]}" for key in missing)])


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_only_selects(study: str) -> None:
    """It picks options of the groups of a point and sets a title, nothing else: else an override of a group would
    leave half of it behind."""
    content = yaml.safe_load((CONF / "study" / f"{study}.yaml").read_text())
    assert set(content) <= {"defaults", "title"}
    chosen = {key for entry in content["defaults"] if isinstance(entry, dict) for key in entry}
    assert not chosen & {f"override /{group}" for group in REPORT_GROUPS}


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (
            ["model=random_forest"],
            r"vanilla_grad needs gradients, but the model random_forest \(scikit-learn\)",
        ),
        (["method=[tree_shap]"], "tree_shap explains ensembles of trees, but the model mlp has none"),
        (["model=gradient_boosting", "method=[deep_shap]"], "deep_shap needs gradients, but the model gradient_boost"),
        (
            ["model=random_forest", "method=[occlusion]", "method.occlusion.layer=0"],
            "occlusion needs a layer, but the model random_forest",
        ),
    ],
)
def test_methods_that_a_model_cannot_answer_are_refused_before_anything_is_computed(
    overrides: list[str], said: str
) -> None:
    with pytest.raises(ConfigError, match=f"^method: {said}"):
        read_report(["study=iris", *overrides])


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        (r"data.factory=own\:rows", "data.factory=own:rows"),
        ("a='it\\'s'", "a=it's"),
        (r"a=[x\:y,z,1]", "a=[x:y,z,1]"),
        ("a=[{b: 'c:d'}]", "a=[{b:c:d}]"),
        ("a='1'", 'a="1"'),
        ("a=[x,y]", "a=[x,y]"),
    ],
)
def test_a_point_is_named_without_the_escapes_of_the_grammar(typed: str, label: str) -> None:
    """A text that would be a number without its quotes keeps them."""
    assert Composed((typed,), "own", {}).label == f"own, {label}"
    assert point_name([typed]) == f" (point {label})"


def labels(*overrides: str) -> list[str]:
    return [point.label for point in read_report(overrides).points]


@pytest.mark.parametrize(
    ("fixed", "swept"),
    [
        (["study=iris"], {"model.hidden": ["8", "16"], "model.seed": ["0", "1"]}),
        (["study=iris", "model.epochs=3"], {"method": ["[smooth_grad]", "[occlusion]"], "selection.show": ["1", "2"]}),
        (["study=digits"], {"method.integrated_gradients.layer": ["null", "0", "conv2d"]}),
        (["study=iris"], {"target.outputs": ["[predicted]", "[predicted,predicted]"], "title": ["A", "null"]}),
        (["study=iris", "data.reference.trees=7"], {"data.reference": ["null", "{trees:9}"]}),
    ],
)
def test_points_of_a_sweep_are_composed_as_if_each_were_alone(fixed: list[str], swept: dict[str, list[str]]) -> None:
    """They share what Hydra composes, and only that."""
    found = compose_points([*fixed, *(f"{key}={','.join(values)}" for key, values in swept.items())])
    alone = [
        [f"{key}={value}" for key, value in zip(swept, values, strict=True)] for values in product(*swept.values())
    ]
    assert [point.config for point in found] == [compose_points([*fixed, *one])[0].config for one in alone]
    assert [point.varied for point in found] == [tuple(one) for one in alone]


def test_a_comma_sweeps() -> None:
    """Every combination is a point, in the order of the overrides, named by what varies."""
    assert labels("study=iris") == ["iris"]
    assert labels("study=iris,digits") == ["iris", "digits"]
    assert labels("study=iris", "model.hidden=8,16", "model.epochs=3") == [
        "iris, model.hidden=8",
        "iris, model.hidden=16",
    ]
    assert len(labels("study=iris", "model.hidden=8,16", "model.seed=0,1")) == 4


def test_a_key_need_fit_only_the_points_of_the_call() -> None:
    """Both studies have the key; that the primary config has no model at all does not matter."""
    points = read_report(["study=digits,solubility", "model.epochs=3"]).points
    assert [point.model.model_dump()["epochs"] for point in points] == [3, 3]


def test_titles_tell_points_apart() -> None:
    assert [point.title for point in read_report(["study=iris", "model.hidden=8,16"]).points] == [
        "Iris, model.hidden=8",
        "Iris, model.hidden=16",
    ]


def test_glob_takes_all_that_match() -> None:
    assert labels("study=glob(i*)") == [study for study in STUDIES if study.startswith("i")]


def test_of_two_values_for_a_key_the_last_counts() -> None:
    assert labels("study=digits", "study=iris") == ["iris"]


def test_a_study_yields_to_the_command_line() -> None:
    """A method is chosen by name, several in brackets; its label is its name."""
    [point] = read_report(["study=iris", "method=[vanilla_grad]"]).points
    assert list(point.method) == ["vanilla_grad"]


def test_a_report_without_checks_is_possible() -> None:
    assert read_report(["study=iris", "check=[]"]).points[0].check == {}


def test_a_folder_of_ones_own_adds_options(tmp_path: Path) -> None:
    """A variant of a method is a YAML with another label; one report can hold both."""
    (tmp_path / "method").mkdir()
    (tmp_path / "method" / "mine.yaml").write_text("# @package method.mine\ndefaults: [vanilla_grad@_here_, _self_]\n")
    [point] = read_report(["study=iris", "method=[vanilla_grad,mine]"], tmp_path).points
    assert list(point.method) == ["vanilla_grad", "mine"]
    assert point.method["mine"] == point.method["vanilla_grad"]


def test_a_path_with_commas_and_spaces_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "my 'own', \"conf\""
    (folder / "study").mkdir(parents=True)
    (folder / "study" / "mine.yaml").write_text("# @package _global_\ndefaults: [/study/iris, _self_]\ntitle: Mine\n")
    assert [point.title for point in read_report(["study=mine"], folder).points] == ["Mine"]


def test_config_is_plain_data() -> None:
    """What Hydra composed has no interpolations and no types of Hydra's."""
    [point] = compose_points(["study=iris", "model.hidden=${model.epochs}"])
    assert type(point.config) is dict
    assert point.config["model"]["hidden"] == point.config["model"]["epochs"]


def test_a_report_survives_json() -> None:
    """A deployment carries the config as JSON and gets the same report back."""
    report = read_report(["study=iris,digits,solubility", "document.issued=2026-01-01"])
    assert Report.model_validate_json(report.model_dump_json()) == report


@pytest.mark.parametrize(
    ("given", "issued"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01", "2026-01-01T00:00:00Z"),
        ("2026-01-01T02:30:00+09:00", "2025-12-31T17:30:00Z"),
    ],
)
def test_issued_is_in_utc(given: str, issued: str) -> None:
    assert read_report(["study=iris", f"document.issued={given}"]).document.issued_at == issued


def test_without_a_date_the_document_is_of_today() -> None:
    """At midnight, so that the reports of one day are the same bytes."""
    before, issued, after = datetime.now(UTC), DocumentSpec().issued_at, datetime.now(UTC)
    assert issued in {f"{before:%Y-%m-%dT00:00:00Z}", f"{after:%Y-%m-%dT00:00:00Z}"}


@pytest.mark.parametrize(
    "shared", ["runner=inline,threads", "compute.threads=1,2", "paths.runs=a,b", "document.title=a,b"]
)
def test_what_belongs_to_the_report_does_not_vary(shared: str) -> None:
    with pytest.raises(ConfigError, match="belongs to the report"):
        read_report(["study=iris", shared])


def test_paths_are_the_users() -> None:
    report = read_report(["study=iris", "paths.runs=/tmp/a b", "paths.store=s"])
    assert (report.paths.runs, report.paths.store) == (Path("/tmp/a b"), Path("s"))


def test_nothing_from_the_environment_gets_into_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password in a variable is named by its key and refused; folders may come from there."""
    monkeypatch.setenv("SECRET", "hunter2")
    with pytest.raises(ConfigError, match=r"^document\.title: a value from the environment") as caught:
        read_report(["study=iris", "document.title=${oc.env:SECRET}"])
    assert "hunter2" not in str(caught.value)
    assert str(read_report(["study=iris", "paths.runs=${oc.env:SECRET}"]).paths.runs) == "hunter2"
