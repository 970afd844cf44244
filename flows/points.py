"""The points of a report, stage by stage across all of them, from their config to what a chapter shows.

A step starts its calls for every point before it waits for any, so that whoever runs them can run them side by side.
A point that fails is said to have failed; the others go on.
"""

import json
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from exhibit.flows import gpu_memory
from exhibit.flows.calls import Calls, Started
from exhibit.flows.config import Point
from exhibit.flows.errors import during
from exhibit.tasks.comparing.settings import slugs
from exhibit.tasks.document.fonts import require_glyphs
from exhibit.tasks.evidence.local import local_references
from exhibit.tasks.medium import Refused, Unreachable
from exhibit.tasks.methods import MethodSpec
from exhibit.tasks.methods.method import main_of
from exhibit.tasks.models import ModelSpec
from exhibit.tasks.protocols import MOST_ASKED_FIRST, Compute
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.decision import DecisionSpec
from exhibit.tasks.records.evidence import LocalEvidence
from exhibit.tasks.records.explanation import Selection
from exhibit.tasks.records.grouping import Groupings
from exhibit.tasks.records.model import Remarks
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.records.page import Failure
from exhibit.tasks.records.verdict import CheckResult
from exhibit.tasks.stages.attribute import attribute
from exhibit.tasks.stages.beforehand import keys_of, require_explainable
from exhibit.tasks.stages.check import CheckedMethod, check
from exhibit.tasks.stages.decide import decide, require_decidable
from exhibit.tasks.stages.describe import describe
from exhibit.tasks.stages.explained import Explained
from exhibit.tasks.stages.fit import fit
from exhibit.tasks.stages.gather import gather
from exhibit.tasks.stages.group import group
from exhibit.tasks.stages.load import columns_wanted, load, told_by_place
from exhibit.tasks.stages.measure import measure
from exhibit.tasks.stages.predict import predict
from exhibit.tasks.stages.probe import probe, require_answerable
from exhibit.tasks.stages.select import select
from exhibit.tasks.stages.stage import FinishedStage
from exhibit.tasks.stages.summarise import summarise

# Starts calls, then waits for them: it yields once in between.
Step = Generator[None, None, None]


@dataclass(frozen=True)
class Given:
    """What a PDF brings along, so that it need not be had: by chapter the dataset with what was asked for it, the
    samples that lie beside it, what they are grouped by, and the weights; by key what is said of files that are not
    here. `attached`: what the pages carry in place of what is derived, if any, so that they can be compared with those
    that carried it first."""

    datasets: Mapping[str, tuple[Any, bytes]] = field(default_factory=dict)
    samples: Mapping[str, bytes] = field(default_factory=dict)
    groupings: Mapping[str, bytes] = field(default_factory=dict)
    weights: Mapping[str, bytes] = field(default_factory=dict)
    local: Mapping[str, LocalEvidence] = field(default_factory=dict)
    attached: Mapping[str, bytes] = field(default_factory=dict)


@dataclass
class Chapter:
    """A point on its way: what its stages gave so far, or why it ended. Position 0 of the lists is the reported
    training, the others differ in the seed alone. `methods`: those of the point, at the layer where they look."""

    slug: str
    point: Point
    done: dict[str, FinishedStage] = field(default_factory=dict)  # load, describe, predict, measure, select, gather
    models: list[ModelSpec] = field(default_factory=list)
    fits: list[FinishedStage] = field(default_factory=list)
    methods: dict[str, MethodSpec] = field(default_factory=dict)
    attributed: dict[str, list[list[tuple[int, int, FinishedStage]]]] = field(default_factory=dict)
    summarised: dict[str, list[FinishedStage]] = field(default_factory=dict)
    checked: dict[str, list[FinishedStage]] = field(default_factory=dict)
    probed: list[FinishedStage] = field(default_factory=list)
    failure: Failure | None = None
    error: Exception | None = None

    def __getitem__(self, stage: str) -> FinishedStage:
        return self.done[stage]

    @property
    def results(self) -> list[FinishedStage]:
        """Of all checks."""
        return [done for checks in self.checked.values() for done in checks]


def run_points(
    points: Sequence[Point],
    compute: Compute,
    calls: Calls,
    given: Given,
    *,
    all_glyphs: bool = False,
    decision: DecisionSpec | None = None,
) -> list[Chapter]:
    """Every point up to its material, and to its decisions where these are asked for. `all_glyphs`: what cannot be
    printed is refused, as soon as the data is there.

    Raises:
        Exception: what the first point met, if all of them failed.
    """
    chapters = followed(points, compute, calls, given, all_glyphs=all_glyphs, decision=decision)
    errors = [chapter.error for chapter in chapters if chapter.error is not None]
    ended = len(errors) == len(chapters)
    _tell(chapters, calls, {str(errors[0])} if ended else set())
    if ended:
        raise errors[0]
    return chapters


def followed(
    points: Sequence[Point],
    compute: Compute,
    calls: Calls,
    given: Given,
    *,
    all_glyphs: bool = False,
    decision: DecisionSpec | None = None,
) -> list[Chapter]:
    """The same, however many of them end before: each holds why."""
    chapters = [Chapter(slug, point) for slug, point in zip(slugs([p.label for p in points]), points, strict=True)]
    steps = _Steps(compute, calls, given, all_glyphs, decision)
    for step in (
        steps.load,
        steps.describe,
        steps.fit,
        steps.predict,
        steps.measure,
        steps.select,
        steps.attribute,
        steps.summarise,
        steps.check,
        steps.probe,
        steps.group,
        steps.gather,
        *([steps.decide] if decision else []),
    ):
        _across(step, [chapter for chapter in chapters if chapter.failure is None], calls)
    return chapters


def _tell(chapters: Sequence[Chapter], calls: Calls, said: set[str]) -> None:
    """What each point met, once, however many met it; `said`: what is printed as the end of the whole."""
    for chapter in chapters:
        if chapter.error is not None and str(chapter.error) not in said:
            said.add(str(chapter.error))
            kind = "" if isinstance(chapter.error, InputError) else f"{type(chapter.error).__name__}: "
            calls.watch.note(f"{chapter.slug}: {kind}{chapter.error}")


def _across(step: Callable[[Chapter], Step], chapters: Sequence[Chapter], calls: Calls) -> None:
    """One step of all chapters."""
    begun = [(chapter, step(chapter)) for chapter in chapters]
    for _ in ("start", "wait"):
        for chapter, steps in begun:
            if chapter.failure is None:
                _go_on(step.__name__, chapter, steps, calls)


def _go_on(stage: str, chapter: Chapter, steps: Step, calls: Calls) -> None:
    try:
        with during(chapter.slug, stage):
            next(steps, None)
    except (Refused, Unreachable):  # it says nothing of the point
        raise
    except Exception as error:
        if gpu_memory.ended(error):
            raise  # which all of them will meet
        chapter.error = error
        chapter.failure = Failure(
            slug=chapter.slug, title=chapter.point.title, stage=stage, sentence=_sentence(error, chapter.point)
        )
        calls.watch.failed(chapter.slug, f"{stage}, failed")


def _sentence(error: Exception, point: Point) -> str:
    """What a report may say of an error: of places on this machine only names, of the unexpected only its kind."""
    if not isinstance(error, InputError):
        return f"{type(error).__name__}: this was not expected, and may be no fault of the config"
    text = str(error)
    for _, item in local_references(point):
        text = text.replace(str(item), item if isinstance(item, str) else item.name)
    return text


class _Steps:
    """The steps of a point. Each starts its calls, yields, and waits for them."""

    def __init__(
        self, compute: Compute, calls: Calls, given: Given, all_glyphs: bool, decision: DecisionSpec | None
    ) -> None:
        self._compute, self._calls, self._given, self._all_glyphs = compute, calls, given, all_glyphs
        self._decision = decision
        self._doubted: set[str] = set()

    def _one(self, chapter: Chapter, stage: Callable[..., FinishedStage], *args: Any) -> Step:
        started = self._calls.start(chapter.slug, stage, *args)
        yield
        chapter.done[started.stage] = self._calls.wait(started)

    def load(self, chapter: Chapter) -> Step:
        embedded = self._given.datasets.get(chapter.slug), self._given.samples.get(chapter.slug)
        point = chapter.point
        weights = self._given.weights.get(chapter.slug)
        wanted = None if embedded[0] else columns_wanted(point.data, point.model, self._compute, weights)
        groupings = self._given.groupings.get(chapter.slug)
        yield from self._one(chapter, load, point.data, *embedded, wanted, groupings)
        dataset = chapter["load"]["dataset"]
        if wanted is not None and (said := told_by_place(self._calls.store, dataset, wanted)):
            self._calls.watch.note(f"{chapter.slug}: {said}")
        if self._all_glyphs:
            loaded = unpack(Dataset, self._calls.store.get(dataset), self._calls.store)
            require_glyphs("\n".join([point.title, *loaded.texts, *self._group_names(chapter)]))
        require_explainable(self._calls.store, dataset, point.model, point.method, point.target, point.selection)
        require_answerable(self._calls.store, dataset, point.data, point.selection, point.behaviour)
        require_decidable(self._calls.store, dataset, point.data, point.target, self._decision)

    def describe(self, chapter: Chapter) -> Step:
        yield from self._one(chapter, describe, chapter["load"]["dataset"])

    def _group_names(self, chapter: Chapter) -> Sequence[str]:
        digest = chapter["load"].outputs.get("groupings")
        return unpack(Groupings, self._calls.store.get(digest)).names if digest else ()

    def fit(self, chapter: Chapter) -> Step:
        chapter.models = trainings(chapter.point)
        yield from self._trained(chapter)

    def _trained(self, chapter: Chapter) -> Step:
        """Those of its models that have not been trained yet."""
        dataset = chapter["load"].outputs.get("fitted", chapter["load"]["dataset"])
        started = []
        for number, model in list(enumerate(chapter.models))[len(chapter.fits) :]:
            what = chapter.slug if number == 0 else f"{chapter.slug}, seed {model.seed}"
            # Only the reported training is given, not those that a check compares it with.
            given = self._given.weights.get(chapter.slug) if number == 0 else None
            started.append(self._calls.start_watched(what, fit, model, self._compute, dataset, given=given))
        yield
        chapter.fits += [self._calls.wait_watched(call) for call in started]

    def predict(self, chapter: Chapter) -> Step:
        weights = chapter.fits[0]["weights"]
        arguments = chapter.point.model, self._compute, chapter["load"]["dataset"], weights
        yield from self._one(chapter, predict, *arguments)
        self._tell_doubt(chapter)
        named = {
            name: json.loads(self._calls.store.get(digest))
            for name, digest in chapter["predict"].outputs.items()
            if name in ("layer", "embedding")
        }
        chapter.methods = {label: method.placed(named) for label, method in chapter.point.method.items()}

    def _tell_doubt(self, chapter: Chapter) -> None:
        """What the labels say against the model, before anything is explained; once, however many points it is of."""
        digest = chapter["predict"]["remarks"]
        doubt = unpack(Remarks, self._calls.store.get(digest)).doubt
        if doubt and digest not in self._doubted:
            self._calls.watch.note(f"{chapter.slug}: {doubt}")
        self._doubted.add(digest)

    def measure(self, chapter: Chapter) -> Step:
        reference = chapter["load"].outputs.get("reference")
        yield from self._one(chapter, measure, chapter["load"]["dataset"], chapter["predict"]["prediction"], reference)

    def select(self, chapter: Chapter) -> Step:
        point = chapter.point
        inputs = chapter["load"]["dataset"], chapter["predict"]["prediction"]
        yield from self._one(chapter, select, point.selection, point.target, *inputs)

    def attribute(self, chapter: Chapter) -> Step:
        selection = unpack(Selection, self._calls.store.get(chapter["select"]["selection"]))
        count, size = len(selection.explained), self._compute.chunk
        chunks = [(start, min(start + size, count)) for start in range(0, count, size)]
        # What asks most of the model comes first: it is what can be refused, and before the rest has taken its time.
        order = sorted(chapter.methods, key=lambda label: MOST_ASKED_FIRST.index(chapter.methods[label].asks))
        started = {label: self._shards(chapter, label, chunks) for label in order}
        yield
        found = {}
        for label, calls in started.items():
            with keys_of(chapter.methods[label], label):
                found[label] = self._gathered(f"{chapter.slug}/{label}", chunks, calls)
        for label in chapter.methods:
            chapter.attributed[label] = [*chapter.attributed.get(label, []), *found[label]]

    def _shards(self, chapter: Chapter, label: str, chunks: Sequence[tuple[int, int]]) -> list[list[Started]]:
        """A call for every chunk of every training that has not been explained yet."""
        point, done = chapter.point, len(chapter.attributed.get(label, []))
        return [
            [
                self._calls.start(
                    f"{chapter.slug}/{label} {start} to {stop}",
                    attribute,
                    chapter.methods[label],
                    model,
                    point.target,
                    self._compute,
                    chapter["load"]["dataset"],
                    fit["weights"],
                    chapter["select"]["explained"],
                    start,
                    stop,
                )
                for start, stop in chunks
            ]
            for model, fit in list(zip(chapter.models, chapter.fits, strict=True))[done:]
        ]

    def _gathered(
        self, what: str, chunks: Sequence[tuple[int, int]], started: Sequence[Sequence[Started]]
    ) -> list[list[tuple[int, int, FinishedStage]]]:
        """The chunks of every training as they are finished."""
        progress = self._calls.watch.stage(what, "attribute")
        total = len(chunks) * len(started)
        finished: list[list[tuple[int, int, FinishedStage]]] = []
        for calls in started:
            shards = []
            for (start, stop), call in zip(chunks, calls, strict=True):
                shards.append((start, stop, self._calls.wait(call._replace(what=what))))
                progress(len(finished) * len(chunks) + len(shards), total)
            finished.append(shards)
        parts = [done for shards in finished for _, _, done in shards]
        cached, seconds = all(done.cached for done in parts), sum(done.seconds for done in parts)
        self._calls.watch.finished(what, "attribute", cached, seconds)
        return finished

    def summarise(self, chapter: Chapter) -> Step:
        inputs = chapter["load"]["dataset"], chapter["select"]["explained"]
        started = {
            label: [
                self._calls.start(
                    f"{chapter.slug}/{label}", summarise, chapter.methods[label], *inputs, digests(shards)
                )
                for shards in trainings
            ]
            for label, trainings in chapter.attributed.items()
        }
        yield
        chapter.summarised = self._all(started)

    def check(self, chapter: Chapter) -> Step:
        """While a check that compares trainings is undecided, there are more of them."""
        yield from self._checked(chapter)
        while more := self._further_trainings(chapter):
            chapter.models = trainings(chapter.point, len(chapter.models) + more)
            for step in (self._trained, self.attribute, self.summarise, self._checked):
                for _ in step(chapter):
                    pass

    def _further_trainings(self, chapter: Chapter) -> int:
        specs = list(chapter.point.check.values())
        return max(
            (
                spec.further_trainings(unpack(CheckResult, self._calls.store.get(done["result"])))
                for found in chapter.checked.values()
                for spec, done in zip(specs, found, strict=True)
                if "trainings" in spec.needs
            ),
            default=0,
        )

    def _checked(self, chapter: Chapter) -> Step:
        started = {
            label: [
                self._calls.start(f"{chapter.slug}/{label}/{name}", check, spec, self._asked(chapter, label))
                for name, spec in chapter.point.check.items()
            ]
            for label in chapter.methods
        }
        yield
        chapter.checked = self._told(chapter.slug, "check", started)

    def _all(self, started: Mapping[str, Sequence[Started]]) -> dict[str, list[FinishedStage]]:
        return {label: [self._calls.wait(call) for call in calls] for label, calls in started.items()}

    def _told(self, what: str, stage: str, started: Mapping[str, Sequence[Started]]) -> dict[str, list[FinishedStage]]:
        """The results of calls of which people see how many are finished."""
        if not (total := sum(map(len, started.values()))):
            return self._all(started)
        progress = self._calls.watch.stage(what, stage)
        found: dict[str, list[FinishedStage]] = {label: [] for label in started}
        parts: list[FinishedStage] = []
        for label, calls in started.items():
            for call in calls:
                parts.append(self._calls.wait(call))
                found[label].append(parts[-1])
                progress(len(parts), total)
        cached, seconds = all(done.cached for done in parts), sum(done.seconds for done in parts)
        self._calls.watch.finished(what, stage, cached, seconds)
        return found

    def _asked(self, chapter: Chapter, label: str) -> CheckedMethod:
        point = chapter.point

        def shards(other: str) -> tuple[str, ...]:
            return tuple(done["attribution"] for _, _, done in chapter.attributed[other][0])

        return CheckedMethod(
            label=label,
            method=chapter.methods[label],
            model=point.model,
            target=point.target,
            compute=self._compute,
            found={
                "dataset": chapter["load"]["dataset"],
                "weights": chapter.fits[0]["weights"],
                "explained": chapter["select"]["explained"],
            },
            shards=shards(label),
            others={other: (method, shards(other)) for other, method in chapter.methods.items() if other != label},
            summaries=tuple(done["summary"] for done in chapter.summarised[label]),
        )

    def probe(self, chapter: Chapter) -> Step:
        point = chapter.point
        main = main_of(chapter.methods)
        found = {
            "dataset": chapter["load"]["dataset"],
            "weights": chapter.fits[0]["weights"],
            "prediction": chapter["predict"]["prediction"],
            "explained": chapter["select"]["explained"],
            "summary": chapter.summarised[main][0]["summary"],
        }
        method, shards = chapter.methods[main], tuple(done["attribution"] for _, _, done in chapter.attributed[main][0])
        asked = point.data, point.model, point.target, point.selection, self._compute, found, method, shards
        started = {
            label: [self._calls.start(f"{chapter.slug}/{label}", probe, question, label, *asked)]
            for label, question in point.behaviour.items()
        }
        yield
        chapter.probed = [done for (done,) in self._told(chapter.slug, "probe", started).values()]

    def group(self, chapter: Chapter) -> Step:
        if "groupings" not in chapter["load"].outputs:
            yield
            return
        point, main = chapter.point, main_of(chapter.methods)
        found = {
            "dataset": chapter["load"]["dataset"],
            "groupings": chapter["load"]["groupings"],
            "prediction": chapter["predict"]["prediction"],
            "explained": chapter["select"]["explained"],
        }
        shards = tuple(done["attribution"] for _, _, done in chapter.attributed[main][0])
        yield from self._one(chapter, group, point.data, point.target, found, chapter.methods[main], shards)

    def gather(self, chapter: Chapter) -> Step:
        point = chapter.point
        inputs = {
            **chapter["load"].outputs,
            **chapter["describe"].outputs,
            "weights": chapter.fits[0]["weights"],
            **chapter["predict"].outputs,
            **chapter["measure"].outputs,
            **(chapter["group"].outputs if "group" in chapter.done else {}),
            "selection": chapter["select"]["selection"],
        }
        explained = [
            Explained(
                label,
                method,
                tuple(digests(chapter.attributed[label][0])),
                chapter.summarised[label][0]["summary"],
                tuple(done["result"] for done in chapter.checked[label]),
            )
            for label, method in chapter.methods.items()
        ]
        shown = chapter.slug, point.title, point.data, point.model, point.target, point.drawing
        behaviour = [done["behaviour"] for done in chapter.probed]
        yield from self._one(chapter, gather, *shown, inputs, explained, behaviour)

    def decide(self, chapter: Chapter) -> Step:
        point = chapter.point
        found = {
            "dataset": chapter["load"]["dataset"],
            "weights": chapter.fits[0]["weights"],
            "prediction": chapter["predict"]["prediction"],
        }
        asked = self._decision, point.data, point.target, point.model, self._compute
        yield from self._one(chapter, decide, *asked, found, chapter["gather"]["material"])


def trainings(point: Point, grown: int = 1) -> list[ModelSpec]:
    """The model of a point, and those that differ from it in the seed alone, if a check asks for them; at least so many
    as `grown`."""
    wanted, check = max(((spec.trainings, spec.option()) for spec in point.check.values()), default=(1, ""))
    wanted = max(wanted, grown)
    if wanted == 1:
        return [point.model]
    if not point.model.trains:
        raise InputError(
            f"check: {check} trains the model {wanted} times, but it is given as it is; leave this check out"
        )
    return [point.model.model_copy(update={"seed": point.model.seed + number}) for number in range(wanted)]


def digests(shards: Iterable[tuple[int, int, FinishedStage]]) -> list[tuple[int, int, str]]:
    """Where each shard begins and ends, and its attributions."""
    return [(start, stop, done["attribution"]) for start, stop, done in shards]
