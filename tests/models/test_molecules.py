"""The gated graph network: ragged batches whose numbers do not depend on their company."""

import numpy as np
import pytest

from exhibit.tasks.data.solubility import SolubilitySpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.models.zoo.ggnn import GGNNSpec
from exhibit.tasks.protocols import Compute, DifferentiableModel, Score, silent, take
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Attribution
from tests.conftest import Memory

COMPUTE = Compute(batch=32)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return SolubilitySpec().load(Memory())


@pytest.fixture(scope="module")
def model(dataset: Dataset) -> DifferentiableModel:
    """Trained briefly."""
    spec = GGNNSpec(epochs=8)
    return spec.restore(dataset, spec.fit(dataset, COMPUTE, silent), COMPUTE)


def attributed(model: DifferentiableModel, dataset: Dataset, rows: Array) -> Attribution:
    method = IntegratedGradientsSpec(layer="embed", n_steps=9)
    inputs, targets = take(dataset.arrays, rows), np.zeros((len(rows), 1), np.int64)
    return method.attribute(model, inputs, None, dataset.sample_ids[rows], targets, Score(kind="value"), COMPUTE)


def test_a_few_epochs_beat_the_mean_by_far(model: DifferentiableModel, dataset: Dataset) -> None:
    test = dataset.split == "test"
    error = (model.predict(dataset.arrays)[:, 0] - dataset.labels)[test]
    assert np.sqrt((error**2).mean()) < 0.6 * dataset.labels[test].std()


def test_the_atoms_of_each_molecule_are_its_own(model: DifferentiableModel) -> None:
    place = model.place({"molecule": np.array(["C", "CCO", "c1ccccc1"])}, "embed")
    np.testing.assert_array_equal(place.mask["molecule"].sum(axis=1), [1, 3, 6])
    assert place.values["molecule"].shape == (3, 6, 32)
    assert not place.values["molecule"][~place.mask["molecule"]].any()
    ring = place.values["molecule"][2]
    np.testing.assert_array_equal(ring, np.broadcast_to(ring[:1], ring.shape))


def test_atoms_of_other_molecules_have_no_influence(model: DifferentiableModel) -> None:
    place = model.place({"molecule": np.array(["C", "CCO", "c1ccccc1"])}, "embed")
    changed = {"molecule": place.values["molecule"] + np.array([0, 1, 0], np.float32)[:, None, None]}
    before, after = (place.outputs(values)[:, 0] for values in (place.values, changed))
    np.testing.assert_array_equal(before[[0, 2]], after[[0, 2]])
    assert before[1] != after[1]


def test_neither_order_nor_chunks_nor_company_change_a_bit(model: DifferentiableModel, dataset: Dataset) -> None:
    rows = np.random.default_rng(0).choice(len(dataset.labels), 80, replace=False)
    whole = attributed(model, dataset, rows)
    order = np.random.default_rng(1).permutation(80)
    for chosen in (order, order[:7], order[7:50]):
        part = attributed(model, dataset, rows[chosen])
        for row, position in enumerate(chosen):
            atoms = part.mask["molecule"][row].sum()
            assert atoms == whole.mask["molecule"][position].sum()
            a, b = (found.values["molecule"][at, :atoms] for found, at in ((part, row), (whole, position)))
            assert a.tobytes() == b.tobytes()
        assert part.residual.tobytes() == whole.residual[chosen].tobytes()


def test_atom_contributions_add_up(model: DifferentiableModel, dataset: Dataset) -> None:
    found = attributed(model, dataset, np.arange(20))
    total = found.values["molecule"].sum(axis=(1, 2))
    np.testing.assert_allclose(total - found.residual, found.prediction - found.base_value, atol=1e-5)
    np.testing.assert_allclose(
        found.prediction[:, 0], model.predict(take(dataset.arrays, np.arange(20)))[:, 0], rtol=1e-5
    )


def test_a_molecule_has_no_gradient_of_its_own(model: DifferentiableModel) -> None:
    with pytest.raises(InputError, match="name a layer, one of embed"):
        model.place({"molecule": np.array(["C"])})


def test_a_layer_after_the_pooling_has_no_atoms(model: DifferentiableModel) -> None:
    with pytest.raises(InputError, match="'head' does not have one row per element"):
        model.place({"molecule": np.array(["C", "CC"])}, "head")


@pytest.mark.parametrize("smiles", ["c1ccc2n(H)nnc2c1", ""])
def test_what_is_no_molecule_is_refused_not_taken_for_an_empty_one(model: DifferentiableModel, smiles: str) -> None:
    with pytest.raises(InputError, match="RDKit cannot read"):
        model.predict({"molecule": np.array(["C", smiles])})


def test_atoms_can_be_occluded_at_the_embedding(model: DifferentiableModel) -> None:
    inputs = {"molecule": np.array(["C", "CCO"])}
    method = OcclusionSpec(layer="embed")
    found = method.attribute(
        model, inputs, None, np.array(["a", "b"]), np.zeros((2, 1), int), Score(kind="value"), COMPUTE
    )
    place = model.place(inputs, "embed")
    without_oxygen = {"molecule": place.values["molecule"].copy()}
    without_oxygen["molecule"][1, 2] = 0
    lost = place.outputs(place.values)[1, 0] - place.outputs(without_oxygen)[1, 0]
    assert found.values["molecule"][1, 2].sum() == pytest.approx(lost, rel=1e-4)
    assert not found.values["molecule"][0, 1:].any()
