"""What a page in another language says of data: words of the program are translated, the user's own are not."""

import numpy as np
import pytest

from exhibit.tasks.catalogues import spoken
from exhibit.tasks.datasheet.columns import MOST_CATEGORIES, Values, distribution
from exhibit.tasks.datasheet.sheet import datasheet
from exhibit.tasks.document import data_rows, quality
from exhibit.tasks.document.data_words import titles
from exhibit.tasks.document.words import parts_of_whole
from exhibit.tasks.quality.classification import classification
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.language import say, tr
from tests.datasheet.test_datasheet import table
from tests.datasheet.test_other_inputs import of
from tests.document.test_first_pages import flowers


def test_what_is_measured_is_named_in_the_language_of_the_page_and_a_column_as_its_user_named_it() -> None:
    pictures = datasheet(of(Input(name="picture", kind="image", values=np.zeros((4, 2, 2, 1)), bounds=(0, 255))))
    own = table(np.arange(8.0).reshape(4, 2), np.array([0, 1, 0, 1]))
    named = own.inputs[0].model_copy(update={"features": ("brightness", "contrast")})
    columns = datasheet(own.model_copy(update={"inputs": (named,)}))
    asked = ["brightness", "contrast"]
    with spoken("ja"):
        assert titles(asked, pictures) == ["明るさ", "コントラスト"]
        assert titles(asked, columns) == asked
    assert titles(asked, pictures) == asked


def test_the_rest_of_the_categories_is_told_from_one_that_the_user_calls_others() -> None:
    words = ("others", *(f"c{k}" for k in range(MOST_CATEGORIES + 2)))
    cells = np.repeat(np.arange(len(words)), [9, *[1] * (len(words) - 1)]).astype(float)
    found = distribution(Values("kind", cells, words), {"train": np.arange(len(cells))})
    assert found is not None
    with spoken("ja"):
        assert (tr(found.bins[0]), tr(found.bins[-1])) == ("others", "その他")
    bins = found.model_dump(mode="json")["bins"]
    assert (bins[0], bins[-1]) == ("others", "others")


@pytest.mark.parametrize(
    ("rows", "shares", "whole"),
    [
        ((61, 139), ["30.5%", "69.5%"], True),  # 30% and 69% by themselves
        ((60, 140), ["30%", "70%"], True),
        ((609, 1391), ["30%", "70%"], True),
        ((1, 199), ["0.5%", "99.5%"], True),
        ((1, 9_999), ["under 0.1%", "over 99.9%"], True),
        ((0, 7), ["0%", "100%"], True),
        ((8, 8, 184), ["4%", "4%", "92%"], True),
        ((50, 50, 50), ["33%", "33%", "33%"], False),  # no decimal helps, and alike are alike
        ((25, 41, 134), ["12.5%", "20.5%", "67.0%"], True),
        ((3, 3_000, 6_997), ["under 0.1%", "30%", "70%"], True),
        ((3, 3_050, 6_947), ["under 0.1%", "30.5%", "69.5%"], True),
    ],
)
def test_parts_of_a_whole_add_up_as_they_are_printed_or_it_is_said(
    rows: tuple[int, ...], shares: list[str], whole: bool
) -> None:
    assert parts_of_whole(rows) == (shares, whole)
    labels = np.repeat(np.arange(len(rows)), rows)
    data = table(labels[:, np.newaxis].astype(float), labels)
    data = data.model_copy(update={"classes": tuple("abc"[: len(rows)]), "split": np.full(len(labels), "test")})
    found = datasheet(data)
    [classes] = data_rows.balance(flowers([1, 2, 3, 4]), found)
    assert [row[1] for row in classes.rows if row[1][0] != "0"] == [
        f"{number:,} ({share})" for number, share in zip(rows, shares, strict=True) if number
    ]
    assert ("do not add up to exactly 100%" in classes.caption) != whole


def test_what_a_class_is_of_is_named_in_the_language_of_the_page() -> None:
    found = datasheet(table(np.arange(8.0).reshape(4, 2), np.array([0, 1, 0, 1])))
    own = flowers([1, 2, 3, 4])
    item = own.model_copy(update={"dataset": own.dataset.model_copy(update={"label_name": say("species")})})
    with spoken("ja"):
        [classes] = data_rows.balance(item, found)
    assert classes.caption == "種が分かっている行のクラス別の数。"


def test_classes_of_which_no_row_is_known_are_no_table() -> None:
    """The thousand names of a net for ImageNet stood below each other, with nothing beside them."""
    found = datasheet(table(np.arange(8.0).reshape(4, 2), np.array([np.nan] * 4)))
    assert found.balance
    assert data_rows.balance(flowers([1, 2, 3, 4]), found) == ()


def test_a_label_that_is_called_class_is_not_said_twice() -> None:
    found = datasheet(table(np.arange(8.0).reshape(4, 2), np.array([0, 1, 0, 1])))
    own = flowers([1, 2, 3, 4])
    item = own.model_copy(update={"dataset": own.dataset.model_copy(update={"label_name": "class"})})
    [classes] = data_rows.balance(item, found)
    assert classes.caption == "Rows of each class, where it is known."


def test_files_about_quality_are_in_english_whatever_the_page_speaks() -> None:
    labels = np.arange(40) % 2
    own = classification(np.stack([1 - labels * 0.8, labels * 0.8], axis=1), labels, ("a", "b"), "test", labels)
    material = flowers([1, 2, 3, 4], quality=own)
    before = quality.as_plain([material])
    with spoken("ja"):
        assert quality.as_plain([material]) == before
    assert before["rule"] == (
        "They are said to be off where the error is 0.05 or more and right ones would show as much in fewer than 1% "
        "of draws."
    )
    assert before["chapters"][0]["calibration"]["of"] == "of b"
