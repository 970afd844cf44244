"""Pictures from files: framed as published, nothing lost, the same wherever they lie."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from exhibit.tasks.data.files import DEFAULT, FramedSpec, in_frame
from exhibit.tasks.data.folder import Box, Food101Spec, ImageFolderSpec, PhotographsSpec
from exhibit.tasks.data.imagenet import IMAGENET, class_index
from exhibit.tasks.data.photos import PHOTOGRAPHS, photograph_of
from exhibit.tasks.data.picture_file import read_picture
from exhibit.tasks.data.solubility import EsolSpec
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.framing import Frame
from exhibit.tasks.records.packing import pack, unpack
from exhibit.tasks.records.shelf import Shelved
from tests.conftest import Memory

Write = Callable[[Path, int], None]


def framed(spec: FramedSpec, path: Path) -> Array:
    """One picture as it is framed."""
    return in_frame(read_picture(path, DEFAULT.pixels), spec.frame)


def write(path: Path, number: int) -> None:
    """A piece of a real photograph, higher than wide or wider than high."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = Image.fromarray(photograph_of(PHOTOGRAPHS[number % 5]))
    size = (90, 70) if number % 2 else (64, 80)
    whole.crop((number, number, number + size[0], number + size[1])).save(path)


@pytest.fixture(scope="module")
def monkeys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the archives of the ten monkeys unpack: folders in folders of the same name, with a broken file."""
    root = tmp_path_factory.mktemp("monkeys")
    for label in range(3):
        for part, count in (("training", 5), ("validation", 2)):
            for number in range(count):
                write(root / part / part / f"n{label}" / f"n{label}{number:03}.jpg", 10 * label + number)
    (root / "training" / "training" / "n1" / "n1900.jpg").write_bytes(b"no picture at all")
    (root / "training" / "training" / "n1" / "readme.txt").write_text("not meant to be one")
    return root


@pytest.fixture(scope="module")
def food(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Food-101's true layout, three dishes of it."""
    root, dishes = tmp_path_factory.mktemp("food"), ["pork_chop", "ravioli", "samosa"]
    names = [f"{dish}/{1000 + number}" for dish in dishes for number in range(6)]
    for number, name in enumerate(names):
        write(root / "food-101" / "images" / f"{name}.jpg", number)
    meta = root / "food-101" / "meta"
    meta.mkdir()
    (meta / "classes.txt").write_text("\n".join(dishes) + "\n")
    (meta / "train.txt").write_text("\n".join(name for name in names if int(name[-1]) < 4) + "\n")
    (meta / "test.txt").write_text("\n".join(name for name in names if int(name[-1]) >= 4) + "\n")
    return root


def test_a_folder_per_class_is_read_in_the_order_of_names(monkeys: Path) -> None:
    data = ImageFolderSpec(path=monkeys, size=32, names={"n1": "patas monkey"}).load(Memory())
    assert data.inputs[0].values.shape == (21, 32, 32, 3)
    assert data.classes == ("n0", "patas monkey", "n2")
    assert np.bincount(data.labels[data.split == "train"]).tolist() == [5, 5, 5]
    assert np.bincount(data.labels[data.split == "test"]).tolist() == [2, 2, 2]
    assert data.sample_ids[0] == "training/n0/n0000.jpg"
    assert len(set(data.sample_ids)) == 21


def test_a_file_that_cannot_be_read_is_listed(monkeys: Path) -> None:
    (excluded,) = ImageFolderSpec(path=monkeys, size=32).load(Memory()).excluded
    assert (excluded.sample_id, excluded.given) == ("training/n1/n1900.jpg", "n1900.jpg")
    assert excluded.reason == "cannot identify image file 'n1900.jpg'"


def test_one_folder_per_class_is_split_by_seed(monkeys: Path) -> None:
    spec = ImageFolderSpec(path=monkeys / "validation", size=32, test_share=0.5)
    data = spec.load(Memory())
    assert len(data.sample_ids) == 6
    assert np.bincount(data.labels[data.split == "test"]).tolist() == [1, 1, 1]
    assert np.array_equal(data.split, spec.load(Memory()).split)


def test_at_most_so_many_of_each_class(monkeys: Path) -> None:
    data = ImageFolderSpec(path=monkeys, size=32, per_class=2).load(Memory())
    assert np.bincount(data.labels[data.split == "train"])[[0, 2]].tolist() == [2, 2]


def test_food_101_keeps_the_published_split(food: Path) -> None:
    few = Food101Spec(path=food, size=32, resize=34, per_class=3, test_per_class=1, test_index=(5,), validation_share=0)
    data = few.load(Memory())
    assert set(data.split) == {"train", "test"}
    assert data.classes == ("pork chop", "ravioli", "samosa")
    assert {name[-1] for name in data.sample_ids[data.split == "test"]} <= {"4", "5"}
    assert {name[-1] for name in data.sample_ids[data.split == "train"]} <= {"0", "1", "2", "3"}
    assert "samosa/1005" in data.sample_ids
    assert len(set(data.sample_ids)) == len(data.sample_ids)


def test_a_fifth_of_food_101s_training_list_validates_as_published(food: Path) -> None:
    """Of 4 of each dish one validates, drawn by seed; the test list is as it was."""
    spec = Food101Spec(path=food, size=32, resize=34, validation_share=0.25)
    data = spec.load(Memory())
    counts = {split: np.bincount(data.labels[data.split == split]).tolist() for split in set(data.split)}
    assert counts == {"train": [3, 3, 3], "validation": [1, 1, 1], "test": [2, 2, 2]}
    assert {name[-1] for name in data.sample_ids[data.split == "validation"]} <= {"0", "1", "2", "3"}
    assert len(set(data.sample_ids)) == 18
    assert Food101Spec(path=food).validation_share == 0.2
    other = spec.model_copy(update={"seed": 1}).load(Memory())
    assert set(data.sample_ids[data.split == "validation"]) != set(other.sample_ids[other.split == "validation"])


def test_pictures_lie_on_the_shelf_and_are_fetched_when_they_are_used(monkeys: Path) -> None:
    """The same numbers as framed by hand; choosing rows fetches none; what is twice the same is kept once."""
    spec, shelf = ImageFolderSpec(path=monkeys, size=32), Memory()
    values = spec.load(shelf).inputs[0].values
    assert isinstance(values, Shelved)
    assert (values.shape, values.dtype) == ((21, 32, 32, 3), np.float32)
    assert len(shelf.items) == len(np.unique(values[:], axis=0)) < 21
    taken = spec.load(shelf).take(np.array([20, 3]))
    first = framed(spec, monkeys / "validation/validation/n2/n2001.jpg")
    shelf.items = {digest: data for digest, data in shelf.items.items() if digest in taken.shelved}
    assert len(shelf.items) == 2
    assert np.array_equal(taken.arrays["image"][0], first.astype(np.float32))
    assert np.array_equal(taken.fetched().inputs[0].array, taken.arrays["image"])
    with pytest.raises(KeyError):
        values[0]


@pytest.mark.parametrize("rows", [4, slice(2, 9, 3), np.array([5, 5, 0]), np.arange(21) % 2 == 0, np.arange(0)])
def test_rows_are_chosen_as_of_an_array(monkeys: Path, rows: int | slice | Array) -> None:
    values = ImageFolderSpec(path=monkeys, size=16).load(Memory()).inputs[0].values
    assert np.array_equal(values[rows], np.stack(list(values))[rows])


def test_a_record_names_its_pictures_and_finds_them_again(monkeys: Path) -> None:
    """The record holds digests, the shelf the pixels: without them it is small, and another picture is another one."""
    shelf = Memory()
    data = ImageFolderSpec(path=monkeys, size=64, regions={"training/n0/n0001.jpg": (1, 2, 4, 10)}).load(shelf)
    packed = pack(data)
    assert len(packed) < 20_000
    again = unpack(Dataset, packed, shelf)
    assert pack(again) == packed
    assert pack(again.fetched()) == pack(data.fetched())
    with pytest.raises(ValidationError):
        unpack(Dataset, packed)


def test_the_frame_is_the_middle_of_what_was_resized(tmp_path: Path) -> None:
    """torchvision's published transform: shorter side to 12, long side cut down, then 8x8 from the middle."""
    picture = Image.fromarray(photograph_of("flower")).crop((200, 100, 290, 160))
    picture.save(tmp_path / "a.png")
    found = framed(FramedSpec(size=8, resize=12), tmp_path / "a.png")
    whole = np.asarray(picture.resize((18, 12), Image.Resampling.BILINEAR))
    assert np.array_equal(found, whole[2:10, 5:13])


def test_without_a_frame_it_is_squeezed(tmp_path: Path) -> None:
    """As Keras' load_img does with target_size."""
    picture = Image.fromarray(photograph_of("cat"))
    picture.save(tmp_path / "a.png")
    found = framed(FramedSpec(size=20, interpolation="nearest"), tmp_path / "a.png")
    assert np.array_equal(found, np.asarray(picture.resize((20, 20), Image.Resampling.NEAREST)))


def test_photographs_are_what_their_labels_say(tmp_path: Path) -> None:
    write(tmp_path / "a.jpg", 0)
    write(tmp_path / "b.png", 1)
    spec = PhotographsSpec(paths=(tmp_path / "a.jpg", tmp_path / "b.png"), labels=("African_elephant", "430"), size=32)
    data = spec.load(Memory())
    assert [data.classes[label] for label in data.labels] == ["African elephant", "basketball"]
    assert data.sample_ids.tolist() == ["a.jpg", "b.png"]


def test_names_of_imagenet_are_in_the_published_order() -> None:
    """Facts from the articles: 386 is the African elephant; basketball, trailer truck and basenji are its top ones."""
    assert len(set(IMAGENET)) == 1000
    assert [IMAGENET[index] for index in (0, 386, 430, 867, 253)] == [
        "tench", "African elephant", "basketball", "trailer truck", "basenji"
    ]  # fmt: skip
    with pytest.raises(InputError, match="the nearest are 'African elephant', 'African cham"):
        class_index("african elefant", IMAGENET)
    with pytest.raises(InputError, match="1000 classes; none is called much like it"):
        class_index("~~~", IMAGENET)


def test_what_counts_is_what_is_in_the_files(tmp_path: Path) -> None:
    """The same picture elsewhere asks the same, another picture at the same place does not."""

    def spec_with_digests(name: str, number: int) -> object:
        write(tmp_path / name / "a.png", number)
        return PhotographsSpec(paths=(tmp_path / name / "a.png",), labels=("0",)).spec_with_digests()

    assert spec_with_digests("one", 0) == spec_with_digests("two", 0)
    assert spec_with_digests("one", 0) != spec_with_digests("one", 1)


def test_a_box_is_a_region_of_its_picture(monkeys: Path) -> None:
    data = ImageFolderSpec(path=monkeys, size=32, regions={"training/n0/n0001.jpg": (1, 2, 4, 10)}).load(Memory())
    regions = data.inputs[0].regions
    assert regions is not None
    assert sum(region.sum() for region in regions) == 3 * 8
    assert regions[data.sample_ids.tolist().index("training/n0/n0001.jpg")][1:4, 2:10].all()


@pytest.mark.parametrize("regions", [{"n7/none.jpg": (0, 0, 1, 1)}, {"training/n0/n0001.jpg": (0, 0, 33, 1)}])
def test_a_box_outside_of_every_picture_is_refused(monkeys: Path, regions: dict[str, Box]) -> None:
    with pytest.raises(InputError, match=r"data\.regions: "):
        ImageFolderSpec(path=monkeys, size=32, regions=regions).load(Memory())


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (lambda root: ImageFolderSpec(path=root / "nowhere"), "put the folders training/CLASS and validation/CLASS"),
        (lambda root: Food101Spec(path=root, get="URL"), r"get URL and unpack food-101\.tar\.gz in"),
        (
            lambda root: ImageFolderSpec(path=root, names={"n9": "langur"}),
            r"n9 are not folders of the data; there are n0, n1, n2",
        ),
        (lambda root: PhotographsSpec(paths=(root / "x.jpg",), labels=("0",)), "does not exist"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(
    monkeys: Path, spec: Callable[[Path], ImageFolderSpec], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        spec(monkeys).load(Memory())


class Full(Memory):
    """A shelf on a disk without room."""

    def put(self, data: bytes, *, durably: bool = True) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_without_room_is_no_fault_of_the_pictures(monkeys: Path) -> None:
    """It ends the run: pictures that were left out for it would stay left out when there is room again."""
    spec = ImageFolderSpec(path=monkeys, size=8)
    with pytest.raises(OSError, match="No space left"):
        spec.load(Full())


# --- without labels, and among the classes of a model --------------------------------------------------------------


def test_pictures_directly_in_a_folder_have_no_labels(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / f"{number}.jpg", number)
    data = ImageFolderSpec(path=tmp_path, size=32).load(Memory())
    assert not data.labelled.any()
    assert set(data.split) == {"explain"}
    assert data.classes == IMAGENET
    assert data.sample_ids.tolist() == ["0.jpg", "1.jpg", "2.jpg"]
    assert "without labels" in data.description
    own = ImageFolderSpec(path=tmp_path, size=32, classes=("cat", "dog"), per_class=2).load(Memory())
    assert (own.classes, len(own.labels)) == (("cat", "dog"), 2)


def test_photographs_need_no_labels(tmp_path: Path) -> None:
    write(tmp_path / "a.jpg", 1)
    data = PhotographsSpec(paths=(tmp_path / "a.jpg",), size=32).load(Memory())
    assert not data.labelled.any()
    assert data.split.tolist() == ["explain"]


def test_folders_may_be_some_of_the_classes_of_a_model(tmp_path: Path) -> None:
    for name in ("tabby", "espresso"):
        for number in range(2):
            write(tmp_path / name / f"{number}.jpg", number)
    data = ImageFolderSpec(path=tmp_path, size=32, classes="imagenet").load(Memory())
    assert data.classes == IMAGENET
    assert {data.classes[int(label)] for label in data.labels} == {"tabby", "espresso"}
    with pytest.raises(InputError, match=r"^data\.classes: the folder 'espresso' is not one of the 2 classes"):
        ImageFolderSpec(path=tmp_path, size=32, classes=("tabby", "dog")).load(Memory())


def test_one_folder_alone_says_what_is_needed(tmp_path: Path) -> None:
    write(tmp_path / "tabby" / "0.jpg", 1)
    with pytest.raises(InputError, match=r"has 1 folder with pictures; it needs one per class, or pictures without"):
        ImageFolderSpec(path=tmp_path).load(Memory())


def test_a_frame_is_taken_from_the_model_where_the_config_leaves_it_open() -> None:
    wanted = Frame(size=299, resize=342, interpolation="bicubic")
    assert ImageFolderSpec(path=Path()).frame == Frame(size=224, resize=None, interpolation="bilinear")
    assert ImageFolderSpec(path=Path()).framed_as(wanted).frame == wanted
    assert ImageFolderSpec(path=Path(), resize=None).framed_as(wanted).frame.resize is None
    assert ImageFolderSpec(path=Path(), size=64).framed_as(wanted).frame.size == 64


@pytest.mark.parametrize("subfolders", [False, True])
def test_a_folder_that_may_not_be_read_is_no_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subfolders: bool
) -> None:
    """Its pictures would be missing without a word, or end in a traceback."""
    for number in range(4):
        write(tmp_path / "ab"[number % 2] / f"{number}.png", number)
    hidden = tmp_path / "b" / "more"
    write(hidden / "9.png", 9)
    closed = hidden if subfolders else tmp_path / "b"
    for name in ("listdir", "scandir"):
        as_it_was = getattr(os, name)

        def refusing(folder: str, as_it_was: Callable[[str], object] = as_it_was) -> object:
            if Path(folder) == closed:
                raise PermissionError(errno.EACCES, "Permission denied", str(folder))
            return as_it_was(folder)

        monkeypatch.setattr(os, name, refusing)
    with pytest.raises(InputError, match=r"data\.path: the folder .*b.* cannot be read \(Permission denied\)"):
        ImageFolderSpec(path=tmp_path, size=8, subfolders=subfolders).load(Memory())


def test_a_folder_that_may_not_be_searched_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match=r"data\.path: .* may not be read by this user"):
        EsolSpec(path=tmp_path).files()
