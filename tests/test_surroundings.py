"""Facts of what code of the user's own sets for the whole process: the program goes on as it was."""

import decimal
import locale
import logging
import os
import sys
import warnings
from collections.abc import Callable
from io import StringIO
from typing import Any

import numpy as np
import pytest
import torch

from exhibit.tasks.factory import TRUSTED, called, load
from exhibit.tasks.own import running

OWN = """
import torch
torch.set_default_dtype(torch.float64)
def net():
    return torch.nn.Linear(2, 1)
"""
NEXT = """
import torch
def net():
    return torch.nn.Linear(2, 1)
"""


def test_each_finds_its_own_settings_again_and_the_program_those_that_it_had(
    own_module: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module is imported once, and called by several stages, in whatever order these come."""
    own_module("sets_doubles", OWN)
    own_module("sets_nothing", NEXT)
    monkeypatch.setenv(TRUSTED, "sets_doubles,sets_nothing")

    def kind(module: str) -> Any:
        function = load(f"{module}:net", "model.factory")
        with running([f"{module}:net"]):
            return called(function, {}, "model.factory").weight.dtype

    assert [kind(name) for name in ("sets_doubles", "sets_nothing", "sets_doubles")] == [
        torch.float64,
        torch.float32,
        torch.float64,
    ]
    assert torch.get_default_dtype() == torch.float32


def test_the_environment_is_the_programs_again_and_each_finds_its_own(
    own_module: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A factory that cleared it was told by the next stage that its module is not one of '' that are trusted."""
    own_module("clears_all", CLEARS)
    monkeypatch.setenv(TRUSTED, "clears_all")
    monkeypatch.setenv("OF_MINE", "before")
    function = load("clears_all:net", "model.factory")
    for _ in range(2):
        with running(["clears_all:net"]):
            assert os.environ[TRUSTED] == "clears_all"
            seen = called(function, {}, "model.factory")
            assert os.environ[TRUSTED] == "clears_all"
            assert os.environ["PATH"]
        assert os.environ["OF_MINE"] == "before"
        assert os.environ[TRUSTED] == "clears_all"
    assert seen == "own"


CLEARS = """
import os
def net():
    seen = os.environ.get("OF_MINE")
    os.environ.clear()
    os.environ["OF_MINE"] = "own"
    return seen
"""


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (lambda: torch.set_default_device("meta"), torch.get_default_device),
        (lambda: torch.set_float32_matmul_precision("medium"), torch.get_float32_matmul_precision),
        (lambda: torch.set_grad_enabled(False), torch.is_grad_enabled),
        (lambda: np.seterr(all="raise"), np.geterr),
        (lambda: warnings.simplefilter("error"), lambda: list(warnings.filters)),
        (lambda: sys.setrecursionlimit(700), sys.getrecursionlimit),
        (lambda: logging.disable(logging.CRITICAL), lambda: logging.root.manager.disable),
        (lambda: decimal.setcontext(decimal.Context(3)), lambda: decimal.getcontext().prec),
        (lambda: locale.setlocale(locale.LC_ALL, "C"), lambda: locale.setlocale(locale.LC_ALL)),
        (lambda: setattr(sys, "stdout", StringIO()), lambda: sys.stdout),
    ],
    ids=["device", "products", "slopes", "numpy", "warnings", "recursion", "logging", "decimal", "locale", "stdout"],
)
def test_the_program_goes_on_as_it_was(change: Callable[[], Any], state: Callable[[], Any]) -> None:
    before = state()
    with running(["own:net"]):
        called(change, {}, "model.factory")
    assert state() == before


def test_a_copy_of_the_program_that_the_code_makes_of_it_goes_no_further() -> None:
    """It would do all that follows as well, and call the code again, which makes a copy of it."""
    here = os.getpid()
    child = called(lambda: os.fork() or -1, {}, "model.factory")
    if os.getpid() != here:
        os._exit(9)
    assert os.waitpid(child, 0) == (child, 0)
