"""What two reports state beside their points: the card, the profile, the other settings of the document, and who signed
them, each flat by the name of its field."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from exhibit.flows.signatures import Signed
from exhibit.tasks.comparing.settings import flat
from exhibit.tasks.document.signoff import in_words

# Each report has its own date, and another one before it.
NOT_COMPARED = ("issued", "compare_to")


class Stated(NamedTuple):
    """Of one report: fields that hold something, by their names."""

    card: Mapping[str, str]
    profile: Mapping[str, str]
    document: Mapping[str, str]
    signatures: Mapping[str, str]

    def differing(self, later: "Stated") -> Iterable[tuple[str, list[tuple[str, str, str]]]]:
        """By what it is about the fields that are otherwise in the later report: name, then and now."""
        for about, then, now in zip(self._fields, self, later, strict=True):
            names = dict.fromkeys([*then, *now])
            yield (
                about,
                [(key, then.get(key, ""), now.get(key, "")) for key in names if then.get(key) != now.get(key)],
            )


def stated(config: Mapping[str, Any], signed: Sequence[Signed]) -> Stated:
    """Of the config of an intact report and its signatures.

    Raises:
        LookupError, TypeError, ValueError: if it does not describe a document.
    """
    document = dict(config.get("document") or {})
    card, profile = document.pop("card", None) or {}, document.pop("profile", None) or {}
    return Stated(
        card=_holding(card),
        profile=_clauses(profile),
        document={key: value for key, value in _holding(document).items() if key not in NOT_COMPARED},
        signatures={in_words(one.role): _said(one) for one in signed},
    )


def _holding(plain: Mapping[str, Any]) -> dict[str, str]:
    """Flat, without what is not stated."""
    return {key: value for key, value in flat(plain).items() if value not in ("null", "[]", "{}")}


def _clauses(profile: Mapping[str, Any]) -> dict[str, str]:
    """Each clause by its number in the source, and in which order they stand."""
    plain = {key: value for key, value in profile.items() if key != "clauses"}
    clauses = profile.get("clauses") or ()
    named = {f"clause {one['id']}": {key: value for key, value in one.items() if key != "id"} for one in clauses}
    order = {"clauses": [one["id"] for one in clauses]} if clauses else {}
    return _holding(plain | order) | {
        f"{name}, {key}": value for name, one in named.items() for key, value in _holding(one).items()
    }


def _said(one: Signed) -> str:
    comment = f" (“{one.comment}”)" if one.comment else ""
    stamped = f", time-stamped by {one.stamped_by}" if one.stamped_by else ""
    return (
        f"{in_words(one.decision)}{comment}, by “{one.name}”, {one.when}{stamped}, certificate of {one.certificate}, "
        f"issued by {one.issuer}"
    )
