"""What was refined to one tolerance is refined to another: the same as from the beginning, by fewer gradients."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch

from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.methods.path import Pass, Segment
from exhibit.tasks.methods.refine import Said
from exhibit.tasks.models.torch import TorchModel
from exhibit.tasks.protocols import Compute, Score
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.packing import pack

TARGETS = np.array([[0, 1], [1, 1], [2, 0], [0, 2], [1, 0], [2, 2], [0, 0]])  # some samples name an output twice


@contextmanager
def gradients_counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many gradients each pass over a batch of lines takes."""
    taken: list[int] = []
    gradients = Segment.gradients

    def count(segment: Segment, step: Pass) -> Any:
        taken.append(len(step.alphas) * segment.used)
        return gradients(segment, step)

    with monkeypatch.context() as patched:
        patched.setattr(Segment, "gradients", count)
        yield taken


def asked(model: TorchModel, table: dict[str, Array], method: IntegratedGradientsSpec) -> tuple[Any, ...]:
    score = Score(kind="probability" if model.output == "logits" else "value")
    targets = TARGETS if model.output == "logits" else np.zeros((7, 1), np.int64)
    return model, table, None, np.array([f"s{row}" for row in range(7)]), targets, score, Compute(batch=4)


@pytest.fixture(params=["smooth", "bent"])
def model(request: pytest.FixtureRequest, classifier: TorchModel, closed_form: Callable[..., TorchModel]) -> TorchModel:
    """Of the second most pairs need many passes, and the slope at what is zero is positive at the outermost points of
    the first pass alone."""
    if request.param == "smooth":
        return classifier
    return closed_form(
        lambda x: (
            torch.relu(9 * x[:, 0] - 2)
            + torch.sigmoid(60 * (x[:, 1] - 0.2))
            + x[:, 2] ** 3
            - x[:, 3] * (torch.cos(8.9 * (x[:, 4] - 0.5)) + 0.6)
        )
    )


@pytest.fixture
def table(table: dict[str, Array]) -> dict[str, Array]:
    """The fourth feature is that of the baseline, so that it is given a zero that has a sign, and the fifth is 1."""
    return {"x": np.where([False, False, False, True, True], np.array([0, 0, 0, 0, 1], np.float32), table["x"])}


TIGHTENED = {"tolerance": 0.05}, {"tolerance": 0.002}
CHANGES: list[tuple[dict[str, float], dict[str, float]]] = [
    TIGHTENED,
    ({"max_steps": 20}, {"max_steps": 1024}),
    ({"tolerance": 0.002}, {"tolerance": 0.2}),  # what ended before is begun anew
    ({"max_steps": 1024}, {"max_steps": 20}),
    ({"tolerance": 0.02, "max_steps": 60}, {"tolerance": 0.002, "max_steps": 300}),
]


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        *(("cosine", *change) for change in CHANGES),
        *((rule, *TIGHTENED) for rule in ("midpoint", "trapezoid", "endpoints", "gausslegendre")),
    ],
)
def test_it_is_the_same_to_the_bit(
    rule: Any, before: dict[str, float], after: dict[str, float], model: TorchModel, table: dict[str, Array]
) -> None:
    first, second = (IntegratedGradientsSpec.model_validate({"rule": rule, **given}) for given in (before, after))
    begun = first.attribute(*asked(model, table, first))
    assert pack(second.resume(begun, *asked(model, table, second))) == pack(
        second.attribute(*asked(model, table, second))
    )


@pytest.mark.parametrize(("rule", "again"), [("cosine", 2), ("midpoint", 0)])
def test_no_point_is_met_again_but_those_at_the_ends(
    rule: Any, again: int, model: TorchModel, table: dict[str, Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule `cosine` takes two gradients of each pair that goes on a second time: its outermost of the last pass."""
    loose, tight = IntegratedGradientsSpec(rule=rule), IntegratedGradientsSpec(rule=rule, tolerance=0.002)
    begun = loose.attribute(*asked(model, table, loose))
    with gradients_counted(monkeypatch) as taken:
        found = tight.resume(begun, *asked(model, table, tight))
    pairs = np.unique(np.stack([np.repeat(np.arange(7), found.targets.shape[1]), found.targets.ravel()]), axis=1).T
    steps = [
        [part.steps[sample, part.targets[sample].tolist().index(target)] for sample, target in pairs.tolist()]
        for part in (begun, found)
    ]
    more = np.subtract(steps[1], steps[0])
    assert (more > 0).any()
    assert sum(taken) == (more + again * (more > 0)).sum()
    with gradients_counted(monkeypatch) as nothing:
        assert pack(tight.resume(found, *asked(model, table, tight))) == pack(found)
    assert nothing == []


def test_a_pair_is_finished_by_two_passes_that_add_up_and_agree() -> None:
    """(pairs, passes, 6): evaluations, residual, moved, L1, lowest, highest; scores of 0 and 1, a tolerance of 0.1."""
    nan = np.nan
    ladder = np.array([
        [[3, 0.05, nan, 1, 0, 1], [7, 0.05, 0.05, 1, 0, 1], [15, 0.01, 0.01, 1, 0, 1]],  # by the second
        [[3, 0.50, nan, 1, 0, 1], [7, 0.05, 0.05, 1, 0, 1], [15, 0.01, 0.01, 1, 0, 1]],  # the first did not add up
        [[3, 0.05, nan, 1, 0, 1], [7, 0.05, 0.50, 1, 0, 1], [15, 0.01, 0.20, 1, 0, 1]],  # it still moves
        [[3, 0.05, nan, 1, 0, 1], [7, 0.15, 0.05, 1e6, 0, 1], [15, 0.01, 0.01, 1, 0, 1]],  # float32 cannot tell
    ])  # fmt: skip
    found = Said.of(ladder, np.ones(4), np.zeros(4), Score(kind="value"), 0.1).finished(0.1)
    assert found.tolist() == [[True, True], [False, True], [False, False], [True, True]]


def test_what_is_averaged_over_draws_is_begun_anew(classifier: TorchModel, table: dict[str, Array]) -> None:
    """Of these only the means are kept."""
    loose, tight = (
        IntegratedGradientsSpec.model_validate({"sampling": {"nt_samples": 2}, "tolerance": tolerance})
        for tolerance in (0.05, 0.01)
    )
    begun: Attribution = loose.attribute(*asked(classifier, table, loose))
    assert begun.ladder is None
    again, fresh = (
        tight.resume(begun, *asked(classifier, table, tight)),
        tight.attribute(*asked(classifier, table, tight)),
    )
    assert pack(again) == pack(fresh)
