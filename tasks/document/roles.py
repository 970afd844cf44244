"""What counts for each group, and whether a protected column, or what stands for it, is among what counts most."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.document.bearing import within_a_sentence
from exhibit.tasks.document.over_rows import digits
from exhibit.tasks.document.words import as_chance, capital, count, first_places, interval, listing, plain
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Block, Column, Concern, Table
from exhibit.tasks.records.subgroups import (
    BY_CHANCE,
    FEW,
    LEVEL,
    TELLS,
    TIMES,
    Estimate,
    ExplainedGroups,
    Protected,
    Proxy,
    Role,
    Roles,
)

_SHOWN = 5  # features by rank that a table shows, beside those of another role


def not_explained() -> Block:
    said = (
        "What explanations say of each group is looked at for tables alone, whose features are the same in every row."
    )
    return Block(heading="What counts for each group", paragraphs=(said,))


def blocks(material: Material, found: ExplainedGroups) -> tuple[Block, ...]:
    roles = _roles(material, found)
    return (
        Block(heading="What counts for each group", paragraphs=roles[0], tables=roles[1]),
        Block(heading="Protected columns", paragraphs=(_protected(found),), tables=_proxies(material, found)),
    )


def _roles(material: Material, found: ExplainedGroups) -> tuple[tuple[str, ...], tuple[Table, ...]]:
    if not found.roles:
        return (
            f"Of the {count(found.rows, 'explained row')} no two groups have {FEW} or more, so what counts for each is "
            "not assessed.",
        ), ()
    unit = material.main.unit
    signs = (
        f"A positive mean speaks for {found.signed_for}."
        if found.signed_for
        else "Signs are of another output in other rows, or there are none, so no mean of signed values is told."
    )
    differs = [(one, role) for one in found.roles for role in one.features if role.differs]
    said = (
        f"That is so of {listing([_role_told(one, role) for one, role in differs])}."
        if differs
        else "That is so of no feature."
    )
    tests = sum(len(one.features) * len(one.features[0].size) for one in found.roles)
    return (
        f"By {within_a_sentence(found.method)} on {count(found.rows, 'explained row')}, |a| in {unit}, for groups of "
        f"{FEW} rows or more. "
        f"{signs} A feature counts otherwise in a group where its mean |a| is {TIMES} times that of all other such "
        f"rows or more, or as much less, and chance would show as much in fewer than {LEVEL:.0%} of cases: Welch's "
        f"test, after Holm over all {tests:,} that were made. {said} That may be as it should: it says that the model "
        "gives this feature more or less weight there, not why.",
    ), tuple(_role_table(one, found, f"{material.slug}-roles-{number}") for number, one in enumerate(found.roles))


def _role_told(one: Roles, role: Role) -> str:
    return f"{role.feature} where {one.column} is {role.where} ({_times(role)} as much)"


def _times(role: Role) -> str:
    return f"{plain(role.times)} times"


def _role_table(one: Roles, found: ExplainedGroups, name: str) -> Table:
    shown = [role for place, role in enumerate(one.features) if place < _SHOWN or role.differs]
    left = len(one.features) - len(shown)
    rest = f" Left out: {count(left, 'feature that counts less', 'features that count less')}." if left else ""
    signed_too = bool(found.signed_for)
    sizes = _decimals([size for role in shown for size in role.size.values()])
    means = _decimals([mean for role in shown for mean in role.mean.values()])
    return Table(
        name=name,
        caption=f"What counts by {one.column}: means with 95% intervals (Student), ranks with those of resampled rows."
        f"{rest}",
        columns=(
            Column(title="feature"),
            Column(title=one.column),
            Column(title="rows", numeric=True),
            Column(title="mean |a|", numeric=True),
            *((Column(title="mean a", numeric=True),) if signed_too else ()),
            Column(title="rank", numeric=True),
            Column(title="against all others"),
        ),
        rows=tuple(
            (
                role.feature,
                group,
                f"{size.rows:,}",
                _attributed(size, sizes),
                *((_attributed(role.mean[group], means),) if signed_too else ()),
                _rank(role.rank[group]),
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
    ends = "" if found.interval is None else f" ({interval(*found.interval, decimals)})"
    return f"{plain(found.value, decimals)}{ends}"


def _rank(found: Estimate) -> str:
    if found.interval is None or found.interval[0] == found.interval[1]:
        return f"{found.value:.0f}"
    return f"{found.value:.0f} ({found.interval[0]:.0f} to {found.interval[1]:.0f})"


def _against(role: Role) -> str:
    return f"{_times(role)}{', otherwise' if role.differs else ''}"


def _protected(found: ExplainedGroups) -> str:
    if not found.protected:
        return (
            "No column is named as protected (data.protected), so whether a leading feature stands for one was not "
            "looked at."
        )
    given = [f"{one.column} ({_ranked(one.rank)})" for one in found.protected if one.rank is not None]
    kept = [one.column for one in found.protected if one.rank is None]
    unasked = [one.column for one in found.protected if not one.looked]
    lead = first_places(found.lead)
    parts = [
        f"Protected {'is' if len(found.protected) == 1 else 'are'} {listing([one.column for one in found.protected])}.",
        f"Of {count(found.features, 'feature')} the model is given {listing(given)}." if given else "",
        f"{'It is' if given else 'The model is'} not given {listing(kept)}." if kept else "",
        f"A feature among the {lead} tells a protected column where their association is {TELLS} or more (medium, "
        f"Cohen 1988) and chance would show as much in fewer than {BY_CHANCE:.0%} of cases, after Holm over all.",
        f"Not looked at for want of groups (data.groups): {listing(unasked)}." if unasked else "",
    ]
    return " ".join(filter(None, parts))


def _ranked(rank: int | None) -> str:
    return f"feature {rank} by mean |a|"


def _proxies(material: Material, found: ExplainedGroups) -> tuple[Table, ...]:
    rows = [(one, proxy) for one in found.protected for proxy in one.proxies]
    if not rows:
        return ()
    return (
        Table(
            name=f"{material.slug}-proxies",
            caption="How well the leading features tell a protected column, over all rows where it is stated: the "
            "correlation ratio of a number, Cramér's V of a category, from 0 to 1.",
            columns=(
                Column(title="column"),
                Column(title="feature"),
                *(Column(title=title, numeric=True) for title in ("rank", "rows", "association", "chance")),
                Column(title="tells it"),
            ),
            rows=tuple(
                (
                    one.column,
                    proxy.feature,
                    str(proxy.rank),
                    f"{one.rows:,}",
                    plain(proxy.association),
                    as_chance(proxy.chance),
                    "yes" if proxy.tells else "no",
                )
                for one, proxy in rows
            ),
        ),
    )


def concerns(found: ExplainedGroups) -> tuple[Concern, ...]:
    said = [sentence for one in found.protected for sentence in _leads(one, found)]
    if not said:
        return ()
    own = any(one.rank is not None and one.rank <= found.lead for one in found.protected)
    return (
        Concern(
            title=f"{'A protected column' if own else 'What tells a protected column'} is among what counts most",
            sentence=f"{capital('; '.join(said))}. By {within_a_sentence(found.method)}, of "
            f"{count(found.features, 'feature')}.",
            section="groups",
        ),
    )


def _leads(one: Protected, found: ExplainedGroups) -> list[str]:
    own = []
    if one.rank is not None and one.rank <= found.lead:
        own.append(f"{one.column} is {_ranked(one.rank)}")
    telling = [proxy for proxy in one.proxies if proxy.tells]
    if telling:
        own.append(f"{one.column} is told by {listing([_proxy_told(proxy) for proxy in telling])}")
    return own


def _proxy_told(proxy: Proxy) -> str:
    return f"{proxy.feature} ({_ranked(proxy.rank)}, association {plain(proxy.association)})"
