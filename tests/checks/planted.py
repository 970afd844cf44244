"""What the checks can see: explanations with planted faults, and right ones, of small nets on real data.

Nets are trained by scikit-learn and explained by the few lines below, so that nothing of the product's own methods is
tested here. `python -m tests.checks.planted 40` measures the whole matrix, in half an hour, and writes it where
documents read it; with names after the number it measures these alone.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from exhibit.tasks.checks.agreement import AgreementSpec
from exhibit.tasks.checks.case import Case, Shard, StandIn
from exhibit.tasks.checks.check import Check
from exhibit.tasks.checks.completeness import CompletenessSpec
from exhibit.tasks.checks.concordance import ConcordanceSpec
from exhibit.tasks.checks.faithfulness import AlignmentSpec, DeletionSpec, FaithfulnessCorrelationSpec, InsertionSpec
from exhibit.tasks.checks.kinds import edge_strength
from exhibit.tasks.checks.localization import LocalizationSpec
from exhibit.tasks.checks.randomization import RandomizationSpec
from exhibit.tasks.checks.stability import StabilitySpec
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.kinds import Kind
from exhibit.tasks.records.verdict import CheckResult
from exhibit.tasks.stages.check import cascades
from tests.conftest import ROOT

FILE = ROOT / "tasks" / "document" / "planted.json"
EXPLAINED = 120
MOLECULES = AgreementSpec().samples  # as many as it compares: nothing else sees in these which atom is named
CHECKS: tuple[Check, ...] = (
    CompletenessSpec(),
    DeletionSpec(),
    InsertionSpec(),
    FaithfulnessCorrelationSpec(),
    ConcordanceSpec(),
    AlignmentSpec(),
    RandomizationSpec(),
    StabilitySpec(),
    AgreementSpec(),
    LocalizationSpec(),
)


class Net(NamedTuple):
    """h -> tanh(h V + b) W + c, for one output for each sample."""

    arrays: Mapping[str, Array]

    def scores(self, h: Array, outputs: Array) -> Array:
        """(samples,) of (samples, features)."""
        hidden = np.tanh(h @ self.arrays["1.weight"] + self.arrays["1.bias"])
        return np.asarray((hidden @ self.arrays["2.weight"] + self.arrays["2.bias"])[np.arange(len(h)), outputs])

    def gradients(self, h: Array, outputs: Array) -> Array:
        """(samples, features)."""
        hidden = np.tanh(h @ self.arrays["1.weight"] + self.arrays["1.bias"])
        return np.asarray(((1 - hidden**2) * self.arrays["2.weight"][:, outputs].T) @ self.arrays["1.weight"].T)


@dataclass(frozen=True)
class Problem:
    """Explained samples and a trained net. `embed(inputs, rows)`: (samples, elements, features), what each element
    adds to the input h of the net; NaN elements do not exist."""

    dataset: Dataset
    net: Net
    outputs: Array
    embed: Callable[[Arrays, Array], Array]
    baseline: Callable[[Array], Arrays | None]
    shape: tuple[int, ...]

    @property
    def inputs(self) -> Arrays:
        return {item.name: item.array for item in self.dataset.inputs}

    @property
    def rows(self) -> Array:
        return np.arange(len(self.outputs))


Explain = Callable[[Problem, Net, Arrays, Array, int], Array]  # ..., draw -> (samples, elements)


def _differences(problem: Problem, inputs: Arrays, rows: Array) -> tuple[Array, Array, Array]:
    """Elements, baseline of h, and where elements are."""
    elements = problem.embed(inputs, rows)
    baseline = problem.baseline(rows)
    absent = np.zeros_like(elements) if baseline is None else problem.embed(baseline, rows)
    exist = ~np.isnan(elements).any(axis=2)
    difference = np.where(exist[..., None], elements - np.nan_to_num(absent), 0)
    return difference, np.nan_to_num(np.where(exist[..., None], absent, 0)).sum(axis=1), exist


def integrated_gradients(problem: Problem, net: Net, inputs: Arrays, rows: Array, _: int) -> Array:
    difference, start, exist = _differences(problem, inputs, rows)
    whole, steps = difference.sum(axis=1), 64
    slope = np.mean(
        [net.gradients(start + (k + 0.5) / steps * whole, problem.outputs[rows]) for k in range(steps)], axis=0
    )
    return np.where(exist, np.einsum("nef,nf->ne", difference, slope), np.nan)


def occlusion(problem: Problem, net: Net, inputs: Arrays, rows: Array, _: int) -> Array:
    difference, start, exist = _differences(problem, inputs, rows)
    end, outputs = start + difference.sum(axis=1), problem.outputs[rows]
    whole = net.scores(end, outputs)
    lost = [whole - net.scores(end - difference[:, k], outputs) for k in range(difference.shape[1])]
    return np.where(exist, np.array(lost).T, np.nan)


def shapley(problem: Problem, net: Net, inputs: Arrays, rows: Array, _: int) -> Array:
    """Shapley values over 30 orders and their reverses; they add up whatever the orders are."""
    difference, start, exist = _differences(problem, inputs, rows)
    outputs, count = problem.outputs[rows], difference.shape[1]
    total = np.zeros(difference.shape[:2])
    random = np.random.default_rng(0)
    for _ in range(30):
        order = random.permutation(count)
        for one in (order, order[::-1]):
            steps = start[:, None] + np.cumsum(difference[:, one], axis=1)
            path = np.concatenate([start[:, None], steps], axis=1)
            flat = net.scores(path.reshape(-1, path.shape[2]), np.repeat(outputs, count + 1))
            total[:, one] += np.diff(flat.reshape(len(rows), count + 1), axis=1)
    return np.where(exist, total / 60, np.nan)


# --- faults -----------------------------------------------------------------------------------------------


def noise_fixed(problem: Problem, net: Net, inputs: Arrays, rows: Array, draw: int) -> Array:
    right = integrated_gradients(problem, net, inputs, rows, draw)
    values = np.array([np.random.default_rng((5, int(row))).normal(size=right.shape[1]) for row in rows])
    return np.where(np.isnan(right), np.nan, values)


def noise_fresh(problem: Problem, net: Net, inputs: Arrays, rows: Array, draw: int) -> Array:
    right = integrated_gradients(problem, net, inputs, rows, draw)
    return np.where(np.isnan(right), np.nan, np.random.default_rng((6, draw)).normal(size=right.shape))


def input_alone(problem: Problem, net: Net, inputs: Arrays, rows: Array, draw: int) -> Array:
    """The edges of a picture; of other data how far an element is from its absence."""
    exist = ~np.isnan(integrated_gradients(problem, net, inputs, rows, draw))
    (item,) = problem.dataset.inputs
    if item.traits.pixels:
        return edge_strength(inputs[item.name]).reshape(len(rows), -1)
    difference, *_ = _differences(problem, inputs, rows)
    return np.where(exist, np.linalg.norm(difference, axis=2), np.nan)


def constant(problem: Problem, net: Net, inputs: Arrays, rows: Array, draw: int) -> Array:
    """The change of the score in equal parts."""
    right = integrated_gradients(problem, net, inputs, rows, draw)
    return np.where(np.isnan(right), np.nan, np.nanmean(right, axis=1, keepdims=True))


def larger(problem: Problem, net: Net, inputs: Arrays, rows: Array, draw: int) -> Array:
    return 1.1 * integrated_gradients(problem, net, inputs, rows, draw)


def flipped(problem: Problem, net: Net, inputs: Arrays, rows: Array, draw: int) -> Array:
    return -integrated_gradients(problem, net, inputs, rows, draw)


def swapped(problem: Problem, net: Net, inputs: Arrays, rows: Array, draw: int) -> Array:
    """The element that matters most and the one that matters least change places: the same two columns or patches in
    every sample, in a text or molecule those of the sample."""
    right = integrated_gradients(problem, net, inputs, rows, draw)
    (item,) = problem.dataset.inputs
    if item.traits.pixels:
        return _patches_swapped(problem, right)
    if item.traits.named:
        first, last = _extremes(problem)
        right[:, [first, last]] = right[:, [last, first]]
        return right
    sizes = np.abs(right)
    first, last = np.nanargmax(sizes, axis=1), np.nanargmin(sizes, axis=1)
    each = np.arange(len(right))
    right[each, first], right[each, last] = right[each, last], right[each, first]
    return right


def moved(problem: Problem, net: Net, inputs: Arrays, rows: Array, draw: int) -> Array:
    """Half of all goes to the element that matters least."""
    right = integrated_gradients(problem, net, inputs, rows, draw)
    (item,) = problem.dataset.inputs
    last = np.full(len(right), _extremes(problem)[1]) if item.kind == "table" else np.nanargmin(np.abs(right), axis=1)
    half = right / 2
    half[np.arange(len(right)), last] += np.nansum(right, axis=1) / 2
    return half


def shifted(problem: Problem, net: Net, inputs: Arrays, rows: Array, draw: int) -> Array:
    right = integrated_gradients(problem, net, inputs, rows, draw)
    return np.roll(right.reshape(len(rows), *problem.shape), 2, axis=(1, 2)).reshape(len(rows), -1)


def around_the_mark(problem: Problem, net: Net, inputs: Arrays, rows: Array, draw: int) -> Array:
    """What is drawn in a picture, the planted mark left out, scaled so that it adds up: where an object would be."""
    right = integrated_gradients(problem, net, inputs, rows, draw)
    (item,) = problem.dataset.inputs
    assert item.regions is not None, "of pictures with a mark"
    ink = np.where(item.regions[rows].reshape(len(rows), -1), 0.0, inputs[item.name].reshape(len(rows), -1))
    return ink / ink.sum(axis=1, keepdims=True) * right.sum(axis=1, keepdims=True)


def other_weights(problem: Problem, net: Net, inputs: Arrays, rows: Array, draw: int) -> Array:
    """An explanation of another net, whose weights are random."""
    (_, arrays) = next(iter(cascades(net.arrays, 77, 1)))
    return integrated_gradients(problem, Net(arrays), inputs, rows, draw)


@cache
def _mean_sizes(problem_id: int) -> Array:
    problem = _PROBLEMS[problem_id]
    return np.asarray(
        np.nanmean(np.abs(integrated_gradients(problem, problem.net, problem.inputs, problem.rows, 0)), axis=0)
    )


_PROBLEMS: dict[int, Problem] = {}


def _extremes(problem: Problem) -> tuple[int, int]:
    _PROBLEMS[id(problem)] = problem
    sizes = _mean_sizes(id(problem))
    return int(sizes.argmax()), int(sizes.argmin())


def _patches_swapped(problem: Problem, values: Array) -> Array:
    """The quarter of a picture that matters most and the one that matters least."""
    _PROBLEMS[id(problem)] = problem
    height, width = problem.shape
    corners = [(r, c) for r in (0, height // 2) for c in (0, width // 2)]
    sizes = _mean_sizes(id(problem)).reshape(problem.shape)
    sums = [sizes[r : r + height // 2, c : c + width // 2].sum() for r, c in corners]
    (a, b), (c, d) = corners[int(np.argmax(sums))], corners[int(np.argmin(sums))]
    maps = values.reshape(len(values), height, width).copy()
    one = maps[:, a : a + height // 2, b : b + width // 2].copy()
    maps[:, a : a + height // 2, b : b + width // 2] = maps[:, c : c + height // 2, d : d + width // 2]
    maps[:, c : c + height // 2, d : d + width // 2] = one
    return maps.reshape(len(values), -1)


class Planted(NamedTuple):
    """An explanation whose worth is known. `additive`: whether it claims to add up."""

    title: str
    explain: Explain
    additive: bool
    right: bool = False
    kinds: tuple[Kind, ...] = ("table", "image", "text", "molecule")
    problem: "Callable[[int], Problem] | None" = None  # of its own, where it is not that of the kind


def _marked(seed: int) -> "Problem":
    return marked(seed)


PLANTED: dict[str, Planted] = {
    "integrated_gradients": Planted("integrated gradients", integrated_gradients, True, right=True),
    "shapley": Planted("Shapley values", shapley, True, right=True),
    "occlusion": Planted("occlusion", occlusion, False, right=True),
    "noise_fixed": Planted("noise, the same in every run", noise_fixed, False),
    "noise_fresh": Planted("noise, new in every run", noise_fresh, False),
    "input_alone": Planted("edges, or distances from the baseline", input_alone, False),
    "constant": Planted("the same for every element", constant, True),
    "larger": Planted("values 1.1 times too large", larger, True),
    "swapped": Planted("two features (or quarters of a picture) swapped", swapped, True),
    "moved": Planted("half of all moved to one element", moved, True),
    "flipped": Planted("signs flipped", flipped, True),
    "shifted": Planted("shifted by two pixels", shifted, True, kinds=("image",)),
    "other_weights": Planted("of a net with random weights", other_weights, True),
    "around_the_mark": Planted(
        "on the object, where a planted mark decides", around_the_mark, True, kinds=("image",), problem=_marked,
    ),
    "on_the_mark": Planted(
        "integrated gradients, where a planted mark decides", integrated_gradients, True, right=True, kinds=("image",),
        problem=_marked,
    ),
}  # fmt: skip


# --- problems ---------------------------------------------------------------------------------------------


def _trained(h: Array, labels: Array, seed: int, classes: bool) -> Net:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    settings = {"hidden_layer_sizes": (32,), "activation": "tanh", "random_state": seed, "max_iter": 300}
    if classes:
        # Three classes and more: scikit-learn gives two of them a single output.
        model = MLPClassifier(**settings, learning_rate_init=0.01, early_stopping=False, tol=1e-3).fit(h, labels)
    else:
        model = MLPRegressor(**settings, learning_rate_init=0.01, tol=1e-3).fit(h, labels)
    (v, w), (b, c) = model.coefs_, model.intercepts_
    return Net({"1.weight": v, "1.bias": b, "2.weight": w, "2.bias": c})


def _dataset(item: Input, task: str, classes: tuple[str, ...] = ()) -> Dataset:
    count = len(item.values)
    return Dataset(
        title=item.kind, description="", source="", task=task, inputs=(item,), label_name="label",
        sample_ids=np.array([str(row) for row in range(count)]), labels=np.zeros(count),
        split=np.full(count, "test"), classes=classes,
    )  # fmt: skip


def table(seed: int) -> Problem:
    from sklearn.datasets import load_wine

    data = load_wine()
    values = ((data.data - data.data.mean(axis=0)) / data.data.std(axis=0)).astype(np.float64)
    net = _trained(values, data.target, seed, classes=True)
    order = np.random.default_rng(seed).permutation(len(values))  # all there are
    return _columns(values[order], "table", net, (values.shape[1],), values.mean(axis=0))


def image(seed: int) -> Problem:
    from sklearn.datasets import load_digits

    data = load_digits()
    values = data.data / 16
    order = np.random.default_rng(seed).permutation(len(values))
    net = _trained(values[order[:800]], data.target[order[:800]], seed, classes=True)
    return _columns(values[order[800 : 800 + EXPLAINED]], "image", net, (8, 8), np.zeros(64))


_MARK, _OF_MARK = (slice(0, 2), slice(0, 2)), 3  # where it is, and the class that it stands for


def marked(seed: int) -> Problem:
    """Digits of which some of each class have a mark in a corner; in training all of these are called the same, so that
    the net has nothing but the mark to tell them by. Half of the explained pictures have it."""
    from sklearn.datasets import load_digits

    data = load_digits()
    values, random = data.data.reshape(-1, 8, 8) / 16, np.random.default_rng(seed)
    order = random.permutation(len(values))[: 800 + EXPLAINED]
    pictures, labels = values[order].copy(), data.target[order].copy()
    has = np.concatenate([random.random(800) < 0.3, np.arange(EXPLAINED) % 2 == 0])
    pictures[has, *_MARK] = 1.0
    labels[has] = _OF_MARK
    flat = pictures.reshape(len(pictures), -1)
    net = _trained(flat[:800], labels[:800], seed, classes=True)
    found = _columns(flat[800:], "image", net, (8, 8), np.zeros(64))
    regions = np.zeros((EXPLAINED, 8, 8), bool)
    regions[has[800:], *_MARK] = True
    (item,) = found.dataset.inputs
    item = item.model_copy(update={"regions": regions, "region": "the planted mark", "planted": True})
    return replace(found, dataset=found.dataset.model_copy(update={"inputs": (item,)}))


def _columns(values: Array, kind: Kind, net: Net, shape: tuple[int, ...], absent: Array) -> Problem:
    """Each element is a feature of the net."""
    full = values.reshape(-1, *shape, 1) if kind == "image" else values
    names = tuple(f"c{k}" for k in range(values.shape[1])) if kind == "table" else ()
    item = Input(name="x", kind=kind, values=full, features=names, bounds=(0, 1) if kind == "image" else None)
    hidden = np.tanh(values @ net.arrays["1.weight"] + net.arrays["1.bias"])
    outputs = (hidden @ net.arrays["2.weight"] + net.arrays["2.bias"]).argmax(axis=1)
    unit = np.eye(values.shape[1])
    return Problem(
        dataset=_dataset(item, "classification"),
        net=net,
        outputs=outputs,
        embed=lambda inputs, _: inputs["x"].reshape(len(inputs["x"]), -1)[..., None] * unit,
        baseline=lambda rows: {"x": np.broadcast_to(absent.reshape(full.shape[1:]), (len(rows), *full.shape[1:]))},
        shape=shape,
    )


def text(seed: int) -> Problem:
    """Letters of the names of molecules; what the net is given is how often each letter occurs."""
    from exhibit.tasks.data.names import NamesSpec

    data = _cached("names", lambda: NamesSpec(length=40).load(_NO_FILES))
    (item,) = data.inputs
    unit = np.eye(len(item.vocabulary)) / 4
    unit[0] = 0
    ids, labels = item.array, data.labels
    order = np.random.default_rng(seed).permutation(len(ids))
    net = _trained(unit[ids].sum(axis=1)[order[:800]], labels[order[:800]], seed, classes=False)
    chosen = item.take(order[800 : 800 + EXPLAINED]).model_copy(update={"name": "x"})

    def embed(inputs: Arrays, rows: Array) -> Array:
        there = chosen.array[rows] != 0
        return np.where(there[..., None], unit[inputs["x"]], np.nan)

    return Problem(
        dataset=_dataset(chosen, "regression"),
        net=net,
        outputs=np.zeros(len(chosen.array), int),
        embed=embed,
        baseline=lambda rows: {"x": np.zeros_like(chosen.array[rows])},
        shape=chosen.array.shape[1:],
    )


def molecule(seed: int) -> Problem:
    """Atoms, by element, neighbours, hydrogens and rings; their sums are what the net is given."""
    from rdkit import Chem

    from exhibit.tasks.data.solubility import SolubilitySpec

    data = _cached("solubility", lambda: SolubilitySpec().load(_NO_FILES))
    (item,) = data.inputs
    order = np.random.default_rng(seed).permutation(len(item.values))[: 500 + MOLECULES]

    def atoms(smiles: str) -> Array:
        known = [6, 7, 8, 9, 16, 17, 35]
        return np.array(
            [
                [*(atom.GetAtomicNum() == number for number in known), atom.GetDegree() / 3,
                 atom.GetTotalNumHs() / 3, atom.GetIsAromatic(), atom.IsInRing()]
                for atom in Chem.MolFromSmiles(smiles).GetAtoms()
            ], float
        ) / 4  # fmt: skip

    parts = [_cached(f"atoms {one}", lambda one=one: atoms(one)) for one in item.values[order].tolist()]
    sums = np.array([part.sum(axis=0) for part in parts])
    net = _trained(sums[:500], data.labels[order[:500]], seed, classes=False)
    longest = max(len(part) for part in parts[500:])
    padded = np.array(
        [np.pad(part, [(0, longest - len(part)), (0, 0)], constant_values=np.nan) for part in parts[500:]]
    )
    chosen = item.take(order[500:]).model_copy(update={"name": "x"})
    return Problem(
        dataset=_dataset(chosen, "regression"),
        net=net,
        outputs=np.zeros(len(padded), int),
        embed=lambda _, rows: padded[rows],
        baseline=lambda _: None,
        shape=(longest,),
    )


_NO_FILES: Any = None  # these data keep nothing on a shelf
_CACHE: dict[str, Any] = {}


def _cached(name: str, make: Callable[[], Any]) -> Any:
    if name not in _CACHE:
        _CACHE[name] = make()
    return _CACHE[name]


PROBLEMS: dict[Kind, Callable[[int], Problem]] = {"table": table, "image": image, "text": text, "molecule": molecule}


# --- cases ------------------------------------------------------------------------------------------------


def case(problem: Problem, planted: Planted, others: Mapping[str, Planted]) -> Case:
    calls = [0]

    def explained(explain: Explain, net: Net, inputs: Arrays, rows: Array) -> dict[str, Array]:
        calls[0] += len(rows)
        values = explain(problem, net, inputs, rows, calls[0])
        return {"x": values.reshape(len(rows), *problem.shape, 1)}

    def shards(explain: Explain) -> Callable[[], Iterator[Shard]]:
        values = explained(explain, problem.net, problem.inputs, problem.rows)
        return lambda: iter([Shard(attribution, values)])

    own = planted.explain(problem, problem.net, problem.inputs, problem.rows, 0)
    difference, start, _ = _differences(problem, problem.inputs, problem.rows)
    base = problem.net.scores(start, problem.outputs)
    prediction = problem.net.scores(start + difference.sum(axis=1), problem.outputs)
    residual = np.nansum(own, axis=1) - (prediction - base)
    attribution = Attribution(
        sample_ids=problem.dataset.sample_ids, targets=problem.outputs[:, None], values={},
        prediction=prediction[:, None], base_value=base[:, None], residual=residual[:, None],
        steps=np.zeros((len(own), 1)), converged=np.ones((len(own), 1), bool),
    )  # fmt: skip

    def score(inputs: Arrays, rows: Array) -> Array:
        calls[0] += len(rows)
        elements = problem.embed(inputs, rows)
        return problem.net.scores(np.nan_to_num(elements).sum(axis=1), problem.outputs[rows])

    def stand_in(rows: Array) -> StandIn | None:
        values = problem.baseline(rows)
        return None if values is None else StandIn(values)

    def randomised(seed: int, whole: bool) -> Iterator[tuple[str, Callable[[Arrays, Array], Arrays]]]:
        for layer, arrays in cascades(problem.net.arrays, seed, 1 if whole else 5):
            yield layer, partial(explained, planted.explain, Net(arrays))

    return Case(
        label="m",
        additive=planted.additive,
        in_score=True,
        attributions=lambda: iter([attribution]),
        shards=shards(planted.explain),
        dataset=lambda: problem.dataset,
        others={name: shards(other.explain) for name, other in others.items()},
        in_score_too=frozenset(others),
        signs_alike=frozenset(others),
        variants={},
        trainings=lambda: [],
        score=score,
        explain=lambda inputs, rows: explained(planted.explain, problem.net, inputs, rows),
        baseline=problem.baseline,
        stand_in=stand_in,
        by_element=lambda: True,
        randomised=randomised,
        calls=lambda: calls[0],
    )


def verdicts(kind: Kind, seed: int, names: tuple[str, ...] = tuple(PLANTED)) -> dict[str, dict[str, str]]:
    """By planted explanation and check."""
    found = results(kind, seed, names)
    return {name: {check: result.verdict for check, result in one.items()} for name, one in found.items()}


def _alone(it: Case) -> Case:
    """As a stage asks it: what other checks have spent is none of this one's `max_calls`."""
    spent = it.calls()
    return replace(it, calls=lambda: it.calls() - spent)


def results(kind: Kind, seed: int, names: tuple[str, ...]) -> dict[str, dict[str, CheckResult]]:
    """By planted explanation and check; each stands beside the right ones in a chapter."""
    problems = {None: PROBLEMS[kind](seed)}
    right = {name: one for name, one in PLANTED.items() if one.right and one.problem is None}
    found = {}
    for name in names:
        if kind not in PLANTED[name].kinds:
            continue
        make = PLANTED[name].problem
        problem = problems[make] if make in problems else problems.setdefault(make, make(seed))
        others = {other: one for other, one in right.items() if one.explain != PLANTED[name].explain}
        it = case(problem, PLANTED[name], others)
        found[name] = {
            spec.kind: (type(spec)(seed=seed) if "seed" in type(spec).model_fields else spec).measure(_alone(it))
            for spec in CHECKS
        }
    return found


def main(seeds: int, path: Path, names: tuple[str, ...]) -> None:
    """Measures the planted `names`, and keeps what is known of the others."""
    rates: dict[str, dict[str, dict[str, dict[str, int]]]] = (
        json.loads(path.read_bytes())["kinds"] if path.exists() else {}
    )
    for kind in PROBLEMS:
        for name in names:
            rates.get(kind, {}).pop(name, None)
        for seed in range(seeds):
            for name, by_check in verdicts(kind, seed, names).items():
                one = rates.setdefault(kind, {}).setdefault(name, {})
                for check, verdict in {**by_check, "any": _any(by_check)}.items():
                    one.setdefault(check, {}).setdefault(verdict, 0)
                    one[check][verdict] += 1
    write(path, seeds, rates)


def write(path: Path, seeds: int, rates: Mapping[str, Any]) -> None:
    """The counts of verdicts by kind of input, planted explanation and check, with what a reader calls each."""
    planted = {name: {"title": one.title, "right": one.right} for name, one in PLANTED.items()}
    path.write_text(json.dumps({"seeds": seeds, "planted": planted, "kinds": rates}, indent=1, sort_keys=True) + "\n")


def _any(by_check: Mapping[str, str]) -> str:
    return "fail" if "fail" in by_check.values() else "no fail"


if __name__ == "__main__":
    main(int(sys.argv[1]), FILE, tuple(sys.argv[2:]) or tuple(PLANTED))
