"""Several labels of each row at once: numbers, and columns of 0 and 1 of which any may hold."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.comparing.comparison import comparison
from exhibit.tasks.data.data import Data
from exhibit.tasks.data.factory import DataFactorySpec
from exhibit.tasks.data.own_table import TableSpec
from exhibit.tasks.data.select import SelectionSpec, TargetSpec, require_rows_and_outputs
from exhibit.tasks.document import comparison as comparison_chapter
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.methods.shap_tree import TreeShapSpec
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.models.zoo.gradient_boosting import BoostingSpec
from exhibit.tasks.models.zoo.mlp import MLPSpec
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Attribution, Selection
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.model import Metric, Performance, Prediction, Weights
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.stages.attribute import attribute
from exhibit.tasks.stages.beforehand import require_explainable
from exhibit.tasks.stages.fit import fit
from exhibit.tasks.stages.load import load
from exhibit.tasks.stages.predict import predict
from exhibit.tasks.stages.select import select
from exhibit.tasks.store import Store
from tests.conftest import Memory
from tests.points import LENGTHS, config, inputs, material, method

NAME = "own_several"
SOURCE = """
import numpy as np

X = np.random.default_rng(3).normal(size=(160, 3)).astype("float32")
W, B = np.array([[1.0, 2.0, 0.0], [0.0, -1000.0, 3000.0]], "float32"), np.array([0.5, 4000.0], "float32")
NOISE = np.random.default_rng(4).normal(size=(160, 2)) * [0.3, 300.0]
SPLIT = ["train"] * 120 + ["test"] * 40


def sizes():
    return {"inputs": {"x": X}, "labels": X @ W.T + B + NOISE, "label_name": ["height", "mass"],
            "label_unit": ["m", "kg"], "split": SPLIT}


def tags():
    return {"inputs": {"x": X}, "labels": (X @ W.T + B + NOISE > [1.0, 4000.0]).astype(int),
            "classes": ["tall", "heavy"], "split": SPLIT}


def torch_net(sigmoid=False, fresh=False):
    import torch
    from torch import nn

    layer = nn.Linear(3, 2)
    if not fresh:
        layer.load_state_dict({"weight": torch.tensor(W), "bias": torch.tensor(B)})
    return nn.Sequential(layer, *[nn.Sigmoid()] * sigmoid)


def keras_net(sigmoid=False, fresh=False):
    import keras

    layer = keras.layers.Dense(2, "sigmoid" if sigmoid else None)
    net = keras.Sequential([keras.Input((3,)), layer])
    if not fresh:
        layer.set_weights([W.T, B])
    return net


def scaled(framework):
    if framework == "torch":
        import torch
        from torch import nn

        class Scale(nn.Module):
            def forward(self, z):
                return z * torch.tensor([1.0, 1000.0])

        return nn.Sequential(nn.Linear(3, 2), Scale())
    import keras

    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Rescaling([1.0, 1000.0])])


def estimator(kind):
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LinearRegression
    from sklearn.neural_network import MLPClassifier

    if kind == "linear":
        return LinearRegression().fit(X[:120], sizes()["labels"][:120])
    perceptron = MLPClassifier((), tol=1.0, random_state=0)
    model = RandomForestClassifier(5, random_state=0) if kind == "forest" else perceptron
    return model.fit(X[:120], tags()["labels"][:120])
"""
W, B = np.array([[1.0, 2.0, 0.0], [0.0, -1000.0, 3000.0]]), np.array([0.5, 4000.0])
COMPUTE = Compute(batch=64)
NETS = ["torch_net", "keras_net"]
Found = Mapping[type, Any]


class Runs:
    """Stages on one store: what a model and data lead to, by kinds of records."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __call__(
        self, data: Data | str, model: ModelChoice, target: TargetSpec | None = None, method: Any = None
    ) -> Found:
        spec = DataFactorySpec(factory=f"{NAME}:{data}") if isinstance(data, str) else data
        rows = load(self.store, spec)["dataset"]
        methods = {} if method is None else {"method": method}
        require_explainable(
            self.store, rows, model, methods, target or TargetSpec(outputs=("index:0",)), SelectionSpec()
        )
        weights = fit(self.store, model, COMPUTE, rows)["weights"]
        done = predict(self.store, model, COMPUTE, rows, weights)
        found: dict[Any, Any] = {
            Dataset: rows, Weights: weights, Prediction: done["prediction"], Performance: done["performance"]
        }  # fmt: skip
        if target is not None and method is not None:
            chosen = select(self.store, SelectionSpec(), target, rows, done["prediction"])
            asked = (self.store, method, model, target, COMPUTE, rows, weights, chosen["explained"], 0, 40)
            found |= {Selection: chosen["selection"], Attribution: attribute(*asked)["attribution"]}
        return {kind: unpack(kind, self.store.get(digest)) for kind, digest in found.items()}


@pytest.fixture
def run(tmp_path: Path, own_module: Callable[[str, str], None]) -> Runs:
    own_module(NAME, SOURCE)
    return Runs(Store(tmp_path / "store"))


def own(function: str, arguments: dict[str, Any] | None = None, **options: Any) -> FactorySpec:
    return FactorySpec(factory=f"{NAME}:{function}", arguments=arguments or {}, **options)


def parts(found: Found, label: int) -> Array:
    """w (x - mean) of a label, for the explained rows."""
    x, train = found[Dataset].inputs[0].array, found[Dataset].split == "train"
    return np.asarray((x[found[Selection].explained] - x[train].mean(axis=0)) * W[label])


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize(("data", "names"), [("sizes", ("height", "mass")), ("tags", ("tall", "heavy"))])
@pytest.mark.parametrize("label", [0, 1])
def test_each_label_is_explained_by_its_name(
    label: int, data: str, names: tuple[str, str], net: str, run: Runs
) -> None:
    """Integrated gradients of a linear output, also before the sigmoid of each, are w (x - mean)."""
    model = own(net, {"sigmoid": data == "tags"})
    found = run(data, model, TargetSpec(outputs=(names[label],)), IntegratedGradientsSpec(n_steps=16))
    expected = parts(found, label)
    np.testing.assert_allclose(
        found[Attribution].values["x"][..., 0], expected, rtol=1e-4, atol=1e-4 * abs(W[label]).max()
    )
    assert found[Selection].target_names == (names[label],)
    assert found[Prediction].kind == ("log_odds" if data == "tags" else "values")
    x = found[Dataset].inputs[0].array
    np.testing.assert_allclose(found[Prediction].outputs, x @ W.T + B, rtol=1e-4, atol=1e-2)


def test_the_quality_of_each_value_is_that_of_scikit_learn(run: Runs) -> None:
    from sklearn.metrics import r2_score, root_mean_squared_error

    found = run("sizes", own("torch_net"))
    data, outputs, test = found[Dataset], found[Prediction].outputs, found[Dataset].split == "test"
    assert not found[Performance].metrics
    assert found[Performance].about("mass").metrics == found[Performance].labels["mass"].metrics
    for label, name in enumerate(("height", "mass")):
        error, share = found[Performance].labels[name].metrics
        true, mean = data.labels[test, label], data.labels[~test, label].mean()
        assert error.value == pytest.approx(root_mean_squared_error(true, outputs[test, label]))
        assert error.naive == pytest.approx(root_mean_squared_error(true, np.full(40, mean)))
        assert share.value == pytest.approx(r2_score(true, outputs[test, label]))
        assert data.about(label).label_unit == ("m", "kg")[label]


@pytest.mark.parametrize("kind", ["forest", "perceptron"])
def test_the_quality_of_each_tag_is_that_of_scikit_learn(kind: str, run: Runs) -> None:
    """Beside always saying the commoner of yes and no. Labels of an estimator are probabilities, each by itself."""
    from sklearn.dummy import DummyClassifier
    from sklearn.metrics import accuracy_score

    found = run("tags", own("estimator", {"kind": kind}))
    data, prediction, test = found[Dataset], found[Prediction], found[Dataset].split == "test"
    assert (data.task, prediction.kind, data.classes) == ("multi_label", "chances", ())
    for label, name in enumerate(("tall", "heavy")):
        (accuracy,) = found[Performance].labels[name].metrics
        true = data.labels[:, label]
        assert accuracy.value == accuracy_score(true[test], prediction.outputs[test, label] > 0.5)
        guess = DummyClassifier(strategy="most_frequent").fit(true[~test], true[~test])
        assert accuracy.naive == guess.score(true[test], true[test])
        confusion = found[Performance].labels[name].confusion
        assert confusion.sum(axis=1).tolist() == [int((true[test] == value).sum()) for value in (0, 1)]


@pytest.mark.parametrize(("data", "net"), [("tags", "torch_net"), ("tags", "keras_net")])
@pytest.mark.parametrize("sigmoid", [False, True])
def test_tags_are_trained_by_the_mean_of_their_binary_cross_entropies(
    sigmoid: bool, data: str, net: str, run: Runs
) -> None:
    from sklearn.metrics import log_loss

    asked = {"fit": "auto", "epochs": 10, "batch_size": 40, "learning_rate": 0.1}
    found = run(data, own(net, {"sigmoid": sigmoid, "fresh": True}, **asked))
    rows, test = found[Dataset], np.flatnonzero(found[Dataset].split == "test")
    shares = 1 / (1 + np.exp(-found[Prediction].outputs[test].astype(np.float64)))
    losses = [log_loss(rows.labels[test, label], shares[:, label]) for label in (0, 1)]
    assert found[Prediction].kind == "log_odds"
    assert found[Weights].history["test_loss"][-1] == pytest.approx(np.mean(losses), rel=1e-3)
    assert all(own.metrics[0].value > 0.85 for own in found[Performance].labels.values())


@pytest.mark.parametrize("framework", ["torch", "keras", None])
def test_values_are_trained_whatever_their_units(framework: str | None, run: Runs) -> None:
    """The loss is the mean squared error in standard deviations of each label, so that kilograms drown no metres."""
    asked = {"fit": "auto", "epochs": 30, "batch_size": 30, "learning_rate": 0.1}
    plain = MLPSpec(layers=1, epochs=30, learning_rate=0.1)
    found = run("sizes", plain if framework is None else own("scaled", {"framework": framework}, **asked))
    rows, test = found[Dataset], found[Dataset].split == "test"
    spreads = rows.labels[~test].std(axis=0)
    errors = ((found[Prediction].outputs[test] - rows.labels[test]) / spreads) ** 2
    assert found[Weights].history["test_loss"][-1] == pytest.approx(errors.mean(), rel=1e-3)
    assert all(own.metrics[1].value > 0.9 for own in found[Performance].labels.values())


def test_a_fitted_regressor_of_several_values_is_explained_by_occlusion(run: Runs) -> None:
    """Of a linear model w (x - mean), with the coefficients that scikit-learn fitted."""
    from sklearn.linear_model import LinearRegression

    found = run("sizes", own("estimator", {"kind": "linear"}), TargetSpec(outputs=("mass",)), OcclusionSpec())
    rows, train = found[Dataset], found[Dataset].split == "train"
    x = rows.inputs[0].array
    slopes = LinearRegression().fit(x[train], rows.labels[train]).coef_[1]
    expected = (x[found[Selection].explained] - x[train].mean(axis=0)) * slopes
    np.testing.assert_allclose(found[Attribution].values["x"][..., 0], expected, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("outputs", [("predicted",), ("true",), ("height", "mass"), ("weight",), ("index:2",)])
def test_a_chapter_is_about_one_label_that_is_named(outputs: tuple[str, ...], run: Runs) -> None:
    rows = unpack(Dataset, run.store.get(load(run.store, DataFactorySpec(factory=f"{NAME}:sizes"))["dataset"]))
    with pytest.raises(
        InputError, match=r"labels height, mass, .*one of them: .*'target\.outputs=\[height\],\[mass\]'"
    ):
        require_rows_and_outputs(SelectionSpec(), TargetSpec(outputs=outputs), rows)


def test_what_has_one_output_says_so(run: Runs) -> None:
    with pytest.raises(InputError, match="gradient_boosting predicts one label, and the data has height, mass"):
        run("sizes", BoostingSpec())
    with pytest.raises(InputError, match=r"method\.method: trees are read for one label"):
        run("tags", own("estimator", {"kind": "forest"}), method=TreeShapSpec())


def table(path: Path, **columns: Any) -> Path:
    rows = zip(*columns.values(), strict=True)
    path.write_text("\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def test_a_file_names_its_labels(tmp_path: Path) -> None:
    """A row that lacks one of them is listed; rows to explain need none, and are read by the scheme of the fit."""
    random = np.random.default_rng(0)
    height, mass = random.normal(size=30).round(3).tolist(), random.normal(50, 9, size=30).round(3).tolist()
    path = table(tmp_path / "rows.csv", age=range(30), height=["", *height[1:]], mass=mass)
    week = table(tmp_path / "week.csv", age=[7, 8], mass=[44.5, ""])
    spec = TableSpec(path=path, explain=week, label=("height", "mass"), units={"mass": "kg"})
    rows = spec.load(Memory())
    assert (rows.task, rows.outputs, rows.inputs[0].features) == ("regression", ("height", "mass"), ("age",))
    assert [(each.sample_id, each.reason) for each in rows.excluded] == [("row 0", "height is missing")]
    np.testing.assert_allclose(rows.labels, [*zip(height[1:], mass[1:], strict=True), (np.nan, 44.5), (np.nan, np.nan)])
    train = rows.split == "train"
    assert rows.several[1].scale == pytest.approx((rows.labels[train, 1].mean(), rows.labels[train, 1].std()))
    assert rows.about(1).labelled.sum() == 30
    scheme = tmp_path / "scheme.json"
    scheme.write_text(json.dumps(rows.scheme))
    again = TableSpec(path=None, scheme=scheme, explain=week, label=("height", "mass")).load(Memory())
    assert again.several[0].scale == rows.several[0].scale
    assert again.labels.tolist()[0][1] == 44.5


@pytest.mark.parametrize(
    ("columns", "more", "said"),
    [
        ({"a": [0, 1] * 6, "b": [1, 0, 0] * 4}, {}, "multi_label"),
        ({"a": ["True", "False"] * 6, "b": [1, 0, 0] * 4}, {}, "multi_label"),
        ({"a": [0, 1] * 6, "b": np.arange(12) / 7}, {"task": "regression"}, "regression"),
        ({"a": [0, 1] * 6, "b": np.arange(12) / 7}, {}, "the column 'a' holds classes"),
        ({"a": ["x", "y"] * 6, "b": np.arange(12) / 7}, {}, "the column 'a' holds classes"),
        ({"a": [0, 1] * 6, "b": [1, 2, 3] * 4}, {"task": "multi_label"}, "of 0 and 1, and 'b' holds"),
        ({"a": [0, 1] * 6, "b": [1, 2, 3] * 4}, {"task": "classification"}, "one at a time, with data.label=a"),
        ({"a": [0, 1] * 6, "b": [0] * 12}, {}, "the column 'b' is '0' in every row"),
        ({"a": [0, 1] * 6, "b": [1, 0, 0] * 4}, {"classes": ("0", "1")}, "orders the classes of one label"),
    ],
)  # fmt: skip
def test_several_labels_are_all_numbers_or_all_0_and_1(
    columns: dict[str, Any], more: dict[str, Any], said: str, tmp_path: Path
) -> None:
    """What is neither is told what to type; nothing is taken for classes that exclude each other."""
    spec = TableSpec(path=table(tmp_path / "t.csv", x=range(12), **columns), label=("a", "b"), **more)
    if " " not in said:
        assert spec.load(Memory()).task == said
    else:
        with pytest.raises(InputError, match=said):
            spec.load(Memory())


def test_one_hot_rows_are_classes_unless_the_task_says_otherwise() -> None:
    from exhibit.tasks.data.plain import dataset_of

    given = {"inputs": {"x": np.arange(12.0)[:, np.newaxis]}, "labels": np.eye(2, dtype=int)[[0, 1, 1] * 4]}
    assert dataset_of(given, "data.factory: f").task == "classification"
    rows = dataset_of({**given, "task": "multi_label"}, "data.factory: f")
    assert (rows.task, rows.outputs) == ("multi_label", ("label 0", "label 1"))


@pytest.mark.parametrize(("second", "said"), [("mass", ""), ("", " · RMSE 0.10 to 300.00")])
def test_errors_of_different_labels_have_no_range(second: str, said: str) -> None:
    """Metres and kilograms stand in the table of the points, and in no sentence that spans both."""

    def point(label: str, error: float) -> Material:
        item = inputs("table")
        made = material(f"p-{error:g}", [method("a", np.arange(1.0, 5.0), item, LENGTHS)], item)
        metric = Metric(name="RMSE", value=error, split="test", count=9)
        own = Performance(metrics=(metric,), labels={label: Performance(metrics=(metric,))} if second else {})
        data = made.dataset.model_copy(update={"label_name": label})
        return made.model_copy(update={"dataset": data, "performance": own})

    points = [point("height", 0.1), point(second, 300.0)]
    configs = [config({"a": {"kind": "a"}}, seed=seed) for seed in (0, 1)]
    found = comparison("comparison_1", configs, [1, 2], points)
    teaser = comparison_chapter.chapter(found, {one.slug: one for one in points}, own_chapters=True).teaser
    assert teaser is not None
    assert teaser.small == f"model.seed 2 values{said}"
