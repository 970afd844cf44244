"""Tables and texts of users: what is in them, how they are written, and what stands in their place."""

import datetime
import os
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exhibit.tasks.data.own import RowsSpec
from exhibit.tasks.data.own_table import TableSpec
from exhibit.tasks.data.text import TextSpec
from exhibit.tasks.records.data import Dataset
from tests.conftest import Memory
from tests.corpus.outcome import Excluded, Outcome, Refused, Taken
from tests.corpus.recipe import Content, Recipe, of_file

N = 24
Y = ["p", "q"] * (N // 2)


def csv(column: Sequence[Any], label: Sequence[Any] = Y, heading: str = "a,y") -> str:
    return heading + "\n" + "".join(f"{a},{y}\n" for a, y in zip(column, label, strict=True))


def parquet(column: Sequence[Any], label: Sequence[Any] = Y) -> Content:
    return lambda path: pd.DataFrame({"a": list(column), "y": list(label)}).to_parquet(path)


def coded(column: Sequence[Any], *, label: bool = False, order: Sequence[Any] | None = None) -> Content:
    """A .parquet file with a column, or the label, of pandas' categories: of numbers it keeps but that they are."""
    kind = pd.CategoricalDtype(order, ordered=order is not None)

    def write(path: Path) -> None:
        a, y = (range(N), column) if label else (column, Y)
        pd.DataFrame({"a": a, "y": y}).astype({"y" if label else "a": kind}).to_parquet(path)

    return write


def framed(index: Any, **columns: Sequence[Any]) -> Content:
    """A .parquet file with an index of its own."""
    return lambda path: pd.DataFrame({"a": range(N), "y": Y} | columns, index=index).to_parquet(path)


NAMED = pd.Index([f"s{k}" for k in range(N)], name="who")


def loaded(spec: RowsSpec) -> Dataset:
    """As the stage `load` does it."""
    spec.spec_with_digests()
    dataset = spec.load(Memory())
    spec.limits.require(dataset)
    return dataset


def table(name: str, content: Content, expected: Outcome, file: str = "t.csv", **options: Any) -> Recipe:
    return of_file(name, file, content, lambda path: loaded(TableSpec(path=path, **{"label": "y"} | options)), expected)


def text(name: str, content: Content, expected: Outcome, **options: Any) -> Recipe:
    whole = {"label": "y", "text": "t"} | options
    return of_file(name, "t.csv", content, lambda path: loaded(TextSpec(path=path, **whole)), expected)


def vocabulary(name: str, content: Content, expected: Outcome) -> Recipe:
    """Beside good texts."""

    def load(path: Path) -> Dataset:
        rows = path.with_name("rows.csv")
        rows.write_text(csv(["a fine film"] * N, heading="t,y"))
        return loaded(TextSpec(path=rows, label="y", text="t", vocabulary=path))

    return of_file(name, "vocab.txt", content, load, expected)


def scheme(name: str, content: Content, expected: Outcome) -> Recipe:
    def load(path: Path) -> Dataset:
        rows = path.with_name("rows.csv")
        rows.write_text(csv(range(N)))
        return loaded(TableSpec(path=None, scheme=path, explain=rows, label="y"))

    return of_file(name, "scheme.json", content, load, expected)


def explain(name: str, content: Content, expected: Outcome) -> Recipe:
    """Rows to explain, beside good rows of a fit whose column a is {0..23} and b one of u, v."""

    def load(path: Path) -> Dataset:
        rows = path.with_name("rows.csv")
        rows.write_text("a,b,y\n" + "".join(f"{k},{'uv'[k % 2]},{Y[k]}\n" for k in range(N)))
        return loaded(TableSpec(path=rows, explain=path, label="y"))

    return of_file(name, "week.csv", content, load, expected)


def link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


NO_TEXT = Refused("is no text in UTF-8, in line .*save it in that encoding")
NO_FILE = Refused("is a pipe or a device, no regular file")
TWICE = Refused("has several columns of the name 'a'; rename them")
GOOD = csv(range(N))
NUMBERS = Taken(N, ("a",), ("p", "q"))
THIRTEEN = [f"k{k % 3}" for k in range(N)]

FILES = [
    table("a folder", lambda path: path.mkdir(), Refused("is a folder; put the rows there")),
    table(
        "a line of millions of commas",
        "a,y\n1,p\n" + "," * 3_000_000 + "\n",
        Refused("line 3 has 3,000,001 cells, and the"),
    ),
    table("a pipe", lambda path: os.mkfifo(path), NO_FILE),
    table("an endless device", link("/dev/zero"), NO_FILE),
    table("an empty device", link("/dev/null"), NO_FILE),
    table(
        "a file of the system itself", link("/proc/version"), Refused("is a file of the system itself, no regular file")
    ),
    table("a dangling link", link("nowhere.csv"), Refused("t.csv does not exist; put the rows there")),
    table("a loop of links", link("t.csv"), Refused("cannot be opened")),
    table("nothing", lambda path: None, Refused("t.csv does not exist")),
    table(
        "a name for no column", GOOD, Refused("data.names: 'A' is no column of t.csv; there are"), names={"A": "one"}
    ),
    table("a unit for no column", GOOD, Refused("data.units: 'c' is no column of t.csv; there are"), units={"c": "kg"}),
    table(
        "a name for no class",
        "a,y\n1,p\n2,q\n3,p\n4,q\n",
        Refused("data.classes: 'r' is no class of the label 'y'"),
        classes={"p": "one", "r": "two"},
    ),
    table("a name of no letter", GOOD, Refused("the name of a feature is empty"), names={"a": " "}),
    table("another ending", GOOD, Refused("ends in '.xlsx'; give a .csv or a .parquet"), file="t.xlsx"),
    table("no ending", GOOD, Refused("ends in ''"), file="t"),
    table("an ending in capitals", GOOD, NUMBERS, file="T.CSV"),
    table("a name with every sign", GOOD, NUMBERS, file="Größe, [申込日] ${x} 'a' \"b\".csv"),
    table("an index without a heading", csv([f"{k},{k % 5}" for k in range(N)], heading=",a,y"), NUMBERS),
    table("an index of shuffled rows", csv([f"{k * 7 % N + 90},{k % 5}" for k in range(N)], heading=",a,y"), NUMBERS),
    table(
        "an index of two frames",
        csv([f"{k},{N - k},{k % 5}" for k in range(N)], heading="Unnamed: 0.1,Unnamed: 0,a,y"),
        NUMBERS,
    ),
    table(
        "a feature without a heading",
        csv([f"{k % 7},{k % 5}" for k in range(N)], heading=",a,y"),
        Taken(N, ("Unnamed: 0", "a")),
    ),
    table(
        "an index that is named as a feature",
        csv([f"{k},{k % 5}" for k in range(N)], heading=",a,y"),
        Taken(N, ("Unnamed: 0", "a")),
        features=("Unnamed: 0", "a"),
    ),
    table("larger than the limit", GOOD, Refused("more than data.limits.bytes: 10; give less"), limits={"bytes": 10}),
    table("latin-1", csv(range(N), ["größe", "klein"] * 12).encode("latin-1"), NO_TEXT),
    table("windows-1252", csv(range(N), ["“a”", "b"] * 12).encode("cp1252"), NO_TEXT),
    table("shift-jis", csv(range(N), ["申込", "b"] * 12).encode("shift-jis"), NO_TEXT),
    table("utf-16", GOOD.encode("utf-16"), NO_TEXT),
    table("utf-16 without its mark", GOOD.encode("utf-16-le"), NO_TEXT),
    table("utf-32", GOOD.encode("utf-32"), NO_TEXT),
    table("utf-8 with its mark", GOOD.encode("utf-8-sig"), NUMBERS),
    table(
        "a zero byte", GOOD.replace("7,", "\0,"), Refused("is no text in UTF-8, in line .*that line has a zero byte")
    ),
    table("a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), NO_TEXT),
    table("an empty file", "", Refused("cannot be read: No columns")),
    table("a heading alone", "a,y\n", Refused("has no rows")),
    table("blank lines", GOOD.replace("\n", "\n\n"), NUMBERS),
    table("lines of windows", GOOD.replace("\n", "\r\n"), NUMBERS),
    table("lines of an old mac", GOOD.replace("\n", "\r"), NUMBERS),
    table("semicolons", GOOD.replace(",", ";"), Refused("are separated by ';'; save it with commas")),
    table("tabs", GOOD.replace(",", "\t"), Refused("are separated by .*; save it with commas")),
    table(
        "a row that is too long",
        GOOD + "1,p,2,3\n",
        Refused("cannot be read: line 26 has 4 cells, and the first line names 2;"),
    ),
    table(
        "more cells than names",
        "a,y\n" + "".join(f"{k},{k + 1},{Y[k]}\n" for k in range(N)),
        Refused("more cells than the 2 that its first line names"),
    ),
    table(
        "decimal commas without quotes", csv([f"{k},5" for k in range(N)]), Refused("write 0.5 where 0,5 stands for it")
    ),
    table("a title above the heading", "My data\n" + GOOD, Refused("more cells than the 1 that its first line names")),
    table("a comma at the end of each row", "a,y\n" + "".join(f"{k},{Y[k]},\n" for k in range(N)), NUMBERS),
    table("semicolons behind a mark", GOOD.replace(",", ";").encode("utf-8-sig"), Refused("are separated by ';'")),
    table("breaks of lines in quotes", csv(['"u\nv"', "w"] * 12), Taken(N, ("a: u\nv", "a: w"))),
    table("a page of the web", "<!DOCTYPE html><html><body>404</body></html>", Refused("has no rows")),
    table("a row that is too short", GOOD + "1\n", Excluded(N, "y is missing")),
    table("a quote that is not closed", GOOD + '"x,1,p\n', Refused("a quote that opens in line 26,.* is not closed")),
    table("a huge field", GOOD + f'"{"x" * 300_000}",p\n', Refused("in row 24 it is 'xxx.*correct it")),
    table("a parquet file that is none", b"hello", Refused("cannot be read"), file="t.parquet"),
    table("half a parquet file", b"PAR1" + bytes(500), Refused("cannot be read"), file="t.parquet"),
]

COLUMNS = [
    table("spaces around names", csv(range(N), heading=" a , y "), NUMBERS),
    table("the same name twice", csv([f"{k},1" for k in range(N)], heading="a,a,y"), TWICE),
    table("the same name but for spaces", csv([f"{k},1" for k in range(N)], heading="a, a ,y"), TWICE),
    table("the label twice", csv([f"{k},1" for k in range(N)], heading="a,y,y"), Refused("several columns of the name 'y'")),
    table("no label", GOOD, Refused("data.label: there is no column z; there are a, y"), label="z"),
    table("a label of other letters", csv(range(N), heading="a,Größe"), NUMBERS, label="Größe"),
    table("headings in the middle", csv(["0", "1", "a"] * 8, ["p", "q", "y"] * 8), Refused("row 2 of t.csv holds the headings once more")),
    table("no headings", "".join(f"{k},{one}\n" for k, one in enumerate(Y)), Refused("the first line of t.csv, 0, p, looks like a row"), label="p"),
    table("no headings over numbers alone", "".join(f"{k / 2 + 7},{k % 5}.5,{k / 3}\n" for k in range(N)), Refused("looks like a row of the data"), label="0.0"),
    table("headings of a spectrum over a label of yes and no", csv([f"{k},1,2" for k in range(N)], ["y", "n"] * 12, heading="400,410,420,y"), Taken(N, ("400", "410", "420"))),
    table("no headings over two numbers that rise", "".join(f"{k},{k + 10},{one}\n" for k, one in enumerate(Y)), Refused("looks like a row of the data"), label="p"),
    table("headings of a spectrum", csv([f"{k},{k % 5}" for k in range(N)], heading="400.5,401.5,y"), Taken(N, ("400.5", "401.5"))),
    table("columns of numbers beside yes and no", csv([f"{k},{k % 5}" for k in range(N)], ["y", "n"] * 12, heading="0,1,y"), Taken(N, ("0", "1"))),
    table("a column of a value's name", csv([f"{k},{one}" for k, one in enumerate(["spam", "ham"] * 12)], heading="a,spam,y"), Taken(N)),
    table("a category that is called as a column", csv([f"{'uv'[k % 2]},{k}" for k in range(N)], heading="c,c: u,y"), Refused("2 features are called 'c: u'")),
    table("two columns of one name to a reader", csv([f"{k},{k % 5}" for k in range(N)], heading="a,b,y"), Refused("2 features are called 'x'"), names={"a": "x", "b": "x"}),
    table("years as dates", csv([2000 + k for k in range(N)]), Refused("holds dates, but in row 0 it is '?2000'?; write dates as"), dates=("a",)),
    table("months as dates", csv([f"2026-{k % 12 + 1:02}" for k in range(N)]), Refused("holds dates, but in row 0 it is '2026-01'"), dates=("a",)),
    table("dates without hyphens", csv([f"202601{k + 1:02}" for k in range(N)]), Taken(N), dates=("a",)),
    table("offsets in some times", csv([f"2026-01-{k + 1:02}T10:00{'Z' * (k % 2)}" for k in range(N)]), Refused("have an offset from UTC, as .02:00 or Z, but in row 0"), dates=("a",)),
    table("days beside times with offsets", csv([f"2026-01-{k + 1:02}{'T10:00Z' * (k % 2)}" for k in range(N)]), Taken(N), dates=("a",)),
    table("a part of a date that is a column", csv([f"2026-01-{k + 1:02},{k}" for k in range(N)], heading='a,"a, year",y'), Refused("a part of the date 'a' is called 'a, year', and so is a column"), dates=("a",)),
    table("weights whose sum is infinite", csv([f"{k},1e308" for k in range(N)], heading="a,w,y"), Refused("the sum of all its weights is beyond any number"), weight="w"),
    table("a column without a name", lambda path: pd.DataFrame({"": range(N), "y": Y}).to_parquet(path), Refused("a column of t.parquet has no name"), file="t.parquet"),
    table("a workbook", b"PK\x03\x04" + bytes(range(256)), Refused("is no text in UTF-8, in line 1, but an archive, as .zip and .xlsx")),
    table("a long name", csv(range(N), heading=f"{'n' * 5000},y"), Refused("5,000 letters, more than data.limits.letters")),
    table("a long name with a limit", csv(range(N), heading=f"{'n' * 400},y"), Taken(N), limits={"letters": 400}),
    table("many columns", ",".join(f"c{k}" for k in range(2500)) + ",y\n", Refused("more than data.limits.columns: 2,000")),
    table("60,001 columns", f"{'a,' * 60_000}y\n", Refused("60,001 columns, more than data.limits.columns: 2,000")),
    table("more columns than the limit", "a,b,y\n1,2,p\n", Refused("columns: 2;"), limits={"columns": 2}),
    table("no column but the label", "y\n" + "p\nq\n" * 9, Refused("no column is left")),
    table("an unknown column to ignore", GOOD, Refused("data.ignore: there is no column b"), ignore=("b",)),
    table("the label as a feature", GOOD, Refused("y is also the label"), features=("y",)),
    table("an id twice", csv(["i,1"] * N, heading="i,a,y"), Refused("'i' is the id of 24 rows"), id="i"),
    table("a split of other words", csv([f"{k},dev" for k in range(N)], heading="a,s,y"), Refused("only train and test"), split="s"),
    table("a split without training", csv([f"{k},test" for k in range(N)], heading="a,s,y"), Refused("at least one must"), split="s"),
]  # fmt: skip

CELLS = [
    table("numbers", GOOD, NUMBERS),
    table("negative numbers", csv([-k for k in range(N)]), NUMBERS),
    table("floats", csv([k / 7 for k in range(N)]), NUMBERS),
    table("huge whole numbers", csv([k * 10**30 + 1 for k in range(N)]), NUMBERS),
    table("huge whole numbers that become one", csv([10**30 + k for k in range(N)]), Refused("0000 and 10*1, which both are 10*19884624838656 in the 53")),
    table("huge whole numbers with gaps", csv(["", *(10**30 + k for k in range(N - 1))]), Refused("0000 and 10*1, which both are"), missing="mean"),
    table("huge ids", csv([f"{10**30 + k},{k}" for k in range(N)], heading="i,a,y"), NUMBERS, id="i"),
    *(
        table(f"numbers as {how}", csv([one, other] * 12), Refused("holds numbers, but in row 0 it is .*no other sign"))
        for how, one, other in (
            ("in C", "0x1f", "0x2A"), ("of bits", "0b1", "0b10"), ("in base eight", "0o7", "0o10"), ("powers of two", "0x1p3", "0x1p4"),
            ("in Fortran", "0.1D+03", "2D-1"), ("commas before an exponent", '"1,5e3"', '"2,5e3"'), ("in lakhs", '"1,00,000"', '"2,50,000"'),
            ("powers of ten", "1x10^3", "2 × 10^4"), ("powers alone", "10^3", "10^4"), ("per mille", "1‰", "2 ‰"), ("minus behind", "1-", "2"),
            ("in quotes", '"""1"""', '"""2"""'), ("texts of a spreadsheet", "'1", "'2"), ("formulas", "=1", "=2"),
            ("beside unseen signs", "1\u200b", "2"), ("behind a mark of direction", "\u200e1", "2"), ("limits among numbers", "<1", "2"),
            ("full-width signs of money", "￥1200", "￥300"), ("full-width per cent", "12％", "13.5％"),
            ("other signs of money", "₹1200", "₩ 300"), ("letters of money", "EUR 1200", "1'300.50 CHF"), ("yen", "1200円", "300円"),
            ("ten thousands of yen", "12万円", "3.5万円"), ("dollars of a country", "US$1200", "R$ 30"), ("crowns", "12 Kč", "13 kr"),
        )
    ),
    *(
        table(f"no numbers: {one}", csv([one, other] * 12), Taken(N))
        for one, other in (("1F", "2F"), ("10-20", "10-30"), ("2x4", "2x10"), ("1D3", "2D4"), ("<30", ">60"), ("1-", "1+"), ("120/80", "130/90"), ("1", "EUR"), ("Rs2", "SEK1A"), ("12 kg", "13 kg"))
    ),
    *(
        table(f"no numbers: {', '.join(values)}", csv([*values] * (N // len(values))), Taken(N))
        for values in (("1+", "1", "1-", "2+"), ("0", "1+", "2+", "3+"), ("1", "2", "3", "4+"), ("1", "2", "3", "M"))
    ),
    *(
        table(f"a mark of what is missing: {mark}", csv([mark, "1", "2", "3"] * 6), Refused(f"'a' holds numbers in 18 of 24 rows, and else {mark}; if these are missing"))
        for mark in ("k.A.", "Keine Angabe", "n.d.", "#NV", "不明", "無回答")
    ),
    *(
        table(f"a failure of a spreadsheet in another language: {mark}", csv([mark, "1", "2", "u"] * 6), Refused(f"the column 'a' holds {mark} in row 0, which a spreadsheet writes"))
        for mark in ("#WERT!", "#BEZUG!", "#DIV/0 !", "#VALEUR!", "#¡DIV/0!")
    ),
    table("labels with commas", csv(range(N), ['"0,5"', '"1,5"'] * 12), Refused("data.label: .* holds numbers, but in row 0 it is '0,5'.*data.task=classification")),
    table("labels with commas that are names", csv(range(N), ['"0,5"', '"1,5"'] * 12), Taken(N, classes=("0,5", "1,5")), task="classification"),
    table("labels of amounts that are no numbers", csv(range(N), ["<=50K", ">50K"] * 12), Taken(N, classes=("<=50K", ">50K"))),
    table("errors of a spreadsheet", csv(["1", "2", "#DIV/0!"] * 8), Refused("holds #DIV/0! in row 2, which a spreadsheet writes where it can compute no value")),
    table("tiny numbers", csv([f"{k}e-300" for k in range(N)]), Taken(N)),
    table("infinity", csv(["inf", *range(N - 1)]), Excluded(N - 1, "a is infinite")),
    table("beyond all floats", csv(["1e400", *range(N - 1)]), Excluded(N - 1, "a is infinite")),
    table("full-width digits alone", csv(["１２", "１３"] * 12), Refused("holds numbers, but in row 0 it is '１２'; write it as -0.5 is")),
    table("arabic digits alone", csv(["١٢", "١٣٫٥"] * 12), Refused("holds numbers, but in row 0 it is '١٢'")),
    table("thousands with lines below", csv(["1_000", "2_000"] * 12), Refused("holds numbers, but in row 0 it is '1_000'")),
    table("full-width digits that are names", csv(["１２", "１３"] * 12), Taken(N, ("a: １２", "a: １３")), categories=("a",)),
    table("a sign that is not seen", csv(["no", "no\u200b"] * 12), Refused("'no' in two ways, 'no' and 'no.u200b', which look the same")),
    table("blanks of two kinds", csv(["New York", "New\u00a0York"] * 12), Refused("'New York' in two ways")),
    table("letters that are joined or not", csv(["\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u062e"] * 12), Taken(N)),
    table(
        "columns that look alike",
        "a\u200b,a,y\n" + "".join(f"{k},{k},{one}\n" for k, one in enumerate(Y)),
        Refused("several columns that look like 'a', 'a.u200b' and 'a'; rename them"),
    ),
    table("an empty cell", csv(["", *range(N - 1)]), Refused("data.missing: 1 of 24 rows lack a value")),
    table("an empty column", csv([""] * N), Refused("each of 24 rows lacks a value; a does in 24")),
    table("a failed formula among few numbers", csv(["#VALUE!", *(k % 4 for k in range(N - 1))]), Refused("holds #VALUE! in row 0, which a spreadsheet writes")),
    table("a failed formula among words", csv(["u", "#REF!", "v"] * 8), Refused("holds #REF! in row 1.*data.missing_values=.\"#REF!\"")),
    table("a failed formula that is missing", csv(["#REF!", *(k % 4 for k in range(N - 1))]), Excluded(N - 1, "a is missing"), missing_values=("#REF!",), missing="exclude"),
    table("a failed formula that is a name", csv(["u", "#REF!", "v"] * 8), Taken(N, ("a: #REF!", "a: u", "a: v")), categories=("a",)),
    table("a word among numbers", csv(["many", *range(N - 1)]), Refused("holds numbers in 23 of 24 rows, but in row 0 it is 'many'")),
    table("full-width digits among numbers", csv(["１２", *range(N - 1)]), Refused("in row 0 it is '１２'")),
    table("arabic digits among numbers", csv(["١٢", *range(N - 1)]), Refused("in row 0 it is '١٢'")),
    table("decimal commas", csv(['"0,5"', '"1,5"'] * 12), Refused("holds numbers, but in row 0 it is '0,5'; write it as -0.5 is")),
    table("decimal commas that are names", csv(['"0,5"', '"1,5"'] * 12), Taken(N, ("a: 0,5", "a: 1,5")), categories=("a",)),
    table("percentages", csv(["5%", "6 %"] * 12), Refused("in row 0 it is '5%'.*no other sign")),
    table("dollars", csv(["$5.50", "$7"] * 12), Refused("in row 0 it is '.5.50'.*no other sign")),
    table("euros", csv(["5 €", '"7,50 €"'] * 12), Refused("in row 0 it is '5 €'.*no other sign")),
    table("apostrophes between thousands", csv(["1'000", "2'500"] * 12), Refused("in row 0 it is .1'000.")),
    table("points between thousands", csv(["1.000.000", "2.500"] * 12), Refused("in row 0 it is '1.000.000'")),
    table("blanks between thousands", csv(["1 000", "2 500.5"] * 12), Refused("in row 0 it is '1 000'")),
    *(
        table(f"blanks of U+{ord(blank):04X} between thousands", csv([f"1{blank}000", f"2{blank}500.5"] * 12), Refused("in row 0 it is '1.*000'"))
        for blank in "\u00a0\u2007\u2009\u202f"
    ),
    table("arabic digits with thousands apart", csv(["١٬٠٠٠", "٢٬٥٠٠٫٥"] * 12), Refused("in row 0 it is '١٬٠٠٠'")),
    table("full-width digits with thousands apart", csv(["１，０００，０００", "２，５００"] * 12), Refused("in row 0 it is '１，０００，０００'")),
    table("negative numbers in brackets", csv(["(5)", "6"] * 12), Refused(r"in row 0 it is '\(5\)'")),
    table("words in brackets", csv(["(a)", "(b)"] * 12), Taken(N, ("a:\u00a0(a)", "a:\u00a0(b)"))),
    table("squares beyond a number", csv(["1e308", *range(N - 1)]), Refused(r"holds 1e\+308, and the squares of such")),
    table("a minus of another sign", csv(["−5", "6"] * 12), Refused("in row 0 it is '−5'.*a hyphen for minus")),
    table("whole numbers beyond 2^53", csv([2**53 + k for k in range(N)]), Refused("holds 9007199254740993, which is 9007199254740992")),
    table("whole numbers beyond 2^53 beside a gap", csv(["", *(2**53 + k for k in range(N - 1))]), Refused("holds 9007199254740993, which is"), missing="mean"),
    table("sizes beside a gap", csv(["", *(f"{k}e17" for k in range(N - 1))]), NUMBERS, missing="mean"),
    table("truth values in three spellings", csv(["TRUE", "true", "False"] * 8), NUMBERS),
    table("an underscore in a number", csv(["1_000", *range(N - 1)]), Refused("in row 0 it is '1_000'")),
    table("a comma in a number", csv(['"1,000"', *range(N - 1)]), Refused("in row 0 it is '1,000'")),
    table("a currency", csv(["€5", *range(N - 1)]), Refused("in row 0 it is '€5'")),
    table("a percentage", csv(["5%", *range(N - 1)]), Refused("in row 0 it is '5%'")),
    table("truth values", csv(["True", "False"] * 12), NUMBERS),
    table("categories", csv(THIRTEEN), Taken(N, ("a: k0", "a: k1", "a: k2"))),
    table("one category", csv(["k"] * N), Taken(N, ("a: k",))),
    table("categories of numbers", coded([30, 10, 20] * 8), Taken(N, ("a: 10", "a: 20", "a: 30")), file="t.parquet"),
    table("too many categories of numbers", coded(range(N)), Refused("24 categories, more than data.most_categories: 20"), file="t.parquet"),
    table("codes as categories", csv([k % 4 for k in range(N)]), Taken(N, ("a: 0", "a: 1", "a: 2", "a: 3")), categories=("a",)),
    table("forty-seven codes", csv(range(47), [*Y, *Y][:47]), Refused("has 47 categories, more than data.most_categories: 20"), categories=("a",)),
    table("too many words", csv([f"w{k}" for k in range(N)]), Refused("24 categories, more than data.most_categories: 20; leave it out")),
    table("too many words in a column of other letters", csv([f"w{k}" for k in range(N)], heading="申込日,y"), Refused("'data.ignore=.\"申込日\".'")),
    table("a category of many letters", csv(["w" * 900, "v"] * 12), Refused("902 letters|903 letters")),
    table("formulas", csv(["=1+1", "@x", "+y"] * 8), Taken(N, ("a: +y", "a: =1+1", "a: @x"))),
    table("markup", csv(["<b>", "&amp;"] * 12), Taken(N, ("a: &amp;", "a: <b>"))),
]  # fmt: skip

LABELS = [
    table(
        "categories of numbers as labels",
        coded([30, 10, 20] * 8, label=True),
        Taken(N, classes=("10", "20", "30")),
        file="t.parquet",
    ),
    table(
        "many categories of numbers as labels",
        coded([k % 12 for k in range(N)], label=True),
        Taken(N, classes=tuple(map(str, range(12)))),
        file="t.parquet",
    ),
    table(
        "categories of numbers that are amounts",
        coded([30, 10, 20] * 8, label=True),
        Taken(N, classes=()),
        file="t.parquet",
        task="regression",
    ),
    table(
        "numbers in an order that the file lost",
        coded([3, 1, 2] * 8, label=True, order=[3, 1, 2]),
        Taken(N, classes=("1", "2", "3")),
        file="t.parquet",
    ),
    table(
        "numbers in an order that is given",
        coded([3, 1, 2] * 8, label=True, order=[3, 1, 2]),
        Taken(N, classes=("3", "1", "2")),
        file="t.parquet",
        classes=("3", "1", "2"),
    ),
    table(
        "words in an order of their own",
        coded(["h", "l", "m"] * 8, label=True, order=["l", "m", "h"]),
        Taken(N, classes=("l", "m", "h")),
        file="t.parquet",
    ),
    table("an empty label", csv(range(N), [""] * N), Refused("'y' is empty in all 24 rows")),
    table("some labels are empty", csv(range(N), ["", *Y[1:]]), Excluded(N - 1, "y is missing")),
    table(
        "numbers whose squares are none",
        csv(range(N), [f"{1 + k / 30}e308" for k in range(N)]),
        Refused("data.label: the column 'y' holds 1.\\d+e.308, and the squares of such numbers"),
    ),
    table(
        "names of codes",
        csv(range(N), ["01", "02", "03"] * 8),
        Refused('holds 01, 02, 03, but .* or classes: {"01": "1", "02": "2", "03": "3"} in a YAML of your own as what'),
        classes=("1", "2", "3"),
    ),
    table(
        "a class without a name", csv(range(N), [0, 1] * 12), Refused("the name of a class is empty"), classes=("", "b")
    ),
    table(
        "one class in several columns",
        csv([f"{k},{k % 2}" for k in range(N)], [1 - k % 2 for k in range(N)], heading="a,p,y"),
        Refused("in every row exactly one of p, y is 1, .* say data.task=multi_label"),
        label=("p", "y"),
    ),
    table(
        "one class in several columns that may hold at once",
        csv([f"{k},{k % 2}" for k in range(N)], [1 - k % 2 for k in range(N)], heading="a,p,y"),
        Taken(N, ("a",), ()),
        label=("p", "y"),
        task="multi_label",
    ),
    table(
        "weights that are the label", csv(range(N), [1, 2] * 12), Refused("data.weight: 'y' is the label"), weight="y"
    ),
    table(
        "a gap of the label that is to be filled",
        csv(range(N), ["", *Y[1:]]),
        Refused("data.missing: 'y' is the label, and rows without one are left out"),
        missing={"y": "mean"},
    ),
    table("one class", csv(range(N), ["p"] * N), Refused("'p' in every row; it needs two classes")),
    table(
        "a class in two spellings",
        csv(range(N), ["caf\u00e9", "cafe\u0301"] * (N // 2)),
        Refused("'caf\u00e9' in two ways, with U.0301 and with U.00E9"),
    ),
    table(
        "a category in two spellings",
        csv(["caf\u00e9", "cafe\u0301"] * (N // 2)),
        Refused("'a' writes 'caf\u00e9' in two ways"),
    ),
    table(
        "one number and infinity",
        csv(range(N), ["inf", 1.5] * (N // 2)),
        Refused("is 1.5 in every row that holds a finite number"),
    ),
    table("one number", csv(range(N), [1.5] * N), Refused("is 1.5 in every row; nothing can be learned")),
    table("a class in each row", csv(range(N), [f"w{k}" for k in range(N)]), Refused("24 different values in 24 rows")),
    table("two floats", csv(range(N), [0.5, 1.5] * 12), Taken(N, classes=())),
    table("two whole numbers", csv(range(N), [0, 1] * 12), Taken(N, classes=("0", "1"))),
    table("truth values as labels", csv(range(N), ["True", "False"] * 12), Taken(N, classes=("False", "True"))),
    table("numbers as labels", csv(range(N), [k / 3 for k in range(N)]), Taken(N, classes=())),
    table("words for a regression", csv(range(N)), Refused("holds numbers, but in row 0 it is 'p'"), task="regression"),
    table("infinite labels", csv(range(N), ["inf", *(k / 3 for k in range(N - 1))]), Excluded(N - 1, "y is infinite")),
    table(
        "a class of many letters", csv(range(N), ["p" * 999, "q"] * 12), Refused("the name of a class has 999 letters")
    ),
    table(
        "classes of long numbers beside a gap",
        csv(range(N), ["", *([2**53, 2**53 + 1] * 12)[1:]]),
        Excluded(N - 1, "y is missing"),
    ),
    table("classes with blanks", csv(range(N), [" p", "p ", "q", " q "] * 6), Taken(N, classes=("p", "q"))),
    table(
        "classes that look missing", csv(range(N), ["NA", "None", "nan"] * 8), Taken(N, classes=("NA", "None", "nan"))
    ),
    table(
        "classes in the order of the outputs",
        csv(range(N), ["low", "medium", "high"] * 8),
        Taken(N, classes=("low", "medium", "high")),
        classes=("low", "medium", "high"),
    ),
    table(
        "names of numbers from 0 on",
        csv(range(N), [0, 1, 2] * 8),
        Taken(N, classes=("low", "medium", "high")),
        classes=("low", "medium", "high"),
    ),
    table(
        "a class that no row has, named",
        csv(range(N), ["0.0", "1.0"] * 12),
        Taken(N, classes=("low", "medium", "high")),
        classes=("low", "medium", "high"),
    ),
    table(
        "names of other numbers",
        csv(range(N), [1, 2, 3] * 8),
        Refused("give all values .* or 'data.classes={1:low,2:medium,3:high}' as what they are called"),
        classes=("low", "medium", "high"),
    ),
    table(
        "names of numbers that are numbers",
        csv(range(N), [0, 1, 2] * 8),
        Refused("holds 0, but the classes are 1, 2, 3; give all values in the order"),
        classes=("1", "2", "3"),
    ),
    table(
        "classes of truth in another spelling",
        csv(range(N), ["True", "False"] * 12),
        Refused("holds False, True, but the classes are true, false"),
        classes=("true", "false"),
    ),
    table("full-width labels", csv(range(N), ["１", "２"] * 12), Taken(N, classes=("１", "２"))),
    table(
        "labels with decimal commas",
        csv(range(N), ['"0,5"', '"1,5"'] * 12),
        Refused("holds numbers, but in row 0 it is '0,5'.*data.task=classification"),
    ),
    table("labels in per cent", csv(range(N), ["0%", "50%"] * 12), Refused("holds numbers, but in row 0 it is '0%'")),
    table(
        "labels in per cent that are classes",
        csv(range(N), ["0%", "50%"] * 12),
        Taken(N, classes=("0%", "50%")),
        task="classification",
    ),
    table(
        "a mark among labels",
        csv(range(N), ["n/a", *(k % 2 for k in range(N - 1))]),
        Refused('if they are values, \'data.classes=."0","1",n/a.\''),
    ),
    table(
        "a mark that is a class",
        csv(range(N), ["n/a", *(k % 2 for k in range(N - 1))]),
        Taken(N, classes=("0", "1", "n/a")),
        classes=("0", "1", "n/a"),
    ),
    table(
        "a label without a value",
        csv(range(N), ["#REF!", *Y[1:]]),
        Refused("holds #REF! in row 0, which a spreadsheet writes"),
    ),
    table(
        "a label named twice",
        csv([f"{k},1" for k in range(N)], heading="a,b,y"),
        Refused("label: 'b' is named twice"),
        label=("b", "b"),
    ),
    table("two classes of one name", GOOD, Refused("2 classes are called 'x'"), classes={"p": "x", "q": "x"}),
    table("labels of emoji", csv(range(N), ["😀", "😡"] * 12), Taken(N)),
]

PARQUET = [
    table("parquet: numbers", parquet(range(N)), NUMBERS, file="t.parquet"),
    table("parquet: decimals", parquet([Decimal(k) / 8 for k in range(N)]), NUMBERS, file="t.parquet"),
    table("parquet: decimals with gaps", parquet([None, *(Decimal(k) / 8 for k in range(N - 1))]), Refused("data.missing: 1 of 24 rows lack a value"), file="t.parquet"),
    table("parquet: decimal labels", parquet(range(N), [Decimal(k) / 8 for k in range(N)]), Taken(N, classes=()), file="t.parquet"),
    table("parquet: lists", parquet([[k] for k in range(N)]), Refused(r"holds cells of type .*leave it out with 'data.ignore=\[a\]'"), file="t.parquet"),
    table("parquet: lists that are ignored", lambda path: pd.DataFrame({"a": range(N), "b": [[k] for k in range(N)], "y": Y}).to_parquet(path), NUMBERS, file="t.parquet", ignore=("b",)),
    table("parquet: list labels", parquet(range(N), [[k % 2] for k in range(N)]), Refused("holds cells of type"), file="t.parquet"),
    table("parquet: records", parquet([{"k": k} for k in range(N)]), Refused("holds cells of type dict"), file="t.parquet"),
    table("parquet: bytes", parquet([b"x"] * N), Refused("holds cells of type bytes"), file="t.parquet"),
    table("parquet: small integers", parquet(np.arange(N, dtype="int8")), NUMBERS, file="t.parquet"),
    table("parquet: unsigned integers", parquet(np.arange(N, dtype="uint64")), NUMBERS, file="t.parquet"),
    table("parquet: half floats", parquet(np.arange(N, dtype="float32")), NUMBERS, file="t.parquet"),
    table("parquet: categories", parquet(pd.Categorical(THIRTEEN)), Taken(N, ("a: k0", "a: k1", "a: k2")), file="t.parquet"),
    table("parquet: dates", parquet([datetime.date(2020, 1, 1 + k) for k in range(N)]), Refused("holds 24 dates such as 2020-01-01"), file="t.parquet"),
    table("parquet: times", parquet(pd.date_range("2020", periods=N)), Refused("holds 24 dates such as 2020-01-01; "), file="t.parquet"),
    table("parquet: spans of time", parquet(pd.to_timedelta([k % 2 for k in range(N)], unit="s")), Refused("holds spans of time; give their seconds"), file="t.parquet"),
    table("parquet: few times", parquet(list(pd.date_range("2020", periods=2)) * 12), Refused("dates such as 2020-01-01"), file="t.parquet"),
    table("parquet: an index", framed(NAMED), Taken(N, ("a",)), file="t.parquet"),
    table("parquet: an index that is the id", framed(NAMED), Taken(N, ("a",)), file="t.parquet", id="who"),
    table("parquet: an index that is a feature", framed(pd.Index(range(5, 29), name="b")), Taken(N, ("b", "a")), file="t.parquet", features=("b", "a")),
    table("parquet: an index of dates", framed(pd.date_range("2024", periods=N, name="d")), Taken(N, ("d, year", "d, month", "d, weekday", "d, age in days", "a")), file="t.parquet", dates=("d",)),
    table("parquet: an index of two columns", framed(pd.MultiIndex.from_arrays([NAMED, ["train", "test"] * 12], names=["who", "s"])), Taken(N, ("a",)), file="t.parquet", id="who", split="s"),
    table("parquet: shuffled rows", framed([*range(5, N), *range(5)], a=["1", "2", "3", "0,5"] * 6), Refused("holds numbers, but in row 3 it is '0,5'"), file="t.parquet"),
    table("parquet: a weight below 0 in a row with a name", framed(NAMED, w=[-1, *[1] * (N - 1)]), Refused("the column 'w' is -1 in row 0"), file="t.parquet", weight="w"),
    table("parquet: large numbers beside an index", framed([0] * N, a=pd.array([None, *(2**60 + k for k in range(N - 1))], "Int64")), Refused("in the 53 bits of a number"), file="t.parquet", missing="exclude"),
    table("months", csv([f"{1990 + k}-0{1 + k % 9}" for k in range(N)]), Refused("dates without a day, such as 1990-01; write them with one, as 2024-01-31, and say 'data.dates=.a.', or leave them out with 'data.ignore=.a.'")),
    table("parquet: few dates", parquet([datetime.date(2020, 1, 1 + k % 2) for k in range(N)]), Refused("dates such as 2020-01-01"), file="t.parquet"),
    table("parquet: truth values with gaps", parquet([None, *([True, False] * 12)[1:]]), Refused("data.missing: 1 of 24 rows lack a value"), file="t.parquet"),
    table("parquet: columns of two levels", lambda path: pd.DataFrame({("a", "b"): range(N), ("y", ""): Y}).to_parquet(path), Refused("there is no column y; there are"), file="t.parquet"),
    table("parquet: long numbers with gaps", parquet(pd.array([None, *(2**53 + k for k in range(N - 1))], "Int64")), Refused("holds 9007199254740993, which is"), file="t.parquet", missing="mean"),
    table("parquet: long decimals", parquet([Decimal(2**53 + k) for k in range(N)]), Refused("holds 9007199254740993, which is"), file="t.parquet"),
    table("parquet: times of a zone", parquet(pd.date_range("2020", periods=N, tz="Europe/Berlin")), Refused("holds 24 dates such as 2020-01-01"), file="t.parquet"),
    table("parquet: ordered classes", lambda path: pd.DataFrame({"a": range(N), "y": pd.Categorical(["low", "high"] * 12, ["low", "high"], ordered=True)}).to_parquet(path), Taken(N, classes=("low", "high")), file="t.parquet"),
    table("parquet: classes by appearance", lambda path: pd.DataFrame({"a": range(N), "y": pd.Categorical(["low", "high"] * 12, ["low", "high"])}).to_parquet(path), Taken(N, classes=("high", "low")), file="t.parquet"),
    table("parquet: categories of numbers", lambda path: pd.DataFrame({"a": pd.Categorical([1, 2] * 12), "y": Y}).to_parquet(path), Taken(N, ("a: 1", "a: 2"), ("p", "q")), file="t.parquet"),
    table("parquet: arrays", parquet([np.zeros(2)] * N), Refused("holds cells of type ndarray"), file="t.parquet"),
    table("parquet: truth values with gaps that are filled", parquet([None, *([True, False] * 12)[1:]]), NUMBERS, file="t.parquet", missing="mean"),
    table("parquet: more rows than there is room for", lambda path: pd.DataFrame({"a": [0.0] * 9_000, "y": ["p", "q"] * 4_500}).to_parquet(path), Refused("unpacks to 144,000 bytes or more, and data.limits.bytes is 99,999"), file="t.parquet", limits={"bytes": 99_999}),
    table("parquet: longer words than there is room for", parquet(["w" * 90_000] * N), Refused("bytes or more, and data.limits.bytes is 999,999"), file="t.parquet", limits={"bytes": 999_999}),
    table("parquet: bytes of any length", parquet([b"w" * 90_000] * N), Refused("bytes or more, and data.limits.bytes is 999,999"), file="t.parquet", limits={"bytes": 999_999}),
    table("parquet: no rows", lambda path: pd.DataFrame({"a": [], "y": []}).to_parquet(path), Refused("has no rows"), file="t.parquet"),
]  # fmt: skip

EXPLAIN = [
    explain("explain: the same columns", "a,b\n1,u\n", Taken(N + 1)),
    explain("explain: columns in another order", "b,a\nu,1\n", Taken(N + 1)),
    explain("explain: an index without a heading", ",a,b\n7,1,u\n9,2,v\n", Taken(N + 2)),
    explain("explain: a column is missing", "a\n1\n", Refused("the file has no column b")),
    explain("explain: a column too many", "a,b,c\n1,u,3\n", Refused("the file has the columns c")),
    explain("explain: a new category", "a,b\n1,w\n2,u\n", Excluded(N + 1, "b is 'w', which no row of the fit has")),
    explain("explain: none can be used", "a,b\n1,w\n", Refused("none of 1 rows can be used")),
    explain("explain: a word for a number", "a,b\nx,u\n", Refused("data.explain: the column 'a' holds numbers")),
    explain("explain: a class that is not known", "a,b,y\n1,u,r\n2,v,p\n", Excluded(N + 1, "a class that no row")),
    explain("explain: an endless device", link("/dev/zero"), NO_FILE),
    explain("explain: a pipe", lambda path: os.mkfifo(path), NO_FILE),
    explain("explain: utf-16", "a,b\n1,u\n".encode("utf-16"), NO_TEXT),
    explain("explain: nothing", "", Refused("cannot be read")),
]

SCHEMES = [
    scheme("scheme: a folder", lambda path: path.mkdir(), Refused("is a folder")),
    scheme("scheme: a pipe", lambda path: os.mkfifo(path), NO_FILE),
    scheme("scheme: an endless device", link("/dev/zero"), NO_FILE),
    scheme("scheme: no JSON", "{", Refused("is not a scheme.json")),
    scheme("scheme: other JSON", '{"a": 1}', Refused("is not a scheme.json")),
    scheme("scheme: deep JSON", "[" * 100_000, Refused("is not a scheme.json")),
    scheme("scheme: infinity", '{"labels": {"name": "y", "task": "regression", "spread": Infinity}, "reader": {}}', Refused("scheme")),
    scheme("scheme: latin-1", '{"größe": 1}'.encode("latin-1"), NO_TEXT),
    scheme("scheme: a table", GOOD, Refused("is not a scheme.json")),
]  # fmt: skip

FILMS = ["a fine film", "a dull film"] * 12
TEXTS = [
    text("text: words", csv(FILMS, heading="t,y"), Taken(N)),
    text("text: characters", csv(FILMS, heading="t,y"), Taken(N), tokens="characters"),
    text("text: emoji", csv(["😀 👍🏽", "😡 👎"] * 12, heading="t,y"), Taken(N)),
    text("text: right to left", csv(["فيلم جيد", "סרט טוב"] * 12, heading="t,y"), Taken(N)),
    text("text: japanese", csv(["良い映画", "悪い映画"] * 12, heading="t,y"), Taken(N)),
    text("text: japanese clauses", csv(["この映画は本当に面白かった。", "この映画は退屈だった。"] * 12, heading="t,y"), Refused("no spaces between words, so that 'この映画は本当に面白かった' would be one; cut them with data.tokens=characters")),
    text("text: japanese clauses as characters", csv(["この映画は本当に面白かった。", "この映画は退屈だった。"] * 12, heading="t,y"), Taken(N), tokens="characters"),
    text("text: japanese words", csv(["この 映画 は 面白かった 。", "この コンピューター は 退屈 だった 。"] * 12, heading="t,y"), Taken(N)),
    text("text: japanese names among others", csv(["The film 株式会社日立製作所 is fine", "a dull one"] * 12, heading="t,y"), Taken(N)),
    text("text: thai", csv(["หนังเรื่องนี้ดีมาก", "หนังเรื่องนี้น่าเบื่อ"] * 12, heading="t,y"), Refused("no spaces between words")),
    text("text: an empty one", csv(["", *FILMS[1:]], heading="t,y"), Excluded(N - 1, "t is missing or has no token")),
    text("text: a sign that is not seen", csv(["\u200b", *FILMS[1:]], heading="t,y"), Taken(N)),
    text("text: all empty", csv([""] * N, heading="t,y"), Refused("'t' is empty in all 24 rows")),
    text("text: numbers", csv(range(N), heading="t,y"), Refused("no token of 't' occurs 2 times")),
    text("text: a very long one", csv(["film " * 20_000, *FILMS[1:]], heading="t,y"), Taken(N)),
    text("text: no such column", csv(FILMS, heading="s,y"), Refused("data.text: there is no column t")),
    vocabulary("vocabulary: words", "[PAD]\n[UNK]\na\nfine\nfilm\n", Taken(N)),
    vocabulary("vocabulary: lines of windows", "[PAD]\r\n[UNK]\r\na\r\nfine\r\nfilm\r\n", Taken(N)),
    vocabulary("vocabulary: the padding elsewhere", "[UNK]\n[PAD]\na\n", Refused("stands in line 2, it must be the first")),
    vocabulary("vocabulary: none is unknown", "a\nfine\n", Refused(r"it has no \[UNK\]")),
    vocabulary("vocabulary: empty", "", Refused(r"it has no \[UNK\]")),
    vocabulary("vocabulary: a folder", lambda path: path.mkdir(), Refused("is a folder; put the tokens there")),
    vocabulary("vocabulary: a pipe", lambda path: os.mkfifo(path), NO_FILE),
    vocabulary("vocabulary: an endless device", link("/dev/zero"), NO_FILE),
    vocabulary("vocabulary: latin-1", "größe\n".encode("latin-1"), NO_TEXT),
    vocabulary("vocabulary: utf-16", "a\n".encode("utf-16"), NO_TEXT),
    vocabulary("vocabulary: nothing", lambda path: None, Refused("does not exist; put the tokens there")),
]  # fmt: skip

TABLES = [*FILES, *COLUMNS, *CELLS, *LABELS, *PARQUET, *EXPLAIN, *SCHEMES, *TEXTS]
