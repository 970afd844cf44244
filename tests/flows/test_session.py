"""`exhibit.explain`: what a Python session holds is explained as the command explains what a factory gives."""

import re
import shlex
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from torch import nn

import exhibit
from exhibit.flows.calls import Calls
from exhibit.flows.config import Report, read_report
from exhibit.flows.engine import Inline
from exhibit.flows.kinds import KINDS
from exhibit.flows.points import Given, run_points
from exhibit.flows.progress import Watch
from exhibit.flows.verify import verify
from exhibit.tasks.methods.shap_alone import without_transformers
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.store import Store
from tests.conftest import ROOT

IRIS = load_iris(as_frame=True)
FRAME, SPECIES = IRIS.data.iloc[::5], IRIS.target.iloc[::5]
NUMBERS = FRAME.to_numpy(np.float32)
RANDOM = np.random.default_rng(0)


@pytest.fixture(scope="module")
def store(shared_store: Path) -> str:
    return str(shared_store)


@pytest.fixture
def net() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))


def targets_of(report: exhibit.Explanation, method: str) -> np.ndarray:
    return report.scores.query("method == @method").output.to_numpy()


def commands(report: exhibit.Explanation) -> list[list[str]]:
    """The words of each command that `config` prints, without `exhibit report`, for the module `mine`."""
    lines = [line.strip("# \\") for line in report.config.splitlines() if line.startswith("#  ")]
    return [shlex.split(one) for one in " ".join(lines).replace("MODULE", "mine").split("exhibit report")[1:]]


def from_study(report: exhibit.Explanation, folder: Path) -> Report:
    """What the command asks for that `config` prints for a file that holds all of it."""
    study = folder / "conf" / "study" / "own.yaml"
    study.parent.mkdir(parents=True)
    study.write_text(report.config, encoding="utf-8")
    words = commands(report)[1]
    at = words.index("--config-dir")
    return read_report(words[:at] + words[at + 2 :], folder / words[at + 1])


# --- numbers ---------------------------------------------------------------------------------------------------


def test_a_linear_function_is_explained_in_closed_form(store: str) -> None:
    """Shapley values of a weighted sum are weight times the distance from the mean."""
    X, weights = RANDOM.normal(size=(12, 3)), np.array([1.0, -2.0, 0.5])
    report = exhibit.explain(lambda rows: rows @ weights, X, method="kernel_shap", store=store)
    np.testing.assert_allclose(report.attributions["kernel_shap"], (X - X.mean(axis=0)) * weights, atol=1e-6)
    assert report.checks.verdict.tolist()[0] == "pass"


def test_integrated_gradients_are_those_of_captum(store: str, net: nn.Sequential) -> None:
    from captum.attr import IntegratedGradients

    report = exhibit.explain(net, NUMBERS, SPECIES, method={"integrated_gradients": {"n_steps": 64}}, check=[],
                             store=store)  # fmt: skip
    targets = torch.tensor(targets_of(report, "integrated_gradients"))
    baseline = torch.tensor(NUMBERS.mean(axis=0, dtype=np.float64, keepdims=True), dtype=torch.float32)
    captum = IntegratedGradients(net).attribute(
        torch.tensor(NUMBERS), baseline, target=targets, n_steps=64, method="riemann_middle"
    )
    np.testing.assert_allclose(report.attributions["integrated_gradients"], captum.detach().numpy(), atol=2e-6)


@without_transformers()
def test_trees_are_explained_as_shap_does(store: str) -> None:
    import shap

    X = pd.DataFrame(RANDOM.normal(size=(40, 4)), columns=["a", "b", "c", "d"])
    forest = RandomForestRegressor(10, max_depth=4, random_state=0).fit(X, X.a + 2 * X.b * X.c)
    report = exhibit.explain(forest, X, X.a, store=store)
    explainer = shap.TreeExplainer(forest, shap.maskers.Independent(X.to_numpy(), max_samples=len(X)))
    values = explainer.shap_values(X.to_numpy(), check_additivity=False)
    np.testing.assert_allclose(report.attributions["tree_shap"], values, atol=1e-6)
    assert report.importances.feature.tolist() == X.columns[np.argsort(-np.abs(values).mean(axis=0))].tolist()
    assert report.checks.set_index("check").verdict["completeness"] == "pass"


def test_a_frame_comes_back_in_its_types() -> None:
    """Truth values and whole numbers too, unless a method puts a mean in their place, which is none."""
    X = pd.DataFrame({"own": [True, False, True], "code": pd.array([1, 2, 2], "Int64"), "age": np.float32(3)})
    back = KINDS["table"].taken(X, None).back
    pd.testing.assert_frame_equal(back(np.array([[1, 1, 3.0], [0, 2, 3.0], [1, 2, 3.0]])), X)
    assert back(np.array([[0.5, 1.5, 3.0]])).dtypes.tolist() == [float, float, np.float32]


@pytest.mark.parametrize("labels", [["yes", "no"], [0, 1]])
def test_a_classifier_without_probabilities_is_refused(labels: list[Any], store: str) -> None:
    """The number of a class has no size that a mean could be taken of."""
    y = np.resize(labels, len(NUMBERS))
    with pytest.raises(exhibit.InputError, match="RidgeClassifier is a classifier without probabilities"):
        exhibit.explain(RidgeClassifier().fit(NUMBERS, y), NUMBERS, y, store=store)


def test_a_setting_stands_once_in_the_command(store: str) -> None:
    settings = {"paths.store": store, "compute.threads": 1, "title": "Mine"}
    report = exhibit.explain(lambda rows: rows[:, 0], np.eye(4), method="occlusion", check=[], settings=settings)
    for command in commands(report):
        keys = [word.partition("=")[0] for word in command]
        assert len(keys) == len(set(keys))
        assert keys.count("paths.store") == 1


def test_a_background_is_what_is_compared_with(store: str) -> None:
    X, rows, weights = RANDOM.normal(size=(6, 3)), RANDOM.normal(5, 1, (20, 3)), np.array([1.0, -2.0, 0.5])
    report = exhibit.explain(lambda rows: rows @ weights, X, X @ weights, background=rows, method="kernel_shap",
                             store=store)  # fmt: skip
    assert report.samples.tolist() == list(range(6))
    np.testing.assert_allclose(report.attributions["kernel_shap"], (X - rows.mean(axis=0)) * weights, atol=1e-6)


def test_the_same_model_by_command_and_from_python_gives_the_same_bits(
    store: str, tmp_path: Path, own_module: Callable[[str, str], None]
) -> None:
    """And the commands are those that `config` prints, with the names of two functions filled in."""
    own_module(
        "mine",
        "import numpy as np, torch\n"
        "from sklearn.datasets import load_iris\n"
        "def model():\n    torch.manual_seed(3)\n"
        "    return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))\n"
        "def rows():\n    iris = load_iris()\n    return iris.data[::5].astype(np.float32), iris.target[::5]\n"
        "def data():\n    X, y = rows()\n"
        "    return {'inputs': {'table': X}, 'labels': y, 'classes': ['0', '1', '2']}\n",
    )
    import mine

    X, y = mine.rows()
    report = exhibit.explain(mine.model(), X, y, check=["completeness"], store=store)
    assert '#   inputs "table": kind table, (30, 4) of float64\n#   labels: (30,), classification\n' in report.config
    assert '#   classes: ["0", "1", "2"]\n' in report.config
    typed = read_report(commands(report)[0])
    for place, wanted in (("typed", typed), ("study", from_study(report, tmp_path))):
        with Watch() as watch:
            calls = Calls(Store(tmp_path / place), Inline(), watch)
            (chapter,) = run_points(wanted.points, wanted.compute, calls, Given())
        ((_, _, done),) = chapter.attributed["integrated_gradients"][0]
        found = unpack(Attribution, calls.store.get(done["attribution"]))
        np.testing.assert_array_equal(found.values["table"][..., 0], report.attributions["integrated_gradients"])


def test_the_config_is_a_study(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that was asked for is in it, or in the command beside it: texts that YAML or OmegaConf would read otherwise,
    fewer settings than an option has, and what belongs to the whole report."""
    monkeypatch.setenv("EXHIBIT_TRUSTED_MODULES", "mine")
    settings = {
        "target.note": "1e5",
        "selection.because": "costs ${data.kind}",
        "selection.show": 2,
        "behaviour": ["partial_dependence"],
        "drawing.top_k": 3,
        "document.title": "Mine",
        "document.embed": ["data"],
    }
    report = explained(store, lambda rows: rows[:, 0], np.eye(4), method={"occlusion": {"baseline": "zero"}},
                       title="a: #1", settings=settings)  # fmt: skip
    typed = read_report(commands(report)[0])
    study = from_study(report, tmp_path)
    (point,) = study.points
    assert point.selection.because == "costs ${data.kind}"
    assert study == typed.model_copy(update={"points": (typed.points[0].model_copy(update={"label": "own"}),)})


def test_a_background_is_what_trees_are_compared_with(store: str) -> None:
    """By default, too: the expected value is the mean prediction of the background."""
    model = RandomForestClassifier(5, random_state=0).fit(NUMBERS, SPECIES)
    with warnings.catch_warnings(action="error", category=RuntimeWarning):  # the background has no labels
        report = explained(store, model, NUMBERS[:4], SPECIES[:4], background=NUMBERS[10:], target=1)
    assert list(report.attributions) == ["tree_shap"]
    assert '#   split: 4 times "explain", then 20 times "train", which are the background; ' in report.config
    expected = model.predict_proba(NUMBERS[10:])[:, 1].mean()
    np.testing.assert_allclose(report.scores.base_value, expected, atol=1e-9)


# --- what is taken ---------------------------------------------------------------------------------------------


def explained(store: str, *args: Any, **kwargs: Any) -> exhibit.Explanation:
    return exhibit.explain(*args, check=[], store=store, **kwargs)


def test_images_keep_their_layout_and_the_net_stays_as_it_is(store: str) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.Dropout(), nn.Flatten(), nn.Linear(72, 2))
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    X = torch.tensor(RANDOM.uniform(-1, 2, (4, 3, 8, 8)), dtype=torch.float32)
    report = explained(store, net, X, classes=["cat", "dog"], target="dog")
    assert report.attributions["integrated_gradients"].shape == (4, 3, 8, 8)
    assert '#   inputs "image": kind image, (4, 8, 8, 3) of float32, bounds (-' in report.config
    assert '#   labels: none\n#   classes: ["cat", "dog"]\n' in report.config
    assert set(report.scores.output) == {1}
    assert all(module.training for module in net.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == (threads, strict)
    net.eval()
    score = net(X)[:, 1].detach().numpy()
    np.testing.assert_allclose(report.scores.prediction, score, atol=1e-5)


def test_a_check_with_random_weights_leaves_the_net_its_own(store: str, net: nn.Sequential) -> None:
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    report = exhibit.explain(
        net, NUMBERS, method="integrated_gradients", check={"randomization": {"samples": 4}}, store=store
    )
    assert report.checks.verdict[0] in {"pass", "undecided"}
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


def test_a_net_that_cannot_be_copied_is_not_asked_with_random_weights(store: str, net: nn.Sequential) -> None:
    net.register_buffer("weighed", net[0].weight.sum(dim=0), persistent=False)  # a tensor of a graph
    with pytest.raises(exhibit.InputError, match="with other weights than its own, as by the check randomization"):
        exhibit.explain(net, NUMBERS, method="integrated_gradients", check=["randomization"], store=store)


def test_pictures_and_a_function_of_arrays(store: str) -> None:
    """A mean of the red channel: all of it is in that channel."""
    pictures = [Image.fromarray(RANDOM.integers(0, 256, (6, 6, 3), dtype=np.uint8)) for _ in range(3)]
    report = explained(store, lambda images: images[..., 0].mean(axis=(1, 2)), pictures,
                       method={"occlusion": {"sliding_window_shapes": 6, "strides": 6}})  # fmt: skip
    found = report.attributions["occlusion"]
    assert found.shape == (3, 6, 6, 3)
    reds = np.stack([np.asarray(picture)[..., 0].mean() for picture in pictures])
    np.testing.assert_allclose(report.scores.prediction, reds, rtol=1e-5)


@pytest.mark.parametrize("mode", ["P", "HSV", "YCbCr", "CMYK", "RGB"])
def test_numbers_of_a_picture_are_amounts_of_light(mode: str, store: str) -> None:
    """Places in a palette were explained as grey, and hues as red."""
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 5, 3)).astype(np.uint8)
    pictures = [Image.fromarray(one).convert(mode) for one in pixels]
    asked = {"kind": "image", "method": "occlusion"}
    if mode == "RGB":
        assert explained(store, brightness, pictures, **asked).scores.prediction.tolist() == brightness(pixels).tolist()
        return
    with pytest.raises(exhibit.InputError, match=rf"in mode {mode} was given, .* give picture.convert\("):
        explained(store, brightness, pictures, **asked)


def brightness(pictures: Any) -> Any:
    return np.asarray(pictures, np.float64).mean(axis=(1, 2, 3))


def test_what_one_output_of_a_function_is_does_not_change_from_batch_to_batch(store: str) -> None:
    """Margins, of which some batches have all between 0 and 1: these are still no probabilities."""
    rows = np.linspace(-3, 3, 30)[:, np.newaxis] * [1.0, 0.1]
    found = explained(store, lambda X: X[:, 0], rows, (rows[:, 0] > 0).astype(int), method="occlusion",
                      settings={"compute.batch": 3})  # fmt: skip
    np.testing.assert_allclose(found.scores.prediction, rows[:, 0])


def test_the_numbers_of_classes_are_no_amounts(store: str) -> None:
    model = LogisticRegression().fit(NUMBERS, SPECIES)
    with pytest.raises(exhibit.InputError, match=r"it gives the numbers of classes, .* give the classifier itself"):
        explained(store, model.predict, NUMBERS, SPECIES)


@pytest.mark.parametrize("told", [True, False])
def test_a_net_that_takes_channels_first_and_last_is_asked_about(told: bool, store: str) -> None:
    """A line of torch over flat pictures takes both, and makes something else of each: which is meant is no guess."""
    pictures, line = RANDOM.uniform(size=(3, 4, 5, 3)).astype(np.float32), nn.Linear(60, 1)
    net = nn.Sequential(nn.Flatten(), line)
    if not told:
        with pytest.raises(
            exhibit.InputError, match=r"with channels first, as nets of torch do, .* with channels last,"
        ):
            explained(store, net, pictures)
        return
    report = explained(store, net, pictures, preprocess=lambda images: images)
    shares = pictures * line.weight.detach().numpy().reshape(4, 5, 3)
    np.testing.assert_allclose(report.attributions["integrated_gradients"], shares, atol=1e-5)


@pytest.mark.parametrize(("unit", "zero"), [(1e-7, 0.0), (1.0, 2000.0)])
def test_a_net_whose_outputs_are_small_or_far_from_zero_is_asked_about_its_channels_too(
    unit: float, zero: float, store: str
) -> None:
    pictures, line = RANDOM.uniform(size=(3, 4, 5, 3)).astype(np.float32), nn.Linear(60, 1)
    with torch.no_grad():
        line.weight.mul_(unit)
        line.bias.fill_(zero)
    with pytest.raises(exhibit.InputError, match=r"with channels first, as nets of torch do, .* with channels last,"):
        explained(store, nn.Sequential(nn.Flatten(), line), pictures)


def test_a_net_that_takes_pictures_only_as_they_are_given_is_given_them_so(store: str) -> None:
    class Last(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images[:, 1, 4, 2].unsqueeze(1) * 7

    pictures = RANDOM.uniform(size=(3, 4, 5, 3)).astype(np.float32)
    found = explained(store, Last(), pictures).attributions["integrated_gradients"]
    np.testing.assert_allclose(found[:, 1, 4, 2], 7 * pictures[:, 1, 4, 2], rtol=1e-4)
    assert np.count_nonzero(found) == 3


def test_sentences_come_to_a_function_as_they_were(store: str) -> None:
    """One that counts "good" has all of its score at that word, whatever the spaces and signs around it."""
    texts = ["A good  film, isn't it?", "not so", "good good.", "良い映画 good"]
    seen: set[str] = set()

    def model(sentences: list[str]) -> np.ndarray:
        seen.update(sentences)
        return np.array([float(text.count("good")) for text in sentences])

    report = explained(store, model, texts)
    assert set(texts) <= seen
    found = report.attributions["partition_shap_tokens"]
    np.testing.assert_allclose(found.sum(axis=1), [1, 0, 2, 1], atol=1e-6)
    np.testing.assert_allclose(found[0, 1], 1, atol=1e-6)
    np.testing.assert_allclose(found[3, 4], 1, atol=1e-6)


def test_a_text_pipeline_of_scikit_learn(store: str) -> None:
    texts = ["good film", "bad film", "good", "bad play", "a good play", "so bad"]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, ["yes", "no"] * 3)
    report = explained(store, model, texts, ["yes", "no"] * 3, target="yes")
    word = report.attributions["partition_shap_tokens"]
    assert word[0, 0] > 0.05
    assert word[1, 0] < -0.05


class _Words(nn.Module):
    """Adds up a number for each word."""

    def __init__(self, words: nn.Embedding | nn.EmbeddingBag) -> None:
        super().__init__()
        self.words = words

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.words(ids)
        return found.sum(dim=1) if found.ndim == 3 else found


@pytest.mark.parametrize(
    ("words", "method", "notes"),
    [
        (nn.Embedding(9, 1), "integrated_gradients", []),
        (
            nn.EmbeddingBag(9, 1, mode="sum"),
            "partition_shap_tokens",
            ["method: partition_shap_tokens is taken, as integrated_gradients cannot be"],
        ),
    ],
)
def test_a_net_of_words_is_explained_by_its_gradients_where_one_layer_embeds_them(
    words: nn.Embedding | nn.EmbeddingBag, method: str, notes: list[str], store: str
) -> None:
    """What a word says is its number, less that of no word, which is 0 here; a bag has no vector of a single word."""
    with torch.no_grad():
        words.weight[:, 0] = torch.arange(9.0) ** 2
    report = explained(store, _Words(words), ["good film", "film"])
    assert [note.partition(": method.")[0] for note in report.notes] == notes
    found = report.attributions[method].reshape(2, 2)
    np.testing.assert_allclose(sorted(found[0]), [1, 4], atol=1e-3)
    np.testing.assert_allclose(found[1], [found[0, 1], 0], atol=1e-3)


def test_smiles_and_a_net_with_a_preprocess(store: str) -> None:
    """A net that counts oxygen after an embedding of atoms: what an atom says is what its embedding says."""
    from rdkit import Chem

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(60, 1)
            with torch.no_grad():
                self.embed.weight[:] = 0
                self.embed.weight[8] = 1

        def forward(self, atoms: torch.Tensor) -> torch.Tensor:
            return self.embed(atoms).sum(dim=1)

    def atoms(smiles: list[str]) -> torch.Tensor:
        numbers = [[atom.GetAtomicNum() for atom in Chem.MolFromSmiles(one).GetAtoms()] for one in smiles]
        longest = max(map(len, numbers))
        return torch.tensor([one + [0] * (longest - len(one)) for one in numbers])

    report = explained(store, Net(), ["CCO", "OCC", "CCC"], preprocess=atoms)
    np.testing.assert_allclose(report.attributions["integrated_gradients"].sum(axis=(1, 2)), [1, 1, 0], atol=1e-5)


def test_a_model_without_trees_has_another_default_and_says_why(store: str, capfd: pytest.CaptureFixture[str]) -> None:
    model = SVC(probability=False).fit(NUMBERS, SPECIES)
    report = explained(store, LinearRegression().fit(NUMBERS, SPECIES), NUMBERS[:5])
    assert list(report.attributions) == ["kernel_shap"]
    (note,) = report.notes
    assert note.startswith("method: kernel_shap is taken, as tree_shap cannot be: SHAP does not explain this LinearReg")
    assert note in capfd.readouterr().err
    assert exhibit.explain(model.decision_function, NUMBERS[:5], store=store, check=[]).targets


def test_names_and_classes_of_an_estimator_are_its_own(store: str) -> None:
    words = IRIS.target_names[SPECIES]
    model = RandomForestClassifier(5, random_state=0).fit(NUMBERS, words)
    report = explained(store, model, NUMBERS, words, names=["a", "b", "c", "d"], target="virginica")
    assert set(report.importances.feature) == {"a", "b", "c", "d"}
    assert set(report.scores.output) == {2}
    np.testing.assert_allclose(report.scores.prediction, model.predict_proba(NUMBERS)[:, 2], atol=1e-9)


@pytest.mark.parametrize("labels", [[30, 10, 20], [2.5, 0.5, 1.5], [3, 1, 2]])
def test_classes_of_a_net_are_called_by_its_labels_in_their_order(
    labels: list[float], net: nn.Sequential, store: str
) -> None:
    given = np.array(labels)[SPECIES.to_numpy()]
    first = str(min(labels))
    report = explained(store, net, NUMBERS, given, method="vanilla_grad", target=first)
    assert set(report.scores.output) == {0}
    assert report.scores.query("output == 0").shape[0] == len(NUMBERS)


def test_categories_of_pandas_state_the_order_of_the_outputs(net: nn.Sequential, store: str) -> None:
    """As their codes, by which a net is trained, have it; letters would begin with high."""
    order = ["low", "medium", "high"]
    given = pd.Series(pd.Categorical.from_codes(SPECIES.to_numpy(), order))
    report = explained(store, net, NUMBERS, given, method="vanilla_grad", target="high")
    assert set(report.scores.output) == {2}


def test_several_inputs_by_name(store: str) -> None:
    X = {"left": RANDOM.normal(size=(5, 2)), "right": RANDOM.normal(size=(5, 3))}
    report = explained(store, lambda both: both["left"].sum(axis=1) - both["right"].sum(axis=1), X)
    found = report.attributions["kernel_shap"]
    np.testing.assert_allclose(found["left"], X["left"] - X["left"].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(found["right"], X["right"].mean(axis=0) - X["right"], atol=1e-6)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost", "catboost"])
def test_boosters(library: str, store: str) -> None:
    if library == "lightgbm":
        from lightgbm import LGBMClassifier

        model = LGBMClassifier(n_estimators=5, min_child_samples=2, verbose=-1, n_jobs=1)
    elif library == "xgboost":
        from xgboost import XGBClassifier

        model = XGBClassifier(n_estimators=5, n_jobs=1)
    else:
        from catboost import CatBoostClassifier

        model = CatBoostClassifier(iterations=5, verbose=False, thread_count=1, allow_writing_files=False)
    model.fit(NUMBERS, SPECIES)
    report = explained(store, model, NUMBERS[:4], SPECIES[:4], classes=IRIS.target_names)
    (values,) = report.attributions.values()
    assert values.shape == (4, 4)
    found = report.scores
    np.testing.assert_allclose(values.sum(axis=1), found.prediction - found.base_value, atol=2e-2)
    np.testing.assert_allclose(found.prediction, model.predict_proba(NUMBERS[:4]).max(axis=1), atol=1e-5)


# --- several labels --------------------------------------------------------------------------------------------

WEIGHTS = np.array([[1.0, 2.0, 0.0, 0.0], [0.0, -1.0, 3.0, 0.5]])
SIZES = pd.DataFrame(NUMBERS @ WEIGHTS.T, columns=["height", "mass"])
HOLDS = (SIZES.to_numpy() > SIZES.to_numpy().mean(axis=0)).astype(int)


def test_each_of_several_labels_is_explained_by_name(store: str) -> None:
    """The effect of a column on each label of a linear model is its own weight times the distance from the mean; with
    the same labels as an array and a list of names it is the same."""

    def linear(rows: Any) -> Any:
        return rows @ WEIGHTS.T

    first = explained(store, linear, NUMBERS, SIZES, method="occlusion")
    second = explained(
        store, linear, NUMBERS, SIZES.to_numpy(), label=["height", "mass"], target="mass", method="occlusion"
    )
    distance = NUMBERS - NUMBERS.mean(axis=0, dtype=np.float64)
    assert (first.targets, second.targets) == (("height",), ("mass",))
    np.testing.assert_allclose(first.attributions["occlusion"], distance * WEIGHTS[0], atol=1e-5)
    np.testing.assert_allclose(second.attributions["occlusion"], distance * WEIGHTS[1], atol=1e-5)


def test_labels_of_0_and_1_may_hold_together(store: str) -> None:
    """Each output is read by itself: its logit is what stands before the sigmoid."""
    layer = nn.Linear(4, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(WEIGHTS)), layer.bias.zero_()
    net = nn.Sequential(layer, nn.Sigmoid())
    report = explained(store, net, NUMBERS, HOLDS, label=["tall", "heavy"], target="heavy",
                       method="integrated_gradients")  # fmt: skip
    np.testing.assert_allclose(report.scores.prediction, NUMBERS[report.samples] @ WEIGHTS[1], rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"target": ["height", "mass"]}, "target: an explanation is of one label; give one of height, mass"),
        ({"target": "width"}, "target: 'width' is no label; allowed are height, mass"),
        (
            {"y": SIZES.assign(width=SIZES.mass + 0.25)},
            "y: it has 3 labels, height, mass, width, but the model gives 2 outputs",
        ),
        ({"y": SIZES.assign(mass="heavy")}, "y: its columns height, mass are several labels"),
        ({"y": SIZES.to_numpy(), "label": ["height"]}, "y: height are the names of 2 columns of labels"),
        ({"y": SIZES.mass, "task": "multi_label"}, "y: several labels are an array (samples, labels)"),
        ({"y": SIZES[:3]}, "y: 3 labels were given for 30 samples of X"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "-".join(value),
)
def test_what_is_wrong_about_several_labels_is_said(change: dict[str, Any], said: str, store: str) -> None:
    with pytest.raises(exhibit.InputError, match=re.escape(said)):
        explained(
            store, **{"model": lambda rows: rows @ WEIGHTS.T, "X": NUMBERS, "y": SIZES, "method": "occlusion"} | change
        )


# --- what is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"X": np.zeros((0, 4))}, "X: its values are of shape (0, 4), so there is nothing to explain"),
        ({"X": [np.zeros((2, 2)), np.zeros((3, 3))]}, "X: its samples have different shapes"),
        ({"X": object()}, "X: an object was given"),
        ({"X": np.zeros(4)}, "X: an array of shape (4,) was given"),
        ({"X": np.full((3, 4), np.nan)}, "has missing or infinite values in 3 of 3 rows"),
        ({"y": [0, 1]}, "y: 2 labels were given for 30 samples of X"),
        (
            {"y": np.array([b"a", b"b", b"c"] * 10)},
            "y: a label is a number, a word or a truth value, not of type bytes",
        ),
        ({"y": ["a"] * 29 + ["b"]}, "y: its labels are a, b, and the model has 3 outputs; give classes, all values"),
        (
            {"y": ["1", "2", "10"] * 10},
            "labels are words, 1, 10, 2 by their letters and 1, 2, 10 by their size: which is",
        ),
        (
            {"y": [1] * 29 + [2]},
            "y: its labels are 1, 2, and the model has 3 outputs: whether these are counted from 0",
        ),
        ({"target": "setosa"}, "target: 'setosa' is no class"),
        ({"target": 7}, "target"),
        ({"method": "integrated_gradient"}, "integrated_gradient"),
        ({"method": "tree_shap"}, "tree_shap"),
        ({"check": ["complete"]}, "complete"),
        ({"settings": {"selection.limits": 3}}, "selection.limits"),
        ({"kind": "picture"}, "kind: 'picture' is not known"),
        ({"model": 3}, "model: a torch module, a Keras model, a fitted scikit-learn estimator or a function"),
        ({"model": lambda rows: rows[:1]}, "model: for 64 samples it returned an array of shape (1, 4)"),
        ({"model": lambda rows: 1 / 0}, "ZeroDivisionError"),
        ({"model": nn.Linear(5, 3)}, "model: the Linear of this session cannot predict this data"),
        ({"model": nn.Linear(6, 3)}, "or the columns of the data (of a file: data.features, data.ignore)"),
        ({"background": [[1, 2, 3, 4]]}, "background: list was given, and X is ndarray"),
        ({"names": ["a"]}, "X: features lists 1 name, but the table has 4 columns"),
        ({"preprocess": len, "model": lambda rows: rows}, "preprocess: only nets take one"),
        ({"model": lambda a, b: a}, "model: it is called with one thing, samples as they are in X (<lambda>() missing"),
        ({"model": lambda **parts: parts}, "model: it is called with one thing, samples as they are in X (<lambda>()"),
        ({"model": lambda rows: [[1], [1, 2]] * 32}, "model: it returned a list, which is no array of numbers"),
        (
            {"model": lambda rows: np.ma.masked_less(rows[:, 0], 9)},
            "model: it gives nan for 'row 0', output 'label', and no finite numbers for",
        ),
        (
            {"model": lambda a, b: a, "X": {"a": NUMBERS, "b": NUMBERS}},
            "samples as they are in X, a dictionary of its inputs by name (<lambda>() missing",
        ),
        (
            {"model": lambda rows: rows[:, 99], "X": np.zeros((9, 8, 8, 3), np.float32), "kind": "image"},
            "IndexError, index 99 is out of bounds for axis 1 with size 8; the data gives for each sample 'image'",
        ),
        ({"model": lambda rows: 1e300 * rows.astype(float)}, "and numbers beyond 1e+150 for"),
        ({"model": lambda rows: rows[:, 0], "y": 1e300 * NUMBERS[:, 0].astype(float)}, "data.label: labels from"),
        ({"model": lambda rows: rows[:, 0], "y": 1e-300 * NUMBERS[:, 0].astype(float)}, "data.label: labels from"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "-".join(value),
)
def test_a_sentence_says_what_is_wrong(change: dict[str, Any], said: str, net: nn.Sequential, store: str) -> None:
    given = {"model": net, "X": NUMBERS, "check": []} | change
    with pytest.raises(exhibit.InputError) as refused:
        exhibit.explain(**given, store=store)
    assert said in str(refused.value)
    assert "exhibit.memory" not in str(refused.value)


@pytest.mark.parametrize("framework", ["numpy", "torch"])
def test_an_answer_that_is_written_over_by_the_next_one_counts_as_it_was_given(framework: str, store: str) -> None:
    """Some models keep one array for all their answers."""
    kept = torch.zeros(1024, 1)

    class Net(nn.Module):
        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            return kept[: len(rows)].copy_(rows[:, :1] - 2 * rows[:, 1:2])

    def function(rows: Any) -> Any:
        kept[: len(rows), 0] = torch.as_tensor(rows[:, 0] - 2 * rows[:, 1])
        return kept.numpy()[: len(rows), 0]

    model: Any = Net() if framework == "torch" else function
    some = np.concatenate([NUMBERS, -NUMBERS, 2 * NUMBERS]).astype(np.float32)
    report = exhibit.explain(model, some, method="occlusion", check=[], settings={"compute.batch": 16}, store=store)
    (found,) = report.attributions.values()
    away = some - some.mean(axis=0)
    np.testing.assert_allclose(found[:, :2], away[:, :2] * (1, -2), atol=1e-5)


class Remembering(nn.Module):
    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        self.seen = rows.detach()
        return rows[:, :1] - 2 * rows[:, 1:2]


class Caching:
    def __init__(self) -> None:
        self.known: dict[bytes, Any] = {}

    def predict(self, rows: Any) -> Any:
        return self.known.setdefault(rows.tobytes(), rows[:, 0] - 2 * rows[:, 1])


@pytest.mark.parametrize("model", [Remembering(), Caching()], ids=["keeps what it was asked", "keeps its answers"])
def test_a_model_that_keeps_what_it_was_asked_is_the_same_model(model: Any, store: str) -> None:
    """It holds something else after each question, and predicts the same."""
    for rows in (slice(None), slice(100)):
        report = exhibit.explain(model, NUMBERS[rows], method="occlusion", check=[], store=store)
        (found,) = report.attributions.values()
        away = NUMBERS[rows] - NUMBERS[rows].mean(axis=0)
        np.testing.assert_allclose(found[:, :2], away[:, :2] * (1, -2), atol=1e-4)


# --- pages, and where it runs ----------------------------------------------------------------------------------

SCRIPT = """
import numpy as np, sys
import exhibit
from torch import nn
import torch

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(3, 2)
    def forward(self, rows):
        return self.line(rows)

def weighted(rows):
    return rows @ np.array([1.0, 2.0, 3.0])

if __name__ == "__main__":
    X = np.arange(12.0).reshape(4, 3) ** 2
    torch.manual_seed(0)
    for model in (Net(), weighted):
        report = exhibit.explain(model, X, check=[], store=sys.argv[1])
        print(*(f"{value:.6g}" for value in report.importances["mean"]))
"""


@pytest.mark.slow(15)
def test_a_function_and_a_class_of_a_script_are_explained_and_kept(tmp_path: Path) -> None:
    """Without a source that could be imported; a second run of the script computes nothing."""
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "script.py", "store"]
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": "", "OMP_NUM_THREADS": "1"}
    first, second = (
        subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        for _ in range(2)
    )
    assert first.returncode == 0, first.stderr
    assert second.stdout == first.stdout
    assert len(first.stdout.splitlines()) == 2
    stages = [line for line in second.stderr.splitlines() if "done" in line or "from the store" in line]
    assert all(line.endswith("from the store") for line in stages), second.stderr


def test_another_model_of_the_same_shape_is_not_taken_for_the_first(store: str, net: nn.Sequential) -> None:
    first = explained(store, net, NUMBERS[:4])
    with torch.no_grad():
        net[0].weight += 1
    again = explained(store, net, NUMBERS[:4])
    assert not np.allclose(first.attributions["integrated_gradients"], again.attributions["integrated_gradients"])


@pytest.mark.slow(25)
def test_pages_are_written_when_they_are_asked_for(tmp_path: Path, net: nn.Sequential) -> None:
    """Those of the command; and verify says what is missing: a model in memory has no source, data may be embedded."""
    folder = tmp_path / "store"
    report = exhibit.explain(net, NUMBERS, SPECIES, check=["completeness"], store=folder, title="Flowers",
                             settings={"document.embed": ["data"], "document.issued": "2026-01-01"})  # fmt: skip
    page = report._repr_html_()
    assert page.startswith('<iframe sandbox="" srcdoc="&lt;!DOCTYPE html&gt;')
    assert "Can the model be trusted?" in page
    assert "script" not in page.partition("srcdoc")[0]
    out = tmp_path / "out"
    for _ in range(2):  # the second replaces the first
        assert report.write(out) == out
    assert {"report.pdf", "report.html", "evidence.json", "manifest.json"} <= {path.name for path in out.iterdir()}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".exhibit")] == []
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    with pytest.raises(exhibit.InputError, match="is there and is no report"):
        report.write(tmp_path / "notes")
    found = verify(out)
    assert found.outcome == "not derivable"
    (said,) = found.findings
    assert "needs the object 'exhibit.memory.torch:model_" in said
    assert "not derivable from the report alone" in said
    assert verify(out, integrity_only=True).outcome == "intact"


@pytest.mark.slow(15)
def test_a_keras_net_is_explained_where_tensorflow_has_started(store: str) -> None:
    """With as many threads as it has; and it is left as it is."""
    code = f"""
import numpy as np, keras, exhibit
net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
before = net.predict(X, verbose=0)
report = exhibit.explain(net, X, check=["completeness", "randomization"], store={store!r})
assert report.checks.verdict[0] == "pass", report.checks
assert (net.predict(X, verbose=0) == before).all()
weights, bias = net.get_weights()
chosen = weights[:, report.scores.output].T
assert np.allclose(report.attributions["integrated_gradients"], (X - X.mean(axis=0)) * chosen, atol=1e-5)
"""
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT / "src"), "PATH": ""},
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_pipeline_is_explained_on_its_own_columns(store: str) -> None:
    """Words, numbers and gaps as they are: of a model that knows the word alone, all is the word's."""
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OneHotEncoder

    X = pd.DataFrame({"town": ["Oslo", "Bergen"] * 10, "age": [*range(19), None]})
    y = np.where(X.town == "Oslo", 3.0, 1.0)
    encoded = ColumnTransformer([("town", OneHotEncoder(), ["town"])])
    report = explained(store, make_pipeline(encoded, LinearRegression()).fit(X, y), X, y)
    (values,) = report.attributions.values()
    assert values.shape == (20, 2)
    np.testing.assert_allclose(values[:, 1], 0, atol=1e-9)
    assert report.importances.feature[0] == "town"


def test_a_function_of_smiles_is_explained_by_its_atoms(store: str) -> None:
    """Of a model that adds up weights of elements each atom has its own weight, in rings, ions and with hydrogens."""
    from rdkit import Chem

    weights = {"C": 0.5, "O": -2.0, "N": 3.0, "Cl": 1.25, "Na": 4.0}

    def elements(smiles: str) -> list[float]:
        return [weights.get(atom.GetSymbol(), 0.0) for atom in Chem.MolFromSmiles(smiles).GetAtoms()]

    def added(smiles: list[str]) -> list[float]:
        return [sum(elements(one)) for one in smiles]

    X = ["OCC", "c1cc[nH]c1", "[Na+].[Cl-]", "C[C@H](N)C(=O)O", "O=c1cc[nH]c(=O)[nH]1", "C[N+](C)(C)C/C=C/C"]
    report = explained(store, added, X, settings={"compute.batch": 4})
    values = report.attributions["occlusion"]
    for row, smiles in enumerate(X):
        expected = elements(Chem.CanonSmiles(smiles))
        np.testing.assert_allclose(values[row, : len(expected), 0], expected, atol=1e-6)
        assert not values[row, len(expected) :].any()


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (3, np.nan, "1 of 6 samples are missing, first of sample 3"),
        (4, np.inf, "samples are infinite, first of sample 4"),
    ],
)
def test_labels_that_are_missing_or_infinite_are_named(store: str, place: int, value: float, said: str) -> None:
    X = np.arange(12.0).reshape(6, 2) + 0.25
    for labels in (X[:, 0].copy(), X.copy()):
        model = LinearRegression().fit(X, labels)
        labels[place] = value
        with pytest.raises(exhibit.InputError, match=f"y: labels of .*{said}"):
            explained(store, model, X, labels)


def test_one_number_for_a_model_of_several_is_asked_about(store: str) -> None:
    X = np.arange(12.0).reshape(6, 2)
    with pytest.raises(
        exhibit.InputError, match=r"y: numbers such as 0.5 are no classes, and the model gives 2 outputs"
    ):
        explained(store, LinearRegression().fit(X, X), X, X[:, 0] + 0.5)


FAMILY = pd.DataFrame(
    {
        "age": RANDOM.normal(40, 9, 40),
        "job": RANDOM.choice(["cook", "nurse", "smith"], 40),
        "km": RANDOM.integers(1, 90, 40),
        "vip": RANDOM.random(40) > 0.5,
    }
)


@pytest.mark.parametrize("library", ["scikit-learn", "lightgbm"])
def test_values_are_in_the_order_of_the_columns_that_were_given(library: str, store: str) -> None:
    """And not in that of the model: what a frame in another order is explained by is the same, column by column."""
    X, y = FAMILY[["age", "km"]], FAMILY.km * 2.0
    if library == "lightgbm":
        from lightgbm import LGBMRegressor

        model = LGBMRegressor(n_estimators=5, min_child_samples=2, verbose=-1, n_jobs=1).fit(X, y)
    else:
        model = LinearRegression().fit(X, y)
    (values,) = explained(store, model, X, y).attributions.values()
    turned = explained(store, model, X[["km", "age"]], y)
    assert turned.features == ("km", "age")
    np.testing.assert_array_equal(next(iter(turned.attributions.values())), values[:, ::-1])
    assert np.abs(values[:, 1]).mean() > 2 * np.abs(values[:, 0]).mean()


def test_a_function_is_given_a_frame_as_it_was(store: str) -> None:
    """Words, categories, truth values and gaps come to it in their types; each column has one value."""
    X = FAMILY.assign(job=pd.Categorical(FAMILY.job), town=FAMILY.job.str.upper())
    X.loc[3, "town"] = None
    seen: list[pd.DataFrame] = []

    def weighed(rows: pd.DataFrame) -> pd.Series:
        seen.append(rows)
        return rows.age + 3.0 * (rows.job == "nurse") + 2.0 * rows.vip + 5.0 * rows.town.isna()

    report = explained(store, weighed, X, method="occlusion")
    (values,) = report.attributions.values()
    common = {name: X[name].mode()[0] for name in ("job", "town", "vip")}
    expected = {
        "age": X.age - X.age.mean(),
        "job": 3.0 * ((X.job == "nurse") * 1.0 - (common["job"] == "nurse")),
        "km": 0 * X.km,
        "vip": 2.0 * (X.vip * 1.0 - common["vip"]),
        "town": 5.0 * X.town.isna(),
    }
    np.testing.assert_allclose(values, np.stack([*expected.values()], axis=1), atol=1e-4)
    assert report.features == tuple(X.columns) == tuple(expected)
    assert [rows.dtypes.drop("km").equals(X.dtypes.drop("km")) for rows in seen] == [True] * len(seen)
    assert "there is no command that gives the same" in report.config


@pytest.mark.parametrize(
    ("target", "outputs"),
    [
        (np.int64(1), ("1",)),
        (np.array([2, 0]), ("2", "0")),
        (torch.tensor(2), ("2",)),
        (np.str_("top:2"), ("likeliest", "second")),
    ],
)
def test_targets_of_other_libraries_are_numbers_and_words(
    target: Any, outputs: tuple[str, ...], net: nn.Sequential, store: str
) -> None:
    report = explained(store, net, NUMBERS, SPECIES.tolist(), method="vanilla_grad", target=target)
    assert len(report.targets) == len(outputs)
    if outputs[0].isdigit():
        assert report.targets == outputs


def test_a_class_that_is_a_truth_value_is_named_by_it(store: str) -> None:
    model = LogisticRegression().fit(NUMBERS, NUMBERS[:, 0] > 5.8)
    assert explained(store, model, NUMBERS, target=True, method="occlusion").targets == ("True",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"target": 1.5}, "target: '1.5' is no class"),
        ({"X": FAMILY[["age"]]}, "X: the model was fitted on km, which it does not have; its columns are age"),
        ({"X": FAMILY[["age", "km", "vip"]]}, "X: the model was not fitted on vip; leave them out of the frame"),
        (
            {"model": lambda rows: rows.town.str.len(), "X": pd.DataFrame({"town": [1, "1", "x"]})},
            "X: the column 'town' holds 1 and '1', which a report writes alike",
        ),
        (
            {"model": lambda rows: rows.age.to_numpy(), "X": FAMILY[["age"]].where(FAMILY.age > FAMILY.age.min())},
            "model: it gives nan for",
        ),
    ],
    ids=["target", "missing", "extra", "alike", "gaps"],
)
def test_a_sentence_says_what_is_wrong_with_a_frame(change: dict[str, Any], said: str, store: str) -> None:
    given = {"model": LinearRegression().fit(FAMILY[["age", "km"]], FAMILY.km), "X": FAMILY[["age", "km"]]} | change
    with pytest.raises(exhibit.InputError) as refused:
        explained(store, **given)
    assert said in str(refused.value)


@pytest.mark.parametrize("method", ["expected_gradients", "gradient_shap", "smooth_grad"])
@pytest.mark.parametrize("channels", [1, 2])
def test_methods_that_draw_keep_the_channels_of_a_series_apart(method: str, channels: int, store: str) -> None:
    """Of a linear net what each step of each channel says is its own weight times the distance from the mean, its
    importance is the sum over its steps, and its error its own; for two outputs, too."""
    X = RANDOM.normal(size=(8, 5, channels)).astype(np.float32)
    line = nn.Linear(5 * channels, 2)
    report = explained(store, nn.Sequential(nn.Flatten(), line), X, kind="series", method=method, target=[0, 1])
    values, errors = report.attributions[method], report.standard_errors[method]
    assert values.shape == errors.shape == (8, 5, channels, 2)
    if method == "expected_gradients":
        weights = line.weight.detach().numpy().reshape(2, 5, channels)
        expected = np.moveaxis((X - X.mean(axis=0))[:, np.newaxis] * weights, 1, -1)
        np.testing.assert_allclose(values, expected, atol=1e-6)
    if channels == 2:
        sums = report.importances.sort_values(["target", "feature"]).mean_absolute.to_numpy().reshape(2, 2)
        np.testing.assert_allclose(sums.T, np.abs(values.sum(axis=1)).mean(axis=0), rtol=1e-5)


def test_standard_errors_are_laid_out_as_the_values_are(store: str) -> None:
    """Those of pixels are of the sum over their channels."""
    pixels = RANDOM.random((4, 3, 6, 6)).astype(np.float32)
    net = nn.Sequential(nn.Flatten(), nn.Linear(108, 2))
    errors = explained(store, net, pixels, method="gradient_shap").standard_errors["gradient_shap"]
    assert errors.shape == (4, 6, 6)
    rows = explained(store, nn.Linear(4, 2), NUMBERS, method="gradient_shap").standard_errors["gradient_shap"]
    assert rows.shape == NUMBERS.shape
    assert (rows > 0).any()


class Summed(nn.Module):
    """A score for the words of a text, in which id 0 has no say."""

    def __init__(self, padding: int = 0) -> None:
        super().__init__()
        self.words, self.line = nn.Embedding(5, 2, padding_idx=padding), nn.Linear(2, 2)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.line(self.words(ids).sum(1))


@pytest.mark.parametrize("rows", [3, 4, 7])
def test_a_preprocess_of_texts_may_fill_up_to_any_length(rows: int, store: str) -> None:
    """What it fills up with says nothing; a row for each word there has to be."""
    texts, known = ["good film", "bad", "film good bad film"], {"good": 1, "bad": 2, "film": 3}

    def ids(given: list[str]) -> np.ndarray:
        found = np.zeros((len(given), rows), np.int64)
        for row, text in enumerate(given):
            words = [known[word] for word in text.split()][:rows]
            found[row, : len(words)] = words
        return found

    def asked(padding: int) -> exhibit.Explanation:
        return explained(store, Summed(padding), texts, preprocess=ids, method="integrated_gradients")

    if rows < 4:
        with pytest.raises(exhibit.InputError, match=r"the longest text has 4, but it has 3: fewer; .* \(samples, 4\)"):
            asked(0)
        return
    report = asked(0)
    assert report.attributions["integrated_gradients"].shape[:2] == (3, 4)
    assert report.importances.feature.nunique() == 4
    if rows > 4:
        with pytest.raises(exhibit.InputError, match="it has 7: more, and these have a share"):
            asked(4)


def test_a_word_that_the_background_lacks_is_explained(store: str) -> None:
    """Of whole columns, as a function of a frame is given them."""
    X = pd.DataFrame({"town": ["Oslo", "Oslo"], "age": [3.0, 5.0]})
    others = pd.DataFrame({"town": ["Bergen"] * 2, "age": [1.0, 1.0]})
    report = explained(store, lambda rows: rows.age + 2.0 * (rows.town == "Oslo"), X, background=others,
                       method="kernel_shap")  # fmt: skip
    np.testing.assert_allclose(report.attributions["kernel_shap"], [[2, 2], [2, 4]], atol=1e-5)
