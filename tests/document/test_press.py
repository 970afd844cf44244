"""The process that renders: what the user wrote wrong comes back as the user's mistake."""

import pytest

from tasks.document.press import press
from tasks.records import InputError
from tests.benchmarks.large_report import job


def test_a_character_without_a_glyph_comes_back_from_the_process_by_name() -> None:
    given = job(2, 8)
    document = given.document.model_copy(update={"title": "Birds 𓅃"})
    with pytest.raises(InputError, match=r"'𓅃' \(U\+13143, egyptian hieroglyph g005\).*Japanese"):
        press(given.model_copy(update={"document": document}))
