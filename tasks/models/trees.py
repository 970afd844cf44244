"""Trees of scikit-learn as models: fitted again from their key, for they cannot be stored without pickle."""

import time
from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from exhibit.tasks.models.callable import EstimatorModel, flat
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.models.duration import require_quick
from exhibit.tasks.models.encoding import require_kept
from exhibit.tasks.protocols import Capability, Compute, Model, Progress
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.language import say
from exhibit.tasks.records.model import OutputKind, Weights
from exhibit.tasks.room import memory

_FEW = 4  # trees that say what all of them cost
_TIMES, _COPIES = 2, 3  # that they are fitted, for they are not stored; and that their nodes are held
_NODES = ("feature", "threshold", "children_left", "children_right", "value")


class TreesSpec(ModelChoice):
    """How an ensemble of trees is fitted; every draw comes from `seed`."""

    trees: int = Field(ge=1, le=10_000, description="number of trees")
    seed: int = Field(0, ge=0, lt=2**32, description="of the draws of fitting")

    framework: ClassVar[str] = "scikit-learn"
    gives: ClassVar[frozenset[Capability]] = frozenset({"predictions", "trees"})

    def output_kind(self, dataset: Dataset) -> OutputKind:
        """Of a classification the shares of the trees."""
        return "values" if dataset.task == "regression" else "probabilities"

    @property
    def training(self) -> str:
        """One sentence about the fit."""
        return say("Fitted on the training rows with seed {seed}.", seed=str(self.seed))

    @abstractmethod
    def estimator(self, task: str) -> Any:
        """The unfitted estimator for a "classification" or a "regression"."""

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """Fits on the rows with split "train". The nodes of all trees are kept as evidence, without a history.

        Raises:
            InputError: when a few trees say that all would take too long or too much memory.
        """
        if self.trees > _FEW:
            self._require_moderate(dataset, compute)
        arrays = _nodes(self._fitted(dataset))
        progress(1, 1)
        return Weights(arrays=arrays, parameters=len(arrays["threshold"]))

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> Model:
        """The same estimator, fitted again.

        Raises:
            InputError: when its trees are not those of `weights`.
        """
        estimator = self._fitted(dataset)
        again = _nodes(estimator)
        if any(again[name].tobytes() != array.tobytes() for name, array in weights.arrays.items()):
            raise InputError(
                "model: the trees that were fitted again differ from the stored ones; this machine or its libraries "
                "have changed, so start with an empty store"
            )
        return EstimatorModel(estimator, compute)

    def _require_moderate(self, dataset: Dataset, compute: Compute) -> None:
        begun = time.monotonic()
        some = _nodes(self.model_copy(update={"trees": _FEW})._fitted(dataset))
        share = self.trees / _FEW
        asked = f"model.trees: {self.trees:,} trees on {int((dataset.split == 'train').sum()):,} training rows"
        require_quick(asked, _TIMES * share * (time.monotonic() - begun), compute.training_hours)
        if (needed := _COPIES * share * sum(array.nbytes for array in some.values())) > memory():
            raise InputError(
                f"{asked} need about {needed / 1e9:,.0f} GB, but this machine has {memory() / 1e9:,.0f} GB; give fewer "
                "trees, or smaller ones"
            )

    def _fitted(self, dataset: Dataset) -> Any:
        train = dataset.split == "train"
        labels = dataset.labels[train]
        if not train.any():
            raise InputError("model: the data has no training rows, and trees are always fitted; give data.path")
        if missing := set(range(len(dataset.classes))) - set(labels.tolist()):
            names = ", ".join(dataset.classes[label] for label in sorted(missing))
            raise InputError(f"model: the training rows have no example of {names}, so no tree can predict it")
        require_kept(dataset, f"{self.option()} (scikit-learn)")
        weights = None if dataset.weights is None else dataset.weights[train]
        return self.estimator(dataset.task).fit(flat(dataset.arrays)[train], labels, sample_weight=weights)


def _nodes(estimator: Any) -> dict[str, Array]:
    """The nodes of all trees one after another, and how many nodes each has."""
    trees = [tree.tree_ for tree in np.ravel(estimator.estimators_)]
    nodes = {name: np.concatenate([getattr(tree, name) for tree in trees]) for name in _NODES}
    return {"nodes": np.array([tree.node_count for tree in trees]), **nodes}
