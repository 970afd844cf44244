"""Shapley values as expected gradients: sampled between the sample and rows of the background."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from exhibit.tasks.methods.alike import require_alike
from exhibit.tasks.methods.method import Layer, Look
from exhibit.tasks.methods.pairs import Pairs, first_named
from exhibit.tasks.methods.sampling import channel_moments, unsummed_of
from exhibit.tasks.methods.shap import BackgroundMethod, compared, differentiable, explained, rows_of, seed_of
from exhibit.tasks.protocols import (
    Capability,
    Compute,
    DifferentiableModel,
    Place,
    Score,
    Side,
    padded_batches,
    scores,
    take,
)
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.explanation import Attribution, Cost
from exhibit.tasks.records.language import mark, say
from exhibit.tasks.records.model import OutputKind

if TYPE_CHECKING:
    from exhibit.tasks.methods.shap_torch import Drawn


class GradientShapSpec(BackgroundMethod):
    """(x - x') dS/dx at random points between x and x', averaged over draws of the point and of the background row x'.

    Values belong to the preprocessed inputs or to a layer, whose activations are compared with those of the
    background. S. Lundberg, S.-I. Lee (2017), A unified approach to interpreting model predictions; G. Erion and others
    (2021), Improving performance of deep learning models with axiomatic attribution priors and expected gradients.
    """

    kind: Literal["gradient_shap"] = "gradient_shap"
    layer: Layer = Field(
        None,
        description="a hidden layer by name or index; null: the input of the net, of atoms or words their embedding",
    )
    at: Side = Field("output", description="of the layer: input or output")
    nsamples: int = Field(200, ge=2, le=1_000_000, description="draws")
    batch_size: int | None = Field(None, ge=1, le=1_000_000, description="gradients at a time; null: compute.batch")
    local_smoothing: float = Field(
        0.0, ge=0, le=1_000_000, description="standard deviation of noise on what the gradient is taken at"
    )

    title: ClassVar[str] = "Gradient SHAP"
    formula: ClassVar[str] = say(
        "mean over <i>x</i>′, <i>α</i> of {formula}",
        formula="(<i>x</i> − <i>x</i>′) · ∂<i>S</i>(<i>x</i>′ + <i>α</i>(<i>x</i> − <i>x</i>′))/∂<i>x</i>",
    )
    citation: ClassVar[str] = (
        "S. Lundberg, S.-I. Lee (2017), A unified approach to interpreting model predictions, NeurIPS, "
        "doi:10.48550/arXiv.1705.07874; G. Erion, "
        "J. Janizek, P. Sturmfels, S. Lundberg, S.-I. Lee (2021), Improving performance of deep learning models with "
        "axiomatic attribution priors and expected gradients, Nature Machine Intelligence, "
        "doi:10.1038/s42256-021-00343-w."
    )

    @property
    def departure(self) -> str | None:
        """In one sentence, how this differs from SHAP's own; None where it does not."""
        if self.layer is None:
            return None
        return mark(
            "At a layer SHAP is given the part of the net behind it: gradients are multiplied by the difference "
            "between the activations of the sample and of the background, never by the activation itself."
        )

    @property
    def asks(self) -> Capability:
        """Gradients."""
        return "gradients"

    @property
    def look(self) -> Look:
        """Where gradients are taken."""
        return Look(self.layer, self.at)

    def cost(self, part: Attribution) -> Cost:
        """A gradient for each draw."""
        return Cost(gradients=int(first_named(part.targets).sum()) * self.nsamples)

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
        """As every method; inputs without a common size cannot be compared with a background."""
        from exhibit.tasks.methods.shap_torch import ExpectedGradients

        model, background = differentiable(model, self.kind), rows_of(baselines, self.kind)
        size = self.batch_size or compute.batch
        others, seen = compared(self.kind, model, background, self.layer, self.at, size)
        explainer = ExpectedGradients(list(others.values()), size, self.nsamples, self.local_smoothing)
        pairs = Pairs.of(targets)
        names, unsummed = list(others), unsummed_of(inputs)
        columns, ends = [], []
        for sample, target in zip(pairs.sample.tolist(), pairs.target.tolist(), strict=True):
            # Always as many rows, so that nothing depends on how many are asked for, and is compiled once.
            place = model.place(take(inputs, np.full(size, sample)), self.layer, self.at)
            require_alike(self.kind, place, others)
            view = _View(place, model.output, score, np.full(size, target))
            draw = explainer.of(view.sample, view.gradient, seed_of(self.seed, sample_ids[sample]))
            columns.append(_found(draw, self.nsamples, [name not in unsummed for name in names]))
            ends.append(view.ends(others))
        moments = {name: np.stack([each.moments[k] for each in columns]) for k, name in enumerate(names)}
        errors = {name: np.stack([each.errors[k] for each in columns]) for k, name in enumerate(names)}
        return explained(
            sample_ids,
            targets,
            {name: pairs.spread(np.stack([each.values[k] for each in columns])) for k, name in enumerate(names)},
            *(pairs.spread(np.array(end)) for end in zip(*ends, strict=True)),
            moments={name: pairs.spread(array, -2) for name, array in moments.items()},
            standard_error={name: pairs.spread(array, -2) for name, array in errors.items()},
            bypassed=None if self.layer is None else np.full(targets.shape, seen.bypassed()),
        )


class _Found(NamedTuple):
    """Of one output of one sample, by input: values shaped like it; moments over draws of a, |a| and a², each summed
    over channels unless these are elements, and their standard errors, both (elements, ..., 3)."""

    values: list[Array]
    moments: list[Array]
    errors: list[Array]


def _found(draw: "Drawn", count: int, summed: Sequence[bool]) -> _Found:
    """`summed`: by input, whether over its channels."""
    both = [_moments(products, draw.rows[:count], own) for products, own in zip(draw.products, summed, strict=True)]
    return _Found(draw.values, [mean for mean, _ in both], [error for _, error in both])


def _moments(products: Iterable[Array], rows: Sequence[int], summed: bool = True) -> tuple[Array, Array]:
    """Means over the draws and their errors, each (elements, ..., 3). `rows`: the background row of each draw.

    An error is half of a 95% interval, divided by the quantile of Student's t with one degree less than there are rows:
    the standard error, widened where rows were drawn unequally often, which leaves fewer degrees of freedom, and where
    what the rows add is skewed.
    """
    mean, moves, drawn = _left_out(products, rows, summed)
    count = len(moves)
    error = np.sqrt((moves**2).sum(axis=0) * (count - 1) / count)
    degrees = _quantile(degrees_of_freedom(drawn)) / _quantile(count - 1)
    return mean.astype(np.float32), (error * degrees * widened(moves)).astype(np.float32)


def _left_out(products: Iterable[Array], rows: Sequence[int], summed: bool = True) -> tuple[Array, Array, Array]:
    """The means over the draws, (elements, ..., 3); by how much they move where a row is left out, (rows, elements,
    ..., 3); and how often each row was drawn (rows,).

    The same seed draws the background, so what differs between its rows is an error of the mean, too: draws of one row
    are alike, and each row is left out once with all its draws (the jackknife over clusters, which rows that were drawn
    more often than others do not make too small: J. G. MacKinnon, M. O. Nielsen, M. D. Webb (2023), Cluster-robust
    inference: a guide to empirical practice). With a single row, which is what the sample is compared with, each draw
    is.
    """
    alone = len(set(rows)) == 1
    sums: dict[int, Array] = {}
    for number, (row, product) in enumerate(zip(rows, products, strict=False)):
        powers = channel_moments(product[np.newaxis].astype(np.float64), summed)[0]
        group = number if alone else row
        sums[group] = sums.get(group, 0) + powers
    drawn = np.ones(len(rows)) if alone else np.bincount(rows)
    mean: Array = np.sum(list(sums.values()), axis=0) / len(rows)
    moves = [(total - drawn[group] * mean) / (len(rows) - drawn[group]) for group, total in sums.items()]
    return mean, np.array(moves), drawn


def widened(moves: Array) -> Array:
    """By how much a 95% interval of Student's t is too narrow for a mean that is skewed as `moves` (clusters, ...), one
    cluster left out each, are: the first term of its error, P. Hall (1992), The bootstrap and Edgeworth expansion, 2.6,
    with the skewness and the excess kurtosis of the sample."""
    count, z2 = len(moves), _quantile(np.inf) ** 2
    centred = moves - moves.mean(axis=0)
    second, third, fourth = ((centred**power).mean(axis=0) for power in (2, 3, 4))
    size = np.where(second > 0, second, 1)
    skewness = third / size**1.5 * np.sqrt(count * (count - 1)) / max(count - 2, 1)
    kurtosis = np.where(second > 0, fourth / size**2 - 3, 0)
    return 1 + (skewness**2 * (z2**2 + 2 * z2 - 3) / 18 - kurtosis * (z2 - 3) / 12) / count


def _quantile(degrees: float) -> float:
    """Half of a 95% interval, in errors."""
    from scipy.stats import t

    return float(t.ppf(0.975, degrees))


def degrees_of_freedom(drawn: Array) -> float:
    """Of the jackknife over clusters that are drawn so often each, where their means vary alike: twice the squared mean
    of that estimate of a variance over its own variance (F. E. Satterthwaite 1946; R. M. Bell, D. F. McCaffrey 2002).
    One less than there are clusters where all are drawn equally often.

    Leaving out cluster i moves the mean by cᵢ (yᵢ − Σ wⱼ yⱼ), with w its share of the draws and c = w / (1 − w). The
    sum of their squares is the quadratic form diag(u) − w uᵀ − u wᵀ + Σu · w wᵀ of y, with u = c².
    """
    w = drawn[drawn > 0] / drawn.sum()
    u = (w / (1 - w)) ** 2
    total, ww, wu = u.sum(), w @ w, w @ u
    trace = total - 2 * wu + total * ww
    squared = (
        (u**2).sum() - 4 * (w * u**2).sum() + 2 * ww * (u @ u) + 2 * wu**2
        + 2 * total * (u * w**2).sum() - 4 * total * ww * wu + (total * ww) ** 2
    )  # fmt: skip
    return float(trace**2 / squared)


class _View(NamedTuple):
    """One output of one sample, seen from one place: `place` holds that sample and `targets` that output repeatedly."""

    place: Place
    output: OutputKind
    score: Score
    targets: Array

    @property
    def sample(self) -> list[Array]:
        """Its values at the place, each (1, ...)."""
        return [array[:1] for array in self.place.values.values()]

    def gradient(self, points: Sequence[Array]) -> tuple[Array, list[Array]]:
        """Scores and gradients at as many points as the place has rows."""
        values = {
            name: array.astype(seen.dtype)
            for (name, seen), array in zip(self.place.values.items(), points, strict=True)
        }
        scores, gradients = self.place.gradient(values, self.score, self.targets)
        return scores, [gradients[name] for name in values]

    def ends(self, compared: Arrays) -> tuple[float, float]:
        """The score of the sample, and its mean with the background's values in place of the sample's."""
        both = {name: np.concatenate([array[:1], compared[name]]) for name, array in self.place.values.items()}
        rows = padded_batches(len(next(iter(both.values()))), len(self.targets))
        scores = np.concatenate([self._scores(take(both, chosen))[:used] for chosen, used in rows])
        return float(scores[0]), float(scores[1:].mean())

    def _scores(self, values: Arrays) -> Array:
        return scores(self.place.outputs(values), self.output, self.score, self.targets)
