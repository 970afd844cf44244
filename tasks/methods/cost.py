"""What explanations cost, counted so that it is the same on every machine: evaluations of the model, not seconds."""

import math

import numpy as np

from exhibit.tasks.methods import MethodSpec
from exhibit.tasks.methods.gradient import GradientMethod
from exhibit.tasks.methods.integrated_gradients import ExpectedGradientsSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec, windows_of
from exhibit.tasks.methods.shap_deep import DeepShapSpec
from exhibit.tasks.methods.shap_gradient import GradientShapSpec
from exhibit.tasks.methods.shap_kernel import KernelShapSpec
from exhibit.tasks.methods.shap_partition import PartitionShapSpec
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import Attribution, Cost


def cost(method: MethodSpec, part: Attribution) -> Cost | None:
    """The evaluations behind `part`; None where the method does not say."""
    asked = _asked(part)
    samples, explanations = len(asked), int(asked.sum())
    match method:
        case GradientMethod():
            drawn = 1 if method.sampling is None else method.sampling.nt_samples
            compared = method.background if isinstance(method, ExpectedGradientsSpec) else 1
            refined = method.refined_to() is not None
            steps = int(part.steps[asked].clip(min=1).sum())
            return Cost(gradients=steps * drawn * compared, at_most=refined and drawn * compared > 1)
        case OcclusionSpec():
            return Cost(evaluations=samples * (1 + windows_of(method, part)), at_most=bool(part.mask))
        case PartitionShapSpec() | KernelShapSpec():
            return Cost(evaluations=samples * _predictions(method, part), at_most=True)
        case GradientShapSpec():
            return Cost(gradients=explanations * method.nsamples)
        case DeepShapSpec():
            return Cost(gradients=explanations * method.background)
        case _:
            return None


def _asked(part: Attribution) -> Array:
    """(samples, targets) True but where an output is that of an earlier target: it is explained once."""
    earlier = part.targets[:, :, np.newaxis] == part.targets[:, np.newaxis, :]
    return ~np.tril(earlier, -1).any(axis=2)


def _predictions(method: PartitionShapSpec | KernelShapSpec, part: Attribution) -> int:
    """The most for a sample; Kernel SHAP tries no more coalitions, and may try fewer."""
    if isinstance(method, PartitionShapSpec):
        return method.max_evals
    elements = sum(math.prod(values.shape[1:-1]) for values in part.values.values())
    return 2 * elements + 2048 if method.nsamples == "auto" else method.nsamples
