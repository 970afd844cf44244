"""One module a stage. A stage reads its inputs from the store, computes, and leaves its outputs there.

Arrays never pass between stages, digests do. What a stage depends on follows from what its module imports.
"""

from pkgutil import iter_modules


def modules() -> list[str]:
    """The names of all modules in this room."""
    return [f"{__name__}.{module.name}" for module in iter_modules(__path__)]
