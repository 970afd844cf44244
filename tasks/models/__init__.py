"""Models behind one protocol, and how they are trained."""

from typing import Annotated

from pydantic import Field

from tasks.models.zoo.cnn import CNNSpec
from tasks.models.zoo.ggnn import GGNNSpec
from tasks.models.zoo.mlp import MLPSpec

ModelSpec = Annotated[MLPSpec | CNNSpec | GGNNSpec, Field(discriminator="kind")]
