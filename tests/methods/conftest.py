"""Models whose explanations are known, and one call to explain them."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from exhibit.tasks.methods.gradient import GradientMethod
from exhibit.tasks.models.torch import TorchModel, as_tensors
from exhibit.tasks.protocols import Compute, DifferentiableModel, Score
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.model import OutputKind

Formula = Callable[[Tensor], Tensor]


class FormulaNet(nn.Module):
    """(samples, 1) from (samples, features) by a formula that gives (samples,)."""

    def __init__(self, formula: Formula) -> None:
        super().__init__()
        self.formula = formula

    def forward(self, x: Tensor) -> Tensor:
        return self.formula(x)[:, None]


@pytest.fixture
def closed_form() -> Callable[[Formula], TorchModel]:
    """A model of one value, given by its formula."""

    def build(formula: Formula, batch: int = 4) -> TorchModel:
        return TorchModel(FormulaNet(formula), as_tensors, "values", Compute(batch=batch))

    return build


@pytest.fixture
def explain() -> Callable[..., Attribution]:
    """Attributions of a method with the short arguments of a test."""

    def run(
        method: GradientMethod,
        model: DifferentiableModel,
        inputs: Arrays,
        targets: Array | None = None,
        *,
        baselines: Arrays | None = None,
        score: str = "",
        batch: int = 4,
        ids: Array | None = None,
    ) -> Attribution:
        count = len(next(iter(inputs.values())))
        usual: dict[OutputKind, str] = {"values": "value", "logits": "logit", "probabilities": "probability"}
        return method.attribute(
            model,
            inputs,
            baselines,
            np.array([f"s{row}" for row in range(count)]) if ids is None else ids,
            np.zeros((count, 1), np.int64) if targets is None else targets,
            Score(kind=score or usual[model.output]),
            Compute(batch=batch),
        )

    return run


@pytest.fixture
def table() -> dict[str, Array]:
    """Seven rows of five standard normal features."""
    return {"x": np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)}


@pytest.fixture(scope="session")
def classifier() -> TorchModel:
    """A small random net of three classes on five features, with dropout and batch normalisation."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        net = nn.Sequential(
            nn.Linear(5, 16),
            nn.BatchNorm1d(16),
            nn.Softplus(),
            nn.Dropout(0.5),
            nn.Linear(16, 16),
            nn.Tanh(),
            nn.Linear(16, 3),
        )
        net[1].running_mean.normal_()
        net[1].running_var.uniform_(0.5, 2)
    return TorchModel(net.eval(), as_tensors, "logits", Compute(batch=4))


@pytest.fixture(scope="session")
def rectified() -> TorchModel:
    """A small random net of three classes on five features whose modules all have a rule in DeepLIFT."""
    with torch.random.fork_rng():
        torch.manual_seed(2)
        net = nn.Sequential(
            nn.Linear(5, 16), nn.BatchNorm1d(16), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(16, 8), nn.Tanh(),
            nn.Linear(8, 3),
        )  # fmt: skip
        net[1].running_mean.normal_()
        net[1].running_var.uniform_(0.5, 2)
    return TorchModel(net.eval(), as_tensors, "logits", Compute(batch=4))


@pytest.fixture
def unloadable_transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    """transformers as another library has loaded it, beside a torchvision that does not fit torch: whoever asks it for
    a class loads that."""

    class Lazy(ModuleType):
        def __getattr__(self, name: str) -> Any:
            raise (AttributeError if name.startswith("__") else ModuleNotFoundError)(name)

    monkeypatch.setitem(sys.modules, "transformers", Lazy("transformers"))
