"""Series of users: long and wide tables and arrays, and what is said of those that cannot be used."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from exhibit.tasks.data.own_series import SeriesSpec
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from tests.conftest import Memory

SAMPLES, STEPS = 12, 5
VALUES = np.random.default_rng(0).normal(size=(SAMPLES, STEPS, 2))
LABELS = np.array(["up", "down"] * (SAMPLES // 2))


def long_table() -> pd.DataFrame:
    rows = [
        {"run": f"r{s}", "t": k / 2, "a": VALUES[s, k, 0], "b": VALUES[s, k, 1], "y": LABELS[s]}
        for s in range(SAMPLES)
        for k in range(STEPS)
    ]
    return pd.DataFrame(rows)


def wide_table() -> pd.DataFrame:
    columns = {f"{name}_{k}": VALUES[:, k, c] for c, name in enumerate("ab") for k in range(STEPS)}
    return pd.DataFrame(columns | {"y": LABELS})


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Dataset]:
    def of(table: pd.DataFrame, ending: str = "csv", explain: pd.DataFrame | None = None, **options: Any) -> Dataset:
        paths = {"path": table, "explain": explain}
        for key, one in paths.items():
            if one is not None:
                path = options[key] = tmp_path / f"{key}.{ending}"
                one.to_csv(path, index=False) if ending == "csv" else one.to_parquet(path)
        return SeriesSpec(label="y", **options).load(Memory())

    return of


LONG = {"time": "t", "id": "run"}


def values_of(dataset: Dataset) -> Array:
    return dataset.inputs[0].array


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_long_table_in_any_order_is_the_same_series(load: Callable[..., Dataset], ending: str) -> None:
    shuffled = long_table().sample(frac=1, random_state=0)
    found = load(shuffled, ending, units={"a": "m/s²"}, names={"a": "speed"}, time_unit="s", **LONG)
    order = [int(str(name)[1:]) for name in found.sample_ids]
    np.testing.assert_allclose(values_of(found), VALUES[order], rtol=1e-6)
    item = found.inputs[0]
    assert (item.kind, item.features, item.time_unit) == ("series", ("speed (m/s²)", "b"), "s")
    assert np.array_equal(item.moments, np.arange(STEPS) * 0.5)
    assert [found.classes[k] for k in found.labels] == [LABELS[row] for row in order]


def test_a_wide_table_names_channels_and_steps(load: Callable[..., Dataset]) -> None:
    """In the order of their numbers, not of their letters, and of the channels that are given."""
    found = load(wide_table()[[f"{c}_{k}" for k in (4, 0, 3, 1, 2) for c in "ab"] + ["y"]], channels=["b", "a"])
    np.testing.assert_allclose(values_of(found), VALUES[..., ::-1], rtol=1e-6)
    assert found.inputs[0].features == ("b", "a")
    assert found.inputs[0].times is None


def renamed(*steps: str) -> pd.DataFrame:
    """A wide table of the first channel, whose columns are called so."""
    return pd.DataFrame({**dict(zip(steps, VALUES[..., 0].T, strict=True)), "y": LABELS})


@pytest.mark.parametrize(
    ("steps", "channel", "moments"),
    [
        (["t-4", "t-3", "t-2", "t-1", "t-0"], "t", [0, 1, 2, 3, 4]),
        (["t-2", "t-1", "t+0", "t+1", "t+2"], "t", [0, 1, 2, 3, 4]),
        (["x_-2", "x_-1", "x_0", "x_1", "x_2"], "x", [0, 1, 2, 3, 4]),
        (["-20", "-10", "0", "10", "20"], "value", [-20, -10, 0, 10, 20]),
        ([f"2024-01-0{day}" for day in range(1, 6)], "value", [day * 86_400 for day in range(5)]),
        ([f"2024-01-31 2{hour}:30" for hour in range(4)] + ["2024-02-01 00:30"], "value", [k * 3600 for k in range(5)]),
    ],
)  # fmt: skip
def test_steps_of_a_wide_table_are_in_the_order_of_their_signed_numbers_or_dates(
    load: Callable[..., Dataset], steps: list[str], channel: str, moments: list[float]
) -> None:
    found = load(renamed(*steps))
    np.testing.assert_allclose(values_of(found), VALUES[..., :1], rtol=1e-6)
    assert found.inputs[0].features == (channel,)
    np.testing.assert_array_equal(found.inputs[0].moments, moments)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (["x_1", "x_01", "x_2", "x_3", "x_4"], "'x_1' and 'x_01' are both step 1 of one channel"),
        (["x-0", "x-1", "x-2", "x-3", "x-4"], "'x-0' comes before 'x-1' cannot be told, .* write x_0, x_1 of"),
        (["08:00", "08:30", "09:00", "09:30", "10:00"], "08:00, 08:30, 09:00 are dates, times of day or steps"),
        (["01/02/2026", "02/02/2026", "03/02/2026", "04/02/2026", "05/02/2026"], "are dates, times of day or steps"),
        (["01.02.2026", "02.02.2026", "03.02.2026", "04.02.2026", "05.02.2026"], "are dates, times of day or steps"),
        (["a1", "b1", "c1", "d1", "e1"], "each of the columns a1, b1, c1 would be a channel of one step"),
    ],
)  # fmt: skip
def test_names_that_say_no_step_of_a_channel_are_refused(
    load: Callable[..., Dataset], steps: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        load(renamed(*steps))


def test_a_wide_table_of_one_channel(load: Callable[..., Dataset]) -> None:
    found = load(wide_table()[[*(f"a_{k}" for k in range(STEPS)), "y"]].rename(columns=lambda name: name.strip("a_")))
    assert values_of(found).shape == (SAMPLES, STEPS, 1)
    assert found.inputs[0].features == ("value",)


@pytest.mark.parametrize("channels", [None, ("a", "b")])
def test_arrays_by_name(tmp_path: Path, channels: tuple[str, ...] | None) -> None:
    path = tmp_path / "series.npz"
    np.savez(path, x=VALUES, y=LABELS, t=np.arange(STEPS) / 10)
    found = SeriesSpec(path=path, label="y", time="t", channels=channels).load(Memory())
    np.testing.assert_allclose(values_of(found), VALUES, rtol=1e-6)
    assert found.inputs[0].features == (channels or ("channel 0", "channel 1"))
    assert found.inputs[0].moments[-1] == pytest.approx(0.4)


def test_the_scale_of_channels_is_that_of_the_training_rows(load: Callable[..., Dataset]) -> None:
    found = load(long_table(), **LONG)
    training = values_of(found)[found.split == "train"].astype(float)
    np.testing.assert_allclose(found.inputs[0].centre, training.mean(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_allclose(found.inputs[0].spread, training.std(axis=(0, 1)), rtol=1e-5)


def test_dates_are_seconds_since_the_first_step_of_each_sample(load: Callable[..., Dataset]) -> None:
    table = long_table()
    begins = pd.Timestamp("2026-01-31T12:00:00") + pd.to_timedelta(table["run"].str[1:].astype(int), unit="D")
    table["t"] = (begins + pd.to_timedelta(table["t"], unit="s")).dt.strftime("%Y-%m-%dT%H:%M:%S.%f")
    item = load(table, **LONG).inputs[0]
    np.testing.assert_allclose(item.moments, np.arange(STEPS) * 0.5, atol=1e-5)
    assert item.time_unit == "s"


def test_clocks_that_begin_elsewhere_are_read_from_their_first_step(load: Callable[..., Dataset]) -> None:
    table = long_table()
    table["t"] += table["run"].str[1:].astype(int) * 100
    found = load(table, **LONG)
    assert np.array_equal(found.inputs[0].moments, np.arange(STEPS) * 0.5)
    assert "from the first step" in found.description


def broken(change: Callable[[pd.DataFrame], object]) -> pd.DataFrame:
    table = long_table()
    result = change(table)
    return result if isinstance(result, pd.DataFrame) else table


def put(row: int, column: str, value: Any) -> Callable[[pd.DataFrame], object]:
    def change(table: pd.DataFrame) -> None:
        table[column] = table[column].astype(object)
        table.loc[row, column] = value

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda table: table.drop(index=[7, 8]), "it has 3 steps, and the others have 5"),
        (put(6, "t", 0.0), "t 0 occurs twice"),
        (put(6, "t", 0.7), "its step 1 is at 0.7, and that of the others at 0.5"),
        (put(6, "t", None), "t is missing in 1 of its 5 rows"),
        (put(6, "a", None), "a is missing or infinite at step 1"),
        (put(6, "b", np.inf), "b is missing or infinite at step 1"),
        (put(6, "y", "up"), "y is down and up in its rows, and one value was expected"),
        (lambda table: table.assign(y=table["y"].where(table["run"] != "r1")), "y is missing"),
    ],
)
def test_a_sample_that_cannot_be_used_is_listed(
    load: Callable[..., Dataset], change: Callable[[pd.DataFrame], object], reason: str
) -> None:
    found = load(broken(change), **LONG)
    assert [(one.sample_id, one.reason) for one in found.excluded] == [("r1", reason)]
    assert len(found.sample_ids) == SAMPLES - 1


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda table: table, {"time": "t"}, "data.id: .* tells samples apart"),
        (lambda table: table, LONG | {"time": "when"}, "data.time: there is no column when; there are run, t, a, b, y"),
        (lambda table: table, LONG | {"channels": ["c"]}, "data.channels: there is no column c"),
        (lambda table: table, LONG | {"ignore": ["a", "b"]}, "no column is left as a channel"),
        (put(3, "a", "abc"), LONG, "the column 'a' holds numbers, but in row 3 it is 'abc'"),
        (put(3, "t", "noon"), LONG, "data.time: the column 't' holds numbers or times such as .* row 3 it is 'noon'"),
        (put(3, "run", None), LONG, "data.id: 1 of 60 rows of data.path do not say of which sample"),
        (lambda table: table, {}, "the columns run, t, a do not end in the number of a step.*data.ignore="),
        (
            lambda table: table[table["t"] * 2 < table["run"].str[1:].astype(int) % 5 + 1],
            LONG,
            "from 1 to 5 steps, and less than half of them any one number",
        ),
    ],
)
def test_what_no_series_can_be_made_of_is_refused_in_a_sentence(
    load: Callable[..., Dataset], change: Callable[[pd.DataFrame], object], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        load(broken(change), **options)


def test_channels_of_a_wide_table_need_the_same_steps(load: Callable[..., Dataset]) -> None:
    with pytest.raises(InputError, match="the channel 'a' has 5 steps, and 'b' has 4 or others"):
        load(wide_table().drop(columns="b_3"))


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        ({"z": VALUES, "y": LABELS}, {}, "data.array: series.npz has no array 'x'; there are z, y"),
        ({"x": VALUES, "z": LABELS}, {}, "data.label: there is no column y"),
        ({"x": VALUES[0, 0], "y": LABELS[:2]}, {}, r"\(samples, steps, channels\) or \(samples, steps\) were expected"),
        ({"x": VALUES.astype(str), "y": LABELS}, {}, "numbers .* were expected"),
        ({"x": VALUES, "y": LABELS[:3]}, {}, r"'y' of series.npz has the shape \(3,\); one for each of 12 samples"),
        ({"x": VALUES.astype(object), "y": LABELS}, {}, "the array '.*' is one of objects, as series of different"),
        ({"x": VALUES, "y": LABELS}, {"channels": ("a",)}, "1 names were given, and 'x' of series.npz has 2 channels"),
        ({"x": VALUES, "y": LABELS, "t": np.zeros(5)}, {"time": "t"}, "'t' of series.npz is not 5 rising numbers"),
        ({"x": VALUES, "y": LABELS}, {"time": "t"}, "data.time: series.npz has no array 't'; there are x, y"),
        ({"x": VALUES + 1e12, "y": LABELS}, {}, "in the 24 bits .* the channel 'channel 0' moves by up to"),
    ],
)
def test_arrays_of_other_shapes_are_refused_in_a_sentence(
    tmp_path: Path, arrays: dict[str, Array], options: dict[str, Any], message: str
) -> None:
    np.savez(tmp_path / "series.npz", **arrays)
    with pytest.raises(InputError, match=message):
        SeriesSpec(path=tmp_path / "series.npz", label="y", **options).load(Memory())


def test_what_unpacks_to_too_much_is_refused_before_it_is_read(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "series.npz", x=np.zeros((10, 1000, 10)), y=LABELS[:10])
    with pytest.raises(InputError, match=r"unpacks to 800,\d+ bytes, more than data\.limits\.bytes: 9,999"):
        SeriesSpec(path=tmp_path / "series.npz", label="y", limits={"bytes": 9_999}).load(Memory())


def test_series_to_explain_are_read_as_those_of_the_fit(load: Callable[..., Dataset]) -> None:
    """On the same clock and in the same channels; they may lack labels, and change nothing of what trains."""
    week = long_table()[lambda table: table["run"].isin(["r0", "r1"])].drop(columns="y").replace({"run": {"r0": "n0"}})
    found = load(long_table(), explain=week[week["run"] == "n0"], **LONG)
    assert found.sample_ids[-1] == "n0"
    assert found.split[-1] == "explain"
    np.testing.assert_allclose(values_of(found)[-1], VALUES[0], rtol=1e-6)
    with pytest.raises(InputError, match=r"data.explain: its channels are a, and those of the fit a, b"):
        load(long_table(), explain=week.drop(columns="b"), **LONG)
