"""The smallest data and net of each kind: what a function for `data=factory` gives, and what a net is given of it.

`X_rows` and `X_net` belong together. All labels are made up of what is in the rows, so that each net can learn them.
"""

from typing import Any

import numpy as np

COUNT = 60
DRAWN = np.random.default_rng(0)
LABELS = [("low", "high")[row % 2] for row in range(COUNT)]
SIGN = np.arange(COUNT) % 2 * 2.0 - 1


def table_rows() -> dict[str, Any]:
    """Numbers and words by column; a column of words becomes one of 0 or 1 for each of its values."""
    import pandas as pd

    frame = pd.DataFrame({"weight": DRAWN.normal(size=COUNT) + SIGN, "colour": ["red", "blue"] * (COUNT // 2)})
    return {"inputs": {"fruit": frame}, "labels": LABELS}


def table_net() -> Any:
    """Is given (rows, 3) float32: weight, and 0 or 1 for blue and for red. Gives (rows, 2), a score for each class."""
    from torch import nn

    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))


def image_rows() -> dict[str, Any]:
    """Pictures (rows, height, width, channels), or (rows, height, width) of gray ones, with their darkest and brightest
    value."""
    pixels = DRAWN.uniform(0, 100, (COUNT, 8, 6, 3)) + 50 * (SIGN + 1)[:, None, None, None]
    return {"inputs": {"photo": {"values": pixels, "kind": "image", "bounds": (0, 255)}}, "labels": LABELS}


def image_net() -> Any:
    """Is given (rows, 3, 8, 6) float32. Without a preprocess the channels come first, from 0 to 255; a preprocess is
    given the rows as they are, channels last, and does all that the net wants."""
    from torch import nn

    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 6 * 4, 2))
    return net, lambda inputs: {"photo": np.moveaxis(inputs["photo"], -1, 1) / 255}


def text_rows() -> dict[str, Any]:
    """Texts, which are cut into their words."""
    return {
        "inputs": {"review": {"values": [f"a {word} film" for word in ("bad", "good")] * (COUNT // 2), "kind": "text"}},
        "labels": LABELS,
    }


def text_net() -> Any:
    """Is given (rows, tokens) int64: the number of each word, 0 where a text has ended. Methods with gradients look at
    the layer that embeds them, here `words`; where that is not just one, `method.LABEL.layer=NAME` says which."""
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.scores = nn.Embedding(100, 4, padding_idx=0), nn.Linear(4, 2)

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            there = (ids != 0)[..., None]
            return self.scores((self.words(ids) * there).sum(dim=1))

    return Net()


def molecule_rows() -> dict[str, Any]:
    """SMILES."""
    return {"inputs": {"molecule": {"values": ["CCC", "CCO"] * (COUNT // 2), "kind": "molecule"}}, "labels": LABELS}


def molecule_net() -> Any:
    """A preprocess is given (rows,) canonical SMILES, and gives arrays of one size for all molecules; the net is given
    what that makes: here (rows, 12) atomic numbers, 0 where a molecule has ended."""
    net = text_net()

    def preprocess(inputs: dict[str, Any]) -> dict[str, Any]:
        from rdkit import Chem

        atoms = np.zeros((len(inputs["molecule"]), 12), np.int64)
        for row, smiles in zip(atoms, inputs["molecule"], strict=True):
            found = [atom.GetAtomicNum() for atom in Chem.MolFromSmiles(str(smiles)).GetAtoms()]
            row[: len(found)] = found
        return {"molecule": atoms}

    return net, preprocess


def series_rows() -> dict[str, Any]:
    """Numbers (rows, steps, channels), with the names of the channels and the times of the steps."""
    signal = DRAWN.normal(size=(COUNT, 20, 2)) + SIGN[:, None, None]
    about = {"kind": "series", "features": ["x", "y"], "times": np.arange(20) / 10, "time_unit": "s"}
    return {"inputs": {"motion": {"values": signal, **about}}, "labels": LABELS}


def series_net() -> Any:
    """Is given (rows, 20, 2) float32; here its preprocess turns them, since `Conv1d` has channels first."""
    from torch import nn

    net = nn.Sequential(nn.Conv1d(2, 4, 5), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2))
    return net, lambda inputs: {"motion": inputs["motion"].transpose(0, 2, 1)}


def several_rows() -> dict[str, Any]:
    """Each input by its name."""
    return {"inputs": {**table_rows()["inputs"], **series_rows()["inputs"]}, "labels": LABELS}


def several_net() -> Any:
    """Is given each input by its name, which is that of an argument of `forward`."""
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scores = nn.Linear(3 + 2, 2)

        def forward(self, fruit: torch.Tensor, motion: torch.Tensor) -> torch.Tensor:
            return self.scores(torch.cat([fruit, motion.mean(dim=1)], dim=1))

    return Net()
