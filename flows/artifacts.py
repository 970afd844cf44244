"""What the Prefect UI shows of a finished report: where it is and its digest, its verdicts, its main picture.

All of it is read from the run directory, so that it is what was written.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from exhibit.flows.config import Report
from exhibit.flows.report import RunResult
from exhibit.tasks.catalogues import spoken
from exhibit.tasks.document.words import capital, check_name, measured, question
from exhibit.tasks.records.language import ENGLISH, counted, language_now, noun, sentences, tr, trn, trp
from exhibit.tasks.records.manifest import MANIFEST
from exhibit.tasks.records.shown import as_set, escaped, escaped_lines
from exhibit.tasks.records.trust import Answers

_MEDIA = {".png": "image/png", ".svg": "image/svg+xml"}
_SIZE = re.compile(rb'<svg\b[^>]*\bviewBox=["\']0 0 ([\d.]+) ([\d.]+)["\']')
_ROOM = 40  # pixels
_MOST_BYTES = 1_000_000  # of a picture that is kept in the server's database


def short_name(report: Report) -> str:
    """What a report is called in keys and addresses: its studies or data, in small letters and dashes."""
    return key_of("-".join(dict.fromkeys(point.label.partition(",")[0] for point in report.points)))


def key_of(name: str) -> str:
    """`name` as Prefect wants a key: small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60].rstrip("-") or "report"


def publish(result: RunResult, name: str) -> None:
    """Makes the artifacts of the flow run that is running, in the language of its report."""
    with spoken(result.language):
        _publish(result, name)


def _publish(result: RunResult, name: str) -> None:
    from prefect.artifacts import create_markdown_artifact, create_table_artifact

    directory, name = result.directory, key_of(name)
    manifest, checks = _read(directory / MANIFEST), _read(directory / "checks.json")
    create_markdown_artifact(
        key=f"{name}-report",
        markdown=summary(directory, manifest, judged(result), changed(directory), answered(directory)),
        description=tr("Where the report is, and its digests"),
    )
    create_table_artifact(key=f"{name}-verdicts", table=verdicts(checks), description=tr("Verdicts of the checks"))
    if shown := picture(directory, manifest):
        create_markdown_artifact(key=f"{name}-picture", markdown=shown, description=tr("What the models looked at"))


def judged(result: RunResult) -> str:
    """A clause that says what failed in a report; empty where nothing did."""
    return failed(_read(result.directory / "checks.json"), result.failed_points)


def overall(directory: Path) -> str:
    """A clause that says whether models and explanations can be trusted; empty of a run that does not say."""
    path = directory / "answers.json"
    return f"can it be trusted? {_read(path)['overall']}" if path.exists() else ""


def answered(directory: Path) -> list[str]:
    """The plain answers of page one as lines of a list."""
    path = directory / "answers.json"
    if not path.exists():
        return []
    from exhibit.tasks.checks import CHECK_WORDS
    from exhibit.tasks.document.answers import told

    said = [told(one, CHECK_WORDS) for one in Answers.model_validate(_read(path)).answers]
    return [
        f"- {tr('{question} **{said}**. {text}', question=one.question, said=one.said, text=one.text)}" for one in said
    ]


def changed(directory: Path) -> str:
    """A sentence on what a run found to have changed since the earlier report; empty where it was not asked for one."""
    path = directory / "changes.json"
    if not path.exists():
        return ""
    found = _read(path)
    if found["compared_with"] is None:
        return tr("There is no earlier report to compare with.")
    day = found["compared_with"]["issued"][:10]
    parts = [
        counted(number, one, many)
        for (one, many), number in (
            (noun("importance", "importances"), found["importances"]),
            (noun("rank", "ranks"), found["ranks"]),
            (noun("metric", "metrics"), found["metrics"]),
            (noun("verdict", "verdicts"), found["verdicts"]),
        )
        if number
    ]
    what = trp("list", ", ").join(parts)
    if not parts:
        return tr("Since the report of {day} nothing has changed by more than its errors explain.", day=day)
    if not found.get("models"):
        return tr("Since the report of {day} have changed, by more than errors explain: {what}.", day=day, what=what)
    return sentences(
        [
            tr(
                "Since the report of {day} have changed, by more than errors over samples explain: {what}.",
                day=day,
                what=what,
            ),
            tr("The models are others, which these errors leave out."),
        ]
    )


def summary(
    directory: Path, manifest: Mapping[str, Any], bad: str, since: str = "", answers: Sequence[str] = ()
) -> str:
    """Where the report is, every file of it with its digest, and a sentence for each chapter. `bad`: what failed;
    `since`: what has changed; `answers`: those of page one, a line each."""
    files = manifest["files"]
    return escaped_lines(
        "\n".join(
            [
                f"# {manifest['title']}",
                "",
                tr("**{failed}.**", failed=capital(bad)) if bad else tr("No required check failed."),
                "",
                *((*answers, "") if answers else ()),
                *((since, "") if since else ()),
                *(
                    f"- **{chapter['title']}**{trp('before a list', ': ')}{chapter['sentence']}"
                    for chapter in manifest["chapters"]
                ),
                "",
                f"`{directory / 'report.pdf'}`",
                "",
                f"| {tr('file')} | sha256 |",
                "| --- | --- |",
                # Attributions and figures are in the manifest.
                *(f"| {name} | `{files[name]['sha256']}` |" for name in sorted(files, key=_order) if "/" not in name),
                "",
                tr(
                    "{command} checks every byte and derives the report again.", command=f"`exhibit verify {directory}`"
                ),
            ]
        )
    )


def _order(name: str) -> tuple[bool, str]:
    """The document before what belongs to it."""
    return not name.startswith("report."), name


def verdicts(checks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for every check of every method, in every language the same; the sentences of `checks.json`, which are
    English, are in none."""
    from exhibit.tasks.checks import CHECK_WORDS

    return [
        {
            tr("verdict"): escaped(trp("verdict", check["verdict"])),
            tr("required"): tr("required") if check["required"] else "",
            tr("chapter"): escaped(check["chapter"]),
            tr("method"): escaped(check["method"]),
            trp("column", "check"): escaped(check_name(check["check"])),
            tr("result"): "" if check["value"] is None else measured(check["value"], check["threshold"]),
            tr("threshold"): "" if check["threshold"] is None else as_set(check["threshold"]),
            tr("question"): escaped(question(check["check"], CHECK_WORDS)),
        }
        for check in checks
    ]


def picture(directory: Path, manifest: Mapping[str, Any]) -> str:
    """The pictures of the front page as Markdown that carries them; empty where there is none."""
    found = [
        f"### {title}\n\n{escaped(chapter['sentence'])}\n\n![{title}]({_uri(directory / name)})"
        for chapter in manifest["chapters"]
        for name in chapter["pictures"][:1]
        if (directory / name).stat().st_size < _MOST_BYTES and (title := escaped(chapter["title"]))
    ]
    return "\n\n".join(found[:3])


def failed(checks: Sequence[Mapping[str, Any]], points: Sequence[str] = ()) -> str:
    """A clause that names the points and the required checks that failed; empty where none did."""
    bad = [check for check in checks if check["required"] and check["verdict"] == "fail"]
    names = [
        tr("{check} of {method} in {chapter}", check=_named(check), method=check["method"], chapter=check["chapter"])
        for check in bad
    ]
    said = [trn("point failed: {names}", "points failed: {names}", len(points), names=listed(points))] if points else []
    if names:
        said.append(
            trn("required check failed: {names}", "required checks failed: {names}", len(names), names=listed(names))
        )
    return trp("list", "; ").join(said)


def _named(check: Mapping[str, Any]) -> str:
    """A check as pages call it; in English as it is typed."""
    return check["check"] if language_now() == ENGLISH else check_name(check["check"])


def listed(names: Sequence[str]) -> str:
    """The first three names, and how many more there are."""
    first = trp("list", ", ").join(names[:3])
    return escaped(tr("{names} and {count} more", names=first, count=str(len(names) - 3)) if len(names) > 3 else first)


def _uri(path: Path) -> str:
    data = path.read_bytes()
    data = _framed(data) if path.suffix == ".svg" else data
    return f"data:{_MEDIA[path.suffix]};base64,{b64encode(data).decode()}"


def _framed(svg: bytes) -> bytes:
    """On white, since it is drawn for paper, and with room at the sides: the letters of a browser are wider."""
    size = _SIZE.search(svg)
    if size is None:
        return svg
    width, height = (float(number) for number in size.groups())
    start = svg.index(b"<svg")
    frame = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-_ROOM} 0 {width + 2 * _ROOM:g} {height:g}" '
        f'width="{width + 2 * _ROOM:g}" height="{height:g}">'
        f'<rect x="{-_ROOM}" width="100%" height="100%" fill="#fff"/><svg overflow="visible"'
    )
    return frame.encode() + svg[start + len(b"<svg") :] + b"</svg>"


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
