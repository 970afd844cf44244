"""What a session gives may be of classes of the user's own, which fail however they are asked: one sentence names which
of the arguments it was."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pytest

import exhibit

X = np.random.default_rng(0).normal(size=(8, 2))


def shares(rows: Any) -> Any:
    return np.column_stack([rows[:, 0] > 0, rows[:, 0] <= 0]).astype(float)


def refuse(error: type[BaseException] = RuntimeError) -> NoReturn:
    raise error("not today")


def failing(*_: Any) -> NoReturn:
    refuse()


class Keys(Mapping[str, Any]):
    """Its names cannot be had."""

    def __getitem__(self, name: str) -> Any:
        return X

    def __iter__(self) -> Iterator[str]:
        refuse()

    def __len__(self) -> int:
        return 1


class Leaves(Keys):
    def __iter__(self) -> Iterator[str]:
        refuse(SystemExit)


class Length(list[Any]):
    __len__ = failing


class Numbers:
    shape = (8, 2)

    def __array__(self, *_: Any, **__: Any) -> Any:
        refuse(ZeroDivisionError)

    def __len__(self) -> int:
        return 8


class Attributes:
    def __getattr__(self, name: str) -> Any:
        refuse()


class Kind:
    @property
    def __class__(self) -> Any:
        refuse()


class Word(str):
    __slots__ = ()
    __str__ = __repr__ = failing


class Equal:
    __hash__ = None

    def __eq__(self, _: object) -> bool:
        refuse()


THINGS: dict[str, Callable[[], Any]] = {
    "names": Keys, "an end": Leaves, "a length": lambda: Length([1, 2]), "numbers": Numbers, "attributes": Attributes,
    "a class": Kind, "words": lambda: [Word("a")] * 8, "what is equal": lambda: [Equal()] * 8,
    "a generator": lambda: (k for k in range(8)), "a frame of words": lambda: pd.DataFrame({"a": [Word("q")] * 8}),
}  # fmt: skip


ARGUMENTS = ("X", "y", "background", "names", "classes", "store", "title", "kind", "model")


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("argument", ARGUMENTS)
def test_what_fails_when_it_is_asked_is_named(argument: str, thing: str, tmp_path: Path) -> None:
    """Or another one that does not go with it; or it is taken, where nothing is asked of it that fails."""
    said = outcome(tmp_path, argument, THINGS[thing]())
    assert not said or any(name in said.partition(":")[0] for name in ARGUMENTS), said


def outcome(store: Path, argument: str, thing: Any) -> str:
    """Empty where it is taken."""
    given = {"model": shares, "X": X, "store": store, "check": [], "method": "occlusion"}
    try:
        exhibit.explain(**given | {argument: thing})
    except exhibit.InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("argument", ["settings", "method", "check", "target"])
@pytest.mark.parametrize("thing", ["names", "an end", "attributes", "what is equal"])
def test_choices_that_fail_when_they_are_asked_are_refused(argument: str, thing: str, tmp_path: Path) -> None:
    with pytest.raises(exhibit.InputError):
        exhibit.explain(**{"model": shares, "X": X, "store": tmp_path, argument: THINGS[thing]()})


def test_a_text_of_numpy_is_a_text(tmp_path: Path) -> None:
    title: str = np.str_("Own")
    assert exhibit.explain(shares, X, check=[], method="occlusion", title=title, store=tmp_path).importances is not None


def test_a_wrong_number_of_compute_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(exhibit.InputError, match=r"^batch \(compute, in settings\): "):
        exhibit.explain(shares, X, settings={"compute.batch": 0}, store=tmp_path)
