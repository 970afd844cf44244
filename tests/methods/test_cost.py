"""What explanations cost, counted by hand."""

from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from exhibit.tasks.methods import MethodSpec
from exhibit.tasks.records.explanation import Attribution, Cost

SPEC: TypeAdapter[Any] = TypeAdapter(MethodSpec)


def part(steps: int = 0, targets: int = 1, shape: tuple[int, ...] = (4,)) -> Attribution:
    """Of three samples; every target is another output."""
    size = (3, targets)
    return Attribution(
        sample_ids=np.arange(3),
        targets=np.tile(np.arange(targets), (3, 1)),
        values={"x": np.zeros((3, *shape, targets))},
        prediction=np.zeros(size),
        base_value=np.zeros(size),
        residual=np.zeros(size),
        steps=np.full(size, steps),
        converged=np.ones(size, bool),
    )


@pytest.mark.parametrize(
    ("spec", "given", "found"),
    [
        ({"kind": "vanilla_grad"}, part(), Cost(gradients=3)),
        ({"kind": "vanilla_grad"}, part(targets=2), Cost(gradients=6)),
        ({"kind": "vanilla_grad", "sampling": {"nt_samples": 30}}, part(), Cost(gradients=90)),
        ({"kind": "integrated_gradients", "n_steps": 16}, part(16), Cost(gradients=48)),
        ({"kind": "integrated_gradients"}, part(9), Cost(gradients=27)),
        (
            {"kind": "integrated_gradients", "sampling": {"nt_samples": 10}},
            part(9),
            Cost(gradients=270, at_most=True),  # the steps are those of the longest draw
        ),
        ({"kind": "expected_gradients", "n_steps": 4, "background": 5}, part(4), Cost(gradients=60)),
        # Two windows of two elements and the sample itself, for each of three samples.
        ({"kind": "occlusion", "sliding_window_shapes": 2, "strides": 2}, part(), Cost(evaluations=9)),
        (
            {"kind": "occlusion", "sliding_window_shapes": 2, "strides": 2},
            part(shape=(4, 4, 3)),
            Cost(evaluations=3 * (4 + 1)),
        ),
        ({"kind": "partition_shap", "max_evals": 100}, part(), Cost(evaluations=300, at_most=True)),
        ({"kind": "kernel_shap"}, part(), Cost(evaluations=3 * (2 * 4 + 2048), at_most=True)),
        ({"kind": "deep_shap", "background": 5}, part(), Cost(gradients=15)),
        ({"kind": "gradient_shap", "nsamples": 50}, part(), Cost(gradients=150)),
        ({"kind": "tree_shap"}, part(), None),
    ],
)
def test_evaluations_are_counted(spec: dict[str, Any], given: Attribution, found: Cost | None) -> None:
    assert SPEC.validate_python(spec).cost(given) == found


def test_an_output_that_is_asked_for_twice_is_explained_once() -> None:
    """Where the true class is the predicted one."""
    twice = part(targets=2).model_copy(update={"targets": np.array([[0, 0], [0, 1], [1, 1]])})
    assert SPEC.validate_python({"kind": "vanilla_grad"}).cost(twice) == Cost(gradients=4)
