"""Settings as they are typed: in Hydra's grammar, whose words are of ASCII letters, and in a shell."""

import re
import shlex
from collections.abc import Sequence

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./+-]*")
_SAFE = re.compile(r"[A-Za-z0-9_./+=,:\[\]-]+")
_READ_OTHERWISE = frozenset({"true", "false", "null", "inf", "nan"})  # in any case of letters
_REFERENCE = re.compile(r"(\\*)\$\{")
_BEFORE_QUOTE = re.compile(r'(\\*)("|$)')


def typed(key: str, value: str | Sequence[str]) -> str:
    """`key=value` as it works in a shell: `data.label=size`, but `'data.label="Größe"'`."""
    words = quoted(value) if isinstance(value, str) else f"[{','.join(map(quoted, value))}]"
    return in_shell(f"{key}={words}")


def in_shell(override: str) -> str:
    """An override as a shell wants it."""
    return override if _SAFE.fullmatch(override) else shlex.quote(override)


def quoted(text: str) -> str:
    """A text in Hydra's grammar: between quotes unless it is a plain word."""
    if _PLAIN.fullmatch(text) and text.lower() not in _READ_OTHERWISE:
        return text
    literal = _REFERENCE.sub(lambda found: found[1] * 2 + r"\${", text)  # else OmegaConf takes it for another key
    escaped = _BEFORE_QUOTE.sub(lambda found: found[1] * 2 + ("\\" if found[2] else "") + found[2], literal)
    return f'"{escaped}"'
