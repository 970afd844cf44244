"""Attribution methods, each as its formula; see `method.Method` for what each answers.

A method asks a model for outputs and gradients through `protocols`; a framework is met only by what wraps SHAP's own
explainers.
"""

from typing import Annotated

from pydantic import Field

from exhibit.tasks.methods.factory import MethodFactorySpec
from exhibit.tasks.methods.gradient import GradientXInputSpec, VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import ExpectedGradientsSpec, IntegratedGradientsSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.methods.shap_deep import DeepShapSpec
from exhibit.tasks.methods.shap_gradient import GradientShapSpec
from exhibit.tasks.methods.shap_kernel import KernelShapSpec
from exhibit.tasks.methods.shap_partition import PartitionShapSpec
from exhibit.tasks.methods.shap_tree import TreeShapSpec

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
