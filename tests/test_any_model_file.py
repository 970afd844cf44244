"""Every reader of fitted models, weights in HDF5 and folders, given files of which bytes or settings were changed: each
is a value or an InputError, whose sentence is no programmer's."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exhibit.tasks.data.folder import ImageFolderSpec
from exhibit.tasks.data.spelling import Speller
from exhibit.tasks.models import pretrained
from exhibit.tasks.models.fitted import opened
from exhibit.tasks.models.weights import digest
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import InputError
from tests.changed_bytes import changed
from tests.classifiers import reviews, saved
from tests.test_any_file import PROGRAMMERS, Reader, loaded, outcome, picture

COMPUTE = Compute(batch=32)


@cache
def bert() -> Mapping[str, bytes]:
    """The files of a tiny classifier of texts."""
    with TemporaryDirectory() as folder:
        saved(Path(folder) / "bert", "bert", reviews()[0])
        return {path.name: path.read_bytes() for path in (Path(folder) / "bert").iterdir()}


def of_the_folder(name: str) -> Reader:
    """Whichever file of it was changed, all of it is read, and a text by its tokenizer."""

    def read(path: Path) -> object:
        folder = pretrained.opened(path.parent)
        return spelled(folder.brought.tokenizer)

    others = {other: (lambda other=other: bert()[other]) for other in FILES if other != name}
    return Reader(name, lambda: bert()[name], read, others)


FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")


def spelled(file: Path) -> object:
    """A text, and what stands around every one."""
    speller = Speller(
        column="text", tokenizer="", length=None, whole=True, longer="shorten", padding=0, mark=None, file=file
    )
    return speller.read("the film was wonderful!"), speller.around


def fitted() -> bytes:
    import skops.io
    from sklearn.linear_model import LogisticRegression

    rows = pd.DataFrame({"a": np.arange(12.0), "b": np.arange(12.0) % 5})
    return bytes(skops.io.dumps(LogisticRegression().fit(rows, np.arange(12) % 2)))


def net() -> Any:
    from exhibit.tasks.models.keras_import import keras

    layers = keras.layers
    return keras.Sequential([layers.Input((3,)), layers.Dense(2, name="hidden"), layers.Dense(2, name="logits")])


def of_keras(ending: str) -> Callable[[], bytes]:
    def written() -> bytes:
        with TemporaryDirectory() as folder:
            path = Path(folder) / f"w{ending}"
            (net().save_weights if ending == ".weights.h5" else net().save)(path)
            return path.read_bytes()

    return written


def keras_weights(path: Path) -> object:
    from exhibit.tasks.models.keras_training import given as read

    digest(path)
    return read(net, path, 0, COMPUTE)


def folder_of_pictures(path: Path) -> object:
    for number, kind in enumerate(("a", "a", "b", "b")):
        (path.parent / kind).mkdir(exist_ok=True)
        (path.parent / kind / f"{number}.png").write_bytes(picture("PNG"))
    path.rename(path.parent / "a" / path.name)
    return loaded(ImageFolderSpec(path=path.parent, size=8))


READERS = {
    **{f"a folder of a language model, {name}": of_the_folder(name) for name in FILES},
    "a fitted model": Reader("m.skops", fitted, lambda path: opened(path.read_bytes(), ".skops", 1)),
    "a folder of pictures": Reader("p.png", lambda: picture("PNG"), folder_of_pictures),
    **{f"weights, {ending}": Reader(f"w{ending}", of_keras(ending), keras_weights) for ending in (
        ".h5", ".keras", ".weights.h5")},
}  # fmt: skip


@cache
def whole(name: str) -> bytes:
    return READERS[name].good()


@pytest.mark.parametrize("name", READERS)
def test_the_file_itself_is_read(name: str) -> None:
    assert outcome(READERS[name], whole(name)) == ""


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=15, deadline=None, database=None)
@given(data=st.data())
def test_a_changed_file_is_a_value_or_an_input_error(name: str, data: Any) -> None:
    require_a_sentence(outcome(READERS[name], data.draw(changed(whole(name)))))


def require_a_sentence(said: str) -> None:
    assert len(said) <= 1200
    assert not any(word in said for word in PROGRAMMERS), said


# --- settings that somebody typed -------------------------------------------------------------------------

TYPED = st.sampled_from([0, -1, 1, 2**31, 2**32 - 1, 2**40, 10**30, 1e308, "", "a", "(a+)+$", None, True, [], {}, [[]]])


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a tree of JSON a value stands, but the many of a vocabulary."""
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(parts)[:30]:
        yield (*path, key)
        yield from places(value, (*path, key))


@st.composite
def typed(draw: Any, data: bytes) -> bytes:
    """JSON in which another value stands at one to three places."""
    node = json.loads(data)
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(list(places(node))))
        inner = node
        for key in path:
            inner = inner[key]
        inner[last] = draw(TYPED)
        if not list(places(node)):
            break
    return json.dumps(node).encode()


@pytest.mark.parametrize("file", [name for name in FILES if name.endswith(".json")])
@settings(max_examples=60, deadline=None, database=None)
@given(data=st.data())
def test_settings_of_a_language_model_are_values_or_an_input_error(file: str, data: Any) -> None:
    name = f"a folder of a language model, {file}"
    require_a_sentence(outcome(READERS[name], data.draw(typed(whole(name)))))


TEXT = {"Sequence": {"id": "A", "type_id": 0}}


@pytest.mark.parametrize(
    "settings_",
    [
        {"pre_tokenizer": {"type": "FixedLength", "length": 0}},
        {"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAAAAAA"}},
        {"normalizer": {"type": "Precompiled", "precompiled_charsmap": ""}},
        {"post_processor": {"type": "TemplateProcessing", "single": [TEXT, {"SpecialToken": {"id": "?", "type_id": 0}}],
                            "pair": [], "special_tokens": {}}},
        {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": r"((\w|\w\w|\w\w\w| )+)+\d"}, "behavior": "Isolated",
                           "invert": False}},
        {"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a a"]}},
    ],
    ids=["no length", "a map of nothing", "no map", "an unknown mark", "a search without end", "a pair of nothing"],
)  # fmt: skip
def test_a_tokenizer_at_which_its_library_panics_is_an_input_error(tmp_path: Path, settings_: dict[str, Any]) -> None:
    plain = json.loads(bert()["tokenizer.json"]) | settings_
    (path := tmp_path / "tokenizer.json").write_text(json.dumps(plain))
    with pytest.raises(InputError, match=r"tokenizer\.json cannot be read by the tokenizers library: "):
        spelled(path)
