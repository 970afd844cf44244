"""Models that only predict: any function of raw inputs, and fitted scikit-learn estimators."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from exhibit.tasks.models.outputs import require_as_before, require_real
from exhibit.tasks.protocols import Capability, Compute, Contributions, padded_batches, take
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.model import OutputKind
from exhibit.tasks.records.shown import said_by, what_it_is

Function = Callable[[Arrays], Array]  # raw inputs by name -> (samples, outputs)


class CallableModel:
    """A function of raw inputs as an `exhibit.tasks.protocols.Model`: it has no gradients and no layers.

    `function` is called with batches of exactly `compute.batch` samples and gives (samples, outputs) of kind `output`.
    """

    gives: ClassVar[frozenset[Capability]] = frozenset({"predictions"})

    def __init__(self, function: Function, output: OutputKind, compute: Compute) -> None:
        self.output: OutputKind = output
        self._function = function
        self._batch = compute.batch
        self._each: Sequence[int | None] | None = None  # the shape of the outputs of one sample, once it is seen

    def predict(self, inputs: Arrays) -> Array:
        """Outputs (samples, outputs) as the function gives them.

        Raises:
            InputError: for outputs of another shape.
        """
        count = len(next(iter(inputs.values())))
        parts = [self._outputs(take(inputs, rows))[:used] for rows, used in padded_batches(count, self._batch)]
        return np.concatenate(parts)

    def _outputs(self, inputs: Arrays) -> Array:
        try:
            given = self._function(inputs)
        except TypeError as error:
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                raise
            raise InputError(  # nothing of it has run
                f"model: it is called with one thing, the arrays of the inputs by their names ({said_by(error)})"
            ) from error
        outputs = array_of(given)
        if outputs.ndim != 2 or len(outputs) != self._batch:
            raise InputError(
                f"model: for {self._batch} samples it returned {what_it_is(outputs if outputs.ndim else given)}; "
                f"({self._batch}, outputs) was expected"
            )
        require_real(str(outputs.dtype), outputs.dtype.kind in "fiu")
        self._each = require_as_before(outputs.shape[1:], self._each)
        return outputs


def array_of(given: Any) -> Array:
    """What a function gave, as an array that stays as it is: a function may write its next answer into the same memory.
    What is masked is no number. NumPy's longest floats have bytes that mean nothing, and are never compared.

    Raises:
        InputError: where it is none, as of rows of different lengths.
    """
    try:
        found = np.ma.filled(given.astype(np.float64), np.nan) if np.ma.isMaskedArray(given) else np.array(given)
    except ValueError as error:
        raise InputError(f"model: it returned {what_it_is(given)}, which is no array of numbers: {error}") from error
    return found.astype(np.float64) if found.dtype == np.longdouble else found


class TwoClassesModel(CallableModel):
    """A function that gives (samples, 1) of the second of two classes: its log-odds, or as `output` chances its
    probability. The first has the opposite."""

    def _outputs(self, inputs: Arrays) -> Array:
        second = super()._outputs(inputs)
        return np.concatenate([-second if self.output == "log_odds" else 1 - second, second], axis=1)


class EstimatorModel(CallableModel):
    """A fitted scikit-learn `estimator` over the elements of all inputs side by side.

    A classifier gives probabilities, a regressor values (samples, 1).
    """

    gives: ClassVar[frozenset[Capability]] = frozenset({"predictions", "trees"})

    def __init__(self, estimator: Any, compute: Compute) -> None:
        self.estimator = estimator
        # As a reader of the data has them: numbers without a point.
        self.classes = tuple(
            str(int(one)) if isinstance(one, float) and one.is_integer() else str(one)
            for one in np.asarray(getattr(estimator, "classes_", ())).tolist()
        )
        self._columns = list(getattr(estimator, "feature_names_in_", ()))
        output: OutputKind = "probabilities" if hasattr(estimator, "predict_proba") else "values"
        super().__init__(self._estimate, output, compute)

    def contributions(self, _: Arrays, __: Arrays | None) -> Contributions | None:
        """SHAP reads scikit-learn itself."""
        return None

    def _estimate(self, inputs: Arrays) -> Array:
        rows = self._named(flat(inputs))
        if self.output in ("probabilities", "chances"):
            return of_labels(self.estimator.predict_proba(rows))
        require_values(self.estimator)
        return self.estimator.predict(rows).reshape(len(rows), -1)

    def _named(self, rows: Array) -> Any:
        """With the names of the columns that it was fitted on, where these had names: a step may pick them by name."""
        if not self._columns:
            return rows
        import pandas as pd

        return pd.DataFrame(rows, columns=self._columns)


def require_values(estimator: Any) -> None:
    """Raises InputError for one that predicts nothing, and for one whose prediction is a class, a cluster or whether a
    row is an outlier: the number of any of these has no size."""
    from sklearn.base import is_classifier, is_clusterer, is_outlier_detector

    name = type(estimator).__name__
    if not hasattr(estimator, "predict"):
        raise InputError(f"model: the {name} predicts nothing (it has no predict); give an estimator that does")
    if is_clusterer(estimator) or is_outlier_detector(estimator):
        what = "the number of a cluster" if is_clusterer(estimator) else "only whether a row is an outlier"
        raise InputError(
            f"model: the {name} gives {what}, which is no amount of anything; explain a function of it that gives one, "
            "as its transform (distances) or decision_function do where it has them"
        )
    if is_classifier(estimator):
        raise InputError(
            f"model: the {name} is a classifier without probabilities (predict_proba), and the "
            "names of classes are no numbers; give one that has them, as CalibratedClassifierCV makes of any, or "
            "voting='soft' and probability=True where there is such a setting"
        )


def of_labels(found: Any) -> Array:
    """(samples, outputs) of what scikit-learn gives for classes; of several labels it may be (samples, 2) for each,
    whether it holds not or holds.

    Raises:
        InputError: for a label of other than two values.
    """
    if not isinstance(found, list):
        return np.asarray(found)
    if wrong := [number for number, each in enumerate(found) if each.shape[1] != 2]:
        raise InputError(
            f"model: of several labels each has two values, but label {wrong[0]} of the estimator has "
            f"{found[wrong[0]].shape[1]}; give a model of that label alone"
        )
    return np.stack([each[:, 1] for each in found], axis=1)


def flat(inputs: Arrays) -> Array:
    """The elements of all inputs side by side, (samples, elements), in the order of the inputs.

    Raises:
        InputError: for an input that is not made of numbers.
    """
    for name, values in inputs.items():
        if values.dtype.kind not in "fiub":
            raise InputError(f"model: scikit-learn takes numbers, but the input {name!r} is of type {values.dtype}")
    return np.concatenate([values.reshape(len(values), -1) for values in inputs.values()], axis=1)
