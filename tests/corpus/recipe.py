"""One line of the corpus: how an input is made in a folder, and what it is then held against."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from exhibit.tasks.records.data import Dataset
from tests.corpus.outcome import Outcome, check_data

Content = str | bytes | Callable[[Path], object]  # of a file, or what makes it


@dataclass(frozen=True)
class Recipe:
    """`run` makes an input in an empty folder and checks what comes of it."""

    name: str
    run: Callable[[Path], None]


def put(path: Path, content: Content) -> Path:
    """Writes a file, or has it made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    match content:
        case str():
            path.write_text(content, encoding="utf-8")
        case bytes():
            path.write_bytes(content)
        case _:
            content(path)
    return path


def of_file(name: str, file: str, content: Content, load: Callable[[Path], Dataset], expected: Outcome) -> Recipe:
    """A file of this name and content, loaded by `load(path)`."""

    def run(folder: Path) -> None:
        path = put(folder / file, content)
        check_data(lambda: load(path), expected)

    return Recipe(name, run)
