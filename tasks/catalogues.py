"""The languages other than English that a document can be in: catalogues of gettext.

A further language is nothing but its file, `templates/locale/LANGUAGE/messages.po`.
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
_FILE = "messages.po"


@cache
def languages() -> tuple[str, ...]:
    """English, and every language that has a catalogue."""
    return (ENGLISH, *sorted(file.parent.name for file in LOCALE.glob(f"*/{_FILE}")))


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
    """What gettext asks for the words of a language.

    Raises:
        ValueError: for a language without a catalogue.
    """
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    if language not in languages():
        raise ValueError(f"there is no catalogue of {language!r}; there are {', '.join(languages())}")
    compiled = io.BytesIO()
    with file_of(language).open("rb") as file:
        write_mo(compiled, read_po(file))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def file_of(language: str) -> Path:
    """The catalogue of a language."""
    return LOCALE / language / _FILE


def key_of(language: str) -> dict[str, str]:
    """What a stage that makes words depends on: of English, which stands in the code, nothing more."""
    return {} if language == ENGLISH else {"language": language, "catalogue": said_by(language)}


@cache
def said_by(language: str) -> str:
    """The digest of what decides the words of this language: of English none."""
    if language == ENGLISH:
        return ""
    return sha256(file_of(language).read_bytes()).hexdigest()
