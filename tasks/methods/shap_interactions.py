"""What SHAP's TreeExplainer says of pairs of features."""

from typing import Any

import numpy as np

from exhibit.tasks.methods.shap_alone import without_transformers
from exhibit.tasks.methods.shap_tree import in_places
from exhibit.tasks.records.base import Array

EXACT = 1e-4  # of all numbers together: how far interactions may be from what they divide, as Tree SHAP's values


def tree_interactions(estimator: Any, rows: Array, predicted: Array) -> tuple[Array, Array] | None:
    """(samples, features, features, outputs) interaction values along the paths of the trees, and the expected value
    (outputs,), of a scikit-learn estimator of trees that add up to `predicted` (samples, outputs); None for any other.
    """
    import shap

    try:
        with without_transformers():
            explainer = shap.TreeExplainer(estimator, feature_perturbation="tree_path_dependent")
        if explainer.model.model_type != "internal":  # the library of a booster compares in its own way
            return None
        values = np.asarray(explainer.shap_interaction_values(in_places(explainer, rows)), np.float64)
    except Exception:  # noqa: BLE001 - SHAP fails in many ways for what is not made of trees
        return None
    expected = np.atleast_1d(np.asarray(explainer.expected_value, np.float64))
    values = values if values.ndim == 4 else values[..., np.newaxis]
    if values.shape[-1] != predicted.shape[1] or len(expected) != predicted.shape[1]:
        return None
    off = np.abs(values.sum(axis=(1, 2)) + expected - predicted)
    allowed = EXACT * (np.abs(values).sum(axis=(1, 2)) + np.abs(predicted) + np.abs(expected))
    return (values, expected) if (off <= allowed).all() else None
