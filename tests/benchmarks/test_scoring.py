"""The plain way of scoring and ours are the same, and the script reports it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scoring
from plain_scoring import plain_decode, plain_scores
from scoring_data import (
    CLIPS,
    LABELS,
    MEDIAN_WINDOWS,
    draw_clips,
    draw_scores,
    read_clips,
    repeat_scores,
)
from scoring_report import Row, differences, format_table, goals, summarize
from scoring_variants import VARIANTS, measure

from lgc_plugin.data.encoder import EventEncoder
from lgc_plugin.evaluation.ground_truth import GroundTruth
from lgc_plugin.evaluation.metrics import EVENT_METRICS, PSDS_METRICS
from lgc_plugin.evaluation.sed_metrics import SEDMetrics
from references import needs_references

ENCODER = EventEncoder(LABELS)
THRESHOLDS = (0.05, 0.3, 0.6, 0.9)
METADATA = (
    Path(__file__).resolve().parents[2].parent
    / "shared"
    / "data"
    / "desed_metadata"
)


@pytest.fixture(scope="module")
def case():
    clips = draw_clips(60, seed=3)
    return clips, draw_scores(clips, ENCODER, seed=3)


def our_metrics(clips, frames):
    truth = GroundTruth.from_tables(
        clips.events, clips.durations, LABELS, profile="strict"
    )
    metrics = SEDMetrics(ENCODER, truth, MEDIAN_WINDOWS, THRESHOLDS)
    metrics.append(frames.clips, frames.scores, frames.valid_frames)
    return metrics


def ordered(table):
    columns = ["threshold", "filename", "event_label", "onset", "offset"]
    return table[columns].sort_values(columns).reset_index(drop=True)


def test_the_plain_way_finds_the_same_events(case):
    clips, frames = case
    assert len(set(frames.valid_frames)) > 2
    found = plain_decode(frames, MEDIAN_WINDOWS, THRESHOLDS)
    table = pd.concat([t.assign(threshold=p) for p, t in found.items()])
    ours = our_metrics(clips, frames).detections()
    assert len(ours) > 500
    pd.testing.assert_frame_equal(
        ordered(table), ordered(ours), check_exact=True
    )


@needs_references
def test_the_plain_way_finds_the_same_scores(case):
    clips, frames = case
    found = plain_decode(frames, MEDIAN_WINDOWS, (*THRESHOLDS, 0.5))
    operating = found.pop(0.5)
    plain = plain_scores(found, operating, clips, LABELS)
    names = (*PSDS_METRICS, *EVENT_METRICS)
    ours = our_metrics(clips, frames).summarize(names).flat()
    assert set(ours) - set(plain) == {"intersection_f1_micro"}
    for name, value in plain.items():
        assert 0.1 < value < 0.95
        assert ours[name] == pytest.approx(value, abs=1e-9), name


@needs_references
def test_a_class_that_is_never_hit_counts_in_both_ways(case):
    clips, frames = case
    scores = frames.scores.copy()
    scores[:, LABELS.index("Speech")] = 0.0
    silenced = replace(frames, scores=scores)
    operating = plain_decode(silenced, MEDIAN_WINDOWS, [0.5])[0.5]
    plain = plain_scores({0.5: operating}, operating, clips, LABELS)
    ours = our_metrics(clips, silenced).summarize(EVENT_METRICS)
    assert ours.scores["event_f1"].per_class["Speech"] == 0
    for name, value in ours.flat().items():
        if name in plain:
            assert plain[name] == pytest.approx(value, abs=1e-9), name


def test_the_clips_are_like_those_of_desed():
    clips = draw_clips()
    lengths = clips.durations.set_index("filename").duration
    assert len(lengths) == CLIPS
    assert CLIPS - clips.events.filename.nunique() == 15
    assert 4150 < len(clips.events) < 4350
    assert 50 < (lengths < 10).sum() < 150
    seconds = clips.events.offset - clips.events.onset
    assert 0.099 < seconds.min() < 0.11 and seconds.max() == 10
    ends = clips.events.filename.map(lengths)
    assert (clips.events.offset <= ends + 0.001).all()
    # Nothing to be merged: the libraries refuse overlaps.
    truth = GroundTruth.from_tables(clips.events, clips.durations, LABELS)
    assert len(truth.events) == len(clips.events)
    assert set(truth.present) == set(LABELS)


def test_a_seed_draws_the_same_again(case):
    clips, frames = case
    again = draw_clips(60, seed=3)
    pd.testing.assert_frame_equal(again.events, clips.events)
    same = draw_scores(again, ENCODER, seed=3)
    np.testing.assert_array_equal(same.scores, frames.scores)
    teacher = draw_scores(clips, ENCODER, seed=3, network=1)
    # Other scores, but of the same events.
    both = np.corrcoef(teacher.scores.ravel(), frames.scores.ravel())[0, 1]
    assert 0.8 < both < 0.999
    assert not draw_clips(60, seed=4).events.equals(clips.events)


def test_repeated_clips_have_the_same_scores(case):
    clips, frames = case
    twice, scores = clips.repeat(2), repeat_scores(frames, 2)
    assert list(scores.clips) == twice.durations.filename.tolist()
    once = our_metrics(clips, frames).summarize(["event_f1"]).flat()
    again = our_metrics(twice, scores).summarize(["event_f1"]).flat()
    assert again == pytest.approx(once)


def test_the_truth_may_be_that_of_desed():
    if not METADATA.is_dir():
        pytest.skip(f"no annotation of DESED at {METADATA}")
    clips = read_clips(METADATA)
    assert len(clips.durations) == CLIPS
    assert clips.events.filename.nunique() == CLIPS - 15
    assert set(clips.events.event_label) == set(LABELS)
    assert len(clips.first(3).durations) == 3


def run_of(seconds, clips=10, **more):
    return {
        "seconds": seconds,
        "decode_seconds": seconds / 2,
        "clips": clips,
        "peak_mib": 20.0,
        "base_mib": 10.0,
        **more,
    }


def test_ratios_are_of_the_same_round_and_number_of_clips():
    runs = {
        "plain": [run_of(4.0, 5), run_of(8.0, 5), run_of(4.0, 5)],
        "ours": [run_of(2.0), run_of(4.0), run_of(1.0)],
        "everything": [{"failed": "ValueError: no"}],
        "ours_4x": [run_of(4.0, 40)] * 3,
    }
    chosen = [v for v in VARIANTS if v.name in runs]
    rows = summarize(chosen, runs, 10)
    assert rows["plain"].extrapolated and not rows["ours"].extrapolated
    # Of 4 s, 2 are decoding: they become 4.
    assert rows["plain"].min_seconds == 6.0
    assert (rows["ours"].ratio, rows["ours"].ratio_of_rounds) == (6.0, 3.0)
    assert rows["decode_plain"].min_seconds == 4.0
    assert rows["decode_ours"].ratio == 8.0
    assert rows["ours"].ms_per_clip == rows["ours_4x"].ms_per_clip == 100.0
    assert rows["ours_4x"].ratio is None
    table = format_table(rows)
    assert len({line.count("|") for line in table.splitlines()}) == 1
    assert "failed: ValueError: no" in table
    assert "test: plain (decoding extrapolated)" in table


def test_every_difference_is_named():
    good = {"events": {"student": "3 events, a"}, "scores": {"psds1": 0.5}}
    near = {"scores": {"psds1": 0.5 + 1e-10}}
    far = {"scores": {"psds1": 0.5 + 1e-8}}
    other = {"events": {"student": "3 events, b"}}
    assert not differences({"plain": [good], "ours": [{**good, **near}]})
    for wrong in (far, other, {"scores": {"psds1": float("nan")}}):
        runs = {"plain": [good, good], "ours": [good, {**good, **wrong}]}
        assert len(differences(runs)) == 1


def test_goals_show_what_was_missed():
    row = Row("", None, ratio=9.0, peak_mib=500.0, ms_per_clip=1.0)
    more = replace(row, ms_per_clip=1.5)
    found = goals({"ours": row, "ours_16x": more, "decode_ours": row})
    met = {each["goal"].split(",")[0]: each["met"] for each in found}
    assert [each["met"] for each in found].count(True) == 1
    assert not met["decoding"] and not met["ms/clip"]


def test_an_unknown_variant_is_refused(capsys):
    with pytest.raises(SystemExit):
        scoring.parse(["--variants=ours,fast"])
    assert "'fast' is unknown; there are plain" in capsys.readouterr().err


def test_quick_results_are_not_kept_by_mistake(capsys):
    with pytest.raises(SystemExit):
        scoring.parse(["--quick", "--write"])
    assert "--output" in capsys.readouterr().err


@needs_references
def test_the_script_prints_and_writes_its_table(tmp_path, capsys, monkeypatch):
    # In this process: what a fresh one imports takes seconds.
    monkeypatch.setattr(scoring, "_run", measure)
    file = tmp_path / "scoring.json"
    words = "--rounds=1 --clips=40 --plain-clips=30 --thresholds=3 --seed=3"
    words = [*words.split(), "--variants=ours", f"--output={file}"]
    assert scoring.main(words) == 0
    printed = capsys.readouterr().out
    assert "| test: plain (decoding extrapolated) | 40 |" in printed
    assert "agree on 30 clips: the same events (student" in printed
    content = json.loads(file.read_text())
    assert content["differences"] == []
    assert content["machine"]["psds_eval"]
    rows = content["rows"]
    assert rows["ours"]["ratio"] == pytest.approx(
        rows["plain"]["min_seconds"] / rows["ours"]["min_seconds"]
    )
    assert 0 < rows["decode_ours"]["min_seconds"] < rows["ours"]["min_seconds"]
    assert 0 < rows["ours"]["base_mib"] <= rows["ours"]["peak_mib"]
