"""JSON for people and programs: sorted keys, one value a line."""

import json
from collections.abc import Mapping
from typing import Any


def pretty(value: Any) -> bytes:
    """JSON to be read, keys sorted, one byte sequence per value."""
    return _written(_sorted(value))


def _sorted(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _sorted(value[key]) for key in sorted(value)}
        case list() | tuple():
            return [_sorted(item) for item in value]
        case _:
            return value


def _written(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
