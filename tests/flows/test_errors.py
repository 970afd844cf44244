"""Facts of what is said about a config that cannot be used."""

from datetime import datetime
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, field_validator

from exhibit.flows.errors import ConfigError, every, unknown, validated
from exhibit.tasks.records.base import Spec

Missing = Literal["mean", "median"] | Annotated[float, Field(ge=-9, le=9)]


class Net(Spec):
    kind: Literal["net"] = "net"
    hidden: int = Field(48, ge=1, le=4096)
    dropout: float = Field(0.5, ge=0, lt=1)
    steps: int | Literal["auto"] = "auto"
    layers: tuple[int, ...] = ()
    bias: bool = True

    @field_validator("layers")
    @classmethod
    def rising(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(value):
            raise ValueError(f"{value} must rise")
        return value


class Forest(Spec):
    kind: Literal["forest"] = "forest"
    trees: int = 500
    path: str


class Study(Spec):
    model: Annotated[Net | Forest, Field(discriminator="kind")]
    method: dict[str, Annotated[Net | Forest, Field(discriminator="kind")]] = Field(default_factory=dict)
    forest: Forest | None = None
    issued: datetime | None = None
    score: Literal["logit", "probability"] = "logit"
    missing: Missing | dict[str, Missing] = "mean"
    title: str = ""


COUNT = "a whole number, at least 1 and at most 4096"
NO_SUCH = "there is no such key; allowed: forest, issued, method, missing, model, score, title"
FILLED = "mean, median or a number, at least -9 and at most 9"
NO_TREE = "there is no such key; allowed: kind, path, trees"
NO_KEY = "there is no such key; allowed: bias, dropout, hidden, kind, layers, steps"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"model": {"kind": "net", "hidden": "many"}}, f"model.hidden: given 'many', allowed: {COUNT}"),
        ({"model": {"kind": "net", "hidden": 0}}, f"model.hidden: given 0, allowed: {COUNT}"),
        ({"model": {"kind": "net", "dropout": 1}}, "model.dropout: given 1, allowed: a number, at least 0 and below 1"),
        (
            {"model": {"kind": "net", "steps": "autp"}},
            "model.steps: given 'autp', allowed: a whole number or auto; did you mean auto?",
        ),
        ({"model": {"kind": "net", "layers": ["a"]}}, "model.layers.0: given 'a', allowed: a whole number"),
        ({"model": {"kind": "net", "layers": 3}}, "model.layers: given 3, allowed: a list, each a whole number"),
        ({"model": {"kind": "net", "layers": [2, 1]}}, "model.layers: (2, 1) must rise"),
        ({"model": {"kind": "net", "bias": "perhaps"}}, "model.bias: given 'perhaps', allowed: true or false"),
        ({"model": {"kind": "net", "hiden": 3}}, f"model.hiden: {NO_KEY}; did you mean hidden?"),
        ({"model": {"kind": "nett"}}, "model.kind: given 'nett', allowed: forest, net; did you mean net?"),
        ({"model": {"hidden": 3}}, "model.kind: a value must be given; allowed: forest, net"),
        ({"model": {"kind": "forest"}}, "model.path: a value must be given; allowed: text"),
        ({}, "model: a value must be given"),
        ({"method": {"a": {"kind": "net", "hidden": "x"}}}, f"method.a.hidden: given 'x', allowed: {COUNT}"),
        ({"method": {"net": {"kind": "net", "foo": 1}}}, f"method.net.foo: {NO_KEY}"),
        ({"forest": {"tree": 1, "path": ""}}, f"forest.tree: {NO_TREE}; did you mean trees?"),
        ({"forest": {"path": 1}}, "forest.path: given 1, allowed: text; type 'forest.path=\"1\"'"),
        ({"issued": "soon"}, "issued: given 'soon', allowed: a time such as 2026-01-01T00:00:00Z or null"),
        ({"score": "logits"}, "score: given 'logits', allowed: logit, probability; did you mean logit?"),
        ({"missing": "zero"}, f"missing: given 'zero', allowed: {FILLED} or keys with values"),
        ({"missing": {"age": 0, "job": "nurse"}}, f"missing.job: given 'nurse', allowed: {FILLED}"),
        ({"missing": {"float": "x"}}, f"missing.float: given 'x', allowed: {FILLED}"),
        (
            {"title": True},
            "title: given True, allowed: text; "
            "type 'title=\"true\"', or 'title=\"True\"' where that is how it is written",
        ),
        ({"scores": "logit"}, f"scores: {NO_SUCH}; did you mean score?"),
    ],
)
def test_a_wrong_value_is_said_in_one_sentence(given: dict[str, Any], said: str) -> None:
    """The key's path without the names of union members, what was given, what is allowed, the nearest match."""
    with pytest.raises(ConfigError) as caught:
        validated(Study, {"model": {"kind": "net"}} | given if given else {})
    assert str(caught.value) == said


class Word(Spec):
    word: str


class Table(Spec):
    missing: Missing | dict[str, Missing | Word] = "mean"


def test_a_text_in_the_place_of_a_mapping_that_holds_one_is_told_how_it_is_typed() -> None:
    """{job: none} means {job: {word: none}}; "keys with values" says neither which nor how."""
    with pytest.raises(ConfigError) as raised:
        validated(Table, {"missing": {"job": "none"}})
    assert str(raised.value) == (
        "missing.job: given 'none', allowed: mean, median or a number, at least -9 and at most 9 or {word: ...}; "
        "a text of your own as 'missing={job:{word: none}}'"
    )


def test_each_wrong_key_gets_its_line() -> None:
    """Two mistakes are said at once, with the point that they are in."""
    with pytest.raises(ConfigError) as caught:
        validated(Study, {"model": {"kind": "net", "hidden": 0, "bias": 7}}, " (point study=iris)")
    assert str(caught.value).splitlines() == [
        "model.hidden (point study=iris): given 0, allowed: a whole number, at least 1 and at most 4096",
        "model.bias (point study=iris): given 7, allowed: true or false",
    ]


def test_a_valid_config_is_a_record() -> None:
    assert validated(Study, {"model": {"kind": "net", "hidden": 3}}).model == Net(hidden=3)


def test_unknown_names_nothing_near_when_nothing_is() -> None:
    assert unknown("a.b", "key", "b", []) == "a.b: there is no such key; there are none here"
    assert unknown("x=qqq", "option", "qqq", ["iris"]) == "x=qqq: there is no such option; allowed: iris"


def test_all_failures_are_told_but_not_more_than_a_few() -> None:
    """Results come in order; of eight failures six are listed and two counted."""

    def fail(number: int) -> int:
        raise ConfigError(f"{number}: no")

    assert every(lambda number=number: number for number in range(3)) == [0, 1, 2]
    with pytest.raises(ConfigError) as caught:
        every(lambda number=number: fail(number) for number in range(8))
    assert str(caught.value).splitlines() == [*(f"{number}: no" for number in range(6)), "... and 2 more"]


def test_of_thousands_of_failures_not_all_are_waited_for() -> None:
    tried: list[int] = []

    def fail(number: int) -> None:
        tried.append(number)
        raise ConfigError(f"{number}: no")

    with pytest.raises(ConfigError, match=r"^0: no\n(.*\n){5}\.\.\. and at least 14 more$"):
        every(lambda number=number: fail(number) for number in range(3000))
    assert tried == list(range(20))


class Listed(Spec):
    names: tuple[str, ...] = Field(min_length=1)


def test_an_empty_list_is_told_how_many_it_needs() -> None:
    with pytest.raises(ConfigError, match=r"^names: given \[\], allowed: a list of at least 1 value, each text$"):
        validated(Listed, {"names": []})
