"""Every text that the document can say, as its code and templates hold it, and which of them a catalogue lacks.

python -m tests.language.messages              # how many texts each language lacks, by file
python -m tests.language.messages ja FILE...   # the missing ones of these files, as entries for a catalogue
"""

import ast
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from exhibit.tasks.catalogues import file_of, languages
from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.records.language import ENGLISH, OF_OPTION

ROOT = Path(__file__).parents[2]
ONE = {"tr": 0, "mark": 0, "say": 0}  # functions, and which argument is the text
TWO = {"trn": 0, "sayn": 0}  # of one and of many
SAID_IN = ("study", "data", "selection", "target")  # options of the configuration with words for pages, and which
WORDS = ("title", "source", "because", "note")
WORDS_OF_PROFILES = ("id", "title", "source", "version", "note")


_IN_WORDS = re.compile(r"[A-Za-z]{3,}")  # what is no number or letter of a clause


class Text(NamedTuple):
    """What gettext knows a text by."""

    one: str
    many: str = ""
    context: str = ""


@cache
def texts() -> dict[Text, list[str]]:
    """All of them, and where each stands, as path:line."""
    found = _of_options()
    for path in (*sorted((ROOT / "tasks").rglob("*.py")), *sorted((ROOT / "flows").rglob("*.py"))):
        for text, line in _of_python(path.read_text()):
            found.setdefault(text, []).append(f"{path.relative_to(ROOT)}:{line}")
    for path in sorted((ROOT / "templates").rglob("*.jinja")):
        for text, line in _of_template(path.read_text()):
            found.setdefault(text, []).append(f"{path.relative_to(ROOT)}:{line}")
    for check in CHECK_WORDS:
        found.setdefault(Text(check.replace("_", " "), context="check"), []).append("tasks/checks/__init__.py:1")
    for path in sorted((ROOT / "templates").glob("*.js")):
        for said in re.finditer(r'\btr\(("(?:[^"\\]|\\.)*")', path.read_text()):
            line = path.read_text()[: said.start()].count("\n") + 1
            found.setdefault(Text(ast.literal_eval(said[1])), []).append(f"{path.relative_to(ROOT)}:{line}")
    return found


def _of_options() -> dict[Text, list[str]]:
    """What options of the configuration say."""
    found: dict[Text, list[str]] = {}
    for folder in SAID_IN:
        for path in sorted((ROOT / "conf" / folder).glob("*.yaml")):
            for text in _of_config(yaml.safe_load(path.read_text()), WORDS):
                found.setdefault(text, []).append(f"{path.relative_to(ROOT)}:1")
    for path in sorted((ROOT / "conf" / "data").glob("*.yaml")):  # a chapter without a title is called as its data
        title = Text(path.stem.replace("_", " ").capitalize(), context=OF_OPTION)
        found.setdefault(title, []).append(f"{path.relative_to(ROOT)}:1")
    for path in sorted((ROOT / "conf" / "profile").glob("*.yaml")):
        for text in _of_config(yaml.safe_load(path.read_text()), WORDS_OF_PROFILES):
            found.setdefault(text, []).append(f"{path.relative_to(ROOT)}:1")
    return found


def _of_python(source: str) -> Iterator[tuple[Text, int]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            literal = [one.value if isinstance(one, ast.Constant) else None for one in node.args]
            if (text := _called(node.func.id, literal)) is not None:
                yield text, node.lineno


def _of_config(read: object, words: Collection[str]) -> Iterator[Text]:
    """What a page says of an option of the program, as `of_option` says it."""
    for key, value in read.items() if isinstance(read, dict) else ():
        if key in words and isinstance(value, str) and _IN_WORDS.search(value):
            yield Text(value, context=OF_OPTION)
        elif isinstance(value, dict | list):
            for part in [value] if isinstance(value, dict) else value:
                yield from _of_config(part, words)


def _of_template(source: str) -> Iterator[tuple[Text, int]]:
    for node in Environment(autoescape=True, trim_blocks=True).parse(source).find_all(nodes.Call):
        if isinstance(node.node, nodes.Name):
            literal = [one.value if isinstance(one, nodes.Const) else None for one in node.args]
            if (text := _called(node.node.name, literal)) is not None:
                yield text, node.lineno


def _called(name: str, given: list[object]) -> Text | None:
    """The text of a call of one of the functions that say something, if its arguments are written out."""
    match name, given:
        case (("tr" | "mark" | "say"), [str(text), *_]):
            return Text(text) if text else None
        case (("trn" | "sayn"), [str(one), str(many), *_]):
            return Text(one, many)
        case ("trp", [str(context), str(text), *_]) | ("mark_option" as context, [str(text)]):
            return Text(text, context=OF_OPTION if name == "mark_option" else context)
        case "noun", [str(one), str(many)]:
            return Text(f"{{number}} {one}", f"{{number}} {many}")
        case (("count" | "counted"), [_, str(one), *more]):
            many = more[0] if more and isinstance(more[0], str) else f"{one}s"
            return Text(f"{{number}} {one}", f"{{number}} {many}")
        case _:
            return None


def translated(language: str) -> dict[Text, tuple[str, ...]]:
    """What the catalogue of a language says for each text; nothing where there is none yet."""
    found: dict[Text, tuple[str, ...]] = {}
    if language not in languages():
        return found
    with file_of(language).open("rb") as file:
        catalogue = read_po(file, abort_invalid=True)
    for message in catalogue:
        if not message.id:
            continue
        one, many = message.id if isinstance(message.id, tuple) else (message.id, "")
        said = message.string if isinstance(message.string, tuple | list) else (message.string,)
        found[Text(one, many, message.context or "")] = tuple(map(str, said))
    return found


def missing(language: str, known: Mapping[Text, list[str]] | None = None) -> dict[Text, list[str]]:
    """The texts that a language has no words for, and where they stand."""
    there = {text for text, said in translated(language).items() if all(said)}
    return {text: places for text, places in (texts() if known is None else known).items() if text not in there}


def entry(text: Text, places: list[str]) -> str:
    """As a catalogue holds it, still without words."""
    quoted = [f"#: {' '.join(places[:3])}"]
    quoted += [f"msgctxt {_quoted(text.context)}"] if text.context else []
    quoted += [f"msgid {_quoted(text.one)}"]
    quoted += [f"msgid_plural {_quoted(text.many)}", 'msgstr[0] ""'] if text.many else ['msgstr ""']
    return "\n".join(quoted) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _print(lines: list[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case [str(asked), *files]:
            wanted = missing(asked)
            _print(
                [
                    entry(text, places)
                    for text, places in wanted.items()
                    if not files or any(place.partition(":")[0] in files for place in places)
                ]
            )
        case _:
            all_of_them = texts()
            _print([f"{len(all_of_them)} texts"])
            for language in languages():
                if language != ENGLISH:
                    _print([f"{language}: {len(missing(language, all_of_them))} missing"])
