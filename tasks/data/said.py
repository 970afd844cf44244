"""What libraries say of data that they cannot read: known sentences in every language, the others as they are."""

import re
from collections.abc import Sequence

from exhibit.tasks.records.language import Message, as_given, mark, say

OF_PICTURES = (  # Pillow's
    mark("cannot identify image file {file}"),
    mark("image file is truncated ({count} bytes not processed)"),
    mark("image file is truncated"),
    mark("broken data stream when reading image file"),
    mark("Truncated File Read"),
    mark("could not create decoder object"),
)
OF_MOLECULES = (  # RDKit's
    mark("Explicit valence for atom # {atom} {element}, {valence}, is greater than permitted"),
    mark("Can't kekulize mol"),
    mark("non-ring atom {atom} marked aromatic"),
)


def told(text: str, known: Sequence[str]) -> Message:
    """What a library says, as the one of these sentences that it is, their {names} filled; else in its own words."""
    found = ((sentence, re.fullmatch(_pattern(sentence), text, re.DOTALL)) for sentence in known)
    return next((say(sentence, **match.groupdict()) for sentence, match in found if match), as_given(text))


def _pattern(sentence: str) -> str:
    parts = re.split(r"\{(\w+)\}", sentence)
    return "".join(f"(?P<{part}>.+)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
