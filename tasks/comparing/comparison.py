"""All points on the same data beside each other: what agrees, what decides, and what stays first."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from exhibit.tasks.comparing import ranks
from exhibit.tasks.comparing.settings import codes, differing, of_point, of_result, shared, together, where
from exhibit.tasks.records.base import Array, Record
from exhibit.tasks.records.compared import Basis, ComparedPoint, Comparison, Factor, Group, Place, Result
from exhibit.tasks.records.explanation import Cost, Importance
from exhibit.tasks.records.material import Material, MethodMaterial
from exhibit.tasks.records.parquet import parquet


class Candidate(Record):
    """One method at one point, with its importances of the first target over all inputs."""

    point: int
    material: Material
    method: MethodMaterial
    settings: dict[str, str]

    @property
    def importances(self) -> list[Importance]:
        """Those of the first target, input by input."""
        importances = self.method.summary.importances
        return [item for item in importances if item.target == importances[0].target]

    @property
    def features(self) -> tuple[str, ...]:
        """What can be compared: the same features of the same inputs."""
        inputs = {item.name: item for item in self.material.dataset.inputs}
        several = len(inputs) > 1
        return tuple(
            inputs[item.input].label(name) if several else name for item in self.importances for name in item.features
        )

    def joined(self, of: Callable[[Importance], Array]) -> Array:
        """(features,) of one array of the importances, over all inputs."""
        return np.concatenate([of(item) for item in self.importances])


def comparison(
    slug: str, configs: Sequence[Mapping[str, Any]], numbers: Sequence[int], materials: Sequence[Material]
) -> Comparison:
    """The facts of a comparison; a result is one method at one point, and the same computation counts once."""
    everything = _candidates(configs, materials)
    kept, same = _once(everything)
    basis, alike = _comparable(kept)
    short = differing([item.settings for item in alike])
    results = _results(alike, short, numbers)
    values, means, features = _numbers(basis, alike)
    top = ranks.first_places(len(features)) if features else 1
    places = ranks.ranks(values) if features else np.zeros((len(alike), 0), int)
    agreement = ranks.agreement(values, means, top) if features else _over_samples(alike)
    agreement = agreement._replace(signs=np.where(_same_meaning(alike), agreement.signs, np.nan))
    groups = [] if np.isnan(agreement.spearman).all() else ranks.groups(agreement.spearman)
    return Comparison(
        slug=slug,
        data=materials[0].dataset.title,
        points=tuple(_points(configs, numbers, materials)),
        results=tuple(results),
        basis=basis,
        features=features,
        ranks=places,
        top=top,
        spearman=agreement.spearman,
        overlap=agreement.overlap,
        signs=agreement.signs,
        groups=tuple(
            Group(letter="ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number], members=tuple(members), shared=shared(members, short))
            for number, members in enumerate(groups)
        ),
        between=ranks.between(groups, agreement.spearman),
        factors=tuple(_factors([item.settings for item in alike], short, agreement, places <= top)),
        places=tuple(_places(features, places, means, top, short)),
        same=same,
        other=tuple(f"{item.material.slug}/{item.method.label}" for item in kept if item not in alike),
        aggregates=tuple(dict.fromkeys(item.method.aggregate for item in alike)),
        shown=len(materials[0].shown),
    )


def _same_meaning(alike: Sequence[Candidate]) -> Array:
    """(results, results) whether the signs of two results say the same: those of a slope and of a contribution do
    not."""
    units = np.array([item.method.unit for item in alike])
    return np.asarray(units[:, None] == units)


def _candidates(configs: Sequence[Mapping[str, Any]], materials: Sequence[Material]) -> list[Candidate]:
    return [
        Candidate(point=point, material=material, method=method, settings=of_result(config, method.label))
        for point, (config, material) in enumerate(zip(configs, materials, strict=True))
        for method in material.methods
    ]


def _once(candidates: Sequence[Candidate]) -> tuple[list[Candidate], int]:
    """Without those that depend on the same settings as an earlier one, and how many these are."""
    first: dict[frozenset[tuple[str, str]], Candidate] = {}
    for item in candidates:
        first.setdefault(frozenset(item.settings.items()), item)
    return list(first.values()), len(candidates) - len(first)


def _comparable(candidates: Sequence[Candidate]) -> tuple[Basis, list[Candidate]]:
    """What can be compared, and the most results of which it can."""
    inputs = candidates[0].material.dataset.inputs
    # Molecules without any of the functional groups have no features.
    if all(item.comparable for item in inputs) and any(item.features for item in candidates):
        return "importances", _largest(candidates, [item.features for item in candidates])
    shapes = [
        (item.material.shown.tobytes(), *sorted((name, a.shape[:-1]) for name, a in item.method.values.items()))
        for item in candidates
    ]
    return "samples", _largest(candidates, shapes)


def _largest(candidates: Sequence[Candidate], marks: Sequence[Any]) -> list[Candidate]:
    most = max(dict.fromkeys(marks), key=marks.count)
    return [item for item, mark in zip(candidates, marks, strict=True) if mark == most]


def _results(alike: Sequence[Candidate], short: Sequence[Mapping[str, str]], numbers: Sequence[int]) -> list[Result]:
    several = len({item.point for item in alike}) < len(alike)
    return [
        Result(
            point=item.point,
            code=f"{numbers[item.point]}{_letter(item) if several else ''}",
            name=", ".join(_named(key, value) for key, value in settings.items()) or item.method.label,
            slug=item.material.slug,
            method=item.method.label,
            aggregate=item.method.aggregate,
            settings=dict(settings),
        )
        for item, settings in zip(alike, short, strict=True)
    ]


def _letter(item: Candidate) -> str:
    labels = [method.label for method in item.material.methods]
    return "abcdefghijklmnopqrstuvwxyz"[labels.index(item.method.label) % 26]


def _named(key: str, value: str) -> str:
    """vanilla_grad; seed 1."""
    return value if key == "method" else f"{key.rpartition('.')[2].replace('_', ' ')} {value}"


def _numbers(basis: Basis, alike: Sequence[Candidate]) -> tuple[Array, Array, tuple[str, ...]]:
    """(results, features) of mean |a| and of mean a, NaN where signs were lost; and the names of the features."""
    if basis != "importances":
        return np.zeros((len(alike), 0)), np.zeros((len(alike), 0)), ()
    values = np.array([item.joined(lambda one: one.mean_absolute) for item in alike])
    means = np.array([item.joined(lambda one: one.mean) for item in alike])
    kept = [item.method.unit for item in alike if item.method.aggregate == "raw"]
    meant = Counter(kept).most_common(1)[0][0] if kept else ""  # signs of what means something else are not counted
    means[[item.method.aggregate != "raw" or item.method.unit != meant for item in alike]] = np.nan
    return values, means, alike[0].features


def _over_samples(alike: Sequence[Candidate]) -> ranks.Agreement:
    """Agreement of the attributions of the first target of each shown sample, mean over samples."""
    flat = [
        np.concatenate([a[..., 0].reshape(len(a), -1) for a in item.method.values.values()], axis=1) for item in alike
    ]
    signed = [item.method.aggregate == "raw" for item in alike]
    each = [
        ranks.agreement(
            np.abs(rows),
            np.where(np.array(signed)[:, None], rows, np.nan),
            max(1, round(0.1 * rows.shape[1])),
        )
        for rows in np.stack(flat, axis=1)
    ]
    return ranks.Agreement(*(np.mean(measures, axis=0) for measures in zip(*each, strict=True)))


def _factors(
    settings: Sequence[Mapping[str, str]],
    short: Sequence[Mapping[str, str]],
    agreement: ranks.Agreement,
    first: Array,
) -> list[Factor]:
    known, further = codes(short), together(settings)
    factors = []
    for name in known:
        one, two = ranks.apart_in(name, known)
        values = tuple(dict.fromkeys(item[name] for item in short if name in item))
        facts: dict[str, Any] = {}
        if len(one):
            facts = {
                "mean": _of_known(np.nanmean, agreement.spearman[one, two]),
                "lowest": _of_known(np.nanmin, agreement.spearman[one, two]),
                "overlap": _of_known(np.nanmean, agreement.overlap[one, two]),
                "signs": _of_known(np.nanmean, agreement.signs[one, two]),
                "same_first": int((first[one] == first[two]).all(axis=1).sum()) if first.size else 0,
            }
        factors.append(Factor(name=name, further=further.get(name, 0), values=values, pairs=len(one), **facts))
    return factors


def _of_known(measure: Callable[[Array], Any], values: Array) -> float | None:
    """`measure` of those that are not NaN; None where there are none."""
    return None if np.isnan(values).all() else float(measure(values))


def _places(
    features: tuple[str, ...], places: Array, means: Array, top: int, short: Sequence[Mapping[str, str]]
) -> list[Place]:
    """The features that stand first in the middle over all results, and where they do not."""
    order: list[int] = np.lexsort((places.mean(axis=0), np.median(places, axis=0)))[:top].tolist() if features else []
    signed = ~np.isnan(means).any(axis=1)
    return [
        Place(
            feature=features[k],
            inside=int((places[:, k] <= top).sum()),
            lost=where(places[:, k] > top, short) if (places[:, k] > top).any() else None,
            positive=int((means[signed, k] > 0).sum()),
            signed=int(signed.sum()),
        )
        for k in order
    ]


def _points(
    configs: Sequence[Mapping[str, Any]], numbers: Sequence[int], materials: Sequence[Material]
) -> list[ComparedPoint]:
    settings = differing([of_point(config) for config in configs])
    return [
        ComparedPoint(
            number=number,
            slug=material.slug,
            settings=own,
            metrics=material.performance.metrics,
            measured_rows=material.measured_rows,
            explanations=material.explained * len(material.target_names),
            label=material.dataset.label_name if material.performance.labels else "",
            **_cost(material),
        )
        for number, own, material in zip(numbers, settings, materials, strict=True)
    ]


def _cost(material: Material) -> dict[str, Any]:
    costs = [method.cost for method in material.methods]
    known = [cost for cost in costs if isinstance(cost, Cost)]
    whole = len(known) == len(costs)
    return {
        "gradients": sum(cost.gradients for cost in known) if whole else None,
        "evaluations": sum(cost.evaluations for cost in known) if whole else None,
        "at_most": any(cost.at_most for cost in known),
    }


def agreement_table(comparisons: Sequence[Comparison]) -> bytes:
    """Every pair of results as Parquet: who, rank correlation, overlap of the first places, share of equal signs."""
    rows = [
        {
            "comparison": item.slug,
            "point": item.results[i].slug,
            "method": item.results[i].method,
            "other_point": item.results[j].slug,
            "other_method": item.results[j].method,
            "rank_correlation": float(item.spearman[i, j]),
            "overlap": float(item.overlap[i, j]),
            "equal_signs": float(item.signs[i, j]),
        }
        for item in comparisons
        for i, j in combinations(range(len(item.results)), 2)
    ]
    return parquet(rows)
