"""Integrated gradients on Keras nets beside the loop of the Keras example (A. K. Nain, 2020): a gradient tape that runs
eagerly, one interpolated image at a time, and the trapezoid rule.

The cost of a step on Xception, and the time to the same residual and the same error on a trained net.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.models.keras import KerasModel, configure
from exhibit.tasks.models.keras_import import keras, tf
from exhibit.tasks.protocols import Compute, Score
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.explanation import Attribution
from tests.benchmarks.side_by_side import FLOOR, fastest, report

COMPUTE = Compute(batch=8)
SMALL = Compute(batch=48)  # for the small net
PROBABILITY = Score(kind="probability")
REFERENCE = 400  # points of the Gauss-Legendre rule, taken as the truth


def example(net: Any, image: Array, target: int, steps: int) -> Array:
    """The example's function on a preprocessed image against zero: same evaluations in the same order."""
    points = np.array([step / steps * image for step in range(steps + 1)], np.float32)
    gradients = []
    for point in points:
        inputs = tf.expand_dims(point, axis=0)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            score = net(inputs)[:, target]
        gradients.append(tape.gradient(score, inputs)[0])
    stacked = tf.convert_to_tensor(gradients, dtype=tf.float32)
    return np.asarray(image * tf.reduce_mean((stacked[:-1] + stacked[1:]) / 2, axis=0))


def explain(model: KerasModel, images: Array, targets: Array, compute: Compute = SMALL, **options: Any) -> Attribution:
    """Of the probability of the targets, against zero."""
    method = IntegratedGradientsSpec(**options)
    ids = np.arange(len(images)).astype(str)
    return method.attribute(model, {"image": images}, None, ids, targets[:, None], PROBABILITY, compute)


def bare(net: Any) -> Callable[[Any], Any]:
    """The compiled gradient of output 0 with frozen parameters: the floor."""

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def gradient(inputs: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(inputs)
            score = net(inputs, training=False)[:, 0]
        return tape.gradient(score, inputs)

    return gradient


def step_of_xception(steps: int = 15) -> None:
    """One image of 299x299; `steps` of the trapezoid rule are `steps + 1` gradients."""
    keras.utils.set_random_seed(0)
    net = keras.applications.Xception(weights=None)
    model = KerasModel(net, _same, "probabilities", COMPUTE)
    image = np.random.default_rng(0).uniform(-1, 1, (1, 299, 299, 3)).astype(np.float32)
    gradient, batch = bare(net), tf.constant(np.repeat(image, COMPUTE.batch, axis=0))
    count = steps + 1
    times = fastest(
        {
            "example": lambda: example(net, image[0], 0, steps),
            "ours": lambda: explain(model, image, np.zeros(1, int), COMPUTE, rule="trapezoid", n_steps=steps),
            "floor": lambda: [gradient(batch) for _ in range(count // COMPUTE.batch)],
        },
        rounds=2,
    )
    report(
        "Integrated gradients, Xception 299x299, one step",
        {
            "the Keras example: s per gradient": times["example"] / count,
            "Exhibit: s per gradient": times["ours"] / count,
            "floor, bare compiled gradient: s": times["floor"] / count,
            FLOOR: times["ours"] / times["floor"],
        },
        {"Keras example / Exhibit": (times["example"] / times["ours"], 3)},
    )


def trained_net(images: Array, labels: Array) -> Any:
    """A small convolution net that ends in softmax, and knows its digits."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    net = keras.Sequential(
        [
            layers.Input(images.shape[1:]),
            *(layers.Conv2D(16, 5, strides=2, activation="relu"), layers.BatchNormalization()),
            *(layers.Conv2D(32, 3, strides=2, activation="relu"), layers.BatchNormalization()),
            *(layers.Conv2D(32, 3, activation="relu"), layers.Flatten(), layers.Dense(10, activation="softmax")),
        ]
    )
    net.compile("adam", "sparse_categorical_crossentropy")
    net.fit(images, labels, epochs=3, batch_size=32, shuffle=False, verbose=0)
    return net


def to_the_same_residual(count: int = 16, side: int = 48) -> None:
    """Ours refines; the example takes its published 50 steps, or as many as it needs for what ours reaches."""
    data = load_digits()
    scale = side // 8
    images = np.kron(data.images / 16, np.ones((1, scale, scale)))[..., None].astype(np.float32)
    net = trained_net(images[:1200], data.target[:1200])
    model, chosen = KerasModel(net, _same, "probabilities", SMALL), images[-count:]
    targets = model.predict({"image": chosen}).argmax(axis=1)
    truth = explain(model, chosen, targets, rule="gausslegendre", n_steps=REFERENCE)
    ours, doubled = explain(model, chosen, targets), explain(model, chosen, targets, rule="trapezoid")
    wanted = (max(_residual(ours), 0.01), max(_error(ours, truth), 0.01))
    needed = next(
        steps
        for steps in (8, 12, 16, 24, 32, 50, 64, 96, 128, 192, 256, 400, 600, 1000, 2000)
        if _reaches(explain(model, chosen, targets, rule="trapezoid", n_steps=steps), truth, wanted)
    )
    times = fastest(
        {
            "ours": lambda: explain(model, chosen, targets),
            "doubled": lambda: explain(model, chosen, targets, rule="trapezoid"),
            "example": lambda: [
                example(net, image, target, needed) for image, target in zip(chosen, targets, strict=True)
            ],
            "published": lambda: [
                example(net, image, target, 50) for image, target in zip(chosen, targets, strict=True)
            ],
        },
        rounds=1,
    )
    published = explain(model, chosen, targets, rule="trapezoid", n_steps=50)
    report(
        "Integrated gradients, trained Keras CNN, to the same residual and error (95th percentiles)",
        {
            "Exhibit, steps on average": float(ours.steps.mean()),
            "Exhibit, residual": _residual(ours),
            "Exhibit, error of the attribution": _error(ours, truth),
            "Exhibit with rule: trapezoid, steps on average": float(doubled.steps.mean()),
            "Exhibit with rule: trapezoid, residual": _residual(doubled),
            "Exhibit with rule: trapezoid, error of the attribution": _error(doubled, truth),
            "the Keras example, steps needed for the same": needed,
            "the Keras example at its published 50 steps, residual": _residual(published),
            "the Keras example at its published 50 steps, error": _error(published, truth),
            "Exhibit: s per image": times["ours"] / count,
            "Exhibit with rule: trapezoid: s per image": times["doubled"] / count,
            "the Keras example, steps needed: s per image": times["example"] / count,
            "the Keras example, 50 steps: s per image": times["published"] / count,
        },
        {
            "Keras example with the steps needed / Exhibit": (times["example"] / times["ours"], 10),
            "Keras example with the steps needed / Exhibit, trapezoid": (times["example"] / times["doubled"], 10),
            "Keras example with 50 steps / Exhibit": (times["published"] / times["ours"], 10),
        },
        "auto stops when two passes agree to 1%.",
    )


def _same(inputs: Arrays) -> dict[str, Array]:
    return dict(inputs)


def _reaches(found: Attribution, truth: Attribution, wanted: tuple[float, float]) -> bool:
    return _residual(found) <= wanted[0] and _error(found, truth) <= wanted[1]


def _residual(found: Attribution) -> float:
    """The 95th percentile over the images."""
    difference = np.maximum(np.abs(found.prediction - found.base_value), 1e-3)
    return float(np.percentile(np.abs(found.residual) / difference, 95))


def _error(found: Attribution, truth: Attribution) -> float:
    """The 95th percentile over the images of the relative difference from the truth in L1."""
    axes = (1, 2, 3, 4)
    difference = np.abs(found.values["image"] - truth.values["image"]).sum(axes)
    return float(np.percentile(difference / np.abs(truth.values["image"]).sum(axes), 95))


def main() -> None:
    configure(COMPUTE)
    step_of_xception()
    to_the_same_residual()


if __name__ == "__main__":
    main()
