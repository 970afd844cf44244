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


@contextmanager
def own_settings(functions: Sequence[str]) -> Iterator[None]:
    """In here frameworks compute as the package of these functions has set it, and outside as the program has."""
    process, package = os.getpid(), functions[0].partition(":")[0].partition(".")[0]
    with _lock:
        if not _at_work:
            _before.clear()
            _before.update(_settings())
        _at_work.append(package)
        if not in_memory(functions[0]):  # what a session holds is at work in the settings of the session
            _set(_left.get(package, {}))
    try:
        yield
    finally:
        _end_copy_of(process)
        with _lock:
            _left[package] = _settings()
            _at_work.remove(package)
            if not _at_work:
                _set(_USUAL | _before)


@contextmanager
def undisturbed() -> Iterator[None]:
    """What is set in here of how the program itself goes on is afterwards as it was: where it writes, what it writes
    about, which warnings are errors, how numbers that fail are met, and whether slopes are noted. One process alone
    goes on, whatever was forked."""
    process, streams, recursion = os.getpid(), (sys.stdout, sys.stderr), sys.getrecursionlimit()
    silent, tongue = logging.root.manager.disable, locale.setlocale(locale.LC_ALL)
    slopes = _slopes()
    try:
        with warnings.catch_warnings(), np.errstate(), decimal.localcontext():
            yield
    finally:
        _end_copy_of(process)
        sys.stdout, sys.stderr = streams
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


_USUAL = {"dtype": "float32", "products": "highest", "device": "cpu", "floats": "float32"}
