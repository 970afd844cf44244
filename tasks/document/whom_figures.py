"""Figures of how good a model is for each group."""

from collections.abc import Mapping, Sequence

import numpy as np

from exhibit.tasks.document.for_whom import called, drawn, estimate, figure_name, measure_of, on_rows, written
from exhibit.tasks.document.words import capital
from exhibit.tasks.records.figure import Figure, WhiskerPanel, Whiskers
from exhibit.tasks.records.language import mark, sentences, tr, trp
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
        caption=tr(_CAPTIONS[_told(panels)], column=table.by[0], rows=on_rows(material, measured)),
        alt=sentences([tr("By {column}.", column=table.by[0]), *said]),
    )


_CAPTIONS = {
    "all": mark("By {column}, on {rows}: each group with the interval of the table below; dashed: all rows."),
    "some": mark(
        "By {column}, on {rows}: each group with the interval of the table below, where it has one there; dashed: all "
        "rows."
    ),
    "none": mark("By {column}, on {rows}: each group, without an interval, as none is known; dashed: all rows."),
}


def _told(panels: Sequence[WhiskerPanel]) -> str:
    """Whether what is drawn of the groups has intervals."""
    known = [np.isfinite(panel.low[~np.isnan(panel.values)]) for panel in panels]
    told = np.concatenate(known) if known else np.zeros(0, bool)
    return "all" if told.all() else "some" if told.any() else "none"


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
