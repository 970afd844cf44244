"""What it takes to call a method, for `attribute` and for the checks that explain again."""

from collections.abc import Set as AbstractSet
from typing import cast

import numpy as np

from exhibit.tasks.methods.method import Method
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.protocols import Capability, DifferentiableModel, Model, gives_gradients
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Attribution


def explainable(method: Method, model: ModelChoice, net: Model, data: Dataset) -> DifferentiableModel:
    """`net`, as a method that needs no gradient takes it too.

    Raises:
        InputError: for a method that needs gradients, and a model that only predicts; for one that looks at a layer,
            and a molecule whose embedding nobody named or that is not the only input.
    """
    if (said := refusal(method, model, net.gives)) is not None:
        raise InputError(f"method: {said}")
    found = cast(DifferentiableModel, net)
    if method.look is not None and any(item.traits.embedded for item in data.inputs):
        if len(data.inputs) > 1:
            raise InputError(
                f"method: {method.option()} looks at one place of a model: at a layer for a molecule, at the input for "
                f"all else, so it cannot explain {' and '.join(item.name for item in data.inputs)} together; explain a "
                "model of the molecule alone"
            )
        if method.look.layer is None:
            layers = net.layers if gives_gradients(net) else ()
            raise InputError(
                f"layer: a molecule is explained at the embedding of its atoms, and not just one layer of the model is "
                f"known to be that; name it, one of {', '.join(layers) or 'none'}"
            )
    return found


def require_finite(method: Method, model: ModelChoice, found: Attribution) -> None:
    """Raises InputError for an attribution that is no number, with the sample."""
    count = len(found.sample_ids)
    infinite = np.zeros(count, bool)
    for values in found.values.values():
        infinite |= ~np.isfinite(values).reshape(count, -1).all(axis=1)
    base = np.isfinite(found.base_value) if method.additive else ~np.isinf(found.base_value)  # else it is not known
    infinite |= ~base.all(axis=1)
    if infinite.any():
        baseline = " or at its baseline" if method.against is not None else ""
        raise InputError(
            f"method: {method.option()} gives no finite numbers for {str(found.sample_ids[infinite.argmax()])!r} and "
            f"in all for {int(infinite.sum())} of {count} samples: the outputs of the "
            f"model {model.own_function or model.option()} or their slope are infinite or no numbers "
            f"there{baseline}; choose another baseline or method (occlusion takes no slopes), or leave these "
            "samples out"
        )


def of_atoms(found: Attribution, data: Dataset) -> Attribution:
    """The same with a mask of the atoms of molecules, which nets that take all molecules at one size do not know.

    Raises:
        InputError: for values of something else than the atoms.
    """
    from exhibit.tasks.data.kinds import KINDS

    masks = {}
    for item in data.inputs:
        if (parts := KINDS[item.kind].parts) is not None and item.name in found.values:
            values, counts = found.values[item.name], parts(item)
            masks[item.name] = mask = np.arange(values.shape[1]) < counts[:, np.newaxis]
            others = (found.mask.get(item.name, mask) != mask).any() or (mask.sum(axis=1) != counts).any()
            if others or values[~mask].any():
                raise InputError(
                    f"layer: the values are not those of the atoms of {item.name!r}, one row for each in the order of "
                    "the SMILES and zero in all that fills up; name another layer"
                )
    return found.model_copy(update={"mask": {**found.mask, **masks}})


def refusal(method: Method, model: ModelChoice, gives: AbstractSet[Capability] | None = None) -> str | None:
    """Why the method cannot explain the model, in a sentence; None where it can, or where only the work will tell.

    `gives`: what the model is known to give; None: what its spec says, for a net predictions and gradients.
    """
    if method.asks in (model.gives if gives is None else gives):
        return None
    return method.refusal(model.option(), model.framework)


def baselines_of(method: Method, data: Dataset, explained: Array) -> dict[str, Array] | None:
    """Raw baselines: one row per explained sample, or the background rows of a method that averages over them; None
    where there is none, or where it is zero at a layer."""
    from exhibit.tasks.data.baselines import background, baseline

    if (against := method.against) is None:
        return None
    if against.rows is not None:
        return background(against.rows, against.seed, data, against.baseline)
    return baseline(against.baseline, data, None if method.look is None else method.look.layer, explained)
