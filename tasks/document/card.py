"""The card of a model as it is printed, and what page one says of it."""

from exhibit.tasks.records.card import Card, Risk
from exhibit.tasks.records.filed import CardPage, Stated
from exhibit.tasks.records.language import tr
from exhibit.tasks.records.page import Fact


def page(card: Card) -> CardPage:
    """Every field, whether it is stated or not."""
    return CardPage(
        fields=tuple(
            Stated(
                id=name,
                title=tr(Card.titled(name)),
                meaning=tr(field.description or ""),
                items=tuple(map(_texts, card.given(name))),
            )
            for name, field in Card.model_fields.items()
        )
    )


def _texts(item: str | Risk) -> tuple[str, ...]:
    return (item.risk, item.met_by) if isinstance(item, Risk) else (item,)


def fact(card: CardPage) -> Fact:
    """How many of the fields are not stated, for page one."""
    total = str(len(card.fields))
    text = (
        tr("{missing} of {total} fields not stated", missing=str(card.missing), total=total)
        if card.missing
        else tr("all {total} fields stated", total=total)
    )
    return Fact(name=tr("Model card"), text=text, anchor="card", care=bool(card.missing))
