"""ESOL from its file, and molecules of the user's own."""

import csv
from pathlib import Path

import numpy as np
import pytest

from exhibit.tasks.data.limits import Limits
from exhibit.tasks.data.molecule import canonical
from exhibit.tasks.data.molecule_groups import scaffold_groups
from exhibit.tasks.data.select import SelectionSpec, TargetSpec, select
from exhibit.tasks.data.solubility import EsolSpec, Listed, SolubilitySpec, joined, listed
from exhibit.tasks.models.performance import performance
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Prediction
from exhibit.tasks.records.packing import pack
from tests.conftest import Memory

MEASURED = "measured log solubility in mols per litre"
COLUMNS = ("Compound ID", "ESOL predicted log solubility in mols per litre", "Number of Rings", MEASURED, "smiles")
ROWS = (
    ("Amigdalin", "-0.974", "3", "-0.77", "OCC3OC(OCC2OC(OC(C#N)c1ccccc1)C(O)C(O)C2O)C(O)C(O)C3O "),
    ("ethanol", "0", "0", "1.10", "CCO "),
    ("broken", "0", "0", "-1.0", "C1CC "),
    ("unmeasured", "0", "0", "", "CCCO"),
    ("thiophene", "-2.232", "1", "-1.33", "c1ccsc1"),
)


def delaney(path: Path) -> Path:
    """A file in the format that MoleculeNet publishes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *ROWS])
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return delaney(tmp_path / "delaney-processed.csv")


def test_blanks_behind_a_smiles_are_no_part_of_it(table: Path) -> None:
    data = EsolSpec(path=table).load(Memory())
    assert data.inputs[0].values.tolist() == [canonical(ROWS[0][-1].strip()), "CCO", "c1ccsc1"]
    assert data.labels.tolist() == [-0.77, 1.10, -1.33]


def test_what_cannot_be_used_is_listed_with_the_reason(table: Path) -> None:
    reasons = {item.sample_id: item.reason for item in EsolSpec(path=table).load(Memory()).excluded}
    assert reasons == {"broken": "not valid SMILES", "unmeasured": "the measured value '' is not a number"}


@pytest.mark.parametrize("folder", ["", "raw", "esol/raw"])
def test_the_file_is_found_where_pyg_keeps_it(folder: str, tmp_path: Path) -> None:
    delaney(tmp_path / folder / "delaney-processed.csv")
    assert len(EsolSpec(path=tmp_path).load(Memory()).labels) == 3


def test_the_split_is_that_of_its_seed_and_has_both_parts(table: Path) -> None:
    splits = [EsolSpec(path=table, seed=seed).load(Memory()).split.tolist() for seed in (0, 0, 1, 2, 3, 4)]
    assert splits[0] == splits[1]
    assert all(sorted(split) == ["test", "train", "train"] for split in splits)
    assert len({tuple(split) for split in splits}) > 1


def test_a_missing_file_is_answered_with_where_to_get_and_to_put_it(tmp_path: Path) -> None:
    spec = EsolSpec(path=tmp_path / "delaney-processed.csv", get="https://host/file")
    with pytest.raises(
        InputError, match=r"data.path: .*delaney-processed.csv does not exist; get https://host/file and"
    ):
        spec.load(Memory())


def test_another_table_is_refused_with_the_columns_that_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,smiles\n1,C\n")
    with pytest.raises(InputError, match=f"{MEASURED} is missing, there are a, smiles"):
        EsolSpec(path=tmp_path / "x.csv").load(Memory())


def test_what_is_asked_for_depends_on_the_contents_alone(tmp_path: Path) -> None:
    one, two = (delaney(tmp_path / name / "delaney-processed.csv") for name in ("a", "b"))
    assert EsolSpec(path=one).spec_with_digests() == EsolSpec(path=two, get="elsewhere").spec_with_digests()
    two.write_text(two.read_text().replace("1.10", "1.11"))
    assert EsolSpec(path=one).spec_with_digests() != EsolSpec(path=two).spec_with_digests()
    mine = tmp_path / "mine.smi"
    mine.write_text("CCO")
    first = SolubilitySpec(explain=mine).spec_with_digests()
    mine.write_text("CCC")
    assert SolubilitySpec(explain=mine).spec_with_digests() != first


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "name,smiles\nphenol,Oc1ccccc1 \n,CC\n"),
        ("a.smi", "Oc1ccccc1 phenol\n\nCC\n"),
        ("a.txt", "\ufeffOc1ccccc1\tphenol\nCC"),
    ],
)
def test_a_list_of_molecules_may_have_names(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert [(item.name, item.smiles) for item in listed(tmp_path / name)] == [
        ("phenol", "Oc1ccccc1"),
        ("molecule 2", "CC"),
    ]


def with_own(tmp_path: Path, text: str = "CCO ethanol\nC1CC ring\nCCCCCC hexane\nO water\n") -> Dataset:
    (tmp_path / "own.smi").write_text(text)
    measured = EsolSpec(path=delaney(tmp_path / "delaney-processed.csv")).load(Memory())
    return joined(measured, listed(tmp_path / "own.smi"), Limits())


def test_own_molecules_come_after_the_measured_ones_without_a_label(tmp_path: Path) -> None:
    data = with_own(tmp_path)
    own = data.split == "explain"
    assert own.tolist() == [False] * 3 + [True] * 3
    assert np.isnan(data.labels).tolist() == own.tolist()
    assert data.names is not None
    assert data.names[own].tolist() == ["ethanol", "hexane", "water"]
    assert ("ring", "not valid SMILES") in {(item.sample_id, item.reason) for item in data.excluded}


def test_a_list_of_which_nothing_can_be_used_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of 1 molecules can be used, the first because 'not valid SMILES'"):
        with_own(tmp_path, "C1CC")


def test_own_molecules_are_the_ones_explained_in_the_order_of_the_prediction(tmp_path: Path) -> None:
    data = with_own(tmp_path)
    prediction = Prediction(kind="values", outputs=np.array([[0.0], [0], [0], [1], [-4], [2]]))
    target = TargetSpec(outputs=("index:0",), score="value")
    found = select(SelectionSpec(order="spread", show=3), target, data, prediction)
    assert found.explained.tolist() == [3, 4, 5]
    assert found.shown.tolist() == [1, 0, 2]
    assert "predicted log solubility" in found.reason


def test_own_molecules_do_not_count_when_the_model_is_measured() -> None:
    alone = SolubilitySpec().load(Memory())
    data = joined(alone, [Listed("given 1", "ethanol", "CCO")], Limits())
    outputs = np.linspace(-5, 1, len(data.labels))[:, np.newaxis]
    assert performance(data, Prediction(kind="values", outputs=outputs)) == performance(
        alone, Prediction(kind="values", outputs=outputs[:-1])
    )


def test_the_part_that_a_model_is_fitted_to_has_the_same_bytes_whatever_is_explained(tmp_path: Path) -> None:
    data = with_own(tmp_path, "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC a_name_that_is_longer\nC1CC ring")
    spec = EsolSpec(path=tmp_path)
    assert pack(spec.fitted(data)) == pack(spec.fitted(spec.load(Memory())))
    assert len(spec.fitted(data).labels) == 3


def test_each_molecule_of_the_bundled_data_has_an_id_of_its_own() -> None:
    """Two rows of the file have the number 1237: what is drawn at random depends on ids alone."""
    data = SolubilitySpec().load(Memory())
    assert len(set(data.sample_ids.tolist())) == len(data.sample_ids)
    assert {"1237", "1237 (2)"} <= set(data.sample_ids.tolist())
    assert "8 structures stand in it more than once, 4 of them in training and in test" in data.description


def test_structures_that_stand_in_the_file_twice_are_said(tmp_path: Path) -> None:
    """However they are spelled."""
    rows = [("a", "0", "0", "1.0", "CCO"), ("b", "0", "0", "1.1", "OCC"), ("c", "0", "0", "1.2", "C(C)O")]
    path = delaney(tmp_path / "delaney-processed.csv")
    assert "more than once" not in EsolSpec(path=path).load(Memory()).description
    with path.open("a", newline="") as file:
        csv.writer(file).writerows(rows[1:2])
    assert "1 structure stands in it more than once" in EsolSpec(path=path).load(Memory()).description


def test_a_molecule_is_chosen_by_its_structure_however_it_is_spelled(table: Path) -> None:
    data = EsolSpec(path=table).load(Memory())
    prediction = Prediction(kind="values", outputs=np.zeros((3, 1)))
    target = TargetSpec(outputs=("index:0",), score="value")
    spec = SelectionSpec(structures=("C1=CSC=C1",), because="It is thiophene.")
    found = select(spec, target, data, prediction)
    assert data.names is not None
    assert data.names[found.explained[found.shown]].tolist() == ["thiophene"]
    assert found.reason == "The molecules whose structures the config names. It is thiophene."
    without = select(SelectionSpec(structures=("CCCC",)), target, data, prediction)
    assert without.reason == "No molecule of the data is CCCC. The first samples in the order of the data."
    with pytest.raises(InputError, match=r"selection.structures: 'C1CC' is not valid SMILES"):
        select(SelectionSpec(structures=("C1CC",)), target, data, prediction)


def test_the_published_study_trains_and_chooses_as_published() -> None:
    """Learning rate 0.0001; the notebook's molecule by its structure."""
    conf = Path(__file__).parents[2] / "conf"
    assert "learning_rate: 0.0001" in (conf / "model/ggnn_published.yaml").read_text()
    chosen = (conf / "selection/published_molecules.yaml").read_text()
    assert "CCC1(C)C(=O)NC(=O)NC1=O" in chosen
    assert "153" in chosen
    assert "cannot be known" in " ".join(chosen.split())


def test_molecules_are_grouped_by_scaffold_and_by_columns_of_their_file(table: Path, tmp_path: Path) -> None:
    given = tmp_path / "given.csv"
    given.write_text("smiles,Number of Rings\nCc1ccccc1,1\nCCO,0\n")
    asked = EsolSpec(path=table, explain=given, groups=["scaffold", {"Number of Rings": [1, 2]}])
    groupings = asked.load(Memory()).groupings
    assert groupings
    scaffold, rings = ([one.groups[k] for k in one.of] for one in groupings.items)
    assert scaffold == ["a rarer scaffold", "no ring", "a rarer scaffold", "a rarer scaffold", "no ring"]
    assert rings == ["2 and over", "under 1", "1 to under 2", "1 to under 2", "under 1"]
    assert EsolSpec(path=table).load(Memory()).groupings is None


def test_a_scaffold_of_thirty_molecules_is_a_group() -> None:
    found = scaffold_groups([*["Cc1ccccc1"] * 15, *["Oc1ccccc1"] * 15, *["CC1CCCCC1"] * 29, "CCO"])
    assert found == ["c1ccccc1"] * 30 + ["a rarer scaffold"] * 29 + ["no ring"]


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ("charge", "data.groups: there is no column charge; there are Compound ID, .*smiles, scaffold"),
        (MEASURED, "is the label"),
        ("Number of Rings", "there is no column Number of Rings in data.explain; there is scaffold"),
    ],
)
def test_groups_that_molecules_do_not_have_are_refused(groups: str, said: str, table: Path, tmp_path: Path) -> None:
    (tmp_path / "given.smi").write_text("CCO\n")
    with pytest.raises(InputError, match=said):
        EsolSpec(path=table, explain=tmp_path / "given.smi", groups=[groups]).load(Memory())
