"""Models behind one protocol, and how they are trained; see `choice.ModelChoice` for what each answers.

What is asked of a model belongs to methods and checks.
"""

from typing import Annotated

from pydantic import Field

from exhibit.tasks import frameworks as frameworks
from exhibit.tasks.models.estimator import EstimatorSpec
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.models.transformers import TransformersSpec
from exhibit.tasks.models.zoo.cnn import CNNSpec
from exhibit.tasks.models.zoo.efficientnet import EfficientNetSpec
from exhibit.tasks.models.zoo.efficientnet_lite import EfficientNetLite0Spec
from exhibit.tasks.models.zoo.ggnn import GGNNSpec
from exhibit.tasks.models.zoo.gradient_boosting import BoostingSpec
from exhibit.tasks.models.zoo.keras_series_net import KerasSeriesNetSpec
from exhibit.tasks.models.zoo.keras_text_net import KerasTextNetSpec
from exhibit.tasks.models.zoo.library import KerasApplicationSpec, TimmSpec, TorchvisionSpec
from exhibit.tasks.models.zoo.mlp import MLPSpec
from exhibit.tasks.models.zoo.multimodal import MultimodalSpec
from exhibit.tasks.models.zoo.published import VGG16Spec, XceptionSpec
from exhibit.tasks.models.zoo.random_forest import ForestSpec
from exhibit.tasks.models.zoo.series_net import SeriesNetSpec
from exhibit.tasks.models.zoo.text_net import TextNetSpec
from exhibit.tasks.models.zoo.torch_cnn import TorchCNNSpec
from exhibit.tasks.models.zoo.vgg import SmallVGGSpec, VGG16TransferSpec

ModelSpec = Annotated[
    MLPSpec
    | CNNSpec
    | TorchCNNSpec
    | SmallVGGSpec
    | VGG16TransferSpec
    | VGG16Spec
    | XceptionSpec
    | EfficientNetSpec
    | GGNNSpec
    | MultimodalSpec
    | TextNetSpec
    | KerasTextNetSpec
    | SeriesNetSpec
    | KerasSeriesNetSpec
    | ForestSpec
    | BoostingSpec
    | EstimatorSpec
    | TransformersSpec
    | EfficientNetLite0Spec
    | TorchvisionSpec
    | TimmSpec
    | KerasApplicationSpec
    | FactorySpec,
    Field(discriminator="kind"),
]
