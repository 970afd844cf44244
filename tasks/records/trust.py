"""Why a model or an explanation is trusted or not: findings with their numbers, before anything is worded."""

from typing import Literal

from exhibit.tasks.records.base import Record
from exhibit.tasks.records.model import Metric, Rate
from exhibit.tasks.records.verdict import Shows


class Ground(Record):
    """One thing that an answer rests on. `id`: which one it is."""

    id: str


class Asked(Record):
    """A check, and the methods that something is said of, by what they are called; empty where that is all of them."""

    check: str
    methods: tuple[str, ...] = ()


# --- of an explanation ------------------------------------------------------------------------------------


class Counted(Ground):
    """Of `total` checks that apply so many passed and failed; `without_meaning`: how many more there are that do not.
    `more_failed`: whether those that failed and say that something is wrong are more than those that passed."""

    id: Literal["checks counted"] = "checks counted"
    total: int
    passed: int
    failed: int
    without_meaning: int
    more_failed: bool


class Spoke(Ground):
    """Checks by what they said: that those `required` failed, that others failed as well, or that they are open.
    `beside_required`: whether required ones failed, too."""

    id: Literal["required failed", "failed", "undecided"]
    asked: tuple[Asked, ...]
    beside_required: bool = False


class Shown(Ground):
    """What an explanation has to be shown to do and none of the checks that passed has shown, `lacking`; where nothing
    is lacking, `enough`: whether as many passed as a yes needs."""

    id: Literal["shown"] = "shown"
    lacking: tuple[Shows, ...] = ()
    enough: bool = True


class Doubted(Ground):
    """What speaks against what comes first: that methods disagree, or that chance may have made it."""

    id: Literal["methods disagree", "chance"]


# --- of a model -------------------------------------------------------------------------------------------


class Measured(Ground):
    """How good the model is by its first metric, on `rows` of the kind that `sample` names; `held_out` from its
    training, and by what a naive guess, `always`, is."""

    id: Literal["quality"] = "quality"
    metric: Metric
    unit: str
    classes: bool
    sample: tuple[str, str]
    rows: Literal["test", "training", "explained", "given"]


class Relied(Ground):
    """It relies on a region that is in some pictures of a class and not in others: how often these are read right."""

    id: Literal["relies on a mark"] = "relies on a mark"
    region: str
    of_class: str
    present: Rate
    absent: Rate


class MayRely(Ground):
    """It is not shown to rely on such a region, nor that it does not."""

    id: Literal["may rely on a mark"] = "may rely on a mark"
    region: str
    of_class: str
    present: Rate
    absent: Rate


class Repeated(Ground):
    """So many of the rows that measured it stand among those that it was trained on, too."""

    id: Literal["rows repeated"] = "rows repeated"
    rows: int


class Reserved(Ground):
    """What is known of the rows that measured it, and of the naive guess: "no labels" says how good it is; "stated":
    the user says that it has not seen them; "no guess": nothing to hold it against; "no better": it is not surely
    better than the guess; "others unknown", "seen unknown": how good it is on other rows, and whether it has seen
    these, is not known; "stopped by them": they decided when its training stopped; "not half": it is not shown to make
    at most half the errors of the guess."""

    id: Literal[
        "no labels", "stated", "no guess", "no better", "others unknown", "seen unknown", "stopped by them", "not half"
    ]


# --- of what was not tested -------------------------------------------------------------------------------


class Closed(Ground):
    """No check that applies is open; whether any `spoke`."""

    id: Literal["none open"] = "none open"
    spoke: bool


class Open(Ground):
    """Some checks were not made, of `several` results or one, or could not decide."""

    id: Literal["open"] = "open"
    several: bool


class Unknown(Ground):
    """What is not known without them: what the `first` of them would say, and so many `others`."""

    id: Literal["unknown"] = "unknown"
    first: str
    others: int
    several: bool
