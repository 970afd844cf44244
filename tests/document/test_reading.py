"""The pages for readers who are not engineers."""

from typing import Any, get_args

import pytest

from exhibit.tasks.document.reading import Colours, guides, section
from exhibit.tasks.document.table import importance_figure
from exhibit.tasks.drawing.kinds import KINDS
from exhibit.tasks.drawing.matrix import _AGREEMENT, _CONFUSION
from exhibit.tasks.drawing.molecules import _ATOMS, _BONDS
from exhibit.tasks.drawing.plane import IN_A_PLANE
from exhibit.tasks.records.figure import Bars, Content, Drawing, Matrix, Molecules, Palette, Plane, Reading, Tokens
from tests.document.test_first_pages import flowers

QUESTIONS = {"completeness": "Do the parts add up?", "seed_stability": "Does it survive another training?"}


READINGS = (
    *(kind.reading for kind in KINDS.values() if isinstance(kind.reading, Reading)),
    *(_AGREEMENT, _CONFUSION),
    *(_ATOMS, _BONDS),
    *IN_A_PLANE.values(),
)


def test_every_kind_of_figure_is_explained() -> None:
    """A new kind of figure needs a way to be read; a matrix and molecules have two, a plane one for each use,
    waterfalls one for all."""
    assert set(KINDS) == set(get_args(get_args(Content)[0]))
    assert {kind.record for kind in KINDS.values() if not isinstance(kind.reading, Reading)} == {
        Matrix,
        Molecules,
        Plane,
    }
    assert len({reading.title for reading in READINGS}) == len(KINDS) + 2 - 1 + len(IN_A_PLANE) - 1
    assert all(reading.title and reading.text for reading in READINGS)


def test_a_document_explains_its_own_figures_and_says_where_they_are(document: Any, drawings: Any) -> None:
    names = [
        name
        for chapter in document.chapters
        for part in chapter.sections
        for block in part.blocks
        for name in block.figures
    ]
    numbers = {name: number for number, name in enumerate(names, 1)}
    found = guides(drawings, numbers)
    assert len({guide.title for guide in found}) == len(found)
    maps = next(guide for guide in found if guide.title == "Maps of pictures")
    assert maps.where == f"Figures {numbers['digits-samples']} and {numbers['digits-overlay']}"
    assert "Swarm of points" not in {guide.title for guide in found}


def test_coloured_text_may_be_of_words_or_of_characters() -> None:
    """Nothing that is said of it holds of words alone: a text may be read character by character."""
    reading = KINDS[Tokens].reading
    assert isinstance(reading, Reading)
    assert "word" not in reading.title.lower()
    for text in (reading.text, reading.warning):
        assert "character" in text or "word" not in text.lower()


def palette_of(drawing: Drawing, palette: Palette) -> Drawing:
    scales = tuple(scale.model_copy(update={"palette": palette}) for scale in drawing.figure.scales)
    return drawing.model_copy(update={"figure": drawing.figure.model_copy(update={"scales": scales})})


@pytest.mark.parametrize(
    ("palettes", "said", "unsaid"),
    [
        (("diverging",), ["Red moved it up, blue down"], ["green"]),
        (("keras_example",), ["green moved it up, red down"], ["blue"]),
        (("diverging", "keras_example"), ["Red moved it up, blue down", "green moved it up, red down"], []),
    ],
)
def test_maps_are_explained_in_the_colours_that_they_have(
    drawings: Any, palettes: tuple[Palette, ...], said: list[str], unsaid: list[str]
) -> None:
    maps = {palette: palette_of(drawings["digits-samples"], palette) for palette in palettes}
    (guide,) = guides(maps, {name: number for number, name in enumerate(maps, 1)})
    assert all(words in guide.text for words in said)
    assert not any(words in guide.text for words in unsaid)


def aside(*palettes: Palette) -> str:
    """What is said of colours."""
    blocks = section({}, "x", Colours(palettes)).blocks
    return next(aside.text for block in blocks for aside in block.asides if aside.title == "Colours")


def test_red_is_up_everywhere_unless_light_is_added() -> None:
    assert "blue pulls it down, white is zero." in aside("diverging")
    assert "green" not in aside("diverging")
    assert "Over a picture nothing is laid" not in aside("diverging")
    for found in (aside("keras_example"), aside("diverging", "keras_example")):
        assert "green pushes up and red pulls down; readers with a red-green deficiency cannot" in found


def test_it_says_what_a_grey_print_loses_and_where_that_stands() -> None:
    assert "A print in grey shows how strong a colour is but not its sign" in aside()
    assert "The sign stands in the numbers beside the pictures and in the tables." in aside()


@pytest.mark.parametrize(
    "words",
    ["It is not a cause.", "It does not say that the model is right.", "baseline", "not assessed", "held-out rows"],
)
def test_it_says_what_an_attribution_is_and_is_not(words: str) -> None:
    assert words in section(QUESTIONS, "Petals lead.").model_dump_json()


def test_it_has_an_example_from_the_report_and_every_check() -> None:
    text = section(QUESTIONS, "Petals lead.").model_dump_json()
    assert "An example from this report: Petals lead." in text
    assert "seed stability" in text
    assert "Does it survive another training?" in text


def test_lines_are_promised_only_where_bars_have_them() -> None:
    """A figure without errors has none at its bars, and no words beside it speak of any."""
    (prose,) = [p for block in section({}, "x").blocks for p in block.paragraphs if "single sample is an anecdote" in p]
    assert "Where lines are drawn at the ends of bars, the words beside them say which error they show" in prose
    assert prose.count("line") == 1  # no other is promised
    figure = importance_figure(flowers([1, 2, 3, 4], [4, 3, 2, 1]))
    assert isinstance(figure.content, Bars)
    assert all(series.errors is not None for series in figure.content.series)
    assert "lines: standard error over samples" in figure.caption


def test_it_is_written_for_people() -> None:
    """Sentences of at most forty words, without the names of methods or libraries."""
    told = [text for reading in READINGS for text in (reading.text, reading.warning, *reading.colours.values())]
    told += [aside("keras_example")]
    told += [p for block in section({}, "x").blocks for p in block.paragraphs]
    sentences = [sentence for text in told for sentence in text.replace("; ", ". ").split(". ")]
    assert max(len(sentence.split()) for sentence in sentences) <= 40
    assert not any(word in text for text in told for word in ("SHAP", "torch", "Keras", "Captum", "tensor"))


def test_zero_is_undecided_only_where_two_classes_share_a_logit() -> None:
    """Of a net with an output for each class both logits may be far above 0: the higher one is predicted."""
    said = section(QUESTIONS, "Petals lead.").model_dump_json()
    assert "the class with the highest is predicted" in said
    assert "0 is undecided between two classes" not in said
