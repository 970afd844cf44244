"""A large report is rendered in bounded memory; its page on screen and its tables stay small."""

import pytest

from tests.benchmarks.large_report import METHODS, apart

pytestmark = pytest.mark.slow


def test_two_hundred_samples_and_three_methods_take_bounded_memory() -> None:
    """800 small pictures. Not timed: `tests/benchmarks/large_report.py` measures seconds, and larger ones."""
    found = apart(200, 8)
    assert found["peak memory of the rendering process, MB"] < 1500
    assert found["HTML, MB"] < 8
    assert found["pages"] < 80
    assert len(METHODS) == 3
