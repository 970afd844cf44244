"""Turns a model, a dataset and a config into a reproducible explanation report (PDF and HTML).

From Python `exhibit.explain` does it; what is wrong with what was given is an `exhibit.InputError`.

The folders `flows`, `conf`, `tasks` and `templates` lie at the top of the repository; the links beside this file give
them one import name that no user's own folder can take.
"""

# Nothing of the standard library is imported here: `python -m exhibit` comes here before `exhibit_start` has put the
# user's own folders, in which a `csv.py` may lie, behind it. A checker of types knows this name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from exhibit.flows.session import Explanation as Explanation
    from exhibit.flows.session import explain as explain
    from exhibit.tasks.records.base import InputError as InputError

_OFFERED = {
    "explain": "exhibit.flows.session",
    "Explanation": "exhibit.flows.session",
    "InputError": "exhibit.tasks.records.base",
}


def __getattr__(name: str) -> object:
    """What is offered is loaded when it is asked for."""
    from importlib import import_module
    from importlib.metadata import version

    if name == "__version__":
        return version("exhibit")
    if name not in _OFFERED:
        raise AttributeError(f"module 'exhibit' has no attribute {name!r}")
    return getattr(import_module(_OFFERED[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_OFFERED, "__version__"])
