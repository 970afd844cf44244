"""What the suite takes for granted of its tools."""

import pytest


def test_the_tests_of_a_file_stay_together(request: pytest.FixtureRequest) -> None:
    """Where tests run side by side, those of a file share what is slow to make; pytest-xdist names the group in the id,
    and without a word does not where it does not know the pytest that it runs in."""
    if request.config.getoption("loadgroup", False):
        assert request.node.nodeid.endswith("@test_suite")
