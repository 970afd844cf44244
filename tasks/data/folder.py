"""A folder of pictures per class, Food-101, and single photographs.

Which pictures there are and how they are framed; how one file is read is in `picture_file`.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from exhibit.tasks.data.data import Data
from exhibit.tasks.data.files import (
    FramedSpec,
    Picture,
    class_names,
    content_digest,
    digests,
    existing,
    existing_folder,
    pictures_below,
    pictures_in,
    sampled,
)
from exhibit.tasks.data.grouping import GroupColumns, Protected, protected_groups
from exhibit.tasks.data.imagenet import IMAGENET, class_index
from exhibit.tasks.data.picture_groups import picture_groupings, picture_table
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset, Excluded, Input, Split
from exhibit.tasks.records.decision import ByName
from exhibit.tasks.records.framing import Frame
from exhibit.tasks.records.language import COMMA, as_given, joined, mark, mark_option, of_option, say, say_all
from exhibit.tasks.records.shelf import Shelf, Shelved

_Pixel = Annotated[int, Field(ge=0, le=4_096)]
Box = tuple[_Pixel, _Pixel, _Pixel, _Pixel]
Classes = Literal["imagenet"] | tuple[str, ...]
_Published = Annotated[float, Field(ge=-1_000_000_000, le=1_000_000_000)]


class PictureSpec(FramedSpec, Data):
    """What every kind of picture files has in common."""

    on_shelf: ClassVar[bool] = True

    get: str = Field("", description="where the files are to be had: said when one is missing")
    regions: dict[str, Box] = Field(
        default_factory=dict,
        description="where what matters is: sample id to [top, left, bottom, right] in pixels seen",
    )

    published: dict[str, _Published] = Field(
        default_factory=dict, description="numbers of others on this data, printed beside those measured"
    )

    @abstractmethod
    def wanted(self) -> tuple[list[Picture], list[str]]:
        """The files, and the classes by name.

        Raises:
            InputError: for files that are not there.
        """

    def pictures(self, wanted: Sequence[Picture], shelf: Shelf) -> tuple[Input, list[Picture], list[Excluded]]:
        """The pictures that can be read with their regions, which they are, and the others with the reason.

        Raises:
            InputError: for no picture that can be read, or regions that are not in them.
        """
        image, kept, excluded = self.read(wanted, shelf, self.limits)
        if not self.regions:
            return image, kept, excluded
        names = [picture.name for picture in kept]
        for name, box in self.regions.items():
            self._checked(name, box, names)
        nowhere = shelf.put(self._mask((0, 0, 0, 0)))
        digests = [shelf.put(self._mask(self.regions[name])) if name in self.regions else nowhere for name in names]
        masks = Shelved(np.array(digests, "S"), (self.side, self.side), "bool", shelf)
        return image.model_copy(update={"regions": masks}), kept, excluded

    def _checked(self, name: str, box: Box, names: Sequence[str]) -> None:
        (top, left, bottom, right), side = box, self.side
        if name not in names or not (0 <= top < bottom <= side and 0 <= left < right <= side):
            raise InputError(
                f"data.regions: {name}: [{top}, {left}, {bottom}, {right}] was given; it needs a sample that is "
                f"there and [top, left, bottom, right] within {side}x{side} pixels"
            )

    def _mask(self, box: Box) -> bytes:
        top, left, bottom, right = box
        mask = np.zeros((self.side, self.side), np.uint8)
        mask[top:bottom, left:right] = 1
        return mask.tobytes()

    @property
    def _get(self) -> str:
        return f"get {self.get} and " if self.get else ""

    def spec_with_digests(self) -> dict[str, Any]:
        """The spec, with a digest of the files in the place of where they are."""
        wanted, classes = self.wanted()
        plain = self.model_dump(mode="json", exclude={"path", "paths", "get", *self.about})
        plain |= self.frame.model_dump(mode="json")
        return plain | {"files": content_digest(wanted), "classes": classes}


class ImageFolderSpec(PictureSpec):
    """Pictures in one folder per class, as in `training/n0` and `validation/n0`, or split by seed where there is only
    one folder per class; or directly in the folder, without labels."""

    kind: Literal["image_folder"] = "image_folder"
    path: Path = Field(description="a folder with `train` and `test`, with one folder per class, or with the pictures")
    title: str = Field(mark_option("A folder of images"), description="what the report calls the data")
    source: str = Field(mark_option("pictures of the user's own"), description="who made the pictures, for the report")
    train: str = Field("training", description="folder of the training classes")
    test: str = Field("validation", description="folder of the held-out classes")
    test_share: float = Field(0.2, gt=0, lt=1, description="held out of each class where there are no such folders")
    per_class: int | None = Field(
        None, ge=2, le=10_000_000, description="at most so many of each class and split; null: all"
    )
    names: dict[str, str] = Field(default_factory=dict, description="what a folder's class is called")
    classes: Classes | None = Field(
        None,
        description="the classes of the model, in order, among which those of the folders are; or imagenet; null: "
        "those of the folders, of pictures without folders those of ImageNet",
    )
    seed: int = Field(0, ge=0, lt=2**32, description="of what is held out and of which are taken")
    subfolders: bool = Field(
        False, description="pictures in folders within that of a class are read as well, as CLASS/SITE/1.jpg"
    )
    table: Path | None = Field(
        None,
        description="a .csv or .parquet file that says more of the pictures, for groups: a column file, the name of a "
        "picture with as much of its folders as tells it apart, and others",
    )
    groups: GroupColumns = Field(
        (),
        description="by what results and explanations are told apart: columns of `table`, those of numbers with ends "
        "of ranges, and folder, that of a picture within its class, as [folder, sex, {age: [25, 40, 60]}]",
    )
    protected: Protected = Field(
        (),
        description="columns of groups, such as sex, that must not be a reason: leading parts of the frame whose light "
        "tells one are named",
    )

    about: ClassVar[frozenset[str]] = PictureSpec.about | {"protected"}

    def by_name(self, _: Dataset) -> ByName:
        """No columns of a model, and which must not be a reason.

        Raises:
            InputError: for one by which pictures are not grouped, so that no part of them can be said to tell it.
        """
        return protected_groups(self.protected, self.groups, "part of a picture")

    def wanted(self) -> tuple[list[Picture], list[str]]:
        """All pictures, class by class, training before held-out ones."""
        root = existing_folder(
            self.path, "path", f"{self._get}put the folders {self.train}/CLASS and {self.test}/CLASS there"
        )
        parts = {split: _inner(root / name) for split, name in (("train", self.train), ("test", self.test))}
        divided = all(part.is_dir() for part in parts.values())
        inner = parts["train"] if divided else _inner(root)
        folders = self._class_folders(inner)
        if not folders and (flat := pictures_in(inner)):
            return self._unlabelled(flat)
        _require_several(folders, inner)
        pictures: list[Picture] = []
        for label, folder in enumerate(folders):
            if divided:
                pictures += self._of(self.train, folder, "train", label, self._within(folder))
                held_out = existing(parts["test"] / folder.name, "path", f"every class of {self.train} needs one")
                pictures += self._of(self.test, held_out, "test", label, self._within(held_out))
            else:
                pictures += self._split(folder, label)
        names = list(class_names([folder.name for folder in folders], self.names))
        if self.classes is None:
            return pictures, names
        classes = named_classes(self.classes)
        places = [class_index(name, classes, "data.classes: the folder") for name in names]
        placed = [picture._replace(label=places[picture.label or 0]) for picture in pictures]
        return placed, classes

    def _unlabelled(self, paths: Sequence[Path]) -> tuple[list[Picture], list[str]]:
        chosen = sampled(paths, self.per_class, self.seed)
        return [Picture(path, path.name, None, "explain") for path in chosen], named_classes(self.classes or "imagenet")

    def load(self, shelf: Shelf) -> Dataset:
        """The pictures that can be read; the others are listed in `excluded` with the reason."""
        wanted, classes = self.wanted()
        flat = all(picture.label is None for picture in wanted)
        kind = mark("Pictures without labels.") if flat else mark("Pictures in one folder per class.")
        image, kept, excluded = self.pictures(wanted, shelf)
        dataset = _dataset(
            image,
            kept,
            excluded,
            classes,
            self.published,
            title=of_option(self.title),
            description=say_all(kind, self.framing),
            source=of_option(self.source),
        )
        folders = [picture.within for picture in kept] if self.subfolders else None
        table = picture_table(self.table, self.limits)
        found = picture_groupings(self.groups, kept, folders, table, self._names(), self.limits)
        return dataset.model_copy(update={"groupings": found})

    def spec_with_digests(self) -> dict[str, Any]:
        """The spec, with digests of the files in the place of where they are."""
        table = picture_table(self.table, self.limits)
        if table is None:
            return super().spec_with_digests()
        return super().spec_with_digests() | digests({"table": table}) | {"names": self._names()}

    def _names(self) -> list[str]:
        """Of all pictures that are there, drawn or not: the table may speak of any."""
        return [picture.name for picture in self.model_copy(update={"per_class": None}).wanted()[0]]

    def _class_folders(self, root: Path) -> list[Path]:
        return sorted(path for path in root.iterdir() if path.is_dir() and self._within(path))

    def _within(self, folder: Path) -> list[Path]:
        return pictures_below(folder) if self.subfolders else pictures_in(folder)

    def _split(self, folder: Path, label: int) -> list[Picture]:
        paths = self._within(folder)
        test = sampled(paths, max(1, round(self.test_share * len(paths))), self.seed)
        train = [path for path in paths if path not in set(test)]
        return [*self._of("", folder, "train", label, train), *self._of("", folder, "test", label, test)]

    def _of(self, part: str, folder: Path, split: Split, label: int, paths: Sequence[Path]) -> list[Picture]:
        return [
            Picture(path, (Path(part) / folder.name / inner / path.name).as_posix(), label, split, inner.as_posix())
            for path in sampled(paths, self.per_class, self.seed)
            for inner in [path.parent.relative_to(folder)]
        ]


class Food101Spec(PictureSpec):
    """Food-101 as its authors publish it and torchvision unpacks it: 101 dishes, 750 pictures of each in the training
    list and 250 in the test list. Part of the training list validates: it watches the training, and the test list
    measures it alone. The defaults of the frame are those of EfficientNet-B1's weights.

    L. Bossard, M. Guillaumin, L. Van Gool (2014), Food-101: mining discriminative components with random forests.
    """

    kind: Literal["food101"] = "food101"
    path: Path = Field(description="the folder that holds food-101/meta and food-101/images")
    usual: ClassVar[Frame] = Frame(size=240, resize=255, interpolation="bilinear")

    per_class: int | None = Field(
        None, ge=1, le=10_000_000, description="at most so many of each dish in the training list"
    )
    validation_share: float = Field(
        0.2, ge=0, lt=1, description="of these, so many validate and do not train; 0: the published lists alone"
    )
    test_per_class: int | None = Field(
        None, ge=1, le=10_000_000, description="at most so many of each dish in the test list"
    )
    test_index: tuple[Annotated[int, Field(ge=0, le=1_000_000)], ...] = Field(
        (), description="further ones by their place in the published test list"
    )
    seed: int = Field(0, ge=0, lt=2**32, description="of which are taken, and which validate")

    def wanted(self) -> tuple[list[Picture], list[str]]:
        """The pictures that are taken, training before validation before test ones, dish by dish."""
        classes, train, test = (self._list(name) for name in ("classes", "train", "test"))
        parts: dict[Split, list[Path]] = {"train": [], "validation": [], "test": []}
        for of_train, of_test in zip(self._by_dish(classes, train), self._by_dish(classes, test), strict=True):
            chosen = sampled(of_train, self.per_class, self.seed)
            validating = set(sampled(chosen, round(self.validation_share * len(chosen)), self.seed))
            parts["train"] += [path for path in chosen if path not in validating]
            parts["validation"] += [path for path in chosen if path in validating]
            parts["test"] += sampled(of_test, self.test_per_class, self.seed)
        further = (self._file(test[row]) for row in self._further(len(test)))
        parts["test"] = list(dict.fromkeys([*parts["test"], *further]))
        return [
            Picture(path, f"{path.parent.name}/{path.stem}", classes.index(path.parent.name), split)
            for split, paths in parts.items()
            for path in paths
        ], [name.replace("_", " ") for name in classes]

    def _list(self, name: str) -> list[str]:
        where = f"{self._get}unpack food-101.tar.gz in {self.path}"
        root = existing(self.path / "food-101", "path", where)
        return existing(root / "meta" / f"{name}.txt", "path", where).read_text().split()

    def _by_dish(self, dishes: Sequence[str], names: Sequence[str]) -> list[list[Path]]:
        """The files of each dish, in the order of the list."""
        paths: dict[str, list[Path]] = {dish: [] for dish in dishes}
        for name in names:
            paths[name.partition("/")[0]].append(self._file(name))
        return list(paths.values())

    def _file(self, name: str) -> Path:
        return self.path / "food-101" / "images" / f"{name}.jpg"

    def load(self, shelf: Shelf) -> Dataset:
        """The pictures that can be read; the others are listed in `excluded` with the reason."""
        wanted, classes = self.wanted()
        return _dataset(
            *self.pictures(wanted, shelf),
            classes,
            self.published,
            title="Food-101",
            description=say_all(say("Photographs of {count} dishes.", count=str(len(classes))), self.framing),
            source="L. Bossard, M. Guillaumin, L. Van Gool (2014), Food-101: mining discriminative components with "
            "random forests, ECCV",
        )

    def _further(self, count: int) -> tuple[int, ...]:
        if out_of_range := [row for row in self.test_index if not 0 <= row < count]:
            raise InputError(f"data.test_index: {out_of_range} was given, but the test list goes from 0 to {count - 1}")
        return self.test_index


class PhotographsSpec(PictureSpec):
    """Single photographs for a model that was trained elsewhere."""

    kind: Literal["photographs"] = "photographs"
    usual: ClassVar[Frame] = Frame(size=224, resize=256, interpolation="bilinear")
    paths: tuple[Path, ...] = Field(min_length=1, description="files of the photographs")
    labels: tuple[str, ...] = Field(
        (), description="what each shows, one class of the model per photograph; none: the photographs have no labels"
    )
    classes: Classes = Field("imagenet", description="the classes of the model, in order")
    read_as: tuple[str, ...] = Field((), description="the likeliest class of each as published, which is printed")
    title: str = Field(mark_option("Photographs"), description="what the report calls the data")
    source: str = Field(mark_option("photographs of the user's own"), description="who made them, for the report")

    @model_validator(mode="after")
    def _a_label_each(self) -> "PhotographsSpec":
        if self.labels and len(self.paths) != len(self.labels):
            raise ValueError(
                f"{len(self.paths)} paths and {len(self.labels)} labels: give one label per photograph, or none"
            )
        if self.read_as and len(self.paths) != len(self.read_as):
            raise ValueError(f"{len(self.paths)} paths and {len(self.read_as)} in read_as: give one per photograph")
        return self

    def wanted(self) -> tuple[list[Picture], list[str]]:
        """The photographs in the given order."""
        classes = named_classes(self.classes)
        where = f"{self._get}put the photograph there, or give its path"
        known = [class_index(label, classes) for label in self.labels]
        labels: Sequence[int | None] = known or [None] * len(self.paths)
        return [
            Picture(existing(path, "paths", where), path.name, label, "explain" if label is None else "test")
            for path, label in zip(self.paths, labels, strict=True)
        ], classes

    def load(self, shelf: Shelf) -> Dataset:
        """The photographs that can be read; the others are listed in `excluded` with the reason."""
        wanted, classes = self.wanted()
        published = say(
            "Published as the likeliest classes are {classes}.",
            classes=joined([as_given(name) for name in self.read_as], COMMA),
        )
        description = say_all(mark("Single photographs."), self.framing, published if self.read_as else "")
        return _dataset(
            *self.pictures(wanted, shelf),
            classes,
            self.published,
            title=of_option(self.title),
            description=description,
            source=of_option(self.source),
        )


def _inner(folder: Path) -> Path:
    """The folder, or one of the same name in it: an archive that was unpacked into a folder of its own name."""
    inside = folder / folder.name
    return inside if inside.is_dir() else folder


def named_classes(classes: Classes) -> list[str]:
    """The names of the classes of a model, in order."""
    return list(IMAGENET if classes == "imagenet" else classes)


def _require_several(folders: Sequence[Path], root: Path) -> None:
    if len(folders) < 2:
        raise InputError(
            f"data.path: {root} has {len(folders)} folder{'s' * (len(folders) != 1)} with pictures; it needs one per "
            "class, or pictures without labels directly in it, for a model that is given"
        )


def _labels(labels: Sequence[int | None]) -> Array:
    """Numbers of classes; NaN where there is none."""
    known = [label for label in labels if label is not None]
    if len(known) == len(labels):
        return np.array(known, np.int64)
    return np.array([np.nan if label is None else label for label in labels], np.float64)


def _dataset(
    image: Input,
    kept: Sequence[Picture],
    excluded: Sequence[Excluded],
    classes: Sequence[str],
    published: Mapping[str, float],
    *,
    title: str,
    description: str,
    source: str,
) -> Dataset:
    return Dataset(
        title=title,
        description=description,
        source=source,
        task="classification",
        inputs=(image,),
        sample_ids=np.array([picture.name for picture in kept]),
        labels=_labels([picture.label for picture in kept]),
        split=np.array([picture.split for picture in kept]),
        classes=tuple(classes),
        label_name=mark("class"),
        excluded=tuple(excluded),
        published=dict(published),
    )
