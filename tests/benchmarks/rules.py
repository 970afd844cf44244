"""How many gradients each rule of integration needs until `n_steps: auto` is content, on seven trained nets.

A count, not a time: a machine changes it only as far as the nets that it trains are others. The error is that of the
attribution, in L1, against 400 points of Gauss and Legendre.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from rdkit import Chem
from rdkit.Chem import Crippen
from sklearn.datasets import load_digits

from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec, Rule
from exhibit.tasks.models.torch import Encoded, TorchModel, as_tensors
from exhibit.tasks.protocols import Compute, Score
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.explanation import Attribution
from tests.benchmarks.side_by_side import report
from tests.benchmarks.torch_nets import crops, efficientnet, encode, plain_net, trained

import torch  # isort: skip - after exhibit.tasks.models, which sets what it reads
from torch import Tensor, nn  # isort: skip

RULES: tuple[Rule, ...] = ("cosine", "trapezoid", "midpoint", "gausslegendre")
COMPUTE = Compute(batch=16)
MOLECULES = (
    *("CCO", "c1ccccc1", "CC(=O)O", "CCN(CC)CC", "c1ccncc1O", "CC(C)CC(=O)OC", "Clc1ccccc1", "CCCCCC", "OC1CCCCC1"),
    *("NC(=O)c1ccccc1", "C1CCOC1", "CSC", "CC#N", "O=Cc1ccco1", "CCOC(=O)C", "FC(F)(F)c1ccccc1", "CC(C)(C)O"),
)


class Subject(NamedTuple):
    """A net that has learnt something, and rows of what it was given."""

    name: str
    net: nn.Module
    inputs: Arrays
    encode: Callable[[Arrays], Encoded] = as_tensors


class Transformer(nn.Module):
    """Patches of 8 x 8 pixels, two layers with GELU."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 8, 8)
        layer = nn.TransformerEncoderLayer(width, 4, 96, 0.0, "gelu", batch_first=True)
        self.encoder, self.head = nn.TransformerEncoder(layer, 2), nn.Linear(width, 6)

    def forward(self, image: Tensor) -> Tensor:
        return self.head(self.encoder(self.patches(image).flatten(2).transpose(1, 2)).mean(1))


class Recurrent(nn.Module):
    """An LSTM over the rows of a digit."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.head = nn.LSTM(8, 32, batch_first=True), nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x.reshape(-1, 8, 8))[0][:, -1])


class GatedGraph(nn.Module):
    """Four rounds of messages along bonds, and a gated sum."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.message, self.cell = nn.Linear(width, width), nn.GRUCell(width, width)
        self.gate, self.value, self.out = nn.Linear(2 * width, width), nn.Linear(width, width), nn.Linear(width, 1)

    def forward(self, atoms: Tensor, bonds: Tensor) -> Tensor:
        state, there = atoms, bonds.sum(2, keepdim=True).clip(max=1)
        for _ in range(4):
            state = self.cell((bonds @ self.message(state)).flatten(0, 1), state.flatten(0, 1)).reshape(atoms.shape)
        gated = torch.sigmoid(self.gate(torch.cat([state, atoms], -1))) * torch.tanh(self.value(state))
        return self.out((there * gated).sum(1))


def learnt(net: nn.Module, step: Callable[[], Tensor], steps: int = 300) -> nn.Module:
    """The net after some steps that make the loss smaller."""
    optimiser = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(steps):
        loss = step()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return net.eval()


def digits(name: str, build: Callable[[], nn.Module]) -> Subject:
    """A net on 64 numbers."""
    data, rng = load_digits(), np.random.default_rng(0)
    x, y = torch.tensor(data.data / 16, dtype=torch.float32), torch.tensor(data.target)
    torch.manual_seed(0)
    net = build()

    def step() -> Tensor:
        rows = torch.tensor(rng.integers(len(x), size=64))
        return nn.functional.cross_entropy(net(x[rows]), y[rows])

    return Subject(name, learnt(net, step), {"x": x[:16].numpy()})


def perceptron(kink: Callable[[], nn.Module]) -> nn.Module:
    """Two hidden layers."""
    return nn.Sequential(nn.Linear(64, 64), kink(), nn.Linear(64, 64), kink(), nn.Linear(64, 10))


def molecules() -> Subject:
    """Crippen's log P of small molecules from the embedding of their atoms."""
    known = [Chem.MolFromSmiles(smiles) for smiles in MOLECULES]
    size = max(molecule.GetNumAtoms() for molecule in known)
    numbers, bonds = np.zeros((len(known), size), int), np.zeros((len(known), size, size), np.float32)
    for row, molecule in enumerate(known):
        count = molecule.GetNumAtoms()
        numbers[row, :count] = [atom.GetAtomicNum() for atom in molecule.GetAtoms()]
        bonds[row, :count, :count] = Chem.GetAdjacencyMatrix(molecule)
    truth = torch.tensor([[Crippen.MolLogP(molecule)] for molecule in known], dtype=torch.float32)
    torch.manual_seed(0)
    embedding, net = nn.Embedding(60, 32), GatedGraph()
    both = nn.ModuleList([embedding, net])

    def step() -> Tensor:
        return nn.functional.mse_loss(net(embedding(torch.tensor(numbers)), torch.tensor(bonds)), truth)

    learnt(both, step)
    atoms = embedding(torch.tensor(numbers)).detach().numpy()
    return Subject("gated graph net", net, {"atoms": atoms, "bonds": bonds})


def photographs(name: str, net: nn.Module, side: int, count: int, trained_at: int) -> Subject:
    """A net on crops of photographs."""
    return Subject(name, trained(net, trained_at, steps=60), {"image": crops(count, side, seed=999)[0]}, encode)


def subjects() -> Iterator[Subject]:
    """Nets with kinks first."""
    yield photographs("ReLU CNN", plain_net(classes=6), 64, 8, 64)
    yield digits("ReLU MLP", lambda: perceptron(nn.ReLU))
    yield photographs("SiLU EfficientNet-B1", efficientnet(), 96, 4, 96)
    torch.manual_seed(0)
    yield photographs("GELU Transformer", Transformer(), 32, 8, 32)
    yield digits("tanh MLP", lambda: perceptron(nn.Tanh))
    yield digits("LSTM", Recurrent)
    yield molecules()


def explain(subject: Subject, score: str, **options: object) -> Attribution:
    """Of what each row is predicted as, against zero; bonds are held."""
    graph = "bonds" in subject.inputs
    model = TorchModel(subject.net, subject.encode, "values" if graph else "logits", COMPUTE)
    rows = len(next(iter(subject.inputs.values())))
    zero = {name: array if name == "bonds" else np.zeros_like(array) for name, array in subject.inputs.items()}
    targets = model.predict(subject.inputs).argmax(axis=1)[:, None]
    method = IntegratedGradientsSpec.model_validate(options)
    ids = np.arange(rows).astype(str)
    return method.attribute(model, subject.inputs, zero, ids, targets, Score.model_validate({"kind": score}), COMPUTE)


def error(found: Attribution, truth: Attribution) -> float:
    """The 95th percentile over the rows of the difference in L1."""
    name = next(iter(truth.values))
    axes = tuple(range(1, truth.values[name].ndim))
    off: Array = np.abs(found.values[name] - truth.values[name]).sum(axes) / np.abs(truth.values[name]).sum(axes)
    return float(np.percentile(off, 95))


def main() -> None:
    for subject in subjects():
        scores: tuple[str, ...] = ("value",) if "bonds" in subject.inputs else ("probability", "logit")
        for score in scores:
            truth = explain(subject, score, rule="gausslegendre", n_steps=400)
            found = {rule: explain(subject, score, rule=rule) for rule in RULES}
            needed = {rule: float(each.steps.mean()) for rule, each in found.items()}
            report(
                f"Gradients until `n_steps: auto` is content, {subject.name}, {score}",
                {
                    **{f"{rule}: gradients on average": count for rule, count in needed.items()},
                    **{f"{rule}: error of the attribution": error(each, truth) for rule, each in found.items()},
                },
                {f"speed: {rule} / cosine": (needed[rule] / needed["cosine"], 1) for rule in RULES[1:]},
            )


if __name__ == "__main__":
    main()
