"""What differs between the points of a sweep, and what a finding depends on: plain configs as flat settings."""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from exhibit.tasks.records.base import Array

Settings = Mapping[str, str]
_MOST_LEVELS = 3  # values of one setting that a sentence names
_LONGEST = 100  # characters of a folder's name
_NAMES = ("title", "label")  # of a point; they only say what differs


def flat(config: Mapping[str, Any], path: str = "") -> dict[str, str]:
    """Every value of a plain config by its dotted key, as it is written in a config."""
    entries: dict[str, str] = {}
    for key, value in config.items():
        here = f"{path}.{key}" if path else str(key)
        entries |= flat(value, here) if isinstance(value, Mapping) else {here: _written(value)}
    return entries


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def of_point(config: Mapping[str, Any]) -> dict[str, str]:
    """The settings of a point; `method` names its methods, in whatever order they are kept."""
    plain = {key: value for key, value in config.items() if key not in _NAMES}
    return {"method": ", ".join(sorted(plain.get("method", {})))} | flat(plain)


def of_result(config: Mapping[str, Any], label: str) -> dict[str, str]:
    """The settings that one method of a point depends on; those of the method begin with its label."""
    own = {key: config[key] for key in ("data", "model", "target", "selection") if key in config}
    return {"method": label} | flat(own) | flat(config["method"][label], label)


def differing(settings: Sequence[Settings]) -> list[dict[str, str]]:
    """Of each the settings that differ between those that have them, under the shortest names that tell them apart.

    Settings that always change together are one, under the first of their names.
    """
    names = _short([alike[0] for alike in _alike(settings)])
    return [{names[key]: one[key] for key in names if key in one} for one in settings]


def together(settings: Sequence[Settings]) -> dict[str, int]:
    """By the short name of a differing setting, how many further ones always change with it."""
    sets = _alike(settings)
    names = _short([alike[0] for alike in sets])
    return {names[alike[0]]: len(alike) - 1 for alike in sets if len(alike) > 1}


def _alike(settings: Sequence[Settings]) -> list[list[str]]:
    """The keys that differ, those that always change together side by side."""
    keys = dict.fromkeys(key for one in settings for key in one)
    patterns: dict[tuple[int, ...], list[str]] = {}
    for key in keys:
        if len({one[key] for one in settings if key in one}) > 1:
            patterns.setdefault(_pattern([one.get(key) for one in settings]), []).append(key)
    return list(patterns.values())


def _pattern(values: Sequence[str | None]) -> tuple[int, ...]:
    """Which of the values are equal, whatever they are."""
    seen: dict[str | None, int] = {None: -1}
    return tuple(seen.setdefault(value, len(seen)) for value in values)


def _short(keys: Sequence[str]) -> dict[str, str]:
    """The last part of each key, or as many more as tell it from the others; a seed says whose it is."""
    shortened = {}
    for key in keys:
        parts = key.removeprefix("method.").split(".")
        ends = [".".join(parts[start:]) for start in range(len(parts) - 1, -1, -1)]
        alone = [end for end in ends if sum(f".{other}".endswith(f".{end}") for other in keys) == 1]
        shortened[key] = next((end for end in alone if end not in ("seed", "kind")), ".".join(parts))
    return shortened


def codes(settings: Sequence[Settings]) -> dict[str, Array]:
    """By setting (results,) numbers that are equal where its value is, −1 where it does not apply."""
    names = dict.fromkeys(name for one in settings for name in one)
    return {name: np.array(_pattern([one.get(name) for one in settings])) for name in names}


def said(name: str, value: str) -> str:
    """A setting with its value, as it is typed."""
    return f"{name}={value}"


def where(chosen: Array, settings: Sequence[Settings]) -> str:
    """What sets the `chosen` (results,) apart: one setting, several values of one, two settings at once, one that holds
    them all or most of them; or nothing."""
    names = codes(settings)
    exact = [text for name in names if (text := _levels(chosen, name, settings))]
    if exact:
        return f"with {min(exact, key=len)}"
    pairs = [
        (one, other)
        for one, other in combinations(_levels_of(settings), 2)
        if one[0] != other[0] and np.array_equal(_has(settings, *one) & _has(settings, *other), chosen)
    ]
    if pairs:
        return f"with {said(*pairs[0][0])} and {said(*pairs[0][1])}"
    around = [level for level in _levels_of(settings) if not (chosen & ~_has(settings, *level)).any()]
    narrow = min(around, key=lambda level: int(_has(settings, *level).sum()), default=None)
    if narrow is not None:
        return f"only with {said(*narrow)} ({int(chosen.sum())} of {int(_has(settings, *narrow).sum())})"
    return _most_often(chosen, settings)


def _most_often(chosen: Array, settings: Sequence[Settings]) -> str:
    """The setting under which most of the chosen are, if that is half of them and more than elsewhere."""
    found = []
    for level in _levels_of(settings):
        inside = _has(settings, *level)
        hits, others = int((chosen & inside).sum()), int((chosen & ~inside).sum())
        if hits >= others and hits * int((~inside).sum()) > others * int(inside.sum()):
            found.append((hits / int(inside.sum()), f"most often with {said(*level)} ({hits} of {int(inside.sum())})"))
    return max(found, default=(0.0, ""), key=lambda item: item[0])[1]


def _levels(chosen: Array, name: str, settings: Sequence[Settings]) -> str:
    """The values of one setting that hold exactly the chosen; nothing where no few do."""
    values = dict.fromkeys(one[name] for one, inside in zip(settings, chosen, strict=True) if inside and name in one)
    present = np.isin([one.get(name, "") for one in settings], list(values)) & [name in one for one in settings]
    if not values or len(values) > _MOST_LEVELS or not np.array_equal(present, chosen):
        return ""
    return said(name, " or ".join(values))


def _levels_of(settings: Sequence[Settings]) -> list[tuple[str, str]]:
    levels = dict.fromkeys(item for one in settings for item in one.items())
    names = list(codes(settings))
    return sorted(levels, key=lambda level: names.index(level[0]))


def _has(settings: Sequence[Settings], name: str, value: str) -> Array:
    return np.array([one.get(name) == value for one in settings])


def shared(members: Sequence[int], settings: Sequence[Settings]) -> str:
    """What the members of a group have in common that not all have: method=occlusion; model.seed=1 or 3."""
    parts = []
    for name in codes(settings):
        everywhere = dict.fromkeys(one[name] for one in settings if name in one)
        inside = dict.fromkeys(settings[k][name] for k in members if name in settings[k])
        lacking = any(name not in settings[k] for k in members)
        if inside and not lacking and len(inside) < len(everywhere) and len(inside) <= _MOST_LEVELS:
            parts.append(said(name, " or ".join(inside)))
    return "; ".join(parts) or "no setting of their own"


def slugs(titles: Sequence[str]) -> list[str]:
    """A folder name per chapter, made unique."""
    unique: list[str] = []
    for title in titles:
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower())[:_LONGEST].strip("-") or "chapter"
        same = sum(other == slug or re.fullmatch(rf"{re.escape(slug)}-\d+", other) is not None for other in unique)
        unique.append(slug if not same else f"{slug}-{same + 1}")
    return unique
