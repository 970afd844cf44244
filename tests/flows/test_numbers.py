"""Facts of every number of a config, found in the specs: it has bounds, and nothing beyond them gets in."""

from collections.abc import Iterator
from math import inf, nan
from typing import Any, NamedTuple, get_args

import pytest
from pydantic import ValidationError

from exhibit.flows.config import Report, read_report
from exhibit.flows.errors import ConfigError
from exhibit.tasks.records.base import Spec


class Number(NamedTuple):
    """A key that takes a number, alone or in a list or a dictionary: what its schema says, and how it is given."""

    spec: type[Spec]
    key: str
    schema: dict[str, Any]
    around: tuple[Any, ...] = ()

    @property
    def bounds(self) -> tuple[float, float]:
        low = self.schema.get("minimum", self.schema.get("exclusiveMinimum", -inf))
        return low, self.schema.get("maximum", self.schema.get("exclusiveMaximum", inf))

    def given(self, value: Any) -> Any:
        """The value with what is around it: a list of so many, a dictionary."""
        for outer in reversed(self.around):
            value = {"a": value} if outer is dict else [value] * outer
        return value

    def takes(self, value: Any) -> bool:
        """Whether the spec says nothing against it, whatever else it misses."""
        try:
            self.spec.model_validate({self.key: self.given(value)})
        except ValidationError as error:
            return all(detail["loc"][0] != self.key for detail in error.errors() if detail["loc"])
        return True


def specs(annotation: Any, found: dict[type[Spec], None]) -> dict[type[Spec], None]:
    """All specs that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, Spec) and annotation not in found:
        found[annotation] = None
        for field in annotation.model_fields.values():
            specs(field.annotation, found)
    for part in get_args(annotation):
        specs(part, found)
    return found


def numbers(schema: dict[str, Any], around: tuple[Any, ...] = ()) -> Iterator[tuple[dict[str, Any], tuple[Any, ...]]]:
    """What a schema says of numbers in it, and what is around each."""
    if schema.get("type") in ("integer", "number"):
        yield schema, around
    for member in schema.get("anyOf", ()):
        yield from numbers(member, around)
    if isinstance(items := schema.get("items"), dict):
        yield from numbers(items, (*around, max(schema.get("minItems", 1), 1)))
    for item in schema.get("prefixItems", ())[:1]:
        yield from numbers(item, (*around, len(schema["prefixItems"])))
    if isinstance(values := schema.get("additionalProperties"), dict):
        yield from numbers(values, (*around, dict))


NUMBERS = [
    Number(spec, key, *found)
    for spec in specs(Report, {})
    for key, schema in spec.model_json_schema(by_alias=False).get("properties", {}).items()
    for found in numbers(schema)
]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"{number.spec.__name__}.{number.key}")
def test_every_number_has_bounds_that_nothing_exceeds(number: Number) -> None:
    """Zero, a negative one and the huge are taken where the bounds say so; what is no number, never."""
    low, high = number.bounds
    assert -inf < low < high < inf
    assert high <= 2**40  # bytes of a file
    for value in (0, -1, 10**9, 10**12, 1e300, -1e300):
        assert number.takes(value) == _within(value, number.schema), value
    whole = number.spec.model_json_schema(by_alias=False)["properties"][number.key]
    named = any(member == {"type": "string"} for member in whole.get("anyOf", ()))  # a layer has a name or a number
    for value in (nan, inf, -inf, True, [[]], *([] if named else ["text"])):
        assert not number.takes(value), value


def _within(value: float, schema: dict[str, Any]) -> bool:
    above = value >= schema["minimum"] if "minimum" in schema else value > schema["exclusiveMinimum"]
    return above and (value <= schema["maximum"] if "maximum" in schema else value < schema["exclusiveMaximum"])


def test_the_specs_have_many_numbers() -> None:
    """So that the test above does not pass because it finds none."""
    assert len(NUMBERS) > 150


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("model.learning_rate=inf", "model.learning_rate: given inf, allowed: a number, above 0 and at most 1000"),
        ("model.epochs=true", "model.epochs: given True, allowed: a whole number, at least 1"),
        ("selection.index=[]", r"selection.index: given \[\], allowed: a list of at least 1 value, each a whole"),
        ("selection.index=[true]", "selection.index: given .* allowed: a list"),
        ("runner.timeout_seconds=inf", "runner.timeout_seconds: given inf"),
    ],
)
def test_what_is_no_number_is_said_so(override: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"^{said}"):
        read_report(["study=iris", override])


def test_numbers_for_a_function_of_ones_own_are_finite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXHIBIT_TRUSTED_MODULES", "own")
    with pytest.raises(ConfigError, match=r"^model\.arguments\.deep: given inf"):
        read_report(["study=iris", "model=factory", "model.factory=own:net", "+model.arguments.deep=[{a:[inf]}]"])
