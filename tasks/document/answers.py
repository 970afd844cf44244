"""The plain answers of page one, by the rules that are printed with them."""

import json
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from exhibit.tasks.document import explained, rules
from exhibit.tasks.document.bearing import named
from exhibit.tasks.document.concerns import by_group, concerns, open_questions
from exhibit.tasks.document.grounds import sample, worded
from exhibit.tasks.document.verdicts import all_rows, not_asked
from exhibit.tasks.document.words import capital, count, judged, listing, of_results
from exhibit.tasks.records.finding import Finding, Mark
from exhibit.tasks.records.intervals import filed
from exhibit.tasks.records.kinds import Kind
from exhibit.tasks.records.language import as_message, mark, tr, trn, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.model import Metric
from exhibit.tasks.records.page import Answer, Each, Fact, Front
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

MODEL = rules.MODEL

_HALF = 0.5  # of the errors of a naive guess
_WORST: tuple[Word, ...] = ("no", "not assessed", "with care", "yes")
_MOST_GROUPS = 3  # of results with the same answer
_MOST_NAMED = 3  # methods of a model


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
        stated=tuple(Fact(name=capital(tr(name)), text=_stated(name, text)) for name, text in (stated or {}).items()),
        answered=answered,
        findings={slug: _plain(finding) for slug, finding in findings.items()},
        answers=tuple(told(one, checks) for one in answered),
        overall=min(model.answer, explanation.answer, key=_WORST.index),
        concerns=concerns(materials, anchors),
        undecided=open_questions(materials, anchors),
        rule=rules.rules(),
        notes=rules.notes(checks, len(materials) > 1),
        verdicts=tuple(all_rows(materials, checks, anchors)),
        by_group=by_group(materials, anchors),
        not_asked=tuple(not_asked(materials, checks)),
    )


# What a user may state of model and data, as `DocumentSpec.stated` calls and orders it.
_STATED = (
    mark("purpose"),
    mark("owner"),
    mark("version of the model"),
    mark("date of the model"),
    mark("date of the data"),
    mark("a model card"),
)
_NOT_STATED = mark("not stated")


def _stated(name: str, text: str) -> str:
    """What is stated, in the user's words; what is not stated, by its names."""
    return listing([tr(one) for one in _STATED if one in text]) if name == _NOT_STATED else text


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
        Result(chapter=item.slug, title=as_message(item.title), answer=word, reasons=tuple(grounds))
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
    if kind.startswith(framework.lower()):
        return tr(kind)
    return tr("{model} ({framework})", model=tr(kind), framework=framework)


def _examined(materials: Sequence[Material]) -> list[Fact]:
    """Model, data and methods; of several points each of these in one line, the same ones once."""
    if len(materials) == 1:
        (item,) = materials
        return [
            Fact(
                name=trp("on page one", "Model"),
                text=tr("{model}, {origin}", model=capital(model_name(item)), origin=_origin(item)),
            ),
            Fact(name=trp("on page one", "Data"), text=_data_of(item)),
            Fact(name=trp("on page one", "Source"), text=_source_of(item)),
            _methods_of(item),
        ]
    alike: dict[tuple[str, str], list[str]] = {}
    for item in materials:
        data = tr(
            "{data}, {rows}, {number} explained",
            data=tr(item.dataset.title),
            rows=_rows(item, len(item.labels) + len(item.dataset.excluded)),
            number=f"{item.explained:,}",
        )
        alike.setdefault((model_name(item), data), []).append(tr(item.title))
    return [
        Fact(name=of_results(titles, len(materials)), text=tr("{model}; {data}", model=capital(model), data=data))
        for (model, data), titles in alike.items()
    ]


def _origin(material: Material) -> str:
    """Whether it was trained here, and on how much."""
    if not material.trained:
        return tr("given as it is, not trained here")
    return tr("trained for this report on {rows}", rows=_rows(material, int((material.split == "train").sum())))


def _data_of(material: Material) -> str:
    data, left_out = tr(material.dataset.title), len(material.dataset.excluded)
    rows = _rows(material, len(material.labels) + left_out)
    if left_out:
        return trn(
            "{data}, {rows}, of which {left_out} could not be used and {number} was explained",
            "{data}, {rows}, of which {left_out} could not be used and {number} were explained",
            material.explained,
            data=data,
            rows=rows,
            left_out=f"{left_out:,}",
        )
    return trn(
        "{data}, {rows}, of which {number} was explained",
        "{data}, {rows}, of which {number} were explained",
        material.explained,
        data=data,
        rows=rows,
    )


def _source_of(material: Material) -> str:
    """Where the data come from, in short: whole it stands in the chapter."""
    first = tr(material.dataset.source).partition("; ")[0]
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
    others = [method for method in material.methods if method.label != material.main.label]
    titles = [named(method) for method in (material.main, *others)]
    left = len(titles) - _MOST_NAMED
    more = [tr("{number} more", number=str(left))] if left > 0 else []
    return Fact(name=tr("Explained by"), text=listing([*titles[:_MOST_NAMED], *more]))


def _joined(answered: Answered, checks: Mapping[str, CheckWords]) -> Answer:
    """The worst answer, and that of each result, the worst first; what is the same of several is said once."""
    found = answered.results
    if len(found) == 1:
        [one] = found
        return Answer(question=tr(answered.question), word=one.answer, reasons=(worded(one.reasons, checks),))
    alike: dict[tuple[Word, str], list[str]] = {}
    for one in found:
        alike.setdefault((one.answer, worded(one.reasons, checks, whole=False)), []).append(tr(one.title))
    order = sorted(alike, key=lambda one: _WORST.index(one[0]))
    rest = [word for word, text in order[_MOST_GROUPS:] for _ in alike[word, text]]
    return Answer(
        question=tr(answered.question),
        word=answered.answer,
        each=tuple(
            Each(of=of_results(alike[word, text], len(found)), word=word, reason=text)
            for word, text in order[:_MOST_GROUPS]
        ),
        more=_more(rest) if rest else "",
    )


def _more(words: Sequence[Word]) -> str:
    """How many results there is no room for, and how many had which answer."""
    found = [
        tr("{number} {answer}", number=str(words.count(word)), answer=judged(word)) for word in _WORST if word in words
    ]
    return trn(
        "{number} more result: {answers}.", "{number} more results: {answers}.", len(words), answers=listing(found)
    )


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
    unknown = [] if unseen else [Reserved(id="others unknown" if material.trained else "seen unknown")]
    if metric.naive is None or metric.interval is None:
        lacking = Reserved(id="no guess" if metric.naive is None else "no interval")
        return "not assessed" if unknown else "with care", [*said, lacking, *unknown]
    high = _errors(metric)[1]
    naive = _error(metric, metric.naive)
    if not high < naive:
        return "no", [*said, Reserved(id="no better")]
    if unknown:
        return "not assessed", [*said, *unknown]
    reserve = _reserve(material, finding, high <= _HALF * naive)
    return ("with care", [*said, reserve]) if reserve else ("yes", said)


def _reserve(material: Material, finding: Finding, surely: bool) -> AnyGround | None:
    """Why a model that is better than a guess is trusted with care; None where nothing speaks against it."""
    if isinstance(finding, Mark) and finding.relied_on:
        return Relied(
            region=tr(finding.region), of_class=finding.of_class, present=finding.present, absent=finding.absent
        )
    if (planted := material.performance.planted) and planted.present.less(planted.absent)[1] > APART:
        of_class = material.output_name(planted.output)
        return MayRely(region=tr(planted.region), of_class=of_class, present=planted.present, absent=planted.absent)
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
