"""The quality of a model on the rows that count."""

import numpy as np

from exhibit.tasks.models.performance import measured_splits, performance
from exhibit.tasks.quality.classification import classification
from exhibit.tasks.quality.regression import regression
from exhibit.tasks.records.data import Dataset, Reference
from exhibit.tasks.records.model import Prediction
from exhibit.tasks.records.quality import Measure, Quality


def quality(dataset: Dataset, prediction: Prediction, reference: Reference | None = None) -> Quality | None:
    """On the rows to explain that have labels, else on those that are held out, else on those of the training; of
    several labels that of each. None without labels. `reference`: is measured on the same rows."""
    own = _quality(dataset, prediction)
    if own is None or own.labels or reference is None or reference.outputs is None:
        return own
    kind = "values" if dataset.task == "regression" else "probabilities"
    other = Prediction(kind=kind, outputs=reference.outputs)
    first = [
        Measure(name=item.name, value=item.value, interval=item.interval, naive=item.naive)
        for item in performance(dataset, other).metrics
        if item.split == own.split
    ]
    rest = _quality(dataset, other)
    return own.model_copy(update={"reference": (*first, *(rest.measures if rest else ()))})


def _quality(dataset: Dataset, prediction: Prediction) -> Quality | None:
    if dataset.several:
        found = {
            label.name: own
            for number, label in enumerate(dataset.several)
            if (own := _quality(dataset.about(number), prediction.about(number)))
        }
        return next(iter(found.values())).only(found) if found else None
    if not (splits := measured_splits(dataset)):
        return None
    split = splits[0]
    rows = np.flatnonzero(dataset.labelled & (dataset.split == split))
    learnt = dataset.labels[dataset.labelled & (dataset.split == "train")]
    labels = dataset.labels[rows]
    if dataset.task == "regression":
        return regression(labels, prediction.outputs[rows, 0], split, learnt)
    classes, probabilities = dataset.classes, prediction.probabilities(rows)
    return classification(probabilities, labels.astype(np.int64), classes, split, learnt.astype(np.int64))
