"""What the checks can and cannot see: how often each fails explanations of known worth, by the kind of data.

The numbers are measured on small nets by the program's own suite (`python -m tests.checks.planted 40`), not in a
report.
"""

import json
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from exhibit.tasks.document.words import check_name
from exhibit.tasks.document.words import share as written
from exhibit.tasks.records.kinds import Kind
from exhibit.tasks.records.language import mark, tr, trp
from exhibit.tasks.records.page import Column, Table

_ANY = "any"  # in the file, that some check failed it


@cache
def measured() -> Mapping[str, Any]:
    """`seeds`, `planted`: title by name, and whether it is right, `kinds`: verdicts counted by kind, name and check."""
    return dict(json.loads((Path(__file__).parent / "planted.json").read_bytes()))


def rate(kind: Kind, name: str, check: str) -> float | None:
    """The share of seeds in which a check fails a planted explanation; None where it does not apply."""
    verdicts = measured()["kinds"][kind][name].get(check, {})
    applied = sum(count for verdict, count in verdicts.items() if verdict not in ("not applicable", "not assessed"))
    return verdicts.get("fail", 0) / applied if applied else None


def planted(kind: Kind) -> list[str]:
    """Names of what is planted in this kind of data, the right explanations last."""
    of_kind = measured()["kinds"].get(kind, {})  # none of a kind that was added
    names = [name for name in measured()["planted"] if name in of_kind]
    return sorted(names, key=lambda name: measured()["planted"][name]["right"])


def checks(kind: Kind) -> list[str]:
    """Names of the checks that were measured on this kind of data, and apply to it."""
    names = dict.fromkeys(check for name in planted(kind) for check in measured()["kinds"][kind][name])
    return [
        check for check in names if check != _ANY and any(rate(kind, name, check) is not None for name in planted(kind))
    ]


def table(slug: str, kind: Kind, chosen: Collection[str]) -> Table | None:
    """How often each of the `chosen` checks fails what is planted; None where none of them was measured so."""
    names = [check for check in checks(kind) if check in chosen]
    if not names:
        return None
    titles = {name: tr(one["title"]) for name, one in measured()["planted"].items()}
    right = sum(measured()["planted"][name]["right"] for name in planted(kind))
    return Table(
        name=f"{slug}-planted",
        caption=tr(
            "What these checks can and cannot see: explanations of known worth of small nets on data of this kind, and "
            "in how many of {seeds} seeds a check fails them. The last {right} are right and should not fail; “all” "
            "holds every check of the program that applies, also what was not asked for here.",
            seeds=str(measured()["seeds"]),
            right=str(right),
        ),
        columns=(
            Column(title=tr("explanation")),
            *(Column(title=check_name(name), numeric=True) for name in names),
            Column(title=trp("checks", "all"), numeric=True),
        ),
        rows=tuple(
            (titles[name], *(_percent(rate(kind, name, check)) for check in [*names, _ANY])) for name in planted(kind)
        ),
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else written(share)


# What the file calls what is planted.
TITLES = (
    mark("on the object, where a planted mark decides"),
    mark("the same for every element"),
    mark("signs flipped"),
    mark("edges, or distances from the baseline"),
    mark("integrated gradients"),
    mark("values 1.1 times too large"),
    mark("half of all moved to one element"),
    mark("noise, the same in every run"),
    mark("noise, new in every run"),
    mark("occlusion"),
    mark("integrated gradients, where a planted mark decides"),
    mark("of a net with random weights"),
    mark("Shapley values"),
    mark("shifted by two pixels"),
    mark("two features (or quarters of a picture) swapped"),
)
