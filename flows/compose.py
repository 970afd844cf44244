"""Hydra: from overrides to plain resolved configs, one per point.

Each point is composed on its own. Hydra's own multirun first composes one config for all from the overrides that
do not vary, and so refuses `study=digits,solubility model.batch_size=16` when the primary config lacks the key.
"""

import copy
import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, Quote, QuotedString, Sweep
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, MissingMandatoryValue, OmegaConfBaseException
from yaml import YAMLError

from exhibit.flows.errors import ConfigError, every, unknown
from exhibit.flows.filed import FILED
from exhibit.flows.hydra_settings import is_hydras, refused, require_untouched
from exhibit.flows.lacking import lacking
from exhibit.flows.option_file import require_options
from exhibit.flows.unreadable import reads, unreadable
from exhibit.tasks.records.override import quoted
from exhibit.tasks.records.shown import listed

CONF = Path(__file__).parents[1] / "conf"
PRIMARY = "report"
_MOST_POINTS = 10_000

_Known = dict[tuple[str, ...], tuple[DictConfig, str]]  # composed config, and its study or data, by overrides


class Composed(NamedTuple):
    """One point: the overrides in which it differs from the others, the chosen study or data, the plain config."""

    varied: tuple[str, ...]
    subject: str
    config: dict[str, Any]

    @property
    def label(self) -> str:
        """A short name: the study or the data, and what else varies."""
        return self.named(self.subject)

    def named(self, name: str) -> str:
        """`name`, and what varies beside the study and the data."""
        others = [one for one in self.varied if not one.startswith(("study=", "data="))]
        return ", ".join([name, *map(_as_read, others)])

    @property
    def where(self) -> str:
        """How an error says which point it is about."""
        return point_name(self.varied)


class _PointOverrides(NamedTuple):
    """A point by its overrides: those that vary, those that Hydra composes, and single values that are set in what it
    composed. Points that differ in such values alone share the composition, which is most of the work."""

    varied: tuple[str, ...]
    composed: tuple[str, ...]
    values: tuple[str, ...]


def point_name(varied: Iterable[str]) -> str:
    """` (point study=iris)`, or nothing where there is only one point."""
    text = ", ".join(map(_as_read, varied))
    return f" (point {text})" if text else ""


def _as_read(override: str) -> str:
    """An override of one value for a reader: its texts without Hydra's quotes and escapes, unless they are something
    else without, as "1" is."""
    key, _, value = override.partition("=")
    if not set(value) & set("\\'\""):
        return override
    parser = OverridesParser.create()
    return f"{key}={_plainly(parser.parse_override(f'_={value}').value(), parser)}"


def _plainly(value: Any, parser: OverridesParser) -> str:
    match value:
        case str() | QuotedString():
            text = value if isinstance(value, str) else value.text
            return text if not reads(parser, f"_={text}") or _is_text(parser, text) else quoted(text)
        case list():
            return f"[{','.join(_plainly(one, parser) for one in value)}]"
        case dict():
            return f"{{{','.join(f'{key}:{_plainly(one, parser)}' for key, one in value.items())}}}"
        case _:
            return json.dumps(value)


def _is_text(parser: OverridesParser, text: str) -> bool:
    """Whether a value that can be read is a text as it stands."""
    return isinstance(parser.parse_override(f"_={text}").value(), str)


def compose_points(overrides: Sequence[str], config_dir: Path | None = None) -> list[Composed]:
    """One config for every combination of the values that are separated by commas.

    `config_dir`: a further folder of groups, searched after the project's own.

    Raises:
        ConfigError: with a line for every point that cannot be composed.
    """
    if config_dir and not config_dir.is_dir():
        raise ConfigError(f"--config-dir: there is no directory {config_dir}")
    with initialize_config_dir(str(CONF), job_name=PRIMARY, version_base="1.3"):
        known: _Known = {}
        return every(
            partial(_compose, combination, config_dir, known) for combination in _combinations(overrides, config_dir)
        )


def groups(config_dir: Path | None = None) -> dict[str, list[str]]:
    """The options of every group, from the project's folder and from `config_dir`."""
    folders = [CONF, *([config_dir] if config_dir else [])]
    names = {path.parent.name for folder in folders for path in folder.glob("*/*.yaml")} - FILED.keys()
    return {name: [file.stem for file in option_files(name, config_dir)] for name in sorted(names)}


def option_files(group: str, config_dir: Path | None = None) -> list[Path]:
    """The YAML files of a group, by name; the project's own come before a further folder's of the same name.

    Raises:
        ConfigError: for one of the further folder that cannot be read.
    """
    folders = [*([config_dir] if config_dir else []), CONF]
    files = {path.stem: path for folder in folders for path in (folder / group).glob("*.yaml")}
    if config_dir:
        for own in (file for file in files.values() if CONF not in file.parents):
            require_options(own)
    return [files[name] for name in sorted(files)]


def _combinations(overrides: Sequence[str], config_dir: Path | None) -> Iterator[_PointOverrides]:
    """Every combination of the values that are given. Of two overrides for the same key the last counts."""
    parsed = list({override.get_key_element(): override for override in _parse(overrides)}.values())
    choices = groups(config_dir)
    for override in parsed:
        _check(override, choices)
    swept = [override.is_sweep_override() for override in parsed]
    single = [_is_single(override, parsed, choices) for override in parsed]
    values = [_values(override) for override in parsed]
    if (count := math.prod(map(len, values))) > _MOST_POINTS:
        told = ", ".join(str(one.input_line) for one in itertools.compress(parsed, swept))
        raise ConfigError(f"{told}: at least {count:,} points; a report has {_MOST_POINTS:,} at most")
    for point in itertools.product(*values):
        whole = [one for one, alone in zip(point, single, strict=True) if not alone]
        yield _PointOverrides(
            tuple(itertools.compress(point, swept)),
            tuple(_quoted(one, choices) for one in whole),
            tuple(itertools.compress(point, single)),
        )


def _is_single(override: Override, parsed: Sequence[Override], choices: Mapping[str, list[str]]) -> bool:
    """Whether an override sweeps one value of the config, and no other override is about the same part of it."""
    key = str(override.key_or_group)
    others = {str(other.key_or_group) for other in parsed if other is not override} - choices.keys()
    apart = not any(f"{other}.".startswith(f"{key}.") or f"{key}.".startswith(f"{other}.") for other in others)
    return override.is_sweep_override() and override.type is OverrideType.CHANGE and "." in key and apart


def _parse(overrides: Sequence[str]) -> list[Override]:
    parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
    for override in overrides:
        if any("\ud800" <= sign <= "\udfff" for sign in override):  # how Python keeps bytes that are no UTF-8
            raise ConfigError(
                f"{ascii(override)[1:-1]}: it holds bytes that are no UTF-8; rename the file or the folder"
            )
    try:
        return list(parser.parse_overrides(list(overrides)))
    except OverrideParseException as error:
        raise ConfigError(unreadable(str(error.override), str(error), parser)) from error
    except RecursionError as error:
        deep = max(overrides, key=lambda one: one.count("[") + one.count("{") + one.count("("))
        raise ConfigError(f"{deep[:40]}...: brackets stand in brackets too often to be read") from error


def _check(override: Override, choices: Mapping[str, list[str]]) -> None:
    """What Hydra would find only after other complaints."""
    root = str(override.key_or_group).partition(".")[0].partition("@")[0]
    keys = {*choices, *map(str, OmegaConf.load(CONF / f"{PRIMARY}.yaml"))} - {"defaults"}
    if is_hydras(root):
        raise refused(str(override.key_or_group), str(override.input_line))
    if root in FILED:
        raise ConfigError(f"{override.input_line}: it belongs to the document; type document.{override.input_line}")
    if not (override.is_add() or root in keys):
        raise ConfigError(unknown(str(override.key_or_group), "key", root, keys))
    group = str(override.key_or_group).partition("@")[0]
    if group in choices and not override.is_delete():
        for value in [override.value()] if not override.is_sweep_override() else override.sweep_iterator():
            _check_option(group, value, choices[group])


def _check_option(group: str, value: Any, options: Sequence[str]) -> None:
    """A group is given an option, or several in brackets, by name; a sweep gives it as it is typed."""
    if value == [] and group not in _several():
        raise ConfigError(f"{group}=[]: the name of an option was expected; allowed: {listed(options)}")
    names = value if isinstance(value, list) else [value]
    named = str | QuotedString if isinstance(value, list) else str | QuotedString | int | float
    if wrong := [name for name in names if not isinstance(name, named)]:
        given = "null" if wrong[0] is None else str(wrong[0])
        raise ConfigError(f"{group}={given}: the name of an option was expected; allowed: {listed(options)}")


def _several() -> frozenset[str]:
    """The groups of which a report has as many options as somebody wants, and so none."""
    defaults = OmegaConf.to_container(OmegaConf.load(CONF / f"{PRIMARY}.yaml"))["defaults"]
    return frozenset(
        group for one in defaults if isinstance(one, dict) for group, name in one.items() if isinstance(name, list)
    )


def _values(override: Override) -> list[str]:
    """`key=value` for each value of an override."""
    if not override.is_sweep_override():
        return [str(override.input_line)]
    if not override.is_discrete_sweep():
        raise ConfigError(
            f"{override.input_line}: an interval holds no list of values to try, and nothing searches in it for the "
            "best; write the values with commas, choice() or range(), as in model.hidden=16,32"
        )
    if isinstance(sweep := override.value(), Sweep) and sweep.shuffle:
        raise ConfigError(f"{override.input_line}: a report has the same order each time; leave shuffle() out")
    key = override.get_key_element()
    try:
        values = [f"{key}={one}" for one in itertools.islice(override.sweep_string_iterator(), _MOST_POINTS + 1)]
    except ValueError as error:  # of a range without an end
        raise ConfigError(f"{override.input_line}: {error}") from error
    if not values:
        raise ConfigError(f"{override.input_line}: this stands for no value; nothing has such a name")
    if repeated := [value for value, count in Counter(values).items() if count > 1]:  # each costs time to be composed
        raise ConfigError(f"the same point is given more than once: {listed(repeated)}; type each value once")
    return values


def _quoted(override: str, choices: Mapping[str, list[str]]) -> str:
    """Hydra takes an option that is called `true` or `1` for a name only in quotes."""
    key, _, value = override.partition("=")
    bare = key in choices and value not in ("", "null") and value[0] not in "['\""
    return f"{key}='{value}'" if bare else override


def _search_path(folder: Path | None) -> list[str]:
    if folder is None:
        return []
    return [f"hydra.searchpath=[{QuotedString(f'file://{folder.resolve()}', Quote.double).with_quotes()}]"]


def _compose(combination: _PointOverrides, config_dir: Path | None, known: _Known) -> Composed:
    try:
        if combination.composed not in known:
            known[combination.composed] = _composed(combination.composed, config_dir)
        shared, subject = known[combination.composed]
        config = copy.deepcopy(shared)
        for override in _parse(combination.values):
            _set(config, str(override.key_or_group), override.value())
        if secret := _from_environment(OmegaConf.to_container(config, resolve=False)):
            raise ConfigError(
                f"{secret}: a value from the environment would be printed in the report and kept in its evidence; "
                "give it in paths or runner, which are not, or write it out"
            )
        try:
            plain: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
        except MissingMandatoryValue as error:
            raise ConfigError(lacking(config, point_name(combination.varied))) from error
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        raise ConfigError(_explain(error, point_name(combination.varied), config_dir)) from error
    return Composed(combination.varied, subject, plain)


def _composed(overrides: Sequence[str], config_dir: Path | None) -> tuple[DictConfig, str]:
    """What Hydra makes of overrides, and the study or the data that they choose."""
    config = _with_new_keys(overrides, config_dir)
    with open_dict(config):
        settings = config.pop("hydra")
    if config_dir is not None:
        require_untouched(settings)
    choices = settings.runtime.choices
    return config, str(choices.study or choices.data)


def _with_new_keys(overrides: Sequence[str], config_dir: Path | None) -> DictConfig:
    """What Hydra makes of overrides. A key of which only the last word is new is added: it may be of a mapping that
    takes any, as data.paths does, and of all others the validation says it."""
    try:
        return compose(PRIMARY, [*overrides, *_search_path(config_dir)], return_hydra_config=True)
    except ConfigCompositionException as error:
        lacking = error.__cause__
        if not isinstance(lacking, ConfigKeyError | ConfigAttributeError):
            raise
        key = str(lacking.full_key)
        about = {key, *([parent] if "." in (parent := key.rpartition(".")[0]) else [])}  # a.b.c=1, and a.b={c:1}
        added = tuple(f"++{one}" if one.partition("=")[0] in about else one for one in overrides)
        if added == tuple(overrides):
            raise
    return _with_new_keys(added, config_dir)


def _set(config: DictConfig, key: str, value: Any) -> None:
    """Sets one value of what is composed, as `_with_new_keys` does it."""
    try:
        OmegaConf.update(config, key, value, merge=True)
    except (ConfigKeyError, ConfigAttributeError) as error:
        if error.full_key != key:
            raise
        OmegaConf.update(config, key, value, merge=True, force_add=True)


def _from_environment(value: Any, path: str = "") -> str | None:
    """The path of the first value that is read from the environment, apart from those that no report holds."""
    if isinstance(value, str):
        return path if "oc.env" in value and path.partition(".")[0] not in ("paths", "runner") else None
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    secrets = (_from_environment(item, f"{path}.{key}" if path else str(key)) for key, item in pairs)
    return next(filter(None, secrets), None)


def _explain(error: BaseException, where: str, config_dir: Path | None) -> str:
    """Hydra's, OmegaConf's and YAML's exceptions as one sentence."""
    match error:
        case ConfigCompositionException(__cause__=OmegaConfBaseException() as cause):
            sentence = _explain(cause, where, config_dir)
        case MissingConfigException(missing_cfg_file=str(missing)):
            group, _, option = missing.rpartition("/")
            sentence = unknown(f"{group}={option}{where}", "option", option, groups(config_dir).get(group, ()))
        case ConfigKeyError() | ConfigAttributeError() if isinstance(parent := error.parent_node, DictConfig):
            key = str(error.full_key)
            sentence = unknown(f"{key}{where}", "key", key.rpartition(".")[2], map(str, parent))
        case OmegaConfBaseException(full_key=str(key)) if "Cannot merge DictConfig with ListConfig" in str(error):
            sentence = (
                f"{key}{where}: of a list in brackets and a mapping in braces, one stands there and the other was "
                "given; give what stands there, as [a,b] or [{a:b}] for a list"
            )
        case OmegaConfBaseException(full_key=str(key)):
            sentence = f"{key}{where}: {str(error).splitlines()[0]}"
        case _ if match := re.match(r"You must specify '(\w+)'", str(error)):
            sentence = _nothing_chosen(match[1] + where, groups(config_dir)[match[1]], groups(config_dir)["study"])
        case _:
            sentence = " ".join(str(error).split())
    return sentence


def _nothing_chosen(path: str, options: list[str], studies: list[str]) -> str:
    """What to type stands before the many names, which it would be lost behind."""
    first = f"{begin}; " if (begin := _TO_BEGIN.get(path.partition(" ")[0])) else ""
    return f"{path}: nothing is chosen; {first}allowed: {', '.join(options)}; or choose a study: {', '.join(studies)}"


_TO_BEGIN = {
    "data": "to begin with, table for a CSV file of your own: data=table data.path=FILE data.label=COLUMN",
    "model": "to begin with, mlp or random_forest, which are trained here; factory for a function of your own: "
    "model=factory model.factory=MODULE:NAME",
    "method": "to begin with, integrated_gradients for nets, tree_shap for trees, occlusion for most others: "
    "'method=[occlusion]'; exhibit check, with the same words, says which suit this model and these data",
}
