"""The pages for readers who are not engineers: what an attribution is and is not, and how each figure is read.

What is said of a kind of figure comes with its drawings.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from exhibit.tasks.document.words import check_name, listing
from exhibit.tasks.records.figure import Drawing, Palette
from exhibit.tasks.records.language import mark, sentences, tr, trp
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table


class Guide(NamedTuple):
    """How figures of one kind are read, and which of this document are such."""

    title: str
    where: str
    text: str
    warning: str


class Colours(NamedTuple):
    """What the colours of a document mean. `palettes`: what maps of pictures are drawn in, as all else is in red and
    blue; `laid_over`: whether maps lie over the picture itself; `sizes`: whether some maps are of sizes, that have no
    sign; `shared`: whether all that has one unit shares one scale."""

    palettes: Collection[Palette] = ()
    laid_over: bool = False
    sizes: bool = False
    shared: bool = True


def section(questions: Mapping[str, str], example: str, colours: Colours | None = None) -> Section:
    """The page that needs no other. `questions`: what each check asks; `example`: a sentence of this report."""
    return Section(
        title=tr("How to read this report"),
        blocks=(
            Block(heading=tr("What an attribution is"), paragraphs=(*map(tr, _IS), *_example(example))),
            Block(
                heading=tr("What it is not"),
                paragraphs=tuple(map(tr, _IS_NOT)),
                asides=(_colours(colours or Colours()),),
            ),
            Block(
                heading=tr("Before you rely on it"),
                paragraphs=tuple(map(tr, _BEFORE)),
                asides=(Aside(title=tr("Verdicts"), text=tr(_VERDICTS)),),
            ),
            Block(tables=(_words(), _checks(questions))),
        ),
    )


def _example(sentence: str) -> tuple[str, ...]:
    return (tr("An example from this report: {sentence}", sentence=sentence),) if sentence else ()


_IS = (
    mark(
        "A model reads an input, such as four measurements of a flower, and computes a number: how strongly it holds "
        "the flower to be of one species. An attribution divides this number among the parts of the input. A part with "
        "a large share moved the number much; a part with a share of zero did not move it."
    ),
    mark(
        "The division is always against something: the baseline, an input that stands for knowing nothing, such as a "
        "black picture or the average flower. Shares say how the score came from that of the baseline to that of this "
        "input. Another baseline asks another question and gets another answer, so each chapter names its own."
    ),
)

_IS_NOT = (
    mark(
        "It is not a cause. That a model leans on petal length does not mean that a longer petal makes the species; it "
        "may lean on something that merely goes along with what matters, or on a flaw of the data."
    ),
    mark(
        "It does not say that the model is right. A wrong answer has an explanation as well, and a convincing picture "
        "can belong to a poor model: look at its quality first."
    ),
    mark("It is not advice. It does not say what would happen if a part of the input were changed in the world."),
    mark("It speaks of one model. Another model that answers equally well may use other parts."),
)

_BEFORE = (
    mark(
        "Look for three things in a chapter: how good the model is, and on rows that it had not seen; whether the "
        "shares add up, which the residual shows: what is left over when they are summed; and what the verdicts beside "
        "the figures say. What was not measured reads “not assessed”: nothing is known of it, neither for nor against."
    ),
    mark(
        "A single sample is an anecdote. What holds for many stands in the figures over several samples. Where lines "
        "are drawn at the ends of bars, the words beside them say which error they show; where none are, none is "
        "shown. Where two methods disagree, the finding is about the methods before it is about the model."
    ),
)


def _colours(found: Colours) -> Aside:
    light = "keras_example" in found.palettes
    said = [
        tr("Red pushes the score up, blue pulls it down, white is zero."),
        _LIGHT if light else "",
        _OVER if found.laid_over else "",
        _SIZES if found.sizes else "",
        _SCALES if found.shared else _OWN_SCALES,
        _GREY,
    ]
    return Aside(title=tr("Colours"), text=sentences(said))


_LIGHT = mark(
    "Only where light is added to a photograph, as published, green pushes up and red pulls down; readers with a "
    "red-green deficiency cannot tell these two apart."
)
_OVER = mark("Over a picture nothing is laid where a value is zero: there the grey of the picture itself is seen.")
_SIZES = mark(
    "Maps of sizes, |a| or squares, have no sign: their scale begins at zero, and red says how much, not which way."
)

_SCALES = mark(
    "Each scale is printed with its numbers and with what it belongs to: on one scale the same colour is the same "
    "number, on two it is not."
)

_OWN_SCALES = mark(
    "Each scale is printed with its numbers; some maps have a scale of their own, which is said beside them."
)

_GREY = mark(
    "A print in grey shows how strong a colour is but not its sign: red and blue are equally dark in it. The sign "
    "stands in the numbers beside the pictures and in the tables."
)

_VERDICTS = mark(
    "A measurement with a threshold: “pass” or “fail”. “Undecided” means that chance alone could turn it. “Not "
    "applicable” means that the question has no meaning for a method: a slope, for example, has no parts that could "
    "add up."
)


def _words() -> Table:
    rows = (
        (
            tr("score S(x)"),
            tr("the number that is explained, of the input x"),
        ),
        (
            tr("baseline x′"),
            tr("the input that it is compared with; its score is S(x′)"),
        ),
        (
            tr("contribution, attribution, a"),
            tr("the share of one part of the input; |a| is its size whatever its sign"),
        ),
        (
            tr("residual"),
            tr("sum of all contributions less S(x) − S(x′); zero if nothing is left over"),
        ),
        (
            tr("logit"),
            tr(
                "a score without bounds: the higher, the surer. Where each class has a logit, the class with the "
                "highest is predicted; where two classes share a single one, 0 is undecided between them"
            ),
        ),
        (
            tr("probability"),
            tr("a score between 0 and 1; those of all classes add up to 1"),
        ),
        (
            tr("gradient"),
            tr("the slope of the score: how fast it changes with a part, not how much the part contributed"),
        ),
        (
            tr("held-out rows"),
            tr("data that the model has not been trained on: only there its quality counts"),
        ),
        (
            tr("95% interval, standard error"),
            tr(
                "how far a number may be off by chance; a 95% interval reaches about two standard errors to each side, "
                "further where few samples were measured"
            ),
        ),
        (
            tr("Gini coefficient"),
            tr("0: all parts have the same size; near 1: a single part has nearly all"),
        ),
        (
            tr("Spearman correlation"),
            tr("1: the same order; 0: no relation; −1: the opposite order"),
        ),
    )
    return Table(
        name="words",
        caption=tr("Words of this report."),
        columns=(Column(title=trp("glossary", "word")), Column(title=tr("meaning"))),
        rows=rows,
    )


def _checks(questions: Mapping[str, str]) -> Table:
    return Table(
        name="checks",
        caption=tr("The checks and what they ask."),
        columns=(Column(title=tr("check")), Column(title=tr("question"))),
        rows=tuple((_with_setting(name), tr(text)) for name, text in questions.items()),
    )


def _with_setting(check: str) -> str:
    """The name of a check, and as it is typed where that is another word."""
    name, typed = check_name(check), check.replace("_", " ")
    return name if name == typed else tr("{name} ({setting})", name=name, setting=check)


def guides(drawings: Mapping[str, Drawing], numbers: Mapping[str, int]) -> list[Guide]:
    """How the figures of a document are read, kind by kind in the order of their first. `numbers`: by name."""
    texts: dict[str, list[str]] = {}
    for name in numbers:
        texts.setdefault(drawings[name].reading.title, []).append(name)
    return [
        Guide(tr(title), _where([numbers[name] for name in names]), read(alike), tr(alike[0].reading.warning))
        for title, names in texts.items()
        for alike in ([drawings[name] for name in names],)
    ]


def read(drawings: Sequence[Drawing]) -> str:
    """How figures of one kind are read, with what the colours say that they have."""
    reading = drawings[0].reading
    signed = [scale for drawing in drawings for scale in drawing.figure.scales if scale.signed]
    palettes = {scale.palette for scale in signed}
    colours = [said for palette, said in reading.colours.items() if palette in palettes]
    if reading.unsigned and any(not scale.signed for drawing in drawings for scale in drawing.figure.scales):
        colours.append(reading.unsigned)
    return sentences([reading.text, *colours])


def _where(numbers: Sequence[int]) -> str:
    """Figure 3; Figures 3, 7 and 9; a long list by its first and last."""
    if len(numbers) > 6:
        first, last = str(numbers[0]), str(numbers[-1])
        return tr("{number} figures, {first} to {last}", number=str(len(numbers)), first=first, last=last)
    if len(numbers) == 1:
        return tr("Figure {number}", number=str(numbers[0]))
    return tr("Figures {numbers}", numbers=listing([str(number) for number in numbers]))
