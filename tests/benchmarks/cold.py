"""A cold report on digits beside a plain script of the same work: a Keras net is trained, integrated gradients of 50
midpoints are taken by a tape, matplotlib draws them and WeasyPrint sets one page. Both are whole commands with an
empty store, in turn."""

import base64
import io
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.benchmarks.side_by_side import fastest, report

SHOWN, STEPS, EPOCHS = 6, 50, 20
WORDS = ("study=digits", "method=[integrated_gradients]", "target=predicted", "document.issued=2026-01-01T00:00:00Z")


def plain(path: Path) -> None:
    """The script."""
    import numpy as np
    import tensorflow as tf
    from matplotlib.figure import Figure
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from tensorflow import keras
    from weasyprint import HTML

    keras.utils.set_random_seed(0)
    digits = load_digits()
    images = (digits.images[..., None] / 16).astype(np.float32)
    train, test, labels, _ = train_test_split(images, digits.target, test_size=0.2, stratify=digits.target)
    layers = keras.layers
    net = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(10),
        ]
    )
    net.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    net.fit(train, labels, batch_size=32, epochs=EPOCHS, verbose=0)
    targets = net(test).numpy().argmax(axis=1)
    total = np.zeros_like(test)
    for step in range(STEPS):
        points = tf.constant(test * np.float32((step + 0.5) / STEPS))
        with tf.GradientTape() as tape:
            tape.watch(points)
            score = tf.gather(net(points), targets, axis=1, batch_dims=1)
        total += tape.gradient(score, points).numpy()
    attributions = test * total / STEPS
    figure = Figure(figsize=(7, 2))
    for place, (picture, values) in enumerate(zip(test[:SHOWN], attributions[:SHOWN], strict=True), start=1):
        axes = figure.add_subplot(1, SHOWN, place)
        most = float(np.abs(values).max())
        axes.imshow(picture[..., 0], cmap="gray")
        axes.imshow(values[..., 0], cmap="RdBu_r", alpha=0.7, vmin=-most, vmax=most)
        axes.set_axis_off()
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=150)
    encoded = base64.b64encode(drawn.getvalue()).decode()
    HTML(string=f"<h1>Digits</h1><p><img src='data:image/png;base64,{encoded}'></p>").write_pdf(path)


def script() -> None:
    """One run of the script in a process and a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.cold", f"{folder}/page.pdf"]
        subprocess.run(command, capture_output=True, check=True)


def exhibit(runner: str) -> None:
    """One report with an empty store; Prefect has no server but its own."""
    with tempfile.TemporaryDirectory() as folder:
        paths = (f"paths.runs={folder}/runs", f"paths.store={folder}/store", f"runner={runner}")
        alone = os.environ | {"PREFECT_HOME": f"{folder}/prefect", "PREFECT_API_URL": "", "DO_NOT_TRACK": "1"}
        command = [sys.executable, "-m", "exhibit", "report", *WORDS, *paths]
        subprocess.run(command, env=alone, capture_output=True, check=True)


def main() -> None:
    found = fastest(
        {
            "plain script: seconds": script,
            "inline: seconds": partial(exhibit, "inline"),
            "threads: seconds": partial(exhibit, "threads"),
        },
        rounds=2,
    )
    plainly, inline, threads = found.values()
    report(
        "A cold report on digits beside a plain script with Keras, matplotlib and WeasyPrint",
        found,
        {
            "cost: inline / plain script": (inline / plainly, 1.3),
            "cost: seconds more by the default runner": (threads - inline, 3.0),
        },
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        plain(Path(sys.argv[1]))
    else:
        main()
