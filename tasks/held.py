"""Objects that a Python session holds: a config names them where it would name a factory.

They have no source, so they count by their content, and their names say it: `exhibit.memory.torch:model_` and the
sha256 of what it holds. No module has such a name, and nothing is run because of one: it means something only while its
session holds the object.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from exhibit.tasks.records.base import InputError

_SESSION = "exhibit.memory"
_held: ContextVar[Mapping[str, Callable[..., Any]]] = ContextVar("held", default={})  # noqa: B039 - never changed


def held_name(what: str, sha256: str, libraries: Sequence[str] = ()) -> str:
    """What a config calls an object of a session. `what`: a model or data; `libraries`: the modules that it is of."""
    return f"{'.'.join([_SESSION, *libraries])}:{what}_{sha256}"


def in_memory(factory: str) -> bool:
    """Whether a config means an object of a session by it."""
    return f"{factory.partition(':')[0]}.".startswith(f"{_SESSION}.")


def libraries_of(factory: str) -> Sequence[str]:
    """The modules that an object is of, by its name."""
    return factory.partition(":")[0].removeprefix(_SESSION).strip(".").split(".")


def content_of(factory: str) -> str:
    """The sha256 of what an object holds, by its name."""
    return factory.rpartition("_")[2]


@contextmanager
def holding(objects: Mapping[str, Callable[..., Any]]) -> Iterator[None]:
    """While this lasts, the names mean these functions, which give the objects."""
    token = _held.set({**_held.get(), **objects})
    try:
        yield
    finally:
        _held.reset(token)


def held(factory: str) -> Callable[..., Any]:
    """The function that gives the object of this name.

    Raises:
        InputError: where no session holds it.
    """
    if (give := _held.get().get(factory)) is None:
        raise InputError(
            f"{factory}: this was an object in the memory of a Python session, which has no source, so it cannot be "
            "had from here; exhibit.explain on the same object makes the report again"
        )
    return give
