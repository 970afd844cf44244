"""What a Keras net calls its inputs, and the same net as one that takes them as a list in the order of these names."""

import ast
import inspect
from collections.abc import Sequence
from textwrap import dedent
from typing import Any, Literal, NamedTuple

from exhibit.tasks.models.encoding import Wanted
from exhibit.tasks.models.keras_import import Functional, keras

_Form = Literal["arguments", "dictionary", "list"]


class _Called(NamedTuple):
    """How the `call` of a subclass takes its inputs, as its code says."""

    wanted: Wanted
    form: _Form


def inputs_of(net: keras.Model) -> Wanted | None:
    """What a net calls its inputs: a functional one the keys of those that it takes as a dictionary, a subclass the
    arguments of its `call` where these are several, or what that takes out of its only one; None for other nets."""
    if isinstance(net, Functional) and not isinstance(net, keras.Sequential):
        return _functional(net)
    called = _called(net)
    return None if called is None else called.wanted


def listed(net: keras.Model) -> keras.Model:
    """The same layers as a net that takes its inputs as a list, in their order."""
    if isinstance(net, Functional) and isinstance(net._inputs_struct, dict):
        own = type(net)  # what a class of the user's own does beside its layers is kept
        if own.call is Functional.call and own.__call__ is Functional.__call__:
            return keras.Model(list(net.inputs), net._outputs_struct, name=net.name)
        return _Spread(net)
    return net if _called(net) is None else _Spread(net)


class _Spread(keras.Model):  # type: ignore[misc]
    """A net whose `call` takes its inputs in a form of its own, as one that takes a list of these."""

    def __init__(self, net: keras.Model) -> None:
        super().__init__(name=net.name)
        self.net = net

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        given = inputs if isinstance(inputs, list | tuple) else [inputs]
        options = {"training": training} if "training" in inspect.signature(self.net.call).parameters else {}
        return self.net(*self._formed(given), **options)

    def _formed(self, given: Sequence[Any]) -> Sequence[Any]:
        called = _called(self.net)
        assert called is not None  # of no other net it is made
        match called.form:
            case "arguments":
                return given
            case "dictionary":
                return (dict(zip(called.wanted.names, given, strict=True)),)
            case "list":
                return (list(given),)


def _functional(net: Functional) -> Wanted:
    structure = net._inputs_struct
    names = sorted(structure) if isinstance(structure, dict) else [tensor.name for tensor in net.inputs]
    return Wanted(tuple(names), frozenset(names))


def _called(net: keras.Model) -> _Called | None:
    """None for a net that does not name its inputs, or takes them as a list already."""
    if isinstance(net, Functional) and isinstance(net._inputs_struct, dict):
        return _Called(_functional(net), "dictionary")
    if isinstance(net, keras.Sequential | Functional | _Spread):
        return None
    parameters = [one for one in inspect.signature(net.call).parameters.values() if one.name not in _NO_INPUTS]
    named = [one for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    if not named or len(named) < len(parameters):
        return None
    if len(named) == 1:
        return _taken_apart(net, named[0].name)
    needed = frozenset(one.name for one in named if one.default is one.empty)
    return _Called(Wanted(tuple(one.name for one in named), needed), "arguments")


_NO_INPUTS = ("training", "mask")  # arguments of `call` that Keras itself fills


def _taken_apart(net: keras.Model, argument: str) -> _Called | None:
    """What a `call` takes out of its only argument, if it does nothing else with it: the keys of inputs["a"] and
    inputs["b"], or the names of a, b = inputs."""
    try:
        code = ast.parse(dedent(inspect.getsource(type(net).call)))
    except (OSError, TypeError, SyntaxError):  # of a class that was made without a file
        return None
    uses = [node for node in ast.walk(code) if isinstance(node, ast.Name) and node.id == argument]
    keys: list[str] = []
    for node in ast.walk(code):
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key)), ctx=ast.Load()):
                if name == argument:
                    keys.append(key)
            case ast.Assign(targets=[ast.Tuple(elts=parts) | ast.List(elts=parts)], value=ast.Name(id=name)):
                places = tuple(part.id for part in parts if isinstance(part, ast.Name))
                if name == argument and len(uses) == 1 and len(set(places)) == len(parts):
                    return _Called(Wanted(places, frozenset(places)), "list")
    if not keys or len(keys) < len(uses):
        return None
    names = frozenset(keys)
    return _Called(Wanted(tuple(dict.fromkeys(keys)), names, names), "dictionary")
