"""A model that knows its classes by name is never matched with others by their places alone."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import exhibit
from exhibit.tasks.data.table import IrisSpec
from exhibit.tasks.models.columns import require_order
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from tests.conftest import Memory

GRADES, SORTED = ("low", "medium", "high"), ("high", "low", "medium")
APART = "nothing says which is which; give the data labels that the model knows"
Names = tuple[str, ...]


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return IrisSpec(reference=None).load(Memory())


def of(iris: Dataset, values: Names, named: Names) -> Dataset:
    """Rows of a file whose labels are these `values`, which a reader calls as `named`."""
    scheme = {"labels": {"classes": values}} if named else {}
    return iris.model_copy(update={"classes": named or values, "scheme": scheme})


@pytest.mark.parametrize(
    ("own", "values", "named"),
    [
        (SORTED, SORTED, ()),
        (SORTED, SORTED, ("High", "Low", "Medium")),
        (("cat", "dog"), ("0", "1"), ("cat", "dog")),
        (("0", "1", "2"), SORTED, ()),  # it counts words
        (("False", "True"), ("0", "1"), ()),
        (("0", "1"), ("False", "True"), ()),
        ((), ("0", "1"), ()),
    ],
)
def test_classes_that_are_the_same_or_count_them_are_taken(
    own: Names, values: Names, named: Names, iris: Dataset
) -> None:
    require_order(own, of(iris, values, named), "model.path")


@pytest.mark.parametrize(
    ("own", "values", "named", "said"),
    [
        (("cat", "dog"), ("0", "1"), (), rf"{APART}, or where .* 'data.classes=\{{0:cat,1:dog\}}' for a table"),
        (SORTED, ("0", "1", "2"), ("Low", "Medium", "High"), APART),
        (("benign", "malignant"), ("B", "M"), (), APART),
        (("1", "2", "3"), ("0", "1", "2"), (), APART),
        (("0", "1"), ("1", "2"), (), APART),
        (SORTED, GRADES, ("Low", "Medium", "High"), r"in the order of the outputs: 'data.classes=\[high,low,medium\]'"),
        (SORTED, ("0", "1", "2"), GRADES, "labels in these words and in the order of the outputs"),
    ],
)
def test_classes_of_which_nothing_says_which_is_which_are_refused_with_both_lists(
    own: Names, values: Names, named: Names, said: str, iris: Dataset
) -> None:
    with pytest.raises(InputError, match=f"the outputs of the model are {', '.join(own)}, and .* are .*{said}"):
        require_order(own, of(iris, values, named), "model.path")


def test_a_session_does_not_count_the_classes_that_a_model_knows_by_words() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 2))
    grade = (rows[:, 0] > 0).astype(int) + (rows[:, 0] > 1)
    model = LogisticRegression().fit(rows, np.array(GRADES)[grade])
    with pytest.raises(
        InputError, match=r"labels are 0, 1, 2, and the outputs of the model high, low, medium; .*classes="
    ):
        exhibit.explain(model, rows, grade)
