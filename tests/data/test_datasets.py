"""The datasets are the ones they say they are."""

import numpy as np
import pytest

from exhibit.tasks.data.image import DigitsSpec
from exhibit.tasks.data.limits import Limits
from exhibit.tasks.data.molecule import problem
from exhibit.tasks.data.solubility import SolubilitySpec
from exhibit.tasks.data.table import IrisSpec, RandomForestSpec
from tests.conftest import Memory


def test_iris_has_150_flowers_and_nothing_held_out() -> None:
    iris = IrisSpec().load(Memory())
    assert iris.inputs[0].values.shape == (150, 4)
    assert iris.classes == ("setosa", "versicolor", "virginica")
    assert set(iris.split) == {"train"}


def test_the_forest_puts_the_petals_first() -> None:
    """A known fact of this data: petal length and width carry most of the impurity decrease; shares sum to 1."""
    reference = RandomForestSpec(trees=50).compute(IrisSpec().load(Memory()))
    assert reference.mean.sum() == pytest.approx(1)
    assert set(np.argsort(-reference.mean)[:2]) == {2, 3}


def test_digits_are_split_with_equal_shares_of_every_class() -> None:
    digits = DigitsSpec().load(Memory())
    test = digits.split == "test"
    assert test.sum() == 450
    shares = [test[digits.labels == label].mean() for label in range(10)]
    assert max(shares) - min(shares) < 0.01


def test_the_split_depends_on_its_seed_alone() -> None:
    assert np.array_equal(DigitsSpec(seed=3).load(Memory()).split, DigitsSpec(seed=3).load(Memory()).split)
    assert not np.array_equal(DigitsSpec(seed=3).load(Memory()).split, DigitsSpec(seed=4).load(Memory()).split)


def test_no_molecule_is_lost() -> None:
    """1,282 molecules: 18 are listed with a reason, the others are there in their order."""
    data = SolubilitySpec().load(Memory())
    assert (len(data.sample_ids), len(data.excluded)) == (1264, 18)
    assert all(item.reason and item.given for item in data.excluded)
    assert "c1ccc2n(H)nnc2c1" in {item.given for item in data.excluded}
    assert data.names is not None
    assert data.names[0] == "n-pentane"


def test_a_problem_names_its_cause() -> None:
    assert problem("CCO", Limits()) is None
    assert "kekulize" in str(problem("c2ccc1nncc1c2", Limits()))
    assert "[nH]" in str(problem("c1ccc2n(H)nnc2c1", Limits()))
    assert problem("not a molecule", Limits()) == "not valid SMILES"
