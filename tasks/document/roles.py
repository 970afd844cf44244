"""What counts for each group, and whether a protected column, or what stands for it, is among what counts most."""

from collections.abc import Mapping, Sequence

import numpy as np

from exhibit.tasks.document.bearing import within_a_sentence
from exhibit.tasks.document.kinds import KINDS
from exhibit.tasks.document.over_rows import digits
from exhibit.tasks.document.words import (
    as_chance,
    capital,
    count,
    first_places,
    interval,
    listing,
    off_bounds,
    plain,
    with_beside,
)
from exhibit.tasks.records.groups import GROUPS
from exhibit.tasks.records.language import sentences, tr, trn, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Block, Column, Concern, Table
from exhibit.tasks.records.subgroups import (
    BY_CHANCE,
    FEW,
    FRAME,
    LEVEL,
    MOST_TIMES,
    TELLS,
    TIMES,
    WORDS,
    Estimate,
    ExplainedGroups,
    Protected,
    Proxy,
    Role,
    Roles,
)

_SHOWN = 5  # features by rank that a table shows, beside those of another role


def blocks(material: Material, found: ExplainedGroups) -> tuple[Block, ...]:
    roles = _roles(material, found)
    block = Block(heading=tr("What counts for each group"), paragraphs=roles[0], tables=roles[1])
    if not found.protected and not any(item.traits.named for item in material.dataset.inputs):
        return (block,)  # data without columns has no such setting
    return (
        block,
        Block(heading=tr("Protected columns"), paragraphs=(_protected(found),), tables=_proxies(material, found)),
    )


def _names(material: Material) -> dict[str, str]:
    """What a page calls features that are no names of the user's: functional groups, and parts of a frame."""
    inputs = material.dataset.inputs
    own = [(item, FRAME if item.traits.pixels else _ATOMS if item.traits.grouped else ()) for item in inputs]
    if len(inputs) == 1:
        return {name: tr(name) for _, names in own for name in names}
    return {item.label(name): item.label(tr(name)) for item, names in own for name in names}


_ATOMS = tuple(group.name for group in GROUPS)


def _roles(material: Material, found: ExplainedGroups) -> tuple[tuple[str, ...], tuple[Table, ...]]:
    rows = count(found.rows, "explained row")
    what = [KINDS[item.kind].followed for item in material.dataset.inputs]
    what = [tr(said, words=str(WORDS), few=str(FEW)) for said in dict.fromkeys(what) if said]
    if not found.roles:
        return (
            tr(
                "Of the {rows} no two groups have {few} or more, so what counts for each is not assessed.",
                rows=rows,
                few=str(FEW),
            ),
        ), ()
    if not (tests := sum(one.tests for one in found.roles)):
        return (
            sentences(
                [
                    *what,
                    tr(
                        "Of the {rows} no feature is in {few} of a group and in {few} of the others, so what counts "
                        "for each is not assessed.",
                        rows=rows,
                        few=str(FEW),
                    ),
                ]
            ),
        ), ()
    names = _names(material)
    signs = (
        tr("A positive mean speaks for {output}.", output=found.signed_for)
        if found.signed_for
        else tr("Signs are of another output in other rows, or there are none, so no mean of signed values is told.")
    )
    differs = [(one, role) for one in found.roles for role in one.features if role.differs]
    said = (
        tr(
            "That is so of {features}.",
            features=listing([_role_told(one, role, names, _groups(material, one)) for one, role in differs]),
        )
        if differs
        else tr("That is so of no feature.")
    )
    return (
        sentences(
            [
                tr(
                    "By {method} on {rows}, |a| in {unit}, for groups of {few} rows or more.",
                    method=within_a_sentence(tr(found.method)),
                    rows=rows,
                    unit=tr(material.main.unit),
                    few=str(FEW),
                ),
                *what,
                signs,
                tr(
                    "A feature counts otherwise in a group where its mean |a| is {times} times that of all other such "
                    "rows or more, or as much less, and chance would show as much in fewer than {level} of cases: "
                    "both Welch's and Student's test, after Holm over all {tests} that were made.",
                    times=str(TIMES),
                    level=f"{LEVEL:.0%}",
                    tests=f"{tests:,}",
                ),
                said,
                tr(
                    "That may be as it should: it says that the model gives this feature more or less weight there, "
                    "not why."
                )
                if differs
                else "",
            ]
        ),
    ), tuple(
        _role_table(one, found, names, _groups(material, one), f"{material.slug}-roles-{number}")
        for number, one in enumerate(found.roles)
    )


def _role_told(one: Roles, role: Role, names: Mapping[str, str], groups: Mapping[str, str]) -> str:
    return tr(
        "{feature} where {column} is {group} ({times} times as much)",
        feature=names.get(role.feature, role.feature),
        column=one.column,
        group=groups[role.where],
        times=_times(role),
    )


def _groups(material: Material, one: Roles) -> Mapping[str, str]:
    """What pages call the groups."""
    assert material.groups, "has groups"
    return material.groups.names([one.column])


def _times(role: Role) -> str:
    return plain(role.times) if role.times < MOST_TIMES else tr("over {number}", number=f"{MOST_TIMES:,.0f}")


def _role_table(
    one: Roles, found: ExplainedGroups, names: Mapping[str, str], groups: Mapping[str, str], name: str
) -> Table:
    shown = [role for place, role in enumerate(one.features) if place < _SHOWN or role.differs]
    left = len(one.features) - len(shown)
    rest = (
        trn("Left out: {number} feature that counts less.", "Left out: {number} features that count less.", left)
        if left
        else ""
    )
    signed_too = bool(found.signed_for)
    sizes = _decimals([size for role in shown for size in role.size.values()])
    means = _decimals([mean for role in shown for mean in role.mean.values()])
    return Table(
        name=name,
        caption=sentences(
            [
                tr(
                    "What counts by {column}: means with 95% intervals, ranks with those of resampled rows.",
                    column=one.column,
                ),
                rest,
            ]
        ),
        columns=(
            Column(title=tr("feature")),
            Column(title=one.column),
            Column(title=tr("rows"), numeric=True),
            Column(title=tr("mean |a|"), numeric=True),
            *((Column(title=tr("mean a"), numeric=True),) if signed_too else ()),
            Column(title=tr("rank"), numeric=True),
            Column(title=tr("against all others")),
        ),
        rows=tuple(
            (
                names.get(role.feature, role.feature),
                groups[group],
                f"{size.rows:,}",
                _attributed(size, sizes),
                *((_attributed(role.mean[group], means),) if signed_too else ()),
                _rank(role.rank.get(group)),
                _against(role) if group == role.where else "",
            )
            for role in shown
            for group, size in role.size.items()
        ),
    )


def _decimals(column: Sequence[Estimate]) -> int:
    """So many that the longest distance has three digits that count."""
    return digits(np.array([0.0, *(found.value for found in column)])) + 1


def _attributed(found: Estimate, decimals: int) -> str:
    """In as many decimals as all others of its column."""
    value = plain(found.value, decimals)
    return value if found.interval is None else with_beside(value, interval(*found.interval, decimals))


def _rank(found: Estimate | None) -> str:
    if found is None:
        return "–"
    if found.interval is None or found.interval[0] == found.interval[1]:
        return f"{found.value:.0f}"
    return tr(
        "{rank} ({low} to {high})",
        rank=f"{found.value:.0f}",
        low=f"{found.interval[0]:.0f}",
        high=f"{found.interval[1]:.0f}",
    )


def _against(role: Role) -> str:
    times = _times(role)
    return tr("{number} times, otherwise", number=times) if role.differs else tr("{number} times", number=times)


def _protected(found: ExplainedGroups) -> str:
    if not found.protected:
        return tr(
            "No column is named as protected (data.protected), so whether a leading feature stands for one was not "
            "looked at."
        )
    given = [
        tr("{column} ({ranked})", column=one.column, ranked=_ranked(one.rank))
        for one in found.protected
        if one.rank is not None
    ]
    kept = listing([one.column for one in found.protected if one.rank is None])
    unasked = listing([one.column for one in found.protected if not one.looked])
    columns = listing([one.column for one in found.protected])
    parts = [
        tr("Protected is {columns}.", columns=columns)
        if len(found.protected) == 1
        else tr("Protected are {columns}.", columns=columns)
    ]
    if given:
        features = count(found.features, "feature")
        parts.append(tr("Of {features} the model is given {columns}.", features=features, columns=listing(given)))
    if kept:
        parts.append(
            tr("It is not given {columns}.", columns=kept)
            if given
            else tr("The model is not given {others}.", others=kept)
        )
    parts.append(
        tr("No feature is in {few} explained rows or more, so whether one tells it was not looked at.", few=str(FEW))
        if not found.features
        else tr(
            "A feature among the {lead} tells a protected column where their association is {tells} or more (medium, "
            "Cohen 1988) and chance would show as much in fewer than {chance} of cases, after Holm over all.",
            lead=first_places(found.lead),
            tells=str(TELLS),
            chance=f"{BY_CHANCE:.0%}",
        )
    )
    if unasked:
        parts.append(tr("Not looked at for want of groups (data.groups): {columns}.", columns=unasked))
    return sentences(parts)


def _ranked(rank: int | None) -> str:
    return tr("feature {rank} by mean |a|", rank=str(rank))


def _proxies(material: Material, found: ExplainedGroups) -> tuple[Table, ...]:
    rows = [(one, proxy) for one in found.protected for proxy in one.proxies]
    if not rows:
        return ()
    names = _names(material)
    return (
        Table(
            name=f"{material.slug}-proxies",
            caption=tr(
                "How well the leading features tell a protected column, over all rows where it is stated: the "
                "correlation ratio of a number, as of how light a part of the frame is or how high a channel or a "
                "window of time is on average, Cramér's V of a category, or of whether a row has a word, from 0 to 1."
            ),
            columns=(
                Column(title=trp("of a table of data", "column")),
                Column(title=tr("feature")),
                Column(title=tr("rank"), numeric=True),
                Column(title=tr("rows"), numeric=True),
                Column(title=tr("association"), numeric=True),
                Column(title=trp("column", "chance"), numeric=True),
                Column(title=tr("tells it")),
            ),
            rows=tuple(
                (
                    one.column,
                    names.get(proxy.feature, proxy.feature),
                    str(proxy.rank),
                    f"{one.rows:,}",
                    off_bounds(proxy.association),
                    as_chance(proxy.chance),
                    trp("verdict", "yes") if proxy.tells else trp("verdict", "no"),
                )
                for one, proxy in rows
            ),
        ),
    )


def concerns(material: Material, found: ExplainedGroups) -> tuple[Concern, ...]:
    names = _names(material)
    said = [sentence for one in found.protected for sentence in _leads(one, found, names)]
    if not said:
        return ()
    own = any(one.rank is not None and one.rank <= found.lead for one in found.protected)
    return (
        Concern(
            title=tr("A protected column is among what counts most")
            if own
            else tr("What tells a protected column is among what counts most"),
            sentence=tr(
                "{said}. By {method}, of {features}.",
                said=capital(trp("list", "; ").join(said)),
                method=within_a_sentence(tr(found.method)),
                features=count(found.features, "feature"),
            ),
            section="groups",
        ),
    )


def _leads(one: Protected, found: ExplainedGroups, names: Mapping[str, str]) -> list[str]:
    own = []
    if one.rank is not None and one.rank <= found.lead:
        own.append(tr("{column} is {ranked}", column=one.column, ranked=_ranked(one.rank)))
    telling = listing([_proxy_told(proxy, names) for proxy in one.proxies if proxy.tells])
    if telling:
        own.append(tr("{column} is told by {features}", column=one.column, features=telling))
    return own


def _proxy_told(proxy: Proxy, names: Mapping[str, str]) -> str:
    return tr(
        "{feature} ({ranked}, association {association})",
        feature=names.get(proxy.feature, proxy.feature),
        ranked=_ranked(proxy.rank),
        association=off_bounds(proxy.association),
    )
