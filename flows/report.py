"""The flow `report`: points, stage by stage, into one document."""

import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.config import Point, Report
from flows.engine import Engine, Future, Inline, Prefect
from flows.progress import Watch
from tasks import check_stages, gather_stage, report_stages, stages
from tasks.checks.stability import SeedStabilitySpec
from tasks.document.press import embedded_name
from tasks.document.schema import LocalEvidence
from tasks.document.seal import Host, git_state
from tasks.local import described, outside, put
from tasks.models import ModelSpec
from tasks.records import CheckResult, InputError, Selection, unpack
from tasks.stages import Done, Explained
from tasks.store import Store

_SOURCE = Path(__file__).parents[1]


@dataclass(frozen=True)
class RunResult:
    """Where the report is, and whether a required check failed."""

    directory: Path
    required_failed: bool


@dataclass(frozen=True)
class Given:
    """What a PDF brings along, so that it need not be had: by chapter the dataset with what was asked for it, and the
    weights; by key what is said of files that are not here."""

    datasets: Mapping[str, tuple[Any, bytes]] = field(default_factory=dict)
    weights: Mapping[str, bytes] = field(default_factory=dict)
    local: Mapping[str, LocalEvidence] = field(default_factory=dict)


@dataclass
class Chapter:
    """A point on its way: what its stages gave so far. Position 0 of the lists is the reported training, the others
    differ in the seed alone."""

    slug: str
    point: Point
    loaded: Done
    fits: list[Done] = field(default_factory=list)
    predicted: Done | None = None
    selected: Done | None = None
    attributed: dict[str, list[list[tuple[int, int, Done]]]] = field(default_factory=dict)
    summarised: dict[str, list[Done]] = field(default_factory=dict)
    checked: dict[str, list[Done]] = field(default_factory=dict)
    gathered: Done | None = None


def derive_report(report: Report, command: Sequence[str], given: Given) -> Path:
    """The run directory of a report that is derived again, without Prefect."""
    with Watch() as watch:
        return explain(report, command, Inline(), watch, given).directory


def run_report(report: Report, command: Sequence[str]) -> RunResult:
    """Runs the report on the runner that it names.

    Raises:
        InputError: for data or a config that cannot be used.
    """
    with Watch() as watch:
        if report.runner.kind == "inline":
            return explain(report, command, Inline(), watch)
        return _prefect_flow(report, watch)(report, list(command))


def _prefect_flow(report: Report, watch: Watch) -> Callable[[Report, list[str]], RunResult]:
    from prefect import flow
    from prefect.task_runners import ThreadPoolTaskRunner

    names = ", ".join(point.label for point in report.points)
    workers: Any = ThreadPoolTaskRunner(max_workers=4)

    @flow(name="report", flow_run_name=f"report: {names}", task_runner=workers)
    def report_flow(report: Report, command: list[str]) -> RunResult:
        return explain(report, command, Prefect(), watch)

    run: Callable[[Report, list[str]], RunResult] = report_flow
    return run


def explain(
    report: Report, command: Sequence[str], engine: Engine, watch: Watch, given: Given | None = None
) -> RunResult:
    """All stages of a report, and the run directory that they end in. `given`: what is taken and not computed."""
    started = datetime.now(UTC)
    store = Store(report.paths.store)
    flow = _Flow(report, store, engine, watch, given or Given())
    chapters = flow.points()
    document = flow.document(chapters)
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
        "stages": flow.log,
    }
    flow.seal(document, chapters, directory, command, manifest)
    checks = [
        unpack(CheckResult, store.get(done["result"])) for item in chapters for done in _flat(item.checked.values())
    ]
    return RunResult(directory, any(check.required and check.verdict == "fail" for check in checks))


@dataclass(frozen=True)
class _Rendered:
    written: str  # digest of the document
    drawn: list[Done]
    attested: Done
    rendered: Done


class _Flow:
    """The stages of one report over a store, and the log of what was computed and what was there."""

    def __init__(self, report: Report, store: Store, engine: Engine, watch: Watch, given: Given) -> None:
        self.report, self.store, self.engine, self.watch, self.given = report, store, engine, watch, given
        self.log: list[dict[str, Any]] = []
        self.done: list[Done] = []

    def _submit(self, what: str, stage: Callable[..., Done], *args: Any, **kwargs: Any) -> Future:
        return self.engine.submit(f"{stage.__name__} {what}", stage, self.store, *args, **kwargs)

    def _wait(self, what: str, future: Future) -> Done:
        done = future.result()
        self.done.append(done)
        self.log.append(
            {
                "chapter": what,
                "stage": done.stage,
                "key": done.key,
                "cached": done.cached,
                "seconds": round(done.seconds, 3),
            }
        )
        return done

    def _one(self, what: str, stage: Callable[..., Done], *args: Any, **kwargs: Any) -> Done:
        return self._wait(what, self._submit(what, stage, *args, **kwargs))

    def _long(self, what: str, stage: Callable[..., Done], *args: Any, **kwargs: Any) -> Done:
        """A stage that people watch: it takes a progress as its last positional argument."""
        progress = self.watch.stage(what, stage.__name__)
        done = self._one(what, stage, *args, progress, **kwargs)
        self.watch.finished(what, done.stage, done.cached, done.seconds)
        return done

    # --- points ---

    def points(self) -> list[Chapter]:
        """Every point up to its material, stage by stage across the points."""
        points = self.report.points
        slugs = _slugs([point.label for point in points])
        loads = [
            self._submit(s, stages.load, p.data, self.given.datasets.get(s)) for s, p in zip(slugs, points, strict=True)
        ]
        chapters = [
            Chapter(slug, point, self._wait(slug, load)) for slug, point, load in zip(slugs, points, loads, strict=True)
        ]
        for step in (
            self._fit,
            self._predict,
            self._select,
            self._attribute,
            self._summarise,
            self._check,
            self._gather,
        ):
            for chapter in chapters:
                step(chapter)
        return chapters

    def _fit(self, chapter: Chapter) -> None:
        compute = self.report.compute
        dataset = chapter.loaded.outputs.get("fitted", chapter.loaded["dataset"])
        for number, model in enumerate(_trainings(chapter.point)):
            what = chapter.slug if number == 0 else f"{chapter.slug}, seed {model.seed}"
            # Only the reported training is given, not those that a check compares it with.
            given = self.given.weights.get(chapter.slug) if number == 0 else None
            chapter.fits.append(self._long(what, stages.fit, model, compute, dataset, given=given))

    def _predict(self, chapter: Chapter) -> None:
        chapter.predicted = self._one(
            chapter.slug,
            stages.predict,
            chapter.point.model,
            self.report.compute,
            chapter.loaded["dataset"],
            chapter.fits[0]["weights"],
        )

    def _select(self, chapter: Chapter) -> None:
        point = chapter.point
        chapter.selected = self._one(
            chapter.slug,
            stages.select,
            point.selection,
            point.target,
            chapter.loaded["dataset"],
            _known(chapter.predicted)["prediction"],
        )

    def _attribute(self, chapter: Chapter) -> None:
        selection = _known(chapter.selected)["selection"]
        count = len(unpack(Selection, self.store.get(selection)).explained)
        size = self.report.compute.chunk
        chunks = [(start, min(start + size, count)) for start in range(0, count, size)]
        for label, method in chapter.point.method.items():
            jobs = [
                [
                    self._submit(
                        f"{chapter.slug}/{label} {start} to {stop}",
                        stages.attribute,
                        method,
                        model,
                        chapter.point.target,
                        self.report.compute,
                        chapter.loaded["dataset"],
                        fit["weights"],
                        selection,
                        start,
                        stop,
                    )
                    for start, stop in chunks
                ]
                for model, fit in zip(_trainings(chapter.point), chapter.fits, strict=True)
            ]
            chapter.attributed[label] = self._shards(f"{chapter.slug}/{label}", chunks, jobs)

    def _shards(
        self, what: str, chunks: Sequence[tuple[int, int]], jobs: Sequence[Sequence[Future]]
    ) -> list[list[tuple[int, int, Done]]]:
        """The chunks of every training as they are finished."""
        progress = self.watch.stage(what, "attribute")
        total = len(chunks) * len(jobs)
        found: list[list[tuple[int, int, Done]]] = []
        for futures in jobs:
            shards = []
            for (start, stop), future in zip(chunks, futures, strict=True):
                shards.append((start, stop, self._wait(what, future)))
                progress(len(found) * len(chunks) + len(shards), total)
            found.append(shards)
        parts = [done for shards in found for _, _, done in shards]
        self.watch.finished(what, "attribute", all(done.cached for done in parts), sum(done.seconds for done in parts))
        return found

    def _summarise(self, chapter: Chapter) -> None:
        for label, trainings in chapter.attributed.items():
            chapter.summarised[label] = [
                self._one(
                    f"{chapter.slug}/{label}",
                    stages.summarise,
                    chapter.point.method[label],
                    chapter.loaded["dataset"],
                    _known(chapter.selected)["selection"],
                    _digests(shards),
                )
                for shards in trainings
            ]

    def _check(self, chapter: Chapter) -> None:
        for label in chapter.point.method:
            chapter.checked[label] = [
                self._one(
                    f"{chapter.slug}/{label}/{name}",
                    check_stages.check,
                    spec,
                    self._asked(chapter, label),
                )
                for name, spec in chapter.point.check.items()
            ]

    def _asked(self, chapter: Chapter, label: str) -> check_stages.Asked:
        point = chapter.point

        def shards(other: str) -> tuple[str, ...]:
            return tuple(done["attribution"] for _, _, done in chapter.attributed[other][0])

        return check_stages.Asked(
            label=label,
            method=point.method[label],
            model=point.model,
            target=point.target,
            compute=self.report.compute,
            found={
                "dataset": chapter.loaded["dataset"],
                "weights": chapter.fits[0]["weights"],
                "selection": _known(chapter.selected)["selection"],
            },
            shards=shards(label),
            others={other: (method, shards(other)) for other, method in point.method.items() if other != label},
            summaries=tuple(done["summary"] for done in chapter.summarised[label]),
        )

    def _gather(self, chapter: Chapter) -> None:
        point = chapter.point
        predicted = _known(chapter.predicted)
        found = {
            **chapter.loaded.outputs,
            "weights": chapter.fits[0]["weights"],
            **predicted.outputs,
            "selection": _known(chapter.selected)["selection"],
        }
        explained = [
            Explained(
                label,
                method,
                tuple(_digests(chapter.attributed[label][0])),
                chapter.summarised[label][0]["summary"],
                tuple(done["result"] for done in chapter.checked[label]),
            )
            for label, method in point.method.items()
        ]
        chapter.gathered = self._one(
            chapter.slug,
            gather_stage.gather,
            chapter.slug,
            point.title,
            point.data,
            point.model,
            point.target,
            point.drawing,
            found,
            explained,
        )

    # --- the document ---

    def document(self, chapters: Sequence[Chapter]) -> _Rendered:
        """Scale, draw, compose, attest and render."""
        report, title = self.report, self.report.document.title
        materials = [_known(chapter.gathered)["material"] for chapter in chapters]
        scales = self._one("report", report_stages.scale, materials)["scales"]
        drawn = [
            self._long(chapter.slug, report_stages.draw, material, scales)
            for chapter, material in zip(chapters, materials, strict=True)
        ]
        document = self._one("report", report_stages.compose, title, materials)["document"]
        issued = report.document.issued_at
        local, embedded = self._local(chapters), self._embedded(chapters)
        attested = self._one(
            "report",
            report_stages.attest,
            _evidence_config(report, local),
            issued,
            report.compute,
            [(chapter.slug, self._stages(chapter)) for chapter in chapters],
            materials,
            document,
            self.done,
            local,
            embedded,
        )
        attached = report_stages.attached(attested) | embedded
        rendered = self._long(
            "report",
            report_stages.render,
            issued,
            report.document.paper,
            document,
            [done["drawings"] for done in drawn],
            attached,
        )
        return _Rendered(document, drawn, attested, rendered)

    def _local(self, chapters: Sequence[Chapter]) -> dict[str, LocalEvidence]:
        """What the points name outside the program, by key."""
        return {
            key: self.given.local.get(key) or described(item, chapter.loaded.spec["data"].get("files", ""))
            for number, chapter in enumerate(chapters)
            for key, item in outside(chapter.point, f"points.{number}")
        }

    def _embedded(self, chapters: Sequence[Chapter]) -> dict[str, str]:
        """Digests of the data and weights that go into the PDF, by file name; says how large they are."""
        wanted = self.report.document.embed
        found = [("dataset", chapter.loaded["dataset"]) for chapter in chapters if "data" in wanted]
        found += [("weights", chapter.fits[0]["weights"]) for chapter in chapters if "weights" in wanted]
        files = {embedded_name(what, digest): digest for what, digest in found}
        if files:
            size = sum(len(self.store.get(digest)) for digest in files.values())
            self.watch.note(f"document.embed: {' and '.join(wanted)} add {size / 1e6:,.2f} MB to the PDF")
        return files

    def _stages(self, chapter: Chapter) -> list[dict[str, Any]]:
        """What every stage of a chapter was asked and gave, however its rows were cut into chunks."""
        plain = [chapter.loaded, chapter.fits[0], _known(chapter.predicted), _known(chapter.selected)]
        found = [{"stage": done.stage, "spec": done.spec, "outputs": done.outputs} for done in plain]
        for label, method in chapter.point.method.items():
            summarised = chapter.summarised[label][0]
            content = json.loads(self.store.get(summarised["content"]))
            spec = {"label": label, "method": method.model_dump(mode="json", exclude={"aggregate"})}
            found.append({"stage": "attribute", "spec": spec, "outputs": content})
            found.append({"stage": "summarise", "spec": summarised.spec, "outputs": summarised.outputs})
            found += [
                {"stage": done.stage, "spec": done.spec, "outputs": done.outputs} for done in chapter.checked[label]
            ]
        return found

    def seal(
        self,
        document: _Rendered,
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
        report_stages.seal(
            self.store,
            directory,
            document.written,
            document.rendered,
            document.attested,
            [done["drawings"] for done in document.drawn],
            shards,
            [item for item in command if "=" in item],
            manifest,
        )
        self.watch.finished("report", "seal", False, time.monotonic() - started)


def _trainings(point: Point) -> list[ModelSpec]:
    """The model of a point, and those that differ from it in the seed alone, if a check asks for them."""
    wanted = max((spec.seeds for spec in point.check.values() if isinstance(spec, SeedStabilitySpec)), default=1)
    if wanted > 1 and getattr(point.model, "fitting", "auto") == "never":
        raise InputError(
            f"check: seed_stability trains the model {wanted} times, but model.fit is never; leave this check out"
        )
    return [point.model.model_copy(update={"seed": point.model.seed + number}) for number in range(wanted)]


def _digests(shards: Iterable[tuple[int, int, Done]]) -> list[tuple[int, int, str]]:
    return [(start, stop, done["attribution"]) for start, stop, done in shards]


def _known(done: Done | None) -> Done:
    assert done is not None, "stages run in order"
    return done


def _flat(groups: Iterable[Iterable[Done]]) -> list[Done]:
    return [done for group in groups for done in group]


def _evidence_config(report: Report, local: Mapping[str, LocalEvidence]) -> dict[str, Any]:
    """The config of the points and of the document: no places, no runner, nothing that changes no bit. Of a `local`
    file only its name."""
    plain = report.model_dump(mode="json", exclude={"runner": True, "paths": True, "compute": {"chunk"}})
    plain["document"]["issued"] = report.document.issued_at
    for key, item in local.items():
        put(plain, key, item.name)
    return plain


def _slugs(titles: Sequence[str]) -> list[str]:
    """A folder name per chapter, made unique."""
    found: list[str] = []
    for title in titles:
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "chapter"
        same = sum(other == slug or re.fullmatch(rf"{re.escape(slug)}-\d+", other) is not None for other in found)
        found.append(slug if not same else f"{slug}-{same + 1}")
    return found
