"""The table on the terminal."""

import numpy as np
import pytest

from lgc_plugin.metrics.psds import PSDSScore
from lgc_plugin.metrics.result import SEDResult
from lgc_plugin.metrics.score import Score
from lgc_plugin.report.tables import score_table


def result(macro, **more):
    score = Score(macro, 0.25, {"Cat": macro, "Dog": float("nan")})
    values = {
        "psds1": None,
        "psds2": None,
        "event_f1": None,
        "segment_f1": None,
        "intersection_f1": score,
        "clips_scored": 962,
        "clips_annotated": 1168,
    }
    return SEDResult(**(values | more))


@pytest.fixture
def lines():
    curve = PSDSScore(0.447, np.zeros(2), np.zeros(2), {"Cat": 0.4, "Dog": 0.5})
    table = score_table(
        {"student": result(0.5), "teacher": result(0.75, psds1=curve)}
    )
    return table.splitlines()


def test_networks_stand_side_by_side(lines):
    assert lines[0].split() == ["student", "teacher"]
    assert lines[1].split() == ["PSDS1", "-", "0.447"]
    assert lines[2].split() == [
        "intersection",
        "F1,",
        "macro",
        "0.500",
        "0.750",
    ]
    assert len({len(line) for line in lines[:5]}) == 1


def test_coverage_is_always_there(lines):
    assert lines[4].split() == ["coverage", "962/1168", "962/1168"]


def test_classes_follow_with_a_dash_for_nan(lines):
    teacher = lines[-3:]
    assert teacher[0].split() == ["teacher", "PSDS1", "inters.", "F1"]
    assert teacher[1].split() == ["Cat", "0.400", "0.750"]
    assert teacher[2].split() == ["Dog", "0.500", "-"]
    assert "nan" not in "\n".join(lines)
