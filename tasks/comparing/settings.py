"""What differs between the points of a sweep, and what a finding depends on: plain configs as flat settings."""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import combinations, count
from typing import Any, Literal

import numpy as np

from exhibit.tasks.records.base import Array
from exhibit.tasks.records.compared import Level, Where

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


def where(chosen: Array, settings: Sequence[Settings]) -> Where | None:
    """What sets the `chosen` (results,) apart: one setting, several values of one, two settings at once, one that holds
    them all or most of them; None where nothing does."""
    names = codes(settings)
    exact = [level for name in names if (level := _exactly(chosen, name, settings))]
    if exact:
        return _where("exactly", [min(exact, key=_length)], chosen, settings)
    pairs = [
        pair
        for pair in combinations(_levels_of(settings), 2)
        if pair[0].name != pair[1].name and np.array_equal(_has(settings, *pair), chosen)
    ]
    if pairs:
        return _where("exactly", pairs[0], chosen, settings)
    around = [level for level in _levels_of(settings) if not (chosen & ~_has(settings, level)).any()]
    narrow = min(around, key=lambda level: int(_has(settings, level).sum()), default=None)
    return _most_often(chosen, settings) if narrow is None else _where("within", [narrow], chosen, settings)


def _where(
    how: Literal["exactly", "within", "mostly"], levels: Sequence[Level], chosen: Array, settings: Sequence[Settings]
) -> Where:
    inside = _has(settings, *levels)
    return Where(how=how, levels=tuple(levels), inside=int((chosen & inside).sum()), total=int(inside.sum()))


def _length(level: Level) -> int:
    """Characters of a level: the fewest are read most easily."""
    return len(level.name) + sum(map(len, level.values))


def _most_often(chosen: Array, settings: Sequence[Settings]) -> Where | None:
    """The setting under which most of the chosen are, if that is half of them and more than elsewhere."""
    found = []
    for level in _levels_of(settings):
        inside = _has(settings, level)
        hits, others = int((chosen & inside).sum()), int((chosen & ~inside).sum())
        if hits >= others and hits * int((~inside).sum()) > others * int(inside.sum()):
            found.append(_where("mostly", [level], chosen, settings))
    return max(found, default=None, key=lambda item: item.inside / item.total)


def _exactly(chosen: Array, name: str, settings: Sequence[Settings]) -> Level | None:
    """The values of one setting that hold exactly the chosen; None where no few do."""
    values = dict.fromkeys(one[name] for one, inside in zip(settings, chosen, strict=True) if inside and name in one)
    level = Level(name=name, values=tuple(values))
    few = 0 < len(values) <= _MOST_LEVELS
    return level if few and np.array_equal(_has(settings, level), chosen) else None


def _levels_of(settings: Sequence[Settings]) -> list[Level]:
    """Every single value of every setting."""
    levels = dict.fromkeys(item for one in settings for item in one.items())
    names = list(codes(settings))
    return [
        Level(name=name, values=(value,)) for name, value in sorted(levels, key=lambda level: names.index(level[0]))
    ]


def _has(settings: Sequence[Settings], *levels: Level) -> Array:
    """(results,) which have one of the values of each level."""
    return np.array([all(one.get(level.name) in level.values for level in levels) for one in settings])


def shared(members: Sequence[int], settings: Sequence[Settings]) -> tuple[Level, ...]:
    """What the members of a group have in common that not all have."""
    levels = []
    for name in codes(settings):
        everywhere = dict.fromkeys(one[name] for one in settings if name in one)
        inside = dict.fromkeys(settings[k][name] for k in members if name in settings[k])
        lacking = any(name not in settings[k] for k in members)
        if inside and not lacking and len(inside) < len(everywhere) and len(inside) <= _MOST_LEVELS:
            levels.append(Level(name=name, values=tuple(inside)))
    return tuple(levels)


def slugs(titles: Sequence[str]) -> list[str]:
    """A folder name per chapter, made unique."""
    unique: list[str] = []
    for title in titles:
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower())[:_LONGEST].strip("-") or "chapter"
        numbered = (slug if number == 1 else f"{slug}-{number}" for number in count(1))
        unique.append(next(one for one in numbered if one not in unique))
    return unique
