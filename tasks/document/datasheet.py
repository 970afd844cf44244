"""What the data of a chapter are: what its section shows, and what of it page one names."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from exhibit.tasks.document import data_domain, data_drift, data_leaks, data_rows
from exhibit.tasks.document.data_words import called, few, so_many, title
from exhibit.tasks.document.rows import of_split
from exhibit.tasks.document.words import listing
from exhibit.tasks.records.card import Card
from exhibit.tasks.records.datasheet import Datasheet
from exhibit.tasks.records.figure import Figure, Histogram, Histograms
from exhibit.tasks.records.intervals import filed
from exhibit.tasks.records.language import sentences, tr
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Block, Concern, Section


def sections(
    material: Material, card: Card | None = None, stated: Mapping[str, str] | None = None
) -> tuple[Section, ...]:
    """Nothing where it was not looked at. `card`, `stated`: what the user says of the model and its data."""
    found = material.datasheet
    if found is None:
        return ()
    tables = (
        *data_domain.nearest(material, found),
        *data_rows.balance(material, found),
        data_drift.columns(material, found),
        *data_leaks.correlations(material, found),
    )
    return (
        Section(
            title=tr("What the data are"),
            id="data",
            blocks=(
                Block(
                    paragraphs=(
                        data_rows.used(material, found),
                        data_rows.twice(material, found),
                        data_leaks.told(found),
                        data_drift.moved(material, found),
                        *data_domain.told(material, found),
                        *data_rows.looked_at(material, found),
                    ),
                    tables=(data_rows.origin(material, found, card, stated or {}),),
                ),
                *(Block(figures=(figure.name,)) for figure in figures(material)),
                *(Block(tables=(table,)) for table in tables),
            ),
        ),
    )


def figures(material: Material) -> tuple[Figure, ...]:
    """The distributions of those columns that have moved most, or of the first."""
    found = material.datasheet
    if found is None or not found.distributions:
        return ()
    splits = [split for split in ("train", "test", "explain") if split in found.distributions[0].shares]
    groups = tuple(of_split(material, split) for split in splits)
    panels = tuple(
        Histogram(
            title=title(item.feature, found),
            bins=tuple(map(tr, item.bins)),
            shares=np.array([item.shares[split] for split in splits]),
            ends=(item.edges[0], item.edges[-1]) if item.edges else None,
        )
        for item in found.distributions
    )
    empty = tr(", empty cells aside") if any(column.missing for column in found.columns) else ""
    distributed = tr("How the {columns} are distributed{aside}.", columns=called(found)["columns"], aside=empty)
    drawn = _drawn(found, len(panels)) if len(found.columns) > len(panels) else ""
    return (
        Figure(
            name=f"{material.slug}-distributions",
            content=Histograms(groups=groups, panels=panels),
            caption=sentences([distributed, drawn]),
            alt=_alternative(found, groups),
        ),
    )


def _drawn(found: Datasheet, number: int) -> str:
    """Which columns, where not all are."""
    of = {"number": str(number), "total": f"{len(found.columns):,}", "columns": called(found)["columns"]}
    if found.drifts:
        return tr("Drawn are {number} of {total} {columns}, those with the largest stability index.", **of)
    return tr("Drawn are {number} of {total} {columns}, the first.", **of)


def _alternative(found: Datasheet, groups: Sequence[str]) -> str:
    """Distributions of 4 columns in training rows and test rows: age, income, debt and 1 more."""
    names = [item.feature for item in found.distributions]
    return tr(
        "Distributions of {columns} in {rows}: {names}",
        columns=so_many(len(names), found),
        rows=listing(groups),
        names=few(names, found),
    )


def concerns(material: Material) -> tuple[Concern, ...]:
    """Leaks, shared rows, drift and values beyond the training."""
    found = material.datasheet
    if found is None:
        return ()
    return (
        *data_leaks.concerns(found),
        *data_rows.concerns(material, found),
        *data_drift.concerns(material, found),
    )


def as_plain(materials: Sequence[Material]) -> dict[str, Any]:
    """`datasheet.json`: of each chapter."""
    found = {material.slug: material.datasheet for material in materials if material.datasheet is not None}
    return {
        "schema": "exhibit-datasheet/1",
        "chapters": [{"chapter": slug, **filed(own.model_dump(mode="json"))} for slug, own in found.items()],
    }
