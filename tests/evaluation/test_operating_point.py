"""Windows are meant for the classes of the system."""

import numpy as np
import pandas as pd
import pytest

from lgc_plugin.evaluation.evaluation import evaluate
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth_files import read_annotations
from lgc_plugin.evaluation.operating_options import (
    OperatingOptions,
    settings_by_class,
)

LABELS = ("Cat", "Dog", "Owl")


@pytest.fixture
def annotations(tmp_path):
    """A truth without any dog."""
    rows = [("a.wav", 1.0, 2.0, "Cat"), ("a.wav", 3.0, 4.0, "Owl")]
    columns = ["filename", "onset", "offset", "event_label"]
    file = tmp_path / "truth.tsv"
    pd.DataFrame(rows, columns=columns).to_csv(file, sep="\t", index=False)
    lengths = tmp_path / "durations.tsv"
    lengths.write_text("filename\tduration\na.wav\t10.0\n")
    return read_annotations(file, lengths)


@pytest.mark.parametrize("windows", [(1, 9, 3), {"Dog": 9, "Owl": 3, "Cat": 1}])
def test_a_class_that_the_truth_lacks_keeps_its_window(
    windows, annotations, tmp_path
):
    scores = np.zeros((1, 3, 40), dtype=np.float32)
    scores[0, 0, 4:8] = scores[0, 2, 12:16] = 0.9
    scores[0, 2, 30] = 0.9  # gone after a window of three
    frames = FrameScores(
        LABELS, ("a.wav",), scores, np.array([40]), np.arange(41) / 4
    )
    frames.save(tmp_path / "scores.npz")
    result = evaluate(
        tmp_path / "scores.npz",
        annotations,
        OperatingOptions(median_windows=windows),
        resamples=0,
    ).result
    assert result.scores["event_f1"].micro == 1.0
    assert list(result.scores["event_f1"].per_class) == ["Cat", "Owl"]


def test_windows_must_fit_the_classes_of_the_system():
    options = OperatingOptions(median_windows=[1, 2])
    with pytest.raises(ValueError, match="2 median windows for 3 classes"):
        settings_by_class(options, LABELS, LABELS)
    one = OperatingOptions(median_windows=7)
    assert settings_by_class(one, LABELS, LABELS) == one
