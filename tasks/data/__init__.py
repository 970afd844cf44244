"""Datasets in raw units, the selection of samples, and baselines."""

from typing import Annotated

from pydantic import Field

from tasks.data.image import DigitsSpec
from tasks.data.molecule import SolubilitySpec
from tasks.data.table import IrisSpec

DataSpec = Annotated[IrisSpec | DigitsSpec | SolubilitySpec, Field(discriminator="kind")]
