"""Models behind one protocol, and how they are trained."""

import os
from typing import Annotated

from pydantic import Field

from tasks.models.zoo.cnn import CNNSpec
from tasks.models.zoo.ggnn import GGNNSpec
from tasks.models.zoo.mlp import MLPSpec

ModelSpec = Annotated[MLPSpec | CNNSpec | GGNNSpec, Field(discriminator="kind")]

# The frameworks read these when they are loaded, which is after this: nothing above imports one.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning threads make torch ten times slower on a busy machine
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")  # a row of a product does not depend on where in the batch it stands
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
