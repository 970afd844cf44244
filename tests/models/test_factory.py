"""A user's own model, from a function in a trusted module."""

import random
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from exhibit.tasks.data.image import DigitsSpec
from exhibit.tasks.data.table import IrisSpec
from exhibit.tasks.factory import TRUSTED, called, code_of
from exhibit.tasks.models.callable import EstimatorModel
from exhibit.tasks.models.encoding import told
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.protocols import Compute, Model, Score, silent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset, Input, TableColumn
from exhibit.tasks.records.model import OutputKind, Prediction, Remarks, Weights
from exhibit.tasks.records.packing import pack, unpack
from tests.conftest import Memory

COMPUTE = Compute(batch=16)
NAME = "own_models"
SOURCE = """
import numpy as np


def mlp(hidden=5, softmax=True, outputs=3):
    from torch import nn
    end = [nn.Softmax(dim=1)] if softmax else []
    return nn.Sequential(nn.Linear(4, hidden), nn.Tanh(), nn.Dropout(0.5), nn.Linear(hidden, outputs), *end)


def wide(outputs=1):
    from torch import nn
    return nn.Linear(4, outputs)


def convolution(channels=1, flat=72):
    from torch import nn
    return nn.Sequential(nn.Conv2d(channels, 2, 3), nn.Flatten(), nn.Linear(flat, 10))


def halved():
    import torch
    def preprocess(inputs):
        return {"pixels": torch.tensor(inputs["image"] / 2, dtype=torch.float32).movedim(-1, 1)}
    return convolution(), preprocess


def keras_mlp(softmax=True):
    import keras
    activation = "softmax" if softmax else None
    layers = [keras.layers.Input((4,)), keras.layers.Dense(5, activation="tanh"), keras.layers.Dropout(0.5)]
    return keras.Sequential([*layers, keras.layers.Dense(3, activation=activation)])


def keras_normalised():
    import keras
    first = keras.layers.Normalization()
    first.adapt(np.arange(40.0).reshape(10, 4))
    return keras.Sequential([keras.layers.Input((4,)), first, keras.layers.Dense(3)])


def forest(task="classification"):
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    rows = np.arange(40.0).reshape(10, 4)
    if task == "classification":
        return RandomForestClassifier(5, random_state=0).fit(rows, np.arange(10) % 3)
    return RandomForestRegressor(5, random_state=0).fit(rows, rows[:, 0])


def function(scale=1.0):
    return lambda inputs: scale * inputs["measurements"][:, :3]


def shares():
    return lambda inputs: inputs["measurements"][:, :3] / inputs["measurements"][:, :3].sum(axis=1, keepdims=True)


def mlp_of_six():
    from torch import nn
    return nn.Sequential(nn.Linear(6, 3))


def plain_parameter_of_six():
    import torch
    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(6, 3))
        def forward(self, x):
            return x @ self.weight
    return Plain()


def keras_of(shape, outputs=10):
    import keras
    layers = [keras.layers.Input(shape), keras.layers.Flatten(), keras.layers.Dense(outputs)]
    return keras.Sequential(layers)


def keras_class_of_six():
    import keras
    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__()
            self.last = keras.layers.Dense(3)
            self.last.build((None, 6))
        def call(self, x):
            return self.last(x)
    return Subclassed()


def forest_of_six():
    from sklearn.ensemble import RandomForestClassifier
    return RandomForestClassifier(2).fit(np.arange(60.0).reshape(10, 6), np.arange(10) % 3)


def function_of_six():
    return lambda inputs: inputs["measurements"] @ np.zeros((6, 3))
def named_forest(order):
    from sklearn.ensemble import RandomForestClassifier
    model = RandomForestClassifier(2, random_state=0).fit(np.arange(40.0).reshape(10, 4), np.array(order * 4)[:10])
    model.classes_ = np.array(order)
    return model


def named_columns(names, pick=None):
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    scale = ColumnTransformer([("scaled", StandardScaler(), pick)]) if pick else StandardScaler()
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(30, len(names))), columns=names)
    return make_pipeline(scale, LogisticRegression()).fit(rows, np.arange(30) % 3)


def nothing():
    return 3


def broken():
    np.random.random()
    raise ZeroDivisionError
"""


@pytest.fixture(autouse=True)
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The module that these tests trust."""
    (tmp_path / f"{NAME}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(TRUSTED, NAME)
    code_of.cache_clear()
    known: ModuleType | None = sys.modules.pop(NAME, None)
    yield
    sys.modules.pop(NAME, None)
    if known:
        sys.modules[NAME] = known


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return IrisSpec().load(Memory())


def spec(function: str, **options: Any) -> FactorySpec:
    return FactorySpec(factory=f"{NAME}:{function}", **options)


def built(given: FactorySpec, data: Dataset) -> tuple[Model, Weights]:
    weights = given.fit(data, COMPUTE, silent)
    return given.restore(data, unpack(Weights, pack(weights)), COMPUTE), weights


def regression(iris: Dataset) -> Dataset:
    return iris.model_copy(update={"task": "regression", "classes": (), "labels": iris.labels.astype(float)})


@pytest.mark.parametrize(
    ("function", "arguments", "output"),
    [
        ("mlp", {}, "logits"),
        ("mlp", {"softmax": False}, "logits"),
        ("keras_mlp", {}, "logits"),
        ("keras_mlp", {"softmax": False}, "logits"),
        ("forest", {}, "probabilities"),
        ("function", {}, "logits"),
        ("shares", {}, "probabilities"),
    ],
)
def test_what_a_classifier_gives_is_recognised(
    function: str, arguments: dict[str, Any], output: OutputKind, iris: Dataset
) -> None:
    model, _ = built(spec(function, arguments=arguments), iris)
    assert model.output == output
    assert model.predict(iris.arrays).shape == (150, 3)


@pytest.mark.parametrize("function", ["mlp", "keras_mlp"])
def test_the_weights_of_a_net_are_kept(function: str, iris: Dataset) -> None:
    """The function draws new ones each time; those of the first time are the model's."""
    given = spec(function)
    first, weights = built(given, iris)
    again = given.restore(iris, weights, COMPUTE)
    assert first.predict(iris.arrays).tobytes() == again.predict(iris.arrays).tobytes()
    assert weights.parameters == 4 * 5 + 5 + 5 * 3 + 3
    assert weights.history == {}


def test_arguments_reach_the_function(iris: Dataset) -> None:
    _, weights = built(spec("mlp", arguments={"hidden": 7}), iris)
    assert weights.arrays["0.weight"].shape == (7, 4)


@pytest.mark.parametrize("function", ["mlp", "keras_mlp"])
def test_a_net_can_be_trained(function: str, iris: Dataset) -> None:
    given = spec(function, fit="auto", epochs=3, arguments={"softmax": False})
    model, weights = built(given, iris)
    assert len(weights.history["loss"]) == 3
    assert pack(weights) == pack(given.fit(iris, COMPUTE, silent))
    assert model.output == "logits"


@pytest.mark.parametrize("fit", ["never", "auto"])
def test_a_net_that_normalises_keeps_the_mean_and_the_deviation_of_its_rows(fit: Any, iris: Dataset) -> None:
    """Beside them it counts its rows, in an array of no axes."""
    given = spec("keras_normalised", fit=fit, **({"epochs": 2} if fit == "auto" else {}))
    model, weights = built(given, iris)
    assert weights.arrays["normalization/count"].shape == ()
    kernel, bias = list(weights.arrays.values())[-2:]
    rows = np.arange(40.0).reshape(10, 4)
    expected = (iris.arrays["measurements"] - rows.mean(axis=0)) / rows.std(axis=0) @ kernel + bias
    np.testing.assert_allclose(model.predict(iris.arrays), expected, rtol=1e-4, atol=1e-5)
    again = given.restore(iris, unpack(Weights, pack(weights)), COMPUTE)
    assert again.predict(iris.arrays).tobytes() == model.predict(iris.arrays).tobytes()


@pytest.mark.parametrize("function", ["mlp", "keras_mlp"])
def test_probabilities_are_no_logits_to_train_on(function: str, iris: Dataset) -> None:
    with pytest.raises(InputError, match=r"model\.fit: 'auto' trains on logits, but the net ends in a softmax"):
        spec(function, fit="auto").fit(iris, COMPUTE, silent)


@pytest.mark.parametrize("function", ["forest", "function"])
def test_only_nets_are_trained(function: str, iris: Dataset) -> None:
    with pytest.raises(InputError, match="only torch and Keras nets are trained"):
        spec(function, fit="auto").fit(iris, COMPUTE, silent)


def test_weights_come_from_a_file(iris: Dataset, tmp_path: Path) -> None:
    weights = spec("mlp").fit(iris, COMPUTE, silent)
    np.savez(tmp_path / "own.npz", **{name: array * 0 for name, array in weights.arrays.items()})
    model, _ = built(spec("mlp", weights=tmp_path / "own.npz"), iris)
    np.testing.assert_array_equal(model.predict(iris.arrays), 0)


def test_an_estimator_is_there_for_methods_that_look_inside(iris: Dataset) -> None:
    model, weights = built(spec("forest"), iris)
    assert isinstance(model, EstimatorModel)
    assert len(model.estimator.estimators_) == 5
    assert weights.arrays == {}


def test_a_regression_gives_values(iris: Dataset) -> None:
    data = regression(iris)
    for function, arguments in (("wide", {}), ("forest", {"task": "regression"})):
        model, _ = built(spec(function, arguments=arguments), data)
        assert model.output == "values"
        assert model.predict(data.arrays).shape == (150, 1)


def test_images_have_their_channels_first_for_torch() -> None:
    digits = DigitsSpec().load(Memory())
    model, _ = built(spec("convolution"), digits)
    place = model.place({"image": digits.arrays["image"][:2]})
    assert place.values["image"].shape == (2, 8, 8, 1)
    np.testing.assert_array_equal(place.values["image"], digits.arrays["image"][:2])


def test_a_preprocessing_of_its_own() -> None:
    """The same net on pixels that the second thing of the factory halves."""
    digits = DigitsSpec().load(Memory())
    plain, weights = built(spec("convolution"), digits)
    model = spec("halved").restore(digits, weights.model_copy(update={"given": ""}), COMPUTE)
    images = {"image": digits.arrays["image"][:3]}
    expected = plain.predict({"image": images["image"] / 2})
    np.testing.assert_allclose(model.predict(images), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(model.place(images).values["image"], images["image"] / 2)


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        ("wide", {}, r"gives outputs of shape \(8, 1\) for 8 samples, but the data asks for \(8, 3\)"),
        ("mlp", {"output": "values"}, "'values' has no meaning for a classification; use logits or probabilities"),
        ("mlp", {"output": "logits"}, "'logits' was given, but the model ends in probabilities"),
        ("nothing", {}, "was expected, but the factory gave an int"),
    ],
)
def test_a_model_that_does_not_fit_the_data_is_refused(
    function: str, options: dict[str, Any], message: str, iris: Dataset
) -> None:
    with pytest.raises(InputError, match=message):
        built(spec(function, **options), iris)


def test_an_output_without_a_meaning_for_the_task_is_known_before_any_training(iris: Dataset) -> None:
    assert spec("mlp").output_kind(iris) is None
    assert spec("mlp", fit="auto").output_kind(iris) == "logits"
    assert spec("function", output="probabilities").output_kind(iris) == "probabilities"
    assert spec("wide").output_kind(regression(iris)) == "values"
    with pytest.raises(InputError, match="'values' has no meaning for a classification; use logits or probab"):
        spec("mlp", output="values").output_kind(iris)
    with pytest.raises(InputError, match="'logits' has no meaning for a regression; use values"):
        spec("wide", output="logits").output_kind(regression(iris))


GIVES = "the data gives for each sample"
TABLE = rf"{GIVES} 'measurements' of shape 4; change the model, or the columns of the data \(of a file: data\.features"
PICTURE = rf"{GIVES} 'image' of shape 8 x 8 x 1; change the model, or the pictures \(of files: data\.size\)$"


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        ("mlp_of_six", {}, rf"Sequential of {NAME}:mlp_of_six .* '0', Linear\(in_features=6, .* the shape 4 .*{TABLE}"),
        ("plain_parameter_of_six", {}, rf"the Plain of .* it is given the shape 4 .*{TABLE}"),
        ("keras_of", {"shape": [6], "outputs": 3}, rf"the Sequential of .* it takes the shape 6 .*{TABLE}"),
        ("keras_class_of_six", {}, rf"the Subclassed of .* expected axis -1 of input shape to have value 6.*{TABLE}"),
        ("forest_of_six", {}, rf"the RandomForestClassifier of .* is expecting 6 features.*{TABLE}"),
        ("function_of_six", {}, rf"the function of .*{TABLE}"),
        ("convolution", {"channels": 3}, rf"layer '0', Conv2d\(3, 2, .* given the shape 1 x 8 x 8 .*{PICTURE}"),
        ("convolution", {"flat": 1352}, rf"layer '2', Linear\(in_features=1352, .* the shape 72 .*{PICTURE}"),
        ("keras_of", {"shape": [28, 28, 1]}, rf"it takes the shape 28 x 28 x 1 .*{PICTURE}"),
        ("wide", {"outputs": 2}, r"asks for \(8, 3\): one for each class \(setosa, versicolor, virginica\)"),
        ("keras_of", {"shape": [4], "outputs": 4}, r"outputs of shape \(8, 4\) for 8 samples, but"),
    ],
)  # fmt: skip
def test_a_model_of_another_shape_than_the_data_is_refused_before_it_is_trained(
    function: str, arguments: dict[str, Any], message: str, iris: Dataset
) -> None:
    """In one sentence that says what the model takes and what the data gives, whatever the framework says."""
    data = DigitsSpec().load(Memory()) if "image" in message else iris
    trains = "forest" not in function and "function" not in function
    given = spec(function, arguments=arguments, fit="auto" if trains else "never")

    def untrained(done: int, total: int) -> None:
        raise AssertionError("it was trained")

    with pytest.raises(InputError, match=message):
        given.restore(data, given.fit(data, COMPUTE, untrained), COMPUTE)


def test_an_estimator_that_names_its_classes_is_matched_by_them(iris: Dataset) -> None:
    names = ["setosa", "versicolor", "virginica"]
    assert built(spec("named_forest", arguments={"order": names}), iris)[0].output == "probabilities"
    said = "the outputs of the model are virginica, setosa, versicolor, and the classes of the data are setosa, versic"
    with pytest.raises(InputError, match=said):
        built(spec("named_forest", arguments={"order": [names[2], *names[:2]]}), iris)


CM = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]


@pytest.mark.parametrize("names", [CM, [name.removesuffix(" (cm)") for name in CM]], ids=["units", "no units"])
def test_a_pipeline_is_given_the_columns_that_it_was_fitted_on_by_name(names: list[str], iris: Dataset) -> None:
    model, _ = built(spec("named_columns", arguments={"names": names, "pick": names[2:]}), iris)
    moved = {"measurements": iris.inputs[0].array + np.array([1, 1, 0, 0], np.float32)}
    np.testing.assert_array_equal(model.predict(moved), model.predict(iris.arrays))


@pytest.mark.parametrize(
    "names",
    [CM[::-1], [*CM[:3], "colour"], ["a", "b", "c", "d"], CM[:3], [*CM, "colour"]],
    ids=["order", "one other", "all others", "fewer", "more"],
)
def test_a_pipeline_of_other_columns_is_refused_with_both(names: list[str], iris: Dataset) -> None:
    said = (
        f"model.factory: the Pipeline was fitted on the columns {', '.join(names)}, and the data gives "
        f"{', '.join(CM)}; give it those that it was fitted on"
    )
    with pytest.raises(InputError, match=f"^{re.escape(said)}"):
        built(spec("named_columns", arguments={"names": names}), iris)


@pytest.mark.parametrize(
    ("function", "framework"),
    [("mlp", "torch"), ("keras_mlp", "Keras"), ("forest", "scikit-learn"), ("function", "Python")],
)
def test_a_model_is_called_by_what_it_is_and_not_by_what_its_file_imports(
    function: str, framework: str, iris: Dataset
) -> None:
    """One file imports torch, Keras and scikit-learn."""
    assert spec(function).fit(iris, COMPUTE, silent).framework == framework


def test_only_of_a_model_that_is_given_it_is_said_that_it_has_not_seen_the_rows() -> None:
    assert spec("forest", unseen=True).not_seen
    with pytest.raises(ValueError, match="is said of a model that is given, with fit: never"):
        spec("mlp", fit="auto", unseen=True)


def test_the_order_of_the_outputs_is_said_of_a_model_that_comes_trained(iris: Dataset) -> None:
    prediction = Prediction(kind="logits", outputs=np.eye(3)[iris.labels])
    _, said = remarks(spec("mlp"), iris, prediction).said
    assert said.startswith("Its outputs are taken for setosa, versicolor, virginica, in this order")
    (_,) = remarks(spec("wide", fit="auto", epochs=1, arguments={"outputs": 3}), iris, prediction).said


def remarks(model: FactorySpec, data: Dataset, prediction: Prediction) -> Remarks:
    return model.remarks(data, model.fit(data, COMPUTE, silent), prediction)


NO_PROBABILITIES = "logits, for they do not all lie between 0 and 1 and add up to 1"


@pytest.mark.parametrize(
    ("function", "settings", "reading"),
    [
        ("mlp", {"arguments": {"softmax": False}}, NO_PROBABILITIES),
        ("mlp", {"arguments": {"softmax": False}, "fit": "auto", "epochs": 1}, NO_PROBABILITIES),
        ("mlp", {}, "logits, for they come before its last softmax"),
        ("keras_mlp", {}, "logits, for they come before its last softmax"),
        ("forest", {}, "probabilities, for a fitted classifier gives them"),
        ("shares", {}, "probabilities, for they lie between 0 and 1 and add up to 1 in each row"),
        ("function", {"output": "logits"}, "logits, as the config says"),
    ],
)
def test_one_reason_is_said_for_how_outputs_are_read(
    function: str, settings: dict[str, Any], reading: str, iris: Dataset
) -> None:
    model = spec(function, **settings)
    net, _ = built(model, iris)
    read = remarks(model, iris, Prediction(kind=net.output, outputs=net.predict(iris.arrays))).said[0]
    assert read == f"Its outputs are read as {reading}."


def test_outputs_that_only_look_like_probabilities_at_first_are_refused(iris: Dataset) -> None:
    model, outputs = spec("shares"), np.full((len(iris.labels), 3), 1 / 3)
    outputs[20] = 0.5, 0.25, 0.5
    said = "first 8 rows look like, but for 'flower 20' they are 0.5, 0.25, 0.5, and in 1 of 150 rows they do not"
    with pytest.raises(InputError, match=said):
        remarks(model, iris, Prediction(kind="probabilities", outputs=outputs))
    told = spec("shares", output="probabilities")
    remarks(told, iris, Prediction(kind="probabilities", outputs=outputs))  # each for itself
    with pytest.raises(InputError, match="they do not lie between 0 and 1; type"):
        remarks(told, iris, Prediction(kind="probabilities", outputs=3 * outputs))


def test_what_comes_as_words_is_not_said_to_have_been_numbers(iris: Dataset) -> None:
    """A function of a session is given sentences, and a fitted model words and gaps: their places are the data's."""
    (table,), rows = iris.inputs, len(iris.labels)
    columns = [TableColumn(name=name, kind="number") for name in table.features]
    job = columns[1].model_copy(update={"kind": "category", "categories": ("cook", "nurse")})
    text = Input(name="text", kind="text", values=np.zeros((rows, 2), np.int64), vocabulary=("", "good"))
    spec = FactorySpec(factory="exhibit.memory:model_0")

    def given(*inputs: Input) -> set[str]:
        return set(spec._numbers(iris.model_copy(update={"inputs": inputs})))

    assert given(table.model_copy(update={"whole": tuple(columns)}), text) == {table.name}
    assert given(table.model_copy(update={"whole": (columns[0], job, *columns[2:])})) == set()


def test_empty_cells_are_no_end_of_a_range() -> None:
    [found] = told({"x": np.array([[np.nan, 3.0], [1.0, 2.0]])})
    assert (found.low, found.high) == (1.0, 3.0)


def test_probabilities_can_be_told(iris: Dataset) -> None:
    model, _ = built(spec("function", output="probabilities"), iris)
    assert model.output == "probabilities"


@pytest.mark.parametrize("function", ["mlp", "keras_mlp", "forest", "broken"])
def test_global_random_states_are_left_alone(function: str, iris: Dataset) -> None:
    def states() -> tuple[object, ...]:
        return random.getstate(), np.random.get_state()[1].tobytes(), torch.get_rng_state().numpy().tobytes()

    before = states()
    with pytest.raises(InputError, match="broken failed with Zero") if function == "broken" else nullcontext():
        built(spec(function), iris)
    assert states() == before


def test_the_report_names_function_and_libraries() -> None:
    given = spec("mlp")
    assert given.architecture == f"A model of the user's own, made by {NAME}:mlp."
    assert given.framework == "torch and Keras and scikit-learn"
    assert given.called == "model of the user's own"
    assert hash(given) == hash(spec("mlp")) != hash(spec("mlp", arguments={"hidden": 2}))


def own_score(outputs: Any, targets: Any) -> Any:
    """The largest output: no framework is named, numpy, torch and TensorFlow all index and add."""
    return 2 * outputs[:, 0] + outputs[:, 1] ** 2


@pytest.mark.parametrize("function", ["mlp", "keras_mlp"])
def test_a_score_of_ones_own_has_its_gradient(
    function: str, iris: Dataset, check_gradient: Callable[[Model, Score], None]
) -> None:
    model, _ = built(spec(function, arguments={"softmax": False}), iris)
    check_gradient(model, Score(kind="factory", function=own_score))


@pytest.fixture
def check_gradient(iris: Dataset) -> Callable[[Model, Score], None]:
    """Compares with central differences of the score on the numpy side."""

    def check(model: Any, score: Score) -> None:
        from exhibit.tasks.protocols import scores

        place = model.place({"measurements": iris.arrays["measurements"][:16]})
        targets = np.zeros(16, np.int64)
        found, gradients = place.gradient(place.values, score, targets)
        np.testing.assert_allclose(found, scores(place.outputs(place.values), model.output, score, targets), rtol=1e-5)
        step = np.zeros(4, np.float32)
        step[2] = 1e-2
        ends = [place.outputs({"measurements": place.values["measurements"] + sign * step}) for sign in (1, -1)]
        slope = np.subtract(*(scores(end, model.output, score, targets) for end in ends)) / 2e-2
        np.testing.assert_allclose(gradients["measurements"][:, 2], slope, rtol=1e-2, atol=1e-3)

    return check


@pytest.mark.parametrize("function", ["mlp", "keras_mlp"])
def test_a_score_of_another_shape_is_refused(function: str, iris: Dataset) -> None:
    model: Any = built(spec(function), iris)[0]
    place = model.place({"measurements": iris.arrays["measurements"][:16]})
    with pytest.raises(InputError, match=r"shape \(16,\), but the function gave \(16, 3\)"):
        place.gradient(place.values, Score(kind="factory", function=lambda outputs, _: outputs), np.zeros(16, int))


def test_weights_that_do_not_fit_are_said_in_plain_words() -> None:
    net = torch.nn.Linear(4, 3)
    with pytest.raises(InputError, match="the weights do not fit Linear: size mismatch for weight") as caught:
        called(net.load_state_dict, {"state_dict": torch.nn.Linear(5, 3).state_dict()}, "model.factory: own:net")
    assert "Error(s)" not in str(caught.value)
