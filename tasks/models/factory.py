"""A user's own model: what a function from a trusted module makes, whatever framework it is of.

What one framework alone can do is in `torch_factory` and `keras_factory`; whom this machine trusts, in `tasks.factory`.
"""

import copy
import itertools
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from math import prod
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Protocol

import numpy as np
from pydantic import BeforeValidator, Field

from exhibit.tasks.factory import ModelFactory, called, came_through, code_of, load
from exhibit.tasks.held import in_memory
from exhibit.tasks.models.callable import CallableModel, EstimatorModel, TwoClassesModel
from exhibit.tasks.models.channels import Prepared, require_one_order
from exhibit.tasks.models.choice import require_same
from exhibit.tasks.models.columns import (
    ColumnsModel,
    columns_of,
    failure,
    kind_of_logits,
    require_known,
    require_order,
    require_these,
)
from exhibit.tasks.models.content import content
from exhibit.tasks.models.encoding import Preprocess, plain, require_kept, shape_in_words, told
from exhibit.tasks.models.fitted import Fitted, fitted
from exhibit.tasks.models.kinds import KINDS
from exhibit.tasks.models.outputs import same
from exhibit.tasks.models.preprocess import NOTHING, PreprocessSpec
from exhibit.tasks.models.remarks import cut_of_one, listed, order_of_outputs
from exhibit.tasks.models.training import TrainingSpec
from exhibit.tasks.protocols import Capability, Compute, Model, Progress, take
from exhibit.tasks.records.base import Arguments, Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset, Input, Wanted
from exhibit.tasks.records.framing import Frame
from exhibit.tasks.records.language import as_message, mark, say
from exhibit.tasks.records.model import OutputKind, Prediction, Remarks, Weights
from exhibit.tasks.records.override import typed
from exhibit.tasks.records.shown import said_by, what_it_is

_PROBE = 8  # rows whose outputs show what they are
_FEW = 3  # of them in a batch, where the company of others is changed
_MOST_CLASSES = 10  # that a message names
_COMPARED = 64  # rows whose outputs tell a model from another
_TURNS = itertools.count()  # whose row it is to be asked about alone
_MOST_APART, _NUMBERS_APART = 256, 4_000_000  # rows, and numbers in them, that are predicted again in other company
# The class by which a model is known, and what its framework is called in a report.
_BASES = {"torch.Module": "torch", "keras.Model": "Keras", "sklearn.BaseEstimator": "scikit-learn"}
_FITTED = {"scikit-learn", "xgboost", "xgboost-cpu", "lightgbm", "catboost", "skops", "joblib"}
_LIBRARIES = {"torch": "torch", "keras": "Keras", "tensorflow": "Keras", "scikit-learn": "scikit-learn"}


_READ: dict[OutputKind, str] = {"probabilities": mark("probabilities"), "logits": mark("logits")}
# Why outputs of a classifier are read as what they are: by what the model is, or by their numbers.
_KNOWN: dict[OutputKind, str] = {
    "probabilities": mark("for a fitted classifier gives them"),
    "logits": mark("for they come before its last softmax"),
}
_SEEN: dict[OutputKind, str] = {
    "probabilities": mark("for they lie between 0 and 1 and add up to 1 in each row"),
    "logits": mark("for they do not all lie between 0 and 1 and add up to 1"),
}


def probable(outputs: Array) -> bool:
    """Whether outputs (samples, classes) are probabilities by what they are."""
    sums = np.abs(outputs.sum(axis=1) - 1) <= _SUMS
    return bool(outputs.shape[1] > 1 and (_inside(outputs) & sums).all())


def percentages(outputs: Array) -> bool:
    """Whether outputs (samples, classes) are hundredths of probabilities by what they are."""
    return bool(len(outputs) > 1 and (outputs > 1).any() and probable(outputs / 100))


_ALMOST, _SUMS = 1e-6, 1e-4
# One output that speaks for the second of two classes.
_OF_SECOND: dict[OutputKind, str] = {
    "log_odds": mark(
        "Its one output is read as the logit of {second}, the log-odds of its probability (where a sigmoid is last, "
        "before it); that of {first} is its negative."
    ),
    "chances": mark("Its one output is read as the probability of {second}; that of {first} is what is left of 1."),
}


# What is said of the outputs for several labels.
_SEVERAL: dict[OutputKind, str] = {
    "values": mark("Its outputs are taken for {outputs}, in this order."),
    "log_odds": mark(
        "Its outputs are read as logits of {outputs}, in this order, each by itself: the log-odds of its probability "
        "(where sigmoids are last, before them)."
    ),
    "chances": mark("Its outputs are read as probabilities of {outputs}, in this order, each by itself."),
}


def _of_second_alone(outputs: Array, some: Dataset) -> bool:
    """Whether there is one output (samples, 1) for two classes."""
    return len(some.classes) == 2 and outputs.shape[1:] == (1,)


def _far(inputs: Arrays) -> list[Arrays]:
    """The same samples with numbers that are far from any; none where they hold no numbers."""
    if not any(values.dtype.kind == "f" for values in inputs.values()):
        return []
    return [{n: v * v.dtype.type(far) if v.dtype.kind == "f" else v for n, v in inputs.items()} for far in (-1e4, 1e4)]


def _inside(outputs: Array) -> Array:
    """(samples,): whether all outputs of a sample lie between 0 and 1."""
    return np.asarray(((outputs >= -_ALMOST) & (outputs <= 1 + _ALMOST)).all(axis=1))


class FactorySpec(TrainingSpec):
    """What `factory(**arguments)` gives: a torch `nn.Module`, a `keras.Model`, a fitted scikit-learn estimator, or any
    function of raw inputs by name.

    It may give a second thing, or have an attribute, `preprocess`: (raw inputs by name) -> what the net takes, by
    name and in its order. Without one tables are taken in the precision of the net, texts as ids, and images as
    float32, with channels first for torch.
    """

    kind: Literal["factory"] = "factory"
    factory: ModelFactory = Field(
        description="package.module:function, from a module that EXHIBIT_TRUSTED_MODULES names; or the name of one "
        "that an installed package offers"
    )
    arguments: Arguments = Field(default_factory=dict, description="of the function, by name")
    output: Literal["auto", "logits", "probabilities", "values"] = Field(
        "auto", description="what it gives; auto: logits before a last softmax, else what its outputs look like"
    )
    fitting: Literal["auto", "never"] = Field("never", alias="fit", description="auto: train a net; never: as it is")
    epochs: int = Field(20, ge=1, le=100_000)
    batch_size: int = Field(32, ge=1, le=1_000_000)
    learning_rate: float = Field(0.001, gt=0, le=1_000)
    pictures: PreprocessSpec = Field(
        NOTHING,
        alias="preprocess",
        description="what pictures become before a net, so that these and baselines stay in the units of the data",
    )
    files: Annotated[tuple[Path, ...], BeforeValidator(lambda given: given or ())] = Field(
        (), description="that the function reads; they count by content, and `exhibit verify` says which are others"
    )

    has_weights: ClassVar[bool] = True
    several: ClassVar[bool] = True
    # Only the factory knows which of them.
    gives: ClassVar[frozenset[Capability]] = frozenset({"predictions", "gradients", "trees"})

    def __hash__(self) -> int:
        return hash(self.model_dump_json())

    @property
    def own_function(self) -> str:
        """What makes the model."""
        return self.factory

    @property
    def called(self) -> str:
        """Nothing is known of it but whose it is."""
        return mark("model of the user's own")

    @property
    def architecture(self) -> str:
        """One sentence about the model."""
        if in_memory(self.factory):
            return mark(
                "A model of the user's own that lay in the memory of a Python session and has no source, so that this "
                "is not derivable from the report alone."
            )
        return say("A model of the user's own, made by {factory}.", factory=self.factory)

    @property
    def framework(self) -> str:
        """The libraries for models that its code imports: which of them it is of only what it gives will tell."""
        known = code_of(self.factory)["libraries"]
        return " and ".join(dict.fromkeys(name for library, name in _LIBRARIES.items() if library in known)) or "Python"

    def output_kind(self, dataset: Dataset) -> OutputKind | None:
        """What is trained here gives logits; else it is as the config says, or only the model tells.

        Raises:
            InputError: for an output that has no meaning for the task.
        """
        _require_meaning(self.output, dataset)
        if dataset.task == "regression":
            return "values"
        if dataset.task == "multi_label":
            return None
        return "logits" if self.fitting == "auto" else None if self.output == "auto" else self.output

    def read_from(self) -> dict[str, Path | tuple[Path, ...]]:
        """Every file that is known to be read, by its key."""
        return super().read_from() | {"files": self.files} | self.pictures.read_from()

    def frame(self) -> Frame | None:
        """As the config declares it."""
        declared = self.pictures.resolved()
        return None if declared is None else declared.frame

    def wanted(self, compute: Compute, _: Weights | None = None) -> Wanted | None:
        """The columns by name that an estimator was fitted on; nothing else names any. Code that imports no library of
        such models is not called for it."""
        if not code_of(self.factory)["libraries"].keys() & _FITTED:
            return None
        found = fitted(self._made(compute).item, compute.threads)
        return None if found is None or not found.wanted.names else found.wanted.model_copy(update={"only": False})

    def given(self, rows: Callable[[], Dataset], compute: Compute) -> str:
        """The content of what the function gives now: parameters, buffers, what an estimator or a function holds; and
        where not all of that can be read, what it predicts. What holds something else each time, as one that counts its
        calls, keeps what it was asked or knows the hour, counts by what it predicts alone.

        Raises:
            InputError: where that is something else each time.
        """
        made = self._made(compute)
        before = self._asked(made, made.content, rows, compute)
        if made.backend() is None or in_memory(self.factory):  # else each call builds a net that was asked nothing yet
            self._asked(made, made.asked_once, rows, compute)
        again = self._made(compute)
        if before == self._asked(again, again.content, rows, compute):
            return before
        predicted = self._asked(made, made.predicted, rows, compute)
        require_same(self, predicted, self._asked(again, again.predicted, rows, compute))
        return predicted

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """The weights of a net, trained or as they are; other models keep theirs to themselves.

        Raises:
            InputError: where something else than a net is to be trained or filled.
        """
        made = self._made(compute)
        if (backend := made.backend()) is not None:
            encode, some = made.encoding(dataset), _first(dataset)
            whole = backend.whole(made.item, encode, compute)
            outputs = self._tried(made, whole, some)
            single = _of_second_alone(outputs, some)
            probabilities = self.trains and self._gives_probabilities(outputs, dataset)
            if self.trains and (single or dataset.task == "multi_label"):
                probabilities = (
                    backend.before_sigmoid(made.item, encode, compute, some.arrays) is not None
                    or self._each_alone(made, whole, outputs, some) == "chances"
                )
            if self.trains:
                if backend.before_softmax(made.item, encode, compute, some.arrays) is not None:
                    raise InputError(
                        "model.fit: 'auto' trains on logits, but the net ends in a softmax or the logarithm of "
                        "one; remove it"
                    )
                of_classes = dataset.task == "classification" and not single and self.output == "auto"
                if of_classes and backend.before_sigmoid(made.item, encode, compute, some.arrays) is not None:
                    raise InputError(
                        "model.fit: 'auto' trains on logits, but the net ends in sigmoids, and of classes that exclude "
                        "each other these are no logits; remove them"
                    )
                self._require_alone(backend.whole(made.item, encode, _otherwise(compute)), outputs, some)
            known = None if self.trains else made.net(some, None, compute)[1]
            made.require_kept(dataset)
            # Of one that has predicted nothing yet, as where it is asked for elsewhere: some nets keep what they made.
            given = self.given(lambda: dataset, compute)
            trained = backend.fit(
                lambda: self._made(compute).item,
                encode,
                dataset,
                self,
                compute,
                progress,
                probabilities=probabilities,
                single=single,
            )
            if not self.trains:
                self._require_one_order(backend, some, trained, compute)
            received = told(backend.received(encode, some.arrays))
            return trained.model_copy(
                update={"given": given, "framework": made.framework, "received": received, "known": known}
            )
        if self.fitting == "auto" or self.weights is not None:
            raise InputError(
                "model.fit, model.weights: only torch and Keras nets are trained or given weights here; "
                f"{self.factory} must give a fitted model"
            )
        made.require_kept(dataset)
        given = self.given(lambda: dataset, compute)
        return Weights(
            arrays={},
            parameters=0,
            given=given,
            framework=made.framework,
            received=told(self._numbers(dataset)),
            known=made.predicting(_first(dataset), compute)[1],
        )

    def _numbers(self, dataset: Dataset) -> Arrays:
        """The first rows of the inputs that a function or a fitted model is given as numbers: neither columns of words
        nor the sentences of a session, for which the data keep the places of words."""
        of_words = {
            item.name
            for item in dataset.inputs
            if any(column.kind == "category" for column in item.whole) or (item.vocabulary and in_memory(self.factory))
        }
        return {name: array for name, array in _first(dataset).arrays.items() if name not in of_words}

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> Model:
        """The model with the given weights.

        Raises:
            InputError: where it does not give what the data asks for, or another model than that of the fit.
        """
        made = self._made(compute)
        made.require_kept(dataset)
        if weights.given and weights.given != self._asked(made, made.content, lambda: dataset, compute):
            require_same(self, weights.given, self._asked(made, made.predicted, lambda: dataset, compute))
        some = _first(dataset)
        model, outputs = self._named(made, some, weights, compute)
        self._require_alone(self._named(made, some, weights, _otherwise(compute))[0], outputs, some)
        if model.output == "logits" and weights.known is None and self.output == "auto" and not self.trains:
            self._require_logits(made, model, outputs, some)
        return model

    def _require_one_order(self, backend: "Backend", some: Dataset, weights: Weights, compute: Compute) -> None:
        """Raises InputError for a net without a preprocess to which it matters where the channels of pictures are, and
        which takes them anywhere; a session has asked."""
        made = self._made(compute)
        if made.preprocess is not None or in_memory(self.factory):
            return

        def model(preprocess: Prepared | None) -> Model:
            net = made.filled(weights, compute)
            return backend.whole(net, backend.encoding(net, some, preprocess, self.pictures), compute)

        require_one_order(some, plain(some, self.pictures), model, made.framework, self.factory)

    def _named(self, made: "_Made", some: Dataset, weights: Weights, compute: Compute) -> "tuple[_Unnamed, Array]":
        """It as a model whose outputs are named, and the outputs of `some` samples."""
        model, output = made.model(some, weights, compute)
        outputs = self._tried(made, model, some)
        if _of_second_alone(outputs, some):
            both = made.of_two(some, weights, compute, self._each_alone(made, model, outputs, some))
            return both, self._tried(made, both, some)
        if some.task == "multi_label":
            before = made.before_sigmoid(some, weights, compute)
            if before is not None:
                return before, self._tried(made, before, some)
            output = output or self._each_alone(made, model, outputs, some)
            model.output = output
            return model, outputs
        if made.backend() is None and output is not None:  # as its library says
            model.output = output
        else:
            model.output = self._output(output, outputs, some)
        return model, outputs

    def remarks(self, dataset: Dataset, weights: Weights, prediction: Prediction) -> Remarks:
        """How its outputs are read and why; which classes those of a model that was not trained here are taken for, and
        whether its labels say otherwise.

        Raises:
            InputError: for outputs that are read as probabilities and are none in some row.
        """
        kind, outputs = prediction.kind, prediction.outputs
        seen = self.output == "auto" and weights.known is None  # not known by what the model is
        if kind in ("probabilities", "chances"):
            self._require_probabilities(dataset, outputs, seen=seen, sums=seen and kind == "probabilities")
        if dataset.several:
            return Remarks(said=(say(_SEVERAL[kind], outputs=listed(dataset.outputs)),))
        if not dataset.classes:
            return Remarks()
        if kind in _OF_SECOND:
            first, second = dataset.classes
            read = say(_OF_SECOND[kind], first=first, second=second)
            if self.trains:
                return Remarks(said=(read,))
            found = order_of_outputs(dataset, outputs, read)
            return cut_of_one(dataset, outputs[:, 1], found) if kind == "log_odds" else found
        told = _SEEN[kind] if weights.known is None else _KNOWN[kind]
        why = mark("as the config says") if self.output != "auto" else told
        read = say("Its outputs are read as {kind}, {why}.", kind=as_message(_READ[kind]), why=as_message(why))
        return Remarks(said=(read,)) if self.trains else order_of_outputs(dataset, outputs, read)

    def _require_probabilities(self, dataset: Dataset, outputs: Array, *, seen: bool, sums: bool) -> None:
        """Raises InputError where they are none in some row; `sums`: where they do not add up to 1 there, either.
        `seen`: they were taken for probabilities by how those of the first rows look."""
        wrong = ~_inside(outputs) | (sums & (np.abs(outputs.sum(axis=1) - 1) > _SUMS))
        if wrong.any():
            row = int(wrong.argmax())
            found = ", ".join(f"{one:.4g}" for one in outputs[row][:_MOST_CLASSES])
            raise InputError(
                f"model.output: outputs of {self.factory} were taken for probabilities"
                f"{f', which those of the first {_PROBE} rows look like' if seen else ''}, but for "
                f"{str(dataset.sample_ids[row])!r} they are {found}, and in {int(wrong.sum()):,} of {len(outputs):,} "
                f"rows they do not lie between 0 and 1{' and add up to 1' if sums else ''}; type model.output=logits, "
                "or mend the model"
            )

    def require_alone(
        self, dataset: Dataset, weights: Weights, prediction: Prediction, model: Model, compute: Compute
    ) -> None:
        """As of the first few rows, of others all over the data as well: the first of a table in order may be alike."""
        sizes = sum(prod(item.values.shape[1:]) for item in dataset.inputs)
        count = min(len(dataset.sample_ids), max(_PROBE, min(_MOST_APART, _NUMBERS_APART // max(sizes, 1))))
        if count < 2:
            return
        if compute.batch == 1:  # each is alone already
            made = self._made(compute)
            model = self._named(made, _first(dataset), weights, _otherwise(compute))[0]
        spread = np.linspace(0, len(dataset.sample_ids) - 1, count).astype(int)
        mixed = np.random.default_rng(0).permutation(count)
        companies = np.array_split(mixed, np.arange(0, count, min(max(compute.batch, 2), (count + 1) // 2))[1:])
        self._require_alone(model, prediction.outputs[spread], dataset.take(spread), companies)

    def _require_alone(
        self, model: Model, outputs: Array, some: Dataset, companies: Sequence[Array] | None = None
    ) -> None:
        """Raises InputError for a model whose `outputs` of some rows are others in other batches: those of `model` for
        rows in these `companies`, or, where it has batches of another size, in turn."""
        if not np.isfinite(outputs).all():
            return  # which is said of all rows where they are predicted
        together = [np.arange(len(outputs))[::-1]] if companies is None else companies
        again = np.empty_like(outputs)
        for rows in together:
            again[rows] = model.predict(take(some.arrays, rows))
        if not same(outputs, again):
            apart = np.abs(outputs - again).max(axis=1)
            row = str(some.sample_ids[apart.argmax()])
            raise InputError(
                f"model.factory: {self.factory} predicts something else for {row!r} in the company of other rows or "
                f"a second time (by {apart.max():.3g}): it takes statistics of its batch, or draws while it predicts; "
                "give a model in inference mode whose prediction is of each row alone"
            )

    def _asked(
        self,
        made: "_Made",
        ask: Callable[[Callable[[], Dataset], Compute], str],
        rows: Callable[[], Dataset],
        compute: Compute,
    ) -> str:
        """What `made` answers about itself."""
        try:
            with _drawing_from(self.seed):
                return ask(rows, compute)
        except InputError:
            raise
        except Exception:  # it fails where it predicts, which is said of what is tried
            dataset, backend = rows(), made.backend()
            model = (
                made.predicting(dataset, compute)[0]
                if backend is None
                else backend.whole(made.item, made.encoding(dataset), compute)
            )
            self._tried(made, model, dataset)
            raise

    def _tried(self, made: "_Made", model: Model, dataset: Dataset) -> Array:
        """The outputs of the first few samples.

        Raises:
            InputError: where the model does not take them, or gives another number of outputs than the data asks for.
        """
        some = _first(dataset)
        outputs = self._predicted(made, model, some)
        wanted = len(some.outputs)
        if made.may_be_of_second and _of_second_alone(outputs, some):
            return outputs
        if outputs.ndim != 2 or outputs.shape[1] != wanted:
            what = "class" if some.classes else "label"
            each = f"one for each {what} ({listed(some.outputs)})" if wanted > 1 else f"one for {some.label_name}"
            named = some.classes and not dataset.labelled.any()  # no labels say which classes there are
            other = "name its outputs in their order: data.classes=[...]" if named else "the labels of the data"
            raise InputError(
                f"model.factory: {self.factory} gives outputs of shape {outputs.shape} for {len(outputs)} samples, but "
                f"the data asks for ({len(outputs)}, {wanted}): {each}; change the last layer of the model, or {other}"
            )
        return outputs

    def tried(self, dataset: Dataset, compute: Compute) -> Array:
        """The outputs (samples, outputs) of the first few samples of any `dataset`, whatever that says of labels.

        Raises:
            InputError: where the model does not take them.
        """
        made, some = self._made(compute), _first(dataset)
        made.require_kept(dataset)
        backend = made.backend()
        model = (
            made.predicting(some, compute)[0]
            if backend is None
            else backend.whole(made.item, made.encoding(some), compute)
        )
        return self._predicted(made, model, some)

    def _predicted(self, made: "_Made", model: Model, some: Dataset) -> Array:
        """What `model` gives for `some` samples.

        Raises:
            InputError: where it does not take them.
        """
        try:
            with _drawing_from(self.seed):
                return model.predict(some.arrays)
        except InputError:
            raise
        except Exception as error:  # the user's own code fails in its own ways
            if not came_through(error):
                raise
            change = " and ".join(dict.fromkeys(KINDS[item.kind].shaped_by for item in some.inputs))
            raise InputError(
                f"model.factory: the {type(made.item).__name__} of {self.factory} cannot predict this data: "
                f"{made.failure(model, some, error)}{_given(some)}; change "
                f"the model, or {change}"
            ) from error

    def _made(self, compute: Compute) -> "_Made":
        make, known, where = (
            load(self.factory, "model.factory"),
            "torch" in sys.modules,
            f"model.factory: {self.factory}",
        )
        with self._keras_ready(compute):
            with _drawing_from(self.seed):
                made = called(make, self.arguments, where)
            if not known and "torch" in sys.modules:  # what it drew came from no seed
                with _drawing_from(self.seed):
                    made = called(make, self.arguments, where)
        if isinstance(made, tuple):
            if len(made) != 2:
                raise InputError(
                    f"{where} gave a tuple of {len(made)}; a model, or a model and its preprocess, is expected"
                )
            item, preprocess = made
        else:
            item, preprocess = made, called(lambda: getattr(made, "preprocess", None), {}, where)
        return _Made(item, preprocess, self.pictures, logits=self.output == "logits", held=in_memory(self.factory))

    def _keras_ready(self, compute: Compute) -> AbstractContextManager[None]:
        """Where the code may build a Keras net: that starts TensorFlow, and then threads can no longer be set."""
        if "Keras" not in self.framework:
            return nullcontext()
        from exhibit.tasks.models.keras import configure
        from exhibit.tasks.models.keras_training import names_from_the_start

        configure(compute)
        return names_from_the_start()

    def _gives_probabilities(self, outputs: Array, dataset: Dataset) -> bool:
        """Whether a net that is to be trained gives them, as `outputs` before that say."""
        if self.output != "auto" or dataset.task != "classification":
            return self.output == "probabilities"
        return probable(outputs)

    def _each_alone(self, made: "_Made", model: Model, outputs: Array, some: Dataset) -> OutputKind:
        """What `outputs` are that are each by itself, where no sigmoid is last: a probability if they are between 0 and
        1 for `some` samples, and of a net far from these as well."""
        if self.output != "auto":
            _require_meaning(self.output, some)
            return "chances" if self.output == "probabilities" else "log_odds"
        far = _far(some.arrays) if made.backend() is not None else []
        if made.backend() is not None and not far and self.trains:  # before any training it may be there by chance
            return "log_odds"
        tried = [outputs, *(model.predict(each) for each in far)]
        return "chances" if all(_inside(each).all() for each in tried) else "log_odds"

    def _require_logits(self, made: "_Made", model: Model, outputs: Array, some: Dataset) -> None:
        """Raises InputError for a net whose `outputs` of `some` samples lie between 0 and 1, and of samples that are
        far from any as well: no logits do, if they are not the same for all."""
        if made.backend() is None or not _inside(outputs).all() or not np.ptp(outputs, axis=0).any():
            return
        far = [model.predict(each) for each in _far(some.arrays)]
        if far and all(_inside(each).all() for each in far):
            raise InputError(
                f"model.output: all outputs of {self.factory} lie between 0 and 1 and do not add up to 1, as those of "
                "sigmoids; say what they are: probabilities, each by itself, (model.output=probabilities) or logits "
                "(model.output=logits)"
            )

    def _output(self, recognised: OutputKind | None, outputs: Array, some: Dataset) -> OutputKind:
        """What the model gives: as found by its adapter, told in the config, or seen in some outputs."""
        for kind in (self.output, recognised or "auto"):
            _require_meaning(kind, some)
        if recognised is not None and self.output == "logits":
            raise InputError(
                "model.output: 'logits' was given, but the model ends in probabilities; use auto, which reads a net "
                "before its last softmax"
            )
        if recognised is not None:
            return recognised
        if self.output != "auto":
            return self.output
        if some.task != "regression" and percentages(outputs):
            raise InputError(
                "model.factory: outputs add up to 100 in each row, so they are percentages; divide them by 100, for "
                "probabilities add up to 1, or say what they are: model.output=logits"
            )
        return "values" if some.task == "regression" else "probabilities" if probable(outputs) else "logits"


class _Unnamed(Model, Protocol):
    """A model whose outputs are still to be named."""

    output: OutputKind


class Backend(Protocol):
    """What a framework does for a net of its own."""

    def encoding(
        self, net: Any, dataset: Dataset, preprocess: Preprocess | None, pictures: PreprocessSpec = NOTHING
    ) -> Any:
        """From raw inputs to what the net takes; `pictures`: what is declared for them."""
        ...

    def fit(
        self,
        build: Callable[[], Any],
        encode: Any,
        dataset: Dataset,
        training: TrainingSpec,
        compute: Compute,
        progress: Progress,
        *,
        probabilities: bool = False,
        single: bool = False,
    ) -> Weights:
        """Trains, or takes the weights that `training` names."""
        ...

    def received(self, encode: Any, inputs: Arrays, /) -> Arrays:
        """The arrays that the net takes for these rows, as it takes them, by name."""
        ...

    def single(self, net: Any, /) -> bool:
        """Whether the net computes with no more than 24 bits."""
        ...

    def has(self, net: Any, weights: Weights, /) -> bool:
        """Whether these are the weights of the net."""
        ...

    def filled(self, net: Any, weights: Weights, compute: Compute, /) -> Any:
        """The net with these weights, which it has from then on."""
        ...

    def before_softmax(self, net: Any, encode: Any, compute: Compute, inputs: Arrays) -> _Unnamed | None:
        """The model without its last softmax, if the net ends in one for `inputs`."""
        ...

    def before_sigmoid(self, net: Any, encode: Any, compute: Compute, inputs: Arrays) -> _Unnamed | None:
        """The model without its last sigmoid, if the net ends in one for `inputs`."""
        ...

    def of_two(self, net: Any, encode: Any, compute: Compute, inputs: Arrays, output: OutputKind) -> _Unnamed:
        """The model of both classes, whose net has one output of the second: before a last sigmoid, else this
        `output`."""
        ...

    def whole(self, net: Any, encode: Any, compute: Compute) -> _Unnamed:
        """The model as it is."""
        ...

    def failure(self, model: Any, inputs: Arrays, error: Exception) -> str:
        """In which layer a net of its own failed to predict `inputs` with `error`, and why, in a clause."""
        ...


def _given(data: Dataset) -> str:
    """What is given for each sample, in a clause that ends a sentence."""
    return f"; the data gives for each sample {' and '.join(map(_element, data.inputs))}"


def _element(item: Input) -> str:
    words = item.values.dtype.kind in "OSU"
    return f"{item.name!r} of {'one text' if words else f'shape {shape_in_words(item.values.shape)}'}"


class _Made(NamedTuple):
    """What a factory gave."""

    item: Any
    preprocess: Preprocess | None
    pictures: PreprocessSpec = NOTHING
    logits: bool = False  # whether the config asks for them, which a fitted classifier has beside its probabilities
    held: bool = False  # whether it is an object of a session, which goes on with it

    def require_kept(self, dataset: Dataset) -> None:
        """Raises InputError for a net that takes a table as it is, and would see something else for its precision; and
        for a fitted model that does not know the cells of a column. All rows are asked: those that come first may be
        the few that are strange."""
        backend = self.backend()
        if (own := fitted(self.item, 1)) is not None and self._of_columns(own, dataset):
            require_known(own, dataset, "model.factory")
        if backend is not None and self.preprocess is None and backend.single(self.item):
            require_kept(dataset, "a net of float32")

    def content(self, rows: Callable[[], Dataset], compute: Compute) -> str:
        """The digest of what it holds; with what it predicts for some `rows` of the fit where it holds more than can
        be read: functions reach further than can be followed."""
        own, framework = fitted(self.item, compute.threads), framework_of(self.item)
        found = content((self.item if own is None else own.held(), self.preprocess))
        if found.whole and framework in ("torch", "scikit-learn"):
            return found.digest
        return content((found.digest, self.predicted(rows, compute))).digest

    def asked_once(self, rows: Callable[[], Dataset], compute: Compute) -> str:
        """Nothing: it predicts one row, each time another one, so that it holds something else now if it keeps what it
        was asked."""
        dataset = rows()
        self._predict(dataset.take(np.array([next(_TURNS) % len(dataset.labels)])), _otherwise(compute))
        return ""

    def predicted(self, rows: Callable[[], Dataset], compute: Compute) -> str:
        """The digest of what it predicts for some `rows` of the fit; where there are none, for some of the others."""
        dataset = rows()
        fitted = np.flatnonzero(dataset.split != "explain")
        some = dataset.take((fitted if len(fitted) else np.arange(len(dataset.labels)))[:_COMPARED])
        return content(self._predict(some, compute)).digest

    def _predict(self, some: Dataset, compute: Compute) -> Array:
        if (backend := self.backend()) is None:
            model, _ = self.predicting(some, compute)
        else:
            model = backend.whole(self.item, self.encoding(some), compute)
        return model.predict(some.arrays)

    def encoding(self, dataset: Dataset) -> Any:
        """From raw inputs to what the net takes.

        Raises:
            InputError: where its preprocess fails.
        """
        backend = self.backend()
        assert backend is not None, "asked of nets alone"
        self._require_declared(dataset)
        arguments = {
            "net": self.item, "dataset": dataset, "preprocess": self.preprocess, "pictures": self.pictures
        }  # fmt: skip
        if self.preprocess is None:
            return backend.encoding(**arguments)
        return called(backend.encoding, arguments, "model.factory: the preprocess", _given(dataset))

    def _require_declared(self, dataset: Dataset) -> None:
        """Raises InputError where what the config declares of pictures has no meaning."""
        if not self.pictures.given:
            return
        if self.preprocess is not None:
            raise InputError(
                "model.preprocess: the function gives a preprocess of its own; say it in one place, there or in the "
                "config"
            )
        if not (shown := [item for item in dataset.inputs if item.traits.pixels]):
            raise InputError("model.preprocess: it is of pictures, and the data has none")
        for item in shown:
            self.pictures.require_framed(item)

    @property
    def framework(self) -> str:
        """What it is built with, by what it is: classes of LightGBM and XGBoost are also such of scikit-learn."""
        own = fitted(self.item, 1)
        return own.framework if own is not None else framework_of(self.item) or "Python"

    def backend(self) -> Backend | None:
        """The adapter of the framework of a net; None for what only predicts."""
        match framework_of(self.item):
            case "torch":
                from exhibit.tasks.models import torch_factory

                return torch_factory
            case "Keras":
                from exhibit.tasks.models import keras_factory

                return keras_factory
            case _:
                return None

    def failure(self, model: Model, some: Dataset, error: Exception) -> str:
        """Why it cannot predict `some` rows, in a clause."""
        backend = self.backend()
        if backend is None:
            return failure(error, some)
        return backend.failure(model, some.arrays, error)

    def filled(self, weights: Weights, compute: Compute) -> Any:
        """The net with these weights: a copy where it has others, as random ones, for a session or a module of the
        user's own may go on with it.

        Raises:
            InputError: for a net of a session that cannot be copied.
        """
        backend = self.backend()
        assert backend is not None
        item = self.item
        if not backend.has(item, weights):
            try:
                item = copy.deepcopy(item)
            except Exception as error:
                if self.held:
                    raise InputError(
                        "model: nothing can be asked of it with other weights than its own, as by the check "
                        f"randomization, for it cannot be copied: {said_by(error)}"
                    ) from error
        return backend.filled(item, weights, compute)

    def net(self, some: Dataset, weights: Weights | None, compute: Compute) -> tuple[_Unnamed, OutputKind | None]:
        """A net as a model, and that it gives logits where its last softmax was found. `some`: a few samples;
        `weights`: its own where none are given."""
        backend = self.backend()
        assert backend is not None
        net = self.item if weights is None else self.filled(weights, compute)
        encode = self.encoding(some)
        if some.task == "classification" and (
            logits_model := backend.before_softmax(net, encode, compute, some.arrays)
        ):
            return logits_model, "logits"
        return backend.whole(net, encode, compute), None

    @property
    def may_be_of_second(self) -> bool:
        """Whether its one output may be of the second of two classes; a fitted regressor gives no class."""
        return framework_of(self.item) != "scikit-learn" and fitted(self.item, 1) is None

    def of_two(self, some: Dataset, weights: Weights, compute: Compute, output: OutputKind) -> _Unnamed:
        """It as a model of both classes, from one output of the second."""
        if (backend := self.backend()) is None:
            return TwoClassesModel(self.item, output, compute)
        net, encode = self.filled(weights, compute), self.encoding(some)
        return backend.of_two(net, encode, compute, some.arrays, output)

    def before_sigmoid(self, some: Dataset, weights: Weights, compute: Compute) -> _Unnamed | None:
        """A net that ends in sigmoids without them; None for all else."""
        if (backend := self.backend()) is None:
            return None
        net, encode = self.filled(weights, compute), self.encoding(some)
        return backend.before_sigmoid(net, encode, compute, some.arrays)

    def model(self, some: Dataset, weights: Weights, compute: Compute) -> tuple[_Unnamed, OutputKind | None]:
        """It as a model, and what it is known to give. `some`: a few samples."""
        return self.predicting(some, compute) if self.backend() is None else self.net(some, weights, compute)

    def predicting(self, some: Dataset, compute: Compute) -> tuple[_Unnamed, OutputKind | None]:
        """An estimator or a function as a model, and what it is known to give."""
        if self.preprocess is not None:
            raise InputError("model.factory: only nets take a preprocess; do it in the model itself")
        if self.pictures.given:
            raise InputError("model.preprocess: only nets take one; do it in the model itself")
        if (own := fitted(self.item, compute.threads)) is not None and self._of_columns(own, some):
            return self._on_columns(own, some, compute)
        if framework_of(self.item) == "scikit-learn":
            model = EstimatorModel(self.item, compute)
            if model.output == "probabilities":  # else none of its outputs is of a class
                require_order(model.classes, some, "model.factory")
            _require_columns(self.item, some)
            return model, ("chances" if some.task == "multi_label" else model.output)
        if not callable(self.item):
            raise InputError(
                "model.factory: a torch module, a Keras model, a fitted scikit-learn estimator or a function was "
                f"expected, but the factory gave {what_it_is(self.item)}"
            )
        return CallableModel(self.item, "values", compute), None

    def _of_columns(self, own: Fitted, some: Dataset) -> bool:
        """Whether it is given whole columns: where the data has them, its library is not scikit-learn (whose classes
        others put on) and knows no names, or its trees or its linear part are asked for what they add up to."""
        of_sklearn = framework_of(self.item) is not None and (own.framework == "scikit-learn" or own.wanted.names)
        return any(item.whole for item in some.inputs) or not of_sklearn or self.logits

    def _on_columns(self, own: Fitted, some: Dataset, compute: Compute) -> tuple[_Unnamed, OutputKind | None]:
        require_these(own, some, "model.factory")
        require_order(own.classes, some, "model.factory")
        amounts = not own.classifies or (some.task == "regression" and own.gives_shares)
        output: OutputKind = "values" if amounts else "chances" if some.several else "probabilities"
        if self.logits and not amounts:
            if some.several:
                raise InputError("model.output: of several labels a fitted model gives probabilities; leave it at auto")
            output = kind_of_logits(own, some, "model.factory")
        return ColumnsModel(own, columns_of(some), output, compute), output


def _require_meaning(output: str, dataset: Dataset) -> None:
    """Raises InputError for an output, as a config names it, that has no meaning for the task of the data."""
    meant = ("values",) if dataset.task == "regression" else ("logits", "probabilities")
    if output not in ("auto", *meant):
        hint = " or data.task=regression where the label is a number" if output == "values" else ""
        raise InputError(
            f"model.output: {output!r} has no meaning for a {dataset.task}; use {' or '.join(meant)}{hint}"
        )


def _first(dataset: Dataset) -> Dataset:
    """The samples by which a model is tried."""
    return dataset.take(np.arange(min(_PROBE, len(dataset.labels))))


def _otherwise(compute: Compute) -> Compute:
    """The same but for the size of batches: fewer rows than are tried, so that these come in several."""
    return compute.model_copy(update={"batch": _FEW if compute.batch > _FEW else compute.batch + 1})


def _require_columns(estimator: Any, some: Dataset) -> None:
    """Raises InputError for an estimator that was fitted on other columns than the data gives, by name, or on these in
    another order."""
    own = [str(name) for name in getattr(estimator, "feature_names_in_", ())]
    given = [name.replace("\xa0", " ") for item in some.inputs for name in item.features]  # as it holds a unit together
    if not own or own in (given, [_without_unit(name) for name in given]):
        return
    split = any(item.columns for item in some.inputs)
    categories = "; a category is given as 0 or 1 for each of its values" if split else ""
    raise InputError(
        f"model.factory: the {type(estimator).__name__} was fitted on the columns {listed(own)}, and the data gives "
        f"{listed(given)}{categories}; give it those that it was fitted on, in that order and under these names (of "
        f"data=table with {typed('data.features', own[:_MOST_CLASSES])} and without data.names), or fit it on these"
    )


def _without_unit(feature: str) -> str:
    """petal length (cm) -> petal length."""
    return feature.partition(" (")[0]


def outputs_of(factory: str, dataset: Dataset, compute: Compute) -> Array:
    """What the model of a factory gives for the first few samples, (samples, outputs): see `FactorySpec.tried`."""
    return FactorySpec(factory=factory).tried(dataset, compute)


def framework_of(item: Any) -> str | None:
    """torch, Keras or scikit-learn, by the classes that the item is one of: no framework is imported to ask."""
    names = (f"{base.__module__.partition('.')[0]}.{base.__name__}" for base in type(item).__mro__)
    return next((_BASES[name] for name in names if name in _BASES), None)


@contextmanager
def _drawing_from(seed: int) -> Iterator[None]:
    """What is drawn follows from the seed; the global random states are after this as they were before."""
    torch = sys.modules.get("torch")
    states = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng() if torch else nullcontext():
            random.seed(seed)
            np.random.seed(seed)
            if torch:
                torch.manual_seed(seed)
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
