"""Settings of Hydra itself: none of them changes a report, so each is refused with what to type instead."""

from collections.abc import Mapping
from typing import Any

from hydra import compose
from omegaconf import OmegaConf

from exhibit.flows.errors import ConfigError

_OF_RUNS = "each run gets a folder of its own; type paths.runs=DIR to choose where"
_SEARCH = (
    "nothing is searched for the best value: every value is tried and compared; write the values with commas, "
    "choice() or range(), as in model.hidden=16,32"
)
_LOGS = "what is logged is fixed; the environment variable EXHIBIT_DEBUG=1 shows tracebacks"
# By the beginning of a key, the longest one first that fits.
_INSTEAD = {
    "run": _OF_RUNS,
    "sweep": f"all points of a sweep are one report, and {_OF_RUNS}",
    "job.chdir": "a run stays in the folder where it was typed, from which all paths are read; leave it out",
    "job.env_set": "set environment variables before the command, as in NAME=VALUE exhibit report ...",
    "job.env_copy": "set environment variables before the command, as in NAME=VALUE exhibit report ...",
    "output_subdir": "a run keeps its config in config.yaml and overrides.txt; leave it out",
    "launcher": "who runs the stages is chosen by runner=threads, runner=dask, runner=ray or runner=inline",
    "sweeper": _SEARCH,
    "mode": "commas sweep in every mode; leave it out",
    "searchpath": "a folder of further options is given by --config-dir DIR",
    "verbose": _LOGS,
    "job_logging": _LOGS,
    "hydra_logging": _LOGS,
}
_OTHERS = "what Hydra does with it has no meaning for a report; leave it out"
# What Hydra writes there says how a config came about; it sets nothing.
_WRITTEN = frozenset({"runtime", "overrides", "searchpath", "job.override_dirname", "job.config_name", "job.name"})


def is_hydras(key: str) -> bool:
    """Whether a key, or a group, belongs to Hydra."""
    return key.replace("/", ".").partition(".")[0] == "hydra"


def refused(key: str, where: str) -> ConfigError:
    """That a setting of Hydra's cannot be used, and what to type instead. `where`: as what it was given."""
    inner = key.replace("/", ".").partition(".")[2]
    fits = [begin for begin in _INSTEAD if f"{inner}.".startswith(f"{begin}.")]
    return ConfigError(f"{where}: {_INSTEAD[max(fits, key=len)] if fits else _OTHERS}")


def require_untouched(settings: Any) -> None:
    """Raises ConfigError where a file of the user's sets something of Hydra's. `settings`: the node `hydra` of a
    composed config."""
    usual = OmegaConf.to_container(compose(None, return_hydra_config=True).hydra, resolve=False)
    given = OmegaConf.to_container(settings, resolve=False)
    assert isinstance(usual, dict)
    assert isinstance(given, dict)
    if key := _other(given, usual):
        raise refused(f"hydra.{key}", f"hydra.{key}, in a file of --config-dir")
    chosen, usually = (node["runtime"]["choices"] for node in (given, usual))
    for group in (name for name in usually if is_hydras(name) and chosen.get(name) != usually[name]):
        raise refused(group, f"{group}={chosen.get(group)}, in a file of --config-dir")


def _other(given: Mapping[Any, Any], usual: Mapping[Any, Any], path: str = "") -> str | None:
    """The first key with another value than usual."""
    for name in (*given, *(name for name in usual if name not in given)):
        inner, one, other = f"{path}{name}", given.get(name), usual.get(name)
        if inner in _WRITTEN or one == other:
            continue
        if not (isinstance(one, Mapping) and isinstance(other, Mapping)):
            return inner
        if found := _other(one, other, f"{inner}."):
            return found
    return None
