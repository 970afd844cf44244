"""What every method answers: its words, what it asks of a model, what it compares with, what it costs, and the one call
that explains. No particular method belongs here."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, NamedTuple, Self

from pydantic import Field

from exhibit.tasks.protocols import Capability, Compute, DifferentiableModel, Score, Side
from exhibit.tasks.records.base import Array, Arrays, Choice
from exhibit.tasks.records.data import Baseline, Input
from exhibit.tasks.records.explanation import Aggregate, Attribution, Cost
from exhibit.tasks.records.model import OutputKind

Layer = str | Annotated[int, Field(ge=-100_000, le=100_000)] | None  # by name, or by its place in the list of layers


class Look(NamedTuple):
    """Where in a model a method looks: before or after a `layer`; None: at its input."""

    layer: str | int | None
    at: Side


class Against(NamedTuple):
    """What a method compares with, in raw units: one `baseline` for each sample, or so many `rows` of that kind,
    drawn by `seed`, that it averages over."""

    baseline: Baseline
    rows: int | None = None
    seed: int = 0


def main_of(methods: Mapping[str, "Method"]) -> str:
    """The label of the method that a chapter puts first: the last additive one, else the last."""
    return ([label for label, method in methods.items() if method.additive] or list(methods))[-1]


class Method(Choice):
    """How outputs of a model are explained. A new method says `title`, `formula`, `citation`, `additive` and how to
    `attribute`; for all else there is a default."""

    aggregate: Aggregate = Field("raw", description="of channels and samples when summarised: raw, abs or square")

    _for_no_reader: ClassVar[frozenset[str]] = frozenset({"kind"})  # fields that `settings` leaves out
    how_far: ClassVar[frozenset[str]] = frozenset()  # fields that only say when it stops refining
    by_rules: ClassVar[bool] = False  # whether it refuses nets that have parts which it knows no rule for

    @property
    @abstractmethod
    def title(self) -> str:
        """What it is called in a report."""

    @property
    @abstractmethod
    def formula(self) -> str:
        """Its definition, as inline HTML."""

    @property
    @abstractmethod
    def citation(self) -> str:
        """Where it was published."""

    @property
    @abstractmethod
    def additive(self) -> bool:
        """Whether its values add up to the change of the score from the baseline."""

    @property
    def asks(self) -> Capability:
        """What it takes of a model: predictions alone, gradients (or layers, which come with them), or trees."""
        return "predictions"

    @property
    def look(self) -> Look | None:
        """Where in the model it looks; None for a method that knows nothing but the input."""
        return None

    @property
    def against(self) -> Against | None:
        """What it compares with; None for a method that compares with nothing."""
        return None

    def stand_in(self, inputs: Arrays, baselines: Arrays | None) -> Arrays | None:
        """Raw values that stand in for elements which are taken away from `inputs`: the `baselines` that `attribute` is
        given; None where nothing does that has a value for each element."""
        del inputs
        return baselines

    @property
    def compared_with(self) -> str | None:
        """What it compares with in a sentence, where that is not what `against` names."""
        return None

    @property
    def departure(self) -> str | None:
        """In a sentence, how it differs here from its published definition; None where it does not."""
        return None

    def departure_in(self, task: str) -> str | None:
        """`departure`, where it is one for models of this task."""
        del task
        return self.departure

    @property
    def per_unit_of_input(self) -> bool:
        """Whether a value is a slope, so much of the score per unit of the input."""
        return False

    def refined_to(self) -> float | None:
        """The relative residual that it refines each explanation to; None where nothing is refined."""
        return None

    def settings(self) -> dict[str, Any]:
        """What a reader wants to know of its config: not its kind, nor what is not used."""
        unused = {"at"} if self.look is None or self.look.layer is None else set()
        return self.model_dump(mode="json", exclude={*self._for_no_reader, *unused}, exclude_none=True)

    def placed(self, layers: Mapping[str, str]) -> Self:
        """The same where the model has places to look at: "layer" for every method, "embedding" for those that ask for
        gradients."""
        return self.located(layers.get("embedding" if self.asks == "gradients" else "layer", layers.get("layer")))

    def located(self, layer: str | None) -> Self:
        """The method, looking at the output of `layer` where it can look at a layer and names none."""
        if layer is None or self.look is None or self.look.layer is not None:
            return self
        return self.model_copy(update={"layer": layer, "at": "output"})

    def refusal(self, model: str, framework: str) -> str:
        """Why it cannot explain a `model` that does not give what it asks for, in a clause that says what to use."""
        return (
            f"{self.option()} needs gradients, but the model {model} ({framework}) only predicts; "
            "use occlusion, kernel_shap, partition_shap or tree_shap"
        )

    def require_inputs(self, _: Sequence[Input]) -> None:
        """Raises InputError for inputs that it cannot explain, whatever the model is: asked before any training."""

    def require_score(self, _: OutputKind, __: Score) -> None:
        """Raises InputError for a score of such outputs that it cannot explain: asked before any training."""

    def cost(self, _: Attribution) -> Cost | None:
        """The evaluations of the model behind some explanations, which are the same on every machine, unlike seconds;
        None where a method does not count them."""
        return None

    @abstractmethod
    def attribute(
        self,
        model: DifferentiableModel,
        inputs: Arrays,
        baselines: Arrays | None,
        sample_ids: Array,
        targets: Array,
        score: Score,
        compute: Compute,
    ) -> Attribution:
        """Explains the outputs `targets` (samples, targets) of every sample of `inputs`.

        `inputs`: raw values by input name. `baselines`: raw values that they are compared with: shaped like `inputs`,
        or the rows that a method with a background averages over; None for zero where the method looks. What is
        drawn at random depends on its seed and on the sample's id in `sample_ids` (samples,) alone. A method that
        asks for no gradient takes any `exhibit.tasks.protocols.Model`.

        Raises:
            InputError: where the method cannot explain such a model, input, layer or score.
        """

    def resume(
        self,
        begun: Attribution,
        model: DifferentiableModel,
        inputs: Arrays,
        baselines: Arrays | None,
        sample_ids: Array,
        targets: Array,
        score: Score,
        compute: Compute,
    ) -> Attribution:
        """The same to the bit, of a method that refines: `begun` is what it gave to the same question with another
        tolerance or another limit of its steps."""
        del begun
        return self.attribute(model, inputs, baselines, sample_ids, targets, score, compute)
