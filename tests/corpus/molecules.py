"""Molecules of users, in lists of their own and in the table of ESOL."""

import os
from pathlib import Path

from exhibit.tasks.data.solubility import EsolSpec
from exhibit.tasks.records.data import Dataset
from tests.conftest import Memory
from tests.corpus.outcome import Excluded, Outcome, Refused, Taken
from tests.corpus.recipe import Content, Recipe, of_file

MEASURED = "measured log solubility in mols per litre"
ROWS = f"Compound ID,{MEASURED},smiles\n" + "".join(f"m{k},{-k / 2},{'C' * (k + 1)}O\n" for k in range(4))


def loaded(spec: EsolSpec) -> Dataset:
    spec.spec_with_digests()
    dataset = spec.load(Memory())
    spec.limits.require(dataset)
    return dataset


def listed(name: str, content: Content, expected: Outcome, file: str = "own.smi", **options: object) -> Recipe:
    """A list of molecules to explain, beside four that are measured."""

    def load(path: Path) -> Dataset:
        table = path.with_name("delaney-processed.csv")
        table.write_text(ROWS)
        return loaded(EsolSpec.model_validate({"path": table, "explain": path} | options))

    return of_file(f"molecules: {name}", file, content, load, expected)


def smiles(text: str, expected: Outcome) -> Recipe:
    """Beside ethanol."""
    return listed(
        text if len(text) < 40 else f"{text[:30]}... ({len(text)} letters)", f"CCO ethanol\n{text} own\n", expected
    )


def table(name: str, content: Content, expected: Outcome) -> Recipe:
    return of_file(
        f"ESOL: {name}", "delaney-processed.csv", content, lambda path: loaded(EsolSpec(path=path)), expected
    )


BOTH, ONE = Taken(6), 5
ATOMS = Excluded(ONE, "more than data.limits.atoms: 500|too many for data.limits.atoms: 500")

MOLECULES = [
    *(
        smiles(text, BOTH)
        for text in (
            "C", "CC", "[H][H]", "C1CCCCC1", "[13CH4]", "[2H]O[2H]", "[CH3:1][OH:2]", "[Na+].[Cl-]", "N[C@@H](C)C(=O)O",
            "C/C=C/C", "F/C=C\\F", "c1ccccc1", "C1=CC=CC=C1", "[O-][N+](=O)c1ccccc1", "[Fe+2]", "[U]", "*CC", "C#N",
            "[H]C([H])([H])[H]", "O=C=O", "[C-]#[O+]", "C" * 500, "C%12CCCCC%12", "[nH]1cccc1", "[2H]", "B", "[Cu]",
            "C[S@](=O)CC", "C[C@H](C)C", "CC=C=CC", "O=[S@@](C)c1ccccc1", "N[Pt](N)(Cl)Cl",
        )
    ),
    *(
        smiles(text, Excluded(ONE, words))
        for text, words in {
            "C1CC": "not valid SMILES", "c1ccc2n(H)nnc2c1": r"\[nH\]", "C(C)(C)(C)(C)C": "valence", "hello": "not valid",
            "[X]": "not valid", "C(": "not valid", "c1cccc1": "kekulize", "F(F)F": "valence", "🧪": "not valid",
            "[Na": "not valid", "()": "not valid",
            "N[Pt@SP1](N)(Cl)Cl": "how the neighbours of Pt stand", "N[Co@OH1](N)(N)(Cl)(Cl)Cl": "neighbours of Co stand",
            "F[P@TB1](Cl)(Br)(I)C": "neighbours of P stand", "CC=[C@]=CC": "which way an allene turns",
            "CC=[C@AL1]=CC": "which way an allene turns", "[C@@](=CC)=CC": "which way an allene turns",
        }.items()
    ),
    smiles("C" * 501, ATOMS),
    smiles("C" * 3000, ATOMS),
    smiles("C" * 2_000_000, ATOMS),
    smiles("C(" * 20_000, ATOMS),
    listed("more atoms with a limit", f"CCO\n{'C' * 600}\n", BOTH, limits={"atoms": 600}),
    listed("a .csv", "smiles,name\nCCO,ethanol\nC,methane\n", BOTH, file="own.csv"),
    listed("a .csv without the column", "SMILES\nCCO\n", Refused("needs the columns smiles; smiles is missing"), file="own.csv"),
    listed("a .csv with a huge field", f'smiles\n"{"C" * 200_000}"\n', Refused("cannot be read: field larger than"), file="own.csv"),
    listed(
        "both mirror images in one", "smiles\nCCO\nC[C@H](N)C(=O)O |&1:1|\n", Excluded(ONE, "says more than SMILES"), file="own.csv"
    ),
    listed("both mirror images in one, of a list", "CCO ethanol\nC[C@H](N)C(=O)O |&1:1| alanine\n", Excluded(ONE, "says more than SMILES")),
    listed("one mirror image or the other, without a name", "CCO\nC[C@H](N)C(=O)O\t|o1:1|\n", Excluded(ONE, "says more than SMILES")),
    listed("a name with a line", "CCO |ethanol\nC a|b\n", BOTH),
    listed("nothing", "", Refused("none of 0 molecules can be used")),
    listed("blank lines", "\nCCO\n\n  \nC\n", BOTH),
    listed("none can be used", "C1CC\n", Refused("none of 1 molecules can be used, the first because")),
    listed("a folder", lambda path: path.mkdir(), Refused("is a folder; put the list of molecules there")),
    listed("a pipe", lambda path: os.mkfifo(path), Refused("is a pipe or a device")),
    listed("an endless device", lambda path: path.symlink_to("/dev/zero"), Refused("is a pipe or a device")),
    listed("latin-1", "CCO größe\n".encode("latin-1"), Refused("is no text in UTF-8, in line 1")),
    listed("utf-16", "CCO\n".encode("utf-16"), Refused("is no text in UTF-8")),
    listed("a name of many letters", f"CCO {'n' * 9000}\nC\n", Refused("the name of a sample has 9,000 letters")),
    table("as published", ROWS, Taken(4)),
    table("a value that is no number", ROWS.replace("-0.5", "low"), Excluded(3, "the measured value 'low' is not a number")),
    table("a value in full-width digits", ROWS.replace("-0.5", "１"), Excluded(3, "'１' is not a number")),
    table("a value with an underscore", ROWS.replace("-0.5", "1_0"), Excluded(3, "'1_0' is not a number")),
    table("an infinite value", ROWS.replace("-0.5", "inf"), Excluded(3, "'inf' is not a number")),
    table("no values", ROWS.replace(MEASURED, "measured"), Refused("needs the columns smiles, measured log")),
    table("one molecule", "\n".join(ROWS.splitlines()[:2]), Refused("at least 2 must")),
    table("values with decimal commas", f"{MEASURED},smiles\n" + '"-0,5",CCO\n' * 4, Refused("the first is left out because the measured value '-0,5' is not a number")),
    table("an endless device", lambda path: path.symlink_to("/dev/zero"), Refused("is a pipe or a device")),
    table("utf-16", ROWS.encode("utf-16"), Refused("is no text in UTF-8")),
]  # fmt: skip
