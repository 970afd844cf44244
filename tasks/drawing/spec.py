"""How the drawings of a chapter look: what a config may set."""

from typing import Annotated, Literal

from pydantic import Field

from exhibit.tasks.drawing.maps import MapSpec
from exhibit.tasks.records.base import Spec
from exhibit.tasks.records.kinds import Traits


class MoleculeSpec(Spec):
    """How the contributions of atoms are drawn."""

    scale: Literal["per_method", "shared", "per_sample"] = Field(
        "per_method",
        description="one scale for all molecules of a method, for all methods of a unit, or for each molecule its own: "
        "colours then cannot be compared",
    )
    share: float = Field(1.0, gt=0, le=1, description="only the strongest atoms are coloured, int(share * n) + 1 of n")
    analogues: Annotated[int, Field(ge=0, le=1_000)] | tuple[tuple[str, str], ...] = Field(
        3, description="how many pairs of molecules that are alike stand side by side, or which, by name or id"
    )


class TextSpec(Spec):
    """How the contributions of tokens are drawn."""

    scale: Literal["per_method", "shared"] = Field(
        "per_method", description="one scale for all texts of a method, or for all methods of a unit"
    )


class DrawingSpec(Spec):
    """What the drawings of a chapter have in common."""

    kind: Literal["drawing"] = "drawing"
    top_k: Annotated[int, Field(ge=1, le=1_000)] | Literal["all"] = Field(
        "all", description="how many of the most important features of a table are drawn"
    )
    image: MapSpec = Field(MapSpec(), description="how the attributions of images are drawn")
    molecule: MoleculeSpec = Field(MoleculeSpec(), description="how the contributions of atoms are drawn")
    text: TextSpec = Field(TextSpec(), description="how the contributions of tokens are drawn")

    def shared(self, traits: Traits) -> bool:
        """Whether all methods of a unit share one colour scale for inputs of this kind."""
        of = self.image if traits.pixels else self.molecule if traits.embedded else self.text
        return of.scale == "shared"
