"""The languages other than English that a document can be in: catalogues of gettext.

They are the `.po` files of a folder of `templates/locale`, which is all that a further language is.
"""

import gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path

from exhibit.tasks.records.language import ENGLISH, IN_ENGLISH, Catalogue, Spoken, speaking

LOCALE = Path(__file__).parents[1] / "templates" / "locale"


@cache
def languages() -> tuple[str, ...]:
    """English, and every language that has a catalogue."""
    return (ENGLISH, *sorted(folder.name for folder in LOCALE.iterdir() if any(folder.glob("*.po"))))


@contextmanager
def spoken(language: str) -> Iterator[None]:
    """While this lasts, `tr` and the others speak this language.

    Raises:
        ValueError: for a language without a catalogue.
    """
    with speaking(IN_ENGLISH if language == ENGLISH else _spoken_by(language)):
        yield


@cache
def _spoken_by(language: str) -> Spoken:
    from babel import Locale

    name = str(Locale.parse(language, sep="-").language_name)
    return Spoken(language, catalogue_of(language), name.upper() != name.lower())


@cache
def catalogue_of(language: str) -> Catalogue:
    """All that the catalogues of a language say.

    Raises:
        ValueError: for a language without a catalogue.
    """
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    if language not in languages():
        raise ValueError(f"there is no catalogue of {language!r}; there are {', '.join(languages())}")
    whole: Catalog | None = None
    for path in files_of(language):
        with path.open("rb") as file:
            read = read_po(file)
        if whole is None:
            whole = read
            continue
        for message in read:
            if message.id:
                whole[message.id] = message
    buffer = io.BytesIO()
    assert whole is not None, "a language has a catalogue"
    write_mo(buffer, whole)
    buffer.seek(0)
    return gettext.GNUTranslations(buffer)


def files_of(language: str) -> list[Path]:
    """The catalogues of a language."""
    return sorted((LOCALE / language).glob("*.po"))


def key_of(language: str) -> dict[str, str]:
    """What a stage that makes words depends on: of English, which stands in the code, nothing more."""
    return {} if language == ENGLISH else {"language": language, "catalogue": said_by(language)}


@cache
def said_by(language: str) -> str:
    """The digest of what decides the words of this language: of English none."""
    if language == ENGLISH:
        return ""
    return sha256(b"".join(path.read_bytes() for path in files_of(language))).hexdigest()
