"""Columns of the data of a chapter that give the label away, and those that go together."""

from exhibit.tasks.document.data_rows import few, noun
from exhibit.tasks.document.words import capital, count, interval, plain, share, signed
from exhibit.tasks.records.datasheet import LEAST, MOST_COLUMNS, RANKS, TOLD, TOLD_OF_OTHERS, Datasheet, Leak
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Column, Concern, Table


def told(found: Datasheet) -> str:
    """Which columns give the label away, or how far the strongest is from it."""
    if found.strongest is None:
        return (
            f"Whether a {noun(found)[0]} alone gives the label away was not asked. It is asked where each row has one "
            f"label and {LEAST} rows or more have theirs; where the label is a number, of {noun(found)[1]} of numbers "
            "alone, half of whose cells at least are there."
        )
    if found.leaks:
        more = f" {count(len(found.leaks) - 1, *_more(found))}." * (len(found.leaks) > 1)
        return (
            f"{capital(_alone(found.leaks[0], found))}: it gives the label away.{more} {_rule(found.strongest, found)}"
        )
    return (
        f"No {noun(found)[0]} was found that alone gives the label away; the closest: "
        f"{_alone(found.strongest, found)}. {_rule(found.strongest, found)}"
    )


def _alone(leak: Leak, found: Datasheet) -> str:
    """the column age alone tells the label of 95% of 150 rows that its rule was not fitted on (at least 88%)."""
    named, rows = f"the {noun(found)[0]} {leak.feature}", count(leak.rows, "row")
    if leak.others is None or leak.others_at_least is None:
        return (
            f"{named} has a rank correlation of {plain(leak.told, 3)} with the label (at least "
            f"{plain(leak.at_least, 3)}, sign aside), over {rows}"
        )
    return (
        f"{named} alone tells the label of {share(leak.told)} of {rows} that its rule was not fitted on (at least "
        f"{share(leak.at_least)}), and of {share(leak.others)} of those outside the commonest class (at least "
        f"{share(leak.others_at_least)})"
    )


def _more(found: Datasheet) -> tuple[str, str]:
    one, several = noun(found)
    return f"more {one} does", f"more {several} do"


def _rule(leak: Leak, found: Datasheet) -> str:
    one, several = noun(found)
    if leak.others is None:
        return f"A {one} is said to give it away where the lower end of the interval is {plain(RANKS)} or more."
    return (
        f"A {one} is said to give it away where these lower ends are at least {share(TOLD)} and "
        f"{share(TOLD_OF_OTHERS)}; they hold for all {several} together."
    )


def concerns(found: Datasheet) -> tuple[Concern, ...]:
    """Columns that give the label away."""
    if not found.leaks:
        return ()
    more = f" So {'does' if len(found.leaks) == 2 else 'do'} {few([leak.feature for leak in found.leaks[1:]])}."
    return (
        Concern(
            title=f"A {noun(found)[0]} gives the label away",
            sentence=f"{capital(_alone(found.leaks[0], found))}.{more if len(found.leaks) > 1 else ''}",
            section="data",
        ),
    )


def correlations(material: Material, found: Datasheet) -> tuple[Table, ...]:
    """The strongest pairs."""
    if not found.correlations:
        return ()
    strongest = "the only one" if found.pairs == 1 else f"the strongest of {found.pairs:,}"
    total = sum(column.number for column in found.columns)
    gaps = any(column.missing for column in found.columns)
    apart = " Rows in which one of the two is empty are left out of a pair." if gaps else ""
    first = f" of the first {MOST_COLUMNS:,} of {total:,} {noun(found)[1]} of numbers" if total > MOST_COLUMNS else ""
    drawn = f" drawn evenly from {sum(found.rows.values()):,}" if found.correlated < sum(found.rows.values()) else ""
    return (
        Table(
            name=f"{material.slug}-correlations",
            caption=f"Pairs of {noun(found)[1]} by Spearman's rank correlation, {strongest}{first}, over "
            f"{count(found.correlated, 'row')}{drawn}, each with its own 95% interval."
            f"{apart}"
            f"{' Attributions of columns that go together can stand for each other.' * (noun(found)[0] == 'column')}",
            columns=(
                Column(title=noun(found)[0]),
                Column(title="with"),
                Column(title="correlation", numeric=True),
                Column(title="95% interval", numeric=True),
            ),
            rows=tuple((*item.features, signed(item.value), interval(*item.interval)) for item in found.correlations),
        ),
    )
