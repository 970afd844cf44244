"""What a Python session gives, as data and a model that a config can name: see `exhibit.tasks.held`."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from exhibit.flows.given_inputs import Inputs, inputs_of
from exhibit.flows.given_labels import Task, Words, labelled, several_of
from exhibit.flows.kinds import in_numpy, is_tensor
from exhibit.tasks.data import session
from exhibit.tasks.data.aligned import require_aligned
from exhibit.tasks.data.rows import FEW_CLASSES
from exhibit.tasks.factory import said
from exhibit.tasks.held import held_name, holding
from exhibit.tasks.models.callable import array_of
from exhibit.tasks.models.content import content
from exhibit.tasks.models.factory import framework_of, outputs_of
from exhibit.tasks.models.fitted import Fitted, fitted
from exhibit.tasks.models.outputs import same
from exhibit.tasks.own import running
from exhibit.tasks.protocols import Capability, Compute
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.language import as_given
from exhibit.tasks.records.packing import pack
from exhibit.tasks.records.shown import said_by, what_it_is

_NETS = {"torch": "torch", "Keras": "keras"}


@dataclass(frozen=True)
class Subject:
    """A model and data of a session: what a config calls them, and what the names mean."""

    model: str
    data: str
    title: str
    capabilities: frozenset[Capability]
    inputs: Inputs
    dataset: Dataset
    of_frames: bool  # whether it is a function that is given whole columns
    net: Any = field(repr=False)  # the model itself
    objects: Mapping[str, Callable[..., Any]] = field(repr=False)


class _Made(NamedTuple):
    """A model as a factory gives it; the modules that it is of, what it gives, and its own classes, if it has any."""

    item: Any
    libraries: tuple[str, ...]
    gives: frozenset[Capability]
    classes: tuple[Any, ...]

    @property
    def framework(self) -> str:
        """Of a net; empty for anything else."""
        return framework_of(self.item[0]) or "" if isinstance(self.item, tuple) else ""


def subject(
    model: Any,
    X: Any,
    y: Any,
    background: Any,
    preprocess: Callable[..., Any] | None,
    kind: str | None,
    task: Task,
    words: Words,
    compute: Compute,
) -> Subject:
    """A model and data of a session under names that a config can use.

    Raises:
        InputError: for what cannot be explained.
    """
    for name, text in (("title", words.title), ("kind", kind)):
        if not issubclass(type(text), str | None):  # isinstance would ask the object itself
            raise InputError(f"{name}: a text was expected, not {type(text).__name__}")
    with reading("model"):
        own = fitted(model, compute.threads)
        function = own is None and framework_of(model) is None
    with reading("X, background or names"):
        inputs = inputs_of(X, background, kind, words, None if own is None else own.wanted, function=function)
    with reading("y, classes or label"):
        require_aligned(X.values() if isinstance(X, Mapping) else [X], y, "y:")
        several = several_of(y, task, words)
        two = several is None and _two_classes(y, words, task)
    with reading("title"):
        unlabelled = _dataset(inputs, words)
    with reading("model"):
        made = _model(model, own, inputs, preprocess)
    tried = _tried(made, inputs, unlabelled, compute)
    made, columns = tried.made, tried.outputs.shape[1:]
    with reading("y, classes or label"):
        if several is None and columns == (1,) and _of_second(made, tried.outputs, y, task, two=two):
            columns = (2,)
        dataset = labelled(unlabelled, y, several, columns, made.classes, task, words, inputs.explained)
    data_name = held_name("data", sha256(pack(dataset)).hexdigest())
    return Subject(
        tried.name,
        data_name,
        words.title or _called(model),
        made.gives,
        inputs,
        dataset,
        function and any(item.whole for item in inputs.inputs),
        model,
        {tried.name: lambda: made.item, data_name: lambda: dataset},
    )


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Something that a session gives is read in here. An object of a class of theirs may fail however it is asked.

    Raises:
        InputError: naming it, where it does.
    """
    try:
        yield
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        raise InputError(f"{what}: it cannot be read, for it failed with {said(error)}") from error


class _Tried(NamedTuple):
    """A model, what a config calls it, and its outputs for a few samples."""

    made: _Made
    name: str
    outputs: Array


def _tried(made: _Made, inputs: Inputs, some: Dataset, compute: Compute) -> _Tried:
    """A model as it is explained: a net without a preprocess is given pictures as its framework has them, or else as X
    has them.

    Raises:
        InputError: where it takes both, and predicts something else.
    """
    framework = made.framework
    usual, here = _CHANNELS.get(framework), {taken.channels for taken in inputs.taken.values()} - {None}
    if usual is None or made.item[1] is not None or here <= {usual}:
        return _asked(made, some, compute)
    found, refused = [], []
    for one in (made, made._replace(item=(made.item[0], _prepared(_in_float32, inputs)))):
        try:
            found.append(_asked(one, some, compute))
        except InputError as error:
            refused.append(error)
    if not found:
        raise refused[0]
    if len(found) == 2 and not _alike(found[0].outputs, found[1].outputs):
        raise InputError(
            f"model: it takes pictures with channels {usual}, as nets of {framework} do, and as they are in X, with "
            f"channels {' and '.join(sorted(map(str, here)))}, and predicts something else; say which, as they are by "
            "preprocess=lambda X: X.astype('float32')"
        )
    return found[0]


_CHANNELS = {"torch": "first", "Keras": "last"}


def _in_float32(X: Any) -> Any:
    if isinstance(X, Mapping):
        return {name: _in_float32(values) for name, values in X.items()}
    return np.asarray(X, np.float32)


def _alike(one: Array, other: Array) -> bool:
    near = 1e-5 * min(1.0, np.abs(one).max(initial=0.0))  # outputs in a small unit are not alike for being small
    close = one.shape == other.shape and np.allclose(one, other, rtol=1e-3, atol=near, equal_nan=True)
    return close and same(one, other)


def _asked(made: _Made, some: Dataset, compute: Compute) -> _Tried:
    name = held_name("model", content(made.item).digest, made.libraries)
    with told(name), holding({name: lambda: made.item}), running([name]):
        return _Tried(made, name, outputs_of(name, some, compute))


@contextmanager
def told(model: str, data: str = "") -> Iterator[None]:
    """Errors in there name what a session gave, not what a config calls it."""
    try:
        yield
    except InputError as error:
        said = str(error)
        names = {
            f"model.factory: {model}": "model: it",
            f"model: {model}": "model: it",
            "model.factory:": "model:",
            model: "this session",
        }
        names |= {f"data.factory: {data}": "X: it", data: "this session"} if data else {}
        for old, new in names.items():
            said = said.replace(old, new)
        raise InputError(said) from error


def _called(model: Any) -> str:
    name = model.__name__ if inspect.isroutine(model) else type(model).__name__
    return "A function" if name == "<lambda>" else name


def _two_classes(y: Any, words: Words, task: Task) -> bool:
    """Whether labels or names say that there are two classes."""
    if words.classes is not None or task == "regression" or y is None:
        return words.classes is not None and len(words.classes) == 2
    found = set(np.asarray(y).ravel().tolist())
    return len(found) == 2 and (task == "classification" or not any(isinstance(one, float) for one in found))


def _of_second(made: _Made, outputs: Array, y: Any, task: Task, *, two: bool) -> bool:
    """Whether one output (samples, 1) speaks for the second of two classes: of a net it does, and of a function where
    it looks like a probability.

    Raises:
        InputError: for outputs that are the classes themselves.
    """
    if made.framework in _NETS:
        return two or _zeros_and_ones(y, task)
    if made.gives != {"predictions"}:
        return False
    if outputs.dtype.kind in "iu" and y is not None and task != "regression" and _are_codes(outputs, y):
        raise InputError(
            "model: it gives the numbers of classes, as predict of a classifier does, and these are no amounts; give "
            "the classifier itself, or a function of probabilities such as its predict_proba; where they are amounts, "
            "task='regression' says so"
        )
    return two and outputs.dtype.kind == "f" and bool(((outputs >= 0) & (outputs <= 1)).all())


def _are_codes(outputs: Array, y: Any) -> bool:
    """Whether whole `outputs` are among few whole labels."""
    known = set(np.asarray(y).ravel().tolist())
    whole = all(isinstance(one, int) for one in known)
    return whole and len(known) <= FEW_CLASSES and set(outputs.ravel().tolist()) <= known


def _zeros_and_ones(y: Any, task: Task) -> bool:
    """Whether labels are 0 and 1, which nets of one output are trained on as floating point numbers."""
    return y is not None and task != "regression" and set(np.asarray(y).ravel().tolist()) == {0, 1}


def _model(model: Any, own: Fitted | None, inputs: Inputs, preprocess: Callable[..., Any] | None) -> _Made:
    framework = framework_of(model)
    classes = () if own is None else own.classes
    if framework in _NETS:
        prepare = None if preprocess is None else _prepared(preprocess, inputs)
        return _Made((model, prepare), (_NETS[framework],), frozenset({"predictions", "gradients"}), ())
    if preprocess is not None:
        raise InputError("preprocess: only nets take one; do it in the model itself")
    library = type(model).__module__.partition(".")[0]
    if own is not None and all(item.traits.named or item.traits.pixels for item in inputs.inputs):
        known = ("sklearn",) if framework == "scikit-learn" else ()
        return _Made(model, tuple(dict.fromkeys((*known, library))), frozenset({"predictions", "trees"}), classes)
    function = next((found for name in _ASKED if callable(found := getattr(model, name, None))), None)
    if function is None and not callable(model):
        raise InputError(
            "model: a torch module, a Keras model, a fitted scikit-learn estimator or a function was expected, not "
            f"{what_it_is(model)}"
        )
    libraries = () if function is None else (library,)
    return _Made(_function(function or model, inputs), libraries, frozenset({"predictions"}), classes)


_ASKED = ("predict_proba", "predict")  # of an object that is no function: what it is asked for


def _prepared(preprocess: Callable[..., Any], inputs: Inputs) -> Callable[[Arrays], Any]:
    """The session's own preprocess, which knows what the session had, as one of raw inputs by name."""

    def prepare(values: Arrays) -> Any:
        found = preprocess(inputs.back(values))
        return found if isinstance(found, Mapping | tuple) else {next(iter(values)): found}

    return prepare


def _function(function: Callable[..., Any], inputs: Inputs) -> Callable[[Arrays], Array]:
    """A function of what the session had as one of raw inputs by name, which gives (samples, outputs)."""

    def predict(values: Arrays) -> Array:
        samples = inputs.back(values)
        try:
            found = function(samples)
        except TypeError as error:
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                raise
            several = "" if inputs.alone else ", a dictionary of its inputs by name"
            raise InputError(  # nothing of it has run
                f"model: it is called with one thing, samples as they are in X{several} ({said_by(error)})"
            ) from error
        outputs = array_of(in_numpy(found) if is_tensor(found) else found)
        return outputs[:, np.newaxis] if outputs.ndim == 1 else outputs

    return predict


def _dataset(inputs: Inputs, words: Words) -> Dataset:
    """The samples, of which nothing is known yet but what they hold."""
    count = len(inputs.inputs[0].values)
    behind = inputs.explained < count
    ids = [f"row {row}" if row < inputs.explained else f"background {row - inputs.explained}" for row in range(count)]
    return Dataset(
        title=as_given(words.title) if words.title else session.TITLE,
        description=session.described(count - inputs.explained),
        source=session.SOURCE,
        task="regression",
        inputs=inputs.inputs,
        sample_ids=np.array(ids),
        labels=np.full(count, np.nan),
        split=np.where((np.arange(count) < inputs.explained) & behind, "explain", "train"),
        label_name=as_given(words.label) if isinstance(words.label, str) else session.LABEL,
    )
