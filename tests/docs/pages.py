"""The pages of the documentation as a reader works through them: files to write, changes to make, commands to type."""

import importlib.util
import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from tests.conftest import ROOT, Project, Run, run

_FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """A fenced block of a page: what language it is in, the file that it belongs to, and the text."""

    language: str
    title: str
    text: str


def sources() -> list[Path]:
    """The README and every page that is written by hand."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    return [Block(*found) for found in _FENCE.findall(page.read_text(encoding="utf-8"))]


def commands(text: str) -> list[str]:
    """What is typed, without what is said about it."""
    return [found for line in text.splitlines() if (found := line.partition("  #")[0].strip())]


def work_through(page: Path, project: Project) -> Iterator[tuple[Block, Run]]:
    """Writes and changes the files that a page names, and types what it says, in a copy of the program."""
    for block in blocks(page):
        path = project.root / block.title
        if block.language == "diff":
            path.write_text(changed(path.read_text(), block.text))
        elif block.title:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
        elif block.language == "sh" and not block.text.startswith("make "):
            yield block, typed(block.text, project)


def changed(text: str, diff: str) -> str:
    """`text` with the lines of `diff` that begin with + put where its other lines stand, once."""
    lines = diff.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if not line.startswith(sign)) for sign in "+-")
    assert text.count(old) == 1, old
    return text.replace(old, new)


def typed(text: str, project: Project) -> Run:
    """A block as a shell runs it, with `exhibit` and `python` on the path."""
    folder = project.root / ".bin"
    folder.mkdir(exist_ok=True)
    program = folder / "exhibit"
    source = shlex.quote(str(project.root / "src"))
    python = shlex.quote(sys.executable)
    program.write_text(f'#!/bin/sh\nPYTHONPATH={source}:"$PYTHONPATH" exec {python} -m exhibit "$@"\n')
    program.chmod(0o755)
    path = os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])
    return run(["bash", "-ec", f"export PATH={shlex.quote(path)}\n{text}"], project.root)


def reference() -> ModuleType:
    """`docs/reference.py`, which makes pages when the site is built."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["reference"] = module
    spec.loader.exec_module(module)
    return module
