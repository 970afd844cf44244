"""What every record and every spec is built from. No record of a particular subject belongs here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    JsonValue,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

Array = NDArray[Any]


Arrays = Mapping[str, Array]  # input name -> values, first axis samples


class InputError(ValueError):
    """Something the user gave cannot be used; the message says what, where and what to do."""


class Record(BaseModel):
    """A frozen record; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


def _types(annotation: Any) -> set[Any]:
    """All types that an annotation is made of."""
    return {annotation}.union(*map(_types, get_args(annotation)))


def _holds_truth(value: Any) -> bool:
    """Whether it is a truth value, or a list or a dictionary of some."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return isinstance(value, bool) or any(map(_holds_truth, items))


class Spec(BaseModel):
    """The validated configuration of one choice; it stands beside the function that it configures."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _truth_is_no_number(cls, given: Any) -> Any:
        """Pydantic reads true as 1; nobody means that."""
        plain = given if isinstance(given, dict) else {}
        types = {name: _types(field.annotation) for name, field in cls.model_fields.items() if name in plain}
        numbers = [name for name, found in types.items() if found & {int, float} and bool not in found]
        if wrong := [name for name in numbers if _holds_truth(plain[name])]:
            kind = PydanticCustomError("truth_for_number", "a truth value is no number")
            details = [InitErrorDetails(type=kind, loc=(name,), input=plain[name]) for name in wrong]
            raise ValidationError.from_exception_data(cls.__name__, details)
        return given

    @property
    def own_function(self) -> str | None:
        """The function of the user's own that it names, as package.module:function; None where it names none."""
        return None


class Choice(Spec):
    """A spec that a config chooses among others by its field `kind`: a method, a check, data, a model."""

    @classmethod
    def option(cls) -> str:
        """What a config calls it."""
        return str(cls.model_fields["kind"].default)


def _some(value: Any) -> Any:
    return {} if value is None else value


# Null stands for none: Hydra lets a value of its own replace null, but adds no key to an empty dictionary.
Words = Annotated[dict[str, str], BeforeValidator(_some)]


Files = Annotated[dict[str, Path], BeforeValidator(_some)]


Arguments = Annotated[dict[str, JsonValue], BeforeValidator(_some)]
