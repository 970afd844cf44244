"""Datasets in raw units, the selection of samples, and baselines; see `data.Data` for what each answers.

Preprocessing belongs to the model, and what is drawn of a sample to drawing and document.
"""

from typing import Annotated

from pydantic import Field

from exhibit.tasks.data.factory import DataFactorySpec
from exhibit.tasks.data.folder import Food101Spec, ImageFolderSpec, PhotographsSpec
from exhibit.tasks.data.image import DigitsSpec
from exhibit.tasks.data.motions import MotionsSpec
from exhibit.tasks.data.multimodal import MnistSpec, MultimodalSpec
from exhibit.tasks.data.names import NamesSpec
from exhibit.tasks.data.own_series import SeriesSpec
from exhibit.tasks.data.own_table import TableSpec
from exhibit.tasks.data.photos import PhotosSpec, WatermarkSpec
from exhibit.tasks.data.scikit_image import ScikitImageSpec
from exhibit.tasks.data.solubility import EsolSpec, SolubilitySpec
from exhibit.tasks.data.table import IrisSpec
from exhibit.tasks.data.text import TextSpec

DataSpec = Annotated[
    IrisSpec
    | DigitsSpec
    | PhotosSpec
    | WatermarkSpec
    | ImageFolderSpec
    | Food101Spec
    | PhotographsSpec
    | ScikitImageSpec
    | SolubilitySpec
    | EsolSpec
    | MultimodalSpec
    | MnistSpec
    | NamesSpec
    | MotionsSpec
    | TableSpec
    | TextSpec
    | SeriesSpec
    | DataFactorySpec,
    Field(discriminator="kind"),
]
