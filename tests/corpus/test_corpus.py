"""Inputs of users, each with what must come of it. A file that fails becomes a line of it."""

from collections import Counter
from pathlib import Path

import pytest

from tests.corpus.configs import CONFIGS
from tests.corpus.models import MODELS
from tests.corpus.molecules import MOLECULES
from tests.corpus.pictures import PICTURES
from tests.corpus.recipe import Recipe
from tests.corpus.series import SERIES
from tests.corpus.tables import TABLES

CORPUS: list[Recipe] = [*TABLES, *SERIES, *MOLECULES, *PICTURES, *MODELS, *CONFIGS]


@pytest.mark.parametrize("recipe", CORPUS, ids=lambda recipe: recipe.name)
def test_what_comes_in_is_taken_as_it_was_meant_or_refused(recipe: Recipe, tmp_path: Path) -> None:
    recipe.run(tmp_path)


def test_no_two_lines_have_the_same_name() -> None:
    assert [name for name, count in Counter(recipe.name for recipe in CORPUS).items() if count > 1] == []
