"""Weights come from files that hold arrays, never from a pickle, and a net that has them is not trained."""

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from exhibit.tasks.data.image import DigitsSpec
from exhibit.tasks.data.table import IrisSpec
from exhibit.tasks.models.fitted import read_fitted
from exhibit.tasks.models.hdf5 import require_self_contained
from exhibit.tasks.models.keras import configure
from exhibit.tasks.models.weights import digest, read
from exhibit.tasks.models.zoo.cnn import CNNSpec
from exhibit.tasks.models.zoo.mlp import MLPSpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Weights
from tests.conftest import Memory

COMPUTE = Compute()


class Trap:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return exec, ("raise SystemExit('it ran')",)


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return IrisSpec().load(Memory())


@pytest.fixture(scope="module")
def trained(iris: Dataset) -> Weights:
    return MLPSpec(epochs=2).fit(iris, COMPUTE, silent)


def safetensors(path: Path, arrays: dict[str, Array]) -> None:
    """As the format's own documentation writes it."""
    about: dict[str, object] = {"__metadata__": {"format": "pt"}}
    start = 0
    for name, array in arrays.items():
        about[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [start, start + array.nbytes]}
        start += array.nbytes
    header = json.dumps(about).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"".join(a.tobytes() for a in arrays.values()))


@pytest.mark.parametrize("ending", [".npz", ".safetensors", ".pt"])
def test_a_torch_net_is_restored_and_not_trained(ending: str, tmp_path: Path, iris: Dataset, trained: Weights) -> None:
    path = tmp_path / f"weights{ending}"
    match ending:
        case ".npz":
            np.savez(path, **trained.arrays)
        case ".safetensors":
            safetensors(path, trained.arrays)
        case _:
            torch.save({name: torch.tensor(array) for name, array in trained.arrays.items()}, path)
    spec = MLPSpec(fit="never", weights=path)
    found = spec.fit(iris, COMPUTE, silent)
    assert found.history == {}
    assert found.parameters == trained.parameters
    assert {name: a.tobytes() for name, a in found.arrays.items()} == {
        n: a.tobytes() for n, a in trained.arrays.items()
    }
    assert spec.training == "It was not trained here: its weights are those of the file."


@pytest.mark.parametrize("ending", [".npz", ".weights.h5", ".keras"])
def test_a_keras_net_is_restored_and_not_trained(ending: str, tmp_path: Path) -> None:
    configure(COMPUTE)
    data, spec = DigitsSpec().load(Memory()), CNNSpec(filters=2)
    net = spec._net(data.inputs[0], data)
    path = tmp_path / f"net{ending}"
    match ending:
        case ".npz":
            arrays = [(variable.path, variable.numpy()) for variable in net.weights]
            np.savez(path, **dict(reversed(arrays)))
        case ".weights.h5":
            net.save_weights(path)
        case _:
            net.save(path)
    found = CNNSpec(filters=2, fit="never", weights=path).fit(data, COMPUTE, silent)
    assert [array.tobytes() for array in found.arrays.values()] == [array.tobytes() for array in net.get_weights()]
    assert found.history == {}


def test_weights_of_another_net_are_refused(tmp_path: Path, iris: Dataset, trained: Weights) -> None:
    path = tmp_path / "weights.npz"
    np.savez(path, **trained.arrays)
    with pytest.raises(
        InputError, match=r"weights.npz does not belong to this net: .*48 x 4 in the file and 3 x 4 in the net"
    ):
        MLPSpec(hidden=3, fit="never", weights=path).fit(iris, COMPUTE, silent)
    with pytest.raises(InputError, match=r"weights.npz does not belong to this net"):
        CNNSpec(filters=2, fit="never", weights=path).fit(DigitsSpec().load(Memory()), COMPUTE, silent)


@pytest.mark.parametrize("name", ["net.pkl", "net.pickle", "net.joblib"])
def test_a_pickle_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(pickle.dumps(Trap()))
    with pytest.raises(InputError, match=rf"{name}: a pickle runs code when it is read; give one of \.npz"):
        read(tmp_path / name, {})


@pytest.mark.parametrize("ending", [".npz", ".pt", ".pth"])
def test_a_pickle_that_is_hidden_in_a_file_of_weights_does_not_run(ending: str, tmp_path: Path, iris: Dataset) -> None:
    path = tmp_path / f"planted{ending}"
    if ending == ".npz":
        np.savez(path, weight=np.array([Trap()], dtype=object))
    else:
        torch.save({"0.weight": Trap()}, path)
    with pytest.raises(InputError, match=rf"planted{ending} cannot be read \(nothing in it is run\)"):
        MLPSpec(fit="never", weights=path).fit(iris, COMPUTE, silent)


def test_a_keras_file_with_code_in_it_does_not_run(tmp_path: Path) -> None:
    """A Lambda layer is Python code; `safe_mode` refuses it."""
    import keras

    configure(COMPUTE)
    path, layers = tmp_path / "planted.keras", keras.layers
    keras.Sequential([layers.Input((3,)), layers.Lambda(lambda x: x + 1), layers.Dense(2)]).save(path)
    with pytest.raises(InputError, match=r"planted.keras cannot be read \(nothing in it is run\)"):
        CNNSpec(filters=2, fit="never", weights=path).fit(DigitsSpec().load(Memory()), COMPUTE, silent)


def test_a_keras_file_of_layers_larger_than_memory_is_refused_before_they_are_made(tmp_path: Path) -> None:
    import keras

    configure(COMPUTE)
    plain, path = tmp_path / "plain.keras", tmp_path / "huge.keras"
    keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(5)]).save(plain)
    with zipfile.ZipFile(plain) as whole, zipfile.ZipFile(path, "w") as changed:
        for name in whole.namelist():
            changed.writestr(name, whole.read(name).replace(b'"units": 5', b'"units": 300000000000'))
    with pytest.raises(
        InputError, match=r"huge.keras cannot be read .*: its layers need 4,800 GB, but this machine has"
    ):
        CNNSpec(filters=2, fit="never", weights=path).fit(DigitsSpec().load(Memory()), COMPUTE, silent)

    class Next(keras.Model):
        """Its layer is made when it is called, together with whatever waits to be made."""

        def __init__(self) -> None:
            super().__init__()
            self.last = keras.layers.Dense(1, use_bias=False)

        def call(self, x: Any) -> Any:
            return self.last(x)

    after = Next()
    after(np.zeros((1, 3), "float32"))
    after.last.set_weights([np.ones((3, 1))])


def test_numbers_that_numpy_has_not_are_refused_by_name(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(2, dtype=torch.float8_e4m3fn)}, tmp_path / "f8.safetensors")
    with pytest.raises(InputError, match=r"'weight' holds numbers of type F8_E4M3; F64, F32, .* can be read"):
        read(tmp_path / "f8.safetensors", {})


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"net.bin: the kind of file is not known here; give one of \.npz"):
        read(tmp_path / "net.bin", {})
    for name in ("net.npz", f"{'n' * 300}.npz"):
        with pytest.raises(InputError, match="there is no file"):
            read(tmp_path / name, {})
    (tmp_path / "cut.safetensors").write_bytes(b"\xff" * 20)
    with pytest.raises(InputError, match=r"cut\.safetensors cannot be read"):
        read(tmp_path / "cut.safetensors", {})


def _written(path: Path, about: dict[str, Any], data: bytes) -> Path:
    header = json.dumps(about).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)
    return path


def _tensor(shape: list[int], start: int, stop: int, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


@pytest.mark.parametrize(
    "about",
    [
        {"a": _tensor([2], -8, 0)},
        {"a": _tensor([2], 0, 8), "b": _tensor([2], 4, 12)},
        {"a": _tensor([3], 0, 8)},
        {"a": _tensor([2], 0, 8)},  # which leaves four bytes
        {"a": _tensor([1, 2], 0, 8), "b": _tensor([1], 8, 16)},
        {"a": _tensor([2**62, 4], 0, 8)},
        {"a": _tensor([3], 0, 12, "C128")},
    ],
)
def test_safetensors_that_do_not_fill_their_file_are_refused(about: dict[str, Any], tmp_path: Path) -> None:
    """Offsets before the data, over each other, behind the file, and shapes of another size."""
    with pytest.raises(InputError, match=r"forged\.safetensors cannot be read"):
        read(_written(tmp_path / "forged.safetensors", about, bytes(12)), {})


def test_a_tensor_that_is_told_twice_is_refused(tmp_path: Path) -> None:
    """The library takes the last of both."""
    twice = b'{"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},'
    twice += b'"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}'
    (path := tmp_path / "w.safetensors").write_bytes(len(twice).to_bytes(8, "little") + twice + bytes(16))
    with pytest.raises(InputError, match="it tells twice of 'a'"):
        read(path, {})


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_holds_each_array_once(tmp_path: Path) -> None:
    """numpy takes the last of both."""
    path = tmp_path / "w.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for number in (1.0, 2.0):
            np.lib.format.write_array(content := io.BytesIO(), np.array([number]))
            archive.writestr("a.npy", content.getvalue())
    with pytest.raises(InputError, match=r"w\.npz holds 'a\.npy' twice"):
        digest(path)


def test_numbers_of_every_kind_come_out_of_safetensors_as_they_went_in(tmp_path: Path) -> None:
    """As the library writes them; bfloat16, which numpy does not have, as the same numbers in float32."""
    tensors = {
        "whole": torch.arange(6).reshape(2, 3),
        "half": torch.tensor([0.1, -2.5], dtype=torch.float16),
        "brain": torch.tensor([[0.1, 3e38]], dtype=torch.bfloat16),
        "double": torch.tensor(0.1, dtype=torch.float64),
        "truth": torch.tensor([True, False]),
    }
    save_file(tensors, tmp_path / "net.safetensors")
    found = read(tmp_path / "net.safetensors", {})
    assert found["brain"].dtype == np.float32
    for name, tensor in tensors.items():
        known = tensor.float() if name == "brain" else tensor
        np.testing.assert_array_equal(found[name], known.numpy(), strict=True)


def test_weights_are_read_from_files_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    for path in (tmp_path, tmp_path / "pipe.npz", Path("/dev/zero"), Path("/proc/version")):
        with pytest.raises(InputError, match="is a folder, a pipe, a device or a file of the system; give another"):
            digest(path)


def test_the_digest_follows_the_file(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    path.write_bytes(b"one")
    first = digest(path)
    path.write_bytes(b"another")
    assert digest(path) != first
    with pytest.raises(InputError, match=r"model\.weights: there is no file"):
        digest(tmp_path / "none.npz")


def test_weights_without_never_and_never_without_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="fit: never needs weights"):
        MLPSpec(fit="never")
    with pytest.raises(ValueError, match="weights are read with fit: never"):
        MLPSpec(weights=Path("weights.npz"))


def test_the_config_says_fit() -> None:
    plain = MLPSpec(fit="never", weights=Path("w.npz")).model_dump(mode="json")
    assert plain["fit"] == "never"
    assert MLPSpec(**plain) == MLPSpec.model_validate(plain)


def planted(folder: Path, plant: Callable[[Any], object]) -> tuple[Path, Path]:
    """A file of weights that leads to another one, and the same in a Keras archive."""
    with h5py.File(folder / "secret.h5", "w") as other:
        other["values"] = np.arange(3.0)
    with h5py.File(file := folder / "net.weights.h5", "w") as weights:
        group = weights.create_group("layers/dense/vars")
        group["own"] = np.arange(3.0)
        plant(group)
    with zipfile.ZipFile(archive := folder / "net.keras", "w") as net:
        net.write(file, "model.weights.h5")
    return file, archive


def virtual(group: Any) -> None:
    layout = h5py.VirtualLayout((3,), "f8")
    layout[:] = h5py.VirtualSource("secret.h5", "values", (3,))
    group.create_virtual_dataset("0", layout)


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (
            lambda group: group.__setitem__("0", h5py.ExternalLink("secret.h5", "/values")),
            "leads to the file 'secret.h5'",
        ),
        (
            lambda group: group.create_dataset("0", (3,), "f8", external=[("secret.h5", 0, 24)]),
            "takes the values of '0' from other files",
        ),
        (virtual, "takes the values of '0' from other files"),
    ],
    ids=["link", "raw", "virtual"],
)
def test_weights_that_lie_in_other_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plant: Callable[[Any], object], said: str
) -> None:
    """They would be read from any file of this machine."""
    monkeypatch.chdir(tmp_path)
    for path in planted(tmp_path, plant):
        with pytest.raises(InputError) as met:
            require_self_contained(path)
        assert str(met.value).startswith(f"model.weights: {path.name} {said}")


def unopened(group: Any) -> None:
    """An object of which another byte says what it is."""
    group.create_group("0")
    place = h5py.h5o.get_info(group["0"].id).addr
    group.file.flush()
    with Path(group.file.filename).open("r+b") as file:
        file.seek(place)
        file.write(b"c")


def timed(group: Any) -> None:
    """Values of a kind that h5py does not know."""
    h5py.h5d.create(group.id, b"0", h5py.h5t.UNIX_D32LE, h5py.h5s.create_simple((2,)))


@pytest.mark.parametrize("plant", [unopened, timed])
def test_what_cannot_be_opened_hides_nothing_that_leads_elsewhere(
    tmp_path: Path, plant: Callable[[Any], object]
) -> None:
    """Keras opens what it asks for, whatever lies beside it."""

    def both(group: Any) -> None:
        group.create_dataset("1", (3,), "f8", external=[("secret.h5", 0, 24)])
        plant(group)

    for path in planted(tmp_path, both):
        with pytest.raises(InputError, match="holds something that cannot be opened, so that nobody knows"):
            require_self_contained(path)


def test_weights_that_lie_elsewhere_are_seen_behind_other_bytes_and_beside_other_files(tmp_path: Path) -> None:
    """A block of the user's before HDF5, bytes before an archive, and in it a file of that name that is none."""
    with h5py.File(tmp_path / "own.h5", "w", userblock_size=512) as file:
        file.create_dataset("0", (3,), "f8", external=[("secret.h5", 0, 24)])
    plain, archive = planted(tmp_path, virtual)
    (tmp_path / "before.keras").write_bytes(b"#!/bin/sh\n" + archive.read_bytes())
    with zipfile.ZipFile(tmp_path / "beside.keras", "w") as net:
        net.writestr("assets/a.h5", b"none")
        net.write(plain, "model.weights.h5")
    for name in ("own.h5", "before.keras", "beside.keras"):
        with pytest.raises(InputError, match="takes the values of '0' from other files"):
            require_self_contained(tmp_path / name)


def test_weights_with_links_inside_are_their_own(tmp_path: Path) -> None:
    """Also where they lead round in a circle."""

    def circle(group: Any) -> None:
        group["again"] = group.file["layers"]
        group["soft"] = h5py.SoftLink("/layers")

    for path in planted(tmp_path, circle):
        require_self_contained(path)


@pytest.mark.parametrize("name", ["/etc/passwd", "../../x"])
def test_an_archive_holds_nothing_outside_of_it(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "net.keras", "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(InputError, match="which lies outside of it"):
        digest(tmp_path / "net.keras")


@pytest.mark.parametrize("name", ["net.keras", "net.npz", "net.pt"])
def test_an_archive_that_grows_when_it_is_read_is_not_read(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(50_000_000))
    with pytest.raises(InputError, match="unpacks to far more than it is"):
        digest(tmp_path / name)


def test_a_file_in_hdf5_that_grows_when_it_is_read_is_not_read(tmp_path: Path) -> None:
    """Packed, or not written at all: a few bytes that say how many there are."""
    import h5py

    for name, packed in (("packed.h5", {"compression": "gzip", "data": np.zeros(5_000_000)}), ("none.h5", {})):
        with h5py.File(tmp_path / name, "w") as file:
            file.create_dataset("kernel", shape=(5_000_000,), dtype="f8", **packed)
        with pytest.raises(InputError, match="unpacks to far more than it is, in 'kernel'"):
            require_self_contained(tmp_path / name)


def test_a_fitted_model_that_grows_when_it_is_read_is_not_read() -> None:
    with zipfile.ZipFile(file := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.npy", bytes(50_000_000))
    with pytest.raises(InputError, match=r"the \.skops file unpacks to far more than it is"):
        read_fitted(file.getvalue(), ".skops", 1)


def test_only_a_file_is_read_for_weights(tmp_path: Path) -> None:
    """A device has no end, and a pipe waits."""
    os.mkfifo(tmp_path / "pipe.npz")
    for path in (Path("/dev/zero"), tmp_path / "pipe.npz", tmp_path):
        with pytest.raises(InputError, match="is a folder, a pipe, a device or a file"):
            digest(path)


def test_a_header_that_says_petabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    with zipfile.ZipFile(path, "w") as archive, archive.open("w.npy", "w") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**6)}
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(InputError, match=r"weights.npz cannot be read .*: Unable to allocate"):
        read(path, {})
