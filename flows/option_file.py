"""A file of options in a folder of the user's own: whether Hydra could read it to its end, before it tries."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from exhibit.flows.errors import ConfigError
from exhibit.tasks.records.opening import whole

_MOST_BYTES = 1 << 20
_MOST_VALUES = 100_000  # with all that aliases stand for written out, as OmegaConf does


def require_options(file: Path) -> None:
    """Refuses what is no file of YAML, and one of which a few lines become more than there is room for.

    Raises:
        ConfigError: which names the file.
    """
    try:
        text = whole(file, _MOST_BYTES).decode()
    except OSError as error:
        raise ConfigError(f"{file}: this file of options cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: this file of options is no UTF-8 (byte {error.start:,}); save it so") from error
    with reading_yaml(f"{file}"):
        size = _size(yaml.compose(text, yaml.SafeLoader), {})
        keyed = size > _MOST_VALUES or isinstance(yaml.safe_load(text), dict | None)
    if not keyed:
        raise ConfigError(f"{file}: this file of options is no mapping; lines such as 'key: value' are expected")
    if size > _MOST_VALUES:
        raise ConfigError(f"{file}: this file of options stands for more than {_MOST_VALUES:,} values")


@contextmanager
def reading_yaml(what: str) -> Iterator[None]:
    """What the YAML library refuses in there is a sentence about `what`.

    Raises:
        ConfigError: with the line, where one is known.
    """
    try:
        yield
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ConfigError(f"{what}: {where}{' '.join(str(error.problem or error.context).split())}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{what}: it is no YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise ConfigError(f"{what}: it is nested too deeply") from error


def _size(node: yaml.Node | None, known: dict[int, int]) -> int:
    """How many values a node stands for; those that it holds itself in are without an end."""
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if id(node) not in known:
        known[id(node)] = _MOST_VALUES + 1  # until it is counted
        parts = (part for one in node.value for part in (one if isinstance(one, tuple) else (one,)))
        known[id(node)] = 1 + sum(_size(part, known) for part in parts)
    return known[id(node)]
