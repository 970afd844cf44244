"""What is said of an override that Hydra's grammar does not take: what to type instead, where that is known."""

import json
import re

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, OverrideParseException

from exhibit.tasks.records.override import in_shell, key_word, quoted

# A text in quotes, or what stands between the signs of lists and dictionaries.
_WORD = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s\[\]{},:'"](?:[^\[\]{},:'"]*[^\s\[\]{},:'"])?""")
# What is named in braces, with or without quotes: `{`, the name and `:`.
_NAME = re.compile(r"""([{,]\s*)('[^']*'|"[^"]*"|[^\[\]{},:'"]+?)(\s*:)""")
_LIKE_A_CALL = re.compile(r"\w+\s*\(.*\)")
_PREFIX = re.compile(r"^\w+ while evaluating '.*': ")
_CALL = re.compile(r"(choice|range|interval|glob|sort|shuffle|tag|int|float|str|bool|json_str|extend_list)\s*\(")


def unreadable(override: str, problem: str, parser: OverridesParser) -> str:
    """A sentence on an override that Hydra's grammar does not take, with what to type instead where that is known."""
    key, is_given, value = override.partition("=")
    lines = [line for line in problem.splitlines() if not line.startswith("Error parsing")]
    if not is_given:
        return f"{override}: cannot be read as key=value; there is no = in it"
    if re.search("://.*@", value):
        return (
            f"{key}: its value cannot be read, and is not repeated here, as it may hold a password; give a URL without "
            "one, and credentials in the environment"
        )
    braces, keyed = value[:1] == "{", reads(parser, f"{key}=1")
    if keyed:
        parts = [] if _LIKE_A_CALL.fullmatch(value) else [_in_quotes(value, parser), _each_in_quotes(value, parser)]
        whole = [] if value[:1] in ("[", "{") else [quoted(value)]
        candidates = [f"{key}={text}" for text in (*parts, *whole)]
    else:  # a.b c=1 is a={b c: 1}
        outer, _, last = key.rpartition(".")
        word = key_word(last.strip("\"'"))
        candidates = [f"{outer}={{{word}:{text}}}" for text in (value, quoted(value))] if outer and word else []
    for candidate in candidates:
        if not _CALL.match(value) and reads(parser, candidate):
            mapped = not keyed or '":' in value or "':" in value or braces
            how = "such names are typed as" if mapped else "a text with such signs stands in quotes"
            return f"{override}: cannot be read; {how}: {in_shell(candidate)}"
    if not keyed:
        said = f"its key cannot be read, which is made of ASCII letters, digits, _ and points{_as_file(key, value)}"
    elif braces and not all(_named(name[1], parser) for name in _NAME.findall(value)):
        said = f"a name in braces is made of ASCII letters, digits, spaces and a few signs{_as_file(key, value)}"
    else:
        why = _PREFIX.sub("", lines[0]) if lines and "Lexer" not in lines[0] else "a sign in it has no meaning there"
        said = f"its value cannot be read ({why})"
    return f"{override}: {said}"


def _as_file(key: str, value: str) -> str:
    """Where something is written that the command line has no form for, and what to write there."""
    if not re.match(r"[A-Za-z_]\w*\.", key):
        return ""
    named = _NAME.sub(lambda name: f"{name[1]}{json.dumps(name[2].strip(_QUOTES), ensure_ascii=False)}: ", value)
    try:
        node = yaml.safe_load(named if value[:1] == "{" else value)
    except yaml.YAMLError:
        node = value
    for name in reversed(key.split(".")):
        node = {name.strip(_QUOTES): node}
    line = yaml.safe_dump(node, default_flow_style=True, allow_unicode=True, width=float("inf")).strip()
    return (
        "; what has another name is given in a file: write the two lines `# @package _global_` and "
        f"`{line}` into DIR/study/NAME.yaml, and type --config-dir DIR study=NAME"
    )


_QUOTES = "\"'"


def _in_quotes(value: str, parser: OverridesParser) -> str:
    """A value with what the grammar does not take in quotes, and names in braces with escapes."""
    named = value
    if value[:1] in ("{", "[") and "{" in value:
        named = _NAME.sub(lambda name: f"{name[1]}{_named(name[2], parser) or name[2]}{name[3]}", value)
    return _WORD.sub(lambda word: word[0] if reads(parser, f"_={word[0]}") else quoted(word[0]), named)


def _each_in_quotes(value: str, parser: OverridesParser) -> str:
    """A list with every item in quotes that cannot be read as it is."""
    if not (value[:1] == "[" and value[-1:] == "]"):
        return value
    items = [item.strip() for item in value[1:-1].split(",")]
    return f"[{','.join(item if reads(parser, f'_={item}') else quoted(item) for item in items)}]"


def _named(name: str, parser: OverridesParser) -> str | None:
    """A name in braces as the grammar takes it; None where it takes no such name."""
    return name if reads(parser, f"_={{{name}:1}}") else key_word(name.strip("\"'"))


def reads(parser: OverridesParser, override: str) -> bool:
    try:
        parser.parse_override(override)
    except (OverrideParseException, HydraException):
        return False
    return True
