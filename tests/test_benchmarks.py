"""What the benchmarks make of what they measure."""

import math
from pathlib import Path

import pytest

from tests.benchmarks import side_by_side
from tests.benchmarks.growth import exponent

SIZES = (10, 100, 1000)


@pytest.mark.parametrize(("power", "expected"), [(1, 1.0), (2, math.log(101) / math.log(11))])
def test_the_exponent_is_that_of_what_is_added(power: float, expected: float) -> None:
    """Whatever a report costs before it has seen a row."""
    first, second, third = (7 + 0.01 * size**power for size in SIZES)
    assert exponent(SIZES, (first, second, third)) == pytest.approx(expected)


def test_a_constant_that_hides_the_growth_is_not_taken_for_it() -> None:
    """The second took no longer than the first; the third took ten times as long."""
    assert exponent(SIZES, (5.0, 4.9, 50.0)) == pytest.approx(0.5)


def test_each_goal_stands_beside_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least for a speed, at most for a cost; the page keeps what stands around the table."""
    monkeypatch.setattr(side_by_side, "RESULTS", tmp_path / "benchmarks.json")
    goals = {
        "Captum / Exhibit, rule: midpoint": (2.0, 1.5),
        "cost: seconds": (4.0, 3.0),
        "speed: two workers": (1.0, 2.0),
    }
    side_by_side.report("Work", {side_by_side.FLOOR: 1.1}, goals)
    rows = [line for line in side_by_side.tables().splitlines() if line.startswith("| Work")]
    assert rows == [
        "| Work | Captum / Exhibit, rule: midpoint | 2.00 | at least 1.5 | met |",
        "| Work | seconds | 4.00 | at most 3 | **missed** |",
        "| Work | two workers | 1.00 | at least 2 | **missed** |",
        "| Work | Exhibit / floor | 1.10 | | |",
    ]
    page = side_by_side.written(f"before\n{side_by_side.BEGIN}old\n{side_by_side.END}after\n")
    assert page.startswith("before\n")
    assert page.endswith("after\n")
    assert "old" not in page
    assert side_by_side.tables() in page


def test_what_was_measured_elsewhere_stands_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured again, a work takes the place of what it gave before; each stands over the machine that it ran on."""
    monkeypatch.setattr(side_by_side, "RESULTS", tmp_path / "benchmarks.json")
    for day, title, ratio in (("2026-01-01", "Old", 1.0), ("2026-01-01", "New", 2.0), ("2026-01-02", "New", 3.0)):
        place = {**side_by_side.machine(), "day": day}
        monkeypatch.setattr(side_by_side, "machine", lambda place=place: place)
        side_by_side.report(title, {}, {"Captum / Exhibit": (ratio, 1.5)})
    said = [line for line in side_by_side.tables().splitlines() if line.startswith(("| Old", "| New", "2026"))]
    assert said[::2] == [
        "| Old | Captum / Exhibit | 1.00 | at least 1.5 | **missed** |",
        "| New | Captum / Exhibit | 3.00 | at least 1.5 | met |",
    ]
    for line, day in zip(said[1::2], ("2026-01-01", "2026-01-02"), strict=True):
        assert line.startswith(f"{day}, {side_by_side.machine()['cores']} cores")
        assert f"torch {side_by_side.machine()['versions']['torch']}" in line
