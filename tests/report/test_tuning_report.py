"""What is said about the gain on clips that were left out."""

import math

import pytest

from lgc_plugin.evaluation.held_out import HeldOut
from lgc_plugin.evaluation.notes import Notes
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.score import Interval, Intervals, Score
from lgc_plugin.evaluation.tuned_settings import TunedSettings
from lgc_plugin.evaluation.tuning import TuningResult
from lgc_plugin.report.tuning_report import note_doubts, summary


def result(gain: float | None, low: float | None = None) -> TuningResult:
    """Of a search with some gain on clips left out; None: without folds."""
    chosen = PostProcessing({"Cat": 3})
    settings = TunedSettings(chosen, 0.1, "psds1", ("a.wav",), "a.tsv")
    score, held_out = Score(0.5, None, {"Cat": 0.5}), None
    if gain is not None:
        sure = None
        if low is not None:
            sure = Intervals(Interval(low, gain + 0.1), None, {})
        difference = Score(gain, None, {}, intervals=sure)
        held_out = HeldOut(5, 12, score, difference)
    return TuningResult(
        *(settings, chosen, score, score, Score(0.0, None, {})),
        *(held_out, (1, 3), None, ()),
    )


@pytest.mark.parametrize(
    ("gain", "low", "said"),
    [
        (0.05, 0.01, None),
        (0.05, None, None),
        (0.05, -0.01, "note: held out, the gain (+0.050 [-0.010, +0.150]) may"),
        (-0.02, -0.1, "warning: held out, tuning gains nothing (-0.020 [-0.1"),
        (0.0, None, "warning: held out, tuning gains nothing (0.000): keep"),
        (math.nan, None, "warning: held out, tuning gains nothing"),
        (None, None, "note: what tuning gains on other clips is not known"),
    ],
)
def test_doubts_are_told(gain, low, said):
    notes = Notes()
    note_doubts(result(gain, low), notes)
    assert len(notes.lines) == (said is not None)
    if said is not None:
        assert notes.lines[0].startswith(said)


def test_the_gain_held_out_stands_beside_the_optimistic_one():
    text = summary(result(0.05, 0.01))
    assert "tuned, gain 0.000\n" in text
    assert "PSDS1 held out: 0.500, gain +0.050 [+0.010, +0.150]. " in text
    assert "Each of 5 folds of 12 recordings" in text
    assert "held out" not in summary(result(None))
