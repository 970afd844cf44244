"""Baselines are what they are said to be, in raw units, and depend on nothing else."""

import numpy as np
import pytest

from exhibit.tasks.data.baselines import background, background_described, baseline, blurred, described, drawn_of
from exhibit.tasks.data.photos import PhotosSpec
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Baseline, Dataset, Input
from tests.conftest import Memory

ROWS = np.array([3, 0, 11])


@pytest.fixture(scope="module")
def photos() -> Dataset:
    return PhotosSpec(size=24, train=3, test=2).load(Memory())


def of(name: Baseline, data: Dataset, rows: Array = ROWS) -> Array:
    values = baseline(name, data, None, rows)
    assert values is not None
    return values["image"]


@pytest.mark.parametrize("name", ["auto", "zero", "black", "mean", "blur", "uniform"])
def test_every_baseline_is_shaped_and_typed_like_its_samples(name: Baseline, photos: Dataset) -> None:
    found = of(name, photos)
    assert (found.shape, found.dtype) == ((3, 24, 24, 3), np.float32)
    assert found.min() >= 0
    assert found.max() <= 255


def test_black_is_the_darkest_value(photos: Dataset) -> None:
    image = photos.inputs[0].model_copy(update={"bounds": (-1.0, 1.0)})
    assert (of("black", photos.model_copy(update={"inputs": (image,)})) == -1).all()


def test_a_sample_of_the_data_can_be_the_baseline_of_all(photos: Dataset) -> None:
    name = str(photos.sample_ids[7])
    assert np.array_equal(of(f"sample:{name}", photos), np.stack([photos.inputs[0].values[7]] * 3))
    assert described(f"sample:{name}", photos, None) == f"The sample {name} of the data."
    with pytest.raises(InputError, match=r"no sample 'astronaut'; near are "):
        of("sample:astronaut", photos)
    with pytest.raises(InputError, match=rf"no sample '~~~'; its samples are called {photos.sample_ids[0]}, "):
        of("sample:~~~", photos)


@pytest.mark.parametrize("name", ["blur", "uniform"])
def test_a_baseline_of_a_sample_does_not_depend_on_its_company(name: Baseline, photos: Dataset) -> None:
    alone = of(name, photos, np.array([11]))
    assert np.array_equal(of(name, photos)[2], alone[0])
    assert not np.array_equal(of(name, photos)[0], alone[0])


def test_blurring_keeps_the_mean_and_takes_the_detail(photos: Dataset) -> None:
    images = photos.inputs[0].values[:5].astype(np.float64)
    smooth = blurred(images)
    assert smooth.mean(axis=(1, 2)) == pytest.approx(images.mean(axis=(1, 2)))
    assert (smooth.std(axis=(1, 2)) < images.std(axis=(1, 2))).all()
    assert blurred(np.full((1, 12, 12, 1), 7.0)) == pytest.approx(np.full((1, 12, 12, 1), 7.0))


def test_a_blurred_point_is_a_gaussian() -> None:
    """A twelfth of 48 pixels: four pixels from the centre the value falls by exp(-1/2)."""
    point = np.zeros((1, 49, 48, 1))
    point[0, 24, 24] = 1
    smooth = blurred(point)[0, 24, :, 0]
    deviation = 49 / 12
    assert smooth[28] / smooth[24] == pytest.approx(np.exp(-((4 / deviation) ** 2) / 2), rel=1e-3)


def test_uniform_noise_fills_the_range(photos: Dataset) -> None:
    noise = of("uniform", photos)
    assert noise.mean() == pytest.approx(127.5, abs=4)  # standard error: 255 / sqrt(12 * 5184) = 1.0
    assert noise.std() == pytest.approx(255 / np.sqrt(12), abs=3)


def test_uniform_noise_in_a_table_keeps_to_each_column() -> None:
    values = np.array([[0.0, 100.0], [1.0, 110.0], [50.0, 0.0]])
    table = Input(name="x", kind="table", values=values, features=("a", "b"))
    data = Dataset(
        title="", description="", source="", task="regression", inputs=(table,), sample_ids=np.array(["a", "b", "c"]),
        labels=np.zeros(3), split=np.array(["train", "train", "test"]), label_name="y",
    )  # fmt: skip
    found = background(200, 0, data, "uniform")["x"]
    assert found.min(axis=0) == pytest.approx([0, 100], abs=0.2)
    assert found.max(axis=0) == pytest.approx([1, 110], abs=0.2)


def test_a_background_is_drawn_by_its_seed(photos: Dataset) -> None:
    rows = background(4, 0, photos)["image"]
    train = photos.inputs[0].values[photos.split == "train"]
    assert all((row == train).all((1, 2, 3)).any() for row in rows)
    noise = background(2, 0, photos, "uniform")["image"]
    assert np.array_equal(noise, background(2, 0, photos, "uniform")["image"])
    assert not np.array_equal(noise, background(2, 1, photos, "uniform")["image"])
    assert not np.array_equal(noise[0], noise[1])


def test_a_reader_is_told(photos: Dataset) -> None:
    assert described("blur", photos, None).startswith("The blurred image (a Gaussian")
    assert described("auto", photos, None) == "A black image (the default for this kind of input)."
    two = photos.model_copy(update={"inputs": (*photos.inputs, photos.inputs[0].model_copy(update={"name": "mask"}))})
    assert described("black", two, None) == "A black image for image; a black image for mask."
    assert background_described(2, 5, photos, "uniform").startswith("2 samples of uniform noise")
    assert background_described(9, 5, photos).startswith("9 training rows, drawn with seed 5")
    for every in (27, 99):  # nothing is drawn where all are taken
        assert background_described(every, 5, photos) == "All 27 training rows: the mean over them is reported."
        assert drawn_of(every, photos) is None
    assert drawn_of(26, photos) == 26


def test_noise_is_not_a_text(photos: Dataset) -> None:
    text = Input(name="words", kind="text", values=np.zeros((45, 4), np.int64))
    with pytest.raises(InputError, match="'words' is a text"):
        baseline("uniform", photos.model_copy(update={"inputs": (text,)}), None, ROWS)
