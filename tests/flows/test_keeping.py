"""Facts of what is kept: runs are listed, and packed so that anyone can check them."""

import io
import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import bagit
import pandas as pd
import pikepdf
import pytest

from exhibit.flows import cli
from exhibit.flows.difference import Comparison, Difference, difference
from exhibit.flows.integrity import Damage, intact
from exhibit.flows.signatures import Signed
from exhibit.flows.verify import verify
from exhibit.tasks.document.pdf import Attachment, render_pdf
from exhibit.tasks.evidence.evidence import content_digest
from exhibit.tasks.evidence.pretty_json import pretty
from exhibit.tasks.evidence.seal import write_files, write_manifest
from exhibit.tasks.store import digest_of

DIGEST = "0" * 64
ROW = {"point": "iris", "method": "grad", "target": "predicted", "input": "x", "aggregate": "signed", "mean": 0.0,
       "count": 9}  # fmt: skip


def written(
    run: Path,
    points: Mapping[str, Mapping[str, Any]],
    importances: Mapping[str, tuple[float, float]],
    verdict: str = "pass",
    accuracy: float = 0.9,
    data: str = DIGEST,
    metric_name: str = "accuracy",
    page: str = "x",
    asked: Mapping[str, Any] | None = None,
    document: Mapping[str, Any] | None = None,
) -> Path:
    """A small whole run. `points`: settings by label; `importances`: mean |a| and its standard error by feature;
    `page`: what its PDF shows; `asked`: what its data were asked for; `document`: its settings."""
    rows = [
        {**ROW, "feature": name, "mean_absolute": value, "standard_error": error, "rank": place}
        for place, (name, (value, error)) in enumerate(importances.items(), 1)
    ]
    buffer = io.BytesIO()
    pd.DataFrame(rows).to_parquet(buffer)
    check = {"chapter": "iris", "method": "grad", "check": "completeness", "verdict": verdict, "value": 1.0,
             "threshold": 0.5, "required": False, "sentence": ""}  # fmt: skip
    metric = {"chapter": "iris", "name": metric_name, "split": "test", "count": 9, "value": accuracy,
              "interval": [accuracy - 0.01, accuracy + 0.01]}  # fmt: skip
    files = {
        "config.yaml": b"{}\n",
        "importances.parquet": buffer.getvalue(),
        "checks.json": pretty([check]),
        "metrics.json": pretty([metric]),
        "answers.json": pretty({"overall": "no"}),
    }
    chapters = [
        {
            "slug": label,
            "data": {"title": "t", "source": "s", "sha256": data, "samples": 9, "excluded": []},
            "weights": {"sha256": DIGEST, "parameters": 1},
            "stages": [] if asked is None else [{"stage": "load", "spec": {"data": asked}, "outputs": {}}],
        }
        for label in points
    ]
    evidence = pretty(
        {
            "schema": "exhibit-evidence/1",
            "document": {"issued": "2026-01-01T00:00:00Z"},
            "content": content_digest(chapters),
            "claim": "",
            "config": {
                "points": [{"label": label, "title": label, **settings} for label, settings in points.items()],
                "document": document or {},
            },
            "attached": {name: digest_of(data) for name, data in files.items()},
            "chapters": chapters,
            "compute": {},
            "seeds": {},
            "libraries": {},
            "platform": {"python": "3", "system": "s", "machine": "m"},
            "source": DIGEST,
        }
    )
    files["evidence.json"] = evidence
    attached = [Attachment(name=n, description=n, data=data, relationship="Data") for n, data in files.items()]
    shown = f'<html lang="en"><head><title>t</title></head><body>{page}</body></html>'
    files["report.pdf"] = render_pdf(shown, attached, "2026-01-01T00:00:00Z")
    run.mkdir(parents=True)
    write_files(run, files)
    write_manifest(
        run,
        {
            "schema": "exhibit-manifest/1", "run": run.name, "command": ["exhibit"],
            "started": "2026-01-01T00:00:00+00:00", "seconds": 1.0, "runner": {}, "paths": {},
            "git": {"commit": None, "dirty": None}, "host": {"name": "h", "system": "s", "processors": 1},
            "title": "Three\x1b flowers", "chapters": [], "stages": [],
        },
    )  # fmt: skip
    return run


POINTS = {"iris": {"method": {"grad": {"steps": 8}}, "model": {"kind": "mlp"}}}
FEATURES = {"petal": (1.0, 0.01), "sepal": (0.5, 0.01)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("keeping") / "runs" / "20260101T000000Z-00000000", POINTS, FEATURES)


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """A copy, in a folder of runs of its own."""
    return Path(shutil.copytree(made, tmp_path / "runs" / made.name))


# --- export -----------------------------------------------------------------------------------------------


def test_what_was_packed_is_not_called_damaged(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who is handed a zip file may ask `verify` of it, or of the folder that it unpacks to."""
    packed = tmp_path / "e.zip"
    assert cli.run(["export", str(run), str(packed)]) == 0
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.glob("exhibit-*")
    capsys.readouterr()
    for target, said in ((packed, "unpack it, and name the folder data in it"), (folder, f"name {folder / 'data'}")):
        for words in (["verify", str(target)], ["diff", str(run), str(target)]):
            assert cli.run(words) == 2
            assert capsys.readouterr().err.rstrip().endswith(said)
    assert cli.run(["diff", str(run), str(folder / "data")]) == 0


def test_what_is_exported_is_a_bag_that_others_find_whole(run: Path, tmp_path: Path) -> None:
    assert cli.run(["export", str(run), str(tmp_path / "e.zip")]) == 0
    with zipfile.ZipFile(tmp_path / "e.zip") as packed:
        packed.extractall(tmp_path / "unpacked")
    [bag] = (tmp_path / "unpacked").iterdir()
    assert bagit.Bag(str(bag)).is_valid()
    assert {path.relative_to(bag / "data") for path in bag.glob("data/**/*")} == {
        path.relative_to(run) for path in run.rglob("*")
    }
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):  # as its README says
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", name], cwd=bag, check=True)
    readme = (bag / "README.txt").read_text()
    assert digest_of((run / "report.pdf").read_bytes()) in readme
    assert readme.startswith("Three\\x1b flowers\n")


def test_the_same_run_gives_the_same_bytes_wherever_it_lies(run: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        cli.run(["export", str(run), str(tmp_path / name)])
        run = run.rename(run.with_name("moved"))
        (run / "verification.json").write_text("what was found by somebody")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_damaged_run_is_not_exported(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "checks.json").write_text("[]")
    assert cli.run(["export", str(run), str(tmp_path / "e.zip")]) == 5
    assert "checks.json: it is not what was written" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"runs"}


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("nowhere", "e.zip", "nowhere: a run directory was expected, and there is no such directory"),
        ("runs", "e.zip", "this one has no manifest.json, so it is no finished run"),
        ("RUN/report.pdf", "e.zip", "a run directory was expected, and this is a file"),
        ("RUN", "there.zip", "it is there already; give another name, or --overwrite to replace it"),
        ("RUN", "runs", "the name of a zip file was expected, and this is a directory"),
        ("RUN", "no/e.zip", "there is no directory"),
        ("RUN", "RUN/e.zip", "it would lie in the run itself"),
        ("RUN", "pipe", "it is a device, a pipe or a socket, which nothing replaces; give another name"),
    ],
)
@pytest.mark.parametrize("more", [[], ["--overwrite"]])
def test_bad_use_of_export_is_refused_in_a_sentence(
    run: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    source: str,
    target: str,
    said: str,
    more: list[str],
) -> None:
    if more and target == "there.zip":
        return  # which replaces it
    (tmp_path / "there.zip").write_text("mine")
    os.mkfifo(tmp_path / "pipe")
    places = [str(tmp_path / name.replace("RUN", f"runs/{run.name}")) for name in (source, target)]
    assert cli.run(["export", *places, *more]) == 2
    assert said in capsys.readouterr().err
    assert (tmp_path / "there.zip").read_text() == "mine"
    assert (tmp_path / "pipe").is_fifo()


def test_an_earlier_file_is_replaced_where_that_is_said(run: Path, tmp_path: Path) -> None:
    (tmp_path / "there.zip").write_text("mine")
    assert cli.run(["export", str(run), str(tmp_path / "there.zip"), "--overwrite"]) == 0
    assert zipfile.is_zipfile(tmp_path / "there.zip")


# --- diff -----------------------------------------------------------------------------------------------


def test_a_file_that_is_no_report_is_named_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path := tmp_path / "x.pdf").write_bytes(b"%PDF-1.7 and no more")
    assert cli.run(["diff", str(path), str(path)]) == 5
    assert capsys.readouterr().err == f"exhibit: {path}: it is not the file that was written, or no report\n"


def saved(path: Path, change: Callable[[Any], object], source: Path | None = None) -> Path:
    """A PDF that another program has written: of a report, or with one blank page."""
    with pikepdf.new() if source is None else pikepdf.open(source) as document:
        if source is None:
            document.add_blank_page()
        change(document)
        document.save(path, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return path


@pytest.mark.parametrize("name", ["verify", "diff", "sign"])
def test_an_ordinary_pdf_is_no_damaged_report(
    name: str, made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(
        tmp_path / "letter.pdf",
        lambda pdf: pdf.docinfo.update({"/Creator": "Exhibitor 2", "/Producer": "WeasyPrint 70.0"}),
    )
    words = {
        "verify": ["verify", str(path)],
        "diff": ["diff", str(made), str(path)],
        "sign": ["sign", str(path), "--role", "owner", "--name", "Ada", "--decision", "approved", "--key", "ada.p12"],
    }
    assert cli.run(words[name]) == 2
    said = capsys.readouterr().err
    assert said.startswith(
        f"exhibit: {path}: a report was expected, and nothing in this PDF is of one: it has no seal, no evidence is "
        "attached, and it does not say that Exhibit made it; if it was one, all of that was taken out"
    )
    assert list(tmp_path.iterdir()) == [path]


def _without_evidence(pdf: Any) -> None:
    for name in list(pdf.attachments):
        del pdf.attachments[name]


def _without_maker(pdf: Any) -> None:
    del pdf.docinfo["/Creator"], pdf.Root.Metadata


@pytest.mark.parametrize(
    ("change", "said", "more"),
    [
        ((), ["it says that Exhibit 1 made it", "as the seal of a report is", "evidence.json"], []),
        ((_without_maker,), ["as the seal of a report is", "evidence.json and importances.parquet are attached"], []),
        ((_without_evidence,), ["it says that Exhibit 1 made it"], ["no evidence is attached"]),
        ((_without_evidence, _without_maker), ["as the seal of a report is"], ["no evidence is attached"]),
    ],
)
def test_a_report_whose_evidence_or_name_was_taken_out_is_damaged(
    change: Sequence[Callable[[Any], None]], said: list[str], more: list[str], made: Path, tmp_path: Path
) -> None:
    """Whatever of a report is left, it is not called bad input."""
    path = saved(tmp_path / "other.pdf", lambda pdf: [one(pdf) for one in (_as_ours, *change)], made / "report.pdf")
    [found] = verify(path, integrity_only=True).findings
    assert found.startswith("other.pdf: it is not the file that was written; ")
    assert [one for one in (*said, *more) if one not in found] == []
    assert ("no evidence is attached" in found) == bool(more)
    with pytest.raises(Damage, match=re.escape(found.removeprefix("other.pdf: "))):
        difference(path, path)


def _as_ours(pdf: Any) -> None:
    """As `page.html.jinja` has it, which these small reports are not made of."""
    pdf.docinfo["/Creator"] = "Exhibit 1"


def test_an_ordinary_pdf_in_the_place_of_that_of_a_run_is_damage(run: Path) -> None:
    saved(run / "report.pdf", lambda _: None)
    path = run / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"]["report.pdf"] = {
        "sha256": digest_of((run / "report.pdf").read_bytes()),
        "bytes": (run / "report.pdf").stat().st_size,
    }
    path.write_bytes(pretty({**manifest, "sha256": None}))
    [found] = verify(run, integrity_only=True).findings
    assert found.startswith("report.pdf: a report was expected, and nothing in this PDF is of one")


def test_a_report_is_the_same_as_itself_and_as_its_pdf(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["diff", str(run), str(run / "report.pdf")]) == 0
    parts = ("config", "data", "models", "metrics", "importances", "verdicts", "card", "profile", "document",
             "signatures")  # fmt: skip
    assert capsys.readouterr().out.splitlines()[:-1] == [f"{name}: the same" for name in parts]


def test_each_difference_is_named_and_what_the_errors_explain_is_told_apart(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    points = {"iris": {"method": {"grad": {"steps": 9}}, "model": {"kind": "mlp"}}}
    features = {"petal": (1.5, 0.01), "sepal": (0.501, 0.01)}
    other = written(tmp_path / "other", points, features, verdict="fail", accuracy=0.8, data="1" * 64)
    assert cli.run(["diff", str(made), str(other), "--json"]) == 4
    found = json.loads(capsys.readouterr().out)
    assert [(item["what"], item["before"], item["after"]) for item in found["config"]] == [
        ("method.grad.steps", "8", "9")
    ]
    assert [item["what"] for item in found["data"]] == ["data"]
    assert found["models"] == found["not_compared"] == []
    assert [(item["what"], item["beyond"]) for item in found["metrics"]] == [("accuracy, test", True)]
    assert [(item["what"].split(", ")[-1], item["beyond"]) for item in found["importances"]] == [
        ("petal", True),
        ("sepal", False),
    ]
    assert [(item["before"], item["after"]) for item in found["verdicts"]] == [("pass (1.0)", "fail (1.0)")]
    cli.run(["diff", str(made), str(other)])
    assert "iris: method.grad.steps: 8, then 9\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        (["pass (0.9)", "pass (0.8)"], ["pass (0.7)", "pass (0.81)"], "the same, 2 by other values"),
        (["pass (0.9)", "pass (0.8)"], ["fail (0.7)", "pass (0.81)"], "1 differs, 1 by another value"),
        (["pass (0.9)", "not assessed"], ["fail (0.7)", ""], "2 differ"),
        ([], [], "the same"),
    ],
)
def test_verdicts_of_another_value_alone_do_not_differ(then: list[str], now: list[str], said: str) -> None:
    verdicts = [
        Difference(point="iris", what="deletion", before=before, after=after)
        for before, after in zip(then, now, strict=True)
    ]
    found = Comparison(first="a", second="b", points=("iris",), verdicts=tuple(verdicts))
    assert f"verdicts: {said}" in found.lines()


FILES = {"kind": "table", "path": "a" * 64, "explain": None, "test_share": 0.2}


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        (FILES, FILES | {"test_share": 0.5}, "data (the same files, read, drawn or split otherwise)"),
        (FILES, FILES | {"path": "b" * 64}, "data (other files)"),
        (FILES, FILES | {"explain": "b" * 64, "test_share": 0.5}, "data (other files)"),
        (FILES, FILES | {"path": ["a" * 64]}, "data (the same files, read, drawn or split otherwise)"),
        (FILES, FILES, "data (the same files and settings, read by another version)"),
        (FILES, {"kind": "iris", "seed": 0}, "data (of another kind)"),
        ({"kind": "iris"}, {"kind": "iris", "seed": 1}, "data (the same source, read, drawn or split otherwise)"),
        (None, FILES, "data"),
    ],
)  # fmt: skip
def test_whether_files_are_others_or_only_split_otherwise_is_told_apart(
    then: Mapping[str, Any] | None, now: Mapping[str, Any], said: str, tmp_path: Path
) -> None:
    """The digest of the data is over what they hold and how they are split."""
    first = written(tmp_path / "first", POINTS, FEATURES, asked=then)
    second = written(tmp_path / "second", POINTS, FEATURES, data="1" * 64, asked=now)
    (found,) = difference(first, second).data
    assert found.what == said


CLAUSES = [{"id": "1", "title": "use", "answers": ["card.intended_use"]}, {"id": "2", "title": "data", "answers": []}]
DOCUMENT = {
    "kind": "report", "issued": "2026-01-01T00:00:00Z", "compare_to": None, "signoff": ["validator"],
    "decision": {"threshold": None, "calls": 4000},
    "card": {"owner": "Ada", "licence": None, "intended_use": ["to rank"]},
    "profile": {"title": "rules", "version": "1", "note": None, "clauses": CLAUSES},
}  # fmt: skip


@pytest.mark.parametrize(
    ("part", "now", "said"),
    [
        ("card", {"owner": "Grace"}, ["owner: Ada, then Grace"]),
        ("card", {"licence": "MIT"}, ["licence: absent, then MIT"]),
        ("card", {"intended_use": ["to rank | to sort"]}, ['intended_use: ["to rank"], then ["to rank | to sort"]']),
        ("card", None, ['intended_use: ["to rank"], then absent', "owner: Ada, then absent"]),
        ("profile", {"version": "2"}, ["version: 1, then 2"]),
        ("profile", {"clauses": CLAUSES[::-1]}, ['clauses: ["1", "2"], then ["2", "1"]']),
        (
            "profile",
            {"clauses": [CLAUSES[0], CLAUSES[1] | {"answers": ["section.data"]}]},
            ['clause 2, answers: absent, then ["section.data"]'],
        ),
        ("document", {"signoff": ["owner"]}, ['signoff: ["validator"], then ["owner"]']),
        ("document", {"decision": {"threshold": 0.3, "calls": 4000}}, ["decision.threshold: absent, then 0.3"]),
        ("document", {"issued": "2026-02-01T00:00:00Z", "compare_to": "latest"}, []),
    ],
)
def test_card_profile_and_settings_of_the_document_are_compared_field_by_field(
    part: str, now: Mapping[str, Any] | None, said: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All that is computed is the same. Each report has its own date, and another one before it."""
    of_part = DOCUMENT if part == "document" else DOCUMENT[part]
    changed = None if now is None else {**of_part, **now}
    other = changed if part == "document" else {**DOCUMENT, part: changed}
    runs = [
        written(tmp_path / name, POINTS, FEATURES, document=found)
        for name, found in (("first", DOCUMENT), ("second", other))
    ]
    code = cli.run(["diff", *map(str, runs)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.strip() for line in lines if line.startswith("  ")] == said
    assert code == (4 if said else 0)
    assert lines[-1].endswith("different" if said else "the same")
    found = difference(*runs)
    assert [str(item) for item in json_parts(found)[part]] == said


def json_parts(found: Comparison) -> dict[str, Any]:
    """As `--json` has them, and read again."""
    again = Comparison.model_validate_json(found.model_dump_json())
    assert again == found
    return dict(again.parts)


def test_of_long_texts_the_letters_around_what_is_other_are_printed() -> None:
    then = "a" * 500 + "b" + "c" * 500
    found = str(Difference(point="", what="owner", before=then, after=then.replace("b", "d")))
    assert "ab" in found
    assert "ad" in found
    assert len(found) < 400


def test_signatures_are_compared_by_what_they_say_and_nobody_is_said_to_be_known(
    made: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Signed(
        role="model_owner", name="Ada", decision="approved", when="2026-01-02T00:00:00Z", certificate="CN=Ada",
        issuer="CN=Ada", doubt="nobody vouches for it",
    )  # fmt: skip
    subject = intact(run)
    both = {made: intact(made), run: subject._replace(signed=(said,))}
    monkeypatch.setattr("exhibit.flows.difference.intact", both.__getitem__)
    found = difference(made, run)
    by = "by “Ada”, 2026-01-02T00:00:00Z, certificate of CN=Ada, issued by CN=Ada"
    lines = list(found.lines())
    assert f"  model owner: absent, then approved, {by}" in lines
    assert not found.same
    assert [line for line in lines if "--trust" in line]
    rejected = said.model_copy(update={"decision": "rejected"})
    both[made] = both[made]._replace(signed=(rejected,))
    assert [str(item) for item in difference(made, run).signatures] == [
        f"model owner: rejected, {by}, then approved, {by}"
    ]
    both[made] = both[run]
    assert difference(made, run).same


def test_what_cannot_be_compared_is_said_and_is_not_the_same(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = written(tmp_path / "other", POINTS | {"more": POINTS["iris"]}, {"length": (1.0, 0.01)}, metric_name="RMSE")
    assert cli.run(["diff", str(made), str(other)]) == 4
    lines = capsys.readouterr().out.splitlines()
    assert {"metrics: nothing that both have", "importances: nothing that both have", "verdicts: the same"} <= set(
        lines
    )
    assert [line for line in lines if line.startswith("not compared")] == [
        "not compared: more is in the second report alone",
        "not compared: iris/grad: its features, or how they are added up, are others",
        "not compared: iris, RMSE, test: a metric that only one of the reports has",
        "not compared: iris, accuracy, test: a metric that only one of the reports has",
    ]


def test_of_reports_without_a_common_point_nothing_is_called_the_same(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = written(tmp_path / "other", {"digits": POINTS["iris"]}, FEATURES)
    assert cli.run(["diff", str(made), str(other)]) == 4
    assert capsys.readouterr().out.splitlines()[:-1] == [
        "no point is in both reports, so nothing of them is compared",
        *(f"{part}: the same" for part in ("card", "profile", "document", "signatures")),
        "not compared: iris is in the first report alone",
        "not compared: digits is in the second report alone",
    ]


def test_a_damaged_or_missing_report_is_not_compared(
    made: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["diff", str(made), str(tmp_path / "nowhere")]) == 2
    (run / "checks.json").write_text("[]")
    assert cli.run(["diff", str(made), str(run)]) == 5
    assert f"{run}: checks.json: it is not what was written" in capsys.readouterr().err


# --- runs -------------------------------------------------------------------------------------------------


def test_runs_are_listed_with_what_they_say(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["runs", str(run.parent), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "run": run.name,
        "state": "intact",
        "bytes": sum(path.stat().st_size for path in run.rglob("*") if path.is_file()),
        "started": "2026-01-01T00:00:00+00:00",
        "title": "Three\\x1b flowers",
        "studies": ["iris"],
        "overall": "no",
    }
    cli.run(["runs", str(run.parent)])
    assert "intact  can it be trusted? no  Three\\x1b flowers (iris)\n" in capsys.readouterr().out


def test_what_is_damaged_is_listed_as_such_and_what_is_no_run_is_not(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = {"foreign": b"{}", "list": b"[]", "binary": b"\xff\x00"}
    for name, data in others.items():
        (run.parent / name).mkdir()
        (run.parent / name / "manifest.json").write_bytes(data)
    (run.parent / "notes").mkdir()
    (run.parent / "index.html").write_text("x")
    (run / "report.pdf").write_bytes(b"")
    assert cli.run(["runs", str(run.parent)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["list", "foreign", "binary", run.name]
    assert all("damaged: " in line for line in lines)


def test_where_memory_runs_out_no_command_calls_a_run_damaged(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking(*_: object) -> NoReturn:
        raise MemoryError

    monkeypatch.setattr("exhibit.flows.integrity.sealed_part", lacking)
    assert cli.run(["runs", str(made.parent)]) == 0
    assert cli.run(["export", str(made), str(tmp_path / "r.zip")]) == 2
    assert cli.run(["diff", str(made), str(made)]) == 2
    said = capsys.readouterr()
    assert "it takes more memory to read than there is, so nobody knows whether it is damaged\n" in said.out
    assert said.err.count("to read it takes more memory than there is, so it ") == 2


def test_a_folder_of_runs_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("x")
    assert [cli.run(["runs", str(tmp_path / name)]) for name in ("nowhere", "file")] == [2, 2]
    assert "there is no such directory" in capsys.readouterr().err


def test_a_single_run_is_not_listed_as_a_folder_without_any(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["runs", str(made)]) == 2
    assert "this is one of them; name the directory that it lies in" in capsys.readouterr().err
