"""Drawings of dots with whiskers, with known answers."""

import re

import numpy as np

from exhibit.tasks.drawing.whiskers import whiskers
from exhibit.tasks.records.figure import WhiskerPanel, Whiskers

PANEL = WhiskerPanel(
    title="accuracy, of all rows 0.50",
    values=np.array([0.25, 0.75, np.nan, 0.5]),
    low=np.array([0.0, 0.5, np.nan, np.nan]),
    high=np.array([0.5, 1.0, np.nan, np.nan]),
    written=("0.25 (0.00 to 0.50)", "0.75 (0.50 to 1.00)", "–", "0.50"),
    whole=0.5,
)


def test_dots_stand_between_their_ends_and_the_line_of_all_where_their_number_is() -> None:
    """The second group begins where the first one ends and all rows are; one lacks the measure, one an interval."""
    (part,) = whiskers(Whiskers(labels=tuple("abcd"), panels=(PANEL,)), 1.0)
    drawn = part.data.decode()
    first, second, last = (float(x) for x in re.findall(r'<circle class="dot main" cx="([\d.]+)"', drawn))
    lines = re.findall(r'<line class="curve main" x1="([\d.]+)" y1="[\d.]+" x2="([\d.]+)"', drawn)
    reaches = [(float(a), float(b)) for a, b in lines if a != b]
    assert np.allclose([(a + b) / 2 for a, b in reaches], [first, second], atol=0.02)
    (dashed,) = re.findall(r'd="M([\d.]+) ', drawn)
    assert np.allclose([reaches[0][1], reaches[1][0], last], float(dashed), atol=0.02)
    assert drawn.count(">0.75 (0.50 to 1.00)<") == 1
    assert ">–<" in drawn


def test_equal_numbers_without_intervals_have_an_axis() -> None:
    same = PANEL.model_copy(update={"values": np.full(4, 0.5), "low": np.full(4, np.nan), "high": np.full(4, np.nan)})
    parts = whiskers(Whiskers(labels=tuple("abcd"), panels=(same, same)), 1.0)
    assert [part.name for part in parts] == ["chart", "piece0", "piece1"]
    assert parts[1].alt == "accuracy, of all rows 0.50: a 0.25 (0.00 to 0.50); b 0.75 (0.50 to 1.00); c –; d 0.50"
