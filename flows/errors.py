"""What is said about a config that cannot be used: the key's path, what was given and is allowed, the nearest match."""

import difflib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.override import typed, typed_for
from exhibit.tasks.records.shown import escaped, listed

Schema = Mapping[str, Any]
_T = TypeVar("_T")
_M = TypeVar("_M", bound=BaseModel)

_MOST_LINES = 6
_ENOUGH = 20  # lines after which no more attempts are made, each of which may take a second


class ConfigError(InputError):
    """The config cannot be used; each line of the message names one key."""


class Unfinished(RuntimeError):
    """The work was stopped or has failed; one sentence says why and what to do."""


def debugging() -> bool:
    """Whether tracebacks are wanted."""
    return os.environ.get("EXHIBIT_DEBUG") == "1"


@contextmanager
def during(what: str, stage: str) -> Iterator[None]:
    """An error in there carries a note on where it was, the innermost one: `one_line_message` says it."""
    try:
        yield
    except Exception as error:
        if not hasattr(error, "__notes__"):
            error.add_note(f"{what}: {stage} failed")
        raise


def one_line_message(error: BaseException) -> str:
    """An error that nobody expected, in one line: of which point and stage, of what kind, and what it says first."""
    where = "".join(f"{note}, " for note in getattr(error, "__notes__", ())[:1])
    return escaped(f"{where}{type(error).__name__}: {str(error).partition(chr(10))[0]}")


def unknown(path: str, what: str, given: str, allowed: Iterable[str]) -> str:
    """A sentence for a name that does not exist."""
    names = sorted(allowed)
    choices = f"allowed: {listed(names)}" if names else "there are none here"
    return f"{path}: there is no such {what}; {choices}{_nearest(given, names)}"


def every(attempts: Iterable[Callable[[], _T]]) -> list[_T]:
    """The results of all attempts.

    Raises:
        ConfigError: with the lines of all that failed, though not more than a reader takes in.
    """
    results, lines = [], []
    for attempt in attempts:
        try:
            results.append(attempt())
        except ConfigError as error:
            lines += str(error).splitlines()
            if len(lines) >= _ENOUGH:
                break
    if lines:
        more = len(lines) - _MOST_LINES
        least = "at least " if len(lines) >= _ENOUGH else ""
        raise ConfigError("\n".join(lines[:_MOST_LINES] + ([f"... and {least}{more} more"] if more > 0 else [])))
    return results


def validated(kind: type[_M], data: Mapping[str, Any], where: str = "") -> _M:
    """`data` as a record; `where` says in an error which point it is.

    Raises:
        ConfigError: with one sentence per key that failed. What is allowed is read from the JSON schema.
    """
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        schema = kind.model_json_schema()
        found = [(detail, _follow(schema, detail)) for detail in error.errors()]
        paths = {place.path for _, place in found}
        lines = [_sentence(detail, place, where) for detail, place in found if not _leads_to_another(place.path, paths)]
        raise ConfigError("\n".join(dict.fromkeys(lines))) from error


def _leads_to_another(path: tuple[str | int, ...], paths: Set[tuple[str | int, ...]]) -> bool:
    """A list whose only item is wrong is also said to be too short, and a mapping with a wrong value to be no word."""
    return any(len(other) > len(path) and other[: len(path)] == path for other in paths)


class _Place(NamedTuple):
    """A key of the config: its path without the names of union members, and its schema where one is known. `kinds`: the
    schemas by name of what stands there or could stand in its place. `within`: the member of a union has been named."""

    path: tuple[str | int, ...]
    schema: Schema
    kinds: Mapping[str, Schema] = {}
    within: bool = False


def _follow(root: Schema, detail: ErrorDetails) -> _Place:
    """The place of an error. Members of a union that pydantic puts into the location are no keys: they are left out."""
    place = _Place((), root)
    for step in detail["loc"]:
        place = _enter(root, place, step)
    if detail["type"] == "extra_forbidden":
        known = {name for schema in _members(root, place.schema) for name in schema.get("properties", ())}
        return place._replace(path=(*place.path, detail["loc"][-1]), schema={"properties": dict.fromkeys(known)})
    if "anyOf" in place.schema:
        return place._replace(
            schema={**place.schema, "anyOf": [_resolved(root, member) for member in place.schema["anyOf"]]}
        )
    return place


def _enter(root: Schema, place: _Place, step: str | int) -> _Place:
    if not place.within and sum(member.get("type") != "null" for member in place.schema.get("anyOf", ())) > 1:
        return place._replace(within=True)  # pydantic's name of one of them, also where another has keys of any name
    for schema in _members(root, place.schema):
        if step in (mapping := schema.get("discriminator", {}).get("mapping", {})):
            kinds = {name: _resolved(root, {"$ref": reference}) for name, reference in mapping.items()}
            return place._replace(schema=kinds[step], kinds=kinds)
        if step in (properties := schema.get("properties", {})):
            return _Place((*place.path, step), _resolved(root, properties[step]))
        if isinstance(values := schema.get("additionalProperties"), Mapping):
            return _Place((*place.path, step), _resolved(root, values))
        if isinstance(step, int) and isinstance(items := schema.get("items"), Mapping):
            return _Place((*place.path, step), _resolved(root, items))
    return place


def _members(root: Schema, schema: Schema) -> Iterator[Schema]:
    """The schema itself and, where it is a union, its members."""
    schema = _resolved(root, schema)
    yield schema
    for member in schema.get("anyOf", ()):
        yield from _members(root, member)


def _resolved(root: Schema, schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    return root["$defs"][schema["$ref"].rpartition("/")[2]] | {k: v for k, v in schema.items() if k != "$ref"}


def _sentence(detail: ErrorDetails, place: _Place, where: str) -> str:
    path = ".".join(map(str, place.path)) + where
    tags = sorted(place.schema.get("discriminator", {}).get("mapping", {}))
    match detail["type"]:
        case "extra_forbidden":
            sentence = unknown(path, "key", str(place.path[-1]), place.schema.get("properties", {}))
            have = [kind for kind, schema in place.kinds.items() if place.path[-1] in schema.get("properties", {})]
            sentence += f"; it is a key of {listed(have)}" if have else ""
        case "missing":
            simple = "type" in place.schema or "anyOf" in place.schema
            about = f" ({told})" if (told := place.schema.get("description", "").partition("\n")[0]) else ""
            sentence = f"{path}: a value must be given" + f"; allowed: {_allowed(place.schema)}{about}" * simple
        case "union_tag_not_found":
            sentence = f"{path}.kind: a value must be given; allowed: {listed(tags)}"
        case "union_tag_invalid":
            tag = str(detail["ctx"]["tag"])
            sentence = f"{path}.kind: given {tag!r}, allowed: {listed(tags)}{_nearest(tag, tags)}"
        case "value_error":
            sentence = f"{path}: {detail['ctx']['error']}"
        case _:
            near = _nearest(str(detail["input"]), list(_choices(place.schema)))
            sentence = f"{path}: given {_short(detail['input'])}, allowed: {_allowed(place.schema)}{near}"
            if detail["type"] == "string_type" and isinstance(given := detail["input"], int | float):
                key, text = ".".join(map(str, place.path)), str(given)
                sentence += f"; type {typed(key, text.lower())}"
                sentence += f", or {typed(key, text)} where that is how it is written" * isinstance(given, bool)
            if isinstance(detail["input"], str) and (keys := _holding_a_text(place.schema)):
                *outer, name = map(str, place.path)
                sentence += f"; a text of your own as {typed_for('.'.join(outer), name, {keys[0]: detail['input']})}"
    return sentence


def _allowed(schema: Schema) -> str:
    """What a JSON schema allows, in words."""
    if "anyOf" in schema:
        return " or ".join(_allowed(member) for member in schema["anyOf"])
    if choices := list(_choices(schema)):
        return listed(choices)
    words = {
        "integer": f"a whole number{_bounds(schema)}",
        "number": f"a number{_bounds(schema)}",
        "boolean": "true or false",
        "null": "null",
        "array": _list(schema),
        "string": _text(schema),
        "object": f"{{{named[0]}: ...}}" if (named := _holding_a_text({"anyOf": [schema]})) else "keys with values",
    }
    return words.get(schema.get("type", "object"), "a value")


def _holding_a_text(schema: Schema) -> Sequence[str]:
    """The key of a mapping that may stand there and wants a text by one key alone; none where there is no such."""
    for member in schema.get("anyOf", ()):
        known = member.get("properties", {})
        if [one.get("type") for one in known.values()] == ["string"] and [*known] == member.get("required"):
            return [*known]
    return ()


def _list(schema: Schema) -> str:
    least = schema.get("minItems", 0)
    length = f" of at least {least} value{'s' * (least > 1)}" if least else ""
    return f"a list{length}" + (f", each {_allowed(schema['items'])}" if schema.get("items") else "")


def _text(schema: Schema) -> str:
    if schema.get("format") == "date-time":
        return "a time such as 2026-01-01T00:00:00Z"
    return f"text like {schema['pattern']}" if "pattern" in schema else "text"


def _bounds(schema: Schema) -> str:
    words = {
        "minimum": "at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    bounds = [f"{word} {schema[key]:.12g}" for key, word in words.items() if key in schema]
    return f", {' and '.join(bounds)}" if bounds else ""


def _choices(schema: Schema) -> Iterator[str]:
    yield from (str(choice) for choice in schema.get("enum", ()))
    if "const" in schema:
        yield str(schema["const"])
    for member in schema.get("anyOf", ()):
        yield from _choices(member)


def _nearest(given: str, names: list[str]) -> str:
    matches = difflib.get_close_matches(given, names, n=1)
    return f"; did you mean {matches[0]}?" if matches else ""


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
