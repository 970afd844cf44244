"""The names of ImageNet's thousand classes, in the order of the outputs of published models."""

import json
from collections.abc import Sequence
from pathlib import Path

from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.near import is_or_are, nearest

# The short names that torchvision prints; the order is that of the ILSVRC 2012 classes by their WordNet number.
IMAGENET: tuple[str, ...] = tuple(json.loads(Path(__file__).with_name("imagenet_classes.json").read_text()))


def class_index(name: str, classes: Sequence[str], where: str = "data.labels:") -> int:
    """The place of a class that is given by its name, whatever its case, or by its number; `where` begins an error.

    Raises:
        InputError: for a class that is not there.
    """
    if name.isdecimal() and int(name) < len(classes):
        return int(name)
    known = {_plain(own): index for index, own in enumerate(classes)}
    if (found := known.get(_plain(name))) is not None:
        return found
    near = [repr(classes[known[match]]) for match in nearest(_plain(name), list(known))]
    hint = f"the nearest {is_or_are(near)} {', '.join(near)}" if near else "none is called much like it"
    raise InputError(f"{where} {name!r} is not one of the {len(classes)} classes; {hint}")


def _plain(name: str) -> str:
    return name.casefold().replace("_", " ")
