"""Scores find the annotated clips that they are of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lgc_plugin.evaluation.evaluation import evaluate
from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.ground_truth_files import read_annotations
from lgc_plugin.evaluation.prediction_checks import ScoredSet
from lgc_plugin.evaluation.score_files import read_frame_scores
from scoring_files import write_table

TEXT = "onset\toffset\tCat\n0.0\t1.0\t0.1\n1.0\t3.0\t0.9\n3.0\t9.0\t0.1\n"
STEM = "rec_0.000_10.000"


def write_truth(folder: Path, *clips: str) -> tuple[Path, Path]:
    events = [(clip, 1.0, 3.0, "Cat") for clip in clips]
    lengths = [(clip, 10.0) for clip in clips]
    return (
        write_table(folder / "truth.txt", events),
        write_table(folder / "lengths.txt", lengths, ["filename", "duration"]),
    )


def write_scores(folder: Path, kind: str, *names: str) -> Path:
    if kind == "tsv":
        (folder / "scores").mkdir()
        for name in names:
            (folder / "scores" / f"{name}.tsv").write_text(TEXT)
        return folder / "scores"
    scores = np.array([[[0.1, 0.9, 0.1]]] * len(names), dtype=np.float32)
    FrameScores(
        ("Cat",),
        names,
        scores,
        np.full(len(names), 3),
        np.array([0.0, 1.0, 3.0, 9.0]),
    ).save(folder / "scores.npz")
    return folder / "scores.npz"


@pytest.mark.parametrize("clip", [f"{STEM}.flac", f"{STEM}.mp3", STEM])
@pytest.mark.parametrize(
    ("kind", "name"), [("tsv", STEM), ("npz", f"{STEM}.wav"), ("npz", STEM)]
)
def test_a_suffix_is_no_part_of_the_name(
    tmp_path: Path, clip: str, kind: str, name: str
) -> None:
    files = write_truth(tmp_path, clip)
    scores = write_scores(tmp_path, kind, name)
    scored = evaluate(scores, read_annotations(*files), resamples=0)
    assert scored.result.scores["event_f1"].macro == 1.0
    assert scored.result.coverage == "1/1"
    assert ScoredSet.read(scores, *files).clips == (clip,)


@pytest.mark.parametrize(("kind", "name"), [("tsv", "a"), ("npz", "a.ogg")])
def test_a_name_that_two_clips_have_is_refused(
    tmp_path: Path, kind: str, name: str
) -> None:
    files = write_truth(tmp_path, "a.flac", "a.wav", "b.wav")
    scores = write_scores(tmp_path, kind, name, "b.wav")
    for read in (
        lambda: evaluate(scores, read_annotations(*files)),
        lambda: ScoredSet.read(scores, *files),
    ):
        with pytest.raises(ValueError, match="'a.flac' and 'a.wav'") as error:
            read()
        assert str(scores) in str(error.value)


def test_the_suffix_decides_between_two_clips(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    scores = write_scores(tmp_path / "a", "tsv", "a.flac", "a.wav", "b")
    clips = ("a.flac", "a.wav", "b.flac")
    assert read_frame_scores(scores, clips).clips == clips
    scores = write_scores(tmp_path, "npz", "a.flac", "a.wav", "b")
    assert read_frame_scores(scores, clips).clips == clips
    # Without annotations, and of clips that are not annotated.
    assert read_frame_scores(scores).clips == ("a.flac", "a.wav", "b")
    assert read_frame_scores(scores, ["c"]).clips == ("a.flac", "a.wav", "b")


def test_two_scores_of_one_clip_are_refused(tmp_path: Path) -> None:
    folder = write_scores(tmp_path, "tsv", "a", "a.flac")
    with pytest.raises(ValueError, match="both of the clip 'a.flac'"):
        read_frame_scores(folder, ["a.flac"])
    file = write_scores(tmp_path, "npz", "a.wav", "a.ogg")
    with pytest.raises(ValueError, match="scores.npz: .*both .* 'a.flac'"):
        read_frame_scores(file, ["a.flac"])


def test_other_clips_keep_their_names(tmp_path: Path) -> None:
    frames = read_frame_scores(write_scores(tmp_path, "tsv", "a", "b.x"))
    assert frames.clips == ("a.wav", "b.x.wav")
    renamed = replace(frames, clips=("a.wav", "b.wav"))
    renamed.save(tmp_path / "b.npz")
    found = read_frame_scores(tmp_path / "b.npz", ["b.wav", "a.wav", "b.mp3"])
    assert found.clips == ("a.wav", "b.wav")
