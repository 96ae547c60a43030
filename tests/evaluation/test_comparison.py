"""Paired differences of two systems."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lgc_plugin.evaluation.bootstrap import Difference
from lgc_plugin.evaluation.evaluation import (
    Comparison,
    compare_systems,
    evaluate,
)
from lgc_plugin.evaluation.ground_truth_files import Annotations
from lgc_plugin.evaluation.notes import Notes
from lgc_plugin.evaluation.operating_options import OperatingOptions
from scoring_files import (
    CLIPS,
    WINDOWS,
    frame_scores,
    write_detections,
    write_table,
)

PLAIN = OperatingOptions()


def compared(paths, truth, options=(PLAIN, PLAIN), **more) -> Comparison:
    more = {"resamples": 100, **more}
    return compare_systems(paths, truth, options, **more)


def all_numbers(difference: Difference) -> list[tuple]:
    """Gap, low, high, wins and ties of every number."""
    score, wins, ties = difference.score, difference.wins, difference.ties
    known = score.intervals
    rows = [(score.value, *known.value, wins.value, ties.value)]
    if score.micro is not None:
        rows.append((score.micro, *known.micro, wins.micro, ties.micro))
    for label, gap in score.per_class.items():
        shares = (wins.per_class[label], ties.per_class[label])
        rows.append((gap, *known.per_class[label], *shares))
    return rows


def test_a_system_with_itself_is_exactly_0(
    tmp_path: Path, truth: Annotations
) -> None:
    folder = write_detections(tmp_path / "found")
    frame_scores().save(tmp_path / "scores.npz")
    windows = OperatingOptions(0.5, WINDOWS)
    for path, options in ((folder, PLAIN), (tmp_path / "scores.npz", windows)):
        same = compared([path, path], truth, [options] * 2)
        assert {"psds1", "event_f1", "clip_ap"} <= set(same.differences)
        for difference in same.differences.values():
            for row in all_numbers(difference):
                assert row == (0, 0, 0, 0, 1)


def test_differences_are_those_of_two_evaluations(
    tmp_path: Path, truth: Annotations
) -> None:
    good = write_detections(tmp_path / "good", noise=0.15)
    bad = write_detections(tmp_path / "bad", seed=2, noise=0.4)
    both = compared([good, bad], truth, seed=5)
    swapped = compared([bad, good], truth, seed=5)
    first, second = (
        evaluate(path, truth, resamples=0).result.flat() for path in (good, bad)
    )
    gaps = {
        key: gap
        for name, each in both.differences.items()
        for key, gap in each.score.flat(name).items()
    }
    assert gaps == {key: first[key] - second[key] for key in first}
    assert [result.flat() for result in both.results] == [first, second]
    assert gaps["event_f1_macro"] > 0
    assert both.differences["event_f1"].wins.macro > 0.95
    for name, difference in both.differences.items():
        others = all_numbers(swapped.differences[name])
        for ours, theirs in zip(all_numbers(difference), others, strict=True):
            gap, low, high, wins, ties = theirs
            mirrored = (-gap, -high, -low, 1 - wins - ties, ties)
            np.testing.assert_allclose(ours, mirrored, atol=1e-12)


def test_systems_of_different_kinds_share_some_metrics(
    tmp_path: Path, truth: Annotations
) -> None:
    folder, notes = write_detections(tmp_path / "found"), Notes()
    file = folder / "predictions_th_0.49.tsv"
    frame_scores().save(tmp_path / "scores.npz")
    options = [OperatingOptions(0.49, WINDOWS), PLAIN]
    paths = [tmp_path / "scores.npz", file]
    both = compared(paths, truth, options, names=("net", "tsv"), notes=notes)
    assert list(both.differences) == [
        *("event_f1", "segment_f1", "intersection_f1"),
        *("frame_error_rate", "clip_f1"),
    ]
    assert set(all_numbers(both.differences["event_f1"])) == {(0, 0, 0, 0, 1)}
    told = [line for line in notes.lines if "only net allows" in line]
    assert len(told) == 1
    assert "allows psds1, psds2, " in told[0]
    assert any(line.startswith("note: tsv: PSDS is") for line in notes.lines)


def test_both_are_scored_on_clips_that_both_have(
    tmp_path: Path, truth: Annotations
) -> None:
    rows = [(clip, 1, 3, "Cat") for clip in CLIPS]
    first = write_table(tmp_path / "first.tsv", rows[:-1])
    second = write_table(tmp_path / "second.tsv", rows[2:])
    counted = compared([first, second], truth)
    assert counted.truth.clips == set(CLIPS)
    assert counted.coverage.missing == 3
    dropped = compared([first, second], truth, drop_missing=True)
    assert dropped.truth.clips == set(CLIPS[2:-1])
    assert dropped.results[0].coverage == "9/12"
    assert set(all_numbers(dropped.differences["segment_f1"])) <= {
        (0, 0, 0, 0, 1)
    }


def test_what_cannot_be_compared(tmp_path: Path, truth: Annotations) -> None:
    file = write_table(tmp_path / "a.tsv", [(CLIPS[0], 1, 3, "Cat")])
    with pytest.raises(ValueError, match="give 1 or more"):
        compared([file, file], truth, resamples=0)
    with pytest.raises(ValueError, match="two different names"):
        compared([file, file], truth, names=("A", "A"))


def test_everything_is_in_the_dictionary(
    tmp_path: Path, truth: Annotations
) -> None:
    good = write_detections(tmp_path / "good", noise=0.15)
    bad = write_detections(tmp_path / "bad", seed=2, noise=0.4)
    both = compared([good, bad], truth)
    content = both.as_dict()
    assert list(content) == list(both.differences)
    psds1, f1 = content["psds1"], content["event_f1"]
    assert set(psds1) == {"value", "per_class"}
    assert set(f1) == {"macro", "micro", "per_class"}
    known = both.differences["event_f1"]
    assert f1["per_class"]["Dog"] == {
        "difference": known.score.per_class["Dog"],
        "interval": list(known.score.intervals.per_class["Dog"]),
        "first_wins": known.wins.per_class["Dog"],
        "ties": known.ties.per_class["Dog"],
    }
