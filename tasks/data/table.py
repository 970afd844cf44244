"""Tables: rows of numbers with named columns."""

from typing import Any, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.data.named import Named
from exhibit.tasks.data.parts import by_column, columns
from exhibit.tasks.records.base import Array, Spec
from exhibit.tasks.records.data import Dataset, Input, Reference
from exhibit.tasks.records.language import mark, say
from exhibit.tasks.records.lead import Lead
from exhibit.tasks.records.shelf import Shelf


class RandomForestSpec(Spec):
    """A random forest on the same table: its importances stand beside the explanation as a reference."""

    trees: int = Field(500, ge=1, le=10_000, description="number of trees")
    seed: int = Field(0, ge=0, lt=2**32, description="of the trees")

    def compute(self, dataset: Dataset) -> Reference:
        """Mean decrease in impurity of each column over the trees, and its standard error over the trees.

        L. Breiman (2001), Random forests. Fitted on the training rows of the first table of `dataset`.
        """
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        table = next(item for item in dataset.inputs if item.traits.named)
        rows = dataset.split == "train"
        kind = RandomForestClassifier if dataset.task == "classification" else RandomForestRegressor
        weights = None if dataset.weights is None else dataset.weights[rows]
        forest = kind(self.trees, random_state=self.seed).fit(table.array[rows], dataset.labels[rows], weights)
        per_tree = by_column(table, np.array([tree.feature_importances_ for tree in forest.estimators_]))
        return Reference(
            label=mark("random forest"),
            description=say(
                "mean decrease in impurity over {trees} trees fitted on the same rows (scikit-learn)",
                trees=str(self.trees),
            ),
            features=columns(table),
            mean=by_column(table, forest.feature_importances_[np.newaxis])[0],
            standard_error=per_tree.std(axis=0, ddof=1) / np.sqrt(self.trees),
            lead=Lead.of(per_tree),
            outputs=_told(forest, table.array, len(dataset.classes)),
        )


def _told(forest: Any, rows: Array, classes: int) -> Array:
    """(rows, classes) probabilities, 0 of a class that no training row has, or (rows, 1) values."""
    if not classes:
        return np.asarray(forest.predict(rows), np.float64)[:, np.newaxis]
    found = np.zeros((len(rows), classes))
    found[:, forest.classes_.astype(int)] = forest.predict_proba(rows)
    return found


class IrisSpec(Named):
    """Fisher's iris flowers as scikit-learn ships them: 150 rows, 4 lengths in cm, 3 species.

    All rows train the model, as in the article that the study follows, so nothing is held out.
    """

    kind: Literal["iris"] = "iris"
    reference: RandomForestSpec | None = Field(
        RandomForestSpec(),
        description="a random forest on the same rows, whose importances stand beside those of the methods; null: none",
    )

    def load(self, _: Shelf) -> Dataset:
        """All 150 flowers."""
        from sklearn.datasets import load_iris

        iris = load_iris()
        count = len(iris.target)
        return Dataset(
            title=mark("Iris flowers"),
            description=mark("Four lengths of a flower, in centimetres, and its species."),
            source="R. A. Fisher (1936), The use of multiple measurements in taxonomic problems; "
            "scikit-learn load_iris",
            task="classification",
            inputs=(
                Input(
                    name="measurements",
                    kind="table",
                    values=iris.data.astype(np.float32),
                    features=tuple(iris.feature_names),
                ),
            ),
            sample_ids=np.array([f"flower {row}" for row in range(count)]),
            labels=iris.target.astype(np.int64),
            split=np.full(count, "train"),
            classes=tuple(str(name) for name in iris.target_names),
            label_name=mark("species"),
        )

    def reference_of(self, dataset: Dataset) -> Reference | None:
        """The importances of a random forest, where one is asked for."""
        return None if self.reference is None else self.reference.compute(dataset)
