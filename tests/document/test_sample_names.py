"""Samples whose names are numbers do not read like values."""

import re
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.document.chapter import chapter, figures, limits
from exhibit.tasks.document.words import by_name
from tests.points import inputs, material, method


@pytest.mark.parametrize("name", ["12", "0.5", "-3", "−3", "1,000", "50%", "1e5", "2024-01-31", "12/7"])
def test_a_name_that_reads_like_a_value_says_what_it_is_of(name: str) -> None:
    assert by_name(name) == f"sample {name}"


@pytest.mark.parametrize("name", ["row 12", "setosa", "e5", "Müller", "猫", "12a"])
def test_any_other_name_stands_as_it_is(name: str) -> None:
    assert by_name(name) == name


def strings(found: Any) -> list[str]:
    """The texts of pages, but for the cells of tables, which have a column of samples."""
    if isinstance(found, str):
        return [found]
    if isinstance(found, dict):
        cells = {"rows", "smiles"} if {"name", "caption", "columns"} <= set(found) else {"smiles"}
        return [text for key, value in found.items() if key not in cells for text in strings(value)]
    return [text for one in found for text in strings(one)] if isinstance(found, (list, tuple)) else []


@pytest.mark.parametrize("kind", ["table", "image", "text"])
def test_no_text_of_a_chapter_has_the_number_of_a_sample_alone(kind: Any) -> None:
    item = inputs(kind)
    shape = item.values.shape[1:3]
    size = int(np.prod(shape))
    own = method("m", np.arange(float(size)).reshape(shape), item, [f"f{k}" for k in range(size)])
    found = material("numbered", [own], item)
    numbers = [str(9_117 + row) for row in range(len(item.values))]
    data = found.dataset.model_copy(update={"sample_ids": np.array(numbers)})
    found = found.model_copy(update={"dataset": data})
    drawn = figures(found, limits((found,)))
    texts = strings([one.model_dump(mode="python") for one in drawn])
    texts += strings(chapter(found, CHECK_WORDS).model_dump(mode="python"))
    told = [text for text in texts if any(number in text for number in numbers)]
    assert told
    for text in told:
        assert re.search(rf"(?<![sS]ample )\b({'|'.join(numbers)})\b", text) is None, text
