"""What the user's own code may do to the process that it runs in: nothing, and if it tries a sentence names it."""

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from exhibit.tasks.factory import came_through, is_own, of_a_model, said
from exhibit.tasks.opened import noting
from exhibit.tasks.records.base import InputError
from exhibit.tasks.surroundings import own_settings

Tell = Callable[[str], object]
_told: list[Tell] = []


def tell_by(tell: Tell) -> None:
    """From here on `tell` is called with the names of the user's functions that run, and with nothing when they are
    over: whoever survives this process can say then what ended it."""
    _told[:] = [tell]


def over() -> None:
    """Says that no code of the user's is at work, for one who ends the process by intent."""
    for tell in _told:
        tell("")


def ended_by(names: str, way: str) -> str:
    """A sentence on what ended the process in which these functions of the user's ran."""
    return f"{names}: this code of your own {way}; it may compute, and has to leave the program that calls it running"


@contextmanager
def running(functions: Sequence[str]) -> Iterator[None]:
    """Code of the user's own may run in here, that of these functions.

    Raises:
        InputError: naming them, where it fails, ends the program, interrupts it, recurses without end, or reads from
            it.
    """
    if not functions:
        yield
        return
    names, before = ", ".join(functions), sys.stdin
    sys.stdin = _NothingToRead(names)
    for tell in _told:
        tell(names)
    try:
        with noting(functions), own_settings(functions):
            yield
    except SystemExit as error:
        raise InputError(ended_by(names, f"asked to end the program (SystemExit, {error.code})")) from error
    except KeyboardInterrupt as error:
        raise InputError(ended_by(names, "raised KeyboardInterrupt")) from error
    except RecursionError as error:
        raise InputError(ended_by(names, "calls itself without an end (RecursionError)")) from error
    except InputError as error:
        if any(function in str(error) for function in functions) or not of_a_model(error):
            raise
        raise InputError(f"{error} (asked of {names})") from error
    except BaseException as error:  # the user's own code fails in its own ways, at any time
        if isinstance(error, Exception):
            theirs = came_through(error)
        else:  # of a class of theirs, or as one ends a generator; not what stops the work from outside
            theirs = of_a_model(error) and (isinstance(error, GeneratorExit) or is_own(type(error).__module__))
        if not theirs:
            raise
        raise InputError(f"{names}: this code of your own failed with {said(error)}") from error
    finally:
        sys.stdin = before
        over()


class _NothingToRead(io.TextIOBase):
    """Standard input as the user's code finds it: whoever reads would wait for what nobody types."""

    def __init__(self, names: str) -> None:
        super().__init__()
        self._names = names

    def _refuse(self, *_: object) -> NoReturn:
        raise InputError(ended_by(self._names, "reads standard input, which is nobody's to give here"))

    read = readline = readlines = fileno = __next__ = _refuse

    @property
    def buffer(self) -> Any:
        """What bytes would be read from."""
        return self._refuse()
