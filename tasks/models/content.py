"""What a user's own model holds, as one digest: its numbers, settings and functions, wherever they came from."""

import hashlib
import sys
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from exhibit.tasks.factory import is_own
from exhibit.tasks.records.base import Array

_KNOWN_IN_NETS = ("torch", "numpy", "collections", "functools", "builtins")
_PLAIN = (type(None), bool, int, float, complex, str, bytes, bytearray, range, type(Ellipsis), type(NotImplemented))


class Content(NamedTuple):
    """`digest`: of all that could be read; `whole`: whether everything could."""

    digest: str
    whole: bool


def content(item: Any) -> Content:
    """What `item` holds, followed through objects, containers, closures and the globals that own functions use.

    Objects are taken apart as `copy` takes them, and nothing is written as a pickle. What a library keeps where Python
    does not see it, such as the session of an engine, is not read, and the content is said not to be whole.
    """
    walk = _Walk()
    walk.add(item)
    return Content(walk.hashed.hexdigest(), walk.whole)


class _Walk:
    """One way through an object and all that it refers to; each object is told once, and after that by its number."""

    def __init__(self) -> None:
        self.hashed = hashlib.sha256()
        self.whole = True
        self._nets = 0  # inside how many torch modules this is
        self._modules: set[str] = set()
        self._seen: dict[int, tuple[int, Any]] = {}  # holds the objects too: else another may get the same id

    def add(self, item: Any) -> None:  # noqa: PLR0912 - a table of types
        if isinstance(item, np.generic):
            item = np.asarray(item)
        if type(item) in _PLAIN:
            self._write(type(item).__name__, repr(item))
            return
        if (known := self._seen.get(id(item))) is not None:
            self._write("again", str(known[0]))
            return
        self._seen[id(item)] = len(self._seen), item
        self._write(type(item).__module__, type(item).__qualname__)
        match item:
            case np.ndarray():
                self._array(item)
            case np.random.RandomState() if item is np.random.mtrand._rand:
                pass  # what it stands at is the process's, not the model's
            case list() | tuple() if type(item) in (list, tuple):
                self._each(item)
            case dict() if type(item) is dict:
                self._each(part for pair in item.items() for part in pair)
            case OrderedDict() if item and all(type(key) is int for key in item):
                self._each(item.values())  # torch counts the hooks of all nets of a process
            case set() | frozenset():
                self._write(*sorted(self._apart(part) for part in item))
            case ModuleType():
                self._write(item.__name__)
            case type():
                self._class(item)
            case FunctionType():
                self._function(item)
            case MethodType():
                self._each((item.__self__, item.__func__))
            case BuiltinFunctionType():
                self._write(item.__qualname__)
            case CodeType():
                self._each((item.co_code, item.co_names, item.co_consts))
            case CellType():
                with suppress(ValueError):  # of a cell that is empty
                    self.add(item.cell_contents)
            case staticmethod() | classmethod():
                self.add(item.__func__)
            case property():
                self._each((item.fget, item.fset))
            case _:
                self._object(item)

    def _write(self, *words: str) -> None:
        for word in words:
            data = word.encode("utf-8", "surrogatepass")
            self.hashed.update(len(data).to_bytes(8, "little") + data)

    def _each(self, items: Iterable[Any]) -> None:
        parts = list(items)
        self._write(str(len(parts)))
        for part in parts:
            self.add(part)

    def _apart(self, item: Any) -> str:
        found = content(item)
        self.whole &= found.whole
        return found.digest

    def _array(self, array: Array) -> None:
        self._write(str(array.dtype), str(array.shape))
        if array.dtype.hasobject:
            self._each(array.ravel().tolist())
        elif array.dtype.names:  # between their fields lies what was in memory before
            self._each(np.ascontiguousarray(array[name]) for name in array.dtype.names)
        else:
            self.hashed.update(np.ascontiguousarray(array).tobytes())

    def _class(self, found: type) -> None:
        """By name; one of the user's own with what stands in it, for its functions may use what a file gave."""
        self._write(found.__module__, found.__qualname__)
        if is_own(found.__module__):
            inner = {name: part for name, part in vars(found).items() if not name.startswith("_") or callable(part)}
            self._each(part for name in sorted(inner) for part in (name, inner[name]))
            self._each(found.__bases__)

    def _function(self, found: FunctionType) -> None:
        self._write(found.__module__ or "", found.__qualname__)
        self._each((found.__defaults__, found.__kwdefaults__, found.__closure__))
        if is_own(found.__module__ or ""):
            self.add(found.__code__)
            self._used(set(_names(found.__code__)), found.__globals__)

    def _used(self, names: set[str], where: Mapping[str, Any]) -> None:
        """What code that knows these names finds under them, in modules of the user's own too."""
        for name in sorted(names & where.keys()):
            self._write(name)
            self.add(found := where[name])
            if isinstance(found, ModuleType) and is_own(found.__name__) and found.__name__ not in self._modules:
                self._modules.add(found.__name__)
                self._used(names, vars(found))

    def _object(self, item: Any) -> None:
        if (numbers := _tensor(item)) is not None:
            self._each(numbers)
            return
        if _is(item, "keras.Layer"):  # copied as a file that holds times
            self._each(variable.numpy() for variable in item.weights)
            self.whole = False
            return
        net = _is(item, "torch.Module")
        library = type(item).__module__.partition(".")[0]
        if self._nets and not net and library not in _KNOWN_IN_NETS and not is_own(library):
            self.whole = False  # libraries of nets keep notes there that change while they work
            return
        try:
            parts = item.__reduce_ex__(4)
        except Exception:  # noqa: BLE001 - what cannot be copied says so in many ways
            self.whole = False
            return
        if isinstance(parts, str):
            self._write(parts)
            return
        function, arguments, state, members, pairs = (*parts, None, None, None)[:5]
        self._nets += net
        self._each((function, arguments, state))
        self._each(members or ())
        self._each(part for pair in pairs or () for part in pair)
        self._nets -= net


def _tensor(item: Any) -> tuple[Any, ...] | None:
    """The numbers of a torch tensor; None for anything else, and for one that does not lie in memory as an array."""
    if not _is(item, "torch.Tensor"):
        return None
    torch = sys.modules["torch"]
    plain = item.detach().cpu().resolve_conj().resolve_neg()
    if plain.layout != torch.strided or plain.is_quantized:
        return None
    return str(plain.dtype), tuple(plain.shape), plain.contiguous().view(-1).view(torch.uint8).numpy()


def _is(item: Any, name: str) -> bool:
    """Whether it is of the class `library.Name`: no library is imported to ask."""
    return any(f"{base.__module__.partition('.')[0]}.{base.__name__}" == name for base in type(item).__mro__)


def _names(code: CodeType) -> Iterator[str]:
    """Every name that the code, and what is defined in it, may look up."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
