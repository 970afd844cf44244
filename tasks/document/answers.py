"""The plain answers of page one, by a rule that is printed with them."""

import json
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from exhibit.tasks.document import explained
from exhibit.tasks.document.bearing import named
from exhibit.tasks.document.concerns import concerns
from exhibit.tasks.document.grounds import sample, worded
from exhibit.tasks.document.verdicts import all_rows, not_asked
from exhibit.tasks.document.words import capital, count, listing, of_results
from exhibit.tasks.records.finding import Finding, Mark
from exhibit.tasks.records.intervals import filed
from exhibit.tasks.records.kinds import Kind
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.model import Metric
from exhibit.tasks.records.page import Answer, Each, Fact, Front, Rule
from exhibit.tasks.records.subgroups import APART
from exhibit.tasks.records.trust import (
    Answered,
    AnyGround,
    MayRely,
    Measured,
    QuestionId,
    Relied,
    Repeated,
    Reserved,
    Result,
    Word,
)
from exhibit.tasks.records.verdict import CheckWords

_HALF = 0.5  # of the errors of a naive guess
_WORST: tuple[Word, ...] = ("no", "not assessed", "with care", "yes")
_MOST_GROUPS = 3  # of results with the same answer
_MOST_NAMED = 3  # methods of a model

MODEL = "Can the model be trusted?"

RULE = (
    Rule(
        question=MODEL,
        cases=(
            ("yes", "on rows that it has not seen it surely makes at most half the errors of a naive guess"),
            (
                "with care",
                "it is surely better than the guess, but not shown to be that good; or those rows stopped its "
                "training, or hold rows that it was trained on; or it relies on a planted mark, or may, since the 95% "
                f"interval of how much more often it is right with the mark goes beyond {100 * APART:g} percentage "
                "points; or there is no guess to hold it against",
            ),
            ("no", "it is not surely better than the guess, on whichever rows"),
            ("not assessed", "no rows that it has not seen have labels"),
        ),
    ),
    explained.RULE,
    Rule(
        question="Whether to trust it",
        cases=(
            ("yes", "both answers are yes"),
            ("with care", "in all other cases"),
            ("no", "one of the two is no"),
            ("not assessed", "one of the two is not assessed, and none is no"),
        ),
    ),
)


def notes(checks: Mapping[str, CheckWords], several: bool) -> tuple[str, ...]:
    """What the words of the rule mean."""
    worst = "Of several results the worst answer counts. " * several
    return (
        "Surely: by the whole 95% interval. A naive guess knows the training labels alone: it is always the commonest "
        f"class, or their mean. The typical error is the root mean squared error (RMSE). {worst}That a given model has "
        "not seen the rows of the data is the user's statement, where it is made.",
        *explained.notes(checks),
    )


def front(
    materials: Sequence[Material],
    findings: Mapping[str, Finding],
    checks: Mapping[str, CheckWords],
    anchors: Mapping[str, str],
    stated: Mapping[str, str] | None = None,
) -> Front:
    """The answers for all chapters together. `findings`: by the slug of the chapter; `checks`: every one that a reader
    may expect; `anchors`: where a chapter is; `stated`: what the user says of the model, by what
    it is."""
    if not materials:
        return Front()
    model, explanation, _ = answered = (
        _answered("model", materials, [of_model(item, findings[item.slug]) for item in materials]),
        _answered(
            "explanation",
            materials,
            [explained.explanation(item, findings[item.slug], checks) for item in materials],
        ),
        _answered("untested", materials, [explained.untested(item, checks) for item in materials]),
    )
    return Front(
        examined=tuple(_examined(materials)),
        stated=tuple(Fact(name=capital(name), text=text) for name, text in (stated or {}).items()),
        answered=answered,
        findings={slug: _plain(finding) for slug, finding in findings.items()},
        answers=tuple(told(one, checks) for one in answered),
        overall=min(model.answer, explanation.answer, key=_WORST.index),
        concerns=concerns(materials, anchors),
        rule=RULE,
        notes=notes(checks, len(materials) > 1),
        verdicts=tuple(all_rows(materials, checks, anchors)),
        not_asked=tuple(not_asked(materials, checks)),
    )


_QUESTIONS: dict[QuestionId, str] = {
    "model": MODEL,
    "explanation": explained.EXPLANATION,
    "untested": explained.UNTESTED,
}


def _answered(
    question: QuestionId, materials: Sequence[Material], found: Sequence[tuple[Word, Sequence[AnyGround]]]
) -> Answered:
    """The answer for each chapter, of which the worst counts."""
    results = [
        Result(chapter=item.slug, title=item.title, answer=word, reasons=tuple(grounds))
        for item, (word, grounds) in zip(materials, found, strict=True)
    ]
    worst = min((one.answer for one in results), key=_WORST.index)
    return Answered(id=question, question=_QUESTIONS[question], answer=worst, results=tuple(results))


def _plain(finding: Finding) -> dict[str, JsonValue]:
    """A finding for programs: null where no number is known."""
    found: dict[str, JsonValue] = filed(json.loads(finding.model_dump_json()))
    return {**found, "standing": finding.standing}


def told(answered: Answered, checks: Mapping[str, CheckWords]) -> Answer:
    """An answer in the words of page one."""
    return explained.told_untested(answered, checks) if answered.id == "untested" else _joined(answered, checks)


def model_name(material: Material) -> str:
    """neural net for pictures (Keras): kind of model and framework, neither of them twice."""
    kind, framework = material.data_kind, material.framework
    return kind if kind.startswith(framework.lower()) else f"{kind} ({framework})"


def _examined(materials: Sequence[Material]) -> list[Fact]:
    """Model, data and methods; of several points each of these in one line, the same ones once."""
    if len(materials) == 1:
        (item,) = materials
        return [
            Fact(name="Model", text=f"{capital(model_name(item))}, {_origin(item)}"),
            Fact(name="Data", text=_data_of(item)),
            Fact(name="Source", text=_source_of(item)),
            _methods_of(item),
        ]
    alike: dict[tuple[str, str], list[str]] = {}
    for item in materials:
        rows = _rows(item, len(item.labels) + len(item.dataset.excluded))
        data = f"{item.dataset.title}, {rows}, {item.explained:,} explained"
        alike.setdefault((model_name(item), data), []).append(item.title)
    return [
        Fact(name=of_results(titles, len(materials)), text=f"{capital(model)}; {data}")
        for (model, data), titles in alike.items()
    ]


def _origin(material: Material) -> str:
    """Whether it was trained here, and on how much."""
    if not material.trained:
        return "given as it is, not trained here"
    return f"trained for this report on {_rows(material, int((material.split == 'train').sum()))}"


def _data_of(material: Material) -> str:
    rows = _rows(material, len(material.labels) + len(material.dataset.excluded))
    were = "was" if material.explained == 1 else "were"
    return f"{material.dataset.title}, {rows}, of which {material.explained:,} {were} explained"


def _source_of(material: Material) -> str:
    """Where the data come from, in short: whole it stands in the chapter."""
    first = material.dataset.source.partition("; ")[0]
    return capital(first if len(first) <= _LINE else first.partition(": ")[0]).rstrip(".")


_LINE = 100  # characters of a fact on page one


def _rows(material: Material, number: int) -> str:
    """1 picture, 1,264 rows: samples by what a reader calls them."""
    return count(number, *_sample(material))


def _sample(material: Material) -> tuple[str, str]:
    """One of them, and several."""
    return sample(_kind(material))


def _kind(material: Material) -> Kind | None:
    """Of which kind the samples are; None of several inputs."""
    return material.kind if len(material.dataset.inputs) == 1 else None


def _methods_of(material: Material) -> Fact:
    titles = [named(method) for method in material.methods]
    more = [f"{len(titles) - _MOST_NAMED} more"] if len(titles) > _MOST_NAMED else []
    return Fact(name="Explained by", text=listing([*titles[:_MOST_NAMED], *more]))


def _joined(answered: Answered, checks: Mapping[str, CheckWords]) -> Answer:
    """The worst answer, and that of each result, the worst first; what is the same of several is said once."""
    found = answered.results
    if len(found) == 1:
        [one] = found
        return Answer(question=answered.question, word=one.answer, reasons=(worded(one.reasons, checks),))
    alike: dict[tuple[Word, str], list[str]] = {}
    for one in found:
        alike.setdefault((one.answer, worded(one.reasons, checks, whole=False)), []).append(one.title)
    order = sorted(alike, key=lambda one: _WORST.index(one[0]))
    rest = [word for word, text in order[_MOST_GROUPS:] for _ in alike[word, text]]
    return Answer(
        question=answered.question,
        word=answered.answer,
        each=tuple(
            Each(of=of_results(alike[word, text], len(found)), word=word, reason=text)
            for word, text in order[:_MOST_GROUPS]
        ),
        more=f"{count(len(rest), 'more result')}: {_counted(rest)}." if rest else "",
    )


def _counted(words: Sequence[Word]) -> str:
    return listing([f"{words.count(word)} {word}" for word in _WORST if word in words])


# --- the model --------------------------------------------------------------------------------------------


def of_model(material: Material, finding: Finding) -> tuple[Word, list[AnyGround]]:
    """Whether it can be trusted, and why."""
    metric = next(iter(material.performance.metrics), None)
    if metric is None:
        return "not assessed", [Reserved(id="no labels")]
    said: list[AnyGround] = [_quality(material, metric)]
    said += [Reserved(id="stated")] if material.not_seen else []
    test = material.measured_rows == "test" or (material.measured_rows == "explained" and material.trained)
    unseen = test or material.not_seen
    if metric.naive is None or metric.interval is None:
        return "with care" if unseen else "not assessed", [*said, Reserved(id="no guess")]
    high = _errors(metric)[1]
    naive = _error(metric, metric.naive)
    if not high < naive:
        return "no", [*said, Reserved(id="no better")]
    if not unseen:
        return "not assessed", [*said, Reserved(id="others unknown" if material.trained else "seen unknown")]
    reserve = _reserve(material, finding, high <= _HALF * naive)
    return ("with care", [*said, reserve]) if reserve else ("yes", said)


def _reserve(material: Material, finding: Finding, surely: bool) -> AnyGround | None:
    """Why a model that is better than a guess is trusted with care; None where nothing speaks against it."""
    if isinstance(finding, Mark) and finding.relied_on:
        return Relied(region=finding.region, of_class=finding.of_class, present=finding.present, absent=finding.absent)
    if (planted := material.performance.planted) and planted.present.less(planted.absent)[1] > APART:
        of_class = material.output_name(planted.output)
        return MayRely(region=planted.region, of_class=of_class, present=planted.present, absent=planted.absent)
    if (repeated := material.performance.repeated) and not material.not_seen:
        return Repeated(rows=repeated)
    if material.stopped_by_test:
        return Reserved(id="stopped by them")
    return None if surely else Reserved(id="not half")


def _error(metric: Metric, value: float) -> float:
    """What of a metric is to be small: shares are of right answers."""
    return 1 - value if metric.name.endswith("accuracy") else value


def _errors(metric: Metric) -> tuple[float, float]:
    assert metric.interval is not None, "asked for by the caller"
    low, high = sorted(_error(metric, value) for value in metric.interval)
    return low, high


def _quality(material: Material, metric: Metric) -> Measured:
    return Measured(
        metric=metric,
        unit=material.dataset.label_unit,
        classes=bool(material.dataset.classes),
        sample=_kind(material),
        rows=material.measured_rows,
    )
