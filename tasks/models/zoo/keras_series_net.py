"""A small Keras net for one series."""

from typing import ClassVar, Literal

from exhibit.tasks.models.zoo.series import SeriesTraining, gives, only_series, standardised
from exhibit.tasks.protocols import Compute, DifferentiableModel, Progress
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.model import Weights


class KerasSeriesNetSpec(SeriesTraining):
    """The net for series in Keras."""

    kind: Literal["keras_series_net"] = "keras_series_net"
    called: ClassVar[str] = mark("neural net for series")
    framework: ClassVar[str] = "Keras"

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """Trains on the rows with split "train"."""
        from exhibit.tasks.models.keras_training import fit
        from exhibit.tasks.models.zoo.keras_series import series_net

        series = only_series(dataset, self.kind)
        return fit(lambda: series_net(self, series, dataset), standardised(series), dataset, self, compute, progress)

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights."""
        from exhibit.tasks.models.keras import KerasModel
        from exhibit.tasks.models.keras_training import restored
        from exhibit.tasks.models.zoo.keras_series import series_net

        series = only_series(dataset, self.kind)
        net = restored(lambda: series_net(self, series, dataset), weights, compute)
        return KerasModel(net, standardised(series), gives(dataset), compute)
