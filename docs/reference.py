"""The pages that are made of the program when the site is built: every setting, every file that programs read, and the
reports that `make docs` has made. Nothing is written down twice: a page says what the specs and the records say."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from exhibit.flows.compose import option_files
from exhibit.flows.config import Point, Report
from exhibit.tasks.document import planted
from exhibit.tasks.evidence.schema import SCHEMAS

TUTORIAL = Path(__file__).parent / "examples" / "tutorial.ipynb"
SAMPLES = Path(__file__).parents[1] / "build" / "samples"  # runs, as `make docs` leaves them

Schema = Mapping[str, Any]
_OWN = {"label", "title", "points"}  # keys of the report itself: a page each would be a page of one line
_BOUNDS = {
    "minimum": "≥\u00a0{}",
    "exclusiveMinimum": ">\u00a0{}",
    "maximum": "≤\u00a0{}",
    "exclusiveMaximum": "<\u00a0{}",
    "minItems": "at least\u00a0{}",
    "pattern": "form `{}`",
}
_TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}
_LINK = re.compile(r"\[\w+\]\(#\w+\)")  # to a record on the same page
_TEXTS = {"path": "path", "date-time": "date and time"}


class Setting(NamedTuple):
    """A key of a spec or of a file: its path, what it may be, what it is where nothing is said, and what it means."""

    key: str
    kind: str
    default: str
    description: str


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are made here."""
    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    for run in samples():
        for name in ("report.html", "report.pdf"):
            files.append(File.generated(config, f"samples/{run.name}/{name}", abs_src_path=str(run / name)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """The matrix of what the checks can see, where a page asks for it."""
    return markdown.replace(_PLANTED, planted_tables()) if page.file.src_uri == "definitions.md" else markdown


_PLANTED = "<!-- planted -->"


def planted_tables() -> str:
    """One table for each kind of data: in how many seeds a check fails what is planted."""
    parts = []
    for kind in planted.measured()["kinds"]:
        table = planted.table(kind, kind, planted.checks(kind))
        assert table is not None, "it was measured"
        head = [column.title for column in table.columns]
        lines = [head, ["---"] * len(head), *table.rows]
        rows = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        parts.append(f"#### {kind.capitalize()}\n\n{rows}")
    return "\n\n".join(parts)


def pages() -> dict[str, str]:
    """Every generated page by its path in the site."""
    groups = {name: field for kind in (Point, Report) for name, field in kind.model_fields.items() if name not in _OWN}
    found = {f"reference/{name}.md": group_page(name, field) for name, field in groups.items()}
    found["reference/index.md"] = index_page(groups)
    found |= {f"evidence/{name}.md": file_page(name, record) for name, record in SCHEMAS.items()}
    return found | {"samples.md": samples_page(), "guide/tutorial.md": notebook_page(TUTORIAL)}


def notebook_page(notebook: Path) -> str:
    """The cells of a notebook, which the suite runs, as a page."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    parts = {"markdown": "{}", "code": "```python\n{}\n```"}
    text = [parts[cell["cell_type"]].format("".join(cell["source"])) for cell in cells]
    return "\n\n".join([*text, f"These cells are a notebook: [{notebook.name}](../examples/{notebook.name}).", ""])


# --- settings ---------------------------------------------------------------------------------------------


def index_page(groups: Mapping[str, FieldInfo]) -> str:
    """All groups with their options."""
    rows = [
        f"| [`{name}`]({name}.md) | {field.description} | {_named(option_files(name))} |"
        for name, field in groups.items()
    ]
    studies = [f"| `{file.stem}` | {_first_comment(file)} |" for file in option_files("study")]
    return "\n".join(
        [
            "# Settings",
            "",
            "A config is one choice from each group, `group=option`; each value of it can be changed by its path, "
            "`group.key=value`. `method`, `check` and `behaviour` take several options at once, `'method=[a,b]'`, and "
            "the values of one are `method.LABEL.key`. These pages are made from the program when the site is built.",
            "",
            *("| group | what it decides | options |", "|---|---|---|", *rows, ""),
            "`title` is the title of the chapter; without one it is named after the study or the data.",
            "",
            "## Studies",
            "",
            "A study is a preset of the groups of a point: `data` to `drawing` above.",
            "",
            *("| study | what it explains |", "|---|---|", *studies, ""),
        ]
    )


def group_page(name: str, field: FieldInfo) -> str:
    """The kinds of a group with their settings, and its options as they are written."""
    kinds = list(specs(field.annotation))
    text = [f"# {name}", "", f"{_sentence(field.description or '')}", ""]
    for kind in kinds:
        if len(kinds) > 1:
            text += [f"## {kind.model_fields['kind'].default}", ""]
        text += [*_docstring(kind), "", *table(settings(kind)), ""]
    options = option_files(name)
    if options:
        text += ["## Options", "", f"Files in `conf/{name}`, chosen by `{name}=OPTION`.", ""]
    for file in options:
        text += [f'??? quote "{file.stem}"', "    ```yaml", *_indented(file.read_text(encoding="utf-8")), "    ```", ""]
    return "\n".join(text)


def specs(annotation: Any) -> Iterator[type[BaseModel]]:
    """The specs that a field may hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from specs(part)


def settings(kind: type[BaseModel]) -> list[Setting]:
    """Every key of a spec, those of the specs in it among them."""
    schema = kind.model_json_schema()
    found = _settings(schema, schema.get("$defs", {}), "")
    return [
        one._replace(kind=_LINK.sub("keys below", one.kind), description=one.description or _inherited(kind, one.key))
        for one in found
    ]


def _settings(schema: Schema, known: Mapping[str, Schema], prefix: str) -> list[Setting]:
    found = []
    for name, field in schema["properties"].items():
        if name == "kind" and "const" in field:  # the heading says it
            continue
        found.append(_setting(f"{prefix}{name}", field, name in schema.get("required", ()), known))
        for within, inner in _inner(field, known):
            found += _settings(inner, known, f"{prefix}{name}.{within}")
    return found


def _setting(key: str, field: Schema, needed: bool, known: Mapping[str, Schema]) -> Setting:
    default = field.get("default")
    text = "needed" if needed else "see below" if isinstance(default, dict) and default else f"`{json.dumps(default)}`"
    if "default" not in field and not needed:
        text = "none"
    return Setting(key, kind_of(field, known), text, field.get("description", ""))


def _inner(field: Schema, known: Mapping[str, Schema]) -> Iterator[tuple[str, Schema]]:
    """The specs that a key holds itself, or may hold: `NAME.` before those that it holds by name."""
    if "$ref" in field and "properties" in (target := _target(field, known)):
        yield "", target
    for part in field.get("anyOf", ()):
        yield from _inner(part, known)
    if isinstance(values := field.get("additionalProperties"), dict):
        yield from ((f"NAME.{within}", target) for within, target in _inner(values, known))


def _inherited(kind: type[BaseModel], key: str) -> str:
    """What a spec above says of a key whose default alone is another here."""
    found = (parent.model_fields.get(key) for parent in kind.__mro__ if issubclass(parent, BaseModel))
    return next((field.description for field in found if field is not None and field.description), "")


def kind_of(field: Schema, known: Mapping[str, Schema]) -> str:
    """What a key may be, in words, with its bounds."""
    match field:
        case {"anyOf": parts} | {"oneOf": parts}:
            text = " or ".join(dict.fromkeys(kind_of(part, known) for part in parts))
        case {"$ref": _} if "properties" in (target := _target(field, known)):
            text = f"[{target['title']}](#{target['title'].lower()})"
        case {"$ref": _}:
            text = kind_of(_target(field, known), known)
        case {"const": value}:
            text = f"`{value}`"
        case {"enum": values}:
            text = " or ".join(f"`{value}`" for value in values)
        case {"type": "null"}:
            text = "`null`"
        case {"type": "array", "prefixItems": items}:
            text = f"[{', '.join(kind_of(item, known) for item in items)}]"
        case {"type": "array"}:
            text = f"list of {kind_of(field.get('items', {}), known)}{_bounds(field)}"
        case {"type": "object"}:
            inner = field.get("additionalProperties")
            text = f"{kind_of(inner, known) if isinstance(inner, dict) else 'anything'} by name"
        case {"type": str(name)}:
            text = _TEXTS.get(field.get("format", ""), _TYPES[name]) + _bounds(field)
        case _:
            text = "anything"
    return text


def _bounds(field: Schema) -> str:
    said = [form.format(field[name]) for name, form in _BOUNDS.items() if name in field]
    return f", {', '.join(said)}" if said else ""


def _target(field: Schema, known: Mapping[str, Schema]) -> Schema:
    return known[field["$ref"].rpartition("/")[2]]


# --- files ------------------------------------------------------------------------------------------------


def file_page(name: str, record: type[BaseModel]) -> str:
    """The records of a file that programs read, from its JSON schema."""
    schema = record.model_json_schema()
    known = schema.get("$defs", {})
    text = [f"# {name}.json", "", schema["description"], ""]
    text += [f"The schema is `tasks/evidence/schemas/{name}.schema.json`.", "", *table(_fields(schema, known)), ""]
    for title, part in known.items():
        if "properties" in part:
            text += [f"## {title}", "", part["description"], "", *table(_fields(part, known)), ""]
    return "\n".join(text)


def _fields(schema: Schema, known: Mapping[str, Schema]) -> list[Setting]:
    needed = schema.get("required", ())
    return [_setting(name, field, name in needed, known) for name, field in schema["properties"].items()]


# --- samples ----------------------------------------------------------------------------------------------


def samples() -> list[Path]:
    """Runs that are finished, the oldest first."""
    return sorted(manifest.parent for manifest in SAMPLES.glob("*/manifest.json"))


def samples_page() -> str:
    """Reports to open."""
    text = ["# Sample reports", ""]
    for run in samples():
        title = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["title"]
        text += [f"- **{title}**: [HTML](samples/{run.name}/report.html), [PDF](samples/{run.name}/report.pdf)"]
    if not samples():
        text += ["This copy of the site was built without reports; `make docs` makes them first."]
    return "\n".join([*text, "", _MORE, ""])


_MORE = (
    "Each study makes another: `exhibit report study=digits` and so on; `exhibit studies` lists them. "
    "`make docs SAMPLES=iris,digits,solubility` puts these here."
)


# --- pieces of a page -------------------------------------------------------------------------------------


def table(rows: list[Setting]) -> list[str]:
    """A table of Markdown."""
    head = ["| key | type | default | meaning |", "|---|---|---|---|"]
    return [*head, *(f"| {' | '.join(_cell(cell) for cell in (f'`{row.key}`', *row[1:]))} |" for row in rows)]


def _cell(text: str) -> str:
    return _outside_code(text.replace("\n", " "), {"|": "&#124;", "<": "&lt;"})


def _docstring(kind: type[BaseModel]) -> list[str]:
    return [_escaped(line.strip()) for line in (kind.__doc__ or "").splitlines()]


def _escaped(line: str) -> str:
    """A star is no emphasis and a bar no table."""
    return _outside_code(line, {"*": "\\*", "|": "&#124;"})


def _outside_code(text: str, replaced: Mapping[str, str]) -> str:
    """With the marks of Markdown replaced, but for those in code, which stand for themselves."""
    parts = text.split("`")
    parts[::2] = [part.translate(str.maketrans(dict(replaced))) for part in parts[::2]]
    return "`".join(parts)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _named(files: list[Path]) -> str:
    return ", ".join(f"`{file.stem}`" for file in files)


def _first_comment(file: Path) -> str:
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((line[2:] for line in lines if line.startswith("# ") and "@package" not in line), "")


def _indented(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()]
