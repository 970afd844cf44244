"""Every reader of files, given files of which some bytes were changed: each is a value or an InputError, whose sentence
is no programmer's."""

import gzip
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.numpy import save

from exhibit.flows.filed import with_files
from exhibit.flows.option_file import require_options
from exhibit.tasks.data.folder import PhotographsSpec
from exhibit.tasks.data.multimodal import MnistSpec
from exhibit.tasks.data.own_series import SeriesSpec
from exhibit.tasks.data.own_table import TableSpec
from exhibit.tasks.data.solubility import EsolSpec
from exhibit.tasks.data.table import IrisSpec
from exhibit.tasks.data.text import TextSpec
from exhibit.tasks.data.tokens import read_tokens
from exhibit.tasks.models.preprocess import declared_in
from exhibit.tasks.models.weights import digest
from exhibit.tasks.models.zoo.mlp import MLPSpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import InputError
from tests.changed_bytes import changed
from tests.conftest import Memory
from tests.corpus.molecules import ROWS as MEASURED

COMPUTE = Compute(batch=32)
PROGRAMMERS = ("Traceback", "NoneType", "codec can't", "object has no attribute")


@dataclass(frozen=True)
class Reader:
    """What reads a file of this name, and one that it reads. Files beside it, by name."""

    file: str
    good: Callable[[], bytes]
    read: Callable[[Path], object]
    beside: Mapping[str, Callable[[], bytes]] | None = None


def loaded(spec: Any) -> Any:
    """As the stage `load` does it."""
    spec.spec_with_digests()
    return spec.load(Memory())


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {"a": np.arange(12) / 4, "c": list("uvw") * 4, "t": ["one two", "two three"] * 6, "y": ["p", "q"] * 6}
    )


def parquet() -> bytes:
    frame().to_parquet(buffer := io.BytesIO())
    return buffer.getvalue()


def csv() -> bytes:
    return frame().to_csv(index=False).encode()


def npz(**arrays: Any) -> bytes:
    np.savez(buffer := io.BytesIO(), **arrays)
    return buffer.getvalue()


def picture(kind: str) -> bytes:
    Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3)).save(buffer := io.BytesIO(), kind)
    return buffer.getvalue()


def idx(array: Any) -> bytes:
    head = b"\0\0\x08" + bytes([array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return gzip.compress(head + array.astype(np.uint8).tobytes(), mtime=0)


@cache
def iris() -> Any:
    return IrisSpec(reference=None).load(Memory())


@cache
def trained() -> dict[str, Any]:
    return dict(MLPSpec(epochs=1, hidden=3).fit(iris(), COMPUTE, silent).arrays)


def torch_file() -> bytes:
    torch.save({name: torch.tensor(array) for name, array in trained().items()}, buffer := io.BytesIO())
    return buffer.getvalue()


def weights(path: Path) -> object:
    digest(path)
    return MLPSpec(hidden=3, fit="never", weights=path).fit(iris(), COMPUTE, silent)


def long_series() -> bytes:
    return ("i,t,a,y\n" + "".join(f"s{s},{k},{s + k},{'pq'[s % 2]}\n" for s in range(6) for k in range(4))).encode()


CARD = b"name: A model\nversion: '1'\nusers: [one, two]\nlimitations:\n  - none are known\n"
PICTURES = {
    "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "size": {"height": 8, "width": 8}, "do_resize": True,
    "resample": 2, "do_rescale": True, "rescale_factor": 0.00392,
}  # fmt: skip
OF_TIMM = {"architecture": "resnet18", "pretrained_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3, "input_size": [3, 8, 8],
           "crop_pct": 0.9, "interpolation": "bilinear", "crop_mode": "center"}}  # fmt: skip

READERS = {
    "table": Reader("t.csv", csv, lambda path: loaded(TableSpec(path=path, label="y", features=("a", "c")))),
    "table as Parquet": Reader(
        "t.parquet", parquet, lambda path: loaded(TableSpec(path=path, label="y", features=("a", "c")))
    ),
    "texts": Reader("t.csv", csv, lambda path: loaded(TextSpec(path=path, label="y", text="t"))),
    "series": Reader("s.csv", long_series, lambda path: loaded(SeriesSpec(path=path, label="y", time="t", id="i"))),
    "series of arrays": Reader(
        "s.npz",
        lambda: npz(x=np.arange(48.0).reshape(6, 4, 2), y=np.array(["p", "q"] * 3), t=np.arange(4)),
        lambda path: loaded(SeriesSpec(path=path, label="y", time="t")),
    ),
    "molecules": Reader("m.csv", MEASURED.encode, lambda path: loaded(EsolSpec(path=path))),
    "molecules to explain": Reader(
        "m.smi",
        lambda: b"CCO ethanol\nN[C@@H](C)C(=O)O alanine\n",
        lambda path: loaded(EsolSpec(path=path.with_name("measured.csv"), explain=path)),
        {"measured.csv": MEASURED.encode},
    ),
    **{
        f"pictures, {kind}": Reader(
            f"p.{kind.lower()}",
            lambda kind=kind: picture(kind),
            lambda path: loaded(PhotographsSpec(paths=(path,), labels=("a",), classes=("a", "b"), size=8)),
        )
        for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
    },
    "digits": Reader(
        "mnist.npz",
        lambda: npz(x_train=np.zeros((4, 8, 8), np.uint8), y_train=np.arange(4, dtype=np.uint8)),
        lambda path: loaded(MnistSpec(path=path, rows=4)),
    ),
    "digits as IDX": Reader(
        "train-images-idx3-ubyte.gz",
        lambda: idx(np.zeros((4, 8, 8))),
        lambda path: loaded(MnistSpec(path=path.parent, rows=4)),
        {"train-labels-idx1-ubyte.gz": lambda: idx(np.arange(4))},
    ),
    "digits as IDX, unpacked": Reader(
        "train-images-idx3-ubyte",
        lambda: gzip.decompress(idx(np.zeros((4, 8, 8)))),
        lambda path: loaded(MnistSpec(path=path.parent, rows=4)),
        {"train-labels-idx1-ubyte.gz": lambda: idx(np.arange(4))},
    ),
    "a vocabulary": Reader("vocab.txt", lambda: b"[PAD]\n[UNK]\none\n##two\n", read_tokens),
    "weights, npz": Reader("w.npz", lambda: npz(**trained()), weights),
    "weights, safetensors": Reader("w.safetensors", lambda: save(trained()), weights),
    "weights, pt": Reader("w.pt", torch_file, weights),
    "a card": Reader("c.yaml", lambda: CARD, lambda path: with_files({"card": str(path)}, {"card": {}, "profile": {}})),
    "options": Reader("o.yaml", lambda: b"data:\n  path: x\n  size: 8\n", require_options),
    "what pictures become": Reader(
        "preprocessor_config.json", json.dumps(PICTURES).encode, lambda path: declared_in(path, "k")
    ),
    "what timm says": Reader("config.json", json.dumps(OF_TIMM).encode, lambda path: declared_in(path, "k")),
}


def outcome(reader: Reader, data: bytes) -> str:
    """Empty where something was read, else the sentence."""
    with TemporaryDirectory() as folder:
        for name, content in (reader.beside or {}).items():
            (Path(folder) / name).write_bytes(content())
        (path := Path(folder) / reader.file).write_bytes(data)
        try:
            reader.read(path)
        except InputError as error:
            return str(error) or "nothing"
    return ""


@pytest.mark.parametrize("name", READERS)
def test_the_file_itself_is_read(name: str) -> None:
    assert outcome(READERS[name], READERS[name].good()) == ""


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=20, deadline=None, database=None)
@given(data=st.data())
def test_a_changed_file_is_a_value_or_an_input_error(name: str, data: Any) -> None:
    said = outcome(READERS[name], data.draw(changed(cache_of(name))))
    assert len(said) <= 1200
    assert not any(word in said for word in PROGRAMMERS), said


@cache
def cache_of(name: str) -> bytes:
    return READERS[name].good()
