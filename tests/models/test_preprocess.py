"""What pictures become before a net: declared, or read from what comes with the weights; they stay in raw units."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from exhibit.tasks.data.photos import PhotosSpec
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.models.preprocess import PreprocessSpec, beside, declared_in
from exhibit.tasks.protocols import Compute, Model, silent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.framing import Frame
from tests.conftest import Memory
from tests.torchvision_stub import torchvision

COMPUTE = Compute(batch=4)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
Own = Callable[[str, str], None]
NET = """
def net():
    import torch
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.Flatten(), torch.nn.LazyLinear(9))

def built():
    made = net()
    import torch
    made(torch.zeros(1, 3, 32, 32))
    return made

def both():
    return built(), lambda inputs: inputs

def plain():
    return lambda inputs: inputs["image"].reshape(len(inputs["image"]), -1)[:, :9]
"""


@pytest.fixture(scope="module")
def photos() -> Dataset:
    return PhotosSpec(size=32, train=1, test=1).load(Memory())


def image(bounds: tuple[float, float], channels: int = 3) -> Input:
    values = np.random.default_rng(0).uniform(*bounds, (2, 4, 4, channels)).astype(np.float32)
    return Input(name="image", kind="image", values=values, bounds=bounds)


@pytest.mark.parametrize("bounds", [(0.0, 255.0), (0.0, 1.0), (-1.0, 1.0)])
def test_means_and_deviations_are_of_the_scale_whatever_the_unit_of_the_data(bounds: tuple[float, float]) -> None:
    item = image(bounds)
    declared = PreprocessSpec(mean=MEAN, std=STD).resolved()
    assert declared is not None
    shares = (item.array - bounds[0]) / (bounds[1] - bounds[0])
    np.testing.assert_allclose(declared.on(item).of(item.array), (shares - MEAN) / np.array(STD), atol=1e-4)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mean": (123.0, 117.0, 104.0)}, "123 is no mean of pixels that are brought to 0..1 before; if it is of "
         "pixels from 0 to 255, give model.preprocess.scale=255"),
        ({"mean": (-0.5,)}, "-0.5 is no mean of pixels that are brought to 0..1 before"),
        ({"mean": (300.0,), "scale": 255}, "300 is no mean of pixels that are brought to 0..255 before"),
    ],
)  # fmt: skip
def test_a_mean_of_another_scale_is_refused(given: dict[str, Any], said: str) -> None:
    """Less 123 and divided by 58, pixels from 0 to 1 are from -2.12 to -2.10: all pictures are one to the net."""
    declared = PreprocessSpec(**given).resolved()
    assert declared is not None
    with pytest.raises(InputError) as raised:
        declared.on(image((0.0, 255.0)))
    assert str(raised.value) == f"model.preprocess.mean: {said}"


def test_blue_green_red_of_bytes_is_as_vgg_was_trained() -> None:
    item = image((0.0, 1.0))
    declared = PreprocessSpec(scale=255, mean=(103.939, 116.779, 123.68), channels="bgr").resolved()
    assert declared is not None
    expected = 255 * item.array[..., ::-1] - (103.939, 116.779, 123.68)
    np.testing.assert_allclose(declared.on(item).of(item.array), expected, atol=1e-3)
    assert declared.said(item) == (
        "Pixels from 0 to 1 are brought to 0..255, less 103.9, 116.8, 123.7, in the order blue, green, red (as the "
        "config states)."
    )


def test_nothing_declared_is_nothing_done() -> None:
    assert PreprocessSpec().resolved() is None


def test_numbers_of_other_channels_are_refused() -> None:
    declared = PreprocessSpec(mean=(0.5, 0.5)).resolved()
    assert declared is not None
    with pytest.raises(InputError, match=r"^model\.preprocess\.mean: 2 numbers are given, and 'image' has 3 channels"):
        declared.on(image((0, 1)))


def written(folder: Path, name: str, about: dict[str, Any]) -> Path:
    path = folder / name
    path.write_text(json.dumps(about))
    return path


def test_a_preprocessor_config_of_hugging_face_says_it(tmp_path: Path) -> None:
    about = {
        "do_resize": True, "size": {"shortest_edge": 256}, "do_center_crop": True, "resample": 3,
        "crop_size": {"height": 224, "width": 224}, "do_rescale": True, "rescale_factor": 1 / 255,
        "image_mean": list(MEAN), "image_std": list(STD),
    }  # fmt: skip
    found = declared_in(written(tmp_path, "preprocessor_config.json", about), "model.preprocess")
    assert (found.scale, found.mean, found.std) == (pytest.approx(1), MEAN, STD)
    assert found.frame == Frame(size=224, resize=256, interpolation="bicubic")
    assert beside(tmp_path / "net.safetensors") == tmp_path / "preprocessor_config.json"
    squeezed = {**about, "do_center_crop": False, "size": {"height": 192, "width": 192}, "do_rescale": False}
    other = declared_in(written(tmp_path, "preprocessor_config.json", squeezed), "model.preprocess")
    assert (other.scale, other.frame) == (255, Frame(size=192, resize=None, interpolation="bicubic"))


def test_a_config_of_timm_says_it_and_the_users_own_words_count_more(tmp_path: Path) -> None:
    half = [0.5] * 3
    shown = {"input_size": [3, 224, 224], "crop_pct": 0.875, "interpolation": "bicubic", "mean": half, "std": half}
    about = {"architecture": "resnet18", "pretrained_cfg": shown}
    file = written(tmp_path, "config.json", about)
    found = PreprocessSpec(file=file, std=(0.25,)).resolved()
    assert found is not None
    assert (found.mean, found.std) == ((0.5,) * 3, (0.25,))
    assert found.frame == Frame(size=224, resize=256, interpolation="bicubic")
    assert found.source == "as the config states and as config.json beside the weights says"


def of_timm_as_timm_does_it(about: dict[str, Any]) -> Frame:
    """What its own transform for predictions does first."""
    torchvision()
    from timm.data import create_transform, resolve_data_config

    resize, crop, *_ = create_transform(**resolve_data_config({}, pretrained_cfg=about), is_training=False).transforms
    squeezed = isinstance(resize.size, Sequence)
    word = resize.interpolation.value
    return Frame(size=crop.size[0], resize=None if squeezed else resize.size, interpolation=word)


@pytest.mark.parametrize(
    "about",
    [{}, {"crop_pct": 0.9}, {"interpolation": "bilinear"}, {"crop_pct": 1.0, "crop_mode": "squash"},
     {"input_size": [3, 30, 30], "crop_pct": 0.95, "crop_mode": "center"}],
    ids=str,
)  # fmt: skip
def test_what_timm_takes_for_granted_is_taken_so(about: dict[str, Any], tmp_path: Path) -> None:
    shown = {"input_size": [3, 224, 224], "mean": [0.5] * 3, "std": [0.5] * 3, **about}
    found = declared_in(written(tmp_path, "config.json", {"pretrained_cfg": shown}), "model.preprocess")
    assert found.frame == of_timm_as_timm_does_it(shown)


def test_pictures_that_convnext_cuts_are_cut_so(tmp_path: Path) -> None:
    """Its processor brings the shorter side to 224 / 0.875; from 384 pixels on it squeezes."""
    about = {"size": {"shortest_edge": 224}, "crop_pct": 0.875, "resample": 3, "image_mean": [0.5], "image_std": [0.5]}
    found = declared_in(written(tmp_path, "preprocessor_config.json", about), "model.preprocess")
    assert found.frame == Frame(size=224, resize=256, interpolation="bicubic")
    large = {**about, "size": {"shortest_edge": 384}}
    other = declared_in(written(tmp_path, "preprocessor_config.json", large), "model.preprocess")
    assert other.frame == Frame(size=384, resize=None, interpolation="bicubic")


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"pretrained_cfg": {"input_size": [3, 24, 19], "mean": [0], "std": [1]}}, "24x19 pixels, which is no square"),
        ({"pretrained_cfg": {"input_size": [3, 8, 8], "mean": [0], "std": [1], "crop_mode": "border"}}, "'border'"),
        ({"pretrained_cfg": {"input_size": [3, 8, 8], "mean": [0], "std": [1], "crop_mode": "squash"}}, "0.875"),
        ({"image_mean": [0], "image_std": [1], "size": {"height": 224, "width": 336}}, "height 224, width 336"),
        ({"image_mean": [0], "image_std": [1], "size": {"longest_edge": 224}}, "longest_edge 224"),
        ({"image_mean": [0], "image_std": [1], "rescale_offset": True}, "rescale_offset"),
        ({"image_mean": [0], "image_std": [1], "do_pad": True}, "do_pad"),
        ({"image_mean": [0], "image_std": [1], "image_processor_type": "LevitImageProcessorFast"}, "LevitImage"),
        ({"image_mean": [float("nan")], "image_std": [1]}, "are to be numbers"),
        ({"image_mean": [0], "image_std": [1], "size": {"height": 1e400}}, "cannot be understood"),
    ],
    ids=str,
)  # fmt: skip
def test_pictures_that_are_framed_as_is_not_done_here_are_refused(
    about: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=said):
        declared_in(written(tmp_path, "preprocessor_config.json", about), "model.preprocess")


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "cannot be read as JSON"), ("[]", "is no dictionary"),
     ('{"model_type": "bert"}', "says nothing of pictures"),
     ('{"image_mean": 1, "image_std": 2}', "cannot be understood")],
)  # fmt: skip
def test_a_file_that_does_not_say_it_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (path := tmp_path / "preprocessor_config.json").write_text(text)
    with pytest.raises(InputError, match=rf"^model\.preprocess\.file: preprocessor_config\.json .*{said}"):
        PreprocessSpec(file=path).resolved()


# --- of a net of the user's own ------------------------------------------------------------------------------------


def own(name: str, preprocess: PreprocessSpec) -> FactorySpec:
    return FactorySpec(factory=f"own_pictures:{name}", pictures=preprocess)


def restored(spec: FactorySpec, data: Dataset) -> Model:
    return spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE)


def test_a_net_is_given_what_it_was_trained_on_and_pictures_stay_raw(photos: Dataset, own_module: Own) -> None:
    own_module("own_pictures", NET)
    spec = own("built", PreprocessSpec(mean=MEAN, std=STD))
    found = restored(spec, photos).predict(photos.arrays)
    from own_pictures import built

    shares = torch.tensor(photos.arrays["image"] / 255)
    ready = ((shares - torch.tensor(MEAN)) / torch.tensor(STD)).movedim(-1, 1).float()
    with torch.no_grad():
        np.testing.assert_allclose(found, built()(ready).numpy(), atol=1e-4)
    (received,) = spec.fit(photos, COMPUTE, silent).received
    assert (received.name, received.shape, received.dtype) == ("image", (3, 32, 32), "float32")
    assert -2.2 < received.low < received.high < 2.7
    (raw,) = own("built", PreprocessSpec()).fit(photos, COMPUTE, silent).received
    assert raw.high > 200  # a net that expects 0 to 1 would be seen here


@pytest.mark.parametrize(
    ("name", "preprocess", "said"),
    [
        ("both", PreprocessSpec(std=(2.0,)), "the function gives a preprocess of its own"),
        ("plain", PreprocessSpec(std=(2.0,)), "only nets take one"),
        ("built", PreprocessSpec(crop=224), r"224 was given, and the data gives pictures of 32x32 pixels"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    photos: Dataset, own_module: Own, name: str, preprocess: PreprocessSpec, said: str
) -> None:
    own_module("own_pictures", NET)
    with pytest.raises(InputError, match=rf"^model\.preprocess.*{said}"):
        own(name, preprocess).fit(photos, COMPUTE, silent)
