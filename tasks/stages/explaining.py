"""What it takes to call a method, for `attribute` and for the checks that explain again."""

from collections.abc import Set as AbstractSet
from typing import cast

import numpy as np

from exhibit.tasks.finite import FiniteModel
from exhibit.tasks.methods.method import Method
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.protocols import Capability, DifferentiableModel, Model, gives_gradients
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Attribution, bonds_of


def explainable(method: Method, model: ModelChoice, net: Model, data: Dataset) -> DifferentiableModel:
    """`net`, as a method that needs no gradient takes it too, and watched for what is no number.

    Raises:
        InputError: for a method that needs gradients, and a model that only predicts; for one that looks at a layer,
            and a molecule whose embedding nobody named or that is not the only input.
    """
    if (said := refusal(method, model, net.gives)) is not None:
        raise InputError(f"method: {said}")
    require_one_place(method, data)
    embedded = any(item.traits.embedded for item in data.inputs)
    if embedded and method.look is not None and method.look.layer is None and gives_gradients(net):
        layers = net.layers
        raise InputError(
            "layer: a molecule is explained at the layer that embeds its atoms, and "
            + (
                f"it is not clear which layer of the model that is; name it, one of {', '.join(layers)}, or two as "
                "ATOMS+BONDS to explain bonds, too"
                if layers
                else "the model has no layers"
            )
            + "; a model of fingerprints or descriptors has none for atoms: give it these, as a table of a column "
            "each, or explain a function of SMILES, which only predicts, by occlusion"
        )
    return cast(DifferentiableModel, FiniteModel(net))


def require_one_place(method: Method, data: Dataset) -> None:
    """Raises InputError where a method would have to look at two places of a model at once."""
    if method.look is not None and len(data.inputs) > 1 and any(item.traits.embedded for item in data.inputs):
        raise InputError(
            f"method: {method.option()} looks at one place of a model: at a layer for a molecule, at the input for "
            f"all else, so it cannot explain {' and '.join(item.name for item in data.inputs)} together; explain a "
            "model of the molecule alone"
        )


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


def of_elements(attribution: Attribution, samples: Dataset) -> Attribution:
    """The same with one row for each atom, bond and word of the `samples`, as every stage after it takes them.

    Raises:
        InputError: for values of something else.
    """
    return of_words(of_atoms(attribution, samples), samples, samples.arrays)


def of_words(attribution: Attribution, data: Dataset, inputs: Arrays) -> Attribution:
    """The same with one row for each word of the texts in `inputs`, where a method has looked at the tokens that spell
    it: their sum. Of standard errors it is the most that the error of the sum can be. Where a preprocess fills up to
    more rows than the longest text has words, these are left out.

    Raises:
        InputError: where they have a share, or there are fewer rows than words.
    """
    changed: dict[str, dict[str, Array]] = {}
    for item in data.inputs:
        rows = attribution.values[item.name].shape[1] if item.name in attribution.values else 0
        most = item.values.shape[1] if item.traits.ids and item.spelling is None else rows
        if rows and rows != most:
            _require_words(attribution.values[item.name], most)
            for field, arrays in {**_of_elements(attribution), "mask": attribution.mask}.items():
                if item.name in arrays:
                    changed.setdefault(field, dict(arrays))[item.name] = arrays[item.name][:, :most]
        if item.spelling is None or item.name not in attribution.mask:
            continue
        words = item.spelling.laid(inputs[item.name]).words
        for field, arrays in _of_elements(attribution).items():
            if item.name in arrays:
                joined = _joined(arrays[item.name], words, item.values.shape[1])
                changed.setdefault(field, dict(arrays))[item.name] = joined
        changed["mask"] = {name: mask for name, mask in attribution.mask.items() if name != item.name}
    return attribution.model_copy(update=changed)


def _require_words(values: Array, most: int) -> None:
    """Raises InputError unless the rows of `values` (samples, rows, ...) behind the words, `most` of a text, say
    nothing."""
    if values.shape[1] < most or values[:, most:].any():
        has = "fewer" if values.shape[1] < most else "more, and these have a share"
        raise InputError(
            f"layer: it must hold one row for each word, and the longest text has {most}, but it has "
            f"{values.shape[1]}: {has}; let the preprocess give ids (samples, {most}), each at the place of its word, "
            "and the net leave out what fills up"
        )


def _of_elements(attribution: Attribution) -> dict[str, dict[str, Array]]:
    return {
        "values": attribution.values,
        "moments": attribution.moments,
        "standard_error": attribution.standard_error,
    }


def _joined(values: Array, words: Array, count: int) -> Array:
    """(samples, words, ...) from `values` (samples, tokens, ...), `words` (samples, tokens) whose each is, -1 nobody's.

    Raises:
        InputError: for values of something else than the tokens.
    """
    if values.shape[:2] != words.shape:
        raise InputError(
            f"layer: it must hold one row for each token of a text, but it holds {values.shape[1]}; name another layer"
        )
    joined = np.zeros((len(values), count, *values.shape[2:]), values.dtype)
    rows, tokens = np.nonzero(words >= 0)
    np.add.at(joined, (rows, words[rows, tokens]), values[rows, tokens])
    return joined


def of_atoms(attribution: Attribution, data: Dataset) -> Attribution:
    """The same with a mask of the atoms of molecules, which nets that take all molecules at one size do not know.

    Raises:
        InputError: for values of something else than the atoms.
    """
    from exhibit.tasks.data.kinds import KINDS

    masks = {}
    for item in data.inputs:
        kind, bonds = KINDS[item.kind], bonds_of(item.name)
        if kind.parts is not None and item.name in attribution.values:
            masks[item.name] = _mask_of(attribution, item.name, kind.parts(item), f"atom of {item.name!r}")
        if kind.bonds is not None and bonds in attribution.values:
            counts = np.array([len(names) for names in kind.bonds(item)])
            masks[bonds] = _mask_of(attribution, bonds, counts, f"bond of {item.name!r}")
    return attribution.model_copy(update={"mask": {**attribution.mask, **masks}})


def _mask_of(attribution: Attribution, name: str, counts: Array, what: str) -> Array:
    """(samples, elements) which of the values are of the `counts` (samples,) parts of each sample.

    Raises:
        InputError: where there are others.
    """
    values = attribution.values[name]
    mask: Array = np.arange(values.shape[1]) < counts[:, np.newaxis]
    others = (attribution.mask.get(name, mask) != mask).any() or (mask.sum(axis=1) != counts).any()
    if others or values[~mask].any():
        raise InputError(
            f"layer: it must hold one row for each {what}, in the order of RDKit and of the SMILES, and nothing behind "
            "them that has a share, but it does not, or what fills up smaller molecules has one. "
            "integrated_gradients gives rows of zeros none; other methods need a net that leaves them out by a mask. "
            "Else name another layer, or where the net lists nodes that are none, such as a dummy node before all "
            "others, leave them out as in layer=NAME[1:]"
        )
    return mask


def refusal(method: Method, model: ModelChoice, gives: AbstractSet[Capability] | None = None) -> str | None:
    """Why the method cannot explain the model, in a sentence; None where it can, or where only the work will tell.

    `gives`: what the model is known to give; None: what its spec says, for a net predictions and gradients.
    """
    if method.asks in (model.gives if gives is None else gives):
        return None
    return method.refusal(model.option(), model.framework)


def baselines_of(method: Method, data: Dataset, explained: Array) -> dict[str, Array] | None:
    """Raw baselines: one row per explained sample, or the background rows of a method that averages over them; None
    where there is none: where it is zero at a layer, or dummy atoms in a molecule."""
    from exhibit.tasks.data.baselines import background, baseline, of_atoms

    if (against := method.against) is None:
        return None
    if against.rows is not None:
        return background(against.rows, against.seed, data, against.baseline)
    if method.look is not None and of_atoms(against.baseline, data):
        return None
    return baseline(against.baseline, data, None if method.look is None else method.look.layer, explained)
