"""Which installed distributions provide a module, and in which version."""

import csv
import inspect
from collections import defaultdict
from functools import cache
from importlib.metadata import Distribution, distributions, version


@cache
def providers(module: str) -> frozenset[str]:
    """Names of the distributions that provide the top-level module of `module`; empty where none does."""
    return frozenset(found.metadata["Name"] for found in provided().get(module.partition(".")[0], ()))


@cache  # it reads a file each time, and every stage asks
def _version(distribution: str) -> str:
    return version(distribution)


def versions(module: str) -> dict[str, str]:
    """The distributions that provide the top-level module of `module`, with their versions."""
    return {name: _version(name) for name in sorted(providers(module))}


@cache
def provided() -> dict[str, list[Distribution]]:
    """The distributions by top-level module.

    `importlib.metadata.packages_distributions` gives the same, but makes a path of each of 50,000 installed files, for
    which it takes most of a second in every run.
    """
    found = defaultdict(list)
    for distribution in distributions():
        for module in (distribution.read_text("top_level.txt") or "").split() or _inferred(distribution):
            found[module].append(distribution)
    return dict(found)


def _inferred(distribution: Distribution) -> set[str]:
    """The top-level modules among a distribution's files."""
    files = (row[0] for row in csv.reader((distribution.read_text("RECORD") or "").splitlines()) if row)
    tops = (file.partition("/") for file in files)
    return {
        name for top, below, _ in tops if (name := top if below else inspect.getmodulename(top) or "").isidentifier()
    }
