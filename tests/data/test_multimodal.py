"""MNIST beside tables and a sentence, read from the formats in which it is published."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from exhibit.tasks.data.multimodal import MnistSpec, MultimodalSpec, text
from exhibit.tasks.records.base import Array, InputError
from tests.conftest import Memory

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "吾", "吾輩", "は", "猫", "で", "##ある"]


def arrays(count: int = 6) -> tuple[Array, Array]:
    images = np.random.default_rng(0).integers(0, 256, (count, 28, 28)).astype(np.uint8)
    return images, np.arange(count, dtype=np.uint8)


def npz(folder: Path, count: int = 6) -> Path:
    images, labels = arrays(count)
    np.savez(folder / "mnist.npz", x_train=images, y_train=labels, x_test=images[:1], y_test=labels[:1])
    return folder / "mnist.npz"


def idx(folder: Path, packed: bool = True) -> Path:
    for name, array in zip(("train-images-idx3-ubyte", "train-labels-idx1-ubyte"), arrays(), strict=True):
        data = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()
        (folder / f"{name}{'.gz' * packed}").write_bytes(gzip.compress(data, mtime=0) if packed else data)
    return folder


def test_both_formats_hold_the_same(tmp_path: Path) -> None:
    (tmp_path / "packed").mkdir()
    (tmp_path / "plain").mkdir()
    paths = [npz(tmp_path), tmp_path, idx(tmp_path / "packed"), idx(tmp_path / "plain", packed=False)]
    found = [MnistSpec(path=path, rows=5).load(Memory()) for path in paths]
    images, _ = arrays()
    for data in found:
        assert np.array_equal(data.arrays["image"], images[:5, ..., np.newaxis])
        assert data.labels.tolist() == [0, 100, 200, 300, 400]
        assert [item.name for item in data.inputs] == ["context_1", "context_2", "context_3", "image", "text"]
        assert set(data.split) == {"train"}


def test_a_vocabulary_is_matched_longest_first_between_its_marks(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    data = MnistSpec(path=npz(tmp_path), rows=2, vocabulary=tmp_path / "vocab.txt").load(Memory())
    assert data.arrays["text"].tolist() == [[2, 5, 6, 7, 8, 9, 3, 0, 0, 0]] * 2
    assert data.inputs[-1].vocabulary == tuple(VOCABULARY)


def test_what_the_vocabulary_lacks_is_its_unknown_token_or_an_error() -> None:
    assert text("text", "吾犬", 4, 1, tuple(VOCABULARY)).values.tolist() == [[2, 4, 1, 3]]
    with pytest.raises(InputError, match="no token for '犬'"):
        text("text", "吾犬", 4, 1, ("[PAD]", "吾"))


def test_without_a_vocabulary_a_character_is_a_token() -> None:
    assert text("text", "abab", 6, 1).values.tolist() == [[1, 2, 1, 2, 0, 0]]


def test_the_padding_must_be_the_first_token(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("a\n[PAD]\n", encoding="utf-8")
    with pytest.raises(InputError, match="stands in line 2"):
        MnistSpec(path=npz(tmp_path), rows=2, vocabulary=tmp_path / "vocab.txt").load(Memory())


def test_a_missing_or_another_file_is_answered_with_what_belongs_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"get https://host and put mnist\.npz"):
        MnistSpec(path=tmp_path / "mnist.npz", get="https://host").load(Memory())
    np.savez(tmp_path / "mnist.npz", x=np.zeros(2))
    with pytest.raises(InputError, match="no arrays x_train and y_train"):
        MnistSpec(path=tmp_path / "mnist.npz").load(Memory())
    npz(tmp_path)
    with pytest.raises(InputError, match="100 images with a label each were expected"):
        MnistSpec(path=tmp_path / "mnist.npz").load(Memory())


def test_a_file_of_another_kind_is_no_idx(tmp_path: Path) -> None:
    (idx(tmp_path) / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(b"\0\0\x08\x01\0\0\0\x09ab"))
    with pytest.raises(InputError, match="not an IDX file"):
        MnistSpec(path=tmp_path).load(Memory())


@pytest.mark.parametrize("spoil", [lambda data: data[:-9], lambda data: data[9:]])
def test_half_a_packed_file_is_no_idx(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    packed = idx(tmp_path) / "train-images-idx3-ubyte.gz"
    packed.write_bytes(spoil(packed.read_bytes()))
    with pytest.raises(InputError, match="is not an IDX file"):
        MnistSpec(path=tmp_path, rows=2).load(Memory())


def test_what_unpacks_to_more_than_mnist_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exhibit.tasks.data.multimodal._MOST_BYTES", 4_000)
    with pytest.raises(InputError, match="is not an IDX file"):
        MnistSpec(path=idx(tmp_path), rows=2).load(Memory())
    npz(tmp_path)
    with pytest.raises(InputError, match="has no arrays x_train and y_train"):
        MnistSpec(path=tmp_path / "mnist.npz", rows=2).load(Memory())


def test_what_is_asked_for_depends_on_the_contents_alone(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    one, two = MnistSpec(path=idx(tmp_path / "a")), MnistSpec(path=idx(tmp_path / "b"))
    assert one.spec_with_digests() == two.spec_with_digests()
    assert one.spec_with_digests() != MnistSpec(path=npz(tmp_path)).spec_with_digests()


def test_ink_is_where_a_scan_is_not_empty() -> None:
    image = next(item for item in MultimodalSpec(rows=2).load(Memory()).inputs if item.name == "image")
    assert image.regions is not None
    assert np.array_equal(image.regions, image.values[..., 0] > 0)
