"""What is said of groups where there is little to say."""

import numpy as np

from exhibit.tasks.document import roles as page
from exhibit.tasks.quality import roles
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.grouping import Grouping
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.subgroups import ExplainedGroups, ForWhom, Roles
from tests import points
from tests.document.test_no_false_sentence import flowers

SEX = Grouping(by=("sex",), groups=("f", "m"), of=np.repeat([0, 1], 40))


def told(found: tuple[Roles, ...], features: int, *protected: str, material: Material) -> str:
    own = roles.protected(dict.fromkeys(protected, SEX), [], {})
    explained = ExplainedGroups(
        method="Occlusion", rows=80, features=features, lead=roles.leading(features), signed_for="", roles=found,
        protected=own,
    )  # fmt: skip
    assert page.concerns(material, explained) == ()
    blocks = page.blocks(material, explained)
    assert not [table for block in blocks for table in block.tables]
    return " ".join(text for block in blocks for text in block.paragraphs)


def test_without_a_common_word_nothing_is_said_to_have_been_looked_at() -> None:
    """Neither a test over nothing, nor a feature among the first zero."""
    text = told(
        roles.roles(np.zeros((80, 0)), [], [SEX], signed=False), 0, "sex", material=flowers([0.4, 0.3, 0.2, 0.1])
    )
    assert "no feature is in 30 of a group and in 30 of the others, so what counts for each is not assessed." in text
    assert "No feature is in 30 explained rows or more, so whether one tells it was not looked at." in text
    assert "zero" not in text


def test_one_group_alone_is_compared_with_none() -> None:
    alone = Grouping(by=("sex",), groups=("f",), of=np.zeros(80, int))
    found = roles.roles(np.ones((80, 2)), ["a", "b"], [alone], signed=True)
    assert found == ()
    assert "no two groups have 30 or more" in told(found, 2, material=flowers([0.4, 0.3, 0.2, 0.1]))


def test_parts_of_a_frame_have_names_in_the_language_of_the_page_and_columns_their_own() -> None:
    picture = points.material(
        "x", [points.method("occlusion", np.ones(3), points.inputs("image"), ())], points.inputs("image")
    )
    assert page._names(picture)["top left"] == "top left"
    assert page._names(flowers([0.4, 0.3, 0.2, 0.1])) == {}


def test_where_no_role_differs_no_feature_is_spoken_of() -> None:
    """“This feature” would be one that there is not. Of one that counts nothing elsewhere no number is told."""
    sizes = np.random.default_rng(0).normal(5, 1, (80, 2))

    def text(values: Array) -> str:
        found = roles.roles(values, ["a", "b"], [SEX], signed=False)
        explained = ExplainedGroups(
            method="Occlusion", rows=80, features=2, lead=2, signed_for="", roles=found, protected=()
        )
        asked = ForWhom(by={"sex": {"f": 40, "m": 40}}, given=(), measured=None, explained=explained)
        blocks = page.blocks(flowers([0.4, 0.3, 0.2, 0.1]).model_copy(update={"groups": asked}), explained)
        return " ".join(paragraph for block in blocks for paragraph in block.paragraphs)

    alike = text(sizes)
    assert "That is so of no feature." in alike
    assert "this feature" not in alike
    alone = text(sizes * np.column_stack([SEX.of == 0, np.ones(80)]))
    assert "That is so of a where sex is f (over 1,000 times as much)" in alone
    assert "this feature" in alone
