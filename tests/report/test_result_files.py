"""Numbers and detections in files."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from lgc_plugin.evaluation.predictions import read_predictions
from lgc_plugin.report.result_files import write_predictions, write_results


def refuse(name):
    raise AssertionError(f"{name} is not JSON")


def test_nan_is_null_and_the_file_is_strict_json(tmp_path):
    file = tmp_path / "results.json"
    written = write_results(
        file,
        scores={"student": {"psds1": np.float64("nan"), "f1": np.float32(1)}},
        seed=np.int64(7),
        coverage="962/1168",
        wall_seconds=3.5,
        versions={"python": "3.11"},
        thresholds=(0.1, np.inf),
        device=None,
    )
    content = json.loads(file.read_text(), parse_constant=refuse)
    assert content == written
    assert content["scores"] == {"student": {"psds1": None, "f1": 1.0}}
    assert content["seed"] == 7
    assert content["thresholds"] == [0.1, None]
    assert content["coverage"] == "962/1168"


DETECTIONS = pd.DataFrame(
    [
        ["a.wav", 0.0, 9.984, "Cat", 0.01],
        ["b.wav", 0.064, 0.128, "Dog", 0.01],
        ["a.wav", 0.0, 1.024, "Cat", 0.49],
    ],
    columns=["filename", "onset", "offset", "event_label", "threshold"],
)


def test_one_file_per_threshold_in_dcases_columns(tmp_path):
    files = write_predictions(DETECTIONS, tmp_path / "student")
    assert [file.name for file in files] == [
        "predictions_th_0.01.tsv",
        "predictions_th_0.49.tsv",
    ]
    assert files[0].read_text() == (
        "event_label\tonset\toffset\tfilename\n"
        "Cat\t0.0\t9.984\ta.wav\n"
        "Dog\t0.064\t0.128\tb.wav\n"
    )


def test_a_threshold_without_detections_gets_an_empty_file(tmp_path):
    files = write_predictions(DETECTIONS, tmp_path, [0.01, 0.99])
    assert files[1].name == "predictions_th_0.99.tsv"
    assert len(pd.read_csv(files[0], sep="\t")) == 2
    assert pd.read_csv(files[1], sep="\t").empty


def test_a_second_write_replaces_and_leaves_nothing_else(tmp_path):
    write_predictions(DETECTIONS, tmp_path)
    write_predictions(DETECTIONS[:1], tmp_path, [0.01, 0.49])
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "predictions_th_0.01.tsv",
        "predictions_th_0.49.tsv",
    ]
    assert pd.read_csv(tmp_path / "predictions_th_0.49.tsv", sep="\t").empty


def test_thresholds_that_share_a_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="share a file"):
        write_predictions(DETECTIONS, tmp_path, [0.001, 0.002])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("label", ['"Dog"', 'a"b', "Speech, male; $1: é", "'"])
def test_labels_are_written_as_they_are(tmp_path, label):
    table = pd.DataFrame(
        [['"a".wav', 0.0, 0.64, label, 0.5]],
        columns=["filename", "onset", "offset", "event_label", "threshold"],
    )
    (file,) = write_predictions(table, tmp_path)
    read = read_predictions(file)
    assert read.labels == (label,)
    assert read.clips == {'"a".wav'}
