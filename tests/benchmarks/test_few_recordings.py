"""Labels of few recordings: what is drawn, and what is compared."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from ablation_runs import METHODS, Run
from few_recordings import main, split
from few_recordings_report import (
    SCORES,
    compare_all,
    compare_plain,
    difference_lines,
    plain_rate,
)

# Not sorted: counts are in the order of the durations.
CLIPS = ["c_0.wav", "a_0.wav", "b_1000.wav", "a_1000.wav", "b_0.wav"]
RECORDINGS = {"a": (4, 200), "b": (0, 200), "c": (9, 100)}
WRONG = np.array([9, 4, 0, 0, 0])
N_FRAMES = 100


class Counts:
    """Frames of 100 a clip, of which some are wrong."""

    def __init__(self, wrong):
        self.wrong = wrong

    def averages(self, weights):
        value = (weights @ self.wrong) / (weights.sum(1) * N_FRAMES)
        return SimpleNamespace(value=value)


def scored(*wrong):
    return SimpleNamespace(
        truth=SimpleNamespace(
            durations=pd.DataFrame({"filename": CLIPS, "duration": 0.8})
        ),
        counts=[
            {name.removesuffix("_macro"): Counts(each) for name in SCORES}
            for each in wrong
        ],
    )


def runs_of(*methods):
    return [Run(METHODS[x], 1, Path("f"), Path("d")) for x in methods]


def test_the_same_errors_differ_by_nothing_whatever_is_drawn():
    runs = runs_of("supervised", "lgc")
    found = compare_all(scored(WRONG, WRONG), runs, 50)
    entry = found["lgc - supervised"]["frame_error_rate"]
    assert entry["difference"] == 0 and entry["interval"] == [0, 0]
    # By recording, too: the plain network has the errors of the same clips.
    found = compare_plain(scored(WRONG), runs_of("lgc"), [by_name()], 50)
    entry = found["lgc - plain CRNN"]["frame_error_rate"]
    assert entry["difference"] == pytest.approx(0)
    assert entry["interval"] == pytest.approx([0, 0])


def by_name():
    return {f"{name}.wav": counts for name, counts in RECORDINGS.items()}


def test_intervals_hold_the_difference():
    plain = {name: (wrong + 20, n) for name, (wrong, n) in by_name().items()}
    found = compare_plain(scored(WRONG), runs_of("lgc"), [plain], 200)
    entry = found["lgc - plain CRNN"]["frame_error_rate"]
    expected = 13 / 500 - plain_rate(plain) / 100
    assert entry["difference"] == pytest.approx(expected)
    assert entry["interval"][0] < expected < entry["interval"][1] < 0
    (line,) = difference_lines(2, found)
    assert line[:2] == ["2", "lgc - plain CRNN"]
    assert line[2].startswith("**-12.000 [") and set(line[3:]) == {""}


def test_the_first_are_labeled_and_the_last_the_test(tmp_path):
    (tmp_path / "audio").mkdir()
    names = [f"{i:02d}.wav" for i in range(40)]
    for name in reversed(names):
        (tmp_path / "audio" / name).touch()
    assert split(tmp_path, 2) == (names[:2], names[10:])


def test_another_number_of_labeled_recordings_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--labeled", "3"])
    assert "--labeled is one of 19, 6, 2" in capsys.readouterr().err
