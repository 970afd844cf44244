"""What is measured of inputs that are no tables, so that it can be asked of them what is asked of columns."""

import unicodedata
from collections.abc import Callable

import numpy as np

from exhibit.tasks.datasheet import molecules
from exhibit.tasks.datasheet.columns import Values
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.kinds import Kind
from exhibit.tasks.records.language import say

_BATCH = 256  # pictures in memory at once
_UNKNOWN = ("[UNK]", "<unk>")  # tokens that stand for what no other token spells
_NO_LETTERS = say("no letters")


def measured(item: Input, *, alone: bool) -> list[Values]:
    """Of one input, a number or a category for each sample; nothing of a table. `alone`: whether it is the only input,
    so that its name need not be said."""
    found = KINDS[item.kind](item)
    named = (each.name if alone else say("{input}, {property}", input=item.name, property=each.name) for each in found)
    return [each._replace(name=name, measured=True) for each, name in zip(found, named, strict=True)]


def _of_pictures(item: Input) -> list[Values]:
    """Mean and standard deviation over all pixels and channels, as shares of the way from dark to bright; of pictures
    from files how large these are, too."""
    low, high = item.bounds or (0.0, 1.0)
    means, spreads = np.empty(len(item.values)), np.empty(len(item.values))
    for start in range(0, len(item.values), _BATCH):
        pixels = (np.asarray(item.values[start : start + _BATCH], np.float64) - low) / (high - low)
        flat = pixels.reshape(len(pixels), -1)
        means[start : start + _BATCH], spreads[start : start + _BATCH] = flat.mean(axis=1), flat.std(axis=1)
    found = [Values(say("brightness"), means), Values(say("contrast"), spreads)]
    if item.sizes is None:
        return found
    sides = item.sizes.T.astype(np.float64)
    names = (say("width of the file in pixels"), say("height of the file in pixels"))
    return [*found, *(Values(name, side) for name, side in zip(names, sides, strict=True))]


def _of_texts(item: Input) -> list[Values]:
    """Tokens of each text, the share of them that no other token spells, and in which script most letters are."""
    ids = item.array
    there = ids != 0
    length = there.sum(axis=1)
    found = [Values(say("number of tokens"), length.astype(np.float64))]
    unknown = [place for place, token in enumerate(item.vocabulary) if token in _UNKNOWN]
    if unknown:
        shares = np.isin(ids, unknown).sum(axis=1) / np.maximum(length, 1)
        found.append(Values(say("share of unknown tokens"), shares))
    if not item.vocabulary:
        return found
    letters = [[_script(letter) for letter in token if letter.isalpha()] for token in item.vocabulary]
    for place in unknown:
        letters[place] = []
    letters[0] = []  # the padding
    scripts = (*sorted({script for token in letters for script in token}), _NO_LETTERS)
    counts = np.array([[token.count(script) for script in scripts] for token in letters])
    counts[:, -1] = 0
    in_all = np.array([counts[row].sum(axis=0) for row in ids])
    most = np.where(in_all.any(axis=1), in_all.argmax(axis=1), len(scripts) - 1)
    return [*found, Values(say("script"), most.astype(np.float64), scripts)]


def _script(letter: str) -> str:
    """Latin, as Unicode names the letter; of a letter without a name "other"."""
    return unicodedata.name(letter, "other").split()[0].capitalize()


def _of_series(item: Input) -> list[Values]:
    """Mean and standard deviation of each channel over all steps."""
    values = item.array.astype(np.float64)

    def both(name: str, steps: Array) -> list[Values]:
        mean, spread = say("mean of {channel}", channel=name), say("spread of {channel}", channel=name)
        return [Values(mean, steps.mean(axis=1)), Values(spread, steps.std(axis=1))]

    return [each for place, name in enumerate(item.features) for each in both(name, values[:, :, place])]


def _of_tables(_: Input) -> list[Values]:
    """Nothing: its columns are asked themselves."""
    return []


KINDS: dict[Kind, Callable[[Input], list[Values]]] = {
    "table": _of_tables,
    "image": _of_pictures,
    "text": _of_texts,
    "molecule": molecules.properties,
    "series": _of_series,
}
