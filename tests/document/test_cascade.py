"""The figure of what is left of explanations as the layers of a model are made random one after another."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.document import cascade
from exhibit.tasks.document.compose import compose
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Cascade, Figure
from exhibit.tasks.records.material import Material, MethodMaterial
from exhibit.tasks.records.verdict import CheckResult
from exhibit.tasks.stages.check import cascades
from tests.points import LENGTHS, inputs, material, method


def asked(label: str, layers: Sequence[str], correlations: Sequence[float]) -> MethodMaterial:
    """A method whose explanations were asked for with random layers."""
    details: dict[str, Array] = {"layers": np.array(layers, str), "spearman": np.array(correlations)}
    check = CheckResult(
        check="randomization", method=label, verdict="pass", required=False, value=0.1, sentence="said", details=details
    )
    return method(label, np.array([0.3, 0.2, 0.1, 0.0]), inputs("table"), LENGTHS, checks=(check,))


def of(*methods: MethodMaterial) -> Material:
    return material("p", list(methods), inputs("table"))


def lines(figure: Figure) -> dict[str, list[float]]:
    assert isinstance(figure.content, Cascade)
    return {series.name: series.values.tolist() for series in figure.content.series}


def test_each_method_has_a_line_of_what_was_measured() -> None:
    found = of(
        asked("saliency", ["head", "body", "stem"], [0.9, 0.5, -0.1]),
        asked("gradient", ["head", "body", "stem"], [0.8, 0.3, 0.0]),
    )
    (figure,) = cascade.figures(found)
    assert lines(figure) == {"Saliency": [0.9, 0.5, -0.1], "Gradient": [0.8, 0.3, 0.0]}
    assert "Step 1 reaches layer head, step 2 reaches layer body and step 3 reaches layer stem." in figure.caption
    assert figure.alt == "Saliency: 0.9, 0.5, −0.1; Gradient: 0.8, 0.3, 0"


def test_the_chapter_shows_it() -> None:
    document = compose((of(asked("saliency", ["head", "stem"], [0.9, 0.5])),), None, CHECK_WORDS)
    (chapter,) = document.chapters
    shown = [name for block in chapter.appendix for name in block.figures]
    assert shown.count("p-cascade") == 1


def test_methods_that_were_asked_for_other_layers_have_a_figure_of_their_own() -> None:
    found = of(asked("saliency", ["head", "stem"], [0.9, 0.5]), asked("grad_cam", ["head", "body"], [0.8, 0.3]))
    one, other = cascade.figures(found)
    assert (lines(one), lines(other)) == ({"Saliency": [0.9, 0.5]}, {"Grad cam": [0.8, 0.3]})
    assert one.name != other.name


def test_a_single_layer_and_explanations_of_nothing_are_not_drawn() -> None:
    found = of(asked("saliency", ["head"], [0.1]), asked("gradient", ["head", "stem"], [np.nan, np.nan]))
    assert cascade.figures(found) == ()
    assert cascade.blocks(found) == ()


def test_a_step_of_a_deep_net_is_said_to_reach_a_layer_not_to_be_one() -> None:
    """Of twelve layers two or three are made random at once: the fifth step is the last, not the fifth layer."""
    deep = {f"block{number}.weight": np.ones((2, 2)) for number in range(12)}
    layers = [layer for layer, _ in cascades(deep, 0, 5)]
    (figure,) = cascade.figures(of(asked("saliency", layers, [0.5] * len(layers))))
    assert "Step 1 reaches layer block10, step 2 reaches layer block7" in figure.caption
    assert "step 5 reaches layer block0." in figure.caption
    assert isinstance(figure.content, Cascade)
    assert figure.content.x_label == "step, from the top layer down"


def test_two_checks_of_one_method_are_two_lines() -> None:
    one, other = asked("saliency", ["head", "stem"], [0.9, 0.5]), asked("saliency", ["head", "stem"], [0.8, 0.1])
    both = one.model_copy(update={"checks": (*one.checks, *other.checks)})
    (figure,) = cascade.figures(of(both))
    assert isinstance(figure.content, Cascade)
    assert [series.values.tolist() for series in figure.content.series] == [[0.9, 0.5], [0.8, 0.1]]
