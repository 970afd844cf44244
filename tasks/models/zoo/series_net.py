"""A small torch net for one series."""

from typing import TYPE_CHECKING, ClassVar, Literal

from exhibit.tasks.models.zoo.series import SeriesTraining, gives, only_series, standardised
from exhibit.tasks.protocols import Compute, DifferentiableModel, Progress
from exhibit.tasks.records.base import Arrays
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.model import Weights

if TYPE_CHECKING:
    from exhibit.tasks.models.torch import Encode, Encoded


class SeriesNetSpec(SeriesTraining):
    """The net for series in torch."""

    kind: Literal["series_net"] = "series_net"
    called: ClassVar[str] = mark("neural net for series")
    framework: ClassVar[str] = "torch"

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """Trains on the rows with split "train"."""
        from exhibit.tasks.models.torch_training import fit
        from exhibit.tasks.models.zoo.torch_series import SeriesNet

        series = only_series(dataset, self.kind)
        return fit(lambda: SeriesNet(self, series, dataset), _encoding(series), dataset, self, compute, progress)

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights."""
        from exhibit.tasks.models.torch import TorchModel
        from exhibit.tasks.models.torch_training import restored
        from exhibit.tasks.models.zoo.torch_series import SeriesNet

        series = only_series(dataset, self.kind)
        net = restored(lambda: SeriesNet(self, series, dataset), weights)
        return TorchModel(net, _encoding(series), gives(dataset), compute)


def _encoding(series: Input) -> "Encode":
    from exhibit.tasks.models.torch import as_tensors

    ready = standardised(series)

    def encode(inputs: Arrays) -> "Encoded":
        return as_tensors(ready(inputs))

    return encode
