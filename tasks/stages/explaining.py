"""What it takes to call a method, for `attribute` and for the checks that explain again."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, cast

import numpy as np

from exhibit.tasks.protocols import DifferentiableModel, Model
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Attribution

if TYPE_CHECKING:
    from exhibit.tasks.methods import MethodSpec
    from exhibit.tasks.models import ModelSpec


def explainable(method: MethodSpec, model: ModelSpec, net: Model, data: Dataset) -> DifferentiableModel:
    """`net`, as a method that needs no gradient takes it too.

    Raises:
        InputError: for a method that needs gradients, and a model that only predicts; for one that looks at a layer,
            and a molecule whose embedding nobody named or that is not the only input.
    """
    gives = {"predictions", "gradients" if hasattr(net, "place") else "trees"}
    if (said := refusal(method, model, gives)) is not None:
        raise InputError(f"method: {said}")
    found = cast(DifferentiableModel, net)
    if hasattr(method, "layer") and any(item.kind == "molecule" for item in data.inputs):
        if len(data.inputs) > 1:
            raise InputError(
                f"method: {method.kind} looks at one place of a model: at a layer for a molecule, at the input for all "
                f"else, so it cannot explain {' and '.join(item.name for item in data.inputs)} together; explain a "
                "model of the molecule alone"
            )
        if method.layer is None:
            raise InputError(
                f"layer: a molecule is explained at the embedding of its atoms, and not just one layer of the model is "
                f"known to be that; name it, one of {', '.join(getattr(net, 'layers', ())) or 'none'}"
            )
    return found


def of_atoms(found: Attribution, data: Dataset) -> Attribution:
    """The same with a mask of the atoms of molecules, which nets that take all molecules at one size do not know.

    Raises:
        InputError: for values of something else than the atoms.
    """
    from exhibit.tasks.data.molecule import atom_counts

    masks = {}
    for item in data.inputs:
        if item.kind == "molecule" and item.name in found.values:
            values, counts = found.values[item.name], atom_counts(item.array.tolist())
            masks[item.name] = mask = np.arange(values.shape[1]) < counts[:, np.newaxis]
            others = (found.mask.get(item.name, mask) != mask).any() or (mask.sum(axis=1) != counts).any()
            if others or values[~mask].any():
                raise InputError(
                    f"layer: the values are not those of the atoms of {item.name!r}, one row for each in the order of "
                    "the SMILES and zero in all that fills up; name another layer"
                )
    return found.model_copy(update={"mask": {**found.mask, **masks}})


def refusal(method: MethodSpec, model: ModelSpec, gives: AbstractSet[str] | None = None) -> str | None:
    """Why the method cannot explain the model, in a sentence; None where it can, or where only the work will tell.

    `gives`: what the model is known to give; None: what its spec says, for a net predictions and gradients.
    """
    declared: AbstractSet[str] = getattr(model, "gives", {"predictions", "gradients"})
    known = declared if gives is None else gives
    if method.asks in known:
        return None
    if method.asks == "trees":
        return f"{method.kind} explains trees of scikit-learn, but the model {model.kind} has none; use kernel_shap"
    what = "a layer" if method.kind == "occlusion" else "gradients"
    return (
        f"{method.kind} needs {what}, but the model {model.kind} ({model.framework}) only predicts; "
        "use occlusion, kernel_shap, partition_shap or tree_shap"
        + (" at the input" if method.kind == "occlusion" else "")
    )


def baselines_of(method: MethodSpec, data: Dataset, explained: Array) -> dict[str, Array] | None:
    """Raw baselines: one row per explained sample, or the background rows of a method that averages over them; None
    where there is none, or where it is zero at a layer."""
    from exhibit.tasks.data.baselines import background, baseline

    if (rows := getattr(method, "background", None)) is not None:
        return background(rows, getattr(method, "seed", 0), data, getattr(method, "baseline", "samples"))
    if (name := getattr(method, "baseline", None)) is None:
        return None
    return baseline(name, data, getattr(method, "layer", None), explained)
