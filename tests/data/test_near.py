"""What an error says of names that are not there is a sentence about one name, too."""

import pytest

from exhibit.tasks.records.near import is_or_are, nearest, no_sample


@pytest.mark.parametrize(
    ("name", "ids", "said"),
    [
        ("cc", ["a", "c"], "near is c"),
        ("row 33", ["row 3", "row 7", "x"], "near are row 3, row 7"),
        ("~", ["x"], "its only sample is called x"),
        ("~", ["x", "y"], "its samples are called x, y"),
        ("~", ["a", "b", "c", "d"], "its samples are called a, b, c and so on"),
    ],
)
def test_a_sample_that_is_not_there_is_told_with_those_that_are(name: str, ids: list[str], said: str) -> None:
    assert no_sample(name, ids) == f"the data has no sample {name!r}; {said}"


def test_three_names_are_near_at_most() -> None:
    near = nearest("sex", ["sex1", "sex2", "sex3", "sex4", "age"])
    assert (len(near), "age" in near) == (3, False)
    assert (is_or_are(near), is_or_are(near[:1])) == ("are", "is")
