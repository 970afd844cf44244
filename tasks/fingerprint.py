"""What a result depends on beside its inputs: the project's own code that it uses, and the libraries.

The code of a module is the digest of its syntax tree without comments and docstrings, so that a reworded
comment recomputes nothing and a changed formula recomputes what uses it. Where code reads docstrings, they count.
"""

import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from exhibit.tasks.distributions import versions
from exhibit.tasks.sources import Import, facts, source_digest

PROJECT = "exhibit"
ROOT = Path(__file__).parents[2]  # holds the package: not resolved, since its folders are links


class _Module(NamedTuple):
    """What is read from one source file: its text, and its digest without docstrings; whether it reads any, the names
    that it imports in order of appearance, and digests of the files beside it that it names."""

    source: str
    digest: str
    reads_docstrings: bool
    project: tuple[str, ...]
    libraries: frozenset[str]
    files: Mapping[str, str]


def fingerprint(modules: Iterable[str], root: Path = ROOT) -> dict[str, dict[str, str]]:
    """What results of the project's `modules` depend on: `{"libraries": {name: version}, "source": {module: digest}}`.

    Followed are imports of other project modules, those inside functions too, but not those for type checkers. A
    package's own file counts only where names are imported from it: `exhibit.tasks.models.zoo.mlp` depends on that one
    module, not on the union of all models in `exhibit.tasks.models`. A file that lies beside a module and is named in
    it, such as a list of classes, counts as well. Libraries are those that the modules import themselves.

    Raises:
        ModuleNotFoundError: for a project module that is not below `root`.
    """
    closure = _closure(modules, root)
    libraries = {name for module in closure.values() for name in module.libraries}
    # Whose docstring is read cannot be seen, so all of them count.
    documented = any(module.reads_docstrings for module in closure.values())
    source = {
        name: source_digest(module.source, docstrings=True) if documented else module.digest
        for name, module in closure.items()
    }
    files = {name: digest for module in closure.values() for name, digest in module.files.items()}
    installed = {name: number for library in libraries for name, number in versions(library).items()}
    return {"libraries": dict(sorted(installed.items())), "source": dict(sorted((source | files).items()))}


def project_imports(imports: Iterable[Import], package: str) -> list[str]:
    """The project's modules among what a module in `package` imports."""
    return [module for module in _imported(imports, package, ROOT) if _top(module) == PROJECT]


def edited(source: Iterable[str]) -> list[Path]:
    """Which files of what `fingerprint` gave as "source" have changed since the program began.

    Code that was loaded before such a change is not what the file holds now, and code that is loaded after it is not
    what the file held: in neither case does a key that was made from the file say what runs.
    """
    paths = (_path(name) for name in source)
    return sorted({path for path in paths if path is not None and _AT_START.get(path) != _signature(path)})


def _path(name: str) -> Path | None:
    """The file of a module, or of what it names in its folder, in the program; None for code of the user's own."""
    module, _, beside = name.partition("/")
    if _top(module) != PROJECT:
        return None
    return ROOT.joinpath(*module.split("."), beside) if beside else _find(module, ROOT)


def _signature(path: Path) -> tuple[int, int, int] | None:
    """What tells an edited file from the one before, without reading it; None where there is none."""
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino


_AT_START = {path: _signature(path) for path in (ROOT / PROJECT / "tasks").rglob("*") if path.is_file()}


def _closure(modules: Iterable[str], root: Path) -> dict[str, _Module]:
    closure: dict[str, _Module] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in closure:
            closure[name] = _read(_file(name, root), name, root)
            waiting.extend(closure[name].project)
    return closure


@cache
def _read(path: Path, name: str, root: Path) -> _Module:
    # Read once per process; `edited` says where what was read may not be what runs.
    source = path.read_text(encoding="utf-8")
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = facts(source, path)
    imported = list(_imported(found.imports, package, root))
    project = tuple(module for module in imported if _top(module) == PROJECT)
    libraries = frozenset(_top(module) for module in imported) - {PROJECT} - sys.stdlib_module_names
    return _Module(
        source=source,
        digest=found.digest,
        reads_docstrings=found.reads_docstrings,
        project=project,
        libraries=libraries,
        files=files_named(found.words, path.parent, package),
    )


def files_named(words: Set[str], folder: Path, package: str) -> dict[str, str]:
    """Digests of the files in `folder`, other modules aside, whose names are among the `words` of a source."""
    beside = {path.name: path for path in folder.iterdir() if path.suffix != ".py" and path.is_file()}
    return {f"{package}/{name}": content(path) for name, path in beside.items() if name in words}


def content(path: Path) -> str:
    """The sha256 of a file, read again where anything about the file is another: `cp -p` keeps size and time.

    Raises:
        OSError: where it cannot be read.
    """
    state = path.stat()
    return _digest(path, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)


@lru_cache(maxsize=1 << 16)  # a folder of pictures
def _digest(path: Path, *_: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file(module: str, root: Path) -> Path:
    path = _find(module, root)
    if path is None:
        raise ModuleNotFoundError(f"there is no module {module} below {root}", name=module)
    return path


@cache
def _find(module: str, root: Path) -> Path | None:
    base = root.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _imported(imports: Iterable[Import], package: str, root: Path) -> Iterator[str]:
    """Absolute names of the modules that are imported: `from a import b` uses the module `a.b` where there is one, and
    else the name `b` of `a`."""
    for level, origin, names in imports:
        above = package.split(".")[: len(package.split(".")) - level + 1] if level else []
        module = ".".join([*above, *([origin] if origin else [])])
        if _top(module) != PROJECT or not names:
            yield module
            continue
        for name in names:
            submodule = f"{module}.{name}"
            yield submodule if _find(submodule, root) else module


def _top(module: str) -> str:
    return module.partition(".")[0]
