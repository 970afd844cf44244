"""Which methods suit a model and its data where the user names none, and which of them to begin with."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import yaml

from exhibit.flows.compose import Composed, compose_points, option_files
from exhibit.flows.config import Report, assemble, filed_options
from exhibit.flows.errors import ConfigError
from exhibit.flows.kinds import KINDS
from exhibit.tasks.protocols import MOST_ASKED_FIRST, Capability
from exhibit.tasks.records.override import quoted


def usual(kinds: Collection[str], gives: AbstractSet[Capability]) -> Iterator[tuple[Capability, str]]:
    """What suits inputs of all these `kinds`, with what it asks of the model: what asks most of it first."""
    for capability in MOST_ASKED_FIRST:
        names = {KINDS[kind].methods.get(capability) for kind in kinds} if capability in gives else {None}
        if len(names) == 1 and (name := names.pop()) is not None:
            yield capability, name


def names_none(overrides: Sequence[str]) -> bool:
    """Whether neither a method is chosen nor a study, which chooses some."""
    return {"method", "study"}.isdisjoint(override.partition("=")[0].lstrip("+") for override in overrides)


def unexplained(overrides: Sequence[str], config_dir: Path | None) -> Iterator[Mapping[str, Report]]:
    """For each point of such a config a report by each method that it allows, by the name of the option.

    Raises:
        ConfigError: for a config that is wrong whatever the method is.
    """
    chosen = f"method=[{','.join(quoted(name) for name in _plain_options(config_dir))}]"
    for composed in compose_points([*overrides, chosen], config_dir):
        yield _allowed(composed, config_dir)


def _allowed(composed: Composed, config_dir: Path | None) -> dict[str, Report]:
    found, refused = {}, []
    for label, method in composed.config["method"].items():
        alone = composed._replace(config=composed.config | {"method": {label: method}})
        try:
            found[label] = assemble([alone], filed_options(config_dir))
        except ConfigError as error:
            refused.append(error)
    if not found:
        raise refused[0]
    return found


def _plain_options(config_dir: Path | None) -> list[str]:
    """Each method as it is, and what is begun with; no variants of one, nor what wants more than a name."""
    begun = {name for kind in KINDS.values() for name in kind.methods.values()}
    return [file.stem for file in option_files("method", config_dir) if file.stem in begun or _is_plain(file)]


def _is_plain(file: Path) -> bool:
    settings = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    return settings.get("kind") == file.stem and "???" not in settings.values()
