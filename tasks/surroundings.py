"""What code of the user's own may set for the whole process: it finds its own settings again when it runs once more,
and all else goes on with those that it had. Results would depend on what ran before them."""

import decimal
import locale
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

import numpy as np

from exhibit.tasks.held import in_memory

_lock = Lock()
_at_work: list[str] = []
_before: dict[str, Any] = {}  # what the program had when the first of them began
_left: dict[str, dict[str, Any]] = {}  # what the code of a package had when it was last over
_variables: dict[str, str] = {}  # of the environment, as the program had them
_other: dict[str, dict[str, str]] = {}  # those of them to which a package has given another value


@contextmanager
def own_settings(functions: Sequence[str]) -> Iterator[None]:
    """In here frameworks compute as the package of these functions has set it, and outside as the program has."""
    process, package = os.getpid(), functions[0].partition(":")[0].partition(".")[0]
    with _lock:
        if not _at_work:
            _before.clear()
            _before.update(_settings())
            _variables.clear()
            _variables.update(os.environ)
        _at_work.append(package)
        if not in_memory(functions[0]):  # what a session holds is at work in the settings of the session
            _set(_left.get(package, {}))
            _put(_other.get(package, {}))
    try:
        yield
    finally:
        _end_copy_of(process)
        with _lock:
            _left[package] = _settings()
            _other[package] = {
                name: os.environ[name]
                for name, value in _variables.items()
                if os.environ.get(name, value) != value and not name.startswith(_PROGRAMS)
            }
            _at_work.remove(package)
            if not _at_work:
                _set(_USUAL | _before)
                _put(_variables)


@contextmanager
def undisturbed() -> Iterator[None]:
    """What is set in here of how the program itself goes on is afterwards as it was: where it writes, what it writes
    about, which warnings are errors, how numbers that fail are met, whether slopes are noted, which variables of the
    environment are there, and what those of its own say. One process alone goes on, whatever was forked."""
    process, streams, recursion = os.getpid(), (sys.stdout, sys.stderr), sys.getrecursionlimit()
    silent, tongue = logging.root.manager.disable, locale.setlocale(locale.LC_ALL)
    slopes, variables = _slopes(), dict(os.environ)
    try:
        with warnings.catch_warnings(), np.errstate(), decimal.localcontext():
            yield
    finally:
        _end_copy_of(process)
        sys.stdout, sys.stderr = streams
        _put({name: value for name, value in variables.items() if name not in os.environ or name.startswith(_PROGRAMS)})
        if sys.getrecursionlimit() != recursion:
            sys.setrecursionlimit(recursion)
        logging.disable(silent)
        if locale.setlocale(locale.LC_ALL) != tongue:
            locale.setlocale(locale.LC_ALL, tongue)
        if _slopes() != slopes:
            sys.modules["torch"].set_grad_enabled(slopes)


def _end_copy_of(process: int) -> None:
    """Ends a copy of the program that was made in there: it would do all that follows once more."""
    if os.getpid() != process:
        os._exit(0)


def _slopes() -> bool:
    with suppress(AttributeError):  # of torch that is loaded just now
        if torch := sys.modules.get("torch"):
            return bool(torch.is_grad_enabled())
    return True


def _settings() -> dict[str, Any]:
    """In what numbers and where the frameworks that are loaded compute; of one that is loaded just now nothing."""
    found: dict[str, Any] = {}
    with suppress(AttributeError):
        if torch := sys.modules.get("torch"):
            found["dtype"] = str(torch.get_default_dtype()).removeprefix("torch.")
            found["products"] = torch.get_float32_matmul_precision()
            found["device"] = str(torch.get_default_device())
    with suppress(AttributeError):
        if keras := sys.modules.get("keras"):
            found["floats"] = keras.config.floatx()
    return found


def _set(wanted: Mapping[str, Any]) -> None:
    """Sets what is otherwise now."""
    torch, keras = (sys.modules.get(name) for name in ("torch", "keras"))
    for name, now in _settings().items():
        if (then := wanted.get(name, now)) == now:
            continue
        match name:
            case "dtype" if torch:
                torch.set_default_dtype(vars(torch)[then])
            case "products" if torch:
                torch.set_float32_matmul_precision(then)
            case "device" if torch:
                torch.set_default_device(None if then == _USUAL["device"] else then)
            case "floats" if keras:
                keras.config.set_floatx(then)


def _put(variables: Mapping[str, str]) -> None:
    """Sets those of the environment that are otherwise now; those that code of the user's own has added stay."""
    for name, value in variables.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


_PROGRAMS = "EXHIBIT_"  # begin the variables that tell this program what to do, as which code it may run


_USUAL = {"dtype": "float32", "products": "highest", "device": "cpu", "floats": "float32"}
