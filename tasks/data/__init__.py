"""Datasets in raw units, the selection of samples, and baselines."""

from typing import Annotated

from pydantic import Field

from tasks.data.factory import DataFactorySpec
from tasks.data.folder import Food101Spec, ImageFolderSpec, PhotographsSpec
from tasks.data.image import DigitsSpec
from tasks.data.multimodal import MnistSpec, MultimodalSpec
from tasks.data.names import NamesSpec
from tasks.data.own_table import TableSpec
from tasks.data.photos import PhotosSpec, WatermarkSpec
from tasks.data.solubility import EsolSpec, SolubilitySpec
from tasks.data.table import IrisSpec
from tasks.data.text import TextSpec

DataSpec = Annotated[
    IrisSpec
    | DigitsSpec
    | PhotosSpec
    | WatermarkSpec
    | ImageFolderSpec
    | Food101Spec
    | PhotographsSpec
    | SolubilitySpec
    | EsolSpec
    | MultimodalSpec
    | MnistSpec
    | NamesSpec
    | TableSpec
    | TextSpec
    | DataFactorySpec,
    Field(discriminator="kind"),
]
