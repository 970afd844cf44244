"""How near the molecules of a chapter are to those of the training."""

from exhibit.tasks.document.data_rows import rows_of
from exhibit.tasks.document.words import count, plain, share
from exhibit.tasks.records.datasheet import Datasheet
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Column, Table


def told(material: Material, found: Datasheet) -> tuple[str, ...]:
    """Nothing of data without molecules."""
    domain, training = found.domain, rows_of(material, "train")
    if domain is None:
        return ()
    usual = (
        f"Half of {count(domain.compared, 'molecule')} of the {training} have another of them at a Tanimoto similarity "
        f"of {plain(domain.median)} or more (Morgan fingerprints, radius 2), and 95% at {plain(domain.usual)} or more; "
        "what is less similar to all of them is far from them. The "
        f"{training} have {count(domain.scaffolds, 'scaffold')} (Bemis and Murcko)."
    )
    if found.later is None or domain.later is None:
        return (usual,)
    rows = found.rows[found.later]
    return (
        f"{usual} Of {rows_of(material, found.later, rows)}, {domain.far:,} ({share(domain.far / rows)}) "
        f"{'is' if domain.far == 1 else 'are'} farther, half have a similarity of {plain(domain.later)} or more, and "
        f"{f'{domain.new_scaffolds:,}' if domain.new_scaffolds else 'none'} "
        f"{'has' if domain.new_scaffolds < 2 else 'have'} a scaffold that none of the "
        f"{training} has.",
    )


def nearest(material: Material, found: Datasheet) -> tuple[Table, ...]:
    """The nearest molecule of the training beside each shown one."""
    if found.domain is None:
        return ()
    data, domain = material.dataset, found.domain
    names = data.sample_ids if data.names is None else data.names
    rows = tuple(
        (str(name), one.name, plain(one.similarity), "yes" if one.similarity < domain.usual else "no")
        for name, sample in zip(names, data.sample_ids, strict=True)
        if (one := domain.nearest.get(str(sample))) is not None
    )
    if not rows:
        return ()
    return (
        Table(
            name=f"{material.slug}-nearest",
            caption=f"The nearest other molecule of the {rows_of(material, 'train')} beside each that is shown, by "
            f"Tanimoto similarity; far: less than {plain(domain.usual)}, which 95% of them reach.",
            columns=(
                Column(title="molecule"),
                Column(title="nearest"),
                Column(title="similarity", numeric=True),
                Column(title="far"),
            ),
            rows=rows,
        ),
    )
