"""`exhibit new`: a working folder of one's own, from the templates of a framework and of a kind of data."""

import json
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from exhibit.flows.compose import CONF
from exhibit.flows.errors import ConfigError, unknown
from exhibit.flows.kinds import KINDS
from exhibit.tasks.protocols import Capability
from exhibit.tasks.records.shown import escaped

_TEMPLATES = Path(__file__).parents[1] / "templates" / "new"
_MODEL, _ENDING = "own_model_", ".jinja"
_FRAMEWORKS: dict[str, Capability] = {"torch": "gradients", "keras": "gradients", "sklearn": "trees"}
# Where templates are the same whatever the data, and where in the folder they go.
_ANY = {
    "any/README.md": "README.md",
    "any/model.yaml": "conf/model/own.yaml",
    "any/study.yaml": "conf/study/own.yaml",
}


def offered() -> dict[str, list[str]]:
    """The frameworks that there are templates for, by kind of data."""
    found = {kind: sorted(_TEMPLATES.glob(f"{kind}/{_MODEL}*")) for kind in KINDS}
    return {
        kind: [path.name.removeprefix(_MODEL).partition(".")[0] for path in paths]
        for kind, paths in found.items()
        if paths
    }


def new(folder: Path, framework: str, kind: str) -> list[str]:
    """Writes the folder; the names of its files.

    Raises:
        ConfigError: for a folder that is there, and for what there is no template of.
    """
    known = offered()
    if kind not in known:
        raise ConfigError(unknown(f"--kind {kind}", "kind", kind, known))
    if framework not in _FRAMEWORKS:
        raise ConfigError(unknown(f"--framework {framework}", "framework", framework, _FRAMEWORKS))
    if framework not in known[kind]:
        raise ConfigError(
            f"--framework {framework}: there is no example of a {kind} model in it; allowed: {', '.join(known[kind])}"
        )
    if "${" in folder.name or escaped(folder.name) != folder.name:
        raise ConfigError(
            f"{escaped(str(folder))}: the name has a sign that cannot stand in the files of the folder; give another"
        )
    if folder.exists() or folder.is_symlink():
        raise ConfigError(f"{folder}: it is there already; give a name that is not")
    written = dict(_written(folder.name, framework, kind))
    try:
        for name, text in written.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{folder}: it cannot be written ({error.strerror})") from error
    return list(written)


def _written(title: str, framework: str, kind: str) -> Iterator[tuple[str, str]]:
    """Each file of the folder, and what stands in it."""
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    own = sorted(path.name.removesuffix(_ENDING) for path in (_TEMPLATES / kind).glob(f"*{_ENDING}"))
    data = [name for name in own if not name.startswith(_MODEL) and name != "data.yaml"]
    places = {f"{kind}/{name}": name for name in data}
    places |= {f"{kind}/{_MODEL}{framework}.py": "own_model.py", f"{kind}/data.yaml": "conf/data/own.yaml"}
    methods = KINDS[kind].methods
    facts = {
        "title": title,
        "quoted": json.dumps(title, ensure_ascii=False),
        "framework": framework,
        "data": data,
        "method": methods.get(_FRAMEWORKS[framework], methods.get("predictions")),
        "checks": ", ".join(KINDS[kind].checks),
        "files": ", ".join(name for name in data if not name.endswith(".py")),
    }
    yield "card.yaml", (CONF / "card" / "template.yaml").read_text(encoding="utf-8")
    for template, place in (_ANY | places).items():
        yield place, templates.get_template(f"{template}{_ENDING}").render(facts)
