"""The Keras net for texts."""

from typing import TYPE_CHECKING, Any

from exhibit.tasks.models.keras_import import keras, tf
from exhibit.tasks.records.data import Dataset, Input

if TYPE_CHECKING:
    from exhibit.tasks.models.zoo.texts import TextTraining


class _NothingForPadding(keras.constraints.Constraint):  # type: ignore[misc]
    """The first row, the padding's, stays zero, as torch keeps it."""

    def __call__(self, table: Any) -> Any:
        """(tokens, units)."""
        return table * tf.cast(tf.range(tf.shape(table)[0]) > 0, table.dtype)[:, tf.newaxis]


def text_net(spec: "TextTraining", text: Input, dataset: Dataset) -> keras.Model:
    """(samples, tokens) of ids to (samples, outputs), as `exhibit.tasks.models.zoo.torch_text.TextNet`."""
    layers, scale = keras.layers, dataset.label_scale
    convolution = [
        layers.Conv1D(spec.filters, spec.width, padding="same", activation="relu", name="convolution"),
        layers.MaxPooling1D(text.values.shape[1], name="largest"),
    ]
    mean = [layers.AveragePooling1D(text.values.shape[1], name="mean")]
    return keras.Sequential(
        [
            layers.Input(text.values.shape[1:], dtype="int64", name=text.name),
            layers.Embedding(
                len(text.vocabulary), spec.units, embeddings_constraint=_NothingForPadding(), name="embed"
            ),
            *(convolution if spec.reads == "convolution" else mean),
            layers.Flatten(name="read"),
            layers.Dropout(spec.dropout, name="dropout"),
            layers.Dense(spec.hidden, activation="relu", name="hidden"),
            layers.Dense(max(len(dataset.classes), 1), name="outputs"),
            *([layers.Rescaling(scale[1], scale[0], name="scale")] if scale else []),
        ],
        name="text_net",
    )
