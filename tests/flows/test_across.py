"""Which points are compared."""

from exhibit.flows.across import same_data
from exhibit.tasks.evidence.local import disambiguated
from exhibit.tasks.records.evidence import LocalEvidence


def test_points_on_the_same_data_are_a_group() -> None:
    """By the digest of what was loaded; a point alone on its data is compared with nothing."""
    assert same_data(["a", "b", "a", "c", "b"]) == [[0, 2], [1, 4]]
    assert same_data(["a", "b"]) == []


def test_files_of_one_name_are_told_apart_by_what_they_hold() -> None:
    """In a table of settings, without saying where they lay."""
    weights = [LocalEvidence(kind="file", name="net.npz", sha256=digit * 64) for digit in "ab"]
    config = {"points": [{"model": {"weights": "net.npz"}}, {"model": {"weights": "net.npz"}}]}
    found = disambiguated(config, {f"points.{k}.model.weights": item for k, item in enumerate(weights)})
    assert [point["model"]["weights"] for point in found["points"]] == ["net.npz (aaaaaaaa)", "net.npz (bbbbbbbb)"]
    assert config["points"][0]["model"]["weights"] == "net.npz"
