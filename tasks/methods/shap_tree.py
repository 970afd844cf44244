"""Shapley values of tree ensembles."""

import time
from collections.abc import Callable
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.methods.method import Against
from exhibit.tasks.methods.shap import (
    BackgroundMethod,
    ShapMethod,
    explained,
    flat,
    mean_scores,
    own_scores,
    parts,
    rows_of,
)
from exhibit.tasks.methods.shap_alone import without_transformers
from exhibit.tasks.protocols import Capability, Compute, Model, Score, TreeModel, gives_trees, reading
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.model import OutputKind


class TreeShapSpec(ShapMethod):
    """Shapley values read off the trees of a scikit-learn estimator.

    Hidden features are taken from rows of the background (interventional), or, without a background, follow the
    training samples down the trees (path-dependent). Values are those of the model's own score: probabilities where it
    gives probabilities, rescaled from log-odds where the trees add up to those.

    S. Lundberg and others (2020), From local explanations to global understanding with explainable AI for trees.
    """

    kind: Literal["tree_shap"] = "tree_shap"
    background: int | None = Field(
        100,
        ge=1,
        le=100_000,
        description="rows of the training data that hidden features are taken from; null: path-dependent",
    )

    title: ClassVar[str] = "Tree SHAP"
    formula: ClassVar[str] = BackgroundMethod.formula
    citation: ClassVar[str] = (
        "S. Lundberg and others (2020), From local explanations to global understanding with explainable AI for trees, "
        "Nature Machine Intelligence, doi:10.1038/s42256-019-0138-9."
    )

    @property
    def departure(self) -> str | None:
        """In one sentence, where this is not the Shapley value of the model's own score over background rows."""
        if self.background is not None:
            return mark(
                "Where trees add up to log-odds (boosted classifiers), SHAP rescales their contributions to those of "
                "the probability, for each background row."
            )
        return mark("Hidden features follow the training samples down the trees; no baseline rows are compared with.")

    def departure_in(self, task: str) -> str | None:
        """Of a regression nothing is rescaled: its trees add up to the value."""
        return None if self.background is not None and task == "regression" else self.departure

    @property
    def asks(self) -> Capability:
        """Trees."""
        return "trees"

    @property
    def against(self) -> Against | None:
        """Rows of the training data; None where hidden features follow the training samples."""
        return None if self.background is None else Against("samples", self.background, self.seed)

    def refusal(self, model: str, _: str) -> str:
        """It is the trees that such a model does not have."""
        return f"tree_shap explains ensembles of trees, but the model {model} has none; use kernel_shap or occlusion"

    def require_score(self, output: OutputKind, score: Score) -> None:
        """It explains what the trees give."""
        if reading(output, score) != "identity":
            raise InputError(f"tree_shap: explains {output}, not the score {score.kind!r} of them; use kernel_shap")

    def attribute(
        self,
        model: Model,
        inputs: Arrays,
        baselines: Arrays | None,
        sample_ids: Array,
        targets: Array,
        score: Score,
        _: Compute,
    ) -> Attribution:
        """As every method; the model's `estimator` is made of trees, over the elements of all inputs side by side."""
        if not gives_trees(model):
            raise InputError(
                "tree_shap: explains tree ensembles of scikit-learn, but this model is not one; use kernel_shap"
            )
        self.require_score(model.output, score)
        prediction = own_scores(model, inputs, score, targets)
        if (own := model.contributions(inputs, None if self.background is None else baselines)) is not None:
            chosen = np.take_along_axis(own.values, targets[:, np.newaxis], axis=2)
            base_value = np.take_along_axis(own.base, targets, axis=1)
            found = explained(sample_ids, targets, parts(chosen, inputs), prediction, base_value)
            return _adding_up(found, model, "its own library explains something else than what")
        if self.background is None:
            values, base = _tree_values(model.estimator, flat(inputs), None, score)
            base_value = np.broadcast_to(base, (len(targets), len(base)))[np.arange(len(targets))[:, None], targets]
        else:
            rows = rows_of(baselines, self.kind)
            values = _tree_values(model.estimator, flat(inputs), flat(rows), score)[0]
            base_value = mean_scores(model, rows, score, targets)
        chosen = np.take_along_axis(values, targets[:, np.newaxis], axis=2)
        found = explained(sample_ids, targets, parts(chosen, inputs), prediction, base_value)
        return _adding_up(found, model, "SHAP reads other trees than those by which")


def _adding_up(found: Attribution, model: TreeModel, reason: str) -> Attribution:
    """The values, if they are of the trees by which the model predicts: then they add up, but for rounding. `reason`:
    of the refusal, up to the name of the model.

    Raises:
        InputError: where they do not, as of trees that add up to a logarithm, are averaged, have lines in their leaves,
            or are dropped at random.
    """
    sizes = sum(
        np.abs(values).reshape(len(values), -1, values.shape[-1]).sum(axis=1) for values in found.values.values()
    )
    allowed = _ROUNDING * (sizes + np.abs(found.prediction) + np.abs(found.base_value))
    off = ~(np.abs(found.residual) <= allowed)
    if not off.any():
        return found
    row, column = np.unravel_index(np.where(off, np.abs(found.residual), -1).argmax(), off.shape)
    change = found.prediction[row, column] - found.base_value[row, column]
    raise InputError(
        f"tree_shap: {reason} this {type(model.estimator).__name__} predicts: for "
        f"{str(found.sample_ids[row])!r} the values add up to {change + found.residual[row, column]:.4g}, and what the "
        f"model gives changes by {change:.4g} ({int(off.any(axis=1).sum())} of {len(off)} samples are off); use "
        "kernel_shap, which asks the model itself"
    )


_ROUNDING = 1e-4  # of all numbers together: thousands of trees in single precision


def _tree_values(estimator: Any, rows: Array, background: Array | None, score: Score) -> tuple[Array, Array]:
    """(samples, features, outputs) and the expected value (outputs,) of SHAP's TreeExplainer.

    Raises:
        InputError: where the estimator is not made of trees, or its probabilities are not those of the trees.
    """
    import shap

    wanted = "probability" if score.kind == "probability" else "raw"
    # Without a word of `max_samples` SHAP keeps 100 of the rows, whose mean is not the base value that is reported.
    against = None if background is None else shap.maskers.Independent(background, max_samples=len(background))
    try:
        with without_transformers():
            explainer = shap.TreeExplainer(
                estimator,
                against,
                model_output="raw" if background is None else wanted,
                feature_perturbation="tree_path_dependent" if background is None else "interventional",
            )
        # Along the paths SHAP asks the library of a boosted model itself, which compares as the model does.
        own = background is None and explainer.model.model_type != "internal"

        def values_of(some: Array) -> Array:
            return np.asarray(explainer.shap_values(some, check_additivity=False))

        values = values_of(rows) if own else in_batches(values_of, in_places(explainer, rows))
    except Exception as error:  # SHAP and the libraries under it each fail in their own way
        why = _put_plainly(" ".join(str(error).split()).rstrip("."), estimator)
        # Of several classes it knows boosted trees as they add up, which it calls their raw output.
        hint = "give model.output=logits of a fitted model of your own, or " if "model_output" in why else ""
        raise InputError(
            f"tree_shap: SHAP does not explain this {type(estimator).__name__} ({why}); {hint}use kernel_shap"
        ) from error
    if explainer.model.tree_output == "log_odds" and background is None and wanted == "probability":
        raise InputError(
            "background: without one SHAP explains the log-odds of boosted trees; give a number of rows, or of a "
            "fitted model of your own model.output=logits"
        )
    base = np.atleast_1d(explainer.expected_value)
    if values.ndim == 2:
        values, base = values[..., np.newaxis], base[-1:]
        if wanted == "probability":  # one output, that of the second class: the first one mirrors it
            values, base = np.concatenate([-values, values], axis=2), np.concatenate([1 - base, base])
        elif score.kind == "logit":  # of two classes alone there is one of both
            values, base = np.concatenate([-values, values], axis=2), np.concatenate([-base, base])
    return values, base


def _put_plainly(why: str, estimator: Any) -> str:
    """SHAP's own words for two reasons that anybody comes to name classes of Python."""
    if "not yet supported by TreeExplainer" in why:
        return "it is not made of trees that SHAP knows"
    if "only supported for binary" in why:
        return f"it knows such trees of two classes alone, and these are of {len(estimator.classes_)}"
    return why


def in_batches(values_of: Callable[[Array], Array], rows: Array) -> Array:
    """`values_of(rows)`, asked in so few rows at a time that SHAP does not draw a bar of its own on stderr, as it does
    after ten seconds of a call. Each row has its own values, so that the time that is measured changes none."""
    found: list[Array] = []
    begin, size = 0, 1
    while begin < len(rows):
        begun = time.monotonic()
        found.append(values_of(rows[begin : begin + size]))
        share = _SECONDS / max(time.monotonic() - begun, _SECONDS / 2)  # from far less to twice as many
        begin, size = begin + size, max(1, int(size * share))
    return np.concatenate(found)


_SECONDS = 2.0  # of one call


def in_places(explainer: Any, rows: Array) -> Array:
    """`rows` (samples, features) as places among the thresholds of their feature, and so the explainer's thresholds
    and its background. SHAP compares with thresholds in single precision, which sends values beside them down another
    branch than the model does; places are small whole numbers, which compare alike in any precision.

    Features that are split by category, and NaN, stay as they are.
    """
    model = explainer.model
    splits = (model.children_left >= 0) & (model.threshold_types == 0)
    seen = rows.astype(model.input_dtype).astype(np.float64)  # as the model sees them
    compared = None if explainer.data is None else explainer.data.astype(model.input_dtype).astype(np.float64)
    thresholds = model.thresholds.copy()
    for feature in np.unique(model.features[splits]):
        here = splits & (model.features == feature)
        known, thresholds[here] = np.unique(model.thresholds[here], return_inverse=True)
        for values in (seen, *(() if compared is None else (compared,))):
            column = values[:, feature]
            values[:, feature] = np.where(np.isnan(column), column, np.searchsorted(known, column))
    model.thresholds, explainer.data = thresholds, compared
    return seen
