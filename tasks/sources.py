"""What the text of a module says of itself: its digest without comments and docstrings, what it imports, its words.

To read a syntax tree takes longer than to run many a report that is stored, so what was read is kept beside the
bytecode of the module, under a seal over the text, over what was read from it, and over the code that reads.
"""

import ast
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from importlib.util import cache_from_source
from pathlib import Path
from threading import Lock, get_ident
from typing import Any, NamedTuple

# Python 3.11 counts the depth of trees for all threads together, and gives up when two parse at once: those here take
# turns, and where a library parses meanwhile, as numpy does with the head of every array, we try again.
_parsing, _TRIES = Lock(), 100
_DOCSTRING = ("__doc__", "getdoc")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_READER = f"{sys.version}\n{Path(__file__).read_text(encoding='utf-8')}"


class Import(NamedTuple):
    """One statement: `from` so many levels up `origin` import `names`; an absolute `import` has no names."""

    level: int
    origin: str
    names: tuple[str, ...]


class Facts(NamedTuple):
    """What is read from the text of one module, wherever it lies: its digest without docstrings; whether it reads any;
    what it imports, in order of appearance; all its strings."""

    digest: str
    reads_docstrings: bool
    imports: tuple[Import, ...]
    words: frozenset[str]


def facts(source: str, path: Path) -> Facts:
    """Of a module of the project, which lies at `path`: read from its text, or from what was kept of the same text."""
    kept = Path(cache_from_source(path)).with_suffix(".facts")
    with suppress(OSError, ValueError):  # nothing is kept yet, or not as text
        seal, _, body = kept.read_text(encoding="utf-8").partition("\n")
        if seal == _seal(source, body):
            return _from_json(body)
    found = facts_of(source)
    if not sys.dont_write_bytecode:
        body = json.dumps([found.digest, found.reads_docstrings, found.imports, sorted(found.words)])
        _keep(kept, f"{_seal(source, body)}\n{body}")
    return found


def facts_of(source: str) -> Facts:
    """Of any text."""
    tree = parsed(source)
    return Facts(
        digest=_digest_of(tree, docstrings=False),
        # Most files do not even name one: to look through their trees would take as long as to parse them.
        reads_docstrings=any(word in source for word in _DOCSTRING) and reads_docstrings(tree),
        imports=tuple(_imports(tree.body)),
        words=frozenset(
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ),
    )


def _from_json(body: str) -> Facts:
    digest, reads, imports, words = json.loads(body)
    return Facts(digest, reads, tuple(Import(level, origin, tuple(names)) for level, origin, names in imports),
                 frozenset(words))  # fmt: skip


def _seal(source: str, body: str) -> str:
    """Over the lengths as well, so that nothing of one can pass for a part of another."""
    whole = f"{len(_READER)} {len(source)} {len(body)}\n{_READER}{source}{body}"
    return hashlib.sha256(whole.encode(errors="surrogatepass")).hexdigest()


def _keep(path: Path, text: str) -> None:
    """At once or not at all, where the folder can be written to, as Python does with bytecode."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{get_ident()}")
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@lru_cache(maxsize=1024)  # every stage asks for the user's own
def source_digest(source: str, *, docstrings: bool = False) -> str:
    """The sha256 of the syntax tree of Python source, without comments and layout, and without `docstrings` or with."""
    return _digest_of(parsed(source), docstrings)


def _digest_of(tree: ast.Module, docstrings: bool) -> str:
    parts: list[str] = []
    _write(tree, parts.append, docstrings)
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def reads_docstrings(tree: ast.AST) -> bool:
    """Whether code does anything with a docstring but hand it on as another one."""
    match tree:
        case ast.Assign(targets=[ast.Name(id="__doc__") | ast.Attribute(attr="__doc__")], value=ast.Attribute()):
            return False
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in _DOCSTRING:
            return True
        case ast.Call(args=[_, ast.Constant(value="__doc__"), *_]) | ast.Subscript(slice=ast.Constant(value="__doc__")):
            return True
        case _:
            return any(reads_docstrings(child) for child in ast.iter_child_nodes(tree))


def parsed(source: str) -> ast.Module:
    """The syntax tree, from any thread."""
    for _ in range(_TRIES):
        with _parsing, suppress(SystemError):
            return ast.parse(source)
    return ast.parse(source)


def _imports(statements: Iterable[ast.AST]) -> Iterator[Import]:
    """What is imported anywhere in `statements`, but for type checkers."""
    for statement in statements:
        match statement:
            case ast.Import():
                yield from (Import(0, alias.name, ()) for alias in statement.names)
            case ast.ImportFrom():
                names = tuple(alias.name for alias in statement.names)
                yield Import(statement.level, statement.module or "", names)
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                yield from _imports(statement.orelse)
            case ast.stmt() | ast.excepthandler() | ast.match_case():
                for _, block in ast.iter_fields(statement):
                    yield from _imports(block) if isinstance(block, list) else ()
            case _:  # an expression imports nothing, and most of a tree are expressions
                pass


def _write(value: Any, write: Callable[[str], None], docstrings: bool) -> None:
    """A syntax tree as text. `ast.dump` would do, but it writes the same tree otherwise from Python 3.13 on."""
    if isinstance(value, ast.AST):
        write(f"{type(value).__name__}(")
        for name, item in ast.iter_fields(value):
            documented = name == "body" and isinstance(value, _DOCUMENTED) and not docstrings
            kept = _without_docstring(item) if documented else item
            if isinstance(kept, str | int):  # most are names: a call for each would take as long as all the rest
                write(f"{name}={kept!r}")
            elif kept is not None and kept != []:
                write(f"{name}=")
                _write(kept, write, docstrings)
        write(")")
    elif isinstance(value, list):
        for item in value:
            _write(item, write, docstrings)
            write(",")
    else:
        write(repr(value))


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
        case _:
            return body
