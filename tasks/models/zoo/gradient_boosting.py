"""Boosted trees."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from exhibit.tasks.models.trees import TreesSpec
from exhibit.tasks.records.language import mark, say


class BoostingSpec(TreesSpec):
    """Gradient boosting of scikit-learn on the raw values of tables or images.

    J. Friedman (2001), Greedy function approximation. A classification gives probabilities, a regression values.
    """

    kind: Literal["gradient_boosting"] = "gradient_boosting"
    called: ClassVar[str] = mark("gradient boosting")
    trees: int = Field(
        100, ge=1, le=10_000, description="number of rounds, each with a tree per class or one for a value"
    )
    depth: int = Field(3, ge=1, le=1_000, description="of each tree")
    learning_rate: float = Field(0.1, gt=0, le=1_000, description="share of each tree's correction that is taken")

    @property
    def architecture(self) -> str:
        """One sentence about the model."""
        return say(
            "Gradient boosting (scikit-learn) on the raw values: {trees} rounds of trees of depth {depth} at learning "
            "rate {rate}.",
            trees=str(self.trees),
            depth=str(self.depth),
            rate=f"{self.learning_rate:g}",
        )

    def estimator(self, task: str) -> Any:
        """The unfitted ensemble."""
        from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

        kind = GradientBoostingClassifier if task == "classification" else GradientBoostingRegressor
        return kind(
            n_estimators=self.trees, max_depth=self.depth, learning_rate=self.learning_rate, random_state=self.seed
        )
