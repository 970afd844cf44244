"""The pages for readers who are not engineers: what an attribution is and is not, and how each figure is read."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from exhibit.tasks.document.words import listing
from exhibit.tasks.records.figure import Content, Drawing, Figure, Matrix, Palette
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table


class Guide(NamedTuple):
    """How figures of one kind are read, and which of this document are such."""

    title: str
    where: str
    text: str
    warning: str


def section(questions: Mapping[str, str], example: str, palettes: Collection[Palette] = ()) -> Section:
    """The page that needs no other. `questions`: what each check asks; `example`: a sentence of this report;
    `palettes`: what maps of pictures are drawn in, as all else is in red and blue."""
    return Section(
        title="How to read this report",
        blocks=(
            Block(heading="What an attribution is", paragraphs=(*_IS, *_example(example))),
            Block(heading="What it is not", paragraphs=_IS_NOT, asides=(_colours(palettes),)),
            Block(heading="Before you rely on it", paragraphs=_BEFORE, asides=(_VERDICTS,)),
            Block(tables=(_words(), _checks(questions))),
        ),
    )


def _example(sentence: str) -> tuple[str, ...]:
    return (f"An example from this report: {sentence}",) if sentence else ()


_IS = (
    "A model reads an input, such as four measurements of a flower, and computes a number: how strongly it holds the "
    "flower to be of one species. An attribution divides this number among the parts of the input. A part with a large "
    "share moved the number much; a part with a share of zero did not move it.",
    "The division is always against something: the baseline, an input that stands for knowing nothing, such as a black "
    "picture or the average flower. Shares say how the score came from that of the baseline to that of this input. "
    "Another baseline asks another question and gets another answer, so each chapter names its own.",
)

_IS_NOT = (
    "It is not a cause. That a model leans on petal length does not mean that a longer petal makes the species; it may "
    "lean on something that merely goes along with what matters, or on a flaw of the data.",
    "It does not say that the model is right. A wrong answer has an explanation as well, and a convincing picture can "
    "belong to a poor model: look at its quality first.",
    "It is not advice. It does not say what would happen if a part of the input were changed in the world.",
    "It speaks of one model. Another model that answers equally well may use other parts.",
)

_BEFORE = (
    "Look for three things in a chapter: how good the model is, and on rows that it had not seen; whether the shares "
    "add up, which the residual shows: what is left over when they are summed; and what the verdicts beside the "
    "figures say. What was not measured reads “not assessed”: nothing is known of it, neither for nor against.",
    "A single sample is an anecdote. What holds for many stands in the figures over all samples, with a line for the "
    "uncertainty. Where two methods disagree, the finding is about the methods before it is about the model.",
)


def _colours(palettes: Collection[Palette]) -> Aside:
    light = "keras_example" in palettes
    return Aside(
        title="Colours",
        text=f"Red pushes the score up, blue pulls it down, white is zero{'' if light else ', everywhere'}. "
        f"{_LIGHT if light else ''}{_SCALES} {_GREY}",
    )


_LIGHT = (
    "Only where light is added to a photograph, as published, green pushes up and red pulls down; readers with a "
    "red-green deficiency cannot tell these two apart. "
)

_SCALES = (
    "Each scale is printed with its numbers, and pictures with the same unit share one: the same colour is the same "
    "number."
)

_GREY = (
    "A print in grey shows how strong a colour is but not its sign: red and blue are equally dark in it. The sign "
    "stands in the numbers beside the pictures and in the tables."
)

_VERDICTS = Aside(
    title="Verdicts",
    text="A measurement with a threshold: “pass” or “fail”. “Not applicable” means that the question has no meaning "
    "for a method: a slope, for example, has no parts that could add up.",
)


def _words() -> Table:
    rows = (
        ("score S(x)", "the number that is explained, of the input x"),
        ("baseline x′", "the input that it is compared with; its score is S(x′)"),
        ("contribution, attribution, a", "the share of one part of the input; |a| is its size whatever its sign"),
        ("residual", "sum of all contributions less S(x) − S(x′); zero if nothing is left over"),
        ("logit", "a score without bounds: the higher, the surer; 0 is undecided between two classes"),
        ("probability", "a score between 0 and 1; those of all classes add up to 1"),
        ("gradient", "the slope of the score: how fast it changes with a part, not how much the part contributed"),
        ("held-out rows", "data that the model has not been trained on: only there its quality counts"),
        (
            "95% interval, standard error",
            "how far a number may be off by chance: if the lines overlap, no order is known",
        ),
        ("Spearman correlation", "1: the same order; 0: no relation; −1: the opposite order"),
    )
    return Table(
        name="words",
        caption="Words of this report.",
        columns=(Column(title="word"), Column(title="meaning")),
        rows=rows,
    )


def _checks(questions: Mapping[str, str]) -> Table:
    return Table(
        name="checks",
        caption="The checks and what they ask.",
        columns=(Column(title="check"), Column(title="question")),
        rows=tuple((name.replace("_", " "), text) for name, text in questions.items()),
    )


def guides(drawings: Mapping[str, Drawing], numbers: Mapping[str, int]) -> list[Guide]:
    """How the figures of a document are read, kind by kind in the order of their first. `numbers`: by name."""
    found: dict[str, list[str]] = {}
    for name in numbers:
        found.setdefault(_kind(drawings[name].figure.content), []).append(name)
    return [
        _guide(kind, _where([numbers[name] for name in names]), [drawings[name].figure for name in names])
        for kind, names in found.items()
    ]


def _guide(kind: str, where: str, figures: Sequence[Figure]) -> Guide:
    text, warning = _HOW[kind]
    palettes = {scale.palette for figure in figures for scale in figure.scales} if kind == "images" else set()
    signs = [sign for palette, sign in _SIGNS.items() if palette in palettes]
    return Guide(_TITLES[kind], where, " ".join([text, *signs]), warning)


def _kind(content: Content) -> str:
    if isinstance(content, Matrix):
        return "agreement" if content.correlations else "confusion"
    return {"waterfalls": "waterfall"}.get(content.kind, content.kind)


def _where(numbers: Sequence[int]) -> str:
    """Figure 3; Figures 3, 7 and 9; a long list by its first and last."""
    if len(numbers) > 6:
        return f"{len(numbers)} figures, {numbers[0]} to {numbers[-1]}"
    return f"Figure{'s' if len(numbers) > 1 else ''} {listing([str(number) for number in numbers])}"


_TITLES = {
    "bars": "Bars",
    "bar_panels": "Bars of single samples",
    "images": "Maps of pictures",
    "molecules": "Molecules",
    "scatter": "Predicted against measured",
    "curves": "Learning curves",
    "confusion": "Confusion matrix",
    "agreement": "Agreement of methods",
    "swarm": "Swarm of points",
    "waterfall": "Waterfall",
    "ladder": "Step ladder",
    "diagram": "Diagram of the net",
    "tokens": "Coloured words",
    "ranks": "Places of the features",
}

# What the colours of a map say.
_SIGNS: dict[Palette, str] = {
    "diverging": "Red moved it up, blue down, the darker the more. Over a photograph the colour covers as much as it "
    "is strong.",
    "keras_example": "Where light is added to the photograph, green moved it up, red down, the brighter the more.",
}

# What is seen, and what must not be read into it.
_HOW = {
    "bars": (
        "One group of bars for each part of the input. A long bar: the score moved much with it. The thin line is the "
        "uncertainty.",
        "Bars whose lines overlap are not ranked. Grey bars are another kind of measure, for comparison.",
    ),
    "bar_panels": (
        "One panel for each sample, all on one axis. A bar is what one part contributed there.",
        "A few samples are examples, not a rule.",
    ),
    "images": (
        "Each row is one picture, each column what one method says about it. Coloured pixels moved the score.",
        "A coloured area is what the model used, not necessarily the object. Pale does not mean unimportant where many "
        "pale pixels add up.",
    ),
    "molecules": (
        "The number beside an atom is its contribution, its colour the same number on the scale below. The line below "
        "a molecule is their sum beside what the model makes of it.",
        "Hydrogens count with the atom that they hang on. An atom acts together with its neighbours.",
    ),
    "scatter": (
        "Each point is a sample: to the right what was measured, upwards what the model says. On the dashed line both "
        "are equal.",
        "Grey points were seen in training: that they lie close to the line proves little.",
    ),
    "curves": (
        "How the error falls, or the share of right answers rises, with every round of training.",
        "Where the line of the test data rises again the model learns its training data by heart.",
    ),
    "confusion": (
        "A row is what is true, a column what the model said. The dark diagonal is what was right.",
        "Numbers off the diagonal are confusions; the shade is the share of the row.",
    ),
    "agreement": (
        "Each cell compares two methods: +1 is the same order, 0 no relation, a dash that they were not compared.",
        "Methods answer different questions; a low number is no fault of either.",
    ),
    "swarm": (
        "One row for each part, one point for each sample: right of the line it raised the score, left it lowered it. "
        "A dark point: the part had a high value.",
        "Dark on one side and light on the other shows a trend of the model, not of the world.",
    ),
    "waterfall": (
        "From the score of the baseline above to that of the sample below, one contribution after the other, the "
        "largest first. Each bar begins where the one above ends.",
        "The order is by size; it is not the order in which the model works.",
    ),
    "ladder": (
        "How the computation closes in on its answer. To the right effort grows; a line that drops below the dashed "
        "one has settled.",
        "A ring at the end: it had not settled when the effort ended, and the page says so.",
    ),
    "diagram": ("What the model is made of, from its inputs at the left to its answer at the right.", ""),
    "tokens": (
        "The number below a word is its contribution, its colour the same number on the scale.",
        "Words act together: the share of one depends on the others.",
    ),
    "ranks": (
        "One row for each part, the first place at the left: a circle for each place that the part took, the larger "
        "the more often. At the right its middle place with the interval.",
        "A part whose circles are spread has no fixed rank: its place depends on the settings.",
    ),
}
