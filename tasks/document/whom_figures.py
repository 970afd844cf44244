"""Figures of how good a model is for each group."""

from collections.abc import Mapping

import numpy as np

from exhibit.tasks.document.for_whom import called, drawn, estimate, figure_name, measure_of, on_rows, written
from exhibit.tasks.document.words import capital
from exhibit.tasks.records.figure import Figure, WhiskerPanel, Whiskers
from exhibit.tasks.records.language import sentences, tr, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.subgroups import Measured, Subgroups

_DRAWN = ("selection rate", "accuracy", "TPR", "mean error", "mean absolute error")  # of those that are measured


def figures(material: Material) -> tuple[Figure, ...]:
    """One for each column by which rows are told apart."""
    found = material.groups
    if found is None or found.measured is None:
        return ()
    return tuple(_figure(material, found.measured, table, found.names(table.by)) for table in drawn(found))


def _figure(material: Material, measured: Measured, table: Subgroups, names: Mapping[str, str]) -> Figure:
    labels = tuple(called(group, names) for group in table.groups)
    panels = tuple(_panel(table, name, measured) for name in _DRAWN if name in measured.whole)
    said = [
        tr("{measure}: {numbers}.", measure=panel.title, numbers=_numbers(labels, panel.written)) for panel in panels
    ]
    return Figure(
        name=figure_name(material, table),
        content=Whiskers(labels=labels, panels=panels),
        caption=tr(
            "By {column}, on {rows}: each group with the interval of the table below; dashed: all rows.",
            column=table.by[0],
            rows=on_rows(material, measured),
        ),
        alt=sentences([tr("By {column}.", column=table.by[0]), *said]),
    )


def _numbers(labels: tuple[str, ...], values: tuple[str, ...]) -> str:
    return trp("list", "; ").join(f"{label} {value}" for label, value in zip(labels, values, strict=True))


def _panel(table: Subgroups, name: str, measured: Measured) -> WhiskerPanel:
    found = [group.measures.get(name) for group in table.groups]
    ends = [(np.nan, np.nan) if one is None or one.interval is None else one.interval for one in found]
    return WhiskerPanel(
        title=tr(
            "{measure}, of all rows {value}",
            measure=capital(measure_of(name, measured)),
            value=written(measured.whole[name], name),
        ),
        values=np.array([np.nan if one is None else one.value for one in found]),
        low=np.array([low for low, _ in ends]),
        high=np.array([high for _, high in ends]),
        written=tuple("–" if one is None else estimate(one, name) for one in found),
        whole=measured.whole[name],
    )
