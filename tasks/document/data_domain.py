"""How near the molecules of a chapter are to those of the training."""

from exhibit.tasks.document.rows import of_split
from exhibit.tasks.document.words import count, off_bounds, share
from exhibit.tasks.records.datasheet import Datasheet
from exhibit.tasks.records.language import sentences, tr, trn, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Column, Table


def told(material: Material, found: Datasheet) -> tuple[str, ...]:
    """Nothing of data without molecules."""
    domain, training = found.domain, of_split(material, "train")
    if domain is None:
        return ()
    usual = tr(
        "Half of {molecules} of the {training} have another of them at a Tanimoto similarity of {median} or more "
        "(Morgan fingerprints, radius 2), and 95% at {usual} or more; what is less similar to all of them is far from "
        "them. The {training} have {scaffolds} (Bemis and Murcko).",
        molecules=count(domain.compared, "molecule"),
        training=training,
        median=off_bounds(domain.median),
        usual=off_bounds(domain.usual),
        scaffolds=count(domain.scaffolds, "scaffold"),
    )
    if found.later is None or domain.later is None:
        return (usual,)
    rows = found.rows[found.later]
    later = trn(
        "Of {rows}, {number} ({share}) is farther, half have a similarity of {median} or more, and {scaffolds}.",
        "Of {rows}, {number} ({share}) are farther, half have a similarity of {median} or more, and {scaffolds}.",
        domain.far,
        rows=of_split(material, found.later, rows),
        share=share(domain.far / rows),
        median=off_bounds(domain.later),
        scaffolds=_new_scaffolds(domain.new_scaffolds, training),
    )
    return (sentences([usual, later]),)


def _new_scaffolds(number: int, training: str) -> str:
    if not number:
        return tr("none has a scaffold that none of the {training} has", training=training)
    return trn(
        "{number} has a scaffold that none of the {training} has",
        "{number} have a scaffold that none of the {training} has",
        number,
        training=training,
    )


def nearest(material: Material, found: Datasheet) -> tuple[Table, ...]:
    """The nearest molecule of the training beside each shown one."""
    if found.domain is None:
        return ()
    data, domain = material.dataset, found.domain
    names = data.sample_ids if data.names is None else data.names
    is_far = {True: trp("verdict", "yes"), False: trp("verdict", "no")}
    rows = tuple(
        (str(name), one.name, off_bounds(one.similarity), is_far[one.similarity < domain.usual])
        for name, sample in zip(names, data.sample_ids, strict=True)
        if (one := domain.nearest.get(str(sample))) is not None
    )
    if not rows:
        return ()
    return (
        Table(
            name=f"{material.slug}-nearest",
            caption=tr(
                "The nearest other molecule of the {training} beside each that is shown, by Tanimoto similarity; far: "
                "less than {usual}, which 95% of them reach.",
                training=of_split(material, "train"),
                usual=off_bounds(domain.usual),
            ),
            columns=(
                Column(title=tr("molecule")),
                Column(title=trp("column", "nearest")),
                Column(title=tr("similarity"), numeric=True),
                Column(title=trp("column", "far")),
            ),
            rows=rows,
        ),
    )
