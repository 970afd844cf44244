"""Settings as they are typed: in Hydra's grammar, whose words are of ASCII letters, and in a shell."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./+-]*")
_SAFE = re.compile(r"[A-Za-z0-9_./+=,:-]+")  # zsh takes brackets for a pattern
_READ_OTHERWISE = frozenset({"true", "false", "null", "inf", "nan"})  # in any case of letters
_REFERENCE = re.compile(r"(\\*)\$\{")
_BEFORE_QUOTE = re.compile(r'(\\*)("|$)')


_KEY = re.compile(r"[A-Za-z0-9_/\-+.$%*@?| \\()\[\]{}:=,]+")  # what a name in braces may be made of, with escapes
_ESCAPED = re.compile(r"[\\()\[\]{}:=,]")


Listed = Sequence[str | float]
Value = str | float | Listed | Mapping[str, str]


def typed(key: str, value: str | Listed | Mapping[str, Value], listed: bool = False) -> str:
    """`key=value` as it works in a shell: `data.label=size`, but `'data.label="Größe"'`. `listed`: as the one item of
    a list.

    Raises:
        ValueError: for a name in a mapping that the grammar does not take.
    """
    match value:
        case str():
            words = quoted(value)
        case Mapping():
            names = [key_word(name) for name in value]
            if None in names:
                raise ValueError(f"no name in braces: {list(value)[names.index(None)]!r}")
            words = f"{{{','.join(f'{name}:{_value(one)}' for name, one in zip(names, value.values(), strict=True))}}}"
        case _:
            words = _value(value)
    return in_shell(f"{key}=[{words}]" if listed else f"{key}={words}")


def _value(value: Value) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Mapping):  # with blanks, which YAML asks for
        return f"{{{', '.join(f'{name}: {quoted(one)}' for name, one in value.items())}}}"
    if isinstance(value, Sequence):
        return f"[{','.join(map(_value, value))}]"
    return f"{value:.15g}"


def typed_for(key: str, name: str, value: Value, listed: bool = False) -> str:
    """`'key={name:value}'` as it works in a shell; as a line of a YAML file where the grammar takes no such name.
    `listed`: as the one item of a list."""
    if key_word(name) is None:
        said = f"{{{name}: {value if isinstance(value, str) else _value(value)}}}"
        return f"{key.rpartition('.')[2]}: {f'[{said}]' if listed else said} in a YAML of your own"
    return typed(key, {name: value}, listed)


def typed_by_name(key: str, given: Mapping[str, Value]) -> str:
    """`'key={name:value,...}'` as `typed`; as a line of a YAML file where the grammar takes one of the names not."""
    if None not in map(key_word, given):
        return typed(key, given)
    said = ", ".join(f"{json.dumps(name, ensure_ascii=False)}: {_value(value)}" for name, value in given.items())
    return f"{key.rpartition('.')[2]}: {{{said}}} in a YAML of your own"


def key_word(name: str) -> str | None:
    """A name in braces, as `a b` of `{a b: 1}`; None where the grammar has no form for it: it knows no quotes there."""
    if not _KEY.fullmatch(name) or name != name.strip() or name.lower() in _READ_OTHERWISE or "${" in name:
        return None
    if _other_number(name):
        return None
    return _ESCAPED.sub(lambda sign: f"\\{sign[0]}", name)


def _other_number(name: str) -> bool:
    """Whether it is a number that is written otherwise once it was read: `1.` as 1.0, `1_0` as 10."""
    try:
        number = float(name)
        return name not in (str(number), str(int(number)))
    except (ValueError, OverflowError):  # a word, infinity among them
        return False


def in_shell(override: str) -> str:
    """An override as a shell wants it."""
    return override if _SAFE.fullmatch(override) else shlex.quote(override)


def quoted(text: str) -> str:
    """A text in Hydra's grammar: between quotes unless it is a plain word."""
    if _PLAIN.fullmatch(text) and text.lower() not in _READ_OTHERWISE:
        return text
    escaped = _BEFORE_QUOTE.sub(lambda found: found[1] * 2 + ("\\" if found[2] else "") + found[2], literal(text))
    return f'"{escaped}"'


def literal(text: str) -> str:
    """A text for OmegaConf, which takes what stands in `${}` for another key."""
    return _REFERENCE.sub(lambda found: found[1] * 2 + r"\${", text)
