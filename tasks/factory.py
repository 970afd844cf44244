"""Functions from a user's own modules, as far as this machine trusts them.

The environment variable EXHIBIT_TRUSTED_MODULES says which: names of modules and packages with commas between. What an
installed package offers as an entry point is trusted as well: who owns the machine has installed it.
"""

import ast
import importlib
import importlib.metadata
import importlib.util
import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Set
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import Distribution
from itertools import dropwhile
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from exhibit.tasks.distributions import provided, versions
from exhibit.tasks.fingerprint import PROJECT, files_named, fingerprint, project_imports
from exhibit.tasks.held import content_of, held, in_memory, libraries_of
from exhibit.tasks.opened import forget, in_keys, note_named, note_variables, outdated
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.shown import said_by
from exhibit.tasks.sources import facts_of, parsed, source_digest
from exhibit.tasks.surroundings import own_settings, undisturbed

TRUSTED = "EXHIBIT_TRUSTED_MODULES"
GROUPS = ("exhibit.models", "exhibit.data", "exhibit.methods")  # of entry points


def offered(group: str) -> dict[str, str]:
    """What installed packages offer as entry points of a group: package.module:function by name."""
    return {entry.name: entry.value for entry in sorted(importlib.metadata.entry_points(group=group))}


def _resolved(group: str) -> Callable[[str], str]:
    """From the name of an entry point to the function that it stands for."""

    def resolve(factory: str) -> str:
        if ":" in factory or factory in (known := offered(group)):
            return factory if ":" in factory else known[factory]
        names = f"those of {group} are {', '.join(known)}" if known else f"none has an entry point of {group}"
        raise InputError(
            f"no installed package offers {factory!r}; {names}; a function of your own is package.module:function"
        )

    return resolve


def trusted(factory: str) -> str:
    """`factory`, if its module is one that this machine trusts; what a session of Python holds is its own.

    Raises:
        InputError: naming the variable and the module, if it is not.
    """
    module = factory.partition(":")[0]
    if in_memory(factory):
        return factory
    if not _allowed(module) and not any(factory in offered(group).values() for group in GROUPS):
        raise InputError(
            f"the module {module!r} is not trusted on this machine; to let it run, add its name to the environment "
            f"variable {TRUSTED}, which is {os.environ.get(TRUSTED, '')!r}"
        )
    return factory


Factory = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"), AfterValidator(trusted)]
_NAME = Field(pattern=r"^[A-Za-z_][\w.-]*(:[A-Za-z_]\w*)?$")
ModelFactory = Annotated[str, _NAME, AfterValidator(_resolved("exhibit.models")), AfterValidator(trusted)]
DataFactory = Annotated[str, _NAME, AfterValidator(_resolved("exhibit.data")), AfterValidator(trusted)]
MethodFactory = Annotated[str, _NAME, AfterValidator(_resolved("exhibit.methods")), AfterValidator(trusted)]


def load(factory: str, key: str) -> Callable[..., Any]:
    """The function `package.module:function`, which stands under `key` in a config.

    Raises:
        InputError: for a module that is not trusted or cannot be imported, or a function that is not in it.
    """
    if in_memory(factory):
        return held(factory)
    module, _, name = trusted(factory).partition(":")
    _refuse_two_of_a_name(module, key)
    try:
        with own_settings([factory]), undisturbed():
            found = importlib.import_module(module)
    except (ImportError, AttributeError) as error:
        raise InputError(
            f"{key}: {factory!r} cannot be imported ({error}); is it on PYTHONPATH? For a file in this folder type "
            "PYTHONPATH=. before the command"
        ) from error
    try:
        function = getattr(found, name)
    except AttributeError as error:
        raise InputError(
            f"{key}: there is no function {name!r} in {module!r}; name one as {key}={module}:FUNCTION"
        ) from error
    if not callable(function):
        raise InputError(f"{key}: {factory!r} is not a function; name one as {key}={module}:FUNCTION")
    code_of(factory)  # read as near to the import as can be: what is edited later is not what runs
    return function


def called(function: Callable[..., Any], arguments: Mapping[str, Any], where: str, given: str = "") -> Any:
    """What a function of the user's own gives.

    Raises:
        InputError: with what it raised, for that is theirs to mend; `where` begins it, and what it was `given` ends it.
    """
    try:
        with undisturbed():
            return function(**arguments)
    except InputError:
        raise
    except (Exception, SystemExit) as error:  # the user's own code fails in its own ways
        raise InputError(f"{where} failed with {said(error)}{given}") from error


def said(error: BaseException) -> str:
    """What somebody else's code failed with, and where, in a clause: in the user's own code where it came through
    that, else where it was raised."""
    frames = list(traceback.walk_tb(error.__traceback__))
    frame, line = next(
        ((one, at) for one, at in reversed(frames) if _of_user(one.f_globals.get("__name__", ""))), frames[-1]
    )
    message = _NOT_FITTING.sub(r"the weights do not fit \1:", said_by(error))[:_MOST_SAID]
    return (
        f"{type(error).__name__}{f': {message}' if message else ''} "
        f"(in {Path(frame.f_code.co_filename).name}, line {line})"
    )


_ADAPTERS = "exhibit.tasks.models."  # the modules that have a model of the user's own work
# What these compute with themselves, whatever the model is made of.
_TOOLS = {PROJECT, "numpy", "pandas"} | sys.stdlib_module_names


def came_through(error: BaseException) -> bool:
    """Whether an error is that of the user's own code: raised by it, or by a library that an adapter had work for it.
    What an adapter itself does wrong is our own fault."""
    way = _way(error)
    inside = dropwhile(lambda name: not name.startswith(_ADAPTERS), way)
    return of_a_model(error) and any(_of_user(name) or name.partition(".")[0] not in _TOOLS for name in inside)


def of_a_model(error: BaseException) -> bool:
    """Whether an error comes from the user's own code, from an adapter or from what that had work."""
    way = _way(error)
    last = next((name for name in reversed(way) if name.partition(".")[0] == PROJECT), "")
    return last.startswith(_ADAPTERS) or any(map(_of_user, way))


def _way(error: BaseException) -> list[str]:
    """The modules that an error came through, from where it was caught to where it was raised."""
    return [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]


def _of_user(module: str) -> bool:
    return module != "" and is_own(module)


_NOT_FITTING = re.compile(r"^Error\(s\) in loading state_dict for (\w+):")  # as torch begins a list
_MOST_SAID = 400  # letters of somebody else's message


def _refuse_two_of_a_name(module: str, key: str) -> None:
    """The user's folders are searched last, so that nothing of theirs is taken for a library: nor must a library be
    taken for what is theirs.

    Raises:
        InputError: for a module whose name another one has that is found before it.
    """
    top = module.partition(".")[0]
    pythonpath = os.environ.get("PYTHONPATH")
    # Absolute, as they stand in sys.path: else ./models is another place than models. An empty part is the current one.
    folders = [os.path.abspath(folder) for folder in pythonpath.split(os.pathsep)] if pythonpath else []  # noqa: PTH100
    own, first = PathFinder.find_spec(top, folders), importlib.util.find_spec(top)
    if own is not None and first is not None and own.origin != first.origin:
        raise InputError(
            f"{key}: the module {top!r} is at {_place(own)}, and another one of the same name, which is found "
            f"first, at {_place(first)}; rename yours"
        )


def _place(module: ModuleSpec) -> str:
    """Its file; the folder of a package that has no `__init__.py`."""
    return module.origin or ", ".join(module.submodule_search_locations or ())


# The text of each module of the user's own as it was first read, by whatever factory, since it was last forgotten.
_read: dict[str, str] = {}
_words: dict[str, Set[str]] = {}  # all strings of the code of a factory
_forgotten: list[str] = []  # whose code was imported anew in this process, each time


@cache  # until `reload_edited`: code that is edited while a stage runs is not the code that runs
def code_of(factory: str) -> Mapping[str, Mapping[str, str]]:
    """What a factory depends on, as `exhibit.tasks.fingerprint` says it: digests of its module, of the packages that it
    is in, of the modules of the user's own and of Exhibit that these import, and of the files in their folders that
    they name; and the versions of the libraries. A package that is installed in place (editable) is the user's own. Of
    an object of a session, which has no source, it is the digest of its content.

    What a module opens or imports under a name that is made when it runs is not in it; `exhibit.tasks.opened` notes it.

    Raises:
        InputError: for a module that is not trusted or not there.
    """
    found = _code_of(factory)
    for module in found["source"]:
        if module in _read and (path := _file(module)) is not None:
            in_keys(path)
    return found


def _code_of(factory: str) -> Mapping[str, Mapping[str, str]]:
    if in_memory(factory):
        known = {name: version for top in libraries_of(factory) for name, version in versions(top).items()}
        return {"libraries": dict(sorted(known.items())), "source": {factory: content_of(factory)}}
    module = trusted(factory).partition(":")[0]
    if _file(module) is None:
        raise InputError(
            f"{factory!r}: there is no source of a module {module!r}; is it on PYTHONPATH? For a file in this folder "
            "type PYTHONPATH=. before the command"
        )
    texts: dict[str, str] = {}
    words: set[str] = set()
    docstrings = False
    libraries: dict[str, str] = {}
    files: dict[str, str] = {}
    project: list[str] = []
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in texts or (path := _file(name)) is None:
            continue
        text = path.read_text(encoding="utf-8")
        _read.setdefault(name, text)
        texts[name], found = text, facts_of(text)
        docstrings |= found.reads_docstrings  # of which module cannot be seen
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        files |= files_named(found.words, path.parent, package or name)
        words |= {"setlocale"} if "setlocale" in text else set()
        words |= found.words | {str(path.parent / word) for word in found.words if os.sep in word}
        project += project_imports(found.imports, package)
        waiting += [name.rpartition(".")[0]] if "." in name else []  # a package is run before what is in it
        for imported in _imports(parsed(text), package):
            libraries |= versions(imported)
            if is_own(imported) or imported.partition(".")[0] == module.partition(".")[0]:
                waiting.append(imported)
    _words[factory] = words
    of_project = fingerprint(project)
    source = {name: source_digest(text, docstrings=docstrings) for name, text in texts.items()}
    return {
        "libraries": dict(sorted((of_project["libraries"] | libraries).items())),
        "source": dict(sorted((of_project["source"] | source | files).items())),
    }


def note_files_named(factory: str, arguments: Any) -> None:
    """Notes the files that the code of a factory names, or that its arguments do."""
    words = _words.get(factory, ())
    note_named(factory, words)
    if "setlocale" in words:
        note_variables(factory, _TONGUE)
    note_named(factory, _strings(arguments))


_TONGUE = ("LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MONETARY", "LC_NUMERIC", "LC_TIME", "LANG")


def _strings(item: Any) -> Iterator[str]:
    match item:
        case str():
            yield item
        case Mapping():
            yield from _strings(list(item.values()))
        case list() | tuple():
            for part in item:
                yield from _strings(part)


def edited_since(factory: str) -> bool:
    """Whether the code of a factory is another than when it was read."""
    known, now = code_of(factory), _code_of(factory)
    # Where code makes paths to import from, more of it can be seen once it runs.
    return any(now[part].get(name) != mark for part in known for name, mark in known[part].items())


def reload_edited(factory: str) -> None:
    """Forgets the modules of the user's own if the code of a factory is another than when it was read, be it by another
    factory: a process may outlive an edit, and what was imported before it may hold what an edited module had.

    What runs already goes on with what it has.
    """
    before, kept = code_of(factory), outdated(factory)
    if not kept and not edited_since(factory) and not any(map(_edited, before["source"])):
        return
    imported = forget()
    known = {*before["source"], *_read, *_modules_in(imported)}
    code_of.cache_clear()
    _read.clear()
    _forgotten.append(factory)
    for module in known | code_of(factory)["source"].keys():
        if is_own(module) and (loaded := sys.modules.pop(module, None)) is not None and loaded.__file__:
            # Bytecode is known by the second and the size of its source, in which two edits may be alike.
            Path(importlib.util.cache_from_source(loaded.__file__)).unlink(missing_ok=True)
    importlib.invalidate_caches()


def times_reloaded() -> int:
    """How often this process has imported code of the user's own anew: what was made before is made of the old."""
    return len(_forgotten)


def _modules_in(paths: Set[str]) -> list[str]:
    """The modules that were loaded from these files; what else stands among them, such as None for a name that is not
    to be imported, has no file."""
    loaded = [(name, module) for name, module in [*sys.modules.items()] if isinstance(module, ModuleType)]
    return [name for name, module in loaded if os.path.realpath(vars(module).get("__file__") or "") in paths]


def _edited(module: str) -> bool:
    """Whether a module of the user's own is another than when it was first read; a part of a source that is no module,
    such as a file that it names, is not."""
    path = _file(module) if module in _read else None
    return path is not None and path.read_text(encoding="utf-8") != _read[module]


def _allowed(module: str) -> bool:
    names = [name.strip() for name in os.environ.get(TRUSTED, "").split(",") if name.strip()]
    return any(module == name or module.startswith(f"{name}.") for name in names)


def is_own(module: str) -> bool:
    """Whether its source is the user's, not an installed library's."""
    top = module.partition(".")[0]
    if top == PROJECT:
        return False
    return _allowed(module) or not (top in sys.stdlib_module_names or top in _installed())


def _file(module: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(module)
    except (ModuleNotFoundError, ValueError):  # a name in a module, not a module; a module that was made without a file
        return None
    found = Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None
    return found if found is not None and found.is_file() else None  # not in an archive


def _imports(tree: ast.AST, package: str) -> Iterator[str]:
    """Names of the modules that may be imported anywhere in `tree`."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                origin = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
                yield origin
                yield from (f"{origin}.{alias.name}" for alias in node.names)
            case ast.Call(func=ast.Attribute(attr="import_module") | ast.Name(id="import_module")):
                yield from (
                    one.value for one in node.args[:1] if isinstance(one, ast.Constant) and isinstance(one.value, str)
                )


@cache
def _installed() -> frozenset[str]:
    """Names of what distributions provide, but for those installed in place: there the version says nothing."""
    return frozenset(name for name, owners in provided().items() if not all(map(_in_place, owners)))


def _in_place(distribution: Distribution) -> bool:
    origin = distribution.read_text("direct_url.json")
    return bool(origin and json.loads(origin).get("dir_info", {}).get("editable"))
