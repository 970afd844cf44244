"""What a check is given of stored explanations: elements that exist, one baseline, and weights where there are some."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from exhibit.tasks.checks import CheckSpec
from exhibit.tasks.checks.agreement import AgreementSpec
from exhibit.tasks.checks.concordance import ConcordanceSpec
from exhibit.tasks.checks.faithfulness import AlignmentSpec, DeletionSpec, FaithfulnessCorrelationSpec
from exhibit.tasks.checks.randomization import RandomizationSpec
from exhibit.tasks.checks.sparseness import SparsenessSpec
from exhibit.tasks.checks.stability import StabilitySpec
from exhibit.tasks.data.select import TargetSpec
from exhibit.tasks.methods import MethodSpec
from exhibit.tasks.methods.gradient import VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.methods.shap_tree import TreeShapSpec
from exhibit.tasks.models import ModelSpec
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.models.zoo.random_forest import ForestSpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.explanation import Attribution, Selection
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.packing import pack
from exhibit.tasks.records.verdict import CheckResult
from exhibit.tasks.stages.check import CheckedMethod, check, variants
from exhibit.tasks.stages.stage import read
from exhibit.tasks.store import Store

Measure = Callable[..., CheckResult]

SAMPLES, ATOMS, LONGEST = 10, 4, 40
COMPUTE = Compute(batch=32, device="cpu")


def dataset_of(item: Input, labels: Array | None = None) -> Dataset:
    count = len(item.values)
    return Dataset(
        title="few", description="", source="", task="regression", inputs=(item,), label_name="value",
        sample_ids=np.array([f"s{row}" for row in range(count)]),
        labels=np.zeros(count) if labels is None else labels, split=np.full(count, "train"),
    )  # fmt: skip


def part_of(data: Dataset, values: Array, mask: Array | None = None) -> Attribution:
    """`values` (samples, elements) as those of a method, of one target and where there is a layer of one channel."""
    column, (item,) = np.zeros((len(values), 1)), data.inputs
    full = values[..., np.newaxis] if item.kind == "table" else values[..., np.newaxis, np.newaxis]
    return Attribution(
        sample_ids=data.sample_ids, targets=column.astype(int), values={item.name: full},
        mask={} if mask is None else {item.name: mask}, prediction=column, base_value=column, residual=column,
        steps=column.astype(int), converged=column == 0,
    )  # fmt: skip


@pytest.fixture
def measure(tmp_path: Path) -> Measure:
    """The result of a check on stored explanations, beside those of other methods."""
    store = Store(tmp_path / "store")

    def run(
        spec: CheckSpec,
        data: Dataset,
        part: Attribution,
        others: Mapping[str, Attribution] | None = None,
        method: MethodSpec | None = None,
        model: ModelSpec | None = None,
    ) -> CheckResult:
        method, model = method or OcclusionSpec(), model or ForestSpec(trees=3)
        everyone = Selection(
            explained=np.arange(len(data.labels)), shown=np.arange(1), targets=part.targets, target_names=("value",),
            reason="",
        )  # fmt: skip
        weights = (
            model.fit(data, COMPUTE, silent) if data.inputs[0].kind == "table" else Weights(arrays={}, parameters=0)
        )
        asked = CheckedMethod(
            label="m",
            method=method,
            model=model,
            target=TargetSpec(),
            compute=COMPUTE,
            found={
                "dataset": store.put(pack(data)),
                "weights": store.put(pack(weights)),
                "explained": store.put(pack(everyone)),
            },
            # In two shards: a check sees no more at once.
            shards=tuple(store.put(pack(part.rows(rows))) for rows in (slice(0, 5), slice(5, None))),
            others={name: (method, (store.put(pack(other)),)) for name, other in (others or {}).items()},
            summaries=(),
        )
        return read(store, CheckResult, check(store, spec, asked)["result"])

    return run


def padded(kind: str, atoms: int, longest: int) -> tuple[Dataset, Array]:
    """Samples of so many elements beside each other, filled up to `longest`, and where they have one."""
    mask = np.tile(np.arange(longest) < atoms, (SAMPLES, 1))
    if kind == "molecule":
        return dataset_of(Input(name="x", kind="molecule", values=np.array(["CCCC"] * SAMPLES))), mask
    return dataset_of(Input(name="x", kind="text", values=mask.astype(int), vocabulary=("[PAD]", "a"))), mask


def stored(data: Dataset, values: Array, mask: Array) -> Attribution:
    """A molecule brings its mask; of a text only the data says where it ends."""
    full = np.zeros(mask.shape)
    full[:, : values.shape[1]] = values
    return part_of(data, full, mask if data.inputs[0].kind == "molecule" else None)


@pytest.mark.parametrize("kind", ["molecule", "text"])
def test_what_fills_up_a_shorter_sample_makes_nothing_sparse(kind: str, measure: Measure) -> None:
    """Four equal elements are four equal elements, however long another sample is."""
    data, mask = padded(kind, ATOMS, LONGEST)
    result = measure(SparsenessSpec(), data, stored(data, np.ones((SAMPLES, ATOMS)), mask))
    assert result.value == pytest.approx(0, abs=1e-12)
    assert result.verdict == "fail"


@pytest.mark.parametrize("kind", ["molecule", "text"])
def test_what_fills_up_a_shorter_sample_makes_nothing_agree(kind: str, measure: Measure) -> None:
    """The opposite order of the only elements there are: neither their ranks nor the largest of them are alike."""
    data, mask = padded(kind, ATOMS, LONGEST)
    up = np.tile([1.0, 2, 3, 4], (SAMPLES, 1))
    result = measure(
        AgreementSpec(top=0.25), data, stored(data, up, mask), {"opposite": stored(data, up[:, ::-1], mask)}
    )
    assert result.value == pytest.approx(-1)
    assert result.details["jaccard"].tolist() == [0]
    assert result.details["signs"].tolist() == [1]


TABLE = np.random.default_rng(0).uniform(1, 2, (SAMPLES, 3)).astype(np.float32)


def table(values: Array = TABLE) -> Dataset:
    return dataset_of(Input(name="x", kind="table", values=values, features=("a", "b", "c")), TABLE.sum(axis=1))


def total() -> Callable[[Arrays], Array]:
    """A model of no framework: the sum of what it is given."""
    return lambda inputs: inputs["x"].sum(axis=1, keepdims=True)


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> FactorySpec:
    monkeypatch.setenv("EXHIBIT_TRUSTED_MODULES", __name__)
    return FactorySpec(factory=f"{__name__}:total")


@pytest.mark.parametrize("own", [False, True], ids=["trees", "function"])
def test_a_model_without_layers_of_weights_cannot_be_randomised(
    own: bool, function: FactorySpec, measure: Measure
) -> None:
    data = table()
    result = measure(RandomizationSpec(), data, part_of(data, TABLE), model=function if own else None)
    assert result.verdict == "not applicable"
    assert result.sentence == "The model has no layers of weights that could be made random."
    assert not result.required


def test_every_method_is_measured_against_what_it_compares_with(function: FactorySpec, measure: Measure) -> None:
    """The mean of a table, zero, or rows of which the score is averaged: the curve ends at what it is there."""
    data, mean = table(), TABLE.sum(axis=1).mean()
    for method, end in ((OcclusionSpec(), mean), (OcclusionSpec(baseline="zero"), 0), (TreeShapSpec(), mean)):
        result = measure(DeletionSpec(), data, part_of(data, TABLE), method=method, model=function)
        assert result.details["curve"][-1] == pytest.approx(end, rel=1e-6)
        assert (result.bears, "is not what the method" in result.sentence) == (True, False)
    assert "the 10 rows that the method compares with, the mean over them" in result.sentence


def test_what_a_method_compares_with_that_no_element_has_is_no_reason_to_fail_it(
    function: FactorySpec, measure: Measure
) -> None:
    """Hidden features that follow the training samples down the trees: nothing stands in for these. An order may be
    tried all the same, and a failure says nothing; what the score loses is nothing that the values are of."""
    data = table()
    method = TreeShapSpec(background=None)
    for spec in (FaithfulnessCorrelationSpec(), ConcordanceSpec(), AlignmentSpec()):
        result = measure(spec, data, part_of(data, TABLE), method=method, model=function)
        assert result.verdict == "not applicable"
        assert result.sentence.startswith("What the score loses here is not what the values are of")
    result = measure(DeletionSpec(), data, part_of(data, -TABLE), method=method, model=function)
    assert result.verdict == "fail"
    assert not result.bears
    assert "the usual baseline of these inputs" in result.sentence
    assert "is not what the method itself compares with" in result.sentence


ROWS = np.random.default_rng(0).uniform(1, 2, (SAMPLES, 3))
SOURCE = """
import numpy as np

KNOWN = np.random.default_rng(0).uniform(1, 2, (10, 3))


def strict(value):
    def predict(inputs):
        known = (inputs["x"][:, None] == KNOWN).all(axis=2).any(axis=1)
        return np.where(known, inputs["x"].sum(axis=1), float(value))[:, None]
    return predict


def net():
    import torch
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(3, 1)
            self.known = float(self.layer.weight.sum())
        def forward(self, x):
            same = (self.layer.weight.sum() - self.known).abs() < 1e-4
            return torch.where(same, self.layer(x), torch.nan)
    return Net()
"""


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
@pytest.mark.parametrize("spec", [DeletionSpec(), FaithfulnessCorrelationSpec(), StabilitySpec()])
def test_a_model_that_gives_no_numbers_where_a_check_asks_is_named(
    spec: CheckSpec, value: str, measure: Measure, own_module: Callable[[str, str], None]
) -> None:
    """Of rows that it knows it predicts all, and of no other."""
    own_module("strict_rows", SOURCE)
    data = table(ROWS)
    model = FactorySpec(factory="strict_rows:strict", arguments={"value": value})
    with pytest.raises(
        InputError, match=rf"strict_rows:strict gives {value} where check {spec.kind} of method m asks about 's\d'"
    ):
        measure(spec, data, part_of(data, ROWS), model=model)


def test_random_weights_that_give_no_numbers_are_said(measure: Measure, own_module: Callable[[str, str], None]) -> None:
    own_module("strict_weights", SOURCE)
    data = table(ROWS.astype(np.float32))
    model = FactorySpec(factory="strict_weights:net")
    result = measure(RandomizationSpec(), data, part_of(data, ROWS), model=model, method=VanillaGradSpec())
    assert result.verdict == "not applicable"
    assert result.sentence.startswith("With random weights the model gives no finite numbers")


def test_a_rule_that_follows_the_steps_is_another_setting() -> None:
    """`rule: auto` is cosine where steps are refined and midpoint where they are not: two of them differ in both."""
    methods = {
        "refined": IntegratedGradientsSpec(),
        "fixed": IntegratedGradientsSpec(n_steps=16),
        "same": IntegratedGradientsSpec(rule="cosine"),
        "midpoints": IntegratedGradientsSpec(rule="midpoint"),
        "alone": VanillaGradSpec(),
    }
    others = {label: (method, ()) for label, method in methods.items()}
    asked = CheckedMethod(
        label="m", method=IntegratedGradientsSpec(), model=ForestSpec(), target=TargetSpec(), compute=COMPUTE,
        found={}, shards=(), others=others, summaries=(),
    )  # fmt: skip
    assert variants(asked) == {
        "refined": {},
        "fixed": {"n_steps": ("auto", 16), "rule": ("cosine", "midpoint")},
        "same": {},
        "midpoints": {"rule": ("cosine", "midpoint")},
    }
