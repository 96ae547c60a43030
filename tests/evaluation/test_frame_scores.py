"""Frame scores: kept, joined, written and read without a loss."""

from dataclasses import replace

import numpy as np
import pytest

from lgc_plugin.evaluation.frame_scores import FrameScores
from score_cases import LABELS, case


def equal(a, b):
    return (
        a.labels == b.labels
        and a.clips == b.clips
        and all(
            np.array_equal(getattr(a, name), getattr(b, name))
            for name in ("scores", "valid_frames", "edges", "clip_scores")
        )
    )


def test_a_file_gives_back_what_was_written(tmp_path):
    frames, _ = case()
    frames.save(tmp_path / "deep" / "scores.npz")
    assert equal(FrameScores.load(tmp_path / "deep" / "scores.npz"), frames)
    silent = replace(frames, clip_scores=None)
    silent.save(tmp_path / "scores.npz")
    assert FrameScores.load(tmp_path / "scores.npz").clip_scores is None
    assert [f.name for f in tmp_path.glob("*.*")] == ["scores.npz"]


def test_parts_join_to_the_whole():
    frames, _ = case()
    parts = [frames.select(frames.clips[i : i + 5]) for i in (0, 5, 10)]
    assert equal(FrameScores.join(parts), frames)
    assert FrameScores.join([frames]) is frames


def test_shorter_parts_are_padded():
    frames, _ = case()
    first, second = (frames.select(frames.clips[i::2]) for i in (0, 1))
    short = replace(
        second,
        scores=second.scores[..., :33],
        valid_frames=np.minimum(second.valid_frames, 33),
        edges=second.edges[:34],
    )
    joined = FrameScores.join([first, short])
    assert joined.edges.ndim == 1
    np.testing.assert_array_equal(
        joined.of(second.clips[0]), short.of(second.clips[0])
    )
    # Other frames altogether: each clip keeps its own.
    slow = replace(short, edges=short.edges * 2)
    mixed = FrameScores.join([first, slow])
    assert mixed.edges.shape == (12, 41)
    np.testing.assert_array_equal(mixed.edges[-1, :34], slow.edges)
    assert (mixed.edges[-1, 34:] == slow.edges[-1]).all()


def test_tags_are_the_largest_score_where_there_is_sound():
    frames, _ = case()
    assert frames.tags() is frames.clip_scores
    padded = frames.scores.copy()
    padded[0, :, frames.valid_frames[0] :] = 5.0
    own = replace(frames, scores=padded, clip_scores=None)
    for clip, tag in zip(own.clips, own.tags(), strict=True):
        np.testing.assert_array_equal(tag, own.of(clip).max(axis=1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": LABELS[:2]}, "do not fit 12 clips and 2 classes"),
        ({"valid_frames": np.ones(3, dtype=int)}, "do not fit 12 clips"),
        ({"edges": np.arange(40.0)}, "one more edge than frames"),
        ({"edges": np.zeros(41) - np.arange(41)}, "edges must grow"),
        ({"clip_scores": np.zeros((12, 1))}, r"clip_scores \(12, 1\)"),
        ({"clips": ("a",) * 12}, "'a' is given more than once"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    frames, _ = case()
    with pytest.raises(ValueError, match=message):
        replace(frames, **change)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut"])
def test_another_file_is_refused_by_name(tmp_path, content):
    file = tmp_path / "scores.npz"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"scores\.npz: no frame scores"):
        FrameScores.load(file)
    with pytest.raises(FileNotFoundError):
        FrameScores.load(tmp_path / "none.npz")


def test_an_archive_of_something_else_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", labels=np.array(["Cat"]), weights=np.ones(3))
    with pytest.raises(ValueError, match="no frame scores in it"):
        FrameScores.load(tmp_path / "a.npz")
    objects = np.array([{"code": "runs"}], dtype=object)
    np.savez(tmp_path / "b.npz", labels=objects)
    with pytest.raises(ValueError, match="no frame scores in it"):
        FrameScores.load(tmp_path / "b.npz")
