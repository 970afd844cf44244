"""The flow `report`: points, stage by stage, into one document.

The stages of a single point are in `points`; what Prefect adds is in `flow`.
"""

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from traceback import print_exception
from types import TracebackType
from typing import Any, Self, TypedDict

from exhibit.flows import gpu_memory
from exhibit.flows.across import across
from exhibit.flows.calls import Calls
from exhibit.flows.config import Report
from exhibit.flows.earlier import EARLIER, earlier
from exhibit.flows.engine import Engine, Inline
from exhibit.flows.errors import debugging, during, one_line_message
from exhibit.flows.points import Chapter, Given, followed, run_points
from exhibit.flows.progress import Watch
from exhibit.flows.stores import opened, using
from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.document.fonts import require_glyphs
from exhibit.tasks.document.index import INDEX
from exhibit.tasks.document.press import ahead, embedded_name, front
from exhibit.tasks.evidence.attached import attached
from exhibit.tasks.evidence.local import described, disambiguated, local_references, put
from exhibit.tasks.evidence.seal import Host, git_state
from exhibit.tasks.protocols import SCHEDULING
from exhibit.tasks.records.decision import DecisionSpec
from exhibit.tasks.records.evidence import LocalEvidence
from exhibit.tasks.records.language import ENGLISH
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.records.page import Failure, MissingGlyphs, Paper
from exhibit.tasks.records.verdict import CheckResult
from exhibit.tasks.stages.attest import attest
from exhibit.tasks.stages.compose import compose
from exhibit.tasks.stages.draw import draw
from exhibit.tasks.stages.draw_decisions import draw_decisions
from exhibit.tasks.stages.load import samples_beside
from exhibit.tasks.stages.render import job_of, render
from exhibit.tasks.stages.scale import scale
from exhibit.tasks.stages.seal import list_runs, seal
from exhibit.tasks.stages.stage import FinishedStage
from exhibit.tasks.store import Damaged

_SOURCE = Path(__file__).parents[1]


@dataclass(frozen=True)
class RunResult:
    """Where the report is, whether a required check failed, and the points that did. `afterwards`: a clause that says
    what failed once the report was written; empty where nothing did. `language`: of the report."""

    directory: Path
    required_failed: bool
    failed_points: tuple[str, ...] = ()
    afterwards: str = ""
    language: str = ENGLISH


class FinishedResult:
    """A result that what fails after it takes from nobody. As a context it says in the result that `what` failed in it;
    before there is a result it lets every error pass."""

    def __init__(self, what: str, result: RunResult | None = None) -> None:
        self._what, self._result = what, result

    def __call__(self, result: RunResult) -> RunResult:
        """Keeps the result from here on."""
        self._result = result
        return result

    @property
    def result(self) -> RunResult:
        assert self._result is not None, "its context was left by an error, or with a result"
        return self._result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if self._result is None or not isinstance(error, Exception):
            return False
        if debugging():
            print_exception(error)
        clauses = self._result.afterwards, f"{self._what} ({one_line_message(error)})"
        self._result = replace(self._result, afterwards="; ".join(filter(None, clauses)))
        return True


def derive_report(report: Report, command: Sequence[str], given: Given) -> Path:
    """The run directory of a report that is derived again, without Prefect."""
    with Watch() as watch:
        return explain(report, command, Inline(), watch, given).directory


def explain(
    report: Report, command: Sequence[str], engine: Engine, watch: Watch, given: Given | None = None
) -> RunResult:
    """All stages of a report, and the run directory that they end in. `given`: what is taken and not computed."""
    with using(opened(report.paths.store)) as store, ahead() as pages_to_come:
        here = report.runner.kind in ("inline", "threads")  # else a worker renders
        while True:
            try:
                calls = Calls(store, engine, watch, *([pages_to_come] if here else []))
                return _explained(report, command, calls, given or Given())
            except Exception as error:
                if not gpu_memory.ended(error):
                    raise
                report, said = gpu_memory.with_half(report, error)
                watch.note(said)


def _explained(report: Report, command: Sequence[str], calls: Calls, given: Given) -> RunResult:
    started = datetime.now(UTC)
    flow = _Flow(report, calls, given)  # what it is compared with is looked for before anything is computed
    every = run_points(report.points, report.compute, calls, given, **_asked(report))
    chapters = [point for point in every if point.failure is None]
    failures = [point.failure for point in every if point.failure is not None]
    document = flow.document(chapters, failures)
    rendered = flow.rendered(document)
    directory = report.paths.runs / f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    manifest = {
        "schema": "exhibit-manifest/1",
        "run": directory.name,
        "command": list(command),
        "started": started.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - started).total_seconds(), 3),
        "runner": report.runner.model_dump(mode="json"),
        "paths": report.paths.model_dump(mode="json"),
        "git": git_state(_SOURCE),
        "host": Host().model_dump(),
        "stages": calls.log,
    }
    checks = [unpack(CheckResult, calls.store.get(done["result"])) for chapter in chapters for done in chapter.results]
    result = RunResult(
        directory,
        any(check.required and check.verdict == "fail" for check in checks),
        tuple(failure.slug for failure in failures),
        language=report.document.language,
    )
    flow.seal(document, rendered, chapters, directory, command, manifest)
    with FinishedResult(f"{report.paths.runs / INDEX} was not written", result) as kept:
        list_runs(report.paths.runs, report.document.language)
    return kept.result


def front_page(report: Report, engine: Engine, watch: Watch, given: Given) -> str:
    """Page one of a report alone, as HTML."""
    with using(opened(report.paths.store)) as store:
        calls = Calls(store, engine, watch)
        flow = _Flow(report, calls, given)
        composed = flow.document(run_points(report.points, report.compute, calls, given), [])
        return front(job_of(store, *flow.printed(composed)))


class _Asked(TypedDict):
    """What `run_points` takes by name."""

    all_glyphs: bool
    decision: DecisionSpec | None


def looked_up(report: Report, calls: Calls) -> list[Chapter]:
    """Asks for every stage of a report, up to its pages, of calls that compute nothing; a chapter ends where the store
    does not hold what it asks for.

    Raises:
        InputError: for what the report would end with, before it computes anything.
    """
    flow = _Flow(report, calls, Given())
    chapters = followed(report.points, report.compute, calls, Given(), **_asked(report))
    if not any(chapter.failure for chapter in chapters):
        with suppress(Damaged):
            flow.rendered(flow.document(chapters, []))
    return chapters


def _asked(report: Report) -> _Asked:
    """What a report asks of its points beside themselves.

    Raises:
        InputError: for words of the config that cannot be printed, where these are refused.
    """
    refused = report.document.missing_glyphs == "refuse"
    if refused:
        require_glyphs(report.document.model_dump_json())
    return {"all_glyphs": refused, "decision": report.document.decision if report.document.kind == "decision" else None}


@dataclass(frozen=True)
class _Composed:
    written: str  # digest of the document
    drawn: list[FinishedStage]
    attested: FinishedStage
    files: Mapping[str, str]  # what goes into the PDF, by name


class _Flow:
    """From what the points left in the store to a document."""

    def __init__(self, report: Report, calls: Calls, given: Given) -> None:
        self.report, self.calls, self.given = report, calls, given
        self.store = calls.store
        self.earlier = earlier(report, calls.watch)

    def document(self, chapters: Sequence[Chapter], failures: Sequence[Failure]) -> _Composed:
        """Scale, draw, compose and attest."""
        report, title, language = self.report, self.report.document.title, self.report.document.language
        materials = [chapter["gather"]["material"] for chapter in chapters]
        scales = self.calls.one("report", scale, materials)["scales"]
        issued = report.document.issued_at
        local, embedded = self._local(chapters), self._embedded(chapters)
        config = _evidence_config(report, local)
        configs = [disambiguated(config, local)["points"][number] for number in self._numbers(chapters)]
        beside = across(self.calls.one, report, self.store, self.earlier, chapters, configs, materials, scales)
        decisions = [chapter["decide"]["decisions"] for chapter in chapters if "decide" in chapter.done]
        if decisions:
            drawing = [
                self.calls.start_watched(chapter.slug, draw_decisions, material, decided, scales, language)
                for chapter, material, decided in zip(chapters, materials, decisions, strict=True)
            ]
        else:
            drawing = [
                self.calls.start_watched(chapters[k].slug, draw, materials[k], scales, language) for k in beside.own
            ]
        drawn = [self.calls.wait_watched(started) for started in drawing] + ([] if decisions else beside.drawn)
        own = [chapters[k].slug for k in beside.own]
        composed = self.calls.one(
            "report",
            compose,
            title,
            CHECK_WORDS,
            materials,
            own,
            beside.comparisons,
            beside.changed,
            failures,
            report.document.stated(bool(local)),
            report.document.model_card,
            report.document.profile,
            [done["drawings"] for done in drawn],
            decisions,
            report.document.signoff,
            language,
        )
        document = composed["document"]
        attested = self.calls.one(
            "report",
            attest,
            config,
            issued,
            report.compute,
            [(chapter.slug, self._stages(chapter)) for chapter in chapters],
            beside.tables | {name: digest for name, digest in composed.outputs.items() if name != "document"},
            document,
            failures,
            self.calls.done,
            local,
            embedded,
        )
        carried = {name: self.store.put(data) for name, data in self.given.attached.items()}
        return _Composed(document, drawn, attested, carried or attached(attested.outputs) | embedded)

    def rendered(self, composed: "_Composed") -> FinishedStage:
        """The pages."""
        return self.calls.watched("report", render, *self.printed(composed))

    def printed(self, composed: "_Composed") -> tuple[str, Paper, MissingGlyphs, str, list[str], Mapping[str, str]]:
        """What pages are made of, as `render` takes it."""
        said = self.report.document
        drawings = [done["drawings"] for done in composed.drawn]
        return said.issued_at, said.paper, said.missing_glyphs, composed.written, drawings, composed.files

    def _local(self, chapters: Sequence[Chapter]) -> dict[str, LocalEvidence]:
        """What the points name outside the program, by key."""
        found = {
            key: self.given.local.get(key) or described(item, chapter["load"].spec["data"].get("files", ""))
            for number, chapter in zip(self._numbers(chapters), chapters, strict=True)
            for key, item in local_references(chapter.point, f"points.{number}")
        }
        return found | ({EARLIER: described(self.earlier.pdf, "")} if self.earlier else {})

    def _numbers(self, chapters: Sequence[Chapter]) -> list[int]:
        """Positions of the chapters among all points, also those that failed."""
        labels = [point.label for point in self.report.points]
        return [labels.index(chapter.point.label) for chapter in chapters]

    def _embedded(self, chapters: Sequence[Chapter]) -> dict[str, str]:
        """Digests of the data and weights that go into the PDF, by file name; says how large they are."""
        wanted = self.report.document.embed
        files: dict[str, str] = {}
        for chapter in chapters:
            dataset, weights = chapter["load"]["dataset"], chapter.fits[0]["weights"]
            if "data" in wanted:
                files[embedded_name("dataset", dataset)] = dataset
                if samples := samples_beside(self.store, dataset):
                    files[embedded_name("samples", dataset)] = samples
                if groupings := chapter["load"].outputs.get("groupings"):
                    files[embedded_name("groupings", groupings)] = groupings
            if "weights" in wanted:
                files[embedded_name("weights", weights)] = weights
        if files:
            size = sum(len(self.store.get(digest)) for digest in files.values())
            self.calls.watch.note(f"document.embed: {' and '.join(wanted)} add {size / 1e6:,.2f} MB to the PDF")
        return files

    def _stages(self, chapter: Chapter) -> list[dict[str, Any]]:
        """What every stage of a chapter was asked and gave, however its rows were cut into chunks."""
        plain = [chapter["load"], chapter.fits[0], chapter["predict"], chapter["select"]]
        stages = [{"stage": done.stage, "spec": done.spec, "outputs": done.outputs} for done in plain]
        for label, method in chapter.methods.items():
            summarised = chapter.summarised[label][0]
            content = json.loads(self.store.get(summarised["content"]))
            spec = {"label": label, "method": method.model_dump(mode="json", exclude={"aggregate"})}
            stages.append({"stage": "attribute", "spec": spec, "outputs": content})
            stages.append({"stage": "summarise", "spec": summarised.spec, "outputs": summarised.outputs})
            stages += [
                {"stage": done.stage, "spec": done.spec, "outputs": done.outputs} for done in chapter.checked[label]
            ]
        stages += [{"stage": done.stage, "spec": done.spec, "outputs": done.outputs} for done in chapter.probed]
        return stages

    def seal(
        self,
        document: _Composed,
        rendered: FinishedStage,
        chapters: Sequence[Chapter],
        directory: Path,
        command: Sequence[str],
        manifest: Mapping[str, Any],
    ) -> None:
        """Writes the run directory; the seal itself stands in the manifest that it writes."""
        started = time.monotonic()
        shards = {
            f"{chapter.slug}/{label}": [done["attribution"] for _, _, done in trainings[0]]
            for chapter in chapters
            for label, trainings in chapter.attributed.items()
        }
        with during("report", "seal"):
            seal(
                self.store,
                directory,
                document.written,
                rendered,
                document.attested,
                [done["drawings"] for done in document.drawn],
                shards,
                {chapter.slug: (chapter["load"]["dataset"], self._left(chapter)) for chapter in chapters},
                [item for item in command if "=" in item],
                manifest,
                self.report.document.issued_at,
            )
        self.calls.watch.finished("report", "seal", False, time.monotonic() - started)

    def _left(self, chapter: Chapter) -> str | None:
        """The weights, where they are to go with the report."""
        return chapter.fits[0]["weights"] if "weights" in self.report.document.embed else None


def _evidence_config(report: Report, local: Mapping[str, LocalEvidence]) -> dict[str, Any]:
    """The config of the points and of the document: no places, no runner, nothing that changes no bit. Of a file only
    its name, whether or not its point came so far that it is described."""
    plain = report.model_dump(mode="json", exclude={"runner": True, "paths": True, "compute": set(SCHEDULING)})
    plain["document"]["issued"] = report.document.issued_at
    for key, item in local_references(report.points, "points"):
        put(plain, key, local[key].name if key in local else item if isinstance(item, str) else item.name)
    if EARLIER in local:  # which report it was, however it was found
        put(plain, EARLIER, local[EARLIER].name)
    return plain
