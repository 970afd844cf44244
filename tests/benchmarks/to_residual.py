"""Integrated gradients on trained torch nets: the time until 95% of the images have a residual of at most 1%.

Captum takes one number of steps for all images and leaves it to its user; it computes what ours computes with the same
rule and steps, so ours tells what each number reaches. Compared is, with the fewest steps that do, which nobody knows
beforehand: its best rule and its trapezoid with our midpoints, and its best rule with `n_steps: auto`; and with
steps doubled from Captum's default of 50 until two successive ones meet the criterion of `auto`, which is how its user
comes to know as much.
"""

from typing import Literal

import captum.attr
import numpy as np

from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec, Rule
from exhibit.tasks.protocols import Compute, Score
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import Attribution
from tests.benchmarks.side_by_side import fastest, report
from tests.benchmarks.torch_nets import as_torch, crops, efficientnet, model_of, plain_net, trained

import torch  # isort: skip - after exhibit.tasks.models, which sets what it reads
from torch import nn  # isort: skip

STEPS = (8, 16, 32, 64, 128, 256)
DOUBLED = (50, 100, 200, 400)  # from Captum's default
NAMES: dict[Rule, str] = {  # here and in Captum
    "midpoint": "riemann_middle",
    "gausslegendre": "gausslegendre",
    "trapezoid": "riemann_trapezoid",
}


class Subject:
    """A trained net, `count` images it has not seen, and their predicted classes."""

    def __init__(self, net: nn.Module, side: int, count: int, score: Score) -> None:
        self.score, self.count, self.compute = score, count, Compute(batch=count)
        self.images, _ = crops(count, side, seed=999)
        self.model = model_of(net, self.compute)
        self.net = nn.Sequential(net, nn.Softmax(dim=1)) if score.kind == "probability" else net
        self.targets = self.model.predict({"image": self.images}).argmax(axis=1)

    def explain(self, rule: Rule | Literal["auto"] = "auto", n_steps: int | str = "auto") -> Attribution:
        """By ours."""
        method = IntegratedGradientsSpec.model_validate({"rule": rule, "n_steps": n_steps})
        black, ids = {"image": np.zeros_like(self.images)}, np.arange(self.count).astype(str)
        given = self.model, {"image": self.images}, black, ids, self.targets[:, None], self.score
        return method.attribute(*given, self.compute)

    def captum(self, rule: Rule, steps: int) -> None:
        """By Captum in batches of the same size as ours; its trapezoid of n intervals takes n + 1 steps."""
        options = {"method": NAMES[rule], "internal_batch_size": self.count}
        steps = steps + 1 if rule == "trapezoid" else steps
        images, targets = as_torch(self.images), torch.tensor(self.targets)
        captum.attr.IntegratedGradients(self.net).attribute(images, target=targets, n_steps=steps, **options)


def residuals(found: Attribution) -> Array:
    """(images,) relative to the difference of the score."""
    return np.abs(found.residual[:, 0]) / np.maximum(np.abs(found.prediction - found.base_value)[:, 0], 1e-3)


def changes(found: Attribution, other: Attribution) -> Array:
    """(images,) the difference of the attributions relative to the second, in L1."""
    axes = (1, 2, 3, 4)
    difference = np.abs(found.values["image"] - other.values["image"]).sum(axes)
    return difference / np.abs(other.values["image"]).sum(axes)


def high(values: Array) -> float:
    """The 95th percentile."""
    return float(np.percentile(values, 95))


def doubled(subject: Subject) -> list[int]:
    """The numbers of steps that are tried, until two successive ones meet the criterion of `auto`."""
    tried = [subject.explain("gausslegendre", DOUBLED[0])]
    for number, steps in enumerate(DOUBLED[1:], start=2):
        tried.append(subject.explain("gausslegendre", steps))
        met = [residuals(tried[-2]), residuals(tried[-1]), changes(tried[-2], tried[-1])]
        if high(np.max(met, axis=0)) <= 0.01:
            return list(DOUBLED[:number])
    return list(DOUBLED)


def fewest(subject: Subject, rule: Rule) -> tuple[int, Attribution]:
    """Of the numbers of steps that are tried, the smallest that is enough, or the largest where none is."""
    for steps in STEPS:
        found = subject.explain(rule, steps)
        if high(residuals(found)) <= 0.01:
            break
    return steps, found


def compare(title: str, subject: Subject, truest: int) -> None:
    """All comparisons on one net and score; `truest`: Gauss-Legendre steps of what the errors are taken from."""
    truth = subject.explain("gausslegendre", truest)
    autos: dict[Rule, Attribution] = {rule: subject.explain(rule) for rule in ("cosine", "trapezoid")}
    found = {rule: fewest(subject, rule) for rule in NAMES}
    least = {rule: steps for rule, (steps, _) in found.items()}
    quickest = min(least, key=lambda rule: least[rule])
    tried = doubled(subject)
    times = fastest(
        {
            "Exhibit, auto": subject.explain,
            "Exhibit, auto with rule: trapezoid": lambda: subject.explain("trapezoid"),
            "Exhibit, fewest steps": lambda: subject.explain("midpoint", least["midpoint"]),
            "Captum, fewest steps": lambda: subject.captum(quickest, least[quickest]),
            "Captum, fewest steps of its trapezoid": lambda: subject.captum("trapezoid", least["trapezoid"]),
            "Captum, doubled": lambda: [subject.captum("gausslegendre", steps) for steps in tried],
        },
        rounds=1,
    )
    report(
        title,
        {
            **{f"fewest steps, {rule} (Captum, Exhibit)": steps for rule, steps in least.items()},
            **{f"with these, {rule}: residual": high(residuals(best)) for rule, (_, best) in found.items()},
            "Captum's steps together when doubled from 50": sum(tried),
            "error of the attribution with the fewest steps, midpoint": high(changes(found["midpoint"][1], truth)),
            **{f"auto, {rule}: steps on average": float(auto.steps.mean()) for rule, auto in autos.items()},
            **{f"auto, {rule}: residual": high(residuals(auto)) for rule, auto in autos.items()},
            **{f"auto, {rule}: error of the attribution": high(changes(auto, truth)) for rule, auto in autos.items()},
            **{f"{name}: s per image": value / subject.count for name, value in times.items()},
        },
        {
            f"Captum / Exhibit, {case}": (times[captums] / times[ours], 4)
            for case, captums, ours in (
                ("same residual, fewest steps for both", "Captum, fewest steps", "Exhibit, fewest steps"),
                ("same residual, trapezoid", "Captum, fewest steps of its trapezoid", "Exhibit, fewest steps"),
                ("fewest steps against auto", "Captum, fewest steps", "Exhibit, auto"),
                ("same criterion", "Captum, doubled", "Exhibit, auto"),
                ("same criterion, auto with rule: trapezoid", "Captum, doubled", "Exhibit, auto with rule: trapezoid"),
            )
        },
        "auto also holds the attribution itself to 1% in two passes: on a net with kinks the error falls as 1 / steps, "
        "so that takes more steps than the error wants, many more than the residual.",
    )


def main() -> None:
    nets = (
        ("torch CNN 64x64", trained(plain_net(classes=6), 64, steps=60), 64, 8, 400),
        ("EfficientNet-B1 224x224", trained(efficientnet(), 96, steps=60), 224, 2, 100),
    )
    for name, net, side, count, truest in nets:
        for kind in ("probability", "logit"):
            subject = Subject(net, side, count, Score.model_validate({"kind": kind}))
            title = f"Integrated gradients, trained {name}, {kind}, to a residual of 1% (95th percentile)"
            compare(title, subject, truest)


if __name__ == "__main__":
    main()
