"""A random forest."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from exhibit.tasks.models.trees import TreesSpec
from exhibit.tasks.records.language import mark, say


class ForestSpec(TreesSpec):
    """A random forest of scikit-learn on the raw values of tables or images.

    L. Breiman (2001), Random forests. A classification gives probabilities, a regression values.
    """

    kind: Literal["random_forest"] = "random_forest"
    called: ClassVar[str] = mark("random forest")
    trees: int = Field(300, ge=1, le=10_000, description="number of trees")
    min_samples_leaf: int = Field(1, ge=1, le=1_000_000, description="training rows in a leaf, at least")

    @property
    def architecture(self) -> str:
        """One sentence about the model."""
        return say(
            "A random forest (scikit-learn) of {trees} trees on the raw values; their mean is the prediction.",
            trees=str(self.trees),
        )

    def estimator(self, task: str) -> Any:
        """The unfitted forest."""
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        kind = RandomForestClassifier if task == "classification" else RandomForestRegressor
        return kind(self.trees, min_samples_leaf=self.min_samples_leaf, random_state=self.seed)
