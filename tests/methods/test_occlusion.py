"""Occlusion against closed forms, Captum and brute force."""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import captum.attr
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from rdkit import Chem
from torch import nn

from exhibit.tasks.methods.occlusion import OcclusionSpec, sliding
from exhibit.tasks.models.torch import TorchModel, as_tensors
from exhibit.tasks.protocols import Capability, Compute, Score
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.model import OutputKind
from tests.methods.exact import Predicting

Explain = Callable[..., Attribution]

IMAGES = {"image": np.random.default_rng(0).normal(size=(3, 2, 9, 7)).astype(np.float32)}


def weighted(weights: Array) -> Predicting:
    return Predicting(lambda inputs: np.stack([inputs["x"] @ weights, -inputs["x"] @ weights], axis=1))


WEIGHTS = np.array([1, -2, 3, 0, 0.5], np.float32)


def test_single_elements_of_a_linear_model_give_w_x(explain: Explain, table: dict[str, Array]) -> None:
    found = explain(OcclusionSpec(), weighted(WEIGHTS), table, np.tile([0, 1], (7, 1)))
    np.testing.assert_allclose(found.values["x"][..., 0], WEIGHTS * table["x"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.values["x"][..., 1], -WEIGHTS * table["x"], rtol=1e-4, atol=1e-6)


def test_the_baseline_replaces_the_window(explain: Explain, table: dict[str, Array]) -> None:
    baseline = {"x": np.full((7, 5), 0.5, np.float32)}
    found = explain(OcclusionSpec(), weighted(WEIGHTS), table, baselines=baseline)
    np.testing.assert_allclose(found.values["x"][..., 0], WEIGHTS * (table["x"] - 0.5), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("window", [1, 2, 3, 5, 9])
def test_disjoint_windows_of_a_linear_model_hold_what_their_elements_add(
    window: int, explain: Explain, table: dict[str, Array]
) -> None:
    """Each window has the sum of its w * x, in equal parts; so all of them have the change of the score."""
    found = explain(
        OcclusionSpec(sliding_window_shapes=window, strides=window, difference="spread"), weighted(WEIGHTS), table
    )
    values, parts = found.values["x"][..., 0], WEIGHTS * table["x"]
    for start in range(0, 5, window):
        inside = slice(start, start + window)
        mean = np.broadcast_to(parts[:, inside].mean(axis=1, keepdims=True), values[:, inside].shape)
        np.testing.assert_allclose(values[:, inside], mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(values.sum(axis=1), table["x"] @ WEIGHTS, rtol=1e-4, atol=1e-5)


class Ragged:
    """Rows that end at their first NaN, seen from a layer that shows them as they are: the sum of each."""

    output: OutputKind = "values"
    gives: ClassVar[frozenset[Capability]] = frozenset({"predictions", "gradients"})

    def place(self, inputs: Arrays, *_: object) -> "RaggedPlace":
        mask = ~np.isnan(inputs["x"])
        kept = slice(None, int(mask.sum(axis=1).max()))
        return RaggedPlace({"x": np.nan_to_num(inputs["x"])[:, kept, np.newaxis]}, {"x": mask[:, kept]})


class RaggedPlace(NamedTuple):
    values: dict[str, Array]
    mask: dict[str, Array]

    def outputs(self, values: Arrays) -> Array:
        return np.where(self.mask["x"], values["x"][..., 0], 0).sum(axis=1, keepdims=True)


def rows(*samples: Array) -> dict[str, Array]:
    """Samples of different lengths beside each other."""
    width = max(map(len, samples))
    return {"x": np.stack([np.pad(sample, (0, width - len(sample)), constant_values=np.nan) for sample in samples])}


def test_the_last_window_shrinks_at_the_edge_of_each_sample(explain: Explain) -> None:
    """Two and one of three elements, beside a sample of six: the last one does not share with what does not exist."""
    method = OcclusionSpec(layer="same", sliding_window_shapes=2, strides=2, difference="spread")
    found = explain(method, Ragged(), rows(np.array([2.0, 4, 6]), np.arange(6.0)))
    assert found.values["x"][..., 0, 0].tolist() == [[3, 3, 6, 0, 0, 0], [0.5, 0.5, 2.5, 2.5, 4.5, 4.5]]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=4), st.integers(1, 5), st.integers(1, 5))
def test_windows_of_a_sample_do_not_depend_on_longer_ones(lengths: list[int], window: int, stride: int) -> None:
    samples = [np.random.default_rng(length).integers(1, 9, length).astype(float) for length in lengths]
    method = OcclusionSpec(layer="same", sliding_window_shapes=window, strides=min(stride, window))

    def of(*chosen: Array) -> Array:
        size = len(chosen)
        return method.attribute(
            Ragged(), rows(*chosen), None, np.arange(size), np.zeros((size, 1), int), Score(kind="value"), Compute()
        ).values["x"]

    for together, sample in zip(of(*samples), samples, strict=True):
        np.testing.assert_array_equal(together[: len(sample)], of(sample)[0])
        assert not together[len(sample) :].any()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 8), st.integers(1, 8), st.integers(1, 8), st.sampled_from(["whole", "spread"]))
def test_windows_shares_and_overlaps_are_those_of_the_definition(
    features: int, window: int, stride: int, difference: Any
) -> None:
    stride = min(stride, window)
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=features), rng.normal(size=features)
    total, covered = np.zeros(features), np.zeros(features)
    for start in range(0, max(features - window, 0) + stride, stride):
        inside = slice(start, start + window)
        total[inside] += (weights[inside] @ x[inside]) / (len(x[inside]) if difference == "spread" else 1)
        covered[inside] += 1
    method = OcclusionSpec(sliding_window_shapes=window, strides=stride, difference=difference)
    found = method.attribute(
        Predicting(lambda inputs: (inputs["x"] @ weights)[:, None]),
        {"x": x[None]},
        None,
        np.array(["s"]),
        np.zeros((1, 1), int),
        Score(kind="value"),
        Compute(batch=4),
    )
    np.testing.assert_allclose(found.values["x"][0, :, 0], total / covered, rtol=1e-5, atol=1e-6)
    assert (covered > 0).all()


@pytest.fixture(scope="module")
def image_model() -> TorchModel:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Softplus(), nn.Flatten(), nn.Linear(4 * 35, 3))
    return TorchModel(net, as_tensors, "logits", Compute(batch=16))


@pytest.mark.parametrize(("window", "stride"), [((1, 1), (1, 1)), ((3, 3), (3, 2)), ((3, 5), (2, 1)), ((9, 7), (1, 1))])
def test_captum_gives_the_same_summed_over_channels(
    window: tuple[int, int], stride: tuple[int, int], image_model: TorchModel, explain: Explain
) -> None:
    # Captum gives every channel of an element the whole difference; these windows fit without shrinking.
    last = {"image": np.moveaxis(IMAGES["image"], 1, -1)}
    shown = TorchModel(
        image_model.net, lambda raw: as_tensors({"x": np.moveaxis(raw["image"], -1, 1)}), "logits", Compute()
    )
    method = OcclusionSpec(sliding_window_shapes=window, strides=stride)
    found = explain(method, shown, last, np.full((3, 1), 2))
    expected = captum.attr.Occlusion(image_model.net).attribute(
        torch.tensor(IMAGES["image"]), (2, *window), (2, *stride), baselines=0, target=2
    )
    ours = np.moveaxis(found.values["image"][..., 0], -1, 1) * 2
    np.testing.assert_allclose(ours, expected.numpy(), rtol=1e-3, atol=1e-5)


def test_one_window_over_a_whole_layer_is_the_layer_at_zero(explain: Explain, image_model: TorchModel) -> None:
    last = {"image": IMAGES["image"]}
    found = explain(OcclusionSpec(layer="0", sliding_window_shapes=(7, 5), difference="spread"), image_model, last)
    net = image_model.net
    changed = net(torch.tensor(IMAGES["image"])) - net[1:](torch.zeros(3, 4, 7, 5))
    np.testing.assert_allclose(
        found.values["image"].sum(axis=(1, 2, 3))[:, 0], changed[:, 0].detach().numpy(), rtol=1e-4, atol=1e-5
    )


def test_neither_order_nor_chunks_change_a_bit(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    targets = np.array([[0], [1], [2], [0], [1], [2], [0]])
    model = TorchModel(classifier.net, as_tensors, "logits", Compute(batch=32))
    whole = explain(OcclusionSpec(), model, table, targets, score="probability", batch=32)
    for rows in (np.array([6, 2, 4]), np.array([3])):
        part = explain(OcclusionSpec(), model, {"x": table["x"][rows]}, targets[rows], score="probability", batch=32)
        assert part.values["x"].tobytes() == whole.values["x"][rows].tobytes()


def test_strides_beyond_the_window_are_refused() -> None:
    with pytest.raises(ValidationError, match="at most the window"):
        OcclusionSpec(sliding_window_shapes=2, strides=3)


def test_a_window_with_other_axes_is_refused() -> None:
    with pytest.raises(InputError, match=r"\(2, 2\) was given, but elements have 1 axis$"):
        list(sliding((5,), (2, 2), 1))


def test_what_has_no_elements_wants_a_layer(explain: Explain) -> None:
    with pytest.raises(InputError, match="'molecule' has no elements"):
        explain(OcclusionSpec(), Predicting(lambda _: np.zeros((1, 1))), {"molecule": np.zeros(1)})
    with pytest.raises(InputError, match="the model only predicts"):
        explain(OcclusionSpec(layer="embed"), Predicting(lambda _: np.zeros((1, 1))), {"molecule": np.array(["C"])})


def test_hydrogens_go_with_an_atom_of_smiles_and_bonds_stay(explain: Explain) -> None:
    def hydrogens_and_bonds(inputs: Arrays) -> Array:
        molecules = [Chem.MolFromSmiles(one) for one in inputs["molecule"].tolist()]
        hydrogens = [sum(atom.GetTotalNumHs() for atom in one.GetAtoms()) for one in molecules]
        return np.array([[count + 100.0 * one.GetNumBonds()] for count, one in zip(hydrogens, molecules, strict=True)])

    molecules = {"molecule": np.array(["CCO", "c1cc[nH]c1", "NC"])}
    found = explain(OcclusionSpec(), Predicting(hydrogens_and_bonds), molecules)
    expected = [[3, 2, 1, 0, 0], [1, 1, 1, 1, 1], [2, 3, 0, 0, 0]]
    np.testing.assert_allclose(found.values["molecule"][..., 0, 0], expected, atol=1e-6)
    np.testing.assert_array_equal(found.mask["molecule"].sum(axis=1), [3, 5, 2])


def test_what_is_left_of_an_aromatic_ring_keeps_its_hydrogens(explain: Explain) -> None:
    """An atom counts itself and its hydrogens, so that a window has the sum of its atoms, however many they are."""

    def atoms_and_hydrogens(inputs: Arrays) -> Array:
        every = [Chem.MolFromSmiles(one).GetAtoms() for one in inputs["molecule"].tolist()]
        return np.array([[sum(10 * (a.GetAtomicNum() > 0) + a.GetTotalNumHs() for a in atoms)] for atoms in every])

    molecules = ["c1ccccc1", "c1cc[nH]c1", "c1ccc(-c2ccccc2)cc1", "C[n+]1ccccc1", "Cn1c(=O)c2c(ncn2C)n(C)c1=O"]
    for size in (1, 2, 3, 4, 5):
        method = OcclusionSpec(sliding_window_shapes=size, strides=size)
        found = explain(method, Predicting(atoms_and_hydrogens), {"molecule": np.array(molecules)})
        for values, smiles in zip(found.values["molecule"][..., 0, 0], molecules, strict=True):
            own = np.array([10 + atom.GetTotalNumHs() for atom in Chem.MolFromSmiles(smiles).GetAtoms()])
            starts = np.arange(len(own)) // size * size
            np.testing.assert_allclose(values[: len(own)], [own[k : k + size].sum() for k in starts], atol=1e-4)


def test_windows_that_hold_the_baseline_are_not_evaluated(explain: Explain, table: dict[str, Array]) -> None:
    seen: list[int] = []

    def count(inputs: Arrays) -> Array:
        seen.append(len(np.unique(inputs["x"], axis=0)))
        return np.stack([inputs["x"] @ WEIGHTS], axis=1)

    x = np.array([[1, 0, 2, 0, 0]], np.float32)
    found = explain(OcclusionSpec(), Predicting(count), {"x": x}, batch=16)
    assert seen == [3]  # as it is, without the first, without the third
    np.testing.assert_allclose(found.values["x"][0, :, 0], WEIGHTS * x[0])


@pytest.mark.parametrize(("difference", "share"), [("whole", 1), ("spread", 6)])
def test_the_map_holds_what_the_formula_says(difference: Any, share: int, explain: Explain) -> None:
    """A window of 2 x 3 with two channels that the score loses by: its pixels, channels summed, hold the difference."""
    x = np.zeros((1, 4, 6, 2), np.float32)
    x[0, :2, :3] = 0.5  # the score is the sum: the window makes a difference of 6
    method = OcclusionSpec(sliding_window_shapes=(2, 3), strides=(2, 3), difference=difference)
    found = explain(method, Predicting(lambda inputs: inputs["x"].sum(axis=(1, 2, 3))[:, None]), {"x": x})
    pixels = found.values["x"][0, ..., 0].sum(axis=-1)
    np.testing.assert_allclose(pixels[:2, :3], 6 / share, rtol=1e-6)
    assert not pixels[2:].any()
    assert ("elements of the window" in method.formula) == (difference == "spread")


# --- series: windows of one channel ---------------------------------------------------------------------------

SERIES = {"s": np.random.default_rng(3).normal(size=(4, 6, 3)).astype(np.float32)}
OF_STEPS = np.random.default_rng(4).normal(size=(6, 3)).astype(np.float32)


def over_time() -> Predicting:
    return Predicting(lambda inputs: (inputs["s"] * OF_STEPS).sum(axis=(1, 2))[:, np.newaxis].repeat(2, axis=1))


@pytest.mark.parametrize(("window", "together"), [((2, 1), False), ((3, 1), False), ((6, 3), True), ((2, 2), False)])
def test_windows_of_channels_hold_what_their_steps_add(
    window: tuple[int, int], together: bool, explain: Explain
) -> None:
    """Of a linear model each window has the sum of its w * x, in equal parts, and no other channel has any of it."""
    spec = OcclusionSpec(sliding_window_shapes=window, strides=window, difference="spread")
    found, parts = explain(spec, over_time(), SERIES).values["s"][..., 0], SERIES["s"] * OF_STEPS
    for step in range(0, 6, window[0]):
        for channel in range(0, 3, window[1]):
            inside = (slice(None), slice(step, step + window[0]), slice(channel, channel + window[1]))
            mean = parts[inside].mean(axis=(1, 2), keepdims=True)
            np.testing.assert_allclose(found[inside], np.broadcast_to(mean, found[inside].shape), rtol=1e-3, atol=1e-5)
    assert spec.windows(explain(spec, over_time(), SERIES)) == -(-6 // window[0]) * -(-3 // window[1])


def test_windows_of_all_channels_are_shared_by_them(explain: Explain) -> None:
    found = explain(OcclusionSpec(sliding_window_shapes=2, strides=2, difference="spread"), over_time(), SERIES)
    values, parts = found.values["s"][..., 0], SERIES["s"] * OF_STEPS
    np.testing.assert_allclose(values[:, ::2].sum(axis=2) * 2, parts.reshape(4, 3, 6).sum(axis=2), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(values[..., 0], values[..., 2])


def test_windows_of_steps_agree_with_captum(explain: Explain) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(18, 2), nn.Tanh())
    model = TorchModel(net, as_tensors, "logits", Compute(batch=4))
    found = explain(OcclusionSpec(sliding_window_shapes=(2, 1), strides=(2, 1)), model, SERIES).values["s"][..., 0]
    expected = captum.attr.Occlusion(net).attribute(
        torch.tensor(SERIES["s"]), sliding_window_shapes=(2, 1), strides=(2, 1), target=0
    )
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-4, atol=1e-5)
