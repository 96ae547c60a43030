"""Lists of events with confidences: swept, and scored without thresholds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lgc_plugin.evaluation.confidences import (
    events_above,
    sweep_events,
    swept_scores,
)
from lgc_plugin.evaluation.evaluation import evaluate
from lgc_plugin.evaluation.events import EVENT_COLUMNS
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.ground_truth_files import Annotations
from lgc_plugin.evaluation.notes import Notes
from lgc_plugin.evaluation.operating_point import OperatingOptions
from lgc_plugin.evaluation.postprocess.post_processing import PostProcessing
from lgc_plugin.evaluation.postprocess.thresholds import PSDS_THRESHOLDS
from lgc_plugin.evaluation.predictions import read_predictions
from lgc_plugin.evaluation.psds import PSDS1, PSDS2, psds_score
from lgc_plugin.evaluation.psds_free import (
    has_sed_scores_eval,
    psds_free_counts,
)
from lgc_plugin.evaluation.score import SEDResult
from lgc_plugin.report.result_files import write_predictions
from scoring_files import (
    CLIPS,
    LABELS,
    SECONDS,
    frame_scores,
    true_events,
    write_table,
)

needs_sed_scores_eval = pytest.mark.skipif(
    not has_sed_scores_eval(), reason="needs the extra `scores`"
)
LENGTHS = [SECONDS] * len(CLIPS)
# Seconds; events are whole multiples of it, so that many overlap or touch.
STEP = 0.25


def true() -> GroundTruth:
    lengths = pd.DataFrame({"filename": CLIPS, "duration": SECONDS})
    return GroundTruth.from_tables(
        true_events(), lengths, LABELS, profile="strict"
    )


def found(seed: int) -> pd.DataFrame:
    """Most of the truth, on the grid, and less confident random events."""
    rng = np.random.default_rng(seed)
    rows = []
    for row in true_events().sample(frac=0.8, random_state=seed).itertuples():
        onset, offset = (round(x / STEP) * STEP for x in row[2:4])
        # Numbers that float32 has, and ties.
        confidence = rng.integers(16, 32) / 32
        rows.append([row[1], onset, offset, row[4], confidence])
    for clip in CLIPS[1:]:
        for _ in range(rng.integers(6)):
            onset = STEP * rng.integers(0, 36)
            offset = onset + STEP * rng.integers(2, 4)
            confidence = rng.integers(1, 24) / 32
            label = rng.choice(LABELS)
            rows.append([clip, onset, offset, label, confidence])
    return pd.DataFrame(rows, columns=[*EVENT_COLUMNS, "confidence"])


@pytest.mark.parametrize("scenario", [PSDS1, PSDS2])
@needs_sed_scores_eval
def test_threshold_free_is_every_threshold_there_is(scenario: dict) -> None:
    events = found(0)
    frames = swept_scores(events, true())
    free = psds_free_counts(frames, true(), 1, **scenario).score()
    every = sweep_events(events, np.unique(events.confidence) - 0.01)
    expected = psds_score(every, true(), **scenario)
    assert 0.01 < free.value == pytest.approx(expected.value, abs=1e-9)
    assert free.per_class == pytest.approx(expected.per_class, abs=1e-9)


@pytest.mark.parametrize("scenario", [PSDS1, PSDS2])
@needs_sed_scores_eval
def test_sed_scores_eval_says_the_same_of_the_events(scenario: dict) -> None:
    from sed_scores_eval.base_modules.scores import create_score_dataframe
    from sed_scores_eval.intersection_based import psds

    events = found(1)
    # Frames on the grid; the more confident of two events counts. Those that
    # touch would be one.
    edges = np.arange(0, SECONDS + STEP / 2, STEP / 2)
    scores = {}
    events = events[events.offset < SECONDS]
    events = events.assign(offset=events.offset - STEP / 2)
    for clip in CLIPS:
        frames = np.full((len(edges) - 1, len(LABELS)), -np.inf)
        own = events[events.filename == clip].sort_values("confidence")
        for row in own.itertuples():
            inside = (edges[:-1] >= row.onset) & (edges[1:] <= row.offset)
            frames[inside, LABELS.index(row.event_label)] = row.confidence
        scores[clip] = create_score_dataframe(frames, edges, list(LABELS))
    annotated = {clip: [] for clip in CLIPS}
    for clip, onset, offset, label in true().events.itertuples(index=False):
        annotated[clip].append((onset, offset, label))
    names = ("dtc", "gtc", "cttc")
    criteria = {f"{x}_threshold": scenario.get(x) for x in names}
    value, per_class, *_ = psds(
        scores=scores,
        ground_truth=annotated,
        audio_durations=dict(zip(CLIPS, LENGTHS, strict=True)),
        alpha_ct=scenario["alpha_ct"],
        alpha_st=scenario["alpha_st"],
        max_efpr=100,
        **criteria,
    )
    boxes = swept_scores(events, true())
    ours = psds_free_counts(boxes, true(), 1, **scenario).score()
    assert 0.01 < value == pytest.approx(ours.value, abs=1e-12)
    for label in LABELS:
        assert ours.per_class[label] == pytest.approx(per_class[label])


def runs(frames: FrameScores, limit: float) -> list[tuple]:
    """Runs of frames above a threshold, one frame after the other."""
    events = []
    for n, clip in enumerate(frames.clips):
        edges = frames.edges[n]
        for c, label in enumerate(frames.labels):
            onset = None
            for t in range(frames.valid_frames[n] + 1):
                end = t == frames.valid_frames[n]
                above = not end and frames.scores[n, c, t] > limit
                if above and onset is None:
                    onset = edges[t]
                elif onset is not None and not above:
                    events.append((clip, onset, edges[t], label))
                    onset = None
    return events


def test_runs_of_frames_are_the_events_above_a_threshold() -> None:
    events = found(2)
    frames = swept_scores(events, true())
    assert (frames.edges[:, -1] == SECONDS).all()
    for limit in (-1, 0.3, 0.7, 1):
        # Overlaps are joined by the truth's own code.
        expected = true().select(events_above(events, limit))
        expected = expected.sort_values(["filename", "event_label", "onset"])
        table = runs(frames, limit)
        assert len(table) == len(expected)
        for one, other in zip(
            table, expected[EVENT_COLUMNS].values.tolist(), strict=True
        ):
            assert one[::3] == tuple(other[::3])
            assert one[1:3] == pytest.approx(other[1:3], abs=1e-12)


def write(folder: Path, events: pd.DataFrame, name: str = "found.tsv") -> Path:
    events.to_csv(folder / name, sep="\t", index=False)
    return folder / name


def result_of(
    path: Path, annotations: Annotations, *options
) -> tuple[SEDResult, list[str]]:
    notes = Notes()
    wanted = OperatingOptions(*options)
    found = evaluate(path, annotations, wanted, resamples=0, notes=notes)
    return found.result, notes.lines


def test_a_list_is_scored_at_every_threshold(
    tmp_path: Path, truth: Annotations
) -> None:
    events = found(3)
    path = write(tmp_path, events)
    swept = sweep_events(events, PSDS_THRESHOLDS)
    write_predictions(swept, tmp_path / "run", PSDS_THRESHOLDS)
    expected, _ = result_of(tmp_path / "run", truth)
    result, notes = result_of(path, truth, 0.49)
    assert list(expected.scores)[0] == "psds1"
    for name, score in expected.scores.items():
        # Ranks are the confidences themselves.
        if name != "clip_ap":
            assert score.flat(name) == result.scores[name].flat(name)
            assert score.per_class == result.scores[name].per_class
    assert result.operating == expected.operating
    if has_sed_scores_eval():
        assert 0 < result.scores["psds1_free"].value
        (line,) = notes
        assert "merged with one of the same class that overlaps" in line
    for name in ("clip_ap", "psds1"):
        assert result.scores[name].value == pytest.approx(
            expected.scores[name].value, abs=0.05
        )


def test_without_a_threshold_all_that_is_listed_counts(
    tmp_path: Path, truth: Annotations
) -> None:
    events = found(4)
    result, notes = result_of(write(tmp_path, events), truth)
    plain = write(tmp_path, events[EVENT_COLUMNS], "plain.tsv")
    expected, _ = result_of(plain, truth)
    assert result.operating == expected.operating
    assert result.scores["event_f1"] == expected.scores["event_f1"]
    unsure = (events.confidence <= 0.5).sum()
    assert f"{unsure} of them have a confidence of at most 0.5" in "".join(
        notes
    )
    # As if what is less confident was not written.
    some, _ = result_of(write(tmp_path, events_above(events, 0.6)), truth)
    same, _ = result_of(write(tmp_path, events), truth, 0.6)
    assert some.operating == same.operating != result.operating


def test_boxes_of_scores_are_a_list(tmp_path: Path, truth: Annotations) -> None:
    frames, boxes = frame_scores(noise=0.1), {"step_filter_length": 1.0}
    frames.save(tmp_path / "a.npz")
    expected, _ = result_of(tmp_path / "a.npz", truth, 0.4, None, None, boxes)
    events = PostProcessing(**boxes).candidates(frames)
    path = write(tmp_path, events.drop(columns="threshold", errors="ignore"))
    result, _ = result_of(path, truth, 0.4)
    assert result.operating == expected.operating
    for name, score in expected.scores.items():
        # Tags of frame scores are of the frames.
        if not name.startswith("clip"):
            assert result.scores[name].value == pytest.approx(score.value)
    assert expected.scores["intersection_f1"].macro > 0.2


def test_each_class_may_have_a_threshold(
    tmp_path: Path, truth: Annotations
) -> None:
    events = found(6)
    path = write(tmp_path, events)
    limits = {"Cat": 0.2, "Cow": 0.5, "Dog": 0.8}
    # What is not named has the default, as frame scores have it.
    result, _ = result_of(path, truth, {"Cat": 0.2, "Dog": 0.8})
    for label, limit in limits.items():
        alone, _ = result_of(path, truth, limit)
        for criterion, counts in result.operating.items():
            expected = alone.operating[criterion].per_class[label]
            assert counts.per_class[label] == expected
    with pytest.raises(ValueError, match="Eel"):
        result_of(path, truth, {**limits, "Eel": 0.5})


def test_what_a_list_cannot_tell_is_noted(
    tmp_path: Path, truth: Annotations
) -> None:
    events = found(5)
    sure = events.assign(confidence=events.confidence / 4 + 0.7)
    _, notes = result_of(write(tmp_path, sure), truth)
    assert any("the lowest confidence is 0.7" in line for line in notes)
    logits = events.assign(confidence=events.confidence * 8 - 4)
    _, notes = result_of(write(tmp_path, logits), truth)
    assert any("confidences reach from -3.75 to" in line for line in notes)
    both = events.assign(threshold=[0.3, 0.6] * (len(events) // 2))
    result, notes = result_of(write(tmp_path, both), truth)
    assert any("they have thresholds" in line for line in notes)
    assert "psds1_free" not in result.scores
    with pytest.raises(ValueError, match="detections are final"):
        result_of(write(tmp_path, events), truth, 0.5, 7)


@pytest.mark.parametrize("number", ["", "sure", "nan", "inf"])
def test_a_bad_confidence_is_named(tmp_path: Path, number: str) -> None:
    rows = [("a.wav", 1, 2, "Cat", 0.5), ("a.wav", 3, 4, "Cat", number)]
    columns = [*EVENT_COLUMNS, "confidence"]
    file = write_table(tmp_path / "a.tsv", rows, columns)
    with pytest.raises(ValueError, match=rf"row 3 .*confidence is '{number}'"):
        read_predictions(file)


def test_clips_without_events_need_no_confidence(tmp_path: Path) -> None:
    columns = [*EVENT_COLUMNS, "confidence"]
    rows = [("a.wav", 1, 2, "Cat", 0.5), ("b.wav", "", "", "", "")]
    read = read_predictions(write_table(tmp_path / "a.tsv", rows, columns))
    assert read.clips == {"a.wav", "b.wav"} and read.has_confidences
    assert read.form == "1 event with confidences from 0.5 to 0.5"
    none = read_predictions(write_table(tmp_path / "a.tsv", [], columns))
    assert none.form == "0 events with confidences"
