"""What is measured of pictures, texts, molecules and series, and how near molecules are to the training."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from exhibit.tasks.data.folder import ImageFolderSpec
from exhibit.tasks.datasheet.columns import Values
from exhibit.tasks.datasheet.kinds import measured
from exhibit.tasks.datasheet.molecules import domain
from exhibit.tasks.datasheet.sheet import datasheet
from exhibit.tasks.document import data_domain, data_rows
from exhibit.tasks.document import datasheet as told
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.shelf import Shelved
from tests.conftest import Memory
from tests.document.test_first_pages import flowers

CHAIN = ("CCO", "CCCO", "CCCCO", "CCCCCO")


def of(item: Input, test: int = 0, labels: Array | None = None) -> Dataset:
    """The last `test` samples are held out."""
    rows = len(item.values)
    return Dataset(
        title="t", description="d", source="s", task="classification", inputs=(item,), label_name="label",
        sample_ids=np.arange(rows).astype(str), labels=np.arange(rows) % 2 if labels is None else labels,
        split=np.array(["train"] * (rows - test) + ["test"] * test), classes=("a", "b"),
    )  # fmt: skip


def by_name(item: Input) -> dict[str, Values]:
    return {each.name: each for each in measured(item, alone=True)}


def test_pictures_have_a_brightness_and_a_contrast() -> None:
    pictures = np.zeros((2, 2, 2, 1))
    pictures[1, 0] = 255
    found = by_name(Input(name="picture", kind="image", values=pictures, bounds=(0, 255)))
    assert found["brightness"].cells.tolist() == [0, 0.5]
    assert found["contrast"].cells.tolist() == [0, 0.5]


def test_pictures_from_files_have_the_sizes_of_these(tmp_path: Path) -> None:
    """As they are shown, before they are brought to what the model is given, and of the rows that are taken."""
    for name, size in (("a", (20, 10)), ("b", (12, 30)), ("c", (16, 16))):
        Image.new("RGB", size).save(tmp_path / f"{name}.png")
    data = ImageFolderSpec(path=tmp_path, size=8, classes=("x", "y")).load(Memory())
    found = by_name(data.take(np.array([1, 0])).inputs[0])
    assert found["width of the file in pixels"].cells.tolist() == [12, 20]
    assert found["height of the file in pixels"].cells.tolist() == [30, 10]


def test_sizes_of_files_that_give_the_class_away_are_named(tmp_path: Path) -> None:
    """The model is given all pictures in one size, but stretched or cut by how large they were."""
    for label, wide in (("cat", 30), ("dog", 40)):
        (folder := tmp_path / label).mkdir()
        for k in range(60):
            Image.fromarray(np.random.default_rng(k).integers(0, 255, (20, wide, 3), np.uint8)).save(
                folder / f"{k}.png"
            )
    data = ImageFolderSpec(path=tmp_path, size=8).load(Memory())
    item = flowers([1, 2, 3, 4], dataset=data, datasheet=datasheet(data))
    (said,) = told.concerns(item)
    assert "as the model is given it but for the sizes of files: brightness" in data_rows.used(item, datasheet(data))
    assert said.sentence.startswith("The property width of the file in pixels alone tells the label of ")


def test_texts_have_a_length_unknown_tokens_and_a_script() -> None:
    vocabulary = ("[PAD]", "[UNK]", "hat", "шляпа", "!")
    ids = np.array([[2, 2, 1, 0], [3, 4, 0, 0], [4, 0, 0, 0]])
    found = by_name(Input(name="text", kind="text", values=ids, vocabulary=vocabulary))
    assert found["number of tokens"].cells.tolist() == [3, 2, 1]
    assert found["share of unknown tokens"].cells.tolist() == pytest.approx([1 / 3, 0, 0])
    script = found["script"]
    assert [script.words[int(code)] for code in script.cells] == ["Latin", "Cyrillic", "no letters"]


def test_series_have_a_mean_and_a_spread_of_each_channel() -> None:
    steps = np.array([[[0.0, 1.0], [2.0, 1.0]]])
    found = by_name(Input(name="series", kind="series", values=steps, features=("x", "y")))
    assert {name: each.cells.tolist() for name, each in found.items()} == {
        "mean of x": [1], "spread of x": [1], "mean of y": [1], "spread of y": [0]
    }  # fmt: skip


def test_molecules_are_held_against_the_nearest_of_the_training() -> None:
    """Similarities are those of RDKit's own example: a molecule is as similar as can be to itself, and is not its own
    neighbour."""
    smiles = np.array([*CHAIN, "CCCO", "c1ccc2ccccc2c1"])
    data = of(Input(name="molecule", kind="molecule", values=smiles), test=2)
    found = domain(data, np.arange(4), np.array([4, 5]))
    assert found is not None
    assert (found.nearest["4"].name, found.nearest["4"].similarity) == ("1", 1.0)
    assert found.nearest["5"].similarity == 0
    assert found.nearest["1"].name != "1"
    assert (found.far, found.scaffolds, found.new_scaffolds) == (1, 0, 1)
    item = flowers([1, 2, 3, 4], dataset=data)
    sheet = datasheet(data)
    assert "1 (50%) is farther" in data_domain.told(item, sheet)[0]
    assert sheet.domain
    known = sheet.model_copy(update={"domain": sheet.domain.model_copy(update={"new_scaffolds": 0})})
    assert "and none has a scaffold that none of the training rows has" in data_domain.told(item, known)[0]
    assert [row[-1] for row in data_domain.nearest(item, sheet)[0].rows][-2:] == ["no", "yes"]


def test_pictures_on_a_shelf_that_are_the_same_are_found_by_their_digests() -> None:
    shelf = Memory()
    pictures = np.random.default_rng(0).integers(0, 255, (40, 4, 4, 1)).astype(np.uint8)
    pictures[39], pictures[1] = pictures[3], pictures[0]
    digests = np.array([shelf.put(picture.tobytes()) for picture in pictures], "S64")
    shelved = Shelved(digests, (4, 4, 1), "float32", shelf)
    plain = Input(name="picture", kind="image", values=pictures, bounds=(0, 255))
    found = datasheet(of(plain, test=10))
    assert (found.repeated.rows, found.shared.rows) == (1, 1)
    marked = datasheet(of(plain.model_copy(update={"values": shelved}), test=10))
    assert (marked.repeated, marked.shared.rows) == (found.repeated, 1)


def test_brightness_that_gives_the_class_away_is_named() -> None:
    draws = np.random.default_rng(0)
    labels = np.arange(300) % 2
    pictures = draws.uniform(0, 0.2, (300, 4, 4, 1)) + 0.5 * labels[:, None, None, None]
    data = of(Input(name="picture", kind="image", values=pictures), test=60, labels=labels)
    found = datasheet(data)
    (said,) = told.concerns(flowers([1, 2, 3, 4], dataset=data, datasheet=found))
    assert said.title == "A property gives the label away"
    assert said.sentence.startswith("The property brightness alone tells the label of ")
    used = data_rows.used(flowers([1, 2, 3, 4], dataset=data), found)
    assert "column" not in used
    assert "Pictures are given as 4 × 4 pixels. Measured of each sample" in used
