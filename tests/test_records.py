"""Records become bytes and come back; nothing pickled is ever read."""

import io
import pickle
import subprocess
import sys

import numpy as np
import pytest

from exhibit.tasks.data.image import DigitsSpec
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.figure import Figure, Images, Part
from exhibit.tasks.records.packing import npz, pack, unpack
from tests.conftest import Memory


def _attribution(samples: int, atoms: int) -> Attribution:
    rng = np.random.default_rng(samples)
    column = rng.normal(size=(samples, 1))
    return Attribution(
        sample_ids=np.array([f"s{k}" for k in range(samples)]),
        targets=np.zeros((samples, 1), int),
        values={"molecule": rng.normal(size=(samples, atoms, 4, 1))},
        mask={"molecule": np.ones((samples, atoms), bool)},
        prediction=column,
        base_value=column,
        residual=column,
        steps=np.ones((samples, 1), int),
        converged=np.ones((samples, 1), bool),
    )


def test_a_packed_record_comes_back_whole() -> None:
    """unpack(pack(x)) has the same arrays, types and words."""
    dataset = DigitsSpec().load(Memory())
    again = unpack(Dataset, pack(dataset))
    assert again.title == dataset.title
    assert again.inputs[0].bounds == (0.0, 16.0)
    for name in ("labels", "split", "sample_ids"):
        assert np.array_equal(getattr(again, name), getattr(dataset, name))
        assert getattr(again, name).dtype == getattr(dataset, name).dtype


def test_equal_records_are_equal_bytes_in_another_process() -> None:
    """Neither the process nor the hash seed changes a byte."""
    code = (
        "import hashlib; from exhibit.tasks.data.table import IrisSpec; "
        "from exhibit.tasks.records.packing import pack; "
        "print(hashlib.sha256(pack(IrisSpec().load(None))).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "PATH": ""}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1")
    }
    assert len(digests) == 1


def test_bytes_inside_a_record_survive() -> None:
    part = Part(name="chart", media_type="image/png", data=b"\x00\xff\x89PNG", size=(1.0, 2.0))
    assert unpack(Part, pack(part)) == part


def test_a_union_comes_back_as_what_it_was() -> None:
    figure = Figure(name="f", content=Images(columns=(), rows=((None,),)), caption="c", alt="a")
    assert isinstance(unpack(Figure, pack(figure)).content, Images)


def test_a_pickle_in_a_record_is_refused() -> None:
    """An array of objects is a pickle: reading it raises, and nothing in it runs."""
    buffer = io.BytesIO()
    np.savez(buffer, record=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    for data in (buffer.getvalue(), pickle.dumps({"record": 1})):
        with pytest.raises(ValueError, match="pickle"):
            unpack(Part, data)


def test_an_object_array_is_not_written() -> None:
    with pytest.raises(ValueError, match=r"[Oo]bject"):
        npz({"a": np.array([object()])})


def test_joined_attributions_are_padded_to_the_longest() -> None:
    """Samples with fewer atoms get zeros behind their own, and a mask that says so."""
    joined = Attribution.joined([_attribution(2, 3), _attribution(1, 5)])
    assert joined.values["molecule"].shape == (3, 5, 4, 1)
    assert joined.mask["molecule"].sum(axis=1).tolist() == [3, 3, 5]
    assert not joined.values["molecule"][:2, 3:].any()


def test_rows_of_an_attribution_are_those_samples() -> None:
    part = _attribution(4, 3)
    assert part.rows(slice(1, 3)).sample_ids.tolist() == ["s1", "s2"]
