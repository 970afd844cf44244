"""Attribution methods over the model protocol."""

from typing import Annotated

from pydantic import Field

from tasks.methods.gradient import GradientXInputSpec, VanillaGradSpec
from tasks.methods.integrated_gradients import ExpectedGradientsSpec, IntegratedGradientsSpec
from tasks.methods.occlusion import OcclusionSpec
from tasks.methods.shap import KernelShapSpec, PartitionShapSpec

MethodSpec = Annotated[
    VanillaGradSpec
    | GradientXInputSpec
    | IntegratedGradientsSpec
    | ExpectedGradientsSpec
    | OcclusionSpec
    | KernelShapSpec
    | PartitionShapSpec,
    Field(discriminator="kind"),
]
