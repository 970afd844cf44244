"""What is said of a config in which a value has to be given: which keys lack one, and what to type."""

from collections.abc import Iterator, Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from exhibit.tasks.records.override import in_shell

# What stands behind the `=`, by the last word of a key.
_WORDS: Mapping[str, str] = {
    "path": "FILE",
    "paths": "[FILE]",
    "weights": "FILE",
    "label": "COLUMN",
    "text": "COLUMN",
    "architecture": "NAME",
    "factory": "MODULE:FUNCTION",
}
_FOLDERS = frozenset({"image_folder", "transformers"})  # kinds whose path is one


def lacking(config: DictConfig, where: str) -> str:
    """One sentence on all keys without a value. `where`: which point it is, for a reader."""
    keys = list(_missing(OmegaConf.to_container(config, resolve=False)))
    words = " ".join(in_shell(f"{key}={_word(config, key)}") for key in keys)
    return f"{keys[0]}{where}: a value must be given; type {words}"


def _missing(plain: Any, path: str = "") -> Iterator[str]:
    """In the order of the config."""
    pairs = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    for key, value in pairs:
        if value == "???":
            yield f"{path}{key}"
        yield from _missing(value, f"{path}{key}.")


def _word(config: DictConfig, key: str) -> str:
    parent, _, last = key.rpartition(".")
    folder = last == "path" and OmegaConf.select(config, f"{parent}.kind") in _FOLDERS
    return "FOLDER" if folder else _WORDS.get(last, "VALUE")
