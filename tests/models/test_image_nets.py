"""The nets for photographs learn what they are for, in colour and in grey."""

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from exhibit.tasks.data.folder import Food101Spec
from exhibit.tasks.data.image import DigitsSpec
from exhibit.tasks.data.photos import PhotosSpec
from exhibit.tasks.data.table import IrisSpec
from exhibit.tasks.models.keras_import import keras
from exhibit.tasks.models.zoo.cnn import CNNSpec
from exhibit.tasks.models.zoo.efficientnet import PREPROCESSING, EfficientNetSpec
from exhibit.tasks.models.zoo.published import VGG16Spec, XceptionSpec
from exhibit.tasks.models.zoo.torch_cnn import TorchCNNSpec
from exhibit.tasks.models.zoo.vgg import SmallVGGSpec, VGG16TransferSpec
from exhibit.tasks.protocols import Compute, DifferentiableModel, Score, silent, take
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.packing import pack, unpack
from tests.conftest import Memory
from tests.torchvision_stub import torchvision

COMPUTE = Compute()
BRIEF = TorchCNNSpec(epochs=1, filters=4, blocks=2)


@pytest.fixture(scope="module")
def photos() -> Dataset:
    return PhotosSpec(size=32, train=8, test=4).load(Memory())


def trained(spec: TorchCNNSpec | CNNSpec | SmallVGGSpec, data: Dataset) -> DifferentiableModel:
    return spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE)


@pytest.mark.slow
def test_torch_cnn_learns_photographs_it_has_not_seen() -> None:
    data = PhotosSpec().load(Memory())
    right = trained(TorchCNNSpec(), data).predict(data.arrays).argmax(axis=1) == data.labels
    assert right[data.split == "test"].mean() >= 0.9


def test_torch_cnn_learns_grey_images_too() -> None:
    data = DigitsSpec().load(Memory())
    right = (
        trained(TorchCNNSpec(blocks=2, filters=8, epochs=4, learning_rate=0.01), data)
        .predict(data.arrays)
        .argmax(axis=1)
        == data.labels
    )
    assert right[data.split == "test"].mean() > 0.9


def test_the_keras_cnn_takes_colour(photos: Dataset) -> None:
    net = trained(CNNSpec(filters=4, hidden=8, epochs=1), photos)
    assert net.predict(photos.arrays).shape == (108, 9)
    assert net.place(photos.take(np.arange(2)).arrays).values["image"].shape == (2, 32, 32, 3)


def test_gradients_have_channels_last_like_the_input(photos: Dataset) -> None:
    place = trained(BRIEF, photos).place(take(photos.arrays, np.arange(3)))
    _, gradients = place.gradient(place.values, Score(), photos.labels[:3])
    assert gradients["image"].shape == (3, 32, 32, 3)
    assert place.values["image"].max() <= 1


def test_training_is_repeatable_and_weights_are_all_that_is_needed(photos: Dataset) -> None:
    first = BRIEF.fit(photos, COMPUTE, silent)
    assert pack(first) == pack(BRIEF.fit(photos, COMPUTE, silent))
    stored = BRIEF.restore(photos, unpack(Weights, pack(first)), COMPUTE)
    direct = BRIEF.restore(photos, first, COMPUTE)
    assert direct.predict(photos.arrays).tobytes() == stored.predict(photos.arrays).tobytes()


def test_validation_rows_watch_the_training_and_test_rows_do_not(photos: Dataset) -> None:
    """The same training whatever is held out; what stops it is measured on the rows that validate alone."""
    split = np.where((photos.split == "test") & (np.arange(len(photos.split)) % 2 == 0), "validation", photos.split)
    watched = photos.model_copy(update={"split": split})
    other = watched.model_copy(update={"labels": np.where(split == "test", 0, photos.labels)})
    found = [BRIEF.fit(data, COMPUTE, silent) for data in (watched, other)]
    assert set(found[0].history) == {"loss", "accuracy", "validation_loss", "validation_accuracy"}
    assert pack(found[0]) == pack(found[1])
    assert found[0].history["loss"].tobytes() == BRIEF.fit(photos, COMPUTE, silent).history["loss"].tobytes()
    assert SmallVGGSpec(patience=1).enough({"validation_loss": [1, 2, 3], "loss": [3, 2, 1]})


def test_data_of_another_kind_is_refused() -> None:
    with pytest.raises(InputError, match=r"^model: a torch_cnn classifies images, but the data"):
        BRIEF.fit(IrisSpec().load(Memory()), COMPUTE, silent)


# --- nets of the published kind ---------------------------------------------------------------------------


def test_the_small_vgg_learns_and_names_its_layers_as_vgg16_does(photos: Dataset) -> None:
    spec = SmallVGGSpec(filters=(8, 8), epochs=2)
    net = trained(spec, photos)
    assert [name for name in net.layers if "block" in name] == [
        "block1_conv1", "block1_pool", "block2_conv1", "block2_pool"
    ]  # fmt: skip
    place = net.place(take(photos.arrays, np.arange(2)), "block2_conv1", "input")
    assert place.values["image"].shape == (2, 16, 16, 8)


def test_training_images_are_flipped_and_shifted_and_others_are_not(photos: Dataset) -> None:
    """Every changed image is one of its own shifts, mirrored or not; the same rows are changed alike."""
    spec, rows = SmallVGGSpec(shift=0.1), np.arange(6)
    inputs = take(photos.arrays, rows)
    changed = spec.seen(inputs, rows)["image"]
    assert np.array_equal(changed, spec.seen(inputs, rows)["image"])
    assert not np.array_equal(changed, spec.model_copy(update={"seed": 1}).seen(inputs, rows)["image"])
    for image, found in zip(inputs["image"], changed, strict=True):
        padded = np.pad(image, [(3, 3), (3, 3), (0, 0)], mode="edge")
        shifts = [padded[y : y + 32, x : x + 32] for y in range(7) for x in range(7)]
        assert any(np.array_equal(found, one) or np.array_equal(found, one[:, ::-1]) for one in shifts)


def test_without_changes_training_sees_the_images_as_they_are(photos: Dataset) -> None:
    spec = SmallVGGSpec(shift=0, flip=False)
    assert np.array_equal(spec.seen(photos.arrays, np.arange(108))["image"], photos.arrays["image"])


@pytest.mark.parametrize(
    ("losses", "stop"), [([3, 2, 1], False), ([1, 2], False), ([1, 2, 3], True), ([2, 1, 1.5, 0.9], False), ([], False)]
)
def test_training_stops_when_the_held_out_loss_no_longer_falls(losses: list[float], stop: bool) -> None:
    """With a patience of two: two epochs without a new lowest loss."""
    assert SmallVGGSpec(patience=2).enough({"test_loss": losses}) is stop
    assert not SmallVGGSpec(patience=None).enough({"test_loss": losses})


def test_early_stopping_shortens_the_history(photos: Dataset) -> None:
    """At a rate at which nothing is learned the loss on held-out images soon stops falling."""
    spec = SmallVGGSpec(filters=(2,), epochs=12, patience=1, learning_rate=1e-12, flip=False, shift=0, dropout=0)
    assert len(spec.fit(photos, COMPUTE, silent).history["loss"]) < 12


def test_preprocessing_is_the_published_one() -> None:
    """keras.applications' own, in its "caffe" and "tf" modes."""
    images = np.random.default_rng(0).uniform(0, 255, (2, 5, 5, 3)).astype(np.float32)
    for spec, module in ((VGG16Spec, keras.applications.vgg16), (XceptionSpec, keras.applications.xception)):
        expected = module.preprocess_input(images.copy())
        np.testing.assert_allclose(spec.preprocessing({"image": images})["image"], expected, atol=1e-4)


@pytest.mark.slow
def test_vgg16_is_frozen_below_its_new_layer() -> None:
    """Training changes the layer of logits alone; the parameters that learn are its own."""
    data = PhotosSpec(size=32, train=4, test=2).load(Memory())
    spec = VGG16TransferSpec(base=None, epochs=1)
    trained, other = spec.fit(data, COMPUTE, silent), spec.model_copy(update={"learning_rate": 0.01})
    changed = other.fit(data, COMPUTE, silent)
    assert trained.parameters == 512 * 9 + 9
    differing = {
        name for name, array in trained.arrays.items() if not np.array_equal(array, changed.arrays[name])
    }  # fmt: skip
    assert {name.split("/")[0] for name in differing} == {"logits"}
    net = spec.restore(data, trained, COMPUTE)
    assert "block5_conv3" in net.layers
    assert net.predict(take(data.arrays, np.arange(2))).shape == (2, 9)


def imagenet_photographs(size: int) -> Dataset:
    """Two crops of real photographs with the thousand classes."""
    data = PhotosSpec(size=size if size <= 256 else 256, train=1, test=1).load(Memory()).take(np.arange(2))
    (image,) = data.inputs
    values = np.pad(image.values, [(0, 0), *[(0, max(0, size - 256))] * 2, (0, 0)], mode="edge")
    return data.model_copy(
        update={"inputs": (image.model_copy(update={"values": values}),), "classes": tuple(map(str, range(1000)))}
    )


@pytest.mark.slow
def test_xception_gives_a_thousand_logits() -> None:
    """Before its softmax: those of keras.applications' own net, of which the softmax is taken."""
    data, spec = imagenet_photographs(299), XceptionSpec(weights=None)
    weights = spec.fit(data, COMPUTE, silent)
    found = spec.restore(data, weights, Compute(batch=2)).predict(data.arrays)
    whole = keras.applications.Xception(weights=None)
    whole.set_weights(list(weights.arrays.values()))
    expected = whole.predict(keras.applications.xception.preprocess_input(data.arrays["image"].copy()), verbose=0)
    shares = np.exp(found - np.logaddexp.reduce(found, axis=1, keepdims=True))
    np.testing.assert_allclose(shares, expected, rtol=1e-4)


@pytest.mark.slow
def test_vgg16_is_that_of_keras_with_the_dropout_it_was_trained_with() -> None:
    """In prediction the dropout does nothing; sampled it does."""
    data, spec = imagenet_photographs(224), VGG16Spec(weights=None)
    weights = spec.fit(data, COMPUTE, silent)
    net = spec.restore(data, weights, Compute(batch=2))
    whole = keras.applications.VGG16(weights=None, classifier_activation=None)
    whole.set_weights(list(weights.arrays.values()))
    expected = whole.predict(VGG16Spec.preprocessing(data.arrays)["image"], verbose=0)
    found = net.predict(data.arrays)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)

    def half(_: int, shape: tuple[int, ...]) -> np.ndarray:
        return np.tile([0.1, 0.9], (2, *shape[:-1], shape[-1] // 2))

    place = net.place(data.arrays, dropout=half)
    assert not np.allclose(place.outputs(place.values), found, rtol=1e-3)


def test_a_published_net_says_what_it_takes(photos: Dataset) -> None:
    with pytest.raises(InputError, match="colour images of at least 299x299 pixels"):
        XceptionSpec().fit(photos, COMPUTE, silent)
    large = imagenet_photographs(224)
    with pytest.raises(InputError, match="the 1000 classes of ImageNet, but the data has 9"):
        VGG16Spec().fit(large.model_copy(update={"classes": photos.classes}), COMPUTE, silent)


@pytest.mark.slow
@pytest.mark.parametrize("base", ["imagenet", Path("nowhere.h5")])
def test_missing_weights_are_said_where_to_get_and_where_to_put(
    base: Literal["imagenet"] | Path, photos: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", no_network)
    with pytest.raises(InputError, match=r"model\.base: the weights .* cannot be loaded .*notop\.h5 and put it in"):
        VGG16TransferSpec(base=base).fit(photos, COMPUTE, silent)


@pytest.mark.slow
def test_efficientnet_has_a_new_last_layer() -> None:
    """7,794,184 parameters with a thousand classes; here with nine."""
    torchvision()
    data = PhotosSpec(size=64, train=2, test=1).load(Memory())
    spec = EfficientNetSpec(base=None, epochs=1)
    weights = spec.fit(data, COMPUTE, silent)
    assert weights.parameters == 7_794_184 - 1281 * 1000 + 1281 * 9
    net = spec.restore(data, weights, Compute(batch=4))
    assert net.predict(take(data.arrays, np.arange(3))).shape == (3, 9)


def test_efficientnet_is_preprocessed_as_its_weights_say() -> None:
    preset = torchvision().models.EfficientNet_B1_Weights.IMAGENET1K_V2.transforms()
    image = PhotosSpec(size=240, train=1, test=1).load(Memory()).arrays["image"][:1]
    mean, deviation = (np.array(numbers) for numbers in (preset.mean, preset.std))
    np.testing.assert_allclose(PREPROCESSING({"image": image})["image"], (image / 255 - mean) / deviation, atol=1e-5)
    food = Food101Spec(path=Path()).frame
    assert ([food.size], [food.resize]) == (preset.crop_size, preset.resize_size)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (TorchCNNSpec(), r"model: a torch_cnn halves .* 4 times, .* 16x16 pixels, .* is 8x8; give model.blocks=3, or"),
        (SmallVGGSpec(), r"model: a small_vgg halves .* 4 times, .*give 'model.filters=\[16,32,64\]', or larger"),
    ],
)
def test_images_that_are_too_small_are_refused_before_anything_is_built(
    spec: TorchCNNSpec | SmallVGGSpec, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        spec.fit(DigitsSpec().load(Memory()), COMPUTE, silent)


def test_a_single_pixel_cannot_be_halved() -> None:
    rows = DigitsSpec().load(Memory()).take(np.arange(4))
    (image,) = rows.inputs
    pixel = rows.model_copy(update={"inputs": (image.model_copy(update={"values": image.array[:, :1, :1]}),)})
    for spec in (CNNSpec(), TorchCNNSpec(blocks=1)):
        with pytest.raises(InputError, match=r"1 time, .* is 1x1; give larger images"):
            spec.fit(pixel, COMPUTE, silent)


def test_as_few_blocks_as_the_message_says_are_taken() -> None:
    rows = DigitsSpec().load(Memory()).take(np.arange(40))
    assert trained(TorchCNNSpec(blocks=3, filters=1, epochs=1), rows).predict(rows.arrays).shape == (40, 10)
