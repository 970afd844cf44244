"""The model of a chapter: how it was trained and how good it is."""

from typing import Literal

import numpy as np

from exhibit.tasks.document.words import capital, count, interval, listing, long_named, plain
from exhibit.tasks.records.figure import Content, Curves, Diagram, Figure, Matrix, Scatter, Series
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.model import Metric
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table


def figures(material: Material) -> tuple[Figure, ...]:
    charts = list(_curves(material))
    if material.diagram is not None:
        charts.append(_diagram(material, material.diagram))
    match _quality(material):
        case "parity":
            charts.append(_parity(material))
        case "confusion":
            charts.append(_confusion(material))
    small = [figure for figure in charts if figure.width < 1]
    width = _THIRD if len(small) > 2 else _HALF
    return tuple(figure if figure.width == 1 else figure.model_copy(update={"width": width}) for figure in charts)


_HALF, _THIRD = 0.5, 0.46  # of the column, for two beside the notes and for three across the page


def _quality(material: Material) -> Literal["parity", "confusion"] | None:
    """The figure that shows how good the model is; of many classes, and without labels, there is none."""
    if not material.performance.metrics:
        return None
    if material.dataset.task == "regression":
        return "parity"
    return None if material.performance.confusion is None else "confusion"


def _curves(material: Material) -> tuple[Figure, ...]:
    """The loss of each epoch, and the accuracy of a classification."""
    names = {"loss": f"{material.slug}-learning", "accuracy": f"{material.slug}-learning-accuracy"}
    return tuple(
        _curve(material, measure, name)
        for measure, name in names.items()
        if any(entry.endswith(measure) for entry in material.history)
    )


def _curve(material: Material, measure: str, name: str) -> Figure:
    series = tuple(
        Series(name=entry.replace("_", " "), values=values)
        for entry, values in material.history.items()
        if entry.endswith(measure)
    )
    last = ", ".join(f"{item.name} {plain(float(item.values[-1]), 3)}" for item in series)
    return _half(
        name,
        Curves(series=series, x_label="epoch", y_label=measure),
        f"{capital(measure)} over {count(len(series[0].values), 'epoch')}; at the end {last}.",
        f"Learning curve; at the end {last}",
    )


def _diagram(material: Material, diagram: Diagram) -> Figure:
    inputs = [node.label for node in diagram.nodes if not node.after]
    return Figure(
        name=f"{material.slug}-net",
        content=diagram,
        caption=f"The net: {count(len(inputs), 'input')} on the left, its output on the right.",
        alt=f"The net: {listing(inputs)} lead to {diagram.nodes[-1].label}.",
    )


def _half(name: str, content: Content, caption: str, alt: str) -> Figure:
    return Figure(name=name, content=content, caption=caption, alt=alt, width=_HALF)


def _confusion(material: Material) -> Figure:
    counts = material.performance.confusion
    assert counts is not None
    right, total = int(np.trace(counts)), int(counts.sum())
    rows = f"{material.measured_rows} rows"
    figure = _half(
        f"{material.slug}-confusion",
        Matrix(labels=material.dataset.classes, counts=counts, x_label="predicted", y_label="true"),
        f"Confusion matrix on {total:,} {rows}: {right:,} right, {total - right:,} wrong.{_confused(material)}",
        f"Confusion matrix: {right} of {total} right",
    )
    large = long_named(material.dataset.classes) or len(material.dataset.classes) > _FEW
    return figure.model_copy(update={"width": 1.0}) if large else figure


_FEW, _MOST_CONFUSED = 10, 3  # classes whose matrix has its numbers in half of the column, and confusions that are told


def _confused(material: Material) -> str:
    """What is confused most often, where a matrix of many classes is hard to read."""
    counts, names = material.performance.confusion, material.dataset.classes
    if counts is None or len(names) <= _FEW:
        return ""
    wrong = counts * (1 - np.eye(len(names), dtype=counts.dtype))
    most = [divmod(int(k), len(names)) for k in np.argsort(-wrong, axis=None, kind="stable")[:_MOST_CONFUSED]]
    said = [f"{names[i]} read as {names[j]} ({int(wrong[i, j]):,})" for i, j in most if wrong[i, j]]
    return f" Confused most often: {listing(said)}." if said else ""


def _parity(material: Material) -> Figure:
    unit = f", {material.dataset.label_unit}" if material.dataset.label_unit else ""
    split, rows = material.performance.metrics[0].split, f"{material.measured_rows} rows"
    labelled = ~np.isnan(material.labels)
    measured, others = labelled & (material.split == split), labelled & (material.split != split)
    other = "other rows of the data" if split == "explain" or not material.trained else "training rows"
    groups = [(other, others, True), (rows, measured, False)]
    grey = f" Grey: {other}." if others.any() else ""
    predicted = material.outputs[:, 0]
    metrics = ", ".join(
        f"{item.name} {plain(item.value)}" for item in material.performance.metrics if item.split == split
    )
    return _half(
        f"{material.slug}-parity",
        Scatter(
            x=tuple(Series(name=n, values=material.labels[r], reference=ref) for n, r, ref in groups if r.any()),
            y=tuple(Series(name=n, values=predicted[r], reference=ref) for n, r, ref in groups if r.any()),
            x_label=f"measured{unit}",
            y_label=f"predicted{unit}",
        ),
        f"Predicted against measured {material.dataset.label_name}; on the {rows} {metrics}.{grey}",
        f"Parity plot: {metrics} on {int(measured.sum())} {rows}",
    )


def _size(material: Material) -> str:
    """What training sets in it, where it says so."""
    numbers = count(material.parameters, "learned number (parameter)", "learned numbers (parameters)")
    return f" {numbers}." if material.parameters else ""


def section(material: Material) -> Section:
    data, rows = material.dataset, f"{rows_of(material)}{_to_explain(material)}"
    left_out = count(len(data.excluded), "sample was", "samples were")
    excluded = f" {left_out} excluded: the end of the report lists them with the reason." if data.excluded else ""
    charts = figures(material)
    small = tuple(figure.name for figure in charts if figure.width < 1)
    whole = tuple(figure.name for figure in charts if figure.width == 1)
    beside = small if len(small) < 3 else ()  # three stand in a row across the page
    return Section(
        title="Data and model",
        id="model",
        blocks=(
            Block(
                paragraphs=(
                    f"{data.description}{_one_of(material)} {rows}{excluded}",
                    f"{material.architecture}{_size(material)} {material.training}",
                ),
                figures=beside,
                asides=(
                    *(_metric_aside(item, material.rows_of(item.split)) for item in material.performance.metrics),
                    Aside(title="Source", text=data.source),
                ),
            ),
            *((Block(figures=small),) if not beside and small else ()),
            *(Block(figures=(name,)) for name in whole),
            *((Block(tables=(_labels(material),)),) if material.performance.labels else ()),
            *((Block(tables=(_published(material),)),) if material.dataset.published else ()),
        ),
    )


_STATED = "The user states that none of these rows trained the model; nothing here can check that."


def rows_of(material: Material) -> str:
    """Which rows the model has learnt from, and which measure it."""
    train, watching, test = (int((material.split == name).sum()) for name in ("train", "validation", "test"))
    if not train + test:
        return _STATED if material.not_seen else "No rows of the training are at hand."
    if not material.trained:
        seen = _STATED if material.not_seen else "Which of these rows the model has seen before is not known here."
        unused = (
            "" if material.dataset.weights is None else " The model came trained, so the weights of rows count nowhere."
        )
        return f"{seen}{unused}"
    if not test:
        return (
            f"All {train:,} rows train the model: no data is held out, "
            "so its quality below is that on rows it has seen."
        )
    watch = [f"{watching:,} watch its training"] if watching else []
    sentence = f"{listing([f'{train:,} rows train the model', *watch, f'{test:,} are held out'])}."
    if not material.stopped_by_test:
        return sentence
    return f"{sentence} The held-out rows also stop the training, so what is measured on them is a little too good."


def _to_explain(material: Material) -> str:
    """How many rows were given to be explained, and how many of them are measured."""
    rows = material.split == "explain"
    if not rows.any():
        return ""
    labelled = int((rows & ~np.isnan(material.labels)).sum())
    total = int(rows.sum())
    known = "none of them has" if not labelled else "each has" if labelled == total else f"{labelled:,} of them have"
    more = "" if rows.all() else "more "
    return f" {count(total, f'{more}row is', f'{more}rows are')} given to be explained; {known} a label."


def _one_of(material: Material) -> str:
    """Which of several labels this chapter is about."""
    if len(material.performance.labels) < 2:
        return ""
    return f" This chapter explains {material.dataset.label_name}, one of {len(material.performance.labels)} labels."


def _labels(material: Material) -> Table:
    """How well each of several labels is predicted, beside a naive guess of it."""
    rows = [
        (name, metric, material.rows_of(metric.split))
        for name, own in material.performance.labels.items()
        for metric in own.metrics
    ]
    return Table(
        name=f"{material.slug}-labels",
        caption="Quality by label. A naive guess knows the training labels alone: always their mean, or whichever of "
        "yes and no is commoner.",
        columns=(
            Column(title="label"),
            Column(title="measure"),
            *(Column(title=title, numeric=True) for title in ("value", "95% interval", "naive guess", "rows")),
            Column(title="measured on"),
        ),
        rows=tuple(
            (
                name,
                metric.name,
                plain(metric.value, 3),
                interval(*metric.interval, 3) if metric.interval else "–",
                "–" if metric.naive is None else plain(metric.naive, 3),
                f"{metric.count:,}",
                f"{measured} rows",
            )
            for name, metric, measured in rows
        ),
    )


def _published(material: Material) -> Table:
    """Numbers of others on the same data beside those measured here, where the same thing was measured."""
    here = _measured(material)
    return Table(
        name=f"{material.slug}-published",
        caption="What others have published about this data and kind of model, as a reference; a dash where it is not "
        "measured here.",
        columns=(Column(title="number"), Column(title="published", numeric=True), Column(title="here", numeric=True)),
        rows=tuple(
            (name, f"{value:g}", plain(here[name], 3) if name in here else "–")
            for name, value in material.dataset.published.items()
        ),
    )


def _measured(material: Material) -> dict[str, float]:
    """What was measured here, by the names under which others publish it."""
    metrics = {metric.name: metric.value for metric in reversed(material.performance.metrics)}
    if "accuracy" in material.history:
        metrics["training accuracy"] = float(material.history["accuracy"][-1])
    if material.probabilities is not None and len(material.probabilities) == 1:  # of a single photograph
        probable = zip(material.dataset.classes, material.probabilities[0].tolist(), strict=True)
        metrics |= {f"probability of {name}": value for name, value in probable}
    if parts := material.main.summary.inputs:
        metrics["base value"] = float(material.main.base_value[0, 0])
        metrics |= {f"median of {part.input}": float(part.median[0]) for part in parts}
    return metrics


def _metric_aside(metric: Metric, measured_on: str) -> Aside:
    digits = 3 if metric.name.endswith("accuracy") else 2
    bounds = f", 95% interval {interval(*metric.interval, digits)}" if metric.interval else ""
    rows = f"{metric.count:,} {'held-out' if measured_on == 'test' else measured_on} rows"
    seen = " All of them were seen in training." if measured_on == "training" else ""
    name = metric.name if metric.name.startswith("R") else capital(metric.name)
    return Aside(title=f"{name} {plain(metric.value, digits)}", text=f"on {rows}{bounds}.{seen}")
