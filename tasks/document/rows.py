"""What rows of the data are called, on every page alike."""

from collections.abc import Sequence
from functools import reduce

from exhibit.tasks.document.words import count
from exhibit.tasks.records.data import Rows, Split
from exhibit.tasks.records.language import mark, noun, tr, trn, trp
from exhibit.tasks.records.material import Material

_NOUNS: dict[str, tuple[str, str]] = {
    "explained": noun("explained row", "explained rows"),
    "test": noun("test row", "test rows"),
    "held-out": noun("held-out row", "held-out rows"),
    "validation": noun("validation row", "validation rows"),
    "training": noun("training row", "training rows"),
    "to explain": noun("row given to be explained", "rows given to be explained"),
    "given": noun("given row", "given rows"),
    "set apart": noun("row set apart as a test", "rows set apart as a test"),
}
# The same where they are not counted.
_PLAIN = (
    mark("explained rows"),
    mark("test rows"),
    mark("held-out rows"),
    mark("validation rows"),
    mark("training rows"),
    mark("rows given to be explained"),
    mark("given rows"),
    mark("rows set apart as a test"),
)


def called(kind: str, number: int | None = None) -> str:
    """Rows of a kind, as `Material.rows_of` names it: held-out rows, 1 held-out row."""
    one, many = _NOUNS[kind]
    return tr(many) if number is None else count(number, one, many)


def counted(number: int, kinds: Sequence[str]) -> str:
    """200 test rows; 300 training and test rows. Of a model that came trained rows of both kinds are given ones."""
    known = list(dict.fromkeys("given" if one == "set apart" and "given" in kinds else one for one in kinds))
    if len(known) == 1:
        return called(known[0], number)
    both = reduce(lambda one, other: trp("rows", "{one} and {other}", one=one, other=other), map(_adjective, known))
    return trn("{number} {kind} row", "{number} {kind} rows", number, kind=both)


def _adjective(kind: str) -> str:
    """What rows of several kinds are, before their noun."""
    return {
        "explained": trp("rows", "explained"),
        "test": trp("rows", "test"),
        "training": trp("rows", "training"),
        "given": trp("rows", "given"),
    }[kind]


def held_out(kind: Rows) -> str:
    """The kind of rows on which a model is measured: test rows were held out from its training."""
    return "held-out" if kind == "test" else kind


def of_split(material: Material, split: Split, number: int | None = None) -> str:
    """What the rows of a split are called where all splits stand side by side: training rows, 1 training row; of a
    model that came trained nobody says what trained it."""
    if split in ("validation", "explain"):
        return called("to explain" if split == "explain" else split, number)
    return called(material.rows_of(split), number)
