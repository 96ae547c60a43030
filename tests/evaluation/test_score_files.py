"""Frame scores from files: read right, or refused with file and row."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgc_plugin.evaluation.frame_scores import FrameScores
from lgc_plugin.evaluation.score_files import (
    is_score_source,
    read_frame_scores,
    write_score_tsvs,
)
from strategies import seeds

GOOD = "onset\toffset\tDog\tCat\n0.0\t0.5\t0.1\t0.2\n0.5\t0.9\t0.3\t0.4\n"


def random_frames(seed, labels=("Dog", "Cat"), n_clips=3, n_frames=5):
    """Clips of different lengths, named as DESED names them."""
    rng = np.random.default_rng(seed)
    return FrameScores(
        labels,
        tuple(f"Y-{i}_{i}.000_9.500.wav" for i in range(n_clips)),
        rng.random((n_clips, len(labels), n_frames), dtype=np.float32),
        rng.integers(1, n_frames + 1, n_clips),
        np.cumsum(rng.uniform(0.01, 0.1, n_frames + 1)),
    )


def assert_same(read, frames):
    assert read.labels == frames.labels
    assert read.clips == frames.clips
    assert read.valid_frames.tolist() == frames.valid_frames.tolist()
    for row, clip in enumerate(frames.clips):
        assert np.array_equal(read.of(clip), frames.of(clip))
        n_edges = frames.valid_frames[row] + 1
        ours, theirs = (
            np.broadcast_to(x.edges, (len(x.clips), x.edges.shape[-1]))
            for x in (read, frames)
        )
        assert np.array_equal(ours[row, :n_edges], theirs[row, :n_edges])


def test_columns_rows_and_names(tmp_path):
    (tmp_path / "b_1.500.tsv").write_text(GOOD)
    (tmp_path / "a.flac.tsv").write_text(GOOD.replace("0.5\t0.9", "0.5\t1.0"))
    (tmp_path / "README.md").write_text("not a clip")
    frames = read_frame_scores(tmp_path)
    assert frames.clips == ("a.flac", "b_1.500.wav")
    assert frames.labels == ("Dog", "Cat")
    expected = np.array([[0.1, 0.3], [0.2, 0.4]], dtype=np.float32)
    assert np.array_equal(frames.of("a.flac"), expected)
    assert frames.edges.tolist() == [[0.0, 0.5, 1.0], [0.0, 0.5, 0.9]]


@settings(max_examples=25)
@given(seeds, st.booleans())
def test_what_is_written_is_read(tmp_path_factory, seed, own_edges):
    frames = random_frames(seed)
    if own_edges:
        factors = np.random.default_rng(seed).uniform(1, 2, (3, 1))
        frames = replace(frames, edges=factors * frames.edges)
    folder = tmp_path_factory.mktemp("scores") / "tsv"
    write_score_tsvs(frames, folder)
    assert len(list(folder.iterdir())) == 3
    assert_same(read_frame_scores(folder), frames)


def test_sed_scores_eval_reads_what_is_written(tmp_path):
    io = pytest.importorskip("sed_scores_eval.base_modules.io")
    frames = random_frames(7)
    write_score_tsvs(frames, tmp_path / "tsv")
    tables = io.read_sed_scores(tmp_path / "tsv")
    assert {f"{name}.wav" for name in tables} == set(frames.clips)
    for name, table in tables.items():
        assert list(table) == ["onset", "offset", *frames.labels]
        scores = table[list(frames.labels)].to_numpy(dtype=np.float32)
        assert np.array_equal(scores.T, frames.of(f"{name}.wav"))
        assert table.onset.tolist() == pytest.approx(frames.edges[: len(table)])


def test_what_sed_scores_eval_writes_is_read(tmp_path):
    io = pytest.importorskip("sed_scores_eval.base_modules.io")
    scores = pytest.importorskip("sed_scores_eval.base_modules.scores")
    frames = random_frames(8)
    tables = {
        clip.removesuffix(".wav"): scores.create_score_dataframe(
            frames.of(clip).T, frames.edges[: n + 1], list(frames.labels)
        )
        for clip, n in zip(frames.clips, frames.valid_frames, strict=True)
    }
    io.write_sed_scores(tables, tmp_path / "tsv")
    assert_same(read_frame_scores(tmp_path / "tsv"), frames)


def test_npz_of_a_run(tmp_path):
    frames = random_frames(1)
    frames.save(tmp_path / "student.npz")
    assert_same(read_frame_scores(tmp_path / "student.npz"), frames)
    assert is_score_source(tmp_path / "student.npz")


def test_a_thousand_clips_take_seconds(tmp_path):
    labels = tuple(f"class {i}" for i in range(10))
    frames = random_frames(2, labels, n_clips=1, n_frames=156)
    frames = replace(frames, valid_frames=np.array([156]))
    write_score_tsvs(frames, tmp_path / "one")
    text = next((tmp_path / "one").iterdir()).read_text()
    (tmp_path / "all").mkdir()
    for i in range(1168):
        (tmp_path / "all" / f"{i}.tsv").write_text(text)
    start = time.process_time()
    read = read_frame_scores(tmp_path / "all")
    assert time.process_time() - start < 5
    assert read.scores.shape == (1168, 10, 156)
    assert read.edges.ndim == 1  # shared, not a thousand copies


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("0.3", ""), "row 3: Dog is '': it must be a number"),
        (GOOD.replace("0.4", "nan"), "row 3: Cat is 'nan': it must be a"),
        (GOOD.replace("0.1", "high"), "row 2: Dog is 'high'"),
        (GOOD.replace("\t0.4", ""), "row 3: 3 fields under 4 columns"),
        (GOOD.replace("\t0.2\n0.5", "\n0.5").replace("\t0.4", ""), "3 fields"),
        (GOOD.replace("0.5\t0.9", "0.6\t0.9"), "row 3 .* one before ends"),
        (GOOD.replace("0.5\t0.9", "0.5\t0.5"), "row 3 .* lie after onset"),
        (GOOD.replace("0.0\t0.5", "-1\t0.5"), "row 2 .*onset must be at least"),
        (GOOD.replace("0.5\t0.9", "0.5\tinf"), "row 3 .*infinite"),
        (GOOD.replace("Cat", "Dog"), "one for each class, all different"),
        (GOOD.replace("onset", "start"), "they must be onset, offset and"),
        ("onset\toffset\n0\t1\n", "they must be onset, offset and one"),
        ("onset\toffset\tCat\n", "no frame below the header"),
        ("", "they must be onset, offset"),
    ],
)
def test_wrong_files_are_named(tmp_path, text, message):
    (tmp_path / "a.tsv").write_text(text)
    with pytest.raises(ValueError, match=f"a.tsv.*{message}"):
        read_frame_scores(tmp_path)


def test_no_text_is_refused(tmp_path):
    (tmp_path / "a.tsv").write_bytes(b"onset\toffset\tCat\n\xff\xfe\n")
    with pytest.raises(ValueError, match="a.tsv, row 2: no text in UTF-8"):
        read_frame_scores(tmp_path)


def test_scores_may_be_logits_and_rounded_times_may_differ(tmp_path):
    text = GOOD.replace("0.1", "-3.5").replace("0.4", "inf")
    text = text.replace("0.5\t0.9", "0.5000004\t0.9").replace("\n", "\r\n")
    (tmp_path / "a.tsv").write_text(text + "\n", newline="")
    frames = read_frame_scores(tmp_path)
    assert frames.of("a.wav").max() == np.inf
    assert frames.of("a.wav").min() == np.float32(-3.5)
    assert frames.edges.tolist() == [0.0, 0.5000004, 0.9]


def test_files_must_have_the_same_columns(tmp_path):
    (tmp_path / "a.tsv").write_text(GOOD)
    swapped = GOOD.replace("Dog\tCat", "Cat\tDog")
    (tmp_path / "b.tsv").write_text(swapped)
    with pytest.raises(ValueError, match="b.tsv: .*Cat, Dog, .*a.tsv"):
        read_frame_scores(tmp_path)


def test_one_clip_in_two_files(tmp_path):
    for name in ("a.tsv", "a.wav.tsv"):
        (tmp_path / name).write_text(GOOD)
    with pytest.raises(ValueError, match=r"both of the clip 'a\.wav'"):
        read_frame_scores(tmp_path)


def test_nothing_to_read(tmp_path):
    with pytest.raises(ValueError, match="no frame scores: give"):
        read_frame_scores(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_frame_scores(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError):
        read_frame_scores(tmp_path / "nowhere.npz")
    (tmp_path / "b.npz").write_bytes(b"PK")
    with pytest.raises(ValueError, match="b.npz: no frame scores"):
        read_frame_scores(tmp_path / "b.npz")


def test_detections_are_no_scores(tmp_path):
    file = tmp_path / "predictions_th_0.49.tsv"
    file.write_text("onset\toffset\tevent_label\tfilename\n")
    assert not is_score_source(tmp_path)
    assert not is_score_source(file)
    assert not is_score_source(tmp_path / "nowhere")


def test_writing_leaves_no_part(tmp_path):
    folder = tmp_path / "tsv"
    frames = random_frames(3)
    without = replace(frames, valid_frames=np.array([1, 2, 0]))
    with pytest.raises(ValueError, match="has no frame to write"):
        write_score_tsvs(without, folder)
    for clip in ("a", "x/a.wav", "a.txt"):
        named = replace(frames, clips=(clip, *frames.clips[1:]))
        with pytest.raises(ValueError, match="cannot name a file"):
            write_score_tsvs(named, folder)
    assert list(tmp_path.iterdir()) == []
    folder.mkdir()
    (folder / "old.tsv").write_text(GOOD)
    with pytest.raises(FileExistsError):
        write_score_tsvs(frames, folder)
    assert [file.name for file in Path(folder).iterdir()] == ["old.tsv"]
