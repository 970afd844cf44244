"""What a training takes is estimated from its beginning, and refused before it goes on."""

import time
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.data.table import IrisSpec
from exhibit.tasks.models import trees
from exhibit.tasks.models.duration import Pace, TooLong, require_quick
from exhibit.tasks.models.training import Measured, TrainingSpec
from exhibit.tasks.models.zoo.efficientnet import EfficientNetSpec
from exhibit.tasks.models.zoo.mlp import MLPSpec
from exhibit.tasks.models.zoo.random_forest import ForestSpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.shown import lasting
from exhibit.tasks.stages.stage import numeric_settings
from tests.conftest import Memory


@pytest.fixture(scope="module")
def iris() -> Dataset:
    data = IrisSpec(reference=None).load(Memory())
    return data.model_copy(update={"split": np.array(["train", "train", "test"] * 50)})


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands until it is moved."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def trained(spec: TrainingSpec, data: Dataset, clock: list[float], seconds: float, hours: float = 24) -> int:
    """How many steps are done, each of so many seconds."""
    steps = []

    def step(rows: Array) -> Measured:
        clock[0] += 1000 if not steps else seconds  # what is made once is no measure
        steps.append(rows)
        return Measured(1.0)

    spec.run(data, step, lambda _: Measured(1.0), Compute(training_hours=hours), silent)
    return len(steps)


def test_a_training_that_would_take_too_long_ends_after_a_few_steps(iris: Dataset, clock: list[float]) -> None:
    """10,000 epochs of 7 steps, 2 s each: 140,000 s, which are 39 hours."""
    train = int((iris.split == "train").sum())
    spec = MLPSpec(epochs=10_000, batch_size=-(-train // 7))
    said = rf"^model.epochs: 10,000 passes over {train} training rows would take about 38.9 hours .*training_hours: 24;"
    with pytest.raises(TooLong, match=said):
        trained(spec, iris, clock, 2.0)
    assert clock[0] == 1004.0
    few = spec.model_copy(update={"epochs": 3})
    assert trained(few, iris, clock, 2.0) == 21
    assert trained(few, iris, clock, 2.0, hours=0.1) == 21


def test_of_a_training_that_stops_by_itself_the_shortest_counts(iris: Dataset, clock: list[float]) -> None:
    spec = EfficientNetSpec(epochs=100_000, patience=3, batch_size=1000)
    assert (spec.fewest(watched=True), spec.fewest(watched=False)) == (4, 100_000)
    assert trained(spec, iris, clock, 3600.0) == 4  # nothing is learned, so it ends, though all would take years
    with pytest.raises(TooLong, match="100,000 passes"):
        trained(spec.model_copy(update={"patience": None}), iris, clock, 3600.0)


def test_trees_are_refused_by_a_few_of_them(iris: Dataset, clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """4 trees in 8 s: 10,000 in 20,000 s, and they are fitted twice."""
    spec, fitted = ForestSpec(trees=10_000), []

    def few(self: Any, task: str) -> Any:
        fitted.append(self.trees)
        clock[0] += 2.0 * self.trees
        return original(self, task)

    original = ForestSpec.estimator
    monkeypatch.setattr(ForestSpec, "estimator", few)
    with pytest.raises(TooLong, match=r"^model.trees: 10,000 trees on .* would take about 11.1 hours"):
        spec.fit(iris, Compute(training_hours=11), silent)
    monkeypatch.setattr(trees, "memory", lambda: 1_000_000)
    with pytest.raises(InputError, match=r"trees on .* rows need about .* GB, but this machine has 0 GB"):
        spec.fit(iris, Compute(), silent)
    assert fitted == [4, 4]


@pytest.mark.parametrize("seconds", [0.0, 3600.0])
def test_what_takes_as_long_as_it_may_is_taken(seconds: float) -> None:
    require_quick("x", seconds, 1.0)
    with pytest.raises(TooLong, match="x would take about 60 min"):
        require_quick("x", 3601.0, 1.0)


def test_a_pace_is_judged_once(clock: list[float]) -> None:
    pace = Pace("x", 10, 1.0)
    for seconds in (9_000.0, 1.0, 3.0, 9_000.0):  # slow at the beginning, as all are, and because of others at the end
        clock[0] += seconds
        pace.step()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.25, "0.25 s"),
        (99, "99 s"),
        (600, "10 min"),
        (7_200, "2.0 hours"),
        (864_000, "10 days"),
        (8.64e9, "100,000 days"),
    ],
)
def test_time_is_said_in_the_unit_of_a_person(seconds: float, said: str) -> None:
    assert lasting(seconds) == said


def test_how_long_it_may_take_is_no_part_of_a_key() -> None:
    assert numeric_settings(Compute(training_hours=1)) == numeric_settings(Compute())
