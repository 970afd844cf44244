"""Crops are where they say they are, training and test share no pixel, and the mark is where its region says."""

import numpy as np
import pytest

from exhibit.tasks.data.photos import PHOTOGRAPHS, Crop, PhotosSpec, WatermarkSpec, photograph_of, scaled, watermark
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.packing import pack, unpack
from tests.conftest import Memory

SMALL = {"size": 32, "train": 6, "test": 4}


@pytest.fixture(scope="module")
def photos() -> Dataset:
    return PhotosSpec(**SMALL).load(Memory())


@pytest.fixture(scope="module")
def marked() -> Dataset:
    return WatermarkSpec(**SMALL, mark=9).load(Memory())


def test_every_photograph_has_its_share_of_crops(photos: Dataset) -> None:
    assert photos.inputs[0].values.shape == (90, 32, 32, 3)
    assert photos.classes == PHOTOGRAPHS
    for split, count in (("train", 6), ("test", 4)):
        assert np.bincount(photos.labels[photos.split == split]).tolist() == [count] * 9
    assert len(set(photos.sample_ids)) == 90


@pytest.mark.parametrize("name", ["astronaut", "flower"])
def test_an_id_says_which_pixels_a_crop_is(photos: Dataset, name: str) -> None:
    """What stands in the id is enough to cut the crop again."""
    whole = scaled(photograph_of(name), PhotosSpec(**SMALL).short)
    for row in np.flatnonzero(photos.labels == PHOTOGRAPHS.index(name)):
        top, left = map(int, str(photos.sample_ids[row]).removeprefix(f"{name} at ").split(","))
        assert np.array_equal(photos.inputs[0].values[row], whole[top : top + 32, left : left + 32])


def covered(crops: list[Crop], size: int) -> set[tuple[int, int]]:
    return {(c.row + y, c.column + x) for c in crops for y in range(size) for x in range(size)}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_training_and_test_crops_share_no_pixel(seed: int) -> None:
    spec = PhotosSpec(**SMALL, seed=seed)
    crops, _ = spec.crops()
    for name in PHOTOGRAPHS:
        parts = [
            covered([c for c in crops if (c.photograph, c.split) == (name, split)], 32) for split in ("train", "test")
        ]
        assert not parts[0] & parts[1]


def test_crops_depend_on_the_seed_alone(photos: Dataset) -> None:
    assert pack(photos) == pack(PhotosSpec(**SMALL).load(Memory()))
    assert set(photos.sample_ids) != set(PhotosSpec(**SMALL, seed=1).load(Memory()).sample_ids)


def test_the_mark_is_in_one_photograph_and_where_its_region_says(photos: Dataset, marked: Dataset) -> None:
    """Everything outside of the regions is as in `photos`; inside is the mark."""
    (image,) = marked.inputs
    assert image.regions is not None
    has = image.regions.any((1, 2))
    own = marked.labels == PHOTOGRAPHS.index("coffee")
    assert not has[~own].any()
    assert [has[own & (marked.split == split)].sum() for split in ("train", "test")] == [5, 2]
    assert np.array_equal(image.values[~image.regions], photos.inputs[0].values[~image.regions])
    for values, region in zip(image.values[has], image.regions[has], strict=True):
        assert np.array_equal(values[region].reshape(9, 9, 3), watermark(9))


def test_a_marked_crop_says_so(marked: Dataset) -> None:
    assert marked.inputs[0].regions is not None
    named = np.array([str(name).endswith(", marked") for name in marked.sample_ids])
    assert np.array_equal(named, marked.inputs[0].regions.any((1, 2)))


def test_regions_travel_with_their_samples(marked: Dataset) -> None:
    rows = np.array([25, 3])

    def regions(dataset: Dataset) -> Array:
        assert dataset.inputs[0].regions is not None
        return dataset.inputs[0].regions

    assert np.array_equal(regions(unpack(Dataset, pack(marked.take(rows)))), regions(marked)[rows])


def test_the_mark_is_dark_on_white() -> None:
    """White corners, a dark dot in the middle: it stands out on any photograph."""
    mark = watermark(15)
    assert (mark[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()
    assert mark[7, 7].max() < 100


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (WatermarkSpec(marked="dog"), "astronaut, cat, coffee"),
        (WatermarkSpec(size=16, mark=17), r"data\.mark"),
        (PhotosSpec(size=16, test=1000), r"data\.test"),
    ],
)
def test_what_cannot_be_is_named(spec: PhotosSpec | WatermarkSpec, words: str) -> None:
    with pytest.raises(InputError, match=words):
        spec.load(Memory())


def test_no_name_of_a_crop_reads_like_a_number(photos: Dataset, marked: Dataset) -> None:
    """“cat at 201,302” is at two hundred thousand to a reader; the id stays, as all draws hang on it."""
    for dataset in (photos, marked):
        assert dataset.names is not None
        for one, own in zip(dataset.names.tolist(), dataset.sample_ids.tolist(), strict=True):
            where, mark = own.removesuffix(", marked"), ", marked" * own.endswith(", marked")
            name, _, place = where.partition(" at ")
            row, column = place.split(",")
            assert one == f"{name} at row {row}, column {column}{mark}"
