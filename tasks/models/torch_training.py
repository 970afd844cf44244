"""How torch nets are trained."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.models.torch import Encode, configure, device_of, explaining
from tasks.models.training import History, TrainingSpec
from tasks.protocols import Compute, Progress, take
from tasks.records import Array, Dataset, Weights


def fit(
    build: Callable[[], nn.Module],
    encode: Encode,
    dataset: Dataset,
    training: TrainingSpec,
    compute: Compute,
    progress: Progress,
) -> Weights:
    """Trains `build()` on the rows with split "train"; the global random state is left alone.

    The loss is the cross-entropy for a classification, the mean squared error for a regression. History: "loss"
    over the training rows while they train, and "test_loss" after each epoch where there are test rows.

    Raises:
        InputError: when training diverges.
    """
    configure(compute)
    device = device_of(compute)
    train, test = np.flatnonzero(dataset.split == "train"), np.flatnonzero(dataset.split == "test")
    history: History = {"loss": [], "test_loss": []} if len(test) else {"loss": []}
    with torch.random.fork_rng():
        torch.manual_seed(training.seed)
        net = build().to(device)
        optimizer = torch.optim.Adam(net.parameters(), lr=training.learning_rate)
        for epoch in range(training.epochs):
            net.train()
            total = 0.0
            for rows in training.epoch(epoch, train):
                optimizer.zero_grad()
                loss = _loss(net, encode, dataset, rows, device)
                torch.autograd.backward(loss)
                optimizer.step()
                total += loss.item() * len(rows)
            history["loss"].append(training.checked(total / len(train), epoch))
            if len(test):
                with explaining(net), torch.no_grad():
                    history["test_loss"].append(_loss(net, encode, dataset, test, device).item())
            progress(epoch + 1, training.epochs)
    return Weights(
        arrays={name: tensor.cpu().numpy() for name, tensor in net.state_dict().items()},
        history={name: np.array(values) for name, values in history.items()},
        parameters=sum(parameter.numel() for parameter in net.parameters()),
    )


def restored(build: Callable[[], nn.Module], weights: Weights) -> nn.Module:
    """`build()` with the given weights."""
    with torch.random.fork_rng():
        net = build()
    net.load_state_dict({name: torch.tensor(array) for name, array in weights.arrays.items()})
    return net.eval()


def _loss(net: nn.Module, encode: Encode, dataset: Dataset, rows: Array, device: torch.device) -> Tensor:
    encoded = encode(take(dataset.arrays, rows))
    outputs = net(*(argument.to(device) for argument in encoded.arguments.values()))[: encoded.samples]
    labels = torch.as_tensor(dataset.labels[rows], device=device)
    if dataset.task == "classification":
        return functional.cross_entropy(outputs, labels)
    return functional.mse_loss(outputs[:, 0], labels.to(outputs.dtype))
