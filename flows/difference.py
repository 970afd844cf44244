"""`exhibit diff`: what differs between two reports, and what of it is more than the errors explain."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from exhibit.flows.earlier import said
from exhibit.flows.integrity import UNREADABLE, Damage, intact, require_report
from exhibit.flows.signatures import Shown
from exhibit.flows.stated import Stated, stated
from exhibit.tasks.comparing.changes import changed, facts
from exhibit.tasks.evidence.local import disambiguated
from exhibit.tasks.records.base import InputError, Record
from exhibit.tasks.records.change_summary import EarlierReport
from exhibit.tasks.records.changed import Changed, Facts, ImportanceFacts, PointFacts, PointPair, VerdictFacts
from exhibit.tasks.records.shown import escaped


class Difference(Record):
    """Something that is otherwise in the second report; `before` and `after` are empty where one has nothing. `point`:
    empty of what is stated of the report as a whole. `beyond`: whether it is more than errors explain, None where no
    errors are stated or none belong to it."""

    point: Shown
    what: Shown
    before: Shown
    after: Shown
    beyond: bool | None = None

    def __str__(self) -> str:
        known = {True: " (more than the errors explain)", False: " (within the errors)", None: ""}[self.beyond]
        before, after = _excerpts(self.before, self.after)
        told = f"{self.what}: {before or 'absent'}, then {after or 'absent'}{known}"
        return f"{self.point}: {told}" if self.point else told


def _excerpts(before: str, after: str) -> tuple[str, str]:
    """Of long texts what is around the first letter that is another; --json has all of them."""
    if max(len(before), len(after)) <= _LETTERS or not (before and after):
        return _cut(before, 0), _cut(after, 0)
    alike = next((k for k, (one, other) in enumerate(zip_longest(before, after)) if one != other), 0)
    start = max(0, alike - _LETTERS // 4)
    return _cut(before, start), _cut(after, start)


def _cut(text: str, start: int) -> str:
    kept = text[start : start + _LETTERS]
    return f"{'…' if start else ''}{kept}{'…' if start + _LETTERS < len(text) else ''}"


_LETTERS = 160  # of a text that are printed


class Comparison(Record):
    """Two reports: their differences by what they are about, and what cannot be compared. `points`: those
    that both have; `signed`: whether anybody signed one of them; `retrained`: points whose model is another one, which
    the errors of importances leave out; `apart`: the parts in which they have nothing in common, so that nothing of
    them was compared."""

    first: Shown
    second: Shown
    points: tuple[Shown, ...]
    config: tuple[Difference, ...] = ()
    data: tuple[Difference, ...] = ()
    models: tuple[Difference, ...] = ()
    metrics: tuple[Difference, ...] = ()
    importances: tuple[Difference, ...] = ()
    verdicts: tuple[Difference, ...] = ()
    card: tuple[Difference, ...] = ()
    profile: tuple[Difference, ...] = ()
    document: tuple[Difference, ...] = ()
    signatures: tuple[Difference, ...] = ()
    not_compared: tuple[Shown, ...] = ()
    signed: bool = False
    retrained: tuple[Shown, ...] = ()
    apart: tuple[Shown, ...] = ()

    @property
    def same(self) -> bool:
        """Whether nothing differs, and everything was compared."""
        return not self.not_compared and not any(found for _, found in self.parts)

    @property
    def parts(self) -> Sequence[tuple[str, tuple[Difference, ...]]]:
        """The differences under the names of what they are about."""
        return [
            ("config", self.config),
            ("data", self.data),
            ("models", self.models),
            ("metrics", self.metrics),
            ("importances", self.importances),
            ("verdicts", self.verdicts),
            *self._stated,
        ]

    @property
    def _stated(self) -> Sequence[tuple[str, tuple[Difference, ...]]]:
        """What reports state as a whole, whichever points they have."""
        return [
            ("card", self.card),
            ("profile", self.profile),
            ("document", self.document),
            ("signatures", self.signatures),
        ]

    def lines(self) -> Iterator[str]:
        """What is printed."""
        if not self.points:
            yield "no point is in both reports, so nothing of them is compared"
        for name, found in self.parts if self.points else self._stated:
            alike = "nothing that both have" if name in self.apart else "the same"
            told = self._verdicts() if name == "verdicts" and found else _differ(len(found)) if found else alike
            yield f"{name}: {told}"
            yield from (f"  {item}" for item in found[:_MOST])
            if len(found) > _MOST:
                yield f"  and {len(found) - _MOST:,} more; --json has them all"
        if self.importances and self.retrained:
            yield (
                f"the model is another one ({', '.join(self.retrained)}); the errors of importances leave out how "
                "much another training alone changes them"
            )
        if self.signed:
            yield (
                "of signatures it is compared what they say and by which certificate, not whether that is believed: "
                "exhibit verify --trust CA.pem asks that"
            )
        yield from (f"not compared: {one}" for one in self.not_compared)
        yield f"{self.first}, {self.second}: {'the same' if self.same else 'different'}"

    def _verdicts(self) -> str:
        """How many verdicts are others, and how many the same ones by other values."""
        others = sum(_word(item.before) != _word(item.after) for item in self.verdicts)
        alike = len(self.verdicts) - others
        values = f"{alike:,} by {'another value' if alike == 1 else 'other values'}"
        return ", ".join([_differ(others) if others else "the same", *([values] if alike else [])])


def _differ(number: int) -> str:
    return "1 differs" if number == 1 else f"{number:,} differ"


def _word(judged: str) -> str:
    """The verdict alone, of one with its value."""
    return judged.partition(" (")[0]


_MOST = 10  # differences of a kind that are printed


class _Report(NamedTuple):
    about: EarlierReport
    facts: Facts
    stated: Stated


def difference(first: Path, second: Path) -> Comparison:
    """Compares two run directories or PDFs.

    Raises:
        InputError: where one of them is no report.
        Damage: where one of them is not what was written.
    """
    for target in (first, second):
        require_report(target)
    before, after = _read(first), _read(second)
    found = compared(str(first), str(second), before.about, before.facts, after.facts)
    parts = {
        about: tuple(Difference(point="", what=what, before=then, after=now) for what, then, now in items)
        for about, items in before.stated.differing(after.stated)
    }
    return found.model_copy(update={**parts, "signed": bool(before.stated.signatures or after.stated.signatures)})


def _read(target: Path) -> _Report:
    try:
        return _said(target)
    except MemoryError as error:
        raise InputError(f"{target}: to read it takes more memory than there is, so it cannot be compared") from error


def _said(target: Path) -> _Report:
    try:
        subject = intact(target)
    except Damage as damage:
        raise Damage(f"{target}: {str(damage).removeprefix(f'{escaped(target.name)}: ')}") from damage
    try:
        found = said(subject)
        return _Report(
            found.report,
            facts(found.points, found.importances, found.checks, found.metrics),
            stated(disambiguated(subject.evidence.config, subject.evidence.local), subject.signed),
        )
    except MemoryError:
        raise
    except UNREADABLE as error:
        raise InputError(f"{target}: its evidence does not describe its points, so it cannot be compared") from error


def compared(first: str, second: str, about: EarlierReport, before: Facts, after: Facts) -> Comparison:
    """The differences of what two reports say, the second being the later one."""
    found = changed(about, before, after)
    return Comparison(
        first=first,
        second=second,
        points=tuple(pair.after.slug for pair in found.points),
        config=tuple(item for pair in found.points for item in _settings(pair)),
        data=tuple(item for pair in found.points for item in _data(pair)),
        models=tuple(
            Difference(point=pair.after.slug, what="weights", before=pair.before.weights, after=pair.after.weights)
            for pair in found.points
            if pair.before.weights != pair.after.weights
        ),
        metrics=tuple(_metrics(before, after)),
        importances=tuple(_importances(found)),
        verdicts=tuple(_verdicts(before.verdicts, after.verdicts, {pair.after.slug for pair in found.points})),
        not_compared=tuple(_not_compared(found, before, after)),
        retrained=tuple(pair.after.slug for pair in found.points if pair.before.weights != pair.after.weights),
        apart=tuple(_apart(found, before, after)),
    )


def _apart(found: Changed, before: Facts, after: Facts) -> Iterator[str]:
    """Of what there is something in one of the reports, but nothing that is also in the other."""
    old, new = ({(item.point, item.name, item.split) for item in of.metrics or ()} for of in (before, after))
    if old | new and not old & new:
        yield "metrics"
    if (before.importances or after.importances) and not found.pairs:
        yield "importances"


def _settings(pair: PointPair) -> Iterator[Difference]:
    """Every setting that is otherwise, or that one of them has alone."""
    old, new = pair.before.settings, pair.after.settings
    for key in dict.fromkeys([*old, *new]):
        if old.get(key) != new.get(key):
            yield Difference(point=pair.after.slug, what=key, before=old.get(key, ""), after=new.get(key, ""))


def _data(pair: PointPair) -> Iterator[Difference]:
    old, new = pair.before, pair.after
    if (old.data, old.samples, old.excluded) != (new.data, new.samples, new.excluded):
        told = [f"{one.samples:,} rows, {one.excluded:,} left out, sha256 {one.data}" for one in (old, new)]
        yield Difference(point=new.slug, what=f"data{_of_data(old, new)}", before=told[0], after=told[1])


def _of_data(old: PointFacts, new: PointFacts) -> str:
    """What of the data is otherwise: files, or only how they are read, drawn and split. The digest is over both."""
    if not old.asked or not new.asked:
        return ""
    before, after = _digests(old.asked), _digests(new.asked)
    if old.asked.get("kind") != new.asked.get("kind"):
        return " (of another kind)"
    if before != after:
        return " (other files)"
    same = "the same files" if before else "the same source"
    if old.asked != new.asked:
        return f" ({same}, read, drawn or split otherwise)"
    return f" ({same} and settings, read by another version)"


def _digests(asked: Any, name: str = "") -> set[tuple[str, str]]:
    """The sha256 of all files that the data were made of, each with the setting that names it."""
    if isinstance(asked, Mapping):
        return {one for key, value in asked.items() for one in _digests(value, f"{name}.{key}")}
    if isinstance(asked, list | tuple):
        return {one for value in asked for one in _digests(value, name)}
    return {(name, asked)} if isinstance(asked, str) and _SHA256(asked) else set()


_SHA256 = re.compile(r"[0-9a-f]{64}").fullmatch


def _metrics(before: Facts, after: Facts) -> Iterator[Difference]:
    """Metrics with another value; whether their 95% intervals have nothing in common, where both have one."""
    old = {(item.point, item.name, item.split): item for item in before.metrics or ()}
    for item in after.metrics or ():
        then = old.get((item.point, item.name, item.split))
        if then is None or then.value == item.value:
            continue
        one, other = then.interval, item.interval
        yield Difference(
            point=item.point,
            what=f"{item.name}, {item.split}",
            before=repr(then.value),
            after=repr(item.value),
            beyond=None if one is None or other is None else one[1] < other[0] or other[1] < one[0],
        )


def _importances(found: Changed) -> Iterator[Difference]:
    """Importances with another value; those that count come first."""
    differences = [
        Difference(
            point=pair.after.point,
            what=f"{pair.after.method}, {pair.after.target}, {pair.after.input}, {feature}",
            before=f"{_with_error(pair.before, k)}, place {int(pair.ranks_before[k, 0])}",
            after=f"{_with_error(pair.after, k)}, place {int(pair.ranks_after[k, 0])}",
            beyond=bool(pair.beyond[k] or pair.moved[k]),
        )
        for pair in found.pairs
        for k, feature in enumerate(pair.after.features)
        if (pair.before.values[k], pair.before.errors[k]) != (pair.after.values[k], pair.after.errors[k])
    ]
    yield from sorted(differences, key=lambda item: not item.beyond)


def _with_error(item: ImportanceFacts, k: int) -> str:
    return f"{item.values[k]:.6g} ± {item.errors[k]:.2g}"


def _verdicts(before: Sequence[VerdictFacts], after: Sequence[VerdictFacts], points: set[str]) -> Iterator[Difference]:
    """Checks that say or measure something else, or that one report has alone; other verdicts come first."""
    old, new = ({(item.point, item.method, item.check): item for item in found} for found in (before, after))
    flipped = {key for key in old.keys() & new.keys() if old[key].verdict != new[key].verdict}
    for key in sorted(dict.fromkeys([*old, *new]), key=lambda key: key not in flipped):
        then, now = (_judged(found.get(key)) for found in (old, new))
        if key[0] in points and then != now:
            yield Difference(point=key[0], what=f"{key[2]} of {key[1]}", before=then, after=now)


def _judged(item: VerdictFacts | None) -> str:
    if item is None:
        return ""
    return item.verdict if item.value is None else f"{item.verdict} ({item.value!r})"


def _not_compared(found: Changed, before: Facts, after: Facts) -> Iterator[str]:
    """What only one of the reports has, and results of other features."""
    shared = {pair.after.slug for pair in found.points}
    for which, points in (("first", before.points), ("second", after.points)):
        yield from (f"{point.slug} is in the {which} report alone" for point in points if point.slug not in shared)
    yield from (f"{name}: its features, or how they are added up, are others" for name in found.incomparable)
    old, new = ({_name(item) for item in of.importances if item.point in shared} for of in (before, after))
    yield from (f"{name}: importances that the first report has alone" for name in sorted(old - new))
    yield from (f"{name}: importances that the second report has alone" for name in sorted(new - old))
    if (before.metrics is None) != (after.metrics is None):
        yield "metrics: only one of the reports states them"
        return
    was, now = (
        {f"{item.point}, {item.name}, {item.split}" for item in of.metrics or () if item.point in shared}
        for of in (before, after)
    )
    yield from (f"{name}: a metric that only one of the reports has" for name in sorted(was ^ now))


def _name(item: ImportanceFacts) -> str:
    return ", ".join(item.key)
