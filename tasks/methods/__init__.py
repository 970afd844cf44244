"""Attribution methods over the model protocol."""

from typing import Annotated

from pydantic import Field

from tasks.methods.factory import MethodFactorySpec
from tasks.methods.gradient import GradientXInputSpec, VanillaGradSpec
from tasks.methods.integrated_gradients import ExpectedGradientsSpec, IntegratedGradientsSpec
from tasks.methods.occlusion import OcclusionSpec
from tasks.methods.shap_deep import DeepShapSpec
from tasks.methods.shap_gradient import GradientShapSpec
from tasks.methods.shap_kernel import KernelShapSpec
from tasks.methods.shap_partition import PartitionShapSpec
from tasks.methods.shap_tree import TreeShapSpec

MethodSpec = Annotated[
    VanillaGradSpec
    | GradientXInputSpec
    | IntegratedGradientsSpec
    | ExpectedGradientsSpec
    | OcclusionSpec
    | KernelShapSpec
    | PartitionShapSpec
    | DeepShapSpec
    | GradientShapSpec
    | TreeShapSpec
    | MethodFactorySpec,
    Field(discriminator="kind"),
]
