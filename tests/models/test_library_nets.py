"""Nets of torchvision, timm and keras.applications from files: what the library itself would predict."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from exhibit.flows.config import read_report
from exhibit.flows.errors import ConfigError
from exhibit.tasks.data.folder import PhotographsSpec
from exhibit.tasks.data.photos import photograph_of
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.models.zoo.library import KerasApplicationSpec, TimmSpec, TorchvisionSpec
from exhibit.tasks.models.zoo.torch_images import torchvision_models
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Prediction, Remarks
from exhibit.tasks.records.packing import pack, unpack
from exhibit.tasks.stages.fit import fit
from exhibit.tasks.stages.predict import predict
from exhibit.tasks.store import Store
from tests.conftest import Memory
from tests.torchvision_stub import torchvision

COMPUTE = Compute(batch=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("nets")
    Image.fromarray(photograph_of("cat")).save(root / "cat.png")
    return root


@pytest.fixture(scope="module")
def resnet(folder: Path) -> Path:
    """A torchvision ResNet-18 with random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_file(torchvision().models.resnet18(weights=None).state_dict(), folder / "net.safetensors")
    return folder / "net.safetensors"


def cat(folder: Path, size: int = 224, resize: int = 256) -> Dataset:
    return PhotographsSpec(paths=(folder / "cat.png",), size=size, resize=resize).load(Memory())


def predicted(spec: ModelChoice, data: Dataset) -> Array:
    return spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE).predict(data.arrays)


def test_a_torchvision_net_predicts_what_it_does_behind_its_own_transform(folder: Path, resnet: Path) -> None:
    models, data = torchvision().models, cat(folder)
    spec = TorchvisionSpec(architecture="resnet18", weights=resnet)
    net = models.resnet18(weights=None)
    net.load_state_dict({name: torch.tensor(array) for name, array in spec.fit(data, COMPUTE, silent).arrays.items()})
    transform = models.ResNet18_Weights.DEFAULT.transforms(antialias=True)
    ready = transform(Image.open(folder / "cat.png").convert("RGB"))
    with torch.no_grad():
        expected = net.eval()(ready[None]).numpy()
    np.testing.assert_allclose(predicted(spec, data), expected, atol=2e-4)
    prediction = Prediction(kind="logits", outputs=expected)
    remarks = spec.remarks(data, spec.fit(data, COMPUTE, silent), prediction)
    said = unpack(Remarks, pack(remarks)).said[0]  # as the stage keeps it, so of texts alone
    assert "as the transform of torchvision's ResNet18_Weights.IMAGENET1K_V1 says" in said
    assert "less 0.485, 0.456, 0.406, divided by 0.229, 0.224, 0.225" in said


def test_weights_that_are_known_by_name_have_their_own_transform() -> None:
    """Those of the second training of ResNet-50 were measured on 232 pixels, those of the first on 256."""
    names = {torchvision().models.ResNet50_Weights[one].url.rpartition("/")[2]: side
             for one, side in (("IMAGENET1K_V1", 256), ("IMAGENET1K_V2", 232))}  # fmt: skip
    for name, side in names.items():
        frame = TorchvisionSpec(architecture="resnet50", weights=Path(name)).frame()
        assert frame is not None
        assert frame.resize == side


def test_pictures_are_framed_as_the_net_was_trained_and_the_user_has_the_last_word(folder: Path, resnet: Path) -> None:
    words = ["data=photographs", f"data.paths=[{folder / 'cat.png'}]", "model=torchvision", f"model.weights={resnet}",
             "method=vanilla_grad"]  # fmt: skip

    def framed(*more: str) -> tuple[int, int | None]:
        (point,) = read_report([*words, *more]).points
        assert isinstance(point.data, PhotographsSpec)
        return point.data.frame.size, point.data.frame.resize

    assert framed("model.architecture=resnet18") == (224, 256)
    assert framed("model.architecture=inception_v3") == (299, 342)
    assert framed("model.architecture=inception_v3", "data.size=96") == (96, 110)
    assert framed("model.architecture=resnet18", "model.preprocess.crop=64") == (64, 64)
    with pytest.raises(ConfigError, match=r"'resnt18' is none of torchvision's classifiers; the nearest are resnet18"):
        framed("model.architecture=resnt18")


def test_a_file_beside_the_weights_counts_by_its_content_in_a_running_process(
    folder: Path, resnet: Path, tmp_path: Path
) -> None:
    """A changed `preprocessor_config.json` is another result, in which the net is made again, too."""
    store, beside = Store(tmp_path / "store"), tmp_path / "preprocessor_config.json"
    spec = TorchvisionSpec(architecture="resnet18", weights=tmp_path / resnet.name)
    spec.weights.write_bytes(resnet.read_bytes())
    dataset = store.put(pack(PhotographsSpec(paths=(folder / "cat.png",), size=64, resize=72).load(store)))
    found = []
    for mean in (0.5, 0.25):
        beside.write_text(json.dumps({"image_mean": [mean] * 3, "image_std": [0.5] * 3}))
        weights = fit(store, spec, COMPUTE, dataset).outputs["weights"]
        done = predict(store, spec, COMPUTE, dataset, weights)
        found.append(unpack(Prediction, store.get(done.outputs["prediction"])).outputs)
        np.testing.assert_array_equal(found[-1], predicted(spec, cat(folder, 64, 72)))
    assert not np.allclose(*found)


def test_other_weights_are_told_by_the_arrays_that_differ(folder: Path, resnet: Path) -> None:
    with pytest.raises(InputError, match=r"it lacks 80 arrays \(layer1\.2\.conv1\.weight, .* and 77 more\)"):
        TorchvisionSpec(architecture="resnet34", weights=resnet).fit(cat(folder), COMPUTE, silent)


def test_a_last_layer_of_other_classes_is_told_by_their_number(folder: Path, resnet: Path) -> None:
    data = cat(folder).model_copy(update={"classes": ("cat", "dog")})
    with pytest.raises(InputError, match=r"fc\.weight is 1000 x 512 in the file and 2 x 512 in the net.*1,000 outputs"):
        TorchvisionSpec(architecture="resnet18", weights=resnet).fit(data, COMPUTE, silent)


def test_a_checkpoint_of_a_training_is_opened_and_a_pickle_is_not(folder: Path, resnet: Path) -> None:
    data, spec = cat(folder), TorchvisionSpec(architecture="resnet18", weights=resnet)
    arrays = spec.fit(data, COMPUTE, silent).arrays
    state = {f"module.{name}": torch.tensor(array) for name, array in arrays.items()}
    torch.save({"epoch": 3, "state_dict": state}, folder / "checkpoint.pth")
    other = TorchvisionSpec(architecture="resnet18", weights=folder / "checkpoint.pth").fit(data, COMPUTE, silent)
    assert all(np.array_equal(array, other.arrays[name]) for name, array in arrays.items())
    torch.save(torch.nn.Linear(2, 2), folder / "whole.pth")
    with pytest.raises(InputError, match=r"whole\.pth cannot be read \(nothing in it is run\)"):
        TorchvisionSpec(architecture="resnet18", weights=folder / "whole.pth").fit(data, COMPUTE, silent)


def test_a_timm_net_predicts_what_it_does_behind_its_own_transform(folder: Path) -> None:
    torchvision()
    import timm

    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = timm.create_model("mobilenetv3_small_050", pretrained=False).eval()
    save_file(net.state_dict(), folder / "timm.safetensors")
    spec = TimmSpec(architecture="mobilenetv3_small_050", weights=folder / "timm.safetensors")
    frame = spec.frame()
    assert frame is not None
    data = PhotographsSpec(paths=(folder / "cat.png",)).framed_as(frame).load(Memory())
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(net), is_training=False)
    with torch.no_grad():
        expected = net(transform(Image.open(folder / "cat.png").convert("RGB"))[None]).numpy()
    found = predicted(spec, data)
    # Their picture has 256 of 341 columns more by rounding; at most single pixels differ.
    assert np.linalg.norm(found - expected) / np.linalg.norm(expected) < 0.02


def test_a_net_for_one_size_says_so(folder: Path) -> None:
    torchvision()
    import timm

    save_file(timm.create_model("vit_tiny_patch16_224", depth=1).state_dict(), folder / "vit.safetensors")
    spec = TimmSpec(architecture="vit_tiny_patch16_224", weights=folder / "vit.safetensors")
    with pytest.raises(InputError, match=r"it lacks \d+ arrays \(blocks\.1"):
        spec.fit(cat(folder), COMPUTE, silent)
    save_file(timm.create_model("vit_tiny_patch16_224").state_dict(), folder / "vit.safetensors")
    with pytest.raises(InputError, match=r"does not take pictures of 96x96 pixels \(data\.size\): Input height"):
        spec.fit(cat(folder, 96, 110), COMPUTE, silent)


@pytest.mark.slow(seconds=15)
def test_a_keras_application_predicts_what_it_does_behind_its_own_preprocess(folder: Path) -> None:
    from exhibit.tasks.models.keras import configure
    from exhibit.tasks.models.keras_import import keras

    configure(COMPUTE)
    net, data = keras.applications.MobileNet(weights=None, alpha=1.0), cat(folder)
    net.save_weights(folder / "mobilenet.weights.h5")
    spec = KerasApplicationSpec(architecture="mobilenet", weights=folder / "mobilenet.weights.h5")
    logits = predicted(spec, data)
    expected = net.predict(keras.applications.mobilenet.preprocess_input(data.arrays["image"].copy()), verbose=0)
    shares = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    np.testing.assert_allclose(shares, expected, rtol=1e-3)
    with pytest.raises(InputError, match=r"96x96 pixels, but mobilenet takes 224x224; give data\.size=224"):
        spec.fit(cat(folder, 96, 110), COMPUTE, silent)


@pytest.mark.parametrize(
    ("version", "command"),
    [
        ("2.13.0", "pip install torchvision==0.28.0"),
        (
            "2.13.0+cpu",
            "pip install torchvision==0.28.0 --force-reinstall --no-deps --index-url https://download.pytorch.org/whl/cpu",
        ),
    ],
)
def test_a_torchvision_of_another_build_is_not_installed_again(
    version: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "__version__", version)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setitem(sys.modules, "torchvision.models", None)
    with pytest.raises(InputError) as raised:
        torchvision_models("resnet18")
    assert str(raised.value).endswith(f"install it with: {command}")
