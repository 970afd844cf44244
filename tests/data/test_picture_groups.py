"""What pictures are grouped by: a table beside them, and the folders that they lie in."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from exhibit.tasks.data.folder import ImageFolderSpec
from exhibit.tasks.document import for_whom
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.grouping import Groupings
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.records.subgroups import ForWhom
from exhibit.tasks.stages.load import load
from exhibit.tasks.store import Store
from tests.conftest import Memory
from tests.document.test_no_false_sentence import flowers
from tests.test_for_whom import NOTHING


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Two classes, each from two sites and one picture of no site; 1.jpg is a name that stands there twice."""
    for kind in ("cat", "dog"):
        for number, name in enumerate(["east/1.jpg", "east/2.jpg", "west/3.jpg", "west/4.jpg", f"{kind}5.jpg"]):
            path = tmp_path / "pets" / kind / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (40 * number, 0, 80 * (kind == "cat"))).save(path)
    return tmp_path / "pets"


def table(pets: Path, text: str) -> Path:
    path = pets.parent / "more.csv"
    path.write_text(text)
    return path


def spec(pets: Path, **settings: Any) -> ImageFolderSpec:
    return ImageFolderSpec(path=pets, size=8, subfolders=True, **settings)


def by_picture(spec: ImageFolderSpec) -> list[dict[str, str]]:
    """For each column what each picture belongs to."""
    found = spec.load(Memory())
    assert found.groupings
    return [
        {name: one.groups[place] for name, place in zip(found.sample_ids.tolist(), one.of.tolist(), strict=True)}
        for one in found.groupings.items
    ]


def test_a_folder_within_that_of_a_class_is_a_group(pets: Path) -> None:
    (found,) = by_picture(spec(pets, groups=["folder"]))
    assert len(found) == 10
    assert {found[f"{kind}/{name}"] for kind in ("cat", "dog") for name in ("east/1.jpg", "east/2.jpg")} == {"east"}
    assert (found["dog/west/3.jpg"], found["dog/dog5.jpg"]) == ("west", "not stated")


def test_without_subfolders_the_same_pictures_as_ever_are_read(pets: Path) -> None:
    assert sorted(ImageFolderSpec(path=pets, size=8).load(Memory()).sample_ids) == ["cat/cat5.jpg", "dog/dog5.jpg"]


def test_a_table_says_more_of_a_picture_by_as_much_of_its_path_as_tells_it_apart(pets: Path) -> None:
    """A row for no picture is none, a picture without a row has nothing stated; numbers are ranges."""
    beside = table(
        pets,
        "file,species,age\ncat/east/1.jpg,猫,3\ndog\\east\\1.jpg,犬,12\ncat5.jpg,猫,7\n./dog/east/2.jpg,犬,\nbird.jpg,鳥,1\n",
    )
    species, age = by_picture(spec(pets, table=beside, groups=["species", {"age": [5, 10]}]))
    assert {name: group for name, group in species.items() if group != "not stated"} == {
        "cat/east/1.jpg": "猫", "dog/east/1.jpg": "犬", "cat/cat5.jpg": "猫", "dog/east/2.jpg": "犬",
    }  # fmt: skip
    assert {name: group for name, group in age.items() if group != "not stated"} == {
        "cat/east/1.jpg": "under 5", "dog/east/1.jpg": "10 and over", "cat/cat5.jpg": "5 to under 10",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["cat5.jpg", "bird.jpg", "fish.jpg"], "2 rows of data.table name no picture that is there, the first of them "
         "bird.jpg. 9 pictures have no row there."),
        (["cat/cat5.jpg", "dog/cat5.jpg"], "1 row of data.table names no picture that is there: dog/cat5.jpg. 9 "
         "pictures have no row there."),
        (["cat5.jpg"], "9 pictures have no row there."),
        ([f"{kind}/{name}" for kind in ("cat", "dog") for name in
          ("east/1.jpg", "east/2.jpg", "west/3.jpg", "west/4.jpg", f"{kind}5.jpg")], ""),
    ],
)  # fmt: skip
def test_rows_of_no_picture_and_pictures_without_a_row_are_counted(names: list[str], said: str, pets: Path) -> None:
    beside = table(pets, "\n".join(["file,sex", *(f"{name},f" for name in names)]) + "\n")
    found = spec(pets, table=beside, groups=["sex"]).load(Memory()).groupings
    assert found
    assert found.note == said
    assert found.names[-1] == said  # its letters are asked for, too
    by = ForWhom(by={"sex": {"f": 1}}, given=(), measured=None, explained=NOTHING, note=found.note)
    assert f"Rows are told apart by sex. {said}".strip() in for_whom._asked(flowers([0.4, 0.3, 0.2, 0.1]), by)


def test_a_picture_that_is_not_drawn_is_there(pets: Path) -> None:
    beside = table(pets, "file,sex\n" + "".join(f"{kind}/{site}/{n}.jpg,f\n" for kind in ("cat", "dog")
                   for site, n in (("east", 1), ("east", 2), ("west", 3), ("west", 4))))  # fmt: skip
    found = spec(pets, table=beside, groups=["sex"], per_class=2).load(Memory()).groupings
    assert found
    assert "name" not in found.note


def test_a_table_that_nothing_is_asked_of_is_refused(pets: Path) -> None:
    with pytest.raises(InputError, match=r"for data\.groups, and none are asked for"):
        spec(pets, table=table(pets, "file,sex\ncat5.jpg,f\n")).load(Memory())


@pytest.mark.parametrize(
    ("text", "groups", "said"),
    [
        ("file,sex\n1.jpg,f\n", ["sex"], "'1.jpg' in row 0 is the name of 2 pictures; write the folder as well, as"),
        ("file,sex\ncat5.jpg,f\ncat/cat5.jpg,m\n", ["sex"], "cat/cat5.jpg stands there twice, in row 0 and row 1"),
        ("name,sex\ncat5.jpg,f\n", ["sex"], "data.table: there is no column file; there are name, sex"),
        ("file,sex\ncat5.jpg,f\n", ["gender"], "there is no column gender in data.table; there is sex"),
        ("file,sex\nbird.jpg,f\n", ["sex"], "no file of it is one of the pictures: it begins with 'bird.jpg', they"),
        (None, ["sex"], "'sex' is a column of data.table, a .csv or .parquet file with a column file"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_of_pictures_is_said_in_one_sentence(
    text: str | None, groups: list[str], said: str, pets: Path
) -> None:
    with pytest.raises(InputError, match=said):
        spec(pets, table=text and table(pets, text), groups=groups).load(Memory())


def test_folders_that_are_not_read_are_no_groups(pets: Path) -> None:
    with pytest.raises(InputError, match=r"as CLASS/SITE/1\.jpg; data\.subfolders=true reads these"):
        ImageFolderSpec(path=pets, size=8, groups=["folder"]).load(Memory())


def test_a_table_that_is_not_there_and_ten_thousand_values_are_refused(pets: Path) -> None:
    with pytest.raises(
        InputError, match=r"data\.table: .*more\.csv does not exist; put a \.csv or \.parquet file there"
    ):
        spec(pets, table=pets.parent / "more.csv", groups=["sex"]).load(Memory())
    for number in range(30):
        Image.new("RGB", (8, 8), (number, 9, 9)).save(pets / "cat" / f"p{number}.png")
    rows = "".join(f"p{number}.png,{number}.5,n{number}\n" for number in range(30))
    with pytest.raises(InputError, match=r"has 30 different values and cells without one, and at most 20 .* fewer"):
        spec(pets, table=table(pets, f"file,kg,who\n{rows}"), groups=["who"]).load(Memory())


def test_asking_changes_no_picture_and_another_table_is_another_question(pets: Path, tmp_path: Path) -> None:
    store, beside = Store(tmp_path / "store"), table(pets, "file,sex\ncat5.jpg,f\ndog5.jpg,m\n")
    plain, grouped = load(store, spec(pets)), load(store, spec(pets, table=beside, groups=["sex"]))
    assert {name: grouped[name] for name in plain.outputs} == plain.outputs
    table(pets, "file,sex\ncat5.jpg,m\ndog5.jpg,m\n")
    other = load(store, spec(pets, table=beside, groups=["sex"]))
    assert (other["dataset"], other["groupings"] == grouped["groupings"]) == (plain["dataset"], False)
    assert unpack(Groupings, store.get(other["groupings"])).items[0].groups == ("m", "not stated")
    assert np.bincount(unpack(Groupings, store.get(grouped["groupings"])).items[0].of).tolist() == [1, 1, 8]


def test_a_name_of_two_pictures_is_so_where_one_of_them_is_not_drawn(pets: Path) -> None:
    """Else the row of the other one would be given to the one that is drawn."""
    asked = [
        spec(pets, table=table(pets, "file,sex\n1.jpg,f\n"), groups=["sex"], per_class=2, seed=k) for k in range(40)
    ]
    alone = [one for one in asked if sum(each.path.name == "1.jpg" for each in one.wanted()[0]) == 1]
    assert alone
    with pytest.raises(InputError, match="is the name of 2 pictures"):
        alone[0].load(Memory())


def test_a_name_of_two_pictures_is_so_where_one_of_them_cannot_be_read(pets: Path) -> None:
    (pets / "dog/east/1.jpg").write_bytes(b"\xff\xd8 no more")
    with pytest.raises(InputError, match="is the name of 2 pictures"):
        spec(pets, table=table(pets, "file,sex\n1.jpg,f\n"), groups=["sex"]).load(Memory())


def test_a_name_that_is_written_out_is_no_end_of_another(pets: Path) -> None:
    """A folder of a site may be called as a class is."""
    other = pets / "dog/cat/cat5.jpg"
    other.parent.mkdir()
    Image.new("RGB", (8, 8)).save(other)
    (sex,) = by_picture(spec(pets, table=table(pets, "file,sex\ncat/cat5.jpg,f\n"), groups=["sex"]))
    assert {name for name, group in sex.items() if group == "f"} == {"cat/cat5.jpg"}


def test_large_whole_numbers_beside_empty_cells_stay_apart(pets: Path) -> None:
    beside = table(pets, "file,site\ncat5.jpg,9007199254740993\ndog5.jpg,9007199254740992\n")
    (site,) = by_picture(spec(pets, table=beside, groups=["site"]))
    assert (site["cat/cat5.jpg"], site["dog/dog5.jpg"]) == ("9007199254740993", "9007199254740992")
