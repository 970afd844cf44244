"""Which points are compared."""

from flows.across import same_data


def test_points_on_the_same_data_are_a_group() -> None:
    """By the digest of what was loaded; a point alone on its data is compared with nothing."""
    assert same_data(["a", "b", "a", "c", "b"]) == [[0, 2], [1, 4]]
    assert same_data(["a", "b"]) == []
