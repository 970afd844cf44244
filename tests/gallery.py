"""Every study that needs no files of the user's, in every language, and a page that shows their first pages.

make gallery                        # build/gallery/index.html
make gallery GALLERY=iris,digits    # of these alone
"""

import subprocess
import sys
from html import escape
from pathlib import Path

from exhibit.flows.cli import run
from exhibit.flows.command_line import BAD_INPUT, CHECK_FAILED, DONE
from exhibit.flows.compose import option_files
from exhibit.tasks.catalogues import languages
from exhibit.tasks.records.language import ENGLISH

PLACE = Path("build/gallery")
ISSUED = "document.issued=2026-01-01T00:00:00Z"
DOTS = "60"  # an inch, of the pictures


def made(study: str) -> dict[str, Path]:
    """The runs of a study by language; none of one that needs files, which says so and is passed over."""
    runs = PLACE / "runs" / study
    places = [f"paths.runs={runs}", f"paths.store={PLACE / 'store'}", "runner=inline", ISSUED]
    found = {}
    for language in languages():
        first = found.get(ENGLISH)
        words = ["report", f"study={study}", *places] if first is None else ["render", str(first)]
        status = run([*words, f"document.language={language}"])
        if first is None and status == BAD_INPUT:
            break
        if status not in (DONE, CHECK_FAILED):
            sys.exit(f"{study} in {language}: exit code {status}")
        found[language] = max(runs.glob("2*"), key=lambda path: path.stat().st_mtime)
    return found


def pictured(study: str, language: str, report: Path) -> str:
    """The first page of a report, as a part of the page that shows all."""
    picture = PLACE / f"{study}-{language}"
    command = ["pdftoppm", "-r", DOTS, "-png", "-f", "1", "-l", "1", "-singlefile", report / "report.pdf", picture]
    subprocess.run(command, check=True)
    target = (report / "report.html").relative_to(PLACE)
    return (
        f'<figure><a href="{target}"><img src="{picture.name}.png" alt="Page one of {study} in {language}"></a>'
        f"<figcaption>{escape(study)}, {language}</figcaption></figure>"
    )


def main(studies: list[str]) -> None:
    """Makes the reports and the page."""
    PLACE.mkdir(parents=True, exist_ok=True)
    rows = [
        f"<section>{''.join(pictured(study, language, report) for language, report in made(study).items())}</section>"
        for study in studies
    ]
    style = "body{font-family:sans-serif}section{display:flex;gap:16px}img{border:1px solid #ccc;max-width:100%}"
    page = f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Gallery</title><style>{style}</style>'
    (PLACE / "index.html").write_text(f"{page}{''.join(rows)}</html>\n")
    sys.stdout.write(f"gallery: {PLACE / 'index.html'}\n")


if __name__ == "__main__":
    every = [path.stem for path in option_files("study", None)]
    main(sys.argv[1].split(",") if sys.argv[1:] else every)
