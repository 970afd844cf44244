"""What comes of an input: a value, samples that are left out with a reason, or a sentence and exit code 2."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset


@dataclass(frozen=True)
class Taken:
    """It is read as it was meant: so many samples, of these features or classes where they are named."""

    samples: int
    features: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Excluded:
    """So many samples are kept, and the others listed with a reason in which these words stand."""

    samples: int
    words: str


@dataclass(frozen=True)
class Refused:
    """One sentence, in which these words stand (a pattern), and exit code 2."""

    words: str


Outcome = Taken | Excluded | Refused

_LONGEST = 1200  # letters of a sentence that is still read
_PROGRAMMERS = re.compile(r"Traceback|Exception\b|object has no attribute|NoneType' object|codec can't")


def check_data(load: Callable[[], Dataset], expected: Outcome) -> None:
    """Loads data, and holds it against what is expected."""
    match expected:
        case Refused():
            check_refused(load, expected)
        case Excluded(samples, words):
            dataset = load()
            assert len(dataset.labels) == samples
            reasons = {item.reason for item in dataset.excluded}
            assert any(re.search(words, reason) for reason in reasons), reasons
        case Taken(samples, features, classes):
            dataset = load()
            assert len(dataset.labels) == samples
            assert dataset.excluded == ()
            assert features in (None, dataset.inputs[0].features)
            assert classes in (None, dataset.classes)


def check_refused(action: Callable[[], object], expected: Refused) -> None:
    """It ends in a sentence for its user: which is of a length to be read, and no programmer's."""
    try:
        found = action()
    except InputError as error:
        said = str(error)
        assert re.search(expected.words, said), said
        assert len(said) <= _LONGEST, len(said)
        assert not _PROGRAMMERS.search(said), said
    else:
        raise AssertionError(f"it was taken: {found!r}")
