"""The plain answers of page one, by a rule that is printed with them."""

from collections.abc import Mapping, Sequence

from exhibit.tasks.document.bearing import named
from exhibit.tasks.document.concerns import concerns
from exhibit.tasks.document.kinds import KINDS
from exhibit.tasks.document.spec import MANY
from exhibit.tasks.document.words import asked, beside, capital, count, interval, listing, plain, rounded, share
from exhibit.tasks.records.finding import Finding, Mark
from exhibit.tasks.records.material import Material, MethodMaterial
from exhibit.tasks.records.model import Metric
from exhibit.tasks.records.page import Answer, Column, Fact, Front, Judged, Open, Rule, Table, Word
from exhibit.tasks.records.verdict import CheckResult, CheckWords, Verdict

ENOUGH = 4  # checks that gave a verdict, for a "yes"
_HALF = 0.5  # of the errors of a naive guess
_WORST: tuple[Word, ...] = ("no", "not assessed", "with care", "yes")
_MOST_REASONS = 3
_MOST_NAMED = 3  # methods of a model
_MOST_MISSING = 2  # checks that gave no verdict, in whole sentences

MODEL, EXPLANATION = "Can the model be trusted?", "Can the explanation be trusted?"

RULE = (
    Rule(
        question=MODEL,
        cases=(
            ("yes", "on rows that it has not seen it surely makes at most half the errors of a naive guess"),
            (
                "with care",
                "it is surely better than the guess, but not shown to be that good; or those rows stopped its "
                "training, or hold rows that it was trained on; or it relies on a planted mark; or there is no guess "
                "to hold it against",
            ),
            ("no", "it is not surely better than the guess, on whichever rows"),
            ("not assessed", "no rows that it has not seen have labels"),
        ),
    ),
    Rule(
        question=EXPLANATION,
        cases=(
            (
                "yes",
                f"at least {ENOUGH} checks passed, none failed or is undecided, the methods agree on what is said, "
                "and chance has not made it",
            ),
            ("with care", "in all other cases"),
            ("no", "a required check failed"),
        ),
    ),
    Rule(
        question="Over all, in lists of runs",
        cases=(
            ("yes", "both answers are yes"),
            ("with care", "the worse of the two is “with care” or “not assessed”"),
            ("no", "one of the two is no"),
        ),
    ),
)

NOTES = (
    "Surely: by the whole 95% interval. A naive guess knows the training labels alone: it is always the commonest "
    "class, or their mean. The typical error is the root mean squared error (RMSE).",
    "A check has passed if it passed for every method that it judged; an undecided one counts as not assessed. Of "
    "several models the worst answer counts. That a given model has not seen the rows of the data is the user's "
    "statement, where it is made.",
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
    judged = [_model(item, findings[item.slug], len(materials) == 1) for item in materials]
    model = _joined(MODEL, materials, judged)
    explained = [_explanation(item, findings[item.slug], checks) for item in materials]
    explanation = _joined(EXPLANATION, materials, explained)
    words = [model.word, explanation.word]
    overall = min((word if word != "not assessed" else "with care" for word in words), key=_WORST.index)
    return Front(
        examined=tuple(_examined(materials)),
        stated=tuple(Fact(name=capital(name), text=text) for name, text in (stated or {}).items()),
        answers=(model, explanation, _untested(materials, checks)),
        overall=overall,
        concerns=concerns(materials, anchors),
        rule=RULE,
        notes=NOTES,
        verdicts=tuple(all_rows(materials, checks, anchors)),
        not_asked=tuple(_not_asked(materials, checks)),
    )


def model_name(material: Material) -> str:
    """neural net for pictures (Keras): kind of model and framework, neither of them twice."""
    kind, framework = material.data_kind, material.framework
    return kind if kind.startswith(framework.lower()) else f"{kind} ({framework})"


def _examined(materials: Sequence[Material]) -> list[Fact]:
    """Model, data and methods; of several points each of these in one line, the same ones once."""
    if len(materials) == 1:
        (item,) = materials
        return [
            Fact(name="Model", text=f"{capital(_model_of(item))}, {_origin(item)}"),
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
        Fact(name=_of(titles, len(materials)), text=f"{capital(model)}; {data}")
        for (model, data), titles in alike.items()
    ]


def _model_of(material: Material) -> str:
    size = f", {count(material.parameters, 'learned number')}" if material.parameters else ""
    return f"{model_name(material)}{size}"


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
    inputs = material.dataset.inputs
    return count(number, *(KINDS[material.kind].sample if len(inputs) == 1 else ("row", "rows")))


def _methods_of(material: Material) -> Fact:
    titles = [named(method) for method in material.methods]
    more = [f"{len(titles) - _MOST_NAMED} more"] if len(titles) > _MOST_NAMED else []
    return Fact(name="Explained by", text=listing([*titles[:_MOST_NAMED], *more]))


def _joined(question: str, materials: Sequence[Material], found: Sequence[tuple[Word, str]]) -> Answer:
    """The worst answer, with the reasons of the worst first; what is the same of several is said once."""
    alike: dict[tuple[Word, str], list[str]] = {}
    for material, one in zip(materials, found, strict=True):
        alike.setdefault(one, []).append(material.title)
    order = sorted(alike, key=lambda one: _WORST.index(one[0]))
    named = [
        capital(text) if len(alike) == 1 and len(found) == 1 else f"{_of(alike[word, text], len(found))}: {text}"
        for word, text in order[:_MOST_REASONS]
    ]
    rest = [word for word, text in order[_MOST_REASONS:] for _ in alike[word, text]]
    reasons = [*named, *([f"{count(len(rest), 'more model')}: {_counted(rest)}."] if rest else [])]
    return Answer(question=question, word=order[0][0], reasons=tuple(reasons))


def _of(titles: Sequence[str], total: int) -> str:
    """Of which models something is said."""
    if len(titles) == total:
        return "Both points" if total == _BOTH else f"All {total} points"
    return titles[0] if len(titles) == 1 else f"{titles[0]} and {len(titles) - 1} more"


_BOTH = 2


def _counted(words: Sequence[Word]) -> str:
    return listing([f"{words.count(word)} {word}" for word in _WORST if word in words])


# --- the model --------------------------------------------------------------------------------------------


def _model(material: Material, finding: Finding, whole: bool) -> tuple[Word, str]:
    """`whole`: with the interval, and what a naive guess is; of several models there is no room for either."""
    metric = next(iter(material.performance.metrics), None)
    if metric is None:
        return "not assessed", "no labels say how good it is."
    said = _quality(material, metric, whole)
    test = material.measured_rows == "test" or (material.measured_rows == "explained" and material.trained)
    unseen = test or material.not_seen
    said += ". The user states that it has not seen these" if material.not_seen else ""
    if metric.naive is None or metric.interval is None:
        why = "There is no naive guess or no interval to judge it by."
        return "with care" if unseen else "not assessed", f"{said}. {why}"
    high = _errors(metric)[1]
    naive = _error(metric, metric.naive)
    if not high < naive:
        return "no", f"{said}. It is not surely better than the naive guess."
    if not unseen:
        unknown = "How good it is on others" if material.trained else "Whether it has seen these before"
        return "not assessed", f"{said}. {unknown} is not known."
    reserve = _reserve(material, finding, high <= _HALF * naive, whole)
    return ("with care", f"{said}. {reserve}") if reserve else ("yes", f"{said}.")


def _reserve(material: Material, finding: Finding, surely: bool, whole: bool) -> str:
    """Why a model that is better than a guess is trusted with care; empty where nothing speaks against it."""
    if isinstance(finding, Mark) and finding.relied_on:
        rates = [share(rate.share) for rate in (finding.present, finding.absent)]
        return (
            f"It relies on {finding.region}: pictures of {finding.of_class} with it are read right in {rates[0]}, "
            f"others without it in {rates[1]}."
        )
    so = ", so this may be too good" * whole
    if (repeated := material.performance.repeated) and not material.not_seen:
        stands = "stands" if repeated == 1 else "stand"
        return f"But {repeated:,} of these {stands} among those that it was trained on, too{so}."
    if material.stopped_by_test:
        return f"But these also decided when its training stopped{so}."
    return "" if surely else "It is surely better than the guess, but not shown to make at most half its errors."


def _error(metric: Metric, value: float) -> float:
    """What of a metric is to be small: shares are of right answers."""
    return 1 - value if metric.name.endswith("accuracy") else value


def _errors(metric: Metric) -> tuple[float, float]:
    assert metric.interval is not None, "asked for by the caller"
    low, high = sorted(_error(metric, value) for value in metric.interval)
    return low, high


def _quality(material: Material, metric: Metric, whole: bool = True) -> str:
    """accuracy 96% (95% interval 91% to 99%) on 120 pictures held out from its training; a naive guess, always the
    commonest class, has 10%."""
    shares = metric.name.endswith("accuracy")
    write = share if shares else rounded  # of labels in any unit
    bounds = (
        f" (95% interval {write(metric.interval[0])} to {write(metric.interval[1])})"
        if metric.interval and whole
        else ""
    )
    always = (", always the commonest class," if material.dataset.classes else ", always the mean,") * whole
    naive = "" if metric.naive is None else f"; a naive guess{always} has {write(metric.naive)}"
    unit = f" {material.dataset.label_unit}" if material.dataset.label_unit and not shares else ""
    held = " from its training" * (material.measured_rows == "test" and whole)
    on = f"{_rows(material, metric.count)} {_MEASURED_ON[material.measured_rows]}{held}"
    return f"{_PLAIN.get(metric.name, metric.name)} {write(metric.value)}{unit}{bounds} on {on}{naive}"


_PLAIN = {"RMSE": "typical error"}  # what a reader of page one calls a metric
_MEASURED_ON = {
    "test": "held out",
    "training": "that it was trained on",
    "explained": "given to be explained",
    "given": "of the data",
}


# --- the explanation --------------------------------------------------------------------------------------


def _results(material: Material) -> list[tuple[MethodMaterial, CheckResult]]:
    return [(method, check) for method in material.methods for check in method.checks]


def _asked(
    results: Sequence[tuple[MethodMaterial, CheckResult]], material: Material, checks: Mapping[str, CheckWords]
) -> str:
    """The questions of checks, each once; with the methods that it is said of, where not all of them are."""
    of: dict[str, list[MethodMaterial]] = {}
    for method, check in results:
        of.setdefault(check.check, []).append(method)
    return listing(
        [
            f"{asked(name, checks)}{f' ({listing([named(method) for method in methods])})' * (methods != every)}"
            for every in (list(material.methods),)
            for name, methods in of.items()
        ]
    )


def _explanation(material: Material, finding: Finding, checks: Mapping[str, CheckWords]) -> tuple[Word, str]:
    by = {
        verdict: [(method, check) for method, check in _results(material) if check.verdict == verdict]
        for verdict in ("pass", "fail", "undecided")
    }
    names = {verdict: {check.check for _, check in found} for verdict, found in by.items()}
    passed = len(names["pass"] - names["fail"] - names["undecided"])
    required = [(method, check) for method, check in by["fail"] if check.required]
    others = [(method, check) for method, check in by["fail"] if not check.required]
    few = f", where a yes needs {ENOUGH}" if passed < ENOUGH and not by["fail"] else ""
    said = [f"a required check failed: {_asked(required, material, checks)}"] if required else []
    said += [f"{count(passed, 'check') if passed else 'no check'} passed{few}"]
    said += [f"failed: {_asked(others, material, checks)}"] if others else []
    said += [f"undecided: {_asked(by['undecided'], material, checks)}"] if by["undecided"] else []
    if finding.standing == "disputed":
        said.append("its methods disagree on what comes first")
    if finding.doubt:
        said.append("what comes first may be chance")
    surely = passed >= ENOUGH and finding.standing == "stands" and not by["fail"] and not by["undecided"]
    return "no" if required else "yes" if surely else "with care", f"{'; '.join(said)}."


# --- what was not tested ----------------------------------------------------------------------------------


def not_assessed(material: Material, checks: Mapping[str, CheckWords]) -> list[str]:
    """Names of the `checks` that are open in a chapter: not made, or undecided for a method and failed by none."""
    names = {
        verdict: {check.check for _, check in _results(material) if check.verdict == verdict}
        for verdict in ("pass", "fail", "undecided", "not applicable")
    }
    closed = names["fail"] | ((names["pass"] | names["not applicable"]) - names["undecided"])
    return [name for name in checks if name not in closed]


def _untested(materials: Sequence[Material], checks: Mapping[str, CheckWords]) -> Answer:
    question = "What was not tested, and what does that mean?"
    missing = [name for name in checks if any(name in not_assessed(material, checks) for material in materials)]
    if not missing:
        spoke = any(check.verdict in ("pass", "fail") for item in materials for _, check in _results(item))
        said = "Every check that applies gave a verdict." if spoke else "No check applies: nothing is known either way."
        return Answer(question=question, word="yes" if spoke else "not assessed", reasons=(said,))
    unknown = [f"whether {checks[name].meaning}" for name in missing[: _MOST_MISSING if len(materials) == 1 else 1]]
    left = len(missing) - len(unknown)
    more = [f"what {count(left, 'more check')} would say: “All verdicts” lists them"] if left else []
    every, where = ("", "") if len(materials) == 1 else (" of every model", " for every model")
    return Answer(
        question=question,
        word="not assessed",
        counted=f"{len(missing)} of {count(len(checks), 'check')} open",
        reasons=(
            f"These were not made{where} or could not decide: that is neither for nor against the explanation.",
            f"So it is not known{every} {_either([*unknown, *more])}.",
        ),
    )


def _either(words: Sequence[str]) -> str:
    """a, b or c."""
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)


# --- page two ---------------------------------------------------------------------------------------------


def all_rows(
    materials: Sequence[Material], checks: Mapping[str, CheckWords], anchors: Mapping[str, str]
) -> list[Judged]:
    """A row for every check of every method; of many points one for each check and method of all of them."""
    if len(materials) <= MANY:
        alone = len(materials) == 1
        return [row for item in materials for row in verdict_rows(item, checks, anchors.get(item.slug, ""), alone)]
    alike: dict[tuple[str, str, str], list[CheckResult]] = {}  # numbers of different things have no range
    for material in materials:
        for method, check in _results(material):
            alike.setdefault((check.check, method.title, check.statistic), []).append(check)
    first = anchors.get(materials[0].slug, "")
    return [_together(name, title, found, checks, first) for (name, title, _), found in alike.items()]


_GRAVEST: tuple[Verdict, ...] = ("fail", "undecided", "not assessed", "pass", "not applicable")


def _together(
    name: str, title: str, found: Sequence[CheckResult], checks: Mapping[str, CheckWords], anchor: str
) -> Judged:
    """One check of one method at many points: the gravest verdict, the range of results, and how many had which."""
    verdicts = [check.verdict for check in found]
    values = [check.value for check in found if check.value is not None]
    thresholds = sorted({check.threshold for check in found if check.threshold is not None})
    digits = _digits(values, thresholds)
    return Judged(
        question=checks[name].question if name in checks else name.replace("_", " "),
        name=name.replace("_", " "),
        of=f"{count(len(found), 'point')}, {title}",
        verdict=min(verdicts, key=_GRAVEST.index),
        result=interval(min(values), max(values), digits) if values else "–",
        interval="–",
        threshold=listing([_limit(threshold, digits) for threshold in thresholds]) or "–",
        meaning=listing([f"{verdicts.count(word)} {word}" for word in _GRAVEST if word in verdicts]),
        anchor=anchor,
    )


def verdict_rows(
    material: Material, checks: Mapping[str, CheckWords], anchor: str = "", alone: bool = False
) -> list[Judged]:
    """A row for every check of every method; `alone`: of a report about nothing else, whose title need not be said."""
    several = len(material.methods) > 1
    return [
        Judged(
            question=checks[check.check].question if check.check in checks else check.check.replace("_", " "),
            name=check.check.replace("_", " "),
            of=method.title if alone else f"{material.title}, {method.title}" if several else material.title,
            verdict=check.verdict,
            **written(check),
            meaning=meaning(check),
            anchor=anchor,
        )
        for method, check in _results(material)
    ]


def _not_asked(materials: Sequence[Material], checks: Mapping[str, CheckWords]) -> list[Open]:
    """What the checks ask that were not made, of all models that lack the same ones."""
    lacking: dict[tuple[str, ...], list[str]] = {}
    for material in materials:
        made = {check.check for _, check in _results(material)}
        missing = tuple(words.question for name, words in checks.items() if name not in made)
        lacking.setdefault(missing, []).append(material.title)
    return [
        Open(of=_of(titles, len(materials)) if len(materials) > 1 else "", questions=questions)
        for questions, titles in lacking.items()
        if questions
    ]


def verdict_table(slug: str, of: str, said: str, caption: str, rows: Sequence[tuple[str, ...]]) -> Table:
    """Verdicts in rows: question, what it is `of`, result, interval, threshold, what is `said` of it, verdict."""
    numeric = ("result", "95% interval", "threshold")
    titles = ("question", of, *numeric, said, "verdict")
    return Table(
        name=f"{slug}-verdicts",
        caption=caption,
        columns=tuple(Column(title=title, numeric=title in numeric) for title in titles),
        rows=tuple(rows),
    )


def written(check: CheckResult) -> dict[str, str]:
    """`result`, `interval` and `threshold` in so many digits that they differ as the verdict says."""
    value, threshold = check.value, check.threshold
    if value is None:
        return {
            "result": "–",
            "interval": "–",
            "threshold": "–" if threshold is None else _side(check, rounded(threshold)),
        }
    digits = _digits([value, *(check.interval or ())], [] if threshold is None else [threshold])
    return {
        "result": plain(value, digits),
        "interval": "–" if check.interval is None else interval(*check.interval, digits),
        "threshold": "–" if threshold is None else _side(check, _limit(threshold, digits)),
    }


def _digits(values: Sequence[float], thresholds: Sequence[float]) -> int:
    """After the point, for all alike: rounded in one way, what lies inside an interval reads inside, and each keeps its
    side of each threshold."""
    pairs = [beside(value, threshold)[0] for value in values for threshold in thresholds]
    return max((len(text.partition(".")[2]) for text in pairs), default=2)


def _limit(threshold: float, digits: int) -> str:
    """A threshold as it was set, with as many digits as what stands beside it where these are more than two."""
    return plain(threshold, digits) if digits > 2 else f"{threshold:g}".replace("-", "−")


def _side(check: CheckResult, threshold: str) -> str:
    """At least 0.75, at most 0.5: what passes."""
    return f"{'at least' if check.at_least else 'at most'} {threshold}"


def meaning(check: CheckResult) -> str:
    """What was measured, and what a verdict says and does not say, from the numbers alone."""
    measured = f"{capital(check.statistic)}: " if check.statistic and check.value is not None else ""
    return f"{measured}{_said(check)}"


def _said(check: CheckResult) -> str:
    if check.over_trainings:
        return ". ".join(filter(None, [_over_trainings(check), check.further]))
    words = {
        "pass": f"the threshold is met{_surely(check)}{'; what comes first may still differ' * check.beside_others}",
        "fail": f"the threshold is missed{_surely(check)}; what rests on it is "
        f"{'not to be relied on' if check.required else 'in doubt'}",
        "undecided": "the interval holds the threshold; more samples would decide",
    }
    nothing = check.sentence or "nothing was measured, neither for nor against"
    return check.further[:1].lower() + check.further[1:] or words.get(check.verdict, nothing)


def _surely(check: CheckResult) -> str:
    """Whether chance may have decided it."""
    if check.interval is None or check.threshold is None:
        return ""
    low, high = check.interval
    return " beyond chance" if not low <= check.threshold <= high else ", though chance may have decided"


def _over_trainings(check: CheckResult) -> str:
    """How many further trainings keep the order, whatever the mean correlation is."""
    kept, first = check.details["kept"].tolist()
    others = len(check.details["share"]) - 1
    return f"the whole order was kept in {kept} of {count(others, 'further training')}, the first place in {first}"
