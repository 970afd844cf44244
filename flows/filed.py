"""What a config names and a person has written: a card or a profile, as an option of the program or a file of the
user's own. Every value of such a file is the text that stands there: 3.10 stays 3.10, and no stays no."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from exhibit.flows.errors import ConfigError, unknown, validated
from exhibit.flows.option_file import reading_yaml
from exhibit.tasks.records.card import Card
from exhibit.tasks.records.opening import ends
from exhibit.tasks.records.profile import Profile

# Settings of the document by name, each with the folder of its options in `conf`.
FILED: dict[str, type[BaseModel]] = {"card": Card, "profile": Profile}
_MOST_BYTES = 256 * 1024
_NULL = "tag:yaml.org,2002:null"


class _Texts(yaml.SafeLoader):
    """Plain values are texts, but for null. What would make more of a file than stands in it is refused."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            problem = "an alias (*) stands for something else; write it out"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=self.get_mark())
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _NULL:
                raise _at(key.start_mark, "a key is not a word")
            if key.value in seen:
                raise _at(key.start_mark, f"{key.value} is given twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Texts.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] == _NULL]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _at(mark: yaml.Mark, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def with_files(document: Any, options: Mapping[str, Mapping[str, Path]]) -> Any:
    """The plain settings of a document, with what options and files hold in the place of their names. `options`: their
    files by setting and name.

    Raises:
        ConfigError: for a name that is neither, and for a file that is no card or no profile.
    """
    if not isinstance(document, dict):
        return document
    given = {key: document[key] for key in FILED if key in document}
    if wrong := [key for key, value in given.items() if not isinstance(value, str | dict | None)]:
        raise ConfigError(
            f"document.{wrong[0]}: given {given[wrong[0]]!r}; "
            "the name of an option, a YAML file or its fields are expected"
        )
    named = {key: value for key, value in given.items() if isinstance(value, str)}
    return document | {key: _of(key, name, options[key]) for key, name in named.items()}


def _of(key: str, name: str, options: Mapping[str, Path]) -> dict[str, Any] | None:
    setting = f"document.{key}"
    if name in options:
        return _read(f"{setting}={name}", options[name], FILED[key], optional=True)
    if not Path(name).suffix and "/" not in name:
        said = unknown(f"{setting}={name}", "option", name, options)
        raise ConfigError(f"{said}; or give a YAML file, such as ./{name or key}.yaml")
    return _read(f"{setting}: {name}", Path(name), FILED[key], optional=False)


def _read(what: str, path: Path, kind: type[BaseModel], optional: bool) -> dict[str, Any] | None:
    """A file as a plain mapping that is a valid record; None of an option that is none."""
    given = _yaml(what, path)
    if given is None and optional:
        return None
    if not isinstance(given, dict):
        fields = ", ".join(kind.model_fields)
        raise ConfigError(f"{what}: it is no mapping; lines such as 'name: text' are expected, of {fields}")
    try:
        return validated(kind, given).model_dump(mode="json")
    except ConfigError as error:
        raise ConfigError("\n".join(f"{what}: {line}" for line in str(error).splitlines())) from error


def _yaml(what: str, path: Path) -> Any:
    text = _text(what, path)
    with reading_yaml(what):
        return yaml.load(text, _Texts)  # a safe loader that constructs even less


def _text(what: str, path: Path) -> str:
    """A regular file of UTF-8 that is not too large."""
    try:
        there = path.exists()
        regular = there and ends(path)
        data = _beginning(path) if regular else b""
    except (OSError, ValueError) as error:  # a name that is too long or holds a zero, a file that may not be read
        raise ConfigError(
            f"{what}: it cannot be read ({error.strerror if isinstance(error, OSError) else error})"
        ) from error
    if not regular:
        raise ConfigError(f"{what}: {'it is no regular file' if there else 'there is no such file'}")
    if len(data) > _MOST_BYTES:
        raise ConfigError(f"{what}: it is larger than {_MOST_BYTES // 1024} KiB, which nobody reads")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{what}: it is not UTF-8 (byte {error.start:,}); save it as UTF-8") from error


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MOST_BYTES + 1)
