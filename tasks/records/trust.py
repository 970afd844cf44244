"""Why a model or an explanation is trusted or not: findings with their numbers, before anything is worded."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from exhibit.tasks.records.base import Record
from exhibit.tasks.records.kinds import Kind
from exhibit.tasks.records.language import Message
from exhibit.tasks.records.model import Metric, Rate
from exhibit.tasks.records.verdict import Shows

Word = Literal["yes", "with care", "no", "not assessed"]
QuestionId = Literal["model", "explanation", "untested"]


class Ground(Record):
    """One thing that an answer rests on."""

    id: str = Field(description="which one it is")


class Asked(Record):
    """A check that something is said of."""

    check: str = Field(description="name of the check")
    methods: tuple[str, ...] = Field((), description="of which methods it is said; empty where of all of the chapter")


# --- of an explanation ------------------------------------------------------------------------------------


class Counted(Ground):
    """How many checks passed and failed."""

    id: Literal["checks counted"] = Field("checks counted", description="which ground it is")
    total: int = Field(description="checks that apply")
    passed: int = Field(description="how many of them passed")
    failed: int = Field(description="how many of them failed")
    without_meaning: int = Field(description="how many more checks do not apply")
    more_failed: bool = Field(
        description="whether those that failed and say that something is wrong are more than those that passed"
    )


class Spoke(Ground):
    """Checks by what they said: that required ones failed, that others failed as well, of which some do not say that
    anything is wrong, or that they are open."""

    id: Literal["required failed", "failed", "failed and not wrong", "undecided"] = Field(description="what they said")
    asked: tuple[Asked, ...] = Field(description="which checks")
    beside_required: bool = Field(False, description="whether required ones failed, too")


class Shown(Ground):
    """Whether the checks that passed show all that an explanation has to do."""

    id: Literal["shown"] = Field("shown", description="which ground it is")
    lacking: tuple[Shows, ...] = Field((), description="what none of them shows")
    enough: bool = Field(True, description="whether as many passed as a yes needs")


class Doubted(Ground):
    """What speaks against what comes first: that methods disagree, or that chance may have made it."""

    id: Literal["methods disagree", "chance"] = Field(description="which of the two")


# --- of a model -------------------------------------------------------------------------------------------


class Measured(Ground):
    """How good the model is by its first metric."""

    id: Literal["quality"] = Field("quality", description="which ground it is")
    metric: Metric = Field(description="the metric, beside what a naive guess has")
    unit: str = Field(description="of what is predicted; empty where it has none")
    classes: bool = Field(description="whether classes are predicted, so that the guess is the commonest one")
    sample: Kind | None = Field(description="what kind of samples it is measured on; null: of several inputs")
    rows: Literal["test", "training", "explained", "given", "set apart"] = Field(
        description="which samples these are: test ones are held out from its training, given and set apart ones are "
        "given with a model that came trained"
    )


class Relied(Ground):
    """It relies on a region that is in some pictures of a class and not in others."""

    id: Literal["relies on a mark"] = Field("relies on a mark", description="which ground it is")
    region: str = Field(description="what the region is called")
    of_class: str = Field(description="name of the class")
    present: Rate = Field(description="how often pictures of the class that have it are read right")
    absent: Rate = Field(description="how often other pictures of the class are, which never had it")


class MayRely(Ground):
    """It is not shown to rely on such a region, nor that it does not."""

    id: Literal["may rely on a mark"] = Field("may rely on a mark", description="which ground it is")
    region: str = Field(description="what the region is called")
    of_class: str = Field(description="name of the class")
    present: Rate = Field(description="how often pictures of the class that have it are read right")
    absent: Rate = Field(description="how often other pictures of the class are, which never had it")


class Repeated(Ground):
    """Some of the rows that measured it stand among those that it was trained on, too."""

    id: Literal["rows repeated"] = Field("rows repeated", description="which ground it is")
    rows: int = Field(description="how many")


class Reserved(Ground):
    """What is known of the rows that measured it, and of the naive guess."""

    id: Literal[
        "no labels",
        "stated",
        "no guess",
        "no interval",
        "no better",
        "others unknown",
        "seen unknown",
        "stopped by them",
        "not half",
    ] = Field(
        description="no labels: none says how good it is; stated: the user says that it has not seen the rows; "
        "no guess: nothing to hold it against; no interval: what chance made of it is not known; "
        "no better: it is not surely better than the guess; "
        "others unknown, seen unknown: how good it is on other rows, and whether it has seen these, is not known; "
        "stopped by them: these rows decided when its training stopped; "
        "not half: it is not shown to make at most half the errors of the guess"
    )


# --- of what was not tested -------------------------------------------------------------------------------


class Untested(Ground):
    """Which checks are open: not made, or undecided for a method and failed by none."""

    id: Literal["open checks"] = Field("open checks", description="which ground it is")
    open: tuple[str, ...] = Field(description="names of those that are open")
    apply: tuple[str, ...] = Field(description="names of all checks that apply")
    spoke: bool = Field(description="whether any check passed or failed")


# --- an answer --------------------------------------------------------------------------------------------

AnyGround = Annotated[
    Counted | Spoke | Shown | Doubted | Measured | Relied | MayRely | Repeated | Reserved | Untested,
    Field(discriminator="id"),
]


class Result(Record):
    """The answer to a question for one chapter."""

    chapter: str = Field(description="slug of the chapter")
    title: Message = Field(description="its title")
    answer: Word = Field(description="the answer")
    reasons: tuple[AnyGround, ...] = Field(description="what it rests on, in the order in which it is told")


class Answered(Record):
    """A question of page one and its answer."""

    id: QuestionId = Field(description="which question")
    question: str = Field(description="as it is printed")
    answer: Word = Field(description="the worst one of its results")
    results: tuple[Result, ...] = Field(description="the answer for each chapter, and what it rests on")


class FoundSentence(Record):
    """What a chapter found, as page one tells it."""

    chapter: str = Field(description="slug of the chapter")
    title: str = Field(description="the headline")
    sentence: str = Field(description="the sentence below it")
    finding: dict[str, Any] | None = Field(
        description="what both are made of: an id with numbers and names, the checks that bear on it, the methods that "
        "agree and those that do not, and its standing, whether it may be a headline; null of a chapter that compares"
    )


class Answers(Record):
    """`answers.json`: whether model and explanation can be trusted, and why. The reasons are numbers and names, each
    with an id: the report makes its sentences of them."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    format: Literal["exhibit-answers/2"] = Field(
        "exhibit-answers/2", alias="schema", description="which format this is"
    )
    overall: Word = Field(description="the worse of the answers on the model and on the explanation")
    answers: tuple[Answered, ...] = Field(description="the questions of page one in their order")
    rule: tuple[str, ...] = Field(description="when which answer is given, as it is printed")
    found: tuple[FoundSentence, ...] = Field(description="what each chapter of page one found")
