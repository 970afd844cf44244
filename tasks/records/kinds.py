"""Kinds of input, and the facts about them that every layer needs.

What a layer does with a kind stands in the table of that layer: `kinds.py` of data, models, methods, checks, document.
Nowhere else does code ask which kind an input is.
"""

from typing import Literal, NamedTuple

Kind = Literal["table", "image", "text", "molecule", "series"]


class Traits(NamedTuple):
    """What is so of all inputs of a kind.

    `named`: features have names of their own, and a reader can follow them from sample to sample.
    `pixels`: a sample is (height, width, channels); the same place shows something else in each sample.
    `ids`: numbers count tokens of a vocabulary and have no size.
    `timed`: a sample is (steps, channels); a step is the same time in each sample, a channel the same quantity.
    `grouped`: features are groups of parts that a sample may lack, and several of which it may have.
    `embedded`: there are no numbers before a layer of the model embeds its parts, so it is explained there.
    """

    named: bool = False
    pixels: bool = False
    grouped: bool = False
    ids: bool = False
    embedded: bool = False
    timed: bool = False


TRAITS: dict[Kind, Traits] = {
    "table": Traits(named=True),
    "image": Traits(pixels=True),
    "text": Traits(ids=True),
    "molecule": Traits(embedded=True, grouped=True),
    "series": Traits(timed=True),
}
