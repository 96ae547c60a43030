"""Scores of files are those of tables; options do what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lgc_plugin.evaluation.evaluation import evaluate
from lgc_plugin.evaluation.f1 import event_f1
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth_files import (
    Annotations,
    read_annotations,
)
from lgc_plugin.evaluation.notes import Notes
from lgc_plugin.evaluation.operating_options import OperatingOptions
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.psds import PSDS1, psds_score
from lgc_plugin.evaluation.psds_free import has_sed_scores_eval
from lgc_plugin.evaluation.score_files import write_score_tsvs
from lgc_plugin.evaluation.tuned_settings import TunedSettings
from scoring_files import (
    CLIPS,
    FRAME_SECONDS,
    LABELS,
    WINDOWS,
    frame_scores,
    write_detections,
    write_table,
)

PSDS = {"psds1", "psds2", "psds1_free", "psds2_free"}
TIMED = {*PSDS, "frame_error_rate"}


def numbers(path: Path, truth: Annotations, *options, **more) -> dict:
    wanted = OperatingOptions(*options)
    return evaluate(path, truth, wanted, resamples=0, **more).result.flat()


def test_detections_are_scored_at_all_thresholds(
    tmp_path: Path, truth: Annotations
) -> None:
    folder, notes = write_detections(tmp_path / "found"), Notes()
    scored = evaluate(folder, truth, resamples=0, notes=notes)
    post_processing, frames = PostProcessing(WINDOWS), frame_scores()
    every = post_processing.all_events(frames)
    result = scored.result
    assert result.scores["psds1"].value == pytest.approx(
        psds_score(every, truth.truth, **PSDS1).value
    )
    at = every[every.threshold == 0.49]
    assert result.scores["event_f1"].per_class == (
        event_f1(at, truth.truth).per_class
    )
    assert 0 < result.scores["event_f1"].macro < 1
    assert scored.system.point.text == "threshold 0.49 (the nearest to 0.5)"
    assert result.coverage == "12/12"
    assert notes.lines == []


@pytest.mark.parametrize("kind", ["npz", "folder"])
def test_frame_scores_and_their_detections_score_alike(
    tmp_path: Path, truth: Annotations, kind: str
) -> None:
    found, path = write_detections(tmp_path / "found"), tmp_path / "scores"
    if kind == "npz":
        path = path.with_suffix(".npz")
        frame_scores().save(path)
    else:
        write_score_tsvs(frame_scores(), path)
    of_frames = numbers(path, truth, 0.49, WINDOWS)
    of_events = numbers(found, truth)
    # Tags of frame scores are of the frames, not of the filtered events.
    shared = [x for x in of_events if not x.startswith("clip")]
    assert len(shared) == 9
    for name in shared:
        assert of_frames[name] == pytest.approx(of_events[name], abs=1e-12)
    if has_sed_scores_eval():
        assert of_frames["psds1_free"] == pytest.approx(
            of_frames["psds1"], abs=0.05
        )


def test_without_durations_all_but_psds_is_the_same(
    tmp_path: Path, truth: Annotations
) -> None:
    unknown = read_annotations(tmp_path / "truth.txt")
    # A clip that is silent, and a detection behind every event.
    rows = [("10.wav", 8, 9, "Cat"), ("00.wav", 9.5, 9.9, "Dog")]
    write_table(tmp_path / "th_0.2.tsv", rows)
    folder = write_detections(tmp_path / "found")
    for path in (tmp_path / "th_0.2.tsv", folder):
        known = numbers(path, truth)
        assert numbers(path, unknown) == {
            key: number for key, number in known.items() if key not in TIMED
        }
    scored = evaluate(folder, unknown, resamples=0)
    assert scored.coverage.hours is None
    frame_scores().save(tmp_path / "a.npz")
    assert not PSDS & set(numbers(tmp_path / "a.npz", unknown))


def test_one_operating_point_has_no_psds(
    tmp_path: Path, truth: Annotations
) -> None:
    folder, notes = write_detections(tmp_path / "found"), Notes()
    file = folder / "predictions_th_0.49.tsv"
    scored = numbers(file, truth, notes=notes)
    assert scored.items() <= numbers(folder, truth).items()
    assert "event_f1_macro" in scored and not PSDS & set(scored)
    assert "clip_f1_macro" in scored and "clip_ap_macro" not in scored
    told = "no predictions for"
    lines = [line for line in notes.lines if told not in line]
    (line,) = lines
    assert line.startswith("note: PSDS is left out")
    notes = Notes()
    numbers(file, truth, 0.3, notes=notes)
    assert any("--threshold 0.3 changes nothing" in x for x in notes.lines)


@pytest.mark.parametrize(
    ("wanted", "taken", "warned"),
    [(None, 0.2, True), (0.21, 0.2, False), (0.9, 0.8, True)],
)
def test_the_nearest_threshold_is_taken(
    tmp_path: Path, truth: Annotations, wanted, taken, warned
) -> None:
    # At 0.8, nothing was detected: a file with a header only.
    write_table(tmp_path / "th_0.2.tsv", [("00.wav", 0, 5, "Cat")])
    write_table(tmp_path / "th_0.8.tsv", [])
    folder, notes = tmp_path, Notes()
    options = OperatingOptions(wanted)
    scored = evaluate(folder, truth, options, resamples=0, notes=notes)
    assert scored.system.point.threshold == taken
    assert len(scored.system.operating_events) == (1 if taken == 0.2 else 0)
    assert warned == any("no threshold is near" in x for x in notes.lines)
    assert any("PSDS is that of 2 thresholds" in x for x in notes.lines)


def test_missing_clips_count_unless_dropped(
    tmp_path: Path, truth: Annotations
) -> None:
    write_detections(tmp_path / "all")
    gone = {"03.wav", "10.wav"}
    (tmp_path / "some").mkdir()
    for file in (tmp_path / "all").iterdir():
        table = pd.read_csv(file, sep="\t")
        kept = table[~table.filename.isin(gone)]
        kept.to_csv(tmp_path / "some" / file.name, sep="\t", index=False)
    counted = evaluate(tmp_path / "some", truth, resamples=0)
    assert counted.result.coverage == "12/12"
    assert counted.coverage.missing == 2
    dropped = evaluate(tmp_path / "some", truth, drop_missing=True, resamples=0)
    assert dropped.result.coverage == "10/12"
    assert dropped.truth.clips == set(CLIPS) - gone
    ours, theirs = dropped.result.flat(), counted.result.flat()
    assert ours["event_f1_micro"] > theirs["event_f1_micro"]
    # As if nobody had annotated the others.
    fewer = Annotations(
        truth.path, truth.truth.restrict(dropped.truth.clips), True
    )
    assert numbers(tmp_path / "all", fewer) == ours


def test_a_class_without_scores_is_as_one_never_detected(
    tmp_path: Path, truth: Annotations
) -> None:
    frames, kept = frame_scores(), [0, 2]
    less = FrameScores(
        tuple(LABELS[row] for row in kept)[::-1],
        frames.clips,
        frames.scores[:, kept[::-1]],
        frames.valid_frames,
        frames.edges,
    )
    less.save(tmp_path / "less.npz")
    frames.save(tmp_path / "all.npz")
    options = OperatingOptions(median_windows=WINDOWS)
    less, every = (
        evaluate(tmp_path / name, truth, options, resamples=0).result.scores
        for name in ("less.npz", "all.npz")
    )
    # sed_scores_eval cannot do without scores of a class.
    assert list(less) == [x for x in every if not x.endswith("_free")]
    for name, score in less.items():
        assert list(score.per_class) == list(LABELS)
        if name == "frame_error_rate":
            assert score.per_class["Cow"] > 0
        elif name != "clip_ap":  # where a class without scores is one rank
            assert score.per_class["Cow"] == 0
        if name != "psds2":  # where other classes are cross-triggers
            for label in ("Cat", "Dog"):
                assert score.per_class[label] == every[name].per_class[label]
        assert np.isfinite(score.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"step_filter_length": 0.5},
        {"len_th": {"Cat": 0.5}, "decision_threshold": {"Dog": 0.4}},
        {"deactivation_th": 0.3, "close_th": 0.3, "pad_before": 0.1},
    ],
)
def test_events_are_those_of_the_settings(
    tmp_path: Path, truth: Annotations, settings
) -> None:
    frames = frame_scores()
    frames.save(tmp_path / "a.npz")
    options, notes = OperatingOptions.of(settings), Notes()
    scored = evaluate(
        tmp_path / "a.npz", truth, options, resamples=0, notes=notes
    )
    found = PostProcessing().changed(settings, LABELS).operating_events(frames)
    expected = event_f1(found.drop(columns="threshold"), truth.truth)
    assert scored.result.scores["event_f1"] == expected
    swept = "step_filter_length" in settings
    assert swept != any("depend on the threshold" in x for x in notes.lines)
    for name, value in settings.items():
        if isinstance(value, float):
            assert f"{name} {value:g}" in scored.system.point.text
    with pytest.raises(ValueError, match="detections are final: "):
        events = write_table(tmp_path / "e.tsv", [("00.wav", 1, 2, "Cat")])
        evaluate(events, truth, options, resamples=0)


def test_settings_are_those_of_another_set(
    tmp_path: Path, truth: Annotations
) -> None:
    frame_scores().save(tmp_path / "a.npz")
    limits = {"Cat": 0.4, "Cow": 0.5, "Dog": 0.6}
    more = {"Eel": 9}

    def tuned(clips: tuple[str, ...], seconds: float) -> Path:
        # Of a class more than these clips have.
        TunedSettings(
            PostProcessing(
                {**WINDOWS, **more},
                decision_threshold={**limits, "Eel": 0.5},
            ),
            seconds,
            "event_f1",
            clips,
            "other.tsv",
        ).write(tmp_path / "tuned.yaml")
        return tmp_path / "tuned.yaml"

    file = tuned(("x.wav",), FRAME_SECONDS)
    scored = numbers(tmp_path / "a.npz", truth, None, None, file)
    events = PostProcessing(
        WINDOWS, decision_threshold=limits
    ).operating_events(frame_scores())
    expected = event_f1(events.drop(columns="threshold"), truth.truth)
    assert scored["event_f1_macro"] == expected.macro
    with pytest.raises(ValueError, match="leave out --threshold"):
        numbers(tmp_path / "a.npz", truth, 0.5, None, file)
    with pytest.raises(ValueError, match="detections are final"):
        found = write_detections(tmp_path / "found")
        numbers(found, truth, None, None, file)
    with pytest.raises(ValueError, match="detections are final"):
        numbers(found, truth, None, 7)
    file = tuned(("x.wav", CLIPS[0]), FRAME_SECONDS)
    with pytest.raises(ValueError, match="1 of the 12 clips of .*truth.txt"):
        numbers(tmp_path / "a.npz", truth, None, None, file)
    file = tuned(("x.wav",), 0.064)
    with pytest.raises(ValueError, match="frames of 0.064 s, these are 0.1 s"):
        numbers(tmp_path / "a.npz", truth, None, None, file)


def test_scores_that_are_no_probabilities_are_told(
    tmp_path: Path, truth: Annotations
) -> None:
    frames = frame_scores()
    FrameScores(
        frames.labels,
        frames.clips,
        8 * frames.scores - 4,
        frames.valid_frames,
        frames.edges,
    ).save(tmp_path / "logits.npz")
    notes = Notes()
    numbers(tmp_path / "logits.npz", truth, notes=notes)
    assert any("scores reach from -4 to 4" in x for x in notes.lines)
    assert any("scores are not filtered" in x for x in notes.lines)
