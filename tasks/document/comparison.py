"""The chapter that compares all points on the same data."""

from collections.abc import Mapping

from exhibit.tasks.document import agreements, bearing, samples, survival
from exhibit.tasks.document.common import over_trainings
from exhibit.tasks.document.model import rows_of
from exhibit.tasks.document.rows import called
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.document.verdicts import all_rows, verdict_table
from exhibit.tasks.document.words import capital, count, listing, neither, plain, share
from exhibit.tasks.records.compared import ComparedPoint, Comparison
from exhibit.tasks.records.figure import Figure
from exhibit.tasks.records.finding import Bearing, Finding
from exhibit.tasks.records.language import mark, sentences, tr, trn, trp
from exhibit.tasks.records.material import Material, MethodMaterial, Scales
from exhibit.tasks.records.model import Metric
from exhibit.tasks.records.page import Block, Chapter, Column, Section, Table, Teaser
from exhibit.tasks.records.verdict import CheckWords, Verdict

Materials = Mapping[str, Material]  # by the slug of the point
_MOST_ROWS = 200  # points of the table


def chapter(
    comparison: Comparison, materials: Materials, own_chapters: bool, checks: Mapping[str, CheckWords] | None = None
) -> Chapter:
    """`own_chapters`: whether the points have chapters of their own too; `checks`: every one that may be expected."""
    points = count(len(comparison.points), "point")
    found = findings(comparison, materials)
    sentence = sentences([*(worded(item, checks)[1] for item in found), _of_reported(comparison, materials)])
    known = [agreements.matrix(comparison, measure) for measure in agreements.measures(comparison)[:1]]
    drawn = next((figure for figure in (survival.teaser(comparison), *known) if figure is not None), None)
    title = tr("{points}: {finding}", points=points, finding=worded(found[0])[0])
    return Chapter(
        slug=comparison.slug,
        title=tr("Comparison of {points} on {data}", points=points, data=comparison.data),
        eyebrow=" · ".join([comparison.data, points, count(len(comparison.results), "result")]),
        lead=sentence,
        teaser=Teaser(figure=drawn.name, title=title, sentence=sentence, small=_small(comparison))
        if drawn is not None and len(comparison.results) > 1
        else None,
        sections=tuple(
            section
            for section in (
                _points(comparison, own_chapters),
                survival.section(comparison),
                agreements.section(comparison),
                samples.section(comparison, materials),
                _verdicts(comparison, materials, checks or {}),
                _examined(comparison, materials),
            )
            if section is not None
        ),
    )


def _of_reported(comparison: Comparison, materials: Materials) -> str:
    """That a chapter may name another first than is ranked here, where its shares are means over trainings."""
    if comparison.basis == "importances" and any(
        over_trainings(method) for material in materials.values() for method in material.methods
    ):
        return tr("Compared are the reported trainings; a chapter's shares are means over several.")
    return ""


def figures(comparison: Comparison, materials: Materials, scales: Scales) -> tuple[Figure, ...]:
    """Every figure of the chapter, in the order of the document."""
    ranks = (survival.teaser(comparison), survival.figure_of_ranks(comparison))
    return (
        *(figure for figure in ranks if figure is not None),
        *(agreements.matrix(comparison, measure) for measure in agreements.measures(comparison)),
        *samples.figures(comparison, materials, scales),
    )


# --- findings ---------------------------------------------------------------------------------------------


def findings(comparison: Comparison, materials: Materials) -> tuple[Finding, ...]:
    """What the comparison found, the headline first."""
    alike = agreements.found(comparison)
    if not comparison.places or alike.identical:
        return (alike,)
    return survival.found(comparison, comparison.places[0], _bearing(comparison, materials)), alike


_GRAVER: tuple[Verdict, ...] = ("fail", "undecided", "pass")


def _bearing(comparison: Comparison, materials: Materials) -> list[Bearing]:
    """What the checks say of the results that are compared: of each check the gravest verdict, and how many have it."""
    said: dict[str, list[Verdict]] = {}
    for result in comparison.results:
        methods = materials[result.slug].methods if result.slug in materials else ()
        for item in (item for method in methods if method.label == result.method for item in bearing.bearing(method)):
            said.setdefault(item.check, []).append(item.verdict)
    required = {
        check.check
        for item in materials.values()
        for method in item.methods
        for check in method.checks
        if check.required
    }
    gravest = {check: min(verdicts, key=_GRAVER.index) for check, verdicts in said.items()}
    return [
        Bearing(
            check=check,
            verdict=gravest[check],
            required=check in required,
            results=(verdicts.count(gravest[check]), len(verdicts)),
        )
        for check, verdicts in said.items()
    ]


def _small(comparison: Comparison) -> str:
    varied = [
        tr("{setting} {values}", setting=factor.name, values=count(len(factor.values), "value"))
        for factor in comparison.factors
    ]
    alike = len({point.label for point in comparison.points}) == 1  # errors of different labels have no range
    return " · ".join([*varied[:4], *([_quality(comparison)] if alike else [])])


def _quality(comparison: Comparison) -> str:
    """The range of the first metric over the points."""
    values = [(point.metrics[0].name, point.metrics[0].value) for point in comparison.points if point.metrics]
    write = share if values[0][0] == "accuracy" else plain
    low, high = (write(end(value for _, value in values)) for end in (min, max))
    metric = tr(values[0][0])
    if low == high:
        return tr("{metric} {value}", metric=metric, value=low)
    return tr("{metric} {low} to {high}", metric=metric, low=low, high=high)


# --- the points -------------------------------------------------------------------------------------------


def _points(comparison: Comparison, own_chapters: bool) -> Section:
    return Section(
        title=tr("The points"),
        blocks=(Block(paragraphs=_intro(comparison, own_chapters)), Block(tables=(_point_table(comparison),))),
    )


def _intro(comparison: Comparison, own_chapters: bool) -> tuple[str, ...]:
    names = list(dict.fromkeys(name for point in comparison.points for name in point.settings))
    further = [
        tr("{further} with {setting}", further=count(item.further, "further setting"), setting=item.name)
        for item in comparison.factors
        if item.further
    ]
    points = capital(count(len(comparison.points), "point"))
    said = [
        tr("{points} explain the same data, {data}.", points=points, data=comparison.data),
        tr("They differ in {settings}.", settings=listing(names))
        if names
        else tr("Nothing in their settings differs."),
    ]
    if further:
        said.append(tr("Always changed together: {settings}.", settings=listing(further)))
    if comparison.same:
        said.append(
            trn(
                "{number} result is the same computation as another and counted once.",
                "{number} results are the same computation as another and counted once.",
                comparison.same,
            )
        )
    if comparison.other:
        said.append(tr("Not compared, because the features differ: {results}.", results=listing(comparison.other)))
    return (sentences(said),) if own_chapters else (sentences(said), tr(_APART))


_APART = mark(
    "The points have no chapters of their own here: document.chapters=all gives each one. Their importances, verdicts "
    "and metrics are attached to the PDF, and the run holds every attribution."
)
_COSTS = {"gradients": mark("gradients"), "evaluations": mark("evaluations")}


def _point_table(comparison: Comparison) -> Table:
    names = list(dict.fromkeys(name for point in comparison.points for name in point.settings))
    metrics = list(dict.fromkeys(metric.name for point in comparison.points for metric in point.metrics))
    costs = [name for name in _COSTS if any(_counts(point)[name] for point in comparison.points)]
    rows = [
        (
            str(point.number),
            *(point.settings.get(name, "–") for name in names),
            *(_metric(point, name) for name in metrics),
            f"{point.explanations:,}",
            *(_cost(point, name) for name in costs),
        )
        for point in comparison.points[:_MOST_ROWS]
    ]
    on = listing([called(rows) for rows in sorted({point.measured_rows for point in comparison.points})])
    caption = [
        tr("The points, and what differs between them."),
        tr("The quality of their models is that on the {rows}.", rows=on),
    ]
    spent = [tr(_COSTS[name]) for name in costs]
    if spent:
        caption.append(
            tr(
                "{costs} of the model: what the explanations took; seconds are in the manifest.",
                costs=capital(listing(spent)),
            )
        )
    if any(point.at_most for point in comparison.points):
        caption.append(tr("“≤”: at most."))
    if (total := len(comparison.points)) > _MOST_ROWS:
        caption.append(tr("The first {number} of {total}.", number=str(_MOST_ROWS), total=f"{total:,}"))
    return Table(
        name=f"{comparison.slug}-points",
        caption=sentences(caption),
        columns=(
            Column(title=tr("point"), numeric=True),
            *(Column(title=name) for name in names),
            *(Column(title=title, numeric=True) for title in (*map(tr, metrics), tr("explanations"), *spent)),
        ),
        rows=tuple(rows),
    )


# --- as any other chapter ---------------------------------------------------------------------------------


def _of(found: Comparison, materials: Materials) -> list[tuple[ComparedPoint, Material]]:
    return [(point, materials[point.slug]) for point in found.points if point.slug in materials]


def _examined(found: Comparison, materials: Materials) -> Section | None:
    """Data, models and methods, each said once."""
    points = [material for _, material in _of(found, materials)]
    if not points:
        return None
    data = points[0].dataset
    models = dict.fromkeys(sentences([material.architecture, material.training]) for material in points)
    methods = dict.fromkeys(_taken(method) for material in points for method in material.methods)
    return Section(
        title=tr("Data, models and methods"),
        id="model",
        blocks=(
            Block(
                paragraphs=(
                    sentences([data.description, rows_of(points[0]), tr("{source}.", source=tr(data.source))]),
                    *list(models)[:_MOST_METHODS],
                    *_left_out(len(models)),
                    sentences([*list(methods)[:_MOST_METHODS], *_left_out(len(methods))]),
                )
            ),
        ),
    )


def _taken(method: MethodMaterial) -> str:
    """Where a method is taken, and against what."""
    title, place, unit = tr(method.title), tr(method.place), tr(method.unit)
    if not method.baseline:
        return tr("{method} is taken at {place}, in {unit}.", method=title, place=place, unit=unit.rstrip("."))
    baseline = tr(method.baseline).rstrip(".。")
    return tr(
        "{method} is taken at {place}, in {unit}, against: {baseline}.",
        method=title,
        place=place,
        unit=unit,
        baseline=f"{baseline[:1].lower()}{baseline[1:]}",
    )


def _left_out(number: int) -> tuple[str, ...]:
    """That there are more models or methods than are described."""
    more = number - _MOST_METHODS
    return (tr("And {number} more like these.", number=str(more)),) if more > 0 else ()


_MOST_METHODS = 4  # that are described, and models


def _verdicts(found: Comparison, materials: Materials, checks: Mapping[str, CheckWords]) -> Section | None:
    """What every check said at every point."""
    rows = [
        (row.question, row.of, row.result, row.interval, row.threshold, row.meaning, row.verdict)
        for row in all_rows([material for _, material in _of(found, materials)], checks, {})
    ]
    if not rows:
        return None
    caption = tr("What was measured about the explanations of each point.")
    verdicts = verdict_table(found.slug, trp("column", "of"), trp("column", "meaning"), caption, rows)
    return Section(
        title=tr("How far it can be trusted"),
        id="checks",
        blocks=(Block(tables=(verdicts,)),),
    )


def _metric(point: ComparedPoint, name: str) -> str:
    match: Metric | None = next((metric for metric in point.metrics if metric.name == name), None)
    return "–" if match is None else neither(match.value, 3)


def _counts(point: ComparedPoint) -> dict[str, int | None]:
    return {"gradients": point.gradients, "evaluations": point.evaluations}


def _cost(point: ComparedPoint, name: str) -> str:
    value = _counts(point)[name]
    return "–" if value is None else f"{'≤ ' * point.at_most}{value:,}"
