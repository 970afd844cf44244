"""What every record and every spec is built from. No record of a particular subject belongs here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue

Array = NDArray[Any]


Arrays = Mapping[str, Array]  # input name -> values, first axis samples


class InputError(ValueError):
    """Something the user gave cannot be used; the message says what, where and what to do."""


class Record(BaseModel):
    """A frozen record; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Spec(BaseModel):
    """The validated configuration of one choice; it stands beside the function that it configures."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

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
