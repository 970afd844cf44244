"""Series of users: long and wide tables and arrays, and what stands in their place."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exhibit.tasks.data.own_series import SeriesSpec
from exhibit.tasks.records.base import Array
from tests.corpus.outcome import Excluded, Outcome, Refused, Taken
from tests.corpus.recipe import Content, Recipe, of_file
from tests.corpus.tables import link, loaded

N, STEPS = 12, 4
Y = ["p", "q"] * (N // 2)


def long(name: str, content: Content, expected: Outcome, file: str = "s.csv", **options: Any) -> Recipe:
    whole = {"label": "y", "time": "t", "id": "i"} | options
    return of_file(f"long series: {name}", file, content, lambda path: loaded(SeriesSpec(path=path, **whole)), expected)


def wide(name: str, content: Content, expected: Outcome, file: str = "s.csv", **options: Any) -> Recipe:
    whole = {"label": "y"} | options
    return of_file(f"wide series: {name}", file, content, lambda path: loaded(SeriesSpec(path=path, **whole)), expected)


def steps(*changes: tuple[int, str, Any], heading: str = "i,t,a,y", drop: tuple[int, ...] = ()) -> str:
    """A long table; `changes`: line, column and cell; `drop`: lines that are left out."""
    rows = [
        {"i": f"s{s}", "t": k, "a": s + k, "y": Y[s]} | {column: cell for line, column, cell in changes if line == s * STEPS + k}
        for s in range(N)
        for k in range(STEPS)
        if s * STEPS + k not in drop
    ]  # fmt: skip
    return "\n".join([heading, *(",".join(str(cell) for cell in row.values()) for row in rows)]) + "\n"


def cells(heading: str = "t0,t1,t2,y", cell: str = "1") -> str:
    width = heading.count(",")
    rows = [",".join([*([str(k)] * (width - 1)), cell if k == 5 else str(k), Y[k]]) for k in range(N)]
    return "\n".join([heading, *rows]) + "\n"


def arrays(**given: Any) -> Content:
    def write(path: Path) -> None:
        np.savez(path, **given)

    return write


def other_file(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", b"hello")


def boasting(path: Path) -> None:
    """A few bytes whose header says petabytes."""
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**6, 1)}
    with zipfile.ZipFile(path, "w") as archive, archive.open("x.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, header)
    with zipfile.ZipFile(path, "a") as archive, archive.open("y.npy", "w") as file:
        np.save(file, np.array(Y))


def encrypted(path: Path) -> None:
    np.savez(path, x=X, y=np.array(Y))
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(mark)
        while start >= 0:
            data[start + at] |= 1
            start = data.find(mark, start + 1)
    path.write_bytes(bytes(data))


X: Array = np.random.default_rng(0).normal(size=(N, STEPS, 2))
ALL = Taken(N, classes=("p", "q"))


TABLE = pd.DataFrame([(f"s{s}", k, s + k, Y[s]) for s in range(N) for k in range(STEPS)], columns=["i", "t", "a", "y"])


def indexed(index: Array | None = None, frame: pd.DataFrame | None = None) -> Content:
    """A long table, or another, as pandas writes it with its index."""
    table = TABLE if frame is None else frame
    return lambda path: table.set_axis(table.index if index is None else index).to_csv(path)


NUMBERS = pd.DataFrame({str(k): range(N) for k in range(3)} | {"y": Y})

LONG = [
    long("good", steps(), Taken(N, ("a",), ("p", "q"))),
    long("another order", "\n".join([(lines := steps().split())[0], *reversed(lines[1:])]) + "\n", ALL),
    long("one step twice", steps((5, "t", 0)), Excluded(N - 1, "t 0 occurs twice")),
    long("a step that is missing", steps(drop=(5,)), Excluded(N - 1, "it has 3 steps, and the others have 4")),
    long("a step at another time", steps((5, "t", 1.5)), Excluded(N - 1, "its step 1 is at 1.5, and that of the others at 1")),
    long("an empty value", steps((5, "a", "")), Excluded(N - 1, "a is missing or infinite at step 1")),
    long("an infinite value", steps((5, "a", "inf")), Excluded(N - 1, "a is missing or infinite at step 1")),
    long("an empty time", steps((5, "t", "")), Excluded(N - 1, "t is missing in 1 of its 4 rows")),
    long("an empty label", steps(*((k, "y", "") for k in range(4))), Excluded(N - 1, "y is missing")),
    long("two labels of a sample", steps((5, "y", "p")), Excluded(N - 1, "y is p and q in its rows")),
    long("an empty id", steps((5, "i", "")), Refused("data.id: 1 of 48 rows of data.path do not say of which sample")),
    long("a word among values", steps((5, "a", "broken")), Refused("'a' holds numbers, but in row 5 it is 'broken'")),
    long("a word among times", steps((5, "t", "noon")), Refused("data.time: the column 't' holds numbers or times such as .* row 5 it is 'noon'")),
    long("offsets in some times", steps(*((k, "t", f"2026-01-{k % STEPS + 1:02}T10:00{'Z' * (k % 2)}") for k in range(N * STEPS))), Refused("have an offset from UTC, as .02:00 or Z, but in row 0")),
    long("samples of two spellings", steps((5, "i", "s1\u200b")), Refused("'i' writes 's1' in two ways")),
    long("headings in the middle", steps() + "i,t,a,y\n", Refused("row 48 of s.csv holds the headings once more")),
    long("beyond what a net computes with", steps(*((k, "a", f"{k % 7}e300") for k in range(N * STEPS))), Refused("the channel 'a' moves by up to inf")),
    long("a mark of what is missing", steps((5, "a", "NA")), Excluded(N - 1, "a is missing"), missing_values=("NA",)),
    long("no id", steps(), Refused("data.id: .* tells samples apart"), id=None),
    long("an id that is not there", steps(), Refused("data.id: there is no column z; there are i, t, a, y"), id="z"),
    long("a time that is not there", steps(), Refused("data.time: there is no column z"), time="z"),
    long("a channel that is not there", steps(), Refused("data.channels: there is no column z"), channels=("z",)),
    long("no channel", steps(), Refused("no column is left as a channel"), ignore=("a",)),
    long("no label", steps(), Refused("data.label: there is no column z"), label="z"),
    long("lengths of every kind", steps(drop=(*range(1, 4), *range(6, 8), *range(11, 12), *range(17, 20), *range(22, 24), *range(27, 28))), Excluded(6, "it has 1 step,")),
    long("more steps than the limit", steps(), Refused("has 4 steps, more than data.limits.steps: 3"), limits={"steps": 3}),
    long("times with zeros in front", steps(*((k, "t", f"0{k % STEPS}") for k in range(48))), Taken(N, ("a",))),
    long("times with zeros in front of which one is none", steps(*((k, "t", f"0{k % STEPS}" if k else "early") for k in range(48))), Refused("times such as 2026-01-31T12:00:00, but in row 0 it is 'early'")),
    long("dates", steps(*((k, "t", f"2026-01-{1 + k // 4:02}T0{k % 4}:00:00") for k in range(48))), ALL),
    long("dates with zones", steps(*((k, "t", f"2026-01-01T0{k % 4}:00:00+09:00") for k in range(48))), ALL),
    long("dates of another form", steps(*((k, "t", f"31.1.2026 0{k % 4}:00") for k in range(48))), Refused("2026-01-31T12:00:00, but in row 0")),
    long("two splits of a sample", steps(*((k, "y", f"{Y[k // 4]},{'train' if k % 4 else 'test'}") for k in range(48)), heading="i,t,a,y,s"), Refused("none of 12 samples can be used, the first because s is test and train"), split="s"),
    long("an index", indexed(), Taken(N, ("a",))),
    long("an index of shuffled rows", indexed(np.arange(48) * 7 % 48 + 90), Taken(N, ("a",))),
    long("indices of samples that were put together", indexed(np.tile(np.arange(STEPS), N)), Taken(N, ("a",))),
    long("an index that is a channel", indexed(), Taken(N, ("Unnamed: 0", "a")), channels=("Unnamed: 0", "a")),
    long("an index that is the time", indexed(), Taken(N, ("a",)), time="Unnamed: 0", ignore=("t",)),
    long("parquet: an index of samples and times", lambda path: TABLE.set_index(["i", "t"]).to_parquet(path), Taken(N, ("a",)), file="s.parquet"),
    long("a channel without a heading", steps(*((k, "a", k * k % 7) for k in range(48)), heading="i,t,,y"), Taken(N, ("Unnamed: 2",))),
    long("a pipe in its place", link("/dev/zero"), Refused("is a pipe or a device, no regular file")),
    long("latin-1", steps(heading="i,t,größe,y").encode("latin-1"), Refused("is no text in UTF-8")),
]  # fmt: skip

WIDE = [
    wide("good", cells(), Taken(N, ("t",), ("p", "q"))),
    wide("numbers alone", cells("0,1,2,y"), Taken(N, ("value",))),
    wide("two channels", cells("x_0,x_1,z_0,z_1,y"), Taken(N, ("x", "z"))),
    wide("steps up to now", cells("t-2,t-1,t,y"), Taken(N, ("t",))),
    wide("steps before and after now", cells("t-1,t,t+1,y"), Taken(N, ("t",))),
    wide("steps of two channels up to now", cells("u-1,u,v-1,v,y"), Taken(N, ("u", "v"))),
    wide("a column beside steps from 0 on", cells("t0,t1,t,y"), Refused("the columns t do not end in the number of a step")),
    wide("an index", indexed(frame=NUMBERS), Taken(N, ("value",))),
    wide("an index of names", indexed(np.array([f"s{k}" for k in range(N)]), NUMBERS), Refused("a column has no heading, and is no step; say 'data.id=\"Unnamed: 0\"' where")),
    wide("an index of names, named", indexed(np.array([f"s{k}" for k in range(N)]), NUMBERS), Taken(N, ("value",)), id="Unnamed: 0"),
    wide("times between", cells("x 0.5,x 1,x 2.25,y"), Taken(N, ("x",))),
    wide("columns without a number", cells("t0,t1,speed,y"), Refused("the columns speed do not end in the number of a step.*data.ignore=")),
    wide("columns of another alphabet", cells("t0,t1,申込,y"), Refused("the columns 申込 do not end")),
    wide("a step that a channel lacks", cells("x_0,x_1,z_0,y"), Refused("'x' has 2 steps, and 'z' has 1 or others")),
    wide("numbers alone beside a channel of one step", cells("x_0,0,1,y"), Refused("'x' has 1 steps, and 'value' has 2 or others")),
    wide("a channel that is not there", cells(), Refused("no column begins with 'z' and ends in a number; there are t"), channels=("z",)),
    wide("an empty cell", cells(cell=""), Excluded(N - 1, "t is missing or infinite at step 2")),
    wide("a word", cells(cell="broken"), Refused("holds numbers, but in row 5 it is 'broken'")),
    wide("numbers that float32 moves", cells(cell="16777217.123").replace("\n0,0,0", "\n16777217,16777217,16777217"), ALL),
    wide("more columns than the limit", cells(), Refused("more than data.limits.columns: 3"), limits={"columns": 3}),
]  # fmt: skip

STORED = [
    wide("arrays", arrays(x=X, y=np.array(Y)), Taken(N, ("channel 0", "channel 1")), file="s.npz"),
    wide("arrays of one channel", arrays(x=X[..., 0], y=np.array(Y)), Taken(N, ("value",)), file="s.npz"),
    wide("arrays with numbers as labels", arrays(x=X, y=np.arange(N) % 2), Taken(N, classes=("0", "1")), file="s.npz"),
    wide("an array of another name", arrays(z=X, y=np.array(Y)), Refused("has no array 'x'; there are z, y"), file="s.npz"),
    wide("many arrays of other names", arrays(**{f"a{k}": np.zeros(0) for k in range(2_000)}), Refused("and 1,980 more$"), file="s.npz"),
    wide("no labels", arrays(x=X), Refused("data.label: there is no column y"), file="s.npz"),
    wide("labels of another length", arrays(x=X, y=np.array(Y[:5])), Refused(r"'y' of s.npz has the shape \(5,\)"), file="s.npz"),
    wide("labels of two axes", arrays(x=X, y=np.eye(N)), Refused(r"'y' of s.npz has the shape \(12, 12\)"), file="s.npz"),
    wide("objects", arrays(x=X.astype(object), y=np.array(Y)), Refused("the array 'x' is one of objects"), file="s.npz"),
    wide("labels of objects", arrays(x=X, y=np.array(Y, object)), Refused("the array 'y' is one of objects"), file="s.npz"),
    wide("words", arrays(x=X.astype(str), y=np.array(Y)), Refused("numbers .samples, steps, channels. or"), file="s.npz"),
    wide("complex numbers", arrays(x=X * 1j, y=np.array(Y)), Refused("numbers .samples, steps, channels. or"), file="s.npz"),
    wide("an array of four axes", arrays(x=X[..., None], y=np.array(Y)), Refused("is float64 of shape"), file="s.npz"),
    wide("an array of nothing", arrays(x=X[:, :0], y=np.array(Y)), Refused("is float64 of shape"), file="s.npz"),
    wide("a value that is none", arrays(x=np.where(X > 2, np.nan, X), y=np.array(Y)), Excluded(11, "is missing or infinite at step"), file="s.npz"),
    wide("times that fall", arrays(x=X, y=np.array(Y), t=-np.arange(STEPS)), Refused("'t' of s.npz is not 4 rising numbers"), file="s.npz", time="t"),
    wide("a file that is no archive", b"hello", Refused("cannot be read as an .npz file"), file="s.npz"),
    wide("half an archive", b"PK\x03\x04" + bytes(200), Refused("cannot be read as an .npz file"), file="s.npz"),
    wide("an archive of other files", other_file, Refused("is .S5 of shape"), file="s.npz"),
    wide("a header that says petabytes", boasting, Refused("cannot be read as an .npz file of numbers and words: Unable to allocate"), file="s.npz"),
    wide("an archive behind a password", encrypted, Refused("cannot be read as an .npz file"), file="s.npz"),
    wide("a parquet file", lambda path: pd.DataFrame({"t0": range(N), "t1": range(N), "y": Y}).to_parquet(path), Taken(N, ("t",)), file="s.parquet"),
    wide("another ending", cells(), Refused("ends in '.npy'; give a .csv or a .parquet"), file="s.npy"),
]  # fmt: skip

SERIES = [*LONG, *WIDE, *STORED]
