"""The pages for readers who are not engineers."""

from typing import Any, get_args

import pytest

from tasks.document.reading import _HOW, _TITLES, guides, section
from tasks.records import Content

QUESTIONS = {"completeness": "Do the parts add up?", "seed_stability": "Does it survive another training?"}


def test_every_kind_of_figure_is_explained() -> None:
    """A new kind of figure needs a way to be read; a matrix has two."""
    kinds = {kind.model_fields["kind"].default for kind in get_args(get_args(Content)[0])}
    assert set(_HOW) == set(_TITLES) == (kinds - {"matrix", "waterfalls"}) | {"confusion", "agreement"}


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


def test_it_is_written_for_people() -> None:
    """Sentences of at most forty words, without the names of methods or libraries."""
    told = [text for how in _HOW.values() for text in how]
    told += [p for block in section({}, "x").blocks for p in block.paragraphs]
    sentences = [sentence for text in told for sentence in text.replace("; ", ". ").split(". ")]
    assert max(len(sentence.split()) for sentence in sentences) <= 40
    assert not any(word in text for text in told for word in ("SHAP", "torch", "Keras", "Captum", "tensor"))
