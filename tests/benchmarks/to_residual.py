"""Integrated gradients on a trained torch net: the time until 95% of the images have a residual of at most 1%.

Captum takes the same number of steps for every image; ours with `n_steps: auto` goes on per image until the residual
and the change of the attribution are both within 1%, which is more than is asked of Captum, so both are compared:
to the same residual, and to the same residual and the same error of the attribution.
"""

import captum.attr
import numpy as np

from tasks.methods.integrated_gradients import IntegratedGradientsSpec, Rule
from tasks.protocols import Compute, Score
from tasks.records import Attribution
from tests.benchmarks.side_by_side import fastest, report
from tests.benchmarks.torch_nets import as_torch, crops, model_of, plain_net, trained

import torch  # isort: skip - after tasks.models, which sets what it reads
from torch import nn  # isort: skip

COUNT, SIDE, BATCH = 16, 112, 8
STEPS = (4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
NAMES: dict[Rule, str] = {"midpoint": "riemann_middle", "gausslegendre": "gausslegendre"}  # here and in Captum


class Subject:
    """A trained net, images it has not seen, and their predicted classes."""

    def __init__(self, score: Score) -> None:
        self.score = score
        net = trained(plain_net(classes=6), SIDE, steps=40)
        self.images, _ = crops(COUNT, SIDE, seed=999)
        self.model = model_of(net, Compute(batch=BATCH))
        self.net = nn.Sequential(net, nn.Softmax(dim=1)) if score.kind == "probability" else net
        self.targets = self.model.predict({"image": self.images}).argmax(axis=1)

    def explain(self, rule: Rule = "midpoint", n_steps: int | str = "auto") -> Attribution:
        """By ours."""
        method = IntegratedGradientsSpec.model_validate({"rule": rule, "n_steps": n_steps})
        black, ids = {"image": np.zeros_like(self.images)}, np.arange(COUNT).astype(str)
        given = self.model, {"image": self.images}, black, ids, self.targets[:, None], self.score
        return method.attribute(*given, Compute(batch=BATCH))

    def captum(self, rule: Rule, steps: int) -> None:
        """By Captum, image by image in batches of the same size as ours."""
        explainer = captum.attr.IntegratedGradients(self.net)
        images, targets = as_torch(self.images), torch.tensor(self.targets)
        for rows in torch.arange(COUNT).split(BATCH):
            options = {"n_steps": steps, "method": NAMES[rule], "internal_batch_size": BATCH}
            explainer.attribute(images[rows], target=targets[rows], **options)


def residual(found: Attribution) -> float:
    """The 95th percentile over the images."""
    difference = np.maximum(np.abs(found.prediction - found.base_value), 1e-3)
    return float(np.percentile(np.abs(found.residual) / difference, 95))


def error(found: Attribution, truth: Attribution) -> float:
    """The 95th percentile over the images of the relative difference from the truth in L1."""
    axes = (1, 2, 3, 4)
    difference = np.abs(found.values["image"] - truth.values["image"]).sum(axes)
    return float(np.percentile(difference / np.abs(truth.values["image"]).sum(axes), 95))


def compare(score: Score) -> None:
    """Captum computes what ours computes with the same rule and steps, so ours tells how many steps it needs."""
    subject = Subject(score)
    truth, ours = subject.explain("midpoint", 400), subject.explain()
    found = {rule: {steps: subject.explain(rule, steps) for steps in STEPS} for rule in NAMES}
    least, equal = {}, {}
    wanted = max(error(ours, truth), 0.01)
    for rule, by_steps in found.items():
        exact = [steps for steps in STEPS if residual(by_steps[steps]) <= 0.01]
        least[rule] = exact[0]
        equal[rule] = next((steps for steps in exact if error(by_steps[steps], truth) <= wanted), STEPS[-1])
    times = fastest(
        {
            "auto": subject.explain,
            "fixed": lambda: subject.explain("midpoint", least["midpoint"]),
            "captum": lambda: subject.captum("gausslegendre", least["gausslegendre"]),
            "captum equal": lambda: subject.captum("gausslegendre", equal["gausslegendre"]),
        },
        rounds=1,
    )
    report(
        f"Integrated gradients, trained torch CNN, {score.kind}, to a residual of 1% (95th percentile)",
        {
            "Captum, Gauss-Legendre (its default): steps needed": least["gausslegendre"],
            "Captum, steps needed for Exhibit's error too": equal["gausslegendre"],
            "Exhibit, midpoint, fixed: steps needed": least["midpoint"],
            "Exhibit, fixed: error of the attribution": error(found["midpoint"][least["midpoint"]], truth),
            "Exhibit, auto: steps on average": float(ours.steps.mean()),
            "Exhibit, auto: residual": residual(ours),
            "Exhibit, auto: error of the attribution": error(ours, truth),
            **{f"{name}: s per image": value / COUNT for name, value in times.items()},
        },
        {
            "Captum / Exhibit fixed, same residual": (times["captum"] / times["fixed"], 4),
            "Captum / Exhibit auto, same residual and error": (times["captum equal"] / times["auto"], 4),
        },
        "auto also holds the attribution itself to 1%: on a net with kinks that takes more steps than the residual.",
    )


def main() -> None:
    for kind in ("probability", "logit"):
        compare(Score.model_validate({"kind": kind}))


if __name__ == "__main__":
    main()
