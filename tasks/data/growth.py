"""How long a text may become on its way through a tokenizer, told from the settings of that alone.

The library `tokenizers` does what its file says, however long the text becomes: thirty steps that write each letter
twice ask for more memory than any machine has.
"""

import base64
from collections.abc import Mapping
from math import prod
from typing import Any

# Letters that one becomes: by Unicode, however often it is asked (U+FDFA in NFKC); as bytes; with blanks around it.
_BY_UNICODE, _AS_BYTES, _SET_APART = 18, 4, 3
_UNICODE = ("NFD", "NFC", "NFKD", "NFKC", "BertNormalizer", "Lowercase", "Precompiled")
_WIDTHS: Mapping[str, int] = {"ByteLevel": _AS_BYTES, "BertNormalizer": _SET_APART, "Metaspace": 2}


def most_letters(tokenizer: Mapping[str, Any], letters: int) -> int:
    """At most so many letters, and so tokens, become of a text of so many."""
    normal, cut = _steps(tokenizer.get("normalizer")), _steps(tokenizer.get("pre_tokenizer"))
    if any(step.get("type") in _UNICODE for step in normal):
        letters *= _BY_UNICODE
    for step in (*normal, *cut):
        letters = min(_after(step, letters), _ENDLESS)
    return min(letters * prod(map(_times, _steps(tokenizer.get("post_processor")))), _ENDLESS)


_ENDLESS = 10**18


def _steps(found: Any) -> list[Mapping[str, Any]]:
    """One after another, out of the sequences that hold them."""
    if not isinstance(found, Mapping):
        return []
    inner = next((found[key] for key in ("normalizers", "pretokenizers", "processors") if key in found), None)
    return [found] if not isinstance(inner, list) else [step for each in inner for step in _steps(each)]


def _after(step: Mapping[str, Any], letters: int) -> int:
    kind, text = step.get("type"), str(step.get("content", ""))
    if kind == "Replace":
        pattern = step.get("pattern")
        wanted = str(pattern.get("String", "")) if isinstance(pattern, Mapping) else ""
        # A pattern may fit between any two letters.
        return letters + (
            letters // len(wanted) * max(len(text) - len(wanted), 0) if wanted else len(text) * (letters + 1)
        )
    if kind == "Prepend":
        return letters + len(str(step.get("prepend", "")))
    if kind == "Precompiled":
        return letters * max(1, _longest(str(step.get("precompiled_charsmap", ""))) // _BY_UNICODE)
    return letters * _WIDTHS.get(str(kind), 1) + 1


def _longest(packed: str) -> int:
    """What the longest piece of a table of SentencePiece has in bytes: the pieces stand behind a tree of known size."""
    table = base64.b64decode(packed)
    return max(map(len, table[4 + int.from_bytes(table[:4], "little") :].split(b"\0")), default=0)


def _times(step: Mapping[str, Any]) -> int:
    """How often a text stands in what is put around it."""
    pieces = step.get("single") if step.get("type") == "TemplateProcessing" else None
    return max(1, sum("Sequence" in piece for piece in pieces)) if isinstance(pieces, list) else 1
