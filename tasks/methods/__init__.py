"""Attribution methods over the model protocol."""

from typing import Annotated

from pydantic import Field

from tasks.methods.gradient import GradientXInputSpec, VanillaGradSpec
from tasks.methods.integrated_gradients import IntegratedGradientsSpec

MethodSpec = Annotated[
    VanillaGradSpec | GradientXInputSpec | IntegratedGradientsSpec,
    Field(discriminator="kind"),
]
