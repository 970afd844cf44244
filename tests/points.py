"""Points made by hand: what a chapter is made of, with importances that are known."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Input, Kind
from exhibit.tasks.records.explanation import Aggregate, Cost, Importance, Summary
from exhibit.tasks.records.lead import Lead
from exhibit.tasks.records.material import Maps, Material, MethodMaterial
from exhibit.tasks.records.model import Metric, Performance
from exhibit.tasks.records.verdict import CheckResult

LENGTHS = ("sepal length", "sepal width", "petal length", "petal width")


def importance(values: Array, name: str, features: Sequence[str], aggregate: Aggregate = "raw") -> Importance:
    """Of `values` (features,): their signs are those of the mean, their sizes the mean |a|, with an error of 1%."""
    sizes = np.abs(values)
    return Importance(
        input=name,
        target="predicted",
        features=tuple(features),
        mean=values if aggregate == "raw" else sizes,
        mean_absolute=sizes,
        mean_square=sizes**2,
        standard_error=0.01 * sizes,
        share_error=0.01 * sizes / (sizes.sum() or 1.0),
        count=np.full(len(sizes), 100),
        aggregate=aggregate,
        covariance=np.diag((0.01 * sizes) ** 2),
    )


def method(
    label: str,
    values: Array,
    item: Input,
    features: Sequence[str],
    aggregate: Aggregate = "raw",
    unit: str = "logit",
    checks: tuple[CheckResult, ...] = (),
) -> MethodMaterial:
    """One that gives every shown sample the same attributions: `values` as they lie in the input."""
    samples = len(item.values)
    each = np.repeat(values[np.newaxis, ..., np.newaxis], samples, axis=0)
    return MethodMaterial(
        label=label,
        title=label.replace("_", " ").capitalize(),
        formula="",
        citation="",
        additive=True,
        aggregate=aggregate,
        parameters={},
        departure="",
        baseline=None,
        place="the input of the net",
        unit=unit,
        values={item.name: each},
        mask={item.name: np.ones(each.shape[:2], bool)} if item.kind == "molecule" else {},
        prediction=np.full((samples, 1), values.sum()),
        base_value=np.zeros((samples, 1)),
        residual=np.zeros((samples, 1)),
        steps=(1, 1, 1),
        converged=1.0,
        summary=Summary(importances=(importance(values.ravel(), item.name, features, aggregate),)),
        checks=checks,
        maps={item.name: Maps(values=each, unit=unit)} if item.kind == "image" else {},
        cost=Cost(gradients=100),
        lead=lead(np.abs(values.ravel())),
    )


def lead(sizes: Array) -> Lead:
    """Of importances with an error of 1% each, in 100 samples that have nothing in common."""
    first = int(sizes.argmax())
    others = np.delete(sizes, first)
    return Lead(first=first, gaps=sizes[first] - others, errors=0.01 * np.hypot(sizes[first], others), samples=100)


def inputs(kind: Kind, samples: int = 2) -> Input:
    """Of a flower's lengths, of digits of 8x8, of a molecule, of a text."""
    random = np.random.default_rng(0)
    match kind:
        case "table":
            values: Array = random.uniform(1, 5, (samples, 4)).astype(np.float32)
            return Input(name="measurements", kind=kind, values=values, features=LENGTHS)
        case "image":
            values = random.uniform(0, 1, (samples, 8, 8, 1)).astype(np.float32)
            return Input(name="image", kind=kind, values=values, bounds=(0.0, 1.0), aligned=True)
        case "molecule":
            return Input(name="molecule", kind=kind, values=np.array(["CCO"] * samples))
        case "text":
            words = ("", "a", "very", "good", "film")
            return Input(name="review", kind=kind, values=np.array([[1, 2, 3, 4]] * samples), vocabulary=words)


def material(
    slug: str, methods: Sequence[MethodMaterial], item: Input, accuracy: float = 0.9, excluded: bool = False
) -> Material:
    """A point that explains 100 rows, of which it shows those of `item`."""
    samples = len(item.values)
    data = Dataset(
        title="Flowers",
        description="Flowers.",
        source="made by hand",
        task="classification",
        inputs=(item,),
        sample_ids=np.array([f"flower {k}" for k in range(samples)]),
        labels=np.zeros(samples, int),
        split=np.full(samples, "test"),
        classes=("rose", "tulip"),
        label_name="species",
    )
    outputs = np.tile([1.0, 0.0], (100, 1))
    return Material(
        slug=slug,
        title=slug,
        data_kind="mlp",
        dataset=data,
        labels=np.zeros(100, int),
        outputs=outputs,
        split=np.full(100, "test"),
        explained=100,
        explained_split="test rows",
        selection_reason="The first.",
        shown=np.arange(samples),
        targets=np.zeros((samples, 1), int),
        target_names=("predicted",),
        score="logit",
        score_unit="logit",
        framework="torch",
        architecture="A net.",
        parameters=10,
        training="It is trained.",
        history={},
        performance=Performance(
            metrics=(
                Metric(
                    name="accuracy",
                    value=accuracy,
                    split="test",
                    count=100,
                    interval=(accuracy - 0.06, accuracy + 0.06),
                ),
            )
        ),
        reference=None,
        methods=tuple(methods),
        top_k=None,
    )


def config(methods: Mapping[str, Mapping[str, Any]], **model: Any) -> dict[str, Any]:
    """The plain config of a point."""
    return {
        "label": "flowers",
        "title": "Flowers",
        "data": {"kind": "iris"},
        "model": {"kind": "mlp", **model},
        "method": {label: dict(spec) for label, spec in methods.items()},
        "target": {"kind": "predicted"},
        "selection": {"kind": "first"},
        "check": {},
        "drawing": {"kind": "drawing"},
    }
