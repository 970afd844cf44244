"""The examples of what a factory receives and gives back: each is what it says, and is explained."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from exhibit.tasks.data.factory import DataFactorySpec
from exhibit.tasks.factory import TRUSTED, code_of
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.models.torch_transformers import _library
from exhibit.tasks.protocols import Compute, Score, gives_gradients, silent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.kinds import TRAITS
from exhibit.tasks.stages.explaining import baselines_of, explainable
from exhibit.tasks.stages.predict import usual_layers
from tests.conftest import ROOT, Memory

COMPUTE = Compute(batch=32)
# What the docstring of each net says that it is given: the shape of a sample, and the type.
GIVEN = {
    "table": {"fruit": ((3,), "float32")},
    "image": {"photo": ((3, 8, 6), "float32")},
    "text": {"review": ((3,), "int64")},
    "molecule": {"molecule": ((12,), "int64")},
    "series": {"motion": ((2, 20), "float32")},
    "several": {"fruit": ((3,), "float32"), "motion": ((20, 2), "float32")},
}


def test_every_kind_of_data_has_an_example() -> None:
    assert GIVEN.keys() == {*TRAITS, "several"}


@pytest.mark.parametrize(
    ("rows", "net", "said"),
    [
        ("table", "image", "failed with KeyError: 'photo' .*; the data gives for each sample 'fruit' of shape 3$"),
        ("molecule", "series", "failed with KeyError: 'motion' .*; the data gives .* 'molecule' of one text$"),
    ],
)
def test_a_preprocess_of_other_data_is_told_what_there_is(
    rows: str, net: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs" / "examples")
    monkeypatch.setenv(TRUSTED, "kinds")
    code_of.cache_clear()
    data = DataFactorySpec(factory=f"kinds:{rows}_rows").load(Memory())
    with pytest.raises(InputError, match=said):
        FactorySpec(factory=f"kinds:{net}_net", fitting="auto", epochs=1).fit(data, COMPUTE, silent)


@pytest.mark.parametrize("kind", GIVEN)
def test_an_example_is_given_what_it_says_and_explained(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a few epochs, so that its classes are told apart; integrated gradients add up to what it predicts."""
    monkeypatch.syspath_prepend(ROOT / "docs" / "examples")
    monkeypatch.setenv(TRUSTED, "kinds")
    code_of.cache_clear()
    data = DataFactorySpec(factory=f"kinds:{kind}_rows").load(Memory())
    spec = FactorySpec(factory=f"kinds:{kind}_net", fitting="auto", epochs=30, learning_rate=0.02)
    weights = spec.fit(data, COMPUTE, silent)
    assert {one.name: (tuple(one.shape), one.dtype) for one in weights.received} == GIVEN[kind]
    model = spec.restore(data, weights, COMPUTE)
    assert gives_gradients(model)
    assert (model.predict(data.arrays).argmax(axis=1) == data.labels).mean() > 0.9
    rows = np.arange(4)
    method = IntegratedGradientsSpec(n_steps=64, layer="words" if kind == "text" else None).placed(
        usual_layers(model, data.take(rows))
    )
    found = method.attribute(
        explainable(method, spec, model, data),
        data.take(rows).arrays,
        baselines_of(method, data, rows),
        data.sample_ids[rows],
        data.labels[rows, np.newaxis],
        Score(),
        COMPUTE,
    )
    assert np.abs(found.residual).max() < 0.05 * np.abs(found.prediction - found.base_value).max()


def test_a_table_of_smiles_has_labels_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words are classes, numbers a regression; what has no label, or is no molecule, is left out."""
    (tmp_path / "own.csv").write_text(
        "smiles,active,solubility\n" + "CCO,yes,-0.5\nCCC ,no,-2.5\nC,yes,\nC1CC,no,1\n" * 4
    )
    monkeypatch.syspath_prepend(ROOT / "docs" / "examples")
    monkeypatch.setenv(TRUSTED, "molecules")
    code_of.cache_clear()

    def loaded(label: str) -> Dataset:
        given = {"factory": "molecules:of_file", "arguments": {"label": label}, "paths": {"file": tmp_path / "own.csv"}}
        return DataFactorySpec.model_validate(given).load(Memory())

    classes, numbers = loaded("active"), loaded("solubility")
    assert (classes.classes, len(classes.labels)) == (("no", "yes"), 12)
    assert len(numbers.labels) == 8
    assert classes.description.startswith("4 of 16 molecules are left out")
    assert classes.inputs[0].array[:2].tolist() == ["CCO", "CCC"]


def test_the_classifier_to_try_is_the_same_one_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tokens too: of those that the library's training finds, one set in many made a required check fail."""
    monkeypatch.syspath_prepend(ROOT / "docs" / "examples")
    with _library():  # which some other library may have loaded with a torchvision that does not fit torch
        example = importlib.import_module("classifier")
    texts = [text for text, _ in example.reviews()]
    first, second = (example.cutter(reversed(texts) if k else texts) for k in range(2))
    assert first.get_vocab() == second.get_vocab()
    assert first.tokenize("Wonderful plot.") == ["won", "##der", "##ful", "plo", "##t", "."]
