"""Profiles and intervals of what is scored from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from lgc_plugin.evaluation.evaluation import evaluate
from lgc_plugin.evaluation.ground_truth_files import (
    Annotations,
    read_annotations,
)
from scoring_files import write_detections, write_table, write_truth


@pytest.mark.parametrize("profile", ["strict", "dcase"])
def test_profiles_differ_in_clips_without_events(
    tmp_path: Path, profile: str
) -> None:
    write_truth(tmp_path)
    truth = read_annotations(
        tmp_path / "truth.txt", tmp_path / "lengths.txt", profile=profile
    )
    rows = [("10.wav", 1, 2, "Cat"), ("00.wav", "", "", "")]
    file = write_table(tmp_path / "found.tsv", rows)
    scored = evaluate(file, truth, resamples=0)
    fp = scored.system.counts(scored.truth, ["event_f1"])
    assert fp["event_f1"].fp.sum() == (profile == "strict")
    printed = scored.coverage.profile_text(scored.truth.profile)
    assert printed.startswith(
        f"{profile}: detections in 2 clips without events"
    )


def test_intervals_hold_the_score(tmp_path: Path, truth: Annotations) -> None:
    folder = write_detections(tmp_path / "found", noise=0.3)
    results = [
        evaluate(folder, truth, resamples=100, seed=seed).result
        for seed in (3, 3, 4)
    ]
    flat, intervals = results[0].flat(), results[0].flat_intervals()
    assert flat.keys() == intervals.keys()
    for name in ("psds1", "event_f1_macro", "segment_f1_micro"):
        assert intervals[name].low < flat[name] < intervals[name].high
    assert intervals == results[1].flat_intervals()
    assert intervals != results[2].flat_intervals()
