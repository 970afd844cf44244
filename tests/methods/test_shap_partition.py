"""Partition SHAP against exact Owen values and SHAP's own maskers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shap

from exhibit.tasks.methods.shap import seed_of
from exhibit.tasks.methods.shap_alone import without_transformers
from exhibit.tasks.methods.shap_maskers import blurred, partition
from exhibit.tasks.methods.shap_partition import PartitionShapSpec
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.kinds import Kind
from tests.methods.exact import Predicting, mixing, owen, shapley

Explain = Callable[..., Attribution]


def interacting(flat: Array) -> Array:
    """(samples, 2) of eight elements, with interactions across all of them."""
    x = flat.astype(np.float64)
    return np.stack([np.tanh(x.sum(1)) * x[:, 0] + x[:, 1] * x[:, 6], (x[:, 2] - x[:, 5]) ** 2 * x[:, 7]], axis=1)


def of_images(function: Callable[[Array], Array]) -> Predicting:
    return Predicting(lambda inputs: function(inputs["image"].reshape(len(inputs["image"]), -1)))


def images(*shape: int) -> Array:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_every_evaluation_gives_exact_owen_values_of_an_image(explain: Explain) -> None:
    image = images(1, 2, 2, 2)
    # Rows are halved first, then columns, then channels; two outputs share the evaluations.
    tree = (((0, 1), (2, 3)), ((4, 5), (6, 7)))
    spec = PartitionShapSpec(masker="baseline", max_evals=100)
    found = explain(spec, of_images(interacting), {"image": image}, np.array([[0, 1]]))
    expected = owen(mixing(interacting, image.ravel(), np.zeros(8)), tree)
    for player, values in expected.items():
        np.testing.assert_allclose(found.values["image"].reshape(8, 2)[player], values, rtol=1e-4, atol=1e-5)


def test_owen_values_are_shapley_values_where_only_sisters_interact(explain: Explain) -> None:
    def sisters(flat: Array) -> Array:
        x = flat.astype(np.float64)
        return np.stack([x[:, 0] * x[:, 1] + x[:, 2] * x[:, 3] ** 2 + np.sin(x[:, 4] + x[:, 5]) + x[:, 6] - x[:, 7]], 1)

    image = images(1, 2, 2, 2)
    found = explain(PartitionShapSpec(masker="baseline", max_evals=100), of_images(sisters), {"image": image})
    expected = shapley(mixing(sisters, image.ravel(), np.zeros(8)), 8)
    np.testing.assert_allclose(found.values["image"].reshape(8, 1), expected, rtol=1e-4, atol=1e-5)


def test_every_evaluation_gives_exact_owen_values_of_a_text(explain: Explain) -> None:
    def ids(flat: Array) -> Array:
        x = flat.astype(np.float64)
        return (x[:, 0] * x[:, 4] + np.sin(x[:, 1:4].prod(1)) + x[:, 2])[:, np.newaxis]

    text = np.array([[5, 3, 8, 2, 7]])
    model = Predicting(lambda inputs: ids(inputs["text"]))
    for token, hidden in ((None, 0), (1, 1)):
        spec = PartitionShapSpec(masker="tokens", token=token, max_evals=200)
        found = explain(spec, model, {"text": text})
        expected = owen(mixing(ids, text[0], np.full(5, hidden)), (((0, 1), 2), (3, 4)))
        np.testing.assert_allclose(found.values["text"][0, :, 0], [expected[k][0] for k in range(5)], rtol=1e-4)
        np.testing.assert_allclose(found.base_value, ids(np.full((1, 5), hidden)))


def test_a_text_is_halved_into_passages() -> None:
    tree = partition((6,))
    members: dict[int, list[int]] = {k: [k] for k in range(6)}
    for number, (left, right, *_) in enumerate(tree.astype(int)):
        members[6 + number] = sorted(members[left] + members[right])
        assert members[6 + number] == list(range(members[6 + number][0], members[6 + number][-1] + 1))
    assert members[10] == list(range(6))


@pytest.mark.parametrize("masker", ["blur", "baseline"])
def test_partition_is_exact_for_an_additive_model(masker: str, explain: Explain) -> None:
    weights, batch = np.random.default_rng(0).normal(size=(2, 4, 2)), images(2, 2, 4, 2)
    model = Predicting(lambda inputs: (inputs["image"] * weights).sum((1, 2, 3))[:, None])
    # Sixteen elements are four levels of halves: 2 * (1 + 4 + 16 + 64) evaluations.
    spec = PartitionShapSpec(masker=masker, blur=3, max_evals=200)
    found = explain(spec, model, {"image": batch})
    smooth = np.concatenate([blurred(image[np.newaxis], 3) for image in batch])
    hidden = smooth if masker == "blur" else np.zeros_like(batch)
    np.testing.assert_allclose(found.values["image"][..., 0], weights * (batch - hidden), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(found.residual, 0, atol=1e-5)


def test_partition_adds_up_with_few_evaluations_too(explain: Explain) -> None:
    model = Predicting(lambda inputs: np.tanh(inputs["image"].sum((1, 2, 3)))[:, None])
    found = explain(PartitionShapSpec(masker="baseline", max_evals=20), model, {"image": images(1, 8, 8, 1)})
    np.testing.assert_allclose(found.residual, 0, atol=1e-6)


def colours(channels: int) -> Array:
    return np.random.default_rng(0).integers(0, 256, (1, 12, 10, channels)).astype(np.float32)


@pytest.mark.parametrize(
    ("options", "own", "image"),
    [
        ({"masker": "blur", "blur": 5}, "blur(5,5)", colours(3)),
        ({"masker": "blur", "blur": (5, 4)}, "blur(4,5)", colours(3)),
        ({"masker": "blur", "blur": 4}, "blur(4,4)", colours(1).astype(np.uint8)),
        ({"masker": "inpaint_telea"}, "inpaint_telea", colours(3)),
        ({"masker": "inpaint_ns"}, "inpaint_ns", colours(1)),
        ({"masker": "baseline"}, np.zeros((12, 10, 3), np.float32), colours(3)),
    ],
    ids=["blur", "blur of a rectangle", "blur of bytes", "telea", "Navier-Stokes", "black"],
)
@without_transformers()
def test_maskers_give_what_those_of_shap_give(
    options: dict[str, Any], own: str | Array, image: Array, explain: Explain
) -> None:
    """One hundred evaluations in batches of ten, for two outputs, from the same seed."""
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(image[0].size, 2)) / 2000

    def function(inputs: Arrays) -> Array:
        flat = inputs["image"].reshape(len(inputs["image"]), -1).astype(np.float64)
        return np.tanh(flat @ weights) + (flat**2 @ weights[:, ::-1]) / 1000

    spec = PartitionShapSpec(max_evals=100, batch_size=10, **options)
    found = explain(spec, Predicting(function), {"image": image}, np.array([[0, 1]]), ids=np.array(["s"]))
    explainer = shap.explainers.PartitionExplainer(
        lambda batch: function({"image": batch}), shap.maskers.Image(own, image[0].shape)
    )
    before = np.random.get_state()
    np.random.seed(seed_of(0, "s"))
    expected = explainer(image, max_evals=100, batch_size=10, silent=True)
    np.random.set_state(before)
    np.testing.assert_allclose(found.values["image"], expected.values, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.base_value, expected.base_values, rtol=1e-6)


def test_all_outputs_share_the_evaluations(explain: Explain) -> None:
    asked: list[int] = []

    def function(inputs: Arrays) -> Array:
        asked.append(len(inputs["image"]))
        return interacting(inputs["image"].reshape(-1, 8))

    for targets in ([[0]], [[0, 1, 0]]):
        asked.clear()
        spec = PartitionShapSpec(masker="baseline", max_evals=20, batch_size=6)
        explain(spec, Predicting(function), {"image": images(1, 2, 2, 2)}, np.array(targets))
        # The two ends side by side, then eighteen; the first splits have fewer parts than a batch.
        assert asked == [2, 2, 6, 6, 4]


def test_blur_keeps_a_flat_image_and_averages_another() -> None:
    flat = np.full((1, 6, 6, 3), 7, np.float32)
    np.testing.assert_allclose(blurred(flat, 3), flat)
    spot = np.zeros((1, 5, 5, 1), np.float32)
    spot[0, 2, 2] = 9
    np.testing.assert_allclose(blurred(spot, 3)[0, 1:4, 1:4, 0], 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("masker", "kinds", "message"),
    [
        (
            "baseline",
            ["table"],
            "one image, but the inputs are 'x0' of kind table; use",
        ),
        ("blur", ["image", "image"], "but the inputs are 'x0' of kind image, 'x1' of kind image"),
        ("tokens", ["table"], "models of one text, but"),
        ("tokens", ["image"], "models of one text, but"),
        ("inpaint_ns", ["text"], r"models of one image.*; use method=\[partition_shap_tokens\], or masker=tokens$"),
    ],
)
def test_kinds_of_input_that_do_not_fit_a_masker_are_refused(masker: Any, kinds: list[Kind], message: str) -> None:
    """Whatever their number of axes: a table of three axes is no image."""
    inputs = [Input(name=f"x{n}", kind=kind, values=np.ones((1, 2, 2, 1))) for n, kind in enumerate(kinds)]
    with pytest.raises(InputError, match=message):
        PartitionShapSpec(masker=masker).require_inputs(inputs)


def test_each_masker_takes_its_kind() -> None:
    for masker, kind in (("blur", "image"), ("baseline", "image"), ("tokens", "text")):
        spec = PartitionShapSpec.model_validate({"masker": masker})
        spec.require_inputs([Input.model_validate({"name": "x", "kind": kind, "values": np.ones((1, 2), int)})])


@pytest.mark.parametrize(
    ("masker", "inputs", "message"),
    [
        ("inpaint_ns", {"x": images(1, 4, 4, 3)}, "inpainting needs whole numbers from 0 to 255"),
        ("inpaint_ns", {"x": np.ones((1, 4, 4, 2))}, "with 1 or 3 channels, but the image has 2"),
        ("tokens", {"x": np.ones((1, 1), int)}, "one element alone has no partition"),
    ],
)
def test_inputs_that_do_not_fit_a_masker_are_refused(
    masker: str, inputs: Arrays, message: str, explain: Explain
) -> None:
    model = Predicting(lambda given: np.zeros((len(next(iter(given.values()))), 1)))
    with pytest.raises(InputError, match=message):
        explain(PartitionShapSpec(masker=masker), model, inputs)


def test_partition_asks_nothing_of_transformers(explain: Explain, unloadable_transformers: None) -> None:
    image = np.ones((1, 2, 2, 1), np.float32)
    found = explain(PartitionShapSpec(masker="baseline", max_evals=100), of_images(lambda flat: flat), {"image": image})
    np.testing.assert_allclose(found.residual, 0, atol=1e-6)
