"""The Keras net for series."""

from typing import TYPE_CHECKING

from exhibit.tasks.models.keras_import import keras
from exhibit.tasks.records.data import Dataset, Input

if TYPE_CHECKING:
    from exhibit.tasks.models.zoo.series import SeriesTraining


def series_net(spec: "SeriesTraining", series: Input, dataset: Dataset) -> keras.Model:
    """(samples, steps, channels) to (samples, outputs), as `exhibit.tasks.models.zoo.torch_series.SeriesNet`."""
    layers, scale = keras.layers, dataset.label_scale
    return keras.Sequential(
        [
            layers.Input(series.values.shape[1:], name=series.name),
            *(
                layers.Conv1D(spec.filters, spec.width, padding="same", activation="relu", name=f"convolution_{number}")
                for number in (1, 2)
            ),
            layers.AveragePooling1D(series.values.shape[1], name="mean"),
            layers.Flatten(name="flat"),
            layers.Dropout(spec.dropout, name="dropout"),
            layers.Dense(max(len(dataset.classes), 1), name="outputs"),
            *([layers.Rescaling(scale[1], scale[0], name="scale")] if scale else []),
        ],
        name="series_net",
    )
