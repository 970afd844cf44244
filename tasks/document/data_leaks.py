"""Columns of the data of a chapter that give the label away, and those that go together."""

from exhibit.tasks.document.data_words import called, few, measured, title, titles
from exhibit.tasks.document.words import capital, count, interval, off_bounds, plain, related, share
from exhibit.tasks.records.datasheet import LEAST, MOST_COLUMNS, RANKS, TOLD, TOLD_OF_OTHERS, Datasheet, Leak
from exhibit.tasks.records.language import sentences, tr, trn, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Column, Concern, Table


def told(found: Datasheet) -> str:
    """Which columns give the label away, or how far the strongest is from it."""
    if found.strongest is None:
        return tr(
            "Whether a {column} alone gives the label away was not asked. It is asked where each row has one label and "
            "{least} rows or more have theirs; where the label is a number, of {columns} of numbers alone, half of "
            "whose cells at least are there.",
            least=str(LEAST),
            **called(found),
        )
    rule = _rule(found.strongest, found)
    if not found.leaks:
        closest = tr(
            "No {column} was found that alone gives the label away; the closest: {which}.",
            column=called(found)["column"],
            which=_alone(found.strongest, found),
        )
        return sentences([closest, _not_asked(found), rule])
    others = len(found.leaks) - 1
    more = trn("{number} more {column} does.", "{number} more {columns} do.", others, **called(found)) if others else ""
    first = tr("{which}: it gives the label away.", which=capital(_alone(found.leaks[0], found)))
    return sentences([first, more, rule])


def _not_asked(found: Datasheet) -> str:
    """That columns of words were not asked about, where the label is a number."""
    if found.strongest is None or found.strongest.others is not None or all(one.number for one in found.columns):
        return ""
    return tr("As the label is a number, {columns} of words were not asked about.", **called(found))


def _alone(leak: Leak, found: Datasheet) -> str:
    """the column age alone tells the label of 95% of 150 rows that its rule was not fitted on (at least 88%)."""
    column, name, rows = called(found)["column"], title(leak.feature, found), count(leak.rows, "row")
    if leak.others is None or leak.others_at_least is None:
        return tr(
            "the {column} {name} has a rank correlation of {correlation} with the label (at least {least}, sign "
            "aside), over {rows}",
            column=column,
            name=name,
            correlation=off_bounds(leak.told, 3),
            least=off_bounds(leak.at_least, 3),
            rows=rows,
        )
    return tr(
        "the {column} {name} alone tells the label of {share} of {rows} that its rule was not fitted on (at least "
        "{least}), and of {others} of those outside the commonest class (at least {least_of_others})",
        column=column,
        name=name,
        share=share(leak.told),
        rows=rows,
        least=_least(leak.at_least),
        others=share(leak.others),
        least_of_others=_least(leak.others_at_least),
    )


def _least(end: float) -> str:
    """A lower end, rounded down: at least 0%, not at least “under 0.1%”."""
    return share(min(end, _SURELY) if end >= 1 - _SURELY else 0.0)


_SURELY = 0.999


def _rule(leak: Leak, found: Datasheet) -> str:
    if leak.others is None:
        return tr(
            "A {column} is said to give it away where the lower end of the interval is {least} or more.",
            column=called(found)["column"],
            least=plain(RANKS),
        )
    return tr(
        "A {column} is said to give it away where these lower ends are at least {least} and {least_of_others}; they "
        "hold for all {columns} together.",
        least=share(TOLD),
        least_of_others=share(TOLD_OF_OTHERS),
        **called(found),
    )


def concerns(found: Datasheet) -> tuple[Concern, ...]:
    """Columns that give the label away."""
    if not found.leaks:
        return ()
    first = tr("{which}.", which=capital(_alone(found.leaks[0], found)))
    others = [leak.feature for leak in found.leaks[1:]]
    more = trn("So does {columns}.", "So do {columns}.", len(others), columns=few(others, found)) if others else ""
    named = tr("A {column} gives the label away", column=called(found)["column"])
    return (Concern(title=named, sentence=sentences([first, more]), section="data"),)


def correlations(material: Material, found: Datasheet) -> tuple[Table, ...]:
    """The strongest pairs."""
    if not found.correlations:
        return ()
    gaps = any(column.missing for column in found.columns)
    apart = tr("Rows in which one of the two is empty are left out of a pair.") if gaps else ""
    alike = "" if measured(found) else tr("Attributions of columns that go together can stand for each other.")
    named = called(found)["column"]
    return (
        Table(
            name=f"{material.slug}-correlations",
            caption=sentences([_pairs(found), apart, alike]),
            columns=(
                Column(title=named),
                Column(title=trp("column", "with")),
                Column(title=tr("correlation"), numeric=True),
                Column(title=tr("95% interval"), numeric=True),
            ),
            rows=tuple(
                (*titles(item.features, found), related(item.value), interval(*item.interval))
                for item in found.correlations
            ),
        ),
    )


def _pairs(found: Datasheet) -> str:
    """Which pairs, over which rows."""
    columns = called(found)["columns"]
    total, rows = sum(column.number for column in found.columns), sum(found.rows.values())
    first = (
        tr(
            " of the first {most} of {total} {columns} of numbers",
            most=f"{MOST_COLUMNS:,}",
            total=f"{total:,}",
            columns=columns,
        )
        if total > MOST_COLUMNS
        else ""
    )
    return tr(
        "Pairs of {columns} by Spearman's rank correlation, {which}{first}, over {rows}{drawn}, each with its own 95% "
        "interval.",
        columns=columns,
        which=tr("the only one") if found.pairs == 1 else tr("the strongest of {number}", number=f"{found.pairs:,}"),
        first=first,
        rows=count(found.correlated, "row"),
        drawn=tr(" drawn evenly from {number}", number=f"{rows:,}") if found.correlated < rows else "",
    )
