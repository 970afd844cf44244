"""What comes out of a user's own model: probabilities that are trained as such, numbers that are none, and predictions
that depend on the batch."""

import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.data.factory import DataFactorySpec
from exhibit.tasks.data.select import SelectionSpec, TargetSpec
from exhibit.tasks.methods.gradient import VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.methods.shap_kernel import KernelShapSpec
from exhibit.tasks.models.factory import FactorySpec, probable
from exhibit.tasks.protocols import Compute, Progress, Score, scores, silent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Prediction, Weights
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.stages.attribute import attribute
from exhibit.tasks.stages.fit import fit
from exhibit.tasks.stages.load import load
from exhibit.tasks.stages.predict import predict
from exhibit.tasks.stages.select import select
from exhibit.tasks.store import Store

NAME = "own_outputs"
SOURCE = """
import numpy as np

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")


def rows(classes=True):
    labels = np.where(X[:, 0] > 0, "well", "ill") if classes else X[:, 0].astype(float)
    return {"inputs": {"x": X}, "labels": labels, "split": ["train"] * 30 + ["test"] * 10}


def net(forward):
    import torch
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(3, 1)
            self.norm = torch.nn.BatchNorm1d(3, track_running_stats=False)
        def forward(self, x):
            return eval(forward, {"torch": torch, "x": x, "self": self, "X": X})
    return Net()


def keras_pair():
    import keras
    given = keras.Input((3,))
    p = keras.layers.Dense(1, "sigmoid")(given)
    return keras.Model(given, keras.layers.Concatenate()([1 - p, p]))


def keras_norm():
    import keras
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.norm, self.last = keras.layers.BatchNormalization(), keras.layers.Dense(2)
        def call(self, x):
            return self.last(self.norm(x, training=True))
    return Net()


def keras_late():
    import keras
    return keras.Sequential([keras.layers.Dense(3, activation="tanh"), keras.layers.Dense(2)])


def draws():
    return lambda inputs: np.random.random((len(inputs["x"]), 2))


def late(kind):
    def predict(inputs):
        x = inputs["x"]
        seen = (x == X[35]).any()
        if seen and kind == "raises":
            raise ValueError("not this one")
        return x[:, :1] if seen else x[:, :2]
    return predict


def company():
    return lambda inputs: (inputs["x"] - inputs["x"].mean(axis=0))[:, :2]


def late_company():
    return lambda inputs: inputs["x"][:, :2] + (inputs["x"] == X[20]).all(axis=1).any()
"""
PAIR = "torch.cat([1 - self.layer(x).sigmoid(), self.layer(x).sigmoid()], 1)"
COMPUTE = Compute(batch=32)
Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, own_module: Callable[[str, str], None]) -> Run:
    """The dataset, weights and prediction of a function of the module, and with a method the attribution too."""
    own_module(NAME, SOURCE)
    store = Store(tmp_path / "store")

    def run(
        function: str,
        forward: str = "",
        method: Any = None,
        *,
        classes: bool = True,
        compute: Compute = COMPUTE,
        progress: Progress = silent,
        **options: Any,
    ) -> Any:
        arguments = {"arguments": {"forward": forward} if forward else {}}
        model = FactorySpec(factory=f"{NAME}:{function}", **(arguments | options))
        data = load(store, DataFactorySpec(factory=f"{NAME}:rows", arguments={"classes": classes}))["dataset"]
        trained = fit(store, model, compute, data, progress)["weights"]
        done = predict(store, model, compute, data, trained)["prediction"]
        if method is not None:
            target = TargetSpec() if classes else TargetSpec(outputs=("index:0",))
            chosen = select(store, SelectionSpec(limit=4), target, data, done)
            attribute(store, method, model, target, compute, data, trained, chosen["explained"], 0, 4)
        kinds = (Dataset, data), (Weights, trained), (Prediction, done)
        return *(unpack(kind, store.get(digest)) for kind, digest in kinds), model

    return run


@pytest.mark.parametrize(("function", "forward"), [("net", PAIR), ("keras_pair", "")])
def test_probabilities_are_trained_as_probabilities(function: str, forward: str, run: Run) -> None:
    """The loss that is printed is that of the probabilities; of logits it could not fall below 0.31."""
    data, weights, prediction, model = run(function, forward, fit="auto", epochs=40, learning_rate=0.1)
    assert prediction.kind == "probabilities"
    test = data.split == "test"
    losses = scores(prediction.outputs[test], "probabilities", Score(kind="loss"), data.labels[test])
    assert weights.history["test_loss"][-1] == pytest.approx(losses.mean(), rel=1e-4)
    assert losses.mean() < 0.25
    (said,) = model.remarks(data, weights, prediction).said
    assert said == (
        "Its outputs are read as probabilities, for they lie between 0 and 1 and add up to 1 in each row."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outputs", "known"),
    [
        ([[0.2, 0.8], [1.0, 0.0]], True),
        ([[0.2, 0.8], [0.5, 0.6]], False),
        ([[-0.5, 1.5], [0.2, 0.8]], False),
        ([[0.3, 0.3, 0.4]], True),
        ([[1.0], [1.0]], False),
    ],
)
def test_probabilities_are_known_by_their_rows(outputs: list[list[float]], known: bool) -> None:
    assert probable(np.array(outputs)) == known


@pytest.mark.parametrize(
    ("made", "cut"),
    [
        ("100 * (5 * x[:, :1]).sigmoid()", "lies between 0 and 100, so each row is taken for well; with ill below 50"),
        (
            "((5 * x[:, :1]).tanh() + 1) / 2",
            "lies between 0 and 1, so each row is taken for well; with ill below 0.5",
        ),
        ("5 * x[:, :1]", ""),
        ("(5 * x[:, 1:2]).sigmoid() * 100", ""),
        ("(x[:, :1] + 9).relu()", ""),
    ],
)
def test_one_output_that_may_be_a_share_is_doubted_by_the_labels(made: str, cut: str, run: Run) -> None:
    """In per cent, or between 0 and 1 where it is said to be a logit: all rows would be of the second class."""
    data, weights, prediction, model = run("net", made, output="logits")
    remarks = model.remarks(data, weights, prediction)
    assert remarks.said[0].startswith("Its one output is read as the logit of well")
    assert cut in remarks.doubt
    assert bool(remarks.doubt) == bool(cut)
    if cut:
        assert "from there on 40 of 40 rows would be right, and 19 are" in remarks.doubt


@pytest.mark.parametrize(("made", "word"), [("x[:, :1].sqrt()", "nan"), ("1 / (0 * x[:, :1])", "inf")])
def test_outputs_that_are_no_numbers_are_said_with_sample_and_output(made: str, word: str, run: Run) -> None:
    with pytest.raises(
        InputError, match=rf"own_outputs:net gives -?{word} for 'row \d+', output 'label', and no finite"
    ):
        run("net", made, classes=False)
    with pytest.raises(InputError, match=rf"own_outputs:net gives -?{word} for 'row \d+', output 'ill', and no finite"):
        run("net", f"torch.cat([{made}, x[:, 1:2]], 1)")


@pytest.mark.parametrize(
    ("made", "method"),
    [
        ("(x[:, :1] * 0).sqrt() + x[:, 1:2]", VanillaGradSpec()),
        ("(x[:, :1] * x[:, :1]).sqrt() ** 0.5 + (x[:, 1:2] * 0).sqrt()", IntegratedGradientsSpec(baseline="zero")),
    ],
)
def test_attributions_that_are_no_numbers_are_refused(made: str, method: Any, run: Run) -> None:
    """An infinite slope of a model whose outputs are all numbers."""
    with pytest.raises(InputError, match=rf"method: {method.kind} gives no finite numbers for 'row \d+'"):
        run("net", made, method, classes=False)


STRANGE = "torch.where((x == 0).any(1, keepdim=True), {}, x[:, :1] * x[:, 1:2])"
FAR = "torch.where((x.abs() > 2.8).any(1, keepdim=True), {}, x[:, :1] * x[:, 1:2])"


@pytest.mark.parametrize("value", ["nan", "inf"])
@pytest.mark.parametrize(
    ("made", "method"),
    [
        (STRANGE, IntegratedGradientsSpec(baseline="zero")),
        (STRANGE, OcclusionSpec(baseline="zero")),
        (STRANGE, KernelShapSpec(baseline="zero")),
        # The slope is 0 wherever the output is no number, so that a mean of slopes does not show it.
        (FAR, VanillaGradSpec(sampling={"stdevs": 1.0, "nt_samples": 20})),
    ],
)
def test_a_model_that_gives_no_numbers_where_a_method_asks_is_named(
    made: str, value: str, method: Any, run: Run
) -> None:
    with pytest.raises(
        InputError, match=rf"own_outputs:net gives {value} where method {method.kind} asks about 'row 3\d' with"
    ):
        run("net", made.format(f"torch.{value}"), method, classes=False)


def test_only_the_sample_whose_changes_give_no_number_is_named(run: Run) -> None:
    """The fourth of those that are explained, whatever stands beside it in a batch."""
    only = "torch.where((x[:, 1:2] == X[33, 1]) & (x[:, :1] == 0), torch.nan, x[:, :1] * x[:, 1:2])"
    with pytest.raises(InputError, match="gives nan where method occlusion asks about 'row 33' with"):
        run("net", only, OcclusionSpec(baseline="zero"), classes=False)


def test_a_model_with_steep_places_can_be_occluded(run: Run) -> None:
    run("net", "(x[:, :1] * 0).sqrt() + x[:, 1:2]", OcclusionSpec(), classes=False)


@pytest.mark.parametrize(
    ("function", "forward"),
    [
        ("net", "self.norm(x)[:, :2]"),
        ("net", "torch.nn.functional.dropout(x, 0.5, training=True)[:, :2]"),
        ("net", "(x - x.mean(0, keepdim=True))[:, :2]"),
        ("net", "torch.nn.functional.batch_norm(x, None, None, training=True)[:, :2]"),
        ("net", "1e4 + (x - x.mean(0, keepdim=True))[:, :2]"),  # far from zero, so that all are nearly the same
        ("net", "x[:, :2] / len(x)"),
        ("net", "x[:, :2] / x[:, :2].abs().max()"),
        ("net", "x[:, :2].softmax(0)"),
        ("keras_norm", ""),
        ("company", ""),
        ("draws", ""),
    ],
)
def test_predictions_that_depend_on_the_batch_are_refused(function: str, forward: str, run: Run) -> None:
    with pytest.raises(
        InputError, match=r"predicts something else for 'row \d' in the company of other rows|each time"
    ):
        run(function, forward)


def test_a_net_that_has_no_weights_before_it_is_called_keeps_those_it_is_given_then(run: Run) -> None:
    data, weights, prediction, _ = run("keras_late")
    first, bias, last, shift = (array.astype(np.float64) for array in weights.arrays.values())
    x = data.inputs[0].array
    assert weights.parameters == first.size + bias.size + last.size + shift.size
    np.testing.assert_allclose(prediction.outputs, np.tanh(x @ first + bias) @ last + shift, atol=1e-5)


@pytest.mark.parametrize("size", [1, 2, 3, 8])
@pytest.mark.parametrize(("function", "forward"), [("net", "(x - x.mean(0, keepdim=True))[:, :2]"), ("company", "")])
def test_batches_of_no_size_hide_it(size: int, function: str, forward: str, run: Run) -> None:
    """Alone, in the same pairs, or all in one batch a row would have the same company in any order."""
    with pytest.raises(InputError, match="in the company of other rows"):
        run(function, forward, compute=Compute(batch=size))


@pytest.mark.parametrize("size", [1, 2, 32])
@pytest.mark.parametrize(
    ("function", "forward"),
    [("net", "x[:, :2] + (x == torch.tensor(X[20])).all(1).any()"), ("late_company", "")],
)
def test_a_batch_that_counts_for_later_rows_alone_is_noticed(size: int, function: str, forward: str, run: Run) -> None:
    """Of a table in order the first rows may be alike: all have a say."""
    with pytest.raises(InputError, match="in the company of other rows"):
        run(function, forward, compute=Compute(batch=size))


@pytest.mark.parametrize("forward", ["self.layer(self.norm(x)) * x[:, :2]", "(self.layer(x) * x[:, :2]).softmax(0)"])
def test_a_net_that_depends_on_its_batch_is_not_trained(forward: str, run: Run) -> None:
    def untrained(*_: int) -> None:
        raise AssertionError("it was trained")

    with pytest.raises(InputError, match="in the company of other rows"):
        run("net", forward, fit="auto", progress=untrained)


@pytest.mark.parametrize(
    ("forward", "said"),
    [
        ("1 / 0 if x.requires_grad else x[:, :2]", r"own_outputs:net: .* failed with ZeroDivisionError"),
        ("x.exp().add_(1)[:, :2]", "own_outputs:net: .* failed with RuntimeError: one of the variables needed"),
        ("x[:, :1] if x.requires_grad else x[:, :2]", "it gave 2 outputs .* and 1 later; .*own_outputs:net"),
        (
            "x[1:, :2] if x.requires_grad else x[:, :2]",
            "32 samples were given, and 31 rows of outputs came back; .*own_outputs:net",
        ),
    ],
)
def test_a_net_that_fails_when_it_is_explained_is_named(forward: str, said: str, run: Run) -> None:
    with pytest.raises(InputError, match=said):
        run("net", forward, VanillaGradSpec())


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("raises", r"own_outputs:late: .* ValueError: not this one \(in own_outputs.py, line \d+\)"),
        ("narrows", "it gave 2 outputs .* and 1 later; .*own_outputs:late"),
    ],
)
def test_a_function_that_fails_at_a_later_row_is_named(kind: str, said: str, run: Run) -> None:
    with pytest.raises(InputError, match=said):
        run("late", arguments={"kind": kind}, compute=Compute(batch=10))


def test_a_net_that_cannot_be_trained_is_named(run: Run) -> None:
    with pytest.raises(InputError, match=r"own_outputs:net: .* failed with ZeroDivisionError"):
        run("net", "1 / 0 if self.training else x[:, :2] * self.layer.weight.sum()", fit="auto")


def test_a_fault_of_the_program_is_not_said_to_be_the_users(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exhibit.tasks.stages.predict.pack", operator.truediv)
    with pytest.raises(TypeError, match="truediv expected 2 arguments"):
        run("net", "x[:, :2]")


@pytest.mark.parametrize("function", ["net", "late"])
@pytest.mark.parametrize("kind", ["raised", "of an operator", "of numpy"])
def test_a_fault_of_an_adapter_is_not_said_to_be_the_models(
    function: str, kind: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what an adapter does itself, in Python or with numpy; what torch raises in a net is the net's, as above."""
    source = {"raised": "raise TypeError('ours')", "of an operator": "return 1 + '1'",
              "of numpy": "return numpy.stack([])"}[kind]  # fmt: skip
    faulty = {"__name__": "exhibit.tasks.models.faulty", "numpy": np}
    exec(f"def faulty(*_):\n    {source}", faulty)
    monkeypatch.setattr("exhibit.tasks.models.torch.TorchModel.predict", faulty["faulty"])
    monkeypatch.setattr("exhibit.tasks.models.callable.CallableModel._outputs", faulty["faulty"])
    with pytest.raises((TypeError, ValueError)) as caught:
        run(function, "x[:, :2]") if function == "net" else run(function, arguments={"kind": "good"})
    assert not isinstance(caught.value, InputError)
