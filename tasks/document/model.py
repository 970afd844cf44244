"""The model of a chapter: how it was trained and how good it is."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from exhibit.tasks.document.layout import letters
from exhibit.tasks.document.quality_tables import written
from exhibit.tasks.document.rows import called as called_rows
from exhibit.tasks.document.rows import held_out
from exhibit.tasks.document.words import capital, clauses, count, interval, listing, long_named, neither, plain
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Content, Curves, Diagram, Figure, Matrix, Scatter, Series
from exhibit.tasks.records.language import mark, sentences, tr, trn, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.model import Metric
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table
from exhibit.tasks.records.shown import printed


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
_COLUMN, _LETTER, _DIGIT = 436, 6.0, 6.0  # CSS pixels: of the column, and of what is written at a matrix and in it


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
        Series(name=tr(_ENTRIES.get(entry, entry.replace("_", " "))), values=values)
        for entry, values in material.history.items()
        if entry.endswith(measure)
    )
    last = trp("list", ", ").join(f"{item.name} {neither(float(item.values[-1]), 3)}" for item in series)
    measured = tr(_ENTRIES[measure])
    return _half(
        name,
        Curves(series=series, x_label=tr("epoch"), y_label=measured),
        tr(
            "{measure} over {epochs}; at the end {values}.",
            measure=capital(measured),
            epochs=count(len(series[0].values), "epoch"),
            values=last,
        ),
        tr("Learning curve; at the end {values}", values=last),
    )


_ENTRIES = {  # of a history, as they are called
    "loss": mark("loss"),
    "accuracy": mark("accuracy"),
    "validation_loss": mark("validation loss"),
    "validation_accuracy": mark("validation accuracy"),
    "test_loss": mark("test loss"),
    "test_accuracy": mark("test accuracy"),
}


def _diagram(material: Material, diagram: Diagram) -> Figure:
    inputs = [node.label for node in diagram.nodes if not node.after]
    return Figure(
        name=f"{material.slug}-net",
        content=diagram,
        caption=tr("The net: {inputs} on the left, its output on the right.", inputs=count(len(inputs), "input")),
        alt=tr("The net: {inputs} lead to {output}.", inputs=listing(inputs), output=diagram.nodes[-1].label),
    )


def _half(name: str, content: Content, caption: str, alt: str) -> Figure:
    return Figure(name=name, content=content, caption=caption, alt=alt, width=_HALF)


def _confusion(material: Material) -> Figure:
    counts = material.performance.confusion
    assert counts is not None
    right, total = int(np.trace(counts)), int(counts.sum())
    caption = tr(
        "Confusion matrix on {total} {rows}: {right} right, {wrong} wrong.",
        total=f"{total:,}",
        rows=called_rows(material.measured_rows),
        right=f"{right:,}",
        wrong=f"{total - right:,}",
    )
    figure = _half(
        f"{material.slug}-confusion",
        Matrix(labels=material.dataset.classes, counts=counts, x_label=tr("predicted"), y_label=trp("label", "true")),
        sentences([caption, _confused(material)]),
        tr("Confusion matrix: {right} of {total} right", right=str(right), total=str(total)),
    )
    names = material.dataset.classes
    large = long_named(names) or len(names) > _FEW or crowded(names, counts)
    return figure.model_copy(update={"width": 1.0}) if large else figure


def crowded(names: Sequence[str], counts: Array) -> bool:
    """Whether a third of the page is too narrow for the numbers of a matrix, beside and below its names."""
    longest = _LETTER * max(map(letters, names))
    number = max(_NUMBERED, _DIGIT * max(len(f"{int(item):,}") for item in counts.flat) + 2)
    room = _COLUMN * _THIRD - longest - 30
    leaning = 0.71 * longest if longest > room / len(names) - 4 else 0  # names that do not fit stand aslant
    return (room - leaning) / len(names) < number


_NUMBERED = 16  # CSS pixels of the narrowest cell with a number
_FEW, _MOST_CONFUSED = 10, 3  # classes whose matrix may be small, and confusions of more that are told


def _confused(material: Material) -> str:
    """What is confused most often, where a matrix of many classes is hard to read."""
    counts, names = material.performance.confusion, material.dataset.classes
    if counts is None or len(names) <= _FEW:
        return ""
    wrong = counts * (1 - np.eye(len(names), dtype=counts.dtype))
    most = [divmod(int(k), len(names)) for k in np.argsort(-wrong, axis=None, kind="stable")[:_MOST_CONFUSED]]
    said = [
        tr("{true} read as {read} ({times})", true=names[i], read=names[j], times=f"{int(wrong[i, j]):,}")
        for i, j in most
        if wrong[i, j]
    ]
    return tr("Confused most often: {pairs}.", pairs=clauses(said)) if said else ""


def _parity(material: Material) -> Figure:
    unit = material.dataset.label_unit
    split, rows = material.performance.metrics[0].split, called_rows(material.measured_rows)
    labelled = ~np.isnan(material.labels)
    measured, others = labelled & (material.split == split), labelled & (material.split != split)
    other = tr("other rows of the data") if split == "explain" or not material.trained else called_rows("training")
    groups = [(other, others, True), (rows, measured, False)]
    grey = tr("Grey: {rows}.", rows=other) if others.any() else ""
    predicted = material.outputs[:, 0]
    metrics = trp("list", ", ").join(
        f"{tr(item.name)} {written(item.name, material.performance.metrics, neither)(item.value, 2)}"
        for item in material.performance.metrics
        if item.split == split
    )
    caption = tr(
        "Predicted against measured {label}; on the {rows} {values}.",
        label=tr(material.dataset.label_name),
        rows=rows,
        values=metrics,
    )
    return _half(
        f"{material.slug}-parity",
        Scatter(
            x=tuple(Series(name=n, values=material.labels[r], reference=ref) for n, r, ref in groups if r.any()),
            y=tuple(Series(name=n, values=predicted[r], reference=ref) for n, r, ref in groups if r.any()),
            x_label=tr("measured, {unit}", unit=unit) if unit else tr("measured"),
            y_label=tr("predicted, {unit}", unit=unit) if unit else tr("predicted"),
        ),
        sentences([caption, grey]),
        tr(
            "Parity plot: {values} on {rows}",
            values=metrics,
            rows=called_rows(material.measured_rows, int(measured.sum())),
        ),
    )


def _size(material: Material) -> str:
    """What training sets in it, where it says so."""
    if not material.parameters:
        return ""
    return trn("{number} learned number (parameter).", "{number} learned numbers (parameters).", material.parameters)


def section(material: Material) -> Section:
    data = material.dataset
    charts = figures(material)
    small = tuple(figure.name for figure in charts if figure.width < 1)
    whole = tuple(figure.name for figure in charts if figure.width == 1)
    beside = small if len(small) < 3 else ()  # three stand in a row across the page
    return Section(
        title=tr("Data and model"),
        id="model",
        blocks=(
            Block(
                paragraphs=(
                    sentences(
                        [
                            data.description,
                            _one_of(material),
                            rows_of(material),
                            _to_explain(material),
                            _left_out(material),
                        ]
                    ),
                    sentences([material.architecture, _size(material), material.training]),
                ),
                figures=beside,
                asides=(
                    *(_metric_aside(material, item) for item in material.performance.metrics),
                    Aside(title=tr("Source"), text=tr(data.source)),
                ),
            ),
            *((Block(figures=small),) if not beside and small else ()),
            *(Block(figures=(name,)) for name in whole),
            *((Block(tables=(_labels(material),)),) if material.performance.labels else ()),
            *((Block(tables=(_published(material),)),) if material.dataset.published else ()),
        ),
    )


def _left_out(material: Material) -> str:
    if not material.dataset.excluded:
        return ""
    return trn(
        "{number} sample was excluded: the end of the report lists them with the reason.",
        "{number} samples were excluded: the end of the report lists them with the reason.",
        len(material.dataset.excluded),
    )


_STATED = mark("The user states that none of these rows trained the model; nothing here can check that.")


def rows_of(material: Material) -> str:
    """Which rows the model has learnt from, and which measure it."""
    train, watching, test = (int((material.split == name).sum()) for name in ("train", "validation", "test"))
    if not train + test:
        return tr(_STATED) if material.not_seen else tr("No rows of the training are at hand.")
    if not material.trained:
        seen = _STATED if material.not_seen else tr("Which of these rows the model has seen before is not known here.")
        unused = tr("The model came trained, so the weights of rows count nowhere.")
        apart = trn(
            "{number} of these rows is set apart as a test.", "{number} of these rows are set apart as a test.", test
        )
        return sentences([seen, apart if train and test else "", "" if material.dataset.weights is None else unused])
    if not test:
        return trn(
            "One row trains the model: no data is held out, so its quality below is that on rows it has seen.",
            "All {number} rows train the model: no data is held out, so its quality below is that on rows it has seen.",
            train,
        )
    learnt = trn("{number} row trains the model", "{number} rows train the model", train)
    watch = [trn("{number} watches its training", "{number} watch its training", watching)] if watching else []
    held_out = trn("{number} is held out", "{number} are held out", test)
    stop = tr("The held-out rows also stop the training, so what is measured on them is a little too good.")
    rows = tr("{clause}.", clause=clauses([learnt, *watch, held_out]))
    return sentences([rows, stop if material.stopped_by_test else ""])


def _to_explain(material: Material) -> str:
    """How many rows were given to be explained, and how many of them are measured."""
    rows = material.split == "explain"
    if not rows.any():
        return ""
    labelled = int((rows & ~np.isnan(material.labels)).sum())
    total = int(rows.sum())
    if not labelled:
        known = tr("none of them has a label")
    elif labelled == total:
        known = tr("each has a label")
    else:
        known = trn("{number} of them has a label", "{number} of them have a label", labelled)
    if rows.all():
        return trn(
            "{number} row is given to be explained; {known}.",
            "{number} rows are given to be explained; {known}.",
            total,
            known=known,
        )
    return trn(
        "{number} more row is given to be explained; {known}.",
        "{number} more rows are given to be explained; {known}.",
        total,
        known=known,
    )


def _one_of(material: Material) -> str:
    """Which of several labels this chapter is about."""
    if len(material.performance.labels) < 2:
        return ""
    return tr(
        "This chapter explains {label}, one of {number} labels.",
        label=tr(material.dataset.label_name),
        number=str(len(material.performance.labels)),
    )


def _labels(material: Material) -> Table:
    """How well each of several labels is predicted, beside a naive guess of it."""
    rows = [
        (name, metric, material.rows_of(metric.split))
        for name, own in material.performance.labels.items()
        for metric in own.metrics
    ]
    return Table(
        name=f"{material.slug}-labels",
        caption=tr(
            "Quality by label. A naive guess knows labels alone: it is always their mean, or whichever of yes and no "
            "is commoner."
        ),
        columns=(
            Column(title=tr("label")),
            Column(title=tr("measure")),
            Column(title=tr("value"), numeric=True),
            Column(title=tr("95% interval"), numeric=True),
            Column(title=tr("naive guess"), numeric=True),
            Column(title=tr("rows"), numeric=True),
            Column(title=tr("measured on")),
        ),
        rows=tuple(
            (
                name,
                tr(metric.name),
                written(metric.name, [metric], neither)(metric.value, 3),
                interval(*metric.interval, 3, written(metric.name, [metric], plain)) if metric.interval else "–",
                "–" if metric.naive is None else written(metric.name, [metric], neither)(metric.naive, 3),
                f"{metric.count:,}",
                called_rows(measured),
            )
            for name, metric, measured in rows
        ),
    )


def _published(material: Material) -> Table:
    """Numbers of others on the same data beside those measured here, where the same thing was measured."""
    here = _measured(material)
    return Table(
        name=f"{material.slug}-published",
        caption=tr(
            "What others have published about this data and kind of model, as a reference; a dash where it is not "
            "measured here."
        ),
        columns=(
            Column(title=trp("column", "number")),
            Column(title=tr("published"), numeric=True),
            Column(title=trp("column", "here"), numeric=True),
        ),
        rows=tuple(
            (tr(name), printed(value, "g"), neither(here[name], 3) if name in here else "–")
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


def _metric_aside(material: Material, metric: Metric) -> Aside:
    write, end = (written(metric.name, material.performance.metrics, one) for one in (neither, plain))
    measured_on = material.rows_of(metric.split)
    digits = 3 if metric.name.endswith("accuracy") else 2
    rows = called_rows(held_out(measured_on), metric.count)
    on = tr("on {rows}.", rows=rows)
    if metric.interval:
        bounds = interval(*metric.interval, digits, end)
        on = tr("on {rows}, 95% interval {bounds}.", rows=rows, bounds=bounds)
    seen = tr("All of them were seen in training.") if measured_on == "training" else ""
    name = tr(metric.name) if metric.name.startswith("R") else capital(tr(metric.name))
    return Aside(title=f"{name} {write(metric.value, digits)}", text=sentences([on, seen]))
