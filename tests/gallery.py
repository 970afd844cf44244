"""Every study that needs no files of the user's, in every language, and a page that shows and measures them.

make gallery                        # build/gallery/index.html, and the pictures of the README
make gallery GALLERY=iris,digits    # these alone; what was made before stays on the page
"""

import subprocess
import sys
from html import escape
from pathlib import Path

import pikepdf

from exhibit.flows.cli import run
from exhibit.flows.command_line import BAD_INPUT, CHECK_FAILED, DONE
from exhibit.flows.compose import option_files
from exhibit.tasks.catalogues import languages
from exhibit.tasks.records.language import ENGLISH
from tests.measured import Measured, measured, rows

PLACE = Path("build/gallery")
ISSUED = "document.issued=2026-01-01T00:00:00Z"
DOTS = 60  # an inch, of the pictures of the page
DOCS = Path(__file__).parents[1] / "docs"
# What `make report` makes; the README shows pages of it: the first, and those on which these figures stand.
TOGETHER = "iris+digits+solubility"
SHOWN = {
    "front": None,
    "table": "figure-iris-importances",
    "image": "figure-digits-samples",
    "molecules": "figure-solubility-molecules",
}
STYLE = """body{font-family:sans-serif}section{display:flex;gap:16px}img{border:1px solid #ccc;max-width:100%}
td,th{padding:2px 12px;text-align:left}"""


def made(study: str) -> dict[str, Path]:
    """The runs of a study by language; none of one that needs files, which says so and is passed over."""
    runs = PLACE / "runs" / study
    places = [f"paths.runs={runs}", f"paths.store={PLACE / 'store'}", "runner=inline", ISSUED]
    found = {}
    for language in languages():
        first = found.get(ENGLISH)
        asked = f"study={study.replace('+', ',')}"
        words = ["report", asked, *places] if first is None else ["render", str(first)]
        status = run([*words, f"document.language={language}"])
        if first is None and status == BAD_INPUT:
            break
        if status not in (DONE, CHECK_FAILED):
            sys.exit(f"{study} in {language}: exit code {status}")
        found[language] = max(runs.glob("2*"), key=lambda path: path.stat().st_mtime)
    return found


def photograph(report: Path, page: int, dots: int, target: Path) -> None:
    """A page of a PDF as a picture, `target` without its ending."""
    command = ["pdftoppm", "-r", str(dots), "-png", "-f", str(page), "-l", str(page), "-singlefile", report, target]
    subprocess.run(command, check=True)


def page_of(report: Path, anchor: str | None) -> int:
    """The number of the page on which what the contents lead to stands; the first without it."""
    if anchor is None:
        return 1
    with pikepdf.open(report) as pdf:
        place = pikepdf.NameTree(pdf.Root.Names.Dests)[anchor]
        target = place.D if isinstance(place, pikepdf.Dictionary) else place
        return next(number for number, page in enumerate(pdf.pages, 1) if page.objgen == target[0].objgen)


def shown(item: Measured) -> str:
    """The first page of a report, as a part of the page that shows all."""
    return (
        f'<figure><a href="{item.report}"><img src="{item.study}-{item.language}.png" '
        f'alt="Page one of {item.study} in {item.language}"></a>'
        f"<figcaption>{escape(item.study)}, {item.language}</figcaption></figure>"
    )


def show_all() -> None:
    """The page, of all reports that were made, each study in a row, and what was measured of them."""
    found = [Measured.model_validate_json(file.read_text()) for file in sorted(PLACE.glob("*.json"))]
    by_study: dict[str, list[Measured]] = {}
    for item in found:
        by_study.setdefault(item.study, []).append(item)
    said = rows(found)
    lines = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in said]
    table = f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"
    sections = "".join(f"<section>{''.join(map(shown, items))}</section>" for items in by_study.values())
    page = f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Gallery</title><style>{STYLE}</style>'
    (PLACE / "index.html").write_text(f"{page}{sections}{table}</html>\n")
    texts = [said[0], tuple("---" for _ in said[0]), *said[1:]]
    (PLACE / "measured.md").write_text("".join(f"| {' | '.join(row)} |\n" for row in texts))


def main(studies: list[str]) -> None:
    """Makes the reports, what is measured of them, the pictures of the README, and the page."""
    PLACE.mkdir(parents=True, exist_ok=True)
    for study in studies:
        for language, found in made(study).items():
            photograph(found / "report.pdf", 1, DOTS, PLACE / f"{study}-{language}")
            item = measured(study, language, found, str((found / "report.html").relative_to(PLACE)))
            (PLACE / f"{study}-{language}.json").write_text(item.model_dump_json())
            if (study, language) == (TOGETHER, ENGLISH):
                for name, anchor in SHOWN.items():
                    photograph(found / "report.pdf", page_of(found / "report.pdf", anchor), 80, DOCS / name)
    show_all()
    sys.stdout.write(f"gallery: {PLACE / 'index.html'}\n")


if __name__ == "__main__":
    every = [path.stem for path in option_files("study", None)]
    main(sys.argv[1].split(",") if sys.argv[1:] else [*every, TOGETHER])
