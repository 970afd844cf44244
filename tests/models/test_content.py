"""What a user's own model holds: the same content twice, another where anything that it holds is another."""

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from exhibit.tasks.models.content import content

ROWS = np.random.default_rng(0).normal(size=(60, 4))
LABELS = (ROWS[:, 0] > 0).astype(int)
GAIN = np.array([1.0])


class Scaled(nn.Module):
    """A net with a number, a buffer that is not saved, and parameters."""

    def __init__(self, gain: float, shift: float, weight: float) -> None:
        super().__init__()
        self.gain = gain
        self.register_buffer("shift", torch.tensor([shift]), persistent=False)
        self.layer = nn.Linear(1, 1)
        nn.init.constant_(self.layer.weight, weight)
        nn.init.zeros_(self.layer.bias)
        self.layer.register_forward_hook(lambda *_: None)


def closure(gain: float) -> Callable[[Any], Any]:
    return lambda inputs: gain * inputs


def reads_a_global(inputs: Any) -> Any:
    return GAIN * inputs


def forest(seed: int) -> Any:
    return RandomForestClassifier(5, random_state=seed).fit(ROWS, LABELS)


def boosting(steps: int) -> Any:
    model = HistGradientBoostingClassifier(max_iter=steps, random_state=0)
    return make_pipeline(StandardScaler(), model).fit(ROWS, LABELS)


@pytest.mark.parametrize(
    ("make", "one", "other"),
    [
        (forest, (0,), (1,)),
        (boosting, (2,), (3,)),
        (Scaled, (1.0, 2.0, 3.0), (1.5, 2.0, 3.0)),
        (Scaled, (1.0, 2.0, 3.0), (1.0, 2.5, 3.0)),
        (Scaled, (1.0, 2.0, 3.0), (1.0, 2.0, 3.5)),
        (closure, (1.0,), (2.0,)),
        (functools.partial, (max, 1), (max, 2)),
        (lambda *pairs: OrderedDict(pairs), (("a", 1), ("b", 2)), (("b", 2), ("a", 1))),
        (lambda *items: set(items), ("a", "b"), ("a", "c")),
        (lambda value: [np.float32(value)], (1.0,), (2.0,)),
        (lambda value: np.array([value], object), ("a",), ("b",)),
    ],
)
def test_content_tells_models_apart_and_nothing_else(make: Callable[..., Any], one: Any, other: Any) -> None:
    first, again, another = content(make(*one)), content(make(*one)), content(make(*other))
    assert first.whole
    assert first == again != another


def test_the_globals_that_a_function_uses_are_its_content(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a module loads a model when it is imported."""
    before = content(reads_a_global)
    monkeypatch.setitem(globals(), "GAIN", np.array([2.0]))
    assert content(reads_a_global) != before


def test_the_random_state_of_the_process_is_no_content() -> None:
    """Estimators without a seed hold numpy's global generator."""
    model = GaussianProcessClassifier().fit(ROWS, LABELS)
    before = content(model)
    np.random.rand()
    assert content(model) == before


def test_unused_bytes_between_fields_are_no_content() -> None:
    """The nodes of a tree have seven in each row, which hold what was in memory before."""
    kind = np.dtype([("flag", "u1"), ("value", "f8")], align=True)
    tables = [np.frombuffer(bytes([fill]) * 32, np.uint8).copy().view(kind) for fill in (1, 2)]
    for table in tables:
        table["flag"], table["value"] = 1, 2.0
    assert tables[0].tobytes() != tables[1].tobytes()
    assert content(tables[0]) == content(tables[1])


def test_what_cannot_be_read_is_said() -> None:
    assert not content({"session": iter(lambda: 0, 1), "lock": __import__("threading").Lock()}).whole
