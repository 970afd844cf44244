"""What of a report would not be in the language of its reader.

    python -m tests.language.left study=iris 'method=[vanilla_grad]'     # any overrides of a report

renders the report in a language in which every letter of a text from the catalogues is `ж`, and lists each text of its
pages that still has Latin words: names of the data, and what no catalogue was asked for.
"""

import re
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from shutil import rmtree

from exhibit.flows.cli import run
from exhibit.tasks.catalogues import LOCALE
from tests.language.messages import entry, texts

LANGUAGE = "eo"  # which nobody asks for otherwise
_HEAD = r"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Language: eo\n"
"Plural-Forms: nplurals=1; plural=0;\n"

"""
_WORDS = re.compile(r"[a-z]{3,}|[A-Za-z]{2,} [A-Za-z]{2,}")


def pseudo() -> str:
    """A catalogue in which every letter is another."""
    return _HEAD + "\n".join(_filled(entry(text, places)) for text, places in texts().items())


def _filled(item: str) -> str:
    said = re.findall(r'^msgid(?:_plural)? "(.*)"$', item, re.MULTILINE)[-1]
    parts = re.split(r"(\{[^}]*\}|\\.)", said)
    other = "".join(part if k % 2 else re.sub("[A-Za-z]", "ж", part) for k, part in enumerate(parts))
    return re.sub(r'^(msgstr(?:\[0\])?) ""$', lambda found: f'{found[1]} "{other}"', item, flags=re.MULTILINE)


class Seen(HTMLParser):
    """What a reader or a screen reader meets on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, None] = {}
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style", "pre", "code")
        for name, value in attrs:
            if name in ("alt", "aria-label", "title", "placeholder"):
                self._take(f"[{name}] {value}")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style", "pre", "code")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._take(data)

    def _take(self, text: str) -> None:
        if _WORDS.search(text):
            self.found.setdefault(" ".join(text.split()))


def left(overrides: list[str]) -> list[str]:
    """The texts with Latin words."""
    folder = LOCALE / LANGUAGE
    folder.mkdir()
    try:
        (folder / "messages.po").write_text(pseudo())
        with tempfile.TemporaryDirectory() as place:
            at = [f"paths.runs={place}/runs", f"paths.store={place}/store", "runner=inline"]
            run(["report", *overrides, f"document.language={LANGUAGE}", *at])
            page = Seen()
            page.feed(next(Path(place).glob("runs/*/report.html")).read_text())
    finally:
        rmtree(folder)
    return list(page.found)


if __name__ == "__main__":
    sys.stdout.write("\n".join(left(sys.argv[1:])) + "\n")
